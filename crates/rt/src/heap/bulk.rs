//! What only larger heaps have: blocks with their holes, large objects, the collector's numbers.
//!
//! Objects up to 8 KiB lie in 32 KiB blocks. An allocation bumps through a *hole*, a run of lines without
//! anything live. A collection marks objects and the lines they lie on; unmarked lines are the next
//! holes, blocks without marked lines go back to the process's pool.
//!
//! What makes a walk over a hole possible, and so must never be broken:
//! - The bytes of an opened hole from the bump pointer on are zero; a header is never zero. Of the hole for overflow, which
//!   only the runtime allocates in, the first word is.
//! - A hole that was passed over as too small begins with a zero word.
//! - Whoever bumps stores the header before anything else can allocate.

use super::Stats;
use super::large::LargeSpace;
use super::space::{BLOCK, Block, FreeBlock, LINE, LINES, Space};
use std::sync::atomic::{AtomicU32, Ordering};

/// No collection before so much was allocated since the last one: a collection of little that lives is
/// not worth it. A heap begins with the lower number, which fits a core's own cache, and stays there while
/// next to nothing lives: then a collection costs less than going through memory that the cache has
/// forgotten. Otherwise it comes to the upper one as it allocates; half of that costs twice the collections,
/// without saving memory that matters.
const MIN_BUDGET: usize = 1024 * 1024;
const FULL_MIN_BUDGET: usize = 8 * 1024 * 1024;
/// Marking is cheap where so many times what lives is allocated between collections.
const CHEAP: usize = 64;
/// What the memory of a swept line holds under stress.
pub(super) const POISON: u8 = 0xDB;

/// A part of a block that is bumped through.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hole {
    pub(super) ptr: usize,
    pub(super) end: usize,
}

/// See the module's head.
#[derive(Debug)]
pub(super) struct Bulk {
    pub(super) id: u32,
    pub(super) space: &'static Space,
    /// All blocks of this heap.
    pub(super) blocks: Vec<Block>,
    /// Blocks with holes, by index in `blocks`: `next_block` is the next to search.
    next_block: usize,
    /// The block that is being searched for holes, and the line where the search goes on.
    current: Option<(Block, usize)>,
    overflow: Hole,
    pub(super) large: LargeSpace,
    /// Bytes that may be allocated before the next collection; may overrun by one object.
    pub(super) budget: isize,
    /// Bytes opened for allocation, or allocated as large objects, since the last collection.
    pub(super) since: usize,
    /// Under stress, the true end of what the context bumps through; the context's end is its pointer.
    pub(super) stress_end: usize,
    pub(super) stats: Stats,
}

