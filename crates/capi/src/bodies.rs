//! What a C function needs to run as an actor, a task, or at an actor's end: a frame in the actor's heap, and a native
//! stack while it has begun and not ended.
//!
//! ```text
//! frame  abi::Frame | code: Ptr | kind: i64 | argument: any | body: Ref to a handle
//! ```
//! The body, outside the heap, holds the stack; the frame's handle keeps it, so that it goes with the heap
//! of an actor that was killed while it waited. The stack is scanned whole, from where it was left.
//!
//! Must never free a stack on which the actor still stands.

use crate::current::{Raised, Result};
use crate::values::FRAME;
use sepal_abi::{FRAME_LOC, FRAME_RESULTS, Header, NO_LOC, ObjPtr};
use sepal_machine::cwait::Call;
use sepal_machine::memory::Stack;
use sepal_rt::heap::handle::{Handle, HandleOps};
use sepal_rt::{Actor, RootSource};
use std::cell::RefCell;
use std::ffi::CString;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A C function's stack: addresses, not memory.
const STACK: usize = 1024 * 1024;
/// So many unused stacks are kept by a thread.
const SPARE: usize = 8;

const CODE: u32 = FRAME_RESULTS + 8;
const KIND: u32 = CODE + 8;
const ARGUMENT: u32 = KIND + 8;
const BODY: u32 = ARGUMENT + 8;
/// The bytes of a frame, as its descriptor says.
const FRAME_SIZE: usize = BODY as usize + 8;

/// What a frame is for. The first is that of a frame of zeros, which the runtime makes for the first actor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(i64)]
pub(crate) enum Kind {
    /// C's `main`, from where it has called `rt_init_actor`.
    Main = 0,
    /// `void (const void *)`; the argument is bytes.
    Actor = 1,
    /// The same; the argument is a value, of which the function gets the captures.
    ActorOfValue = 2,
    /// `int64_t (const void *)`, likewise.
    Task = 3,
    /// The callback at the end of an actor.
    Terminate = 4,
}

impl Kind {
    const ALL: [Kind; 5] =
        [Kind::Main, Kind::Actor, Kind::ActorOfValue, Kind::Task, Kind::Terminate];
}

/// A frame, seen as one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame(pub(crate) ObjPtr);

impl Frame {
    /// A new frame in the actor's heap.
    pub(crate) fn new(
        actor: &mut Actor,
        kind: Kind,
        code: *const u8,
        argument: u64,
    ) -> Result<Frame> {
        let object = actor.alloc(Header::new(FRAME), FRAME_SIZE).ok_or(Raised)?;
        let frame = Frame(object);
        // SAFETY: the object is a frame, just made.
        unsafe { object.byte_add(FRAME_LOC as usize).cast::<u32>().write(NO_LOC) };
        frame.set(CODE, code as u64);
        frame.set(KIND, kind as i64 as u64);
        frame.set(ARGUMENT, argument);
        Ok(frame)
    }

    fn get(self, offset: u32) -> u64 {
        // SAFETY: the object is a frame, which has the word.
        unsafe { self.0.byte_add(offset as usize).cast::<u64>().read() }
    }

    fn set(self, offset: u32, word: u64) {
        // SAFETY: as above; the frame is its actor's alone.
        unsafe { self.0.byte_add(offset as usize).cast::<u64>().write(word) };
    }

    pub(crate) fn kind(self) -> Kind {
        let number = self.get(KIND) as i64;
        let kind = Kind::ALL.into_iter().find(|&kind| kind as i64 == number);
        kind.expect("only this module writes kinds")
    }

    pub(crate) fn code(self) -> *const u8 {
        self.get(CODE) as *const u8
    }

    pub(crate) fn argument(self) -> u64 {
        self.get(ARGUMENT)
    }

