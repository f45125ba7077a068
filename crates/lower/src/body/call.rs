//! Calls: of known functions, of trait methods, through vtables, of function values.

use super::BodyCx;
use crate::cx::{Instance, Vals};
use sepal_abi::{RtFn, Scalar};
use sepal_base::Span;
use sepal_hir::ast::FnFlavour;
use sepal_hir::{Callee, ExprId, FnId, FnKind, Place, Ty, TyKind};
use sepal_mir::{ConstWord, Extern, StaticObject, Value};
use std::rc::Rc;

/// What is called once the types are known.
enum Target {
    Fn {
        id: FnId,
        args: Rc<[Ty]>,
    },
    /// A slot of the vtable of the first argument.
    Virtual {
        slot: u32,
        method: FnId,
        self_args: Rc<[Ty]>,
    },
}

impl BodyCx<'_, '_> {
    /// A call; in tail position the function is left by it, and nothing is given.
    pub(super) fn call(
        &mut self,
        callee: &Callee,
        args: &[ExprId],
        inout: Option<&Place>,
        ret: Ty,
        span: Span,
        tail: bool,
    ) -> Vals {
        let target = self.target(callee);
        let place = inout.map(|place| self.open_place(place));
        let mut arg_types = Vec::with_capacity(args.len() + 1);
        let mut values = Vec::with_capacity(args.len() + 1);
        if let Some(place) = &place {
            arg_types.push(self.subst(place.place.ty));
            values.push(self.read_place(place));
        }
        for arg in args {
            arg_types.push(self.expr_ty(*arg));
            values.push(self.expr(*arg));
        }
        self.at(span);
        if self.b.is_unreachable() {
            return self.dead(ret);
        }
        let Some(results) =
            self.call_target(target, &values, &arg_types, ret, tail && place.is_none())
        else {
            return self.dead(ret);
        };
        if ret.is_never() && !self.b.is_unreachable() {
            self.b.unreachable();
            return Vals::new();
        }
        self.give_back(place, results, ret)
    }

    /// A call with operands already evaluated.
    pub(super) fn call_prepared(
        &mut self,
        callee: &Callee,
        values: &[Vals],
        arg_types: &[Ty],
        ret: Ty,
    ) -> Vals {
        let target = self.target(callee);
        match self.call_target(target, values, arg_types, ret, false) {
            Some(results) => results,
            None => self.dead(ret),
        }
    }

    /// The scalars given; `None` if the call left the function or cannot be lowered.
    fn call_target(
        &mut self,
        target: Target,
        values: &[Vals],
        arg_types: &[Ty],
        ret: Ty,
        tail: bool,
    ) -> Option<Vals> {
        match target {
            Target::Fn { id, args } => self.call_fn(id, &args, values, arg_types, ret, tail),
            Target::Virtual { slot, method, self_args } => {
                self.call_virtual(slot, method, &self_args, values, tail)
            }
        }
    }

    /// Stores what a method with `var self` gave back beside its result.
    fn give_back(
        &mut self,
        place: Option<super::place::OpenPlace<'_>>,
        results: Vals,
        ret: Ty,
    ) -> Vals {
        let width = self.repr_of(ret).scalars.len();
        let (result, own) = results.split_at(width);
        let (result, own) = (Vals::from_slice(result), Vals::from_slice(own));
        if let Some(place) = place
            && !own.is_empty()
        {
            self.write_place(&place, own);
        }
        result
    }

