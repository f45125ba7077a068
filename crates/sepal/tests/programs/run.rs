//! Running the `sepal` binary under a time limit, with everything it printed.
//! Must never leave a child running behind a failed test.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// No test program needs longer, even unoptimised and on a busy machine.
const LIMIT: Duration = Duration::from_secs(120);

pub struct Output {
    pub stdout: Vec<u8>,
    pub stderr: String,
    pub code: i32,
}

/// Runs `sepal args…` in `folder`.
pub fn sepal(folder: &Path, args: &[&str], stdin: &str) -> Result<Output, String> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_sepal"))
        .args(args)
        .current_dir(folder)
        .env_remove("SEPAL_MAX_HEAP")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| format!("cannot start sepal: {e}"))?;
    let mut input = child.stdin.take().expect("stdin is piped");
    let mut out = child.stdout.take().expect("stdout is piped");
    let mut err = child.stderr.take().expect("stderr is piped");
    let text = stdin.to_string();
    // A program that does not read its input closes the pipe: not an error of the test.
    let writer = std::thread::spawn(move || drop(input.write_all(text.as_bytes())));
    let stdout = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        out.read_to_end(&mut bytes).map(|_| bytes)
    });
    let stderr = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        err.read_to_end(&mut bytes).map(|_| bytes)
    });
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().map_err(|e| e.to_string())? {
            break status;
        }
        if started.elapsed() > LIMIT {
            child.kill().map_err(|e| e.to_string())?;
            child.wait().map_err(|e| e.to_string())?;
            return Err(format!("still running after {} s", LIMIT.as_secs()));
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    writer.join().map_err(|_| "writer thread failed".to_string())?;
    let bytes = |t: std::thread::JoinHandle<std::io::Result<Vec<u8>>>| {
        t.join().map_err(|_| "reader thread failed".to_string())?.map_err(|e| e.to_string())
    };
    let stdout = bytes(stdout)?;
    let stderr = String::from_utf8_lossy(&bytes(stderr)?).into_owned();
    // A signal's death shows as a negative code, as in Python.
    let code = status
        .code()
        .unwrap_or_else(|| -std::os::unix::process::ExitStatusExt::signal(&status).unwrap_or(0));
    Ok(Output { stdout, stderr, code })
}
