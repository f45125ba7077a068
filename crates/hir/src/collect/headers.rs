//! Reading headers: type parameters and bounds, fields, signatures.
//!
//! What a signature leaves out is inferred when somebody asks, see `session`.

use super::declare::{lambda_of, method_items};
use super::{Task, TaskKind};
use crate::ir::*;
use crate::lang::LangTy;
use crate::program::{LateDefault, Program};
use crate::scope::Head;
use crate::ty::{Ty, TyKind};
use crate::types::TyScope;
use sepal_base::{Id, Symbol, codes};
use sepal_syntax::ast;
use std::rc::Rc;

impl Program {
    /// Reads the headers of everything that was declared together.
    pub(crate) fn collect_headers(&mut self, tasks: &[Task]) {
        let with_ast =
            |program: &Program, task: &Task| Rc::clone(&program.items.modules[task.module].ast);
        for task in tasks {
            let ast = with_ast(self, task);
            match (task.what, &ast.items[task.item].kind) {
                (TaskKind::Adt(id), kind) => self.adt_bounds(id, &ast, adt_generics(kind)),
                (TaskKind::Trait(id), ast::ItemKind::Trait(decl)) => {
                    self.trait_bounds(id, &ast, decl)
                }
                _ => {}
            }
        }
        for task in tasks {
            let ast = with_ast(self, task);
            if let (TaskKind::Trait(id), ast::ItemKind::Trait(decl)) =
                (task.what, &ast.items[task.item].kind)
            {
                self.trait_methods(id, &ast, decl);
            }
        }
        let mut impls = Vec::new();
        for task in tasks {
            let ast = with_ast(self, task);
            match (task.what, &ast.items[task.item].kind) {
                (TaskKind::Adt(id), kind) => self.adt_body(id, &ast, kind),
                (TaskKind::Impl, ast::ItemKind::Impl(decl)) => {
                    impls.extend(self.impl_header(task.module, &ast, task.item, decl));
                }
                (TaskKind::Fn(id), kind) => self.fn_item(id, &ast, kind),
                (TaskKind::Const(id), ast::ItemKind::Let(decl)) => {
                    self.const_header(id, &ast, decl)
                }
                (TaskKind::Actor(id), ast::ItemKind::Actor(decl)) => {
                    self.actor_header(id, &ast, decl)
                }
                _ => {}
            }
        }
        let adts = tasks.iter().filter_map(|task| match task.what {
            TaskKind::Adt(id) => Some(id),
            _ => None,
        });
        self.finish_impls(&impls, &adts.collect::<Vec<_>>());
        for id in self.aliases.ids() {
            self.alias_type(id);
        }
    }

    // -- Type parameters ---------------------------------------------------------------------

    /// The bounds written beside type parameters, which are in scope themselves.
    pub(super) fn read_bounds(
        &mut self,
        scope: &TyScope,
        ast: &ast::Ast,
        params: &[ast::GenericParam],
        bounds: &mut Vec<Bound>,
    ) {
        for param in params {
            let named = scope.params.iter().rev().find(|(name, _)| *name == param.name.name);
            let ty = named.expect("the parameters are in scope").1;
            for bound in &param.bounds {
                if let Some(trait_ref) = self.lower_trait_ref(scope, ast, *bound, Some(ty)) {
                    bounds.push(Bound { ty, trait_ref });
                }
            }
        }
    }

    fn adt_bounds(&mut self, id: AdtId, ast: &ast::Ast, params: &[ast::GenericParam]) {
        self.check_distinct("type parameter", params.iter().map(|param| param.name));
        let def = &self.items.adts[id];
        let scope = TyScope::of_generics(def.module, &def.generics);
        let mut bounds = Vec::new();
        self.read_bounds(&scope, ast, params, &mut bounds);
        self.items.adts[id].generics.bounds = bounds;
    }

    fn trait_bounds(&mut self, id: TraitId, ast: &ast::Ast, decl: &ast::TraitDecl) {
        let def = &self.items.traits[id];
        let scope = TyScope::of_generics(def.module, &def.generics);
        let args = scope.params[1..].iter().map(|(_, ty)| *ty).collect();
        // Inside the trait, `Self` has it.
        let mut bounds = vec![Bound { ty: scope.params[0].1, trait_ref: TraitRef { id, args } }];
        self.read_bounds(&scope, ast, &decl.generics, &mut bounds);
        self.items.traits[id].generics.bounds = bounds;
    }

