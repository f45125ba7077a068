//! `?` and `??`: a match that leaves the function, or goes on with something else.

use super::expr::{ERR, NONE, OK, SOME};
use super::{BodyCx, Pending};
use crate::ir::*;
use crate::lang::LangTy;
use crate::ty::Ty;
use crate::types::a;
use sepal_base::{Diagnostic, Span, codes};
use sepal_syntax::ast;

/// Where a `?` goes when there is nothing to go on with.
#[derive(Clone, Copy)]
pub(crate) struct WayOut {
    /// The type that `return` takes there.
    pub(super) ret: Ty,
    /// With contracts, this loop is left instead of the function.
    ret_loop: Option<LoopId>,
}

impl BodyCx<'_> {
    pub(super) fn try_expr(&mut self, inner: ast::ExprId, span: Span) -> ExprId {
        let scrutinee = self.value(inner);
        let ty = self.ty(scrutinee);
        let frame = self.frame();
        let way_out = WayOut { ret: frame.ret, ret_loop: frame.ret_loop };
        if !self.known(ty).is_var() {
            return self.try_value(scrutinee, way_out, span);
        }
        let value = self.fresh(span);
        let made = self.expr(ExprKind::Error, value, span);
        self.draft.pending.push(Pending::Try { expr: made, scrutinee, way_out });
        made
    }

    /// A `?` on a value of a type that is known.
    pub(super) fn try_value(&mut self, scrutinee: ExprId, way_out: WayOut, span: Span) -> ExprId {
        let ty = self.ty(scrutinee);
        let ret = way_out.ret;
        if let Some([value]) = self.prog.as_lang(ty, LangTy::Option) {
            let inner = self.fresh(span);
            let wanted = self.option(inner);
            if self.is_open_result_of_main(ret) {
                let ty = self.name_of(ty);
                let message =
                    format!("`?` on {a_ty} in `main`, which gives no option", a_ty = a(&ty));
                let help = "use `o ?? default`, `if let Some(x) = o` or `match`";
                self.report(Diagnostic::new(codes::BAD_TRY, span, message).help(help));
                return self.error_expr(span);
            }
            if !self.unify(ret, wanted) {
                return self.bad_try(ty, ret, span);
            }
            let early = self.lang_variant(ret, NONE, Vec::new(), span);
            let (some, local) = self.variant_binding(ty, SOME, *value, span);
            let leave = self.leave(way_out, early, span);
            return self.try_match(scrutinee, some, local, None, leave, span);
        }
        let Some([value, error]) = self.prog.as_lang(ty, LangTy::Result) else {
            if ty.is_error() {
                return self.error_expr(span);
            }
            let name = self.name_of(ty);
            let message =
                format!("`?` takes an `Option` or a `Result`, not {a_name}", a_name = a(&name));
            return self.wrong(codes::BAD_TRY, span, message);
        };
        let inner = self.fresh(span);
        let wanted = self.prog.lang_ty(LangTy::Result, [inner, *error]);
        if !self.unify(ret, wanted) {
            return self.bad_try(ty, ret, span);
        }
        let (err, error_local) = self.variant_binding(ty, ERR, *error, span);
        let error_value = self.local(error_local, span);
        let early = self.lang_variant(ret, ERR, vec![error_value], span);
        let (ok, local) = self.variant_binding(ty, OK, *value, span);
        let leave = self.leave(way_out, early, span);
        self.try_match(scrutinee, ok, local, Some(err), leave, span)
    }

    /// What nothing else says of the operand of a `?`: it is what the function gives, else an
    /// option. Whether there was one to be decided so.
    pub(super) fn assume_try(&mut self) -> bool {
        let open = self.draft.pending.iter().find_map(|pending| match pending {
            Pending::Try { scrutinee, way_out, .. } => Some((*scrutinee, way_out.ret)),
            _ => None,
        });
        let Some((scrutinee, ret)) = open else { return false };
        let (ty, span) = (self.ty(scrutinee), self.span(scrutinee));
        let ret = self.shallow(ret);
        let error = self.prog.as_lang(ret, LangTy::Result).map(|args| args[1]);
        let value = self.fresh(span);
        let assumed = match error {
            Some(error) => self.prog.lang_ty(LangTy::Result, [value, error]),
            None => self.option(value),
        };
        self.unify(ty, assumed)
    }

    fn leave(&mut self, way_out: WayOut, value: ExprId, span: Span) -> ExprId {
        match way_out.ret_loop {
            Some(target) => {
                self.expr(ExprKind::Break { target, value: Some(value) }, Ty::never(), span)
            }
            None => self.expr(ExprKind::Return(Some(value)), Ty::never(), span),
        }
    }

    fn try_match(
        &mut self,
        scrutinee: ExprId,
        good: PatId,
        local: LocalId,
        bad: Option<PatId>,
        leave: ExprId,
        span: Span,
    ) -> ExprId {
        let value = self.local(local, span);
        let ty = self.ty(value);
        let leave =
            self.expr(ExprKind::Coerce { kind: Coercion::FromNever, value: leave }, ty, span);
        let scrutinee_ty = self.ty(scrutinee);
        let bad = bad.unwrap_or_else(|| self.pat(PatKind::Wild, scrutinee_ty, span));
        let arms = Box::from([
            Arm { pat: good, guard: None, body: value },
            Arm { pat: bad, guard: None, body: leave },
        ]);
        self.expr(ExprKind::Match { scrutinee, arms }, ty, span)
    }

    /// Whether this is the result of `main`, which is left out and of which nothing is known.
    fn is_open_result_of_main(&self, ret: Ty) -> bool {
        let ret = self.shallow(ret);
        let main = self.prog.main.map(|main| self.shallow(self.prog.items.fns[main].ret));
        ret.is_var() && main == Some(ret)
    }

    fn bad_try(&mut self, ty: Ty, ret: Ty, span: Span) -> ExprId {
        if ret.is_error() {
            return self.error_expr(span);
        }
        let option = self.prog.as_lang(ty, LangTy::Option).is_some();
        let help = match (option, self.prog.as_lang(ret, LangTy::Result).is_some()) {
            (true, true) => "`o.ok_or(error)?` makes a `Result` of an option",
            (true, false) => {
                "the function must give an option, `T?`; else use `o ?? default` or `match`"
            }
            (false, true) => {
                "the types of the errors differ; `r.map_err(f)?` turns one into the other"
            }
            (false, false) => "the function must give a `Result`; else use `match`",
        };
        let (ty, ret) = (self.name_of(ty), self.name_of(ret));
        let message = format!("`?` on {a_ty} in a function that gives `{ret}`", a_ty = a(&ty));
        self.report(Diagnostic::new(codes::BAD_TRY, span, message).help(help));
        self.error_expr(span)
    }

    pub(super) fn coalesce_expr(
        &mut self,
        lhs: ast::ExprId,
        rhs: ast::ExprId,
        hint: Option<Ty>,
        span: Span,
    ) -> ExprId {
        let scrutinee = self.value(lhs);
        let ty = self.ty(scrutinee);
        let ty = self.known(ty);
        let (item, variant) = match self.prog.as_lang(ty, LangTy::Result) {
            Some(_) => (LangTy::Result, OK),
            None => (LangTy::Option, SOME),
        };
        if ty.is_var() {
            let inner = self.fresh(span);
            let option = self.option(inner);
            self.unify(ty, option);
        }
        let ty = self.shallow(ty);
        let Some(args) = self.prog.as_lang(ty, item) else {
            if !ty.is_error() {
                let (name, span) = (self.name_of(ty), self.span(scrutinee));
                self.error(
                    codes::BAD_OPERAND,
                    span,
                    format!(
                        "`??` takes an `Option` or a `Result`, not {a_name}",
                        a_name = a(&name)
                    ),
                );
            }
            self.infer(rhs, hint);
            return self.error_expr(span);
        };
        let inner = args[0];
        // `a ?? b ?? c`: the right side may itself be optional, when more follows.
        let (pat, local) = self.variant_binding(ty, variant, inner, span);
        let value = self.local(local, span);
        let otherwise = self.check(rhs, inner);
        // Which of the two types was meant nobody knows.
        if self.ty(otherwise).is_error() {
            return self.error_expr(span);
        }
        let wild = self.pat(PatKind::Wild, ty, span);
        let arms = Box::from([
            Arm { pat, guard: None, body: value },
            Arm { pat: wild, guard: None, body: otherwise },
        ]);
        self.expr(ExprKind::Match { scrutinee, arms }, inner, span)
    }
}
