//! Values into `any` and `dyn`, and out of `any` again.
//!
//! An `any` is an immediate for `int`, `float`, `bool` and `nil` where it fits 61 bits; everything
//! else is a box of the value behind the `any` vtable of its type. Types are equal iff vtables are.

use super::BodyCx;
use crate::cx::Vals;
use crate::repr::SlotsKind;
use crate::shims::{self, AnyOp};
use sepal_abi::Tag;
use sepal_hir::lang::{LangFn, LangTy};
use sepal_hir::{FloatTy, IntTy, TraitRef, Ty, TyKind, VariantIdx};
use sepal_mir::{AnyTag, BinOp, CastKind, FieldRef, Hint, LayoutId, Signature, Type, Value};

/// Types whose values may be immediates.
enum Immediate {
    Int,
    Float,
    Bool,
    Nil,
}

fn immediate(ty: Ty) -> Option<Immediate> {
    match ty.kind() {
        TyKind::Int(IntTy::I64) => Some(Immediate::Int),
        TyKind::Float(FloatTy::F64) => Some(Immediate::Float),
        TyKind::Bool => Some(Immediate::Bool),
        TyKind::Nil => Some(Immediate::Nil),
        _ => None,
    }
}

/// The trait of a `dyn`.
fn dyn_trait(ty: Ty) -> TraitRef {
    let TyKind::Dyn(id, args) = ty.kind() else { unreachable!("only a `dyn` has its vtables") };
    TraitRef { id: *id, args: args.clone() }
}

impl BodyCx<'_, '_> {
    pub(crate) fn to_any(&mut self, from: Ty, values: Vals) -> Vals {
        if from.is_any() {
            return values;
        }
        let word = match immediate(from) {
            Some(Immediate::Bool) => self.b.any_pack(AnyTag::Bool, values[0]),
            Some(Immediate::Nil) => self.b.const_int(Type::Any, sepal_abi::any_nil() as i64),
            Some(Immediate::Int) => {
                let three = self.b.iconst(3);
                let up = self.b.bin_op(BinOp::Shl, values[0], three);
                let back = self.b.bin_op(BinOp::SShr, up, three);
                let fits = self.b.bin_op(BinOp::Eq, back, values[0]);
                self.pack_or_box(fits, AnyTag::Int, from, &values)
            }
            Some(Immediate::Float) => {
                let bits = self.b.cast(CastKind::Bitcast, Type::I64, values[0]);
                let (seven, zero) = (self.b.iconst(7), self.b.iconst(0));
                let low = self.b.bin_op(BinOp::And, bits, seven);
                let fits = self.b.bin_op(BinOp::Eq, low, zero);
                self.pack_or_box(fits, AnyTag::Float, from, &values)
            }
            None => self.box_any(from, &values),
        };
        Vals::from_slice(&[word])
    }

    fn pack_or_box(&mut self, fits: Value, tag: AnyTag, from: Ty, values: &[Value]) -> Value {
        let (small, large) = (self.b.create_block(), self.b.create_block());
        let join = self.b.create_block_with(&[Type::Any]);
        self.b.branch(fits, (small, &[]), (large, &[]), Hint::Likely);
        self.b.seal_block(small);
        self.b.seal_block(large);
        self.b.switch_to(small);
        let packed = self.b.any_pack(tag, values[0]);
        self.b.jump((join, &[packed]));
        self.b.switch_to(large);
        let boxed = self.box_any(from, values);
        self.b.jump((join, &[boxed]));
        self.join(join)[0]
    }

    fn box_any(&mut self, from: Ty, values: &[Value]) -> Value {
        let vtable = shims::any_vtable(self.cx, from);
        let object = self.make_box(vtable, values);
        self.b.cast(CastKind::Bitcast, Type::Any, object)
    }

    fn make_box(&mut self, vtable: sepal_mir::VtableId, values: &[Value]) -> Value {
        let vtable = self.b.vtable_addr(vtable);
        let layout = self.layout_of_box(values);
        self.fill_box(layout, vtable, values)
    }

    fn layout_of_box(&mut self, values: &[Value]) -> LayoutId {
        let types: Vec<Type> = values.iter().map(|v| self.b.ty(*v)).collect();
        self.cx.slots_layout(SlotsKind::Box, &types)
    }

    fn fill_box(&mut self, layout: LayoutId, vtable: Value, values: &[Value]) -> Value {
        let fields: Vals = std::iter::once(vtable).chain(values.iter().copied()).collect();
        self.b.struct_init(layout, 0, &fields)
    }

    /// Another value of the type that is in a box, in a box of its own.
    pub(crate) fn rebox(&mut self, object: Value, values: &[Value]) -> Value {
        let layout = self.layout_of_box(values);
        let vtable = self.get_slots(layout, 0, 0..1, &[Type::Ptr], object)[0];
        self.fill_box(layout, vtable, values)
    }

