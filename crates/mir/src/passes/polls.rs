//! Puts in the polls: before the calls of functions that call others, on every way back in a loop, and behind what may
//! ask its caller to wait, as a send to a full mailbox does. So no cycle of calls, no long chain of them and no loop is
//! without one; functions that call nothing, or only such as call little, pay nothing (`call_graph::polled_entries`), and
//! neither do the ways through a function that come to no call, as the end of a recursion. A way back that a generator
//! takes only after a `yield_` needs none: who asks it in a loop polls there.
//!
//! Needs: nothing; runs last, so that no pass has to move polls. Breaks: blocks (of counted loops).
//!
//! A short counted loop polls once in `BATCH` rounds and pays nothing in between: it runs to the nearer of
//! its own bound and a mark `BATCH` ahead, and only there looks which of the two it was.

use super::fold::opposite;
use super::{PassCx, index};
use crate::analysis::{Cfg, Loop, Loops};
use crate::effects::Effects;
use crate::entities::*;
use crate::function::{Function, ValueDef};
use crate::keywords::*;
use crate::ops::{Op, Terminator};
use crate::types::Type;
use sepal_abi::Effects as Rt;

/// Rounds between two polls of a short loop: a few microseconds at most.
const BATCH: i64 = 1024;
/// In a longer body, a poll in every round is not felt.
const SHORT: usize = 16;

/// See the module's head. Says that something changed if loops did, since that leaves work behind.
pub fn run(func: &mut Function, cx: &mut PassCx<'_>) -> bool {
    remove(func);
    let batched = batch_loops(func);
    put_in(func, cx, &batched, before_calls);
    !batched.is_empty()
}

/// Takes out what is there.
pub(crate) fn remove(func: &mut Function) {
    let Function { blocks, insts, .. } = func;
    for block in blocks.iter_mut() {
        block.insts.retain(|&inst| !matches!(insts[inst].op, Op::Poll { .. }));
    }
}

/// Puts polls where `first` says the one before all calls is to be, behind what parks, and on all ways back but those named.
pub(super) fn put_in(
    func: &mut Function,
    cx: &PassCx<'_>,
    batched: &[(Block, Block)],
    first: fn(&Function, &Cfg) -> Option<Block>,
) {
    let cfg = Cfg::new(func);
    for &block in &cfg.rpo {
        put_behind_parking(func, block);
    }
    let yields: Vec<Block> = func.blocks.ids().filter(|&block| has_yield(func, block)).collect();
    for &block in &cfg.rpo {
        let number = cfg.number(block);
        let mut goes_back = false;
        func.for_each_successor(block, |next| {
            goes_back |= cfg.number(next) <= number
                && !batched.contains(&(block, next))
                && !yields_between(&yields, &cfg, next, block);
        });
        if goes_back {
            let loc = loc_near_end(func, block);
            func.append(block, Op::Poll { kind: PollKind::Turn }, &[], loc);
        }
    }
    if cx.graph.polled[index(cx.id)]
        && let Some(block) = first(func, &cfg)
    {
        let locs = [func.attrs.begin].into_iter().chain(all_locs(func));
        let loc = locs.into_iter().find(|loc| loc.is_some()).unwrap_or(LocId::NONE);
        let poll = func.new_inst(Op::Poll { kind: PollKind::Enter }, &[], loc);
        func.blocks[block].insts.insert(0, poll);
    }
}

/// The entry of a function that calls others.
pub(super) fn at_entry(func: &Function, cfg: &Cfg) -> Option<Block> {
    cfg.rpo.iter().any(|&block| calls_others(func, block)).then_some(Function::ENTRY)
}

/// The block closest to the calls that all ways to one pass, once.
fn before_calls(func: &Function, cfg: &Cfg) -> Option<Block> {
    let mut calls = cfg.rpo.iter().copied().filter(|&block| calls_others(func, block));
    let mut closest = calls.next()?;
    let upwards = |block| std::iter::successors(Some(block), |&block| cfg.idom(block));
    for call in calls {
        closest = upwards(closest).find(|&block| cfg.dominates(block, call))?;
    }
    let loops = Loops::new(func, cfg);
    upwards(closest).find(|&block| loops.depth(block) == 0)
}

/// What may ask its caller to wait is followed by the poll in which that waits.
fn put_behind_parking(func: &mut Function, block: Block) {
    let parks = |func: &Function, inst: Inst| matches!(func.insts[inst].op, Op::CallRt { rt, .. } if rt.effects().contains(Rt::PARKS));
    if !func.blocks[block].insts.iter().any(|&inst| parks(func, inst)) {
        return;
    }
    for inst in std::mem::take(&mut func.blocks[block].insts) {
        func.blocks[block].insts.push(inst);
        if parks(func, inst) {
            let loc = func.insts[inst].loc;
            func.append(block, Op::Poll { kind: PollKind::Turn }, &[], loc);
        }
    }
}

