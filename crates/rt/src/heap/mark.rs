//! Marking: everything reachable from the roots, through descriptors, with an explicit stack.
//!
//! Objects in blocks have their mark in the side bitmap, so that an object already marked is not even
//! touched; those about to be traced are prefetched a few steps ahead. Long arrays are traced piece by
//! piece, which keeps the stack short. All that is under way stands in the [`Marker`], so marking can be
//! interrupted after any object.
//!
//! Must never recurse, and never mark what lives outside the heap (headers with the static bit).

use super::chunk::ChunkBounds;
use super::descs::Descs;
use super::large::LargeSpace;
use super::roots::Found;
use super::space::{LINE, MARKED, SpaceBounds, line_place, mark_place};
use sepal_abi::{ARRAY_DATA, DescKind, ObjPtr, TypeDesc, is_traced_pointer, object_size};
use sepal_machine::cpu;

/// So many objects are prefetched before the first of them is traced.
const AHEAD: usize = 8;
/// Elements of an array traced at a time.
const PIECE: usize = 1024;
/// What an object costs beside its bytes, as [`Marker::drain`] counts.
const PER_OBJECT: usize = 16;

/// What was marked.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Live {
    pub(super) bytes: usize,
    pub(super) objects: usize,
}

/// What is marked, and what is yet to be traced.
#[derive(Debug)]
pub(super) struct Marker {
    descs: *const Descs,
    space: SpaceBounds,
    chunks: ChunkMarks,
    /// Marked objects in blocks that are yet to be traced.
    stack: Vec<usize>,
    /// The same in chunks, and large ones.
    outside: Vec<usize>,
    /// A ring of prefetched ones; 0 for none.
    ahead: [usize; AHEAD],
    next: usize,
    /// How many there are in the ring.
    prefetched: usize,
    /// Arrays and the element where their tracing goes on.
    arrays: Vec<(usize, usize)>,
    live: Live,
    /// Bytes traced, and so much more for each object.
    work: usize,
}

/// The marks of objects in chunks, one bit for each 8 bytes.
#[derive(Debug)]
struct ChunkMarks {
    bounds: ChunkBounds,
    bits: Vec<u64>,
}

impl ChunkMarks {
    fn new(bounds: ChunkBounds) -> ChunkMarks {
        let bytes: usize = bounds.parts().iter().map(|(start, end)| end - start).sum();
        ChunkMarks { bits: vec![0; (bytes / 8).div_ceil(64)], bounds }
    }

    /// The index of the bit for an object, if it lies in a chunk.
    fn index(&self, object: usize) -> Option<usize> {
        let mut before = 0;
        for &(start, end) in self.bounds.parts() {
            if (start..end).contains(&object) {
                return Some((before + object - start) / 8);
            }
            before += end - start;
        }
        None
    }

    fn is_marked(&self, index: usize) -> bool {
        self.bits[index / 64] & 1 << (index % 64) != 0
    }

    /// Marks; false if it was marked before.
    fn mark(&mut self, index: usize) -> bool {
        let is_new = !self.is_marked(index);
        self.bits[index / 64] |= 1 << (index % 64);
        is_new
    }
}

impl Marker {
    /// Marks what `found` names. No mark of the last collection may be left in blocks and large objects.
    ///
    /// # Safety
    /// What was found must be objects of the heap, or static ones; the descriptors must outlive the marker.
    pub(super) unsafe fn new(
        descs: *const Descs,
        space: SpaceBounds,
        chunks: ChunkBounds,
        large: &LargeSpace,
        found: &Found,
    ) -> Marker {
        let mut marker = Marker {
            descs,
            space,
            chunks: ChunkMarks::new(chunks),
            stack: Vec::with_capacity(4096),
            outside: Vec::new(),
            ahead: [0; AHEAD],
            next: 0,
            prefetched: 0,
            arrays: Vec::new(),
            live: Live::default(),
            work: 0,
        };
        for object in found.in_blocks() {
            marker.grey(object, large);
        }
        for &object in &found.others {
            marker.grey(object, large);
        }
        marker
    }

    /// What was marked so far.
    pub(super) fn live(&self) -> Live {
        self.live
    }

    /// Whether an object that is not large has been marked.
    pub(super) fn is_marked(&self, object: usize) -> bool {
        if !self.space.contain(object) {
            return self.chunks.index(object).is_some_and(|index| self.chunks.is_marked(index));
        }
        let (word, bit) = mark_place(object);
        // SAFETY: the object lies in a block of the heap.
        unsafe { *word & bit != 0 }
    }

    /// Marks an object and remembers it, unless it was marked before.
    #[inline(always)]
    pub(super) fn grey(&mut self, object: usize, large: &LargeSpace) {
        if self.space.contain(object) {
            let (word, bit) = mark_place(object);
            // SAFETY: pointers to objects are exact here, and the block is the heap's.
            unsafe {
                if *word & bit != 0 {
                    return;
                }
                *word |= bit;
            }
            self.stack.push(object);
        } else {
            self.grey_outside(object, large);
        }
    }

    #[cold]
    #[inline(never)]
    fn grey_outside(&mut self, object: usize, large: &LargeSpace) {
        // SAFETY: a pointer that is not into blocks is to a static object, into a chunk, or to a large object.
        unsafe {
            let is_new = if (*(object as ObjPtr)).header.is_static() {
                false
            } else if let Some(index) = self.chunks.index(object) {
                self.chunks.mark(index)
            } else {
                large.mark(object)
            };
            if is_new {
                self.outside.push(object);
            }
        }
    }

