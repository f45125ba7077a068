//! One function body: its locals, how it returns, and the plumbing that the parts share.
//!
//! Must never decide how a type is represented (`repr` does) or which function a call means
//! beyond asking the program.

mod any;
mod arith;
mod call;
mod convert;
mod expr;
mod intrinsic;
mod lambda;
mod matching;
mod place;
mod receive;
mod tasks;
mod value;

pub use tasks::terminate_root;

use crate::cx::{Args, Captured, Instance, ModuleCx, Vals};
use crate::repr::SlotsKind;
use rustc_hash::FxHashMap;
use sepal_abi::RtFn;
use sepal_base::{Span, Symbol};
use sepal_hir::ast::FnFlavour;
use sepal_hir::lang::LangTy;
use sepal_hir::{Body, ExprId, ExprKind, FnId, LambdaKind, LocalId, LoopId, SelfKind, Ty};
use sepal_mir::{
    BinOp, Block, FieldRef, Function, FunctionBuilder, LayoutId, Signature, Type, Value, Variable,
};
use smallvec::SmallVec;
use std::rc::Rc;

/// Where a local's value is.
#[derive(Clone, Debug)]
enum Slot {
    /// Bound once, before every use.
    Values(Vals),
    /// Assigned, or bound on several ways that meet.
    Vars(SmallVec<[Variable; 4]>),
    /// In an object shared with the lambdas that capture it.
    Cell { object: Value, layout: LayoutId },
}

/// A loop being lowered.
struct LoopFrame {
    id: LoopId,
    head: Block,
    exit: Block,
}

/// What `return` does besides returning.
struct Exit {
    /// The local of `var self`, whose last value is given back too.
    self_local: Option<LocalId>,
    /// Where pending defers are run before returning, and how many there were at entry.
    defers: Option<(Block, Variable)>,
    gives: Gives,
}

/// What becomes of a body's value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Gives {
    /// The function gives it.
    Result,
    /// The task that it is the body of gives it to who awaits it.
    Answer,
    /// Nobody wants it: the body of an actor or a generator.
    Nothing,
}

pub(crate) struct BodyCx<'m, 'p> {
    pub cx: &'m mut ModuleCx<'p>,
    pub b: FunctionBuilder,
    body: Rc<Body>,
    args: Args,
    owner: FnId,
    trace: Symbol,
    locals: FxHashMap<LocalId, Slot>,
    loops: Vec<LoopFrame>,
    exit: Exit,
}

/// Lowers a function or method. `None` after errors or where it cannot be lowered.
pub fn lower_fn(cx: &mut ModuleCx<'_>, id: FnId, args: Args) -> Option<Function> {
    let body = checked_body(cx, id)?;
    let def = &cx.program.items.fns[id];
    let inout = def.self_param == SelfKind::InOut;
    let (interpret, inline, cold) = (def.interpret, def.inline, def.cold);
    let sig = cx.fn_signature(id, &args);
    let self_local = inout.then(|| body.params[0]);
    let mut this = BodyCx::new(cx, id, args, body, sig, self_local);
    this.b.attrs().interpret = interpret;
    this.b.attrs().inline = inline;
    this.b.attrs().cold = cold;
    Some(this.finish_function())
}

/// Lowers the code of a closure: the closure object is its first parameter.
pub fn lower_lambda(
    cx: &mut ModuleCx<'_>,
    owner: FnId,
    args: Args,
    expr: ExprId,
    instance: &Instance,
) -> Option<Function> {
    let (body, captures) = cx.lambda_site(instance);
    let lambda = body.lambda(expr).expect("it is queued as a lambda");
    let params: Vec<Ty> = lambda.params.iter().map(|l| body.locals[*l].ty.subst(&args)).collect();
    let ret = lambda.ret.subst(&args);
    let sig = cx.lambda_signature(lambda.flavour, &params, ret);
    if lambda.flavour != FnFlavour::Plain {
        let exit = Exit { self_local: None, defers: None, gives: Gives::Result };
        let mut this = BodyCx::without_body(cx, owner, args, body.clone(), sig, exit);
        this.load_captures(&captures);
        let captures = lambda::Captures { values: Vals::new(), how: captures };
        this.start_lambda(expr, lambda, captures);
        return Some(this.b.finish());
    }
    let mut this = BodyCx::new(cx, owner, args, body.clone(), sig, None);
    this.load_captures(&captures);
    this.bind_params(&lambda.params, 1);
    Some(this.finish(lambda.body))
}

