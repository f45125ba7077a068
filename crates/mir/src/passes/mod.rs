//! The optimiser: a flat list of passes over one function at a time, callees before callers.
//!
//! Must never change what a program does, the order of its effects and panics, or the places a
//! panic's trace names. Each pass says at its head what it needs and what it breaks; in debug
//! builds the verifier runs after each.

pub mod call_graph;
mod compact;
mod copy_prop;
mod dce;
mod devirtualise;
mod fold;
mod freeze;
mod generators;
mod gvn;
mod inline;
mod inline_self;
mod inline_trivial;
mod known_constants;
mod licm;
mod merge;
mod plain_polls;
mod polls;
mod range;
mod rewrite;
mod rotate;
mod scalar_replace;
mod schedule;
mod simplify_cfg;
mod ssa;
mod thread;
mod unused;

pub(crate) use polls::remove as remove_polls;
pub(crate) use range::{Interval, intervals_at};
pub(crate) use simplify_cfg::remove_unreachable;
pub(crate) use ssa::{Redefined, SsaVars, mend};

use crate::entities::FuncId;
use crate::function::Function;
use crate::module::Module;
use crate::verify::verify_body;
use call_graph::CallGraph;
use schedule::{NewLocs, Order, for_each_function};
use sepal_base::Id as _;

/// How much time the optimiser takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OptLevel {
    /// Only what the engines rely on: polls.
    None,
    /// What pays for itself at once in compile time: the interpreter, quick starts.
    Quick,
    /// Everything.
    Full,
    /// `Full`, but a loop holds its core and endless recursion is a fault: what polls cost is the difference.
    FullWithoutPolls,
}

/// What a pass sees beside its function, which has been taken out of the module.
pub struct PassCx<'m> {
    /// The module without the bodies of the functions that are being optimised at the same time:
    /// where callees come first, those that are called stand there done; otherwise there is none.
    pub module: &'m Module,
    /// The places of the module, to which inlining adds.
    locs: NewLocs<'m>,
    pub id: FuncId,
    /// Whether the function has been inlined into itself, which is done in one go.
    self_inlined: bool,
    graph: &'m CallGraph,
}

