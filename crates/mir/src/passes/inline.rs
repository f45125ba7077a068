//! Inlining, callees before callers, so that what is inlined has been optimised already. Calls of
//! itself are `inline_self`.
//!
//! Needs: callees done first (`run_passes` sees to it). Breaks: blocks, locations get chains.
//!
//! Traces stay as they were: what is inlined at a call stands "at" that call; what replaces a tail
//! call stands for itself, since the caller's frame would have been gone; a tail call that becomes a
//! call inside the caller carries the caller's location, since the frame between had gone as well.

use super::call_graph::{blocks_in_loops, for_each_callee};
use super::index;
use super::rewrite::Rewrites;
use super::schedule::NewLocs;
use super::{PassCx, remove_unreachable};
use crate::effects::Effects;
use crate::entities::*;
use crate::function::{FuncAttrs, Function};
use crate::module::Module;
use crate::ops::{Op, Terminator};
use rustc_hash::FxHashMap;
use sepal_base::Id as _;

/// A call with its arguments and what it does to registers, in instructions.
const CALL: usize = 5;
/// A callee up to this size costs about as much as the call itself.
const TINY: usize = 8;
/// Ordinary callees.
const SMALL: usize = 40;
/// Ordinary callees with a loop: beside what they do a call is cheap.
const SMALL_LOOP: usize = 12;
/// Callees that are given a closure or constant object: what they call becomes known.
const WITH_CLOSURE: usize = 120;
/// Callees marked `inline`, or with a single call.
const WANTED: usize = 250;
/// A caller does not grow beyond this, tiny callees apart.
pub(super) const CALLER_LIMIT: usize = 3_000;
/// And never beyond this.
const HARD_LIMIT: usize = 12_000;
/// Recursive functions up to this size are inlined into themselves.
const SELF_LIMIT: usize = 40;
/// How often a copy is put into what the last one left: each time the rest of the calls is halved, and of their polls.
const SELF_DEPTH: usize = 3;
/// Nothing more is put into one that has grown beyond this.
const SELF_GROWN: usize = 90;

/// See the module's head.
pub fn run(func: &mut Function, cx: &mut PassCx<'_>) -> bool {
    !func.attrs.interpret && inline_all(func, cx, None)
}

/// Inlines a small recursive function into itself when it has become what it will be.
pub fn run_on_itself(func: &mut Function, cx: &mut PassCx<'_>) -> bool {
    let may = !func.attrs.interpret && !func.attrs.noinline && !cx.self_inlined;
    if !may || func.inst_count() > SELF_LIMIT || !calls_itself(func, cx.id) {
        return false;
    }
    cx.self_inlined = true;
    let before = func.clone();
    let mut changed = false;
    for _ in 0..SELF_DEPTH {
        if func.inst_count() > SELF_GROWN {
            break;
        }
        changed |= inline_all(func, cx, Some(&before));
    }
    changed
}

/// Inlines what is worth it; or only the calls of itself, when `itself` is given.
fn inline_all(func: &mut Function, cx: &mut PassCx<'_>, itself: Option<&Function>) -> bool {
    let mut size = func.inst_count();
    let mut rewrites = Rewrites::default();
    let mut changed = false;
    let mut block = 0;
    // Continuations are appended behind, so calls in them are met in turn; what was inlined is not
    // looked into again.
    let mut foreign: Vec<bool> = vec![false; func.blocks.len()];
    let runs_once = cx.graph.once[index(cx.id)];
    let in_loop = if runs_once { blocks_in_loops(func) } else { Vec::new() };
    let mut heat: Vec<Heat> =
        in_loop.iter().map(|in_loop| if *in_loop { Heat::Usual } else { Heat::Once }).collect();
    while block < func.blocks.len() {
        let here = Block(block as u32);
        block += 1;
        if foreign.get(here.index()) == Some(&true) {
            continue;
        }
        let around = heat.get(here.index()).copied().unwrap_or(Heat::Usual);
        let site = next_site(func, cx, here, around, size, itself.is_some());
        let Some(site) = site else { continue };
        let callee = itself.unwrap_or(&cx.module.functions[site.callee]);
        size += callee.inst_count();
        Inliner::new(func, callee, &mut cx.locs, &site, &mut rewrites).run();
        foreign.resize(func.blocks.len(), true);
        if site.nth.is_some() {
            // The rest of the block has been put last.
            foreign[func.blocks.len() - 1] = false;
            heat.resize(func.blocks.len(), around);
        }
        changed = true;
    }
    // Once for all calls: replacing after each would be quadratic.
    rewrites.apply(func);
    if changed {
        // Nothing reaches what stands behind a callee that never returns, but it uses values.
        remove_unreachable(func);
    }
    changed
}

fn calls_itself(func: &Function, id: FuncId) -> bool {
    let mut found = false;
    for_each_callee(func, |callee, is_call| found |= is_call && callee == id);
    found
}

