//! The plainest evaluator of the ops that the generator uses: the meaning that passes must keep.

use sepal_mir::*;
use std::collections::HashMap;

/// A run-time value.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Word {
    Int(i64),
    Bool(bool),
    /// An index into the heap; 0 is null.
    Object(usize),
}

/// The results, or a panic's message and the lines of its trace.
pub type Outcome = Result<Vec<Word>, (String, Vec<String>)>;

/// How a program ends, and what was seen of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Ending {
    pub result: Outcome,
    pub events: Vec<i64>,
}

struct Frame<'m> {
    func: &'m Function,
    values: HashMap<Value, Word>,
    block: Block,
    next: usize,
    call: LocId,
}

struct Machine<'m> {
    module: &'m Module,
    heap: Vec<Vec<Word>>,
    events: Vec<i64>,
    frames: Vec<Frame<'m>>,
    steps: usize,
    max_steps: usize,
}

/// Runs `entry`; `None` if it takes more than so many steps.
pub fn evaluate(module: &Module, entry: FuncId, args: &[Word], max_steps: usize) -> Option<Ending> {
    let mut machine = Machine {
        module,
        heap: vec![Vec::new()],
        events: Vec::new(),
        frames: Vec::new(),
        steps: 0,
        max_steps,
    };
    machine.enter(entry, args.to_vec());
    let result = machine.run()?;
    Some(Ending { result, events: machine.events })
}

type Panic = (String, LocId);

impl<'m> Machine<'m> {
    fn enter(&mut self, id: FuncId, args: Vec<Word>) {
        let func = &self.module.functions[id];
        let params = func.blocks[Function::ENTRY].params.iter().copied();
        let values = params.zip(args).collect();
        self.frames.push(Frame {
            func,
            values,
            block: Function::ENTRY,
            next: 0,
            call: LocId::NONE,
        });
    }

    fn run(&mut self) -> Option<Outcome> {
        loop {
            self.steps += 1;
            if self.steps > self.max_steps || self.frames.len() > 60 {
                return None;
            }
            match self.step() {
                Ok(None) => {}
                Ok(Some(results)) => return Some(Ok(results)),
                Err((message, loc)) => {
                    let trace = self.trace(loc);
                    return Some(Err((message, trace)));
                }
            }
        }
    }

    fn trace(&self, loc: LocId) -> Vec<String> {
        let mut lines = Vec::new();
        let outer = self.frames.iter().rev().skip(1).map(|frame| frame.call);
        for mut loc in std::iter::once(loc).chain(outer) {
            while let Some(place) = self.module.locs.get(loc) {
                lines.push(format!("{}:{} {}", place.line, place.col, place.function));
                loc = place.inlined_at;
            }
        }
        lines
    }

