//! Which functions are optimised when: callees before callers, and what does not depend on each
//! other on several threads.
//!
//! Must never let the result depend on the number of threads: each function sees the others as they
//! were before its level, and what it adds to the module is put there in the order of the functions.

use super::call_graph::CallGraph;
use super::{PassCx, index, simplify_cfg};
use crate::entities::*;
use crate::function::Function;
use crate::module::{Loc, LocTable, Module};
use std::sync::{Mutex, PoisonError};

/// Below so many functions for each thread, starting it costs more than it saves.
const WORTH_A_THREAD: usize = 16;
/// More threads than this wait for memory more than they help.
const MAX_THREADS: usize = 4;

/// In which order functions are taken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// A function after all it calls, cycles apart.
    CalleesFirst,
    /// Those that name no other first.
    LeavesFirst,
    /// None looks at another's body.
    Any,
}

/// Takes every function out of the module, lets `run` change it, and puts it back.
pub fn for_each_function(
    module: &mut Module,
    order: Order,
    run: impl Fn(&mut Function, &mut PassCx<'_>) + Sync,
) {
    let graph = CallGraph::new(module);
    match order {
        Order::Any => run_level(module, &graph, &graph.bottom_up, &run),
        Order::LeavesFirst => {
            let is_leaf = |id: &FuncId| graph.callees[index(*id)].is_empty();
            let (leaves, others): (Vec<FuncId>, Vec<FuncId>) =
                graph.bottom_up.iter().partition(|id| is_leaf(id));
            run_level(module, &graph, &leaves, &run);
            run_level(module, &graph, &others, &run);
        }
        Order::CalleesFirst => {
            for level in graph.levels() {
                run_level(module, &graph, &level, &run);
            }
        }
    }
}

/// The same for the functions given alone.
pub fn for_some_functions(
    module: &mut Module,
    ids: &[FuncId],
    run: impl Fn(&mut Function, &mut PassCx<'_>) + Sync,
) {
    let graph = CallGraph::new(module);
    run_level(module, &graph, ids, &run);
}

/// The same for the functions given, each after those among them that it calls, cycles apart.
pub fn for_these_callees_first(
    module: &mut Module,
    ids: &[FuncId],
    run: impl Fn(&mut Function, &mut PassCx<'_>) + Sync,
) {
    let graph = CallGraph::new(module);
    let mut wanted = vec![false; module.functions.len()];
    ids.iter().for_each(|&id| wanted[index(id)] = true);
    for mut level in graph.levels() {
        level.retain(|&id| wanted[index(id)]);
        if !level.is_empty() {
            run_level(module, &graph, &level, &run);
        }
    }
}

/// A function that has been changed, and the places it added.
struct Done {
    id: FuncId,
    func: Function,
    added: LocTable,
}

fn run_level(
    module: &mut Module,
    graph: &CallGraph,
    level: &[FuncId],
    run: &(impl Fn(&mut Function, &mut PassCx<'_>) + Sync),
) {
    let mut taken = Vec::with_capacity(level.len());
    for &id in level {
        let blank = Function::declare(module.functions[id].name, module.functions[id].sig.clone());
        taken.push((id, std::mem::replace(&mut module.functions[id], blank)));
    }
    let shared: &Module = module;
    let work = Mutex::new(taken.into_iter());
    let next = || work.lock().unwrap_or_else(PoisonError::into_inner).next();
    let worker = || {
        let mut done = Vec::new();
        while let Some((id, mut func)) = next() {
            let locs = NewLocs { table: &shared.locs, added: LocTable::default() };
            simplify_cfg::remove_unreachable(&mut func);
            let mut cx = PassCx { module: shared, locs, id, self_inlined: false, graph };
            run(&mut func, &mut cx);
            done.push(Done { id, func, added: cx.locs.added });
        }
        done
    };
    let mut done = on_threads(thread_count(level.len()), &worker);
    done.sort_unstable_by_key(|done| done.id);
    // Where each function began to number its own.
    let first = table_len(&module.locs);
    for Done { id, mut func, added } in done {
        if !added.is_empty() {
            take_over(&mut module.locs, first, &added, &mut func);
        }
        module.functions[id] = func;
    }
}

fn thread_count(functions: usize) -> usize {
    let wanted = (functions / WORTH_A_THREAD).min(MAX_THREADS);
    if wanted <= 1 {
        return 1;
    }
    std::thread::available_parallelism().map_or(1, |n| n.get().min(wanted))
}

/// What all of several workers give.
fn on_threads(threads: usize, worker: &(impl Fn() -> Vec<Done> + Sync)) -> Vec<Done> {
    std::thread::scope(|scope| {
        let helpers: Vec<_> = (1..threads).map(|_| scope.spawn(worker)).collect();
        let mut all = worker();
        for helper in helpers {
            let done = helper.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            all.extend(done);
        }
        all
    })
}

/// Gives the places that a function added their numbers in the module.
fn take_over(table: &mut LocTable, first: u32, added: &LocTable, func: &mut Function) {
    let mut numbers: Vec<LocId> = Vec::with_capacity(added.len());
    let renumbered = |id: LocId, numbers: &[LocId]| {
        let own = id.0.checked_sub(first).filter(|_| id.is_some());
        own.map_or(id, |n| numbers[n as usize])
    };
    // Each names earlier ones only.
    for (_, loc) in added.iter() {
        let inlined_at = renumbered(loc.inlined_at, &numbers);
        numbers.push(table.add(Loc { inlined_at, ..*loc }));
    }
    for data in func.insts.iter_mut() {
        data.loc = renumbered(data.loc, &numbers);
    }
    for block in func.blocks.iter_mut() {
        block.term_loc = renumbered(block.term_loc, &numbers);
    }
}

fn table_len(table: &LocTable) -> u32 {
    u32::try_from(table.len()).expect("a module has fewer than 2^32 places")
}

/// The module's places and those that one function adds, numbered behind them.
pub struct NewLocs<'m> {
    table: &'m LocTable,
    added: LocTable,
}

impl NewLocs<'_> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.table.len() + self.added.len()
    }

    fn get(&self, id: LocId) -> Option<Loc> {
        let own = id.0.checked_sub(table_len(self.table)).filter(|_| id.is_some());
        match own {
            Some(n) => self.added.get(LocId(n)).copied(),
            None => self.table.get(id).copied(),
        }
    }

    /// One that the module has already gets its number there when the function is put back.
    fn add(&mut self, loc: Loc) -> LocId {
        LocId(table_len(self.table) + self.added.add(loc).0)
    }

    /// The place `id` once its function stands inlined at `call`. Its own chain stays inside.
    pub fn inline(&mut self, id: LocId, call: LocId) -> LocId {
        let Some(loc) = self.get(id) else { return LocId::NONE };
        // Chains are as deep as inlining is, which is bounded; recursion would be too.
        let mut chain = vec![loc];
        while let Some(outer) = chain.last().and_then(|loc| self.get(loc.inlined_at)) {
            chain.push(outer);
        }
        let mut parent = call;
        for loc in chain.into_iter().rev() {
            parent = self.add(Loc { inlined_at: parent, ..loc });
        }
        parent
    }
}

impl CallGraph {
    /// The functions with bodies in levels: what a function calls stands in earlier ones, members of
    /// its own cycle apart.
    fn levels(&self) -> Vec<Vec<FuncId>> {
        let mut level_of: Vec<u32> = vec![0; self.cycle.len()];
        let mut levels: Vec<Vec<FuncId>> = Vec::new();
        // The members of a cycle stand together.
        for members in
            self.bottom_up.chunk_by(|a, b| self.cycle[index(*a)] == self.cycle[index(*b)])
        {
            let callees = members.iter().flat_map(|id| &self.callees[index(*id)]);
            let own = self.cycle[index(members[0])];
            let others = callees.filter(|callee| self.cycle[index(**callee)] != own);
            let level = others.map(|callee| level_of[index(*callee)] + 1).max().unwrap_or(0);
            members.iter().for_each(|id| level_of[index(*id)] = level);
            levels.resize_with(levels.len().max(level as usize + 1), Vec::new);
            levels[level as usize].extend_from_slice(members);
        }
        levels
    }
}
