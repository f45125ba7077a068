//! Messages: deep copies of object graphs that belong to no heap, so that any thread may own them.
//!
//! Most messages are *flat*: an envelope and one object without references, together a cache line; or several of them are
//! in one *pack*. Others are *graphs*: one piece of memory with the first objects in it; larger ones have further
//! chunks, and large objects each alone. Copying keeps sharing and cycles; what is static is not copied, and large strings
//! and byte strings once at most: from then on whoever has them holds them together. Handles in a message count as references, which a message gives up when it is
//! dropped.
//!
//! - `blocks`: where the memory comes from
//! - `copy`: from a heap into a message
//! - `transfer`: from a message into a heap, or into another message
//! - `pack`: several in one
//!
//! What an envelope says beyond that belongs to whoever queues the message. Must never refer to a heap.

pub(crate) mod blocks;
mod copy;
mod pack;
mod transfer;

#[cfg(test)]
mod pack_tests;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use blocks::{ALIGN, give_back_all};
pub(crate) use pack::{OpenPack, Pack};

use crate::heap::chunk::{CHUNK_HEAD, Chunk};
use crate::heap::descs::Descs;
use crate::heap::handle::{Handle, HandleList};
use crate::heap::{Heap, large};
use sepal_abi::{DescId, Header, ObjPtr, STR_DATA};
use std::mem::{ManuallyDrop, offset_of};
use std::ptr::{NonNull, null_mut};
use std::sync::atomic::AtomicPtr;

/// The words of a message or signal behind its header.
pub const MESSAGE_WORDS: usize = 4;
/// Room for one object in a message that is no more than words.
const ROOM_FOR_WORDS: usize = 8 + 8 * MESSAGE_WORDS;
/// Room for objects in the first piece of a message that refers to something: with the head a round number.
const ROOM_FOR_GRAPH: usize = 384 - size_of::<Graph>();
/// A chunk's objects fit a block of a heap.
const MAX_ROOM: usize = crate::heap::space::BLOCK;

/// What stands before the objects of a message.
#[derive(Debug)]
#[repr(C)]
pub struct Envelope {
    /// The next message of a queue.
    pub next: AtomicPtr<Envelope>,
    /// What is to be known of the signal beside its words.
    pub note: u64,
    /// What kind of signal it is.
    pub kind: u32,
    /// The bytes of the one object of a flat message, which follows the envelope. 0: this is the beginning of a [`Graph`].
    /// With [`PACK`]: of a [`Pack`], whose messages have so many bytes each.
    flat_size: u32,
}

const PACK: u32 = 1 << 31;

/// The bytes of a flat message, which is one object without references: a cache line.
const FLAT: usize = size_of::<Envelope>() + ROOM_FOR_WORDS;
const _: () = assert!(FLAT == 64);

/// What stands before the objects of a message that is not flat.
#[derive(Debug)]
#[repr(C)]
struct Graph {
    envelope: Envelope,
    root: ObjPtr,
    /// The bytes of the whole message.
    bytes: usize,
    handles: HandleList,
    /// The first of a list of large objects, or 0.
    large: usize,
    /// Shared objects that the message holds.
    shared: Vec<usize>,
    /// The first chunk, part of this memory; the others follow in the order of copying.
    first: Chunk,
}

const _: () = assert!(offset_of!(Graph, first) + CHUNK_HEAD == size_of::<Graph>());

/// Why there is no message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotCopied {
    NoMemory,
    /// It would hold a generator.
    Generator,
}

/// A message; see the module's head.
#[derive(Debug)]
pub struct Message(NonNull<Envelope>);

// SAFETY: nothing but the message refers to its memory, and references behind handles may be counted on any thread.
unsafe impl Send for Message {}
// SAFETY: a shared message is only read.
unsafe impl Sync for Message {}

impl Message {
    /// A message of an object with these words, as many as its descriptor says, and all they refer to.
    ///
    /// # Safety
    /// Traced words must refer to objects of a heap of this thread whose descriptors are these.
    #[inline(always)]
    pub unsafe fn copy(
        descs: &Descs,
        header: Header,
        words: [u64; MESSAGE_WORDS],
    ) -> Result<Message, NotCopied> {
        // SAFETY: the caller vouches for the words.
        unsafe { copy::copy_words(descs, header, words) }
    }

    /// A message of an object and all that it refers to.
    ///
    /// # Safety
    /// `root` must be an object of a heap of this thread whose descriptors are these.
    pub unsafe fn copy_graph(descs: &Descs, root: ObjPtr) -> Result<Message, NotCopied> {
        // SAFETY: the caller vouches for the object.
        unsafe { copy::copy_graph(descs, root) }
    }

