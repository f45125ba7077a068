//! The claims on a few mutated texts, with every test run. `docs/testing.md` says how to try more.

use sepal_fuzz::targets::{STACK, TARGETS};
use sepal_fuzz::{corpus, mutate};

/// Tries a target on the texts of seeds from 0; a panic names the seed.
fn try_texts(name: &str, count: u64) {
    let target = TARGETS.iter().find(|t| t.name == name).expect("a target of that name");
    let corpus = corpus::texts(target);
    assert!(corpus.len() > 5, "the corpus of {name} is missing");
    for seed in 0..count {
        let text = mutate::text(&corpus, seed);
        let run = target.run;
        let thread = std::thread::Builder::new().stack_size(STACK).spawn(move || run(&text));
        let result = thread.expect("a thread can be started").join();
        assert!(
            result.is_ok(),
            "{name}: seed {seed} (cargo run -p sepal-fuzz -- {name} --seed {seed})"
        );
    }
}

#[test]
fn lexer() {
    try_texts("lexer", 1_000);
}

#[test]
fn parser() {
    try_texts("parser", 1_000);
}

#[test]
fn checker() {
    try_texts("checker", 100);
}

#[test]
fn mir_text() {
    try_texts("mir_text", 500);
}

#[test]
fn mutation_changes_texts_and_repeats_itself() {
    let corpus = vec!["let a = 1\n".to_string(), "fn f(x): x\n".to_string()];
    let texts: Vec<String> = (0..200).map(|seed| mutate::text(&corpus, seed)).collect();
    assert!(texts.iter().filter(|text| !corpus.contains(text)).count() > 150);
    assert_eq!(texts[7], mutate::text(&corpus, 7));
}
