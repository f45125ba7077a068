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
                expect.exit =
                    value.trim().parse().map_err(|_| format!("line {}: exit code?", number + 1))?;
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
    /// The file's name and line, as diagnostics show them.
    pub place: String,
    pub level: &'static str,
    pub words: String,
}

/// The mark before a promise.
pub const PROMISE: &str = "//~ ";

/// The promises of a program; one of several modules has them in any of its files.
pub fn promises(file: &Path) -> Result<Vec<Promise>, String> {
    if file.file_name().is_none_or(|name| name != "main.spl") {
        return promises_in(file);
    }
    let folder = file.parent().expect("a file has a folder");
    let entries = std::fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(|e| format!("{}: {e}", folder.display()))?.path();
        if path.extension().is_some_and(|e| e == "spl") {
            found.append(&mut promises_in(&path)?);
        }
    }
    Ok(found)
}

fn promises_in(file: &Path) -> Result<Vec<Promise>, String> {
    let text = std::fs::read(file).map_err(|e| format!("{}: {e}", file.display()))?;
    let text = String::from_utf8_lossy(&text);
    let name = file.file_name().and_then(|n| n.to_str()).expect("test names are UTF-8");
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let Some((_, rest)) = line.split_once(PROMISE) else { continue };
        let (level, words) = match rest.split_once(": ") {
            Some(("error", words)) => ("error", words),
            Some(("warning", words)) => ("warning", words),
            _ => {
                return Err(format!(
                    "{}:{number}: neither `error:` nor `warning:`",
                    file.display()
                ));
            }
        };
        found.push(Promise {
            place: format!("{name}:{number}"),
            level,
            words: words.trim().to_string(),
        });
    }
    Ok(found)
}
