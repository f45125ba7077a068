//! A copy of this process that runs one compiled program, with its output in a file and a limit on its time.
//!
//! A program may end the process it runs in, crash it, or never end; and what it is about to write shall be read
//! first. Copying costs a fraction of compiling the program again. Must never leave a child running.

use std::fs::File;
use std::io::{Read, Seek};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

/// How a child ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    Code(i32),
    /// A signal of the operating system ended it.
    Signal(i32),
    TimeIsOver,
}

/// A child and what it has written.
#[derive(Debug)]
pub struct Child {
    pid: libc::pid_t,
    output: File,
    until: Instant,
    has_ended: bool,
}

/// The exit code of a child whose body panicked, which is a fault of the compiler or the runtime.
const INTERNAL: i32 = 70;

impl Child {
    /// Runs `body` in a copy of this process; its result is the exit code. The body must not expect any other thread
    /// of this process to be there.
    ///
    /// # Errors
    /// There are no more processes or files to be had.
    pub fn start(limit: Duration, body: impl FnOnce() -> i32) -> std::io::Result<Child> {
        let output = tempfile::tempfile()?;
        let input = File::open("/dev/null")?;
        // SAFETY: the child is a copy of this thread alone. While commands run, the only other thread waits for this
        // one and holds no lock, so whatever the child takes is free; it ends by `_exit`.
        let pid = unsafe { libc::fork() };
        match pid {
            -1 => Err(std::io::Error::last_os_error()),
            0 => {
                let code = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                    connect(&input, libc::STDIN_FILENO);
                    connect(&output, libc::STDOUT_FILENO);
                    connect(&output, libc::STDERR_FILENO);
                    body()
                }));
                // SAFETY: ends the child.
                unsafe { libc::_exit(code.unwrap_or(INTERNAL) & 0xff) }
            }
            pid => Ok(Child { pid, output, until: Instant::now() + limit, has_ended: false }),
        }
    }

    /// Waits for the end; gives what was written, too.
    ///
    /// # Errors
    /// The output cannot be read.
    pub fn wait(mut self) -> std::io::Result<(Ending, Vec<u8>)> {
        let mut pause = Duration::from_micros(100);
        let ending = loop {
            if let Some(ending) = self.look(libc::WNOHANG)? {
                break ending;
            }
            if Instant::now() >= self.until {
                self.kill();
                break Ending::TimeIsOver;
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(5));
        };
        let mut written = Vec::new();
        self.output.rewind()?;
        self.output.read_to_end(&mut written)?;
        Ok((ending, written))
    }

    fn look(&mut self, flags: i32) -> std::io::Result<Option<Ending>> {
        let mut status = 0;
        // SAFETY: the child is this process's own and has not been waited for.
        let pid = unsafe { libc::waitpid(self.pid, &raw mut status, flags) };
        if pid == 0 {
            return Ok(None);
        }
        self.has_ended = true;
        if pid == -1 {
            return Err(std::io::Error::last_os_error());
        }
        let is_exit = libc::WIFEXITED(status);
        let code = if is_exit { libc::WEXITSTATUS(status) } else { libc::WTERMSIG(status) };
        Ok(Some(if is_exit { Ending::Code(code) } else { Ending::Signal(code) }))
    }

    fn kill(&mut self) {
        // SAFETY: the child is this process's own and has not been waited for.
        unsafe { libc::kill(self.pid, libc::SIGKILL) };
        // Whatever it ended by, it has ended.
        let _ = self.look(0);
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if !self.has_ended {
            self.kill();
        }
    }
}

fn connect(file: &File, fd: i32) {
    // SAFETY: both descriptors are open, and nobody else uses the child's.
    unsafe { libc::dup2(file.as_raw_fd(), fd) };
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    /// # Safety
    /// As `write`.
    fn say(text: &str) {
        // SAFETY: the bytes are initialised.
        unsafe { libc::write(libc::STDERR_FILENO, text.as_ptr().cast(), text.len()) };
    }

    #[test]
    fn output_and_endings_come_back() {
        let child = Child::start(LONG, || {
            say("hello");
            7
        });
        let (ending, output) = child.and_then(Child::wait).expect("a child runs");
        assert_eq!((ending, output.as_slice()), (Ending::Code(7), b"hello".as_slice()));
        // SAFETY: ends the child.
        let child = Child::start(LONG, || unsafe { libc::raise(libc::SIGKILL) });
        assert_eq!(child.and_then(Child::wait).expect("it runs").0, Ending::Signal(libc::SIGKILL));
    }

    #[test]
    fn what_never_ends_is_ended() {
        let child = Child::start(Duration::from_millis(20), || {
            loop {
                std::hint::spin_loop();
            }
        });
        assert_eq!(child.and_then(Child::wait).expect("it runs").0, Ending::TimeIsOver);
    }
}
