//! Object files: linked with a small runtime in C and run.

use super::parse;
use crate::{Options, compile_object};
use object::{Object, ObjectSection, ObjectSymbol, RelocationTarget};
use std::path::Path;
use std::process::Command;

const PROGRAM: &str = r#"
file0 = "/src/main.spl"
!0 = file0:2:5 "main"
!1 = file0:3:5 "main"
!2 = file0:7:5 "check"
!3 = file0:9:5 "inlined" at !1
str0 = "hello"
layout0 = "Box" {i64, ref}
layout1 = "closure" {ptr}
sig0 = (ref, i64) -> (i64)
static0 = layout1.0[fn1]
vtable0 = "V" [fn1, str0]
global0 = "g" i64
extern0 = "labs" (i64) -> (i64)
entry fn0
fn0 "main" () -> (i64) {
block0:
    poll enter !0
    v0: ref = const_string str0
    call_rt rt_print, [v0]
    v1: i64 = const_int i64, -40
    v2: ref = struct_init layout0, 0, [v1, v0] !0
    v3: ref = struct_init layout0, 0, [v1, v2] !0
    v4: ref = field_get ref, layout0.0.1, v3
    v5: i64 = field_get i64, layout0.0.0, v4
    v6: i64 = call_extern extern0, [v5]
    global_set global0, v6
    v7: ref = const_object static0
    v8: i64 = global_get i64, global0
    v9: i64 = indirect_call sig0, v7, [v8] !1
    v10: f64 = const_float f64, 2.5
    v11: f64 = unary_op ffloor, v10
    v12: i64 = cast float_to_signed, i64, v11
    v13: i64 = bin_op add, v9, v12
    return_ [v13]
}
fn1 "check" (ref, i64) -> (i64) {
block0(v0: ref, v1: i64):
    v2: i64 = const_int i64, LIMIT
    v3: bool = bin_op slt, v1, v2
    branch v3, block1, block2, unknown
block1:
    return_ [v1]
block2:
    panic SliceStepZero, [] !2
}
fn2 "check" () -> () {
block0:
    cpu_pause
    return_ []
}
"#;

fn object(limit: &str) -> Vec<u8> {
    let module = parse(&PROGRAM.replace("LIMIT", limit));
    compile_object(&module, Options::default()).expect("the program compiles")
}

/// Links, demanding no text relocations, and gives output and exit code.
fn run(object: &[u8], folder: &Path) -> (String, Option<i32>) {
    let (file, program) = (folder.join("program.o"), folder.join("program"));
    std::fs::write(&file, object).expect("the folder is writable");
    let host = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tests/host.c");
    let linked = Command::new("cc")
        .args(["-pie", "-Wl,-z,text", "-Wl,--fatal-warnings", "-o"])
        .args([&program, &host, &file])
        .output()
        .expect("there is a C compiler");
    assert!(linked.status.success(), "{}", String::from_utf8_lossy(&linked.stderr));
    let ran = Command::new(&program).output().expect("the program was linked");
    (String::from_utf8_lossy(&ran.stdout).into_owned(), ran.status.code())
}

#[test]
fn programs_link_position_independent_and_run() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (output, code) = run(&object("50"), folder.path());
    assert_eq!((output.as_str(), code), ("hello\nalloc 24\n= 42\n", Some(0)));
    let (output, code) = run(&object("7"), folder.path());
    let expected = "hello\nalloc 24\npanic 11\n  main.spl:7 in check\n  main.spl:3 in main\n";
    assert_eq!((output.as_str(), code), (expected, Some(101)));
}

#[test]
fn symbols_are_readable_and_sections_read_only() {
    let bytes = object("50");
    let file = object::File::parse(&*bytes).expect("an object file");
    let names: Vec<&str> = file.symbols().filter_map(|symbol| symbol.name().ok()).collect();
    for name in ["spl.main", "spl.check", "spl.check#2", "sepal_image"] {
        assert!(names.contains(&name), "{name} among {names:?}");
    }
    for section in file.sections() {
        let name = section.name().expect("a name");
        let with_relocations = section.relocations().count() > 0;
        match name {
            ".text" | ".eh_frame" => {
                for (_, relocation) in section.relocations() {
                    assert_ne!(relocation.kind(), object::RelocationKind::Absolute, "in {name}");
                }
            }
            ".rodata" => assert!(!with_relocations),
            ".data" | ".bss" => assert_eq!(section.size(), 0, "nothing is writable"),
            _ => {}
        }
    }
}

#[test]
fn lines_lead_to_functions() {
    let bytes = object("50");
    let file = object::File::parse(&*bytes).expect("an object file");
    let load = |id: gimli::SectionId| -> Result<_, gimli::Error> {
        let section = file.section_by_name(id.name());
        let data = section.map_or(&[][..], |section| section.data().expect("its bytes"));
        Ok(gimli::EndianSlice::new(data, gimli::LittleEndian))
    };
    let dwarf = gimli::Dwarf::load(load).expect("debug sections");
    let header = dwarf.units().next().expect("readable").expect("a unit");
    let unit = dwarf.unit(header).expect("readable");
    let mut rows = unit.line_program.clone().expect("lines").rows();
    let mut lines = Vec::new();
    while let Some((_, row)) = rows.next_row().expect("readable") {
        lines.extend(row.line().filter(|_| !row.end_sequence()).map(|line| line.get()));
    }
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines, [2, 3, 7]);
    let targets = file.section_by_name(".debug_line").expect("it is there").relocations();
    let functions = targets
        .filter(|(_, relocation)| matches!(relocation.target(), RelocationTarget::Symbol(_)))
        .count();
    assert_eq!(functions, 2, "functions with places");
}

#[test]
fn what_the_emit_options_show() {
    let module = parse(&PROGRAM.replace("LIMIT", "50"));
    let clif = crate::clif_text(&module, Options::default()).expect("the program compiles");
    for expected in ["; main\n", "%spl_strings", "%rt_print", "tail", "%pause"] {
        assert!(clif.contains(expected), "{expected} in {clif}");
    }
    let asm = crate::asm_text(&module, Options::default()).expect("the program compiles");
    for expected in ["call    User(rt_print)", "spl_strings+0", "retq", "pause"] {
        assert!(asm.contains(expected), "{expected} in {asm}");
    }
}
