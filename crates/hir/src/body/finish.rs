//! The end of a body: variables are replaced, and what could not be judged before is checked.

use super::text::FormatSite;
use super::{Draft, MatchSite, Pending};
use crate::ir::*;
use crate::patterns::{self, Shapes};
use crate::program::Program;
use crate::ty::{Ty, TyKind};
use crate::types::a;
use sepal_base::{Diagnostic, Span, Symbol, codes};
use sepal_syntax::ast;
use std::rc::Rc;

impl Program {
    pub(crate) fn finish_draft(&mut self, mut draft: Draft) {
        self.report_unfinished(&mut draft);
        self.close_group_calls(&mut draft);
        // A mailbox of which nothing is known takes no messages.
        self.bind_open(&draft.mailboxes, Ty::never());
        self.bind_open(&draft.unreached, Ty::nil());
        self.close_body(&mut draft.body);
        self.check_formats(&mut draft);
        self.check_literals(&draft.body);
        draft.identities.iter().for_each(|id| self.check_identity(&draft.body, *id));
        self.check_sent(draft.id, &draft.body);
        mark_cells(&mut draft.body);
        self.check_init(&draft);
        let (id, matches, contracts) = (draft.id, draft.matches, draft.contracts);
        for site in matches {
            self.check_site(&draft.body, site);
        }
        let body = Rc::new(draft.body);
        self.bodies.insert(id, Rc::clone(&body));
        for cond in contracts {
            self.check_pure(&body, cond);
        }
    }

    /// What stands for any type is asked again where the type is known.
    fn check_identity(&mut self, body: &Body, id: ExprId) {
        if let ExprKind::Is { lhs, .. } = body.exprs[id].kind {
            let ty = body.exprs[lhs].ty;
            if !matches!(ty.kind(), TyKind::Param { .. }) {
                self.must_be_object(ty, body.exprs[id].span);
            }
        }
    }

    /// Reports the operands of an `is` that are no objects; gives whether they are.
    pub fn must_be_object(&mut self, ty: Ty, span: Span) -> bool {
        let is_object = match ty.kind() {
            TyKind::Adt(id, _) => self.items.adts[*id].kind == AdtKind::Class,
            TyKind::Error | TyKind::Never => true,
            _ => false,
        };
        if !is_object {
            let name = self.type_name(ty);
            let message = format!("`is` compares objects of classes, not `{name}`");
            self.error(codes::BAD_OPERAND, span, message);
        }
        is_object
    }

    fn report_unfinished(&mut self, draft: &mut Draft) {
        for pending in std::mem::take(&mut draft.pending) {
            let (expr, operand) = match pending {
                Pending::Unary { expr, operand, .. } => (expr, operand),
                Pending::Binary { expr, lhs, rhs, .. } => {
                    let left = self.infer.shallow(draft.body.exprs[lhs].ty);
                    (expr, if left.is_var() { lhs } else { rhs })
                }
                Pending::Compare { expr, lhs, .. } => (expr, lhs),
                Pending::Method { expr, receiver, .. } => (expr, receiver),
                Pending::Field { expr, base, .. } | Pending::Index { expr, base, .. } => {
                    (expr, base)
                }
                Pending::Cast { expr, value, .. } => (expr, value),
                Pending::Assign { expr, target, .. } => (expr, target),
                Pending::Erase { value } => (value, value),
                Pending::Try { expr, scrutinee, .. } => (expr, scrutinee),
            };
            let ty = self.infer.resolve(draft.body.exprs[operand].ty);
            if !ty.has_error() {
                let span = draft.body.exprs[expr].span;
                let at = draft.body.exprs[operand].span;
                let message = "the type of an operand is not known here";
                self.report(
                    Diagnostic::new(codes::CANNOT_INFER, span, message).secondary(at, "of this"),
                );
            }
        }
    }

    /// Calls inside a group get the type parameters that all its members have now.
    fn close_group_calls(&mut self, draft: &mut Draft) {
        for (expr, callee_id) in std::mem::take(&mut draft.group_calls) {
            let params = self.items.fns[callee_id].generics.params.iter().enumerate();
            let own: Box<[Ty]> = params.map(|(i, param)| Ty::param(i as u32, param.name)).collect();
            if let ExprKind::Call { callee, .. } | ExprKind::FnRef { callee } =
                &mut draft.body.exprs[expr].kind
                && let Callee::Fn { id, args } = callee
                && *id == callee_id
            {
                let outer = args.len();
                let all = args.iter().copied().chain(own.iter().copied().skip(outer)).collect();
                *args = all;
            }
        }
    }

