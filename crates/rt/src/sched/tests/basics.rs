//! Spawning, sending, receiving, answers, timers.

use super::host::{Code, Cx, Flow, Look, check, run_on};
use crate::fns::bodies::*;

#[test]
fn the_result_of_main_is_the_exit_code() {
    fn main(cx: &Cx<'_>) -> Flow {
        cx.set(0, 7);
        Flow::Done
    }
    check(main, 7, &[]);
}

/// Sends back what comes, one more, to who is named in it.
fn echo(cx: &Cx<'_>) -> Flow {
    while let Some(look) = cx.receive() {
        let Look::Message(to, value) = look else { return Flow::Done };
        cx.send(to, cx.own(), value + 1);
    }
    cx.wait()
}

#[test]
fn pids_count_up_and_messages_go_round() {
    fn main(cx: &Cx<'_>) -> Flow {
        if cx.state() == 0 {
            cx.set_state(1);
            let other = cx.spawn(echo, &[]);
            assert_eq!((cx.own(), other), (1, 2));
            cx.set(1, other);
            cx.send(other, cx.own(), 0);
        }
        while let Some(Look::Message(from, value)) = cx.receive() {
            assert_eq!(from, cx.word(1));
            if value >= 1000 {
                cx.set(0, 42);
                return Flow::Done;
            }
            cx.send(from, cx.own(), value);
        }
        cx.wait()
    }
    check(main, 42, &[]);
}

#[test]
fn a_receive_takes_what_fits_and_leaves_the_rest_in_order() {
    fn main(cx: &Cx<'_>) -> Flow {
        for value in 0..10 {
            cx.send(cx.own(), value, 0);
        }
        // Every third, then all the others from the beginning.
        for wanted in [2, 5, 8, 0, 1, 3, 4, 6, 7, 9] {
            cx.begin_receive(-1);
            loop {
                match cx.look() {
                    Look::Message(value, _) if value == wanted => break,
                    Look::Message(..) => {}
                    other => panic!("{other:?}"),
                }
            }
            cx.take();
            cx.log(wanted);
        }
        assert_eq!(cx.receive(), None);
        Flow::Done
    }
    check(main, 0, &[2, 5, 8, 0, 1, 3, 4, 6, 7, 9]);
}

#[test]
fn behaviour_55_a_message_behind_many_is_reached_without_looking_again() {
    fn main(cx: &Cx<'_>) -> Flow {
        const MANY: i64 = 500_000;
        for value in 0..MANY {
            cx.send(cx.own(), value, 0);
        }
        cx.begin_receive(-1);
        let mut looks = 0;
        while cx.look() != Look::Nothing {
            looks += 1;
        }
        assert_eq!(looks, MANY);
        for _ in 0..1000 {
            cx.send(cx.own(), -1, 0);
            assert_eq!(cx.look(), Look::Message(-1, 0), "only the new one is looked at");
        }
        cx.take();
        assert_eq!(cx.receive(), Some(Look::Message(0, 0)));
        Flow::Done
    }
    assert_eq!(run_on(1, main).0, 0);
}

#[test]
fn behaviour_61_a_zero_timeout_looks_before_it_ends() {
    fn main(cx: &Cx<'_>) -> Flow {
        cx.send(cx.own(), 1, 2);
        cx.begin_receive(0);
        assert_eq!(cx.look(), Look::Message(1, 2));
        cx.take();
        cx.begin_receive(0);
        assert_eq!(cx.look(), Look::TimeOver);
        Flow::Done
    }
    check(main, 0, &[]);
}

#[test]
fn behaviour_63_timers_send_in_due_order_and_can_be_cancelled() {
    fn main(cx: &Cx<'_>) -> Flow {
        if cx.state() == 0 {
            cx.set_state(1);
            for ms in [30, 10, 20] {
                cx.send_after(ms, cx.own(), ms);
            }
            let timer = cx.send_after(15, cx.own(), 15);
            assert!(cx.cancel(timer) && !cx.cancel(timer));
            let far = cx.send_after(1 << 33, cx.own(), 0);
            assert!(cx.cancel(far));
        }
        while let Some(Look::Message(value, _)) = cx.receive() {
            cx.log(value);
            if value == 30 {
                return Flow::Done;
            }
        }
        cx.wait()
    }
    check(main, 0, &[10, 20, 30]);
}

