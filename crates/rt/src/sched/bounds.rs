//! The bounds of a mailbox: how many messages and bytes may wait in it, and who waits for room.
//!
//! Senders count before they push and the receiver discounts when it takes; both numbers carry the generation
//! of the slot, so that a sender who comes too late cannot count for the slot's next actor. Everything is
//! relaxed: the numbers order nothing, the mailbox does. `waiting` is behind its mutex: a sender puts itself there and
//! then counts again; the receiver discounts and then takes the list. So one of them sees the other.
//!
//! Must never count signals other than messages.

use super::slot::Pid;
use crate::sync::{AtomicU8, AtomicU32, AtomicU64, Mutex, MutexGuard, Ordering};
use std::sync::PoisonError;

/// What becomes of a message that does not fit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(u8)]
pub enum Overflow {
    /// The sender waits for room.
    #[default]
    Block = 0,
    /// The message is dropped.
    DropNew = 1,
    /// The oldest message is dropped.
    DropOld = 2,
    /// The receiver is killed.
    Kill = 3,
}

impl Overflow {
    /// The policy of a number of the table of runtime functions.
    pub(crate) fn from_number(number: i64) -> Option<Overflow> {
        [Overflow::Block, Overflow::DropNew, Overflow::DropOld, Overflow::Kill]
            .into_iter()
            .find(|&policy| policy as i64 == number)
    }
}

/// Limits given to a spawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Limits {
    pub max_messages: Option<u32>,
    /// The heap's limit, which counts the mailbox.
    pub max_bytes: Option<usize>,
    pub overflow: Overflow,
}

impl Limits {
    pub(crate) fn is_unbounded(&self) -> bool {
        self.max_messages.is_none() && self.max_bytes.is_none()
    }
}

/// See the module's head.
#[derive(Debug, Default)]
pub struct Bounds {
    /// Generation, and number of messages.
    messages: AtomicU64,
    /// Generation, and bytes in units of 8.
    words: AtomicU64,
    max_messages: AtomicU32,
    max_words: AtomicU32,
    overflow: AtomicU8,
    waiting: Mutex<Vec<Pid>>,
}

/// Why a message is not to be pushed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refused {
    /// The mailbox is full.
    Full(Overflow),
    /// It would exceed the receiver's heap limit.
    TooLarge,
    /// The receiver has gone.
    Gone,
}

fn words(bytes: usize) -> u64 {
    u64::from(u32::try_from(bytes.div_ceil(8)).unwrap_or(u32::MAX))
}

/// Adds to the lower half if the upper one is the generation and the sum is within the limit.
fn add(number: &AtomicU64, generation: u32, count: u64, limit: u32) -> Result<(), bool> {
    let (order, tag) = (Ordering::Relaxed, u64::from(generation));
    let add = |old: u64| {
        let sum = (old & u64::from(u32::MAX)) + count;
        (old >> 32 == tag && sum <= u64::from(limit)).then_some(tag << 32 | sum)
    };
    number.fetch_update(order, order, add).map(|_| ()).map_err(|old| old >> 32 == tag)
}

fn subtract(number: &AtomicU64, generation: u32, count: u64) {
    let (order, tag) = (Ordering::Relaxed, u64::from(generation));
    let subtract = |old: u64| {
        let left = (old & u64::from(u32::MAX)).saturating_sub(count);
        (old >> 32 == tag).then_some(tag << 32 | left)
    };
    let _ = number.fetch_update(order, order, subtract);
}

impl Bounds {
    /// For the slot's next actor.
    pub(crate) fn open(&self, generation: u32, limits: &Limits) {
        let max_words = limits.max_bytes.map_or(u32::MAX, |bytes| words(bytes) as u32);
        self.max_messages.store(limits.max_messages.unwrap_or(u32::MAX), Ordering::Relaxed);
        self.max_words.store(max_words, Ordering::Relaxed);
        self.overflow.store(limits.overflow as u8, Ordering::Relaxed);
        self.messages.store(u64::from(generation) << 32, Ordering::Relaxed);
        self.words.store(u64::from(generation) << 32, Ordering::Relaxed);
        self.lock().clear();
    }

    /// The actor of a generation has ended: whoever counts for it from now on is told. Gives the senders that wait;
    /// others that come to wait later find that out when they try once more.
    pub(crate) fn close(&self, generation: u32) -> Vec<Pid> {
        let next = u64::from(generation + 1) << 32;
        self.messages.store(next, Ordering::Relaxed);
        self.words.store(next, Ordering::Relaxed);
        self.take_waiting()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Pid>> {
        // The list is valid between any two steps.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a message that is going to be pushed.
    pub(crate) fn enter(&self, generation: u32, bytes: usize) -> Result<(), Refused> {
        let refused = |is_current, why| if is_current { why } else { Refused::Gone };
        let overflow = Overflow::from_number(i64::from(self.overflow.load(Ordering::Relaxed)));
        let full = Refused::Full(overflow.unwrap_or_default());
        let max_words = self.max_words.load(Ordering::Relaxed);
        add(&self.words, generation, words(bytes), max_words)
            .map_err(|is_current| refused(is_current, Refused::TooLarge))?;
        let max_messages = self.max_messages.load(Ordering::Relaxed);
        add(&self.messages, generation, 1, max_messages).map_err(|is_current| {
            subtract(&self.words, generation, words(bytes));
            refused(is_current, full)
        })
    }

    /// Counts a message although the mailbox is full: the receiver will drop its oldest.
    pub(crate) fn enter_anyway(&self, generation: u32, bytes: usize) {
        let _ = add(&self.words, generation, words(bytes), u32::MAX);
        let _ = add(&self.messages, generation, 1, u32::MAX);
    }

    /// Discounts a message.
    pub(crate) fn leave(&self, generation: u32, bytes: usize) {
        subtract(&self.words, generation, words(bytes));
        subtract(&self.messages, generation, 1);
    }

    /// How many messages there are beyond the limit.
    pub(crate) fn excess(&self) -> u32 {
        let messages = self.messages.load(Ordering::Relaxed) as u32;
        messages.saturating_sub(self.max_messages.load(Ordering::Relaxed))
    }

    /// Notes a sender that waits for room; it must try once more afterwards.
    pub(crate) fn wait(&self, sender: Pid) {
        let mut waiting = self.lock();
        if !waiting.contains(&sender) {
            waiting.push(sender);
        }
    }

    /// Takes the senders that wait.
    pub(crate) fn take_waiting(&self) -> Vec<Pid> {
        std::mem::take(&mut self.lock())
    }
}
