//! Large objects: each alone in memory, behind a head of its own.
//!
//! Up to a megabyte they are `pieces`, which are used again without page faults; above they are
//! mapped, with spare addresses behind those that grow, so that a growing array of gigabytes is not
//! copied. `head` and list belong to the owning heap alone.
//!
//! A string or byte string that is sent becomes *shared*: heaps and messages hold it, each counts once, and who lets it go
//! last frees it. Nothing of it is changed from then on but the count; so whether it is marked is noted in each
//! heap, not in its head.
//!
//! Must never free an object of a heap outside a sweep.

use super::pieces;
use crate::count;
use sepal_abi::{OBJECT_ALIGN, ObjPtr};
use sepal_machine::memory;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Objects of more bytes are large.
pub const LARGE: usize = 8 * 1024;
/// So are objects of more bytes that come in messages: whoever receives one takes it over as it is.
pub const LARGE_IN_MESSAGE: usize = 2 * 1024;
/// Strings and byte strings of more bytes are shared when they are sent.
pub const SHARED: usize = 4 * 1024;

/// Objects of at least as many bytes are mapped.
const MAPPED: usize = 1024 * 1024;
/// Mapped objects of at least as many bytes ask for huge pages.
const HUGE: usize = 4 * 1024 * 1024;
/// An array that has grown once may grow to this many times its size in place.
const SPARE_FACTOR: usize = 8;

/// A larger mapping is removed piece by piece, so that no pause is long: a multiple of every page's size.
const PIECE: usize = 4 * 1024 * 1024;
/// What it costs to look at an object, and to free the memory of one, in what marking counts.
const SWEEP_WORK: usize = 64;
const BYTES_FREED_FOR_ONE: usize = 16;

/// What stands before a large object.
#[derive(Debug)]
#[repr(C)]
struct Head {
    /// The object's bytes.
    size: usize,
    /// The bytes that the object may grow to in place.
    capacity: usize,
    marked: bool,
    is_mapped: bool,
    /// Never changes back.
    is_shared: bool,
    /// The next of a list of detached objects, or 0; of a shared object, how many hold it: see `count`.
    next: AtomicUsize,
}

const HEAD: usize = 32;
const _: () = assert!(size_of::<Head>() <= HEAD && HEAD.is_multiple_of(OBJECT_ALIGN as usize));

/// The large objects of a heap.
#[derive(Debug, Default)]
pub struct LargeSpace {
    /// Sorted by address during a collection only.
    objects: Vec<usize>,
    /// What a sweep has not looked at yet, and the object that it is freeing.
    unswept: Vec<usize>,
    dying: Option<usize>,
    bytes: usize,
    /// The shared ones but for those that became so since the last collection began: whether they are marked.
    shared: RefCell<BTreeMap<usize, bool>>,
}

fn head(object: usize) -> *mut Head {
    (object - HEAD) as *mut Head
}

impl LargeSpace {
    /// The bytes of all objects.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// A zeroed object. `None` if there is no memory.
    pub fn alloc(&mut self, size: usize, may_grow: bool) -> Option<ObjPtr> {
        let object = alloc(size, may_grow, true)?;
        self.objects.push(object);
        self.bytes += size;
        Some(object as ObjPtr)
    }

    /// Takes over a detached object.
    ///
    /// # Safety
    /// It must be one, that nobody else owns any more.
    pub unsafe fn link(&mut self, object: usize) {
        self.objects.push(object);
        // SAFETY: the caller vouches for the object.
        self.bytes += unsafe { size(object) };
    }

    /// Whether this space holds a shared object, as far as it has noted that.
    pub fn holds(&self, object: usize) -> bool {
        self.shared.borrow().contains_key(&object)
    }

    /// Takes over what a message held of a shared object; true if it is new here.
    ///
    /// # Safety
    /// The caller must hold it, and forget that.
    pub unsafe fn link_shared(&mut self, object: usize) -> bool {
        // A collection that is going on may have missed it.
        let is_new = self.shared.get_mut().insert(object, true).is_none();
        // SAFETY: the caller vouches for the object.
        unsafe {
            if is_new {
                self.objects.push(object);
                self.bytes += size(object);
            } else {
                release(object);
            }
        }
        is_new
    }

