//! A generator that stays where it was made becomes part of the function that made it.
//!
//! Where the value of a `frame_new` is used by one `generator_next` and nothing else, there needs to be
//! no frame. Its body becomes a *step*,
//!
//! ```text
//! step(arguments..., state, saved...) -> (gave, values..., state, saved...)
//! ```
//!
//! which goes on where the state says and returns at each `yield_`. State and saved values become values
//! of the caller, and the step is inlined where it asks for the next value. The states are constants on
//! every way: `thread` leads each loop's way back to behind the `yield_`, and what remains is the body's
//! loop with the caller's inside.
//!
//! Needs: callees done first. Breaks: blocks, locations get chains. Must never take a body with pending
//! defers: they belong to the generator while it rests, not to the caller.

use super::PassCx;
use super::index;
use super::inline::{CALLER_LIMIT, Inliner, Site, cost};
use super::rewrite::Rewrites;
use super::ssa::{Redefined, SsaVars, mend};
use crate::analysis::{Cfg, Liveness};
use crate::builder::zero_of;
use crate::entities::*;
use crate::function::{Function, ValueDef};
use crate::ops::{Op, Terminator};
use crate::suspend::Slots;
use crate::types::Type;
use rustc_hash::FxHashMap;
use sepal_abi::RtFn;

/// Bodies up to this size are inlined, calls counted as `inline` does.
const LIMIT: usize = 200;
/// The state of a generator that has ended; it begins in state 0, and behind its n-th `yield_` it is n.
const ENDED: i64 = -1;

/// See the module's head. Says that something changed wherever generators are asked: their options are
/// to be unfolded in any case.
pub fn run(func: &mut Function, cx: &mut PassCx<'_>) -> bool {
    let ops = func.blocks.iter().flat_map(|block| &block.insts).map(|&inst| func.insts[inst].op);
    if !ops.into_iter().any(|op| matches!(op, Op::GeneratorNext { .. })) {
        return false;
    }
    if !func.attrs.interpret {
        // Those that inlining brings along are left alone, or recursive ones would have no end.
        for inst in frames(func) {
            if let Some(site) = site(func, cx, inst) {
                take_in(func, cx, &site);
            }
        }
    }
    true
}

/// The `frame_new`s of a function.
fn frames(func: &Function) -> Vec<Inst> {
    let insts = func.blocks.iter().flat_map(|block| &block.insts).copied();
    insts.filter(|&inst| matches!(func.insts[inst].op, Op::FrameNew { .. })).collect()
}

/// A generator to be inlined: where it is made, and where it is asked.
struct Asked {
    made_in: Block,
    frame: Inst,
    body: FuncId,
    args: ValueList,
    block: Block,
    nth: usize,
}

fn site(func: &Function, cx: &PassCx<'_>, frame: Inst) -> Option<Asked> {
    let Op::FrameNew { func: body, args } = func.insts[frame].op else { return None };
    let generator = func.result(frame);
    let (mut made_in, mut asked, mut uses) = (None, None, 0);
    for block in func.blocks.ids() {
        let data = &func.blocks[block];
        for (nth, &inst) in data.insts.iter().enumerate() {
            if inst == frame {
                made_in = Some(block);
            }
            func.for_each_use(inst, |value| uses += u32::from(value == generator));
            if let Op::GeneratorNext { generator: asks, .. } = func.insts[inst].op
                && asks == generator
            {
                asked = Some((block, nth));
            }
        }
        let pools = &func.pools;
        data.term.for_each_value(pools, &mut |value| uses += u32::from(value == generator));
    }
    let (made_in, (block, nth)) = (made_in?, asked?);
    let may = uses == 1 && made_in != block && is_worth_it(func, cx, body);
    may.then_some(Asked { made_in, frame, body, args, block, nth })
}

fn is_worth_it(func: &Function, cx: &PassCx<'_>, id: FuncId) -> bool {
    let body = &cx.module.functions[id];
    let same_cycle = cx.graph.cycle[index(id)] == cx.graph.cycle[index(cx.id)];
    let attrs = body.attrs;
    if !body.is_defined() || !attrs.generator || attrs.noinline || attrs.interpret || same_cycle {
        return false;
    }
    let cost = cost(body);
    cost <= LIMIT && func.inst_count() + cost <= CALLER_LIMIT && !has_defers(body)
}

fn has_defers(body: &Function) -> bool {
    body.blocks.iter().flat_map(|block| &block.insts).any(|&inst| {
        let Op::CallRt { rt, .. } = body.insts[inst].op else { return false };
        rt == RtFn::rt_defer_push || rt == RtFn::rt_defer_take || rt == RtFn::rt_defer_depth
    })
}

