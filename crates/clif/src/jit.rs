//! Code in memory.
//!
//! Must never run anything: the runtime does, given the image.

use crate::compile::{CompiledProgram, Worker, compile};
use crate::decls::{Decls, Placed, Used};
use crate::isa::{Options, Target, isa};
use crate::memory::CodeMemory;
use crate::slots::Tiering;
use crate::tiers::Tiers;
use crate::translate::quick::ask_signature;
use crate::{Error, image};
use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_jit::{JITBuilder, JITModule};
use cranelift_module::{Module as _, default_libcall_names};
use sepal_abi::{Image, MoreCode, RtFn};
use sepal_mir as mir;
use std::ffi::CString;
use std::io::Write;
use std::sync::atomic::AtomicPtr;

/// Where the runtime's functions are.
pub type RtAddress = fn(RtFn) -> *const u8;

/// A compiled program in memory: owns its code, data and image.
pub struct JitProgram {
    memory: Memory,
    image: *const Image,
}

/// Who frees the code.
enum Memory {
    /// `None` only while dropping.
    Own(Option<JITModule>),
    Tiers(Tiers),
}

// SAFETY: after compilation everything is read-only memory, but for what `Tiers` guards.
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
        match &mut self.memory {
            Memory::Own(module) => {
                if let Some(module) = module.take() {
                    // SAFETY: whoever runs the code borrows `self`, so nothing runs now.
                    unsafe { module.free_memory() };
                }
            }
            // SAFETY: as above.
            Memory::Tiers(tiers) => unsafe { tiers.end() },
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
    let mut module = empty_module(mir, isa.clone(), rt)?;
    let decls = Decls::declare(&mut module, mir, Placed::InMemory)?;
    let program = compile(mir, &decls, &*isa, &options, None)?;
    let image = place(&mut module, mir, &decls, &program, None)?;
    if options.perf_map {
        write_perf_map(mir, &decls, &module, &program);
    }
    Ok(JitProgram { memory: Memory::Own(Some(module)), image })
}

/// Compiles a verified module, optimised for its first tier, into memory: quickly, and better as it runs.
pub fn compile_tiers(
    mir: mir::Module,
    tiering: Tiering,
    options: Options,
    rt: RtAddress,
) -> Result<JitProgram, Error> {
    let isa = isa(Target::Here, &Options { single_pass: true, optimize: false, ..options })?;
    let mut module = empty_module(&mir, isa.clone(), rt)?;
    let decls = Decls::declare(&mut module, &mir, Placed::InMemoryToChange)?;
    let asker = module.declare_anonymous_function(&ask_signature())?;
    let tiers = Tiers::new(&mir, tiering, asker);
    let program = compile(&mir, &decls, &*isa, &options, Some(tiers.slots()))?;
    let code = Worker::new(&mir, &decls, &*isa, None).asker(tiers.slots())?;
    code.define(&mut module, asker)?;
    let image = place(&mut module, &mir, &decls, &program, Some(tiers.more()))?;
    if options.perf_map {
        write_perf_map(&mir, &decls, &module, &program);
    }
    tiers.begin(module, mir, decls, image, options);
    Ok(JitProgram { memory: Memory::Tiers(tiers), image })
}

/// A module that finds the runtime and C.
fn empty_module(mir: &mir::Module, isa: OwnedTargetIsa, rt: RtAddress) -> Result<JITModule, Error> {
    let mut builder = JITBuilder::with_isa(isa, default_libcall_names());
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
    Ok(JITModule::new(builder))
}

/// Gives code and data their places; gives the image.
fn place(
    module: &mut JITModule,
    mir: &mir::Module,
    decls: &Decls,
    program: &CompiledProgram,
    more: Option<&AtomicPtr<MoreCode>>,
) -> Result<*const Image, Error> {
    program.define(module, decls)?;
    decls.constants.define(module, mir, decls)?;
    let image = image::define(module, mir, decls, program, more)?;
    module.finalize_definitions()?;
    Ok(module.get_finalized_data(image).0.cast())
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
