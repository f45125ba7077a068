//! A program from its beginning to its exit code.
//!
//! [`run_main`] runs compiled code; [`run_engine`] lets another engine run the actors, [`run_with`] a function run
//! `main` alone. Must never be called again inside a running program on the same thread.

use crate::actor::{Actor, Next};
use crate::heap::Pace;
use crate::heap::descs::Descs;
use crate::sched::bounds::Limits;
use crate::sched::clock::Clock;
use crate::sched::compaction::Trials;
use crate::sched::engine::{Engine, NativeEngine, PlainEngine};
use crate::sched::names::Names;
use crate::sched::observe::Observer;
use crate::sched::promise::take_orphans;
use crate::sched::queue::{Scheduler, workers_from_env};
use crate::sched::slot::Table;
use crate::symbols::Symbols;
use crate::{observer, panics, stdio};
use sepal_abi::{ABI_VERSION, FRAME_LOC, FRAME_RESUME, Header, Image, NO_LOC};
use std::env;
use std::ops::Deref;
use std::process::Command;
use std::ptr::NonNull;
use std::sync::Mutex;
use std::time::Duration;

/// The native stack of `main`; engines with frames of their own count against the same number.
pub const MAIN_STACK: usize = 256 * 1024 * 1024;

const MAX_HEAP: &str = "SEPAL_MAX_HEAP";
const SIM: &str = "SEPAL_SIM";
const SIM_KILLS: &str = "SEPAL_SIM_KILLS";
const SIM_TRACE: &str = "SEPAL_SIM_TRACE";
const GC_STRESS: &str = "SEPAL_GC_STRESS";
const OBSERVE: &str = "SEPAL_OBSERVE";

/// The pace that tests the collector in the way that the environment names.
fn stress_from_text(text: &str) -> Option<Pace> {
    match text {
        "1" => Some(Pace::Stress),
        "sliced" => Some(Pace::SlicedStress),
        _ => None,
    }
}

fn stress_to_text(pace: Pace) -> Option<&'static str> {
    match pace {
        Pace::Sliced | Pace::AtOnce => None,
        Pace::Stress => Some("1"),
        Pace::SlicedStress => Some("sliced"),
    }
}

/// How often to print the table of actors, written in seconds; not more often than each millisecond.
pub fn observe_interval(text: &str) -> Option<Duration> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.filter(|every| *every >= Duration::from_millis(1))
}

/// How to run a program.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What `std.env.args()` gives.
    pub args: Vec<String>,
    /// The heap limit of an actor in bytes; by default most of the machine's memory.
    pub max_heap: Option<usize>,
    /// How collections are spread over time.
    pub pace: Pace,
    /// How many threads run actors; by default one for each core.
    pub workers: Option<usize>,
    /// Simulates: one thread, a clock of its own, and every choice taken from this seed.
    pub sim: Option<u64>,
    /// Prints the table of actors so often, and when `main` has ended.
    pub observe: Option<Duration>,
    /// A simulation may kill so many of the actors that a supervisor would start again.
    pub sim_kills: u32,
    /// A simulation says on standard error what it decides.
    pub sim_trace: bool,
    /// When the runtime tries whether one core does more than all of them.
    pub trials: Trials,
}

impl Options {
    /// Options from the environment: `SEPAL_MAX_HEAP` in bytes, `SEPAL_GC_STRESS=1` or `sliced`, `SEPAL_WORKERS`,
    /// `SEPAL_SIM` for a seed, `SEPAL_SIM_KILLS` for a number, `SEPAL_SIM_TRACE=1`, `SEPAL_OBSERVE` in seconds.
    pub fn from_env(args: Vec<String>) -> Options {
        let max_heap = env::var(MAX_HEAP).ok().and_then(|text| text.parse().ok());
        let pace = env::var(GC_STRESS).ok().and_then(|text| stress_from_text(&text));
        let pace = pace.unwrap_or_default();
        let sim = env::var(SIM).ok().and_then(|text| text.parse().ok());
        let sim_kills = env::var(SIM_KILLS).ok().and_then(|text| text.parse().ok()).unwrap_or(0);
        let sim_trace = env::var(SIM_TRACE).is_ok_and(|text| text == "1");
        let observe = env::var(OBSERVE).ok().and_then(|text| observe_interval(&text));
        let workers = workers_from_env();
        Options {
            args,
            max_heap,
            pace,
            workers,
            sim,
            sim_kills,
            sim_trace,
            trials: Trials::default(),
            observe,
        }
    }

