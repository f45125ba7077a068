//! The mailbox: what has come from others, and the queue that only its owner sees.
//!
//! The shared part is in `arrivals`, the only one that other threads may touch.
//!
//! The private queue keeps what has come and was not taken. What a receive has looked at is always its beginning,
//! so it is kept apart, as objects in the actor's own heap; a message behind half a million others is
//! reached once, not once for each arrival.
//!
//! Must never be touched but by the thread that has the actor.

use super::arrivals::Batch;
use super::looked::{Looked, Passed, Site};
use super::queue::note_messages;
use super::signal::Kind;
use crate::heap::Heap;
use crate::message::{Message, Pack};
use sepal_abi::{Ctx, ObjPtr, Received};

/// There is no memory for a message.
#[derive(Debug)]
pub(crate) struct NoMemory;

/// See the module's head.
#[derive(Debug)]
pub(crate) struct Queue {
    /// What nobody has looked at, packs closed.
    fresh: Batch,
    /// What was looked at, and not taken, before `current`; few actors have any, so it is a pointer away.
    passed: Option<Box<Passed>>,
    /// How many of `passed` this receive has looked at; beyond its length, all and `current` too.
    at: u32,
    /// The length of `fresh`.
    unread: u32,
    /// What was looked at for the first time in this receive, last.
    current: Option<Looked>,
}

impl Queue {
    pub(crate) const EMPTY: Queue =
        Queue { fresh: Batch::EMPTY, passed: None, at: 0, unread: 0, current: None };

    /// Whether nothing was looked at that was not taken.
    #[inline(always)]
    pub(crate) fn is_untouched(&self) -> bool {
        self.passed.is_none() && self.current.is_none()
    }

    /// Takes out what was looked at last, if that is a message that does not count and all that was looked at; false if
    /// it is not.
    #[inline(always)]
    pub(crate) fn take_uncounted(&mut self) -> bool {
        let is_it = |looked: &Looked| looked.kind == Received::Message && looked.note == 0;
        let is_plain = self.passed.is_none() && self.current.as_ref().is_some_and(is_it);
        if is_plain {
            (self.current, self.at) = (None, 0);
        }
        is_plain
    }

    /// How many wait, looked at or not.
    pub(crate) fn len(&self) -> usize {
        let passed = self.passed.as_ref().map_or(0, |passed| passed.len());
        passed + usize::from(self.current.is_some()) + self.unread as usize
    }

    /// Begins a receive, with the oldest that it may not have looked at. One that looks at something already, until a
    /// point of time, asks a guard, in which this one begins.
    pub(crate) fn begin(&mut self, site: Site, until: Option<u64>) {
        let passed = self.passed.as_ref().map_or(0, |passed| passed.len() as u32);
        let looked = if self.current.is_some() { passed + 1 } else { self.at };
        self.keep_current();
        self.at = 0;
        if let Some(passed) = &mut self.passed {
            if looked > 0 {
                passed.enter(looked, until);
            }
            self.at = passed.begin(site);
        }
    }

    /// Ends a receive that has found nothing. Gives when the time is over of the one that goes on.
    pub(crate) fn give_up(&mut self) -> Option<u64> {
        self.keep_current();
        if let Some(passed) = &mut self.passed {
            passed.note_scanned(passed.len());
        }
        self.end()
    }

    /// After a receive comes the one whose guard it stood in, or the next, which begins with the oldest.
    fn end(&mut self) -> Option<u64> {
        let outer = self.passed.as_mut().and_then(|passed| passed.leave());
        if self.passed.as_ref().is_some_and(|passed| passed.is_idle()) {
            self.passed = None;
        }
        let (at, until) = outer.unwrap_or_default();
        self.at = at;
        until
    }

    #[inline]
    fn keep_current(&mut self) {
        if let Some(current) = self.current.take() {
            self.keep(current);
        }
    }

    #[inline(never)]
    fn keep(&mut self, looked: Looked) {
        self.passed.get_or_insert_default().push(looked);
    }

    /// How many messages nobody has looked at.
    pub(crate) fn unread(&self) -> u32 {
        self.unread
    }

    /// Adds a message that has come, or a pack.
    #[inline(always)]
    pub(crate) fn push(&mut self, mut message: Message) {
        let count = message.pack_mut().map_or(1, Pack::close);
        self.fresh.push(message);
        self.unread = self.unread.saturating_add(count);
    }

    /// Takes the first message or pack that nobody has looked at.
    pub(crate) fn pop_whole(&mut self) -> Option<Message> {
        let first = self.fresh.next()?;
        let count = first.pack().map_or(1, |pack| pack.len() as u32);
        self.unread = self.unread.saturating_sub(count);
        Some(first)
    }

