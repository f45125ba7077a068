//! The table of actors on standard error: at `SIGQUIT`, and every so often for a program that is observed.
//!
//! One thread of the process prints for all programs in it. It sleeps in the kernel, whence a signal's handler can wake it
//! without a lock. A simulation prints for itself between two turns, so that nobody looks at an actor from another
//! thread and the same seed gives the same run.
//!
//! Must never hold the list of programs while it writes: standard error may be a full pipe.

use crate::run::{Runtime, RuntimeRef};
use crate::sched::observe::{Ask, Detail};
use crate::sched::slot::{Pid, SlotRef};
use crate::stdio;
use sepal_abi::ActorState;
use sepal_machine::notice;
use std::fmt::Write;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// A table shows so many actors.
const MAX_ROWS: usize = 100;
/// Names are cut off here.
const MAX_NAME: usize = 32;
/// How long actors that run are waited for. They answer at their next poll, unless they are in the operating system.
const PATIENCE: Duration = Duration::from_millis(100);
/// The observing thread needs little.
const STACK: usize = 256 * 1024;

/// A program that is shown.
struct Shown {
    runtime: RuntimeRef,
    next_at: Option<Instant>,
}

static SHOWN: Mutex<Vec<Shown>> = Mutex::new(Vec::new());

fn shown() -> MutexGuard<'static, Vec<Shown>> {
    // The list is valid between any two steps.
    SHOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Shows a program's actors as long as this lives.
pub(crate) struct Watch(RuntimeRef);

impl Watch {
    /// Begins to show a program. Without a thread to be had, the program runs unobserved.
    pub(crate) fn begin(runtime: RuntimeRef) -> Watch {
        static HAS_THREAD: OnceLock<bool> = OnceLock::new();
        let start = || {
            let thread = std::thread::Builder::new().name("sepal observer".into());
            notice::install() && thread.stack_size(STACK).spawn(run).is_ok()
        };
        let has_thread = *HAS_THREAD.get_or_init(start);
        let every = runtime.observes().filter(|_| !runtime.is_simulated());
        let next_at =
            every.and_then(|every| Instant::now().checked_add(Duration::from_nanos(every)));
        shown().push(Shown { runtime, next_at });
        if has_thread && next_at.is_some() {
            notice::wake();
        }
        Watch(runtime)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        shown().retain(|shown| !shown.runtime.is(self.0));
    }
}

/// For a process that only waits for a program: `SIGQUIT` from the terminal, which the program gets too, is the program's
/// to answer.
pub fn leave_quit_to_children() {
    // SAFETY: changes the disposition of one signal; the program makes its own.
    unsafe { libc::signal(libc::SIGQUIT, libc::SIG_IGN) };
}

/// The life of the observing thread.
fn run() {
    loop {
        let next = shown().iter().filter_map(|shown| shown.next_at).min();
        let timeout = next.map(|next| next.saturating_duration_since(Instant::now()));
        let signalled = notice::wait(timeout);
        let now = Instant::now();
        let mut text = String::new();
        for shown in shown().iter_mut() {
            let is_time = shown.next_at.is_some_and(|next_at| next_at <= now);
            if is_time {
                let every = Duration::from_nanos(shown.runtime.observes().unwrap_or(u64::MAX));
                shown.next_at = now.checked_add(every);
            }
            match (signalled || is_time, shown.runtime.is_simulated()) {
                (true, false) => push_table(&mut text, shown.runtime, View::Outside),
                (true, true) => shown.runtime.observer.want(),
                (false, _) => {}
            }
        }
        if !text.is_empty() {
            stdio::write_error_now(text.as_bytes());
        }
    }
}

/// Who looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum View {
    /// A thread that runs no actors, and may wait for those that do.
    Outside,
    /// A worker in the middle of a turn, which must not wait for others.
    Worker,
    /// The only thread of a simulation, between two turns: it has all actors.
    Simulation,
}

/// Prints the table of a program's actors.
pub(crate) fn print(runtime: RuntimeRef, view: View) {
    let mut text = String::new();
    push_table(&mut text, runtime, view);
    stdio::write_error(text.as_bytes());
}

/// One actor in the table.
struct Row {
    slot: SlotRef,
    pid: Pid,
    state: ActorState,
    detail: Option<Detail>,
}