    fn frame(&mut self) -> &mut Frame<'m> {
        self.frames.last_mut().expect("something runs")
    }

    fn get(&mut self, value: Value) -> Word {
        self.frame().values[&value]
    }

    fn int(&mut self, value: Value) -> i64 {
        match self.get(value) {
            Word::Int(n) => n,
            other => panic!("{other:?} is no integer"),
        }
    }

    fn bool(&mut self, value: Value) -> bool {
        match self.get(value) {
            Word::Bool(b) => b,
            other => panic!("{other:?} is no bool"),
        }
    }

    fn object(&mut self, value: Value) -> usize {
        match self.get(value) {
            Word::Object(n) if n > 0 => n,
            other => panic!("{other:?} is no object"),
        }
    }

    fn list(&mut self, list: ValueList) -> Vec<Word> {
        let func = self.frame().func;
        func.list(list).iter().map(|&value| self.get(value)).collect()
    }

    fn step(&mut self) -> Result<Option<Vec<Word>>, Panic> {
        let frame = self.frame();
        let func = frame.func;
        let block = &func.blocks[frame.block];
        let Some(&inst) = block.insts.get(frame.next) else {
            return self.terminator(block.term, block.term_loc);
        };
        frame.next += 1;
        let data = func.insts[inst];
        if let Op::Call { func, args } = data.op {
            let args = self.list(args);
            self.frame().call = data.loc;
            self.enter(func, args);
            return Ok(None);
        }
        let result = self.op(func, data.op).map_err(|message| (message, data.loc))?;
        if let (Some(word), Some(value)) = (result, data.results.get(0)) {
            self.frame().values.insert(value, word);
        }
        Ok(None)
    }

    fn terminator(&mut self, term: Terminator, loc: LocId) -> Result<Option<Vec<Word>>, Panic> {
        match term {
            Terminator::Jump { target } => self.jump(target),
            Terminator::Branch { cond, then, otherwise, .. } => {
                let target = if self.bool(cond) { then } else { otherwise };
                self.jump(target);
            }
            Terminator::Switch { value, cases, default } => {
                let n = self.int(value);
                let func = self.frame().func;
                let case = func.pools.cases(cases).iter().find(|(m, _)| *m == n);
                self.jump(case.map_or(default, |(_, call)| *call));
            }
            Terminator::Return { values } => {
                let results = self.list(values);
                self.frames.pop();
                let Some(caller) = self.frames.last_mut() else { return Ok(Some(results)) };
                let call = caller.func.blocks[caller.block].insts[caller.next - 1];
                for (value, word) in caller.func.insts[call].results.iter().zip(results) {
                    caller.values.insert(value, word);
                }
            }
            Terminator::TailCall { func, args } => {
                let args = self.list(args);
                self.frames.pop();
                self.enter(func, args);
            }
            Terminator::Panic { .. } => return Err(("panic".to_owned(), loc)),
            other => panic!("not generated: {other:?}"),
        }
        Ok(None)
    }

    fn jump(&mut self, call: BlockCall) {
        let args = self.list(call.args);
        let frame = self.frame();
        let params = &frame.func.blocks[call.block].params;
        frame.values.extend(params.iter().copied().zip(args));
        frame.block = call.block;
        frame.next = 0;
    }

    fn op(&mut self, func: &Function, op: Op) -> Result<Option<Word>, String> {
        Ok(Some(match op {
            Op::ConstInt { value, .. } => Word::Int(value),
            Op::ConstBool { value } => Word::Bool(value),
            Op::Copy { value } => self.get(value),
            Op::BinOp { op, a, b } => self.bin_op(func, op, a, b),
            Op::CheckedOp { op, a, b } => Word::Int(self.checked_op(func, op, a, b)?),
            Op::UnaryOp { op: UnaryOp::Not, value } => match self.get(value) {
                Word::Bool(b) => Word::Bool(!b),
                Word::Int(n) => Word::Int(!n),
                Word::Object(_) => panic!("no `not` of objects"),
            },
            Op::Select { cond, a, b } => {
                if self.bool(cond) {
                    self.get(a)
                } else {
                    self.get(b)
                }
            }
            Op::StructInit { fields, .. } => {
                let fields = self.list(fields);
                self.heap.push(fields);
                Word::Object(self.heap.len() - 1)
            }
            Op::FieldGet { field, object, .. } => {
                let object = self.object(object);
                self.heap[object][usize::from(field.field)]
            }
            Op::FieldSet { field, object, value } => {
                let (object, value) = (self.object(object), self.get(value));
                self.heap[object][usize::from(field.field)] = value;
                return Ok(None);
            }
            Op::BoundsCheck { index, len } => {
                let (index, len) = (self.int(index), self.int(len));
                let from_start = if index < 0 { index.wrapping_add(len) } else { index };
                if from_start < 0 || from_start >= len {
                    return Err(format!("index {index} of {len}"));
                }
                Word::Int(from_start)
            }
            Op::CallRt { args, .. } => {
                let seen = self.list(args);
                let Some(Word::Int(n)) = seen.first() else { panic!("an event has a number") };
                self.events.push(*n);
                return Ok(None);
            }
            Op::Poll { .. } => return Ok(None),
            other => panic!("not generated: {other:?}"),
        }))
    }

    fn bin_op(&mut self, func: &Function, op: BinOp, a: Value, b: Value) -> Word {
        if let (Word::Bool(a), Word::Bool(b)) = (self.get(a), self.get(b)) {
            return Word::Bool(match op {
                BinOp::And => a & b,
                BinOp::Or => a | b,
                BinOp::Xor | BinOp::Ne => a ^ b,
                BinOp::Eq => a == b,
                other => panic!("not generated: {other:?}"),
            });
        }
        let bits = func.ty(a).int_bits().expect("an integer");
        let (a, b) = (self.int(a), self.int(b));
        let unsigned = |n: i64| n as u64 & (u64::MAX >> (64 - bits));
        let wrap = |n: i64| Word::Int(n << (64 - bits) >> (64 - bits));
        let count = (b as u64 & u64::from(bits - 1)) as u32;
        match op {
            BinOp::Add => wrap(a.wrapping_add(b)),
            BinOp::Sub => wrap(a.wrapping_sub(b)),
            BinOp::Mul => wrap(a.wrapping_mul(b)),
            BinOp::SDiv => wrap(a / b),
            BinOp::SRem => wrap(a % b),
            BinOp::UDiv => wrap((unsigned(a) / unsigned(b)) as i64),
            BinOp::URem => wrap((unsigned(a) % unsigned(b)) as i64),
            BinOp::And => wrap(a & b),
            BinOp::Or => wrap(a | b),
            BinOp::Xor => wrap(a ^ b),
            BinOp::Shl => wrap(a << count),
            BinOp::SShr => wrap(a >> count),
            BinOp::UShr => wrap((unsigned(a) >> count) as i64),
            BinOp::Eq => Word::Bool(a == b),
            BinOp::Ne => Word::Bool(a != b),
            BinOp::SLt => Word::Bool(a < b),
            BinOp::SLe => Word::Bool(a <= b),
            BinOp::SGt => Word::Bool(a > b),
            BinOp::SGe => Word::Bool(a >= b),
            BinOp::ULt => Word::Bool(unsigned(a) < unsigned(b)),
            BinOp::ULe => Word::Bool(unsigned(a) <= unsigned(b)),
            BinOp::UGt => Word::Bool(unsigned(a) > unsigned(b)),
            BinOp::UGe => Word::Bool(unsigned(a) >= unsigned(b)),
            other => panic!("not generated: {other:?}"),
        }
    }

    fn checked_op(
        &mut self,
        func: &Function,
        op: CheckedOp,
        a: Value,
        b: Value,
    ) -> Result<i64, String> {
        let bits = func.ty(a).int_bits().expect("an integer");
        let (a, b) = (i128::from(self.int(a)), i128::from(self.int(b)));
        let unsigned = |n: i128| n & ((1 << bits) - 1);
        let (ua, ub) = (unsigned(a), unsigned(b));
        if matches!(op, CheckedOp::Shl | CheckedOp::SShr | CheckedOp::UShr) {
            let count = u32::try_from(b).ok().filter(|n| *n < bits).ok_or("count")?;
            let shifted = match op {
                CheckedOp::Shl => a << count,
                CheckedOp::SShr => a >> count,
                _ => ua >> count,
            };
            return Ok((shifted as i64) << (64 - bits) >> (64 - bits));
        }
        let (exact, signed) = match op {
            CheckedOp::SAdd => (a + b, true),
            CheckedOp::SSub => (a - b, true),
            CheckedOp::SMul => (a * b, true),
            CheckedOp::SDiv => (a.checked_div(b).ok_or("zero")?, true),
            CheckedOp::SRem => (a.checked_rem(b).ok_or("zero")?, true),
            CheckedOp::UAdd => (ua + ub, false),
            CheckedOp::USub => (ua - ub, false),
            CheckedOp::UMul => (ua.checked_mul(ub).ok_or("overflow")?, false),
            CheckedOp::UDiv => (ua.checked_div(ub).ok_or("zero")?, false),
            CheckedOp::URem => (ua.checked_rem(ub).ok_or("zero")?, false),
            CheckedOp::Shl | CheckedOp::SShr | CheckedOp::UShr => unreachable!("done above"),
        };
        let range = if signed { -(1 << (bits - 1))..1 << (bits - 1) } else { 0..1 << bits };
        if !range.contains(&exact) {
            return Err("overflow".to_owned());
        }
        Ok((exact as i64) << (64 - bits) >> (64 - bits))
    }
}
