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
use sepal_abi::{Ctx, NO_LOC, POISONED, PanicCode};
use sepal_machine::memory;
use sepal_mir::FuncId;
use sepal_rt::{Actor, RootSource, fns::bodies, panics};
use std::cell::Cell;
use std::ptr::NonNull;
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
static HALT_PREEMPTED: u64 = Word::with_wide(Opcode::HaltPreempted, 0, 0).0;

/// How the loop came back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// The results are there.
    Returned,
    /// A panic has been raised; the frames are still there for a trace.
    Panicked,
    /// The actor shall proceed later.
    Preempted,
}

/// See the module's head.
pub struct Machine<'p> {
    program: &'p Program<'p>,
    /// Of the actor that runs.
    ctx: Cell<*mut Ctx>,
    stack: RegisterStack,
    reductions: Cell<i64>,
    /// Where execution is, as long as anything outside the loop may ask.
    at: Cell<At>,
    /// Where a preempted actor goes on.
    preempted: Cell<At>,
    /// The place of a callee that could not be entered for want of stack, or `NO_LOC`.
    refused: Cell<u32>,
}

impl<'p> Machine<'p> {
    /// A machine with a register stack of `bytes`. `None` if there is no memory for it.
    pub fn new(program: &'p Program<'p>, bytes: usize) -> Option<Machine<'p>> {
        let at = At { pc: HOST_CALL.as_ptr(), fp: std::ptr::null_mut() };
        Some(Machine {
            program,
            ctx: Cell::new(std::ptr::null_mut()),
            stack: RegisterStack::new(bytes)?,
            reductions: Cell::new(BUDGET),
            at: Cell::new(at),
            preempted: Cell::new(at),
            refused: Cell::new(NO_LOC),
        })
    }

    /// Says which actor is run.
    ///
    /// # Safety
    /// The actor must live as long as it is run, on this thread.
    pub unsafe fn serve(&self, actor: *mut Actor) {
        self.at.set(At { pc: HOST_CALL.as_ptr(), fp: self.stack_start() });
        // SAFETY: the actor lives; its first field is the context.
        self.ctx.set(unsafe { &raw mut (*actor).ctx });
    }

    /// The frames of this machine as roots of its actor; it must not be moved afterwards.
    pub fn as_roots(&self) -> RootSource {
        RootSource { data: (&raw const *self).cast_mut().cast(), scan: scan_frames }
    }

    fn stack_start(&self) -> *mut u64 {
        self.stack.start.as_ptr()
    }

    fn actor(&self) -> *mut Actor {
        self.ctx.get().cast()
    }

    // ---- running ----

    /// Calls a function from outside.
    pub fn call_entry(&self, entry: &Entry, args: &[u64]) -> End {
        let host = At { pc: HOST_CALL.as_ptr(), fp: self.stack_start() };
        for (n, &arg) in args.iter().enumerate() {
            host.set_far(HOST_BASE + n as u32, arg);
        }
        self.at.set(host);
        self.go_on(|| self.enter(host, HOST_BASE, entry))
    }

    /// Goes on where the actor was preempted.
    pub fn proceed(&self) -> End {
        self.go_on(|| self.preempted.get())
    }

    fn go_on(&self, begin: impl FnOnce() -> At) -> End {
        self.reductions.set(BUDGET);
        let end = dispatch::run(self, begin());
        let opcode = At::opcode(end.word());
        if opcode == Opcode::HaltPanic {
            return End::Panicked;
        }
        if opcode == Opcode::HaltPreempted {
            return End::Preempted;
        }
        self.at.set(end);
        End::Returned
    }

    /// The result of a function that returns a single one.
    pub fn first_result(&self) -> u64 {
        At { pc: HOST_CALL.as_ptr(), fp: self.stack_start() }.get_far(0)
    }

    /// Calls a function and gives its results. `Err`: a panic has been raised.
    #[cfg(test)]
    pub fn call(
        &self,
        func: FuncId,
        args: &[u64],
        results: usize,
    ) -> Result<Vec<u64>, sepal_rt::Ended> {
        let mut end = self.call_entry(self.program.entry(func), args);
        while end == End::Preempted {
            end = self.proceed();
        }
        if end == End::Panicked {
            return Err(sepal_rt::Ended);
        }
        let host = At { pc: HOST_CALL.as_ptr(), fp: self.stack_start() };
        let first = if results == 1 { 0 } else { HOST_BASE };
        Ok((0..results as u32).map(|n| host.get_far(first + n)).collect())
    }

    /// Prints the raised panic with its trace; the frames are then gone.
    pub fn report(&self) {
        // SAFETY: the actor is alive and nothing else runs in it.
        let actor = unsafe { &mut *self.actor() };
        panics::report(actor, self.locs());
    }

    // ---- calls ----

    /// Makes the callee's frame `base` registers up and goes to its code.
    #[inline(always)]
    pub fn enter(&self, at: At, base: u32, entry: *const Entry) -> At {
        // SAFETY: literals, closures and vtables hold addresses of the program's entries.
        let entry = unsafe { &*entry };
        let end = at.frame_end(base).wrapping_add(entry.frame.get() as usize);
        if end as usize > self.stack.end {
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
        if at.frame_end(entry.frame.get()) as usize > self.stack.end {
            return self.overflow(at, entry);
        }
        let next = At { pc: entry.code.get(), fp: at.fp };
        if self.spend() { self.poll(at, next) } else { next }
    }

    /// Translates a function, in whose new frame `at` is, and goes to its code.
    pub fn translate(&self, at: At, func: u32) -> At {
        let entry = self.program.translate(FuncId(func));
        if at.frame_end(entry.frame.get()) as usize > self.stack.end {
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
        let limit = self.limit();
        if limit <= &raw const here as usize {
            return next;
        }
        self.at.set(at);
        // SAFETY: the context is alive; no reference to the actor is held.
        unsafe { bodies::rt_poll(self.ctx.get()) };
        if self.has_panicked() {
            return self.halted(at);
        }
        if self.is_poisoned() {
            self.preempted.set(next);
            return At { pc: &raw const HALT_PREEMPTED, fp: next.fp };
        }
        next
    }

    /// Whether the actor is asked to look up.
    #[inline(always)]
    pub fn is_poisoned(&self) -> bool {
        self.limit() == POISONED
    }

    #[inline(always)]
    fn limit(&self) -> usize {
        // SAFETY: the context is alive.
        unsafe { (*self.ctx.get()).limit.load(Ordering::Relaxed) }
    }

    // ---- allocation and the runtime ----

    /// An object of `size` bytes, zero but for its header. `None`: a panic has been raised.
    #[inline(always)]
    pub fn allocate(&self, at: At, header: u64, size: u64) -> Option<u64> {
        // SAFETY: the context is alive, and the bytes from `alloc_ptr` to `alloc_end` are the allocator's to give.
        unsafe {
            let start = (*self.ctx.get()).alloc_ptr;
            if size as usize <= (*self.ctx.get()).alloc_end - start && size < TOO_LARGE {
                (*self.ctx.get()).alloc_ptr = start + size as usize;
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
        let object = unsafe { bodies::rt_object_alloc(self.ctx.get(), header as i64, size as i64) };
        (!self.has_panicked()).then_some(object as u64)
    }

    /// An array of `len` zeroed elements. `None`: a panic has been raised.
    #[cold]
    #[inline(never)]
    pub fn allocate_array(&self, at: At, header: u64, len: u64) -> Option<u64> {
        self.at.set(at);
        // SAFETY: the context is alive; no reference to the actor is held.
        let array = unsafe { bodies::rt_array_alloc(self.ctx.get(), header as i64, len as i64) };
        (!self.has_panicked()).then_some(array as u64)
    }

    /// Whether the collector is marking, and so must know of each traced word that is overwritten.
    #[inline(always)]
    pub fn is_marking(&self) -> bool {
        // SAFETY: the context is alive.
        unsafe { (*self.ctx.get()).marking != 0 }
    }

    /// Tells the collector of the traced word at an address.
    #[cold]
    #[inline(never)]
    pub fn log(&self, place: u64) {
        // SAFETY: the context is alive, and the place is a word of an object; no reference to the actor is held.
        unsafe { bodies::rt_gc_log(self.ctx.get(), place as *const u8) };
    }

    /// Gives the actor module-level variables of its own, before it stores into one.
    pub fn own_globals(&self) {
        // SAFETY: the context is alive; no reference to the actor is held.
        unsafe { bodies::rt_globals_own(self.ctx.get()) };
    }

    /// The area of module-level variables.
    #[inline(always)]
    pub fn globals(&self) -> u64 {
        // SAFETY: the context is alive.
        unsafe { (*self.ctx.get()).globals as u64 }
    }

    /// Calls a runtime function with the operands of the instruction.
    #[inline(always)]
    pub fn call_rt(&self, at: At, thunk: Thunk) {
        self.at.set(at);
        thunk.call(self.ctx.get(), at);
    }

    // ---- panics ----

    /// Whether a runtime function has raised a panic.
    #[inline(always)]
    pub fn has_panicked(&self) -> bool {
        // SAFETY: the context is alive.
        unsafe { (*self.ctx.get()).panic != 0 }
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
        let locs = self.frames().map(|at| self.program.loc(at.pc));
        std::iter::once(refused).chain(locs).filter(|&loc| loc != NO_LOC)
    }

    /// The same for an actor that was preempted, the innermost one as near as it is known.
    pub fn preempted_locs(&self) -> impl Iterator<Item = u32> {
        let innermost = self.program.loc_near(self.at.get().pc);
        let callers = self.frames().skip(1).map(|at| self.program.loc(at.pc));
        std::iter::once(innermost).chain(callers).filter(|&loc| loc != NO_LOC)
    }

    /// Where the running frames stand, innermost first.
    fn frames(&self) -> impl Iterator<Item = At> {
        let innermost = self.at.get();
        let innermost = (innermost.pc != HOST_CALL.as_ptr()).then_some(innermost);
        std::iter::successors(innermost, |at| {
            let caller = at.caller();
            (caller.pc != HOST_CALL.as_ptr()).then_some(caller)
        })
    }

    /// How many words of the stack are in use.
    fn used(&self) -> usize {
        let at = self.at.get();
        let frame = self.program.frame(at.pc);
        (at.frame_end(frame) as usize).saturating_sub(self.stack_start() as usize) / 8
    }
}

/// Memory for frames, zero where it was never touched.
#[derive(Debug)]
struct RegisterStack {
    start: NonNull<u64>,
    bytes: usize,
    /// Frames end at or below this address.
    end: usize,
}

impl RegisterStack {
    fn new(bytes: usize) -> Option<RegisterStack> {
        let start = memory::map(bytes)?;
        Some(RegisterStack { start: start.cast(), bytes, end: start.as_ptr() as usize + bytes })
    }
}

impl Drop for RegisterStack {
    fn drop(&mut self) {
        // SAFETY: the memory was mapped by `new`, and no frame is in use any more.
        unsafe { memory::unmap(self.start.cast(), self.bytes) };
    }
}

/// # Safety
/// `data` must be a living machine.
unsafe fn scan_frames(data: *mut u8, visit: &mut dyn FnMut(*const u64, usize)) {
    // SAFETY: the caller vouches for it.
    let machine = unsafe { &*data.cast::<Machine<'_>>() };
    visit(machine.stack_start(), machine.used());
}
