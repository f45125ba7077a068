//! MIR to text.
//!
//! Must never leave out anything that changes what a program does.

use crate::entities::*;
use crate::field::{Field, print_list};
use crate::function::{FuncAttrs, Function, Pools};
use crate::module::*;
use crate::types::{Signature, Type};
use std::fmt::Write as _;

/// The text of a module.
pub fn print_module(module: &Module) -> String {
    let mut out = String::new();
    print_constants(module, &mut out);
    print_tables(module, &mut out);
    if let Some(FuncId(entry)) = module.entry {
        let _ = write!(out, "entry fn{entry}");
        if let Some(LayoutId(layout)) = module.entry_frame {
            let _ = write!(out, " frame layout{layout}");
        }
        out.push('\n');
    }
    if module.defers_may_wait {
        out.push_str("defers wait\n");
    }
    for (id, function) in module.functions.iter_enumerated() {
        print_into(&mut out, id, function);
    }
    out
}

/// The text of one function.
pub fn print_function(id: FuncId, function: &Function) -> String {
    let mut out = String::new();
    print_into(&mut out, id, function);
    out
}

fn print_constants(module: &Module, out: &mut String) {
    for (id, name) in module.files.iter_enumerated() {
        let _ = writeln!(out, "file{} = {}", id.0, quoted(name.as_bytes()));
    }
    for (id, loc) in module.locs.iter() {
        let Loc { file, line, col, function, inlined_at } = loc;
        let name = quoted(function.as_str().as_bytes());
        let _ = write!(out, "!{} = file{}:{line}:{col} {name}", id.0, file.0);
        if inlined_at.is_some() {
            let _ = write!(out, " at !{}", inlined_at.0);
        }
        out.push('\n');
    }
    for (id, name) in module.symbols.iter_enumerated() {
        let _ = writeln!(out, "sym{} = {}", id.0, quoted(name.as_str().as_bytes()));
    }
    for (id, data) in module.strings.iter_enumerated() {
        let prefix = if data.is_text { "" } else { "bytes " };
        let _ = writeln!(out, "str{} = {prefix}{}", id.0, quoted(&data.bytes));
    }
}

fn print_tables(module: &Module, out: &mut String) {
    for (id, item) in module.externs.iter_enumerated() {
        let name = quoted(item.name.as_str().as_bytes());
        let _ = writeln!(out, "extern{} = {name} {}", id.0, signature(&item.sig));
    }
    for (id, sig) in module.signatures.iter_enumerated() {
        let _ = writeln!(out, "sig{} = {}", id.0, signature(sig));
    }
    for (id, layout) in module.layouts.iter_enumerated() {
        print_layout(out, id, layout);
    }
    for (id, vtable) in module.vtables.iter_enumerated() {
        let name = quoted(vtable.name.as_str().as_bytes());
        let _ = writeln!(out, "vtable{} = {name} {}", id.0, words(&vtable.slots));
    }
    for (id, object) in module.statics.iter_enumerated() {
        let StaticObject { layout, variant, fields } = object;
        let _ = writeln!(out, "static{} = layout{}.{variant} {}", id.0, layout.0, words(fields));
    }
    for (id, global) in module.globals.iter_enumerated() {
        let name = quoted(global.name.as_str().as_bytes());
        let _ = writeln!(out, "global{} = {name} {}", id.0, global.ty);
    }
}

fn print_layout(out: &mut String, id: LayoutId, layout: &Layout) {
    let _ = write!(out, "layout{} = {}", id.0, quoted(layout.name.as_str().as_bytes()));
    match &layout.kind {
        LayoutKind::Fixed(variants) => {
            for variant in variants {
                out.push(' ');
                print_list(out, '{', '}', &variant.fields, |out, field| {
                    out.push_str(field.ty.name());
                    out.push_str(if field.length { " length" } else { "" });
                    out.push_str(if field.frozen { " frozen" } else { "" });
                });
            }
        }
        LayoutKind::Array(slots) => {
            out.push(' ');
            print_list(out, '[', ']', slots, |out, ty| out.push_str(ty.name()));
        }
    }
    out.push_str(if layout.immutable { " immutable" } else { "" });
    out.push_str(if layout.local { " local\n" } else { "\n" });
}

fn words(words: &[ConstWord]) -> String {
    let mut out = String::new();
    print_list(&mut out, '[', ']', words, |out, word| {
        let _ = match *word {
            ConstWord::Bits(bits) => write!(out, "{}", bits as i64),
            ConstWord::Func(id) => write!(out, "fn{}", id.0),
            ConstWord::Vtable(id) => write!(out, "vtable{}", id.0),
            ConstWord::Str(id) => write!(out, "str{}", id.0),
            ConstWord::Object(id) => write!(out, "static{}", id.0),
        };
    });
    out
}

fn types(out: &mut String, types: &[Type]) {
    print_list(out, '(', ')', types, |out, ty| out.push_str(ty.name()));
}

fn signature(sig: &Signature) -> String {
    let mut out = String::new();
    types(&mut out, &sig.params);
    out.push_str(" -> ");
    types(&mut out, &sig.results);
    out
}

fn print_into(out: &mut String, id: FuncId, function: &Function) {
    let name = quoted(function.name.as_str().as_bytes());
    let _ = write!(out, "fn{} {name} {}", id.0, signature(&function.sig));
    let FuncAttrs { interpret, inline, noinline, cold, export, generator, begin } = function.attrs;
    for (set, word) in [
        (interpret, "interpret"),
        (inline, "inline"),
        (noinline, "noinline"),
        (cold, "cold"),
        (export, "export"),
        (generator, "generator"),
    ] {
        if set {
            let _ = write!(out, " {word}");
        }
    }
    if begin.is_some() {
        let _ = write!(out, " !{}", begin.0);
    }
    if !function.is_defined() {
        out.push('\n');
        return;
    }
    out.push_str(" {\n");
    for block in function.blocks.ids() {
        print_block(out, function, block);
    }
    out.push_str("}\n");
}

fn print_block(out: &mut String, function: &Function, block: Block) {
    let data = &function.blocks[block];
    let _ = write!(out, "{block}");
    if !data.params.is_empty() {
        print_list(out, '(', ')', &data.params, |out, &param| typed(out, function, param));
    }
    out.push_str(":\n");
    for &inst in &data.insts {
        let inst = &function.insts[inst];
        out.push_str("    ");
        for (n, value) in inst.results.iter().enumerate() {
            if n > 0 {
                out.push_str(", ");
            }
            typed(out, function, value);
        }
        if !inst.results.is_empty() {
            out.push_str(" = ");
        }
        inst.op.print(out, &function.pools);
        end_line(out, inst.loc);
    }
    out.push_str("    ");
    data.term.print(out, &function.pools);
    end_line(out, data.term_loc);
}

fn typed(out: &mut String, function: &Function, value: Value) {
    value.print(out, &Pools::default());
    let _ = write!(out, ": {}", function.ty(value));
}

fn end_line(out: &mut String, loc: LocId) {
    if loc.is_some() {
        let _ = write!(out, " !{}", loc.0);
    }
    out.push('\n');
}

/// Bytes between quotes, everything outside printable ASCII escaped, except that text stays text.
fn quoted(bytes: &[u8]) -> String {
    let mut out = String::from("\"");
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                c if c.is_ascii_control() => {
                    let _ = write!(out, "\\x{:02x}", c as u32);
                }
                c => out.push(c),
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out.push('"');
    out
}
