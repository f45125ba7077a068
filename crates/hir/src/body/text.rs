//! What makes and writes text: f-strings, `print`, `panic`, `assert`.

use super::BodyCx;
use super::names::Builtin;
use crate::ir::*;
use crate::lang::{LangFn, LangTrait};
use crate::ty::Ty;
use sepal_base::{Span, codes};
use sepal_syntax::ast;

/// A value with a format specification, checked when its type is known.
pub(crate) struct FormatSite {
    pub(crate) value: ExprId,
    pub(crate) spec: ast::FormatSpec,
}

impl BodyCx<'_> {
    pub(super) fn fstring(&mut self, parts: &[ast::FPart], span: Span) -> ExprId {
        let mut texts = Vec::with_capacity(parts.len());
        for part in parts {
            texts.push(match part {
                ast::FPart::Text(text) => self.text(text, span),
                ast::FPart::Value { value, spec, .. } => {
                    let value = self.value(*value);
                    let at = self.span(value);
                    match spec {
                        None => self.show_call(value, at),
                        Some(spec) => self.format_call(value, spec),
                    }
                }
            });
        }
        self.concat(texts, span)
    }

    /// Several strings as one.
    fn concat(&mut self, parts: Vec<ExprId>, span: Span) -> ExprId {
        match parts[..] {
            [] => self.text("", span),
            [only] => only,
            _ => {
                let array = self.expr(ExprKind::ArrayLit(parts.into()), Ty::array(Ty::str()), span);
                self.call_lang(LangFn::StrJoinArray, vec![array], span)
            }
        }
    }

    /// `value.format(spec)`; which values may have which specification is checked at the end.
    fn format_call(&mut self, value: ExprId, spec: &ast::FormatSpec) -> ExprId {
        let span = self.span(value);
        let text = self.prog.text(spec.span).to_string();
        let text = text.strip_prefix(':').unwrap_or(&text).to_string();
        let text = self.text(&text, spec.span);
        let ty = self.ty(value);
        self.draft.text_parts.push(FormatSite { value, spec: *spec });
        self.call_trait(LangTrait::Format, ty, Vec::new(), vec![value, text], Ty::str(), span)
    }

    // -- Output ------------------------------------------------------------------------------

    /// `print(a, b, end: e)`: one write of all of it.
    pub(super) fn print_call(
        &mut self,
        builtin: Builtin,
        lead: Vec<ExprId>,
        args: &[ast::Arg],
        span: Span,
    ) -> ExprId {
        let mut values = lead;
        let mut end = None;
        for arg in args {
            match arg.kind {
                ast::ArgKind::Positional => values.push(self.value(arg.value)),
                ast::ArgKind::Named(name) if name.name.as_str() == "end" => {
                    end = Some(self.check(arg.value, Ty::str()))
                }
                ast::ArgKind::Named(_) | ast::ArgKind::Update => {
                    self.error(
                        codes::BAD_ARGUMENT,
                        arg.span,
                        "`print` takes values and `end: text`",
                    );
                    self.value(arg.value);
                }
            }
        }
        self.print_values(builtin, values, end, span)
    }

    pub(super) fn print_values(
        &mut self,
        builtin: Builtin,
        values: Vec<ExprId>,
        end: Option<ExprId>,
        span: Span,
    ) -> ExprId {
        // All values are there before the first is shown: a later one may change what an earlier
        // one refers to.
        let mut stmts = Vec::new();
        let mut parts = Vec::with_capacity(2 * values.len());
        for (index, value) in values.into_iter().enumerate() {
            if index > 0 {
                parts.push(self.text(" ", span));
            }
            let value = self.settled(value, &mut stmts);
            let at = self.span(value);
            parts.push(self.show_call(value, at));
        }
        let end = match end {
            Some(end) => self.settled(end, &mut stmts),
            None => self.text("\n", span),
        };
        let text = self.concat(parts, span);
        let item = if builtin == Builtin::Eprint { LangFn::EprintText } else { LangFn::PrintText };
        let write = self.call_lang(item, vec![text, end], span);
        if stmts.is_empty() { write } else { self.block(stmts, Some(write), span) }
    }

    // -- Panics ------------------------------------------------------------------------------

    pub(super) fn panic_call(
        &mut self,
        lead: Vec<ExprId>,
        args: &[ast::Arg],
        span: Span,
    ) -> ExprId {
        let mut values = lead;
        for arg in args {
            if arg.kind != ast::ArgKind::Positional {
                self.error(codes::BAD_ARGUMENT, arg.span, "`panic` takes its message only");
            }
            values.push(self.check(arg.value, Ty::str()));
        }
        let [message] = values[..] else {
            let message = format!("`panic` takes 1 argument, not {}", values.len());
            return self.wrong(codes::ARGUMENT_COUNT, span, message);
        };
        self.panic_with(PanicKind::Explicit, message, span)
    }

    pub(super) fn panic_with(&mut self, kind: PanicKind, message: ExprId, span: Span) -> ExprId {
        self.expr(ExprKind::Panic { kind, message }, Ty::never(), span)
    }

    /// `assert cond, message`: without a message, the condition as it was written.
    pub(super) fn assert_stmt(
        &mut self,
        cond: ast::ExprId,
        message: Option<ast::ExprId>,
        span: Span,
    ) -> ExprId {
        let text = self.prog.text(self.ast.exprs[cond].span).to_string();
        let cond = self.check(cond, Ty::bool());
        let message = match message {
            Some(message) => self.check(message, Ty::str()),
            None => self.text(&text, span),
        };
        let failed = self.panic_with(PanicKind::Assert, message, span);
        let failed = self.dropped(failed, span);
        let fails =
            self.expr(ExprKind::Unary { op: UnaryOp::Not, operand: cond }, Ty::bool(), span);
        self.if_else(fails, failed, None, Ty::nil(), span)
    }
}
