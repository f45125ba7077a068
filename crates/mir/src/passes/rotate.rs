//! Loop rotation: a loop that tests at its head gets a copy of the test before it and tests at its
//! end. One jump less per round, and what the body does first is done on every entry, which is what
//! `licm` asks for.
//!
//! Needs: nothing. Breaks: blocks, block parameters.

use super::PassCx;
use super::ssa::SsaVars;
use crate::analysis::{Cfg, LoopId, Loops};
use crate::effects::Effects;
use crate::entities::*;
use crate::function::Function;
use crate::ops::Terminator;
use rustc_hash::FxHashMap;

/// Tests longer than this are not copied.
const MAX_INSTS: usize = 16;
/// Each rotation looks at the whole function; this many are enough for any program that is read.
const MAX_LOOPS: usize = 100;

/// See the module's head.
pub fn run(func: &mut Function, _: &mut PassCx<'_>) -> bool {
    let mut loops = Loops::new(func, &Cfg::new(func));
    let fitting = loops.loops.ids().filter(|&id| shape(func, &loops, id).is_some());
    let fitting: Vec<LoopId> = fitting.take(MAX_LOOPS).collect();
    let mut changed = false;
    // Inner loops first. A rotation changes no loop's header or blocks; those it makes belong to the
    // loop around.
    for id in fitting.into_iter().rev() {
        if let Some(shape) = shape(func, &loops, id) {
            rotate(func, &mut loops, id, shape);
            changed = true;
        }
    }
    changed
}

/// Which way of the header's branch stays in the loop.
#[derive(Clone, Copy)]
struct Shape {
    body_first: bool,
}

fn shape(func: &Function, loops: &Loops, id: LoopId) -> Option<Shape> {
    let found = &loops.loops[id];
    let header = &func.blocks[found.header];
    let Terminator::Branch { then, otherwise, .. } = header.term else { return None };
    if found.latches.contains(&found.header) || header.insts.len() > MAX_INSTS {
        return None;
    }
    let calls = |inst: &Inst| func.insts[*inst].op.effects().has(Effects::SUSPENDS);
    if header.insts.iter().any(calls) {
        return None;
    }
    let stays = |call: BlockCall| loops.contains(id, call.block) && call.block != found.header;
    match (stays(then), stays(otherwise)) {
        (true, false) => Some(Shape { body_first: true }),
        (false, true) => Some(Shape { body_first: false }),
        (true, true) | (false, false) => None,
    }
}

fn rotate(func: &mut Function, loops: &mut Loops, id: LoopId, shape: Shape) {
    let header = loops.loops[id].header;
    let (guard, copies) = copy_header(func, header);
    for block in func.blocks.ids() {
        if block != guard && !loops.contains(id, block) {
            redirect(func, block, header, guard);
        }
    }
    let preheader = add_preheader(func, guard, shape);
    for block in [Some(guard), preheader].into_iter().flatten() {
        loops.adopt(block, loops.loops[id].parent);
    }
    repair(func, header, guard, &copies);
}

/// A block that does what the header does, with names of its own.
fn copy_header(func: &mut Function, header: Block) -> (Block, Vec<(Value, Value)>) {
    let guard = func.new_block();
    let mut copies: Vec<(Value, Value)> = Vec::new();
    for n in 0..func.blocks[header].params.len() {
        let param = func.blocks[header].params[n];
        let copy = func.add_param(guard, func.ty(param));
        copies.push((param, copy));
    }
    let mut map: FxHashMap<Value, Value> = copies.iter().copied().collect();
    for n in 0..func.blocks[header].insts.len() {
        let data = func.insts[func.blocks[header].insts[n]];
        let mut op = data.op.duplicate(&mut func.pools);
        op.map_values(&mut func.pools, &mut |v| map.get(&v).copied().unwrap_or(v));
        let types: Vec<_> = data.results.iter().map(|v| func.ty(v)).collect();
        let copy = func.append(guard, op, &types, data.loc);
        for (old, new) in data.results.iter().zip(func.insts[copy].results.iter()) {
            map.insert(old, new);
            copies.push((old, new));
        }
    }
    let (term, loc) = (func.blocks[header].term, func.blocks[header].term_loc);
    let mut term = term.duplicate(&mut func.pools);
    term.map_values(&mut func.pools, &mut |v| map.get(&v).copied().unwrap_or(v));
    func.blocks[guard].term = term;
    func.blocks[guard].term_loc = loc;
    (guard, copies)
}

/// Leads every jump of `from` to `old` to `new` instead.
pub fn redirect(func: &mut Function, from: Block, old: Block, new: Block) {
    let mut term = func.blocks[from].term;
    term.map_targets(&mut func.pools, &mut |call, _| {
        if call.block == old { BlockCall { block: new, args: call.args } } else { call }
    });
    func.blocks[from].term = term;
}

/// Puts a block of its own on the way from the guard into the loop.
fn add_preheader(func: &mut Function, guard: Block, shape: Shape) -> Option<Block> {
    let Terminator::Branch { cond, mut then, mut otherwise, hint } = func.blocks[guard].term else {
        return None;
    };
    let preheader = func.new_block();
    let way_in = if shape.body_first { &mut then } else { &mut otherwise };
    let target =
        std::mem::replace(way_in, BlockCall { block: preheader, args: ValueList::default() });
    func.blocks[preheader].term = Terminator::Jump { target };
    func.blocks[guard].term = Terminator::Branch { cond, then, otherwise, hint };
    Some(preheader)
}

/// What the header defines has two definitions now: uses elsewhere see the one that reaches them.
fn repair(func: &mut Function, header: Block, guard: Block, copies: &[(Value, Value)]) {
    let cfg = Cfg::new(func);
    let mut vars = SsaVars::default();
    let mut var_of: FxHashMap<Value, usize> = FxHashMap::default();
    for &(old, new) in copies {
        let var = vars.add(func.ty(old));
        vars.define(var, header, old);
        vars.define(var, guard, new);
        var_of.insert(old, var);
    }
    for &block in &cfg.rpo {
        if block == header || block == guard {
            continue;
        }
        let mut used: Vec<Value> = Vec::new();
        let mut note = |value: Value| {
            if var_of.contains_key(&value) && !used.contains(&value) {
                used.push(value);
            }
        };
        for &inst in &func.blocks[block].insts {
            func.for_each_use(inst, &mut note);
        }
        func.blocks[block].term.for_each_value(&func.pools, &mut note);
        if used.is_empty() {
            continue;
        }
        let mut map: FxHashMap<Value, Value> = FxHashMap::default();
        for value in used {
            map.insert(value, vars.value_at_start(func, &cfg, var_of[&value], block));
        }
        let Function { blocks, insts, pools, .. } = &mut *func;
        let mut rename = |value: Value| map.get(&value).copied().unwrap_or(value);
        for &inst in &blocks[block].insts {
            insts[inst].op.map_values(pools, &mut rename);
        }
        blocks[block].term.map_values(pools, &mut rename);
    }
    vars.finish(func, &cfg);
}
