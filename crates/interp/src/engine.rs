//! The interpreter as an engine of the scheduler: runs an actor on a register stack for as long as it runs or is
//! preempted; an actor that waits has none.
//!
//! A program's tables belong to one thread at a time, so whoever runs an actor holds a lock meanwhile: there is no use
//! in more than one worker. Must never be entered again from within a run.

use crate::machine::{End, Machine};
use crate::program::Program;
use sepal_abi::{CLOSURE_CODE, FRAME_RESUME};
use sepal_mir::FuncId;
use sepal_rt::sched::engine::{Engine, Outcome, Run};
use sepal_rt::{Actor, MAIN_STACK};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// The register stack of an actor other than `main`: addresses, not memory.
const STACK: usize = 16 * 1024 * 1024;
/// So many unused ones are kept.
const SPARE: usize = 8;

/// See the module's head.
pub struct InterpEngine<'p> {
    program: &'p Program<'p>,
    /// What `main` begins with, unless it is a frame.
    entry: FuncId,
    machines: Mutex<Machines<'p>>,
}

// SAFETY: program and machines are used only by whoever holds the lock.
unsafe impl Sync for InterpEngine<'_> {}

/// The register stacks, boxed since the collector knows their addresses.
#[derive(Default)]
struct Machines<'p> {
    /// The larger one of `main`, while that waits.
    of_main: Option<Box<Machine<'p>>>,
    spare: Vec<Box<Machine<'p>>>,
    /// By the actor that was preempted.
    preempted: HashMap<*mut Actor, Box<Machine<'p>>>,
}

impl<'p> Machines<'p> {
    fn take(&mut self, program: &'p Program<'p>, is_main: bool) -> Option<Box<Machine<'p>>> {
        let (kept, bytes) =
            if is_main { (self.of_main.take(), MAIN_STACK) } else { (self.spare.pop(), STACK) };
        kept.or_else(|| Machine::new(program, bytes).map(Box::new))
    }

    fn give_back(&mut self, machine: Box<Machine<'p>>, is_main: bool) {
        if is_main {
            self.of_main = Some(machine);
        } else if self.spare.len() < SPARE {
            self.spare.push(machine);
        }
    }
}

impl<'p> InterpEngine<'p> {
    /// An engine for a program whose `main` begins with the function.
    pub fn new(program: &'p Program<'p>, entry: FuncId) -> InterpEngine<'p> {
        InterpEngine { program, entry, machines: Mutex::default() }
    }

    fn execute(&self, machine: &Machine<'p>, run: Run) -> End {
        let code_at = |object: u64, offset: u32| crate::state::load(object, u64::from(offset));
        match run {
            Run::Entry => machine.call_entry(self.program.entry(self.entry), &[]),
            Run::Resume(frame) => {
                let entry = code_at(frame as u64, FRAME_RESUME);
                machine.call_entry(self.program.entry_of(entry), &[frame as u64])
            }
            Run::Call(closure) => {
                let entry = code_at(closure as u64, CLOSURE_CODE);
                // One that may wait takes a frame to go on with behind its closure.
                machine.call_entry(self.program.entry_of(entry), &[closure as u64, 0])
            }
            Run::Proceed => machine.proceed(),
        }
    }
}

impl Engine for InterpEngine<'_> {
    unsafe fn run(&self, actor: *mut Actor, run: Run) -> Outcome {
        let mut machines = self.machines.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: the caller vouches for the actor; no reference to it is held while its code runs.
        let is_main = unsafe { (*actor).is_main() };
        let machine = match machines.preempted.remove(&actor) {
            Some(machine) => machine,
            None => {
                let Some(machine) = machines.take(self.program, is_main) else {
                    return Outcome::NoMemory;
                };
                // SAFETY: the actor lives until it has been run, or its machine discarded.
                unsafe {
                    machine.serve(actor);
                    (*actor).add_roots(machine.as_roots());
                }
                machine
            }
        };
        // Everything that this run holds lies below this frame.
        let base = 0u64;
        Actor::use_thread_stack(&raw const base as usize);
        // SAFETY: as above.
        unsafe { (*actor).reset_limit() };
        let outcome = match self.execute(&machine, run) {
            End::Returned => Outcome::Returned(machine.first_result() as i64),
            End::Panicked => {
                machine.report();
                Outcome::Abandoned
            }
            End::Preempted => {
                machines.preempted.insert(actor, machine);
                return Outcome::Preempted;
            }
        };
        // SAFETY: as above; the machine's are the only roots that were added.
        unsafe { (*actor).clear_roots() };
        machines.give_back(machine, is_main);
        outcome
    }

    unsafe fn discard(&self, actor: *mut Actor) {
        let mut machines = self.machines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(machine) = machines.preempted.remove(&actor) {
            // SAFETY: the caller vouches for the actor.
            let is_main = unsafe {
                (*actor).clear_roots();
                (*actor).is_main()
            };
            machines.give_back(machine, is_main);
        }
    }

    fn places(&self, actor: &Actor) -> Vec<u32> {
        // Another thread may look on while an actor runs, and must not wait for it.
        let Ok(machines) = self.machines.try_lock() else { return Vec::new() };
        let actor = std::ptr::from_ref(actor).cast_mut();
        let machine = machines.preempted.get(&actor);
        machine.map_or_else(Vec::new, |machine| machine.preempted_locs().collect())
    }
}
