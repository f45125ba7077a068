//! Statements.

use super::{BodyCx, MatchSite, Want};
use crate::ir::*;
use crate::names;
use crate::ty::Ty;
use sepal_base::{Diagnostic, Span, codes};
use sepal_syntax::ast;

impl BodyCx<'_> {
    pub(super) fn stmt(&mut self, id: ast::StmtId, stmts: &mut Vec<Stmt>) {
        let ast = self.ast;
        let node = &ast.stmts[id];
        let span = node.span;
        match &node.kind {
            ast::StmtKind::Error | ast::StmtKind::Pass => {}
            ast::StmtKind::Expr(e) => {
                let value = self.want(*e, Want::Drop);
                stmts.push(Stmt::Expr(value));
            }
            ast::StmtKind::Let(decl) => self.let_stmt(decl, stmts),
            ast::StmtKind::Var(decl) => {
                let (value, ty) = self.let_value(decl.ty, decl.value);
                let pat = self.bind_var_pattern(decl.pat, ty);
                self.draft.matches.push(MatchSite::Let(pat));
                stmts.push(Stmt::Let { pat, value, otherwise: None });
            }
            ast::StmtKind::Assign { target, op, value } => {
                let made = self.assign_stmt(*target, *op, *value, span);
                stmts.push(Stmt::Expr(made));
            }
            ast::StmtKind::While { cond, body } => {
                let made = self.while_stmt(*cond, *body, span);
                stmts.push(Stmt::Expr(made));
            }
            ast::StmtKind::For { binding, iter, body } => {
                let made = self.for_stmt(binding, *iter, *body, span);
                stmts.push(Stmt::Expr(made));
            }
            ast::StmtKind::Defer(call) => {
                let made = self.defer_stmt(*call, span, stmts);
                stmts.push(Stmt::Expr(made));
            }
            ast::StmtKind::Assert { cond, message } => {
                let made = self.assert_stmt(*cond, *message, span);
                stmts.push(Stmt::Expr(made));
            }
            ast::StmtKind::Item(item) => self.local_fn(*item, stmts),
        }
    }

    /// The value of a `let` or `var`, of the type that is written if one is.
    fn let_value(&mut self, ty: Option<ast::TypeId>, value: ast::ExprId) -> (ExprId, Ty) {
        match ty {
            Some(ty) => {
                let ty = self.written_type(ty);
                (self.check(value, ty), ty)
            }
            None => {
                let value = self.value(value);
                let ty = self.ty(value);
                (value, ty)
            }
        }
    }

    pub(super) fn let_stmt(&mut self, decl: &ast::Let, stmts: &mut Vec<Stmt>) {
        let (value, ty) = self.let_value(decl.ty, decl.value);
        let ty = self.known(ty);
        // The `else` does not see the names.
        let otherwise =
            decl.else_body.map(|body| (self.suite(body, Want::Drop), self.ast.blocks[body].span));
        if let Some((body, span)) = otherwise
            && !self.ty(body).is_never()
        {
            let message =
                "the `else` of a `let` must leave: `return`, `break`, `continue` or `panic`";
            self.report(Diagnostic::new(codes::TYPE_MISMATCH, span, message));
        }
        let pat = self.bind_pattern(decl.pat, ty);
        if otherwise.is_none() {
            self.draft.matches.push(MatchSite::Let(pat));
        }
        stmts.push(Stmt::Let { pat, value, otherwise: otherwise.map(|(body, _)| body) });
    }

    // -- Declarations in blocks --------------------------------------------------------------

    /// Declares what a block declares, except functions that need the block's variables.
    pub(super) fn declare_block_items(&mut self, block: &ast::Block) {
        let ast = self.ast;
        let items = block.stmts.iter().filter_map(|stmt| match ast.stmts[*stmt].kind {
            ast::StmtKind::Item(item) => Some(item),
            _ => None,
        });
        let items: Vec<ast::ItemId> = items.collect();
        if items.is_empty() {
            return;
        }
        let bound = self.names_bound_in(block);
        let hoisted: Vec<ast::ItemId> =
            items.into_iter().filter(|item| !self.needs_surroundings(*item, &bound)).collect();
        if !hoisted.is_empty() {
            let unseen = self.vars_around(block);
            self.module = self.prog.declare_block(self.module, &hoisted);
            self.prog.scopes[self.module].unseen_vars = unseen;
        }
    }

    /// The variables that what a block declares apart from them does not see.
    fn vars_around(&self, block: &ast::Block) -> Vec<(sepal_base::Symbol, sepal_base::Span)> {
        let locals = &self.draft.body.locals;
        let outer = self.scope.iter().map(|(name, local)| (*name, locals[*local].span));
        let mut vars: Vec<_> = outer.collect();
        for pat in self.pats_bound_in(block) {
            let span = self.ast.pats[pat].span;
            names::bound_by(self.ast, pat, &mut |name| vars.push((name, span)));
        }
        vars
    }

    fn pats_bound_in(&self, block: &ast::Block) -> impl Iterator<Item = ast::PatId> {
        block.stmts.iter().filter_map(|stmt| match &self.ast.stmts[*stmt].kind {
            ast::StmtKind::Let(decl) => Some(decl.pat),
            ast::StmtKind::Var(decl) => Some(decl.pat),
            _ => None,
        })
    }

    fn names_bound_in(&self, block: &ast::Block) -> Vec<sepal_base::Symbol> {
        let mut bound = Vec::new();
        for pat in self.pats_bound_in(block) {
            names::bound_by(self.ast, pat, &mut |name| bound.push(name));
        }
        bound
    }

    /// Whether a declaration speaks of variables around it, so that it must be a lambda.
    fn needs_surroundings(&self, item: ast::ItemId, bound: &[sepal_base::Symbol]) -> bool {
        let ast::ItemKind::Fn(f) = &self.ast.items[item].kind else { return false };
        if !self.ast.fns[*f].generics.is_empty() {
            return false;
        }
        let mut needs = false;
        names::in_fn(self.ast, *f, &mut |name| {
            needs |= self.scope.contains_key(&name) || bound.contains(&name);
        });
        needs
    }

    /// A function in a block that uses the block's variables: a lambda bound to its name.
    fn local_fn(&mut self, item: ast::ItemId, stmts: &mut Vec<Stmt>) {
        let ast = self.ast;
        let ast::ItemKind::Fn(f) = ast.items[item].kind else { return };
        let Some(name) = ast.fns[f].name else { return };
        let hoisted = self.prog.scopes[self.module]
            .values
            .get(&name.name)
            .is_some_and(|e| e.span == name.span);
        if hoisted {
            return;
        }
        let mut recursive = false;
        names::in_fn(ast, f, &mut |used| recursive |= used == name.name);
        if recursive {
            self.recursive_local_fn(f, name, stmts);
            return;
        }
        let value = self.lambda_expr(f, None, name.span);
        let ty = self.ty(value);
        let local = self.new_local(name.name, ty, false, name.span);
        self.bind(name.name, local);
        let pat = self.pat(PatKind::Bind { local, sub: None }, ty, name.span);
        stmts.push(Stmt::Let { pat, value, otherwise: None });
    }

    /// A variable that first holds a function nobody calls, then the one that speaks of it.
    fn recursive_local_fn(&mut self, f: ast::FnId, name: ast::Ident, stmts: &mut Vec<Stmt>) {
        let span = name.span;
        let params: Vec<(sepal_base::Symbol, Ty)> = self.ast.fns[f]
            .params
            .iter()
            .map(|param| (param.name.name, param.ty))
            .collect::<Vec<_>>()
            .into_iter()
            .map(|(name, ty)| (name, self.optional_type(ty, span)))
            .collect();
        let ret = self.optional_type(self.ast.fns[f].ret, span);
        let tys: Vec<Ty> = params.iter().map(|(_, ty)| *ty).collect();
        let before = self.synthetic_lambda(&params, ret, span, |cx, _| {
            let message = cx.text("called before it was declared", span);
            let leave = cx.panic_with(PanicKind::Explicit, message, span);
            cx.coerce(leave, ret)
        });
        let ty = Ty::function(tys, ret, None);
        let local = self.new_local(name.name, ty, true, span);
        self.bind(name.name, local);
        let pat = self.pat(PatKind::Bind { local, sub: None }, ty, span);
        stmts.push(Stmt::Let { pat, value: before, otherwise: None });
        let value = self.lambda_expr(f, Some(ty), span);
        let value = self.coerce(value, ty);
        let assign = self.set_local(local, value, span);
        stmts.push(Stmt::Expr(assign));
    }

    fn optional_type(&mut self, ty: Option<ast::TypeId>, span: Span) -> Ty {
        match ty {
            Some(ty) => self.written_type(ty),
            None => self.fresh(span),
        }
    }
}
