//! Constant folding and algebra, in one walk in reverse postorder.
//!
//! Needs: nothing. Breaks: nothing (branches on what became constant are left to `simplify_cfg`).

#![allow(unreachable_patterns, reason = "a group of operators repeats those above it")]

pub mod eval;

use super::PassCx;
use super::rewrite::Rewrites;
use crate::analysis::Cfg;
use crate::entities::*;
use crate::field::FloatBits;
use crate::function::Function;
use crate::keywords::*;
use crate::keywords::{float_arithmetic, float_comparison, int_arithmetic};
use crate::module::Module;
use crate::ops::Op;
use crate::types::Type;
use eval::Const;

/// See the module's head.
pub fn run(func: &mut Function, cx: &mut PassCx<'_>) -> bool {
    let cfg = Cfg::new(func);
    let rewrites = Rewrites::default();
    let mut fold = Folder { rewrites, func, module: cx.module, changed: false };
    for &block in &cfg.rpo {
        fold.block(block);
    }
    let changed = fold.changed;
    let rewrites = fold.rewrites;
    rewrites.apply(func) | changed
}

/// What an instruction becomes.
enum Outcome {
    Keep,
    /// Nothing: it has no effect.
    Gone,
    /// Another value that exists already.
    Is(Value),
    /// Another op with the same results.
    Becomes(Op),
}

struct Folder<'f> {
    func: &'f mut Function,
    module: &'f Module,
    rewrites: Rewrites,
    changed: bool,
}

