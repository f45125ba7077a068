//! What the kernel does for `memory`.

use std::ptr::{NonNull, null_mut};

/// Maps zeroed memory that costs nothing until it is touched. `None` if the kernel refuses.
pub fn map(size: usize) -> Option<NonNull<u8>> {
    map_with(size, libc::PROT_READ | libc::PROT_WRITE)
}

/// Reserves addresses that may not be touched before [`commit`].
pub fn reserve(size: usize) -> Option<NonNull<u8>> {
    map_with(size, libc::PROT_NONE)
}

fn map_with(size: usize, protection: i32) -> Option<NonNull<u8>> {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    // SAFETY: a fresh anonymous mapping touches nothing that exists.
    let address = unsafe { libc::mmap(null_mut(), size, protection, flags, -1, 0) };
    if address == libc::MAP_FAILED { None } else { NonNull::new(address.cast()) }
}

/// Makes reserved pages readable and writable; false if the kernel refuses.
///
/// # Safety
/// The range must be whole pages of a mapping of the caller's.
pub unsafe fn commit(start: NonNull<u8>, size: usize) -> bool {
    // SAFETY: the caller owns the range.
    unsafe { libc::mprotect(start.as_ptr().cast(), size, libc::PROT_READ | libc::PROT_WRITE) == 0 }
}

/// Gives the memory of the pages back; they read as zero afterwards.
///
/// # Safety
/// The range must be whole pages of a private anonymous mapping of the caller's whose contents
/// nobody needs.
pub unsafe fn discard(start: NonNull<u8>, size: usize) {
    // SAFETY: the caller owns the range. A failure would only keep memory, and cannot happen for
    // such a range; but then the contents would not be zero.
    let result = unsafe { libc::madvise(start.as_ptr().cast(), size, libc::MADV_DONTNEED) };
    assert_eq!(result, 0, "madvise refuses no private anonymous range");
}

/// Asks for huge pages in a range that will be used densely; the kernel may decline.
pub fn prefer_huge_pages(start: NonNull<u8>, size: usize) {
    // SAFETY: advice changes no contents; a range that is not ours would only be advised wrongly.
    unsafe { libc::madvise(start.as_ptr().cast(), size, libc::MADV_HUGEPAGE) };
}

/// Removes a mapping.
///
/// # Safety
/// The range must be whole pages of a mapping of the caller's that nobody uses any more.
pub unsafe fn unmap(start: NonNull<u8>, size: usize) {
    // SAFETY: the caller owns the range and gives it up. A failure leaks it, no more.
    unsafe { libc::munmap(start.as_ptr().cast(), size) };
}

/// Makes pages untouchable; false if the kernel refuses.
///
/// # Safety
/// The range must be whole pages of a mapping of the caller's that nobody uses.
pub(super) unsafe fn guard(start: NonNull<u8>, size: usize) -> bool {
    // SAFETY: the caller owns the range.
    unsafe { libc::mprotect(start.as_ptr().cast(), size, libc::PROT_NONE) == 0 }
}
