//! Patterns.

use super::{Parser, boxed};
use crate::ast::*;
use crate::token::TokenKind;
use sepal_base::{Diagnostic, codes};
use smallvec::SmallVec;

impl Parser<'_> {
    /// A pattern, or several with `|` between them.
    pub(super) fn pattern(&mut self) -> PatId {
        self.nested(Self::alternatives, Self::error_pat)
    }

    fn error_pat(&mut self) -> PatId {
        let lo = self.lo();
        self.prev_end = self.prev_end.max(lo);
        self.pat_node(lo, PatKind::Error)
    }

    fn alternatives(&mut self) -> PatId {
        let lo = self.lo();
        let first = self.single_pattern();
        if !matches!(self.kind, TokenKind::Pipe | TokenKind::PipePipe) {
            return first;
        }
        let mut pats: SmallVec<[PatId; 4]> = SmallVec::from_slice(&[first]);
        loop {
            if self.at(TokenKind::PipePipe) {
                let span = self.span();
                self.report(
                    Diagnostic::new(
                        codes::FOREIGN_SYNTAX,
                        span,
                        "between patterns stands a single `|`",
                    )
                    .suggest(span, "|", "use `|`"),
                );
                self.bump();
            } else if !self.eat(TokenKind::Pipe) {
                break;
            }
            let pat = self.single_pattern();
            pats.push(pat);
        }
        self.pat_node(lo, PatKind::Or(boxed(&pats)))
    }

    fn single_pattern(&mut self) -> PatId {
        let lo = self.lo();
        match self.kind {
            TokenKind::Underscore => {
                self.bump();
                self.pat_node(lo, PatKind::Wild)
            }
            kind if kind.is_name() => self.named_pattern(lo),
            TokenKind::LParen | TokenKind::LBracket | TokenKind::LBrace
                if self.kind_after_bracket() == Some(TokenKind::LParen) =>
            {
                self.type_pattern(lo)
            }
            TokenKind::Fn if self.next() == TokenKind::LParen => self.type_pattern(lo),
            TokenKind::Dyn => self.type_pattern(lo),
            TokenKind::LParen => self.tuple_pattern(lo),
            TokenKind::LBracket => self.list_pattern(lo),
            TokenKind::DotDot | TokenKind::DotDotEq => self.range_pattern(lo, None),
            _ => match self.pattern_literal() {
                Some(literal) if matches!(self.kind, TokenKind::DotDot | TokenKind::DotDotEq) => {
                    self.range_pattern(lo, Some(literal))
                }
                Some(literal) => self.pat_node(lo, PatKind::Lit(literal)),
                None => self.no_pattern(),
            },
        }
    }

    fn no_pattern(&mut self) -> PatId {
        if self.at(TokenKind::FStringStart) {
            let message = "an f-string cannot be a pattern, since its text is not known beforehand";
            self.error(codes::EXPECTED_PATTERN, self.span(), message);
        } else {
            self.unexpected(codes::EXPECTED_PATTERN, "a pattern");
        }
        // What ends the pattern stays for whoever asked for one.
        let ends = matches!(
            self.kind,
            TokenKind::Newline
                | TokenKind::Dedent
                | TokenKind::Indent
                | TokenKind::Eof
                | TokenKind::Colon
                | TokenKind::Comma
                | TokenKind::Eq
                | TokenKind::In
        );
        if !ends && !super::closes(self.kind) {
            self.skip_to(&[
                TokenKind::Newline,
                TokenKind::Colon,
                TokenKind::Comma,
                TokenKind::Eq,
                TokenKind::In,
                TokenKind::If,
            ]);
        }
        self.error_pat()
    }

    /// A literal, with a minus if it is a number.
    fn pattern_literal(&mut self) -> Option<PatLit> {
        let number = matches!(self.next(), TokenKind::Int | TokenKind::Float);
        if !self.at(TokenKind::Minus) || !number {
            return self.literal();
        }
        self.bump();
        match self.literal()? {
            PatLit::Int(IntLit { magnitude, .. }) => {
                Some(PatLit::Int(IntLit { magnitude, negative: true }))
            }
            PatLit::Float(value) => Some(PatLit::Float(-value)),
            other => Some(other),
        }
    }

    fn range_pattern(&mut self, start: u32, lo: Option<PatLit>) -> PatId {
        let inclusive = self.at(TokenKind::DotDotEq);
        self.bump();
        let hi = self.pattern_literal();
        if hi.is_none() && (lo.is_none() || inclusive) {
            self.unexpected(codes::EXPECTED_PATTERN, "the end of the range");
        }
        self.pat_node(start, PatKind::Range { lo, hi, inclusive })
    }

    /// `name`, `name @ P`, `a.B`, `P(x)`, `Pair[A, B](p)`.
    fn named_pattern(&mut self, lo: u32) -> PatId {
        match self.next() {
            TokenKind::At => {
                let name = self.take_ident();
                self.bump();
                let pat = self.nested(Self::single_pattern, Self::error_pat);
                self.pat_node(lo, PatKind::At { name, pat })
            }
            TokenKind::LBracket | TokenKind::Question => self.type_pattern(lo),
            TokenKind::Dot | TokenKind::LParen => {
                let path = self.path();
                match self.kind {
                    TokenKind::LParen => self.constructor(lo, path),
                    TokenKind::LBracket => {
                        let ty = self.path_type(lo, path);
                        self.type_pattern_arg(lo, ty)
                    }
                    _ => self.pat_node(lo, PatKind::Path(path)),
                }
            }
            _ => {
                let name = self.take_ident().name;
                self.pat_node(lo, PatKind::Name(name))
            }
        }
    }

    /// `Type(P)` where a path alone does not say the type.
    fn type_pattern(&mut self, lo: u32) -> PatId {
        let ty = self.ty();
        self.type_pattern_arg(lo, ty)
    }

    fn type_pattern_arg(&mut self, lo: u32, ty: TypeId) -> PatId {
        if !self.at(TokenKind::LParen) {
            self.unexpected(codes::EXPECTED_PATTERN, "`(` and a pattern behind the type");
            return self.error_pat();
        }
        self.bump();
        let pat = self.pattern();
        if !self.at(TokenKind::RParen) {
            self.unexpected(codes::UNEXPECTED_TOKEN, TokenKind::RParen.describe());
        }
        self.bump_closing(TokenKind::RParen);
        self.pat_node(lo, PatKind::Type { ty, pat })
    }

    fn constructor(&mut self, lo: u32, path: Path) -> PatId {
        self.bump();
        let mut args: SmallVec<[PatArg; 4]> = SmallVec::new();
        let mut rest = None;
        self.list(TokenKind::RParen, |p| {
            let lo = p.lo();
            if p.at(TokenKind::DotDot) && matches!(p.next(), TokenKind::RParen | TokenKind::Comma) {
                p.bump();
                rest = Some(p.span_from(lo));
                return;
            }
            let name = (p.kind.is_name() && p.next() == TokenKind::Colon).then(|| {
                let name = p.take_ident();
                p.bump();
                name
            });
            let pat = p.pattern();
            args.push(PatArg { span: p.span_from(lo), name, pat });
        });
        self.pat_node(lo, PatKind::Ctor { path, args: boxed(&args), rest })
    }

    /// `(a, b)`; a pattern in brackets is that pattern.
    fn tuple_pattern(&mut self, lo: u32) -> PatId {
        self.bump();
        let mut pats: SmallVec<[PatId; 4]> = SmallVec::new();
        let mut comma = false;
        while !self.at(TokenKind::RParen) && !self.at(TokenKind::Eof) {
            let pat = self.pattern();
            pats.push(pat);
            self.end_of_element(lo, TokenKind::RParen);
            comma |= self.prev_kind == TokenKind::Comma;
        }
        self.bump_closing(TokenKind::RParen);
        match (pats.first(), comma) {
            (Some(&inner), false) if pats.len() == 1 => inner,
            _ => self.pat_node(lo, PatKind::Tuple(boxed(&pats))),
        }
    }

    /// `[a, ..rest, z]`
    fn list_pattern(&mut self, lo: u32) -> PatId {
        self.bump();
        let mut before: SmallVec<[PatId; 4]> = SmallVec::new();
        let mut after: SmallVec<[PatId; 4]> = SmallVec::new();
        let mut rest: Option<RestPat> = None;
        self.list(TokenKind::RBracket, |p| {
            let lo = p.lo();
            let begins_rest = p.next().is_name()
                || matches!(
                    p.next(),
                    TokenKind::Comma | TokenKind::RBracket | TokenKind::Underscore
                );
            if p.at(TokenKind::DotDot) && begins_rest {
                p.bump();
                let name = p.kind.is_name().then(|| p.take_ident());
                if name.is_none() {
                    p.eat(TokenKind::Underscore);
                }
                let span = p.span_from(lo);
                match rest {
                    Some(first) => p.report(
                        Diagnostic::new(
                            codes::EXPECTED_PATTERN,
                            span,
                            "a list pattern has one `..`",
                        )
                        .secondary(first.span, "the first is here"),
                    ),
                    None => rest = Some(RestPat { span, name }),
                }
            } else {
                let pat = p.pattern();
                if rest.is_some() { after.push(pat) } else { before.push(pat) }
            }
        });
        let (before, after) = (before.into_boxed_slice(), after.into_boxed_slice());
        self.pat_node(lo, PatKind::List { before, rest, after })
    }
}
