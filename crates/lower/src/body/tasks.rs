//! Generators, futures and actors: their bodies become roots that frames lead to, and what they ask
//! of the runtime becomes calls. How a body waits is the suspend transform's business.

use super::lambda::Captures;
use super::{BodyCx, Slot};
use crate::cx::{Captured, Instance, LambdaSite, ModuleCx, Vals};
use crate::repr::SlotsKind;
use crate::shims;
use sepal_abi::{Connection, DescId, RtFn, SpawnSetting};
use sepal_base::{Span, Symbol};
use sepal_hir::ast::{FnFlavour, SpawnKind};
use sepal_hir::lang::{LangFn, LangTy};
use sepal_hir::{ExprId, FnId, Lambda, Spawn, SpawnOption, Ty};
use sepal_mir::{BinOp, CastKind, FieldRef, FuncId, Function, LayoutId, Signature, Type, Value};
use std::rc::Rc;

/// The fields of a signal object.
mod signal {
    pub const PID: u16 = 0;
    pub const TAG: u16 = 1;
    pub const MESSAGE: u16 = 2;
    pub const CUSTOM: u16 = 3;
}

/// What of the runtime's an option sets; the name is told apart.
fn setting(option: SpawnOption) -> Option<SpawnSetting> {
    match option {
        SpawnOption::Priority => Some(SpawnSetting::Priority),
        SpawnOption::MaxHeap => Some(SpawnSetting::MaxHeap),
        SpawnOption::MaxMailbox => Some(SpawnSetting::MaxMailbox),
        SpawnOption::Overflow => Some(SpawnSetting::Overflow),
        SpawnOption::Name => None,
    }
}

impl ModuleCx<'_> {
    /// The layout of a message of these scalars: a word each.
    pub fn message_layout(&mut self, types: &[Type]) -> LayoutId {
        let words: Vec<Type> = types.iter().map(|ty| ty.word()).collect();
        self.slots_layout(SlotsKind::Message, &words)
    }

    /// How code reads `abi::DescId::SIGNAL`.
    fn signal_layout(&mut self) -> LayoutId {
        const _: () = assert!(DescId::SIGNAL.0 < DescId::FIRST_OWN.0);
        self.message_layout(&[Type::I64, Type::I64, Type::Ref, Type::Any])
    }
}

impl BodyCx<'_, '_> {
    // ---- messages ----

    /// A message that holds a value, copied deeply.
    fn message(&mut self, values: &[Value]) -> Value {
        let types: Vec<Type> = values.iter().map(|v| self.b.ty(*v)).collect();
        let layout = self.cx.message_layout(&types);
        let header = self.cx.module.layouts[layout].header(0).0.cast_signed();
        let mut words = vec![self.b.iconst(header)];
        for &value in values {
            let word = self.to_word(value);
            words.push(word);
        }
        while words.len() < 5 {
            let none = self.b.iconst(0);
            words.push(none);
        }
        self.rt(RtFn::rt_message_new, &words)[0]
    }

    fn to_word(&mut self, value: Value) -> Value {
        match self.b.ty(value) {
            Type::I64 => value,
            Type::I8 | Type::I16 | Type::I32 | Type::Bool => {
                self.b.cast(CastKind::ZeroExtend, Type::I64, value)
            }
            Type::F32 => {
                let bits = self.b.cast(CastKind::Bitcast, Type::I32, value);
                self.b.cast(CastKind::ZeroExtend, Type::I64, bits)
            }
            Type::F64 | Type::Ptr => self.b.cast(CastKind::Bitcast, Type::I64, value),
            Type::Ref | Type::Any => self.b.cast(CastKind::Address, Type::I64, value),
        }
    }

    /// The value that a message holds.
    pub(super) fn read_message(&mut self, ty: Ty, object: Value) -> Vals {
        let types = self.repr_of(ty).scalars.to_vec();
        let layout = self.cx.message_layout(&types);
        let mut values = Vals::new();
        for (n, &ty) in types.iter().enumerate() {
            let field = FieldRef::new(layout, 0, n as u16);
            let word = self.b.field_get(ty.word(), field, object);
            values.push(self.from_word(ty, word));
        }
        values
    }

