//! Copying out of a heap: Cheney's algorithm, with the chunks of the message as its queue.
//!
//! While it runs, the header of a copied object says where the copy is; afterwards all headers are as before.
//! That is sound because a heap belongs to the thread that copies. Must never leave a heap changed.

use super::{
    GraphMessage, MAX_ROOM, MESSAGE_WORDS, Message, NotCopied, ROOM_FOR_GRAPH, ROOM_FOR_WORDS,
    write_words,
};
use crate::heap::chunk::{CHUNK_HEAD, Chunk};
use crate::heap::descs::Descs;
use crate::heap::forward::{forward_header, forwarded, is_shared, shared, stays, unshared};
use crate::heap::handle::Handle;
use crate::heap::large::{self, LARGE_IN_MESSAGE, SHARED};
use crate::heap::space::BLOCK;
use sepal_abi::{DescId, Header, ObjPtr, is_traced_pointer};
use std::cell::Cell;
use std::mem::MaybeUninit;

thread_local! {
    /// The list of copied objects, kept for its memory.
    static ORIGINALS: Cell<Vec<ObjPtr>> = const { Cell::new(Vec::new()) };
}

/// A larger list is given back.
const KEPT_ORIGINALS: usize = 64 * 1024;

/// See [`Message::copy`].
#[inline(always)]
pub(super) unsafe fn copy_words(
    descs: &Descs,
    header: Header,
    words: [u64; MESSAGE_WORDS],
) -> Result<Message, NotCopied> {
    let shape = descs.shape(header.desc());
    // At least a header, at most all words.
    let size = (shape.size as usize).clamp(8, ROOM_FOR_WORDS);
    let is_traced =
        |(index, &word): (usize, &u64)| shape.words & 2 << index != 0 && is_traced_pointer(word);
    if shape.words != 0 && words.iter().enumerate().any(is_traced) {
        // One by one: an array that others see is in memory, where its words could not be loaded again in pairs while
        // they are on the way there.
        let [a, b, c, d] = words;
        // SAFETY: the caller vouches for the words.
        return unsafe { copy_words_and_graph(descs, header, [a, b, c, d], size) };
    }
    Message::new_flat(size, header, words).ok_or(NotCopied::NoMemory)
}

#[inline(never)]
unsafe fn copy_words_and_graph(
    descs: &Descs,
    header: Header,
    words: [u64; MESSAGE_WORDS],
    size: usize,
) -> Result<Message, NotCopied> {
    let message = GraphMessage::new(ROOM_FOR_GRAPH, size).ok_or(NotCopied::NoMemory)?;
    // SAFETY: there is room for a header and all words. Behind `size` bytes others will be written.
    unsafe { write_words(message.0.root(), header, words) };
    let mut copier = Copier::new(descs, message, size);
    // SAFETY: the caller vouches for the words.
    unsafe { copier.scan() };
    copier.finish()
}

/// See [`Message::copy_graph`].
pub(super) unsafe fn copy_graph(descs: &Descs, root: ObjPtr) -> Result<Message, NotCopied> {
    let message = GraphMessage::new(ROOM_FOR_GRAPH, 0).ok_or(NotCopied::NoMemory)?;
    let mut copier = Copier::new(descs, message, 0);
    // SAFETY: the caller vouches for the object.
    unsafe {
        let copy = copier.forward(root as u64, false) as ObjPtr;
        copier.message.graph().root = copy;
        copier.scan();
    }
    copier.finish()
}

struct Copier<'d> {
    descs: &'d Descs,
    message: GraphMessage,
    /// The chunk that objects are bumped into.
    chunk: *mut Chunk,
    at: usize,
    end: usize,
    /// The objects whose headers say where their copies are.
    originals: Vec<ObjPtr>,
    failed: Option<NotCopied>,
}

