//! Turns one body into a state machine: splits it where it may suspend, gives what lives on a slot in
//! the frame, adds the entry that goes on where it was left, and mends SSA form.
//!
//! Needs: the signatures of all functions as they were before. Must never change what a run that does
//! not suspend computes.

use super::Cx;
use super::frame::{self, CHILD, FIRST_RESULT, PARENT, STATE, Slots};
use super::points::Point;
use super::unchanged::leave_out_unchanged;
use super::{resume_signature, suspending};
use crate::analysis::{Cfg, Liveness};
use crate::builder::zero_of;
use crate::effects::Effects;
use crate::entities::*;
use crate::function::{Function, Pools, ValueDef};
use crate::keywords::*;
use crate::module::Module;
use crate::ops::{Op, Terminator};
use crate::passes::{SsaVars, remove_unreachable};
use crate::types::Type;
use rustc_hash::{FxHashMap, FxHashSet};
use sepal_abi::{FrameStatus, PanicCode};

/// What becomes of a function.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Mode {
    /// Only what it calls has changed.
    Plain,
    /// It is called, and may give a frame instead of its results.
    Call,
    /// It is resumed only.
    Root,
}

/// A transformed function, and what resumes its frames if that is another.
pub(super) struct Made {
    pub func: Function,
    pub wrapper: Option<Function>,
}

/// One body under transformation.
pub(super) struct Transform<'m> {
    pub module: &'m mut Module,
    pub cx: &'m mut Cx,
    pub id: FuncId,
    pub func: Function,
    pub mode: Mode,
    /// The results of the function as it was.
    pub results: Vec<Type>,
    /// What its frames give: the results, or the values of a generator.
    given: Vec<Type>,
    pub slots: Slots,
    /// Values that need no slot: wherever they are saved they are given as well, in the field named.
    pub given_as: FxHashMap<Value, u16>,
    /// Of the own frames; means nothing in `Mode::Plain`.
    pub layout: LayoutId,
    /// The own frame: null in a fresh call.
    pub own: Value,
    /// What is loaded again: the value, in which block, as which.
    pub reloads: Vec<(Value, Block, Value)>,
    /// Constants that live across a point: every block makes its own.
    pub constants: FxHashSet<Value>,
    /// A generator that always rests in the one state: it is set when the body begins, not whenever it gives something.
    pub one_state: bool,
}

/// See the module's head.
pub(super) fn transform(module: &mut Module, cx: &mut Cx, id: FuncId, func: Function) -> Made {
    let mode = if cx.colours.is_root(id) {
        Mode::Root
    } else if cx.colours.is_suspending(id) {
        Mode::Call
    } else {
        Mode::Plain
    };
    let results = func.sig.results.clone();
    let given = given_by(&func);
    let mut this = Transform {
        module,
        cx,
        id,
        func,
        mode,
        results,
        given,
        slots: Slots::default(),
        given_as: FxHashMap::default(),
        layout: LayoutId(0),
        own: Value(0),
        reloads: Vec::new(),
        constants: FxHashSet::default(),
        one_state: false,
    };
    remove_unreachable(&mut this.func);
    this.run()
}

fn given_by(func: &Function) -> Vec<Type> {
    if !func.attrs.generator {
        return func.sig.results.clone();
    }
    let yields = func.blocks.iter().flat_map(|block| &block.insts).find_map(|&inst| {
        if let Op::Yield { values } = func.insts[inst].op { Some(values) } else { None }
    });
    let values = yields.map_or(&[][..], |values| func.list(values));
    values.iter().map(|&value| func.ty(value)).collect()
}

