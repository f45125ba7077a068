//! What is known of actors from their birth: the declared name, and who spawned them. Anybody may ask.
//!
//! One record for each slot of the table, apart from it since records are rarely looked at. A record is written before
//! its actor's generation appears in the slot. All accesses are relaxed, behind and before fences: who reads a record
//! looks at the generation before and after, and so knows whose it is.
//!
//! Must never be unmapped while the program runs.

use super::slot::Pid;
use sepal_abi::Object;
use sepal_machine::{cpu, memory};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering, fence};

#[derive(Debug)]
struct Birth {
    /// A static string, or null.
    label: AtomicPtr<Object>,
    /// The number of the parent's pid, or 0.
    parent: AtomicU64,
}

/// See the module's head.
pub(crate) struct Births {
    base: NonNull<Birth>,
    reserved: usize,
}

// SAFETY: records are atomics, and the reservation belongs to the table alone.
unsafe impl Send for Births {}
// SAFETY: as above.
unsafe impl Sync for Births {}

impl Births {
    /// Addresses for so many records. `None` if the kernel gives none.
    pub(crate) fn reserve(count: usize) -> Option<Births> {
        let reserved = memory::page_round(count * size_of::<Birth>())?;
        Some(Births { base: memory::reserve(reserved)?.cast(), reserved })
    }

    /// Makes the records `from..to` usable, whole pages of them; false if there is no memory.
    pub(crate) fn commit(&self, from: usize, to: usize) -> bool {
        let size = size_of::<Birth>();
        debug_assert!(to * size <= self.reserved);
        // SAFETY: the range lies in the reservation.
        unsafe { memory::commit(self.base.add(from).cast(), (to - from) * size) }
    }

    fn of(&self, index: usize) -> &Birth {
        // SAFETY: callers name committed records; zero is a valid one.
        unsafe { self.base.add(index).as_ref() }
    }

    /// Says that a record will soon be written.
    pub(crate) fn prefetch(&self, index: usize) {
        cpu::prefetch_for_writing(self.base.as_ptr().wrapping_add(index).cast());
    }

    /// Notes the record of an actor that is being made in the slot of an index.
    pub(crate) fn set(&self, index: usize, label: *const Object, parent: Option<Pid>) {
        let birth = self.of(index);
        // Who reads any of this sees that the last actor has gone: with the fence in `get`.
        fence(Ordering::Release);
        birth.label.store(label.cast_mut(), Ordering::Relaxed);
        let number = parent.map_or(0, |pid| pid.number() as u64);
        birth.parent.store(number, Ordering::Relaxed);
    }

    /// The declared name, a static string, or null; and the parent.
    pub(crate) fn get(&self, index: usize) -> (*const Object, Option<Pid>) {
        let birth = self.of(index);
        let parent = birth.parent.load(Ordering::Relaxed) as i64;
        let label = birth.label.load(Ordering::Relaxed);
        // What is read of the generation from now on is no older than this.
        fence(Ordering::Acquire);
        (label, Pid::from_number(parent))
    }
}

impl Drop for Births {
    fn drop(&mut self) {
        // SAFETY: the reservation is ours, and dropped with the table.
        unsafe { memory::unmap(self.base.cast(), self.reserved) };
    }
}
