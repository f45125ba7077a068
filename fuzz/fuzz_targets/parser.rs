//! Any text can be parsed, its diagnostics shown, and, if it is right, formatted:
//! `cargo fuzz run parser`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sepal_base::{SourceMap, Style, render};

fuzz_target!(|text: &str| {
    let mut sources = SourceMap::new();
    let file = sources.add("fuzz.spl", text);
    let parsed = sepal_syntax::parse(file, text);
    for diagnostic in parsed.diagnostics.iter() {
        render(diagnostic, &sources, Style::Plain);
    }
    if !parsed.diagnostics.has_errors() {
        let once = sepal_syntax::format(file, text).expect("what parses can be formatted");
        let twice = sepal_syntax::format(file, &once).expect("what was formatted parses");
        assert!(once == twice, "formatting again changes something");
    }
});
