//! Programs in MIR text, compiled into memory and run.

mod arith;
mod convert;
mod host;
mod object;
mod programs;
mod tiers;

use crate::{JitProgram, Options, compile_jit};
use host::Host;
use sepal_mir::{self as mir, text::parse_module, verify::verify_module};

fn parse(text: &str) -> mir::Module {
    let module = parse_module(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    verify_module(&module).unwrap_or_else(|error| panic!("{error}\n{text}"));
    module
}

fn compile(text: &str) -> JitProgram {
    compile_jit(&parse(text), Options::default(), host::address).expect("the program compiles")
}

/// Runs the program with and without optimisation: what it logs, then its result or nothing after a panic.
#[track_caller]
fn check(text: &str, expected: &str) {
    for optimize in [true, false] {
        let options = Options { optimize, ..Options::default() };
        let program = compile_jit(&parse(text), options, host::address).expect("it compiles");
        let mut host = Host::new(program.image(), 4);
        let result = host.run();
        let mut found = std::mem::take(&mut host.log);
        if let Some(result) = result {
            found.push_str(&format!("= {result}\n"));
        }
        assert_eq!(found.trim(), expected.trim(), "optimize: {optimize}\n{text}");
    }
}

/// A program whose `main` is the given instructions and ends with `return_`; locations !0 to !9.
fn main_of(tables: &str, body: &str) -> String {
    format!("{}{tables}\nentry fn0\nfn0 \"main\" () -> (i64) {{\nblock0:\n{body}\n}}\n", locs())
}

fn locs() -> String {
    let mut text = String::from("file0 = \"main.spl\"\n");
    for n in 0..10 {
        text.push_str(&format!("!{n} = file0:{}:5 \"main\"\n", n + 1));
    }
    text
}

/// A program of one operation: operands from globals `0..`, the result to the global after them.
struct Operation {
    program: JitProgram,
    operands: usize,
}

impl Operation {
    /// `op` names its operands `v0`, `v1`.
    fn new(operands: &[&str], op: &str, result: &str) -> Operation {
        let mut tables = String::new();
        let mut body = String::new();
        for (n, ty) in operands.iter().enumerate() {
            tables.push_str(&format!("global{n} = \"g{n}\" {ty}\n"));
            body.push_str(&format!("v{n}: {ty} = global_get {ty}, global{n}\n"));
        }
        let n = operands.len();
        tables.push_str(&format!("global{n} = \"g{n}\" {result}\n"));
        body.push_str(&format!("v{n}: {result} = {op} !0\nglobal_set global{n}, v{n}\n"));
        body.push_str(&format!("v{0}: i64 = const_int i64, 0\nreturn_ [v{0}]", n + 1));
        Operation { program: compile(&main_of(&tables, &body)), operands: n }
    }

    /// Two instructions on one operand: `v1 = …` and `v2 = …`, both of the operand's type.
    fn shifted(ty: &str, ops: &str) -> Operation {
        let tables = format!("global0 = \"g0\" {ty}\nglobal1 = \"g1\" {ty}\n");
        let body = format!(
            "v0: {ty} = global_get {ty}, global0\nv1: {ty} = {ops} !0\nglobal_set global1, v2\n\
             v3: i64 = const_int i64, 0\nreturn_ [v3]"
        );
        Operation { program: compile(&main_of(&tables, &body)), operands: 1 }
    }

    /// The result's word, or what the panic says.
    fn run(&self, operands: &[u64]) -> Result<u64, String> {
        let mut host = Host::new(self.program.image(), 64);
        host.globals[..self.operands].copy_from_slice(operands);
        match host.run() {
            Some(_) => Ok(host.globals[self.operands]),
            None => Err(host.log.trim().trim_end_matches(" at !0").to_owned()),
        }
    }
}
