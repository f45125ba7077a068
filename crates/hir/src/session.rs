//! Which bodies are checked when: functions with left-out types are inferred when first asked
//! for, and functions that need each other's types are inferred together.
//!
//! Checking follows references depth first. A function is open from the beginning of its check
//! until its group is finished; a reference to an open function uses its variables as they are,
//! and joins all functions checked since then into one group (Tarjan's algorithm).

use crate::body::{BodyCx, Draft};
use crate::infer::VarKind;
use crate::ir::*;
use crate::program::Program;
use crate::traits::{Obligation, Outcome};
use crate::ty::{Ty, TyKind, VarId};
use rustc_hash::FxHashMap;
use sepal_base::{Diagnostic, Span, Symbol, codes};
use std::rc::Rc;

/// The work in progress.
#[derive(Default)]
pub(crate) struct Session {
    /// Functions being checked, the innermost last.
    stack: Vec<Open>,
    /// The functions that are being inferred.
    open: FxHashMap<FnId, Inferred>,
    /// Checked functions whose group is not finished.
    drafts: Vec<Draft>,
    next_index: usize,
    pub(crate) obligations: Vec<Obligation>,
    /// How many checks are under way. Groups that are being finished still count, though none of their functions is on
    /// the stack.
    depth: u32,
    /// Where the stack was when the outermost check began.
    stack_start: usize,
    /// The first obligation of the function being checked.
    pub(crate) base: usize,
    /// What was tried last: how much was known, how many were open, from which on.
    tried: (u64, usize, usize),
}

#[derive(Clone, Copy)]
struct Inferred {
    /// Position in the order in which they were begun.
    index: usize,
    /// The body has been checked; its group is not finished.
    is_checked: bool,
}

struct Open {
    /// The outermost open function that something in here refers to.
    low: usize,
}

/// Nested inference is refused, and the types must be written, when it has used this much of the
/// stack. Calls nest by some kilobytes each, so that is thousands of functions deep.
const MAX_STACK: usize = 96 << 20;

/// A place on the stack of the caller's caller, roughly.
#[inline(never)]
fn stack_address() -> usize {
    let marker = 0u8;
    std::ptr::from_ref(&marker).addr()
}

impl Session {
    /// Whether a function is being checked, or waits for its group.
    pub(crate) fn is_open(&self, id: FnId) -> bool {
        self.open.contains_key(&id)
    }
}

impl Program {
    /// Checks the body of a function if it has not been yet.
    pub(crate) fn ensure_checked(&mut self, id: FnId) {
        if self.session.depth == 0 {
            self.session.stack_start = stack_address();
        }
        if let Some(late) = self.late_defaults.get(&id).copied() {
            self.signature(late.owner);
        }
        if !self.bodies.contains_key(&id) && !self.session.open.contains_key(&id) {
            self.check_group(id);
        }
        if self.session.depth == 0 {
            self.infer.clear();
        }
    }

    /// Makes sure that a function's signature can be read. Until its group is finished it may
    /// hold variables.
    pub(crate) fn signature(&mut self, id: FnId) {
        if !self.uninferred.contains(&id) {
            return;
        }
        if let Some(late) = self.late_defaults.get(&id).copied() {
            return self.signature(late.owner);
        }
        if let Some(open) = self.session.open.get(&id) {
            if let Some(top) = self.session.stack.last_mut() {
                top.low = top.low.min(open.index);
            }
            return;
        }
        if self.session.depth == 0 {
            self.session.stack_start = stack_address();
        }
        if self.session.stack_start.abs_diff(stack_address()) > MAX_STACK {
            let (name, span) = (self.items.fns[id].name, self.items.fns[id].span);
            let message = format!("the types of `{name}` depend on too many others; write them");
            self.error(codes::CANNOT_INFER, span, message);
            self.uninferred.remove(&id);
            return;
        }
        self.check_group(id);
    }

    /// Whether the function's types are being inferred right now.
    pub(crate) fn is_open(&self, id: FnId) -> bool {
        self.uninferred.contains(&id) && self.session.open.contains_key(&id)
    }

    /// The type of a constant, field default or the like that was not written.
    pub(crate) fn inferred_constant(&mut self, init: FnId) -> Ty {
        if self.session.open.get(&init).is_some_and(|open| !open.is_checked) {
            let (name, span) = (self.items.fns[init].name, self.items.fns[init].span);
            let message =
                format!("the type of `{name}` cannot be found without knowing it; write it");
            self.error(codes::CYCLIC_DEFINITION, span, message);
            return Ty::error();
        }
        self.signature(init);
        self.items.fns[init].ret
    }

