//! What an op may do beside computing its result, and which memory it touches.
//!
//! Must never guess: an op that may touch anything says so.

use crate::entities::{FieldRef, GlobalId, LayoutId, Value};
use crate::keywords::CastKind;
use crate::ops::Op;
use sepal_abi::RtFn;

/// A set of effects.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Effects(u8);

impl Effects {
    /// No effect: the result depends on the operands alone.
    pub const PURE: Effects = Effects(0);
    /// Reads memory that other ops may write.
    pub const READS: Effects = Effects(1);
    /// Writes memory that other ops may read.
    pub const WRITES: Effects = Effects(2);
    /// Is seen from outside, or sees the outside: stays, and keeps its order among its like.
    pub const ORDERED: Effects = Effects(4);
    /// Makes a new heap object; an unused one may be left out.
    pub const ALLOCATES: Effects = Effects(8);
    /// May panic.
    pub const PANICS: Effects = Effects(16);
    /// May let other actors run.
    pub const SUSPENDS: Effects = Effects(32);
    /// Everything, as code elsewhere may do.
    pub const CALLS: Effects = Effects(63);

    /// Both sets.
    pub const fn with(self, other: Effects) -> Effects {
        Effects(self.0 | other.0)
    }

    /// Whether all of `other` is in the set.
    pub const fn has(self, other: Effects) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any of `other` is in the set.
    pub const fn any_of(self, other: Effects) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether an op may go when nobody uses its results.
    pub const fn is_removable(self) -> bool {
        !self.any_of(
            Effects::WRITES.with(Effects::ORDERED).with(Effects::PANICS).with(Effects::SUSPENDS),
        )
    }

    /// The effects of a runtime function.
    pub fn of_rt(rt: RtFn) -> Effects {
        use sepal_abi::Effects as Rt;
        let table = rt.effects();
        let mut set = Effects::PURE;
        for (rt, ours) in [
            (Rt::READS, Effects::READS),
            (Rt::WRITES, Effects::WRITES),
            (Rt::STATE, Effects::ORDERED),
            (Rt::PANICS, Effects::PANICS),
            (Rt::ALLOCATES, Effects::ALLOCATES),
            (Rt::NORETURN, Effects::ORDERED),
            (Rt::PARKS, Effects::ORDERED),
        ] {
            if table.contains(rt) {
                set = set.with(ours);
            }
        }
        set
    }
}

/// The part of memory an op reads or writes. Two different classes never overlap.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum MemClass {
    /// One field of all objects of a layout's variant.
    Field(FieldRef),
    /// One slot of the elements of all arrays of a layout.
    Element(LayoutId, u16),
    /// One module-level variable.
    Global(GlobalId),
}

impl Op {
    /// The effects, narrowed for runtime calls by the table of those. The word of a reference is right
    /// only here, as objects may move.
    pub fn effects(&self) -> Effects {
        if let Op::CallRt { rt, .. } = *self {
            Effects::of_rt(rt)
        } else if let Op::Cast { kind: CastKind::Address, .. } = *self {
            Effects::ORDERED
        } else {
            self.table_effects()
        }
    }

    /// The class of memory this loads from, if it is a plain load.
    pub fn loads(&self) -> Option<MemClass> {
        if let Op::FieldGet { field, .. } = *self {
            Some(MemClass::Field(field))
        } else if let Op::IndexGet { layout, slot, .. } = *self {
            Some(MemClass::Element(layout, slot))
        } else if let Op::GlobalGet { global, .. } = *self {
            Some(MemClass::Global(global))
        } else {
            None
        }
    }

    /// The class of memory this stores into, if it is a plain store.
    pub fn stores(&self) -> Option<MemClass> {
        if let Op::FieldSet { field, .. } = *self {
            Some(MemClass::Field(field))
        } else if let Op::IndexSet { layout, slot, .. } = *self {
            Some(MemClass::Element(layout, slot))
        } else if let Op::GlobalSet { global, .. } = *self {
            Some(MemClass::Global(global))
        } else {
            None
        }
    }

    /// The object that the op looks into, which must not be null then.
    pub fn looks_into(&self) -> Option<Value> {
        if let Op::FieldGet { object, .. }
        | Op::FieldSet { object, .. }
        | Op::EnumDiscriminant { object }
        | Op::ArrayLen { array: object } = *self
        {
            Some(object)
        } else {
            None
        }
    }

    /// Whether the op may run where the program would not have run it.
    pub fn is_speculatable(&self) -> bool {
        // Runtime functions take objects that are not null, and time.
        let is_plain = self.looks_into().is_none() && !matches!(self, Op::CallRt { .. });
        let pure = is_plain && self.effects() == Effects::PURE;
        if let Op::BinOp { op, .. } = *self { op.is_speculatable() } else { pure }
    }
}
