//! Expressions and statements.

use super::{BodyCx, Gives, LoopFrame, Slot};
use crate::Refusal;
use crate::cx::{Instance, Vals};
use sepal_abi::{PanicCode, RtFn};
use sepal_base::Span;
use sepal_hir::ast::{ContractKind, LogicOp};
use sepal_hir::{
    Coercion, ConstId, ContractCheck, Expr, ExprId, ExprKind, FieldIdx, FnKind, IntTy, Lit, LoopId,
    PanicKind, Stmt, Ty, VariantIdx,
};
use sepal_mir::{BinOp, Hint, Type};
use std::rc::Rc;

impl BodyCx<'_, '_> {
    /// The scalars of an expression's value.
    pub(super) fn expr(&mut self, id: ExprId) -> Vals {
        let body = Rc::clone(&self.body);
        let expr = &body.exprs[id];
        if self.b.is_unreachable() && !self.needs_lowering(expr) {
            return self.dead(self.subst(expr.ty));
        }
        self.at(expr.span);
        match &expr.kind {
            ExprKind::Error => {
                self.cx.refuse(Refusal::Errors);
                self.dead(self.subst(expr.ty))
            }
            ExprKind::Lit(lit) => self.literal(lit, self.subst(expr.ty)),
            ExprKind::Local(local) => self.read_local(*local),
            ExprKind::Const(id) => self.constant(*id),
            ExprKind::FnRef { callee } => self.fn_value(callee, self.subst(expr.ty)),
            ExprKind::Call { callee, args, inout } => {
                self.call(callee, args, inout.as_deref(), self.subst(expr.ty), expr.span, false)
            }
            ExprKind::CallValue { callee, args } => {
                self.call_value(*callee, args, expr.span, false)
            }
            ExprKind::Construct { variant, fields, order, base } => {
                self.construct_expr(self.subst(expr.ty), *variant, fields, order, *base)
            }
            ExprKind::Field { base, field } => {
                let ty = self.expr_ty(*base);
                let value = self.expr(*base);
                self.at(expr.span);
                self.field(ty, &value, VariantIdx(0), *field)
            }
            ExprKind::Tuple(elems) => {
                let values: Vec<Vals> = elems.iter().map(|elem| self.expr(*elem)).collect();
                self.construct(self.subst(expr.ty), VariantIdx(0), &values)
            }
            ExprKind::TupleField { base, index } => {
                let ty = self.expr_ty(*base);
                let value = self.expr(*base);
                self.field(ty, &value, VariantIdx(0), FieldIdx(*index))
            }
            ExprKind::ArrayLit(elems) => self.array_literal(elems, self.subst(expr.ty)),
            ExprKind::Unary { op, operand } => self.unary(*op, *operand, expr.span),
            ExprKind::Binary { op, lhs, rhs } => self.binary(*op, *lhs, *rhs, expr),
            ExprKind::Logic { op, lhs, rhs } => self.logic(*op, *lhs, *rhs),
            ExprKind::If { cond, then, otherwise } => {
                self.if_expr(*cond, *then, *otherwise, self.subst(expr.ty))
            }
            ExprKind::Match { scrutinee, arms } => {
                self.match_expr(*scrutinee, arms, Some(self.subst(expr.ty)))
            }
            ExprKind::Block { stmts, value } => {
                self.stmts(stmts);
                match value {
                    Some(value) => self.expr(*value),
                    None => self.dead(self.subst(expr.ty)),
                }
            }
            ExprKind::Loop { id, body } => self.loop_expr(*id, *body, self.subst(expr.ty)),
            ExprKind::Break { target, value } => {
                let values = value.map_or_else(Vals::new, |value| self.expr(value));
                let exit = self.frame(*target).exit;
                self.b.jump((exit, &values));
                self.dead(self.subst(expr.ty))
            }
            ExprKind::Continue { target } => {
                let head = self.frame(*target).head;
                self.b.jump((head, &[]));
                self.dead(self.subst(expr.ty))
            }
            ExprKind::Return(value) => {
                match value {
                    Some(value) => self.tail(*value),
                    None => self.leave(Vals::new()),
                }
                self.dead(self.subst(expr.ty))
            }
            ExprKind::Assign { place, current, value } => {
                self.assign(place, *current, *value);
                Vals::new()
            }
            ExprKind::Lambda(lambda) => self.lambda(id, lambda),
            ExprKind::Coerce { kind, value } => self.coerce(*kind, *value, self.subst(expr.ty)),
            ExprKind::Cast { value } => self.cast(*value, self.subst(expr.ty), expr.span),
            ExprKind::CastWrap { value } => self.cast_wrap(*value, self.subst(expr.ty)),
            ExprKind::Defer(function) => {
                let closure = self.expr(*function);
                self.rt(RtFn::rt_defer_push, &closure);
                Vals::new()
            }
            ExprKind::Panic { kind, message } => {
                let text = self.expr(*message);
                self.at(expr.span);
                let code = match kind {
                    PanicKind::Explicit => PanicCode::Message,
                    PanicKind::Assert => PanicCode::AssertionFailed,
                };
                self.b.panic(code, &text);
                self.dead(self.subst(expr.ty))
            }
            ExprKind::ContractCheck(check) => {
                self.contract(check, expr.span);
                Vals::new()
            }
            ExprKind::Is { lhs, rhs } => self.identity(*lhs, *rhs, expr.span),
            ExprKind::Yield(value) => self.yield_expr(*value, expr.span),
            ExprKind::Await(future) => self.await_future(*future, expr.span),
            ExprKind::Async(lambda) => self.start_task(*lambda),
            ExprKind::Spawn(spawn) => self.spawn(spawn, self.subst(expr.ty)),
            ExprKind::Receive(receive) => self.receive(receive, Some(self.subst(expr.ty))),
            ExprKind::OnTerminate(handler) => self.on_terminate(*handler),
            ExprKind::SelfPid => self.self_pid(self.subst(expr.ty)),
        }
    }

