//! Operators: built in on primitive types, trait calls on all others.

use super::{BodyCx, Pending};
use crate::infer::VarKind;
use crate::ir::*;
use crate::lang::{LangTrait, LangTy};
use crate::ty::{Ty, TyKind};
use crate::types::a;
use sepal_base::{Diagnostic, Span, codes};
use sepal_syntax::ast;

impl BodyCx<'_> {
    // -- Unary -------------------------------------------------------------------------------

    pub(super) fn unary_expr(
        &mut self,
        op: ast::UnaryOp,
        operand: ast::ExprId,
        hint: Option<Ty>,
        span: Span,
    ) -> ExprId {
        if op == ast::UnaryOp::Not {
            let operand = self.check(operand, Ty::bool());
            return self.expr(ExprKind::Unary { op: UnaryOp::Not, operand }, Ty::bool(), span);
        }
        let operand = self.infer(operand, hint);
        let ret = self.fresh(span);
        let made = self.expr(ExprKind::Error, ret, span);
        if !self.resolve_unary(made, op, operand) {
            self.draft.pending.push(Pending::Unary { expr: made, op, operand });
        }
        made
    }

    /// Fills in a unary operator if the operand's type is known.
    pub(super) fn resolve_unary(
        &mut self,
        made: ExprId,
        op: ast::UnaryOp,
        operand: ExprId,
    ) -> bool {
        let ty = self.ty(operand);
        let ty = self.known(ty);
        let ret = self.draft.body.exprs[made].ty;
        let literal = self.prog.infer.var_kind(ty);
        let built_in = match op {
            ast::UnaryOp::Neg => {
                self.is_int(ty)
                    || ty.as_float().is_some()
                    || matches!(literal, Some(VarKind::Int | VarKind::Float))
            }
            ast::UnaryOp::BitNot => self.is_int(ty) || literal == Some(VarKind::Int),
            ast::UnaryOp::Not => true,
        };
        if built_in || ty.is_error() {
            let op = match op {
                ast::UnaryOp::Neg => UnaryOp::Neg,
                ast::UnaryOp::BitNot => UnaryOp::BitNot,
                ast::UnaryOp::Not => UnaryOp::Not,
            };
            self.becomes(made, ExprKind::Unary { op, operand }, ty);
            return true;
        }
        if literal.is_some() {
            return false;
        }
        let (item, span) = (
            if op == ast::UnaryOp::Neg { LangTrait::Neg } else { LangTrait::BitNot },
            self.span(made),
        );
        self.trait_operator(made, item, op.as_str(), ty, vec![operand], ret, span);
        true
    }

    // -- Arithmetic --------------------------------------------------------------------------

    pub(super) fn binary_expr(
        &mut self,
        op: ast::BinOp,
        lhs: ast::ExprId,
        rhs: ast::ExprId,
        hint: Option<Ty>,
        span: Span,
    ) -> ExprId {
        let shift = matches!(op, ast::BinOp::Shl | ast::BinOp::Shr);
        let hint = hint.filter(|hint| {
            let hint = self.shallow(*hint);
            self.is_int(hint) || hint.as_float().is_some()
        });
        let lhs = self.infer(lhs, hint);
        let lhs_ty = self.ty(lhs);
        let rhs_hint = if shift { None } else { self.rhs_hint(op, lhs_ty) };
        let rhs = self.infer(rhs, rhs_hint);
        self.arith(op, lhs, rhs, span)
    }

    /// What the right operand is, where the left one says so.
    fn rhs_hint(&mut self, op: ast::BinOp, lhs: Ty) -> Option<Ty> {
        if self.is_primitive(lhs) || self.prog.infer.var_kind(lhs).is_some() {
            return Some(lhs);
        }
        // A collection plus a literal of one: `xs + []`.
        let item = operator_trait(op);
        let same = item == LangTrait::Add && lhs.as_adt().is_some();
        same.then_some(lhs)
    }

    /// `lhs op rhs` of operands that have been checked.
    pub(super) fn arith(&mut self, op: ast::BinOp, lhs: ExprId, rhs: ExprId, span: Span) -> ExprId {
        let ret = self.fresh(span);
        let made = self.expr(ExprKind::Error, ret, span);
        if !self.resolve_binary(made, op, lhs, rhs) {
            self.draft.pending.push(Pending::Binary { expr: made, op, lhs, rhs });
        }
        made
    }

    /// Fills in an operator if enough is known of its operands.
    pub(super) fn resolve_binary(
        &mut self,
        made: ExprId,
        op: ast::BinOp,
        lhs: ExprId,
        rhs: ExprId,
    ) -> bool {
        let (lhs_ty, rhs_ty) = (self.ty(lhs), self.ty(rhs));
        let (lhs_ty, rhs_ty) = (self.known(lhs_ty), self.known(rhs_ty));
        let ret = self.draft.body.exprs[made].ty;
        if lhs_ty.is_error() || rhs_ty.is_error() {
            let fine = if lhs_ty.is_error() { rhs_ty } else { lhs_ty };
            if self.is_primitive(fine) {
                self.unify(ret, fine)
            } else {
                self.unify(ret, Ty::error())
            };
            return true;
        }
        let numeric = |cx: &Self, ty: Ty| {
            cx.is_int(ty)
                || ty.as_float().is_some()
                || matches!(cx.prog.infer.var_kind(ty), Some(VarKind::Int | VarKind::Float))
        };
        let shift = matches!(op, ast::BinOp::Shl | ast::BinOp::Shr);
        if numeric(self, lhs_ty) && (numeric(self, rhs_ty) || rhs_ty.is_never()) {
            return self.resolve_arith(made, op, (lhs, lhs_ty), (rhs, rhs_ty), shift);
        }
        let logical = matches!(op, ast::BinOp::BitAnd | ast::BinOp::BitOr | ast::BinOp::BitXor);
        if logical && lhs_ty == Ty::bool() && rhs_ty == Ty::bool() {
            let code = ExprKind::Binary { op: BinaryOp::Arith(op), lhs, rhs };
            self.becomes(made, code, Ty::bool());
            return true;
        }
        if self.prog.infer.var_kind(lhs_ty).is_some() {
            return false;
        }
        if self.is_primitive(lhs_ty) && self.prog.infer.var_kind(rhs_ty) == Some(VarKind::General) {
            return false;
        }
        self.binary_trait(made, op, (lhs, lhs_ty), (rhs, rhs_ty), ret);
        true
    }

    fn resolve_arith(
        &mut self,
        made: ExprId,
        op: ast::BinOp,
        (lhs, lhs_ty): (ExprId, Ty),
        (rhs, rhs_ty): (ExprId, Ty),
        shift: bool,
    ) -> bool {
        let ret = self.draft.body.exprs[made].ty;
        let int =
            |cx: &Self, ty: Ty| cx.is_int(ty) || cx.prog.infer.var_kind(ty) == Some(VarKind::Int);
        let fits = if shift {
            int(self, lhs_ty) && int(self, rhs_ty)
        } else {
            let same = rhs_ty.is_never() || self.unify(lhs_ty, rhs_ty);
            // A literal on the left has its type only now.
            let both = self.known(lhs_ty);
            same && (int(self, both) || float_has(op))
        };
        if !fits {
            self.report_operands(made, op, lhs_ty, rhs_ty, rhs);
            self.unify(ret, Ty::error());
            return true;
        }
        self.becomes(made, ExprKind::Binary { op: BinaryOp::Arith(op), lhs, rhs }, lhs_ty);
        true
    }

    /// What an expression turns out to be, converted where its place asks for that. The place may have
    /// said what it takes before the operands were known.
    pub(super) fn becomes(&mut self, made: ExprId, code: ExprKind, ty: Ty) {
        let ret = self.draft.body.exprs[made].ty;
        if self.unify(ret, ty) {
            self.draft.body.exprs[made].kind = code;
            return;
        }
        let span = self.span(made);
        let code = self.expr(code, ty, span);
        let value = self.coerce(code, ret);
        self.draft.body.exprs[made].kind =
            ExprKind::Block { stmts: Box::default(), value: Some(value) };
    }

    fn report_operands(
        &mut self,
        made: ExprId,
        op: ast::BinOp,
        lhs: Ty,
        rhs: Ty,
        rhs_expr: ExprId,
    ) {
        let trait_name = self.operator_trait_name(operator_trait(op));
        let takes_floats = float_has(op);
        let op = op.as_str();
        let (left, right, span) = (self.name_of(lhs), self.name_of(rhs), self.span(made));
        let mut message = format!("`{op}` does not take `{left}` and `{right}`");
        if !self.is_primitive(lhs) && self.prog.infer.var_kind(lhs).is_none() {
            message = format!(
                "{message}: `{left}` does not implement `{name}` for it",
                name = trait_name
            );
        }
        let diagnostic = Diagnostic::new(codes::BAD_OPERAND, span, message);
        let at = self.span(rhs_expr);
        let text = self.prog.text(span.start().to(at.start()));
        let int_literal = self.prog.infer.var_kind(lhs) == Some(VarKind::Int)
            && text.starts_with(|c: char| c.is_ascii_digit());
        let float =
            rhs.as_float().is_some() || self.prog.infer.var_kind(rhs) == Some(VarKind::Float);
        if let ExprKind::Error = self.draft.body.exprs[made].kind
            && int_literal
            && float
            && takes_floats
        {
            let text = self
                .prog
                .text(span.start().to(at.start()))
                .trim_end_matches([' ', '+', '-', '*', '/', '%'])
                .to_string();
            let literal = Span::new(span.file, span.lo, span.lo + text.len() as u32);
            self.report(diagnostic.suggest(
                literal,
                format!("{text}.0"),
                "a float literal has a point",
            ));
            return;
        }
        if rhs == Ty::str() && op == "+" {
            self.report(diagnostic.help(format!("`str(…)` gives the text of {}", a(&left))));
            return;
        }
        // What would help a condition does not help an operator.
        let diagnostic = if left == right || [lhs, rhs].contains(&Ty::bool()) {
            diagnostic
        } else {
            match self.way_out(rhs, lhs).or_else(|| self.way_out(lhs, rhs)) {
                Some(help) => diagnostic.help(help),
                None => self.explain_mismatch(diagnostic, lhs, rhs, at),
            }
        };
        self.report(diagnostic);
    }

    fn operator_trait_name(&self, item: LangTrait) -> String {
        self.lang_trait(item).map_or_else(
            || item.name().to_string(),
            |id| self.prog.items.traits[id].name.to_string(),
        )
    }

    fn binary_trait(
        &mut self,
        made: ExprId,
        op: ast::BinOp,
        lhs: (ExprId, Ty),
        rhs: (ExprId, Ty),
        ret: Ty,
    ) {
        let item = operator_trait(op);
        let Some(id) = self.lang_trait(item) else { return };
        let span = self.span(made);
        let arity = self.prog.items.traits[id].generics.params.len() - 1;
        // `trait Add[R, O]`, or simply `trait Add` on the type itself.
        let args: Vec<Ty> = match arity {
            2 => vec![rhs.1, ret],
            _ => Vec::new(),
        };
        let trait_ref = TraitRef { id, args: args.clone().into() };
        if !self.has_operator(lhs.1, &trait_ref, span) {
            self.report_operands(made, op, lhs.1, rhs.1, rhs.0);
            self.unify(ret, Ty::error());
            return;
        }
        self.require(lhs.1, trait_ref.clone(), span);
        let mut rhs_value = rhs.0;
        let mut given = ret;
        if arity < 2 {
            rhs_value = self.coerce(rhs.0, lhs.1);
            given = lhs.1;
        }
        let callee = Callee::of_trait(trait_ref, 0, lhs.1);
        let args = Box::from([lhs.0, rhs_value]);
        self.becomes(made, ExprKind::Call { callee, args, inout: None }, given);
    }

    /// Whether an operator's trait is there or may yet turn out to be.
    pub(super) fn has_operator(&mut self, ty: Ty, trait_ref: &TraitRef, span: Span) -> bool {
        let before = self.prog.infer.snapshot();
        let env = Some(self.draft.id);
        let ob = crate::traits::Obligation { self_ty: ty, trait_ref: trait_ref.clone(), span, env };
        let fails = matches!(self.prog.solve(&ob), crate::traits::Outcome::Fails);
        self.prog.infer.rollback(before);
        !fails
    }

    fn trait_operator(
        &mut self,
        made: ExprId,
        item: LangTrait,
        op: &str,
        ty: Ty,
        args: Vec<ExprId>,
        ret: Ty,
        span: Span,
    ) {
        let Some(id) = self.lang_trait(item) else { return };
        let arity = self.prog.items.traits[id].generics.params.len() - 1;
        let trait_args: Vec<Ty> = if arity == 1 { vec![ret] } else { Vec::new() };
        let trait_ref = TraitRef { id, args: trait_args.into() };
        if !self.has_operator(ty, &trait_ref, span) {
            let name = self.name_of(ty);
            let wanted = self.operator_trait_name(item);
            let message = format!(
                "`{op}` does not take {a_name}, which does not implement `{wanted}`",
                a_name = a(&name)
            );
            self.error(codes::BAD_OPERAND, span, message);
            self.unify(ret, Ty::error());
            return;
        }
        self.require(ty, trait_ref.clone(), span);
        let callee = Callee::of_trait(trait_ref, 0, ty);
        let given = if arity == 0 { ty } else { ret };
        self.becomes(made, ExprKind::Call { callee, args: args.into(), inout: None }, given);
    }

    // -- Comparison --------------------------------------------------------------------------

    /// `a < b`, or a chain `a < b <= c` whose middle operands are evaluated once.
    pub(super) fn compare_expr(
        &mut self,
        first: ast::ExprId,
        rest: &[ast::CompareLink],
        span: Span,
    ) -> ExprId {
        let lhs = self.value(first);
        self.compare_links(lhs, rest, span)
    }

    fn compare_links(&mut self, lhs: ExprId, rest: &[ast::CompareLink], span: Span) -> ExprId {
        let (link, more) = rest.split_first().expect("a comparison has a link");
        let rhs = self.compare_rhs(lhs, link);
        if more.is_empty() {
            return self.compare(link.op, lhs, rhs, span);
        }
        let mut stmts = Vec::new();
        let left = self.temp(lhs, false, &mut stmts);
        let right = self.temp(rhs, false, &mut stmts);
        let (left, right_once) = (self.local(left, span), self.local(right, span));
        let this = self.compare(link.op, left, right_once, span);
        let right = self.local(right, span);
        let others = self.compare_links(right, more, span);
        let both = self.expr(
            ExprKind::Logic { op: ast::LogicOp::And, lhs: this, rhs: others },
            Ty::bool(),
            span,
        );
        self.block(stmts, Some(both), span)
    }

    fn compare_rhs(&mut self, lhs: ExprId, link: &ast::CompareLink) -> ExprId {
        let ty = self.ty(lhs);
        match link.op {
            ast::CmpOp::In | ast::CmpOp::NotIn => self.value(link.rhs),
            ast::CmpOp::Eq
            | ast::CmpOp::Ne
            | ast::CmpOp::Lt
            | ast::CmpOp::Le
            | ast::CmpOp::Gt
            | ast::CmpOp::Ge
            | ast::CmpOp::Is
            | ast::CmpOp::IsNot => self.infer(link.rhs, Some(ty)),
        }
    }

    pub(super) fn compare(
        &mut self,
        op: ast::CmpOp,
        lhs: ExprId,
        rhs: ExprId,
        span: Span,
    ) -> ExprId {
        match op {
            ast::CmpOp::In | ast::CmpOp::NotIn => {
                let found = self.contains(lhs, rhs, span);
                self.negate_if(op == ast::CmpOp::NotIn, found, span)
            }
            ast::CmpOp::Is | ast::CmpOp::IsNot => {
                let (left, right) = (self.ty(lhs), self.ty(rhs));
                if !self.unify(left, right) {
                    self.report_mismatch(left, right, self.span(rhs));
                    return self.error_expr(span);
                }
                let made = self.expr(ExprKind::Is { lhs, rhs }, Ty::bool(), span);
                self.draft.identities.push(made);
                self.negate_if(op == ast::CmpOp::IsNot, made, span)
            }
            ast::CmpOp::Eq
            | ast::CmpOp::Ne
            | ast::CmpOp::Lt
            | ast::CmpOp::Le
            | ast::CmpOp::Gt
            | ast::CmpOp::Ge => {
                let (lhs, rhs) = self.same_type(op, lhs, rhs, span);
                let made = self.expr(ExprKind::Error, Ty::bool(), span);
                if !self.resolve_compare(made, op, lhs, rhs) {
                    self.draft.pending.push(Pending::Compare { expr: made, op, lhs, rhs });
                }
                made
            }
        }
    }

    fn negate_if(&mut self, negate: bool, value: ExprId, span: Span) -> ExprId {
        if !negate {
            return value;
        }
        self.expr(ExprKind::Unary { op: UnaryOp::Not, operand: value }, Ty::bool(), span)
    }

    /// Both operands of a comparison as values of one type.
    fn same_type(
        &mut self,
        op: ast::CmpOp,
        lhs: ExprId,
        rhs: ExprId,
        _span: Span,
    ) -> (ExprId, ExprId) {
        let (left, right) = (self.ty(lhs), self.ty(rhs));
        if left.is_any() {
            return (lhs, self.coerce(rhs, left));
        }
        if right.is_any() {
            return (self.coerce(lhs, right), rhs);
        }
        if self.is_any_pid(left) || self.is_any_pid(right) {
            // Which kind of pid the other is may turn out later.
            return (lhs, rhs);
        }
        if left.is_never() || right.is_never() || self.unify(left, right) {
            return (lhs, rhs);
        }
        let (l, r, at) = (self.name_of(left), self.name_of(right), self.span(rhs));
        let message = format!("`{}` compares values of one type, not `{l}` and `{r}`", op.as_str());
        let diagnostic = Diagnostic::new(codes::TYPE_MISMATCH, at, message);
        let diagnostic = self.explain_mismatch(diagnostic, left, right, at);
        self.report(diagnostic);
        (self.error_expr(at), self.error_expr(at))
    }

    pub(super) fn resolve_compare(
        &mut self,
        made: ExprId,
        op: ast::CmpOp,
        lhs: ExprId,
        rhs: ExprId,
    ) -> bool {
        let Some((lhs, rhs)) = self.as_any_pids(lhs, rhs) else { return false };
        let ty = self.ty(lhs);
        let ty = self.known(ty);
        if ty.is_error() {
            return true;
        }
        if ty.is_never() {
            let kind = ExprKind::Coerce { kind: Coercion::FromNever, value: lhs };
            self.draft.body.exprs[made].kind = kind;
            return true;
        }
        let equality = matches!(op, ast::CmpOp::Eq | ast::CmpOp::Ne);
        let literal = matches!(self.prog.infer.var_kind(ty), Some(VarKind::Int | VarKind::Float));
        let ordered = !matches!(ty.kind(), TyKind::Symbol | TyKind::Nil);
        if literal || (self.is_primitive(ty) && (equality || ordered)) {
            let op = primitive_compare(op);
            self.draft.body.exprs[made].kind = ExprKind::Binary { op, lhs, rhs };
            return true;
        }
        if ty.is_var() {
            return false;
        }
        let span = self.span(made);
        self.compare_by_trait(made, op, (lhs, rhs), ty, span);
        true
    }

    pub(super) fn is_any_pid(&self, ty: Ty) -> bool {
        self.prog.as_lang(self.shallow(ty), LangTy::AnyPid).is_some()
    }

    /// Operands of which one is a `Pid` that does not say what its actor takes, as two of those. `None`: the other is not
    /// known yet.
    fn as_any_pids(&mut self, lhs: ExprId, rhs: ExprId) -> Option<(ExprId, ExprId)> {
        let (left, right) = (self.ty(lhs), self.ty(rhs));
        match (self.is_any_pid(left), self.is_any_pid(right)) {
            (true, false) if self.shallow(right).is_var() => None,
            (false, true) if self.shallow(left).is_var() => None,
            (true, false) => Some((lhs, self.coerce(rhs, left))),
            (false, true) => Some((self.coerce(lhs, right), rhs)),
            (true, true) | (false, false) => Some((lhs, rhs)),
        }
    }

    /// What stays open beside such a `Pid` is a pid.
    pub(super) fn assume_pids(&mut self, lhs: ExprId, rhs: ExprId, receivers: &[ExprId]) {
        for (one, other) in [(lhs, rhs), (rhs, lhs)] {
            if self.is_any_pid(self.ty(one)) {
                self.assume_pid(other, receivers);
            }
        }
    }

    /// `lhs.eq(rhs)`, or `lhs.cmp(rhs)` against zero.
    pub(super) fn compare_by_trait(
        &mut self,
        made: ExprId,
        op: ast::CmpOp,
        (lhs, rhs): (ExprId, ExprId),
        ty: Ty,
        span: Span,
    ) {
        let equality = matches!(op, ast::CmpOp::Eq | ast::CmpOp::Ne);
        let item = if equality { LangTrait::Eq } else { LangTrait::Ord };
        self.require_lang(ty, item, Vec::new(), span);
        let ret = if equality { Ty::bool() } else { Ty::int() };
        let call = self.call_trait(item, ty, Vec::new(), vec![lhs, rhs], ret, span);
        let code = if equality {
            self.negate_if(op == ast::CmpOp::Ne, call, span)
        } else {
            let zero = self.int(0, span);
            self.binary(primitive_compare(op), call, zero, Ty::bool(), span)
        };
        self.draft.body.exprs[made].kind = self.draft.body.exprs[code].kind.clone();
    }

    /// `item in collection`; the item is evaluated first.
    fn contains(&mut self, item: ExprId, collection: ExprId, span: Span) -> ExprId {
        let ty = self.ty(collection);
        let ty = self.known_or_default(ty);
        let elem = self.fresh(span);
        let at = self.span(collection);
        self.require_lang(ty, LangTrait::Contains, vec![elem], at);
        let mut stmts = Vec::new();
        let local = self.temp(item, false, &mut stmts);
        let item = self.local(local, span);
        let item = self.coerce(item, elem);
        let call = self.call_trait(
            LangTrait::Contains,
            ty,
            vec![elem],
            vec![collection, item],
            Ty::bool(),
            span,
        );
        self.block(stmts, Some(call), span)
    }
}

