//! Constants whose value needs the constant itself.
//!
//! Looks at what an initialiser reads outright. What a function reads when it is called depends on how it is
//! called, so a circle through one is found when the program runs: here it is only noted where one is possible.

use crate::ir::*;
use crate::program::Program;
use crate::ty::{Ty, TyKind};
use rustc_hash::FxHashSet;
use sepal_base::graph::Components;
use sepal_base::{Diagnostic, Id as _, codes};

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

    /// Notes the constants to which code that their initialisers run may lead back.
    fn note_circles_of_calls(&mut self) {
        if self.items.consts.is_empty() {
            return;
        }
        let in_circles = Components::new(&self.named_by_functions()).in_circles();
        for def in self.items.consts.iter_mut() {
            def.may_need_itself = in_circles[def.init.index()];
        }
    }

    /// What each function of the program names, the initialisers of constants among them. One more node stands for
    /// all that may be called by way of values and traits.
    fn named_by_functions(&self) -> Vec<Vec<FnId>> {
        let count = self.items.fns.len();
        let unknown = FnId::from_index(count);
        let mut named = vec![Vec::new(); count + 1];
        let mut values = Vec::new();
        for (id, body) in &self.bodies {
            if self.is_library(*id) {
                continue;
            }
            let own = &mut named[id.index()];
            for expr in &body.exprs {
                if let ExprKind::Const(constant) = expr.kind {
                    own.push(self.items.consts[constant].init);
                } else if let ExprKind::Call { callee: Callee::Fn { id, .. }, .. } = &expr.kind {
                    own.push(if self.may_call_back(*id) { unknown } else { *id });
                } else if let ExprKind::FnRef { callee: Callee::Fn { id, .. } } = &expr.kind {
                    // It is called here or by way of the value.
                    own.push(*id);
                    values.push(*id);
                } else if let ExprKind::Lambda(_) = expr.kind {
                    values.push(*id);
                } else if let ExprKind::CallValue { .. } | ExprKind::Call { .. } = expr.kind {
                    own.push(unknown);
                }
            }
        }
        let methods = self.items.impls.iter().flat_map(|def| &def.methods).flatten();
        let defaults = self.items.traits.iter().flat_map(|def| &def.methods);
        values.extend(methods.chain(defaults).filter(|id| !self.is_library(**id)));
        named[count] = values;
        named
    }

    fn is_library(&self, id: FnId) -> bool {
        self.items.modules[self.items.fns[id].module].is_std
    }

    /// Whether a function of the library may call code of the program: by way of a trait, a function, or a value that
    /// carries its type.
    fn may_call_back(&self, id: FnId) -> bool {
        let def = &self.items.fns[id];
        let carries_code =
            |ty: Ty| matches!(ty.kind(), TyKind::Fn(_) | TyKind::Any | TyKind::Dyn(..));
        self.is_library(id)
            && (!def.generics.bounds.is_empty() || def.params.iter().any(|p| carries_code(p.ty)))
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
