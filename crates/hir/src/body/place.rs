//! Places: what can be assigned, and what a method may change.
//!
//! An expression is checked first and then read as a place: a local, a field of a class object or
//! an element, followed by fields of structs.

use super::{BodyCx, Pending};
use crate::ir::*;
use crate::lang::LangTrait;
use crate::ty::{Ty, TyKind};
use crate::types::a;
use sepal_base::{Diagnostic, Span, codes};
use sepal_syntax::ast;

/// Why an expression is no place.
enum NoPlace {
    /// A `let`, with its declaration.
    Let(LocalId),
    /// A field declared with `let`.
    LetField(AdtId, FieldIdx),
    Const(ConstId),
    NoIndexSet(Ty),
    PartOfTuple,
    /// A value that nothing holds.
    Temporary,
    /// A field of something whose type is not known yet.
    Unknown,
    /// Something wrong that was reported.
    Reported,
}

fn is_shift(op: ast::BinOp) -> bool {
    matches!(op, ast::BinOp::Shl | ast::BinOp::Shr)
}

impl BodyCx<'_> {
    // -- Assignment --------------------------------------------------------------------------

    pub(super) fn assign_stmt(
        &mut self,
        target: ast::ExprId,
        op: Option<ast::BinOp>,
        value: ast::ExprId,
        span: Span,
    ) -> ExprId {
        if let ast::ExprKind::Tuple(targets) = &self.ast.exprs[target].kind {
            return self.tuple_assign(targets, op, value, span);
        }
        let Ok(target) = self.target_value(target) else {
            self.value(value);
            return self.error_expr(span);
        };
        match self.place(target) {
            Ok(place) => {
                let ty = place.ty;
                let value = match op {
                    None => self.check(value, ty),
                    Some(op) => self.infer(value, (!is_shift(op)).then_some(ty)),
                };
                let kind = self.assignment(place, self.span(target), op, value, span);
                self.expr(kind, Ty::nil(), span)
            }
            Err(NoPlace::Unknown) => {
                let value = self.value(value);
                let made = self.expr(ExprKind::Error, Ty::nil(), span);
                self.draft.pending.push(Pending::Assign { expr: made, target, op, value });
                made
            }
            Err(why) => {
                self.report_no_place(target, why);
                self.value(value);
                self.error_expr(span)
            }
        }
    }

    /// `place = value` or `place op= value`.
    fn assignment(
        &mut self,
        place: Place,
        place_span: Span,
        op: Option<ast::BinOp>,
        value: ExprId,
        span: Span,
    ) -> ExprKind {
        let Some(op) = op else {
            let place = Box::new(self.write_only(place));
            return ExprKind::Assign { place, current: None, value };
        };
        let ty = place.ty;
        let current = self.new_local(sepal_base::Symbol::intern(""), ty, false, span);
        let lhs = self.local(current, place_span);
        let changed = self.arith(op, lhs, value, span);
        let value = self.coerce(changed, ty);
        ExprKind::Assign { place: Box::new(place), current: Some(current), value }
    }

    /// Does an assignment that had to wait, unless it still has to: false.
    pub(super) fn resolve_assign(
        &mut self,
        made: ExprId,
        target: ExprId,
        op: Option<ast::BinOp>,
        value: ExprId,
    ) -> bool {
        let place = match self.place(target) {
            Ok(place) => place,
            Err(NoPlace::Unknown) => return false,
            Err(why) => {
                self.report_no_place(target, why);
                return true;
            }
        };
        let value = if op.is_none() { self.coerce(value, place.ty) } else { value };
        let span = self.span(made);
        let kind = self.assignment(place, self.span(target), op, value, span);
        self.becomes(made, kind, Ty::nil());
        true
    }

    /// The target of an assignment as a value. `Err`: it was reported that it is no place.
    fn target_value(&mut self, target: ast::ExprId) -> Result<ExprId, ()> {
        // The parser has reported a target that is no name, field or element.
        let written = matches!(
            self.ast.exprs[target].kind,
            ast::ExprKind::Name(_)
                | ast::ExprKind::SelfValue
                | ast::ExprKind::Field { .. }
                | ast::ExprKind::Index { .. }
        );
        let span = self.ast.exprs[target].span;
        if let ast::ExprKind::Name(name) = self.ast.exprs[target].kind
            && !self.scope.contains_key(&name)
            && self.path_of_name(name, None, span).is_none()
        {
            self.report_unknown_name(name, span, true);
            // What follows means the variable that should have been declared.
            let local = self.new_local(name, Ty::error(), true, span);
            self.bind(name, local);
            return Err(());
        }
        let is_self = matches!(self.ast.exprs[target].kind, ast::ExprKind::SelfValue);
        let target = match self.ast.exprs[target].kind {
            // No part of a tuple is assigned.
            ast::ExprKind::Index { base, index } => {
                let base = self.value(base);
                self.part(base, index, span)
            }
            _ => self.value(target),
        };
        let ty = self.ty(target);
        if is_self && (self.prog.is_reference(ty) || self.is_opaque(ty)) {
            let message = "`self` cannot be assigned where it may be an object";
            let diagnostic = Diagnostic::new(codes::NOT_ASSIGNABLE, span, message);
            self.report(diagnostic.help("assign its fields"));
            return Err(());
        }
        if written { Ok(target) } else { Err(()) }
    }

    /// The place that a target names; what is none is reported.
    fn target(&mut self, target: ast::ExprId) -> Result<Place, ()> {
        let target = self.target_value(target)?;
        self.place(target).map_err(|why| self.report_no_place(target, why))
    }

    /// `(a, xs[i]) = (xs[i], a)`: the value first, then each target from left to right.
    fn tuple_assign(
        &mut self,
        targets: &[ast::ExprId],
        op: Option<ast::BinOp>,
        value: ast::ExprId,
        span: Span,
    ) -> ExprId {
        if op.is_some() {
            let message = "an operator assigns to one place, not to a tuple of them";
            self.error(codes::NOT_ASSIGNABLE, span, message);
        }
        let mut places = Vec::new();
        let ty = self.tuple_targets(targets, &mut places);
        let value = self.check(value, ty);
        let mut stmts = Vec::new();
        let whole = self.temp(value, false, &mut stmts);
        for (path, place) in places {
            let mut part = self.local(whole, span);
            for index in path {
                let TyKind::Tuple(elems) = self.ty(part).kind() else { break };
                let ty = elems[index];
                part =
                    self.expr(ExprKind::TupleField { base: part, index: index as u32 }, ty, span);
            }
            let place = Box::new(self.write_only(place));
            let set = ExprKind::Assign { place, current: None, value: part };
            stmts.push(Stmt::Expr(self.expr(set, Ty::nil(), span)));
        }
        self.block(stmts, None, span)
    }

    /// The places in a tuple of targets, each with the way to its part, and the tuple's type.
    fn tuple_targets(
        &mut self,
        targets: &[ast::ExprId],
        places: &mut Vec<(Vec<usize>, Place)>,
    ) -> Ty {
        let mut tys = Vec::with_capacity(targets.len());
        for (index, &target) in targets.iter().enumerate() {
            if let ast::ExprKind::Tuple(inner) = &self.ast.exprs[target].kind {
                let first = places.len();
                tys.push(self.tuple_targets(inner, places));
                places[first..].iter_mut().for_each(|(path, _)| path.insert(0, index));
            } else if let Ok(place) = self.target(target) {
                tys.push(place.ty);
                places.push((vec![index], place));
            } else {
                tys.push(self.fresh(self.ast.exprs[target].span));
            }
        }
        Ty::tuple(tys)
    }

    /// A plain assignment to an element does not read it.
    fn write_only(&self, mut place: Place) -> Place {
        if place.path.is_empty()
            && let PlaceRoot::Element { get, .. } = &mut place.root
        {
            *get = None;
        }
        place
    }

    /// An expression as a place.
    fn place(&mut self, id: ExprId) -> Result<Place, NoPlace> {
        let Expr { kind, ty, span } = self.draft.body.exprs[id].clone();
        let whole = |root: PlaceRoot| Place { root, path: Box::default(), ty, span };
        match kind {
            ExprKind::Local(local) => {
                if self.draft.body.locals[local].mutable {
                    Ok(whole(PlaceRoot::Local(local)))
                } else {
                    Err(NoPlace::Let(local))
                }
            }
            ExprKind::Const(id) => Err(NoPlace::Const(id)),
            ExprKind::TupleField { .. } => Err(NoPlace::PartOfTuple),
            ExprKind::Field { base, field } => self.field_place(base, field, ty, span),
            ExprKind::Call { callee: Callee::Trait(of), args, inout: None }
                if self.lang_trait(LangTrait::Index) == Some(of.trait_ref.id) =>
            {
                let operands = (args[0], args[1]);
                self.element_place(of.trait_ref, of.self_ty, operands, ty, span).map(whole)
            }
            ExprKind::Error if self.shallow(ty).is_error() => Err(NoPlace::Reported),
            ExprKind::Error => Err(NoPlace::Unknown),
            ExprKind::Block { stmts, value: Some(value) } if stmts.is_empty() => self.place(value),
            _ => Err(NoPlace::Temporary),
        }
    }

    fn field_place(
        &mut self,
        base: ExprId,
        field: FieldIdx,
        ty: Ty,
        span: Span,
    ) -> Result<Place, NoPlace> {
        let struct_ty = self.ty(base);
        let Some((adt, _)) = struct_ty.as_adt() else { return Err(NoPlace::Reported) };
        if self.prog.items.adts[adt].kind == AdtKind::Class {
            let def = &self.prog.items.adts[adt].variants[VariantIdx(0)].fields[field];
            let in_init = self.prog.items.adts[adt].init == Some(self.draft.id)
                && matches!(self.draft.body.exprs[base].kind, ExprKind::Local(local) if Some(&local) == self.draft.body.params.first());
            if !def.mutable && !in_init {
                return Err(NoPlace::LetField(adt, field));
            }
            return Ok(Place {
                root: PlaceRoot::ClassField { object: base, field, ty },
                path: Box::default(),
                ty,
                span,
            });
        }
        let mut place = self.place(base)?;
        let mut path = place.path.to_vec();
        path.push(PlaceField { struct_ty, field });
        place.path = path.into();
        place.ty = ty;
        place.span = span;
        Ok(place)
    }

    fn element_place(
        &mut self,
        index_ref: TraitRef,
        self_ty: Ty,
        (container, index): (ExprId, ExprId),
        ty: Ty,
        span: Span,
    ) -> Result<PlaceRoot, NoPlace> {
        let Some(id) = self.lang_trait(LangTrait::IndexSet) else { return Err(NoPlace::Reported) };
        let set_ref = TraitRef { id, args: index_ref.args.clone() };
        let known = self.shallow(self_ty);
        if !known.is_var() && !self.has_operator(known, &set_ref, span) {
            return Err(NoPlace::NoIndexSet(known));
        }
        self.require(self_ty, set_ref.clone(), span);
        let callee = |trait_ref| Callee::of_trait(trait_ref, 0, self_ty);
        Ok(PlaceRoot::Element {
            container,
            index,
            get: Some(callee(index_ref)),
            set: callee(set_ref),
            ty,
        })
    }

    fn report_no_place(&mut self, id: ExprId, why: NoPlace) {
        let span = self.span(id);
        let diagnostic = match why {
            NoPlace::Reported => return,
            NoPlace::Let(local) => self.let_diagnostic(local, span, "cannot be assigned"),
            NoPlace::LetField(adt, field) => {
                let def = &self.prog.items.adts[adt].variants[VariantIdx(0)].fields[field];
                let name = def.name.expect("fields of classes have names");
                let message = format!("the field `{name}` is a `let` and cannot be assigned");
                Diagnostic::new(codes::NOT_ASSIGNABLE, span, message)
                    .secondary(def.span, "declared here")
                    .help(format!("declare it as `var {name}`"))
            }
            NoPlace::Const(id) => {
                let def = &self.prog.items.consts[id];
                let message = format!("the constant `{}` cannot be assigned", def.name);
                Diagnostic::new(codes::NOT_ASSIGNABLE, span, message)
                    .secondary(def.span, "declared here")
            }
            NoPlace::NoIndexSet(ty) => {
                let message =
                    format!("the elements of {} cannot be assigned", a(&self.name_of(ty)));
                Diagnostic::new(codes::NOT_ASSIGNABLE, span, message)
            }
            NoPlace::PartOfTuple => {
                Diagnostic::new(codes::NOT_ASSIGNABLE, span, "a part of a tuple cannot be assigned")
                    .help("assign a whole tuple to the variable")
            }
            NoPlace::Temporary => {
                Diagnostic::new(codes::NOT_ASSIGNABLE, span, "this cannot be assigned")
            }
            NoPlace::Unknown => {
                let message = "the type of this must be known to assign to its field";
                Diagnostic::new(codes::CANNOT_INFER, span, message)
            }
        };
        self.report(diagnostic);
    }

    fn let_diagnostic(&self, local: LocalId, span: Span, what: &str) -> Diagnostic {
        let local = &self.draft.body.locals[local];
        let name = local.name;
        let text = self.prog.text(local.span);
        let diagnostic = if text == "self" || name.as_str() == "self" {
            let message = format!("`self` {what}: the method takes `self`");
            Diagnostic::new(codes::NOT_ASSIGNABLE, span, message).help("declare it with `var self`")
        } else {
            let message = format!("`{name}` {what}: it is not a `var`");
            let help = if self.is_bound_by_let(local.span) {
                format!("`var {name}` may be assigned")
            } else {
                format!("a copy may be assigned: `var {name} = {name}`")
            };
            Diagnostic::new(codes::NOT_ASSIGNABLE, span, message).help(help)
        };
        diagnostic.secondary(local.span, "bound here")
    }

    /// Whether the name at this place stands in a `let`, not in a `case`, `for` or parameter list.
    fn is_bound_by_let(&self, name: Span) -> bool {
        let of_stmts = self.ast.stmts.iter().filter_map(|stmt| match &stmt.kind {
            ast::StmtKind::Let(decl) => Some(decl),
            _ => None,
        });
        let of_items = self.ast.items.iter().filter_map(|item| match &item.kind {
            ast::ItemKind::Let(decl) => Some(decl),
            _ => None,
        });
        of_stmts.chain(of_items).any(|decl| {
            let pat = self.ast.pats[decl.pat].span;
            pat.file == name.file && pat.lo <= name.lo && name.hi <= pat.hi
        })
    }

    // -- Receivers ---------------------------------------------------------------------------

    /// The place of a receiver that the method may change. Nothing if it is a value of its own;
    /// reports that where a place is `required`.
    pub(super) fn receiver_place(&mut self, id: ExprId, required: bool) -> Option<Place> {
        self.open_opaque_local(id);
        match self.place(id) {
            Ok(place) => Some(place),
            Err(why) => {
                if required {
                    self.report_receiver(id, why);
                }
                None
            }
        }
    }

    /// A parameter of an open type is its function's own copy, which methods may change.
    fn open_opaque_local(&mut self, id: ExprId) {
        if let ExprKind::Local(local) = self.draft.body.exprs[id].kind {
            let ty = self.shallow(self.draft.body.locals[local].ty);
            if self.is_opaque(ty) {
                self.draft.body.locals[local].mutable = true;
            }
        }
    }

    fn report_receiver(&mut self, id: ExprId, why: NoPlace) {
        let span = self.span(id);
        match why {
            NoPlace::Let(local) => {
                let diagnostic =
                    self.let_diagnostic(local, span, "cannot be changed by this method");
                self.report(diagnostic);
            }
            NoPlace::Temporary => {
                let message = "the method changes a struct that nothing holds";
                let diagnostic = Diagnostic::new(codes::NOT_ASSIGNABLE, span, message);
                self.report(diagnostic.help("bind it with `var` first"));
            }
            NoPlace::LetField(..)
            | NoPlace::Const(_)
            | NoPlace::NoIndexSet(_)
            | NoPlace::PartOfTuple
            | NoPlace::Unknown
            | NoPlace::Reported => {
                self.report_no_place(id, why);
            }
        }
    }
}
