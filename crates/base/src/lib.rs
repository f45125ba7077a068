//! What every crate of the compiler shares: places in source text, interned names, typed ids,
//! and diagnostics (the registry of codes, the sink, the renderer).
//!
//! Must never know anything of the language itself: no tokens, no trees, no types.

pub mod codes;
mod diagnostic;
pub mod graph;
mod ids;
mod render;
mod source;
mod span;
pub mod suggest;
mod symbol;

pub use codes::{Code, Severity};
pub use diagnostic::{Diagnostic, Diagnostics, Label, Suggestion};
pub use ids::{Id, IdRange, IdVec};
pub use render::{Style, render, render_all};
pub use source::{LineCol, SourceFile, SourceMap};
pub use span::{FileId, Span};
pub use symbol::Symbol;
