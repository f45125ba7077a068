//! Object files: ELF, position-independent, exporting `sepal_image`.
//!
//! Text relocations must never be needed: data with addresses is in `.data.rel.ro`, unwind and debug
//! sections are written by `dwarf` with relative or section-relative addresses.

use crate::compile::compile;
use crate::decls::{Decls, Placed};
use crate::dwarf;
use crate::isa::{Options, Target, isa};
use crate::{Error, image};
use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_module::default_libcall_names;
use cranelift_object::{ObjectBuilder, ObjectModule};
use sepal_mir as mir;

/// An empty object file.
pub(crate) fn object_module(isa: OwnedTargetIsa) -> Result<ObjectModule, Error> {
    let builder = ObjectBuilder::new(isa, "sepal", default_libcall_names())?;
    Ok(ObjectModule::new(builder))
}

/// Compiles a verified module to the bytes of an object file.
pub fn compile_object(mir: &mir::Module, options: Options) -> Result<Vec<u8>, Error> {
    let isa = isa(Target::Portable, &options)?;
    let mut module = object_module(isa.clone())?;
    let decls = Decls::declare(&mut module, mir, Placed::InExecutable)?;
    let program = compile(mir, &decls, &*isa, &options, None)?;
    program.define(&mut module, &decls)?;
    decls.constants.define(&mut module, mir, &decls)?;
    image::define(&mut module, mir, &decls, &program, None)?;
    let mut product = module.finish();
    dwarf::add(&mut product, &*isa, mir, &decls, &program)?;
    product.emit().map_err(|error| Error::Object(error.to_string()))
}
