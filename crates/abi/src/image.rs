//! The image: everything about a program that the runtime must know, as the object file or the
//! JIT lays it down. All tables live as long as the program runs and are read-only.

use crate::ABI_VERSION;
use crate::desc::TypeDesc;
use crate::table::Table;
use core::sync::atomic::{AtomicPtr, Ordering};

/// A piece of [`Image::texts`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
pub struct TextRange {
    pub offset: u32,
    pub len: u32,
}

/// Stands for no location: the `parent` of a location that was not inlined.
pub const NO_LOC: u32 = u32::MAX;

/// A place in the source, by index in [`Image::locs`]: what one line of a panic report says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
pub struct LocEntry {
    /// The file's name without its folder.
    pub file: TextRange,
    /// The function's name.
    pub function: TextRange,
    pub line: u32,
    pub col: u32,
    /// Where this function was inlined, or [`NO_LOC`].
    pub parent: u32,
}

/// A compiled function, and which of [`Image::code_locs`] are its own.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct FnMap {
    pub start: *const u8,
    pub size: u32,
    /// The index of its first entry.
    pub first: u32,
    /// The number of its entries, which ascend by offset.
    pub count: u32,
    pub reserved: u32,
}

/// A return address in a compiled function and the place it belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
pub struct CodeLoc {
    /// The return address as an offset from the function's start.
    pub offset: u32,
    /// An index in [`Image::locs`].
    pub loc: u32,
}

/// Code that was compiled while the program runs: one piece of a list that only grows.
#[derive(Debug)]
#[repr(C)]
pub struct MoreCode {
    /// The piece before it, or null.
    pub before: *const MoreCode,
    /// The number of its first place; those before are the image's and the earlier pieces'.
    pub first_loc: u32,
    pub locs: Table<LocEntry>,
    pub functions: Table<FnMap>,
    pub code_locs: Table<CodeLoc>,
}

// SAFETY: a piece is read-only once it is in the list.
unsafe impl Sync for MoreCode {}
// SAFETY: as above.
unsafe impl Send for MoreCode {}

/// A program for the runtime. The object file exports it as `sepal_image`.
#[derive(Debug)]
#[repr(C)]
pub struct Image {
    /// [`ABI_VERSION`] of the compiler.
    pub version: u32,
    /// The descriptor of the entry's frame, if the entry may suspend; else 0.
    pub entry_desc: u32,
    /// The descriptor of id `FIRST_OWN + i` at index `i`.
    pub descs: Table<TypeDesc>,
    /// The compiled `main`: `fn() -> I64` in the tail convention, giving the exit code; or, with a frame, the
    /// code that resumes it, and the exit code is the frame's result. Null where an engine runs the program itself.
    pub entry: *const u8,
    /// The area of module-level constants; null if the runtime shall make it.
    pub globals: *mut u64,
    /// Its length in words.
    pub global_words: usize,
    /// The indices of its traced words.
    pub global_refs: Table<u32>,
    pub locs: Table<LocEntry>,
    pub functions: Table<FnMap>,
    pub code_locs: Table<CodeLoc>,
    /// The names of symbols; a symbol's value is its index.
    pub symbols: Table<TextRange>,
    /// UTF-8 that all `TextRange`s point into.
    pub texts: Table<u8>,
    /// Not 0: pending defers, closures without parameters and results, may wait, and so give null or
    /// the frame in which they have suspended.
    pub defers_may_wait: u64,
    /// The last piece of the code that came later; null where none ever comes. Whoever puts a piece there
    /// stores with `Release`.
    pub more: *const AtomicPtr<MoreCode>,
}

// SAFETY: images are read-only but for the globals, which belong to the one actor that runs.
unsafe impl Sync for FnMap {}
// SAFETY: as above.
unsafe impl Sync for Image {}

impl Image {
    /// An image of nothing, to be filled in.
    pub const EMPTY: Image = Image {
        version: ABI_VERSION,
        entry_desc: 0,
        descs: Table::EMPTY,
        entry: core::ptr::null(),
        globals: core::ptr::null_mut(),
        global_words: 0,
        global_refs: Table::EMPTY,
        locs: Table::EMPTY,
        functions: Table::EMPTY,
        code_locs: Table::EMPTY,
        symbols: Table::EMPTY,
        texts: Table::EMPTY,
        defers_may_wait: 0,
        more: core::ptr::null(),
    };

    /// The text of a range; images are made by the compiler, a range outside reads as `?`.
    pub fn text(&self, range: TextRange) -> &str {
        let (from, len) = (range.offset as usize, range.len as usize);
        let bytes = self.texts.as_slice().get(from..from + len);
        bytes.and_then(|bytes| core::str::from_utf8(bytes).ok()).unwrap_or("?")
    }

    /// The code that came later, the last piece first.
    pub fn more(&self) -> impl Iterator<Item = &MoreCode> {
        // SAFETY: it is null or lives as long as the program runs.
        let last = unsafe { self.more.as_ref() }.map(|last| last.load(Ordering::Acquire));
        // SAFETY: pieces are null, or live and stay unchanged as long as the program runs.
        let first = last.and_then(|last| unsafe { last.as_ref() });
        // SAFETY: as above.
        core::iter::successors(first, |piece| unsafe { piece.before.as_ref() })
    }

    /// The place of a number.
    pub fn loc(&self, loc: u32) -> Option<&LocEntry> {
        let later = |piece: &'_ MoreCode| loc >= piece.first_loc;
        let own = || self.locs.as_slice().get(loc as usize);
        own().or_else(|| {
            let piece = self.more().find(|piece| later(piece))?;
            piece.locs.as_slice().get((loc - piece.first_loc) as usize)
        })
    }

    /// The function whose code an address lies in, and its return addresses.
    pub fn function_at(&self, pc: usize) -> Option<(&FnMap, &[CodeLoc])> {
        let pieces = core::iter::once((&self.functions, &self.code_locs));
        let more = self.more().map(|piece| (&piece.functions, &piece.code_locs));
        pieces.chain(more).find_map(|(functions, code_locs)| {
            let contains = |f: &&FnMap| pc.wrapping_sub(f.start as usize) < f.size as usize;
            let function = functions.as_slice().iter().find(contains)?;
            let range = function.first as usize..function.first as usize + function.count as usize;
            Some((function, code_locs.as_slice().get(range).unwrap_or(&[])))
        })
    }
}

const _: () = assert!(size_of::<Table<u8>>() == 16);
const _: () = assert!(size_of::<LocEntry>() == 28);
const _: () = assert!(size_of::<FnMap>() == 24);
const _: () = assert!(size_of::<CodeLoc>() == 8);
const _: () = assert!(core::mem::offset_of!(Image, descs) == 8);
const _: () = assert!(core::mem::offset_of!(Image, entry) == 24);
const _: () = assert!(core::mem::offset_of!(Image, globals) == 32);
const _: () = assert!(core::mem::offset_of!(Image, global_words) == 40);
const _: () = assert!(core::mem::offset_of!(Image, global_refs) == 48);
const _: () = assert!(core::mem::offset_of!(Image, locs) == 64);
const _: () = assert!(core::mem::offset_of!(Image, functions) == 80);
const _: () = assert!(core::mem::offset_of!(Image, code_locs) == 96);
const _: () = assert!(core::mem::offset_of!(Image, symbols) == 112);
const _: () = assert!(core::mem::offset_of!(Image, texts) == 128);
const _: () = assert!(size_of::<Image>() == 160);
