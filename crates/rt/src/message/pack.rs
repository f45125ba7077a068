//! Packs: flat messages of one size, from one thread to one mailbox, in one piece of memory.
//!
//! A pack is queued as a message is, with its first message in it. From then on it is in the hands of two: the sender
//! adds messages, which are in the mailbox at once, until it *leaves* the pack; the receiver *closes* it when it takes it
//! out of the shared mailbox, and gives it up when it has *read* it. The state is one word: how many messages were added,
//! and a flag for each of the three steps.
//!
//! - Adding writes the message, then counts it, a release. If the pack was closed before, the count says so: the message is
//!   in nobody's mailbox, and the sender must leave.
//! - Closing is an acquire, after which the receiver may read as many messages as were counted.
//! - Leaving and reading are both: the second of the two sees what the first has done with the memory, and frees it.
//!
//! While no other thread runs actors, as one with a keeper (`sched::compaction`), nobody reads what is added before the sender's turn
//! ends: such a *lone* pack is counted when it is left, all at once, which spares each message a locked instruction. If another
//! thread has come meanwhile, and has closed it, the sender gives the rest back, to be queued anew.
//!
//! Must never be added to by anyone but the thread that made it.

use super::{Envelope, Message, PACK, ROOM_FOR_WORDS, blocks};
use crate::sync::{AtomicPtr, AtomicU32, Ordering};
use sepal_abi::{Ctx, ObjPtr};
use sepal_machine::cpu;
use std::alloc::{Layout, handle_alloc_error};
use std::cell::Cell;
use std::mem::MaybeUninit;
use std::ptr::{NonNull, null_mut};

/// The bytes of a pack.
pub(super) const SIZE: usize = 384;
/// Flags of the state. What the counting of the last, failed addition changes is below them.
const CLOSED: u32 = 1 << 29;
const READ: u32 = 1 << 30;
const LEFT: u32 = 1 << 31;
const COUNT: u32 = CLOSED - 1;

/// See the module's head.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Pack {
    envelope: Envelope,
    state: AtomicU32,
    /// How many messages there are, once it is closed; the receiver's.
    count: u32,
    /// How many of them were taken; the receiver's.
    taken: u32,
}

/// A word of a flat message, or of what lies behind its object.
type AnyWord = MaybeUninit<u64>;

/// The first message is so far behind the beginning.
pub(super) const HEAD: usize = 40;
const _: () = assert!(size_of::<Pack>() <= HEAD);

/// A pack, for the thread that made it: a place for one. It must be left before it is forgotten.
#[derive(Debug)]
pub(crate) struct OpenPack {
    /// Null: there is none.
    pack: Cell<*mut Pack>,
    /// Where the next message goes; none does from `end` on, which is 0 if there is no pack.
    at: Cell<usize>,
    end: Cell<usize>,
    /// The bytes of a message.
    size: Cell<u32>,
    /// Of a lone pack: how many messages are counted.
    counted: Cell<Option<usize>>,
}

impl OpenPack {
    pub(crate) const NONE: OpenPack = OpenPack {
        pack: Cell::new(null_mut()),
        at: Cell::new(0),
        end: Cell::new(0),
        size: Cell::new(0),
        counted: Cell::new(None),
    };

    /// Makes a pack of a flat message, which is to be queued before anything is added; or gives the message back as it is,
    /// if there is no memory. It is a lone one if no other thread runs actors.
    pub(crate) fn begin(&self, message: Message, is_alone: bool) -> Message {
        let Some(pack) = NonNull::new(blocks::take(SIZE).cast::<Pack>()) else { return message };
        let from = message.envelope();
        let size = from.flat_size;
        let (next, note, kind) = (AtomicPtr::default(), from.note, from.kind);
        let envelope = Envelope { next, note, kind, flat_size: PACK | size };
        let address = pack.as_ptr() as usize;
        self.pack.set(pack.as_ptr());
        self.at.set(address + HEAD);
        self.end.set(address + SIZE + 1 - ROOM_FOR_WORDS);
        self.size.set(size);
        self.counted.set(is_alone.then_some(1));
        // SAFETY: the memory is ours and large enough, and so is the room for the first message.
        unsafe {
            pack.write(Pack { envelope, state: AtomicU32::new(1), count: 0, taken: 0 });
            self.write(&message);
        }
        self.at.set(self.at.get() + size as usize);
        message.free_memory();
        Message(pack.cast())
    }

    /// Adds a flat message. `Err`: the message, since there is no room or the pack is closed.
    #[inline(always)]
    pub(crate) fn add(&self, message: Message) -> Result<(), Message> {
        let at = self.at.get();
        if message.envelope().flat_size != self.size.get() || at >= self.end.get() {
            return Err(message);
        }
        // SAFETY: the pack is alive until it is left. There is room for the message behind those that were added.
        let is_closed = unsafe {
            self.write(&message);
            self.counted.get().is_none()
                && (*self.pack.get()).state.fetch_add(1, Ordering::Release) & CLOSED != 0
        };
        if is_closed {
            return Err(message);
        }
        self.at.set(at + self.size.get() as usize);
        message.free_memory();
        Ok(())
    }

    /// Whether there is a pack.
    pub(crate) fn is_any(&self) -> bool {
        !self.pack.get().is_null()
    }

    /// How many messages were added.
    pub(crate) fn len(&self) -> usize {
        (self.at.get() - HEAD - self.pack.get() as usize) / self.size.get() as usize
    }

