//! Random programs: the text form loses nothing, and no pass changes what a program does, which
//! includes where its panics' traces point.

mod support;

use sepal_base::Symbol;
use sepal_mir::passes::{OptLevel, Pass, optimize, run_passes};
use sepal_mir::text::{parse_module, print_module};
use sepal_mir::verify::verify_module;
use sepal_mir::{FuncId, Function, FunctionBuilder, Module, Op, Signature, Type, Value};
use support::eval::{Ending, Word, evaluate};
use support::programs::program;

const ARGS: [(i64, i64, bool); 4] =
    [(0, 1, true), (5, -3, false), (i64::MAX, 7, true), (-100, i64::MIN, false)];

/// The programs looked at by each test.
fn seeds() -> std::ops::Range<u64> {
    let more = std::env::var("SEPAL_RANDOM_SEEDS").ok().and_then(|n| n.parse().ok());
    0..more.unwrap_or(200)
}

/// Steps of a program as written. Passes may add some, polls above all.
const MAX_STEPS: usize = 3_000;

fn endings(module: &Module, entry: FuncId, max_steps: usize) -> Vec<Option<Ending>> {
    let run = |&(a, b, c): &(i64, i64, bool)| {
        evaluate(module, entry, &[Word::Int(a), Word::Int(b), Word::Bool(c)], max_steps)
    };
    ARGS.iter().map(run).collect()
}

fn prepared(seed: u64) -> (Module, FuncId) {
    let (mut module, entry) = program(seed);
    verify_module(&module).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    module.functions[entry].attrs.export = true;
    (module, entry)
}

/// A program with what it does.
struct Case {
    seed: u64,
    module: Module,
    entry: FuncId,
    before: Vec<Option<Ending>>,
}

fn case(seed: u64) -> Case {
    let (module, entry) = prepared(seed);
    let before = endings(&module, entry, MAX_STEPS);
    Case { seed, module, entry, before }
}

fn check(case: &Case, change: impl Fn(&mut Module)) {
    let Case { seed, module, entry, before } = case;
    let mut changed = module.clone();
    change(&mut changed);
    if let Err(error) = verify_module(&changed) {
        panic!("seed {seed}: {error}\n{}", print_module(&changed));
    }
    for (before, after) in before.iter().zip(endings(&changed, *entry, 4 * MAX_STEPS)) {
        // A program that ran too long may end sooner afterwards.
        if let (Some(before), after) = (before, after)
            && after.as_ref() != Some(before)
        {
            panic!(
                "seed {seed}:\nbefore {before:?}\nafter {after:?}\n{}\n-----\n{}",
                print_module(module),
                print_module(&changed)
            );
        }
    }
}

#[test]
fn text_round_trips() {
    for seed in seeds() {
        let (mut module, _) = prepared(seed);
        run_passes(&mut module, &[Pass::Compact]);
        let text = print_module(&module);
        let again = parse_module(&text).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        assert_eq!(print_module(&again), text, "seed {seed}");
    }
}

#[test]
fn each_pass_keeps_the_meaning() {
    for seed in seeds() {
        let case = case(seed);
        for &pass in Pass::ALL {
            check(&case, |module| run_passes(module, &[pass]));
        }
    }
}

#[test]
fn random_orders_of_passes_keep_the_meaning() {
    for seed in seeds() {
        let mut random = support::programs::Random::new(seed + 1_000_000);
        let passes: Vec<Pass> = (0..12).map(|_| Pass::ALL[random.below(Pass::ALL.len())]).collect();
        check(&case(seed), |module| run_passes(module, &passes));
    }
}

#[test]
fn every_level_keeps_the_meaning() {
    for seed in seeds() {
        let case = case(seed);
        for level in [OptLevel::None, OptLevel::Quick, OptLevel::Full, OptLevel::FullWithoutPolls] {
            check(&case, |module| optimize(module, level));
        }
    }
}

/// How many polls the placed instructions are.
fn polls(module: &Module) -> usize {
    let of = |func: &Function| {
        let insts = func.blocks.iter().flat_map(|block| &block.insts);
        insts.filter(|&&inst| matches!(func.insts[inst].op, Op::Poll { .. })).count()
    };
    module.functions.iter().map(of).sum()
}

#[test]
fn one_level_leaves_out_polls_alone() {
    let mut placed = 0;
    for seed in seeds() {
        let (module, _) = prepared(seed);
        let [mut with, mut without] = [module.clone(), module];
        optimize(&mut with, OptLevel::Full);
        optimize(&mut without, OptLevel::FullWithoutPolls);
        placed += polls(&with);
        assert_eq!(polls(&without), 0, "seed {seed}\n{}", print_module(&without));
    }
    assert!(placed > 0, "some programs have loops or calls");
}

/// Gives the program an entry, so that what it does not reach may go.
fn with_entry(module: &mut Module, callee: FuncId) {
    let name = Symbol::intern("main");
    let mut builder = FunctionBuilder::new(name, Signature::new(vec![], vec![Type::I64]));
    let (a, b, c) = (builder.iconst(3), builder.iconst(-4), builder.const_bool(true));
    let results: Vec<Value> = builder.call(callee, &[a, b, c], &[Type::I64]).iter().collect();
    builder.return_(&results);
    module.entry = Some(module.functions.push(builder.finish()));
}

#[test]
fn unused_functions_go() {
    let mut gone = 0;
    for seed in seeds() {
        let (mut module, callee) = prepared(seed);
        module.functions[callee].attrs.export = false;
        with_entry(&mut module, callee);
        let before = evaluate(&module, module.entry.expect("just given"), &[], MAX_STEPS);
        let count = module.functions.len();
        optimize(&mut module, OptLevel::Full);
        verify_module(&module).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        assert!(module.functions.iter().all(Function::is_defined), "seed {seed}");
        gone += count - module.functions.len();
        let after = evaluate(&module, module.entry.expect("kept"), &[], 4 * MAX_STEPS);
        if before.is_some() {
            assert_eq!(after, before, "seed {seed}\n{}", print_module(&module));
        }
    }
    assert!(gone > 0, "some functions are not called");
}

#[test]
fn the_programs_are_worth_running() {
    let mut ended = [0, 0, 0];
    for seed in seeds() {
        for ending in case(seed).before {
            match ending {
                None => ended[0] += 1,
                Some(Ending { result: Err(_), .. }) => ended[1] += 1,
                Some(Ending { result: Ok(_), .. }) => ended[2] += 1,
            }
        }
    }
    let all: usize = ended.iter().sum();
    // Neither do most run too long, nor do all end the same way.
    assert!(ended[0] * 3 < all && ended[1] * 5 > all && ended[2] * 5 > all, "{ended:?}");
}
