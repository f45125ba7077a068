//! Generators, futures and actors: their types, and their bodies as functions of their own.

use super::args::{Param, Signature};
use super::control::Branches;
use super::names::Path;
use super::{BodyCx, MatchSite, Want};
use crate::infer::VarKind;
use crate::ir::*;
use crate::lang::{LangTrait, LangTy};
use crate::names;
use crate::scope::ValueDef;
use crate::ty::{Ty, TyKind};
use sepal_base::{Diagnostic, Span, Symbol, codes};
use sepal_syntax::ast;

impl BodyCx<'_> {
    // -- Generators --------------------------------------------------------------------------

    pub(super) fn yield_expr(&mut self, value: Option<ast::ExprId>, span: Span) -> ExprId {
        let Some(ty) = self.frame().yields else {
            if let Some(value) = value {
                self.value(value);
            }
            return self.misplaced_yield(span, "`yield` stands outside a generator, `fn*`");
        };
        let value = match value {
            Some(value) => self.check(value, ty),
            None => {
                let nil = self.nil(span);
                self.coerce(nil, ty)
            }
        };
        self.expr(ExprKind::Yield(value), Ty::nil(), span)
    }

    /// What was meant to be a generator gives nobody knows what.
    fn misplaced_yield(&mut self, span: Span, message: &str) -> ExprId {
        let ret = self.prog.items.fns[self.draft.id].ret;
        if let TyKind::Var(id) = self.shallow(ret).kind() {
            self.prog.infer.bind(*id, Ty::error());
        }
        self.misplaced(span, message)
    }

    /// `yield* other`: a loop that yields everything of the other.
    pub(super) fn yield_from(&mut self, other: ast::ExprId, span: Span) -> ExprId {
        let other = self.value(other);
        let Some(yields) = self.frame().yields else {
            return self.misplaced_yield(span, "`yield*` stands outside a generator, `fn*`");
        };
        let at = self.span(other);
        let (iter, elem) = self.iterator_of(LangTrait::Iterable, other, span);
        self.draw_each(iter, elem, span, &mut |cx, value| {
            let value = cx.converted(value, yields).unwrap_or_else(|(wanted, found)| {
                let (wanted, found) = (cx.name_of(wanted), cx.name_of(found));
                let message = format!(
                    "the generator yields values of type `{wanted}`, and these are of type `{found}`"
                );
                cx.wrong(codes::TYPE_MISMATCH, at, message)
            });
            cx.expr(ExprKind::Yield(value), Ty::nil(), span)
        })
    }

    // -- Futures -----------------------------------------------------------------------------

    pub(super) fn await_expr(&mut self, inner: ast::ExprId, span: Span) -> ExprId {
        let value = self.value(inner);
        let ty = self.ty(value);
        let ty = self.known(ty);
        if self.prog.infer.var_kind(ty) == Some(VarKind::General) {
            let inner = self.fresh(span);
            let future = self.prog.lang_ty(LangTy::Future, [inner]);
            self.unify(ty, future);
        }
        let ty = self.shallow(ty);
        match self.prog.as_lang(ty, LangTy::Future) {
            Some(args) => self.expr(ExprKind::Await(value), args[0], span),
            // Waiting for what is there already gives it.
            None => value,
        }
    }

    pub(super) fn async_expr(&mut self, task: ast::Task, hint: Option<Ty>, span: Span) -> ExprId {
        let hint = hint.map(|hint| self.shallow(hint));
        let expected = match hint.and_then(|hint| self.prog.as_lang(hint, LangTy::Future)) {
            Some([value]) if !self.shallow(*value).is_var() => Some(*value),
            _ => None,
        };
        let value = expected.unwrap_or_else(|| self.fresh(span));
        let is_open = expected.is_none();
        let lambda = self
            .task_lambda(LambdaKind::Async, value, span, |cx| cx.task_body(task, value, is_open));
        let future = self.prog.lang_ty(LangTy::Future, [value]);
        self.expr(ExprKind::Async(lambda), future, span)
    }

    fn task_body(&mut self, task: ast::Task, value: Ty, is_open: bool) -> ExprId {
        let made = match task {
            ast::Task::Expr(e) => self.infer(e, (!is_open).then_some(value)),
            ast::Task::Block(block) if is_open => self.suite(block, Want::Tail),
            ast::Task::Block(block) => return self.body_value(block, false),
        };
        if is_open && self.ty(made).is_never() {
            // A task that only fails is a future of whatever the others beside it are of.
            self.draft.unreached.push(value);
            return self.coerce(made, value);
        }
        self.unify_tail(made, value)
    }

    // -- Actors ------------------------------------------------------------------------------

    /// The type of the messages of the actor that runs this code.
    fn own_mailbox(&mut self, span: Span) -> Ty {
        if let Some(mailbox) = self.frame().mailbox {
            return mailbox;
        }
        let mailbox = self.fresh(span);
        self.frame().mailbox = Some(mailbox);
        self.draft.mailboxes.push(mailbox);
        mailbox
    }

    /// Code that is called here receives messages of this type.
    pub(super) fn share_mailbox(&mut self, mailbox: Ty, span: Span) {
        if let Some((call, elsewhere)) = &mut self.spawned
            && *call == span
        {
            *elsewhere = Some(mailbox);
            return;
        }
        let Some(own) = self.frames.last().and_then(|frame| frame.mailbox) else {
            if let Some(frame) = self.frames.last_mut() {
                frame.mailbox = Some(mailbox);
                self.draft.mailboxes.push(mailbox);
            }
            return;
        };
        if !self.unify(own, mailbox) {
            let (own, other) = (self.name_of(own), self.name_of(mailbox));
            let message = format!(
                "the mailboxes differ: this receives `{other}`, the function it is called in `{own}`"
            );
            self.error(codes::MAILBOX_MISMATCH, span, message);
        }
    }

    pub(super) fn self_pid(&mut self, span: Span) -> ExprId {
        let mailbox = self.own_mailbox(span);
        let ty = self.prog.lang_ty(LangTy::Pid, [mailbox]);
        self.expr(ExprKind::SelfPid, ty, span)
    }

    pub(super) fn receive_expr(
        &mut self,
        arms: &[ast::ReceiveArm],
        want: Want,
        span: Span,
    ) -> ExprId {
        let has_cases = arms.iter().any(|arm| matches!(arm.kind, ast::ReceiveKind::Case(_)));
        let message = if has_cases { self.own_mailbox(span) } else { Ty::never() };
        let mut branches = Branches::new(want);
        let mut heads = Vec::with_capacity(arms.len());
        for arm in arms {
            let mark = self.enter_scope();
            let head = match arm.kind {
                ast::ReceiveKind::Case(pat) => ArmHead::Case(self.bind_pattern(pat, message)),
                ast::ReceiveKind::Down { pid, reason } => {
                    let (pid, reason) = self.signal_patterns(pid, reason);
                    ArmHead::Down(pid, reason)
                }
                ast::ReceiveKind::Exit { pid, reason } => {
                    let (pid, reason) = self.signal_patterns(pid, reason);
                    ArmHead::Exit(pid, reason)
                }
                ast::ReceiveKind::After(ms) => ArmHead::After(self.check(ms, Ty::int())),
            };
            let guard = arm.guard.map(|guard| self.check(guard, Ty::bool()));
            let want = branches.want();
            let body = self.open_suite(arm.body, want, Vec::new());
            self.leave_scope(mark);
            self.add_branch(&mut branches, body);
            heads.push((head, guard));
        }
        let (bodies, ty) = self.join(branches, span);
        let mut made =
            Receive { cases: Vec::new(), down: Vec::new(), exit: Vec::new(), after: None, message };
        for ((head, guard), body) in heads.into_iter().zip(bodies) {
            match head {
                ArmHead::Case(pat) => made.cases.push(Arm { pat, guard, body }),
                ArmHead::Down(pid, reason) => {
                    made.down.push(SignalArm { pid, reason, guard, body })
                }
                ArmHead::Exit(pid, reason) => {
                    made.exit.push(SignalArm { pid, reason, guard, body })
                }
                ArmHead::After(ms) => made.after = Some((ms, body)),
            }
        }
        let made = self.expr(ExprKind::Receive(Box::new(made)), ty, span);
        self.draft.matches.push(MatchSite::Receive(made));
        made
    }

    fn signal_patterns(&mut self, pid: ast::PatId, reason: ast::PatId) -> (PatId, PatId) {
        let any_pid = self.prog.lang_ty(LangTy::AnyPid, []);
        let exit_reason = self.prog.lang_ty(LangTy::ExitReason, []);
        (self.bind_pattern(pid, any_pid), self.bind_pattern(reason, exit_reason))
    }

    // -- `spawn` -----------------------------------------------------------------------------

    pub(super) fn spawn_expr(&mut self, node: &ast::Spawn, span: Span) -> ExprId {
        let mut stmts = Vec::new();
        let (body, mailbox, actor) = match node.task {
            ast::Task::Block(block) => {
                let value = self.fresh(span);
                let mut mailbox = None;
                let lambda = self.task_lambda(LambdaKind::Spawn, value, span, |cx| {
                    let body = cx.body_value(block, true);
                    mailbox = cx.frame().mailbox;
                    body
                });
                (lambda, mailbox, None)
            }
            ast::Task::Expr(call) => self.spawn_call(call, &mut stmts, span),
        };
        let mailbox = match mailbox {
            Some(mailbox) => mailbox,
            None => self.fresh(span),
        };
        self.draft.mailboxes.push(mailbox);
        let options = self.spawn_options(&node.options);
        let pid = self.prog.lang_ty(LangTy::Pid, [mailbox]);
        let ty = match node.kind {
            ast::SpawnKind::Plain | ast::SpawnKind::Link => pid,
            ast::SpawnKind::Monitor => Ty::tuple([pid, self.prog.lang_ty(LangTy::Monitor, [])]),
        };
        let spawn = Spawn { kind: node.kind, body, actor, options };
        let made = self.expr(ExprKind::Spawn(Box::new(spawn)), ty, span);
        self.after(stmts, made)
    }

    /// `spawn Counter(40)`, `spawn f(x)`: the arguments are evaluated here.
    fn spawn_call(
        &mut self,
        call: ast::ExprId,
        stmts: &mut Vec<Stmt>,
        span: Span,
    ) -> (ExprId, Option<Ty>, Option<ActorId>) {
        if let Some((actor, types, args)) = self.called_actor(call) {
            let types: Vec<Ty> = types.iter().map(|ty| self.written_type(*ty)).collect();
            return self.spawn_actor(actor, &types, args, stmts, span);
        }
        let at = self.ast.exprs[call].span;
        let outer = self.spawned.replace((at, None));
        let made = self.value(call);
        let mailbox = std::mem::replace(&mut self.spawned, outer).and_then(|(_, mailbox)| mailbox);
        let value = self.ty(made);
        let made = self.evaluate_now(made, stmts);
        let captured = self.locals_in(made);
        let lambda = self.task_lambda(LambdaKind::Spawn, value, span, |cx| {
            captured.iter().for_each(|local| cx.use_local(*local));
            made
        });
        (lambda, mailbox, None)
    }

    fn spawn_actor(
        &mut self,
        actor: ActorId,
        explicit: &[Ty],
        args: &[ast::Arg],
        stmts: &mut Vec<Stmt>,
        span: Span,
    ) -> (ExprId, Option<Ty>, Option<ActorId>) {
        let body = self.prog.items.actors[actor].body;
        let (callee, params, _) = self.instantiate_with(body, explicit, span);
        let Callee::Fn { args: type_args, .. } = callee.clone() else {
            unreachable!("made by `instantiate_with`")
        };
        let def = &self.prog.items.fns[body];
        let mailbox = def.mailbox.map(|ty| ty.subst(&type_args));
        let params = def.params.iter().zip(params).map(|(param, ty)| Param {
            name: Some(param.name),
            ty,
            has_default: param.default.is_some(),
        });
        let what = format!("the actor `{}`", def.name);
        let signature = Signature { what, params: params.collect(), declared: Some(def.span) };
        let Some(matched) = self.match_args(&signature, Vec::new(), args, span) else {
            return (self.error_expr(span), mailbox, Some(actor));
        };
        stmts.extend(matched.before);
        let values = self.fill_defaults(body, &type_args, matched.values, span);
        let locals: Vec<LocalId> =
            values.into_iter().map(|value| self.temp(value, false, stmts)).collect();
        let lambda = self.task_lambda(LambdaKind::Spawn, Ty::nil(), span, |cx| {
            let mut args = Vec::with_capacity(locals.len());
            for local in locals {
                cx.use_local(local);
                args.push(cx.local(local, span));
            }
            let call = ExprKind::Call { callee, args: args.into(), inout: None };
            let call = cx.expr(call, Ty::nil(), span);
            if cx.prog.is_open(body) {
                cx.draft.group_calls.push((call, body));
            }
            call
        });
        (lambda, mailbox, Some(actor))
    }

    fn spawn_options(&mut self, options: &[ast::Arg]) -> Vec<(SpawnOption, ExprId)> {
        let mut made = Vec::with_capacity(options.len());
        for arg in options {
            let ast::ArgKind::Named(name) = arg.kind else {
                self.error(codes::BAD_ARGUMENT, arg.span, "the options of `spawn` are named");
                continue;
            };
            let found = SPAWN_OPTIONS.iter().find(|(text, _)| *text == name.name.as_str());
            let Some((_, option)) = found else {
                let message = format!("`spawn` has no option `{}`", name.name);
                let mut diagnostic = Diagnostic::new(codes::BAD_ARGUMENT, name.span, message);
                if let Some(near) =
                    crate::scope::near(name.name, SPAWN_OPTIONS.iter().map(|(text, _)| *text))
                {
                    diagnostic = diagnostic.did_you_mean(name.span, near);
                }
                self.report(diagnostic);
                continue;
            };
            let ty = match option {
                SpawnOption::Name => Ty::str(),
                SpawnOption::Priority => self.prog.lang_ty(LangTy::Priority, []),
                SpawnOption::MaxHeap | SpawnOption::MaxMailbox => Ty::int(),
                SpawnOption::Overflow => self.prog.lang_ty(LangTy::Overflow, []),
            };
            if made.iter().any(|(other, _)| other == option) {
                let message = format!("the option `{}` is given twice", name.name);
                self.error(codes::BAD_ARGUMENT, name.span, message);
            }
            made.push((*option, self.check(arg.value, ty)));
        }
        made
    }

    // -- Actor bodies ------------------------------------------------------------------------

    pub(super) fn actor_root(&mut self, actor: ActorId) -> ExprId {
        let ast = self.ast;
        let span = self.prog.items.actors[actor].span;
        let decl = ast.items.iter().find_map(|item| match &item.kind {
            ast::ItemKind::Actor(decl) if decl.name.span == span => Some(decl),
            _ => None,
        });
        let decl = decl.expect("an actor is declared by an item");
        let block = &ast.blocks[decl.body];
        let Some(terminate) = &decl.terminate else { return self.suite(decl.body, Want::Drop) };
        let mark = self.enter_scope();
        self.declare_block_items(block);
        let (before, after) = block.stmts.split_at(self.count_before_terminate(block, terminate));
        let mut stmts = Vec::new();
        before.iter().for_each(|stmt| self.stmt(*stmt, &mut stmts));
        let handler = self.terminate_lambda(terminate);
        let register = self.expr(ExprKind::OnTerminate(handler), Ty::nil(), terminate.span);
        stmts.push(Stmt::Expr(register));
        after.iter().for_each(|stmt| self.stmt(*stmt, &mut stmts));
        self.leave_scope(mark);
        self.block(stmts, None, span)
    }

    /// How many statements of an actor's body come before its `terminate` is known: those up to the last variable that
    /// it speaks of. Whatever else the body begins with may end the actor too.
    fn count_before_terminate(&self, block: &ast::Block, terminate: &ast::Terminate) -> usize {
        let mut spoken_of = Vec::new();
        names::in_terminate(self.ast, terminate, &mut |name| spoken_of.push(name));
        let declared = |stmt: &ast::StmtId| {
            let mut names = Vec::new();
            match &self.ast.stmts[*stmt].kind {
                ast::StmtKind::Let(ast::Let { pat, .. })
                | ast::StmtKind::Var(ast::Var { pat, .. }) => {
                    names::bound_by(self.ast, *pat, &mut |name| names.push(name));
                }
                ast::StmtKind::Item(item) => {
                    if let ast::ItemKind::Fn(f) = self.ast.items[*item].kind {
                        names.extend(self.ast.fns[f].name.map(|name| name.name));
                    }
                }
                ast::StmtKind::Error
                | ast::StmtKind::Pass
                | ast::StmtKind::Expr(_)
                | ast::StmtKind::Defer(_)
                | ast::StmtKind::Assign { .. }
                | ast::StmtKind::While { .. }
                | ast::StmtKind::For { .. }
                | ast::StmtKind::Assert { .. } => {}
            }
            names
        };
        let is_needed = |stmt| declared(stmt).iter().any(|name| spoken_of.contains(name));
        block.stmts.iter().rposition(is_needed).map_or(0, |last| last + 1)
    }

    fn terminate_lambda(&mut self, node: &ast::Terminate) -> ExprId {
        let reason = self.prog.lang_ty(LangTy::ExitReason, []);
        let (name, span) =
            node.reason.map_or((Symbol::intern(""), node.span), |name| (name.name, name.span));
        let mark = self.enter_scope();
        self.push_frame(ast::FnFlavour::Plain, Ty::nil(), None);
        let local = self.new_local(name, reason, false, span);
        if node.reason.is_some() {
            self.bind(name, local);
        }
        let body = self.suite(node.body, Want::Drop);
        let body = self.dropped(body, node.span);
        let made = self.close_lambda(
            vec![local],
            body,
            ast::FnFlavour::Plain,
            LambdaKind::Closure,
            Ty::nil(),
            node.span,
        );
        self.leave_scope(mark);
        self.draft.body.exprs[made].ty = Ty::function([reason], Ty::nil(), None);
        made
    }
}