    /// `lhs is rhs`, of objects.
    fn identity(&mut self, lhs: ExprId, rhs: ExprId, span: Span) -> Vals {
        let ty = self.expr_ty(lhs);
        if self.cx.refusal.is_none() && !self.cx.program.must_be_object(ty, span) {
            self.cx.refuse(Refusal::Errors);
        }
        let (a, b) = (self.expr(lhs), self.expr(rhs));
        let same = match (&a[..], &b[..]) {
            ([a], [b]) => self.b.bin_op(BinOp::Eq, *a, *b),
            // It was reported.
            _ => self.b.const_bool(false),
        };
        Vals::from_slice(&[same])
    }

    /// Dead code is left out, except where it declares what live code refers to: nothing does.
    fn needs_lowering(&self, expr: &Expr) -> bool {
        matches!(expr.kind, ExprKind::Error)
    }

    /// Lowers an expression whose value the function returns, and returns it.
    pub(super) fn tail(&mut self, id: ExprId) {
        let body = Rc::clone(&self.body);
        let expr = &body.exprs[id];
        if self.b.is_unreachable() && !self.needs_lowering(expr) {
            return;
        }
        match &expr.kind {
            ExprKind::If { cond, then, otherwise: Some(otherwise) } => {
                self.at(expr.span);
                let (yes, no) = (self.b.create_block(), self.b.create_block());
                self.condition(*cond, yes, no);
                self.b.switch_to(yes);
                self.tail(*then);
                self.b.switch_to(no);
                self.tail(*otherwise);
            }
            ExprKind::Match { scrutinee, arms } => {
                self.at(expr.span);
                self.match_expr(*scrutinee, arms, None);
            }
            ExprKind::Block { stmts, value: Some(value) } => {
                self.stmts(stmts);
                self.tail(*value);
            }
            ExprKind::Return(Some(value)) => self.tail(*value),
            ExprKind::Receive(receive) => {
                self.at(expr.span);
                self.receive(receive, None);
            }
            ExprKind::Call { callee, args, inout } if self.may_tail_call() => {
                self.at(expr.span);
                let values =
                    self.call(callee, args, inout.as_deref(), self.subst(expr.ty), expr.span, true);
                self.leave_with(values, expr.ty);
            }
            ExprKind::CallValue { callee, args } if self.may_tail_call() => {
                self.at(expr.span);
                let values = self.call_value(*callee, args, expr.span, true);
                self.leave_with(values, expr.ty);
            }
            _ => {
                let values = self.expr(id);
                self.leave_with(values, expr.ty);
            }
        }
    }

