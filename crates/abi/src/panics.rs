//! The runtime's own panics: code, message, operands, once.
//!
//! Must never hold a message that the compiler composes itself; those come as `Message`.

use crate::scalar::Scalar;

/// How an operand is passed and printed. All operands travel as 64-bit words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OperandKind {
    /// An `I64` printed signed.
    Int,
    /// An `I64` printed unsigned.
    Uint,
    /// The bits of an `F64`.
    Float,
    /// A `Ref` to a string.
    Str,
    /// The number of a [`crate::NumType`].
    Type,
}

impl OperandKind {
    /// The type of the value before it is made a word.
    pub const fn scalar(self) -> Scalar {
        match self {
            OperandKind::Int | OperandKind::Uint | OperandKind::Type => Scalar::I64,
            OperandKind::Float => Scalar::F64,
            OperandKind::Str => Scalar::Ref,
        }
    }
}

/// Calls `$then!` with the table: `number Name "message" [operands];`. A `{}` of the message
/// stands for the next operand.
macro_rules! panic_codes {
    ($then:ident) => {
        $then! {
            1 IntegerOverflow "integer overflow" [];
            2 DivisionByZero "division by zero" [];
            3 IndexOutOfRange "index out of range: the index is {} but the length is {}" [Int Int];
            4 KeyNotFound "key not found: {}" [Str];
            5 NegativeExponent "negative exponent: {}" [Int];
            6 ShiftOutOfRange "shift count out of range: {}" [Int];
            7 ConversionInt "conversion out of range: {} does not fit {}" [Int Type];
            8 ConversionUint "conversion out of range: {} does not fit {}" [Uint Type];
            9 ConversionFloat "conversion out of range: {} does not fit {}" [Float Type];
            10 NotCharBoundary "not a character boundary: {}" [Int];
            11 SliceStepZero "slice step is zero" [];
            12 RangeStepZero "range step is zero" [];
            13 StackOverflow "stack overflow" [];
            14 HeapLimit "heap limit exceeded" [];
            15 NegativeLength "negative length: {}" [Int];
            16 AssertionFailed "assertion failed: {}" [Str];
            17 ContractFailed "{}" [Str];
            18 Message "{}" [Str];
            19 GeneratorExhausted "generator exhausted" [];
            20 FormatSpec "invalid format specification: {}" [Str];
            21 HardwareFault "{}" [Str];
            22 MailboxMismatch "the mailbox of this actor is of another type" [];
        }
    };
}

macro_rules! define {
    ($($number:literal $name:ident $message:literal [$($operand:ident)*];)*) => {
        /// Why a program panics.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u32)]
        pub enum PanicCode {
            $(#[doc = $message] $name = $number,)*
        }

        impl PanicCode {
            /// All codes, in the order of their numbers.
            pub const ALL: &'static [PanicCode] = &[$(PanicCode::$name),*];

            /// The message; each `{}` stands for an operand.
            pub const fn template(self) -> &'static str {
                match self {
                    $(PanicCode::$name => $message,)*
                }
            }

            /// The operands in order.
            pub const fn operands(self) -> &'static [OperandKind] {
                match self {
                    $(PanicCode::$name => &[$(OperandKind::$operand),*],)*
                }
            }

            /// The name in the text form of MIR.
            pub const fn name(self) -> &'static str {
                match self {
                    $(PanicCode::$name => stringify!($name),)*
                }
            }
        }
    };
}

panic_codes!(define);

impl PanicCode {
    /// At most this many operands.
    pub const MAX_OPERANDS: usize = 2;

    /// The code of a number, if it is one.
    pub fn from_number(number: u64) -> Option<PanicCode> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        PanicCode::ALL.get(index).copied()
    }

    /// The code of a name, if it is one.
    pub fn from_name(name: &str) -> Option<PanicCode> {
        PanicCode::ALL.iter().copied().find(|code| code.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_dense_and_messages_name_every_operand() {
        for (index, &code) in PanicCode::ALL.iter().enumerate() {
            assert_eq!(code as usize, index + 1);
            assert_eq!(PanicCode::from_number(code as u64), Some(code));
            assert_eq!(PanicCode::from_name(code.name()), Some(code));
            assert_eq!(code.template().matches("{}").count(), code.operands().len());
            assert!(code.operands().len() <= PanicCode::MAX_OPERANDS);
        }
        assert_eq!(PanicCode::from_number(0), None);
    }
}
