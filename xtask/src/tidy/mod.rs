//! The house rules that a machine can check. Each rule is a module and gives its breaches as
//! lines of text that begin with the place.
//!
//! Must never change a file, except the ratchet when it is told to.

mod arrows;
mod codes;
mod files;
mod functions;
mod ratchet;
mod text;

use files::SourceFile;
use std::path::Path;

/// Where the functions are listed that were too long when the rule came.
const RATCHET: &str = "xtask/ratchet.txt";

/// Every breach of the house rules under `root`.
pub fn check(root: &Path) -> Vec<String> {
    let files = files::collect(root);
    let recorded = std::fs::read_to_string(root.join(RATCHET)).unwrap_or_default();
    let mut problems = Vec::new();
    problems.extend(arrows::check(&files));
    problems.extend(text::check(&files));
    problems.extend(codes::check(&files));
    problems.extend(ratchet::check(&recorded, &long_functions(&files)));
    problems
}

/// Writes the functions that are too long now into the ratchet.
pub fn update_ratchet(root: &Path) -> std::io::Result<()> {
    let long = long_functions(&files::collect(root));
    std::fs::write(root.join(RATCHET), ratchet::render(&long))
}

fn long_functions(files: &[SourceFile]) -> ratchet::Lengths {
    let mut long = ratchet::Lengths::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        for function in functions::find(&file.text) {
            if function.lines >= ratchet::LIMIT {
                let length = long.entry((file.path.clone(), function.name)).or_default();
                *length = function.lines.max(*length);
            }
        }
    }
    long
}
