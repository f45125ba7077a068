//! Whose turn it is on a core, and which turn shall end: what the core's thread and the clock tell each other.
//!
//! | field | who touches it, when |
//! |---|---|
//! | `current` | written by the core's thread at each turn, a release; read by the clock, an acquire: it poisons what was made whole |
//! | `begun` | likewise, but relaxed: at worst an actor polls once for nothing |
//! | `seen` | the clock's own |
//! | `over` | written before the current actor is poisoned, by the clock or that actor, read at the poll; relaxed: at worst an actor keeps the core for a tick more |
//!
//! `over` names a turn, not the core: an actor that has got the core meanwhile keeps it, though it may poll once for nothing.
//!
//! Must never end a turn that was not looked at.

use crate::sync::{AtomicPtr, AtomicU32, Ordering};
use std::ptr::null_mut;

/// See the module's head.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    /// The actor that has the core, or null.
    current: AtomicPtr<u8>,
    /// How many turns have begun: the number of the last one.
    begun: AtomicU32,
    /// What the clock saw there last.
    seen: AtomicU32,
    /// The turn that shall end, if it has not.
    over: AtomicU32,
}

/// The number of a turn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Turn(u32);

/// For the core's thread.
impl Turns {
    /// Begins an actor's turn.
    #[inline]
    pub(crate) fn begin(&self, actor: *mut u8) {
        self.current.store(actor, Ordering::Release);
        // The only writer, so no read-modify-write is needed.
        let next = self.begun.load(Ordering::Relaxed).wrapping_add(1);
        self.begun.store(next, Ordering::Relaxed);
    }

    /// Ends it.
    #[inline]
    pub(crate) fn end(&self) {
        self.current.store(null_mut(), Ordering::Relaxed);
    }

    /// Whether somebody wants the turn to end.
    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed) == self.begun.load(Ordering::Relaxed)
    }
}

/// For everybody.
impl Turns {
    /// The last turn that has begun.
    #[inline]
    pub(crate) fn last(&self) -> Turn {
        Turn(self.begun.load(Ordering::Relaxed))
    }

    /// How many have begun.
    #[inline]
    pub(crate) fn count(&self) -> u32 {
        self.last().0
    }

    /// That turn shall end; whoever is told must be made to poll then.
    pub(crate) fn end_turn(&self, turn: Turn) {
        self.over.store(turn.0, Ordering::Relaxed);
    }

    /// The actor that has the core, or null.
    pub(crate) fn current(&self) -> *mut u8 {
        self.current.load(Ordering::Acquire)
    }
}

/// For the clock.
impl Turns {
    /// How many turns have begun since the last look.
    pub(crate) fn since_look(&self) -> u32 {
        self.count().wrapping_sub(self.seen.load(Ordering::Relaxed))
    }

    /// The turn that goes on since the last look.
    pub(crate) fn look(&self) -> Option<Turn> {
        let last = self.last();
        (self.seen.swap(last.0, Ordering::Relaxed) == last.0).then_some(last)
    }
}