    /// Lets an object grow to `size` bytes where it is, if there is room; the new bytes are zero.
    ///
    /// # Safety
    /// `object` must be a large object of this space.
    pub unsafe fn grow_in_place(&mut self, object: ObjPtr, size: usize) -> bool {
        // SAFETY: the caller vouches for the object.
        let head = unsafe { &mut *head(object as usize) };
        if size > head.capacity || size < head.size {
            return false;
        }
        self.bytes += size - head.size;
        head.size = size;
        true
    }

    /// Prepares for lookups and marking.
    pub fn begin_collection(&mut self) {
        // In runs: a sweep frees downwards, so that pieces are taken again upwards. The stable sort only merges them.
        self.objects.sort();
        let shared = self.shared.get_mut();
        for &object in &self.objects {
            // SAFETY: listed objects are alive, and the heads of shared ones do not change.
            unsafe {
                if (*head(object)).is_shared {
                    shared.insert(object, false);
                } else {
                    (*head(object)).marked = false;
                }
            }
        }
    }

    /// The object that `address` points into, or right behind; between a beginning and a collection only.
    pub fn find(&self, address: usize) -> Option<usize> {
        let (first, last) = (*self.objects.first()?, *self.objects.last()?);
        // Most words of a stack are neither between the objects nor point to the last one.
        let object = match address {
            _ if address < first => return None,
            _ if address >= last => last,
            _ => {
                let later = self.objects.partition_point(|&object| object <= address);
                *self.objects.get(later.checked_sub(1)?)?
            }
        };
        // SAFETY: listed objects are alive.
        let size = unsafe { (*head(object)).size };
        (address <= object + size).then_some(object)
    }

    /// Marks an object; true if it was not marked before.
    ///
    /// # Safety
    /// `object` must be a large object of this space.
    pub unsafe fn mark(&self, object: usize) -> bool {
        // SAFETY: the caller vouches for the object.
        unsafe {
            if (*head(object)).is_shared {
                return self.shared.borrow_mut().insert(object, true) != Some(true);
            }
            !std::mem::replace(&mut (*head(object)).marked, true)
        }
    }

    /// Frees the objects that are not marked.
    ///
    /// # Safety
    /// Nothing may refer to those objects any more.
    pub unsafe fn sweep(&mut self) {
        self.begin_sweep();
        // SAFETY: the caller vouches for it.
        while unsafe { self.sweep_some(usize::MAX) }.is_some() {}
    }

    /// Begins a sweep of all objects there are now.
    pub fn begin_sweep(&mut self) {
        debug_assert!(self.unswept.is_empty(), "one sweep at a time");
        // The list that the last sweep emptied has memory.
        std::mem::swap(&mut self.unswept, &mut self.objects);
    }

    /// Sweeps until the work comes to `limit`, and gives what it came to, as marking counts. `None`: the sweep is over.
    ///
    /// # Safety
    /// As [`sweep`](LargeSpace::sweep), for the objects there were when the sweep began.
    pub unsafe fn sweep_some(&mut self, limit: usize) -> Option<usize> {
        let mut work = 0;
        while work < limit {
            // SAFETY: the caller vouches for it.
            match unsafe { self.sweep_one() } {
                Some(done) => work += done,
                None => return (work > 0).then_some(work),
            }
        }
        Some(work)
    }

    /// Looks at one more object, or frees a piece of a very large one.
    #[inline(always)]
    unsafe fn sweep_one(&mut self) -> Option<usize> {
        let Some(object) = self.dying.take() else {
            let object = self.unswept.pop()?;
            // SAFETY: listed objects are alive, and the heads of shared ones do not change.
            let head = unsafe { &*head(object) };
            if self.is_marked(object, head) {
                self.objects.push(object);
                return Some(SWEEP_WORK);
            }
            let size = head.size;
            self.bytes -= size;
            if head.is_shared {
                self.shared.get_mut().remove(&object);
                // SAFETY: the space holds it, and forgets that.
                unsafe { release(object) };
            } else if head.is_mapped {
                self.dying = Some(object);
            } else {
                // SAFETY: the object was not marked, so nothing refers to it.
                unsafe { free(object) };
                return Some(SWEEP_WORK + size / BYTES_FREED_FOR_ONE);
            }
            return Some(SWEEP_WORK);
        };
        // SAFETY: nobody knows of the object any more, which is a mapped one.
        let freed = unsafe { free_piece(object) };
        self.dying = (freed == PIECE).then_some(object);
        Some(freed / BYTES_FREED_FOR_ONE)
    }

