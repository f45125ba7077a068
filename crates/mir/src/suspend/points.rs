//! The places at which a body may suspend, and the code that stands there afterwards: call or wait,
//! save and leave, come back and load.
//!
//! Must never emit code that runs between saving and leaving.

use super::body::{Mode, Transform};
use super::frame::{self, CHILD, FIRST_RESULT, PARENT, STATE};
use super::{resume_signature, suspending};
use crate::builder::zero_of;
use crate::entities::*;
use crate::keywords::*;
use crate::ops::{Op, Terminator};
use crate::types::Type;
use sepal_abi::{FrameStatus, RtFn};

/// A place where the body was split: `block` ends before the op, `cont` begins after it, its first
/// parameters being the op's results.
#[derive(Clone, Debug)]
pub struct Point {
    pub block: Block,
    pub cont: Block,
    pub op: Op,
    pub loc: LocId,
    /// The types of the op's results.
    pub results: Vec<Type>,
    /// The state in which the function goes on here; `None` if it cannot suspend here.
    pub state: Option<u32>,
    /// What lives on behind the point, beside the results.
    pub saved: Vec<Value>,
    pub resume: Option<Block>,
}

impl Point {
    /// What the frame of a function says that rests here.
    pub fn state_word(&self) -> i64 {
        let state = self.state.expect("only points that may suspend have a state");
        frame::state_word(i64::from(state), self.loc)
    }
}

