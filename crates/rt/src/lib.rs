//! The runtime: what a Sepal program needs while it runs, for every engine.
//!
//! Native executables link it as a static library; the JIT and the interpreter call the same
//! functions. It knows programs only as an [`Image`] and values only as objects with descriptors.
//!
//! - [`actor`]: the running actor and its context
//! - [`heap`]: allocation and garbage collection
//! - [`message`]: what passes from heap to heap
//! - [`panics`], [`trace`], [`fault`]: how an actor ends before its time
//! - [`fns`]: the bodies of `abi::rt_fns!`, and their addresses
//! - [`text`]: numbers and strings as text
//! - [`run`]: a program from beginning to exit code
//! - [`sched`]: many actors on few threads
//! - `showing`: the objects of which the text is being made
//! - `pooled`: memory for what comes and goes with actors
//! - `sync`, `count`: what threads share
//! - `observer`: the table of actors for who looks on
//!
//! Must never know the compiler, never call back into user code but for pending defers, and never unwind:
//! no Rust panic is reachable from any program.

pub mod actor;
mod count;
mod fault;
pub mod fns;
mod hash;
pub mod heap;
mod limits;
pub mod message;
#[cfg(feature = "native-main")]
mod native_main;
mod observer;
pub mod panics;
mod pooled;
pub mod run;
pub mod sched;
mod showing;
pub mod stdio;
mod symbols;
mod sync;
pub mod text;
pub mod trace;

#[cfg(test)]
mod pooled_tests;
#[cfg(test)]
mod testing;

pub use actor::{Actor, RootSource};
pub use heap::Pace;
pub use observer::leave_quit_to_children;
pub use run::{
    Ended, MAIN_STACK, Options, Runtime, observe_interval, run_engine, run_main, run_with,
};
pub use sepal_abi::Image;
