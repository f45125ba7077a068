//! The checked program: what lowering asks of it, and the tables behind the answers.

use crate::infer::Infer;
use crate::ir::*;
use crate::lang::{LangItems, LangTrait};
use crate::library::Exports;
use crate::load::SourceLoader;
use crate::scope::{AliasDef, AliasId, Head, Scope};
use crate::session::Session;
use crate::ty::Ty;
use rustc_hash::{FxHashMap, FxHashSet};
use sepal_base::codes::Code;
use sepal_base::{Diagnostic, Diagnostics, FileId, IdVec, SourceMap, Span, Symbol};
use std::rc::Rc;
use std::time::Duration;

/// A default whose type is that of its parameter.
#[derive(Clone, Copy)]
pub(crate) struct LateDefault {
    /// The function that has the parameter.
    pub(crate) owner: FnId,
    /// What the default says: a list, a dict, an enum.
    pub(crate) shape: AdtId,
}

/// A whole program: its declarations, and its bodies as far as they have been asked for.
pub struct Program {
    pub items: Items,
    pub lang: LangItems,
    pub sources: SourceMap,
    /// The file that was given, as opposed to what it imports.
    pub root: ModuleId,
    /// `main`, or the script's statements.
    pub main: Option<FnId>,
    /// Errors and warnings so far; asking for a body may add some.
    pub diagnostics: Diagnostics,
    /// How long lexing and parsing took.
    pub syntax_time: Duration,
    pub(crate) loader: Box<dyn SourceLoader>,
    pub(crate) scopes: IdVec<ModuleId, Scope>,
    pub(crate) module_by_path: FxHashMap<Symbol, Option<ModuleId>>,
    pub(crate) prelude: Option<ModuleId>,
    pub(crate) aliases: IdVec<AliasId, AliasDef>,
    pub(crate) bodies: FxHashMap<FnId, Rc<Body>>,
    /// Impls by trait and the outermost shape of the type; `None` for `impl Trait for T`.
    pub(crate) impl_index: FxHashMap<(TraitId, Option<Head>), Vec<ImplId>>,
    /// Types whose bodies hold methods of these traits, which nobody has looked at yet.
    pub(crate) by_methods: FxHashSet<(AdtId, TraitId)>,
    /// Methods that belong to a type and not to a trait.
    pub(crate) inherent: FxHashMap<(Head, Symbol), Vec<FnId>>,
    /// All inherent methods of a shape, for suggestions.
    pub(crate) inherent_names: FxHashMap<Head, Vec<Symbol>>,
    pub(crate) trait_methods: FxHashMap<Symbol, Vec<(TraitId, u32)>>,
    /// Traits made for a method's name and the number of its arguments.
    pub(crate) traits_by_name: FxHashMap<(Symbol, usize), TraitId>,
    pub(crate) derived: FxHashMap<Derived, FnId>,
    /// Methods of impls for those of traits whose result is inferred, which they share.
    pub(crate) late_results: FxHashMap<FnId, (ImplId, FnId)>,
    pub(crate) derivable: FxHashMap<(AdtId, DerivedMethod), Option<Rc<[u32]>>>,
    pub(crate) infer: Infer,
    pub(crate) session: Session,
    /// Functions whose types are yet to be inferred.
    pub(crate) uninferred: FxHashSet<FnId>,
    /// Of those the defaults that do not say their whole type themselves, as `[]`.
    pub(crate) late_defaults: FxHashMap<FnId, LateDefault>,
    /// Methods that a trait declares with `self` and some impl with `var self`.
    pub(crate) inout_methods: FxHashSet<FnId>,
    /// Files that speak of `receive` or `self()`, and all others if any does: their functions may
    /// have mailboxes.
    pub(crate) receives: FxHashSet<FileId>,
    /// The place of the last report of a missing trait.
    pub(crate) last_unimplemented: Option<Span>,
    /// The keys of dicts and sets in written types, where they are known, with their places.
    pub(crate) written_keys: Vec<(Ty, Span)>,
    /// Types that were reported to have no `Hash`.
    pub(crate) unhashable: FxHashSet<Ty>,
    /// The check of each type that has invariants.
    pub(crate) invariants: FxHashMap<AdtId, FnId>,
    /// Methods as they are called from inside the object: without its invariants.
    pub(crate) inner_methods: FxHashMap<FnId, FnId>,
    /// Functions whose conditions have been found to have an effect or not.
    pub(crate) purity: FxHashMap<FnId, crate::effects::Effects>,
    /// What the standard library has for those who import it, once somebody asked.
    pub(crate) exports: Option<Exports>,
}

/// The function that a trait method is for a type, with its type arguments.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Resolved {
    pub id: FnId,
    pub args: Box<[Ty]>,
}

impl Program {
    /// The checked code of a function whose kind has a body. After errors it may hold
    /// [`ExprKind::Error`] and must not be lowered.
    pub fn body(&mut self, id: FnId) -> Rc<Body> {
        if let Some(body) = self.bodies.get(&id) {
            return Rc::clone(body);
        }
        if let FnKind::Derived(derived) = self.items.fns[id].kind {
            let body = Rc::new(crate::derive::derived_body(self, derived));
            self.bodies.insert(id, Rc::clone(&body));
            return body;
        }
        self.ensure_checked(id);
        Rc::clone(self.bodies.get(&id).expect("checking a function leaves its body"))
    }

    /// The types of a variant's fields for these type arguments.
    pub fn field_types(&self, adt: AdtId, args: &[Ty], variant: VariantIdx) -> Vec<Ty> {
        let fields = &self.items.adts[adt].variants[variant].fields;
        fields.iter().map(|field| field.ty.subst(args)).collect()
    }

    /// The trait `Eq`, with which literals are compared.
    pub fn eq_trait(&self) -> TraitRef {
        let id = self.lang.trait_id(LangTrait::Eq).expect("std declares Eq");
        TraitRef { id, args: Box::default() }
    }

    /// Whether any error was found.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.has_errors()
    }

    /// The text under a span.
    pub fn text(&self, span: Span) -> &str {
        self.sources.text(span)
    }

    pub(crate) fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    pub(crate) fn error(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.report(Diagnostic::new(code, span, message));
    }
}
