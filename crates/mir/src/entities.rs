//! The ids of MIR: what a function numbers for itself, what a module numbers.
//!
//! Must never hold data beyond ids, so that they stay `Copy` and free to compare.

use std::fmt;

sepal_base::define_id! {
    /// A basic block of one function.
    pub struct Block;
    /// An SSA value of one function.
    pub struct Value;
    /// An instruction of one function.
    pub struct Inst;
    /// A function of the module.
    pub struct FuncId;
    /// A signature of the module.
    pub struct SigId;
    /// A heap layout of the module.
    pub struct LayoutId;
    /// A vtable of the module.
    pub struct VtableId;
    /// A string or bytes constant of the module.
    pub struct StrId;
    /// A `:symbol` of the module.
    pub struct SymId;
    /// A constant heap object of the module.
    pub struct StaticId;
    /// A module-level variable.
    pub struct GlobalId;
    /// A C function of the module.
    pub struct ExternId;
    /// A source location of the module, with its chain of inlined calls.
    pub struct LocId;
    /// A source file of the module.
    pub struct FileIdx;
}

impl Default for LocId {
    fn default() -> LocId {
        LocId::NONE
    }
}

impl LocId {
    /// No location: for what can neither panic nor call.
    pub const NONE: LocId = LocId(u32::MAX);

    /// Whether this names a place.
    pub const fn is_some(self) -> bool {
        self.0 != u32::MAX
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}", self.0)
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "block{}", self.0)
    }
}

/// Values in the function's pool. Valid for one function only.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct ValueList {
    pub(crate) start: u32,
    pub(crate) len: u32,
}

impl ValueList {
    /// The number of values.
    pub const fn len(self) -> usize {
        self.len as usize
    }

    /// Whether there are none.
    pub const fn is_empty(self) -> bool {
        self.len == 0
    }
}

/// The cases of a `Switch` in the function's pool.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct CaseList {
    pub(crate) start: u32,
    pub(crate) len: u32,
}

impl CaseList {
    /// The number of cases.
    pub const fn len(self) -> usize {
        self.len as usize
    }

    /// Whether there are none.
    pub const fn is_empty(self) -> bool {
        self.len == 0
    }
}

/// A jump to `block`, its parameters becoming `args`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct BlockCall {
    pub block: Block,
    pub args: ValueList,
}

/// A field of an object: which layout, which of its variants, which field of that.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct FieldRef {
    pub layout: LayoutId,
    pub variant: u16,
    pub field: u16,
}

impl FieldRef {
    /// Field `field` of variant `variant` of `layout`.
    pub const fn new(layout: LayoutId, variant: u16, field: u16) -> FieldRef {
        FieldRef { layout, variant, field }
    }
}
