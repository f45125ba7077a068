//! Memory for large objects that are not very large: what was freed on a thread is given out there again, while it is
//! in the cache. The C allocator would give it back to the kernel, and ask for it again.
//!
//! Pieces come in sizes of a kilobyte each. Must never keep more than [`KEPT`] bytes for a thread.

use std::alloc::{Layout, alloc, dealloc};
use std::cell::Cell;
use std::ptr::{NonNull, null_mut};

/// Pieces are aligned to this.
const ALIGN: usize = 16;
/// Sizes are multiples of this.
const UNIT: usize = 1024;
/// Larger pieces are not kept.
const MAX: usize = 32 * UNIT;
/// The bytes of free pieces that a thread keeps.
const KEPT: usize = 1024 * 1024;

/// A free piece.
struct Free {
    next: *mut Free,
}

/// A thread's free pieces, by size.
struct Own {
    lists: [Cell<*mut Free>; MAX / UNIT],
    bytes: Cell<usize>,
}

thread_local! {
    /// Without a destructor, which would cost a question at each use: see [`give_back_all`].
    static OWN: Own = const { Own { lists: [const { Cell::new(null_mut()) }; MAX / UNIT], bytes: Cell::new(0) } };
}

fn layout(size: usize) -> Option<Layout> {
    let size = if size <= MAX { size.next_multiple_of(UNIT) } else { size };
    Layout::from_size_align(size, ALIGN).ok()
}

/// The list of pieces with room for `size` bytes, if such are kept.
fn index(size: usize) -> Option<usize> {
    (1..=MAX).contains(&size).then(|| (size - 1) / UNIT)
}

/// Memory of `size` bytes, zeroed or not initialised. `None` if there is none.
pub(super) fn take(size: usize, zeroed: bool) -> Option<NonNull<u8>> {
    let kept = OWN.with(|own| {
        let first = NonNull::new(own.lists[index(size)?].get())?;
        // SAFETY: listed pieces are the thread's.
        own.lists[index(size)?].set(unsafe { (*first.as_ptr()).next });
        own.bytes.set(own.bytes.get() - size.next_multiple_of(UNIT));
        Some(first.cast::<u8>())
    });
    if let Some(kept) = kept {
        if zeroed {
            // SAFETY: the piece has at least so many bytes.
            unsafe { kept.as_ptr().write_bytes(0, size) };
        }
        return Some(kept);
    }
    let layout = layout(size).filter(|layout| layout.size() > 0)?;
    // SAFETY: the layout is not empty.
    NonNull::new(unsafe { if zeroed { std::alloc::alloc_zeroed(layout) } else { alloc(layout) } })
}

/// Gives up memory of `size` bytes.
///
/// # Safety
/// It must come from [`take`] with this size, and nothing may use it any more.
pub(super) unsafe fn give(memory: NonNull<u8>, size: usize) {
    let is_kept = OWN.with(|own| {
        let Some(index) = index(size) else { return false };
        let bytes = own.bytes.get() + size.next_multiple_of(UNIT);
        if bytes <= KEPT {
            own.bytes.set(bytes);
            let piece = memory.cast::<Free>().as_ptr();
            // SAFETY: the piece is the caller's, and large enough.
            unsafe { piece.write(Free { next: own.lists[index].replace(piece) }) };
        }
        bytes <= KEPT
    });
    if !is_kept {
        // SAFETY: the caller vouches for it.
        unsafe { free(memory, size) };
    }
}

/// # Safety
/// As [`give`].
unsafe fn free(memory: NonNull<u8>, size: usize) {
    if let Some(layout) = layout(size) {
        // SAFETY: the caller vouches for it; the layout is that of `take`.
        unsafe { dealloc(memory.as_ptr(), layout) };
    }
}

/// This thread ends, or will not use large objects for long: gives its free pieces back.
pub(crate) fn give_back_all() {
    OWN.with(|own| {
        for (index, list) in own.lists.iter().enumerate() {
            while let Some(first) = NonNull::new(list.get()) {
                // SAFETY: listed pieces are the thread's, of the size of their list.
                unsafe {
                    list.set((*first.as_ptr()).next);
                    free(first.cast(), (index + 1) * UNIT);
                }
            }
        }
        own.bytes.set(0);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_keeps_what_was_freed_but_not_too_much() {
        give_back_all();
        let first = take(5_000, false).expect("memory");
        // SAFETY: the piece has so many bytes, and is given up once.
        unsafe {
            first.as_ptr().write_bytes(7, 5_000);
            give(first, 5_000);
        }
        let again = take(4_900, true).expect("memory");
        assert_eq!(again, first);
        // SAFETY: as above.
        unsafe {
            assert!((0..4_900).all(|index| again.add(index).read() == 0));
            give(again, 4_900);
        }
        let many: Vec<_> = (0..2 * KEPT / MAX).map(|_| take(MAX, false).expect("memory")).collect();
        for piece in many {
            // SAFETY: as above.
            unsafe { give(piece, MAX) };
        }
        assert!(OWN.with(|own| own.bytes.get()) <= KEPT);
        give_back_all();
        assert_eq!(OWN.with(|own| own.bytes.get()), 0);
    }
}
