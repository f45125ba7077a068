//! The engine of these tests: the code of a frame is a Rust function, which keeps what it needs across waits in the
//! frame's words, as compiled code does.

use crate::actor::Actor;
use crate::fns::bodies::*;
use crate::panics;
use crate::run::{Options, run_engine};
use crate::sched::compaction::Trials;
use crate::sched::engine::{Engine, Outcome, Run};
use sepal_abi::{
    CLOSURE_CODE, Ctx, DescId, DescKind, FRAME_RESULTS, FRAME_RESUME, FRAME_STATE, FrameStatus,
    Header, Image, ObjPtr, POISONED, Table, TypeDesc,
};
use std::collections::HashMap;
use std::ptr::{null, null_mut};
use std::sync::Mutex;
use std::sync::atomic::Ordering;

/// A frame: eight integers, then four references.
const FRAME: DescId = DescId::FIRST_OWN;
const CLOSURE: DescId = DescId(FRAME.0 + 1);
/// A message: two integers and two references.
const MESSAGE: DescId = DescId(FRAME.0 + 2);
const FRAME_SIZE: u32 = FRAME_RESULTS + 12 * 8;

static DESCS: [TypeDesc; 3] = [
    TypeDesc::new(DescKind::Fixed, FRAME_SIZE, 0, &[16, 24, 104, 112, 120, 128], "frame"),
    TypeDesc::new(DescKind::Fixed, 24, 0, &[], "closure"),
    TypeDesc::new(DescKind::Fixed, 40, 0, &[24, 32], "message"),
];

/// How a body came back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flow {
    Done,
    Suspended,
    /// At a poll that said so; it goes on with a call of the same function.
    Preempted,
    /// After something was raised.
    Raised,
}

/// The code of frames and closures.
pub type Code = fn(&Cx<'_>) -> Flow;

/// What a body can see.
pub struct Cx<'e> {
    pub actor: *mut Actor,
    /// The frame, or the closure.
    pub frame: ObjPtr,
    pub engine: &'e TestEngine,
}

/// What a look into the mailbox gives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Look {
    Nothing,
    /// Its two integers.
    Message(i64, i64),
    /// Pid and tag.
    Down(i64, i64),
    Exit(i64, i64),
    TimeOver,
}

#[derive(Default)]
pub struct TestEngine {
    pub log: Mutex<Vec<i64>>,
    /// What preempted actors run: frames and closures, and where in these the code is.
    preempted: Mutex<HashMap<usize, (usize, u32)>>,
}

impl Engine for TestEngine {
    unsafe fn run(&self, actor: *mut Actor, run: Run) -> Outcome {
        let base = 0u64;
        Actor::use_thread_stack(&raw const base as usize + 8);
        // SAFETY: the scheduler passes an actor that is this thread's; frames and closures are those made below.
        unsafe {
            let (frame, offset) = match run {
                Run::Resume(frame) => (frame, FRAME_RESUME),
                Run::Call(closure) => (closure, CLOSURE_CODE),
                Run::Proceed => {
                    let mut preempted = self.preempted.lock().expect("no body panics");
                    let (frame, offset) = preempted.remove(&(actor as usize)).expect("it was");
                    (frame as ObjPtr, offset)
                }
                Run::Entry => return Outcome::NoMemory,
            };
            (*actor).reset_limit();
            let code = frame.byte_add(offset as usize).cast::<Code>().read();
            match call(self, actor, frame, code) {
                Flow::Done => Outcome::Returned(FrameStatus::Done as i64),
                Flow::Suspended => Outcome::Returned(FrameStatus::Suspended as i64),
                Flow::Preempted => {
                    let mut preempted = self.preempted.lock().expect("no body panics");
                    preempted.insert(actor as usize, (frame as usize, offset));
                    Outcome::Preempted
                }
                Flow::Raised => {
                    panics::report(&mut *actor, std::iter::empty());
                    Outcome::Abandoned
                }
            }
        }
    }

    unsafe fn discard(&self, actor: *mut Actor) {
        self.preempted.lock().expect("no body panics").remove(&(actor as usize));
    }
}

/// The body's locals shall lie below the base.
#[inline(never)]
fn call(engine: &TestEngine, actor: *mut Actor, frame: ObjPtr, code: Code) -> Flow {
    code(&Cx { actor, frame, engine })
}

/// Runs `main` on so many workers; gives exit code and log.
pub fn run_on(workers: usize, main: Code) -> (i32, Vec<i64>) {
    run_with_options(Options { workers: Some(workers), ..Options::default() }, main)
}

/// The same on two workers, one of which tries to do all the work again and again.
pub fn run_with_many_trials(main: Code) -> (i32, Vec<i64>) {
    let trials = Trials { ticks_between: (1, 1), most_spared: 100_000 };
    run_with_options(Options { workers: Some(2), trials, ..Options::default() }, main)
}

