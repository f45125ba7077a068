//! A whole program or library: functions and the tables they refer to.
//!
//! Must never hold anything that only one engine needs.

use crate::effects::MemClass;
use crate::entities::*;
use crate::function::Function;
use crate::types::{Signature, Type};
use rustc_hash::FxHashMap;
use sepal_abi::{ARRAY_DATA, DescId, HEADER_SIZE, Header};
use sepal_base::{Id as _, IdVec, Symbol};

/// A field's type and place in its object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FieldDef {
    pub ty: Type,
    /// Bytes from the start of the object, header included.
    pub offset: u32,
    /// Holds a length, from 0 to [`MAX_LEN`]: whoever makes and changes such objects sees to it.
    pub length: bool,
    /// Nothing in the module stores into it once the object is made. Set by `passes::freeze`.
    pub frozen: bool,
}

/// No array is longer, and neither is anything that lives in one.
pub const MAX_LEN: i64 = 1 << 48;

/// One shape that objects of a layout have.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VariantDef {
    pub fields: Vec<FieldDef>,
    /// All bytes of the object, header included: a multiple of 8, at least 16.
    pub size: u32,
}

impl VariantDef {
    /// Places the fields: the 8-byte ones first and each size in its order, so that code and vtable
    /// pointers given first stand right behind the header.
    pub fn new(types: &[Type]) -> VariantDef {
        let mut fields: Vec<FieldDef> = types
            .iter()
            .map(|&ty| FieldDef { ty, offset: 0, length: false, frozen: false })
            .collect();
        let mut offset = HEADER_SIZE;
        for size in [8, 4, 2, 1] {
            for field in fields.iter_mut().filter(|field| field.ty.size() == size) {
                field.offset = offset;
                offset += size;
            }
        }
        VariantDef { fields, size: offset.next_multiple_of(8).max(16) }
    }

    /// The offsets of the words the collector looks at, ascending.
    pub fn traced(&self) -> Vec<u32> {
        let mut offsets: Vec<u32> =
            self.fields.iter().filter(|f| f.ty.is_traced()).map(|f| f.offset).collect();
        offsets.sort_unstable();
        offsets
    }
}

/// The shape of heap objects.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LayoutKind {
    /// Objects of one or several variants: structs, classes, boxed enums, cells, closures, boxes.
    /// Each variant has a descriptor of its own, in their order.
    Fixed(Vec<VariantDef>),
    /// Arrays whose elements are these slots; several slots take a word each.
    Array(Vec<Type>),
}

/// A heap layout.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Layout {
    pub name: Symbol,
    pub kind: LayoutKind,
    /// Nothing stores into such objects once they are made: no call can change a load.
    pub immutable: bool,
    /// No message may hold such an object.
    pub local: bool,
    /// The descriptor of the first variant. Set by `Module::add_layout`.
    pub first_desc: DescId,
}

impl Layout {
    /// A layout of objects; one list of field types for each variant.
    pub fn fixed(name: Symbol, variants: &[&[Type]], immutable: bool) -> Layout {
        let variants = variants.iter().map(|types| VariantDef::new(types)).collect();
        let kind = LayoutKind::Fixed(variants);
        Layout { name, kind, immutable, local: false, first_desc: DescId(0) }
    }

    /// A layout of arrays.
    pub fn array(name: Symbol, slots: &[Type]) -> Layout {
        let kind = LayoutKind::Array(slots.to_vec());
        Layout { name, kind, immutable: false, local: false, first_desc: DescId(0) }
    }

    /// Says of a field of the only variant that it holds a length.
    pub fn field_is_length(&mut self, field: u16) {
        if let LayoutKind::Fixed(variants) = &mut self.kind {
            variants[0].fields[usize::from(field)].length = true;
        }
    }

    /// The number of descriptors this stands for.
    pub fn desc_count(&self) -> u32 {
        match &self.kind {
            LayoutKind::Fixed(variants) => variants.len() as u32,
            LayoutKind::Array(_) => 1,
        }
    }

