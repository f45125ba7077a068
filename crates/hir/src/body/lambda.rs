//! Lambdas, and the code that the checker wraps into one: constructors as values, `defer`.

use super::{BodyCx, Pending, Want};
use crate::ir::*;
use crate::lang::{LangFn, LangTy};
use crate::ty::Ty;
use sepal_base::{Diagnostic, Span, Symbol, codes};
use sepal_syntax::ast;

impl<'a> BodyCx<'a> {
    pub(super) fn lambda_expr(&mut self, f: ast::FnId, hint: Option<Ty>, span: Span) -> ExprId {
        let node = &self.ast.fns[f];
        let hint = hint.and_then(|hint| self.known(hint).as_fn());
        if !node.generics.is_empty() {
            self.error(codes::TYPE_ARGUMENTS, node.signature, "a lambda has no type parameters");
        }
        let params = self.lambda_params(node, hint.map(|f| &f.params[..]));
        let ret_span = node.ret.map(|ty| self.ast.types[ty].span);
        let written = node.ret.map(|ty| self.written_type(ty));
        let hinted = hint.map(|f| f.ret);
        let (value, yields, ret) = self.lambda_result(node.flavour, written, hinted, span);
        let mark = self.enter_scope();
        self.push_frame(node.flavour, value, yields);
        self.frame().ret_span = ret_span;
        // The mailbox is the business of whoever calls it, but of who makes it where a function is wanted that has none.
        let mailbox = node.mailbox.map(|ty| self.written_type(ty)).or(hint.and_then(|f| f.mailbox));
        let is_plain = node.flavour == ast::FnFlavour::Plain;
        self.frame().mailbox = mailbox.filter(|_| is_plain);
        self.frame().shares_mailbox = is_plain && mailbox.is_none() && hint.is_some();
        let locals = self.bind_lambda_params(&params);
        let ast::FnBody::Block(block) = node.body else { return self.error_expr(span) };
        let known = written.is_some() || hinted.is_some_and(|ret| !self.shallow(ret).is_var());
        let body = self.contract_root(&node.contracts, &[], block, !known);
        let kind = LambdaKind::Closure;
        let mailbox = self.frame().mailbox.filter(|_| is_plain && !self.frame().shares_mailbox);
        let made = self.close_lambda(locals, body, node.flavour, kind, value, span);
        self.leave_scope(mark);
        let tys: Vec<Ty> = params.iter().map(|(_, ty, _)| *ty).collect();
        self.draft.body.exprs[made].ty = Ty::function(tys, ret, mailbox);
        made
    }

    /// The parameters with their types: written, expected, or open.
    fn lambda_params(&mut self, node: &ast::Fn, hints: Option<&[Ty]>) -> Vec<(Symbol, Ty, Span)> {
        self.prog.check_parameters(&node.params);
        let hints = hints.filter(|hints| hints.len() == node.params.len()).unwrap_or(&[]);
        let mut params = Vec::with_capacity(node.params.len());
        for (index, param) in node.params.iter().enumerate() {
            if let Some(default) = param.default {
                let span = self.ast.exprs[default].span;
                self.report(Diagnostic::new(
                    codes::MISPLACED,
                    span,
                    "the parameters of a lambda have no defaults",
                ));
            }
            let ty = match (param.ty, hints.get(index)) {
                (Some(ty), _) => self.written_type(ty),
                (None, Some(ty)) => self.known(*ty),
                (None, None) => self.fresh(param.name.span),
            };
            params.push((param.name.name, ty, param.name.span));
        }
        params
    }

    fn bind_lambda_params(&mut self, params: &[(Symbol, Ty, Span)]) -> Vec<LocalId> {
        let mut locals = Vec::with_capacity(params.len());
        for (name, ty, span) in params {
            let local = self.new_local(*name, *ty, false, *span);
            self.bind(*name, local);
            locals.push(local);
        }
        locals
    }

