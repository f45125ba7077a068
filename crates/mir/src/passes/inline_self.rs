//! A small recursive function is inlined into itself, once: half the calls go.
//!
//! Needs: the function as good as it will get, since a copy of it is what is inlined. Breaks: blocks.

pub use super::inline::run_on_itself as run;
