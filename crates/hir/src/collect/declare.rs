//! Declaring names: every item gets its id and its place in a module's scope.
//!
//! Must never look up a name: not all are declared yet.

use super::attrs::Attrs;
use super::{Task, TaskKind};
use crate::intrinsics::Intrinsic;
use crate::ir::*;
use crate::lang::{LangFn, LangTrait, LangTy};
use crate::program::Program;
use crate::scope::{AliasDef, AliasState, Entry, TypeDef, ValueDef};
use crate::ty::Ty;
use rustc_hash::FxHashMap;
use sepal_base::{Diagnostic, IdVec, Span, Symbol, codes};
use sepal_syntax::ast;
use std::rc::Rc;

impl Program {
    pub(crate) fn declare_modules(&mut self, batch: &[ModuleId]) -> Vec<Task> {
        let mut tasks = Vec::new();
        self.find_receives(batch);
        for module in batch {
            let ast = Rc::clone(&self.items.modules[*module].ast);
            let script = self.plan_script(*module, &ast);
            for entry in &ast.body {
                if let ast::Entry::Item(id) = entry
                    && !script.locals.contains(id)
                {
                    self.declare_item(*module, &ast, *id, &mut tasks);
                }
            }
        }
        tasks
    }

    /// If any file outside the library receives, the functions of all of them may.
    fn find_receives(&mut self, batch: &[ModuleId]) {
        let own = |id: &&ModuleId| !self.items.modules[**id].is_std;
        let asts: Vec<Rc<ast::Ast>> =
            batch.iter().filter(own).map(|id| Rc::clone(&self.items.modules[*id].ast)).collect();
        let receives = |ast: &Rc<ast::Ast>| {
            ast.exprs
                .iter()
                .any(|e| matches!(e.kind, ast::ExprKind::Receive(_) | ast::ExprKind::SelfPid))
        };
        if asts.iter().any(receives) {
            self.receives.extend(asts.iter().map(|ast| ast.file));
        }
    }

    /// Declares the items of a block as a module nested in `parent`.
    pub(crate) fn declare_block(&mut self, parent: ModuleId, items: &[ast::ItemId]) -> ModuleId {
        let outer = &self.items.modules[parent];
        let (path, ast, is_std) = (outer.path, Rc::clone(&outer.ast), outer.is_std);
        let module = self.items.modules.push(Module { path, ast: Rc::clone(&ast), is_std });
        self.scopes.push(crate::scope::Scope { parent: Some(parent), ..Default::default() });
        let mut tasks = Vec::new();
        for item in items {
            self.declare_item(module, &ast, *item, &mut tasks);
            self.link_item(module, &ast.items[*item]);
        }
        self.collect_headers(&tasks);
        module
    }

    fn declare_item(
        &mut self,
        module: ModuleId,
        ast: &ast::Ast,
        id: ast::ItemId,
        tasks: &mut Vec<Task>,
    ) {
        let item = &ast.items[id];
        let attrs = self.read_attrs(module, ast, item);
        let what = match &item.kind {
            ast::ItemKind::Error | ast::ItemKind::Import(_) | ast::ItemKind::FromImport(_) => {
                return;
            }
            ast::ItemKind::Fn(f) => self.declare_fn(module, ast, item, *f, &attrs, Owner::None),
            ast::ItemKind::ExternFn(f) => self.declare_extern(module, ast, item, f, &attrs),
            ast::ItemKind::Struct(decl) => {
                let shape = AdtShape {
                    kind: AdtKind::Struct,
                    name: decl.name,
                    generics: &decl.generics,
                    invariants: &decl.invariants,
                };
                self.declare_fields_adt(module, item, shape, &decl.fields, &attrs)
            }
            ast::ItemKind::Class(decl) => {
                let shape = AdtShape {
                    kind: AdtKind::Class,
                    name: decl.name,
                    generics: &decl.generics,
                    invariants: &decl.invariants,
                };
                self.declare_fields_adt(module, item, shape, &decl.fields, &attrs)
            }
            ast::ItemKind::Enum(decl) => self.declare_enum(module, item, decl, &attrs),
            ast::ItemKind::Trait(decl) => self.declare_trait(module, ast, item, decl, &attrs),
            ast::ItemKind::Impl(_) => Some(TaskKind::Impl),
            ast::ItemKind::Actor(decl) => self.declare_actor(module, item, decl),
            ast::ItemKind::TypeAlias(decl) => {
                self.declare_alias(module, item, decl);
                None
            }
            ast::ItemKind::Let(decl) => self.declare_const(module, ast, item, decl),
        };
        if let Some(what) = what {
            tasks.push(Task { module, item: id, what });
        }
    }

