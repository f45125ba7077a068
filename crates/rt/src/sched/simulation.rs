//! A simulation: the scheduler on one thread, with a time of its own, and every choice taken from a seed. What the
//! choices are is decided here: who runs next, who is kept from running for a while, whose signals are late,
//! which supervised actors are killed. Timers may be late, never early.
//!
//! Between two sends of one actor others may do much, though there is no poll. So at some send an actor's signals begin to
//! be late: this one and all that it sends until it yields, which it does at its next poll or where it looks for
//! what others have sent. They come in after a while, or before its next turn; before that it does nothing else that
//! anybody could see. So nothing happens here that could not happen on several cores.
//!
//! Everything is behind the mutex, which only orders: one thread runs all of it. Must never hold it while signals are
//! given to their receivers, and never ask anything that another run of the same seed would answer differently.

use super::clock::Alarm;
use super::dice::Dice;
use super::end::actor_name;
use super::signal::Reason;
use super::slot::{Pid, SlotRef};
use crate::message::Message;
use crate::run::{Options, Runtime};
use crate::stdio;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A turn takes up to so many nanoseconds.
const TURN: u64 = 20_000;
/// One poll of so many yields.
const POLLS: u64 = 16;
/// At one send of so many an actor's signals begin to be late.
const LATE_SIGNALS: u64 = 16;
/// One turn of so many is put off.
const LATE_TURNS: u64 = 32;
/// At one turn of so many the clock does not look which alarms are due.
const LATE_CLOCK: u64 = 2;
/// What is late is so by up to so many nanoseconds.
const DELAY: u64 = 1_000_000;
/// At one turn of so many a supervised actor is killed, as long as some may be.
const KILLS: u64 = 64;

/// See the module's head.
#[derive(Debug)]
pub(crate) struct Simulation {
    dice: Dice,
    traces: bool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    turns: u64,
    /// Whose turn it is.
    running: Option<Pid>,
    /// What each actor has sent that is late, with the receivers, in order.
    late: BTreeMap<Pid, Vec<(Pid, Message)>>,
    /// Actors that their supervisors would start again.
    supervised: Vec<Pid>,
    /// How many of them may still be killed.
    kills: u32,
}

