//! Making a failing program small: by leaving out lines together with what is indented below them.
//! Must never give back a program that was not seen to fail.

/// Attempts in all; each runs the program on every engine.
const ATTEMPTS: usize = 600;

/// The smallest program found that still fails.
pub fn shrink(text: &str, fails: impl Fn(&str) -> bool) -> String {
    let mut lines: Vec<String> = text.lines().map(String::from).collect();
    let mut attempts = 0;
    let mut size = lines.len() / 4;
    while size > 0 {
        let mut at = 0;
        while at < lines.len() {
            let end = if size > 1 { (at + size).min(lines.len()) } else { block_end(&lines, at) };
            let mut shorter = lines.clone();
            shorter.drain(at..end);
            attempts += 1;
            if attempts > ATTEMPTS {
                return joined(&lines);
            }
            if fails(&joined(&shorter)) {
                lines = shorter;
            } else {
                at += if size > 1 { size } else { 1 };
            }
        }
        size /= 2;
    }
    joined(&lines)
}

fn joined(lines: &[String]) -> String {
    lines.join("\n") + "\n"
}

/// The end of a line's suite.
fn block_end(lines: &[String], at: usize) -> usize {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let own = indent(&lines[at]);
    let inner = lines[at + 1..].iter().take_while(|l| l.trim().is_empty() || indent(l) > own);
    at + 1 + inner.count()
}
