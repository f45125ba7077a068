//! Runs the text tests of `tests/mir`: each case is a module, the passes to run, and the module
//! that must come out (or the error). `UPDATE_EXPECT=1` rewrites the expectations.
//!
//! ```text
//! ; case: what it shows
//! ; passes: fold, dce
//! fn0 "f" () -> (i64) { … }
//! ; expect:
//! fn0 "f" () -> (i64) { … }
//! ```

use sepal_mir::passes::{Pass, run_passes};
use sepal_mir::text::{parse_module, print_module};
use sepal_mir::verify::verify_module;
use sepal_mir::{Op, Terminator};
use std::collections::BTreeSet;
use std::path::PathBuf;

const CASE: &str = "; case: ";
const PASSES: &str = "; passes: ";
const EXPECT: &str = "; expect:\n";

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/mir")
}

fn files() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder()).expect("tests/mir exists");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("readable").path()).collect();
    files.retain(|path| path.extension().is_some_and(|ext| ext == "mir"));
    files.sort();
    files
}

/// What comes of `input` when `passes` have run over it.
fn outcome(passes: &str, input: &str) -> String {
    let mut module = match parse_module(input) {
        Ok(module) => module,
        Err(error) => return format!("error: {error}\n"),
    };
    if let Err(error) = verify_module(&module) {
        return format!("error: {error}\n");
    }
    if passes == "suspend" {
        sepal_mir::suspend::run(&mut module);
        return print_module(&module);
    }
    let passes: Vec<Pass> = passes
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(|name| Pass::from_name(name).unwrap_or_else(|| panic!("no pass `{name}`")))
        .chain([Pass::Compact])
        .collect();
    run_passes(&mut module, &passes);
    print_module(&module)
}

/// Runs all cases of one file; gives the file as it should be.
fn check(text: &str) -> String {
    let mut out = String::new();
    let mut cases = text.split(CASE);
    out.push_str(cases.next().expect("split gives one piece"));
    for case in cases {
        let (name, rest) = case.split_once('\n').expect("a case has a name");
        let (passes, rest) = rest
            .strip_prefix(PASSES)
            .and_then(|rest| rest.split_once('\n'))
            .unwrap_or_else(|| panic!("case `{name}` names its passes"));
        let input = rest.split_once(EXPECT).map_or(rest, |(input, _)| input);
        let got = outcome(passes, input);
        out.push_str(&format!("{CASE}{name}\n{PASSES}{passes}\n{input}{EXPECT}{got}\n"));
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

#[test]
fn every_case_comes_out_as_expected() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut failed = Vec::new();
    for path in files() {
        let text = std::fs::read_to_string(&path).expect("readable");
        let got = check(&text);
        if got == text {
            continue;
        }
        if update {
            std::fs::write(&path, got).expect("writable");
        } else {
            let line = got.lines().zip(text.lines()).take_while(|(a, b)| a == b).count();
            let (got, want) = (got.lines().nth(line), text.lines().nth(line));
            failed.push(format!("{}:{}: got {got:?}, want {want:?}", path.display(), line + 1));
        }
    }
    assert!(failed.is_empty(), "{}\nUPDATE_EXPECT=1 rewrites them", failed.join("\n"));
}

#[test]
fn every_op_appears_in_a_case() {
    let mut missing: BTreeSet<&str> =
        Op::TABLE.iter().chain(Terminator::TABLE).map(|&(_, name, _)| name).collect();
    for path in files() {
        let text = std::fs::read_to_string(path).expect("readable");
        for word in text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            missing.remove(word);
        }
    }
    assert!(missing.is_empty(), "no case in tests/mir shows {missing:?}");
}

#[test]
fn every_pass_has_a_case() {
    let texts: Vec<String> =
        files().iter().map(|path| std::fs::read_to_string(path).expect("readable")).collect();
    let lines = texts.iter().flat_map(|text| text.lines());
    let used: BTreeSet<&str> = lines
        .filter_map(|line| line.strip_prefix(PASSES))
        .flat_map(|names| names.split(',').map(str::trim))
        .collect();
    for pass in Pass::ALL {
        assert!(used.contains(pass.name()), "no case in tests/mir runs `{}`", pass.name());
    }
}

#[test]
fn numbers_of_ops_are_permanent_and_distinct() {
    let numbers: Vec<u16> = Op::TABLE.iter().chain(Terminator::TABLE).map(|row| row.0).collect();
    let distinct: BTreeSet<u16> = numbers.iter().copied().collect();
    assert_eq!(distinct.len(), numbers.len());
}
