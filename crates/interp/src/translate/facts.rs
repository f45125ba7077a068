//! What is known of a function before its code is written: which values are constants or other names of
//! values, which instructions are folded into others (`fold`) or put off (`steps`).
//!
//! Constants and aliases have no register. A folded instruction is carried out by another, so its operands
//! must live until there. Must never change once code is being written.

use super::{fold, steps};
use crate::program::Program;
use sepal_mir::analysis::Cfg;
use sepal_mir::*;

/// See the module's head.
pub struct Facts {
    pub cfg: Cfg,
    /// The value that a value is another name of.
    root: Vec<Value>,
    /// The words of constants.
    constant: Vec<Option<u64>>,
    /// How often a value is used, all its names together.
    uses: Vec<u32>,
    /// Instructions carried out by another, or by the end of their block.
    carrier: Vec<Option<Carrier>>,
    /// Steps of loop variables, by the block at whose end they are carried out.
    late: Vec<Vec<Inst>>,
    is_late: Vec<bool>,
}

/// What carries out a folded instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Carrier {
    Inst(Inst),
    Terminator,
}

impl Facts {
    /// Looks at a function of the program.
    pub fn new(program: &Program<'_>, func: &Function) -> Facts {
        let cfg = Cfg::new(func);
        let values = func.values.len();
        let mut facts = Facts {
            root: func.values.ids().collect(),
            constant: vec![None; values],
            uses: vec![0; values],
            carrier: vec![None; func.insts.len()],
            late: vec![Vec::new(); func.blocks.len()],
            is_late: vec![false; func.insts.len()],
            cfg,
        };
        facts.find_names(func);
        for &block in &facts.cfg.rpo {
            for &inst in &func.blocks[block].insts {
                let data = &func.insts[inst];
                if let Some(value) = data.results.get(0) {
                    facts.constant[value.0 as usize] = constant(program, &data.op);
                }
                let uses = &mut facts.uses;
                let root = &facts.root;
                data.op
                    .for_each_value(&func.pools, &mut |v| uses[root[v.0 as usize].0 as usize] += 1);
            }
            let (uses, root) = (&mut facts.uses, &facts.root);
            let term = func.blocks[block].term;
            term.for_each_value(&func.pools, &mut |v| uses[root[v.0 as usize].0 as usize] += 1);
        }
        fold::run(program.module, func, &mut facts);
        facts.late = steps::find(func, &facts);
        for &inst in facts.late.iter().flatten() {
            facts.is_late[inst.0 as usize] = true;
        }
        facts
    }

    /// Lets `carrier` carry out `inst`.
    pub fn fold(&mut self, inst: Inst, carrier: Carrier) {
        self.carrier[inst.0 as usize] = Some(carrier);
    }

    /// The steps carried out at the end of a block.
    fn late(&self, block: Block) -> &[Inst] {
        &self.late[block.0 as usize]
    }

    /// The instructions of a block in the order in which they are carried out; folded ones stand somewhere
    /// before their carriers.
    pub fn in_order<'a>(
        &'a self,
        func: &'a Function,
        block: Block,
    ) -> impl DoubleEndedIterator<Item = Inst> + 'a {
        let own = func.blocks[block].insts.iter().filter(|inst| !self.is_late[inst.0 as usize]);
        own.chain(self.late(block)).copied()
    }

    /// Definitions come before uses in reverse postorder, so roots are found in one walk.
    fn find_names(&mut self, func: &Function) {
        for &block in &self.cfg.rpo {
            for &inst in &func.blocks[block].insts {
                if let Some(of) = alias(func, &func.insts[inst].op) {
                    let value = func.result(inst);
                    self.root[value.0 as usize] = self.root[of.0 as usize];
                }
            }
        }
    }

    /// The value that `value` is a name of.
    pub fn root(&self, value: Value) -> Value {
        self.root[value.0 as usize]
    }

    /// The word of a constant.
    pub fn constant(&self, value: Value) -> Option<u64> {
        self.constant[self.root(value).0 as usize]
    }

    /// Whether an instruction writes no code at its own place.
    pub fn is_silent(&self, func: &Function, inst: Inst) -> bool {
        self.carrier(inst).is_some()
            || func.insts[inst].results.get(0).is_some_and(|value| {
                self.root(value) != value || self.constant[value.0 as usize].is_some()
            })
    }

    /// What carries out an instruction, if it is folded.
    pub fn carrier(&self, inst: Inst) -> Option<Carrier> {
        self.carrier[inst.0 as usize]
    }

    /// The instruction that computes `value`, if `user` carries it out.
    pub fn carried(&self, func: &Function, value: Value, user: Carrier) -> Option<Inst> {
        func.def_inst(self.root(value)).filter(|&inst| self.carrier(inst) == Some(user))
    }

    /// Whether the result of an instruction has a register although another carries it out: others use it too.
    pub fn is_kept(&self, func: &Function, inst: Inst) -> bool {
        self.carrier(inst).is_some()
            && func.insts[inst].results.get(0).is_some_and(|value| !self.used_once(value))
    }

    /// Whether a value stands in a register.
    pub fn has_register(&self, func: &Function, value: Value) -> bool {
        let value = self.root(value);
        let in_passing = |inst| self.carrier(inst).is_some() && !self.is_kept(func, inst);
        self.constant(value).is_none() && !func.def_inst(value).is_some_and(in_passing)
    }

    /// Whether `value` is used exactly once.
    pub fn used_once(&self, value: Value) -> bool {
        self.uses[self.root(value).0 as usize] == 1
    }
}

/// The value that an op gives unchanged, as registers hold it.
fn alias(func: &Function, op: &Op) -> Option<Value> {
    if let Op::Copy { value } = *op {
        return Some(value);
    }
    let Op::Cast { kind, value, .. } = *op else { return None };
    let from = func.ty(value);
    let same = match kind {
        // Integers are sign-extended in registers anyway.
        CastKind::SignExtend => true,
        CastKind::ZeroExtend => from == Type::Bool,
        CastKind::Bitcast | CastKind::Address => from.size() == 8,
        CastKind::Truncate
        | CastKind::SignedToFloat
        | CastKind::UnsignedToFloat
        | CastKind::FloatToFloat
        | CastKind::FloatToSigned
        | CastKind::FloatToUnsigned => false,
    };
    same.then_some(value)
}

/// The word of a constant op.
fn constant(program: &Program<'_>, op: &Op) -> Option<u64> {
    Some(if let Op::ConstInt { value, .. } = *op {
        value as u64
    } else if let Op::ConstFloat { ty: Type::F32, value } = *op {
        u64::from((value.get() as f32).to_bits())
    } else if let Op::ConstFloat { value, .. } = *op {
        value.0
    } else if let Op::ConstBool { value } = *op {
        u64::from(value)
    } else if let Op::ConstString { string } = *op {
        program.statics.string(string)
    } else if let Op::ConstSymbol { symbol } = *op {
        u64::from(symbol.0)
    } else if let Op::ConstNull { .. } = *op {
        0
    } else if let Op::ConstObject { object } = *op {
        program.statics.object(object)
    } else if let Op::FuncAddr { func } = *op {
        program.func_word(func)
    } else if let Op::VtableAddr { vtable } = *op {
        program.statics.vtable(vtable)
    } else {
        return None;
    })
}
