//! `sepal`: the command line. It reads the arguments, hands the work to `driver`, and turns the
//! outcome into text and an exit code: 0 done, 1 errors in the program or its files, 2 wrong usage.
//! Must never compile anything itself.

mod cli;
mod commands;
mod terminal;

use clap::Parser;
use cli::{Cli, Command};
use std::ffi::OsString;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse_from(with_run(std::env::args_os().collect()));
    let code = match cli.command {
        Command::Run(args) => commands::run(args),
        Command::Build(args) => commands::build(args),
        Command::Check(args) => commands::check(args),
        Command::Explain(args) => commands::explain(&args),
    };
    ExitCode::from(code)
}

/// `sepal file.spl …` means `sepal run file.spl …`.
fn with_run(mut args: Vec<OsString>) -> Vec<OsString> {
    if args.get(1).is_some_and(|first| first.as_encoded_bytes().ends_with(b".spl")) {
        args.insert(1, "run".into());
    }
    args
}
