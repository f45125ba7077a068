//! Many actors, many messages, many ends at once.

use super::host::{Code, Cx, Flow, Look, run_on, run_with_many_trials};
use crate::fns::bodies::*;
use crate::sched::slot::{Pid, Slot};

#[test]
fn behaviour_47_many_senders_lose_and_duplicate_nothing() {
    const SENDERS: i64 = 50;
    const EACH: i64 = 2_000;
    fn sender(cx: &Cx<'_>) -> Flow {
        while cx.word(1) < EACH {
            if let Some(flow) = cx.poll() {
                return flow;
            }
            cx.send(1, cx.word(0), cx.word(1));
            cx.set(1, cx.word(1) + 1);
        }
        Flow::Done
    }
    fn main(cx: &Cx<'_>) -> Flow {
        if cx.state() == 0 {
            cx.set_state(1);
            (0..SENDERS).for_each(|number| {
                cx.spawn(sender, &[number]);
            });
            // A counter of what came from each sender.
            let counts = cx.new_frame(sender, &[]);
            cx.set_reference(0, counts);
        }
        while let Some(Look::Message(from, number)) = cx.receive() {
            let mut log = cx.engine.log.lock().expect("no body panics");
            log.resize(SENDERS as usize, 0);
            assert_eq!(log[from as usize], number, "in order");
            log[from as usize] += 1;
            cx.set(2, cx.word(2) + 1);
            if cx.word(2) == SENDERS * EACH {
                return Flow::Done;
            }
        }
        cx.wait()
    }
    let of_all = (0, vec![EACH; SENDERS as usize]);
    for workers in [1, 2, 4] {
        assert_eq!(run_on(workers, main), of_all);
    }
    assert_eq!(run_with_many_trials(main), of_all);
}

/// Packs of who runs alone are counted late: the clock must see to it, whoever begins to run beside it.
#[test]
fn what_is_sent_arrives_while_its_sender_computes() {
    const ROUNDS: i64 = 300;
    const EACH: i64 = 8;
    fn sender(cx: &Cx<'_>) -> Flow {
        loop {
            if let Some(flow) = cx.poll() {
                return flow;
            }
            let received = cx.engine.log.lock().expect("no body panics").first().copied();
            let sent = cx.word(0);
            if received.unwrap_or(0) < sent {
                continue;
            }
            if sent == ROUNDS * EACH {
                return Flow::Done;
            }
            (0..EACH).for_each(|number| cx.send(1, sent + number, 0));
            cx.set(0, sent + EACH);
        }
    }
    fn main(cx: &Cx<'_>) -> Flow {
        if cx.state() == 0 {
            cx.set_state(1);
            cx.engine.log.lock().expect("no body panics").resize(1, 0);
            cx.spawn(sender, &[0]);
        }
        while let Some(Look::Message(number, _)) = cx.receive() {
            let mut log = cx.engine.log.lock().expect("no body panics");
            assert_eq!(log[0], number, "in order");
            log[0] += 1;
            if log[0] == ROUNDS * EACH {
                return Flow::Done;
            }
        }
        cx.wait()
    }
    for workers in [1, 2] {
        assert_eq!(run_on(workers, main), (0, vec![ROUNDS * EACH]));
    }
    assert_eq!(run_with_many_trials(main), (0, vec![ROUNDS * EACH]));
}

/// At the beginning: makes the next of so many actors of a ring as the first word says, the last of which `main` follows, and
/// notes it in the second.
fn join_ring(cx: &Cx<'_>, link: Code) {
    if cx.state() == 0 {
        cx.set_state(1);
        // The last one closes the ring.
        let next = if cx.word(0) == 0 { 1 } else { cx.spawn(link, &[cx.word(0) - 1]) };
        cx.set(1, next);
    }
}

#[test]
fn a_ring_of_actors_passes_a_token_round() {
    const ACTORS: i64 = 10_000;
    fn link(cx: &Cx<'_>) -> Flow {
        join_ring(cx, link);
        while let Some(Look::Message(_, value)) = cx.receive() {
            cx.send(cx.word(1), 0, value + 1);
        }
        cx.wait()
    }
    fn main(cx: &Cx<'_>) -> Flow {
        if cx.state() == 0 {
            cx.set_state(1);
            cx.set(1, cx.spawn(link, &[ACTORS - 1]));
            cx.send(cx.word(1), 0, 0);
        }
        while let Some(Look::Message(_, value)) = cx.receive() {
            assert_eq!(value % ACTORS, 0);
            if value >= 5 * ACTORS {
                return Flow::Done;
            }
            cx.send(cx.word(1), 0, value);
        }
        cx.wait()
    }
    for workers in [1, 4] {
        assert_eq!(run_on(workers, main).0, 0);
    }
}