    fn trait_methods(&mut self, id: TraitId, ast: &ast::Ast, decl: &ast::TraitDecl) {
        let def = &self.items.traits[id];
        let (module, generics, name) = (def.module, def.generics.clone(), def.name);
        let mut scope = TyScope::of_generics(module, &generics);
        scope.self_ty = Some(scope.params[0].1);
        let methods = self.items.traits[id].methods.clone();
        for ((_, f), method) in method_items(ast, &decl.methods).zip(methods) {
            self.fn_signature(method, ast, f, &scope, &generics, Left::Nil);
            let node = &ast.fns[f];
            if node.ret.is_none()
                && node.body != ast::FnBody::None
                && self.left_out(module) == Left::Inferred
            {
                self.items.fns[method].ret = Ty::error();
                // Else it was reported.
                if node.params.iter().all(|param| param.ty.is_some()) {
                    self.uninferred.insert(method);
                }
            }
            self.items.fns[method].trace_name = join_names(name, self.items.fns[method].name);
        }
    }

    // -- Types -------------------------------------------------------------------------------

    fn adt_body(&mut self, id: AdtId, ast: &ast::Ast, kind: &ast::ItemKind) {
        let def = &self.items.adts[id];
        let (module, generics) = (def.module, def.generics.clone());
        let mut scope = TyScope::of_generics(module, &generics);
        let self_ty = Ty::adt(id, scope.params.iter().map(|(_, ty)| *ty).collect::<Vec<_>>());
        scope.self_ty = Some(self_ty);
        let methods = match kind {
            ast::ItemKind::Struct(decl) => {
                self.read_fields(id, ast, &decl.fields, &scope, &generics);
                &decl.methods
            }
            ast::ItemKind::Class(decl) => {
                self.read_fields(id, ast, &decl.fields, &scope, &generics);
                &decl.methods
            }
            ast::ItemKind::Enum(decl) => {
                for (v, variant) in decl.variants.iter().enumerate() {
                    for (f, field) in variant.fields.iter().enumerate() {
                        let ty = self.lower_type(&scope, ast, field.ty);
                        let variant = &mut self.items.adts[id].variants[VariantIdx::from_index(v)];
                        variant.fields[FieldIdx::from_index(f)].ty = ty;
                    }
                }
                &decl.methods
            }
            _ => return,
        };
        self.adt_methods(id, ast, methods, &scope, &generics, Owner::Adt(id));
    }

    fn read_fields(
        &mut self,
        id: AdtId,
        ast: &ast::Ast,
        fields: &[ast::Field],
        scope: &TyScope,
        generics: &Generics,
    ) {
        for (index, field) in fields.iter().enumerate() {
            let index = FieldIdx::from_index(index);
            let ty = field.ty.map(|ty| self.lower_type(scope, ast, ty));
            let default = field.default.map(|value| {
                let init = self.bare_fn(
                    field.name.name,
                    scope.module,
                    field.span,
                    FnKind::Default(value),
                    Owner::Adt(id),
                );
                self.items.fns[init].generics = generics.clone();
                self.items.fns[init].trace_name = self.items.adts[id].name;
                match ty {
                    Some(ty) => self.items.fns[init].ret = ty,
                    None => {
                        self.uninferred.insert(init);
                    }
                }
                init
            });
            if ty.is_none() && default.is_none() {
                let message = format!("the field `{}` needs a type", field.name.name);
                self.error(codes::CANNOT_INFER, field.span, message);
            }
            let field = &mut self.items.adts[id].variants[VariantIdx(0)].fields[index];
            field.default = default;
            field.ty = ty.unwrap_or(Ty::error());
        }
    }

    /// The type of a field; found from its default where it was left out.
    pub(crate) fn field_type(&mut self, adt: AdtId, variant: VariantIdx, field: FieldIdx) -> Ty {
        let def = &self.items.adts[adt].variants[variant].fields[field];
        let Some(default) = def.default.filter(|_| def.ty.is_error()) else { return def.ty };
        if self.uninferred.contains(&default) {
            let ty = self.inferred_constant(default);
            if self.uninferred.contains(&default) {
                // It has variables as long as others of its group are being checked.
                return ty;
            }
        }
        let ty = self.items.fns[default].ret;
        self.items.adts[adt].variants[variant].fields[field].ty = ty;
        ty
    }