    /// The function that a callee means for this instance's type arguments.
    fn target(&mut self, callee: &Callee) -> Target {
        match callee {
            Callee::Fn { id, args } => {
                Target::Fn { id: *id, args: args.iter().map(|a| self.subst(*a)).collect() }
            }
            Callee::Trait(of) => {
                let self_ty = self.subst(of.self_ty);
                let trait_ref = self.subst_trait(&of.trait_ref);
                if let TyKind::Dyn(id, _) = self_ty.kind()
                    && *id == trait_ref.id
                {
                    return self.virtual_target(&trait_ref, of.method, self_ty);
                }
                let args: Vec<Ty> = of.args.iter().map(|a| self.subst(*a)).collect();
                let program = &mut self.cx.program;
                let resolved = program.resolve_method(&trait_ref, of.method, self_ty, &args);
                Target::Fn { id: resolved.id, args: resolved.args.as_ref().into() }
            }
            Callee::Dyn(of) => {
                let trait_ref = self.subst_trait(&of.trait_ref);
                let self_ty = Ty::dyn_trait(trait_ref.id, trait_ref.args.clone());
                self.virtual_target(&trait_ref, of.method, self_ty)
            }
        }
    }

    pub(super) fn subst_trait(&self, trait_ref: &sepal_hir::TraitRef) -> sepal_hir::TraitRef {
        sepal_hir::TraitRef {
            id: trait_ref.id,
            args: trait_ref.args.iter().map(|a| self.subst(*a)).collect(),
        }
    }

    fn virtual_target(
        &mut self,
        trait_ref: &sepal_hir::TraitRef,
        slot: u32,
        self_ty: Ty,
    ) -> Target {
        let method = self.cx.program.items.traits[trait_ref.id].methods[slot as usize];
        // The trait's own parameters: `Self`, then its arguments.
        let self_args = std::iter::once(self_ty).chain(trait_ref.args.iter().copied()).collect();
        Target::Virtual { slot, method, self_args }
    }

    /// The scalars a function gives; `None` if the call left the function.
    fn call_fn(
        &mut self,
        id: FnId,
        args: &[Ty],
        values: &[Vals],
        arg_types: &[Ty],
        ret: Ty,
        tail: bool,
    ) -> Option<Vals> {
        let def = &self.cx.program.items.fns[id];
        let (kind, name, flavour) = (def.kind, def.name, def.flavour);
        let flat: Vals = values.iter().flatten().copied().collect();
        match kind {
            FnKind::Intrinsic(intrinsic) => {
                Some(self.intrinsic(intrinsic, args, values, arg_types, ret))
            }
            FnKind::Runtime => {
                let function = RtFn::from_name(name.as_str()).unwrap_or_else(|| {
                    panic!("std declares {}, which the runtime does not have", name.as_str())
                });
                self.check_rt_types(function, &flat, ret);
                Some(self.rt(function, &flat))
            }
            FnKind::Extern => Some(self.call_extern(id, name, &flat)),
            FnKind::Required => {
                // Only `never` has a trait without its methods, and no value ever comes here.
                self.b.unreachable();
                None
            }
            FnKind::Source(_)
            | FnKind::Actor(_)
            | FnKind::ConstInit(_)
            | FnKind::Default(_)
            | FnKind::Script
            | FnKind::Derived(_)
            | FnKind::Invariant(_) => {
                match flavour {
                    FnFlavour::Plain => {}
                    FnFlavour::Generator => return Some(self.new_generator(id, args, &flat)),
                    FnFlavour::Async => return Some(self.call_async(id, args, &flat)),
                }
                let func = self.cx.fn_instance(id, args);
                if tail {
                    self.b.tail_call(func, &flat);
                    return None;
                }
                let results = self.cx.module.functions[func].sig.results.clone();
                Some(self.b.call(func, &flat, &results).iter().collect())
            }
        }
    }

    /// The declaration in std against the one table; a mistake in std is an internal error.
    fn check_rt_types(&mut self, function: RtFn, args: &[Value], ret: Ty) {
        let given: Vec<Scalar> = args.iter().map(|v| self.b.ty(*v)).collect();
        let wanted = self.repr_of(ret).scalars.to_vec();
        assert!(
            given == function.params() && (wanted == function.results() || ret.is_never()),
            "std declares {} as {given:?} -> {wanted:?}, the runtime has {:?} -> {:?}",
            function.name(),
            function.params(),
            function.results(),
        );
    }

