//! Whether the clock ticks: it does while somebody waits for a core, and ends when nobody has waited for some time.
//!
//! Who makes somebody wait puts him where the clock looks, and then sees whether it ticks; if not, it begins again. The clock says
//! that it ticks no more, and then looks once more, a tick later. So either it sees who waits or is seen not to tick: what a
//! thread has written is seen by all within a tick, which spares everybody who makes work a fence.
//!
//! Must never end with somebody waiting.

use crate::sync::{AtomicBool, Ordering};

/// The time between two ticks, in nanoseconds: so long an actor keeps a core at least while others wait.
pub(crate) const SLICE: u64 = 300_000;

/// The flag that all see.
#[derive(Debug, Default)]
pub(crate) struct Ticking {
    is_on: AtomicBool,
}

impl Ticking {
    #[inline(always)]
    pub(crate) fn is_on(&self) -> bool {
        self.is_on.load(Ordering::Relaxed)
    }

    /// Begins, if nobody has; true: the caller is to tell the clock.
    #[must_use]
    pub(crate) fn begin(&self) -> bool {
        !self.is_on.swap(true, Ordering::Relaxed)
    }
}

/// The clock's account of its ticks.
#[derive(Debug, Default)]
pub(crate) struct Ticker {
    /// Ticks in sequence at which nobody waited.
    idle: u32,
    /// The ticks have ended but for a last look.
    is_ending: bool,
}

impl Ticker {
    /// Whether there is to be another tick.
    pub(crate) fn goes_on(&self, ticking: &Ticking) -> bool {
        self.is_ending || ticking.is_on()
    }

    /// There was a tick, at which somebody waited or nobody did; after `most` without anybody they end.
    pub(crate) fn note(&mut self, ticking: &Ticking, waits: bool, most: u32) {
        self.idle = if waits { 0 } else { self.idle + 1 };
        if std::mem::take(&mut self.is_ending) {
            if waits {
                ticking.is_on.store(true, Ordering::Relaxed);
            }
        } else if self.idle > most {
            ticking.is_on.store(false, Ordering::Relaxed);
            *self = Ticker { idle: 0, is_ending: true };
        }
    }
}
