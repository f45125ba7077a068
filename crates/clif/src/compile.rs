//! Functions to machine code, on several threads, and into a Cranelift module.
//!
//! Translation and compilation need only what is declared, so functions are independent of each other; the
//! results are the same whatever the number of threads. Must never define a function twice.

use crate::builder::tail_signature;
use crate::decls::Decls;
use crate::slots::Slots;
use crate::thunks::{CPUID, CpuInst, Thunk};
use crate::translate::{quick, translate};
use crate::{Error, Options};
use cranelift_codegen::binemit::Reloc;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::{self, ExternalName, UserExternalName, UserFuncName};
use cranelift_codegen::isa::TargetIsa;
use cranelift_codegen::isa::unwind::UnwindInfo;
use cranelift_codegen::{CompiledCode, Context, FinalizedMachReloc, FinalizedRelocTarget};
use cranelift_module::{FuncId as ClFunc, Module, ModuleReloc};
use sepal_abi::CodeLoc;
use sepal_mir::{self as mir, FuncId, LocId};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A function's machine code and what belongs to it.
pub(crate) struct Compiled {
    pub code: Vec<u8>,
    align: u64,
    relocs: Vec<ModuleReloc>,
    /// Return addresses and their places, ascending.
    pub code_locs: Vec<CodeLoc>,
    /// Where the code of each place begins, ascending.
    pub lines: Vec<(u32, LocId)>,
    pub unwind: Option<UnwindInfo>,
}

/// All functions of a program: the module's with bodies in order, and the shared ones by `Thunk`.
pub(crate) struct CompiledProgram {
    pub funcs: Vec<Compiled>,
    pub thunks: Vec<Compiled>,
}

/// Compiles everything. With slots the code is a quick tier, and goes over to better code as they say.
pub(crate) fn compile(
    mir: &mir::Module,
    decls: &Decls,
    isa: &dyn TargetIsa,
    options: &Options,
    slots: Option<&Slots>,
) -> Result<CompiledProgram, Error> {
    let mut worker = Worker::new(mir, decls, isa, None);
    let mut thunks = Vec::new();
    for thunk in Thunk::ALL {
        thunks.push(worker.thunk(thunk)?);
    }
    let defined: Vec<FuncId> = decls.defined().map(|(id, _)| id).collect();
    let threads = thread_count(options.threads, defined.len());
    let new_worker = || Worker::new(mir, decls, isa, slots);
    Ok(CompiledProgram { funcs: compile_functions(&defined, threads, &new_worker)?, thunks })
}

/// Compiles some functions, and gives them in their order.
pub(crate) fn compile_functions<'a>(
    ids: &[FuncId],
    threads: usize,
    new_worker: &(impl Fn() -> Worker<'a> + Sync),
) -> Result<Vec<Compiled>, Error> {
    let next = AtomicUsize::new(0);
    // Indices are handed out one by one: functions differ in size, and none waits for another.
    let run = |mut worker: Worker<'_>| {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(&id) = ids.get(index) else { return Ok(done) };
            done.push((index, worker.function(id)?));
        }
    };
    let mut all = std::thread::scope(|scope| {
        let helpers: Vec<_> = (1..threads).map(|_| scope.spawn(|| run(new_worker()))).collect();
        let mut all = run(new_worker())?;
        for helper in helpers {
            let done: Result<Vec<(usize, Compiled)>, Error> =
                helper.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            all.extend(done?);
        }
        Ok::<_, Error>(all)
    })?;
    all.sort_unstable_by_key(|(index, _)| *index);
    Ok(all.into_iter().map(|(_, func)| func).collect())
}

/// Below so many functions for each thread, starting it costs more than it saves.
const WORTH_A_THREAD: usize = 16;

pub(crate) fn thread_count(asked: usize, functions: usize) -> usize {
    let most = match asked {
        0 => std::thread::available_parallelism().map_or(1, |n| n.get().min(4)),
        asked => asked,
    };
    most.min(functions / WORTH_A_THREAD).max(1)
}

impl CompiledProgram {
    /// Gives all code to the module, in the order of the functions.
    pub fn define<M: Module>(&self, module: &mut M, decls: &Decls) -> Result<(), Error> {
        let thunks = decls.thunks.iter().copied().zip(&self.thunks);
        for (id, func) in decls.defined().map(|(_, id)| id).zip(&self.funcs).chain(thunks) {
            func.define(module, id)?;
        }
        Ok(())
    }
}

impl Compiled {
    /// Gives the code to the module.
    pub fn define<M: Module>(&self, module: &mut M, id: ClFunc) -> Result<(), Error> {
        Ok(module.define_function_bytes(id, self.align, &self.code, &self.relocs)?)
    }
}

/// What one thread compiles with.
pub(crate) struct Worker<'a> {
    mir: &'a mir::Module,
    decls: &'a Decls,
    isa: &'a dyn TargetIsa,
    slots: Option<&'a Slots>,
    context: Context,
    control: ControlPlane,
}

