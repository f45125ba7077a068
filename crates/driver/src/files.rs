//! Reading sources and writing results.
//! Must never leave a partly written file behind: results appear whole or not at all.

use crate::failure::{Failure, reason};
use sepal_base::codes;
use std::io::{Read, Write};
use std::path::Path;

/// Spans hold 32-bit offsets; anything near that is no source text.
const MAX_SOURCE: u64 = 256 << 20;

/// The text of a source file.
///
/// # Errors
/// The file cannot be read, is too large, or is not UTF-8.
pub fn read_source(path: &Path) -> Result<String, Failure> {
    let shown = path.display();
    let cannot = |e: &std::io::Error| {
        let failure =
            Failure::new(codes::CANNOT_READ, format!("cannot read {shown}: {}", reason(e)));
        if path.is_dir() {
            failure.help("name the source file in it that holds `main`")
        } else {
            failure
        }
    };
    let file = std::fs::File::open(path).map_err(|e| cannot(&e))?;
    let mut bytes = Vec::new();
    file.take(MAX_SOURCE + 1).read_to_end(&mut bytes).map_err(|e| cannot(&e))?;
    if bytes.len() as u64 > MAX_SOURCE {
        return Err(Failure::new(
            codes::SOURCE_TOO_LARGE,
            format!("{shown} has more than 256 MiB"),
        ));
    }
    String::from_utf8(bytes).map_err(|e| {
        let at = e.utf8_error().valid_up_to();
        let line = 1 + e.as_bytes()[..at].iter().filter(|b| **b == b'\n').count();
        Failure::new(
            codes::NOT_UTF8,
            format!("{shown} is not UTF-8: byte {at}, in line {line}, is no text"),
        )
        .help("save the file as UTF-8")
    })
}

/// Writes `bytes` to `path` by way of a file beside it that is then renamed.
///
/// # Errors
/// The folder is missing or read-only, or the disk is full; nothing is left behind.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    replace_whole(path, |temporary| {
        let mut file = std::fs::File::create(temporary)?;
        file.write_all(bytes)?;
        file.sync_data()
    })
}

/// Lets `write` make a temporary file beside `path` and renames it to `path`. What is there and no file, such as a
/// device or a pipe, is written to and stays what it is.
///
/// # Errors
/// As [`write_whole`].
pub fn replace_whole(
    path: &Path,
    write: impl FnOnce(&Path) -> std::io::Result<()>,
) -> Result<(), Failure> {
    let folder = match path.parent() {
        Some(p) if !p.as_os_str().is_empty() => p,
        Some(_) | None => Path::new("."),
    };
    let cannot = |e: &std::io::Error| {
        Failure::new(codes::CANNOT_WRITE, format!("cannot write {}: {}", path.display(), reason(e)))
    };
    if path.is_dir() {
        return Err(Failure::new(
            codes::CANNOT_WRITE,
            format!("cannot write {}: it is a folder", path.display()),
        )
        .help("give another name with `-o`"));
    }
    let is_no_file = path.metadata().is_ok_and(|found| !found.is_file());
    let folder = if is_no_file { &std::env::temp_dir() } else { folder };
    let temporary = tempfile::Builder::new()
        .prefix(".sepal-")
        .tempfile_in(folder)
        .map_err(|e| cannot(&e))?
        .into_temp_path();
    write(&temporary).map_err(|e| cannot(&e))?;
    if is_no_file {
        let bytes = std::fs::read(&temporary).map_err(|e| cannot(&e))?;
        let mut output =
            std::fs::OpenOptions::new().write(true).open(path).map_err(|e| cannot(&e))?;
        return output.write_all(&bytes).map_err(|e| cannot(&e));
    }
    temporary.persist(path).map_err(|e| cannot(&e.error))
}