#[test]
fn receives_end_and_sleeps_end() {
    fn main(cx: &Cx<'_>) -> Flow {
        match cx.state() {
            0 => {
                cx.set_state(1);
                cx.begin_receive(5);
                assert_eq!(cx.look(), Look::Nothing);
                cx.wait()
            }
            1 => match cx.look() {
                Look::Nothing => cx.wait(),
                Look::TimeOver => {
                    cx.log(1);
                    cx.set_state(2);
                    unsafe { rt_sleep_begin(cx.ctx(), 5) };
                    cx.wait()
                }
                other => panic!("{other:?}"),
            },
            _ if unsafe { rt_sleep_pending(cx.ctx()) } => cx.wait(),
            _ => Flow::Done,
        }
    }
    check(main, 0, &[1]);
}

/// Answers with the double of what comes.
fn doubler(cx: &Cx<'_>) -> Flow {
    loop {
        cx.begin_receive(-1);
        let (look, reply) = cx.look_object();
        let Look::Message(value, _) = look else { return cx.wait() };
        cx.set_reference(0, reply);
        cx.take();
        if value < 0 {
            return Flow::Done;
        }
        cx.reply(reply, 2 * value);
        // The first answer stands.
        cx.reply(reply, 99);
    }
}

#[test]
fn asks_are_answered_or_fail_with_the_end_of_who_was_asked() {
    fn ask(cx: &Cx<'_>, pid: i64, value: i64) {
        let pair = unsafe { rt_promise_new(cx.ctx()) };
        cx.set_reference(0, pair.1);
        cx.send_object(pid, value, pair.0);
    }
    fn main(cx: &Cx<'_>) -> Flow {
        if cx.state() == 0 {
            cx.set(1, cx.spawn(doubler, &[]));
            ask(cx, cx.word(1), 21);
            cx.set_state(1);
        }
        loop {
            let future = cx.reference(0);
            let said = unsafe { rt_future_poll(cx.ctx(), future) };
            match (cx.state(), said) {
                (_, 0) => return cx.wait(),
                (1, 1) => {
                    assert_eq!(cx.value(future), 42);
                    ask(cx, cx.word(1), -1);
                    cx.set_state(2);
                }
                (2, 2) => {
                    let reason = unsafe { rt_future_reason(cx.ctx(), future) };
                    assert_eq!(unsafe { reason.cast::<i64>().add(2).read() }, 0, "Normal");
                    ask(cx, cx.word(1), 1);
                    cx.set_state(3);
                }
                (3, 2) => {
                    let reason = unsafe { rt_future_reason(cx.ctx(), future) };
                    assert_eq!(unsafe { reason.cast::<i64>().add(2).read() }, 3, "NoProc");
                    unsafe { rt_future_fail(cx.ctx(), future) };
                    return Flow::Raised;
                }
                other => panic!("{other:?}"),
            }
        }
    }
    check(main, 101, &[]);
}

#[test]
fn tasks_give_values_fail_and_are_cancelled() {
    fn task(cx: &Cx<'_>) -> Flow {
        match cx.word(0) {
            0 => cx.panic(),
            1 => cx.wait(),
            value => {
                cx.resolve(value);
                Flow::Done
            }
        }
    }
    fn main(cx: &Cx<'_>) -> Flow {
        if cx.state() == 0 {
            for kind in 0..3 {
                let frame = cx.new_frame(task, &[kind]);
                cx.set_reference(kind as usize, unsafe { rt_task_spawn(cx.ctx(), frame) });
            }
            unsafe { rt_future_cancel(cx.ctx(), cx.reference(1)) };
            cx.set_state(1);
        }
        for (index, expected) in [(0, 2), (1, 2), (2, 1)] {
            let said = unsafe { rt_future_poll(cx.ctx(), cx.reference(index)) };
            if said == 0 {
                return cx.wait();
            }
            assert_eq!(said, expected);
        }
        assert_eq!(cx.value(cx.reference(2)), 2);
        Flow::Done
    }
    check(main, 0, &[]);
}

