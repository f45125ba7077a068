//! `sepal test`, and the simulation behind `--sim`: the tests of `tests/sim` hold under many seeds, the same seed
//! gives the same run, and a failure says how to see it again.
//!
//! `SEPAL_SIM_SEEDS=1000` takes more seeds than the few of a plain run.

#[path = "programs/run.rs"]
mod run;

use std::path::{Path, PathBuf};

/// Seeds of a plain run.
const SEEDS: &str = "10";

fn seeds() -> String {
    std::env::var("SEPAL_SIM_SEEDS").unwrap_or(SEEDS.into())
}

fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.canonicalize().expect("the repository exists")
}

/// Runs `sepal args…` in `folder`; the exit code must be this one.
fn sepal(folder: &Path, args: &[&str], code: i32) -> run::Output {
    let output = run::sepal(folder, args, "").expect("sepal runs");
    let out = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.code, code, "sepal {}\n{out}\n{}", args.join(" "), output.stderr);
    output
}

fn text(output: &run::Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A folder with one file of tests, gone when the test ends.
struct Tests(PathBuf);

impl Tests {
    fn new(name: &str, source: &str) -> Tests {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("sim-{name}"));
        std::fs::create_dir_all(&folder).expect("the folder for tests is writable");
        std::fs::write(folder.join("a_test.spl"), source).expect("it is writable");
        Tests(folder)
    }
}

