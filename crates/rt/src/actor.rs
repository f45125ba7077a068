//! The running actor: its context, heap, stack, pending defers and raised panic.
//!
//! Compiled code holds the context's address in `r15`; since the context is the actor's first field, that is the
//! actor's address too. All fields belong to the thread that runs the actor. Only `main` exists so far,
//! but nothing here is global.
//!
//! | field | who touches it, when |
//! |---|---|
//! | `ctx` | compiled code and the runtime, see `abi::Ctx` |
//! | `heap` | allocation and collection |
//! | `defers`, `showing` | their runtime functions; the collector reads them |
//! | `message` | written by a raise, read by the report |
//! | `stack_base` | set on entry; the collector scans up to it |
//! | `fault` | written by the signal handler, read where it resumes |
//!
//! Must never hand out a reference to itself that lives across a call into compiled code.

use crate::heap::{Heap, Roots};
use crate::limits;
use crate::run::Runtime;
use sepal_abi::{Ctx, DescId, Header, Image, ObjPtr, Object, PanicCode, STR_DATA};
use sepal_machine::fault::Fault;
use sepal_machine::r#gen::with_registers_spilled;
use sepal_machine::memory::Stack;
use std::sync::Arc;

/// Native code may use so much below the limit that polls compare with: runtime functions and what they
/// call run there, and functions without polls.
pub const RED_ZONE: usize = 256 * 1024;
/// What is left of the red zone for pending defers after a stack overflow.
const RED_ZONE_OF_DEFERS: usize = 128 * 1024;
/// The heap limit before the machine is asked for its memory.
const PROVISIONAL_LIMIT: usize = 32 * 1024 * 1024;
/// After the heap limit was exceeded, pending defers may still allocate so much.
const HEAP_FOR_DEFERS: usize = 1024 * 1024;

/// Further roots, such as an interpreter's frames.
#[derive(Clone, Copy)]
pub struct RootSource {
    /// Given to `scan`.
    pub data: *mut u8,
    /// Calls its second argument with every range of words that may hold references. Must not allocate in the
    /// actor's heap.
    pub scan: unsafe fn(data: *mut u8, visit: &mut dyn FnMut(*const u64, usize)),
}

/// See the module's head.
#[repr(C)]
pub struct Actor {
    pub ctx: Ctx,
    pub heap: Heap,
    pub runtime: Arc<Runtime>,
    pub(crate) stack: Option<Stack>,
    stack_base: usize,
    /// The words of pending closures.
    defers: Vec<u64>,
    /// The words of the objects being shown.
    showing: Vec<u64>,
    /// What the raised panic says.
    message: String,
    root_sources: Vec<RootSource>,
    pub(crate) fault: Option<Fault>,
    /// The module-level constants, where the image has no area for them.
    own_globals: Box<[u64]>,
    /// Bytes allocated when the limit last forced a collection.
    forced_at: u64,
    /// The heap's limit is a first one, low enough for every machine: asking for the machine's memory costs more
    /// than a small program's whole start.
    limit_is_provisional: bool,
}

const _: () = assert!(std::mem::offset_of!(Actor, ctx) == 0);

