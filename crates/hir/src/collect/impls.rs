//! `impl` blocks: their headers, the agreement of their methods with the trait, the index of
//! impls, and the traits that a type has because its body holds the right methods.

use super::declare::method_items;
use super::headers::{Left, join_names};
use crate::infer::VarKind;
use crate::ir::*;
use crate::lang::LangTrait;
use crate::program::Program;
use crate::scope::Head;
use crate::ty::Ty;
use crate::types::TyScope;
use sepal_base::{Diagnostic, Span, Symbol, codes};
use sepal_syntax::ast;
use std::rc::Rc;

/// An impl whose methods are still to be compared with the trait.
pub(crate) struct OpenImpl {
    id: ImplId,
    item: ast::ItemId,
    /// How many of the trait's arguments were written.
    written: usize,
}

/// What a trait asks of a method.
struct TraitSignature {
    params: Vec<Ty>,
    ret: Ty,
    mailbox: Option<Ty>,
    self_param: SelfKind,
}

impl Program {
    pub(super) fn impl_header(
        &mut self,
        module: ModuleId,
        ast: &ast::Ast,
        item: ast::ItemId,
        decl: &ast::ImplDecl,
    ) -> Option<OpenImpl> {
        self.check_distinct("type parameter", decl.generics.iter().map(|param| param.name));
        let params = decl.generics.iter();
        let params =
            params.map(|param| GenericParam { name: param.name.name, span: param.name.span });
        let mut generics = Generics { params: params.collect(), bounds: Vec::new() };
        let mut scope = TyScope::of_generics(module, &generics);
        let self_ty = self.lower_type(&scope, ast, decl.self_ty);
        scope.self_ty = Some(self_ty);
        let mut bounds = Vec::new();
        self.read_bounds(&scope, ast, &decl.generics, &mut bounds);
        generics.bounds = bounds;
        if self_ty.is_error() {
            return None;
        }
        match decl.trait_ref {
            None => {
                self.inherent_impl(ast, decl, &scope, &generics);
                None
            }
            Some(trait_ref) => self.trait_impl(ast, item, decl, trait_ref, scope, generics),
        }
    }

    fn inherent_impl(
        &mut self,
        ast: &ast::Ast,
        decl: &ast::ImplDecl,
        scope: &TyScope,
        generics: &Generics,
    ) {
        let self_ty = scope.self_ty.expect("set by the caller");
        if Head::of(self_ty).is_none() {
            let span = ast.types[decl.self_ty].span;
            self.error(codes::BAD_OPERAND, span, "methods for every type need a trait");
            return;
        }
        if let Some((id, _)) = self_ty.as_adt() {
            self.adt_methods(id, ast, &decl.methods, scope, generics, Owner::Adt(id));
            return;
        }
        let name = Symbol::intern(&self.type_name(self_ty));
        self.inherent_methods(ast, &decl.methods, scope, generics, Owner::Builtin, name);
    }

    fn trait_impl(
        &mut self,
        ast: &ast::Ast,
        item: ast::ItemId,
        decl: &ast::ImplDecl,
        trait_ref: ast::TypeId,
        scope: TyScope,
        generics: Generics,
    ) -> Option<OpenImpl> {
        let self_ty = scope.self_ty.expect("set by the caller");
        let trait_ref_ast = trait_ref;
        let trait_ref = self.lower_trait_ref(&scope, ast, trait_ref, Some(self_ty))?;
        let written = match &ast.types[trait_ref_ast].kind {
            ast::TypeKind::Path { args, .. } => args.len(),
            _ => 0,
        };
        let span = ast.types[trait_ref_ast].span;
        let id = self.items.impls.next_id();
        let methods = vec![None; self.items.traits[trait_ref.id].methods.len()];
        let def = ImplDef { module: scope.module, span, generics, trait_ref, self_ty, methods };
        self.items.impls.push(def);
        self.check_distinct(
            "method",
            method_items(ast, &decl.methods).filter_map(|(_, f)| ast.fns[f].name),
        );
        Some(OpenImpl { id, item, written })
    }

    // -- Methods of impls --------------------------------------------------------------------

