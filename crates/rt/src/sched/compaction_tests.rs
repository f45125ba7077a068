//! See `compaction`.

use super::compaction::{Keeper, Load, Seen};
use super::ticking::SLICE;

fn thread(index: usize, turns: u32, waiting: usize) -> Seen {
    Seen { index, turns, runs: true, waiting, has_tasks: false }
}

/// A load of one thread, by its turns in a tick and the actors that wait.
fn load(turns: u32, waiting: usize) -> Load {
    let mut load = Load::default();
    load.add(&thread(0, turns, waiting));
    load
}

#[test]
fn short_turns_stay_together() {
    assert!(load(300, 100).fits_one(2, SLICE), "1 us each");
    assert!(!load(200, 100).fits_one(2, SLICE), "1.5 us each");
}

#[test]
fn with_more_workers_only_shorter_ones_do() {
    assert!(!load(600, 100).fits_one(4, SLICE));
    assert!(load(1_000, 100).fits_one(4, SLICE));
    assert!(!load(1_000, 100).fits_one(1, SLICE), "there is nobody to share with");
}

#[test]
fn nobody_waits_for_longer_than_a_tick() {
    assert!(load(1_000, 1_000).fits_one(2, SLICE));
    assert!(!load(1_000, 1_001).fits_one(2, SLICE));
    assert!(!load(0, 0).fits_one(2, SLICE), "one turn all the time");
    let mut with_task = load(1_000, 0);
    with_task.add(&Seen { has_tasks: true, runs: false, ..thread(1, 0, 0) });
    assert!(!with_task.fits_one(2, SLICE));
}

#[test]
fn who_rests_is_not_chosen() {
    let keeper = Keeper::default();
    let mut load = load(300, 1);
    load.add(&Seen { runs: false, ..thread(1, 700, 0) });
    keeper.decide(&load, 2, SLICE);
    assert!(keeper.is(0));
}

#[test]
fn the_busiest_becomes_the_keeper_until_it_gives_up() {
    let keeper = Keeper::default();
    let mut both = load(300, 1);
    both.add(&thread(1, 700, 1));
    keeper.decide(&both, 2, SLICE);
    assert!(keeper.is(1) && keeper.is_other(0));
    assert!(!keeper.give_up(0) && keeper.give_up(1) && !keeper.is_any());
    keeper.decide(&both, 2, 2 * SLICE);
    keeper.ask_for_others();
    assert!(!keeper.is_any());
    keeper.decide(&both, 2, 3 * SLICE);
    assert!(!keeper.is_any(), "a task was made in this tick");
}
