//! One compilation after another under the same settings: check, lower, optimise.
//! Must never keep anything between two of them.

use crate::failure::Failure;
use crate::files;
use crate::loader::Loader;
use crate::timing::{OnPhase, Phase, timed};
use sepal_base::{Diagnostic, Style, codes, render_all};
use sepal_clif::Tiering;
use sepal_hir::{FnId, Program};
use sepal_lower::{Contracts, Refusal};
use sepal_mir::passes::{OptLevel, optimize};
use sepal_mir::{Module, tier};
use std::io::Write;
use std::path::Path;
use std::time::Instant;

/// What the command line decides for all commands.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub contracts: Contracts,
    /// Refuse a program of which some function would be interpreted.
    pub strict_native: bool,
    /// How much the program is optimised; what it does is the same at every level.
    pub opt: OptLevel,
    /// How a program that runs in memory goes from quick code to better code; `None` to begin with the best.
    pub tiering: Option<Tiering>,
    /// How diagnostics are shown.
    pub style: Style,
    /// Who wants to know how long each phase takes.
    pub on_phase: Option<OnPhase>,
}

/// Why a command ends early.
#[derive(Debug)]
pub enum Stop {
    /// Something outside the sources.
    Failure(Failure),
    /// The program has errors; they have been rendered.
    Errors(String),
}

impl std::fmt::Display for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Stop::Failure(failure) => failure.fmt(f),
            Stop::Errors(text) => f.write_str(text.trim_end()),
        }
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Stop {
        Stop::Failure(failure)
    }
}

/// An inner form of a program, for `--emit`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    Hir,
    Mir,
    Clif,
    Asm,
    Object,
}

/// Compiles programs.
#[derive(Debug)]
pub struct Session {
    settings: Settings,
}

impl Session {
    pub fn new(settings: Settings) -> Session {
        Session { settings }
    }

    /// Does `work` and tells how long it took to who wants to know.
    pub(crate) fn timed<R>(&self, phase: Phase, work: impl FnOnce() -> R) -> R {
        timed(self.settings.on_phase, phase, work)
    }

    /// Checks a program. Its warnings go to standard error.
    ///
    /// # Errors
    /// The file cannot be read, or the program has errors.
    pub fn check(&self, file: &Path) -> Result<(), Stop> {
        // Taking the whole tree apart just before the process ends would serve nobody.
        self.checked(file).map(std::mem::forget)
    }

    /// The typed program.
    pub(crate) fn checked(&self, file: &Path) -> Result<Program, Stop> {
        let text = files::read_source(file)?;
        let loader = Box::new(Loader::new(file));
        let start = Instant::now();
        let program = sepal_hir::check(&file.display().to_string(), text.into(), loader);
        if let Some(tell) = self.settings.on_phase {
            let all = start.elapsed();
            tell(Phase::Syntax, program.syntax_time);
            tell(Phase::Check, all.saturating_sub(program.syntax_time));
        }
        self.give_or_report(program)
    }

    fn give_or_report(&self, program: Program) -> Result<Program, Stop> {
        if program.diagnostics.is_empty() {
            return Ok(program);
        }
        let text = self.diagnostics(&program);
        if program.has_errors() {
            return Err(Stop::Errors(text));
        }
        // Only warnings: without a standard error there is nobody to warn.
        drop(writeln!(std::io::stderr(), "{}", text.trim_end()));
        Ok(program)
    }

    /// The program's MIR, optimised.
    pub(crate) fn mir(&self, file: &Path) -> Result<Module, Stop> {
        let mut module = self.plain_mir(file)?;
        self.optimized(&mut module, self.settings.opt);
        self.allow_interpreted(&module)?;
        Ok(module)
    }

    /// The program's MIR for an engine that makes better code while it runs: optimised quickly, if the program can
    /// have tiers and shall be optimised at all; then also how they follow each other.
    pub(crate) fn mir_in_tiers(&self, file: &Path) -> Result<(Module, Option<Tiering>), Stop> {
        let mut module = self.plain_mir(file)?;
        let wanted = self.settings.opt == OptLevel::Full;
        let tiering = self.settings.tiering.filter(|_| wanted && tier::is_possible(&module));
        let level = if tiering.is_some() { OptLevel::Quick } else { self.settings.opt };
        self.optimized(&mut module, level);
        self.allow_interpreted(&module)?;
        Ok((module, tiering))
    }

    fn plain_mir(&self, file: &Path) -> Result<Module, Stop> {
        let mut program = self.checked(file)?;
        let module = self.lowered(&mut program, None);
        module.map_err(|refusal| self.refused(program, refusal, file))
    }

    /// How much was asked to be optimised.
    pub(crate) fn opt(&self) -> OptLevel {
        self.settings.opt
    }

    pub(crate) fn optimized(&self, module: &mut Module, level: OptLevel) {
        self.timed(Phase::Passes, || optimize(module, level));
    }

    /// The MIR of what is reached from `main` or from a test.
    pub(crate) fn lowered(
        &self,
        program: &mut Program,
        test: Option<FnId>,
    ) -> Result<Module, Refusal> {
        let options = sepal_lower::Options { contracts: self.settings.contracts, test };
        self.timed(Phase::Lower, || sepal_lower::lower(program, options))
    }

    /// With `--strict-native`, refuses a program of which a function asks to be interpreted.
    pub(crate) fn allow_interpreted(&self, module: &Module) -> Result<(), Stop> {
        let kept = module.functions.iter().find(|function| function.attrs.interpret);
        match kept {
            Some(function) if self.settings.strict_native => {
                let message =
                    format!("`{}` is kept out of native code by `@interpret`", function.name);
                Err(Stop::Failure(
                    Failure::new(codes::CODE_GENERATION, message)
                        .help("leave out `--strict-native` or the attribute"),
                ))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn refused(&self, program: Program, refusal: Refusal, file: &Path) -> Stop {
        match refusal {
            Refusal::NoMain => Stop::Failure(
                Failure::new(
                    codes::NO_MAIN,
                    format!(
                        "{} has neither `main` nor statements at its top level",
                        file.display()
                    ),
                )
                .help("add `fn main():` with what the program shall do"),
            ),
            Refusal::Errors => self.rendered(program),
        }
    }

    fn rendered(&self, program: Program) -> Stop {
        assert!(program.has_errors(), "a program is refused with an error");
        Stop::Errors(self.diagnostics(&program))
    }

    /// What was found in a program, rendered.
    pub(crate) fn diagnostics(&self, program: &Program) -> String {
        let diagnostics: Vec<Diagnostic> = program.diagnostics.clone().into_sorted();
        render_all(&diagnostics, &program.sources, self.settings.style)
    }
}