    pub(super) fn finish_impls(&mut self, impls: &[OpenImpl], adts: &[AdtId]) {
        let mut late = Vec::new();
        for open in impls {
            let ast = Rc::clone(&self.items.modules[self.items.impls[open.id].module].ast);
            let ast::ItemKind::Impl(decl) = &ast.items[open.item].kind else { continue };
            self.open_trait_args(open);
            for (item, f) in method_items(&ast, &decl.methods) {
                self.impl_method(open.id, &ast, item, f);
            }
            if self.needs_methods_of_body(open) {
                late.push(open.id);
            } else {
                self.close_trait_args(open.id);
                self.index_impl(open.id);
            }
        }
        // What follows may have to check bodies, which may ask for all others.
        let by_methods = self.note_traits_by_methods(adts, &late);
        for open in impls {
            self.take_methods_of_body(open.id);
            if late.contains(&open.id) {
                self.close_trait_args(open.id);
                self.index_impl(open.id);
            }
            self.report_missing_methods(open.id);
        }
        for (adt, trait_id) in by_methods {
            self.implement_by_methods(adt, trait_id);
        }
    }

    /// Whether only methods of the type's body can tell the arguments of the trait.
    fn needs_methods_of_body(&self, open: &OpenImpl) -> bool {
        let def = &self.items.impls[open.id];
        open.written < def.trait_ref.args.len() && def.methods.iter().any(Option::is_none)
    }

    /// Arguments of the trait that were left out are found from the methods.
    fn open_trait_args(&mut self, open: &OpenImpl) {
        let span = self.items.impls[open.id].span;
        let mut args = self.items.impls[open.id].trait_ref.args.to_vec();
        for arg in args.iter_mut().skip(open.written) {
            *arg = self.infer.fresh(VarKind::General, span);
        }
        self.items.impls[open.id].trait_ref.args = args.into();
    }

    fn close_trait_args(&mut self, id: ImplId) {
        let def = &self.items.impls[id];
        let self_ty = def.self_ty;
        let close = |ty: Ty| {
            let ty = self.infer.resolve(ty);
            ty.map_leaves(&mut |leaf| leaf.is_var().then_some(self_ty))
        };
        let args: Box<[Ty]> = def.trait_ref.args.iter().map(|arg| close(*arg)).collect();
        let methods: Vec<FnId> = def.methods.iter().flatten().copied().collect();
        for method in methods {
            let ret = close(self.items.fns[method].ret);
            let params: Vec<Ty> =
                self.items.fns[method].params.iter().map(|p| close(p.ty)).collect();
            let mailbox = self.items.fns[method].mailbox.map(close);
            self.items.fns[method].mailbox = mailbox;
            self.items.fns[method].ret = ret;
            for (param, ty) in self.items.fns[method].params.iter_mut().zip(params) {
                param.ty = ty;
            }
        }
        self.items.impls[id].trait_ref.args = args;
    }

    fn impl_method(&mut self, id: ImplId, ast: &ast::Ast, item: &ast::Item, f: ast::FnId) {
        let Some(name) = ast.fns[f].name else { return };
        let def = &self.items.impls[id];
        let (module, self_ty, trait_id) = (def.module, def.self_ty, def.trait_ref.id);
        let generics = def.generics.clone();
        let methods = &self.items.traits[trait_id].methods;
        let Some(index) = methods.iter().position(|m| self.items.fns[*m].name == name.name) else {
            let trait_def = &self.items.traits[trait_id];
            let message = format!("the trait `{}` has no method `{}`", trait_def.name, name.name);
            let diagnostic = Diagnostic::new(codes::UNKNOWN_MEMBER, name.span, message);
            let diagnostic = diagnostic.secondary(trait_def.span, "the trait is declared here");
            self.report(diagnostic);
            return;
        };
        let wanted = methods[index];
        if def.methods[index].is_some() {
            // It stands there twice, which has been reported.
            return;
        }
        let mut scope = TyScope::of_generics(module, &generics);
        scope.self_ty = Some(self_ty);
        let attrs = self.read_attrs(module, ast, item);
        let method = self.new_fn(module, ast, item, f, &attrs, Owner::Impl(id));
        // Types that are left out come from the trait, so nothing is inferred.
        self.impl_signature(method, wanted, ast, f, &scope, &generics);
        let ty_name = Symbol::intern(&self.type_name_short(self_ty));
        self.items.fns[method].trace_name = join_names(ty_name, name.name);
        self.items.impls[id].methods[index] = Some(method);
        self.compare_method(id, method, wanted, ast.fns[f].signature);
    }

