//! The conditions that branches and comparisons have opcodes for.
//!
//! Must never hold two spellings of one condition: `a > b` is `b < a`.

use crate::code::Opcode;
use sepal_mir::BinOp;

/// A condition on operands `a` and `b`; `Imm` with an immediate `b`, `F` on `f64`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Test {
    Eq,
    Ne,
    SLt,
    SLe,
    ULt,
    ULe,
    EqImm,
    NeImm,
    SLtImm,
    SLeImm,
    SGtImm,
    SGeImm,
    FEq,
    FNe,
    FLt,
    FLe,
    FNotLt,
    FNotLe,
}

impl Test {
    /// The test of a comparison on registers, and whether its operands change places. `None` for other operators.
    pub fn of(op: BinOp) -> Option<(Test, bool)> {
        Some(match op {
            BinOp::Eq => (Test::Eq, false),
            BinOp::Ne => (Test::Ne, false),
            BinOp::SLt => (Test::SLt, false),
            BinOp::SLe => (Test::SLe, false),
            BinOp::SGt => (Test::SLt, true),
            BinOp::SGe => (Test::SLe, true),
            BinOp::ULt => (Test::ULt, false),
            BinOp::ULe => (Test::ULe, false),
            BinOp::UGt => (Test::ULt, true),
            BinOp::UGe => (Test::ULe, true),
            BinOp::FEq => (Test::FEq, false),
            BinOp::FNe => (Test::FNe, false),
            BinOp::FLt => (Test::FLt, false),
            BinOp::FLe => (Test::FLe, false),
            BinOp::FGt => (Test::FLt, true),
            BinOp::FGe => (Test::FLe, true),
            BinOp::Add | BinOp::Sub | BinOp::Mul => return None,
            BinOp::SDiv | BinOp::SRem | BinOp::UDiv | BinOp::URem => return None,
            BinOp::And | BinOp::Or | BinOp::Xor => return None,
            BinOp::Shl | BinOp::SShr | BinOp::UShr => return None,
            BinOp::FAdd | BinOp::FSub | BinOp::FMul | BinOp::FDiv => return None,
        })
    }

    /// The test with an immediate on one side: the left one if `swapped`.
    pub fn with_imm(op: BinOp, swapped: bool) -> Option<Test> {
        let (less, less_equal, greater, greater_equal) = match swapped {
            false => (Test::SLtImm, Test::SLeImm, Test::SGtImm, Test::SGeImm),
            true => (Test::SGtImm, Test::SGeImm, Test::SLtImm, Test::SLeImm),
        };
        match Test::of(op)? {
            (Test::Eq, _) => Some(Test::EqImm),
            (Test::Ne, _) => Some(Test::NeImm),
            (Test::SLt, false) => Some(less),
            (Test::SLe, false) => Some(less_equal),
            (Test::SLt, true) => Some(greater),
            (Test::SLe, true) => Some(greater_equal),
            (Test::ULt | Test::ULe | Test::FEq | Test::FNe | Test::FLt | Test::FLe, _) => None,
            (Test::FNotLt | Test::FNotLe | Test::EqImm | Test::NeImm, _) => None,
            (Test::SLtImm | Test::SLeImm | Test::SGtImm | Test::SGeImm, _) => None,
        }
    }

    /// The opposite condition, and whether its operands change places.
    pub fn negated(self) -> (Test, bool) {
        match self {
            Test::Eq => (Test::Ne, false),
            Test::Ne => (Test::Eq, false),
            Test::SLt => (Test::SLe, true),
            Test::SLe => (Test::SLt, true),
            Test::ULt => (Test::ULe, true),
            Test::ULe => (Test::ULt, true),
            Test::EqImm => (Test::NeImm, false),
            Test::NeImm => (Test::EqImm, false),
            Test::SLtImm => (Test::SGeImm, false),
            Test::SLeImm => (Test::SGtImm, false),
            Test::SGtImm => (Test::SLeImm, false),
            Test::SGeImm => (Test::SLtImm, false),
            Test::FEq => (Test::FNe, false),
            Test::FNe => (Test::FEq, false),
            Test::FLt => (Test::FNotLt, false),
            Test::FLe => (Test::FNotLe, false),
            Test::FNotLt => (Test::FLt, false),
            Test::FNotLe => (Test::FLe, false),
        }
    }

    /// The branch on the condition.
    pub fn branch(self) -> Opcode {
        match self {
            Test::Eq => Opcode::BrEq,
            Test::Ne => Opcode::BrNe,
            Test::SLt => Opcode::BrSLt,
            Test::SLe => Opcode::BrSLe,
            Test::ULt => Opcode::BrULt,
            Test::ULe => Opcode::BrULe,
            Test::EqImm => Opcode::BrEqImm,
            Test::NeImm => Opcode::BrNeImm,
            Test::SLtImm => Opcode::BrSLtImm,
            Test::SLeImm => Opcode::BrSLeImm,
            Test::SGtImm => Opcode::BrSGtImm,
            Test::SGeImm => Opcode::BrSGeImm,
            Test::FEq => Opcode::BrFEq,
            Test::FNe => Opcode::BrFNe,
            Test::FLt => Opcode::BrFLt,
            Test::FLe => Opcode::BrFLe,
            Test::FNotLt => Opcode::BrFNotLt,
            Test::FNotLe => Opcode::BrFNotLe,
        }
    }

    /// The branch backwards on the condition, if there is one.
    pub fn branch_back(self) -> Option<Opcode> {
        match self {
            Test::Eq => Some(Opcode::BrEqBack),
            Test::Ne => Some(Opcode::BrNeBack),
            Test::SLt => Some(Opcode::BrSLtBack),
            Test::SLe => Some(Opcode::BrSLeBack),
            Test::ULt => Some(Opcode::BrULtBack),
            Test::ULe => Some(Opcode::BrULeBack),
            Test::EqImm => Some(Opcode::BrEqImmBack),
            Test::NeImm => Some(Opcode::BrNeImmBack),
            Test::SLtImm => Some(Opcode::BrSLtImmBack),
            Test::SLeImm => Some(Opcode::BrSLeImmBack),
            Test::SGtImm => Some(Opcode::BrSGtImmBack),
            Test::SGeImm => Some(Opcode::BrSGeImmBack),
            Test::FEq | Test::FNe | Test::FLt | Test::FLe | Test::FNotLt | Test::FNotLe => None,
        }
    }

    /// The comparison that gives a `bool`; conditions on floats have theirs by type.
    pub fn value(self) -> Option<Opcode> {
        match self {
            Test::Eq => Some(Opcode::Eq),
            Test::Ne => Some(Opcode::Ne),
            Test::SLt => Some(Opcode::SLt),
            Test::SLe => Some(Opcode::SLe),
            Test::ULt => Some(Opcode::ULt),
            Test::ULe => Some(Opcode::ULe),
            Test::EqImm => Some(Opcode::EqImm),
            Test::NeImm => Some(Opcode::NeImm),
            Test::SLtImm => Some(Opcode::SLtImm),
            Test::SLeImm => Some(Opcode::SLeImm),
            Test::SGtImm => Some(Opcode::SGtImm),
            Test::SGeImm => Some(Opcode::SGeImm),
            Test::FEq | Test::FNe | Test::FLt | Test::FLe | Test::FNotLt | Test::FNotLe => None,
        }
    }
}
