//! The runtime functions as compiled code calls them: on objects, by context.

use super::Pair;
use super::address;
use super::bodies::*;
use crate::actor::{Actor, data, text};
use crate::testing::with_plain_actor;
use sepal_abi::{Ctx, NumType, ObjPtr, PanicCode, RtFn};
use std::collections::HashSet;

/// Calls `body` with a context and a maker of strings.
fn with_ctx(body: impl FnOnce(*mut Ctx, &dyn Fn(&str) -> ObjPtr)) {
    with_plain_actor(|actor| {
        let ctx = &raw mut actor.ctx;
        // SAFETY: the actor lives in the caller's frame; references to it are short.
        let make = |content: &str| unsafe { Actor::of(ctx).new_str(content) };
        body(ctx, &make);
    });
}

fn shown(object: ObjPtr) -> String {
    assert!(!object.is_null(), "a panic was raised");
    // SAFETY: the tests pass strings.
    unsafe { text(object) }.to_owned()
}

/// The message of the panic that was raised.
fn raised(ctx: *mut Ctx) -> String {
    // SAFETY: the tests pass their actor's context.
    let actor = unsafe { Actor::of(ctx) };
    assert!(actor.raised().is_some(), "nothing was raised");
    actor.take_panic().expect("a panic")
}

#[test]
fn every_function_has_an_address_of_its_own_kind() {
    let addresses: HashSet<_> = RtFn::ALL.iter().map(|&f| address(f)).collect();
    // Bodies with equal code may be merged; most are not.
    assert!(addresses.len() > RtFn::ALL.len() / 2);
    assert!(!addresses.contains(&std::ptr::null()));
}

#[test]
fn slices_count_and_clamp_as_lists_do() {
    with_ctx(|ctx, make| {
        let check = |whole: &str, from, to, expected: &str| {
            // SAFETY: the context and the object are alive.
            let slice = unsafe { rt_str_slice(ctx, make(whole), from, to) };
            assert_eq!(shown(slice), expected, "{whole}[{from}:{to}]");
        };
        check("hello", 1, 3, "el");
        check("hello", -3, -1, "ll");
        check("hello", 0, 99, "hello");
        check("hello", 4, 2, "");
        check("hello", i64::MIN, i64::MAX, "hello");
        check("héllo", 3, 6, "llo");
        check("", 0, 0, "");
        // SAFETY: as above.
        let off = unsafe { rt_str_slice(ctx, make("héllo"), 2, 4) };
        assert!(off.is_null());
        assert_eq!(raised(ctx), "not a character boundary: 2");
    });
}

#[test]
fn searching_gives_offsets_or_minus_one() {
    with_ctx(|ctx, make| {
        let a = make("abcabc");
        // SAFETY: the context and the objects are alive.
        unsafe {
            assert_eq!(rt_data_find(ctx, a, make("ca"), 0), 2);
            assert_eq!(rt_data_find(ctx, a, make("a"), 1), 3);
            assert_eq!(rt_data_find(ctx, a, make(""), 6), 6);
            assert_eq!(rt_data_find(ctx, a, make(""), 7), -1);
            assert_eq!(rt_data_find(ctx, a, make("x"), 0), -1);
            assert_eq!(rt_data_rfind(ctx, a, make("bc")), 4);
            assert_eq!(rt_data_rfind(ctx, a, make("")), 6);
            assert_eq!(rt_data_find_byte(ctx, a, 99, 3), 5);
            assert_eq!(rt_data_find_byte(ctx, a, 300, 0), -1);
            assert!(
                rt_data_starts_with(ctx, a, make("ab")) && !rt_data_starts_with(ctx, a, make("b"))
            );
            assert!(rt_data_ends_with(ctx, a, make("bc")) && rt_data_ends_with(ctx, a, make("")));
            let spaced = make("a \u{3000}b");
            assert_eq!(rt_str_find_space(ctx, spaced, 0), 1);
            assert_eq!(rt_str_skip_space(ctx, spaced, 1), 5);
            assert_eq!(rt_str_find_space(ctx, spaced, 5), 6);
        }
    });
}

#[test]
fn transformations_agree_with_rusts() {
    with_ctx(|ctx, make| {
        for a in ["", "abc", " \tx y\n", "Straße ΑΣ", "aaaa", "ÀÉ😀é"] {
            // SAFETY: the context and the objects are alive.
            unsafe {
                assert_eq!(shown(rt_str_upper(ctx, make(a))), a.to_uppercase());
                assert_eq!(shown(rt_str_lower(ctx, make(a))), a.to_lowercase());
                assert_eq!(shown(rt_str_trim(ctx, make(a), 3)), a.trim());
                assert_eq!(shown(rt_str_trim(ctx, make(a), 1)), a.trim_start());
                assert_eq!(shown(rt_str_trim(ctx, make(a), 2)), a.trim_end());
                assert_eq!(shown(rt_str_repeat(ctx, make(a), 3)), a.repeat(3));
                assert_eq!(shown(rt_str_repeat(ctx, make(a), -1)), "");
                assert_eq!(rt_str_char_count(ctx, make(a)), a.chars().count() as i64);
                for (old, new) in [("a", "xy"), ("aa", ""), ("", "-"), ("zz", "q"), ("é", "e")] {
                    let replaced = rt_str_replace(ctx, make(a), make(old), make(new));
                    assert_eq!(shown(replaced), a.replace(old, new));
                }
            }
        }
    });
}

