//! Functions that C calls and that leave its stack: to wait, to call what may wait, or for good.
//!
//! No Rust frame may stand on a stack that is left, so each of them is machine code around Rust functions that ask and
//! answer. The macros here make such functions, under the names that C knows them by; what they leave is entered again by
//! [`proceed_actor`](crate::gen::proceed_actor).
//!
//! Must never keep anything of a call but in registers that C's callees keep, and on the stack that is left.

use std::arch::naked_asm;

/// What a step gives: the result, and null or the slot of the entry that is to be left for now.
#[derive(Debug)]
#[repr(C)]
pub struct Step {
    pub value: i64,
    pub leave: *mut usize,
}

/// A call with two arguments.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Call {
    pub code: *const u8,
    pub first: *const u8,
    pub second: *const u8,
}

/// Makes a call, in the place of this one: to be entered with the address of what is to be called.
///
/// # Safety
/// `code` must be a C function for these arguments, and whatever else it asks of its callers must hold.
#[unsafe(naked)]
pub unsafe extern "C" fn make_call(call: *const Call) {
    naked_asm!(
        "mov rax, [rdi + {code}]",
        "mov rsi, [rdi + {second}]",
        "mov rdi, [rdi + {first}]",
        "jmp rax",
        code = const std::mem::offset_of!(Call, code),
        first = const std::mem::offset_of!(Call, first),
        second = const std::mem::offset_of!(Call, second),
    )
}

