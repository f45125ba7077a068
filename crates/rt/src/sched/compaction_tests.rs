//! See `compaction`, whose file is also compiled for the models.

use super::compaction::{Compaction, Done, Keeper, Load, Seen, Trials};
use super::ticking::SLICE;

/// A busy thread that has done so much in a tick.
fn thread(index: usize, done: u32) -> Seen {
    Seen { index, turns: 100, runs: true, done, has_tasks: false }
}

fn load(threads: &[Seen]) -> Load {
    let mut load = Load::default();
    threads.iter().for_each(|thread| load.add(thread));
    load
}

/// Ticks of a scheduler with two threads.
struct Ticks {
    keeper: Keeper,
    compaction: Compaction,
    now: u64,
}

impl Ticks {
    fn new(trials: Trials) -> Ticks {
        Ticks { keeper: Keeper::default(), compaction: Compaction::new(trials), now: 0 }
    }

    fn tick(&mut self, load: &Load) -> bool {
        self.now += SLICE;
        self.compaction.decide(&self.keeper, load, self.now);
        self.keeper.is_any()
    }

    /// A load of which one core or two do so much in a tick; gives whether it was compact in each of some ticks.
    fn of_load(&mut self, one: u32, two: u32, ticks: usize) -> Vec<bool> {
        let next = |_| {
            let is_compact = self.keeper.is_any();
            let threads = [thread(0, one), thread(0, two / 2), thread(1, two - two / 2)];
            self.tick(&load(if is_compact { &threads[..1] } else { &threads[1..] }));
            is_compact
        };
        (0..ticks).map(next).collect()
    }
}

/// Of a hundred.
fn compact_share(ticks: &[bool]) -> usize {
    100 * ticks.iter().filter(|is_compact| **is_compact).count() / ticks.len()
}

#[test]
fn what_does_more_is_found_and_kept() {
    let share = |one, two| compact_share(&Ticks::new(Trials::default()).of_load(one, two, 1_000));
    assert!(share(8_000, 6_000) >= 90, "one core: {}", share(8_000, 6_000));
    assert!(share(6_000, 8_000) <= 5, "two cores: {}", share(6_000, 8_000));
    assert!(share(6_000, 6_000) <= 5, "no difference: {}", share(6_000, 6_000));
    assert!(share(6_000, 6_300) <= 5, "hardly any: {}", share(6_000, 6_300));
}

#[test]
fn what_has_become_better_is_found() {
    let mut ticks = Ticks::new(Trials::default());
    for _ in 0..3 {
        assert!(compact_share(&ticks.of_load(8_000, 5_000, 10_000)) >= 75);
        assert!(compact_share(&ticks.of_load(5_000, 8_000, 10_000)) <= 25);
    }
}

#[test]
fn the_more_often_a_trial_fails_the_more_rarely_there_is_one() {
    let ticks = Ticks::new(Trials::default()).of_load(3_000, 8_000, 5_000);
    let trials: Vec<_> = (1..ticks.len()).filter(|&at| ticks[at] && !ticks[at - 1]).collect();
    let between: Vec<_> = trials.windows(2).map(|two| two[1] - two[0]).collect();
    // A hopeless trial takes three ticks, and of each way the first does not count.
    assert_eq!(between[..4], [64 + 4, 512 + 4, 2048 + 4, 2048 + 4]);
}

#[test]
fn what_has_more_to_do_than_to_talk_is_shared() {
    let compact = || {
        let mut ticks = Ticks::new(Trials::default());
        ticks.of_load(8_000, 6_000, 100);
        assert!(ticks.keeper.is(0));
        ticks
    };
    assert!(compact().tick(&load(&[thread(0, 8_000)])));
    assert!(
        compact().tick(&load(&[Seen { turns: 0, ..thread(0, 8_000) }])),
        "a long turn that reads"
    );
    assert!(
        !compact().tick(&load(&[Seen { turns: 0, ..thread(0, 0) }])),
        "a long turn that computes"
    );
    assert!(!compact().tick(&load(&[thread(0, 299)])), "more than a microsecond each");
    assert!(!compact().tick(&load(&[Seen { has_tasks: true, ..thread(0, 8_000) }])), "a task");
    assert_eq!(
        compact_share(&Ticks::new(Trials::default()).of_load(299, 299, 100)),
        0,
        "not even tried"
    );
}

#[test]
fn who_has_work_beside_it_does_not_wait_for_a_trial_to_end() {
    let mut ticks = Ticks::new(Trials::default());
    while !ticks.keeper.is_any() {
        ticks.of_load(8_000, 6_000, 1);
    }
    ticks.keeper.ask_for_others();
    assert!(!ticks.keeper.is_any());
    assert!(!ticks.tick(&load(&[thread(0, 8_000)])), "a task was made in this tick");
}

#[test]
fn the_busiest_becomes_the_keeper_until_it_gives_up() {
    let mut ticks = Ticks::new(Trials { ticks_between: (1, 1), ..Trials::default() });
    let busy = || load(&[thread(0, 300), Seen { turns: 200, ..thread(1, 300) }]);
    while !ticks.tick(&busy()) {}
    assert!(ticks.keeper.is(1) && ticks.keeper.is_other(0));
    assert!(!ticks.keeper.give_up(0) && ticks.keeper.give_up(1) && !ticks.keeper.is_any());
    // It sleeps, which is no reason not to try again.
    let is_resting = || load(&[thread(0, 600), Seen { runs: false, turns: 200, ..thread(1, 300) }]);
    while !ticks.tick(&is_resting()) {}
    assert!(ticks.keeper.is(0), "who rests is not chosen");
}

#[test]
fn one_thread_alone_tries_nothing() {
    let mut ticks = Ticks::new(Trials::default());
    assert!((0..1_000).all(|_| !ticks.tick(&load(&[thread(0, 8_000)]))));
}

#[test]
fn messages_and_new_actors_are_counted_from_look_to_look() {
    let done = Done::default();
    done.note(3);
    done.note(4);
    assert_eq!([done.look(2), done.look(2), done.look(7)], [9, 0, 5]);
}