impl Transform<'_> {
    /// Writes the code of a point.
    pub(super) fn emit(&mut self, point: &mut Point) {
        match point.op {
            Op::Wait {} => self.emit_wait(point),
            Op::Yield { values } => self.emit_yield(point, values),
            Op::GeneratorNext { generator, .. } => self.emit_generator_next(point, generator),
            op => self.emit_call(point, op),
        }
    }

    fn emit_wait(&mut self, point: &mut Point) {
        let save = self.func.new_block();
        self.jump(point.block, save, &[]);
        let (block, frame) = self.open_frame(save);
        self.save(block, frame, point);
        self.append(block, |f| Op::CallRt { rt: RtFn::rt_suspend, args: f.list(&[frame]) }, &[]);
        self.leave_suspended(block, frame, FrameStatus::Suspended);
        let resume = self.open_resume(point);
        self.jump(resume, point.cont, &[]);
    }

    fn emit_yield(&mut self, point: &mut Point, values: ValueList) {
        let values = self.func.list(values).to_vec();
        let (block, frame) = (point.block, self.own);
        self.store_results(block, frame, &values);
        self.save(block, frame, point);
        self.leave_suspended(block, frame, FrameStatus::Yielded);
        let resume = self.open_resume(point);
        self.jump(resume, point.cont, &[]);
    }

    fn emit_call(&mut self, point: &mut Point, op: Op) {
        let block = point.block;
        let op = self.suspending_call(block, op);
        let mut types = vec![Type::Ref];
        types.extend_from_slice(&point.results);
        let inst = self.func.append(block, op, &types, point.loc);
        let mut results = self.func.insts[inst].results.iter();
        let child = results.next().expect("a suspending call gives a frame first");
        let results: Vec<Value> = results.collect();
        if point.state.is_none() {
            self.jump(block, point.cont, &results);
            return;
        }
        let save = self.func.new_block();
        let in_save = self.func.add_param(save, Type::Ref);
        let is_done = self.is_null(block, child);
        self.branch(block, is_done, (point.cont, &results), (save, &[child]), Hint::Likely);
        self.save_waiting_for(save, in_save, point);
        let resume = self.open_resume(point);
        let child = self.take_child(resume);
        let view = self.view(&point.results);
        let results = self.load_results(resume, view, child, &point.results);
        self.jump(resume, point.cont, &results);
    }

    /// Saves the function, whose frame becomes the parent of `child`, and leaves it.
    fn save_waiting_for(&mut self, save: Block, child: Value, point: &Point) {
        let view = self.view(&[]);
        let (block, frame) = self.open_frame(save);
        self.set(block, FieldRef::new(view, 0, PARENT), child, frame);
        self.set_own(block, frame, CHILD, child);
        self.save(block, frame, point);
        self.leave_suspended(block, frame, FrameStatus::Suspended);
    }

    fn emit_generator_next(&mut self, point: &mut Point, generator: Value) {
        let block = point.block;
        let sig = self.module.signature(resume_signature());
        let args = ValueList::default();
        let call = Op::IndirectCall { sig, closure: generator, args };
        let inst = self.func.append(block, call, &[Type::I64], point.loc);
        let status = self.func.result(inst);
        let types = point.results[1..].to_vec();
        let view = self.view(&types);
        let (yes, no) = (self.func.new_block(), self.func.new_block());
        let gave = self.equals(block, status, FrameStatus::Yielded as i64);
        self.branch(block, gave, (yes, &[]), (no, &[]), Hint::Likely);
        self.give_value(yes, view, generator, point.cont, &types);
        if point.state.is_none() {
            self.give_nothing(no, point.cont, &types);
            return;
        }
        let (save, end) = (self.func.new_block(), self.func.new_block());
        let waits = self.equals(no, status, FrameStatus::Suspended as i64);
        self.branch(no, waits, (save, &[]), (end, &[]), Hint::Unknown);
        self.give_nothing(end, point.cont, &types);
        self.save_waiting_for(save, generator, point);
        let resume = self.open_resume(point);
        let child = self.take_child(resume);
        let null = self.null(resume);
        self.set(resume, FieldRef::new(view, 0, PARENT), child, null);
        let word = self.get(resume, Type::I64, FieldRef::new(view, 0, STATE), child);
        let kind = CastKind::Truncate;
        let state = self.one(resume, Op::Cast { kind, ty: Type::I32, value: word }, Type::I32);
        let finished = Op::ConstInt { ty: Type::I32, value: frame::FINISHED };
        let finished = self.one(resume, finished, Type::I32);
        let is_over = Op::BinOp { op: BinOp::Eq, a: state, b: finished };
        let is_over = self.one(resume, is_over, Type::Bool);
        let (yes, no) = (self.func.new_block(), self.func.new_block());
        self.branch(resume, is_over, (no, &[]), (yes, &[]), Hint::Unlikely);
        self.give_value(yes, view, child, point.cont, &types);
        self.give_nothing(no, point.cont, &types);
    }

    fn give_value(
        &mut self,
        block: Block,
        view: LayoutId,
        child: Value,
        cont: Block,
        types: &[Type],
    ) {
        let mut args = vec![self.one(block, Op::ConstBool { value: true }, Type::Bool)];
        args.extend(self.load_results(block, view, child, types));
        self.jump(block, cont, &args);
    }

    fn give_nothing(&mut self, block: Block, cont: Block, types: &[Type]) {
        let mut args = vec![self.one(block, Op::ConstBool { value: false }, Type::Bool)];
        args.extend(types.iter().map(|ty| self.one(block, zero_of(*ty), *ty)));
        self.jump(block, cont, &args);
    }

    /// The call of a function that may wait, without a frame to go on with.
    pub(super) fn suspending_call(&mut self, block: Block, op: Op) -> Op {
        match op {
            Op::Call { func, args } => Op::Call { func, args: self.with_null(block, args) },
            Op::IndirectCall { sig, closure, args } => {
                let args = self.with_null(block, args);
                Op::IndirectCall { sig: self.suspending_sig(sig), closure, args }
            }
            Op::MethodCallVirtual { sig, slot, object, args } => {
                let args = self.with_null(block, args);
                Op::MethodCallVirtual { sig: self.suspending_sig(sig), slot, object, args }
            }
            other => unreachable!("`{}` is no call", other.mnemonic()),
        }
    }

    pub(super) fn suspending_sig(&mut self, sig: SigId) -> SigId {
        let sig = suspending(&self.module.signatures[sig]);
        self.module.signature(sig)
    }

    // ---- saving and loading ----

    /// Makes sure that there is a frame, starting in `block`. Gives where to go on, and the frame.
    fn open_frame(&mut self, block: Block) -> (Block, Value) {
        match self.mode {
            Mode::Root => return (block, self.own),
            Mode::Call => {}
            Mode::Plain => unreachable!("a function that cannot wait has no frame"),
        }
        let (fresh, have) = (self.func.new_block(), self.func.new_block());
        let frame = self.func.add_param(have, Type::Ref);
        let own = self.own;
        let is_new = self.is_null(block, own);
        self.branch(block, is_new, (fresh, &[]), (have, &[own]), Hint::Unknown);
        let alloc = Op::GcAlloc { layout: self.layout, variant: 0 };
        let made = self.one(fresh, alloc, Type::Ref);
        let resume = self.cx.resumes[self.id].expect("what waits can be resumed");
        let code = self.one(fresh, Op::FuncAddr { func: resume }, Type::Ptr);
        self.set_own(fresh, made, frame::RESUME, code);
        self.jump(fresh, have, &[made]);
        (have, frame)
    }

    fn save(&mut self, block: Block, frame: Value, point: &Point) {
        let state = point.state.expect("only points that may suspend save");
        for &value in &point.saved {
            if let Some(slot) = self.slots.of(value) {
                self.set_own(block, frame, self.slot_field(slot), value);
            }
        }
        let idle: Vec<usize> = self.slots.idle_at(state).collect();
        for slot in idle {
            let zero = self.one(block, zero_of(self.slots.types[slot]), self.slots.types[slot]);
            self.set_own(block, frame, self.slot_field(slot), zero);
        }
        if !self.one_state {
            self.set_state(block, frame, point.state_word());
        }
    }

    /// The block where the function goes on in the point's state, with everything loaded.
    fn open_resume(&mut self, point: &mut Point) -> Block {
        let block = self.func.new_block();
        point.resume = Some(block);
        let own = self.own;
        for &value in &point.saved {
            match self.field_of(value) {
                Some(field) => {
                    let ty = self.func.ty(value);
                    let loaded = self.get_own(block, ty, own, field);
                    self.reloads.push((value, block, loaded));
                }
                None => drop(self.constants.insert(value)),
            }
        }
        block
    }

    fn take_child(&mut self, block: Block) -> Value {
        let own = self.own;
        let child = self.get_own(block, Type::Ref, own, CHILD);
        let null = self.null(block);
        self.set_own(block, own, CHILD, null);
        child
    }

    fn view(&mut self, results: &[Type]) -> LayoutId {
        self.cx.frames.view(self.module, results)
    }

    /// Stores results into the own frame.
    pub(super) fn store_results(&mut self, block: Block, frame: Value, values: &[Value]) {
        for (n, &value) in values.iter().enumerate() {
            let word = self.widen(block, value);
            self.set_own(block, frame, FIRST_RESULT + n as u16, word);
        }
    }

    fn load_results(
        &mut self,
        block: Block,
        view: LayoutId,
        frame: Value,
        types: &[Type],
    ) -> Vec<Value> {
        let mut values = Vec::with_capacity(types.len());
        for (n, &ty) in types.iter().enumerate() {
            let field = FieldRef::new(view, 0, FIRST_RESULT + n as u16);
            let word = self.get(block, ty.word(), field, frame);
            values.push(self.narrow(block, ty, word));
        }
        values
    }

    fn widen(&mut self, block: Block, value: Value) -> Value {
        let cast = |kind, ty, value| Op::Cast { kind, ty, value };
        match self.func.ty(value) {
            Type::I8 | Type::I16 | Type::I32 | Type::Bool => {
                self.one(block, cast(CastKind::ZeroExtend, Type::I64, value), Type::I64)
            }
            Type::F32 => {
                let bits = self.one(block, cast(CastKind::Bitcast, Type::I32, value), Type::I32);
                self.one(block, cast(CastKind::ZeroExtend, Type::I64, bits), Type::I64)
            }
            Type::I64 | Type::F64 | Type::Ref | Type::Any | Type::Ptr => value,
        }
    }

    fn narrow(&mut self, block: Block, ty: Type, word: Value) -> Value {
        let cast = |kind, ty, value| Op::Cast { kind, ty, value };
        match ty {
            Type::I8 | Type::I16 | Type::I32 => {
                self.one(block, cast(CastKind::Truncate, ty, word), ty)
            }
            Type::Bool => {
                let zero = self.one(block, zero_of(Type::I64), Type::I64);
                self.one(block, Op::BinOp { op: BinOp::Ne, a: word, b: zero }, Type::Bool)
            }
            Type::F32 => {
                let bits = self.one(block, cast(CastKind::Truncate, Type::I32, word), Type::I32);
                self.one(block, cast(CastKind::Bitcast, Type::F32, bits), Type::F32)
            }
            Type::I64 | Type::F64 | Type::Ref | Type::Any | Type::Ptr => word,
        }
    }

    /// Returns to whoever called or resumed.
    fn leave_suspended(&mut self, block: Block, frame: Value, status: FrameStatus) {
        if self.mode == Mode::Root {
            return self.return_status(block, status);
        }
        let mut values = vec![frame];
        for ty in self.results.clone() {
            values.push(self.one(block, zero_of(ty), ty));
        }
        let values = self.func.pools.list(&values);
        self.func.blocks[block].term = Terminator::Return { values };
    }
}