    /// The variant, if this is a layout of objects that has it.
    pub fn variant(&self, variant: u16) -> Option<&VariantDef> {
        match &self.kind {
            LayoutKind::Fixed(variants) => variants.get(usize::from(variant)),
            LayoutKind::Array(_) => None,
        }
    }

    /// The header word of a new object of `variant` (0 for arrays).
    pub fn header(&self, variant: u16) -> Header {
        let desc = DescId(self.first_desc.0 + u32::from(variant));
        Header::with_variant(desc, u32::from(variant))
    }

    /// The slots of an element, if this is a layout of arrays.
    pub fn slots(&self) -> Option<&[Type]> {
        match &self.kind {
            LayoutKind::Fixed(_) => None,
            LayoutKind::Array(slots) => Some(slots),
        }
    }

    /// The bytes from one element to the next, if this is a layout of arrays; never 0.
    pub fn stride(&self) -> Option<u32> {
        self.slots().map(|slots| match slots {
            [] => 1,
            [ty] => ty.size(),
            [_, _, ..] => 8 * slots.len() as u32,
        })
    }

    /// The offset of a slot from the start of the object, for element 0.
    pub fn slot_offset(slot: u16) -> u32 {
        ARRAY_DATA + 8 * u32::from(slot)
    }
}

/// The bytes of a `str` or `bytes` constant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct StringData {
    pub bytes: Box<[u8]>,
    /// A `str` (valid UTF-8), not `bytes`.
    pub is_text: bool,
}

/// A constant word of a static object or a vtable.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ConstWord {
    /// An integer, `bool`, float pattern, immediate `any` or null.
    Bits(u64),
    /// The code of a function.
    Func(FuncId),
    /// A vtable.
    Vtable(VtableId),
    /// A string constant.
    Str(StrId),
    /// Another static object.
    Object(StaticId),
}

/// A constant heap object: a nullary variant, a closure without captures.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct StaticObject {
    pub layout: LayoutId,
    pub variant: u16,
    pub fields: Vec<ConstWord>,
}

/// The methods of one type for one trait, or the operations of a type inside `any`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Vtable {
    pub name: Symbol,
    pub slots: Vec<ConstWord>,
}

/// A module-level variable: one word of `ctx.globals`, by its number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Global {
    pub name: Symbol,
    pub ty: Type,
}

/// A C function.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Extern {
    pub name: Symbol,
    pub sig: Signature,
}

/// A place in the source, in the function that was written there.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Loc {
    pub file: FileIdx,
    pub line: u32,
    pub col: u32,
    /// The name of that function as traces show it.
    pub function: Symbol,
    /// The call that inlining put this in place of, or `NONE`.
    pub inlined_at: LocId,
}

/// All locations of a module, each stored once.
#[derive(Clone, Debug, Default)]
pub struct LocTable {
    locs: IdVec<LocId, Loc>,
    known: FxHashMap<Loc, LocId>,
}

impl LocTable {
    /// The id of `loc`.
    pub fn add(&mut self, loc: Loc) -> LocId {
        *self.known.entry(loc).or_insert_with(|| self.locs.push(loc))
    }

    /// The location, unless `id` is `NONE`.
    pub fn get(&self, id: LocId) -> Option<&Loc> {
        self.locs.get(id)
    }

    /// All locations in order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = (LocId, &Loc)> {
        self.locs.iter_enumerated()
    }

    /// The number of locations.
    pub fn len(&self) -> usize {
        self.locs.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.locs.is_empty()
    }
}

/// Functions and what they refer to.
#[derive(Clone, Debug, Default)]
pub struct Module {
    pub functions: IdVec<FuncId, Function>,
    /// Signatures of indirect calls, each once: see `Module::signature`.
    pub signatures: IdVec<SigId, Signature>,
    pub layouts: IdVec<LayoutId, Layout>,
    pub vtables: IdVec<VtableId, Vtable>,
    pub strings: IdVec<StrId, StringData>,
    pub symbols: IdVec<SymId, Symbol>,
    pub statics: IdVec<StaticId, StaticObject>,
    pub globals: IdVec<GlobalId, Global>,
    pub externs: IdVec<ExternId, Extern>,
    pub files: IdVec<FileIdx, String>,
    pub locs: LocTable,
    /// The function the program begins with: no parameters, one `I64`, the exit code.
    pub entry: Option<FuncId>,
    /// Where the entry may wait, the suspend transform makes it code that resumes a frame of this layout.
    pub entry_frame: Option<LayoutId>,
    /// Whether closures without parameters and results may wait: such are called by the runtime too.
    pub defers_may_wait: bool,
    known: Known,
}

