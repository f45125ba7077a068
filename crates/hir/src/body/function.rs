//! A whole function: its parameters, its result, its contracts around its body.

use super::{BodyCx, Frame, Want};
use crate::ir::*;
use crate::lang::LangTy;
use crate::program::Program;
use crate::ty::Ty;
use crate::types::a;
use sepal_base::{Diagnostic, Span, Symbol, codes};
use sepal_syntax::ast;

/// Which types of a signature are to be inferred.
pub(crate) struct Missing {
    /// Position, and the default from which the type is found if there is one.
    pub(crate) params: Vec<(usize, Option<FnId>)>,
    pub(crate) ret: bool,
}

impl Program {
    pub(crate) fn missing_types(&self, id: FnId) -> Missing {
        let def = &self.items.fns[id];
        match def.kind {
            FnKind::Source(f) => {
                let node = &self.items.modules[def.module].ast.fns[f];
                let offset = usize::from(node.self_param.is_some());
                let params = node.params.iter().enumerate().filter(|(_, param)| param.ty.is_none());
                let params = params.map(|(index, _)| index + offset);
                let params =
                    params.filter(|index| def.params.get(*index).is_some_and(|p| p.ty.is_error()));
                let params = params.map(|index| (index, def.params[index].default)).collect();
                Missing { params, ret: node.ret.is_none() && def.ret.is_error() }
            }
            FnKind::ConstInit(_) | FnKind::Default(_) | FnKind::Script => {
                Missing { params: Vec::new(), ret: true }
            }
            // A parameter whose type is wrong is inferred, too: that was reported.
            FnKind::Actor(_) => {
                let params = def.params.iter().enumerate().filter(|(_, p)| p.ty.is_error());
                let params = params.map(|(index, param)| (index, param.default)).collect();
                Missing { params, ret: false }
            }
            FnKind::Invariant(_)
            | FnKind::Derived(_)
            | FnKind::Required
            | FnKind::Intrinsic(_)
            | FnKind::Runtime
            | FnKind::Extern => Missing { params: Vec::new(), ret: false },
        }
    }

    /// What `Self` is inside a function.
    pub(crate) fn self_type(&self, id: FnId) -> Option<Ty> {
        let def = &self.items.fns[id];
        match def.owner {
            Owner::None => None,
            Owner::Impl(id) => Some(self.items.impls[id].self_ty),
            Owner::Trait { id, .. } => {
                Some(Ty::param(0, self.items.traits[id].generics.params[0].name))
            }
            Owner::Adt(_) | Owner::Builtin if def.self_param != SelfKind::None => {
                Some(def.params[0].ty)
            }
            Owner::Adt(adt) => {
                let params = self.items.adts[adt].generics.params.iter().enumerate();
                let args: Vec<Ty> =
                    params.map(|(i, param)| Ty::param(i as u32, param.name)).collect();
                Some(Ty::adt(adt, args))
            }
            Owner::Builtin => None,
        }
    }
}

/// What a piece of a script does when it runs.
enum Step<'a> {
    Stmt(ast::StmtId),
    Let(&'a ast::Let),
}

