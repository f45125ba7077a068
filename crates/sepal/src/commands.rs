//! The commands: what each does with its arguments, and the exit code it gives.
//! Must never print to standard output, except what was asked for (`--emit`, `explain`).

use crate::cli::{self, Common, Emit, Engine};
use crate::terminal::{self, Progress};
use sepal_base::{Code, suggest};
use sepal_driver::{Contracts, Form, OnPhase, OptLevel, Session, Settings, Stop, Tiering};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The program or its files have errors.
pub const FAILED: u8 = 1;
/// The command line asks for what does not exist.
const USAGE: u8 = 2;

pub fn run(args: cli::Run) -> u8 {
    let session = session(&args.common);
    let mut options = sepal_driver::RunOptions::from_env(args.args);
    if let Some(stress) = args.gc_stress {
        options.pace = stress.pace();
    }
    options.max_heap = args.max_heap.or(options.max_heap);
    if args.sim.is_some() {
        (options.sim, options.sim_kills, options.sim_trace) = (args.sim, args.kills, args.trace);
    }
    options.observe = args.observe.or(options.observe);
    let result = match args.engine {
        Engine::Jit => session.run_jit(&args.file, options),
        Engine::Interp => session.run_interpreted(&args.file, options),
        Engine::Native => session.run_native(&args.file, options),
    };
    match result {
        // An exit code is what the operating system keeps of it: the low eight bits.
        Ok(code) => code as u8,
        Err(stop) => report(&stop),
    }
}

pub fn build(mut args: cli::Build) -> u8 {
    if args.release {
        args.common.opt = cli::Opt::Full;
    }
    let session = session(&args.common);
    let form = match args.emit {
        Emit::Exe => None,
        Emit::Obj => Some(Form::Object),
        Emit::Hir => Some(Form::Hir),
        Emit::Mir => Some(Form::Mir),
        Emit::Clif => Some(Form::Clif),
        Emit::Asm => Some(Form::Asm),
    };
    let _progress = Progress::start(format!("building {}", args.file.display()));
    let result = match form {
        None => {
            let output = args.output.unwrap_or_else(|| default_output(&args.file));
            session.build(&args.file, &output)
        }
        Some(form) => emit(&session, &args.file, form, args.output.as_deref()),
    };
    match result {
        Ok(()) => 0,
        Err(stop) => report(&stop),
    }
}

/// Writes an inner form: text to standard output unless a file is named, an object to a file.
fn emit(session: &Session, file: &Path, form: Form, output: Option<&Path>) -> Result<(), Stop> {
    let bytes = session.emit(file, form)?;
    let output = match (output, form) {
        (Some(output), _) => output.to_path_buf(),
        (None, Form::Object) => file.with_extension("o"),
        (None, Form::Hir | Form::Mir | Form::Clif | Form::Asm) => {
            // A reader that has seen enough closes the pipe; that is no failure.
            drop(std::io::stdout().write_all(&bytes));
            return Ok(());
        }
    };
    Ok(sepal_driver::write_whole(&output, &bytes)?)
}

pub fn check(args: cli::Check) -> u8 {
    match session(&args.common).check(&args.file) {
        Ok(()) => 0,
        Err(stop) => report(&stop),
    }
}

pub fn explain(args: &cli::Explain) -> u8 {
    if let Some(code) = Code::find(&args.code) {
        let info = code.info();
        let text = format!("{}: {}\n\n{}\n", info.id, info.title, info.explain.trim_end());
        drop(std::io::stdout().write_all(text.as_bytes()));
        return 0;
    }
    let known = sepal_base::codes::all().map(Code::id);
    let near = suggest::near_miss(&args.code.to_uppercase(), known);
    let help = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
    eprintln!("error: there is no diagnostic {}{help}", args.code);
    USAGE
}

pub fn session(common: &Common) -> Session {
    let contracts = match common.contracts {
        cli::Contracts::All => Contracts::All,
        cli::Contracts::Boundary => Contracts::Boundary,
        cli::Contracts::Off => Contracts::Off,
    };
    let style = terminal::style(common.color);
    let on_phase: Option<OnPhase> = if common.timings { Some(terminal::phase) } else { None };
    let opt = match common.opt {
        cli::Opt::None => OptLevel::None,
        cli::Opt::Quick => OptLevel::Quick,
        cli::Opt::Full => OptLevel::Full,
        cli::Opt::FullWithoutPolls => OptLevel::FullWithoutPolls,
    };
    let tiering = match common.tiers {
        cli::Tiers::Usual => Some(Tiering::USUAL),
        cli::Tiers::Eager => Some(Tiering::EAGER),
        cli::Tiers::EagerLoops => Some(Tiering::EAGER_LOOPS),
        cli::Tiers::Off => None,
    };
    let strict_native = common.strict_native;
    Session::new(Settings { contracts, strict_native, opt, tiering, style, on_phase })
}

/// Shows why a command stopped.
pub fn report(stop: &Stop) -> u8 {
    // Without a standard error there is nobody to tell.
    drop(writeln!(std::io::stderr(), "{stop}"));
    FAILED
}

/// `words.spl` becomes `words`; a name without the ending gets one, so as not to be overwritten.
fn default_output(file: &Path) -> PathBuf {
    let name = file.file_name().map(PathBuf::from).unwrap_or_else(|| PathBuf::from("program"));
    if name.extension().is_some() { name.with_extension("") } else { name.with_extension("out") }
}