impl Copier<'_> {
    /// Goes on behind the first `used` bytes of a new message.
    fn new(descs: &Descs, mut message: GraphMessage, used: usize) -> Copier<'_> {
        let chunk = message.first_chunk();
        Copier {
            descs,
            chunk,
            at: Chunk::start(chunk) + used,
            // SAFETY: the chunk is alive.
            end: unsafe { Chunk::end(chunk) },
            message,
            originals: ORIGINALS.take(),
            failed: None,
        }
    }

    /// The word for the copy of what `word` points to. What a builder writes to is never shared.
    ///
    /// # Safety
    /// It must point to an object.
    #[inline(always)]
    unsafe fn forward(&mut self, word: u64, of_builder: bool) -> u64 {
        let object = word as ObjPtr;
        // SAFETY: the caller vouches for the object.
        let header = unsafe { (*object).header };
        if let Some(copy) = forwarded(header) {
            return copy as u64;
        }
        if stays(header) {
            if is_shared(header) {
                self.hold(object as usize);
            }
            return word;
        }
        // SAFETY: as above.
        match unsafe { self.copy_object(object, of_builder) } {
            Some(copy) => copy as u64,
            None => {
                self.failed.get_or_insert(NotCopied::NoMemory);
                word
            }
        }
    }

    #[inline(always)]
    unsafe fn copy_object(&mut self, object: ObjPtr, of_builder: bool) -> Option<usize> {
        // SAFETY: the caller vouches for the object; the copy has as many bytes.
        unsafe {
            if self.descs.shape((*object).header.desc()).is_local {
                self.failed = Some(NotCopied::Generator);
                return None;
            }
            let size = self.descs.size_of(object);
            if size > LARGE_IN_MESSAGE {
                return self.copy_large(object, size, of_builder);
            }
            let copy = if size <= self.end - self.at {
                self.at += size;
                self.at - size
            } else {
                self.place_slow(size)?
            };
            copy_bytes(object, copy, size);
            (*object).header = forward_header(copy);
            self.originals.push(object);
            if let Some(handle) = Handle::of(copy as ObjPtr) {
                ((*handle).ops.retain)((*handle).address);
                self.message.graph().handles.push(handle);
            }
            Some(copy)
        }
    }

    /// Holds a shared object, unless it was the last one held already.
    #[inline(never)]
    fn hold(&mut self, object: usize) {
        if self.message.graph().shared.last() != Some(&object) {
            // SAFETY: whose heap this is holds it.
            unsafe { large::retain(object) };
            self.message.hold(object);
        }
    }

    /// As [`Copier::copy_object`], for an object that will be alone.
    #[cold]
    #[inline(never)]
    unsafe fn copy_large(
        &mut self,
        object: ObjPtr,
        size: usize,
        of_builder: bool,
    ) -> Option<usize> {
        // SAFETY: the caller vouches for the object; the copy has as many bytes.
        unsafe {
            let header = (*object).header;
            let is_data = header.desc() == DescId::STR || header.desc() == DescId::BYTES;
            let is_shared = is_data && size > SHARED && !of_builder;
            if is_shared && size > BLOCK {
                // Too large for a block or chunk, so it is alone in its heap too.
                large::share(object as usize);
                (*object).header = shared(header);
                self.hold(object as usize);
                return Some(object as usize);
            }
            let copy = if is_shared {
                large::alloc_detached(size)?
            } else {
                self.message.new_large(size)?
            };
            copy_bytes(object, copy, size);
            if is_shared {
                large::share(copy);
                (*(copy as ObjPtr)).header = shared(header);
                self.message.hold(copy);
            }
            (*object).header = forward_header(copy);
            self.originals.push(object);
            Some(copy)
        }
    }

    /// Room for an object that does not fit the current chunk.
    #[cold]
    #[inline(never)]
    fn place_slow(&mut self, size: usize) -> Option<usize> {
        let so_far = self.message.graph().bytes;
        let room = so_far.next_power_of_two().clamp(size, MAX_ROOM);
        let chunk = Chunk::new(room)?;
        // SAFETY: both chunks are the message's.
        unsafe {
            (*self.chunk).used = (self.at - Chunk::start(self.chunk)) as u32;
            (*self.chunk).next = chunk;
            self.end = Chunk::end(chunk);
        }
        self.message.graph().bytes += room + CHUNK_HEAD;
        self.chunk = chunk;
        self.at = Chunk::start(chunk) + size;
        Some(self.at - size)
    }

    /// Copies what copied objects refer to, until nothing is left.
    ///
    /// # Safety
    /// Copied objects and the root refer to objects.
    unsafe fn scan(&mut self) {
        let mut chunk = self.message.first_chunk();
        let mut object = Chunk::start(chunk);
        let mut scanned_large = 0;
        loop {
            while chunk != self.chunk || object < self.at {
                // SAFETY: a chunk that is full says how much is used.
                if chunk != self.chunk && object == unsafe { used_end(chunk) } {
                    // SAFETY: behind a full chunk there is another.
                    chunk = unsafe { (*chunk).next };
                    object = Chunk::start(chunk);
                    continue;
                }
                // SAFETY: objects follow each other.
                object += unsafe { self.scan_object(object) };
            }
            let newest = self.message.graph().large;
            if newest == scanned_large {
                return;
            }
            let mut large = newest;
            while large != scanned_large {
                // SAFETY: the list ends with those scanned before.
                unsafe {
                    if !self.descs.is_plain(large as ObjPtr) {
                        self.scan_object(large);
                    }
                    large = large::next(large);
                }
            }
            scanned_large = newest;
        }
    }

    #[inline(always)]
    unsafe fn scan_object(&mut self, object: usize) -> usize {
        let descs = self.descs;
        // SAFETY: the caller vouches for the object, whose words still point to originals.
        unsafe {
            let of_builder = (*(object as ObjPtr)).header.desc() == DescId::BUF;
            descs.visit_pointers(object as ObjPtr, |word| *word = self.forward(*word, of_builder))
        }
    }

    /// Makes the heap as it was, and gives the message if it is complete.
    fn finish(mut self) -> Result<Message, NotCopied> {
        for &object in &self.originals {
            // SAFETY: these have been forwarded, to copies with their headers.
            unsafe {
                if let Some(copy) = forwarded((*object).header) {
                    (*object).header = unshared((*(copy as ObjPtr)).header);
                }
            }
        }
        self.originals.clear();
        if self.originals.capacity() <= KEPT_ORIGINALS {
            ORIGINALS.set(self.originals);
        }
        // SAFETY: the chunk is the message's.
        unsafe { (*self.chunk).used = (self.at - Chunk::start(self.chunk)) as u32 };
        // Dropping an incomplete one is sound: its handles are listed, and nothing else is looked at.
        self.failed.map_or(Ok(self.message.0), Err)
    }
}

/// The end of a full chunk's objects.
unsafe fn used_end(chunk: *const Chunk) -> usize {
    // SAFETY: the caller vouches for the chunk.
    Chunk::start(chunk) + unsafe { (*chunk).used } as usize
}

/// Copies an object: a few words by hand, more by the C library.
#[inline(always)]
unsafe fn copy_bytes(from: ObjPtr, to: usize, size: usize) {
    // As words that may be pointers: a handle names its operations by one.
    let (from, to) = (from.cast::<MaybeUninit<u64>>(), to as *mut MaybeUninit<u64>);
    // SAFETY: the caller vouches for both places.
    unsafe {
        if size > 64 {
            to.copy_from_nonoverlapping(from, size / 8);
            return;
        }
        for index in 0..size / 8 {
            to.add(index).write(from.add(index).read());
        }
    }
}
