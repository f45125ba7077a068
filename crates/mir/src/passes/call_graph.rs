//! Which functions call which, and an order in which callees come first.
//!
//! Must never be taken as exact after inlining: it says what was true before.

use super::index;
use crate::analysis::Cfg;
use crate::effects::Effects;
use crate::entities::{FuncId, GlobalId, Inst};
use crate::function::Function;
use crate::module::{ConstWord, Module};
use crate::ops::{Op, Terminator};
use rustc_hash::FxHashMap;
use sepal_base::Id as _;
use sepal_base::graph::Components;

/// The direct calls of a module.
pub struct CallGraph {
    /// Every function with a body, after those it calls, cycles apart.
    pub bottom_up: Vec<FuncId>,
    /// The number of a function's cycle: equal numbers call each other.
    pub cycle: Vec<u32>,
    /// How many direct calls there are of each function, and whether its address is taken.
    pub uses: Vec<Uses>,
    /// What each function names.
    pub callees: Vec<Vec<FuncId>>,
    /// Whether a function runs at most once in the life of a program: the entry, and what it calls
    /// outside loops and nothing else calls.
    pub once: Vec<bool>,
    /// Whether a function polls before it calls others: see [`polled_entries`].
    pub polled: Vec<bool>,
    /// Which function writes each global, if it is only one.
    writers: FxHashMap<GlobalId, Option<FuncId>>,
}

/// How a function is used.
#[derive(Clone, Copy, Default, Debug)]
pub struct Uses {
    /// Direct calls; one in a function that is always inlined counts as often as that is called.
    pub calls: u32,
    pub has_address: bool,
}

/// Visits every function that `func` names: with true for a direct call.
pub fn for_each_callee(func: &Function, mut visit: impl FnMut(FuncId, bool)) {
    for block in func.blocks.iter() {
        for &inst in &block.insts {
            if let Op::Call { func, .. } = func.insts[inst].op {
                visit(func, true);
            } else if let Op::FuncAddr { func }
            | Op::ClosureCreate { func, .. }
            | Op::FrameNew { func, .. } = func.insts[inst].op
            {
                visit(func, false);
            }
        }
        if let Terminator::TailCall { func, .. } = block.term {
            visit(func, true);
        }
    }
}

impl CallGraph {
    /// Walks all functions once.
    pub fn new(module: &Module) -> CallGraph {
        let count = module.functions.len();
        let mut uses = vec![Uses::default(); count];
        // Direct calls in functions that are always inlined.
        let mut passed_on: Vec<Vec<FuncId>> = vec![Vec::new(); count];
        let mut callees: Vec<Vec<FuncId>> = vec![Vec::new(); count];
        let mut calls_unknown = Vec::with_capacity(count);
        for (id, func) in module.functions.iter_enumerated() {
            for_each_callee(func, |callee, is_call| {
                if is_call && module.functions[id].attrs.inline {
                    passed_on[index(id)].push(callee);
                } else if is_call {
                    uses[index(callee)].calls += 1;
                } else {
                    uses[index(callee)].has_address = true;
                }
                // A closure's code comes before who makes the closure: it may be called there soon.
                callees[index(id)].push(callee);
            });
            calls_unknown.push(calls_unknown_code(func));
        }
        let statics = module.statics.iter().flat_map(|object| &object.fields);
        for word in module.vtables.iter().flat_map(|vtable| &vtable.slots).chain(statics) {
            if let ConstWord::Func(id) = *word {
                uses[index(id)].has_address = true;
            }
        }
        let once = run_once(module, &callees, &uses);
        let Components { mut bottom_up, of: cycle } = Components::new(&callees);
        for &id in bottom_up.iter().rev() {
            let calls = uses[index(id)].calls;
            for callee in &passed_on[index(id)] {
                let count = &mut uses[index(*callee)].calls;
                *count = count.saturating_add(calls.max(1));
            }
        }
        bottom_up.retain(|&id| module.functions[id].is_defined());
        let polled = polled_entries(&bottom_up, &cycle, &callees, &calls_unknown);
        CallGraph { bottom_up, cycle, uses, callees, once, polled, writers: writers(module) }
    }

    /// The function that writes a global, if no other does.
    pub fn only_writer(&self, global: GlobalId) -> Option<FuncId> {
        self.writers.get(&global).copied().flatten()
    }
}

