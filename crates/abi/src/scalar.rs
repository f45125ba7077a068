//! The scalar types that cross a call, and the numeric types that messages name.
//!
//! Must never know how an engine stores a scalar beyond its size.

use core::fmt;

/// The type of one value in a register.
///
/// In a C call `Bool`, `I8` and `I16` arguments are zero-extended by the caller; of a result only
/// the low bits mean something. A `Bool` is 0 or 1.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
#[repr(u8)]
pub enum Scalar {
    I8,
    I16,
    I32,
    I64,
    F32,
    F64,
    Bool,
    /// A pointer to a heap object, or null.
    Ref,
    /// A tagged 64-bit word: an immediate, or a pointer to a heap object.
    Any,
    /// An address outside the heap: code or a vtable. Never traced.
    Ptr,
}

impl Scalar {
    /// All types, in the order of their numbers.
    pub const ALL: [Scalar; 10] = [
        Scalar::I8,
        Scalar::I16,
        Scalar::I32,
        Scalar::I64,
        Scalar::F32,
        Scalar::F64,
        Scalar::Bool,
        Scalar::Ref,
        Scalar::Any,
        Scalar::Ptr,
    ];

    /// The bytes a value takes in an object's field or as an array's only slot.
    pub const fn size(self) -> u32 {
        match self {
            Scalar::I8 | Scalar::Bool => 1,
            Scalar::I16 => 2,
            Scalar::I32 | Scalar::F32 => 4,
            Scalar::I64 | Scalar::F64 | Scalar::Ref | Scalar::Any | Scalar::Ptr => 8,
        }
    }

    /// The width in bits of an integer type; `None` for every other.
    pub const fn int_bits(self) -> Option<u32> {
        match self {
            Scalar::I8 => Some(8),
            Scalar::I16 => Some(16),
            Scalar::I32 => Some(32),
            Scalar::I64 => Some(64),
            Scalar::F32 | Scalar::F64 | Scalar::Bool => None,
            Scalar::Ref | Scalar::Any | Scalar::Ptr => None,
        }
    }

    /// Whether this is an integer type.
    pub const fn is_int(self) -> bool {
        self.int_bits().is_some()
    }

    /// Whether this is `F32` or `F64`.
    pub const fn is_float(self) -> bool {
        matches!(self, Scalar::F32 | Scalar::F64)
    }

    /// Whether the collector looks at words of this type.
    pub const fn is_traced(self) -> bool {
        matches!(self, Scalar::Ref | Scalar::Any)
    }

    /// The type of the word in which a value of this type travels in messages and results of frames: what
    /// is narrower is widened to `I64`.
    pub const fn word(self) -> Scalar {
        match self {
            Scalar::I8 | Scalar::I16 | Scalar::I32 | Scalar::I64 | Scalar::F32 | Scalar::Bool => {
                Scalar::I64
            }
            Scalar::F64 | Scalar::Ref | Scalar::Any | Scalar::Ptr => self,
        }
    }

    /// The name in texts.
    pub const fn name(self) -> &'static str {
        match self {
            Scalar::I8 => "i8",
            Scalar::I16 => "i16",
            Scalar::I32 => "i32",
            Scalar::I64 => "i64",
            Scalar::F32 => "f32",
            Scalar::F64 => "f64",
            Scalar::Bool => "bool",
            Scalar::Ref => "ref",
            Scalar::Any => "any",
            Scalar::Ptr => "ptr",
        }
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The source-level type that a conversion or `**` aims at; its number is an operand of panics
/// and runtime functions.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum NumType {
    I8 = 0,
    I16 = 1,
    I32 = 2,
    Int = 3,
    U8 = 4,
    U16 = 5,
    U32 = 6,
    U64 = 7,
    Char = 8,
}

impl NumType {
    /// All types, in the order of their numbers.
    pub const ALL: [NumType; 9] = [
        NumType::I8,
        NumType::I16,
        NumType::I32,
        NumType::Int,
        NumType::U8,
        NumType::U16,
        NumType::U32,
        NumType::U64,
        NumType::Char,
    ];

    /// The type of a number, if it is one.
    pub const fn from_number(n: i64) -> Option<NumType> {
        if n >= 0 && n < NumType::ALL.len() as i64 { Some(NumType::ALL[n as usize]) } else { None }
    }

    /// The name as a program writes it.
    pub const fn name(self) -> &'static str {
        match self {
            NumType::I8 => "i8",
            NumType::I16 => "i16",
            NumType::I32 => "i32",
            NumType::Int => "int",
            NumType::U8 => "u8",
            NumType::U16 => "u16",
            NumType::U32 => "u32",
            NumType::U64 => "u64",
            NumType::Char => "char",
        }
    }

    /// The least and the greatest value.
    pub const fn range(self) -> (i128, i128) {
        match self {
            NumType::I8 => (i8::MIN as i128, i8::MAX as i128),
            NumType::I16 => (i16::MIN as i128, i16::MAX as i128),
            NumType::I32 => (i32::MIN as i128, i32::MAX as i128),
            NumType::Int => (i64::MIN as i128, i64::MAX as i128),
            NumType::U8 => (0, u8::MAX as i128),
            NumType::U16 => (0, u16::MAX as i128),
            NumType::U32 => (0, u32::MAX as i128),
            NumType::U64 => (0, u64::MAX as i128),
            NumType::Char => (0, char::MAX as i128),
        }
    }
}