    /// Returns, unless the code before does not come here.
    fn leave_with(&mut self, values: Vals, ty: Ty) {
        if self.b.is_unreachable() {
            return;
        }
        if self.subst(ty).is_never() {
            self.b.unreachable();
            return;
        }
        self.leave(values);
    }

    /// No work is left for after the call.
    fn may_tail_call(&self) -> bool {
        self.exit.defers.is_none()
            && self.exit.self_local.is_none()
            && self.exit.gives == Gives::Result
    }

    fn stmts(&mut self, stmts: &[Stmt]) {
        for stmt in stmts {
            if self.b.is_unreachable() {
                return;
            }
            match stmt {
                Stmt::Expr(expr) => {
                    let ty = self.expr_ty(*expr);
                    self.expr(*expr);
                    if ty.is_never() && !self.b.is_unreachable() {
                        self.b.unreachable();
                    }
                }
                Stmt::Let { pat, value, otherwise } => self.let_stmt(*pat, *value, *otherwise),
                Stmt::OldCapture { local, value } => {
                    if self.contracts_on() {
                        let values = self.expr(*value);
                        self.bind_local(*local, values);
                    }
                }
            }
        }
    }

    pub(super) fn literal(&mut self, lit: &Lit, ty: Ty) -> Vals {
        let value = match lit {
            Lit::Int(n) => {
                let int = ty.as_int().unwrap_or(IntTy::I64);
                self.b.const_int(crate::repr::int_type(int), crate::repr::int_word(int, n.value()))
            }
            Lit::Float(x) => {
                let scalar = ty.as_float().map_or(Type::F64, crate::repr::float_type);
                let value = if scalar == Type::F32 { f64::from(*x as f32) } else { *x };
                self.b.const_float(scalar, sepal_mir::FloatBits::new(value))
            }
            Lit::Bool(b) => self.b.const_bool(*b),
            Lit::Char(c) => self.b.const_int(Type::I32, i64::from(u32::from(*c))),
            Lit::Str(text) => self.text(text),
            Lit::Bytes(bytes) => {
                let data = self.cx.module.string(bytes, false);
                self.b.const_string(data)
            }
            Lit::Symbol(name) => {
                let symbol = self.cx.module.symbol(*name);
                self.b.const_symbol(symbol)
            }
            Lit::Nil => return Vals::new(),
        };
        Vals::from_slice(&[value])
    }

    /// A module-level constant: a literal in place, anything else computed once.
    fn constant(&mut self, id: ConstId) -> Vals {
        let def = &self.cx.program.items.consts[id];
        let (init, ty, name) = (def.init, def.ty, def.name);
        let body = self.cx.program.body(init);
        if let ExprKind::Lit(lit) = &body.exprs[body.root].kind {
            return self.literal(lit, ty);
        }
        let get = self.cx.instance(Instance::Const(id), name, |cx| {
            sepal_mir::Signature::new([], cx.repr(ty).scalars.to_vec())
        });
        let results = self.repr_of(ty).scalars.to_vec();
        self.b.call(get, &[], &results).iter().collect()
    }