#[test]
fn actors_come_and_go_without_end() {
    const ROUNDS: i64 = 20_000;
    fn child(cx: &Cx<'_>) -> Flow {
        match cx.word(0) % 4 {
            0 => Flow::Done,
            1 => cx.exit(1),
            2 => {
                cx.send(1, 0, 0);
                Flow::Done
            }
            _ => cx.wait(),
        }
    }
    fn main(cx: &Cx<'_>) -> Flow {
        loop {
            while let Some(look) = cx.receive() {
                if let Look::Down(..) = look {
                    cx.set(2, cx.word(2) + 1);
                }
            }
            if cx.word(1) == ROUNDS {
                return if cx.word(2) == ROUNDS { Flow::Done } else { cx.wait() };
            }
            if cx.word(1) - cx.word(2) > 100 {
                return cx.wait();
            }
            if let Some(flow) = cx.poll() {
                return flow;
            }
            let (pid, _) = cx.spawn_monitor(child, &[cx.word(1)]);
            if cx.word(1) % 4 == 3 {
                cx.kill(pid, 2);
            }
            cx.set(1, cx.word(1) + 1);
        }
    }
    for workers in [1, 4] {
        assert_eq!(run_on(workers, main).0, 0);
    }
}

#[test]
fn behaviour_27_simultaneous_links_and_ends() {
    const PAIRS: i64 = 500;
    fn half(cx: &Cx<'_>) -> Flow {
        if cx.state() == 0 {
            if cx.receive().is_none() {
                return cx.wait();
            }
            cx.set_state(1);
        }
        cx.exit(1)
    }
    fn main(cx: &Cx<'_>) -> Flow {
        if cx.state() == 0 {
            cx.set_state(1);
            unsafe { rt_trap_exits(cx.ctx(), true) };
            for _ in 0..PAIRS {
                let (a, b) = (cx.spawn_link(half, &[]), cx.spawn_link(half, &[]));
                cx.send(a, 0, 0);
                cx.send(b, 0, 0);
                unsafe { rt_unlink(cx.ctx(), a) };
                unsafe { rt_link(cx.ctx(), a) };
            }
        }
        while let Some(look) = cx.receive() {
            assert!(matches!(look, Look::Exit(_, 1 | 3)), "{look:?}");
            cx.set(1, cx.word(1) + 1);
            if cx.word(1) == 2 * PAIRS {
                return Flow::Done;
            }
        }
        cx.wait()
    }
    for workers in [1, 4] {
        assert_eq!(run_on(workers, main).0, 0);
    }
}

/// Prints what is measured, of more actors and rounds with `SEPAL_FIGURES=1`.
#[test]
fn many_rounds_and_many_idle_actors() {
    fn scale() -> i64 {
        if std::env::var_os("SEPAL_FIGURES").is_some() { 100 } else { 1 }
    }
    fn echo(cx: &Cx<'_>) -> Flow {
        while let Some(Look::Message(to, value)) = cx.receive() {
            cx.send(to, value, 0);
        }
        cx.wait()
    }
    fn rounds(cx: &Cx<'_>) -> Flow {
        if cx.state() == 0 {
            cx.set_state(1);
            cx.set(1, cx.spawn(echo, &[]));
            cx.send(cx.word(1), cx.own(), 10_000 * scale());
        }
        while let Some(Look::Message(value, _)) = cx.receive() {
            if value == 0 {
                return Flow::Done;
            }
            cx.send(cx.word(1), cx.own(), value - 1);
        }
        cx.wait()
    }
    fn waits(cx: &Cx<'_>) -> Flow {
        if cx.receive().is_some() { Flow::Done } else { cx.wait() }
    }
    fn many(cx: &Cx<'_>) -> Flow {
        if cx.state() == 0 {
            cx.set_state(1);
            for _ in 0..1_000 * scale() {
                cx.spawn(waits, &[]);
            }
        }
        match cx.poll() {
            Some(flow) => flow,
            None => Flow::Done,
        }
    }
    for workers in [1, 2] {
        let start = std::time::Instant::now();
        assert_eq!(run_on(workers, rounds).0, 0);
        let round = start.elapsed().as_nanos() / (10_000 * scale()) as u128;
        let start = std::time::Instant::now();
        assert_eq!(run_on(workers, many).0, 0);
        let life = start.elapsed().as_nanos() / (1_000 * scale()) as u128;
        println!("{workers} workers: {round} ns a round, {life} ns an actor's life");
    }
}

