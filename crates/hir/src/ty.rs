//! Types, interned: equal types are equal pointers.
//!
//! Interned types live as long as the process, as names do; their number is bounded by the
//! distinct types ever written or inferred. A [`Ty`] may be copied, compared and hashed at the
//! price of a pointer and read from any thread without a lock.
//!
//! Must never know what a declaration says: an [`AdtId`] here is only a number, so that types can
//! be compared and substituted without the program at hand.

use crate::ir::{AdtId, TraitId};
use rustc_hash::FxHashSet;
use sepal_base::{Symbol, define_id};
use std::sync::{Mutex, OnceLock, PoisonError};

define_id! {
    /// An inference variable of the body being checked; never seen after checking.
    pub struct VarId;
}

/// An interned type.
#[derive(Clone, Copy)]
pub struct Ty(&'static TyData);

#[derive(PartialEq, Eq, Hash)]
struct TyData {
    kind: TyKind,
    flags: Flags,
    /// How many types it is made of, itself included, and in how many layers.
    size: u32,
    depth: u32,
}

/// No program that ends writes types of more parts or layers than this.
pub(crate) const MAX_SIZE: u32 = 1000;
const MAX_DEPTH: u32 = 100;

/// What occurs anywhere inside a type, so that walks can stop early.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
struct Flags(u8);

impl Flags {
    const VAR: u8 = 1;
    const PARAM: u8 = 2;
    const ERROR: u8 = 4;
}

/// The shape of a type. `List`, `Option` and the like are [`TyKind::Adt`]s of the standard library.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum TyKind {
    Int(IntTy),
    Float(FloatTy),
    Bool,
    Char,
    Str,
    Bytes,
    Symbol,
    /// The unit type and its only value.
    Nil,
    /// The type of what does not come back.
    Never,
    /// A value that carries its type.
    Any,
    /// The raw array of fixed length below the collections; only `std` can name it.
    Array(Ty),
    Tuple(Box<[Ty]>),
    Fn(FnTy),
    /// A struct, class or enum with its type arguments.
    Adt(AdtId, Box<[Ty]>),
    /// `dyn Trait[args]`
    Dyn(TraitId, Box<[Ty]>),
    /// The `index`-th type parameter of the surrounding function or declaration. In a trait,
    /// parameter 0 is `Self`. The name is for messages only.
    Param {
        index: u32,
        name: Symbol,
    },
    /// Not known yet; only while a body is being checked.
    Var(VarId),
    /// Stands where a mistake was reported; agrees with everything, so that it is said once.
    Error,
}

/// `fn(params) -> ret of mailbox`
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct FnTy {
    pub params: Box<[Ty]>,
    pub ret: Ty,
    /// The type of the messages that a caller must be able to receive, if the function receives.
    pub mailbox: Option<Ty>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub enum IntTy {
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub enum FloatTy {
    F32,
    F64,
}

impl IntTy {
    pub const ALL: [IntTy; 8] = [
        IntTy::I8,
        IntTy::I16,
        IntTy::I32,
        IntTy::I64,
        IntTy::U8,
        IntTy::U16,
        IntTy::U32,
        IntTy::U64,
    ];

    pub const fn bits(self) -> u32 {
        match self {
            IntTy::I8 | IntTy::U8 => 8,
            IntTy::I16 | IntTy::U16 => 16,
            IntTy::I32 | IntTy::U32 => 32,
            IntTy::I64 | IntTy::U64 => 64,
        }
    }

    pub const fn signed(self) -> bool {
        match self {
            IntTy::I8 | IntTy::I16 | IntTy::I32 | IntTy::I64 => true,
            IntTy::U8 | IntTy::U16 | IntTy::U32 | IntTy::U64 => false,
        }
    }

    pub const fn min(self) -> i128 {
        if self.signed() { -(1 << (self.bits() - 1)) } else { 0 }
    }

    pub const fn max(self) -> i128 {
        if self.signed() { (1 << (self.bits() - 1)) - 1 } else { (1 << self.bits()) - 1 }
    }

    /// The name as it is written; `i64` is `int`.
    pub const fn as_str(self) -> &'static str {
        match self {
            IntTy::I8 => "i8",
            IntTy::I16 => "i16",
            IntTy::I32 => "i32",
            IntTy::I64 => "int",
            IntTy::U8 => "u8",
            IntTy::U16 => "u16",
            IntTy::U32 => "u32",
            IntTy::U64 => "u64",
        }
    }
}

impl FloatTy {
    /// The name as it is written; `f64` is `float`.
    pub const fn as_str(self) -> &'static str {
        match self {
            FloatTy::F32 => "f32",
            FloatTy::F64 => "float",
        }
    }
}

static INTERNER: OnceLock<Mutex<FxHashSet<&'static TyData>>> = OnceLock::new();

