//! The few functions that every program shares: cold paths of polls, allocations and panics, and the
//! processor's own instructions.
//!
//! A cold path is one call from the function that needs it. What comes back from it (`poll`, `alloc`, `grow`, `log`) keeps
//! every register, so that the hot path's registers stay where they are; what does not come back is
//! an ordinary call. Must never be called on a hot path, but by quick code, which is soon left where it is hot.

use crate::builder::{Builder, Region};
use crate::decls::{Decls, rt_signature};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{self, AbiParam, InstBuilder, Signature, Value, types};
use cranelift_codegen::isa::CallConv;
use sepal_abi::{CtxField, NO_LOC, POISONED, PanicCode, RtFn};

/// The shared functions. The place of a panic is the one of the call: the trace begins at its return address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Thunk {
    /// `(code, a, b)`: raises a panic and ends the actor.
    Panic,
    /// The same for an integer overflow, the panic that code can have in most places: nothing to put in registers there.
    Overflow,
    /// Ends the actor after a runtime function has raised.
    Unwind,
    /// The slow path of a poll.
    Poll,
    /// `(slot)`: the slow path of an allocation. The slot holds header and size, and afterwards the object's
    /// address: one register is taken from the hot path, not three.
    Alloc,
    /// `(header, size) -> object`: a whole allocation, for code that shall be there soon.
    New,
    /// `(slot)`: moves an array into a longer one. The slot holds array and length, and afterwards the new
    /// array's address.
    Grow,
    /// `(place)`: the collector is told of the traced word there, before that is overwritten.
    Log,
    /// `(leaf, sub) -> (eax, ebx, ecx, edx)`.
    Cpuid,
}

/// The machine code of [`Thunk::Cpuid`]. The tail convention takes `edi esi` and gives `eax ecx edx esi`.
/// Not inline as the other instructions are: it serialises the processor, next to which a call is nothing,
/// and its four fixed registers include `rbx`, which only a function of its own can save.
pub(crate) const CPUID: [u8; 15] = [
    0x89, 0xf8, // mov eax, edi
    0x89, 0xf1, // mov ecx, esi
    0x53, // push rbx
    0x0f, 0xa2, // cpuid
    0x89, 0xd6, // mov esi, edx
    0x89, 0xca, // mov edx, ecx
    0x89, 0xd9, // mov ecx, ebx
    0x5b, // pop rbx
    0xc3, // ret
];

impl Thunk {
    /// All of them, in the order of their numbers.
    pub const ALL: [Thunk; 9] = [
        Thunk::Panic,
        Thunk::Overflow,
        Thunk::Unwind,
        Thunk::Poll,
        Thunk::Alloc,
        Thunk::New,
        Thunk::Grow,
        Thunk::Log,
        Thunk::Cpuid,
    ];

