//! The machine-code sequences: entering an actor's code, leaving it abruptly, showing all
//! registers to a scan.
//!
//! Compiled code uses Cranelift's tail convention: integer arguments in `rdi rsi …`, the first result
//! in `rax`, callee-saved registers as in C, `r15` pinned to the context. Each entry saves the stack
//! pointer of its frame in a *slot*; slots nest, since the old value is kept in the frame.
//!
//! Must never be left through a Rust frame that owns something: `abandon_actor` runs no destructors.

use std::arch::naked_asm;

/// Pushes the registers that a callee keeps, and [`pop_kept!`](crate::pop_kept) pops them: a stack that was left ends so.
#[doc(hidden)]
#[macro_export]
macro_rules! push_kept {
    () => {
        "push rbp\npush rbx\npush r12\npush r13\npush r14\npush r15"
    };
}

/// See [`push_kept!`](crate::push_kept).
#[doc(hidden)]
#[macro_export]
macro_rules! pop_kept {
    () => {
        "pop r15\npop r14\npop r13\npop r12\npop rbx\npop rbp"
    };
}

/// How an entry came back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u64)]
pub enum EntryStatus {
    /// The code returned; `value` is its first result.
    Returned = 0,
    /// The code was left by [`abandon_actor`].
    Abandoned = 1,
    /// The code has called [`yield_actor`]; `value` is its stack pointer, for [`proceed_actor`].
    Preempted = 2,
}

/// What an entry gives: two registers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
pub struct EntryResult {
    pub value: u64,
    pub status: EntryStatus,
}

/// Calls compiled code: sets `r15` to `ctx`, switches to the stack that ends at `stack_top` (null: stays
/// on this one), calls `code` with `arg` as its first integer argument and 0 as its second: code that may
/// wait takes a frame to go on with there. The code's frame-pointer chain ends at this frame.
///
/// # Safety
/// `code` must be tail-convention code for at most two integer parameters; `stack_top` must be null or
/// the 16-byte aligned end of a stack on which nothing runs; `slot` must stay valid and be touched by
/// nothing else until this returns.
#[unsafe(naked)]
pub unsafe extern "C" fn enter_actor(
    slot: *mut usize,
    ctx: *mut u8,
    code: *const u8,
    arg: u64,
    stack_top: *mut u8,
) -> EntryResult {
    naked_asm!(
        crate::push_kept!(),
        "push rdi",             // the slot, for the way out
        "push qword ptr [rdi]", // the entry frame outside this one
        "mov [rdi], rsp",
        "mov rbx, rdi", // compiled code keeps rbx
        "mov r15, rsi",
        "xor esi, esi",
        "test r8, r8",
        "cmovz r8, rsp",
        "and r8, -16",
        "mov rsp, r8",
        "mov rdi, rcx",
        "xor ebp, ebp",
        "call rdx",
        "xor edx, edx",
        "mov rsp, [rbx]",
        "jmp {leave}",
        leave = sym leave_entry,
    )
}

/// Leaves the innermost entry frame of `slot`, as if its code had returned, with the status `Abandoned`.
///
/// # Safety
/// An [`enter_actor`] with this slot must be active in this thread, and no frame between it and here
/// may own anything.
#[unsafe(naked)]
pub unsafe extern "C" fn abandon_actor(slot: *mut usize) -> ! {
    naked_asm!(
        "mov rsp, [rdi]",
        "xor eax, eax",
        "mov edx, 1",
        "jmp {leave}",
        leave = sym leave_entry,
    )
}

/// Leaves the innermost entry frame of `slot` with the status `Preempted`, in such a way that [`proceed_actor`] returns
/// from this call. Compiled code calls it, from the slow path of a poll.
///
/// # Safety
/// An [`enter_actor`] with this slot, on a stack of its own, must be active in this thread, with no frames of
/// another language between it and here.
#[unsafe(naked)]
pub unsafe extern "C" fn yield_actor(slot: *mut usize) {
    naked_asm!(
        crate::push_kept!(),
        "mov rax, rsp",
        "mov rsp, [rdi]",
        "mov edx, 2",
        "jmp {leave}",
        leave = sym leave_entry,
    )
}

/// The frame pointer of the code that has called [`yield_actor`].
///
/// # Safety
/// `sp` must be what came with the status `Preempted`, not yet proceeded from.
pub unsafe fn yielded_frame_pointer(sp: usize) -> usize {
    // SAFETY: the caller vouches for it; `yield_actor` has pushed what `push_kept!` says: six registers, that one first.
    unsafe { (sp as *const usize).add(5).read() }
}

