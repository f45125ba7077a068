//! Random programs of actors do what the model of mailboxes allows, on every engine and under many schedules.
//!
//! `SEPAL_RANDOM_SEEDS=5000` takes more programs than the few of a plain run, `1234..1235` a single one.
//! `docs/testing.md` says more. Must never skip a program: one that does not compile is a failure.

mod emit;
mod model;
#[path = "../random/rng.rs"]
mod rng;
#[path = "../programs/run.rs"]
mod run;
mod script;
#[path = "../programs/seeds.rs"]
mod seeds;

use std::ops::Range;
use std::path::{Path, PathBuf};

/// The seeds of a plain `cargo test`.
const SEEDS: Range<u64> = 0..12;
/// One in so many programs is also built and run as a native executable.
const NATIVE_SHARE: u64 = 6;
/// One in so many runs with a collection at every allocation.
const STRESS_SHARE: u64 = 4;
/// Schedules of the simulation for each program.
const SCHEDULES: u64 = 4;

#[test]
fn programs_of_actors_do_what_the_model_allows() {
    seeds::check_all(SEEDS, check);
}

/// The ways of running the program of a seed, as flags.
fn ways(seed: u64) -> Vec<Vec<String>> {
    let mut ways = vec!["--engine=interp", "--engine=jit"];
    if seed.is_multiple_of(NATIVE_SHARE) {
        ways.push("--engine=native");
    }
    if seed.is_multiple_of(STRESS_SHARE) {
        ways.extend(["--engine=jit --gc-stress", "--engine=interp --gc-stress"]);
    }
    let split = |flags: &str| flags.split(' ').map(String::from).collect();
    let mut ways: Vec<Vec<String>> = ways.into_iter().map(split).collect();
    for schedule in 0..SCHEDULES {
        let engine = if schedule == 0 { "interp" } else { "jit" };
        ways.push(split(&format!("--engine={engine} --sim={}", seed * SCHEDULES + schedule)));
    }
    ways
}

/// Runs the program of a seed in every way; what is wrong comes back as a report.
fn check(seed: u64) -> Result<(), String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("actors-random-{seed}"));
    std::fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
    let scripts = script::scripts(seed);
    let file = write(&folder, "program.spl", &emit::program(&scripts))?;
    for way in ways(seed) {
        let mut args = vec!["run"];
        args.extend(way.iter().map(String::as_str));
        args.push("program.spl");
        let output = run::sepal(&folder, &args, "")?;
        let log = String::from_utf8_lossy(&output.stdout);
        let verdict = if output.code == 0 {
            model::check(&scripts, &log)
        } else {
            Err(format!("exit code {}\n{}", output.code, output.stderr))
        };
        if let Err(problem) = verdict {
            write(&folder, "log", &log)?;
            return Err(format!(
                "seed {seed}, {}: {problem}\nprogram: {}\nagain: SEPAL_RANDOM_SEEDS={seed}..{} cargo test -p sepal --test actors_random\n",
                way.join(" "),
                file.display(),
                seed + 1
            ));
        }
    }
    std::fs::remove_dir_all(&folder).map_err(|e| e.to_string())
}

fn write(folder: &Path, name: &str, text: &str) -> Result<PathBuf, String> {
    let file = folder.join(name);
    std::fs::write(&file, text).map_err(|e| format!("{}: {e}", file.display()))?;
    Ok(file)
}