/// Lowers the body of a generator function or `async fn` as a root.
pub fn lower_root_fn(cx: &mut ModuleCx<'_>, id: FnId, args: Args) -> Option<Function> {
    let body = checked_body(cx, id)?;
    let (params, ret) = cx.fn_types(id, &args);
    let flavour = cx.program.items.fns[id].flavour;
    let sig = Signature::new(cx.scalars(&params), []);
    let value = match cx.as_lang(ret, LangTy::Future) {
        Some(args) => args[0],
        None => Ty::nil(),
    };
    let mut this = BodyCx::new_root(cx, id, args, body, sig, gives(flavour), value);
    this.b.attrs().generator = flavour == FnFlavour::Generator;
    Some(this.finish_function())
}

/// Lowers the body of a task, an actor or a generator lambda as a root.
pub fn lower_root_lambda(
    cx: &mut ModuleCx<'_>,
    owner: FnId,
    args: Args,
    expr: ExprId,
    instance: &Instance,
) -> Option<Function> {
    let (body, captures) = cx.lambda_site(instance);
    let lambda = body.lambda(expr).expect("it is queued as a lambda");
    let gives = match lambda.kind {
        LambdaKind::Closure => gives(lambda.flavour),
        LambdaKind::Async => Gives::Answer,
        LambdaKind::Spawn => Gives::Nothing,
    };
    let mut types = Vec::new();
    for (local, how) in &captures {
        match how {
            Captured::Value => {
                let ty = body.locals[*local].ty.subst(&args);
                types.extend_from_slice(&cx.repr(ty).scalars);
            }
            Captured::Cell(_) => types.push(Type::Ref),
        }
    }
    let captured = types.len();
    let params: Vec<Ty> = lambda.params.iter().map(|l| body.locals[*l].ty.subst(&args)).collect();
    types.extend(cx.scalars(&params));
    let value = lambda.ret.subst(&args);
    let sig = Signature::new(types, []);
    let mut this = BodyCx::new_root(cx, owner, args, body.clone(), sig, gives, value);
    this.b.attrs().generator = lambda.flavour == FnFlavour::Generator;
    this.take_captures(&captures);
    this.bind_params(&lambda.params, captured);
    Some(this.finish(lambda.body))
}

/// What becomes of the value of a root that is a function of this flavour.
fn gives(flavour: FnFlavour) -> Gives {
    match flavour {
        FnFlavour::Plain | FnFlavour::Generator => Gives::Nothing,
        FnFlavour::Async => Gives::Answer,
    }
}

/// The body of a function unless it had errors.
pub(crate) fn checked_body(cx: &mut ModuleCx<'_>, id: FnId) -> Option<Rc<Body>> {
    let before = cx.program.diagnostics.has_errors();
    let body = cx.program.body(id);
    if !before && cx.program.diagnostics.has_errors() {
        cx.refuse(crate::Refusal::Errors);
        return None;
    }
    Some(body)
}

impl<'m, 'p> BodyCx<'m, 'p> {
    /// A function of the compiler's own, without a body in the source. Its places are `owner`'s.
    pub fn synthetic(cx: &'m mut ModuleCx<'p>, owner: FnId, sig: Signature) -> Self {
        let body = Rc::new(Body {
            params: Vec::new(),
            locals: sepal_base::IdVec::new(),
            exprs: sepal_base::IdVec::new(),
            pats: sepal_base::IdVec::new(),
            root: ExprId(0),
            loops: 0,
        });
        let mut this = BodyCx::new(cx, owner, Rc::from([]), body, sig, None);
        // Traces show the caller and the callee, not what lies between.
        this.trace = Symbol::intern("");
        let span = this.cx.program.items.fns[owner].span;
        this.at(span);
        this
    }

