//! Standard input, output and error.
//!
//! Output is buffered, line by line on a terminal; it is flushed before anything goes to standard error,
//! before the program waits for terminal input, and at exit. One lock each; they are held for the time of a
//! copy or system call, never across a return to compiled code.
//!
//! A closed pipe ends the program quietly, as the signal would have. Must never panic.

use std::io::{self, BufRead, IsTerminal, Read};
use std::sync::{Mutex, OnceLock, PoisonError};

/// What a shell reports for a program ended by `SIGPIPE`.
const EXIT_PIPE: i32 = 141;
/// Writes become system calls in pieces of this size.
const CAPACITY: usize = 64 * 1024;

static OUTPUT: Mutex<Vec<u8>> = Mutex::new(Vec::new());

fn lock() -> std::sync::MutexGuard<'static, Vec<u8>> {
    // The buffer is valid between any two steps.
    OUTPUT.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_terminal() -> bool {
    static TERMINAL: OnceLock<bool> = OnceLock::new();
    *TERMINAL.get_or_init(|| io::stdout().is_terminal())
}

/// Broken pipes shall be errors of a write, which this module answers.
pub(crate) fn ignore_pipe_signal() {
    // SAFETY: changes the disposition of one signal.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
}

/// Writes to standard output.
pub fn write_output(bytes: &[u8]) {
    let mut buffer = lock();
    if buffer.len() + bytes.len() > CAPACITY {
        flush_buffer(&mut buffer);
    }
    if bytes.len() >= CAPACITY {
        end_on_error(write_all(libc::STDOUT_FILENO, bytes));
        return;
    }
    buffer.extend_from_slice(bytes);
    if is_terminal() && memchr::memchr(b'\n', bytes).is_some() {
        flush_buffer(&mut buffer);
    }
}

/// Writes out what is buffered.
pub fn flush() {
    flush_buffer(&mut lock());
}

fn flush_buffer(buffer: &mut Vec<u8>) {
    if buffer.is_empty() {
        return;
    }
    let result = write_all(libc::STDOUT_FILENO, buffer);
    buffer.clear();
    end_on_error(result);
}

/// Writes to standard error, after all output so far. Nobody can be told of a failure.
pub fn write_error(bytes: &[u8]) {
    flush();
    let _ = write_all(libc::STDERR_FILENO, bytes);
}

/// Writes to standard error at once, past the lock and the buffer of standard output, which may be stuck.
pub(crate) fn write_error_now(bytes: &[u8]) {
    let _ = write_all(libc::STDERR_FILENO, bytes);
}

fn end_on_error(result: io::Result<()>) {
    let Err(error) = result else { return };
    if error.kind() == io::ErrorKind::BrokenPipe {
        exit_now(EXIT_PIPE);
    }
    let message = format!("error: cannot write to standard output: {error}\n");
    let _ = write_all(libc::STDERR_FILENO, message.as_bytes());
    exit_now(1);
}

/// Ends the process without another look at the buffer.
fn exit_now(code: i32) -> ! {
    // SAFETY: ends the process.
    unsafe { libc::_exit(code) }
}

/// Flushes and ends the process.
pub fn exit(code: i32) -> ! {
    flush();
    exit_now(code)
}

fn write_all(fd: i32, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        // SAFETY: the bytes are initialised.
        let written = unsafe { libc::write(fd, bytes.as_ptr().cast(), bytes.len()) };
        match usize::try_from(written) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => bytes = &bytes[count..],
            Err(_) => {
                let error = io::Error::last_os_error();
                match error.kind() {
                    io::ErrorKind::Interrupted => {}
                    io::ErrorKind::WouldBlock => wait_writable(fd),
                    _ => return Err(error),
                }
            }
        }
    }
    Ok(())
}

/// Somebody may have made the descriptor non-blocking.
fn wait_writable(fd: i32) {
    let mut poll = libc::pollfd { fd, events: libc::POLLOUT, revents: 0 };
    // SAFETY: one valid entry.
    unsafe { libc::poll(&mut poll, 1, -1) };
}

fn flush_before_input() {
    if is_terminal() {
        flush();
    }
}

/// A line without its end. `None` at the end of input, and where it cannot be read.
pub fn read_line() -> Option<Vec<u8>> {
    flush_before_input();
    let mut line = Vec::new();
    let count = io::stdin().lock().read_until(b'\n', &mut line).ok()?;
    if count == 0 {
        return None;
    }
    if line.ends_with(b"\n") {
        line.pop();
        if line.ends_with(b"\r") {
            line.pop();
        }
    }
    Some(line)
}

/// The rest of the input.
pub fn read_all() -> Vec<u8> {
    flush_before_input();
    let mut bytes = Vec::new();
    // What was read before an error counts, as at the end of input.
    let _ = io::stdin().lock().read_to_end(&mut bytes);
    bytes
}
