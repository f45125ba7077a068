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
extern "C" {
#endif

/* Arrays: growable. An index that is out of range, or a value that is no array, gives nil or 0. */
/* An empty array with room for so many elements. */
int64_t rt_array_new(int64_t capacity);
int8_t rt_array_push(int64_t array, int64_t value);
/* A negative index counts from the end. */
int64_t rt_array_get(int64_t array, int64_t index);
int8_t rt_array_set(int64_t array, int64_t index, int64_t value);
/* Takes out the last element. */
int64_t rt_array_pop(int64_t array);
int8_t rt_array_clear(int64_t array);

/* Tuples: of fixed length, nil at first. */
int64_t rt_tuple_new(int64_t len);
int8_t rt_tuple_set(int64_t tuple, int64_t index, int64_t value);
int64_t rt_tuple_get(int64_t tuple, int64_t index);
int64_t rt_tuple_len(int64_t tuple);

/* Dicts: in the order of insertion. Keys are equal as their contents are. */
int64_t rt_dict_new(int64_t capacity);
int8_t rt_dict_set(int64_t dict, int64_t key, int64_t value);
/* nil if the key is not there. */
int64_t rt_dict_get(int64_t dict, int64_t key);
int64_t rt_dict_len(int64_t dict);
int8_t rt_dict_clear(int64_t dict);
/* A new array. */
int64_t rt_dict_keys(int64_t dict);
int64_t rt_dict_values(int64_t dict);

/* Whatever the collection is */
/* An element of an array or tuple by an int, a value of a dict by its key. */
int64_t rt_index_get(int64_t collection, int64_t index);
int8_t rt_index_set(int64_t collection, int64_t index, int64_t value);
/* A part of an array, tuple or string as in Python: clamped, negative offsets from the end. A string's */
/* offsets are bytes, and its step is 1. */
int64_t rt_slice(int64_t value, int64_t start, int64_t end, int64_t step);
/* Whether an element, a key or a part of a string is in it. */
int8_t rt_contains(int64_t collection, int64_t value);

/* Strings: immutable UTF-8 */
/* A copy of the bytes at an address; nil if they are not UTF-8. */
int64_t rt_string_new(int64_t data, int64_t len);
int64_t rt_string_concat(int64_t a, int64_t b);

/* Values */
int64_t rt_value_int(int64_t value);
int64_t rt_value_float(double value);
int64_t rt_value_bool(int8_t value);
int64_t rt_value_nil(void);

/* Objects: a number for the class, and fields, nil at first */
int64_t rt_object_new(int32_t class_id, int32_t fields);
int64_t rt_object_field_get(int64_t object, int32_t index);
int8_t rt_object_field_set(int64_t object, int32_t index, int64_t value);

/* Closures: the address of a function, and captures, nil at first */
int64_t rt_closure_new(int64_t function, int32_t captures);
int8_t rt_closure_set_capture(int64_t closure, int32_t index, int64_t value);
int64_t rt_closure_get_capture(int64_t closure, int32_t index);
int64_t rt_closure_func_ptr(int64_t closure);

/* Enums */
int64_t rt_enum_new(int32_t enum_id, int32_t variant, int64_t payload);
/* The variant; -1 for what is no enum. */
int64_t rt_enum_discriminant(int64_t value);
int64_t rt_enum_payload(int64_t value);

/* Memory outside the heap: zeroed, the caller's to free */
int64_t rt_alloc(int64_t size);
void rt_free(int64_t address, int64_t size);
/* An address as a value, and back. */
int64_t rt_ptr_to_value(int64_t address);
int64_t rt_value_to_ptr(int64_t value);

/* Futures */
/* Waits for a future, or so many milliseconds; anything else is its own value. */
int64_t rt_wait(int64_t value);
/* Runs `int64_t body(const void *ctx)` as a task of its own with a copy of `ctx`. */
int64_t rt_future_new(int64_t body, int64_t ctx);
/* The value; the value itself if it is no future. If the task failed, so does the caller. */
int64_t rt_future_await(int64_t future);

/* Actors. A pid is a plain number. */
/* The shorter form: runs `void body(const void *ctx)` with a copy of `ctx`. */
int64_t rt_actor_spawn_value(int64_t body, int64_t ctx);
/* The shorter form: a copy of a value. */
void rt_actor_send_value(int64_t pid, int64_t value);
/* Waits for a message, as a value. */
int64_t rt_actor_recv(void);
/* Makes the caller the first actor of a program with so many workers, 0 for one a core. Once, first. */
void rt_init_actor(int32_t workers);
/* Runs `void body(const void *args)` with a copy of the bytes. Priorities: 0 low, 1 medium, 2 high, 3 highest. */
int64_t rt_actor_spawn(const void *body, const void *args, int64_t size, int8_t priority);
/* A copy of the bytes. */
void rt_actor_send(int64_t pid, const void *message, int64_t size);
/* Waits so many milliseconds for a message, -1 for ever, 0 not at all; null if none came. The message */
/* stays where it is as long as its address is on the stack. */
const void *rt_actor_receive(int64_t timeout_ms);
int64_t rt_actor_self(void);
void rt_actor_link(int64_t pid);
/* Lets others have the core if it is their turn, and ends the caller if it has been told to. */
void rt_reduction_check(void);
/* Runs `void callback(const void *state, const void *reason)` when the actor ends, unless it is killed: */
/* `state` is a copy of the arguments, `reason` a string. */
void rt_actor_set_terminate(int64_t pid, const void *callback);

/* Generators: `int64_t body(int64_t generator)` is a state machine, called for each value */
int64_t rt_generator_new(int64_t body, int64_t slots, int64_t ctx);
/* The next value; nil when it is done. */
int64_t rt_generator_next(int64_t generator);
/* The value that the running step gives, whatever its body returns. */
void rt_generator_yield(int64_t value);
int64_t rt_generator_get_state(int64_t generator);
void rt_generator_set_state(int64_t generator, int64_t state);
void rt_generator_store_slot(int64_t generator, int64_t index, int64_t value);
int64_t rt_generator_load_slot(int64_t generator, int64_t index);
int64_t rt_generator_get_ctx(int64_t generator);
void rt_generator_mark_done(int64_t generator);

/* The interpreter, which a C program has not: these end the caller */
int64_t rt_interp_call(int64_t name, int64_t len, int64_t args);
int64_t rt_interp_eval(int64_t source);

/* What cannot be called: these end the caller with a report */
int64_t rt_function_not_found(int64_t name, int64_t len);
int64_t rt_method_not_found(int64_t class, int64_t class_len, int64_t method, int64_t method_len);

/* Beside the documents: what is in a value */
/* 0 a heap value, 1 int, 2 float, 3 bool, 4 nil. */
int64_t sepal_kind(int64_t value);
/* 0 for what is no int; the other ones likewise. */
int64_t sepal_int(int64_t value);
double sepal_float(int64_t value);
int8_t sepal_bool(int64_t value);
/* The bytes of a string or of a message; null for others. */
const void *sepal_data(int64_t value);
/* The bytes of a string or message, the elements of an array, tuple or dict. */
int64_t sepal_len(int64_t value);
/* The bytes of a message that `rt_actor_receive` gave. */
int64_t sepal_message_len(const void *message);

/* The forms with two arguments. */
#define SEPAL_PICK(a, b, c, d, name, ...) name
#define rt_actor_spawn(...) \
    SEPAL_PICK(__VA_ARGS__, rt_actor_spawn, rt_actor_spawn, rt_actor_spawn_value, rt_actor_spawn_value, 0)(__VA_ARGS__)
#define rt_actor_send(...) \
    SEPAL_PICK(__VA_ARGS__, rt_actor_send, rt_actor_send, rt_actor_send_value, rt_actor_send_value, 0)(__VA_ARGS__)

#ifdef __cplusplus
}
#endif

#endif
