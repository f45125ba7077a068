//! `SIGQUIT` as a notice to one thread: the handler only adds to a counter of the kernel's, on which that thread waits.
//!
//! One notice for the process. The handler must never do more than store a flag and write eight bytes: it may interrupt
//! any code, with any lock held.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::time::Duration;

/// The counter's descriptor, for the handler; -1 before there is one.
static COUNTER: AtomicI32 = AtomicI32::new(-1);
/// A signal came since the last [`wait`].
static SIGNALLED: AtomicBool = AtomicBool::new(false);

/// Prepares for the signal, once; false if the kernel gives no counter, and the signal does what it did.
pub fn install() -> bool {
    static INSTALLED: OnceLock<bool> = OnceLock::new();
    *INSTALLED.get_or_init(|| {
        // SAFETY: makes a descriptor.
        let counter = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC) };
        if counter < 0 {
            return false;
        }
        COUNTER.store(counter, Ordering::Relaxed);
        install_handler();
        true
    })
}

fn install_handler() {
    // SAFETY: zero is a valid `sigaction`; the handler has the signature of one without SA_SIGINFO. It runs on the
    // alternate stack where a thread has one, since an actor's may be nearly used up.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler as *const () as usize;
        action.sa_flags = libc::SA_RESTART | libc::SA_ONSTACK;
        libc::sigemptyset(&mut action.sa_mask);
        libc::sigaction(libc::SIGQUIT, &action, std::ptr::null_mut());
    }
}

unsafe extern "C" fn handler(_signal: i32) {
    SIGNALLED.store(true, Ordering::Relaxed);
    // SAFETY: the interrupted code shall find its own `errno`.
    unsafe {
        let errno = libc::__errno_location();
        let own = *errno;
        wake();
        *errno = own;
    }
}

/// Ends the present or next [`wait`].
pub fn wake() {
    let one = 1u64;
    // SAFETY: the bytes are initialised. It fails only when the counter is full, and then nobody needs waking.
    unsafe { libc::write(COUNTER.load(Ordering::Relaxed), (&raw const one).cast(), 8) };
}

/// Waits for the signal (true), for [`wake`], or for so long. Only for one thread.
pub fn wait(timeout: Option<Duration>) -> bool {
    let counter = COUNTER.load(Ordering::Relaxed);
    let round_up = |time: Duration| i32::try_from(time.as_millis() + 1).unwrap_or(i32::MAX);
    let ms = timeout.map_or(-1, round_up);
    let mut entry = libc::pollfd { fd: counter, events: libc::POLLIN, revents: 0 };
    let mut count = 0u64;
    // SAFETY: one valid entry; room for the eight bytes, which are there to read.
    unsafe {
        if libc::poll(&mut entry, 1, ms) > 0 {
            libc::read(counter, (&raw mut count).cast(), 8);
        }
    }
    SIGNALLED.swap(false, Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_ends_the_wait_and_leaves_errno() {
        assert!(install() && install());
        assert!(!wait(Some(Duration::ZERO)));
        wake();
        assert!(!wait(None), "woken, but by no signal");
        // SAFETY: raises a signal that has a handler.
        unsafe {
            *libc::__errno_location() = 42;
            libc::raise(libc::SIGQUIT);
            assert_eq!(*libc::__errno_location(), 42);
        }
        assert!(wait(None));
        assert!(!wait(Some(Duration::ZERO)));
    }
}
