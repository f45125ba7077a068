//! The table of runtime functions: the only list of them.
//!
//! A row is `name(param: Type, …) -> (Type, …) [effects];`. From it come the [`RtFn`] enum here,
//! the engines' signatures and address tables, and in `rt` a check that a body of exactly that
//! type exists. Every function is `unsafe extern "C" fn(*mut Ctx, …)`; the context is implicit in the
//! table. Two results are returned as a C struct in two registers; one of them at least is 64 bits
//! wide, so that they never share a register.
//!
//! A function that allocates or panics may come back with `ctx.panic` set; its results are then
//! dummies. Refs are not null unless the row says so. Offsets and counts are in bytes unless the
//! row says otherwise. To add a function: a row here, a body in `rt`, a declaration in `std/`, a test.

use crate::effects::Effects;
use crate::scalar::Scalar;

/// Calls `$then!` with all rows.
#[macro_export]
macro_rules! rt_fns {
    ($then:path) => {
        $then! {
            // ---- memory ----
            /// The slow path of an allocation: an object of `size` bytes, zero but for its header.
            rt_object_alloc(header: I64, size: I64) -> (Ref) [allocates];
            /// A zeroed array of `len` elements; the header names an `Array` descriptor.
            rt_array_alloc(header: I64, len: I64) -> (Ref) [allocates];
            /// An array of `len` elements or more with those of `array` at its beginning: `array`
            /// itself, grown in place, or a copy.
            rt_array_grow(array: Ref, len: I64) -> (Ref) [allocates reads writes];
            /// Copies `count` elements between arrays of one element type, which may be the same.
            rt_array_copy(to: Ref, to_index: I64, from: Ref, from_index: I64, count: I64) -> () [reads writes];
            /// Zeroes `count` elements, so that the collector forgets what they named.
            rt_array_zero(array: Ref, index: I64, count: I64) -> () [writes];
            /// Collects garbage now.
            rt_gc_collect() -> () [state];
            /// While the collector marks in slices: the word at the place, in an object, is about to be overwritten.
            rt_gc_log(place: Ptr) -> () [state];
            /// A number about the heap: 0 collections, 1 live bytes after the last, 2 allocated bytes, 3 bytes
            /// held, 4 the heap limit, 5 nanoseconds spent collecting, 6 pauses.
            rt_gc_stats(what: I64) -> (I64) [state];
            /// A hash of an object's identity.
            rt_identity_hash(object: Ref) -> (I64) [];

            // ---- control ----
            /// The slow path of a poll: stack overflow or preemption.
            rt_poll() -> () [state panics];
            /// Leaves the actor's stack until the scheduler goes on with it; only for the slow path of polls, and only
            /// while the limit is poisoned after `rt_poll`.
            rt_yield() -> () [state];
            /// Raises the panic `code` (a `PanicCode`) with its operands as words; sets `ctx.panic`.
            rt_raise(code: I64, a: I64, b: I64) -> () [panics];
            /// Raises `Message` with the text.
            rt_raise_message(text: Ref) -> () [panics];
            /// Ends the actor after a raise: reports with the trace that begins at `loc` and goes on with the
            /// caller of the frame `fp`, runs pending defers, leaves through the entry frame.
            rt_panic_at(loc: I64, fp: Ptr) -> () [io noreturn];
            /// The number of pending defers.
            rt_defer_depth() -> (I64) [state];
            /// Makes a closure without parameters and results pending.
            rt_defer_push(closure: Ref) -> () [state];
            /// Takes back the closure that was pushed last.
            rt_defer_pop() -> (Ref) [state];
            /// Ends the program with an exit code, after flushing.
            rt_exit(code: I64) -> () [io noreturn];
            /// Begins to show an object; false if it is being shown already (then do not leave).
            rt_show_enter(object: Ref) -> (Bool) [state];
            /// Ends the showing that was begun last.
            rt_show_leave() -> () [state];

            // ---- actors: pids are I64; reasons are a variant of `ExitReason`, its message (or null) and its value ----
            /// Notes the innermost frame of an actor that suspends.
            rt_suspend(frame: Ref) -> () [state];
            /// Its pid, as one to which messages of a type may be sent: panics if it takes others. Tokens of types as for
            /// `rt_spawn`.
            rt_self(mailbox: Ptr) -> (I64) [state panics];
            /// An option of the next spawn, a `SpawnSetting`.
            rt_spawn_option(option: I64, value: I64) -> () [state];
            /// The name under which the next spawned actor is registered.
            rt_spawn_name(name: Ref) -> () [state];
            /// Starts an actor with a copy of the frame; `label` is its declared name, `mailbox` a token of its
            /// message type, or null for one that takes none as far as its types say, `kind` a `Connection`. Gives pid
            /// and monitor.
            rt_spawn(frame: Ref, label: Ref, mailbox: Ptr, kind: I64) -> (I64, I64) [state allocates];
            /// A deep copy of up to four words, of which the header's descriptor says what they are; the others are 0.
            rt_message_new(header: I64, a: I64, b: I64, c: I64, d: I64) -> (Ptr) [state reads allocates];
            /// Sends a message; while the mailbox is full, and its overflow is to block, the sender is to wait.
            rt_send(pid: I64, message: Ptr) -> () [state parks];
            /// Begins a receive with a time limit in milliseconds, or -1.
            rt_mailbox_begin(timeout: I64, site: I64) -> () [state];
            /// The next signal that this receive has not looked at, and which it is, a `Received`: a message, or a
            /// down or exit as a signal object. `mailbox` is the token of the type as which messages are read, null if
            /// none are: the actor ends by a panic when it waits if it takes others.
            rt_mailbox_next(mailbox: Ptr) -> (Ref, I64) [state allocates];
            /// Takes what was looked at last out of the mailbox: the receive has ended.
            rt_mailbox_take() -> () [state];
            /// Ends the actor for a reason.
            rt_exit_self(tag: I64, message: Ref, custom: Any) -> () [state panics];
            rt_kill(pid: I64, tag: I64, message: Ref, custom: Any) -> () [state panics];
            rt_link(pid: I64) -> () [state];
            rt_unlink(pid: I64) -> () [state];
            rt_monitor(pid: I64) -> (I64) [state];
            rt_demonitor(monitor: I64) -> () [state];
            rt_trap_exits(trap: Bool) -> () [state];
            rt_is_alive(pid: I64) -> (Bool) [state];
            /// Asks how an actor is; false if there is none.
            rt_info_ask(pid: I64) -> (Bool) [state];
            /// 0 pending (this actor will be woken), 1 there is an answer, 2 the actor has ended.
            rt_info_poll() -> (I64) [state];
            /// Of the answer, an `InfoItem`.
            rt_info_number(item: I64) -> (I64) [state];
            /// The name, or null.
            rt_info_name() -> (Ref) [state allocates];
            /// The line where it waits or was preempted, or null.
            rt_info_place() -> (Ref) [state allocates];
            /// A supervisor would start this actor again: a simulation may kill it.
            rt_supervised(pid: I64) -> () [state];
            rt_register(name: Ref, pid: I64) -> () [state panics];
            /// The pid of a name whose messages have the given type, or 0.
            rt_whereis(name: Ref, mailbox: Ptr) -> (I64) [state];
            /// The frame to run when the actor ends, which may be now.
            rt_terminate_set(frame: Ref) -> () [state panics];
            /// Why the running actor ends, as a signal object.
            rt_own_reason() -> (Ref) [state allocates];
            /// Sets the time at which [`rt_sleep_pending`](RtFn::rt_sleep_pending) becomes false and the actor is woken.
            rt_sleep_begin(ms: I64) -> () [state panics];
            rt_sleep_pending() -> (Bool) [state];
            rt_timer_start(ms: I64, pid: I64, message: Ptr) -> (I64) [state panics];
            rt_timer_cancel(timer: I64) -> (Bool) [state];
            /// The two ends of an answer: handles of reply and future.
            rt_promise_new() -> (Ref, Ref) [state allocates];
            rt_reply_send(reply: Ref, message: Ptr) -> () [state];
            /// Starts a task with a copy of the frame; gives its future.
            rt_task_spawn(frame: Ref) -> (Ref) [state allocates];
            /// The value of the running task.
            rt_task_resolve(message: Ptr) -> () [state];
            /// 0 pending (the actor will be woken), 1 there is a value, 2 there is a reason.
            rt_future_poll(future: Ref) -> (I64) [state];
            /// The value, as a message.
            rt_future_value(future: Ref) -> (Ref) [state allocates];
            /// The reason, as a signal object.
            rt_future_reason(future: Ref) -> (Ref) [state allocates];
            /// Ends the actor for the future's reason.
            rt_future_fail(future: Ref) -> () [state panics];
            rt_future_cancel(future: Ref) -> () [state];
            /// Takes away the pending defers above a depth: an object for `rt_defer_restore`, or null.
            rt_defer_take(depth: I64) -> (Ref) [state allocates];
            rt_defer_restore(saved: Ref) -> () [state];
            /// Gives the actor an area of module-level constants of its own, before it first stores into it.
            rt_globals_own() -> () [state];

            // ---- strings and bytes: both are a length and data, what fits both is `data` ----
            rt_data_eq(a: Ref, b: Ref) -> (Bool) [];
            /// Bytewise order: negative, zero, positive.
            rt_data_cmp(a: Ref, b: Ref) -> (I64) [];
            /// Keyed by a random number of the process.
            rt_data_hash(a: Ref) -> (I64) [];
            rt_str_concat(a: Ref, b: Ref) -> (Ref) [allocates];
            rt_bytes_concat(a: Ref, b: Ref) -> (Ref) [allocates];
            /// The first `count` strings of an array, one after another.
            rt_str_concat_all(parts: Ref, count: I64) -> (Ref) [allocates reads];
            /// `a[from:to]` as lists slice; panics off character boundaries.
            rt_str_slice(a: Ref, from: I64, to: I64) -> (Ref) [allocates];
            rt_bytes_slice(a: Ref, from: I64, to: I64) -> (Ref) [allocates];
            /// The first occurrence at or after `from`, or -1.
            rt_data_find(a: Ref, needle: Ref, from: I64) -> (I64) [];
            /// The last occurrence, or -1.
            rt_data_rfind(a: Ref, needle: Ref) -> (I64) [];
            /// The first occurrence of a byte at or after `from`, or -1.
            rt_data_find_byte(a: Ref, byte: I64, from: I64) -> (I64) [];
            rt_data_starts_with(a: Ref, prefix: Ref) -> (Bool) [];
            rt_data_ends_with(a: Ref, suffix: Ref) -> (Bool) [];
            /// The first white space at or after `from`, or the length.
            rt_str_find_space(a: Ref, from: I64) -> (I64) [];
            /// The first character that is not white space at or after `from`, or the length.
            rt_str_skip_space(a: Ref, from: I64) -> (I64) [];
            rt_str_replace(a: Ref, old: Ref, new: Ref) -> (Ref) [allocates];
            /// Without white space at the start (bit 0 of `ends`), at the end (bit 1).
            rt_str_trim(a: Ref, ends: I64) -> (Ref) [allocates];
            rt_str_upper(a: Ref) -> (Ref) [allocates];
            rt_str_lower(a: Ref) -> (Ref) [allocates];
            /// Nothing for a negative `n`.
            rt_str_repeat(a: Ref, n: I64) -> (Ref) [allocates];
            rt_bytes_repeat(a: Ref, n: I64) -> (Ref) [allocates];
            /// The character at an offset, and the offset behind it; panics off a boundary or at the end.
            rt_str_char_at(a: Ref, at: I64) -> (I32, I64) [panics];
            rt_str_char_count(a: Ref) -> (I64) [];
            rt_str_is_boundary(a: Ref, at: I64) -> (Bool) [];
            /// As a literal.
            rt_str_quote(a: Ref) -> (Ref) [allocates];
            rt_bytes_quote(a: Ref) -> (Ref) [allocates];
            rt_char_quote(c: I32) -> (Ref) [allocates];
            rt_str_from_char(c: I32) -> (Ref) [allocates];
            rt_str_from_int(n: I64) -> (Ref) [allocates];
            rt_str_from_uint(n: I64) -> (Ref) [allocates];
            rt_str_from_float(x: F64) -> (Ref) [allocates];
            rt_str_from_f32(x: F32) -> (Ref) [allocates];
            /// The bytes of a string.
            rt_bytes_from_str(a: Ref) -> (Ref) [allocates];
            /// The text of bytes; null if they are not UTF-8.
            rt_str_from_bytes(a: Ref) -> (Ref) [allocates];
            /// The text of bytes, with U+FFFD for what is not UTF-8.
            rt_str_from_bytes_lossy(a: Ref) -> (Ref) [allocates];
            /// Bytes from the first `len` elements of an `Array[u8]`.
            rt_bytes_from_array(array: Ref, len: I64) -> (Ref) [allocates reads];
            /// Copies bytes `from..from + count` of a string or byte string into an `Array[u8]`.
            rt_array_copy_bytes(to: Ref, to_index: I64, data: Ref, from: I64, count: I64) -> () [writes];
            /// Whether it is an integer literal of the type (a `NumType`), as `int.parse` takes it.
            rt_int_parse(a: Ref, num_type: I64) -> (I64, Bool) [];
            rt_float_parse(a: Ref) -> (F64, Bool) [];

            // ---- format specifications, Python's ----
            rt_format_int(n: I64, spec: Ref) -> (Ref) [allocates];
            rt_format_uint(n: I64, spec: Ref) -> (Ref) [allocates];
            rt_format_float(x: F64, spec: Ref) -> (Ref) [allocates];
            rt_format_str(a: Ref, spec: Ref) -> (Ref) [allocates];

            // ---- builders: growable strings that only these functions touch ----
            rt_buf_new(capacity: I64) -> (Ref) [allocates state];
            rt_buf_len(buf: Ref) -> (I64) [state];
            rt_buf_push_data(buf: Ref, a: Ref) -> () [allocates state];
            /// Part of a string or byte string; the caller keeps `from..to` within it.
            rt_buf_push_range(buf: Ref, a: Ref, from: I64, to: I64) -> () [allocates state];
            rt_buf_push_byte(buf: Ref, byte: I64) -> () [allocates state];
            rt_buf_push_char(buf: Ref, c: I32) -> () [allocates state];
            rt_buf_push_int(buf: Ref, n: I64) -> () [allocates state];
            rt_buf_push_uint(buf: Ref, n: I64) -> () [allocates state];
            rt_buf_push_float(buf: Ref, x: F64) -> () [allocates state];
            rt_buf_push_quoted(buf: Ref, a: Ref) -> () [allocates state];
            /// What was pushed, as a string; the builder is empty afterwards. The pushes kept it UTF-8.
            rt_buf_take_str(buf: Ref) -> (Ref) [allocates state];
            rt_buf_take_bytes(buf: Ref) -> (Ref) [allocates state];

            // ---- characters, symbols, hashing ----
            rt_char_is_alphabetic(c: I32) -> (Bool) [];
            rt_char_is_numeric(c: I32) -> (Bool) [];
            rt_char_is_whitespace(c: I32) -> (Bool) [];
            rt_char_is_upper(c: I32) -> (Bool) [];
            rt_char_is_lower(c: I32) -> (Bool) [];
            /// The character itself where its other case is not one character.
            rt_char_to_upper(c: I32) -> (I32) [];
            rt_char_to_lower(c: I32) -> (I32) [];
            rt_symbol_intern(name: Ref) -> (I32) [state];
            rt_symbol_name(symbol: I32) -> (Ref) [allocates state];
            /// Two random numbers of the process, by index 0 and 1: the keys of hashes made in Sepal.
            rt_hash_key(index: I64) -> (I64) [];
            /// A well-mixed, keyed combination of a hash and a further value.
            rt_hash_mix(hash: I64, value: I64) -> (I64) [];
            /// Fresh randomness from the operating system.
            rt_random() -> (I64) [io];

            // ---- input and output ----
            rt_print(a: Ref) -> () [io];
            rt_eprint(a: Ref) -> () [io];
            rt_flush() -> () [io];
            /// A line without its end, or null at the end of input.
            rt_read_line() -> (Ref) [allocates io];
            rt_read_all() -> (Ref) [allocates io];
            rt_read_all_bytes() -> (Ref) [allocates io];
            // Results of type I64 named here are 0 or an error code: see `rt_io_error_text` and `rt_io_error_kind`.
            /// The text and 0, or null and an error code.
            rt_fs_read(path: Ref) -> (Ref, I64) [allocates io];
            rt_fs_read_bytes(path: Ref) -> (Ref, I64) [allocates io];
            rt_fs_write(path: Ref, data: Ref) -> (I64) [io];
            rt_fs_append(path: Ref, data: Ref) -> (I64) [io];
            rt_fs_exists(path: Ref) -> (Bool) [io];
            rt_fs_is_dir(path: Ref) -> (Bool) [io];
            /// Removes a file or an empty folder.
            rt_fs_remove(path: Ref) -> (I64) [io];
            rt_fs_rename(from: Ref, to: Ref) -> (I64) [io];
            rt_fs_create_dir(path: Ref) -> (I64) [io];
            /// The names in a folder in order, each followed by a NUL, and 0; or null and an error code.
            rt_fs_list_dir(path: Ref) -> (Ref, I64) [allocates io];
            /// What an error code says.
            rt_io_error_text(code: I64) -> (Ref) [allocates];
            /// 0 other, 1 not found, 2 permission denied, 3 already exists, 4 invalid data, 5 is a folder,
            /// 6 not a folder, 7 folder not empty, 8 no space, 9 invalid name.
            rt_io_error_kind(code: I64) -> (I64) [];
            rt_env_arg_count() -> (I64) [state];
            rt_env_arg(index: I64) -> (Ref) [allocates state];
            /// Null if it is not set.
            rt_env_var(name: Ref) -> (Ref) [allocates io];
            rt_time_monotonic_ns() -> (I64) [io];
            rt_time_now() -> (F64) [io];
            rt_time_sleep_ms(ms: I64) -> () [io];

            // ---- numbers ----
            /// `base ** exp` in the given `NumType`; panics on overflow and a negative exponent.
            rt_int_pow(base: I64, exp: I64, num_type: I64) -> (I64) [panics];
            /// The remainder with the dividend's sign.
            rt_float_rem(a: F64, b: F64) -> (F64) [];
            /// Halves away from zero.
            rt_float_round(x: F64) -> (F64) [];
            rt_float_pow(a: F64, b: F64) -> (F64) [];
            rt_float_sin(x: F64) -> (F64) [];
            rt_float_cos(x: F64) -> (F64) [];
            rt_float_tan(x: F64) -> (F64) [];
            rt_float_asin(x: F64) -> (F64) [];
            rt_float_acos(x: F64) -> (F64) [];
            rt_float_atan(x: F64) -> (F64) [];
            rt_float_atan2(y: F64, x: F64) -> (F64) [];
            rt_float_sinh(x: F64) -> (F64) [];
            rt_float_cosh(x: F64) -> (F64) [];
            rt_float_tanh(x: F64) -> (F64) [];
            rt_float_exp(x: F64) -> (F64) [];
            rt_float_log(x: F64) -> (F64) [];
            rt_float_log2(x: F64) -> (F64) [];
            rt_float_log10(x: F64) -> (F64) [];
            rt_float_hypot(a: F64, b: F64) -> (F64) [];
            rt_float_cbrt(x: F64) -> (F64) [];
        }
    };
}

