//! What values are made of, as far as patterns can tell: variants, ranges, lengths, literals.

use super::Shapes;
use super::witness::Witness;
use crate::ir::{AdtKind, Lit, VariantIdx};
use crate::lang::LangTy;
use crate::ty::{Ty, TyKind};

/// The outermost part of a value or pattern.
#[derive(Clone, PartialEq, Debug)]
pub enum Constructor {
    /// The only one of its type: tuples, structs, classes, `nil`.
    Only,
    Variant(VariantIdx),
    Bool(bool),
    /// Integers, or the code points of characters; both ends belong to it.
    Range(i128, i128),
    /// A string, float, symbol or byte string. There are always more.
    Literal(Lit),
    /// A range of floats: fits some values, of which nothing is known.
    Opaque(u64, u64, bool),
    /// A list of `prefix + suffix` elements, or with `open` of at least so many.
    List { prefix: usize, suffix: usize, open: bool },
    /// An `any` of this type. There are always more.
    Type(Ty),
}

impl Constructor {
    pub fn of_literal(lit: &Lit) -> Constructor {
        match lit {
            Lit::Int(n) => Constructor::Range(*n, *n),
            Lit::Char(c) => Constructor::Range(i128::from(u32::from(*c)), i128::from(u32::from(*c))),
            Lit::Bool(b) => Constructor::Bool(*b),
            Lit::Nil => Constructor::Only,
            Lit::Float(_) | Lit::Str(_) | Lit::Bytes(_) | Lit::Symbol(_) => Constructor::Literal(lit.clone()),
        }
    }

    pub fn of_range(ty: Ty, lo: Option<&Lit>, hi: Option<&Lit>, inclusive: bool) -> Constructor {
        let bits = |lit: Option<&Lit>| match lit {
            Some(Lit::Float(x)) => Some(x.to_bits()),
            _ => None,
        };
        if let TyKind::Float(_) = ty.kind() {
            // Equal ranges are equal, any others may overlap.
            let (lo, hi) = (bits(lo), bits(hi));
            return Constructor::Opaque(lo.unwrap_or(u64::MAX), hi.unwrap_or(u64::MAX), inclusive);
        }
        let number = |lit: &Lit| match lit {
            Lit::Int(n) => Some(*n),
            Lit::Char(c) => Some(i128::from(u32::from(*c))),
            Lit::Float(_) | Lit::Bool(_) | Lit::Str(_) | Lit::Bytes(_) | Lit::Symbol(_) | Lit::Nil => None,
        };
        let (min, max) = bounds(ty).unwrap_or((i128::MIN, i128::MAX));
        let lo = lo.and_then(number).unwrap_or(min);
        let hi = hi.and_then(number).map_or(max, |hi| if inclusive { hi } else { hi - 1 });
        Constructor::Range(lo, hi)
    }

    pub fn of_variant(shapes: Shapes<'_>, ty: Ty, variant: VariantIdx) -> Constructor {
        let is_enum = ty.as_adt().is_some_and(|(adt, _)| shapes.items.adts[adt].kind == AdtKind::Enum);
        if is_enum { Constructor::Variant(variant) } else { Constructor::Only }
    }

    /// Whether a pattern of this constructor fits values of `other`, which `split` made of it.
    pub fn covers(&self, other: &Constructor) -> bool {
        match (self, other) {
            (Constructor::Range(lo, hi), Constructor::Range(a, b)) => lo <= a && b <= hi,
            (
                Constructor::List { prefix, suffix, open },
                Constructor::List { prefix: p, suffix: s, open: longer },
            ) => {
                let (own, len) = (prefix + suffix, p + s);
                if *open { own <= len } else { own == len && !longer }
            }
            _ => self == other,
        }
    }
}

/// The constructors of a column.
pub struct Split {
    /// Those that some pattern names.
    pub present: Vec<Constructor>,
    /// Examples of values that no pattern names; empty if all are named.
    pub missing: Vec<Witness>,
}

/// Groups the values of a type by how the patterns `seen` in a column treat them.
pub fn split(shapes: Shapes<'_>, ty: Ty, seen: &[Constructor]) -> Split {
    if seen.iter().any(|c| matches!(c, Constructor::List { .. })) {
        return split_lists(seen);
    }
    if let Some((min, max)) = bounds(ty)
        && seen.iter().any(|c| matches!(c, Constructor::Range(..)))
    {
        return split_ranges(ty, min, max, seen);
    }
    let mut present: Vec<Constructor> = Vec::new();
    for constructor in seen {
        if !present.contains(constructor) {
            present.push(constructor.clone());
        }
    }
    if present.is_empty() {
        // Nobody looks: one example stands for all, unless there are no values at all.
        let missing = if ty.is_never() { Vec::new() } else { vec![Witness::Wild] };
        return Split { present, missing };
    }
    let missing = match ty.kind() {
        TyKind::Bool => {
            let all = [Constructor::Bool(true), Constructor::Bool(false)];
            unnamed(shapes, ty, &present, all.into_iter())
        }
        TyKind::Adt(adt, _) if shapes.items.adts[*adt].kind == AdtKind::Enum => {
            let all = shapes.items.adts[*adt].variants.ids().map(Constructor::Variant);
            unnamed(shapes, ty, &present, all)
        }
        TyKind::Nil | TyKind::Tuple(_) | TyKind::Adt(..) | TyKind::Error => Vec::new(),
        _ => vec![Witness::Wild],
    };
    Split { present, missing }
}

