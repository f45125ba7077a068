//! Constants whose value needs the constant itself.
//!
//! Looks at what an initialiser reads outright. What a function reads when it is called depends on how it is
//! called, so a circle through one is found when the program runs: here it is only noted where one is possible.

use crate::ir::*;
use crate::program::Program;
use rustc_hash::{FxHashMap, FxHashSet};
use sepal_base::{Diagnostic, codes};

impl Program {
    /// Reports each circle of constants outside the library once.
    pub(crate) fn check_constants(&mut self) {
        let ids: Vec<ConstId> = self.items.consts.ids().collect();
        let mut done = FxHashSet::default();
        for id in ids {
            if !self.items.modules[self.items.consts[id].module].is_std {
                self.follow_constant(id, &mut Vec::new(), &mut done);
            }
        }
        self.note_circles_of_calls();
    }

    /// Notes the constants to which functions that they call may lead back. Calls through values and traits are not followed.
    fn note_circles_of_calls(&mut self) {
        let mut circles = Circles::default();
        for def in self.items.consts.iter() {
            circles.visit(self, def.init);
        }
        for def in self.items.consts.iter_mut() {
            def.may_need_itself = circles.found.contains(&def.init);
        }
    }

    /// The functions of the program, those of constants among them, that a function names.
    fn named_in(&self, id: FnId) -> Vec<FnId> {
        let Some(body) = self.bodies.get(&id) else { return Vec::new() };
        let mut named = Vec::new();
        for expr in &body.exprs {
            if let ExprKind::Const(id) = expr.kind {
                named.push(self.items.consts[id].init);
            } else if let ExprKind::Call { callee: Callee::Fn { id, .. }, .. }
            | ExprKind::FnRef { callee: Callee::Fn { id, .. } } = &expr.kind
            {
                named.push(*id);
            }
        }
        named.retain(|id| !self.items.modules[self.items.fns[*id].module].is_std);
        named
    }

    fn follow_constant(
        &mut self,
        id: ConstId,
        path: &mut Vec<ConstId>,
        done: &mut FxHashSet<ConstId>,
    ) {
        if let Some(start) = path.iter().position(|before| *before == id) {
            self.report_circle(&path[start..]);
            return;
        }
        let Some(body) = self.bodies.get(&self.items.consts[id].init).cloned() else { return };
        if !done.insert(id) {
            return;
        }
        let mut read = Vec::new();
        constants_in(&body, body.root, &mut read);
        path.push(id);
        for next in read {
            self.follow_constant(next, path, done);
        }
        path.pop();
    }

    fn report_circle(&mut self, circle: &[ConstId]) {
        // The whole of a `let` with a pattern has no name.
        let is_named = |id: &ConstId| !self.items.consts[*id].name.as_str().is_empty();
        let named = circle.iter().filter(|id| is_named(id));
        let Some(first) = named.clone().min() else { return };
        // Where all types were left out, the circle was found when one was asked for.
        let was_found = self.diagnostics.iter().any(|known| {
            let is_of = |id: &ConstId| self.items.consts[*id].span == known.primary.span;
            known.code == codes::CYCLIC_DEFINITION && circle.iter().any(is_of)
        });
        if was_found {
            return;
        }
        let def = &self.items.consts[*first];
        let message = format!("the value of `{}` needs itself", def.name);
        let mut diagnostic = Diagnostic::new(codes::CYCLIC_DEFINITION, def.span, message);
        for id in named.filter(|id| *id != first) {
            let def = &self.items.consts[*id];
            diagnostic = diagnostic.secondary(def.span, format!("by way of `{}`", def.name));
        }
        self.report(diagnostic);
    }
}

/// Functions that lead to each other (Tarjan's algorithm).
#[derive(Default)]
struct Circles {
    /// The number of each function that was seen; none when its circle is finished.
    numbers: FxHashMap<FnId, Option<usize>>,
    open: Vec<FnId>,
    /// The members of circles of more than one.
    found: FxHashSet<FnId>,
}

impl Circles {
    /// Gives the lowest number that the function leads to, if its circle is open.
    fn visit(&mut self, program: &Program, id: FnId) -> Option<usize> {
        if let Some(known) = self.numbers.get(&id) {
            return *known;
        }
        let number = self.numbers.len();
        self.numbers.insert(id, Some(number));
        let first = self.open.len();
        self.open.push(id);
        let named = program.named_in(id).into_iter();
        let low = named.filter_map(|next| self.visit(program, next)).fold(number, usize::min);
        if low < number {
            return Some(low);
        }
        let circle: Vec<FnId> = self.open.drain(first..).collect();
        for member in &circle {
            self.numbers.insert(*member, None);
        }
        if circle.len() > 1 {
            self.found.extend(circle);
        }
        None
    }
}

/// The constants that an expression reads when it is evaluated.
fn constants_in(body: &Body, id: ExprId, found: &mut Vec<ConstId>) {
    if let ExprKind::Const(id) = body.exprs[id].kind {
        found.push(id);
    }
    // The body of a function value runs later, if ever.
    if !matches!(body.exprs[id].kind, ExprKind::Lambda(_)) {
        body.children(id, &mut |child| constants_in(body, child, found));
    }
}