    /// Gives a native executable these options by the environment that [`Options::from_env`] reads. Its arguments
    /// are left to the caller.
    pub fn set_env(&self, command: &mut Command) {
        match self.max_heap {
            Some(bytes) => command.env(MAX_HEAP, bytes.to_string()),
            None => command.env_remove(MAX_HEAP),
        };
        match self.sim {
            Some(seed) => command.env(SIM, seed.to_string()),
            None => command.env_remove(SIM),
        };
        match self.observe {
            Some(every) => command.env(OBSERVE, every.as_secs_f64().to_string()),
            None => command.env_remove(OBSERVE),
        };
        command.env(SIM_KILLS, self.sim_kills.to_string());
        command.env(SIM_TRACE, if self.sim_trace { "1" } else { "0" });
        match stress_to_text(self.pace) {
            Some(text) => command.env(GC_STRESS, text),
            None => command.env_remove(GC_STRESS),
        };
    }
}

/// What all actors of a program share.
pub struct Runtime {
    image: *const Image,
    engine: *const dyn Engine,
    options: Options,
    pub(crate) symbols: Mutex<Symbols>,
    pub(crate) descs: Descs,
    pub(crate) table: Table,
    pub(crate) scheduler: Scheduler,
    pub(crate) clock: Clock,
    pub(crate) names: Names,
    pub(crate) observer: Observer,
    /// The module-level constants of an actor that has not stored into them: read-only zeros.
    no_globals: Box<[u64]>,
}

// SAFETY: image and engine are shared, outlive the runtime, as `run_engine` demands; the rest is Sync.
unsafe impl Send for Runtime {}
// SAFETY: as above.
unsafe impl Sync for Runtime {}

impl Runtime {
    /// # Safety
    /// Image and engine must outlive the result.
    pub(crate) unsafe fn new<'e>(
        image: &Image,
        engine: &'e (dyn Engine + 'e),
        options: Options,
    ) -> Option<Box<Runtime>> {
        // SAFETY: only the lifetime changes, and the caller vouches for it.
        let engine = unsafe {
            std::mem::transmute::<*const (dyn Engine + 'e), *const (dyn Engine + 'static)>(engine)
        };
        Some(Box::new(Runtime {
            image,
            engine,
            symbols: Mutex::new(Symbols::of(image)),
            descs: Descs::new(image.descs.as_slice()),
            table: Table::new()?,
            scheduler: Scheduler::new(&options),
            clock: Clock::new(options.sim.is_some()),
            names: Names::default(),
            observer: Observer::new(nanoseconds(options.observe)),
            no_globals: vec![0; image.global_words].into_boxed_slice(),
            options,
        }))
    }

    /// The program.
    pub fn image(&self) -> &Image {
        // SAFETY: the image outlives the runtime.
        unsafe { &*self.image }
    }

    pub(crate) fn engine(&self) -> &dyn Engine {
        // SAFETY: the engine outlives the runtime.
        unsafe { &*self.engine }
    }

    pub fn args(&self) -> &[String] {
        &self.options.args
    }

    /// The heap limit, if one was given.
    pub(crate) fn max_heap(&self) -> Option<usize> {
        self.options.max_heap
    }

    pub(crate) fn pace(&self) -> Pace {
        self.options.pace
    }

    /// How often the table of actors is printed, in nanoseconds.
    pub(crate) fn observes(&self) -> Option<u64> {
        nanoseconds(self.options.observe)
    }

    /// Whether one thread runs everything, in simulated time.
    pub(crate) fn is_simulated(&self) -> bool {
        self.options.sim.is_some()
    }

    /// Module-level constants of which none was made.
    pub(crate) fn no_globals(&self) -> *mut u64 {
        self.no_globals.as_ptr().cast_mut()
    }
}

fn nanoseconds(time: Option<Duration>) -> Option<u64> {
    time.map(|time| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX))
}

/// A runtime that is shared by everything that runs in it, and outlives all of that.
#[derive(Clone, Copy)]
pub struct RuntimeRef(NonNull<Runtime>);

// SAFETY: the runtime is Sync and outlives its threads: it is dropped only when they have ended.
unsafe impl Send for RuntimeRef {}
// SAFETY: as above.
unsafe impl Sync for RuntimeRef {}

