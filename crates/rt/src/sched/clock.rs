//! Time: alarms that wake actors and timers that send messages, on a thread of their own that starts when it is
//! first needed; and the ticks that take a core from an actor which has had it long enough while others wait.
//!
//! Everything is behind the mutex. `underway` counts alarms taken off the wheel whose effect is not done yet, so that
//! "nothing can happen any more" is never said too early. Must never call into an actor; it sends and wakes as
//! any actor does, after the lock is released.
//!
//! In a simulation there is no thread and time passes only when the scheduler says so.

use super::slot::{Pid, SlotRef};
use super::ticking::{SLICE, Ticker, Ticking};
use super::wheel::Wheel;
use crate::message::Message;
use crate::run::RuntimeRef;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// After so many ticks without anybody waiting the ticks end.
const IDLE_TICKS: u32 = 20;
/// So many nanoseconds the thread sleeps at least before a tick. Woken sooner it has had more than its share of the core where
/// an actor computes, and gets it only when the kernel looks again, up to 4 milliseconds later (EEVDF).
const REST: u64 = 100_000;

/// What happens when the time has come.
#[derive(Debug)]
pub(crate) enum Alarm {
    /// The actor looks at its own deadlines.
    Wake(Pid),
    /// A message is sent.
    Send(Pid, Message),
    /// The program ends, whoever still runs.
    Stop,
    /// In a simulation: what an actor has sent comes in.
    Deliver(Pid),
    /// In a simulation: an actor whose turn was put off is queued again.
    Queue(SlotRef, u8),
}

/// See the module's head.
#[derive(Debug)]
pub(crate) struct Clock {
    start: Instant,
    /// The time in a simulation.
    simulated: Option<AtomicU64>,
    state: Mutex<State>,
    changed: Condvar,
    ticking: Ticking,
}

#[derive(Debug, Default)]
struct State {
    alarms: Wheel<Alarm>,
    underway: usize,
    /// Alarms that do not keep the program alive.
    uncounted: usize,
    has_thread: bool,
    /// Until when the thread sleeps, unless it is told.
    asleep_until: Option<u64>,
    stopped: bool,
}

impl State {
    fn take_due(&mut self, now: u64) -> Option<Alarm> {
        let alarm = self.alarms.pop(now)?;
        self.uncounted -= usize::from(matches!(alarm, Alarm::Stop));
        Some(alarm)
    }
}