    fn impl_signature(
        &mut self,
        method: FnId,
        wanted: FnId,
        ast: &ast::Ast,
        f: ast::FnId,
        scope: &TyScope,
        generics: &Generics,
    ) {
        let node = &ast.fns[f];
        // `Left::Inferred` only keeps quiet about what is missing.
        self.fn_signature(method, ast, f, scope, generics, Left::Inferred);
        self.uninferred.remove(&method);
        let Owner::Impl(id) = self.items.fns[method].owner else {
            unreachable!("methods of impls only")
        };
        let TraitSignature { params, ret, mailbox, .. } = self.trait_signature(id, wanted, method);
        let offset = usize::from(node.self_param.is_some());
        for (index, param) in node.params.iter().enumerate() {
            if param.ty.is_none()
                && let Some(ty) = params.get(index + offset)
            {
                self.items.fns[method].params[index + offset].ty = *ty;
            }
        }
        if node.ret.is_none() {
            self.items.fns[method].ret = ret;
        }
        if node.mailbox.is_none() {
            self.items.fns[method].mailbox = mailbox;
        }
        self.note_late_result(id, method, wanted);
    }

    /// Where a trait's method has its result from its body, methods for it learn it when theirs are checked.
    fn note_late_result(&mut self, id: ImplId, method: FnId, wanted: FnId) {
        if self.uninferred.contains(&wanted) {
            self.late_results.insert(method, (id, wanted));
            self.uninferred.insert(method);
        }
    }

    /// Gives a method the result that the trait's method has by now, or compares them.
    pub(crate) fn settle_late_result(&mut self, method: FnId) {
        let Some((id, wanted)) = self.late_results.remove(&method) else { return };
        self.signature(wanted);
        let ret = self.trait_signature(id, wanted, method).ret;
        let own = self.items.fns[method].ret;
        if own.is_error() {
            self.items.fns[method].ret = ret;
        } else if self.infer.unify(own, ret).is_err() {
            self.report_disagreement(id, method, wanted, self.items.fns[method].span);
        }
    }

    /// The signature that a trait's method has for an impl, in the impl method's parameters.
    fn trait_signature(&self, id: ImplId, wanted: FnId, method: FnId) -> TraitSignature {
        let def = &self.items.impls[id];
        let own = self.items.fns[method]
            .generics
            .params
            .iter()
            .enumerate()
            .skip(def.generics.params.len());
        let own = own.map(|(i, param)| Ty::param(i as u32, param.name));
        let args: Vec<Ty> = [def.self_ty]
            .into_iter()
            .chain(def.trait_ref.args.iter().copied())
            .chain(own)
            .collect();
        let trait_method = &self.items.fns[wanted];
        TraitSignature {
            params: trait_method.params.iter().map(|param| param.ty.subst(&args)).collect(),
            ret: trait_method.ret.subst(&args),
            mailbox: trait_method.mailbox.map(|ty| ty.subst(&args)),
            self_param: trait_method.self_param,
        }
    }

    fn compare_method(&mut self, id: ImplId, method: FnId, wanted: FnId, span: Span) {
        let TraitSignature { params, ret, mailbox, self_param } =
            self.trait_signature(id, wanted, method);
        self.note_inout(wanted, method);
        let def = &self.items.fns[method];
        let own = def.generics.params.len() - self.items.impls[id].generics.params.len();
        let trait_def = &self.items.fns[wanted];
        let Owner::Trait { id: trait_id, .. } = trait_def.owner else {
            unreachable!("it stands in a trait")
        };
        let wanted_own =
            trait_def.generics.params.len() - self.items.traits[trait_id].generics.params.len();
        let found: Vec<Ty> = def.params.iter().map(|param| param.ty).collect();
        let (found_ret, found_mailbox) = (def.ret, def.mailbox);
        let same_shape = found.len() == params.len()
            && own == wanted_own
            && (def.self_param == SelfKind::None) == (self_param == SelfKind::None);
        let fits = same_shape
            && found
                .iter()
                .zip(&params)
                .all(|(found, wanted)| self.infer.unify(*found, *wanted).is_ok())
            && self.infer.unify(found_ret, ret).is_ok()
            && self.mailboxes_agree(found_mailbox, mailbox);
        if !fits {
            self.report_disagreement(id, method, wanted, span);
        }
    }

