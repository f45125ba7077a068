//! Checking bodies: one pass over the tree that infers types and makes the desugared code.
//!
//! Code is made at once, with types that may still be variables. Where the kind of code depends on
//! a type that is not known yet (an operator, a method call), a [`pending::Pending`] remembers
//! the expression, which is filled in when the type is known. `finish` replaces the variables.

mod actors;
mod args;
mod call;
mod cast;
mod comprehension;
mod constructor;
mod contract;
mod control;
mod expr;
mod finish;
mod for_loop;
mod function;
mod lambda;
mod method;
mod names;
mod ops;
mod pat;
mod pending;
mod place;
mod postfix;
mod question;
mod stmt;
mod text;

pub(crate) use pending::Pending;

use self::contract::{InOld, Olds};
use crate::infer::VarKind;
use crate::ir::*;
use crate::lang::{LangFn, LangTrait, LangTy};
use crate::program::Program;
use crate::scope::Head;
use crate::traits::Obligation;
use crate::ty::{MAX_SIZE, Ty};
use crate::types::TyScope;
use crate::types::a;
use rustc_hash::FxHashMap;
use sepal_base::codes::{self, Code};
use sepal_base::{Diagnostic, IdVec, Span, Symbol};
use sepal_syntax::ast;
use std::rc::Rc;

/// A body that is not finished: its types may hold variables.
pub(crate) struct Draft {
    pub(crate) id: FnId,
    pub(crate) body: Body,
    pub(crate) pending: Vec<Pending>,
    /// Patterns whose exhaustiveness is to be checked once their types are known.
    pub(crate) matches: Vec<MatchSite>,
    /// Calls of functions whose type parameters are not known yet.
    pub(crate) group_calls: Vec<(ExprId, FnId)>,
    /// The mailboxes of the code and of what it spawns. One that stays open takes no messages.
    pub(crate) mailboxes: Vec<Ty>,
    /// The values of tasks that never come to give one. What stays open is `nil`.
    pub(crate) unreached: Vec<Ty>,
    pub(crate) contracts: Vec<ExprId>,
    /// `a is b`, whose operands are to be objects.
    pub(crate) identities: Vec<ExprId>,
    pub(crate) text_parts: Vec<text::FormatSite>,
    /// The result type was not written.
    pub(crate) infers_result: bool,
}

/// Where patterns must cover every value.
#[derive(Clone, Copy)]
pub(crate) enum MatchSite {
    Match(ExprId),
    /// A `receive`, which leaves what no arm takes where it is.
    Receive(ExprId),
    /// A `let` without `else` or the variable of a lambda.
    Let(PatId),
    /// The variable of a `for`.
    For(PatId),
}

/// What is wanted of an expression.
#[derive(Clone, Copy)]
pub(crate) enum Want {
    /// Its value is dropped.
    Drop,
    /// Its value, perhaps of this type.
    Infer(Option<Ty>),
    /// A value of this type; it is converted into `any` or `dyn` where that is the type.
    Check(Ty),
    /// It is the result of a function whose result type is inferred: its value if its branches
    /// agree on one, else `nil`.
    Tail,
}

/// A function or lambda around the code being checked.
struct Frame {
    flavour: ast::FnFlavour,
    /// The type that `return` takes.
    ret: Ty,
    /// Where that type was written, for messages.
    ret_span: Option<Span>,
    /// The type that `yield` takes.
    yields: Option<Ty>,
    /// With contracts, `return` leaves this loop instead.
    ret_loop: Option<LoopId>,
    /// A `return` has given a value, whose type may still be open.
    returns_value: bool,
    loops: Vec<LoopFrame>,
    captures: Vec<LocalId>,
    /// The type of the messages that the code receives, once something asked for it.
    mailbox: Option<Ty>,
    /// A lambda that runs in the actor of its surroundings.
    shares_mailbox: bool,
}

struct LoopFrame {
    id: LoopId,
    /// `loop`: `break` may give a value.
    values: bool,
    ty: Ty,
    broken: bool,
}

/// The checker of one function.
pub(crate) struct BodyCx<'a> {
    prog: &'a mut Program,
    ast: &'a ast::Ast,
    /// Where names are looked up: the module, or the innermost block with declarations.
    module: ModuleId,
    tys: TyScope,
    draft: Draft,
    frames: Vec<Frame>,
    /// The frame that each local belongs to.
    depths: Vec<u32>,
    scope: FxHashMap<Symbol, LocalId>,
    /// What names stood for before they were bound in the scopes that are open.
    shadowed: Vec<(Symbol, Option<LocalId>)>,
    /// `result` in an `ensures`.
    result_local: Option<LocalId>,
    /// Where `old(…)` may stand: the snapshots of the contracts that are being checked.
    olds: Option<Olds>,
    /// What is in the `old(…)` that is being checked.
    in_old: Option<InOld>,
    /// Waiting work is being done: doing it may ask for more to be done.
    settling: bool,
    /// The call that a `spawn` runs elsewhere, and the mailbox that it has there. Its arguments are
    /// evaluated here.
    spawned: Option<(Span, Option<Ty>)>,
}