    /// The types of a lambda's value, of what it yields, and of what a call gives.
    fn lambda_result(
        &mut self,
        flavour: ast::FnFlavour,
        written: Option<Ty>,
        hinted: Option<Ty>,
        span: Span,
    ) -> (Ty, Option<Ty>, Ty) {
        let inner = |cx: &Self, item| Some(cx.prog.as_lang(cx.shallow(hinted?), item)?[0]);
        match flavour {
            ast::FnFlavour::Plain => {
                let ret = written.or(hinted).unwrap_or_else(|| self.fresh(span));
                (ret, None, ret)
            }
            ast::FnFlavour::Generator => {
                let elem = written
                    .or_else(|| inner(self, LangTy::Gen))
                    .unwrap_or_else(|| self.fresh(span));
                (Ty::nil(), Some(elem), self.prog.lang_ty(LangTy::Gen, [elem]))
            }
            ast::FnFlavour::Async => {
                let value = written
                    .or_else(|| inner(self, LangTy::Future))
                    .unwrap_or_else(|| self.fresh(span));
                (value, None, self.prog.lang_ty(LangTy::Future, [value]))
            }
        }
    }

    /// Ends the innermost frame and makes the lambda; its type is that of a function without
    /// parameters until the caller says more.
    pub(super) fn close_lambda(
        &mut self,
        params: Vec<LocalId>,
        body: ExprId,
        flavour: ast::FnFlavour,
        kind: LambdaKind,
        ret: Ty,
        span: Span,
    ) -> ExprId {
        let frame = self.frames.pop().expect("pushed by the caller");
        if frame.shares_mailbox
            && let Some(mailbox) = frame.mailbox
        {
            self.share_mailbox(mailbox, span);
        }
        let lambda = Lambda { params, body, captures: frame.captures, flavour, kind, ret };
        self.expr(ExprKind::Lambda(Box::new(lambda)), Ty::function([], ret, None), span)
    }

    /// A lambda whose body is made by the checker.
    pub(super) fn synthetic_lambda(
        &mut self,
        params: &[(Symbol, Ty)],
        ret: Ty,
        span: Span,
        body: impl FnOnce(&mut Self, &[LocalId]) -> ExprId,
    ) -> ExprId {
        self.push_frame(ast::FnFlavour::Plain, ret, None);
        let locals: Vec<LocalId> =
            params.iter().map(|(name, ty)| self.new_local(*name, *ty, false, span)).collect();
        let body = body(self, &locals);
        let made =
            self.close_lambda(locals, body, ast::FnFlavour::Plain, LambdaKind::Closure, ret, span);
        let tys: Vec<Ty> = params.iter().map(|(_, ty)| *ty).collect();
        self.draft.body.exprs[made].ty = Ty::function(tys, ret, None);
        made
    }

    /// A block or expression as a lambda without parameters that runs elsewhere.
    pub(super) fn task_lambda(
        &mut self,
        kind: LambdaKind,
        value: Ty,
        span: Span,
        body: impl FnOnce(&mut Self) -> ExprId,
    ) -> ExprId {
        let mark = self.enter_scope();
        self.push_frame(ast::FnFlavour::Plain, value, None);
        let body = body(self);
        let made = self.close_lambda(Vec::new(), body, ast::FnFlavour::Plain, kind, value, span);
        self.leave_scope(mark);
        self.draft.body.exprs[made].ty = Ty::function([], value, None);
        made
    }

    // -- `defer` -----------------------------------------------------------------------------

    /// The receiver and arguments are evaluated now, the call is made at the end.
    pub(super) fn defer_stmt(
        &mut self,
        call: ast::ExprId,
        span: Span,
        stmts: &mut Vec<Stmt>,
    ) -> ExprId {
        let made = self.want(call, Want::Drop);
        let call = self.evaluate_now(made, stmts);
        let ty = self.ty(call);
        let captured = self.locals_in(call);
        self.push_frame(ast::FnFlavour::Plain, Ty::nil(), None);
        for local in captured {
            self.use_local(local);
        }
        let body = if ty.is_nil() { call } else { self.dropped(call, span) };
        let lambda = self.close_lambda(
            Vec::new(),
            body,
            ast::FnFlavour::Plain,
            LambdaKind::Closure,
            Ty::nil(),
            span,
        );
        self.expr(ExprKind::Defer(lambda), Ty::nil(), span)
    }

