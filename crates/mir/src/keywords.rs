//! The closed sets of operators and tags that ops carry, each one table: number, variant, spelling.
//!
//! Must never hold the meaning of an operator; `fold` and the engines do.

/// Defines an enum with permanent numbers and the spellings of the text form.
macro_rules! keywords {
    ($($(#[$meta:meta])* pub enum $name:ident {
        $($(#[$vmeta:meta])* $num:literal $variant:ident $text:literal,)+
    })+) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u8)]
        pub enum $name { $($(#[$vmeta])* $variant = $num,)+ }

        impl $name {
            /// Every member, in the order of the table.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];

            /// The spelling in the text form.
            pub const fn name(self) -> &'static str {
                match self { $($name::$variant => $text,)+ }
            }

            /// The member spelled `text`.
            pub fn from_name(text: &str) -> Option<$name> {
                match text { $($text => Some($name::$variant),)+ _ => None }
            }

            /// The permanent number.
            pub const fn number(self) -> u8 { self as u8 }
        }

        impl crate::field::Field for $name {
            type Arg<'a> = $name;
            fn from_arg(arg: $name, _: &mut crate::function::Pools) -> $name { arg }
            fn print(&self, out: &mut String, _: &crate::function::Pools) {
                out.push_str(self.name());
            }
            fn parse(cursor: &mut crate::text::Cursor<'_>, _: &mut crate::function::Pools)
                -> Result<$name, crate::text::ParseError> {
                cursor.keyword(stringify!($name), $name::from_name)
            }
        }
    )+};
}

keywords! {
    /// Operators without effects. Integers wrap; floats are IEEE.
    pub enum BinOp {
        1 Add "add",
        2 Sub "sub",
        3 Mul "mul",
        /// Division whose divisor was proved not zero and whose result was proved to fit.
        4 SDiv "sdiv",
        5 SRem "srem",
        6 UDiv "udiv",
        7 URem "urem",
        8 And "and",
        9 Or "or",
        10 Xor "xor",
        /// The count of a shift (any integer type) is taken modulo the width.
        11 Shl "shl",
        12 SShr "sshr",
        13 UShr "ushr",
        20 Eq "eq",
        21 Ne "ne",
        22 SLt "slt",
        23 SLe "sle",
        24 SGt "sgt",
        25 SGe "sge",
        26 ULt "ult",
        27 ULe "ule",
        28 UGt "ugt",
        29 UGe "uge",
        40 FAdd "fadd",
        41 FSub "fsub",
        42 FMul "fmul",
        43 FDiv "fdiv",
        50 FEq "feq",
        51 FNe "fne",
        52 FLt "flt",
        53 FLe "fle",
        54 FGt "fgt",
        55 FGe "fge",
    }

    /// Integer operators that panic: on overflow, on a zero divisor, on a shift count that is
    /// negative or not below the width.
    pub enum CheckedOp {
        1 SAdd "sadd",
        2 SSub "ssub",
        3 SMul "smul",
        4 SDiv "sdiv",
        5 SRem "srem",
        6 UAdd "uadd",
        7 USub "usub",
        8 UMul "umul",
        9 UDiv "udiv",
        10 URem "urem",
        /// Shifts: the count has any integer type and is read as unsigned; lost bits are dropped.
        11 Shl "shl",
        12 SShr "sshr",
        13 UShr "ushr",
    }

    /// Operators of one operand, without effects.
    pub enum UnaryOp {
        /// Every bit of an integer, or the opposite `bool`.
        1 Not "not",
        2 Neg "neg",
        3 CountOnes "count_ones",
        /// The width for zero.
        4 LeadingZeros "leading_zeros",
        /// The width for zero.
        5 TrailingZeros "trailing_zeros",
        20 FNeg "fneg",
        21 FAbs "fabs",
        22 FSqrt "fsqrt",
        23 FFloor "ffloor",
        24 FCeil "fceil",
        25 FTrunc "ftrunc",
    }

    /// Conversions that cannot fail.
    pub enum CastKind {
        /// A narrower to a wider integer, keeping the sign.
        1 SignExtend "sign_extend",
        /// A narrower integer or a `bool` to a wider integer.
        2 ZeroExtend "zero_extend",
        /// A wider to a narrower integer.
        3 Truncate "truncate",
        /// A signed integer to the nearest float.
        4 SignedToFloat "signed_to_float",
        /// An unsigned integer to the nearest float.
        5 UnsignedToFloat "unsigned_to_float",
        /// Between `f32` and `f64`.
        6 FloatToFloat "float_to_float",
        /// A float to a signed integer, saturating, NaN to 0.
        7 FloatToSigned "float_to_signed",
        /// A float to an unsigned integer, saturating, NaN to 0.
        8 FloatToUnsigned "float_to_unsigned",
        /// The same bits as another type of the same size.
        9 Bitcast "bitcast",
        /// The word of a reference or `any` as an `i64`, which no collection keeps up to date: it stays
        /// where it stands, for the op that follows.
        10 Address "address",
    }

    /// Conversions that panic when the value does not fit. Integers may have the same width on
    /// both sides (`i64` to `u64`).
    pub enum CheckedCastKind {
        1 SignedToSigned "signed_to_signed",
        2 SignedToUnsigned "signed_to_unsigned",
        3 UnsignedToSigned "unsigned_to_signed",
        4 UnsignedToUnsigned "unsigned_to_unsigned",
        /// Truncates towards zero; panics for NaN and out of range.
        5 FloatToSigned "float_to_signed",
        6 FloatToUnsigned "float_to_unsigned",
        /// An integer read as signed to a Unicode scalar value (`i32`).
        7 SignedToChar "signed_to_char",
        /// An integer read as unsigned to a Unicode scalar value (`i32`).
        8 UnsignedToChar "unsigned_to_char",
    }

    /// The immediates of an `any`. The value must fit the 61 bits of payload: an integer when
    /// `(v << 3) >> 3 == v`, a float when the low three bits of its pattern are zero.
    pub enum AnyTag {
        1 Int "int",
        2 Float "float",
        3 Bool "bool",
    }

    /// The four kinds of contract, and what a broken one is called.
    pub enum ContractKind {
        1 Requires "requires",
        2 Ensures "ensures",
        3 EnsuresErr "ensures_err",
        4 Invariant "invariant",
    }

    /// What a poll asks.
    pub enum PollKind {
        /// Whether the actor shall give way, or its stack is used up.
        1 Enter "enter",
        /// Whether the actor shall give way: where no frame has come onto the stack since a poll that asks for both.
        2 Turn "turn",
    }

    /// Which side of a branch is the common one.
    pub enum Hint {
        0 Unknown "unknown",
        1 Likely "likely",
        2 Unlikely "unlikely",
    }
}

/// The operators on integers that give an integer, as a pattern.
macro_rules! int_arithmetic {
    () => {
        BinOp::Add
            | BinOp::Sub
            | BinOp::Mul
            | BinOp::SDiv
            | BinOp::SRem
            | BinOp::UDiv
            | BinOp::URem
            | BinOp::And
            | BinOp::Or
            | BinOp::Xor
            | BinOp::Shl
            | BinOp::SShr
            | BinOp::UShr
    };
}

/// The comparisons of integers, as a pattern.
macro_rules! int_comparison {
    () => {
        BinOp::Eq
            | BinOp::Ne
            | BinOp::SLt
            | BinOp::SLe
            | BinOp::SGt
            | BinOp::SGe
            | BinOp::ULt
            | BinOp::ULe
            | BinOp::UGt
            | BinOp::UGe
    };
}

/// The operators on floats that give a float, as a pattern.
macro_rules! float_arithmetic {
    () => {
        BinOp::FAdd | BinOp::FSub | BinOp::FMul | BinOp::FDiv
    };
}

/// The comparisons of floats, as a pattern.
macro_rules! float_comparison {
    () => {
        BinOp::FEq | BinOp::FNe | BinOp::FLt | BinOp::FLe | BinOp::FGt | BinOp::FGe
    };
}

pub(crate) use {float_arithmetic, float_comparison, int_arithmetic, int_comparison};

impl BinOp {
    /// Whether the result is a `bool` whatever the operands are.
    pub const fn is_comparison(self) -> bool {
        match self {
            int_comparison!() | float_comparison!() => true,
            int_arithmetic!() | float_arithmetic!() => false,
        }
    }

    /// Whether the operands are floats.
    pub const fn is_float(self) -> bool {
        match self {
            float_arithmetic!() | float_comparison!() => true,
            int_arithmetic!() | int_comparison!() => false,
        }
    }

    /// Whether the right operand is a count of any integer type.
    pub const fn is_shift(self) -> bool {
        matches!(self, BinOp::Shl | BinOp::SShr | BinOp::UShr)
    }

    /// Whether the operation may run where the program would not have run it: division may not,
    /// since the proof about its divisor holds only at its own place.
    pub const fn is_speculatable(self) -> bool {
        !matches!(self, BinOp::SDiv | BinOp::SRem | BinOp::UDiv | BinOp::URem)
    }

    /// Whether `a op b` equals `b op a`.
    pub const fn is_commutative(self) -> bool {
        use BinOp::{Add, And, Eq, FAdd, FEq, FMul, FNe, Mul, Ne, Or, Xor};
        matches!(self, Add | Mul | And | Or | Xor | Eq | Ne | FAdd | FMul | FEq | FNe)
    }
}

impl CheckedOp {
    /// Whether the right operand is a count of any integer type.
    pub const fn is_shift(self) -> bool {
        matches!(self, CheckedOp::Shl | CheckedOp::SShr | CheckedOp::UShr)
    }

    /// The operator that computes the same result once the check is known to pass.
    pub const fn unchecked(self) -> BinOp {
        match self {
            CheckedOp::SAdd | CheckedOp::UAdd => BinOp::Add,
            CheckedOp::SSub | CheckedOp::USub => BinOp::Sub,
            CheckedOp::SMul | CheckedOp::UMul => BinOp::Mul,
            CheckedOp::SDiv => BinOp::SDiv,
            CheckedOp::SRem => BinOp::SRem,
            CheckedOp::UDiv => BinOp::UDiv,
            CheckedOp::URem => BinOp::URem,
            CheckedOp::Shl => BinOp::Shl,
            CheckedOp::SShr => BinOp::SShr,
            CheckedOp::UShr => BinOp::UShr,
        }
    }
}