impl Simulation {
    /// The simulation that the options ask for.
    pub(crate) fn new(options: &Options) -> Option<Simulation> {
        let seed = options.sim?;
        crate::hash::fix_keys(seed);
        let state = State { kills: options.sim_kills, ..State::default() };
        let (traces, state) = (options.sim_trace, Mutex::new(state));
        Some(Simulation { dice: Dice::new(seed), traces, state })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is valid between any two steps.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Numbers for whatever else is random.
    pub(crate) fn dice(&self) -> &Dice {
        &self.dice
    }

    /// Whether the running actor yields at a poll.
    pub(crate) fn yields(&self) -> bool {
        self.dice.below(POLLS) == 0 || self.is_late()
    }

    /// What a turn takes.
    pub(crate) fn turn_time(&self) -> u64 {
        self.dice.below(TURN)
    }

    /// Whether alarms go off late this time.
    pub(crate) fn clock_is_late(&self) -> bool {
        self.dice.below(LATE_CLOCK) == 0
    }

    /// When a chosen actor is to have its turn instead of now.
    pub(crate) fn puts_off(&self, now: u64) -> Option<u64> {
        (self.dice.below(LATE_TURNS) == 0).then(|| now + self.dice.below(DELAY))
    }

    /// Begins an actor's turn.
    pub(crate) fn begin_turn(&self, pid: Pid) {
        let mut state = self.lock();
        state.turns += 1;
        state.running = Some(pid);
    }

    /// From now on it is nobody's turn.
    pub(crate) fn end_turn(&self) {
        self.lock().running = None;
    }

    /// An actor whose supervisor would start it again.
    pub(crate) fn note_supervised(&self, pid: Pid) {
        self.lock().supervised.push(pid);
    }

    /// The actor that is to be killed now, if any; `lives` says who can be.
    pub(crate) fn victim(&self, lives: impl Fn(Pid) -> bool) -> Option<Pid> {
        let mut state = self.lock();
        if state.kills == 0 || self.dice.below(KILLS) != 0 {
            return None;
        }
        state.supervised.retain(|&pid| lives(pid));
        if state.supervised.is_empty() {
            return None;
        }
        state.kills -= 1;
        let index = self.dice.below(state.supervised.len() as u64) as usize;
        Some(state.supervised.swap_remove(index))
    }

    /// Takes a signal that comes late. `Err`: it comes at once. `Ok(true)`: it is the sender's first that is late, and
    /// [`Runtime::deliver`] must be called for that later.
    fn hold_back(&self, from: Pid, to: Pid, signal: Message) -> Result<bool, Message> {
        let mut state = self.lock();
        if state.running != Some(from) {
            return Err(signal);
        }
        if let Some(late) = state.late.get_mut(&from) {
            late.push((to, signal));
            return Ok(false);
        }
        if from == to || self.dice.below(LATE_SIGNALS) != 0 {
            return Err(signal);
        }
        state.late.insert(from, vec![(to, signal)]);
        Ok(true)
    }

    /// Whether signals of the running actor are late: then it is to yield.
    pub(crate) fn is_late(&self) -> bool {
        let state = self.lock();
        state.running.is_some_and(|pid| state.late.contains_key(&pid))
    }

    /// Says what was decided, if anybody wants to know.
    pub(crate) fn trace(&self, now: u64, what: impl FnOnce() -> String) {
        if self.traces {
            let turn = self.lock().turns;
            let line = format!("sim {turn:>5} {:>12.6} ms  {}\n", now as f64 / 1e6, what());
            stdio::write_error(line.as_bytes());
        }
    }
}

/// How a trace calls the actor in a slot.
pub(crate) fn name_of(slot: SlotRef) -> String {
    // SAFETY: one thread runs all actors of a simulation, and none has its turn while this is asked.
    actor_name(unsafe { &*slot.actor() })
}

impl Runtime {
    fn simulation(&self) -> Option<&Simulation> {
        self.scheduler.simulation()
    }

    /// Keeps a signal back for a while, if this is a simulation and it wants to. `Err`: it is to be pushed now.
    pub(crate) fn hold_back(&self, from: Pid, to: Pid, signal: Message) -> Result<(), Message> {
        let Some(simulation) = self.simulation() else { return Err(signal) };
        if simulation.hold_back(from, to, signal)? {
            let now = self.clock.now();
            let time = now + simulation.dice.below(DELAY);
            self.clock.set(self.own(), time, Alarm::Deliver(from));
            simulation.trace(now, || format!("{}'s signals are late", from.number()));
        }
        Ok(())
    }

    /// Gives the receivers what an actor has sent, and lets it go on.
    pub(crate) fn deliver(&self, from: Pid) {
        let late = self.simulation().and_then(|simulation| simulation.lock().late.remove(&from));
        let Some(late) = late else { return };
        for (to, signal) in late {
            if let Err(signal) = self.push(to, signal) {
                self.answer_for_the_dead(from, to, &signal);
            }
        }
        self.wake(from);
    }

    /// The running actor is going to do what others could see: in a simulation, what it has sent before comes first.
    #[inline]
    pub(crate) fn settle_sends(&self) {
        super::outbox::close();
        if let Some(simulation) = self.simulation() {
            let running = simulation.lock().running;
            running.into_iter().for_each(|pid| self.deliver(pid));
        }
    }

    /// Whether the running actor is to look later, when what it has sent has come in.
    #[inline]
    pub(crate) fn looks_later(&self) -> bool {
        self.simulation().is_some_and(Simulation::is_late)
    }

    /// Kills a supervised actor, if the simulation wants to.
    pub(crate) fn kill_by_chance(&self) {
        let Some(simulation) = self.simulation() else { return };
        let lives = |pid| self.table.slot(pid).is_some_and(|slot| slot.shared().is_alive(pid));
        if let Some(victim) = simulation.victim(lives) {
            simulation.trace(self.clock.now(), || format!("kills {}", victim.number()));
            self.kill(victim, victim, &Reason::KILLED);
        }
    }
}
