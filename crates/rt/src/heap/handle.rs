//! Handles: objects that hold a counted reference to something outside the heaps.
//!
//! What that is, the heap does not know: the object names its operations. Heaps and messages keep their handles
//! on a list through the objects themselves; where an object dies, its reference is released.
//!
//! Must never call an operation that touches the heap whose list is being walked: operations may touch
//! other actors only through what messages touch.

use sepal_abi::{DescId, Header, ObjPtr};

/// What can be done with a kind of reference.
#[derive(Debug)]
pub struct HandleOps {
    /// Counts one more reference to what is at the address.
    pub retain: unsafe fn(address: usize),
    /// Gives up one reference.
    pub release: unsafe fn(address: usize),
}

/// An object of [`DescId::HANDLE`].
#[derive(Debug)]
#[repr(C)]
pub struct Handle {
    pub header: Header,
    /// The kind: two handles are of one kind iff they name the same operations.
    pub ops: &'static HandleOps,
    pub address: usize,
    /// The next on the list of the heap or message that owns the object.
    pub(crate) next: *mut Handle,
}

const _: () = assert!(size_of::<Handle>() == 32);

impl Handle {
    /// An object as a handle, if it is one.
    ///
    /// # Safety
    /// `object` must be an object.
    pub unsafe fn of(object: ObjPtr) -> Option<*mut Handle> {
        // SAFETY: the caller vouches for the object.
        let header = unsafe { (*object).header };
        (header.desc() == DescId::HANDLE).then(|| object.cast())
    }
}

/// The handles of a heap or message.
#[derive(Debug)]
pub(crate) struct HandleList {
    pub(crate) first: *mut Handle,
}

impl HandleList {
    pub(crate) const EMPTY: HandleList = HandleList { first: std::ptr::null_mut() };

    /// Adds an object.
    ///
    /// # Safety
    /// It must be a handle on no list, that lives until it is released or the list forgotten.
    pub(crate) unsafe fn push(&mut self, handle: *mut Handle) {
        // SAFETY: the caller vouches for the object.
        unsafe { (*handle).next = self.first };
        self.first = handle;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_null()
    }

    /// All handles.
    pub(crate) fn iter(&self) -> impl Iterator<Item = *mut Handle> + use<> {
        let first = (!self.first.is_null()).then_some(self.first);
        std::iter::successors(first, |&handle| {
            // SAFETY: listed handles are alive.
            let next = unsafe { (*handle).next };
            (!next.is_null()).then_some(next)
        })
    }

    /// Keeps those that `keep` gives an address for, there; releases the others.
    ///
    /// # Safety
    /// The addresses given must hold the same handles.
    pub(crate) unsafe fn update(&mut self, keep: impl Fn(*mut Handle) -> Option<*mut Handle>) {
        let mut next = std::mem::replace(self, HandleList::EMPTY).first;
        while !next.is_null() {
            let handle = next;
            // SAFETY: listed handles are alive, or their memory was not used again yet; the caller vouches for
            // what `keep` gives.
            unsafe {
                next = (*handle).next;
                match keep(handle) {
                    Some(kept) => self.push(kept),
                    None => ((*handle).ops.release)((*handle).address),
                }
            }
        }
    }

    /// Releases all.
    pub(crate) fn release_all(&mut self) {
        // SAFETY: none is kept.
        unsafe { self.update(|_| None) };
    }
}
