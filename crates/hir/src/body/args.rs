//! Arguments: by position or by name, with defaults, to one value for each parameter.

use super::BodyCx;
use crate::ir::*;
use crate::scope::near;
use crate::ty::Ty;
use crate::types::count;
use sepal_base::{Diagnostic, Span, Symbol, codes};
use sepal_syntax::ast;

/// What can be called with arguments, as far as matching them needs it.
pub(super) struct Signature {
    /// For messages: ``the function `add` ``.
    pub(super) what: String,
    pub(super) params: Vec<Param>,
    pub(super) declared: Option<Span>,
}

#[derive(Clone, Copy)]
pub(super) struct Param {
    /// Absent for fields without a name and parameters of function values.
    pub(super) name: Option<Symbol>,
    pub(super) ty: Ty,
    pub(super) has_default: bool,
}

/// Arguments after matching: for each parameter the value, if one was given.
pub(super) struct Matched {
    pub(super) values: Vec<Option<ExprId>>,
    /// Bindings that keep the order of evaluation where names changed it.
    pub(super) before: Vec<Stmt>,
}

impl BodyCx<'_> {
    /// Matches and checks arguments. `lead` are values for the first parameters that stand
    /// outside the brackets, such as the receiver of a method. Nothing after a report.
    pub(super) fn match_args(
        &mut self,
        signature: &Signature,
        lead: Vec<ExprId>,
        args: &[ast::Arg],
        span: Span,
    ) -> Option<Matched> {
        let Some(places) = self.assign_args(signature, lead.len(), args, span) else {
            // Whatever is wrong with the call, its arguments may have mistakes of their own.
            self.look_at(args);
            return None;
        };
        let mut values: Vec<Option<ExprId>> = vec![None; signature.params.len()];
        for (index, value) in lead.into_iter().enumerate() {
            let ty = signature.params[index].ty;
            values[index] = Some(self.coerce(value, ty));
        }
        // Lambdas come last: the other arguments say what their parameters are.
        let is_lambda =
            |cx: &Self, id: ast::ExprId| matches!(cx.ast.exprs[id].kind, ast::ExprKind::Lambda(_));
        for lambdas in [false, true] {
            for (arg, place) in args.iter().zip(&places) {
                if is_lambda(self, arg.value) == lambdas {
                    values[*place] = Some(self.check(arg.value, signature.params[*place].ty));
                }
            }
        }
        let mut before = Vec::new();
        if !places.is_sorted() {
            for place in &places {
                let value = values[*place].expect("it was just checked");
                let span = self.span(value);
                let local = self.temp(value, false, &mut before);
                values[*place] = Some(self.local(local, span));
            }
        }
        Some(Matched { values, before })
    }

    /// Arguments of a call that is wrong itself: only their own mistakes count.
    pub(super) fn look_at(&mut self, args: &[ast::Arg]) {
        for arg in args {
            self.value(arg.value);
        }
    }

    /// Which parameter each argument is for.
    fn assign_args(
        &mut self,
        signature: &Signature,
        lead: usize,
        args: &[ast::Arg],
        span: Span,
    ) -> Option<Vec<usize>> {
        let params = &signature.params;
        let mut taken = vec![false; params.len().max(lead)];
        taken[..lead].fill(true);
        let mut places = Vec::with_capacity(args.len());
        let (mut next, mut named, mut fine) = (lead, false, true);
        for arg in args {
            let place = match arg.kind {
                ast::ArgKind::Positional => {
                    if named {
                        self.error(
                            codes::BAD_ARGUMENT,
                            arg.span,
                            "positional arguments come before named ones",
                        );
                        fine = false;
                        continue;
                    }
                    next += 1;
                    next - 1
                }
                ast::ArgKind::Named(name) => {
                    named = true;
                    let Some(place) = self.named_place(signature, name) else {
                        fine = false;
                        continue;
                    };
                    place
                }
                ast::ArgKind::Update => {
                    self.error(
                        codes::BAD_ARGUMENT,
                        arg.span,
                        "`..` copies a struct: `Point(..p, x: 1.0)`",
                    );
                    fine = false;
                    continue;
                }
            };
            if place >= params.len() {
                fine = false;
                continue;
            }
            if std::mem::replace(&mut taken[place], true) {
                let name =
                    params[place].name.map_or_else(|| place.to_string(), |name| name.to_string());
                self.error(
                    codes::BAD_ARGUMENT,
                    arg.span,
                    format!("the argument `{name}` is given twice"),
                );
                fine = false;
            }
            places.push(place);
        }
        let missing =
            (0..params.len()).filter(|i| !taken[*i] && !params[*i].has_default).collect::<Vec<_>>();
        if next > params.len() || (!missing.is_empty() && fine) {
            self.report_count(signature, lead, next, &missing, span);
            fine = false;
        }
        fine.then_some(places)
    }

    fn named_place(&mut self, signature: &Signature, name: ast::Ident) -> Option<usize> {
        let place = signature.params.iter().position(|param| param.name == Some(name.name));
        if place.is_none() {
            self.report_unknown_param(signature, name);
        }
        place
    }

    fn report_count(
        &mut self,
        signature: &Signature,
        lead: usize,
        given: usize,
        missing: &[usize],
        span: Span,
    ) {
        let wanted = signature.params.len() - lead.min(signature.params.len());
        let message = if given > signature.params.len() {
            format!("{} takes {}, not {}", signature.what, count(wanted, "argument"), given - lead)
        } else {
            let names = missing.iter().map(|i| match signature.params[*i].name {
                Some(name) => format!("`{name}`"),
                None => format!("number {}", i + 1 - lead),
            });
            let names: Vec<String> = names.collect();
            let noun = if names.len() == 1 { "the argument" } else { "the arguments" };
            format!("{} needs {noun} {}", signature.what, names.join(", "))
        };
        let mut diagnostic = Diagnostic::new(codes::ARGUMENT_COUNT, span, message);
        if let Some(declared) = signature.declared {
            diagnostic = diagnostic.secondary(declared, "declared here");
        }
        self.report(diagnostic);
    }

    fn report_unknown_param(&mut self, signature: &Signature, name: ast::Ident) {
        let message = format!("{} has no parameter `{}`", signature.what, name.name);
        let mut diagnostic = Diagnostic::new(codes::BAD_ARGUMENT, name.span, message);
        let names = signature.params.iter().filter_map(|param| Some(param.name?.as_str()));
        if let Some(near) = near(name.name, names) {
            diagnostic = diagnostic.did_you_mean(name.span, near);
        }
        if let Some(declared) = signature.declared {
            diagnostic = diagnostic.secondary(declared, "declared here");
        }
        self.report(diagnostic);
    }

    /// Puts the bindings that keep the order of evaluation before a call.
    pub(super) fn after(&mut self, before: Vec<Stmt>, call: ExprId) -> ExprId {
        if before.is_empty() {
            return call;
        }
        let span = self.span(call);
        self.block(before, Some(call), span)
    }
}
