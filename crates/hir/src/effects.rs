//! Whether the conditions of contracts have an effect.
//!
//! An effect is a change of something that existed before: a field or element of an argument, the
//! world outside. What a function changes of its own making is no effect.
//! Must never judge code that is not reached from a contract.

use crate::intrinsics::Intrinsic;
use crate::ir::*;
use crate::program::Program;
use crate::ty::TyKind;
use sepal_base::{Diagnostic, codes};
use std::rc::Rc;

/// What a call changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Effect {
    None,
    /// Objects that it is given.
    Arguments,
    /// Something that everybody can see.
    World,
}

impl Program {
    /// Reports an effect in a condition.
    pub(crate) fn check_pure(&mut self, body: &Rc<Body>, cond: ExprId) {
        if let Some((_, at)) = self.effect_in(body, cond, true) {
            let span = body.exprs[at].span;
            let diagnostic = Diagnostic::new(
                codes::IMPURE_CONTRACT,
                span,
                "contracts are pure, but this has an effect",
            );
            let diagnostic = match &body.exprs[at].kind {
                ExprKind::Call { callee: Callee::Fn { id, .. }, .. } => {
                    let name = self.items.fns[*id].name;
                    diagnostic.note(format!("`{name}` changes something that exists, or writes"))
                }
                _ => diagnostic,
            };
            self.report(diagnostic);
        }
    }

    /// What a function changes that existed before its call.
    fn fn_effect(&mut self, id: FnId) -> Effect {
        if let Some(known) = self.purity.get(&id) {
            return *known;
        }
        // A recursive function has the effects of its other parts.
        self.purity.insert(id, Effect::None);
        let result = match self.items.fns[id].kind {
            FnKind::Intrinsic(intrinsic) => intrinsic_effect(intrinsic),
            FnKind::Runtime => self.runtime_effect(id),
            FnKind::Extern | FnKind::Actor(_) => Effect::World,
            FnKind::Required | FnKind::Derived(_) | FnKind::Invariant(_) => Effect::None,
            FnKind::Source(_) | FnKind::ConstInit(_) | FnKind::Default(_) | FnKind::Script => {
                if self.is_open(id) || self.session_has(id) {
                    Effect::None
                } else {
                    let body = self.body(id);
                    self.effect_in(&body, body.root, false)
                        .map_or(Effect::None, |(effect, _)| effect)
                }
            }
        };
        self.purity.insert(id, result);
        result
    }

    /// A function of the runtime that gives nothing can only be there for its effect; one that
    /// takes nothing asks the world.
    fn runtime_effect(&self, id: FnId) -> Effect {
        let def = &self.items.fns[id];
        let takes_array =
            def.params.iter().any(|param| matches!(param.ty.kind(), TyKind::Array(_)));
        if takes_array {
            Effect::Arguments
        } else if def.ret.is_nil() || def.params.is_empty() {
            Effect::World
        } else {
            Effect::None
        }
    }

    /// The strongest effect below `id`, and where. In a condition even the locals of the
    /// surroundings existed before.
    fn effect_in(
        &mut self,
        body: &Rc<Body>,
        id: ExprId,
        in_condition: bool,
    ) -> Option<(Effect, ExprId)> {
        let mut strongest = None;
        let mut stack = vec![id];
        while let Some(id) = stack.pop() {
            match self.own_effect(body, id, in_condition) {
                Effect::World => return Some((Effect::World, id)),
                Effect::Arguments if strongest.is_none() => {
                    strongest = Some((Effect::Arguments, id))
                }
                Effect::Arguments | Effect::None => {}
            }
            body.children(id, &mut |child| stack.push(child));
        }
        strongest
    }

