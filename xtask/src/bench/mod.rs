//! Measures Sepal against C and Python on the programs of `bench/`, and checks that all print the
//! same. Runs are interleaved, so that a busy moment of the machine hits all contenders alike;
//! what counts is the median.
//!
//! Must never report the time of a program whose output is wrong.

pub mod actors;
pub mod compile;
mod contender;
pub mod memory;
mod programs;
mod report;
pub mod soak;
mod tools;

use contender::Contender;
use programs::Program;
use report::Report;
use std::path::{Path, PathBuf};
use tools::Tools;

/// What to measure.
#[derive(Debug, PartialEq, Eq)]
pub struct Options {
    /// Only programs whose name contains this.
    pub filter: Option<String>,
    /// Runs of each contender.
    pub runs: usize,
    /// Small sizes and a single run: a check that everything works, not a measurement.
    pub quick: bool,
    /// The compiler to measure; built from this project if none is given.
    pub sepal: Option<PathBuf>,
}

impl Options {
    /// Reads the options of the command line.
    pub fn parse(words: &[&str]) -> Result<Options, String> {
        let mut options = Options { filter: None, runs: 5, quick: false, sepal: None };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(format!("`{word}` wants a value after it"));
            match *word {
                "--filter" => options.filter = Some(value()?.to_string()),
                "--sepal" => options.sepal = Some(PathBuf::from(value()?)),
                "--runs" => {
                    let runs = value()?.parse().ok().filter(|runs| *runs > 0);
                    options.runs = runs.ok_or("`--runs` wants a number above 0")?;
                }
                "--quick" => options.quick = true,
                _ => return Err(format!("`bench` has no option `{word}`")),
            }
        }
        if options.quick {
            options.runs = 1;
        }
        Ok(options)
    }

    fn wants(&self, name: &str) -> bool {
        self.filter.as_deref().is_none_or(|filter| name.contains(filter))
    }
}

/// Builds and measures everything; an error if any program failed or printed something else.
pub fn run(root: &Path, options: &Options) -> Result<(), String> {
    let tools = Tools::find(root, options.sepal.as_deref())?;
    let mut report = Report::new();
    for program in programs::ALL.iter().filter(|program| options.wants(&program.name())) {
        eprintln!("measuring {}", program.name());
        for contest in contests(program, options, &tools) {
            report.add(program, contest.measure(&tools, options.runs));
        }
    }
    print!("{report}");
    report.outcome()
}

/// Contenders that do the same work and so must print the same.
struct Contest {
    program: &'static Program,
    argument: &'static str,
    contenders: Vec<Contender>,
}

/// Compiled programs meet at the full size, interpreted ones at a small one.
fn contests(program: &'static Program, options: &Options, tools: &Tools) -> Vec<Contest> {
    let compiled = [Contender::C, Contender::SepalNative, Contender::SepalJit];
    let interpreted = [Contender::Python, Contender::SepalInterp];
    let full = if options.quick { program.small } else { program.full };
    [(full, compiled.as_slice()), (program.small, interpreted.as_slice())]
        .into_iter()
        .map(|(argument, contenders)| Contest {
            program,
            argument,
            contenders: contenders
                .iter()
                .copied()
                .filter(|contender| contender.can_run(program, tools))
                .collect(),
        })
        .collect()
}

/// What one contender did in a contest.
pub(crate) struct Entry {
    contender: Contender,
    /// Seconds of each run, or why there are none.
    seconds: Result<Vec<f64>, String>,
}

impl Contest {
    fn measure(&self, tools: &Tools, runs: usize) -> Vec<Entry> {
        let mut entries: Vec<Entry> = self
            .contenders
            .iter()
            .map(|&contender| Entry {
                contender,
                seconds: contender.build(self.program, tools).map(|()| Vec::new()),
            })
            .collect();
        let mut expected = self.program.output.map(str::to_string);
        for _ in 0..runs {
            for entry in &mut entries {
                self.run_once(entry, tools, &mut expected);
            }
        }
        entries
    }

    /// One run. The first output of a contest is what all further ones must equal.
    fn run_once(&self, entry: &mut Entry, tools: &Tools, expected: &mut Option<String>) {
        let Ok(times) = &mut entry.seconds else { return };
        match entry.contender.run(self.program, self.argument, tools) {
            Ok((seconds, output)) => {
                let expected = expected.get_or_insert_with(|| output.clone());
                if output == *expected {
                    times.push(seconds);
                } else {
                    entry.seconds = Err(format!("printed {output:?}, not {expected:?}"));
                }
            }
            Err(problem) => entry.seconds = Err(problem),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read() {
        let options = Options::parse(&["--filter", "fib", "--runs", "3"]).expect("good options");
        assert_eq!((options.filter.as_deref(), options.runs), (Some("fib"), 3));
        assert!(options.wants("fib") && !options.wants("nbody"));
    }

    #[test]
    fn bad_options_are_told() {
        let problem = |words: &[&str]| Options::parse(words).expect_err("bad options");
        assert_eq!(problem(&["--runs", "0"]), "`--runs` wants a number above 0");
        assert_eq!(problem(&["--filter"]), "`--filter` wants a value after it");
        assert_eq!(problem(&["--fast"]), "`bench` has no option `--fast`");
    }
}