    fn report_disagreement(&mut self, id: ImplId, method: FnId, wanted: FnId, span: Span) {
        let TraitSignature { params, ret, mailbox, self_param } =
            self.trait_signature(id, wanted, method);
        let offset = usize::from(self_param != SelfKind::None);
        let shown: Vec<String> = params.iter().skip(offset).map(|ty| self.type_name(*ty)).collect();
        let name = self.items.fns[method].name;
        let ret = self.type_name(ret);
        let message = format!("the method `{name}` does not agree with the trait");
        let at = self.items.fns[wanted].span;
        let diagnostic = Diagnostic::new(codes::IMPL_MISMATCH, span, message);
        let diagnostic = diagnostic.secondary(at, "declared here");
        let of = mailbox.map_or(String::new(), |ty| format!(" of {}", self.type_name(ty)));
        let wanted = format!("the trait asks for `fn({}) -> {ret}{of}`", shown.join(", "));
        self.report(diagnostic.note(wanted));
    }

    /// Whether a method receives what its trait says, if that says anything.
    fn mailboxes_agree(&mut self, found: Option<Ty>, wanted: Option<Ty>) -> bool {
        found.zip(wanted).is_none_or(|(found, wanted)| self.infer.unify(found, wanted).is_ok())
    }

    /// Remembers methods that change `self` although the trait does not say so.
    fn note_inout(&mut self, wanted: FnId, method: FnId) {
        let changes = self.items.fns[method].self_param == SelfKind::InOut;
        if changes && self.items.fns[wanted].self_param == SelfKind::Value {
            self.inout_methods.insert(wanted);
        }
    }

    fn report_missing_methods(&mut self, id: ImplId) {
        let def = &self.items.impls[id];
        let trait_def = &self.items.traits[def.trait_ref.id];
        let missing = trait_def.methods.iter().zip(&def.methods).filter(|(wanted, have)| {
            have.is_none() && self.items.fns[**wanted].kind == FnKind::Required
        });
        let missing: Vec<String> =
            missing.map(|(m, _)| format!("`{}`", self.items.fns[*m].name)).collect();
        if missing.is_empty() {
            return;
        }
        let noun = if missing.len() == 1 { "the method" } else { "the methods" };
        let message =
            format!("the impl of `{}` lacks {noun} {}", trait_def.name, missing.join(", "));
        let diagnostic = Diagnostic::new(codes::MISSING_METHOD, def.span, message);
        let diagnostic = diagnostic.secondary(trait_def.span, "the trait is declared here");
        self.report(diagnostic);
    }

    fn index_impl(&mut self, id: ImplId) {
        let def = &self.items.impls[id];
        let key = (def.trait_ref.id, Head::of(def.self_ty));
        let rivals = self.impl_index.get(&key).cloned().unwrap_or_default();
        for rival in rivals {
            if self.impls_overlap(id, rival) {
                let def = &self.items.impls[id];
                let name = self.items.traits[def.trait_ref.id].name;
                let ty = self.type_name(def.self_ty);
                let message = format!("`{name}` is implemented twice for `{ty}`");
                let mut spans = (def.span, self.items.impls[rival].span);
                // Of the library's and the program's own the latter is the one too many.
                if self.items.modules[def.module].is_std {
                    spans = (spans.1, spans.0);
                }
                let diagnostic = Diagnostic::new(codes::OVERLAPPING_IMPLS, spans.0, message);
                self.report(diagnostic.secondary(spans.1, "implemented here already"));
                return;
            }
        }
        self.impl_index.entry(key).or_default().push(id);
    }

    /// Whether some type would have both impls.
    fn impls_overlap(&mut self, a: ImplId, b: ImplId) -> bool {
        let before = self.infer.snapshot();
        let (self_a, args_a) = self.fresh_impl_head(a);
        let (self_b, args_b) = self.fresh_impl_head(b);
        let same = self.infer.unify(self_a, self_b).is_ok()
            && args_a.iter().zip(&args_b).all(|(x, y)| self.infer.unify(*x, *y).is_ok());
        self.infer.rollback(before);
        same
    }

    fn fresh_impl_head(&mut self, id: ImplId) -> (Ty, Vec<Ty>) {
        let (count, span) = (self.items.impls[id].generics.params.len(), self.items.impls[id].span);
        let fresh: Vec<Ty> = (0..count).map(|_| self.infer.fresh(VarKind::General, span)).collect();
        let def = &self.items.impls[id];
        let args = def.trait_ref.args.iter().map(|arg| arg.subst(&fresh)).collect();
        (def.self_ty.subst(&fresh), args)
    }

