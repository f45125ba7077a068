//! Finding roots: which objects do the words of stacks and registers point into?
//!
//! A word counts if it points to an object, into it, or right behind it, since optimised code may keep only
//! such a pointer. Objects from before the last collection are known by their mark bits; those made since
//! are found by walking the holes opened since, in blocks that are pointed into only, once a block. The
//! result is a bitmap for each such block.
//!
//! Must never change mark bits or lines: they are what this rests on.

use super::Heap;
use super::bulk::{self, Bulk};
use super::chunk::ChunkBounds;
use super::descs::Descs;
use super::space::{BLOCK, Block, LINE, LINES, MARK_WORDS};
use sepal_abi::{ObjPtr, is_traced_pointer};

/// Where a collection begins.
pub struct Roots<'a> {
    /// Words that may be anything: stacks, registers, an interpreter's frames.
    pub ranges: &'a [&'a [u64]],
    /// Traced words: null, tagged, or pointers to objects.
    pub exact: &'a [&'a [u64]],
    /// The traced words among module-level constants.
    pub globals: (&'a [u64], &'a [u32]),
}

/// The objects that roots name.
pub(super) struct Found {
    scratch: Vec<Scratch>,
    /// Large objects, and exact words; any number of times.
    pub(super) others: Vec<usize>,
}

/// The bitmaps of one block that is pointed into, one bit for each 8 bytes.
struct Scratch {
    block: Block,
    /// Where objects begin.
    starts: [u64; MARK_WORDS],
    /// Where objects begin that roots point to.
    found: [u64; MARK_WORDS],
}

impl Found {
    /// Every object found in blocks, once.
    pub(super) fn in_blocks(&self) -> impl Iterator<Item = usize> {
        self.scratch.iter().flat_map(|scratch| {
            let start = scratch.block.start();
            let words = scratch.found.iter().enumerate();
            words.flat_map(move |(word, &bits)| {
                Bits(bits).map(move |bit| start + (word * 64 + bit) * 8)
            })
        })
    }
}

/// The indices of the set bits.
struct Bits(u64);

impl Iterator for Bits {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let bit = self.0.trailing_zeros() as usize;
        self.0 &= self.0.wrapping_sub(1);
        (bit < 64).then_some(bit)
    }
}

/// Looks at all roots.
///
/// # Safety
/// Every opened hole of the heap must be walkable, see the head of `heap`.
pub(super) unsafe fn find(heap: &Heap, roots: &Roots<'_>) -> Found {
    let found = Found { scratch: Vec::new(), others: Vec::new() };
    let Some(bulk) = heap.bulk.as_deref() else { return found };
    let chunks = ChunkIndex { bounds: ChunkBounds::of(heap), starts: Vec::new() };
    // SAFETY: descriptors outlive the heap.
    let descs = unsafe { &*heap.descs };
    let mut finder = Finder { descs, bulk, chunks, found };
    for range in roots.ranges {
        for &word in *range {
            finder.word(word as usize);
        }
    }
    let (globals, traced) = roots.globals;
    let globals = traced.iter().filter_map(|&index| globals.get(index as usize));
    let exact = roots.exact.iter().flat_map(|words| words.iter()).chain(globals);
    let pointers = exact.copied().filter(|&word| is_traced_pointer(word));
    finder.found.others.extend(pointers.map(|word| word as usize));
    for scratch in &finder.found.scratch {
        // SAFETY: the block is the heap's.
        unsafe { (*scratch.block.info()).scratch = 0 };
    }
    finder.found
}

/// Where objects in chunks begin.
struct ChunkIndex {
    bounds: ChunkBounds,
    /// Ascending; made when the first word points there.
    starts: Vec<usize>,
}

struct Finder<'h> {
    descs: &'h Descs,
    bulk: &'h Bulk,
    chunks: ChunkIndex,
    found: Found,
}

