//! Types that can never be built, because each value would have to hold another one.

use crate::ir::*;
use crate::program::Program;
use crate::ty::{Ty, TyKind};
use rustc_hash::FxHashSet;
use sepal_base::{Diagnostic, codes};

impl Program {
    /// Reports each struct and enum outside the library that holds itself in every value.
    pub(crate) fn check_finite_types(&mut self) {
        let mut buildable: FxHashSet<AdtId> = FxHashSet::default();
        let ids: Vec<AdtId> = self.items.adts.ids().collect();
        loop {
            let before = buildable.len();
            for id in &ids {
                if !buildable.contains(id) && self.can_be_built(*id, &buildable) {
                    buildable.insert(*id);
                }
            }
            if buildable.len() == before {
                break;
            }
        }
        for id in ids {
            let def = &self.items.adts[id];
            if !buildable.contains(&id) && !def.variants.is_empty() {
                let message =
                    format!("`{}` holds itself: no value of it can ever be built", def.name);
                let diagnostic = Diagnostic::new(codes::CYCLIC_DEFINITION, def.span, message);
                let name = def.name;
                self.report(
                    diagnostic.help(format!("hold it by way of `{name}?`, a list or a class")),
                );
            }
        }
    }

    fn can_be_built(&self, id: AdtId, buildable: &FxHashSet<AdtId>) -> bool {
        let def = &self.items.adts[id];
        // Objects are references and may be filled later.
        def.kind == AdtKind::Class
            || def
                .variants
                .iter()
                .any(|variant| variant.fields.iter().all(|field| has_values(field.ty, buildable)))
    }
}

fn has_values(ty: Ty, buildable: &FxHashSet<AdtId>) -> bool {
    match ty.kind() {
        TyKind::Adt(id, _) => buildable.contains(id),
        TyKind::Tuple(elems) => elems.iter().all(|elem| has_values(*elem, buildable)),
        _ => true,
    }
}
