//! Moving messages into heaps, and copying them: each chunk goes to one place as a whole, so that references are
//! corrected by a difference. Nothing of the message is changed, for others may be reading it.
//!
//! Must never leave a reference to the message behind, not even where it fails half-way.

use super::{Envelope, FLAT, Graph, GraphMessage, Message, ROOM_FOR_WORDS, blocks};
use crate::heap::chunk::{CHUNK_HEAD, Chunk};
use crate::heap::descs::Descs;
use crate::heap::handle::Handle;
use crate::heap::large;
use crate::heap::{self, Heap};
use sepal_abi::{Ctx, ObjPtr};

/// The block of a flat message.
const FLAT_BLOCK: usize = blocks::capacity(FLAT);
/// Its words behind the envelope, and those behind a chunk's head in the same place.
type FlatWords = [u64; ROOM_FOR_WORDS / 8];
type ChunkWords = [u64; (FLAT_BLOCK - CHUNK_HEAD) / 8];

/// Copies an object without references to where the context bumps through, if there is room for it.
#[inline(never)]
fn copy_exactly(words: &[u64], ctx: &mut Ctx) -> Option<ObjPtr> {
    let (start, size) = (ctx.alloc_ptr, size_of_val(words));
    if size > ctx.alloc_end - start {
        return None;
    }
    ctx.alloc_ptr = start + size;
    for (index, &word) in words.iter().enumerate() {
        // SAFETY: what the context bumps through is the actor's to fill.
        unsafe { (start as *mut u64).add(index).write(word) };
    }
    Some(start as ObjPtr)
}

/// Where objects of a message go.
trait Destination {
    /// Room for the objects of a chunk.
    fn area(&mut self, size: usize) -> Option<usize>;
    /// A new large object, not initialised.
    fn large(&mut self, size: usize) -> Option<usize>;
    /// Prepares for taking over large objects of `size` bytes in all.
    fn prepare_large(&mut self, size: usize) -> Option<()>;
    /// Takes a large object over.
    ///
    /// # Safety
    /// It must be detached, with an owner that forgets it.
    unsafe fn link_large(&mut self, object: usize);
    /// Lists a handle.
    ///
    /// # Safety
    /// It must be one of the objects that went here, on no list.
    unsafe fn list_handle(&mut self, handle: *mut Handle);
}

impl Message {
    /// Moves the message into a heap and gives its root, or the message if the heap's limit does not allow it.
    pub fn adopt(mut self, heap: &mut Heap, ctx: &mut Ctx) -> Result<ObjPtr, Message> {
        if heap.prepare_shared(self.shared()).is_none() {
            return Err(self);
        }
        // SAFETY: descriptors outlive the heap.
        let descs = unsafe { &*heap.descs() };
        let root = match self.only_piece() {
            Some(piece) => transfer_piece(&self, descs, heap, ctx, piece),
            None => transfer(&self, descs, &mut HeapRoom { heap, ctx }, Large::Move),
        };
        let Some(root) = root else { return Err(self) };
        // Handles, large and shared objects have a new owner.
        for object in self.take_shared() {
            // SAFETY: the message has held it.
            unsafe { heap.link_shared(object) };
        }
        self.free_memory();
        Ok(root)
    }

    /// The bytes of its large objects.
    fn large_bytes(&self) -> usize {
        let (mut object, mut sum) = (self.large(), 0);
        while object != 0 {
            // SAFETY: the large objects are the message's.
            unsafe {
                sum += large::size(object);
                object = large::next(object);
            }
        }
        sum
    }

    #[inline(always)]
    fn take_shared(&mut self) -> Vec<usize> {
        if self.shared().is_empty() {
            return Vec::new();
        }
        // SAFETY: what holds shared objects is a graph, which the message owns.
        std::mem::take(unsafe { &mut self.0.cast::<Graph>().as_mut().shared })
    }