    /// # Safety
    /// There must be room for the largest object.
    #[inline(always)]
    unsafe fn write(&self, message: &Message) {
        let (from, to) = (message.root().cast::<AnyWord>(), self.at.get() as *mut AnyWord);
        for word in 0..ROOM_FOR_WORDS / 8 {
            // Volatile, for word by word: they were written so a moment ago, and what is read in wider pieces would have to
            // wait until they have reached the cache.
            // SAFETY: the caller vouches for the room; a flat message has that much too. What lies behind its object is
            // copied along, to be overwritten by the next.
            unsafe { to.add(word).write(from.add(word).read_volatile()) };
        }
    }

    /// Gives up the sender's side of the pack, of which there is one. The messages that nobody will read in it, in their order,
    /// are for `again`, which must not use this.
    #[inline]
    pub(crate) fn leave(&self, mut again: impl FnMut(Message)) {
        let added = self.len();
        let pack = self.pack.replace(null_mut());
        self.end.set(0);
        // SAFETY: the pack is alive until both have given it up.
        unsafe {
            if let Some(counted) = self.counted.take()
                && added > counted
            {
                // Release: the messages come before the count.
                let more = (added - counted) as u32;
                if (*pack).state.fetch_add(more, Ordering::Release) & CLOSED != 0 {
                    (counted..added).for_each(|index| again((*pack).message(index)));
                }
            }
            if (*pack).state.fetch_or(LEFT, Ordering::AcqRel) & READ != 0 {
                blocks::give(pack.cast(), SIZE);
            }
        }
    }
}

/// The receiver's side.
impl Pack {
    /// How many messages are in it that were not taken.
    pub(crate) fn len(&self) -> usize {
        let state = self.state.load(Ordering::Acquire);
        let count = if state & CLOSED == 0 { state & COUNT } else { self.count };
        (count - self.taken) as usize
    }

    /// Closes it; gives how many messages there are.
    pub(crate) fn close(&mut self) -> u32 {
        self.count = self.state.fetch_or(CLOSED, Ordering::Acquire) & COUNT;
        for line in (64..SIZE).step_by(64) {
            cpu::prefetch((&raw const *self).wrapping_byte_add(line).cast());
        }
        self.count
    }

    fn size(&self) -> usize {
        (self.envelope.flat_size & !PACK) as usize
    }

    /// The first message that was not taken. A closed pack has one.
    fn first(&self) -> *const u64 {
        self.at(self.taken as usize)
    }

    /// Where a message lies.
    fn at(&self, index: usize) -> *const u64 {
        (&raw const *self).wrapping_byte_add(HEAD + index * self.size()).cast()
    }

    /// How many messages were taken.
    pub(crate) fn taken(&self) -> u32 {
        self.taken
    }

    /// Notes that the first message was taken; true if it was the last.
    #[inline(always)]
    fn note_taken(&mut self) -> bool {
        self.taken += 1;
        self.taken == self.count
    }

    /// Moves the first message of a closed pack to where the context bumps through, if there is room; and whether that was
    /// the last one.
    #[inline(always)]
    pub(crate) fn adopt_first(&mut self, ctx: &mut Ctx) -> Option<(ObjPtr, bool)> {
        let (size, to) = (self.size(), ctx.alloc_ptr);
        if size > ctx.alloc_end - to {
            return None;
        }
        ctx.alloc_ptr = to + size;
        let from = self.first();
        for word in 0..size / 8 {
            // SAFETY: what the context bumps through is the actor's to fill; the message was counted.
            unsafe { (to as *mut u64).add(word).write(from.add(word).read()) };
        }
        Some((to as ObjPtr, self.note_taken()))
    }

    /// Makes of the first message of a closed pack one by itself; and whether that was the last one. `None`: there is no
    /// memory.
    pub(crate) fn split_first(&mut self) -> Option<(Message, bool)> {
        // SAFETY: the message was counted.
        let message = unsafe { copy(self.first(), self.size()) }?;
        Some((message, self.note_taken()))
    }

    /// Gives up the receiver's side, read or not.
    ///
    /// # Safety
    /// The receiver must not use it any more.
    pub(crate) unsafe fn give_up(pack: *mut Pack) {
        // SAFETY: the pack is alive until both have given it up. Once the sender has left, nobody else changes the state.
        unsafe {
            let state = &(*pack).state;
            let is_left = state.load(Ordering::Acquire) & LEFT != 0
                || state.fetch_or(CLOSED | READ, Ordering::AcqRel) & LEFT != 0;
            if is_left {
                blocks::give(pack.cast(), SIZE);
            }
        }
    }
}

impl Pack {
    /// One of the messages that were added, by itself.
    ///
    /// # Safety
    /// There must be so many messages, for the sender.
    #[cold]
    unsafe fn message(&self, index: usize) -> Message {
        // SAFETY: the caller vouches for the message.
        let message = unsafe { copy(self.at(index), self.size()) };
        // There was memory for it a moment ago, and nobody to tell that there is none now.
        message.unwrap_or_else(|| handle_alloc_error(Layout::new::<[u64; super::MESSAGE_WORDS]>()))
    }
}

/// A message of what lies in a pack. `None`: there is no memory.
///
/// # Safety
/// There must be an object of so many bytes.
unsafe fn copy(from: *const u64, size: usize) -> Option<Message> {
    let mut words = [0; super::MESSAGE_WORDS];
    for (index, word) in words.iter_mut().enumerate().take(size / 8 - 1) {
        // SAFETY: the object has so many words behind its header.
        *word = unsafe { from.add(1 + index).read() };
    }
    // SAFETY: as above.
    let header = unsafe { from.cast::<sepal_abi::Header>().read() };
    Message::new_flat(size, header, words)
}
