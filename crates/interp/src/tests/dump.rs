use super::{plain, with_machine};
use crate::state::At;
use sepal_mir::*;

#[test]
fn dump() {
    let text = std::fs::read_to_string(std::env::var("DUMP").unwrap()).unwrap();
    let module = sepal_mir::text::parse_module(&text).unwrap();
    let names = std::env::var("NAMES").unwrap();
    with_machine(&module, plain(), |_, program, _| {
        for (id, func) in module.functions.iter_enumerated() {
            if !func.is_defined() || !names.split(',').any(|n| n == func.name.as_str()) { continue; }
            program.translate(id);
            eprintln!("== {} {}", id.0, func.name);
            for (n, word) in program.listing(id).into_iter().enumerate() {
                let (a, b, c) = (word.a(), word.b(), word.imm_c());
                eprintln!("{n:4} {:?} {a} {b} {c}", At::opcode(word));
            }
        }
    });
}
