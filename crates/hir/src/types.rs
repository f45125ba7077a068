//! Written types to types.

use crate::infer::VarKind;
use crate::ir::*;
use crate::lang::LangTy;
use crate::program::Program;
use crate::scope::{AliasId, AliasState, TypeDef, builtin_type, near};
use crate::ty::{Ty, TyKind};
use sepal_base::{Diagnostic, Span, Symbol, codes};
use sepal_syntax::ast;
use std::rc::Rc;

/// What a written type may speak of.
#[derive(Clone)]
pub(crate) struct TyScope {
    pub(crate) module: ModuleId,
    /// Type parameters, the innermost last.
    pub(crate) params: Vec<(Symbol, Ty)>,
    pub(crate) self_ty: Option<Ty>,
    /// Whether `_` and left-out arguments may be inferred.
    pub(crate) infer: bool,
}

impl TyScope {
    pub(crate) fn new(module: ModuleId) -> TyScope {
        TyScope { module, params: Vec::new(), self_ty: None, infer: false }
    }

    /// The scope inside a declaration with these type parameters.
    pub(crate) fn of_generics(module: ModuleId, generics: &Generics) -> TyScope {
        let params = generics.params.iter().enumerate();
        let params =
            params.map(|(i, param)| (param.name, Ty::param(i as u32, param.name))).collect();
        TyScope { module, params, self_ty: None, infer: false }
    }
}

impl Program {
    /// The type that is written; reports what is wrong with it and then gives the error type.
    pub(crate) fn lower_type(&mut self, scope: &TyScope, ast: &ast::Ast, id: ast::TypeId) -> Ty {
        let node = &ast.types[id];
        match &node.kind {
            ast::TypeKind::Error => Ty::error(),
            ast::TypeKind::Nil => Ty::nil(),
            ast::TypeKind::SelfType => self.lower_self_type(scope, node.span),
            ast::TypeKind::Infer => self.lower_infer_type(scope, node.span),
            ast::TypeKind::Path { path, args } => {
                self.lower_path_type(scope, ast, path, args, node.span)
            }
            ast::TypeKind::List(elem) => {
                let elem = self.lower_type(scope, ast, *elem);
                self.lang_ty(LangTy::List, [elem])
            }
            ast::TypeKind::Dict { key, value } => {
                let key = self.lower_key_type(scope, ast, *key);
                let value = self.lower_type(scope, ast, *value);
                self.lang_ty(LangTy::Dict, [key, value])
            }
            ast::TypeKind::Set(elem) => {
                let elem = self.lower_key_type(scope, ast, *elem);
                self.lang_ty(LangTy::Set, [elem])
            }
            ast::TypeKind::Option(inner) => {
                let inner = self.lower_type(scope, ast, *inner);
                self.lang_ty(LangTy::Option, [inner])
            }
            ast::TypeKind::Tuple(elems) => {
                let elems: Vec<Ty> =
                    elems.iter().map(|e| self.lower_type(scope, ast, *e)).collect();
                Ty::tuple(elems)
            }
            ast::TypeKind::Fn { params, ret, mailbox } => {
                let params: Vec<Ty> =
                    params.iter().map(|p| self.lower_type(scope, ast, *p)).collect();
                let ret = ret.map_or(Ty::nil(), |r| self.lower_type(scope, ast, r));
                let mailbox = mailbox.map(|m| self.lower_type(scope, ast, m));
                Ty::function(params, ret, mailbox)
            }
            ast::TypeKind::Dyn(inner) => match self.lower_trait_ref(scope, ast, *inner, None) {
                Some(found) => Ty::dyn_trait(found.id, found.args),
                None => Ty::error(),
            },
        }
    }

    /// A type of the standard library with these arguments.
    pub(crate) fn lang_ty<const N: usize>(&self, item: LangTy, args: [Ty; N]) -> Ty {
        match self.lang.ty(item) {
            Some(id) => Ty::adt(id, args),
            // Without a standard library nothing can be said; `load_root` has reported it.
            None => Ty::error(),
        }
    }