    /// Those of the types that nothing has determined become `ty`.
    fn bind_open(&mut self, tys: &[Ty], ty: Ty) {
        for open in tys {
            if let TyKind::Var(var) = self.infer.shallow(*open).kind() {
                self.infer.bind(*var, ty);
            }
        }
    }

    fn close_body(&mut self, body: &mut Body) {
        for local in body.locals.iter_mut() {
            if !local.name.as_str().is_empty() {
                self.report_open(local.name, local.span, local.ty);
            }
            local.ty = self.closed(local.ty);
        }
        for pat in body.pats.iter_mut() {
            pat.ty = self.closed(pat.ty);
            if let PatKind::TypeTest { ty, .. } = &mut pat.kind {
                *ty = self.closed(*ty);
            }
        }
        for index in 0..body.exprs.len() {
            let id = ExprId(index as u32);
            body.exprs[id].ty = self.closed(body.exprs[id].ty);
            self.close_expr(&mut body.exprs[id].kind);
            let inner = match body.exprs[id].kind {
                ExprKind::Coerce { kind: Coercion::ToAny, value } => Some(value),
                _ => None,
            };
            // What turned out to be an `any` itself needs no conversion.
            if let Some(value) = inner
                && self.closed(body.exprs[value].ty).is_any()
            {
                body.exprs[id].kind = ExprKind::Block { stmts: Box::default(), value: Some(value) };
            }
        }
    }

    /// What has a name and a type that nothing determines must have it written.
    pub(crate) fn report_open(&mut self, name: Symbol, span: Span, ty: Ty) {
        let ty = self.infer.resolve(ty);
        if !ty.has_vars() || self.open_var(ty).is_none() {
            return;
        }
        let message = if ty.is_var() {
            format!("the type of `{name}` is not known: nothing says what it is")
        } else {
            let ty = self.type_name(ty);
            format!("the type of `{name}` is not known: nothing says what `_` is in `{ty}`")
        };
        let diagnostic = Diagnostic::new(codes::CANNOT_INFER, span, message);
        self.report(diagnostic.help(format!("write it: `{name}: …`")));
        while let Some(var) = self.open_var(self.infer.resolve(ty)) {
            self.infer.bind(var, Ty::error());
        }
    }

    /// A variable in a type, other than the mailbox of an actor that receives nothing.
    fn open_var(&self, ty: Ty) -> Option<crate::ty::VarId> {
        if self.as_lang(ty, crate::lang::LangTy::Pid).is_some() {
            return None;
        }
        match ty.kind() {
            TyKind::Var(id) => Some(*id),
            kind => kind.parts().find_map(|part| self.open_var(part)),
        }
    }

    fn close_expr(&mut self, kind: &mut ExprKind) {
        match kind {
            ExprKind::FnRef { callee } => self.close_callee(callee),
            ExprKind::Call { callee, inout, .. } => {
                self.close_callee(callee);
                inout.iter_mut().for_each(|place| self.close_place(place));
            }
            ExprKind::Assign { place, .. } => self.close_place(place),
            ExprKind::Lambda(lambda) => lambda.ret = self.closed(lambda.ret),
            ExprKind::Receive(receive) => receive.message = self.closed(receive.message),
            _ => {}
        }
    }

    /// Generators stay with their actor: no message holds one, and neither does what an actor or a
    /// task is started with, nor a task's value.
    fn check_sent(&mut self, id: FnId, body: &Body) {
        if self.items.fns[id].flavour == ast::FnFlavour::Async {
            let span = self.items.fns[id].span;
            self.refuse_generators(Self::params_of(body), span);
            self.refuse_generators([self.items.fns[id].ret], span);
        }
        for expr in &body.exprs {
            if let ExprKind::Call { callee: Callee::Fn { id, args }, .. } = &expr.kind
                && self.is_send(*id)
            {
                self.refuse_generators(args.first().copied(), expr.span);
            }
            if let ExprKind::Lambda(lambda) = &expr.kind {
                self.refuse_generators(Self::leaves_with(lambda, body), expr.span);
            }
        }
    }

    fn is_send(&self, id: FnId) -> bool {
        let pid = self.lang.ty(crate::lang::LangTy::Pid);
        pid.is_some_and(|pid| self.items.fns[id].owner == Owner::Adt(pid))
            || self.lang.function(crate::lang::LangFn::PidSend) == Some(id)
    }

    fn params_of(body: &Body) -> impl Iterator<Item = Ty> {
        body.params.iter().map(|local| body.locals[*local].ty)
    }