/// Replaces the frame by values and asking it by the step.
fn take_in(func: &mut Function, cx: &mut PassCx<'_>, asked: &Asked) {
    let Asked { made_in, frame, body, args, block, nth } = *asked;
    let asks = func.blocks[block].insts[nth];
    let given: Vec<Type> = func.insts[asks].results.iter().map(|v| func.ty(v)).collect();
    let step = Step::new(&cx.module.functions[body], &given);

    // What the step keeps is a variable each: zero where the generator was made.
    let cfg = Cfg::new(func);
    let mut vars = SsaVars::default();
    let at = func.blocks[made_in].insts.iter().position(|&inst| inst == frame);
    let at = at.expect("`site` has seen it there");
    let firsts: Vec<Inst> =
        step.kept.iter().map(|&ty| func.new_inst(zero_of(ty), &[ty], LocId::NONE)).collect();
    for (&first, &ty) in firsts.iter().zip(&step.kept) {
        let var = vars.add(ty);
        vars.define(var, made_in, func.result(first));
    }
    func.blocks[made_in].insts.splice(at..=at, firsts);

    let types: Vec<Type> = given.iter().chain(&step.kept).copied().collect();
    let loc = func.insts[asks].loc;
    let call = func.new_inst(Op::Call { func: body, args }, &types, loc);
    func.blocks[block].insts[nth] = call;
    let results: Vec<Value> = func.insts[call].results.iter().collect();
    let mut rewrites = Rewrites::default();
    for (old, &new) in func.insts[asks].results.iter().zip(&results) {
        rewrites.replace(old, new);
    }
    let mut all = func.list(args).to_vec();
    for (var, &kept) in results[given.len()..].iter().enumerate() {
        vars.define(var, block, kept);
    }
    for var in 0..vars.len() {
        all.push(vars.value_at_start(func, &cfg, var, block));
    }
    vars.finish(func, &cfg);
    rewrites.apply(func);

    let args = func.pools.list(&all);
    let site = Site { block, nth: Some(nth), callee: body, args, loc };
    let mut rewrites = Rewrites::default();
    Inliner::new(func, &step.func, &mut cx.locs, &site, &mut rewrites).run();
    rewrites.apply(func);
}

/// A body as a function from one state to the next.
struct Step {
    func: Function,
    /// The types of what is kept from one call to the next: the state, then the saved values.
    kept: Vec<Type>,
}

/// A `yield_`: the block that ends with it, the one that goes on behind it, what it gives.
struct Point {
    block: Block,
    cont: Block,
    values: ValueList,
    saved: Vec<Value>,
}

impl Step {
    /// `given` are the types that `generator_next` gives.
    fn new(body: &Function, given: &[Type]) -> Step {
        let mut func = body.clone();
        func.attrs.generator = false;
        super::remove_unreachable(&mut func);
        end_calls(&mut func);
        let start = open_entry(&mut func);
        let mut points = split(&mut func);
        let slots = find_saved(&func, &mut points);
        let mut kept = vec![Type::I64];
        kept.extend_from_slice(&slots.types);
        func.sig.params.extend_from_slice(&kept);
        func.sig.results = given.iter().chain(&kept).copied().collect();
        let kept_params: Vec<Value> =
            kept.iter().map(|&ty| func.add_param(Function::ENTRY, ty)).collect();

        let over = func.new_block();
        for block in func.blocks.ids() {
            if let Terminator::Return { .. } = func.blocks[block].term {
                jump(&mut func, block, over);
            }
        }
        let nothing: Vec<Value> =
            given.iter().chain(&kept).map(|&ty| one(&mut func, over, zero_of(ty), ty)).collect();
        let ended = one(&mut func, over, Op::ConstInt { ty: Type::I64, value: ENDED }, Type::I64);
        let mut results = nothing;
        results[given.len()] = ended;
        return_(&mut func, over, &results);

        let mut cases = vec![(0, target(start))];
        let mut reloads: FxHashMap<Value, Vec<(Block, Value)>> = FxHashMap::default();
        for (n, point) in points.iter().enumerate() {
            let state = n as i64 + 1;
            leave(&mut func, point, state, given, &slots);
            let resume = func.new_block();
            jump(&mut func, resume, point.cont);
            for &value in &point.saved {
                let slot = slots.of(value).expect("what is saved has a slot");
                let others = reloads.entry(value).or_default();
                others.push((resume, kept_params[1 + slot]));
            }
            cases.push((state, target(resume)));
        }
        let cases = func.pools.case_list(&cases);
        let default = target(over);
        func.blocks[Function::ENTRY].term =
            Terminator::Switch { value: kept_params[0], cases, default };
        mend_all(&mut func, reloads);
        Step { func, kept }
    }
}

/// Tail calls become plain ones: what is inlined here goes on behind them.
fn end_calls(func: &mut Function) {
    let results = func.sig.results.clone();
    for block in func.blocks.ids() {
        let Some(op) = func.blocks[block].term.as_call() else { continue };
        let loc = func.blocks[block].term_loc;
        func.append(block, op, &results, loc);
        return_(func, block, &[]);
    }
}

