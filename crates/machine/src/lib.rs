//! What only the machine and the kernel know: the layouts of kernel structures and the sequences
//! that no compiler writes.
//!
//! Everything for x86-64 Linux stands in this crate. Must never know an object, a heap or an actor:
//! addresses are given to it.

pub mod ccall;
pub mod cpu;
pub mod cwait;
pub mod fault;
pub mod r#gen;
pub mod layout;
pub mod memory;
pub mod notice;
pub mod timer;
