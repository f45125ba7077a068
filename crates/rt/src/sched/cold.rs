//! What few actors need, apart from the actor itself so that an idle one stays small.
//!
//! All of it belongs to the thread that runs the actor. Must never be made for a task that does no more than compute.

use super::bounds::{Limits, Overflow};
use super::few::Few;
use super::observe::Ask;
use super::promise::Promise;
use super::signal::Reason;
use super::slot::Pid;
use crate::actor::{Raised, RootSource};
use crate::message::Message;
use crate::pooled::{Counted, Pooled};
use crate::showing::Showing;
use sepal_abi::{ObjPtr, SpawnSetting};
use std::collections::VecDeque;
use std::ptr::null_mut;
use std::sync::Arc;

/// What an actor keeps apart, in one word: nothing, the promise of a task that needs nothing else, or a [`Cold`].
#[derive(Debug)]
pub(crate) struct Apart {
    /// The address of the cold; or with [`Apart::NO_COLD`] that of the promise, or 0.
    word: usize,
}

impl Apart {
    pub(crate) const NOTHING: Apart = Apart { word: Apart::NO_COLD };
    /// Neither is at an odd address.
    const NO_COLD: usize = 1;

    /// A promise that a task is to keep, and nothing else yet.
    fn of_promise(promise: Counted<Promise>) -> Apart {
        Apart { word: promise.into_address() | Apart::NO_COLD }
    }

    #[inline(always)]
    pub(crate) fn cold(&self) -> Option<&Cold> {
        // SAFETY: without the bit the address is that of a cold, which this owns.
        (self.word & Apart::NO_COLD == 0).then(|| unsafe { &*(self.word as *const Cold) })
    }

    #[inline(always)]
    pub(crate) fn cold_mut(&mut self) -> Option<&mut Cold> {
        // SAFETY: as above.
        (self.word & Apart::NO_COLD == 0).then(|| unsafe { &mut *(self.word as *mut Cold) })
    }

    /// The cold, made if there is none.
    #[inline(always)]
    pub(crate) fn make_cold(&mut self) -> &mut Cold {
        if self.word & Apart::NO_COLD != 0 {
            self.add_cold();
        }
        // SAFETY: as above.
        unsafe { &mut *(self.word as *mut Cold) }
    }

    #[inline(never)]
    fn add_cold(&mut self) {
        let cold = Cold { promise: self.take_promise(), ..Cold::default() };
        self.word = Pooled::new(cold).into_address();
    }

    #[inline(never)]
    fn give_up(&mut self) {
        drop(self.take_promise());
        if self.word != Apart::NO_COLD {
            // SAFETY: without the bit the address is that of a cold, which this owns and does not use any more.
            drop(unsafe { Pooled::<Cold>::from_address(self.word) });
        }
    }

    pub(crate) fn set_promise(&mut self, promise: Counted<Promise>) {
        match self.cold_mut() {
            Some(cold) => cold.promise = Some(promise),
            None => *self = Apart::of_promise(promise),
        }
    }

    pub(crate) fn has_promise(&self) -> bool {
        match self.cold() {
            Some(cold) => cold.promise.is_some(),
            None => self.word != Apart::NO_COLD,
        }
    }

    pub(crate) fn take_promise(&mut self) -> Option<Counted<Promise>> {
        if let Some(cold) = self.cold_mut() {
            return cold.promise.take();
        }
        let word = std::mem::replace(&mut self.word, Apart::NO_COLD);
        let address = word & !Apart::NO_COLD;
        // SAFETY: with the bit, what is not 0 owns a promise, which nothing but the result names any more.
        (address != 0).then(|| unsafe { Counted::from_address(address) })
    }
}

impl Drop for Apart {
    #[inline(always)]
    fn drop(&mut self) {
        if self.word != Apart::NO_COLD {
            self.give_up();
        }
    }
}

