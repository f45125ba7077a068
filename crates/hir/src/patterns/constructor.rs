//! What values are made of, as far as patterns can tell: variants, ranges, lengths, literals.

use super::witness::Witness;
use super::{MAX_WITNESSES, Shapes};
use crate::ir::{AdtKind, Lit, VariantIdx};
use crate::ty::{Ty, TyKind};
use rustc_hash::FxHashMap;
use sepal_base::Symbol;
use std::ops::Range;
use std::rc::Rc;

/// The outermost part of a value or pattern.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Constructor {
    /// The only one of its type: tuples, structs, classes, `nil`.
    Only,
    Variant(VariantIdx),
    Bool(bool),
    /// Integers, or the code points of characters; both ends belong to it.
    Range(i128, i128),
    /// A list of `prefix + suffix` elements, or with `open` of at least so many.
    List {
        prefix: usize,
        suffix: usize,
        open: bool,
    },
    // There are always more of the following.
    Str(Rc<str>),
    Bytes(Rc<[u8]>),
    Symbol(Symbol),
    /// The bits of a float.
    Float(u64),
    /// A range of floats: equal ones fit the same values, of others nothing is known.
    FloatRange {
        lo: Option<u64>,
        hi: Option<u64>,
        inclusive: bool,
    },
    /// An `any` of this type.
    Type(Ty),
}

impl Constructor {
    /// `None` if the literal is none of the type.
    pub(super) fn of_literal(ty: Ty, lit: &Lit) -> Option<Constructor> {
        Some(match (lit, ty.kind()) {
            (Lit::Int(_), TyKind::Int(_) | TyKind::Param { .. }) | (Lit::Char(_), TyKind::Char) => {
                let n = number(lit)?;
                Constructor::Range(n, n)
            }
            (Lit::Bool(value), TyKind::Bool) => Constructor::Bool(*value),
            (Lit::Nil, TyKind::Nil) => Constructor::Only,
            (Lit::Float(x), TyKind::Float(_)) => Constructor::Float(float_bits(*x)),
            (Lit::Str(text), TyKind::Str) => Constructor::Str(Rc::clone(text)),
            (Lit::Bytes(bytes), TyKind::Bytes) => Constructor::Bytes(Rc::clone(bytes)),
            (Lit::Symbol(symbol), TyKind::Symbol) => Constructor::Symbol(*symbol),
            _ => return None,
        })
    }

    /// `None` if the ends are no values of the type.
    pub(super) fn of_range(
        ty: Ty,
        lo: Option<&Lit>,
        hi: Option<&Lit>,
        inclusive: bool,
    ) -> Option<Constructor> {
        if let TyKind::Float(_) = ty.kind() {
            let bits = |end: Option<&Lit>| match end {
                Some(Lit::Float(x)) => Some(Some(float_bits(*x))),
                Some(_) => None,
                None => Some(None),
            };
            return Some(Constructor::FloatRange { lo: bits(lo)?, hi: bits(hi)?, inclusive });
        }
        for end in [lo, hi].into_iter().flatten() {
            Constructor::of_literal(ty, end).filter(|c| matches!(c, Constructor::Range(..)))?;
        }
        // A type parameter that stands for integers has no bounds that are known here.
        let (min, max) = bounds(ty).unwrap_or((i128::from(i64::MIN), i128::from(u64::MAX)));
        let lo = lo.map_or(Some(min), number)?;
        let hi = match hi {
            Some(hi) if inclusive => number(hi)?,
            Some(hi) => number(hi)? - 1,
            None => max,
        };
        Some(Constructor::Range(lo, hi))
    }
}

/// The place of an integer or character in the order of its type.
fn number(lit: &Lit) -> Option<i128> {
    match lit {
        Lit::Int(n) => Some(n.value()),
        Lit::Char(c) => Some(i128::from(u32::from(*c))),
        Lit::Float(_) | Lit::Bool(_) | Lit::Str(_) | Lit::Bytes(_) | Lit::Symbol(_) | Lit::Nil => {
            None
        }
    }
}

/// Equal for equal floats: both zeros are one value.
fn float_bits(x: f64) -> u64 {
    if x == 0.0 { 0 } else { x.to_bits() }
}

/// The least and the greatest value of an integer type or `char`.
pub(super) fn bounds(ty: Ty) -> Option<(i128, i128)> {
    match ty.kind() {
        TyKind::Int(int) => Some(((*int).min(), (*int).max())),
        TyKind::Char => Some((0, i128::from(u32::from(char::MAX)))),
        _ => None,
    }
}