/// What has been interned already.
#[derive(Clone, Debug, Default)]
struct Known {
    signatures: FxHashMap<Signature, SigId>,
    strings: FxHashMap<StringData, StrId>,
    symbols: FxHashMap<Symbol, SymId>,
    statics: FxHashMap<StaticObject, StaticId>,
    next_desc: u32,
}

impl Module {
    /// An empty module.
    pub fn new() -> Module {
        Module::default()
    }

    /// A function to be defined later, so that others can call it.
    pub fn declare(&mut self, name: Symbol, sig: Signature) -> FuncId {
        self.functions.push(Function::declare(name, sig))
    }

    /// The id of a signature.
    pub fn signature(&mut self, sig: Signature) -> SigId {
        *self.known.signatures.entry(sig.clone()).or_insert_with(|| self.signatures.push(sig))
    }

    /// The id of a string or bytes constant.
    pub fn string(&mut self, bytes: &[u8], is_text: bool) -> StrId {
        let data = StringData { bytes: bytes.into(), is_text };
        *self.known.strings.entry(data.clone()).or_insert_with(|| self.strings.push(data))
    }

    /// The id of a `:symbol`.
    pub fn symbol(&mut self, name: Symbol) -> SymId {
        *self.known.symbols.entry(name).or_insert_with(|| self.symbols.push(name))
    }

    /// The id of a constant object. Equal ones are one object: only immutable ones may be made.
    pub fn static_object(&mut self, object: StaticObject) -> StaticId {
        *self.known.statics.entry(object.clone()).or_insert_with(|| self.statics.push(object))
    }

    /// Changes the words of all constant objects.
    pub fn map_static_words(&mut self, mut map: impl FnMut(&mut ConstWord)) {
        self.statics.iter_mut().flat_map(|object| object.fields.iter_mut()).for_each(&mut map);
        let statics = self.statics.iter_enumerated();
        self.known.statics = statics.map(|(id, object)| (object.clone(), id)).collect();
    }

    /// Adds a layout and numbers its descriptors.
    pub fn add_layout(&mut self, mut layout: Layout) -> LayoutId {
        let next = self.known.next_desc.max(DescId::FIRST_OWN.0);
        layout.first_desc = DescId(next);
        self.known.next_desc = next + layout.desc_count();
        self.layouts.push(layout)
    }

    /// A field's type and place.
    pub fn field(&self, field: FieldRef) -> Option<FieldDef> {
        let layout = self.layouts.get(field.layout)?;
        layout.variant(field.variant)?.fields.get(usize::from(field.field)).copied()
    }

    /// Whether nothing ever stores into this class of memory once an object is made.
    pub fn is_immutable(&self, class: MemClass) -> bool {
        match class {
            MemClass::Field(field) => {
                self.layouts[field.layout].immutable
                    || self.field(field).is_some_and(|def| def.frozen)
            }
            MemClass::Element(layout, _) => self.layouts[layout].immutable,
            MemClass::Global(_) => false,
        }
    }

    /// The descriptors of all layouts, in the order of their numbers from `DescId::FIRST_OWN`:
    /// which layout, which variant.
    pub fn descriptors(&self) -> impl Iterator<Item = (&Layout, u16)> {
        self.layouts.iter().flat_map(|layout| {
            (0..layout.desc_count()).map(move |variant| (layout, variant as u16))
        })
    }

    /// The offset of a global in the area that `ctx.globals` points to.
    pub fn global_offset(global: GlobalId) -> u32 {
        8 * global.index() as u32
    }
}
