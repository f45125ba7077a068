//! Address space from the kernel: reservations, committed pages, stacks with guards.
//!
//! Must never hand out memory that is writable and executable.

#[cfg(miri)]
#[path = "memory/imitation.rs"]
mod kernel;
#[cfg(not(miri))]
mod kernel;

pub use kernel::{commit, discard, map, prefer_huge_pages, reserve, unmap};

use std::ptr::NonNull;

/// The kernel's page.
pub const PAGE: usize = 4096;

/// Rounds up to whole pages; `None` beyond the address space.
pub fn page_round(size: usize) -> Option<usize> {
    Some(size.checked_add(PAGE - 1)? & !(PAGE - 1))
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
        let base = kernel::map_stack(whole)?;
        let stack = Stack { base, size: whole };
        let guard = NonNull::new(stack.guard() as *mut u8)?;
        // SAFETY: the guard page lies within the fresh mapping.
        unsafe { kernel::guard(guard, PAGE) }.then_some(stack)
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
    fn there_may_be_more_stacks_than_mappings() {
        let stacks = (0..40_000).map_while(|_| Stack::new(1 << 20)).collect::<Vec<_>>().len();
        let allowed = if kernel::guards_pages() { 40_000 } else { 20_000 };
        assert!(stacks >= allowed, "{stacks}");
    }

    #[test]
    fn impossible_sizes_are_refused() {
        assert!(map(usize::MAX & !(PAGE - 1)).is_none());
        assert_eq!(page_round(usize::MAX), None);
        assert!(Stack::new(usize::MAX - PAGE).is_none());
    }
}
