//! Expressions: infix operators by the table, prefixes, and what follows an operand.

use super::operators::{Infix, Level, begins_expr, infix};
use super::{Parser, boxed};
use crate::ast::*;
use crate::token::TokenKind;
use sepal_base::{Diagnostic, Span, codes};
use smallvec::SmallVec;

impl Parser<'_> {
    /// Any expression.
    #[inline]
    pub(super) fn expr(&mut self) -> ExprId {
        self.binary(Level::Pipe)
    }

    /// An expression behind the colon of an argument or dict entry, where the lexer opens a block
    /// if the line ends there.
    pub(super) fn expr_maybe_indented(&mut self) -> ExprId {
        if !self.at(TokenKind::Newline) || self.next() != TokenKind::Indent {
            return self.expr();
        }
        self.bump();
        self.bump();
        let value = self.expr();
        self.comma_inside |= self.eat(TokenKind::Comma);
        self.eat(TokenKind::Newline);
        if !self.eat(TokenKind::Dedent) {
            self.unexpected(codes::UNEXPECTED_TOKEN, TokenKind::Dedent.describe());
            self.skip_to(&[]);
            self.eat(TokenKind::Dedent);
        }
        value
    }

    /// Operators that bind at least as tightly as `min`. Every recursion of the parser through
    /// expressions comes by here.
    pub(super) fn binary(&mut self, min: Level) -> ExprId {
        self.nested(
            |p| {
                let outer = std::mem::replace(&mut p.height, 0);
                let expr = p.operators(min);
                p.height = outer.max(p.height + 1);
                expr
            },
            Self::error_expr,
        )
    }

    fn operators(&mut self, min: Level) -> ExprId {
        let lo = self.lo();
        let mut lhs = self.prefix();
        // What stands behind a block stands on a new line, and belongs to a new statement.
        while self.prev_kind != TokenKind::Dedent
            && let Some((level, infix)) = infix(self.kind)
            && level >= min
            && (!self.at(TokenKind::Not) || self.next() == TokenKind::In)
        {
            lhs = self.infix(lo, lhs, level, infix);
            self.grow();
        }
        lhs
    }

    /// One more level of a chain that is built without recursion.
    fn grow(&mut self) {
        self.height += 1;
        if self.height > super::MAX_HEIGHT && !self.at(TokenKind::Eof) {
            self.too_deep();
        }
    }

    fn infix(&mut self, lo: u32, lhs: ExprId, level: Level, infix: Infix) -> ExprId {
        let kind = match infix {
            Infix::Compare(_) => return self.comparison(lo, lhs),
            Infix::Pipe => {
                self.bump();
                ExprKind::Pipe { value: lhs, into: self.binary(level.tighter()) }
            }
            Infix::Coalesce => {
                self.bump();
                ExprKind::Coalesce { lhs, rhs: self.binary(level) }
            }
            Infix::Logic(op) => {
                self.foreign_logic(op);
                self.bump();
                ExprKind::Logic { op, lhs, rhs: self.binary(level.tighter()) }
            }
            Infix::Range { inclusive } => {
                self.bump();
                let hi = self.binary(level.tighter());
                self.forbid_range_chain();
                ExprKind::Range { lo: lhs, hi, inclusive }
            }
            Infix::Binary(op) => {
                self.bump();
                ExprKind::Binary { op, lhs, rhs: self.binary(level.tighter()) }
            }
            Infix::Power => {
                self.bump();
                ExprKind::Binary { op: BinOp::Pow, lhs, rhs: self.binary(level) }
            }
        };
        self.expr_node(lo, kind)
    }

    fn foreign_logic(&mut self, op: LogicOp) {
        if matches!(self.kind, TokenKind::AmpAmp | TokenKind::PipePipe) {
            let found = self.kind.describe();
            let message = format!("{found} is written `{}`", op.as_str());
            let span = self.span();
            self.report(Diagnostic::new(codes::FOREIGN_SYNTAX, span, message).suggest(
                span,
                op.as_str(),
                format!("use `{}`", op.as_str()),
            ));
        }
    }

    fn forbid_range_chain(&mut self) {
        if matches!(self.kind, TokenKind::DotDot | TokenKind::DotDotEq) {
            let span = self.span();
            self.report(
                Diagnostic::new(codes::CHAINED_RANGE, span, "a range has only two ends")
                    .help("for steps write `(0..10).step(2)`"),
            );
        }
    }

    /// `a < b <= c …`: all comparisons of a chain are one node.
    fn comparison(&mut self, lo: u32, first: ExprId) -> ExprId {
        let mut rest: SmallVec<[CompareLink; 2]> = SmallVec::new();
        while self.prev_kind != TokenKind::Dedent
            && let Some((_, Infix::Compare(op))) = infix(self.kind)
        {
            let op_lo = self.lo();
            let op = match (op, self.next()) {
                (CmpOp::NotIn, TokenKind::In) => {
                    self.bump();
                    CmpOp::NotIn
                }
                (CmpOp::NotIn, _) => break,
                (CmpOp::Is, TokenKind::Not) => {
                    self.bump();
                    CmpOp::IsNot
                }
                (op, _) => op,
            };
            self.bump();
            let op_span = self.span_from(op_lo);
            if op == CmpOp::Eq && self.at(TokenKind::Eq) {
                self.triple_equals(op_span);
            }
            let rhs = self.binary(Level::BitOr);
            rest.push(CompareLink { op, op_span, rhs });
        }
        self.expr_node(lo, ExprKind::Compare { first, rest: boxed(&rest) })
    }

    /// `===`
    fn triple_equals(&mut self, op: Span) {
        let span = op.to(self.span());
        self.report(
            Diagnostic::new(codes::FOREIGN_SYNTAX, span, "equality is written `==`")
                .suggest(span, "==", "use `==`"),
        );
        self.bump();
    }

    fn prefix(&mut self) -> ExprId {
        let lo = self.lo();
        let kind =
            match self.kind {
                TokenKind::Minus => return self.negation(lo),
                TokenKind::Tilde => {
                    self.bump();
                    ExprKind::Unary { op: UnaryOp::BitNot, operand: self.binary(Level::Power) }
                }
                TokenKind::Not => {
                    self.bump();
                    ExprKind::Unary { op: UnaryOp::Not, operand: self.binary(Level::Not) }
                }
                TokenKind::Bang => {
                    let span = self.span();
                    self.report(
                        Diagnostic::new(codes::FOREIGN_SYNTAX, span, "`!` is written `not`")
                            .suggest(span, "not ", "use `not`"),
                    );
                    self.bump();
                    ExprKind::Unary { op: UnaryOp::Not, operand: self.binary(Level::Power) }
                }
                TokenKind::Await => {
                    self.bump();
                    ExprKind::Await(self.binary(Level::Power))
                }
                TokenKind::Async => return self.async_expr(lo),
                TokenKind::Spawn => return self.spawn(lo, SpawnKind::Plain),
                TokenKind::SpawnLink => return self.spawn(lo, SpawnKind::Link),
                TokenKind::SpawnMonitor => return self.spawn(lo, SpawnKind::Monitor),
                _ => return self.postfix(),
            };
        self.expr_node(lo, kind)
    }

    /// A minus belongs to the integer literal directly behind it, so that the least integer can be
    /// written; `-2 ** 2` and `-5.abs()` negate the whole.
    fn negation(&mut self, lo: u32) -> ExprId {
        self.bump();
        let literal_at = self.at(TokenKind::Int).then(|| self.lo());
        let operand = self.binary(Level::Power);
        let span = self.span_from(lo);
        let node = &mut self.ast.exprs[operand];
        if let ExprKind::Int(literal) = &mut node.kind
            && literal_at == Some(node.span.lo)
        {
            literal.negative = true;
            node.span = span;
            return operand;
        }
        self.expr_node(lo, ExprKind::Unary { op: UnaryOp::Neg, operand })
    }

    fn async_expr(&mut self, lo: u32) -> ExprId {
        if self.next() == TokenKind::Fn {
            return self.lambda();
        }
        self.bump();
        let task = if self.at(TokenKind::Colon) {
            Task::Block(self.suite("async"))
        } else {
            Task::Expr(self.nested(Self::postfix, Self::error_expr))
        };
        self.expr_node(lo, ExprKind::Async(task))
    }

    fn spawn(&mut self, lo: u32, kind: SpawnKind) -> ExprId {
        self.bump();
        let mut options = self.spawn_options();
        let task = if self.at(TokenKind::Colon) {
            Task::Block(self.suite(kind.as_str()))
        } else {
            let call = self.nested(Self::postfix, Self::error_expr);
            let called = matches!(
                self.ast.exprs[call].kind,
                ExprKind::Call { .. } | ExprKind::MethodCall { .. } | ExprKind::Error
            );
            if !called {
                let span = self.ast.exprs[call].span;
                let message = format!("`{}` takes a call or a block", kind.as_str());
                self.report(
                    Diagnostic::new(codes::UNEXPECTED_TOKEN, span, message)
                        .help("write `spawn f(args)` or `spawn: …`"),
                );
            }
            options = self.spawn_options();
            Task::Expr(call)
        };
        self.expr_node(lo, ExprKind::Spawn(Box::new(Spawn { kind, task, options })))
    }

    /// `with (name: "x", …)`
    fn spawn_options(&mut self) -> Box<[Arg]> {
        if self.at(TokenKind::With) && self.next() == TokenKind::LParen {
            self.bump();
            return self.args();
        }
        Box::default()
    }

    /// An operand with calls, indexes, fields and `?` behind it.
    fn postfix(&mut self) -> ExprId {
        let lo = self.lo();
        let mut expr = self.primary();
        while self.prev_kind != TokenKind::Dedent {
            expr = match self.kind {
                TokenKind::LParen => {
                    let args = self.args();
                    self.expr_node(lo, ExprKind::Call { callee: expr, args })
                }
                TokenKind::LBracket => self.bracket(lo, expr),
                TokenKind::Dot => self.member(lo, expr),
                TokenKind::Question => {
                    self.bump();
                    self.expr_node(lo, ExprKind::Try(expr))
                }
                // Twice, where no operand follows.
                TokenKind::QuestionQuestion if !begins_expr(self.next()) => {
                    self.bump();
                    let once = self.expr_node(lo, ExprKind::Try(expr));
                    self.expr_node(lo, ExprKind::Try(once))
                }
                _ => break,
            };
            self.grow();
        }
        expr
    }

    /// `.name` or `.0`, with the arguments of a method call.
    fn member(&mut self, lo: u32, base: ExprId) -> ExprId {
        self.bump();
        let name = if self.at(TokenKind::Int) { self.take_ident() } else { self.ident("a name") };
        let kind = if self.at(TokenKind::LParen) {
            let args = self.args();
            ExprKind::MethodCall { receiver: base, method: name, args }
        } else {
            ExprKind::Field { base, name }
        };
        self.expr_node(lo, kind)
    }

    /// `(a, name: b, ..c)`
    pub(super) fn args(&mut self) -> Box<[Arg]> {
        self.bump();
        let mut args: SmallVec<[Arg; 4]> = SmallVec::new();
        self.list(TokenKind::RParen, |p| {
            let arg = p.arg();
            args.push(arg);
        });
        boxed(&args)
    }

    fn arg(&mut self) -> Arg {
        let lo = self.lo();
        let (kind, value) = if self.eat(TokenKind::DotDot) {
            (ArgKind::Update, self.expr())
        } else if self.kind.is_name() && self.next() == TokenKind::Colon {
            let name = self.take_ident();
            self.bump();
            (ArgKind::Named(name), self.expr_maybe_indented())
        } else {
            (ArgKind::Positional, self.expr())
        };
        if self.at(TokenKind::Eq) {
            self.equals_in_argument(value);
        }
        Arg { span: self.span_from(lo), kind, value }
    }

    fn equals_in_argument(&mut self, name: ExprId) {
        let span = self.span();
        let named = matches!(self.ast.exprs[name].kind, ExprKind::Name(_));
        let diagnostic =
            Diagnostic::new(codes::BAD_ASSIGNMENT, span, "`=` cannot stand in an argument");
        self.report(if named {
            diagnostic.suggest(span, ":", "a named argument is written `name: value`")
        } else {
            diagnostic.suggest(span, "==", "for equality use `==`")
        });
        self.bump();
        self.expr();
    }

    /// `[…]` behind an operand: index, slice, or type arguments.
    fn bracket(&mut self, lo: u32, base: ExprId) -> ExprId {
        if let Some(types) = self.type_arguments(base) {
            return self.instantiation(lo, base, types);
        }
        self.bump();
        let first = self.slice_part();
        if self.at(TokenKind::Colon) {
            return self.slice(lo, base, first);
        }
        let index = match first {
            Some(index) if self.at(TokenKind::Comma) => self.tuple_index(index),
            Some(index) => index,
            None => {
                self.unexpected(codes::EXPECTED_EXPRESSION, "an index");
                self.error_expr()
            }
        };
        self.close_bracket();
        self.expr_node(lo, ExprKind::Index { base, index })
    }

    fn close_bracket(&mut self) {
        if !self.at(TokenKind::RBracket) {
            self.unexpected(codes::UNEXPECTED_TOKEN, TokenKind::RBracket.describe());
            self.skip_to(&[]);
        }
        self.recovering &= self.at(TokenKind::Eof);
        self.bump_closing(TokenKind::RBracket);
    }

    /// `d[a, b]` indexes with a tuple.
    fn tuple_index(&mut self, first: ExprId) -> ExprId {
        let lo = self.ast.exprs[first].span.lo;
        let mut elements: SmallVec<[ExprId; 4]> = SmallVec::from_slice(&[first]);
        while self.eat(TokenKind::Comma) && !self.at(TokenKind::RBracket) {
            let element = self.expr();
            elements.push(element);
        }
        self.expr_node(lo, ExprKind::Tuple(boxed(&elements)))
    }

    /// An expression, unless a colon or the bracket's end follows.
    fn slice_part(&mut self) -> Option<ExprId> {
        let absent = matches!(self.kind, TokenKind::Colon | TokenKind::RBracket);
        (!absent).then(|| self.expr())
    }

    fn slice(&mut self, lo: u32, base: ExprId, from: Option<ExprId>) -> ExprId {
        self.bump();
        let to = self.slice_part();
        let step = if self.eat(TokenKind::Colon) { self.slice_part() } else { None };
        self.close_bracket();
        self.expr_node(lo, ExprKind::Slice(Box::new(Slice { base, lo: from, hi: to, step })))
    }

    /// The contents of a bracket as types, if they can be that and a call follows. The position
    /// stays at the bracket.
    fn type_arguments(&mut self, base: ExprId) -> Option<Box<[TypeId]>> {
        let names = matches!(self.ast.exprs[base].kind, ExprKind::Name(_) | ExprKind::Field { .. });
        if !names || self.kind_after_bracket() != Some(TokenKind::LParen) {
            return None;
        }
        let start = self.checkpoint();
        let types = self.speculate(Self::type_args);
        self.go_back(start);
        types.filter(|types| !types.is_empty())
    }

    fn instantiation(&mut self, lo: u32, base: ExprId, types: Box<[TypeId]>) -> ExprId {
        self.bump();
        let index = self.speculate(|p| {
            let first = p.expr();
            let index = if p.at(TokenKind::Comma) { p.tuple_index(first) } else { first };
            p.expect(TokenKind::RBracket);
            index
        });
        if index.is_none() {
            self.skip_to(&[]);
            self.bump_closing(TokenKind::RBracket);
        }
        self.expr_node(lo, ExprKind::Instantiate(Box::new(Instantiate { base, types, index })))
    }

    /// Behind `return`, `break` and `yield`: a value, if there is one.
    pub(super) fn optional_expr(&mut self) -> Option<ExprId> {
        begins_expr(self.kind).then(|| self.expr())
    }
}
