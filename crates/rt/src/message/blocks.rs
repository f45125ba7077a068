//! Memory for messages, and for what is made and given up with actors: blocks of a few sizes in magazines, larger
//! pieces from the C allocator.
//!
//! A message is often made on one thread and given up on another, and most live for a moment. So each thread keeps
//! two magazines of free blocks for each size and takes and gives in turn; full ones it does not need go to a depot that all
//! share, from which threads that only make messages are fed: the mutex there is taken once for a magazine
//! (Bonwick and Adams, "Magazines and Vmem", 2001).
//!
//! Must never hold more than a megabyte or two of free blocks, and never give a block out twice.

use std::alloc::{Layout, alloc, dealloc};
use std::cell::Cell;
use std::ptr::null_mut;
use std::sync::{Mutex, PoisonError};

/// Blocks are aligned to this, and so is all memory from here.
pub(crate) const ALIGN: usize = 16;
/// The sizes of blocks, in bytes: of messages of words and the first chunks of heaps, at first by steps of what the C
/// allocator deals in (its own head is 8 bytes); of second chunks; of messages that refer to a little more; of
/// `sched::cold`.
const SIZES: [usize; CLASSES] = [72, 88, 104, 120, 152, 184, 216, 264, 392, LARGEST];
const CLASSES: usize = 10;
/// The largest size of a block.
pub(crate) const LARGEST: usize = 488;
/// Blocks of a magazine.
const ROUNDS: u32 = 64;
/// Bytes of each size in the depot.
const KEPT: usize = 256 * 1024;

/// Memory of `size` bytes, not initialised; null if there is none. A constant size costs no decision.
#[inline(always)]
pub(crate) fn take(size: usize) -> *mut u8 {
    match class(size) {
        Some(class) => OWN.with(|own| own[class].take(class)),
        None => from_system(size),
    }
}

/// Gives up memory of `size` bytes.
///
/// # Safety
/// It must come from [`take`] with a size of the same class, and nothing may use it any more.
#[inline(always)]
pub(crate) unsafe fn give(memory: *mut u8, size: usize) {
    match class(size) {
        // SAFETY: the caller vouches for it.
        Some(class) => OWN.with(|own| unsafe { own[class].give(memory.cast(), class) }),
        // SAFETY: as above.
        None => unsafe { to_system(memory, size) },
    }
}

/// This thread ends, or will not use messages for long: gives back its free blocks, and those of large objects.
pub(crate) fn give_back_all() {
    OWN.with(|own| {
        for (class, own) in own.iter().enumerate() {
            own.loaded.take().empty(class);
            own.spare.take().empty(class);
        }
    });
    crate::heap::pieces::give_back_all();
}

#[inline(always)]
const fn class(size: usize) -> Option<usize> {
    const _: () = assert!(SIZES[3] == SIZES[0] + 3 * 16 && SIZES[6] == SIZES[3] + 3 * 32);
    if size <= SIZES[3] {
        Some(size.saturating_sub(SIZES[0] - 15) / 16)
    } else if size <= SIZES[6] {
        Some(3 + (size - SIZES[3]).div_ceil(32))
    } else if size <= SIZES[7] {
        Some(7)
    } else if size <= SIZES[8] {
        Some(8)
    } else if size <= SIZES[9] {
        Some(9)
    } else {
        None
    }
}

/// How much memory [`take`] gives for `size` bytes.
#[inline(always)]
pub(crate) const fn capacity(size: usize) -> usize {
    match class(size) {
        Some(class) => SIZES[class],
        None => size,
    }
}

fn layout(size: usize) -> Layout {
    // Sizes are those of existing objects.
    Layout::from_size_align(size, ALIGN).expect("a size of existing objects")
}

#[cold]
#[inline(never)]
fn from_system(size: usize) -> *mut u8 {
    // SAFETY: messages are not empty.
    unsafe { alloc(layout(size)) }
}

/// # Safety
/// As [`give`].
#[cold]
#[inline(never)]
unsafe fn to_system(memory: *mut u8, size: usize) {
    // SAFETY: the caller vouches for it.
    unsafe { dealloc(memory, layout(size)) }
}

/// A free block.
struct Block {
    next: *mut Block,
}

/// A list of free blocks of one size.
#[derive(Clone, Copy)]
struct Magazine {
    first: *mut Block,
    rounds: u32,
}

// SAFETY: the blocks belong to the magazine, whoever has it.
unsafe impl Send for Magazine {}

impl Default for Magazine {
    fn default() -> Magazine {
        Magazine::EMPTY
    }
}

impl Magazine {
    const EMPTY: Magazine = Magazine { first: null_mut(), rounds: 0 };

