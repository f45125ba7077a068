//! The heap of one actor. There may be a million of them, most with a few objects, and some with gigabytes.
//!
//! A heap begins *small*: objects are bumped into chunks from the C allocator, each larger than the last. When
//! they come to 64 KiB it goes on in *blocks*, which the collector marks and reuses line by line in the manner of
//! Immix, moving nothing. Either way the free part stands in the context, so that compiled code bumps by
//! itself. Objects above 8 KiB are *large*, each alone.
//!
//! - `chunk`: pieces of memory for small heaps and messages
//! - `bulk`, [`space`], [`large`], `pieces`: blocks and large objects
//! - `roots`, `mark`, `cycle`: a collection, which may begin in the middle of anything, so roots are found
//!   conservatively, and marks in slices
//! - `settle`: at a boundary, where all roots are exact, what lives in a small heap moves together
//! - [`descs`], [`handle`], `forward`: what objects say of themselves
//!
//! Everything here belongs to the thread that runs the actor. Must never print, and never raise a panic:
//! allocation gives `None` and the caller says what that means.

mod bulk;
pub(crate) mod chunk;
mod cycle;
pub mod descs;
pub(crate) mod forward;
pub mod handle;
pub mod large;
mod mark;
pub(crate) mod pieces;
mod roots;
mod settle;
pub mod space;

#[cfg(test)]
pub(crate) mod tests;
#[cfg(test)]
mod torture;

use crate::message::blocks;
use bulk::Bulk;
use chunk::{CHUNK_HEAD, Chunk};
pub use cycle::{Due, Pace};
use descs::Descs;
use handle::{Handle, HandleList};
use large::LARGE;
pub use roots::Roots;
use sepal_abi::{Ctx, DescId, Header, ObjPtr, STR_DATA, TypeDesc};
pub use settle::ExactRoots;
use std::time::Duration;

/// The first chunk of a heap that is not filled by a message, with its head.
const FIRST_CHUNK: usize = 256;
/// The largest chunk that a heap adds, unless one object needs more.
const MAX_CHUNK: usize = 16 * 1024;
/// With so much in chunks a heap is no longer small.
const SMALL: usize = 64 * 1024;
/// A hole with at least this much left is kept for small objects when a larger one does not fit; that one
/// goes to the overflow block.
const WORTH_KEEPING: usize = 512;
/// An area of more bytes always goes there, so that no holes are passed over for it.
const MAX_IN_HOLE: usize = 2048;

/// The end of a chunk: what is left of a block by what just fits it is mostly no more, and zeroed without a call.
type ChunkEnd = [u64; 4];
const _: () = assert!(blocks::capacity(1) - CHUNK_HEAD >= size_of::<ChunkEnd>());

/// Numbers about a heap.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Stats {
    pub collections: u64,
    /// How often the actor was stopped for them.
    pub pauses: u64,
    /// Bytes of marked objects at the last collection.
    pub live_bytes: usize,
    /// Objects marked at the last collection.
    pub live_objects: usize,
    /// Of all pauses.
    pub time: Duration,
}

/// See the module's head.
#[derive(Debug)]
pub struct Heap {
    /// Those of the program; they outlive the heap.
    descs: *const Descs,
    /// The chunks, the newest first.
    chunks: *mut Chunk,
    bulk: Option<Box<Bulk>>,
    handles: HandleList,
    limit: usize,
    /// Bytes taken for allocation in all, the rest of what is bumped through included.
    taken: u64,
    /// The bytes of all chunks with their heads.
    chunk_bytes: u32,
    /// How many of them were in use after the last settling, or when the heap began with a message.
    settled_bytes: u32,
    /// What may be allocated in chunks between two settlings; 0 before the first, unless the heap shall wait with that.
    nursery: u16,
    /// The context bumps through a block, no longer through the newest chunk.
    in_blocks: bool,
    pace: Pace,
}

const _: () = assert!(size_of::<Heap>() <= 64);

