//! What is said when a type lacks a trait: in the words of what was written, not of the solver.

use crate::infer::VarKind;
use crate::ir::{FnKind, TraitId, TraitRef};
use crate::lang::{LangTrait, LangTy};
use crate::program::Program;
use crate::scope::Head;
use crate::traits::Obligation;
use crate::ty::{Ty, TyKind, VarId};
use crate::types::a;
use sepal_base::codes::Code;
use sepal_base::{Diagnostic, codes};

impl Program {
    pub(crate) fn report_unimplemented(&mut self, ob: &Obligation) {
        let ty = self.infer.resolve(ob.self_ty);
        if ty.has_error()
            || ob.trait_ref.args.iter().any(|arg| self.infer.resolve(*arg).has_error())
        {
            return;
        }
        self.close_arguments(ob);
        // One place lacks one thing: what is missing besides follows from it.
        if self.last_unimplemented.replace(ob.span) == Some(ob.span) {
            return;
        }
        if let Some(method) = self.method_of_name(ob.trait_ref.id) {
            let diagnostic = self.lacks_method(ob, method);
            self.report(diagnostic);
            return;
        }
        if let Some(diagnostic) = self.wrong_message(ob, ty) {
            self.report(diagnostic);
            return;
        }
        if self.lang.which_trait(ob.trait_ref.id) == Some(LangTrait::Hash) {
            self.unhashable.insert(ty);
        }
        let name = self.type_name(ty);
        let plain = ob.trait_ref.args.iter().all(|arg| self.infer.resolve(*arg) == ty);
        let trait_name = if plain {
            self.items.traits[ob.trait_ref.id].name.to_string()
        } else {
            self.trait_name(&ob.trait_ref)
        };
        let (code, message) = self.what_is_missing(ob, &name, &trait_name);
        let diagnostic = Diagnostic::new(code, ob.span, message);
        let diagnostic = self.with_advice(diagnostic, ob, ty, &trait_name);
        self.report(diagnostic);
    }

    /// That a pid or reply is sent what it does not take. What the library's own traits ask of those with a type is
    /// to take it.
    fn wrong_message(&mut self, ob: &Obligation, ty: Ty) -> Option<Diagnostic> {
        let (id, [sent]) = (ob.trait_ref.id, &ob.trait_ref.args[..]) else { return None };
        let (adt, args) = ty.as_adt()?;
        let is_sink = self.lang.is_ty(adt, LangTy::Pid) || self.lang.is_ty(adt, LangTy::Reply);
        let is_sending = self.lang.which_trait(id).is_none()
            && self.items.modules[self.items.traits[id].module].is_std;
        let taken = *args.first().filter(|_| is_sink && is_sending)?;
        let (name, sent) = (self.type_name(ty), self.type_name(self.infer.resolve(*sent)));
        if self.infer.shallow(taken).is_var() {
            let message = format!("a message of type `{sent}` would have to be a part of itself");
            let diagnostic = Diagnostic::new(codes::TYPE_MISMATCH, ob.span, message);
            let help = "messages that hold pids of who takes such messages have a name: `enum Msg: …`, `fn f() of Msg:`";
            return Some(diagnostic.help(help));
        }
        let taken = self.type_name(taken);
        let message = format!(
            "{a_name} takes messages of type `{taken}`, and is sent `{sent}` by this",
            a_name = a(&name)
        );
        Some(Diagnostic::new(codes::TYPE_MISMATCH, ob.span, message))
    }

