//! The mailbox: a stack that every actor may push to, and the queue that only its owner sees.
//!
//! The shared part is one word: the address of the message pushed last, above a tag of 20 bits, the lower ones of
//! the slot's generation. A push is a compare-and-swap, so it fails once the owner has closed the inbox by
//! changing the tag; a sender who was late for 2^20 generations would have to be asleep while its slot is
//! reused that often. There is no state in between: unlike in a queue whose tail is exchanged first and linked
//! later, what was pushed is there. The owner takes all with one exchange and turns the order round.
//!
//! Orders: a push releases what the message holds, the owner's exchange acquires it. Pushes of one sender, or of
//! several that know of each other, come out in their order, since the word's modifications are one order.
//!
//! The private queue keeps what has come and was not taken. What a receive has looked at is always its beginning,
//! so it is kept apart, as objects in the actor's own heap; a message behind half a million others is
//! reached once, not once for each arrival.
//!
//! Must never free a message that another thread may still see: only the owner takes them out.

use crate::message::{Envelope, Message};
use sepal_abi::{ObjPtr, Received};
use std::collections::VecDeque;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicU64, Ordering};

/// The bits of the tag. Messages are 8-byte aligned and lie below 2^47.
const TAG: u64 = (1 << 20) - 1;

/// See the module's head.
#[derive(Debug)]
#[repr(transparent)]
pub struct Inbox(AtomicU64);

fn pack(message: *mut Envelope, tag: u64) -> u64 {
    let address = message as u64;
    debug_assert!(address.is_multiple_of(8) && address < 1 << 47);
    address << 17 | tag
}

fn unpack(word: u64) -> *mut Envelope {
    (word >> 20 << 3) as *mut Envelope
}

fn tag_of(generation: u32) -> u64 {
    u64::from(generation) & TAG
}

impl Inbox {
    /// Opens the inbox for the actor of a generation; it is empty.
    pub(crate) fn open(&self, generation: u32) {
        self.0.store(tag_of(generation), Ordering::Release);
    }

    /// Pushes a message for the actor of a generation; gives it back if that is closed.
    pub(crate) fn push(&self, generation: u32, message: Message) -> Result<(), Message> {
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
            let new = pack(message, tag);
            match self.0.compare_exchange_weak(head, new, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return Ok(()),
                Err(now) => head = now,
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        unpack(self.0.load(Ordering::Acquire)).is_null()
    }

    /// How many messages are in it, by a walk: only for the thread that has the actor, since nobody else takes any out.
    pub(crate) fn len_for_owner(&self) -> usize {
        let newest = unpack(self.0.load(Ordering::Acquire));
        // SAFETY: what was pushed stays until the owner takes it.
        unsafe { count(newest) }
    }

    /// Takes all messages, in the order in which they came.
    pub(crate) fn take(&self, generation: u32) -> Batch {
        if self.is_empty() {
            return Batch::EMPTY;
        }
        Batch::of_stack(self.0.swap(tag_of(generation), Ordering::Acquire))
    }

    /// Closes the inbox: pushes for the generation fail from now on. Gives what was in it.
    pub(crate) fn close(&self, generation: u32) -> Batch {
        Batch::of_stack(self.0.swap(tag_of(generation + 1), Ordering::Acquire))
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

/// How many messages a list has.
///
/// # Safety
/// Nobody may take messages out of it meanwhile.
unsafe fn count(first: *mut Envelope) -> usize {
    let some = |message: *mut Envelope| (!message.is_null()).then_some(message);
    // SAFETY: the caller vouches for it.
    std::iter::successors(some(first), |&message| some(unsafe { next(message) })).count()
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

    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_null()
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

/// What a receive looks at: an object of the actor's heap, and what kind of signal it was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Looked {
    pub(crate) object: ObjPtr,
    pub(crate) kind: Received,
    /// Bytes of the message, which count against the mailbox's bounds until it is taken.
    pub(crate) bytes: u32,
    /// The envelope's: the monitor of a down, whether a message counts.
    pub(crate) note: u64,
}

/// The private part; see the module's head.
#[derive(Debug)]
pub(crate) struct Queue {
    /// What nobody has looked at.
    pub(crate) fresh: Batch,
    /// What was looked at, and not taken, before `current`; few actors have any, so it is a pointer away.
    #[allow(clippy::box_collection, reason = "an idle actor shall be small")]
    passed: Option<Box<VecDeque<Looked>>>,
    /// How many of `passed` this receive has looked at; beyond its length, all and `current` too.
    at: u32,
    /// What was looked at for the first time in this receive, last.
    current: Option<Looked>,
}

impl Queue {
    pub(crate) const EMPTY: Queue =
        Queue { fresh: Batch::EMPTY, passed: None, at: 0, current: None };

    /// How many wait, looked at or not, by a walk.
    pub(crate) fn len(&self) -> usize {
        let passed = self.passed.as_ref().map_or(0, |passed| passed.len());
        // SAFETY: the list is ours.
        let fresh = unsafe { count(self.fresh.first) };
        passed + usize::from(self.current.is_some()) + fresh
    }

    /// The next receive begins with the oldest.
    pub(crate) fn rewind(&mut self) {
        self.keep_current();
        self.at = 0;
    }

    fn keep_current(&mut self) {
        if let Some(current) = self.current.take() {
            self.passed.get_or_insert_default().push_back(current);
        }
    }

    /// The next of those that were looked at in earlier receives.
    pub(crate) fn look_again(&mut self) -> Option<Looked> {
        let looked = *self.passed.as_ref()?.get(self.at as usize)?;
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
    pub(crate) fn take(&mut self) -> Option<Looked> {
        let at = std::mem::take(&mut self.at) as usize;
        if let Some(current) = self.current.take() {
            return Some(current);
        }
        let passed = self.passed.as_mut()?;
        let taken = passed.remove(at.checked_sub(1)?);
        if passed.is_empty() {
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
        let index = passed.iter().position(fits)?;
        self.at -= u32::from(index < self.at as usize);
        passed.remove(index)
    }

    /// All objects, as exact roots.
    pub(crate) fn roots(&mut self) -> impl Iterator<Item = &mut ObjPtr> {
        let passed = self.passed.iter_mut().flat_map(|passed| passed.iter_mut());
        self.current.iter_mut().chain(passed).map(|looked| &mut looked.object)
    }
}