    // -- Functions ---------------------------------------------------------------------------

    fn declare_fn(
        &mut self,
        module: ModuleId,
        ast: &ast::Ast,
        item: &ast::Item,
        f: ast::FnId,
        attrs: &Attrs<'_>,
        owner: Owner,
    ) -> Option<TaskKind> {
        let id = self.new_fn(module, ast, item, f, attrs, owner);
        let name = ast.fns[f].name?;
        self.declare_value(module, name, ValueDef::Fn(id), item.public.is_some());
        Some(TaskKind::Fn(id))
    }

    /// A function without its signature, which is read with the headers.
    pub(super) fn new_fn(
        &mut self,
        module: ModuleId,
        ast: &ast::Ast,
        item: &ast::Item,
        f: ast::FnId,
        attrs: &Attrs<'_>,
        owner: Owner,
    ) -> FnId {
        let node = &ast.fns[f];
        let (name, span) = node.name.map_or((Symbol::intern(""), node.span), |n| (n.name, n.span));
        let kind = self.fn_kind(name, span, node, f, attrs, owner);
        let id = self.items.fns.push(FnDef {
            name,
            trace_name: name,
            module,
            span,
            kind,
            flavour: node.flavour,
            generics: Generics::default(),
            params: Vec::new(),
            self_param: SelfKind::None,
            ret: Ty::error(),
            mailbox: None,
            interpret: attrs.interpret,
            inline: attrs.inline,
            cold: attrs.cold,
            public: item.public.is_some(),
            owner,
        });
        if let Some((text, at)) = attrs.lang {
            match LangFn::find(text) {
                Some(lang) => self.lang.set_function(lang, id),
                None => self.report_unknown_lang(text, at),
            }
        }
        id
    }

    fn fn_kind(
        &mut self,
        name: Symbol,
        span: Span,
        node: &ast::Fn,
        f: ast::FnId,
        attrs: &Attrs<'_>,
        owner: Owner,
    ) -> FnKind {
        if attrs.runtime {
            return FnKind::Runtime;
        }
        if attrs.intrinsic {
            if let Some(intrinsic) = Intrinsic::find(name) {
                return FnKind::Intrinsic(intrinsic);
            }
            self.error(codes::BAD_ATTRIBUTE, span, format!("there is no intrinsic `{name}`"));
        }
        match (node.body, owner) {
            (ast::FnBody::Block(_), _) => FnKind::Source(f),
            (ast::FnBody::None, Owner::Trait { .. }) => FnKind::Required,
            (ast::FnBody::None, Owner::None | Owner::Adt(_) | Owner::Builtin | Owner::Impl(_)) => {
                self.error(codes::MISPLACED, span, format!("the function `{name}` needs a body"));
                FnKind::Required
            }
        }
    }

    fn declare_extern(
        &mut self,
        module: ModuleId,
        ast: &ast::Ast,
        item: &ast::Item,
        decl: &ast::ExternFn,
        attrs: &Attrs<'_>,
    ) -> Option<TaskKind> {
        if decl.abi.name.as_str() != "C" {
            let message =
                format!("only `extern \"C\"` is known, not `extern \"{}\"`", decl.abi.name);
            self.error(codes::BAD_EXTERN, decl.abi.span, message);
        }
        // The owner keeps `fn_kind` from asking for a body; the kind is what counts.
        let owner = Owner::Trait { id: TraitId(0), index: 0 };
        let id = self.new_fn(module, ast, item, decl.func, attrs, owner);
        self.items.fns[id].kind = FnKind::Extern;
        self.items.fns[id].owner = Owner::None;
        let name = ast.fns[decl.func].name?;
        self.declare_value(module, name, ValueDef::Fn(id), item.public.is_some());
        Some(TaskKind::Fn(id))
    }

    // -- Types -------------------------------------------------------------------------------

