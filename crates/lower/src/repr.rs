//! How the values of each type travel as scalars, and how its objects look in the heap.
//!
//! Tuples, structs and enums of at most [`MAX_INLINE`] scalars are just those scalars; larger and
//! recursive ones are immutable objects behind a reference. See `docs/values.md`.
//!
//! Must never emit an instruction: it answers questions about types only.

use crate::cx::ModuleCx;
use sepal_base::Symbol;
use sepal_hir::lang::LangTy;
use sepal_hir::{AdtId, AdtKind, FieldIdx, FloatTy, IntTy, Ty, TyKind, VariantIdx};
use sepal_mir::{Layout, LayoutId, Type};
use std::ops::Range;
use std::rc::Rc;

/// More scalars than this would not fit the registers of a call with a few such arguments.
const MAX_INLINE: usize = 4;

/// The representation of one type.
#[derive(Debug)]
pub struct Repr {
    pub scalars: Box<[Type]>,
    pub shape: Shape,
    /// One `Ref` that is never null, so that null is free to mean `None`.
    pub nonnull: bool,
}

#[derive(Debug)]
pub enum Shape {
    /// A primitive, `nil`, or a reference to an object that knows itself.
    Plain,
    /// The fields one after another: which scalars each takes.
    Inline(Box<[Range<usize>]>),
    /// A class object, or an immutable struct or tuple behind a reference: [`ModuleCx::object`].
    Object,
    /// An enum without any payload: the variant's number.
    Tag,
    /// An enum like `Option` of one reference: null is the variant without payload.
    Nullable { none: VariantIdx, some: VariantIdx },
    /// The variant's number, then slots shared by the variants: for each variant and field, the
    /// positions of its scalars.
    Union(Box<[Box<[Box<[usize]>]>]>),
    /// An immutable object per value, the variant in its header: [`ModuleCx::object`].
    BoxedEnum,
}

/// The heap objects of a type.
#[derive(Debug)]
pub struct ObjectShape {
    pub layout: LayoutId,
    /// For each variant and field, which slots of the layout hold its scalars.
    pub fields: Vec<Vec<Range<u16>>>,
    /// The scalar types of each variant's slots.
    pub slots: Vec<Vec<Type>>,
}

/// What is known of a type while its representation is computed.
pub enum ReprState {
    /// Being computed; `true` once it was found inside itself.
    Computing(bool),
    Done(Rc<Repr>),
}

fn plain(scalars: &[Type], nonnull: bool) -> Repr {
    Repr { scalars: scalars.into(), shape: Shape::Plain, nonnull }
}

fn reference(shape: Shape) -> Repr {
    Repr { scalars: [Type::Ref].into(), shape, nonnull: true }
}

/// The scalar of an integer type.
pub fn int_type(ty: IntTy) -> Type {
    match ty {
        IntTy::I8 | IntTy::U8 => Type::I8,
        IntTy::I16 | IntTy::U16 => Type::I16,
        IntTy::I32 | IntTy::U32 => Type::I32,
        IntTy::I64 | IntTy::U64 => Type::I64,
    }
}

/// A value of an integer type as a constant of its scalar, which is written signed.
pub fn int_word(ty: IntTy, value: i128) -> i64 {
    let spare = i64::BITS - ty.bits();
    (value as i64) << spare >> spare
}

/// An integer as a constant of a scalar type, which MIR writes signed whatever the language calls it.
pub fn int_bits(scalar: Type, value: i128) -> i64 {
    match scalar {
        Type::I8 => i64::from(value as i8),
        Type::I16 => i64::from(value as i16),
        Type::I32 => i64::from(value as i32),
        Type::I64 | Type::F32 | Type::F64 | Type::Bool | Type::Ref | Type::Any | Type::Ptr => {
            value as i64
        }
    }
}

/// The scalar of a float type.
pub fn float_type(ty: FloatTy) -> Type {
    match ty {
        FloatTy::F32 => Type::F32,
        FloatTy::F64 => Type::F64,
    }
}