/// The types of the parts that a value of a constructor has.
pub(super) fn children(shapes: Shapes<'_>, ty: Ty, constructor: &Constructor) -> Vec<Ty> {
    let fields = |variant: VariantIdx| match ty.kind() {
        TyKind::Tuple(elems) => elems.to_vec(),
        TyKind::Adt(adt, args) => {
            let fields = &shapes.items.adts[*adt].variants[variant].fields;
            fields.iter().map(|field| field.ty.subst(args)).collect()
        }
        // `nil`
        _ => Vec::new(),
    };
    match constructor {
        Constructor::Only => fields(VariantIdx(0)),
        Constructor::Variant(variant) => fields(*variant),
        Constructor::List { prefix, suffix, .. } => {
            let (_, args) = ty.as_adt().expect("list patterns are on lists");
            vec![args[0]; prefix + suffix]
        }
        Constructor::Type(inner) => vec![*inner],
        Constructor::Bool(_)
        | Constructor::Range(..)
        | Constructor::Str(_)
        | Constructor::Bytes(_)
        | Constructor::Symbol(_)
        | Constructor::Float(_)
        | Constructor::FloatRange { .. } => Vec::new(),
    }
}

/// Types looked at before the others count as having values: only a type that grows without end
/// has so many inside.
const MAX_KNOWN: usize = 1_000;

/// The declarations, and what was found out about types.
pub(super) struct Types<'a> {
    pub(super) shapes: Shapes<'a>,
    /// Whether a type has no values.
    empty: FxHashMap<Ty, bool>,
}

impl<'a> Types<'a> {
    pub(super) fn new(shapes: Shapes<'a>) -> Types<'a> {
        Types { shapes, empty: FxHashMap::default() }
    }

    /// Whether no value has the type: `never`, and what always holds one of it.
    pub(super) fn is_empty(&mut self, ty: Ty) -> bool {
        let all_empty = |types: &mut Self, variants: u32| {
            (0..variants).all(|v| types.has_empty_part(ty, &Constructor::Variant(VariantIdx(v))))
        };
        match ty.kind() {
            TyKind::Never => true,
            TyKind::Tuple(elems) => elems.iter().any(|elem| self.is_empty(*elem)),
            TyKind::Adt(adt, _) => {
                let def = &self.shapes.items.adts[*adt];
                if def.kind == AdtKind::Class || self.empty.len() >= MAX_KNOWN {
                    return false;
                }
                if let Some(known) = self.empty.get(&ty) {
                    return *known;
                }
                // What it says of itself does not make a type empty.
                self.empty.insert(ty, false);
                let found = all_empty(self, def.variants.len() as u32);
                self.empty.insert(ty, found);
                found
            }
            _ => false,
        }
    }

    /// Whether there is no value of this constructor.
    pub(super) fn has_empty_part(&mut self, ty: Ty, constructor: &Constructor) -> bool {
        match constructor {
            Constructor::Type(inner) => self.is_empty(*inner),
            Constructor::Only | Constructor::Variant(_) | Constructor::List { .. } => {
                let mut parts = children(self.shapes, ty, constructor);
                parts.dedup();
                parts.into_iter().any(|part| self.is_empty(part))
            }
            Constructor::Bool(_)
            | Constructor::Range(..)
            | Constructor::Str(_)
            | Constructor::Bytes(_)
            | Constructor::Symbol(_)
            | Constructor::Float(_)
            | Constructor::FloatRange { .. } => false,
        }
    }
}

/// The values of a type, grouped by how the patterns of a column treat them.
pub(super) struct Split {
    /// The groups that some pattern names.
    pub(super) present: Vec<Constructor>,
    /// Examples of values that no pattern names, not all of them; empty if all are named.
    pub(super) missing: Vec<Witness>,
    places: FxHashMap<Constructor, usize>,
}

impl Split {
    /// Groups by the constructors of a column, of which there is at least one.
    pub(super) fn new(types: &mut Types<'_>, ty: Ty, seen: &[&Constructor]) -> Split {
        if seen.iter().any(|c| matches!(c, Constructor::List { .. })) {
            return Split::of_lists(seen);
        }
        if let Some(bounds) = bounds(ty) {
            return Split::of_ranges(ty, bounds, seen);
        }
        let mut places: FxHashMap<Constructor, usize> = FxHashMap::default();
        let mut present = Vec::new();
        for &constructor in seen {
            if !places.contains_key(constructor) {
                places.insert(constructor.clone(), present.len());
                present.push(constructor.clone());
            }
        }
        let all: Vec<Constructor> = match ty.kind() {
            TyKind::Bool => [true, false].map(Constructor::Bool).into(),
            TyKind::Adt(adt, _) => match &types.shapes.items.adts[*adt] {
                def if def.kind == AdtKind::Enum => {
                    def.variants.ids().map(Constructor::Variant).collect()
                }
                _ => vec![Constructor::Only],
            },
            TyKind::Nil | TyKind::Tuple(_) => vec![Constructor::Only],
            _ => return Split { present, missing: vec![Witness::Wild], places },
        };
        let unnamed =
            all.into_iter().filter(|c| !places.contains_key(c) && !types.has_empty_part(ty, c));
        let unnamed: Vec<Constructor> = unnamed.take(MAX_WITNESSES + 1).collect();
        let missing = unnamed.into_iter().map(|c| {
            let parts = vec![Witness::Wild; children(types.shapes, ty, &c).len()];
            Witness::Is(c, ty, parts)
        });
        let missing = missing.collect();
        Split { present, missing, places }
    }

