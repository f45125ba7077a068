//! `for`: counted over ranges, by index over lists, by `next` over everything else.

use super::expr::SOME;
use super::{BodyCx, MatchSite, Want};
use crate::infer::VarKind;
use crate::ir::*;
use crate::lang::{LangFn, LangTrait, LangTy};
use crate::ty::{Ty, TyKind};
use sepal_base::Span;
use sepal_syntax::ast;

/// Makes what is done in each round, with the variables of the loop bound.
pub(super) type Round<'r, 'a> = &'r mut dyn FnMut(&mut BodyCx<'a>) -> ExprId;

/// A loop whose head has been read.
struct Head {
    id: LoopId,
    span: Span,
}

impl<'a> BodyCx<'a> {
    pub(super) fn for_stmt(
        &mut self,
        binding: &ast::ForBinding,
        iter: ast::ExprId,
        body: ast::BlockId,
        span: Span,
    ) -> ExprId {
        self.for_each(binding, iter, span, &mut |cx| cx.open_suite(body, Want::Drop, Vec::new()))
    }

    /// A loop over `iter` that does `round` for each element.
    pub(super) fn for_each(
        &mut self,
        binding: &ast::ForBinding,
        iter: ast::ExprId,
        span: Span,
        round: Round<'_, 'a>,
    ) -> ExprId {
        let node = &self.ast.exprs[iter];
        if let ast::ExprKind::Range { lo, hi, inclusive } = node.kind {
            let (lo, hi) = self.range_ends(lo, hi);
            let ty = self.ty(lo);
            let ty = self.known(ty);
            if self.is_int(ty) || self.prog.infer.var_kind(ty) == Some(VarKind::Int) {
                return self.counted_loop(binding, (lo, hi, inclusive), ty, span, round);
            }
            let item = if inclusive { LangFn::RangeInclusive } else { LangFn::RangeNew };
            let range = self.call_lang(item, vec![lo, hi], node.span);
            return self.iterate(LangTrait::Iterable, binding, range, span, round);
        }
        let iterated = self.value(iter);
        let ty = self.ty(iterated);
        let ty = self.known(ty);
        if let Some([elem]) = self.prog.as_lang(ty, LangTy::List) {
            return self.index_loop(binding, iterated, *elem, span, round);
        }
        let pairs = matches!(binding, ast::ForBinding::Several(pats) if pats.len() == 2);
        if let Some([key, value]) = self.prog.as_lang(ty, LangTy::Dict)
            && pairs
        {
            let entries = self.call_lang(LangFn::DictEntries, vec![iterated], span);
            return self.next_loop(binding, entries, Ty::tuple([*key, *value]), span, round);
        }
        let item = if pairs && ty.is_var() { LangTrait::Pairs } else { LangTrait::Iterable };
        self.iterate(item, binding, iterated, span, round)
    }

    /// The variables of a loop as one pattern.
    fn bind_loop(&mut self, binding: &ast::ForBinding, ty: Ty, span: Span) -> PatId {
        let ty = self.known(ty);
        let pat = match binding {
            ast::ForBinding::One(pat) => self.bind_pattern(*pat, ty),
            ast::ForBinding::Several(pats) => {
                let elems: Vec<Ty> = match ty.kind() {
                    TyKind::Tuple(elems) if elems.len() == pats.len() => elems.to_vec(),
                    _ => {
                        let fresh: Vec<Ty> = pats.iter().map(|_| self.fresh(span)).collect();
                        let wanted = Ty::tuple(fresh.clone());
                        if !self.unify(wanted, ty) {
                            let at = self.ast.pats[pats[0]]
                                .span
                                .to(self.ast.pats[pats[pats.len() - 1]].span);
                            self.report_mismatch(wanted, ty, at);
                        }
                        fresh
                    }
                };
                let subs =
                    pats.iter().zip(elems).map(|(pat, ty)| self.bind_pattern(*pat, ty)).collect();
                self.pat(PatKind::Tuple(subs), ty, span)
            }
        };
        self.draft.matches.push(MatchSite::For(pat));
        pat
    }

    /// The body of a round: the variables get `element`, `step` is done, then the round itself.
    fn round(
        &mut self,
        binding: &ast::ForBinding,
        element: ExprId,
        step: Vec<ExprId>,
        span: Span,
        round: Round<'_, 'a>,
    ) -> ExprId {
        let mark = self.enter_scope();
        let ty = self.ty(element);
        let pat = self.bind_loop(binding, ty, span);
        let mut stmts = vec![Stmt::Let { pat, value: element, otherwise: None }];
        stmts.extend(step.into_iter().map(Stmt::Expr));
        let body = round(self);
        stmts.push(Stmt::Expr(body));
        self.leave_scope(mark);
        self.block(stmts, None, span)
    }

    /// `loop: if cond: body else: break`
    fn looped(&mut self, head: Head, cond: ExprId, body: ExprId) -> ExprId {
        let leave = self.break_out(head.id, head.span);
        let leave = self.dropped(leave, head.span);
        let inner = self.if_else(cond, body, Some(leave), Ty::nil(), head.span);
        self.pop_loop();
        self.expr(ExprKind::Loop { id: head.id, body: inner }, Ty::nil(), head.span)
    }

