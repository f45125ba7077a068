//! The scalar types of MIR and the signatures built from them.
//!
//! Must never know a Sepal type: tuples, structs and enums have become scalars before MIR.

use std::fmt;

/// The type of one SSA value.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
#[repr(u8)]
pub enum Type {
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

impl Type {
    /// All types, in the order of their numbers.
    pub const ALL: [Type; 10] = [
        Type::I8,
        Type::I16,
        Type::I32,
        Type::I64,
        Type::F32,
        Type::F64,
        Type::Bool,
        Type::Ref,
        Type::Any,
        Type::Ptr,
    ];

    /// The name in the text form.
    pub const fn name(self) -> &'static str {
        match self {
            Type::I8 => "i8",
            Type::I16 => "i16",
            Type::I32 => "i32",
            Type::I64 => "i64",
            Type::F32 => "f32",
            Type::F64 => "f64",
            Type::Bool => "bool",
            Type::Ref => "ref",
            Type::Any => "any",
            Type::Ptr => "ptr",
        }
    }

    /// The bytes a value takes in an object's field or as an array's only slot.
    pub const fn size(self) -> u32 {
        match self {
            Type::I8 | Type::Bool => 1,
            Type::I16 => 2,
            Type::I32 | Type::F32 => 4,
            Type::I64 | Type::F64 | Type::Ref | Type::Any | Type::Ptr => 8,
        }
    }

    /// The width in bits of an integer type; `None` for every other.
    pub const fn int_bits(self) -> Option<u32> {
        match self {
            Type::I8 => Some(8),
            Type::I16 => Some(16),
            Type::I32 => Some(32),
            Type::I64 => Some(64),
            Type::F32 | Type::F64 | Type::Bool | Type::Ref | Type::Any | Type::Ptr => None,
        }
    }

    /// Whether this is `I8`, `I16`, `I32` or `I64`.
    pub const fn is_int(self) -> bool {
        self.int_bits().is_some()
    }

    /// Whether this is `F32` or `F64`.
    pub const fn is_float(self) -> bool {
        matches!(self, Type::F32 | Type::F64)
    }

    /// Whether the collector looks at words of this type.
    pub const fn is_traced(self) -> bool {
        matches!(self, Type::Ref | Type::Any)
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a function takes and gives. Calls pass and return several scalars.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Signature {
    pub params: Vec<Type>,
    pub results: Vec<Type>,
}

impl Signature {
    /// A signature from its two lists.
    pub fn new(params: impl Into<Vec<Type>>, results: impl Into<Vec<Type>>) -> Signature {
        Signature { params: params.into(), results: results.into() }
    }
}