    fn new(
        cx: &'m mut ModuleCx<'p>,
        owner: FnId,
        args: Args,
        body: Rc<Body>,
        sig: Signature,
        self_local: Option<LocalId>,
    ) -> Self {
        let results = sig.results.clone();
        let exit = Exit { self_local, defers: None, gives: Gives::Result };
        let mut this = BodyCx::without_body(cx, owner, args, body, sig, exit);
        this.prepare_defers(&results);
        this
    }

    /// A root: its function gives nothing, its body `value`.
    fn new_root(
        cx: &'m mut ModuleCx<'p>,
        owner: FnId,
        args: Args,
        body: Rc<Body>,
        sig: Signature,
        gives: Gives,
        value: Ty,
    ) -> Self {
        let results = match gives {
            Gives::Nothing => Vec::new(),
            Gives::Answer | Gives::Result => cx.repr(value).scalars.to_vec(),
        };
        let exit = Exit { self_local: None, defers: None, gives };
        let mut this = BodyCx::without_body(cx, owner, args, body, sig, exit);
        this.prepare_defers(&results);
        this
    }

    /// A function in which nothing of a body runs, such as one that makes the first frame of a generator.
    fn without_body(
        cx: &'m mut ModuleCx<'p>,
        owner: FnId,
        args: Args,
        body: Rc<Body>,
        sig: Signature,
        exit: Exit,
    ) -> Self {
        let trace = cx.trace_name(owner);
        let b = FunctionBuilder::new(cx.program.items.fns[owner].trace_name, sig);
        BodyCx {
            cx,
            b,
            body,
            args,
            owner,
            trace,
            locals: FxHashMap::default(),
            loops: Vec::new(),
            exit,
        }
    }

    /// Where there are defers, every way out leads through a block that runs them, with the results.
    fn prepare_defers(&mut self, results: &[Type]) {
        if self.body.exprs.iter().any(|e| matches!(e.kind, ExprKind::Defer(_))) {
            let depth = self.rt(RtFn::rt_defer_depth, &[])[0];
            let block = self.b.create_block_with(results);
            let at_entry = self.b.declare_var(Type::I64);
            self.b.def_var(at_entry, depth);
            self.exit.defers = Some((block, at_entry));
        }
    }

    /// Binds locals to the parameters from scalar `first` on.
    fn bind_params(&mut self, params: &[LocalId], first: usize) {
        let mut at = first;
        for &local in params {
            let width = self.repr_of(self.local_ty(local)).scalars.len();
            let values = Vals::from_slice(&self.b.params()[at..at + width]);
            at += width;
            self.bind_local(local, values);
        }
    }

    fn load_captures(&mut self, captures: &[(LocalId, Captured)]) {
        let types: Vec<Type> = captures
            .iter()
            .flat_map(|(local, how)| match how {
                Captured::Value => self.repr_of(self.local_ty(*local)).scalars.to_vec(),
                Captured::Cell(_) => vec![Type::Ref],
            })
            .collect();
        let layout = self.cx.slots_layout(SlotsKind::Closure, &types);
        let closure = self.b.params()[0];
        // Field 0 is the code.
        let mut at = 1;
        for (local, how) in captures {
            let slot = match how {
                Captured::Value => {
                    let scalars = self.repr_of(self.local_ty(*local)).scalars.to_vec();
                    Slot::Values(self.get_slots(
                        layout,
                        0,
                        at..at + scalars.len() as u16,
                        &scalars,
                        closure,
                    ))
                }
                Captured::Cell(cell) => {
                    let object = self.get_slots(layout, 0, at..at + 1, &[Type::Ref], closure)[0];
                    Slot::Cell { object, layout: *cell }
                }
            };
            at += match &slot {
                Slot::Values(values) => values.len() as u16,
                Slot::Cell { .. } => 1,
                Slot::Vars(_) => unreachable!("captures are values or cells"),
            };
            self.locals.insert(*local, slot);
        }
    }

