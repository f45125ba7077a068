//! Which type has which trait: impls, bounds, derived traits.
//!
//! The same search serves the checker, where types hold variables and the answer may be "not yet",
//! and lowering, where every type is known.
//! Must never report anything: the caller knows why the trait is needed.

use crate::infer::VarKind;
use crate::ir::*;
use crate::lang::{LangTrait, LangTy};
use crate::program::{Program, Resolved};
use crate::scope::Head;
use crate::ty::{Ty, TyKind};
use sepal_base::Span;
use smallvec::SmallVec;
use std::rc::Rc;

/// Something that must hold: `self_ty: Trait[args]`.
#[derive(Clone, Debug)]
pub(crate) struct Obligation {
    pub(crate) self_ty: Ty,
    pub(crate) trait_ref: TraitRef,
    pub(crate) span: Span,
    /// The function whose bounds may be used.
    pub(crate) env: Option<FnId>,
}

/// What is known about an obligation.
pub(crate) enum Outcome {
    /// It holds if the further ones do.
    Holds(Vec<Obligation>),
    Fails,
    /// Too little is known of the types.
    Open,
}

/// Where a type has a trait from.
pub(crate) enum Source {
    Impl {
        id: ImplId,
        args: Vec<Ty>,
        nested: Vec<Obligation>,
    },
    Derived {
        derived: Derived,
        args: Vec<Ty>,
        nested: Vec<Obligation>,
    },
    /// A bound, a `dyn` of the same trait, a literal.
    Given,
}

enum Search {
    Found(Source),
    None,
    Open,
}

/// Chains of obligations this long come from types that grow without end.
const MAX_DEPTH: u32 = 128;

impl Program {
    /// What can be said about an obligation now. Variables may become known.
    pub(crate) fn solve(&mut self, ob: &Obligation) -> Outcome {
        match self.search(ob) {
            Search::Found(Source::Given) => Outcome::Holds(Vec::new()),
            Search::Found(Source::Impl { nested, .. } | Source::Derived { nested, .. }) => {
                Outcome::Holds(nested)
            }
            Search::None => Outcome::Fails,
            Search::Open => Outcome::Open,
        }
    }

    fn search(&mut self, ob: &Obligation) -> Search {
        let ty = self.infer.shallow(ob.self_ty);
        if ty.has_error() || ob.trait_ref.args.iter().any(|arg| arg.is_error()) {
            // What it would determine is as wrong.
            self.close_arguments(ob);
            return Search::Found(Source::Given);
        }
        match ty.kind() {
            TyKind::Never => Search::Found(Source::Given),
            // Everything can be shown.
            TyKind::Var(_) | TyKind::Param { .. }
                if self.lang.trait_id(LangTrait::Show) == Some(ob.trait_ref.id) =>
            {
                Search::Found(Source::Given)
            }
            TyKind::Var(_) => self.search_literal(ty, ob),
            TyKind::Param { .. } => self.search_env(ty, ob),
            _ if self.lang.trait_id(LangTrait::ConvertTo) == Some(ob.trait_ref.id) => {
                if self.converts(ty, ob.trait_ref.args[0]) {
                    Search::Found(Source::Given)
                } else {
                    Search::None
                }
            }
            TyKind::Dyn(id, args) if *id == ob.trait_ref.id && self.is_dispatched(*id) => {
                for (have, want) in args.iter().zip(&ob.trait_ref.args) {
                    if self.infer.unify(*have, *want).is_err() {
                        return Search::None;
                    }
                }
                Search::Found(Source::Given)
            }
            _ => self.search_impls(ty, ob),
        }
    }

    // -- `dyn` -------------------------------------------------------------------------------

    /// Whether all methods of a trait can be called on a `dyn` of it, which then has the trait.
    fn is_dispatched(&mut self, id: TraitId) -> bool {
        let methods = self.items.traits[id].methods.clone();
        methods.into_iter().all(|method| self.not_dispatched(method).is_none())
    }

