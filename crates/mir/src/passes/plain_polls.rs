//! Polls in every round of every loop: what `polls` does, with loops left as they are, for code that shall be
//! there soon.
//!
//! Needs: nothing; runs last. Breaks: nothing.

use super::{PassCx, polls};
use crate::function::Function;

/// See the module's head.
pub fn run(func: &mut Function, cx: &mut PassCx<'_>) -> bool {
    polls::remove(func);
    polls::put_in(func, cx, &[], polls::at_entry);
    false
}
