//! Arrays in the image, as the object file or the JIT lays them down. Must never own what it points to.

use core::fmt;

/// A table in the image: an address and a count.
#[repr(C)]
pub struct Table<T: 'static> {
    ptr: *const T,
    len: usize,
}

impl<T> Table<T> {
    /// No entries.
    pub const EMPTY: Table<T> = Table { ptr: core::ptr::null(), len: 0 };

    /// A table over static data.
    pub const fn new(items: &'static [T]) -> Table<T> {
        Table { ptr: items.as_ptr(), len: items.len() }
    }

    /// A table over data that the caller keeps alive and unchanged while the table is in use.
    ///
    /// # Safety
    /// `ptr` must point to `len` valid entries for as long as the table is read.
    pub const unsafe fn from_raw(ptr: *const T, len: usize) -> Table<T> {
        Table { ptr, len }
    }

    /// The entries.
    pub const fn as_slice(&self) -> &[T] {
        if self.len == 0 {
            return &[];
        }
        // SAFETY: by construction `ptr` points to `len` entries that outlive the table's use.
        unsafe { core::slice::from_raw_parts(self.ptr, self.len) }
    }
}

impl Table<u8> {
    /// The bytes as text; images hold UTF-8 only, anything else reads as `?`.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(self.as_slice()).unwrap_or("?")
    }
}

impl<T> Clone for Table<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Table<T> {}

impl<T: fmt::Debug> fmt::Debug for Table<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.as_slice()).finish()
    }
}

// SAFETY: a table is read-only data for as long as it is used.
unsafe impl<T: Sync> Sync for Table<T> {}
// SAFETY: as above; the address means the same in every thread.
unsafe impl<T: Sync> Send for Table<T> {}