/// Runs `main` in the simulation of a seed.
pub fn simulate(seed: u64, main: Code) -> (i32, Vec<i64>) {
    run_with_options(Options { sim: Some(seed), ..Options::default() }, main)
}

fn run_with_options(options: Options, main: Code) -> (i32, Vec<i64>) {
    let image = Image {
        descs: Table::new(&DESCS),
        entry: main as *const u8,
        entry_desc: FRAME.0,
        ..Image::EMPTY
    };
    let engine = TestEngine::default();
    let options = Options { max_heap: Some(1 << 28), ..options };
    // SAFETY: the image lives until the end; its code is for this engine.
    let code = unsafe { run_engine(&image, options, &engine) };
    (code, engine.log.into_inner().expect("no body panics"))
}

/// Seeds that every body is simulated with.
const SEEDS: u64 = 20;

/// Runs `main` on one worker, on several, and in simulations; code and log must be these. Only one worker says in
/// which order.
pub fn check(main: Code, code: i32, log: &[i64]) {
    assert_eq!(run_on(1, main), (code, log.to_vec()), "one worker");
    let mut expected = log.to_vec();
    expected.sort_unstable();
    let check_sorted = |(actual, mut log): (i32, Vec<i64>), how: &str| {
        log.sort_unstable();
        assert_eq!((actual, &log), (code, &expected), "{how}");
    };
    check_sorted(run_on(3, main), "three workers");
    for seed in 0..SEEDS {
        let first = simulate(seed, main);
        assert_eq!(first, simulate(seed, main), "a seed says everything, {seed}");
        check_sorted(first, &format!("seed {seed}"));
    }
}

