//! From the syntax tree to the typed, desugared program: names, types, traits, effects,
//! exhaustiveness.
//!
//! Must never read a file, know a runtime function's address or decide how a value is laid out.

pub mod intrinsics;
pub mod ir;
pub mod lang;
mod program;
pub mod ty;

pub use sepal_syntax::ast;
pub use ir::*;
pub use program::{Program, Resolved};
pub use ty::{FloatTy, FnTy, IntTy, Ty, TyKind};
