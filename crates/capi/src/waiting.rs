//! The functions that may wait. Each asks, and as long as there is no answer leaves the actor's stack and asks again when
//! it is entered again; what stands on the stack meanwhile is machine code.
//!
//! Must never hold a Rust frame over a wait.

use crate::actors::{
    begin_await, begin_nothing, begin_receive, begin_recv, begin_wait, step_await, step_check,
    step_receive, step_recv, step_wait,
};
use crate::generators::{begin_step, end_step};
use sepal_machine::r#gen::yield_actor;

/// A function of one argument that calls `begin(argument)` and then `step(argument)`, which gives the result and null or
/// the place where the stack was entered, to be left for now.
macro_rules! waiting {
    ($($(#[$meta:meta])* $name:ident($($param:ident)?) -> $result:ty: $begin:ident, $step:ident;)*) => {$(
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
                "call {yield_actor}",
                "jmp 2b",
                "3:",
                "pop rbx",
                "ret",
                begin = sym $begin,
                step = sym $step,
                yield_actor = sym yield_actor,
            )
        }
    )*};
}

waiting! {
    rt_actor_receive(_timeout_ms) -> *const u8: begin_receive, step_receive;
    rt_actor_recv() -> i64: begin_recv, step_recv;
    rt_wait(_value) -> i64: begin_wait, step_wait;
    rt_future_await(_future) -> i64: begin_await, step_await;
    rt_reduction_check() -> (): begin_nothing, step_check;
}

/// Calls the body of a generator, which may wait, between two calls that keep the account of it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn rt_generator_next(_generator: i64) -> i64 {
    std::arch::naked_asm!(
        "push rbx",
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
        begin = sym begin_step,
        end = sym end_step,
    )
}
