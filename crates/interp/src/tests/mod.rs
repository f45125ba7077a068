//! Programs in the text form of MIR, run in this process; what they give or how they panic is compared.

mod actors;
mod arith;
mod casts;
mod code;
mod objects;
mod panics;
mod programs;
mod random;

use crate::image::ProgramImage;
use crate::machine::Machine;
use crate::program::Program;
use sepal_mir::text::parse_module;
use sepal_mir::verify::verify_module;
use sepal_mir::{FuncId, Module, Type};
use sepal_rt::{Actor, MAIN_STACK, Options, Pace, run_with, trace};
use std::fmt::Write as _;

/// How a call ended: its results, or the report of the panic.
type Outcome = Result<Vec<u64>, String>;

/// Reads a module, which must pass the verifier.
fn module(text: &str) -> Module {
    let module = parse_module(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    verify_module(&module).unwrap_or_else(|error| panic!("{error}\n{text}"));
    module
}

fn plain() -> Options {
    Options { max_heap: Some(1 << 30), ..Options::default() }
}

fn stress() -> Options {
    Options { pace: Pace::Stress, ..plain() }
}

/// Lets `body` use a machine for a module.
fn with_machine(
    module: &Module,
    options: Options,
    body: impl FnOnce(&Machine<'_>, &Program<'_>, *mut Actor),
) {
    let program = Program::new(module);
    let entry = module.entry.map_or(0, |entry| program.func_word(entry));
    let image = ProgramImage::new(module, entry);
    let run = |actor: *mut Actor| {
        let machine = Machine::new(&program, MAIN_STACK).expect("memory for a stack");
        // SAFETY: the actor is alive for the time of this call, and the machine stays where it is.
        unsafe {
            machine.serve(actor);
            (*actor).add_roots(machine.as_roots());
        }
        body(&machine, &program, actor);
        Ok(0)
    };
    // SAFETY: the image is this module's and lives to the end of this function.
    let code = unsafe { run_with(image.get(), options, run) };
    assert_eq!(code, 0, "there was memory for an actor");
}

/// Calls a function.
fn call(
    machine: &Machine<'_>,
    actor: *mut Actor,
    func: FuncId,
    args: &[u64],
    results: usize,
) -> Outcome {
    machine.call(func, args, results).map_err(|_| {
        // SAFETY: the actor is alive and nothing runs in it.
        let actor = unsafe { &mut *actor };
        let text = actor.take_panic().expect("a panic was raised");
        let mut report = format!("panic: {text}\n");
        trace::push_lines(&mut report, actor.image(), machine.locs());
        report
    })
}

/// Calls function 0 of a module for each of the argument lists.
fn outcomes(module: &Module, options: Options, calls: &[Vec<u64>]) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    let results = module.functions[FuncId(0)].sig.results.len();
    with_machine(module, options, |machine, _, actor| {
        let run = |args: &Vec<u64>| call(machine, actor, FuncId(0), args, results);
        outcomes = calls.iter().map(run).collect();
    });
    outcomes
}

/// A result as text, by its type.
fn show(ty: Type, word: u64) -> String {
    match ty {
        Type::I8 | Type::I16 | Type::I32 | Type::I64 | Type::Any => (word as i64).to_string(),
        Type::F32 => format!("{:?}", f32::from_bits(word as u32)),
        Type::F64 => format!("{:?}", f64::from_bits(word)),
        Type::Bool => (word != 0).to_string(),
        Type::Ref if word == 0 => "null".to_owned(),
        Type::Ref => show_object(word),
        Type::Ptr => "ptr".to_owned(),
    }
}

/// A string in quotes, anything else as `ref`.
fn show_object(word: u64) -> String {
    use sepal_abi::{DescId, Header};
    let header = Header(crate::state::load(word, 0));
    if header.desc() != DescId::STR && header.desc() != DescId::BYTES {
        return "ref".to_owned();
    }
    // SAFETY: the header says that it is one, and it was just made.
    let bytes = unsafe { sepal_rt::actor::data(word as *const sepal_abi::Object) };
    format!("{:?}", String::from_utf8_lossy(bytes))
}

fn run_text(text: &str, options: Options) -> String {
    let module = module(text);
    let types = &module.functions[FuncId(0)].sig.results;
    let mut out = String::new();
    // The heap is dropped with the actor: results are shown before.
    with_machine(&module, options, |machine, _, actor| {
        match call(machine, actor, FuncId(0), &[], types.len()) {
            Ok(words) => {
                let shown = types.iter().zip(words).map(|(&ty, word)| show(ty, word));
                out = shown.collect::<Vec<_>>().join(" ");
            }
            Err(report) => out = report,
        }
    });
    out
}

/// Runs function 0, which takes nothing, and compares its results or its report.
#[track_caller]
fn check(text: &str, expected: &str) {
    for options in [plain(), stress()] {
        let mut got = run_text(text, options);
        if got.ends_with('\n') {
            got.truncate(got.trim_end().len());
        }
        assert_eq!(got, expected.trim(), "\n{text}");
    }
}

/// The same for the body of a function of these result types; `items` come before it.
#[track_caller]
fn check_body(items: &str, results: &str, body: &str, expected: &str) {
    let mut text = items.to_owned();
    let _ = write!(text, "\nfn0 \"main\" () -> ({results}) {{\nblock0:\n{body}\n}}\n");
    check(&text, expected);
}
