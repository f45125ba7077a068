//! What only larger heaps have: blocks with their holes, large objects, the collector's numbers.
//!
//! Objects up to 8 KiB lie in 32 KiB blocks. An allocation bumps through a *hole*, a run of lines without
//! anything live, which is opened in two steps. A collection marks objects and the lines they lie on; unmarked lines
//! are the next holes, blocks without marked lines go back to the process's pool.
//!
//! What makes a walk over a hole possible, and so must never be broken:
//! - The bytes of an opened hole from the bump pointer on are zero; a header is never zero. Of the hole for overflow, which
//!   only the runtime allocates in, the first word is.
//! - A hole that was passed over as too small begins with a zero word.
//! - Whoever bumps stores the header before anything else can allocate.

use super::Stats;
use super::large::LargeSpace;
use super::mark::Marker;
use super::space::{
    BLACK, BLOCK, Block, FREE, FreeBlock, LINE, LINES, LIVE, MARK_WORDS, MARKED, Space,
};
use std::sync::atomic::{AtomicU32, Ordering};

/// No collection before so much was allocated since the last one: a collection of little that lives is
/// not worth it. A heap begins with the lower number, which fits a core's own cache beside other things, and stays
/// there while next to nothing lives: then a collection costs less than going through memory that the cache has
/// forgotten. Otherwise it comes to the upper one as it allocates; half of that costs twice the collections,
/// without saving memory that matters.
const MIN_BUDGET: usize = 512 * 1024;
const FULL_MIN_BUDGET: usize = 8 * 1024 * 1024;
/// Marking is cheap where so many times what lives is allocated between collections.
const CHEAP: usize = 64;
/// So much of a hole is opened at first: what allocates little between collections shall not zero what it will not fill.
const FIRST_PIECE: usize = 8 * 1024;
/// What the memory of a swept line holds under stress.
pub(super) const POISON: u8 = 0xDB;

/// What it costs to sweep a block and to give one back, in what [`Marker::drain`] counts.
const SWEEP_WORK: usize = 256;
const RETURN_WORK: usize = 4096;
/// So many blocks are given back between two looks at the limit.
const RETURNED_AT_ONCE: usize = 32;

/// A part of a block that is bumped through.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hole {
    pub(super) ptr: usize,
    pub(super) end: usize,
}