/// `fn name(argument) -> result: begin, step;` makes C functions of at most one argument, an `i64`, that may wait: each
/// calls `begin(argument)` and then `step(argument)`, until there is a result; as long as there is none it leaves the
/// stack in between.
///
/// Whoever calls such a function must have been entered through the slot that a step names, on a stack of its own.
#[macro_export]
macro_rules! waiting_functions {
    ($($(#[$meta:meta])* fn $name:ident($($param:ident)?) -> $result:ty: $begin:ident, $step:ident;)*) => {$(
        const _: (unsafe extern "C" fn(i64), unsafe extern "C" fn(i64) -> $crate::cwait::Step) =
            ($begin, $step);

        $(#[$meta])*
        #[unsafe(no_mangle)]
        #[unsafe(naked)]
        pub unsafe extern "C" fn $name($($param: i64)?) -> $result {
            std::arch::naked_asm!(
                "push rbx", // the stack is aligned for calls now
                "mov rbx, rdi",
                "call {begin}",
                "2:",
                "mov rdi, rbx",
                "call {step}",
                "test rdx, rdx",
                "jz 3f",
                "mov rdi, rdx",
                "call {leave}",
                "jmp 2b",
                "3:",
                "pop rbx",
                "ret",
                begin = sym $begin,
                step = sym $step,
                leave = sym $crate::r#gen::yield_actor,
            )
        }
    )*};
}

/// `fn name(argument): begin, end;` makes a C function that calls another one, which may wait: the one that `begin(argument)`
/// gives, with the same argument, or none if that is null. Its result is what `end(argument, result)` makes of that;
/// if nothing was called, `end` is given 0.
#[macro_export]
macro_rules! function_around_call {
    ($(#[$meta:meta])* fn $name:ident($param:ident): $begin:ident, $end:ident;) => {
        const _: (unsafe extern "C" fn(i64) -> *const u8, unsafe extern "C" fn(i64, i64) -> i64) =
            ($begin, $end);

        $(#[$meta])*
        #[unsafe(no_mangle)]
        #[unsafe(naked)]
        pub unsafe extern "C" fn $name($param: i64) -> i64 {
            std::arch::naked_asm!(
                "push rbx", // the stack is aligned for calls now
                "mov rbx, rdi",
                "call {begin}",
                "test rax, rax",
                "jz 2f",
                "mov rdi, rbx",
                "call rax",
                "2:",
                "mov rdi, rbx",
                "mov rsi, rax",
                "pop rbx",
                "jmp {end}",
                begin = sym $begin,
                end = sym $end,
            )
        }
    };
}

/// `fn name(argument): stack, live;` makes a C function that leaves its thread's stack for another one, whose 16-byte
/// aligned end `stack()` gives: there it calls `live(argument, sp)`, which never returns. `name` returns where
/// [`proceed_actor`](crate::gen::proceed_actor) goes on from `sp`; at once if `stack` gives null.
#[macro_export]
macro_rules! function_that_moves {
    ($(#[$meta:meta])* fn $name:ident($param:ident): $stack:ident, $live:ident;) => {
        const _: (extern "C" fn() -> *mut u8, extern "C" fn(i32, usize) -> !) = ($stack, $live);

        $(#[$meta])*
        #[unsafe(no_mangle)]
        #[unsafe(naked)]
        pub unsafe extern "C" fn $name($param: i32) {
            std::arch::naked_asm!(
                $crate::push_kept!(),
                "mov ebx, edi",
                "sub rsp, 8",
                "call {stack}",
                "add rsp, 8",
                "test rax, rax",
                "jz 2f",
                "mov edi, ebx",
                "mov rsi, rsp",
                "mov rsp, rax",
                "xor ebp, ebp",
                "call {live}",
                "ud2",
                "2:",
                $crate::pop_kept!(),
                "ret",
                stack = sym $stack,
                live = sym $live,
            )
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::r#gen::{EntryStatus, enter_actor, proceed_actor, yield_actor};
    use crate::memory::Stack;
    use std::cell::Cell;
    use std::ptr::{null, null_mut};

    const SIZE: usize = 256 * 1024;

    thread_local! {
        static SLOT: Cell<usize> = const { Cell::new(0) };
        /// How often the next steps leave the stack.
        static LEAVES: Cell<i64> = const { Cell::new(0) };
        static LOG: Cell<i64> = const { Cell::new(0) };
    }

    fn note(digit: i64) {
        LOG.set(10 * LOG.get() + digit);
    }

    unsafe extern "C" fn begin(argument: i64) {
        note(argument);
        LEAVES.set(2);
    }

    unsafe extern "C" fn step(argument: i64) -> Step {
        note(argument + 1);
        let left = LEAVES.replace(LEAVES.get() - 1);
        let leave = if left > 0 { SLOT.with(Cell::as_ptr) } else { null_mut() };
        Step { value: 7 * argument, leave }
    }

    waiting_functions! {
        fn machine_test_wait(_argument) -> i64: begin, step;
    }

    unsafe extern "C" fn code_of(argument: i64) -> *const u8 {
        note(4);
        if argument == 0 { null() } else { machine_test_wait as *const u8 }
    }

    unsafe extern "C" fn end(argument: i64, result: i64) -> i64 {
        note(5);
        100 * argument + result
    }

    function_around_call! {
        fn machine_test_around(_argument): code_of, end;
    }

    /// Enters a function and goes on with it until it returns.
    fn run(code: *const u8, argument: u64) -> (u64, usize) {
        let stack = Stack::new(SIZE).expect("memory");
        let slot = SLOT.with(Cell::as_ptr);
        // SAFETY: C functions of one integer parameter, on a stack of their own; the slot is this thread's.
        unsafe {
            let mut result = enter_actor(slot, null_mut(), code, argument, stack.top());
            let mut times = 0;
            while result.status == EntryStatus::Preempted {
                times += 1;
                result = proceed_actor(slot, result.value as usize);
            }
            assert_eq!(result.status, EntryStatus::Returned);
            (result.value, times)
        }
    }

    #[test]
    fn a_function_asks_until_there_is_an_answer() {
        assert_eq!(run(machine_test_wait as *const u8, 1), (7, 2));
        assert_eq!(LOG.get(), 1222);
    }

    #[test]
    fn a_function_is_called_between_two_others() {
        assert_eq!(run(machine_test_around as *const u8, 1), (107, 2));
        assert_eq!(LOG.replace(0), 4_12225);
        assert_eq!(run(machine_test_around as *const u8, 0), (0, 0));
        assert_eq!(LOG.get(), 45);
    }

    unsafe extern "C" fn subtract(first: i64, second: i64) -> i64 {
        first - second
    }

    #[test]
    fn a_call_has_both_its_arguments() {
        let (code, first, second) = (subtract as *const u8, 50 as *const u8, 8 as *const u8);
        let call = Call { code, first, second };
        assert_eq!(run(make_call as *const u8, &raw const call as u64), (42, 0));
    }

    extern "C" fn stack() -> *mut u8 {
        if LOG.replace(1) > 0 {
            return null_mut();
        }
        // The test's thread ends elsewhere: what stands on the stack stays there.
        std::mem::ManuallyDrop::new(Stack::new(SIZE).expect("memory")).top()
    }

    extern "C" fn live(argument: i32, sp: usize) -> ! {
        note(i64::from(argument));
        let (slot, mut sp) = (SLOT.with(Cell::as_ptr), sp);
        loop {
            // SAFETY: what was left is entered once each time.
            let result = unsafe { proceed_actor(slot, sp) };
            assert_eq!(result.status, EntryStatus::Preempted);
            note(3);
            sp = result.value as usize;
        }
    }

    function_that_moves! {
        fn machine_test_move(_argument): stack, live;
    }

    #[test]
    fn a_thread_goes_on_where_it_was_left_within_another_stacks_life() {
        // SAFETY: this thread's stack is entered from `live` from now on, through the slot.
        unsafe {
            machine_test_move(2);
            assert_eq!(LOG.get(), 12);
            yield_actor(SLOT.with(Cell::as_ptr));
            assert_eq!(LOG.get(), 123);
            machine_test_move(5);
        }
        assert_eq!(LOG.get(), 1, "the second time nothing moves");
    }
}