impl<'a> BodyCx<'a> {
    /// The declared actor that a call names, with its type arguments: `Counter(40)`,
    /// `Store[int]()`, `bank.Account("ann")`.
    fn called_actor(
        &mut self,
        call: ast::ExprId,
    ) -> Option<(ActorId, &'a [ast::TypeId], &'a [ast::Arg])> {
        let ast = self.ast;
        let (path, types, args): (_, &[ast::TypeId], _) = match &ast.exprs[call].kind {
            ast::ExprKind::MethodCall { receiver, method, args } => {
                let Some(Path::Module(module)) = self.path_of(*receiver, None) else { return None };
                (self.module_member(module, *method, None), &[], args)
            }
            ast::ExprKind::Call { callee, args } => match &ast.exprs[*callee].kind {
                ast::ExprKind::Instantiate(inst) => {
                    (self.spawned_path(inst.base), &inst.types, args)
                }
                _ => (self.spawned_path(*callee), &[], args),
            },
            _ => return None,
        };
        let Some(Path::Value(ValueDef::Actor(actor))) = path else { return None };
        Some((actor, types, args))
    }

    /// What a name behind `spawn` stands for: an actor before a variant.
    fn spawned_path(&mut self, id: ast::ExprId) -> Option<Path> {
        if let ast::ExprKind::Name(name) = self.ast.exprs[id].kind
            && !self.scope.contains_key(&name)
            && let Some(def @ ValueDef::Actor(_)) = self.prog.lookup_value(self.module, name)
        {
            return Some(Path::Value(def));
        }
        self.path_of(id, None)
    }
}

const SPAWN_OPTIONS: [(&str, SpawnOption); 5] = [
    ("name", SpawnOption::Name),
    ("priority", SpawnOption::Priority),
    ("max_heap", SpawnOption::MaxHeap),
    ("max_mailbox", SpawnOption::MaxMailbox),
    ("overflow", SpawnOption::Overflow),
];

enum ArmHead {
    Case(PatId),
    Down(PatId, PatId),
    Exit(PatId, PatId),
    After(ExprId),
}
