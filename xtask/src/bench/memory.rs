//! `bench memory`: what live objects cost, and whether memory stays flat while a program allocates without end. Both on
//! native executables and compiled in memory.
//!
//! Must never call a figure good that it did not read from the run.

use super::tools::Tools;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The numbers of live objects that are measured.
const OBJECTS: [u64; 4] = [1_000_000, 2_500_000, 5_000_000, 10_000_000];
/// How often the resident memory may hold the live bytes.
const MOST_RESIDENT: f64 = 2.0;
/// So near are the objects that one names when the collector is to meet them in order: what is left is its own work.
const NEAR: u64 = 1_000;
/// How much more an object may cost among ten times as many, in that order.
const MOST_GROWTH: f64 = 1.5;
/// How much more than in the first half of the time a flat heap may hold in the second.
const MOST_SWING: f64 = 1.5;

/// What to measure.
#[derive(Debug, PartialEq, Eq)]
pub struct Options {
    /// How long to allocate.
    pub seconds: u64,
    /// The compiler to measure; built from this project if none is given.
    pub sepal: Option<PathBuf>,
}

impl Options {
    /// Reads the options of the command line.
    pub fn parse(words: &[&str]) -> Result<Options, String> {
        let mut options = Options { seconds: 10, sepal: None };
        for pair in words.chunks(2) {
            match pair {
                ["--seconds", n] => {
                    let seconds = n.parse().ok().filter(|n| *n > 0);
                    options.seconds = seconds.ok_or("`--seconds` wants a number above 0")?;
                }
                ["--sepal", path] => options.sepal = Some(PathBuf::from(path)),
                other => return Err(format!("`bench memory` has no option `{}`", other[0])),
            }
        }
        Ok(options)
    }
}

/// Measures and prints everything; an error names what misses its aim.
pub fn run(root: &Path, options: &Options) -> Result<(), String> {
    let tools = Tools::find(root, options.sepal.as_deref())?;
    let mut misses = Vec::new();
    for engine in [Engine::Native, Engine::Jit] {
        live(&tools, engine, &mut misses)?;
        flat(&tools, engine, options.seconds, &mut misses)?;
    }
    if misses.is_empty() { Ok(()) } else { Err(misses.join("\n")) }
}

#[derive(Clone, Copy)]
enum Engine {
    Native,
    Jit,
}

impl Engine {
    fn name(self) -> &'static str {
        match self {
            Engine::Native => "native",
            Engine::Jit => "compiled in memory",
        }
    }

    /// Runs `bench/memory/NAME.spl`; gives the numbers that it prints.
    fn run(self, tools: &Tools, name: &str, arguments: &[u64]) -> Result<Vec<u64>, String> {
        let source = tools.root.join(format!("bench/memory/{name}.spl"));
        let mut command = match self {
            Engine::Native => {
                let program = tools.out.join(format!("memory-{name}"));
                let mut build = Command::new(&tools.sepal);
                output(build.arg("build").arg(&source).arg("-o").arg(&program))?;
                Command::new(program)
            }
            Engine::Jit => {
                let mut command = Command::new(&tools.sepal);
                command.arg("run").arg(&source);
                command
            }
        };
        let text = output(command.args(arguments.iter().map(u64::to_string)))?;
        let number = |word: &str| word.parse().map_err(|_| format!("{name} printed `{text}`"));
        text.split_whitespace().map(number).collect()
    }
}

fn output(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{command:?} failed\n{}", String::from_utf8_lossy(&output.stderr)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn live(tools: &Tools, engine: Engine, misses: &mut Vec<String>) -> Result<(), String> {
    println!("live objects, {}", engine.name());
    println!(
        "{:>12} {:>10} {:>14} {:>6} {:>14} {:>10} {:>10}",
        "objects", "live MB", "resident MB", "ratio", "collection ms", "ns/object", "in order"
    );
    let mut costs = Vec::new();
    for objects in OBJECTS {
        let (live, resident, time) = live_once(tools, engine, &[objects])?;
        let (_, _, in_order) = live_once(tools, engine, &[objects, NEAR])?;
        let ratio = resident / live;
        let (cost, cost_in_order) = (time / objects as f64, in_order / objects as f64);
        println!(
            "{objects:>12} {:>10.1} {:>14.1} {ratio:>6.2} {:>14.1} {cost:>10.1} {cost_in_order:>10.1}",
            live / 1e6,
            resident / 1e6,
            time / 1e6
        );
        if ratio > MOST_RESIDENT {
            misses.push(format!(
                "{objects} objects, {}: {ratio:.2} times the live bytes are resident",
                engine.name()
            ));
        }
        costs.push(cost_in_order);
    }
    let growth = costs[3] / costs[0];
    if growth > MOST_GROWTH {
        misses.push(format!(
            "{}: an object costs {growth:.1} times as much among ten times as many",
            engine.name()
        ));
    }
    println!();
    Ok(())
}

/// The live bytes, those that were resident at most, and the nanoseconds of a collection.
fn live_once(tools: &Tools, engine: Engine, arguments: &[u64]) -> Result<(f64, f64, f64), String> {
    let numbers = engine.run(tools, "live", arguments)?;
    match numbers[..] {
        [live, resident, time] => Ok((live as f64, resident as f64, time as f64)),
        _ => Err(format!("live printed {numbers:?}")),
    }
}

fn flat(
    tools: &Tools,
    engine: Engine,
    seconds: u64,
    misses: &mut Vec<String>,
) -> Result<(), String> {
    let numbers = engine.run(tools, "flat", &[seconds])?;
    let (allocated, taken) = numbers.split_first().ok_or("flat printed nothing")?;
    let show: Vec<String> =
        taken.iter().map(|bytes| format!("{:.1}", *bytes as f64 / 1e6)).collect();
    println!(
        "allocating for {seconds} s, {}: {:.1} GB in all",
        engine.name(),
        *allocated as f64 / 1e9
    );
    println!("MB taken after each tenth: {}\n", show.join(" "));
    let (first, second) = taken.split_at(taken.len() / 2);
    let most = |part: &[u64]| part.iter().copied().max().unwrap_or_default() as f64;
    if most(second) > most(first) * MOST_SWING {
        misses.push(format!("{}: the heap of the allocating loop grows", engine.name()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read() {
        assert_eq!(Options::parse(&[]), Ok(Options { seconds: 10, sepal: None }));
        assert_eq!(
            Options::parse(&["--seconds", "600"]),
            Ok(Options { seconds: 600, sepal: None })
        );
        assert_eq!(
            Options::parse(&["--runs", "2"]),
            Err("`bench memory` has no option `--runs`".into())
        );
        assert!(Options::parse(&["--seconds", "0"]).is_err());
    }
}
