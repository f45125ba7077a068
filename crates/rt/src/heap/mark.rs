//! Marking: everything reachable from the roots, through descriptors, with an explicit stack.
//!
//! Objects in blocks have their mark in the side bitmap, so that an object already marked is not even
//! touched; those about to be traced are prefetched a few steps ahead. Long arrays are traced piece by
//! piece, which keeps the stack short.
//!
//! Must never recurse, and never mark what lives outside the heap (headers with the static bit).

use super::Heap;
use super::large::LargeSpace;
use super::roots::Found;
use super::space::{LINE, LINES, MARK_WORDS, line_place, mark_place};
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
    for block in &heap.blocks {
        // SAFETY: the block is the heap's.
        unsafe {
            *block.marks() = [0; MARK_WORDS];
            *block.lines() = [0; LINES];
        }
    }
    let mut marker = Marker {
        heap,
        stack: Vec::with_capacity(4096),
        ahead: [0; AHEAD],
        next: 0,
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

struct Marker<'h> {
    heap: &'h Heap,
    /// Marked objects that are yet to be traced.
    stack: Vec<usize>,
    /// A ring of prefetched ones; 0 for none.
    ahead: [usize; AHEAD],
    next: usize,
    /// Arrays and the element where their tracing goes on.
    arrays: Vec<(usize, usize)>,
    live: Live,
}

impl Marker<'_> {
    /// Marks an object and remembers it, unless it was marked before.
    #[inline(always)]
    fn grey(&mut self, object: usize) {
        if self.heap.space.contains(object) {
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

    fn grey_outside(&mut self, object: usize) {
        // SAFETY: a pointer that is not into blocks is to a static or a large object.
        unsafe {
            if !(*(object as ObjPtr)).header.is_static() && LargeSpace::mark(object) {
                self.stack.push(object);
            }
        }
    }

    fn drain(&mut self) {
        loop {
            while let Some(object) = self.pop() {
                // SAFETY: only objects of the heap are pushed.
                unsafe { self.trace(object) };
            }
            let Some((array, from)) = self.arrays.pop() else { return };
            // SAFETY: as above.
            unsafe { self.trace_array(array, from) };
        }
    }

    /// The next object to trace: one that was prefetched a while ago.
    #[inline(always)]
    fn pop(&mut self) -> Option<usize> {
        loop {
            let incoming = self.stack.pop();
            if let Some(object) = incoming {
                // SAFETY: a prefetch has no effect but on caches.
                unsafe { _mm_prefetch::<_MM_HINT_T0>(object as *const i8) };
            } else if self.ahead == [0; AHEAD] {
                return None;
            }
            let outgoing = std::mem::replace(&mut self.ahead[self.next], incoming.unwrap_or(0));
            self.next = (self.next + 1) % AHEAD;
            if outgoing != 0 {
                return Some(outgoing);
            }
        }
    }

    #[inline(always)]
    unsafe fn trace(&mut self, object: usize) {
        let heap = self.heap;
        // SAFETY: the caller vouches for the object.
        let (header, len) = unsafe { ((*(object as ObjPtr)).header, (*(object as ObjPtr)).len) };
        let desc = heap.desc(header.desc());
        let size = object_size(desc, len).unwrap_or(0);
        self.live.bytes += size;
        self.live.objects += 1;
        if heap.space.contains(object) {
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
        let heap = self.heap;
        // SAFETY: the caller vouches for the array.
        let (header, len) = unsafe { ((*(array as ObjPtr)).header, (*(array as ObjPtr)).len) };
        let desc = heap.desc(header.desc());
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
    let first = line_place(object);
    let count = (object + size - 1) / LINE - object / LINE;
    for index in 0..=count {
        // SAFETY: an object lies in one block, and so do its lines.
        unsafe { *first.add(index) = 1 };
    }
}
