//! The processor's own instructions: those that programs may ask for, for engines that call them as functions (native
//! code has the same bytes inline), and a hint of the runtime's.

use std::arch::x86_64::{__cpuid_count, _mm_mfence, _mm_pause, _rdtsc};

/// The time stamp counter.
pub fn rdtsc() -> u64 {
    // SAFETY: every x86-64 processor has the instruction; it only reads.
    unsafe { _rdtsc() }
}

/// `eax ebx ecx edx` of a leaf.
pub fn cpuid(leaf: u32, sub: u32) -> [u32; 4] {
    let r = __cpuid_count(leaf, sub);
    [r.eax, r.ebx, r.ecx, r.edx]
}

/// A hint that this is a waiting loop.
pub fn pause() {
    _mm_pause();
}

/// Orders all memory accesses.
pub fn fence() {
    // SAFETY: SSE2 is part of x86-64.
    unsafe { _mm_mfence() }
}

/// Asks for the line at an address, which need not be one: nothing changes but caches. Miri has none.
#[inline(always)]
pub fn prefetch(address: *const u8) {
    #[cfg(not(miri))]
    // SAFETY: a prefetch has no effect but on caches.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(address.cast())
    };
    #[cfg(miri)]
    let _ = address;
}

/// The same for a line that will soon be written.
#[inline(always)]
pub fn prefetch_for_writing(address: *const u8) {
    #[cfg(not(miri))]
    // SAFETY: the instruction changes nothing, never faults, and does nothing where a processor does not know it.
    unsafe {
        std::arch::asm!("prefetchw [{}]", in(reg) address, options(readonly, nostack, preserves_flags));
    }
    #[cfg(miri)]
    let _ = address;
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_hint_is_not_an_access() {
        super::prefetch_for_writing(std::ptr::null());
        super::prefetch_for_writing(usize::MAX as *const u8);
        let mut word = 7u64;
        super::prefetch_for_writing((&raw mut word).cast());
        assert_eq!(word, 7);
    }

    #[test]
    fn the_processor_answers() {
        assert!(super::cpuid(0, 0)[0] > 0, "there is a leaf 1");
        let before = super::rdtsc();
        super::pause();
        super::fence();
        assert!(super::rdtsc() > before);
    }
}