impl Finder<'_> {
    #[inline(always)]
    fn word(&mut self, address: usize) {
        if self.bulk.space.contains(address) {
            self.in_space(address);
            // The end of an object may be the beginning of the next, or of the next block.
            if address.is_multiple_of(8) {
                self.in_space(address - 8);
            }
        } else if self.chunks.bounds.contain(address) {
            self.in_chunk(address);
            if address.is_multiple_of(8) {
                self.in_chunk(address - 8);
            }
        } else if !self.bulk.large.is_empty()
            && let Some(object) = self.bulk.large.find(address)
        {
            self.found.others.push(object);
        }
    }

    fn in_chunk(&mut self, address: usize) {
        if self.chunks.starts.is_empty() {
            self.index_chunks();
        }
        let starts = &self.chunks.starts;
        let later = starts.partition_point(|&start| start <= address);
        let Some(&object) = later.checked_sub(1).and_then(|index| starts.get(index)) else {
            return;
        };
        // SAFETY: an object begins there.
        let size = unsafe { self.descs.size_of(object as ObjPtr) };
        if address - object <= size {
            self.found.others.push(object);
        }
    }

    fn index_chunks(&mut self) {
        for &(start, end) in self.chunks.bounds.parts() {
            let mut object = start;
            while object < end {
                self.chunks.starts.push(object);
                // SAFETY: objects follow each other.
                object += unsafe { self.descs.size_of(object as ObjPtr) };
            }
        }
    }

    fn in_space(&mut self, address: usize) {
        let Some(block) = self.bulk.space.owned_block(address, self.bulk.id) else { return };
        let index = self.scratch_of(block);
        let scratch = &mut self.found.scratch[index];
        let bit = (address - block.start()) / 8;
        let Some(start) = last_set_bit(&scratch.starts, bit) else { return };
        let object = block.start() + start * 8;
        // SAFETY: a set bit is the start of an object.
        let size = unsafe { self.descs.size_of(object as ObjPtr) };
        if address - object <= size {
            scratch.found[start / 64] |= 1 << (start % 64);
        }
    }

    fn scratch_of(&mut self, block: Block) -> usize {
        // SAFETY: the block is the heap's, whose thread this is.
        let slot = unsafe { &mut (*block.info()).scratch };
        if *slot == 0 {
            // SAFETY: as above.
            let mut starts = unsafe { *block.marks() };
            self.add_new_objects(block, &mut starts);
            self.found.scratch.push(Scratch { block, starts, found: [0; MARK_WORDS] });
            *slot = self.found.scratch.len() as u32;
        }
        *slot as usize - 1
    }

    /// Walks the holes that were opened since the last collection.
    fn add_new_objects(&self, block: Block, starts: &mut [u64; MARK_WORDS]) {
        // SAFETY: the block is the heap's.
        let opened_to = unsafe { (*block.info()).opened_to } as usize;
        let mut line = 0;
        while let Some((start, end)) = bulk::find_hole(block, line)
            && start < opened_to
        {
            self.walk(block, (start, end.min(opened_to)), starts);
            line = end;
        }
        line = 0;
        while let Some((start, end)) = bulk::find_black_hole(block, line) {
            self.walk(block, (start, end), starts);
            line = end;
        }
    }

    /// Adds the objects in an opened hole.
    fn walk(&self, block: Block, (start, end): (usize, usize), starts: &mut [u64; MARK_WORDS]) {
        let mut offset = start * LINE;
        while offset < end * LINE {
            let object = (block.start() + offset) as ObjPtr;
            // SAFETY: within an opened hole objects follow each other up to a zero word.
            unsafe {
                if (*object).header.0 == 0 {
                    return;
                }
                starts[offset / 512] |= 1 << (offset / 8 % 64);
                offset += self.descs.size_of(object);
            }
        }
    }
}

const _: () = assert!(LINES * LINE == BLOCK);

/// The highest set bit at or below `bit`.
fn last_set_bit(words: &[u64; MARK_WORDS], bit: usize) -> Option<usize> {
    let masked = words[bit / 64] & (u64::MAX >> (63 - bit % 64));
    if masked != 0 {
        return Some(bit / 64 * 64 + 63 - masked.leading_zeros() as usize);
    }
    let word = words[..bit / 64].iter().rposition(|&word| word != 0)?;
    Some(word * 64 + 63 - words[word].leading_zeros() as usize)
}
