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
    assert_eq!(load(1_000, 100).on_one_core(2, SLICE, 0, true), OneCore::Enough, "300 ns each");
    assert_eq!(load(400, 100).on_one_core(2, SLICE, 0, true), OneCore::Helped, "750 ns each");
    assert_eq!(load(400, 100).on_one_core(2, SLICE, 0, false), OneCore::Enough, "with the moving");
}

#[test]
fn those_of_new_actors_may_be_longer() {
    assert_eq!(load(300, 100).on_one_core(2, SLICE, 0, true), OneCore::Helped, "1 us each");
    assert_eq!(load(300, 100).on_one_core(2, SLICE, 300, true), OneCore::Enough);
}

#[test]
fn with_more_workers_only_shorter_ones_do() {
    assert_eq!(load(1_000, 100).on_one_core(4, SLICE, 0, true), OneCore::Helped);
    assert_eq!(load(2_100, 100).on_one_core(4, SLICE, 0, true), OneCore::Enough);
    assert_eq!(load(1_000, 100).on_one_core(1, SLICE, 0, true), OneCore::Helped, "by nobody");
}

#[test]
fn nobody_waits_for_longer_than_a_tick() {
    assert_eq!(load(1_000, 1_000).on_one_core(2, SLICE, 0, true), OneCore::Enough);
    assert_eq!(load(1_000, 1_001).on_one_core(2, SLICE, 0, true), OneCore::TooLittle);
    assert_eq!(
        load(0, 0).on_one_core(2, SLICE, 0, true),
        OneCore::TooLittle,
        "one turn all the time"
    );
    let mut with_task = load(1_000, 0);
    with_task.add(&Seen { has_tasks: true, runs: false, ..thread(1, 0, 0) });
    assert_eq!(with_task.on_one_core(2, SLICE, 0, true), OneCore::TooLittle);
}

#[test]
fn who_rests_is_not_chosen() {
    let keeper = Keeper::default();
    let mut load = load(300, 1);
    load.add(&Seen { runs: false, ..thread(1, 700, 0) });
    Compaction::default().decide(&keeper, &load, 2, SLICE);
    assert!(keeper.is(0));
}

#[test]
fn the_busiest_becomes_the_keeper_until_it_gives_up() {
    let (keeper, mut compaction) = (Keeper::default(), Compaction::default());
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
    let (keeper, mut compaction) = (Keeper::default(), Compaction::default());
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
