//! All infix operators: how tightly they bind and what they make.

use crate::ast::{BinOp, CmpOp, LogicOp};
use crate::token::TokenKind::{self, *};

/// How tightly an operator binds, loosest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub(super) enum Level {
    Pipe,
    Coalesce,
    Or,
    And,
    Not,
    Compare,
    BitOr,
    BitXor,
    BitAnd,
    Shift,
    Range,
    Sum,
    Product,
    Power,
}

impl Level {
    /// The next tighter level.
    pub fn tighter(self) -> Level {
        match self {
            Level::Pipe => Level::Coalesce,
            Level::Coalesce => Level::Or,
            Level::Or => Level::And,
            Level::And => Level::Not,
            Level::Not => Level::Compare,
            Level::Compare => Level::BitOr,
            Level::BitOr => Level::BitXor,
            Level::BitXor => Level::BitAnd,
            Level::BitAnd => Level::Shift,
            Level::Shift => Level::Range,
            Level::Range => Level::Sum,
            Level::Sum => Level::Product,
            Level::Product => Level::Power,
            Level::Power => Level::Power,
        }
    }
}

/// What an operator makes of its operands; also how it associates.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Infix {
    Pipe,
    /// To the right.
    Coalesce,
    Logic(LogicOp),
    /// In chains.
    Compare(CmpOp),
    /// Not at all.
    Range {
        inclusive: bool,
    },
    Binary(BinOp),
    /// To the right.
    Power,
}

/// The table, loosest first. Between `Product` and `Power` lie the prefixes `-` and `~`, and the
/// words `await` and `spawn`; above all lie call, index, `.` and `?`. Those are in `expr.rs`.
const TABLE: &[(TokenKind, Level, Infix)] = &[
    (PipeGt, Level::Pipe, Infix::Pipe),
    (QuestionQuestion, Level::Coalesce, Infix::Coalesce),
    (Or, Level::Or, Infix::Logic(LogicOp::Or)),
    (PipePipe, Level::Or, Infix::Logic(LogicOp::Or)), // foreign, reported
    (And, Level::And, Infix::Logic(LogicOp::And)),
    (AmpAmp, Level::And, Infix::Logic(LogicOp::And)), // foreign, reported
    (EqEq, Level::Compare, Infix::Compare(CmpOp::Eq)),
    (NotEq, Level::Compare, Infix::Compare(CmpOp::Ne)),
    (Lt, Level::Compare, Infix::Compare(CmpOp::Lt)),
    (LtEq, Level::Compare, Infix::Compare(CmpOp::Le)),
    (Gt, Level::Compare, Infix::Compare(CmpOp::Gt)),
    (GtEq, Level::Compare, Infix::Compare(CmpOp::Ge)),
    (In, Level::Compare, Infix::Compare(CmpOp::In)),
    (Not, Level::Compare, Infix::Compare(CmpOp::NotIn)), // before `in`
    (Is, Level::Compare, Infix::Compare(CmpOp::Is)),     // `is not` where `not` follows
    (Pipe, Level::BitOr, Infix::Binary(BinOp::BitOr)),
    (Caret, Level::BitXor, Infix::Binary(BinOp::BitXor)),
    (Amp, Level::BitAnd, Infix::Binary(BinOp::BitAnd)),
    (LtLt, Level::Shift, Infix::Binary(BinOp::Shl)),
    (GtGt, Level::Shift, Infix::Binary(BinOp::Shr)),
    (DotDot, Level::Range, Infix::Range { inclusive: false }),
    (DotDotEq, Level::Range, Infix::Range { inclusive: true }),
    (Plus, Level::Sum, Infix::Binary(BinOp::Add)),
    (Minus, Level::Sum, Infix::Binary(BinOp::Sub)),
    (PlusPercent, Level::Sum, Infix::Binary(BinOp::AddWrap)),
    (MinusPercent, Level::Sum, Infix::Binary(BinOp::SubWrap)),
    (Star, Level::Product, Infix::Binary(BinOp::Mul)),
    (Slash, Level::Product, Infix::Binary(BinOp::Div)),
    (Percent, Level::Product, Infix::Binary(BinOp::Rem)),
    (StarPercent, Level::Product, Infix::Binary(BinOp::MulWrap)),
    (StarStar, Level::Power, Infix::Power),
];

/// The same by token, for looking up.
static BY_TOKEN: [Option<(Level, Infix)>; 256] = {
    let mut by_token = [None; 256];
    let mut i = 0;
    while i < TABLE.len() {
        let (token, level, infix) = TABLE[i];
        by_token[token as usize] = Some((level, infix));
        i += 1;
    }
    by_token
};

/// The infix operator a token is, if it is one.
#[inline]
pub(super) fn infix(kind: TokenKind) -> Option<(Level, Infix)> {
    BY_TOKEN[kind as usize]
}

/// The operator of an assignment: `Some(None)` for plain `=`.
pub(super) fn assignment(kind: TokenKind) -> Option<Option<BinOp>> {
    const TABLE: &[(TokenKind, BinOp)] = &[
        (PlusEq, BinOp::Add),
        (MinusEq, BinOp::Sub),
        (StarEq, BinOp::Mul),
        (SlashEq, BinOp::Div),
        (PercentEq, BinOp::Rem),
        (StarStarEq, BinOp::Pow),
        (AmpEq, BinOp::BitAnd),
        (PipeEq, BinOp::BitOr),
        (CaretEq, BinOp::BitXor),
        (LtLtEq, BinOp::Shl),
        (GtGtEq, BinOp::Shr),
    ];
    if kind == Eq {
        return Some(None);
    }
    TABLE.iter().find(|(token, _)| *token == kind).map(|(_, op)| Some(*op))
}

/// Whether an expression may begin with the token.
pub(crate) fn begins_expr(kind: TokenKind) -> bool {
    kind.is_name()
        || matches!(
            kind,
            Error
                | Int
                | Float
                | Char
                | Str
                | RawStr
                | Bytes
                | Symbol
                | FStringStart
                | LParen
                | LBracket
                | LBrace
                | Minus
                | Tilde
                | Bang
                | Not
                | True
                | False
                | Nil
                | SelfKw
                | Fn
                | If
                | Match
                | Loop
                | Receive
                | Await
                | Async
                | Spawn
                | SpawnLink
                | SpawnMonitor
                | Yield
                | Return
                | Break
                | Continue
        )
}