    /// The symbol's name.
    pub const fn name(self) -> &'static str {
        match self {
            Thunk::Panic => "spl_panic",
            Thunk::Overflow => "spl_overflow",
            Thunk::Unwind => "spl_unwind",
            Thunk::Poll => "spl_poll",
            Thunk::Alloc => "spl_alloc",
            Thunk::New => "spl_new",
            Thunk::Grow => "spl_grow",
            Thunk::Log => "spl_log",
            Thunk::Cpuid => "spl_cpuid",
        }
    }

    pub fn signature(self) -> Signature {
        let (conv, params, results): (_, &[ir::Type], &[ir::Type]) = match self {
            Thunk::Panic => (CallConv::Tail, &[types::I32, types::I64, types::I64], &[]),
            Thunk::Overflow | Thunk::Unwind => (CallConv::Tail, &[], &[]),
            Thunk::Poll => (CallConv::PreserveAll, &[], &[]),
            Thunk::Alloc | Thunk::Grow | Thunk::Log => (CallConv::PreserveAll, &[types::I64], &[]),
            Thunk::New => (CallConv::Tail, &[types::I64; 2], &[types::I64]),
            Thunk::Cpuid => (CallConv::Tail, &[types::I32; 2], &[types::I32; 4]),
        };
        let mut sig = Signature::new(conv);
        sig.params = params.iter().map(|&ty| AbiParam::new(ty)).collect();
        sig.returns = results.iter().map(|&ty| AbiParam::new(ty)).collect();
        sig
    }

    /// The runtime functions that it calls.
    pub const fn calls(self) -> &'static [RtFn] {
        match self {
            Thunk::Panic | Thunk::Overflow => &[RtFn::rt_raise, RtFn::rt_panic_at],
            Thunk::Unwind => &[RtFn::rt_panic_at],
            Thunk::Poll => &[RtFn::rt_poll, RtFn::rt_yield, RtFn::rt_panic_at],
            Thunk::Alloc | Thunk::New => &[RtFn::rt_object_alloc, RtFn::rt_panic_at],
            Thunk::Grow => &[RtFn::rt_array_grow, RtFn::rt_panic_at],
            Thunk::Log => &[RtFn::rt_gc_log],
            Thunk::Cpuid => &[],
        }
    }

    /// Writes the body; `false` for one that is machine code ([`CPUID`]).
    pub fn build(self, func: &mut ir::Function, decls: &Decls) -> bool {
        if self == Thunk::Cpuid {
            return false;
        }
        let params: Vec<ir::Type> = func.signature.params.iter().map(|p| p.value_type).collect();
        let mut b = Builder::new(func);
        let entry = b.create_block();
        let args: Vec<Value> = params.iter().map(|&ty| b.append_param(entry, ty)).collect();
        b.switch_to(entry);
        let ctx = b.context();
        match self {
            Thunk::Panic => {
                let code = b.ins().uextend(types::I64, args[0]);
                raise(&mut b, decls, [code, args[1], args[2]]);
            }
            Thunk::Overflow => {
                let code = b.int(types::I64, PanicCode::IntegerOverflow as i64);
                let none = b.int(types::I64, 0);
                raise(&mut b, decls, [code, none, none]);
            }
            Thunk::Unwind => panic_at(&mut b, decls, ctx),
            Thunk::Poll => {
                call_rt(&mut b, decls, RtFn::rt_poll, &[ctx]);
                return_unless_raised(&mut b, decls, ctx, |b| {
                    yield_if_poisoned(b, decls, ctx);
                    b.ins().return_(&[]);
                });
            }
            Thunk::Alloc => through_slot(&mut b, decls, RtFn::rt_object_alloc, args[0]),
            Thunk::New => new_object(&mut b, decls, args[0], args[1]),
            Thunk::Grow => through_slot(&mut b, decls, RtFn::rt_array_grow, args[0]),
            Thunk::Log => {
                call_rt(&mut b, decls, RtFn::rt_gc_log, &[ctx, args[0]]);
                b.ins().return_(&[]);
            }
            Thunk::Cpuid => {}
        }
        true
    }
}

fn call_rt(b: &mut Builder<'_>, decls: &Decls, f: RtFn, args: &[Value]) -> Option<Value> {
    let index = decls.rt[&f].as_u32();
    let callee = b.import(0, index, rt_signature(f), decls.near_runtime);
    b.call(callee, args).first().copied()
}

/// Raises a panic, of which code and operands are given, and ends the actor.
fn raise(b: &mut Builder<'_>, decls: &Decls, [code, first, second]: [Value; 3]) {
    let ctx = b.context();
    call_rt(b, decls, RtFn::rt_raise, &[ctx, code, first, second]);
    panic_at(b, decls, ctx);
}

/// Calls a runtime function of two words that gives one: all three in the slot.
fn through_slot(b: &mut Builder<'_>, decls: &Decls, f: RtFn, slot: Value) {
    let ctx = b.context();
    let first = b.load(types::I64, Region::Frame, slot, 0);
    let second = b.load(types::I64, Region::Frame, slot, 8);
    let result = call_rt(b, decls, f, &[ctx, first, second]);
    let result = result.expect("the function has a result");
    return_unless_raised(b, decls, ctx, |b| {
        b.store(Region::Frame, result, slot, 0);
        b.ins().return_(&[]);
    });
}