    fn from_word(&mut self, ty: Type, word: Value) -> Value {
        match ty {
            Type::I8 | Type::I16 | Type::I32 => self.b.cast(CastKind::Truncate, ty, word),
            Type::Bool => {
                let zero = self.b.iconst(0);
                self.b.bin_op(BinOp::Ne, word, zero)
            }
            Type::F32 => {
                let bits = self.b.cast(CastKind::Truncate, Type::I32, word);
                self.b.cast(CastKind::Bitcast, Type::F32, bits)
            }
            Type::I64 | Type::F64 | Type::Ref | Type::Any | Type::Ptr => word,
        }
    }

    /// The `ExitReason` in a signal object: its scalars are tag, message and value.
    pub(super) fn signal_reason(&mut self, object: Value) -> Vals {
        let layout = self.cx.signal_layout();
        let fields =
            [(Type::I64, signal::TAG), (Type::Ref, signal::MESSAGE), (Type::Any, signal::CUSTOM)];
        let get = |(ty, n)| self.b.field_get(ty, FieldRef::new(layout, 0, n), object);
        fields.into_iter().map(get).collect()
    }

    pub(super) fn signal_pid(&mut self, object: Value) -> Vals {
        let layout = self.cx.signal_layout();
        let field = FieldRef::new(layout, 0, signal::PID);
        Vals::from_slice(&[self.b.field_get(Type::I64, field, object)])
    }

    // ---- what the library asks for ----

    pub(super) fn actor_send(&mut self, pid: Value, message: &[Value]) -> Vals {
        let message = self.message(message);
        self.rt(RtFn::rt_send, &[pid, message])
    }

    pub(super) fn reply_answer(&mut self, reply: Value, answer: &[Value]) -> Vals {
        let message = self.message(answer);
        self.rt(RtFn::rt_reply_send, &[reply, message])
    }

    pub(super) fn timer_start(&mut self, ms: Value, pid: Value, message: &[Value]) -> Vals {
        let message = self.message(message);
        self.rt(RtFn::rt_timer_start, &[ms, pid, message])
    }

    pub(super) fn future_value(&mut self, future: Value, ty: Ty) -> Vals {
        let object = self.rt(RtFn::rt_future_value, &[future])[0];
        self.read_message(ty, object)
    }

    pub(super) fn actor_whereis(&mut self, name: Value, mailbox: Ty) -> Vals {
        let token = self.mailbox_token(mailbox);
        self.rt(RtFn::rt_whereis, &[name, token])
    }

    pub(super) fn self_pid(&mut self, pid: Ty) -> Vals {
        let mailbox = self.cx.as_lang(pid, LangTy::Pid).map_or(Ty::never(), |args| args[0]);
        let token = self.mailbox_token(mailbox);
        self.rt(RtFn::rt_self, &[token])
    }

    /// What stands for a type of messages at run time; null for actors that take none. Types that may stand for each other
    /// have the same.
    pub(super) fn mailbox_token(&mut self, mailbox: Ty) -> Value {
        if mailbox.is_never() {
            return self.b.const_null(Type::Ptr);
        }
        let vtable = shims::any_vtable(self.cx, mailbox.without_mailboxes());
        self.b.vtable_addr(vtable)
    }

    // ---- generators ----

    /// Gives a value to whoever drives the generator. Pending defers go with it until it goes on.
    pub(super) fn yield_expr(&mut self, value: ExprId, span: Span) -> Vals {
        let values = self.expr(value);
        self.at(span);
        let Some((_, depth)) = self.exit.defers else {
            self.b.yield_(&values);
            return Vals::new();
        };
        let now = self.b.use_var(depth);
        let saved = self.rt(RtFn::rt_defer_take, &[now])[0];
        self.b.yield_(&values);
        let now = self.rt(RtFn::rt_defer_depth, &[])[0];
        self.b.def_var(depth, now);
        self.rt(RtFn::rt_defer_restore, &[saved])
    }

    /// The next value of a generator as an option.
    pub(super) fn generator_next(&mut self, generator: Value, elem: Ty, option: Ty) -> Vals {
        let mut results = vec![Type::Bool];
        results.extend_from_slice(&self.repr_of(elem).scalars);
        let sig = self.cx.module.signature(Signature::new([Type::Ref], results.clone()));
        let given: Vals = self.b.generator_next(sig, generator, &results).iter().collect();
        let types = self.repr_of(option).scalars.to_vec();
        let (some, none) = (self.b.create_block(), self.b.create_block());
        let join = self.b.create_block_with(&types);
        self.b.branch(given[0], (some, &[]), (none, &[]), sepal_mir::Hint::Likely);
        self.b.seal_block(some);
        self.b.seal_block(none);
        let (is_some, is_none) = self.option_variants();
        self.b.switch_to(some);
        let value = self.construct(option, is_some, &[Vals::from_slice(&given[1..])]);
        self.b.jump((join, &value));
        self.b.switch_to(none);
        let value = self.construct(option, is_none, &[]);
        self.b.jump((join, &value));
        self.join(join)
    }