/// A call to be inlined.
pub(super) struct Site {
    pub block: Block,
    /// Its place in the block, or `None` for a tail call.
    pub nth: Option<usize>,
    pub callee: FuncId,
    pub args: ValueList,
    pub loc: LocId,
}

/// How often a block runs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Heat {
    /// It ends in a panic.
    Cold,
    /// At most once in the life of the program.
    Once,
    Usual,
}

fn next_site(
    func: &Function,
    cx: &PassCx<'_>,
    block: Block,
    around: Heat,
    size: usize,
    only_itself: bool,
) -> Option<Site> {
    let data = &func.blocks[block];
    let is_cold = matches!(data.term, Terminator::Panic { .. } | Terminator::Unreachable {});
    let heat = if is_cold { Heat::Cold } else { around };
    let wanted =
        |callee: FuncId, args: ValueList| worth_it(func, cx, callee, args, size, heat, only_itself);
    for (n, &inst) in data.insts.iter().enumerate() {
        if let Op::Call { func: callee, args } = func.insts[inst].op
            && wanted(callee, args)
        {
            let loc = func.insts[inst].loc;
            return Some(Site { block, nth: Some(n), callee, args, loc });
        }
    }
    match data.term {
        // A tail call of itself is a loop, which another copy would not make better.
        Terminator::TailCall { func: callee, args } if callee != cx.id && wanted(callee, args) => {
            Some(Site { block, nth: None, callee, args, loc: data.term_loc })
        }
        Terminator::TailCall { .. }
        | Terminator::Jump { .. }
        | Terminator::Branch { .. }
        | Terminator::Switch { .. }
        | Terminator::Return { .. }
        | Terminator::TailCallIndirect { .. }
        | Terminator::TailCallVirtual { .. }
        | Terminator::Panic { .. }
        | Terminator::Unreachable {} => None,
    }
}

fn worth_it(
    func: &Function,
    cx: &PassCx<'_>,
    id: FuncId,
    args: ValueList,
    size: usize,
    heat: Heat,
    only_itself: bool,
) -> bool {
    let module: &Module = cx.module;
    if only_itself || id == cx.id {
        return only_itself && id == cx.id && heat != Heat::Cold;
    }
    let callee = &module.functions[id];
    let same_cycle = cx.graph.cycle[index(id)] == cx.graph.cycle[index(cx.id)];
    let FuncAttrs { noinline, interpret, cold, .. } = callee.attrs;
    if !callee.is_defined() || noinline || interpret || cold || same_cycle {
        return false;
    }
    let cost = cost(callee);
    if cost <= TINY {
        return size < HARD_LIMIT;
    }
    if heat == Heat::Cold || size + cost > CALLER_LIMIT {
        return false;
    }
    let uses = cx.graph.uses[index(id)];
    let is_only_use = uses.calls == 1 && !uses.has_address && !callee.attrs.export;
    let gets_code = func.list(args).iter().any(|&arg| {
        matches!(func.def_op(arg), Some(Op::ClosureCreate { .. } | Op::ConstObject { .. }))
    });
    let limit = if callee.attrs.inline || is_only_use && heat != Heat::Once {
        WANTED
    } else if gets_code {
        WITH_CLOSURE
    } else if heat == Heat::Once {
        TINY
    } else if has_loop(callee) {
        SMALL_LOOP
    } else {
        SMALL
    };
    cost <= limit
}

/// What inlining a function adds to a caller, in instructions.
pub(super) fn cost(func: &Function) -> usize {
    let insts = func.blocks.iter().flat_map(|block| &block.insts);
    insts.map(|&inst| if func.insts[inst].op.effects() == Effects::CALLS { CALL } else { 1 }).sum()
}

/// Whether some block leads to itself or back: callees are done, so their blocks stand in reverse
/// postorder.
fn has_loop(func: &Function) -> bool {
    func.blocks.ids().any(|block| {
        let mut back = false;
        func.for_each_successor(block, |next| back |= next <= block);
        back
    })
}

/// Copies one callee into its caller.
pub(super) struct Inliner<'a, 'm> {
    func: &'a mut Function,
    callee: &'a Function,
    locs: &'a mut NewLocs<'m>,
    site: &'a Site,
    /// What the results of the calls are now.
    rewrites: &'a mut Rewrites,
    values: Vec<Value>,
    blocks: Vec<Block>,
    /// Locations already put "at" the call.
    known_locs: FxHashMap<LocId, LocId>,
}

impl<'a, 'm> Inliner<'a, 'm> {
    pub(super) fn new(
        func: &'a mut Function,
        callee: &'a Function,
        locs: &'a mut NewLocs<'m>,
        site: &'a Site,
        rewrites: &'a mut Rewrites,
    ) -> Inliner<'a, 'm> {
        let values = vec![Value(u32::MAX); callee.values.len()];
        let blocks = Vec::with_capacity(callee.blocks.len());
        let known_locs = FxHashMap::default();
        Inliner { func, callee, locs, site, rewrites, values, blocks, known_locs }
    }

