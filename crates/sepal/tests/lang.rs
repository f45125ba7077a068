//! Every program of `tests/lang` and `examples` on every engine, every rejected program of `tests/reject`.
//! A program passes when its output, exit code and error text are what it says in its own comments.
//!
//! `tests/known_failures.txt` lists what is known not to hold yet. Such a test passes as long as it
//! fails, so that the list cannot outlive its reasons.
//!
//! `UPDATE_EXPECT=1` rewrites the snapshots of diagnostics; `SEPAL_TEST_FLAGS` adds flags to each run
//! (`--gc-stress`, say); `SEPAL_SIM_SEEDS=100` runs programs of actors under so many schedules of the simulation.

#[path = "programs/expect.rs"]
mod expect;
#[path = "programs/run.rs"]
mod run;

use libtest_mimic::{Arguments, Failed, Trial};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// The engines with their flags.
const ENGINES: [(&str, &[&str]); 10] = [
    ("interp", &["--engine=interp"]),
    ("jit", &["--engine=jit"]),
    ("native", &["--engine=native"]),
    // All programs are too short to go over to better code by themselves.
    ("jit-eager", &["--engine=jit", "--tiers=eager"]),
    ("jit-eager-loops", &["--engine=jit", "--tiers=eager-loops"]),
    ("interp-gc-stress", &["--engine=interp", "--gc-stress"]),
    ("jit-gc-stress", &["--engine=jit", "--gc-stress"]),
    ("interp-gc-sliced", &["--engine=interp", "--gc-stress=sliced"]),
    ("jit-gc-sliced", &["--engine=jit", "--gc-stress=sliced"]),
    (SIMULATED, &["--engine=jit", "--sim=2026"]),
];

/// One schedule of many, which would come about seldom; only programs of several actors have more than one.
const SIMULATED: &str = "jit-sim";
const SIMULATED_FOLDERS: [&str; 3] = ["actors/", "futures/", "supervisor/"];

/// Priorities mean nothing where the next actor is chosen by chance.
const NOT_SIMULATED: [&str; 1] = ["actors/high_priority_dominates"];

/// Programs that allocate so often that they run for minutes where each allocation collects.
const TOO_LONG_UNDER_STRESS: [&str; 3] =
    ["std/dict_large", "std/gc_slices", "tail_calls/to_another"];

fn main() {
    let args = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .expect("the repository exists");
    let known = known_failures(&root);
    let mut trials = Vec::new();
    let mut add = |name: String, test: Box<dyn FnOnce() -> Result<(), Failed> + Send>| {
        let fails = known.contains(&name);
        let label = name.clone();
        trials.push(Trial::test(
            name,
            move || if fails { must_fail(&label, test()) } else { test() },
        ));
    };
    for file in programs(&root.join("tests/lang")) {
        let name = name_of(&root.join("tests/lang"), &file);
        for (engine, engine_flags) in ENGINES {
            if !runs_on(engine, engine_flags, &name) {
                continue;
            }
            let file = file.clone();
            let test = move || match engine {
                SIMULATED => check_simulated(&file, engine_flags),
                _ => check_program(&file, engine_flags),
            };
            add(format!("{engine}::{name}"), Box::new(test));
        }
    }
    for file in programs(&root.join("examples")) {
        let name = name_of(&root, &file);
        for (engine, engine_flags) in &ENGINES[..3] {
            let file = file.clone();
            let test = move || check_example(&file, engine_flags);
            add(format!("{engine}::{name}"), Box::new(test));
        }
    }
    for file in programs(&root.join("tests/reject")) {
        let name = name_of(&root.join("tests"), &file);
        let rejects = root.join("tests/reject");
        add(name, Box::new(move || check_rejected(&rejects, &file)));
    }
    libtest_mimic::run(&args, trials).exit();
}

