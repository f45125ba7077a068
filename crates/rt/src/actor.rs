//! An actor: its context, heap, mailbox, pending defers and raised panic.
//!
//! Compiled code holds the context's address in `r15`; since the context is the actor's first field, that is the
//! actor's address too. All fields but the context's limit belong to the thread that runs the actor; what others may
//! touch is in `sched::slot`. An idle actor shall be small: what few actors need is in [`Cold`], made when
//! it is first needed.
//!
//! | field | who touches it, when |
//! |---|---|
//! | `ctx` | compiled code and the runtime, see `abi::Ctx` |
//! | `heap` | allocation and collection |
//! | `leaf` | the trampoline and `rt_suspend`; a root |
//! | `queue` | receiving; a root |
//! | `stack` | the engine, while the actor runs or is preempted |
//! | `apart` | what is not needed by most, see `sched::cold` |
//! | `next`, `phase` | the trampoline |
//!
//! Must never hand out a reference to itself that lives across a call into compiled code.

use crate::heap::{Due, Heap, Roots};
use crate::limits;
use crate::run::RuntimeRef;
use crate::sched::cold::{Apart, Cold};
use crate::sched::inbox::Queue;
use crate::sched::post::SENDS_OF_TURN;
use crate::sched::signal::Reason;
use crate::sched::slot::{Pid, SlotRef};
use crate::sched::stacks;
use sepal_abi::{Ctx, DescId, FRAME_LOC, FRAME_PARENT, Header, Image, NO_LOC, ObjPtr, Object};
use sepal_abi::{PanicCode, STR_DATA, is_traced_pointer};
use sepal_machine::r#gen::with_registers_spilled;
use sepal_machine::memory::Stack;
use std::cell::Cell;
use std::sync::atomic::{Ordering, fence};

/// Native code may use so much below the limit that polls compare with: runtime functions and what they
/// call run there, and functions without polls.
pub const RED_ZONE: usize = 256 * 1024;
/// The heap limit before the machine is asked for its memory.
const PROVISIONAL_LIMIT: usize = 32 * 1024 * 1024;
/// After the heap limit was exceeded, pending defers may still allocate so much.
const HEAP_FOR_DEFERS: usize = 1024 * 1024;

thread_local! {
    /// Where the stack of an engine that runs actors on the thread's own stack begins.
    static THREAD_BASE: Cell<usize> = const { Cell::new(0) };
}

/// Further roots, such as an interpreter's frames.
#[derive(Clone, Copy)]
pub struct RootSource {
    /// Given to `scan`.
    pub data: *mut u8,
    /// Calls its second argument with every range of words that may hold references. Must not allocate in the
    /// actor's heap.
    pub scan: unsafe fn(data: *mut u8, visit: &mut dyn FnMut(*const u64, usize)),
}

/// What a worker does next with an actor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Next {
    /// Enters the program's plain entry.
    Entry,
    /// Resumes `leaf`.
    Resume,
    /// Goes on where the actor was preempted.
    Proceed,
    /// Sees what its phase has left to do.
    Advance,
}

/// How far an actor's life has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Phase {
    Body,
    /// Its reason stands; pending defers run.
    Defers,
    /// `terminate` runs.
    Terminate,
}

/// What native code needs to run: a stack and, while it is preempted, where that stands.
#[derive(Debug)]
pub(crate) struct Activation {
    pub(crate) stack: Stack,
    pub(crate) sp: usize,
}

/// See the module's head.
#[repr(C)]
pub struct Actor {
    pub ctx: Ctx,
    pub heap: Heap,
    pub runtime: RuntimeRef,
    pub(crate) pid: Pid,
    /// The innermost frame: the one that waits or runs. Null before the first and after the last.
    pub(crate) leaf: ObjPtr,
    pub(crate) queue: Queue,
    pub(crate) stack: Option<Box<Activation>>,
    pub(crate) apart: Apart,
    pub(crate) next: Next,
    /// What the run was that is going on, or was preempted.
    pub(crate) doing: Next,
    pub(crate) phase: Phase,
    pub(crate) priority: u8,
    /// So many messages may be sent in this turn before others shall have theirs.
    pub(crate) sends_left: u8,
    pub(crate) traps_exits: bool,
    /// Something may have come since code that was preempted looked for it.
    pub(crate) has_news: bool,
    /// The heap's limit is a first one, low enough for every machine: asking for the machine's memory costs more
    /// than a small program's whole start.
    limit_is_provisional: bool,
}