impl Heap {
    /// An empty heap that may hold `limit` bytes.
    ///
    /// # Safety
    /// The descriptors must outlive the heap.
    pub unsafe fn new(descs: &Descs, limit: usize, pace: Pace) -> Heap {
        Heap {
            descs,
            chunks: std::ptr::null_mut(),
            bulk: None,
            handles: HandleList::EMPTY,
            limit,
            taken: 0,
            chunk_bytes: 0,
            settled_bytes: 0,
            nursery: 0,
            in_blocks: false,
            pace,
        }
    }

    /// The descriptors of the program's objects; they outlive the heap.
    pub fn descs(&self) -> *const Descs {
        self.descs
    }

    /// The descriptor of an object.
    #[inline(always)]
    pub fn desc(&self, id: DescId) -> &TypeDesc {
        // SAFETY: descriptors outlive the heap.
        unsafe { (*self.descs).get(id) }
    }

    /// The bytes that chunks, blocks and large objects take from the system.
    pub fn footprint(&self) -> usize {
        self.chunk_bytes as usize + self.bulk.as_ref().map_or(0, |bulk| bulk.footprint())
    }

    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Changes the limit.
    pub fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// Numbers about the heap.
    pub fn stats(&self) -> Stats {
        self.bulk.as_ref().map_or_else(Stats::default, |bulk| bulk.stats)
    }

    /// Its actor will hardly live long enough for a settling to be worth it, unless it allocates much.
    pub(crate) fn expect_short_life(&mut self) {
        self.nursery = FIRST_CHUNK as u16;
    }

    /// Bytes allocated since the beginning.
    pub fn allocated(&self, ctx: &Ctx) -> u64 {
        self.taken - (self.bump_end(ctx) - ctx.alloc_ptr) as u64
    }

    /// Where the memory ends that the context bumps through.
    fn bump_end(&self, ctx: &Ctx) -> usize {
        match &self.bulk {
            Some(bulk) if self.pace.is_stress() => bulk.stress_end,
            Some(_) | None => ctx.alloc_end,
        }
    }

    fn bulk(&mut self) -> Option<&mut Bulk> {
        if self.bulk.is_none() {
            self.bulk = Some(Bulk::new()?);
        }
        self.bulk.as_deref_mut()
    }

    /// Allocates zeroed memory for an object of `size` bytes and stores its header. `None`: the limit is
    /// reached, or there is no memory; after a collection there may be.
    pub fn alloc(&mut self, ctx: &mut Ctx, header: Header, size: usize) -> Option<ObjPtr> {
        self.alloc_growable(ctx, header, size, false)
    }

    /// The same for an object that may want to grow in place, if it is a very large one.
    pub fn alloc_growable(
        &mut self,
        ctx: &mut Ctx,
        header: Header,
        size: usize,
        may_grow: bool,
    ) -> Option<ObjPtr> {
        let object = if size > LARGE {
            self.alloc_large(size, may_grow)?
        } else {
            self.bump(ctx, size)? as ObjPtr
        };
        // SAFETY: the memory is at least 16 bytes and ours.
        unsafe { (*object).header = header };
        Some(object)
    }

    /// A zeroed large object.
    pub(crate) fn alloc_large(&mut self, size: usize, may_grow: bool) -> Option<ObjPtr> {
        if self.footprint().checked_add(size)? > self.limit {
            return None;
        }
        let bulk = self.bulk()?;
        let object = bulk.large.alloc(size, may_grow)?;
        bulk.account(size);
        self.taken += size as u64;
        Some(object)
    }

    /// Takes over a detached large object, after [`prepare_large`](Heap::prepare_large).
    ///
    /// # Safety
    /// Nobody else may own it any more.
    pub(crate) unsafe fn link_large(&mut self, object: usize) {
        let Some(bulk) = &mut self.bulk else { return };
        // SAFETY: the caller vouches for it.
        unsafe {
            bulk.large.link(object);
            bulk.account(large::size(object));
            self.taken += large::size(object) as u64;
        }
    }