impl Clock {
    pub(crate) fn new(is_simulated: bool) -> Clock {
        Clock {
            start: Instant::now(),
            simulated: is_simulated.then(AtomicU64::default),
            state: Mutex::default(),
            changed: Condvar::new(),
            ticking: Ticking::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is valid between any two steps.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nanoseconds since the program began.
    pub(crate) fn now(&self) -> u64 {
        match &self.simulated {
            Some(now) => now.load(Ordering::Relaxed),
            None => self.start.elapsed().as_nanos() as u64,
        }
    }

    /// Lets simulated time pass; alarms go off at the next [`Clock::catch_up`].
    pub(crate) fn pass(&self, nanos: u64) {
        if let Some(now) = &self.simulated {
            now.fetch_add(nanos, Ordering::Relaxed);
        }
    }

    /// Lets all alarms go off whose simulated time has come.
    pub(crate) fn catch_up(&self, runtime: RuntimeRef) {
        while let Some(alarm) = self.take_due() {
            go_off(runtime, alarm);
        }
    }

    fn take_due(&self) -> Option<Alarm> {
        let now = self.now();
        self.lock().take_due(now)
    }

    /// Passes the simulated time until the next alarm, or on the way there; false if there is none.
    pub(crate) fn jump(&self) -> bool {
        let next = self.lock().alarms.next_look();
        next.map(|time| self.pass(time.saturating_sub(self.now()))).is_some()
    }

    /// The time in so many milliseconds, or as late as there is a time.
    pub(crate) fn after(&self, ms: u64) -> u64 {
        self.now().saturating_add(ms.saturating_mul(1_000_000))
    }

    /// Sets an alarm; gives its number.
    pub(crate) fn set(&self, runtime: RuntimeRef, time: u64, alarm: Alarm) -> u64 {
        let mut state = self.lock();
        state.uncounted += usize::from(matches!(alarm, Alarm::Stop));
        let id = state.alarms.insert(time, alarm);
        self.ensure_thread(runtime, &mut state);
        let sleeps_too_long = state.asleep_until.is_some_and(|until| time < until);
        drop(state);
        if sleeps_too_long {
            self.changed.notify_one();
        }
        id
    }

    /// Takes an alarm back; `None` if it has gone off.
    pub(crate) fn cancel(&self, id: u64) -> Option<Alarm> {
        self.lock().alarms.cancel(id)
    }

    /// Whether something will still happen by itself.
    pub(crate) fn is_pending(&self) -> bool {
        let state = self.lock();
        state.alarms.len() + state.underway > state.uncounted
    }

    /// Something is going on that may wake actors.
    pub(crate) fn begin_effect(&self) {
        self.lock().underway += 1;
    }

    /// It is over.
    pub(crate) fn end_effect(&self, runtime: RuntimeRef) {
        self.lock().underway -= 1;
        // Somebody may have waited only for this.
        runtime.scheduler.look_again();
    }

    /// Whether somebody looks after actors that run long; never in a simulation.
    #[inline(always)]
    pub(crate) fn is_ticking(&self) -> bool {
        self.ticking.is_on()
    }

    /// Begins to look after actors that run long, if nobody does: for who has just made somebody wait.
    pub(crate) fn tick(&self, runtime: RuntimeRef) {
        if self.is_ticking() {
            return;
        }
        if self.simulated.is_none() && self.ticking.begin() {
            self.ensure_thread(runtime, &mut self.lock());
            self.changed.notify_one();
        }
    }

    fn ensure_thread(&self, runtime: RuntimeRef, state: &mut State) {
        if !state.has_thread && !state.stopped && self.simulated.is_none() {
            state.has_thread = true;
            runtime
                .scheduler
                .spawn_thread(runtime, "sepal clock", move || runtime.clock.run(runtime));
        }
    }

    /// Ends the thread.
    pub(crate) fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_one();
    }

    fn run(&self, runtime: RuntimeRef) {
        sepal_machine::timer::wake_exactly();
        self.run_until_stopped(runtime);
        crate::message::give_back_all();
    }

    fn run_until_stopped(&self, runtime: RuntimeRef) {
        let (mut ticker, mut compaction) = (Ticker::default(), runtime.scheduler.compaction());
        let mut has_woken = false;
        let mut next_tick = 0u64;
        let mut state = self.lock();
        while !state.stopped {
            let now = self.now();
            if let Some(alarm) = state.take_due(now) {
                has_woken = true;
                state.underway += 1;
                drop(state);
                go_off(runtime, alarm);
                state = self.lock();
                state.underway -= 1;
                if state.alarms.len() <= state.uncounted {
                    // Somebody may have waited only for this.
                    drop(state);
                    runtime.scheduler.look_again();
                    state = self.lock();
                }
                continue;
            }
            if std::mem::take(&mut has_woken) {
                runtime.scheduler.hurry();
            }
            let look = state.alarms.next_look();
            let goes_on = ticker.goes_on(&self.ticking);
            let tick = goes_on.then(|| after_rest(next_tick, now, look));
            let until = look.into_iter().chain(tick).min();
            state.asleep_until = Some(until.unwrap_or(u64::MAX));
            state = match until {
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(time) => {
                    let nanos = Duration::from_nanos(time.saturating_sub(now).max(1));
                    let wait = self.changed.wait_timeout(state, nanos);
                    wait.unwrap_or_else(PoisonError::into_inner).0
                }
            };
            state.asleep_until = None;
            // Who was woken for something else must not take a core from an actor that has just got it.
            let now = self.now();
            if goes_on && now >= next_tick {
                next_tick = now + SLICE;
                drop(state);
                let waits = runtime.scheduler.tick(runtime, &mut compaction);
                ticker.note(&self.ticking, waits, IDLE_TICKS);
                state = self.lock();
            }
        }
    }
}

/// When the thread is to wake for a tick, which is due at a time: not soon after it goes to sleep, and together with the
/// next alarm if that comes soon after.
fn after_rest(due: u64, now: u64, alarm: Option<u64>) -> u64 {
    let tick = due.clamp(now + REST, now + SLICE);
    alarm.filter(|time| (tick..tick + REST).contains(time)).unwrap_or(tick)
}

fn go_off(runtime: RuntimeRef, alarm: Alarm) {
    match alarm {
        Alarm::Wake(pid) => runtime.wake(pid),
        Alarm::Send(pid, message) => runtime.send_or_fail(None, pid, message),
        Alarm::Stop => crate::sched::end::stop_program(runtime),
        Alarm::Deliver(from) => runtime.deliver(from),
        Alarm::Queue(slot, priority) => runtime.scheduler.queue_behind(runtime, slot, priority),
    }
}

#[cfg(test)]
mod tests {
    use super::{REST, SLICE, after_rest};

    #[test]
    fn ticks_come_after_a_rest_and_with_alarms() {
        let now = 1_000_000;
        let tick = now + SLICE / 2;
        assert_eq!(after_rest(tick, now, None), tick);
        assert_eq!(after_rest(0, now, None), now + REST, "it is late, and was just awake");
        assert_eq!(after_rest(u64::MAX, now, None), now + SLICE);
        assert_eq!(after_rest(tick, now, Some(tick + REST / 2)), tick + REST / 2);
        for apart in [now + 1, tick - 1, tick + REST] {
            assert_eq!(after_rest(tick, now, Some(apart)), tick, "an alarm at {apart}");
        }
    }
}
