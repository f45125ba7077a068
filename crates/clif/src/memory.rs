//! Memory for code: one mapping, first code, then constants, so that everything reaches everything by
//! relative references.
//!
//! Pages are writable until [`JITMemoryProvider::finalize`], then executable or read-only. Must never be
//! writable and executable at once.

use cranelift_jit::{BranchProtection, JITMemoryKind, JITMemoryProvider};
use cranelift_module::{ModuleError, ModuleResult};
use sepal_machine::memory::{map, page_round, unmap};
use std::io;
use std::ptr::NonNull;

/// The bytes of each half. Untouched pages cost nothing.
const HALF: usize = 256 << 20;

/// The mapping and how far each half is used.
pub(crate) struct CodeMemory {
    base: NonNull<u8>,
    code: usize,
    constants: usize,
}

// SAFETY: the mapping belongs to this value alone.
unsafe impl Send for CodeMemory {}

impl CodeMemory {
    /// Maps the memory; `None` if the kernel refuses.
    pub fn new() -> Option<CodeMemory> {
        Some(CodeMemory { base: map(2 * HALF)?, code: 0, constants: 0 })
    }

    /// Changes the protection of the used pages of a half.
    fn protect(&self, start: usize, used: usize, protection: i32) -> ModuleResult<()> {
        let size = page_round(used).expect("a half of the mapping is small");
        // SAFETY: the range lies in the mapping; code is only run, and constants only read, from now on.
        let result =
            unsafe { libc::mprotect(self.base.add(start).as_ptr().cast(), size, protection) };
        if result == 0 {
            return Ok(());
        }
        Err(ModuleError::Allocation { err: io::Error::last_os_error() })
    }
}

impl JITMemoryProvider for CodeMemory {
    fn allocate(&mut self, size: usize, align: u64, kind: JITMemoryKind) -> io::Result<*mut u8> {
        let (start, used) = match kind {
            JITMemoryKind::Executable => (0, &mut self.code),
            JITMemoryKind::ReadOnly => (HALF, &mut self.constants),
            JITMemoryKind::Writable => return Err(io::ErrorKind::Unsupported.into()),
        };
        let offset = used.next_multiple_of(align as usize);
        match offset.checked_add(size).filter(|&end| end <= HALF) {
            Some(end) => *used = end,
            None => return Err(io::ErrorKind::OutOfMemory.into()),
        }
        // SAFETY: the offset lies in the mapping.
        Ok(unsafe { self.base.add(start + offset) }.as_ptr())
    }

    unsafe fn free_memory(&mut self) {
        // SAFETY: the caller says that nobody uses the memory any more.
        unsafe { unmap(self.base, 2 * HALF) };
    }

    fn finalize(&mut self, _: BranchProtection) -> ModuleResult<()> {
        self.protect(0, self.code, libc::PROT_READ | libc::PROT_EXEC)?;
        self.protect(HALF, self.constants, libc::PROT_READ)
    }
}
