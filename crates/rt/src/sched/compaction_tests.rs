//! See `compaction`, whose file is also compiled for the models.

use super::compaction::{Compaction, Keeper, Load, OneCore, Seen};
use super::ticking::SLICE;

fn thread(index: usize, turns: u32, waiting: usize) -> Seen {
    Seen { index, turns, runs: true, made: 0, waiting, has_tasks: false }
}

/// A load of one thread, by its turns in a tick and the actors that wait.
fn load(turns: u32, waiting: usize) -> Load {
    let mut load = Load::default();
    load.add(&thread(0, turns, waiting));
    load
}

#[test]
fn short_turns_stay_together() {
    let on_one = |turns: u32, workers: usize, short: u64| {
        load(turns, 100).on_one_core(workers, SLICE, short * u64::from(turns))
    };
    assert_eq!(on_one(1_000, 2, 301), OneCore::Enough, "300 ns each");
    assert_eq!(on_one(1_000, 2, 300), OneCore::Helped);
    assert_eq!(on_one(1_000, 4, 900), OneCore::Helped, "they help each other");
    assert_eq!(on_one(1_000, 4, 901), OneCore::Enough);
    assert_eq!(on_one(1_000, 1, 1_000), OneCore::Helped, "by nobody");
}

#[test]
fn nobody_waits_for_longer_than_a_tick() {
    let on_one = |load: &Load| load.on_one_core(2, SLICE, u64::MAX);
    assert_eq!(on_one(&load(1_000, 1_000)), OneCore::Enough);
    assert_eq!(on_one(&load(1_000, 1_001)), OneCore::TooLittle);
    assert_eq!(on_one(&load(0, 0)), OneCore::TooLittle, "one turn all the time");
    let mut with_task = load(1_000, 0);
    with_task.add(&Seen { has_tasks: true, runs: false, ..thread(1, 0, 0) });
    assert_eq!(on_one(&with_task), OneCore::TooLittle);
}

#[test]
fn those_of_new_actors_may_be_longer() {
    // 750 ns each.
    let is_compact_with = |made: usize| {
        let keeper = Keeper::default();
        let mut compaction = Compaction::new(None);
        for tick in 1..10 {
            let mut load = Load::default();
            load.add(&Seen { made: made * tick, ..thread(0, 400, 10) });
            compaction.decide(&keeper, &load, 2, SLICE * tick as u64);
        }
        keeper.is_any()
    };
    assert!(!is_compact_with(0) && is_compact_with(400));
}

#[test]
fn who_rests_is_not_chosen() {
    let keeper = Keeper::default();
    let mut load = load(300, 1);
    load.add(&Seen { runs: false, ..thread(1, 700, 0) });
    Compaction::new(Some(450)).decide(&keeper, &load, 2, SLICE);
    assert!(keeper.is(0));
}

#[test]
fn the_busiest_becomes_the_keeper_until_it_gives_up() {
    let (keeper, mut compaction) = (Keeper::default(), Compaction::new(Some(450)));
    let mut both = load(300, 1);
    both.add(&thread(1, 700, 1));
    compaction.decide(&keeper, &both, 2, SLICE);
    assert!(keeper.is(1) && keeper.is_other(0));
    assert!(!keeper.give_up(0) && keeper.give_up(1) && !keeper.is_any());
    compaction.decide(&keeper, &both, 2, 2 * SLICE);
    assert!(keeper.is(1));
    keeper.ask_for_others();
    assert!(!keeper.is_any());
    compaction.decide(&keeper, &both, 2, 3 * SLICE);
    assert!(!keeper.is_any(), "a task was made in this tick");
}

#[test]
fn what_is_too_much_for_one_is_tried_more_and_more_rarely() {
    let (keeper, mut compaction) = (Keeper::default(), Compaction::new(Some(450)));
    let mut now = 0;
    // Short for what is shared, too long for one core.
    let mut ticks_until_tried = || {
        (0..).find(|_| {
            let was = keeper.is_any();
            now += SLICE;
            compaction.decide(&keeper, &load(400, 1), 2, now);
            !was && keeper.is_any()
        })
    };
    let waits: Vec<u32> = (0..8).filter_map(|_| ticks_until_tried()).collect();
    // Four ticks until it is given up, and then the pause.
    assert_eq!(waits, [0, 4 + 31, 4 + 63, 4 + 127, 4 + 255, 4 + 511, 4 + 1023, 4 + 1023]);
}