fn is_yield(func: &Function, inst: Inst) -> bool {
    matches!(func.insts[inst].op, Op::Yield { .. })
}

fn has_yield(func: &Function, block: Block) -> bool {
    func.blocks[block].insts.iter().any(|&inst| is_yield(func, inst))
}

/// Whether each round of the loop from `header` to `latch` passes a `yield_`.
fn yields_between(yields: &[Block], cfg: &Cfg, header: Block, latch: Block) -> bool {
    let between = |&block: &Block| cfg.dominates(header, block) && cfg.dominates(block, latch);
    yields.iter().any(between)
}

fn all_locs(func: &Function) -> impl Iterator<Item = LocId> {
    let insts = func.blocks.iter().flat_map(|block| &block.insts);
    insts.map(|&inst| func.insts[inst].loc).chain(func.blocks.iter().map(|block| block.term_loc))
}

fn loc_near_end(func: &Function, block: Block) -> LocId {
    let data = &func.blocks[block];
    let insts = data.insts.iter().rev().map(|&inst| func.insts[inst].loc);
    std::iter::once(data.term_loc).chain(insts).find(|loc| loc.is_some()).unwrap_or(LocId::NONE)
}

/// Whether a block calls Sepal code, which could call the function in turn. To yield is to return.
fn calls_others(func: &Function, block: Block) -> bool {
    let block = &func.blocks[block];
    let calls =
        |&inst: &Inst| func.insts[inst].op.effects() == Effects::CALLS && !is_yield(func, inst);
    block.term.as_call().is_some() || block.insts.iter().any(calls)
}

/// A short loop that counts up to a bound.
struct Counted {
    header: Block,
    latch: Block,
    /// The counter after the step, and the bound it is compared with.
    next: Value,
    bound: Value,
    ty: Type,
    /// Whether it counts by one, and so comes to every mark exactly.
    by_one: bool,
    /// Where each way into the loop comes from, and the counter's first value there.
    entries: Vec<(Block, Value)>,
    /// Whether the branch's first way stays.
    stays_first: bool,
}

/// Gives the edges back that need no poll of their own.
fn batch_loops(func: &mut Function) -> Vec<(Block, Block)> {
    let cfg = Cfg::new(func);
    let loops = Loops::new(func, &cfg);
    let found: Vec<Counted> =
        loops.loops.iter().filter_map(|found| counted(func, &cfg, &loops, found)).collect();
    found.into_iter().flat_map(|counted| batch(func, counted)).collect()
}

fn counted(func: &Function, cfg: &Cfg, loops: &Loops, found: &Loop) -> Option<Counted> {
    let [latch] = found.latches[..] else { return None };
    let is_innermost = |&block: &Block| {
        loops.innermost(block).is_some_and(|id| loops.loops[id].header == found.header)
    };
    let size: usize = found.blocks.iter().map(|&block| func.blocks[block].insts.len()).sum();
    if size > SHORT || !found.blocks.iter().all(is_innermost) {
        return None;
    }
    let insts = found.blocks.iter().flat_map(|&block| &func.blocks[block].insts);
    if insts.into_iter().any(|&inst| func.insts[inst].op.effects().has(Effects::SUSPENDS)) {
        return None;
    }
    let Terminator::Branch { cond, then, otherwise, .. } = func.blocks[latch].term else {
        return None;
    };
    let stays_first = then.block == found.header;
    if then.block == otherwise.block {
        return None;
    }
    let (next, bound) = rising(func, cond, stays_first)?;
    if !is_outside(func, found, bound) {
        return None;
    }
    let (counter, step) = step_of(func, next)?;
    let entries = first_values(func, cfg, found, latch, counter)?;
    let (header, ty) = (found.header, func.ty(next));
    Some(Counted { header, latch, next, bound, ty, by_one: step == 1, entries, stays_first })
}

/// `next < bound`, if that is what keeps the loop going.
fn rising(func: &Function, cond: Value, stays_first: bool) -> Option<(Value, Value)> {
    let Op::BinOp { op, a, b } = func.def_op(cond)? else { return None };
    let op = if stays_first { op } else { opposite(op)? };
    if op == BinOp::SLt { Some((a, b)) } else { (op == BinOp::SGt).then_some((b, a)) }
}

fn is_outside(func: &Function, found: &Loop, value: Value) -> bool {
    match func.values[value].def {
        ValueDef::Param(block, _) => !found.blocks.contains(&block),
        ValueDef::Result(inst, _) => {
            !found.blocks.iter().any(|&block| func.blocks[block].insts.contains(&inst))
        }
        ValueDef::Removed => true,
    }
}

/// What `next` is a step up from, and the step.
fn step_of(func: &Function, next: Value) -> Option<(Value, i64)> {
    let (Op::BinOp { op: BinOp::Add, a: counter, b: step }
    | Op::CheckedOp { op: CheckedOp::SAdd, a: counter, b: step }) = func.def_op(next)?
    else {
        return None;
    };
    let Op::ConstInt { value: step @ 1.., .. } = func.def_op(step)? else { return None };
    Some((counter, step))
}

