//! Expressions: what is wanted of them, conversions, and the dispatch over their kinds.

use super::{BodyCx, Pending, Want};
use crate::infer::VarKind;
use crate::ir::*;
use crate::lang::{LangFn, LangTy};
use crate::scope::Head;
use crate::ty::{Ty, TyKind};
use sepal_base::{Span, Symbol, codes};
use sepal_syntax::ast;
use std::rc::Rc;

impl BodyCx<'_> {
    /// The expression, as it is wanted.
    pub(super) fn want(&mut self, id: ast::ExprId, want: Want) -> ExprId {
        let ast = self.ast;
        let node = &ast.exprs[id];
        match &node.kind {
            ast::ExprKind::If(inner) => self.if_expr(inner, want, node.span),
            ast::ExprKind::Match(inner) => self.match_expr(inner, want, node.span),
            ast::ExprKind::Receive(arms) => self.receive_expr(arms, want, node.span),
            _ => match want {
                Want::Drop => self.infer(id, None),
                Want::Infer(hint) => self.infer(id, hint),
                Want::Tail => self.infer(id, None),
                Want::Check(ty) => {
                    let value = self.infer(id, Some(ty));
                    self.coerce(value, ty)
                }
            },
        }
    }

    /// The expression as a value of this type.
    pub(super) fn check(&mut self, id: ast::ExprId, ty: Ty) -> ExprId {
        self.want(id, Want::Check(ty))
    }

    /// The expression as a value of whatever type.
    pub(super) fn value(&mut self, id: ast::ExprId) -> ExprId {
        self.want(id, Want::Infer(None))
    }

    /// Makes a value one of type `to`: by a conversion where one is due, else the types must agree.
    pub(super) fn coerce(&mut self, value: ExprId, to: Ty) -> ExprId {
        self.converted(value, to).unwrap_or_else(|(wanted, found)| {
            let span = self.span(value);
            self.report_mismatch(wanted, found, span);
            self.error_expr(span)
        })
    }

    /// The same, where the caller says what is wrong: `Err` has the type that is wanted and the one that was found.
    pub(super) fn converted(&mut self, value: ExprId, to: Ty) -> Result<ExprId, (Ty, Ty)> {
        let (found, wanted, span) = (self.ty(value), self.shallow(to), self.span(value));
        if found == wanted || wanted.is_error() || found.is_error() {
            return Ok(value);
        }
        if found.is_never() {
            return Ok(self.expr(ExprKind::Coerce { kind: Coercion::FromNever, value }, to, span));
        }
        if self.is_any_pid(wanted) && self.prog.infer.var_kind(found) == Some(VarKind::General) {
            self.draft.pending.push(Pending::Erase { value });
            let kind = ExprKind::Coerce { kind: Coercion::ErasePid, value };
            return Ok(self.expr(kind, to, span));
        }
        let kind = match (wanted.kind(), found.kind()) {
            (TyKind::Any, _) => Some(Coercion::ToAny),
            (TyKind::Dyn(id, _), TyKind::Dyn(other, _)) if id == other => None,
            (TyKind::Dyn(id, args), _)
                if self.prog.infer.var_kind(found) != Some(VarKind::General) =>
            {
                self.require(found, TraitRef { id: *id, args: args.clone() }, span);
                Some(Coercion::ToDyn)
            }
            (TyKind::Adt(..), TyKind::Adt(..))
                if self.prog.as_lang(wanted, LangTy::AnyPid).is_some()
                    && self.prog.as_lang(found, LangTy::Pid).is_some() =>
            {
                Some(Coercion::ErasePid)
            }
            _ => None,
        };
        if let Some(kind) = kind {
            return Ok(self.expr(ExprKind::Coerce { kind, value }, to, span));
        }
        let value = self.of_any_pid(value, wanted).unwrap_or(value);
        let found = self.ty(value);
        if !self.unify(wanted, found) {
            return Err((wanted, found));
        }
        self.share_lost_mailbox(value, wanted);
        Ok(value)
    }

    /// A lambda that becomes a function without a mailbox receives where that happens. What is declared somewhere
    /// may as well be meant for another actor.
    fn share_lost_mailbox(&mut self, value: ExprId, wanted: Ty) {
        let is_declared = matches!(self.draft.body.exprs[value].kind, ExprKind::FnRef { .. });
        if let (Some(own), Some(wanted)) = (self.ty(value).as_fn(), self.shallow(wanted).as_fn())
            && let (Some(mailbox), None, false) = (own.mailbox, wanted.mailbox, is_declared)
        {
            self.share_mailbox(mailbox, self.span(value));
        }
    }

    /// A declared function of any `Pid`, as `is_alive`, where one of the pids of a mailbox is wanted.
    fn of_any_pid(&mut self, value: ExprId, wanted: Ty) -> Option<ExprId> {
        let (wanted, found) = (wanted.as_fn()?, self.ty(value).as_fn()?);
        let ExprKind::FnRef { callee } = &self.draft.body.exprs[value].kind else { return None };
        let callee = callee.clone();
        let is = |cx: &Self, ty: Ty, item| cx.prog.as_lang(cx.shallow(ty), item).is_some();
        let mut pairs = found.params.iter().zip(&wanted.params);
        let takes_any = pairs
            .any(|(own, given)| is(self, *own, LangTy::AnyPid) && is(self, *given, LangTy::Pid));
        if !takes_any || found.params.len() != wanted.params.len() {
            return None;
        }
        let span = self.span(value);
        let name = Symbol::intern("pid");
        let params: Vec<(Symbol, Ty)> = wanted.params.iter().map(|ty| (name, *ty)).collect();
        Some(self.synthetic_lambda(&params, found.ret, span, |cx, locals| {
            let mut args = Vec::with_capacity(locals.len());
            for (local, ty) in locals.iter().zip(&found.params) {
                let arg = cx.local(*local, span);
                args.push(cx.coerce(arg, *ty));
            }
            let call = ExprKind::Call { callee, args: args.into(), inout: None };
            cx.expr(call, found.ret, span)
        }))
    }

    /// Makes what is known of the result known to the arguments, where that cannot hide a
    /// conversion.
    pub(super) fn hint_result(&mut self, ret: Ty, hint: Option<Ty>) {
        let Some(hint) = hint else { return };
        let (hint, ret) = (self.shallow(hint), self.shallow(ret));
        let converts = match hint.kind() {
            TyKind::Any | TyKind::Dyn(..) | TyKind::Never => true,
            _ => self.prog.as_lang(hint, LangTy::AnyPid).is_some(),
        };
        let same_head = ret.is_var() || Head::of(ret) == Head::of(hint);
        if !converts && same_head {
            self.unify(ret, hint);
        }
    }

    pub(super) fn infer(&mut self, id: ast::ExprId, hint: Option<Ty>) -> ExprId {
        let ast = self.ast;
        let node = &ast.exprs[id];
        let span = node.span;
        match &node.kind {
            ast::ExprKind::Error => self.error_expr(span),
            ast::ExprKind::Int(lit) => self.int_literal(*lit, hint, span),
            ast::ExprKind::Float(value) => self.float_literal(*value, hint, span),
            ast::ExprKind::Bool(value) => self.bool(*value, span),
            ast::ExprKind::Nil => self.nil(span),
            ast::ExprKind::Char(value) => {
                self.expr(ExprKind::Lit(Lit::Char(*value)), Ty::char(), span)
            }
            ast::ExprKind::Str(text) => self.text(text, span),
            ast::ExprKind::Bytes(bytes) => {
                self.expr(ExprKind::Lit(Lit::Bytes(Rc::from(&**bytes))), Ty::bytes(), span)
            }
            ast::ExprKind::Symbol(name) => {
                self.expr(ExprKind::Lit(Lit::Symbol(*name)), Ty::symbol(), span)
            }
            ast::ExprKind::FString(parts) => self.fstring(parts, span),
            ast::ExprKind::Name(name) => self.name_expr(*name, hint, span),
            ast::ExprKind::SelfValue => self.self_expr(span),
            ast::ExprKind::SelfPid => self.self_pid(span),
            ast::ExprKind::ContractResult => self.contract_result(span),
            ast::ExprKind::Old(inner) => self.old_expr(*inner, span),
            ast::ExprKind::Tuple(elems) => self.tuple_expr(elems, hint, span),
            ast::ExprKind::List(elems) => self.list_expr(elems, hint, span),
            ast::ExprKind::Set(elems) => self.set_expr(elems, hint, span),
            ast::ExprKind::Dict(entries) => self.dict_expr(entries, hint, span),
            ast::ExprKind::ListComp(comp) => self.list_comp(comp, hint, span),
            ast::ExprKind::SetComp(comp) => self.set_comp(comp, hint, span),
            ast::ExprKind::DictComp(comp) => self.dict_comp(comp, hint, span),
            ast::ExprKind::Range { lo, hi, inclusive } => {
                self.range_expr(*lo, *hi, *inclusive, span)
            }
            ast::ExprKind::Unary { op, operand } => self.unary_expr(*op, *operand, hint, span),
            ast::ExprKind::Binary { op, lhs, rhs } => self.binary_expr(*op, *lhs, *rhs, hint, span),
            ast::ExprKind::Logic { op, lhs, rhs } => self.logic_expr(*op, *lhs, *rhs, span),
            ast::ExprKind::Compare { first, rest } => self.compare_expr(*first, rest, span),
            ast::ExprKind::Coalesce { lhs, rhs } => self.coalesce_expr(*lhs, *rhs, hint, span),
            ast::ExprKind::Pipe { value, into } => self.pipe_expr(*value, *into, hint, span),
            ast::ExprKind::Field { base, name } => self.field_expr(id, *base, *name, hint, span),
            ast::ExprKind::Index { base, index } => self.index_expr(*base, *index, span),
            ast::ExprKind::Slice(slice) => self.slice_expr(slice, span),
            ast::ExprKind::Call { callee, args } => self.call_expr(*callee, args, hint, span),
            ast::ExprKind::MethodCall { receiver, method, args } => {
                self.method_call(id, *receiver, *method, args, hint, span)
            }
            ast::ExprKind::Instantiate(inst) => self.instantiate_expr(inst, hint, span),
            ast::ExprKind::Try(inner) => self.try_expr(*inner, span),
            ast::ExprKind::Await(inner) => self.await_expr(*inner, span),
            ast::ExprKind::Async(task) => self.async_expr(*task, hint, span),
            ast::ExprKind::Spawn(spawn) => self.spawn_expr(spawn, span),
            ast::ExprKind::Receive(arms) => self.receive_expr(arms, Want::Infer(hint), span),
            ast::ExprKind::Lambda(f) => self.lambda_expr(*f, hint, span),
            ast::ExprKind::If(inner) => self.if_expr(inner, Want::Infer(hint), span),
            ast::ExprKind::Match(inner) => self.match_expr(inner, Want::Infer(hint), span),
            ast::ExprKind::Loop(body) => self.loop_expr(*body, hint, span),
            ast::ExprKind::Yield(value) => self.yield_expr(*value, span),
            ast::ExprKind::YieldFrom(value) => self.yield_from(*value, span),
            ast::ExprKind::Return(value) => self.return_expr(*value, span),
            ast::ExprKind::Break(value) => self.break_expr(*value, span),
            ast::ExprKind::Continue => self.continue_expr(span),
        }
    }

    fn logic_expr(
        &mut self,
        op: ast::LogicOp,
        lhs: ast::ExprId,
        rhs: ast::ExprId,
        span: Span,
    ) -> ExprId {
        let lhs = self.check(lhs, Ty::bool());
        let rhs = self.check(rhs, Ty::bool());
        self.expr(ExprKind::Logic { op, lhs, rhs }, Ty::bool(), span)
    }

    // -- Literals ----------------------------------------------------------------------------

    fn int_literal(&mut self, lit: ast::IntLit, hint: Option<Ty>, span: Span) -> ExprId {
        let hint = hint.map(|hint| self.shallow(hint));
        let takes = |cx: &Self, ty: Ty| {
            ty.as_int().is_some()
                || cx.prog.infer.int_params.contains(&ty)
                || cx.prog.infer.var_kind(ty) == Some(VarKind::Int)
        };
        let ty = match hint.filter(|ty| takes(self, *ty)) {
            Some(ty) => ty,
            None => self.prog.infer.fresh(VarKind::Int, span),
        };
        self.expr(ExprKind::Lit(Lit::Int(lit)), ty, span)
    }

    fn float_literal(&mut self, value: f64, hint: Option<Ty>, span: Span) -> ExprId {
        let hint = hint.map(|hint| self.shallow(hint)).filter(|ty| ty.as_float().is_some());
        let ty = match hint {
            Some(ty) => ty,
            None => self.prog.infer.fresh(VarKind::Float, span),
        };
        self.expr(ExprKind::Lit(Lit::Float(value)), ty, span)
    }

    fn tuple_expr(&mut self, elems: &[ast::ExprId], hint: Option<Ty>, span: Span) -> ExprId {
        if elems.is_empty() {
            return self.nil(span);
        }
        let hints: &[Ty] = match hint.map(|hint| self.shallow(hint).kind()) {
            Some(TyKind::Tuple(tys)) if tys.len() == elems.len() => tys,
            _ => &[],
        };
        let mut made = Vec::with_capacity(elems.len());
        for (index, elem) in elems.iter().enumerate() {
            let value = match hints.get(index) {
                Some(ty) => self.check(*elem, *ty),
                None => self.value(*elem),
            };
            made.push(value);
        }
        let tys: Vec<Ty> = made.iter().map(|e| self.ty(*e)).collect();
        self.expr(ExprKind::Tuple(made.into()), Ty::tuple(tys), span)
    }

    /// The type that a hint says for the elements of a collection, or a fresh one.
    pub(super) fn element_hint(
        &mut self,
        hint: Option<Ty>,
        item: LangTy,
        index: usize,
        span: Span,
    ) -> Ty {
        let args = hint.and_then(|hint| self.prog.as_lang(self.shallow(hint), item));
        match args {
            Some(args) => args[index],
            None => self.fresh(span),
        }
    }

    fn list_expr(&mut self, elems: &[ast::ExprId], hint: Option<Ty>, span: Span) -> ExprId {
        let elem = self.element_hint(hint, LangTy::List, 0, span);
        let made: Vec<ExprId> = elems.iter().map(|e| self.check(*e, elem)).collect();
        if made.is_empty() {
            let list = self.call_lang(LangFn::ListNew, Vec::new(), span);
            let (found, wanted) = (self.ty(list), self.list(elem));
            self.unify(found, wanted);
            return list;
        }
        let array = self.expr(ExprKind::ArrayLit(made.into()), Ty::array(elem), span);
        self.call_lang(LangFn::ListFromArray, vec![array], span)
    }

    fn set_expr(&mut self, elems: &[ast::ExprId], hint: Option<Ty>, span: Span) -> ExprId {
        let elem = self.element_hint(hint, LangTy::Set, 0, span);
        let made: Vec<ExprId> = elems.iter().map(|e| self.check(*e, elem)).collect();
        let set = self.call_lang(LangFn::SetNew, Vec::new(), span);
        let (found, wanted) = (self.ty(set), self.prog.lang_ty(LangTy::Set, [elem]));
        self.unify(found, wanted);
        let mut stmts = Vec::new();
        let local = self.temp(set, false, &mut stmts);
        for value in made {
            let target = self.local(local, span);
            let call = self.call_lang(LangFn::SetAdd, vec![target, value], span);
            stmts.push(Stmt::Expr(call));
        }
        let value = self.local(local, span);
        self.block(stmts, Some(value), span)
    }

    fn dict_expr(
        &mut self,
        entries: &[(ast::ExprId, ast::ExprId)],
        hint: Option<Ty>,
        span: Span,
    ) -> ExprId {
        // `{}` is an empty dict, but where a set is expected it can only be meant as one.
        if entries.is_empty()
            && let Some(hint) = hint
            && self.prog.as_lang(self.shallow(hint), LangTy::Set).is_some()
        {
            return self.set_expr(&[], Some(hint), span);
        }
        let key = self.element_hint(hint, LangTy::Dict, 0, span);
        let value = self.element_hint(hint, LangTy::Dict, 1, span);
        let mut made = Vec::with_capacity(entries.len());
        for (k, v) in entries {
            made.push((self.check(*k, key), self.check(*v, value)));
        }
        let dict = self.call_lang(LangFn::DictNew, Vec::new(), span);
        let (found, wanted) = (self.ty(dict), self.prog.lang_ty(LangTy::Dict, [key, value]));
        self.unify(found, wanted);
        if made.is_empty() {
            return dict;
        }
        let mut stmts = Vec::new();
        let local = self.temp(dict, false, &mut stmts);
        for (k, v) in made {
            let target = self.local(local, span);
            let call = self.call_lang(LangFn::DictSet, vec![target, k, v], span);
            stmts.push(Stmt::Expr(call));
        }
        let value = self.local(local, span);
        self.block(stmts, Some(value), span)
    }

    fn range_expr(
        &mut self,
        lo: ast::ExprId,
        hi: ast::ExprId,
        inclusive: bool,
        span: Span,
    ) -> ExprId {
        let (lo, hi) = self.range_ends(lo, hi);
        let item = if inclusive { LangFn::RangeInclusive } else { LangFn::RangeNew };
        self.call_lang(item, vec![lo, hi], span)
    }

    /// The ends of a range, which have one type.
    pub(super) fn range_ends(&mut self, lo: ast::ExprId, hi: ast::ExprId) -> (ExprId, ExprId) {
        let lo = self.value(lo);
        let ty = self.ty(lo);
        let hi = self.check(hi, ty);
        (lo, hi)
    }

    // -- Early exits -------------------------------------------------------------------------

    pub(super) fn return_expr(&mut self, value: Option<ast::ExprId>, span: Span) -> ExprId {
        let frame = self.frame();
        let (ret, generator) = (frame.ret, frame.flavour == ast::FnFlavour::Generator);
        let made = match value {
            Some(value) if generator => {
                let span = self.ast.exprs[value].span;
                return self
                    .misplaced(span, "a generator gives values by `yield`; its `return` has none");
            }
            Some(value) => {
                self.frame().returns_value = true;
                Some(self.check(value, ret))
            }
            None => {
                if !generator && !self.unify(ret, Ty::nil()) {
                    let wanted = self.name_of(ret);
                    return self.wrong(
                        codes::TYPE_MISMATCH,
                        span,
                        format!("expected a value of type `{wanted}` to return"),
                    );
                }
                None
            }
        };
        self.leave_function(made, span)
    }

    /// `return`, which with contracts leaves the body for what is checked at exit.
    pub(super) fn leave_function(&mut self, value: Option<ExprId>, span: Span) -> ExprId {
        match self.frame().ret_loop {
            Some(target) => self.expr(ExprKind::Break { target, value }, Ty::never(), span),
            None => self.expr(ExprKind::Return(value), Ty::never(), span),
        }
    }

    // -- Variants of the library ---------------------------------------------------------------

    /// Builds a variant of `Option` or `Result`.
    pub(super) fn lang_variant(
        &mut self,
        ty: Ty,
        variant: u32,
        fields: Vec<ExprId>,
        span: Span,
    ) -> ExprId {
        let order = (0..fields.len() as u32).map(FieldIdx).collect();
        let fields = fields.into_iter().map(Some).collect();
        let kind = ExprKind::Construct { variant: VariantIdx(variant), fields, order, base: None };
        self.expr(kind, ty, span)
    }

    /// A pattern of a variant with one field, bound to a new local.
    pub(super) fn variant_binding(
        &mut self,
        ty: Ty,
        variant: u32,
        inner: Ty,
        span: Span,
    ) -> (PatId, LocalId) {
        let local = self.new_local(sepal_base::Symbol::intern(""), inner, false, span);
        let bind = self.pat(PatKind::Bind { local, sub: None }, inner, span);
        let fields = Box::from([(FieldIdx(0), bind)]);
        (self.pat(PatKind::Adt { variant: VariantIdx(variant), fields }, ty, span), local)
    }
}

/// The variants of `Option` and `Result`, in the order in which `std` declares them.
pub(super) const SOME: u32 = 0;
pub(super) const NONE: u32 = 1;
pub(super) const OK: u32 = 0;
pub(super) const ERR: u32 = 1;
