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
mod gvn;
mod inline;
mod licm;
mod polls;
mod range;
mod rewrite;
mod rotate;
mod scalar_replace;
mod simplify_cfg;
mod ssa;
mod tail_calls;
mod unused;

use crate::entities::FuncId;
use crate::function::Function;
use crate::module::Module;
use crate::verify::verify_body;
use call_graph::CallGraph;
use sepal_base::Id as _;

/// How much time the optimiser takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OptLevel {
    /// Only what the engines rely on: tail calls, polls.
    None,
    /// What pays for itself at once in compile time: the interpreter, quick starts.
    Quick,
    /// Everything.
    Full,
}

/// What a pass sees beside its function, which has been taken out of the module.
pub struct PassCx<'m> {
    pub module: &'m mut Module,
    pub id: FuncId,
    /// Whether the function has been inlined into itself, which happens once.
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
    /// Returned calls become tail calls.
    TailCalls tail_calls;
    /// Small callees, once into themselves.
    Inline inline;
    /// Known closures and vtables.
    Devirtualise devirtualise;
    /// Objects that stay inside become scalars.
    ScalarReplace scalar_replace;
    /// What was computed, checked or loaded before.
    Gvn gvn;
    /// Loops test at their end.
    Rotate rotate;
    /// Checks that cannot fail.
    Range range;
    /// Loop-invariant code goes before the loop.
    Licm licm;
    /// Polls at entries and in every cycle.
    Polls polls;
    /// Unreachable blocks and dead slots go; everything is renumbered in reverse postorder.
    Compact compact;
}

/// Optimises all functions and drops the bodies of those that nothing uses. The module has passed
/// the verifier.
pub fn optimize(module: &mut Module, level: OptLevel) {
    match level {
        OptLevel::None => run_passes(module, NONE),
        OptLevel::Quick => run_passes(module, QUICK),
        OptLevel::Full => {
            // Ranges are looked at when all inlining is done: see there.
            run_passes(module, FULL_FIRST);
            unused::drop_unused(module);
            run_passes(module, FULL_THEN);
        }
    }
    unused::drop_unused(module);
}

const NONE: &[Pass] = &[Pass::TailCalls, Pass::Polls, Pass::Compact];

const QUICK: &[Pass] = &[
    Pass::TailCalls,
    Pass::SimplifyCfg,
    Pass::Fold,
    Pass::CopyProp,
    Pass::Gvn,
    Pass::Dce,
    Pass::Polls,
    Pass::Compact,
];

const FULL_FIRST: &[Pass] = &[
    Pass::TailCalls,
    Pass::CopyProp,
    Pass::Devirtualise,
    Pass::Inline,
    Pass::SimplifyCfg,
    Pass::CopyProp,
    Pass::Fold,
    Pass::Gvn,
    Pass::Devirtualise,
    Pass::Inline,
    Pass::SimplifyCfg,
    Pass::CopyProp,
    Pass::ScalarReplace,
    Pass::Fold,
    Pass::SimplifyCfg,
    Pass::CopyProp,
    Pass::Gvn,
    Pass::Dce,
    Pass::SimplifyCfg,
    Pass::Compact,
];

const FULL_THEN: &[Pass] = &[
    Pass::Range,
    Pass::Fold,
    Pass::SimplifyCfg,
    Pass::Rotate,
    Pass::Licm,
    Pass::Gvn,
    Pass::CopyProp,
    Pass::Dce,
    Pass::Polls,
    Pass::SimplifyCfg,
    Pass::Compact,
];

/// Runs `passes` over each function, callees first.
pub fn run_passes(module: &mut Module, passes: &[Pass]) {
    let graph = CallGraph::new(module);
    for &id in &graph.bottom_up {
        let blank = Function::declare(module.functions[id].name, module.functions[id].sig.clone());
        let mut func = std::mem::replace(&mut module.functions[id], blank);
        simplify_cfg::remove_unreachable(&mut func);
        let mut cx = PassCx { module, id, self_inlined: false, graph: &graph };
        for &pass in passes {
            pass.run(&mut func, &mut cx);
            check(pass, &func, &cx);
        }
        module.functions[id] = func;
    }
}

fn check(pass: Pass, func: &Function, cx: &PassCx<'_>) {
    if cfg!(debug_assertions)
        && let Err(error) = verify_body(cx.module, cx.id, func)
    {
        let text = crate::text::print_function(cx.id, func);
        panic!("after pass `{}`: {error}\n{text}", pass.name());
    }
}

/// The position of a function in tables indexed by function.
fn index(id: FuncId) -> usize {
    id.index()
}
