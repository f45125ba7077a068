//! Fields that no instruction of the whole program stores into are frozen: loads from them give the same
//! for as long as the object lives, whatever is called in between.
//!
//! Needs: all code that may store into objects, as instructions of the module; the runtime stores into
//! arrays only. Must never run before a transformation that makes new stores, and leaves libraries alone,
//! whose users are not known. Breaks: nothing.

use crate::entities::FieldRef;
use crate::module::{LayoutKind, Module};
use crate::ops::Op;
use rustc_hash::FxHashSet;

/// See the module's head.
pub fn freeze(module: &mut Module) {
    if module.entry.is_none() {
        return;
    }
    let mut stored: FxHashSet<FieldRef> = FxHashSet::default();
    for func in module.functions.iter() {
        for &inst in func.blocks.iter().flat_map(|block| &block.insts) {
            if let Op::FieldSet { field, .. } = func.insts[inst].op {
                stored.insert(field);
            }
        }
    }
    let ids = module.layouts.ids();
    for (id, layout) in ids.zip(module.layouts.iter_mut()) {
        let LayoutKind::Fixed(variants) = &mut layout.kind else { continue };
        for (variant, def) in variants.iter_mut().enumerate() {
            for (n, field) in def.fields.iter_mut().enumerate() {
                field.frozen = !stored.contains(&FieldRef::new(id, variant as u16, n as u16));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{parse_module, print_module};

    #[test]
    fn only_fields_never_stored_into_are_frozen() {
        let text = "layout0 = \"P\" {i64, i64} {i64}\n\
                    layout1 = \"A\" [i64]\n\
                    entry fn0\n\
                    fn0 \"main\" () -> (i64) {\n\
                    block0:\n    \
                        v0: i64 = const_int i64, 1\n    \
                        v1: ref = struct_init layout0, 0, [v0, v0]\n    \
                        field_set layout0.0.1, v1, v0\n    \
                        return_ [v0]\n\
                    }\n";
        let mut module = parse_module(text).expect("the text is right");
        freeze(&mut module);
        let frozen = text.replace("{i64, i64} {i64}", "{i64 frozen, i64} {i64 frozen}");
        assert_eq!(print_module(&module), frozen);
    }
}