const _: () = assert!(std::mem::offset_of!(Actor, ctx) == 0);

impl Actor {
    /// An actor with an empty heap and nothing to run. `None` if the kernel gives no memory.
    pub(crate) fn new(runtime: RuntimeRef, pid: Pid, max_heap: Option<usize>) -> Option<Actor> {
        let limit = max_heap.or(runtime.max_heap());
        let first_limit = limit.unwrap_or(PROVISIONAL_LIMIT);
        // SAFETY: the runtime outlives its actors.
        let heap = unsafe { Heap::new(&runtime.descs, first_limit, runtime.pace()) };
        let ctx = Ctx::new(runtime.no_globals());
        if let Some(low) = stacks::expected() {
            // If it runs there, its limit need not be changed, which takes a fence. Nobody else knows it yet.
            ctx.limit.store(low + RED_ZONE, Ordering::Relaxed);
        }
        Some(Actor {
            ctx,
            heap,
            runtime,
            pid,
            leaf: std::ptr::null_mut(),
            queue: Queue::EMPTY,
            stack: None,
            apart: Apart::NOTHING,
            next: Next::Resume,
            doing: Next::Resume,
            phase: Phase::Body,
            priority: 1,
            sends_left: SENDS_OF_TURN,
            traps_exits: false,
            has_news: false,
            limit_is_provisional: limit.is_none(),
        })
    }

    /// The actor of a context.
    ///
    /// # Safety
    /// `ctx` must be the context of a living actor of this thread, to which no other reference is in use.
    #[inline(always)]
    pub unsafe fn of<'a>(ctx: *mut Ctx) -> &'a mut Actor {
        // SAFETY: the context is the actor's first field.
        unsafe { &mut *ctx.cast::<Actor>() }
    }

    /// The program.
    pub fn image(&self) -> &Image {
        self.runtime.image()
    }

    /// What few actors need.
    pub(crate) fn cold(&mut self) -> &mut Cold {
        self.apart.make_cold()
    }

    /// The same, if it was ever needed.
    pub(crate) fn cold_if_any(&mut self) -> Option<&mut Cold> {
        self.apart.cold_mut()
    }

    /// Whether there is nothing that a turn or a receive must look after beside the mailbox: the usual case.
    #[inline(always)]
    pub(crate) fn is_carefree(&self) -> bool {
        self.apart.cold().is_none_or(Cold::is_carefree)
    }

    /// What [`Actor::cold`] would give, if there is any.
    pub(crate) fn cold_ref(&self) -> Option<&Cold> {
        self.apart.cold()
    }

    /// The slot that the actor lives in.
    pub(crate) fn slot(&mut self) -> SlotRef {
        // SAFETY: actors are used only in the slots that a table put them into.
        unsafe { SlotRef::of(self) }
    }

    /// Whether it is the program's first.
    pub fn is_main(&self) -> bool {
        self.pid == Pid::MAIN
    }

    /// Below this address the stack is used up. An engine without native frames has its own way to know.
    pub(crate) fn stack_limit(&self) -> usize {
        self.stack.as_ref().map_or(0, |activation| activation.stack.low() + RED_ZONE)
    }

    /// What polls compare with unless the limit is poisoned: the stack's end.
    fn usual_limit(&self) -> usize {
        // In a simulation every poll is asked.
        let is_simulated = self.runtime.scheduler.simulation().is_some();
        if is_simulated { sepal_abi::POISONED - 1 } else { self.stack_limit() }
    }

    /// Makes the next polls of a run compare with the stack's end, as they do until the limit is poisoned.
    #[inline]
    pub fn reset_limit(&mut self) {
        let limit = self.usual_limit();
        if self.ctx.limit.load(Ordering::Relaxed) != limit {
            self.change_limit(limit);
        }
    }

