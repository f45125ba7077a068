//! What the random tests share: a generator of programs and a plain evaluator.

pub mod eval;
pub mod programs;
