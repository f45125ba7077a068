//! The table of the C functions: the only list of them.
//!
//! A row is `name(param: type, …) -> type;`, with the result `()` for none. From it come the check that a body of exactly
//! that type is exported under that name, and the C header, which a test compares with `include/sepal.h`.
//!
//! The groups and the widths are those of the older documents of the language. Where these give two forms of one name
//! (`rt_actor_spawn`, `rt_actor_send`), the longer one has the name, and the header gives a call with two arguments to
//! the shorter one.

/// Calls `$then!` with all rows.
macro_rules! c_fns {
    ($then:ident) => {
        $then! {
            group "Arrays: growable. An index that is out of range, or a value that is no array, gives nil or 0." {
                /// An empty array with room for so many elements.
                rt_array_new(capacity: i64) -> i64;
                rt_array_push(array: i64, value: i64) -> i8;
                /// A negative index counts from the end.
                rt_array_get(array: i64, index: i64) -> i64;
                rt_array_set(array: i64, index: i64, value: i64) -> i8;
                /// Takes out the last element.
                rt_array_pop(array: i64) -> i64;
                rt_array_clear(array: i64) -> i8;
            }
            group "Tuples: of fixed length, nil at first." {
                rt_tuple_new(len: i64) -> i64;
                rt_tuple_set(tuple: i64, index: i64, value: i64) -> i8;
                rt_tuple_get(tuple: i64, index: i64) -> i64;
                rt_tuple_len(tuple: i64) -> i64;
            }
            group "Dicts: in the order of insertion. Keys are equal as their contents are." {
                rt_dict_new(capacity: i64) -> i64;
                rt_dict_set(dict: i64, key: i64, value: i64) -> i8;
                /// nil if the key is not there.
                rt_dict_get(dict: i64, key: i64) -> i64;
                rt_dict_len(dict: i64) -> i64;
                rt_dict_clear(dict: i64) -> i8;
                /// A new array.
                rt_dict_keys(dict: i64) -> i64;
                rt_dict_values(dict: i64) -> i64;
            }
            group "Whatever the collection is" {
                /// An element of an array or tuple by an int, a value of a dict by its key.
                rt_index_get(collection: i64, index: i64) -> i64;
                rt_index_set(collection: i64, index: i64, value: i64) -> i8;
                /// A part of an array, tuple or string as in Python: clamped, negative offsets from the end. A string's
                /// offsets are bytes, and its step is 1.
                rt_slice(value: i64, start: i64, end: i64, step: i64) -> i64;
                /// Whether an element, a key or a part of a string is in it.
                rt_contains(collection: i64, value: i64) -> i8;
            }
            group "Strings: immutable UTF-8" {
                /// A copy of the bytes at an address; nil if they are not UTF-8.
                rt_string_new(data: i64, len: i64) -> i64;
                rt_string_concat(a: i64, b: i64) -> i64;
            }
            group "Values" {
                rt_value_int(value: i64) -> i64;
                rt_value_float(value: f64) -> i64;
                rt_value_bool(value: i8) -> i64;
                rt_value_nil() -> i64;
            }
            group "Objects: a number for the class, and fields, nil at first" {
                rt_object_new(class_id: i32, fields: i32) -> i64;
                rt_object_field_get(object: i64, index: i32) -> i64;
                rt_object_field_set(object: i64, index: i32, value: i64) -> i8;
            }
            group "Closures: the address of a function, and captures, nil at first" {
                rt_closure_new(function: i64, captures: i32) -> i64;
                rt_closure_set_capture(closure: i64, index: i32, value: i64) -> i8;
                rt_closure_get_capture(closure: i64, index: i32) -> i64;
                rt_closure_func_ptr(closure: i64) -> i64;
            }
            group "Enums" {
                rt_enum_new(enum_id: i32, variant: i32, payload: i64) -> i64;
                /// The variant; -1 for what is no enum.
                rt_enum_discriminant(value: i64) -> i64;
                rt_enum_payload(value: i64) -> i64;
            }
            group "Memory outside the heap: zeroed, the caller's to free" {
                rt_alloc(size: i64) -> i64;
                rt_free(address: i64, size: i64) -> ();
                /// An address as a value, and back.
                rt_ptr_to_value(address: i64) -> i64;
                rt_value_to_ptr(value: i64) -> i64;
            }
            group "Futures" {
                /// Waits for a future, or so many milliseconds; anything else is its own value.
                rt_wait(value: i64) -> i64;
                /// Runs `int64_t body(const void *ctx)` as a task of its own with a copy of `ctx`.
                rt_future_new(body: i64, ctx: i64) -> i64;
                /// The value; the value itself if it is no future. If the task failed, so does the caller.
                rt_future_await(future: i64) -> i64;
            }
            group "Actors. A pid is a plain number." {
                /// The shorter form: runs `void body(const void *ctx)` with a copy of `ctx`.
                rt_actor_spawn_value(body: i64, ctx: i64) -> i64;
                /// The shorter form: a copy of a value.
                rt_actor_send_value(pid: i64, value: i64) -> ();
                /// Waits for a message, as a value.
                rt_actor_recv() -> i64;
                /// Makes the caller the first actor of a program with so many workers, 0 for one a core. Once, first.
                rt_init_actor(workers: i32) -> ();
                /// Runs `void body(const void *args)` with a copy of the bytes. Priorities: 0 low, 1 medium, 2 high, 3 highest.
                rt_actor_spawn(body: ptr, args: ptr, size: i64, priority: i8) -> i64;
                /// A copy of the bytes.
                rt_actor_send(pid: i64, message: ptr, size: i64) -> ();
                /// Waits so many milliseconds for a message, -1 for ever, 0 not at all; null if none came. The message
                /// stays where it is as long as its address is on the stack.
                rt_actor_receive(timeout_ms: i64) -> ptr;
                rt_actor_self() -> i64;
                rt_actor_link(pid: i64) -> ();
                /// Lets others have the core if it is their turn, and ends the caller if it has been told to.
                rt_reduction_check() -> ();
                /// Runs `void callback(const void *state, const void *reason)` when the actor ends, unless it is killed:
                /// `state` is a copy of the arguments, `reason` a string.
                rt_actor_set_terminate(pid: i64, callback: ptr) -> ();
            }
            group "Generators: `int64_t body(int64_t generator)` is a state machine, called for each value" {
                rt_generator_new(body: i64, slots: i64, ctx: i64) -> i64;
                /// The next value; nil when it is done.
                rt_generator_next(generator: i64) -> i64;
                /// The value that the running step gives, whatever its body returns.
                rt_generator_yield(value: i64) -> ();
                rt_generator_get_state(generator: i64) -> i64;
                rt_generator_set_state(generator: i64, state: i64) -> ();
                rt_generator_store_slot(generator: i64, index: i64, value: i64) -> ();
                rt_generator_load_slot(generator: i64, index: i64) -> i64;
                rt_generator_get_ctx(generator: i64) -> i64;
                rt_generator_mark_done(generator: i64) -> ();
            }
            group "The interpreter, which a C program has not: these end the caller" {
                rt_interp_call(name: i64, len: i64, args: i64) -> i64;
                rt_interp_eval(source: i64) -> i64;
            }
            group "What cannot be called: these end the caller with a report" {
                rt_function_not_found(name: i64, len: i64) -> i64;
                rt_method_not_found(class: i64, class_len: i64, method: i64, method_len: i64) -> i64;
            }
            group "Beside the documents: what is in a value" {
                /// 0 a heap value, 1 int, 2 float, 3 bool, 4 nil.
                sepal_kind(value: i64) -> i64;
                /// 0 for what is no int; the other ones likewise.
                sepal_int(value: i64) -> i64;
                sepal_float(value: i64) -> f64;
                sepal_bool(value: i64) -> i8;
                /// The bytes of a string or of a message; null for others.
                sepal_data(value: i64) -> ptr;
                /// The bytes of a string or message, the elements of an array, tuple or dict.
                sepal_len(value: i64) -> i64;
                /// The bytes of a message that `rt_actor_receive` gave.
                sepal_message_len(message: ptr) -> i64;
            }
        }
    };
}

