//! Structures as the kernel and the C library lay them down, as far as they are used.
//!
//! Every size and offset is asserted here at compile time and against C in the tests. Must never
//! hold a structure whose layout is not so checked.

use std::mem::offset_of;

/// The kernel's own `struct sigaction`, for `rt_sigaction` with a `sigsetsize` of 8.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct KernelSigaction {
    pub handler: usize,
    pub flags: u64,
    /// With `SA_RESTORER`, which x86-64 demands: the code that calls `rt_sigreturn`.
    pub restorer: usize,
    pub mask: u64,
}

/// `SA_RESTORER`
pub const SA_RESTORER: u64 = 0x0400_0000;

/// The C library's `struct sigaction`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct LibcSigaction {
    pub handler: usize,
    pub mask: [u64; 16],
    pub flags: i32,
    pub restorer: usize,
}

/// `stack_t`
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct StackT {
    pub sp: usize,
    pub flags: i32,
    pub size: usize,
}

/// `siginfo_t` of a fault.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct SigInfo {
    pub signo: i32,
    pub errno: i32,
    pub code: i32,
    pad: i32,
    /// The address that was touched, or for `SIGILL` and `SIGFPE` the instruction's.
    pub addr: usize,
    rest: [u64; 13],
}

/// The general registers in a [`UContext`], in the kernel's order.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Registers {
    pub r8: u64,
    pub r9: u64,
    pub r10: u64,
    pub r11: u64,
    pub r12: u64,
    pub r13: u64,
    pub r14: u64,
    pub r15: u64,
    pub rdi: u64,
    pub rsi: u64,
    pub rbp: u64,
    pub rbx: u64,
    pub rdx: u64,
    pub rax: u64,
    pub rcx: u64,
    pub rsp: u64,
    pub rip: u64,
    pub eflags: u64,
    pub csgsfs: u64,
    pub err: u64,
    pub trapno: u64,
    pub oldmask: u64,
    pub cr2: u64,
}

/// `ucontext_t`, what a signal handler is given and the kernel resumes from.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct UContext {
    pub flags: u64,
    pub link: usize,
    pub stack: StackT,
    pub registers: Registers,
    pub fpregs: usize,
    reserved: [u64; 8],
    pub sigmask: [u64; 16],
    fpregs_mem: [u64; 64],
    shadow_stack: [u64; 4],
}

/// `struct clone_args` of `clone3`.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct CloneArgs {
    pub flags: u64,
    pub pidfd: u64,
    pub child_tid: u64,
    pub parent_tid: u64,
    pub exit_signal: u64,
    pub stack: u64,
    pub stack_size: u64,
    pub tls: u64,
    pub set_tid: u64,
    pub set_tid_size: u64,
    pub cgroup: u64,
}

/// `struct epoll_event`, packed on x86-64.
#[derive(Clone, Copy, Debug)]
#[repr(C, packed)]
pub struct EpollEvent {
    pub events: u32,
    pub data: u64,
}

/// `struct timespec`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Timespec {
    pub sec: i64,
    pub nsec: i64,
}

const _: () = {
    assert!(size_of::<KernelSigaction>() == 32);
    assert!(size_of::<LibcSigaction>() == 152);
    assert!(offset_of!(LibcSigaction, mask) == 8);
    assert!(offset_of!(LibcSigaction, flags) == 136);
    assert!(offset_of!(LibcSigaction, restorer) == 144);
    assert!(size_of::<StackT>() == 24);
    assert!(size_of::<SigInfo>() == 128);
    assert!(offset_of!(SigInfo, addr) == 16);
    assert!(size_of::<UContext>() == 968);
    assert!(offset_of!(UContext, registers) + offset_of!(Registers, rsp) == 160);
    assert!(offset_of!(UContext, registers) + offset_of!(Registers, rip) == 168);
    assert!(size_of::<CloneArgs>() == 88);
    assert!(size_of::<EpollEvent>() == 12);
    assert!(size_of::<Timespec>() == 16);
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_offsets_are_those_of_c() {
        assert_eq!(size_of::<LibcSigaction>(), size_of::<libc::sigaction>());
        assert_eq!(offset_of!(LibcSigaction, handler), offset_of!(libc::sigaction, sa_sigaction));
        assert_eq!(offset_of!(LibcSigaction, mask), offset_of!(libc::sigaction, sa_mask));
        assert_eq!(offset_of!(LibcSigaction, flags), offset_of!(libc::sigaction, sa_flags));
        assert_eq!(offset_of!(LibcSigaction, restorer), offset_of!(libc::sigaction, sa_restorer));
        assert_eq!(size_of::<StackT>(), size_of::<libc::stack_t>());
        assert_eq!(offset_of!(StackT, size), offset_of!(libc::stack_t, ss_size));
        assert_eq!(size_of::<SigInfo>(), size_of::<libc::siginfo_t>());
        assert_eq!(size_of::<UContext>(), size_of::<libc::ucontext_t>());
        assert_eq!(offset_of!(UContext, registers), offset_of!(libc::ucontext_t, uc_mcontext));
        assert_eq!(offset_of!(UContext, sigmask), offset_of!(libc::ucontext_t, uc_sigmask));
        assert_eq!(size_of::<CloneArgs>(), size_of::<libc::clone_args>());
        assert_eq!(offset_of!(CloneArgs, tls), offset_of!(libc::clone_args, tls));
        assert_eq!(size_of::<EpollEvent>(), size_of::<libc::epoll_event>());
        assert_eq!(size_of::<Timespec>(), size_of::<libc::timespec>());
    }

    #[test]
    fn registers_stand_where_c_numbers_them() {
        let at = |register: i32| register as usize * 8;
        assert_eq!(offset_of!(Registers, r15), at(libc::REG_R15));
        assert_eq!(offset_of!(Registers, rdi), at(libc::REG_RDI));
        assert_eq!(offset_of!(Registers, rbp), at(libc::REG_RBP));
        assert_eq!(offset_of!(Registers, rsp), at(libc::REG_RSP));
        assert_eq!(offset_of!(Registers, rip), at(libc::REG_RIP));
        assert_eq!(offset_of!(Registers, eflags), at(libc::REG_EFL));
        assert_eq!(offset_of!(Registers, cr2), at(libc::REG_CR2));
    }

    #[test]
    fn the_kernel_takes_its_own_sigaction() {
        let mut old = KernelSigaction { handler: 1, flags: 1, restorer: 1, mask: 1 };
        let null = std::ptr::null::<KernelSigaction>();
        // SAFETY: only reads the present action of a signal into `old`, which is as large as asserted.
        let result =
            unsafe { libc::syscall(libc::SYS_rt_sigaction, libc::SIGUSR2, null, &mut old, 8usize) };
        assert_eq!((result, old.handler), (0, libc::SIG_DFL));
    }
}