/// A program under as many schedules as were asked for.
fn check_simulated(file: &Path, flags: &[&str]) -> Result<(), Failed> {
    let Ok(seeds) = std::env::var("SEPAL_SIM_SEEDS") else { return check_program(file, flags) };
    for seed in 0..seeds.parse::<u64>()? {
        let (seed, mut flags) = (format!("--sim={seed}"), flags.to_vec());
        flags.pop();
        flags.push(&seed);
        check_program(file, &flags)
            .map_err(|e| e.message().map(|text| format!("{seed}: {text}")).unwrap_or(seed))?;
    }
    Ok(())
}

/// Whether a program is run this way.
fn runs_on(engine: &str, flags: &[&str], name: &str) -> bool {
    if engine == SIMULATED {
        let has_actors = SIMULATED_FOLDERS.iter().any(|folder| name.starts_with(folder));
        return has_actors && !NOT_SIMULATED.contains(&name);
    }
    !flags.contains(&"--gc-stress") || !TOO_LONG_UNDER_STRESS.contains(&name)
}

/// The names in `tests/known_failures.txt`; `#` begins a comment.
fn known_failures(root: &Path) -> HashSet<String> {
    let file = root.join("tests/known_failures.txt");
    let text = std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or("").trim());
    lines.filter(|line| !line.is_empty()).map(String::from).collect()
}

fn must_fail(name: &str, result: Result<(), Failed>) -> Result<(), Failed> {
    match result {
        Err(_) => Ok(()),
        Ok(()) => Err(format!("{name} holds now: take it out of tests/known_failures.txt").into()),
    }
}

/// All test programs below `folder`: each `.spl` file, or `main.spl` alone where a folder has one.
fn programs(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> = match std::fs::read_dir(folder) {
        Ok(entries) => entries.map(|e| e.expect("readable folder").path()).collect(),
        Err(e) => panic!("{}: {e}", folder.display()),
    };
    entries.sort();
    if let Some(main) = entries.iter().find(|e| e.file_name().is_some_and(|n| n == "main.spl")) {
        return vec![main.clone()];
    }
    let mut found = Vec::new();
    for entry in entries {
        if entry.is_dir() {
            found.extend(programs(&entry));
        } else if entry.extension().is_some_and(|e| e == "spl") {
            found.push(entry);
        }
    }
    found
}

fn name_of(root: &Path, file: &Path) -> String {
    let relative = file.strip_prefix(root).expect("found below the root").with_extension("");
    relative.display().to_string()
}

fn check_program(file: &Path, engine: &[&str]) -> Result<(), Failed> {
    let want = expect::parse(file)?;
    let folder = file.parent().expect("a file has a folder");
    let flags = std::env::var("SEPAL_TEST_FLAGS").unwrap_or_default();
    let name = file.file_name().and_then(|n| n.to_str()).expect("test names are UTF-8");
    let mut args = vec!["run"];
    args.extend(engine);
    args.extend(flags.split_whitespace());
    args.push(name);
    args.extend(want.args.iter().map(String::as_str));
    let got = run::sepal(folder, &args, &want.stdin)?;
    let stdout = String::from_utf8_lossy(&got.stdout);
    let mut problems = String::new();
    let expected: String = want.stdout.iter().map(|l| format!("{l}\n")).collect();
    // A last line without a newline (`end: ""`) is written like any other in the comments.
    if expected != stdout && expected.strip_suffix('\n') != Some(&stdout) {
        problems += &format!("stdout differs\n{}", difference(&expected, &stdout));
    }
    if want.exit != got.code {
        problems += &format!("exit code {} instead of {}\n", got.code, want.exit);
    }
    if let Some(lines) = want.stderr {
        let expected: String = lines.iter().map(|l| format!("{l}\n")).collect();
        if expected != got.stderr {
            problems += &format!("stderr differs\n{}", difference(&expected, &got.stderr));
        }
    }
    for words in want.stderr_has {
        if !got.stderr.contains(&words) {
            problems += &format!("stderr lacks: {words}\n");
        }
    }
    if problems.is_empty() {
        return Ok(());
    }
    Err(format!("{problems}--- stderr\n{}", got.stderr).into())
}

