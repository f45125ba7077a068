//! Whole programs: machine code as a back end would make it, run to an exit code in a process of its own.
//!
//! Each program is an assembly `main` in [`CODE`]; the test starts this very binary again, whose test
//! `child` runs the program that the environment names.

use sepal_abi::{
    CodeLoc, DescId, DescKind, FnMap, Header, Image, LocEntry, NO_LOC, Table, TextRange, TypeDesc,
};
use sepal_rt::{Options, run_main};
use std::arch::global_asm;
use std::process::Command;

// `r15` is the context, `rdi` the closure of a deferred function.
global_asm!(
    ".text",
    "t_returns: mov eax, 7",
    "ret",
    // A pending defer, then a panic in a callee.
    "t_panics: push rbp",
    "mov rbp, rsp",
    "mov rdi, r15",
    "lea rsi, [rip + t_closure]",
    "call rt_defer_push",
    "mov rdi, r15",
    "lea rsi, [rip + t_bad_closure]",
    "call rt_defer_push",
    "mov rdi, r15",
    "lea rsi, [rip + t_closure]",
    "call rt_defer_push",
    "mov rdi, r15",
    "lea rsi, [rip + t_text]",
    "call rt_print",
    "call t_inner",
    "t_panics_ret: ud2",
    "t_inner: push rbp",
    "mov rbp, rsp",
    "mov rdi, r15",
    "mov esi, 2",
    "call rt_raise",
    "mov rdi, r15",
    "xor esi, esi",
    "mov rdx, rbp",
    "call rt_panic_at",
    "t_inner_end:",
    "t_deferred: push rbp",
    "mov rdi, r15",
    "lea rsi, [rip + t_deferred_text]",
    "call rt_print",
    "pop rbp",
    "ret",
    // Recursion that polls: at a call depth of its own a panic with the trace of all callers.
    "t_recurses: push rbp",
    "mov rbp, rsp",
    "cmp rsp, [r15]",
    "jb 2f",
    "call t_recurses",
    "t_recurses_ret: pop rbp",
    "ret",
    "2: mov rdi, r15",
    "call rt_poll",
    "mov rdi, r15",
    "mov esi, 2",
    "mov rdx, rbp",
    "call rt_panic_at",
    "t_recurses_end:",
    // Recursion without polls runs into the guard page.
    "t_overflows: push rbp",
    "mov rbp, rsp",
    "mov rdi, r15",
    "lea rsi, [rip + t_closure]",
    "cmp rdi, [rip + t_once]",
    "mov [rip + t_once], rdi",
    "je 2f",
    "call rt_defer_push",
    "2: call t_overflows",
    "t_overflows_ret: ud2",
    "t_overflows_end:",
    "t_faults: push rbp",
    "mov rbp, rsp",
    "mov eax, 64",
    "mov rax, [rax]",
    "t_faults_end:",
    "t_illegal: push rbp",
    "mov rbp, rsp",
    "ud2",
    "t_illegal_end:",
    "t_exits: mov rdi, r15",
    "lea rsi, [rip + t_text]",
    "push rbp",
    "call rt_print",
    "mov rdi, r15",
    "mov esi, 5",
    "call rt_exit",
    // Prints until the pipe is closed.
    "t_prints: push rbp",
    "2: mov rdi, r15",
    "lea rsi, [rip + t_text]",
    "call rt_print",
    "jmp 2b",
    "t_calls_nothing: push rbp",
    "xor eax, eax",
    "call rax",
    // `main` as a frame: starts two actors that never wait, sleeps, and gives 9.
    "t_sleeps: push rbp",
    "mov rbp, rsp",
    "push rbx",
    "push r12",
    "mov rbx, rdi",
    "cmp dword ptr [rbx + 32], 0",
    "jne 2f",
    "mov dword ptr [rbx + 32], 1",
    "lea rdi, [rip + t_spins]",
    "xor esi, esi",
    "call t_spawn",
    "lea rdi, [rip + t_spins]",
    "xor esi, esi",
    "call t_spawn",
    "mov rdi, r15",
    "mov esi, 20",
    "call rt_sleep_begin",
    "2: mov rdi, r15",
    "call rt_sleep_pending",
    "test al, al",
    "jne 3f",
    "mov qword ptr [rbx + 40], 9",
    "xor eax, eax",
    "jmp 4f",
    "3: mov rdi, r15",
    "mov rsi, rbx",
    "call rt_suspend",
    "mov eax, 1",
    "4: pop r12",
    "pop rbx",
    "pop rbp",
    "ret",
    // Spawns an actor of the code `rdi` in the manner `rsi`.
    "t_spawn: push rbp",
    "mov rbp, rsp",
    "push rbx",
    "push r12",
    "mov rbx, rdi",
    "mov r12, rsi",
    "mov rdi, r15",
    "mov esi, 8",
    "mov edx, 48",
    "call rt_object_alloc",
    "mov [rax + 8], rbx",
    "mov dword ptr [rax + 36], -1",
    "mov rdi, r15",
    "mov rsi, rax",
    "xor edx, edx",
    "xor ecx, ecx",
    "mov r8, r12",
    "call rt_spawn",
    "pop r12",
    "pop rbx",
    "pop rbp",
    "ret",
    // Polls without end, as compiled code does, and looks whether its registers stay.
    "t_spins: push rbp",
    "mov rbp, rsp",
    "mov ebx, 0x1234",
    "mov r12d, 0x5678",
    "2: cmp rsp, [r15]",
    "jae 3f",
    "mov rdi, r15",
    "call rt_poll",
    "cmp qword ptr [r15 + 24], 0",
    "jne 4f",
    "cmp qword ptr [r15], -1",
    "jne 3f",
    "mov rdi, r15",
    "call rt_yield",
    "3: cmp ebx, 0x1234",
    "jne 5f",
    "cmp r12d, 0x5678",
    "je 2b",
    "5: ud2",
    "4: mov rdi, r15",
    "mov esi, -1",
    "mov rdx, rbp",
    "call rt_panic_at",
    // `main` as a frame: starts and monitors the actor of `t_child`, and gives 50 plus the tag of its end.
    "t_watches: push rbp",
    "mov rbp, rsp",
    "push rbx",
    "push r12",
    "mov rbx, rdi",
    "cmp dword ptr [rbx + 32], 0",
    "jne 2f",
    "mov dword ptr [rbx + 32], 1",
    "mov rdi, [rip + t_child]",
    "mov esi, 2",
    "call t_spawn",
    "mov rdi, r15",
    "mov rsi, -1",
    "xor edx, edx",
    "call rt_mailbox_begin",
    "2: mov rdi, r15",
    "xor esi, esi",
    "call rt_mailbox_next",
    "cmp rdx, 2",
    "jne 3f",
    "mov rax, [rax + 16]",
    "add rax, 50",
    "mov [rbx + 40], rax",
    "mov rdi, r15",
    "call rt_mailbox_take",
    "xor eax, eax",
    "jmp 4f",
    "3: mov rdi, r15",
    "mov rsi, rbx",
    "call rt_suspend",
    "mov eax, 1",
    "4: pop r12",
    "pop rbx",
    "pop rbp",
    "ret",
    ".data",
    ".balign 8",
    "t_once: .quad 0",
    "t_child: .quad 0",
    "t_text: .quad 0x100000001, 6",
    ".ascii \"hello\\n\"",
    ".balign 8",
    "t_deferred_text: .quad 0x100000001, 9",
    ".ascii \"deferred\\n\"",
    ".balign 8",
    "t_closure: .quad 0x100000008, t_deferred",
    "t_bad_closure: .quad 0x100000008, t_inner",
    ".text",
);