    /// The place and size of all objects but large ones, if they lie together and there are no handles: as in most messages.
    fn only_piece(&self) -> Option<(usize, usize)> {
        let Some(graph) = self.graph() else { return self.pieces().next() };
        let first = &raw const graph.first;
        let is_only = graph.first.is_last() && graph.handles.is_empty();
        is_only.then(|| (Chunk::start(first), graph.first.used as usize))
    }

    /// The same for a message of one object without references, if the context has room for it at once.
    #[inline(always)]
    pub fn adopt_flat(self, ctx: &mut Ctx) -> Result<ObjPtr, Message> {
        let Some(object) = self.copy_flat(ctx) else { return Err(self) };
        self.free_memory();
        Ok(object)
    }

    /// Makes the memory of such a message a further chunk of a heap that has only what its actor began with: most actors
    /// that take one message never need another chunk.
    pub(crate) fn become_chunk(self, heap: &mut Heap, ctx: &mut Ctx) -> Result<ObjPtr, Message> {
        let size = self.flat().map_or(0, size_of_val);
        if size == 0 || !heap.may_add_small_chunk(FLAT_BLOCK) {
            return Err(self);
        }
        let memory = self.into_raw().cast::<u8>();
        // SAFETY: the message owned a block, with all words behind the envelope initialised.
        unsafe {
            let object = memory.add(CHUNK_HEAD);
            let words = memory.add(size_of::<Envelope>()).cast::<FlatWords>().read();
            let word = |index: usize| words.get(index).copied().unwrap_or(0);
            object.cast::<ChunkWords>().write(std::array::from_fn(word));
            heap.add_small_chunk(ctx, memory, FLAT_BLOCK, size);
            Ok(object.cast())
        }
    }

    /// A copy of such a message.
    #[inline(always)]
    pub fn copy_flat(&self, ctx: &mut Ctx) -> Option<ObjPtr> {
        let words = self.flat()?;
        let start = ctx.alloc_ptr;
        if ROOM_FOR_WORDS > ctx.alloc_end - start {
            return copy_exactly(words, ctx);
        }
        ctx.alloc_ptr = start + size_of_val(words);
        // SAFETY: a flat message has all words, those behind its object 0; and what the context bumps through is the
        // actor's to fill, and stays 0 behind what it bumps over.
        unsafe {
            (start as *mut FlatWords).write(self.0.as_ptr().add(1).cast::<FlatWords>().read())
        };
        Some(start as ObjPtr)
    }

    /// Copies the message into a heap and gives its root. `None`: the heap's limit does not allow it.
    pub fn copy_into(&self, heap: &mut Heap, ctx: &mut Ctx) -> Option<ObjPtr> {
        // SAFETY: descriptors outlive the heap.
        let descs = unsafe { &*heap.descs() };
        heap.prepare_shared(self.shared())?;
        let root = transfer(self, descs, &mut HeapRoom { heap, ctx }, Large::Copy)?;
        for &object in self.shared() {
            // SAFETY: the message holds it.
            unsafe {
                large::retain(object);
                heap.link_shared(object);
            }
        }
        Some(root)
    }
}

/// See [`Message::try_clone`].
pub(super) fn clone(message: &Message, descs: &Descs) -> Option<Message> {
    let room = message.pieces().next().map_or(0, |(_, size)| size);
    let mut copy = GraphMessage::new(room, 0)?;
    let last = copy.first_chunk();
    let mut to = MessageRoom { message: copy, last };
    let root = transfer(message, descs, &mut to, Large::Copy)?;
    to.message.graph().root = root;
    for &object in message.shared() {
        // SAFETY: the message holds it.
        unsafe { large::retain(object) };
        to.message.hold(object);
    }
    let (from, mut copy) = (message.envelope(), to.message.0);
    (copy.envelope_mut().kind, copy.envelope_mut().note) = (from.kind, from.note);
    Some(copy)
}

/// What becomes of the message's large objects.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Large {
    Move,
    Copy,
}

struct HeapRoom<'a> {
    heap: &'a mut Heap,
    ctx: &'a mut Ctx,
}

