//! Which instances of a generic function are one: lowering them each, only for `merge` to find them equal, would
//! cost more than everything else that lowering does.
//!
//! A type parameter is *opaque* to a function that only moves values of it about: no trait is asked of it, no value
//! of it becomes `any`, and what it is passed on to is opaque to it as well. Type arguments for opaque parameters are
//! replaced by the first type that has the same scalars.
//!
//! That is all such a function can tell types apart by, since the types that it builds from the parameter (arrays,
//! tuples, options, results, classes) are represented by the scalars of their parts, as long as none holds itself. So
//! types that could close such a circle are left alone ([`ModuleCx::is_flat`], [`ModuleCx::is_plain`]).
//!
//! Must never share what a trace, a type test or a message could tell apart.

use crate::cx::{Args, ModuleCx};
use rustc_hash::FxHashMap;
use sepal_hir::ast::FnFlavour;
use sepal_hir::intrinsics::Intrinsic;
use sepal_hir::lang::LangTy;
use sepal_hir::{
    AdtId, AdtKind, Callee, Coercion, Expr, ExprKind, FnId, FnKind, PatKind, Place, PlaceRoot, Ty,
    TyKind,
};
use sepal_mir::Type;
use std::rc::Rc;

/// What is known so far.
#[derive(Default)]
pub struct Sharing {
    /// For each parameter whether the function looks at it.
    seen: FxHashMap<FnId, Rc<[bool]>>,
    /// The type that stands for a type.
    stands_for: FxHashMap<Ty, Ty>,
    /// The first type of these scalars, apart from whether null is free.
    first: FxHashMap<(Box<[Type]>, bool), Ty>,
    /// Whether the fields of a generic class are plain; `true` while that is being found out.
    plain_classes: FxHashMap<AdtId, bool>,
}

/// What a body does with the parameters of its function.
struct Needs {
    seen: Vec<bool>,
    /// A parameter, and where it is part of a type argument: of which function, for which parameter.
    passed: Vec<(usize, FnId, usize)>,
}