macro_rules! code {
    ($($name:ident)*) => {
        unsafe extern "C" { $(fn $name();)* }
    };
}

code! {
    t_returns t_panics t_panics_ret t_inner t_inner_end t_recurses t_recurses_ret t_recurses_end
    t_overflows t_overflows_ret t_overflows_end t_faults t_faults_end t_illegal t_illegal_end
    t_exits t_prints t_calls_nothing t_sleeps t_watches
}

unsafe extern "C" {
    static mut t_child: Option<Code>;
}

type Code = unsafe extern "C" fn();

/// The programs by name.
const PROGRAMS: [(&str, Code); 10] = [
    ("returns", t_returns),
    ("panics", t_panics),
    ("recurses", t_recurses),
    ("overflows", t_overflows),
    ("faults", t_faults),
    ("illegal", t_illegal),
    ("exits", t_exits),
    ("prints", t_prints),
    ("calls nothing", t_calls_nothing),
    ("sleeps", t_sleeps),
];

/// What the child of `t_watches` runs, by name.
const CHILDREN: [(&str, Code); 4] = [
    ("child panics", t_panics),
    ("child recurses", t_recurses),
    ("child overflows", t_overflows),
    ("child faults", t_faults),
];

static FRAMES: [TypeDesc; 1] =
    [TypeDesc::new(DescKind::Fixed, 48, 0, &[16, 24], "a frame with an integer")];