    fn declare_fields_adt(
        &mut self,
        module: ModuleId,
        item: &ast::Item,
        shape: AdtShape<'_>,
        fields: &[ast::Field],
        attrs: &Attrs<'_>,
    ) -> Option<TaskKind> {
        self.check_distinct("field", fields.iter().map(|field| field.name));
        let fields = fields.iter().map(|field| FieldDef {
            name: Some(field.name.name),
            span: field.name.span,
            ty: Ty::error(),
            mutable: field.kind == ast::FieldKind::Var,
            default: None,
        });
        let variant =
            VariantDef { name: shape.name.name, span: shape.name.span, fields: fields.collect() };
        let variants = std::iter::once(variant).collect();
        Some(TaskKind::Adt(self.declare_adt(module, item, shape, variants, attrs)))
    }

    fn declare_enum(
        &mut self,
        module: ModuleId,
        item: &ast::Item,
        decl: &ast::EnumDecl,
        attrs: &Attrs<'_>,
    ) -> Option<TaskKind> {
        self.check_distinct("variant", decl.variants.iter().map(|variant| variant.name));
        let variants = decl.variants.iter().map(|variant| {
            let fields = variant.fields.iter().map(|field| FieldDef {
                name: field.name.map(|name| name.name),
                span: field.span,
                ty: Ty::error(),
                mutable: false,
                default: None,
            });
            VariantDef {
                name: variant.name.name,
                span: variant.name.span,
                fields: fields.collect(),
            }
        });
        let shape = AdtShape {
            kind: AdtKind::Enum,
            name: decl.name,
            generics: &decl.generics,
            invariants: &[],
        };
        let id = self.declare_adt(module, item, shape, variants.collect(), attrs);
        for (index, variant) in decl.variants.iter().enumerate() {
            let known = self.scopes[module].variants.entry(variant.name.name).or_default();
            known.push((id, VariantIdx(index as u32)));
        }
        Some(TaskKind::Adt(id))
    }

    fn declare_adt(
        &mut self,
        module: ModuleId,
        item: &ast::Item,
        shape: AdtShape<'_>,
        variants: IdVec<VariantIdx, VariantDef>,
        attrs: &Attrs<'_>,
    ) -> AdtId {
        let id = self.items.adts.push(AdtDef {
            name: shape.name.name,
            module,
            span: shape.name.span,
            kind: shape.kind,
            generics: generic_names(shape.generics, &[]),
            variants,
            methods: Vec::new(),
            init: None,
            public: item.public.is_some(),
        });
        self.declare_type(module, shape.name, TypeDef::Adt(id), item.public.is_some());
        if !shape.invariants.is_empty() {
            self.declare_invariant(id);
        }
        if let Some((text, at)) = attrs.lang {
            match LangTy::find(text) {
                Some(lang) => self.lang.set_ty(lang, id),
                None => self.report_unknown_lang(text, at),
            }
        }
        id
    }

    /// The function that checks a type's invariants after construction.
    fn declare_invariant(&mut self, id: AdtId) {
        let def = &self.items.adts[id];
        let (name, module, span, generics) = (def.name, def.module, def.span, def.generics.clone());
        let params = generics.params.iter().enumerate();
        let args: Vec<Ty> = params.map(|(i, param)| Ty::param(i as u32, param.name)).collect();
        let check = self.bare_fn(name, module, span, FnKind::Invariant(id), Owner::Adt(id));
        let self_name = Symbol::intern("self");
        let def = &mut self.items.fns[check];
        def.generics = generics;
        def.self_param = SelfKind::Value;
        def.params = vec![ParamDef { name: self_name, span, ty: Ty::adt(id, args), default: None }];
        self.invariants.insert(id, check);
    }

