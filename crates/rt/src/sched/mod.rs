//! Many actors on few threads.
//!
//! - [`slot`]: pids, the table of actors, who may run one
//! - `arrivals`, `inbox`, `looked`, `bounds`, [`signal`]: what actors tell each other
//! - `cold`, `few`: what few actors need
//! - `life`: an actor's turn, from signals to its end; `end`: its death
//! - `post`, `outbox`: sending, spawning, waking
//! - `births`, `observe`: what actors look like from outside
//! - `promise`, `names`, `clock`, `ticking`, `wheel`: answers, names, time
//! - `queue`, `turns`, `compaction`: which actor is next, on which thread, for how long, on how many; `simulation`, `dice`: or by chance
//! - [`engine`]: how an actor's code is run; `stacks`: on what
//!
//! Must never hold a lock while an actor's code runs.

pub(crate) mod arrivals;
pub(crate) mod births;
pub(crate) mod bounds;
pub(crate) mod clock;
pub(crate) mod cold;
pub(crate) mod compaction;
pub(crate) mod dice;
pub(crate) mod end;
pub mod engine;
pub(crate) mod few;
pub(crate) mod inbox;
pub(crate) mod life;
pub(crate) mod looked;
pub(crate) mod names;
pub(crate) mod observe;
pub(crate) mod outbox;
pub(crate) mod post;
pub(crate) mod promise;
pub(crate) mod queue;
pub mod signal;
pub(crate) mod simulation;
pub mod slot;
pub(crate) mod stacks;
pub(crate) mod ticking;
pub(crate) mod turns;
pub(crate) mod wheel;

#[cfg(test)]
mod bounds_tests;
#[cfg(test)]
mod compaction_tests;
// They need native stacks and signals, which Miri has not.
#[cfg(all(test, not(miri)))]
mod tests;
