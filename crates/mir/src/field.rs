//! What an instruction's operand or immediate can do: be walked, printed and parsed.
//!
//! Must never know which op it belongs to: the table in `ops` combines fields freely.

use crate::entities::*;
use crate::function::Pools;
use crate::text::{Cursor, ParseError};
use crate::types::Type;
use sepal_abi::{PanicCode, RtFn};
use sepal_base::Id as _;
use std::fmt::Write as _;

/// One operand or immediate of an instruction.
pub trait Field: Copy {
    /// What the builder takes for it: slices where the instruction keeps a pooled list.
    type Arg<'a>;

    /// Stores the builder's argument.
    fn from_arg(arg: Self::Arg<'_>, pools: &mut Pools) -> Self;

    /// Visits every value used.
    fn for_each_value(&self, _pools: &Pools, _visit: &mut impl FnMut(Value)) {}

    /// Replaces every value used.
    fn map_values(&mut self, _pools: &mut Pools, _map: &mut impl FnMut(Value) -> Value) {}

    /// Visits every block this leads to.
    fn for_each_target(&self, _pools: &Pools, _visit: &mut impl FnMut(BlockCall)) {}

    /// Replaces every block this leads to.
    fn map_targets(
        &mut self,
        _pools: &mut Pools,
        _map: &mut impl FnMut(BlockCall, &mut Pools) -> BlockCall,
    ) {
    }

    /// The same field with its lists copied from `from` into `to`, for another function.
    fn transfer(&self, _from: &Pools, _to: &mut Pools) -> Self {
        *self
    }

    /// The same field with lists of its own, for another instruction of the same function.
    fn duplicate(&self, _pools: &mut Pools) -> Self {
        *self
    }

    /// Appends the text form.
    fn print(&self, out: &mut String, pools: &Pools);

    /// Reads the text form.
    fn parse(cursor: &mut Cursor<'_>, pools: &mut Pools) -> Result<Self, ParseError>;
}

impl Field for Value {
    type Arg<'a> = Value;
    fn from_arg(arg: Value, _: &mut Pools) -> Value {
        arg
    }
    fn for_each_value(&self, _: &Pools, visit: &mut impl FnMut(Value)) {
        visit(*self);
    }
    fn map_values(&mut self, _: &mut Pools, map: &mut impl FnMut(Value) -> Value) {
        *self = map(*self);
    }
    fn print(&self, out: &mut String, _: &Pools) {
        let _ = write!(out, "{self}");
    }
    fn parse(cursor: &mut Cursor<'_>, _: &mut Pools) -> Result<Value, ParseError> {
        cursor.entity("v").map(Value)
    }
}

impl Field for ValueList {
    type Arg<'a> = &'a [Value];
    fn from_arg(arg: &[Value], pools: &mut Pools) -> ValueList {
        pools.list(arg)
    }
    fn for_each_value(&self, pools: &Pools, visit: &mut impl FnMut(Value)) {
        pools.values(*self).iter().copied().for_each(visit);
    }
    fn map_values(&mut self, pools: &mut Pools, map: &mut impl FnMut(Value) -> Value) {
        for value in pools.values_mut(*self) {
            *value = map(*value);
        }
    }
    fn transfer(&self, from: &Pools, to: &mut Pools) -> ValueList {
        to.list(from.values(*self))
    }
    fn duplicate(&self, pools: &mut Pools) -> ValueList {
        let values = pools.values(*self).to_vec();
        pools.list(&values)
    }
    fn print(&self, out: &mut String, pools: &Pools) {
        print_list(out, '[', ']', pools.values(*self), |out, v| v.print(out, pools));
    }
    fn parse(cursor: &mut Cursor<'_>, pools: &mut Pools) -> Result<ValueList, ParseError> {
        let values = cursor.list('[', ']', |c| c.entity("v").map(Value))?;
        Ok(pools.list(&values))
    }
}

impl Field for BlockCall {
    type Arg<'a> = (Block, &'a [Value]);
    fn from_arg((block, args): Self::Arg<'_>, pools: &mut Pools) -> BlockCall {
        BlockCall { block, args: pools.list(args) }
    }
    fn for_each_value(&self, pools: &Pools, visit: &mut impl FnMut(Value)) {
        self.args.for_each_value(pools, visit);
    }
    fn map_values(&mut self, pools: &mut Pools, map: &mut impl FnMut(Value) -> Value) {
        self.args.map_values(pools, map);
    }
    fn for_each_target(&self, _: &Pools, visit: &mut impl FnMut(BlockCall)) {
        visit(*self);
    }
    fn map_targets(
        &mut self,
        pools: &mut Pools,
        map: &mut impl FnMut(BlockCall, &mut Pools) -> BlockCall,
    ) {
        *self = map(*self, pools);
    }
    fn transfer(&self, from: &Pools, to: &mut Pools) -> BlockCall {
        BlockCall { block: self.block, args: self.args.transfer(from, to) }
    }
    fn duplicate(&self, pools: &mut Pools) -> BlockCall {
        BlockCall { block: self.block, args: self.args.duplicate(pools) }
    }
    fn print(&self, out: &mut String, pools: &Pools) {
        let _ = write!(out, "{}", self.block);
        if !pools.values(self.args).is_empty() {
            print_list(out, '(', ')', pools.values(self.args), |out, v| v.print(out, pools));
        }
    }
    fn parse(cursor: &mut Cursor<'_>, pools: &mut Pools) -> Result<BlockCall, ParseError> {
        let block = Block(cursor.entity("block")?);
        let mut args = Vec::new();
        if cursor.at('(') {
            args = cursor.list('(', ')', |c| c.entity("v").map(Value))?;
        }
        Ok(BlockCall { block, args: pools.list(&args) })
    }
}

impl Field for CaseList {
    type Arg<'a> = &'a [(i64, Block, &'a [Value])];
    fn from_arg(arg: Self::Arg<'_>, pools: &mut Pools) -> CaseList {
        let cases: Vec<(i64, BlockCall)> = arg
            .iter()
            .map(|&(n, block, args)| (n, BlockCall { block, args: pools.list(args) }))
            .collect();
        pools.case_list(&cases)
    }
    fn for_each_value(&self, pools: &Pools, visit: &mut impl FnMut(Value)) {
        for (_, call) in pools.cases(*self) {
            call.for_each_value(pools, visit);
        }
    }
    fn map_values(&mut self, pools: &mut Pools, map: &mut impl FnMut(Value) -> Value) {
        for i in 0..pools.cases(*self).len() {
            let (_, mut call) = pools.cases(*self)[i];
            call.map_values(pools, map);
        }
    }
    fn for_each_target(&self, pools: &Pools, visit: &mut impl FnMut(BlockCall)) {
        pools.cases(*self).iter().for_each(|&(_, call)| visit(call));
    }
    fn map_targets(
        &mut self,
        pools: &mut Pools,
        map: &mut impl FnMut(BlockCall, &mut Pools) -> BlockCall,
    ) {
        for i in 0..pools.cases(*self).len() {
            let (_, call) = pools.cases(*self)[i];
            let mapped = map(call, pools);
            pools.cases_mut(*self)[i].1 = mapped;
        }
    }
    fn transfer(&self, from: &Pools, to: &mut Pools) -> CaseList {
        let cases: Vec<(i64, BlockCall)> =
            from.cases(*self).iter().map(|(n, call)| (*n, call.transfer(from, to))).collect();
        to.case_list(&cases)
    }
    fn duplicate(&self, pools: &mut Pools) -> CaseList {
        let mut cases = pools.cases(*self).to_vec();
        for (_, call) in &mut cases {
            *call = call.duplicate(pools);
        }
        pools.case_list(&cases)
    }
    fn print(&self, out: &mut String, pools: &Pools) {
        print_list(out, '[', ']', pools.cases(*self), |out, (n, call)| {
            let _ = write!(out, "{n} => ");
            call.print(out, pools);
        });
    }
    fn parse(cursor: &mut Cursor<'_>, pools: &mut Pools) -> Result<CaseList, ParseError> {
        let cases = cursor.list('[', ']', |c| {
            let n = c.int()?;
            c.expect("=>")?;
            Ok((n, BlockCall::parse(c, pools)?))
        })?;
        Ok(pools.case_list(&cases))
    }
}

/// Prints `items` between brackets with commas.
pub(crate) fn print_list<T>(
    out: &mut String,
    open: char,
    close: char,
    items: &[T],
    mut print: impl FnMut(&mut String, &T),
) {
    out.push(open);
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        print(out, item);
    }
    out.push(close);
}

/// Fields that are one number behind a prefix, as `layout3`.
macro_rules! entity_fields {
    ($($name:ident $prefix:literal,)+) => {$(
        impl Field for $name {
            type Arg<'a> = $name;
            fn from_arg(arg: $name, _: &mut Pools) -> $name { arg }
            fn print(&self, out: &mut String, _: &Pools) {
                let _ = write!(out, concat!($prefix, "{}"), self.index());
            }
            fn parse(cursor: &mut Cursor<'_>, _: &mut Pools) -> Result<$name, ParseError> {
                cursor.entity($prefix).map($name)
            }
        }
    )+};
}

entity_fields! {
    FuncId "fn",
    SigId "sig",
    LayoutId "layout",
    VtableId "vtable",
    StrId "str",
    SymId "sym",
    StaticId "static",
    GlobalId "global",
    ExternId "extern",
}

/// Immediates that print and parse as one number.
macro_rules! number_fields {
    ($($ty:ty),+) => {$(
        impl Field for $ty {
            type Arg<'a> = $ty;
            fn from_arg(arg: $ty, _: &mut Pools) -> $ty { arg }
            fn print(&self, out: &mut String, _: &Pools) {
                let _ = write!(out, "{self}");
            }
            fn parse(cursor: &mut Cursor<'_>, _: &mut Pools) -> Result<$ty, ParseError> {
                let n = cursor.int()?;
                <$ty>::try_from(n).map_err(|_| cursor.error(format!("{n} is out of range here")))
            }
        }
    )+};
}

number_fields!(u16, u32, i64);

impl Field for bool {
    type Arg<'a> = bool;
    fn from_arg(arg: bool, _: &mut Pools) -> bool {
        arg
    }
    fn print(&self, out: &mut String, _: &Pools) {
        let _ = write!(out, "{self}");
    }
    fn parse(cursor: &mut Cursor<'_>, _: &mut Pools) -> Result<bool, ParseError> {
        cursor.keyword("bool", |text| match text {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        })
    }
}

/// Members of a table of `abi`, by name.
macro_rules! named_fields {
    ($($name:ident $what:literal,)+) => {$(
        impl Field for $name {
            type Arg<'a> = $name;
            fn from_arg(arg: $name, _: &mut Pools) -> $name { arg }
            fn print(&self, out: &mut String, _: &Pools) {
                out.push_str(self.name());
            }
            fn parse(cursor: &mut Cursor<'_>, _: &mut Pools) -> Result<$name, ParseError> {
                cursor.keyword($what, $name::from_name)
            }
        }
    )+};
}

named_fields! {
    PanicCode "panic code",
    RtFn "runtime function",
}

/// The pattern of a float constant, kept as that of an `f64` for `f32` too.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct FloatBits(pub u64);

impl FloatBits {
    /// The pattern of `x`.
    pub const fn new(x: f64) -> FloatBits {
        FloatBits(x.to_bits())
    }

