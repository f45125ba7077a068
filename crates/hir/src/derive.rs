//! Derived methods: `Eq`, `Ord`, `Hash` and `Show` of structs, classes, enums and tuples as
//! bodies made from the structure of the type.
//!
//! Must never look at type arguments: fields are compared and shown by trait calls, which
//! lowering resolves.

use crate::ir::*;
use crate::lang::{LangFn, LangTrait};
use crate::program::Program;
use crate::ty::Ty;
use sepal_base::{FileId, IdVec, Span, Symbol};
use sepal_syntax::ast;
use std::rc::Rc;

impl Program {
    /// The derived method, declared when first asked for.
    pub(crate) fn derived_fn(&mut self, derived: Derived) -> FnId {
        if let Some(id) = self.derived.get(&derived) {
            return *id;
        }
        let (generics, self_ty, module, span, ty_name) = self.derived_head(derived.of);
        let (name, others, ret) = match derived.method {
            DerivedMethod::Eq => ("eq", 1, Ty::bool()),
            DerivedMethod::Ord => ("cmp", 1, Ty::int()),
            DerivedMethod::Hash => ("hash", 0, Ty::int()),
            DerivedMethod::Show => ("show", 0, Ty::str()),
            DerivedMethod::ShowIn => ("show_in", 0, Ty::str()),
        };
        let id =
            self.bare_fn(Symbol::intern(name), module, span, FnKind::Derived(derived), Owner::None);
        let param =
            |name| ParamDef { name: Symbol::intern(name), span, ty: self_ty, default: None };
        let def = &mut self.items.fns[id];
        def.trace_name = Symbol::intern(&format!("{ty_name}.{name}"));
        def.generics = generics;
        def.params =
            [param("self")].into_iter().chain((0..others).map(|_| param("other"))).collect();
        def.self_param = SelfKind::Value;
        def.ret = ret;
        self.derived.insert(derived, id);
        id
    }

    fn derived_head(&self, of: DerivedFrom) -> (Generics, Ty, ModuleId, Span, String) {
        let nowhere = Span::point(FileId(0), 0);
        let params = |n: u32| -> Generics {
            let names = (0..n)
                .map(|i| GenericParam { name: Symbol::intern(&format!("T{i}")), span: nowhere });
            Generics { params: names.collect(), bounds: Vec::new() }
        };
        let tys = |generics: &Generics| -> Vec<Ty> {
            generics.params.iter().enumerate().map(|(i, p)| Ty::param(i as u32, p.name)).collect()
        };
        match of {
            DerivedFrom::Adt(id) => {
                let def = &self.items.adts[id];
                let generics = Generics { params: def.generics.params.clone(), bounds: Vec::new() };
                let ty = Ty::adt(id, tys(&generics));
                (generics, ty, def.module, def.span, def.name.to_string())
            }
            DerivedFrom::Tuple(n) => {
                let generics = params(n);
                let ty = Ty::tuple(tys(&generics));
                (generics, ty, self.root, nowhere, "tuple".to_string())
            }
            DerivedFrom::Function(n) => {
                let generics = params(n + 1);
                let mut all = tys(&generics);
                let ret = all.pop().expect("the result is one of them");
                (generics, Ty::function(all, ret, None), self.root, nowhere, "fn".to_string())
            }
            DerivedFrom::Dyn(id, n) => {
                let generics = params(n);
                let ty = Ty::dyn_trait(id, tys(&generics));
                (generics, ty, self.root, nowhere, "dyn".to_string())
            }
        }
    }
}

/// The code of a derived method.
pub(crate) fn derived_body(prog: &mut Program, derived: Derived) -> Body {
    let id = prog.derived_fn(derived);
    let def = &prog.items.fns[id];
    let (self_ty, span, binary) = (def.params[0].ty, def.span, def.params.len() == 2);
    let body = Body {
        params: Vec::new(),
        locals: IdVec::new(),
        exprs: IdVec::new(),
        pats: IdVec::new(),
        root: ExprId(0),
        loops: 0,
    };
    let mut cx = Deriver { prog, body, span, self_ty };
    let this = cx.new_local(self_ty);
    cx.body.params.push(this);
    let other = if binary { cx.new_local(self_ty) } else { this };
    if binary {
        cx.body.params.push(other);
    }
    let root = match derived.method {
        DerivedMethod::Eq => cx.derive_eq(derived.of, this, other),
        DerivedMethod::Ord => cx.derive_ord(derived.of, this, other),
        DerivedMethod::Hash => cx.derive_hash(derived.of, this),
        DerivedMethod::Show => cx.derive_show(derived.of, this),
        DerivedMethod::ShowIn => cx.show_dyn(LangFn::DynShowIn, this),
    };
    cx.body.root = root;
    cx.body
}