    #[inline(never)]
    fn change_limit(&mut self, limit: usize) {
        self.store_limit(limit);
        if self.slot().shared().inbox.has_news() || self.runtime.scheduler.is_stopped() {
            self.poison();
        }
    }

    /// Takes the poison out of the limit: the caller is to look for what it was put there for.
    pub(crate) fn take_poison(&self) {
        self.store_limit(self.usual_limit());
    }

    /// Whoever wants the actor to look says so and poisons the limit then, with a fence between: either what he has said is seen
    /// from now on, or his poison comes later than this, and stays.
    fn store_limit(&self, limit: usize) {
        self.ctx.limit.store(limit, Ordering::Relaxed);
        fence(Ordering::SeqCst);
    }

    /// Makes the next poll take the slow path.
    pub(crate) fn poison(&self) {
        self.ctx.limit.store(sepal_abi::POISONED, Ordering::Relaxed);
    }

    /// Says that this thread's engine runs actors on the thread's own stack, below `base`.
    pub fn use_thread_stack(base: usize) {
        THREAD_BASE.set(base & !7);
    }

    /// Adds further roots, until [`Actor::clear_roots`].
    pub fn add_roots(&mut self, source: RootSource) {
        self.cold().root_sources.push(source);
    }

    /// Forgets further roots.
    pub fn clear_roots(&mut self) {
        if let Some(cold) = self.cold_if_any() {
            cold.root_sources.clear();
        }
    }

    /// Gives the actor an area of module-level constants of its own, unless it has one.
    pub(crate) fn own_globals(&mut self) {
        let words = self.image().global_words;
        if self.ctx.globals == self.runtime.no_globals() && words > 0 {
            let cold = self.cold();
            cold.globals = vec![0; words].into_boxed_slice();
            self.ctx.globals = self.cold().globals.as_mut_ptr();
        }
    }

    /// The area of module-level constants.
    pub fn globals(&mut self) -> &mut [u64] {
        let len = self.image().global_words;
        if len == 0 {
            return &mut [];
        }
        // SAFETY: the area has that many words, in the image or in `own_globals`.
        unsafe { std::slice::from_raw_parts_mut(self.ctx.globals, len) }
    }

    // ---- allocation ----

    /// Allocates an object: zero but for its header. `None`: a panic has been raised.
    #[inline(always)]
    pub fn alloc(&mut self, header: Header, size: usize) -> Option<ObjPtr> {
        let start = self.ctx.alloc_ptr;
        if size <= self.ctx.alloc_end - start {
            self.ctx.alloc_ptr = start + size;
            let object = start as ObjPtr;
            // SAFETY: the memory up to `alloc_end` is the allocator's to give.
            unsafe { (*object).header = header };
            return Some(object);
        }
        self.alloc_slow(header, size, false)
    }

    /// The same, through the collector if that is due.
    #[cold]
    #[inline(never)]
    pub fn alloc_slow(&mut self, header: Header, size: usize, may_grow: bool) -> Option<ObjPtr> {
        let collected = self.collect_if_due(size);
        let mut object = self.heap.alloc_growable(&mut self.ctx, header, size, may_grow);
        if object.is_none() && self.limit_is_provisional {
            self.raise_heap_limit_to_machine();
            object = self.heap.alloc_growable(&mut self.ctx, header, size, may_grow);
        }
        if object.is_none() && !collected && self.is_worth_forcing() {
            self.collect();
            object = self.heap.alloc_growable(&mut self.ctx, header, size, may_grow);
        }
        if object.is_none() {
            self.raise(PanicCode::HeapLimit, &[]);
        }
        object
    }

    /// Replaces a provisional limit by what the machine allows.
    pub(crate) fn raise_heap_limit_to_machine(&mut self) {
        if std::mem::take(&mut self.limit_is_provisional) {
            self.heap.set_limit(limits::default_max_heap());
        }
    }

    /// Whether a collection forced by the limit may help: not if the last one was just now, so that a program
    /// at its limit ends instead of collecting for every few objects.
    fn is_worth_forcing(&mut self) -> bool {
        let allocated = self.heap.allocated(&self.ctx);
        let enough = (self.heap.limit() / 64) as u64;
        let forced_at = std::mem::replace(&mut self.cold().forced_at, allocated);
        forced_at == 0 || allocated - forced_at >= enough
    }