impl Destination for HeapRoom<'_> {
    fn area(&mut self, size: usize) -> Option<usize> {
        self.heap.area(self.ctx, size)
    }

    fn large(&mut self, size: usize) -> Option<usize> {
        self.heap.alloc_large(size, false).map(|object| object as usize)
    }

    fn prepare_large(&mut self, size: usize) -> Option<()> {
        self.heap.prepare_large(size)
    }

    unsafe fn link_large(&mut self, object: usize) {
        // SAFETY: the caller vouches for it.
        unsafe { self.heap.link_large(object) }
    }

    unsafe fn list_handle(&mut self, handle: *mut Handle) {
        // SAFETY: the caller vouches for it.
        unsafe { self.heap.list_handle(handle) }
    }
}

struct MessageRoom {
    message: GraphMessage,
    /// The chunk that was filled last.
    last: *mut Chunk,
}

impl Destination for MessageRoom {
    fn area(&mut self, size: usize) -> Option<usize> {
        // SAFETY: the chunks are the message's. The first one was made to fit.
        unsafe {
            if self.last != self.message.first_chunk() || (*self.last).used != 0 {
                let chunk = Chunk::new(size)?;
                self.message.graph().bytes += size + CHUNK_HEAD;
                (*self.last).next = chunk;
                self.last = chunk;
            }
            (*self.last).used = size as u32;
        }
        Some(Chunk::start(self.last))
    }

    fn large(&mut self, size: usize) -> Option<usize> {
        self.message.new_large(size)
    }

    fn prepare_large(&mut self, _: usize) -> Option<()> {
        Some(())
    }

    unsafe fn link_large(&mut self, object: usize) {
        let graph = self.message.graph();
        // SAFETY: the caller vouches for the object.
        unsafe {
            large::set_next(object, graph.large);
            graph.bytes += large::size(object);
        }
        graph.large = object;
    }

    unsafe fn list_handle(&mut self, handle: *mut Handle) {
        // SAFETY: the caller vouches for it.
        unsafe { self.message.graph().handles.push(handle) }
    }
}

/// A piece of memory with objects, and where it went.
#[derive(Clone, Copy, Debug, Default)]
struct Piece {
    start: usize,
    size: usize,
    to: usize,
}

impl Piece {
    /// Where an address has gone, if it lies in the piece.
    #[inline(always)]
    fn apply(self, address: usize) -> Option<usize> {
        let offset = address.wrapping_sub(self.start);
        (offset < self.size).then(|| self.to + offset)
    }
}

/// Where everything went.
#[derive(Debug, Default)]
struct Moves {
    /// The first chunk, which is all there is of most messages.
    first: Option<Piece>,
    /// The others; sorted, once complete.
    others: Vec<Piece>,
}

impl Moves {
    fn add(&mut self, piece: Piece) {
        match self.first {
            None => self.first = Some(piece),
            Some(_) => self.others.push(piece),
        }
    }

    fn iter(&self) -> impl Iterator<Item = Piece> {
        self.first.iter().chain(&self.others).copied()
    }

    /// The new address of an object; of one that did not move, the old.
    fn apply(&self, address: usize) -> usize {
        if let Some(moved) = self.first.and_then(|piece| piece.apply(address)) {
            return moved;
        }
        let later = self.others.partition_point(|piece| piece.start <= address);
        let piece = later.checked_sub(1).and_then(|index| self.others.get(index));
        piece.and_then(|piece| piece.apply(address)).unwrap_or(address)
    }
}