    /// Binds the captures of a root, which are its first parameters.
    fn take_captures(&mut self, captures: &[(LocalId, Captured)]) {
        let mut at = 0;
        for (local, how) in captures {
            let slot = match how {
                Captured::Value => {
                    let width = self.repr_of(self.local_ty(*local)).scalars.len();
                    let values = Vals::from_slice(&self.b.params()[at..at + width]);
                    at += width;
                    Slot::Values(values)
                }
                Captured::Cell(layout) => {
                    let object = self.b.params()[at];
                    at += 1;
                    Slot::Cell { object, layout: *layout }
                }
            };
            self.locals.insert(*local, slot);
        }
    }

    /// The function of a declaration, whose parameters are the body's.
    fn finish_function(mut self) -> Function {
        let params = self.body.params.clone();
        self.bind_params(&params, 0);
        let root = self.body.root;
        self.finish(root)
    }

    /// Lowers the body in tail position and gives the function.
    fn finish(mut self, root: ExprId) -> Function {
        let begin = self.cx.loc(self.body.exprs[root].span, self.trace);
        self.b.attrs().begin = begin;
        self.tail(root);
        if let Some((block, depth)) = self.exit.defers {
            self.run_defers(block, depth);
        }
        self.b.finish()
    }

    /// The block where functions with `defer` leave: calls what is pending, last first.
    fn run_defers(&mut self, block: Block, depth: Variable) {
        let (head, next, done) =
            (self.b.create_block(), self.b.create_block(), self.b.create_block());
        self.b.seal_block(block);
        self.b.switch_to(block);
        let results = self.b.block_params(block).to_vec();
        self.b.jump((head, &[]));
        self.b.switch_to(head);
        let now = self.rt(RtFn::rt_defer_depth, &[])[0];
        let depth = self.b.use_var(depth);
        let pending = self.b.bin_op(BinOp::SGt, now, depth);
        self.b.branch(pending, (next, &[]), (done, &[]), sepal_mir::Hint::Unknown);
        self.b.seal_block(next);
        self.b.switch_to(next);
        let closure = self.rt(RtFn::rt_defer_pop, &[])[0];
        let sig = self.cx.module.signature(Signature::new([Type::Ref], []));
        self.b.indirect_call(sig, closure, &[], &[]);
        self.b.jump((head, &[]));
        self.b.seal_block(head);
        self.b.seal_block(done);
        self.b.switch_to(done);
        self.give_value(&results);
    }

    /// The function's last act.
    fn give_value(&mut self, values: &[Value]) {
        match self.exit.gives {
            Gives::Result => self.b.return_(values),
            Gives::Answer => {
                self.resolve_task(values);
                self.b.return_(&[]);
            }
            Gives::Nothing => self.b.return_(&[]),
        }
    }

    /// Returns from the function with the scalars of its result.
    fn leave(&mut self, mut values: Vals) {
        if let Some(local) = self.exit.self_local {
            let own = self.read_local(local);
            values.extend(own);
        }
        if self.exit.gives == Gives::Nothing {
            values.clear();
        }
        match self.exit.defers {
            Some((block, _)) => self.b.jump((block, &values)),
            None => self.give_value(&values),
        }
    }

    // -- Types and places

    /// The type with this instance's arguments.
    fn subst(&self, ty: Ty) -> Ty {
        ty.subst(&self.args)
    }

    fn expr_ty(&self, expr: ExprId) -> Ty {
        self.subst(self.body.exprs[expr].ty)
    }

    fn local_ty(&self, local: LocalId) -> Ty {
        self.subst(self.body.locals[local].ty)
    }

    fn repr_of(&mut self, ty: Ty) -> Rc<crate::repr::Repr> {
        self.cx.repr(ty)
    }

    /// What follows comes from here.
    fn at(&mut self, span: Span) {
        let loc = self.cx.loc(span, self.trace);
        self.b.set_loc(loc);
    }

    // -- Locals