/// One function.
#[derive(Clone, Copy, Debug)]
pub struct CFn {
    pub name: &'static str,
    pub doc: &'static [&'static str],
    pub params: &'static [(&'static str, &'static str)],
    pub result: &'static str,
}

/// Functions that belong together.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    pub title: &'static str,
    pub functions: &'static [CFn],
}

macro_rules! rust_type {
    (i64) => { i64 };
    (i32) => { i32 };
    (i8) => { i8 };
    (f64) => { f64 };
    (ptr) => { *const u8 };
    (()) => { () };
}

macro_rules! define {
    ($(group $title:literal {$(
        $(#[doc = $doc:literal])*
        $name:ident($($param:ident: $ptype:tt),*) -> $result:tt;
    )*})*) => {
        /// All functions, in the order of the header.
        pub const GROUPS: &[Group] = &[$(Group { title: $title, functions: &[$(CFn {
            name: stringify!($name),
            doc: &[$($doc),*],
            params: &[$((stringify!($param), stringify!($ptype))),*],
            result: stringify!($result),
        }),*]}),*];

        $($(const _: unsafe extern "C" fn($(rust_type!($ptype)),*) -> rust_type!($result) =
            crate::exports::$name;)*)*
    };
}

c_fns!(define);

fn c_type(name: &str) -> &'static str {
    match name {
        "i64" => "int64_t ",
        "i32" => "int32_t ",
        "i8" => "int8_t ",
        "f64" => "double ",
        "ptr" => "const void *",
        "()" => "void ",
        other => unreachable!("`rust_type!` takes no {other}"),
    }
}

