//! Address space from the kernel: reservations, committed pages, stacks with guards.
//!
//! Must never hand out memory that is writable and executable.

use std::ptr::{NonNull, null_mut};

/// The kernel's page.
pub const PAGE: usize = 4096;

/// Rounds up to whole pages; `None` beyond the address space.
pub fn page_round(size: usize) -> Option<usize> {
    Some(size.checked_add(PAGE - 1)? & !(PAGE - 1))
}

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

/// A stack for an actor, from low to high addresses: an emergency stack, on which the panic of a stack
/// overflow is handled, a guard page, the stack itself.
#[derive(Debug)]
pub struct Stack {
    base: NonNull<u8>,
    size: usize,
}

impl Stack {
    /// The emergency stack's size: the panic report and pending defers run on it.
    pub const EMERGENCY: usize = 256 * 1024;

    /// Maps a stack of `size` usable bytes, whole pages. `None` if the kernel refuses.
    pub fn new(size: usize) -> Option<Stack> {
        let whole = page_round(size)?.checked_add(Self::EMERGENCY + PAGE)?;
        let base = map(whole)?;
        let stack = Stack { base, size: whole };
        // SAFETY: the guard page lies within the fresh mapping.
        let guarded = unsafe { libc::mprotect(stack.guard() as *mut _, PAGE, libc::PROT_NONE) };
        (guarded == 0).then_some(stack)
    }

    /// Where a faulting access means that the stack is used up.
    pub fn is_guard(&self, address: usize) -> bool {
        (self.guard()..self.low()).contains(&address)
    }

    fn guard(&self) -> usize {
        self.emergency_top()
    }

    /// The lowest usable address.
    pub fn low(&self) -> usize {
        self.guard() + PAGE
    }

    /// The end of the stack, where it begins to grow down.
    pub fn top(&self) -> *mut u8 {
        self.base.as_ptr().wrapping_add(self.size)
    }

    /// The lowest address of the emergency stack.
    pub fn emergency_low(&self) -> usize {
        self.base.as_ptr() as usize
    }

    /// The end of the emergency stack.
    pub fn emergency_top(&self) -> usize {
        self.emergency_low() + Self::EMERGENCY
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // SAFETY: the mapping is this stack's, and a stack is dropped only when nothing runs on it.
        unsafe { unmap(self.base, self.size) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn discarded_pages_read_as_zero() {
        let memory = map(2 * PAGE).expect("two pages");
        // SAFETY: the pages were just mapped.
        unsafe {
            memory.write(7);
            discard(memory, PAGE);
            assert_eq!(memory.read(), 0);
            unmap(memory, 2 * PAGE);
        }
    }

    #[test]
    fn stacks_are_usable_up_to_their_guard() {
        let stack = Stack::new(1 << 20).expect("a megabyte");
        assert_eq!(stack.top() as usize - stack.low(), 1 << 20);
        assert!(stack.is_guard(stack.low() - 1) && !stack.is_guard(stack.low()));
        assert!(
            stack.is_guard(stack.emergency_top()) && !stack.is_guard(stack.emergency_top() - 1)
        );
        for address in [stack.low(), stack.top() as usize - 8, stack.emergency_low()] {
            // SAFETY: the address lies in the stack, on which nothing runs.
            unsafe { (address as *mut u64).write(1) };
        }
    }

    #[test]
    fn impossible_sizes_are_refused() {
        assert!(map(usize::MAX & !(PAGE - 1)).is_none());
        assert_eq!(page_round(usize::MAX), None);
        assert!(Stack::new(usize::MAX - PAGE).is_none());
    }
}