impl ModuleCx<'_> {
    /// The representation of a type without parameters.
    pub fn repr(&mut self, ty: Ty) -> Rc<Repr> {
        match self.reprs.get_mut(&ty) {
            Some(ReprState::Done(repr)) => return repr.clone(),
            Some(ReprState::Computing(recursive)) => {
                // The type holds itself: it goes behind a reference.
                *recursive = true;
                return Rc::new(reference(Shape::Object));
            }
            None => {}
        }
        if let Some((adt, args)) = ty.as_adt()
            && self.program.items.adts[adt].kind == AdtKind::Enum
            && self
                .program
                .lang
                .which_ty(adt)
                .is_some_and(|lang| matches!(lang, LangTy::Option | LangTy::Result))
        {
            // In `struct Node: next: Node?` it is Node that shall be boxed, whoever asks first.
            args.iter().for_each(|arg| drop(self.repr(*arg)));
            if let Some(ReprState::Done(repr)) = self.reprs.get(&ty) {
                return repr.clone();
            }
        }
        self.reprs.insert(ty, ReprState::Computing(false));
        let mut repr = self.compute_repr(ty);
        if let Some(ReprState::Computing(true)) = self.reprs.get(&ty) {
            repr = reference(if self.is_enum(ty) { Shape::BoxedEnum } else { Shape::Object });
        }
        let repr = Rc::new(repr);
        self.reprs.insert(ty, ReprState::Done(repr.clone()));
        repr
    }

    fn is_enum(&self, ty: Ty) -> bool {
        ty.as_adt().is_some_and(|(adt, _)| self.program.items.adts[adt].kind == AdtKind::Enum)
    }

    fn compute_repr(&mut self, ty: Ty) -> Repr {
        match ty.kind() {
            TyKind::Int(int) => plain(&[int_type(*int)], false),
            TyKind::Float(float) => plain(&[float_type(*float)], false),
            TyKind::Bool => plain(&[Type::Bool], false),
            TyKind::Char | TyKind::Symbol => plain(&[Type::I32], false),
            TyKind::Str | TyKind::Bytes | TyKind::Fn(_) | TyKind::Dyn(..) => {
                plain(&[Type::Ref], true)
            }
            // A zeroed array field is null, so null cannot mean anything else.
            TyKind::Array(_) => plain(&[Type::Ref], false),
            TyKind::Nil | TyKind::Never => plain(&[], false),
            TyKind::Any => plain(&[Type::Any], false),
            TyKind::Tuple(elems) => self.aggregate(elems),
            TyKind::Adt(adt, args) => match self.program.items.adts[*adt].kind {
                AdtKind::Class => reference(Shape::Object),
                AdtKind::Struct => {
                    let fields = self.program.field_types(*adt, args, VariantIdx(0));
                    self.aggregate(&fields)
                }
                AdtKind::Enum => self.enum_repr(*adt, args),
            },
            TyKind::Param { .. } | TyKind::Var(_) | TyKind::Error => {
                unreachable!("lowering sees checked types without parameters, not {ty:?}")
            }
        }
    }

    fn aggregate(&mut self, fields: &[Ty]) -> Repr {
        let reprs: Vec<Rc<Repr>> = fields.iter().map(|field| self.repr(*field)).collect();
        let mut scalars = Vec::new();
        let mut parts = Vec::with_capacity(fields.len());
        for repr in &reprs {
            let start = scalars.len();
            scalars.extend_from_slice(&repr.scalars);
            parts.push(start..scalars.len());
        }
        if scalars.len() > MAX_INLINE {
            return reference(Shape::Object);
        }
        let nonnull = scalars.len() == 1 && reprs.iter().any(|repr| repr.nonnull);
        Repr { scalars: scalars.into(), shape: Shape::Inline(parts.into()), nonnull }
    }

    fn enum_repr(&mut self, adt: AdtId, args: &[Ty]) -> Repr {
        let variants = self.variant_reprs(adt, args);
        let width =
            |variant: &[Rc<Repr>]| variant.iter().map(|field| field.scalars.len()).sum::<usize>();
        if variants.iter().all(|variant| width(variant) == 0) {
            return Repr { scalars: [Type::I64].into(), shape: Shape::Tag, nonnull: false };
        }
        if let [first, second] = &variants[..] {
            let one_ref = |v: &[Rc<Repr>]| width(v) == 1 && v.iter().any(|field| field.nonnull);
            let nullable = |none: u32, some: u32| {
                let shape = Shape::Nullable { none: VariantIdx(none), some: VariantIdx(some) };
                Repr { scalars: [Type::Ref].into(), shape, nonnull: false }
            };
            if width(first) == 0 && one_ref(second) {
                return nullable(0, 1);
            }
            if width(second) == 0 && one_ref(first) {
                return nullable(1, 0);
            }
        }
        let mut scalars = vec![Type::I64];
        let mut places = Vec::with_capacity(variants.len());
        for variant in &variants {
            places.push(place_variant(variant, &mut scalars));
        }
        if scalars.len() > MAX_INLINE {
            return reference(Shape::BoxedEnum);
        }
        Repr { scalars: scalars.into(), shape: Shape::Union(places.into()), nonnull: false }
    }

    fn variant_reprs(&mut self, adt: AdtId, args: &[Ty]) -> Vec<Vec<Rc<Repr>>> {
        let variants: Vec<VariantIdx> = self.program.items.adts[adt].variants.ids().collect();
        let mut reprs = Vec::with_capacity(variants.len());
        for variant in variants {
            let fields = self.program.field_types(adt, args, variant);
            reprs.push(fields.into_iter().map(|field| self.repr(field)).collect());
        }
        reprs
    }

    /// The heap objects of a class, or of a boxed struct, tuple or enum.
    pub fn object(&mut self, ty: Ty) -> Rc<ObjectShape> {
        if let Some(shape) = self.objects.get(&ty) {
            return shape.clone();
        }
        let variants = match ty.kind() {
            TyKind::Tuple(elems) => vec![elems.iter().map(|elem| self.repr(*elem)).collect()],
            TyKind::Adt(adt, args) => self.variant_reprs(*adt, args),
            other => unreachable!(
                "only tuples and declared types have objects of their own, not {ty:?}: {:?}",
                std::mem::discriminant(other)
            ),
        };
        let is_class =
            ty.as_adt().is_some_and(|(adt, _)| self.program.items.adts[adt].kind == AdtKind::Class);
        let mut fields = Vec::with_capacity(variants.len());
        let mut slots: Vec<Vec<Type>> = Vec::with_capacity(variants.len());
        for variant in &variants {
            let mut types = Vec::new();
            let ranges: Vec<Range<u16>> = variant
                .iter()
                .map(|repr: &Rc<Repr>| {
                    let start = slot(types.len());
                    types.extend_from_slice(&repr.scalars);
                    start..slot(types.len())
                })
                .collect();
            fields.push(ranges);
            slots.push(types);
        }
        let layout = self.object_layout(ty, &slots, !is_class);
        let shape = Rc::new(ObjectShape { layout, fields, slots });
        self.objects.insert(ty, shape.clone());
        shape
    }

    /// Instances of a declaration share a layout if neither their slots nor their arguments differ
    /// in representation, so that their code can be shared. Those of different arguments keep
    /// their own: stores into a `[int]` then leave what is known of a `[float]`.
    fn object_layout(&mut self, ty: Ty, slots: &[Vec<Type>], immutable: bool) -> LayoutId {
        let types: Vec<&[Type]> = slots.iter().map(Vec::as_slice).collect();
        let Some((adt, args)) = ty.as_adt().filter(|(_, args)| !args.is_empty()) else {
            let name = Symbol::intern(&self.program.type_name(ty));
            return self.module.add_layout(Layout::fixed(name, &types, immutable));
        };
        let args: Vec<Box<[Type]>> =
            args.iter().map(|arg| self.repr(*arg).scalars.clone()).collect();
        let shown: Vec<String> = args.iter().map(|scalars| show_scalars(scalars)).collect();
        let key = InstanceShape { adt, args, slots: slots.to_vec() };
        if let Some(&layout) = self.instance_layouts.get(&key) {
            return layout;
        }
        let declared = self.program.items.adts[adt].name;
        let name = Symbol::intern(&format!("{declared}[{}]", shown.join(", ")));
        let mut layout = Layout::fixed(name, &types, immutable);
        // `List` keeps how many of its slots are in use first.
        if self.program.lang.is_ty(adt, LangTy::List) {
            layout.field_is_length(0);
        }
        let layout = self.module.add_layout(layout);
        self.instance_layouts.insert(key, layout);
        layout
    }

    /// The layout of arrays of such elements.
    pub fn array_layout(&mut self, elem: Ty) -> LayoutId {
        let scalars = self.repr(elem).scalars.clone();
        if let Some(&layout) = self.arrays.get(&scalars) {
            return layout;
        }
        let name = Symbol::intern(&format!("Array[{}]", show_scalars(&scalars)));
        let layout = self.module.add_layout(Layout::array(name, &scalars));
        self.arrays.insert(scalars, layout);
        layout
    }

    /// The layout of objects that are known by their slots alone.
    pub fn slots_layout(&mut self, kind: SlotsKind, types: &[Type]) -> LayoutId {
        if let Some(&layout) = self.slot_layouts.get(&(kind, types.into())) {
            return layout;
        }
        let (name, first, immutable) = match kind {
            SlotsKind::Cell => ("cell", None, false),
            SlotsKind::Closure => ("closure", Some(Type::Ptr), true),
            SlotsKind::Box => ("box", Some(Type::Ptr), true),
            SlotsKind::Message => ("message", None, true),
        };
        let all: Vec<Type> = first.into_iter().chain(types.iter().copied()).collect();
        let layout =
            self.module.add_layout(Layout::fixed(Symbol::intern(name), &[&all], immutable));
        self.slot_layouts.insert((kind, types.into()), layout);
        layout
    }
}