    fn declare_trait(
        &mut self,
        module: ModuleId,
        ast: &ast::Ast,
        item: &ast::Item,
        decl: &ast::TraitDecl,
        attrs: &Attrs<'_>,
    ) -> Option<TaskKind> {
        let own = GenericParam { name: Symbol::intern("Self"), span: decl.name.span };
        let id = self.items.traits.push(TraitDef {
            name: decl.name.name,
            module,
            span: decl.name.span,
            generics: generic_names(&decl.generics, &[own]),
            methods: Vec::new(),
            public: item.public.is_some(),
        });
        self.declare_type(module, decl.name, TypeDef::Trait(id), item.public.is_some());
        if let Some((text, at)) = attrs.lang {
            match LangTrait::find(text) {
                Some(lang) => self.lang.set_trait(lang, id),
                None => self.report_unknown_lang(text, at),
            }
        }
        for (item, f) in method_items(ast, &decl.methods) {
            let attrs = self.read_attrs(module, ast, item);
            let index = self.items.traits[id].methods.len() as u32;
            let method = self.new_fn(module, ast, item, f, &attrs, Owner::Trait { id, index });
            let name = self.items.fns[method].name;
            self.items.traits[id].methods.push(method);
            self.trait_methods.entry(name).or_default().push((id, index));
        }
        self.check_distinct(
            "method",
            method_items(ast, &decl.methods).filter_map(|(_, f)| ast.fns[f].name),
        );
        Some(TaskKind::Trait(id))
    }

    fn declare_alias(&mut self, module: ModuleId, item: &ast::Item, decl: &ast::TypeAlias) {
        let id = self.aliases.push(AliasDef {
            name: decl.name.name,
            module,
            span: decl.name.span,
            generics: decl.generics.iter().map(|param| param.name.name).collect(),
            ty: decl.ty,
            state: AliasState::Unknown,
        });
        self.declare_type(module, decl.name, TypeDef::Alias(id), item.public.is_some());
    }

    // -- Constants and actors ----------------------------------------------------------------

    fn declare_const(
        &mut self,
        module: ModuleId,
        ast: &ast::Ast,
        item: &ast::Item,
        decl: &ast::Let,
    ) -> Option<TaskKind> {
        let pat = &ast.pats[decl.pat];
        let public = item.public.is_some();
        if let ast::PatKind::Name(name) = pat.kind {
            let name = ast::Ident { name, span: pat.span };
            if let Some(f) = lambda_of(ast, decl) {
                // A lambda that captures nothing is a function: it has type parameters too.
                let id = self.new_fn(module, ast, item, f, &Attrs::default(), Owner::None);
                let def = &mut self.items.fns[id];
                (def.name, def.trace_name, def.span) = (name.name, name.name, name.span);
                self.declare_value(module, name, ValueDef::Fn(id), public);
                return Some(TaskKind::Fn(id));
            }
            let id = self.new_const(module, name, ConstSource::Value(decl.value), public);
            self.declare_value(module, name, ValueDef::Const(id), public);
            return Some(TaskKind::Const(id));
        }
        let whole = ast::Ident { name: Symbol::intern(""), span: pat.span };
        let of = self.new_const(module, whole, ConstSource::Value(decl.value), false);
        let mut names = Vec::new();
        crate::names::bound_by(ast, decl.pat, &mut |name| names.push(name));
        for name in names {
            let name = ast::Ident { name, span: pat.span };
            let part =
                self.new_const(module, name, ConstSource::Part { of, pat: decl.pat }, public);
            let init = self.items.consts[part].init;
            self.uninferred.insert(init);
            self.declare_value(module, name, ValueDef::Const(part), public);
        }
        Some(TaskKind::Const(of))
    }

    fn new_const(
        &mut self,
        module: ModuleId,
        name: ast::Ident,
        source: ConstSource,
        public: bool,
    ) -> ConstId {
        let id = self.items.consts.next_id();
        let ast::Ident { name, span } = name;
        let init = self.bare_fn(name, module, span, FnKind::ConstInit(id), Owner::None);
        self.items.consts.push(ConstDef {
            name,
            module,
            span,
            ty: Ty::error(),
            init,
            source,
            may_need_itself: false,
            public,
        })
    }

    fn declare_actor(
        &mut self,
        module: ModuleId,
        item: &ast::Item,
        decl: &ast::ActorDecl,
    ) -> Option<TaskKind> {
        let id = self.items.actors.next_id();
        let (name, span) = (decl.name.name, decl.name.span);
        let body = self.bare_fn(name, module, span, FnKind::Actor(id), Owner::None);
        let public = item.public.is_some();
        let terminates = decl.terminate.is_some();
        let mailbox = Ty::error();
        self.items.actors.push(ActorDef { name, module, span, body, mailbox, terminates, public });
        self.declare_value(module, decl.name, ValueDef::Actor(id), public);
        Some(TaskKind::Actor(id))
    }