impl Drop for Tests {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

#[test]
fn races_come_out_well_under_many_seeds() {
    sepal(&root(), &["test", "--sim", &seeds(), "tests/sim"], 0);
}

#[test]
fn supervisors_survive_injected_kills() {
    let args = ["test", "--sim", &seeds(), "--kills", "3", "tests/sim/supervisor_test.spl"];
    sepal(&root(), &args, 0);
}

#[test]
fn without_a_simulation_and_interpreted_they_hold_too() {
    sepal(&root(), &["test", "tests/sim"], 0);
    sepal(&root(), &["test", "--engine=interp", "tests/sim"], 0);
}

#[test]
fn a_seed_gives_the_same_run_each_time() {
    let programs = [
        "actors/chain_of_actors.spl",
        "actors/link_cascade.spl",
        "actors/timers_equal_and_many.spl",
        "futures/race.spl",
        "supervisor/intensity.spl",
    ];
    for program in programs {
        let run = |engine: &str, seed: u64| {
            let seed = format!("--sim={seed}");
            let folder = root().join("tests/lang");
            sepal(&folder, &["run", engine, &seed, "--trace", program], 0).stderr
        };
        let traces: Vec<String> = (0..4).map(|seed| run("--engine=jit", seed)).collect();
        for (seed, trace) in (0..).zip(&traces) {
            assert!(trace.contains(" runs, one of "), "{program}: {trace}");
            assert_eq!(*trace, run("--engine=jit", seed), "{program}, seed {seed}");
        }
        assert!(traces[1..].iter().any(|trace| *trace != traces[0]), "{program}: no choice at all");
        assert_eq!(run("--engine=interp", 7), run("--engine=interp", 7), "{program}");
    }
    let args =
        "test --sim 1 --seed 3 --kills 2 --trace --show-output tests/sim/supervisor_test.spl";
    let args: Vec<&str> = args.split(' ').collect();
    let kills = text(&sepal(&root(), &args, 0));
    assert!(kills.contains("  kills "), "{kills}");
    assert_eq!(kills, text(&sepal(&root(), &args, 0)));
}

const RACE: &str = "\
fn sends(to: Pid[int], n: int): to.send(n)

fn test_who_comes_first():
    let me = self()
    spawn sends(me, 1)
    spawn sends(me, 2)
    receive:
        case n: assert n == 1, \"the other one came first\"

fn test_sum(): assert 1 + 1 == 2
";

#[test]
fn a_race_is_found_and_can_be_repeated() {
    let tests = Tests::new("race", RACE);
    let found = text(&sepal(&tests.0, &["test", "--sim", "100"], 1));
    assert!(found.contains("pass test_sum"), "{found}");
    assert!(found.contains("the other one came first"), "{found}");
    assert!(found.contains("1 passed, 1 failed"), "{found}");
    let again = found.lines().find_map(|line| line.trim().strip_prefix("again: sepal "));
    let again: Vec<&str> = again.expect("it says how to repeat it").split(' ').collect();
    let repeated = text(&sepal(&tests.0, &again, 1));
    let failure = |text: &str| text.lines().find(|line| line.contains("FAIL")).map(String::from);
    assert_eq!(failure(&found), failure(&repeated));
    assert!(failure(&found).is_some_and(|line| line.contains(", seed ")));
}

#[test]
fn failures_say_why() {
    let source = "\
fn test_panics(): panic(\"on purpose\")

fn test_fails() -> Result[nil, str]: Err(\"no good\")

fn test_waits_for_ever():
    receive:
        case \"never\": pass

fn test_loops():
    var i = 0
    loop: i = i +% 1

fn test_gives_a_number() -> int: 7

fn test_leaves(): std.env.exit(3)

fn helper(): panic(\"nobody calls this\")
";
    let tests = Tests::new("failures", source);
    let out = text(&sepal(&tests.0, &["test", "--timeout", "1", "a_test.spl"], 1));
    for words in [
        "FAIL test_panics: exit code 101\n    | panic: on purpose",
        "FAIL test_fails: exit code 1\n    | no good",
        "FAIL test_waits_for_ever: exit code 101\n    | deadlock",
        "FAIL test_loops: still running after 1 s",
        "pass test_gives_a_number",
        "FAIL test_leaves: exit code 3",
        "1 passed, 5 failed",
    ] {
        assert!(out.contains(words), "no {words:?} in\n{out}");
    }
    let one = text(&sepal(&tests.0, &["test", "--filter", "number", "--show-output"], 0));
    assert!(one.contains("1 passed, 0 failed"), "{one}");
    assert!(text(&sepal(&tests.0, &["test", "--filter", "nothing"], 1)).contains("no tests"));
}

#[test]
fn what_cannot_be_a_test_is_an_error() {
    let source = "\
fn test_takes(n: int): print(n)

fn test_generic[T](): pass

fn* test_yields(): yield 1
";
    let tests = Tests::new("signatures", source);
    let stderr = sepal(&tests.0, &["test"], 1).stderr;
    for words in [
        "error[E0219]: the test `test_takes` takes no parameters\n --> ./a_test.spl:1:4",
        "the test `test_generic` has no type parameters",
        "the test `test_yields` is no generator and not `async`",
    ] {
        assert!(stderr.contains(words), "no {words:?} in\n{stderr}");
    }
}

#[test]
fn kills_reach_only_what_is_supervised() {
    let source = "\
from std.supervisor import supervise, worker

fn idle() of str:
    receive:
        case \"never\": pass

fn test_plain_actors_live():
    let pids = [spawn idle() for _ in 0..5]
    sleep(100)
    assert pids.all(fn(p): p.is_alive())

fn test_children_do_not():
    let sup = supervise([worker(\"a\", fn(): spawn_link idle())], intensity: 100)
    let first = sup.child(\"a\")
    for _ in 0..500: sleep(1)
    assert sup.child(\"a\") == first, \"it was killed\"
";
    let tests = Tests::new("kills", source);
    let plain = ["test", "--sim", "20", "--kills", "5", "--filter", "plain"];
    sepal(&tests.0, &plain, 0);
    sepal(&tests.0, &["test", "--sim", "20", "--filter", "children"], 0);
    let killed = ["test", "--sim", "20", "--kills", "1", "--filter", "children"];
    assert!(text(&sepal(&tests.0, &killed, 1)).contains("it was killed"));
}