    /// enum Option: Some(T) / None, as std declares it.
    fn option_variants(&self) -> (sepal_hir::VariantIdx, sepal_hir::VariantIdx) {
        let option = self.cx.program.lang.ty(LangTy::Option).expect("std declares Option");
        let variants = &self.cx.program.items.adts[option].variants;
        let with_field = variants.ids().find(|id| !variants[*id].fields.is_empty());
        let without = variants.ids().find(|id| variants[*id].fields.is_empty());
        let both = with_field.zip(without);
        both.expect("an option has a variant with a value and one without")
    }

    /// A call of a `fn*`: a generator that has not begun is its first frame.
    pub(super) fn new_generator(&mut self, id: FnId, args: &[Ty], values: &[Value]) -> Vals {
        let root = self.root_fn(id, args);
        Vals::from_slice(&[self.b.frame_new(root, values)])
    }

    /// The root of a generator or an `async fn`.
    fn root_fn(&mut self, id: FnId, args: &[Ty]) -> FuncId {
        let name = self.cx.program.items.fns[id].trace_name;
        self.cx.instance(Instance::RootFn(id, args.into()), name, |cx| {
            let (params, _) = cx.fn_types(id, args);
            Signature::new(cx.scalars(&params), [])
        })
    }

    /// The root of a lambda: its captures come first, then its parameters.
    pub(crate) fn root_lambda(
        &mut self,
        expr: ExprId,
        captures: &Captures,
        params: &[Ty],
    ) -> FuncId {
        let instance = Instance::RootLambda { owner: self.owner, args: self.args.clone(), expr };
        let site = LambdaSite { body: Rc::clone(&self.body), captures: captures.how.clone() };
        self.cx.lambdas.entry(instance.clone()).or_insert(site);
        let name = self.cx.program.items.fns[self.owner].trace_name;
        let types: Vec<Type> = captures.values.iter().map(|v| self.b.ty(*v)).collect();
        self.cx.instance(instance, name, |cx| {
            let mut all = types;
            all.extend(cx.scalars(params));
            Signature::new(all, [])
        })
    }

    /// The code of a `fn*` or `async` lambda: its body runs with its own copy of the captures.
    pub(crate) fn start_lambda(&mut self, expr: ExprId, lambda: &Lambda, captures: Captures) {
        let mut values = Vals::new();
        for (local, how) in &captures.how {
            let slot = self.slot(*local).clone();
            match (how, slot) {
                (Captured::Cell(layout), Slot::Cell { .. }) => {
                    let content = self.read_local(*local);
                    values.push(self.b.struct_init(*layout, 0, &content));
                }
                (Captured::Cell(_) | Captured::Value, _) => values.extend(self.read_local(*local)),
            }
        }
        let captures = Captures { values, how: captures.how };
        let params: Vec<Ty> = lambda.params.iter().map(|local| self.local_ty(*local)).collect();
        let root = self.root_lambda(expr, &captures, &params);
        let mut args = captures.values;
        args.extend_from_slice(&self.b.params()[1..]);
        let frame = self.b.frame_new(root, &args);
        let made = match lambda.flavour {
            FnFlavour::Async => self.rt(RtFn::rt_task_spawn, &[frame]),
            FnFlavour::Generator | FnFlavour::Plain => Vals::from_slice(&[frame]),
        };
        self.b.return_(&made);
    }

    // ---- futures ----

    pub(super) fn await_future(&mut self, future: ExprId, span: Span) -> Vals {
        let ty = self.expr_ty(future);
        let value = self.expr(future);
        self.at(span);
        let args = self.cx.as_lang(ty, LangTy::Future).expect("only futures are awaited");
        if self.b.is_unreachable() {
            return self.dead(args[0]);
        }
        let wait = self.cx.lang_fn(LangFn::AwaitValue);
        self.call_lang(wait, args, &[value])
    }

    pub(super) fn start_task(&mut self, lambda: ExprId) -> Vals {
        let frame = self.frame_of_lambda(lambda);
        self.rt(RtFn::rt_task_spawn, &[frame])
    }