#[test]
fn names_find_actors_of_the_right_type_while_they_live() {
    fn other(cx: &Cx<'_>) -> Flow {
        if cx.receive().is_some() { Flow::Done } else { cx.wait() }
    }
    fn main(cx: &Cx<'_>) -> Flow {
        let name = cx.text("other");
        let whereis = |token: usize| unsafe { rt_whereis(cx.ctx(), name, token as *const u8) };
        if cx.state() == 0 {
            cx.set_state(1);
            assert_eq!(whereis(0), 0);
            let frame = cx.new_frame(other, &[]);
            unsafe { rt_spawn_name(cx.ctx(), name) };
            let pid =
                unsafe { rt_spawn(cx.ctx(), frame, std::ptr::null_mut(), 8 as *const u8, 2) }.0;
            assert_eq!((whereis(0), whereis(8), whereis(16)), (pid, pid, 0));
            cx.send(pid, 0, 0);
            return cx.wait();
        }
        let Some(Look::Down(..)) = cx.receive() else { return cx.wait() };
        assert_eq!(whereis(0), 0);
        unsafe { rt_register(cx.ctx(), name, cx.own()) };
        assert_eq!(whereis(0), cx.own());
        unsafe { rt_register(cx.ctx(), name, cx.own()) };
        assert!(cx.has_raised(), "the name is taken");
        Flow::Raised
    }
    check(main, 101, &[]);
}

#[test]
fn a_full_mailbox_answers_as_it_was_told() {
    // Takes messages only after it is told to by the clock.
    fn slow(cx: &Cx<'_>) -> Flow {
        if cx.state() == 0 {
            cx.set_state(1);
            unsafe { rt_sleep_begin(cx.ctx(), 10) };
        }
        if unsafe { rt_sleep_pending(cx.ctx()) } {
            return cx.wait();
        }
        while let Some(Look::Message(value, _)) = cx.receive() {
            cx.log(value);
            if value == 9 {
                return Flow::Done;
            }
        }
        cx.wait()
    }
    fn main_with(cx: &Cx<'_>, overflow: i64) -> Flow {
        if cx.state() == 0 {
            unsafe {
                rt_spawn_option(cx.ctx(), 2, 3);
                rt_spawn_option(cx.ctx(), 3, overflow);
            }
            cx.set(1, cx.spawn_monitor(slow, &[]).0);
            cx.set_state(1);
        }
        while cx.state() <= 10 {
            if let Some(flow) = cx.poll() {
                return flow;
            }
            cx.send(cx.word(1), i64::from(cx.state()) - 1, 0);
            cx.set_state(cx.state() + 1);
        }
        if let Some(flow) = cx.poll() {
            return flow;
        }
        match overflow {
            1 => Flow::Done,
            _ => match cx.receive() {
                Some(Look::Down(_, tag)) => {
                    cx.log(100 + tag);
                    Flow::Done
                }
                _ => cx.wait(),
            },
        }
    }
    fn block(cx: &Cx<'_>) -> Flow {
        main_with(cx, 0)
    }
    fn drop_old(cx: &Cx<'_>) -> Flow {
        main_with(cx, 2)
    }
    fn kill(cx: &Cx<'_>) -> Flow {
        main_with(cx, 3)
    }
    check(block, 0, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 100]);
    check(drop_old, 0, &[7, 8, 9, 100]);
    check(kill, 0, &[102]);
}

#[test]
fn actors_that_run_long_share_a_worker() {
    fn spin(cx: &Cx<'_>) -> Flow {
        cx.compute()
    }
    fn main(cx: &Cx<'_>) -> Flow {
        if cx.state() == 0 {
            cx.set_state(1);
            for _ in 0..4 {
                let spinner: Code = spin;
                cx.spawn(spinner, &[]);
            }
            unsafe { rt_sleep_begin(cx.ctx(), 20) };
        }
        if unsafe { rt_sleep_pending(cx.ctx()) } {
            return cx.wait();
        }
        cx.set(0, 5);
        Flow::Done
    }
    check(main, 5, &[]);
}