    /// A function that was not written as one.
    pub(crate) fn bare_fn(
        &mut self,
        name: Symbol,
        module: ModuleId,
        span: Span,
        kind: FnKind,
        owner: Owner,
    ) -> FnId {
        self.items.fns.push(FnDef {
            name,
            trace_name: name,
            module,
            span,
            kind,
            flavour: ast::FnFlavour::Plain,
            generics: Generics::default(),
            params: Vec::new(),
            self_param: SelfKind::None,
            ret: Ty::nil(),
            mailbox: None,
            interpret: false,
            inline: false,
            cold: false,
            public: false,
            owner,
        })
    }

    // -- Names -------------------------------------------------------------------------------

    fn declare_value(&mut self, module: ModuleId, name: ast::Ident, def: ValueDef, public: bool) {
        let entry = Entry { def, span: name.span, public, imported: false };
        if let Some(before) = self.scopes[module].values.insert(name.name, entry)
            && !before.imported
        {
            self.report_duplicate("name", name, before.span);
            self.scopes[module].values.insert(name.name, before);
        }
    }

    fn declare_type(&mut self, module: ModuleId, name: ast::Ident, def: TypeDef, public: bool) {
        let entry = Entry { def, span: name.span, public, imported: false };
        if let Some(before) = self.scopes[module].types.insert(name.name, entry)
            && !before.imported
        {
            self.report_duplicate("type", name, before.span);
        }
    }

    /// Any number of parameters may be `_`.
    pub(crate) fn check_parameters(&mut self, params: &[ast::Param]) {
        let named = params.iter().filter(|param| param.is_named);
        self.check_distinct("parameter", named.map(|param| param.name));
    }

    /// Reports each name that stands twice among the parts of one declaration.
    pub(crate) fn check_distinct(&mut self, what: &str, names: impl Iterator<Item = ast::Ident>) {
        let mut seen: FxHashMap<Symbol, Span> = FxHashMap::default();
        for name in names {
            match seen.get(&name.name) {
                Some(before) => self.report_duplicate(what, name, *before),
                None => {
                    seen.insert(name.name, name.span);
                }
            }
        }
    }

    fn report_duplicate(&mut self, what: &str, name: ast::Ident, before: Span) {
        let message = format!("the {what} `{}` is declared twice", name.name);
        let diagnostic = Diagnostic::new(codes::DUPLICATE_NAME, name.span, message);
        self.report(
            diagnostic.label("declared again here").secondary(before, "first declared here"),
        );
    }

    fn report_unknown_lang(&mut self, text: &str, at: Span) {
        self.error(codes::BAD_ATTRIBUTE, at, format!("there is no lang item `{text}`"));
    }
}

/// What the declarations of structs, classes and enums have in common.
#[derive(Clone, Copy)]
struct AdtShape<'a> {
    kind: AdtKind,
    name: ast::Ident,
    generics: &'a [ast::GenericParam],
    invariants: &'a [ast::Contract],
}

/// The parameters by name only; bounds are read with the headers.
fn generic_names(params: &[ast::GenericParam], before: &[GenericParam]) -> Generics {
    let own =
        params.iter().map(|param| GenericParam { name: param.name.name, span: param.name.span });
    Generics { params: before.iter().copied().chain(own).collect(), bounds: Vec::new() }
}

/// The functions among the items of a body.
pub(super) fn method_items<'a>(
    ast: &'a ast::Ast,
    items: &'a [ast::ItemId],
) -> impl Iterator<Item = (&'a ast::Item, ast::FnId)> + 'a {
    items.iter().filter_map(|id| match &ast.items[*id].kind {
        ast::ItemKind::Fn(f) => Some((&ast.items[*id], *f)),
        _ => None,
    })
}

/// The lambda that a `let` without a type gives a name to.
pub(super) fn lambda_of(ast: &ast::Ast, decl: &ast::Let) -> Option<ast::FnId> {
    match ast.exprs[decl.value].kind {
        ast::ExprKind::Lambda(f) if decl.ty.is_none() && decl.else_body.is_none() => Some(f),
        _ => None,
    }
}
