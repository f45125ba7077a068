//! A program from its beginning to its exit code.
//!
//! [`run_main`] enters compiled code; [`run_with`] lets another engine run the program with the same actor and the
//! same rules of ending. Must never be called again inside a running program on the same thread.

use crate::actor::Actor;
use crate::symbols::Symbols;
use crate::{fault, panics, stdio};
use sepal_abi::{ABI_VERSION, Image};
use sepal_machine::r#gen::{EntryStatus, enter_actor};
use sepal_machine::memory::Stack;
use std::env;
use std::process::Command;
use std::sync::{Arc, Mutex};

/// The native stack of `main`; engines with frames of their own count against the same number.
pub const MAIN_STACK: usize = 256 * 1024 * 1024;

const MAX_HEAP: &str = "SEPAL_MAX_HEAP";
const GC_STRESS: &str = "SEPAL_GC_STRESS";

/// How to run a program.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What `std.env.args()` gives.
    pub args: Vec<String>,
    /// The heap limit in bytes; by default most of the machine's memory.
    pub max_heap: Option<usize>,
    /// Collect at every allocation.
    pub gc_stress: bool,
}

impl Options {
    /// Options from the environment: `SEPAL_MAX_HEAP` in bytes, `SEPAL_GC_STRESS=1`.
    pub fn from_env(args: Vec<String>) -> Options {
        let max_heap = env::var(MAX_HEAP).ok().and_then(|text| text.parse().ok());
        let gc_stress = env::var(GC_STRESS).is_ok_and(|text| text == "1");
        Options { args, max_heap, gc_stress }
    }

    /// Gives a native executable these options by the environment that [`Options::from_env`] reads. Its arguments
    /// are left to the caller.
    pub fn set_env(&self, command: &mut Command) {
        match self.max_heap {
            Some(bytes) => command.env(MAX_HEAP, bytes.to_string()),
            None => command.env_remove(MAX_HEAP),
        };
        command.env(GC_STRESS, if self.gc_stress { "1" } else { "0" });
    }
}

/// What all actors of a program share.
#[derive(Debug)]
pub struct Runtime {
    image: *const Image,
    options: Options,
    pub(crate) symbols: Mutex<Symbols>,
}

// SAFETY: the image is read-only and outlives the runtime, as `run_main` and `run_with` demand; the rest is Sync.
unsafe impl Send for Runtime {}
// SAFETY: as above.
unsafe impl Sync for Runtime {}

impl Runtime {
    /// # Safety
    /// The image must outlive the result.
    pub(crate) unsafe fn new(image: &Image, options: Options) -> Arc<Runtime> {
        let symbols = Mutex::new(Symbols::of(image));
        Arc::new(Runtime { image, options, symbols })
    }

    /// The program.
    pub fn image(&self) -> &Image {
        // SAFETY: the image outlives the runtime.
        unsafe { &*self.image }
    }

    pub fn args(&self) -> &[String] {
        &self.options.args
    }

    /// The heap limit, if one was given.
    pub(crate) fn max_heap(&self) -> Option<usize> {
        self.options.max_heap
    }

    pub(crate) fn gc_stress(&self) -> bool {
        self.options.gc_stress
    }
}

/// How an engine's program ended, other than by giving an exit code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ended;

/// Runs the compiled program of an image and gives its exit code.
///
/// # Safety
/// The image must be a compiler's, with code for this machine, and stay unchanged until this returns.
pub unsafe fn run_main(image: &Image, options: Options) -> i32 {
    // SAFETY: the caller vouches for the image.
    let actor = unsafe { prepare(image, options) };
    let Some(mut actor) = actor else { return refuse(image) };
    let Some(stack) = Stack::new(MAIN_STACK) else { return refuse(image) };
    let stack_top = stack.top();
    actor.use_stack(stack);
    let actor = Box::into_raw(actor);
    fault::watch(actor);
    // SAFETY: the entry is compiled code without parameters; the stack is fresh; the actor is alive and no
    // reference to it is held meanwhile.
    let result = unsafe {
        let ctx = &raw mut (*actor).ctx;
        enter_actor(&raw mut (*ctx).entry_sp, ctx.cast(), image.entry, 0, stack_top)
    };
    fault::leave();
    stdio::flush();
    // SAFETY: made from a box above; nothing runs in it any more.
    drop(unsafe { Box::from_raw(actor) });
    match result.status {
        EntryStatus::Returned => result.value as i32,
        EntryStatus::Abandoned => panics::EXIT_PANIC,
    }
}

/// Runs a program by an engine of another kind and gives its exit code. `body` runs it on this thread's stack and
/// gives the value of `main`; after a panic it has reported ([`panics::report`]) and run pending defers, and
/// gives [`Ended`].
///
/// # Safety
/// The image must be a compiler's and stay unchanged until this returns.
pub unsafe fn run_with(
    image: &Image,
    options: Options,
    body: impl FnOnce(*mut Actor) -> Result<i64, Ended>,
) -> i32 {
    // SAFETY: the caller vouches for the image.
    let actor = unsafe { prepare(image, options) };
    let Some(mut actor) = actor else { return refuse(image) };
    // Everything the body holds lies below this frame.
    let base = &raw const actor as usize;
    actor.use_thread_stack(base);
    let actor = Box::into_raw(actor);
    let result = body(actor);
    stdio::flush();
    // SAFETY: made from a box above; the body has returned.
    drop(unsafe { Box::from_raw(actor) });
    result.map_or(panics::EXIT_PANIC, |code| code as i32)
}

/// # Safety
/// The image must outlive the result.
unsafe fn prepare(image: &Image, options: Options) -> Option<Box<Actor>> {
    stdio::ignore_pipe_signal();
    if image.version != ABI_VERSION {
        return None;
    }
    // SAFETY: the caller vouches for the image.
    Actor::new(unsafe { Runtime::new(image, options) })
}

/// Says why a program cannot even begin.
fn refuse(image: &Image) -> i32 {
    let reason = if image.version == ABI_VERSION {
        "error: there is no memory to start the program\n"
    } else {
        "error: the program was compiled for another version of the runtime\n"
    };
    stdio::write_error(reason.as_bytes());
    panics::EXIT_PANIC
}
