//! The compilers and interpreters that a measurement needs, as they are found on the machine.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub struct Tools {
    /// The project's folder.
    pub root: PathBuf,
    /// Where executables are put.
    pub out: PathBuf,
    pub sepal: PathBuf,
    pub cc: Option<PathBuf>,
    pub python: Option<PathBuf>,
}

impl Tools {
    /// Finds the tools, and builds the compiler unless one is given.
    pub fn find(root: &Path, sepal: Option<&Path>) -> Result<Tools, String> {
        let out = root.join("bench/out");
        std::fs::create_dir_all(&out).map_err(|error| format!("{}: {error}", out.display()))?;
        let sepal = match sepal {
            Some(path) => path.to_path_buf(),
            None => build_sepal(root)?,
        };
        let tools = Tools {
            root: root.to_path_buf(),
            out,
            sepal,
            cc: first_that_runs(&["cc", "gcc", "clang"]),
            python: first_that_runs(&["python3"]),
        };
        if tools.cc.is_none() {
            eprintln!("no C compiler was found: there will be no ratios to C");
        }
        if tools.python.is_none() {
            eprintln!("python3 was not found: there will be no ratios to Python");
        }
        Ok(tools)
    }
}

/// Builds the compiler as users get it, optimised; gives its path.
fn build_sepal(root: &Path) -> Result<PathBuf, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["build", "--release", "--quiet", "-p", "sepal"])
        .current_dir(root)
        .status()
        .map_err(|error| format!("cargo: {error}"))?;
    if !status.success() {
        return Err("the compiler does not build".to_string());
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), PathBuf::from);
    Ok(root.join(target).join("release").join("sepal"))
}

pub fn first_that_runs(names: &[&str]) -> Option<PathBuf> {
    let runs = |name: &&&str| {
        let mut command = Command::new(name);
        command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    names.iter().find(runs).map(PathBuf::from)
}
