//! `bench soak`: a native executable in which actors do everything they can for a long time, checking themselves,
//! while its memory is watched from outside.
//!
//! Must never call a run good of which the program itself complained.

use super::tools::Tools;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Memory is read so many times.
const READINGS: u32 = 10;
/// How much more than after the first half of the time flat memory may hold after the second.
const MOST_SWING: f64 = 1.25;
/// How long the program may take to end when its time is over.
const PATIENCE: Duration = Duration::from_secs(120);

/// How long to run what.
#[derive(Debug, PartialEq, Eq)]
pub struct Options {
    pub seconds: u32,
    /// The compiler to use; built from this project if none is given.
    pub sepal: Option<PathBuf>,
}

impl Options {
    /// Reads the options of the command line.
    pub fn parse(words: &[&str]) -> Result<Options, String> {
        let mut options = Options { seconds: 30 * 60, sepal: None };
        let number = |text: &str| text.parse().ok().filter(|n: &u32| (1..=100_000).contains(n));
        for pair in words.chunks(2) {
            match pair {
                ["--seconds", n] => {
                    options.seconds = number(n).ok_or("`--seconds` wants a number above 0")?;
                }
                ["--minutes", n] => {
                    options.seconds = 60 * number(n).ok_or("`--minutes` wants a number above 0")?;
                }
                ["--sepal", path] => options.sepal = Some(PathBuf::from(path)),
                other => return Err(format!("`bench soak` has no option `{}`", other[0])),
            }
        }
        Ok(options)
    }
}

/// Runs the program and prints what it held resident after each tenth of the time; an error says what went wrong.
pub fn run(root: &Path, options: &Options) -> Result<(), String> {
    let tools = Tools::find(root, options.sepal.as_deref())?;
    let program = tools.out.join("soak");
    let mut build = Command::new(&tools.sepal);
    build.arg("build").arg(tools.root.join("bench/soak/soak.spl")).arg("-o").arg(&program);
    if !build.status().map_err(|error| format!("{build:?}: {error}"))?.success() {
        return Err(format!("{build:?} failed"));
    }
    let mut child = Command::new(&program)
        .arg(options.seconds.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{}: {error}", program.display()))?;
    let readings = watch(&mut child, options.seconds);
    // Only now: the program prints a few lines when it ends, which the pipe holds.
    let output = end(child)?;
    let readings = readings?;
    let show: Vec<String> = readings.iter().map(|mb| format!("{mb:.1}")).collect();
    print!("{output}");
    println!("resident MB after each tenth of {} s: {}", options.seconds, show.join(" "));
    flat(&readings)
}

/// The resident megabytes after each tenth of the time.
fn watch(child: &mut Child, seconds: u32) -> Result<Vec<f64>, String> {
    let (start, tenth) = (Instant::now(), Duration::from_secs(seconds.into()) / READINGS);
    let mut readings = Vec::new();
    for reading in 1..=READINGS {
        // The last one a moment before the program ends.
        let at = (tenth * reading).saturating_sub(Duration::from_millis(200));
        std::thread::sleep(at.saturating_sub(start.elapsed()));
        if let Ok(Some(status)) = child.try_wait() {
            return Err(format!("the program ended early: {status}"));
        }
        readings.push(resident_mb(child.id())?);
    }
    Ok(readings)
}

/// Waits for the program's end and gives what it printed.
fn end(mut child: Child) -> Result<String, String> {
    let start = Instant::now();
    while child.try_wait().map_err(|error| error.to_string())?.is_none() {
        if start.elapsed() > PATIENCE {
            child.kill().and_then(|()| child.wait()).map_err(|error| error.to_string())?;
            return Err(String::from("the program did not end when its time was over"));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!("the program failed: {}", output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn resident_mb(pid: u32) -> Result<f64, String> {
    let path = format!("/proc/{pid}/status");
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok());
    kilobytes.map(|kb| kb * 1024.0 / 1e6).ok_or_else(|| format!("{path} names no VmRSS"))
}

fn flat(readings: &[f64]) -> Result<(), String> {
    let (first, second) = readings.split_at(readings.len() / 2);
    let most = |part: &[f64]| part.iter().copied().fold(0.0, f64::max);
    if most(second) > most(first) * MOST_SWING {
        return Err(String::from("memory grows"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read() {
        assert_eq!(Options::parse(&[]), Ok(Options { seconds: 1800, sepal: None }));
        assert_eq!(Options::parse(&["--minutes", "2"]), Ok(Options { seconds: 120, sepal: None }));
        assert_eq!(Options::parse(&["--seconds", "7"]), Ok(Options { seconds: 7, sepal: None }));
        assert!(Options::parse(&["--minutes", "0"]).is_err());
        assert!(Options::parse(&["--runs", "2"]).is_err());
    }

    #[test]
    fn growth_is_found() {
        assert!(flat(&[5.0, 6.0, 6.0, 7.0]).is_ok());
        assert!(flat(&[5.0, 6.0, 7.0, 8.0]).is_err());
    }
}
