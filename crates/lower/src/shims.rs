//! The small functions that types need: code of closures that call functions, vtable slots, the
//! operations of types inside `any`.

use crate::body::BodyCx;
use crate::cx::{Instance, ModuleCx, Vals};
use sepal_base::Symbol;
use sepal_hir::lang::{LangFn, LangTrait, LangTy};
use sepal_hir::{FieldIdx, FnId, Resolved, SelfKind, TraitRef, Ty, VariantIdx};
use sepal_mir::{BinOp, ConstWord, Function, Hint, Signature, Type, Value, Vtable, VtableId};

/// What every type inside `any` can do: the slots of its `any` vtable, in order.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum AnyOp {
    Show,
    ShowIn,
    Eq,
    Hash,
    TypeName,
    /// What the patterns `[any](xs)` and `(a, b)` ask: `PARTS_OF_LIST` of a list, of a tuple how many parts it has, else 0.
    Parts,
    /// The elements of a list or tuple, each made an `any`, in a list.
    ToList,
}

/// What `AnyOp::Parts` says of a list, whose length is another matter.
pub const PARTS_OF_LIST: i64 = -1;

impl AnyOp {
    const ALL: [AnyOp; 7] = [
        AnyOp::Show,
        AnyOp::ShowIn,
        AnyOp::Eq,
        AnyOp::Hash,
        AnyOp::TypeName,
        AnyOp::Parts,
        AnyOp::ToList,
    ];

    pub fn slot(self) -> u32 {
        self as u32
    }

    /// The box comes first; `Eq` takes another of the same type.
    pub fn signature(self) -> Signature {
        match self {
            AnyOp::Show | AnyOp::ShowIn | AnyOp::TypeName | AnyOp::ToList => {
                Signature::new([Type::Ref], [Type::Ref])
            }
            AnyOp::Eq => Signature::new([Type::Ref, Type::Ref], [Type::Bool]),
            AnyOp::Hash | AnyOp::Parts => Signature::new([Type::Ref], [Type::I64]),
        }
    }
}

/// The vtable of a type inside `any`.
pub fn any_vtable(cx: &mut ModuleCx<'_>, ty: Ty) -> VtableId {
    if let Some(&id) = cx.vtables.get(&(ty, None)) {
        return id;
    }
    let name = cx.program.type_name(ty);
    let id = cx
        .module
        .vtables
        .push(Vtable { name: Symbol::intern(&format!("any {name}")), slots: Vec::new() });
    cx.vtables.insert((ty, None), id);
    let slots = AnyOp::ALL.map(|op| any_slot(cx, op, ty));
    cx.module.vtables[id].slots = slots.to_vec();
    id
}

fn any_slot(cx: &mut ModuleCx<'_>, op: AnyOp, ty: Ty) -> ConstWord {
    let name = Symbol::intern(&format!("{}.{op:?}", cx.program.type_name(ty)));
    ConstWord::Func(cx.instance(Instance::Any(op, ty), name, |_| op.signature()))
}

/// The vtable of a type for a trait.
pub fn dyn_vtable(cx: &mut ModuleCx<'_>, trait_ref: &TraitRef, ty: Ty) -> VtableId {
    if let Some(&id) = cx.vtables.get(&(ty, Some(trait_ref.clone()))) {
        return id;
    }
    let name = format!(
        "{} as {}",
        cx.program.type_name(ty),
        cx.program.items.traits[trait_ref.id].name.as_str()
    );
    let id = cx.module.vtables.push(Vtable { name: Symbol::intern(&name), slots: Vec::new() });
    cx.vtables.insert((ty, Some(trait_ref.clone())), id);
    let methods = cx.program.items.traits[trait_ref.id].methods.clone();
    let own = cx.program.items.traits[trait_ref.id].generics.params.len();
    let dyn_ty = Ty::dyn_trait(trait_ref.id, trait_ref.args.clone());
    let mut slots = Vec::with_capacity(methods.len());
    for (slot, method) in methods.into_iter().enumerate() {
        let def = &cx.program.items.fns[method];
        // A method with type parameters of its own, or without `self`, has no one address.
        if def.generics.params.len() > own || def.self_param == SelfKind::None {
            slots.push(ConstWord::Bits(0));
            continue;
        }
        let resolved = cx.program.resolve_method(trait_ref, slot as u32, ty, &[]);
        let name = cx.program.items.fns[resolved.id].trace_name;
        let args: Vec<Ty> = std::iter::once(dyn_ty).chain(trait_ref.args.iter().copied()).collect();
        let changes_self = cx.program.changes_self(method);
        let instance = Instance::DynMethod { resolved, self_ty: ty, changes_self };
        slots.push(ConstWord::Func(
            cx.instance(instance, name, |cx| cx.virtual_signature(method, &args)),
        ));
    }
    cx.module.vtables[id].slots = slots;
    if cx.shown_dyns.contains(trait_ref) {
        add_show_slots(cx, id, ty);
    }
    id
}

