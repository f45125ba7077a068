//! Settling: at a boundary, where the actor has no native stack and all roots are exact, what lives in a small heap
//! moves together into one chunk, and everything else is freed at once.
//!
//! The way is Cheney's: objects go to a scratch chunk of the thread, their headers saying where; from there
//! all together to a chunk that just fits them, so that an idle actor costs little more than what it holds.
//! A heap with more than [`SMALL`](super::SMALL) alive in blocks is collected in place instead, a slice at each
//! boundary.
//!
//! Must never run while anything but the given roots refers to the heap's objects.

use super::bulk::POISON;
use super::chunk::{CHUNK_HEAD, Chunk};
use super::descs::Descs;
use super::forward::{forward_header, forwarded};
use super::handle::Handle;
use super::large::LargeSpace;
use super::space::SpaceBounds;
use super::{FIRST_CHUNK, Heap, Roots, SMALL};
use sepal_abi::{Ctx, ObjPtr, is_traced_pointer};
use std::cell::Cell;
use std::ptr::null_mut;

/// What a busy heap may allocate between two settlings grows up to this, unless more lives.
const MAX_NURSERY: u16 = 4096;
/// A larger scratch chunk is not kept.
const KEPT_SCRATCH: usize = 2 * SMALL;

/// Calls its argument with the place of each root: a traced word.
pub type ExactRoots<'a> = dyn FnMut(&mut dyn FnMut(&mut u64)) + 'a;

/// A chunk for what is being moved.
struct Scratch(*mut Chunk);

impl Drop for Scratch {
    fn drop(&mut self) {
        // SAFETY: nothing refers to a scratch chunk between two settlings.
        unsafe { Chunk::free(self.0) };
    }
}

thread_local! {
    static SCRATCH: Cell<Option<Scratch>> = const { Cell::new(None) };
}

impl Scratch {
    /// One with room for `room` bytes.
    fn take(room: usize) -> Option<Scratch> {
        let kept = SCRATCH.take();
        // SAFETY: the chunk is alive.
        let fits =
            |scratch: &Scratch| unsafe { Chunk::end(scratch.0) } - Chunk::start(scratch.0) >= room;
        kept.filter(fits).or_else(|| Chunk::new(room.max(SMALL)).map(Scratch))
    }

    fn give_back(self) {
        // SAFETY: the chunk is alive.
        if unsafe { Chunk::end(self.0) } - Chunk::start(self.0) <= KEPT_SCRATCH {
            SCRATCH.set(Some(self));
        }
    }
}

impl Heap {
    /// Whether enough was allocated since the last settling to make another one worth it.
    #[inline]
    pub fn wants_settling(&self, ctx: &Ctx) -> bool {
        if self.pace.is_stress() {
            return true;
        }
        let unused = if self.in_blocks { 0 } else { ctx.alloc_end - ctx.alloc_ptr };
        let since =
            (self.chunk_bytes as usize).saturating_sub(unused + self.settled_bytes as usize);
        let enough = match self.nursery {
            0 => 0,
            nursery => usize::from(nursery).max(self.settled_bytes as usize),
        };
        since > enough && !self.in_blocks
            || self.bulk.as_ref().is_some_and(|bulk| bulk.is_worth_settling())
    }

    /// Frees what is not reachable from the roots, and moves the rest if that is little.
    ///
    /// # Safety
    /// The roots must be all references into the heap from outside; no allocation may be half done.
    pub unsafe fn settle(&mut self, ctx: &mut Ctx, roots: &mut ExactRoots<'_>) {
        let mut small_live = self.chunk_bytes as usize;
        if self.in_blocks {
            let mut words = Vec::new();
            roots(&mut |slot| words.push(*slot));
            let exact = Roots { ranges: &[], exact: &[&words], globals: (&[], &[]) };
            if self.is_collecting() {
                self.go_on(ctx, 0);
            } else {
                // SAFETY: the caller vouches for the roots.
                unsafe { self.begin(ctx, &exact) };
            }
            let Some(bulk) = &self.bulk else { return };
            // What was allocated since the collection began may live, too.
            let live = bulk.stats.live_bytes + bulk.since;
            small_live = live.saturating_sub(bulk.large.bytes());
            if small_live > SMALL || bulk.is_collecting() {
                return;
            }
        }
        if let Some(scratch) = Scratch::take(small_live) {
            // SAFETY: as above.
            unsafe { self.evacuate(ctx, roots, scratch) };
        }
    }