/// A compiled function with the place that its call returns to.
fn function(start: Code, end: Code, ret: Option<Code>, loc: u32) -> (FnMap, CodeLoc) {
    let (from, to) = (start as usize, end as usize);
    let offset = ret.map_or(0, |ret| (ret as usize - from) as u32);
    let map = FnMap {
        start: from as *const u8,
        size: (to - from) as u32,
        first: 0,
        count: 1,
        reserved: 0,
    };
    (map, CodeLoc { offset, loc })
}

fn image(entry: Code) -> &'static Image {
    let has_frame =
        [t_sleeps as Code, t_watches].iter().any(|&code| code as usize == entry as usize);
    const TEXTS: &str = "p.splinnermainloop";
    let file = TextRange { offset: 0, len: 5 };
    let loc = |offset, len, line| LocEntry {
        file,
        function: TextRange { offset, len },
        line,
        col: 9,
        parent: NO_LOC,
    };
    let locs = vec![loc(5, 5, 3), loc(10, 4, 7), loc(14, 4, 11)];
    let functions = [
        function(t_panics, t_inner, Some(t_panics_ret), 1),
        function(t_inner, t_inner_end, None, 0),
        function(t_recurses, t_recurses_end, Some(t_recurses_ret), 2),
        function(t_overflows, t_overflows_end, Some(t_overflows_ret), 2),
        function(t_faults, t_faults_end, None, 1),
        function(t_illegal, t_illegal_end, None, 1),
    ];
    let (mut maps, code_locs): (Vec<FnMap>, Vec<CodeLoc>) = functions.into_iter().unzip();
    maps.iter_mut().enumerate().for_each(|(index, map)| map.first = index as u32);
    Box::leak(Box::new(Image {
        entry: entry as *const u8,
        entry_desc: if has_frame { DescId::FIRST_OWN.0 } else { 0 },
        descs: Table::new(&FRAMES),
        locs: Table::new(locs.leak()),
        functions: Table::new(maps.leak()),
        code_locs: Table::new(code_locs.leak()),
        texts: Table::new(TEXTS.as_bytes()),
        ..Image::EMPTY
    }))
}

#[test]
fn child() {
    // Run for its own sake, there is nothing to do.
    let Ok(name) = std::env::var("SEPAL_TEST_PROGRAM") else { return };
    let entry = PROGRAMS.into_iter().find(|(known, _)| *known == name).map(|(_, entry)| entry);
    let child = CHILDREN.into_iter().find(|(known, _)| *known == name).map(|(_, child)| child);
    // SAFETY: nothing runs yet.
    unsafe { t_child = child };
    let entry = entry.or(child.map(|_| t_watches as Code)).expect("a known program");
    // SAFETY: the code keeps to the conventions, or is meant to fail as the runtime promises to answer.
    let code = unsafe { run_main(image(entry), Options::from_env(Vec::new())) };
    std::process::exit(code);
}

fn command(program: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this test"));
    command.args(["--exact", "child", "--nocapture", "--quiet"]);
    command.env("SEPAL_TEST_PROGRAM", program);
    command
}