    // -- Traits by methods -------------------------------------------------------------------

    /// What an `impl` leaves out may stand in the type's body.
    fn take_methods_of_body(&mut self, id: ImplId) {
        let def = &self.items.impls[id];
        let (trait_id, self_ty) = (def.trait_ref.id, def.self_ty);
        let Some((adt, args)) = self_ty.as_adt() else { return };
        let own_params = self.items.adts[adt].generics.params.iter().enumerate();
        let params: Vec<Ty> = own_params.map(|(i, p)| Ty::param(i as u32, p.name)).collect();
        if args != params || self.items.modules[self.items.adts[adt].module].is_std {
            return;
        }
        let wanted = self.items.traits[trait_id].methods.clone();
        let mut taken = Vec::with_capacity(wanted.len());
        for (wanted, written) in wanted.into_iter().zip(&self.items.impls[id].methods) {
            taken.push(if written.is_some() { None } else { self.method_of_body(adt, wanted) });
        }
        let args = self.items.impls[id].trait_ref.args.clone();
        if taken.iter().any(Option::is_some)
            && self.agree_by_methods(trait_id, self_ty, &args, &taken)
        {
            let methods = &mut self.items.impls[id].methods;
            methods.iter_mut().zip(&taken).for_each(|(method, taken)| *method = method.or(*taken));
            let wanted = self.items.traits[trait_id].methods.clone();
            for (wanted, taken) in wanted.into_iter().zip(taken) {
                taken.inspect(|taken| self.note_late_result(id, *taken, wanted));
            }
        }
    }

    /// The method of a type's own that a trait's asks for, as far as name and shape say.
    fn method_of_body(&self, adt: AdtId, wanted: FnId) -> Option<FnId> {
        let wanted = &self.items.fns[wanted];
        let own = self.items.adts[adt].methods.iter().copied();
        let mut own = own.filter(|m| {
            let own = &self.items.fns[*m];
            own.name == wanted.name
                && own.params.len() == wanted.params.len()
                && own.self_param != SelfKind::None
                && own.generics.params.len() == self.items.adts[adt].generics.params.len()
        });
        own.next_back()
    }

    /// A type whose body holds the methods of an operator trait, of `Iter`, or of `Eq`, `Ord`,
    /// `Hash` or `Show`, has that trait without an `impl`. Notes those of which this may be so.
    fn note_traits_by_methods(&mut self, adts: &[AdtId], late: &[ImplId]) -> Vec<(AdtId, TraitId)> {
        let written = |adt: AdtId, trait_id: TraitId| {
            late.iter().map(|id| &self.items.impls[*id]).any(|def| {
                def.trait_ref.id == trait_id && Head::of(def.self_ty) == Some(Head::Adt(adt))
            })
        };
        let of_users = |adt: &&AdtId| !self.items.modules[self.items.adts[**adt].module].is_std;
        let mut found = Vec::new();
        for adt in adts.iter().filter(of_users) {
            for method in &self.items.adts[*adt].methods {
                let traits = self.trait_methods.get(&self.items.fns[*method].name);
                let traits = traits.into_iter().flatten().map(|(id, _)| *id);
                let by_methods = traits.filter(|id| {
                    let item = self.lang.which_trait(*id);
                    item.is_some_and(|i| !matches!(i, LangTrait::Iterable | LangTrait::Pairs))
                });
                found.extend(by_methods.map(|id| (*adt, id)).filter(|(a, t)| !written(*a, *t)));
            }
        }
        self.by_methods.extend(found.iter().copied());
        found
    }

    /// Looks at the methods of a type's body for a trait, if nobody has yet. This may check some of them, and those
    /// may ask for the traits of other types.
    pub(crate) fn implement_by_methods(&mut self, adt: AdtId, trait_id: TraitId) {
        if self.by_methods.remove(&(adt, trait_id)) {
            self.implement_trait_by_methods(adt, trait_id);
        }
    }

    fn implement_trait_by_methods(&mut self, adt: AdtId, trait_id: TraitId) {
        let key = (trait_id, Some(Head::Adt(adt)));
        if self.impl_index.contains_key(&key) {
            return;
        }
        let wanted = self.items.traits[trait_id].methods.clone();
        let mut found = Vec::with_capacity(wanted.len());
        for method in wanted {
            let own = self.method_of_body(adt, method);
            if own.is_none() && self.items.fns[method].kind == FnKind::Required {
                return;
            }
            found.push(own);
        }
        // These names are used for other things, too: a length may be a float. What the body gives decides.
        if self.lang.which_trait(trait_id).is_some_and(LangTrait::is_by_name) {
            found.iter().flatten().for_each(|method| self.signature(*method));
        }
        self.push_method_impl(adt, trait_id, found);
    }

