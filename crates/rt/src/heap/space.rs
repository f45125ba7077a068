//! The block space of the process: 32 KiB blocks with their side metadata, handed to heaps.
//!
//! One reservation of addresses for all heaps, so that "is it a block address?" is one comparison.
//! It is committed in regions of 4 MiB, aligned, each beginning with the metadata of its blocks:
//!
//! ```text
//! region + 0       mark bits, one for each 8 bytes   (64 KiB)
//! region + 64 KiB  line marks, one byte a line       (64 KiB)
//! region + 128 KiB block infos                       (2 KiB, padded to 32 KiB)
//! region + 160 KiB blocks
//! ```
//! Who touches what: the pool (free blocks, committed regions) is behind the mutex; mark bits, line marks
//! and info of a block belong to the heap that owns it, alone.
//!
//! Must never know what lies in a block.

use sepal_machine::memory;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

/// What an allocator bumps through.
pub const BLOCK: usize = 32 * 1024;
/// The unit of reuse in a block. Immix takes 128 bytes; half of it wastes less where objects are small and die
/// one by one, since nothing is moved here: 2.0 instead of 2.4 times the live bytes in the worst test.
pub const LINE: usize = 64;
/// Lines of a block.
pub const LINES: usize = BLOCK / LINE;
/// Words of a block's mark bits.
pub const MARK_WORDS: usize = BLOCK / 8 / 64;

/// What the mark of a line says.
pub const FREE: u8 = 0;
/// Something on the line lived at the last collection.
pub const LIVE: u8 = 1;
/// The same, found by the collection that is going on.
pub const MARKED: u8 = 2;
/// In a hole opened while a collection marked: what lies there is none of its business, and the next one walks it.
pub const BLACK: u8 = 3;

const REGION: usize = 4 * 1024 * 1024;
const LINE_MARKS: usize = REGION / 64;
const INFOS: usize = LINE_MARKS + REGION / LINE;
const FIRST_BLOCK: usize = 160 * 1024;

/// What a block's owner knows of it.
#[derive(Debug)]
#[repr(C)]
pub struct BlockInfo {
    /// The id of the owning heap; 0 for a free block. Atomic, for the scan of another heap may look here;
    /// relaxed, since only the owner acts on its own id.
    pub owner: AtomicU32,
    /// Free lines before this one have been opened for allocation since the last collection, or passed over (then the first
    /// word of the run is zero).
    pub opened_to: u16,
    /// Lines that are not free, after the last collection.
    pub live_lines: u16,
    /// During a root scan: one more than the index of the block's scratch bitmaps.
    pub scratch: u32,
    /// The lines that are not opened are zero: known of a block that has not been swept.
    pub is_zero: bool,
    /// There are black lines.
    pub has_black: bool,
}

const _: () = assert!(LINE == 64 && size_of::<[u64; MARK_WORDS]>() == LINES);
const _: () = assert!(INFOS + REGION / BLOCK * size_of::<BlockInfo>() <= FIRST_BLOCK);

/// A block by its address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Block(usize);

impl Block {
    /// The block that an address of the space lies in.
    pub fn of(address: usize) -> Block {
        Block(address & !(BLOCK - 1))
    }

    pub fn start(self) -> usize {
        self.0
    }

    pub fn end(self) -> usize {
        self.0 + BLOCK
    }

    fn region(self) -> usize {
        self.0 & !(REGION - 1)
    }

    fn offset(self) -> usize {
        self.0 & (REGION - 1)
    }

    /// The block's mark bits.
    pub fn marks(self) -> *mut [u64; MARK_WORDS] {
        (self.region() + self.offset() / 64) as *mut _
    }

    /// The block's mark bits by line: a byte for the 8 bits of each.
    pub fn marks_by_line(self) -> *mut [u8; LINES] {
        self.marks().cast()
    }

    /// The block's line marks.
    pub fn lines(self) -> *mut [u8; LINES] {
        (self.region() + LINE_MARKS + self.offset() / LINE) as *mut _
    }

    pub fn info(self) -> *mut BlockInfo {
        (self.region() + INFOS + self.offset() / BLOCK * size_of::<BlockInfo>()) as *mut _
    }
}

/// The word and the bit in it that mark the object at `address`.
#[inline(always)]
pub fn mark_place(address: usize) -> (*mut u64, u64) {
    let (region, offset) = (address & !(REGION - 1), address & (REGION - 1));
    ((region + (offset >> 9) * 8) as *mut u64, 1 << (offset >> 3 & 63))
}

