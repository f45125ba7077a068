//! Prepares what the compiler carries inside itself: the standard library's sources and the
//! runtime as a static library, with which native programs are linked.

use std::env;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let manifest = env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    let root = Path::new(&manifest).join("../..");
    embed_std(&root.join("std"), &out);
    build_runtime(&root, &out);
}

/// Writes a table of `(module name, file name, text)` for `include!`.
fn embed_std(std: &Path, out: &Path) {
    println!("cargo::rerun-if-changed={}", std.display());
    let mut files: Vec<PathBuf> = std::fs::read_dir(std)
        .expect("the folder std exists")
        .map(|entry| entry.expect("readable folder").path())
        .filter(|path| path.extension().is_some_and(|e| e == "spl"))
        .collect();
    files.sort();
    let mut table = String::from("&[\n");
    for file in files {
        println!("cargo::rerun-if-changed={}", file.display());
        let module = file.file_stem().and_then(|s| s.to_str()).expect("std file names are UTF-8");
        let path = file.canonicalize().expect("it was listed");
        writeln!(
            table,
            "    ({module:?}, {:?}, include_str!({path:?})),",
            format!("std/{module}.spl")
        )
        .expect("writing to a string");
    }
    table.push(']');
    std::fs::write(out.join("std_sources.rs"), table).expect("OUT_DIR is writable");
}

/// Compiles the runtime as a static library. A separate target folder keeps this build from
/// waiting for the lock that the build around it holds.
fn build_runtime(root: &Path, out: &Path) {
    for folder in ["crates/rt", "crates/abi", "crates/machine"] {
        println!("cargo::rerun-if-changed={}", root.join(folder).display());
    }
    let target = out.join("runtime");
    let status = Command::new(env::var_os("CARGO").expect("cargo sets CARGO"))
        .current_dir(root)
        .args([
            "rustc",
            "--release",
            "--offline",
            "--package",
            "sepal-rt",
            "--features",
            "native-main",
        ])
        .args(["--crate-type", "staticlib", "--target-dir"])
        .arg(&target)
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        // It becomes part of an executable, so thread-local variables lie at fixed offsets.
        .env("RUSTFLAGS", "-C relocation-model=pie")
        // Small and quick: it becomes part of every executable.
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1")
        .env("CARGO_PROFILE_RELEASE_DEBUG", "0")
        .status()
        .expect("cargo runs");
    assert!(status.success(), "the runtime library does not build");
    let library = target.join("release/libsepal_rt.a");
    println!("cargo::rustc-env=SEPAL_RUNTIME_LIBRARY={}", library.display());
}
