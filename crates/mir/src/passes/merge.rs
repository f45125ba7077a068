//! Functions that do the same become one: instances of generic code whose types differ while their
//! representations do not.
//!
//! Needs: nothing. Breaks: uses of functions; what nothing uses any more is for `unused` to drop.
//!
//! Must never merge functions that a trace could tell apart: names and places are compared too. Nor
//! vtables, whose addresses tell types apart.
//!
//! Functions begin in one class if they are equal but for the functions they name. Classes are
//! then split until the members of each name members of the same classes, so that equal cycles of
//! calls are found equal. What is left in a class behaves alike.

use super::index;
use crate::entities::*;
use crate::function::Function;
use crate::module::{ConstWord, Module};
use crate::ops::{Op, Terminator};
use rustc_hash::{FxHashMap, FxHasher};
use sepal_base::Id as _;
use smallvec::SmallVec;
use std::hash::{Hash as _, Hasher as _};

/// See the module's head.
pub fn merge_equal(module: &mut Module) {
    let mut class = equal_bodies(module);
    let shared = shared_members(&class);
    if shared.is_empty() {
        return;
    }
    let mut named = FxHashMap::default();
    for &id in &shared {
        let mut list: SmallVec<[FuncId; 8]> = SmallVec::new();
        for_each_name(&module.functions[id], |name| list.push(name));
        named.insert(id, list);
    }
    while split(&mut class, &shared, &named) {}
    let unchanged = module.functions.ids().all(|id| class[index(id)] == id);
    if !unchanged {
        rename(module, &class);
    }
}

/// For each function the first one that is equal but for the functions it names.
fn equal_bodies(module: &Module) -> Vec<FuncId> {
    let mut known: FxHashMap<u64, SmallVec<[FuncId; 1]>> = FxHashMap::default();
    let mut class = Vec::with_capacity(module.functions.len());
    for (id, func) in module.functions.iter_enumerated() {
        if !func.is_defined() || func.attrs.export {
            class.push(id);
            continue;
        }
        let alike = known.entry(body_hash(func)).or_default();
        let first = alike.iter().copied().find(|&first| same_body(&module.functions[first], func));
        class.push(first.unwrap_or_else(|| {
            alike.push(id);
            id
        }));
    }
    class
}

/// The members of classes that have several.
fn shared_members(class: &[FuncId]) -> Vec<FuncId> {
    let mut size = vec![0_u32; class.len()];
    class.iter().for_each(|first| size[index(*first)] += 1);
    let ids = (0..class.len()).map(FuncId::from_index);
    ids.filter(|&id| size[index(class[index(id)])] > 1).collect()
}

/// Splits classes by the classes of the functions that their members name. Whether any was split.
fn split(
    class: &mut [FuncId],
    shared: &[FuncId],
    named: &FxHashMap<FuncId, SmallVec<[FuncId; 8]>>,
) -> bool {
    let mut known: FxHashMap<SmallVec<[FuncId; 8]>, FuncId> = FxHashMap::default();
    let mut new = Vec::with_capacity(shared.len());
    for &id in shared {
        let own = class[index(id)];
        let key = std::iter::once(own).chain(named[&id].iter().map(|name| class[index(*name)]));
        new.push(*known.entry(key.collect()).or_insert(id));
    }
    let mut changed = false;
    for (&id, &new) in shared.iter().zip(&new) {
        changed |= class[index(id)] != new;
        class[index(id)] = new;
    }
    changed
}

/// The op naming no function in particular, and the function it named.
fn split_op(mut op: Op) -> (Op, Option<FuncId>) {
    let name = op.function_mut().map(|func| std::mem::replace(func, FuncId(0)));
    (op, name)
}

/// The same for the end of a block.
fn split_term(mut term: Terminator) -> (Terminator, Option<FuncId>) {
    let mut name = None;
    if let Terminator::TailCall { func, .. } = &mut term {
        name = Some(std::mem::replace(func, FuncId(0)));
    }
    (term, name)
}

fn for_each_name(func: &Function, visit: impl FnMut(FuncId)) {
    let ops = func.insts.iter().filter_map(|data| split_op(data.op).1);
    ops.chain(func.blocks.iter().filter_map(|block| split_term(block.term).1)).for_each(visit);
}