    /// Cuts the integers or characters at the ends of all ranges.
    fn of_ranges(ty: Ty, (min, max): (i128, i128), seen: &[&Constructor]) -> Split {
        let ranges: Vec<(i128, i128)> = seen
            .iter()
            .filter_map(|c| match c {
                Constructor::Range(lo, hi) if lo <= hi => Some((*lo, *hi)),
                _ => None,
            })
            .collect();
        // Where so many ranges begin, less those that end. Each piece begins at a cut.
        let mut cuts: Vec<(i128, i32)> =
            ranges.iter().flat_map(|(lo, hi)| [(*lo, 1), (hi + 1, -1)]).collect();
        cuts.extend([(min, 0), (max + 1, 0)]);
        cuts.sort_unstable();
        let (mut present, mut missing) = (Vec::new(), Vec::new());
        let mut open = 0;
        for pair in cuts.windows(2) {
            open += pair[0].1;
            let (lo, hi) = (pair[0].0, pair[1].0 - 1);
            let Some((lo, hi)) = without_surrogates(ty, lo, hi) else { continue };
            if open > 0 {
                present.push(Constructor::Range(lo, hi));
            } else {
                missing.push((lo, hi));
            }
        }
        let nothing_named = present.is_empty();
        let missing = missing.into_iter().take(MAX_WITNESSES + 1).map(|(lo, hi)| {
            if nothing_named {
                Witness::Wild
            } else {
                Witness::Is(Constructor::Range(lo, hi), ty, Vec::new())
            }
        });
        Split { present, missing: missing.collect(), places: FxHashMap::default() }
    }

    /// All lengths up to the longest that matters, and one group for everything longer.
    fn of_lists(seen: &[&Constructor]) -> Split {
        let (mut fixed, mut front, mut back) = (0, 0, 0);
        for constructor in seen {
            match constructor {
                Constructor::List { prefix, suffix, open: true } => {
                    front = front.max(*prefix);
                    back = back.max(*suffix);
                }
                Constructor::List { prefix, suffix, open: false } => {
                    fixed = fixed.max(prefix + suffix + 1)
                }
                _ => {}
            }
        }
        // Everything longer must be longer than any fixed length.
        front = front.max(fixed.saturating_sub(back));
        let each =
            (0..front + back).map(|n| Constructor::List { prefix: n, suffix: 0, open: false });
        let longer = Constructor::List { prefix: front, suffix: back, open: true };
        // Every length is tried: those that no row fits give the examples.
        Split {
            present: each.chain([longer]).collect(),
            missing: Vec::new(),
            places: FxHashMap::default(),
        }
    }

    /// The places in `present` of the groups that fit a pattern's constructor, one of those seen.
    pub(super) fn fitting(&self, constructor: &Constructor) -> Range<usize> {
        match constructor {
            Constructor::List { prefix, suffix, open } => {
                let len = prefix + suffix;
                if *open { len..self.present.len() } else { len..len + 1 }
            }
            Constructor::Range(lo, hi) if self.places.is_empty() => {
                let ends_before = |piece: &Constructor, n: i128| matches!(piece, Constructor::Range(_, hi) if *hi < n);
                let start = self.present.partition_point(|piece| ends_before(piece, *lo));
                let end = self.present.partition_point(|piece| ends_before(piece, hi + 1));
                start..end.max(start)
            }
            _ => {
                let place = self.places[constructor];
                place..place + 1
            }
        }
    }
}

/// The piece without the numbers in the middle of the characters that are none; `None` if nothing
/// is left.
fn without_surrogates(ty: Ty, mut lo: i128, mut hi: i128) -> Option<(i128, i128)> {
    if let TyKind::Char = ty.kind() {
        let gap = 0xd800..=0xdfff;
        lo = if gap.contains(&lo) { gap.end() + 1 } else { lo };
        hi = if gap.contains(&hi) { gap.start() - 1 } else { hi };
    }
    (lo <= hi).then_some((lo, hi))
}
