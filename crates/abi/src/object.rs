//! Heap objects: the header word and the layouts that the runtime itself knows.
//!
//! ```text
//! header  bits 0-31 descriptor | 32-39 flags | 40-63 enum variant
//! Str, Bytes   { header, len: u64, data… }            immutable; Str is UTF-8
//! Array        { header, len: u64, elements… }        len is the capacity, fixed
//! Closure      { header, code: Ptr, captures… }
//! Dyn box      { header, vtable: Ptr, payload… }      `dyn Trait` values and boxed `any`
//! ```
//! Objects are 8-byte aligned and at least 16 bytes long. Memory handed out by an allocation is
//! zero. A header is never zero, which is how a walk over allocated memory finds its end.

use crate::desc::{DescId, DescKind, TypeDesc};

/// The bytes before an object's first field.
pub const HEADER_SIZE: u32 = 8;
/// The alignment of every object, and of its size.
pub const OBJECT_ALIGN: u32 = 8;
/// Where a string's or byte string's length stands.
pub const STR_LEN: u32 = 8;
/// Where a string's or byte string's data begins.
pub const STR_DATA: u32 = 16;
/// Where an array's length stands.
pub const ARRAY_LEN: u32 = 8;
/// Where an array's elements begin.
pub const ARRAY_DATA: u32 = 16;
/// Where a closure's code address stands.
pub const CLOSURE_CODE: u32 = 8;
/// Where a closure's captures begin.
pub const CLOSURE_CAPTURES: u32 = 16;
/// Where a dyn box's vtable stands.
pub const BOX_VTABLE: u32 = 8;
/// Where a dyn box's payload begins.
pub const BOX_PAYLOAD: u32 = 16;

/// The first word of every object.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(transparent)]
pub struct Header(pub u64);

impl Header {
    /// The object lives in the image, not in a heap: it is never marked, moved or freed.
    pub const STATIC: u64 = 1 << 32;
    /// The variants of one enum are counted in 24 bits.
    pub const MAX_VARIANT: u32 = (1 << 24) - 1;

    /// The header of a heap object.
    pub const fn new(desc: DescId) -> Header {
        Header(desc.0 as u64)
    }

    /// The header of a boxed enum value.
    pub const fn with_variant(desc: DescId, variant: u32) -> Header {
        assert!(variant <= Header::MAX_VARIANT);
        Header(desc.0 as u64 | (variant as u64) << 40)
    }

    /// The same for an object in the image.
    pub const fn immortal(self) -> Header {
        Header(self.0 | Header::STATIC)
    }

    pub const fn desc(self) -> DescId {
        DescId(self.0 as u32)
    }

    pub const fn variant(self) -> u32 {
        (self.0 >> 40) as u32
    }

    pub const fn is_static(self) -> bool {
        self.0 & Header::STATIC != 0
    }
}

/// Any object, seen from its header. The fields behind it depend on the descriptor.
#[derive(Debug)]
#[repr(C)]
pub struct Object {
    pub header: Header,
    /// The second word: the length of strings, bytes and arrays; otherwise a field.
    pub len: u64,
}

const _: () = assert!(core::mem::offset_of!(Object, len) == STR_LEN as usize);
const _: () = assert!(core::mem::size_of::<Object>() == STR_DATA as usize);

/// A `Ref` scalar: null or the address of an object.
pub type ObjPtr = *mut Object;

/// The bytes an object takes, given its descriptor and its second word. `None`: the length is
/// beyond any address space.
pub const fn object_size(desc: &TypeDesc, len: u64) -> Option<usize> {
    let size = match desc.kind {
        DescKind::Fixed => Some(desc.size as u64),
        DescKind::Bytes => len.checked_add(STR_DATA as u64),
        DescKind::Array => match len.checked_mul(desc.stride as u64) {
            Some(bytes) => bytes.checked_add(ARRAY_DATA as u64),
            None => None,
        },
    };
    match size {
        Some(size) if size <= (isize::MAX as u64) - OBJECT_ALIGN as u64 => {
            let mask = OBJECT_ALIGN as u64 - 1;
            Some(((size + mask) & !mask) as usize)
        }
        Some(_) | None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_fields_do_not_overlap() {
        let h = Header::with_variant(DescId(u32::MAX), Header::MAX_VARIANT).immortal();
        assert_eq!(h.desc(), DescId(u32::MAX));
        assert_eq!(h.variant(), Header::MAX_VARIANT);
        assert!(h.is_static());
        assert!(!Header::with_variant(DescId(u32::MAX), Header::MAX_VARIANT).is_static());
    }

    #[test]
    fn sizes_round_up_and_do_not_overflow() {
        let bytes = TypeDesc::builtin(DescId::STR).expect("strings are built in");
        assert_eq!(object_size(bytes, 0), Some(16));
        assert_eq!(object_size(bytes, 1), Some(24));
        assert_eq!(object_size(bytes, u64::MAX), None);
        let array = TypeDesc::new(DescKind::Array, 16, 24, &[], "[T]");
        assert_eq!(object_size(&array, 2), Some(64));
        assert_eq!(object_size(&array, u64::MAX / 8), None);
    }
}