impl Actor {
    /// An actor with an empty heap, not yet entered. `None` if the kernel gives no memory.
    pub(crate) fn new(runtime: Arc<Runtime>) -> Option<Box<Actor>> {
        let image = runtime.image();
        let limit = runtime.max_heap();
        let first_limit = limit.unwrap_or(PROVISIONAL_LIMIT);
        // SAFETY: the actor holds the runtime as long as the heap.
        let heap = unsafe { Heap::new(&runtime.descs, first_limit, runtime.gc_stress())? };
        let own_words = if image.globals.is_null() { image.global_words } else { 0 };
        let image_globals = image.globals;
        let mut actor = Box::new(Actor {
            ctx: Ctx {
                limit: 0,
                alloc_ptr: 0,
                alloc_end: 0,
                panic: 0,
                globals: image_globals,
                entry_sp: 0,
            },
            heap,
            runtime,
            stack: None,
            stack_base: 0,
            defers: Vec::new(),
            showing: Vec::new(),
            message: String::new(),
            root_sources: Vec::new(),
            fault: None,
            own_globals: vec![0; own_words].into_boxed_slice(),
            forced_at: 0,
            limit_is_provisional: limit.is_none(),
        });
        if actor.ctx.globals.is_null() {
            actor.ctx.globals = actor.own_globals.as_mut_ptr();
        }
        Some(actor)
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

    /// Gives the actor the native stack that its code runs on.
    pub(crate) fn use_stack(&mut self, stack: Stack) {
        self.ctx.limit = stack.low() + RED_ZONE;
        self.stack_base = stack.top() as usize;
        self.stack = Some(stack);
    }

    /// Says that the actor's engine runs on the thread's own stack, below `base`.
    pub(crate) fn use_thread_stack(&mut self, base: usize) {
        self.stack_base = base & !7;
    }

    /// Adds further roots; they stay for as long as the actor lives.
    pub fn add_roots(&mut self, source: RootSource) {
        self.root_sources.push(source);
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
        let collected = self.heap.wants_collection(&self.ctx, size);
        if collected {
            self.collect();
        }
        let mut object = self.heap.alloc_growable(&mut self.ctx, header, size, may_grow);
        if object.is_none() && std::mem::take(&mut self.limit_is_provisional) {
            self.heap.set_limit(limits::default_max_heap());
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

    /// Whether a collection forced by the limit may help: not if the last one was just now, so that a program
    /// at its limit ends instead of collecting for every few objects.
    fn is_worth_forcing(&mut self) -> bool {
        let allocated = self.heap.allocated(&self.ctx);
        let since = allocated - self.forced_at;
        let first = self.forced_at == 0;
        self.forced_at = allocated;
        first || since >= (self.heap.limit() / 64) as u64
    }

    /// Collects garbage now.
    pub fn collect(&mut self) {
        // SAFETY: calls back with this actor, to which this frame's reference is not used meanwhile.
        unsafe { with_registers_spilled(collect_from, (&raw mut *self).cast()) }
    }

    /// # Safety
    /// `sp` must be the stack pointer below which nothing holds references.
    unsafe fn collect_below(&mut self, sp: *const u64) {
        let end = self.scan_end(sp as usize);
        let mut ranges = vec![(sp, (end - sp as usize) / 8)];
        for source in &self.root_sources {
            // SAFETY: whoever added the source vouches for it.
            unsafe { (source.scan)(source.data, &mut |start, len| ranges.push((start, len))) };
        }
        // SAFETY: the stack is mapped up to its base; sources vouch for their ranges.
        let slices =
            ranges.iter().map(|&(start, len)| unsafe { std::slice::from_raw_parts(start, len) });
        let slices: Vec<&[u64]> = slices.collect();
        let image = self.runtime.image();
        let globals = match image.global_words {
            0 => &[],
            // SAFETY: the area has that many words.
            len => unsafe { std::slice::from_raw_parts(self.ctx.globals, len) },
        };
        let roots = Roots {
            ranges: &slices,
            exact: &[&self.defers, &self.showing],
            globals: (globals, image.global_refs.as_slice()),
        };
        // SAFETY: these are all places where references are, and no allocation is under way.
        unsafe { self.heap.collect(&mut self.ctx, &roots) };
    }

    /// How far up a scan from `sp` goes: to the end of the stack that it lies on.
    fn scan_end(&self, sp: usize) -> usize {
        if let Some(stack) = &self.stack
            && (stack.emergency_low()..stack.emergency_top()).contains(&sp)
        {
            // After a fault only pending defers run, on the emergency stack.
            return stack.emergency_top();
        }
        self.stack_base.max(sp)
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
        self.defers.len()
    }

    /// Makes a closure pending.
    pub fn push_defer(&mut self, closure: ObjPtr) {
        self.defers.push(closure as u64);
    }

    /// Takes back the closure that was pushed last.
    pub fn pop_defer(&mut self) -> Option<ObjPtr> {
        self.defers.pop().map(|word| word as ObjPtr)
    }

    /// Begins to show an object; false if it is being shown already.
    pub fn enter_show(&mut self, object: ObjPtr) -> bool {
        let word = object as u64;
        let is_new = !self.showing.contains(&word);
        if is_new {
            self.showing.push(word);
        }
        is_new
    }

    /// Ends the showing that was begun last.
    pub fn leave_show(&mut self) {
        self.showing.pop();
    }

    // ---- panics ----

    /// Raises a panic with operands as words. The first one raised stands.
    #[cold]
    pub fn raise(&mut self, code: PanicCode, operands: &[u64]) {
        if self.ctx.panic == 0 {
            self.message = crate::panics::message(code, operands);
            self.ctx.panic = code as u64;
        }
    }

    /// Raises a panic with a message of the runtime's own.
    #[cold]
    pub fn raise_text(&mut self, code: PanicCode, message: String) {
        if self.ctx.panic == 0 {
            self.message = message;
            self.ctx.panic = code as u64;
        }
    }

    /// The code of the raised panic.
    pub fn raised(&self) -> Option<PanicCode> {
        PanicCode::from_number(self.ctx.panic)
    }

    /// Takes the raised panic's message, and makes room for what pending defers need.
    pub fn take_panic(&mut self) -> String {
        let code = self.raised();
        self.ctx.panic = 0;
        self.showing.clear();
        if code == Some(PanicCode::StackOverflow) {
            self.open_red_zone();
        }
        if code == Some(PanicCode::HeapLimit) {
            let limit = self.heap.footprint().max(self.heap.limit());
            self.heap.set_limit(limit.saturating_add(HEAP_FOR_DEFERS));
        }
        std::mem::take(&mut self.message)
    }

    fn open_red_zone(&mut self) {
        if let Some(stack) = &self.stack {
            self.ctx.limit = self.ctx.limit.min(stack.low() + RED_ZONE_OF_DEFERS);
        }
    }

    /// Makes polls compare with the emergency stack, on which the rest of the actor's life runs.
    pub(crate) fn use_emergency_stack(&mut self) {
        if let Some(stack) = &self.stack {
            self.ctx.limit = stack.emergency_low() + RED_ZONE_OF_DEFERS;
        }
    }

    /// The addresses in which frame pointers may lie.
    pub(crate) fn frame_bounds(&self) -> std::ops::Range<usize> {
        match &self.stack {
            Some(stack) => stack.emergency_low()..stack.top() as usize,
            None => 0..0,
        }
    }
}

unsafe extern "C" fn collect_from(actor: *mut u8, sp: *const u64) {
    // SAFETY: called by `Actor::collect` with its actor; `sp` is below all frames that hold references.
    unsafe { (*actor.cast::<Actor>()).collect_below(sp) }
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
