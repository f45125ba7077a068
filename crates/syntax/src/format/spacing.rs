//! What stands between two tokens on a line: one blank or nothing.

use crate::parser::begins_expr;
use crate::token::TokenKind::{self, *};

/// What the source has around the token to be printed.
#[derive(Clone, Copy)]
pub(super) struct Around {
    /// A blank before it.
    pub gap_before: bool,
    /// A blank behind it.
    pub gap_after: bool,
    /// The next token.
    pub next: TokenKind,
}

/// What is known of the tokens printed so far.
#[derive(Default)]
pub(super) struct Spacing {
    /// The last token; none at the beginning of a line.
    prev: Option<TokenKind>,
    /// The one before it, also across lines.
    before_prev: Option<TokenKind>,
    /// Whether `prev` is a sign before its operand: `-x`, `~x`, `@name`.
    prefix: bool,
    /// The open brackets: whether colons in them are those of slices.
    slices: Vec<bool>,
    /// Whether the line declares an `impl`, where a bracket may follow a bracket.
    in_impl: bool,
}

impl Spacing {
    pub fn begin_line(&mut self) {
        // Lines of comments alone print no token.
        self.before_prev = self.prev.or(self.before_prev);
        self.prev = None;
        self.prefix = false;
        self.in_impl = false;
    }

    /// Whether the last token was a colon, also across lines.
    pub fn behind_colon(&self) -> bool {
        self.prev.or(self.before_prev) == Some(Colon)
    }

    /// Whether a blank stands before a token, if the two would not be read as others without it.
    pub fn before(&self, kind: TokenKind, around: Around) -> bool {
        let Some(prev) = self.prev else { return false };
        // `1. 0` and `1 .0` are fields of a number, however little sense that makes; `1.0` would be another.
        if prev == Dot && kind == Int || prev == Int && kind == Dot && around.next == Int {
            return around.gap_before;
        }
        if self.prefix
            || matches!(prev, LParen | LBracket | LBrace | Dot | DotDot | DotDotEq | Tilde)
        {
            return false;
        }
        match kind {
            RParen | RBracket | RBrace | Comma | Dot | Question | Colon => false,
            LParen | LBracket if prev.is_contextual() || self.in_impl => around.gap_before,
            // A word of its place may be a name or not: `requires -x`, `after - 1`.
            Minus if prev.is_contextual() => around.gap_before,
            LParen | LBracket => !prev.ends_operand() && !self.hugs_bracket(prev),
            DotDot | DotDotEq => !prev.ends_operand(),
            Star if matches!(prev, Fn | Yield) => false,
            // `T??` is a type, `a ?? b` a value.
            QuestionQuestion => begins_expr(around.next),
            _ if prev == Colon => !self.in_slice(),
            _ => true,
        }
    }

    /// `fn(`, `fn*(`, `impl[`
    fn hugs_bracket(&self, prev: TokenKind) -> bool {
        prev == Fn || prev == Star && self.before_prev == Some(Fn)
    }

    fn in_slice(&self) -> bool {
        self.slices.last() == Some(&true)
    }

    /// Notes that a token has been printed.
    pub fn after(&mut self, kind: TokenKind, around: Around) {
        let before = self.prev.or(self.before_prev);
        let operand_before = self.prev.is_some_and(TokenKind::ends_operand)
            || self.prev.is_none()
                && before.is_some_and(TokenKind::ends_operand)
                && !self.slices.is_empty();
        match kind {
            LBracket => {
                let declares = self.declares_generics();
                self.slices.push(operand_before && !declares);
            }
            LParen | LBrace => self.slices.push(false),
            RParen | RBracket | RBrace => {
                self.slices.pop();
            }
            Impl => self.in_impl = true,
            _ => {}
        }
        self.prefix = match kind {
            Minus | Tilde => {
                let written_so = around.gap_before && !around.gap_after;
                !operand_before || written_so && self.prev.is_some_and(TokenKind::is_contextual)
            }
            At => self.prev.is_none(),
            _ => false,
        };
        if self.prev.is_some() {
            self.before_prev = self.prev;
        }
        self.prev = Some(kind);
    }

    /// Whether a bracket behind the last token holds type parameters with their bounds.
    fn declares_generics(&self) -> bool {
        let declares =
            matches!(self.before_prev, Some(Fn | Struct | Class | Enum | Trait | Type | Star));
        declares || self.in_impl
    }
}
