//! Which import a program lacks: help for names that nothing declares. Must never load a module into the program, nor
//! decide what a name means.

use crate::names::bound_by;
use crate::program::Program;
use rustc_hash::FxHashMap;
use sepal_base::{FileId, Symbol};
use sepal_syntax::ast::{Ast, Entry, ItemKind};

/// How many modules a help names.
const NAMED: usize = 3;

/// The modules of the standard library by what they declare for others.
pub(crate) type Exports = FxHashMap<Symbol, Vec<Symbol>>;

impl Program {
    /// How to import what a name seems to mean: a module of the standard library, or something public in one.
    pub(crate) fn missing_import(&mut self, name: Symbol) -> Option<String> {
        let module = format!("std.{name}");
        if self.loader.library().contains(&module) {
            return Some(format!("`import {module}` makes the module known"));
        }
        if self.exports.is_none() {
            self.exports = Some(self.library_exports());
        }
        let homes = self.exports.as_ref()?.get(&name)?;
        let imports: Vec<String> =
            homes.iter().take(NAMED).map(|home| format!("`from {home} import {name}`")).collect();
        Some(format!("{} makes it known", imports.join(" or ")))
    }

    fn library_exports(&mut self) -> Exports {
        let mut exports = Exports::default();
        for path in self.loader.library() {
            let Ok(source) = self.loader.load(&path) else { continue };
            // The places of this file are not shown to anybody.
            let ast = sepal_syntax::parse(FileId(0), &source.text).ast;
            for name in public_names(&ast) {
                exports.entry(name).or_default().push(Symbol::intern(&path));
            }
        }
        exports
    }
}

/// What a file declares for others.
fn public_names(ast: &Ast) -> Vec<Symbol> {
    let mut names = Vec::new();
    for entry in &ast.body {
        let Entry::Item(id) = entry else { continue };
        let item = &ast.items[*id];
        if item.public.is_none() {
            continue;
        }
        match &item.kind {
            ItemKind::Error
            | ItemKind::Import(_)
            | ItemKind::FromImport(_)
            | ItemKind::ExternFn(_)
            | ItemKind::Impl(_) => {}
            ItemKind::Fn(id) => names.extend(ast.fns[*id].name.map(|name| name.name)),
            ItemKind::Struct(decl) => names.push(decl.name.name),
            ItemKind::Class(decl) => names.push(decl.name.name),
            ItemKind::Enum(decl) => names.push(decl.name.name),
            ItemKind::Trait(decl) => names.push(decl.name.name),
            ItemKind::Actor(decl) => names.push(decl.name.name),
            ItemKind::TypeAlias(decl) => names.push(decl.name.name),
            ItemKind::Let(decl) => bound_by(ast, decl.pat, &mut |name| names.push(name)),
        }
    }
    names
}
