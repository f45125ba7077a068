//! Values that are missing, written as patterns.

use super::Shapes;
use super::constructor::{Constructor, bounds};
use crate::ty::{Ty, TyKind};

/// Of a value with more parts than this, of which nothing is known, `..` is written for them.
const MAX_WILD_PARTS: usize = 3;

/// A pattern for some missing values.
#[derive(Clone, Debug)]
pub(super) enum Witness {
    Wild,
    Is(Constructor, Ty, Vec<Witness>),
}

impl Witness {
    pub(super) fn is_wild(&self) -> bool {
        matches!(self, Witness::Wild)
    }

    /// The pattern as it would be written in an arm.
    pub(super) fn render(&self, shapes: Shapes<'_>) -> String {
        let Witness::Is(constructor, ty, parts) = self else { return "_".to_string() };
        let inner = || parts.iter().map(|part| part.render(shapes)).collect::<Vec<_>>();
        match constructor {
            // Nothing is said that the type does not say.
            Constructor::Only if parts.iter().all(Witness::is_wild) => match ty.kind() {
                TyKind::Nil => "nil".to_string(),
                _ => "_".to_string(),
            },
            Constructor::Only => match ty.as_adt() {
                Some((adt, _)) => {
                    format!("{}({})", shapes.items.adts[adt].name, inner().join(", "))
                }
                None if parts.len() == 1 => format!("({},)", inner().concat()),
                None => format!("({})", inner().join(", ")),
            },
            Constructor::Variant(variant) => {
                let (adt, _) = ty.as_adt().expect("variants are of enums");
                let name = shapes.items.adts[adt].variants[*variant].name;
                match parts.len() {
                    0 => name.to_string(),
                    n if n > MAX_WILD_PARTS && parts.iter().all(Witness::is_wild) => {
                        format!("{name}(..)")
                    }
                    _ => format!("{name}({})", inner().join(", ")),
                }
            }
            Constructor::Bool(value) => value.to_string(),
            Constructor::Range(lo, hi) => range(*ty, *lo, *hi),
            Constructor::List { prefix, open, .. } => {
                let mut elems = inner();
                if *open {
                    elems.insert(*prefix, "..".to_string());
                }
                format!("[{}]", elems.join(", "))
            }
            // There are always more of them, so they are never the whole of what is missing.
            Constructor::Str(_)
            | Constructor::Bytes(_)
            | Constructor::Symbol(_)
            | Constructor::Float(_)
            | Constructor::FloatRange { .. }
            | Constructor::Type(_) => "_".to_string(),
        }
    }
}

/// One value, or a range that is open where the type ends.
fn range(ty: Ty, lo: i128, hi: i128) -> String {
    if lo == hi {
        return point(ty, lo);
    }
    let (min, max) = bounds(ty).expect("ranges are of integers and characters");
    let start = if lo == min { String::new() } else { point(ty, lo) };
    if hi == max { format!("{start}..") } else { format!("{start}..={}", point(ty, hi)) }
}

fn point(ty: Ty, value: i128) -> String {
    match ty.kind() {
        TyKind::Char => {
            let c = u32::try_from(value)
                .ok()
                .and_then(char::from_u32)
                .expect("surrogates are left out");
            format!("{c:?}")
        }
        _ => value.to_string(),
    }
}
