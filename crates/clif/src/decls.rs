//! The names under which a module's functions and data are known to Cranelift, and where constants lie.
//!
//! Declared once, then read by any number of threads. Must never hold code.

use crate::Error;
use crate::builder::{c_signature, tail_signature};
use crate::data::Constants;
use crate::thunks::Thunk;
use cranelift_codegen::ir::Signature;
use cranelift_module::{FuncId as ClFunc, Linkage, Module};
use rustc_hash::{FxHashMap, FxHashSet};
use sepal_abi::RtFn;
use sepal_mir::{self as mir, Op};

/// Cranelift's numbers of everything that code refers to.
pub(crate) struct Decls {
    /// By `mir::FuncId`.
    pub funcs: Vec<ClFunc>,
    /// By `mir::ExternId`.
    pub externs: Vec<ClFunc>,
    pub rt: FxHashMap<RtFn, ClFunc>,
    /// By `Thunk`.
    pub thunks: Vec<ClFunc>,
    pub constants: Constants,
    /// Whether relative calls reach the runtime and C: so in an executable, not from memory of a JIT.
    pub near_runtime: bool,
}

impl Decls {
    /// Declares all functions and constants of a module.
    pub fn declare<M: Module>(
        module: &mut M,
        mir: &mir::Module,
        near_runtime: bool,
    ) -> Result<Decls, Error> {
        let mut names = FxHashSet::default();
        let mut funcs = Vec::with_capacity(mir.functions.len());
        for (id, func) in mir.functions.iter_enumerated() {
            if !func.is_defined() {
                return Err(Error::Undefined(func.name.to_string()));
            }
            let name = symbol_name(func.name.as_str(), id, &mut names);
            let sig = tail_signature(&func.sig.params, &func.sig.results);
            funcs.push(module.declare_function(&name, Linkage::Local, &sig)?);
        }
        let mut thunks = Vec::new();
        for thunk in Thunk::ALL {
            let sig = thunk.signature();
            thunks.push(module.declare_function(thunk.name(), Linkage::Local, &sig)?);
        }
        let mut rt = FxHashMap::default();
        for f in used_rt(mir) {
            let sig = rt_signature(f);
            rt.insert(f, module.declare_function(f.name(), Linkage::Import, &sig)?);
        }
        let mut externs = Vec::new();
        for callee in mir.externs.iter() {
            let sig = c_signature(false, &callee.sig.params, &callee.sig.results);
            externs.push(module.declare_function(callee.name.as_str(), Linkage::Import, &sig)?);
        }
        let constants = Constants::declare(module, mir)?;
        Ok(Decls { funcs, externs, rt, thunks, constants, near_runtime })
    }

    pub fn thunk(&self, thunk: Thunk) -> ClFunc {
        self.thunks[thunk as usize]
    }
}

/// The System V signature of a runtime function.
pub(crate) fn rt_signature(f: RtFn) -> Signature {
    c_signature(true, f.params(), f.results())
}

/// Functions of the program never share a name with C's or the runtime's; instances of one generic function
/// are told apart by their number.
fn symbol_name(name: &str, id: mir::FuncId, taken: &mut FxHashSet<String>) -> String {
    let mut full = format!("spl.{}", name.replace('\0', "?"));
    if taken.contains(&full) {
        full = format!("{full}#{}", id.0);
    }
    taken.insert(full.clone());
    full
}

/// The runtime functions that code will refer to.
fn used_rt(mir: &mir::Module) -> FxHashSet<RtFn> {
    let mut used: FxHashSet<RtFn> = Thunk::ALL.iter().flat_map(|t| t.calls()).copied().collect();
    for func in mir.functions.iter() {
        for inst in func.insts.iter() {
            if let Op::CallRt { rt, .. } = inst.op {
                used.insert(rt);
            } else if let Op::ArrayNew { .. } | Op::ArrayLit { .. } = inst.op {
                used.insert(RtFn::rt_array_new);
            }
        }
    }
    used
}