/// Where the vtables of a `dyn` hold `Show` or `ShowIn`: behind the trait's methods, and only if such a `dyn` is shown
/// anywhere.
pub fn dyn_show_slot(cx: &mut ModuleCx<'_>, trait_ref: &TraitRef, op: AnyOp) -> u32 {
    if cx.shown_dyns.insert(trait_ref.clone()) {
        let of_trait = cx.vtables.iter().filter(|((_, of), _)| of.as_ref() == Some(trait_ref));
        let mut made: Vec<(VtableId, Ty)> = of_trait.map(|((ty, _), &id)| (id, *ty)).collect();
        made.sort_unstable_by_key(|(id, _)| *id);
        made.into_iter().for_each(|(id, ty)| add_show_slots(cx, id, ty));
    }
    cx.program.items.traits[trait_ref.id].methods.len() as u32 + op.slot()
}

fn add_show_slots(cx: &mut ModuleCx<'_>, id: VtableId, ty: Ty) {
    let slots = [AnyOp::Show, AnyOp::ShowIn].map(|op| any_slot(cx, op, ty));
    cx.module.vtables[id].slots.extend(slots);
}

/// The code of a closure without captures that calls a function.
pub fn fn_value(cx: &mut ModuleCx<'_>, id: FnId, args: &[Ty]) -> Option<Function> {
    let (params, ret) = cx.fn_types(id, args);
    let sig = cx.closure_signature(&params, ret);
    let mut this = BodyCx::synthetic(cx, id, sig);
    let values = this.split(1, &params);
    let results = this.call_lang(id, args, &values);
    Some(this.give(&results))
}

/// A vtable slot: takes the value out of its box, calls the method, and puts the value that is to be given back into a
/// box of its own: others may hold the first one.
pub fn dyn_method(
    cx: &mut ModuleCx<'_>,
    resolved: &Resolved,
    self_ty: Ty,
    changes_self: bool,
) -> Option<Function> {
    let (params, ret) = cx.fn_types(resolved.id, &resolved.args);
    let mut all = vec![Type::Ref];
    all.extend(cx.scalars(&params[1..]));
    let mut given = cx.repr(ret).scalars.to_vec();
    let width = given.len();
    given.extend(changes_self.then_some(Type::Ref));
    let sig = Signature::new(all, given);
    let mut this = BodyCx::synthetic(cx, resolved.id, sig);
    let object = this.b.params()[0];
    let mut values = vec![this.unbox(object, self_ty)];
    values.extend(this.split(1, &params[1..]));
    let mut results = this.call_lang(resolved.id, &resolved.args, &values);
    if this.b.is_unreachable() {
        return Some(this.give(&[]));
    }
    let own = Vals::from_slice(&results[width..]);
    results.truncate(width);
    if changes_self {
        // A class object is changed where it lies.
        let is_same = own.is_empty() || this.cx.program.is_reference(self_ty);
        results.push(if is_same { object } else { this.rebox(object, &own) });
    }
    Some(this.give(&results))
}

/// An operation of a type inside `any`.
pub fn any_op(cx: &mut ModuleCx<'_>, op: AnyOp, ty: Ty) -> Option<Function> {
    let owner = cx.lang_fn(LangFn::ListLen);
    let mut this = BodyCx::synthetic(cx, owner, op.signature());
    let object = this.b.params()[0];
    let value = this.unbox(object, ty);
    let results = match op {
        AnyOp::Show => this.trait_or(LangTrait::Show, 0, ty, &[value], |this| type_name(this, ty)),
        AnyOp::ShowIn => {
            this.trait_or(LangTrait::Show, 1, ty, &[value], |this| type_name(this, ty))
        }
        AnyOp::Eq => {
            let other = this.b.params()[1];
            let other = this.unbox(other, ty);
            this.trait_or(LangTrait::Eq, 0, ty, &[value, other], |this| this.b.const_bool(false))
        }
        AnyOp::Hash => this.trait_or(LangTrait::Hash, 0, ty, &[value], |this| this.b.iconst(0)),
        AnyOp::TypeName => Vals::from_slice(&[type_name(&mut this, ty)]),
        AnyOp::Parts => {
            let of_list = this.cx.as_lang(ty, LangTy::List).map(|_| PARTS_OF_LIST);
            let parts = ty.as_tuple().map(|elems| elems.len() as i64).or(of_list).unwrap_or(0);
            Vals::from_slice(&[this.b.iconst(parts)])
        }
        AnyOp::ToList => match (ty.as_tuple(), this.cx.as_lang(ty, LangTy::List)) {
            (Some(elems), _) => list_of_parts(&mut this, ty, elems, &value),
            (None, Some(args)) if args[0].is_any() => value,
            (None, Some(args)) => list_of_any(&mut this, args[0], value),
            (None, None) => Vals::from_slice(&[this.b.const_null(Type::Ref)]),
        },
    };
    Some(this.give(&results))
}

