//! Calls of functions and function values; type arguments.

use super::BodyCx;
use super::args::{Param, Signature};
use super::names::{Builtin, Path};
use crate::infer::VarKind;
use crate::ir::*;
use crate::lang::LangTy;
use crate::scope::ValueDef;
use crate::traits::Obligation;
use crate::ty::{Ty, TyKind};
use crate::types::a;
use sepal_base::{Span, codes};
use sepal_syntax::ast;

impl BodyCx<'_> {
    // -- Type arguments ----------------------------------------------------------------------

    /// A function with fresh type arguments: the callee, its parameters' types, its result.
    pub(super) fn instantiate(&mut self, id: FnId, span: Span) -> (Callee, Vec<Ty>, Ty) {
        self.instantiate_with(id, &[], span)
    }

    /// The same with the function's own type arguments written.
    pub(super) fn instantiate_with(
        &mut self,
        id: FnId,
        explicit: &[Ty],
        span: Span,
    ) -> (Callee, Vec<Ty>, Ty) {
        self.prog.signature(id);
        let def = &self.prog.items.fns[id];
        let total = def.generics.params.len();
        if !explicit.is_empty() && explicit.len() > total {
            let name = def.name;
            let message = format!(
                "`{name}` takes {}, not {}",
                crate::types::count(total, "type argument"),
                explicit.len()
            );
            self.error(codes::TYPE_ARGUMENTS, span, message);
        }
        let own = total.saturating_sub(explicit.len());
        let mut args: Vec<Ty> = (0..own).map(|_| self.fresh(span)).collect();
        args.extend(explicit.iter().take(total));
        self.apply_fn(id, args, span)
    }

    /// A function with these type arguments; its bounds are asked for.
    pub(super) fn apply_fn(
        &mut self,
        id: FnId,
        args: Vec<Ty>,
        span: Span,
    ) -> (Callee, Vec<Ty>, Ty) {
        let def = &self.prog.items.fns[id];
        let params = def.params.iter().map(|param| param.ty.subst(&args)).collect();
        let ret = def.ret.subst(&args);
        let ret = self.future_of_anything(ret, span);
        let def = &self.prog.items.fns[id];
        // What can be hashed can be compared: if both lack, the first is what is said.
        let eq = self.prog.lang.trait_id(crate::lang::LangTrait::Eq);
        let (eqs, others): (Vec<&Bound>, Vec<&Bound>) =
            def.generics.bounds.iter().partition(|bound| Some(bound.trait_ref.id) == eq);
        let bounds = others.into_iter().chain(eqs).map(|bound| Obligation {
            self_ty: bound.ty.subst(&args),
            trait_ref: bound.trait_ref.subst(&args),
            span,
            env: Some(self.draft.id),
        });
        for obligation in bounds.collect::<Vec<_>>() {
            self.prog.add_obligation(obligation);
        }
        (Callee::Fn { id, args: args.into() }, params, ret)
    }

    /// A future whose value never comes is one of whatever is wanted.
    fn future_of_anything(&mut self, ty: Ty, span: Span) -> Ty {
        match self.prog.as_lang(ty, LangTy::Future) {
            Some([value]) if value.is_never() => {
                let value = self.fresh(span);
                self.draft.unreached.push(value);
                self.prog.lang_ty(LangTy::Future, [value])
            }
            _ => ty,
        }
    }

    /// Remembers a call whose type arguments are known only when the group is finished, and shares the mailbox that
    /// the function has with `args` for its type parameters.
    pub(super) fn note_group_call(&mut self, expr: ExprId, id: FnId, args: &[Ty]) {
        if self.prog.is_open(id) {
            self.draft.group_calls.push((expr, id));
        }
        let Some(mailbox) = self.prog.items.fns[id].mailbox else { return };
        let (mailbox, span) = (mailbox.subst(args), self.span(expr));
        self.share_mailbox(mailbox, span);
    }

    // -- Calls -------------------------------------------------------------------------------

    pub(super) fn call_expr(
        &mut self,
        callee: ast::ExprId,
        args: &[ast::Arg],
        hint: Option<Ty>,
        span: Span,
    ) -> ExprId {
        self.call_with(callee, Vec::new(), args, hint, span)
    }

    /// A call with values before the arguments in brackets.
    pub(super) fn call_with(
        &mut self,
        callee: ast::ExprId,
        lead: Vec<ExprId>,
        args: &[ast::Arg],
        hint: Option<Ty>,
        span: Span,
    ) -> ExprId {
        let ast = self.ast;
        let node = &ast.exprs[callee];
        match &node.kind {
            ast::ExprKind::Name(name) => {
                if let Some(path) = self.path_of_name(*name, hint, node.span) {
                    if let Path::Variant(adt, _) = path
                        && self.is_ambiguous(*name, adt, hint)
                    {
                        self.look_at(args);
                        return self.report_ambiguous(*name, node.span);
                    }
                    return self.call_path(path, &[], lead, args, hint, (node.span, span));
                }
            }
            ast::ExprKind::Instantiate(inst) => {
                if let Some(path) = self.path_of(inst.base, hint)
                    && !self.is_value_path(path)
                {
                    let tys: Vec<Ty> = inst.types.iter().map(|ty| self.written_type(*ty)).collect();
                    return self.call_path(path, &tys, lead, args, hint, (node.span, span));
                }
                if let ast::ExprKind::Field { base, name } = ast.exprs[inst.base].kind
                    && let Some(found) = self.generic_method(base, name, &inst.types, span)
                {
                    let (found, receiver, has_self) = found;
                    return self.call_found(found, receiver, lead, args, hint, span, has_self);
                }
            }
            _ => {}
        }
        let callee = self.value(callee);
        self.call_value(callee, lead, args, hint, span)
    }

    /// Whether a path is a constant, which an index can follow.
    pub(super) fn is_value_path(&self, path: Path) -> bool {
        matches!(path, Path::Value(ValueDef::Const(_)))
    }

    /// A call of what a path names; `spans` are those of the name and of the whole call.
    pub(super) fn call_path(
        &mut self,
        path: Path,
        explicit: &[Ty],
        lead: Vec<ExprId>,
        args: &[ast::Arg],
        hint: Option<Ty>,
        spans: (Span, Span),
    ) -> ExprId {
        let (name_span, span) = spans;
        match path {
            Path::Value(ValueDef::Fn(id)) => self.call_fn(id, explicit, lead, args, hint, spans),
            Path::Value(ValueDef::Const(_) | ValueDef::Actor(_)) => {
                let callee = self.path_value(path, None, name_span);
                self.call_value(callee, lead, args, hint, span)
            }
            Path::Variant(adt, variant) => {
                self.construct(adt, variant, explicit, lead, args, hint, span)
            }
            Path::Adt(adt) if self.prog.items.adts[adt].kind != AdtKind::Enum => {
                self.construct(adt, VariantIdx(0), explicit, lead, args, hint, span)
            }
            Path::Type(ty) => match ty.as_adt() {
                Some((adt, found)) if self.prog.items.adts[adt].kind != AdtKind::Enum => {
                    self.construct(adt, VariantIdx(0), found, lead, args, hint, span)
                }
                _ => self.cast_call(ty, lead, args, span),
            },
            Path::Builtin(Builtin::Panic) => self.panic_call(lead, args, span),
            Path::Builtin(builtin) => self.print_call(builtin, lead, args, span),
            Path::Adt(_) | Path::Trait(_) | Path::Module(_) | Path::StdPrefix(_) => {
                self.look_at(args);
                self.path_value(path, None, name_span)
            }
        }
    }

    pub(super) fn fn_signature(&self, id: FnId, params: &[Ty]) -> Signature {
        let def = &self.prog.items.fns[id];
        let params = def.params.iter().zip(params).map(|(param, ty)| Param {
            name: Some(param.name),
            ty: *ty,
            has_default: param.default.is_some(),
        });
        let kind = if def.self_param == SelfKind::None { "function" } else { "method" };
        Signature {
            what: format!("the {kind} `{}`", def.name),
            params: params.collect(),
            declared: Some(def.span),
        }
    }

    pub(super) fn call_fn(
        &mut self,
        id: FnId,
        explicit: &[Ty],
        lead: Vec<ExprId>,
        args: &[ast::Arg],
        hint: Option<Ty>,
        (name_span, span): (Span, Span),
    ) -> ExprId {
        let (callee, params, ret) = self.instantiate_with(id, explicit, name_span);
        self.hint_result(ret, hint);
        let signature = self.fn_signature(id, &params);
        let Some(matched) = self.match_args(&signature, lead, args, span) else {
            return self.expr(ExprKind::Error, ret, span);
        };
        let Callee::Fn { args: ty_args, .. } = callee.clone() else {
            unreachable!("made by `instantiate`")
        };
        let values = self.fill_defaults(id, &ty_args, matched.values, span);
        let made =
            self.expr(ExprKind::Call { callee, args: values.into(), inout: None }, ret, span);
        self.note_group_call(made, id, &ty_args);
        self.after(matched.before, made)
    }

    /// One value for each parameter: what was given, or a call of the default, which takes the
    /// type arguments of the function.
    pub(super) fn fill_defaults(
        &mut self,
        id: FnId,
        args: &[Ty],
        values: Vec<Option<ExprId>>,
        span: Span,
    ) -> Vec<ExprId> {
        let mut made = Vec::with_capacity(values.len());
        for (index, value) in values.into_iter().enumerate() {
            made.push(match value {
                Some(value) => value,
                None => {
                    let default = self.prog.items.fns[id].params[index]
                        .default
                        .expect("matching asks for the others");
                    self.call_default(default, args.into(), span)
                }
            });
        }
        made
    }

    /// A call of the default of a parameter or field, which has the same type parameters.
    pub(super) fn call_default(&mut self, default: FnId, args: Box<[Ty]>, span: Span) -> ExprId {
        self.prog.signature(default);
        let ret = self.prog.items.fns[default].ret.subst(&args);
        // Of an inferred function the default may have fewer type parameters than it.
        let count = self.prog.items.fns[default].generics.params.len();
        let args: Box<[Ty]> = args.iter().copied().take(count).collect();
        let callee = Callee::Fn { id: default, args };
        let call =
            self.expr(ExprKind::Call { callee, args: Box::default(), inout: None }, ret, span);
        if self.prog.late_defaults.contains_key(&default) {
            self.draft.group_calls.push((call, default));
        }
        call
    }

    /// A call of a function value.
    pub(super) fn call_value(
        &mut self,
        callee: ExprId,
        lead: Vec<ExprId>,
        args: &[ast::Arg],
        hint: Option<Ty>,
        span: Span,
    ) -> ExprId {
        let ty = self.ty(callee);
        let ty = self.known(ty);
        if self.prog.infer.var_kind(ty) == Some(VarKind::General) {
            let params: Vec<Ty> = (0..lead.len() + args.len()).map(|_| self.fresh(span)).collect();
            let ret = self.fresh(span);
            // What is only known to be spawned may well receive.
            let is_spawned = matches!(self.spawned, Some((call, _)) if call == span);
            let mailbox = is_spawned.then(|| self.fresh(span));
            self.unify(ty, Ty::function(params, ret, mailbox));
        }
        let ty = self.shallow(ty);
        let TyKind::Fn(f) = ty.kind() else {
            self.look_at(args);
            if ty.is_error() {
                return self.error_expr(span);
            }
            let (name, at) = (self.name_of(ty), self.span(callee));
            return self.wrong(
                codes::NOT_CALLABLE,
                at,
                format!("{a_name} cannot be called", a_name = a(&name)),
            );
        };
        self.hint_result(f.ret, hint);
        let params = f.params.iter().map(|ty| Param { name: None, ty: *ty, has_default: false });
        let signature = Signature {
            what: "the function".to_string(),
            params: params.collect(),
            declared: None,
        };
        let Some(matched) = self.match_args(&signature, lead, args, span) else {
            return self.expr(ExprKind::Error, f.ret, span);
        };
        if let Some(mailbox) = f.mailbox {
            self.share_mailbox(mailbox, span);
        }
        let values =
            matched.values.into_iter().map(|value| value.expect("no parameter has a default"));
        let made = self.expr(ExprKind::CallValue { callee, args: values.collect() }, f.ret, span);
        self.after(matched.before, made)
    }

    // -- `|>` and `f[T]` ---------------------------------------------------------------------

    pub(super) fn pipe_expr(
        &mut self,
        value: ast::ExprId,
        into: ast::ExprId,
        hint: Option<Ty>,
        span: Span,
    ) -> ExprId {
        let ast = self.ast;
        let value = self.value(value);
        match &ast.exprs[into].kind {
            ast::ExprKind::Call { callee, args } => {
                self.call_with(*callee, vec![value], args, hint, span)
            }
            ast::ExprKind::MethodCall { receiver, method, args } => {
                match self.base_path(*receiver, *method) {
                    Some(base) => self.call_member(base, *method, vec![value], args, hint, span),
                    None => {
                        let receiver = self.value(*receiver);
                        self.call_method(receiver, *method, vec![value], args, hint, span)
                    }
                }
            }
            _ => self.call_with(into, vec![value], &[], hint, span),
        }
    }

    pub(super) fn instantiate_expr(
        &mut self,
        inst: &ast::Instantiate,
        hint: Option<Ty>,
        span: Span,
    ) -> ExprId {
        let path = self.path_of(inst.base, hint);
        if let Some(Path::Value(ValueDef::Fn(id))) = path {
            let tys: Vec<Ty> = inst.types.iter().map(|ty| self.written_type(*ty)).collect();
            return self.fn_value(id, &tys, span);
        }
        match inst.index {
            Some(index) => self.index_expr(inst.base, index, span),
            None => {
                self.value(inst.base);
                self.wrong(
                    codes::TYPE_ARGUMENTS,
                    span,
                    "only functions and types take type arguments",
                )
            }
        }
    }
}
