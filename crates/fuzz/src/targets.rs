//! The claims, each a function that panics where a text breaks it.
//! Must never refuse a text: every text is an input.

use sepal_base::{Diagnostics, FileId, SourceMap, Style, render, render_all};
use sepal_driver::Loader;
use sepal_hir::{LoadError, LoadedSource, SourceLoader};
use sepal_lower::{Contracts, Refusal};
use sepal_mir::passes::{OptLevel, optimize};
use sepal_mir::text::{parse_module, print_module};
use sepal_mir::verify::verify_module;
use std::path::Path;

/// A claim with its name and the texts that mutation begins with.
pub struct Target {
    pub name: &'static str,
    pub run: fn(&str),
    /// Folders below the repository's root, and the ending of the files in them.
    pub seeds: (&'static [&'static str], &'static str),
}

const PROGRAMS: (&[&str], &str) = (&["tests/lang", "tests/reject", "examples"], "spl");

pub const TARGETS: [Target; 4] = [
    Target { name: "lexer", run: lexer, seeds: PROGRAMS },
    Target { name: "parser", run: parser, seeds: PROGRAMS },
    Target { name: "checker", run: checker, seeds: PROGRAMS },
    Target { name: "mir_text", run: mir_text, seeds: (&["tests/mir"], "mir") },
];

/// The stack that the deepest text needs, as for the compiler itself.
pub const STACK: usize = 256 << 20;

/// Any text is the sum of its tokens.
pub fn lexer(text: &str) {
    let tokens = sepal_syntax::lex(FileId(0), text, &mut Diagnostics::new());
    let together: String = (0..tokens.count()).map(|i| tokens.text(i, text)).collect();
    assert!(together == text, "the tokens are not the text");
}

/// Any text can be parsed, its diagnostics shown, and, if it is right, formatted.
pub fn parser(text: &str) {
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
}

/// Any text can be checked and its diagnostics shown; what has no errors becomes MIR that the verifier accepts, before
/// the passes and after them.
pub fn checker(text: &str) {
    let mut program = sepal_hir::check(
        "fuzz.spl",
        text.into(),
        Box::new(LibraryOnly(Loader::new(Path::new("")))),
    );
    render_all(&program.diagnostics.clone().into_sorted(), &program.sources, Style::Plain);
    if program.has_errors() {
        return;
    }
    let options = sepal_lower::Options { contracts: Contracts::All, test: None };
    match sepal_lower::lower(&mut program, options) {
        Ok(mut module) => {
            verify_module(&module).expect("what was lowered is right");
            optimize(&mut module, OptLevel::Full);
            verify_module(&module).expect("the passes keep a module right");
        }
        Err(Refusal::NoMain) => {}
        // Bodies of the library are checked when they are reached; so are instances of generic code.
        Err(Refusal::Errors) => assert!(program.has_errors(), "refused without a reason"),
    }
}

/// Any text is read as a module or refused; what is read can be verified; what is right can be optimised, and what was
/// printed is read again.
pub fn mir_text(text: &str) {
    let Ok(mut module) = parse_module(text) else { return };
    let once = print_module(&module);
    let again = parse_module(&once).expect("what was printed can be read");
    assert!(print_module(&again) == once, "printing again changes something");
    if verify_module(&module).is_ok() {
        optimize(&mut module, OptLevel::Full);
        verify_module(&module).expect("the passes keep a module right");
    }
}

/// The standard library and no file: a text may import anything.
struct LibraryOnly(Loader);

impl SourceLoader for LibraryOnly {
    fn load(&mut self, path: &str) -> Result<LoadedSource, LoadError> {
        if path.starts_with("std.") { self.0.load(path) } else { Err(LoadError::NotFound) }
    }

    /// Without help: most texts name something unknown, and the library need not be read for each.
    fn library(&self) -> Vec<String> {
        Vec::new()
    }
}
