//! How many hold something that threads share, and who lets go of it last.
//!
//! Who holds it may let another one hold it: relaxed, it is alive. Who lets go releases what it has done, and the last one acquires
//! what all have done: that comes before the end.
//!
//! Must never be asked by who holds nothing.

use crate::sync::{AtomicUsize, Ordering};

/// One more holds it.
#[inline]
pub(crate) fn hold(count: &AtomicUsize) {
    count.fetch_add(1, Ordering::Relaxed);
}

/// Lets go; whether the caller was the last one, and has to end it.
#[inline]
#[must_use]
pub(crate) fn let_go(count: &AtomicUsize) -> bool {
    count.fetch_sub(1, Ordering::AcqRel) == 1
}

/// Whether nobody else holds it; nobody can come to hold it then but through the caller.
#[inline]
#[must_use]
pub(crate) fn is_only(count: &AtomicUsize) -> bool {
    count.load(Ordering::Acquire) == 1
}
