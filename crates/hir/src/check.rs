//! The way from a root file to a checked program.

use crate::ir::*;
use crate::load::SourceLoader;
use crate::program::Program;
use crate::scope::ValueDef;
use crate::ty::Ty;
use sepal_base::{Diagnostics, FileId, IdVec, SourceMap, Span, Symbol, codes};
use std::sync::Arc;
use std::time::Duration;

/// Checks a program: the root file given by name and text, and what it imports.
///
/// A program can make the checker nest deeply; it needs a stack of 128 MiB to be safe from any.
/// All functions outside the standard library are checked; those of the library when they are
/// asked for. The diagnostics are in the program.
pub fn check(name: &str, text: Arc<str>, loader: Box<dyn SourceLoader>) -> Program {
    let mut program = Program::empty(loader);
    program.load_root(name.to_string(), text);
    program.check_everything();
    program.drop_consequences();
    program
}

impl Program {
    fn empty(loader: Box<dyn SourceLoader>) -> Program {
        Program {
            items: Items::default(),
            lang: Default::default(),
            sources: SourceMap::new(),
            root: ModuleId(0),
            main: None,
            diagnostics: Diagnostics::new(),
            syntax_time: Duration::ZERO,
            loader,
            scopes: IdVec::new(),
            module_by_path: Default::default(),
            prelude: None,
            aliases: IdVec::new(),
            bodies: Default::default(),
            impl_index: Default::default(),
            by_methods: Default::default(),
            inherent: Default::default(),
            inherent_names: Default::default(),
            trait_methods: Default::default(),
            traits_by_name: Default::default(),
            derived: Default::default(),
            late_results: Default::default(),
            derivable: Default::default(),
            infer: Default::default(),
            session: Default::default(),
            uninferred: Default::default(),
            late_defaults: Default::default(),
            inout_methods: Default::default(),
            receives: Default::default(),
            exports: None,
            last_unimplemented: None,
            written_keys: Default::default(),
            unhashable: Default::default(),
            invariants: Default::default(),
            inner_methods: Default::default(),
            purity: Default::default(),
        }
    }

    pub(crate) fn find_main(&mut self) {
        if self.main.is_some() {
            return;
        }
        let entry = self.scopes[self.root].values.get(&Symbol::intern("main"));
        if let Some(entry) = entry
            && let ValueDef::Fn(id) = entry.def
            && !entry.imported
        {
            self.main = Some(id);
        }
    }

    /// Checks every body outside the standard library, those of blocks included.
    fn check_everything(&mut self) {
        let mut next = FnId(0);
        while next.0 < self.items.fns.len() as u32 {
            let def = &self.items.fns[next];
            let has_body = match def.kind {
                FnKind::Source(_)
                | FnKind::ConstInit(_)
                | FnKind::Default(_)
                | FnKind::Script
                | FnKind::Actor(_)
                | FnKind::Invariant(_) => true,
                FnKind::Derived(_)
                | FnKind::Required
                | FnKind::Intrinsic(_)
                | FnKind::Runtime
                | FnKind::Extern => false,
            };
            if has_body && !self.items.modules[def.module].is_std {
                self.ensure_checked(next);
            }
            next = FnId(next.0 + 1);
        }
        for adt in self.items.adts.ids() {
            self.settle_fields(adt);
        }
        self.check_written_keys();
        self.check_finite_types();
        self.check_growing_types();
        self.check_constants();
        self.check_main();
    }

    /// Fields whose type was left out have it now.
    fn settle_fields(&mut self, adt: AdtId) {
        for variant in self.items.adts[adt].variants.ids() {
            for field in self.items.adts[adt].variants[variant].fields.ids() {
                self.field_type(adt, variant, field);
            }
        }
    }

    /// `main` takes nothing and gives nothing, an exit code, or a `Result`, of which an `Ok` that
    /// holds no exit code says nothing more.
    fn check_main(&mut self) {
        let Some(main) = self.main else { return };
        let def = &self.items.fns[main];
        let (span, ret) = (def.span, def.ret);
        if let Some(first) = def.params.first() {
            let span = first.span;
            self.error(
                codes::BAD_PROGRAM_ENTRY,
                span,
                "`main` takes no parameters; `std.env.args()` gives the arguments",
            );
            return;
        }
        if self.as_lang(ret, crate::lang::LangTy::Option).is_some() {
            self.check_main_value(ret, span);
            return;
        }
        if !def.generics.params.is_empty() {
            self.error(codes::BAD_PROGRAM_ENTRY, span, "`main` has no type parameters");
            return;
        }
        if let Some([_, error]) = self.as_lang(ret, crate::lang::LangTy::Result) {
            let show = crate::lang::LangTrait::Show;
            if let Some(id) = self.lang.trait_id(show)
                && !self.implements(*error, &TraitRef { id, args: Box::default() })
            {
                let name = self.type_name(*error);
                self.error(
                    codes::BAD_PROGRAM_ENTRY,
                    span,
                    format!("the error `{name}` of `main` cannot be shown"),
                );
            }
            return;
        }
        self.check_main_value(ret, span);
    }

    fn check_main_value(&mut self, ty: Ty, span: Span) {
        if ty.is_nil() || ty == Ty::int() || ty.is_never() || ty.has_error() {
            return;
        }
        let name = self.type_name(ty);
        let message = format!("`main` gives `nil`, an `int` or a `Result`, not `{name}`");
        self.error(codes::BAD_PROGRAM_ENTRY, span, message);
    }

    /// Whether a function is being checked right now.
    pub(crate) fn session_has(&self, id: FnId) -> bool {
        self.session.is_open(id)
    }

    /// The file of the program itself.
    pub fn root_file(&self) -> FileId {
        self.items.modules[self.root].ast.file
    }
}
