//! Panics: reports with places, pending defers, the end of the stack, of the heap; polls.

use super::{call, check, check_body, module, plain, stress, with_machine};
use crate::machine::End;
use sepal_abi::CLOSURE_CODE;
use sepal_mir::FuncId;
use sepal_rt::Options;

const PLACES: &str = "file0 = \"dir/main.spl\"\n!0 = file0:3:5 \"main\"\n!1 = file0:9:1 \"inner\" at !0\n\
    !2 = file0:20:7 \"g\"\n!3 = file0:30:9 \"h\"\n";

#[test]
fn reports_name_all_frames() {
    let text = PLACES.to_owned()
        + "fn0 \"main\" () -> (i64) {\nblock0:\nv0: i64 = const_int i64, 9223372036854775807\nv1: i64 = call fn1, [v0] !1\n\
        return_ [v1]\n}\n\
        fn1 \"g\" (i64) -> (i64) {\nblock0(v0: i64):\nv1: i64 = call fn2, [v0] !2\nv2: i64 = bin_op add, v1, v1\nreturn_ [v2]\n}\n\
        fn2 \"h\" (i64) -> (i64) {\nblock0(v0: i64):\nv1: i64 = checked_op sadd, v0, v0 !3\nreturn_ [v1]\n}";
    check(
        &text,
        "panic: integer overflow\n  at main.spl:30:9 in h\n  at main.spl:20:7 in g\n  at main.spl:9:1 in inner\n  \
         at main.spl:3:5 in main",
    );
}

#[test]
fn every_code_shows_its_operands() {
    let body = |operands: &str, panic: &str| format!("{operands}\npanic {panic} !0");
    let cases = [
        ("", "DivisionByZero, []", "division by zero"),
        (
            "v0: i64 = const_int i64, 7\nv1: i64 = const_int i64, 3",
            "IndexOutOfRange, [v0, v1]",
            "index out of range: the index is 7 but the length is 3",
        ),
        ("v0: ref = const_string str0", "Message, [v0]", "oh no"),
        (
            "v0: f64 = const_float f64, 1e30\nv1: i64 = const_int i64, 4",
            "ConversionFloat, [v0, v1]",
            "conversion out of range: 1e30 does not fit u8",
        ),
    ];
    for (operands, panic, expected) in cases {
        let items = PLACES.to_owned() + "str0 = \"oh no\"";
        let expected = format!("panic: {expected}\n  at main.spl:3:5 in main");
        check_body(&items, "i64", &body(operands, panic), &expected);
    }
}

#[test]
fn checks_of_bounds_in_every_form() {
    // Function 1 by itself, 2 within an access, 3 within an access to a list, 4 with the length of one.
    let items = PLACES.to_owned() + "layout0 = \"[int]\" [i64]\nlayout1 = \"List\" {i64, ref}\n";
    let functions = "fn1 \"f\" (ref, i64) -> (i64) {\nblock0(v0: ref, v1: i64):\nv2: ref = field_get ref, layout1.0.1, v0\n\
        v3: i64 = field_get i64, layout1.0.0, v0\nv4: i64 = bounds_check v1, v3 !2\nv5: i64 = bin_op add, v4, v3\n\
        v6: i64 = index_get i64, layout0, 0, v2, v4\nreturn_ [v6]\n}\n\
        fn2 \"f\" (ref, i64) -> (i64) {\nblock0(v0: ref, v1: i64):\nv2: ref = field_get ref, layout1.0.1, v0\n\
        v3: i64 = array_len v2\nv4: i64 = bounds_check v1, v3 !2\nv5: i64 = index_get i64, layout0, 0, v2, v4\nreturn_ [v5]\n}\n\
        fn3 \"f\" (ref, i64) -> (i64) {\nblock0(v0: ref, v1: i64):\nv2: i64 = field_get i64, layout1.0.0, v0\n\
        v3: i64 = bounds_check v1, v2 !2\nv4: ref = field_get ref, layout1.0.1, v0\n\
        v5: i64 = index_get i64, layout0, 0, v4, v3\nv6: i64 = bounds_check v1, v2 !2\nreturn_ [v5]\n}\n\
        fn4 \"f\" (ref, i64) -> (i64) {\nblock0(v0: ref, v1: i64):\nv2: i64 = field_get i64, layout1.0.0, v0\n\
        v3: i64 = bounds_check v1, v2 !2\nv4: ref = field_get ref, layout1.0.1, v0\n\
        v5: i64 = index_get i64, layout0, 0, v4, v3\nreturn_ [v5]\n}\n\
        fn5 \"f\" (ref, i64) -> (i64) {\nblock0(v0: ref, v1: i64):\nv2: i64 = field_get i64, layout1.0.0, v0\n\
        v3: i64 = bounds_check v1, v2 !2\nv4: ref = field_get ref, layout1.0.1, v0\n\
        v5: i64 = const_int i64, 20\nindex_set layout0, 0, v4, v3, v5\n\
        v6: i64 = index_get i64, layout0, 0, v4, v1\nreturn_ [v5]\n}\n";
    for n in 1..=5 {
        for (index, expected) in [(1, "20"), (-2, "20"), (3, ""), (-4, "")] {
            // The last function reads with the raw index after its store.
            let index = if n == 5 && index == -2 { 1 } else { index };
            let body = format!(
                "v0: i64 = const_int i64, 10\nv1: i64 = const_int i64, 20\nv2: ref = array_lit layout0, [v0, v1, v0]\n\
                 v3: i64 = const_int i64, 3\nv4: ref = struct_init layout1, 0, [v3, v2]\nv5: i64 = const_int i64, {index}\n\
                 v6: i64 = call fn{n}, [v4, v5] !0\nreturn_ [v6]"
            );
            let text =
                format!("{items}\nfn0 \"main\" () -> (i64) {{\nblock0:\n{body}\n}}\n{functions}");
            let panic = format!(
                "panic: index out of range: the index is {index} but the length is 3\n  at main.spl:20:7 in g\n  \
                 at main.spl:3:5 in main"
            );
            check(&text, if expected.is_empty() { &panic } else { expected });
        }
    }
}