/// Copies a message to its destination and gives the new root. `None`: there is no room, and nothing was taken
/// from the message.
fn transfer(
    message: &Message,
    descs: &Descs,
    to: &mut impl Destination,
    large: Large,
) -> Option<ObjPtr> {
    let mut moves = Moves::default();
    if copy_pieces(message, to, large, &mut moves).is_none() {
        blank(&moves);
        return None;
    }
    moves.others.sort_unstable_by_key(|piece| piece.start);
    for piece in moves.iter() {
        let mut object = piece.to;
        while object < piece.to + piece.size {
            // SAFETY: the piece holds objects, one after another; their words point into the message.
            object += unsafe { correct(descs, object, &moves, piece) };
        }
    }
    let mut object = message.large();
    while large == Large::Move && object != 0 {
        // SAFETY: the large objects are the message's, whose caller forgets them.
        unsafe {
            let next = large::next(object);
            correct(descs, object, &moves, Piece::default());
            to.link_large(object);
            object = next;
        }
    }
    for handle in message.handles() {
        // SAFETY: handles are small objects, so they lie in a chunk and have been copied.
        unsafe {
            if large == Large::Copy {
                (handle.ops.retain)(handle.address);
            }
            to.list_handle(moves.apply(&raw const *handle as usize) as *mut Handle);
        }
    }
    Some(moves.apply(message.root() as usize) as ObjPtr)
}

/// The same for a message that is one piece, and perhaps large objects.
fn transfer_piece(
    message: &Message,
    descs: &Descs,
    heap: &mut Heap,
    ctx: &mut Ctx,
    (start, size): (usize, usize),
) -> Option<ObjPtr> {
    let mut large = message.large();
    if large != 0 {
        heap.prepare_large(message.large_bytes())?;
    }
    let to = if size > 0 { heap.area(ctx, size)? } else { 0 };
    let piece = Piece { start, size, to };
    // SAFETY: both places have so many bytes, and the new one is fresh.
    unsafe { (to as *mut u64).copy_from_nonoverlapping(start as *const u64, size / 8) };
    let correct = |word: &mut u64| {
        let address = *word as usize;
        *word = piece.apply(address).unwrap_or(address) as u64;
    };
    let mut object = to;
    while object < to + size {
        // SAFETY: objects follow each other; their words point into the piece, to large objects, or to static ones.
        object += unsafe { descs.visit_pointers(object as ObjPtr, correct) };
    }
    while large != 0 {
        // SAFETY: the large objects are the message's, whose caller forgets them.
        unsafe {
            let next = large::next(large);
            if !descs.is_plain(large as ObjPtr) {
                descs.visit_pointers(large as ObjPtr, correct);
            }
            heap.link_large(large);
            large = next;
        }
    }
    let root = message.root();
    // A message may be no more than a static object.
    Some(piece.apply(root as usize).map_or(root, |address| address as ObjPtr))
}

fn copy_pieces(
    message: &Message,
    to: &mut impl Destination,
    large: Large,
    moves: &mut Moves,
) -> Option<()> {
    let mut copy = |start: usize, size: usize, place: usize| {
        // SAFETY: both places have so many bytes, and the new one is fresh.
        unsafe { (place as *mut u8).copy_from_nonoverlapping(start as *const u8, size) };
        moves.add(Piece { start, size, to: place });
    };
    for (start, size) in message.pieces().filter(|&(_, size)| size > 0) {
        copy(start, size, to.area(size)?);
    }
    let mut object = message.large();
    if large == Large::Move && object != 0 {
        to.prepare_large(message.large_bytes())?;
    }
    while large == Large::Copy && object != 0 {
        // SAFETY: the large objects are the message's.
        unsafe {
            let size = large::size(object);
            copy(object, size, to.large(size)?);
            object = large::next(object);
        }
    }
    Some(())
}

/// Corrects the references of a copied object and gives its size. Most lead to the piece it lies in.
#[inline(always)]
unsafe fn correct(descs: &Descs, object: usize, moves: &Moves, piece: Piece) -> usize {
    let correct = |word: &mut u64| {
        let address = *word as usize;
        *word = piece.apply(address).unwrap_or_else(|| moves.apply(address)) as u64;
    };
    // SAFETY: the caller vouches for the object.
    unsafe { descs.visit_pointers(object as ObjPtr, correct) }
}

/// Makes of each copied piece one object without references.
fn blank(moves: &Moves) {
    for piece in moves.iter() {
        // SAFETY: a piece holds objects, and nobody knows of them.
        unsafe { heap::blank(piece.to, piece.to + piece.size, false) };
    }
}
