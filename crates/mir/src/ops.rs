//! `ops!`: the one table of MIR. Each line is an op: permanent number, names, operands, result,
//! effects. From it come the enums, walks over operands, printer, parser, the builder's methods and
//! the visitors, which have no default methods: a new op does not build until every engine has it.
//!
//! Must never be repeated: no other list of ops exists anywhere.

use crate::effects::Effects;
use crate::entities::*;
use crate::field::{Field, FloatBits};
use crate::function::{Function, Pools};
use crate::keywords::*;
use crate::text::{Cursor, ParseError};
use crate::types::Type;
use sepal_abi::{PanicCode, RtFn};

/// What an instruction defines.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ResultRule {
    /// Nothing.
    None,
    /// One value of this type.
    One(Type),
    /// As many as the callee's signature says.
    Callee,
}

macro_rules! result_rule {
    (none) => {
        ResultRule::None
    };
    (callee) => {
        ResultRule::Callee
    };
    (ends) => {
        ResultRule::None
    };
    (one($ty:expr)) => {
        ResultRule::One($ty)
    };
}

macro_rules! effects {
    (pure) => { Effects::PURE };
    ($($effect:ident),+) => { Effects::PURE$(.with(Effects::$effect))+ };
}

/// Expands one section of the table: an enum, its walks, its text form and its visitor.
macro_rules! instruction_enum {
    (
        $(#[$emeta:meta])* enum $enum:ident, visitor $visitor:ident, at $at:ty, with $func:ident;
        $($(#[$meta:meta])* $num:literal $variant:ident $name:ident
            { $($field:ident: $fty:ty),* } -> $rule:ident $(($ty:expr))? [$($effect:tt)+];)+
    ) => {
        $(#[$emeta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum $enum { $($(#[$meta])* $variant { $($field: $fty),* },)+ }

        impl $enum {
            /// Number, mnemonic and static effects of every member, in the order of the table.
            pub const TABLE: &'static [(u16, &'static str, Effects)] =
                &[$(($num, stringify!($name), effects!($($effect)+)),)+];

            /// The permanent number.
            pub const fn number(&self) -> u16 {
                match self { $($enum::$variant { .. } => $num,)+ }
            }

            /// The name in the text form.
            pub const fn mnemonic(&self) -> &'static str {
                match self { $($enum::$variant { .. } => stringify!($name),)+ }
            }

            /// The effects that the table gives. `effects` narrows them for runtime calls.
            pub const fn table_effects(&self) -> Effects {
                match self { $($enum::$variant { .. } => effects!($($effect)+),)+ }
            }

            /// What this defines, given the function it stands in.
            #[allow(unused_variables, reason = "most results depend on few of the fields")]
            pub fn result_rule(&self, $func: &Function) -> ResultRule {
                match *self {
                    $($enum::$variant { $($field),* } => result_rule!($rule $(($ty))?),)+
                }
            }

            /// Visits every value used.
            #[allow(unused_variables, reason = "some members use no values")]
            pub fn for_each_value(&self, pools: &Pools, visit: &mut impl FnMut(Value)) {
                match self {
                    $($enum::$variant { $($field),* } => {
                        $($field.for_each_value(pools, visit);)*
                    })+
                }
            }

            /// Replaces every value used.
            #[allow(unused_variables, reason = "some members use no values")]
            pub fn map_values(
                &mut self, pools: &mut Pools, map: &mut impl FnMut(Value) -> Value,
            ) {
                match self {
                    $($enum::$variant { $($field),* } => {
                        $($field.map_values(pools, map);)*
                    })+
                }
            }

            /// Visits every block this leads to.
            #[allow(unused_variables, reason = "only terminators have targets")]
            pub fn for_each_target(&self, pools: &Pools, visit: &mut impl FnMut(BlockCall)) {
                match self {
                    $($enum::$variant { $($field),* } => {
                        $($field.for_each_target(pools, visit);)*
                    })+
                }
            }

            /// Replaces every block this leads to.
            #[allow(unused_variables, reason = "only terminators have targets")]
            pub fn map_targets(
                &mut self,
                pools: &mut Pools,
                map: &mut impl FnMut(BlockCall, &mut Pools) -> BlockCall,
            ) {
                match self {
                    $($enum::$variant { $($field),* } => {
                        $($field.map_targets(pools, map);)*
                    })+
                }
            }

            /// The same with its lists copied from one function's pools to another's.
            #[allow(unused_variables, reason = "some members have no operands")]
            pub fn transfer(&self, from: &Pools, to: &mut Pools) -> $enum {
                match self {
                    $($enum::$variant { $($field),* } => $enum::$variant {
                        $($field: $field.transfer(from, to)),*
                    },)+
                }
            }

            /// The same with lists of its own, for another place in the same function.
            #[allow(unused_variables, reason = "some members have no operands")]
            pub fn duplicate(&self, pools: &mut Pools) -> $enum {
                match self {
                    $($enum::$variant { $($field),* } => $enum::$variant {
                        $($field: $field.duplicate(pools)),*
                    },)+
                }
            }

            /// Appends the mnemonic and the fields.
            #[allow(unused_variables, unused_assignments, unused_mut,
                reason = "some members have no operands")]
            pub fn print(&self, out: &mut String, pools: &Pools) {
                out.push_str(self.mnemonic());
                match self {
                    $($enum::$variant { $($field),* } => {
                        let mut separator = " ";
                        $(
                            out.push_str(separator);
                            separator = ", ";
                            $field.print(out, pools);
                        )*
                    })+
                }
            }

            /// Reads the fields of the member named `mnemonic`; `None` if there is none.
            #[allow(unused_variables, unused_assignments, unused_mut,
                reason = "some members have no operands")]
            pub fn parse(
                mnemonic: &str, cursor: &mut Cursor<'_>, pools: &mut Pools,
            ) -> Result<Option<$enum>, ParseError> {
                match mnemonic {
                    $(stringify!($name) => {
                        let mut first = true;
                        $(
                            if !first { cursor.expect(",")?; }
                            first = false;
                            let $field = <$fty as Field>::parse(cursor, pools)?;
                        )*
                        Ok(Some($enum::$variant { $($field),* }))
                    })+
                    _ => Ok(None),
                }
            }

            /// Calls the method of `visitor` for this member.
            pub fn visit<V: $visitor + ?Sized>(self, at: $at, visitor: &mut V) -> V::Output {
                match self {
                    $($enum::$variant { $($field),* } => visitor.$name(at, $($field),*),)+
                }
            }
        }

        /// One method for each member of the table, none with a default.
        pub trait $visitor {
            /// What visiting gives.
            type Output;
            $(
                $(#[$meta])*
                fn $name(&mut self, at: $at, $($field: $fty),*) -> Self::Output;
            )+
        }

        builder_methods! { $enum; $($(#[$meta])* $variant $name { $($field: $fty),* } $rule;)+ }
    };
}

/// The builder's method for every member of a section.
macro_rules! builder_methods {
    ($enum:ident; $($(#[$meta:meta])* $variant:ident $name:ident
        { $($field:ident: $fty:ty),* } $rule:ident;)+) => {
        impl crate::builder::FunctionBuilder {
            $(builder_method! { $rule $(#[$meta])* $enum $variant $name { $($field: $fty),* } })+
        }
    };
}

macro_rules! builder_method {
    (one $(#[$meta:meta])* $enum:ident $variant:ident $name:ident
        { $($field:ident: $fty:ty),* }) => {
        $(#[$meta])*
        pub fn $name(&mut self, $($field: <$fty as Field>::Arg<'_>),*) -> Value {
            $(let $field = <$fty as Field>::from_arg($field, self.pools());)*
            self.insert_one($enum::$variant { $($field),* })
        }
    };
    (none $(#[$meta:meta])* $enum:ident $variant:ident $name:ident
        { $($field:ident: $fty:ty),* }) => {
        $(#[$meta])*
        pub fn $name(&mut self, $($field: <$fty as Field>::Arg<'_>),*) {
            $(let $field = <$fty as Field>::from_arg($field, self.pools());)*
            self.insert($enum::$variant { $($field),* }, &[]);
        }
    };
    (callee $(#[$meta:meta])* $enum:ident $variant:ident $name:ident
        { $($field:ident: $fty:ty),* }) => {
        $(#[$meta])*
        pub fn $name(
            &mut self, $($field: <$fty as Field>::Arg<'_>,)* results: &[Type],
        ) -> crate::function::Results {
            $(let $field = <$fty as Field>::from_arg($field, self.pools());)*
            self.insert($enum::$variant { $($field),* }, results)
        }
    };
    (ends $(#[$meta:meta])* $enum:ident $variant:ident $name:ident
        { $($field:ident: $fty:ty),* }) => {
        $(#[$meta])*
        pub fn $name(&mut self, $($field: <$fty as Field>::Arg<'_>),*) {
            $(let $field = <$fty as Field>::from_arg($field, self.pools());)*
            self.terminate($enum::$variant { $($field),* });
        }
    };
}

instruction_enum! {
    /// An instruction's operation with its operands.
    enum Op, visitor OpVisitor, at Inst, with func;

    /// An integer, sign-extended from its width (255 of an `i8` is -1); for `any`, the raw tagged
    /// word of an immediate, or the 0 of a new field.
    1 ConstInt const_int { ty: Type, value: i64 } -> one(ty) [pure];
    /// A float.
    2 ConstFloat const_float { ty: Type, value: FloatBits } -> one(ty) [pure];
    /// A `bool`.
    3 ConstBool const_bool { value: bool } -> one(Type::Bool) [pure];
    /// A string or bytes constant: a static object.
    4 ConstString const_string { string: StrId } -> one(Type::Ref) [pure];
    /// The number of a `:symbol`.
    5 ConstSymbol const_symbol { symbol: SymId } -> one(Type::I32) [pure];
    /// A null `Ref` or `Ptr`.
    6 ConstNull const_null { ty: Type } -> one(ty) [pure];
    /// A constant heap object.
    7 ConstObject const_object { object: StaticId } -> one(Type::Ref) [pure];
    /// The address of a function's code.
    8 FuncAddr func_addr { func: FuncId } -> one(Type::Ptr) [pure];
    /// The address of a vtable.
    9 VtableAddr vtable_addr { vtable: VtableId } -> one(Type::Ptr) [pure];
    /// The same value.
    10 Copy copy { value: Value } -> one(func.ty(value)) [pure];
    /// An operator that cannot fail.
    11 BinOp bin_op { op: BinOp, a: Value, b: Value }
        -> one(if op.is_comparison() { Type::Bool } else { func.ty(a) }) [pure];
    /// An integer operator that panics when its result does not fit.
    12 CheckedOp checked_op { op: CheckedOp, a: Value, b: Value } -> one(func.ty(a)) [PANICS];
    /// An operator of one operand.
    13 UnaryOp unary_op { op: UnaryOp, value: Value } -> one(func.ty(value)) [pure];
    /// A conversion that cannot fail.
    14 Cast cast { kind: CastKind, ty: Type, value: Value } -> one(ty) [pure];
    /// A conversion that panics when the value does not fit.
    15 CheckedCast checked_cast { kind: CheckedCastKind, ty: Type, value: Value }
        -> one(ty) [PANICS];
    /// `a` if the `bool` holds, else `b`; both have been computed.
    16 Select select { cond: Value, a: Value, b: Value } -> one(func.ty(a)) [pure];

    /// A new object with all fields zero.
    20 GcAlloc gc_alloc { layout: LayoutId, variant: u16 } -> one(Type::Ref) [ALLOCATES];
    /// A new object with all fields given.
    21 StructInit struct_init { layout: LayoutId, variant: u16, fields: ValueList }
        -> one(Type::Ref) [ALLOCATES];
    /// A field of an object, which is not null.
    22 FieldGet field_get { ty: Type, field: FieldRef, object: Value } -> one(ty) [READS];
    /// Stores into a field of an object, which is not null.
    23 FieldSet field_set { field: FieldRef, object: Value, value: Value } -> none [WRITES];
    /// The variant in the header of a boxed enum value.
    24 EnumDiscriminant enum_discriminant { object: Value } -> one(Type::I64) [pure];
    /// A closure object: field 0 of its layout is the code, the captures follow.
    25 ClosureCreate closure_create { layout: LayoutId, func: FuncId, captures: ValueList }
        -> one(Type::Ref) [ALLOCATES];

    /// A new array of `len` zeroed elements; `len` is not negative.
    30 ArrayNew array_new { layout: LayoutId, len: Value } -> one(Type::Ref) [ALLOCATES];
    /// The length word of an array, string or bytes.
    31 ArrayLen array_len { array: Value } -> one(Type::I64) [pure];
    /// A new array of the elements given, each as all its slots.
    32 ArrayLit array_lit { layout: LayoutId, values: ValueList } -> one(Type::Ref) [ALLOCATES];
    /// One slot of an element; the index is known to be in range.
    33 IndexGet index_get { ty: Type, layout: LayoutId, slot: u16, array: Value, index: Value }
        -> one(ty) [READS];
    /// Stores one slot of an element; the index is known to be in range.
    34 IndexSet index_set {
        layout: LayoutId, slot: u16, array: Value, index: Value, value: Value
    } -> none [WRITES];
    /// The index, counted from the end when negative; panics when it is not below `len`.
    35 BoundsCheck bounds_check { index: Value, len: Value } -> one(Type::I64) [PANICS];

    /// A call of a known function.
    40 Call call { func: FuncId, args: ValueList } -> callee [CALLS];
    /// A call of a closure's code with `(closure, args…)`; the signature has the closure first.
    41 IndirectCall indirect_call { sig: SigId, closure: Value, args: ValueList }
        -> callee [CALLS];
    /// A call of slot `slot` of the object's vtable with `(object, args…)`; the vtable is the word
    /// after the header, the signature has the object first.
    42 MethodCallVirtual method_call_virtual {
        sig: SigId, slot: u32, object: Value, args: ValueList
    } -> callee [CALLS];
    /// A call of a runtime function.
    43 CallRt call_rt { rt: RtFn, args: ValueList } -> callee [CALLS];
    /// A call of a C function.
    44 CallExtern call_extern { func: ExternId, args: ValueList } -> callee [CALLS];

    /// An immediate `any` of a value known to fit.
    50 AnyPack any_pack { tag: AnyTag, value: Value } -> one(Type::Any) [pure];
    /// The low three bits: 0 heap pointer, 1 int, 2 float, 3 bool, 4 nil.
    51 AnyTag any_tag { value: Value } -> one(Type::I64) [pure];
    /// The payload of an immediate whose tag is known.
    52 AnyUnpack any_unpack { tag: AnyTag, value: Value }
        -> one(match tag {
            AnyTag::Int => Type::I64,
            AnyTag::Float => Type::F64,
            AnyTag::Bool => Type::Bool,
        }) [pure];

    /// A module-level variable.
    60 GlobalGet global_get { ty: Type, global: GlobalId } -> one(ty) [READS];
    /// Stores into a module-level variable.
    61 GlobalSet global_set { global: GlobalId, value: Value } -> none [WRITES];

    /// Panics with the text when the condition does not hold.
    70 ContractCheck contract_check { kind: ContractKind, cond: Value, message: StrId }
        -> none [PANICS];

    /// Compares the limit with the stack pointer, or with what it is while the actor shall give way: preemption and stack
    /// overflow. Put in by the last pass, one in every cycle of the flow graph and at the entry of whatever calls.
    80 Poll poll { kind: PollKind } -> none [SUSPENDS];
    /// The time-stamp counter.
    81 CpuRdtsc cpu_rdtsc {} -> one(Type::I64) [ORDERED];
    /// `cpuid`: four `i32`, eax, ebx, ecx, edx.
    82 CpuCpuid cpu_cpuid { leaf: Value, sub: Value } -> callee [ORDERED];
    /// The spin-wait hint.
    83 CpuPause cpu_pause {} -> none [ORDERED];
    /// A full memory fence.
    84 CpuFence cpu_fence {} -> none [READS, WRITES, ORDERED];

    /// Parks the actor until something has happened that concerns it. The suspend transform takes
    /// this and the next three out: no engine sees them.
    90 Wait wait {} -> none [CALLS];
    /// Gives values to whoever drives the generator that this stands in.
    91 Yield yield_ { values: ValueList } -> none [CALLS];
    /// The frame of a body that has not begun: an actor's, a task's, a generator's.
    92 FrameNew frame_new { func: FuncId, args: ValueList } -> one(Type::Ref) [ALLOCATES];
    /// Whether the generator gave another value, and the value; the signature takes the generator.
    93 GeneratorNext generator_next { sig: SigId, generator: Value } -> callee [CALLS];
}

instruction_enum! {
    /// How a block ends.
    enum Terminator, visitor TerminatorVisitor, at Block, with func;

    /// Goes on in another block.
    200 Jump jump { target: BlockCall } -> ends [pure];
    /// Goes one of two ways.
    201 Branch branch { cond: Value, then: BlockCall, otherwise: BlockCall, hint: Hint }
        -> ends [pure];
    /// Goes the way of the case equal to an integer, or the default.
    202 Switch switch { value: Value, cases: CaseList, default: BlockCall } -> ends [pure];
    /// Leaves the function.
    203 Return return_ { values: ValueList } -> ends [pure];
    /// Leaves the function by calling another in its place.
    204 TailCall tail_call { func: FuncId, args: ValueList } -> ends [CALLS];
    /// Leaves the function by calling a closure in its place.
    205 TailCallIndirect tail_call_indirect { sig: SigId, closure: Value, args: ValueList }
        -> ends [CALLS];
    /// Leaves the function by calling a method of a `dyn` value in its place.
    206 TailCallVirtual tail_call_virtual {
        sig: SigId, slot: u32, object: Value, args: ValueList
    } -> ends [CALLS];
    /// Ends the actor with a message.
    207 Panic panic { code: PanicCode, args: ValueList } -> ends [PANICS];
    /// Never reached: a call before it does not return.
    208 Unreachable unreachable {} -> ends [pure];
}

impl Op {
    /// Whether this is a constant: a literal or a static object, without operands.
    pub const fn is_constant(&self) -> bool {
        matches!(
            self,
            Op::ConstInt { .. }
                | Op::ConstFloat { .. }
                | Op::ConstBool { .. }
                | Op::ConstString { .. }
                | Op::ConstSymbol { .. }
                | Op::ConstNull { .. }
                | Op::ConstObject { .. }
        )
    }

    /// The function that the op names, if it names one.
    pub fn function_mut(&mut self) -> Option<&mut FuncId> {
        if let Op::Call { func, .. }
        | Op::FuncAddr { func }
        | Op::ClosureCreate { func, .. }
        | Op::FrameNew { func, .. } = self
        {
            Some(func)
        } else {
            None
        }
    }
}

impl Terminator {
    /// The call that a tail call makes.
    pub fn as_call(&self) -> Option<Op> {
        match *self {
            Terminator::TailCall { func, args } => Some(Op::Call { func, args }),
            Terminator::TailCallIndirect { sig, closure, args } => {
                Some(Op::IndirectCall { sig, closure, args })
            }
            Terminator::TailCallVirtual { sig, slot, object, args } => {
                Some(Op::MethodCallVirtual { sig, slot, object, args })
            }
            Terminator::Jump { .. }
            | Terminator::Branch { .. }
            | Terminator::Switch { .. }
            | Terminator::Return { .. }
            | Terminator::Panic { .. }
            | Terminator::Unreachable {} => None,
        }
    }

    /// Visits the values this uses beside the arguments of its jumps.
    pub fn for_each_own_value(&self, pools: &Pools, mut visit: impl FnMut(Value)) {
        match *self {
            Terminator::Jump { .. } | Terminator::Unreachable {} => {}
            Terminator::Branch { cond, .. } => visit(cond),
            Terminator::Switch { value, .. } => visit(value),
            Terminator::Return { .. }
            | Terminator::TailCall { .. }
            | Terminator::TailCallIndirect { .. }
            | Terminator::TailCallVirtual { .. }
            | Terminator::Panic { .. } => self.for_each_value(pools, &mut visit),
        }
    }
}
