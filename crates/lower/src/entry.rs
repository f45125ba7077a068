//! The program's entry around `main`, and the constants of modules.

use crate::body::BodyCx;
use crate::cx::{ConstGlobals, Instance, ModuleCx, Vals};
use sepal_abi::{PanicCode, RtFn};
use sepal_base::Symbol;
use sepal_hir::lang::{LangTrait, LangTy};
use sepal_hir::{ConstId, FieldIdx, FnId, TraitRef, Ty, VariantIdx};
use sepal_mir::{CastKind, FuncId, Function, Global, Hint, Signature, Type, Value};

/// The exit code where `main` gives an `Err`.
const EXIT_ERR: i64 = 1;

pub fn declare(cx: &mut ModuleCx<'_>, main: FnId) -> FuncId {
    cx.instance(Instance::Entry(main), Symbol::intern("entry"), |_| Signature::new([], [Type::I64]))
}

/// Calls `main`, or a test, and makes an exit code of what it gives.
pub fn entry(cx: &mut ModuleCx<'_>, main: FnId) -> Option<Function> {
    // A test whose mailbox is open has a parameter for its messages, of which nobody can send any.
    let args = vec![Ty::never(); cx.program.items.fns[main].generics.params.len()];
    let (_, ret) = cx.fn_types(main, &args);
    let mut this = BodyCx::synthetic(cx, main, Signature::new([], [Type::I64]));
    // The call itself belongs to no line of the program.
    this.b.set_loc(sepal_mir::LocId::NONE);
    let values = this.call_lang(main, &args, &[]);
    if this.b.is_unreachable() {
        return Some(this.b.finish());
    }
    let code = exit_code(&mut this, ret, values);
    Some(this.give(&[code]))
}

fn exit_code(this: &mut BodyCx<'_, '_>, ret: Ty, values: Vals) -> Value {
    // What a test gives says nothing, unless it is an error.
    if let Some(int) = ret.as_int().filter(|_| this.cx.options.test.is_none()) {
        let kind = if int.signed() { CastKind::SignExtend } else { CastKind::ZeroExtend };
        return if int.bits() == 64 { values[0] } else { this.b.cast(kind, Type::I64, values[0]) };
    }
    let Some(args) = this.cx.as_lang(ret, LangTy::Result) else { return this.b.iconst(0) };
    // enum Result: Ok(T) / Err(E)
    let (ok, err) = (VariantIdx(0), VariantIdx(1));
    let is_ok = this.is_variant(ret, &values, ok);
    let (good, bad) = (this.b.create_block(), this.b.create_block());
    let join = this.b.create_block_with(&[Type::I64]);
    this.b.branch(is_ok, (good, &[]), (bad, &[]), Hint::Likely);
    this.b.seal_block(good);
    this.b.seal_block(bad);
    this.b.switch_to(good);
    let value = this.field(ret, &values, ok, FieldIdx(0));
    let code = exit_code(this, args[0], value);
    this.b.jump((join, &[code]));
    this.b.switch_to(bad);
    let error = this.field(ret, &values, err, FieldIdx(0));
    let id = this.cx.program.lang.trait_id(LangTrait::Show).expect("std declares Show");
    let text = this.call_trait(&TraitRef { id, args: Box::default() }, 0, args[1], &[error]);
    let newline = this.text("\n");
    let line = this
        .b
        .call_rt(RtFn::rt_str_concat, &[text[0], newline], &[Type::Ref])
        .get(0)
        .expect("one result");
    this.b.call_rt(RtFn::rt_eprint, &[line], &[]);
    let failed = this.b.iconst(EXIT_ERR);
    this.b.jump((join, &[failed]));
    this.join(join)[0]
}

/// Gives a constant, which is computed the first time.
pub fn constant(cx: &mut ModuleCx<'_>, id: ConstId) -> Option<Function> {
    let def = &cx.program.items.consts[id];
    let (name, init, ty) = (def.name, def.init, def.ty);
    let globals = globals(cx, id, name, ty);
    let types = cx.repr(ty).scalars.to_vec();
    let mut this = BodyCx::synthetic(cx, init, Signature::new([], types.clone()));
    let ready = this.b.global_get(Type::Bool, globals.ready);
    let (done, compute) = (this.b.create_block(), this.b.create_block());
    this.b.branch(ready, (done, &[]), (compute, &[]), Hint::Likely);
    this.b.seal_block(done);
    this.b.seal_block(compute);
    this.b.switch_to(compute);
    if let Some(busy) = globals.busy {
        let again = this.b.global_get(Type::Bool, busy);
        let (circle, first) = (this.b.create_block(), this.b.create_block());
        this.b.branch(again, (circle, &[]), (first, &[]), Hint::Unlikely);
        this.b.seal_block(circle);
        this.b.seal_block(first);
        this.b.switch_to(circle);
        let text = this.text(&format!("the value of `{name}` needs itself"));
        this.b.panic(PanicCode::Message, &[text]);
        this.b.switch_to(first);
        this.b.call_rt(RtFn::rt_globals_own, &[], &[]);
        let yes = this.b.const_bool(true);
        this.b.global_set(busy, yes);
    }
    let values = this.call_lang(init, &[], &[]);
    if !this.b.is_unreachable() {
        this.b.call_rt(RtFn::rt_globals_own, &[], &[]);
        for (global, value) in globals.scalars.iter().zip(&values) {
            this.b.global_set(*global, *value);
        }
        let yes = this.b.const_bool(true);
        this.b.global_set(globals.ready, yes);
        this.b.return_(&values);
    }
    this.b.switch_to(done);
    let values: Vals =
        globals.scalars.iter().zip(&types).map(|(g, ty)| this.b.global_get(*ty, *g)).collect();
    Some(this.give(&values))
}

fn globals(cx: &mut ModuleCx<'_>, id: ConstId, name: Symbol, ty: Ty) -> ConstGlobals {
    let types = cx.repr(ty).scalars.to_vec();
    let module = &mut cx.module;
    let may_need_itself = cx.program.items.consts[id].may_need_itself;
    let entry = cx.consts.entry(id).or_insert_with(|| ConstGlobals {
        ready: module.globals.push(Global { name, ty: Type::Bool }),
        scalars: types.iter().map(|ty| module.globals.push(Global { name, ty: *ty })).collect(),
        busy: may_need_itself.then(|| module.globals.push(Global { name, ty: Type::Bool })),
    });
    entry.clone()
}
