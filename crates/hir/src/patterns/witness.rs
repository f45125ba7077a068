//! Values that are missing, written as patterns.

use super::Shapes;
use super::constructor::Constructor;
use crate::ty::{Ty, TyKind};

/// A pattern for some missing values.
#[derive(Clone, Debug)]
pub enum Witness {
    Wild,
    Is(Constructor, Ty, Vec<Witness>),
}

impl Witness {
    /// The pattern as it would be written in an arm.
    pub fn render(&self, shapes: Shapes<'_>) -> String {
        let Witness::Is(constructor, ty, parts) = self else { return "_".to_string() };
        let inner: Vec<String> = parts.iter().map(|part| part.render(shapes)).collect();
        match constructor {
            Constructor::Only => match ty.kind() {
                TyKind::Tuple(_) if inner.len() == 1 => format!("({},)", inner[0]),
                TyKind::Tuple(_) => format!("({})", inner.join(", ")),
                TyKind::Adt(adt, _) => call(shapes.items.adts[*adt].name.as_str(), &inner),
                _ => "nil".to_string(),
            },
            Constructor::Variant(variant) => {
                let (adt, _) = ty.as_adt().expect("variants are of enums");
                call(shapes.items.adts[adt].variants[*variant].name.as_str(), &inner)
            }
            Constructor::Bool(value) => value.to_string(),
            Constructor::Range(lo, hi) if lo == hi => point(*ty, *lo),
            Constructor::Range(lo, hi) => format!("{}..={}", point(*ty, *lo), point(*ty, *hi)),
            Constructor::List { prefix, open, .. } => {
                let mut elems = inner;
                if *open {
                    elems.insert(*prefix, "..".to_string());
                }
                format!("[{}]", elems.join(", "))
            }
            Constructor::Literal(_) | Constructor::Opaque(..) | Constructor::Type(_) => "_".to_string(),
        }
    }
}

fn call(name: &str, args: &[String]) -> String {
    if args.is_empty() { name.to_string() } else { format!("{name}({})", args.join(", ")) }
}

fn point(ty: Ty, value: i128) -> String {
    match ty.kind() {
        TyKind::Char => {
            let c = u32::try_from(value).ok().and_then(char::from_u32);
            // The bounds of a piece may lie beside the surrogates, which are no characters.
            c.map_or_else(|| format!("'\\u{{{value:x}}}'"), |c| format!("{c:?}"))
        }
        _ => value.to_string(),
    }
}
