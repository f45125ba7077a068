//! Written types of dicts and sets whose keys have no `Hash`, and so could never hold anything.
//!
//! Must never speak of a type of keys that was reported where a key is used.

use crate::ir::TraitRef;
use crate::lang::LangTrait;
use crate::program::Program;
use crate::traits::Obligation;
use crate::ty::Ty;
use sepal_base::Span;

impl Program {
    /// A dict or set with such keys is written there.
    pub(crate) fn note_written_key(&mut self, key: Ty, span: Span) {
        let is_known = !key.has_params() && !key.has_vars() && !key.has_error();
        if is_known && !self.written_keys.contains(&(key, span)) {
            self.written_keys.push((key, span));
        }
    }

    /// Reports those that are none, each type of keys once.
    pub(crate) fn check_written_keys(&mut self) {
        let Some(id) = self.lang.trait_id(LangTrait::Hash) else { return };
        for (key, span) in std::mem::take(&mut self.written_keys) {
            let trait_ref = TraitRef { id, args: Box::default() };
            let is_said = self.unhashable.contains(&key);
            if !is_said && !self.holds_tentatively(key, &trait_ref, span, None) {
                self.report_unimplemented(&Obligation { self_ty: key, trait_ref, span, env: None });
            }
        }
    }
}
