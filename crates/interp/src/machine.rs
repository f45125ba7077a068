//! The machine: the register stack, the way into and out of functions, panics and traces.
//!
//! Frames lie on one stack of words, each callee's beginning within its caller's, so that arguments are not
//! copied; nothing of Rust's stack is used for calls of the program. What lies below the end of the running
//! frame is a range of conservative roots.
//!
//! Reductions are counted at calls and backward jumps. When a budget is spent the machine looks whether
//! somebody has poisoned `ctx.limit`, and then polls the runtime.
//!
//! Must never hold a reference to the actor across anything that runs code of the runtime.

use crate::code::{Opcode, Word};
use crate::dispatch;
use crate::program::Program;
use crate::rt_calls::Thunk;
use crate::state::At;
use sepal_abi::{CLOSURE_CODE, Ctx, NO_LOC, PanicCode};
use sepal_mir::FuncId;
use sepal_rt::run::{Ended, MAIN_STACK};
use sepal_rt::{Actor, RootSource, fns::bodies, panics};
use std::cell::Cell;
use std::sync::atomic::Ordering;

/// What stands for a function in calls, closures and vtables.
#[derive(Debug)]
#[repr(C)]
pub struct Entry {
    /// The first instruction: of the function's code or, before its first call, of `stub`.
    pub code: Cell<*const u64>,
    /// The registers of its frame.
    pub frame: Cell<u32>,
    /// The place of the poll at the function's beginning, or `NO_LOC`.
    pub poll_loc: Cell<u32>,
    /// The instruction that translates the function.
    pub stub: u64,
}

/// The smallest objects that are never bumped inline; the collector keeps large ones elsewhere.
const TOO_LARGE: u64 = 4096;

/// So many reductions pass between two looks at the limit: some ten microseconds.
const BUDGET: i64 = 4000;

/// The "caller" of what the host calls: its frame begins two words into the stack, after a word for a single
/// result and the link.
const HOST_BASE: u32 = 2;
static HOST_CALL: [u64; 3] =
    [Word::with_wide(Opcode::Call, 0, HOST_BASE).0, 0, Word::with_wide(Opcode::Halt, 0, 0).0];
static HALT_PANIC: u64 = Word::with_wide(Opcode::HaltPanic, 0, 0).0;

/// See the module's head.
pub struct Machine<'p> {
    program: &'p Program<'p>,
    ctx: *mut Ctx,
    stack: Box<[Cell<u64>]>,
    /// Frames end at or below this address.
    stack_end: Cell<usize>,
    reductions: Cell<i64>,
    /// Where execution is, as long as anything outside the loop may ask.
    at: Cell<At>,
    /// The place of a callee that could not be entered for want of stack, or `NO_LOC`.
    refused: Cell<u32>,
}

