//! The mailbox: a stack that every actor may push to, and the queue that only its owner sees.
//!
//! The shared part is one word, the whole protocol between an actor and those who have something for it:
//!
//! | bits | |
//! |---|---|
//! | 21 to 63 | the address of the message pushed last, in units of 16; its messages are linked behind it |
//! | 2 to 20 | the tag: the lower bits of the slot's generation |
//! | `NOTIFIED` | something has come since the owner last looked |
//! | `ACTIVE` | the actor is queued or runs; whoever sets it must queue the actor |
//!
//! A push is a compare-and-swap that sets both flags, so that sending and waking are one step, and that fails once the
//! owner has closed the inbox by changing the tag; a sender who was late for 2^19 generations would have to be
//! asleep while its slot is reused that often. There is no state in between: unlike in a queue whose tail is exchanged
//! first and linked later, what was pushed is there. The owner takes all with one exchange, which clears `NOTIFIED`, and
//! turns the order round; it clears `ACTIVE` only while `NOTIFIED` is unset. All are read-modify-writes of one
//! word, so each of a pair comes first: either the owner sees what has come, or the sender finds `ACTIVE` unset and
//! queues the actor. Plain stores and loads would lose wake-ups (the store could pass the load). The inbox of a free slot
//! is active: a waker that comes too late does nothing, and one that meets the slot's next actor only makes it look
//! once for nothing.
//!
//! Orders: a push releases what the message holds, the owner's exchange acquires it. Who makes an actor active acquires
//! what the thread released that let it rest. Pushes of one sender, or of several that know of each other, come out in
//! their order, since the word's modifications are one order.
//!
//! The private queue keeps what has come and was not taken. What a receive has looked at is always its beginning,
//! so it is kept apart, as objects in the actor's own heap; a message behind half a million others is
//! reached once, not once for each arrival.
//!
//! Must never free a message that another thread may still see: only the owner takes them out.

use super::looked::{Looked, Passed, Site};
use super::signal::Kind;
use crate::heap::Heap;
use crate::message::{Envelope, Message, Pack};
use sepal_abi::{Ctx, ObjPtr, Received};
use std::mem::ManuallyDrop;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicU64, Ordering};

const ACTIVE: u64 = 1;
const NOTIFIED: u64 = 2;
/// Where the tag begins, and its bits in place.
const TAG_SHIFT: u32 = 2;
const TAG: u64 = ((1 << 19) - 1) << TAG_SHIFT;
/// Where the address begins; its lowest 4 bits, which are zero, are left out.
const ADDRESS_SHIFT: u32 = 21;
const _: () = assert!(crate::message::ALIGN == 16);

/// See the module's head.
#[derive(Debug)]
#[repr(transparent)]
pub struct Inbox(AtomicU64);

fn pack(message: *mut Envelope) -> u64 {
    let address = message as u64;
    debug_assert!(address.is_multiple_of(16) && address < 1 << 47);
    address << (ADDRESS_SHIFT - 4)
}

fn unpack(word: u64) -> *mut Envelope {
    (word >> ADDRESS_SHIFT << 4) as *mut Envelope
}

fn tag_of(generation: u32) -> u64 {
    u64::from(generation) << TAG_SHIFT & TAG
}

/// What became of a push that was accepted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub(crate) enum Pushed {
    /// The actor will look by itself.
    Noted,
    /// It was idle: the caller must queue it.
    Woke,
}

impl Inbox {
    /// Opens the inbox for the actor of a generation; it is empty, and the actor active.
    pub(crate) fn open(&self, generation: u32) {
        self.0.store(tag_of(generation) | ACTIVE, Ordering::Release);
    }

