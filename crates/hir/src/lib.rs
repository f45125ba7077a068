//! From the syntax tree to the typed, desugared program: names, types, traits, effects,
//! exhaustiveness.
//!
//! Must never read a file, know a runtime function's address or decide how a value is laid out.

mod body;
mod by_name;
mod check;
mod collect;
mod consequences;
mod derive;
pub mod dump;
mod effects;
mod infer;
mod init;
pub mod intrinsics;
pub mod ir;
pub mod lang;
mod library;
mod load;
mod names;
mod owners;
pub mod patterns;
mod print;
mod program;
mod report;
mod scope;
mod session;
mod test_entries;
#[cfg(test)]
mod tests;
mod traits;
pub mod ty;
mod types;
mod walk;

pub use check::check;
pub use ir::*;
pub use load::{LoadError, LoadedSource, SourceLoader};
pub use program::{Program, Resolved};
// Operators and the like, which the typed program has in common with the tree.
pub use sepal_syntax::ast;
pub use ty::{FloatTy, FnTy, IntTy, Ty, TyKind};
