//! Exits, links, monitors, the end of the program.

use super::host::{Code, Cx, Flow, Look, check};
use crate::fns::bodies::*;

const NORMAL: i64 = 0;
const SHUTDOWN: i64 = 1;
const KILLED: i64 = 2;
const NO_PROC: i64 = 3;
const PANIC: i64 = 4;

/// Ends as its first word says: -1 waits for ever, 100 panics, others are tags.
fn ender(cx: &Cx<'_>) -> Flow {
    match cx.word(0) {
        -1 => cx.wait(),
        100 => cx.panic(),
        NORMAL => Flow::Done,
        tag => cx.exit(tag),
    }
}

#[test]
fn behaviour_28_monitors_hear_the_reason() {
    fn main(cx: &Cx<'_>) -> Flow {
        if cx.state() == 0 {
            cx.set_state(1);
            for how in [NORMAL, SHUTDOWN, NO_PROC, 100, -1] {
                let (pid, _) = cx.spawn_monitor(ender, &[how]);
                if how == -1 {
                    cx.kill(pid, KILLED);
                    assert!(!unsafe { rt_is_alive(cx.ctx(), pid) }, "behaviour 14");
                }
            }
        }
        while let Some(Look::Down(_, tag)) = cx.receive() {
            cx.log(tag);
            cx.set_state(cx.state() + 1);
            if cx.state() == 6 {
                return Flow::Done;
            }
        }
        cx.wait()
    }
    let mut log = [NORMAL, SHUTDOWN, NO_PROC, PANIC, KILLED];
    log.sort_unstable();
    for workers in [1, 3] {
        let (code, mut lines) = super::host::run_on(workers, main);
        lines.sort_unstable();
        assert_eq!((code, &lines[..]), (0, &log[..]));
    }
}

#[test]
fn behaviour_29_monitoring_and_linking_the_dead_says_no_proc() {
    fn main(cx: &Cx<'_>) -> Flow {
        if cx.state() == 0 {
            cx.set_state(1);
            unsafe { rt_trap_exits(cx.ctx(), true) };
            cx.set(1, cx.spawn_monitor(ender, &[NORMAL]).0);
        }
        while let Some(look) = cx.receive() {
            match (cx.state(), look) {
                (1, Look::Down(_, NORMAL)) => {
                    unsafe { rt_monitor(cx.ctx(), cx.word(1)) };
                }
                (2, Look::Down(_, NO_PROC)) => unsafe { rt_link(cx.ctx(), cx.word(1)) },
                (3, Look::Exit(pid, NO_PROC)) if pid == cx.word(1) => return Flow::Done,
                other => panic!("{other:?}"),
            }
            cx.set_state(cx.state() + 1);
        }
        cx.wait()
    }
    check(main, 0, &[]);
}

#[test]
fn who_comes_behind_the_end_hears_no_proc() {
    fn terminate(cx: &Cx<'_>) -> Flow {
        cx.log(50);
        Flow::Done
    }
    /// With something to run at its end, as its word says.
    fn waits(cx: &Cx<'_>) -> Flow {
        if cx.state() == 0 {
            cx.set_state(1);
            if cx.word(0) == 1 {
                let frame = cx.new_frame(terminate, &[]);
                unsafe { rt_terminate_set(cx.ctx(), frame) };
            }
            cx.send(1, 0, 0);
        }
        cx.wait()
    }
    fn main(cx: &Cx<'_>) -> Flow {
        if cx.state() == 0 {
            cx.set_state(1);
            unsafe { rt_trap_exits(cx.ctx(), true) };
            cx.set(1, cx.spawn_monitor(waits, &[0]).0);
        }
        while let Some(look) = cx.receive() {
            match look {
                Look::Message(..) => {
                    cx.kill(cx.word(1), SHUTDOWN);
                    assert!(!unsafe { rt_is_alive(cx.ctx(), cx.word(1)) });
                    unsafe {
                        rt_link(cx.ctx(), cx.word(1));
                        rt_monitor(cx.ctx(), cx.word(1));
                    }
                }
                Look::Down(_, tag) => cx.log(10 + tag),
                Look::Exit(_, tag) => cx.log(20 + tag),
                other => panic!("{other:?}"),
            }
            cx.set_state(cx.state() + 1);
            match cx.state() {
                5 => cx.set(1, cx.spawn_monitor(waits, &[1]).0),
                9 => return Flow::Done,
                _ => {}
            }
        }
        cx.wait()
    }
    let late = [10 + SHUTDOWN, 10 + NO_PROC, 20 + NO_PROC];
    let all = [10 + SHUTDOWN, 10 + SHUTDOWN, 20 + SHUTDOWN, 50];
    for workers in [1, 3] {
        let (code, mut lines) = super::host::run_on(workers, main);
        lines[..3].sort_unstable();
        assert_eq!((code, &lines[..3], lines[3]), (0, &late[..], 50), "terminate comes first");
        lines[3..].sort_unstable();
        assert_eq!(lines[3..], all);
    }
}

