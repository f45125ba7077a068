//! What polls cost compute programs: those of `bench/sepal` with them and without. Must compare nothing but outputs that are
//! equal.

use super::super::programs::{self, Program};
use super::super::report::{geometric_mean, median};
use super::super::tools::Tools;
use super::contender::output;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

/// The levels of optimisation, as the compiler's option spells them.
const LEVELS: [&str; 2] = ["full", "full-without-polls"];

/// The geometric mean, in per cent, over the programs that have twins in other languages, of the median times.
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
            let start = Instant::now();
            let printed = output(Command::new(executable).arg(argument))?;
            seconds.push(start.elapsed().as_secs_f64());
            let expected = expected.get_or_insert_with(|| printed.clone());
            if printed != *expected {
                return Err(format!("{} printed {printed:?}, not {expected:?}", program.name()));
            }
        }
    }
    let [mut with, mut without] = seconds;
    Ok(median(&mut with) / median(&mut without))
}

fn build(program: &Program, level: &str, tools: &Tools) -> Result<PathBuf, String> {
    let source = tools.root.join(format!("bench/{}/{}.spl", program.folder, program.file));
    let executable = tools.out.join(format!("{}-{level}", program.file));
    let mut build = Command::new(&tools.sepal);
    build.arg("build").arg(format!("--opt={level}")).arg(source).arg("-o").arg(&executable);
    output(&mut build)?;
    Ok(executable)
}
