//! The texts that mutation begins with: programs of the repository.
//! Must never write: what a run finds goes elsewhere.

use crate::targets::Target;
use std::path::{Path, PathBuf};

/// The repository's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The texts of a target, in a fixed order.
pub fn texts(target: &Target) -> Vec<String> {
    let mut files = Vec::new();
    for folder in target.seeds.0 {
        collect(&root().join(folder), target.seeds.1, &mut files);
    }
    files.sort();
    files.iter().filter_map(|file| std::fs::read_to_string(file).ok()).collect()
}

fn collect(folder: &Path, ending: &str, files: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, ending, files);
        } else if path.extension().is_some_and(|e| e == ending) {
            files.push(path);
        }
    }
}