    /// A call of an `async fn`: a task of its own.
    pub(super) fn call_async(&mut self, id: FnId, args: &[Ty], values: &[Value]) -> Vals {
        let root = self.root_fn(id, args);
        let frame = self.b.frame_new(root, values);
        self.rt(RtFn::rt_task_spawn, &[frame])
    }

    /// The task gives its value.
    pub(crate) fn resolve_task(&mut self, values: &[Value]) {
        let message = self.message(values);
        self.rt(RtFn::rt_task_resolve, &[message]);
    }

    // ---- actors ----

    /// The frame of a body that is a lambda without parameters.
    fn frame_of_lambda(&mut self, expr: ExprId) -> Value {
        let body = Rc::clone(&self.body);
        let lambda = body.lambda(expr).expect("the checker makes a lambda of every task");
        let captures = self.captures(lambda);
        let root = self.root_lambda(expr, &captures, &[]);
        self.b.frame_new(root, &captures.values)
    }

    pub(super) fn spawn(&mut self, spawn: &Spawn, ty: Ty) -> Vals {
        let frame = self.frame_of_lambda(spawn.body);
        let mut options = Vec::with_capacity(spawn.options.len());
        for (option, value) in &spawn.options {
            let value = self.expr(*value)[0];
            options.push((*option, value));
        }
        for (option, value) in options {
            match setting(option) {
                Some(setting) => {
                    let number = self.b.iconst(setting.number());
                    self.rt(RtFn::rt_spawn_option, &[number, value]);
                }
                None => {
                    self.rt(RtFn::rt_spawn_name, &[value]);
                }
            }
        }
        if spawn.actor.is_some_and(|actor| self.cx.program.items.actors[actor].terminates) {
            let number = self.b.iconst(SpawnSetting::Terminates.number());
            let yes = self.b.iconst(1);
            self.rt(RtFn::rt_spawn_option, &[number, yes]);
        }
        let pid_ty = match ty.kind() {
            sepal_hir::TyKind::Tuple(parts) => parts[0],
            _ => ty,
        };
        let mailbox = self.cx.as_lang(pid_ty, LangTy::Pid).map_or(Ty::never(), |args| args[0]);
        let token = self.mailbox_token(mailbox);
        let label = match spawn.actor {
            Some(actor) => {
                let body = self.cx.program.items.actors[actor].body;
                self.text(self.cx.program.items.fns[body].name.as_str())
            }
            // Reports call it by its registered name, if it has one, and its pid.
            None => self.zero(Type::Ref),
        };
        let connection = match spawn.kind {
            SpawnKind::Plain => Connection::Plain,
            SpawnKind::Link => Connection::Link,
            SpawnKind::Monitor => Connection::Monitor,
        };
        let kind = self.b.iconst(connection.number());
        let both = self.rt(RtFn::rt_spawn, &[frame, label, token, kind]);
        match spawn.kind {
            SpawnKind::Plain | SpawnKind::Link => Vals::from_slice(&both[..1]),
            SpawnKind::Monitor => both,
        }
    }

    pub(super) fn on_terminate(&mut self, handler: ExprId) -> Vals {
        let closure = self.expr(handler);
        let root =
            self.cx.instance(Instance::Terminate(self.owner), Symbol::intern("terminate"), |_| {
                Signature::new([Type::Ref], [])
            });
        let frame = self.b.frame_new(root, &closure);
        self.rt(RtFn::rt_terminate_set, &[frame])
    }

    pub(super) fn lang_adt(&self, item: LangTy) -> sepal_hir::AdtId {
        self.cx.program.lang.ty(item).expect("std declares every lang type")
    }

    pub(crate) fn exit_reason(&self) -> Ty {
        Ty::adt(self.lang_adt(LangTy::ExitReason), Box::default())
    }
}

/// The body that runs a `terminate` when its actor ends: asks for the reason and calls the closure.
pub fn terminate_root(cx: &mut ModuleCx<'_>, owner: FnId) -> Option<Function> {
    let mut this = BodyCx::synthetic(cx, owner, Signature::new([Type::Ref], []));
    let closure = this.b.params()[0];
    let object = this.rt(RtFn::rt_own_reason, &[])[0];
    let reason = this.signal_reason(object);
    let reason_ty = this.exit_reason();
    let sig = this.cx.closure_signature(&[reason_ty], Ty::nil());
    let sig = this.cx.module.signature(sig);
    this.b.indirect_call(sig, closure, &reason, &[]);
    Some(this.give(&[]))
}
