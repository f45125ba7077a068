//! The text form of MIR, both ways.
//!
//! Must never accept what it does not print, apart from blanks and comments (`;` to the end of the
//! line), and must never panic on any text.
//!
//! Every entity of a module stands on a line of its own with its id, in order; then the functions:
//! ```text
//! file0 = "main.spl"
//! !0 = file0:3:5 "main"
//! !1 = file0:9:1 "inc" at !0
//! layout0 = "Point" {f64, f64} immutable
//! layout1 = "[int]" [i64]
//! fn0 "main" () -> (i64) {
//! block0:
//!     v0: i64 = const_int i64, 42
//!     v1: i64 = checked_op sadd, v0, v0 !1
//!     return_ [v1]
//! }
//! ```

mod cursor;
mod parse;
mod print;

pub use cursor::{Cursor, ParseError};
pub use parse::parse_module;
pub use print::{print_function, print_module};