    /// The counter cannot overflow: it is raised only while it is below the end.
    fn counted_loop(
        &mut self,
        binding: &ast::ForBinding,
        (lo, hi, inclusive): (ExprId, ExprId, bool),
        ty: Ty,
        span: Span,
        round: Round<'_, 'a>,
    ) -> ExprId {
        let mut stmts = Vec::new();
        let counter = self.temp(lo, true, &mut stmts);
        let end = self.temp(hi, false, &mut stmts);
        let compare = |cx: &mut Self, op| {
            let (counter, end) = (cx.local(counter, span), cx.local(end, span));
            cx.binary(op, counter, end, Ty::bool(), span)
        };
        let more = inclusive.then(|| {
            let any = compare(self, BinaryOp::Le);
            self.temp(any, true, &mut stmts)
        });
        let head = Head { id: self.push_loop(false, Ty::nil()), span };
        let cond = match more {
            Some(more) => self.local(more, span),
            None => compare(self, BinaryOp::Lt),
        };
        let mut step = Vec::new();
        if let Some(more) = more {
            let another = compare(self, BinaryOp::Lt);
            step.push(self.set_local(more, another, span));
        }
        let (current, one) =
            (self.local(counter, span), self.expr(ExprKind::Lit(Lit::int(1)), ty, span));
        let raised = self.binary(BinaryOp::Arith(ast::BinOp::AddWrap), current, one, ty, span);
        step.push(self.set_local(counter, raised, span));
        let element = self.local(counter, span);
        let body = self.round(binding, element, step, span, round);
        let made = self.looped(head, cond, body);
        stmts.push(Stmt::Expr(made));
        self.block(stmts, None, span)
    }

    /// The length is read in each round: the list may change meanwhile.
    fn index_loop(
        &mut self,
        binding: &ast::ForBinding,
        list: ExprId,
        elem: Ty,
        span: Span,
        round: Round<'_, 'a>,
    ) -> ExprId {
        let mut stmts = Vec::new();
        let list = self.temp(list, false, &mut stmts);
        let zero = self.int(0, span);
        let counter = self.temp(zero, true, &mut stmts);
        let head = Head { id: self.push_loop(false, Ty::nil()), span };
        let target = self.local(list, span);
        let len = self.call_lang(LangFn::ListLen, vec![target], span);
        let current = self.local(counter, span);
        let cond = self.binary(BinaryOp::Lt, current, len, Ty::bool(), span);
        let (target, index) = (self.local(list, span), self.local(counter, span));
        let element = self.call_lang(LangFn::ListAt, vec![target, index], span);
        let found = self.ty(element);
        self.unify(found, elem);
        let (current, one) = (self.local(counter, span), self.int(1, span));
        let raised =
            self.binary(BinaryOp::Arith(ast::BinOp::AddWrap), current, one, Ty::int(), span);
        let step = vec![self.set_local(counter, raised, span)];
        let body = self.round(binding, element, step, span, round);
        let made = self.looped(head, cond, body);
        stmts.push(Stmt::Expr(made));
        self.block(stmts, None, span)
    }

    /// Anything that has the trait, `Iterable` or `Pairs`.
    fn iterate(
        &mut self,
        item: LangTrait,
        binding: &ast::ForBinding,
        iterated: ExprId,
        span: Span,
        round: Round<'_, 'a>,
    ) -> ExprId {
        let (iter, elem) = self.iterator_of(item, iterated, span);
        self.next_loop(binding, iter, elem, span, round)
    }

    /// What gives the elements one by one, and their type.
    pub(super) fn iterator_of(
        &mut self,
        item: LangTrait,
        iterated: ExprId,
        span: Span,
    ) -> (ExprId, Ty) {
        let (ty, at) = (self.ty(iterated), self.span(iterated));
        let (elem, iter) = (self.fresh(at), self.fresh(span));
        self.require_lang(ty, item, vec![elem, iter], at);
        let made = self.call_trait(item, ty, vec![elem, iter], vec![iterated], iter, at);
        (made, elem)
    }

    fn next_loop(
        &mut self,
        binding: &ast::ForBinding,
        iter: ExprId,
        elem: Ty,
        span: Span,
        round: Round<'_, 'a>,
    ) -> ExprId {
        self.draw_each(iter, elem, span, &mut |cx, element| {
            cx.round(binding, element, Vec::new(), span, &mut *round)
        })
    }

    /// `loop: match it.next(): case Some(x): … case None: break`
    pub(super) fn draw_each(
        &mut self,
        iter: ExprId,
        elem: Ty,
        span: Span,
        each: &mut dyn FnMut(&mut Self, ExprId) -> ExprId,
    ) -> ExprId {
        let mut stmts = Vec::new();
        let (iter_ty, at) = (self.ty(iter), self.span(iter));
        self.require_lang(iter_ty, LangTrait::Iter, vec![elem], at);
        let iter = self.temp(iter, true, &mut stmts);
        let head = Head { id: self.push_loop(false, Ty::nil()), span };
        let option = self.option(elem);
        let next = self.call_trait(LangTrait::Iter, iter_ty, vec![elem], Vec::new(), option, span);
        let place = Place { root: PlaceRoot::Local(iter), path: Box::default(), ty: iter_ty, span };
        if let ExprKind::Call { inout, .. } = &mut self.draft.body.exprs[next].kind {
            *inout = Some(Box::new(place));
        }
        let (some, local) = self.variant_binding(option, SOME, elem, span);
        let element = self.local(local, at);
        let body = each(self, element);
        let leave = self.break_out(head.id, span);
        let leave = self.dropped(leave, span);
        let wild = self.pat(PatKind::Wild, option, span);
        let arms = Box::from([
            Arm { pat: some, guard: None, body },
            Arm { pat: wild, guard: None, body: leave },
        ]);
        let inner = self.expr(ExprKind::Match { scrutinee: next, arms }, Ty::nil(), span);
        self.pop_loop();
        let made = self.expr(ExprKind::Loop { id: head.id, body: inner }, Ty::nil(), span);
        stmts.push(Stmt::Expr(made));
        self.block(stmts, None, span)
    }
}
