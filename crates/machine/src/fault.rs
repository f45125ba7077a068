//! Hardware faults: the signal handler's frame around a decision that the runtime makes.
//!
//! The handler runs on a stack of its own. It asks the decider, which says either that execution goes on at
//! another place (an actor ends) or that the process is to end. The decider may only read memory and
//! must not allocate, lock or return to the faulting instruction. No page is ever made writable.

use crate::layout::{SigInfo, UContext};
use crate::memory;
use std::cell::Cell;
use std::sync::OnceLock;

/// What kind of fault, by the signal that told of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FaultKind {
    /// `SIGSEGV`
    Segment,
    /// `SIGBUS`
    Bus,
    /// `SIGFPE`
    Arithmetic,
    /// `SIGILL`
    Illegal,
}

impl FaultKind {
    const ALL: [FaultKind; 4] =
        [FaultKind::Segment, FaultKind::Bus, FaultKind::Arithmetic, FaultKind::Illegal];

    fn signal(self) -> i32 {
        match self {
            FaultKind::Segment => libc::SIGSEGV,
            FaultKind::Bus => libc::SIGBUS,
            FaultKind::Arithmetic => libc::SIGFPE,
            FaultKind::Illegal => libc::SIGILL,
        }
    }

    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            FaultKind::Segment => "invalid memory access",
            FaultKind::Bus => "invalid memory mapping",
            FaultKind::Arithmetic => "arithmetic fault",
            FaultKind::Illegal => "illegal instruction",
        }
    }
}

/// A fault as the decider sees it.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    pub kind: FaultKind,
    /// The address that was touched, for `Segment` and `Bus`.
    pub address: usize,
    /// The instruction's address.
    pub pc: usize,
    pub stack_pointer: usize,
    pub frame_pointer: usize,
    /// What compiled code holds in its pinned register.
    pub pinned: usize,
}

/// What becomes of a faulting thread.
#[derive(Clone, Copy, Debug)]
pub enum Decision {
    /// Goes on in `code(argument)`, which must not return, with its stack ending at `stack_top`.
    Resume { code: unsafe extern "C" fn(*mut u8) -> !, argument: *mut u8, stack_top: usize },
    /// Aborts with a dump of the registers.
    Abort,
}

/// Decides about one fault.
pub type Decider = fn(&Fault) -> Decision;

static DECIDER: OnceLock<Decider> = OnceLock::new();

/// The alternate stack: 16 KiB proved too small for runtimes like this one.
const SIGNAL_STACK: usize = 64 * 1024;

thread_local! {
    static HAS_SIGNAL_STACK: Cell<bool> = const { Cell::new(false) };
}

/// Installs the handler for the process (the first decider stays) and its stack for this thread.
pub fn install(decider: Decider) {
    if DECIDER.set(decider).is_ok() {
        for kind in FaultKind::ALL {
            install_handler(kind.signal());
        }
    }
    if !HAS_SIGNAL_STACK.replace(true) {
        install_signal_stack();
    }
}

fn install_handler(signal: i32) {
    // SAFETY: zero is a valid `sigaction`, the handler has the signature that SA_SIGINFO asks for.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        libc::sigemptyset(&mut action.sa_mask);
        libc::sigaction(signal, &action, std::ptr::null_mut());
    }
}

/// The thread's alternate stack lives as long as the process: a thread may fault to its very end.
fn install_signal_stack() {
    let Some(memory) = memory::map(SIGNAL_STACK) else { return };
    let stack = libc::stack_t { ss_sp: memory.as_ptr().cast(), ss_flags: 0, ss_size: SIGNAL_STACK };
    // SAFETY: the memory is fresh and stays mapped.
    unsafe { libc::sigaltstack(&stack, std::ptr::null_mut()) };
}

unsafe extern "C" fn handler(signal: i32, info: *const SigInfo, context: *mut UContext) {
    // SAFETY: the kernel passes valid pointers of the layouts asserted in `layout`.
    let (info, context) = unsafe { (&*info, &mut *context) };
    let registers = &mut context.registers;
    let kind = FaultKind::ALL.into_iter().find(|kind| kind.signal() == signal);
    let fault = Fault {
        kind: kind.unwrap_or(FaultKind::Segment),
        address: info.addr,
        pc: registers.rip as usize,
        stack_pointer: registers.rsp as usize,
        frame_pointer: registers.rbp as usize,
        pinned: registers.r15 as usize,
    };
    // A signal that another process sent is no fault of an instruction.
    let by_hardware = info.code > 0;
    let decider = DECIDER.get().filter(|_| by_hardware);
    match decider.map_or(Decision::Abort, |decide| decide(&fault)) {
        Decision::Resume { code, argument, stack_top } => {
            registers.rip = code as usize as u64;
            registers.rdi = argument as u64;
            registers.rbp = 0;
            // As right after a call: 8 below a multiple of 16.
            registers.rsp = (stack_top & !15) as u64 - 8;
            registers.eflags &= !DIRECTION_FLAG;
        }
        Decision::Abort => abort(&fault, context),
    }
}

