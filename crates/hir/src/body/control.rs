//! Suites, branches and loops.

use super::{BodyCx, LoopFrame, MatchSite, Want};
use crate::ir::*;
use crate::ty::Ty;
use sepal_base::{Diagnostic, Span, codes};
use sepal_syntax::ast;

impl BodyCx<'_> {
    /// A suite in a scope of its own.
    pub(super) fn suite(&mut self, id: ast::BlockId, want: Want) -> ExprId {
        let mark = self.enter_scope();
        let value = self.open_suite(id, want, Vec::new());
        self.leave_scope(mark);
        value
    }

    /// A suite in the scope that is open, after the statements given.
    pub(super) fn open_suite(
        &mut self,
        id: ast::BlockId,
        want: Want,
        mut stmts: Vec<Stmt>,
    ) -> ExprId {
        let ast = self.ast;
        let block = &ast.blocks[id];
        self.declare_block_items(block);
        let last = block.stmts.split_last();
        let mut value = None;
        if let Some((last, before)) = last {
            for stmt in before {
                self.stmt(*stmt, &mut stmts);
            }
            // Nobody comes to a last line behind a `return`: it need not give what is wanted.
            let leaves = stmts.iter().any(|stmt| self.stmt_leaves(stmt));
            match ast.stmts[*last].kind {
                ast::StmtKind::Expr(e) if !leaves => value = Some(self.want(e, want)),
                _ => self.stmt(*last, &mut stmts),
            }
        }
        self.close_suite(stmts, value, want, block.span)
    }

    pub(super) fn close_suite(
        &mut self,
        mut stmts: Vec<Stmt>,
        value: Option<ExprId>,
        want: Want,
        span: Span,
    ) -> ExprId {
        let leaves = stmts.iter().any(|stmt| self.stmt_leaves(stmt));
        let value = match (value, want) {
            (Some(value), Want::Drop) => {
                let never = self.ty(value).is_never();
                if never {
                    Some(value)
                } else {
                    stmts.push(Stmt::Expr(value));
                    None
                }
            }
            (Some(value), _) => Some(value),
            (None, Want::Check(ty))
                if !leaves && !self.unify(ty, Ty::nil()) && !self.shallow(ty).is_any() =>
            {
                self.report_no_value(ty, &stmts, span);
                Some(self.error_expr(span))
            }
            (None, Want::Check(ty)) if !leaves && self.shallow(ty).is_any() => {
                let nil = self.nil(span);
                Some(self.coerce(nil, ty))
            }
            (None, _) => None,
        };
        let ty = match value {
            _ if leaves => Ty::never(),
            Some(value) => self.ty(value),
            None => Ty::nil(),
        };
        let only = if stmts.is_empty() { value } else { None };
        let made = match only {
            Some(only) => only,
            None => self.expr(ExprKind::Block { stmts: stmts.into(), value }, ty, span),
        };
        match want {
            // The suite never ends, whatever is wanted of it.
            Want::Check(wanted) => self.coerce(made, wanted),
            Want::Drop | Want::Infer(_) | Want::Tail => made,
        }
    }

    /// That a suite ends without the value that is wanted of it: its last statement gives none.
    fn report_no_value(&mut self, wanted: Ty, stmts: &[Stmt], span: Span) {
        let diagnostic = self.no_value(wanted, self.span_of_last(stmts).unwrap_or(span));
        self.report(
            diagnostic.note("a suite gives the value of its last line, and this gives none"),
        );
    }

    /// Where the last of some statements stands.
    pub(super) fn span_of_last(&self, stmts: &[Stmt]) -> Option<Span> {
        match stmts.last() {
            Some(Stmt::Expr(e) | Stmt::Let { value: e, .. }) => Some(self.span(*e)),
            Some(Stmt::OldCapture { .. }) | None => None,
        }
    }

    fn no_value(&self, wanted: Ty, span: Span) -> Diagnostic {
        let wanted = self.name_of(wanted);
        let message = format!("expected a value of type `{wanted}`, found none");
        Diagnostic::new(codes::TYPE_MISMATCH, self.prog.sources.mark(span), message)
    }

    fn stmt_leaves(&self, stmt: &Stmt) -> bool {
        match stmt {
            Stmt::Expr(e) => self.ty(*e).is_never(),
            Stmt::Let { value, .. } => self.ty(*value).is_never(),
            Stmt::OldCapture { .. } => false,
        }
    }

    // -- Branches ----------------------------------------------------------------------------

    pub(super) fn if_expr(&mut self, node: &ast::If, want: Want, span: Span) -> ExprId {
        // Without `else` there is no value.
        let inner = match (node.else_body, want) {
            (None, _) => Want::Drop,
            (Some(_), want) => want,
        };
        let mut branches = Branches::new(inner);
        let mut conds = Vec::with_capacity(node.arms.len());
        for arm in &node.arms {
            let mark = self.enter_scope();
            let cond = match arm.cond {
                ast::Cond::Expr(e) => IfCond::Bool(self.check(e, Ty::bool())),
                ast::Cond::Let { pat, value } => {
                    let value = self.value(value);
                    let ty = self.ty(value);
                    let pat = self.bind_pattern(pat, ty);
                    IfCond::Let(pat, value)
                }
            };
            let want = branches.want();
            let body = self.open_suite(arm.body, want, Vec::new());
            self.leave_scope(mark);
            self.add_branch(&mut branches, body);
            conds.push(cond);
        }
        if let Some(body) = node.else_body {
            let want = branches.want();
            let body = self.suite(body, want);
            self.add_branch(&mut branches, body);
        }
        let (bodies, ty) = self.join(branches, span);
        let ty = if node.else_body.is_some() { ty } else { Ty::nil() };
        let made = self.build_if(&conds, &bodies, ty, span);
        match (node.else_body, want) {
            (None, Want::Check(wanted)) => {
                self.converted(made, wanted).unwrap_or_else(|(wanted, _)| {
                    let diagnostic = self.no_value(wanted, span);
                    self.report(diagnostic.help("an `if` without an `else` gives no value"));
                    self.error_expr(span)
                })
            }
            _ => made,
        }
    }

    fn build_if(&mut self, conds: &[IfCond], bodies: &[ExprId], ty: Ty, span: Span) -> ExprId {
        let mut rest = bodies.get(conds.len()).copied();
        for (index, (cond, body)) in conds.iter().zip(bodies).enumerate().rev() {
            let whole = if index == 0 { span } else { self.span(*body) };
            rest = Some(match cond {
                IfCond::Bool(cond) => self.if_else(*cond, *body, rest, ty, whole),
                IfCond::Let(pat, scrutinee) => {
                    let scrutinee_ty = self.ty(*scrutinee);
                    let wild = self.pat(PatKind::Wild, scrutinee_ty, whole);
                    let otherwise = match rest {
                        Some(rest) => rest,
                        None => self.nil(whole),
                    };
                    let arms = Box::from([
                        Arm { pat: *pat, guard: None, body: *body },
                        Arm { pat: wild, guard: None, body: otherwise },
                    ]);
                    self.expr(ExprKind::Match { scrutinee: *scrutinee, arms }, ty, whole)
                }
            });
        }
        rest.expect("an `if` has an arm")
    }

    pub(super) fn match_expr(&mut self, node: &ast::Match, want: Want, span: Span) -> ExprId {
        let scrutinee = self.value(node.scrutinee);
        let scrutinee_ty = self.ty(scrutinee);
        let scrutinee_ty = self.known(scrutinee_ty);
        let mut branches = Branches::new(want);
        let mut heads = Vec::with_capacity(node.arms.len());
        for arm in &node.arms {
            let mark = self.enter_scope();
            let pat = self.bind_pattern(arm.pat, scrutinee_ty);
            let guard = arm.guard.map(|guard| self.check(guard, Ty::bool()));
            let want = branches.want();
            let body = self.open_suite(arm.body, want, Vec::new());
            self.leave_scope(mark);
            self.add_branch(&mut branches, body);
            heads.push((pat, guard));
        }
        let (bodies, ty) = self.join(branches, span);
        let arms = heads.iter().zip(bodies).map(|((pat, guard), body)| Arm {
            pat: *pat,
            guard: *guard,
            body,
        });
        let made = self.expr(ExprKind::Match { scrutinee, arms: arms.collect() }, ty, span);
        self.draft.matches.push(MatchSite::Match(made));
        made
    }

    /// Takes note of a branch and its type.
    pub(super) fn add_branch(&mut self, branches: &mut Branches, body: ExprId) {
        branches.bodies.push(body);
        let ty = self.ty(body);
        if ty.is_never() || ty.is_error() {
            return;
        }
        match (branches.ty, branches.kind) {
            (None, _) => branches.ty = Some(ty),
            (Some(_), Want::Check(_) | Want::Drop) => {}
            (Some(before), Want::Infer(_) | Want::Tail) => {
                if branches.differs.is_none() && !self.unify(before, ty) {
                    branches.differs = Some(body);
                }
            }
        }
    }

    /// The branches as values of one type.
    pub(super) fn join(&mut self, branches: Branches, span: Span) -> (Vec<ExprId>, Ty) {
        let Branches { kind, bodies, ty, differs } = branches;
        let all_never = !bodies.is_empty() && bodies.iter().all(|body| self.ty(*body).is_never());
        let drop_values = match (kind, differs) {
            (Want::Drop, _) | (Want::Tail, Some(_)) => true,
            (Want::Infer(_), Some(body)) => {
                let expected = ty.expect("the branches differ");
                let found = self.ty(body);
                let at = self.value_span(body);
                let mut diagnostic = self.mismatch(expected, found, at);
                let first =
                    bodies.iter().copied().find(|b| !self.ty(*b).is_never()).unwrap_or(body);
                let wanted = self.name_of(expected);
                diagnostic = diagnostic.secondary(
                    self.value_span(first),
                    format!("the other branches give `{wanted}`"),
                );
                self.report(diagnostic);
                return (bodies, Ty::error());
            }
            (Want::Infer(_) | Want::Tail, None) | (Want::Check(_), _) => false,
        };
        if all_never {
            return (bodies, Ty::never());
        }
        if drop_values {
            let bodies = bodies.into_iter().map(|body| self.dropped(body, span)).collect();
            return (bodies, Ty::nil());
        }
        let ty = match kind {
            Want::Check(ty) => ty,
            Want::Drop | Want::Infer(_) | Want::Tail => ty.unwrap_or(Ty::nil()),
        };
        let bodies = bodies.into_iter().map(|body| self.coerce(body, ty)).collect();
        (bodies, ty)
    }

    /// The expression for what it does only.
    pub(super) fn dropped(&mut self, value: ExprId, span: Span) -> ExprId {
        let ty = self.ty(value);
        if ty.is_nil() || ty.is_error() {
            return value;
        }
        if ty.is_never() {
            return self.coerce(value, Ty::nil());
        }
        self.block(vec![Stmt::Expr(value)], None, span)
    }

    /// The place of the value of a suite.
    fn value_span(&self, id: ExprId) -> Span {
        match &self.draft.body.exprs[id].kind {
            ExprKind::Block { value: Some(value), .. } => self.value_span(*value),
            _ => self.span(id),
        }
    }

    // -- Loops -------------------------------------------------------------------------------

    pub(super) fn push_loop(&mut self, values: bool, ty: Ty) -> LoopId {
        let id = self.fresh_loop();
        self.frame().loops.push(LoopFrame { id, values, ty, broken: false });
        id
    }

    pub(super) fn pop_loop(&mut self) -> LoopFrame {
        self.frame().loops.pop().expect("pushed by the loop")
    }

    pub(super) fn loop_expr(&mut self, body: ast::BlockId, hint: Option<Ty>, span: Span) -> ExprId {
        let ty = match hint {
            Some(hint) => hint,
            None => self.fresh(span),
        };
        let id = self.push_loop(true, ty);
        let body = self.suite(body, Want::Drop);
        let frame = self.pop_loop();
        let ty = if frame.broken { frame.ty } else { Ty::never() };
        self.expr(ExprKind::Loop { id, body }, ty, span)
    }

    pub(super) fn while_stmt(&mut self, cond: ast::Cond, body: ast::BlockId, span: Span) -> ExprId {
        let id = self.push_loop(false, Ty::nil());
        let mark = self.enter_scope();
        let (inner, endless) = match cond {
            ast::Cond::Expr(e) => {
                let endless = matches!(self.ast.exprs[e].kind, ast::ExprKind::Bool(true));
                let cond = self.check(e, Ty::bool());
                let body = self.open_suite(body, Want::Drop, Vec::new());
                let body = self.dropped(body, span);
                let leave = self.break_out(id, span);
                let leave = self.dropped(leave, span);
                let inner = if endless {
                    body
                } else {
                    self.if_else(cond, body, Some(leave), Ty::nil(), span)
                };
                (inner, endless)
            }
            ast::Cond::Let { pat, value } => {
                let scrutinee = self.value(value);
                let ty = self.ty(scrutinee);
                let ty = self.known(ty);
                let pat = self.bind_pattern(pat, ty);
                let body = self.open_suite(body, Want::Drop, Vec::new());
                let body = self.dropped(body, span);
                let leave = self.break_out(id, span);
                let leave = self.dropped(leave, span);
                let wild = self.pat(PatKind::Wild, ty, span);
                let arms = Box::from([
                    Arm { pat, guard: None, body },
                    Arm { pat: wild, guard: None, body: leave },
                ]);
                (self.expr(ExprKind::Match { scrutinee, arms }, Ty::nil(), span), false)
            }
        };
        self.leave_scope(mark);
        let frame = self.pop_loop();
        let ty = if endless && !frame.broken { Ty::never() } else { Ty::nil() };
        self.expr(ExprKind::Loop { id, body: inner }, ty, span)
    }

    /// `break` of the desugaring.
    pub(super) fn break_out(&mut self, target: LoopId, span: Span) -> ExprId {
        self.expr(ExprKind::Break { target, value: None }, Ty::never(), span)
    }

    pub(super) fn break_expr(&mut self, value: Option<ast::ExprId>, span: Span) -> ExprId {
        let Some(frame) = self.frame().loops.last_mut() else {
            return self.misplaced(span, "`break` stands outside a loop");
        };
        frame.broken = true;
        let (target, values, ty) = (frame.id, frame.values, frame.ty);
        let value = match value {
            Some(value) if !values => {
                let span = self.ast.exprs[value].span;
                return self.misplaced(span, "only `loop` gives a value by `break`");
            }
            Some(value) => Some(self.check(value, ty)),
            None => {
                if values && !self.unify(ty, Ty::nil()) {
                    let wanted = self.name_of(ty);
                    let message = format!("expected `break` with a value of type `{wanted}`");
                    self.report(Diagnostic::new(codes::TYPE_MISMATCH, span, message));
                }
                None
            }
        };
        self.expr(ExprKind::Break { target, value }, Ty::never(), span)
    }

    pub(super) fn continue_expr(&mut self, span: Span) -> ExprId {
        match self.frame().loops.last() {
            Some(frame) => {
                let target = frame.id;
                self.expr(ExprKind::Continue { target }, Ty::never(), span)
            }
            None => self.misplaced(span, "`continue` stands outside a loop"),
        }
    }
}

enum IfCond {
    Bool(ExprId),
    Let(PatId, ExprId),
}

/// Branches that are being checked one after another.
pub(super) struct Branches {
    kind: Want,
    bodies: Vec<ExprId>,
    /// The type of the first branch that comes to an end.
    ty: Option<Ty>,
    /// A branch whose type is another one.
    differs: Option<ExprId>,
}

impl Branches {
    pub(super) fn new(kind: Want) -> Branches {
        Branches { kind, bodies: Vec::new(), ty: None, differs: None }
    }

    /// What is wanted of the next branch.
    pub(super) fn want(&self) -> Want {
        match (self.kind, self.ty) {
            (Want::Infer(None), Some(ty)) => Want::Infer(Some(ty)),
            (kind, _) => kind,
        }
    }
}
