//! Tests: the functions of the program's own file at which `sepal test` begins instead of at `main`.
//! Must never look into imported modules: their tests are their own files'.

use crate::ir::{FnId, FnKind, Owner};
use crate::lang::{LangTrait, LangTy};
use crate::program::Program;
use crate::{TraitRef, ast};
use sepal_base::codes;

/// What the name of a test begins with.
const PREFIX: &str = "test_";

impl Program {
    /// The tests of the program's own file in their order. One that cannot begin a program is an error.
    pub fn tests(&mut self) -> Vec<FnId> {
        let root = self.root;
        let is_test = |id: &FnId| {
            let def = &self.items.fns[*id];
            def.module == root
                && matches!(def.kind, FnKind::Source(_))
                && def.owner == Owner::None
                && def.name.as_str().starts_with(PREFIX)
        };
        let ids = (0..self.items.fns.len() as u32).map(FnId);
        let mut tests: Vec<FnId> = ids.filter(is_test).collect();
        tests.sort_by_key(|&id| self.items.fns[id].span.lo);
        tests.iter().for_each(|&id| self.check_test(id));
        tests
    }

    /// A test takes nothing; what it gives counts only if it is a `Result`.
    fn check_test(&mut self, id: FnId) {
        let def = &self.items.fns[id];
        let (name, span, ret) = (def.name, def.span, def.ret);
        // One that was inferred, for an open mailbox, stands where the function's name does.
        let is_generic = def.generics.params.iter().any(|param| param.span != span);
        let problem = if !def.params.is_empty() {
            "takes no parameters"
        } else if is_generic {
            "has no type parameters"
        } else if def.flavour != ast::FnFlavour::Plain {
            "is no generator and not `async`"
        } else if let Some([_, error]) = self.as_lang(ret, LangTy::Result)
            && let Some(id) = self.lang.trait_id(LangTrait::Show)
            && !self.implements(*error, &TraitRef { id, args: Box::default() })
        {
            "gives errors that can be shown"
        } else {
            return;
        };
        self.error(codes::BAD_PROGRAM_ENTRY, span, format!("the test `{name}` {problem}"));
    }
}
