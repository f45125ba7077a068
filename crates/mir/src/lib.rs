//! The middle of the compiler: typed SSA over scalars that every engine runs or translates.
//!
//! `ops` holds the one table of operations. Must never know Sepal's syntax or types, an engine, or
//! the runtime beyond `abi`.

mod effects;
mod entities;
mod field;
mod function;
mod keywords;
mod module;
mod types;

pub mod analysis;
pub mod builder;
pub mod ops;
pub mod passes;
pub mod suspend;
pub mod text;
pub mod tier;
pub mod verify;

pub use builder::{FunctionBuilder, Variable};
pub use effects::{Effects, MemClass};
pub use entities::*;
pub use field::{Field, FloatBits};
pub use function::{BlockData, FuncAttrs, Function, InstData, Pools, Results, ValueData, ValueDef};
pub use keywords::*;
pub use module::*;
pub use ops::{Op, OpVisitor, ResultRule, Terminator, TerminatorVisitor};
pub use types::{Signature, Type};