#[test]
fn broken_contracts() {
    let items = PLACES.to_owned() + "str0 = \"requires failed in f: n > 0\"";
    let body = |cond: bool| {
        format!(
            "v0: bool = const_bool {cond}\ncontract_check requires, v0, str0 !0\nv1: i64 = const_int i64, 5\nreturn_ [v1]"
        )
    };
    check_body(&items, "i64", &body(true), "5");
    check_body(
        &items,
        "i64",
        &body(false),
        "panic: requires failed in f: n > 0\n  at main.spl:3:5 in main",
    );
}

#[test]
fn panics_of_the_runtime() {
    let items = PLACES.to_owned() + "str0 = \"oh\"";
    let body = "v0: ref = const_string str0\ncall_rt rt_raise_message, [v0] !0\nv1: i64 = const_int i64, 5\nreturn_ [v1]";
    check_body(&items, "i64", body, "panic: oh\n  at main.spl:3:5 in main");
    // What native code does after a raise.
    let body = "v0: ref = const_string str0\ncall_rt rt_raise_message, [v0] !0\nunreachable";
    check_body(&items, "i64", body, "panic: oh\n  at main.spl:3:5 in main");
    let body = "unreachable !0";
    check_body(
        &items,
        "i64",
        body,
        "panic: internal error: this place is never reached\n  at main.spl:3:5 in main",
    );
}

/// A function that calls itself without end, or so many times.
const DEEP: &str = "fn0 \"main\" () -> (i64) {\nblock0:\nv0: i64 = const_int i64, DEPTH\nv1: i64 = call fn1, [v0] !0\nreturn_ [v1]\n}\n\
    fn1 \"down\" (i64) -> (i64) {\nblock0(v0: i64):\npoll enter !3\nv1: i64 = const_int i64, 1\nv2: i64 = const_int i64, 0\n\
    v3: bool = bin_op eq, v0, v2\nbranch v3, block1, block2, unknown\nblock1:\nreturn_ [v0]\nblock2:\n\
    v4: i64 = bin_op sub, v0, v1\nv5: i64 = call fn1, [v4] !2\nv6: i64 = bin_op add, v5, v1\nreturn_ [v6]\n}";

#[test]
fn recursion_is_bounded_by_the_stack_alone() {
    let text = PLACES.to_owned() + &DEEP.replace("DEPTH", "1000000");
    assert_eq!(super::run_text(&text, plain()), "1000000");
    let text = PLACES.to_owned() + &DEEP.replace("DEPTH", "-1");
    let mut expected = "panic: stack overflow\n  at main.spl:30:9 in h\n".to_owned();
    expected += &"  at main.spl:20:7 in g\n".repeat(31);
    expected += "  …\n";
    assert_eq!(super::run_text(&text, plain()), expected);
}