    fn own_effect(&mut self, body: &Rc<Body>, id: ExprId, in_condition: bool) -> Effect {
        let changes = |yes| if yes { Effect::Arguments } else { Effect::None };
        match &body.exprs[id].kind {
            ExprKind::Assign { place, .. } => changes(changes_old(body, place, in_condition)),
            ExprKind::Call { callee, args, inout } => {
                let changes_place =
                    inout.as_ref().is_some_and(|place| changes_old(body, place, in_condition));
                let Some(callee) = self.known_callee(callee) else { return Effect::None };
                let on_own = args.iter().all(|arg| is_own(body, *arg, in_condition));
                match self.fn_effect(callee) {
                    Effect::World => Effect::World,
                    Effect::Arguments if !on_own || args.is_empty() => Effect::Arguments,
                    Effect::Arguments | Effect::None => changes(
                        changes_place && self.items.fns[callee].self_param == SelfKind::InOut,
                    ),
                }
            }
            ExprKind::Spawn(_)
            | ExprKind::Async(_)
            | ExprKind::Await(_)
            | ExprKind::Receive(_)
            | ExprKind::Yield(_)
            | ExprKind::Defer(_)
            | ExprKind::OnTerminate(_) => Effect::World,
            _ => Effect::None,
        }
    }

    fn known_callee(&mut self, callee: &Callee) -> Option<FnId> {
        match callee {
            Callee::Fn { id, .. } => Some(*id),
            Callee::Trait { trait_ref, method, self_ty, args } => {
                let open = self_ty.has_params()
                    || self_ty.has_error()
                    || trait_ref.args.iter().any(|ty| ty.has_params());
                (!open).then(|| self.resolve_method(trait_ref, *method, *self_ty, args).id)
            }
            Callee::Dyn { .. } => None,
        }
    }
}

fn intrinsic_effect(intrinsic: Intrinsic) -> Effect {
    match intrinsic {
        Intrinsic::ArraySet | Intrinsic::ArrayCopy | Intrinsic::GenNext => Effect::Arguments,
        Intrinsic::ArrayNew
        | Intrinsic::ArrayLen
        | Intrinsic::ArrayGet
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
        | Intrinsic::Identity
        | Intrinsic::ShowEnter
        | Intrinsic::ShowLeave
        | Intrinsic::AnyShow
        | Intrinsic::AnyShowIn
        | Intrinsic::AnyEq
        | Intrinsic::AnyTypeName
        | Intrinsic::CpuRdtsc
        | Intrinsic::CpuCpuid
        | Intrinsic::CpuPause
        | Intrinsic::CpuFence
        | Intrinsic::ActorWait
        | Intrinsic::ActorSend
        | Intrinsic::ActorWhereis
        | Intrinsic::TimerStart
        | Intrinsic::ReplyAnswer
        | Intrinsic::FutureValue
        | Intrinsic::SignalReason => Effect::None,
    }
}

/// Whether an assignment changes what existed before.
fn changes_old(body: &Body, place: &Place, in_condition: bool) -> bool {
    match &place.root {
        PlaceRoot::Local(_) => in_condition,
        PlaceRoot::ClassField { object, .. } => !is_own(body, *object, in_condition),
        PlaceRoot::Element { container, .. } => !is_own(body, *container, in_condition),
    }
}

/// Whether an expression is an object that the function made itself, or a plain value.
fn is_own(body: &Body, id: ExprId, in_condition: bool) -> bool {
    match &body.exprs[id].kind {
        ExprKind::Local(local) => {
            let ty = body.locals[*local].ty;
            let plain = matches!(
                ty.kind(),
                TyKind::Int(_) | TyKind::Float(_) | TyKind::Bool | TyKind::Char
            );
            plain || (!in_condition && !body.params.contains(local))
        }
        ExprKind::Construct { .. }
        | ExprKind::ArrayLit(_)
        | ExprKind::Lit(_)
        | ExprKind::Binary { .. } => true,
        ExprKind::Call { .. } => !in_condition,
        ExprKind::Field { base, .. } => !in_condition && is_own(body, *base, in_condition),
        ExprKind::Block { value: Some(value), .. } => is_own(body, *value, in_condition),
        _ => false,
    }
}