macro_rules! passes {
    ($($(#[$meta:meta])* $variant:ident $name:ident;)+) => {
        /// A pass over one function.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Pass { $($(#[$meta])* $variant,)+ }

        impl Pass {
            /// Every pass.
            pub const ALL: &'static [Pass] = &[$(Pass::$variant,)+];

            /// The name, as tests and options spell it.
            pub const fn name(self) -> &'static str {
                match self { $(Pass::$variant => stringify!($name),)+ }
            }

            /// The pass of a name.
            pub fn from_name(name: &str) -> Option<Pass> {
                Pass::ALL.iter().copied().find(|pass| pass.name() == name)
            }

            /// Runs it. Gives whether anything changed.
            fn run(self, func: &mut Function, cx: &mut PassCx<'_>) -> bool {
                match self { $(Pass::$variant => $name::run(func, cx),)+ }
            }
        }
    };
}

passes! {
    /// Constant branches, straight lines, empty blocks, diamonds.
    SimplifyCfg simplify_cfg;
    /// Constants and algebra.
    Fold fold;
    /// Copies and block parameters that only ever hold one value.
    CopyProp copy_prop;
    /// Instructions and block parameters that nobody uses.
    Dce dce;
    /// Small callees.
    Inline inline;
    /// Small recursive functions into themselves.
    InlineSelf inline_self;
    /// What is smaller than a call.
    InlineTrivial inline_trivial;
    /// Generators that stay where they are made.
    Generators generators;
    /// Blocks whose end depends on how they were entered.
    Thread thread;
    /// Known closures and vtables.
    Devirtualise devirtualise;
    /// Objects that stay inside become scalars.
    ScalarReplace scalar_replace;
    /// Module-level constants of known value.
    KnownConstants known_constants;
    /// What was computed, checked or loaded before.
    Gvn gvn;
    /// Loops test at their end.
    Rotate rotate;
    /// Checks that cannot fail.
    Range range;
    /// Loop-invariant code goes before the loop.
    Licm licm;
    /// Polls before calls and in every cycle.
    Polls polls;
    /// The same, but in every round of every loop.
    PlainPolls plain_polls;
    /// Unreachable blocks and dead slots go; everything is renumbered in reverse postorder.
    Compact compact;
}

/// Merges equal functions, optimises all, and drops the bodies of those that nothing uses. The module has passed
/// the verifier.
pub fn optimize(module: &mut Module, level: OptLevel) {
    if level != OptLevel::None {
        merge::merge_equal(module);
        unused::drop_unused(module);
    }
    match level {
        OptLevel::None => run_steps(module, Order::Any, &[NONE]),
        OptLevel::Quick => run_steps(module, Order::LeavesFirst, &[QUICK]),
        OptLevel::Full => run_full(module, &[FULL_THEN, FULL_POLLS, FULL_LAST]),
        OptLevel::FullWithoutPolls => run_full(module, &[FULL_THEN, FULL_LAST]),
    }
    unused::drop_unused(module);
    crate::suspend::run(module);
}

fn run_full(module: &mut Module, after_inlining: &[&[Step]]) {
    freeze::freeze(module);
    // Ranges are looked at when all inlining is done: see there.
    run_steps(module, Order::CalleesFirst, &[FULL_FIRST]);
    unused::drop_unused(module);
    freeze::freeze(module);
    run_steps(module, Order::Any, after_inlining);
}

/// Says which fields the code of a module leaves as they were made: for a module that runs already, before any of it
/// is optimised further. What better code alone leaves as it is the quick code may still store into.
pub(crate) fn freeze_as_it_runs(module: &mut Module) {
    freeze::freeze(module);
}

/// What [`OptLevel::Full`] does first, for some functions; what they call has been through it or is among them.
pub(crate) fn optimize_for_inlining(module: &mut Module, ids: &[FuncId]) {
    schedule::for_these_callees_first(module, ids, |func, cx| run_parts(func, cx, &[FULL_FIRST]));
}

/// What [`OptLevel::Full`] does after inlining, for some functions.
pub(crate) fn finish_some(module: &mut Module, ids: &[FuncId]) {
    let parts = &[FULL_THEN, FULL_POLLS, FULL_LAST];
    schedule::for_some_functions(module, ids, |func, cx| run_parts(func, cx, parts));
}

/// The functions that `roots` and what they name name, ascending.
pub(crate) fn reachable(module: &Module, roots: &[FuncId]) -> Vec<FuncId> {
    let reached = unused::reached(module, roots);
    module.functions.ids().filter(|&id| reached[index(id)]).collect()
}

/// A line of the pipeline.
enum Step {
    Run(Pass),
    /// Runs the pass, and the others if it has changed anything.
    Then(Pass, &'static [Pass]),
}

const NONE: &[Step] = &[Step::Run(Pass::Polls), Step::Run(Pass::Compact)];

const QUICK: &[Step] = &[
    // Costs less than the calls would cost the passes and engines that follow.
    Step::Run(Pass::InlineTrivial),
    Step::Run(Pass::SimplifyCfg),
    Step::Run(Pass::CopyProp),
    Step::Run(Pass::Fold),
    Step::Run(Pass::Gvn),
    Step::Then(Pass::SimplifyCfg, &[Pass::CopyProp]),
    Step::Run(Pass::Dce),
    // What becomes of it later must find loops as they are.
    Step::Run(Pass::PlainPolls),
    Step::Run(Pass::Compact),
];

const FULL_FIRST: &[Step] = &[
    // What is inlined has been through all of this: nothing needs to be made ready for it.
    Step::Run(Pass::Devirtualise),
    Step::Run(Pass::Inline),
    Step::Run(Pass::SimplifyCfg),
    Step::Run(Pass::CopyProp),
    Step::Run(Pass::Fold),
    Step::Run(Pass::Gvn),
    Step::Then(Pass::Devirtualise, &[Pass::Inline, Pass::SimplifyCfg, Pass::CopyProp, Pass::Fold]),
    Step::Then(Pass::Generators, UNFOLD),
    Step::Then(Pass::ScalarReplace, &[Pass::CopyProp, Pass::Fold]),
    Step::Then(Pass::SimplifyCfg, &[Pass::CopyProp, Pass::Fold]),
    Step::Run(Pass::Dce),
    Step::Run(Pass::KnownConstants),
    Step::Then(Pass::InlineSelf, &[Pass::SimplifyCfg, Pass::CopyProp, Pass::Fold, Pass::Gvn]),
    Step::Run(Pass::Compact),
];

/// After inlining generators: a state is known once the options are unfolded.
const UNFOLD: &[Pass] = &[
    Pass::SimplifyCfg,
    Pass::CopyProp,
    Pass::Thread,
    Pass::CopyProp,
    Pass::Fold,
    Pass::Thread,
    Pass::CopyProp,
    Pass::SimplifyCfg,
    Pass::Fold,
    Pass::Gvn,
    Pass::Dce,
];

const FULL_THEN: &[Step] = &[
    Step::Then(Pass::Range, &[Pass::Fold, Pass::SimplifyCfg, Pass::CopyProp]),
    Step::Then(Pass::Rotate, &[Pass::CopyProp]),
    Step::Then(Pass::Licm, &[Pass::Gvn, Pass::CopyProp]),
];

const FULL_POLLS: &[Step] = &[Step::Run(Pass::Polls)];

const FULL_LAST: &[Step] = &[
    Step::Run(Pass::Fold),
    Step::Run(Pass::Dce),
    Step::Run(Pass::SimplifyCfg),
    Step::Run(Pass::Compact),
];

/// Runs `passes` over each function, callees first.
pub fn run_passes(module: &mut Module, passes: &[Pass]) {
    for_each_function(module, Order::CalleesFirst, |func, cx| {
        for &pass in passes {
            run_checked(pass, func, cx);
        }
    });
}

/// Runs `passes` over some functions, none of which looks at another's body.
pub(crate) fn run_passes_on(module: &mut Module, ids: &[FuncId], passes: &[Pass]) {
    schedule::for_some_functions(module, ids, |func, cx| {
        for &pass in passes {
            run_checked(pass, func, cx);
        }
    });
}

fn run_steps(module: &mut Module, order: Order, parts: &[&[Step]]) {
    for_each_function(module, order, |func, cx| run_parts(func, cx, parts));
}

fn run_parts(func: &mut Function, cx: &mut PassCx<'_>, parts: &[&[Step]]) {
    for step in parts.iter().copied().flatten() {
        match *step {
            Step::Run(pass) => {
                run_checked(pass, func, cx);
            }
            Step::Then(pass, more) => {
                if run_checked(pass, func, cx) {
                    for &pass in more {
                        run_checked(pass, func, cx);
                    }
                }
            }
        }
    }
}

fn run_checked(pass: Pass, func: &mut Function, cx: &mut PassCx<'_>) -> bool {
    let changed = pass.run(func, cx);
    check(pass, func, cx);
    changed
}

fn check(pass: Pass, func: &Function, cx: &PassCx<'_>) {
    if cfg!(debug_assertions)
        && let Err(error) = verify_body(cx.module, cx.locs.len(), cx.id, func)
    {
        let text = crate::text::print_function(cx.id, func);
        panic!("after pass `{}`: {error}\n{text}", pass.name());
    }
}

/// The position of a function in tables indexed by function.
fn index(id: FuncId) -> usize {
    id.index()
}
