//! Functions that nothing can reach any more lose their bodies, so that no engine compiles them.
//!
//! Must never drop an exported function. A module without an entry is a library: all stay.

use super::call_graph::for_each_callee;
use super::index;
use crate::entities::*;
use crate::function::Function;
use crate::module::{ConstWord, Module};
use crate::ops::Op;
use sepal_base::Id as _;

/// See the module's head.
pub fn drop_unused(module: &mut Module) {
    let Some(entry) = module.entry else { return };
    let mut reach = Reach {
        module,
        functions: vec![false; module.functions.len()],
        vtables: vec![false; module.vtables.len()],
        statics: vec![false; module.statics.len()],
        work: Vec::new(),
    };
    reach.word(ConstWord::Func(entry));
    for (id, func) in module.functions.iter_enumerated() {
        if func.attrs.export {
            reach.word(ConstWord::Func(id));
        }
    }
    while let Some(id) = reach.work.pop() {
        reach.function(&module.functions[id]);
    }
    let used = reach.functions;
    for (id, used) in module.functions.ids().zip(used) {
        if !used && module.functions[id].is_defined() {
            let func = &module.functions[id];
            let mut bare = Function::declare(func.name, func.sig.clone());
            bare.attrs = func.attrs;
            module.functions[id] = bare;
        }
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
