//! The heap of one actor: a non-moving mark-region collector in the manner of Immix.
//!
//! Objects up to 8 KiB lie in 32 KiB blocks. An allocation bumps through a *hole*, a run of lines without
//! anything live; the hole's bounds stand in the context, so that compiled code bumps by itself. A
//! collection marks objects and the lines they lie on; unmarked lines are the next holes, blocks without
//! marked lines go back to the process's pool. Larger objects are in [`large`].
//!
//! Roots are found conservatively (`roots`), everything behind them through descriptors (`mark`).
//!
//! What makes a walk over a hole possible, and so must never be broken:
//! - The bytes of an opened hole from the bump pointer on are zero; a header is never zero.
//! - A hole that was passed over as too small begins with a zero word.
//! - Whoever bumps stores the header before anything else can allocate.
//!
//! Everything here belongs to the thread that runs the actor. Must never print, and never raise a panic:
//! allocation gives `None` and the caller says what that means.

pub(crate) mod chunk;
pub mod descs;
pub(crate) mod forward;
pub mod handle;
pub mod large;
mod mark;
mod roots;
pub mod space;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod torture;

use descs::Descs;
use handle::{Handle, HandleList};
use large::{LARGE, LargeSpace};
pub use roots::Roots;
use sepal_abi::{Ctx, DescId, Header, ObjPtr, TypeDesc};
use space::{BLOCK, Block, FreeBlock, LINE, LINES, Space};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// No collection before this much was allocated: small programs never collect. Half of it costs twice the
/// collections where little lives, without saving memory that matters.
const MIN_BUDGET: usize = 8 * 1024 * 1024;
/// A hole with at least this much left is kept for small objects when a larger one does not fit; that one
/// goes to the overflow block.
const WORTH_KEEPING: usize = 512;
/// What the memory of a swept line holds under stress.
const POISON: u8 = 0xDB;

/// Numbers about a heap.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Stats {
    pub collections: u64,
    /// Bytes of marked objects at the last collection.
    pub live_bytes: usize,
    /// Objects marked at the last collection.
    pub live_objects: usize,
    pub time: Duration,
}

/// A part of a block that is bumped through.
#[derive(Clone, Copy, Debug, Default)]
struct Hole {
    ptr: usize,
    end: usize,
}

/// See the module's head.
#[derive(Debug)]
pub struct Heap {
    id: u32,
    space: &'static Space,
    /// Those of the program; they outlive the heap.
    descs: *const Descs,
    handles: HandleList,
    /// All blocks of this heap.
    blocks: Vec<Block>,
    /// Blocks with holes, by index in `blocks`: `next_block` is the next to search.
    next_block: usize,
    /// The block that is being searched for holes, and the line where the search goes on.
    current: Option<(Block, usize)>,
    overflow: Hole,
    large: LargeSpace,
    /// Bytes that may be allocated before the next collection; may overrun by one object.
    budget: isize,
    /// Bytes taken for allocation in all, the rest of the current hole included.
    taken: u64,
    limit: usize,
    stress: bool,
    /// Under stress, the true end of the hole; the context's end is its pointer.
    stress_end: usize,
    pub stats: Stats,
}

impl Heap {
    /// An empty heap that may hold `limit` bytes. `None` if the kernel gives no addresses.
    ///
    /// # Safety
    /// The descriptors must outlive the heap.
    pub unsafe fn new(descs: &Descs, limit: usize, stress: bool) -> Option<Heap> {
        static NEXT_ID: AtomicU32 = AtomicU32::new(1);
        Some(Heap {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            space: Space::get()?,
            descs,
            handles: HandleList::EMPTY,
            blocks: Vec::new(),
            next_block: 0,
            current: None,
            overflow: Hole::default(),
            large: LargeSpace::default(),
            budget: MIN_BUDGET as isize,
            taken: 0,
            limit,
            stress,
            stress_end: 0,
            stats: Stats::default(),
        })
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

    /// The bytes an object takes.
    ///
    /// # Safety
    /// `object` must be an object with a descriptor of this heap's program.
    #[inline(always)]
    pub unsafe fn size_of(&self, object: ObjPtr) -> usize {
        // SAFETY: descriptors outlive the heap; the caller vouches for the object.
        unsafe { (*self.descs).size_of(object) }
    }

    /// Room for the objects of a chunk, `size` bytes up to a block, which the caller fills at once. `None`: the limit is
    /// reached.
    pub(crate) fn area(&mut self, ctx: &mut Ctx, size: usize) -> Option<usize> {
        self.alloc_small(ctx, size)
    }

    /// Takes over a detached large object.
    ///
    /// # Safety
    /// Nobody else may own it any more.
    pub(crate) unsafe fn link_large(&mut self, object: usize) {
        // SAFETY: the caller vouches for it.
        unsafe {
            self.large.link(object);
            self.account(large::size(object));
        }
    }

    /// Lists a handle, whose reference the heap then owns.
    ///
    /// # Safety
    /// It must be an object of this heap on no list.
    pub(crate) unsafe fn list_handle(&mut self, handle: *mut Handle) {
        // SAFETY: the caller vouches for it.
        unsafe { self.handles.push(handle) };
    }

    /// The bytes that blocks and large objects take from the system.
    pub fn footprint(&self) -> usize {
        self.blocks.len() * BLOCK + self.large.bytes()
    }

    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Changes the limit.
    pub fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// Bytes allocated since the beginning.
    pub fn allocated(&self, ctx: &Ctx) -> u64 {
        let end = if self.stress { self.stress_end } else { ctx.alloc_end };
        self.taken - (end - ctx.alloc_ptr) as u64
    }

    /// Whether a collection is due before an allocation of `size` bytes.
    pub fn wants_collection(&self, ctx: &Ctx, size: usize) -> bool {
        if self.stress {
            return true;
        }
        let in_hole = size <= LARGE && size <= ctx.alloc_end - ctx.alloc_ptr;
        !in_hole && (self.budget <= 0 || size > LARGE && self.budget < size as isize)
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
            self.alloc_small(ctx, size)? as ObjPtr
        };
        // SAFETY: the memory is at least 16 bytes and ours.
        unsafe { (*object).header = header };
        Some(object)
    }

