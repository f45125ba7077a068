//! What each opcode does, by topic: small functions of the place, the instruction's first word and the
//! machine, which give the next place. The table says which opcode has which.
//!
//! Must never loop over user code or call themselves: depth of calls is on the register stack alone.

pub mod call;
pub mod cast;
pub mod control;
pub mod float;
pub mod int;
pub mod memory;
pub mod object;
pub mod system;
