//! What polls cost compute programs: the processor time of those of `bench/sepal` with them and without. Each is one thread, so
//! a busy machine is not in it. Must compare nothing but programs that print the same.

use super::super::programs::{self, Program};
use super::super::report::{geometric_mean, median};
use super::super::tools::Tools;
use super::contender::output;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// The levels of optimisation, as the compiler's option spells them.
const LEVELS: [&str; 2] = ["full", "full-without-polls"];

/// The geometric mean, in per cent, over the programs that have twins in other languages, of the medians.
pub fn cost(tools: &Tools, runs: usize, quick: bool) -> Result<f64, String> {
    let mut ratios = Vec::new();
    for program in programs::ALL.iter().filter(|program| program.has_twins()) {
        let argument = if quick { program.small } else { program.full };
        ratios.push(ratio(program, argument, tools, runs)?);
    }
    let mean = geometric_mean(ratios.into_iter()).ok_or("there are no compute programs")?;
    Ok((mean - 1.0) * 100.0)
}

/// The time with polls in that without.
fn ratio(program: &Program, argument: &str, tools: &Tools, runs: usize) -> Result<f64, String> {
    let built = [build(program, LEVELS[0], tools)?, build(program, LEVELS[1], tools)?];
    let mut seconds = [Vec::new(), Vec::new()];
    let mut expected = None;
    for _ in 0..runs {
        for (executable, seconds) in built.iter().zip(&mut seconds) {
            let before = processor_time();
            let printed = output(Command::new(executable).arg(argument))?;
            seconds.push((processor_time() - before).as_secs_f64());
            let expected = expected.get_or_insert_with(|| printed.clone());
            if printed != *expected {
                return Err(format!("{} printed {printed:?}, not {expected:?}", program.name()));
            }
        }
    }
    let [mut with, mut without] = seconds;
    Ok(median(&mut with) / median(&mut without))
}

/// The time that all processes took so far that this one has started and that have ended.
fn processor_time() -> Duration {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the call writes an `rusage`, of which all bytes are valid as they are: zeros if it fails.
    let usage = unsafe {
        libc::getrusage(libc::RUSAGE_CHILDREN, usage.as_mut_ptr());
        usage.assume_init()
    };
    let time = |time: libc::timeval| {
        Duration::from_secs(time.tv_sec.unsigned_abs())
            + Duration::from_micros(time.tv_usec.unsigned_abs())
    };
    time(usage.ru_utime) + time(usage.ru_stime)
}

fn build(program: &Program, level: &str, tools: &Tools) -> Result<PathBuf, String> {
    let source = tools.root.join(format!("bench/{}/{}.spl", program.folder, program.file));
    let executable = tools.out.join(format!("{}-{level}", program.file));
    let mut build = Command::new(&tools.sepal);
    build.arg("build").arg(format!("--opt={level}")).arg(source).arg("-o").arg(&executable);
    output(&mut build)?;
    Ok(executable)
}