#[test]
fn the_machine_goes_on_after_a_panic() {
    let module = module(&(PLACES.to_owned() + &DEEP.replace("DEPTH", "-1")));
    with_machine(&module, plain(), |machine, _, actor| {
        for _ in 0..2 {
            let report = call(machine, actor, FuncId(0), &[], 1).expect_err("there is no end");
            assert!(report.starts_with("panic: stack overflow\n  at main.spl:30:9 in h\n"));
            assert_eq!(call(machine, actor, FuncId(1), &[5], 1), Ok(vec![5]));
        }
    });
}

#[test]
fn heap_limits_are_panics() {
    let text = PLACES.to_owned()
        + "layout0 = \"cell\" {ref, i64}\nfn0 \"main\" () -> (i64) {\nblock0:\nv0: ref = const_null ref\n\
        v2: i64 = const_int i64, 1\njump block1(v0)\n\
        block1(v1: ref):\nv3: ref = struct_init layout0, 0, [v1, v2] !0\njump block1(v3)\n}";
    let options = Options { max_heap: Some(16 << 20), ..Options::default() };
    let expected = "panic: heap limit exceeded\n  at main.spl:3:5 in main\n";
    assert_eq!(super::run_text(&text, options), expected);
}

#[test]
fn pending_defers_run_last_first() {
    // Each closure appends its digit to a global; the last one pushed panics itself.
    let text = PLACES.to_owned()
        + "layout0 = \"closure\" {ptr, i64} immutable\nglobal0 = \"seen\" i64\n\
        fn0 \"main\" () -> (i64) {\nblock0:\nv0: i64 = const_int i64, 1\nv1: ref = closure_create layout0, fn1, [v0]\n\
        call_rt rt_defer_push, [v1]\nv2: i64 = const_int i64, 2\nv3: ref = closure_create layout0, fn1, [v2]\n\
        call_rt rt_defer_push, [v3]\nv4: i64 = const_int i64, 3\nv5: ref = closure_create layout0, fn2, [v4]\n\
        call_rt rt_defer_push, [v5]\npanic DivisionByZero, [] !0\n}\n\
        fn1 \"lambda\" (ref) -> () {\nblock0(v0: ref):\nv1: i64 = field_get i64, layout0.0.1, v0\n\
        v2: i64 = global_get i64, global0\nv3: i64 = const_int i64, 10\nv4: i64 = bin_op mul, v2, v3\n\
        v5: i64 = bin_op add, v4, v1\nglobal_set global0, v5\nv6: ref = closure_create layout0, fn1, [v5]\nreturn_ []\n}\n\
        fn2 \"lambda\" (ref) -> () {\nblock0(v0: ref):\ncall fn1, [v0]\npanic IntegerOverflow, [] !3\n}";
    let module = module(&text);
    for options in [plain(), stress()] {
        with_machine(&module, options, |machine, program, actor| {
            assert!(machine.call(FuncId(0), &[], 1).is_err());
            let mut panics = 0;
            // SAFETY: the actor is alive, nothing runs in it, and the references do not outlive the calls.
            while let Some(closure) = unsafe {
                (*actor).take_panic();
                (*actor).pop_defer()
            } {
                let code = crate::state::load(closure as u64, u64::from(CLOSURE_CODE));
                let end = machine.call_entry(program.entry_of(code), &[closure as u64]);
                panics += usize::from(end == End::Panicked);
            }
            assert_eq!(panics, 1, "and the others ran nevertheless");
            // SAFETY: the actor is alive and nothing runs in it.
            let actor = unsafe { &mut *actor };
            assert_eq!(actor.globals()[0], 321);
            assert_eq!(actor.defer_depth(), 0);
            assert_eq!(actor.raised(), None);
        });
    }
}

#[test]
fn a_function_without_body_is_a_clear_panic() {
    let text = PLACES.to_owned()
        + "fn0 \"main\" () -> (i64) {\nblock0:\nv0: i64 = call fn1, [] !0\nreturn_ [v0]\n}\nfn1 \"gone\" () -> (i64)";
    // The verifier refuses such modules; this one is not shown to it.
    let module = sepal_mir::text::parse_module(&text).expect("well formed");
    with_machine(&module, plain(), |machine, _, actor| {
        let report = call(machine, actor, FuncId(0), &[], 1).expect_err("there is no body");
        assert_eq!(report, "panic: `gone` has no body\n  at main.spl:3:5 in main\n");
    });
}