    fn push_method_impl(&mut self, adt: AdtId, trait_id: TraitId, methods: Vec<Option<FnId>>) {
        let def = &self.items.adts[adt];
        let (module, span, generics) = (def.module, def.span, def.generics.clone());
        let scope = TyScope::of_generics(module, &generics);
        let self_ty = Ty::adt(adt, scope.params.iter().map(|(_, ty)| *ty).collect::<Vec<_>>());
        let arity = self.items.traits[trait_id].generics.params.len() - 1;
        let args: Vec<Ty> = (0..arity).map(|_| self.infer.fresh(VarKind::General, span)).collect();
        if !self.agree_by_methods(trait_id, self_ty, &args, &methods) {
            return;
        }
        let close = |ty: &Ty| {
            self.infer.resolve(*ty).map_leaves(&mut |leaf| leaf.is_var().then_some(self_ty))
        };
        let args: Box<[Ty]> = args.iter().map(close).collect();
        let trait_ref = TraitRef { id: trait_id, args };
        let id =
            self.items.impls.push(ImplDef { module, span, generics, trait_ref, self_ty, methods });
        self.impl_index.insert((trait_id, Some(Head::Adt(adt))), vec![id]);
    }

    /// Whether the methods have the types that the trait asks for. Types left out are taken over
    /// from the trait.
    fn agree_by_methods(
        &mut self,
        trait_id: TraitId,
        self_ty: Ty,
        args: &[Ty],
        methods: &[Option<FnId>],
    ) -> bool {
        let wanted = self.items.traits[trait_id].methods.clone();
        let all: Vec<Ty> = [self_ty].into_iter().chain(args.iter().copied()).collect();
        for (wanted, method) in wanted.into_iter().zip(methods) {
            let Some(method) = *method else { continue };
            self.note_inout(wanted, method);
            let params = self.items.fns[wanted].params.iter();
            let params: Vec<Ty> = params.map(|p| p.ty.subst(&all)).collect();
            let ret = self.items.fns[wanted].ret.subst(&all);
            let mailbox = self.items.fns[wanted].mailbox.map(|ty| ty.subst(&all));
            // A result that the trait's own body is to tell is compared when it has.
            let ret = Some(ret).filter(|_| !self.uninferred.contains(&wanted));
            if self.uninferred.contains(&method) {
                self.take_over_types(method, &params, ret, mailbox);
            }
            if !self.mailboxes_agree(self.items.fns[method].mailbox, mailbox) {
                return false;
            }
            let own: Vec<Ty> = self.items.fns[method].params.iter().map(|p| p.ty).collect();
            let found = [self.items.fns[method].ret];
            let pairs = own.iter().zip(&params).chain(found.iter().zip(&ret));
            for (own, wanted) in pairs {
                if self.infer.unify(*own, *wanted).is_err() {
                    return false;
                }
            }
        }
        true
    }

    /// Types that a method leaves out are those of the trait. Where these are not known either the
    /// body tells, and with it the trait's argument.
    fn take_over_types(
        &mut self,
        method: FnId,
        params: &[Ty],
        ret: Option<Ty>,
        mailbox: Option<Ty>,
    ) {
        let known = |ty: Ty| Some(self.infer.resolve(ty)).filter(|ty| !ty.has_vars());
        let params: Vec<Option<Ty>> = params.iter().map(|ty| known(*ty)).collect();
        let (is_late, ret, mailbox) = (ret.is_none(), ret.and_then(known), mailbox.and_then(known));
        let def = &mut self.items.fns[method];
        def.mailbox = def.mailbox.or(mailbox);
        let left_out = def.params.iter_mut().map(|param| &mut param.ty).zip(params);
        for (own, known) in left_out.chain([(&mut def.ret, ret)]) {
            if let (true, Some(known)) = (own.is_error(), known) {
                *own = known;
            }
        }
        let types = def.params.iter().map(|param| param.ty).chain([def.ret]);
        if !is_late && types.into_iter().any(Ty::is_error) {
            self.signature(method);
        }
    }
}