    /// Prepares for taking over large objects of `size` bytes in all. `None`: the limit does not allow it.
    pub(crate) fn prepare_large(&mut self, size: usize) -> Option<()> {
        let is_allowed = self.footprint().saturating_add(size) <= self.limit;
        self.bulk().filter(|_| is_allowed).map(|_| ())
    }

    /// Prepares for taking over shared objects. `None`: the limit does not allow it.
    #[inline]
    pub(crate) fn prepare_shared(&mut self, objects: &[usize]) -> Option<()> {
        if objects.is_empty() {
            return Some(());
        }
        self.prepare_large(self.bytes_of_new(objects))
    }

    /// The bytes of those of these shared objects that the heap does not hold yet.
    pub(crate) fn bytes_of_new(&self, objects: &[usize]) -> usize {
        let holds = |object: usize| self.bulk.as_ref().is_some_and(|bulk| bulk.large.holds(object));
        // SAFETY: who asks holds them.
        objects.iter().filter(|&&object| !holds(object)).map(|&o| unsafe { large::size(o) }).sum()
    }

    /// Takes over what a message held of a shared object, after [`prepare_shared`](Heap::prepare_shared).
    ///
    /// # Safety
    /// The caller must hold it, and forget that.
    pub(crate) unsafe fn link_shared(&mut self, object: usize) {
        let Some(bulk) = &mut self.bulk else { return };
        // SAFETY: the caller vouches for it.
        unsafe {
            let size = large::size(object);
            if bulk.large.link_shared(object) {
                bulk.account(size);
                self.taken += size as u64;
            }
        }
    }

    /// The handles in the heap.
    pub(crate) fn handles(&self) -> impl Iterator<Item = &Handle> {
        // SAFETY: listed handles are alive as long as the heap.
        self.handles.iter().map(|handle| unsafe { &*handle })
    }

    /// Lists a handle, whose reference the heap then owns.
    ///
    /// # Safety
    /// It must be an object of this heap on no list.
    pub(crate) unsafe fn list_handle(&mut self, handle: *mut Handle) {
        // SAFETY: the caller vouches for it.
        unsafe { self.handles.push(handle) };
    }

    /// Room for objects of `size` bytes in all, at most a block, which the caller fills at once. `None`: the limit is
    /// reached.
    pub(crate) fn area(&mut self, ctx: &mut Ctx, size: usize) -> Option<usize> {
        if self.in_blocks && size > MAX_IN_HOLE {
            return self.alloc_overflow(size);
        }
        self.show_end(ctx)?;
        let start = if self.chunks.is_null() && !self.in_blocks {
            self.first_area(ctx, size)
        } else {
            self.bump_or_open(ctx, size, size)
        };
        self.hide_end(ctx);
        start
    }

    /// What an actor begins with fills its first chunk: most never need another one.
    fn first_area(&mut self, ctx: &mut Ctx, size: usize) -> Option<usize> {
        self.add_chunk(ctx, size, size)?;
        self.settled_bytes = self.chunk_bytes;
        let start = ctx.alloc_ptr;
        ctx.alloc_ptr += size;
        Some(start)
    }

    /// Memory for `size` bytes from what the context bumps through.
    fn bump(&mut self, ctx: &mut Ctx, size: usize) -> Option<usize> {
        self.show_end(ctx)?;
        let start = self.bump_or_open(ctx, size, 0);
        self.hide_end(ctx);
        start
    }

    /// Makes the context's end the true one, if it is hidden.
    fn show_end(&mut self, ctx: &mut Ctx) -> Option<()> {
        if self.pace.is_stress() {
            ctx.alloc_end = self.bulk()?.stress_end;
        }
        Some(())
    }

    /// Under stress, makes the context's end its pointer, so that every allocation takes the slow path.
    fn hide_end(&mut self, ctx: &mut Ctx) {
        if self.pace.is_stress()
            && let Some(bulk) = &mut self.bulk
        {
            bulk.stress_end = ctx.alloc_end;
            ctx.alloc_end = ctx.alloc_ptr;
        }
    }

