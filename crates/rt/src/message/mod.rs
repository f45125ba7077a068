//! Messages: deep copies of object graphs that belong to no heap, so that any thread may own them.
//!
//! A message is one piece of memory, an envelope with the first objects behind it; larger ones have further chunks,
//! and large objects each alone. Copying keeps sharing and cycles; what is static
//! is not copied. Handles in a message count as references, which a message gives up when it is
//! dropped.
//!
//! - `blocks`: where the memory comes from
//! - `copy`: from a heap into a message
//! - `transfer`: from a message into a heap, or into another message
//!
//! What an envelope says beyond that belongs to whoever queues the message. Must never refer to a heap.

mod blocks;
mod copy;
mod transfer;

#[cfg(test)]
pub(crate) mod tests;

pub(crate) use blocks::{ALIGN, give_back_all};

use crate::heap::chunk::{CHUNK_HEAD, Chunk};
use crate::heap::descs::Descs;
use crate::heap::handle::{Handle, HandleList};
use crate::heap::large;
use sepal_abi::{DescId, Header, ObjPtr, STR_DATA};
use std::mem::{ManuallyDrop, offset_of};
use std::ptr::NonNull;
use std::sync::atomic::AtomicPtr;

/// The words of a message or signal behind its header.
pub const MESSAGE_WORDS: usize = 4;
/// Room for objects in the envelope of a message that is no more than words.
const ROOM_FOR_WORDS: usize = 8 + 8 * MESSAGE_WORDS;
/// The same, of a message that refers to something: with the envelope a round number.
const ROOM_FOR_GRAPH: usize = 384 - size_of::<Envelope>();
/// A chunk's objects fit a block of a heap.
const MAX_ROOM: usize = crate::heap::space::BLOCK;

/// What stands before the objects of a message.
#[derive(Debug)]
#[repr(C)]
pub struct Envelope {
    /// The next message of a queue.
    pub next: AtomicPtr<Envelope>,
    /// What kind of signal it is.
    pub kind: u32,
    /// It is a plain message of one object without references, and nothing else.
    is_flat: bool,
    /// What is to be known of the signal beside its words.
    pub note: u64,
    root: ObjPtr,
    /// The bytes of the whole message.
    bytes: usize,
    handles: HandleList,
    /// The first of a list of large objects, or 0.
    large: usize,
    /// The first chunk, part of the envelope's memory; the others follow in the order of copying.
    first: Chunk,
}

const _: () = assert!(offset_of!(Envelope, first) + CHUNK_HEAD == size_of::<Envelope>());

/// A message; see the module's head.
#[derive(Debug)]
pub struct Message(NonNull<Envelope>);

// SAFETY: nothing but the message refers to its memory, and references behind handles may be counted on any thread.
unsafe impl Send for Message {}
// SAFETY: a shared message is only read.
unsafe impl Sync for Message {}

impl Message {
    /// A message of an object with these words, as many as its descriptor says, and all they refer to. `None`: there
    /// is no memory.
    ///
    /// # Safety
    /// Traced words must refer to objects of a heap of this thread whose descriptors are these.
    #[inline(always)]
    pub unsafe fn copy(
        descs: &Descs,
        header: Header,
        words: [u64; MESSAGE_WORDS],
    ) -> Option<Message> {
        // SAFETY: the caller vouches for the words.
        unsafe { copy::copy_words(descs, header, words) }
    }

    /// A message of an object and all that it refers to. `None`: there is no memory.
    ///
    /// # Safety
    /// `root` must be an object of a heap of this thread whose descriptors are these.
    pub unsafe fn copy_graph(descs: &Descs, root: ObjPtr) -> Option<Message> {
        // SAFETY: the caller vouches for the object.
        unsafe { copy::copy_graph(descs, root) }
    }

    /// A message that is a signal object, with a text or null for its message, `custom` a tagged word that is no
    /// pointer. `None`: there is no memory.
    pub fn signal(pid: i64, tag: i64, text: Option<&str>, custom: u64) -> Option<Message> {
        debug_assert!(!sepal_abi::is_traced_pointer(custom));
        let text_size = text.map_or(0, |text| (text.len() + STR_DATA as usize + 7) & !7);
        let room = ROOM_FOR_WORDS + if text_size <= large::LARGE { text_size } else { 0 };
        let mut message = Message::new(room, ROOM_FOR_WORDS, false)?;
        let root = message.root();
        // SAFETY: the envelope has the room.
        unsafe {
            root.cast::<[u64; 5]>().write([
                u64::from(DescId::SIGNAL.0),
                pid as u64,
                tag as u64,
                0,
                custom,
            ]);
        }
        if let Some(text) = text {
            let string = if text_size <= large::LARGE {
                message.envelope_mut().first.used += text_size as u32;
                (root as usize + ROOM_FOR_WORDS) as ObjPtr
            } else {
                message.new_large(text_size)? as ObjPtr
            };
            // SAFETY: there are `text_size` bytes.
            unsafe {
                string.cast::<u8>().add(text_size - 8).cast::<u64>().write(0);
                (*string).header = Header::new(DescId::STR);
                (*string).len = text.len() as u64;
                let data = string.cast::<u8>().add(STR_DATA as usize);
                data.copy_from_nonoverlapping(text.as_ptr(), text.len());
                root.cast::<u64>().add(3).write(string as u64);
            }
        }
        Some(message)
    }