/// How far a collection has come.
#[derive(Debug)]
pub(super) enum Phase {
    /// There is none.
    Idle,
    Marking(Box<Marker>),
    /// The blocks not looked at, and those that hold nothing.
    Sweeping {
        blocks: std::vec::IntoIter<Block>,
        free: Vec<Block>,
    },
    /// The pool gets the free blocks back.
    Returning {
        free: Vec<Block>,
    },
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
    /// The same since the collection began, less what it has worked for.
    pub(super) debt: usize,
    pub(super) phase: Phase,
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
            debt: 0,
            phase: Phase::Idle,
            stress_end: 0,
            stats: Stats::default(),
        }))
    }

    /// The bytes that blocks and large objects take from the system.
    pub(super) fn footprint(&self) -> usize {
        let others = match &self.phase {
            Phase::Idle | Phase::Marking(_) => 0,
            Phase::Sweeping { blocks, free } => blocks.len() + free.len(),
            Phase::Returning { free } => free.len(),
        };
        (self.blocks.len() + others) * BLOCK + self.large.bytes()
    }

    pub(super) fn account(&mut self, size: usize) {
        self.budget = self.budget.saturating_sub_unsigned(size);
        self.since += size;
        self.debt += size;
    }

    /// Whether so much was allocated since the last collection that another one is worth it at a boundary.
    pub(super) fn is_worth_settling(&self) -> bool {
        self.is_collecting() || self.since > self.stats.live_bytes.max(super::SMALL)
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
            if (end - start) * LINE >= size {
                let first = start + size.max(FIRST_PIECE).div_ceil(LINE);
                return Some(self.open_to(block, start, end.min(first)));
            }
            // SAFETY: the hole is in our block and holds nothing live.
            unsafe { ((block.start() + start * LINE) as *mut u64).write(0) };
            self.current = Some((block, end));
            self.set_opened_to(block, end);
        }
    }

    /// Opens the rest of the hole that is opened to `at`, for `size` bytes there, and gives its end. `None`: there is no room
    /// for them.
    pub(super) fn extend_hole(&mut self, at: usize, size: usize) -> Option<usize> {
        // At the beginning of a block, what ends there is another one.
        let is_at = |&(block, line): &(Block, usize)| line > 0 && block.start() + line * LINE == at;
        let (block, line) = self.current.filter(is_at)?;
        let (start, end) = find_hole(block, line)?;
        let fits = start == line && (end - start) * LINE >= size;
        fits.then(|| self.open_to(block, start, end).end)
    }

    fn open_to(&mut self, block: Block, start: usize, end: usize) -> Hole {
        self.current = Some((block, end));
        // SAFETY: the block is ours.
        let is_zero = unsafe { (*block.info()).is_zero };
        self.open(FreeBlock { block, is_zero }, start, end)
    }

    /// The next block to search: one with holes, or a free one.
    fn next_candidate(&mut self, limit: usize) -> Option<Block> {
        while let Some(&block) = self.blocks.get(self.next_block) {
            self.next_block += 1;
            // SAFETY: the block is ours.
            let info = unsafe { &*block.info() };
            if usize::from(info.live_lines) < LINES && info.opened_to == 0 {
                return Some(block);
            }
        }
        let free = self.take_block(limit)?;
        self.next_block = self.blocks.len();
        Some(free.block)
    }

    fn take_block(&mut self, limit: usize) -> Option<FreeBlock> {
        if self.footprint() + BLOCK > limit {
            return None;
        }
        let free = self.space.take(self.id)?;
        self.blocks.push(free.block);
        Some(free)
    }

    fn is_marking(&self) -> bool {
        matches!(self.phase, Phase::Marking(_))
    }

    /// Zeroes lines for allocation. While the collector marks, all that comes to lie there counts as marked.
    fn open(&mut self, free: FreeBlock, start: usize, end: usize) -> Hole {
        let hole =
            Hole { ptr: free.block.start() + start * LINE, end: free.block.start() + end * LINE };
        self.set_opened_to(free.block, end);
        // SAFETY: the block is ours.
        let info = unsafe { &mut *free.block.info() };
        if self.is_marking() {
            info.has_black = true;
            // SAFETY: as above.
            let (bits, lines) =
                unsafe { (&mut *free.block.marks_by_line(), &mut *free.block.lines()) };
            bits[start..end].fill(u8::MAX);
            lines[start..end].fill(BLACK);
        }
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

    /// Whether a collection is under way.
    pub(super) fn is_collecting(&self) -> bool {
        !matches!(self.phase, Phase::Idle)
    }

    /// Forgets all marks and where allocation stands: what was allocated until now is what the collection is about. It
    /// goes on in blocks that have not been allocated in since the last one, and in new ones.
    pub(super) fn begin_marking(&mut self) {
        for block in &self.blocks {
            // SAFETY: the block is ours.
            let (info, lines) = unsafe { (&mut *block.info(), &mut *block.lines()) };
            if std::mem::take(&mut info.has_black) {
                // From now on it is the business of this collection, as any other line.
                let black = lines.iter_mut().filter(|line| **line == BLACK);
                black.for_each(|line| *line = LIVE);
            }
            // SAFETY: as above.
            unsafe { *block.marks() = [0; MARK_WORDS] };
        }
        self.current = None;
        self.overflow = Hole::default();
        self.since = 0;
        self.debt = 0;
    }

    /// Begins to sweep, once everything is marked.
    pub(super) fn begin_sweep(&mut self) {
        self.large.begin_sweep();
        let blocks = std::mem::take(&mut self.blocks).into_iter();
        self.phase = Phase::Sweeping { blocks, free: Vec::new() };
        // The block's holes will be others.
        self.current = None;
        self.next_block = 0;
    }

    /// Sweeps until the work comes to `limit`, and gives what it came to, at least 1.
    ///
    /// # Safety
    /// Everything that is needed is marked, or on black lines.
    pub(super) unsafe fn sweep(&mut self, limit: usize, taken: u64, stress: bool) -> usize {
        let mut work = 1;
        while work < limit {
            match std::mem::replace(&mut self.phase, Phase::Idle) {
                Phase::Sweeping { mut blocks, mut free } => {
                    if let Some(block) = blocks.next() {
                        // SAFETY: the caller vouches for the marks.
                        let is_kept = unsafe { sweep_block(block, stress) };
                        if is_kept { &mut self.blocks } else { &mut free }.push(block);
                        work += SWEEP_WORK;
                    // SAFETY: as above.
                    } else if let Some(done) = unsafe { self.large.sweep_some(limit - work) } {
                        work += done;
                    } else {
                        self.stats.collections += 1;
                        self.begin_round(taken);
                        self.phase = Phase::Returning { free };
                        continue;
                    }
                    self.phase = Phase::Sweeping { blocks, free };
                }
                Phase::Returning { mut free } if !free.is_empty() => {
                    let some = free.split_off(free.len().saturating_sub(RETURNED_AT_ONCE));
                    work += some.len() * RETURN_WORK;
                    let keep = self.budget.max(FULL_MIN_BUDGET as isize) as usize;
                    // SAFETY: the blocks hold nothing live.
                    unsafe { self.space.give_back(some, keep) };
                    self.phase = Phase::Returning { free };
                }
                Phase::Returning { .. } | Phase::Idle => break,
                marking @ Phase::Marking(_) => {
                    self.phase = marking;
                    break;
                }
            }
        }
        work
    }

    /// A new round of allocation, after a collection. What was allocated meanwhile belongs to it.
    pub(super) fn begin_round(&mut self, taken: u64) {
        self.budget = self.next_budget(taken);
        self.next_block = 0;
    }

    /// How much may be allocated before the next collection: what fits the holes, and new memory as long as all
    /// stays below twice the live bytes; but enough to be worth a collection. The holes must do for what is
    /// allocated while that is under way, too: about as much as in the last one.
    fn next_budget(&self, taken: u64) -> isize {
        let live = self.stats.live_bytes;
        let free_lines = |block: &Block| {
            // SAFETY: the block is ours.
            let info = unsafe { &*block.info() };
            if info.opened_to == 0 { LINES - usize::from(info.live_lines) } else { 0 }
        };
        let holes = self.blocks.iter().map(free_lines).sum::<usize>() * LINE;
        let fresh = (live / 8 * 15).saturating_sub(self.footprint());
        // Most large objects take one look, however large.
        let marked = live.saturating_sub(self.large.bytes());
        let least = (marked * CHEAP).min(taken as usize).clamp(MIN_BUDGET, FULL_MIN_BUDGET);
        let all = least.max((holes + fresh).clamp(live / 4, live));
        (all as isize).saturating_sub_unsigned(self.since)
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
        let mut blocks = std::mem::take(&mut self.blocks);
        match std::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Idle | Phase::Marking(_) => {}
            Phase::Sweeping { blocks: unswept, free } => blocks.extend(unswept.chain(free)),
            Phase::Returning { free } => blocks.extend(free),
        }
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

/// Makes of the marks of lines what the next round of allocation wants; false: the block holds nothing.
///
/// # Safety
/// The block is the caller's, and what is needed is marked, or on black lines.
unsafe fn sweep_block(block: Block, stress: bool) -> bool {
    // SAFETY: the caller vouches for it.
    let (info, lines, bits) =
        unsafe { (&mut *block.info(), &mut *block.lines(), &mut *block.marks_by_line()) };
    if info.has_black {
        // They were set for the marking only.
        let black = lines.iter().zip(bits).filter(|(line, _)| **line == BLACK);
        black.for_each(|(_, bits)| *bits = 0);
    }
    for line in lines.iter_mut() {
        *line = match *line {
            MARKED => LIVE,
            BLACK => BLACK,
            _ => FREE,
        };
    }
    if stress {
        // SAFETY: as above; free lines hold nothing that lives.
        unsafe { poison(block, lines) };
    }
    info.opened_to = 0;
    info.is_zero = false;
    info.live_lines = lines.iter().map(|&line| u16::from(line != FREE)).sum();
    info.live_lines != 0
}

/// Overwrites free lines.
///
/// # Safety
/// They must hold nothing live.
unsafe fn poison(block: Block, lines: &[u8; LINES]) {
    for (index, _) in lines.iter().enumerate().filter(|&(_, &line)| line == FREE) {
        let address = (block.start() + index * LINE) as *mut u8;
        // SAFETY: the caller vouches for it.
        unsafe { address.write_bytes(POISON, LINE) };
    }
}

/// The first run of free lines at or after `line`.
pub(super) fn find_hole(block: Block, line: usize) -> Option<(usize, usize)> {
    // SAFETY: the block is the caller's.
    let lines = unsafe { &*block.lines() };
    let start = line + memchr::memchr(FREE, &lines[line..])?;
    let len = memchr::memchr3(LIVE, MARKED, BLACK, &lines[start..]);
    Some((start, len.map_or(LINES, |len| start + len)))
}

/// The first run of black lines at or after `line`: a hole, since holes do not touch.
pub(super) fn find_black_hole(block: Block, line: usize) -> Option<(usize, usize)> {
    // SAFETY: the block is the caller's.
    let lines = unsafe { &*block.lines() };
    let start = line + memchr::memchr(BLACK, &lines[line..])?;
    let len = lines[start..].iter().position(|&line| line != BLACK);
    Some((start, len.map_or(LINES, |len| start + len)))
}
