//! `sepal`: the command line. It reads the arguments, hands the work to `driver`, and turns the
//! outcome into text and an exit code: 0 done, 1 errors in the program or its files, 2 wrong usage.
//! Must never compile anything itself.

mod cli;
mod commands;
mod terminal;
mod testing;

use clap::Parser;
use cli::{Cli, Command};
use std::ffi::OsString;
use std::process::ExitCode;

/// A compiler makes and drops many small things; this is a fifth faster at it than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The compiler recurses over trees as high as the parser allows; this is several times what the
/// highest needs. It costs address space only.
const STACK: usize = 256 << 20;

fn main() -> ExitCode {
    match std::thread::Builder::new()
        .stack_size(STACK)
        .spawn(run)
        .map(std::thread::JoinHandle::join)
    {
        Ok(Ok(code)) => code,
        // The panic's own message has been printed.
        Ok(Err(_)) => ExitCode::from(INTERNAL),
        Err(error) => {
            eprintln!("error: cannot start: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The compiler itself is at fault.
const INTERNAL: u8 = 70;

fn run() -> ExitCode {
    let cli = Cli::parse_from(with_run(std::env::args_os().collect()));
    let code = match cli.command {
        Command::Run(args) => commands::run(args),
        Command::Build(args) => commands::build(args),
        Command::Check(args) => commands::check(args),
        Command::Test(args) => testing::test(&args),
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
