//! How exactly the kernel wakes a thread that sleeps for a time. Must never fail: a thread that cannot be woken more exactly
//! is woken less exactly.

use libc::sched_attr;

/// The shortest slice that the kernel grants, in nanoseconds.
const SHORTEST_SLICE: u64 = 100_000;

/// Lets the kernel wake this thread at the time it asks for: not up to 50 microseconds later together with others, and
/// before the slices of threads that compute are over, which with all cores taken last some 3 milliseconds.
pub fn wake_exactly() {
    // SAFETY: the call changes nothing but this thread's slack, in nanoseconds.
    unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, 1 as libc::c_ulong) };
    ask_for_short_slices();
}

/// A thread that wakes with a shorter slice than the one that runs takes its core at once (EEVDF; `sched_runtime` means the slice
/// of an ordinary thread since Linux 6.12 and nothing before). Its share of the core stays what it was.
fn ask_for_short_slices() {
    const SIZE: u32 = size_of::<sched_attr>() as u32;
    // SAFETY: all of its fields are integers.
    let mut attr: sched_attr = unsafe { std::mem::zeroed() };
    // SAFETY: the kernel writes at most SIZE bytes, of this thread.
    let got = unsafe { libc::syscall(libc::SYS_sched_getattr, 0, &raw mut attr, SIZE, 0) };
    if got != 0 || attr.sched_policy != libc::SCHED_OTHER as u32 {
        return;
    }
    attr.sched_runtime = SHORTEST_SLICE;
    // SAFETY: the kernel reads SIZE bytes; what it changes is this thread's slice. A refusal leaves the thread as it was.
    unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const attr, 0) };
}
