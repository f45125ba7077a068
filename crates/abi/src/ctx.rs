//! The context: the words of the running actor that compiled code reaches through `r15`.
//!
//! Compiled code reads `limit`, `alloc_ptr`, `alloc_end`, `panic`, `globals` and `marking`, and writes
//! `alloc_ptr` alone. Everything is read and written by the thread that runs the actor; only
//! `limit` is poisoned by others too, at any time. All its accesses are relaxed: a poll that comes too early
//! finds nothing to do, and one that misses the poison is followed by the next.

use core::mem::offset_of;
use core::sync::atomic::AtomicUsize;

/// What [`Ctx::limit`] holds when the next poll shall call `rt_poll`; and afterwards, when the actor shall yield.
pub const POISONED: usize = usize::MAX;

/// See the module's head. The runtime's actor begins with it.
#[derive(Debug)]
#[repr(C)]
pub struct Ctx {
    /// Compiled code polls: when the stack pointer is below, it calls `rt_poll`.
    pub limit: AtomicUsize,
    /// Where the next object goes. The bytes from here to `alloc_end` are zero.
    pub alloc_ptr: usize,
    /// An object that would end beyond is made by `rt_object_alloc`.
    pub alloc_end: usize,
    /// Not 0: a runtime function has raised the panic of this code; its results mean nothing.
    pub panic: u32,
    /// Not 0: the collector is marking in slices. Before code overwrites a traced word of an object, it
    /// calls `rt_gc_log`.
    pub marking: u32,
    /// The area of module-level constants, [`crate::Image::global_words`] words.
    pub globals: *mut u64,
    /// The stack pointer of the innermost entry frame; belongs to `machine::gen`.
    pub entry_sp: usize,
}

/// The fields that code generators address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CtxField {
    Limit,
    AllocPtr,
    AllocEnd,
    Panic,
    Globals,
    Marking,
}

impl CtxField {
    /// The offset from the context's address.
    pub const fn offset(self) -> i32 {
        let offset = match self {
            CtxField::Limit => offset_of!(Ctx, limit),
            CtxField::AllocPtr => offset_of!(Ctx, alloc_ptr),
            CtxField::AllocEnd => offset_of!(Ctx, alloc_end),
            CtxField::Panic => offset_of!(Ctx, panic),
            CtxField::Globals => offset_of!(Ctx, globals),
            CtxField::Marking => offset_of!(Ctx, marking),
        };
        offset as i32
    }
}

impl Ctx {
    /// A context whose actor is not running.
    pub const fn new(globals: *mut u64) -> Ctx {
        Ctx {
            limit: AtomicUsize::new(POISONED),
            alloc_ptr: 0,
            alloc_end: 0,
            panic: 0,
            marking: 0,
            globals,
            entry_sp: 0,
        }
    }
}

const _: () = assert!(offset_of!(Ctx, limit) == 0);
const _: () = assert!(offset_of!(Ctx, alloc_ptr) == 8);
const _: () = assert!(offset_of!(Ctx, alloc_end) == 16);
const _: () = assert!(offset_of!(Ctx, panic) == 24);
const _: () = assert!(offset_of!(Ctx, marking) == 28);
const _: () = assert!(offset_of!(Ctx, globals) == 32);
const _: () = assert!(offset_of!(Ctx, entry_sp) == 40);
const _: () = assert!(size_of::<Ctx>() == 48);
