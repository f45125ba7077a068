//! One run of a program: the lines that it prints, with a limit on the time, and its memory seen from outside.
//!
//! Must never leave a process behind, nor take a figure from a program that failed.

use super::measures::Figure;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// The time after which a silent program is taken for one that hangs.
const LIMIT: Duration = Duration::from_secs(300);
/// What a program needs to settle once it has said that it is ready.
const SETTLING: Duration = Duration::from_millis(300);
/// What a program says when it can be looked at; it goes on after a line of input.
const READY: &str = "ready";
/// A line of `ops N ns M` starts so.
const OPERATIONS: &str = "ops ";

/// What one run gave.
#[derive(Debug, PartialEq)]
pub struct Outcome {
    pub figure: f64,
    /// What all contenders must print alike.
    pub check: Vec<String>,
}

/// Runs a program once.
pub fn run(mut command: Command, figure: Figure, args: &[&str]) -> Result<Outcome, String> {
    command.args(args);
    match figure {
        Figure::Rate | Figure::Cost | Figure::Percentile | Figure::Growth => {
            outcome(figure, Running::start(command)?.finish()?)
        }
        Figure::Resident => {
            let actors = args.first().and_then(|actors| actors.parse::<f64>().ok());
            resident(Running::start(command)?, actors.ok_or("no number of actors")?)
        }
    }
}

/// The figure from the lines that a program has printed.
fn outcome(figure: Figure, lines: Vec<String>) -> Result<Outcome, String> {
    let (times, check): (Vec<_>, Vec<_>) =
        lines.into_iter().partition(|line| line.starts_with(OPERATIONS));
    let times = times.iter().map(|line| operations(line)).collect::<Result<Vec<_>, _>>()?;
    let cost = |(operations, ns): (f64, f64)| ns / operations;
    let figure = match (figure, times[..].as_ref()) {
        (Figure::Rate, &[(operations, ns)]) => operations / ns * 1e9,
        (Figure::Cost, &[time]) => cost(time),
        (Figure::Percentile, &[(_, ns)]) => ns,
        (Figure::Growth, &[first, second]) => cost(second) / cost(first),
        (figure, times) => return Err(format!("{} times are none of {figure:?}", times.len())),
    };
    Ok(Outcome { figure, check })
}

/// Reads `ops N ns M`.
fn operations(line: &str) -> Result<(f64, f64), String> {
    let words: Vec<&str> = line.split(' ').collect();
    let numbers = match words[..] {
        ["ops", operations, "ns", ns] => operations.parse().ok().zip(ns.parse().ok()),
        _ => None,
    };
    numbers.ok_or_else(|| format!("`{line}` is not of the form `ops N ns M`"))
}

/// The resident bytes that each actor has added.
fn resident(mut running: Running, actors: f64) -> Result<Outcome, String> {
    let before = running.resident_when_ready()?;
    let after = running.resident_when_ready()?;
    let check = running.finish()?;
    Ok(Outcome { figure: (after - before) / actors, check })
}

/// A process that is stopped when this is dropped.
struct Running {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    errors: Option<JoinHandle<String>>,
}

impl Running {
    fn start(mut command: Command) -> Result<Running, String> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| format!("{command:?}: {error}"))?;
        let (Some(output), Some(mut errors)) = (child.stdout.take(), child.stderr.take()) else {
            return Err("a program without output".into());
        };
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let errors = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            // What cannot be read is not shown.
            drop(errors.read_to_end(&mut bytes));
            String::from_utf8_lossy(&bytes).into_owned()
        });
        let input = child.stdin.take();
        Ok(Running { child, input, lines, errors: Some(errors) })
    }

    /// The next line; `None` at the end.
    fn line(&mut self) -> Result<Option<String>, String> {
        match self.lines.recv_timeout(LIMIT) {
            Ok(line) => Ok(Some(line)),
            Err(RecvTimeoutError::Disconnected) => Ok(None),
            Err(RecvTimeoutError::Timeout) => {
                self.stop();
                Err(format!("silent for {} seconds", LIMIT.as_secs()))
            }
        }
    }

    /// Waits until it says so; gives its resident bytes, and lets it go on.
    fn resident_when_ready(&mut self) -> Result<f64, String> {
        match self.line()?.as_deref() {
            Some(READY) => {}
            line => return Err(format!("printed {line:?} and not `{READY}`")),
        }
        std::thread::sleep(SETTLING);
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        let bytes = resident_bytes(&status).ok_or_else(|| format!("{path} has no VmRSS"))?;
        if let Some(input) = &mut self.input {
            input.write_all(b"\n").map_err(|error| format!("it does not listen: {error}"))?;
        }
        Ok(bytes)
    }

    /// The rest of its lines, once it has ended well.
    fn finish(mut self) -> Result<Vec<String>, String> {
        let mut lines = Vec::new();
        while let Some(line) = self.line()? {
            lines.push(line);
        }
        let status = self.child.wait().map_err(|error| error.to_string())?;
        if status.success() {
            return Ok(lines);
        }
        let errors = self.errors.take().and_then(|errors| errors.join().ok()).unwrap_or_default();
        Err(format!("{status}: {}", errors.trim()))
    }

    fn stop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
    }
}

fn resident_bytes(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure_of(figure: Figure, lines: &[&str]) -> Result<Outcome, String> {
        outcome(figure, lines.iter().map(|line| line.to_string()).collect())
    }

    #[test]
    fn figures_come_from_lines() {
        let lines = ["4 rounds: 6", "ops 8 ns 2000"];
        let rate = figure_of(Figure::Rate, &lines).expect("a figure");
        assert_eq!(rate, Outcome { figure: 4e6, check: vec!["4 rounds: 6".into()] });
        let of = |figure, lines: &[&str]| figure_of(figure, lines).map(|o| o.figure);
        assert_eq!(of(Figure::Cost, &lines), Ok(250.0));
        assert_eq!(of(Figure::Percentile, &lines), Ok(2000.0));
        assert_eq!(of(Figure::Growth, &["ops 100 ns 1000", "ops 2 ns 60"]), Ok(3.0));
    }

    #[test]
    fn other_lines_are_refused() {
        assert!(figure_of(Figure::Rate, &["no time"]).is_err());
        assert!(figure_of(Figure::Growth, &["ops 100 ns 1000"]).is_err());
        assert!(figure_of(Figure::Cost, &["ops many ns 1000"]).is_err());
    }

    #[test]
    fn resident_memory_is_read() {
        assert_eq!(resident_bytes("Name:\tx\nVmRSS:\t    2048 kB\n"), Some(2_097_152.0));
        assert_eq!(resident_bytes("Name:\tx\n"), None);
    }

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.arg("-c").arg(script);
        command
    }

    #[test]
    fn a_program_that_fails_gives_no_figure() {
        let failing = shell("echo ops 1 ns 1; echo lost >&2; exit 3");
        let problem = run(failing, Figure::Cost, &[]).expect_err("it failed");
        assert!(problem.ends_with(": lost"), "{problem}");
    }

    #[test]
    fn a_program_is_looked_at_when_it_is_ready() {
        let talking = shell("echo ready; read x; echo ready; read x; echo done; : $1");
        let outcome = run(talking, Figure::Resident, &["1000"]).expect("it ends well");
        assert_eq!(outcome.check, ["done"]);
        assert!(run(shell("echo done"), Figure::Resident, &["1000"]).is_err());
    }
}