#[test]
fn links_pass_everything_but_normal() {
    // Linked to main, which traps: the middle one does not.
    fn middle(cx: &Cx<'_>) -> Flow {
        if cx.state() == 0 {
            cx.set_state(1);
            cx.spawn_link(ender, &[NORMAL]);
            cx.spawn_link(ender, &[cx.word(0)]);
        }
        cx.wait()
    }
    fn main(cx: &Cx<'_>) -> Flow {
        if cx.state() == 0 {
            cx.set_state(1);
            unsafe { rt_trap_exits(cx.ctx(), true) };
            cx.spawn_link(middle, &[SHUTDOWN]);
            cx.spawn_link(middle, &[KILLED]);
        }
        while let Some(Look::Exit(_, tag)) = cx.receive() {
            cx.log(tag);
            cx.set_state(cx.state() + 1);
            if cx.state() == 3 {
                return Flow::Done;
            }
        }
        cx.wait()
    }
    for workers in [1, 3] {
        let (code, mut lines) = super::host::run_on(workers, main);
        lines.sort_unstable();
        assert_eq!((code, lines), (0, vec![SHUTDOWN, KILLED]));
    }
}

#[test]
fn a_linked_panic_ends_main() {
    fn main(cx: &Cx<'_>) -> Flow {
        if cx.state() == 0 {
            cx.set_state(1);
            cx.spawn_link(ender, &[100]);
        }
        cx.wait()
    }
    check(main, 101, &[]);
}

#[test]
fn kills_reach_those_that_compute_and_those_that_trap() {
    fn spin(cx: &Cx<'_>) -> Flow {
        if cx.state() == 0 {
            cx.set_state(1);
            unsafe { rt_trap_exits(cx.ctx(), true) };
            cx.send(1, 0, 0);
        }
        loop {
            if let Some(flow) = cx.poll() {
                return flow;
            }
            if let Some(Look::Exit(_, tag)) = cx.receive() {
                cx.log(tag);
                cx.send(1, 0, 0);
            }
        }
    }
    fn main(cx: &Cx<'_>) -> Flow {
        if cx.state() == 0 {
            cx.set(1, cx.spawn_monitor(spin, &[]).0);
            cx.set_state(1);
        }
        while let Some(look) = cx.receive() {
            match (cx.state(), look) {
                (1, Look::Message(..)) => cx.kill(cx.word(1), SHUTDOWN),
                (2, Look::Message(..)) => cx.kill(cx.word(1), KILLED),
                (_, Look::Down(_, tag)) => {
                    cx.log(10 + tag);
                    return Flow::Done;
                }
                other => panic!("{other:?}"),
            }
            cx.set_state(cx.state() + 1);
        }
        cx.wait()
    }
    check(main, 0, &[SHUTDOWN, 10 + KILLED]);
}

#[test]
fn behaviours_3_4_5_signals_to_oneself_and_normal_ones() {
    fn other(cx: &Cx<'_>) -> Flow {
        if cx.state() == 0 {
            cx.set_state(1);
            cx.kill(cx.own(), cx.word(0));
        }
        loop {
            if let Some(flow) = cx.poll() {
                return flow;
            }
        }
    }
    fn main(cx: &Cx<'_>) -> Flow {
        if cx.state() == 0 {
            let waiting = cx.spawn(ender, &[-1]);
            cx.kill(waiting, NORMAL);
            cx.set(1, waiting);
            cx.spawn_monitor(other, &[NORMAL]);
            cx.spawn_monitor(other, &[SHUTDOWN]);
            cx.set_state(1);
        }
        while let Some(Look::Down(_, tag)) = cx.receive() {
            cx.log(tag);
            cx.set_state(cx.state() + 1);
            if cx.state() == 3 {
                assert!(unsafe { rt_is_alive(cx.ctx(), cx.word(1)) });
                return Flow::Done;
            }
        }
        cx.wait()
    }
    check(main, 0, &[NORMAL, SHUTDOWN]);
}