fn check_example(file: &Path, engine: &[&str]) -> Result<(), Failed> {
    let expected = std::fs::read_to_string(file.with_extension("out"))
        .map_err(|e| format!("its .out file: {e}"))?;
    let input = file.with_extension("in");
    let stdin = if input.exists() { std::fs::read_to_string(input)? } else { String::new() };
    let folder = file.parent().and_then(Path::parent).expect("examples lie in the repository");
    let name = file.strip_prefix(folder).expect("below it").display().to_string();
    let mut args = vec!["run"];
    args.extend(engine);
    args.push(&name);
    let got = run::sepal(folder, &args, &stdin)?;
    let stdout = String::from_utf8_lossy(&got.stdout);
    if expected == stdout && got.code == 0 {
        return Ok(());
    }
    Err(format!(
        "exit code {}\n{}--- stderr\n{}",
        got.code,
        difference(&expected, &stdout),
        got.stderr
    )
    .into())
}

/// The first line in which two texts differ, with both versions.
fn difference(expected: &str, got: &str) -> String {
    let mut want = expected.lines();
    let mut have = got.lines();
    for number in 1.. {
        match (want.next(), have.next()) {
            (None, None) => return "(only the last newline differs)\n".to_string(),
            (w, h) if w == h => {}
            (w, h) => {
                let show = |l: Option<&str>| l.map_or("(end)".to_string(), |l| format!("{l:?}"));
                return format!(
                    "line {number}: expected {}\n{:w$}     got {}\n",
                    show(w),
                    "",
                    show(h),
                    w = 5 + number.to_string().len()
                );
            }
        }
    }
    unreachable!("two finite texts end")
}

/// A rejected program: the promised words on the promised lines, and the whole text as in its snapshot.
fn check_rejected(root: &Path, file: &Path) -> Result<(), Failed> {
    let promises = expect::promises(file)?;
    let name = file.strip_prefix(root).expect("below it").display().to_string();
    let got = run::sepal(root, &["check", &name], "")?;
    let mut problems = String::new();
    let rejected = promises.iter().any(|p| p.level == "error");
    if got.code != i32::from(rejected) {
        problems += &format!(
            "exit code {} of a program with{} errors\n",
            got.code,
            if rejected { "" } else { "out" }
        );
    }
    for promise in &promises {
        if !reports(&got.stderr, promise) {
            problems +=
                &format!("no {} at {} saying: {}\n", promise.level, promise.place, promise.words);
        }
    }
    if promises.is_empty() {
        problems += "the program promises no diagnostic\n";
    }
    let snapshot = file.with_extension("diag");
    if std::env::var_os("UPDATE_EXPECT").is_some() && problems.is_empty() {
        std::fs::write(&snapshot, &got.stderr)?;
    }
    match std::fs::read_to_string(&snapshot) {
        Ok(expected) if expected == got.stderr => {}
        Ok(expected) => {
            problems += &format!("the snapshot differs\n{}", difference(&expected, &got.stderr))
        }
        Err(e) => problems += &format!("{}: {e}\n", snapshot.display()),
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(format!("{problems}--- stderr\n{}", got.stderr).into())
    }
}

/// Whether some diagnostic of the level, with the words in its text, points at the line. The source
/// that it shows counts without the promise.
fn reports(stderr: &str, promise: &expect::Promise) -> bool {
    let mut blocks: Vec<String> = Vec::new();
    for line in stderr.lines() {
        if line.starts_with("error") || line.starts_with("warning") || blocks.is_empty() {
            blocks.push(String::new());
        }
        let block = blocks.last_mut().expect("one was pushed");
        block.push_str(line.split(expect::PROMISE).next().unwrap_or_default());
        block.push('\n');
    }
    let place = format!("{}:", promise.place);
    blocks.iter().any(|block| {
        let at_line = block
            .lines()
            .find(|l| l.trim_start().starts_with("-->"))
            .is_some_and(|l| l.contains(&place));
        block.starts_with(promise.level)
            && at_line
            && block.to_lowercase().contains(&promise.words.to_lowercase())
    })
}