    /// Gives all blocks back to the system.
    fn empty(mut self, class: usize) {
        while !self.first.is_null() {
            // SAFETY: the block is the magazine's.
            unsafe {
                let block = self.first;
                self.first = (*block).next;
                to_system(block.cast(), SIZES[class]);
            }
        }
    }
}

/// A thread's free blocks of one size: the magazine that blocks go to and come from, and a full or empty one.
struct Own {
    loaded: Cell<Magazine>,
    spare: Cell<Magazine>,
}

static DEPOT: [Mutex<Vec<Magazine>>; CLASSES] = [const { Mutex::new(Vec::new()) }; CLASSES];

thread_local! {
    /// Without a destructor, which would cost a question at each use: see [`give_back_all`].
    static OWN: [Own; CLASSES] = const { [const { Own::EMPTY }; CLASSES] };
}

impl Own {
    const EMPTY: Own =
        Own { loaded: Cell::new(Magazine::EMPTY), spare: Cell::new(Magazine::EMPTY) };

    #[inline(always)]
    fn take(&self, class: usize) -> *mut u8 {
        let Magazine { first, rounds } = self.loaded.get();
        if first.is_null() {
            return self.reload_and_take(class);
        }
        // SAFETY: the block is the magazine's.
        let next = unsafe { (*first).next };
        self.loaded.set(Magazine { first: next, rounds: rounds - 1 });
        first.cast()
    }

    #[cold]
    #[inline(never)]
    fn reload_and_take(&self, class: usize) -> *mut u8 {
        self.loaded.swap(&self.spare);
        if self.loaded.get().first.is_null() {
            match depot(class).pop() {
                Some(full) => self.loaded.set(full),
                None => return from_system(SIZES[class]),
            }
        }
        self.take(class)
    }

    /// # Safety
    /// The block must be of this size and the caller's to give.
    #[inline(always)]
    unsafe fn give(&self, block: *mut Block, class: usize) {
        if self.loaded.get().rounds == ROUNDS {
            self.unload(class);
        }
        let Magazine { first, rounds } = self.loaded.get();
        // SAFETY: the caller vouches for the block.
        unsafe { (*block).next = first };
        self.loaded.set(Magazine { first: block, rounds: rounds + 1 });
    }

    #[cold]
    #[inline(never)]
    fn unload(&self, class: usize) {
        self.loaded.swap(&self.spare);
        if self.loaded.get().rounds == ROUNDS {
            return_full(self.loaded.take(), class);
        }
    }
}

fn depot(class: usize) -> std::sync::MutexGuard<'static, Vec<Magazine>> {
    // The list is valid between any two steps.
    DEPOT[class].lock().unwrap_or_else(PoisonError::into_inner)
}

/// How many full magazines the depot keeps.
const fn kept(class: usize) -> usize {
    KEPT / (SIZES[class] * ROUNDS as usize)
}

fn return_full(full: Magazine, class: usize) {
    let mut depot = depot(class);
    if depot.len() < kept(class) {
        depot.push(full);
    } else {
        drop(depot);
        full.empty(class);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_smallest_block_that_fits_is_given() {
        for size in 1..=LARGEST + 1 {
            assert_eq!(class(size), SIZES.iter().position(|&block| size <= block), "{size}");
        }
    }

    #[test]
    fn blocks_are_given_out_once_also_across_threads() {
        let taken: Vec<usize> = (0..1_000).map(|_| take(60) as usize).collect();
        assert_eq!(taken.iter().collect::<HashSet<_>>().len(), taken.len());
        let given = taken.clone();
        std::thread::spawn(move || {
            for block in given {
                // SAFETY: taken with this size by a thread that forgets them.
                unsafe { give(block as *mut u8, 60) };
            }
            give_back_all();
        })
        .join()
        .expect("no panic");
        let again: Vec<usize> = (0..2_000).map(|_| take(64) as usize).collect();
        assert_eq!(again.iter().collect::<HashSet<_>>().len(), again.len());
        // SAFETY: as above.
        again.iter().for_each(|&block| unsafe { give(block as *mut u8, 64) });
    }

    #[test]
    fn a_thread_keeps_two_magazines_and_the_depot_a_few() {
        let (class, size) = (8, SIZES[8]);
        let count = (kept(class) + 8) * ROUNDS as usize;
        let taken: Vec<*mut u8> = (0..count).map(|_| take(size)).collect();
        // SAFETY: as above.
        taken.into_iter().for_each(|block| unsafe { give(block, size) });
        assert!(depot(class).len() <= kept(class));
        let rounds = OWN.with(|own| own[class].loaded.get().rounds + own[class].spare.get().rounds);
        assert!(rounds <= 2 * ROUNDS);
    }
}