    fn check_group(&mut self, id: FnId) {
        let saved = std::mem::take(&mut self.infer.int_params);
        self.session.depth += 1;
        self.check_with_group(id);
        self.session.depth -= 1;
        self.infer.int_params = saved;
    }

    fn check_with_group(&mut self, id: FnId) {
        let index = self.session.next_index;
        self.session.next_index += 1;
        self.session.open.insert(id, Inferred { index, is_checked: false });
        self.session.stack.push(Open { low: index });
        let (first_draft, first_obligation) =
            (self.session.drafts.len(), self.session.obligations.len());
        let outer = std::mem::replace(&mut self.session.base, first_obligation);
        let draft = self.check_body(id);
        self.session.base = outer;
        self.session.open.insert(id, Inferred { index, is_checked: true });
        self.session.drafts.push(draft);
        let open = self.session.stack.pop().expect("pushed above");
        if open.low < index {
            if let Some(parent) = self.session.stack.last_mut() {
                parent.low = parent.low.min(open.low);
                return;
            }
            // What it refers to has asked for it when its own types were about to be settled.
            let (name, span) = (self.items.fns[id].name, self.items.fns[id].span);
            let message =
                format!("the types of `{name}` and of what it refers to depend on each other");
            let diagnostic = Diagnostic::new(codes::CANNOT_INFER, span, message);
            self.report(diagnostic.help("write the types of one of them"));
        }
        let drafts = self.session.drafts.split_off(first_draft);
        let outer = std::mem::replace(&mut self.session.base, first_obligation);
        self.finish_group(drafts, first_obligation);
        self.session.base = outer;
    }

    fn check_body(&mut self, id: FnId) -> Draft {
        let ast = Rc::clone(&self.items.modules[self.items.fns[id].module].ast);
        let mut draft = Draft::new(id);
        self.settle_late_result(id);
        if self.uninferred.contains(&id) {
            draft.infers_result = self.missing_types(id).ret;
            self.open_signature(id);
        }
        let mut cx = BodyCx::new(self, &ast, draft);
        cx.check_function();
        cx.into_draft()
    }

    /// Puts variables in the place of the types that were left out.
    fn open_signature(&mut self, id: FnId) {
        let missing = self.missing_types(id);
        let span = self.items.fns[id].span;
        let def = &self.items.fns[id];
        if matches!(def.kind, FnKind::Actor(_)) && def.mailbox.is_none() {
            let mailbox = self.infer.fresh(VarKind::General, span);
            self.items.fns[id].mailbox = Some(mailbox);
        }
        for (index, default) in missing.params {
            let span = self.items.fns[id].params[index].span;
            let ty = match default {
                Some(default) => self.default_type(default, span),
                None => self.infer.fresh(VarKind::General, span),
            };
            self.items.fns[id].params[index].ty = ty;
        }
        if missing.ret {
            let ret = self.infer.fresh(VarKind::General, span);
            let flavour = self.items.fns[id].flavour;
            self.items.fns[id].ret = self.call_result(flavour, ret);
        }
    }

    /// The type that a default gives its parameter: all of it, or with variables for what it leaves open.
    fn default_type(&mut self, default: FnId, span: Span) -> Ty {
        let Some(late) = self.late_defaults.get(&default).copied() else {
            return self.inferred_constant(default);
        };
        let count = self.items.adts[late.shape].generics.params.len();
        let args = (0..count).map(|_| self.infer.fresh(VarKind::General, span));
        let ty = Ty::adt(late.shape, args.collect::<Vec<_>>());
        self.items.fns[default].ret = ty;
        ty
    }

    // -- Obligations -------------------------------------------------------------------------

    pub(crate) fn add_obligation(&mut self, obligation: Obligation) {
        self.try_obligation(obligation, 0);
    }

    /// Tries an obligation and what follows from it; keeps what is open.
    fn try_obligation(&mut self, obligation: Obligation, depth: u32) {
        if depth > 64 {
            self.report_unimplemented(&obligation);
            return;
        }
        match self.solve(&obligation) {
            Outcome::Holds(nested) => {
                for ob in nested {
                    // An impl for every type with a bound: what was asked for says more than that bound.
                    let of_same =
                        self.infer.shallow(ob.self_ty) == self.infer.shallow(obligation.self_ty);
                    if of_same && matches!(self.solve(&ob), Outcome::Fails) {
                        self.report_unimplemented(&obligation);
                        return;
                    }
                    self.try_obligation(ob, depth + 1);
                }
            }
            Outcome::Open => self.session.obligations.push(obligation),
            Outcome::Fails => self.report_unimplemented(&obligation),
        }
    }

