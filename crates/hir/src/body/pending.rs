//! Work that waits for a type: tried again whenever more is known, and at last decided by
//! assumptions.

use super::BodyCx;
use super::question::WayOut;
use crate::infer::VarKind;
use crate::ir::*;
use crate::lang::LangTy;
use crate::scope::{Head, builtin_types};
use crate::ty::{FloatTy, Ty, TyKind};
use sepal_base::{Diagnostic, Symbol, codes};
use sepal_syntax::ast;

/// An expression that is filled in when a type is known.
pub(crate) enum Pending {
    Unary {
        expr: ExprId,
        op: ast::UnaryOp,
        operand: ExprId,
    },
    Binary {
        expr: ExprId,
        op: ast::BinOp,
        lhs: ExprId,
        rhs: ExprId,
    },
    Compare {
        expr: ExprId,
        op: ast::CmpOp,
        lhs: ExprId,
        rhs: ExprId,
    },
    Method {
        expr: ExprId,
        receiver: ExprId,
        name: ast::Ident,
        args: Vec<ExprId>,
    },
    Field {
        expr: ExprId,
        base: ExprId,
        name: ast::Ident,
    },
    /// By a literal.
    Index {
        expr: ExprId,
        base: ExprId,
        index: ast::ExprId,
    },
    Cast {
        expr: ExprId,
        value: ExprId,
        to: Ty,
    },
    Assign {
        expr: ExprId,
        target: ExprId,
        op: Option<ast::BinOp>,
        value: ExprId,
    },
    /// Whatever kind of pid it is, as one that does not say what its actor takes.
    Erase {
        value: ExprId,
    },
    /// `scrutinee?`
    Try {
        expr: ExprId,
        scrutinee: ExprId,
        way_out: WayOut,
    },
}