    /// Of a new chunk, the first `filled` bytes need not be zero.
    fn bump_or_open(&mut self, ctx: &mut Ctx, size: usize, filled: usize) -> Option<usize> {
        while size > ctx.alloc_end - ctx.alloc_ptr {
            if !self.in_blocks {
                self.leave_chunk(ctx, size, filled)?;
                continue;
            }
            let missing = size - (ctx.alloc_end - ctx.alloc_ptr);
            if let Some(end) = self.bulk()?.extend_hole(ctx.alloc_end, missing) {
                self.taken += (end - ctx.alloc_end) as u64;
                ctx.alloc_end = end;
                continue;
            }
            if size > WORTH_KEEPING && ctx.alloc_end - ctx.alloc_ptr >= WORTH_KEEPING {
                let start = self.alloc_overflow(size)?;
                // SAFETY: the room was just taken.
                unsafe { ((start + filled) as *mut u8).write_bytes(0, size - filled) };
                return Some(start);
            }
            let limit = self.limit_of_bulk();
            let hole = self.bulk()?.next_hole(size, limit)?;
            self.taken += (hole.end - hole.ptr) as u64;
            self.taken -= (ctx.alloc_end - ctx.alloc_ptr) as u64;
            (ctx.alloc_ptr, ctx.alloc_end) = (hole.ptr, hole.end);
        }
        let start = ctx.alloc_ptr;
        ctx.alloc_ptr += size;
        Some(start)
    }

    /// What the limit leaves for blocks and large objects.
    fn limit_of_bulk(&self) -> usize {
        self.limit.saturating_sub(self.chunk_bytes as usize)
    }

    /// Not zeroed.
    fn alloc_overflow(&mut self, size: usize) -> Option<usize> {
        let limit = self.limit_of_bulk();
        let start = self.bulk()?.alloc_overflow(size, limit)?;
        self.taken += size as u64;
        Some(start)
    }

    /// Opens a further chunk with room for `size` bytes or, once there are enough, goes over to blocks. Under stress
    /// it goes over at once, since memory in chunks is not used again.
    fn leave_chunk(&mut self, ctx: &mut Ctx, size: usize, filled: usize) -> Option<()> {
        if self.chunk_bytes as usize >= SMALL || self.pace.is_stress() {
            self.close_chunk(ctx);
            self.in_blocks = true;
            return Some(());
        }
        let least = FIRST_CHUNK.max(self.nursery.into());
        let usual = (self.chunk_bytes as usize).clamp(least, MAX_CHUNK) - CHUNK_HEAD;
        self.add_chunk(ctx, size.max(usual & !7), filled)
    }

    /// Ends the chunk that the context bumps through.
    fn close_chunk(&mut self, ctx: &mut Ctx) {
        if !self.chunks.is_null() {
            // SAFETY: the newest chunk is ours.
            unsafe { (*self.chunks).used = (ctx.alloc_ptr - Chunk::start(self.chunks)) as u32 };
        }
        self.taken -= (ctx.alloc_end - ctx.alloc_ptr) as u64;
        (ctx.alloc_ptr, ctx.alloc_end) = (0, 0);
    }

    /// Opens a chunk with room for `room` bytes, zero but for the first `filled`.
    fn add_chunk(&mut self, ctx: &mut Ctx, room: usize, filled: usize) -> Option<()> {
        if self.footprint() + room + CHUNK_HEAD > self.limit {
            return None;
        }
        // All that the block has.
        let room = (blocks::capacity(room + CHUNK_HEAD) & !7) - CHUNK_HEAD;
        let chunk = Chunk::new(room)?;
        // SAFETY: the chunk was just made. What is to be filled may be zeroed before.
        unsafe {
            if room - filled <= size_of::<ChunkEnd>() {
                ((Chunk::start(chunk) + room) as *mut ChunkEnd).sub(1).write([0; 4]);
            } else {
                ((Chunk::start(chunk) + filled) as *mut u8).write_bytes(0, room - filled);
            }
            self.open_chunk(ctx, chunk, room);
        }
        Some(())
    }

