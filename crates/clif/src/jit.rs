//! Code in memory.
//!
//! Must never run anything: the runtime does, given the image.

use crate::compile::{CompiledProgram, compile};
use crate::decls::{Decls, Used};
use crate::isa::{Options, Target, isa};
use crate::memory::CodeMemory;
use crate::{Error, image};
use cranelift_jit::{JITBuilder, JITModule};
use cranelift_module::default_libcall_names;
use sepal_abi::{Image, RtFn};
use sepal_mir as mir;
use std::ffi::CString;
use std::io::Write;

/// Where the runtime's functions are.
pub type RtAddress = fn(RtFn) -> *const u8;

/// A compiled program in memory: owns its code, data and image.
pub struct JitProgram {
    /// `None` only while dropping.
    module: Option<JITModule>,
    image: *const Image,
}

// SAFETY: after compilation everything is read-only memory.
unsafe impl Send for JitProgram {}
// SAFETY: as above.
unsafe impl Sync for JitProgram {}

impl JitProgram {
    /// The program for the runtime. Its code may run as long as this value lives.
    pub fn image(&self) -> &Image {
        // SAFETY: the image lies in the module's memory, which lives as long as `self`.
        unsafe { &*self.image }
    }
}

impl Drop for JitProgram {
    fn drop(&mut self) {
        if let Some(module) = self.module.take() {
            // SAFETY: whoever runs the code borrows `self`, so nothing runs now.
            unsafe { module.free_memory() };
        }
    }
}

/// Compiles a verified module into memory.
pub fn compile_jit(
    mir: &mir::Module,
    options: Options,
    rt: RtAddress,
) -> Result<JitProgram, Error> {
    let isa = isa(Target::Here, &options)?;
    let mut builder = JITBuilder::with_isa(isa.clone(), default_libcall_names());
    let memory = CodeMemory::new().ok_or(Error::Host("there is no memory for code"))?;
    builder.memory_provider(Box::new(memory));
    for &f in RtFn::ALL {
        builder.symbol(f.name(), rt(f));
    }
    for &id in &Used::by(mir)?.externs {
        let name = mir.externs[id].name.as_str();
        let address = find_c_function(name).ok_or_else(|| Error::UnknownExtern(name.to_owned()))?;
        builder.symbol(name, address);
    }
    let mut module = JITModule::new(builder);
    let decls = Decls::declare(&mut module, mir, false)?;
    let program = compile(mir, &decls, &*isa, &options)?;
    program.define(&mut module, &decls)?;
    decls.constants.define(&mut module, mir, &decls)?;
    let image = image::define(&mut module, mir, &decls, &program)?;
    module.finalize_definitions()?;
    let (image, _) = module.get_finalized_data(image);
    if options.perf_map {
        write_perf_map(mir, &decls, &module, &program);
    }
    Ok(JitProgram { module: Some(module), image: image.cast() })
}

/// A function of this process, or of the C mathematics library, which executables link too.
fn find_c_function(name: &str) -> Option<*const u8> {
    let name = CString::new(name).ok()?;
    // SAFETY: the name ends in NUL; loading the C mathematics library has no side effects.
    let address = unsafe {
        let here = libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr());
        if here.is_null() {
            let library = libc::dlopen(c"libm.so.6".as_ptr(), libc::RTLD_NOW);
            if library.is_null() { library } else { libc::dlsym(library, name.as_ptr()) }
        } else {
            here
        }
    };
    (!address.is_null()).then_some(address.cast_const().cast())
}

/// Tells `perf` the names of functions. It only serves measuring, so that it fails quietly.
fn write_perf_map(mir: &mir::Module, decls: &Decls, module: &JITModule, program: &CompiledProgram) {
    let path = format!("/tmp/perf-{}.map", std::process::id());
    let Ok(mut file) = std::fs::OpenOptions::new().create(true).append(true).open(path) else {
        return;
    };
    for ((id, declared), compiled) in decls.defined().zip(&program.funcs) {
        let start = module.get_finalized_function(declared) as usize;
        let line = format!("{start:x} {:x} {}\n", compiled.code.len(), mir.functions[id].name);
        if file.write_all(line.as_bytes()).is_err() {
            return;
        }
    }
}