/// The set of one word of a row.
macro_rules! effect {
    (reads) => {
        Effects::READS
    };
    (writes) => {
        Effects::WRITES
    };
    (state) => {
        Effects::STATE
    };
    (io) => {
        Effects::IO
    };
    (allocates) => {
        Effects::ALLOCATES
    };
    (panics) => {
        Effects::PANICS
    };
    (noreturn) => {
        Effects::NORETURN
    };
    (parks) => {
        Effects::PARKS
    };
}

macro_rules! define {
    ($(
        $(#[doc = $doc:literal])*
        $name:ident($($param:ident: $ptype:ident),*) -> ($($result:ident),*) [$($effect:ident)*];
    )*) => {
        /// A runtime function; a variant is spelled as its function.
        #[allow(non_camel_case_types, reason = "the variant is the function's own name")]
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
        #[repr(u16)]
        pub enum RtFn {
            $($(#[doc = $doc])* $name,)*
        }

        impl RtFn {
            /// All functions, in the order of their numbers.
            pub const ALL: &'static [RtFn] = &[$(RtFn::$name),*];

            /// The name, which is also the linker's.
            pub const fn name(self) -> &'static str {
                match self {
                    $(RtFn::$name => stringify!($name),)*
                }
            }

            /// The parameters behind the context.
            pub const fn params(self) -> &'static [Scalar] {
                match self {
                    $(RtFn::$name => &[$(Scalar::$ptype),*],)*
                }
            }

            /// None, one or two results.
            pub const fn results(self) -> &'static [Scalar] {
                match self {
                    $(RtFn::$name => &[$(Scalar::$result),*],)*
                }
            }

            pub const fn effects(self) -> Effects {
                match self {
                    $(RtFn::$name => Effects::PURE$(.union(effect!($effect)))*,)*
                }
            }
        }
    };
}

rt_fns!(define);

impl RtFn {
    /// The function of a name, for the one place where declarations meet the table.
    pub fn from_name(name: &str) -> Option<RtFn> {
        RtFn::ALL.iter().copied().find(|f| f.name() == name)
    }

    /// Whether a caller must test `ctx.panic` afterwards.
    pub const fn may_panic(self) -> bool {
        self.effects().contains(Effects::PANICS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_consistent() {
        for (index, &f) in RtFn::ALL.iter().enumerate() {
            assert_eq!(f as usize, index);
            assert_eq!(RtFn::from_name(f.name()), Some(f));
            assert!(f.name().starts_with("rt_"));
            assert!(f.results().len() <= 2, "{}: a pair is the most", f.name());
            if let [a, b] = f.results() {
                assert!(a.size() == 8 || b.size() == 8, "{}: share a register", f.name());
            }
            assert!(f.params().len() <= 5, "{}: arguments stay in registers", f.name());
            let noreturn = f.effects().contains(Effects::NORETURN);
            assert!(!noreturn || f.results().is_empty(), "{}", f.name());
            let parks = f.effects().contains(Effects::PARKS);
            assert!(!(parks && f.may_panic()), "{}: the poll behind it sees to both", f.name());
        }
    }
}
