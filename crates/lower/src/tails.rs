//! Which calls in tail position really leave their function.
//!
//! A tail call loses the caller's line in a panic's trace. Only those that can be part of a cycle
//! of calls are needed to keep the stack bounded; all others become calls again.

use rustc_hash::FxHashSet;
use sepal_base::Id as _;
use sepal_base::graph::Components;
use sepal_mir::passes::call_graph::for_each_callee;
use sepal_mir::{ConstWord, FuncId, Function, Module, Op, Results, Terminator, Type};

/// Turns tail calls that cannot recur into calls. `library` says which functions are the standard
/// library's: one that does not itself leave by a call of unknown code returns to its caller.
pub fn keep_frames(module: &mut Module, library: &FxHashSet<FuncId>) {
    let count = module.functions.len();
    // One more node stands for whatever a closure or vtable may call.
    let unknown = FuncId::from_index(count);
    let mut callees: Vec<Vec<FuncId>> = vec![Vec::new(); count + 1];
    let mut addresses: Vec<FuncId> = Vec::new();
    for (id, func) in module.functions.iter_enumerated() {
        for_each_callee(func, |callee, is_call| {
            if is_call { callees[id.index()].push(callee) } else { addresses.push(callee) }
        });
        if calls_unknown(func) {
            callees[id.index()].push(unknown);
        }
    }
    let statics = module.statics.iter().flat_map(|object| &object.fields);
    for word in module.vtables.iter().flat_map(|vtable| &vtable.slots).chain(statics) {
        if let ConstWord::Func(id) = word {
            addresses.push(*id);
        }
    }
    addresses.sort_unstable();
    addresses.dedup();
    callees[count] = addresses;
    let component = Components::new(&callees).of;
    let returns: Vec<bool> = module
        .functions
        .iter_enumerated()
        .map(|(id, func)| library.contains(&id) && !leaves_to_unknown(func))
        .collect();
    let signatures: Vec<Vec<Type>> =
        module.functions.iter().map(|f| f.sig.results.clone()).collect();
    for id in module.functions.ids() {
        let own = component[id.index()];
        let func = &mut module.functions[id];
        for block in func.blocks.ids() {
            let target = match func.blocks[block].term {
                Terminator::TailCall { func: callee, .. } => callee,
                Terminator::TailCallIndirect { .. } | Terminator::TailCallVirtual { .. } => unknown,
                Terminator::Jump { .. }
                | Terminator::Branch { .. }
                | Terminator::Switch { .. }
                | Terminator::Return { .. }
                | Terminator::Panic { .. }
                | Terminator::Unreachable {} => continue,
            };
            let comes_back =
                !library.contains(&id) && returns.get(target.index()).is_some_and(|r| *r);
            if component[target.index()] != own || comes_back {
                let results = signatures[id.index()].clone();
                call_and_return(func, block, &results);
            }
        }
    }
}

fn calls_unknown(func: &Function) -> bool {
    func.blocks.iter().any(|block| {
        let indirect = |inst: &sepal_mir::Inst| {
            matches!(func.insts[*inst].op, Op::IndirectCall { .. } | Op::MethodCallVirtual { .. })
        };
        matches!(
            block.term,
            Terminator::TailCallIndirect { .. } | Terminator::TailCallVirtual { .. }
        ) || block.insts.iter().any(indirect)
    })
}

fn leaves_to_unknown(func: &Function) -> bool {
    let leaves = |term| {
        matches!(term, Terminator::TailCallIndirect { .. } | Terminator::TailCallVirtual { .. })
    };
    func.blocks.iter().any(|block| leaves(block.term))
}

/// A tail call gives what its function gives, so the results' types are the caller's own.
fn call_and_return(func: &mut Function, block: sepal_mir::Block, results: &[Type]) {
    let loc = func.blocks[block].term_loc;
    let Some(op) = func.blocks[block].term.as_call() else { return };
    let inst = func.append(block, op, results, loc);
    let given: Results = func.insts[inst].results;
    let values: Vec<_> = given.iter().collect();
    let values = func.pools.list(&values);
    func.blocks[block].term = Terminator::Return { values };
}
