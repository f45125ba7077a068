//! Names in expressions: locals, declarations, variants, and paths of names with dots.

use super::BodyCx;
use crate::ir::*;
use crate::scope::{Head, TypeDef, ValueDef, builtin_type, near};
use crate::ty::Ty;
use sepal_base::{Diagnostic, Span, Symbol, codes};
use sepal_syntax::ast;

/// What a path stands for, other than a value that is computed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Path {
    Module(ModuleId),
    /// `std` or a part of a path below it that is no module itself.
    StdPrefix(Symbol),
    Adt(AdtId),
    /// A built-in type, type parameter or alias.
    Type(Ty),
    Trait(TraitId),
    Value(ValueDef),
    Variant(AdtId, VariantIdx),
    Builtin(Builtin),
}

/// Functions that take any number of arguments of any type or never come back: no declaration
/// could say so.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Builtin {
    Print,
    Eprint,
    Panic,
}

const BUILTINS: [(&str, Builtin); 3] =
    [("print", Builtin::Print), ("eprint", Builtin::Eprint), ("panic", Builtin::Panic)];

fn builtin(name: Symbol) -> Option<Builtin> {
    BUILTINS.iter().find(|(text, _)| *text == name.as_str()).map(|(_, builtin)| *builtin)
}

impl BodyCx<'_> {
    /// What an expression stands for, if it is a path and not a value.
    pub(super) fn path_of(&mut self, id: ast::ExprId, hint: Option<Ty>) -> Option<Path> {
        match &self.ast.exprs[id].kind {
            ast::ExprKind::Name(name) => self.path_of_name(*name, hint, self.ast.exprs[id].span),
            ast::ExprKind::Field { base, name } => {
                let base = self.base_path(*base, *name)?;
                self.path_member(base, *name, hint)
            }
            _ => None,
        }
    }

    /// What an expression stands for before `.member`. A name can be that of a function or variant
    /// and that of a type: it is the type if that has the member.
    pub(super) fn base_path(&mut self, id: ast::ExprId, member: ast::Ident) -> Option<Path> {
        let path = self.path_of(id, None)?;
        if !matches!(path, Path::Variant(..) | Path::Value(ValueDef::Fn(_) | ValueDef::Actor(_))) {
            return Some(path);
        }
        let ast = self.ast;
        let def = match &ast.exprs[id].kind {
            ast::ExprKind::Name(name) => self.prog.lookup_type(self.module, *name),
            ast::ExprKind::Field { base, name } => match self.path_of(*base, None) {
                Some(Path::Module(module)) => {
                    let entry = self.prog.scopes[module].types.get(&name.name);
                    entry.filter(|entry| entry.public).map(|entry| entry.def)
                }
                _ => None,
            },
            _ => None,
        };
        let named = def.and_then(|def| self.type_path(def, ast.exprs[id].span));
        Some(named.filter(|path| self.has_static(*path, member.name)).unwrap_or(path))
    }

    /// Whether `Type.name` is a variant or a function of the type.
    fn has_static(&self, path: Path, name: Symbol) -> bool {
        let ty = match path {
            Path::Adt(adt) => Ty::adt(adt, []),
            Path::Type(ty) => ty,
            Path::Trait(id) => return self.method_of_trait(id, name).is_some(),
            Path::Module(_)
            | Path::StdPrefix(_)
            | Path::Value(_)
            | Path::Variant(..)
            | Path::Builtin(_) => return false,
        };
        ty.as_adt().is_some_and(|(adt, _)| self.prog.variant_of(adt, name).is_some())
            || Head::of(ty).is_some_and(|head| self.prog.inherent.contains_key(&(head, name)))
    }

    pub(super) fn path_of_name(
        &mut self,
        name: Symbol,
        hint: Option<Ty>,
        span: Span,
    ) -> Option<Path> {
        if self.scope.contains_key(&name) {
            return None;
        }
        let value = self.prog.lookup_value(self.module, name);
        // An actor's name says something behind `spawn` only, which does not ask here.
        if let Some(def) = value.filter(|def| !matches!(def, ValueDef::Actor(_))) {
            return Some(Path::Value(def));
        }
        if let Some((adt, variant)) = self.pick_variant(name, hint) {
            return Some(Path::Variant(adt, variant));
        }
        if let Some(actor) = value {
            return Some(Path::Value(actor));
        }
        if let Some((_, ty)) = self.tys.params.iter().rev().find(|(param, _)| *param == name) {
            return Some(Path::Type(*ty));
        }
        if let Some(ty) = builtin_type(name) {
            return Some(Path::Type(ty));
        }
        if let Some(def) = self.prog.lookup_type(self.module, name) {
            return self.type_path(def, span);
        }
        if let Some(module) = self.prog.lookup_module(self.module, name) {
            return Some(Path::Module(module));
        }
        if let Some(builtin) = builtin(name) {
            return Some(Path::Builtin(builtin));
        }
        match (name.as_str(), self.tys.self_ty) {
            ("Self", Some(ty)) => Some(ty.as_adt().map_or(Path::Type(ty), |(id, _)| Path::Adt(id))),
            ("std", _) => Some(Path::StdPrefix(name)),
            _ => None,
        }
    }

    fn type_path(&mut self, def: TypeDef, span: Span) -> Option<Path> {
        match def {
            TypeDef::Adt(id) => Some(Path::Adt(id)),
            TypeDef::Alias(id) => {
                let arity = self.prog.aliases[id].generics.len();
                let args = (0..arity).map(|_| self.fresh(span)).collect();
                Some(Path::Type(self.prog.apply_alias(id, args, span)))
            }
            TypeDef::Trait(id) => Some(Path::Trait(id)),
        }
    }

    /// The variant that a bare name means: one of the expected type, else the only one in scope.
    pub(super) fn pick_variant(
        &mut self,
        name: Symbol,
        hint: Option<Ty>,
    ) -> Option<(AdtId, VariantIdx)> {
        if let Some(adt) = self.hinted_adt(hint)
            && let Some(variant) = self.prog.variant_of(adt, name)
        {
            return Some((adt, variant));
        }
        // A variant has a longer name, too; a struct or class of its name does not.
        if self.prog.lookup_type(self.module, name).is_some_and(|def| self.prog.is_built(def)) {
            return None;
        }
        let found = self.prog.lookup_variants(self.module, name);
        // Of several the first stands for them; `name_expr` reports that they are several.
        found.first().copied()
    }

    /// The type that is expected, or that the expected function builds.
    fn hinted_adt(&self, hint: Option<Ty>) -> Option<AdtId> {
        let hint = self.shallow(hint?);
        let built = hint.as_fn().map_or(hint, |f| self.shallow(f.ret));
        built.as_adt().map(|(id, _)| id)
    }

    fn path_member(&mut self, base: Path, name: ast::Ident, hint: Option<Ty>) -> Option<Path> {
        match base {
            Path::Module(module) => self.module_member(module, name, hint),
            Path::StdPrefix(prefix) => {
                let path = Symbol::intern(&format!("{prefix}.{}", name.name));
                match self.prog.std_module(path) {
                    Some(module) => Some(Path::Module(module)),
                    None => Some(Path::StdPrefix(path)),
                }
            }
            Path::Adt(adt) => self.prog.variant_of(adt, name.name).map(|v| Path::Variant(adt, v)),
            Path::Type(ty) => {
                let (adt, _) = ty.as_adt()?;
                self.prog.variant_of(adt, name.name).map(|v| Path::Variant(adt, v))
            }
            Path::Trait(_) | Path::Value(_) | Path::Variant(..) | Path::Builtin(_) => None,
        }
    }

    /// What a module exports under a name.
    pub(super) fn module_member(
        &mut self,
        module: ModuleId,
        name: ast::Ident,
        hint: Option<Ty>,
    ) -> Option<Path> {
        let hinted = self.hinted_adt(hint);
        let scope = &self.prog.scopes[module];
        let foreign = module != self.module;
        if let Some(entry) =
            scope.values.get(&name.name).copied().filter(|entry| !entry.imported || entry.public)
        {
            if foreign && !entry.public {
                self.prog.report_private(name, module, Some(entry.span));
            }
            return Some(Path::Value(entry.def));
        }
        let is_variant = scope.variants.contains_key(&name.name);
        if let Some(entry) = scope.types.get(&name.name).copied().filter(|entry| {
            let stands_aside = is_variant && !self.prog.is_built(entry.def);
            (!entry.imported || entry.public) && !stands_aside
        }) {
            if foreign && !entry.public {
                self.prog.report_private(name, module, Some(entry.span));
            }
            return self.type_path(entry.def, name.span);
        }
        if let Some(found) = scope.variants.get(&name.name) {
            let of_hint = found.iter().find(|(adt, _)| Some(*adt) == hinted);
            let (adt, variant) = *of_hint.or_else(|| found.first())?;
            return Some(Path::Variant(adt, variant));
        }
        let path =
            Symbol::intern(&format!("{}.{}", self.prog.items.modules[module].path, name.name));
        let std = self.prog.items.modules[module].is_std;
        let below = if std { self.prog.std_module(path) } else { None };
        below.map(Path::Module)
    }

    /// Reports a path whose last name is not there, if its base is a module or type.
    pub(super) fn report_missing_member(&mut self, base: Path, name: ast::Ident) -> bool {
        let (what, names): (String, Vec<&'static str>) = match base {
            Path::Module(module) => {
                let scope = &self.prog.scopes[module];
                let names = scope.values.keys().chain(scope.types.keys()).map(|name| name.as_str());
                (format!("the module `{}`", self.prog.items.modules[module].path), names.collect())
            }
            Path::StdPrefix(path) => {
                let message = format!("there is no module `{path}`");
                self.error(codes::UNKNOWN_MODULE, name.span, message);
                return true;
            }
            Path::Adt(adt) => {
                let def = &self.prog.items.adts[adt];
                let variants = def.variants.iter().map(|variant| variant.name.as_str());
                let methods = def.methods.iter().map(|m| self.prog.items.fns[*m].name.as_str());
                (format!("the type `{}`", def.name), variants.chain(methods).collect())
            }
            Path::Type(ty) if ty.is_error() => return true,
            Path::Type(ty) => {
                let names =
                    crate::scope::Head::of(ty).and_then(|head| self.prog.inherent_names.get(&head));
                let names = names.map(|names| names.iter().map(|name| name.as_str()).collect());
                (format!("the type `{}`", self.name_of(ty)), names.unwrap_or_default())
            }
            Path::Trait(id) if self.method_of_trait(id, name.name).is_some() => {
                let of = self.prog.items.traits[id].name;
                let message =
                    format!("a method of a trait is no value: call it, `{of}.{}(…)`", name.name);
                self.error(codes::NOT_CALLABLE, name.span, message);
                return true;
            }
            Path::Trait(id) => {
                let def = &self.prog.items.traits[id];
                let names = def.methods.iter().map(|m| self.prog.items.fns[*m].name.as_str());
                (format!("the trait `{}`", def.name), names.collect())
            }
            Path::Value(_) | Path::Variant(..) | Path::Builtin(_) => return false,
        };
        let message = format!("{what} has no `{}`", name.name);
        let mut diagnostic = Diagnostic::new(codes::UNKNOWN_MEMBER, name.span, message);
        if let Some(near) = near(name.name, names) {
            diagnostic = diagnostic.did_you_mean(name.span, near);
        } else if let Some(advice) = sepal_syntax::foreign_member(name.name.as_str()) {
            diagnostic = diagnostic.help(advice);
        }
        self.report(diagnostic);
        true
    }

    // -- Names as values ---------------------------------------------------------------------

    pub(super) fn name_expr(&mut self, name: Symbol, hint: Option<Ty>, span: Span) -> ExprId {
        if let Some(local) = self.scope.get(&name).copied() {
            self.use_local(local);
            return self.local(local, span);
        }
        match self.path_of_name(name, hint, span) {
            Some(Path::Variant(adt, variant)) => {
                if self.is_ambiguous(name, adt, hint) {
                    return self.report_ambiguous(name, span);
                }
                self.variant_value(adt, variant, hint, span)
            }
            Some(path) => self.path_value(path, hint, span),
            None => self.report_unknown_name(name, span, false),
        }
    }

    /// Whether a bare variant could be one of several enums and nothing says which.
    pub(super) fn is_ambiguous(&mut self, name: Symbol, adt: AdtId, hint: Option<Ty>) -> bool {
        let by_hint = self.hinted_adt(hint) == Some(adt);
        !by_hint && self.prog.lookup_variants(self.module, name).len() > 1
    }

    pub(super) fn report_ambiguous(&mut self, name: Symbol, span: Span) -> ExprId {
        let found = self.prog.lookup_variants(self.module, name).to_vec();
        let enums: Vec<String> = found
            .iter()
            .map(|(adt, _)| format!("`{}.{name}`", self.prog.items.adts[*adt].name))
            .collect();
        let message = format!("`{name}` could be {}", enums.join(" or "));
        let mut diagnostic = Diagnostic::new(codes::AMBIGUOUS_NAME, span, message);
        for (adt, variant) in found {
            diagnostic = diagnostic
                .secondary(self.prog.items.adts[adt].variants[variant].span, "one of them");
        }
        self.report(diagnostic);
        self.error_expr(span)
    }

    /// A path as a value: a function, constant, constructor.
    pub(super) fn path_value(&mut self, path: Path, hint: Option<Ty>, span: Span) -> ExprId {
        match path {
            Path::Value(ValueDef::Fn(id)) => self.fn_value(id, &[], span),
            Path::Value(ValueDef::Const(id)) => {
                let ty = self.prog.const_type(id);
                self.expr(ExprKind::Const(id), ty, span)
            }
            Path::Value(ValueDef::Actor(id)) => {
                let name = self.prog.items.actors[id].name;
                self.wrong(
                    codes::NOT_CALLABLE,
                    span,
                    format!("the actor `{name}` is started by `spawn {name}(…)`"),
                )
            }
            Path::Variant(adt, variant) => self.variant_value(adt, variant, hint, span),
            Path::Adt(adt) if self.prog.items.adts[adt].kind != AdtKind::Enum => {
                self.constructor_value(adt, VariantIdx(0), hint, span)
            }
            Path::Adt(adt) => {
                let name = self.prog.items.adts[adt].name;
                self.wrong(codes::NOT_CALLABLE, span, format!("`{name}` is a type, not a value"))
            }
            Path::Type(ty) if self.is_conversion(ty, hint) => self.conversion_value(ty, span),
            Path::Type(ty) => {
                let name = self.name_of(ty);
                self.wrong(codes::NOT_CALLABLE, span, format!("`{name}` is a type, not a value"))
            }
            Path::Trait(id) => {
                let name = self.prog.items.traits[id].name;
                self.wrong(codes::NOT_CALLABLE, span, format!("`{name}` is a trait, not a value"))
            }
            Path::Module(module) => {
                let name = self.prog.items.modules[module].path;
                self.wrong(codes::NOT_CALLABLE, span, format!("`{name}` is a module, not a value"))
            }
            Path::StdPrefix(path) => {
                self.wrong(codes::UNKNOWN_MODULE, span, format!("there is no module `{path}`"))
            }
            Path::Builtin(builtin) => self.builtin_value(builtin, span),
        }
    }

    /// Whether a type stands where a function is expected, and can be called to convert a value.
    fn is_conversion(&self, ty: Ty, hint: Option<Ty>) -> bool {
        let to = self.shallow(ty);
        hint.is_some_and(|hint| self.shallow(hint).as_fn().is_some())
            && (self.is_number(to) || to == Ty::str() || to == Ty::char())
    }

    /// `int`, `str` and the like as a function of one value.
    fn conversion_value(&mut self, to: Ty, span: Span) -> ExprId {
        let from = self.fresh(span);
        self.synthetic_lambda(&[(Symbol::intern("value"), from)], to, span, |cx, params| {
            let value = cx.local(params[0], span);
            cx.convert(value, to, span)
        })
    }

    /// `print` and the like as a function of one value.
    fn builtin_value(&mut self, builtin: Builtin, span: Span) -> ExprId {
        let name = BUILTINS.iter().find(|(_, b)| *b == builtin).expect("it is in the table").0;
        let ty = if builtin == Builtin::Panic { Ty::str() } else { self.fresh(span) };
        let ret = if builtin == Builtin::Panic { Ty::never() } else { Ty::nil() };
        self.synthetic_lambda(&[(Symbol::intern(name), ty)], ret, span, |cx, params| {
            let arg = cx.local(params[0], span);
            match builtin {
                Builtin::Print | Builtin::Eprint => cx.print_values(builtin, vec![arg], None, span),
                Builtin::Panic => cx.panic_with(PanicKind::Explicit, arg, span),
            }
        })
    }

    pub(super) fn report_unknown_name(
        &mut self,
        name: Symbol,
        span: Span,
        is_assigned: bool,
    ) -> ExprId {
        if self.prog.is_broken(self.module, name) {
            return self.error_expr(span);
        }
        let mut diagnostic =
            Diagnostic::new(codes::UNKNOWN_NAME, span, format!("there is no `{name}` here"));
        if let Some(var) = self.prog.unseen_var(self.module, name) {
            diagnostic = diagnostic
                .secondary(var, "a variable of the statements around, which this does not see")
                .help("give it to the function as a parameter, or declare it in one");
        } else if self.names_member(name) {
            diagnostic = diagnostic.suggest(
                span,
                format!("self.{name}"),
                "methods and fields are named through `self`",
            );
        } else if is_assigned {
            diagnostic =
                diagnostic.suggest(span, format!("var {name}"), "a variable is declared by `var`");
        } else if let Some(advice) = sepal_syntax::foreign_name(name.as_str()) {
            diagnostic = diagnostic.help(advice);
        } else if let Some(import) = self.prog.missing_import(name) {
            diagnostic = diagnostic.help(import);
        } else if let Some(near) = near(name, self.value_names()) {
            diagnostic = diagnostic.did_you_mean(span, near);
        }
        self.report(diagnostic);
        self.error_expr(span)
    }

    /// All names of values that are known here.
    fn value_names(&self) -> impl Iterator<Item = &str> {
        let locals = self.scope.keys().map(|name| name.as_str());
        let builtins = BUILTINS.iter().map(|(name, _)| *name);
        locals.chain(self.prog.value_names(self.module)).chain(builtins)
    }

    /// Whether the type whose method this is has a method or field of the name.
    fn names_member(&self, name: Symbol) -> bool {
        let Some(ty) = self.tys.self_ty else { return false };
        let method = crate::scope::Head::of(ty)
            .is_some_and(|head| self.prog.inherent.contains_key(&(head, name)));
        let field = ty.as_adt().is_some_and(|(adt, _)| {
            let def = &self.prog.items.adts[adt];
            def.kind != AdtKind::Enum
                && def.variants[VariantIdx(0)].fields.iter().any(|field| field.name == Some(name))
        });
        method || field && self.scope.contains_key(&Symbol::intern("self"))
    }

    pub(super) fn self_expr(&mut self, span: Span) -> ExprId {
        match self.scope.get(&Symbol::intern("self")).copied() {
            Some(local) => {
                self.use_local(local);
                self.local(local, span)
            }
            None => {
                let message = "`self` is only known in methods";
                let mut diagnostic = Diagnostic::new(codes::MISPLACED, span, message);
                if self.tys.self_ty.is_some() {
                    diagnostic = diagnostic.help("a method's first parameter is `self`");
                }
                self.report(diagnostic);
                self.error_expr(span)
            }
        }
    }

    /// A function as a value.
    pub(super) fn fn_value(&mut self, id: FnId, explicit: &[Ty], span: Span) -> ExprId {
        let (callee, params, ret) = self.instantiate_with(id, explicit, span);
        let Callee::Fn { args, .. } = &callee else { unreachable!("made by `instantiate_with`") };
        let mailbox = self.prog.items.fns[id].mailbox.map(|ty| ty.subst(args));
        let ty = Ty::function(params, ret, mailbox);
        let value = self.expr(ExprKind::FnRef { callee }, ty, span);
        if self.prog.is_open(id) {
            self.draft.group_calls.push((value, id));
        }
        value
    }
}