/// Moves what the entry does to a block of its own, which it gives.
fn open_entry(func: &mut Function) -> Block {
    let start = func.new_block();
    let entry = &mut func.blocks[Function::ENTRY];
    let (insts, term, loc) = (std::mem::take(&mut entry.insts), entry.term, entry.term_loc);
    entry.term_loc = LocId::NONE;
    let data = &mut func.blocks[start];
    (data.insts, data.term, data.term_loc) = (insts, term, loc);
    jump(func, Function::ENTRY, start);
    start
}

/// Splits the blocks behind every `yield_`.
fn split(func: &mut Function) -> Vec<Point> {
    let mut points = Vec::new();
    let mut n = 0;
    while n < func.blocks.len() {
        let block = Block(n as u32);
        n += 1;
        let found = func.blocks[block].insts.iter().enumerate().find_map(|(at, &inst)| {
            if let Op::Yield { values } = func.insts[inst].op { Some((at, values)) } else { None }
        });
        let Some((at, values)) = found else { continue };
        let cont = func.new_block();
        let data = &mut func.blocks[block];
        let rest = data.insts.split_off(at + 1);
        let (term, loc) = (data.term, data.term_loc);
        let data = &mut func.blocks[cont];
        (data.insts, data.term, data.term_loc) = (rest, term, loc);
        jump(func, block, cont);
        points.push(Point { block, cont, values, saved: Vec::new() });
    }
    points
}

/// What lives on behind each point; the arguments, which do not change, stay known to the caller.
fn find_saved(func: &Function, points: &mut [Point]) -> Slots {
    let cfg = Cfg::new(func);
    // Each `yield_` still stands at the end of its block, so that what it gives counts.
    let live = Liveness::new(func, &cfg);
    let is_argument =
        |value: &Value| matches!(func.values[*value].def, ValueDef::Param(Function::ENTRY, _));
    let mut at: Vec<(Value, Vec<u32>)> = Vec::new();
    for (n, point) in points.iter_mut().enumerate() {
        point.saved = live.live_in(point.cont);
        point.saved.retain(|value| !is_argument(value));
        for &value in &point.saved {
            match at.iter_mut().find(|(other, _)| *other == value) {
                Some((_, points)) => points.push(n as u32),
                None => at.push((value, vec![n as u32])),
            }
        }
    }
    let mut slots = Slots::default();
    at.iter().for_each(|(value, points)| slots.assign(*value, func.ty(*value), points));
    slots
}

/// Ends a block as its `yield_` did: with what it gives, and what the step needs to go on.
fn leave(func: &mut Function, point: &Point, state: i64, given: &[Type], slots: &Slots) {
    let block = point.block;
    func.blocks[block].insts.pop();
    let mut results = vec![one(func, block, Op::ConstBool { value: true }, Type::Bool)];
    results.extend_from_slice(func.list(point.values));
    debug_assert_eq!(results.len(), given.len(), "a body yields what its generator gives");
    results.push(one(func, block, Op::ConstInt { ty: Type::I64, value: state }, Type::I64));
    for (slot, &ty) in slots.types.iter().enumerate() {
        let saved = point.saved.iter().find(|value| slots.of(**value) == Some(slot));
        results.push(match saved {
            Some(&value) => value,
            None => one(func, block, zero_of(ty), ty),
        });
    }
    return_(func, block, &results);
}

/// Every saved value is defined again where the step goes on.
fn mend_all(func: &mut Function, reloads: FxHashMap<Value, Vec<(Block, Value)>>) {
    let mut homes: FxHashMap<Inst, Block> = FxHashMap::default();
    for block in func.blocks.ids() {
        homes.extend(func.blocks[block].insts.iter().map(|&inst| (inst, block)));
    }
    let mut redefined: Vec<Redefined> = Vec::with_capacity(reloads.len());
    for (value, others) in reloads {
        let home = match func.values[value].def {
            ValueDef::Result(inst, _) => homes[&inst],
            ValueDef::Param(block, _) => block,
            ValueDef::Removed => unreachable!("a live value has a definition"),
        };
        redefined.push(Redefined { value, home, others });
    }
    redefined.sort_unstable_by_key(|redefined| redefined.value.0);
    mend(func, &redefined);
}

fn one(func: &mut Function, block: Block, op: Op, ty: Type) -> Value {
    let inst = func.append(block, op, &[ty], LocId::NONE);
    func.result(inst)
}

fn target(block: Block) -> BlockCall {
    BlockCall { block, args: ValueList::default() }
}

fn jump(func: &mut Function, block: Block, to: Block) {
    func.blocks[block].term = Terminator::Jump { target: target(to) };
}

fn return_(func: &mut Function, block: Block, values: &[Value]) {
    let values = func.pools.list(values);
    func.blocks[block].term = Terminator::Return { values };
}
