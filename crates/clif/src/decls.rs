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
use sepal_mir::{self as mir, ExternId, Op, Terminator};
use std::collections::BTreeSet;
use std::collections::hash_map::Entry;

/// Cranelift's numbers of everything that code refers to.
pub(crate) struct Decls {
    /// By `mir::FuncId`; passes drop the bodies of functions that nothing reaches.
    funcs: Vec<Option<ClFunc>>,
    /// By `mir::ExternId`; only those that are called.
    externs: Vec<Option<ClFunc>>,
    pub rt: FxHashMap<RtFn, ClFunc>,
    /// By `Thunk`.
    pub thunks: Vec<ClFunc>,
    pub constants: Constants,
    /// Whether relative calls reach the runtime and C: so in an executable, not from memory of a JIT.
    pub near_runtime: bool,
}

/// Where code will lie.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Placed {
    /// With the runtime.
    InExecutable,
    InMemory,
    /// Vtables and constant closures will get better code.
    InMemoryToChange,
}

impl Decls {
    /// Declares all functions and constants of a module.
    pub fn declare<M: Module>(
        module: &mut M,
        mir: &mir::Module,
        place: Placed,
    ) -> Result<Decls, Error> {
        let used = Used::by(mir)?;
        let mut names = FxHashSet::default();
        let mut funcs = Vec::with_capacity(mir.functions.len());
        for (id, func) in mir.functions.iter_enumerated() {
            let mut declared = None;
            if func.is_defined() {
                let sig = tail_signature(&func.sig.params, &func.sig.results);
                declared = Some(if place == Placed::InExecutable {
                    let name = symbol_name(func.name.as_str(), id, &mut names);
                    module.declare_function(&name, Linkage::Local, &sig)?
                } else {
                    module.declare_anonymous_function(&sig)?
                });
            }
            funcs.push(declared);
        }
        let mut thunks = Vec::new();
        for thunk in Thunk::ALL {
            let sig = thunk.signature();
            thunks.push(module.declare_function(thunk.name(), Linkage::Local, &sig)?);
        }
        let mut rt = FxHashMap::default();
        for &f in &used.rt {
            let sig = rt_signature(f);
            rt.insert(f, module.declare_function(f.name(), Linkage::Import, &sig)?);
        }
        let mut externs = Vec::new();
        for (id, callee) in mir.externs.iter_enumerated() {
            let mut declared = None;
            if used.externs.contains(&id) {
                let sig = c_signature(false, &callee.sig.params, &callee.sig.results);
                let name = callee.name.as_str();
                declared = Some(module.declare_function(name, Linkage::Import, &sig)?);
            }
            externs.push(declared);
        }
        let constants = Constants::declare(module, mir, place == Placed::InMemoryToChange)?;
        let near_runtime = place == Placed::InExecutable;
        Ok(Decls { funcs, externs, rt, thunks, constants, near_runtime })
    }

    /// The same names but for functions, none of which is declared.
    pub fn without_functions(&self) -> Decls {
        Decls {
            funcs: Vec::new(),
            externs: self.externs.clone(),
            rt: self.rt.clone(),
            thunks: self.thunks.clone(),
            constants: self.constants.clone(),
            near_runtime: self.near_runtime,
        }
    }

    /// Declares some functions more, without a name, and what they call of the runtime.
    pub fn declare_more<M: Module>(
        &mut self,
        module: &mut M,
        mir: &mir::Module,
        ids: &[mir::FuncId],
    ) -> Result<(), Error> {
        self.funcs.resize(mir.functions.len(), None);
        let mut used = Used { rt: BTreeSet::new(), externs: BTreeSet::new() };
        for &id in ids {
            let func = &mir.functions[id];
            let sig = tail_signature(&func.sig.params, &func.sig.results);
            self.funcs[id.0 as usize] = Some(module.declare_anonymous_function(&sig)?);
            func.insts.iter().for_each(|inst| used.op(&inst.op, &mut BTreeSet::new()));
        }
        for f in used.rt {
            if let Entry::Vacant(entry) = self.rt.entry(f) {
                let sig = rt_signature(f);
                entry.insert(module.declare_function(f.name(), Linkage::Import, &sig)?);
            }
        }
        Ok(())
    }

    /// The number of a function, if it has a body.
    pub fn func(&self, id: mir::FuncId) -> Option<ClFunc> {
        self.funcs[id.0 as usize]
    }

    /// The functions with bodies, in order.
    pub fn defined(&self) -> impl Iterator<Item = (mir::FuncId, ClFunc)> {
        (0..).zip(&self.funcs).filter_map(|(n, func)| func.map(|func| (mir::FuncId(n), func)))
    }

    /// The number of a function that code refers to.
    pub fn callee(&self, id: mir::FuncId) -> ClFunc {
        self.func(id).expect("what code refers to has a body, or nothing would be declared")
    }

    /// The number of a C function that code calls.
    pub fn c_function(&self, id: ExternId) -> ClFunc {
        self.externs[id.0 as usize].expect("every function that is called is declared")
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

/// What the code of a module refers to.
pub(crate) struct Used {
    rt: BTreeSet<RtFn>,
    pub externs: BTreeSet<ExternId>,
}

impl Used {
    /// Looks through all code; an error if it refers to a function without a body.
    pub fn by(mir: &mir::Module) -> Result<Used, Error> {
        let rt = Thunk::ALL.iter().flat_map(|thunk| thunk.calls()).copied().collect();
        let mut used = Used { rt, externs: BTreeSet::new() };
        let mut callees: BTreeSet<mir::FuncId> = mir.entry.into_iter().collect();
        for func in mir.functions.iter() {
            for inst in func.insts.iter() {
                used.op(&inst.op, &mut callees);
            }
            for block in func.blocks.iter() {
                if let Terminator::TailCall { func, .. } = block.term {
                    callees.insert(func);
                }
            }
        }
        match callees.iter().map(|&id| &mir.functions[id]).find(|func| !func.is_defined()) {
            Some(func) => Err(Error::Undefined(func.name.to_string())),
            None => Ok(used),
        }
    }

    fn op(&mut self, op: &Op, callees: &mut BTreeSet<mir::FuncId>) {
        if let Op::Call { func, .. } | Op::FuncAddr { func } | Op::ClosureCreate { func, .. } = *op
        {
            callees.insert(func);
        } else if let Op::CallRt { rt, .. } = *op {
            self.rt.insert(rt);
        } else if let Op::CallExtern { func, .. } = *op {
            self.externs.insert(func);
        } else if let Op::ArrayNew { .. } | Op::ArrayLit { .. } = op {
            self.rt.insert(RtFn::rt_array_alloc);
        }
    }
}