    /// Traces what is marked and all that hangs on it, until the work since the beginning comes to `limit`; true when
    /// nothing is left.
    pub(super) fn drain(&mut self, limit: usize, large: &LargeSpace) -> bool {
        while self.work < limit {
            if let Some(object) = self.pop() {
                // SAFETY: only objects of the heap are pushed.
                unsafe { self.trace(object, large) };
            } else if let Some(object) = self.outside.pop() {
                // SAFETY: as above.
                unsafe { self.trace_other(object, large) };
            } else if let Some((array, from)) = self.arrays.pop() {
                // SAFETY: as above.
                unsafe { self.trace_array(array, from, large) };
            } else {
                return true;
            }
        }
        false
    }

    /// What [`drain`](Marker::drain) has done so far.
    pub(super) fn work(&self) -> usize {
        self.work
    }

    #[inline(always)]
    fn descs<'d>(&self) -> &'d Descs {
        // SAFETY: the descriptors outlive the heap, and so every marker.
        unsafe { &*self.descs }
    }

    /// The next object to trace: one that was prefetched a while ago, if there are several.
    #[inline(always)]
    fn pop(&mut self) -> Option<usize> {
        loop {
            let incoming = self.stack.pop().unwrap_or(0);
            if self.prefetched == 0 && self.stack.is_empty() {
                // The only one, as in a chain, or none.
                return if incoming == 0 { None } else { Some(incoming) };
            }
            cpu::prefetch(incoming as *const u8);
            let outgoing = std::mem::replace(&mut self.ahead[self.next % AHEAD], incoming);
            self.next += 1;
            self.prefetched += usize::from(incoming != 0);
            if outgoing != 0 {
                self.prefetched -= 1;
                return Some(outgoing);
            }
        }
    }

    #[inline(always)]
    unsafe fn trace(&mut self, object: usize, large: &LargeSpace) {
        // SAFETY: the caller vouches for the object.
        let header = unsafe { (*(object as ObjPtr)).header };
        let shape = self.descs().shape(header.desc());
        if shape.size == 0 {
            // SAFETY: as above.
            unsafe { self.trace_other(object, large) };
            return;
        }
        self.live.bytes += shape.size as usize;
        self.live.objects += 1;
        self.work += PER_OBJECT + shape.size as usize;
        mark_lines(object, shape.size as usize);
        let mut words = shape.words;
        while words != 0 {
            let offset = words.trailing_zeros() as usize * 8;
            words &= words - 1;
            // SAFETY: the descriptor says where the traced words are.
            let word = unsafe { *((object + offset) as *const u64) };
            if is_traced_pointer(word) {
                self.grey(word as usize, large);
            }
        }
    }

    #[inline(never)]
    unsafe fn trace_other(&mut self, object: usize, large: &LargeSpace) {
        // SAFETY: the caller vouches for the object.
        let (header, len) = unsafe { ((*(object as ObjPtr)).header, (*(object as ObjPtr)).len) };
        let desc = self.descs().get(header.desc());
        let size = object_size(desc, len).unwrap_or(0);
        self.live.bytes += size;
        self.live.objects += 1;
        self.work += PER_OBJECT;
        if self.space.contain(object) {
            mark_lines(object, size);
        }
        match desc.kind {
            // SAFETY: the descriptor says where the traced words are.
            DescKind::Fixed => unsafe {
                self.work += size;
                self.trace_words(object, desc, large);
            },
            DescKind::Bytes => {}
            DescKind::Array if desc.traced.as_slice().is_empty() => {}
            // SAFETY: as above.
            DescKind::Array => unsafe { self.trace_array(object, 0, large) },
        }
    }

    #[inline(always)]
    unsafe fn trace_words(&mut self, base: usize, desc: &TypeDesc, large: &LargeSpace) {
        for &offset in desc.traced.as_slice() {
            // SAFETY: the caller vouches for the words at these offsets.
            let word = unsafe { *((base + offset as usize) as *const u64) };
            if is_traced_pointer(word) {
                self.grey(word as usize, large);
            }
        }
    }

    /// Traces a piece of an array, and puts the rest off.
    unsafe fn trace_array(&mut self, array: usize, from: usize, large: &LargeSpace) {
        // SAFETY: the caller vouches for the array.
        let (header, len) = unsafe { ((*(array as ObjPtr)).header, (*(array as ObjPtr)).len) };
        let desc = self.descs().get(header.desc());
        let to = (len as usize).min(from + PIECE);
        if to < len as usize {
            self.arrays.push((array, to));
        }
        let stride = desc.stride as usize;
        self.work += (to - from) * stride;
        let data = array + ARRAY_DATA as usize;
        for index in from..to {
            // SAFETY: the index is below the length.
            unsafe { self.trace_words(data + index * stride, desc, large) };
        }
    }
}

/// Marks the lines that an object lies on.
#[inline(always)]
fn mark_lines(object: usize, size: usize) {
    let (first, last) = (line_place(object), line_place(object + size - 1));
    // SAFETY: an object lies in one block, and so do its lines.
    unsafe {
        *first = MARKED;
        *last = MARKED;
        if size > LINE {
            first.write_bytes(MARKED, last.offset_from_unsigned(first));
        }
    }
}
