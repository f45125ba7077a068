//! A collection from its beginning to its end, and when it does a piece of its work.
//!
//! What was reachable when it began is found, whatever the actor does meanwhile (a snapshot at the beginning, in
//! the manner of Yuasa): until all is marked, who overwrites a reference in an object tells of it
//! ([`Heap::log`]). What is allocated meanwhile is not looked at. The argument is in `docs/gc.md`.
//!
//! Work is counted, not timed, so that a simulated run repeats itself.
//!
//! Must never look for roots but at the beginning, nor move anything.

use super::Heap;
use super::bulk::{Bulk, Phase};
use super::chunk::{Chunk, ChunkBounds};
use super::large::LARGE;
use super::mark::Marker;
use super::roots::{self, Roots};
use sepal_abi::{Ctx, ObjPtr, is_traced_pointer};
use std::time::Instant;

/// In one pause a collection marks so many bytes; about as many nanoseconds if the objects are small. A heap
/// that has no more is collected in one pause.
const FIRST_SLICE: usize = 1024 * 1024;
/// The same for the later pauses.
const SLICE: usize = 512 * 1024;
/// For each byte allocated so many are marked: all is before the heap has grown by an eighth.
const MARKED_PER_BYTE: usize = 12;
/// So much is allocated between two slices.
const SLICE_FOR: usize = SLICE / MARKED_PER_BYTE;
/// A slice is never larger than this or, where a very large object is allocated, than that.
const MAX_SLICE: usize = 4 * SLICE;
/// What a word told of counts as, in allocated bytes: code that stores and never allocates shall come to the end of
/// the marking, too.
const LOGGED: usize = 64;

/// How collections are spread over time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Pace {
    /// In slices.
    #[default]
    Sliced,
    /// Each in one pause: for code that does not tell of what it overwrites.
    AtOnce,
    /// One at every allocation.
    Stress,
    /// The smallest slice at every allocation, and always a collection under way.
    SlicedStress,
}

impl Pace {
    /// Every allocation takes the slow path, and what is freed is overwritten.
    pub(super) fn is_stress(self) -> bool {
        match self {
            Pace::Sliced | Pace::AtOnce => false,
            Pace::Stress | Pace::SlicedStress => true,
        }
    }

    fn first_slice(self) -> usize {
        match self {
            Pace::Sliced => FIRST_SLICE,
            Pace::AtOnce | Pace::Stress => usize::MAX,
            Pace::SlicedStress => 1,
        }
    }

    /// A slice after so many bytes, before an allocation of `size` bytes.
    fn slice(self, debt: usize, size: usize) -> usize {
        match self {
            Pace::Sliced => debt.saturating_mul(MARKED_PER_BYTE).clamp(SLICE, size.max(MAX_SLICE)),
            Pace::AtOnce | Pace::Stress => usize::MAX,
            Pace::SlicedStress => 256,
        }
    }
}

/// What the collector wants before an allocation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Due {
    Nothing,
    /// A collection begins: [`Heap::begin`].
    Beginning,
    /// One goes on: [`Heap::go_on`].
    Slice,
}

impl Heap {
    /// Whether a collection is under way.
    pub fn is_collecting(&self) -> bool {
        self.bulk.as_deref().is_some_and(Bulk::is_collecting)
    }

    /// What is due before an allocation of `size` bytes.
    pub fn due(&self, ctx: &Ctx, size: usize) -> Due {
        let Some(bulk) = &self.bulk else {
            return if self.pace.is_stress() { Due::Beginning } else { Due::Nothing };
        };
        let (is_stress, is_collecting) = (self.pace.is_stress(), bulk.is_collecting());
        let fits = size <= LARGE && size <= ctx.alloc_end - ctx.alloc_ptr;
        let is_worth = if is_collecting {
            bulk.debt >= SLICE_FOR || size >= SLICE_FOR
        } else {
            bulk.budget <= 0 || size > LARGE && bulk.budget < size as isize
        };
        match is_collecting {
            _ if !is_stress && (fits || !is_worth) => Due::Nothing,
            true => Due::Slice,
            false => Due::Beginning,
        }
    }

    /// Begins a collection, and ends it too if that is little work.
    ///
    /// # Safety
    /// The roots must name everything that is still needed; no allocation may be half done.
    pub unsafe fn begin(&mut self, ctx: &mut Ctx, roots: &Roots<'_>) {
        let since = Instant::now();
        // SAFETY: the caller vouches for the roots.
        unsafe { self.find_and_mark_roots(ctx, roots) };
        self.work(ctx, self.pace.first_slice());
        if self.is_collecting() && !self.in_blocks {
            // What is allocated from now on must be told from what was there.
            let is_shown = self.show_end(ctx);
            debug_assert!(is_shown.is_some(), "a heap that collects has what stress needs");
            self.close_chunk(ctx);
            self.in_blocks = true;
            self.hide_end(ctx);
        }
        self.note_pause(since);
    }

    /// Does the next slice of the collection that is under way, before an allocation of `size` bytes.
    pub fn go_on(&mut self, ctx: &mut Ctx, size: usize) {
        let since = Instant::now();
        let Some(bulk) = self.bulk.as_deref_mut() else { return };
        let slice = self.pace.slice(bulk.debt.saturating_add(size), size);
        bulk.debt = bulk.debt.saturating_sub(slice / MARKED_PER_BYTE);
        self.work(ctx, slice);
        self.note_pause(since);
    }

