//! Fields, indexing, slices.

use super::names::Path;
use super::{BodyCx, Pending};
use crate::ir::*;
use crate::lang::{LangTrait, LangTy};
use crate::scope::near;
use crate::ty::{Ty, TyKind};
use sepal_base::{Diagnostic, Span, Symbol, codes};
use sepal_syntax::ast;

impl BodyCx<'_> {
    pub(super) fn field_expr(
        &mut self,
        id: ast::ExprId,
        base: ast::ExprId,
        name: ast::Ident,
        hint: Option<Ty>,
        span: Span,
    ) -> ExprId {
        if let Some(path) = self.path_of(id, hint) {
            return self.path_value(path, hint, span);
        }
        if let Some(base) = self.base_path(base, name) {
            if let Some(value) = self.member_value(base, name, span) {
                return value;
            }
            if !matches!(base, Path::Value(_) | Path::Variant(..))
                && self.report_missing_member(base, name)
            {
                return self.error_expr(span);
            }
        }
        let base = self.value(base);
        let ty = self.ty(base);
        let ty = self.known_or_default(ty);
        if ty.is_var() {
            let ret = self.fresh(span);
            let made = self.expr(ExprKind::Error, ret, span);
            self.draft.pending.push(Pending::Field { expr: made, base, name });
            return made;
        }
        match self.field_of(base, name.name, span) {
            Some(field) => field,
            None => self.report_missing_field(ty, name, span),
        }
    }

    /// `Point.origin` as a value: a function in the body of a type.
    fn member_value(&mut self, base: Path, name: ast::Ident, span: Span) -> Option<ExprId> {
        let head = match base {
            Path::Adt(adt) => crate::scope::Head::Adt(adt),
            Path::Type(ty) => crate::scope::Head::of(ty)?,
            Path::Trait(_)
            | Path::Module(_)
            | Path::StdPrefix(_)
            | Path::Value(_)
            | Path::Variant(..)
            | Path::Builtin(_) => return None,
        };
        let id = *self.prog.inherent.get(&(head, name.name))?.first()?;
        Some(self.fn_value(id, &[], span))
    }

    /// Whether a type's fields are the library's own business, as those of lists and dicts are.
    pub(super) fn hides_fields(&self, adt: AdtId) -> bool {
        let def = &self.prog.items.adts[adt];
        let modules = &self.prog.items.modules;
        !def.public && modules[def.module].is_std && !modules[self.module].is_std
    }

    /// A field of a struct, class object or tuple, if it has one of this name.
    pub(super) fn field_of(&mut self, base: ExprId, name: Symbol, span: Span) -> Option<ExprId> {
        let ty = self.ty(base);
        match ty.kind() {
            TyKind::Adt(adt, _) if self.hides_fields(*adt) => None,
            TyKind::Adt(adt, args) if self.prog.items.adts[*adt].kind != AdtKind::Enum => {
                let fields = &self.prog.items.adts[*adt].variants[VariantIdx(0)].fields;
                let (field, _) =
                    fields.iter_enumerated().find(|(_, field)| field.name == Some(name))?;
                let ty = self.prog.field_type(*adt, VariantIdx(0), field).subst(args);
                Some(self.expr(ExprKind::Field { base, field }, ty, span))
            }
            TyKind::Tuple(elems) => {
                let index: usize = name.as_str().parse().ok()?;
                let ty = *elems.get(index)?;
                Some(self.expr(ExprKind::TupleField { base, index: index as u32 }, ty, span))
            }
            TyKind::Error => Some(self.error_expr(span)),
            TyKind::Never => Some(base),
            _ => None,
        }
    }

    pub(super) fn report_missing_field(&mut self, ty: Ty, name: ast::Ident, span: Span) -> ExprId {
        let message = format!("`{}` has no field `{}`", self.name_of(ty), name.name);
        let mut diagnostic = Diagnostic::new(codes::UNKNOWN_MEMBER, name.span, message);
        let is_method = crate::scope::Head::of(ty)
            .is_some_and(|head| self.prog.inherent.contains_key(&(head, name.name)))
            || self.prog.trait_methods.contains_key(&name.name);
        let mut names: Vec<&'static str> = Vec::new();
        if let Some((adt, _)) = ty.as_adt()
            && self.prog.items.adts[adt].kind != AdtKind::Enum
        {
            let fields = self.prog.items.adts[adt].variants[VariantIdx(0)].fields.iter();
            names.extend(fields.filter_map(|field| Some(field.name?.as_str())));
        }
        if is_method {
            diagnostic =
                diagnostic.suggest(name.span, format!("{}()", name.name), "a method is called");
        } else if let Some(near) = near(name.name, names) {
            diagnostic = diagnostic.did_you_mean(name.span, near);
        }
        self.report(diagnostic);
        self.error_expr(span)
    }

    // -- Index and slice ---------------------------------------------------------------------

    pub(super) fn index_expr(
        &mut self,
        base: ast::ExprId,
        index: ast::ExprId,
        span: Span,
    ) -> ExprId {
        let base = self.value(base);
        let ty = self.ty(base);
        // It may turn out to be a tuple.
        if self.known_or_default(ty).is_var()
            && let ast::ExprKind::Int(_) = self.ast.exprs[index].kind
        {
            let ret = self.fresh(span);
            let made = self.expr(ExprKind::Error, ret, span);
            self.draft.pending.push(Pending::Index { expr: made, base, index });
            return made;
        }
        self.part(base, index, span)
    }

    /// `base[index]`, where `base` is no tuple unless its type is known by now.
    pub(super) fn part(&mut self, base: ExprId, index: ast::ExprId, span: Span) -> ExprId {
        let ty = self.ty(base);
        let ty = self.known_or_default(ty);
        if let TyKind::Tuple(elems) = ty.kind() {
            return self.tuple_index(base, elems, index, span);
        }
        if ty.is_error() {
            self.value(index);
            return self.error_expr(span);
        }
        let (key, elem) = (self.fresh(span), self.fresh(span));
        self.require_lang(ty, LangTrait::Index, vec![key, elem], span);
        if let ast::ExprKind::Range { inclusive, .. } = self.ast.exprs[index].kind
            && self.shallow(key) == Ty::int()
        {
            return self.part_by_range(index, inclusive);
        }
        let index = self.check(index, key);
        let elem = self.shallow(elem);
        self.call_trait(LangTrait::Index, ty, vec![key, elem], vec![base, index], elem, span)
    }

    /// `xs[a..b]`, where a part was meant.
    fn part_by_range(&mut self, index: ast::ExprId, inclusive: bool) -> ExprId {
        let span = self.ast.exprs[index].span;
        let message = "an index is one number; a part is written with a colon";
        let form = if inclusive { "xs[a:b + 1]" } else { "xs[a:b]" };
        self.report(
            Diagnostic::new(codes::BAD_OPERAND, span, message).help(format!("write `{form}`")),
        );
        self.error_expr(span)
    }

    fn tuple_index(
        &mut self,
        base: ExprId,
        elems: &[Ty],
        index: ast::ExprId,
        span: Span,
    ) -> ExprId {
        let node = &self.ast.exprs[index];
        let at = match node.kind {
            ast::ExprKind::Int(lit) => lit.value(),
            _ => {
                return self.wrong(
                    codes::BAD_OPERAND,
                    node.span,
                    "the index of a tuple is a literal",
                );
            }
        };
        match usize::try_from(at).ok().and_then(|at| Some((at, *elems.get(at)?))) {
            Some((at, ty)) => self.expr(ExprKind::TupleField { base, index: at as u32 }, ty, span),
            None => {
                let message =
                    format!("the tuple has {}", crate::types::count(elems.len(), "element"));
                self.wrong(codes::BAD_OPERAND, node.span, message)
            }
        }
    }

    pub(super) fn slice_expr(&mut self, slice: &ast::Slice, span: Span) -> ExprId {
        let base = self.value(slice.base);
        let ty = self.ty(base);
        let ty = self.known_or_default(ty);
        let mut args = vec![base];
        for end in [slice.lo, slice.hi, slice.step] {
            args.push(self.optional_int(end, span));
        }
        if ty.is_error() {
            return self.error_expr(span);
        }
        let ret = self.fresh(span);
        self.require_lang(ty, LangTrait::Slice, vec![ret], span);
        let ret = self.shallow(ret);
        self.call_trait(LangTrait::Slice, ty, vec![ret], args, ret, span)
    }

    /// `Some(value)`, or `None` where nothing was written.
    fn optional_int(&mut self, value: Option<ast::ExprId>, span: Span) -> ExprId {
        let ty = self.prog.lang_ty(LangTy::Option, [Ty::int()]);
        match value {
            Some(value) => {
                let value = self.check(value, Ty::int());
                let span = self.span(value);
                self.lang_variant(ty, super::expr::SOME, vec![value], span)
            }
            None => self.lang_variant(ty, super::expr::NONE, Vec::new(), span),
        }
    }
}