    /// The lack of a trait, in the words of what it is for.
    fn what_is_missing(&mut self, ob: &Obligation, name: &str, trait_name: &str) -> (Code, String) {
        match self.lang.which_trait(ob.trait_ref.id) {
            Some(LangTrait::Eq) => (
                codes::NOT_IMPLEMENTED,
                format!("values of type `{name}` cannot be compared for equality"),
            ),
            Some(LangTrait::Ord) => {
                (codes::NOT_IMPLEMENTED, format!("values of type `{name}` have no order"))
            }
            Some(LangTrait::Hash) => (
                codes::NOT_IMPLEMENTED,
                format!(
                    "values of type `{name}` have no `Hash`: they are no keys of dicts or members of sets"
                ),
            ),
            Some(LangTrait::Show) => {
                (codes::NOT_IMPLEMENTED, format!("values of type `{name}` cannot be shown"))
            }
            Some(LangTrait::Iter) if self.is_iterable(ob) => (
                codes::NOT_IMPLEMENTED,
                format!(
                    "{a_name} can be looped over, but is no `{trait_name}` itself",
                    a_name = a(name)
                ),
            ),
            Some(LangTrait::Iterable | LangTrait::Pairs | LangTrait::Iter) => {
                match self.found_elements(ob) {
                    None => (
                        codes::NOT_ITERABLE,
                        format!("{a_name} cannot be looped over", a_name = a(name)),
                    ),
                    Some((wanted, found)) => (
                        codes::TYPE_MISMATCH,
                        format!(
                            "a loop over {a_name} gives `{found}`, where `{wanted}` is expected",
                            a_name = a(name)
                        ),
                    ),
                }
            }
            Some(LangTrait::Index) => (
                codes::BAD_OPERAND,
                format!("{a_name} cannot be indexed like this", a_name = a(name)),
            ),
            Some(LangTrait::IndexSet) => (
                codes::BAD_OPERAND,
                format!("the elements of {a_name} cannot be assigned like this", a_name = a(name)),
            ),
            Some(LangTrait::Slice) => {
                (codes::BAD_OPERAND, format!("{a_name} cannot be sliced", a_name = a(name)))
            }
            Some(LangTrait::Contains) => {
                (codes::BAD_OPERAND, format!("`in` does not look into {a_name}", a_name = a(name)))
            }
            Some(LangTrait::Integer) => {
                (codes::NOT_IMPLEMENTED, format!("`{name}` is no integer type"))
            }
            Some(_) | None => (
                codes::NOT_IMPLEMENTED,
                format!("the type `{name}` does not implement `{trait_name}`"),
            ),
        }
    }

    /// Whether what is no iterator gives one.
    fn is_iterable(&mut self, ob: &Obligation) -> bool {
        let Some(id) = self.lang.trait_id(LangTrait::Iterable) else { return false };
        let before = self.infer.snapshot();
        let args = (0..2).map(|_| self.infer.fresh(VarKind::General, ob.span)).collect();
        let holds = self.holds(ob.self_ty, &TraitRef { id, args }, ob.span, ob.env);
        self.infer.rollback(before);
        holds
    }

    /// The elements that a loop is to find in a type, and those it has, if they are others.
    fn found_elements(&mut self, ob: &Obligation) -> Option<(String, String)> {
        let wanted = self.type_name(*ob.trait_ref.args.first()?);
        let before = self.infer.snapshot();
        let fresh = |_: &Ty| self.infer.fresh(VarKind::General, ob.span);
        let trait_ref =
            TraitRef { id: ob.trait_ref.id, args: ob.trait_ref.args.iter().map(fresh).collect() };
        let holds = self.holds(ob.self_ty, &trait_ref, ob.span, ob.env);
        let found = self.type_name(trait_ref.args[0]);
        self.infer.rollback(before);
        (holds && found != wanted).then_some((wanted, found))
    }

    /// That nothing tells what a type is of which only a trait is known. What it has to do with follows from that.
    pub(crate) fn report_unknown(&mut self, ob: &Obligation, var: VarId) {
        let message = match self.method_of_name(ob.trait_ref.id) {
            Some(method) => {
                let name = self.items.fns[method].name;
                format!("the type of this must be known to find `{name}`")
            }
            None => {
                let trait_name = self.trait_name(&ob.trait_ref);
                format!("the type of this is not known, only that it has `{trait_name}`")
            }
        };
        let diagnostic = Diagnostic::new(codes::CANNOT_INFER, ob.span, message);
        let diagnostic = diagnostic.help("write the type where the value is made or declared");
        let from = self.infer.span(var);
        self.report(if from == ob.span {
            diagnostic
        } else {
            diagnostic.secondary(from, "of this")
        });
        let _ = self.infer.unify(ob.self_ty, Ty::error());
        self.close_arguments(ob);
    }