    /// Tries the open obligations again from the `first` on; whether anything became known.
    pub(crate) fn retry_obligations(&mut self, first: usize) -> bool {
        let first = first.min(self.session.obligations.len());
        let state = (self.infer.progress, self.session.obligations.len(), first);
        if self.session.tried == state {
            return false;
        }
        let (known, list) = (self.infer.known(), self.session.obligations.split_off(first));
        for obligation in list {
            self.try_obligation(obligation, 0);
        }
        let after = (self.infer.progress, self.session.obligations.len(), first);
        // What became known on the way may be what an earlier one waits for.
        self.session.tried = if self.infer.known() == known { after } else { state };
        after != state
    }

    // -- Finishing ---------------------------------------------------------------------------

    fn finish_group(&mut self, mut drafts: Vec<Draft>, first: usize) {
        self.settle_group(&mut drafts, first);
        for step in Fallback::STEPS {
            self.fall_back(&mut drafts, step);
            self.settle_group(&mut drafts, first);
        }
        self.generalise(&drafts, first);
        self.close_variables(first);
        for draft in &drafts {
            // Also of those whose types are all written.
            self.items.fns[draft.id].mailbox = self.closed_mailbox(draft.id);
            self.uninferred.remove(&draft.id);
            self.session.open.remove(&draft.id);
        }
        for draft in drafts {
            self.finish_draft(draft);
        }
    }

    fn settle_group(&mut self, drafts: &mut [Draft], first: usize) {
        loop {
            let before = self.infer.progress;
            let mut moved = self.retry_obligations(first);
            for index in 0..drafts.len() {
                moved |= self.with_draft(drafts, index, |cx| cx.retry_pending());
            }
            if !moved && self.infer.progress == before {
                return;
            }
        }
    }

    fn fall_back(&mut self, drafts: &mut [Draft], step: Fallback) {
        for index in 0..drafts.len() {
            self.with_draft(drafts, index, |cx| match step {
                Fallback::Owners => cx.assume_owners(),
                Fallback::Operators => cx.assume_same_operands(),
                Fallback::Literals => cx.default_literals(),
                Fallback::Methods => cx.assume_receivers(),
            });
        }
    }