    /// Collects garbage now, all of it.
    pub fn collect(&mut self) {
        self.with_roots(Heap::collect);
    }

    /// Does what the collector wants before an allocation of `size` bytes; true if that was a whole collection.
    pub(crate) fn collect_if_due(&mut self, size: usize) -> bool {
        let due = self.heap.due(&self.ctx, size);
        match due {
            Due::Nothing => {}
            Due::Slice => self.heap.go_on(&mut self.ctx, size),
            Due::Beginning => self.with_roots(Heap::begin),
        }
        due == Due::Beginning && !self.heap.is_collecting()
    }

    fn with_roots(&mut self, then: WithRoots) {
        let mut call = (&raw mut *self, then);
        // SAFETY: calls back with this actor, to which this frame's reference is not used meanwhile.
        unsafe { with_registers_spilled(scan_from, (&raw mut call).cast()) }
    }

    /// # Safety
    /// `sp` must be the stack pointer below which nothing holds references.
    unsafe fn scan_below(&mut self, sp: *const u64, then: WithRoots) {
        let end = self.scan_end(sp as usize);
        let mut ranges = vec![(sp, (end - sp as usize) / 8)];
        for source in self.cold_ref().map_or(&[][..], |cold| &cold.root_sources) {
            // SAFETY: whoever added the source vouches for it.
            unsafe { (source.scan)(source.data, &mut |start, len| ranges.push((start, len))) };
        }
        // SAFETY: the stack is mapped up to its base; sources vouch for their ranges.
        let slices =
            ranges.iter().map(|&(start, len)| unsafe { std::slice::from_raw_parts(start, len) });
        let slices: Vec<&[u64]> = slices.collect();
        let mut exact = Vec::new();
        self.for_each_root(|word| exact.push(*word));
        let runtime = self.runtime;
        let image = runtime.image();
        let globals = match image.global_words {
            0 => &[],
            // SAFETY: the area has that many words.
            len => unsafe { std::slice::from_raw_parts(self.ctx.globals, len) },
        };
        let roots = Roots {
            ranges: &slices,
            exact: &[&exact],
            globals: (globals, image.global_refs.as_slice()),
        };
        // SAFETY: these are all places where references are, and no allocation is under way.
        unsafe { then(&mut self.heap, &mut self.ctx, &roots) };
    }

    /// Calls `visit` with every place outside stacks and the module-level constants that holds a reference, exactly.
    fn for_each_root(&mut self, mut visit: impl FnMut(&mut u64)) {
        visit_roots(&mut self.leaf, &mut self.queue, self.apart.cold_mut(), &mut visit);
    }

    /// At a wait, where only exact roots are left: gives back what the actor no longer needs.
    #[inline]
    pub(crate) fn settle(&mut self) {
        let has_other_roots = |cold: &Cold| !cold.root_sources.is_empty();
        if self.heap.wants_settling(&self.ctx) && !self.cold_ref().is_some_and(has_other_roots) {
            self.settle_now();
        }
    }

    #[inline(never)]
    fn settle_now(&mut self) {
        let runtime = self.runtime;
        let has_globals = self.ctx.globals != runtime.no_globals();
        let globals = self.ctx.globals;
        let refs = runtime.image().global_refs.as_slice();
        let Actor { ctx, heap, leaf, queue, apart, .. } = self;
        let mut roots = |visit: &mut dyn FnMut(&mut u64)| {
            visit_roots(leaf, queue, apart.cold_mut(), visit);
            for &index in refs.iter().filter(|_| has_globals) {
                // SAFETY: the area has that word, and nobody else looks at it.
                let word = unsafe { &mut *globals.add(index as usize) };
                if is_traced_pointer(*word) {
                    visit(word);
                }
            }
        };
        // SAFETY: these are all references of an actor that waits.
        unsafe { heap.settle(ctx, &mut roots) };
    }