    /// A message that is a signal object, with a text or null for its message, `custom` a tagged word that is no
    /// pointer. `None`: there is no memory.
    pub fn signal(pid: i64, tag: i64, text: Option<&str>, custom: u64) -> Option<Message> {
        debug_assert!(!sepal_abi::is_traced_pointer(custom));
        let words = [pid as u64, tag as u64, 0, custom];
        let header = Header::new(DescId::SIGNAL);
        let Some(text) = text else { return Message::new_flat(ROOM_FOR_WORDS, header, words) };
        let text_size = (text.len() + STR_DATA as usize + 7) & !7;
        let is_large = text_size > large::LARGE_IN_MESSAGE;
        let room = ROOM_FOR_WORDS + if is_large { 0 } else { text_size };
        let mut message = GraphMessage::new(room, room)?;
        let root = message.0.root();
        // SAFETY: there is room for a header and all words.
        unsafe { write_words(root, header, words) };
        let string = if is_large {
            message.new_large(text_size)? as ObjPtr
        } else {
            (root as usize + ROOM_FOR_WORDS) as ObjPtr
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
        Some(message.0)
    }

    /// The object, if it is all there is and refers to nothing: its words, header first.
    #[inline(always)]
    pub fn flat(&self) -> Option<&[u64]> {
        let size = self.envelope().flat_size;
        let words = size as usize / 8;
        // SAFETY: the object of so many bytes follows the envelope.
        (size != 0 && size & PACK == 0)
            .then(|| unsafe { std::slice::from_raw_parts(self.0.as_ptr().add(1).cast(), words) })
    }

    /// The pack, if it is one. What else is asked of a message means nothing for a pack.
    #[inline(always)]
    pub(crate) fn pack(&self) -> Option<&Pack> {
        // SAFETY: with the bit it is one, which the message owns.
        (self.envelope().flat_size & PACK != 0).then(|| unsafe { self.0.cast().as_ref() })
    }

    /// The same, to change it.
    #[inline(always)]
    pub(crate) fn pack_mut(&mut self) -> Option<&mut Pack> {
        // SAFETY: as above.
        (self.envelope().flat_size & PACK != 0).then(|| unsafe { self.0.cast().as_mut() })
    }

    /// A copy of a message. `None`: there is no memory.
    pub fn try_clone(&self, descs: &Descs) -> Option<Message> {
        transfer::clone(self, descs)
    }

    /// A message of one object without references, of `size` bytes; words behind it are 0. `None`: there is no memory.
    #[inline(always)]
    fn new_flat(size: usize, header: Header, words: [u64; MESSAGE_WORDS]) -> Option<Message> {
        debug_assert!(words[size / 8 - 1..].iter().all(|&word| word == 0));
        let envelope = NonNull::new(blocks::take(FLAT).cast::<Envelope>())?;
        let flat_size = size as u32;
        let new = Envelope { next: AtomicPtr::default(), note: 0, kind: 0, flat_size };
        // SAFETY: the memory is ours, with room for a header and all words.
        unsafe {
            envelope.write(new);
            write_words(envelope.as_ptr().add(1).cast(), header, words);
        }
        Some(Message(envelope))
    }

    #[inline(always)]
    fn graph(&self) -> Option<&Graph> {
        // SAFETY: what is not flat begins with a `Graph`, which the message owns.
        (self.envelope().flat_size == 0).then(|| unsafe { self.0.cast().as_ref() })
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
        self.graph().map_or(FLAT, |graph| graph.bytes)
    }

    /// The object that was copied, or made of words.
    pub fn root(&self) -> ObjPtr {
        // SAFETY: the object of a flat message follows the envelope.
        let flat = || unsafe { self.0.as_ptr().add(1).cast() };
        self.graph().map_or_else(flat, |graph| graph.root)
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
        let handles = self.graph().into_iter().flat_map(|graph| graph.handles.iter());
        // SAFETY: listed handles are alive as long as the message.
        handles.map(|handle| unsafe { &*handle })
    }

    /// The shared objects that the message holds.
    fn shared(&self) -> &[usize] {
        self.graph().map_or(&[], |graph| &graph.shared)
    }

    /// The bytes that the message will take in a heap.
    #[inline]
    pub(crate) fn bytes_for(&self, heap: &Heap) -> usize {
        if self.shared().is_empty() {
            return self.bytes();
        }
        // SAFETY: the message holds them.
        let shared = self.shared().iter().map(|&object| unsafe { large::size(object) });
        self.bytes() - shared.sum::<usize>() + heap.bytes_of_new(self.shared())
    }

    /// The first of a list of large objects, or 0.
    fn large(&self) -> usize {
        self.graph().map_or(0, |graph| graph.large)
    }

    /// Where small objects lie, in the order of copying.
    fn pieces(&self) -> impl Iterator<Item = (usize, usize)> {
        let flat = self.flat().map(|words| (words.as_ptr() as usize, size_of_val(words)));
        let first = self.graph().map_or(null_mut(), |graph| (&raw const graph.first).cast_mut());
        // SAFETY: the chunks are the message's.
        let chunks = unsafe { Chunk::list(first) };
        // SAFETY: as above.
        flat.into_iter().chain(chunks.map(|c| (Chunk::start(c), unsafe { (*c).used } as usize)))
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

    /// Gives up the memory of a message, but neither handles nor large objects.
    #[inline(always)]
    fn free_memory(self) {
        let is_flat = self.envelope().flat_size != 0;
        debug_assert!(self.pack().is_none());
        let memory = self.into_raw();
        // SAFETY: the message owned its memory, a flat one or a graph.
        unsafe {
            if is_flat {
                blocks::give(memory.cast(), FLAT);
            } else {
                free_graph(memory.cast());
            }
        }
    }
}

/// # Safety
/// The graph must be its caller's, its handles and large objects somebody else's, and its list of shared objects empty.
#[inline(never)]
unsafe fn free_graph(graph: *mut Graph) {
    // SAFETY: the caller vouches for the graph, which `new` and `Chunk::new` made.
    unsafe {
        let first = &raw mut (*graph).first;
        let bytes = Chunk::end(first) - graph as usize;
        Chunk::free_list((*first).next);
        blocks::give(graph.cast(), bytes);
    }
}

impl Drop for Message {
    fn drop(&mut self) {
        // SAFETY: the memory is the message's, which is not used any more; so are a graph's handles and large objects.
        unsafe {
            if self.pack().is_some() {
                Pack::give_up(self.0.as_ptr().cast());
                return;
            }
            if self.envelope().flat_size != 0 {
                blocks::give(self.0.as_ptr().cast(), FLAT);
                return;
            }
            let graph = self.0.as_ptr().cast::<Graph>();
            (*graph).handles.release_all();
            large::free_list((*graph).large);
            for object in std::mem::take(&mut (*graph).shared) {
                large::release(object);
            }
            free_graph(graph);
        }
    }
}

/// Writes an object of words.
///
/// # Safety
/// There must be room for a header and all words.
#[inline(always)]
unsafe fn write_words(object: ObjPtr, header: Header, words: [u64; MESSAGE_WORDS]) {
    // SAFETY: the caller vouches for the room.
    unsafe {
        (*object).header = header;
        object.cast::<u64>().add(1).cast::<[u64; MESSAGE_WORDS]>().write(words);
    }
}

/// A message that is a graph, while it is made.
struct GraphMessage(Message);

impl GraphMessage {
    /// A message with room for objects, of which `used` bytes will be filled at once. `None`: there is no memory.
    fn new(room: usize, used: usize) -> Option<GraphMessage> {
        let bytes = size_of::<Graph>() + room;
        let graph = NonNull::new(blocks::take(bytes).cast::<Graph>())?;
        let new = Graph {
            envelope: Envelope { next: AtomicPtr::default(), note: 0, kind: 0, flat_size: 0 },
            root: (graph.as_ptr() as usize + size_of::<Graph>()) as ObjPtr,
            bytes,
            handles: HandleList::EMPTY,
            large: 0,
            shared: Vec::new(),
            first: Chunk::within(room, used),
        };
        // SAFETY: the memory is ours and large enough.
        unsafe { graph.write(new) };
        Some(GraphMessage(Message(graph.cast())))
    }

    fn graph(&mut self) -> &mut Graph {
        // SAFETY: it was made as a graph, and the message owns its memory.
        unsafe { self.0.0.cast().as_mut() }
    }

    /// A pointer that stays good while others to the same chunk are made and used: not by way of a reference.
    fn first_chunk(&mut self) -> *mut Chunk {
        // SAFETY: it was made as a graph.
        unsafe { &raw mut (*self.0.0.cast::<Graph>().as_ptr()).first }
    }

    /// Adds a shared object, which the caller holds and forgets.
    fn hold(&mut self, object: usize) {
        let graph = self.graph();
        graph.shared.push(object);
        // SAFETY: the message holds it.
        graph.bytes += unsafe { large::size(object) };
    }

    /// Adds a large object, not initialised.
    fn new_large(&mut self, size: usize) -> Option<usize> {
        let object = large::alloc_detached(size)?;
        let graph = self.graph();
        // SAFETY: the object was just made.
        unsafe { large::set_next(object, graph.large) };
        graph.large = object;
        graph.bytes += size;
        Some(object)
    }
}