impl<'p> Machine<'p> {
    /// A machine for an actor. `None` if there is no memory for its stack.
    ///
    /// # Safety
    /// The actor must live as long as the machine is used, on this thread.
    pub unsafe fn new(program: &'p Program<'p>, actor: *mut Actor) -> Option<Machine<'p>> {
        let stack = zeroed_stack(MAIN_STACK / 8)?;
        let at = At { pc: HOST_CALL.as_ptr(), fp: std::ptr::null_mut() };
        let machine = Machine {
            program,
            // SAFETY: the actor lives; its first field is the context.
            ctx: unsafe { &raw mut (*actor).ctx },
            stack_end: Cell::new(stack.as_ptr_range().end as usize - RED_ZONE),
            stack,
            reductions: Cell::new(BUDGET),
            at: Cell::new(at),
            refused: Cell::new(NO_LOC),
        };
        Some(machine)
    }

    /// The frames of this machine as roots of its actor; it must not be moved afterwards.
    pub fn as_roots(&self) -> RootSource {
        RootSource { data: (&raw const *self).cast_mut().cast(), scan: scan_frames }
    }

    fn stack_start(&self) -> *mut u64 {
        self.stack.as_ptr().cast_mut().cast()
    }

    fn actor(&self) -> *mut Actor {
        self.ctx.cast()
    }

    // ---- running ----

    /// Calls a function from outside. `Err`: a panic has been raised; the frames are still there for a trace.
    pub fn call(&self, func: FuncId, args: &[u64], results: usize) -> Result<Vec<u64>, Ended> {
        let host = At { pc: HOST_CALL.as_ptr(), fp: self.stack_start() };
        for (n, &arg) in args.iter().enumerate() {
            host.set_far(HOST_BASE + n as u32, arg);
        }
        let entry = self.program.entry(func);
        self.reductions.set(BUDGET);
        let end = dispatch::run(self, self.enter(host, HOST_BASE, entry));
        if At::opcode(end.word()) == Opcode::HaltPanic {
            return Err(Ended);
        }
        self.at.set(end);
        let first = if results == 1 { 0 } else { HOST_BASE };
        Ok((0..results as u32).map(|n| host.get_far(first + n)).collect())
    }

    /// Runs the program's entry and whatever is pending after a panic, reporting on the way.
    pub fn run_main(&self, entry: FuncId) -> Result<i64, Ended> {
        let result = self.call(entry, &[], 1);
        if result.is_err() {
            self.report();
            self.run_defers();
        }
        result.map(|words| words[0] as i64)
    }

    /// Prints the raised panic with its trace; the frames are then gone.
    fn report(&self) {
        // SAFETY: the actor is alive and nothing else runs in it.
        let actor = unsafe { &mut *self.actor() };
        if actor.raised() == Some(PanicCode::StackOverflow) {
            self.stack_end.set(self.stack.as_ptr_range().end as usize);
        }
        panics::report(actor, self.locs());
    }

    /// Runs pending defers, last first. A panic in one is reported and ends that one alone.
    fn run_defers(&self) {
        // SAFETY: the actor is alive, and the reference does not outlive the call.
        while let Some(closure) = unsafe { (*self.actor()).pop_defer() } {
            let code = crate::state::load(closure as u64, u64::from(CLOSURE_CODE));
            let func = self.program.func_of(code);
            if self.call(func, &[closure as u64], 0).is_err() {
                self.report();
            }
        }
    }

    // ---- calls ----

    /// Makes the callee's frame `base` registers up and goes to its code.
    #[inline(always)]
    pub fn enter(&self, at: At, base: u32, entry: *const Entry) -> At {
        // SAFETY: literals, closures and vtables hold addresses of the program's entries.
        let entry = unsafe { &*entry };
        let end = at.frame_end(base).wrapping_add(entry.frame.get() as usize);
        if end as usize > self.stack_end.get() {
            return self.overflow(at, entry);
        }
        let next = at.enter(base, entry.code.get());
        if self.spend() { self.poll(at, next) } else { next }
    }

    /// Goes to the callee's code in the frame of its caller, which is done.
    #[inline(always)]
    pub fn replace(&self, at: At, entry: *const Entry) -> At {
        // SAFETY: as in `enter`.
        let entry = unsafe { &*entry };
        if at.frame_end(entry.frame.get()) as usize > self.stack_end.get() {
            return self.overflow(at, entry);
        }
        let next = At { pc: entry.code.get(), fp: at.fp };
        if self.spend() { self.poll(at, next) } else { next }
    }

    /// Translates a function, in whose new frame `at` is, and goes to its code.
    pub fn translate(&self, at: At, func: u32) -> At {
        let entry = self.program.translate(FuncId(func));
        if at.frame_end(entry.frame.get()) as usize > self.stack_end.get() {
            // The trace begins with the call.
            return self.overflow(at.caller(), entry);
        }
        At { pc: entry.code.get(), fp: at.fp }
    }

    #[cold]
    #[inline(never)]
    fn overflow(&self, at: At, entry: &Entry) -> At {
        self.refused.set(entry.poll_loc.get());
        self.raise_now(at, PanicCode::StackOverflow, &[])
    }

    // ---- reductions ----

    /// Counts a reduction; true when the budget is spent.
    #[inline(always)]
    pub fn spend(&self) -> bool {
        let left = self.reductions.get() - 1;
        self.reductions.set(left);
        left < 0
    }

    /// Looks whether the runtime wants to be asked, at the end of a budget; then goes on at `next`.
    #[cold]
    #[inline(never)]
    pub fn poll(&self, at: At, next: At) -> At {
        self.reductions.set(BUDGET);
        let here = 0u8;
        // SAFETY: the context is alive; no reference to the actor is held.
        unsafe {
            if (*self.ctx).limit.load(Ordering::Relaxed) <= &raw const here as usize {
                return next;
            }
            self.at.set(at);
            bodies::rt_poll(self.ctx);
        }
        if self.has_panicked() { self.halted(at) } else { next }
    }

    // ---- allocation and the runtime ----

    /// An object of `size` bytes, zero but for its header. `None`: a panic has been raised.
    #[inline(always)]
    pub fn allocate(&self, at: At, header: u64, size: u64) -> Option<u64> {
        // SAFETY: the context is alive, and the bytes from `alloc_ptr` to `alloc_end` are the allocator's to give.
        unsafe {
            let start = (*self.ctx).alloc_ptr;
            if size as usize <= (*self.ctx).alloc_end - start && size < TOO_LARGE {
                (*self.ctx).alloc_ptr = start + size as usize;
                (start as *mut u64).write(header);
                return Some(start as u64);
            }
        }
        self.allocate_slow(at, header, size)
    }

    #[cold]
    #[inline(never)]
    fn allocate_slow(&self, at: At, header: u64, size: u64) -> Option<u64> {
        self.at.set(at);
        // SAFETY: the context is alive; no reference to the actor is held.
        let object = unsafe { bodies::rt_alloc(self.ctx, header as i64, size as i64) };
        (!self.has_panicked()).then_some(object as u64)
    }

    /// An array of `len` zeroed elements. `None`: a panic has been raised.
    #[cold]
    #[inline(never)]
    pub fn allocate_array(&self, at: At, header: u64, len: u64) -> Option<u64> {
        self.at.set(at);
        // SAFETY: the context is alive; no reference to the actor is held.
        let array = unsafe { bodies::rt_array_new(self.ctx, header as i64, len as i64) };
        (!self.has_panicked()).then_some(array as u64)
    }

    /// The area of module-level variables.
    #[inline(always)]
    pub fn globals(&self) -> u64 {
        // SAFETY: the context is alive.
        unsafe { (*self.ctx).globals as u64 }
    }

    /// Calls a runtime function with the operands of the instruction.
    #[inline(always)]
    pub fn call_rt(&self, at: At, thunk: Thunk) {
        self.at.set(at);
        thunk.call(self.ctx, at);
    }

    // ---- panics ----

    /// Whether a runtime function has raised a panic.
    #[inline(always)]
    pub fn has_panicked(&self) -> bool {
        // SAFETY: the context is alive.
        unsafe { (*self.ctx).panic != 0 }
    }

    /// Raises a panic in the instruction at `at`.
    #[cold]
    #[inline(never)]
    pub fn raise(&self, at: At, code: PanicCode, operands: [u64; PanicCode::MAX_OPERANDS]) -> At {
        self.raise_now(at, code, &operands)
    }

    fn raise_now(&self, at: At, code: PanicCode, operands: &[u64]) -> At {
        // SAFETY: the actor is alive, and the reference does not outlive the call.
        unsafe { (*self.actor()).raise(code, operands) };
        self.halted(at)
    }

    /// Where a raised panic leads: out of the loop, with the frames as they are.
    #[cold]
    #[inline(never)]
    pub fn halted(&self, at: At) -> At {
        self.at.set(at);
        At { pc: &raw const HALT_PANIC, fp: at.fp }
    }

    /// The places of the frames, innermost first, at the last raise.
    pub fn locs(&self) -> impl Iterator<Item = u32> {
        let refused = self.refused.replace(NO_LOC);
        let innermost = self.at.get();
        let innermost = (innermost.pc != HOST_CALL.as_ptr()).then_some(innermost);
        let frames = std::iter::successors(innermost, |at| {
            let caller = at.caller();
            (caller.pc != HOST_CALL.as_ptr()).then_some(caller)
        });
        let locs = frames.map(|at| self.program.loc(at.pc));
        std::iter::once(refused).chain(locs).filter(|&loc| loc != NO_LOC)
    }

    /// How many words of the stack are in use.
    fn used(&self) -> usize {
        let at = self.at.get();
        let frame = self.program.frame(at.pc);
        (at.frame_end(frame) as usize).saturating_sub(self.stack.as_ptr() as usize) / 8
    }
}

/// What stays free for pending defers after a stack overflow.
const RED_ZONE: usize = 128 * 1024;

/// Memory that the system makes zero where it is first touched. `None` if there is none.
fn zeroed_stack(words: usize) -> Option<Box<[Cell<u64>]>> {
    let layout = std::alloc::Layout::array::<Cell<u64>>(words).ok()?;
    // SAFETY: the layout is not empty; zero words are valid, and the box has the layout of the allocation.
    unsafe {
        let start = std::alloc::alloc_zeroed(layout).cast::<Cell<u64>>();
        let start = std::ptr::NonNull::new(start)?;
        Some(Box::from_raw(std::ptr::slice_from_raw_parts_mut(start.as_ptr(), words)))
    }
}

/// # Safety
/// `data` must be a living machine.
unsafe fn scan_frames(data: *mut u8, visit: &mut dyn FnMut(*const u64, usize)) {
    // SAFETY: the caller vouches for it.
    let machine = unsafe { &*data.cast::<Machine<'_>>() };
    visit(machine.stack_start(), machine.used());
}
