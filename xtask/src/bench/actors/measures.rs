//! What is measured of actors, futures and generators, by whom, how the figure comes about, and what it has to be. Must be
//! the only list of it.

use super::contender::Peer::{self, Erlang, Go, Tokio};

/// A row of the table.
pub struct Measure {
    pub name: &'static str,
    pub work: Work,
    pub aim: Option<Aim>,
}

/// Where a figure comes from.
pub enum Work {
    /// A program of `bench/actors`, and its twins in `bench/peers`.
    Program {
        file: &'static str,
        peers: &'static [Peer],
        /// The arguments of a measurement, and of a check that it works.
        full: &'static [&'static str],
        small: &'static [&'static str],
        figure: Figure,
    },
    /// The programs of `bench/sepal`, compiled with polls and without: what those cost, in per cent.
    Polls,
}

/// How a figure comes from what a program prints, lines of `ops N ns M`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Figure {
    /// The operations in a second.
    Rate,
    /// The nanoseconds of one.
    Cost,
    /// The nanoseconds as they stand there: a percentile that the program has taken from its N values.
    Percentile,
    /// The cost in the second line, in those of the first.
    Growth,
    /// Seen from outside: the resident bytes that came between the two times the program said `ready`, for each of the
    /// actors that the first argument says.
    Resident,
}

/// The unit of a figure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    PerSecond,
    Nanoseconds,
    Bytes,
    Times,
    PerCent,
}

/// What Sepal, as a native executable, has to reach.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Aim {
    /// So many times the peer's figure, at least.
    Over(f64, Peer),
    /// That, at most.
    AtMost(f64),
    /// Less than that.
    Below(f64),
}

impl Measure {
    pub fn unit(&self) -> Unit {
        match self.work {
            Work::Polls => Unit::PerCent,
            Work::Program { figure, .. } => match figure {
                Figure::Rate => Unit::PerSecond,
                Figure::Cost | Figure::Percentile => Unit::Nanoseconds,
                Figure::Growth => Unit::Times,
                Figure::Resident => Unit::Bytes,
            },
        }
    }
}

const fn program(
    name: &'static str,
    (file, figure): (&'static str, Figure),
    peers: &'static [Peer],
    [full, small]: [&'static [&'static str]; 2],
    aim: Option<Aim>,
) -> Measure {
    Measure { name, work: Work::Program { file, peers, full, small, figure }, aim }
}

/// A program after the Savina suite (Imam and Sarkar, 2014), without peers and without an aim.
const fn savina(
    name: &'static str,
    file: &'static str,
    [full, small]: [&'static [&'static str]; 2],
) -> Measure {
    let work = Work::Program { file, peers: ALONE, full, small, figure: Figure::Rate };
    Measure { name, work, aim: None }
}

const ALL_PEERS: &[Peer] = &[Tokio, Go, Erlang];
const ALONE: &[Peer] = &[];
const KIB: f64 = 1024.0;
const MICROSECOND: f64 = 1e3;
const MILLISECOND: f64 = 1e6;