    /// Takes the first message that nobody has looked at. `Err`: there is no memory for it.
    #[inline(always)]
    pub(crate) fn pop(&mut self) -> Result<Option<Message>, NoMemory> {
        let Some(pack) = self.fresh.first_pack() else {
            let first = self.fresh.next();
            self.unread = self.unread.saturating_sub(u32::from(first.is_some()));
            return Ok(first);
        };
        let (message, is_last) = pack.split_first().ok_or(NoMemory)?;
        self.note_taken_of_pack(is_last);
        Ok(Some(message))
    }

    /// A message was taken out of the pack that comes first.
    #[inline(always)]
    fn note_taken_of_pack(&mut self, is_last: bool) {
        self.unread = self.unread.saturating_sub(1);
        if is_last && let Some(pack) = self.fresh.next() {
            note_messages(pack.pack().map_or(1, Pack::taken));
        }
    }

    /// Puts a message back where it was taken from.
    pub(crate) fn put_back(&mut self, message: Message) {
        self.fresh.push_front(message);
        self.unread = self.unread.saturating_add(1);
    }

    /// Takes out the first message that fits of those that nobody has looked at.
    pub(crate) fn remove_unread(&mut self, fits: impl Fn(&Message) -> bool) -> Option<Message> {
        let found = self.fresh.remove_first(fits)?;
        self.unread = self.unread.saturating_sub(1);
        Some(found)
    }

    /// Looks at the first of `fresh` if it is a message without references, there is room for it or its own memory may be
    /// that, and nothing that was looked at before comes first.
    #[inline(always)]
    pub(crate) fn look_at_flat(&mut self, heap: &mut Heap, ctx: &mut Ctx) -> Option<ObjPtr> {
        if !self.is_untouched() {
            return None;
        }
        if let Some(pack) = self.fresh.first_pack() {
            let (object, is_last) = pack.adopt_first(ctx)?;
            self.note_taken_of_pack(is_last);
            // Only plain messages, which do not count, come in packs.
            self.current = Some(Looked { object, kind: Received::Message, bytes: 0, note: 0 });
            return Some(object);
        }
        let message = self.pop_whole()?;
        let (bytes, note) = (message.bytes() as u32, message.envelope().note);
        let is_message = Kind::of(&message) == Kind::Message;
        let adopted = if is_message {
            message.adopt_flat(ctx).or_else(|message| message.become_chunk(heap, ctx))
        } else {
            Err(message)
        };
        match adopted {
            Ok(object) => {
                self.current = Some(Looked { object, kind: Received::Message, bytes, note });
                Some(object)
            }
            Err(message) => {
                self.put_back(message);
                None
            }
        }
    }

    /// The next of those that were looked at in earlier receives.
    pub(crate) fn look_again(&mut self) -> Option<Looked> {
        let passed = self.passed.as_mut()?;
        let looked = passed.get(self.at as usize)?;
        passed.set_gone(false);
        self.at += 1;
        Some(looked)
    }

    /// Notes what was made of the first of `fresh`, taken out, as looked at.
    pub(crate) fn look(&mut self, looked: Looked) {
        self.keep_current();
        self.at = 0;
        if let Some(passed) = &mut self.passed {
            passed.set_gone(false);
            self.at = passed.len() as u32;
        }
        self.current = Some(looked);
    }

    /// Takes out what was looked at last, if it is still there: a guard may have taken it. Gives when the time is over of
    /// the receive that goes on.
    #[inline]
    pub(crate) fn take(&mut self) -> (Option<Looked>, Option<u64>) {
        let taken = self.take_looked();
        (taken, self.end())
    }

    fn take_looked(&mut self) -> Option<Looked> {
        if let Some(current) = self.current.take() {
            if let Some(passed) = &mut self.passed {
                passed.note_scanned(passed.len());
            }
            return Some(current);
        }
        let passed = self.passed.as_mut()?;
        if passed.is_gone() {
            return None;
        }
        let index = (self.at as usize).checked_sub(1)?;
        let taken = passed.remove(index);
        passed.note_scanned(index);
        taken
    }

    /// Takes out the first object that fits, looked at or not.
    pub(crate) fn remove_looked(&mut self, fits: impl Fn(&Looked) -> bool) -> Option<Looked> {
        if self.current.as_ref().is_some_and(&fits) {
            if let Some(passed) = &mut self.passed {
                passed.set_gone(true);
            }
            return self.current.take();
        }
        let passed = self.passed.as_mut()?;
        let index = passed.position(fits)?;
        if index + 1 == self.at as usize && self.current.is_none() {
            passed.set_gone(true);
        }
        self.at -= u32::from(index < self.at as usize);
        passed.remove(index)
    }

    /// All objects, as exact roots.
    pub(crate) fn roots(&mut self) -> impl Iterator<Item = &mut ObjPtr> {
        let passed = self.passed.iter_mut().flat_map(|passed| passed.iter_mut());
        self.current.iter_mut().chain(passed).map(|looked| &mut looked.object)
    }
}
