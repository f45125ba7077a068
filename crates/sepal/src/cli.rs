//! The command line as data: what may be written, and the help that explains it.
//! Must never do anything: the commands themselves are in `commands`.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

const ABOUT: &str = "Sepal: isolated actors, static types, readable source, native speed";

const EXAMPLES: &str = "\
Examples:
  sepal hello.spl                      run a program
  sepal run words.spl book.txt         run it with arguments
  sepal build words.spl -o words       make a native executable
  sepal check words.spl                look for errors only
  sepal explain E0201                  what an error means and how to mend it";

#[derive(Parser, Debug)]
#[command(name = "sepal", version, about = ABOUT, after_help = EXAMPLES, arg_required_else_help = true)]
#[command(disable_help_subcommand = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand, Debug)]
pub enum Command {
    /// Run a program from its source
    Run(Run),
    /// Compile a program to a native executable, or stop at an earlier form
    Build(Build),
    /// Report all errors and warnings of a program without running it
    Check(Check),
    /// Run the tests of a file, or of all files `…_test.spl` in a folder
    Test(Test),
    /// Explain a diagnostic: what it means, with an example
    Explain(Explain),
}

/// What the collector does at every allocation, for tests.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub enum Stress {
    /// A whole collection
    Whole,
    /// The smallest slice of one
    Sliced,
}

impl Stress {
    pub fn pace(self) -> sepal_driver::Pace {
        match self {
            Stress::Whole => sepal_driver::Pace::Stress,
            Stress::Sliced => sepal_driver::Pace::SlicedStress,
        }
    }
}

#[derive(Args, Debug)]
pub struct Run {
    /// What runs the program
    #[arg(long, value_enum, default_value_t = Engine::Jit)]
    pub engine: Engine,
    #[command(flatten)]
    pub common: Common,
    /// Collect garbage at every allocation, or a slice of it, to find memory errors
    #[arg(long, value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "whole")]
    pub gc_stress: Option<Stress>,
    /// The heap limit; most of the machine's memory if left out
    #[arg(long, value_name = "BYTES")]
    pub max_heap: Option<usize>,
    /// Run on one thread with simulated time, every choice of the scheduler taken from the seed
    #[arg(long, value_name = "SEED")]
    pub sim: Option<u64>,
    /// Print the table of actors on standard error every so many seconds (1 if left out), and when `main` has
    /// ended; at any time SIGQUIT (Ctrl-\) prints it once
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "1", value_parser = interval)]
    pub observe: Option<Duration>,
    /// In a simulation, kill so many of the actors that a supervisor will start again
    #[arg(long, value_name = "N", requires = "sim", default_value_t = 0)]
    pub kills: u32,
    /// In a simulation, say on standard error what the scheduler decides
    #[arg(long, requires = "sim")]
    pub trace: bool,
    /// The program's source file
    pub file: PathBuf,
    /// Arguments for the program
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGS")]
    pub args: Vec<String>,
}

fn interval(text: &str) -> Result<Duration, String> {
    sepal_driver::observe_interval(text)
        .ok_or_else(|| "not a number of seconds from 0.001 on".into())
}

#[derive(Args, Debug)]
pub struct Build {
    /// Where to write the result; the source's name without `.spl` if left out
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Which form to make
    #[arg(long, value_enum, default_value_t = Emit::Exe)]
    pub emit: Emit,
    /// Optimise in full, whatever `--opt` says
    #[arg(long)]
    pub release: bool,
    #[command(flatten)]
    pub common: Common,
    /// The program's source file
    pub file: PathBuf,
}

#[derive(Args, Debug)]
pub struct Check {
    #[command(flatten)]
    pub common: Common,
    /// The source file
    pub file: PathBuf,
}

#[derive(Args, Debug)]
pub struct Test {
    /// What runs the tests
    #[arg(long, value_enum, default_value_t = TestEngine::Jit)]
    pub engine: TestEngine,
    #[command(flatten)]
    pub common: Common,
    /// Only tests whose name contains this
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,
    /// Run each test in the simulation under so many seeds
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub sim: Option<u64>,
    /// The first of these seeds
    #[arg(long, value_name = "SEED", requires = "sim", default_value_t = 0)]
    pub seed: u64,
    /// In each of these runs, kill so many of the actors that a supervisor will start again
    #[arg(long, value_name = "N", requires = "sim", default_value_t = 0)]
    pub kills: u32,
    /// Say in the output of a test what the scheduler decides
    #[arg(long, requires = "sim")]
    pub trace: bool,
    /// Collect garbage at every allocation, or a slice of it, to find memory errors
    #[arg(long, value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "whole")]
    pub gc_stress: Option<Stress>,
    /// A run that takes longer has failed
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub timeout: u64,
    /// Show what tests print, not only that of those that fail
    #[arg(long)]
    pub show_output: bool,
    /// A source file, or a folder
    #[arg(default_value = ".")]
    pub path: PathBuf,
}

#[derive(Args, Debug)]
pub struct Explain {
    /// The code, such as E0201
    pub code: String,
}

/// What every command that compiles understands.
#[derive(Args, Debug)]
pub struct Common {
    /// Which contracts are checked at run time
    #[arg(long, value_enum, default_value_t = Contracts::All)]
    pub contracts: Contracts,
    /// Refuse programs of which a part would be interpreted
    #[arg(long)]
    pub strict_native: bool,
    /// Say on standard error how long each phase takes
    #[arg(long)]
    pub timings: bool,
    /// How much to optimise; the program does the same at every level
    #[arg(long, value_enum, default_value_t = Opt::Full, value_name = "LEVEL")]
    pub opt: Opt,
    /// How a program run in memory goes from code that is there soon to code that is fast
    #[arg(long, value_enum, default_value_t = Tiers::Usual, value_name = "HOW")]
    pub tiers: Tiers,
    /// When to use colours
    #[arg(long, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub color: Color,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tiers {
    /// What runs often is compiled again, in full, while it runs
    Usual,
    /// Everything is, as soon as it runs: for tests
    Eager,
    /// Every loop is, as soon as it runs: for tests
    EagerLoops,
    /// Everything is compiled in full at once
    Off,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Engine {
    /// Compiled in memory (the default)
    Jit,
    /// Interpreted
    Interp,
    /// Compiled to a native executable, which is then run
    Native,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum TestEngine {
    /// Compiled in memory (the default)
    Jit,
    /// Interpreted
    Interp,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Emit {
    /// A native executable
    Exe,
    /// An object file
    Obj,
    /// The typed tree of the checker
    Hir,
    /// The optimised middle representation
    Mir,
    /// Cranelift's input
    Clif,
    /// Assembly
    Asm,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Contracts {
    /// All of them
    All,
    /// Only those of exported functions
    Boundary,
    /// None
    Off,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Color {
    /// On a terminal only
    Auto,
    Always,
    Never,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Opt {
    /// Not at all
    None,
    /// What pays for itself at once
    Quick,
    /// Everything
    Full,
    /// Everything but polls: to measure what they cost, since a loop then holds its core
    #[value(hide = true)]
    FullWithoutPolls,
}