/// Runs a program; gives its exit code and what it wrote, without the test harness's own lines.
fn run(program: &str) -> (Option<i32>, String, String) {
    let output = command(program).output().expect("this test runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    let out = text(output.stdout).replace("\nrunning 1 test\n", "");
    (output.status.code(), out, text(output.stderr))
}

fn check(program: &str, code: i32, out: &str, err: &str) {
    assert_eq!(run(program), (Some(code), out.into(), err.into()), "{program}");
}

#[test]
fn objects_in_the_code_have_the_headers_they_say() {
    assert_eq!(Header::new(DescId::STR).immortal().0, 0x1_0000_0001);
    assert_eq!(Header::new(DescId::FIRST_OWN).immortal().0, 0x1_0000_0008);
}

#[test]
fn the_result_of_main_is_the_exit_code() {
    check("returns", 7, "", "");
    check("exits", 5, "hello\n", "");
}

#[test]
fn panics_report_and_run_defers_last_first() {
    let first = "panic: division by zero\n  at p.spl:3:9 in inner\n  at p.spl:7:9 in main\n";
    let second = "panic: division by zero\n  at p.spl:3:9 in inner\n";
    check("panics", 101, "hello\ndeferred\ndeferred\n", &(first.to_owned() + second));
}

#[test]
fn deep_recursion_is_a_panic_with_a_short_trace() {
    let frames = "  at p.spl:11:9 in loop\n".repeat(32);
    let err = format!("panic: stack overflow\n{frames}  …\n");
    check("recurses", 101, "", &err);
}

#[test]
fn the_guard_page_is_a_stack_overflow_too() {
    let frames = "  at p.spl:11:9 in loop\n".repeat(32);
    let err = format!("panic: stack overflow\n{frames}  …\n");
    check("overflows", 101, "deferred\n", &err);
}

#[test]
fn faults_in_compiled_code_end_the_program_with_a_report() {
    let (code, _, err) = run("faults");
    assert_eq!(code, Some(101));
    assert!(
        err.starts_with("panic: hardware fault: invalid memory access at address 0x40"),
        "{err}"
    );
    assert!(err.ends_with(")\n  at p.spl:7:9 in main\n"), "{err}");
    let (code, _, err) = run("illegal");
    assert_eq!(code, Some(101));
    assert!(err.starts_with("panic: hardware fault: illegal instruction"), "{err}");
}

#[test]
fn faults_elsewhere_abort_with_a_dump() {
    let (code, _, err) = run("calls nothing");
    assert_eq!(code, None, "ended by a signal");
    assert!(
        err.contains("internal error: invalid memory access")
            && err.contains("rip 0000000000000000")
    );
}

#[test]
fn a_closed_pipe_ends_the_program_quietly() {
    let mut shell = Command::new("sh");
    let binary = std::env::current_exe().expect("this test");
    let line = format!(
        "({} --exact child --nocapture --quiet; echo $? >&2) | head -c 100 >/dev/null",
        binary.display()
    );
    let output =
        shell.args(["-c", &line]).env("SEPAL_TEST_PROGRAM", "prints").output().expect("a shell");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "141\n");
}

#[test]
fn actors_that_never_wait_share_the_cores_and_keep_their_registers() {
    for workers in ["1", "2"] {
        let output = command("sleeps").env("SEPAL_WORKERS", workers).output().expect("this test");
        assert_eq!(output.status.code(), Some(9), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.stderr, b"");
    }
}

#[test]
fn what_goes_wrong_in_an_actor_ends_only_the_actor() {
    let panic = "actor Pid(2) panicked: division by zero\n  at p.spl:3:9 in inner\n  at p.spl:7:9 in main\n";
    let deferred = "actor Pid(2) panicked: division by zero\n  at p.spl:3:9 in inner\n";
    let (code, out, err) = run("child panics");
    assert_eq!((code, out.as_str()), (Some(54), "hello\ndeferred\ndeferred\n"));
    assert_eq!(err, panic.to_owned() + deferred);
    let frames = "  at p.spl:11:9 in loop\n".repeat(32);
    let overflow = format!("actor Pid(2) panicked: stack overflow\n{frames}  …\n");
    check("child recurses", 54, "", &overflow);
    check("child overflows", 54, "deferred\n", &overflow);
    let (code, _, err) = run("child faults");
    assert_eq!(code, Some(54));
    assert!(err.starts_with("actor Pid(2) panicked: hardware fault"), "{err}");
}