impl Pending {
    /// Whose method is called.
    fn receiver(&self) -> Option<ExprId> {
        match self {
            Pending::Method { receiver, .. } => Some(*receiver),
            Pending::Unary { .. }
            | Pending::Binary { .. }
            | Pending::Compare { .. }
            | Pending::Field { .. }
            | Pending::Index { .. }
            | Pending::Cast { .. }
            | Pending::Assign { .. }
            | Pending::Erase { .. }
            | Pending::Try { .. } => None,
        }
    }
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
            Pending::Index { expr, base, index } => {
                let known = !self.ty(*base).is_var();
                if known {
                    self.finish_index(*expr, *base, *index);
                }
                known
            }
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
            Pending::Erase { value } => self.resolve_erase(*value),
            Pending::Try { expr, scrutinee, way_out } => {
                let known = !self.ty(*scrutinee).is_var();
                if known {
                    self.finish_try(*expr, *scrutinee, *way_out);
                }
                known
            }
        };
        (!ready).then_some(pending)
    }

    fn resolve_erase(&mut self, value: ExprId) -> bool {
        let ty = self.ty(value);
        if ty.is_var() {
            return false;
        }
        let is_pid = |item| self.prog.as_lang(ty, item).is_some();
        if !is_pid(LangTy::Pid) && !is_pid(LangTy::AnyPid) && !ty.is_error() && !ty.is_never() {
            let wanted = self.prog.lang_ty(LangTy::AnyPid, []);
            let span = self.span(value);
            self.report_mismatch(wanted, ty, span);
        }
        true
    }

    fn assume_erased(&mut self, value: ExprId, receivers: &[ExprId]) -> bool {
        self.assume_pid(value, receivers);
        self.resolve_erase(value)
    }

    /// What is used as a pid and stays open is a pid of some mailbox; a parameter without more to say of it is of any.
    pub(super) fn assume_pid(&mut self, value: ExprId, receivers: &[ExprId]) {
        let open = self.ty(value);
        let TyKind::Var(var) = open.kind() else { return };
        let is_it = |ty: Ty| matches!(self.shallow(ty).kind(), TyKind::Var(id) if id == var);
        // A `Pid` of no mailbox has no methods.
        let has_methods = receivers.iter().any(|receiver| is_it(self.ty(*receiver)));
        let is_param =
            self.prog.items.fns[self.draft.id].params.iter().any(|param| is_it(param.ty));
        let pid = if is_param && !has_methods {
            self.prog.lang_ty(LangTy::AnyPid, [])
        } else {
            let mailbox = self.fresh(self.span(value));
            self.prog.lang_ty(LangTy::Pid, [mailbox])
        };
        self.unify(open, pid);
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

    fn finish_index(&mut self, made: ExprId, base: ExprId, index: ast::ExprId) {
        let (span, ret) = (self.span(made), self.draft.body.exprs[made].ty);
        let value = self.part(base, index, span);
        self.replace_pending(made, value, ret);
    }

    fn finish_try(&mut self, made: ExprId, scrutinee: ExprId, way_out: WayOut) {
        let (span, ret) = (self.span(made), self.draft.body.exprs[made].ty);
        let value = self.try_value(scrutinee, way_out, span);
        self.replace_pending(made, value, ret);
    }

    // -- Assumptions -------------------------------------------------------------------------

    /// Operands of which nothing else is known have one type, and so has the result.
    pub(crate) fn assume_same_operands(&mut self) {
        let list = std::mem::take(&mut self.draft.pending);
        let receivers: Vec<ExprId> = list.iter().filter_map(Pending::receiver).collect();
        let mut kept = Vec::new();
        for pending in list {
            match &pending {
                Pending::Binary { expr, op, lhs, rhs } => {
                    let (left, right) = (self.ty(*lhs), self.ty(*rhs));
                    let is_shift = matches!(op, ast::BinOp::Shl | ast::BinOp::Shr);
                    if is_shift {
                        self.default_literal(left);
                    } else {
                        self.unify(left, right);
                    }
                    if self.resolve_binary(*expr, *op, *lhs, *rhs) {
                        continue;
                    }
                    let ty = self.ty(*lhs);
                    let is_open = self.prog.infer.var_kind(ty) == Some(VarKind::General);
                    if is_open || is_shift && self.is_int(ty) {
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
                    self.assume_pids(*lhs, *rhs, &receivers);
                    if self.resolve_compare(*expr, *op, *lhs, *rhs) {
                        continue;
                    }
                    let ty = self.ty(*lhs);
                    if self.prog.infer.var_kind(ty) == Some(VarKind::General) {
                        self.assume_compare(*expr, *op, *lhs, *rhs);
                        continue;
                    }
                }
                Pending::Erase { value } if self.assume_erased(*value, &receivers) => continue,
                Pending::Method { .. }
                | Pending::Field { .. }
                | Pending::Index { .. }
                | Pending::Cast { .. }
                | Pending::Assign { .. }
                | Pending::Erase { .. }
                | Pending::Try { .. } => {}
            }
            kept.push(pending);
        }
        kept.append(&mut self.draft.pending);
        self.draft.pending = kept;
    }

    /// An operator on a type that stays open: its trait becomes a bound. The other operand is of the same type, but the
    /// count of a shift, which is of any; the result is of the type.
    fn assume_operator(
        &mut self,
        made: ExprId,
        item: crate::lang::LangTrait,
        ty: Ty,
        args: Vec<ExprId>,
    ) {
        let Some(id) = self.lang_trait(item) else { return };
        let span = self.span(made);
        let others = args.iter().skip(1).map(|arg| self.ty(*arg)).collect::<Vec<_>>();
        others.iter().for_each(|other| self.default_literal(*other));
        let trait_args: Vec<Ty> = others.into_iter().chain([ty]).collect();
        let trait_ref = TraitRef { id, args: trait_args.into() };
        self.require(ty, trait_ref.clone(), span);
        let callee = Callee::of_trait(trait_ref, 0, ty);
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

    /// A field or method that one type alone has, and no trait, says what its receiver is, whatever the operators
    /// around it assume.
    pub(crate) fn assume_owners(&mut self) {
        while self.assume_owner() {
            self.settle();
        }
    }

    fn assume_owner(&mut self) -> bool {
        let alone = |_: &Self, heads: &[Head]| match *heads {
            [head] => Some(head),
            _ => None,
        };
        (0..self.draft.pending.len()).any(|index| {
            let of_trait = matches!(&self.draft.pending[index], Pending::Method { name, .. } if self.prog.trait_methods.contains_key(&name.name));
            !of_trait && self.assume_head(index, alone)
        })
    }

    /// Chooses of the types that have the field or method that waits there what its receiver is. Whether that is open
    /// and there was one to be chosen.
    fn assume_head(&mut self, index: usize, choose: fn(&Self, &[Head]) -> Option<Head>) -> bool {
        let (receiver, heads) = match &self.draft.pending[index] {
            Pending::Method { expr, receiver, name, args } if self.ty(*receiver).is_var() => {
                let (expr, receiver, name, args) = (*expr, *receiver, *name, args.clone());
                (receiver, self.heads_with_method(name.name, &args, expr))
            }
            Pending::Field { base, name, .. } if self.ty(*base).is_var() => {
                (*base, self.heads_with_field(name.name))
            }
            Pending::Method { .. }
            | Pending::Field { .. }
            | Pending::Index { .. }
            | Pending::Unary { .. }
            | Pending::Binary { .. }
            | Pending::Compare { .. }
            | Pending::Cast { .. }
            | Pending::Assign { .. }
            | Pending::Erase { .. }
            | Pending::Try { .. } => return false,
        };
        choose(self, &heads).is_some_and(|head| self.assume_type(receiver, head))
    }

    fn heads_with_field(&self, name: Symbol) -> Vec<Head> {
        let mut heads = self.visible_heads();
        heads.retain(|head| self.has_field(*head, name));
        heads
    }

    /// Decides what the types of open receivers are, one by one, since each says more about others;
    /// reports the rest.
    pub(crate) fn assume_receivers(&mut self) {
        while self.assume_receiver(Self::only_one)
            || self.assume_receiver(Self::usual_one)
            || self.assume_by_name()
            || self.assume_try()
        {
            self.settle();
        }
        let list = std::mem::take(&mut self.draft.pending);
        for pending in list {
            match pending {
                Pending::Method { expr, receiver: open, name, .. }
                | Pending::Field { expr, base: open, name }
                    if self.ty(open).is_var() =>
                {
                    self.report_open_receiver(open, name);
                    self.give_up(self.draft.body.exprs[expr].ty);
                }
                Pending::Cast { expr, value, to } if self.ty(value).is_var() => {
                    self.assume_cast(expr, value, to);
                }
                Pending::Index { expr, base, index } => self.finish_index(expr, base, index),
                other => self.draft.pending.push(other),
            }
        }
    }

    /// What is still open of a type follows from an error that was reported.
    fn give_up(&mut self, ty: Ty) {
        let mut open = Vec::new();
        self.prog.infer.resolve(ty).walk(&mut |part| {
            if part.is_var() {
                open.push(part);
            }
        });
        for part in open {
            self.unify(part, Ty::error());
        }
    }

    /// The work that waits, in the order in which its receivers or operands stand: what is known of a receiver is
    /// known to the lambdas behind it.
    fn by_place(&self) -> Vec<usize> {
        let place = |index: &usize| {
            let at = match self.draft.pending[*index] {
                Pending::Method { receiver, .. } => receiver,
                Pending::Field { base, .. } => base,
                Pending::Index { expr, .. }
                | Pending::Unary { expr, .. }
                | Pending::Binary { expr, .. }
                | Pending::Compare { expr, .. }
                | Pending::Cast { expr, .. }
                | Pending::Assign { expr, .. }
                | Pending::Erase { value: expr }
                | Pending::Try { expr, .. } => expr,
            };
            let span = self.span(at);
            (span.lo, span.hi)
        };
        let mut order: Vec<usize> = (0..self.draft.pending.len()).collect();
        order.sort_by_key(place);
        order
    }

    /// A method of a type that stays open belongs to the only trait that has one of this name for these
    /// arguments, else method and field to the type that is chosen of those that have it. Whether
    /// there was one to be decided so.
    fn assume_receiver(&mut self, choose: fn(&Self, &[Head]) -> Option<Head>) -> bool {
        for index in self.by_place() {
            if let Pending::Method { expr, receiver, name, args } = &self.draft.pending[index]
                && self.ty(*receiver).is_var()
            {
                let (expr, receiver, name, args) = (*expr, *receiver, *name, args.clone());
                let traits = self.traits_with_method(name.name, &args, expr);
                if let Some(id) = self.only_trait(&traits) {
                    self.draft.pending.remove(index);
                    self.finish_trait_method(expr, receiver, id, name, args);
                    return true;
                }
                if !traits.is_empty() {
                    continue;
                }
            }
            if self.assume_head(index, choose) {
                return true;
            }
        }
        false
    }

    /// A method that several types have is that of each of them. Whether there was one to be decided so.
    fn assume_by_name(&mut self) -> bool {
        for index in self.by_place() {
            if let Pending::Method { expr, receiver, name, args } = &self.draft.pending[index]
                && self.ty(*receiver).is_var()
            {
                let (expr, receiver, name, args) = (*expr, *receiver, *name, args.clone());
                if self.traits_with_method(name.name, &args, expr).is_empty()
                    && !self.heads_with_method(name.name, &args, expr).is_empty()
                {
                    self.draft.pending.remove(index);
                    let id = self.prog.trait_by_name(name.name, args.len());
                    self.finish_trait_method(expr, receiver, id, name, args);
                    return true;
                }
            }
        }
        false
    }

    /// The only one of some traits; of several the only one outside the library, else the one that no operator
    /// stands for.
    fn only_trait(&self, traits: &[TraitId]) -> Option<TraitId> {
        if let [id] = *traits {
            return Some(id);
        }
        let items = &self.prog.items;
        let (library, own): (Vec<TraitId>, Vec<TraitId>) =
            traits.iter().partition(|id| items.modules[items.traits[**id].module].is_std);
        let is_by_name = |id: &TraitId| {
            self.prog.lang.which_trait(*id).is_some_and(crate::lang::LangTrait::is_by_name)
        };
        match own[..] {
            [id] => Some(id),
            [] => library.into_iter().find(is_by_name),
            _ => None,
        }
    }

    /// Of the floats it is `float`, as for literals.
    fn only_one(&self, heads: &[Head]) -> Option<Head> {
        match *heads {
            [head] => Some(head),
            [a @ Head::Float(_), b @ Head::Float(_)] => {
                Some(if a == Head::Float(FloatTy::F64) { a } else { b })
            }
            _ => None,
        }
    }

    /// A list before what else the library goes through in turn or keeps one value in.
    fn usual_one(&self, heads: &[Head]) -> Option<Head> {
        let is = |head: &Head, item: LangTy| matches!(head, Head::Adt(id) if self.prog.lang.is_ty(*id, item));
        let others = [LangTy::Option, LangTy::Result, LangTy::Range, LangTy::Set, LangTy::Gen];
        let list = heads.iter().find(|head| is(head, LangTy::List))?;
        let rest = heads.iter().all(|head| head == list || others.iter().any(|o| is(head, *o)));
        rest.then_some(*list)
    }

    fn assume_type(&mut self, receiver: ExprId, head: Head) -> bool {
        let span = self.span(receiver);
        let known = match head {
            Head::Adt(id) => {
                let count = self.prog.items.adts[id].generics.params.len();
                let args: Vec<Ty> = (0..count).map(|_| self.fresh(span)).collect();
                Ty::adt(id, args)
            }
            head => match head.plain_type() {
                Some(ty) => ty,
                None => return false,
            },
        };
        let ty = self.ty(receiver);
        self.unify(ty, known)
    }

    /// The shapes of the types that have a name or signs of their own here.
    fn visible_heads(&self) -> Vec<Head> {
        let builtin = builtin_types().into_iter().filter_map(|(_, ty)| Head::of(ty));
        let mut heads: Vec<Head> = builtin.collect();
        let signs = LangTy::ALL.iter().filter_map(|item| self.prog.lang.ty(*item));
        let named = self.prog.visible_types(self.module);
        for id in signs.chain(named) {
            if !heads.contains(&Head::Adt(id)) {
                heads.push(Head::Adt(id));
            }
        }
        heads.dedup();
        heads
    }

    fn traits_with_method(
        &mut self,
        name: Symbol,
        args: &[ExprId],
        result: ExprId,
    ) -> Vec<TraitId> {
        let all = self.prog.trait_methods.get(&name).cloned().unwrap_or_default();
        let mut fitting = Vec::new();
        for (id, index) in all {
            let method = self.prog.items.traits[id].methods[index as usize];
            if self.could_be_called(method, args, result) {
                fitting.push(id);
            }
        }
        fitting
    }

    fn heads_with_method(&mut self, name: Symbol, args: &[ExprId], result: ExprId) -> Vec<Head> {
        let mut heads = self.visible_heads();
        heads.retain(|head| {
            let methods = self.prog.inherent.get(&(*head, name)).cloned().unwrap_or_default();
            methods.into_iter().any(|id| self.could_be_called(id, args, result))
        });
        heads
    }

    /// Whether a method takes these arguments and gives what `result` is, as far as is known.
    fn could_be_called(&mut self, id: FnId, args: &[ExprId], result: ExprId) -> bool {
        let def = &self.prog.items.fns[id];
        if def.self_param == SelfKind::None {
            return false;
        }
        let params = &def.params[1..];
        let needed = params.iter().filter(|param| param.default.is_none()).count();
        if args.len() < needed || params.len() < args.len() {
            return false;
        }
        // To ask for its types would be to infer them now.
        if self.prog.uninferred.contains(&id) {
            return true;
        }
        let params: Vec<Ty> = params.iter().map(|param| param.ty).collect();
        let (count, ret, span) = (def.generics.params.len(), def.ret, def.span);
        let before = self.prog.infer.snapshot();
        let fresh: Vec<Ty> = (0..count).map(|_| self.fresh(span)).collect();
        let made = (ret.subst(&fresh), self.ty(result));
        let taken =
            params.iter().zip(args).map(|(param, arg)| (self.ty(*arg), param.subst(&fresh)));
        // What may be converted says nothing.
        let open = |ty: Ty| ty.is_any() || ty.is_never() || matches!(ty.kind(), TyKind::Dyn(..));
        let pairs: Vec<(Ty, Ty)> = taken.chain([made]).collect();
        let fits = pairs.into_iter().all(|(from, to)| open(to) || self.unify(from, to));
        self.prog.infer.rollback(before);
        fits
    }

    fn has_field(&self, head: Head, name: Symbol) -> bool {
        let Head::Adt(id) = head else { return false };
        let def = &self.prog.items.adts[id];
        def.kind != AdtKind::Enum
            && !self.hides_fields(id)
            && def.variants[VariantIdx(0)].fields.iter().any(|field| field.name == Some(name))
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