    /// The functions in the body of a type, or in an `impl` without a trait.
    pub(super) fn adt_methods(
        &mut self,
        id: AdtId,
        ast: &ast::Ast,
        methods: &[ast::ItemId],
        scope: &TyScope,
        generics: &Generics,
        owner: Owner,
    ) {
        let ty_name = self.items.adts[id].name;
        for method in self.inherent_methods(ast, methods, scope, generics, owner, ty_name) {
            self.items.adts[id].methods.push(method);
            let def = &self.items.fns[method];
            if def.name.as_str() == "init"
                && self.items.adts[id].kind == AdtKind::Class
                && def.self_param != SelfKind::None
            {
                let (written, kind) = (def.ret, def.kind);
                self.items.adts[id].init = Some(method);
                self.items.fns[method].ret = Ty::nil();
                if let FnKind::Source(f) = kind
                    && let Some(ret) = ast.fns[f].ret
                    && !written.is_nil()
                {
                    let message = "`init` gives nothing: a call of the class gives the object";
                    self.error(codes::MISPLACED, ast.types[ret].span, message);
                }
                if self.missing_types(method).params.is_empty() {
                    self.uninferred.remove(&method);
                }
            }
        }
    }

    /// Declares and indexes methods that belong to a type itself.
    pub(super) fn inherent_methods(
        &mut self,
        ast: &ast::Ast,
        methods: &[ast::ItemId],
        scope: &TyScope,
        generics: &Generics,
        owner: Owner,
        ty_name: Symbol,
    ) -> Vec<FnId> {
        self.check_distinct(
            "method",
            method_items(ast, methods).filter_map(|(_, f)| ast.fns[f].name),
        );
        let head =
            Head::of(scope.self_ty.expect("methods stand in a type")).expect("it has a shape");
        let mut made = Vec::new();
        for (item, f) in method_items(ast, methods) {
            let attrs = self.read_attrs(scope.module, ast, item);
            let id = self.new_fn(scope.module, ast, item, f, &attrs, owner);
            let name = self.items.fns[id].name;
            self.items.fns[id].trace_name = join_names(ty_name, name);
            let left = self.left_out(scope.module);
            self.fn_signature(id, ast, f, scope, generics, left);
            self.inherent.entry((head, name)).or_default().push(id);
            self.inherent_names.entry(head).or_default().push(name);
            made.push(id);
        }
        made
    }

    // -- Functions ---------------------------------------------------------------------------

    fn fn_item(&mut self, id: FnId, ast: &ast::Ast, kind: &ast::ItemKind) {
        let scope = TyScope::new(self.items.fns[id].module);
        match kind {
            ast::ItemKind::Fn(f) => {
                let left = self.left_out(scope.module);
                self.fn_signature(id, ast, *f, &scope, &Generics::default(), left);
            }
            ast::ItemKind::Let(decl) => {
                let left = self.left_out(scope.module);
                if let Some(f) = lambda_of(ast, decl) {
                    self.fn_signature(id, ast, f, &scope, &Generics::default(), left);
                }
            }
            ast::ItemKind::ExternFn(decl) => {
                self.fn_signature(id, ast, decl.func, &scope, &Generics::default(), Left::Nil);
                self.check_extern(id, ast, decl);
            }
            _ => {}
        }
    }

    fn check_extern(&mut self, id: FnId, ast: &ast::Ast, decl: &ast::ExternFn) {
        let plain = |ty: Ty| {
            use TyKind::{Bool, Error, Float, Int, Nil};
            matches!(ty.kind(), Int(_) | Float(_) | Bool | Nil | Error)
        };
        let def = &self.items.fns[id];
        let bad = !plain(def.ret) || def.params.iter().any(|param| !plain(param.ty));
        if bad || !def.generics.params.is_empty() {
            let span = ast.fns[decl.func].signature;
            self.error(
                codes::BAD_EXTERN,
                span,
                "a C function takes and gives numbers, `bool` and `nil` only",
            );
        }
    }

