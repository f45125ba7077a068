//! Files and folders. See `fns` for what callers promise. Must never keep a worker from other actors while the system works.
//!
//! An error code is the system's error number, or one of the two negative codes here.

use super::{Pair, actor, blocking};
use crate::actor::{data, text};
use sepal_abi::{Ctx, ObjPtr};
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr::null_mut;

/// The file is not UTF-8.
const NOT_UTF8: i64 = -1;
/// The name holds a NUL, or something else went wrong before the system was asked.
const INVALID: i64 = -2;

/// The code of a failure.
fn code(error: &io::Error) -> i64 {
    error.raw_os_error().map_or(INVALID, i64::from)
}

/// 0, or the code of a failure.
fn done(result: io::Result<()>) -> i64 {
    result.map_or_else(|error| code(&error), |()| 0)
}

unsafe fn path<'a>(path: ObjPtr) -> &'a Path {
    // SAFETY: see `fns`.
    Path::new(unsafe { text(path) })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_fs_read(ctx: *mut Ctx, file: ObjPtr) -> Pair<ObjPtr, i64> {
    // SAFETY: see `fns`.
    let (actor, file) = unsafe { (actor(ctx), path(file)) };
    // SAFETY: see `fns`.
    match unsafe { blocking(ctx, || fs::read(file)) } {
        Ok(bytes) => match std::str::from_utf8(&bytes) {
            Ok(contents) => Pair(actor.new_str(contents), 0),
            Err(_) => Pair(null_mut(), NOT_UTF8),
        },
        Err(error) => Pair(null_mut(), code(&error)),
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_fs_read_bytes(ctx: *mut Ctx, file: ObjPtr) -> Pair<ObjPtr, i64> {
    // SAFETY: see `fns`.
    let (actor, file) = unsafe { (actor(ctx), path(file)) };
    // SAFETY: see `fns`.
    match unsafe { blocking(ctx, || fs::read(file)) } {
        Ok(bytes) => Pair(actor.new_bytes(&bytes), 0),
        Err(error) => Pair(null_mut(), code(&error)),
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_fs_write(ctx: *mut Ctx, file: ObjPtr, contents: ObjPtr) -> i64 {
    // SAFETY: see `fns`.
    done(unsafe { blocking(ctx, || fs::write(path(file), data(contents))) })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_fs_append(ctx: *mut Ctx, file: ObjPtr, contents: ObjPtr) -> i64 {
    // SAFETY: see `fns`.
    let (file, contents) = unsafe { (path(file), data(contents)) };
    let append = || {
        let mut file = OpenOptions::new().append(true).create(true).open(file)?;
        file.write_all(contents)
    };
    // SAFETY: see `fns`.
    done(unsafe { blocking(ctx, append) })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_fs_exists(ctx: *mut Ctx, file: ObjPtr) -> bool {
    // SAFETY: see `fns`.
    unsafe { blocking(ctx, || path(file).exists()) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_fs_is_dir(ctx: *mut Ctx, file: ObjPtr) -> bool {
    // SAFETY: see `fns`.
    unsafe { blocking(ctx, || path(file).is_dir()) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_fs_remove(ctx: *mut Ctx, file: ObjPtr) -> i64 {
    // SAFETY: see `fns`.
    let file = unsafe { path(file) };
    let remove = || {
        let is_dir = fs::symlink_metadata(file).is_ok_and(|metadata| metadata.is_dir());
        if is_dir { fs::remove_dir(file) } else { fs::remove_file(file) }
    };
    // SAFETY: see `fns`.
    done(unsafe { blocking(ctx, remove) })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_fs_rename(ctx: *mut Ctx, from: ObjPtr, to: ObjPtr) -> i64 {
    // SAFETY: see `fns`.
    done(unsafe { blocking(ctx, || fs::rename(path(from), path(to))) })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_fs_create_dir(ctx: *mut Ctx, dir: ObjPtr) -> i64 {
    // SAFETY: see `fns`.
    done(unsafe { blocking(ctx, || fs::create_dir(path(dir))) })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_fs_list_dir(ctx: *mut Ctx, dir: ObjPtr) -> Pair<ObjPtr, i64> {
    // SAFETY: see `fns`.
    let (actor, dir) = unsafe { (actor(ctx), path(dir)) };
    // SAFETY: see `fns`.
    match unsafe { blocking(ctx, || names_in(dir)) } {
        Ok(names) => Pair(actor.new_str(&names), 0),
        Err(error) => Pair(null_mut(), code(&error)),
    }
}

/// The names in order, each followed by a NUL.
fn names_in(dir: &Path) -> io::Result<String> {
    let entries = fs::read_dir(dir)?.map(|entry| Ok(entry?.file_name()));
    let mut names = entries.collect::<io::Result<Vec<_>>>()?;
    names.sort_unstable_by(|a, b| a.as_bytes().cmp(b.as_bytes()));
    Ok(names.iter().map(|name| format!("{}\0", name.to_string_lossy())).collect())
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_io_error_text(ctx: *mut Ctx, code: i64) -> ObjPtr {
    let said = match code {
        NOT_UTF8 => String::from("the contents are not UTF-8"),
        INVALID => String::from("the name is not valid"),
        code => system_text(code),
    };
    // SAFETY: see `fns`.
    unsafe { actor(ctx) }.new_str(&said)
}

/// The system's sentence, without Rust's remark on the number.
fn system_text(code: i64) -> String {
    let said = io::Error::from_raw_os_error(code as i32).to_string();
    said.split(" (os error").next().unwrap_or(&said).to_owned()
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_io_error_kind(_ctx: *mut Ctx, code: i64) -> i64 {
    match code {
        NOT_UTF8 => 4,
        INVALID => 9,
        code => match io::Error::from_raw_os_error(code as i32).kind() {
            ErrorKind::NotFound => 1,
            ErrorKind::PermissionDenied => 2,
            ErrorKind::AlreadyExists => 3,
            ErrorKind::InvalidData => 4,
            ErrorKind::IsADirectory => 5,
            ErrorKind::NotADirectory => 6,
            ErrorKind::DirectoryNotEmpty => 7,
            ErrorKind::StorageFull => 8,
            ErrorKind::InvalidFilename => 9,
            _ => 0,
        },
    }
}
