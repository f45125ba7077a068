//! Measures the compiler itself: lines checked and compiled in a second on generated programs, and how
//! long the smallest program takes to start.
//!
//! Must never report a figure of a command that failed.

use super::tools::{Tools, first_that_runs};
use super::{Options, report};
use crate::gen_lines;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// Lengths of the programs that are checked: the rate must not fall with them.
const CHECKED: [usize; 3] = [25_000, 50_000, 100_000];
/// Lengths of the programs that are compiled in memory.
const COMPILED: [usize; 2] = [20_000, 100_000];
/// What compiling in memory consists of, as `--timings` names it.
const COMPILING: [&str; 5] = ["syntax", "check", "lower", "passes", "codegen"];

/// Measures and prints everything.
pub fn run(root: &Path, options: &Options) -> Result<(), String> {
    let tools = Tools::find(root, options.sepal.as_deref())?;
    let shorter = if options.quick { 50 } else { 1 };
    for lines in CHECKED {
        let (file, lines) = program(&tools, lines / shorter)?;
        let seconds = median(options, || {
            timed(Command::new(&tools.sepal).arg("check").arg(&file)).map(|(seconds, _)| seconds)
        })?;
        print_rate("check", lines, seconds);
    }
    for lines in COMPILED {
        let (file, lines) = program(&tools, lines / shorter)?;
        let seconds = median(options, || {
            let (_, timings) =
                timed(Command::new(&tools.sepal).args(["run", "--timings"]).arg(&file))?;
            compiling(&timings)
        })?;
        print_rate("compile in memory", lines, seconds);
    }
    hello(&tools, options)
}

/// Writes a program of about so many lines; gives its file and its exact length.
fn program(tools: &Tools, lines: usize) -> Result<(PathBuf, usize), String> {
    let text = gen_lines::program(lines);
    let file = tools.out.join(format!("lines_{lines}.spl"));
    std::fs::write(&file, &text).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok((file, text.lines().count()))
}

fn print_rate(what: &str, lines: usize, seconds: f64) {
    println!(
        "{what:<18} {lines:>7} lines {seconds:>8.3} s {:>9.0} lines/s",
        lines as f64 / seconds
    );
}

/// Start-up and size of the smallest program.
fn hello(tools: &Tools, options: &Options) -> Result<(), String> {
    let source = tools.root.join("examples/hello.spl");
    let native = tools.out.join("hello");
    timed(Command::new(&tools.sepal).arg("build").arg("-o").arg(&native).arg(&source))?;
    let in_memory = median(options, || {
        timed(Command::new(&tools.sepal).arg("run").arg(&source)).map(|(seconds, _)| seconds)
    })?;
    let executable =
        median(options, || timed(&mut Command::new(&native)).map(|(seconds, _)| seconds))?;
    println!("hello, in memory   {:>8.1} ms", in_memory * 1e3);
    println!("hello, native      {:>8.1} ms", executable * 1e3);
    let Some(strip) = first_that_runs(&["strip", "llvm-strip"]) else {
        println!("hello, stripped    unknown: there is no `strip`");
        return Ok(());
    };
    let stripped = tools.out.join("hello_stripped");
    timed(Command::new(strip).arg("-o").arg(&stripped).arg(&native))?;
    let size = std::fs::metadata(&stripped).map_err(|e| format!("{}: {e}", stripped.display()))?;
    println!("hello, stripped    {:>8.1} KiB", size.len() as f64 / 1024.0);
    Ok(())
}

/// Runs a command; gives its seconds and what it wrote to standard error.
fn timed(command: &mut Command) -> Result<(f64, String), String> {
    let start = Instant::now();
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    let seconds = start.elapsed().as_secs_f64();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    if !output.status.success() {
        return Err(format!("{command:?} failed: {errors}"));
    }
    Ok((seconds, errors))
}

/// The seconds of all phases before the program runs, from the lines of `--timings`.
fn compiling(timings: &str) -> Result<f64, String> {
    let mut sum = 0.0;
    for phase in COMPILING {
        let line = timings.lines().find_map(|line| line.strip_prefix(phase));
        let number =
            line.and_then(|rest| rest.trim().strip_suffix("ms")?.trim().parse::<f64>().ok());
        sum += number.ok_or_else(|| format!("`--timings` does not show `{phase}`"))? / 1e3;
    }
    Ok(sum)
}

/// The median of runs, after one that only warms the machine up. These are short, so there are twice as many as of others.
fn median(options: &Options, mut run: impl FnMut() -> Result<f64, String>) -> Result<f64, String> {
    let runs = if options.quick { 1 } else { 2 * options.runs + 1 };
    run()?;
    let mut seconds = Vec::with_capacity(runs);
    for _ in 0..runs {
        seconds.push(run()?);
    }
    Ok(report::median(&mut seconds))
}

#[cfg(test)]
mod tests {
    use super::compiling;

    #[test]
    fn the_phases_before_the_run_are_added() {
        let timings = "syntax  1.5 ms\ncheck   2.0 ms\nlower   0.5 ms\npasses  1.0 ms\n\
                       codegen 5.0 ms\nrun     700.0 ms\n";
        let seconds = compiling(timings).expect("all phases are there");
        assert!((seconds - 0.010).abs() < 1e-9, "{seconds}");
        assert!(compiling("syntax 1.5 ms\n").is_err());
    }
}
