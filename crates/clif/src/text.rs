//! What `--emit=clif` and `--emit=asm` show.
//!
//! Must never differ from what is compiled: the same translation, the same settings.

use crate::compile::Worker;
use crate::decls::Decls;
use crate::isa::{Options, Target, isa};
use crate::object::object_module;
use crate::Error;
use sepal_mir::{self as mir, FuncId};
use std::fmt::Write;

/// Cranelift's IR of every function.
pub fn clif_text(mir: &mir::Module, options: &Options) -> Result<String, Error> {
    each_function(mir, options, |worker, id| Ok(worker.translate(id).display().to_string()))
}

/// The machine code of every function, in Cranelift's notation, for the processor of object files.
pub fn asm_text(mir: &mir::Module, options: &Options) -> Result<String, Error> {
    each_function(mir, options, |worker, id| worker.assembly(id))
}

fn each_function(
    mir: &mir::Module,
    options: &Options,
    mut show: impl FnMut(&mut Worker<'_>, FuncId) -> Result<String, Error>,
) -> Result<String, Error> {
    let isa = isa(Target::Portable, options)?;
    let mut module = object_module(isa.clone())?;
    let decls = Decls::declare(&mut module, mir, true)?;
    let mut worker = Worker::new(mir, &decls, &*isa);
    let mut out = String::new();
    for (id, func) in mir.functions.iter_enumerated() {
        // Writing into a string does not fail.
        let _ = writeln!(out, "; {}", func.name);
        out.push_str(&show(&mut worker, id)?);
        out.push('\n');
    }
    Ok(out)
}
