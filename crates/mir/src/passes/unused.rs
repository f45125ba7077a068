//! Functions that nothing can reach any more go, and the others are renumbered.
//!
//! Must never drop an exported function. A module without an entry is a library: all stay.

use super::call_graph::for_each_callee;
use super::index;
use crate::entities::*;
use crate::function::Function;
use crate::module::{ConstWord, Module};
use crate::ops::{Op, Terminator};
use crate::types::Signature;
use sepal_base::{Id as _, IdVec};

/// See the module's head.
pub fn drop_unused(module: &mut Module) {
    let Some(entry) = module.entry else { return };
    let exports = module.functions.iter_enumerated().filter(|(_, func)| func.attrs.export);
    let roots: Vec<FuncId> = exports.map(|(id, _)| id).chain([entry]).collect();
    let used = reached(module, &roots);
    if used.contains(&false) {
        keep(module, &used);
    }
}

/// For each function whether it is one of `roots` or what is reached names it.
pub(super) fn reached(module: &Module, roots: &[FuncId]) -> Vec<bool> {
    let mut reach = Reach {
        module,
        functions: vec![false; module.functions.len()],
        vtables: vec![false; module.vtables.len()],
        statics: vec![false; module.statics.len()],
        work: Vec::new(),
    };
    roots.iter().for_each(|&id| reach.word(ConstWord::Func(id)));
    while let Some(id) = reach.work.pop() {
        reach.function(&module.functions[id]);
    }
    reach.functions
}

/// Keeps the functions that `used` names.
fn keep(module: &mut Module, used: &[bool]) {
    let mut numbers: Vec<Option<FuncId>> = Vec::with_capacity(used.len());
    let mut kept = IdVec::new();
    for (func, &used) in module.functions.iter_mut().zip(used) {
        let blank = Function::declare(func.name, Signature::default());
        numbers.push(used.then(|| kept.push(std::mem::replace(func, blank))));
    }
    module.functions = kept;
    module.entry = module.entry.and_then(|id| numbers[index(id)]);
    let words = module.vtables.iter_mut().flat_map(|vtable| vtable.slots.iter_mut());
    for word in words {
        rename_word(word, &numbers);
    }
    module.map_static_words(|word| rename_word(word, &numbers));
    let of = |id: FuncId| numbers[index(id)].expect("what a used function names is used");
    for func in module.functions.iter_mut() {
        for inst in func.insts.iter_mut() {
            rename_op(&mut inst.op, &numbers);
        }
        for block in func.blocks.iter_mut() {
            if let Terminator::TailCall { func, .. } = &mut block.term {
                *func = of(*func);
            }
        }
    }
}

/// A word in a table that nothing can reach holds nothing.
fn rename_word(word: &mut ConstWord, numbers: &[Option<FuncId>]) {
    if let ConstWord::Func(id) = *word {
        *word = numbers[index(id)].map_or(ConstWord::Bits(0), ConstWord::Func);
    }
}

/// Instructions that stand in no block any more may name functions that are gone: they stay wrong.
fn rename_op(op: &mut Op, numbers: &[Option<FuncId>]) {
    if let Some(func) = op.function_mut()
        && let Some(number) = numbers[index(*func)]
    {
        *func = number;
    }
}

struct Reach<'m> {
    module: &'m Module,
    functions: Vec<bool>,
    vtables: Vec<bool>,
    statics: Vec<bool>,
    work: Vec<FuncId>,
}

impl Reach<'_> {
    fn word(&mut self, word: ConstWord) {
        // Statics name earlier ones and vtables only: the stack stays small.
        let mut stack = vec![word];
        while let Some(word) = stack.pop() {
            match word {
                ConstWord::Bits(_) | ConstWord::Str(_) => {}
                ConstWord::Func(id) => {
                    if !std::mem::replace(&mut self.functions[index(id)], true) {
                        self.work.push(id);
                    }
                }
                ConstWord::Vtable(id) => {
                    if !std::mem::replace(&mut self.vtables[id.index()], true) {
                        stack.extend(&self.module.vtables[id].slots);
                    }
                }
                ConstWord::Object(id) => {
                    if !std::mem::replace(&mut self.statics[id.index()], true) {
                        stack.extend(&self.module.statics[id].fields);
                    }
                }
            }
        }
    }

    fn function(&mut self, func: &Function) {
        for_each_callee(func, |id, _| self.word(ConstWord::Func(id)));
        for block in func.blocks.iter() {
            for &inst in &block.insts {
                if let Op::VtableAddr { vtable } = func.insts[inst].op {
                    self.word(ConstWord::Vtable(vtable));
                } else if let Op::ConstObject { object } = func.insts[inst].op {
                    self.word(ConstWord::Object(object));
                }
            }
        }
    }
}