#[test]
fn characters_are_decoded_step_by_step() {
    with_ctx(|ctx, make| {
        let a = make("aé😀");
        // SAFETY: the context and the object are alive.
        unsafe {
            assert_eq!(rt_str_char_at(ctx, a, 0), Pair('a' as i32, 1));
            assert_eq!(rt_str_char_at(ctx, a, 1), Pair('é' as i32, 3));
            assert_eq!(rt_str_char_at(ctx, a, 3), Pair('😀' as i32, 7));
            for at in [2, 7, 100, -1] {
                rt_str_char_at(ctx, a, at);
                assert_eq!(raised(ctx), format!("not a character boundary: {at}"));
            }
            assert_eq!(rt_char_to_upper(ctx, 'ß' as i32), 'ß' as i32);
            assert_eq!(rt_char_to_upper(ctx, 'é' as i32), 'É' as i32);
        }
    });
}

#[test]
fn builders_grow_and_empty_themselves() {
    with_ctx(|ctx, make| {
        // SAFETY: the context and the objects are alive.
        unsafe {
            let buf = rt_buf_new(ctx, 0);
            rt_buf_push_data(ctx, buf, make("x="));
            rt_buf_push_int(ctx, buf, i64::MIN);
            rt_buf_push_char(ctx, buf, ' ' as i32);
            rt_buf_push_uint(ctx, buf, -1);
            rt_buf_push_byte(ctx, buf, b' '.into());
            rt_buf_push_float(ctx, buf, 2.0);
            rt_buf_push_quoted(ctx, buf, make("q\""));
            rt_buf_push_range(ctx, buf, make("abcdef"), 2, 4);
            let expected = "x=-9223372036854775808 18446744073709551615 2.0\"q\\\"\"cd";
            assert_eq!(rt_buf_len(ctx, buf), expected.len() as i64);
            assert_eq!(shown(rt_buf_take_str(ctx, buf)), expected);
            assert_eq!(shown(rt_buf_take_str(ctx, buf)), "");
            for _ in 0..10_000 {
                rt_buf_push_data(ctx, buf, make("0123456789"));
            }
            assert_eq!(shown(rt_buf_take_str(ctx, buf)), "0123456789".repeat(10_000));
        }
    });
}

#[test]
fn numbers_are_read_and_shown() {
    with_ctx(|ctx, make| {
        // SAFETY: the context and the objects are alive.
        unsafe {
            assert_eq!(shown(rt_str_from_int(ctx, i64::MIN)), "-9223372036854775808");
            assert_eq!(shown(rt_str_from_int(ctx, 0)), "0");
            assert_eq!(shown(rt_str_from_uint(ctx, -1)), "18446744073709551615");
            assert_eq!(shown(rt_str_from_float(ctx, 0.1)), "0.1");
            assert_eq!(shown(rt_str_from_f32(ctx, 0.1)), "0.1");
            assert_eq!(rt_int_parse(ctx, make("-42"), NumType::Int as i64), Pair(-42, true));
            assert_eq!(rt_int_parse(ctx, make("x"), NumType::Int as i64), Pair(0, false));
            assert_eq!(rt_float_parse(ctx, make("1e3")), Pair(1000.0, true));
            assert_eq!(rt_float_parse(ctx, make("1e")), Pair(0.0, false));
            assert_eq!(rt_int_pow(ctx, 2, 5, NumType::Int as i64), 32);
            rt_int_pow(ctx, 2, -1, NumType::Int as i64);
            assert_eq!(raised(ctx), "negative exponent: -1");
            rt_int_pow(ctx, 10, 19, NumType::Int as i64);
            assert_eq!(raised(ctx), "integer overflow");
            assert_eq!(shown(rt_format_float(ctx, 2.0, make("7.2f"))), "   2.00");
            assert!(rt_format_int(ctx, 2, make("nonsense")).is_null());
            assert_eq!(raised(ctx), "invalid format specification: nonsense");
        }
    });
}

