//! Modules: loading what is imported, the import graph, and what imports bind.
//!
//! Must never open a file: texts come from the [`SourceLoader`] that the driver gives.

use crate::ir::*;
use crate::program::Program;
use crate::scope::{Entry, Scope, near};
use rustc_hash::FxHashMap;
use sepal_base::{Diagnostic, Span, Symbol, codes};
use sepal_syntax::{AnyImport, ast};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

/// The text of a module.
pub struct LoadedSource {
    /// The path as diagnostics show it.
    pub name: String,
    pub text: Arc<str>,
}

/// Why a module has no text.
#[derive(Debug)]
pub enum LoadError {
    NotFound,
    /// It is there but cannot be read, with the reason.
    Unreadable(String),
}

/// Where the texts of modules come from.
pub trait SourceLoader {
    /// The module of a dotted path: `std.json`, or `shapes.area` from the package's root.
    fn load(&mut self, path: &str) -> Result<LoadedSource, LoadError>;

    /// The paths of the modules of the standard library that help may be given about.
    fn library(&self) -> Vec<String>;
}

/// The first name of every path into the standard library.
const STD: &str = "std";
/// The module whose public names every module sees.
const PRELUDE: &str = "std.prelude";

impl Program {
    /// Loads the root file and everything it imports, and collects all declarations.
    pub(crate) fn load_root(&mut self, name: String, text: Arc<str>) {
        let path = Symbol::intern(&name);
        self.root = self.add_module(path, LoadedSource { name, text }, false);
        let prelude = self.load_module(Symbol::intern(PRELUDE), None);
        self.prelude = prelude;
        self.complete_modules(self.root);
        self.find_main();
    }

    /// The module of a path of the standard library, loaded if it is not yet.
    pub(crate) fn std_module(&mut self, path: Symbol) -> Option<ModuleId> {
        if let Some(known) = self.module_by_path.get(&path) {
            return *known;
        }
        let first = self.items.modules.next_id();
        let id = self.load_module(path, None)?;
        self.complete_modules(first);
        Some(id)
    }

    /// Follows the imports of the modules from `first` on, then collects their declarations.
    fn complete_modules(&mut self, first: ModuleId) {
        let mut next = first;
        while next.0 < self.items.modules.len() as u32 {
            self.load_imports(next);
            next = ModuleId(next.0 + 1);
        }
        let batch: Vec<ModuleId> = (first.0..next.0).map(ModuleId).collect();
        self.report_import_cycles(&batch);
        let tasks = self.declare_modules(&batch);
        for module in &batch {
            self.link_imports(*module);
        }
        self.collect_headers(&tasks);
    }

    fn add_module(&mut self, path: Symbol, source: LoadedSource, is_std: bool) -> ModuleId {
        let file = self.sources.add(source.name, Arc::clone(&source.text));
        let start = Instant::now();
        let parsed = sepal_syntax::parse(file, &source.text);
        self.syntax_time += start.elapsed();
        self.diagnostics.append(parsed.diagnostics);
        self.scopes.push(Scope::default());
        self.items.modules.push(Module { path, ast: Rc::new(parsed.ast), is_std })
    }

    fn load_module(&mut self, path: Symbol, at: Option<Span>) -> Option<ModuleId> {
        if let Some(known) = self.module_by_path.get(&path) {
            return *known;
        }
        let is_std = path.as_str() == STD || path.as_str().starts_with("std.");
        let id = match self.loader.load(path.as_str()) {
            Ok(source) => Some(self.add_module(path, source, is_std)),
            Err(error) => {
                if let Some(span) = at {
                    self.report_unloadable(path, span, error);
                }
                None
            }
        };
        self.module_by_path.insert(path, id);
        id
    }

    fn report_unloadable(&mut self, path: Symbol, span: Span, error: LoadError) {
        let mut diagnostic = match error {
            LoadError::NotFound => {
                Diagnostic::new(codes::UNKNOWN_MODULE, span, format!("there is no module `{path}`"))
            }
            LoadError::Unreadable(why) => {
                let message = format!("the module `{path}` cannot be read: {why}");
                Diagnostic::new(codes::UNKNOWN_MODULE, span, message)
            }
        };
        let in_library = Symbol::intern(&format!("std.{path}"));
        let known = self.module_by_path.iter().filter(|(_, id)| id.is_some());
        let library = self.loader.library();
        let known = known.map(|(path, _)| path.as_str());
        if self.loader.load(in_library.as_str()).is_ok() {
            diagnostic = diagnostic.help(format!("the library's is `{in_library}`"));
        } else if let Some(name) = near(path, known.chain(library.iter().map(String::as_str))) {
            diagnostic = diagnostic.help(format!("did you mean `{name}`?"));
        }
        self.report(diagnostic);
    }

