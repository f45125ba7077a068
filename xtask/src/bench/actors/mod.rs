//! `bench actors`: Sepal's actors, futures and generators side by side with their peers, and with what they have to reach.
//! Runs are interleaved, so that a busy moment of the machine hits all contenders alike; what counts is the median.
//!
//! Must never show the figure of a program that failed its check.

mod contender;
mod measures;
mod polls;
mod run;
mod table;

use super::report::median;
use super::tools::Tools;
use contender::{Contender, Contenders, Peer};
use measures::{Figure, Work};
use std::path::Path;
use table::{Row, Table};

/// What to measure.
#[derive(Debug, PartialEq, Eq)]
pub struct Options {
    /// Those of all measurements.
    pub common: super::Options,
    /// Sepal without its peers.
    pub alone: bool,
}

impl Options {
    /// Reads the options of the command line.
    pub fn parse(words: &[&str]) -> Result<Options, String> {
        let (alone, common): (Vec<_>, Vec<_>) = words.iter().partition(|word| **word == "--alone");
        Ok(Options { common: super::Options::parse(&common)?, alone: !alone.is_empty() })
    }
}

/// Measures and prints everything; an error if any program failed or printed something else.
pub fn run(root: &Path, options: &Options) -> Result<(), String> {
    let common = &options.common;
    let tools = Tools::find(root, common.sepal.as_deref())?;
    let peers: &[Peer] = if options.alone { &[] } else { &[Peer::Tokio, Peer::Go, Peer::Erlang] };
    let (contenders, missing) = Contenders::build(&tools, peers);
    let mut table = Table(Vec::new());
    let mut failures = Vec::new();
    for measure in measures::ALL.iter().filter(|measure| common.wants(measure.name)) {
        eprintln!("measuring {}", measure.name);
        let figures = match &measure.work {
            Work::Polls => polls(&tools, common, &mut failures),
            Work::Program { file, peers, full, small, figure } => {
                let contest = Contest {
                    contenders: &contenders,
                    file,
                    peers,
                    args: if common.quick { small } else { full },
                    figure: *figure,
                };
                contest.measure(common.runs, &mut failures)
            }
        };
        table.0.push(Row { measure, figures });
    }
    if !common.quick {
        print!("{table}");
        println!("{} cores, medians of {} runs", contenders.cores(), common.runs);
    }
    for why in missing {
        println!("{why}");
    }
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n")) }
}

fn polls(
    tools: &Tools,
    options: &super::Options,
    failures: &mut Vec<String>,
) -> Vec<(Contender, f64)> {
    match polls::cost(tools, options.runs, options.quick) {
        Ok(figure) => vec![(Contender::Native, figure)],
        Err(why) => {
            failures.push(why);
            Vec::new()
        }
    }
}

/// Contenders that do the same work and so must print the same.
struct Contest<'a> {
    contenders: &'a Contenders<'a>,
    file: &'static str,
    peers: &'static [Peer],
    args: &'static [&'static str],
    figure: Figure,
}

impl Contest<'_> {
    /// Gives the median of each contender that did not fail.
    fn measure(&self, runs: usize, failures: &mut Vec<String>) -> Vec<(Contender, f64)> {
        // Memory hardly differs from run to run, and a million actors take their time.
        let runs = if self.figure == Figure::Resident { 1 } else { runs };
        let mut entries: Vec<(Contender, Result<Vec<f64>, String>)> = Contender::ALL
            .into_iter()
            .filter(|contender| self.takes_part(*contender))
            .map(|contender| {
                (contender, self.contenders.prepare(contender, self.file).map(|()| Vec::new()))
            })
            .collect();
        let mut expected = None;
        for _ in 0..runs {
            for (contender, figures) in &mut entries {
                self.run_once(*contender, figures, &mut expected);
            }
        }
        let mut medians = Vec::new();
        for (contender, figures) in entries {
            match figures {
                Ok(mut figures) => medians.push((contender, median(&mut figures))),
                Err(why) => failures.push(format!("{}, {}: {why}", self.file, contender.name())),
            }
        }
        medians
    }

    fn takes_part(&self, contender: Contender) -> bool {
        match contender {
            Contender::Native | Contender::Jit => true,
            Contender::Peer(peer) => self.peers.contains(&peer) && self.contenders.has(peer),
        }
    }

    /// One run, unless an earlier one has failed. What is printed first is what all must print.
    fn run_once(
        &self,
        contender: Contender,
        figures: &mut Result<Vec<f64>, String>,
        expected: &mut Option<Vec<String>>,
    ) {
        let Ok(earlier) = figures else { return };
        let command = self.contenders.command(contender, self.file);
        match command.and_then(|command| run::run(command, self.figure, self.args)) {
            Ok(outcome) => {
                let expected = expected.get_or_insert_with(|| outcome.check.clone());
                if outcome.check == *expected {
                    earlier.push(outcome.figure);
                } else {
                    *figures = Err(format!("printed {:?}, not {expected:?}", outcome.check));
                }
            }
            Err(why) => *figures = Err(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read() {
        let options = Options::parse(&["--alone", "--runs", "3"]).expect("good options");
        assert!(options.alone && options.common.runs == 3);
        assert!(!Options::parse(&[]).expect("good options").alone);
        assert!(Options::parse(&["--with-company"]).is_err());
    }
}
