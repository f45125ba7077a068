//! Standard input and output, environment, time. See `fns` for what callers promise.

use super::{actor, blocking};
use crate::actor::{data, text};
use crate::stdio;
use sepal_abi::{Ctx, ObjPtr};
use std::ptr::null_mut;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// When every simulation begins: 2026, in seconds since the beginning of 1970.
const SIMULATED_START: f64 = 1_767_225_600.0;

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_print(_ctx: *mut Ctx, a: ObjPtr) {
    // SAFETY: see `fns`.
    stdio::write_output(unsafe { data(a) });
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_eprint(_ctx: *mut Ctx, a: ObjPtr) {
    // SAFETY: see `fns`.
    stdio::write_error(unsafe { data(a) });
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_flush(_ctx: *mut Ctx) {
    stdio::flush();
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_read_line(ctx: *mut Ctx) -> ObjPtr {
    // SAFETY: see `fns`.
    let Some(line) = (unsafe { blocking(ctx, stdio::read_line) }) else { return null_mut() };
    // SAFETY: see `fns`.
    unsafe { actor(ctx) }.new_str(&String::from_utf8_lossy(&line))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_read_all(ctx: *mut Ctx) -> ObjPtr {
    // SAFETY: see `fns`.
    let input = unsafe { blocking(ctx, stdio::read_all) };
    // SAFETY: see `fns`.
    unsafe { actor(ctx) }.new_str(&String::from_utf8_lossy(&input))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_read_all_bytes(ctx: *mut Ctx) -> ObjPtr {
    // SAFETY: see `fns`.
    let input = unsafe { blocking(ctx, stdio::read_all) };
    // SAFETY: see `fns`.
    unsafe { actor(ctx) }.new_bytes(&input)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_env_arg_count(ctx: *mut Ctx) -> i64 {
    // SAFETY: see `fns`.
    unsafe { actor(ctx) }.runtime.args().len() as i64
}

/// Empty beyond the last one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_env_arg(ctx: *mut Ctx, index: i64) -> ObjPtr {
    // SAFETY: see `fns`.
    let actor = unsafe { actor(ctx) };
    let runtime = actor.runtime;
    let arg = usize::try_from(index).ok().and_then(|index| runtime.args().get(index));
    actor.new_str(arg.map_or("", String::as_str))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_env_var(ctx: *mut Ctx, name: ObjPtr) -> ObjPtr {
    // SAFETY: see `fns`.
    let (actor, name) = unsafe { (actor(ctx), text(name)) };
    // Names that the system cannot have are not set.
    let is_name = !name.is_empty() && !name.contains(['=', '\0']);
    match is_name.then(|| std::env::var_os(name)).flatten() {
        Some(value) => actor.new_str(&value.to_string_lossy()),
        None => null_mut(),
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_time_monotonic_ns(ctx: *mut Ctx) -> i64 {
    // SAFETY: see `fns`.
    unsafe { actor(ctx) }.runtime.clock.now() as i64
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_time_now(ctx: *mut Ctx) -> f64 {
    // SAFETY: see `fns`.
    let runtime = unsafe { actor(ctx) }.runtime;
    if runtime.scheduler.simulation().is_some() {
        return SIMULATED_START + runtime.clock.now() as f64 / 1e9;
    }
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => since.as_secs_f64(),
        Err(before) => -before.duration().as_secs_f64(),
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_time_sleep_ms(ctx: *mut Ctx, ms: i64) {
    stdio::flush();
    let time = Duration::from_millis(u64::try_from(ms).unwrap_or(0));
    // SAFETY: see `fns`.
    let runtime = unsafe { actor(ctx) }.runtime;
    if runtime.scheduler.simulation().is_some() {
        runtime.clock.pass(time.as_nanos() as u64);
        return;
    }
    // SAFETY: see `fns`.
    unsafe { blocking(ctx, || std::thread::sleep(time)) };
}
