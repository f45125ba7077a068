//! What is known of a function before its code is written: which values are constants or other names of
//! values, and which instructions are folded into the one that uses them.
//!
//! Constants and aliases have no register. A folded instruction is carried out by its user, so its operands
//! must live until there. Must never fold across an effect that would show the difference.

use crate::program::Program;
use sepal_mir::analysis::Cfg;
use sepal_mir::*;

/// How far apart a folded instruction and its user may stand: far enough for what one expression of the
/// source becomes, near enough to keep the search cheap.
const WINDOW: usize = 12;
const PURE_WINDOW: usize = 64;

/// See the module's head.
pub struct Facts {
    pub cfg: Cfg,
    /// The value that a value is another name of.
    root: Vec<Value>,
    /// The words of constants.
    constant: Vec<Option<u64>>,
    /// How often a value is used, all its names together.
    uses: Vec<u32>,
    /// Instructions carried out by their users.
    folded: Vec<bool>,
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
            folded: vec![false; func.insts.len()],
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
                data.op.for_each_value(&func.pools, &mut |v| uses[root[v.0 as usize].0 as usize] += 1);
            }
            let (uses, root) = (&mut facts.uses, &facts.root);
            let term = func.blocks[block].term;
            term.for_each_value(&func.pools, &mut |v| uses[root[v.0 as usize].0 as usize] += 1);
        }
        for n in 0..facts.cfg.rpo.len() {
            Folder { block: facts.cfg.rpo[n], func, module: program.module, facts: &mut facts }.run();
        }
        facts
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
        self.folded[inst.0 as usize] || func.insts[inst].results.get(0).is_some_and(|value| {
            self.root(value) != value || self.constant[value.0 as usize].is_some()
        })
    }

    /// Whether an instruction is carried out by its user.
    pub fn is_folded(&self, inst: Inst) -> bool {
        self.folded[inst.0 as usize]
    }

    /// The instruction that computes a value, if it is folded into its only user.
    pub fn folded_def(&self, func: &Function, value: Value) -> Option<Inst> {
        func.def_inst(self.root(value)).filter(|&inst| self.is_folded(inst))
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
        CastKind::Bitcast => from.size() == 8,
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

/// What instructions between a folded one and its user must not do.
#[derive(Clone, Copy)]
enum Barrier {
    /// Nothing matters: the folded instruction is pure.
    None,
    /// It loads: no stores.
    Writes,
    /// It panics: nothing that could be seen afterwards, no other panic.
    Effects,
}

impl Barrier {
    fn stops(self, op: &Op) -> bool {
        let effects = op.effects();
        match self {
            Barrier::None => false,
            Barrier::Writes => effects.any_of(Effects::WRITES),
            Barrier::Effects => !effects.is_removable(),
        }
    }
}

/// Decides about one block.
struct Folder<'a> {
    block: Block,
    func: &'a Function,
    module: &'a Module,
    facts: &'a mut Facts,
}

impl Folder<'_> {
    fn run(&mut self) {
        let insts = &self.func.blocks[self.block].insts;
        for (at, &inst) in insts.iter().enumerate() {
            let op = self.func.insts[inst].op;
            if let Op::IndexGet { layout, array, index, .. }
            | Op::IndexSet { layout, array, index, .. } = op
            {
                self.element(at, layout, array, index);
            } else if let Op::BinOp { op, a, b } = op {
                self.product(at, op, a, b);
            }
        }
        // A check that is not part of an access may still take its length from a field.
        for (at, &inst) in insts.iter().enumerate() {
            if let Op::BoundsCheck { len, .. } = self.func.insts[inst].op
                && !self.facts.is_folded(inst)
                && let Some(load) = self.field(at, len, Type::I64)
            {
                self.fold(load);
            }
        }
        if let Terminator::Branch { cond, .. } = self.func.blocks[self.block].term {
            self.condition(insts.len(), cond);
        }
    }

    fn fold(&mut self, inst: Inst) {
        self.facts.folded[inst.0 as usize] = true;
    }

    /// The instruction before `at` in this block that computes `value` for its only use, with nothing in
    /// between that stops it from moving there.
    fn movable(&self, at: usize, value: Value, barrier: Barrier) -> Option<(usize, Inst)> {
        let value = self.facts.root(value);
        let inst = self.func.def_inst(value).filter(|_| self.facts.used_once(value))?;
        let insts = &self.func.blocks[self.block].insts;
        let reach = if matches!(barrier, Barrier::None) { PURE_WINDOW } else { WINDOW };
        for place in (at.saturating_sub(reach)..at).rev() {
            let other = insts[place];
            if other == inst {
                let placed = self.facts.constant(value).is_none() && !self.facts.is_folded(inst);
                return placed.then_some((place, inst));
            }
            // A folded check stops too: it is carried out before `at`.
            if barrier.stops(&self.func.insts[other].op) {
                return None;
            }
        }
        None
    }

    /// A load of a field that can move to `at`.
    fn field(&self, at: usize, value: Value, wanted: Type) -> Option<Inst> {
        let (_, inst) = self.movable(at, value, Barrier::Writes)?;
        let Op::FieldGet { ty, field, .. } = self.func.insts[inst].op else { return None };
        let near = self.module.field(field).is_some_and(|f| f.offset <= u32::from(u16::MAX));
        (ty == wanted && near).then_some(inst)
    }

    fn object_of(&self, load: Inst) -> Option<Value> {
        let Op::FieldGet { object, .. } = self.func.insts[load].op else { return None };
        Some(self.facts.root(object))
    }

    /// An access takes its bounds check in, and with it the loads of length and array from one object.
    fn element(&mut self, at: usize, layout: LayoutId, array: Value, index: Value) {
        let single = self.module.layouts[layout].slots().is_some_and(|slots| slots.len() == 1);
        let Some((_, check)) = self.movable(at, index, Barrier::Effects).filter(|_| single) else { return };
        let Op::BoundsCheck { len, .. } = self.func.insts[check].op else { return };
        self.fold(check);
        let (Some(len), Some(array)) =
            (self.field(at, len, Type::I64), self.field(at, array, Type::Ref))
        else {
            return;
        };
        if len != array && self.object_of(len) == self.object_of(array) {
            self.fold(len);
            self.fold(array);
        }
    }

    /// A sum or difference takes in a product.
    fn product(&mut self, at: usize, op: BinOp, a: Value, b: Value) {
        let operands: &[Value] = match op {
            BinOp::FAdd => &[b, a],
            BinOp::FSub => &[b],
            _ => return,
        };
        if self.func.ty(a) != Type::F64 || self.facts.constant(a).or(self.facts.constant(b)).is_some() {
            return;
        }
        let product = operands.iter().find_map(|&operand| {
            let (_, inst) = self.movable(at, operand, Barrier::None)?;
            let Op::BinOp { op: BinOp::FMul, a, b } = self.func.insts[inst].op else { return None };
            let plain = self.facts.constant(a).or(self.facts.constant(b)).is_none();
            plain.then_some(inst)
        });
        if let Some(product) = product {
            self.fold(product);
        }
    }

    /// A branch takes in its comparison.
    fn condition(&mut self, at: usize, cond: Value) {
        let Some((_, inst)) = self.movable(at, cond, Barrier::None) else { return };
        let Op::BinOp { op, a, .. } = self.func.insts[inst].op else { return };
        let narrow = self.func.ty(a) == Type::F32;
        if op.is_comparison() && !narrow {
            self.fold(inst);
        }
    }
}