fn primitive_compare(op: ast::CmpOp) -> BinaryOp {
    match op {
        ast::CmpOp::Eq => BinaryOp::Eq,
        ast::CmpOp::Ne => BinaryOp::Ne,
        ast::CmpOp::Lt => BinaryOp::Lt,
        ast::CmpOp::Le => BinaryOp::Le,
        ast::CmpOp::Gt => BinaryOp::Gt,
        ast::CmpOp::Ge => BinaryOp::Ge,
        ast::CmpOp::In | ast::CmpOp::NotIn | ast::CmpOp::Is | ast::CmpOp::IsNot => {
            unreachable!("`in` and `is` are no comparisons of values")
        }
    }
}

/// Whether floats have the operator.
fn float_has(op: ast::BinOp) -> bool {
    match op {
        ast::BinOp::Add
        | ast::BinOp::Sub
        | ast::BinOp::Mul
        | ast::BinOp::Div
        | ast::BinOp::Rem
        | ast::BinOp::Pow => true,
        ast::BinOp::AddWrap
        | ast::BinOp::SubWrap
        | ast::BinOp::MulWrap
        | ast::BinOp::BitAnd
        | ast::BinOp::BitOr
        | ast::BinOp::BitXor
        | ast::BinOp::Shl
        | ast::BinOp::Shr => false,
    }
}

/// The trait behind an operator.
pub(super) fn operator_trait(op: ast::BinOp) -> LangTrait {
    match op {
        ast::BinOp::Add => LangTrait::Add,
        ast::BinOp::Sub => LangTrait::Sub,
        ast::BinOp::Mul => LangTrait::Mul,
        ast::BinOp::Div => LangTrait::Div,
        ast::BinOp::Rem => LangTrait::Rem,
        ast::BinOp::Pow => LangTrait::Pow,
        ast::BinOp::AddWrap => LangTrait::AddWrap,
        ast::BinOp::SubWrap => LangTrait::SubWrap,
        ast::BinOp::MulWrap => LangTrait::MulWrap,
        ast::BinOp::BitAnd => LangTrait::BitAnd,
        ast::BinOp::BitOr => LangTrait::BitOr,
        ast::BinOp::BitXor => LangTrait::BitXor,
        ast::BinOp::Shl => LangTrait::Shl,
        ast::BinOp::Shr => LangTrait::Shr,
    }
}