// SAFETY of all bodies: the actor is the running one, frames and messages have the layouts above.
impl Cx<'_> {
    pub fn ctx(&self) -> *mut Ctx {
        self.actor.cast()
    }

    pub fn log(&self, value: i64) {
        self.engine.log.lock().expect("no body panics").push(value);
    }

    /// An integer in the frame: 0 to 7.
    pub fn word(&self, index: usize) -> i64 {
        assert!(index < 8);
        unsafe { self.place(index).read() }
    }

    pub fn set(&self, index: usize, value: i64) {
        assert!(index < 8);
        unsafe { self.place(index).write(value) };
    }

    fn place(&self, index: usize) -> *mut i64 {
        self.frame.cast::<i64>().wrapping_add(FRAME_RESULTS as usize / 8 + index)
    }

    /// A reference in the frame: 0 to 3.
    pub fn reference(&self, index: usize) -> ObjPtr {
        unsafe { self.place(8 + index).read() as ObjPtr }
    }

    pub fn set_reference(&self, index: usize, object: ObjPtr) {
        unsafe { self.place(8 + index).write(object as i64) };
    }

    pub fn state(&self) -> i32 {
        unsafe { self.frame.byte_add(FRAME_STATE as usize).cast::<i32>().read() }
    }

    pub fn set_state(&self, state: i32) {
        unsafe { self.frame.byte_add(FRAME_STATE as usize).cast::<i32>().write(state) };
    }

    /// Waits in this frame.
    pub fn wait(&self) -> Flow {
        unsafe { rt_suspend(self.ctx(), self.frame) };
        Flow::Suspended
    }

    /// What a poll says: whether to come back with what is given.
    pub fn poll(&self) -> Option<Flow> {
        unsafe {
            let here = 0u64;
            if (*self.actor).ctx.limit.load(Ordering::Relaxed) <= &raw const here as usize {
                return None;
            }
            rt_poll(self.ctx());
            if (*self.actor).ctx.panic != 0 {
                return Some(Flow::Raised);
            }
            ((*self.actor).ctx.limit.load(Ordering::Relaxed) == POISONED).then_some(Flow::Preempted)
        }
    }

    /// Computes without end, until a poll says otherwise.
    pub fn compute(&self) -> Flow {
        loop {
            if let Some(flow) = self.poll() {
                return flow;
            }
            std::hint::spin_loop();
        }
    }

    pub fn has_raised(&self) -> bool {
        unsafe { (*self.actor).ctx.panic != 0 }
    }

    /// A start frame with these integers.
    pub fn new_frame(&self, code: Code, words: &[i64]) -> ObjPtr {
        unsafe {
            let frame = (*self.actor).alloc(Header::new(FRAME), FRAME_SIZE as usize).expect("room");
            frame.byte_add(FRAME_RESUME as usize).cast::<Code>().write(code);
            frame.byte_add(FRAME_STATE as usize + 4).cast::<i32>().write(-1);
            let cx = Cx { frame, ..*self };
            words.iter().enumerate().for_each(|(index, &word)| cx.set(index, word));
            frame
        }
    }

    fn spawn_as(&self, code: Code, words: &[i64], kind: i64) -> (i64, i64) {
        let frame = self.new_frame(code, words);
        let pair = unsafe { rt_spawn(self.ctx(), frame, null_mut(), std::ptr::null(), kind) };
        (pair.0, pair.1)
    }

    pub fn spawn(&self, code: Code, words: &[i64]) -> i64 {
        self.spawn_as(code, words, 0).0
    }

    pub fn spawn_link(&self, code: Code, words: &[i64]) -> i64 {
        self.spawn_as(code, words, 1).0
    }

    pub fn spawn_monitor(&self, code: Code, words: &[i64]) -> (i64, i64) {
        self.spawn_as(code, words, 2)
    }

    pub fn own(&self) -> i64 {
        unsafe { rt_self(self.ctx(), null()) }
    }

    fn message(&self, a: i64, b: i64, object: ObjPtr) -> *const u8 {
        unsafe { rt_message_new(self.ctx(), i64::from(MESSAGE.0), a, b, object as i64, 0) }
    }

    pub fn send(&self, pid: i64, a: i64, b: i64) {
        unsafe { rt_send(self.ctx(), pid, self.message(a, b, null_mut())) };
    }

    pub fn send_object(&self, pid: i64, a: i64, object: ObjPtr) {
        unsafe { rt_send(self.ctx(), pid, self.message(a, 0, object)) };
    }

    pub fn send_after(&self, ms: i64, pid: i64, a: i64) -> i64 {
        unsafe { rt_timer_start(self.ctx(), ms, pid, self.message(a, 0, null_mut())) }
    }

    pub fn cancel(&self, timer: i64) -> bool {
        unsafe { rt_timer_cancel(self.ctx(), timer) }
    }

    /// Begins a receive the first time this state is run.
    pub fn begin_receive(&self, timeout: i64) {
        unsafe { rt_mailbox_begin(self.ctx(), timeout, 0) };
    }

    /// The next signal, and its first reference.
    pub fn look_object(&self) -> (Look, ObjPtr) {
        unsafe {
            let next = rt_mailbox_next(self.ctx(), null());
            let (object, kind) = (next.0, next.1);
            let word = |index: usize| object.cast::<i64>().add(1 + index).read();
            let look = match kind {
                0 => return (Look::Nothing, null_mut()),
                1 => Look::Message(word(0), word(1)),
                2 => Look::Down(word(0), word(1)),
                3 => Look::Exit(word(0), word(1)),
                _ => return (Look::TimeOver, null_mut()),
            };
            (look, word(2) as ObjPtr)
        }
    }

    pub fn look(&self) -> Look {
        self.look_object().0
    }

    pub fn take(&self) {
        unsafe { rt_mailbox_take(self.ctx()) };
    }

    /// Takes the first signal of any kind, if there is one, of a receive without time limit.
    pub fn receive(&self) -> Option<Look> {
        self.begin_receive(-1);
        let look = self.look();
        if look == Look::Nothing {
            return None;
        }
        self.take();
        Some(look)
    }

    pub fn kill(&self, pid: i64, tag: i64) {
        unsafe { rt_kill(self.ctx(), pid, tag, null_mut(), sepal_abi::any_nil()) };
    }

    pub fn exit(&self, tag: i64) -> Flow {
        unsafe { rt_exit_self(self.ctx(), tag, null_mut(), sepal_abi::any_nil()) };
        Flow::Raised
    }

    pub fn panic(&self) -> Flow {
        unsafe { rt_raise(self.ctx(), 2, 0, 0) };
        Flow::Raised
    }

    pub fn text(&self, text: &str) -> ObjPtr {
        unsafe { (*self.actor).new_str(text) }
    }

    pub fn defer(&self, code: Code) {
        unsafe {
            let closure = (*self.actor).alloc(Header::new(CLOSURE), 24).expect("room");
            closure.byte_add(CLOSURE_CODE as usize).cast::<Code>().write(code);
            rt_defer_push(self.ctx(), closure);
        }
    }

    /// Keeps the message's first integer in a reply or a task's future.
    pub fn reply(&self, reply: ObjPtr, value: i64) {
        unsafe { rt_reply_send(self.ctx(), reply, self.message(value, 0, null_mut())) };
    }

    pub fn resolve(&self, value: i64) {
        unsafe { rt_task_resolve(self.ctx(), self.message(value, 0, null_mut())) };
    }

    /// The first integer of a future's value.
    pub fn value(&self, future: ObjPtr) -> i64 {
        unsafe { rt_future_value(self.ctx(), future).cast::<i64>().add(1).read() }
    }
}