    /// What a left-out type means in a module: the library writes every type that is not `nil`.
    pub(super) fn left_out(&self, module: ModuleId) -> Left {
        if self.items.modules[module].is_std { Left::Nil } else { Left::Inferred }
    }

    /// Reads a signature. `outer` are the type parameters around the function.
    pub(super) fn fn_signature(
        &mut self,
        id: FnId,
        ast: &ast::Ast,
        f: ast::FnId,
        outer_scope: &TyScope,
        outer: &Generics,
        left: Left,
    ) {
        let node = &ast.fns[f];
        self.check_parameters(&node.params);
        let (scope, generics) = self.own_generics(ast, &node.generics, outer_scope, outer);
        let (self_kind, mut params) = self.self_param(node, &scope);
        let mut missing = false;
        for param in &node.params {
            missing |= param.ty.is_none();
            params.push(self.param(id, ast, param, &scope, &generics, left));
        }
        let ret = node.ret.map(|ty| self.lower_type(&scope, ast, ty));
        let ret = ret.map(|ty| self.call_result(node.flavour, ty));
        let mailbox = node.mailbox.map(|ty| self.lower_type(&scope, ast, ty));
        missing |= ret.is_none();
        // What a function receives is found out with its types.
        let open_mailbox = mailbox.is_none() && self.receives.contains(&ast.file);
        if (missing || open_mailbox) && left == Left::Inferred && node.body != ast::FnBody::None {
            self.uninferred.insert(id);
        }
        let ret = ret.unwrap_or_else(|| match left {
            Left::Nil => self.call_result(node.flavour, Ty::nil()),
            Left::Inferred => Ty::error(),
        });
        let def = &mut self.items.fns[id];
        (def.generics, def.params, def.self_param) = (generics, params, self_kind);
        (def.ret, def.mailbox) = (ret, mailbox);
    }

    /// The type parameters of a function or actor, behind those around it.
    fn own_generics(
        &mut self,
        ast: &ast::Ast,
        params: &[ast::GenericParam],
        outer_scope: &TyScope,
        outer: &Generics,
    ) -> (TyScope, Generics) {
        self.check_distinct("type parameter", params.iter().map(|param| param.name));
        let (mut scope, mut generics) = (outer_scope.clone(), outer.clone());
        for param in params {
            let ty = Ty::param(generics.params.len() as u32, param.name.name);
            scope.params.push((param.name.name, ty));
            generics.params.push(GenericParam { name: param.name.name, span: param.name.span });
        }
        self.read_bounds(&scope, ast, params, &mut generics.bounds);
        (scope, generics)
    }

    fn self_param(&mut self, node: &ast::Fn, scope: &TyScope) -> (SelfKind, Vec<ParamDef>) {
        let Some(param) = node.self_param else { return (SelfKind::None, Vec::new()) };
        let Some(ty) = scope.self_ty else {
            self.error(codes::MISPLACED, param.span, "only methods have `self`");
            return (SelfKind::None, Vec::new());
        };
        let kind = if param.mutable { SelfKind::InOut } else { SelfKind::Value };
        (kind, vec![ParamDef { name: Symbol::intern("self"), span: param.span, ty, default: None }])
    }

    fn param(
        &mut self,
        id: FnId,
        ast: &ast::Ast,
        param: &ast::Param,
        scope: &TyScope,
        generics: &Generics,
        left: Left,
    ) -> ParamDef {
        let ty = param.ty.map(|ty| self.lower_type(scope, ast, ty));
        if ty.is_none() && left == Left::Nil {
            let message = format!("the parameter `{}` needs a type here", param.name.name);
            self.error(codes::CANNOT_INFER, param.span, message);
        }
        let owner = self.items.fns[id].owner;
        let default = param.default.map(|value| {
            let init = self.bare_fn(
                param.name.name,
                scope.module,
                param.span,
                FnKind::Default(value),
                owner,
            );
            self.items.fns[init].generics = generics.clone();
            self.items.fns[init].trace_name = self.items.fns[id].name;
            match ty {
                Some(ty) => self.items.fns[init].ret = ty,
                None => {
                    self.uninferred.insert(init);
                    if let Some(shape) = self.open_shape(scope.module, ast, value) {
                        self.late_defaults.insert(init, LateDefault { owner: id, shape });
                    }
                }
            }
            init
        });
        ParamDef {
            name: param.name.name,
            span: param.name.span,
            ty: ty.unwrap_or(Ty::error()),
            default,
        }
    }