    /// The types of what a lambda takes to another actor or brings back from it.
    fn leaves_with(lambda: &Lambda, body: &Body) -> Vec<Ty> {
        let is_async = lambda.kind == LambdaKind::Async || lambda.flavour == ast::FnFlavour::Async;
        let mut locals: Vec<LocalId> = Vec::new();
        if is_async || lambda.kind == LambdaKind::Spawn {
            locals.extend(lambda.captures.iter().chain(&lambda.params));
        }
        let tys = locals.iter().map(|local| body.locals[*local].ty);
        tys.chain(is_async.then_some(lambda.ret)).collect()
    }

    fn refuse_generators(&mut self, tys: impl IntoIterator<Item = Ty>, span: Span) {
        for ty in tys {
            if self.holds_generator(ty, &mut Vec::new()) {
                let name = self.type_name(ty);
                let message = format!(
                    "{a_name} holds a `Gen`, and generators cannot be sent",
                    a_name = a(&name)
                );
                self.report(Diagnostic::new(codes::NOT_SENDABLE, span, message));
            }
        }
    }

    /// A function that gives one holds none; what it has captured is seen when it is sent.
    fn holds_generator(&self, ty: Ty, seen: &mut Vec<Ty>) -> bool {
        if matches!(ty.kind(), TyKind::Fn(_)) {
            return false;
        }
        if self.as_lang(ty, crate::lang::LangTy::Gen).is_some() {
            return true;
        }
        if seen.contains(&ty) {
            return false;
        }
        seen.push(ty);
        let in_fields = ty.as_adt().is_some_and(|(adt, args)| {
            let variants = self.items.adts[adt].variants.iter();
            let mut fields = variants
                .flat_map(|variant| variant.fields.iter().map(|field| field.ty.subst(args)));
            fields.any(|field| self.holds_generator(field, seen))
        });
        in_fields || ty.kind().parts().any(|part| self.holds_generator(part, seen))
    }

    fn close_all(&mut self, tys: &mut [Ty]) {
        for ty in tys {
            *ty = self.closed(*ty);
        }
    }

    fn close_callee(&mut self, callee: &mut Callee) {
        match callee {
            Callee::Fn { args, .. } => self.close_all(args),
            Callee::Trait(method) => {
                self.close_all(&mut method.trait_ref.args);
                method.self_ty = self.closed(method.self_ty);
                self.close_all(&mut method.args);
            }
            Callee::Dyn(method) => self.close_all(&mut method.trait_ref.args),
        }
    }

    fn close_place(&mut self, place: &mut Place) {
        place.ty = self.closed(place.ty);
        for field in &mut place.path {
            field.struct_ty = self.closed(field.struct_ty);
        }
        match &mut place.root {
            PlaceRoot::Local(_) => {}
            PlaceRoot::ClassField { ty, .. } => *ty = self.closed(*ty),
            PlaceRoot::Element { get, set, ty, .. } => {
                get.iter_mut().for_each(|callee| self.close_callee(callee));
                self.close_callee(set);
                *ty = self.closed(*ty);
            }
        }
    }

    // -- Literals ----------------------------------------------------------------------------

