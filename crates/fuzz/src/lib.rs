//! What any text must do to the compiler: nothing bad. The claims in [`targets`] are tried on mutated texts by the
//! program of this crate, on any toolchain, and by libFuzzer (`fuzz/` in the repository's root).
//!
//! Must never run a program that it compiled: texts may ask for anything.

pub mod corpus;
pub mod mutate;
pub mod targets;
