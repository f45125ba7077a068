//! Constructors: every field has a value before anybody can see the object.
//!
//! Walks the body of an `init` in the order of evaluation and keeps the set of fields that have a
//! value on every way there. Until it is full, `self` may only be used to assign or read fields
//! that have one.

use crate::body::Draft;
use crate::ir::*;
use crate::program::Program;
use sepal_base::{Diagnostic, Span, codes};

/// The fields that have a value; `None` where the code does not come.
type Set = Option<Vec<bool>>;

impl Program {
    pub(crate) fn check_init(&mut self, draft: &Draft) {
        let Owner::Adt(adt) = self.items.fns[draft.id].owner else { return };
        if self.items.adts[adt].init != Some(draft.id) {
            return;
        }
        let fields = &self.items.adts[adt].variants[VariantIdx(0)].fields;
        let start: Vec<bool> = fields.iter().map(|field| field.default.is_some()).collect();
        let object = draft.body.params[0];
        let mut walk = Walk { body: &draft.body, object, loops: Vec::new(), wrong: None };
        let end = walk.expr(draft.body.root, Some(start));
        let span = self.items.fns[draft.id].span;
        let wrong = walk.wrong.or_else(|| Some((missing(&end?)?, span)));
        if let Some((field, at)) = wrong {
            let def = &self.items.adts[adt].variants[VariantIdx(0)].fields[FieldIdx(field as u32)];
            let name = def.name.expect("fields of classes have names");
            let message = format!("the field `{name}` has no value yet");
            let diagnostic = Diagnostic::new(codes::FIELD_NOT_SET, at, message);
            let diagnostic = diagnostic.secondary(def.span, "declared here without a default");
            self.report(diagnostic.help(format!("`init` must assign `self.{name}` first")));
        }
    }
}

fn missing(set: &[bool]) -> Option<usize> {
    set.iter().position(|has| !has)
}

fn meet(a: Set, b: Set) -> Set {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.iter().zip(&b).map(|(x, y)| *x && *y).collect()),
        (a, b) => a.or(b),
    }
}

struct Walk<'b> {
    body: &'b Body,
    object: LocalId,
    /// The loops around, with what is set wherever they are left so far.
    loops: Vec<(LoopId, Set)>,
    /// The first use of what has no value: a field and where.
    wrong: Option<(usize, Span)>,
}

impl Walk<'_> {
    fn is_self(&self, id: ExprId) -> bool {
        matches!(self.body.exprs[id].kind, ExprKind::Local(local) if local == self.object)
    }

    fn demand(&mut self, field: Option<usize>, at: Span) {
        if let Some(field) = field
            && self.wrong.is_none()
        {
            self.wrong = Some((field, at));
        }
    }

    fn expr(&mut self, id: ExprId, before: Set) -> Set {
        let set = before?;
        let expr = &self.body.exprs[id];
        match &expr.kind {
            ExprKind::Local(local) if *local == self.object => {
                self.demand(missing(&set), expr.span);
                Some(set)
            }
            ExprKind::Field { base, field } if self.is_self(*base) => {
                let index = field.0 as usize;
                self.demand((!set[index]).then_some(index), expr.span);
                Some(set)
            }
            ExprKind::Assign { place, current, value } => {
                self.assign(place, current.is_some(), *value, set)
            }
            ExprKind::If { cond, then, otherwise } => {
                let after = self.expr(*cond, Some(set));
                let yes = self.expr(*then, after.clone());
                let no = match otherwise {
                    Some(otherwise) => self.expr(*otherwise, after),
                    None => after,
                };
                meet(yes, no)
            }
            ExprKind::Match { scrutinee, arms } => {
                let after = self.expr(*scrutinee, Some(set));
                self.arms(arms, after)
            }
            ExprKind::Loop { id, body } => {
                // Later rounds begin with more set, so the first one says what is set at least.
                self.loops.push((*id, None));
                self.expr(*body, Some(set));
                self.loops.pop().and_then(|(_, left)| left)
            }
            ExprKind::Return(value) => {
                let end = value.map_or(Some(set.clone()), |value| self.expr(value, Some(set)));
                if let Some(end) = &end {
                    self.demand(missing(end), expr.span);
                }
                None
            }
            ExprKind::Break { target, value } => {
                let left = value.map_or(Some(set.clone()), |value| self.expr(value, Some(set)));
                if let Some((_, state)) = self.loops.iter_mut().rfind(|(id, _)| id == target) {
                    *state = meet(state.take(), left);
                }
                None
            }
            ExprKind::Continue { .. } | ExprKind::Panic { .. } => {
                self.below(id, Some(set));
                None
            }
            ExprKind::Lambda(lambda) => {
                if lambda.captures.contains(&self.object) {
                    self.demand(missing(&set), expr.span);
                }
                Some(set)
            }
            ExprKind::Logic { lhs, rhs, .. } => {
                let after = self.expr(*lhs, Some(set));
                self.expr(*rhs, after.clone());
                after
            }
            ExprKind::Block { stmts, value } => self.block(stmts, *value, set),
            _ => self.below(id, Some(set)),
        }
    }

    fn arms(&mut self, arms: &[Arm], before: Set) -> Set {
        arms.iter().fold(None, |end, arm| {
            let inner = match arm.guard {
                Some(guard) => self.expr(guard, before.clone()),
                None => before.clone(),
            };
            meet(end, self.expr(arm.body, inner))
        })
    }

    fn block(&mut self, stmts: &[Stmt], value: Option<ExprId>, set: Vec<bool>) -> Set {
        let mut state = Some(set);
        for stmt in stmts {
            state = match stmt {
                Stmt::Expr(e) => self.expr(*e, state),
                Stmt::Let { value, otherwise, .. } => {
                    let after = self.expr(*value, state);
                    if let Some(otherwise) = otherwise {
                        self.expr(*otherwise, after.clone());
                    }
                    after
                }
                Stmt::OldCapture { value, .. } => self.expr(*value, state),
            };
        }
        value.map_or(state.clone(), |value| self.expr(value, state))
    }

    fn assign(&mut self, place: &Place, reads: bool, value: ExprId, set: Vec<bool>) -> Set {
        let own = match &place.root {
            PlaceRoot::ClassField { object, field, .. } if self.is_self(*object) => {
                Some(field.0 as usize)
            }
            _ => None,
        };
        let Some(index) = own else {
            let mut state = Some(set);
            match &place.root {
                PlaceRoot::Local(_) => {}
                PlaceRoot::ClassField { object, .. } => state = self.expr(*object, state),
                PlaceRoot::Element { container, index, .. } => {
                    state = self.expr(*container, state);
                    state = self.expr(*index, state);
                }
            }
            return self.expr(value, state);
        };
        if (reads || !place.path.is_empty()) && !set[index] {
            self.demand(Some(index), place.span);
        }
        let mut after = self.expr(value, Some(set))?;
        after[index] = true;
        Some(after)
    }

    /// The parts of an expression one after another.
    fn below(&mut self, id: ExprId, before: Set) -> Set {
        let mut state = before;
        let mut parts = Vec::new();
        self.body.children(id, &mut |child| parts.push(child));
        for part in parts {
            state = self.expr(part, state);
        }
        state
    }
}