const HEAD: &str = "\
/* The runtime of Sepal for C: values of any type, actors, futures, generators.
 * Made from the table in crates/capi/src/table.rs; a test says so if it is out of date.
 *
 * A value is 64 bits: a tag of three bits and a payload of 61, or the address of a heap object. What does not fit a
 * payload is boxed, so every int and float comes back as it went in. Heap values belong to the actor that made them,
 * are collected, and are found on the actor's stack: keep them in locals and in other values, never in memory of
 * your own. What is sent is copied.
 *
 * rt_init_actor comes first. The functions that may wait (rt_actor_receive, rt_actor_recv, rt_wait, rt_future_await,
 * rt_reduction_check, and rt_generator_next if its body does) may come back on another thread: hold no lock across them,
 * and do not rely on errno or other thread-local variables to be the same. An actor that is ended while it waits
 * leaves its C frames as they are: what they have allocated with malloc stays. docs/c.md says more.
 */
#ifndef SEPAL_H
#define SEPAL_H

#include <stdint.h>

#ifdef __cplusplus
extern \"C\" {
#endif
";

const TAIL: &str = "
/* The forms with two arguments. */
#define SEPAL_PICK(a, b, c, d, name, ...) name
#define rt_actor_spawn(...) \\
    SEPAL_PICK(__VA_ARGS__, rt_actor_spawn, rt_actor_spawn, rt_actor_spawn_value, rt_actor_spawn_value, 0)(__VA_ARGS__)
#define rt_actor_send(...) \\
    SEPAL_PICK(__VA_ARGS__, rt_actor_send, rt_actor_send, rt_actor_send_value, rt_actor_send_value, 0)(__VA_ARGS__)

#ifdef __cplusplus
}
#endif

#endif
";

/// The text of the header.
pub fn header() -> String {
    let mut text = String::from(HEAD);
    for group in GROUPS {
        text.push_str(&format!("\n/* {} */\n", group.title));
        for function in group.functions {
            for line in function.doc {
                text.push_str(&format!("/*{line} */\n"));
            }
            let param = |&(name, ty): &(&str, &str)| format!("{}{name}", c_type(ty));
            let params: Vec<String> = function.params.iter().map(param).collect();
            let params = if params.is_empty() { String::from("void") } else { params.join(", ") };
            text.push_str(&format!("{}{}({params});\n", c_type(function.result), function.name));
        }
    }
    text + TAIL
}
