//! What passes and the verifier ask about a function's shape.
//!
//! Must never change a function.

mod cfg;
mod liveness;
mod loops;

pub use cfg::{Cfg, DominatorTree, Edge};
pub use liveness::Liveness;
pub use loops::{Loop, LoopId, Loops};