    /// Whether an object is marked; one that became shared during a collection may have been marked before that.
    fn is_marked(&self, object: usize, head: &Head) -> bool {
        let noted = if head.is_shared { self.shared.borrow().get(&object).copied() } else { None };
        noted.unwrap_or(head.marked)
    }
}

impl Drop for LargeSpace {
    fn drop(&mut self) {
        let unswept = std::mem::take(&mut self.unswept);
        for object in self.objects.drain(..).chain(unswept).chain(self.dying.take()) {
            // SAFETY: the objects of a heap that is no more are nobody's, but for shared ones, which it held.
            unsafe {
                if (*head(object)).is_shared {
                    release(object);
                } else {
                    free(object);
                }
            }
        }
    }
}

/// Frees a mapped object, or if it is a very large one the last [`PIECE`] of its memory. Gives how many bytes.
///
/// # Safety
/// Nothing may refer to the object, which must be mapped.
unsafe fn free_piece(object: usize) -> usize {
    // SAFETY: the head is there until all is freed.
    let head = unsafe { &mut *head(object) };
    let end = object + head.capacity;
    if head.capacity <= PIECE {
        let size = head.capacity.min(PIECE - 1);
        // SAFETY: as the caller vouches.
        unsafe { free(object) };
        return size;
    }
    head.capacity -= PIECE;
    if let Some(start) = NonNull::new((end - PIECE) as *mut u8) {
        // SAFETY: the mapping was made by `map_object`, and ends there; the sweep found it unused.
        unsafe { memory::unmap(start, PIECE) };
    }
    PIECE
}

fn alloc(size: usize, may_grow: bool, zeroed: bool) -> Option<usize> {
    let whole = size.checked_add(HEAD)?;
    let (start, capacity) = if whole < MAPPED {
        (pieces::take(whole, zeroed)?, size)
    } else {
        map_object(whole, may_grow)?
    };
    let object = start.as_ptr() as usize + HEAD;
    let (is_mapped, next) = (whole >= MAPPED, AtomicUsize::new(0));
    // A new object is none of the business of a collection that is going on.
    let new = Head { size, capacity, marked: true, is_mapped, is_shared: false, next };
    // SAFETY: the memory is ours and large enough.
    unsafe { head(object).write(new) };
    Some(object)
}

/// An object that belongs to no heap, not initialised. `None` if there is no memory.
pub fn alloc_detached(size: usize) -> Option<usize> {
    alloc(size, false, false)
}

/// Makes an object shared that one heap or message holds.
///
/// # Safety
/// `object` must be a large object of this thread's, whose contents are complete.
pub unsafe fn share(object: usize) {
    // SAFETY: the caller vouches for the object.
    unsafe {
        (*head(object)).is_shared = true;
        (*head(object)).next.store(1, Ordering::Relaxed);
    }
}

/// Holds a shared object once more.
///
/// # Safety
/// The caller must hold it, or its heap or message.
pub unsafe fn retain(object: usize) {
    // SAFETY: the caller vouches for the object.
    count::hold(unsafe { &(*head(object)).next });
}

/// Lets go of a shared object.
///
/// # Safety
/// The caller must hold it, and forget that.
pub unsafe fn release(object: usize) {
    // SAFETY: the caller vouches for the object.
    unsafe {
        if count::let_go(&(*head(object)).next) {
            free(object);
        }
    }
}

/// How many hold a shared object.
///
/// # Safety
/// `object` must be one.
#[cfg(test)]
pub unsafe fn holders(object: usize) -> usize {
    // SAFETY: the caller vouches for the object.
    unsafe { (*head(object)).next.load(Ordering::Relaxed) }
}

/// The bytes of a large object.
///
/// # Safety
/// `object` must be one.
pub unsafe fn size(object: usize) -> usize {
    // SAFETY: the caller vouches for the object.
    unsafe { (*head(object)).size }
}

