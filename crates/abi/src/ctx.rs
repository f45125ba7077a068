//! The context: the words of the running actor that compiled code reaches through `r15`.
//!
//! Compiled code reads `limit`, `alloc_ptr`, `alloc_end`, `panic` and `globals`, and writes
//! `alloc_ptr` alone. Everything is read and written by the thread that runs the actor; only
//! `limit` will ever be poisoned by another.

use core::mem::offset_of;

/// See the module's head. The runtime's actor begins with it.
#[derive(Debug)]
#[repr(C)]
pub struct Ctx {
    /// Compiled code polls: when the stack pointer is below, it calls `rt_poll`.
    pub limit: usize,
    /// Where the next object goes. The bytes from here to `alloc_end` are zero.
    pub alloc_ptr: usize,
    /// An object that would end beyond is made by `rt_alloc`.
    pub alloc_end: usize,
    /// Not 0: a runtime function has raised the panic of this code; its results mean nothing.
    pub panic: u64,
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
        };
        offset as i32
    }
}

const _: () = assert!(offset_of!(Ctx, limit) == 0);
const _: () = assert!(offset_of!(Ctx, alloc_ptr) == 8);
const _: () = assert!(offset_of!(Ctx, alloc_end) == 16);
const _: () = assert!(offset_of!(Ctx, panic) == 24);
const _: () = assert!(offset_of!(Ctx, globals) == 32);
const _: () = assert!(offset_of!(Ctx, entry_sp) == 40);
const _: () = assert!(size_of::<Ctx>() == 48);
