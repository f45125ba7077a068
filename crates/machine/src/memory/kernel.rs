//! What the kernel does for `memory`.

use std::ptr::{NonNull, null_mut};

/// Maps zeroed memory that costs nothing until it is touched. `None` if the kernel refuses.
pub fn map(size: usize) -> Option<NonNull<u8>> {
    map_with(size, libc::PROT_READ | libc::PROT_WRITE)
}

/// The same for memory of which a little at one end will be used: it shall not be given huge pages.
pub(super) fn map_stack(size: usize) -> Option<NonNull<u8>> {
    let stack = map(size)?;
    // SAFETY: the mapping is fresh; advice changes no contents.
    unsafe { libc::madvise(stack.as_ptr().cast(), size, libc::MADV_NOHUGEPAGE) };
    Some(stack)
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

/// From Linux 6.13 on; not in the C library's headers yet.
const MADV_GUARD_INSTALL: i32 = 102;

/// Makes pages untouchable; false if the kernel refuses. Newer kernels note that at the pages, so that one mapping holds
/// any number of guards. Older ones make three mappings of one, of which a process may have 65,530 by default.
///
/// # Safety
/// The range must be whole pages of a mapping of the caller's that nobody uses.
pub(super) unsafe fn guard(start: NonNull<u8>, size: usize) -> bool {
    let start = start.as_ptr().cast();
    // SAFETY: the caller owns the range.
    unsafe {
        libc::madvise(start, size, MADV_GUARD_INSTALL) == 0
            || libc::mprotect(start, size, libc::PROT_NONE) == 0
    }
}

/// Whether the kernel notes guards at pages.
#[cfg(test)]
pub(super) fn guards_pages() -> bool {
    map(super::PAGE).is_some_and(|page| {
        // SAFETY: the page was just mapped.
        unsafe {
            let guards = libc::madvise(page.as_ptr().cast(), super::PAGE, MADV_GUARD_INSTALL) == 0;
            unmap(page, super::PAGE);
            guards
        }
    })
}