/// The counter's value on each way in: it is a parameter of the header.
fn first_values(
    func: &Function,
    cfg: &Cfg,
    found: &Loop,
    latch: Block,
    counter: Value,
) -> Option<Vec<(Block, Value)>> {
    let ValueDef::Param(block, n) = func.values[counter].def else { return None };
    if block != found.header {
        return None;
    }
    let mut entries = Vec::new();
    for edge in cfg.preds(found.header) {
        let Terminator::Jump { target } = func.blocks[edge.from].term else {
            if edge.from == latch {
                continue;
            }
            return None;
        };
        entries.push((edge.from, *func.list(target.args).get(n as usize)?));
    }
    Some(entries)
}

/// See the module's head. The mark is a parameter of the loop. Gives the two edges back: one without
/// a poll, one that has its own.
fn batch(func: &mut Function, counted: Counted) -> [(Block, Block); 2] {
    let Counted { header, latch, next, bound, ty, by_one, entries, stays_first } = counted;
    let Terminator::Branch { then, otherwise, .. } = func.blocks[latch].term else {
        unreachable!("`counted` has seen the branch");
    };
    let mark = func.add_param(header, ty);
    for (block, first) in entries {
        let first_mark = ahead(func, block, first, bound, ty);
        let Terminator::Jump { target } = func.blocks[block].term else { continue };
        let target = with_arg(func, target, first_mark);
        func.blocks[block].term = Terminator::Jump { target };
    }
    let (again, leave) = if stays_first { (then, otherwise) } else { (otherwise, then) };
    let loc = loc_near_end(func, latch);

    // At the mark: is it the bound? If not, poll and set the next mark. The mark that was reached stands for the
    // counter here: code generation would compute `next` anew for these blocks, and so keep the counter's value
    // before the step alive beside it in every round.
    let reached = if by_one { mark } else { next };
    let (look, poll) = (func.new_block(), func.new_block());
    let op = Op::BinOp { op: BinOp::SLt, a: reached, b: bound };
    let more = func.append(look, op, &[Type::Bool], LocId::NONE);
    func.blocks[look].term = Terminator::Branch {
        cond: func.result(more),
        then: BlockCall { block: poll, args: ValueList::default() },
        otherwise: leave,
        hint: Hint::Unlikely,
    };
    func.append(poll, Op::Poll { kind: PollKind::Turn }, &[], loc);
    let next_mark = ahead(func, poll, reached, bound, ty);
    let mut args = func.list(again.args).to_vec();
    args.iter_mut().filter(|arg| **arg == next).for_each(|arg| *arg = reached);
    args.push(next_mark);
    let target = BlockCall { block: again.block, args: func.pools.list(&args) };
    func.blocks[poll].term = Terminator::Jump { target };

    let op = Op::BinOp { op: BinOp::SLt, a: next, b: mark };
    let before = func.append(latch, op, &[Type::Bool], LocId::NONE);
    let cond = func.result(before);
    let again = with_arg(func, again, mark);
    let look = BlockCall { block: look, args: ValueList::default() };
    // No hint: laid out right behind the loop, the way on costs the way back no jump of its own.
    func.blocks[latch].term =
        Terminator::Branch { cond, then: again, otherwise: look, hint: Hint::Unknown };
    [(latch, header), (poll, header)]
}

fn with_arg(func: &mut Function, call: BlockCall, arg: Value) -> BlockCall {
    let mut args = func.list(call.args).to_vec();
    args.push(arg);
    BlockCall { block: call.block, args: func.pools.list(&args) }
}

/// Computes at the end of `block` the nearer of `bound` and `from + BATCH`. Any mark up to the bound
/// is right, so a sum beyond the type's end simply gives the bound.
fn ahead(func: &mut Function, block: Block, from: Value, bound: Value, ty: Type) -> Value {
    let bits = ty.int_bits().unwrap_or(64);
    let batch = if bits == 8 { 32 } else { BATCH };
    let last = (i64::MAX >> (64 - bits)) - batch;
    let mut add = |op: Op, ty: Type| {
        let inst = func.append(block, op, &[ty], LocId::NONE);
        func.result(inst)
    };
    let last = add(Op::ConstInt { ty, value: last }, ty);
    let batch = add(Op::ConstInt { ty, value: batch }, ty);
    let too_far = add(Op::BinOp { op: BinOp::SGt, a: from, b: last }, Type::Bool);
    let sum = add(Op::BinOp { op: BinOp::Add, a: from, b: batch }, ty);
    let near = add(Op::Select { cond: too_far, a: bound, b: sum }, ty);
    let is_nearer = add(Op::BinOp { op: BinOp::SLt, a: near, b: bound }, Type::Bool);
    add(Op::Select { cond: is_nearer, a: near, b: bound }, ty)
}
