//! Comprehensions: loops that fill a fresh collection.

use super::BodyCx;
use crate::ir::*;
use crate::lang::{LangFn, LangTy};
use crate::ty::Ty;
use sepal_base::Span;
use sepal_syntax::ast;

impl<'a> BodyCx<'a> {
    pub(super) fn list_comp(
        &mut self,
        comp: &'a ast::ListComp,
        hint: Option<Ty>,
        span: Span,
    ) -> ExprId {
        let elem = self.element_hint(hint, LangTy::List, 0, span);
        let ty = self.list(elem);
        self.collect(LangFn::ListNew, ty, &comp.clauses, span, &mut |cx, target| {
            let value = cx.check(comp.element, elem);
            cx.call_lang(LangFn::ListPush, vec![target, value], span)
        })
    }

    pub(super) fn set_comp(
        &mut self,
        comp: &'a ast::ListComp,
        hint: Option<Ty>,
        span: Span,
    ) -> ExprId {
        let elem = self.element_hint(hint, LangTy::Set, 0, span);
        let ty = self.prog.lang_ty(LangTy::Set, [elem]);
        self.collect(LangFn::SetNew, ty, &comp.clauses, span, &mut |cx, target| {
            let value = cx.check(comp.element, elem);
            cx.call_lang(LangFn::SetAdd, vec![target, value], span)
        })
    }

    pub(super) fn dict_comp(
        &mut self,
        comp: &'a ast::DictComp,
        hint: Option<Ty>,
        span: Span,
    ) -> ExprId {
        let key = self.element_hint(hint, LangTy::Dict, 0, span);
        let value = self.element_hint(hint, LangTy::Dict, 1, span);
        let ty = self.prog.lang_ty(LangTy::Dict, [key, value]);
        self.collect(LangFn::DictNew, ty, &comp.clauses, span, &mut |cx, target| {
            let k = cx.check(comp.key, key);
            let v = cx.check(comp.value, value);
            cx.call_lang(LangFn::DictSet, vec![target, k, v], span)
        })
    }

    /// `let c = new(); for …: if …: add(c); c`
    fn collect(
        &mut self,
        new: LangFn,
        ty: Ty,
        clauses: &'a [ast::CompClause],
        span: Span,
        add: &mut dyn FnMut(&mut BodyCx<'a>, ExprId) -> ExprId,
    ) -> ExprId {
        let fresh = self.call_lang(new, Vec::new(), span);
        let found = self.ty(fresh);
        self.unify(found, ty);
        let mut stmts = Vec::new();
        let local = self.temp(fresh, false, &mut stmts);
        let body = self.clauses(clauses, span, &mut |cx| {
            let target = cx.local(local, span);
            let added = add(cx, target);
            cx.dropped(added, span)
        });
        stmts.push(Stmt::Expr(body));
        let value = self.local(local, span);
        self.block(stmts, Some(value), span)
    }

    fn clauses(
        &mut self,
        clauses: &'a [ast::CompClause],
        span: Span,
        innermost: &mut dyn FnMut(&mut BodyCx<'a>) -> ExprId,
    ) -> ExprId {
        match clauses.split_first() {
            None => innermost(self),
            Some((ast::CompClause::If(cond), rest)) => {
                let cond = self.check(*cond, Ty::bool());
                let then = self.clauses(rest, span, innermost);
                self.if_else(cond, then, None, Ty::nil(), span)
            }
            Some((ast::CompClause::For { binding, iter }, rest)) => {
                self.for_each(binding, *iter, span, &mut |cx| cx.clauses(rest, span, innermost))
            }
        }
    }
}