#[test]
fn a_sender_that_waits_for_room_goes_on_when_the_receiver_ends() {
    fn sleeps(cx: &Cx<'_>) -> Flow {
        if cx.state() == 0 {
            cx.set_state(1);
            unsafe { rt_sleep_begin(cx.ctx(), 5) };
        }
        if unsafe { rt_sleep_pending(cx.ctx()) } { cx.wait() } else { Flow::Done }
    }
    fn main(cx: &Cx<'_>) -> Flow {
        if cx.state() == 0 {
            unsafe { rt_spawn_option(cx.ctx(), 2, 1) };
            cx.set(1, cx.spawn(sleeps, &[]));
            cx.set_state(1);
        }
        while cx.state() < 5 {
            if let Some(flow) = cx.poll() {
                return flow;
            }
            cx.send(cx.word(1), 0, 0);
            cx.set_state(cx.state() + 1);
        }
        if let Some(flow) = cx.poll() {
            return flow;
        }
        assert!(!unsafe { rt_is_alive(cx.ctx(), cx.word(1)) }, "there was no room before");
        Flow::Done
    }
    check(main, 0, &[]);
}

#[test]
fn who_waits_for_the_system_keeps_nobody_from_running() {
    fn sleeps(cx: &Cx<'_>) -> Flow {
        unsafe { rt_time_sleep_ms(cx.ctx(), 300) };
        cx.log(1);
        cx.send(1, 1, 0);
        Flow::Done
    }
    fn quick(cx: &Cx<'_>) -> Flow {
        cx.log(0);
        cx.send(1, 0, 0);
        Flow::Done
    }
    fn main(cx: &Cx<'_>) -> Flow {
        if cx.state() == 0 {
            cx.set_state(1);
            cx.spawn(sleeps, &[]);
            cx.spawn(quick, &[]);
        }
        while cx.receive().is_some() {
            cx.set_state(cx.state() + 1);
            if cx.state() == 3 {
                return Flow::Done;
            }
        }
        cx.wait()
    }
    check(main, 0, &[0, 1]);
}

#[test]
fn high_priorities_come_first_and_low_ones_come() {
    fn says(cx: &Cx<'_>) -> Flow {
        cx.log(cx.word(0));
        Flow::Done
    }
    fn main(cx: &Cx<'_>) -> Flow {
        if cx.state() == 0 {
            cx.set_state(1);
            for priority in [0, 1, 2, 3] {
                unsafe { rt_spawn_option(cx.ctx(), 0, priority) };
                cx.spawn(says, &[priority]);
            }
            unsafe { rt_sleep_begin(cx.ctx(), 5) };
        }
        if unsafe { rt_sleep_pending(cx.ctx()) } { cx.wait() } else { Flow::Done }
    }
    let (code, log) = run_on(1, main);
    assert_eq!((code, log), (0, vec![3, 2, 1, 0]));
}

#[test]
fn behaviour_71_what_a_message_refers_to_survives_collections() {
    fn main(cx: &Cx<'_>) -> Flow {
        if cx.state() == 0 {
            cx.set_state(1);
            for number in 0..100 {
                let text = cx.text(&format!("message {number}"));
                cx.send_object(cx.own(), number, text);
            }
        }
        for number in (0..100).rev() {
            cx.begin_receive(-1);
            loop {
                let (look, object) = cx.look_object();
                let Look::Message(value, _) = look else { panic!("{look:?}") };
                if value == number {
                    let text = unsafe { crate::actor::text(object) };
                    assert_eq!(text, format!("message {number}"));
                    break;
                }
            }
            cx.take();
            unsafe { rt_gc_collect(cx.ctx()) };
        }
        Flow::Done
    }
    check(main, 0, &[]);
}
