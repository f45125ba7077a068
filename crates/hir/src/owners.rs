//! Whose objects the expressions of a body may be: new ones, those that a parameter leads to, or
//! others.
//!
//! Values without identity, numbers and texts, are nobody's. What a new object holds counts as new;
//! tuples, structs and variants are as their parts.
//! Must never say that an argument itself is new.

use crate::ir::*;
use crate::program::Program;
use crate::ty::{Ty, TyKind};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// A set: for each parameter a bit, and one for all that existed elsewhere. Without any the object
/// is new.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Owners(u64);

impl Owners {
    pub(crate) const NONE: Owners = Owners(0);
    const ELSEWHERE: Owners = Owners(1 << 63);
    /// Every parameter.
    pub(crate) const PARAMS: Owners = Owners(Owners::ELSEWHERE.0 - 1);

    /// The last bit for parameters stands for all that have none of their own.
    pub(crate) fn param(index: usize) -> Owners {
        Owners(1 << index.min(62))
    }

    pub(crate) fn and(self, other: Owners) -> Owners {
        Owners(self.0 | other.0)
    }

    pub(crate) fn has_param(self, index: usize) -> bool {
        self.0 & Owners::param(index).0 != 0
    }

    /// The part that is no parameter's.
    pub(crate) fn elsewhere(self) -> Owners {
        Owners(self.0 & Owners::ELSEWHERE.0)
    }
}

/// Where the locals of a body, or of a condition in it, get their values, and whose those may be.
pub(crate) struct Sources {
    pub(crate) body: Rc<Body>,
    values: FxHashMap<LocalId, Vec<ExprId>>,
    owners: FxHashMap<LocalId, Owners>,
    in_condition: bool,
}

impl Sources {
    fn new(body: &Rc<Body>, root: ExprId, in_condition: bool) -> Sources {
        let (values, owners) = (FxHashMap::default(), FxHashMap::default());
        let mut sources = Sources { body: Rc::clone(body), values, owners, in_condition };
        let mut stack = vec![root];
        while let Some(id) = stack.pop() {
            sources.collect(id);
            body.children(id, &mut |child| stack.push(child));
        }
        sources
    }

