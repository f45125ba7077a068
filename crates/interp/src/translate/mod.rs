//! MIR to register code, one function at a time.
//!
//! `facts` says what needs no code of its own, `live` and `slots` give registers, the rest writes code:
//! `ops`, `arith`, `elements` and `control` by topic, through the operand helpers here.
//!
//! Must never fail: what cannot be run becomes a panic with a clear text at its place.

mod arith;
mod buffer;
mod control;
mod elements;
mod facts;
mod fold;
mod live;
mod moves;
mod ops;
mod slots;
mod steps;
mod test;

use crate::code::Opcode;
use crate::program::{Code, Program};
use buffer::{Buffer, Label, TooFar};
use facts::Facts;
use sepal_abi::{NO_LOC, PanicCode};
use sepal_mir::*;
use slots::{SCRATCH, Slots};

/// The code of a function.
pub fn translate(program: &Program<'_>, id: FuncId) -> Code {
    let func = &program.module.functions[id];
    if !func.is_defined() {
        // Verified modules call no such function; this one was not verified.
        return refusal(program, func, "has no body");
    }
    let facts = Facts::new(program, func);
    let slots = Slots::new(func, &facts);
    if u16::try_from(slots.scratch + SCRATCH).is_err() {
        return refusal(program, func, "has more parameters than the interpreter passes");
    }
    let attempt = |far_jumps| Translator::new(program, func, &facts, &slots, far_jumps).run();
    // Only functions of more than 32,767 words need longer branches.
    let code = attempt(false).or_else(|TooFar| attempt(true));
    code.expect("jumps reach over any function that fits in memory")
}

/// The code of a function that cannot be run: a panic.
fn refusal(program: &Program<'_>, func: &Function, reason: &str) -> Code {
    let text = program.text(&format!("`{}` {reason}", func.name));
    let mut buf = Buffer::default();
    buf.wide(Opcode::LoadLit, 0, 0);
    buf.literal(text);
    buf.op(Opcode::Panic, PanicCode::Message as u16, 0, 0);
    #[cfg(test)]
    let starts = buf.starts.clone();
    let (words, locs) = buf.finish().expect("there are no jumps");
    let frame = func.sig.params.len().max(1) as u32;
    Code {
        words,
        locs,
        frame,
        poll_loc: NO_LOC,
        #[cfg(test)]
        starts,
    }
}

/// Writes the code of one function.
struct Translator<'t, 'm> {
    program: &'t Program<'m>,
    module: &'m Module,
    func: &'m Function,
    facts: &'t Facts,
    slots: &'t Slots,
    buf: Buffer,
    /// Branches go over jumps, since the function is long.
    far_jumps: bool,
    /// By block.
    labels: Vec<Label>,
    /// The block whose code comes after the one being written.
    next: Option<Block>,
    /// A loop's head is being written a second time, at a jump to it.
    repeating: bool,
    /// Scratch registers in use by the instruction being written.
    scratch_used: u32,
    /// Results that must go from scratch registers to some beyond 16 bits.
    far_results: Vec<(u16, u32)>,
    /// The most registers that any call from here passes or gets back.
    outgoing: u32,
}

impl<'t, 'm> Translator<'t, 'm> {
    fn new(
        program: &'t Program<'m>,
        func: &'m Function,
        facts: &'t Facts,
        slots: &'t Slots,
        far_jumps: bool,
    ) -> Self {
        let mut buf = Buffer::default();
        let labels = func.blocks.ids().map(|_| buf.label()).collect();
        Translator {
            program,
            module: program.module,
            func,
            facts,
            slots,
            buf,
            far_jumps,
            labels,
            next: None,
            repeating: false,
            scratch_used: 0,
            far_results: Vec::new(),
            outgoing: 0,
        }
    }

    fn run(mut self) -> Result<Code, TooFar> {
        let order = &self.facts.cfg.rpo;
        for (n, &block) in order.iter().enumerate() {
            self.next = order.get(n + 1).copied();
            self.buf.bind(self.labels[block.0 as usize]);
            self.block(block);
        }
        for block in self.func.blocks.ids().filter(|&block| !self.facts.cfg.is_reachable(block)) {
            // No code leads there.
            self.buf.bind(self.labels[block.0 as usize]);
        }
        #[cfg(test)]
        let starts = self.buf.starts.clone();
        let (words, locs) = self.buf.finish()?;
        let (frame, poll_loc) = (self.slots.base + self.outgoing, poll_loc(self.func));
        Ok(Code {
            words,
            locs,
            frame,
            poll_loc,
            #[cfg(test)]
            starts,
        })
    }

    /// Writes the instructions and the end of a block.
    fn block(&mut self, block: Block) {
        for inst in self.facts.in_order(self.func, block) {
            if !self.facts.is_silent(self.func, inst) {
                self.scratch_used = 0;
                self.func.insts[inst].op.visit(inst, self);
                self.flush_results();
            }
        }
        self.scratch_used = 0;
        self.func.blocks[block].term.visit(block, self);
    }

