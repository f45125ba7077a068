//! Functions, methods and lambdas: signatures, contracts, bodies.

use super::Parser;
use super::operators::begins_expr;
use crate::ast::*;
use crate::token::TokenKind;
use sepal_base::{Diagnostic, Span, Symbol, codes};
use smallvec::SmallVec;

/// Whether a function may be a signature only.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyRule {
    Required,
    /// Methods of traits, functions with an attribute that says where the body is.
    Optional,
    /// C functions.
    Forbidden,
}

/// What stands before the colon of a function.
struct FnHead {
    generics: Box<[GenericParam]>,
    self_param: Option<SelfParam>,
    params: Box<[Param]>,
    ret: Option<TypeId>,
    mailbox: Option<TypeId>,
    signature: Span,
}

impl Parser<'_> {
    /// `fn(x): …`, `fn*(): …`, `async fn(): …` as an expression.
    pub(super) fn lambda(&mut self) -> ExprId {
        let lo = self.lo();
        let flavour = self.fn_word();
        if self.kind.is_name() && matches!(self.next(), TokenKind::Colon | TokenKind::Comma) {
            let head = self.bare_params(lo);
            let func = self.fn_with(head, lo, flavour, None, BodyRule::Required);
            return self.expr_node(lo, ExprKind::Lambda(func));
        }
        if self.kind.is_name() {
            let name = self.take_ident();
            self.report(
                Diagnostic::new(
                    codes::MISPLACED_SYNTAX,
                    name.span,
                    "a function inside an expression has no name",
                )
                .help("leave the name out, or define the function on a line of its own"),
            );
        }
        let func = self.function(lo, flavour, None, BodyRule::Required);
        self.expr_node(lo, ExprKind::Lambda(func))
    }

    /// `x, y` before the colon of a lambda, without the parentheses.
    fn bare_params(&mut self, lo: u32) -> FnHead {
        let first = self.span();
        let mut params: SmallVec<[Param; 4]> = SmallVec::new();
        while self.kind.is_name() {
            let name = self.take_ident();
            let (span, is_named) = (name.span, true);
            params.push(Param { span, name, is_named, ty: None, default: None });
            self.eat(TokenKind::Comma);
        }
        let span = first.to(Span::new(first.file, first.lo, self.prev_end));
        let names: Vec<&str> = params.iter().map(|param| param.name.name.as_str()).collect();
        let names = format!("({})", names.join(", "));
        let message = "the parameters of a lambda stand in parentheses";
        let diagnostic = Diagnostic::new(codes::UNEXPECTED_TOKEN, span, message);
        self.report(diagnostic.suggest(span, names, "write them so"));
        FnHead {
            generics: Box::default(),
            self_param: None,
            params: params.into_boxed_slice(),
            ret: None,
            mailbox: None,
            signature: self.span_from(lo),
        }
    }

    /// `fn`, `fn*`, `async fn`, or a foreign word that has been reported.
    pub(super) fn fn_word(&mut self) -> FnFlavour {
        let is_async = self.eat(TokenKind::Async);
        self.bump();
        let star = self.span();
        if !self.eat(TokenKind::Star) {
            return if is_async { FnFlavour::Async } else { FnFlavour::Plain };
        }
        if is_async {
            let message = "a generator cannot be `async`; its body may `await` all the same";
            self.report(Diagnostic::new(codes::MISPLACED_SYNTAX, star, message));
        }
        FnFlavour::Generator
    }

    /// What follows the word `fn` and the name.
    pub(super) fn function(
        &mut self,
        lo: u32,
        flavour: FnFlavour,
        name: Option<Ident>,
        rule: BodyRule,
    ) -> FnId {
        let head = self.fn_head(lo);
        self.fn_with(head, lo, flavour, name, rule)
    }

    /// The same behind a foreign word for `fn`, which has been reported: that the rest of the head
    /// is foreign too needs no further words.
    pub(super) fn foreign_function(&mut self, lo: u32, name: Ident, rule: BodyRule) -> FnId {
        let outer = std::mem::replace(&mut self.speculating, true);
        let head = self.fn_head(lo);
        self.speculating = outer;
        self.fn_with(head, lo, FnFlavour::Plain, Some(name), rule)
    }

    fn fn_head(&mut self, lo: u32) -> FnHead {
        let generics = self.generics();
        let (self_param, params) = self.params();
        let ret = self.result_type();
        let mailbox = self.eat(TokenKind::Of).then(|| self.ty());
        FnHead { generics, self_param, params, ret, mailbox, signature: self.span_from(lo) }
    }

    fn fn_with(
        &mut self,
        head: FnHead,
        lo: u32,
        flavour: FnFlavour,
        name: Option<Ident>,
        rule: BodyRule,
    ) -> FnId {
        let FnHead { generics, self_param, params, ret, mailbox, signature } = head;
        let (contracts, body) = self.fn_body(rule);
        let span = self.span_from(lo);
        self.ast.fns.push(Fn {
            span,
            signature,
            flavour,
            name,
            generics,
            self_param,
            params,
            ret,
            mailbox,
            contracts,
            body,
        })
    }

    /// `-> T`
    fn result_type(&mut self) -> Option<TypeId> {
        if self.at(TokenKind::Arrow) {
            self.bump();
        } else if self.at(TokenKind::Ident) && self.next() == TokenKind::Colon {
            let span = self.span().start();
            let message = "the type of a result stands behind `->`";
            self.report(Diagnostic::new(codes::UNEXPECTED_TOKEN, self.span(), message).suggest(
                span,
                "-> ",
                "write `->` before it",
            ));
        } else {
            return None;
        }
        Some(self.ty())
    }

    fn fn_body(&mut self, rule: BodyRule) -> (Box<[Contract]>, FnBody) {
        let ended = matches!(self.kind, TokenKind::Newline | TokenKind::Dedent | TokenKind::Eof);
        let deeper = self.at(TokenKind::Newline) && self.next() == TokenKind::Indent;
        if rule != BodyRule::Required && ended && !deeper {
            return (Box::default(), FnBody::None);
        }
        if rule == BodyRule::Forbidden && self.at(TokenKind::Colon) {
            let span = self.span();
            self.report(Diagnostic::new(
                codes::MISPLACED_SYNTAX,
                span,
                "a C function has no body here",
            ));
        }
        let mut contracts: SmallVec<[Contract; 2]> = SmallVec::new();
        self.colon("fn");
        let block = self.block_of("fn", |p, stmts| {
            p.contracts(&mut contracts);
            p.stmts(stmts);
        });
        (contracts.into_boxed_slice(), FnBody::Block(block))
    }

    /// The lines of the contract at the head of a body.
    fn contracts(&mut self, contracts: &mut SmallVec<[Contract; 2]>) {
        loop {
            let kind = match self.kind {
                TokenKind::Requires => ContractKind::Requires,
                TokenKind::Ensures => ContractKind::Ensures,
                TokenKind::EnsuresErr => ContractKind::EnsuresErr,
                _ => return,
            };
            // `requires = 1` and `requires.x` are about a variable of that name.
            if !begins_expr(self.next()) {
                return;
            }
            let start = self.pos;
            let contract = self.contract(kind);
            contracts.push(contract);
            self.end_of_stmt(start);
        }
    }

    /// `requires cond, "message"` and the like.
    pub(super) fn contract(&mut self, kind: ContractKind) -> Contract {
        let lo = self.lo();
        self.bump();
        let outer = self.in_ensures;
        self.in_ensures = matches!(kind, ContractKind::Ensures | ContractKind::EnsuresErr);
        let cond = self.expr();
        let message = self.eat(TokenKind::Comma).then(|| self.expr());
        self.in_ensures = outer;
        Contract { span: self.span_from(lo), kind, cond, message }
    }

    /// `(self, a, b: int = 1)`
    pub(super) fn params(&mut self) -> (Option<SelfParam>, Box<[Param]>) {
        if !self.at(TokenKind::LParen) {
            self.unexpected(codes::UNEXPECTED_TOKEN, "`(` and the parameters");
            return (None, Box::default());
        }
        self.bump();
        let mut self_param = None;
        let mut params: SmallVec<[Param; 4]> = SmallVec::new();
        self.list(TokenKind::RParen, |p| {
            if let Some(param) = p.self_parameter() {
                if self_param.is_some() || !params.is_empty() {
                    p.report(Diagnostic::new(
                        codes::MISPLACED_SYNTAX,
                        param.span,
                        "`self` is the first parameter",
                    ));
                }
                self_param = Some(param);
            } else {
                let param = p.param();
                params.push(param);
            }
        });
        (self_param, params.into_boxed_slice())
    }

    fn self_parameter(&mut self) -> Option<SelfParam> {
        let lo = self.lo();
        let mutable = self.at(TokenKind::Var) && self.next() == TokenKind::SelfKw;
        if mutable {
            self.bump();
        }
        self.eat(TokenKind::SelfKw).then(|| SelfParam { span: self.span_from(lo), mutable })
    }

    /// `fn((a, b)): …`, which other languages take.
    fn pattern_as_param(&mut self) -> Param {
        let (lo, span) = (self.lo(), self.span());
        self.report(
            Diagnostic::new(codes::EXPECTED_NAME, span, "a parameter is a name, not a pattern")
                .help("take the value apart inside: `let (a, b) = pair`"),
        );
        self.pattern();
        let ty = self.eat(TokenKind::Colon).then(|| self.ty());
        let span = self.span_from(lo);
        let name = Ident { name: Symbol::intern("_"), span };
        Param { span, name, is_named: false, ty, default: None }
    }

    fn param(&mut self) -> Param {
        let lo = self.lo();
        if matches!(self.kind, TokenKind::Var | TokenKind::Let) {
            let span = self.span();
            let word = self.kind.describe();
            self.report(
                Diagnostic::new(codes::MISPLACED_SYNTAX, span, format!("a parameter is written without {word}"))
                    .help("only `self` may be `var`; to change a parameter, bind it to a `var` of its own"),
            );
            self.bump();
        }
        if self.at(TokenKind::LParen) {
            return self.pattern_as_param();
        }
        let is_named = !self.at(TokenKind::Underscore);
        let name = if is_named { self.ident("a parameter's name") } else { self.take_ident() };
        let ty = self.eat(TokenKind::Colon).then(|| self.ty());
        let default = self.eat(TokenKind::Eq).then(|| self.expr());
        if ty.is_none() && self.kind.is_name() && !self.recovering {
            let message = "a parameter is written `name: type`";
            self.error(codes::UNEXPECTED_TOKEN, self.span(), message);
        }
        Param { span: self.span_from(lo), name, is_named, ty, default }
    }
}
