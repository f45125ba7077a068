//! The house rules as tests, so that `cargo test` keeps them.

use std::process::Command;
use xtask::{project_root, tidy};

#[test]
fn the_house_rules_hold() {
    let problems = tidy(&project_root());
    assert!(problems.is_empty(), "{}\n{} problems", problems.join("\n"), problems.len());
}

#[test]
fn the_rust_sources_are_formatted() {
    let output = Command::new(env!("CARGO"))
        .args(["fmt", "--all", "--", "--check", "--color=never"])
        .current_dir(project_root())
        .output()
        .expect("cargo itself runs this test");
    assert!(
        output.status.success(),
        "run `cargo fmt`:\n{}",
        String::from_utf8_lossy(&output.stdout)
    );
}