#[test]
fn equality_order_and_hash_agree() {
    with_ctx(|ctx, make| {
        for a in ["", "a", "ab", "b", "ab\0", "é"] {
            for b in ["", "a", "ab", "b", "ab\0", "é"] {
                // SAFETY: the context and the objects are alive.
                unsafe {
                    assert_eq!(rt_data_eq(ctx, make(a), make(b)), a == b);
                    assert_eq!(rt_data_cmp(ctx, make(a), make(b)), a.cmp(b) as i64);
                    let equal_hash = rt_data_hash(ctx, make(a)) == rt_data_hash(ctx, make(b));
                    assert_eq!(equal_hash, a == b);
                }
            }
        }
    });
}

#[test]
fn bytes_become_text_if_they_are() {
    with_plain_actor(|actor| {
        let ctx = &raw mut actor.ctx;
        let good = actor.new_bytes("é".as_bytes());
        let bad = actor.new_bytes(b"a\xff");
        // SAFETY: the context and the objects are alive.
        unsafe {
            assert_eq!(shown(rt_str_from_bytes(ctx, good)), "é");
            assert!(rt_str_from_bytes(ctx, bad).is_null());
            assert_eq!(actor.raised(), None);
            assert_eq!(shown(rt_str_from_bytes_lossy(ctx, bad)), "a\u{fffd}");
            assert_eq!(shown(rt_bytes_quote(ctx, bad)), "b\"a\\xff\"");
            assert_eq!(data(rt_bytes_slice(ctx, bad, -1, 9)), b"\xff");
            assert_eq!(data(rt_bytes_concat(ctx, good, bad)), b"\xc3\xa9a\xff");
        }
    });
}

#[test]
fn objects_are_shown_once_at_a_time() {
    with_ctx(|ctx, make| {
        let (a, b) = (make("a"), make("b"));
        // SAFETY: the context and the objects are alive.
        unsafe {
            assert!(rt_show_enter(ctx, a) && rt_show_enter(ctx, b));
            assert!(!rt_show_enter(ctx, a));
            rt_show_leave(ctx);
            rt_show_leave(ctx);
            assert!(rt_show_enter(ctx, a));
        }
    });
}

#[test]
fn symbols_are_equal_by_name() {
    with_ctx(|ctx, make| {
        // SAFETY: the context and the objects are alive.
        unsafe {
            let a = rt_symbol_intern(ctx, make("left"));
            let b = rt_symbol_intern(ctx, make("right"));
            assert_eq!(rt_symbol_intern(ctx, make("left")), a);
            assert_ne!(a, b);
            assert_eq!(shown(rt_symbol_name(ctx, b)), "right");
        }
    });
}

#[test]
fn files_are_written_read_listed_and_removed() {
    let dir = std::env::temp_dir().join(format!("sepal-rt-test-{}", std::process::id()));
    let path = |name: &str| dir.join(name).to_string_lossy().into_owned();
    with_ctx(|ctx, make| {
        // SAFETY: the context and the objects are alive.
        unsafe {
            assert_eq!(rt_fs_create_dir(ctx, make(&path(""))), 0);
            let file = make(&path("b.txt"));
            assert_eq!(rt_fs_write(ctx, file, make("one\n")), 0);
            assert_eq!(rt_fs_append(ctx, file, make("two")), 0);
            let Pair(read, code) = rt_fs_read(ctx, file);
            assert_eq!((shown(read), code), ("one\ntwo".into(), 0));
            assert_eq!(rt_fs_append(ctx, make(&path("a")), make("")), 0);
            let Pair(names, code) = rt_fs_list_dir(ctx, make(&path("")));
            assert_eq!((shown(names), code), ("a\0b.txt\0".into(), 0));
            assert!(rt_fs_exists(ctx, file) && !rt_fs_is_dir(ctx, file));
            assert_eq!(rt_io_error_kind(ctx, rt_fs_remove(ctx, make(&path("")))), 7);
            assert_eq!(rt_fs_rename(ctx, file, make(&path("c"))), 0);
            assert_eq!(rt_fs_remove(ctx, make(&path("c"))), 0);
            assert_eq!(rt_fs_remove(ctx, make(&path("a"))), 0);
            let Pair(none, code) = rt_fs_read(ctx, file);
            assert!(none.is_null());
            assert_eq!(rt_io_error_kind(ctx, code), 1);
            assert_eq!(shown(rt_io_error_text(ctx, code)), "No such file or directory");
            assert_eq!(rt_io_error_kind(ctx, rt_fs_read(ctx, make("a\0b")).1), 9);
            assert_eq!(rt_fs_remove(ctx, make(&path(""))), 0);
        }
    });
}

#[test]
fn the_first_raise_stands() {
    with_ctx(|ctx, make| {
        // SAFETY: the context and the objects are alive.
        unsafe {
            rt_raise(ctx, PanicCode::KeyNotFound as i64, make("\"k\"") as i64, 0);
            rt_raise(ctx, PanicCode::DivisionByZero as i64, 0, 0);
            assert_eq!(raised(ctx), "key not found: \"k\"");
            rt_raise_message(ctx, make("boom"));
            assert_eq!(raised(ctx), "boom");
        }
    });
}
