//! Whether the conditions of contracts have an effect.
//!
//! An effect is a change of something that existed before: a field or element of an argument, the
//! world outside. What a function changes of its own making is no effect.
//! Must never judge code that is not reached from a contract.

use crate::intrinsics::Intrinsic;
use crate::ir::*;
use crate::owners::{Owners, Sources};
use crate::program::Program;
use crate::ty::TyKind;
use sepal_base::{Diagnostic, codes};
use sepal_syntax::ast;
use std::rc::Rc;

/// What a call does besides giving a value, and where that value may come from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Effects {
    /// It changes something that everybody can see.
    world: bool,
    /// Whose objects it changes.
    changes: Owners,
    /// Whose objects its value may be.
    pub(crate) gives: Owners,
}

impl Effects {
    const NONE: Effects = Effects { world: false, changes: Owners::NONE, gives: Owners::NONE };
    const WORLD: Effects = Effects { world: true, ..Effects::NONE };

    fn changes(owners: Owners) -> Effects {
        Effects { changes: owners, ..Effects::NONE }
    }

    fn gives(owners: Owners) -> Effects {
        Effects { gives: owners, ..Effects::NONE }
    }

    fn is_pure(self) -> bool {
        !self.world && self.changes == Owners::NONE
    }
}

impl Program {
    /// Reports an effect in a condition.
    pub(crate) fn check_pure(&mut self, body: &Rc<Body>, cond: ExprId) {
        let sources = self.sources_of_condition(body, cond);
        let Some(at) = self.first_effect(&sources, cond) else { return };
        let span = body.exprs[at].span;
        let diagnostic = Diagnostic::new(
            codes::IMPURE_CONTRACT,
            span,
            "contracts are pure, but this has an effect",
        );
        let diagnostic = match &body.exprs[at].kind {
            ExprKind::Call { callee: Callee::Fn { id, .. }, .. } => {
                // What the library calls in its place is nobody's business.
                let name = self.items.fns[*id].name;
                let is_written = self.sources.text(span).contains(name.as_str());
                let what = if is_written { format!("`{name}`") } else { String::from("this") };
                diagnostic.note(format!("{what} changes something that exists, or writes"))
            }
            _ => diagnostic,
        };
        self.report(diagnostic);
    }

    fn first_effect(&mut self, sources: &Sources, cond: ExprId) -> Option<ExprId> {
        let mut stack = vec![cond];
        while let Some(id) = stack.pop() {
            if !self.own_effect(sources, id).is_pure() {
                return Some(id);
            }
            sources.body.children(id, &mut |child| stack.push(child));
        }
        None
    }

    /// What a function changes that existed before its call.
    pub(crate) fn fn_effects(&mut self, id: FnId) -> Effects {
        if let Some(known) = self.purity.get(&id) {
            return *known;
        }
        // A recursive function has the effects of its other parts.
        self.purity.insert(id, Effects::NONE);
        let result = match self.items.fns[id].kind {
            FnKind::Intrinsic(intrinsic) => intrinsic_effects(intrinsic),
            FnKind::Runtime => self.runtime_effects(id),
            FnKind::Extern | FnKind::Actor(_) => Effects::WORLD,
            FnKind::Required | FnKind::Derived(_) | FnKind::Invariant(_) => {
                Effects::gives(Owners::PARAMS)
            }
            FnKind::Source(_) | FnKind::ConstInit(_) | FnKind::Default(_) | FnKind::Script => {
                if self.is_open(id) || self.session_has(id) {
                    Effects::gives(Owners::PARAMS)
                } else {
                    let body = self.body(id);
                    self.body_effects(id, &body)
                }
            }
        };
        self.purity.insert(id, result);
        result
    }

    fn body_effects(&mut self, id: FnId, body: &Rc<Body>) -> Effects {
        let sources = self.sources_of_function(body);
        // A generator or a task is made by its call.
        let makes = self.items.fns[id].flavour != ast::FnFlavour::Plain;
        let mut effects = Effects::NONE;
        if !makes {
            effects.gives = self.owners(&sources, body.root);
        }
        let mut stack = vec![body.root];
        while let Some(id) = stack.pop() {
            let own = self.own_effect(&sources, id);
            if own.world {
                return Effects::WORLD;
            }
            effects.changes = effects.changes.and(own.changes);
            if let ExprKind::Return(Some(value)) = &body.exprs[id].kind
                && !makes
            {
                effects.gives = effects.gives.and(self.owners(&sources, *value));
            }
            body.children(id, &mut |child| stack.push(child));
        }
        effects
    }

    /// A function of the runtime that gives nothing can only be there for its effect; one that
    /// takes nothing asks the world.
    fn runtime_effects(&self, id: FnId) -> Effects {
        let def = &self.items.fns[id];
        let arrays = def.params.iter().enumerate();
        let arrays = arrays.filter(|(_, param)| matches!(param.ty.kind(), TyKind::Array(_)));
        let changed = arrays.fold(Owners::NONE, |all, (index, _)| all.and(Owners::param(index)));
        if changed != Owners::NONE {
            Effects::changes(changed)
        } else if def.ret.is_nil() || def.params.is_empty() {
            Effects::WORLD
        } else {
            Effects::NONE
        }
    }