impl Folder<'_> {
    fn block(&mut self, block: Block) {
        let mut list = std::mem::take(&mut self.func.blocks[block].insts);
        list.retain(|&inst| {
            let Folder { func, rewrites, .. } = self;
            let mut op = func.insts[inst].op;
            op.map_values(&mut func.pools, &mut |value| rewrites.get(value));
            func.insts[inst].op = op;
            // What an op becomes may be simpler still; each step is a step down.
            let mut outcome = self.simplified(op);
            while let Outcome::Becomes(op) = outcome {
                self.changed = true;
                self.func.insts[inst].op = op;
                outcome = self.simplified(op);
            }
            match outcome {
                Outcome::Keep | Outcome::Becomes(_) => return true,
                Outcome::Gone => self.changed = true,
                Outcome::Is(value) => {
                    let result = self.func.result(inst);
                    self.rewrites.replace(result, value);
                }
            }
            false
        });
        self.func.blocks[block].insts = list;
    }

    fn constant(&self, value: Value) -> Option<Const> {
        let op = self.func.def_op(value)?;
        if let Op::ConstInt { ty, value } = op {
            ty.is_int().then_some(Const::Int(value))
        } else if let Op::ConstBool { value } = op {
            Some(Const::Bool(value))
        } else if let Op::ConstFloat { value, .. } = op {
            Some(Const::Float(value.get()))
        } else {
            None
        }
    }

    fn int(&self, value: Value) -> Option<i64> {
        if let Some(Const::Int(n)) = self.constant(value) { Some(n) } else { None }
    }

    fn simplified(&self, op: Op) -> Outcome {
        if let Op::BinOp { op, a, b } = op {
            self.bin_op(op, a, b)
        } else if let Op::CheckedOp { op, a, b } = op {
            self.checked_op(op, a, b)
        } else if let Op::UnaryOp { op, value } = op {
            self.unary_op(op, value)
        } else if let Op::Cast { kind, ty, value } = op {
            self.cast(kind, ty, value)
        } else if let Op::CheckedCast { kind, ty, value } = op {
            let from = self.func.ty(value);
            let folded = self.constant(value).and_then(|v| eval::checked_cast(kind, v, from, ty));
            known(folded, ty)
        } else if let Op::Select { cond, a, b } = op {
            self.select(cond, a, b)
        } else if let Op::BoundsCheck { index, len } = op {
            self.bounds_check(index, len)
        } else if let Op::ContractCheck { cond, .. } = op {
            match self.constant(cond) {
                Some(Const::Bool(true)) => Outcome::Gone,
                Some(_) | None => Outcome::Keep,
            }
        } else {
            self.of_known_object(op)
        }
    }

    /// Questions about objects and words that were made in sight.
    fn of_known_object(&self, op: Op) -> Outcome {
        if let Op::EnumDiscriminant { object } = op {
            match self.func.def_op(object) {
                Some(Op::StructInit { variant, .. } | Op::GcAlloc { variant, .. }) => {
                    int_const(Type::I64, i64::from(variant))
                }
                Some(_) | None => Outcome::Keep,
            }
        } else if let Op::ArrayLen { array } = op {
            match self.func.def_op(array) {
                Some(Op::ArrayNew { len, .. }) => Outcome::Is(len),
                Some(Op::ArrayLit { layout, values }) => {
                    let slots = self.module.layouts[layout].slots().map_or(1, <[Type]>::len);
                    int_const(Type::I64, (values.len() / slots.max(1)) as i64)
                }
                Some(_) | None => Outcome::Keep,
            }
        } else if let Op::AnyTag { value } = op {
            match self.func.def_op(value) {
                Some(Op::AnyPack { tag, .. }) => int_const(Type::I64, i64::from(tag.number())),
                Some(Op::ConstInt { value, .. }) => int_const(Type::I64, value & 7),
                Some(_) | None => Outcome::Keep,
            }
        } else if let Op::AnyUnpack { tag, value } = op {
            match self.func.def_op(value) {
                Some(Op::AnyPack { tag: packed, value }) if packed == tag => Outcome::Is(value),
                Some(_) | None => Outcome::Keep,
            }
        } else {
            Outcome::Keep
        }
    }

    fn bin_op(&self, op: BinOp, a: Value, b: Value) -> Outcome {
        let ty = self.func.ty(a);
        let (known_a, known_b) = (self.constant(a), self.constant(b));
        if let (Some(a), Some(b)) = (known_a, known_b)
            && let Some(folded) = eval::bin_op(op, a, b, ty)
        {
            let ty = if op.is_comparison() { Type::Bool } else { ty };
            return known(Some(folded), ty);
        }
        if op.is_commutative() && known_a.is_some() && known_b.is_none() {
            return Outcome::Becomes(Op::BinOp { op, a: b, b: a });
        }
        if a == b
            && let Some(outcome) = of_itself(op, a, ty)
        {
            return outcome;
        }
        if matches!(op, BinOp::Eq | BinOp::Ne)
            && let Some(outcome) = self.equality(op, a, b)
        {
            return outcome;
        }
        match known_b {
            Some(Const::Int(n)) => with_constant(op, a, b, n, ty),
            Some(Const::Bool(n)) => self.bool_with_constant(op, a, b, n),
            Some(Const::Float(_)) | None => Outcome::Keep,
        }
    }

    /// Comparing pointers: a new object is neither null nor another new object.
    fn equality(&self, op: BinOp, a: Value, b: Value) -> Option<Outcome> {
        let (def_a, def_b) = (self.func.def_op(a)?, self.func.def_op(b)?);
        let is_new = |op: &Op| {
            op.effects().has(crate::effects::Effects::ALLOCATES) && op.effects().is_removable()
        };
        let is_object =
            |op: &Op| is_new(op) || matches!(op, Op::ConstObject { .. } | Op::ConstString { .. });
        let null = |op: &Op| matches!(op, Op::ConstNull { .. });
        let differ = is_object(&def_a) && null(&def_b)
            || null(&def_a) && is_object(&def_b)
            || a != b && is_new(&def_a) && is_new(&def_b);
        let equal = null(&def_a) && null(&def_b);
        (differ || equal)
            .then(|| Outcome::Becomes(Op::ConstBool { value: (op == BinOp::Eq) == equal }))
    }

    fn bool_with_constant(&self, op: BinOp, a: Value, b: Value, n: bool) -> Outcome {
        let not = Outcome::Becomes(Op::UnaryOp { op: UnaryOp::Not, value: a });
        match (op, n) {
            (BinOp::And, true) | (BinOp::Or, false) | (BinOp::Eq, true) => Outcome::Is(a),
            (BinOp::And, false) | (BinOp::Or, true) => Outcome::Is(b),
            (BinOp::Xor | BinOp::Ne, false) => Outcome::Is(a),
            (BinOp::Xor | BinOp::Ne, true) | (BinOp::Eq, false) => not,
            _ => Outcome::Keep,
        }
    }

    fn checked_op(&self, op: CheckedOp, a: Value, b: Value) -> Outcome {
        let ty = self.func.ty(a);
        let (Some(bits), Some(count_bits)) = (ty.int_bits(), self.func.ty(b).int_bits()) else {
            return Outcome::Keep;
        };
        let (known_a, known_b) = (self.int(a), self.int(b));
        if let (Some(a), Some(b)) = (known_a, known_b) {
            return known(eval::checked_op(op, a, b, bits, count_bits).map(Const::Int), ty);
        }
        match (op, known_b) {
            (
                CheckedOp::SAdd
                | CheckedOp::UAdd
                | CheckedOp::SSub
                | CheckedOp::USub
                | CheckedOp::Shl
                | CheckedOp::SShr
                | CheckedOp::UShr,
                Some(0),
            ) => Outcome::Is(a),
            (CheckedOp::SMul | CheckedOp::UMul, Some(0)) => Outcome::Is(b),
            (CheckedOp::SMul | CheckedOp::UMul | CheckedOp::SDiv | CheckedOp::UDiv, Some(1)) => {
                Outcome::Is(a)
            }
            // A divisor that is known can only be refused for 0 and, signed, -1.
            (CheckedOp::SDiv | CheckedOp::SRem, Some(n)) if n != 0 && n != -1 => {
                Outcome::Becomes(Op::BinOp { op: op.unchecked(), a, b })
            }
            (CheckedOp::UDiv | CheckedOp::URem, Some(n)) if n != 0 => {
                Outcome::Becomes(Op::BinOp { op: op.unchecked(), a, b })
            }
            (CheckedOp::Shl | CheckedOp::SShr | CheckedOp::UShr, Some(n))
                if eval::unsigned(n, count_bits) < u64::from(bits) =>
            {
                Outcome::Becomes(Op::BinOp { op: op.unchecked(), a, b })
            }
            (CheckedOp::SAdd | CheckedOp::UAdd | CheckedOp::SMul | CheckedOp::UMul, None)
                if known_a.is_some() =>
            {
                Outcome::Becomes(Op::CheckedOp { op, a: b, b: a })
            }
            _ => Outcome::Keep,
        }
    }

    fn unary_op(&self, op: UnaryOp, value: Value) -> Outcome {
        let ty = self.func.ty(value);
        if let Some(folded) = self.constant(value).and_then(|v| eval::unary_op(op, v, ty)) {
            return known(Some(folded), ty);
        }
        match self.func.def_op(value) {
            Some(Op::UnaryOp { op: inner, value })
                if inner == op && matches!(op, UnaryOp::Not | UnaryOp::Neg | UnaryOp::FNeg) =>
            {
                Outcome::Is(value)
            }
            // The opposite of a comparison of integers is one; of floats it is not, for NaN.
            Some(Op::BinOp { op: compare, a, b }) if op == UnaryOp::Not => {
                match opposite(compare) {
                    Some(op) => Outcome::Becomes(Op::BinOp { op, a, b }),
                    None => Outcome::Keep,
                }
            }
            Some(_) | None => Outcome::Keep,
        }
    }

    fn cast(&self, kind: CastKind, to: Type, value: Value) -> Outcome {
        let from = self.func.ty(value);
        if let Some(folded) = self.constant(value).and_then(|v| eval::cast(kind, v, from, to)) {
            return known(Some(folded), to);
        }
        let Some(Op::Cast { kind: inner, value, .. }) = self.func.def_op(value) else {
            return Outcome::Keep;
        };
        let origin = self.func.ty(value);
        let extends = matches!(inner, CastKind::SignExtend | CastKind::ZeroExtend);
        let undoes = kind == CastKind::Truncate && extends
            || kind == CastKind::Bitcast && inner == CastKind::Bitcast;
        if undoes && origin == to { Outcome::Is(value) } else { Outcome::Keep }
    }

    fn select(&self, cond: Value, a: Value, b: Value) -> Outcome {
        match (self.constant(cond), self.constant(a), self.constant(b)) {
            (Some(Const::Bool(cond)), _, _) => Outcome::Is(if cond { a } else { b }),
            _ if a == b => Outcome::Is(a),
            (_, Some(Const::Bool(true)), Some(Const::Bool(false))) => Outcome::Is(cond),
            (_, Some(Const::Bool(false)), Some(Const::Bool(true))) => {
                Outcome::Becomes(Op::UnaryOp { op: UnaryOp::Not, value: cond })
            }
            _ => Outcome::Keep,
        }
    }

    fn bounds_check(&self, index: Value, len: Value) -> Outcome {
        let (Some(index_n), Some(len_n)) = (self.int(index), self.int(len)) else {
            return Outcome::Keep;
        };
        let from_start = if index_n < 0 { index_n.wrapping_add(len_n) } else { index_n };
        if from_start < 0 || from_start >= len_n {
            Outcome::Keep
        } else if from_start == index_n {
            Outcome::Is(index)
        } else {
            int_const(Type::I64, from_start)
        }
    }
}