pub const ALL: &[Measure] = &[
    program(
        "ping-pong, messages",
        ("ping_pong", Figure::Rate),
        ALL_PEERS,
        [&["1000000"], &["1000"]],
        Some(Aim::Over(1.3, Tokio)),
    ),
    program(
        "ring of 503, hops",
        ("thread_ring", Figure::Rate),
        ALL_PEERS,
        [&["3000000"], &["2000"]],
        Some(Aim::Over(1.3, Tokio)),
    ),
    program(
        "fan-in 100 to 1, messages",
        ("fan_in", Figure::Rate),
        ALL_PEERS,
        [&["30000"], &["20"]],
        Some(Aim::Over(2.0, Go)),
    ),
    program(
        "spawn, a message, end",
        ("spawn", Figure::Rate),
        ALL_PEERS,
        [&["500000"], &["1500"]],
        Some(Aim::Over(2.0, Go)),
    ),
    program(
        "big of 120, messages",
        ("big", Figure::Rate),
        ALL_PEERS,
        [&["20000"], &["20"]],
        Some(Aim::Over(1.2, Tokio)),
    ),
    program(
        "idle actor, 1 million",
        ("idle", Figure::Resident),
        ALL_PEERS,
        [&["1000000"], &["1000"]],
        Some(Aim::AtMost(384.0)),
    ),
    program(
        "idle in a helper, 1 million",
        ("idle_helper", Figure::Resident),
        ALONE,
        [&["1000000"], &["1000"]],
        Some(Aim::AtMost(KIB)),
    ),
    program(
        "tick beside 8 hogs, p99 late",
        ("tick", Figure::Percentile),
        ALL_PEERS,
        [&["3"], &["1"]],
        Some(Aim::AtMost(0.5 * MILLISECOND)),
    ),
    program(
        "copy of 1,000 ints",
        ("copy", Figure::Cost),
        ALL_PEERS,
        [&["200000"], &["1500"]],
        Some(Aim::AtMost(400.0)),
    ),
    program(
        "crash noticed, restarted",
        ("crash", Figure::Cost),
        ALL_PEERS,
        [&["300000"], &["500"]],
        Some(Aim::AtMost(MICROSECOND)),
    ),
    program(
        "future made and awaited",
        ("future", Figure::Cost),
        ALL_PEERS,
        [&["1000000"], &["1000"]],
        Some(Aim::AtMost(200.0)),
    ),
    // Rust has no generators: the twins are iterators.
    program(
        "generator, a yield, opaque",
        ("generator_opaque", Figure::Cost),
        &[Tokio],
        [&["50000000"], &["10000"]],
        Some(Aim::AtMost(3.0)),
    ),
    program(
        "generator, a yield, in a for",
        ("generator", Figure::Cost),
        &[Tokio],
        [&["50000000"], &["10000"]],
        Some(Aim::AtMost(1.0)),
    ),
    Measure { name: "polls in compute programs", work: Work::Polls, aim: Some(Aim::AtMost(3.0)) },
    program(
        "collector's pause, p99",
        ("pause", Figure::Percentile),
        ALONE,
        [&["5000"], &["100"]],
        Some(Aim::AtMost(2.0 * MILLISECOND)),
    ),
    program(
        "receive behind 500,000",
        ("selective", Figure::Growth),
        &[Erlang],
        [&["500000", "50"], &["1000", "2"]],
        Some(Aim::Below(10.0)),
    ),
    // Without an aim.
    program("fork-join, tasks", ("fork_join", Figure::Rate), ALONE, [&["25"], &["10"]], None),
    savina("counting, messages", "counting", [&["3000000"], &["2000"]]),
    savina("chameneos, meetings", "chameneos", [&["500000"], &["500"]]),
    savina("philosophers, meals", "philosophers", [&["20000"], &["20"]]),
    savina("fork-join, messages", "fork_join_throughput", [&["100000"], &["20"]]),
    savina("fork-join, actors", "fork_join_create", [&["400000"], &["200"]]),
    savina("dictionary, requests", "dictionary", [&["50000"], &["30"]]),
    savina("bounded buffer, items", "bounded_buffer", [&["10000"], &["5"]]),
    savina("sleeping barber, customers", "sleeping_barber", [&["5000"], &["50"]]),
    savina("logistic map, terms", "logistic_map", [&["100000"], &["50"]]),
    savina("banking, transfers", "banking", [&["200000"], &["500"]]),
    savina("queens, jobs", "queens", [&["12"], &["6"]]),
    savina("sieve, numbers", "sieve", [&["300000"], &["3000"]]),
    savina("trapezoid, pieces", "trapezoid", [&["10000000"], &["10000"]]),
    savina("matmul, products", "matmul", [&["1024"], &["40"]]),
    savina("radix sort, messages", "radix_sort", [&["100000"], &["100"]]),
];
