//! What the running actor sends to one mailbox again and again goes into a pack: a message then costs the receiver's cache
//! a part of a line, and the mailbox's shared word is changed once for all.
//!
//! A pack lies where it was queued, so what is added later comes before what others have queued since. Nobody can tell,
//! unless the actor knows of that: so the pack is left when the actor does anything else that others can
//! see, or looks at anything that others have done, and when its turn ends. An actor that sends a message now and then
//! makes no packs.
//!
//! Must never hold a message back: what is in an open pack is in its mailbox.

use super::slot::Pid;
use crate::message::{Message, OpenPack};
use std::cell::Cell;

/// So many messages to one mailbox in sequence go by themselves.
const PLAIN: u32 = 4;

/// See the module's head.
struct Outbox {
    open: Cell<Option<OpenPack>>,
    /// Whom the last messages were sent to, and how many in sequence.
    to: Cell<Option<Pid>>,
    run: Cell<u32>,
}

thread_local! {
    static OUTBOX: Outbox =
        const { Outbox { open: Cell::new(None), to: Cell::new(None), run: Cell::new(0) } };
}

/// Adds a flat message to the open pack. `Err`: there is none for it.
#[inline(always)]
pub(crate) fn add(to: Pid, message: Message) -> Result<(), Message> {
    OUTBOX.with(|outbox| {
        let Some(mut open) = outbox.open.get() else { return Err(message) };
        if outbox.to.get() != Some(to) || !open.has_room_for(&message) {
            return Err(message);
        }
        let added = open.add(message);
        outbox.open.set(Some(open));
        added
    })
}

/// A flat message as it is to be queued: by itself, or in a pack, which is to be [`opened`] then.
#[inline(always)]
pub(crate) fn prepare(to: Pid, message: Message) -> (Option<OpenPack>, Message) {
    OUTBOX.with(|outbox| {
        if let Some(open) = outbox.open.take() {
            leave(outbox, open);
        }
        let run = if outbox.to.get() == Some(to) { outbox.run.get() } else { 0 };
        outbox.to.set(Some(to));
        outbox.run.set(run.saturating_add(1));
        if run < PLAIN {
            return (None, message);
        }
        match OpenPack::new(message) {
            Ok((open, pack)) => (Some(open), pack),
            Err(message) => (None, message),
        }
    })
}

/// From now on messages go into the pack, which was queued.
#[inline(always)]
pub(crate) fn opened(pack: Option<OpenPack>) {
    if pack.is_some() {
        OUTBOX.with(|outbox| outbox.open.set(pack));
    }
}

#[cold]
fn leave(outbox: &Outbox, open: OpenPack) {
    // The receiver reads faster than this sends.
    if open.len() < PLAIN as usize {
        outbox.run.set(0);
    }
    open.leave();
}

/// Leaves the open pack, if there is one: the actor does something else.
#[inline(always)]
pub(crate) fn close() {
    OUTBOX.with(|outbox| {
        if outbox.to.take().is_some()
            && let Some(open) = outbox.open.take()
        {
            leave(outbox, open);
        }
    });
}