/// A bump of the allocation pointer, else the runtime.
fn new_object(b: &mut Builder<'_>, decls: &Decls, header: Value, size: Value) {
    let (object, full) = b.bump(header, size);
    b.ins().return_(&[object]);
    b.switch_to(full);
    let ctx = b.context();
    let object = call_rt(b, decls, RtFn::rt_object_alloc, &[ctx, header, size]);
    let object = object.expect("the function has a result");
    return_unless_raised(b, decls, ctx, |b| {
        b.ins().return_(&[object]);
    });
}

/// Ends the actor. This frame has no place of its own; the next one of the trace is the caller's.
fn panic_at(b: &mut Builder<'_>, decls: &Decls, ctx: Value) {
    let no_loc = b.int(types::I64, i64::from(NO_LOC));
    let frame = b.ins().get_frame_pointer(types::I64);
    call_rt(b, decls, RtFn::rt_panic_at, &[ctx, no_loc, frame]);
    b.unreachable();
}

fn return_unless_raised(
    b: &mut Builder<'_>,
    decls: &Decls,
    ctx: Value,
    return_: impl FnOnce(&mut Builder<'_>),
) {
    let (raised, fine) = (b.create_cold_block(), b.create_block());
    let code = b.load_context(CtxField::Panic);
    let is_raised = b.compare_const(IntCC::NotEqual, code, 0);
    b.branch(is_raised, (raised, &[]), (fine, &[]));
    b.switch_to(fine);
    return_(b);
    b.switch_to(raised);
    panic_at(b, decls, ctx);
}

/// Lets others run if the limit is poisoned still. Everything that the actor holds in registers is in this frame.
fn yield_if_poisoned(b: &mut Builder<'_>, decls: &Decls, ctx: Value) {
    let (shall_yield, go_on) = (b.create_block(), b.create_block());
    let limit = b.load(types::I64, Region::Context, ctx, CtxField::Limit.offset().cast_unsigned());
    let is_poisoned = b.compare_const(IntCC::Equal, limit, POISONED.cast_signed() as i64);
    b.branch(is_poisoned, (shall_yield, &[]), (go_on, &[]));
    b.switch_to(shall_yield);
    call_rt(b, decls, RtFn::rt_yield, &[ctx]);
    b.jump(go_on, &[]);
    b.switch_to(go_on);
}

/// A processor instruction that stands in the code itself. Cranelift has no such instructions: a call to a
/// marker that no module knows is compiled and then replaced, byte for byte, by what
/// [`CpuInst::bytes`] says. The marker's convention tells the register allocator what is clobbered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum CpuInst {
    /// Gives the counter in `edx:eax`, as a System V function gives a pair.
    Rdtsc,
    Pause,
}

impl CpuInst {
    /// The namespace of the markers; 0 and 1 are the module's functions and data.
    pub const NAMESPACE: u32 = 2;

    /// All of them, in the order of their numbers.
    pub const ALL: [CpuInst; 2] = [CpuInst::Rdtsc, CpuInst::Pause];

    /// The name in texts.
    pub const fn name(self) -> &'static str {
        match self {
            CpuInst::Rdtsc => "rdtsc",
            CpuInst::Pause => "pause",
        }
    }

    pub fn signature(self) -> Signature {
        match self {
            CpuInst::Rdtsc => {
                let mut sig = Signature::new(CallConv::SystemV);
                sig.returns = vec![AbiParam::new(types::I64); 2];
                sig
            }
            CpuInst::Pause => Signature::new(CallConv::PreserveAll),
        }
    }

    /// Five bytes, as long as a near call: the instruction, then one no-operation.
    pub const fn bytes(self) -> [u8; 5] {
        match self {
            CpuInst::Rdtsc => [0x0f, 0x31, 0x0f, 0x1f, 0x00],
            CpuInst::Pause => [0xf3, 0x90, 0x0f, 0x1f, 0x00],
        }
    }
}