/// The line mark of the line at `address`.
#[inline(always)]
pub fn line_place(address: usize) -> *mut u8 {
    let (region, offset) = (address & !(REGION - 1), address & (REGION - 1));
    (region + LINE_MARKS + offset / LINE) as *mut u8
}

/// A free block as the pool gives it.
#[derive(Clone, Copy, Debug)]
pub struct FreeBlock {
    pub block: Block,
    /// All its bytes are zero.
    pub is_zero: bool,
}

/// See the module's head.
#[derive(Debug)]
pub struct Space {
    base: usize,
    size: usize,
    /// The committed bytes from `base` on. Grows under the pool's lock, after the commit (release), so that
    /// who reads it (acquire) may read the metadata below it.
    committed: AtomicUsize,
    pool: Mutex<Pool>,
}

#[derive(Debug, Default)]
struct Pool {
    /// Blocks with old contents, in memory.
    dirty: Vec<Block>,
    /// Blocks that read as zero.
    clean: Vec<Block>,
}

/// The addresses of the space, at hand where every pointer is compared with them.
#[derive(Clone, Copy, Debug)]
pub struct SpaceBounds {
    base: usize,
    size: usize,
}

impl SpaceBounds {
    /// Whether an address lies in the space.
    #[inline(always)]
    pub fn contain(self, address: usize) -> bool {
        address.wrapping_sub(self.base) < self.size
    }
}

/// Tried from the largest: how much the machine lets a process reserve is its affair.
const RESERVATIONS: [usize; 5] =
    if cfg!(miri) { [REGION; 5] } else { [1 << 42, 1 << 39, 1 << 36, 1 << 34, 1 << 32] };

