//! Expectations written as comments in a test program (the format is described in `tests/lang/README.md`).
//! Must never guess: an unknown or malformed expectation is an error of the test, not something to skip.

use std::path::Path;

/// What a program promises about its run.
#[derive(Default, Debug)]
pub struct Expect {
    pub stdout: Vec<String>,
    pub exit: i32,
    /// Exact lines of stderr; `None` where the program does not say.
    pub stderr: Option<Vec<String>>,
    pub stderr_has: Vec<String>,
    pub stdin: String,
    pub args: Vec<String>,
}

/// Reads the expectations of `file`.
pub fn parse(file: &Path) -> Result<Expect, String> {
    let text = std::fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))?;
    let mut expect = Expect::default();
    for (number, line) in text.lines().enumerate() {
        let Some((key, value)) = directive(line) else { continue };
        match key {
            "expect" => expect.stdout.push(value.to_string()),
            "stderr" => expect.stderr.get_or_insert_default().push(value.to_string()),
            "stderr-has" => expect.stderr_has.push(value.to_string()),
            "stdin" => {
                expect.stdin.push_str(value);
                expect.stdin.push('\n');
            }
            "args" => expect.args.extend(value.split_whitespace().map(String::from)),
            "exit" => {
                expect.exit = value.trim().parse().map_err(|_| format!("line {}: exit code?", number + 1))?;
            }
            other => unreachable!("directive() knows only listed keys, not {other}"),
        }
    }
    Ok(expect)
}

const KEYS: [&str; 6] = ["expect", "stderr-has", "stderr", "stdin", "args", "exit"];

/// `// key: value` at the end of a line; the value is everything after one blank.
fn directive(line: &str) -> Option<(&'static str, &str)> {
    KEYS.iter().find_map(|key| {
        let marker = format!("// {key}:");
        let at = line.find(&marker)?;
        let value = &line[at + marker.len()..];
        Some((*key, value.strip_prefix(' ').unwrap_or(value)))
    })
}

/// A diagnostic promised on a line: `//~ error: words` or `//~ warning: words`.
#[derive(Debug)]
pub struct Promise {
    pub line: usize,
    pub level: &'static str,
    pub words: String,
}

pub fn promises(file: &Path) -> Result<Vec<Promise>, String> {
    let text = std::fs::read(file).map_err(|e| format!("{}: {e}", file.display()))?;
    let text = String::from_utf8_lossy(&text);
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let Some((_, rest)) = line.split_once("//~ ") else { continue };
        let (level, words) = match rest.split_once(": ") {
            Some(("error", words)) => ("error", words),
            Some(("warning", words)) => ("warning", words),
            _ => return Err(format!("{}:{}: neither `error:` nor `warning:`", file.display(), number + 1)),
        };
        found.push(Promise { line: number + 1, level, words: words.trim().to_string() });
    }
    Ok(found)
}
