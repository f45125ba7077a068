//! `if`, `match`, `receive`: expressions made of suites.

use super::Parser;
use super::operators::infix;
use crate::ast::*;
use crate::token::TokenKind;
use sepal_base::{Diagnostic, codes};
use smallvec::SmallVec;

impl Parser<'_> {
    pub(super) fn if_expr(&mut self, lo: u32) -> ExprId {
        let mut arms: SmallVec<[IfArm; 2]> = SmallVec::new();
        self.bump();
        let arm = self.if_arm("if");
        arms.push(arm);
        let mut else_body = None;
        loop {
            if self.at_clause(TokenKind::Elif) {
                self.bump();
            } else if !self.at_clause(TokenKind::Else) {
                break;
            } else if self.next() == TokenKind::If {
                self.else_if();
            } else {
                self.bump();
                else_body = Some(self.suite("else"));
                break;
            }
            let arm = self.if_arm("elif");
            arms.push(arm);
        }
        let kind = ExprKind::If(Box::new(If { arms: arms.into_boxed_slice(), else_body }));
        self.expr_node(lo, kind)
    }

    fn if_arm(&mut self, word: &str) -> IfArm {
        let cond = self.cond();
        IfArm { cond, body: self.suite(word) }
    }

    /// Whether the statement goes on with `elif` or `else`: behind a block or suite on this line,
    /// or on the next line, unless that belongs to a statement further out.
    fn at_clause(&mut self, clause: TokenKind) -> bool {
        if self.at(TokenKind::Newline) && self.next() == clause && !self.inline {
            self.bump();
        }
        self.at(clause)
    }

    /// `else if`, read as `elif`.
    fn else_if(&mut self) {
        let first = self.span();
        self.bump();
        let span = first.to(self.span());
        self.report(
            Diagnostic::new(codes::FOREIGN_SYNTAX, span, "`else if` is written `elif`").suggest(
                span,
                "elif",
                "use `elif`",
            ),
        );
        self.bump();
    }

    /// The condition of `if` and `while`.
    pub(super) fn cond(&mut self) -> Cond {
        if self.eat(TokenKind::Let) {
            let pat = self.pattern();
            self.expect(TokenKind::Eq);
            return Cond::Let { pat, value: self.expr() };
        }
        let cond = self.expr();
        if self.at(TokenKind::Eq) {
            let span = self.span();
            self.report(
                Diagnostic::new(
                    codes::BAD_ASSIGNMENT,
                    span,
                    "`=` assigns, and a condition has nothing to assign",
                )
                .suggest(span, "==", "for equality use `==`"),
            );
            self.bump();
            self.expr();
        }
        Cond::Expr(cond)
    }

    pub(super) fn match_expr(&mut self, lo: u32) -> ExprId {
        self.bump();
        let scrutinee = self.expr();
        let mut arms: SmallVec<[MatchArm; 8]> = SmallVec::new();
        self.arms("match", "`case`", |p| {
            let arm = p.at(TokenKind::Case).then(|| p.match_arm());
            arms.extend(arm);
        });
        let kind = ExprKind::Match(Box::new(Match { scrutinee, arms: arms.into_boxed_slice() }));
        self.expr_node(lo, kind)
    }

    fn match_arm(&mut self) -> MatchArm {
        let lo = self.lo();
        self.bump();
        let pat = self.case_pattern();
        let guard = self.guard();
        let body = self.suite("case");
        MatchArm { span: self.span_from(lo), pat, guard, body }
    }

    fn case_pattern(&mut self) -> PatId {
        let pat = self.pattern();
        if infix(self.kind).is_some() {
            self.fail(
                Diagnostic::new(codes::EXPECTED_PATTERN, self.span(), "a pattern does not compute")
                    .help("compare in a guard: `case n if n == 1 + 2:`"),
            );
            self.skip_to(&[TokenKind::Colon, TokenKind::Newline]);
        }
        pat
    }

    fn guard(&mut self) -> Option<ExprId> {
        self.eat(TokenKind::If).then(|| self.expr())
    }

    pub(super) fn receive(&mut self, lo: u32) -> ExprId {
        self.bump();
        let mut arms: SmallVec<[ReceiveArm; 4]> = SmallVec::new();
        self.arms("receive", "`case`, `down`, `exit` or `after`", |p| {
            let arm = p.receive_arm();
            arms.extend(arm);
        });
        let mut afters = arms.iter().filter(|arm| matches!(arm.kind, ReceiveKind::After(_)));
        if let (Some(first), Some(second)) = (afters.next(), afters.next()) {
            let message = "a `receive` has one `after`";
            let diagnostic = Diagnostic::new(codes::MISPLACED_SYNTAX, second.span, message);
            self.report(diagnostic.secondary(first.span, "the first is here"));
        }
        self.expr_node(lo, ExprKind::Receive(arms.into_boxed_slice()))
    }

    fn receive_arm(&mut self) -> Option<ReceiveArm> {
        let lo = self.lo();
        let word = self.kind;
        if !begins_arm(word) {
            return None;
        }
        self.bump();
        let kind = match word {
            TokenKind::Case => ReceiveKind::Case(self.case_pattern()),
            TokenKind::After => ReceiveKind::After(self.expr()),
            _ => {
                let pid = self.pattern();
                if !self.eat(TokenKind::Comma) {
                    let word = word.spelling().unwrap_or_default();
                    let message = format!("`{word}` takes a pid and a reason");
                    let diagnostic = Diagnostic::new(codes::UNEXPECTED_TOKEN, self.span(), message);
                    self.fail(diagnostic.help(format!("write `{word} pid, reason:`")));
                }
                let reason = self.pattern();
                if word == TokenKind::Down {
                    ReceiveKind::Down { pid, reason }
                } else {
                    ReceiveKind::Exit { pid, reason }
                }
            }
        };
        let guard = self.guard();
        if let (ReceiveKind::After(_), Some(guard)) = (kind, guard) {
            let span = self.ast.exprs[guard].span;
            self.report(Diagnostic::new(
                codes::MISPLACED_SYNTAX,
                span,
                "`after` cannot have a guard",
            ));
        }
        let body = self.suite(word.spelling().unwrap_or("case"));
        Some(ReceiveArm { span: self.span_from(lo), kind, guard, body })
    }

    /// The colon, and the arms below or on the same line. `arm` does nothing where none begins.
    fn arms(&mut self, word: &str, expected: &str, mut arm: impl FnMut(&mut Self)) {
        let has_colon = self.colon(word);
        if !has_colon && !begins_arm(self.kind) {
            self.skip_to(&[TokenKind::Newline]);
        }
        if !self.at(TokenKind::Newline) {
            return self.inline_arms(expected, arm);
        }
        if self.next() != TokenKind::Indent {
            if !has_colon {
                return;
            }
            // Arms in the column of their header are a habit from elsewhere.
            let message = format!("expected {expected} in an indented block");
            return self.error(codes::EXPECTED_BLOCK, self.span(), message);
        }
        self.bump();
        self.bump();
        let outer = std::mem::replace(&mut self.inline, false);
        while !self.at(TokenKind::Dedent) && !self.at(TokenKind::Eof) {
            let start = self.pos;
            arm(self);
            if self.pos == start {
                if self.at(TokenKind::Pass) && self.next() == TokenKind::Newline {
                    self.bump();
                } else {
                    self.unexpected(codes::UNEXPECTED_TOKEN, expected);
                }
            }
            self.end_of_stmt(start);
        }
        self.inline = outer;
        self.eat(TokenKind::Dedent);
    }

    fn inline_arms(&mut self, expected: &str, mut arm: impl FnMut(&mut Self)) {
        let outer = std::mem::replace(&mut self.inline, true);
        let mut any = false;
        loop {
            let start = self.pos;
            arm(self);
            if self.pos == start {
                break;
            }
            any = true;
        }
        self.inline = outer;
        if !any {
            self.unexpected(codes::UNEXPECTED_TOKEN, expected);
        }
    }
}

/// Whether an arm of a `match` or `receive` begins with this word.
fn begins_arm(word: TokenKind) -> bool {
    matches!(word, TokenKind::Case | TokenKind::Down | TokenKind::Exit | TokenKind::After)
}