/// The next detached object on its list, or 0.
///
/// # Safety
/// `object` must be a detached object.
pub unsafe fn next(object: usize) -> usize {
    // SAFETY: the caller vouches for the object.
    unsafe { (*head(object)).next.load(Ordering::Relaxed) }
}

/// Changes that.
///
/// # Safety
/// As [`next`].
pub unsafe fn set_next(object: usize, next: usize) {
    // SAFETY: the caller vouches for the object.
    unsafe { (*head(object)).next.store(next, Ordering::Relaxed) };
}

/// Frees a list of detached objects.
///
/// # Safety
/// Nothing may refer to them any more.
pub unsafe fn free_list(first: usize) {
    let mut object = first;
    while object != 0 {
        // SAFETY: the caller vouches for the list.
        unsafe {
            let next = next(object);
            free(object);
            object = next;
        }
    }
}

/// A mapping for `whole` bytes, and the capacity of the object in it.
fn map_object(whole: usize, may_grow: bool) -> Option<(NonNull<u8>, usize)> {
    let exact = memory::page_round(whole)?;
    let spare = if may_grow { exact.saturating_mul(SPARE_FACTOR) } else { exact };
    let with_spare = memory::map(spare).map(|start| (start, spare));
    let (start, mapped) = with_spare.or_else(|| Some((memory::map(exact)?, exact)))?;
    if whole >= HUGE {
        memory::prefer_huge_pages(start, mapped);
    }
    Some((start, mapped - HEAD))
}

/// Frees an object. Its head goes with it, so no reference to that may be held.
///
/// # Safety
/// Nothing may refer to the object.
unsafe fn free(object: usize) {
    let Some(start) = NonNull::new((object - HEAD) as *mut u8) else { return };
    // SAFETY: the head is there until all is freed.
    let (is_mapped, capacity) = unsafe { ((*head(object)).is_mapped, (*head(object)).capacity) };
    if is_mapped {
        // SAFETY: the mapping was made by `map_object` with this size; the caller vouches that it is unused.
        unsafe { memory::unmap(start, capacity + HEAD) };
        return;
    }
    // A piece does not grow: the object's capacity is its size.
    // SAFETY: taken with this size in `alloc`; the caller vouches that it is unused.
    unsafe { pieces::give(start, capacity + HEAD) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_found_by_any_pointer_into_them() {
        let mut space = LargeSpace::default();
        let sizes = [LARGE + 8, 100_000, MAPPED, 3 * MAPPED];
        let objects: Vec<usize> =
            sizes.iter().map(|&s| space.alloc(s, false).expect("memory") as usize).collect();
        space.begin_collection();
        for (&object, size) in objects.iter().zip(sizes) {
            for address in [object, object + 1, object + size - 1, object + size] {
                assert_eq!(space.find(address), Some(object));
            }
            assert_ne!(space.find(object - 1), Some(object));
        }
        assert_eq!(space.find(0), None);
        assert_eq!(space.bytes(), sizes.iter().sum());
        // SAFETY: `objects` are of this space, and the test stops using the others.
        unsafe {
            assert!(space.mark(objects[2]) && !space.mark(objects[2]));
            space.sweep();
        }
        assert_eq!(space.bytes(), MAPPED);
        assert_eq!(space.find(objects[2] + 5), Some(objects[2]));
    }

    #[test]
    fn growing_in_place_keeps_the_contents_and_zeroes_the_rest() {
        let mut space = LargeSpace::default();
        let object = space.alloc(MAPPED, true).expect("memory");
        // SAFETY: the bytes touched are within the object's size at each moment.
        unsafe {
            object.cast::<u8>().add(MAPPED - 1).write(7);
            assert!(space.grow_in_place(object, 2 * MAPPED));
            assert_eq!(object.cast::<u8>().add(MAPPED - 1).read(), 7);
            assert_eq!(object.cast::<u8>().add(2 * MAPPED - 1).read(), 0);
            assert!(!space.grow_in_place(object, 100 * MAPPED));
        }
        assert_eq!(space.bytes(), 2 * MAPPED);
    }

    #[test]
    fn impossible_sizes_are_refused() {
        let mut space = LargeSpace::default();
        assert!(space.alloc(usize::MAX - 8, false).is_none());
        assert!(space.alloc(isize::MAX as usize & !7, true).is_none());
    }
}
