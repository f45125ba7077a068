//! Leaves out what is only a consequence of another mistake.
//!
//! A line that was not read as it was meant says nothing reliable about types, nor do the names that it
//! should have declared; and a type that stays open on the line of an error is open because of it. Must never
//! leave a program without any error that had one.

use crate::program::Program;
use sepal_base::{Diagnostic, FileId, Severity, Span, codes};
use sepal_syntax::ast;

/// What is judged as one: a declaration of a file, or all its top-level statements.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Unit {
    file: FileId,
    /// `None`: the statements, and what stands between the declarations.
    item: Option<ast::ItemId>,
}

/// A line with an error.
#[derive(PartialEq, Eq)]
struct Line {
    unit: Unit,
    number: u32,
}

impl Program {
    pub(crate) fn drop_consequences(&mut self) {
        let errors = self.diagnostics.iter().filter(|d| d.severity() == Severity::Error);
        let (mut unread, mut wrong) = (Vec::new(), Vec::new());
        for diagnostic in errors {
            let line = self.line_of(diagnostic.primary.span);
            if diagnostic.code.is_syntax() {
                unread.push(line);
            } else if diagnostic.code != codes::CANNOT_INFER {
                wrong.push(line);
            }
        }
        if unread.is_empty() && wrong.is_empty() {
            return;
        }
        let follows: Vec<bool> =
            self.diagnostics.iter().map(|d| self.follows(d, &unread, &wrong)).collect();
        let mut follows = follows.into_iter();
        self.diagnostics.retain(|_| !follows.next().unwrap_or(false));
    }

    /// Whether there is nothing to say beyond what the errors on other lines, or on this, say.
    fn follows(&self, diagnostic: &Diagnostic, unread: &[Line], wrong: &[Line]) -> bool {
        if diagnostic.code.is_syntax() {
            return false;
        }
        let span = diagnostic.primary.span;
        let line = self.line_of(span);
        let is_open = diagnostic.code == codes::CANNOT_INFER;
        if is_open && wrong.contains(&line) {
            return true;
        }
        let of_whole = is_open || diagnostic.code == codes::NON_EXHAUSTIVE_MATCH;
        let is_unknown = diagnostic.code == codes::UNKNOWN_NAME;
        unread.iter().filter(|unread| unread.unit == line.unit).any(|unread| {
            let last = self.line_of(span.end()).number;
            let is_inside = (line.number..=last).contains(&unread.number);
            of_whole
                || is_inside
                || *unread == line
                || is_unknown && self.line_has_word(span, unread.number)
        })
    }

    fn line_of(&self, span: Span) -> Line {
        Line { unit: self.unit_of(span), number: self.sources.line_col(span).line }
    }

    /// Whether the text of the span stands as a word on another line of its file.
    fn line_has_word(&self, span: Span, line: u32) -> bool {
        let file = self.sources.file(span.file);
        let word = self.sources.text(span);
        file.text[file.line_range(line)]
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .any(|found| found == word)
    }

    fn unit_of(&self, span: Span) -> Unit {
        let module = self.items.modules.iter().find(|module| module.ast.file == span.file);
        let item = module.and_then(|module| {
            module.ast.body.iter().find_map(|entry| match entry {
                ast::Entry::Item(id) => {
                    let whole = module.ast.items[*id].span;
                    let is_let = matches!(module.ast.items[*id].kind, ast::ItemKind::Let(_));
                    (whole.lo <= span.lo && span.lo <= whole.hi && !is_let).then_some(*id)
                }
                ast::Entry::Stmt(_) => None,
            })
        });
        Unit { file: span.file, item }
    }
}
