//! The command line against a rough world: missing files, folders, bytes that are no text, full
//! disks, closed pipes, no linker. Each is a clear error with the right exit code.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

/// A folder of its own for a test, gone when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("sepal-cli-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).expect("the temporary folder is writable");
        Folder(path)
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).expect("the folder is writable");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn sepal(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sepal"));
    command.current_dir(folder).stdin(Stdio::null());
    command
}

/// Runs `sepal args…`: the exit code is `code` and standard error has the words.
fn check(folder: &Folder, args: &[&str], code: i32, words: &str) -> Output {
    let output = sepal(&folder.0).args(args).output().expect("sepal starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {stderr}");
    assert!(stderr.contains(words), "{args:?} does not say {words:?} but:\n{stderr}");
    assert!(!stderr.contains("panicked"), "{args:?}: {stderr}");
    output
}

const HELLO: &str = "fn main():\n    print(\"hello\")\n";

#[test]
fn files_that_cannot_be_read() {
    let folder = Folder::new("read");
    check(
        &folder,
        &["run", "missing.spl"],
        1,
        "error[E0501]: cannot read missing.spl: no such file",
    );
    std::fs::create_dir(folder.0.join("src.spl")).expect("the folder is writable");
    check(&folder, &["check", "src.spl"], 1, "error[E0501]: cannot read src.spl: is a directory");
    folder.file("latin.spl", b"print(\"caf\xe9\")\n");
    check(
        &folder,
        &["check", "latin.spl"],
        1,
        "error[E0502]: latin.spl is not UTF-8: byte 10, in line 1",
    );
    let huge = std::fs::File::create(folder.0.join("huge.spl")).expect("the folder is writable");
    huge.set_len((256 << 20) + 1).expect("a sparse file takes no room");
    check(&folder, &["check", "huge.spl"], 1, "error[E0507]");
}

#[test]
fn programs_without_an_entry() {
    let folder = Folder::new("entry");
    folder.file("lib.spl", "fn f(x: int) -> int: x\n");
    check(&folder, &["run", "lib.spl"], 1, "error[E0506]");
    check(&folder, &["check", "lib.spl"], 0, "");
}

#[test]
fn results_that_cannot_be_written() {
    let folder = Folder::new("write");
    folder.file("hello.spl", HELLO);
    check(&folder, &["build", "hello.spl", "-o", "no/such/folder/hello"], 1, "error[E0503]");
    check(&folder, &["build", "hello.spl", "-o", "."], 1, "error[E0503]");
    check(&folder, &["build", "hello.spl", "--emit=obj", "-o", "/dev/full/x"], 1, "error[E0503]");
    let left: Vec<_> = std::fs::read_dir(&folder.0)
        .expect("readable")
        .map(|e| e.expect("readable").file_name())
        .collect();
    assert_eq!(left, ["hello.spl"], "nothing is left behind");
}

#[test]
fn a_pipe_is_written_to_and_stays_one() {
    use std::os::unix::fs::FileTypeExt;
    let folder = Folder::new("fifo");
    folder.file("hello.spl", HELLO);
    let (pipe, copy) = (folder.0.join("pipe"), folder.0.join("copy"));
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo starts").success());
    for args in [&["--emit=obj"][..], &[]] {
        let file = std::fs::File::create(&copy).expect("the folder is writable");
        let mut reader = Command::new("cat").arg(&pipe).stdout(file).spawn().expect("cat starts");
        check(&folder, &[&["build", "hello.spl", "-o", "pipe"], args].concat(), 0, "");
        let is_pipe = pipe.metadata().expect("it is there").file_type().is_fifo();
        if !is_pipe {
            reader.kill().expect("it waits for the pipe");
        }
        reader.wait().expect("it ends with the pipe");
        assert!(is_pipe, "{args:?}: the pipe was replaced");
        let bytes = std::fs::read(&copy).expect("readable");
        assert!(bytes.starts_with(b"\x7fELF"), "{args:?}");
    }
}

