//! Memory for code: one mapping, first code, then constants, then data that changes, so that everything reaches
//! everything by relative references.
//!
//! Pages are writable until [`JITMemoryProvider::finalize`]; then those of code can be executed and those of constants
//! only read, and what comes later goes to further pages. Must never be writable and executable at once.

use cranelift_jit::{BranchProtection, JITMemoryKind, JITMemoryProvider};
use cranelift_module::{ModuleError, ModuleResult};
use sepal_machine::memory::{map, page_round, unmap};
use std::io;
use std::ptr::NonNull;

/// The bytes of each part. Untouched pages cost nothing.
const PART: usize = 256 << 20;

/// One use of memory: how much is taken, and how much of that has its final protection.
#[derive(Default)]
struct Part {
    used: usize,
    settled: usize,
}

/// The mapping and its parts.
pub(crate) struct CodeMemory {
    base: NonNull<u8>,
    code: Part,
    constants: Part,
    data: Part,
}

// SAFETY: the mapping belongs to this value alone.
unsafe impl Send for CodeMemory {}

impl CodeMemory {
    /// Maps the memory; `None` if the kernel refuses.
    pub fn new() -> Option<CodeMemory> {
        let base = map(3 * PART)?;
        let (code, constants, data) = Default::default();
        Some(CodeMemory { base, code, constants, data })
    }
}

/// Gives what was taken since the last time its protection; what follows begins at a page of its own.
fn settle(base: NonNull<u8>, part: &mut Part, protection: i32) -> ModuleResult<()> {
    let end = page_round(part.used).expect("a part of the mapping is small");
    if end == part.settled {
        return Ok(());
    }
    // SAFETY: the range lies in the mapping; code is only run, and constants only read, from now on.
    let result = unsafe {
        libc::mprotect(base.add(part.settled).as_ptr().cast(), end - part.settled, protection)
    };
    if result != 0 {
        return Err(ModuleError::Allocation { err: io::Error::last_os_error() });
    }
    *part = Part { used: end, settled: end };
    Ok(())
}

impl JITMemoryProvider for CodeMemory {
    fn allocate(&mut self, size: usize, align: u64, kind: JITMemoryKind) -> io::Result<*mut u8> {
        let (start, part) = match kind {
            JITMemoryKind::Executable => (0, &mut self.code),
            JITMemoryKind::ReadOnly => (PART, &mut self.constants),
            JITMemoryKind::Writable => (2 * PART, &mut self.data),
        };
        let offset = part.used.next_multiple_of(align as usize);
        match offset.checked_add(size).filter(|&end| end <= PART) {
            Some(end) => part.used = end,
            None => return Err(io::ErrorKind::OutOfMemory.into()),
        }
        // SAFETY: the offset lies in the mapping.
        Ok(unsafe { self.base.add(start + offset) }.as_ptr())
    }

    unsafe fn free_memory(&mut self) {
        // SAFETY: the caller says that nobody uses the memory any more.
        unsafe { unmap(self.base, 3 * PART) };
    }

    fn finalize(&mut self, _: BranchProtection) -> ModuleResult<()> {
        settle(self.base, &mut self.code, libc::PROT_READ | libc::PROT_EXEC)?;
        // SAFETY: the second part lies in the mapping.
        settle(unsafe { self.base.add(PART) }, &mut self.constants, libc::PROT_READ)
    }
}