    fn construct_expr(
        &mut self,
        ty: Ty,
        variant: VariantIdx,
        fields: &[Option<ExprId>],
        order: &[FieldIdx],
        base: Option<ExprId>,
    ) -> Vals {
        let base = base.map(|base| self.expr(base));
        let mut values: Vec<Option<Vals>> = vec![None; fields.len()];
        for field in order {
            if let Some(expr) = fields[field.0 as usize] {
                values[field.0 as usize] = Some(self.expr(expr));
            }
        }
        let mut complete = Vec::with_capacity(fields.len());
        for (n, value) in values.into_iter().enumerate() {
            let field = FieldIdx(n as u32);
            complete.push(match (value, &base) {
                (Some(value), _) => value,
                (None, Some(base)) => self.field(ty, base, variant, field),
                (None, None) => {
                    let field_ty = self.field_ty(ty, variant, field);
                    self.dead(field_ty)
                }
            });
        }
        self.construct(ty, variant, &complete)
    }

    fn array_literal(&mut self, elems: &[ExprId], ty: Ty) -> Vals {
        let sepal_hir::TyKind::Array(elem) = ty.kind() else {
            unreachable!("an array literal makes an array")
        };
        let layout = self.cx.array_layout(*elem);
        let values: Vals = elems.iter().flat_map(|elem| self.expr(*elem)).collect();
        let width = self.repr_of(*elem).scalars.len();
        let array = if width == 0 {
            let len = self.b.iconst(elems.len() as i64);
            self.b.array_new(layout, len)
        } else {
            self.b.array_lit(layout, &values)
        };
        Vals::from_slice(&[array])
    }

    fn logic(&mut self, op: LogicOp, lhs: ExprId, rhs: ExprId) -> Vals {
        let left = self.expr(lhs)[0];
        let (more, join) = (self.b.create_block(), self.b.create_block_with(&[Type::Bool]));
        match op {
            LogicOp::And => self.b.branch(left, (more, &[]), (join, &[left]), Hint::Unknown),
            LogicOp::Or => self.b.branch(left, (join, &[left]), (more, &[]), Hint::Unknown),
        }
        self.b.seal_block(more);
        self.b.switch_to(more);
        let right = self.expr(rhs);
        self.b.jump((join, &right));
        self.b.seal_block(join);
        self.b.switch_to(join);
        Vals::from_slice(&[self.b.block_params(join)[0]])
    }

    /// Goes to `yes` or `no`, without making a value of `and`, `or` and `not`. Seals both.
    pub(super) fn condition(&mut self, cond: ExprId, yes: sepal_mir::Block, no: sepal_mir::Block) {
        self.branch_on(cond, yes, no);
        self.b.seal_block(yes);
        self.b.seal_block(no);
    }

    fn branch_on(&mut self, cond: ExprId, yes: sepal_mir::Block, no: sepal_mir::Block) {
        let body = Rc::clone(&self.body);
        match &body.exprs[cond].kind {
            ExprKind::Logic { op, lhs, rhs } => {
                let more = self.b.create_block();
                match op {
                    LogicOp::And => self.branch_on(*lhs, more, no),
                    LogicOp::Or => self.branch_on(*lhs, yes, more),
                }
                self.b.seal_block(more);
                self.b.switch_to(more);
                self.branch_on(*rhs, yes, no);
            }
            ExprKind::Unary { op: sepal_hir::UnaryOp::Not, operand } => {
                self.branch_on(*operand, no, yes)
            }
            _ => {
                let value = self.expr(cond)[0];
                self.b.branch(value, (yes, &[]), (no, &[]), Hint::Unknown);
            }
        }
    }

    fn if_expr(&mut self, cond: ExprId, then: ExprId, otherwise: Option<ExprId>, ty: Ty) -> Vals {
        let types = self.repr_of(ty).scalars.to_vec();
        let (yes, no) = (self.b.create_block(), self.b.create_block());
        let join = self.b.create_block_with(&types);
        self.condition(cond, yes, no);
        self.b.switch_to(yes);
        self.branch_value(then, join, ty);
        self.b.switch_to(no);
        match otherwise {
            Some(otherwise) => self.branch_value(otherwise, join, ty),
            None => self.b.jump((join, &[])),
        }
        self.join(join)
    }

