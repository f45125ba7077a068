//! Method calls: the type's own methods first, then those of its traits, then fields that hold
//! functions.

use super::args::{Param, Signature};
use super::names::Path;
use super::{BodyCx, Pending};
use crate::infer::VarKind;
use crate::ir::*;
use crate::lang::{LangTrait, LangTy};
use crate::scope::{Head, ValueDef, near};
use crate::traits::{Obligation, Outcome};
use crate::ty::{Ty, TyKind};
use sepal_base::{Diagnostic, Span, Symbol, codes};
use sepal_syntax::ast;

/// A method found for a type.
pub(super) struct Found {
    /// Its declaration: of the type, or of the trait.
    id: FnId,
    callee: Callee,
    /// The type arguments of the declaration.
    args: Vec<Ty>,
}

impl Found {
    pub(super) fn callee(&self) -> &Callee {
        &self.callee
    }
}

impl BodyCx<'_> {
    pub(super) fn method_call(
        &mut self,
        _id: ast::ExprId,
        receiver: ast::ExprId,
        method: ast::Ident,
        args: &[ast::Arg],
        hint: Option<Ty>,
        span: Span,
    ) -> ExprId {
        if let Some(base) = self.base_path(receiver, method) {
            let is_value = match base {
                Path::Value(ValueDef::Const(_) | ValueDef::Fn(_)) | Path::Builtin(_) => true,
                Path::Variant(adt, variant) => {
                    self.prog.items.adts[adt].variants[variant].fields.is_empty()
                }
                Path::Value(ValueDef::Actor(_))
                | Path::Module(_)
                | Path::StdPrefix(_)
                | Path::Adt(_)
                | Path::Type(_)
                | Path::Trait(_) => false,
            };
            if !is_value {
                return self.call_member(base, method, Vec::new(), args, hint, span);
            }
        }
        let receiver = self.value(receiver);
        self.call_method(receiver, method, Vec::new(), args, hint, span)
    }

    // -- `Type.function(…)` and `module.function(…)` -----------------------------------------

    pub(super) fn call_member(
        &mut self,
        base: Path,
        name: ast::Ident,
        lead: Vec<ExprId>,
        args: &[ast::Arg],
        hint: Option<Ty>,
        span: Span,
    ) -> ExprId {
        let ty = match base {
            Path::Module(module) => {
                if let Some(path) = self.module_member(module, name, hint) {
                    return self.call_path(path, &[], lead, args, hint, (name.span, span));
                }
                None
            }
            Path::Adt(adt) => {
                if let Some(variant) = self.prog.variant_of(adt, name.name) {
                    return self.construct(adt, variant, &[], lead, args, hint, span);
                }
                let count = self.prog.items.adts[adt].generics.params.len();
                let ty_args: Vec<Ty> = (0..count).map(|_| self.fresh(span)).collect();
                Some(Ty::adt(adt, ty_args))
            }
            Path::Type(ty) => {
                if let Some((adt, ty_args)) = ty.as_adt()
                    && let Some(variant) = self.prog.variant_of(adt, name.name)
                {
                    return self.construct(adt, variant, ty_args, lead, args, hint, span);
                }
                Some(ty)
            }
            Path::Trait(id) => {
                if let Some(index) = self.method_of_trait(id, name.name) {
                    return self.call_of_trait(id, index, lead, args, hint, span);
                }
                None
            }
            Path::Value(_) | Path::Variant(..) | Path::StdPrefix(_) | Path::Builtin(_) => None,
        };
        if let Some(ty) = ty {
            if self.is_int(ty) && name.name.as_str() == "wrap" {
                return self.wrap_call(ty, args, span);
            }
            if let Some(found) = self.find_static(ty, name.name, span) {
                let inout = self.prog.items.fns[found.id].self_param != SelfKind::None;
                return self.call_found(found, None, lead, args, hint, span, inout);
            }
        }
        if !self.report_missing_member(base, name) {
            self.error(
                codes::UNKNOWN_MEMBER,
                name.span,
                format!("there is no `{}` here", name.name),
            );
        }
        self.look_at(args);
        self.error_expr(span)
    }

    pub(super) fn method_of_trait(&self, id: TraitId, name: Symbol) -> Option<u32> {
        let methods = &self.prog.items.traits[id].methods;
        let index = methods.iter().position(|method| self.prog.items.fns[*method].name == name);
        index.map(|index| index as u32)
    }

    /// `Show.show(x)`: the method of this trait, whatever else the type of `x` has by that name.
    fn call_of_trait(
        &mut self,
        id: TraitId,
        index: u32,
        lead: Vec<ExprId>,
        args: &[ast::Arg],
        hint: Option<Ty>,
        span: Span,
    ) -> ExprId {
        let ty = self.fresh(span);
        let Some(found) = self.trait_method_for(ty, id, index, span) else {
            return self.error_expr(span);
        };
        let has_self = self.prog.items.fns[found.id].self_param != SelfKind::None;
        self.call_found(found, None, lead, args, hint, span, has_self)
    }

    /// A function in the body of a type, or one of its traits that takes no `self`.
    fn find_static(&mut self, ty: Ty, name: Symbol, span: Span) -> Option<Found> {
        if let Some(head) = Head::of(ty) {
            let candidates = self.prog.inherent.get(&(head, name)).cloned().unwrap_or_default();
            for id in candidates {
                if let Some(found) = self.inherent_for(id, ty, span) {
                    return Some(found);
                }
            }
        }
        let traits = self.prog.trait_methods.get(&name).cloned().unwrap_or_default();
        traits.into_iter().find_map(|(id, index)| self.trait_method_for(ty, id, index, span))
    }

    /// Whether some method of this name has type parameters of its own, so that `x.name[T](…)` may
    /// be a call of it and no call of an element of a field.
    fn is_generic_method(&self, name: Symbol) -> bool {
        self.prog.items.fns.iter().any(|def| {
            let of_owner = match def.owner {
                Owner::None => return false,
                Owner::Builtin => 0,
                Owner::Adt(adt) => self.prog.items.adts[adt].generics.params.len(),
                Owner::Trait { id, .. } => self.prog.items.traits[id].generics.params.len(),
                Owner::Impl(id) => self.prog.items.impls[id].generics.params.len(),
            };
            def.name == name && def.generics.params.len() > of_owner
        })
    }

    /// The method, or function of a type, that `base.name[types]` names; its receiver if it has
    /// one; and whether it takes `self`.
    pub(super) fn generic_method(
        &mut self,
        base: ast::ExprId,
        name: ast::Ident,
        types: &[ast::TypeId],
        span: Span,
    ) -> Option<(Found, Option<ExprId>, bool)> {
        let of_type = match self.base_path(base, name) {
            Some(Path::Adt(adt)) => {
                let count = self.prog.items.adts[adt].generics.params.len();
                let args: Vec<Ty> = (0..count).map(|_| self.fresh(span)).collect();
                Some(Ty::adt(adt, args))
            }
            Some(Path::Type(ty)) => Some(ty),
            Some(_) | None => None,
        };
        let (found, receiver) = match of_type {
            Some(ty) => (self.find_static(ty, name.name, span)?, None),
            // It would have to be looked at again as the index that it is.
            None if !self.is_generic_method(name.name) => return None,
            None => {
                let receiver = self.value(base);
                let ty = self.ty(receiver);
                let ty = self.known_or_default(ty);
                let Lookup::Found(found) = self.find_method(ty, name, span) else { return None };
                (found, Some(receiver))
            }
        };
        let types: Vec<Ty> = types.iter().map(|ty| self.written_type(*ty)).collect();
        if types.len() > found.args.len() {
            let message = format!("`{}` takes fewer type arguments", name.name);
            self.error(codes::TYPE_ARGUMENTS, span, message);
        } else {
            for (arg, written) in found.args.iter().rev().zip(types.iter().rev()) {
                if !self.unify(*arg, *written) {
                    self.report_mismatch(*arg, *written, span);
                }
            }
        }
        let has_self = self.prog.items.fns[found.id].self_param != SelfKind::None;
        Some((found, receiver, has_self))
    }

    // -- `receiver.method(…)` ----------------------------------------------------------------

    pub(super) fn call_method(
        &mut self,
        receiver: ExprId,
        name: ast::Ident,
        lead: Vec<ExprId>,
        args: &[ast::Arg],
        hint: Option<Ty>,
        span: Span,
    ) -> ExprId {
        let ty = self.ty(receiver);
        let ty = self.known_or_default(ty);
        if ty.is_error() || ty.is_never() {
            self.look_at(args);
            return if ty.is_never() { receiver } else { self.error_expr(span) };
        }
        if ty.is_var() {
            return self.defer_method(receiver, name, lead, args, span);
        }
        match self.find_method(ty, name, span) {
            Lookup::Found(found) => {
                self.call_found(found, Some(receiver), lead, args, hint, span, true)
            }
            Lookup::Reported => {
                self.look_at(args);
                self.error_expr(span)
            }
            Lookup::None => {
                if let Some(field) = self.field_of(receiver, name.name, span) {
                    return self.call_value(field, lead, args, hint, span);
                }
                self.report_missing_method(ty, name);
                self.look_at(args);
                self.error_expr(span)
            }
        }
    }

    fn defer_method(
        &mut self,
        receiver: ExprId,
        name: ast::Ident,
        lead: Vec<ExprId>,
        args: &[ast::Arg],
        span: Span,
    ) -> ExprId {
        let mut values = lead;
        for arg in args {
            if arg.kind != ast::ArgKind::Positional {
                self.error(
                    codes::CANNOT_INFER,
                    arg.span,
                    "named arguments need the type of the receiver to be known here",
                );
            }
            // The name of a type stands for its conversion, `xs.map(str)`.
            let is_name = matches!(self.ast.exprs[arg.value].kind, ast::ExprKind::Name(_));
            let hint = is_name
                .then(|| Ty::function(vec![self.fresh(arg.span)], self.fresh(arg.span), None));
            values.push(self.infer(arg.value, hint));
        }
        let ret = self.fresh(span);
        let made = self.expr(ExprKind::Error, ret, span);
        self.draft.pending.push(Pending::Method { expr: made, receiver, name, args: values });
        made
    }

    pub(super) fn find_method(&mut self, ty: Ty, name: ast::Ident, span: Span) -> Lookup {
        if let Some(head) = Head::of(ty) {
            let candidates =
                self.prog.inherent.get(&(head, name.name)).cloned().unwrap_or_default();
            for id in candidates {
                if self.prog.items.fns[id].self_param != SelfKind::None
                    && let Some(found) = self.inherent_for(id, ty, span)
                {
                    return Lookup::Found(found);
                }
            }
        }
        let traits = self.prog.trait_methods.get(&name.name).cloned().unwrap_or_default();
        let mut fitting = Vec::new();
        for (id, index) in traits {
            let method = self.prog.items.traits[id].methods[index as usize];
            let has_self = self.prog.items.fns[method].self_param != SelfKind::None;
            if has_self && self.has_trait(ty, id, span) {
                fitting.push((id, index));
            }
        }
        // What can be added can be added to.
        if fitting.len() > 1 {
            fitting.retain(|(id, _)| self.prog.lang.which_trait(*id) != Some(LangTrait::AddTo));
        }
        match fitting[..] {
            [] => Lookup::None,
            [(id, index)] => match self.trait_method_for(ty, id, index, span) {
                Some(found) => Lookup::Found(found),
                None => Lookup::None,
            },
            [(a, _), (b, _), ..] => {
                let (a, b) = (self.prog.items.traits[a].name, self.prog.items.traits[b].name);
                let message = format!("`{}` could be the method of `{a}` or of `{b}`", name.name);
                self.error(codes::AMBIGUOUS_NAME, name.span, message);
                Lookup::Reported
            }
        }
    }

    /// A method of the type itself, if its `self` is of this type.
    fn inherent_for(&mut self, id: FnId, ty: Ty, span: Span) -> Option<Found> {
        self.prog.signature(id);
        let def = &self.prog.items.fns[id];
        let count = def.generics.params.len();
        let declared = self.prog.self_type(id);
        let before = self.prog.infer.snapshot();
        let args: Vec<Ty> = (0..count).map(|_| self.fresh(span)).collect();
        // A function without `self` in an `impl` for a built-in type belongs to it by its index.
        let fits = declared.is_none_or(|declared| self.unify(declared.subst(&args), ty));
        if !fits {
            self.prog.infer.rollback(before);
            return None;
        }
        Some(Found { id, callee: Callee::Fn { id, args: args.clone().into() }, args })
    }

    /// Whether a type has a trait, as far as is known.
    fn has_trait(&mut self, ty: Ty, id: TraitId, span: Span) -> bool {
        if matches!(ty.kind(), TyKind::Dyn(of, _) if *of == id) {
            return true;
        }
        let before = self.prog.infer.snapshot();
        let arity = self.prog.items.traits[id].generics.params.len() - 1;
        let args: Vec<Ty> = (0..arity).map(|_| self.fresh(span)).collect();
        let trait_ref = TraitRef { id, args: args.into() };
        let ob = Obligation { self_ty: ty, trait_ref, span, env: Some(self.draft.id) };
        let has = match self.prog.solve(&ob) {
            // The bounds of the impl decide: `impl[T: Ord] …` is not for every `T`.
            Outcome::Holds(nested) => {
                nested.iter().all(|ob| !matches!(self.prog.solve(ob), Outcome::Fails))
            }
            Outcome::Fails => false,
            Outcome::Open => true,
        };
        self.prog.infer.rollback(before);
        has
    }

    fn trait_method_for(&mut self, ty: Ty, id: TraitId, index: u32, span: Span) -> Option<Found> {
        if !self.has_trait(ty, id, span) {
            return None;
        }
        let method = self.prog.items.traits[id].methods[index as usize];
        self.prog.signature(method);
        let arity = self.prog.items.traits[id].generics.params.len();
        let total = self.prog.items.fns[method].generics.params.len();
        let mut args = vec![ty];
        while args.len() < total {
            args.push(self.fresh(span));
        }
        let trait_ref = TraitRef { id, args: args[1..arity].into() };
        if let TyKind::Dyn(of, known) = ty.kind()
            && *of == id
        {
            for (arg, known) in args[1..arity].iter().zip(known) {
                self.unify(*arg, *known);
            }
            return Some(Found {
                id: method,
                callee: Callee::Dyn(Box::new(DynMethod { trait_ref, method: index })),
                args,
            });
        }
        let callee = Callee::Trait(Box::new(TraitMethod {
            trait_ref: trait_ref.clone(),
            method: index,
            self_ty: ty,
            args: args[arity..].into(),
        }));
        self.require(ty, trait_ref, span);
        Some(Found { id: method, callee, args })
    }

    /// The call of a method. The receiver stands before the arguments, or it is one of them.
    pub(super) fn call_found(
        &mut self,
        found: Found,
        receiver: Option<ExprId>,
        lead: Vec<ExprId>,
        args: &[ast::Arg],
        hint: Option<Ty>,
        span: Span,
        has_self: bool,
    ) -> ExprId {
        let (params, ret) = self.found_types(&found, span);
        self.hint_result(ret, hint);
        let mut signature = self.fn_signature(found.id, &params);
        let mut leads: Vec<ExprId> = receiver.into_iter().collect();
        leads.extend(lead);
        if receiver.is_none() && has_self {
            // `Point.norm(p)`: the receiver is an argument like the others.
            signature.params[0] = Param { name: None, ..signature.params[0] };
        }
        let Some(matched) = self.match_args(&signature, leads, args, span) else {
            return self.expr(ExprKind::Error, ret, span);
        };
        let values = self.fill_defaults(found.id, &found.args, matched.values, span);
        let made = self.method_value(&found, values, ret, span);
        self.note_group_call(made, found.id, &found.args);
        self.after(matched.before, made)
    }

    fn found_types(&mut self, found: &Found, span: Span) -> (Vec<Ty>, Ty) {
        if let Callee::Fn { .. } = found.callee {
            let (_, params, ret) = self.apply_fn(found.id, found.args.clone(), span);
            return (params, ret);
        }
        let def = &self.prog.items.fns[found.id];
        let params = def.params.iter().map(|param| param.ty.subst(&found.args)).collect();
        let ret = def.ret.subst(&found.args);
        let own: Vec<Bound> = def.generics.bounds.clone();
        let Owner::Trait { id, .. } = def.owner else { unreachable!("a trait's method") };
        let of_trait = self.prog.items.traits[id].generics.bounds.len();
        for bound in &own[of_trait.min(own.len())..] {
            self.require(bound.ty.subst(&found.args), bound.trait_ref.subst(&found.args), span);
        }
        (params, ret)
    }

    /// The call itself; a method that changes `self` needs a place to change.
    fn method_value(
        &mut self,
        found: &Found,
        mut values: Vec<ExprId>,
        ret: Ty,
        span: Span,
    ) -> ExprId {
        if let Callee::Dyn(of) = &found.callee
            && let Some(why) = self.prog.not_dispatched(found.id)
        {
            let (name, of) = (self.prog.items.fns[found.id].name, of.trait_ref.id);
            let of = self.prog.items.traits[of].name;
            let message = format!("`{name}` cannot be called on a `dyn {of}`: {why}");
            return self.wrong(codes::NOT_CALLABLE, span, message);
        }
        let callee = self.from_inside(found, &values);
        let declared = self.prog.items.fns[found.id].self_param;
        let by_trait = !matches!(callee, Callee::Fn { .. });
        let changes = match declared {
            SelfKind::None => false,
            SelfKind::Value => by_trait && self.prog.inout_methods.contains(&found.id),
            SelfKind::InOut => true,
        };
        if !changes {
            return self.expr(
                ExprKind::Call { callee, args: values.into(), inout: None },
                ret,
                span,
            );
        }
        let receiver = values.remove(0);
        let ty = self.ty(receiver);
        let required =
            declared == SelfKind::InOut && !self.prog.is_reference(ty) && !self.is_opaque(ty);
        let (place, before) = match self.receiver_place(receiver, required) {
            Some(place) => (place, Vec::new()),
            None => {
                let mut stmts = Vec::new();
                let local = self.temp(receiver, true, &mut stmts);
                (Place { root: PlaceRoot::Local(local), path: Box::default(), ty, span }, stmts)
            }
        };
        let inout = Some(Box::new(place));
        let made = self.expr(ExprKind::Call { callee, args: values.into(), inout }, ret, span);
        self.after(before, made)
    }

    /// Whether nothing is known of how the type's values behave: a type that is still to be inferred has a
    /// method by its trait alone.
    pub(super) fn is_opaque(&self, ty: Ty) -> bool {
        matches!(ty.kind(), TyKind::Param { .. } | TyKind::Dyn(..) | TyKind::Any | TyKind::Var(_))
    }

    // -- Reports -----------------------------------------------------------------------------

    pub(super) fn report_missing_method(&mut self, ty: Ty, name: ast::Ident) {
        if ty.is_error() {
            return;
        }
        let message = format!("`{}` has no method `{}`", self.name_of(ty), name.name);
        let mut diagnostic = Diagnostic::new(codes::UNKNOWN_MEMBER, name.span, message);
        let mut names = self.method_names(ty);
        names.sort_unstable();
        let has = |wanted: &str| names.iter().any(|name| name.as_str() == wanted);
        if self.is_function_of(ty, name.name, name.span) {
            diagnostic = diagnostic.help(format!(
                "without `self` it belongs to the type: `{}.{}(…)`; a method's first parameter is `self`",
                self.name_of(ty),
                name.name
            ));
        } else if let Some(own) =
            sepal_syntax::foreign_method(name.name.as_str()).find(|own| has(own))
        {
            diagnostic = diagnostic.suggest(name.span, own, format!("it is called `{own}` here"));
        } else if let Some(advice) = sepal_syntax::foreign_member(name.name.as_str()) {
            diagnostic = diagnostic.help(advice);
        } else if let Some(near) = near(name.name, names.iter().map(|name| name.as_str())) {
            diagnostic = diagnostic.did_you_mean(name.span, near);
        } else if let Some(help) = self.way_to_method(ty, name.name, name.span) {
            diagnostic = diagnostic.help(help);
        } else if let Some(found) =
            self.prog.trait_methods.get(&name.name).and_then(|found| found.first())
        {
            let note = match ty.kind() {
                TyKind::Dyn(of, _) if *of == found.0 => "it takes no `self`".to_owned(),
                _ => {
                    let name = self.prog.items.traits[found.0].name;
                    format!("it is a method of the trait `{name}`, which the type does not have")
                }
            };
            diagnostic = diagnostic.note(note);
        }
        self.report(diagnostic);
    }

    /// How a value that has the method is come by, where the type is an option of one, or hides it.
    fn way_to_method(&mut self, ty: Ty, name: Symbol, span: Span) -> Option<&'static str> {
        if self.prog.as_lang(ty, LangTy::AnyPid).is_some() {
            return Some("a `Pid` does not say what its actor takes, as a `Pid[M]` does");
        }
        let [held] = *self.prog.as_lang(ty, LangTy::Option)? else { return None };
        let held = self.shallow(held);
        let methods = self.prog.trait_methods.get(&name).cloned().unwrap_or_default();
        let has = self.method_names(held).contains(&name)
            || methods.iter().any(|(id, _)| self.has_trait(held, *id, span));
        has.then_some("`o ?? default`, `o?`, `if let Some(x) = o` or `match` take the value out")
    }

    /// Whether the type has a function of the name that takes no `self`.
    fn is_function_of(&mut self, ty: Ty, name: Symbol, span: Span) -> bool {
        if matches!(ty.kind(), TyKind::Dyn(..)) {
            return false;
        }
        if Head::of(ty).is_some_and(|head| self.prog.inherent.contains_key(&(head, name))) {
            return true;
        }
        let traits = self.prog.trait_methods.get(&name).cloned().unwrap_or_default();
        traits.into_iter().any(|(id, index)| {
            let method = self.prog.items.traits[id].methods[index as usize];
            let has_self = self.prog.items.fns[method].self_param != SelfKind::None;
            !has_self && self.has_trait(ty, id, span)
        })
    }

    /// The names of all methods and fields that a type has.
    fn method_names(&mut self, ty: Ty) -> Vec<Symbol> {
        let mut names = Vec::new();
        if let Some(head) = Head::of(ty) {
            names.extend(self.prog.inherent_names.get(&head).into_iter().flatten().copied());
        }
        if let Some((adt, _)) = ty.as_adt()
            && self.prog.items.adts[adt].kind != AdtKind::Enum
        {
            let fields = self.prog.items.adts[adt].variants[VariantIdx(0)].fields.iter();
            names.extend(fields.filter_map(|field| field.name));
        }
        let traits: Vec<(Symbol, TraitId)> = self
            .prog
            .trait_methods
            .iter()
            .flat_map(|(name, of)| of.iter().map(|(id, _)| (*name, *id)))
            .collect();
        for (name, id) in traits {
            let span = Span::point(sepal_base::FileId(0), 0);
            if self.has_trait(ty, id, span) {
                names.push(name);
            }
        }
        names
    }

    // -- Waiting method calls ----------------------------------------------------------------

    /// A call that waited for the type of its receiver, which is known now.
    pub(super) fn finish_method(
        &mut self,
        made: ExprId,
        receiver: ExprId,
        name: ast::Ident,
        args: Vec<ExprId>,
    ) {
        let ty = self.ty(receiver);
        let (span, ret) = (self.span(made), self.draft.body.exprs[made].ty);
        match self.find_method(ty, name, span) {
            Lookup::Found(found) => {
                let (params, found_ret) = self.found_types(&found, span);
                let signature = self.fn_signature(found.id, &params);
                let Some(values) = self.match_values(&signature, receiver, args, span) else {
                    return;
                };
                let values = self.fill_defaults(found.id, &found.args, values, span);
                let call = self.method_value(&found, values, found_ret, span);
                self.note_group_call(call, found.id, &found.args);
                self.replace_pending(made, call, ret);
            }
            Lookup::Reported => {}
            Lookup::None => match self.field_of(receiver, name.name, span) {
                Some(field) => {
                    let callee = self.ty(field);
                    let tys: Vec<Ty> = args.iter().map(|arg| self.ty(*arg)).collect();
                    let wanted = Ty::function(tys, ret, None);
                    if !self.unify(callee, wanted) {
                        self.report_mismatch(callee, wanted, span);
                    }
                    self.draft.body.exprs[made].kind =
                        ExprKind::CallValue { callee: field, args: args.into() };
                }
                None => self.report_missing_method(ty, name),
            },
        }
    }

    /// The same for a receiver that stays open but must have this trait.
    pub(super) fn finish_trait_method(
        &mut self,
        made: ExprId,
        receiver: ExprId,
        id: TraitId,
        name: ast::Ident,
        args: Vec<ExprId>,
    ) {
        let (span, ret, ty) = (self.span(made), self.draft.body.exprs[made].ty, self.ty(receiver));
        let methods = &self.prog.items.traits[id].methods;
        let index = methods.iter().position(|m| self.prog.items.fns[*m].name == name.name);
        let index = index.expect("the trait was found by the method's name") as u32;
        let Some(found) = self.trait_method_for(ty, id, index, span) else { return };
        let (params, found_ret) = self.found_types(&found, span);
        let signature = self.fn_signature(found.id, &params);
        let Some(values) = self.match_values(&signature, receiver, args, span) else { return };
        let values = self.fill_defaults(found.id, &found.args, values, span);
        let call = self.method_value(&found, values, found_ret, span);
        self.replace_pending(made, call, ret);
    }

    /// Arguments that have been checked already, for the parameters in order.
    fn match_values(
        &mut self,
        signature: &Signature,
        receiver: ExprId,
        args: Vec<ExprId>,
        span: Span,
    ) -> Option<Vec<Option<ExprId>>> {
        let given = args.len() + 1;
        let params = &signature.params;
        let enough = params.iter().skip(given).all(|param| param.has_default);
        if given > params.len() || !enough {
            let message = format!(
                "{} takes {}, not {}",
                signature.what,
                crate::types::count(params.len() - 1, "argument"),
                given - 1
            );
            self.error(codes::ARGUMENT_COUNT, span, message);
            return None;
        }
        let mut values = Vec::with_capacity(params.len());
        for (value, param) in [receiver].into_iter().chain(args).zip(params) {
            values.push(Some(self.coerce(value, param.ty)));
        }
        values.resize(params.len(), None);
        Some(values)
    }

    /// Puts code in the place of an expression that was waiting.
    pub(super) fn replace_pending(&mut self, made: ExprId, code: ExprId, ret: Ty) {
        let code_ty = self.ty(code);
        let span = self.span(made);
        let value = if self.prog.infer.var_kind(ret) == Some(VarKind::General)
            || self.unify(ret, code_ty)
        {
            self.unify(ret, code_ty);
            code
        } else {
            self.coerce(code, ret)
        };
        self.draft.body.exprs[made] = Expr {
            kind: ExprKind::Block { stmts: Box::default(), value: Some(value) },
            ty: ret,
            span,
        };
    }
}

/// The result of looking a method up.
pub(super) enum Lookup {
    Found(Found),
    /// Several fit; it was said.
    Reported,
    None,
}
