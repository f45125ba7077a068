//! Rules about the text of a file: its header, its length, words that must not stay, and blanks
//! at the end of lines.

use super::files::SourceFile;

/// A file longer than this is split by topic.
const MAX_LINES: usize = 1_000;

/// Spelled in halves, so that this file does not break its own rule.
const FORBIDDEN: &[&str] = &[
    concat!("to", "do!("),
    concat!("unimpl", "emented!("),
    concat!("FIX", "ME"),
    concat!("db", "g!("),
    concat!("#[ig", "nore"),
];

pub fn check(files: &[SourceFile]) -> Vec<String> {
    files.iter().flat_map(check_file).collect()
}

fn check_file(file: &SourceFile) -> Vec<String> {
    let mut problems = Vec::new();
    let is_code = file.is_rust() || file.is_sepal() && !file.is_test_program();
    if is_code && !file.text.starts_with("//!") {
        problems.push(format!("{}:1: the file does not open with its `//!` header", file.path));
    }
    let lines = file.text.lines().count();
    if is_code && lines > MAX_LINES {
        problems.push(format!("{}: {lines} lines, more than {MAX_LINES}", file.path));
    }
    if file.is_test_program() {
        return problems;
    }
    for (number, line) in (1..).zip(file.text.lines()) {
        if line.ends_with([' ', '\t']) {
            problems.push(format!("{}:{number}: blanks at the end of the line", file.path));
        }
        for word in FORBIDDEN.iter().filter(|word| line.contains(**word)) {
            problems.push(format!("{}:{number}: `{word}` must not stay", file.path));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_one(path: &str, text: &str, expected: &[&str]) {
        let file = SourceFile { path: path.into(), text: text.into() };
        assert_eq!(check(&[file]), expected);
    }

    #[test]
    fn a_good_file_passes() {
        check_one("crates/a/src/lib.rs", "//! What it is for.\nfn f() {}\n", &[]);
    }

    #[test]
    fn the_header_is_wanted_of_code_only() {
        let problem = "std/x.spl:1: the file does not open with its `//!` header";
        check_one("std/x.spl", "fn f(): pass\n", &[problem]);
        check_one("docs/x.md", "text\n", &[]);
        check_one("tests/lang/x.spl", "fn f(): pass\n", &[]);
    }

    #[test]
    fn long_files_blanks_and_words_are_found() {
        let long = format!("//!\n{}", "\n".repeat(MAX_LINES));
        check_one("xtask/a.rs", &long, &["xtask/a.rs: 1001 lines, more than 1000"]);
        check_one("docs/a.md", "a \n", &["docs/a.md:1: blanks at the end of the line"]);
        let word = FORBIDDEN[2];
        let problem = format!("xtask/a.rs:2: `{word}` must not stay");
        check_one("xtask/a.rs", &format!("//!\n// {word}: later\n"), &[&problem]);
    }
}