    /// The value of one of several ways, handed to where they meet.
    pub(super) fn branch_value(&mut self, expr: ExprId, join: sepal_mir::Block, ty: Ty) {
        let values = self.expr(expr);
        if self.b.is_unreachable() {
            return;
        }
        if self.expr_ty(expr).is_never() {
            self.b.unreachable();
            return;
        }
        // The ways of an `if` whose value is dropped may have any type.
        let wanted = self.repr_of(ty).scalars.len();
        self.b.jump((join, &values[..wanted]));
    }

    /// Goes on where several ways meet, with the value they brought.
    pub(crate) fn join(&mut self, join: sepal_mir::Block) -> Vals {
        let values = Vals::from_slice(self.b.block_params(join));
        self.b.seal_block(join);
        self.b.switch_to(join);
        values
    }

    fn loop_expr(&mut self, id: LoopId, body: ExprId, ty: Ty) -> Vals {
        let types = self.repr_of(ty).scalars.to_vec();
        let head = self.b.create_block();
        let exit = self.b.create_block_with(&types);
        self.b.jump((head, &[]));
        self.b.switch_to(head);
        self.loops.push(LoopFrame { id, head, exit });
        self.expr(body);
        self.loops.pop();
        if !self.b.is_unreachable() {
            self.b.jump((head, &[]));
        }
        self.b.seal_block(head);
        self.join(exit)
    }

    fn frame(&self, target: LoopId) -> &LoopFrame {
        self.loops
            .iter()
            .rev()
            .find(|frame| frame.id == target)
            .expect("break and continue stand in their loop")
    }

    fn contracts_on(&self) -> bool {
        match self.cx.options.contracts {
            crate::Contracts::All => true,
            crate::Contracts::Off => false,
            crate::Contracts::Boundary => {
                let def = &self.cx.program.items.fns[self.owner];
                def.public && matches!(def.kind, FnKind::Source(_) | FnKind::Derived(_))
            }
        }
    }

    fn contract(&mut self, check: &ContractCheck, span: sepal_base::Span) {
        if !self.contracts_on() {
            return;
        }
        let kind = match check.kind {
            ContractKind::Requires => "requires",
            ContractKind::Ensures => "ensures",
            ContractKind::EnsuresErr => "ensures_err",
            ContractKind::Invariant => "invariant",
        };
        let mut text = format!("{kind} failed in {}: {}", check.function, check.text);
        let (holds, broken) = (self.b.create_block(), self.b.create_block());
        self.condition(check.cond, holds, broken);
        self.b.switch_to(broken);
        let message = match check.message {
            None => self.text(&text),
            Some(message) => {
                text.push_str(": ");
                let prefix = self.text(&text);
                let more = self.expr(message)[0];
                self.rt(RtFn::rt_str_concat, &[prefix, more])[0]
            }
        };
        self.at(span);
        self.b.panic(PanicCode::ContractFailed, &[message]);
        self.b.switch_to(holds);
    }

    fn coerce(&mut self, kind: Coercion, value: ExprId, to: Ty) -> Vals {
        let from = self.expr_ty(value);
        let values = self.expr(value);
        match kind {
            Coercion::ToAny => self.to_any(from, values),
            Coercion::ToDyn => self.to_dyn(from, values, to),
            Coercion::ErasePid => values,
            Coercion::FromNever => {
                if !self.b.is_unreachable() {
                    self.b.unreachable();
                }
                self.dead(to)
            }
        }
    }

    fn let_stmt(&mut self, pat: sepal_hir::PatId, value: ExprId, otherwise: Option<ExprId>) {
        let ty = self.expr_ty(value);
        let values = self.expr(value);
        match otherwise {
            None => self.bind_irrefutable(pat, ty, values),
            Some(otherwise) => self.let_else(pat, ty, values, otherwise),
        }
    }

    /// The slot of a local, for captures.
    pub(super) fn slot(&self, local: sepal_hir::LocalId) -> &Slot {
        self.locals.get(&local).expect("a captured local is bound")
    }
}
