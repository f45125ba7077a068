//! Conversions written as calls of a type: `int(x)`, `str(x)`, `char(n)`.

use super::{BodyCx, Pending};
use crate::ir::*;
use crate::lang::LangTrait;
use crate::program::Program;
use crate::ty::{Ty, TyKind};
use crate::types::a;
use sepal_base::{Diagnostic, Span, codes};
use sepal_syntax::ast;

impl Program {
    /// Whether `to(x)` converts an `x` of the type `from`.
    pub(crate) fn converts(&self, from: Ty, to: Ty) -> bool {
        from == to
            || (self.is_number(from) && self.is_number(to))
            || (self.is_int(from) && to == Ty::char())
            || (from == Ty::char() && self.is_int(to))
            || (from == Ty::bool() && self.is_number(to))
    }

    fn is_int(&self, ty: Ty) -> bool {
        ty.as_int().is_some() || self.infer.int_params.contains(&ty)
    }

    fn is_number(&self, ty: Ty) -> bool {
        self.is_int(ty) || ty.as_float().is_some()
    }
}

impl BodyCx<'_> {
    pub(super) fn cast_call(
        &mut self,
        to: Ty,
        lead: Vec<ExprId>,
        args: &[ast::Arg],
        span: Span,
    ) -> ExprId {
        let mut values = lead;
        for arg in args {
            if arg.kind != ast::ArgKind::Positional {
                self.error(codes::BAD_ARGUMENT, arg.span, "a conversion takes one value");
            }
            // A literal that no `int` can hold is one of the type that is named.
            let wide = matches!(self.ast.exprs[arg.value].kind, ast::ExprKind::Int(lit) if lit.value() > Ty::int().as_int().map_or(0, |int| int.max()));
            values.push(self.infer(arg.value, wide.then_some(to)));
        }
        let [value] = values[..] else {
            let name = self.name_of(to);
            return self.wrong(
                codes::ARGUMENT_COUNT,
                span,
                format!("`{name}(…)` takes 1 argument, not {}", values.len()),
            );
        };
        self.convert(value, to, span)
    }

    /// `to(value)`
    pub(super) fn convert(&mut self, value: ExprId, to: Ty, span: Span) -> ExprId {
        if to == Ty::any() {
            return self.coerce(value, to);
        }
        if to == Ty::str() {
            return self.show_call(value, span);
        }
        let made = self.expr(ExprKind::Error, to, span);
        self.cast(made, value, to);
        made
    }

    /// Fills in a conversion, now or when the value's type is known.
    pub(super) fn cast(&mut self, made: ExprId, value: ExprId, to: Ty) {
        let ty = self.ty(value);
        let from = self.known(ty);
        if from.is_var() {
            self.draft.pending.push(Pending::Cast { expr: made, value, to });
            return;
        }
        self.finish_cast(made, value, from, to);
    }

    pub(super) fn finish_cast(&mut self, made: ExprId, value: ExprId, from: Ty, to: Ty) {
        if from.has_error() || to.has_error() {
            return;
        }
        if from.is_never() {
            let kind = Coercion::FromNever;
            self.draft.body.exprs[made].kind = ExprKind::Coerce { kind, value };
            return;
        }
        if self.prog.converts(from, to) {
            self.draft.body.exprs[made].kind = ExprKind::Cast { value };
            return;
        }
        let (from_name, to_name, span) = (self.name_of(from), self.name_of(to), self.span(made));
        let message = format!(
            "{a_from_name} cannot be converted into `{to_name}`",
            a_from_name = a(&from_name)
        );
        let mut diagnostic = Diagnostic::new(codes::BAD_CONVERSION, span, message);
        if from == Ty::str() && self.prog.is_number(to) {
            diagnostic = diagnostic.help(format!(
                "`{to_name}.parse(s)` gives {a_to_name_opt}",
                a_to_name_opt = a(&format!("{}?", to_name))
            ));
        }
        self.report(diagnostic);
    }

    /// A conversion of what stays open asks for the trait of what can be converted so.
    pub(super) fn assume_cast(&mut self, made: ExprId, value: ExprId, to: Ty) {
        let (ty, span) = (self.ty(value), self.span(value));
        self.require_lang(ty, LangTrait::ConvertTo, vec![to], span);
        self.draft.body.exprs[made].kind = ExprKind::Cast { value };
    }

    /// `u8.wrap(x)`
    pub(super) fn wrap_call(&mut self, to: Ty, args: &[ast::Arg], span: Span) -> ExprId {
        let [arg] = args else {
            let name = self.name_of(to);
            return self.wrong(
                codes::ARGUMENT_COUNT,
                span,
                format!("`{name}.wrap` takes 1 argument, not {}", args.len()),
            );
        };
        let value = self.value(arg.value);
        let ty = self.ty(value);
        let from = self.known_or_default(ty);
        if from.is_never() {
            return self.coerce(value, to);
        }
        if from.is_var() {
            let at = self.span(value);
            self.require_lang(from, LangTrait::Integer, Vec::new(), at);
        } else if from.as_int().is_none()
            && !self.prog.infer.int_params.contains(&from)
            && !from.has_error()
        {
            let (name, at) = (self.name_of(from), self.span(value));
            self.error(
                codes::BAD_CONVERSION,
                at,
                format!("`wrap` takes an integer, not {a_name}", a_name = a(&name)),
            );
        }
        self.expr(ExprKind::CastWrap { value }, to, span)
    }

    /// `x.show()`
    pub(super) fn show_call(&mut self, value: ExprId, span: Span) -> ExprId {
        let ty = self.ty(value);
        if ty == Ty::str() {
            return value;
        }
        let at = self.span(value);
        self.require_lang(ty, LangTrait::Show, Vec::new(), at);
        self.call_trait(LangTrait::Show, ty, Vec::new(), vec![value], Ty::str(), span)
    }

    /// Whether a type counts as an integer type here.
    pub(super) fn is_int(&self, ty: Ty) -> bool {
        self.prog.is_int(ty)
    }

    /// Whether operators on the type are built in.
    pub(super) fn is_primitive(&self, ty: Ty) -> bool {
        match ty.kind() {
            TyKind::Int(_)
            | TyKind::Float(_)
            | TyKind::Bool
            | TyKind::Char
            | TyKind::Symbol
            | TyKind::Nil => true,
            _ => self.prog.infer.int_params.contains(&ty),
        }
    }
}