    /// What an expression changes itself, without those below it.
    fn own_effect(&mut self, sources: &Sources, id: ExprId) -> Effects {
        match &sources.body.exprs[id].kind {
            ExprKind::Assign { place, .. } => {
                Effects::changes(self.place_owners(sources, place, false))
            }
            ExprKind::Call { callee, args, inout } => {
                let Some(callee) = self.known_callee(callee) else { return Effects::NONE };
                let effects = self.fn_effects(callee);
                if effects.world {
                    return Effects::WORLD;
                }
                let mut changed = effects.changes.elsewhere();
                let first = usize::from(inout.is_some());
                for (index, arg) in args.iter().enumerate() {
                    if effects.changes.has_param(index + first) {
                        changed = changed.and(self.owners(sources, *arg));
                    }
                }
                if let Some(place) = inout {
                    if effects.changes.has_param(0) {
                        changed = changed.and(self.place_owners(sources, place, true));
                    }
                    if self.items.fns[callee].self_param == SelfKind::InOut {
                        changed = changed.and(self.place_owners(sources, place, false));
                    }
                }
                Effects::changes(changed)
            }
            ExprKind::Spawn(_)
            | ExprKind::Async(_)
            | ExprKind::Await(_)
            | ExprKind::Receive(_)
            | ExprKind::Yield(_)
            | ExprKind::Defer(_)
            | ExprKind::OnTerminate(_) => Effects::WORLD,
            ExprKind::CallValue { .. }
            | ExprKind::Lit(_)
            | ExprKind::Local(_)
            | ExprKind::Const(_)
            | ExprKind::FnRef { .. }
            | ExprKind::Construct { .. }
            | ExprKind::Field { .. }
            | ExprKind::Tuple(_)
            | ExprKind::TupleField { .. }
            | ExprKind::ArrayLit(_)
            | ExprKind::Unary { .. }
            | ExprKind::Binary { .. }
            | ExprKind::Logic { .. }
            | ExprKind::If { .. }
            | ExprKind::Match { .. }
            | ExprKind::Block { .. }
            | ExprKind::Loop { .. }
            | ExprKind::Break { .. }
            | ExprKind::Continue { .. }
            | ExprKind::Return(_)
            | ExprKind::Lambda(_)
            | ExprKind::Coerce { .. }
            | ExprKind::Cast { .. }
            | ExprKind::CastWrap { .. }
            | ExprKind::Panic { .. }
            | ExprKind::ContractCheck(_)
            | ExprKind::Is { .. }
            | ExprKind::SelfPid
            | ExprKind::Error => Effects::NONE,
        }
    }

    /// Whose an assigned place is, or with `inside` the object that it holds.
    pub(crate) fn place_owners(
        &mut self,
        sources: &Sources,
        place: &Place,
        inside: bool,
    ) -> Owners {
        match &place.root {
            PlaceRoot::Local(local) if inside => sources.local_owners(*local),
            PlaceRoot::Local(local) => sources.variable_owner(*local),
            PlaceRoot::ClassField { object, .. } => self.owners(sources, *object),
            PlaceRoot::Element { container, .. } => self.owners(sources, *container),
        }
    }

    pub(crate) fn known_callee(&mut self, callee: &Callee) -> Option<FnId> {
        match callee {
            Callee::Fn { id, .. } => Some(*id),
            Callee::Trait(of) => {
                let open = of.self_ty.has_params()
                    || of.self_ty.has_error()
                    || of.trait_ref.args.iter().any(|ty| ty.has_params());
                let resolve =
                    || self.resolve_method(&of.trait_ref, of.method, of.self_ty, &of.args).id;
                (!open).then(resolve)
            }
            Callee::Dyn(_) => None,
        }
    }
}

fn intrinsic_effects(intrinsic: Intrinsic) -> Effects {
    match intrinsic {
        Intrinsic::ArraySet | Intrinsic::GenNext => Effects::changes(Owners::param(0)),
        // From an array to another, which stands third.
        Intrinsic::ArrayCopy => Effects::changes(Owners::param(2)),
        Intrinsic::ArrayGet | Intrinsic::Identity | Intrinsic::ReasonParts => {
            Effects::gives(Owners::param(0))
        }
        Intrinsic::CpuRdtsc
        | Intrinsic::CpuPause
        | Intrinsic::CpuFence
        | Intrinsic::ActorWait
        | Intrinsic::ActorSend
        | Intrinsic::TimerStart
        | Intrinsic::ReplyAnswer => Effects::WORLD,
        Intrinsic::ArrayNew
        | Intrinsic::ArrayLen
        | Intrinsic::ArrayEmpty
        | Intrinsic::Zeroed
        | Intrinsic::BoundsCheck
        | Intrinsic::StrLen
        | Intrinsic::StrByte
        | Intrinsic::BytesLen
        | Intrinsic::BytesGet
        | Intrinsic::StrAsBytes
        | Intrinsic::BytesAsStr
        | Intrinsic::CharFromCode
        | Intrinsic::IntWrap
        | Intrinsic::IntCountOnes
        | Intrinsic::IntLeadingZeros
        | Intrinsic::IntTrailingZeros
        | Intrinsic::IntShrLogical
        | Intrinsic::IntMinValue
        | Intrinsic::IntMaxValue
        | Intrinsic::FloatSqrt
        | Intrinsic::FloatFloor
        | Intrinsic::FloatCeil
        | Intrinsic::FloatTrunc
        | Intrinsic::FloatAbs
        | Intrinsic::FloatCopysign
        | Intrinsic::FloatBits
        | Intrinsic::FloatFromBits
        | Intrinsic::ShowEnter
        | Intrinsic::ShowLeave
        | Intrinsic::DynShow
        | Intrinsic::DynShowIn
        | Intrinsic::AnyShow
        | Intrinsic::AnyShowIn
        | Intrinsic::AnyEq
        | Intrinsic::AnyTypeName
        | Intrinsic::CpuCpuid
        | Intrinsic::ActorWhereis
        | Intrinsic::FutureValue
        | Intrinsic::SignalReason => Effects::NONE,
    }
}
