//! How the operators and words that the tree keeps as enums are written.

use crate::ast::*;

macro_rules! spelled {
    ($($ty:ident { $($variant:ident $text:literal)+ })+) => {$(
        impl $ty {
            /// The sign as it is written.
            pub const fn as_str(self) -> &'static str {
                match self { $($ty::$variant => $text),+ }
            }
        }
    )+};
}

spelled! {
    UnaryOp { Neg "-" Not "not" BitNot "~" }
    LogicOp { And "and" Or "or" }
    BinOp {
        Add "+" Sub "-" Mul "*" Div "/" Rem "%" Pow "**" AddWrap "+%" SubWrap "-%" MulWrap "*%"
        BitAnd "&" BitOr "|" BitXor "^" Shl "<<" Shr ">>"
    }
    CmpOp {
        Eq "==" Ne "!=" Lt "<" Le "<=" Gt ">" Ge ">=" In "in" NotIn "not in" Is "is" IsNot "is not"
    }
    ContractKind {
        Requires "requires" Ensures "ensures" EnsuresErr "ensures_err" Invariant "invariant"
    }
    FnFlavour { Plain "fn" Generator "fn*" Async "async fn" }
    FormatType {
        Decimal "d" LowerHex "x" UpperHex "X" Octal "o" Binary "b" Exponent "e" Fixed "f"
        General "g" Str "s" Percent "%"
    }
    SpawnKind { Plain "spawn" Link "spawn_link" Monitor "spawn_monitor" }
}