impl Ty {
    /// The type of this shape.
    pub fn new(kind: TyKind) -> Ty {
        let size = kind.parts().fold(1, |sum: u32, part| sum.saturating_add(part.0.size));
        let depth = kind.parts().map(|part| part.0.depth).max().unwrap_or(0).saturating_add(1);
        let data = TyData { flags: kind.flags(), kind, size, depth };
        let set = INTERNER.get_or_init(Mutex::default);
        let mut set = set.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = set.get(&data) {
            return Ty(known);
        }
        let stored: &'static TyData = Box::leak(Box::new(data));
        set.insert(stored);
        Ty(stored)
    }

    /// The shape of the type.
    pub fn kind(self) -> &'static TyKind {
        &self.0.kind
    }

    pub fn tuple(elems: impl Into<Box<[Ty]>>) -> Ty {
        Ty::new(TyKind::Tuple(elems.into()))
    }

    pub fn array(elem: Ty) -> Ty {
        Ty::new(TyKind::Array(elem))
    }

    pub fn adt(adt: AdtId, args: impl Into<Box<[Ty]>>) -> Ty {
        Ty::new(TyKind::Adt(adt, args.into()))
    }

    pub fn dyn_trait(id: TraitId, args: impl Into<Box<[Ty]>>) -> Ty {
        Ty::new(TyKind::Dyn(id, args.into()))
    }

    pub fn function(params: impl Into<Box<[Ty]>>, ret: Ty, mailbox: Option<Ty>) -> Ty {
        Ty::new(TyKind::Fn(FnTy { params: params.into(), ret, mailbox }))
    }

    pub fn param(index: u32, name: Symbol) -> Ty {
        Ty::new(TyKind::Param { index, name })
    }

    pub fn var(id: VarId) -> Ty {
        Ty::new(TyKind::Var(id))
    }

    /// Whether only code that asks for ever larger types can have come to this one.
    pub fn is_endless(self) -> bool {
        self.0.size > MAX_SIZE || self.0.depth > MAX_DEPTH
    }

    /// How many types it is made of, itself included.
    pub(crate) fn size(self) -> u32 {
        self.0.size
    }

    /// Whether an inference variable occurs in it.
    pub fn has_vars(self) -> bool {
        self.0.flags.0 & Flags::VAR != 0
    }

    /// Whether a type parameter occurs in it.
    pub fn has_params(self) -> bool {
        self.0.flags.0 & Flags::PARAM != 0
    }

    /// Whether it is or holds the type of something wrong.
    pub fn has_error(self) -> bool {
        self.0.flags.0 & Flags::ERROR != 0
    }

    pub fn is_error(self) -> bool {
        matches!(self.kind(), TyKind::Error)
    }

    pub fn is_never(self) -> bool {
        matches!(self.kind(), TyKind::Never)
    }

    pub fn is_nil(self) -> bool {
        matches!(self.kind(), TyKind::Nil)
    }

    pub fn is_any(self) -> bool {
        matches!(self.kind(), TyKind::Any)
    }

    pub fn is_var(self) -> bool {
        matches!(self.kind(), TyKind::Var(_))
    }

    /// The declaration and arguments of a struct, class or enum.
    pub fn as_adt(self) -> Option<(AdtId, &'static [Ty])> {
        match self.kind() {
            TyKind::Adt(id, args) => Some((*id, args)),
            _ => None,
        }
    }

    pub fn as_int(self) -> Option<IntTy> {
        match self.kind() {
            TyKind::Int(int) => Some(*int),
            _ => None,
        }
    }

    pub fn as_float(self) -> Option<FloatTy> {
        match self.kind() {
            TyKind::Float(float) => Some(*float),
            _ => None,
        }
    }

    /// The types of a tuple's parts.
    pub fn as_tuple(self) -> Option<&'static [Ty]> {
        if let TyKind::Tuple(elems) = self.kind() { Some(elems) } else { None }
    }

    pub fn as_fn(self) -> Option<&'static FnTy> {
        match self.kind() {
            TyKind::Fn(function) => Some(function),
            _ => None,
        }
    }

    /// The type with `args` in the place of its type parameters.
    pub fn subst(self, args: &[Ty]) -> Ty {
        if !self.has_params() || args.is_empty() {
            return self;
        }
        self.map_leaves(&mut |leaf| match leaf.kind() {
            TyKind::Param { index, .. } => args.get(*index as usize).copied(),
            _ => None,
        })
    }

    /// Rebuilds the type. Where `replace` gives a type, that one is taken and not looked into.
    pub fn map_leaves(self, replace: &mut dyn FnMut(Ty) -> Option<Ty>) -> Ty {
        if let Some(other) = replace(self) {
            return other;
        }
        let mut all =
            |tys: &[Ty]| -> Box<[Ty]> { tys.iter().map(|t| t.map_leaves(replace)).collect() };
        match self.kind() {
            TyKind::Array(elem) => Ty::array(elem.map_leaves(replace)),
            TyKind::Tuple(elems) => Ty::tuple(all(elems)),
            TyKind::Adt(id, args) if !args.is_empty() => Ty::adt(*id, all(args)),
            TyKind::Dyn(id, args) if !args.is_empty() => Ty::dyn_trait(*id, all(args)),
            TyKind::Fn(f) => {
                let params = all(&f.params);
                let ret = f.ret.map_leaves(replace);
                let mailbox = f.mailbox.map(|m| m.map_leaves(replace));
                Ty::function(params, ret, mailbox)
            }
            TyKind::Int(_)
            | TyKind::Float(_)
            | TyKind::Bool
            | TyKind::Char
            | TyKind::Str
            | TyKind::Bytes
            | TyKind::Symbol
            | TyKind::Nil
            | TyKind::Never
            | TyKind::Any
            | TyKind::Adt(..)
            | TyKind::Dyn(..)
            | TyKind::Param { .. }
            | TyKind::Var(_)
            | TyKind::Error => self,
        }
    }

    /// The type with functions that do not say where they may be called: what two types that unify have in common.
    pub fn without_mailboxes(self) -> Ty {
        self.map_leaves(&mut |part| match part.kind() {
            TyKind::Fn(f) if f.mailbox.is_some() => {
                let params: Box<[Ty]> = f.params.iter().map(|ty| ty.without_mailboxes()).collect();
                Some(Ty::function(params, f.ret.without_mailboxes(), None))
            }
            _ => None,
        })
    }

    /// Calls `visit` for the type and every type inside it, outermost first.
    pub fn walk(self, visit: &mut dyn FnMut(Ty)) {
        visit(self);
        for part in self.kind().parts() {
            part.walk(visit);
        }
    }
}