    /// What a default says of its type, if only its parameter's uses can tell the rest.
    fn open_shape(&self, module: ModuleId, ast: &ast::Ast, value: ast::ExprId) -> Option<AdtId> {
        match &ast.exprs[value].kind {
            ast::ExprKind::List(elems) if elems.is_empty() => self.lang.ty(LangTy::List),
            ast::ExprKind::Dict(entries) if entries.is_empty() => self.lang.ty(LangTy::Dict),
            // A variant such as `None`.
            ast::ExprKind::Name(name) => match self.lookup_variants(module, *name) {
                [(adt, _)] if !self.items.adts[*adt].generics.params.is_empty() => Some(*adt),
                _ => None,
            },
            _ => None,
        }
    }

    /// What a call gives when the function's own result is `ty`.
    pub(crate) fn call_result(&self, flavour: ast::FnFlavour, ty: Ty) -> Ty {
        match flavour {
            ast::FnFlavour::Plain => ty,
            ast::FnFlavour::Generator => self.lang_ty(LangTy::Gen, [ty]),
            ast::FnFlavour::Async => self.lang_ty(LangTy::Future, [ty]),
        }
    }

    // -- Constants and actors ----------------------------------------------------------------

    fn const_header(&mut self, id: ConstId, ast: &ast::Ast, decl: &ast::Let) {
        let (module, init) = (self.items.consts[id].module, self.items.consts[id].init);
        match decl.ty {
            Some(ty) => {
                let ty = self.lower_type(&TyScope::new(module), ast, ty);
                self.items.consts[id].ty = ty;
                self.items.fns[init].ret = ty;
            }
            None => {
                self.uninferred.insert(init);
            }
        }
        if let Some(body) = decl.else_body {
            let span = ast.blocks[body].span;
            self.error(codes::MISPLACED, span, "a module's `let` has no `else`");
            // Nothing is said of what the pattern leaves to it.
            self.items.consts[id].ty = Ty::error();
            self.items.fns[init].ret = Ty::error();
            self.uninferred.remove(&init);
        }
    }

    /// The type of a constant; found from its value where it was left out.
    pub(crate) fn const_type(&mut self, id: ConstId) -> Ty {
        let init = self.items.consts[id].init;
        if self.uninferred.contains(&init) {
            self.items.consts[id].ty = self.inferred_constant(init);
        } else if self.items.consts[id].ty.is_error() {
            self.items.consts[id].ty = self.items.fns[init].ret;
        }
        self.items.consts[id].ty
    }

    fn actor_header(&mut self, id: ActorId, ast: &ast::Ast, decl: &ast::ActorDecl) {
        self.check_parameters(&decl.params);
        let (module, body) = (self.items.actors[id].module, self.items.actors[id].body);
        let (scope, generics) =
            self.own_generics(ast, &decl.generics, &TyScope::new(module), &Generics::default());
        let left = self.left_out(module);
        let params = decl.params.iter();
        let params: Vec<ParamDef> =
            params.map(|p| self.param(body, ast, p, &scope, &generics, left)).collect();
        self.items.fns[body].params = params;
        self.items.fns[body].generics = generics;
        if left == Left::Inferred && decl.params.iter().any(|param| param.ty.is_none()) {
            self.uninferred.insert(body);
        }
        match decl.mailbox {
            Some(ty) => {
                let ty = self.lower_type(&scope, ast, ty);
                self.items.fns[body].mailbox = Some(ty);
                self.items.actors[id].mailbox = ty;
            }
            None => {
                self.uninferred.insert(body);
            }
        }
    }
}

/// What a type that was left out means.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// A result is `nil`; parameters must be written.
    Nil,
    Inferred,
}

fn adt_generics(kind: &ast::ItemKind) -> &[ast::GenericParam] {
    match kind {
        ast::ItemKind::Struct(decl) => &decl.generics,
        ast::ItemKind::Class(decl) => &decl.generics,
        ast::ItemKind::Enum(decl) => &decl.generics,
        _ => &[],
    }
}

/// `Point.origin`
pub(super) fn join_names(ty: Symbol, method: Symbol) -> Symbol {
    Symbol::intern(&format!("{ty}.{method}"))
}