    /// Binds the operands of a call to locals; gives the call of those.
    pub(super) fn evaluate_now(&mut self, call: ExprId, stmts: &mut Vec<Stmt>) -> ExprId {
        if let Some(at) = self.pending_method(call) {
            return self.settle_pending_method(at, call, stmts);
        }
        let kind = match self.draft.body.exprs[call].kind.clone() {
            // What is written is made up when it is written, of values that have been settled.
            ExprKind::Call { callee: Callee::Fn { id, .. }, .. } if self.writes_output(id) => {
                return call;
            }
            ExprKind::Call { callee, args, inout } => {
                let inout = inout.map(|place| Box::new(self.settled_place(*place, stmts)));
                let args = args.iter().map(|arg| self.settled(*arg, stmts)).collect();
                ExprKind::Call { callee, args, inout }
            }
            ExprKind::CallValue { callee, args } => {
                let callee = self.settled(callee, stmts);
                let args = args.iter().map(|arg| self.settled(*arg, stmts)).collect();
                ExprKind::CallValue { callee, args }
            }
            ExprKind::Panic { kind, message } => {
                ExprKind::Panic { kind, message: self.settled(message, stmts) }
            }
            ExprKind::Block { stmts: inner, value: Some(value) } => {
                stmts.extend(inner);
                return self.evaluate_now(value, stmts);
            }
            // A conversion or a value that is built: there is nothing to do later.
            _ => return self.settled(call, stmts),
        };
        // The same expression: others may wait to say more of it.
        self.draft.body.exprs[call].kind = kind;
        call
    }

    /// Where the call of a method waits for its receiver's type.
    fn pending_method(&self, call: ExprId) -> Option<usize> {
        let waits =
            |pending: &Pending| matches!(pending, Pending::Method { expr, .. } if *expr == call);
        self.draft.pending.iter().position(waits)
    }

    /// The operands are there before what follows; which method it is turns out later.
    fn settle_pending_method(&mut self, at: usize, call: ExprId, stmts: &mut Vec<Stmt>) -> ExprId {
        let Pending::Method { receiver, args, .. } = &self.draft.pending[at] else { return call };
        let (old_receiver, old_args) = (*receiver, args.clone());
        // A parameter stays what it is: the method may be one that changes it.
        let is_let = matches!(self.draft.body.exprs[old_receiver].kind, ExprKind::Local(local) if !self.draft.body.locals[local].mutable);
        let new_receiver = if is_let { old_receiver } else { self.settled(old_receiver, stmts) };
        let new_args = old_args.into_iter().map(|arg| self.settled(arg, stmts)).collect();
        if let Pending::Method { receiver, args, .. } = &mut self.draft.pending[at] {
            (*receiver, *args) = (new_receiver, new_args);
        }
        call
    }

    /// A value that is there before what follows runs: a literal, or a local bound to it.
    pub(super) fn settled(&mut self, id: ExprId, stmts: &mut Vec<Stmt>) -> ExprId {
        let Expr { kind, span, .. } = &self.draft.body.exprs[id];
        let span = *span;
        if matches!(kind, ExprKind::Lit(_)) {
            return id;
        }
        let local = self.temp(id, false, stmts);
        self.local(local, span)
    }

    /// A place whose operands have been evaluated.
    fn settled_place(&mut self, mut place: Place, stmts: &mut Vec<Stmt>) -> Place {
        match &mut place.root {
            PlaceRoot::Local(_) => {}
            PlaceRoot::ClassField { object, .. } => *object = self.settled(*object, stmts),
            PlaceRoot::Element { container, index, .. } => {
                *container = self.settled(*container, stmts);
                *index = self.settled(*index, stmts);
            }
        }
        place
    }

    fn writes_output(&self, id: FnId) -> bool {
        [LangFn::PrintText, LangFn::EprintText]
            .iter()
            .any(|&item| self.prog.lang.function(item) == Some(id))
    }

    /// The locals that a call with settled operands reads.
    pub(super) fn locals_in(&self, call: ExprId) -> Vec<LocalId> {
        let body = &self.draft.body;
        let mut found = Vec::new();
        let mut pending = vec![call];
        while let Some(id) = pending.pop() {
            match &body.exprs[id].kind {
                ExprKind::Local(local) => found.push(*local),
                ExprKind::Call { inout: Some(place), .. } => {
                    if let PlaceRoot::Local(local) = place.root {
                        found.push(local);
                    }
                }
                _ => {}
            }
            body.children(id, &mut |child| pending.push(child));
            if let Some(at) = self.pending_method(id)
                && let Pending::Method { receiver, args, .. } = &self.draft.pending[at]
            {
                pending.extend(args.iter().copied().chain([*receiver]));
            }
        }
        found
    }
}