impl ModuleCx<'_> {
    /// The type arguments by which an instance is known.
    pub fn shared_args(&mut self, id: FnId, args: &[Ty]) -> Args {
        if args.is_empty() {
            return Args::from([]);
        }
        let seen = self.seen_params(id);
        let shared = args.iter().zip(&*seen);
        shared.map(|(ty, seen)| if *seen { *ty } else { self.representative(*ty) }).collect()
    }

    fn representative(&mut self, ty: Ty) -> Ty {
        if let Some(&known) = self.sharing.stands_for.get(&ty) {
            return known;
        }
        // What gives `never` does not come back, whatever its scalars.
        let found = if !ty.is_never() && self.is_flat(ty, &mut Vec::new()) {
            let repr = self.repr(ty);
            *self.sharing.first.entry((repr.scalars.clone(), repr.nonnull)).or_insert(ty)
        } else {
            ty
        };
        self.sharing.stands_for.insert(ty, found);
        found
    }

    /// Whether no struct, tuple or enum that the type holds in place could hold itself.
    fn is_flat(&self, ty: Ty, around: &mut Vec<AdtId>) -> bool {
        if let TyKind::Tuple(elems) = ty.kind() {
            return elems.iter().all(|elem| self.is_flat(*elem, around));
        }
        let Some((adt, args)) = ty.as_adt() else { return true };
        let def = &self.program.items.adts[adt];
        if def.kind == AdtKind::Class {
            return true;
        }
        if around.contains(&adt) {
            return false;
        }
        around.push(adt);
        let mut fields = def.variants.iter().flat_map(|variant| variant.fields.iter());
        let flat = fields.all(|field| self.is_flat(field.ty.subst(args), around));
        around.pop();
        flat
    }

    /// For each type parameter of a function whether it is looked at, here or where it is passed on to.
    fn seen_params(&mut self, id: FnId) -> Rc<[bool]> {
        if let Some(known) = self.sharing.seen.get(&id) {
            return known.clone();
        }
        let mut all: FxHashMap<FnId, Needs> = FxHashMap::default();
        let mut work = vec![id];
        while let Some(id) = work.pop() {
            if self.sharing.seen.contains_key(&id) || all.contains_key(&id) {
                continue;
            }
            let needs = self.needs(id);
            work.extend(needs.passed.iter().map(|(_, callee, _)| *callee));
            all.insert(id, needs);
        }
        let mut changed = true;
        while changed {
            changed = false;
            let ids: Vec<FnId> = all.keys().copied().collect();
            for id in ids {
                for n in 0..all[&id].passed.len() {
                    let (own, callee, param) = all[&id].passed[n];
                    let seen = match all.get(&callee) {
                        Some(needs) => needs.seen[param],
                        None => self.sharing.seen[&callee][param],
                    };
                    let own = &mut all.get_mut(&id).expect("it was listed").seen[own];
                    changed |= seen && !*own;
                    *own |= seen;
                }
            }
        }
        self.sharing.seen.extend(all.into_iter().map(|(id, needs)| (id, needs.seen.into())));
        self.sharing.seen[&id].clone()
    }

    fn needs(&mut self, id: FnId) -> Needs {
        let def = &self.program.items.fns[id];
        let looks = match def.kind {
            FnKind::Intrinsic(which) => !goes_by_scalars(which),
            FnKind::Runtime => false,
            FnKind::Source(_) if def.flavour == FnFlavour::Plain && def.mailbox.is_none() => {
                return self.needs_of_body(id);
            }
            FnKind::Source(_)
            | FnKind::ConstInit(_)
            | FnKind::Default(_)
            | FnKind::Script
            | FnKind::Actor(_)
            | FnKind::Invariant(_)
            | FnKind::Derived(_)
            | FnKind::Required
            | FnKind::Extern => true,
        };
        Needs { seen: vec![looks; def.generics.params.len()], passed: Vec::new() }
    }

    fn needs_of_body(&mut self, id: FnId) -> Needs {
        let count = self.program.items.fns[id].generics.params.len();
        let Some(body) = crate::body::checked_body(self, id) else {
            return Needs { seen: vec![true; count], passed: Vec::new() };
        };
        let def = &self.program.items.fns[id];
        let own: Vec<Ty> = def.params.iter().map(|p| p.ty).chain([def.ret]).collect();
        let mut walk =
            Walk { cx: self, needs: Needs { seen: vec![false; count], passed: Vec::new() } };
        own.into_iter().for_each(|ty| walk.moves(ty));
        body.locals.iter().for_each(|local| walk.moves(local.ty));
        for pat in body.pats.iter() {
            walk.moves(pat.ty);
            match &pat.kind {
                // Those on lists call functions of the library.
                PatKind::List { .. } | PatKind::Lit(_) | PatKind::Range { .. } => walk.sees(pat.ty),
                PatKind::TypeTest { ty, .. } => walk.sees(*ty),
                PatKind::Error
                | PatKind::Wild
                | PatKind::Bind { .. }
                | PatKind::Tuple(_)
                | PatKind::Adt { .. }
                | PatKind::Or(_) => {}
            }
        }
        for expr in body.exprs.iter() {
            walk.moves(expr.ty);
            walk.expr(expr, |id| body.exprs[id].ty);
        }
        walk.needs
    }

    /// Whether the representation of a type with parameters follows from the scalars of what stands for them.
    fn is_plain(&mut self, ty: Ty) -> bool {
        if !ty.has_params() {
            return true;
        }
        match ty.kind() {
            TyKind::Param { .. } => true,
            TyKind::Array(elem) => self.is_plain(*elem),
            TyKind::Tuple(elems) => elems.iter().all(|elem| self.is_plain(*elem)),
            TyKind::Fn(f) => {
                f.mailbox.is_none() && f.params.iter().chain([&f.ret]).all(|ty| self.is_plain(*ty))
            }
            TyKind::Adt(adt, args) => {
                self.is_plain_adt(*adt) && args.iter().all(|arg| self.is_plain(*arg))
            }
            TyKind::Dyn(..)
            | TyKind::Int(_)
            | TyKind::Float(_)
            | TyKind::Bool
            | TyKind::Char
            | TyKind::Str
            | TyKind::Bytes
            | TyKind::Symbol
            | TyKind::Nil
            | TyKind::Never
            | TyKind::Any
            | TyKind::Var(_)
            | TyKind::Error => false,
        }
    }

    fn is_plain_adt(&mut self, adt: AdtId) -> bool {
        let lang = &self.program.lang;
        if lang.is_ty(adt, LangTy::Option) || lang.is_ty(adt, LangTy::Result) {
            return true;
        }
        let def = &self.program.items.adts[adt];
        if def.kind != AdtKind::Class {
            return false;
        }
        if let Some(&known) = self.sharing.plain_classes.get(&adt) {
            return known;
        }
        let fields: Vec<Ty> =
            def.variants.iter().flat_map(|variant| variant.fields.iter()).map(|f| f.ty).collect();
        self.sharing.plain_classes.insert(adt, true);
        let plain = fields.into_iter().all(|ty| self.is_plain(ty));
        self.sharing.plain_classes.insert(adt, plain);
        plain
    }
}

