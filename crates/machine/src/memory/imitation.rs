//! What the kernel does for `memory`, for Miri, which has no address space to reserve: every mapping is an allocation.
//!
//! Must never be asked for much: what is reserved is there at once, and what is unmapped stays.

use super::PAGE;
use std::alloc::{Layout, alloc_zeroed};
use std::ptr::NonNull;

/// Larger mappings are refused.
const MOST: usize = 8 * 1024 * 1024;

/// As the kernel's.
pub fn map(size: usize) -> Option<NonNull<u8>> {
    let layout = Layout::from_size_align(size, PAGE).ok()?;
    if size == 0 || size > MOST {
        return None;
    }
    // SAFETY: the layout is not empty.
    NonNull::new(unsafe { alloc_zeroed(layout) })
}

/// As the kernel's.
pub fn reserve(size: usize) -> Option<NonNull<u8>> {
    map(size)
}

/// As the kernel's.
pub(super) fn map_stack(size: usize) -> Option<NonNull<u8>> {
    map(size)
}

/// As the kernel's.
///
/// # Safety
/// As the kernel's.
pub unsafe fn commit(_start: NonNull<u8>, _size: usize) -> bool {
    true
}

/// As the kernel's.
///
/// # Safety
/// As the kernel's.
pub unsafe fn discard(start: NonNull<u8>, size: usize) {
    // SAFETY: the caller owns the range.
    unsafe { start.write_bytes(0, size) };
}

/// As the kernel's.
pub fn prefer_huge_pages(_start: NonNull<u8>, _size: usize) {}

/// As the kernel's, but that parts of an allocation cannot be given back.
///
/// # Safety
/// As the kernel's.
pub unsafe fn unmap(_start: NonNull<u8>, _size: usize) {}

/// As the kernel's, but that an access is not found.
///
/// # Safety
/// As the kernel's.
pub(super) unsafe fn guard(_start: NonNull<u8>, _size: usize) -> bool {
    true
}
