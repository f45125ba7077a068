//! What the running actor sends to one mailbox again and again goes into a pack: a message then costs the receiver's cache
//! a part of a line, and the mailbox's shared word is changed once for all.
//!
//! A pack lies where it was queued, so what is added later comes before what others have queued since. Nobody can tell,
//! unless the actor knows of that: so the pack is left when the actor does anything else that others can
//! see, or looks at anything that others have done, and when its turn ends. An actor that sends a message now and then
//! makes no packs.
//!
//! While one thread runs all actors, packs are *lone*: their messages are counted when they are left. Another thread may come
//! at any time, and its actors wait for them; so a lone pack is open for two ticks of the clock at most, which ticks as long as
//! there is one and makes the sender poll.
//!
//! Must never hold a message back for longer than that: what is in any other open pack is in its mailbox.

use super::queue;
use super::slot::Pid;
use crate::message::{Message, OpenPack};
use crate::run::RuntimeRef;
use std::cell::Cell;

/// So many messages in sequence to one mailbox, whose owner had not read the one before, go by themselves.
const PLAIN: u32 = 4;

/// See the module's head.
struct Outbox {
    /// Whose mailbox packs are for: there is one open, or the next message opens one.
    to: Cell<Option<Pid>>,
    /// Whose actors these are, while a pack is open.
    runtime: Cell<Option<RuntimeRef>>,
    open: OpenPack,
    /// Whom the last messages by themselves were sent to, and how many in sequence.
    last: Cell<Option<Pid>>,
    run: Cell<u32>,
}

thread_local! {
    static OUTBOX: Outbox = const {
        Outbox {
            to: Cell::new(None),
            runtime: Cell::new(None),
            open: OpenPack::NONE,
            last: Cell::new(None),
            run: Cell::new(0),
        }
    };
}

/// Whether a flat message to the mailbox goes into a pack, with [`add`].
#[inline(always)]
pub(crate) fn packs_for(to: Pid) -> bool {
    OUTBOX.with(|outbox| outbox.to.get() == Some(to))
}

/// Adds a flat message to the open pack. `Err`: there is none, or it is full or closed; the message goes into a new one,
/// with [`open`].
#[inline(always)]
pub(crate) fn add(message: Message) -> Result<(), Message> {
    OUTBOX.with(|outbox| outbox.open.add(message))
}

/// Makes a pack of a flat message, and gives it to `push`. From then on messages to the mailbox go into it.
#[inline(never)]
pub(crate) fn open(runtime: RuntimeRef, message: Message, push: impl FnOnce(Message)) {
    OUTBOX.with(|outbox| {
        if outbox.open.is_any() {
            // A short one: the receiver reads faster than this sends.
            let is_short = outbox.open.len() < PLAIN as usize;
            leave_pack(outbox);
            if is_short {
                outbox.to.set(None);
                outbox.run.set(0);
                return push(message);
            }
        }
        outbox.runtime.set(Some(runtime));
        let is_alone = runtime.scheduler.may_hold_back(runtime);
        push(outbox.open.begin(message, is_alone));
    });
}

/// A message has gone by itself to a mailbox whose owner had not read the one before.
#[inline(always)]
pub(crate) fn note(to: Pid) {
    OUTBOX.with(|outbox| {
        let before = if outbox.last.replace(Some(to)) == Some(to) { outbox.run.get() } else { 0 };
        outbox.run.set(before.saturating_add(1));
        if outbox.run.get() >= PLAIN {
            outbox.to.set(Some(to));
        }
    });
}

/// Leaves the open pack, if there is one: the actor does something else.
#[inline(always)]
pub(crate) fn close() {
    OUTBOX.with(|outbox| {
        if outbox.to.get().is_some() {
            leave(outbox);
        }
    });
}

#[inline(never)]
fn leave(outbox: &Outbox) {
    if outbox.open.is_any() {
        leave_pack(outbox);
    }
    queue::hold_back_no_more();
    outbox.to.set(None);
}

#[inline]
fn leave_pack(outbox: &Outbox) {
    let (to, runtime) = (outbox.to.take(), outbox.runtime.take());
    outbox.open.leave(|message| {
        if let Some((to, runtime)) = to.zip(runtime) {
            // To one who has ended it is lost, as any message.
            drop(runtime.push(to, message));
        }
    });
    outbox.to.set(to);
}