    /// How the type could have the trait, or why it has not.
    fn with_advice(
        &mut self,
        diagnostic: Diagnostic,
        ob: &Obligation,
        ty: Ty,
        trait_name: &str,
    ) -> Diagnostic {
        let indexed = self.lang.which_trait(ob.trait_ref.id) == Some(LangTrait::Index);
        match ty.kind() {
            TyKind::Param { .. } => {
                let name = self.type_name(ty);
                diagnostic.help(format!("the bound `[{name}: {trait_name}]` asks for it"))
            }
            TyKind::Tuple(_) if indexed => {
                let found = "the parts of a tuple are found by its type";
                diagnostic.help(format!("{found}: write the type of the parameter that is indexed"))
            }
            _ if self.has_all_methods(ob.trait_ref.id, ty) => {
                let name = self.type_name(ty);
                let help = format!(
                    "its methods are there: `impl {trait_name} for {name}: pass` says that they are meant"
                );
                diagnostic.help(help)
            }
            _ => match self.why_not_derived(ob, ty) {
                Some(note) => diagnostic.note(note),
                None => diagnostic,
            },
        }
    }

    /// Whether the body of a type has every method that a trait asks for.
    fn has_all_methods(&self, id: TraitId, ty: Ty) -> bool {
        let Some(head) = Head::of(ty).filter(|_| self.lang.which_trait(id).is_none()) else {
            return false;
        };
        let methods = &self.items.traits[id].methods;
        let mut required =
            methods.iter().filter(|method| self.items.fns[**method].kind == FnKind::Required);
        let has = |name| self.inherent.contains_key(&(head, name));
        !methods.is_empty() && required.all(|method| has(self.items.fns[*method].name))
    }

    /// What the missing trait would have determined is unknown for a reason that is said.
    pub(crate) fn close_arguments(&mut self, ob: &Obligation) {
        for arg in &ob.trait_ref.args {
            let arg = self.infer.shallow(*arg);
            if arg.is_var() {
                let _ = self.infer.unify(arg, Ty::error());
            }
        }
    }

    /// Which method keeps a `dyn Trait` from having the trait itself.
    fn why_not_of_dyn(&mut self, ob: &Obligation, ty: Ty) -> Option<String> {
        let TyKind::Dyn(id, _) = ty.kind() else { return None };
        if *id != ob.trait_ref.id {
            return None;
        }
        let methods = self.items.traits[*id].methods.clone();
        methods.into_iter().find_map(|method| {
            let why = self.not_dispatched(method)?;
            let name = self.items.fns[method].name;
            Some(format!("its method `{name}` cannot be called on a `dyn`: {why}"))
        })
    }

    /// Which part of a type keeps a trait from being derived for it.
    fn why_not_derived(&mut self, ob: &Obligation, ty: Ty) -> Option<String> {
        if let TyKind::Dyn(..) = ty.kind() {
            return self.why_not_of_dyn(ob, ty);
        }
        self.derived_method(ob.trait_ref.id)?;
        let (adt, args) = ty.as_adt()?;
        if self.lang.which_ty(adt).is_some() {
            return None;
        }
        for variant in self.items.adts[adt].variants.ids() {
            for field in self.items.adts[adt].variants[variant].fields.ids() {
                let field_ty = self.field_type(adt, variant, field).subst(args);
                if !self.holds_tentatively(field_ty, &ob.trait_ref, ob.span, ob.env) {
                    let field_ty = self.type_name(field_ty);
                    let name = self.items.adts[adt].variants[variant].fields[field].name;
                    let which = name.map_or_else(
                        || "a field".to_string(),
                        |name| format!("the field `{name}`"),
                    );
                    return Some(format!("it holds {which} of type `{field_ty}`"));
                }
            }
        }
        None
    }
}
