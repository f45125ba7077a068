//! `sepal test`: finds tests, runs each in a process of its own, several at a time, and says which failed.
//!
//! Under `--sim N` a test is run once for each of N seeds and fails with the first one under which it does; then
//! the command that repeats exactly this run is printed. Must never compile or run anything itself.

use crate::cli::{Stress, Test, TestEngine};
use crate::commands::{FAILED, report, session};
use sepal_driver::{Child, CompiledTest, Ending, RunOptions, Session, Stop};
use std::collections::VecDeque;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What the names of files with tests end in, in a folder.
const FILE_ENDING: &str = "_test.spl";

/// Runs the tests; the exit code is 1 if any failed or there is none.
pub fn test(args: &Test) -> u8 {
    let mut tester = Tester { args, session: session(&args.common), passed: 0, failed: 0 };
    for file in files(&args.path) {
        if let Err(stop) = tester.file(&file) {
            report(&stop);
            tester.failed += 1;
        }
    }
    let Tester { passed, failed, .. } = tester;
    if passed + failed == 0 {
        say(&format!("no tests in {}", args.path.display()));
        return FAILED;
    }
    say(&format!("{passed} passed, {failed} failed"));
    if failed == 0 { 0 } else { FAILED }
}

/// A line of the results. A reader that has seen enough closes the pipe; that is no failure.
fn say(line: &str) {
    drop(writeln!(std::io::stdout(), "{line}"));
}

/// The file itself, or the files with tests below a folder.
fn files(path: &Path) -> Vec<PathBuf> {
    if !path.is_dir() {
        return vec![path.to_path_buf()];
    }
    let mut found = Vec::new();
    collect(path, &mut found);
    found.sort();
    found
}

/// Hidden folders, and those that cannot be read, hold no tests.
fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder && !name.starts_with('.') {
            collect(&path, found);
        } else if !is_folder && name.ends_with(FILE_ENDING) {
            found.push(path);
        }
    }
}

struct Tester<'a> {
    args: &'a Test,
    session: Session,
    passed: usize,
    failed: usize,
}

/// Why a run of a test failed.
struct Failure {
    seed: Option<u64>,
    why: String,
    output: Vec<u8>,
}

impl Tester<'_> {
    fn file(&mut self, path: &Path) -> Result<(), Stop> {
        let mut file = self.session.tests(path)?;
        let engine = match self.args.engine {
            TestEngine::Jit => sepal_driver::TestEngine::Jit,
            TestEngine::Interp => sepal_driver::TestEngine::Interp,
        };
        let is_wanted = |name: &str| self.args.filter.as_ref().is_none_or(|f| name.contains(f));
        let names: Vec<(usize, String)> =
            file.names().into_iter().enumerate().filter(|(_, name)| is_wanted(name)).collect();
        if !names.is_empty() {
            say(&path.display().to_string());
        }
        for (index, name) in names {
            let test = self.session.compile_test(&mut file, index, engine)?;
            match self.runs(&test)? {
                None => {
                    self.passed += 1;
                    say(&format!("  pass {name}"));
                }
                Some(failure) => {
                    self.failed += 1;
                    self.show(path, &name, &failure);
                }
            }
        }
        Ok(())
    }

    /// Runs a test under all seeds, or once; gives the failure of the lowest seed that has one.
    fn runs(&self, test: &CompiledTest) -> Result<Option<Failure>, Stop> {
        let seeds: Vec<Option<u64>> = match self.args.sim {
            Some(count) => (0..count).map(|n| Some(self.args.seed.wrapping_add(n))).collect(),
            None => vec![None],
        };
        let at_once = std::thread::available_parallelism().map_or(1, usize::from);
        let limit = Duration::from_secs(self.args.timeout);
        let mut running: VecDeque<(Option<u64>, Child)> = VecDeque::new();
        for seed in seeds {
            if running.len() == at_once
                && let Some(failure) = self.next_result(&mut running)
            {
                return Ok(Some(failure));
            }
            running.push_back((seed, test.start(self.options(seed), limit)?));
        }
        while !running.is_empty() {
            if let Some(failure) = self.next_result(&mut running) {
                return Ok(Some(failure));
            }
        }
        Ok(None)
    }

    fn options(&self, seed: Option<u64>) -> RunOptions {
        RunOptions {
            pace: self.args.gc_stress.map(Stress::pace).unwrap_or_default(),
            sim: seed,
            sim_kills: self.args.kills,
            sim_trace: self.args.trace,
            ..RunOptions::default()
        }
    }

    /// Waits for the run that was started first; gives its failure.
    fn next_result(&self, running: &mut VecDeque<(Option<u64>, Child)>) -> Option<Failure> {
        let (seed, child) = running.pop_front()?;
        let (why, output) = match child.wait() {
            Ok((Ending::Code(0), output)) => {
                if self.args.show_output {
                    show_output(&output);
                }
                return None;
            }
            Ok((Ending::Code(code), output)) => (format!("exit code {code}"), output),
            Ok((Ending::Signal(signal), output)) => (format!("signal {signal}"), output),
            Ok((Ending::TimeIsOver, output)) => {
                (format!("still running after {} s", self.args.timeout), output)
            }
            Err(error) => (format!("its output cannot be read: {error}"), Vec::new()),
        };
        Some(Failure { seed, why, output })
    }

    fn show(&self, path: &Path, name: &str, failure: &Failure) {
        let seed = failure.seed.map_or(String::new(), |seed| format!(", seed {seed}"));
        say(&format!("  FAIL {name}{seed}: {}", failure.why));
        show_output(&failure.output);
        if let Some(seed) = failure.seed {
            let kills = self.args.kills;
            let kills = if kills == 0 { String::new() } else { format!(" --kills {kills}") };
            let path = path.display();
            say(&format!(
                "  again: sepal test --sim 1 --seed {seed}{kills} --filter {name} {path}"
            ));
        }
    }
}

fn show_output(output: &[u8]) {
    for line in String::from_utf8_lossy(output).lines() {
        say(&format!("    | {line}"));
    }
}