/// Goes on where code has called [`yield_actor`], perhaps on another thread; comes back as [`enter_actor`] does.
///
/// # Safety
/// `sp` must be what came with the status `Preempted` for this slot, not yet proceeded from; the rest as for
/// [`enter_actor`].
#[unsafe(naked)]
pub unsafe extern "C" fn proceed_actor(slot: *mut usize, sp: usize) -> EntryResult {
    naked_asm!(
        crate::push_kept!(),
        "push rdi",
        "push qword ptr [rdi]",
        "mov [rdi], rsp",
        "mov rsp, rsi",
        crate::pop_kept!(),
        "ret",
    )
}

/// The end of all: `rsp` is at the entry frame, `rax` and `rdx` hold the result.
#[unsafe(naked)]
unsafe extern "C" fn leave_entry() {
    naked_asm!("pop rcx", "pop rdi", "mov [rdi], rcx", crate::pop_kept!(), "ret",)
}

/// Calls `f(data, sp)`, where every callee-saved register of the caller stands on the stack at or above `sp`:
/// a scan from `sp` sees all that the callers hold.
///
/// # Safety
/// Calls `f`; nothing else.
#[unsafe(naked)]
pub unsafe extern "C" fn with_registers_spilled(
    f: unsafe extern "C" fn(data: *mut u8, sp: *const u64),
    data: *mut u8,
) {
    naked_asm!(
        crate::push_kept!(),
        "sub rsp, 8",
        "mov rax, rdi",
        "mov rdi, rsi",
        "mov rsi, rsp",
        "call rax",
        "add rsp, 56",
        "ret",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    static mut SLOT_OF_TEST: usize = 0;

    #[unsafe(naked)]
    unsafe extern "C" fn double() -> ! {
        naked_asm!("lea rax, [rdi + rdi]", "xor r12, r12", "ret")
    }

    #[test]
    fn enters_on_both_stacks_and_returns_the_result() {
        let mut stack = vec![0u64; 4096];
        let mut slot = 7usize;
        // SAFETY: `top` lies in `stack`, which nothing else uses.
        let top = unsafe { stack.as_mut_ptr().add(4096) }.map_addr(|a| a & !15).cast();
        for stack_top in [std::ptr::null_mut(), top] {
            let code = double as *const u8;
            // SAFETY: `double` keeps to the convention but for r12, which the entry restores.
            let result =
                unsafe { enter_actor(&mut slot, std::ptr::null_mut(), code, 21, stack_top) };
            assert_eq!(result, EntryResult { value: 42, status: EntryStatus::Returned });
            assert_eq!(slot, 7, "the outer entry is back in the slot");
        }
    }

    unsafe extern "C" fn leaves(depth: u64) -> u64 {
        let slot = &raw mut SLOT_OF_TEST;
        if depth > 0 {
            let code = leaves as *const u8;
            // SAFETY: a C function of one integer parameter fits the convention.
            let inner = unsafe {
                enter_actor(slot, std::ptr::null_mut(), code, depth - 1, std::ptr::null_mut())
            };
            assert_eq!(inner.status, EntryStatus::Abandoned);
        }
        // SAFETY: the test enters before; this frame owns nothing.
        unsafe { abandon_actor(slot) }
    }

    #[test]
    fn abandoning_leaves_one_entry_at_a_time() {
        let slot = &raw mut SLOT_OF_TEST;
        let code = leaves as *const u8;
        // SAFETY: as in `leaves`; only this test uses the slot.
        let result =
            unsafe { enter_actor(slot, std::ptr::null_mut(), code, 3, std::ptr::null_mut()) };
        assert_eq!(result.status, EntryStatus::Abandoned);
        // SAFETY: no entry is active any more.
        assert_eq!(unsafe { *slot }, 0);
    }

    unsafe extern "C" fn look(data: *mut u8, sp: *const u64) {
        // SAFETY: the caller passes a bool; the first seven words above `sp` are the helper's own.
        unsafe {
            let words = std::slice::from_raw_parts(sp, 7);
            *data.cast::<bool>() = words.contains(&0x5ea1_5ea1_5ea1_5ea1);
        }
    }

    #[unsafe(naked)]
    unsafe extern "C" fn hold_in_register(found: *mut bool) {
        naked_asm!(
            "push r13",
            "mov r13, 0x5ea15ea15ea15ea1",
            "mov rsi, rdi",
            "lea rdi, [rip + {look}]",
            "call {spill}",
            "pop r13",
            "ret",
            look = sym look,
            spill = sym with_registers_spilled,
        )
    }

    #[test]
    fn a_value_in_a_register_is_seen_on_the_stack() {
        let mut found = false;
        // SAFETY: calls `look` with the address of `found`.
        unsafe { hold_in_register(&mut found) };
        assert!(found);
    }
}
