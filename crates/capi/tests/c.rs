//! Programs in C against the header and the static library; and the header against the table.

use sepal_capi::table;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The library beside this test, made with it.
fn library() -> PathBuf {
    let test = std::env::current_exe().expect("the test is a file");
    let deps = test.parent().expect("it is in a folder");
    let beside = |folder: &Path| {
        let files = std::fs::read_dir(folder).expect("the folder is readable");
        let files = files.map(|entry| entry.expect("readable").path());
        let is_ours = |path: &PathBuf| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            name.starts_with("libsepal_capi") && name.ends_with(".a")
        };
        files.filter(is_ours).max_by_key(|path| {
            std::fs::metadata(path).and_then(|data| data.modified()).expect("files have a time")
        })
    };
    beside(deps).or_else(|| beside(deps.parent()?)).expect("cargo makes the static library")
}

/// Compiles a program of `tests/c`, with every warning an error.
fn compile(name: &str, optimise: &str) -> PathBuf {
    let program = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}{optimise}"));
    let status = Command::new("cc")
        .args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-g", optimise, "-o"])
        .arg(&program)
        .arg("-I")
        .arg(folder().join("include"))
        .arg(folder().join("tests/c").join(name).with_extension("c"))
        .arg(library())
        .args(["-pthread", "-ldl", "-lm"])
        .status()
        .expect("there is a C compiler");
    assert!(status.success(), "{name}.c does not compile");
    program
}

/// Runs a program; it must end with the code and say all this, on either stream.
fn check(program: &Path, arg: &str, env: &[(&str, &str)], code: i32, words: &str) -> Output {
    let mut command = Command::new(program);
    command.env_remove("SEPAL_GC_STRESS").envs(env.iter().copied());
    command.args((!arg.is_empty()).then_some(arg));
    let output = command.output().expect("the program starts");
    let text = [output.stdout.as_slice(), b"\n", &output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    assert_eq!(output.status.code(), Some(code), "{arg} {env:?}: {:?}\n{text}", output.status);
    assert!(text.contains(words), "{arg} {env:?} does not say {words:?}:\n{text}");
    output
}

#[test]
fn the_header_is_the_tables() {
    let path = folder().join("include/sepal.h");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, table::header()).expect("the header can be written");
    }
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(text == table::header(), "run with UPDATE_EXPECT=1 to write the header again");
}

#[test]
fn the_table_has_every_function_of_the_documents() {
    let functions = || table::GROUPS.iter().flat_map(|group| group.functions);
    let count = |prefix: &str| functions().filter(|f| f.name.starts_with(prefix)).count();
    let mut names: Vec<_> = functions().map(|f| f.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), functions().count(), "names are unique");
    let groups = [
        ("rt_array_", 6),
        ("rt_tuple_", 4),
        ("rt_dict_", 7),
        ("rt_index_", 2),
        ("rt_slice", 1),
        ("rt_contains", 1),
        ("rt_string_", 2),
        ("rt_value_", 4 + 1),
        ("rt_object_", 3),
        ("rt_closure_", 4),
        ("rt_enum_", 3),
        ("rt_alloc", 1),
        ("rt_free", 1),
        ("rt_ptr_to_value", 1),
        ("rt_wait", 1),
        ("rt_future_", 2),
        // Spawn, send, receive, self, link and the callback; the shorter spawn, send and recv.
        ("rt_actor_", 6 + 3),
        ("rt_init_actor", 1),
        ("rt_reduction_check", 1),
        ("rt_generator_", 8 + 1),
        ("rt_interp_", 2),
        ("rt_function_not_found", 1),
        ("rt_method_not_found", 1),
    ];
    for (prefix, expected) in groups {
        assert_eq!(count(prefix), expected, "{prefix}");
    }
    let all: usize = groups.iter().map(|(_, count)| count).sum();
    assert_eq!(all, count("rt_"), "every function is in one group");
    // Of the 59 rows of 001, spawn and send have the forms of 002 under their names.
    assert_eq!(all, 59 + 1 + 8);
}

#[test]
fn values_and_collections() {
    let program = compile("values", "-O2");
    check(&program, "", &[], 0, "values hold");
    check(&compile("values", "-O0"), "", &[], 0, "values hold");
}

#[test]
fn generator_state_machine_runs_dispatcher() {
    check(&compile("generators", "-O2"), "", &[], 0, "generators hold");
    check(&compile("generators", "-O0"), "", &[("SEPAL_GC_STRESS", "1")], 0, "generators hold");
}

#[test]
fn actors_and_futures() {
    for optimise in ["-O0", "-O2"] {
        let program = compile("actors", optimise);
        for workers in ["1", "2", "4"] {
            check(&program, "", &[("SEPAL_WORKERS", workers)], 7, "actors hold");
        }
        check(&program, "", &[("SEPAL_SIM", "3")], 7, "actors hold");
    }
}

#[test]
fn everything_holds_with_a_collection_at_every_allocation() {
    let program = compile("stress", "-O2");
    check(&program, "", &[("SEPAL_GC_STRESS", "1")], 7, "stress holds");
}

#[test]
fn ends() {
    let program = compile("ends", "-O1");
    check(&program, "", &[], 0, "");
    check(&program, "normal", &[], 3, "");
    check(&program, "outside", &[], 101, "outside an actor");
    check(&program, "eval", &[], 101, "panic: no interpreter in this program");
    check(&program, "call", &[], 101, "no interpreter in this program to call f");
    check(&program, "method", &[], 101, "panic: method not found: m of C");
    check(&program, "deadlock", &[], 101, "deadlock: every actor waits");
    check(&program, "memory", &[("SEPAL_MAX_HEAP", "16000000")], 101, "heap limit exceeded");
}