impl<'a> Worker<'a> {
    pub fn new(
        mir: &'a mir::Module,
        decls: &'a Decls,
        isa: &'a dyn TargetIsa,
        slots: Option<&'a Slots>,
    ) -> Worker<'a> {
        let control = ControlPlane::default();
        Worker { mir, decls, isa, slots, context: Context::new(), control }
    }

    /// Cranelift's IR of a function.
    pub fn translate(&mut self, id: FuncId) -> &ir::Function {
        let sig = &self.mir.functions[id].sig;
        self.context.clear();
        let func = &mut self.context.func;
        func.signature = tail_signature(&sig.params, &sig.results);
        func.name = UserFuncName::user(0, self.decls.callee(id).as_u32());
        translate(self.mir, self.decls, self.slots, id, func);
        func
    }

    fn function(&mut self, id: FuncId) -> Result<Compiled, Error> {
        self.translate(id);
        self.finish(self.decls.callee(id), self.mir.functions[id].name.as_str())
    }

    fn thunk(&mut self, thunk: Thunk) -> Result<Compiled, Error> {
        let id = self.decls.thunk(thunk);
        self.context.clear();
        self.context.func.signature = thunk.signature();
        self.context.func.name = UserFuncName::user(0, id.as_u32());
        if thunk.build(&mut self.context.func, self.decls) {
            return self.finish(id, thunk.name());
        }
        Ok(Compiled {
            code: CPUID.to_vec(),
            align: 16,
            relocs: Vec::new(),
            code_locs: Vec::new(),
            lines: Vec::new(),
            unwind: None,
        })
    }

    /// What quick code asks for better code with.
    pub fn asker(&mut self, slots: &Slots) -> Result<Compiled, Error> {
        self.context.clear();
        self.context.func.signature = quick::ask_signature();
        self.context.func.name = UserFuncName::user(0, slots.asker.as_u32());
        quick::build_asker(&mut self.context.func, slots, self.decls);
        self.finish(slots.asker, "asker")
    }

    /// The machine code in Cranelift's own notation.
    pub fn assembly(&mut self, id: FuncId) -> Result<String, Error> {
        self.translate(id);
        self.context.set_disasm(true);
        let compiled = self.context.compile(self.isa, &mut self.control);
        match compiled {
            Ok(code) => Ok(code.vcode.clone().unwrap_or_default()),
            Err(error) => Err(failure(self.mir.functions[id].name.as_str(), error.inner)),
        }
    }

    /// What the function translated last refers to, by the numbers of its text.
    pub fn external_names(&self) -> Vec<UserExternalName> {
        self.context.func.params.user_named_funcs().values().cloned().collect()
    }

    fn finish(&mut self, id: ClFunc, name: &str) -> Result<Compiled, Error> {
        if let Err(error) = self.context.compile(self.isa, &mut self.control) {
            return Err(failure(name, error.inner));
        }
        let func = &self.context.func;
        let compiled = self.context.compiled_code().expect("it was compiled just now");
        let unwind = if self.isa.flags().unwind_info() {
            compiled.create_unwind_info(self.isa).map_err(|reason| failure(name, reason))?
        } else {
            None
        };
        let mut code = compiled.code_buffer().to_vec();
        let mut relocs = Vec::with_capacity(compiled.buffer.relocs().len());
        for reloc in compiled.buffer.relocs() {
            match cpu_inst(func, reloc) {
                Some(inst) => put_inst(&mut code, reloc, inst),
                None => relocs.push(ModuleReloc::from_mach_reloc(reloc, func, id)),
            }
        }
        let align = u64::from(compiled.buffer.alignment);
        let (code_locs, lines) = places(compiled);
        Ok(Compiled { code, align, relocs, code_locs, lines, unwind })
    }
}

fn failure(name: &str, reason: cranelift_codegen::CodegenError) -> Error {
    Error::Function { name: name.to_owned(), reason }
}

/// The processor instruction whose marker a relocation refers to.
fn cpu_inst(func: &ir::Function, reloc: &FinalizedMachReloc) -> Option<CpuInst> {
    let FinalizedRelocTarget::ExternalName(ExternalName::User(name)) = reloc.target else {
        return None;
    };
    let UserExternalName { namespace, index } = func.params.user_named_funcs()[name];
    if namespace != CpuInst::NAMESPACE {
        return None;
    }
    CpuInst::ALL.get(index as usize).copied()
}

/// Replaces the call of a marker, `e8` and four bytes, by the instruction.
fn put_inst(code: &mut [u8], reloc: &FinalizedMachReloc, inst: CpuInst) {
    assert_eq!(reloc.kind, Reloc::X86CallPCRel4, "a marker is only called");
    let start = reloc.offset as usize - 1;
    assert_eq!(code[start], 0xe8, "a relative call has this opcode");
    code[start..start + 5].copy_from_slice(&inst.bytes());
}

/// The tables of return addresses and of lines.
fn places(compiled: &CompiledCode) -> (Vec<CodeLoc>, Vec<(u32, LocId)>) {
    let ranges = compiled.buffer.get_srclocs_sorted();
    let mut lines: Vec<(u32, LocId)> = Vec::with_capacity(ranges.len());
    for range in ranges {
        let loc = LocId(range.loc.bits());
        if lines.last().is_none_or(|last| last.1 != loc) {
            lines.push((range.start, loc));
        }
    }
    let mut code_locs = Vec::new();
    for site in compiled.buffer.call_sites() {
        // The call ends at its return address, so its place is the one of the byte before.
        let at = ranges.partition_point(|range| range.start < site.ret_addr);
        let range = at.checked_sub(1).map(|at| &ranges[at]);
        let loc = range.filter(|range| range.end >= site.ret_addr).map(|range| range.loc.bits());
        if let Some(loc) = loc.filter(|&loc| LocId(loc).is_some()) {
            code_locs.push(CodeLoc { offset: site.ret_addr, loc });
        }
    }
    code_locs.sort_unstable_by_key(|entry| entry.offset);
    (code_locs, lines)
}