    /// The body, once it has begun.
    pub(crate) fn body(self) -> Option<*mut Body> {
        let handle = self.get(BODY) as *const Handle;
        // SAFETY: the word is a handle that `begin` made, or null.
        let address = unsafe { handle.as_ref() }.map(|handle| handle.address);
        address.map(|address| address as *mut Body)
    }

    /// Gives the frame a body, whose stack is scanned from now on instead of any other of the actor's.
    pub(crate) fn begin(self, actor: &mut Actor, body: Body) -> Result<*mut Body> {
        let body = Box::into_raw(Box::new(body));
        let handle = actor.new_handle(&OPS, body as usize);
        if handle.is_null() {
            return Err(Raised);
        }
        self.set(BODY, handle as u64);
        actor.clear_roots();
        actor.add_roots(RootSource { data: body.cast(), scan });
        Ok(body)
    }
}

/// See the module's head.
#[derive(Debug)]
pub(crate) struct Body {
    /// None for `main`, which has the thread's, and after the end.
    pub(crate) stack: Option<Stack>,
    pub(crate) bounds: Range<usize>,
    /// Where the stack was left; 0 before it was first entered.
    pub(crate) sp: usize,
    /// It was left to wait, not because others want the core.
    pub(crate) waits: bool,
    /// The callback at the end, with state and reason.
    pub(crate) last_words: Call,
    /// The reason's text, for the callback.
    pub(crate) reason: Option<CString>,
    /// The generators whose steps run, innermost last. They are on the stack too.
    pub(crate) generators: Vec<u64>,
    /// Handles that refer to it.
    handles: AtomicUsize,
}

impl Body {
    /// A body with a stack of its own. `None` if there is no memory.
    pub(crate) fn new() -> Option<Body> {
        let spare = SPARE_STACKS.with_borrow_mut(Vec::pop);
        let stack = spare.or_else(|| Stack::new(STACK))?;
        let bounds = stack.low()..stack.top() as usize;
        Some(Body { stack: Some(stack), ..Body::on(bounds, 0) })
    }

    /// A body on a stack that is not its own.
    pub(crate) fn on(bounds: Range<usize>, sp: usize) -> Body {
        let nothing = std::ptr::null();
        Body {
            stack: None,
            bounds,
            sp,
            waits: false,
            last_words: Call { code: nothing, first: nothing, second: nothing },
            reason: None,
            generators: Vec::new(),
            handles: AtomicUsize::new(1),
        }
    }

    /// The stack is not needed any more.
    pub(crate) fn end(&mut self) {
        self.sp = 0;
        self.bounds = 0..0;
        SPARE_STACKS.with_borrow_mut(|spare| {
            if spare.len() < SPARE {
                spare.extend(self.stack.take());
            }
        });
        self.stack = None;
    }
}

thread_local! {
    static SPARE_STACKS: RefCell<Vec<Stack>> = const { RefCell::new(Vec::new()) };
}

static OPS: HandleOps = HandleOps { retain, release };

unsafe fn retain(address: usize) {
    // SAFETY: the address is a living body's.
    unsafe { (*(address as *mut Body)).handles.fetch_add(1, Ordering::Relaxed) };
}

unsafe fn release(address: usize) {
    let body = address as *mut Body;
    // SAFETY: the address is a living body's; the last handle's body is nobody else's.
    unsafe {
        if (*body).handles.fetch_sub(1, Ordering::AcqRel) == 1 {
            drop(Box::from_raw(body));
        }
    }
}

/// Scans a C stack: from here if this runs on it, else from where it was left.
unsafe fn scan(data: *mut u8, visit: &mut dyn FnMut(*const u64, usize)) {
    let here = 0u64;
    let here = &raw const here as usize;
    // SAFETY: the body lives as long as its root source.
    let (bounds, sp) =
        unsafe { ((*data.cast::<Body>()).bounds.clone(), (*data.cast::<Body>()).sp) };
    let from = if bounds.contains(&here) { here } else { sp };
    if bounds.contains(&from) {
        visit((from & !7) as *const u64, (bounds.end - from) / 8);
    }
}
