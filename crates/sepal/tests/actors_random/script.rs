//! What each actor of a random program does, step after step.
//!
//! The scripts are written along one execution that is known to end: an actor only receives what somebody has sent by
//! then. No step depends on what a message holds, and the classes of messages that receives ask for are
//! disjoint, so that every other execution has as many messages where they are needed and ends, too.
//!
//! Must never hold a step of which the model cannot say what it may log.

use crate::rng::Rng;

/// Which messages a receive takes. Those of one actor's receives are disjoint.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    /// Of senders with even or odd numbers.
    Sender(usize),
    /// With even or odd numbers of their own.
    Number(usize),
    /// Any: only in actors whose every receive is such.
    Any,
}

impl Class {
    pub fn has(self, from: usize, number: usize) -> bool {
        match self {
            Class::Sender(rest) => from % 2 == rest,
            Class::Number(rest) => number % 2 == rest,
            Class::Any => true,
        }
    }
}

/// How an actor that was made for that ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    Returns,
    Exits,
    Panics,
    IsShutDown,
    IsKilled,
}

impl End {
    const ALL: [End; 5] = [End::Returns, End::Exits, End::Panics, End::IsShutDown, End::IsKilled];

    /// How its reason is shown.
    pub fn reason(self) -> &'static str {
        match self {
            End::Returns => "Normal",
            End::Exits => "Custom(value: 7)",
            End::Panics => "Panic(message: \"on purpose\")",
            End::IsShutDown => "Shutdown",
            End::IsKilled => "Killed",
        }
    }
}

/// How somebody hears of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Watch {
    SpawnMonitor,
    /// A monitor set after the spawn: it may come too late.
    Monitor,
    /// A link, trapping exits.
    SpawnLink,
    /// A link made after the spawn: it may come too late.
    Link,
}

impl Watch {
    const ALL: [Watch; 4] = [Watch::SpawnMonitor, Watch::Monitor, Watch::SpawnLink, Watch::Link];

    /// The arm of a receive that hears of it.
    pub fn arm(self) -> &'static str {
        match self {
            Watch::SpawnMonitor | Watch::Monitor => "down",
            Watch::SpawnLink | Watch::Link => "exit",
        }
    }

    pub fn may_be_late(self) -> bool {
        match self {
            Watch::SpawnMonitor | Watch::SpawnLink => false,
            Watch::Monitor | Watch::Link => true,
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// Sends a message with its number among those of the sender to this receiver, and a text of some length.
    Send {
        to: usize,
        number: usize,
        length: usize,
    },
    Receive(Class),
    /// Asks the server for the double of a number.
    Ask(usize),
    /// A task computes a sum.
    Task(usize),
    /// Makes an actor that ends, and waits for the news.
    Watch(Watch, End),
    /// Timers of so many milliseconds, some cancelled at once: (ms, cancelled).
    Timers(Vec<(usize, bool)>),
    /// Unlinks an actor, kills it, and must hear nothing.
    Unlink,
    /// A chain of so many linked actors is hit at its end.
    Chain(usize),
    /// So many actors want the same name: one gets it.
    Name(usize),
}

/// The scripts of all actors. The first is `main`; it also waits for the end of the others.
pub fn scripts(seed: u64) -> Vec<Vec<Step>> {
    let mut rng = Rng::new(seed);
    let actors = 2 + rng.below(4);
    let mut scripts = vec![Vec::new(); actors];
    // What was sent to each and not received: sender and number.
    let mut waiting: Vec<Vec<(usize, usize)>> = vec![Vec::new(); actors];
    let mut sent = vec![vec![0; actors]; actors];
    let classes: Vec<Vec<Class>> = (0..actors).map(|_| classes(&mut rng)).collect();
    for _ in 0..rng.within(15, 75) {
        let actor = rng.below(actors);
        let receivable: Vec<Class> = classes[actor]
            .iter()
            .copied()
            .filter(|class| waiting[actor].iter().any(|&(from, number)| class.has(from, number)))
            .collect();
        let step = if !receivable.is_empty() && rng.percent(40) {
            let class = *rng.pick(&receivable);
            let at = waiting[actor].iter().position(|&(from, number)| class.has(from, number));
            waiting[actor].remove(at.expect("the class is receivable"));
            Step::Receive(class)
        } else if rng.percent(70) {
            let to = rng.below(actors);
            let number = sent[actor][to];
            waiting[to].push((actor, number));
            sent[actor][to] += 1;
            let length = *rng.pick(&[0, 5, 100, 5_000, 70_000]);
            Step::Send { to, number, length }
        } else {
            other_step(&mut rng)
        };
        scripts[actor].push(step);
    }
    scripts
}

fn classes(rng: &mut Rng) -> Vec<Class> {
    match rng.below(3) {
        0 => vec![Class::Any],
        1 => vec![Class::Sender(0), Class::Sender(1)],
        _ => vec![Class::Number(0), Class::Number(1)],
    }
}

fn other_step(rng: &mut Rng) -> Step {
    match rng.below(8) {
        0 => Step::Ask(rng.below(1000)),
        1 => Step::Task(rng.below(200)),
        2 | 3 => Step::Watch(*rng.pick(&Watch::ALL), *rng.pick(&End::ALL)),
        4 => {
            let timers = (0..1 + rng.below(8)).map(|_| (rng.below(12), rng.percent(30)));
            Step::Timers(timers.collect())
        }
        5 => Step::Unlink,
        6 => Step::Chain(1 + rng.below(5)),
        _ => Step::Name(1 + rng.below(4)),
    }
}
