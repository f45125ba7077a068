//! Making and taking apart values by their representation: fields, variants, objects.

use super::BodyCx;
use crate::cx::Vals;
use crate::repr::{Shape, field_slots};
use sepal_hir::{FieldIdx, Ty, VariantIdx};
use sepal_mir::{BinOp, ConstWord, FieldRef, StaticObject, Type, Value};

impl BodyCx<'_, '_> {
    /// A tuple, struct, class object or enum value of its fields' scalars.
    pub(super) fn construct(&mut self, ty: Ty, variant: VariantIdx, fields: &[Vals]) -> Vals {
        let repr = self.repr_of(ty);
        match &repr.shape {
            Shape::Plain => Vals::new(),
            Shape::Inline(_) => fields.iter().flatten().copied().collect(),
            Shape::Tag => Vals::from_slice(&[self.b.iconst(i64::from(variant.0))]),
            Shape::Nullable { some, .. } if variant == *some => {
                fields.iter().flatten().copied().collect()
            }
            Shape::Nullable { .. } => Vals::from_slice(&[self.b.const_null(Type::Ref)]),
            Shape::Union(places) => {
                let mut values: Vec<Option<Value>> = vec![None; repr.scalars.len()];
                values[0] = Some(self.b.iconst(i64::from(variant.0)));
                for (field, slots) in fields.iter().zip(&places[variant.0 as usize]) {
                    for (value, slot) in field.iter().zip(slots) {
                        values[*slot] = Some(*value);
                    }
                }
                let fill = |(n, value): (usize, Option<Value>)| {
                    value.unwrap_or_else(|| self.zero(repr.scalars[n]))
                };
                values.into_iter().enumerate().map(fill).collect()
            }
            Shape::Object | Shape::BoxedEnum => {
                let values: Vals = fields.iter().flatten().copied().collect();
                let object = self.cx.object(ty);
                let number = variant.0 as u16;
                if values.is_empty() && matches!(repr.shape, Shape::BoxedEnum) {
                    let constant = StaticObject {
                        layout: object.layout,
                        variant: number,
                        fields: Vec::<ConstWord>::new(),
                    };
                    let id = self.cx.module.static_object(constant);
                    return Vals::from_slice(&[self.b.const_object(id)]);
                }
                Vals::from_slice(&[self.b.struct_init(object.layout, number, &values)])
            }
        }
    }

    /// A field of a value whose variant is known.
    pub(crate) fn field(
        &mut self,
        ty: Ty,
        value: &[Value],
        variant: VariantIdx,
        field: FieldIdx,
    ) -> Vals {
        let repr = self.repr_of(ty);
        match &repr.shape {
            Shape::Inline(parts) => Vals::from_slice(&value[parts[field.0 as usize].clone()]),
            Shape::Plain | Shape::Tag => Vals::new(),
            // The fields beside the one reference have no scalars.
            Shape::Nullable { .. } => {
                let width = self.field_width(ty, variant, field);
                Vals::from_slice(&value[..width])
            }
            Shape::Union(places) => places[variant.0 as usize][field.0 as usize]
                .iter()
                .map(|slot| value[*slot])
                .collect(),
            Shape::Object | Shape::BoxedEnum => {
                let object = self.cx.object(ty);
                let slots = field_slots(&object, variant, field);
                let types =
                    &object.slots[variant.0 as usize][slots.start as usize..slots.end as usize];
                self.get_slots(object.layout, variant.0 as u16, slots.clone(), types, value[0])
            }
        }
    }

    fn field_width(&mut self, ty: Ty, variant: VariantIdx, field: FieldIdx) -> usize {
        let field_ty = self.field_ty(ty, variant, field);
        self.repr_of(field_ty).scalars.len()
    }

    /// The type of a field of a tuple or declared type.
    pub(super) fn field_ty(&mut self, ty: Ty, variant: VariantIdx, field: FieldIdx) -> Ty {
        match ty.kind() {
            sepal_hir::TyKind::Tuple(elems) => elems[field.0 as usize],
            _ => {
                let (adt, args) = ty.as_adt().expect("only tuples and declared types have fields");
                self.cx.program.items.adts[adt].variants[variant].fields[field].ty.subst(args)
            }
        }
    }

    /// The value with one field replaced: a copy where the value is an immutable object.
    pub(super) fn with_field(
        &mut self,
        ty: Ty,
        value: &[Value],
        field: FieldIdx,
        new: &[Value],
    ) -> Vals {
        let repr = self.repr_of(ty);
        match &repr.shape {
            Shape::Inline(parts) => {
                let part = parts[field.0 as usize].clone();
                let mut values = Vals::from_slice(value);
                values[part].copy_from_slice(new);
                values
            }
            Shape::Object => {
                let object = self.cx.object(ty);
                let slots = field_slots(&object, VariantIdx(0), field);
                let all = object.slots[0].clone();
                let mut values =
                    self.get_slots(object.layout, 0, 0..all.len() as u16, &all, value[0]);
                values[slots.start as usize..slots.end as usize].copy_from_slice(new);
                Vals::from_slice(&[self.b.struct_init(object.layout, 0, &values)])
            }
            Shape::Plain
            | Shape::Tag
            | Shape::Nullable { .. }
            | Shape::Union(_)
            | Shape::BoxedEnum => Vals::from_slice(value),
        }
    }

    /// Stores a field of a class object.
    pub(super) fn set_class_field(
        &mut self,
        ty: Ty,
        object: Value,
        field: FieldIdx,
        values: &[Value],
    ) {
        let shape = self.cx.object(ty);
        for (slot, value) in field_slots(&shape, VariantIdx(0), field).zip(values) {
            self.b.field_set(FieldRef::new(shape.layout, 0, slot), object, *value);
        }
    }

    /// The number of an enum value's variant, an `I64`.
    pub(super) fn discriminant(&mut self, ty: Ty, value: &[Value]) -> Value {
        let repr = self.repr_of(ty);
        match &repr.shape {
            Shape::Tag | Shape::Union(_) => value[0],
            Shape::BoxedEnum => self.b.enum_discriminant(value[0]),
            Shape::Nullable { none, some } => {
                let null = self.b.const_null(Type::Ref);
                let is_none = self.b.bin_op(BinOp::Eq, value[0], null);
                let (none, some) =
                    (self.b.iconst(i64::from(none.0)), self.b.iconst(i64::from(some.0)));
                self.b.select(is_none, none, some)
            }
            Shape::Plain | Shape::Inline(_) | Shape::Object => self.b.iconst(0),
        }
    }

    /// Whether an enum value is of a variant.
    pub(crate) fn is_variant(&mut self, ty: Ty, value: &[Value], variant: VariantIdx) -> Value {
        let repr = self.repr_of(ty);
        if let Shape::Nullable { none, .. } = &repr.shape {
            let null = self.b.const_null(Type::Ref);
            let op = if variant == *none { BinOp::Eq } else { BinOp::Ne };
            return self.b.bin_op(op, value[0], null);
        }
        let number = self.discriminant(ty, value);
        let wanted = self.b.iconst(i64::from(variant.0));
        self.b.bin_op(BinOp::Eq, number, wanted)
    }
}
