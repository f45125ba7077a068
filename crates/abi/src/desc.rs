//! Type descriptors: what the collector needs to know of an object, found through its header.
//!
//! The table of a program is made by the compiler and is part of its [`crate::Image`]; the first
//! entries, for objects that the runtime makes itself, are the same in every program.

use crate::table::Table;

/// The number of a descriptor; 0 is none, so that no header is zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
#[repr(transparent)]
pub struct DescId(pub u32);

impl DescId {
    /// `str`
    pub const STR: DescId = DescId(1);
    /// `bytes`
    pub const BYTES: DescId = DescId(2);
    /// A growing string or byte string: `{header, len: u64, data: Ref to BYTES}`.
    pub const BUF: DescId = DescId(3);
    /// What a signal says, for code that receives it: `{header, pid: i64, tag: i64, message: Ref, custom: Any}`. The
    /// tag is the variant of `ExitReason`; the message stands for `Panic`, the custom value for `Custom`.
    pub const SIGNAL: DescId = DescId(4);
    /// A counted reference to something outside the heap: four words, see `rt::heap::handle`.
    pub const HANDLE: DescId = DescId(5);
    /// An array of references that the runtime keeps.
    pub const REFS: DescId = DescId(6);
    /// The first descriptor of the program's own; the image's table begins with it.
    pub const FIRST_OWN: DescId = DescId(8);
}

/// How an object's size and traced words are found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum DescKind {
    /// `size` bytes; `traced` are offsets from the object's start.
    Fixed = 0,
    /// A length and that many bytes without pointers.
    Bytes = 1,
    /// A length and that many elements of `stride` bytes; `traced` are offsets in an element.
    Array = 2,
}

/// One descriptor. A traced word holds a pointer iff it is not zero and its low three bits are.
///
/// Every variant of a boxed enum, every kind of closure and every payload of a dyn box has its own.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct TypeDesc {
    pub kind: DescKind,
    /// `Fixed`: all bytes, header included, a multiple of 8, at least 16. Otherwise 16.
    pub size: u32,
    /// `Array`: bytes of an element; not 0. Otherwise 0.
    pub stride: u32,
    /// 1: no message may hold such an object, which is a generator. Otherwise 0.
    pub local: u32,
    /// Ascending multiples of 8.
    pub traced: Table<u32>,
    /// The type's name, UTF-8, for heap statistics and debugging.
    pub name: Table<u8>,
}

const _: () = assert!(core::mem::size_of::<TypeDesc>() == 48);
const _: () = assert!(core::mem::offset_of!(TypeDesc, traced) == 16);
const _: () = assert!(core::mem::offset_of!(TypeDesc, name) == 32);

static BUILTIN: [TypeDesc; 6] = [
    TypeDesc::new(DescKind::Bytes, 16, 0, &[], "str"),
    TypeDesc::new(DescKind::Bytes, 16, 0, &[], "bytes"),
    TypeDesc::new(DescKind::Fixed, 24, 0, &[16], "buffer"),
    TypeDesc::new(DescKind::Fixed, 40, 0, &[24, 32], "signal"),
    TypeDesc::new(DescKind::Fixed, 32, 0, &[], "handle"),
    TypeDesc::new(DescKind::Array, 16, 8, &[0], "references"),
];

impl TypeDesc {
    /// A descriptor over tables that live as long as the program.
    pub const fn new(
        kind: DescKind,
        size: u32,
        stride: u32,
        traced: &'static [u32],
        name: &'static str,
    ) -> TypeDesc {
        let (traced, name) = (Table::new(traced), Table::new(name.as_bytes()));
        TypeDesc { kind, size, stride, local: 0, traced, name }
    }

    /// The same over tables that the caller keeps alive while the image is in use.
    pub const fn from_tables(
        kind: DescKind,
        size: u32,
        stride: u32,
        traced: Table<u32>,
        name: Table<u8>,
    ) -> TypeDesc {
        TypeDesc { kind, size, stride, local: 0, traced, name }
    }

    /// The same, with what it says of messages.
    pub const fn with_local(self, local: bool) -> TypeDesc {
        TypeDesc { local: local as u32, ..self }
    }

    /// The descriptor of an object that the runtime makes itself.
    pub fn builtin(id: DescId) -> Option<&'static TypeDesc> {
        (id.0 as usize).checked_sub(1).and_then(|n| BUILTIN.get(n))
    }
}
