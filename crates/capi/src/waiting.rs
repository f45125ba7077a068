//! The functions that may wait. Each asks, and as long as there is no answer leaves the actor's stack and asks again when
//! it is entered again; what stands on the stack meanwhile is the machine's code.
//!
//! Must never hold a Rust frame over a wait.

use crate::actors::{
    begin_await, begin_nothing, begin_receive, begin_recv, begin_wait, step_await, step_check,
    step_receive, step_recv, step_wait,
};
use crate::generators::{begin_step, end_step};

sepal_machine::waiting_functions! {
    fn rt_actor_receive(_timeout_ms) -> *const u8: begin_receive, step_receive;
    fn rt_actor_recv() -> i64: begin_recv, step_recv;
    fn rt_wait(_value) -> i64: begin_wait, step_wait;
    fn rt_future_await(_future) -> i64: begin_await, step_await;
    fn rt_reduction_check() -> (): begin_nothing, step_check;
}

sepal_machine::function_around_call! {
    /// Calls the body of a generator, which may wait, between two calls that keep the account of it.
    fn rt_generator_next(_generator): begin_step, end_step;
}
