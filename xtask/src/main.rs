//! The command line of the project's own tools: `cargo xtask COMMAND`.
//! Must never do the work itself: the library does.

use std::path::Path;
use std::process::ExitCode;
use xtask::{bench, gen_lines, project_root, tidy};

const USAGE: &str = "\
usage:
  cargo xtask tidy [--update-ratchet]
      checks the house rules; the flag records the long functions that stand now
  cargo xtask bench [--filter NAME] [--runs N] [--quick] [--sepal PATH]
      measures Sepal against C and Python
  cargo xtask bench actors [--filter NAME] [--runs N] [--quick] [--alone] [--sepal PATH]
      measures actors, futures and generators against Erlang, Go and tokio, and against their aims
  cargo xtask bench compile [--runs N] [--quick] [--sepal PATH]
      measures the compiler: lines a second, start-up
  cargo xtask bench memory [--seconds N] [--sepal PATH]
      measures collections among many live objects, and memory while a program allocates
  cargo xtask bench soak [--minutes N | --seconds N] [--sepal PATH]
      lets actors do everything for 30 minutes and watches the memory
  cargo xtask gen-lines N PATH
      writes a Sepal program of at least N lines";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["tidy"] => run_tidy(),
        ["tidy", "--update-ratchet"] => {
            tidy::update_ratchet(&project_root()).map_err(|error| error.to_string())
        }
        ["bench", "actors", options @ ..] => bench::actors::Options::parse(options)
            .and_then(|options| bench::actors::run(&project_root(), &options)),
        ["bench", "compile", options @ ..] => bench::Options::parse(options)
            .and_then(|options| bench::compile::run(&project_root(), &options)),
        ["bench", "memory", options @ ..] => bench::memory::Options::parse(options)
            .and_then(|options| bench::memory::run(&project_root(), &options)),
        ["bench", "soak", options @ ..] => bench::soak::Options::parse(options)
            .and_then(|options| bench::soak::run(&project_root(), &options)),
        ["bench", options @ ..] => {
            bench::Options::parse(options).and_then(|options| bench::run(&project_root(), &options))
        }
        ["gen-lines", lines, path] => write_lines(lines, Path::new(path)),
        _ => Err(USAGE.to_string()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn run_tidy() -> Result<(), String> {
    let problems = tidy(&project_root());
    if problems.is_empty() {
        return Ok(());
    }
    Err(format!("{}\n{} problems", problems.join("\n"), problems.len()))
}

fn write_lines(lines: &str, path: &Path) -> Result<(), String> {
    let lines = lines.parse().map_err(|_| format!("`{lines}` is no number of lines"))?;
    std::fs::write(path, gen_lines::program(lines))
        .map_err(|error| format!("{}: {error}", path.display()))
}