/// Of what tells most functions apart.
fn body_hash(func: &Function) -> u64 {
    let mut hasher = FxHasher::default();
    (func.name, &func.sig, func.values.len()).hash(&mut hasher);
    for data in func.insts.iter() {
        (split_op(data.op).0, data.loc).hash(&mut hasher);
    }
    for block in func.blocks.iter() {
        (split_term(block.term).0, block.term_loc).hash(&mut hasher);
    }
    hasher.finish()
}

/// Whether two functions are equal but for the functions they name. All of each is compared, what
/// stands in no block included: equal instances are built in the same way.
fn same_body(a: &Function, b: &Function) -> bool {
    let insts = || {
        a.insts.iter().zip(b.insts.iter()).all(|(a, b)| {
            split_op(a.op).0 == split_op(b.op).0 && a.results == b.results && a.loc == b.loc
        })
    };
    let blocks = || {
        a.blocks.iter().zip(b.blocks.iter()).all(|(a, b)| {
            split_term(a.term).0 == split_term(b.term).0
                && a.term_loc == b.term_loc
                && a.params == b.params
                && a.insts == b.insts
        })
    };
    a.name == b.name
        && a.sig == b.sig
        && a.attrs == b.attrs
        && a.insts.len() == b.insts.len()
        && a.blocks.len() == b.blocks.len()
        && a.values.as_slice() == b.values.as_slice()
        && a.pools == b.pools
        && insts()
        && blocks()
}

/// Names the first of each class everywhere.
fn rename(module: &mut Module, class: &[FuncId]) {
    module.entry = module.entry.map(|id| class[index(id)]);
    let first = |word: &mut ConstWord| {
        if let ConstWord::Func(id) = word {
            *id = class[index(*id)];
        }
    };
    module.vtables.iter_mut().flat_map(|vtable| vtable.slots.iter_mut()).for_each(first);
    module.map_static_words(first);
    for func in module.functions.iter_mut() {
        for data in func.insts.iter_mut() {
            if let Some(func) = data.op.function_mut() {
                *func = class[index(*func)];
            }
        }
        for block in func.blocks.iter_mut() {
            if let Terminator::TailCall { func, .. } = &mut block.term {
                *func = class[index(*func)];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::merge_equal;
    use crate::text::{parse_module, print_module};

    /// The functions that calls name after merging.
    fn calls(text: &str) -> Vec<String> {
        let mut module = parse_module(text).expect("the text is a module");
        merge_equal(&mut module);
        let text = print_module(&module);
        let names = text.lines().filter_map(|line| line.split("call fn").nth(1));
        names.map(|rest| rest.split(',').next().unwrap_or(rest).to_string()).collect()
    }

    fn leaf(id: u32, name: &str, value: i64) -> String {
        format!(
            "fn{id} \"{name}\" () -> (i64) {{\nblock0:\n    v0: i64 = const_int i64, {value}\n    \
             return_ [v0]\n}}\n"
        )
    }

    fn caller(id: u32, name: &str, callee: u32) -> String {
        format!(
            "fn{id} \"{name}\" () -> (i64) {{\nblock0:\n    v0: i64 = call fn{callee}, []\n    \
             return_ [v0]\n}}\n"
        )
    }

    #[test]
    fn equal_functions_become_one_and_so_do_their_callers() {
        let text = [
            leaf(0, "leaf", 7),
            leaf(1, "leaf", 7),
            caller(2, "mid", 0),
            caller(3, "mid", 1),
            caller(4, "top", 3),
        ];
        assert_eq!(calls(&text.concat()), ["0", "0", "2"]);
    }

    #[test]
    fn names_and_constants_keep_functions_apart() {
        let text = [
            leaf(0, "leaf", 7),
            leaf(1, "leaf", 8),
            leaf(2, "other", 7),
            caller(3, "a", 1),
            caller(4, "b", 2),
            caller(5, "mid", 0),
            caller(6, "mid", 1),
            caller(7, "top", 6),
        ];
        assert_eq!(calls(&text.concat()), ["1", "2", "0", "1", "6"]);
    }

    #[test]
    fn equal_cycles_of_calls_become_one() {
        let text = [
            caller(0, "even", 1),
            caller(1, "odd", 0),
            caller(2, "even", 3),
            caller(3, "odd", 2),
            caller(4, "top", 2),
        ];
        assert_eq!(calls(&text.concat()), ["1", "0", "1", "0", "0"]);
    }
}
