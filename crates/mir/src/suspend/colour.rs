//! Which functions may wait, found over the whole program.
//!
//! A function may wait if it holds a `wait`, or calls one that may. A call through a closure or a vtable
//! may wait if any function of that signature whose address is taken may; then all such functions take
//! part, since the caller cannot tell them apart.
//!
//! Must never miss a way to wait; it may see too many.

use crate::entities::*;
use crate::function::Function;
use crate::module::{ConstWord, Module};
use crate::ops::{Op, Terminator};
use crate::types::Signature;
use rustc_hash::FxHashSet;
use sepal_base::{Id as _, IdVec};

/// See the module's head.
pub struct Colours {
    waits: IdVec<FuncId, bool>,
    /// Called through a signature of which some may wait.
    joins: IdVec<FuncId, bool>,
    roots: IdVec<FuncId, bool>,
    /// Has an op that this transform takes out, or a call whose signature changes.
    concerned: IdVec<FuncId, bool>,
    signatures: FxHashSet<Signature>,
    generators_wait: bool,
}

impl Colours {
    pub fn of(module: &Module) -> Colours {
        let count = module.functions.len();
        let none = || (0..count).map(|_| false).collect::<IdVec<FuncId, bool>>();
        let mut colours = Colours {
            waits: none(),
            joins: none(),
            roots: none(),
            concerned: none(),
            signatures: FxHashSet::default(),
            generators_wait: false,
        };
        let by_address = addresses(module, &mut colours.roots);
        while colours.spread(module, &by_address) {}
        if let Some(entry) = module.entry
            && colours.waits[entry]
        {
            colours.roots[entry] = true;
        }
        for (id, func) in module.functions.iter_enumerated() {
            let joins = by_address[id] && colours.signatures.contains(&func.sig);
            colours.joins[id] = joins && !colours.roots[id];
        }
        for (id, func) in module.functions.iter_enumerated() {
            colours.concerned[id] = colours.roots[id]
                || colours.is_suspending(id)
                || any_op(func, |op| colours.concerns(op));
        }
        colours
    }

    /// One round; whether anything was added.
    fn spread(&mut self, module: &Module, by_address: &IdVec<FuncId, bool>) -> bool {
        let mut changed = false;
        for (id, func) in module.functions.iter_enumerated() {
            if self.waits[id] || !self.may_wait(module, func) {
                continue;
            }
            self.waits[id] = true;
            changed = true;
            if by_address[id] {
                self.signatures.insert(func.sig.clone());
            }
            self.generators_wait |= self.roots[id] && func.attrs.generator;
        }
        changed
    }

    fn may_wait(&self, module: &Module, func: &Function) -> bool {
        let through = |sig: SigId| self.signatures.contains(&module.signatures[sig]);
        any_op(func, |op| match *op {
            OpOrTerm::Op(Op::Wait {}) => true,
            OpOrTerm::Op(Op::Call { func, .. }) => self.waits[func],
            OpOrTerm::Op(Op::IndirectCall { sig, .. } | Op::MethodCallVirtual { sig, .. }) => {
                through(sig)
            }
            OpOrTerm::Op(Op::GeneratorNext { .. }) => self.generators_wait,
            OpOrTerm::Term(Terminator::TailCall { func, .. }) => self.waits[func],
            OpOrTerm::Term(
                Terminator::TailCallIndirect { sig, .. } | Terminator::TailCallVirtual { sig, .. },
            ) => through(sig),
            OpOrTerm::Op(_) | OpOrTerm::Term(_) => false,
        })
    }

    fn concerns(&self, op: &OpOrTerm) -> bool {
        match *op {
            OpOrTerm::Op(Op::FrameNew { .. } | Op::GeneratorNext { .. }) => true,
            OpOrTerm::Op(Op::Call { func, .. })
            | OpOrTerm::Term(Terminator::TailCall { func, .. }) => self.is_suspending(func),
            OpOrTerm::Op(_) | OpOrTerm::Term(_) => false,
        }
    }

    /// Whether the function itself may wait.
    pub fn waits(&self, id: FuncId) -> bool {
        self.waits[id]
    }

    /// Whether its signature becomes a suspending one.
    pub fn is_suspending(&self, id: FuncId) -> bool {
        !self.roots[id] && (self.waits[id] || self.joins[id])
    }

    /// Whether it is a body that only frames lead to.
    pub fn is_root(&self, id: FuncId) -> bool {
        self.roots[id]
    }

    /// Whether anything in it changes.
    pub fn is_concerned(&self, id: FuncId) -> bool {
        self.concerned.get(id).copied().unwrap_or(false)
    }

    /// Whether a call through this signature may wait.
    pub fn is_suspending_signature(&self, sig: &Signature) -> bool {
        self.signatures.contains(sig)
    }

    /// Whether asking a generator for its next value may wait.
    pub fn generators_wait(&self) -> bool {
        self.generators_wait
    }
}

/// An instruction's op or a block's end.
enum OpOrTerm {
    Op(Op),
    Term(Terminator),
}

fn any_op(func: &Function, mut test: impl FnMut(&OpOrTerm) -> bool) -> bool {
    func.blocks.iter().any(|block| {
        block.insts.iter().any(|&inst| test(&OpOrTerm::Op(func.insts[inst].op)))
            || test(&OpOrTerm::Term(block.term))
    })
}

/// The functions whose address is taken; bodies of frames go into `roots`.
fn addresses(module: &Module, roots: &mut IdVec<FuncId, bool>) -> IdVec<FuncId, bool> {
    let mut taken: IdVec<FuncId, bool> = module.functions.iter().map(|_| false).collect();
    for func in module.functions.iter() {
        for &inst in func.blocks.iter().flat_map(|block| &block.insts) {
            if let Op::FuncAddr { func } | Op::ClosureCreate { func, .. } = func.insts[inst].op {
                taken[func] = true;
            } else if let Op::FrameNew { func, .. } = func.insts[inst].op {
                roots[func] = true;
            }
        }
    }
    let statics = module.statics.iter().flat_map(|object| &object.fields);
    for word in module.vtables.iter().flat_map(|vtable| &vtable.slots).chain(statics) {
        if let ConstWord::Func(id) = *word
            && id.index() < taken.len()
        {
            taken[id] = true;
        }
    }
    taken
}