    /// Loads what a module imports, in blocks too.
    fn load_imports(&mut self, module: ModuleId) {
        let ast = Rc::clone(&self.items.modules[module].ast);
        for (import, path, span) in imports_of(&ast) {
            if let AnyImport::Names(names) = import
                && self.load_module(path, None).is_none()
                && self.load_from_folder(path, names)
            {
                continue;
            }
            if self.module_by_path.get(&path) == Some(&None) {
                // Each place is told.
                self.module_by_path.remove(&path);
            }
            self.load_module(path, Some(span));
        }
    }

    /// Whether all names are modules of a folder, which are loaded then.
    fn load_from_folder(&mut self, path: Symbol, import: &ast::FromImport) -> bool {
        let mut names = import.names.iter();
        names.all(|wanted| self.load_module(member(path, wanted.name.name), None).is_some())
    }

    /// Reports each circle of imports among user modules once.
    fn report_import_cycles(&mut self, batch: &[ModuleId]) {
        let mut done: FxHashMap<ModuleId, bool> = FxHashMap::default();
        for start in batch {
            if self.items.modules[*start].is_std || done.contains_key(start) {
                continue;
            }
            // Each entry: a module and its imports that are still to be followed.
            let mut stack = vec![(*start, self.user_imports(*start))];
            done.insert(*start, false);
            while let Some((module, imports)) = stack.last_mut() {
                let Some((next, span)) = imports.pop() else {
                    done.insert(*module, true);
                    stack.pop();
                    continue;
                };
                match done.get(&next) {
                    Some(true) => {}
                    Some(false) => {
                        let from = stack.iter().position(|(m, _)| *m == next).unwrap_or(0);
                        let circle: Vec<ModuleId> = stack[from..].iter().map(|(m, _)| *m).collect();
                        self.report_cycle(&circle, next, span);
                    }
                    None => {
                        done.insert(next, false);
                        let imports = self.user_imports(next);
                        stack.push((next, imports));
                    }
                }
            }
        }
    }

    fn user_imports(&self, module: ModuleId) -> Vec<(ModuleId, Span)> {
        let ast = &self.items.modules[module].ast;
        let mut found = Vec::new();
        for (import, path, span) in imports_of(ast) {
            match (self.loaded(path), import) {
                (Some(id), _) => found.push((id, span)),
                (None, AnyImport::Names(import)) => {
                    let names = import.names.iter().map(|wanted| member(path, wanted.name.name));
                    found.extend(names.filter_map(|path| Some((self.loaded(path)?, span))));
                }
                (None, AnyImport::Module(_)) => {}
            }
        }
        found.retain(|(id, _)| !self.items.modules[*id].is_std);
        found
    }

    fn loaded(&self, path: Symbol) -> Option<ModuleId> {
        self.module_by_path.get(&path).copied().flatten()
    }

    fn report_cycle(&mut self, circle: &[ModuleId], back: ModuleId, span: Span) {
        let names =
            circle.iter().chain([&back]).map(|m| format!("`{}`", self.items.modules[*m].path));
        let names: Vec<String> = names.collect();
        let message = format!("import cycle: {}", names.join(" imports "));
        let diagnostic = Diagnostic::new(codes::IMPORT_CYCLE, span, message);
        self.report(
            diagnostic
                .label("this import closes the circle")
                .help("move what both need into a third module"),
        );
    }

    fn link_imports(&mut self, module: ModuleId) {
        let ast = Rc::clone(&self.items.modules[module].ast);
        for entry in &ast.body {
            if let ast::Entry::Item(id) = entry {
                self.link_item(module, &ast.items[*id]);
            }
        }
    }

    /// Makes known in a scope what an item of it imports, if it does.
    pub(crate) fn link_item(&mut self, module: ModuleId, item: &ast::Item) {
        match item.kind.import() {
            Some(AnyImport::Module(import)) => self.link_import(module, import),
            Some(AnyImport::Names(import)) => {
                self.link_from_import(module, import, item.public.is_some());
            }
            None => {}
        }
    }

    fn link_import(&mut self, module: ModuleId, import: &ast::Import) {
        let path = join(&import.path);
        let last = import.path.last().expect("a path has a name");
        let name = import.alias.map_or(last.name, |alias| alias.name);
        let Some(target) = self.loaded(path) else {
            self.scopes[module].broken.push(name);
            return;
        };
        self.scopes[module].modules.insert(name, target);
    }

    fn link_from_import(&mut self, module: ModuleId, import: &ast::FromImport, public: bool) {
        let path = join(&import.path);
        let target = self.loaded(path);
        for wanted in &import.names {
            let bound = wanted.alias.unwrap_or(wanted.name);
            let Some(target) = target else {
                match self.loaded(member(path, wanted.name.name)) {
                    Some(found) => {
                        self.scopes[module].modules.insert(bound.name, found);
                    }
                    None => self.scopes[module].broken.push(bound.name),
                }
                continue;
            };
            if !self.bind_import(module, target, wanted.name, bound, public) {
                self.report_missing_import(target, path, wanted.name);
                self.scopes[module].broken.push(bound.name);
            }
        }
    }