#[test]
fn the_end_runs_defers_then_terminate_then_tells_others() {
    fn deferred(cx: &Cx<'_>) -> Flow {
        cx.log(1);
        Flow::Done
    }
    fn terminate(cx: &Cx<'_>) -> Flow {
        let reason = unsafe { rt_own_reason(cx.ctx()) };
        cx.log(10 + unsafe { reason.cast::<i64>().add(2).read() });
        // Its own panic changes nothing.
        cx.panic()
    }
    fn other(cx: &Cx<'_>) -> Flow {
        if cx.state() == 0 {
            cx.set_state(1);
            let frame = cx.new_frame(terminate, &[]);
            unsafe { rt_terminate_set(cx.ctx(), frame) };
            cx.defer(deferred);
            let bad: Code = |cx| cx.panic();
            cx.defer(bad);
        }
        ender(cx)
    }
    fn main(cx: &Cx<'_>) -> Flow {
        if cx.state() == 0 {
            cx.set_state(1);
            cx.spawn_monitor(other, &[SHUTDOWN]);
        }
        while let Some(Look::Down(_, tag)) = cx.receive() {
            cx.log(20 + tag);
            if cx.state() == 2 {
                return Flow::Done;
            }
            cx.set_state(2);
            let (pid, _) = cx.spawn_monitor(other, &[-1]);
            cx.kill(pid, KILLED);
        }
        cx.wait()
    }
    // One that is killed runs nothing more.
    check(main, 0, &[1, 11, 21, 22]);
}

#[test]
fn the_end_of_main_shuts_the_others_down() {
    fn terminate(cx: &Cx<'_>) -> Flow {
        let reason = unsafe { rt_own_reason(cx.ctx()) };
        cx.log(unsafe { reason.cast::<i64>().add(2).read() });
        Flow::Done
    }
    fn other(cx: &Cx<'_>) -> Flow {
        if cx.state() == 0 {
            cx.set_state(1);
            let frame = cx.new_frame(terminate, &[]);
            unsafe { rt_terminate_set(cx.ctx(), frame) };
            cx.send(1, 0, 0);
        }
        cx.wait()
    }
    fn main(cx: &Cx<'_>) -> Flow {
        if cx.state() == 0 {
            cx.set_state(1);
            cx.spawn(other, &[]);
            cx.spawn(other, &[]);
        }
        while cx.receive().is_some() {
            cx.set_state(cx.state() + 1);
            if cx.state() == 3 {
                cx.set(0, 3);
                return Flow::Done;
            }
        }
        cx.wait()
    }
    check(main, 3, &[SHUTDOWN, SHUTDOWN]);
}

#[test]
fn the_end_of_main_ends_those_who_trap_exits() {
    fn terminate(cx: &Cx<'_>) -> Flow {
        let reason = unsafe { rt_own_reason(cx.ctx()) };
        cx.log(10 + unsafe { reason.cast::<i64>().add(2).read() });
        Flow::Done
    }
    fn other(cx: &Cx<'_>) -> Flow {
        if cx.state() == 0 {
            cx.set_state(1);
            unsafe { rt_trap_exits(cx.ctx(), true) };
            let frame = cx.new_frame(terminate, &[]);
            unsafe { rt_terminate_set(cx.ctx(), frame) };
            cx.send(1, 0, 0);
        }
        while let Some(look) = cx.receive() {
            let Look::Exit(_, tag) = look else { panic!("{look:?}") };
            cx.log(tag);
        }
        cx.wait()
    }
    fn main(cx: &Cx<'_>) -> Flow {
        if cx.state() == 0 {
            cx.set_state(1);
            cx.spawn(other, &[]);
        }
        if cx.receive().is_some() {
            return Flow::Done;
        }
        cx.wait()
    }
    for workers in [1, 3] {
        let (code, lines) = super::host::run_on(workers, main);
        assert_eq!((code, lines), (0, vec![SHUTDOWN, 10 + SHUTDOWN]));
    }
}