    /// How far up a scan from `sp` goes: to the end of the stack that it lies on.
    fn scan_end(&self, sp: usize) -> usize {
        let top = self.stack.as_ref().map_or(0, |activation| activation.stack.top() as usize);
        let low = self.stack.as_ref().map_or(0, |activation| activation.stack.low());
        let is_native = (low..top).contains(&sp);
        if is_native { top } else { THREAD_BASE.get().max(sp) }
    }

    /// A string or byte string of `len` bytes, to be filled by `fill`. Null: a panic has been raised.
    #[inline]
    pub fn new_data(&mut self, desc: DescId, len: usize, fill: impl FnOnce(&mut [u8])) -> ObjPtr {
        // Lengths come from existing objects or checked sums, so they are far from overflowing.
        let size = (len + STR_DATA as usize + 7) & !7;
        let Some(object) = self.alloc(Header::new(desc), size) else { return std::ptr::null_mut() };
        // SAFETY: the object has `len` bytes behind its length.
        unsafe {
            (*object).len = len as u64;
            fill(std::slice::from_raw_parts_mut(object.cast::<u8>().add(STR_DATA as usize), len));
        }
        object
    }

    /// A string object. Null: a panic has been raised.
    #[inline]
    pub fn new_str(&mut self, text: &str) -> ObjPtr {
        self.new_data(DescId::STR, text.len(), |data| data.copy_from_slice(text.as_bytes()))
    }

    /// A byte string object. Null: a panic has been raised.
    pub fn new_bytes(&mut self, bytes: &[u8]) -> ObjPtr {
        self.new_data(DescId::BYTES, bytes.len(), |data| data.copy_from_slice(bytes))
    }

    // ---- defers and shows ----

    pub fn defer_depth(&self) -> usize {
        self.cold_ref().map_or(0, |cold| cold.defers.len())
    }

    /// Makes a closure pending.
    pub fn push_defer(&mut self, closure: ObjPtr) {
        self.cold().defers.push(closure as u64);
    }

    /// Takes back the closure that was pushed last.
    pub fn pop_defer(&mut self) -> Option<ObjPtr> {
        self.cold_if_any()?.defers.pop().map(|word| word as ObjPtr)
    }

    /// Begins to show an object; false if it is being shown already.
    pub fn enter_show(&mut self, object: ObjPtr) -> bool {
        self.cold().showing.enter(object as u64)
    }

    /// Ends the showing that was begun last.
    pub fn leave_show(&mut self) {
        self.cold().showing.leave();
    }

    // ---- panics ----

    /// Raises a panic with operands as words. The first one raised stands.
    #[cold]
    pub fn raise(&mut self, code: PanicCode, operands: &[u64]) {
        if self.ctx.panic == 0 {
            self.raise_text(code, crate::panics::message(code, operands));
        }
    }

    /// Raises a panic with a message of the runtime's own.
    #[cold]
    pub fn raise_text(&mut self, code: PanicCode, message: String) {
        if self.ctx.panic == 0 {
            self.cold().raised = Raised::Panic(message);
            self.ctx.panic = code as u32;
        }
    }

    /// Raises the end of the actor for a reason, which is not reported.
    #[cold]
    pub(crate) fn raise_exit(&mut self, reason: Reason) {
        if self.ctx.panic == 0 {
            self.cold().raised = Raised::Exit(reason);
            self.ctx.panic = PanicCode::Message as u32;
        }
    }

    /// The code of the raised panic.
    pub fn raised(&self) -> Option<PanicCode> {
        PanicCode::from_number(self.ctx.panic.into())
    }

    /// Takes what was raised, and makes room for what pending defers need.
    pub(crate) fn take_raised(&mut self) -> Raised {
        let code = self.raised();
        self.ctx.panic = 0;
        if code == Some(PanicCode::HeapLimit) {
            let limit = self.heap.footprint().max(self.heap.limit());
            self.heap.set_limit(limit.saturating_add(HEAP_FOR_DEFERS));
        }
        let cold = self.cold();
        cold.showing.clear();
        std::mem::take(&mut cold.raised)
    }

    /// Takes what was raised, and gives its text if it is a panic: for engines that want to show it themselves.
    pub fn take_panic(&mut self) -> Option<String> {
        match self.take_raised() {
            Raised::Panic(text) => Some(text),
            Raised::Nothing | Raised::Exit(_) => None,
        }
    }

