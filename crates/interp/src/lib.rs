//! The interpreter: MIR to compact register code, function by function at its first call, and one loop that
//! runs it with the same runtime and the same reports as native code.
//!
//! - `code`, `table`: the instructions
//! - `translate`: MIR to code
//! - `dispatch`, `handlers`: the loop and what each opcode does
//! - `engine`: which actor runs on which register stack
//! - `machine`: frames, calls, panics; `state`: the only accesses to registers and objects
//! - `program`, `statics`, `image`: what is made of a module
//!
//! Must never use Rust's stack for calls of the program, and never know the source language.

mod code;
mod dispatch;
mod engine;
mod externs;
mod handlers;
mod image;
mod machine;
mod program;
mod rt_calls;
mod state;
mod statics;
mod table;
mod translate;

#[cfg(test)]
mod tests;

use engine::InterpEngine;
use image::ProgramImage;
use program::Program;
use sepal_mir::{FuncId, Module};
use sepal_rt::{Options, run_engine};

/// A module that can be run.
pub struct Interp<'m> {
    program: Program<'m>,
    image: ProgramImage,
    entry: FuncId,
}

impl<'m> Interp<'m> {
    /// Prepares a verified module; `None` if it has no entry.
    pub fn new(module: &'m Module) -> Option<Interp<'m>> {
        let entry = module.entry?;
        let program = Program::new(module);
        let image = ProgramImage::new(module, program.func_word(entry));
        Some(Interp { program, image, entry })
    }

    /// Runs the program and gives its exit code.
    pub fn run(&self, options: Options) -> i32 {
        let engine = InterpEngine::new(&self.program, self.entry);
        let options = Options { workers: Some(1), ..options };
        // SAFETY: the image was made for this module and lives as long as `self`.
        unsafe { run_engine(self.image.get(), options, &engine) }
    }
}
