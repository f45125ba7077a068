//! How long each phase of a command takes, for `--timings`.
//! Must never print: who asked for the times is called as each phase ends.

use std::time::{Duration, Instant};

/// A part of the way from source to result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    /// Lexing and parsing, the library's modules included.
    Syntax,
    /// Names, types and effects.
    Check,
    /// Typed program to MIR.
    Lower,
    /// MIR to better MIR.
    Passes,
    /// MIR to machine code.
    Codegen,
    /// From object file to executable.
    Link,
    /// The program itself.
    Run,
}

impl Phase {
    /// The name, as it is shown.
    pub const fn name(self) -> &'static str {
        match self {
            Phase::Syntax => "syntax",
            Phase::Check => "check",
            Phase::Lower => "lower",
            Phase::Passes => "passes",
            Phase::Codegen => "codegen",
            Phase::Link => "link",
            Phase::Run => "run",
        }
    }
}

/// Who is told of each phase when it ends.
pub type OnPhase = fn(Phase, Duration);

/// Does `work` and tells how long it took.
pub(crate) fn timed<R>(on_phase: Option<OnPhase>, phase: Phase, work: impl FnOnce() -> R) -> R {
    let start = Instant::now();
    let result = work();
    if let Some(tell) = on_phase {
        tell(phase, start.elapsed());
    }
    result
}