/// C code may assume that it is clear.
const DIRECTION_FLAG: u64 = 1 << 10;

/// Prints the registers and ends the process, without allocating.
fn abort(fault: &Fault, context: &UContext) -> ! {
    let r = &context.registers;
    let mut out = DumpText { bytes: [0; 1024], len: 0 };
    out.text("sepal: internal error: ");
    out.text(fault.kind.name());
    let lines: [(&str, u64); 18] = [
        (" at ", fault.address as u64),
        ("\n  rip ", r.rip),
        (" rsp ", r.rsp),
        (" rbp ", r.rbp),
        ("\n  rax ", r.rax),
        (" rbx ", r.rbx),
        (" rcx ", r.rcx),
        ("\n  rdx ", r.rdx),
        (" rsi ", r.rsi),
        (" rdi ", r.rdi),
        ("\n  r8  ", r.r8),
        (" r9  ", r.r9),
        (" r10 ", r.r10),
        ("\n  r11 ", r.r11),
        (" r12 ", r.r12),
        (" r13 ", r.r13),
        ("\n  r14 ", r.r14),
        (" r15 ", r.r15),
    ];
    for (name, value) in lines {
        out.text(name);
        out.hex(value);
    }
    out.text("\n");
    // SAFETY: writes initialised bytes; then restores the default action so that the process dies by the signal.
    unsafe {
        libc::write(2, out.bytes.as_ptr().cast(), out.len);
        libc::abort()
    }
}

/// A text of fixed capacity; what does not fit is left out.
struct DumpText {
    bytes: [u8; 1024],
    len: usize,
}

impl DumpText {
    fn text(&mut self, text: &str) {
        for &byte in text.as_bytes() {
            if let Some(place) = self.bytes.get_mut(self.len) {
                *place = byte;
                self.len += 1;
            }
        }
    }

    fn hex(&mut self, value: u64) {
        let digit = |shift: u32| b"0123456789abcdef"[(value >> shift) as usize & 15];
        for index in (0..16).rev() {
            let byte = [digit(index * 4)];
            self.text(std::str::from_utf8(&byte).unwrap_or("?"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::r#gen::{EntryStatus, abandon_actor, enter_actor};
    use crate::memory::Stack;
    use std::sync::atomic::{AtomicUsize, Ordering};

    static mut SLOT: usize = 0;
    static EMERGENCY_TOP: AtomicUsize = AtomicUsize::new(0);
    static FAULT_ADDRESS: AtomicUsize = AtomicUsize::new(0);

    unsafe extern "C" fn recover(_: *mut u8) -> ! {
        // SAFETY: the test entered with this slot.
        unsafe { abandon_actor(&raw mut SLOT) }
    }

    fn decide(fault: &Fault) -> Decision {
        FAULT_ADDRESS.store(fault.address, Ordering::Relaxed);
        let stack_top = EMERGENCY_TOP.load(Ordering::Relaxed);
        Decision::Resume { code: recover, argument: std::ptr::null_mut(), stack_top }
    }

    #[unsafe(naked)]
    unsafe extern "C" fn overflow() -> ! {
        std::arch::naked_asm!("2: push rax", "jmp 2b")
    }

    #[test]
    fn running_into_the_guard_resumes_where_the_decider_says() {
        let stack = Stack::new(64 * 1024).expect("a small stack");
        EMERGENCY_TOP.store(stack.emergency_top(), Ordering::Relaxed);
        install(decide);
        for _ in 0..2 {
            // SAFETY: `overflow` leaves only through the fault, which abandons the entry.
            let result = unsafe {
                let code = overflow as *const u8;
                enter_actor(&raw mut SLOT, std::ptr::null_mut(), code, 0, stack.top())
            };
            assert_eq!(result.status, EntryStatus::Abandoned);
            assert!(stack.is_guard(FAULT_ADDRESS.load(Ordering::Relaxed)));
        }
    }
}