    pub(crate) fn alloc_large(&mut self, size: usize, may_grow: bool) -> Option<ObjPtr> {
        if self.footprint().checked_add(size)? > self.limit {
            return None;
        }
        let object = self.large.alloc(size, may_grow)?;
        self.account(size);
        Some(object)
    }

    fn account(&mut self, size: usize) {
        self.budget = self.budget.saturating_sub_unsigned(size);
        self.taken += size as u64;
    }

    fn alloc_small(&mut self, ctx: &mut Ctx, size: usize) -> Option<usize> {
        if self.stress {
            ctx.alloc_end = self.stress_end;
        }
        while size > ctx.alloc_end - ctx.alloc_ptr {
            if size > WORTH_KEEPING && ctx.alloc_end - ctx.alloc_ptr >= WORTH_KEEPING {
                let object = self.alloc_overflow(size);
                self.set_stress_end(ctx);
                return object;
            }
            let Some(hole) = self.next_hole(size) else {
                self.set_stress_end(ctx);
                return None;
            };
            self.taken -= (ctx.alloc_end - ctx.alloc_ptr) as u64;
            (ctx.alloc_ptr, ctx.alloc_end) = (hole.ptr, hole.end);
        }
        let object = ctx.alloc_ptr;
        ctx.alloc_ptr += size;
        self.set_stress_end(ctx);
        Some(object)
    }

    /// Under stress every allocation shall take the slow path.
    fn set_stress_end(&mut self, ctx: &mut Ctx) {
        if self.stress {
            self.stress_end = ctx.alloc_end;
            ctx.alloc_end = ctx.alloc_ptr;
        }
    }

    fn alloc_overflow(&mut self, size: usize) -> Option<usize> {
        if size > self.overflow.end - self.overflow.ptr {
            let block = self.take_block()?;
            self.overflow = self.open(block, 0, LINES);
        }
        let object = self.overflow.ptr;
        self.overflow.ptr += size;
        Some(object)
    }

    /// Opens the next hole of at least `size` bytes.
    fn next_hole(&mut self, size: usize) -> Option<Hole> {
        loop {
            let Some((block, line)) = self.current else {
                self.current = Some((self.next_candidate()?, 0));
                continue;
            };
            let Some((start, end)) = find_hole(block, line) else {
                self.set_opened_to(block, LINES);
                self.current = None;
                continue;
            };
            self.current = Some((block, end));
            if (end - start) * LINE >= size {
                self.set_opened_to(block, end);
                let is_whole = end - start == LINES;
                let free = FreeBlock { block, is_zero: is_whole && self.is_zero_block(block) };
                return Some(self.open(free, start, end));
            }
            // SAFETY: the hole is in our block and holds nothing live.
            unsafe { ((block.start() + start * LINE) as *mut u64).write(0) };
            self.set_opened_to(block, end);
        }
    }

    /// The next block to search: one with holes, or a free one.
    fn next_candidate(&mut self) -> Option<Block> {
        while let Some(&block) = self.blocks.get(self.next_block) {
            self.next_block += 1;
            // SAFETY: the block is ours.
            let (live_lines, opened_to) =
                unsafe { ((*block.info()).live_lines, (*block.info()).opened_to) };
            if (live_lines as usize) < LINES && opened_to == 0 {
                return Some(block);
            }
        }
        let free = self.take_block()?;
        self.next_block = self.blocks.len();
        // SAFETY: the block is ours.
        unsafe { (*free.block.info()).reserved = u16::from(free.is_zero) };
        Some(free.block)
    }

    /// Whether a fresh block was zero when taken; asked once, right after.
    fn is_zero_block(&self, block: Block) -> bool {
        // SAFETY: the block is ours.
        unsafe { std::mem::take(&mut (*block.info()).reserved) != 0 }
    }

    fn take_block(&mut self) -> Option<FreeBlock> {
        if self.footprint() + BLOCK > self.limit {
            return None;
        }
        let free = self.space.take(self.id)?;
        self.blocks.push(free.block);
        Some(free)
    }