    // ---- operands ----

    fn ty(&self, value: Value) -> Type {
        self.func.ty(value)
    }

    fn constant(&self, value: Value) -> Option<u64> {
        self.facts.constant(value)
    }

    /// A constant that fits the 16 bits of an operand.
    fn imm(&self, value: Value) -> Option<i16> {
        i16::try_from(self.constant(value)? as i64).ok()
    }

    /// A scratch register, until the next instruction.
    fn scratch(&mut self) -> u16 {
        let register = self.slots.scratch + self.scratch_used;
        assert!(self.scratch_used < SCRATCH, "an instruction has few operands");
        self.scratch_used += 1;
        u16::try_from(register).expect("other functions are refused")
    }

    /// The register that holds a value, once what is written here has run.
    fn reg(&mut self, value: Value) -> u16 {
        if let Some(word) = self.constant(value) {
            let scratch = self.scratch();
            self.load(u32::from(scratch), word);
            return scratch;
        }
        let register = self.slots.get(self.facts.root(value));
        u16::try_from(register).unwrap_or_else(|_| {
            let scratch = self.scratch();
            self.buf.wide(Opcode::FarGet, scratch, register);
            scratch
        })
    }

    /// The register to write a result to; `flush_results` brings it home.
    fn def(&mut self, value: Value) -> u16 {
        let register = self.slots.get(value);
        u16::try_from(register).unwrap_or_else(|_| {
            let scratch = self.scratch();
            self.far_results.push((scratch, register));
            scratch
        })
    }

    /// The register for the only result of an instruction.
    fn result(&mut self, inst: Inst) -> u16 {
        self.def(self.func.result(inst))
    }

    fn flush_results(&mut self) {
        for (scratch, register) in std::mem::take(&mut self.far_results) {
            self.buf.wide(Opcode::FarSet, scratch, register);
        }
    }

    /// Sets a register to a constant.
    fn load(&mut self, register: u32, word: u64) {
        let (near, is_far) = self.near(register);
        match i32::try_from(word as i64) {
            Ok(n) => self.buf.wide(Opcode::LoadImm, near, n as u32),
            Err(_) => {
                self.buf.wide(Opcode::LoadLit, near, 0);
                self.buf.literal(word);
            }
        }
        if is_far {
            self.buf.wide(Opcode::FarSet, near, register);
        }
    }

    /// The register itself, or the last scratch register in its place.
    fn near(&self, register: u32) -> (u16, bool) {
        let last = (self.slots.scratch + SCRATCH - 1) as u16;
        u16::try_from(register).map_or((last, true), |near| (near, false))
    }

    /// Copies a register.
    fn mov(&mut self, to: u32, from: u32) {
        let (near_from, from_far) = self.near(from);
        let (near_to, to_far) = self.near(to);
        match (to_far, from_far) {
            (false, false) => self.buf.op(Opcode::Mov, near_to, near_from, 0),
            (false, true) => self.buf.wide(Opcode::FarGet, near_to, from),
            (true, false) => self.buf.wide(Opcode::FarSet, near_from, to),
            (true, true) => {
                self.buf.wide(Opcode::FarGet, near_from, from);
                self.buf.wide(Opcode::FarSet, near_from, to);
            }
        }
    }

    /// Copies values to registers, all at once.
    fn assign(&mut self, targets: impl Iterator<Item = u32>, values: &[Value]) {
        let (mut moves, mut loads) = (Vec::new(), Vec::new());
        for (to, &value) in targets.zip(values) {
            match self.constant(value) {
                Some(word) => loads.push((to, word)),
                None => moves.push((to, self.slots.get(self.facts.root(value)))),
            }
        }
        let temp = self.slots.scratch;
        moves::sequence(moves, temp, |to, from| self.mov(to, from));
        for (to, word) in loads {
            self.load(to, word);
        }
    }

    /// The next instruction may panic or call: it stands at the place of `inst`.
    fn mark(&mut self, inst: Inst) {
        self.buf.mark(self.func.insts[inst].loc.0);
    }

    /// Panics at `loc` with a text that the interpreter itself makes.
    fn give_up(&mut self, loc: LocId, text: &str) {
        let (scratch, text) = (self.scratch(), self.program.text(text));
        self.load(u32::from(scratch), text);
        self.buf.mark(loc.0);
        self.buf.op(Opcode::Panic, PanicCode::Message as u16, scratch, scratch);
    }
}

/// The place of the poll at a function's beginning: native code finds out there that the stack is used up.
fn poll_loc(func: &Function) -> u32 {
    let mut insts = func.blocks.iter().flat_map(|block| &block.insts);
    let enters = |inst: Inst| matches!(func.insts[inst].op, Op::Poll { kind: PollKind::Enter });
    let poll = insts.find(|&&inst| enters(inst));
    poll.map_or(NO_LOC, |&inst| func.insts[inst].loc.0)
}