    fn with_draft<R>(
        &mut self,
        drafts: &mut [Draft],
        index: usize,
        run: impl FnOnce(&mut BodyCx<'_>) -> R,
    ) -> R {
        let id = drafts[index].id;
        let draft = std::mem::replace(&mut drafts[index], Draft::new(id));
        let ast = Rc::clone(&self.items.modules[self.items.fns[id].module].ast);
        let mut cx = BodyCx::new(self, &ast, draft);
        let result = run(&mut cx);
        drafts[index] = cx.into_draft();
        result
    }

    /// Variables that are left in inferred signatures become type parameters, with the open
    /// obligations as bounds. The members of a group have the same ones.
    fn generalise(&mut self, drafts: &[Draft], first: usize) {
        let inferred: Vec<FnId> =
            drafts.iter().map(|draft| draft.id).filter(|id| self.uninferred.contains(id)).collect();
        self.close_unused_results(&inferred);
        let mut vars: Vec<VarId> = Vec::new();
        for id in &inferred {
            if self.may_generalise(*id) {
                let def = &self.items.fns[*id];
                // Nobody calls `main`, so nobody else says what its mailbox is.
                let mailbox = def.mailbox.filter(|_| self.main != Some(*id));
                let tys = def.params.iter().map(|param| param.ty).chain([def.ret]).chain(mailbox);
                let tys: Vec<Ty> = tys.collect();
                tys.iter().for_each(|ty| self.collect_vars(*ty, &mut vars));
            }
        }
        self.collect_determined(first, &mut vars);
        let Some(owner) = inferred.first().copied() else { return };
        let outer = self.items.fns[owner].generics.params.len() as u32;
        let span = self.items.fns[owner].span;
        let mut params = Vec::new();
        for (index, var) in vars.iter().enumerate() {
            let name = Symbol::intern(&parameter_name(index));
            params.push(GenericParam { name, span });
            self.infer.bind(*var, Ty::param(outer + index as u32, name));
        }
        let bounds = self.take_bounds(first, &params);
        for id in inferred {
            self.close_signature(id, &params, &bounds);
        }
    }

    /// What an obligation on a type parameter determines is a parameter too.
    fn collect_determined(&self, first: usize, vars: &mut Vec<VarId>) {
        let open = &self.session.obligations[first.min(self.session.obligations.len())..];
        loop {
            let before = vars.len();
            for obligation in open {
                let mut own = Vec::new();
                self.collect_vars(obligation.self_ty, &mut own);
                if own.iter().any(|var| vars.contains(var)) {
                    obligation.trait_ref.args.iter().for_each(|arg| self.collect_vars(*arg, vars));
                }
            }
            if vars.len() == before {
                return;
            }
        }
    }

    /// Traits say how many type parameters their methods have.
    fn may_generalise(&self, id: FnId) -> bool {
        let def = &self.items.fns[id];
        matches!(def.kind, FnKind::Source(_) | FnKind::Actor(_))
            && !matches!(def.owner, Owner::Trait { .. } | Owner::Impl(_))
    }

    /// A result of which nothing is known, not even by a parameter or a message, is never given.
    fn close_unused_results(&mut self, inferred: &[FnId]) {
        for id in inferred {
            let def = &self.items.fns[*id];
            let ret = self.infer.shallow(def.ret);
            let mut others = Vec::new();
            let elsewhere = def.params.iter().map(|param| param.ty).chain(def.mailbox);
            elsewhere.for_each(|ty| self.collect_vars(ty, &mut others));
            if let TyKind::Var(var) = ret.kind()
                && !others.contains(var)
                && !self.session.obligations.iter().any(|ob| self.speaks_of(ob, *var))
            {
                // What a trait's method never gives, those of impls may still come back from.
                let of_trait = matches!(def.owner, Owner::Trait { .. });
                self.infer.bind(*var, if of_trait { Ty::nil() } else { Ty::never() });
            }
        }
    }

    fn speaks_of(&self, obligation: &Obligation, var: VarId) -> bool {
        let mut vars = Vec::new();
        self.collect_vars(obligation.self_ty, &mut vars);
        obligation.trait_ref.args.iter().for_each(|arg| self.collect_vars(*arg, &mut vars));
        vars.contains(&var)
    }

    fn collect_vars(&self, ty: Ty, vars: &mut Vec<VarId>) {
        self.infer.resolve(ty).walk(&mut |part| {
            if let TyKind::Var(id) = part.kind()
                && !vars.contains(id)
                && self.infer.var_kind(part) == Some(VarKind::General)
            {
                vars.push(*id);
            }
        });
    }

    fn take_bounds(&mut self, first: usize, params: &[GenericParam]) -> Vec<Bound> {
        let first = first.min(self.session.obligations.len());
        let open = self.session.obligations.split_off(first);
        let mut bounds: Vec<Bound> = Vec::new();
        for obligation in open {
            let ty = self.infer.resolve(obligation.self_ty);
            let args = obligation.trait_ref.args.iter().map(|arg| self.infer.resolve(*arg));
            let trait_ref = TraitRef { id: obligation.trait_ref.id, args: args.collect() };
            // `str: Contains[T]` is a bound too.
            let args = &trait_ref.args;
            let is_of_args =
                args.iter().any(|arg| arg.has_params()) && !args.iter().any(|arg| arg.has_vars());
            let is_bound = (ty.has_params() || is_of_args) && !ty.has_vars();
            let bound = Bound { ty, trait_ref };
            if params.is_empty() || !is_bound {
                self.session.obligations.push(obligation);
            } else if !bounds.contains(&bound) {
                bounds.push(bound);
            }
        }
        bounds
    }

    fn close_signature(&mut self, id: FnId, params: &[GenericParam], bounds: &[Bound]) {
        let generic = self.may_generalise(id);
        let tys: Vec<Ty> = self.items.fns[id].params.iter().map(|param| param.ty).collect();
        let tys: Vec<Ty> = tys.into_iter().map(|ty| self.closed(ty)).collect();
        let def = &self.items.fns[id];
        if let FnKind::ConstInit(_) | FnKind::Default(_) = def.kind {
            self.report_open(def.name, def.span, def.ret);
        }
        let ret = self.closed(self.items.fns[id].ret);
        self.items.fns[id].mailbox = self.closed_mailbox(id);
        let def = &mut self.items.fns[id];
        def.ret = ret;
        for (param, ty) in def.params.iter_mut().zip(tys) {
            param.ty = ty;
        }
        if generic {
            def.generics.params.extend_from_slice(params);
            def.generics.bounds.extend_from_slice(bounds);
        }
        self.close_defaults(id);
        self.closed_const(id);
    }

    /// The defaults of parameters whose types are known now have those.
    fn close_defaults(&mut self, id: FnId) {
        for index in 0..self.items.fns[id].params.len() {
            let def = &self.items.fns[id];
            let (ty, generics) = (def.params[index].ty, def.generics.clone());
            if let Some(default) = def.params[index].default
                && self.late_defaults.remove(&default).is_some()
            {
                let def = &mut self.items.fns[default];
                (def.ret, def.generics) = (ty, generics);
                self.uninferred.remove(&default);
            }
        }
    }

    fn closed_const(&mut self, id: FnId) {
        let ret = self.items.fns[id].ret;
        match self.items.fns[id].kind {
            FnKind::ConstInit(constant) => self.items.consts[constant].ty = ret,
            FnKind::Actor(actor) => {
                let mailbox = self.items.fns[id].mailbox;
                self.items.actors[actor].mailbox = mailbox.unwrap_or(Ty::never());
            }
            _ => {}
        }
    }

    /// The mailbox of a function; one of which nothing is known asks nothing of callers.
    fn closed_mailbox(&mut self, id: FnId) -> Option<Ty> {
        let mailbox = self.infer.shallow(self.items.fns[id].mailbox?);
        (!mailbox.is_var()).then(|| self.closed(mailbox))
    }

    /// The type with `nil` for what nothing says anything about.
    pub(crate) fn closed(&mut self, ty: Ty) -> Ty {
        let ty = self.infer.resolve(ty);
        if !ty.has_vars() {
            return ty;
        }
        ty.map_leaves(&mut |leaf| leaf.is_var().then(Ty::nil))
    }

    /// Obligations that are still open: `nil` is tried for their variables, else the type is
    /// missing.
    fn close_variables(&mut self, first: usize) {
        let first = first.min(self.session.obligations.len());
        let open = self.session.obligations.split_off(first);
        for obligation in open {
            let ty = self.infer.shallow(obligation.self_ty);
            if let TyKind::Var(id) = ty.kind()
                && !self.holds(Ty::nil(), &obligation.trait_ref, obligation.span, obligation.env)
            {
                self.report_unknown(&obligation, *id);
                continue;
            }
            self.assume_own_type(&obligation);
            let tys: Vec<Ty> = [obligation.self_ty]
                .into_iter()
                .chain(obligation.trait_ref.args.iter().copied())
                .collect();
            for ty in tys {
                self.bind_nil(ty);
            }
            match self.solve(&obligation) {
                Outcome::Holds(_) | Outcome::Open => {}
                Outcome::Fails => self.report_unimplemented(&obligation),
            }
        }
    }

    /// Of what nothing is known beside a type that has it with itself is of that type: what is looked for in a `str`
    /// is a `str`.
    fn assume_own_type(&mut self, obligation: &Obligation) {
        let ty = self.infer.resolve(obligation.self_ty);
        let args: Vec<Ty> =
            obligation.trait_ref.args.iter().map(|arg| self.infer.shallow(*arg)).collect();
        let own = args.iter().map(|arg| if arg.is_var() { ty } else { *arg }).collect();
        let trait_ref = TraitRef { id: obligation.trait_ref.id, args: own };
        if ty.has_vars() || !self.holds_tentatively(ty, &trait_ref, obligation.span, obligation.env)
        {
            return;
        }
        for arg in args {
            if let TyKind::Var(id) = arg.kind() {
                self.infer.bind(*id, ty);
            }
        }
    }

    fn bind_nil(&mut self, ty: Ty) {
        let mut vars = Vec::new();
        self.collect_vars(ty, &mut vars);
        for var in vars {
            self.infer.bind(var, Ty::nil());
        }
    }
}

/// What is assumed, step by step, where nothing says more.
#[derive(Clone, Copy)]
enum Fallback {
    /// A field or method that one type alone has says what its receiver is.
    Owners,
    /// The operands of an operator have the same type, and so has its result.
    Operators,
    /// A literal is an `int` or a `float`.
    Literals,
    /// A method of an unknown type is that of the only trait that has it.
    Methods,
}

impl Fallback {
    const STEPS: [Fallback; 5] = [
        Fallback::Owners,
        Fallback::Operators,
        Fallback::Literals,
        Fallback::Methods,
        Fallback::Literals,
    ];
}

/// `T`, `U`, …: the names of inferred type parameters.
fn parameter_name(index: usize) -> String {
    const NAMES: [&str; 7] = ["T", "U", "V", "W", "X", "Y", "Z"];
    match NAMES.get(index) {
        Some(name) => (*name).to_string(),
        None => format!("T{index}"),
    }
}
