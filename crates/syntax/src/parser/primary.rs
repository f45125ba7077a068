//! Operands: literals, names, brackets, f-strings.

use super::{HOW_LINES_GO_ON, Parser, boxed};
use crate::ast::*;
use crate::literal::{self, Mistake, TextKind};
use crate::token::TokenKind;
use sepal_base::{Diagnostic, Span, Symbol, codes};
use smallvec::SmallVec;

impl Parser<'_> {
    pub(super) fn primary(&mut self) -> ExprId {
        let lo = self.lo();
        let kind = match self.kind {
            TokenKind::Old if self.in_ensures && self.next() == TokenKind::LParen => {
                return self.old(lo);
            }
            TokenKind::Result if self.in_ensures => {
                self.bump();
                ExprKind::ContractResult
            }
            kind if kind.is_name() => {
                let name = Symbol::intern(self.text());
                self.bump();
                ExprKind::Name(name)
            }
            TokenKind::SelfKw => {
                self.bump();
                if self.at(TokenKind::LParen) && self.next() == TokenKind::RParen {
                    self.bump();
                    self.bump();
                    ExprKind::SelfPid
                } else {
                    ExprKind::SelfValue
                }
            }
            TokenKind::LParen => return self.parenthesised(lo),
            TokenKind::LBracket => return self.list_literal(lo),
            TokenKind::LBrace => return self.brace_literal(lo),
            TokenKind::FStringStart => return self.fstring(lo),
            TokenKind::Fn => return self.lambda(),
            TokenKind::If => return self.if_expr(lo),
            TokenKind::Match => return self.match_expr(lo),
            TokenKind::Receive => return self.receive(lo),
            TokenKind::Loop => {
                self.bump();
                ExprKind::Loop(self.suite("loop"))
            }
            TokenKind::Return => {
                self.bump();
                ExprKind::Return(self.optional_expr())
            }
            TokenKind::Break => {
                self.bump();
                ExprKind::Break(self.optional_expr())
            }
            TokenKind::Continue => {
                self.bump();
                ExprKind::Continue
            }
            TokenKind::Yield => return self.yield_expr(lo),
            _ => match self.literal() {
                Some(literal) => literal_expr(literal),
                None => return self.no_expression(),
            },
        };
        self.expr_node(lo, kind)
    }

    /// Reports that no expression begins here. An `Error` token is the expression that is missing.
    fn no_expression(&mut self) -> ExprId {
        let lo = self.lo();
        if self.at(TokenKind::Error) {
            self.unexpected(codes::EXPECTED_EXPRESSION, "an expression");
            self.bump();
            return self.expr_node(lo, ExprKind::Error);
        }
        if matches!(self.kind, TokenKind::Plus | TokenKind::PlusPlus) {
            let span = self.span();
            self.error(codes::EXPECTED_EXPRESSION, span, "there is no sign `+` before a value");
            return self.error_expr();
        }
        if self.at(TokenKind::Newline)
            && !matches!(self.prev_kind, TokenKind::Newline | TokenKind::Dedent)
        {
            let message = "expected an expression, found the end of the line";
            let mut diagnostic = Diagnostic::new(codes::EXPECTED_EXPRESSION, self.span(), message);
            if self.next() == TokenKind::Indent {
                diagnostic = diagnostic.help(HOW_LINES_GO_ON);
            }
            self.fail(diagnostic);
            return self.error_expr();
        }
        match self.kind {
            TokenKind::Else | TokenKind::Elif => {
                let message = format!("{} has no `if` before it", self.kind.describe());
                self.error(codes::MISPLACED_SYNTAX, self.span(), message);
            }
            TokenKind::Case => {
                let message = "`case` stands in the block of a `match` or `receive`";
                self.error(codes::MISPLACED_SYNTAX, self.span(), message);
            }
            _ => self.unexpected(codes::EXPECTED_EXPRESSION, "an expression"),
        }
        self.error_expr()
    }

    /// `old(e)` in a postcondition.
    fn old(&mut self, lo: u32) -> ExprId {
        self.bump();
        self.bump();
        let value = self.expr();
        if !self.at(TokenKind::RParen) {
            self.unexpected(codes::UNEXPECTED_TOKEN, TokenKind::RParen.describe());
        }
        self.bump_closing(TokenKind::RParen);
        self.expr_node(lo, ExprKind::Old(value))
    }

    fn yield_expr(&mut self, lo: u32) -> ExprId {
        self.bump();
        let kind = if self.eat(TokenKind::Star) {
            ExprKind::YieldFrom(self.expr())
        } else {
            ExprKind::Yield(self.optional_expr())
        };
        self.expr_node(lo, kind)
    }

    /// `(e)`, `(a, b)`, `(a,)`, `()`.
    fn parenthesised(&mut self, lo: u32) -> ExprId {
        self.bump();
        let mut elements: SmallVec<[ExprId; 4]> = SmallVec::new();
        let mut comma = false;
        while !self.at(TokenKind::RParen) && !self.at(TokenKind::Eof) {
            let element = self.expr();
            elements.push(element);
            self.end_of_element(lo, TokenKind::RParen);
            comma |= self.prev_kind == TokenKind::Comma;
        }
        self.bump_closing(TokenKind::RParen);
        match (elements.first(), comma) {
            (Some(&inner), false) if elements.len() == 1 => inner,
            _ => self.expr_node(lo, ExprKind::Tuple(boxed(&elements))),
        }
    }

    /// `[a, b]`, `[x for x in xs]`.
    fn list_literal(&mut self, lo: u32) -> ExprId {
        self.bump();
        let mut elements: SmallVec<[ExprId; 8]> = SmallVec::new();
        while !self.at(TokenKind::RBracket) && !self.at(TokenKind::Eof) {
            let element = self.expr();
            if self.at(TokenKind::For) && elements.is_empty() {
                let clauses = self.comprehension(TokenKind::RBracket);
                return self
                    .expr_node(lo, ExprKind::ListComp(Box::new(ListComp { element, clauses })));
            }
            elements.push(element);
            self.end_of_element(lo, TokenKind::RBracket);
        }
        self.bump_closing(TokenKind::RBracket);
        self.expr_node(lo, ExprKind::List(boxed(&elements)))
    }

    /// `{}`, `{k: v}`, `{a, b}` and the comprehensions.
    fn brace_literal(&mut self, lo: u32) -> ExprId {
        self.bump();
        if self.eat(TokenKind::RBrace) {
            return self.expr_node(lo, ExprKind::Dict(Box::default()));
        }
        let first = self.expr();
        if self.at(TokenKind::Colon) {
            return self.dict_literal(lo, first);
        }
        if self.at(TokenKind::For) {
            let clauses = self.comprehension(TokenKind::RBrace);
            let comp = ListComp { element: first, clauses };
            return self.expr_node(lo, ExprKind::SetComp(Box::new(comp)));
        }
        let mut elements: SmallVec<[ExprId; 8]> = SmallVec::from_slice(&[first]);
        self.end_of_element(lo, TokenKind::RBrace);
        self.rest_of_list(lo, TokenKind::RBrace, |p| {
            let element = p.expr();
            elements.push(element);
        });
        self.expr_node(lo, ExprKind::Set(boxed(&elements)))
    }

    fn dict_literal(&mut self, lo: u32, key: ExprId) -> ExprId {
        self.bump();
        let value = self.expr_maybe_indented();
        if self.at(TokenKind::For) {
            let clauses = self.comprehension(TokenKind::RBrace);
            return self
                .expr_node(lo, ExprKind::DictComp(Box::new(DictComp { key, value, clauses })));
        }
        let mut entries: SmallVec<[(ExprId, ExprId); 8]> = SmallVec::new();
        entries.push((key, value));
        self.end_of_element(lo, TokenKind::RBrace);
        self.rest_of_list(lo, TokenKind::RBrace, |p| {
            let key = p.expr();
            let value =
                if p.expect(TokenKind::Colon) { p.expr_maybe_indented() } else { p.error_expr() };
            entries.push((key, value));
        });
        self.expr_node(lo, ExprKind::Dict(boxed(&entries)))
    }

    /// The clauses of a comprehension and its closing bracket.
    fn comprehension(&mut self, close: TokenKind) -> Box<[CompClause]> {
        let mut clauses: SmallVec<[CompClause; 2]> = SmallVec::new();
        loop {
            if self.eat(TokenKind::For) {
                let binding = self.for_binding();
                self.expect(TokenKind::In);
                let iter = self.expr();
                clauses.push(CompClause::For { binding, iter });
            } else if self.eat(TokenKind::If) {
                let cond = self.expr();
                clauses.push(CompClause::If(cond));
            } else {
                break;
            }
        }
        if !self.at(close) {
            self.unexpected(
                codes::UNEXPECTED_TOKEN,
                &format!("`for`, `if` or {}", close.describe()),
            );
            self.skip_to(&[]);
        }
        self.recovering &= self.at(TokenKind::Eof);
        self.bump_closing(close);
        clauses.into_boxed_slice()
    }

    // ----------------------------------------------------------------- literals

    /// A literal token, if one stands here.
    pub(super) fn literal(&mut self) -> Option<PatLit> {
        let text = self.text();
        let literal = match self.kind {
            TokenKind::Int => {
                // The lexer has refused what does not fit.
                let magnitude = literal::parse_int(text).unwrap_or(0);
                PatLit::Int(IntLit { magnitude, negative: false })
            }
            TokenKind::Float => PatLit::Float(literal::parse_float(text)),
            TokenKind::True => PatLit::Bool(true),
            TokenKind::False => PatLit::Bool(false),
            TokenKind::Nil => PatLit::Nil,
            TokenKind::Symbol => PatLit::Symbol(Symbol::intern(&text[1..])),
            TokenKind::Char => PatLit::Char(self.char_value()),
            TokenKind::Str => PatLit::Str(self.unescaped_str(quoted(text, 0))),
            TokenKind::RawStr => PatLit::Str(quoted(text, 1).1.into()),
            TokenKind::Bytes => {
                let (prefix, body) = quoted(text, 1);
                PatLit::Bytes(self.unescaped(prefix, body, TextKind::Bytes).into_boxed_slice())
            }
            _ => return None,
        };
        self.bump();
        Some(literal)
    }

    fn unescaped_str(&mut self, (prefix, body): (usize, &str)) -> Box<str> {
        if memchr::memchr(b'\\', body.as_bytes()).is_none() {
            return body.into();
        }
        self.unescaped_text(prefix, body, TextKind::Str)
    }

    fn unescaped_text(&mut self, prefix: usize, body: &str, kind: TextKind) -> Box<str> {
        let bytes = self.unescaped(prefix, body, kind);
        String::from_utf8(bytes).expect("escapes of text give whole characters").into_boxed_str()
    }

    /// Resolves escapes of a part of the current token and reports the wrong ones.
    fn unescaped(&mut self, prefix: usize, body: &str, kind: TextKind) -> Vec<u8> {
        let mut mistakes = Vec::new();
        let bytes = literal::unescape(body, kind, &mut mistakes);
        let base = self.lo() + prefix as u32;
        for (range, message) in mistakes {
            let span = Span::new(self.ast.file, base + range.start as u32, base + range.end as u32);
            self.report(Diagnostic::new(codes::BAD_ESCAPE, span, message));
        }
        bytes
    }

    fn char_value(&mut self) -> char {
        let text = self.text();
        let body = &text[1..text.len() - 1];
        let before = self.diagnostics.len();
        let value = self.unescaped_text(1, body, TextKind::Str);
        let mut chars = value.chars();
        match (chars.next(), chars.next()) {
            (Some(c), None) => c,
            (first, _) => {
                // Not said twice if the escape itself was wrong.
                if self.diagnostics.len() == before {
                    let message = "a character literal holds one character";
                    self.report(Diagnostic::new(codes::BAD_CHAR, self.span(), message));
                }
                first.unwrap_or('\0')
            }
        }
    }

    // ----------------------------------------------------------------- f-strings

    fn fstring(&mut self, lo: u32) -> ExprId {
        self.bump();
        let mut parts: SmallVec<[FPart; 4]> = SmallVec::new();
        loop {
            match self.kind {
                TokenKind::FStringText => {
                    let text = self.unescaped_text(0, self.text(), TextKind::FString);
                    self.bump();
                    parts.push(FPart::Text(text));
                }
                TokenKind::HoleStart => {
                    let part = self.hole();
                    parts.push(part);
                }
                _ => break,
            }
        }
        self.bump_closing(TokenKind::FStringEnd);
        self.expr_node(lo, ExprKind::FString(parts.into_boxed_slice()))
    }

    /// `{value}` or `{value:spec}`
    fn hole(&mut self) -> FPart {
        let lo = self.lo();
        self.bump();
        let value = if self.at(TokenKind::HoleEnd) {
            let span = self.span_from(lo).to(self.span());
            self.fail(
                Diagnostic::new(
                    codes::BAD_FSTRING,
                    span,
                    "an expression is missing between the braces",
                )
                .help("to print braces, double them: `{{}}`"),
            );
            self.error_expr()
        } else {
            self.expr()
        };
        let spec = self.format_spec();
        if !self.at(TokenKind::HoleEnd) {
            self.unexpected(codes::UNEXPECTED_TOKEN, "`}` or a format specification");
            self.skip_to(&[]);
        }
        self.recovering &= self.at(TokenKind::Eof);
        self.bump_closing(TokenKind::HoleEnd);
        FPart::Value { span: self.span_from(lo), value, spec }
    }

    fn format_spec(&mut self) -> Option<Box<FormatSpec>> {
        if !self.at(TokenKind::FormatSpec) {
            return None;
        }
        let at = self.span();
        let span = Span::new(at.file, at.lo + 1, at.hi);
        let text = &self.text()[1..];
        self.bump();
        match literal::parse_format_spec(text, span) {
            Ok(spec) => Some(Box::new(spec)),
            Err(mistake) => {
                self.bad_format_spec(span, text, mistake);
                None
            }
        }
    }

    fn bad_format_spec(&mut self, spec: Span, text: &str, (range, message): Mistake) {
        let place = Span::new(spec.file, spec.lo + range.start as u32, spec.lo + range.end as u32);
        let mut diagnostic = Diagnostic::new(codes::BAD_FORMAT_SPEC, place, message);
        if text.contains('{') {
            diagnostic = diagnostic.help("a format specification cannot hold an expression");
        }
        self.report(diagnostic);
    }
}

/// The length of what precedes the text of a string token whose prefix has `prefix` bytes, and
/// the text.
fn quoted(token: &str, prefix: usize) -> (usize, &str) {
    let quotes =
        if token.len() >= prefix + 6 && token[prefix..].starts_with("\"\"\"") { 3 } else { 1 };
    (prefix + quotes, &token[prefix + quotes..token.len() - quotes])
}

fn literal_expr(literal: PatLit) -> ExprKind {
    match literal {
        PatLit::Int(value) => ExprKind::Int(value),
        PatLit::Float(value) => ExprKind::Float(value),
        PatLit::Bool(value) => ExprKind::Bool(value),
        PatLit::Nil => ExprKind::Nil,
        PatLit::Char(value) => ExprKind::Char(value),
        PatLit::Str(value) => ExprKind::Str(value),
        PatLit::Bytes(value) => ExprKind::Bytes(value),
        PatLit::Symbol(value) => ExprKind::Symbol(value),
    }
}
