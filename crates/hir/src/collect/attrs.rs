//! Attributes: `@lang("name")`, `@intrinsic`, `@rt`, `@inline`, `@cold`, `@interpret`, `@pure`.
//!
//! Must never give an attribute a meaning: that is for whoever declares the item.

use crate::ir::ModuleId;
use crate::program::Program;
use crate::scope::near;
use sepal_base::{Diagnostic, Span, codes};
use sepal_syntax::ast;

/// What stood before an item.
#[derive(Clone, Copy, Default)]
pub(super) struct Attrs<'a> {
    pub(super) lang: Option<(&'a str, Span)>,
    pub(super) intrinsic: bool,
    pub(super) runtime: bool,
    pub(super) inline: bool,
    pub(super) cold: bool,
    pub(super) interpret: bool,
}

const KNOWN: [&str; 2] = ["inline", "interpret"];

impl Program {
    pub(super) fn read_attrs<'a>(
        &mut self,
        module: ModuleId,
        ast: &'a ast::Ast,
        item: &'a ast::Item,
    ) -> Attrs<'a> {
        let mut attrs = Attrs::default();
        let is_std = self.items.modules[module].is_std;
        for attr in &item.attrs {
            let text = attr.args.first().and_then(|arg| match &ast.exprs[*arg].kind {
                ast::ExprKind::Str(text) => Some(&**text),
                _ => None,
            });
            match (attr.name.name.as_str(), text) {
                ("inline", None) => attrs.inline = true,
                ("interpret", None) => attrs.interpret = true,
                ("lang", Some(text)) if is_std => attrs.lang = Some((text, attr.span)),
                ("intrinsic", None) if is_std => attrs.intrinsic = true,
                ("rt", None) if is_std => attrs.runtime = true,
                ("cold", None) if is_std => attrs.cold = true,
                // Said for readers; nothing depends on them.
                ("pure" | "doc", _) if is_std => {}
                _ => self.report_bad_attribute(attr),
            }
        }
        attrs
    }

    fn report_bad_attribute(&mut self, attr: &ast::Attr) {
        let name = attr.name.name;
        let message = format!("there is no attribute `@{name}` here");
        let mut diagnostic = Diagnostic::new(codes::BAD_ATTRIBUTE, attr.span, message);
        if let Some(near) = near(name, KNOWN) {
            diagnostic =
                diagnostic.suggest(attr.name.span, near, format!("did you mean `@{near}`?"));
        }
        self.report(diagnostic);
    }
}
