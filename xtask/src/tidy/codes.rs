//! The rule that each diagnostic is shown by a test: its code stands in a test's expectation.

use super::files::SourceFile;

/// Where the registry of diagnostics is.
const REGISTRY: &str = "crates/base/src/codes/";

pub fn check(files: &[SourceFile]) -> Vec<String> {
    let is_registry = |file: &&SourceFile| file.path.starts_with(REGISTRY);
    let shown: Vec<&str> = files
        .iter()
        .filter(|file| !is_registry(file) && (file.is_rust() || file.is_test_program()))
        .map(|file| file.text.as_str())
        .collect();
    let mut problems = Vec::new();
    for file in files.iter().filter(is_registry) {
        for code in registered(&file.text) {
            if !shown.iter().any(|text| text.contains(code)) {
                problems.push(format!("{}: no test shows {code}", file.path));
            }
        }
    }
    problems
}

/// The codes that a table of the registry defines: `    E0001 UNEXPECTED_TOKEN "…" …`.
fn registered(table: &str) -> impl Iterator<Item = &str> {
    table.lines().filter_map(|line| {
        let (code, rest) = line.trim_start().split_once(' ')?;
        let (letter, digits) = code.split_at_checked(1)?;
        let is_code = matches!(letter, "E" | "W")
            && digits.len() == 4
            && digits.bytes().all(|b| b.is_ascii_digit());
        let is_entry = rest.starts_with(|c: char| c.is_ascii_uppercase()) && rest.contains(" \"");
        (is_code && is_entry).then_some(code)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> SourceFile {
        SourceFile { path: path.into(), text: text.into() }
    }

    #[test]
    fn only_codes_without_a_test_are_problems() {
        let table = "diagnostics! {\n    E0001 SHOWN \"a\" r#\"E0003 is like it\"#;\n    \
                     W0002 HIDDEN \"b\" r#\"\"#;\n}\n";
        let files = [
            file("crates/base/src/codes/syntax.rs", table),
            file("tests/reject/a.diag", "error[E0001]: a\n"),
            file("docs/errors.md", "W0002 is a warning\n"),
        ];
        assert_eq!(check(&files), ["crates/base/src/codes/syntax.rs: no test shows W0002"]);
    }
}