    fn call_extern(&mut self, id: FnId, name: sepal_base::Symbol, args: &[Value]) -> Vals {
        let sig = self.cx.fn_signature(id, &[]);
        let results = sig.results.clone();
        let known = self
            .cx
            .module
            .externs
            .iter_enumerated()
            .find(|(_, e)| e.name == name)
            .map(|(id, _)| id);
        let func = known.unwrap_or_else(|| self.cx.module.externs.push(Extern { name, sig }));
        self.b.call_extern(func, args, &results).iter().collect()
    }

    fn call_virtual(
        &mut self,
        slot: u32,
        method: FnId,
        self_args: &[Ty],
        values: &[Vals],
        tail: bool,
    ) -> Option<Vals> {
        let sig = self.cx.virtual_signature(method, self_args);
        let results = sig.results.clone();
        let sig = self.cx.module.signature(sig);
        let object = values[0][0];
        let rest: Vals = values[1..].iter().flatten().copied().collect();
        if tail && !self.cx.program.changes_self(method) {
            self.b.tail_call_virtual(sig, slot, object, &rest);
            return None;
        }
        Some(self.b.method_call_virtual(sig, slot, object, &rest, &results).iter().collect())
    }

    /// A call of a function value.
    pub(super) fn call_value(
        &mut self,
        callee: ExprId,
        args: &[ExprId],
        span: Span,
        tail: bool,
    ) -> Vals {
        let ty = self.expr_ty(callee);
        let function = ty.as_fn().expect("only function values are called");
        let closure = self.expr(callee);
        let values: Vals = args.iter().flat_map(|arg| self.expr(*arg)).collect();
        self.at(span);
        if self.b.is_unreachable() {
            return self.dead(function.ret);
        }
        let sig = self.cx.closure_signature(&function.params, function.ret);
        let results = sig.results.clone();
        let sig = self.cx.module.signature(sig);
        if tail {
            self.b.tail_call_indirect(sig, closure[0], &values);
            return self.dead(function.ret);
        }
        let results = self.b.indirect_call(sig, closure[0], &values, &results).iter().collect();
        if function.ret.is_never() {
            self.b.unreachable();
        }
        results
    }

    /// A function as a value: a closure without captures, made once for the whole program.
    pub(super) fn fn_value(&mut self, callee: &Callee, ty: Ty) -> Vals {
        let (id, args) = match self.target(callee) {
            Target::Fn { id, args } => (id, args),
            Target::Virtual { .. } => {
                unreachable!("the checker makes a lambda of a method of a `dyn` value")
            }
        };
        let function = ty.as_fn().expect("a function as a value has a function type");
        let name = self.cx.program.items.fns[id].trace_name;
        let func = self.cx.instance(Instance::FnValue(id, args), name, |cx| {
            cx.closure_signature(&function.params, function.ret)
        });
        let layout = self.cx.slots_layout(crate::repr::SlotsKind::Closure, &[]);
        let object = StaticObject { layout, variant: 0, fields: vec![ConstWord::Func(func)] };
        let object = self.cx.module.static_object(object);
        Vals::from_slice(&[self.b.const_object(object)])
    }

    /// A call of a known function of the standard library with the scalars of its arguments.
    pub(crate) fn call_lang(&mut self, id: FnId, args: &[Ty], values: &[Vals]) -> Vals {
        let (params, ret) = self.cx.fn_types(id, args);
        match self.call_fn(id, args, values, &params, ret, false) {
            Some(results) => results,
            None => self.dead(ret),
        }
    }

    /// A call of a trait's method for a type without parameters.
    pub(crate) fn call_trait(
        &mut self,
        trait_ref: &sepal_hir::TraitRef,
        method: u32,
        self_ty: Ty,
        values: &[Vals],
    ) -> Vals {
        let resolved = self.cx.program.resolve_method(trait_ref, method, self_ty, &[]);
        self.call_lang(resolved.id, &resolved.args, values)
    }
}
