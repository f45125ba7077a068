//! Scripts: a root file whose top level holds statements, which are its `main`.
//!
//! A `let` at the top level of a script runs where it stands, as a local of `main`, unless some
//! declaration of the file speaks of it: then it is a constant.

use crate::ir::*;
use crate::names;
use crate::program::Program;
use rustc_hash::FxHashSet;
use sepal_base::{Diagnostic, Span, Symbol, codes};
use sepal_syntax::ast;

/// Which top-level `let`s of a file are locals of its script.
#[derive(Default)]
pub(super) struct ScriptPlan {
    pub(super) locals: FxHashSet<ast::ItemId>,
}

impl Program {
    pub(super) fn plan_script(&mut self, module: ModuleId, ast: &ast::Ast) -> ScriptPlan {
        let first = ast.body.iter().find_map(|entry| match entry {
            ast::Entry::Stmt(stmt) => Some(ast.stmts[*stmt].span),
            ast::Entry::Item(_) => None,
        });
        let Some(first) = first else { return ScriptPlan::default() };
        if module != self.root {
            self.error(
                codes::MISPLACED,
                first,
                "only the program's own file may hold statements at the top level",
            );
            return ScriptPlan::default();
        }
        if let Some(main) = main_item(ast) {
            let message = "a file with a `main` holds no statements at the top level";
            let diagnostic = Diagnostic::new(codes::BAD_PROGRAM_ENTRY, first, message);
            let diagnostic = diagnostic.secondary(main, "`main` is declared here").help(
                "constants are declared by `let`; what runs or changes belongs into a function",
            );
            self.report(diagnostic);
            let vars = script_vars(ast).into_iter().map(|(name, _)| name);
            self.scopes[module].broken.extend(vars);
            return ScriptPlan::default();
        }
        self.scopes[module].unseen_vars = script_vars(ast);
        let plan = ScriptPlan { locals: script_locals(ast) };
        let name = Symbol::intern("main");
        let id = self.bare_fn(name, module, first, FnKind::Script, Owner::None);
        self.uninferred.insert(id);
        self.main = Some(id);
        plan
    }
}

fn main_item(ast: &ast::Ast) -> Option<Span> {
    ast.body.iter().find_map(|entry| match entry {
        ast::Entry::Item(id) => match &ast.items[*id].kind {
            ast::ItemKind::Fn(f) => {
                ast.fns[*f].name.filter(|name| name.name.as_str() == "main").map(|name| name.span)
            }
            _ => None,
        },
        ast::Entry::Stmt(_) => None,
    })
}

/// The variables at the top level.
fn script_vars(ast: &ast::Ast) -> Vec<(Symbol, Span)> {
    let mut vars = Vec::new();
    for entry in &ast.body {
        if let ast::Entry::Stmt(stmt) = entry
            && let ast::StmtKind::Var(var) = &ast.stmts[*stmt].kind
        {
            let span = ast.pats[var.pat].span;
            names::bound_by(ast, var.pat, &mut |name| vars.push((name, span)));
        }
    }
    vars
}

/// The `let`s that no declaration speaks of.
fn script_locals(ast: &ast::Ast) -> FxHashSet<ast::ItemId> {
    let mut used: FxHashSet<Symbol> = FxHashSet::default();
    for entry in &ast.body {
        if let ast::Entry::Item(id) = entry
            && !matches!(ast.items[*id].kind, ast::ItemKind::Let(_))
        {
            names::in_item(ast, *id, &mut |name| {
                used.insert(name);
            });
        }
    }
    // What a constant is made of is a constant too.
    let mut locals = FxHashSet::default();
    for entry in ast.body.iter().rev() {
        let ast::Entry::Item(id) = entry else { continue };
        let ast::ItemKind::Let(decl) = &ast.items[*id].kind else { continue };
        let mut is_used = false;
        names::bound_by(ast, decl.pat, &mut |name| is_used |= used.contains(&name));
        if is_used && decl.else_body.is_none() {
            names::in_expr(ast, decl.value, &mut |name| {
                used.insert(name);
            });
        } else {
            locals.insert(*id);
        }
    }
    locals
}
