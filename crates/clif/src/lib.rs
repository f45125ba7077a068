//! Native code: MIR to Cranelift IR, then into memory (`jit`) or an object file (`object`).
//!
//! There is one lowering. Both outputs take the same functions and the same data, and differ only in the
//! Cranelift module that receives them. Must never link the runtime, know a single runtime function beyond the
//! table of `abi`, or have memory that is writable and executable at once.
//!
//! Conventions of the code made here: `CallConv::Tail` between Sepal functions, `r15` pinned to the
//! context, frame pointers kept in every function; runtime and C functions are System V.

mod builder;
mod compile;
mod data;
mod decls;
mod dwarf;
mod image;
mod isa;
mod jit;
mod memory;
mod object;
mod section;
mod slots;
mod text;
mod thunks;
mod tiers;
mod translate;

#[cfg(test)]
mod tests;

pub use isa::{Options, Target};
pub use jit::{JitProgram, RtAddress, compile_jit, compile_tiers};
pub use object::compile_object;
pub use slots::Tiering;
pub use text::{asm_text, clif_text};

use cranelift_codegen::CodegenError;
use cranelift_module::ModuleError;
use std::fmt;

/// Why a program cannot be compiled although it is correct.
#[derive(Debug)]
pub enum Error {
    /// A function is declared but has no body.
    Undefined(String),
    /// A C function that the program declares is not in this process.
    UnknownExtern(String),
    /// This machine is not one we make code for.
    Host(&'static str),
    /// A function is beyond Cranelift's limits.
    Function { name: String, reason: CodegenError },
    /// Cranelift's module refused a definition: a name with a NUL, no memory.
    Module(Box<ModuleError>),
    /// The object file could not be written.
    Object(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Undefined(name) => write!(f, "`{name}` has no body"),
            Error::UnknownExtern(name) => write!(f, "there is no C function `{name}`"),
            Error::Host(reason) => write!(f, "no native code for this machine: {reason}"),
            Error::Function { name, reason } => write!(f, "cannot compile `{name}`: {reason}"),
            Error::Module(error) => write!(f, "cannot compile: {error}"),
            Error::Object(reason) => write!(f, "cannot write the object file: {reason}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<ModuleError> for Error {
    fn from(error: ModuleError) -> Error {
        Error::Module(Box::new(error))
    }
}
