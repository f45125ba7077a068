//! Reading the tree: every text file that the rules look at.

use std::fs;
use std::path::Path;

/// Folders that hold sources; what is generated into them is left out below.
const FOLDERS: &[&str] = &["bench", "crates", "docs", "examples", "std", "tests", "xtask"];
const GENERATED: &[&str] = &["bench/out", "crates/target", "xtask/target"];
const EXTENSIONS: &[&str] = &["c", "diag", "md", "mir", "py", "rs", "spl", "toml"];

/// A file of the project.
pub struct SourceFile {
    /// Relative to the project's folder, with `/` between the parts.
    pub path: String,
    pub text: String,
}

impl SourceFile {
    pub fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    pub fn is_sepal(&self) -> bool {
        self.path.ends_with(".spl")
    }

    /// Whether it lies in the folder of test programs, where anything may be written.
    pub fn is_test_program(&self) -> bool {
        self.path.starts_with("tests/")
    }
}

/// All files, ordered by path.
pub fn collect(root: &Path) -> Vec<SourceFile> {
    let mut files = Vec::new();
    for folder in FOLDERS {
        walk(root, folder, &mut files);
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

/// A folder that is not there yet holds nothing; so does a file that goes while we look.
fn walk(root: &Path, folder: &str, files: &mut Vec<SourceFile>) {
    let Ok(entries) = fs::read_dir(root.join(folder)) else { return };
    for entry in entries.flatten() {
        let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if GENERATED.contains(&path.as_str()) {
            continue;
        }
        if entry.path().is_dir() {
            walk(root, &path, files);
        } else if path.rsplit_once('.').is_some_and(|(_, ext)| EXTENSIONS.contains(&ext)) {
            // Tests hold files that are not UTF-8 on purpose.
            let Ok(bytes) = fs::read(entry.path()) else { continue };
            files.push(SourceFile { path, text: String::from_utf8_lossy(&bytes).into_owned() });
        }
    }
}