    /// Bumps through a chunk from now on.
    ///
    /// # Safety
    /// It must be the caller's, with so much room, all of it zero or objects that the caller counts.
    #[inline(always)]
    unsafe fn open_chunk(&mut self, ctx: &mut Ctx, chunk: *mut Chunk, room: usize) {
        self.close_chunk(ctx);
        // SAFETY: the caller vouches for the chunk.
        unsafe { (*chunk).next = self.chunks };
        self.chunks = chunk;
        self.chunk_bytes += (room + CHUNK_HEAD) as u32;
        self.taken += room as u64;
        (ctx.alloc_ptr, ctx.alloc_end) = (Chunk::start(chunk), Chunk::start(chunk) + room);
    }

    /// Whether the heap has only what its actor began with, in one chunk, and may have `size` bytes more.
    #[inline(always)]
    pub(crate) fn may_add_small_chunk(&self, size: usize) -> bool {
        // SAFETY: the chunks are ours.
        let is_first = !self.chunks.is_null() && unsafe { (*self.chunks).is_last() };
        is_first
            && self.nursery == 0
            && self.bulk.is_none()
            && !self.pace.is_stress()
            && self.chunk_bytes as usize + size <= self.limit
    }

    /// Makes memory a chunk, the beginning of which holds objects already. Only where the heap may have it.
    ///
    /// # Safety
    /// The memory must be of `blocks`, of so many bytes, its caller's to give, with `filled` bytes of objects behind the
    /// place of a chunk's head, and zero behind these.
    #[inline(always)]
    pub(crate) unsafe fn add_small_chunk(
        &mut self,
        ctx: &mut Ctx,
        memory: *mut u8,
        size: usize,
        filled: usize,
    ) {
        let (chunk, room) = (memory.cast::<Chunk>(), size - CHUNK_HEAD);
        // SAFETY: the caller vouches for the memory.
        unsafe {
            chunk.write(Chunk::within(room, filled));
            self.open_chunk(ctx, chunk, room);
        }
        ctx.alloc_ptr += filled;
    }

    /// Lets a large array grow in place to `size` bytes; false if it cannot, or the limit is reached.
    ///
    /// # Safety
    /// `object` must be an object of this heap.
    pub unsafe fn grow_in_place(&mut self, object: ObjPtr, old: usize, size: usize) -> bool {
        let more = size - old;
        let is_allowed = self.footprint().saturating_add(more) <= self.limit;
        // Compiled code may have put an object of any size into a hole or chunk.
        let in_block = |bulk: &Bulk| bulk.space.contains(object as usize);
        let is_small =
            self.bulk.as_deref().is_none_or(in_block) || self.is_in_chunk(object as usize);
        let Some(bulk) = self.bulk.as_mut().filter(|_| is_allowed && !is_small) else {
            return false;
        };
        // SAFETY: an object outside chunks and blocks is a large one.
        let grown = unsafe { bulk.large.grow_in_place(object, size) };
        if grown {
            bulk.account(more);
            self.taken += more as u64;
        }
        grown
    }

    fn is_in_chunk(&self, address: usize) -> bool {
        // SAFETY: the chunks are ours.
        unsafe {
            Chunk::list(self.chunks)
                .any(|chunk| (Chunk::start(chunk)..Chunk::end(chunk)).contains(&address))
        }
    }
}

/// Makes one object without references of all from `start` to `end`.
///
/// # Safety
/// Whole objects must lie there, or nothing, that nobody refers to.
pub(crate) unsafe fn blank(start: usize, end: usize, stress: bool) {
    if start == end {
        return;
    }
    let object = start as ObjPtr;
    let len = end - start - STR_DATA as usize;
    // SAFETY: the caller vouches for it; objects are not smaller than their head.
    unsafe {
        (*object).header = Header::new(DescId::BYTES);
        (*object).len = len as u64;
        if stress {
            object.cast::<u8>().add(STR_DATA as usize).write_bytes(bulk::POISON, len);
        }
    }
}

impl Drop for Heap {
    fn drop(&mut self) {
        self.handles.release_all();
        // SAFETY: a heap is dropped when its actor has ended.
        unsafe { Chunk::free_list(self.chunks) };
    }
}
