//! Building structs, class objects and variants.

use super::BodyCx;
use super::args::{Param, Signature};
use crate::ir::*;
use crate::lang::LangTy;
use crate::ty::Ty;
use sepal_base::{Diagnostic, Span, Symbol, codes};
use sepal_syntax::ast;

impl BodyCx<'_> {
    /// A type with fresh type arguments, or with those that are written.
    fn fresh_adt(
        &mut self,
        adt: AdtId,
        explicit: &[Ty],
        hint: Option<Ty>,
        span: Span,
    ) -> (Ty, Vec<Ty>) {
        let count = self.prog.items.adts[adt].generics.params.len();
        if !explicit.is_empty() && explicit.len() != count {
            let name = self.prog.items.adts[adt].name;
            let message = format!(
                "`{name}` takes {}, not {}",
                crate::types::count(count, "type argument"),
                explicit.len()
            );
            self.error(codes::TYPE_ARGUMENTS, span, message);
        }
        let args: Vec<Ty> = (0..count)
            .map(|i| explicit.get(i).copied().unwrap_or_else(|| self.fresh(span)))
            .collect();
        let ty = Ty::adt(adt, args.clone());
        self.hint_result(ty, hint);
        let bounds = self.prog.items.adts[adt].generics.bounds.clone();
        for bound in bounds {
            self.require(bound.ty.subst(&args), bound.trait_ref.subst(&args), span);
        }
        (ty, args)
    }

    fn field_params(&mut self, adt: AdtId, variant: VariantIdx, args: &[Ty]) -> Signature {
        let fields: Vec<FieldIdx> =
            self.prog.items.adts[adt].variants[variant].fields.ids().collect();
        let mut params = Vec::with_capacity(fields.len());
        for field in fields {
            let ty = self.prog.field_type(adt, variant, field).subst(args);
            let def = &self.prog.items.adts[adt].variants[variant].fields[field];
            params.push(Param { name: def.name, ty, has_default: def.default.is_some() });
        }
        let def = &self.prog.items.adts[adt].variants[variant];
        Signature { what: format!("`{}`", def.name), params, declared: Some(def.span) }
    }

    /// `Point(1.0, y: 2.0)`, `Point(..p, x: 3.0)`, `Circle(1.0)`.
    pub(super) fn construct(
        &mut self,
        adt: AdtId,
        variant: VariantIdx,
        explicit: &[Ty],
        lead: Vec<ExprId>,
        args: &[ast::Arg],
        hint: Option<Ty>,
        span: Span,
    ) -> ExprId {
        if self.is_made_elsewhere(adt) {
            self.look_at(args);
            return self.report_made_elsewhere(adt, span);
        }
        let (ty, ty_args) = self.fresh_adt(adt, explicit, hint, span);
        if let Some(init) = self.prog.items.adts[adt].init {
            return self.construct_by_init(adt, init, ty, &ty_args, lead, args, span);
        }
        let mut signature = self.field_params(adt, variant, &ty_args);
        let (update, rest): (Vec<&ast::Arg>, Vec<&ast::Arg>) =
            args.iter().partition(|arg| arg.kind == ast::ArgKind::Update);
        let base = match update[..] {
            [] => None,
            [arg, ..] => {
                if self.prog.items.adts[adt].kind != AdtKind::Struct {
                    let message = "only a struct is copied with changes";
                    self.error(codes::BAD_ARGUMENT, arg.span, message);
                }
                signature.params.iter_mut().for_each(|param| param.has_default = true);
                Some(self.check(arg.value, ty))
            }
        };
        let rest: Vec<ast::Arg> = rest.into_iter().map(copy_arg).collect();
        let Some(matched) = self.match_args(&signature, lead, &rest, span) else {
            return self.expr(ExprKind::Error, ty, span);
        };
        let mut fields = matched.values;
        if base.is_none() {
            for (index, field) in fields.iter_mut().enumerate() {
                if field.is_none() {
                    let def =
                        &self.prog.items.adts[adt].variants[variant].fields[FieldIdx(index as u32)];
                    let default = def.default.expect("matching asks for the others");
                    *field = Some(self.call_default(default, ty_args.clone().into(), span));
                }
            }
        }
        let order = (0..fields.len() as u32)
            .map(FieldIdx)
            .filter(|f| fields[f.0 as usize].is_some())
            .collect();
        let made = self.expr(
            ExprKind::Construct { variant, fields: fields.into(), order, base },
            ty,
            span,
        );
        let made = self.check_invariants(adt, made, span);
        self.after(matched.before, made)
    }

    /// An object with its defaults, filled by the written constructor.
    fn construct_by_init(
        &mut self,
        adt: AdtId,
        init: FnId,
        ty: Ty,
        ty_args: &[Ty],
        lead: Vec<ExprId>,
        args: &[ast::Arg],
        span: Span,
    ) -> ExprId {
        let all = self.init_args(init, ty_args, span);
        let (callee, params, _) = self.apply_fn(init, all.clone(), span);
        let mut signature = self.fn_signature(init, &params);
        signature.what = format!("`{}`", self.prog.items.adts[adt].name);
        let object = self.zeroed_object(adt, ty, ty_args, span);
        let mut stmts = Vec::new();
        let local = self.temp(object, false, &mut stmts);
        let target = self.local(local, span);
        let mut leads = vec![target];
        leads.extend(lead);
        let Some(matched) = self.match_args(&signature, leads, args, span) else {
            return self.expr(ExprKind::Error, ty, span);
        };
        stmts.extend(matched.before);
        let values = self.fill_defaults(init, &all, matched.values, span);
        let call =
            self.expr(ExprKind::Call { callee, args: values.into(), inout: None }, Ty::nil(), span);
        self.note_group_call(call, init, &all);
        stmts.push(Stmt::Expr(call));
        let value = self.local(local, span);
        let value = self.check_invariants(adt, value, span);
        self.block(stmts, Some(value), span)
    }

    /// The type arguments of a class's `init`: those of the class, then its own.
    fn init_args(&mut self, init: FnId, ty_args: &[Ty], span: Span) -> Vec<Ty> {
        self.prog.signature(init);
        let own = self.prog.items.fns[init].generics.params.len().saturating_sub(ty_args.len());
        let own: Vec<Ty> = (0..own).map(|_| self.fresh(span)).collect();
        ty_args.iter().copied().chain(own).collect()
    }

    fn zeroed_object(&mut self, adt: AdtId, ty: Ty, ty_args: &[Ty], span: Span) -> ExprId {
        let defaults: Vec<Option<FnId>> = self.prog.items.adts[adt].variants[VariantIdx(0)]
            .fields
            .iter()
            .map(|field| field.default)
            .collect();
        let mut fields = Vec::with_capacity(defaults.len());
        for default in defaults {
            fields.push(default.map(|default| self.call_default(default, ty_args.into(), span)));
        }
        let order = (0..fields.len() as u32)
            .map(FieldIdx)
            .filter(|f| fields[f.0 as usize].is_some())
            .collect();
        let kind = ExprKind::Construct {
            variant: VariantIdx(0),
            fields: fields.into(),
            order,
            base: None,
        };
        self.expr(kind, ty, span)
    }

    // -- Constructors as values --------------------------------------------------------------

    /// A bare variant: its value if it has no fields, else a function that builds it.
    pub(super) fn variant_value(
        &mut self,
        adt: AdtId,
        variant: VariantIdx,
        hint: Option<Ty>,
        span: Span,
    ) -> ExprId {
        if !self.prog.items.adts[adt].variants[variant].fields.is_empty() {
            return self.constructor_value(adt, variant, hint, span);
        }
        let (ty, _) = self.fresh_adt(adt, &[], hint, span);
        let kind = ExprKind::Construct {
            variant,
            fields: Box::default(),
            order: Box::default(),
            base: None,
        };
        self.expr(kind, ty, span)
    }

    /// Whether only the library makes values of a type that the language speaks of: nobody makes up a pid.
    fn is_made_elsewhere(&self, adt: AdtId) -> bool {
        let (items, def) = (&self.prog.items, &self.prog.items.adts[adt]);
        let of_std = items.modules[def.module].is_std && !items.modules[self.module].is_std;
        of_std && def.kind != AdtKind::Enum && self.prog.lang.which_ty(adt).is_some()
    }

    fn report_made_elsewhere(&mut self, adt: AdtId, span: Span) -> ExprId {
        let name = self.prog.items.adts[adt].name;
        let message = format!("a `{name}` is not made from its parts");
        let mut diagnostic = Diagnostic::new(codes::NOT_CALLABLE, span, message);
        if [LangTy::Pid, LangTy::AnyPid].into_iter().any(|item| self.prog.lang.is_ty(adt, item)) {
            let help = "`spawn` and `self()` give one; each turns into a `Pid` of any messages where one is expected";
            diagnostic = diagnostic.help(help);
        }
        self.report(diagnostic);
        self.error_expr(span)
    }

    /// The constructor of a struct, class or variant as a function of its fields.
    pub(super) fn constructor_value(
        &mut self,
        adt: AdtId,
        variant: VariantIdx,
        hint: Option<Ty>,
        span: Span,
    ) -> ExprId {
        if self.is_made_elsewhere(adt) {
            return self.report_made_elsewhere(adt, span);
        }
        let function = hint.and_then(|hint| self.shallow(hint).as_fn());
        if function.is_none()
            && let Some(hint) = hint
            && self.shallow(hint).as_adt().is_some_and(|(id, _)| id == adt)
        {
            let def = &self.prog.items.adts[adt].variants[variant];
            let (name, declared) = (def.name, def.span);
            let message = format!("`{name}` has fields: write `{name}(…)`");
            let diagnostic = Diagnostic::new(codes::MISSING_FIELD, span, message);
            self.report(diagnostic.secondary(declared, "declared here"));
            return self.error_expr(span);
        }
        let (ty, args) = self.fresh_adt(adt, &[], function.map(|f| f.ret), span);
        let signature = self.field_params(adt, variant, &args);
        let params: Vec<(Symbol, Ty)> = signature
            .params
            .iter()
            .map(|param| (param.name.unwrap_or(Symbol::intern("")), param.ty))
            .collect();
        if let Some(init) = self.prog.items.adts[adt].init {
            return self.init_value(adt, init, ty, &args, span);
        }
        self.synthetic_lambda(&params, ty, span, |cx, locals| {
            let fields: Vec<Option<ExprId>> =
                locals.iter().map(|local| Some(cx.local(*local, span))).collect();
            let order = (0..fields.len() as u32).map(FieldIdx).collect();
            let made = cx.expr(
                ExprKind::Construct { variant, fields: fields.into(), order, base: None },
                ty,
                span,
            );
            cx.check_invariants(adt, made, span)
        })
    }

    fn init_value(&mut self, adt: AdtId, init: FnId, ty: Ty, args: &[Ty], span: Span) -> ExprId {
        let all = self.init_args(init, args, span);
        let (callee, params, _) = self.apply_fn(init, all.clone(), span);
        let names = self.prog.items.fns[init].params.iter().map(|param| param.name);
        let params: Vec<(Symbol, Ty)> = names.zip(params).skip(1).collect();
        let args = args.to_vec();
        self.synthetic_lambda(&params, ty, span, |cx, locals| {
            let mut stmts = Vec::new();
            let object = cx.zeroed_object(adt, ty, &args, span);
            let object = cx.temp(object, false, &mut stmts);
            let mut values = vec![cx.local(object, span)];
            for local in locals {
                values.push(cx.local(*local, span));
            }
            let call = cx.expr(
                ExprKind::Call { callee, args: values.into(), inout: None },
                Ty::nil(),
                span,
            );
            cx.note_group_call(call, init, &all);
            stmts.push(Stmt::Expr(call));
            let value = cx.local(object, span);
            cx.block(stmts, Some(value), span)
        })
    }
}

fn copy_arg(arg: &ast::Arg) -> ast::Arg {
    ast::Arg { span: arg.span, kind: arg.kind, value: arg.value }
}
