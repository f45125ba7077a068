//! Boxes whose memory comes from the magazines that messages use: for what is made and dropped with actors, often on
//! another thread.
//!
//! Must never be used for more than the largest block, which would go to the C allocator each time.

use crate::count;
use crate::message::blocks;
use crate::sync::AtomicUsize;
use std::alloc::{Layout, handle_alloc_error};
use std::mem::ManuallyDrop;
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

    /// An address that owns the value.
    pub(crate) fn into_address(self) -> usize {
        ManuallyDrop::new(self).0.as_ptr() as usize
    }

    /// Takes back the value that an address owns.
    ///
    /// # Safety
    /// The address must come from [`Pooled::into_address`], once.
    pub(crate) unsafe fn from_address(address: usize) -> Pooled<T> {
        // SAFETY: the caller vouches for the address.
        Pooled(unsafe { NonNull::new_unchecked(address as *mut T) })
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

/// The same for a value that is counted, as in an `Arc`.
#[derive(Debug)]
pub(crate) struct Counted<T>(NonNull<Inner<T>>);

#[derive(Debug)]
struct Inner<T> {
    count: AtomicUsize,
    value: T,
}

// SAFETY: as of `Arc`: the value is shared, and dropped by whoever counts to zero.
unsafe impl<T: Send + Sync> Send for Counted<T> {}
// SAFETY: as above.
unsafe impl<T: Send + Sync> Sync for Counted<T> {}

impl<T> Counted<T> {
    pub(crate) fn new(value: T) -> Counted<T> {
        Counted::with_count(1, value)
    }

    /// A new value with two counts.
    pub(crate) fn pair(value: T) -> (Counted<T>, Counted<T>) {
        let first = Counted::with_count(2, value);
        let second = Counted(first.0);
        (first, second)
    }

    fn with_count(count: usize, value: T) -> Counted<T> {
        let inner = Pooled::new(Inner { count: AtomicUsize::new(count), value });
        Counted(ManuallyDrop::new(inner).0)
    }

    /// The value, if this is the only count.
    pub(crate) fn into_value(self) -> Result<T, Counted<T>> {
        // SAFETY: this is a count.
        if !count::is_only(unsafe { &self.0.as_ref().count }) {
            return Err(self);
        }
        let only = ManuallyDrop::new(self).0;
        // SAFETY: nobody else has a count, so the value may be moved out, and the memory given up behind it.
        unsafe {
            let Inner { value, .. } = only.read();
            blocks::give(only.as_ptr().cast(), size_of::<Inner<T>>());
            Ok(value)
        }
    }

    /// An address that owns this count.
    pub(crate) fn into_address(self) -> usize {
        ManuallyDrop::new(self).0.as_ptr() as usize
    }

    /// Takes back the count that an address owns.
    ///
    /// # Safety
    /// The address must come from [`Counted::into_address`], once for each count.
    pub(crate) unsafe fn from_address(address: usize) -> Counted<T> {
        // SAFETY: the caller vouches for the address.
        Counted(unsafe { NonNull::new_unchecked(address as *mut Inner<T>) })
    }

    /// The value at an address that owns a count.
    ///
    /// # Safety
    /// As [`Counted::from_address`]; and the count must not be given up while the result is used.
    pub(crate) unsafe fn at<'a>(address: usize) -> &'a T {
        // SAFETY: the caller vouches for the address.
        unsafe { &(*(address as *const Inner<T>)).value }
    }
}

impl<T> Clone for Counted<T> {
    fn clone(&self) -> Counted<T> {
        // SAFETY: this is a count.
        count::hold(unsafe { &self.0.as_ref().count });
        Counted(self.0)
    }
}

impl<T> Deref for Counted<T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: this is a count.
        unsafe { &(*self.0.as_ptr()).value }
    }
}

impl<T> Drop for Counted<T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: this is a count.
        let count = unsafe { &self.0.as_ref().count };
        // The only one needs not say that it goes.
        if count::is_only(count) || count::let_go(count) {
            // SAFETY: nobody else has a count.
            drop(Pooled(self.0));
        }
    }
}
