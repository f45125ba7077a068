//! Tests of the checker: text in, diagnostics, signatures or code as text out.
//!
//! Expectations are updated by `UPDATE_EXPECT=1`. The real standard library is used.

mod codes;
mod contracts;
mod desugar;
mod garbage;
mod infer;
mod modules;
mod types;

use crate::ir::*;
use crate::load::{LoadError, LoadedSource, SourceLoader};
use crate::program::Program;
use expect_test::Expect;
use sepal_base::{Style, render_all};
use std::path::PathBuf;
use std::sync::Arc;

/// The library from its folder; other modules from the test's own text.
struct TestLoader {
    modules: Vec<(String, String)>,
}

impl SourceLoader for TestLoader {
    fn load(&mut self, path: &str) -> Result<LoadedSource, LoadError> {
        let name = format!("{}.spl", path.replace('.', "/"));
        if let Some((_, text)) = self.modules.iter().find(|(module, _)| *module == name) {
            return Ok(LoadedSource { name, text: Arc::from(text.as_str()) });
        }
        let Some(rest) = path.strip_prefix("std.") else { return Err(LoadError::NotFound) };
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../std");
        let file = root.join(format!("{}.spl", rest.replace('.', "/")));
        match std::fs::read_to_string(file) {
            Ok(text) => Ok(LoadedSource { name, text: Arc::from(text) }),
            Err(_) => Err(LoadError::NotFound),
        }
    }

    fn library(&self) -> Vec<String> {
        ["std.math", "std.fs", "std.io", "std.supervisor"].map(str::to_owned).into()
    }
}

/// Checks a program. A line `// file: name.spl` begins another module.
fn program(text: &str) -> Program {
    let mut files = vec![("main.spl".to_string(), String::new())];
    for line in text.lines() {
        match line.strip_prefix("// file: ") {
            Some(name) => files.push((name.to_string(), String::new())),
            None => {
                let file = &mut files.last_mut().expect("there is a first file").1;
                file.push_str(line);
                file.push('\n');
            }
        }
    }
    let (name, root) = files.remove(0);
    crate::check(&name, Arc::from(root), Box::new(TestLoader { modules: files }))
}

/// Compares the diagnostics of a program.
fn check_diagnostics(text: &str, expected: Expect) {
    expected.assert_eq(&diagnostics(text));
}

fn diagnostics(text: &str) -> String {
    let program = program(text);
    let found = program.diagnostics.clone().into_sorted();
    render_all(&found, &program.sources, Style::Plain)
}

/// Compares the signatures of the functions of a program without errors.
fn check_signatures(text: &str, expected: Expect) {
    let program = program(text);
    let mut out = String::new();
    for (id, def) in program.items.fns.iter_enumerated() {
        if def.module == program.root && matches!(def.kind, FnKind::Source(_)) {
            out.push_str(&program.dump_signature(id));
            out.push('\n');
        }
    }
    let found = program.diagnostics.clone().into_sorted();
    out.push_str(&render_all(&found, &program.sources, Style::Plain));
    expected.assert_eq(&out);
}

/// Compares the code of the function `f` of a program without errors.
fn check_code(text: &str, expected: Expect) {
    let mut program = program(text);
    let found = program.diagnostics.clone().into_sorted();
    assert!(found.is_empty(), "{}", render_all(&found, &program.sources, Style::Plain));
    let (id, _) = program
        .items
        .fns
        .iter_enumerated()
        .find(|(_, def)| def.module == program.root && def.name.as_str() == "f")
        .expect("the program has a function `f`");
    expected.assert_eq(&program.dump_fn(id));
}