impl RuntimeRef {
    pub(crate) fn of(runtime: &Runtime) -> RuntimeRef {
        RuntimeRef(NonNull::from(runtime))
    }

    /// Whether it is the same.
    pub(crate) fn is(self, other: RuntimeRef) -> bool {
        self.0 == other.0
    }
}

impl Deref for RuntimeRef {
    type Target = Runtime;

    fn deref(&self) -> &Runtime {
        // SAFETY: the runtime outlives its references.
        unsafe { self.0.as_ref() }
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
    // SAFETY: the caller vouches for the image, whose code native stacks are for.
    unsafe { run_engine(image, options, &NativeEngine) }
}

/// Runs a program whose only actor is `main`, by an engine of another kind, and gives its exit code. `body` runs it on
/// this thread's stack and gives the value of `main`; after a panic it has reported ([`panics::report`]) and run
/// pending defers, and gives [`Ended`].
///
/// # Safety
/// The image must be a compiler's and stay unchanged until this returns.
pub unsafe fn run_with(
    image: &Image,
    options: Options,
    body: impl FnOnce(*mut Actor) -> Result<i64, Ended>,
) -> i32 {
    let engine = PlainEngine::new(body);
    // SAFETY: the caller vouches for the image.
    unsafe { run_engine(image, Options { workers: Some(1), ..options }, &engine) }
}

/// Runs a program by an engine and gives its exit code.
///
/// # Safety
/// The image must be a compiler's, the engine's, and stay unchanged until this returns.
pub unsafe fn run_engine(image: &Image, options: Options, engine: &dyn Engine) -> i32 {
    stdio::ignore_pipe_signal();
    if image.version != ABI_VERSION {
        return refuse("the program was compiled for another version of the runtime");
    }
    // SAFETY: the caller vouches for image and engine; if a thread is left behind, it never goes on.
    let Some(runtime) = (unsafe { Runtime::new(image, engine, options) }) else {
        return refuse("there is no memory to start the program");
    };
    let shared = RuntimeRef::of(&runtime);
    if spawn_main(shared).is_none() {
        return refuse("there is no memory to start the program");
    }
    let watch = observer::Watch::begin(shared);
    let code = runtime.scheduler.run(shared);
    drop(watch);
    stdio::flush();
    if runtime.scheduler.join() {
        drop_actors(shared);
    } else {
        // A thread is still in the operating system, and will look at the runtime when it comes back.
        std::mem::forget(runtime);
    }
    code
}

/// Makes the first actor and queues it.
pub(crate) fn spawn_main(runtime: RuntimeRef) -> Option<()> {
    let make = |pid| Actor::new(runtime, pid, None);
    let (slot, _) = runtime.table.insert(None, std::ptr::null(), &Limits::default(), 1, make)?;
    // SAFETY: the actor is active and in no queue: it is this thread's.
    let actor = unsafe { &mut *slot.actor() };
    let image = runtime.image();
    if image.globals.is_null() {
        actor.own_globals();
    } else {
        actor.ctx.globals = image.globals;
    }
    actor.next = Next::Entry;
    if image.entry_desc != 0 {
        let header = Header::new(sepal_abi::DescId(image.entry_desc));
        let size = runtime.descs.get(header.desc()).size as usize;
        actor.leaf = actor.alloc(header, size)?;
        actor.next = Next::Resume;
        // SAFETY: the object is a frame.
        unsafe {
            actor.leaf.byte_add(FRAME_RESUME as usize).cast::<*const u8>().write(image.entry);
            actor.leaf.byte_add(FRAME_LOC as usize).cast::<u32>().write(NO_LOC);
        }
    }
    runtime.scheduler.queue(runtime, slot, 1);
    Some(())
}

/// Gives back what actors hold that were left when the program ended.
fn drop_actors(runtime: RuntimeRef) {
    for (slot, pid) in runtime.table.slots() {
        if runtime.table.holds(slot, pid) {
            // SAFETY: no thread runs actors any more.
            unsafe { std::ptr::drop_in_place(slot.actor()) };
        }
    }
    drop(take_orphans());
}

/// Says why a program cannot even begin.
fn refuse(reason: &str) -> i32 {
    stdio::write_error(format!("error: {reason}\n").as_bytes());
    panics::EXIT_PANIC
}