impl BodyCx<'_> {
    /// Checks the function that the draft is for.
    pub(crate) fn check_function(&mut self) {
        let id = self.draft.id;
        let def = &self.prog.items.fns[id];
        let (kind, span, flavour, ret) = (def.kind, def.span, def.flavour, def.ret);
        let inferred = self.draft.infers_result;
        let (value, yields) = self.split_result(flavour, ret);
        self.push_frame(flavour, value, yields);
        self.frame().mailbox = self.prog.items.fns[id].mailbox;
        self.bind_params(id);
        let root = match kind {
            FnKind::Source(f) => self.source_root(f, inferred),
            FnKind::ConstInit(constant) => self.const_root(constant),
            FnKind::Default(value) => self.value_root(value),
            FnKind::Script => self.script_root(span),
            FnKind::Actor(actor) => self.actor_root(actor),
            FnKind::Invariant(adt) => self.invariant_root(adt),
            FnKind::Derived(_)
            | FnKind::Required
            | FnKind::Intrinsic(_)
            | FnKind::Runtime
            | FnKind::Extern => self.nil(span),
        };
        self.draft.body.root = root;
        let frame = self.frames.pop().expect("pushed above");
        self.note_mailbox(id, frame.mailbox);
        self.settle();
    }

    /// What a body's value and its `yield`s are, by what a call gives.
    fn split_result(&mut self, flavour: ast::FnFlavour, ret: Ty) -> (Ty, Option<Ty>) {
        match flavour {
            ast::FnFlavour::Plain => (ret, None),
            ast::FnFlavour::Generator => {
                let elem = self.prog.as_lang(ret, LangTy::Gen).map_or(Ty::error(), |args| args[0]);
                (Ty::nil(), Some(elem))
            }
            ast::FnFlavour::Async => {
                (self.prog.as_lang(ret, LangTy::Future).map_or(Ty::error(), |args| args[0]), None)
            }
        }
    }

    pub(super) fn push_frame(&mut self, flavour: ast::FnFlavour, ret: Ty, yields: Option<Ty>) {
        self.frames.push(Frame {
            flavour,
            ret,
            ret_span: None,
            yields,
            ret_loop: None,
            returns_value: false,
            loops: Vec::new(),
            captures: Vec::new(),
            mailbox: None,
            shares_mailbox: false,
        });
    }

    fn bind_params(&mut self, id: FnId) {
        let def = &self.prog.items.fns[id];
        let params: Vec<(Symbol, Ty, Span)> =
            def.params.iter().map(|p| (p.name, p.ty, p.span)).collect();
        let inout = def.self_param == SelfKind::InOut;
        for (index, (name, ty, span)) in params.into_iter().enumerate() {
            let local = self.new_local(name, ty, inout && index == 0, span);
            self.bind(name, local);
            self.draft.body.params.push(local);
        }
    }

    fn source_root(&mut self, f: ast::FnId, inferred: bool) -> ExprId {
        let node = &self.ast.fns[f];
        let ast::FnBody::Block(block) = node.body else {
            return self.nil(node.span);
        };
        self.frame().ret_span = node.ret.map(|ty| self.ast.types[ty].span);
        let watched = self.watched_params();
        self.contract_root(&node.contracts, &watched, block, inferred)
    }

    /// The suite of a function as a value of its result type.
    pub(super) fn body_value(&mut self, block: ast::BlockId, inferred: bool) -> ExprId {
        let ret = self.frame().ret;
        let generator = self.frame().flavour == ast::FnFlavour::Generator;
        if generator || (!inferred && ret.is_nil()) {
            return self.suite(block, Want::Drop);
        }
        if !inferred {
            return self.suite(block, Want::Check(ret));
        }
        let value = self.suite(block, Want::Tail);
        let value = self.main_value(value);
        self.unify_tail(value, ret)
    }

    /// The last value of a `main` without a written result counts only if it can be an exit code
    /// or an error.
    fn main_value(&mut self, value: ExprId) -> ExprId {
        let outermost = self.frames.len() == 1 && self.prog.main == Some(self.draft.id);
        let ty = self.ty(value);
        let counts = ty.is_never()
            || ty.is_error()
            || ty == Ty::int()
            || self.prog.infer.var_kind(ty) == Some(crate::infer::VarKind::Int)
            || self.prog.as_lang(ty, LangTy::Result).is_some();
        if !outermost || counts {
            return value;
        }
        let span = self.span(value);
        self.dropped(value, span)
    }

    /// Makes the last value of a function agree with the `return`s in it.
    pub(super) fn unify_tail(&mut self, value: ExprId, ret: Ty) -> ExprId {
        let ty = self.ty(value);
        if ty.is_error() {
            self.unify(ret, ty);
        }
        if ty.is_never() {
            // Only `return`s give a value, if there are any.
            if !self.frame().returns_value
                && self.prog.infer.var_kind(ret) == Some(crate::infer::VarKind::General)
            {
                // What a trait's method never gives, those of impls may still come back from.
                let owner = self.prog.items.fns[self.draft.id].owner;
                if self.frames.len() == 1 && matches!(owner, Owner::Trait { .. }) {
                    return self.coerce(value, Ty::nil());
                }
                self.unify(ret, Ty::never());
                return value;
            }
            return self.coerce(value, ret);
        }
        if ty.is_nil() && self.lacks_result(value, ret) {
            return self.error_expr(self.span(value));
        }
        self.coerce(value, ret)
    }

    /// Reports a suite that gives nothing where a `?` or `return` in it says that it gives a result or an option.
    fn lacks_result(&mut self, value: ExprId, ret: Ty) -> bool {
        let shape = self.shallow(ret);
        let (inner, end) = if let Some([inner, _]) = self.prog.as_lang(shape, LangTy::Result) {
            (*inner, "Ok(nil)")
        } else if let Some([inner]) = self.prog.as_lang(shape, LangTy::Option) {
            (*inner, "Some(nil)")
        } else {
            return false;
        };
        if self.shallow(inner).is_var() {
            self.unify(inner, Ty::nil());
        }
        let at = self.last_line(value);
        let message = format!(
            "a `?` or `return` in this says that it gives {}, and its end gives nothing",
            a(&self.name_of(shape))
        );
        let diagnostic = Diagnostic::new(codes::TYPE_MISMATCH, at, message);
        self.report(diagnostic.help(format!("end with `{end}`, or another value")));
        true
    }

    /// Where the last statement of a suite stands.
    fn last_line(&self, value: ExprId) -> Span {
        let ExprKind::Block { stmts, value: last } = &self.draft.body.exprs[value].kind else {
            return self.span(value);
        };
        match last {
            Some(last) => self.last_line(*last),
            None => self.span_of_last(stmts).unwrap_or_else(|| self.span(value)),
        }
    }

    fn const_root(&mut self, constant: ConstId) -> ExprId {
        let def = &self.prog.items.consts[constant];
        let (name, span) = (def.name, def.span);
        match def.source {
            ConstSource::Value(value) => self.value_root(value),
            ConstSource::Part { of, pat } => {
                let ty = self.prog.const_type(of);
                let value = self.expr(ExprKind::Const(of), ty, span);
                let pat = self.bind_pattern(pat, ty);
                // One pattern makes several constants; the first, which follows the whole, speaks for it.
                if constant.0 == of.0 + 1 && !ty.is_error() {
                    self.draft.matches.push(super::MatchSite::Let(pat));
                }
                let part = self.name_expr(name, None, span);
                let ret = self.frame().ret;
                let part = self.coerce(part, ret);
                self.block(vec![Stmt::Let { pat, value, otherwise: None }], Some(part), span)
            }
        }
    }

    /// A function that only computes an expression.
    fn value_root(&mut self, value: ast::ExprId) -> ExprId {
        let ret = self.frame().ret;
        self.check(value, ret)
    }

    /// The statements of a script, as the body of a `main` without a written result.
    fn script_root(&mut self, span: Span) -> ExprId {
        let ast = self.ast;
        let mut steps = Vec::new();
        for entry in &ast.body {
            match entry {
                ast::Entry::Stmt(stmt) => steps.push(Step::Stmt(*stmt)),
                ast::Entry::Item(item) => {
                    if let ast::ItemKind::Let(decl) = &ast.items[*item].kind
                        && !self.is_constant(decl)
                    {
                        steps.push(Step::Let(decl));
                    }
                }
            }
        }
        let (mut stmts, mut value) = (Vec::new(), None);
        for (index, step) in steps.iter().enumerate() {
            match *step {
                Step::Let(decl) => self.let_stmt(decl, &mut stmts),
                Step::Stmt(stmt) => {
                    let is_last = index + 1 == steps.len();
                    if is_last && let ast::StmtKind::Expr(e) = ast.stmts[stmt].kind {
                        value = Some(self.want(e, Want::Tail));
                    } else {
                        self.stmt(stmt, &mut stmts);
                    }
                }
            }
        }
        let made = self.close_suite(stmts, value, Want::Tail, span);
        let made = self.main_value(made);
        let ret = self.frame().ret;
        self.unify_tail(made, ret)
    }

    /// Whether a top-level `let` was declared as a constant.
    fn is_constant(&self, decl: &ast::Let) -> bool {
        let pat = &self.ast.pats[decl.pat];
        let ast::PatKind::Name(name) = pat.kind else { return false };
        let entry = self.prog.scopes[self.module].values.get(&name);
        entry.is_some_and(|entry| entry.span == pat.span)
    }

    fn note_mailbox(&mut self, id: FnId, mailbox: Option<Ty>) {
        if self.prog.items.fns[id].mailbox.is_none() {
            self.prog.items.fns[id].mailbox = mailbox;
        }
    }

    /// Reports what stands outside a function that could hold it.
    pub(super) fn misplaced(&mut self, span: Span, message: &str) -> ExprId {
        self.wrong(codes::MISPLACED, span, message)
    }
}