    /// Why a method of a trait cannot be called on a `dyn` of it, if it cannot: code that is
    /// found at run time was made for one type, which nobody knows where it is called.
    pub(crate) fn not_dispatched(&mut self, method: FnId) -> Option<&'static str> {
        self.signature(method);
        let def = &self.items.fns[method];
        let Owner::Trait { id, .. } = def.owner else { unreachable!("a trait's method") };
        let rest = match def.self_param {
            SelfKind::None => return Some("it takes no `self`"),
            SelfKind::Value | SelfKind::InOut => &def.params[1..],
        };
        if def.generics.params.len() > self.items.traits[id].generics.params.len() {
            return Some("it has type parameters of its own");
        }
        if rest.iter().any(|param| names_self(param.ty)) {
            return Some("it takes another `Self`");
        }
        names_self(def.ret).then_some("it gives a `Self`")
    }

    /// Whether a trait's method changes its `self`, in some impl at least.
    pub fn changes_self(&self, method: FnId) -> bool {
        match self.items.fns[method].self_param {
            SelfKind::InOut => true,
            SelfKind::Value => self.inout_methods.contains(&method),
            SelfKind::None => false,
        }
    }

    /// A literal whose type is still open has what all number types have.
    fn search_literal(&mut self, ty: Ty, ob: &Obligation) -> Search {
        let Some(item) = self.lang.which_trait(ob.trait_ref.id) else { return Search::Open };
        use LangTrait::{Eq, Hash, Integer, Ord, Show};
        let kind = self.infer.var_kind(ty);
        let of_ints = kind == Some(VarKind::Int) && matches!(item, Hash | Integer);
        let of_all = matches!(kind, Some(VarKind::Int | VarKind::Float));
        let holds = of_ints || of_all && matches!(item, Eq | Ord | Show);
        if holds { Search::Found(Source::Given) } else { Search::Open }
    }

    /// A type parameter has what its bounds say, and what is implemented for every type.
    fn search_env(&mut self, ty: Ty, ob: &Obligation) -> Search {
        let mut wanted: SmallVec<[Box<[Ty]>; 2]> = SmallVec::new();
        let bounds = ob.env.map_or(&[][..], |f| &self.items.fns[f].generics.bounds);
        for bound in bounds {
            if bound.ty == ty && bound.trait_ref.id == ob.trait_ref.id {
                wanted.push(bound.trait_ref.args.clone());
            }
        }
        let mut fitting =
            wanted.into_iter().filter(|args| self.args_unify(args, &ob.trait_ref.args));
        if let Some(first) = fitting.next() {
            if fitting.next().is_some() {
                return Search::Open;
            }
            for (have, want) in first.iter().zip(&ob.trait_ref.args) {
                self.infer.unify(*have, *want).expect("it was tried before");
            }
            return Search::Found(Source::Given);
        }
        drop(fitting);
        if self.lang.trait_id(LangTrait::Eq) == Some(ob.trait_ref.id)
            && self.has_eq_by_bound(ty, ob.env)
        {
            return Search::Found(Source::Given);
        }
        if self.is_integer_param(ty, ob.env) && self.integers_have(ob.trait_ref.id) {
            for arg in &ob.trait_ref.args {
                if self.infer.unify(*arg, ty).is_err() {
                    return Search::None;
                }
            }
            return Search::Found(Source::Given);
        }
        self.search_impls(ty, ob)
    }

    fn args_unify(&mut self, a: &[Ty], b: &[Ty]) -> bool {
        let before = self.infer.snapshot();
        let fits = a.iter().zip(b).all(|(x, y)| self.infer.unify(*x, *y).is_ok());
        self.infer.rollback(before);
        fits
    }

    /// Whether a type parameter is bounded by the trait of all integer types.
    pub(crate) fn is_integer_param(&self, ty: Ty, env: Option<FnId>) -> bool {
        let Some(integer) = self.lang.trait_id(LangTrait::Integer) else { return false };
        let bounds = env.map_or(&[][..], |f| &self.items.fns[f].generics.bounds);
        bounds.iter().any(|bound| bound.ty == ty && bound.trait_ref.id == integer)
    }

    /// What can be hashed or ordered can be compared.
    fn has_eq_by_bound(&self, ty: Ty, env: Option<FnId>) -> bool {
        let bounds = env.map_or(&[][..], |f| &self.items.fns[f].generics.bounds);
        let implies = [self.lang.trait_id(LangTrait::Hash), self.lang.trait_id(LangTrait::Ord)];
        bounds.iter().any(|bound| bound.ty == ty && implies.contains(&Some(bound.trait_ref.id)))
    }

    /// The type parameters of a function that stand for integer types.
    pub(crate) fn integer_params(&self, id: FnId) -> Vec<Ty> {
        let Some(integer) = self.lang.trait_id(LangTrait::Integer) else { return Vec::new() };
        let bounds = self.items.fns[id].generics.bounds.iter();
        bounds.filter(|bound| bound.trait_ref.id == integer).map(|bound| bound.ty).collect()
    }

    /// Whether every integer type has the trait.
    pub(crate) fn integers_have(&self, id: TraitId) -> bool {
        let head = Head::Int(crate::ty::IntTy::I64);
        self.lang.which_trait(id).is_some() && self.impl_index.contains_key(&(id, Some(head)))
    }

    /// Impls for this very shape come before those for every type.
    fn search_impls(&mut self, ty: Ty, ob: &Obligation) -> Search {
        let shape = Head::of(ty);
        let for_shape = shape.map_or(Search::None, |_| self.search_candidates(shape, ty, ob));
        if !matches!(for_shape, Search::None) {
            return for_shape;
        }
        match self.search_candidates(None, ty, ob) {
            Search::None => self.search_derived(ty, ob),
            found => found,
        }
    }

    fn search_candidates(&mut self, head: Option<Head>, ty: Ty, ob: &Obligation) -> Search {
        if let Some(fits) = head.and_then(|head| self.look_by_name(head, ty, ob)) {
            return if fits { Search::Found(Source::Given) } else { Search::None };
        }
        if let Some(Head::Adt(adt)) = head {
            self.implement_by_methods(adt, ob.trait_ref.id);
        }
        let candidates = self.impl_index.get(&(ob.trait_ref.id, head)).cloned().unwrap_or_default();
        let single = candidates.len() == 1;
        let mut chosen = None;
        for candidate in candidates {
            if !single && !self.impl_fits(candidate, ty, &ob.trait_ref.args) {
                continue;
            }
            if chosen.is_some() {
                return Search::Open;
            }
            chosen = Some(candidate);
        }
        chosen.map_or(Search::None, |id| self.choose_impl(id, ty, ob))
    }

    fn impl_fits(&mut self, id: ImplId, ty: Ty, args: &[Ty]) -> bool {
        let before = self.infer.snapshot();
        let fits = self.unify_impl(id, ty, args).is_some();
        self.infer.rollback(before);
        fits
    }

    /// Makes the head of an impl equal to what is asked for; gives its type arguments.
    fn unify_impl(&mut self, id: ImplId, ty: Ty, args: &[Ty]) -> Option<Vec<Ty>> {
        let (count, span) = (self.items.impls[id].generics.params.len(), self.items.impls[id].span);
        let fresh: Vec<Ty> = (0..count).map(|_| self.infer.fresh(VarKind::General, span)).collect();
        let def = &self.items.impls[id];
        self.infer.unify(def.self_ty.subst(&fresh), ty).ok()?;
        for (have, want) in def.trait_ref.args.iter().zip(args) {
            self.infer.unify(have.subst(&fresh), *want).ok()?;
        }
        Some(fresh)
    }

    fn choose_impl(&mut self, id: ImplId, ty: Ty, ob: &Obligation) -> Search {
        let before = self.infer.snapshot();
        let Some(args) = self.unify_impl(id, ty, &ob.trait_ref.args) else {
            self.infer.rollback(before);
            return Search::None;
        };
        let nested = self.instantiate_bounds(&self.items.impls[id].generics.bounds, &args, ob);
        Search::Found(Source::Impl { id, args, nested })
    }

    fn instantiate_bounds(
        &self,
        bounds: &[Bound],
        args: &[Ty],
        ob: &Obligation,
    ) -> Vec<Obligation> {
        let make = |bound: &Bound| Obligation {
            self_ty: bound.ty.subst(args),
            trait_ref: bound.trait_ref.subst(args),
            span: ob.span,
            env: ob.env,
        };
        bounds.iter().map(make).collect()
    }

    // -- Derived traits ----------------------------------------------------------------------

    fn search_derived(&mut self, ty: Ty, ob: &Obligation) -> Search {
        let Some(method) = self.derived_method(ob.trait_ref.id) else { return Search::None };
        let Some((derived, args)) = self.derived_from(ty, method) else { return Search::None };
        let needed: Rc<[u32]> = match derived.of {
            DerivedFrom::Adt(id) => match self.derive_needs(id, method) {
                Some(needed) => needed,
                None => return Search::None,
            },
            DerivedFrom::Tuple(n) => (0..n).collect(),
            DerivedFrom::Function(_) | DerivedFrom::Dyn(..) => Rc::from([]),
        };
        let nested =
            needed.iter().map(|index| Obligation { self_ty: args[*index as usize], ..ob.clone() });
        Search::Found(Source::Derived { derived, nested: nested.collect(), args })
    }

    pub(crate) fn derived_method(&self, id: TraitId) -> Option<DerivedMethod> {
        match self.lang.which_trait(id)? {
            LangTrait::Eq => Some(DerivedMethod::Eq),
            LangTrait::Ord => Some(DerivedMethod::Ord),
            LangTrait::Hash => Some(DerivedMethod::Hash),
            LangTrait::Show => Some(DerivedMethod::Show),
            _ => None,
        }
    }

    fn derived_from(&self, ty: Ty, method: DerivedMethod) -> Option<(Derived, Vec<Ty>)> {
        let (of, args) = match ty.kind() {
            TyKind::Adt(id, args) => (DerivedFrom::Adt(*id), args.to_vec()),
            TyKind::Tuple(elems) => (DerivedFrom::Tuple(elems.len() as u32), elems.to_vec()),
            TyKind::Fn(f) if method == DerivedMethod::Show => {
                let args = f.params.iter().copied().chain([f.ret]).collect();
                (DerivedFrom::Function(f.params.len() as u32), args)
            }
            TyKind::Dyn(id, args) if method == DerivedMethod::Show => {
                (DerivedFrom::Dyn(*id, args.len() as u32), args.to_vec())
            }
            _ => return None,
        };
        Some((Derived { method, of }, args))
    }

    /// Which type parameters of a declaration must have the trait for it to be derived; nothing if
    /// it cannot be.
    pub(crate) fn derive_needs(&mut self, adt: AdtId, method: DerivedMethod) -> Option<Rc<[u32]>> {
        if let Some(known) = self.derivable.get(&(adt, method)) {
            return known.clone();
        }
        // A type that holds itself needs nothing more for that.
        self.derivable.insert((adt, method), Some(Rc::from([])));
        let by_identity = self.items.adts[adt].kind == AdtKind::Class
            && matches!(method, DerivedMethod::Eq | DerivedMethod::Hash);
        let mut needs = Vec::new();
        // Equal collections have different identities, so that is no hash for them.
        let mut possible = method != DerivedMethod::Hash || !self.is_collection(adt);
        if !by_identity {
            for variant in self.items.adts[adt].variants.ids() {
                for field in self.items.adts[adt].variants[variant].fields.ids() {
                    let ty = self.field_type(adt, variant, field);
                    possible &= self.type_needs(ty, method, &mut needs).is_some();
                }
            }
        }
        needs.sort_unstable();
        needs.dedup();
        let result: Option<Rc<[u32]>> = possible.then(|| needs.into());
        self.derivable.insert((adt, method), result.clone());
        result
    }

    fn is_collection(&self, adt: AdtId) -> bool {
        [LangTy::List, LangTy::Dict, LangTy::Set]
            .iter()
            .any(|item| self.lang.ty(*item) == Some(adt))
    }

    fn type_needs(&mut self, ty: Ty, method: DerivedMethod, needs: &mut Vec<u32>) -> Option<()> {
        match ty.kind() {
            TyKind::Param { index, .. } => {
                needs.push(*index);
                return Some(());
            }
            TyKind::Error | TyKind::Never => return Some(()),
            TyKind::Tuple(elems) => {
                return elems.iter().try_for_each(|e| self.type_needs(*e, method, needs));
            }
            _ => {}
        }
        let head = Head::of(ty)?;
        let trait_id = self.lang.trait_id(match method {
            DerivedMethod::Eq => LangTrait::Eq,
            DerivedMethod::Ord => LangTrait::Ord,
            DerivedMethod::Hash => LangTrait::Hash,
            DerivedMethod::Show | DerivedMethod::ShowIn => LangTrait::Show,
        })?;
        if let Some(impls) = self.impl_index.get(&(trait_id, Some(head))) {
            let first = *impls.first()?;
            return self.impl_needs(first, ty, trait_id, method, needs);
        }
        match ty.kind() {
            TyKind::Adt(id, args) => {
                let inner = self.derive_needs(*id, method)?;
                inner
                    .iter()
                    .try_for_each(|index| self.type_needs(args[*index as usize], method, needs))
            }
            TyKind::Fn(_) => (method == DerivedMethod::Show).then_some(()),
            TyKind::Dyn(id, _) => {
                let has = *id == trait_id && self.is_dispatched(*id);
                (has || method == DerivedMethod::Show).then_some(())
            }
            _ => None,
        }
    }

    fn impl_needs(
        &mut self,
        id: ImplId,
        ty: Ty,
        trait_id: TraitId,
        method: DerivedMethod,
        needs: &mut Vec<u32>,
    ) -> Option<()> {
        let before = self.infer.snapshot();
        let args = self.unify_impl(id, ty, &[]);
        let args: Option<Vec<Ty>> =
            args.map(|args| args.iter().map(|arg| self.infer.resolve(*arg)).collect());
        self.infer.rollback(before);
        let args = args?;
        let bounds = self.items.impls[id].generics.bounds.clone();
        let same = bounds.iter().filter(|bound| bound.trait_ref.id == trait_id);
        same.map(|bound| bound.ty.subst(&args))
            .try_for_each(|ty| self.type_needs(ty, method, needs))
    }

    // -- Questions of lowering ---------------------------------------------------------------

    /// Whether a type without parameters has the trait.
    pub fn implements(&mut self, self_ty: Ty, trait_ref: &TraitRef) -> bool {
        let before = self.infer.snapshot();
        let holds = self.holds(self_ty, trait_ref, Span::point(sepal_base::FileId(0), 0), None);
        self.infer.rollback(before);
        holds
    }

    /// Whether the obligation holds with everything that follows from it, as far as is known.
    pub(crate) fn holds(
        &mut self,
        self_ty: Ty,
        trait_ref: &TraitRef,
        span: Span,
        env: Option<FnId>,
    ) -> bool {
        let first = Obligation { self_ty, trait_ref: trait_ref.clone(), span, env };
        self.solve_list(vec![first])
    }

    /// The same without choosing anything.
    pub(crate) fn holds_tentatively(
        &mut self,
        self_ty: Ty,
        trait_ref: &TraitRef,
        span: Span,
        env: Option<FnId>,
    ) -> bool {
        let before = self.infer.snapshot();
        let holds = self.holds(self_ty, trait_ref, span, env);
        self.infer.rollback(before);
        holds
    }

    /// Solves obligations and what follows from them; whether none failed.
    fn solve_list(&mut self, mut list: Vec<Obligation>) -> bool {
        for _ in 0..MAX_DEPTH {
            let mut next = Vec::new();
            let progress = self.infer.progress;
            let before = list.len();
            for ob in list {
                match self.solve(&ob) {
                    Outcome::Holds(nested) => next.extend(nested),
                    Outcome::Fails => return false,
                    Outcome::Open => next.push(ob),
                }
            }
            if next.is_empty() {
                return true;
            }
            let stuck = next.len() == before && progress == self.infer.progress;
            list = next;
            if stuck && list.iter().all(|ob| self.infer.shallow(ob.self_ty).is_var()) {
                return true;
            }
        }
        false
    }

    /// The function that the `method`-th method of the trait is for `self_ty`, which like all the
    /// arguments is free of parameters. For a `dyn` of this very trait it is the trait's own
    /// method, [`FnKind::Required`] or not: a call through the vtable. Of `never`, which has
    /// every trait, nothing can be called.
    pub fn resolve_method(
        &mut self,
        trait_ref: &TraitRef,
        method: u32,
        self_ty: Ty,
        args: &[Ty],
    ) -> Resolved {
        let before = self.infer.snapshot();
        let span = Span::point(sepal_base::FileId(0), 0);
        let ob = Obligation { self_ty, trait_ref: trait_ref.clone(), span, env: None };
        let resolved = match self.search(&ob) {
            Search::Found(Source::Impl { id, args: found, nested }) => {
                self.solve_list(nested);
                // A parameter that the impl speaks of nowhere is `nil`.
                let found: Vec<Ty> = found.iter().map(|ty| self.closed(*ty)).collect();
                match self.items.impls[id].methods[method as usize] {
                    Some(id) => Resolved { id, args: found.iter().chain(args).copied().collect() },
                    None => self.default_method(trait_ref, method, self_ty, args),
                }
            }
            Search::Found(Source::Derived { derived, args: found, .. }) => {
                match derived.numbered(method) {
                    Some(derived) => Resolved { id: self.derived_fn(derived), args: found.into() },
                    None => self.default_method(trait_ref, method, self_ty, args),
                }
            }
            Search::Found(Source::Given) | Search::None | Search::Open => {
                self.default_method(trait_ref, method, self_ty, args)
            }
        };
        self.infer.rollback(before);
        resolved
    }

    fn default_method(
        &self,
        trait_ref: &TraitRef,
        method: u32,
        self_ty: Ty,
        args: &[Ty],
    ) -> Resolved {
        let id = self.items.traits[trait_ref.id].methods[method as usize];
        let all =
            [self_ty].into_iter().chain(trait_ref.args.iter().copied()).chain(args.iter().copied());
        Resolved { id, args: all.collect() }
    }
}

impl TraitRef {
    /// With `args` in the place of type parameters.
    pub fn subst(&self, args: &[Ty]) -> TraitRef {
        TraitRef { id: self.id, args: self.args.iter().map(|arg| arg.subst(args)).collect() }
    }
}

/// Whether a type in a trait names the type that implements it, its first parameter.
fn names_self(ty: Ty) -> bool {
    let mut found = false;
    ty.walk(&mut |part| found |= matches!(part.kind(), TyKind::Param { index: 0, .. }));
    found
}