fn type_name(this: &mut BodyCx<'_, '_>, ty: Ty) -> Value {
    let name = this.cx.program.type_name(ty);
    this.text(&name)
}

/// A new list of the parts of a tuple, each made an `any`.
fn list_of_parts(this: &mut BodyCx<'_, '_>, ty: Ty, elems: &[Ty], tuple: &[Value]) -> Vals {
    let [new, push] = [LangFn::ListNew, LangFn::ListPush].map(|f| this.cx.lang_fn(f));
    let result = this.call_lang(new, &[Ty::any()], &[]);
    for (n, elem) in elems.iter().enumerate() {
        let part = this.field(ty, tuple, VariantIdx(0), FieldIdx(n as u32));
        let part = this.to_any(*elem, part);
        this.call_lang(push, &[Ty::any()], &[result.clone(), part]);
    }
    result
}

/// A new list of the elements, each made an `any`.
fn list_of_any(this: &mut BodyCx<'_, '_>, elem: Ty, list: Vals) -> Vals {
    let [new, push, len, at] = [LangFn::ListNew, LangFn::ListPush, LangFn::ListLen, LangFn::ListAt]
        .map(|f| this.cx.lang_fn(f));
    let result = this.call_lang(new, &[Ty::any()], &[]);
    let count = this.call_lang(len, &[elem], std::slice::from_ref(&list))[0];
    let index = this.b.declare_var(Type::I64);
    let zero = this.b.iconst(0);
    this.b.def_var(index, zero);
    let (head, body, done) = (this.b.create_block(), this.b.create_block(), this.b.create_block());
    this.b.jump((head, &[]));
    this.b.switch_to(head);
    let now = this.b.use_var(index);
    let more = this.b.bin_op(BinOp::SLt, now, count);
    this.b.branch(more, (body, &[]), (done, &[]), Hint::Unknown);
    this.b.seal_block(body);
    this.b.switch_to(body);
    let value = this.call_lang(at, &[elem], &[list, Vals::from_slice(&[now])]);
    let value = this.to_any(elem, value);
    this.call_lang(push, &[Ty::any()], &[result.clone(), value]);
    let one = this.b.iconst(1);
    let next = this.b.bin_op(BinOp::Add, now, one);
    this.b.def_var(index, next);
    this.b.jump((head, &[]));
    this.b.seal_block(head);
    this.b.seal_block(done);
    this.b.switch_to(done);
    result
}

impl BodyCx<'_, '_> {
    /// The function's parameters from `first` on, cut into values of the given types.
    pub fn split(&mut self, first: usize, types: &[Ty]) -> Vec<Vals> {
        let mut at = first;
        let mut values = Vec::with_capacity(types.len());
        for ty in types {
            let width = self.cx.repr(*ty).scalars.len();
            values.push(Vals::from_slice(&self.b.params()[at..at + width]));
            at += width;
        }
        values
    }

    /// Returns and gives the function.
    pub fn give(mut self, results: &[Value]) -> Function {
        if !self.b.is_unreachable() {
            self.b.return_(results);
        }
        self.b.finish()
    }

    /// A method of a lang trait where the type has it, else another value.
    fn trait_or(
        &mut self,
        item: LangTrait,
        method: u32,
        ty: Ty,
        values: &[Vals],
        other: impl FnOnce(&mut Self) -> Value,
    ) -> Vals {
        let id = self.cx.program.lang.trait_id(item).expect("std declares every lang trait");
        let trait_ref = TraitRef { id, args: Box::default() };
        if self.cx.program.implements(ty, &trait_ref) {
            return self.call_trait(&trait_ref, method, ty, values);
        }
        Vals::from_slice(&[other(self)])
    }
}