    fn bind_local(&mut self, local: LocalId, values: Vals) {
        let data = &self.body.locals[local];
        let slot = if data.cell {
            self.new_cell(&values)
        } else if data.mutable {
            Slot::Vars(self.vars_for(&values))
        } else {
            Slot::Values(values)
        };
        self.locals.insert(local, slot);
    }

    /// Makes a local that several places will bind, and that is read where they meet.
    fn declare_shared(&mut self, local: LocalId) {
        let scalars = self.repr_of(self.local_ty(local)).scalars.to_vec();
        let vars = scalars.iter().map(|ty| self.b.declare_var(*ty)).collect();
        self.locals.insert(local, Slot::Vars(vars));
    }

    fn vars_for(&mut self, values: &[Value]) -> SmallVec<[Variable; 4]> {
        let mut vars = SmallVec::new();
        for &value in values {
            let var = self.b.declare_var(self.b.ty(value));
            self.b.def_var(var, value);
            vars.push(var);
        }
        vars
    }

    fn new_cell(&mut self, values: &[Value]) -> Slot {
        let types: Vec<Type> = values.iter().map(|v| self.b.ty(*v)).collect();
        let layout = self.cx.slots_layout(SlotsKind::Cell, &types);
        let object = self.b.struct_init(layout, 0, values);
        Slot::Cell { object, layout }
    }

    fn read_local(&mut self, local: LocalId) -> Vals {
        match self.locals.get(&local).expect("a local is bound before it is read").clone() {
            Slot::Values(values) => values,
            Slot::Vars(vars) => vars.iter().map(|var| self.b.use_var(*var)).collect(),
            Slot::Cell { object, layout } => {
                let scalars = self.repr_of(self.local_ty(local)).scalars.to_vec();
                self.get_slots(layout, 0, 0..scalars.len() as u16, &scalars, object)
            }
        }
    }

    fn write_local(&mut self, local: LocalId, values: &[Value]) {
        match self.locals.get(&local).expect("a local is bound before it is assigned").clone() {
            Slot::Values(_) => unreachable!("the checker refuses assignments to a `let`"),
            Slot::Vars(vars) => {
                for (var, value) in vars.iter().zip(values) {
                    self.b.def_var(*var, *value);
                }
            }
            Slot::Cell { object, layout } => {
                for (n, value) in values.iter().enumerate() {
                    self.b.field_set(FieldRef::new(layout, 0, n as u16), object, *value);
                }
            }
        }
    }

    // -- Small emissions

    /// A call of a runtime function.
    fn rt(&mut self, function: RtFn, args: &[Value]) -> Vals {
        let results = function.results();
        self.b.call_rt(function, args, results).iter().collect()
    }

    /// Loads consecutive slots of an object.
    fn get_slots(
        &mut self,
        layout: LayoutId,
        variant: u16,
        slots: std::ops::Range<u16>,
        types: &[Type],
        object: Value,
    ) -> Vals {
        let get = |(slot, ty): (u16, &Type)| {
            self.b.field_get(*ty, FieldRef::new(layout, variant, slot), object)
        };
        slots.zip(types).map(get).collect()
    }

    /// A string constant.
    pub(crate) fn text(&mut self, text: &str) -> Value {
        let string = self.cx.module.string(text.as_bytes(), true);
        self.b.const_string(string)
    }

    /// Values for code that is never reached.
    fn dead(&mut self, ty: Ty) -> Vals {
        let scalars = self.repr_of(ty).scalars.to_vec();
        scalars.iter().map(|ty| self.zero(*ty)).collect()
    }

    fn zero(&mut self, ty: Type) -> Value {
        match ty {
            Type::I8 | Type::I16 | Type::I32 | Type::I64 | Type::Any => self.b.const_int(ty, 0),
            Type::F32 | Type::F64 => self.b.const_float(ty, sepal_mir::FloatBits::new(0.0)),
            Type::Bool => self.b.const_bool(false),
            Type::Ref | Type::Ptr => self.b.const_null(ty),
        }
    }
}
