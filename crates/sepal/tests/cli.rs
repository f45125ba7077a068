//! The command line against a rough world: missing files, folders, bytes that are no text, full
//! disks, closed pipes, no linker. Each is a clear error with the right exit code.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

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