impl Bulk {
    /// `None` if the kernel gives no addresses.
    pub(super) fn new() -> Option<Box<Bulk>> {
        static NEXT_ID: AtomicU32 = AtomicU32::new(1);
        // 0 is the owner of free blocks.
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed).max(1);
        Some(Box::new(Bulk {
            id,
            space: Space::get()?,
            blocks: Vec::new(),
            next_block: 0,
            current: None,
            overflow: Hole::default(),
            large: LargeSpace::default(),
            budget: MIN_BUDGET as isize,
            since: 0,
            stress_end: 0,
            stats: Stats::default(),
        }))
    }

    /// The bytes that blocks and large objects take from the system.
    pub(super) fn footprint(&self) -> usize {
        self.blocks.len() * BLOCK + self.large.bytes()
    }

    pub(super) fn account(&mut self, size: usize) {
        self.budget = self.budget.saturating_sub_unsigned(size);
        self.since += size;
    }

    /// Whether so much was allocated since the last collection that another one is worth it at a boundary.
    pub(super) fn is_worth_settling(&self) -> bool {
        self.since > self.stats.live_bytes.max(super::SMALL)
    }

    /// Room in a block apart from the hole that is bumped through, which serves smaller objects; not zeroed. The block
    /// counts against `limit`.
    pub(super) fn alloc_overflow(&mut self, size: usize, limit: usize) -> Option<usize> {
        if size > self.overflow.end - self.overflow.ptr {
            let block = self.take_block(limit)?;
            self.overflow = self.open(FreeBlock { is_zero: true, ..block }, 0, LINES);
        }
        let object = self.overflow.ptr;
        self.overflow.ptr += size;
        if self.overflow.ptr < self.overflow.end {
            // SAFETY: the word is in the hole, behind all objects.
            unsafe { (self.overflow.ptr as *mut u64).write(0) };
        }
        Some(object)
    }

    /// Opens the next hole of at least `size` bytes; blocks and large objects may take `limit` bytes.
    pub(super) fn next_hole(&mut self, size: usize, limit: usize) -> Option<Hole> {
        loop {
            let Some((block, line)) = self.current else {
                self.current = Some((self.next_candidate(limit)?, 0));
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
    fn next_candidate(&mut self, limit: usize) -> Option<Block> {
        while let Some(&block) = self.blocks.get(self.next_block) {
            self.next_block += 1;
            // SAFETY: the block is ours.
            let (live_lines, opened_to) =
                unsafe { ((*block.info()).live_lines, (*block.info()).opened_to) };
            if (live_lines as usize) < LINES && opened_to == 0 {
                return Some(block);
            }
        }
        let free = self.take_block(limit)?;
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

    fn take_block(&mut self, limit: usize) -> Option<FreeBlock> {
        if self.footprint() + BLOCK > limit {
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

    /// Gives back blocks without live lines, frees large objects, begins a new round of allocation.
    ///
    /// # Safety
    /// Everything that is needed is marked.
    pub(super) unsafe fn sweep(&mut self, taken: u64, stress: bool) {
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
        if stress {
            self.poison(&free);
        }
        // SAFETY: the caller vouches for the marks.
        unsafe { self.large.sweep() };
        let budget = self.next_budget(taken);
        self.budget = budget as isize;
        // SAFETY: the blocks hold nothing live.
        unsafe { self.space.give_back(free, budget.max(FULL_MIN_BUDGET)) };
        self.since = 0;
        self.next_block = 0;
        self.current = None;
        self.overflow = Hole::default();
    }

    /// How much may be allocated before the next collection: what fits the holes, and new memory as long as all
    /// stays below twice the live bytes; but enough to be worth a collection.
    fn next_budget(&self, taken: u64) -> usize {
        let live = self.stats.live_bytes;
        // SAFETY: the blocks are ours.
        let free_lines = |block: &Block| LINES - unsafe { (*block.info()).live_lines } as usize;
        let holes = self.blocks.iter().map(free_lines).sum::<usize>() * LINE;
        let fresh = (live / 8 * 15).saturating_sub(self.footprint());
        // Most large objects take one look, however large.
        let marked = live.saturating_sub(self.large.bytes());
        let least = (marked * CHEAP).min(taken as usize).clamp(MIN_BUDGET, FULL_MIN_BUDGET);
        least.max((holes + fresh).clamp(live / 4, live))
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

    /// Gives up all blocks.
    ///
    /// # Safety
    /// Nothing may refer to objects in them any more.
    pub(super) unsafe fn give_up_blocks(&mut self, stress: bool) {
        if stress {
            for &block in &self.blocks {
                // SAFETY: the block is ours, and the caller says that it holds nothing.
                unsafe { (block.start() as *mut u8).write_bytes(POISON, BLOCK) };
            }
        }
        let blocks = std::mem::take(&mut self.blocks);
        // SAFETY: the caller vouches for it.
        unsafe { self.space.give_back(blocks, FULL_MIN_BUDGET) };
        self.next_block = 0;
        self.current = None;
        self.overflow = Hole::default();
    }
}

impl Drop for Bulk {
    fn drop(&mut self) {
        // SAFETY: a heap is dropped when its actor has ended.
        unsafe { self.give_up_blocks(false) };
    }
}

/// The first run of unmarked lines at or after `line`.
pub(super) fn find_hole(block: Block, line: usize) -> Option<(usize, usize)> {
    // SAFETY: the block is the caller's.
    let lines = unsafe { &*block.lines() };
    let start = line + memchr::memchr(0, &lines[line..])?;
    let len = memchr::memchr(1, &lines[start..]);
    Some((start, len.map_or(LINES, |len| start + len)))
}