    pub(super) fn to_dyn(&mut self, from: Ty, values: Vals, to: Ty) -> Vals {
        if from == to || from.is_never() {
            return if from == to { values } else { self.dead(to) };
        }
        let vtable = shims::dyn_vtable(self.cx, &dyn_trait(to), from);
        Vals::from_slice(&[self.make_box(vtable, &values)])
    }

    /// `Show` or `ShowIn` of the value behind a `dyn`.
    pub(super) fn dyn_show(&mut self, op: AnyOp, ty: Ty, object: Value) -> Vals {
        let slot = shims::dyn_show_slot(self.cx, &dyn_trait(ty), op);
        self.box_method(op, slot, object, &[])
    }

    /// The payload of a box made from a value of type `ty`.
    pub(crate) fn unbox(&mut self, object: Value, ty: Ty) -> Vals {
        let types = self.repr_of(ty).scalars.to_vec();
        let layout = self.cx.slots_layout(SlotsKind::Box, &types);
        self.get_slots(layout, 0, 1..1 + types.len() as u16, &types, object)
    }

    fn box_layout(&mut self, ty: Ty) -> LayoutId {
        let types = self.repr_of(ty).scalars.to_vec();
        self.cx.slots_layout(SlotsKind::Box, &types)
    }

    fn has_tag(&mut self, value: Value, tag: Tag) -> Value {
        let own = self.b.any_tag(value);
        let wanted = self.b.iconst(tag as i64);
        self.b.bin_op(BinOp::Eq, own, wanted)
    }

    /// Whether an `any` holds a value of the type.
    pub(super) fn any_is(&mut self, value: Value, ty: Ty) -> Value {
        if ty.is_any() {
            return self.b.const_bool(true);
        }
        match immediate(ty) {
            Some(Immediate::Bool) => self.has_tag(value, Tag::Bool),
            Some(Immediate::Nil) => self.has_tag(value, Tag::Nil),
            Some(Immediate::Int) => self.tag_or_box(value, Tag::Int, ty),
            Some(Immediate::Float) => self.tag_or_box(value, Tag::Float, ty),
            None => self.if_boxed(value, |this, object| this.is_box_of(object, ty)),
        }
    }

    fn tag_or_box(&mut self, value: Value, tag: Tag, ty: Ty) -> Value {
        let direct = self.has_tag(value, tag);
        let (more, join) = (self.b.create_block(), self.b.create_block_with(&[Type::Bool]));
        self.b.branch(direct, (join, &[direct]), (more, &[]), Hint::Likely);
        self.b.seal_block(more);
        self.b.switch_to(more);
        let boxed = self.if_boxed(value, |this, object| this.is_box_of(object, ty));
        self.b.jump((join, &[boxed]));
        self.join(join)[0]
    }

    /// What `ask` says of the box; false for an immediate.
    fn if_boxed(&mut self, value: Value, ask: impl FnOnce(&mut Self, Value) -> Value) -> Value {
        let boxed = self.has_tag(value, Tag::HeapPtr);
        let (more, join) = (self.b.create_block(), self.b.create_block_with(&[Type::Bool]));
        self.b.branch(boxed, (more, &[]), (join, &[boxed]), Hint::Unknown);
        self.b.seal_block(more);
        self.b.switch_to(more);
        let object = self.b.cast(CastKind::Bitcast, Type::Ref, value);
        let answer = ask(self, object);
        self.b.jump((join, &[answer]));
        self.join(join)[0]
    }

    fn is_box_of(&mut self, object: Value, ty: Ty) -> Value {
        if let Some(parts) = self.any_parts(ty) {
            let own = self.any_method(AnyOp::Parts, object, &[])[0];
            let wanted = self.b.iconst(parts);
            return self.b.bin_op(BinOp::Eq, own, wanted);
        }
        let layout = self.box_layout(ty);
        let own = self.b.field_get(Type::Ptr, FieldRef::new(layout, 0, 0), object);
        let vtable = shims::any_vtable(self.cx, ty);
        let wanted = self.b.vtable_addr(vtable);
        self.b.bin_op(BinOp::Eq, own, wanted)
    }

    /// For the types that fit whatever the parts of the value are, `[any]` and `(any, any)`: what `AnyOp::Parts` must say.
    fn any_parts(&self, ty: Ty) -> Option<i64> {
        if let Some(elems) = ty.as_tuple() {
            return elems.iter().all(|elem| elem.is_any()).then_some(elems.len() as i64);
        }
        let elem = self.cx.as_lang(ty, LangTy::List)?[0];
        elem.is_any().then_some(shims::PARTS_OF_LIST)
    }

    /// The list or tuple of `any` made of a box with such parts.
    fn from_parts(&mut self, object: Value, ty: Ty) -> Vals {
        let list = self.any_method(AnyOp::ToList, object, &[]);
        let Some(elems) = ty.as_tuple() else { return list };
        let at = self.cx.lang_fn(LangFn::ListAt);
        let parts: Vec<Vals> = (0..elems.len())
            .map(|n| {
                let index = self.b.iconst(n as i64);
                self.call_lang(at, &[Ty::any()], &[list.clone(), Vals::from_slice(&[index])])
            })
            .collect();
        self.construct(ty, VariantIdx(0), &parts)
    }

