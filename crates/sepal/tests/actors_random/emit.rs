//! Scripts as a program. Each actor prints its number and what happened to it, a line for each step that says anything.
//!
//! Must never let what is printed depend on more than the step says: the model reads it.

use crate::script::{Class, End, Step, Watch};
use std::fmt::Write;

const PRELUDE: &str = "\
enum Msg:
    Start([Pid[Msg]], Pid[Question])
    Num(from: int, number: int, text: str)
    Fired(int)

enum Question:
    Double(int, Reply[int])

fn serve() of Question:
    loop:
        receive:
            case Double(n, reply): reply.send(2 * n)

fn say(me: int, what: str): print(f\"{me} {what}\")

fn sum_to(n: int) -> int: if n == 0: 0 else: n + sum_to(n - 1)

fn returns(): pass

fn exits(): exit(Custom(7))

fn panics(): panic(\"on purpose\")

fn idle() of str:
    receive:
        case \"never\": pass

fn chain(n: int) of str:
    if n > 1: spawn_link chain(n - 1)
    idle()

fn takes_name(name: str) of str:
    register(name, self())
    idle()

fn find(name: str) -> Pid[str]:
    loop:
        let found: Pid[str]? = whereis(name)
        if let Some(pid) = found: return pid
        sleep(1)

/// So many want the name; one gets it, and gives it up by its end.
fn contend(name: str, count: int):
    for _ in 0..count: spawn_monitor takes_name(name)
    for _ in 1..count:
        receive:
            down _, Panic(_): pass
    let owner = find(name)
    owner.kill(Shutdown)
    receive:
        down pid, Shutdown: assert pid == owner
    let after_end: Pid[str]? = whereis(name)
    assert after_end.is_none()
";

/// The text of the program.
pub fn program(scripts: &[Vec<Step>]) -> String {
    let mut text = String::from(PRELUDE);
    for (me, steps) in scripts.iter().enumerate() {
        let mut body = String::new();
        for (at, step) in steps.iter().enumerate() {
            let lines = step_lines(me, at, step);
            if at % 3 == 1 {
                // Waiting in a called function is something else than waiting in the body.
                let head =
                    format!("fn step_{me}_{at}(pids: [Pid[Msg]], server: Pid[Question]) of Msg:");
                put(&mut text, &format!("\n{head}\n{}", indented(&lines)));
                put(&mut body, &format!("step_{me}_{at}(pids, server)\n"));
            } else {
                put(&mut body, &lines);
            }
        }
        let whole = if me == 0 { main(scripts.len(), &body) } else { actor(me, &body) };
        put(&mut text, &whole);
    }
    text
}

fn put(text: &mut String, more: &str) {
    text.push_str(more);
}

fn indented(lines: &str) -> String {
    lines.lines().map(|line| format!("    {line}\n")).collect()
}

fn actor(me: usize, body: &str) -> String {
    format!(
        "\nfn actor_{me}() of Msg:\n    let (pids, server) = receive:\n        case Start(pids, server): (pids, server)\n{}    pids.clear()\n",
        indented(body)
    )
}

fn main(actors: usize, body: &str) -> String {
    let mut text =
        String::from("\nfn main():\n    let server = spawn serve()\n    let pids = [self()]\n");
    for me in 1..actors {
        let priority = ["Low", "Normal", "High"][me % 3];
        put(
            &mut text,
            &format!(
                "    let (p{me}, _) = spawn_monitor actor_{me}() with (priority: {priority})\n    pids.push(p{me})\n"
            ),
        );
    }
    put(&mut text, "    for pid in pids[1:]: pid.send(Start(pids, server))\n");
    put(&mut text, &indented(body));
    put(
        &mut text,
        "    for _ in pids[1:]:
        receive:
            down p, reason:
                for i, pid in pids.enumerate():
                    if p == pid: say(0, f\"ended {i} {reason}\")
",
    );
    text
}

fn step_lines(me: usize, at: usize, step: &Step) -> String {
    match step {
        Step::Send { to, number, length } => {
            format!("pids[{to}].send(Num({me}, {number}, \"x\" * {length}))\n")
        }
        Step::Receive(class) => {
            let guard = match class {
                Class::Any => String::new(),
                Class::Sender(rest) => format!(" if from % 2 == {rest}"),
                Class::Number(rest) => format!(" if number % 2 == {rest}"),
            };
            format!(
                "receive:\n    case Num(from, number, text){guard}: say({me}, f\"got {{from}} {{number}} {{text.len()}}\")\n"
            )
        }
        Step::Ask(n) => {
            format!("say({me}, f\"answer {{await server.ask(fn(r): Double({n}, r))}}\")\n")
        }
        Step::Task(n) => format!("say({me}, f\"sum {{await (async sum_to({n}))}}\")\n"),
        Step::Watch(watch, end) => watch_lines(me, at, *watch, *end),
        Step::Timers(timers) => timer_lines(me, at, timers),
        Step::Unlink => format!(
            "trap_exits(true)
let u{at} = spawn_link idle()
unlink(u{at})
u{at}.kill(Killed)
monitor(u{at})
receive:
    down p, _ if p == u{at}: pass
receive:
    exit p, _ if p == u{at}: say({me}, \"exit\")
    after 0: say({me}, \"quiet\")
trap_exits(false)
"
        ),
        Step::Chain(length) => format!(
            "let (c{at}, _) = spawn_monitor chain({length})
c{at}.kill(Custom(9))
receive:
    down p, reason if p == c{at}: say({me}, f\"down {{reason}}\")
"
        ),
        Step::Name(count) => {
            format!("await (async contend(\"name {me}.{at}\", {count}))\nsay({me}, \"named\")\n")
        }
    }
}

fn watch_lines(me: usize, at: usize, watch: Watch, end: End) -> String {
    let (body, kill) = match end {
        End::Returns => ("returns()", ""),
        End::Exits => ("exits()", ""),
        End::Panics => ("panics()", ""),
        End::IsShutDown => ("idle()", "Shutdown"),
        End::IsKilled => ("idle()", "Killed"),
    };
    let arm = watch.arm();
    let (traps, make) = match watch {
        Watch::SpawnMonitor => (false, format!("let (w{at}, _) = spawn_monitor {body}\n")),
        Watch::Monitor => (false, format!("let w{at} = spawn {body}\nmonitor(w{at})\n")),
        Watch::SpawnLink => (true, format!("let w{at} = spawn_link {body}\n")),
        Watch::Link => (true, format!("let w{at} = spawn {body}\nlink(w{at})\n")),
    };
    let kill = if kill.is_empty() { String::new() } else { format!("w{at}.kill({kill})\n") };
    let hear =
        format!("receive:\n    {arm} p, reason if p == w{at}: say({me}, f\"{arm} {{reason}}\")\n");
    let (before, after) =
        if traps { ("trap_exits(true)\n", "trap_exits(false)\n") } else { ("", "") };
    format!("{before}{make}{kill}{hear}{after}")
}

fn timer_lines(me: usize, at: usize, timers: &[(usize, bool)]) -> String {
    let mut text = format!("var left{at} = {}\n", timers.len());
    // Writing into a string does not fail.
    for (index, (ms, _)) in timers.iter().enumerate() {
        let _ = writeln!(text, "let t{at}_{index} = send_after({ms}, pids[{me}], Fired({index}))");
    }
    for (index, _) in timers.iter().enumerate().filter(|(_, (_, cancelled))| *cancelled) {
        let _ = write!(
            text,
            "if t{at}_{index}.cancel():\n    left{at} -= 1\n    say({me}, \"cancelled {index}\")\n"
        );
    }
    let _ = write!(
        text,
        "for _ in 0..left{at}:\n    receive:\n        case Fired(i): say({me}, f\"fired {{i}}\")\n"
    );
    text
}