/// See the module's head.
pub(crate) struct Cold {
    /// The words of pending closures.
    pub(crate) defers: Vec<u64>,
    /// The objects being shown.
    pub(crate) showing: Showing,
    /// What was raised and not yet reported.
    pub(crate) raised: Raised,
    pub(crate) root_sources: Vec<RootSource>,
    /// The module-level constants, once the actor has stored into them.
    pub(crate) globals: Box<[u64]>,
    /// Bytes allocated when the limit last forced a collection.
    pub(crate) forced_at: u64,
    /// Why the actor ends.
    pub(crate) reason: Option<Reason>,
    /// Why it must end, said by a signal that it has not answered yet.
    pub(crate) doom: Option<Reason>,
    /// A signal has said so, and nothing is left to run: for whoever comes later, the actor is dead.
    pub(crate) is_over: bool,
    /// Who wanted to link or monitor it later, to be told when it has ended.
    pub(crate) late: Vec<Message>,
    /// Its body is on the way to set `terminate`: until then, or until it waits, only a kill ends it.
    pub(crate) is_starting: bool,
    /// What the body of `main` gave.
    pub(crate) result: i64,
    /// The frame to run when it ends, or null.
    pub(crate) terminate: ObjPtr,
    pub(crate) links: Few<Pid, ()>,
    /// Who monitors this actor, by monitor.
    pub(crate) watchers: Few<u64, Pid>,
    /// Whom it monitors, by monitor.
    pub(crate) monitors: Few<u64, Pid>,
    /// Options of the next spawn.
    pub(crate) spawn: SpawnOptions,
    /// When the running receive ends, in nanoseconds of the clock.
    pub(crate) receive_until: Option<u64>,
    pub(crate) sleep_until: u64,
    /// The clock's alarm that will wake the actor, and its time.
    pub(crate) alarm: Option<(u64, u64)>,
    /// The promise that a task is to keep: see [`Apart`].
    promise: Option<Counted<Promise>>,
    /// The tasks that end with this actor.
    pub(crate) tasks: Vec<Pid>,
    /// Promises of which a reply was dropped unanswered: they fail when the actor ends.
    pub(crate) orphans: Vec<Counted<Promise>>,
    /// What this actor has asked about another.
    pub(crate) info: Option<Arc<Ask>>,
    /// Messages that did not fit a receiver's mailbox yet, in order.
    pub(crate) held: VecDeque<(Pid, Message)>,
}

impl Cold {
    /// Whether no signal, deadline or message that waits for room is to be looked after.
    #[inline(always)]
    pub(crate) fn is_carefree(&self) -> bool {
        self.doom.is_none()
            && self.receive_until.is_none()
            && self.sleep_until == 0
            && self.held.is_empty()
    }

    /// A signal that ends the actor has come.
    pub(crate) fn note_end(&mut self, is_kill: bool) {
        let runs_on = self.is_starting || !self.terminate.is_null() || !self.defers.is_empty();
        self.is_over |= is_kill || !runs_on;
    }
}

impl Default for Cold {
    fn default() -> Cold {
        Cold {
            defers: Vec::new(),
            showing: Showing::default(),
            raised: Raised::Nothing,
            root_sources: Vec::new(),
            globals: Box::default(),
            forced_at: 0,
            reason: None,
            doom: None,
            is_over: false,
            late: Vec::new(),
            is_starting: false,
            result: 0,
            terminate: null_mut(),
            links: Few::None,
            watchers: Few::None,
            monitors: Few::None,
            spawn: SpawnOptions::default(),
            receive_until: None,
            sleep_until: 0,
            alarm: None,
            promise: None,
            tasks: Vec::new(),
            orphans: Vec::new(),
            info: None,
            held: VecDeque::new(),
        }
    }
}

/// What a spawn is told beforehand.
#[derive(Debug, Default)]
pub(crate) struct SpawnOptions {
    pub(crate) priority: Option<u8>,
    pub(crate) limits: Limits,
    pub(crate) name: Option<Box<str>>,
    pub(crate) terminates: bool,
}

impl SpawnOptions {
    pub(crate) fn set(&mut self, setting: SpawnSetting, value: i64) {
        match setting {
            SpawnSetting::Priority => self.priority = Some(value.clamp(0, 3) as u8),
            SpawnSetting::Terminates => self.terminates = value != 0,
            SpawnSetting::MaxHeap => {
                self.limits.max_bytes = Some(usize::try_from(value).unwrap_or(0));
            }
            SpawnSetting::MaxMailbox => {
                self.limits.max_messages = Some(u32::try_from(value).unwrap_or(u32::MAX));
            }
            SpawnSetting::Overflow => {
                self.limits.overflow = Overflow::from_number(value).unwrap_or_default();
            }
        }
    }
}
