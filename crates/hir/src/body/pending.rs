//! Work that waits for a type: tried again whenever more is known, and at last decided by
//! assumptions.

use super::BodyCx;
use crate::infer::VarKind;
use crate::ir::*;
use crate::ty::Ty;
use sepal_base::{Diagnostic, codes};
use sepal_syntax::ast;

/// An expression that is filled in when a type is known.
pub(crate) enum Pending {
    Unary { expr: ExprId, op: ast::UnaryOp, operand: ExprId },
    Binary { expr: ExprId, op: ast::BinOp, lhs: ExprId, rhs: ExprId },
    Compare { expr: ExprId, op: ast::CmpOp, lhs: ExprId, rhs: ExprId },
    Method { expr: ExprId, receiver: ExprId, name: ast::Ident, args: Vec<ExprId> },
    Field { expr: ExprId, base: ExprId, name: ast::Ident },
    Cast { expr: ExprId, value: ExprId, to: Ty },
    Assign { expr: ExprId, target: ExprId, op: Option<ast::BinOp>, value: ExprId },
}

impl BodyCx<'_> {
    /// Does what can be done now.
    pub(super) fn settle(&mut self) {
        loop {
            let progress = self.prog.infer.progress;
            self.prog.retry_obligations(self.prog.session.base);
            if !self.settling {
                self.settling = true;
                self.retry_pending();
                self.settling = false;
            }
            if self.prog.infer.progress == progress {
                return;
            }
        }
    }

    /// Tries everything that waits; whether anything was done.
    pub(crate) fn retry_pending(&mut self) -> bool {
        let list = std::mem::take(&mut self.draft.pending);
        let before = list.len();
        let mut kept = Vec::new();
        for pending in list {
            if let Some(pending) = self.try_pending(pending) {
                kept.push(pending);
            }
        }
        let done = kept.len() < before;
        kept.append(&mut self.draft.pending);
        self.draft.pending = kept;
        done
    }

    /// Gives the work back if it still has to wait.
    fn try_pending(&mut self, pending: Pending) -> Option<Pending> {
        let ready = match &pending {
            Pending::Unary { expr, op, operand } => self.resolve_unary(*expr, *op, *operand),
            Pending::Binary { expr, op, lhs, rhs } => self.resolve_binary(*expr, *op, *lhs, *rhs),
            Pending::Compare { expr, op, lhs, rhs } => self.resolve_compare(*expr, *op, *lhs, *rhs),
            Pending::Method { expr, receiver, name, args } => {
                let known = !self.ty(*receiver).is_var();
                if known {
                    self.finish_method(*expr, *receiver, *name, args.clone());
                }
                known
            }
            Pending::Field { expr, base, name } => self.resolve_field(*expr, *base, *name),
            Pending::Cast { expr, value, to } => {
                let from = self.ty(*value);
                if !from.is_var() {
                    self.finish_cast(*expr, *value, from, *to);
                }
                !from.is_var()
            }
            Pending::Assign { expr, target, op, value } => {
                self.resolve_assign(*expr, *target, *op, *value)
            }
        };
        (!ready).then_some(pending)
    }

    fn resolve_field(&mut self, made: ExprId, base: ExprId, name: ast::Ident) -> bool {
        let ty = self.ty(base);
        if ty.is_var() {
            return false;
        }
        let (span, ret) = (self.span(made), self.draft.body.exprs[made].ty);
        match self.field_of(base, name.name, span) {
            Some(field) => self.replace_pending(made, field, ret),
            None => {
                self.report_missing_field(ty, name, span);
                self.unify(ret, Ty::error());
            }
        }
        true
    }

    // -- Assumptions -------------------------------------------------------------------------

    /// Operands of which nothing else is known have one type, and so has the result.
    pub(crate) fn assume_same_operands(&mut self) {
        let list = std::mem::take(&mut self.draft.pending);
        let mut kept = Vec::new();
        for pending in list {
            match &pending {
                Pending::Binary { expr, op, lhs, rhs } => {
                    let (left, right) = (self.ty(*lhs), self.ty(*rhs));
                    if !matches!(op, ast::BinOp::Shl | ast::BinOp::Shr) {
                        self.unify(left, right);
                    }
                    if self.resolve_binary(*expr, *op, *lhs, *rhs) {
                        continue;
                    }
                    let ty = self.ty(*lhs);
                    if self.prog.infer.var_kind(ty) == Some(VarKind::General) {
                        self.assume_operator(
                            *expr,
                            super::ops::operator_trait(*op),
                            ty,
                            vec![*lhs, *rhs],
                        );
                        continue;
                    }
                }
                Pending::Unary { expr, op, operand } => {
                    let ty = self.ty(*operand);
                    if self.prog.infer.var_kind(ty) == Some(VarKind::General) {
                        let item = if *op == ast::UnaryOp::Neg {
                            crate::lang::LangTrait::Neg
                        } else {
                            crate::lang::LangTrait::BitNot
                        };
                        self.assume_operator(*expr, item, ty, vec![*operand]);
                        continue;
                    }
                }
                Pending::Compare { expr, op, lhs, rhs } => {
                    let ty = self.ty(*lhs);
                    if self.prog.infer.var_kind(ty) == Some(VarKind::General) {
                        self.assume_compare(*expr, *op, *lhs, *rhs);
                        continue;
                    }
                }
                Pending::Method { .. }
                | Pending::Field { .. }
                | Pending::Cast { .. }
                | Pending::Assign { .. } => {}
            }
            kept.push(pending);
        }
        kept.append(&mut self.draft.pending);
        self.draft.pending = kept;
    }

    /// An operator on a type that stays open: its trait becomes a bound.
    fn assume_operator(
        &mut self,
        made: ExprId,
        item: crate::lang::LangTrait,
        ty: Ty,
        args: Vec<ExprId>,
    ) {
        let Some(id) = self.lang_trait(item) else { return };
        let span = self.span(made);
        let arity = self.prog.items.traits[id].generics.params.len() - 1;
        let trait_ref = TraitRef { id, args: vec![ty; arity].into() };
        self.require(ty, trait_ref.clone(), span);
        let callee = Callee::Trait { trait_ref, method: 0, self_ty: ty, args: Box::default() };
        self.becomes(made, ExprKind::Call { callee, args: args.into(), inout: None }, ty);
    }

    fn assume_compare(&mut self, made: ExprId, op: ast::CmpOp, lhs: ExprId, rhs: ExprId) {
        let span = self.span(made);
        let ty = self.ty(lhs);
        self.compare_by_trait(made, op, (lhs, rhs), ty, span);
    }

    /// What is left of literals is `int` or `float`.
    pub(crate) fn default_literals(&mut self) {
        for id in self.draft.body.exprs.ids() {
            self.default_literal(self.draft.body.exprs[id].ty);
        }
        for id in self.draft.body.pats.ids() {
            self.default_literal(self.draft.body.pats[id].ty);
        }
    }

    fn default_literal(&mut self, ty: Ty) {
        if !ty.is_var() {
            return;
        }
        let chosen = match self.prog.infer.var_kind(ty) {
            Some(VarKind::Int) => Ty::int(),
            Some(VarKind::Float) => Ty::float(),
            Some(VarKind::General) | None => return,
        };
        self.unify(ty, chosen);
    }

    /// A method of a type that stays open belongs to the only trait that has one of this name.
    pub(crate) fn assume_traits(&mut self) {
        let list = std::mem::take(&mut self.draft.pending);
        for pending in list {
            match pending {
                Pending::Method { expr, receiver, name, args } if self.ty(receiver).is_var() => {
                    let traits =
                        self.prog.trait_methods.get(&name.name).cloned().unwrap_or_default();
                    match traits[..] {
                        [(id, _)] => {
                            let span = self.span(receiver);
                            let arity = self.prog.items.traits[id].generics.params.len() - 1;
                            let trait_args: Vec<Ty> =
                                (0..arity).map(|_| self.fresh(span)).collect();
                            let ty = self.ty(receiver);
                            self.require(ty, TraitRef { id, args: trait_args.into() }, span);
                            self.finish_trait_method(expr, receiver, id, name, args);
                        }
                        _ => {
                            self.report_open_receiver(receiver, name);
                            let ret = self.draft.body.exprs[expr].ty;
                            self.unify(ret, Ty::error());
                        }
                    }
                }
                Pending::Field { expr, base, name } if self.ty(base).is_var() => {
                    self.report_open_receiver(base, name);
                    let ret = self.draft.body.exprs[expr].ty;
                    self.unify(ret, Ty::error());
                }
                Pending::Cast { value, .. } if self.ty(value).is_var() => {
                    let span = self.span(value);
                    self.error(
                        codes::CANNOT_INFER,
                        span,
                        "the type of this must be known to convert it",
                    );
                    let ty = self.ty(value);
                    self.unify(ty, Ty::error());
                }
                other => self.draft.pending.push(other),
            }
        }
    }

    fn report_open_receiver(&mut self, receiver: ExprId, name: ast::Ident) {
        let ty = self.ty(receiver);
        let span = self.span(receiver);
        let message = format!("the type of this must be known to find `{}`", name.name);
        let diagnostic = Diagnostic::new(codes::CANNOT_INFER, span, message);
        let diagnostic = match ty.kind() {
            crate::ty::TyKind::Var(id) => {
                let from = self.prog.infer.span(*id);
                if from == span {
                    diagnostic
                } else {
                    diagnostic.secondary(from, "write the type here")
                }
            }
            _ => diagnostic,
        };
        self.report(diagnostic);
        self.unify(ty, Ty::error());
    }
}