    /// The addresses in which frame pointers may lie.
    pub(crate) fn frame_bounds(&self) -> std::ops::Range<usize> {
        match &self.stack {
            Some(activation) => activation.stack.low()..activation.stack.top() as usize,
            None => 0..0,
        }
    }

    /// The places where the frames that wait for the running one are suspended, innermost first.
    pub(crate) fn waiting_locs(&self) -> impl Iterator<Item = u32> + use<> {
        // SAFETY: `leaf` and its parents are frames of this heap, or null.
        let first = unsafe { frame_word(self.leaf, FRAME_PARENT) as ObjPtr };
        frame_locs(first)
    }

    /// The innermost frame: the one that runs, or was preempted. For engines.
    pub fn running_frame(&self) -> ObjPtr {
        self.leaf
    }

    /// The same from the innermost frame on, for an actor that waits.
    pub(crate) fn resting_locs(&self) -> impl Iterator<Item = u32> + use<> {
        frame_locs(self.leaf)
    }
}

/// See [`Actor::for_each_root`].
fn visit_roots(
    leaf: &mut ObjPtr,
    queue: &mut Queue,
    cold: Option<&mut Cold>,
    visit: &mut dyn FnMut(&mut u64),
) {
    let mut visit_object = |place: &mut ObjPtr| {
        let mut word = *place as u64;
        if is_traced_pointer(word) {
            visit(&mut word);
            *place = word as ObjPtr;
        }
    };
    visit_object(leaf);
    queue.roots().for_each(&mut visit_object);
    if let Some(cold) = cold {
        visit_object(&mut cold.terminate);
        cold.defers.iter_mut().chain(cold.showing.words()).for_each(visit);
    }
}

/// What was raised, if anything.
#[derive(Debug, Default)]
pub(crate) enum Raised {
    #[default]
    Nothing,
    Panic(String),
    Exit(Reason),
}

/// A word of a frame; 0 for null.
unsafe fn frame_word(frame: ObjPtr, offset: u32) -> u64 {
    if frame.is_null() {
        return 0;
    }
    // SAFETY: the caller passes a frame.
    unsafe { frame.byte_add(offset as usize).cast::<u64>().read() }
}

fn frame_locs(first: ObjPtr) -> impl Iterator<Item = u32> {
    let frames = std::iter::successors((!first.is_null()).then_some(first), |&frame| {
        // SAFETY: the parents of a frame are frames, or null.
        let parent = unsafe { frame_word(frame, FRAME_PARENT) as ObjPtr };
        (!parent.is_null()).then_some(parent)
    });
    // SAFETY: as above.
    let locs =
        frames.map(|frame| unsafe { frame.byte_add(FRAME_LOC as usize).cast::<u32>().read() });
    locs.filter(|&loc| loc != NO_LOC)
}

/// What is done with all roots: a method of the heap, with its promises.
type WithRoots = unsafe fn(&mut Heap, &mut Ctx, &Roots<'_>);

unsafe extern "C" fn scan_from(call: *mut u8, sp: *const u64) {
    // SAFETY: called by `Actor::with_roots` with these; `sp` is below all frames that hold references.
    unsafe {
        let (actor, then) = *call.cast::<(*mut Actor, WithRoots)>();
        (*actor).scan_below(sp, then);
    }
}

/// The data of a string or byte string.
///
/// # Safety
/// `object` must be one, and must stay reachable while the result is used.
#[inline(always)]
pub unsafe fn data<'a>(object: *const Object) -> &'a [u8] {
    // SAFETY: the caller vouches for the object.
    unsafe {
        let len = (*object).len as usize;
        std::slice::from_raw_parts(object.cast::<u8>().add(STR_DATA as usize), len)
    }
}

/// The text of a string.
///
/// # Safety
/// As [`data`]; and the object must be a string.
#[inline(always)]
pub unsafe fn text<'a>(object: *const Object) -> &'a str {
    // SAFETY: strings are UTF-8 from the moment they are made.
    unsafe { std::str::from_utf8_unchecked(data(object)) }
}
