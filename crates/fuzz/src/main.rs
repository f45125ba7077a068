//! `cargo run --release -p sepal-fuzz -- TARGET [--seconds N] [--seed N]` tries a claim on mutated texts, and
//! `… -- TARGET --file PATH` on one. A child process does the work, since a broken claim ends it; the parent keeps the
//! text that ended it, or that took too long, in `target/fuzz/`. Must never stop at the first find.

use sepal_fuzz::targets::{STACK, TARGETS, Target};
use sepal_fuzz::{corpus, mutate};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant, SystemTime};

/// No text of this size may take longer.
const LIMIT: Duration = Duration::from_secs(10);
const USAGE: &str =
    "usage: sepal-fuzz lexer|parser|checker|mir_text [--seconds N] [--seed N] [--file PATH]";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(found) => {
            eprintln!("{found} texts break the claim");
            ExitCode::FAILURE
        }
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
    }
}

fn run(words: &[&str]) -> Result<usize, String> {
    let (name, options) = words.split_first().ok_or(USAGE)?;
    let target = TARGETS.iter().find(|t| t.name == *name).ok_or(USAGE)?;
    let (mut seconds, mut seed, mut child) = (60, 0, None);
    for pair in options.chunks(2) {
        let number = |text: &str| text.parse::<u64>().map_err(|_| format!("`{text}` is no number"));
        match pair {
            ["--seconds", n] => seconds = number(n)?,
            ["--seed", n] => seed = number(n)?,
            ["--file", path] => {
                let text = std::fs::read_to_string(path).map_err(|e| format!("{path}: {e}"))?;
                return on_own_stack(move || (target.run)(&text)).map(|()| 0);
            }
            ["--child", path] => child = Some(PathBuf::from(path)),
            _ => return Err(USAGE.to_string()),
        }
    }
    match child {
        Some(current) => on_own_stack(move || work(target, seed, &current)).map(|()| 0),
        None => watch(target, seed, Duration::from_secs(seconds)),
    }
}

fn on_own_stack(work: impl FnOnce() + Send + 'static) -> Result<(), String> {
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(work);
    thread.map_err(|e| e.to_string())?.join().map_err(|_| "the claim is broken".to_string())
}

/// Tries one text after another for ever. Each seed is written down first, always over the last one.
fn work(target: &Target, first: u64, current: &Path) {
    let corpus = corpus::texts(target);
    let file = File::create(current).expect("the parent made the folder");
    for seed in first.. {
        file.write_all_at(format!("{seed:020}").as_bytes(), 0).expect("the disk has room");
        (target.run)(&mutate::text(&corpus, seed));
    }
}

/// Starts children, each where the last one ended, until the time is over; gives the number of finds.
fn watch(target: &Target, mut seed: u64, time: Duration) -> Result<usize, String> {
    let folder = corpus::root().join("target/fuzz");
    std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let current = folder.join(format!("{}-current", target.name));
    let corpus = corpus::texts(target);
    let (start, first, mut found) = (Instant::now(), seed, 0);
    while start.elapsed() < time {
        // What an earlier child left there says nothing of this one; mostly there is nothing.
        drop(std::fs::remove_file(&current));
        let mut child = spawn(target, seed, &current)?;
        let end = wait(&mut child, &current, time.saturating_sub(start.elapsed()))?;
        let at = read(&current).unwrap_or(seed);
        seed = at + 1;
        if let Some(what) = end {
            found += 1;
            let file = folder.join(format!("{}-{at}.txt", target.name));
            std::fs::write(&file, mutate::text(&corpus, at))
                .map_err(|e| format!("{}: {e}", file.display()))?;
            println!("{}: {what} at seed {at}: {}", target.name, file.display());
        }
    }
    println!(
        "{}: {} texts in {} s, {found} finds",
        target.name,
        seed - first,
        start.elapsed().as_secs()
    );
    Ok(found)
}

fn spawn(target: &Target, seed: u64, current: &Path) -> Result<Child, String> {
    let program = std::env::current_exe().map_err(|e| e.to_string())?;
    let mut command = Command::new(program);
    command.arg(target.name).args(["--seed", &seed.to_string(), "--child"]).arg(current);
    command.stdout(Stdio::null()).spawn().map_err(|e| e.to_string())
}

/// How a child ended: by itself, for lack of progress, or not at all before the time was over (`None`).
fn wait(child: &mut Child, current: &Path, time: Duration) -> Result<Option<&'static str>, String> {
    let start = Instant::now();
    loop {
        std::thread::sleep(Duration::from_millis(100));
        if child.try_wait().map_err(|e| e.to_string())?.is_some() {
            return Ok(Some("crash"));
        }
        let written = std::fs::metadata(current).and_then(|m| m.modified());
        let age = written.ok().and_then(|at| SystemTime::now().duration_since(at).ok());
        let stuck = age.is_some_and(|age| age > LIMIT) && start.elapsed() > LIMIT;
        if stuck || start.elapsed() > time {
            child.kill().and_then(|()| child.wait()).map_err(|e| e.to_string())?;
            return Ok(stuck.then_some("hang"));
        }
    }
}

/// The seed that a child was at.
fn read(current: &Path) -> Option<u64> {
    std::fs::read_to_string(current).ok()?.parse().ok()
}