impl TyKind {
    /// The types directly inside.
    pub fn parts(&self) -> impl Iterator<Item = Ty> + '_ {
        let (list, one, two): (&[Ty], Option<Ty>, Option<Ty>) = match self {
            TyKind::Array(elem) => (&[], Some(*elem), None),
            TyKind::Tuple(elems) => (elems, None, None),
            TyKind::Adt(_, args) | TyKind::Dyn(_, args) => (args, None, None),
            TyKind::Fn(f) => (&f.params, Some(f.ret), f.mailbox),
            TyKind::Int(_)
            | TyKind::Float(_)
            | TyKind::Bool
            | TyKind::Char
            | TyKind::Str
            | TyKind::Bytes
            | TyKind::Symbol
            | TyKind::Nil
            | TyKind::Never
            | TyKind::Any
            | TyKind::Param { .. }
            | TyKind::Var(_)
            | TyKind::Error => (&[], None, None),
        };
        list.iter().copied().chain(one).chain(two)
    }

    fn flags(&self) -> Flags {
        let own = match self {
            TyKind::Var(_) => Flags::VAR,
            TyKind::Param { .. } => Flags::PARAM,
            TyKind::Error => Flags::ERROR,
            _ => 0,
        };
        Flags(self.parts().fold(own, |flags, part| flags | part.0.flags.0))
    }
}

impl PartialEq for Ty {
    fn eq(&self, other: &Ty) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for Ty {}

impl std::hash::Hash for Ty {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        std::ptr::from_ref(self.0).addr().hash(state);
    }
}

impl std::fmt::Debug for Ty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.kind() {
            TyKind::Int(int) => f.write_str(int.as_str()),
            TyKind::Float(float) => f.write_str(float.as_str()),
            TyKind::Bool => f.write_str("bool"),
            TyKind::Char => f.write_str("char"),
            TyKind::Str => f.write_str("str"),
            TyKind::Bytes => f.write_str("bytes"),
            TyKind::Symbol => f.write_str("symbol"),
            TyKind::Nil => f.write_str("nil"),
            TyKind::Never => f.write_str("never"),
            TyKind::Any => f.write_str("any"),
            TyKind::Array(elem) => write!(f, "Array[{elem:?}]"),
            TyKind::Tuple(elems) => write!(f, "{elems:?}"),
            TyKind::Fn(t) => write!(f, "fn({:?}) -> {:?} of {:?}", t.params, t.ret, t.mailbox),
            TyKind::Adt(id, args) => write!(f, "{id:?}{args:?}"),
            TyKind::Dyn(id, args) => write!(f, "dyn {id:?}{args:?}"),
            TyKind::Param { index, name } => write!(f, "{name}#{index}"),
            TyKind::Var(id) => write!(f, "?{}", id.0),
            TyKind::Error => f.write_str("{error}"),
        }
    }
}

/// The types without parts, made once.
macro_rules! leaf_types {
    ($($(#[$doc:meta])* $name:ident = $kind:expr;)*) => {
        impl Ty {$(
            $(#[$doc])*
            pub fn $name() -> Ty {
                static MADE: OnceLock<Ty> = OnceLock::new();
                *MADE.get_or_init(|| Ty::new($kind))
            }
        )*}
    };
}

leaf_types! {
    /// `int`
    int = TyKind::Int(IntTy::I64);
    /// `float`
    float = TyKind::Float(FloatTy::F64);
    bool = TyKind::Bool;
    char = TyKind::Char;
    str = TyKind::Str;
    bytes = TyKind::Bytes;
    symbol = TyKind::Symbol;
    nil = TyKind::Nil;
    never = TyKind::Never;
    any = TyKind::Any;
    error = TyKind::Error;
}