fn known(folded: Option<Const>, ty: Type) -> Outcome {
    match folded {
        Some(Const::Int(value)) => int_const(ty, value),
        Some(Const::Bool(value)) => Outcome::Becomes(Op::ConstBool { value }),
        Some(Const::Float(value)) => {
            Outcome::Becomes(Op::ConstFloat { ty, value: FloatBits::new(value) })
        }
        None => Outcome::Keep,
    }
}

fn int_const(ty: Type, value: i64) -> Outcome {
    Outcome::Becomes(Op::ConstInt { ty, value })
}

/// `a op a`.
fn of_itself(op: BinOp, a: Value, ty: Type) -> Option<Outcome> {
    match op {
        BinOp::And | BinOp::Or => Some(Outcome::Is(a)),
        BinOp::Sub | BinOp::Xor if ty.is_int() => Some(int_const(ty, 0)),
        BinOp::Eq | BinOp::SLe | BinOp::SGe | BinOp::ULe | BinOp::UGe => {
            Some(Outcome::Becomes(Op::ConstBool { value: true }))
        }
        BinOp::Ne | BinOp::SLt | BinOp::SGt | BinOp::ULt | BinOp::UGt => {
            Some(Outcome::Becomes(Op::ConstBool { value: false }))
        }
        int_arithmetic!() | float_arithmetic!() | float_comparison!() => None,
    }
}

