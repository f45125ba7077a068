//! Inference variables and unification.
//!
//! The variables of all functions being inferred together live in one table. A snapshot can be
//! taken and undone, which is how the trait solver tries an `impl` without choosing it.
//! Must never report anything: whoever asks for a unification knows the places.

use crate::ty::{FnTy, Ty, TyKind, VarId};
use sepal_base::Span;

/// What a variable may become.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum VarKind {
    General,
    /// The type of an integer literal.
    Int,
    /// The type of a float literal.
    Float,
}

#[derive(Clone, Copy)]
enum Slot {
    Free(VarKind),
    /// With how many types that is made of, as far as it was known then.
    Bound {
        to: Ty,
        size: u32,
    },
}

/// The table of variables with a log of changes.
#[derive(Default)]
pub(crate) struct Infer {
    slots: Vec<Slot>,
    spans: Vec<Span>,
    log: Vec<(VarId, VarKind)>,
    /// Grows whenever a variable is bound: a reason to look at waiting work again.
    pub(crate) progress: u64,
    /// The type parameters of the function being checked that stand for integer types, which
    /// literals may become.
    pub(crate) int_params: Vec<Ty>,
    /// The last unification failed because a type would have held itself.
    pub(crate) infinite: bool,
}

/// A state of the table to go back to.
#[derive(Clone, Copy)]
pub(crate) struct Snapshot {
    log: usize,
    vars: usize,
}

/// The types differ somewhere inside.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mismatch;

impl Infer {
    pub(crate) fn fresh(&mut self, kind: VarKind, span: Span) -> Ty {
        let id = VarId(u32::try_from(self.slots.len()).expect("fewer than 2^32 variables"));
        self.slots.push(Slot::Free(kind));
        self.spans.push(span);
        Ty::var(id)
    }

    /// How many variables are bound, those not counted that were bound only to try something.
    pub(crate) fn known(&self) -> usize {
        self.log.len()
    }

    /// Forgets every variable; only while none is in use.
    pub(crate) fn clear(&mut self) {
        self.slots.clear();
        self.spans.clear();
        self.log.clear();
        self.progress += 1;
    }

    /// Where the variable came from.
    pub(crate) fn span(&self, id: VarId) -> Span {
        self.spans[id.0 as usize]
    }

    /// The type as far as its outermost shape is known.
    pub(crate) fn shallow(&self, mut ty: Ty) -> Ty {
        while let TyKind::Var(id) = ty.kind() {
            match self.slots[id.0 as usize] {
                Slot::Bound { to, .. } => ty = to,
                Slot::Free(_) => return ty,
            }
        }
        ty
    }

    /// The type with every bound variable replaced.
    pub(crate) fn resolve(&self, ty: Ty) -> Ty {
        if !ty.has_vars() {
            return ty;
        }
        ty.map_leaves(&mut |leaf| match leaf.kind() {
            TyKind::Var(_) => {
                let known = self.shallow(leaf);
                Some(if known.is_var() { known } else { self.resolve(known) })
            }
            _ if !leaf.has_vars() => Some(leaf),
            _ => None,
        })
    }

    /// How many types a type is made of, bound variables replaced by what they were when they were bound.
    pub(crate) fn size(&self, ty: Ty) -> u32 {
        match ty.kind() {
            _ if !ty.has_vars() => ty.size(),
            TyKind::Var(id) => match self.slots[id.0 as usize] {
                Slot::Bound { size, .. } => size,
                Slot::Free(_) => 1,
            },
            kind => kind.parts().fold(1, |sum: u32, part| sum.saturating_add(self.size(part))),
        }
    }

    /// The kind of a type that is a free variable.
    pub(crate) fn var_kind(&self, ty: Ty) -> Option<VarKind> {
        match self.shallow(ty).kind() {
            TyKind::Var(id) => match self.slots[id.0 as usize] {
                Slot::Free(kind) => Some(kind),
                Slot::Bound { .. } => None,
            },
            _ => None,
        }
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot { log: self.log.len(), vars: self.slots.len() }
    }

    /// Undoes everything since the snapshot, the variables made since then included.
    pub(crate) fn rollback(&mut self, to: Snapshot) {
        while self.log.len() > to.log {
            let (id, kind) = self.log.pop().expect("the log is longer than the snapshot");
            self.slots[id.0 as usize] = Slot::Free(kind);
        }
        self.slots.truncate(to.vars);
        self.spans.truncate(to.vars);
    }

