//! Calls through a closure or vtable that was made in sight become direct calls.
//!
//! Needs: `copy_prop`, so that the object's definition is seen. Breaks: nothing.

use super::PassCx;
use crate::entities::*;
use crate::function::Function;
use crate::module::{ConstWord, Module};
use crate::ops::{Op, Terminator};

/// See the module's head.
pub fn run(func: &mut Function, cx: &mut PassCx<'_>) -> bool {
    let mut changed = false;
    for block in func.blocks.ids() {
        for n in 0..func.blocks[block].insts.len() {
            let inst = func.blocks[block].insts[n];
            let op = func.insts[inst].op;
            let found = if let Op::IndirectCall { closure, args, .. } = op {
                code_of(func, cx.module, closure).map(|callee| (callee, closure, args))
            } else if let Op::MethodCallVirtual { slot, object, args, .. } = op {
                method_of(func, cx.module, object, slot).map(|callee| (callee, object, args))
            } else {
                None
            };
            if let Some((callee, object, args)) = found {
                let args = with_object(func, object, args);
                func.insts[inst].op = Op::Call { func: callee, args };
                changed = true;
            }
        }
        changed |= terminator(func, cx.module, block);
    }
    changed
}

fn terminator(func: &mut Function, module: &Module, block: Block) -> bool {
    let term = func.blocks[block].term;
    let found = if let Terminator::TailCallIndirect { closure, args, .. } = term {
        code_of(func, module, closure).map(|callee| (callee, closure, args))
    } else if let Terminator::TailCallVirtual { slot, object, args, .. } = term {
        method_of(func, module, object, slot).map(|callee| (callee, object, args))
    } else {
        None
    };
    let Some((callee, object, args)) = found else { return false };
    let args = with_object(func, object, args);
    func.blocks[block].term = Terminator::TailCall { func: callee, args };
    true
}

fn with_object(func: &mut Function, object: Value, args: ValueList) -> ValueList {
    let mut all = vec![object];
    all.extend_from_slice(func.list(args));
    func.pools.list(&all)
}

/// The first field of a static object.
fn static_word(module: &Module, object: StaticId) -> Option<ConstWord> {
    module.statics.get(object)?.fields.first().copied()
}

fn code_of(func: &Function, module: &Module, closure: Value) -> Option<FuncId> {
    let op = func.def_op(closure)?;
    if let Op::ClosureCreate { func, .. } = op {
        return Some(func);
    }
    let Op::ConstObject { object } = op else { return None };
    if let Some(ConstWord::Func(id)) = static_word(module, object) { Some(id) } else { None }
}

fn method_of(func: &Function, module: &Module, object: Value, slot: u32) -> Option<FuncId> {
    let op = func.def_op(object)?;
    let vtable = if let Op::StructInit { fields, .. } = op {
        let first = func.list(fields).first()?;
        let Op::VtableAddr { vtable } = func.def_op(*first)? else { return None };
        vtable
    } else if let Op::ConstObject { object } = op {
        let Some(ConstWord::Vtable(vtable)) = static_word(module, object) else { return None };
        vtable
    } else {
        return None;
    };
    let word = module.vtables.get(vtable)?.slots.get(slot as usize);
    if let Some(ConstWord::Func(id)) = word { Some(*id) } else { None }
}
