//! Two tiers of one program: the quick one that is there at once, and the better one, made of it function by
//! function while it runs.
//!
//! Both have the same tables, signatures and function numbers, so that code of one calls code of the other. From
//! the quick tier a function goes over to the better one where it is entered, or in a loop: there it tail-calls
//! a function that begins at the loop's head, with what lives there as arguments ([`entry_at`]).
//!
//! Needs: a module that does not suspend, optimised quickly ([`is_possible`]). Must never let an assumption about
//! the whole program rest on better code alone: what it left out the quick code may still do.

use crate::analysis::{Cfg, Liveness, Loops};
use crate::entities::*;
use crate::function::{BlockData, Function, ValueDef};
use crate::keywords::BinOp;
use crate::module::Module;
use crate::ops::{Op, Terminator};
use crate::passes::call_graph::CallGraph;
use crate::passes::{self, Interval, Redefined, mend};
use crate::suspend;
use crate::types::{Signature, Type};
use rustc_hash::FxHashMap;
use sepal_base::{Id as _, IdVec};

/// Whether a program, not optimised yet, can have two tiers. Functions that wait cannot: how much of it is
/// optimised decides which those are, and with that how they are called.
pub fn is_possible(module: &Module) -> bool {
    module.entry.is_some() && !suspend::is_needed(module)
}

/// The functions that must count how often they are entered: those that may run often without a loop of their caller,
/// and those with loops. What else runs often is called in a loop, and that goes over.
pub fn counted_entries(module: &Module) -> IdVec<FuncId, bool> {
    let graph = CallGraph::new(module);
    let mut size = vec![0_u32; graph.cycle.len() + 1];
    graph.cycle.iter().for_each(|&cycle| size[cycle as usize] += 1);
    let counts = |(id, func): (FuncId, &Function)| {
        let n = id.index();
        let recurs = size[graph.cycle[n] as usize] > 1 || graph.callees[n].contains(&id);
        let has_loop = || {
            func.blocks.ids().any(|block| {
                let mut back = false;
                func.for_each_successor(block, |next| back |= next <= block);
                back
            })
        };
        func.is_defined() && !graph.once[n] && (recurs || graph.uses[n].has_address || has_loop())
    };
    module.functions.iter_enumerated().map(counts).collect()
}

/// What entries at the loop heads of a function are given.
pub struct Entries {
    /// The heads, and the arguments at each.
    pub heads: Vec<(Block, Vec<Value>)>,
}

impl Entries {
    /// Looks at all loop heads: blocks that something behind them leads back to.
    pub fn of(func: &Function, cfg: &Cfg) -> Entries {
        let leads_back = |block: &Block| {
            cfg.preds(*block).iter().any(|edge| cfg.number(edge.from) >= cfg.number(*block))
        };
        let heads: Vec<Block> = cfg.rpo.iter().copied().filter(leads_back).collect();
        if heads.is_empty() {
            return Entries { heads: Vec::new() };
        }
        let liveness = Liveness::new(func, cfg);
        let given = |head: Block| {
            // Constants are made again.
            let is_given = |value: &Value| !func.def_op(*value).is_some_and(|op| op.is_constant());
            let mut given = liveness.live_in(head);
            given.retain(is_given);
            given.extend(&func.blocks[head].params);
            (head, given)
        };
        Entries { heads: heads.into_iter().map(given).collect() }
    }
}

/// The function that goes on at a loop head of a function. Its parameters are what [`Entries`] says, its results those
/// of the function. Where it comes to the head of a loop around, it goes on in the entry there, which `around` names:
/// so each loop is entered at its head alone, and is optimised as it would be in the whole function.
pub fn entry_at(module: &Module, id: FuncId, head: Block, around: &[(Block, FuncId)]) -> Function {
    let mut func = module.functions[id].clone();
    let cfg = Cfg::new(&func);
    let live = Liveness::new(&func, &cfg).live_in(head);
    let params = func.blocks[head].params.clone();
    let given = [live.as_slice(), params.as_slice()].concat();
    let intervals = passes::intervals_at(&func, module, head, &given);
    let intervals: Intervals = given.into_iter().zip(intervals).collect();
    let entries = Entries::of(&func, &cfg);
    for &(outer, entry) in around {
        let given = entries.heads.iter().find(|(block, _)| *block == outer);
        let given = given.map(|(_, given)| given.clone()).unwrap_or_default();
        let args = func.pools.list(&given);
        func.blocks[outer].insts.clear();
        func.blocks[outer].term = Terminator::TailCall { func: entry, args };
    }
    func.attrs.noinline = true;
    let homes = homes(&func);
    let before = move_entry(&mut func);
    let mut entry = EntryBlock::default();
    let mut redefined = Vec::new();
    for value in live {
        let other = entry.value(&mut func, value, &intervals);
        let home = Some(homes[value]).filter(|home| *home != Function::ENTRY).unwrap_or(before);
        redefined.push(Redefined { value, home, others: vec![(Function::ENTRY, other)] });
    }
    let args: Vec<Value> =
        params.into_iter().map(|param| entry.param(&mut func, param, &intervals)).collect();
    let args = func.pools.list(&args);
    func.blocks[Function::ENTRY] = BlockData {
        params: entry.params.clone(),
        insts: entry.insts,
        term: Terminator::Jump { target: BlockCall { block: head, args } },
        term_loc: LocId::NONE,
    };
    func.renumber_params(Function::ENTRY);
    let params = entry.params.iter().map(|&param| func.ty(param)).collect();
    func.sig = Signature { params, results: func.sig.results.clone() };
    passes::remove_unreachable(&mut func);
    mend(&mut func, &redefined);
    func
}