fn unnamed(
    shapes: Shapes<'_>,
    ty: Ty,
    present: &[Constructor],
    all: impl Iterator<Item = Constructor>,
) -> Vec<Witness> {
    all.filter(|c| !present.contains(c))
        .map(|c| {
            let parts = vec![Witness::Wild; children(shapes, ty, &c).len()];
            Witness::Is(c, ty, parts)
        })
        .collect()
}

/// Cuts the integers at the ends of all ranges.
fn split_ranges(ty: Ty, min: i128, max: i128, seen: &[Constructor]) -> Split {
    let ranges: Vec<(i128, i128)> = seen
        .iter()
        .filter_map(|c| match c {
            Constructor::Range(lo, hi) if lo <= hi => Some((*lo, *hi)),
            _ => None,
        })
        .collect();
    // Each piece begins at a cut.
    let mut cuts: Vec<i128> = ranges.iter().flat_map(|(lo, hi)| [*lo, hi + 1]).collect();
    cuts.extend([min, max + 1]);
    cuts.sort_unstable();
    cuts.dedup();
    let mut present = Vec::new();
    let mut missing: Vec<Witness> = Vec::new();
    for pair in cuts.windows(2) {
        let (lo, hi) = (pair[0], pair[1] - 1);
        let piece = Constructor::Range(lo, hi);
        if ranges.iter().any(|(a, b)| *a <= lo && hi <= *b) {
            present.push(piece);
        } else if !is_surrogates(ty, lo, hi) {
            missing.push(Witness::Is(piece, ty, Vec::new()));
        }
    }
    Split { present, missing }
}

/// The gap in the middle of the characters holds no value.
fn is_surrogates(ty: Ty, lo: i128, hi: i128) -> bool {
    matches!(ty.kind(), TyKind::Char) && lo >= 0xd800 && hi <= 0xdfff
}

/// The least and the greatest value of an integer type or `char`.
fn bounds(ty: Ty) -> Option<(i128, i128)> {
    match ty.kind() {
        TyKind::Int(int) => Some((int.min(), int.max())),
        TyKind::Char => Some((0, 0x10_ffff)),
        _ => None,
    }
}

/// All lengths up to the longest that matters, and one constructor for everything longer.
fn split_lists(seen: &[Constructor]) -> Split {
    let (mut fixed, mut front, mut back) = (0, 0, 0);
    for constructor in seen {
        if let Constructor::List { prefix, suffix, open } = constructor {
            if *open {
                front = front.max(*prefix);
                back = back.max(*suffix);
            } else {
                fixed = fixed.max(prefix + suffix);
            }
        }
    }
    // Everything longer must be longer than any fixed length.
    front = front.max((fixed + 1).saturating_sub(back));
    let closed = (0..front + back).map(|n| Constructor::List { prefix: n, suffix: 0, open: false });
    let longer = Constructor::List { prefix: front, suffix: back, open: true };
    // Every length is tried: rows that fit none of them give the witness.
    Split { present: closed.chain([longer]).collect(), missing: Vec::new() }
}

/// The types of the parts that a value of a constructor has.
pub fn children(shapes: Shapes<'_>, ty: Ty, constructor: &Constructor) -> Vec<Ty> {
    match constructor {
        Constructor::Only | Constructor::Variant(_) => match ty.kind() {
            TyKind::Tuple(elems) => elems.to_vec(),
            TyKind::Adt(adt, args) => {
                let variant = match constructor {
                    Constructor::Variant(variant) => *variant,
                    _ => VariantIdx(0),
                };
                let fields = shapes.items.adts[*adt].variants.get(variant).map(|v| &v.fields);
                fields.map_or_else(Vec::new, |f| f.iter().map(|field| field.ty.subst(args)).collect())
            }
            _ => Vec::new(),
        },
        Constructor::List { prefix, suffix, .. } => {
            let elem = match ty.as_adt() {
                Some((adt, args)) if shapes.lang.ty(LangTy::List) == Some(adt) => args[0],
                Some(_) | None => Ty::error(),
            };
            vec![elem; prefix + suffix]
        }
        Constructor::Type(inner) => vec![*inner],
        Constructor::Bool(_) | Constructor::Range(..) | Constructor::Literal(_) | Constructor::Opaque(..) => Vec::new(),
    }
}
