//! `std.actor.info`: one actor asks how another is. See `fns` for what callers promise.
//!
//! The answer may take until the other's next turn; the asker is woken by it.

use super::actor;
use crate::actor::Actor;
use crate::sched::observe::Detail;
use crate::sched::slot::Pid;
use sepal_abi::{ActorState, Ctx, InfoItem, ObjPtr};
use std::ptr::null_mut;

/// False: there is no such actor.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_info_ask(ctx: *mut Ctx, pid: i64) -> bool {
    // SAFETY: see `fns`.
    let actor = unsafe { actor(ctx) };
    let runtime = actor.runtime;
    let Some(pid) = Pid::from_number(pid) else { return false };
    let ask = if pid == actor.pid {
        actor.take_signals();
        Some(runtime.answered(actor.slot(), actor))
    } else {
        runtime.ask(pid, Some(actor.pid))
    };
    let found = ask.is_some();
    actor.cold().info = ask;
    found
}

/// 0 the actor is woken by the answer, 1 there is an answer, 2 the actor has ended.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_info_poll(ctx: *mut Ctx) -> i64 {
    // SAFETY: see `fns`.
    let info = unsafe { actor(ctx) }.cold_ref().and_then(|cold| cold.info.as_ref());
    match info.map(|ask| ask.answer()) {
        Some(None) => 0,
        Some(Some(Some(_))) => 1,
        Some(Some(None)) | None => 2,
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_info_number(ctx: *mut Ctx, item: i64) -> i64 {
    // SAFETY: see `fns`.
    let actor = unsafe { actor(ctx) };
    let item = InfoItem::from_number(item).expect("items come from the table");
    let Some(ask) = actor.cold_ref().and_then(|cold| cold.info.as_ref()) else { return 0 };
    let Some(Some(detail)) = ask.answer() else { return 0 };
    let count = |count: usize| count as i64;
    match item {
        InfoItem::State if detail.is_ending => ActorState::Ending.number(),
        InfoItem::State => ask.state.number(),
        InfoItem::Mailbox => count(detail.mailbox),
        InfoItem::Heap => count(detail.heap),
        InfoItem::Reductions => detail.reductions as i64,
        InfoItem::Parent => detail.parent.map_or(0, Pid::number),
        InfoItem::Links => count(detail.links),
        InfoItem::Monitors => count(detail.monitors),
        InfoItem::Watchers => count(detail.watchers),
        InfoItem::TrapsExits => i64::from(detail.traps_exits),
    }
}

/// The name, or null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_info_name(ctx: *mut Ctx) -> ObjPtr {
    // SAFETY: see `fns`.
    let actor = unsafe { actor(ctx) };
    let name = answer(actor).and_then(|detail| detail.name);
    name.map_or(null_mut(), |name| actor.new_str(&name))
}

/// Where the actor waits or was preempted, or null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_info_place(ctx: *mut Ctx) -> ObjPtr {
    // SAFETY: see `fns`.
    let actor = unsafe { actor(ctx) };
    let place = answer(actor).and_then(|detail| detail.place);
    place.map_or(null_mut(), |place| actor.new_str(&place))
}

fn answer(actor: &Actor) -> Option<Detail> {
    actor.cold_ref()?.info.as_ref()?.answer()?.cloned()
}