    /// The value in an `any` that passed the test for the type.
    pub(super) fn from_any(&mut self, value: Value, ty: Ty) -> Vals {
        if ty.is_any() {
            return Vals::from_slice(&[value]);
        }
        match immediate(ty) {
            Some(Immediate::Bool) => Vals::from_slice(&[self.b.any_unpack(AnyTag::Bool, value)]),
            Some(Immediate::Nil) => Vals::new(),
            Some(Immediate::Int) => self.unpack_or_unbox(value, Tag::Int, AnyTag::Int, ty),
            Some(Immediate::Float) => self.unpack_or_unbox(value, Tag::Float, AnyTag::Float, ty),
            None => {
                let object = self.b.cast(CastKind::Bitcast, Type::Ref, value);
                if self.any_parts(ty).is_some() {
                    return self.from_parts(object, ty);
                }
                self.unbox(object, ty)
            }
        }
    }

    fn unpack_or_unbox(&mut self, value: Value, tag: Tag, kind: AnyTag, ty: Ty) -> Vals {
        let types = self.repr_of(ty).scalars.to_vec();
        let direct = self.has_tag(value, tag);
        let (small, large) = (self.b.create_block(), self.b.create_block());
        let join = self.b.create_block_with(&types);
        self.b.branch(direct, (small, &[]), (large, &[]), Hint::Likely);
        self.b.seal_block(small);
        self.b.seal_block(large);
        self.b.switch_to(small);
        let unpacked = self.b.any_unpack(kind, value);
        self.b.jump((join, &[unpacked]));
        self.b.switch_to(large);
        let object = self.b.cast(CastKind::Bitcast, Type::Ref, value);
        let payload = self.unbox(object, ty);
        self.b.jump((join, &payload));
        self.join(join)
    }

    /// Calls an operation of the boxed value's type.
    pub(super) fn any_method(&mut self, op: AnyOp, object: Value, more: &[Value]) -> Vals {
        self.box_method(op, op.slot(), object, more)
    }

    fn box_method(&mut self, op: AnyOp, slot: u32, object: Value, more: &[Value]) -> Vals {
        let Signature { params, results } = op.signature();
        let sig = self.cx.module.signature(Signature::new(params, results.clone()));
        self.b.method_call_virtual(sig, slot, object, more, &results).iter().collect()
    }

    /// `any_eq`: of boxes of one type by that type, of anything else by the word.
    pub(super) fn any_eq(&mut self, a: Value, b: Value) -> Value {
        let same = {
            let a = self.b.cast(CastKind::Address, Type::I64, a);
            let b = self.b.cast(CastKind::Address, Type::I64, b);
            self.b.bin_op(BinOp::Eq, a, b)
        };
        let alike = self.if_boxed(a, |this, left| {
            this.if_boxed(b, |this, right| {
                let layout = this.cx.slots_layout(SlotsKind::Box, &[]);
                let first = this.b.field_get(Type::Ptr, FieldRef::new(layout, 0, 0), left);
                let second = this.b.field_get(Type::Ptr, FieldRef::new(layout, 0, 0), right);
                this.b.bin_op(BinOp::Eq, first, second)
            })
        });
        let (ask, join) = (self.b.create_block(), self.b.create_block_with(&[Type::Bool]));
        self.b.branch(alike, (ask, &[]), (join, &[same]), Hint::Unknown);
        self.b.seal_block(ask);
        self.b.switch_to(ask);
        let left = self.b.cast(CastKind::Bitcast, Type::Ref, a);
        let right = self.b.cast(CastKind::Bitcast, Type::Ref, b);
        let answer = self.any_method(AnyOp::Eq, left, &[right]);
        self.b.jump((join, &answer));
        self.join(join)[0]
    }

    /// The name of the type an `any` carries.
    pub(super) fn any_type_name(&mut self, value: Value) -> Vals {
        let join = self.b.create_block_with(&[Type::Ref]);
        let names =
            [(Tag::Int, "int"), (Tag::Float, "float"), (Tag::Bool, "bool"), (Tag::Nil, "nil")];
        let tag = self.b.any_tag(value);
        let blocks = names.map(|_| self.b.create_block());
        let boxed = self.b.create_block();
        let cases: Vec<(i64, sepal_mir::Block, &[Value])> = names
            .iter()
            .zip(blocks)
            .map(|((tag, _), block)| (*tag as i64, block, &[][..]))
            .collect();
        self.b.switch(tag, &cases, (boxed, &[]));
        for ((_, name), block) in names.iter().zip(blocks) {
            self.b.seal_block(block);
            self.b.switch_to(block);
            let text = self.text(name);
            self.b.jump((join, &[text]));
        }
        self.b.seal_block(boxed);
        self.b.switch_to(boxed);
        let object = self.b.cast(CastKind::Bitcast, Type::Ref, value);
        let name = self.any_method(AnyOp::TypeName, object, &[]);
        self.b.jump((join, &name));
        self.join(join)
    }
}
