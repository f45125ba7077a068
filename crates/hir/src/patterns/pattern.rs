//! Patterns without names and places, as the matrix takes them.

use super::Shapes;
use super::constructor::{Constructor, children};
use crate::ir::{AdtKind, Pat, PatId, PatKind};
use crate::lang::LangTy;
use crate::ty::{Ty, TyKind};
use sepal_base::IdVec;

/// What a pattern asks of a value.
pub(super) enum Pattern {
    Wild,
    /// One for each part of a value of the constructor; of an open list, for each end.
    Is(Constructor, Vec<Pattern>),
    Or(Vec<(PatId, Pattern)>),
}

impl Pattern {
    /// The pattern as it is tried on values of type `ty`; `None` if it is wrong for that type.
    pub(super) fn lower(
        shapes: Shapes<'_>,
        pats: &IdVec<PatId, Pat>,
        id: PatId,
        ty: Ty,
    ) -> Option<Pattern> {
        let lower = |id: PatId, ty: Ty| Pattern::lower(shapes, pats, id, ty);
        let leaf = |constructor: Constructor| Pattern::Is(constructor, Vec::new());
        Some(match &pats[id].kind {
            PatKind::Error => return None,
            PatKind::Wild | PatKind::Bind { sub: None, .. } => Pattern::Wild,
            PatKind::Bind { sub: Some(sub), .. } => lower(*sub, ty)?,
            PatKind::Lit(lit) => leaf(Constructor::of_literal(ty, lit)?),
            PatKind::Range { lo, hi, inclusive } => {
                leaf(Constructor::of_range(ty, lo.as_ref(), hi.as_ref(), *inclusive)?)
            }
            PatKind::Tuple(elems) => {
                let TyKind::Tuple(tys) = ty.kind() else { return None };
                if tys.len() != elems.len() {
                    return None;
                }
                let parts = elems.iter().zip(tys).map(|(elem, ty)| lower(*elem, *ty));
                Pattern::Is(Constructor::Only, parts.collect::<Option<_>>()?)
            }
            // The grammar has only a name for the rest, which fits any list.
            PatKind::List { prefix, rest, suffix } => {
                let (_, args) =
                    ty.as_adt().filter(|(adt, _)| shapes.lang.is_ty(*adt, LangTy::List))?;
                let parts = prefix.iter().chain(suffix).map(|elem| lower(*elem, args[0]));
                let parts = parts.collect::<Option<_>>()?;
                let constructor = Constructor::List {
                    prefix: prefix.len(),
                    suffix: suffix.len(),
                    open: rest.is_some(),
                };
                Pattern::Is(constructor, parts)
            }
            PatKind::Adt { variant, fields } => {
                let (adt, _) = ty.as_adt()?;
                let def = &shapes.items.adts[adt];
                def.variants.get(*variant)?;
                let is_enum = def.kind == AdtKind::Enum;
                let constructor =
                    if is_enum { Constructor::Variant(*variant) } else { Constructor::Only };
                let tys = children(shapes, ty, &constructor);
                let mut parts: Vec<Pattern> = tys.iter().map(|_| Pattern::Wild).collect();
                for (field, sub) in fields {
                    let at = field.0 as usize;
                    parts[at] = lower(*sub, *tys.get(at)?)?;
                }
                Pattern::Is(constructor, parts)
            }
            PatKind::Or(alternatives) => {
                let lowered = alternatives.iter().map(|id| Some((*id, lower(*id, ty)?)));
                Pattern::Or(lowered.collect::<Option<_>>()?)
            }
            // Every `any` is an `any`.
            PatKind::TypeTest { ty: inner, sub } if inner.is_any() => lower(*sub, ty)?,
            PatKind::TypeTest { ty: inner, sub } => {
                if !ty.is_any() || inner.has_error() {
                    return None;
                }
                Pattern::Is(Constructor::Type(*inner), vec![lower(*sub, *inner)?])
            }
        })
    }

    pub(super) fn is_wild(&self) -> bool {
        matches!(self, Pattern::Wild)
    }
}