/// Whether lowering asks only for the scalars of its type arguments.
fn goes_by_scalars(which: Intrinsic) -> bool {
    matches!(
        which,
        Intrinsic::ArrayNew
            | Intrinsic::ArrayEmpty
            | Intrinsic::ArrayLen
            | Intrinsic::ArrayGet
            | Intrinsic::ArraySet
            | Intrinsic::ArrayCopy
            | Intrinsic::Zeroed
    )
}

/// One body being looked through.
struct Walk<'a, 'p> {
    cx: &'a mut ModuleCx<'p>,
    needs: Needs,
}

impl Walk<'_, '_> {
    /// The code depends on what the type is.
    fn sees(&mut self, ty: Ty) {
        for_each_param(ty, |param| self.needs.seen[param] = true);
    }

    /// Values of the type are moved about.
    fn moves(&mut self, ty: Ty) {
        if !self.cx.is_plain(ty) {
            self.sees(ty);
        }
    }

    fn sees_all(&mut self) {
        self.needs.seen.fill(true);
    }

    fn callee(&mut self, callee: &Callee) {
        match callee {
            Callee::Fn { id, args } => {
                for (n, &arg) in args.iter().enumerate() {
                    self.moves(arg);
                    let passed = &mut self.needs.passed;
                    for_each_param(arg, |param| passed.push((param, *id, n)));
                }
            }
            Callee::Trait(of) => {
                self.sees(of.self_ty);
                of.trait_ref.args.iter().chain(&of.args).for_each(|ty| self.sees(*ty));
            }
            Callee::Dyn(of) => of.trait_ref.args.iter().for_each(|ty| self.sees(*ty)),
        }
    }

    fn place(&mut self, place: &Place) {
        self.moves(place.ty);
        place.path.iter().for_each(|field| self.moves(field.struct_ty));
        match &place.root {
            PlaceRoot::Local(_) => {}
            PlaceRoot::ClassField { ty, .. } => self.moves(*ty),
            PlaceRoot::Element { get, set, ty, .. } => {
                self.moves(*ty);
                get.iter().chain([set]).for_each(|callee| self.callee(callee));
            }
        }
    }

    fn expr(&mut self, expr: &Expr, ty_of: impl Fn(sepal_hir::ExprId) -> Ty) {
        match &expr.kind {
            ExprKind::Call { callee, inout, .. } => {
                self.callee(callee);
                inout.iter().for_each(|place| self.place(place));
            }
            ExprKind::FnRef { callee } => self.callee(callee),
            ExprKind::Assign { place, .. } => self.place(place),
            ExprKind::Unary { operand: value, .. }
            | ExprKind::Cast { value }
            | ExprKind::CastWrap { value } => {
                self.sees(expr.ty);
                self.sees(ty_of(*value));
            }
            ExprKind::Coerce { kind, value } => match kind {
                Coercion::FromNever => {}
                Coercion::ToAny | Coercion::ToDyn | Coercion::ErasePid => {
                    self.sees(expr.ty);
                    self.sees(ty_of(*value));
                }
            },
            ExprKind::Binary { lhs, rhs, .. } | ExprKind::Is { lhs, rhs } => {
                self.sees(ty_of(*lhs));
                self.sees(ty_of(*rhs));
            }
            ExprKind::Lit(_) => self.sees(expr.ty),
            ExprKind::Error
            | ExprKind::Lambda(_)
            | ExprKind::Defer(_)
            | ExprKind::OnTerminate(_)
            | ExprKind::Yield(_)
            | ExprKind::Await(_)
            | ExprKind::Async(_)
            | ExprKind::Spawn(_)
            | ExprKind::Receive(_)
            | ExprKind::SelfPid => self.sees_all(),
            ExprKind::Local(_)
            | ExprKind::Const(_)
            | ExprKind::CallValue { .. }
            | ExprKind::Construct { .. }
            | ExprKind::Field { .. }
            | ExprKind::Tuple(_)
            | ExprKind::TupleField { .. }
            | ExprKind::ArrayLit(_)
            | ExprKind::Logic { .. }
            | ExprKind::If { .. }
            | ExprKind::Match { .. }
            | ExprKind::Block { .. }
            | ExprKind::Loop { .. }
            | ExprKind::Break { .. }
            | ExprKind::Continue { .. }
            | ExprKind::Return(_)
            | ExprKind::Panic { .. }
            | ExprKind::ContractCheck(_) => {}
        }
    }
}

/// The parameters that a type mentions, by number.
fn for_each_param(ty: Ty, mut visit: impl FnMut(usize)) {
    if !ty.has_params() {
        return;
    }
    ty.map_leaves(&mut |part| {
        if let TyKind::Param { index, .. } = part.kind() {
            visit(*index as usize);
        }
        None
    });
}
