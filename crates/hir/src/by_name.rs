//! Traits that nobody declared: what all types have in common that have a method of one name for so many
//! arguments.
//!
//! A function of which no types are written may call a method that several types have. Then it asks for such a
//! trait, as it would for a declared one, and is compiled for each type that it is called with.
//! Must never choose between types: where one alone can be meant the checker has said so before.

use crate::infer::VarKind;
use crate::ir::*;
use crate::program::Program;
use crate::scope::Head;
use crate::traits::Obligation;
use crate::ty::Ty;
use sepal_base::{Diagnostic, FileId, Span, Symbol, codes};

impl Program {
    /// The trait of what has a method of this name for so many arguments. Its own arguments are their types and
    /// that of the result.
    pub(crate) fn trait_by_name(&mut self, name: Symbol, arguments: usize) -> TraitId {
        if let Some(id) = self.traits_by_name.get(&(name, arguments)) {
            return *id;
        }
        let span = Span::point(FileId(0), 0);
        let given = (0..arguments).map(|index| Symbol::intern(&format!("A{index}")));
        let names: Vec<Symbol> = [Symbol::intern("Self")]
            .into_iter()
            .chain(given)
            .chain([Symbol::intern("R")])
            .collect();
        let generics = Generics {
            params: names.iter().map(|name| GenericParam { name: *name, span }).collect(),
            bounds: Vec::new(),
        };
        let mut tys: Vec<Ty> =
            names.iter().enumerate().map(|(i, name)| Ty::param(i as u32, *name)).collect();
        let id = self.items.traits.next_id();
        let owner = Owner::Trait { id, index: 0 };
        let method = self.bare_fn(name, self.root, span, FnKind::Required, owner);
        let def = &mut self.items.fns[method];
        def.generics = generics.clone();
        def.self_param = SelfKind::Value;
        def.ret = tys.pop().expect("the result is one of them");
        let params = names.iter().zip(tys);
        def.params =
            params.map(|(name, ty)| ParamDef { name: *name, span, ty, default: None }).collect();
        if self.some_method_changes_self(name) {
            self.inout_methods.insert(method);
        }
        let (module, methods) = (self.root, vec![method]);
        self.items.traits.push(TraitDef { name, module, span, generics, methods, public: false });
        self.traits_by_name.insert((name, arguments), id);
        id
    }

    /// The method that a trait was made for, if nobody declared that.
    pub(crate) fn method_of_name(&self, id: TraitId) -> Option<FnId> {
        let method = *self.items.traits[id].methods.first()?;
        let def = &self.items.fns[method];
        // A declared one may have functions without `self` only.
        let arguments = def.params.len().checked_sub(1)?;
        (self.traits_by_name.get(&(def.name, arguments)) == Some(&id)).then_some(method)
    }

    fn some_method_changes_self(&self, name: Symbol) -> bool {
        let of_name = self.inherent.iter().filter(|((_, own), _)| *own == name);
        of_name.flat_map(|(_, ids)| ids).any(|id| self.items.fns[*id].self_param == SelfKind::InOut)
    }

    /// The methods of a shape that such a trait may mean.
    fn methods_by_name(&self, head: Head, wanted: FnId) -> Vec<FnId> {
        let wanted = &self.items.fns[wanted];
        let methods = self.inherent.get(&(head, wanted.name)).into_iter().flatten().copied();
        let fits = |id: &FnId| {
            let def = &self.items.fns[*id];
            def.self_param != SelfKind::None
                && def.params.len() == wanted.params.len()
                && def.mailbox.is_none()
        };
        methods.filter(fits).collect()
    }

    /// Makes a shape have the obligation's trait, if nobody declared that and the shape has the method. `Some`: the types of
    /// that method are being inferred right now, and it has those that this use gives it, or it cannot.
    pub(crate) fn look_by_name(&mut self, head: Head, ty: Ty, ob: &Obligation) -> Option<bool> {
        let wanted = self.method_of_name(ob.trait_ref.id)?;
        let fits = self.unify_open_method(head, ty, ob, wanted);
        if fits.is_none() {
            self.implement_by_name(head, ob.trait_ref.id, wanted);
        }
        fits
    }

    /// Gives a shape the trait, once, if it has the method.
    fn implement_by_name(&mut self, head: Head, trait_id: TraitId, wanted: FnId) {
        if self.impl_index.contains_key(&(trait_id, Some(head))) {
            return;
        }
        let mut impls = Vec::new();
        for method in self.methods_by_name(head, wanted) {
            self.signature(method);
            let def = &self.items.fns[method];
            let (module, span, generics) = (def.module, def.span, def.generics.clone());
            let self_ty = def.params[0].ty;
            let args = def.params[1..].iter().map(|param| param.ty).chain([def.ret]).collect();
            let trait_ref = TraitRef { id: trait_id, args };
            let methods = vec![Some(method)];
            impls.push(self.items.impls.push(ImplDef {
                module,
                span,
                generics,
                trait_ref,
                self_ty,
                methods,
            }));
        }
        self.impl_index.insert((trait_id, Some(head)), impls);
    }

    /// Whether the method is one whose types are being inferred right now: then it has the types that this use
    /// gives it. `None` if it is not.
    fn unify_open_method(
        &mut self,
        head: Head,
        ty: Ty,
        ob: &Obligation,
        wanted: FnId,
    ) -> Option<bool> {
        if self.impl_index.contains_key(&(ob.trait_ref.id, Some(head))) {
            return None;
        }
        let methods = self.methods_by_name(head, wanted);
        for method in &methods {
            self.signature(*method);
        }
        let open = methods.into_iter().find(|method| self.is_open(*method))?;
        let def = &self.items.fns[open];
        let own: Vec<Ty> = def.params.iter().map(|param| param.ty).chain([def.ret]).collect();
        let count = def.generics.params.len();
        let fresh: Vec<Ty> =
            (0..count).map(|_| self.infer.fresh(VarKind::General, ob.span)).collect();
        let asked = [ty].into_iter().chain(ob.trait_ref.args.iter().copied());
        let pairs: Vec<(Ty, Ty)> = own.into_iter().zip(asked).collect();
        Some(pairs.into_iter().all(|(own, asked)| {
            let own = self.infer.resolve(own).subst(&fresh);
            self.infer.unify(own, asked).is_ok()
        }))
    }

    /// That a type has no such method, or one for other arguments.
    pub(crate) fn lacks_method(&mut self, ob: &Obligation, wanted: FnId) -> Diagnostic {
        let ty = self.infer.resolve(ob.self_ty);
        let (name, of) = (self.items.fns[wanted].name, self.type_name(ty));
        let has_one = Head::of(ty).is_some_and(|head| self.inherent.contains_key(&(head, name)));
        if !has_one {
            let message = format!("`{of}` has no method `{name}`");
            return Diagnostic::new(codes::UNKNOWN_MEMBER, ob.span, message);
        }
        let args = ob.trait_ref.args.split_last().map_or(&[][..], |(_, args)| args);
        let args: Vec<String> = args.iter().map(|arg| self.type_name(*arg)).collect();
        let message = format!("the method `{name}` of `{of}` is not for what is asked of it here");
        let diagnostic = Diagnostic::new(codes::NOT_IMPLEMENTED, ob.span, message);
        diagnostic.note(format!("it is called with `({})`", args.join(", ")))
    }
}