    /// The object, if it is all there is and refers to nothing: its words, header first.
    #[inline]
    pub fn flat(&self) -> Option<&[u64]> {
        let envelope = self.envelope();
        // SAFETY: the first chunk says how much of it is used.
        envelope.is_flat.then(|| unsafe {
            std::slice::from_raw_parts(envelope.root.cast(), envelope.first.used as usize / 8)
        })
    }

    /// A copy of a message. `None`: there is no memory.
    pub fn try_clone(&self, descs: &Descs) -> Option<Message> {
        transfer::clone(self, descs)
    }

    /// An envelope with room for objects, of which `used` bytes will be filled at once. `None`: there is no memory.
    #[inline(always)]
    fn new(room: usize, used: usize, is_flat: bool) -> Option<Message> {
        let bytes = size_of::<Envelope>() + room;
        let envelope = blocks::take(bytes).cast::<Envelope>();
        let message = Message(NonNull::new(envelope)?);
        let new = Envelope {
            next: AtomicPtr::default(),
            kind: 0,
            is_flat,
            note: 0,
            root: (envelope as usize + size_of::<Envelope>()) as ObjPtr,
            bytes,
            handles: HandleList::EMPTY,
            large: 0,
            first: Chunk::within(room, used),
        };
        // SAFETY: the memory is ours and large enough.
        unsafe { envelope.write(new) };
        Some(message)
    }

    /// Adds a large object, not initialised.
    fn new_large(&mut self, size: usize) -> Option<usize> {
        let object = large::alloc_detached(size)?;
        let envelope = self.envelope_mut();
        // SAFETY: the object was just made.
        unsafe { large::set_next(object, envelope.large) };
        envelope.large = object;
        envelope.bytes += size;
        Some(object)
    }

    /// What stands before the objects.
    pub fn envelope(&self) -> &Envelope {
        // SAFETY: the message owns its memory.
        unsafe { self.0.as_ref() }
    }

    pub fn envelope_mut(&mut self) -> &mut Envelope {
        // SAFETY: the message owns its memory.
        unsafe { self.0.as_mut() }
    }

    /// The bytes that the message takes.
    pub fn bytes(&self) -> usize {
        self.envelope().bytes
    }

    /// The object that was copied, or made of words.
    pub fn root(&self) -> ObjPtr {
        self.envelope().root
    }

    /// A word of the root behind its header.
    pub fn word(&self, index: usize) -> u64 {
        assert!(index < MESSAGE_WORDS);
        // SAFETY: the root has so many words.
        unsafe { self.root().cast::<u64>().add(1 + index).read() }
    }

    /// Changes a word of the root that is not traced.
    pub fn set_word(&mut self, index: usize, word: u64) {
        assert!(index < MESSAGE_WORDS);
        // SAFETY: the root has so many words.
        unsafe { self.root().cast::<u64>().add(1 + index).write(word) }
    }

    /// The handles in the message.
    pub fn handles(&self) -> impl Iterator<Item = &Handle> {
        // SAFETY: listed handles are alive as long as the message.
        self.envelope().handles.iter().map(|handle| unsafe { &*handle })
    }

    fn first_chunk(&self) -> *mut Chunk {
        // SAFETY: the envelope is alive.
        unsafe { &raw mut (*self.0.as_ptr()).first }
    }

    /// The message as a pointer, which owns it.
    pub fn into_raw(self) -> *mut Envelope {
        ManuallyDrop::new(self).0.as_ptr()
    }

    /// The message of a pointer; `None` for null.
    ///
    /// # Safety
    /// The pointer must come from `into_raw`, once.
    pub unsafe fn from_raw(raw: *mut Envelope) -> Option<Message> {
        NonNull::new(raw).map(Message)
    }

    /// Gives up the memory of a flat message.
    #[inline(always)]
    fn free_flat(self) {
        let memory = self.into_raw();
        // SAFETY: the message owned its memory, which is of this size.
        unsafe { blocks::give(memory.cast(), size_of::<Envelope>() + ROOM_FOR_WORDS) };
    }

    /// Gives up the memory of envelope and chunks, but neither handles nor large objects.
    fn free_memory(&mut self) {
        let first = self.first_chunk();
        // SAFETY: the message owns its memory, which `new` and `Chunk::new` made.
        unsafe {
            let bytes = Chunk::end(first) - self.0.as_ptr() as usize;
            Chunk::free_list((*first).next);
            blocks::give(self.0.as_ptr().cast(), bytes);
        }
    }
}

impl Drop for Message {
    fn drop(&mut self) {
        let envelope = self.envelope_mut();
        envelope.handles.release_all();
        // SAFETY: the message's large objects are its own.
        unsafe { large::free_list(envelope.large) };
        self.free_memory();
    }
}
