//! Who takes part: how each contender builds a program and runs it once.

use super::programs::Program;
use super::tools::Tools;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Contender {
    C,
    SepalNative,
    SepalJit,
    SepalInterp,
    Python,
}

impl Contender {
    /// Whether the program has a twin for this contender, and the machine has its compiler.
    pub fn can_run(self, program: &Program, tools: &Tools) -> bool {
        match self {
            Contender::C => program.has_twins() && tools.cc.is_some(),
            Contender::Python => program.has_twins() && tools.python.is_some(),
            Contender::SepalNative | Contender::SepalJit | Contender::SepalInterp => true,
        }
    }

    /// Does what comes before the first run and is not measured.
    pub fn build(self, program: &Program, tools: &Tools) -> Result<(), String> {
        let mut command = match (self, &tools.cc) {
            (Contender::C, Some(cc)) => {
                let mut command = Command::new(cc);
                // No contraction to fused operations: floats must come out alike everywhere.
                command.args(["-O3", "-ffp-contract=off", "-o"]);
                command.arg(self.executable(program, tools));
                command.arg(source(program, "c", "c", tools)).arg("-lm");
                command
            }
            (Contender::SepalNative, _) => {
                let mut command = Command::new(&tools.sepal);
                command.arg("build").arg("-o").arg(self.executable(program, tools));
                command.arg(source(program, program.folder, "spl", tools));
                command
            }
            (
                Contender::C | Contender::SepalJit | Contender::SepalInterp | Contender::Python,
                _,
            ) => return Ok(()),
        };
        output(&mut command).map(|_| ())
    }

    /// Runs once; gives the seconds and what was printed.
    pub fn run(
        self,
        program: &Program,
        argument: &str,
        tools: &Tools,
    ) -> Result<(f64, String), String> {
        let mut command = self.command(program, tools);
        command.arg(argument);
        let start = Instant::now();
        let printed = output(&mut command)?;
        Ok((start.elapsed().as_secs_f64(), printed))
    }

    fn command(self, program: &Program, tools: &Tools) -> Command {
        let run = |engine: &str| {
            let mut command = Command::new(&tools.sepal);
            command.arg("run").arg(format!("--engine={engine}"));
            command.arg(source(program, program.folder, "spl", tools));
            command
        };
        match self {
            Contender::C | Contender::SepalNative => Command::new(self.executable(program, tools)),
            Contender::SepalJit => run("jit"),
            Contender::SepalInterp => run("interp"),
            Contender::Python => {
                let python = tools.python.as_deref().unwrap_or(Path::new("python3"));
                let mut command = Command::new(python);
                command.arg(source(program, "python", "py", tools));
                command
            }
        }
    }

    fn executable(self, program: &Program, tools: &Tools) -> PathBuf {
        let language = if self == Contender::C { "c" } else { "sepal" };
        tools.out.join(format!("{}-{}-{language}", program.folder, program.file))
    }
}

fn source(program: &Program, folder: &str, extension: &str, tools: &Tools) -> PathBuf {
    tools.root.join("bench").join(folder).join(format!("{}.{extension}", program.file))
}

/// What a command prints, or why it failed.
fn output(command: &mut Command) -> Result<String, String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        let first = errors.lines().next().unwrap_or("without a word");
        return Err(format!("failed ({}): {first}", output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