impl Transform<'_> {
    fn run(mut self) -> Made {
        self.make_tail_calls_plain();
        let params = self.open_entry();
        let mut points = self.split();
        self.find_saved(&mut points, &params);
        let suspends = points.iter().any(|point| point.state.is_some());
        self.one_state = self.is_always_at(&points);
        if self.mode == Mode::Root || suspends {
            let (frames, types) = (&mut self.cx.frames, &self.slots.types);
            self.layout = frames.define(self.module, self.id, &self.func, &self.given, types);
        }
        self.change_returns();
        for point in &mut points {
            self.emit(point);
        }
        self.close_entry(&params, &points);
        self.mend();
        if self.mode == Mode::Root {
            leave_out_unchanged(&mut self.func, self.own);
        }
        let wrapper = (self.mode == Mode::Call && self.cx.colours.waits(self.id))
            .then(|| self.resume_wrapper(suspends));
        match self.mode {
            Mode::Plain => {}
            Mode::Call => self.func.sig = suspending(&self.func.sig),
            Mode::Root => self.func.sig = resume_signature(),
        }
        Made { func: self.func, wrapper }
    }

    // ---- tail calls ----

    /// A tail call stays one only from a suspending function to another: their results agree.
    fn make_tail_calls_plain(&mut self) {
        for block in self.func.blocks.ids() {
            let term = self.func.blocks[block].term;
            let (op, callee_suspends, results) = match term {
                Terminator::TailCall { func, args } => {
                    let results = self.module.functions[func].sig.results.clone();
                    (Op::Call { func, args }, self.cx.colours.is_suspending(func), results)
                }
                Terminator::TailCallIndirect { sig, closure, args } => {
                    let op = Op::IndirectCall { sig, closure, args };
                    let sig = &self.module.signatures[sig];
                    let suspends = self.cx.colours.is_suspending_signature(sig);
                    (op, suspends, sig.results.clone())
                }
                Terminator::TailCallVirtual { sig, slot, object, args } => {
                    let op = Op::MethodCallVirtual { sig, slot, object, args };
                    let sig = &self.module.signatures[sig];
                    let suspends = self.cx.colours.is_suspending_signature(sig);
                    (op, suspends, sig.results.clone())
                }
                Terminator::Jump { .. }
                | Terminator::Branch { .. }
                | Terminator::Switch { .. }
                | Terminator::Return { .. }
                | Terminator::Panic { .. }
                | Terminator::Unreachable {} => continue,
            };
            let stays = match self.mode {
                Mode::Plain => !callee_suspends,
                Mode::Call => callee_suspends,
                Mode::Root => false,
            };
            if stays {
                continue;
            }
            let loc = self.func.blocks[block].term_loc;
            let inst = self.func.append(block, op, &results, loc);
            let values: Vec<Value> = self.func.insts[inst].results.iter().collect();
            let values = self.func.pools.list(&values);
            self.func.blocks[block].term = Terminator::Return { values };
        }
    }

    // ---- splitting ----

    /// Moves the entry's content into a block of its own, so that it can be entered otherwise. Gives the
    /// block and leaves the entry open.
    fn open_entry(&mut self) -> Option<Block> {
        if self.mode == Mode::Plain {
            return None;
        }
        let start = self.func.new_block();
        let entry = &mut self.func.blocks[Function::ENTRY];
        let moved = std::mem::take(&mut entry.params);
        let (insts, term) = (std::mem::take(&mut entry.insts), entry.term);
        let term_loc = entry.term_loc;
        let types: Vec<Type> = moved.iter().map(|v| self.func.ty(*v)).collect();
        let data = &mut self.func.blocks[start];
        (data.params, data.insts, data.term, data.term_loc) = (moved, insts, term, term_loc);
        self.func.renumber_params(start);
        self.func.blocks[Function::ENTRY].term_loc = LocId::NONE;
        if self.mode == Mode::Call {
            for ty in types {
                self.func.add_param(Function::ENTRY, ty);
            }
        }
        self.own = self.func.add_param(Function::ENTRY, Type::Ref);
        self.poll_at_entry(start);
        self.jump(Function::ENTRY, start, &[]);
        Some(start)
    }

    /// A generator polls whenever it is resumed, not only at its beginning: it is called there, and may
    /// call others in turn.
    fn poll_at_entry(&mut self, start: Block) {
        let insts = &mut self.func.blocks[start].insts;
        let polls = |inst: &&Inst| matches!(self.func.insts[**inst].op, Op::Poll { .. });
        if self.func.attrs.generator && insts.first().filter(polls).is_some() {
            let poll = insts.remove(0);
            self.func.blocks[Function::ENTRY].insts.push(poll);
        }
    }

    /// Whether anyone could ask a generator for a value while its body runs: what the body calls, or
    /// another actor's or a defer's code after the body was left in its midst.
    fn may_be_asked_inside(&self) -> bool {
        let leaves = Effects::PANICS.with(Effects::SUSPENDS).with(Effects::ALLOCATES);
        self.func.blocks.iter().any(|block| {
            matches!(block.term, Terminator::Panic { .. })
                || block.insts.iter().any(|&i| self.func.insts[i].op.effects().any_of(leaves))
        })
    }

    /// Whether this is a generator with one `yield_`, that nobody could ask before it comes there.
    fn is_always_at(&self, points: &[Point]) -> bool {
        let is_one = matches!(points, [Point { op: Op::Yield { .. }, .. }]);
        is_one && self.mode == Mode::Root && !self.may_be_asked_inside()
    }

    /// Whether an op ends a block here, and if so whether the function may suspend in it.
    fn is_point(&self, op: &Op) -> Option<bool> {
        let colours = &self.cx.colours;
        let through = |sig: SigId| {
            colours.is_suspending_signature(&self.module.signatures[sig]).then_some(true)
        };
        if let Op::Wait {} | Op::Yield { .. } = *op {
            Some(true)
        } else if let Op::GeneratorNext { .. } = *op {
            Some(colours.generators_wait())
        } else if let Op::Call { func, .. } = *op {
            colours.is_suspending(func).then(|| colours.waits(func))
        } else if let Op::IndirectCall { sig, .. } | Op::MethodCallVirtual { sig, .. } = *op {
            through(sig)
        } else {
            None
        }
    }

    fn split(&mut self) -> Vec<Point> {
        let mut points: Vec<Point> = Vec::new();
        let mut states = 0;
        let mut n = 0;
        while n < self.func.blocks.len() {
            let block = Block(n as u32);
            n += 1;
            let insts = &self.func.blocks[block].insts;
            let found = insts.iter().enumerate().find_map(|(at, &inst)| {
                self.is_point(&self.func.insts[inst].op).map(|suspends| (at, inst, suspends))
            });
            let Some((at, inst, suspends)) = found else { continue };
            let cont = self.func.new_block();
            let data = &mut self.func.blocks[block];
            let tail = data.insts.split_off(at + 1);
            let (term, term_loc) = (data.term, data.term_loc);
            let (op, results, loc) = {
                let data = &self.func.insts[inst];
                (data.op, data.results, data.loc)
            };
            let after = &mut self.func.blocks[cont];
            (after.insts, after.term, after.term_loc) = (tail, term, term_loc);
            after.params = results.iter().collect();
            self.func.renumber_params(cont);
            self.jump(block, cont, &[]);
            let state = suspends.then(|| {
                states += 1;
                states
            });
            let results = results.iter().map(|v| self.func.ty(v)).collect();
            points.push(Point {
                block,
                cont,
                op,
                loc,
                results,
                state,
                saved: Vec::new(),
                resume: None,
            });
        }
        points
    }

    /// What is saved at each point, and where. Constants are made again instead.
    fn find_saved(&mut self, points: &mut [Point], start: &Option<Block>) {
        let cfg = Cfg::new(&self.func);
        // The ops still stand at the ends of their blocks, so that their operands count.
        let live = Liveness::new(&self.func, &cfg);
        for point in points.iter() {
            self.func.blocks[point.block].insts.pop();
        }
        let mut at: FxHashMap<Value, Vec<u32>> = FxHashMap::default();
        let mut order = Vec::new();
        for point in points.iter_mut() {
            let Some(state) = point.state else { continue };
            point.saved = live.live_in(point.cont);
            for &value in &point.saved {
                let points = at.entry(value).or_insert_with(|| {
                    order.push(value);
                    Vec::new()
                });
                points.push(state);
            }
        }
        if let (Mode::Root, Some(start)) = (self.mode, start) {
            // The arguments come in the frame of state 0.
            for &param in &self.func.blocks[*start].params {
                let points = at.entry(param).or_insert_with(|| {
                    order.push(param);
                    Vec::new()
                });
                points.insert(0, 0);
            }
        }
        for value in order {
            if self.is_constant(value) {
                continue;
            }
            match self.given_where_saved(value, points, &at[&value]) {
                Some(field) => drop(self.given_as.insert(value, field)),
                None => self.slots.assign(value, self.func.ty(value), &at[&value]),
            }
        }
    }

    /// The field in which each of these states' `yield_` gives the value, as it is.
    fn given_where_saved(&self, value: Value, points: &[Point], states: &[u32]) -> Option<u16> {
        let ty = self.func.ty(value);
        let place = |state: u32| {
            let point = points.iter().find(|point| point.state == Some(state))?;
            let Op::Yield { values } = point.op else { return None };
            self.func.list(values).iter().position(|&given| given == value)
        };
        let first = place(*states.first()?).filter(|_| ty == ty.word())?;
        let same = states.iter().all(|&state| place(state) == Some(first));
        same.then_some(FIRST_RESULT + first as u16)
    }

    /// Where a value that lives on is found when the body is resumed; constants nowhere.
    pub(super) fn field_of(&self, value: Value) -> Option<u16> {
        let slot = || self.slots.of(value).map(|slot| self.slot_field(slot));
        self.given_as.get(&value).copied().or_else(slot)
    }

    /// Whether a value is made from nothing, so that making it again is as good as keeping it.
    fn is_constant(&self, value: Value) -> bool {
        self.func.def_op(value).is_some_and(|op| {
            op.is_constant() || matches!(op, Op::FuncAddr { .. } | Op::VtableAddr { .. })
        })
    }

    // ---- returns ----

    fn change_returns(&mut self) {
        if self.mode == Mode::Plain {
            return;
        }
        for block in self.func.blocks.ids() {
            match self.func.blocks[block].term {
                Terminator::Return { values } => self.change_return(block, values),
                Terminator::TailCall { func, args } => {
                    let args = self.with_null(block, args);
                    self.func.blocks[block].term = Terminator::TailCall { func, args };
                }
                Terminator::TailCallIndirect { sig, closure, args } => {
                    let (args, sig) = (self.with_null(block, args), self.suspending_sig(sig));
                    let term = Terminator::TailCallIndirect { sig, closure, args };
                    self.func.blocks[block].term = term;
                }
                Terminator::TailCallVirtual { sig, slot, object, args } => {
                    let (args, sig) = (self.with_null(block, args), self.suspending_sig(sig));
                    let term = Terminator::TailCallVirtual { sig, slot, object, args };
                    self.func.blocks[block].term = term;
                }
                Terminator::Jump { .. }
                | Terminator::Branch { .. }
                | Terminator::Switch { .. }
                | Terminator::Panic { .. }
                | Terminator::Unreachable {} => {}
            }
        }
    }

    fn change_return(&mut self, block: Block, values: ValueList) {
        let values = self.func.list(values).to_vec();
        if self.mode == Mode::Call {
            let mut given = vec![self.null(block)];
            given.extend(values);
            let values = self.func.pools.list(&given);
            self.func.blocks[block].term = Terminator::Return { values };
            return;
        }
        let own = self.own;
        if self.func.attrs.generator {
            self.set_state(block, own, frame::state_word(frame::FINISHED, LocId::NONE));
        } else {
            self.store_results(block, own, &values);
        }
        self.return_status(block, FrameStatus::Done);
    }

    pub(super) fn with_null(&mut self, block: Block, args: ValueList) -> ValueList {
        let mut list = self.func.list(args).to_vec();
        list.push(self.null(block));
        self.func.pools.list(&list)
    }

    // ---- the entry ----

    fn close_entry(&mut self, start: &Option<Block>, points: &[Point]) {
        let Some(start) = *start else { return };
        let entry = Function::ENTRY;
        let suspends = points.iter().any(|point| point.state.is_some());
        if self.mode == Mode::Root {
            self.dispatch(entry, Some(start), points);
            return;
        }
        let params = self.func.blocks[entry].params.clone();
        let args = &params[..params.len() - 1];
        if !suspends {
            self.jump(entry, start, args);
            return;
        }
        let own = self.own;
        let is_new = self.is_null(entry, own);
        let dispatch = self.func.new_block();
        self.branch(entry, is_new, (start, args), (dispatch, &[]), Hint::Likely);
        self.dispatch(dispatch, None, points);
    }

    /// Goes where the frame's state says. With `start`, state 0 begins there with the frame's arguments.
    fn dispatch(&mut self, block: Block, start: Option<Block>, points: &[Point]) {
        let own = self.own;
        let word = self.get_own(block, Type::I64, own, STATE);
        let kind = CastKind::Truncate;
        let state = self.one(block, Op::Cast { kind, ty: Type::I32, value: word }, Type::I32);
        let nothing = ValueList::default();
        let mut cases: Vec<(i64, BlockCall)> = Vec::new();
        if let Some(start) = start {
            let first = self.func.new_block();
            let params = self.func.blocks[start].params.clone();
            let mut args = Vec::with_capacity(params.len());
            let mut fields = Vec::with_capacity(params.len());
            for param in params {
                let slot = self.slots.of(param).expect("arguments of a root have slots");
                let field = self.slot_field(slot);
                args.push(self.get_own(first, self.func.ty(param), own, field));
                fields.push(field);
            }
            if let (true, [point]) = (self.one_state, points) {
                self.set_state(first, own, point.state_word());
            }
            self.jump(first, start, &args);
            self.cx.frames.set_arguments(self.id, fields);
            cases.push((0, BlockCall { block: first, args: nothing }));
        }
        for point in points {
            if let (Some(state), Some(block)) = (point.state, point.resume) {
                cases.push((i64::from(state), BlockCall { block, args: nothing }));
            }
        }
        let other = self.func.new_block();
        if self.func.attrs.generator {
            if self.may_be_asked_inside() {
                self.set_state(block, own, frame::state_word(frame::RUNNING, LocId::NONE));
                self.panic_running(other);
            }
            let over = self.func.new_block();
            self.set_state(over, own, frame::state_word(frame::FINISHED, LocId::NONE));
            self.return_status(over, FrameStatus::Done);
            cases.push((frame::FINISHED, BlockCall { block: over, args: nothing }));
        }
        let block = self.likely_first(block, state, &mut cases);
        let cases = self.func.pools.case_list(&cases);
        let default = BlockCall { block: other, args: nothing };
        self.func.blocks[block].term = Terminator::Switch { value: state, cases, default };
    }

    /// Nearly always a generator of one `yield_` goes on behind that, so this is asked first. Gives where
    /// the other states are told apart.
    fn likely_first(
        &mut self,
        block: Block,
        state: Value,
        cases: &mut Vec<(i64, BlockCall)>,
    ) -> Block {
        let is_point = |(number, _): &(i64, BlockCall)| *number > 0;
        let only = cases.iter().position(is_point);
        let count = cases.iter().filter(|case| is_point(case)).count();
        let (Some(only), true) = (only, self.func.attrs.generator && count == 1) else {
            return block;
        };
        let (number, target) = cases.remove(only);
        let rest = self.func.new_block();
        let number = Op::ConstInt { ty: Type::I32, value: number };
        let number = self.one(block, number, Type::I32);
        let here = self.one(block, Op::BinOp { op: BinOp::Eq, a: state, b: number }, Type::Bool);
        self.branch(block, here, (target.block, &[]), (rest, &[]), Hint::Likely);
        rest
    }

    fn panic_running(&mut self, block: Block) {
        let text = self.module.string(b"the generator is running already", true);
        let message = self.one(block, Op::ConstString { string: text }, Type::Ref);
        let args = self.func.pools.list(&[message]);
        let term = Terminator::Panic { code: PanicCode::Message, args };
        self.func.blocks[block].term = term;
    }

    // ---- SSA ----

    /// Values that are loaded again have several definitions: block parameters where they meet.
    fn mend(&mut self) {
        let mut vars = SsaVars::default();
        let mut var_of: FxHashMap<Value, (usize, Block)> = FxHashMap::default();
        let of_inst = self.blocks_of_insts();
        for &(value, block, loaded) in &self.reloads {
            let (var, _) = *var_of.entry(value).or_insert_with(|| {
                let home = self.home(value, &of_inst);
                let var = vars.add(self.func.ty(value));
                vars.define(var, home, value);
                (var, home)
            });
            vars.define(var, block, loaded);
        }
        let cfg = Cfg::new(&self.func);
        for &block in &cfg.rpo {
            let mut replaced: FxHashMap<Value, Value> = FxHashMap::default();
            for value in self.used_in(block) {
                if self.constants.contains(&value) && self.home(value, &of_inst) != block {
                    replaced.insert(value, self.constant_again(block, value));
                } else if let Some(&(var, home)) = var_of.get(&value)
                    && home != block
                {
                    let there = vars.value_at_start(&mut self.func, &cfg, var, block);
                    replaced.insert(value, there);
                }
            }
            if !replaced.is_empty() {
                self.replace_in(block, &replaced);
            }
        }
        vars.finish(&mut self.func, &cfg);
    }

    fn blocks_of_insts(&self) -> FxHashMap<Inst, Block> {
        let insts_of =
            |block: Block| self.func.blocks[block].insts.iter().map(move |i| (*i, block));
        self.func.blocks.ids().flat_map(insts_of).collect()
    }

    /// The block in which a value is defined.
    fn home(&self, value: Value, of_inst: &FxHashMap<Inst, Block>) -> Block {
        match self.func.values[value].def {
            ValueDef::Result(inst, _) => of_inst[&inst],
            ValueDef::Param(block, _) => block,
            ValueDef::Removed => unreachable!("a live value has a definition"),
        }
    }

    /// The same constant, made at the beginning of `block`.
    fn constant_again(&mut self, block: Block, value: Value) -> Value {
        let op = self.func.def_op(value).expect("a constant is an instruction");
        let inst = self.func.new_inst(op, &[self.func.ty(value)], LocId::NONE);
        self.func.blocks[block].insts.insert(0, inst);
        self.func.result(inst)
    }

    fn used_in(&self, block: Block) -> Vec<Value> {
        let mut used = Vec::new();
        let data = &self.func.blocks[block];
        for &inst in &data.insts {
            self.func.for_each_use(inst, |value| used.push(value));
        }
        data.term.for_each_value(&self.func.pools, &mut |value| used.push(value));
        used.sort_unstable_by_key(|value| value.0);
        used.dedup();
        used
    }

    fn replace_in(&mut self, block: Block, replaced: &FxHashMap<Value, Value>) {
        let Function { blocks, insts, pools, .. } = &mut self.func;
        let mut map = |value: Value| replaced.get(&value).copied().unwrap_or(value);
        for &inst in &blocks[block].insts {
            insts[inst].op.map_values(pools, &mut map);
        }
        blocks[block].term.map_values(pools, &mut map);
    }

    // ---- what resumes a called function ----

    /// `resume(frame) -> status`: calls the function with the frame. A tail call inside may have put
    /// another frame in its place.
    fn resume_wrapper(&mut self, suspends: bool) -> Function {
        let mut wrapper = Function::declare(self.func.name, resume_signature());
        let entry = wrapper.new_block();
        let frame = wrapper.add_param(entry, Type::Ref);
        let params = self.func.sig.params.clone();
        let callee = suspending(&self.func.sig);
        std::mem::swap(&mut self.func, &mut wrapper);
        let mut args: Vec<Value> =
            params.iter().map(|ty| self.one(entry, zero_of(*ty), *ty)).collect();
        args.push(frame);
        let args = self.func.pools.list(&args);
        let call = Op::Call { func: self.id, args };
        let inst = self.func.append(entry, call, &callee.results, LocId::NONE);
        let given: Vec<Value> = self.func.insts[inst].results.iter().collect();
        let (done, waits) = (self.func.new_block(), self.func.new_block());
        let is_done = self.is_null(entry, given[0]);
        self.branch(entry, is_done, (done, &[]), (waits, &[]), Hint::Unknown);
        if suspends {
            self.store_results(done, frame, &given[1..]);
        }
        self.return_status(done, FrameStatus::Done);
        let (replace, end) = (self.func.new_block(), self.func.new_block());
        let is_own =
            self.one(waits, Op::BinOp { op: BinOp::Eq, a: given[0], b: frame }, Type::Bool);
        self.branch(waits, is_own, (end, &[]), (replace, &[]), Hint::Likely);
        self.take_the_place(replace, frame, given[0], end);
        self.return_status(end, FrameStatus::Suspended);
        std::mem::swap(&mut self.func, &mut wrapper);
        wrapper
    }

    /// Makes `frame` what its parent waits for instead of `left`: there the parent looks for the results.
    fn take_the_place(&mut self, block: Block, left: Value, frame: Value, then: Block) {
        let view = self.cx.frames.view(self.module, &[]);
        let parent = self.get(block, Type::Ref, FieldRef::new(view, 0, PARENT), left);
        self.set(block, FieldRef::new(view, 0, PARENT), frame, parent);
        // What the runtime has called itself has none.
        let has_none = self.is_null(block, parent);
        let tell = self.func.new_block();
        self.branch(block, has_none, (then, &[]), (tell, &[]), Hint::Unlikely);
        self.set(tell, FieldRef::new(view, 0, CHILD), parent, frame);
        self.jump(tell, then, &[]);
    }

    pub(super) fn return_status(&mut self, block: Block, status: FrameStatus) {
        let value = Op::ConstInt { ty: Type::I64, value: status as i64 };
        let value = self.one(block, value, Type::I64);
        let values = self.func.pools.list(&[value]);
        self.func.blocks[block].term = Terminator::Return { values };
    }

    // ---- small pieces of code ----

    /// Appends an op of one result.
    pub(super) fn one(&mut self, block: Block, op: Op, ty: Type) -> Value {
        let inst = self.func.append(block, op, &[ty], LocId::NONE);
        self.func.result(inst)
    }

    pub(super) fn append(
        &mut self,
        block: Block,
        make: impl FnOnce(&mut Pools) -> Op,
        results: &[Type],
    ) {
        let op = make(&mut self.func.pools);
        self.func.append(block, op, results, LocId::NONE);
    }

    pub(super) fn null(&mut self, block: Block) -> Value {
        self.one(block, Op::ConstNull { ty: Type::Ref }, Type::Ref)
    }

    pub(super) fn is_null(&mut self, block: Block, value: Value) -> Value {
        let null = self.null(block);
        self.one(block, Op::BinOp { op: BinOp::Eq, a: value, b: null }, Type::Bool)
    }

    pub(super) fn equals(&mut self, block: Block, value: Value, number: i64) -> Value {
        let number = Op::ConstInt { ty: Type::I64, value: number };
        let number = self.one(block, number, Type::I64);
        self.one(block, Op::BinOp { op: BinOp::Eq, a: value, b: number }, Type::Bool)
    }

    pub(super) fn jump(&mut self, block: Block, to: Block, args: &[Value]) {
        let args = self.func.pools.list(args);
        let target = BlockCall { block: to, args };
        self.func.blocks[block].term = Terminator::Jump { target };
    }

    pub(super) fn branch(
        &mut self,
        block: Block,
        cond: Value,
        then: (Block, &[Value]),
        otherwise: (Block, &[Value]),
        hint: Hint,
    ) {
        let pools = &mut self.func.pools;
        let then = BlockCall { block: then.0, args: pools.list(then.1) };
        let otherwise = BlockCall { block: otherwise.0, args: pools.list(otherwise.1) };
        self.func.blocks[block].term = Terminator::Branch { cond, then, otherwise, hint };
    }

    /// The field of a slot.
    pub(super) fn slot_field(&self, slot: usize) -> u16 {
        FIRST_RESULT + (self.given.len() + slot) as u16
    }

    pub(super) fn get(&mut self, block: Block, ty: Type, field: FieldRef, object: Value) -> Value {
        self.one(block, Op::FieldGet { ty, field, object }, ty)
    }

    pub(super) fn set(&mut self, block: Block, field: FieldRef, object: Value, value: Value) {
        self.append(block, |_| Op::FieldSet { field, object, value }, &[]);
    }

    pub(super) fn get_own(&mut self, block: Block, ty: Type, frame: Value, field: u16) -> Value {
        self.get(block, ty, FieldRef::new(self.layout, 0, field), frame)
    }

    pub(super) fn set_own(&mut self, block: Block, frame: Value, field: u16, value: Value) {
        self.set(block, FieldRef::new(self.layout, 0, field), frame, value);
    }

    pub(super) fn set_state(&mut self, block: Block, frame: Value, word: i64) {
        let word = self.one(block, Op::ConstInt { ty: Type::I64, value: word }, Type::I64);
        self.set_own(block, frame, STATE, word);
    }
}
