//! The tagged word of `any`: low three bits a tag, 61 bits payload.
//!
//! A heap pointer is its own word, since objects are 8-byte aligned. What does not fit a payload
//! is boxed by the compiler, so nothing is lost on the way in or out.

/// The low three bits of a tagged word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Tag {
    HeapPtr = 0,
    /// The payload is the integer, sign-extended.
    Int = 1,
    /// The word without its tag is the bits of an `f64` whose low three bits are zero.
    Float = 2,
    Bool = 3,
    Nil = 4,
}

/// The bits that hold the tag.
const TAG_MASK: u64 = 7;

/// The tag of a word; `None` for a bit pattern that no value has.
pub const fn any_tag(word: u64) -> Option<Tag> {
    match word & TAG_MASK {
        0 => Some(Tag::HeapPtr),
        1 => Some(Tag::Int),
        2 => Some(Tag::Float),
        3 => Some(Tag::Bool),
        4 => Some(Tag::Nil),
        5.. => None,
    }
}

/// The word of an integer, if it fits 61 bits.
pub const fn any_int(value: i64) -> Option<u64> {
    let word = (value as u64) << 3 | Tag::Int as u64;
    if any_to_int(word) == value { Some(word) } else { None }
}

/// The integer in a word tagged `Int`.
pub const fn any_to_int(word: u64) -> i64 {
    word as i64 >> 3
}

/// The word of a float, if its low three bits are free.
pub const fn any_float(bits: u64) -> Option<u64> {
    if bits & TAG_MASK == 0 { Some(bits | Tag::Float as u64) } else { None }
}

/// The bits of the float in a word tagged `Float`.
pub const fn any_to_float_bits(word: u64) -> u64 {
    word & !TAG_MASK
}

pub const fn any_bool(value: bool) -> u64 {
    (value as u64) << 3 | Tag::Bool as u64
}

/// The value in a word tagged `Bool`.
pub const fn any_to_bool(word: u64) -> bool {
    word >> 3 != 0
}

pub const fn any_nil() -> u64 {
    Tag::Nil as u64
}

/// The word of a heap object.
pub const fn any_heap(address: usize) -> u64 {
    address as u64
}

/// The address in a word tagged `HeapPtr`.
pub const fn any_to_heap(word: u64) -> usize {
    word as usize
}

/// Whether a traced word, `Ref` or `Any`, points to an object.
pub const fn is_traced_pointer(word: u64) -> bool {
    word != 0 && word & TAG_MASK == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_come_back_or_are_refused() {
        for value in [0, 1, -1, (1 << 60) - 1, -(1 << 60)] {
            let word = any_int(value).expect("fits 61 bits");
            assert_eq!((any_tag(word), any_to_int(word)), (Some(Tag::Int), value));
            assert!(!is_traced_pointer(word));
        }
        assert_eq!(any_int(1 << 60), None);
        assert_eq!(any_int(-(1 << 60) - 1), None);
        assert_eq!(any_int(i64::MIN), None);
    }

    #[test]
    fn floats_come_back_bit_for_bit_or_are_refused() {
        for value in [0.0, -0.0, 1.5, f64::INFINITY, f64::NAN] {
            let word = any_float(value.to_bits()).expect("low bits are zero");
            assert_eq!(any_tag(word), Some(Tag::Float));
            assert_eq!(any_to_float_bits(word), value.to_bits());
        }
        assert_eq!(any_float(f64::MIN_POSITIVE.to_bits() | 1), None);
    }

    #[test]
    fn small_values_are_not_pointers() {
        assert!(any_to_bool(any_bool(true)) && !any_to_bool(any_bool(false)));
        for word in [any_bool(true), any_bool(false), any_nil(), 0] {
            assert!(!is_traced_pointer(word));
        }
        assert!(is_traced_pointer(any_heap(0x1000)));
        assert_eq!(any_tag(7), None);
    }
}
