//! The runtime for C: the functions of `table` over values of any type, and actors whose bodies are C functions.
//!
//! C code is an engine's like any other: it runs on a native stack of its own, which is left when it waits and
//! entered again when it goes on, by the machine's own sequences. See `docs/c.md`.
//!
//! - `table`: the functions, their types and the header
//! - `values`, `equal`, `collections`, `objects`: what values are and what can be done with them
//! - `actors`, `generators`, `errors`: what runs
//! - `engine`, `bodies`, `start`: how it runs
//! - `current`: the actor of this thread
//!
//! Must never let a Rust frame stand on an actor's stack while that waits: what may wait goes through `waiting`, made of
//! the machine's code.

#![allow(clippy::missing_safety_doc, reason = "what callers promise is said in the header, once")]

mod actors;
mod bodies;
mod collections;
mod current;
mod engine;
mod equal;
mod errors;
mod generators;
mod objects;
mod start;
pub mod table;
mod values;
mod waiting;

/// All exported bodies.
mod exports {
    pub use crate::actors::*;
    pub use crate::collections::*;
    pub use crate::errors::*;
    pub use crate::generators::*;
    pub use crate::objects::*;
    pub use crate::start::rt_init_actor;
    pub use crate::values::*;
    pub use crate::waiting::*;
}