#[test]
fn linking_goes_wrong() {
    let folder = Folder::new("link");
    folder.file("hello.spl", HELLO);
    let output =
        sepal(&folder.0).args(["build", "hello.spl"]).env_remove("CC").env("PATH", "").output();
    let output = output.expect("sepal starts");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("error[E0504]"));
    let source = "extern \"C\" fn no_such_function(x: int) -> int\n\nfn main():\n    print(no_such_function(1))\n";
    folder.file("extern.spl", source);
    check(&folder, &["build", "extern.spl"], 1, "error[E0505]");
    check(&folder, &["run", "extern.spl"], 1, "error[E0509]");
    assert!(!folder.0.join("extern").exists(), "no partial output is left");
}

#[test]
fn an_executable_is_built_and_runs() {
    let folder = Folder::new("build");
    folder.file("hello.spl", HELLO);
    check(&folder, &["build", "hello.spl"], 0, "");
    let output = Command::new(folder.0.join("hello")).output().expect("the executable starts");
    assert_eq!(output.stdout, b"hello\n");
    for emit in ["hir", "mir", "clif", "asm"] {
        let output = check(&folder, &["build", "hello.spl", &format!("--emit={emit}")], 0, "");
        assert!(!output.stdout.is_empty(), "{emit}");
    }
    check(&folder, &["build", "hello.spl", "--emit=obj"], 0, "");
    let object = std::fs::read(folder.0.join("hello.o")).expect("it was written");
    assert!(object.starts_with(b"\x7fELF"));
}

#[test]
fn usage_errors_exit_with_two() {
    let folder = Folder::new("usage");
    check(&folder, &[], 2, "Usage");
    check(&folder, &["frobnicate"], 2, "unrecognized subcommand");
    check(&folder, &["run"], 2, "required");
    check(&folder, &["run", "--engine=warp", "x.spl"], 2, "warp");
    check(&folder, &["explain", "E9999"], 2, "there is no diagnostic E9999");
    let output = check(&folder, &["explain", "e0201"], 0, "");
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("E0201: "));
}

#[test]
fn the_file_alone_means_run() {
    let folder = Folder::new("alone");
    folder.file("args.spl", "fn main():\n    print(std.env.args())\n");
    let output = check(&folder, &["args.spl", "a", "--b"], 0, "");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "[\"a\", \"--b\"]\n");
}