/// A state of the scopes to go back to.
#[derive(Clone, Copy)]
struct ScopeMark {
    shadowed: usize,
    module: ModuleId,
}

impl<'a> BodyCx<'a> {
    pub(crate) fn new(prog: &'a mut Program, ast: &'a ast::Ast, draft: Draft) -> BodyCx<'a> {
        let def = &prog.items.fns[draft.id];
        let module = def.module;
        let mut tys = TyScope::of_generics(module, &def.generics);
        tys.infer = true;
        tys.self_ty = prog.self_type(draft.id);
        prog.infer.int_params = prog.integer_params(draft.id);
        let depths = vec![0; draft.body.locals.len()];
        BodyCx {
            prog,
            ast,
            module,
            tys,
            draft,
            frames: Vec::new(),
            depths,
            scope: FxHashMap::default(),
            shadowed: Vec::new(),
            result_local: None,
            olds: None,
            in_old: None,
            settling: false,
            spawned: None,
        }
    }

    pub(crate) fn into_draft(self) -> Draft {
        self.draft
    }

    // -- Making code -------------------------------------------------------------------------

    fn expr(&mut self, kind: ExprKind, ty: Ty, span: Span) -> ExprId {
        if self.prog.infer.size(ty) > MAX_SIZE {
            // Walks over all its parts would take too long.
            let message = "the type of this has too many parts";
            return self.wrong(codes::TYPE_TOO_LARGE, span, message);
        }
        self.draft.body.exprs.push(Expr { kind, ty, span })
    }

    fn error_expr(&mut self, span: Span) -> ExprId {
        self.expr(ExprKind::Error, Ty::error(), span)
    }

    fn pat(&mut self, kind: PatKind, ty: Ty, span: Span) -> PatId {
        self.draft.body.pats.push(Pat { kind, ty, span })
    }

    fn nil(&mut self, span: Span) -> ExprId {
        self.expr(ExprKind::Lit(Lit::Nil), Ty::nil(), span)
    }

    fn int(&mut self, value: i128, span: Span) -> ExprId {
        self.expr(ExprKind::Lit(Lit::int(value)), Ty::int(), span)
    }

    fn bool(&mut self, value: bool, span: Span) -> ExprId {
        self.expr(ExprKind::Lit(Lit::Bool(value)), Ty::bool(), span)
    }

    fn text(&mut self, text: &str, span: Span) -> ExprId {
        self.expr(ExprKind::Lit(Lit::Str(Rc::from(text))), Ty::str(), span)
    }

    fn local(&mut self, local: LocalId, span: Span) -> ExprId {
        let ty = self.draft.body.locals[local].ty;
        self.expr(ExprKind::Local(local), ty, span)
    }

    fn block(&mut self, stmts: Vec<Stmt>, value: Option<ExprId>, span: Span) -> ExprId {
        let ty = value.map_or(Ty::nil(), |value| self.ty(value));
        self.expr(ExprKind::Block { stmts: stmts.into(), value }, ty, span)
    }

    /// A `let` of the desugaring: a fresh local with this value.
    fn temp(&mut self, value: ExprId, mutable: bool, stmts: &mut Vec<Stmt>) -> LocalId {
        let (ty, span) = (self.ty(value), self.span(value));
        let local = self.new_local(Symbol::intern(""), ty, mutable, span);
        let pat = self.pat(PatKind::Bind { local, sub: None }, ty, span);
        stmts.push(Stmt::Let { pat, value, otherwise: None });
        local
    }

    /// `local = value`
    fn set_local(&mut self, local: LocalId, value: ExprId, span: Span) -> ExprId {
        let ty = self.draft.body.locals[local].ty;
        let place = Place { root: PlaceRoot::Local(local), path: Box::default(), ty, span };
        self.expr(
            ExprKind::Assign { place: Box::new(place), current: None, value },
            Ty::nil(),
            span,
        )
    }

    fn binary(&mut self, op: BinaryOp, lhs: ExprId, rhs: ExprId, ty: Ty, span: Span) -> ExprId {
        self.expr(ExprKind::Binary { op, lhs, rhs }, ty, span)
    }

    fn if_else(
        &mut self,
        cond: ExprId,
        then: ExprId,
        otherwise: Option<ExprId>,
        ty: Ty,
        span: Span,
    ) -> ExprId {
        self.expr(ExprKind::If { cond, then, otherwise }, ty, span)
    }

    fn fresh_loop(&mut self) -> LoopId {
        let id = LoopId(self.draft.body.loops);
        self.draft.body.loops += 1;
        id
    }

    fn ty(&self, id: ExprId) -> Ty {
        self.prog.infer.shallow(self.draft.body.exprs[id].ty)
    }

    fn span(&self, id: ExprId) -> Span {
        self.draft.body.exprs[id].span
    }

    // -- Types -------------------------------------------------------------------------------

    fn fresh(&mut self, span: Span) -> Ty {
        self.prog.infer.fresh(VarKind::General, span)
    }

    fn shallow(&self, ty: Ty) -> Ty {
        self.prog.infer.shallow(ty)
    }

    fn unify(&mut self, a: Ty, b: Ty) -> bool {
        self.prog.infer.unify(a, b).is_ok()
    }

    fn option(&self, ty: Ty) -> Ty {
        self.prog.lang_ty(LangTy::Option, [ty])
    }

    fn list(&self, ty: Ty) -> Ty {
        self.prog.lang_ty(LangTy::List, [ty])
    }

    fn name_of(&self, ty: Ty) -> String {
        self.prog.type_name(ty)
    }

    fn written_type(&mut self, id: ast::TypeId) -> Ty {
        self.tys.module = self.module;
        self.prog.lower_type(&self.tys, self.ast, id)
    }

    /// The type as far as it can be known now: waiting work is done if that may help.
    fn known(&mut self, ty: Ty) -> Ty {
        let ty = self.shallow(ty);
        if !ty.is_var() {
            return ty;
        }
        self.settle();
        self.shallow(ty)
    }

    /// The shape of a type that is needed now; a literal's type is chosen.
    fn known_or_default(&mut self, ty: Ty) -> Ty {
        let ty = self.known(ty);
        let chosen = match self.prog.infer.var_kind(ty) {
            Some(VarKind::Int) => Ty::int(),
            Some(VarKind::Float) => Ty::float(),
            Some(VarKind::General) | None => return ty,
        };
        self.unify(ty, chosen);
        chosen
    }

    // -- The standard library ----------------------------------------------------------------

    fn lang_trait(&self, item: LangTrait) -> Option<TraitId> {
        self.prog.lang.trait_id(item)
    }

    /// A call of a function of the standard library, whose types are unified with these.
    fn call_lang(&mut self, item: LangFn, args: Vec<ExprId>, span: Span) -> ExprId {
        let Some(id) = self.prog.lang.function(item) else { return self.error_expr(span) };
        let (callee, params, ret) = self.instantiate(id, span);
        for (param, arg) in params.iter().zip(&args) {
            let ty = self.ty(*arg);
            self.unify(*param, ty);
        }
        self.expr(ExprKind::Call { callee, args: args.into(), inout: None }, ret, span)
    }

    /// A call of the first method of an operator trait of the standard library.
    fn call_trait(
        &mut self,
        item: LangTrait,
        self_ty: Ty,
        trait_args: Vec<Ty>,
        args: Vec<ExprId>,
        ret: Ty,
        span: Span,
    ) -> ExprId {
        let Some(id) = self.lang_trait(item) else { return self.error_expr(span) };
        let trait_ref = TraitRef { id, args: trait_args.into() };
        let callee = Callee::of_trait(trait_ref, 0, self_ty);
        self.expr(ExprKind::Call { callee, args: args.into(), inout: None }, ret, span)
    }

    /// Asks that a type has a trait; tried at once, and again when more is known.
    fn require(&mut self, self_ty: Ty, trait_ref: TraitRef, span: Span) {
        let env = Some(self.draft.id);
        self.prog.add_obligation(Obligation { self_ty, trait_ref, span, env });
    }

    fn require_lang(&mut self, self_ty: Ty, item: LangTrait, args: Vec<Ty>, span: Span) {
        if let Some(id) = self.lang_trait(item) {
            self.require(self_ty, TraitRef { id, args: args.into() }, span);
        }
    }

    // -- Locals and scopes -------------------------------------------------------------------

    fn new_local(&mut self, name: Symbol, ty: Ty, mutable: bool, span: Span) -> LocalId {
        self.depths.push(self.frames.len() as u32);
        self.draft.body.locals.push(Local { name, span, ty, mutable, cell: false })
    }

    /// Makes a name stand for a local until the scope ends.
    fn bind(&mut self, name: Symbol, local: LocalId) {
        let before = self.scope.insert(name, local);
        self.shadowed.push((name, before));
    }

    fn enter_scope(&self) -> ScopeMark {
        ScopeMark { shadowed: self.shadowed.len(), module: self.module }
    }

    fn leave_scope(&mut self, mark: ScopeMark) {
        while self.shadowed.len() > mark.shadowed {
            let (name, before) = self.shadowed.pop().expect("longer than the mark");
            match before {
                Some(local) => {
                    self.scope.insert(name, local);
                }
                None => {
                    self.scope.remove(&name);
                }
            }
        }
        self.module = mark.module;
    }

    fn frame(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("code stands in a function")
    }

    /// Notes that a local is used here, which may be inside lambdas that then capture it.
    fn use_local(&mut self, local: LocalId) {
        if self.in_old.as_mut().is_some_and(|old| old.is_late(local)) {
            return;
        }
        let depth = self.depths[local.0 as usize] as usize;
        for frame in &mut self.frames[depth..] {
            if !frame.captures.contains(&local) {
                frame.captures.push(local);
            }
        }
    }

    // -- Reports -----------------------------------------------------------------------------

    fn error(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.prog.report(Diagnostic::new(code, span, message));
    }

    /// Reports and gives an expression that agrees with everything.
    fn wrong(&mut self, code: Code, span: Span, message: impl Into<String>) -> ExprId {
        self.error(code, span, message);
        self.error_expr(span)
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.prog.report(diagnostic);
    }

    fn report_mismatch(&mut self, expected: Ty, found: Ty, span: Span) {
        let diagnostic = self.mismatch(expected, found, span);
        self.report(diagnostic);
    }

    fn mismatch(&mut self, expected: Ty, found: Ty, span: Span) -> Diagnostic {
        if std::mem::take(&mut self.prog.infer.infinite) {
            for ty in [expected, found] {
                if self.shallow(ty).is_var() {
                    self.unify(ty, Ty::error());
                }
            }
            let message = "infinite type: it would have to be a part of itself";
            return Diagnostic::new(codes::TYPE_MISMATCH, span, message);
        }
        let (wanted, got) = (self.name_of(expected), self.name_of(found));
        let mut message = format!("expected `{wanted}`, found `{got}`");
        if let Some((wanted, got)) = self.inner_difference(expected, found) {
            message =
                format!("{message}: `{}` is not `{}`", self.name_of(got), self.name_of(wanted));
        }
        let diagnostic = Diagnostic::new(codes::TYPE_MISMATCH, span, message);
        self.explain_mismatch(diagnostic, expected, found, span)
    }

    /// The only parts in which two types of one shape differ.
    fn inner_difference(&self, a: Ty, b: Ty) -> Option<(Ty, Ty)> {
        let (a, b) = (self.shallow(a), self.shallow(b));
        if Head::of(a).is_none() || Head::of(a) != Head::of(b) {
            return None;
        }
        let pairs = a.kind().parts().zip(b.kind().parts());
        let mut differing =
            pairs.filter(|(x, y)| self.prog.infer.resolve(*x) != self.prog.infer.resolve(*y));
        let (x, y) = differing.next()?;
        if differing.next().is_some() {
            return None;
        }
        Some(self.inner_difference(x, y).unwrap_or((x, y)))
    }

    /// Adds what would mend a mismatch, where that is plain.
    fn explain_mismatch(
        &mut self,
        diagnostic: Diagnostic,
        expected: Ty,
        found: Ty,
        span: Span,
    ) -> Diagnostic {
        let (expected, found) = (self.shallow(expected), self.shallow(found));
        let text = self.prog.text(span).to_string();
        let name = self.name_of(expected);
        let number = |ty: Ty| ty.as_int().is_some() || ty.as_float().is_some();
        let literal = |cx: &Self, ty: Ty| {
            cx.prog.infer.var_kind(ty).is_some_and(|kind| kind != VarKind::General)
        };
        if let Some(help) = self.way_out(expected, found) {
            return diagnostic.help(help);
        }
        if self.is_yield_of(expected, found) {
            let found = self.name_of(found);
            let help = format!("a generator says behind `->` what it yields: `-> {found}`");
            return diagnostic.help(help);
        }
        if self.is_message_for_question(expected, found) {
            let help = "a function makes the message of the reply: `fn(r): Msg(…, r)`, or the variant alone";
            return diagnostic.help(help);
        }
        if self.is_question_with_more(expected, found) {
            let help = format!("a lambda gives the other fields: `fn(r): {text}(…, r)`");
            return diagnostic.help(help);
        }
        if expected == Ty::bool() && self.is_number(found) {
            return diagnostic.help(format!("`{text} != 0` is a `bool`"));
        }
        if expected.as_float().is_some()
            && self.prog.infer.var_kind(found) == Some(VarKind::Int)
            && !text.contains('x')
        {
            return diagnostic.suggest(span, format!("{text}.0"), "a float literal has a point");
        }
        if number(expected) && (number(found) || literal(self, found)) {
            return diagnostic.suggest(span, format!("{name}({text})"), "convert it explicitly");
        }
        if expected == Ty::str() && !found.has_error() && !found.is_nil() && found.as_fn().is_none()
        {
            return diagnostic
                .help(format!("`str(…)` gives the text of {}", a(&self.name_of(found))));
        }
        if let Some([inner]) = self.prog.as_lang(expected, LangTy::Option) {
            let before = self.prog.infer.snapshot();
            let fits = self.unify(*inner, found);
            self.prog.infer.rollback(before);
            if fits && !found.is_nil() {
                return diagnostic.suggest(span, format!("Some({text})"), "wrap it");
            }
            if found.is_nil() {
                return diagnostic.help("the option without a value is `None`");
            }
        }
        diagnostic
    }

    /// Whether a generator is to yield generators of what it yields.
    fn is_yield_of(&mut self, expected: Ty, found: Ty) -> bool {
        let yields = self.frames.last().and_then(|frame| frame.yields);
        let yields = yields.is_some_and(|ty| self.shallow(ty) == expected);
        let Some([held]) = self.prog.as_lang(expected, LangTy::Gen) else { return false };
        let before = self.prog.infer.snapshot();
        let fits = self.unify(*held, found);
        self.prog.infer.rollback(before);
        fits && yields
    }

    /// Whether a function is expected that makes a message of a reply, and a message is found.
    fn is_message_for_question(&mut self, expected: Ty, found: Ty) -> bool {
        let Some(function) = expected.as_fn() else { return false };
        let is_reply = |ty: &Ty| self.prog.as_lang(self.shallow(*ty), LangTy::Reply).is_some();
        matches!(&function.params[..], [only] if is_reply(only))
            && self.shallow(function.ret) == self.shallow(found)
    }

    /// Whether a function is expected that makes a message of a reply, and one is found that takes more.
    fn is_question_with_more(&self, expected: Ty, found: Ty) -> bool {
        let (Some(expected), Some(found)) = (expected.as_fn(), found.as_fn()) else { return false };
        let is_reply = |ty: &Ty| self.prog.as_lang(self.shallow(*ty), LangTy::Reply).is_some();
        matches!(&expected.params[..], [only] if is_reply(only))
            && found.params.len() > 1
            && found.params.iter().any(is_reply)
    }

    fn is_number(&self, ty: Ty) -> bool {
        let open = self.prog.infer.var_kind(ty);
        ty.as_int().is_some()
            || ty.as_float().is_some()
            || matches!(open, Some(VarKind::Int | VarKind::Float))
    }

    /// How the value in an option, result or future is come by, if that is what is expected.
    fn way_out(&mut self, expected: Ty, found: Ty) -> Option<&'static str> {
        let (held, help) = if let Some([held]) = self.prog.as_lang(found, LangTy::Option) {
            (*held, "`o ?? default`, `o?`, `if let Some(x) = o` or `match` take the value out")
        } else if let Some([held, _]) = self.prog.as_lang(found, LangTy::Result) {
            (*held, "`r?`, `r ?? default` or `match` take the value out")
        } else if let Some([held]) = self.prog.as_lang(found, LangTy::Future) {
            (*held, "`await` gives its value")
        } else if found.is_any() && !expected.is_any() {
            return Some("a type pattern takes it out: `match v:` with `case int(n): …`");
        } else {
            return None;
        };
        let before = self.prog.infer.snapshot();
        let fits = self.unify(expected, held);
        self.prog.infer.rollback(before);
        fits.then_some(help)
    }
}

impl Draft {
    pub(crate) fn new(id: FnId) -> Draft {
        let body = Body {
            params: Vec::new(),
            locals: IdVec::new(),
            exprs: IdVec::new(),
            pats: IdVec::new(),
            root: ExprId(0),
            loops: 0,
        };
        Draft {
            id,
            body,
            pending: Vec::new(),
            matches: Vec::new(),
            group_calls: Vec::new(),
            mailboxes: Vec::new(),
            unreached: Vec::new(),
            contracts: Vec::new(),
            identities: Vec::new(),
            text_parts: Vec::new(),
            infers_result: false,
        }
    }
}
