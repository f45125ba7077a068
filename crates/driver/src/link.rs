//! From an object file to an executable, by the system's C compiler.
//! Must never search for the runtime on disk: the compiler carries it inside itself.

use crate::failure::{Failure, reason};
use crate::files;
use sepal_base::codes;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The runtime as a static library, built together with this compiler.
static RUNTIME: &[u8] = include_bytes!(env!("SEPAL_RUNTIME_LIBRARY"));

/// Links `object` with the runtime into the executable `output`.
///
/// # Errors
/// No C compiler is found, it fails, or `output` cannot be written.
pub fn link(object: &[u8], output: &Path) -> Result<(), Failure> {
    let compiler = find_compiler()?;
    let scratch = tempfile::Builder::new().prefix("sepal-link-").tempdir().map_err(|e| {
        Failure::new(codes::CANNOT_WRITE, format!("cannot make a temporary folder: {}", reason(&e)))
    })?;
    let object_file = scratch.path().join("program.o");
    let runtime = scratch.path().join("libsepal_rt.a");
    files::write_whole(&object_file, object)?;
    files::write_whole(&runtime, RUNTIME)?;
    let mut failed = None;
    let written = files::replace_whole(output, |temporary| {
        let result = Command::new(&compiler)
            .arg("-o")
            .arg(temporary)
            .arg(&object_file)
            .arg(&runtime)
            .args(["-Wl,--gc-sections", "-pthread", "-ldl", "-lm"])
            .output()?;
        if result.status.success() {
            // The temporary file was made private; an executable is for everyone who may read it.
            std::fs::set_permissions(temporary, std::os::unix::fs::PermissionsExt::from_mode(0o755))
        } else {
            failed = Some(String::from_utf8_lossy(&result.stderr).trim_end().to_string());
            Err(std::io::Error::other("the linker failed"))
        }
    });
    match failed {
        Some(text) => Err(Failure::new(
            codes::LINK_FAILED,
            format!("`{}` could not link {}:\n{text}", compiler.display(), output.display()),
        )),
        None => written,
    }
}

/// `$CC`, or the first of the usual names on the path.
fn find_compiler() -> Result<PathBuf, Failure> {
    let names =
        std::env::var_os("CC").into_iter().chain(["cc", "gcc", "clang"].map(OsString::from));
    for name in names {
        if let Some(found) = on_path(Path::new(&name)) {
            return Ok(found);
        }
    }
    Err(Failure::new(codes::NO_LINKER, "no C compiler was found to link the program")
        .help("install one, such as gcc, or set CC; `sepal run` needs none"))
}

fn on_path(name: &Path) -> Option<PathBuf> {
    if name.components().count() > 1 {
        return name.is_file().then(|| name.to_path_buf());
    }
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders)
        .map(|folder| folder.join(name))
        .find(|candidate| candidate.is_file())
}
