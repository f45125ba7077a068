//! Marking: everything reachable from the roots, through descriptors, with an explicit stack.
//!
//! Objects in blocks have their mark in the side bitmap, so that an object already marked is not even
//! touched; those about to be traced are prefetched a few steps ahead. Long arrays are traced piece by
//! piece, which keeps the stack short.
//!
//! Must never recurse, and never mark what lives outside the heap (headers with the static bit).

use super::Heap;
use super::chunk::ChunkBounds;
use super::descs::Descs;
use super::forward::{is_marked as is_marked_header, marked};
use super::large::LargeSpace;
use super::roots::Found;
use super::space::{LINE, LINES, MARK_WORDS, Space, SpaceBounds, line_place, mark_place};
use sepal_abi::{ARRAY_DATA, DescKind, ObjPtr, TypeDesc, is_traced_pointer, object_size};
use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};

/// So many objects are prefetched before the first of them is traced.
const AHEAD: usize = 8;
/// Elements of an array traced at a time.
const PIECE: usize = 1024;

/// What was marked.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Live {
    pub(super) bytes: usize,
    pub(super) objects: usize,
}

/// Clears all marks of the last collection and marks what `found` names and all that hangs on it.
///
/// # Safety
/// What was found must be objects of this heap, or static ones.
pub(super) unsafe fn mark(heap: &Heap, found: Found) -> Live {
    let Some(bulk) = &heap.bulk else { return Live::default() };
    for block in &bulk.blocks {
        // SAFETY: the block is the heap's.
        unsafe {
            *block.marks() = [0; MARK_WORDS];
            *block.lines() = [0; LINES];
        }
    }
    let mut marker = Marker {
        // SAFETY: descriptors outlive the heap.
        descs: unsafe { &*heap.descs },
        space: bulk.space.bounds(),
        chunks: ChunkBounds::of(heap),
        large: &bulk.large,
        stack: Vec::with_capacity(4096),
        outside: Vec::new(),
        ahead: [0; AHEAD],
        next: 0,
        prefetched: 0,
        arrays: Vec::new(),
        live: Live::default(),
    };
    for object in found.in_blocks() {
        marker.grey(object);
    }
    for &object in &found.others {
        marker.grey(object);
    }
    marker.drain();
    marker.live
}

/// Whether a small object has been marked, between marking and sweep.
///
/// # Safety
/// There must be an object of a heap that is being collected.
pub(super) unsafe fn is_marked(object: usize) -> bool {
    // SAFETY: the caller vouches for the object.
    let header = unsafe { (*(object as ObjPtr)).header };
    let is_in_block = Space::get().is_some_and(|space| space.contains(object));
    if !is_in_block {
        return is_marked_header(header);
    }
    let (word, bit) = mark_place(object);
    // SAFETY: as above.
    unsafe { *word & bit != 0 }
}

struct Marker<'h> {
    descs: &'h Descs,
    space: SpaceBounds,
    chunks: ChunkBounds,
    large: &'h LargeSpace,
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
}

impl Marker<'_> {
    /// Marks an object and remembers it, unless it was marked before.
    #[inline(always)]
    fn grey(&mut self, object: usize) {
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
            self.grey_outside(object);
        }
    }

    #[cold]
    #[inline(never)]
    fn grey_outside(&mut self, object: usize) {
        // SAFETY: a pointer that is not into blocks is to a static object, into a chunk, or to a large object.
        unsafe {
            let header = &mut (*(object as ObjPtr)).header;
            let is_new = if header.is_static() {
                false
            } else if self.chunks.contain(object) {
                let is_new = !is_marked_header(*header);
                *header = marked(*header);
                is_new
            } else {
                self.large.mark(object)
            };
            if is_new {
                self.outside.push(object);
            }
        }
    }

    fn drain(&mut self) {
        loop {
            while let Some(object) = self.pop() {
                // SAFETY: only objects of the heap are pushed.
                unsafe { self.trace(object) };
            }
            if let Some(object) = self.outside.pop() {
                // SAFETY: as above.
                unsafe { self.trace_other(object) };
                continue;
            }
            let Some((array, from)) = self.arrays.pop() else { return };
            // SAFETY: as above.
            unsafe { self.trace_array(array, from) };
        }
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
            // SAFETY: a prefetch has no effect but on caches.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(incoming as *const i8) };
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
    unsafe fn trace(&mut self, object: usize) {
        // SAFETY: the caller vouches for the object.
        let header = unsafe { (*(object as ObjPtr)).header };
        let shape = self.descs.shape(header.desc());
        if shape.size == 0 {
            // SAFETY: as above.
            unsafe { self.trace_other(object) };
            return;
        }
        self.live.bytes += shape.size as usize;
        self.live.objects += 1;
        mark_lines(object, shape.size as usize);
        let mut words = shape.words;
        while words != 0 {
            let offset = words.trailing_zeros() as usize * 8;
            words &= words - 1;
            // SAFETY: the descriptor says where the traced words are.
            let word = unsafe { *((object + offset) as *const u64) };
            if is_traced_pointer(word) {
                self.grey(word as usize);
            }
        }
    }

    #[inline(never)]
    unsafe fn trace_other(&mut self, object: usize) {
        // SAFETY: the caller vouches for the object.
        let (header, len) = unsafe { ((*(object as ObjPtr)).header, (*(object as ObjPtr)).len) };
        let descs = self.descs;
        let desc = descs.get(header.desc());
        let size = object_size(desc, len).unwrap_or(0);
        self.live.bytes += size;
        self.live.objects += 1;
        if self.space.contain(object) {
            mark_lines(object, size);
        }
        match desc.kind {
            // SAFETY: the descriptor says where the traced words are.
            DescKind::Fixed => unsafe { self.trace_words(object, desc) },
            DescKind::Bytes => {}
            DescKind::Array if desc.traced.as_slice().is_empty() => {}
            // SAFETY: as above.
            DescKind::Array => unsafe { self.trace_array(object, 0) },
        }
    }

    #[inline(always)]
    unsafe fn trace_words(&mut self, base: usize, desc: &TypeDesc) {
        for &offset in desc.traced.as_slice() {
            // SAFETY: the caller vouches for the words at these offsets.
            let word = unsafe { *((base + offset as usize) as *const u64) };
            if is_traced_pointer(word) {
                self.grey(word as usize);
            }
        }
    }

    /// Traces a piece of an array, and puts the rest off.
    unsafe fn trace_array(&mut self, array: usize, from: usize) {
        // SAFETY: the caller vouches for the array.
        let (header, len) = unsafe { ((*(array as ObjPtr)).header, (*(array as ObjPtr)).len) };
        let descs = self.descs;
        let desc = descs.get(header.desc());
        let to = (len as usize).min(from + PIECE);
        if to < len as usize {
            self.arrays.push((array, to));
        }
        let stride = desc.stride as usize;
        let data = array + ARRAY_DATA as usize;
        for index in from..to {
            // SAFETY: the index is below the length.
            unsafe { self.trace_words(data + index * stride, desc) };
        }
    }
}

/// Marks the lines that an object lies on.
#[inline(always)]
fn mark_lines(object: usize, size: usize) {
    let (first, last) = (line_place(object), line_place(object + size - 1));
    // SAFETY: an object lies in one block, and so do its lines.
    unsafe {
        *first = 1;
        *last = 1;
        if size > LINE {
            first.write_bytes(1, last.offset_from_unsigned(first));
        }
    }
}