/// `a op n` for an integer constant `n`, which is the value `b`.
fn with_constant(op: BinOp, a: Value, b: Value, n: i64, ty: Type) -> Outcome {
    match (op, n) {
        (BinOp::Add | BinOp::Sub | BinOp::Or | BinOp::Xor, 0) => Outcome::Is(a),
        (BinOp::Shl | BinOp::SShr | BinOp::UShr, 0) => Outcome::Is(a),
        (BinOp::Mul | BinOp::And, 0) => Outcome::Is(b),
        (BinOp::Mul | BinOp::SDiv | BinOp::UDiv, 1) | (BinOp::And, -1) => Outcome::Is(a),
        (BinOp::SRem | BinOp::URem, 1) => int_const(ty, 0),
        // Unsigned: nothing is below 0, everything is at least 0.
        (BinOp::ULt, 0) => Outcome::Becomes(Op::ConstBool { value: false }),
        (BinOp::UGe, 0) => Outcome::Becomes(Op::ConstBool { value: true }),
        _ => Outcome::Keep,
    }
}

/// The comparison that holds when `op` does not.
pub fn opposite(op: BinOp) -> Option<BinOp> {
    Some(match op {
        BinOp::Eq => BinOp::Ne,
        BinOp::Ne => BinOp::Eq,
        BinOp::SLt => BinOp::SGe,
        BinOp::SLe => BinOp::SGt,
        BinOp::SGt => BinOp::SLe,
        BinOp::SGe => BinOp::SLt,
        BinOp::ULt => BinOp::UGe,
        BinOp::ULe => BinOp::UGt,
        BinOp::UGt => BinOp::ULe,
        BinOp::UGe => BinOp::ULt,
        BinOp::FEq => BinOp::FNe,
        BinOp::FNe => BinOp::FEq,
        BinOp::FLt | BinOp::FLe | BinOp::FGt | BinOp::FGe => return None,
        int_arithmetic!() | float_arithmetic!() => return None,
    })
}