fn push_table(text: &mut String, runtime: RuntimeRef, view: View) {
    let mut counts = [0usize; 3];
    let mut rows = Vec::new();
    for (slot, pid) in runtime.table.slots() {
        if !runtime.table.holds(slot, pid) {
            continue;
        }
        let state = runtime.state_of(slot);
        match state {
            ActorState::Running => counts[0] += 1,
            ActorState::Runnable => counts[1] += 1,
            // What ends is found out later.
            ActorState::Waiting | ActorState::Ending => counts[2] += 1,
        }
        if rows.len() < MAX_ROWS {
            rows.push(Row { slot, pid, state, detail: None });
        }
    }
    let all: usize = counts.iter().sum();
    look(runtime, view, &mut rows);
    let seconds = Duration::from_nanos(runtime.clock.now()).as_secs_f64();
    let [running, runnable, waiting] = counts;
    // Writing into a string does not fail.
    let _ = writeln!(
        text,
        "actors after {seconds:.3} s: {all} ({running} running, {runnable} runnable, {waiting} waiting)"
    );
    push_rows(text, &runtime, &rows);
    if all > rows.len() {
        let _ = writeln!(text, "… and {} more", all - rows.len());
    }
}

/// Looks at what only the thread that has an actor can see.
fn look(runtime: RuntimeRef, view: View, rows: &mut [Row]) {
    if view == View::Simulation {
        for row in rows {
            // SAFETY: between two turns of a simulation this thread has all actors.
            row.detail = Some(runtime.detail(row.slot, unsafe { &*row.slot.actor() }));
        }
        return;
    }
    if !runtime.scheduler.hold_end(runtime) {
        return;
    }
    let mut asked: Vec<(usize, Arc<Ask>)> = Vec::new();
    for (index, row) in rows.iter_mut().enumerate() {
        row.detail = runtime.look_at_resting(row.slot, row.pid);
        if row.detail.is_none()
            && view == View::Outside
            && let Some(ask) = runtime.ask(row.pid, None)
        {
            asked.push((index, ask));
        }
    }
    runtime.clock.end_effect(runtime);
    let asks: Vec<Arc<Ask>> = asked.iter().map(|(_, ask)| ask.clone()).collect();
    runtime.observer.wait(&asks, PATIENCE);
    for (index, ask) in asked {
        match ask.answer() {
            Some(answer) => rows[index].detail = answer.cloned(),
            None => runtime.forget_ask(rows[index].pid, &ask),
        }
    }
}

fn push_rows(text: &mut String, runtime: &Runtime, rows: &[Row]) {
    let names: Vec<String> = rows.iter().map(|row| name(runtime, row)).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0).max(4);
    let heading = ["pid", "state", "mailbox", "heap", "reductions", "parent"];
    let [pid, state, mailbox, heap, reductions, parent] = heading;
    let _ = writeln!(
        text,
        "{pid:>12}  {:<width$}  {state:<8} {mailbox:>8} {heap:>10} {reductions:>10} {parent:>12}  at",
        "name"
    );
    for (row, name) in rows.iter().zip(&names) {
        let detail = row.detail.as_ref();
        let number = |number: fn(&Detail) -> usize| {
            detail.map_or_else(|| String::from("?"), |detail| number(detail).to_string())
        };
        let is_ending = detail.is_some_and(|detail| detail.is_ending);
        let parent = match detail {
            Some(detail) => detail.parent,
            None => runtime.parent_of(row.slot, row.pid),
        };
        let parent = parent.map_or_else(|| String::from("-"), |pid| pid.number().to_string());
        let at = detail.map_or("?", |detail| detail.place.as_deref().unwrap_or("-"));
        let _ = writeln!(
            text,
            "{:>12}  {name:<width$}  {:<8} {:>8} {:>10} {:>10} {parent:>12}  {at}",
            row.pid.number(),
            state_name(if is_ending { ActorState::Ending } else { row.state }),
            number(|detail| detail.mailbox),
            number(|detail| detail.heap),
            detail.map_or_else(|| row.slot.shared().reductions(), |detail| detail.reductions),
        );
    }
}

fn name(runtime: &Runtime, row: &Row) -> String {
    let is_task = row.detail.as_ref().is_some_and(|detail| detail.is_task);
    let unnamed = if is_task { "(future)" } else { "-" };
    let name = match &row.detail {
        Some(detail) => detail.name.clone(),
        None => runtime.name_of(row.pid),
    };
    let name = name.unwrap_or_else(|| unnamed.into());
    if name.chars().count() <= MAX_NAME {
        return name;
    }
    name.chars().take(MAX_NAME - 1).chain(['…']).collect()
}

fn state_name(state: ActorState) -> &'static str {
    match state {
        ActorState::Running => "running",
        ActorState::Runnable => "runnable",
        ActorState::Waiting => "waiting",
        ActorState::Ending => "ending",
    }
}
