//! From the declarations of the tree to the program's tables.
//!
//! Three steps over a batch of modules that were loaded together: names are declared
//! ([`declare`]), imports bound (in `load`), and headers read ([`headers`], [`impls`]): fields,
//! signatures, bounds. After them every name and type of the batch can be looked up.
//! Must never check a body, except to find a type that was left out.

mod attrs;
mod constants;
mod declare;
mod finite;
mod growing;
mod headers;
mod impls;
mod keys;
mod script;

use crate::ir::*;
use sepal_syntax::ast;

/// A declaration whose header is still to be read.
#[derive(Clone, Copy)]
pub(crate) struct Task {
    pub(crate) module: ModuleId,
    pub(crate) item: ast::ItemId,
    pub(crate) what: TaskKind,
}

#[derive(Clone, Copy)]
pub(crate) enum TaskKind {
    Adt(AdtId),
    Trait(TraitId),
    Impl,
    Fn(FnId),
    Const(ConstId),
    Actor(ActorId),
}
