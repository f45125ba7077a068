//! Values as text: numbers, quoted strings, format specifications.
//!
//! Pure functions over Rust strings; objects are not known here.

pub mod float;
pub mod format;
pub mod parse;
pub mod quote;
