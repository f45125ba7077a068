//! Objects, calls, control flow, panics.

use super::{check, compile, main_of};