/// What instances of one declaration have in common if they share a layout.
#[derive(PartialEq, Eq, Hash)]
pub struct InstanceShape {
    adt: AdtId,
    /// The scalars of each type argument.
    args: Vec<Box<[Type]>>,
    /// The scalars of each variant.
    slots: Vec<Vec<Type>>,
}

/// A type argument as the name of a shared layout shows it.
fn show_scalars(scalars: &[Type]) -> String {
    match scalars {
        [one] => one.name().to_string(),
        all => format!("({})", all.iter().map(|ty| ty.name()).collect::<Vec<_>>().join(" ")),
    }
}

/// Objects without a type of their own.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SlotsKind {
    /// A captured variable.
    Cell,
    /// Code and captures.
    Closure,
    /// A vtable and the value, of `dyn` and `any`.
    Box,
    /// The words of a message.
    Message,
}

/// Gives each scalar of a variant the first slot of its type that the variant has not used,
/// appending slots where there is none.
fn place_variant(fields: &[Rc<Repr>], scalars: &mut Vec<Type>) -> Box<[Box<[usize]>]> {
    let mut used = vec![false; scalars.len()];
    used[0] = true; // the tag
    let mut place = |ty: Type| {
        let free = (0..scalars.len()).find(|&n| scalars[n] == ty && !used[n]);
        let slot = free.unwrap_or_else(|| {
            scalars.push(ty);
            used.push(false);
            scalars.len() - 1
        });
        used[slot] = true;
        slot
    };
    fields.iter().map(|field| field.scalars.iter().map(|ty| place(*ty)).collect()).collect()
}

fn slot(n: usize) -> u16 {
    u16::try_from(n).expect("the checker limits the fields of a type")
}

/// Where a field of a class or struct lies.
pub fn field_slots(shape: &ObjectShape, variant: VariantIdx, field: FieldIdx) -> Range<u16> {
    shape.fields[variant.0 as usize][field.0 as usize].clone()
}
