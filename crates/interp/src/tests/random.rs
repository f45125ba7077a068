//! Random programs, against the plain evaluator of MIR's own tests: results, places of panics, and what was
//! seen from outside.

#[path = "../../../mir/tests/support/mod.rs"]
mod support;

use super::{plain, stress, with_machine};
use crate::machine::Machine;
use sepal_base::Symbol;
use sepal_mir::passes::{OptLevel, optimize};
use sepal_mir::verify::verify_module;
use sepal_mir::*;
use sepal_rt::{Actor, trace};
use support::eval::{Ending, Word, evaluate};
use support::programs::program;

const ARGS: [(i64, i64, bool); 4] =
    [(0, 1, true), (5, -3, false), (i64::MAX, 7, true), (-100, i64::MIN, false)];
const MAX_STEPS: usize = 3_000;
/// The global that notes what was seen.
const SEEN: usize = 0;

fn note(seen: u64, event: i64) -> u64 {
    seen.wrapping_mul(31).wrapping_add(event as u64)
}

/// Makes calls of a function `note` of what the evaluator takes for events.
fn with_notes(mut module: Module) -> Module {
    let name = Symbol::intern("note");
    let global = module.globals.push(Global { name, ty: Type::I64 });
    let sig = Signature::new(vec![Type::I64], vec![]);
    let mut builder = FunctionBuilder::new(name, sig.clone());
    let event = builder.params()[0];
    let seen = builder.global_get(Type::I64, global);
    let factor = builder.iconst(31);
    let scaled = builder.bin_op(BinOp::Mul, seen, factor);
    let sum = builder.bin_op(BinOp::Add, scaled, event);
    builder.global_set(global, sum);
    builder.return_(&[]);
    let func = module.declare(name, sig);
    module.functions[func] = builder.finish();
    for function in module.functions.iter_mut() {
        for inst in function.insts.iter_mut() {
            if let Op::CallRt { args, .. } = inst.op {
                inst.op = Op::Call { func, args };
            }
        }
    }
    module
}

/// The lines of a trace as the evaluator writes them.
fn trace(machine: &Machine<'_>, actor: &Actor) -> Vec<String> {
    let mut report = String::new();
    trace::push_lines(&mut report, actor.image(), machine.locs());
    let line = |line: &str| {
        let place = line.trim().strip_prefix("at main.spl:").expect("all places are in one file");
        place.replacen(" in ", " ", 1)
    };
    report.lines().map(line).collect()
}

/// Compares one run with what the evaluator says.
fn compare(
    machine: &Machine<'_>,
    actor: *mut Actor,
    entry: FuncId,
    args: &[u64],
    ending: &Ending,
    text: &str,
) {
    // SAFETY: the actor is alive and nothing runs in it, here and below.
    unsafe { (*actor).globals()[SEEN] = 0 };
    let result = machine.call(entry, args, 1);
    let actor = unsafe { &mut *actor };
    let expected_notes = ending.events.iter().fold(0, |seen, &event| note(seen, event));
    assert_eq!(actor.globals()[SEEN], expected_notes, "{text}");
    match (&ending.result, result) {
        (Ok(words), Ok(got)) => {
            let Word::Int(expected) = words[0] else { panic!("the result is an integer") };
            assert_eq!(got, [expected as u64], "{text}");
        }
        (Err((message, lines)), Err(_)) => {
            assert_eq!(trace(machine, actor), *lines, "{message}\n{text}");
            actor.take_panic();
        }
        (expected, got) => panic!("{got:?} instead of {expected:?}\n{text}"),
    }
}

fn check(seed: u64, options: sepal_rt::Options, prepare: impl Fn(&mut Module)) {
    let (mut module, entry) = program(seed);
    module.functions[entry].attrs.export = true;
    let endings = ARGS.map(|(a, b, c)| {
        let args = [Word::Int(a), Word::Int(b), Word::Bool(c)];
        evaluate(&module, entry, &args, MAX_STEPS)
    });
    let mut module = with_notes(module);
    prepare(&mut module);
    let text = format!("seed {seed}\n{}", sepal_mir::text::print_module(&module));
    verify_module(&module).unwrap_or_else(|error| panic!("{error}\n{text}"));
    with_machine(&module, options, |machine, _, actor| {
        for (ending, (a, b, c)) in endings.iter().zip(ARGS) {
            if let Some(ending) = ending {
                let args = [a as u64, b as u64, u64::from(c)];
                compare(machine, actor, entry, &args, ending, &text);
            }
        }
    });
}

/// More than by default for a longer look.
fn seeds() -> std::ops::Range<u64> {
    let more = std::env::var("SEPAL_RANDOM_SEEDS").ok().and_then(|n| n.parse().ok());
    0..more.unwrap_or(300)
}

#[test]
fn programs_as_written() {
    seeds().for_each(|seed| check(seed, plain(), |_| {}));
}

#[test]
fn optimised_programs() {
    seeds().for_each(|seed| check(seed, plain(), |module| optimize(module, OptLevel::Full)));
}

#[test]
fn programs_under_stress() {
    seeds().step_by(5).for_each(|seed| check(seed, stress(), |_| {}));
}