    /// Pushes a message for the actor of a generation; gives it back if that is closed.
    pub(crate) fn push(&self, generation: u32, message: Message) -> Result<Pushed, Message> {
        let tag = tag_of(generation);
        let message = message.into_raw();
        let mut head = self.0.load(Ordering::Relaxed);
        loop {
            if head & TAG != tag {
                // SAFETY: made raw above, and nobody has seen it.
                return Err(unsafe { Message::from_raw(message) }.expect("a message is not null"));
            }
            // SAFETY: as above.
            unsafe { (*message).next.store(unpack(head), Ordering::Relaxed) };
            let new = pack(message) | tag | NOTIFIED | ACTIVE;
            match self.0.compare_exchange_weak(head, new, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) if head & ACTIVE == 0 => return Ok(Pushed::Woke),
                Ok(_) => return Ok(Pushed::Noted),
                Err(now) => head = now,
            }
        }
    }

    /// Makes the actor active and look.
    pub(crate) fn wake(&self) -> Pushed {
        let old = self.0.fetch_or(ACTIVE | NOTIFIED, Ordering::AcqRel);
        if old & ACTIVE == 0 { Pushed::Woke } else { Pushed::Noted }
    }

    /// How many messages are in it, by a walk: only for the thread that has the actor, since nobody else takes any out.
    pub(crate) fn len_for_owner(&self) -> usize {
        let newest = unpack(self.0.load(Ordering::Acquire));
        // SAFETY: what was pushed stays until the owner takes it.
        unsafe { count(newest) }
    }

    /// Takes all messages, in the order in which they came. `None`: nothing has come since the last time, nor was the
    /// actor woken.
    #[inline]
    pub(crate) fn look(&self, generation: u32) -> Option<Batch> {
        // What comes after this keeps the actor from resting.
        if !self.has_news() {
            return None;
        }
        let taken = self.0.swap(tag_of(generation) | ACTIVE, Ordering::AcqRel);
        Some(Batch::of_stack(taken))
    }

    /// Whether [`Inbox::look`] would give anything.
    #[inline(always)]
    pub(crate) fn has_news(&self) -> bool {
        self.0.load(Ordering::Relaxed) & NOTIFIED != 0
    }

    /// Makes the running actor idle, unless something has come since it last looked.
    #[must_use]
    pub(crate) fn rest(&self, generation: u32) -> bool {
        let (active, idle) = (tag_of(generation) | ACTIVE, tag_of(generation));
        // Without a notification there is no message.
        self.0.compare_exchange(active, idle, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    /// Makes an idle actor active without news: the caller may look at it, and must call [`Inbox::rest`] or queue it.
    #[must_use]
    pub(crate) fn claim(&self, generation: u32) -> bool {
        let (idle, active) = (tag_of(generation), tag_of(generation) | ACTIVE);
        self.0.compare_exchange(idle, active, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    /// Whether the actor waits, and no thread has a hand on it.
    pub(crate) fn is_resting(&self) -> bool {
        self.0.load(Ordering::Acquire) & ACTIVE == 0
    }

    /// Closes the inbox: pushes for the generation fail from now on. Gives what was in it.
    pub(crate) fn close(&self, generation: u32) -> Batch {
        let next = tag_of(generation.wrapping_add(1)) | ACTIVE;
        Batch::of_stack(self.0.swap(next, Ordering::AcqRel))
    }
}

/// A list of messages that belongs to one thread, oldest first.
#[derive(Debug)]
pub(crate) struct Batch {
    first: *mut Envelope,
    /// Means nothing while `first` is null.
    last: *mut Envelope,
}

/// The message behind another.
///
/// # Safety
/// The message must be on a list of this thread.
unsafe fn next(message: *mut Envelope) -> *mut Envelope {
    // SAFETY: the caller vouches for it.
    unsafe { (*message).next.load(Ordering::Relaxed) }
}

/// How many messages a list has, those in packs counted each.
///
/// # Safety
/// Nobody may take messages out of it meanwhile.
unsafe fn count(first: *mut Envelope) -> usize {
    let (mut at, mut sum) = (first, 0);
    // SAFETY: the caller vouches for it; what is borrowed is not dropped.
    while let Some(message) = unsafe { Message::from_raw(at) }.map(ManuallyDrop::new) {
        sum += message.pack().map_or(1, Pack::len);
        // SAFETY: as above.
        at = unsafe { next(at) };
    }
    sum
}

impl Batch {
    pub(crate) const EMPTY: Batch = Batch { first: null_mut(), last: null_mut() };

    /// Of what a shared word held, newest first.
    fn of_stack(word: u64) -> Batch {
        let (mut newest, mut first) = (unpack(word), null_mut());
        let last = newest;
        while !newest.is_null() {
            // SAFETY: the list came out of the shared word whole, and is ours alone.
            unsafe {
                let older = next(newest);
                (*newest).next.store(first, Ordering::Relaxed);
                (first, newest) = (newest, older);
            }
        }
        Batch { first, last }
    }

    /// The pack that comes first, if it is one.
    #[inline(always)]
    fn first_pack(&mut self) -> Option<&mut Pack> {
        // SAFETY: the list is ours. What is borrowed is not dropped.
        let mut first = unsafe { Message::from_raw(self.first) }.map(ManuallyDrop::new)?;
        // SAFETY: the pack stays on the list as long as that is borrowed.
        first.pack_mut().map(|pack| unsafe { &mut *(&raw mut *pack) })
    }

    pub(crate) fn push(&mut self, message: Message) {
        let message = message.into_raw();
        // SAFETY: all messages of the list are ours.
        unsafe {
            (*message).next.store(null_mut(), Ordering::Relaxed);
            if self.first.is_null() {
                self.first = message;
            } else {
                (*self.last).next.store(message, Ordering::Relaxed);
            }
        }
        self.last = message;
    }

    /// Puts a message back where it was taken from.
    pub(crate) fn push_front(&mut self, message: Message) {
        let message = message.into_raw();
        // SAFETY: as above.
        unsafe { (*message).next.store(self.first, Ordering::Relaxed) };
        if self.first.is_null() {
            self.last = message;
        }
        self.first = message;
    }

    /// Takes out the first that fits.
    pub(crate) fn remove_first(&mut self, fits: impl Fn(&Message) -> bool) -> Option<Message> {
        let mut found = None;
        for message in std::mem::replace(self, Batch::EMPTY) {
            if found.is_none() && fits(&message) {
                found = Some(message);
            } else {
                self.push(message);
            }
        }
        found
    }
}

impl Iterator for Batch {
    type Item = Message;

    fn next(&mut self) -> Option<Message> {
        let first = self.first;
        if first.is_null() {
            return None;
        }
        // SAFETY: the list is ours.
        unsafe {
            self.first = next(first);
            Message::from_raw(first)
        }
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        self.for_each(drop);
    }
}

/// There is no memory for a message.
#[derive(Debug)]
pub(crate) struct NoMemory;

/// The private part; see the module's head.
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

    /// Begins a receive, with the oldest that it may not have looked at.
    pub(crate) fn begin(&mut self, site: Site) {
        self.keep_current();
        self.at = self.passed.as_mut().map_or(0, |passed| passed.begin(site));
    }

    /// Ends a receive that has found nothing.
    pub(crate) fn give_up(&mut self) {
        self.keep_current();
        if let Some(passed) = &mut self.passed {
            passed.note_scanned(passed.len());
        }
        self.at = 0;
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
        if is_last {
            drop(self.fresh.next());
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
        let looked = self.passed.as_ref()?.get(self.at as usize)?;
        self.at += 1;
        Some(looked)
    }

    /// Notes what was made of the first of `fresh`, taken out, as looked at.
    pub(crate) fn look(&mut self, looked: Looked) {
        self.keep_current();
        self.at = self.passed.as_ref().map_or(0, |passed| passed.len() as u32);
        self.current = Some(looked);
    }

    /// Takes out what was looked at last; the next receive begins with the oldest.
    #[inline]
    pub(crate) fn take(&mut self) -> Option<Looked> {
        let at = std::mem::take(&mut self.at) as usize;
        if let Some(current) = self.current.take() {
            if let Some(passed) = &mut self.passed {
                passed.note_scanned(passed.len());
            }
            return Some(current);
        }
        let passed = self.passed.as_mut()?;
        let index = at.checked_sub(1)?;
        let taken = passed.remove(index);
        passed.note_scanned(index);
        if passed.len() == 0 {
            self.passed = None;
        }
        taken
    }

    /// Takes out the first object that fits, looked at or not.
    pub(crate) fn remove_looked(&mut self, fits: impl Fn(&Looked) -> bool) -> Option<Looked> {
        if self.current.as_ref().is_some_and(&fits) {
            return self.current.take();
        }
        let passed = self.passed.as_mut()?;
        let index = passed.position(fits)?;
        self.at -= u32::from(index < self.at as usize);
        passed.remove(index)
    }

    /// All objects, as exact roots.
    pub(crate) fn roots(&mut self) -> impl Iterator<Item = &mut ObjPtr> {
        let passed = self.passed.iter_mut().flat_map(|passed| passed.iter_mut());
        self.current.iter_mut().chain(passed).map(|looked| &mut looked.object)
    }
}