    /// Moves everything that lives, but large objects, into a new chunk.
    unsafe fn evacuate(&mut self, ctx: &mut Ctx, roots: &mut ExactRoots<'_>, scratch: Scratch) {
        let allocated = self.allocated(ctx);
        // SAFETY: descriptors outlive the heap.
        let mut mover = Mover::new(self, unsafe { &*self.descs }, Chunk::start(scratch.0));
        // SAFETY: the caller vouches for the roots, and everything else is reached from there.
        unsafe {
            roots(&mut |slot| {
                if is_traced_pointer(*slot) {
                    *slot = mover.forward(*slot);
                }
            });
            mover.scan();
        }
        let Mover { start, at, large, .. } = mover;
        let used = at - start;
        let slack =
            if self.nursery == 0 || self.pace.is_stress() { 0 } else { usize::from(self.nursery) };
        let (chunk, room) = self.place(scratch, used, slack);
        let moved =
            Moved { start, used, to: if chunk.is_null() { 0 } else { Chunk::start(chunk) } };
        // SAFETY: the chunk holds what was copied, whose words point to the scratch chunk.
        unsafe { self.correct(roots, &large, moved) };
        // SAFETY: nothing refers to the old chunks and blocks any more.
        unsafe { self.forget_old() };
        self.chunks = chunk;
        self.chunk_bytes = if chunk.is_null() { 0 } else { (room + CHUNK_HEAD) as u32 };
        self.settled_bytes = self.chunk_bytes - (room - used) as u32;
        self.nursery = match self.nursery {
            0 => FIRST_CHUNK as u16,
            nursery => (nursery * 2).min(MAX_NURSERY),
        };
        self.in_blocks = false;
        self.taken = allocated + (room - used) as u64;
        (ctx.alloc_ptr, ctx.alloc_end) = (moved.to + used, moved.to + room);
        self.hide_end(ctx);
    }

    /// Puts `used` bytes of the scratch chunk where they stay, with `slack` bytes behind them: in a new chunk or,
    /// if there is no memory for one, where they are. Gives the chunk and its room; null for nothing at all.
    fn place(&self, scratch: Scratch, used: usize, slack: usize) -> (*mut Chunk, usize) {
        if used == 0 {
            scratch.give_back();
            return (null_mut(), 0);
        }
        let Some(chunk) = Chunk::new(used + slack) else {
            let chunk = std::mem::ManuallyDrop::new(scratch).0;
            return (chunk, used);
        };
        // SAFETY: the new chunk has that room.
        unsafe {
            let to = Chunk::start(chunk) as *mut u8;
            to.copy_from_nonoverlapping(Chunk::start(scratch.0) as *const u8, used);
            to.add(used).write_bytes(0, slack);
        }
        scratch.give_back();
        (chunk, used + slack)
    }

    /// Corrects all references to what was moved.
    ///
    /// # Safety
    /// All of them must point to where the objects were copied first; `large` are the large objects that live.
    unsafe fn correct(&mut self, roots: &mut ExactRoots<'_>, large: &[usize], moved: Moved) {
        // SAFETY: descriptors outlive the heap.
        let descs = unsafe { &*self.descs };
        let correct = |word: &mut u64| *word = moved.apply(*word as usize) as u64;
        let mut object = moved.to;
        while object < moved.to + moved.used {
            // SAFETY: objects follow each other.
            object += unsafe { descs.visit_pointers(object as ObjPtr, correct) };
        }
        for &object in large {
            // SAFETY: these live.
            unsafe { descs.visit_pointers(object as ObjPtr, correct) };
        }
        roots(&mut |slot| correct(slot));
        // SAFETY: old handles are still there, and say where they went.
        unsafe {
            self.handles.update(|handle| {
                let copy = forwarded((*handle).header)?;
                Some(moved.apply(copy) as *mut Handle)
            });
        }
    }

