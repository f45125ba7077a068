//! Debug and unwind sections of object files.
use crate::Error;
use crate::compile::CompiledProgram;
use crate::decls::Decls;
use cranelift_codegen::isa::TargetIsa;
use cranelift_object::ObjectProduct;
use sepal_mir as mir;
pub(crate) fn add(_: &mut ObjectProduct, _: &dyn TargetIsa, _: &mir::Module, _: &Decls, _: &CompiledProgram) -> Result<(), Error> { Ok(()) }
