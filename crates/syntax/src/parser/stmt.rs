//! Statements and suites.

use super::operators::{assignment, begins_expr, infix};
use super::{HOW_LINES_GO_ON, Parser, boxed};
use crate::ast::*;
use crate::token::TokenKind;
use sepal_base::{Diagnostic, Span, codes};
use smallvec::SmallVec;

/// Statements of a suite before they are boxed; most suites are short.
pub(super) type Stmts = SmallVec<[StmtId; 8]>;

impl Parser<'_> {
    /// A colon and what hangs on it: an indented block, or one statement on the same line. `word`
    /// names the header in messages.
    pub(super) fn suite(&mut self, word: &str) -> BlockId {
        self.colon(word);
        self.block(word)
    }

    /// The colon behind a header; false if it was missing, which is reported.
    pub(super) fn colon(&mut self, word: &str) -> bool {
        if self.eat(TokenKind::Colon) {
            return true;
        }
        self.recovering |= self.is_at_unclosed();
        let at = self.span_from(self.prev_end).start();
        let message = format!("expected `:` behind the head of `{word}`");
        match self.kind {
            TokenKind::LBrace => {
                let diagnostic = Diagnostic::new(codes::MISSING_COLON, self.span(), message).help(
                    "a block is opened by `:` and held together by its indentation, without braces",
                );
                self.fail(diagnostic);
                self.skip_to(&[TokenKind::Newline]);
            }
            TokenKind::FatArrow | TokenKind::Arrow | TokenKind::Eq => {
                let span = self.span();
                self.report(Diagnostic::new(codes::MISSING_COLON, span, message).suggest(
                    span,
                    ":",
                    "write `:`",
                ));
                self.bump();
            }
            TokenKind::Error => self.unexpected(codes::MISSING_COLON, "`:`"),
            _ => {
                let found = self.describe_current();
                let mut diagnostic = Diagnostic::new(
                    codes::MISSING_COLON,
                    self.span(),
                    format!("{message}, found {found}"),
                );
                if self.at(TokenKind::Newline) {
                    diagnostic = diagnostic.suggest(at, ":", "add `:`");
                }
                self.report(diagnostic);
                // What stands before a colon belongs to the head, else the body begins here.
                if self.colon_ahead() || !begins_expr(self.kind) {
                    self.recovering = true;
                    self.skip_to(&[TokenKind::Newline, TokenKind::Colon]);
                    self.eat(TokenKind::Colon);
                }
            }
        }
        false
    }

    /// Whether a bracket that is never closed begins here, or was closed here by the lexer: it has swallowed what is
    /// missing, and was reported.
    fn is_at_unclosed(&self) -> bool {
        let tokens = self.tokens.as_slice();
        let before = tokens[..self.pos].iter().rev().find(|token| !token.kind.is_trivia());
        let is_made = |kind, lo| super::closes(kind) && lo == self.lo();
        self.unclosed.contains(&self.lo())
            || !self.unclosed.is_empty()
                && before.is_some_and(|token| is_made(token.kind, token.lo))
    }

    /// Whether the line has a colon outside of brackets, behind what cannot begin a statement of
    /// its own.
    fn colon_ahead(&self) -> bool {
        if self.kind.is_keyword() {
            return false;
        }
        let mut depth = 0usize;
        let mut at = self.pos;
        loop {
            match self.tokens.kind(at) {
                TokenKind::Colon if depth == 0 => return true,
                TokenKind::Newline | TokenKind::Eof if depth == 0 => return false,
                TokenKind::Eof => return false,
                kind if super::opens(kind) => depth += 1,
                kind if super::closes(kind) && depth == 0 => return false,
                kind if super::closes(kind) => depth -= 1,
                _ => {}
            }
            at = self.index_after(at);
        }
    }

    /// An indented block, or one statement.
    pub(super) fn block(&mut self, word: &str) -> BlockId {
        self.block_of(word, |p, stmts| p.stmts(stmts))
    }

    /// A suite whose indented form is read by `body`, up to its `Dedent`.
    pub(super) fn block_of(
        &mut self,
        word: &str,
        body: impl FnOnce(&mut Self, &mut Stmts),
    ) -> BlockId {
        let lo = self.lo();
        let mut stmts = Stmts::new();
        if self.at(TokenKind::Newline) && self.next() == TokenKind::Indent {
            self.bump();
            self.bump();
            self.recovering = false;
            if self.at(TokenKind::Dedent) {
                // In brackets a line that is a comma ends the block before it has begun.
                stmts.push(self.no_block(word));
            }
            let outer = std::mem::replace(&mut self.inline, false);
            self.nested(|p| body(p, &mut stmts), |_| ());
            self.inline = outer;
            self.eat(TokenKind::Dedent);
        } else if matches!(self.kind, TokenKind::Newline | TokenKind::Dedent | TokenKind::Eof) {
            stmts.push(self.no_block(word));
        } else {
            let outer = std::mem::replace(&mut self.inline, true);
            let stmt = self.nested(Self::stmt, |p| p.stmt_node(lo, StmtKind::Error));
            stmts.push(stmt);
            self.inline = outer;
        }
        let lo = stmts.first().map_or(lo, |&first| self.ast.stmts[first].span.lo);
        let span = self.span_from(lo);
        self.ast.blocks.push(Block { span, stmts: boxed(&stmts) })
    }

    /// Reports that there is no block; gives what stands for it, of which nobody says more.
    fn no_block(&mut self, word: &str) -> StmtId {
        let message = format!("expected an indented block behind the head of `{word}`");
        let diagnostic = Diagnostic::new(codes::EXPECTED_BLOCK, self.span_of_next_line(), message)
            .help("a block that does nothing is `pass`");
        self.report(diagnostic);
        let lo = self.lo();
        let value = self.expr_node(lo, ExprKind::Error);
        self.stmt_node(lo, StmtKind::Expr(value))
    }

    /// Where the block should have been: the first token behind the end of the line.
    fn span_of_next_line(&self) -> Span {
        let mut at = self.pos;
        while self.tokens.kind(at).is_layout() {
            at = self.index_after(at);
        }
        self.tokens.span(at)
    }

    /// The statements of an indented block.
    pub(super) fn stmts(&mut self, stmts: &mut Stmts) {
        while !self.at(TokenKind::Dedent) && !self.at(TokenKind::Eof) {
            if self.stray_layout() {
                continue;
            }
            let start = self.pos;
            let stmt = self.stmt();
            stmts.push(stmt);
            self.end_of_stmt(start);
        }
    }

    /// Steps over an empty line's end or a block that no header opened.
    pub(super) fn stray_layout(&mut self) -> bool {
        if self.at(TokenKind::Indent) {
            let indentation = self.span();
            let found = self.tokens.span(self.index_after(self.pos)).to(indentation);
            let message = "this line is indented deeper than the one before, which opens no block";
            let mut diagnostic = Diagnostic::new(codes::BAD_INDENT, found, message);
            self.bump();
            // A sign may begin a line too, but no other operator.
            let goes_on = infix(self.kind).is_some() && !begins_expr(self.kind);
            if goes_on || matches!(self.kind, TokenKind::Plus | TokenKind::Minus) {
                diagnostic = diagnostic.help(HOW_LINES_GO_ON);
            }
            self.report(diagnostic);
            if goes_on || self.at(TokenKind::Plus) {
                self.skip_to(&[]);
            }
            if matches!(self.kind, TokenKind::Else | TokenKind::Elif | TokenKind::Case) {
                // It belongs to a header further up, so nothing can be said of its lines.
                self.skip_to(&[]);
            }
            // Its lines are read, and dropped, so that mistakes in them are reported too.
            self.nested(|p| p.stmts(&mut Stmts::new()), |_| ());
            self.eat(TokenKind::Dedent);
            return true;
        }
        self.eat(TokenKind::Newline) || self.eat_semicolon()
    }

    /// `;`, read as the end of a line.
    fn eat_semicolon(&mut self) -> bool {
        if !self.at(TokenKind::Semicolon) {
            return false;
        }
        let span = self.span();
        self.report(
            Diagnostic::new(
                codes::FOREIGN_SYNTAX,
                span,
                "`;` ends no statement; the end of the line does",
            )
            .suggest(span, "", "leave it out, or begin a new line"),
        );
        self.bump();
        self.eat(TokenKind::Newline);
        true
    }

    /// What follows a statement that began at token `start`: the end of the line. Anything else is
    /// reported and skipped, with the block that hangs on it.
    pub(super) fn end_of_stmt(&mut self, start: usize) {
        let with_block = self.prev_kind == TokenKind::Dedent && self.pos != start;
        let ended = with_block
            || matches!(self.kind, TokenKind::Newline | TokenKind::Dedent | TokenKind::Eof);
        if ended && !self.recovering {
            self.eat(TokenKind::Newline);
            return;
        }
        if !ended && self.eat_semicolon() {
            self.recovering &= self.at(TokenKind::Eof);
            return;
        }
        if !ended {
            self.unexpected(codes::UNEXPECTED_TOKEN, "the end of the line");
        }
        if !with_block {
            self.skip_line();
        }
        self.recovering &= self.at(TokenKind::Eof);
    }

    /// Skips the rest of a line that was not understood, and the block that hangs on it.
    fn skip_line(&mut self) {
        loop {
            self.skip_to(&[TokenKind::Newline]);
            if !closing_bracket(self.kind) {
                break;
            }
            // It closes nothing that is open here.
            self.bump();
        }
        self.eat(TokenKind::Newline);
        if self.recovering && self.eat(TokenKind::Indent) {
            self.skip_to(&[]);
            self.eat(TokenKind::Dedent);
        }
    }

    pub(super) fn stmt_node(&mut self, lo: u32, kind: StmtKind) -> StmtId {
        let span = self.span_from(lo);
        self.ast.stmts.push(Stmt { span, kind })
    }

    /// One statement, without the end of its line.
    pub(super) fn stmt(&mut self) -> StmtId {
        let lo = self.lo();
        let kind = match self.kind {
            TokenKind::Let => StmtKind::Let(self.let_decl()),
            TokenKind::Var => StmtKind::Var(self.var_decl()),
            TokenKind::While => self.while_stmt(),
            TokenKind::For => self.for_stmt(),
            TokenKind::Defer => self.defer(),
            TokenKind::Assert => {
                self.bump();
                let cond = self.expr();
                let message = self.eat(TokenKind::Comma).then(|| self.expr());
                StmtKind::Assert { cond, message }
            }
            TokenKind::Pass => {
                self.bump();
                StmtKind::Pass
            }
            _ if self.at_terminate() => self.stray_terminate(),
            _ if self.at_item() => StmtKind::Item(self.item()),
            _ if self.at_foreign() => return self.foreign_stmt(),
            _ => self.expr_stmt(),
        };
        self.stmt_node(lo, kind)
    }

    pub(super) fn let_decl(&mut self) -> Let {
        self.bump();
        let pat = self.pattern();
        let ty = self.eat(TokenKind::Colon).then(|| self.ty());
        let value = self.initial_value("let");
        let else_body = self.at(TokenKind::Else).then(|| {
            self.bump();
            self.suite("else")
        });
        Let { pat, ty, value, else_body }
    }

    fn var_decl(&mut self) -> Var {
        self.bump();
        let pat = self.pattern();
        let ty = self.eat(TokenKind::Colon).then(|| self.ty());
        Var { pat, ty, value: self.initial_value("var") }
    }

    fn initial_value(&mut self, word: &str) -> ExprId {
        if self.eat(TokenKind::Eq) {
            return self.expr();
        }
        if self.at(TokenKind::Newline) {
            let message = format!("`{word}` needs a value: `= …`");
            self.error(codes::EXPECTED_EXPRESSION, self.span(), message);
        } else {
            self.unexpected(codes::UNEXPECTED_TOKEN, "`=`");
        }
        self.error_expr()
    }

    fn while_stmt(&mut self) -> StmtKind {
        self.bump();
        let cond = self.cond();
        StmtKind::While { cond, body: self.suite("while") }
    }

    fn for_stmt(&mut self) -> StmtKind {
        self.bump();
        let binding = self.for_binding();
        self.expect(TokenKind::In);
        let iter = self.expr();
        StmtKind::For { binding, iter, body: self.suite("for") }
    }

    /// One pattern, or several with commas between them.
    pub(super) fn for_binding(&mut self) -> ForBinding {
        let first = self.pattern();
        if !self.at(TokenKind::Comma) {
            return ForBinding::One(first);
        }
        let mut pats: SmallVec<[PatId; 4]> = SmallVec::from_slice(&[first]);
        while self.eat(TokenKind::Comma) {
            let pat = self.pattern();
            pats.push(pat);
        }
        ForBinding::Several(boxed(&pats))
    }

    fn defer(&mut self) -> StmtKind {
        self.bump();
        let call = self.expr();
        let node = &self.ast.exprs[call];
        let is_call = matches!(
            node.kind,
            ExprKind::Call { .. } | ExprKind::MethodCall { .. } | ExprKind::Error
        );
        if !is_call {
            let span = node.span;
            self.report(
                Diagnostic::new(codes::BAD_DEFER, span, "only a call can be deferred")
                    .help("for several statements defer the call of a lambda"),
            );
        }
        StmtKind::Defer(call)
    }

    /// An expression, or an assignment to one.
    fn expr_stmt(&mut self) -> StmtKind {
        self.late_contract();
        let target = self.expr();
        if let Some(op) = assignment(self.kind) {
            self.check_place(target);
            self.bump();
            let value = self.expr();
            if assignment(self.kind).is_some() {
                let span = self.span();
                self.error(
                    codes::BAD_ASSIGNMENT,
                    span,
                    "an assignment has no value that could be assigned on",
                );
            }
            return StmtKind::Assign { target, op, value };
        }
        if self.at(TokenKind::PlusPlus) {
            let span = self.span();
            self.report(Diagnostic::new(codes::FOREIGN_SYNTAX, span, "there is no `++`").suggest(
                span,
                " += 1",
                "use `+= 1`",
            ));
            self.bump();
        } else if self.at(TokenKind::Colon) {
            self.declaration_without_let(target);
        }
        StmtKind::Expr(target)
    }

    /// Assigned are variables, fields, elements, and tuples of these.
    fn check_place(&mut self, target: ExprId) {
        let node = &self.ast.exprs[target];
        let message = match &node.kind {
            ExprKind::Name(_)
            | ExprKind::SelfValue
            | ExprKind::Field { .. }
            | ExprKind::Index { .. }
            | ExprKind::Error => return,
            ExprKind::Tuple(elements) if !elements.is_empty() => {
                for element in elements.clone() {
                    self.check_place(element);
                }
                return;
            }
            ExprKind::Slice(_) => "a slice is a new list and cannot be assigned",
            ExprKind::Call { .. } | ExprKind::MethodCall { .. } => {
                "the result of a call cannot be assigned"
            }
            ExprKind::Compare { .. } => "a comparison cannot be assigned",
            _ => "this cannot be assigned",
        };
        let span = node.span;
        self.report(Diagnostic::new(codes::BAD_ASSIGNMENT, span, message));
    }

    /// `x: int = 1`
    fn declaration_without_let(&mut self, target: ExprId) {
        let node = &self.ast.exprs[target];
        let (span, named) = (node.span, matches!(node.kind, ExprKind::Name(_)));
        let typed = named && self.next() != TokenKind::Newline;
        if typed {
            self.fail(
                Diagnostic::new(
                    codes::UNEXPECTED_TOKEN,
                    self.span(),
                    "a variable is declared by `let` or `var`",
                )
                .suggest(span.start(), "let ", "write `let` before the name"),
            );
        }
    }

    /// A contract that does not stand at the head of its function.
    fn late_contract(&mut self) {
        let word = matches!(
            self.kind,
            TokenKind::Requires | TokenKind::Ensures | TokenKind::EnsuresErr | TokenKind::Invariant
        );
        // What could go on as an expression is one: a variable may have that name.
        let next = self.next();
        let operand = begins_expr(next)
            && !matches!(
                next,
                TokenKind::LParen | TokenKind::LBracket | TokenKind::Minus | TokenKind::If
            );
        if word && operand {
            let span = self.span();
            let word = self.text();
            let place = if self.at(TokenKind::Invariant) {
                "in the body of a type"
            } else {
                "at the head of a function or method, before its first statement; actors have none"
            };
            self.error(codes::MISPLACED_SYNTAX, span, format!("`{word}` stands {place}"));
        }
    }
}

fn closing_bracket(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::RParen
            | TokenKind::RBracket
            | TokenKind::RBrace
            | TokenKind::HoleEnd
            | TokenKind::FStringEnd
    )
}