    /// The arguments of a type, if it is this one of the standard library.
    pub(crate) fn as_lang(&self, ty: Ty, item: LangTy) -> Option<&'static [Ty]> {
        let (id, args) = ty.as_adt()?;
        self.lang.is_ty(id, item).then_some(args)
    }

    fn lower_self_type(&mut self, scope: &TyScope, span: Span) -> Ty {
        if let Some(ty) = scope.self_ty {
            return ty;
        }
        self.error(codes::UNKNOWN_TYPE, span, "`Self` is only known in types, traits and impls");
        Ty::error()
    }

    fn lower_infer_type(&mut self, scope: &TyScope, span: Span) -> Ty {
        if scope.infer {
            return self.infer.fresh(VarKind::General, span);
        }
        self.error(codes::CANNOT_INFER, span, "the type must be written here");
        Ty::error()
    }

    fn lower_path_type(
        &mut self,
        scope: &TyScope,
        ast: &ast::Ast,
        path: &[ast::Ident],
        args: &[ast::TypeId],
        span: Span,
    ) -> Ty {
        if let [name] = path
            && let Some(ty) = self.lower_simple_name(scope, name.name)
        {
            if !args.is_empty() {
                let message = format!("`{}` has no type parameters", name.name);
                self.error(codes::TYPE_ARGUMENTS, span, message);
            }
            return ty;
        }
        let args: Vec<Ty> = args.iter().map(|arg| self.lower_type(scope, ast, *arg)).collect();
        if let [name] = path
            && name.name.as_str() == "Array"
            && self.items.modules[scope.module].is_std
            && let [elem] = args[..]
        {
            return Ty::array(elem);
        }
        match self.resolve_type_path(scope.module, path) {
            Some(TypeDef::Adt(id)) => self.apply_adt(scope, id, args, span),
            Some(TypeDef::Alias(id)) => self.apply_alias(id, args, span),
            Some(TypeDef::Trait(id)) => {
                let name = self.items.traits[id].name;
                let message = format!("`{name}` is a trait, not a type");
                let diagnostic = Diagnostic::new(codes::UNKNOWN_TYPE, span, message);
                let text = "a value of any type that has it is";
                self.report(diagnostic.suggest(
                    span,
                    format!("dyn {name}"),
                    format!("{text} `dyn {name}`"),
                ));
                Ty::error()
            }
            None => {
                self.report_unknown_type(scope, path, span);
                Ty::error()
            }
        }
    }

    /// A type parameter or built-in type.
    fn lower_simple_name(&self, scope: &TyScope, name: Symbol) -> Option<Ty> {
        let param = scope.params.iter().rev().find(|(param, _)| *param == name).map(|(_, ty)| *ty);
        param.or_else(|| builtin_type(name))
    }

    /// The declaration that a path names from inside a module.
    pub(crate) fn resolve_type_path(
        &mut self,
        module: ModuleId,
        path: &[ast::Ident],
    ) -> Option<TypeDef> {
        let (last, before) = path.split_last()?;
        if before.is_empty() {
            return self.lookup_type(module, last.name);
        }
        let target = self.resolve_module_path(module, before)?;
        let entry = *self.scopes[target].types.get(&last.name)?;
        if !entry.public && target != module {
            self.report_private(*last, target, Some(entry.span));
        }
        Some(entry.def)
    }

    fn lower_key_type(&mut self, scope: &TyScope, ast: &ast::Ast, id: ast::TypeId) -> Ty {
        let key = self.lower_type(scope, ast, id);
        self.note_written_key(key, ast.types[id].span);
        key
    }

    /// The module that a path names: an imported one, or one of `std`.
    pub(crate) fn resolve_module_path(
        &mut self,
        module: ModuleId,
        path: &[ast::Ident],
    ) -> Option<ModuleId> {
        if let [name] = path
            && let Some(found) = self.lookup_module(module, name.name)
        {
            return Some(found);
        }
        if path.first()?.name.as_str() != "std" {
            return None;
        }
        self.std_module(crate::load::join(path))
    }

    fn report_unknown_type(&mut self, scope: &TyScope, path: &[ast::Ident], span: Span) {
        let text = crate::load::join(path);
        let mut diagnostic =
            Diagnostic::new(codes::UNKNOWN_TYPE, span, format!("there is no type `{text}` here"));
        if path.first().is_some_and(|first| self.is_broken(scope.module, first.name)) {
            return;
        }
        if let [name] = path {
            let params = scope.params.iter().map(|(name, _)| name.as_str());
            if let Some(own) = sepal_syntax::foreign_type(name.name.as_str()) {
                diagnostic = diagnostic.help(format!("it is written `{own}` here"));
            } else if let Some(import) = self.missing_import(name.name) {
                diagnostic = diagnostic.help(import);
            } else if let Some(near) =
                near(name.name, self.type_names(scope.module).into_iter().chain(params))
            {
                diagnostic = diagnostic.did_you_mean(span, near);
            }
        }
        self.report(diagnostic);
    }

    pub(crate) fn apply_adt(
        &mut self,
        scope: &TyScope,
        id: AdtId,
        mut args: Vec<Ty>,
        span: Span,
    ) -> Ty {
        let wanted = self.items.adts[id].generics.params.len();
        if args.is_empty() && wanted > 0 {
            if self.lang.is_ty(id, LangTy::Pid) && !scope.infer {
                return self.lang_ty(LangTy::AnyPid, []);
            }
            if self.lang.is_ty(id, LangTy::Pid) {
                return self.lang_ty(LangTy::AnyPid, []);
            }
            if scope.infer {
                args = (0..wanted).map(|_| self.infer.fresh(VarKind::General, span)).collect();
            }
        }
        if args.len() != wanted {
            let name = self.items.adts[id].name;
            self.report_type_arguments(
                name,
                wanted,
                args.len(),
                span,
                Some(self.items.adts[id].span),
            );
            return Ty::error();
        }
        Ty::adt(id, args)
    }

    fn report_type_arguments(
        &mut self,
        name: Symbol,
        wanted: usize,
        found: usize,
        span: Span,
        at: Option<Span>,
    ) {
        let message = format!("`{name}` takes {}, not {found}", count(wanted, "type argument"));
        let mut diagnostic = Diagnostic::new(codes::TYPE_ARGUMENTS, span, message);
        if let Some(at) = at {
            diagnostic = diagnostic.secondary(at, "declared here");
        }
        self.report(diagnostic);
    }

    pub(crate) fn apply_alias(&mut self, id: AliasId, args: Vec<Ty>, span: Span) -> Ty {
        let ty = self.alias_type(id);
        let (name, wanted) = (self.aliases[id].name, self.aliases[id].generics.len());
        if args.len() != wanted {
            self.report_type_arguments(name, wanted, args.len(), span, Some(self.aliases[id].span));
            return Ty::error();
        }
        ty.subst(&args)
    }

    /// What an alias stands for, in terms of its own parameters.
    pub(crate) fn alias_type(&mut self, id: AliasId) -> Ty {
        match self.aliases[id].state {
            AliasState::Known(ty) => return ty,
            AliasState::InProgress => {
                let (name, span) = (self.aliases[id].name, self.aliases[id].span);
                let message = format!("the alias `{name}` stands for itself");
                self.error(codes::CYCLIC_DEFINITION, span, message);
                self.aliases[id].state = AliasState::Known(Ty::error());
                return Ty::error();
            }
            AliasState::Unknown => {}
        }
        self.aliases[id].state = AliasState::InProgress;
        let alias = &self.aliases[id];
        let params = alias.generics.iter().enumerate();
        let params = params.map(|(i, name)| (*name, Ty::param(i as u32, *name))).collect();
        let scope = TyScope { params, ..TyScope::new(alias.module) };
        let (module, written) = (alias.module, alias.ty);
        let ast = Rc::clone(&self.items.modules[module].ast);
        let ty = self.lower_type(&scope, &ast, written);
        self.aliases[id].state = AliasState::Known(ty);
        ty
    }

    /// A written trait with arguments. Left-out arguments are `default`, where there is one.
    pub(crate) fn lower_trait_ref(
        &mut self,
        scope: &TyScope,
        ast: &ast::Ast,
        id: ast::TypeId,
        default: Option<Ty>,
    ) -> Option<TraitRef> {
        let node = &ast.types[id];
        let ast::TypeKind::Path { path, args } = &node.kind else {
            if !matches!(node.kind, ast::TypeKind::Error) {
                self.error(codes::UNKNOWN_TYPE, node.span, "a trait was expected here");
            }
            return None;
        };
        let Some(TypeDef::Trait(trait_id)) = self.resolve_type_path(scope.module, path) else {
            self.report_not_a_trait(scope, path, node.span);
            return None;
        };
        let mut args: Vec<Ty> = args.iter().map(|arg| self.lower_type(scope, ast, *arg)).collect();
        let wanted = self.items.traits[trait_id].generics.params.len() - 1;
        if let Some(default) = default {
            while args.len() < wanted {
                args.push(default);
            }
        }
        if args.len() != wanted {
            let name = self.items.traits[trait_id].name;
            let at = self.items.traits[trait_id].span;
            self.report_type_arguments(name, wanted, args.len(), node.span, Some(at));
            return None;
        }
        Some(TraitRef { id: trait_id, args: args.into() })
    }

    fn report_not_a_trait(&mut self, scope: &TyScope, path: &[ast::Ident], span: Span) {
        let text = crate::load::join(path);
        let mut diagnostic =
            Diagnostic::new(codes::UNKNOWN_TYPE, span, format!("there is no trait `{text}` here"));
        if let [name] = path {
            let names = self.type_names(scope.module);
            if let Some(near) = near(name.name, names) {
                diagnostic = diagnostic.did_you_mean(span, near);
            }
        }
        self.report(diagnostic);
    }

    /// Whether the value of a type is a reference, so that changing it needs no place.
    pub fn is_reference(&self, ty: Ty) -> bool {
        match ty.kind() {
            TyKind::Adt(id, _) => self.items.adts[*id].kind == AdtKind::Class,
            TyKind::Str | TyKind::Bytes | TyKind::Array(_) | TyKind::Fn(_) | TyKind::Error => true,
            TyKind::Int(_)
            | TyKind::Float(_)
            | TyKind::Bool
            | TyKind::Char
            | TyKind::Symbol
            | TyKind::Nil
            | TyKind::Never
            | TyKind::Any
            | TyKind::Tuple(_)
            | TyKind::Dyn(..)
            | TyKind::Param { .. }
            | TyKind::Var(_) => false,
        }
    }
}

/// `1 argument`, `2 arguments`.
pub(crate) fn count(n: usize, noun: &str) -> String {
    match n {
        0 => format!("no {noun}s"),
        1 => format!("1 {noun}"),
        _ => format!("{n} {noun}s"),
    }
}

/// A type's name in a sentence: ``an `int` ``.
pub(crate) fn a(name: &str) -> String {
    let article = if name.starts_with(['a', 'e', 'i', 'o', 'u', 'A', 'E', 'I', 'O', 'U']) {
        "an"
    } else {
        "a"
    };
    format!("{article} `{name}`")
}
