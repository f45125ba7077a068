//! Any text is read as a module or refused; what is read can be verified; what is right can be
//! optimised, and what was printed is read again: `cargo fuzz run mir_text`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sepal_mir::passes::{OptLevel, optimize};
use sepal_mir::text::{parse_module, print_module};
use sepal_mir::verify::verify_module;

fuzz_target!(|text: &str| {
    let Ok(mut module) = parse_module(text) else { return };
    let once = print_module(&module);
    let again = parse_module(&once).expect("what was printed can be read");
    assert!(print_module(&again) == once, "printing again changes something");
    if verify_module(&module).is_ok() {
        optimize(&mut module, OptLevel::Full);
        verify_module(&module).expect("the passes keep a module right");
    }
});