    /// The number.
    pub const fn get(self) -> f64 {
        f64::from_bits(self.0)
    }
}

impl Field for FloatBits {
    type Arg<'a> = FloatBits;
    fn from_arg(arg: FloatBits, _: &mut Pools) -> FloatBits {
        arg
    }
    fn print(&self, out: &mut String, _: &Pools) {
        let x = self.get();
        // A NaN keeps its pattern; everything else has an exact decimal form.
        let _ = if x.is_finite() {
            write!(out, "{x:?}")
        } else {
            write!(out, "bits({:#018x})", self.0)
        };
    }
    fn parse(cursor: &mut Cursor<'_>, _: &mut Pools) -> Result<FloatBits, ParseError> {
        cursor.float_bits().map(FloatBits)
    }
}

impl Field for Type {
    type Arg<'a> = Type;
    fn from_arg(arg: Type, _: &mut Pools) -> Type {
        arg
    }
    fn print(&self, out: &mut String, _: &Pools) {
        out.push_str(self.name());
    }
    fn parse(cursor: &mut Cursor<'_>, _: &mut Pools) -> Result<Type, ParseError> {
        cursor.keyword("type", |text| Type::ALL.into_iter().find(|ty| ty.name() == text))
    }
}

impl Field for FieldRef {
    type Arg<'a> = FieldRef;
    fn from_arg(arg: FieldRef, _: &mut Pools) -> FieldRef {
        arg
    }
    fn print(&self, out: &mut String, _: &Pools) {
        let FieldRef { layout, variant, field } = self;
        let _ = write!(out, "layout{}.{variant}.{field}", layout.0);
    }
    fn parse(cursor: &mut Cursor<'_>, pools: &mut Pools) -> Result<FieldRef, ParseError> {
        let layout = LayoutId(cursor.entity("layout")?);
        cursor.expect(".")?;
        let variant = u16::parse(cursor, pools)?;
        cursor.expect(".")?;
        Ok(FieldRef { layout, variant, field: u16::parse(cursor, pools)? })
    }
}