/// Rings of short turns, which one core tries to do alone, and now and then turns that are not short.
#[test]
fn nothing_is_lost_when_the_load_is_compacted_and_shared_again() {
    const RINGS: i64 = 20;
    const ACTORS: i64 = 4;
    const ROUNDS: i64 = 3_000;
    fn link(cx: &Cx<'_>) -> Flow {
        join_ring(cx, link);
        while let Some(Look::Message(ring, round)) = cx.receive() {
            let is_long = cx.word(0) == 0 && ring == 0 && round % 500 == 0;
            let until = std::time::Instant::now() + std::time::Duration::from_millis(2);
            while is_long && std::time::Instant::now() < until {
                std::hint::spin_loop();
            }
            cx.send(cx.word(1), ring, round);
        }
        cx.wait()
    }
    fn main(cx: &Cx<'_>) -> Flow {
        if cx.state() == 0 {
            cx.set_state(1);
            // How far each ring is, whether it was ever compact, and the firsts of the rings.
            let firsts = (0..RINGS).map(|_| cx.spawn(link, &[ACTORS - 1]));
            let log = vec![0; RINGS as usize + 1].into_iter().chain(firsts).collect();
            *cx.engine.log.lock().expect("no body panics") = log;
            (0..RINGS).for_each(|ring| cx.send(first_of(cx, ring), ring, 0));
        }
        while let Some(Look::Message(ring, round)) = cx.receive() {
            let mut log = cx.engine.log.lock().expect("no body panics");
            assert_eq!(log[ring as usize], round, "in order");
            log[ring as usize] += 1;
            let runtime = unsafe { (*cx.actor).runtime };
            let is_compact = runtime.scheduler.is_compact();
            log[RINGS as usize] |= i64::from(is_compact);
            cx.set(2, cx.word(2) + 1);
            if cx.word(2) == RINGS * ROUNDS {
                return Flow::Done;
            }
            drop(log);
            if round + 1 < ROUNDS {
                cx.send(first_of(cx, ring), ring, round + 1);
            }
        }
        cx.wait()
    }
    fn first_of(cx: &Cx<'_>, ring: i64) -> i64 {
        cx.engine.log.lock().expect("no body panics")[(RINGS + 1 + ring) as usize]
    }
    // Where the machine has other work, a short run may not come to a trial.
    let was_compact = (0..50).any(|_| {
        let (code, mut log) = run_with_many_trials(main);
        log.truncate(RINGS as usize + 1);
        let (compact, rings) = log.split_last().expect("it has been resized");
        assert_eq!((code, rings), (0, &[ROUNDS; RINGS as usize][..]));
        *compact == 1
    });
    assert!(was_compact);
}

#[test]
fn an_idle_actor_is_small() {
    fn waits(cx: &Cx<'_>) -> Flow {
        if cx.receive().is_some() { Flow::Done } else { cx.wait() }
    }
    fn main(cx: &Cx<'_>) -> Flow {
        if cx.state() == 0 {
            cx.set_state(1);
            cx.set(1, cx.spawn(waits, &[]));
            unsafe { rt_sleep_begin(cx.ctx(), 1) };
        }
        if unsafe { rt_sleep_pending(cx.ctx()) } {
            return cx.wait();
        }
        let pid = Pid::from_number(cx.word(1)).expect("an actor");
        let runtime = unsafe { (*cx.actor).runtime };
        let slot = runtime.table.slot(pid).expect("its slot");
        assert!(slot.shared().inbox.is_resting());
        // The only worker is here, so nobody runs it.
        let heap = unsafe { (*slot.actor()).heap.footprint() };
        cx.log((size_of::<Slot>() + heap) as i64);
        Flow::Done
    }
    let (code, bytes) = run_on(1, main);
    assert_eq!(code, 0);
    // The tests' frames are as large as those of ten variables.
    assert!(bytes[0] <= 256 + 16 + 136, "{bytes:?}");
}

#[test]
fn who_only_computes_is_killed_whenever_the_signal_comes() {
    const ROUNDS: i64 = 500;
    fn computes(cx: &Cx<'_>) -> Flow {
        if cx.state() == 0 {
            cx.set_state(1);
            cx.send(1, 0, 0);
        }
        cx.compute()
    }
    fn main(cx: &Cx<'_>) -> Flow {
        if cx.state() == 0 {
            cx.set_state(1);
            cx.set(1, cx.spawn_monitor(computes, &[]).0);
        }
        while let Some(look) = cx.receive() {
            match look {
                // It has made way for this actor, and goes on elsewhere about now.
                Look::Message(..) => {
                    (0..cx.word(0) * 37 % 1_000).for_each(|_| std::hint::spin_loop());
                    cx.kill(cx.word(1), 2);
                }
                Look::Down(..) if cx.word(0) == ROUNDS => return Flow::Done,
                Look::Down(..) => {
                    cx.set(0, cx.word(0) + 1);
                    cx.set(1, cx.spawn_monitor(computes, &[]).0);
                }
                other => panic!("{other:?}"),
            }
        }
        cx.wait()
    }
    // The first word is the exit code.
    assert_eq!(run_on(2, main).0, ROUNDS as i32);
}