#[test]
fn a_deadlock_is_reported_and_ends_the_program() {
    fn main(cx: &Cx<'_>) -> Flow {
        if cx.state() == 0 {
            cx.set_state(1);
            cx.spawn(ender, &[-1]);
        }
        cx.wait()
    }
    check(main, 101, &[]);
}

#[test]
fn tasks_end_with_their_creator() {
    fn task(cx: &Cx<'_>) -> Flow {
        if cx.state() == 0 {
            cx.set_state(1);
            cx.send(1, cx.own(), 0);
        }
        cx.wait()
    }
    fn creator(cx: &Cx<'_>) -> Flow {
        if cx.state() == 0 {
            cx.set_state(1);
            let frame = cx.new_frame(task, &[]);
            cx.set_reference(0, unsafe { rt_task_spawn(cx.ctx(), frame) });
        }
        if cx.receive().is_some() { Flow::Done } else { cx.wait() }
    }
    fn main(cx: &Cx<'_>) -> Flow {
        if cx.state() == 0 {
            cx.set_state(1);
            cx.set(1, cx.spawn(creator, &[]));
        }
        while let Some(look) = cx.receive() {
            match look {
                Look::Message(task, _) => {
                    unsafe { rt_monitor(cx.ctx(), task) };
                    cx.send(cx.word(1), 0, 0);
                }
                Look::Down(_, tag) => {
                    assert_eq!(tag, KILLED);
                    return Flow::Done;
                }
                other => panic!("{other:?}"),
            }
        }
        cx.wait()
    }
    check(main, 0, &[]);
}

#[test]
fn unlinked_and_demonitored_actors_are_not_heard_of() {
    fn main(cx: &Cx<'_>) -> Flow {
        if cx.state() == 0 {
            cx.set_state(1);
            unsafe { rt_trap_exits(cx.ctx(), true) };
            let linked = cx.spawn_link(ender, &[-1]);
            let (watched, monitor) = cx.spawn_monitor(ender, &[-1]);
            unsafe {
                rt_unlink(cx.ctx(), linked);
                rt_demonitor(cx.ctx(), monitor);
                rt_demonitor(cx.ctx(), monitor);
                // Both ends of a self-link are one.
                rt_link(cx.ctx(), cx.own());
            }
            cx.kill(linked, SHUTDOWN);
            cx.kill(watched, SHUTDOWN);
            cx.begin_receive(5);
        }
        match cx.look() {
            Look::Nothing => cx.wait(),
            Look::TimeOver => Flow::Done,
            other => panic!("{other:?}"),
        }
    }
    check(main, 0, &[]);
}

#[test]
fn a_kill_ends_defers_and_terminate_too() {
    fn spins(cx: &Cx<'_>) -> Flow {
        // It says so once for each end that is heard of, however often it is preempted.
        if cx.engine.log.lock().expect("no body panics").len().is_multiple_of(2) {
            cx.log(1);
            cx.send(1, 0, 0);
        }
        loop {
            if let Some(flow) = cx.poll() {
                return flow;
            }
        }
    }
    fn never(cx: &Cx<'_>) -> Flow {
        cx.log(99);
        Flow::Done
    }
    fn other(cx: &Cx<'_>) -> Flow {
        cx.defer(never);
        let terminate = if cx.word(0) == 0 { spins as Code } else { never };
        let frame = cx.new_frame(terminate, &[]);
        unsafe { rt_terminate_set(cx.ctx(), frame) };
        if cx.word(0) == 1 {
            cx.defer(spins);
        } else {
            unsafe { rt_defer_pop(cx.ctx()) };
        }
        cx.exit(SHUTDOWN)
    }
    fn main(cx: &Cx<'_>) -> Flow {
        if cx.state() == 0 {
            cx.set_state(1);
            cx.set(1, cx.spawn_monitor(other, &[0]).0);
        }
        while let Some(look) = cx.receive() {
            match look {
                Look::Message(..) => cx.kill(cx.word(1), KILLED),
                Look::Down(_, tag) => {
                    cx.log(10 + tag);
                    if cx.state() == 2 {
                        return Flow::Done;
                    }
                    cx.set_state(2);
                    cx.set(1, cx.spawn_monitor(other, &[1]).0);
                }
                other => panic!("{other:?}"),
            }
        }
        cx.wait()
    }
    check(main, 0, &[1, 10 + KILLED, 1, 10 + KILLED]);
}