    /// Frees the old chunks, all blocks, and large objects without a mark.
    ///
    /// # Safety
    /// Nothing may refer to them any more.
    unsafe fn forget_old(&mut self) {
        let (taken, stress) = (self.taken, self.pace.is_stress());
        // SAFETY: the caller vouches for it.
        unsafe {
            if stress {
                for chunk in Chunk::list(self.chunks) {
                    let start = Chunk::start(chunk);
                    (start as *mut u8).write_bytes(POISON, Chunk::end(chunk) - start);
                }
            }
            Chunk::free_list(self.chunks);
            if let Some(bulk) = &mut self.bulk {
                bulk.give_up_blocks(stress);
                bulk.large.sweep();
                bulk.since = 0;
                bulk.begin_round(taken);
            }
        }
    }
}

/// Where what was copied to a scratch chunk is now.
#[derive(Clone, Copy)]
struct Moved {
    start: usize,
    used: usize,
    to: usize,
}

impl Moved {
    #[inline(always)]
    fn apply(self, address: usize) -> usize {
        let offset = address.wrapping_sub(self.start);
        if offset < self.used { self.to + offset } else { address }
    }
}

struct Mover<'d> {
    descs: &'d Descs,
    /// What does not move, if there is anything: what is neither here nor in a chunk.
    space: Option<SpaceBounds>,
    large_space: Option<&'d LargeSpace>,
    chunks: Vec<(usize, usize)>,
    /// Where the copies begin, and where the next one goes.
    start: usize,
    at: usize,
    /// Large objects that live; those up to `scanned` have been scanned.
    large: Vec<usize>,
    scanned: usize,
}

impl Mover<'_> {
    fn new<'d>(heap: &'d mut Heap, descs: &'d Descs, start: usize) -> Mover<'d> {
        let mut mover = Mover {
            descs,
            space: None,
            large_space: None,
            chunks: Vec::new(),
            start,
            at: start,
            large: Vec::new(),
            scanned: 0,
        };
        if let Some(bulk) = heap.bulk.as_deref_mut().filter(|bulk| !bulk.large.is_empty()) {
            bulk.large.begin_collection();
            mover.space = Some(bulk.space.bounds());
            mover.large_space = Some(&bulk.large);
            // SAFETY: the chunks are the heap's.
            let chunks = unsafe { Chunk::list(heap.chunks) };
            // SAFETY: as above.
            mover.chunks.extend(chunks.map(|c| (Chunk::start(c), unsafe { Chunk::end(c) })));
        }
        mover
    }

    /// The word for the copy of what `word` points to.
    ///
    /// # Safety
    /// It must point to an object of the heap, or a static one.
    #[inline(always)]
    unsafe fn forward(&mut self, word: u64) -> u64 {
        let object = word as ObjPtr;
        // SAFETY: the caller vouches for the object; the scratch chunk has room for all that live.
        unsafe {
            let header = (*object).header;
            if let Some(copy) = forwarded(header) {
                return copy as u64;
            }
            if header.is_static() {
                return word;
            }
            if let Some(space) = self.space
                && !self.is_movable(space, word as usize)
            {
                if self.large_space.is_some_and(|large| large.mark(word as usize)) {
                    self.large.push(word as usize);
                }
                return word;
            }
            let size = self.descs.size_of(object);
            let copy = self.at;
            (copy as *mut u64).copy_from_nonoverlapping(object.cast(), size / 8);
            self.at += size;
            (*object).header = forward_header(copy);
            copy as u64
        }
    }

    fn is_movable(&self, space: SpaceBounds, address: usize) -> bool {
        let is_within = |&(start, end): &(usize, usize)| (start..end).contains(&address);
        space.contain(address) || self.chunks.iter().any(is_within)
    }

    /// Copies what copied objects refer to, until nothing is left.
    ///
    /// # Safety
    /// Everything reachable must be objects of the heap, or static.
    unsafe fn scan(&mut self) {
        let descs = self.descs;
        let mut object = self.start;
        loop {
            let next = if object < self.at {
                object
            } else if let Some(&large) = self.large.get(self.scanned) {
                self.scanned += 1;
                large
            } else {
                return;
            };
            // SAFETY: copies follow each other; their words still point to originals.
            let size =
                unsafe { descs.visit_pointers(next as ObjPtr, |word| *word = self.forward(*word)) };
            if next == object {
                object += size;
            }
        }
    }
}
