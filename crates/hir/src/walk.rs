//! Walking the code of a body.
//!
//! Must never skip a part: whoever walks relies on seeing everything that can run.

use crate::ir::*;

impl Body {
    /// Calls `visit` for each expression directly below one, in the order of evaluation.
    pub fn children(&self, id: ExprId, visit: &mut dyn FnMut(ExprId)) {
        let place = |place: &Place, visit: &mut dyn FnMut(ExprId)| match &place.root {
            PlaceRoot::Local(_) => {}
            PlaceRoot::ClassField { object, .. } => visit(*object),
            PlaceRoot::Element { container, index, .. } => {
                visit(*container);
                visit(*index);
            }
        };
        match &self.exprs[id].kind {
            ExprKind::Error
            | ExprKind::Lit(_)
            | ExprKind::Local(_)
            | ExprKind::Const(_)
            | ExprKind::FnRef { .. }
            | ExprKind::Continue { .. }
            | ExprKind::SelfPid => {}
            ExprKind::Call { args, inout, .. } => {
                inout.iter().for_each(|inout| place(inout, visit));
                args.iter().for_each(|arg| visit(*arg));
            }
            ExprKind::CallValue { callee, args } => {
                visit(*callee);
                args.iter().for_each(|arg| visit(*arg));
            }
            ExprKind::Construct { fields, base, .. } => {
                base.iter().for_each(|base| visit(*base));
                fields.iter().flatten().for_each(|field| visit(*field));
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
            ExprKind::Tuple(elems) | ExprKind::ArrayLit(elems) => {
                elems.iter().for_each(|e| visit(*e))
            }
            ExprKind::Binary { lhs, rhs, .. }
            | ExprKind::Logic { lhs, rhs, .. }
            | ExprKind::Is { lhs, rhs } => {
                visit(*lhs);
                visit(*rhs);
            }
            ExprKind::If { cond, then, otherwise } => {
                visit(*cond);
                visit(*then);
                otherwise.iter().for_each(|e| visit(*e));
            }
            ExprKind::Match { scrutinee, arms } => {
                visit(*scrutinee);
                for arm in arms {
                    arm.guard.iter().for_each(|e| visit(*e));
                    visit(arm.body);
                }
            }
            ExprKind::Block { stmts, value } => {
                for stmt in stmts {
                    match stmt {
                        Stmt::Expr(e) => visit(*e),
                        Stmt::Let { value, otherwise, .. } => {
                            visit(*value);
                            otherwise.iter().for_each(|e| visit(*e));
                        }
                        Stmt::OldCapture { value, .. } => visit(*value),
                    }
                }
                value.iter().for_each(|e| visit(*e));
            }
            ExprKind::Break { value, .. } | ExprKind::Return(value) => {
                value.iter().for_each(|e| visit(*e))
            }
            ExprKind::Assign { place: target, value, .. } => {
                place(target, visit);
                visit(*value);
            }
            ExprKind::Lambda(lambda) => visit(lambda.body),
            ExprKind::ContractCheck(check) => {
                visit(check.cond);
                check.message.iter().for_each(|e| visit(*e));
            }
            ExprKind::Spawn(spawn) => {
                visit(spawn.body);
                spawn.options.iter().for_each(|(_, e)| visit(*e));
            }
            ExprKind::Receive(receive) => receive_children(receive, visit),
        }
    }
}

fn receive_children(receive: &Receive, visit: &mut dyn FnMut(ExprId)) {
    for arm in &receive.cases {
        arm.guard.iter().for_each(|e| visit(*e));
        visit(arm.body);
    }
    for arm in receive.down.iter().chain(&receive.exit) {
        arm.guard.iter().for_each(|e| visit(*e));
        visit(arm.body);
    }
    if let Some((ms, body)) = receive.after {
        visit(ms);
        visit(body);
    }
}