/// So many frames stand on top of each other without a poll at most: a part of the stack is kept for them.
const UNPOLLED_FRAMES: u32 = 4;

/// Which functions must poll where they are entered, so that no cycle of calls and no long chain of them is without a
/// poll: those of a cycle, those that call what is not known, and as many of the others as chains must be broken.
fn polled_entries(
    bottom_up: &[FuncId],
    cycle: &[u32],
    callees: &[Vec<FuncId>],
    calls_unknown: &[bool],
) -> Vec<bool> {
    let mut members = vec![0_u32; cycle.len() + 1];
    cycle.iter().for_each(|&number| members[number as usize] += 1);
    let mut polled = vec![false; cycle.len()];
    // The frames of the longest chain without a poll that begins at a function.
    let mut frames = vec![0; cycle.len()];
    for &id in bottom_up {
        let n = index(id);
        let recurs = members[cycle[n] as usize] > 1 || callees[n].contains(&id);
        let longest = callees[n].iter().map(|&callee| frames[index(callee)]).max();
        let chain = 1 + longest.unwrap_or(0);
        polled[n] = recurs || calls_unknown[n] || chain > UNPOLLED_FRAMES;
        frames[n] = if polled[n] { 0 } else { chain };
    }
    polled
}

/// Whether a function calls code that its ops do not name, or may wait.
fn calls_unknown_code(func: &Function) -> bool {
    func.blocks.iter().any(|block| {
        let is_unknown = |&inst: &Inst| {
            let op = &func.insts[inst].op;
            op.effects() == Effects::CALLS && !matches!(op, Op::Call { .. })
        };
        let tail = matches!(
            block.term,
            Terminator::TailCallIndirect { .. } | Terminator::TailCallVirtual { .. }
        );
        tail || block.insts.iter().any(is_unknown)
    })
}

/// See [`CallGraph::once`].
fn run_once(module: &Module, callees: &[Vec<FuncId>], uses: &[Uses]) -> Vec<bool> {
    let mut named = vec![0_u32; uses.len()];
    callees.iter().flatten().for_each(|callee| named[index(*callee)] += 1);
    let mut once = vec![false; uses.len()];
    let mut work: Vec<FuncId> = module.entry.into_iter().collect();
    while let Some(id) = work.pop() {
        let func = &module.functions[id];
        let only_here = named[index(id)] <= 1 && !uses[index(id)].has_address;
        let is_export = func.attrs.export && module.entry != Some(id);
        if once[index(id)] || !only_here || is_export || !func.is_defined() {
            continue;
        }
        once[index(id)] = true;
        let in_loop = blocks_in_loops(func);
        for (block, in_loop) in func.blocks.iter().zip(in_loop) {
            for &inst in &block.insts {
                if let Op::Call { func, .. } = func.insts[inst].op
                    && !in_loop
                {
                    work.push(func);
                }
            }
        }
    }
    once
}

/// For each block whether it may run again while its function runs. What lies between the ends of a jump that
/// leads back in reverse postorder is taken to be in the loop: that is every cycle, and little else.
pub fn blocks_in_loops(func: &Function) -> Vec<bool> {
    let cfg = Cfg::new(func);
    let mut in_loop = vec![false; func.blocks.len()];
    // The earliest block that what follows leads back to.
    let mut back_to = usize::MAX;
    for (n, &block) in cfg.rpo.iter().enumerate().rev() {
        func.for_each_successor(block, |next| {
            if let Some(to) = cfg.number(next).map(|to| to as usize)
                && to <= n
            {
                back_to = back_to.min(to);
            }
        });
        in_loop[block.index()] = back_to <= n;
        if back_to == n {
            back_to = usize::MAX;
        }
    }
    in_loop
}

fn writers(module: &Module) -> FxHashMap<GlobalId, Option<FuncId>> {
    let mut writers = FxHashMap::default();
    for (id, func) in module.functions.iter_enumerated() {
        for &inst in func.blocks.iter().flat_map(|block| &block.insts) {
            if let Op::GlobalSet { global, .. } = func.insts[inst].op {
                let writer = writers.entry(global).or_insert(Some(id));
                *writer = writer.filter(|other| *other == id);
            }
        }
    }
    writers
}
