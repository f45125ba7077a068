//! Walking the code of a body.
//!
//! Must never skip a part: whoever walks relies on seeing everything that can run.

use crate::ir::*;

type Visit<'a> = &'a mut dyn FnMut(ExprId);

impl Body {
    /// Calls `visit` for each expression directly below one, in the order of evaluation.
    pub fn children(&self, id: ExprId, visit: Visit<'_>) {
        match &self.exprs[id].kind {
            ExprKind::Error
            | ExprKind::Lit(_)
            | ExprKind::Local(_)
            | ExprKind::Const(_)
            | ExprKind::FnRef { .. }
            | ExprKind::Continue { .. }
            | ExprKind::SelfPid => {}
            ExprKind::Call { args, inout, .. } => {
                inout.iter().for_each(|place| in_place(place, visit));
                all(args, visit);
            }
            ExprKind::CallValue { callee, args } => {
                visit(*callee);
                all(args, visit);
            }
            ExprKind::Construct { fields, base, .. } => {
                option(*base, visit);
                fields.iter().for_each(|field| option(*field, visit));
            }
            ExprKind::Field { base: e, .. }
            | ExprKind::TupleField { base: e, .. }
            | ExprKind::Unary { operand: e, .. }
            | ExprKind::Loop { body: e, .. }
            | ExprKind::Coerce { value: e, .. }
            | ExprKind::Cast { value: e }
            | ExprKind::CastWrap { value: e }
            | ExprKind::Defer(e)
            | ExprKind::OnTerminate(e)
            | ExprKind::Panic { message: e, .. }
            | ExprKind::Yield(e)
            | ExprKind::Await(e)
            | ExprKind::Async(e) => visit(*e),
            ExprKind::Tuple(elems) | ExprKind::ArrayLit(elems) => all(elems, visit),
            ExprKind::Binary { lhs, rhs, .. }
            | ExprKind::Logic { lhs, rhs, .. }
            | ExprKind::Is { lhs, rhs } => all(&[*lhs, *rhs], visit),
            ExprKind::If { cond, then, otherwise } => {
                all(&[*cond, *then], visit);
                option(*otherwise, visit);
            }
            ExprKind::Match { scrutinee, arms } => {
                visit(*scrutinee);
                in_arms(arms, visit);
            }
            ExprKind::Block { stmts, value } => {
                stmts.iter().for_each(|stmt| in_stmt(stmt, visit));
                option(*value, visit);
            }
            ExprKind::Break { value, .. } | ExprKind::Return(value) => option(*value, visit),
            ExprKind::Assign { place, value, .. } => {
                in_place(place, visit);
                visit(*value);
            }
            ExprKind::Lambda(lambda) => visit(lambda.body),
            ExprKind::ContractCheck(check) => {
                visit(check.cond);
                option(check.message, visit);
            }
            ExprKind::Spawn(spawn) => {
                visit(spawn.body);
                spawn.options.iter().for_each(|(_, e)| visit(*e));
            }
            ExprKind::Receive(receive) => in_receive(receive, visit),
        }
    }
}

fn all(ids: &[ExprId], visit: Visit<'_>) {
    ids.iter().for_each(|id| visit(*id));
}

fn option(id: Option<ExprId>, visit: Visit<'_>) {
    if let Some(id) = id {
        visit(id);
    }
}

fn in_place(place: &Place, visit: Visit<'_>) {
    match &place.root {
        PlaceRoot::Local(_) => {}
        PlaceRoot::ClassField { object, .. } => visit(*object),
        PlaceRoot::Element { container, index, .. } => all(&[*container, *index], visit),
    }
}

fn in_stmt(stmt: &Stmt, visit: Visit<'_>) {
    match stmt {
        Stmt::Expr(e) => visit(*e),
        Stmt::Let { value, otherwise, .. } => {
            visit(*value);
            option(*otherwise, visit);
        }
        Stmt::OldCapture { value, .. } => visit(*value),
    }
}

fn in_arms(arms: &[Arm], visit: Visit<'_>) {
    for arm in arms {
        option(arm.guard, visit);
        visit(arm.body);
    }
}

fn in_receive(receive: &Receive, visit: Visit<'_>) {
    in_arms(&receive.cases, visit);
    for arm in receive.down.iter().chain(&receive.exit) {
        option(arm.guard, visit);
        visit(arm.body);
    }
    if let Some((ms, body)) = receive.after {
        visit(ms);
        visit(body);
    }
}