    pub(super) fn run(mut self) {
        self.declare();
        self.copy_insts();
        let rest = self.site.nth.map(|n| self.split(n));
        for block in self.callee.blocks.ids() {
            self.terminator(block, rest);
        }
        let entry = BlockCall { block: self.blocks[0], args: ValueList::default() };
        self.func.blocks[self.site.block].term = Terminator::Jump { target: entry };
    }

    /// New blocks and values. The entry's parameters are the arguments themselves.
    fn declare(&mut self) {
        for _ in self.callee.blocks.iter() {
            let block = self.func.new_block();
            self.blocks.push(block);
        }
        let args = self.func.list(self.site.args).to_vec();
        for (&param, &arg) in self.callee.blocks[Function::ENTRY].params.iter().zip(&args) {
            self.values[param.index()] = arg;
        }
        for block in self.callee.blocks.ids().skip(1) {
            for &param in &self.callee.blocks[block].params {
                let copy = self.func.add_param(self.blocks[block.index()], self.callee.ty(param));
                self.values[param.index()] = copy;
            }
        }
    }

    fn loc(&mut self, loc: LocId) -> LocId {
        if self.site.nth.is_none() {
            return loc;
        }
        let Inliner { locs, site, .. } = self;
        *self.known_locs.entry(loc).or_insert_with(|| locs.inline(loc, site.loc))
    }

    /// All instructions with their old operands first, since loops use what comes later.
    fn copy_insts(&mut self) {
        let mut copied = Vec::new();
        for block in self.callee.blocks.ids() {
            for &inst in &self.callee.blocks[block].insts {
                let data = &self.callee.insts[inst];
                let loc = self.loc(data.loc);
                let types: smallvec::SmallVec<[_; 4]> =
                    data.results.iter().map(|value| self.callee.ty(value)).collect();
                let op = data.op.transfer(&self.callee.pools, &mut self.func.pools);
                let copy = self.func.append(self.blocks[block.index()], op, &types, loc);
                for (from, to) in data.results.iter().zip(self.func.insts[copy].results.iter()) {
                    self.values[from.index()] = to;
                }
                copied.push(copy);
            }
        }
        for inst in copied {
            let Function { insts, pools, .. } = &mut *self.func;
            insts[inst].op.map_values(pools, &mut |value| self.values[value.index()]);
        }
    }

    /// Moves what follows the call to a new block with the call's results as parameters.
    fn split(&mut self, nth: usize) -> Block {
        let rest = self.func.new_block();
        let tail = self.func.blocks[self.site.block].insts.split_off(nth);
        let (call, tail) = tail.split_first().expect("the call stands there");
        let results = self.func.insts[*call].results;
        for result in results.iter() {
            let param = self.func.add_param(rest, self.func.ty(result));
            self.rewrites.replace(result, param);
        }
        let (term, loc) = {
            let block = &self.func.blocks[self.site.block];
            (block.term, block.term_loc)
        };
        let block = &mut self.func.blocks[rest];
        block.insts = tail.to_vec();
        block.term = term;
        block.term_loc = loc;
        self.func.blocks[self.site.block].term = Terminator::Unreachable {};
        rest
    }

    fn terminator(&mut self, block: Block, rest: Option<Block>) {
        let data = &self.callee.blocks[block];
        let mut term = data.term.transfer(&self.callee.pools, &mut self.func.pools);
        term.map_values(&mut self.func.pools, &mut |value| self.values[value.index()]);
        let blocks = &self.blocks;
        term.map_targets(&mut self.func.pools, &mut |call, _| BlockCall {
            block: blocks[call.block.index()],
            ..call
        });
        let mut loc = self.loc(data.term_loc);
        let copy = self.blocks[block.index()];
        if let Some(rest) = rest {
            if let Terminator::Return { values } = term {
                term = Terminator::Jump { target: BlockCall { block: rest, args: values } };
            } else if let Some(op) = term.as_call() {
                term = self.call_then(copy, op, rest);
                loc = LocId::NONE;
            }
        }
        self.func.blocks[copy].term = term;
        self.func.blocks[copy].term_loc = loc;
    }

    /// A tail call of the callee is an ordinary call of the caller.
    fn call_then(&mut self, block: Block, op: Op, rest: Block) -> Terminator {
        let types = self.callee.sig.results.clone();
        let call = self.func.append(block, op, &types, self.site.loc);
        let results: Vec<Value> = self.func.insts[call].results.iter().collect();
        let args = self.func.pools.list(&results);
        Terminator::Jump { target: BlockCall { block: rest, args } }
    }
}
