//! The rule that functions are short, by ratchet: functions that were too long when the rule came
//! are listed with their length. None may be added or grow, and one that shrank is struck out.

use std::collections::BTreeMap;

/// A function of this many lines is too long.
pub const LIMIT: usize = 70;

/// The file and name of a function, and its lines; the longest where a name occurs again.
pub type Lengths = BTreeMap<(String, String), usize>;

/// Compares the functions that are too long now with those that were recorded.
pub fn check(recorded: &str, now: &Lengths) -> Vec<String> {
    let recorded = parse(recorded);
    let mut problems = Vec::new();
    for ((file, name), lines) in now {
        match recorded.get(&(file.clone(), name.clone())) {
            None => problems.push(format!("{file}: `{name}` has {lines} lines, {LIMIT} or more")),
            Some(before) if lines > before => {
                problems.push(format!("{file}: `{name}` grew from {before} to {lines} lines"));
            }
            Some(_) => {}
        }
    }
    for ((file, name), before) in &recorded {
        if now.get(&(file.clone(), name.clone())).is_none_or(|lines| lines < before) {
            problems
                .push(format!("{file}: `{name}` shrank: run `cargo xtask tidy --update-ratchet`"));
        }
    }
    problems
}

/// The ratchet's text: one function a line.
pub fn render(lengths: &Lengths) -> String {
    let line =
        |((file, name), lines): (&(String, String), &usize)| format!("{file} {name} {lines}\n");
    lengths.iter().map(line).collect()
}

fn parse(text: &str) -> Lengths {
    let entry = |line: &str| {
        let mut words = line.split_whitespace();
        let (file, name) = (words.next()?, words.next()?);
        Some(((file.to_string(), name.to_string()), words.next()?.parse().ok()?))
    };
    text.lines().filter_map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(of: &[(&str, usize)]) -> Lengths {
        of.iter().map(|(name, lines)| (("a.rs".into(), name.to_string()), *lines)).collect()
    }

    #[track_caller]
    fn check_one(recorded: &str, now: &[(&str, usize)], expected: &[&str]) {
        assert_eq!(check(recorded, &lengths(now)), expected);
    }

    #[test]
    fn only_new_and_grown_functions_fail() {
        check_one("a.rs f 90\n", &[("f", 90)], &[]);
        check_one("", &[("f", 90)], &["a.rs: `f` has 90 lines, 70 or more"]);
        check_one("a.rs f 90\n", &[("f", 91)], &["a.rs: `f` grew from 90 to 91 lines"]);
    }

    #[test]
    fn it_turns_one_way() {
        let problem = "a.rs: `f` shrank: run `cargo xtask tidy --update-ratchet`";
        check_one("a.rs f 90\n", &[("f", 80)], &[problem]);
        check_one("a.rs f 90\n", &[], &[problem]);
    }

    #[test]
    fn what_is_written_is_read_again() {
        let all = lengths(&[("f", 90), ("g", 71)]);
        assert_eq!(parse(&render(&all)), all);
    }
}
