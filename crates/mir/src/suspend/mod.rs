//! The suspend transform: bodies and functions that may wait become state machines.
//!
//! A function that waits runs as ordinary code until it does. Then it saves what is live in its
//! *frame*, a heap object of a layout of its own, and returns the frame as a further, first result,
//! which is null otherwise. Its caller saves itself likewise and becomes the frame's parent. Later the
//! runtime resumes the innermost frame, and when that is done its parent (`abi::Frame`). So waiting costs
//! nothing until it happens, and an actor that waits holds no stack.
//!
//! ```text
//! before   f(a, b) -> (r)                        after   f(a, b, frame or null) -> (frame or null, r)
//!                                                        resume of f (frame) -> (status)
//! before   body(a, b) -> (r), a root             after   body(frame) -> (status)
//! ```
//! A *root* is what `frame_new` names: the body of an actor, a task or a generator, and the program's
//! entry if it waits. Nobody calls it; its arguments come in its frame.
//!
//! - [`colour`]: which functions and signatures are concerned
//! - [`frame`]: the layouts of frames
//! - [`create`]: makes the frames of bodies that have not begun
//! - [`body`]: splits a body at its suspend points; [`points`]: what stands at each; [`unchanged`]: what
//!   need not be saved again
//!
//! Needs: polls are in, since a resumed function is not entered at its beginning. Breaks: signatures
//! of functions and of indirect calls. Afterwards no `wait`, `yield_`, `frame_new` and `generator_next`
//! is left. Must never run twice.

mod body;
mod colour;
mod create;
mod frame;
mod points;
mod unchanged;

use crate::entities::*;
use crate::function::Function;
use crate::module::Module;
use crate::ops::Op;
use crate::passes::{Pass, run_passes_on};
use crate::types::{Signature, Type};
use colour::Colours;
use frame::Frames;
pub(crate) use frame::Slots;
use sepal_base::{IdVec, Symbol};

/// Whether there is anything to do.
pub(crate) fn is_needed(module: &Module) -> bool {
    let concerned = |op: &Op| {
        matches!(
            op,
            Op::Wait {} | Op::Yield { .. } | Op::FrameNew { .. } | Op::GeneratorNext { .. }
        )
    };
    module.functions.iter().any(|func| {
        func.blocks.iter().flat_map(|b| &b.insts).any(|&inst| concerned(&func.insts[inst].op))
    })
}

/// See the module's head.
pub fn run(module: &mut Module) {
    if !is_needed(module) {
        return;
    }
    let colours = Colours::of(module);
    let mut cx = Cx { frames: Frames::default(), resumes: IdVec::new(), colours };
    cx.declare_resumes(module);
    let concerned = |id: &FuncId| cx.colours.is_concerned(*id);
    let ids: Vec<FuncId> = module.functions.ids().filter(concerned).collect();
    // The old signatures are read until all bodies are done.
    let mut changed = Vec::new();
    for id in ids {
        let blank = Function::declare(module.functions[id].name, module.functions[id].sig.clone());
        let func = std::mem::replace(&mut module.functions[id], blank);
        if !func.is_defined() {
            module.functions[id] = func;
            continue;
        }
        changed.push((id, body::transform(module, &mut cx, id, func)));
    }
    let mut done = Vec::new();
    for (id, made) in changed {
        module.functions[id] = made.func;
        done.push(id);
        if let (Some(wrapper), Some(resume)) = (made.wrapper, cx.resumes[id]) {
            module.functions[resume] = wrapper;
            done.push(resume);
        }
    }
    done.iter().for_each(|&id| create::fill_in(module, &cx, id));
    let pending = Signature::new([Type::Ref], []);
    module.defers_may_wait = cx.colours.is_suspending_signature(&pending);
    if let Some(entry) = module.entry.filter(|entry| cx.colours.is_root(*entry)) {
        module.entry_frame = cx.frames.layout_of(entry);
    }
    run_passes_on(module, &done, &[Pass::Thread, Pass::CopyProp, Pass::Dce, Pass::Compact]);
}

/// What the transformation of all bodies shares.
pub(crate) struct Cx {
    pub colours: Colours,
    pub frames: Frames,
    /// The code that resumes a frame of each function: its own for a root.
    pub resumes: IdVec<FuncId, Option<FuncId>>,
}

impl Cx {
    fn declare_resumes(&mut self, module: &mut Module) {
        let ids: Vec<FuncId> = module.functions.ids().collect();
        for id in ids {
            let resume = if self.colours.is_root(id) {
                Some(id)
            } else if self.colours.waits(id) {
                let name: Symbol = module.functions[id].name;
                Some(module.declare(name, resume_signature()))
            } else {
                None
            };
            self.resumes.push(resume);
        }
    }
}

/// Of code that resumes a frame: the status is an `abi::FrameStatus`.
pub(crate) fn resume_signature() -> Signature {
    Signature::new([Type::Ref], [Type::I64])
}

/// The signature of a function that may wait: a frame to go on with comes last, the frame in which it
/// has suspended first.
pub(crate) fn suspending(sig: &Signature) -> Signature {
    let mut params = sig.params.clone();
    params.push(Type::Ref);
    let mut results = vec![Type::Ref];
    results.extend_from_slice(&sig.results);
    Signature { params, results }
}
