//! The project's own tools: `tidy` checks the house rules, `bench` measures, and `gen-lines`
//! writes a large program to measure the compiler with.
//!
//! Must never be linked into the compiler or its runtime, and needs no crate but `std`.

pub mod bench;
pub mod gen_lines;
pub mod tidy;

use std::path::{Path, PathBuf};

/// The folder that holds the whole project.
pub fn project_root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().expect("xtask lies in the project's folder").to_path_buf()
}

/// Every breach of the house rules under `root`, one line each; none in a tidy tree.
pub fn tidy(root: &Path) -> Vec<String> {
    tidy::check(root)
}
