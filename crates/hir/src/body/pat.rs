//! Patterns: names become locals or variants, types are tested against the value's.

use super::BodyCx;
use crate::infer::VarKind;
use crate::ir::*;
use crate::lang::LangTy;
use crate::scope::{TypeDef, builtin_type, near};
use crate::ty::{Ty, TyKind};
use crate::types::a;
use rustc_hash::FxHashMap;
use sepal_base::{Diagnostic, Span, Symbol, codes};
use sepal_syntax::ast;
use std::rc::Rc;

/// The names that the pattern being read binds.
#[derive(Default)]
struct Bindings {
    locals: FxHashMap<Symbol, LocalId>,
    /// In a further alternative of an or-pattern: the names must be those of the first.
    fixed: bool,
    seen: Vec<Symbol>,
    mutable: bool,
}

impl BodyCx<'_> {
    /// Reads a pattern for values of type `ty` and binds its names.
    pub(super) fn bind_pattern(&mut self, id: ast::PatId, ty: Ty) -> PatId {
        self.bind_any_pattern(id, ty, false)
    }

    /// The same for `var`, whose names may be assigned.
    pub(super) fn bind_var_pattern(&mut self, id: ast::PatId, ty: Ty) -> PatId {
        self.bind_any_pattern(id, ty, true)
    }

    fn bind_any_pattern(&mut self, id: ast::PatId, ty: Ty, mutable: bool) -> PatId {
        let mut bindings = Bindings { mutable, ..Bindings::default() };
        let pat = self.pattern(id, ty, &mut bindings);
        let mut locals: Vec<(Symbol, LocalId)> = bindings.locals.into_iter().collect();
        locals.sort_by_key(|(_, local)| *local);
        for (name, local) in locals {
            self.bind(name, local);
        }
        pat
    }

    fn pattern(&mut self, id: ast::PatId, ty: Ty, bindings: &mut Bindings) -> PatId {
        let ast = self.ast;
        let node = &ast.pats[id];
        let span = node.span;
        match &node.kind {
            ast::PatKind::Error => self.pat(PatKind::Error, Ty::error(), span),
            ast::PatKind::Wild => self.pat(PatKind::Wild, ty, span),
            ast::PatKind::Name(name) => self.name_pattern(*name, ty, span, bindings),
            ast::PatKind::Path(path) => self.path_pattern(path, ty, span),
            ast::PatKind::At { name, pat } => {
                let sub = self.pattern(*pat, ty, bindings);
                let local = self.pattern_local(*name, ty, bindings);
                self.pat(PatKind::Bind { local, sub: Some(sub) }, ty, span)
            }
            ast::PatKind::Lit(lit) => self.lit_pattern(lit, ty, span),
            ast::PatKind::Range { lo, hi, inclusive } => {
                self.range_pattern(lo.as_ref(), hi.as_ref(), *inclusive, ty, span)
            }
            ast::PatKind::Tuple(elems) => self.tuple_pattern(elems, ty, span, bindings),
            ast::PatKind::List { before, rest, after } => {
                self.list_pattern(before, rest.as_ref(), after, ty, span, bindings)
            }
            ast::PatKind::Ctor { path, args, rest } => {
                self.ctor_pattern(path, args, *rest, ty, span, bindings)
            }
            ast::PatKind::Type { ty: written, pat } => {
                let tested = self.written_type(*written);
                self.type_test(tested, *pat, ty, span, bindings)
            }
            ast::PatKind::Or(alternatives) => self.or_pattern(alternatives, ty, span, bindings),
        }
    }

    // -- Names -------------------------------------------------------------------------------

    fn pattern_local(&mut self, name: ast::Ident, ty: Ty, bindings: &mut Bindings) -> LocalId {
        bindings.seen.push(name.name);
        if let Some(local) = bindings.locals.get(&name.name).copied() {
            if !bindings.fixed {
                let message = format!("the pattern binds `{}` twice", name.name);
                self.error(codes::DUPLICATE_NAME, name.span, message);
            }
            let before = self.draft.body.locals[local].ty;
            if !self.unify(before, ty) {
                self.report_mismatch(before, ty, name.span);
            }
            return local;
        }
        if bindings.fixed {
            let message = format!("the other alternatives do not bind `{}`", name.name);
            self.error(codes::OR_BINDINGS, name.span, message);
        }
        let local = self.new_local(name.name, ty, bindings.mutable, name.span);
        bindings.locals.insert(name.name, local);
        local
    }

    fn name_pattern(&mut self, name: Symbol, ty: Ty, span: Span, bindings: &mut Bindings) -> PatId {
        let known = self.known(ty);
        let of_type =
            known.as_adt().and_then(|(adt, _)| Some((adt, self.prog.variant_of(adt, name)?)));
        let variant = of_type.or_else(|| {
            let open = self.prog.infer.var_kind(known) == Some(VarKind::General)
                || known.is_any()
                || known.is_error();
            let found = if open { self.prog.lookup_variants(self.module, name) } else { &[] };
            found.first().copied()
        });
        match variant {
            Some((adt, variant)) => {
                self.variant_pattern(adt, variant, &[], None, ty, span, &mut Bindings::default())
            }
            None => {
                self.warn_of_near_variant(known, name, span);
                let local = self.pattern_local(ast::Ident { name, span }, ty, bindings);
                self.pat(PatKind::Bind { local, sub: None }, ty, span)
            }
        }
    }

    /// A misspelled variant, or one of another enum, would fit everything without a word.
    fn warn_of_near_variant(&mut self, known: Ty, name: Symbol, span: Span) {
        let items = &self.prog.items;
        let of_enum = known.as_adt().filter(|(adt, _)| items.adts[*adt].kind == AdtKind::Enum);
        let near = of_enum.and_then(|(adt, _)| {
            // Names in lower case are common for bindings, `case node` beside `Node`.
            let first = name.as_str().chars().next();
            let names = items.adts[adt].variants.iter().map(|variant| variant.name.as_str());
            near(name, names.filter(|variant| variant.chars().next() == first))
        });
        let elsewhere = self.prog.lookup_variants(self.module, name).first();
        let what = match (near, elsewhere) {
            (None, None) => return,
            (_, Some((adt, _))) => format!("is one of `{}`", items.adts[*adt].name),
            (Some(_), None) => "is not one of its variants".to_string(),
        };
        let ty = self.name_of(known);
        let message = format!("this binds every value of type `{ty}`: `{name}` {what}");
        let mut diagnostic = Diagnostic::new(codes::MISSPELLED_VARIANT, span, message);
        if let Some(near) = near {
            diagnostic = diagnostic.did_you_mean(span, near);
        }
        self.report(diagnostic);
    }

    fn path_pattern(&mut self, path: &[ast::Ident], ty: Ty, span: Span) -> PatId {
        let known = self.known(ty);
        match self.variant_path(path, known) {
            Some((adt, variant)) => {
                self.variant_pattern(adt, variant, &[], None, ty, span, &mut Bindings::default())
            }
            None => self.unknown_pattern(path, ty, span),
        }
    }

    /// `Shape.Circle`, `shapes.Shape.Circle` or `shapes.Circle`, for values of type `known`.
    fn variant_path(&mut self, path: &[ast::Ident], known: Ty) -> Option<(AdtId, VariantIdx)> {
        let (last, before) = path.split_last()?;
        let Some(ty) = self.prog.resolve_type_path(self.module, before) else {
            let module = self.prog.resolve_module_path(self.module, before)?;
            let found = self.prog.scopes[module].variants.get(&last.name)?;
            let matched = known.as_adt().map(|(adt, _)| adt);
            let of_type = found.iter().find(|(adt, _)| Some(*adt) == matched);
            return of_type.or_else(|| found.first()).copied();
        };
        let adt = match ty {
            TypeDef::Adt(adt) => adt,
            TypeDef::Alias(id) if self.prog.aliases[id].generics.is_empty() => {
                self.prog.apply_alias(id, Vec::new(), last.span).as_adt()?.0
            }
            TypeDef::Alias(_) | TypeDef::Trait(_) => return None,
        };
        Some((adt, self.prog.variant_of(adt, last.name)?))
    }

    /// Binds the names of patterns that were found wrong, so that nothing is said of them.
    fn bind_wrong(&mut self, pats: impl Iterator<Item = ast::PatId>, bindings: &mut Bindings) {
        for pat in pats {
            self.pattern(pat, Ty::error(), bindings);
        }
    }

    fn unknown_pattern(&mut self, path: &[ast::Ident], ty: Ty, span: Span) -> PatId {
        let text = crate::load::join(path);
        let known = self.shallow(ty);
        let of_enum =
            known.as_adt().filter(|(adt, _)| self.prog.items.adts[*adt].kind == AdtKind::Enum);
        let message = match (of_enum, path.last()) {
            (Some((adt, _)), Some(last)) => {
                format!(
                    "the enum `{}` has no variant `{}`",
                    self.prog.items.adts[adt].name, last.name
                )
            }
            _ => format!("there is no variant or type `{text}` here"),
        };
        let mut diagnostic = Diagnostic::new(codes::UNKNOWN_NAME, span, message);
        if let Some((adt, _)) = of_enum
            && let Some(last) = path.last()
        {
            let names =
                self.prog.items.adts[adt].variants.iter().map(|variant| variant.name.as_str());
            if let Some(near) = near(last.name, names) {
                diagnostic = diagnostic.did_you_mean(last.span, near);
            }
        }
        self.report(diagnostic);
        self.pat(PatKind::Error, Ty::error(), span)
    }

    // -- Literals ----------------------------------------------------------------------------

    fn lit(&mut self, lit: &ast::PatLit) -> (Lit, Ty) {
        match lit {
            ast::PatLit::Int(value) => (Lit::Int(*value), Ty::int()),
            ast::PatLit::Float(value) => (Lit::Float(*value), Ty::float()),
            ast::PatLit::Bool(value) => (Lit::Bool(*value), Ty::bool()),
            ast::PatLit::Nil => (Lit::Nil, Ty::nil()),
            ast::PatLit::Char(value) => (Lit::Char(*value), Ty::char()),
            ast::PatLit::Str(text) => (Lit::Str(Rc::from(&**text)), Ty::str()),
            ast::PatLit::Bytes(bytes) => (Lit::Bytes(Rc::from(&**bytes)), Ty::bytes()),
            ast::PatLit::Symbol(name) => (Lit::Symbol(*name), Ty::symbol()),
        }
    }

    /// The type that a literal has when it is tried on values of type `ty`.
    fn lit_type(&mut self, own: Ty, ty: Ty, span: Span) -> Option<Ty> {
        let known = self.known(ty);
        let takes = match own.kind() {
            TyKind::Int(_) => {
                known.as_int().is_some()
                    || self.prog.infer.var_kind(known) == Some(VarKind::Int)
                    || self.prog.infer.int_params.contains(&known)
            }
            TyKind::Float(_) => {
                known.as_float().is_some()
                    || self.prog.infer.var_kind(known) == Some(VarKind::Float)
            }
            _ => known == own,
        };
        if takes || known.is_error() {
            return Some(known);
        }
        if self.prog.infer.var_kind(known) == Some(VarKind::General) {
            let open = match own.kind() {
                TyKind::Int(_) => self.prog.infer.fresh(VarKind::Int, span),
                TyKind::Float(_) => self.prog.infer.fresh(VarKind::Float, span),
                _ => own,
            };
            self.unify(known, open);
            return Some(open);
        }
        None
    }

    fn lit_pattern(&mut self, lit: &ast::PatLit, ty: Ty, span: Span) -> PatId {
        let (lit, own) = self.lit(lit);
        if self.known(ty).is_any() {
            let sub = self.pat(PatKind::Lit(lit), own, span);
            return self.pat(PatKind::TypeTest { ty: own, sub }, Ty::any(), span);
        }
        match self.lit_type(own, ty, span) {
            Some(ty) => self.pat(PatKind::Lit(lit), ty, span),
            None => self.bad_pattern(ty, own, span),
        }
    }

    fn bad_pattern(&mut self, value: Ty, pattern: Ty, span: Span) -> PatId {
        let (value, pattern) = (self.name_of(value), self.name_of(pattern));
        let message =
            format!("a pattern of type `{pattern}` cannot fit {a_value}", a_value = a(&value));
        self.error(codes::BAD_PATTERN, span, message);
        self.pat(PatKind::Error, Ty::error(), span)
    }

    fn range_pattern(
        &mut self,
        lo: Option<&ast::PatLit>,
        hi: Option<&ast::PatLit>,
        inclusive: bool,
        ty: Ty,
        span: Span,
    ) -> PatId {
        let lo = lo.map(|lit| self.lit(lit));
        let hi = hi.map(|lit| self.lit(lit));
        let own = lo.as_ref().or(hi.as_ref()).map_or(Ty::error(), |(_, ty)| *ty);
        let ordered =
            matches!(own.kind(), TyKind::Int(_) | TyKind::Float(_) | TyKind::Char | TyKind::Error);
        let same = lo.iter().chain(&hi).all(|(_, ty)| *ty == own);
        if !ordered || !same {
            self.error(
                codes::BAD_PATTERN,
                span,
                "the ends of a range pattern are two numbers or two characters",
            );
            return self.pat(PatKind::Error, Ty::error(), span);
        }
        let kind = |ty: Ty, cx: &mut Self| {
            let range = PatKind::Range {
                lo: lo.map(|(lit, _)| lit),
                hi: hi.map(|(lit, _)| lit),
                inclusive,
            };
            cx.pat(range, ty, span)
        };
        if self.known(ty).is_any() {
            let sub = kind(own, self);
            return self.pat(PatKind::TypeTest { ty: own, sub }, Ty::any(), span);
        }
        match self.lit_type(own, ty, span) {
            Some(ty) => kind(ty, self),
            None => self.bad_pattern(ty, own, span),
        }
    }

    // -- Tuples and lists --------------------------------------------------------------------

    fn tuple_pattern(
        &mut self,
        elems: &[ast::PatId],
        ty: Ty,
        span: Span,
        bindings: &mut Bindings,
    ) -> PatId {
        let known = self.known(ty);
        let tested = known.is_any();
        let tys: Vec<Ty> = match known.kind() {
            TyKind::Tuple(tys) if tys.len() == elems.len() => tys.to_vec(),
            TyKind::Any => elems.iter().map(|_| Ty::any()).collect(),
            _ => {
                let fresh: Vec<Ty> = elems.iter().map(|_| self.fresh(span)).collect();
                if !self.unify(known, Ty::tuple(fresh.clone())) {
                    self.bind_wrong(elems.iter().copied(), bindings);
                    let message = match known.kind() {
                        TyKind::Tuple(tys) => {
                            let have = crate::types::count(tys.len(), "part");
                            format!("the tuple has {have}, the pattern has {}", elems.len())
                        }
                        _ => format!("a tuple pattern cannot fit {}", a(&self.name_of(known))),
                    };
                    self.error(codes::BAD_PATTERN, span, message);
                    return self.pat(PatKind::Error, Ty::error(), span);
                }
                fresh
            }
        };
        let subs: Vec<PatId> =
            elems.iter().zip(&tys).map(|(pat, ty)| self.pattern(*pat, *ty, bindings)).collect();
        let whole = Ty::tuple(tys);
        let sub = self.pat(PatKind::Tuple(subs.into()), whole, span);
        if tested { self.pat(PatKind::TypeTest { ty: whole, sub }, Ty::any(), span) } else { sub }
    }

    fn list_pattern(
        &mut self,
        before: &[ast::PatId],
        rest: Option<&ast::RestPat>,
        after: &[ast::PatId],
        ty: Ty,
        span: Span,
        bindings: &mut Bindings,
    ) -> PatId {
        let known = self.known(ty);
        let tested = known.is_any();
        let elem = match self.prog.as_lang(known, LangTy::List) {
            Some(args) => args[0],
            None if tested => Ty::any(),
            None => {
                let elem = self.fresh(span);
                let list = self.list(elem);
                if !self.unify(known, list) {
                    self.bind_wrong(before.iter().chain(after).copied(), bindings);
                    return self.bad_pattern(known, list, span);
                }
                elem
            }
        };
        let list = self.list(elem);
        let prefix = before.iter().map(|pat| self.pattern(*pat, elem, bindings)).collect();
        let rest = rest.map(|rest| {
            rest.name.map(|name| {
                let local = self.pattern_local(name, list, bindings);
                self.pat(PatKind::Bind { local, sub: None }, list, name.span)
            })
        });
        let suffix = after.iter().map(|pat| self.pattern(*pat, elem, bindings)).collect();
        let sub = self.pat(PatKind::List { prefix, rest, suffix }, list, span);
        if tested { self.pat(PatKind::TypeTest { ty: list, sub }, Ty::any(), span) } else { sub }
    }

    // -- Structs, classes, variants, type tests ----------------------------------------------

    fn ctor_pattern(
        &mut self,
        path: &[ast::Ident],
        args: &[ast::PatArg],
        rest: Option<Span>,
        ty: Ty,
        span: Span,
        bindings: &mut Bindings,
    ) -> PatId {
        let known = self.known(ty);
        if let [name] = path {
            let of_type = known
                .as_adt()
                .and_then(|(adt, _)| Some((adt, self.prog.variant_of(adt, name.name)?)));
            let in_scope = self.pick_variant(name.name, None);
            if let Some((adt, variant)) = of_type.or(in_scope) {
                return self.variant_pattern(adt, variant, args, rest, ty, span, bindings);
            }
            if let Some(tested) = self.type_pattern_name(name.name) {
                return self.type_ctor(tested, args, ty, span, bindings);
            }
        } else if let Some((adt, variant)) = self.variant_path(path, known) {
            return self.variant_pattern(adt, variant, args, rest, ty, span, bindings);
        }
        let def = match self.prog.resolve_type_path(self.module, path) {
            Some(def) => def,
            None => {
                self.bind_wrong(args.iter().map(|arg| arg.pat), bindings);
                return self.unknown_pattern(path, ty, span);
            }
        };
        let tested = match def {
            TypeDef::Adt(adt) => {
                let arity = self.prog.items.adts[adt].generics.params.len();
                let type_args: Vec<Ty> = (0..arity).map(|_| self.fresh(span)).collect();
                Ty::adt(adt, type_args)
            }
            TypeDef::Alias(id) => {
                let arity = self.prog.aliases[id].generics.len();
                let type_args = (0..arity).map(|_| self.fresh(span)).collect();
                self.prog.apply_alias(id, type_args, span)
            }
            TypeDef::Trait(_) => return self.unknown_pattern(path, ty, span),
        };
        let Some((adt, _)) = tested.as_adt() else {
            return self.type_ctor(tested, args, ty, span, bindings);
        };
        if self.prog.items.adts[adt].kind == AdtKind::Enum {
            return self.type_ctor(tested, args, ty, span, bindings);
        }
        let fields = self.prog.items.adts[adt].variants[VariantIdx(0)].fields.len();
        // On `any`, `Point(p)` tests the type, unless the type has just that one field.
        let whole = known.is_any()
            && args.len() == 1
            && args[0].name.is_none()
            && rest.is_none()
            && fields != 1;
        if whole {
            return self.type_ctor(tested, args, ty, span, bindings);
        }
        self.variant_pattern(adt, VariantIdx(0), args, rest, ty, span, bindings)
    }

    /// A built-in type or type parameter, as in `int(n)`.
    fn type_pattern_name(&self, name: Symbol) -> Option<Ty> {
        let param =
            self.tys.params.iter().rev().find(|(param, _)| *param == name).map(|(_, ty)| *ty);
        param.or_else(|| builtin_type(name))
    }

    fn type_ctor(
        &mut self,
        tested: Ty,
        args: &[ast::PatArg],
        ty: Ty,
        span: Span,
        bindings: &mut Bindings,
    ) -> PatId {
        match args {
            [arg] if arg.name.is_none() => self.type_test(tested, arg.pat, ty, span, bindings),
            _ => {
                let name = self.name_of(tested);
                self.error(
                    codes::BAD_PATTERN,
                    span,
                    format!("the type pattern `{name}(…)` takes one pattern"),
                );
                self.pat(PatKind::Error, Ty::error(), span)
            }
        }
    }

    fn type_test(
        &mut self,
        tested: Ty,
        sub: ast::PatId,
        ty: Ty,
        span: Span,
        bindings: &mut Bindings,
    ) -> PatId {
        let known = self.known(ty);
        if self.prog.infer.var_kind(known) == Some(VarKind::General) {
            // Who asks for a value's type has one that carries it.
            self.unify(known, Ty::any());
        }
        let known = self.shallow(known);
        let sub = self.pattern(sub, tested, bindings);
        if known.is_any() {
            return self.pat(PatKind::TypeTest { ty: tested, sub }, Ty::any(), span);
        }
        // On a value whose type is known the test says nothing, but it may be that very type.
        if self.unify(known, tested) {
            return sub;
        }
        self.bad_pattern(known, tested, span)
    }

    fn variant_pattern(
        &mut self,
        adt: AdtId,
        variant: VariantIdx,
        args: &[ast::PatArg],
        rest: Option<Span>,
        ty: Ty,
        span: Span,
        bindings: &mut Bindings,
    ) -> PatId {
        let known = self.known(ty);
        let arity = self.prog.items.adts[adt].generics.params.len();
        let type_args: Vec<Ty> = if known.is_any() || known.is_error() {
            vec![known; arity]
        } else {
            (0..arity).map(|_| self.fresh(span)).collect()
        };
        let whole = Ty::adt(adt, type_args.clone());
        if !known.is_any() && !self.unify(known, whole) {
            self.bind_wrong(args.iter().map(|arg| arg.pat), bindings);
            return self.bad_pattern(known, whole, span);
        }
        let type_args: Vec<Ty> = type_args.iter().map(|arg| self.shallow(*arg)).collect();
        let fields = self.variant_fields(adt, variant, args, rest, span);
        let wrong = args
            .iter()
            .map(|arg| arg.pat)
            .filter(|pat| !fields.iter().any(|(_, known)| known == pat));
        self.bind_wrong(wrong.collect::<Vec<_>>().into_iter(), bindings);
        let mut subs = Vec::with_capacity(fields.len());
        for (field, pat) in fields {
            let field_ty = self.prog.field_type(adt, variant, field).subst(&type_args);
            subs.push((field, self.pattern(pat, field_ty, bindings)));
        }
        let sub = self.pat(PatKind::Adt { variant, fields: subs.into() }, whole, span);
        if known.is_any() {
            self.pat(PatKind::TypeTest { ty: whole, sub }, Ty::any(), span)
        } else {
            sub
        }
    }

    /// Which field each argument of a constructor pattern is for.
    fn variant_fields(
        &mut self,
        adt: AdtId,
        variant: VariantIdx,
        args: &[ast::PatArg],
        rest: Option<Span>,
        span: Span,
    ) -> Vec<(FieldIdx, ast::PatId)> {
        let def = &self.prog.items.adts[adt].variants[variant];
        let (name, count, declared) = (def.name, def.fields.len(), def.span);
        let names: Vec<Option<Symbol>> = def.fields.iter().map(|field| field.name).collect();
        let mut taken: Vec<(FieldIdx, ast::PatId)> = Vec::new();
        let mut next = 0;
        for arg in args {
            let index = match arg.name {
                None => {
                    next += 1;
                    next - 1
                }
                Some(field) => match names.iter().position(|name| *name == Some(field.name)) {
                    Some(index) => {
                        next = index + 1;
                        index
                    }
                    None => {
                        let message = format!("`{name}` has no field `{}`", field.name);
                        let diagnostic =
                            Diagnostic::new(codes::UNKNOWN_MEMBER, field.span, message);
                        self.report(diagnostic.secondary(declared, "declared here"));
                        continue;
                    }
                },
            };
            let field = FieldIdx(index as u32);
            if index >= count {
                continue;
            }
            if taken.iter().any(|(other, _)| *other == field) {
                self.error(codes::DUPLICATE_NAME, arg.span, "the pattern names this field twice");
                continue;
            }
            taken.push((field, arg.pat));
        }
        if next > count || (rest.is_none() && args.len() < count) {
            let have = crate::types::count(count, "field");
            let mut message = format!("`{name}` has {have}, the pattern has {}", args.len());
            let left = (0..count)
                .filter(|index| !taken.iter().any(|(field, _)| field.0 as usize == *index));
            let left: Vec<String> =
                left.filter_map(|index| Some(format!("`{}`", names[index]?))).collect();
            if args.len() < count && !left.is_empty() {
                message = format!("the pattern leaves out {} of `{name}`", left.join(", "));
            }
            let mut diagnostic = Diagnostic::new(codes::BAD_PATTERN, span, message)
                .secondary(declared, "declared here");
            if args.len() < count {
                diagnostic = diagnostic.help("`..` leaves the other fields out");
            }
            self.report(diagnostic);
        }
        taken
    }

    // -- Alternatives ------------------------------------------------------------------------

    fn or_pattern(
        &mut self,
        alternatives: &[ast::PatId],
        ty: Ty,
        span: Span,
        bindings: &mut Bindings,
    ) -> PatId {
        let outer_seen = std::mem::take(&mut bindings.seen);
        let outer_fixed = bindings.fixed;
        let mut subs = Vec::with_capacity(alternatives.len());
        let mut names: Option<Vec<Symbol>> = None;
        for alternative in alternatives {
            subs.push(self.pattern(*alternative, ty, bindings));
            let mut seen = std::mem::take(&mut bindings.seen);
            seen.sort_unstable();
            match &names {
                None => names = Some(seen),
                Some(first) => {
                    if let Some(missing) = first.iter().find(|name| !seen.contains(name)) {
                        let at = self.ast.pats[*alternative].span;
                        let message = format!("this alternative does not bind `{missing}`");
                        self.error(codes::OR_BINDINGS, at, message);
                    }
                }
            }
            bindings.fixed = true;
        }
        bindings.fixed = outer_fixed;
        bindings.seen = outer_seen;
        bindings.seen.extend(names.unwrap_or_default());
        self.pat(PatKind::Or(subs.into()), ty, span)
    }
}
