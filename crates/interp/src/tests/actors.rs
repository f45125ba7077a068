//! Several actors in one program: spawning, preemption, ends that concern one actor alone.

use super::{module, plain, stress};
use crate::Interp;

/// A body's frame, and `main` that spawns `fn1` and asks in a loop whether it is alive; the scheduler has one worker, so
/// that only preemption lets the other run.
const MAIN: &str = "file0 = \"dir/main.spl\"\n!0 = file0:3:5 \"main\"\n!1 = file0:9:1 \"body\"\n\
    layout0 = \"frame\" {ptr, ref, ref, i32, i32, i64}\nglobal0 = \"seen\" i64\nentry fn0\n\
    fn0 \"main\" () -> (i64) {\nblock0:\nv0: ptr = func_addr fn1\nv1: ref = const_null ref\nv2: i32 = const_int i32, 0\n\
    v3: i32 = const_int i32, -1\nv4: i64 = const_int i64, 0\nv5: ref = struct_init layout0, 0, [v0, v1, v1, v2, v3, v4]\n\
    v6: ptr = const_null ptr\nglobal_set global0, v4\nv7: i64, v8: i64 = call_rt rt_spawn, [v5, v1, v6, v4]\njump block1\n\
    block1:\npoll turn !0\nv9: bool = call_rt rt_is_alive, [v7]\nbranch v9, block1, block2, unknown\n\
    block2:\nv10: i64 = global_get i64, global0\nv11: i64 = const_int i64, 7\nv12: i64 = bin_op add, v10, v11\n\
    return_ [v12]\n}\n";

/// The exit code with this body.
fn run(body: &str) -> [i32; 2] {
    let module =
        module(&format!("{MAIN}fn1 \"body\" (ref) -> (i64) {{\nblock0(v0: ref):\n{body}\n}}"));
    [plain(), stress()].map(|options| Interp::new(&module).expect("an entry").run(options))
}

#[test]
fn an_actor_runs_while_main_spins() {
    assert_eq!(run("v1: i64 = const_int i64, 0\nreturn_ [v1]"), [7, 7]);
}

#[test]
fn module_variables_are_each_actors_own() {
    // The actor finds zero, and its store does not reach main's.
    let body = "v1: i64 = global_get i64, global0\nv2: i64 = const_int i64, 5\nv3: i64 = bin_op add, v1, v2\n\
        global_set global0, v3\nv4: i64 = const_int i64, 0\nreturn_ [v4]";
    assert_eq!(run(body), [7, 7]);
}

#[test]
fn a_panic_ends_its_actor_alone() {
    assert_eq!(run("panic DivisionByZero, [] !1"), [7, 7]);
}

#[test]
fn an_endless_actor_ends_with_main() {
    // Main is not asked about this one: it kills it, in the middle of its loop.
    let main = MAIN.replace(
        "block1:\npoll turn !0\n",
        "block1:\npoll turn !0\nv13: i64 = const_int i64, 2\ncall_rt rt_kill, [v7, v13, v1, v14] !0\n",
    );
    let main =
        main.replace("jump block1\nblock1", "v14: any = const_int any, 4\njump block1\nblock1");
    let text = main
        + "fn1 \"body\" (ref) -> (i64) {\nblock0(v0: ref):\njump block1\nblock1:\npoll turn !1\njump block1\n}";
    let module = module(&text);
    for options in [plain(), stress()] {
        assert_eq!(Interp::new(&module).expect("an entry").run(options), 7);
    }
}