impl Space {
    /// The process's space, reserved on first use. `None` if the kernel gives no addresses.
    pub fn get() -> Option<&'static Space> {
        static SPACE: OnceLock<Option<Space>> = OnceLock::new();
        SPACE.get_or_init(|| RESERVATIONS.into_iter().find_map(Space::reserve)).as_ref()
    }

    fn reserve(size: usize) -> Option<Space> {
        let base = memory::reserve(size + REGION)?.as_ptr() as usize;
        let aligned = (base + REGION - 1) & !(REGION - 1);
        Some(Space { base: aligned, size, committed: AtomicUsize::new(0), pool: Mutex::default() })
    }

    /// Whether an address lies in the space: in a block, or in metadata, which no reference names.
    #[inline(always)]
    pub fn contains(&self, address: usize) -> bool {
        address.wrapping_sub(self.base) < self.size
    }

    pub fn bounds(&self) -> SpaceBounds {
        SpaceBounds { base: self.base, size: self.size }
    }

    /// The block that an address lies in, if that heap owns it.
    pub fn owned_block(&self, address: usize, owner: u32) -> Option<Block> {
        let offset = address.wrapping_sub(self.base);
        let in_block = offset & (REGION - 1) >= FIRST_BLOCK;
        if !in_block || offset >= self.committed.load(Ordering::Acquire) {
            return None;
        }
        let block = Block::of(address);
        // SAFETY: the metadata of a committed block is readable.
        let owned = unsafe { (*block.info()).owner.load(Ordering::Relaxed) == owner };
        owned.then_some(block)
    }

    /// Takes a free block. `None` if the kernel gives no memory.
    pub fn take(&self, owner: u32) -> Option<FreeBlock> {
        let mut pool = self.lock();
        if pool.dirty.is_empty() && pool.clean.is_empty() {
            self.commit_region(&mut pool)?;
        }
        let dirty = pool.dirty.pop().map(|block| FreeBlock { block, is_zero: false });
        let free =
            dirty.or_else(|| pool.clean.pop().map(|block| FreeBlock { block, is_zero: true }))?;
        // SAFETY: the block is committed and, being free, touched by nobody else.
        unsafe {
            let info = free.block.info();
            (*info).opened_to = 0;
            (*info).live_lines = 0;
            (*info).scratch = 0;
            (*info).is_zero = free.is_zero;
            (*info).has_black = false;
            // Any thread may ask for the owner of a block at any time, since old references to it lie about.
            (*info).owner.store(owner, Ordering::Relaxed);
            free.block.marks().write([0; MARK_WORDS]);
            free.block.lines().write([0; LINES]);
        }
        Some(free)
    }

    fn commit_region(&self, pool: &mut Pool) -> Option<()> {
        let committed = self.committed.load(Ordering::Relaxed);
        let start = self.base + committed;
        if committed + REGION > self.size {
            return None;
        }
        let address = NonNull::new(start as *mut u8)?;
        // SAFETY: the range is the next, untouched part of our reservation.
        if !unsafe { memory::commit(address, REGION) } {
            return None;
        }
        if committed > 0 {
            // The first region stays in small pages: little programs live in it.
            memory::prefer_huge_pages(address, REGION);
        }
        self.committed.store(committed + REGION, Ordering::Release);
        // In reverse, so that blocks are handed out in ascending order.
        let blocks = (start + FIRST_BLOCK..start + REGION).step_by(BLOCK).rev();
        pool.clean.extend(blocks.map(Block));
        Some(())
    }

    /// Takes blocks back; at most `keep` bytes of free blocks stay in memory.
    ///
    /// # Safety
    /// Nobody uses the blocks any more.
    pub unsafe fn give_back(&self, blocks: impl IntoIterator<Item = Block>, keep: usize) {
        let mut pool = self.lock();
        for block in blocks {
            // SAFETY: the block is committed and unused.
            unsafe { (*block.info()).owner.store(0, Ordering::Relaxed) };
            pool.dirty.push(block);
        }
        let excess = pool.dirty.len().saturating_sub(keep / BLOCK);
        if excess == 0 {
            return;
        }
        // Neighbours go in one call; the highest addresses go, so that the heap stays dense.
        pool.dirty.sort_unstable();
        let kept = pool.dirty.len() - excess;
        let discarded = pool.dirty.split_off(kept);
        pool.dirty.reverse();
        for run in discarded.chunk_by(|a, b| a.end() == b.start()) {
            let Some(start) = NonNull::new(run[0].start() as *mut u8) else { continue };
            // SAFETY: free blocks of ours, committed.
            unsafe { memory::discard(start, run.len() * BLOCK) };
        }
        pool.clean.extend(discarded.into_iter().rev());
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Pool> {
        // The pool is valid between any two steps, so a panic elsewhere cannot spoil it.
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_places_agree_with_each_other() {
        let space = Space::get().expect("address space");
        let block = space.take(1).expect("a block").block;
        assert!(space.contains(block.start()) && space.contains(block.end() - 1));
        assert_eq!(space.owned_block(block.start() + 9, 1), Some(block));
        assert_eq!(space.owned_block(block.start() + 9, 2), None);
        for offset in [0, 8, 128, 4096, BLOCK - 8] {
            let (word, bit) = mark_place(block.start() + offset);
            assert_eq!(word as usize, block.marks() as usize + offset / 512 * 8);
            assert_eq!(bit, 1 << (offset / 8 % 64));
            let line = line_place(block.start() + offset);
            assert_eq!(line as usize, block.lines() as usize + offset / LINE);
        }
        // SAFETY: the test used only its metadata.
        unsafe { space.give_back([block], 0) };
    }

    #[test]
    fn blocks_do_not_overlap_and_come_back() {
        let space = Space::get().expect("address space");
        let mut blocks: Vec<Block> =
            (0..300).map(|_| space.take(2).expect("a block").block).collect();
        blocks.sort_unstable();
        blocks.dedup();
        assert_eq!(blocks.len(), 300);
        for &block in &blocks {
            assert_eq!(block.start() % BLOCK, 0);
            // SAFETY: the block was just taken.
            unsafe { (block.start() as *mut u64).write(1) };
        }
        // SAFETY: nothing uses them any more.
        unsafe { space.give_back(blocks, 10 * BLOCK) };
        let again = space.take(3).expect("a block");
        // SAFETY: the block is ours; if it says so, it is zero.
        let word = unsafe { (again.block.start() as *const u64).read() };
        assert!(!again.is_zero || word == 0);
        // SAFETY: nothing uses it any more.
        unsafe { space.give_back([again.block], 0) };
    }

    #[test]
    fn other_addresses_are_no_blocks() {
        let space = Space::get().expect("address space");
        let local = 0u64;
        assert!(!space.contains(&raw const local as usize));
        assert_eq!(space.owned_block(0, 1), None);
        assert_eq!(space.owned_block(space.base, 1), None, "metadata");
        assert_eq!(space.owned_block(space.base + space.size - 1, 1), None, "not committed");
    }
}
