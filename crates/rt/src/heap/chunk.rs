//! Chunks: pieces of memory that objects are bumped into, in heaps of small actors and in
//! messages.
//!
//! The objects of a chunk follow each other from its beginning; behind the last one the chunk is zero. A list
//! of chunks belongs to one heap or message. Must never know what an object refers to.

use super::Heap;
use crate::message::blocks;
use std::ptr::null_mut;

/// The head of a chunk; the objects are behind it.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Chunk {
    pub(crate) next: *mut Chunk,
    /// The bytes of head and objects.
    size: u32,
    /// The bytes of objects, once the chunk is no longer bumped into.
    pub(crate) used: u32,
}

/// The bytes of a chunk's head.
pub(crate) const CHUNK_HEAD: usize = 16;
const _: () = assert!(size_of::<Chunk>() == CHUNK_HEAD);

impl Chunk {
    /// A chunk with room for `room` bytes, a multiple of 8, that are not initialised.
    pub(crate) fn new(room: usize) -> Option<*mut Chunk> {
        let size = u32::try_from(room.checked_add(CHUNK_HEAD)?).ok()?;
        let chunk = blocks::take(size as usize).cast::<Chunk>();
        if chunk.is_null() {
            return None;
        }
        // SAFETY: the memory is ours and large enough.
        unsafe { chunk.write(Chunk { next: null_mut(), size, used: 0 }) };
        Some(chunk)
    }

    /// A head for a chunk that lies within other memory, of which so much is used.
    pub(crate) const fn within(room: usize, used: usize) -> Chunk {
        Chunk { next: null_mut(), size: (room + CHUNK_HEAD) as u32, used: used as u32 }
    }

    /// Frees a chunk that `new` made.
    ///
    /// # Safety
    /// Nothing may use it any more.
    pub(crate) unsafe fn free(chunk: *mut Chunk) {
        // SAFETY: the caller vouches for it; the size is that of `new`.
        unsafe { blocks::give(chunk.cast(), (*chunk).size as usize) };
    }

    /// Whether no other chunk follows in the list.
    pub(crate) fn is_last(&self) -> bool {
        self.next.is_null()
    }

    /// Where the objects begin.
    pub(crate) fn start(chunk: *const Chunk) -> usize {
        chunk as usize + CHUNK_HEAD
    }

    /// Where the room for objects ends.
    ///
    /// # Safety
    /// `chunk` must be alive.
    pub(crate) unsafe fn end(chunk: *const Chunk) -> usize {
        // SAFETY: the caller vouches for it.
        chunk as usize + unsafe { (*chunk).size } as usize
    }

    /// The chunks of a list.
    ///
    /// # Safety
    /// They must be alive as long as the iterator is used.
    pub(crate) unsafe fn list(first: *mut Chunk) -> impl Iterator<Item = *mut Chunk> {
        std::iter::successors((!first.is_null()).then_some(first), |&chunk| {
            // SAFETY: the caller vouches for it.
            let next = unsafe { (*chunk).next };
            (!next.is_null()).then_some(next)
        })
    }

    /// Frees the chunks of a list.
    ///
    /// # Safety
    /// Nothing may use them any more.
    #[inline]
    pub(crate) unsafe fn free_list(first: *mut Chunk) {
        let mut next = first;
        while !next.is_null() {
            // SAFETY: the caller vouches for it.
            unsafe {
                let chunk = next;
                next = (*chunk).next;
                Chunk::free(chunk);
            }
        }
    }
}

/// Where the objects of a heap's chunks lie.
#[derive(Debug)]
pub(super) struct ChunkBounds {
    /// Sorted.
    parts: Vec<(usize, usize)>,
}

impl ChunkBounds {
    pub(super) fn of(heap: &Heap) -> ChunkBounds {
        // SAFETY: the chunks are the heap's.
        let chunks = unsafe { Chunk::list(heap.chunks) };
        let mut parts: Vec<_> = chunks
            .map(|chunk| {
                let start = Chunk::start(chunk);
                // SAFETY: as above.
                (start, start + unsafe { (*chunk).used } as usize)
            })
            .collect();
        parts.sort_unstable();
        ChunkBounds { parts }
    }

    /// Whether an address lies among the objects of a chunk, or right behind.
    pub(super) fn contain(&self, address: usize) -> bool {
        let (Some(first), Some(last)) = (self.parts.first(), self.parts.last()) else {
            return false;
        };
        let is_near = first.0 <= address && address <= last.1;
        is_near && self.parts.iter().any(|part| part.0 <= address && address <= part.1)
    }

    pub(super) fn parts(&self) -> &[(usize, usize)] {
        &self.parts
    }
}
