//! Every program of the repository: it parses without a word, its tokens are its text.

use sepal_base::{FileId, SourceMap, Style, render_all};
use std::path::{Path, PathBuf};

/// All `.spl` files in the folders that hold programs, except those that are to be rejected.
fn programs() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = Vec::new();
    for folder in ["std", "examples", "bench", "tests/lang"] {
        collect(&root.join(folder), &mut found);
    }
    found.sort();
    found
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|e| e == "spl") {
            found.push(path);
        }
    }
}

#[test]
fn all_programs_parse() {
    let mut complaints = String::new();
    for path in programs() {
        let text = std::fs::read_to_string(&path).expect("programs are readable text");
        let mut sources = SourceMap::new();
        let file = sources.add(path.display().to_string(), text.as_str());
        let parsed = sepal_syntax::parse(file, &text);
        complaints += &render_all(&parsed.diagnostics.into_sorted(), &sources, Style::Plain);
        let tokens: String =
            (0..parsed.tokens.count()).map(|i| parsed.tokens.text(i, &text)).collect();
        assert!(tokens == text, "{} is not the sum of its tokens", path.display());
    }
    assert!(complaints.is_empty(), "{complaints}");
}

/// Formatting keeps the tokens and does nothing the second time.
#[test]
fn all_programs_format() {
    for path in programs() {
        let text = std::fs::read_to_string(&path).expect("programs are readable text");
        let once = sepal_syntax::format(FileId(0), &text)
            .unwrap_or_else(|errors| panic!("{}: {errors:?}", path.display()));
        let twice = sepal_syntax::format(FileId(0), &once).expect("formatted programs are right");
        assert!(once == twice, "{} changes when it is formatted again", path.display());
        let tree = |text: &str| sepal_syntax::dump(&sepal_syntax::parse(FileId(0), text).ast);
        assert!(tree(&text) == tree(&once), "{} means something else", path.display());
    }
}