#[test]
fn a_closed_pipe_ends_the_program_quietly() {
    let folder = Folder::new("pipe");
    folder.file("many.spl", "fn main():\n    for i in 0..1_000_000:\n        print(i)\n");
    for engine in ["--engine=jit", "--engine=interp"] {
        let mut child = sepal(&folder.0)
            .args(["run", engine, "many.spl"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("sepal starts");
        let mut first = [0; 2];
        let mut pipe = child.stdout.take().expect("stdout is piped");
        pipe.read_exact(&mut first).expect("the program prints");
        drop(pipe);
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(141), "as a shell reports a closed pipe");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    }
}

#[test]
fn no_input_makes_the_compiler_panic() {
    let folder = Folder::new("bad");
    let deep = "(".repeat(10_000) + "1" + &")".repeat(10_000);
    let line = format!("let x = \"{}\n", "é".repeat(500_000));
    let mut random = Vec::new();
    let mut seed: u32 = 74755;
    for _ in 0..20_000 {
        seed = seed.wrapping_mul(1309).wrapping_add(13849) & 65535;
        random.push((seed >> 8) as u8 & 0x7f);
    }
    for (name, bytes) in
        [("deep.spl", deep.as_bytes()), ("line.spl", line.as_bytes()), ("random.spl", &random)]
    {
        folder.file(name, bytes);
        check(&folder, &["check", name], 1, "error[E");
    }
    // A program cut off anywhere.
    let whole = include_str!("../../../examples/json_pretty.spl");
    for end in (0..whole.len()).step_by(997).filter(|end| whole.is_char_boundary(*end)) {
        folder.file("cut.spl", &whole[..end]);
        let output = sepal(&folder.0).args(["check", "cut.spl"]).output().expect("sepal starts");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(matches!(output.status.code(), Some(0 | 1)), "cut at {end}: {stderr}");
        assert!(!stderr.contains("panicked"), "cut at {end}: {stderr}");
    }
}

#[test]
fn functions_for_endlessly_many_types_are_an_error() {
    let folder = Folder::new("endless");
    let grows = "fn grow[T](x: T, n: int) -> str:\n    if n > 0: grow([x], n - 1) else: str(x)\nprint(grow(1, 3))\n";
    folder.file("grows.spl", grows);
    let nests =
        "class Nest[T]:\n    let value: T\n    let next: Nest[(T, T)]?\nprint(Nest(1, None))\n";
    folder.file("nests.spl", nests);
    for name in ["grows.spl", "nests.spl"] {
        check(&folder, &["run", name], 1, "is needed for endlessly many types");
        check(&folder, &["build", name], 1, "error[E0214]");
    }
}

#[test]
fn standard_input_reaches_the_program() {
    let folder = Folder::new("stdin");
    folder.file("echo.spl", "fn main():\n    print(std.io.read_all().trim().to_upper())\n");
    let mut child = sepal(&folder.0)
        .args(["run", "echo.spl"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("sepal starts");
    child.stdin.take().expect("stdin is piped").write_all(b"words\n").expect("the program reads");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.stdout, b"WORDS\n");
}

/// An actor that waits, one that runs without end, and `main`, which waits for a while.
const OBSERVED: &str = "\
actor Waiter() of int:
    receive:
        case 1: pass

actor Busy() of int:
    var n = 0
    loop:
        n = n +% 1
        if n == -1: break

fn main():
    let w = spawn Waiter()
    w.send(7)
    spawn Busy()
    eprint(\"started\")
    sleep(4000)
";

/// Waits until a program has said `started` on standard error, and sends it SIGQUIT.
fn quit(child: &mut Child) {
    let mut started = [0; 8];
    let stderr = child.stderr.as_mut().expect("it is piped");
    stderr.read_exact(&mut started).expect("it says that it has started");
    assert_eq!(&started, b"started\n");
    // It goes on to wait for whatever it waits for.
    std::thread::sleep(Duration::from_millis(200));
    let pid = child.id().to_string();
    let sent = Command::new("kill").args(["-QUIT", &pid]).status().expect("kill exists");
    assert!(sent.success());
}

/// Sends SIGQUIT to a running program once it has said `started`; gives what it wrote on standard error by its end.
fn quit_once(mut command: Command) -> String {
    let mut child = command.stderr(Stdio::piped()).spawn().expect("the program starts");
    quit(&mut child);
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!(output.status.code(), Some(0));
    String::from_utf8(output.stderr).expect("the table is text")
}

fn check_table(table: &str) {
    let heading = table.lines().next().expect("there is a table");
    assert!(heading.starts_with("actors after ") && heading.contains(" s: 3 ("), "{table}");
    let row = |name: &str| {
        let line = table.lines().find(|line| line.split_whitespace().nth(1) == Some(name));
        let line = line.unwrap_or_else(|| panic!("no {name} in:\n{table}"));
        line.split_whitespace().collect::<Vec<_>>()
    };
    let main = row("main");
    assert_eq!((main[0], main[2], main[6]), ("1", "waiting", "-"), "{table}");
    assert_eq!(main[7..], ["observed.spl:16", "in", "main"], "{table}");
    let waiter = row("Waiter");
    assert_eq!(waiter[2..4], ["waiting", "1"], "{table}");
    assert_eq!(waiter[6..], ["1", "observed.spl:2", "in", "Waiter"], "{table}");
    let busy = row("Busy");
    assert!(["running", "runnable"].contains(&busy[2]), "{table}");
}

#[test]
fn sigquit_prints_the_table_of_actors() {
    let folder = Folder::new("quit");
    folder.file("observed.spl", OBSERVED);
    for engine in ["--engine=jit", "--engine=interp"] {
        let mut command = sepal(&folder.0);
        command.args(["run", engine, "observed.spl"]);
        check_table(&quit_once(command));
    }
    check(&folder, &["build", "observed.spl"], 0, "");
    check_table(&quit_once(Command::new(folder.0.join("observed"))));
}

#[test]
fn an_observed_program_prints_the_table_now_and_then_and_at_the_end() {
    let folder = Folder::new("observe");
    let source = "fn main():\n    let w = spawn: sleep(100_000)\n    sleep(400)\n";
    folder.file("observed.spl", source);
    for engine in ["--engine=jit", "--engine=interp", "--engine=native"] {
        let output = check(&folder, &["run", engine, "--observe=0.1", "observed.spl"], 0, "actors");
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(text.matches("actors after ").count() >= 2, "{engine}:\n{text}");
        let last = text.rfind("actors after ").expect("counted");
        assert!(text[last..].contains(" s: 1 ("), "main has ended:\n{text}");
        assert!(text[last..].contains("observed.spl:2 in"), "{text}");
    }
    // Simulated time, which passes in jumps: the same tables.
    let args = ["run", "--sim=7", "--observe=0.1", "observed.spl"];
    let (a, b) = (check(&folder, &args, 0, "actors after 0.4"), check(&folder, &args, 0, ""));
    assert_eq!(a.stderr, b.stderr);
    check(&folder, &["run", "--observe=0", "observed.spl"], 2, "seconds");
}

#[test]
fn sigquit_is_answered_while_the_program_does_nothing_else() {
    let folder = Folder::new("quit-alone");
    // Its only thread waits for input, and no actor can run.
    folder.file("reads.spl", "eprint(\"started\")\nprint(std.io.read_line())\n");
    for engine in ["--engine=jit", "--engine=interp"] {
        let mut child = sepal(&folder.0)
            .args(["run", engine, "reads.spl"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("sepal starts");
        quit(&mut child);
        let mut table = [0; 13];
        let stderr = child.stderr.as_mut().expect("it is piped");
        stderr.read_exact(&mut table).expect("the table comes while the program waits");
        assert_eq!(&table, b"actors after ", "{engine}");
        drop(child.stdin.take());
        let output = child.wait_with_output().expect("the program ends");
        assert_eq!(output.stdout, b"None\n", "{engine}");
    }
}

#[test]
fn looking_at_actors_that_come_and_go_changes_nothing() {
    let folder = Folder::new("churn");
    let source = "\
actor Once(back: Pid[int]) of int:
    receive:
        case n: back.send(n)

fn main():
    let me: Pid[int] = self()
    var sum = 0
    for round in 0..200:
        let all = [spawn Once(me) for _ in 0..50]
        for one in all: one.send(1)
        for _ in all:
            receive:
                case n: sum += n
        if round % 10 == 0: sleep(1)
    print(sum)
";
    folder.file("churn.spl", source);
    for (engine, workers) in
        [("--engine=jit", "1"), ("--engine=jit", "4"), ("--engine=interp", "1")]
    {
        let mut command = sepal(&folder.0);
        command.args(["run", engine, "--observe=0.001", "churn.spl"]);
        let output = command.env("SEPAL_WORKERS", workers).output().expect("sepal starts");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.stdout, b"10000\n", "{engine} {workers}: {stderr}");
        assert_eq!(output.status.code(), Some(0), "{engine} {workers}: {stderr}");
        assert!(stderr.matches("actors after ").count() >= 3, "{engine} {workers}: {stderr}");
    }
    // Nor is a deadlock overlooked.
    let source = "fn main():\n    let w = spawn: hold()\n    hold()\n\n\
        fn hold() of int:\n    receive:\n        case 1: pass\n";
    folder.file("dead.spl", source);
    for _ in 0..5 {
        let output = check(&folder, &["run", "--observe=0.001", "dead.spl"], 101, "deadlock");
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(text.matches("waits\n").count(), 2, "{text}");
    }
}