    /// Binds a free variable without further ado.
    pub(crate) fn bind(&mut self, id: VarId, to: Ty) {
        let Slot::Free(kind) = self.slots[id.0 as usize] else {
            unreachable!("only free variables are bound")
        };
        self.log.push((id, kind));
        let size = self.size(to);
        self.slots[id.0 as usize] = Slot::Bound { to, size };
        self.progress += 1;
    }

    /// Makes the two types equal, or leaves everything as it was.
    pub(crate) fn unify(&mut self, a: Ty, b: Ty) -> Result<(), Mismatch> {
        if a == b {
            return Ok(());
        }
        self.infinite = false;
        let before = self.snapshot();
        let result = self.unify_step(a, b);
        if result.is_err() {
            self.rollback(before);
        }
        result
    }

    fn unify_step(&mut self, a: Ty, b: Ty) -> Result<(), Mismatch> {
        let (a, b) = (self.shallow(a), self.shallow(b));
        if a == b {
            return Ok(());
        }
        match (a.kind(), b.kind()) {
            (TyKind::Error, TyKind::Var(id)) | (TyKind::Var(id), TyKind::Error) => {
                self.bind(*id, Ty::error());
                Ok(())
            }
            (TyKind::Error, _) | (_, TyKind::Error) => Ok(()),
            (TyKind::Var(id), _) => self.unify_var(*id, b),
            (_, TyKind::Var(id)) => self.unify_var(*id, a),
            (TyKind::Array(x), TyKind::Array(y)) => self.unify_step(*x, *y),
            (TyKind::Tuple(xs), TyKind::Tuple(ys)) => self.unify_all(xs, ys),
            (TyKind::Adt(x, xs), TyKind::Adt(y, ys)) if x == y => self.unify_all(xs, ys),
            (TyKind::Dyn(x, xs), TyKind::Dyn(y, ys)) if x == y => self.unify_all(xs, ys),
            (TyKind::Fn(f), TyKind::Fn(g)) => self.unify_fns(f, g),
            _ => Err(Mismatch),
        }
    }

    fn unify_all(&mut self, xs: &[Ty], ys: &[Ty]) -> Result<(), Mismatch> {
        if xs.len() != ys.len() {
            return Err(Mismatch);
        }
        xs.iter().zip(ys).try_for_each(|(x, y)| self.unify_step(*x, *y))
    }

    fn unify_fns(&mut self, f: &FnTy, g: &FnTy) -> Result<(), Mismatch> {
        self.unify_all(&f.params, &g.params)?;
        self.unify_step(f.ret, g.ret)?;
        match (f.mailbox, g.mailbox) {
            (Some(m), Some(n)) => self.unify_step(m, n),
            // A function without a mailbox may be called where there is one; one with a mailbox
            // is only made where its messages can be received.
            (Some(_), None) | (None, Some(_)) | (None, None) => Ok(()),
        }
    }

    fn unify_var(&mut self, id: VarId, to: Ty) -> Result<(), Mismatch> {
        let Slot::Free(kind) = self.slots[id.0 as usize] else {
            unreachable!("shallow types are free variables or known")
        };
        if let Some(other) = self.var_kind(to) {
            let TyKind::Var(other_id) = *to.kind() else {
                unreachable!("it has a variable's kind")
            };
            match (kind, other) {
                (VarKind::General, _)
                | (VarKind::Int, VarKind::Int)
                | (VarKind::Float, VarKind::Float) => self.bind(id, to),
                (_, VarKind::General) => self.bind(other_id, Ty::var(id)),
                (VarKind::Int, VarKind::Float) | (VarKind::Float, VarKind::Int) => {
                    return Err(Mismatch);
                }
            }
            return Ok(());
        }
        let fits = match kind {
            VarKind::General => {
                self.infinite = self.occurs(id, to);
                !self.infinite
            }
            VarKind::Int => to.as_int().is_some() || self.int_params.contains(&to),
            VarKind::Float => to.as_float().is_some(),
        };
        if !fits {
            return Err(Mismatch);
        }
        self.bind(id, to);
        Ok(())
    }

    fn occurs(&self, id: VarId, ty: Ty) -> bool {
        if !ty.has_vars() {
            return false;
        }
        let ty = self.shallow(ty);
        match ty.kind() {
            TyKind::Var(other) => *other == id,
            kind => kind.parts().any(|part| self.occurs(id, part)),
        }
    }
}