    /// Ends the collection that is under way, if there is one, then does a whole one.
    ///
    /// # Safety
    /// As [`begin`](Heap::begin).
    pub unsafe fn collect(&mut self, ctx: &mut Ctx, roots: &Roots<'_>) {
        let since = Instant::now();
        self.work(ctx, usize::MAX);
        // SAFETY: the caller vouches for the roots.
        unsafe { self.find_and_mark_roots(ctx, roots) };
        self.work(ctx, usize::MAX);
        self.note_pause(since);
    }

    /// A traced word of an object is about to be overwritten: what it names may have been reachable by it alone.
    pub fn log(&mut self, ctx: &mut Ctx, word: u64) {
        let Some(bulk) = self.bulk.as_deref_mut() else { return };
        let Phase::Marking(marker) = &mut bulk.phase else { return };
        if is_traced_pointer(word) {
            marker.grey(word as usize, &bulk.large);
        }
        bulk.debt += LOGGED;
        if bulk.debt >= 2 * SLICE_FOR {
            self.go_on(ctx, 0);
        }
    }

    fn note_pause(&mut self, since: Instant) {
        if let Some(bulk) = &mut self.bulk {
            bulk.stats.pauses += 1;
            bulk.stats.time += since.elapsed();
        }
    }

    /// # Safety
    /// As [`begin`](Heap::begin); there must be no collection under way.
    unsafe fn find_and_mark_roots(&mut self, ctx: &mut Ctx, roots: &Roots<'_>) {
        let allocated = self.allocated(ctx);
        if !self.in_blocks && !self.chunks.is_null() {
            // SAFETY: the newest chunk is ours.
            unsafe { (*self.chunks).used = (ctx.alloc_ptr - Chunk::start(self.chunks)) as u32 };
        }
        // Without addresses for blocks there are chunks alone, in which nothing can be reclaimed.
        let Some(bulk) = self.bulk() else { return };
        bulk.large.begin_collection();
        // SAFETY: the caller vouches for the roots.
        let found = unsafe { roots::find(self, roots) };
        if self.in_blocks {
            self.taken = allocated;
            (ctx.alloc_ptr, ctx.alloc_end) = (0, 0);
            self.hide_end(ctx);
        }
        let (descs, chunks) = (self.descs, ChunkBounds::of(self));
        let Some(bulk) = self.bulk.as_deref_mut() else { return };
        bulk.begin_marking();
        // SAFETY: every root is an object of this heap; descriptors outlive it.
        let marker =
            unsafe { Marker::new(descs, bulk.space.bounds(), chunks, &bulk.large, &found) };
        bulk.phase = Phase::Marking(Box::new(marker));
        ctx.marking = 1;
    }

    /// Goes on with the collection until the work comes to `limit`, or there is no more.
    fn work(&mut self, ctx: &mut Ctx, limit: usize) {
        let (taken, is_stress) = (self.taken, self.pace.is_stress());
        let mut left = limit;
        while left > 0
            && let Some(bulk) = self.bulk.as_deref_mut()
        {
            let done = match &mut bulk.phase {
                Phase::Idle => return,
                Phase::Marking(marker) => {
                    let before = marker.work();
                    let is_all = marker.drain(before.saturating_add(left), &bulk.large);
                    let done = marker.work() - before;
                    if is_all {
                        self.end_marking(ctx);
                    }
                    done
                }
                // SAFETY: marking is complete.
                Phase::Sweeping { .. } | Phase::Returning { .. } => unsafe {
                    bulk.sweep(left, taken, is_stress)
                },
            };
            left = left.saturating_sub(done);
        }
    }

    /// Everything that was reachable is marked.
    fn end_marking(&mut self, ctx: &mut Ctx) {
        ctx.marking = 0;
        let Some(bulk) = self.bulk.as_deref_mut() else { return };
        let Phase::Marking(marker) = std::mem::replace(&mut bulk.phase, Phase::Idle) else {
            return;
        };
        bulk.stats.live_bytes = marker.live().bytes;
        bulk.stats.live_objects = marker.live().objects;
        bulk.begin_sweep();
        // SAFETY: marking is complete.
        unsafe {
            self.handles.update(|handle| marker.is_marked(handle as usize).then_some(handle));
            self.sweep_chunks(&marker);
        }
    }

    /// Makes of unmarked objects in chunks such without references; their memory is used again only when the heap
    /// settles.
    ///
    /// # Safety
    /// Everything that is needed is marked.
    unsafe fn sweep_chunks(&mut self, marker: &Marker) {
        let is_stress = self.pace.is_stress();
        // SAFETY: objects follow each other in the heap's chunks, and nothing refers to those without a mark.
        unsafe {
            for chunk in Chunk::list(self.chunks) {
                let end = Chunk::start(chunk) + (*chunk).used as usize;
                let (mut object, mut dead) = (Chunk::start(chunk), Chunk::start(chunk));
                while object < end {
                    let size = (*self.descs).size_of(object as ObjPtr);
                    if marker.is_marked(object) {
                        super::blank(dead, object, is_stress);
                        dead = object + size;
                    }
                    object += size;
                }
                super::blank(dead, end, is_stress);
            }
        }
    }
}