    fn check_literals(&mut self, body: &Body) {
        for expr in &body.exprs {
            if let ExprKind::Lit(Lit::Int(value)) = expr.kind {
                self.check_int_fits(value.value(), expr.ty, expr.span);
            }
        }
        for pat in &body.pats {
            match &pat.kind {
                PatKind::Lit(Lit::Int(value)) => {
                    self.check_int_fits(value.value(), pat.ty, pat.span);
                }
                PatKind::Range { lo, hi, .. } => {
                    for lit in lo.iter().chain(hi) {
                        if let Lit::Int(value) = lit {
                            self.check_int_fits(value.value(), pat.ty, pat.span);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn check_int_fits(&mut self, value: i128, ty: Ty, span: Span) {
        let Some(int) = ty.as_int() else { return };
        if value < int.min() || value > int.max() {
            let name = int.as_str();
            let message = format!("{value} does not fit `{name}`");
            let diagnostic = Diagnostic::new(codes::LITERAL_OUT_OF_RANGE, span, message);
            self.report(diagnostic.note(format!("`{name}` holds {} to {}", int.min(), int.max())));
        }
    }

    // -- Patterns ----------------------------------------------------------------------------

    fn check_site(&mut self, body: &Body, site: MatchSite) {
        let shapes = Shapes { items: &self.items, lang: &self.lang };
        match site {
            MatchSite::Let(pat) | MatchSite::For(pat) => {
                let (ty, span) = (body.pats[pat].ty, body.pats[pat].span);
                if !matches!(body.pats[pat].kind, PatKind::Bind { sub: None, .. } | PatKind::Wild)
                    && let Some(missing) = patterns::refuting(shapes, &body.pats, ty, pat)
                {
                    let message =
                        format!("the pattern does not fit every value: `{missing}` is left");
                    let diagnostic = Diagnostic::new(codes::REFUTABLE_PATTERN, span, message);
                    let help = if let MatchSite::For(_) = site {
                        "bind a name, and take it apart inside: `let … else: continue`"
                    } else {
                        "say what happens then: `let … else: return`"
                    };
                    self.report(diagnostic.help(help));
                }
            }
            MatchSite::Match(expr) => {
                let ExprKind::Match { scrutinee, arms } = &body.exprs[expr].kind else { return };
                let Expr { ty, span, .. } = body.exprs[*scrutinee];
                let outcome = patterns::check_match(shapes, &body.pats, ty, &heads_of(arms));
                if outcome.too_complex {
                    let message = "the patterns are too entangled to be checked; add `case _:`";
                    self.report(Diagnostic::new(codes::NON_EXHAUSTIVE_MATCH, span, message));
                } else if !outcome.missing.is_empty() {
                    let message = format!("the `match` is missing {}", outcome.list_missing());
                    let diagnostic = Diagnostic::new(codes::NON_EXHAUSTIVE_MATCH, span, message);
                    self.report(diagnostic.help("add the missing cases, or `case _:`"));
                }
                self.warn_of_unreachable(body, ty, &outcome.unreachable);
            }
            MatchSite::Receive(expr) => {
                let ExprKind::Receive(receive) = &body.exprs[expr].kind else { return };
                let heads = heads_of(&receive.cases);
                let outcome = patterns::check_match(shapes, &body.pats, receive.message, &heads);
                self.warn_of_unreachable(body, receive.message, &outcome.unreachable);
            }
        }
    }

    fn warn_of_unreachable(&mut self, body: &Body, ty: Ty, unreachable: &[PatId]) {
        for pat in unreachable.iter().filter(|_| !ty.has_error()) {
            let pat = &body.pats[*pat];
            let message = if is_empty_range(&pat.kind) {
                "unreachable pattern: the range is empty"
            } else {
                "unreachable pattern: earlier ones take all its values"
            };
            self.report(Diagnostic::new(codes::UNREACHABLE_PATTERN, pat.span, message));
        }
    }

    // -- Format specifications ---------------------------------------------------------------

    fn check_formats(&mut self, draft: &mut Draft) {
        for FormatSite { value, spec } in std::mem::take(&mut draft.text_parts) {
            let ty = draft.body.exprs[value].ty;
            if !ty.has_error() {
                self.check_format_type(ty, &spec);
            }
        }
    }

    fn check_format_type(&mut self, ty: Ty, spec: &ast::FormatSpec) {
        let Some(wanted) = spec.ty else { return };
        let int = ty.as_int().is_some();
        let number = int || ty.as_float().is_some();
        let fits = match wanted {
            ast::FormatType::Decimal
            | ast::FormatType::LowerHex
            | ast::FormatType::UpperHex
            | ast::FormatType::Octal
            | ast::FormatType::Binary => int,
            ast::FormatType::Exponent
            | ast::FormatType::Fixed
            | ast::FormatType::General
            | ast::FormatType::Percent => number,
            ast::FormatType::Str => !number,
        };
        let open = matches!(ty.kind(), TyKind::Param { .. });
        if !fits && !open {
            let name = self.type_name(ty);
            let message = format!(
                "the format `{}` does not fit {a_name}",
                wanted.as_str(),
                a_name = a(&name)
            );
            self.report(Diagnostic::new(codes::BAD_FORMAT, spec.span, message));
        }
    }
}

/// The patterns of arms, and whether each has a guard.
fn heads_of(arms: &[Arm]) -> Vec<(PatId, bool)> {
    arms.iter().map(|arm| (arm.pat, arm.guard.is_some())).collect()
}

/// Locals that lambdas share live in cells.
fn mark_cells(body: &mut Body) {
    let mut shared = Vec::new();
    for expr in &body.exprs {
        if let ExprKind::Lambda(lambda) = &expr.kind {
            shared.extend_from_slice(&lambda.captures);
        }
    }
    for local in shared {
        let local = &mut body.locals[local];
        local.cell |= local.mutable;
    }
}

/// Whether a pattern is a range like `5..=1`, which nothing fits.
fn is_empty_range(pat: &PatKind) -> bool {
    let PatKind::Range { lo: Some(lo), hi: Some(hi), inclusive } = pat else { return false };
    let order = match (lo, hi) {
        (Lit::Int(lo), Lit::Int(hi)) => Some(lo.value().cmp(&hi.value())),
        (Lit::Char(lo), Lit::Char(hi)) => Some(lo.cmp(hi)),
        (Lit::Float(lo), Lit::Float(hi)) => lo.partial_cmp(hi),
        _ => None,
    };
    order.is_some_and(|order| order.is_gt() || (order.is_eq() && !inclusive))
}
