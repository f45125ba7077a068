//! Random well-typed programs do the same on every engine, optimised or not, formatted or not, and while the
//! collector runs at every allocation.
//!
//! `SEPAL_RANDOM_SEEDS=5000` takes more programs than the few of a plain run, `1234..1235` a single one.
//! `docs/testing.md` says more. Must never skip a program: one that does not compile is a failure.

mod decls;
mod expr;
mod pattern;
mod program;
mod rng;
#[path = "../programs/run.rs"]
mod run;
mod scalars;
#[path = "../programs/seeds.rs"]
mod seeds;
mod shrink;
mod stmt;
mod types;
mod wholes;

use std::ops::Range;
use std::path::{Path, PathBuf};

/// The seeds of a plain `cargo test`.
const SEEDS: Range<u64> = 0..20;
/// One in so many programs is also built and run as a native executable.
const NATIVE_SHARE: u64 = 12;
/// One in so many runs with a collection at every allocation.
const STRESS_SHARE: u64 = 6;

/// A way of running a program: a name for reports, and the flags.
type Way = (&'static str, &'static [&'static str]);

/// What all others are compared with: the engine and level with the fewest parts.
const PLAIN: Way = ("interpreter, unoptimised", &["--engine=interp", "--opt=none"]);
const OPTIMISED: Way = ("interpreter", &["--engine=interp"]);
const JIT: Way = ("JIT", &["--engine=jit"]);
/// Programs that are too short to go over to better code by themselves do so at once.
const EAGER: [Way; 2] = [
    ("JIT, eager", &["--engine=jit", "--tiers=eager"]),
    ("JIT, loops eager", &["--engine=jit", "--tiers=eager-loops"]),
];
const NATIVE: Way = ("native", &["--engine=native"]);
const STRESS: [Way; 4] = [
    ("JIT with gc-stress", &["--engine=jit", "--gc-stress"]),
    ("interpreter with gc-stress", &["--engine=interp", "--gc-stress"]),
    ("JIT with slices", &["--engine=jit", "--gc-stress=sliced"]),
    ("interpreter with slices", &["--engine=interp", "--gc-stress=sliced"]),
];

#[test]
fn engines_agree() {
    seeds::check_all(SEEDS, check);
}

/// Runs the program of a seed in every way; what is wrong comes back as a report, with the program made small.
fn check(seed: u64) -> Result<(), String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("random-{seed}"));
    std::fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
    let mut ways = vec![OPTIMISED, JIT, EAGER[0], EAGER[1]];
    if seed.is_multiple_of(NATIVE_SHARE) {
        ways.push(NATIVE);
    }
    if seed.is_multiple_of(STRESS_SHARE) {
        ways.extend(STRESS);
    }
    let text = program::program(seed);
    let Err(failure) = compare(&folder, &text, &ways) else {
        return std::fs::remove_dir_all(&folder).map_err(|e| e.to_string());
    };
    let fails_alike = |text: &str| match compare(&folder, text, &ways) {
        Ok(()) => false,
        Err(other) => other.kind == failure.kind,
    };
    let small = shrink::shrink(&text, fails_alike);
    let file = write(&folder, "small.spl", &small)?;
    Err(format!(
        "seed {seed}: {}\n{}\nmade small: {}\nagain: SEPAL_RANDOM_SEEDS={seed}..{} cargo test -p sepal --test random\n",
        failure.kind,
        failure.details,
        file.display(),
        seed + 1
    ))
}

struct Failure {
    /// What differs, the same for all programs that show the same fault.
    kind: String,
    details: String,
}

fn failure(kind: impl Into<String>, details: impl Into<String>) -> Failure {
    Failure { kind: kind.into(), details: details.into() }
}

fn compare(folder: &Path, text: &str, ways: &[Way]) -> Result<(), Failure> {
    let cannot = |e: String| failure("it cannot be run", e);
    write(folder, "program.spl", text).map_err(cannot)?;
    let go = |way: Way, file| {
        let mut args = vec!["run"];
        args.extend(way.1);
        args.push(file);
        run::sepal(folder, &args, "").map_err(|e| failure(format!("{}: {e}", way.0), ""))
    };
    let plain = go(PLAIN, "program.spl")?;
    if plain.code == 1 && plain.stderr.contains("error[") {
        let at = plain.stderr.find("error[").unwrap_or(0);
        let message: String = plain.stderr[at..].lines().take(8).collect::<Vec<_>>().join("\n");
        let code: String = message.chars().take("error[E0000]".len()).collect();
        return Err(failure(format!("it does not compile: {code}"), message));
    }
    if plain.code != 101 && (plain.code < 0 || plain.stderr.contains("panicked at")) {
        return Err(failure(format!("{}: crash, exit code {}", PLAIN.0, plain.code), plain.stderr));
    }
    for way in ways {
        same(&plain, &go(*way, "program.spl")?, way.0)?;
    }
    formatted(folder, text).map_err(|e| failure(e, ""))?;
    let again = go(JIT, "formatted.spl")?;
    // Lines may have moved: the places in reports are not compared.
    if again.stdout != plain.stdout || again.code != plain.code {
        return Err(failure("formatted, it does something else", again.stderr));
    }
    Ok(())
}

fn same(plain: &run::Output, other: &run::Output, name: &str) -> Result<(), Failure> {
    let parts = [
        ("output", String::from_utf8_lossy(&plain.stdout), String::from_utf8_lossy(&other.stdout)),
        ("error text", plain.stderr.as_str().into(), other.stderr.as_str().into()),
        ("exit code", plain.code.to_string().into(), other.code.to_string().into()),
    ];
    for (part, expected, got) in parts {
        if expected == got {
            continue;
        }
        let line = expected.lines().zip(got.lines()).position(|(a, b)| a != b);
        let at = line.unwrap_or(expected.lines().count().min(got.lines().count()));
        let show = |text: &str| text.lines().nth(at).unwrap_or("(end)").to_string();
        return Err(failure(
            format!("{name}: another {part} than {}", PLAIN.0),
            format!(
                "line {}: {}\n instead of: {}\n{}",
                at + 1,
                show(&got),
                show(&expected),
                other.stderr
            ),
        ));
    }
    Ok(())
}

/// Writes the program as the formatter gives it, which must not change when it is formatted again.
fn formatted(folder: &Path, text: &str) -> Result<(), String> {
    let file = sepal_base::FileId(0);
    let format = |text| sepal_syntax::format(file, text).map_err(|_| "the formatter refuses it");
    let once = format(text)?;
    if format(&once)? != once {
        return Err("formatting again changes something".into());
    }
    write(folder, "formatted.spl", &once).map(drop)
}

fn write(folder: &Path, name: &str, text: &str) -> Result<PathBuf, String> {
    let file = folder.join(name);
    std::fs::write(&file, text).map_err(|e| format!("{}: {e}", file.display()))?;
    Ok(file)
}
