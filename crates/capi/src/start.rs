//! The beginning: C's `main` becomes the program's first actor where it stands.
//!
//! `rt_init_actor` leaves the thread's stack, as one leaves it to wait, for a new one on which the thread becomes
//! the first worker. The first actor's first turn then goes on where `main` was left. When `main` returns, the process
//! ends, as any does; when the first actor is ended otherwise, it ends with the runtime's exit code.
//!
//! Must never come back to the stack that the workers' life runs on.

use crate::bodies::Body;
use crate::engine::CEngine;
use crate::values::{DESCS, FRAME};
use sepal_abi::{Image, Table};
use sepal_machine::memory::Stack;
use sepal_rt::{Options, Pace, run_engine};
use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// The stack of the first worker's own life.
const WORKER_STACK: usize = 4 * 1024 * 1024;

/// Where `main` was left, and the bounds of its stack.
static MAIN: OnceLock<(usize, Range<usize>)> = OnceLock::new();

/// The body of the first actor.
pub(crate) fn main_body() -> Body {
    let (sp, bounds) = MAIN.get().expect("the program began with it").clone();
    Body::on(bounds, sp)
}

sepal_machine::function_that_moves! {
    /// Makes the caller the first actor. A second call does nothing.
    fn rt_init_actor(_workers): first_stack, live;
}

/// The end of the stack for the first worker; null if there is a program already.
extern "C" fn first_stack() -> *mut u8 {
    static BEGUN: AtomicBool = AtomicBool::new(false);
    if BEGUN.swap(true, Ordering::Relaxed) {
        return std::ptr::null_mut();
    }
    let Some(stack) = Stack::new(WORKER_STACK) else {
        refuse("there is no memory to start the program");
    };
    let top = stack.top();
    // The thread stays on it to the end of the process.
    std::mem::forget(stack);
    top
}

/// Says why the program cannot begin.
fn refuse(reason: &str) -> ! {
    sepal_rt::stdio::write_error(format!("error: {reason}\n").as_bytes());
    sepal_rt::stdio::exit(sepal_rt::panics::EXIT_PANIC)
}

/// The life of the first worker, and the end of the process.
extern "C" fn live(workers: i32, main_sp: usize) -> ! {
    MAIN.get_or_init(|| (main_sp, thread_stack()));
    let image = Image { descs: Table::new(DESCS), entry_desc: FRAME.0, ..Image::EMPTY };
    let given = usize::try_from(workers).ok().filter(|&workers| workers > 0);
    let mut options = Options::from_env(Vec::new());
    options.workers = given.or(options.workers);
    // What this crate overwrites in objects, it tells the collector nothing of.
    options.pace = match options.pace {
        Pace::Sliced | Pace::AtOnce => Pace::AtOnce,
        Pace::Stress | Pace::SlicedStress => Pace::Stress,
    };
    // SAFETY: the image has no code; its frames are the engine's.
    let code = unsafe { run_engine(&image, options, &CEngine) };
    // SAFETY: ends the process as a return from main does.
    unsafe { libc::exit(code) }
}

/// The addresses of this thread's stack. It may have grown beyond what it was at the beginning, never beyond these.
fn thread_stack() -> Range<usize> {
    // SAFETY: asks for the attributes of this thread, and gives them back.
    unsafe {
        let mut attributes: libc::pthread_attr_t = std::mem::zeroed();
        if libc::pthread_getattr_np(libc::pthread_self(), &mut attributes) != 0 {
            refuse("the bounds of the stack are not known");
        }
        let (mut start, mut size) = (std::ptr::null_mut(), 0);
        libc::pthread_attr_getstack(&attributes, &mut start, &mut size);
        libc::pthread_attr_destroy(&mut attributes);
        start as usize..start as usize + size
    }
}