    /// Zeroes lines for allocation.
    fn open(&mut self, free: FreeBlock, start: usize, end: usize) -> Hole {
        let hole =
            Hole { ptr: free.block.start() + start * LINE, end: free.block.start() + end * LINE };
        self.set_opened_to(free.block, end);
        if !free.is_zero {
            // SAFETY: the lines are in our block and hold nothing live.
            unsafe { (hole.ptr as *mut u8).write_bytes(0, hole.end - hole.ptr) };
        }
        self.account(hole.end - hole.ptr);
        hole
    }

    fn set_opened_to(&mut self, block: Block, line: usize) {
        // SAFETY: the block is ours.
        unsafe { (*block.info()).opened_to = line as u16 };
    }

    /// Lets a large array grow in place to `size` bytes; false if it cannot, or the limit is reached.
    ///
    /// # Safety
    /// `object` must be an object of this heap.
    pub unsafe fn grow_in_place(&mut self, object: ObjPtr, old: usize, size: usize) -> bool {
        let more = size - old;
        // Compiled code may have put an object of any size into a hole.
        let is_large = !self.space.contains(object as usize);
        if !is_large || self.footprint().saturating_add(more) > self.limit {
            return false;
        }
        // SAFETY: an object outside the block space is a large one.
        let grown = unsafe { self.large.grow_in_place(object, size) };
        if grown {
            self.account(more);
        }
        grown
    }

    /// Marks from the roots and sweeps.
    ///
    /// # Safety
    /// The roots must name everything that is still needed; no allocation may be half done.
    pub unsafe fn collect(&mut self, ctx: &mut Ctx, roots: &Roots<'_>) {
        let start = Instant::now();
        self.large.begin_collection();
        // SAFETY: the caller vouches for the roots.
        let found = unsafe { roots::find(self, roots) };
        self.taken = self.allocated(ctx);
        (ctx.alloc_ptr, ctx.alloc_end, self.stress_end) = (0, 0, 0);
        // SAFETY: every root is an object of this heap.
        let live = unsafe { mark::mark(self, found) };
        self.stats.live_bytes = live.bytes;
        self.stats.live_objects = live.objects;
        // SAFETY: marking is complete.
        unsafe { self.sweep() };
        self.stats.collections += 1;
        self.stats.time += start.elapsed();
    }

    /// Gives back blocks without live lines, frees large objects, begins a new round of allocation.
    ///
    /// # Safety
    /// Everything that is needed is marked.
    unsafe fn sweep(&mut self) {
        let mut free = Vec::new();
        self.blocks.retain(|&block| {
            // SAFETY: the block is ours.
            let (info, lines) = unsafe { (&mut *block.info(), &*block.lines()) };
            info.live_lines = lines.iter().map(|&line| u32::from(line)).sum();
            info.opened_to = 0;
            if info.live_lines == 0 {
                free.push(block);
            }
            info.live_lines != 0
        });
        if self.stress {
            self.poison(&free);
        }
        // SAFETY: the caller vouches for the marks.
        unsafe { self.large.sweep() };
        let budget = self.next_budget();
        self.budget = budget as isize;
        // SAFETY: the blocks hold nothing live.
        unsafe { self.space.give_back(free, budget) };
        self.next_block = 0;
        self.current = None;
        self.overflow = Hole::default();
    }

    /// How much may be allocated before the next collection: what fits the holes, and new memory as long as all
    /// stays below twice the live bytes; but enough to be worth a collection.
    fn next_budget(&self) -> usize {
        let live = self.stats.live_bytes;
        // SAFETY: the blocks are ours.
        let free_lines = |block: &Block| LINES - unsafe { (*block.info()).live_lines } as usize;
        let holes = self.blocks.iter().map(free_lines).sum::<usize>() * LINE;
        let fresh = (live / 8 * 15).saturating_sub(self.footprint());
        MIN_BUDGET.max((holes + fresh).clamp(live / 4, live))
    }

    /// Overwrites all lines that hold nothing live.
    fn poison(&self, free: &[Block]) {
        for &block in self.blocks.iter().chain(free) {
            let mut line = 0;
            while let Some((start, end)) = find_hole(block, line) {
                let address = (block.start() + start * LINE) as *mut u8;
                // SAFETY: the lines are ours and hold nothing live.
                unsafe { address.write_bytes(POISON, (end - start) * LINE) };
                line = end;
            }
        }
    }
}

impl Drop for Heap {
    fn drop(&mut self) {
        let blocks = std::mem::take(&mut self.blocks);
        // SAFETY: a heap is dropped when its actor has ended.
        unsafe { self.space.give_back(blocks, MIN_BUDGET) };
    }
}

/// The first run of unmarked lines at or after `line`.
fn find_hole(block: Block, line: usize) -> Option<(usize, usize)> {
    // SAFETY: the block is the caller's.
    let lines = unsafe { &*block.lines() };
    let start = line + memchr::memchr(0, &lines[line..])?;
    let len = memchr::memchr(1, &lines[start..]);
    Some((start, len.map_or(LINES, |len| start + len)))
}
