//! A box whose memory comes from the magazines that messages use: for what is made and dropped with actors, often on
//! another thread.
//!
//! Must never be used for more than the largest block, which would go to the C allocator each time.

use crate::message::blocks;
use std::alloc::{Layout, handle_alloc_error};
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

/// See the module's head.
#[derive(Debug)]
pub(crate) struct Pooled<T>(NonNull<T>);

// SAFETY: it owns its value, as a `Box` does; memory may be given up on any thread.
unsafe impl<T: Send> Send for Pooled<T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for Pooled<T> {}

impl<T> Pooled<T> {
    const FITS: () = assert!(
        size_of::<T>() <= blocks::LARGEST && align_of::<T>() <= blocks::ALIGN && size_of::<T>() > 0
    );

    pub(crate) fn new(value: T) -> Pooled<T> {
        let () = Pooled::<T>::FITS;
        let memory = NonNull::new(blocks::take(size_of::<T>()).cast::<T>());
        let memory = memory.unwrap_or_else(|| handle_alloc_error(Layout::new::<T>()));
        // SAFETY: the memory is ours, large enough and aligned.
        unsafe { memory.write(value) };
        Pooled(memory)
    }
}

impl<T> Deref for Pooled<T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: the value lives as long as this.
        unsafe { self.0.as_ref() }
    }
}

impl<T> DerefMut for Pooled<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above.
        unsafe { self.0.as_mut() }
    }
}

impl<T> Drop for Pooled<T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the value is ours, and the memory comes from `take` with this size.
        unsafe {
            self.0.drop_in_place();
            blocks::give(self.0.as_ptr().cast(), size_of::<T>());
        }
    }
}