    /// Binds every meaning that `name` has in the module it comes from.
    fn bind_import(
        &mut self,
        into: ModuleId,
        from: ModuleId,
        name: ast::Ident,
        bound: ast::Ident,
        public: bool,
    ) -> bool {
        let scope = &self.scopes[from];
        let ty = scope.types.get(&name.name).copied().filter(|e| !e.imported || e.public);
        let value = scope.values.get(&name.name).copied().filter(|e| !e.imported || e.public);
        let variants = scope.variants.get(&name.name).cloned();
        let found = ty.is_some() || value.is_some() || variants.is_some();
        let private =
            ty.is_none_or(|e| !e.public) && value.is_none_or(|e| !e.public) && variants.is_none();
        // The library's modules see all of each other; `pub` is for users.
        if found && private && !self.items.modules[into].is_std {
            self.report_private(name, from, ty.map(|e| e.span).or(value.map(|e| e.span)));
        }
        if let Some(entry) = ty {
            self.import_variants(into, entry.def);
            let entry = Entry { span: bound.span, public, imported: true, ..entry };
            self.scopes[into].types.insert(bound.name, entry);
        }
        if let Some(entry) = value {
            let entry = Entry { span: bound.span, public, imported: true, ..entry };
            self.scopes[into].values.entry(bound.name).or_insert(entry);
        }
        if let Some(variants) = variants {
            self.scopes[into].variants.entry(bound.name).or_insert(variants);
        }
        if !found {
            let path = member(self.items.modules[from].path, name.name);
            if let Some(module) = self.loaded(path) {
                self.scopes[into].modules.insert(bound.name, module);
                return true;
            }
        }
        found
    }

    /// The variants of an imported enum can be used bare; in the library the first of a name, unless a type is
    /// wanted: `Normal` is a reason.
    fn import_variants(&mut self, into: ModuleId, def: crate::scope::TypeDef) {
        let crate::scope::TypeDef::Adt(adt) = def else { return };
        if self.items.adts[adt].kind != AdtKind::Enum {
            return;
        }
        for (variant, def) in self.items.adts[adt].variants.iter_enumerated() {
            let known = self.scopes[into].variants.entry(def.name).or_default();
            let may_share = known.is_empty() || !self.items.modules[into].is_std;
            if may_share && !known.contains(&(adt, variant)) {
                known.push((adt, variant));
            }
        }
    }

    fn report_missing_import(&mut self, target: ModuleId, path: Symbol, name: ast::Ident) {
        let message = format!("the module `{path}` has no `{}`", name.name);
        let mut diagnostic = Diagnostic::new(codes::UNKNOWN_MEMBER, name.span, message);
        let scope = &self.scopes[target];
        let names = scope.types.keys().chain(scope.values.keys()).map(|name| name.as_str());
        if let Some(near) = near(name.name, names) {
            diagnostic = diagnostic.did_you_mean(name.span, near);
        }
        self.report(diagnostic);
    }

    /// Reports the use of a name that its module keeps to itself.
    pub(crate) fn report_private(
        &mut self,
        name: ast::Ident,
        module: ModuleId,
        declared: Option<Span>,
    ) {
        let path = self.items.modules[module].path;
        let message = format!("`{}` is private to the module `{path}`", name.name);
        let mut diagnostic = Diagnostic::new(codes::NOT_EXPORTED, name.span, message);
        if let Some(span) = declared {
            diagnostic = diagnostic.secondary(span, "declared here without `pub`");
        }
        self.report(diagnostic);
    }
}

/// What a file imports, in blocks too, with the paths and where these stand.
fn imports_of(ast: &ast::Ast) -> impl Iterator<Item = (AnyImport<'_>, Symbol, Span)> {
    let imports = ast.items.iter().filter_map(|item| item.kind.import());
    imports.map(|import| (import, join(import.path()), path_span(import.path())))
}

/// The path of what a module or folder holds.
fn member(path: Symbol, name: Symbol) -> Symbol {
    Symbol::intern(&format!("{path}.{name}"))
}

/// The names of a path with dots between them.
pub(crate) fn join(path: &[ast::Ident]) -> Symbol {
    let names: Vec<&str> = path.iter().map(|part| part.name.as_str()).collect();
    Symbol::intern(&names.join("."))
}

fn path_span(path: &[ast::Ident]) -> Span {
    let first = path.first().expect("a path has a name").span;
    first.to(path.last().expect("a path has a name").span)
}