/// The heads of the loops around the one that begins at a head.
fn heads_around(func: &Function, head: Block) -> Vec<Block> {
    let loops = Loops::new(func, &Cfg::new(func));
    let mut heads = Vec::new();
    let mut at = loops.innermost(head);
    while let Some(id) = at {
        heads.push(loops.loops[id].header);
        at = loops.loops[id].parent;
    }
    heads.retain(|&outer| outer != head);
    heads
}

/// The block that defines each value.
fn homes(func: &Function) -> IdVec<Value, Block> {
    let mut homes: IdVec<Value, Block> = func.values.iter().map(|_| Function::ENTRY).collect();
    for (id, block) in func.blocks.iter_enumerated() {
        block.params.iter().for_each(|&param| homes[param] = id);
        for &inst in &block.insts {
            func.insts[inst].results.iter().for_each(|value| homes[value] = id);
        }
    }
    homes
}

/// Moves what stands in the entry to another block, which nothing leads to any more.
fn move_entry(func: &mut Function) -> Block {
    let moved = func.new_block();
    let blank = func.blocks[moved].clone();
    func.blocks[moved] = std::mem::replace(&mut func.blocks[Function::ENTRY], blank);
    func.renumber_params(moved);
    moved
}

/// What is known of the values where an entry leads to.
type Intervals = FxHashMap<Value, Interval>;

/// The new entry while it is being filled.
#[derive(Default)]
struct EntryBlock {
    params: Vec<Value>,
    insts: Vec<Inst>,
}

impl EntryBlock {
    /// The same value as a parameter, or as a constant of its own.
    fn value(&mut self, func: &mut Function, value: Value, intervals: &Intervals) -> Value {
        match func.def_op(value).filter(Op::is_constant) {
            Some(op) => self.add(func, op, func.ty(value)),
            None => self.param(func, value, intervals),
        }
    }

    fn add(&mut self, func: &mut Function, op: Op, ty: Type) -> Value {
        let inst = func.new_inst(op, &[ty], LocId::NONE);
        self.insts.push(inst);
        func.result(inst)
    }

    /// A parameter for a value. What was known of a natural number there is said by a mask, which changes nothing.
    fn param(&mut self, func: &mut Function, like: Value, intervals: &Intervals) -> Value {
        let ty = func.ty(like);
        let param = self.plain_param(func, like);
        match intervals.get(&like) {
            Some(interval) if ty == Type::I64 && interval.is_natural() => {
                let mask = i64::MAX >> (interval.hi.leading_zeros() - 1);
                let mask = self.add(func, Op::ConstInt { ty, value: mask }, ty);
                self.add(func, Op::BinOp { op: BinOp::And, a: param, b: mask }, ty)
            }
            Some(_) | None => param,
        }
    }

    fn plain_param(&mut self, func: &mut Function, like: Value) -> Value {
        let n = self.params.len() as u32;
        let def = ValueDef::Param(Function::ENTRY, n);
        let param = func.values.push(crate::function::ValueData { ty: func.ty(like), def });
        self.params.push(param);
        param
    }
}

/// The better tier of a program while it is being made. Functions have their numbers of the quick tier; entries in
/// loops are added behind.
pub struct Better {
    /// The functions that are prepared, as far as callers may inline them; the others as the quick tier has them.
    pub module: Module,
    prepared: IdVec<FuncId, bool>,
    /// Those that have been handed out.
    done: IdVec<FuncId, bool>,
    entries: FxHashMap<(FuncId, Block), FuncId>,
}

/// Functions that are ready for an engine; until they are put back their bodies stand in the module.
pub struct Finished {
    pub ids: Vec<FuncId>,
    saved: Vec<Function>,
}

impl Better {
    /// Nothing is prepared yet.
    pub fn new(quick: &Module) -> Better {
        let mut module = quick.clone();
        // Polls would stand in the way; they are put in again at the end.
        module.functions.iter_mut().for_each(passes::remove_polls);
        passes::freeze_as_it_runs(&mut module);
        let none = || module.functions.iter().map(|_| false).collect();
        let (prepared, done) = (none(), none());
        Better { module, prepared, done, entries: FxHashMap::default() }
    }

    /// The function that goes on at a loop head of a function of the quick tier.
    pub fn entry(&mut self, quick: &Module, id: FuncId, head: Block) -> FuncId {
        if let Some(&known) = self.entries.get(&(id, head)) {
            return known;
        }
        let func = &quick.functions[id];
        let around: Vec<(Block, FuncId)> = heads_around(func, head)
            .into_iter()
            .map(|outer| (outer, self.entry(quick, id, outer)))
            .collect();
        let mut func = entry_at(quick, id, head, &around);
        passes::remove_polls(&mut func);
        let entry = self.module.functions.push(func);
        self.prepared.push(false);
        self.done.push(false);
        self.entries.insert((id, head), entry);
        entry
    }

    /// Finishes `roots` and all that they name, as far as it has not been handed out.
    pub fn finish(&mut self, roots: &[FuncId]) -> Finished {
        let mut new = passes::reachable(&self.module, roots);
        new.retain(|&id| !std::mem::replace(&mut self.prepared[id], true));
        passes::optimize_for_inlining(&mut self.module, &new);
        // What has been inlined everywhere is not named any more.
        let mut ids = passes::reachable(&self.module, roots);
        ids.retain(|&id| !std::mem::replace(&mut self.done[id], true));
        let saved = ids.iter().map(|&id| self.module.functions[id].clone()).collect();
        passes::finish_some(&mut self.module, &ids);
        Finished { ids, saved }
    }

    /// Makes the functions again what callers may inline.
    pub fn put_back(&mut self, finished: Finished) {
        for (id, func) in finished.ids.into_iter().zip(finished.saved) {
            self.module.functions[id] = func;
        }
    }
}
