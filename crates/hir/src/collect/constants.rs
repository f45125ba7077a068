//! Constants whose value needs the constant itself.
//!
//! Looks at what an initialiser reads outright. What a function reads when it is called depends on how it is
//! called, so a circle through one is found when the program runs.

use crate::ir::*;
use crate::program::Program;
use rustc_hash::FxHashSet;
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