    fn collect(&mut self, id: ExprId) {
        let body = Rc::clone(&self.body);
        match &body.exprs[id].kind {
            ExprKind::Block { stmts, .. } => {
                for stmt in stmts {
                    match stmt {
                        Stmt::Let { pat, value, .. } => self.bind(*pat, *value),
                        Stmt::OldCapture { local, value } => self.add(*local, *value),
                        Stmt::Expr(_) => {}
                    }
                }
            }
            ExprKind::Match { scrutinee, arms } => {
                arms.iter().for_each(|arm| self.bind(arm.pat, *scrutinee));
            }
            ExprKind::Assign { place, value, .. } => {
                if let PlaceRoot::Local(local) = place.root {
                    self.add(local, *value);
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, local: LocalId, value: ExprId) {
        self.values.entry(local).or_default().push(value);
    }

    /// The names of a pattern are parts of the value.
    fn bind(&mut self, pat: PatId, value: ExprId) {
        let body = Rc::clone(&self.body);
        match &body.pats[pat].kind {
            PatKind::Bind { local, sub } => {
                self.add(*local, value);
                sub.iter().for_each(|sub| self.bind(*sub, value));
            }
            PatKind::Tuple(subs) | PatKind::Or(subs) => {
                subs.iter().for_each(|sub| self.bind(*sub, value));
            }
            PatKind::List { prefix, rest, suffix } => {
                let rest = rest.iter().flatten();
                prefix.iter().chain(rest).chain(suffix).for_each(|sub| self.bind(*sub, value));
            }
            PatKind::Adt { fields, .. } => {
                fields.iter().for_each(|(_, sub)| self.bind(*sub, value));
            }
            PatKind::TypeTest { sub, .. } => self.bind(*sub, value),
            PatKind::Error | PatKind::Wild | PatKind::Lit(_) | PatKind::Range { .. } => {}
        }
    }

    /// Whose the variable itself is, which an assignment changes.
    pub(crate) fn variable_owner(&self, local: LocalId) -> Owners {
        let before = self.in_condition && !self.is_declared(local);
        if before { Owners::ELSEWHERE } else { Owners::NONE }
    }

    fn is_declared(&self, local: LocalId) -> bool {
        self.values.contains_key(&local)
    }

    /// Whose the object may be that a local holds.
    pub(crate) fn local_owners(&self, local: LocalId) -> Owners {
        if is_plain(self.body.locals[local].ty) {
            return Owners::NONE;
        }
        let assigned = self.owners.get(&local).copied().unwrap_or(Owners::NONE);
        match self.body.params.iter().position(|param| *param == local) {
            Some(index) => assigned.and(Owners::param(index)),
            None if self.is_declared(local) => assigned,
            None => Owners::ELSEWHERE,
        }
    }
}

impl Program {
    pub(crate) fn sources_of_function(&mut self, body: &Rc<Body>) -> Sources {
        self.resolved(Sources::new(body, body.root, false))
    }

    /// In a condition the locals of the surroundings existed before.
    pub(crate) fn sources_of_condition(&mut self, body: &Rc<Body>, cond: ExprId) -> Sources {
        self.resolved(Sources::new(body, cond, true))
    }

    /// Finds the owners of the locals: again and again, until a round adds none.
    fn resolved(&mut self, mut sources: Sources) -> Sources {
        loop {
            let mut found = FxHashMap::default();
            for (local, values) in &sources.values {
                let owners = self.union(&sources, values.iter().copied());
                found.insert(*local, owners);
            }
            if found == sources.owners {
                return sources;
            }
            sources.owners = found;
        }
    }

    fn union(&mut self, sources: &Sources, ids: impl IntoIterator<Item = ExprId>) -> Owners {
        ids.into_iter().fold(Owners::NONE, |all, id| all.and(self.owners(sources, id)))
    }

    /// Whose object the value of an expression may be.
    pub(crate) fn owners(&mut self, sources: &Sources, id: ExprId) -> Owners {
        let body = Rc::clone(&sources.body);
        if is_plain(body.exprs[id].ty) {
            return Owners::NONE;
        }
        match &body.exprs[id].kind {
            ExprKind::Local(local) => sources.local_owners(*local),
            ExprKind::Const(_) | ExprKind::CallValue { .. } | ExprKind::Loop { .. } => {
                Owners::ELSEWHERE
            }
            ExprKind::Field { base: whole, .. }
            | ExprKind::TupleField { base: whole, .. }
            | ExprKind::Coerce { value: whole, .. } => self.owners(sources, *whole),
            ExprKind::If { then, otherwise, .. } => {
                self.union(sources, [*then].into_iter().chain(*otherwise))
            }
            ExprKind::Match { arms, .. } => self.union(sources, arms.iter().map(|arm| arm.body)),
            ExprKind::Block { value, .. } => self.union(sources, *value),
            ExprKind::Tuple(parts) => self.union(sources, parts.iter().copied()),
            ExprKind::Construct { fields, base, .. } if !self.is_object(body.exprs[id].ty) => {
                self.union(sources, fields.iter().copied().chain([*base]).flatten())
            }
            ExprKind::Call { callee, args, inout } => {
                let known = self.known_callee(callee);
                let gives = known.map_or(Owners::PARAMS, |callee| self.fn_effects(callee).gives);
                let first = usize::from(inout.is_some());
                let given = args.iter().enumerate();
                let given = given.filter(|(index, _)| gives.has_param(index + first));
                let given = self.union(sources, given.map(|(_, arg)| *arg));
                let place = inout.as_ref().filter(|_| gives.has_param(0));
                let place = place.map(|place| self.place_owners(sources, place, true));
                gives.elsewhere().and(given).and(place.unwrap_or(Owners::NONE))
            }
            // What is made here, and what has no value.
            ExprKind::Construct { .. }
            | ExprKind::ArrayLit(_)
            | ExprKind::Lambda(_)
            | ExprKind::FnRef { .. }
            | ExprKind::Async(_)
            | ExprKind::Spawn(_)
            | ExprKind::SelfPid
            | ExprKind::Lit(_)
            | ExprKind::Unary { .. }
            | ExprKind::Binary { .. }
            | ExprKind::Logic { .. }
            | ExprKind::Cast { .. }
            | ExprKind::CastWrap { .. }
            | ExprKind::Is { .. }
            | ExprKind::Break { .. }
            | ExprKind::Continue { .. }
            | ExprKind::Return(_)
            | ExprKind::Assign { .. }
            | ExprKind::Defer(_)
            | ExprKind::OnTerminate(_)
            | ExprKind::Panic { .. }
            | ExprKind::ContractCheck(_)
            | ExprKind::Error => Owners::NONE,
            // These are effects, so it does not matter whose their values are.
            ExprKind::Yield(_) | ExprKind::Await(_) | ExprKind::Receive(_) => Owners::NONE,
        }
    }

    fn is_object(&self, ty: Ty) -> bool {
        ty.as_adt().is_some_and(|(adt, _)| self.items.adts[adt].kind == AdtKind::Class)
    }
}

/// Whether values of a type have no identity and hold nothing that has.
fn is_plain(ty: Ty) -> bool {
    matches!(
        ty.kind(),
        TyKind::Int(_)
            | TyKind::Float(_)
            | TyKind::Bool
            | TyKind::Char
            | TyKind::Str
            | TyKind::Bytes
            | TyKind::Symbol
            | TyKind::Nil
            | TyKind::Never
    )
}