struct Deriver<'p> {
    prog: &'p mut Program,
    body: Body,
    span: Span,
    self_ty: Ty,
}

impl Deriver<'_> {
    fn expr(&mut self, kind: ExprKind, ty: Ty) -> ExprId {
        self.body.exprs.push(Expr { kind, ty, span: self.span })
    }

    fn pat(&mut self, kind: PatKind, ty: Ty) -> PatId {
        self.body.pats.push(Pat { kind, ty, span: self.span })
    }

    fn new_local(&mut self, ty: Ty) -> LocalId {
        self.body.locals.push(Local {
            name: Symbol::intern(""),
            span: self.span,
            ty,
            mutable: false,
            cell: false,
        })
    }

    fn local(&mut self, local: LocalId) -> ExprId {
        let ty = self.body.locals[local].ty;
        self.expr(ExprKind::Local(local), ty)
    }

    fn int(&mut self, value: i128) -> ExprId {
        self.expr(ExprKind::Lit(Lit::int(value)), Ty::int())
    }

    fn bool(&mut self, value: bool) -> ExprId {
        self.expr(ExprKind::Lit(Lit::Bool(value)), Ty::bool())
    }

    fn text(&mut self, text: &str) -> ExprId {
        self.expr(ExprKind::Lit(Lit::Str(Rc::from(text))), Ty::str())
    }

    fn block(&mut self, stmts: Vec<Stmt>, value: ExprId) -> ExprId {
        let ty = self.body.exprs[value].ty;
        self.expr(ExprKind::Block { stmts: stmts.into(), value: Some(value) }, ty)
    }

    fn call_method(&mut self, item: LangTrait, method: u32, args: Vec<ExprId>, ret: Ty) -> ExprId {
        let id = self.prog.lang.trait_id(item).expect("a derived trait is declared");
        let self_ty = self.body.exprs[args[0]].ty;
        let trait_ref = TraitRef { id, args: Box::default() };
        let callee = Callee::of_trait(trait_ref, method, self_ty);
        self.expr(ExprKind::Call { callee, args: args.into(), inout: None }, ret)
    }

    fn call_lang(&mut self, item: LangFn, type_args: &[Ty], args: Vec<ExprId>, ret: Ty) -> ExprId {
        let id = self.prog.lang.function(item).expect("std declares what derived methods call");
        let callee = Callee::Fn { id, args: type_args.into() };
        self.expr(ExprKind::Call { callee, args: args.into(), inout: None }, ret)
    }

    // -- Structure ---------------------------------------------------------------------------

    /// The fields' types of a variant, or of a tuple.
    fn field_tys(&mut self, of: DerivedFrom, variant: VariantIdx) -> Vec<Ty> {
        match of {
            DerivedFrom::Adt(id) => {
                let fields: Vec<FieldIdx> =
                    self.prog.items.adts[id].variants[variant].fields.ids().collect();
                fields.into_iter().map(|field| self.prog.field_type(id, variant, field)).collect()
            }
            DerivedFrom::Tuple(_) => self.self_ty.kind().parts().collect(),
            DerivedFrom::Function(_) | DerivedFrom::Dyn(..) => Vec::new(),
        }
    }

    fn variants(&self, of: DerivedFrom) -> Vec<VariantIdx> {
        match of {
            DerivedFrom::Adt(id) => self.prog.items.adts[id].variants.ids().collect(),
            DerivedFrom::Tuple(_) | DerivedFrom::Function(_) | DerivedFrom::Dyn(..) => {
                vec![VariantIdx(0)]
            }
        }
    }

    fn kind(&self, of: DerivedFrom) -> Option<AdtKind> {
        match of {
            DerivedFrom::Adt(id) => Some(self.prog.items.adts[id].kind),
            DerivedFrom::Tuple(_) | DerivedFrom::Function(_) | DerivedFrom::Dyn(..) => None,
        }
    }

    /// The fields of a struct, class object or tuple.
    fn fields(&mut self, of: DerivedFrom, value: LocalId) -> Vec<ExprId> {
        let tys = self.field_tys(of, VariantIdx(0));
        let mut fields = Vec::with_capacity(tys.len());
        for (index, ty) in tys.into_iter().enumerate() {
            let base = self.local(value);
            let index = index as u32;
            let kind = match of {
                DerivedFrom::Adt(_) => ExprKind::Field { base, field: FieldIdx(index) },
                DerivedFrom::Tuple(_) | DerivedFrom::Function(_) | DerivedFrom::Dyn(..) => {
                    ExprKind::TupleField { base, index }
                }
            };
            fields.push(self.expr(kind, ty));
        }
        fields
    }

    /// A pattern of a variant that binds every field.
    fn variant_pat(&mut self, of: DerivedFrom, variant: VariantIdx) -> (PatId, Vec<ExprId>) {
        let tys = self.field_tys(of, variant);
        let (mut fields, mut values) = (Vec::new(), Vec::new());
        for (index, ty) in tys.into_iter().enumerate() {
            let local = self.new_local(ty);
            let bind = self.pat(PatKind::Bind { local, sub: None }, ty);
            fields.push((FieldIdx(index as u32), bind));
            values.push(self.local(local));
        }
        let ty = self.self_ty;
        (self.pat(PatKind::Adt { variant, fields: fields.into() }, ty), values)
    }

    fn match_on(&mut self, value: LocalId, arms: Vec<(PatId, ExprId)>, ty: Ty) -> ExprId {
        let scrutinee = self.local(value);
        let arms = arms.into_iter().map(|(pat, body)| Arm { pat, guard: None, body }).collect();
        self.expr(ExprKind::Match { scrutinee, arms }, ty)
    }

    /// `same` of the fields where both values are of one variant, else `differ`.
    fn match_both(
        &mut self,
        of: DerivedFrom,
        (this, other): (LocalId, LocalId),
        ty: Ty,
        same: fn(&mut Self, Vec<(ExprId, ExprId)>) -> ExprId,
        differ: fn(&mut Self) -> ExprId,
    ) -> ExprId {
        let variants = self.variants(of);
        let mut arms = Vec::with_capacity(variants.len());
        for variant in &variants {
            let (left, left_fields) = self.variant_pat(of, *variant);
            let (right, right_fields) = self.variant_pat(of, *variant);
            let agree = same(self, left_fields.into_iter().zip(right_fields).collect());
            let mut inner = vec![(right, agree)];
            if variants.len() > 1 {
                let pat = self.pat(PatKind::Wild, self.self_ty);
                let value = differ(self);
                inner.push((pat, value));
            }
            let body = self.match_on(other, inner, ty);
            arms.push((left, body));
        }
        self.match_on(this, arms, ty)
    }

    /// The position of a value's variant, bound to a local.
    fn variant_number(
        &mut self,
        of: DerivedFrom,
        value: LocalId,
        stmts: &mut Vec<Stmt>,
    ) -> LocalId {
        let mut arms = Vec::new();
        for variant in self.variants(of) {
            let kind = PatKind::Adt { variant, fields: Box::default() };
            let pat = self.pat(kind, self.self_ty);
            let number = self.int(i128::from(variant.0));
            arms.push((pat, number));
        }
        let number = self.match_on(value, arms, Ty::int());
        let local = self.new_local(Ty::int());
        let pat = self.pat(PatKind::Bind { local, sub: None }, Ty::int());
        stmts.push(Stmt::Let { pat, value: number, otherwise: None });
        local
    }

    /// Variants in their order first, then the fields of the same variant.
    fn enum_cmp(&mut self, of: DerivedFrom, this: LocalId, other: LocalId) -> ExprId {
        let inside = self.match_both(of, (this, other), Ty::int(), Self::first_cmp, |cx| cx.int(0));
        if self.variants(of).len() < 2 {
            return inside;
        }
        let mut stmts = Vec::new();
        let left = self.variant_number(of, this, &mut stmts);
        let right = self.variant_number(of, other, &mut stmts);
        let binary = |cx: &mut Self, op, ty| {
            let (lhs, rhs) = (cx.local(left), cx.local(right));
            cx.expr(ExprKind::Binary { op, lhs, rhs }, ty)
        };
        let cond = binary(self, BinaryOp::Eq, Ty::bool());
        let distance = binary(self, BinaryOp::Arith(ast::BinOp::Sub), Ty::int());
        let kind = ExprKind::If { cond, then: inside, otherwise: Some(distance) };
        let chosen = self.expr(kind, Ty::int());
        self.block(stmts, chosen)
    }

    // -- The methods -------------------------------------------------------------------------

    fn derive_eq(&mut self, of: DerivedFrom, this: LocalId, other: LocalId) -> ExprId {
        match self.kind(of) {
            Some(AdtKind::Class) => {
                let (lhs, rhs) = (self.local(this), self.local(other));
                self.expr(ExprKind::Is { lhs, rhs }, Ty::bool())
            }
            Some(AdtKind::Enum) => {
                let pair = (this, other);
                self.match_both(of, pair, Ty::bool(), Self::all_eq, |cx| cx.bool(false))
            }
            Some(AdtKind::Struct) | None => {
                let (left, right) = (self.fields(of, this), self.fields(of, other));
                self.all_eq(left.into_iter().zip(right).collect())
            }
        }
    }

    fn all_eq(&mut self, pairs: Vec<(ExprId, ExprId)>) -> ExprId {
        let mut result = None;
        for (left, right) in pairs {
            let same = self.call_method(LangTrait::Eq, 0, vec![left, right], Ty::bool());
            result = Some(match result {
                None => same,
                Some(before) => self.expr(
                    ExprKind::Logic { op: ast::LogicOp::And, lhs: before, rhs: same },
                    Ty::bool(),
                ),
            });
        }
        result.unwrap_or_else(|| self.bool(true))
    }

    fn derive_ord(&mut self, of: DerivedFrom, this: LocalId, other: LocalId) -> ExprId {
        match self.kind(of) {
            Some(AdtKind::Enum) => self.enum_cmp(of, this, other),
            Some(AdtKind::Struct | AdtKind::Class) | None => {
                let (left, right) = (self.fields(of, this), self.fields(of, other));
                self.first_cmp(left.into_iter().zip(right).collect())
            }
        }
    }

    /// The first comparison that is not zero.
    fn first_cmp(&mut self, pairs: Vec<(ExprId, ExprId)>) -> ExprId {
        let mut rest = None;
        for (left, right) in pairs.into_iter().rev() {
            let order = self.call_method(LangTrait::Ord, 0, vec![left, right], Ty::int());
            rest = Some(match rest {
                None => order,
                Some(rest) => {
                    let local = self.new_local(Ty::int());
                    let pat = self.pat(PatKind::Bind { local, sub: None }, Ty::int());
                    let (lhs, rhs) = (self.local(local), self.int(0));
                    let cond =
                        self.expr(ExprKind::Binary { op: BinaryOp::Ne, lhs, rhs }, Ty::bool());
                    let then = self.local(local);
                    let chosen =
                        self.expr(ExprKind::If { cond, then, otherwise: Some(rest) }, Ty::int());
                    self.block(vec![Stmt::Let { pat, value: order, otherwise: None }], chosen)
                }
            });
        }
        rest.unwrap_or_else(|| self.int(0))
    }

    fn derive_hash(&mut self, of: DerivedFrom, this: LocalId) -> ExprId {
        match self.kind(of) {
            Some(AdtKind::Class) => {
                let (value, ty) = (self.local(this), self.self_ty);
                self.call_lang(LangFn::ObjectId, &[ty], vec![value], Ty::int())
            }
            Some(AdtKind::Enum) => {
                let mut arms = Vec::new();
                for variant in self.variants(of) {
                    let (pat, fields) = self.variant_pat(of, variant);
                    let body = self.combined_hash(i128::from(variant.0), fields);
                    arms.push((pat, body));
                }
                self.match_on(this, arms, Ty::int())
            }
            Some(AdtKind::Struct) | None => {
                let fields = self.fields(of, this);
                self.combined_hash(0, fields)
            }
        }
    }

    fn combined_hash(&mut self, start: i128, fields: Vec<ExprId>) -> ExprId {
        let mut hash = self.int(start);
        for field in fields {
            let part = self.call_method(LangTrait::Hash, 0, vec![field], Ty::int());
            hash = self.call_lang(LangFn::HashCombine, &[], vec![hash, part], Ty::int());
        }
        hash
    }

    fn derive_show(&mut self, of: DerivedFrom, this: LocalId) -> ExprId {
        match of {
            DerivedFrom::Function(_) => self.text("fn"),
            DerivedFrom::Dyn(..) => self.show_dyn(LangFn::DynShow, this),
            DerivedFrom::Tuple(n) => {
                let fields = self.fields(of, this);
                let names = vec![None; fields.len()];
                self.show_fields("(", &names, fields, if n == 1 { ",)" } else { ")" })
            }
            DerivedFrom::Adt(id) => match self.prog.items.adts[id].kind {
                AdtKind::Struct => {
                    let fields = self.fields(of, this);
                    self.show_variant(id, VariantIdx(0), fields)
                }
                AdtKind::Class => self.show_object(id, of, this),
                AdtKind::Enum => {
                    let mut arms = Vec::new();
                    for variant in self.variants(of) {
                        let (pat, fields) = self.variant_pat(of, variant);
                        let body = self.show_variant(id, variant, fields);
                        arms.push((pat, body));
                    }
                    self.match_on(this, arms, Ty::str())
                }
            },
        }
    }

    /// What the type of the value behind the `dyn` says.
    fn show_dyn(&mut self, item: LangFn, this: LocalId) -> ExprId {
        let (ty, value) = (self.self_ty, self.local(this));
        self.call_lang(item, &[ty], vec![value], Ty::str())
    }

    /// `Circle(radius: 1.0)`, `Inc(5)`, `Empty`
    fn show_variant(&mut self, adt: AdtId, variant: VariantIdx, fields: Vec<ExprId>) -> ExprId {
        let def = &self.prog.items.adts[adt];
        let is_enum = def.kind == AdtKind::Enum;
        let name = def.variants[variant].name;
        let names: Vec<Option<Symbol>> =
            def.variants[variant].fields.iter().map(|field| field.name).collect();
        if fields.is_empty() && is_enum {
            return self.text(name.as_str());
        }
        self.show_fields(&format!("{name}("), &names, fields, ")")
    }

    fn show_fields(
        &mut self,
        open: &str,
        names: &[Option<Symbol>],
        fields: Vec<ExprId>,
        close: &str,
    ) -> ExprId {
        let mut parts = Vec::with_capacity(2 * fields.len() + 1);
        let mut text = open.to_string();
        for (index, (name, field)) in names.iter().zip(fields).enumerate() {
            if index > 0 {
                text.push_str(", ");
            }
            if let Some(name) = name {
                text.push_str(name.as_str());
                text.push_str(": ");
            }
            if !text.is_empty() {
                parts.push(self.text(&text));
                text.clear();
            }
            parts.push(self.call_method(LangTrait::Show, 1, vec![field], Ty::str()));
        }
        text.push_str(close);
        parts.push(self.text(&text));
        let array = self.expr(ExprKind::ArrayLit(parts.into()), Ty::array(Ty::str()));
        self.call_lang(LangFn::StrJoinArray, &[], vec![array], Ty::str())
    }

    /// The fields of an object, or `...` where it is being shown already.
    fn show_object(&mut self, id: AdtId, of: DerivedFrom, this: LocalId) -> ExprId {
        let ty = self.self_ty;
        let value = self.local(this);
        let cond = self.call_lang(LangFn::ShowEnter, &[ty], vec![value], Ty::bool());
        let fields = self.fields(of, this);
        let shown = self.show_variant(id, VariantIdx(0), fields);
        let local = self.new_local(Ty::str());
        let pat = self.pat(PatKind::Bind { local, sub: None }, Ty::str());
        let leave = self.call_lang(LangFn::ShowLeave, &[], Vec::new(), Ty::nil());
        let result = self.local(local);
        let stmts = vec![Stmt::Let { pat, value: shown, otherwise: None }, Stmt::Expr(leave)];
        let then = self.block(stmts, result);
        let otherwise = self.text("...");
        self.expr(ExprKind::If { cond, then, otherwise: Some(otherwise) }, Ty::str())
    }
}
