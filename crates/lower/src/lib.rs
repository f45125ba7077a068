//! From the typed program to MIR: monomorphisation, the representation of values, patterns as
//! decision trees, and the small functions that types need (vtables, closures of functions).
//!
//! The only crate that sees both HIR and MIR. Must never report an error of the program: whatever is
//! wrong with one was said before.

mod body;
mod cx;
mod entry;
mod repr;
mod share;
mod shims;
mod tails;

use sepal_hir as hir;
use sepal_mir as mir;

pub use cx::Vals;

/// Which contracts are checked at run time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Contracts {
    All,
    /// Only those of exported functions and of the methods of exported types.
    Boundary,
    Off,
}

/// What the command line decides.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    pub contracts: Contracts,
    /// Begin at this test instead of at `main`.
    pub test: Option<hir::FnId>,
}

/// Why a correct program cannot be lowered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// There is neither `main` nor a statement at the top level.
    NoMain,
    /// A function reached from here had errors, which are among the program's diagnostics.
    Errors,
}

/// Lowers everything reachable from the program's entry.
///
/// # Errors
/// See [`Refusal`].
pub fn lower(program: &mut hir::Program, options: Options) -> Result<mir::Module, Refusal> {
    let main = options.test.or(program.main).ok_or(Refusal::NoMain)?;
    let mut cx = cx::ModuleCx::new(program, options);
    let entry = entry::declare(&mut cx, main);
    cx.lower_queue();
    if let Some(refusal) = cx.refusal {
        return Err(refusal);
    }
    let (mut module, library) = (cx.module, cx.library);
    module.entry = Some(entry);
    tails::keep_frames(&mut module, &library);
    Ok(module)
}
