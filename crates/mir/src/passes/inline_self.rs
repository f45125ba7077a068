//! A small recursive function is inlined into itself, and once more if it stays small: each time about half the calls go.
//!
//! Needs: the function as good as it will get, since a copy of it is what is inlined. Breaks: blocks.

pub use super::inline::run_on_itself as run;
