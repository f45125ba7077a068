//! What `--emit=clif` and `--emit=asm` show.
//!
//! Must never differ from what is compiled: the same translation, the same settings.

use crate::Error;
use crate::compile::Worker;
use crate::decls::{Decls, Placed};
use crate::isa::{Options, Target, isa};
use crate::object::object_module;
use crate::thunks::CpuInst;
use cranelift_codegen::ir::UserExternalName;
use cranelift_module::{DataId, FuncId as ClFunc, Module};
use sepal_mir::{self as mir, FuncId};
use std::fmt::Write;

/// Cranelift's IR of every function.
pub fn clif_text(mir: &mir::Module, options: Options) -> Result<String, Error> {
    each_function(mir, options, |worker, id, name| {
        let text = worker.translate(id).display().to_string();
        let names = worker.external_names();
        let text = replace_numbers(&text, "userextname", |number, rest| {
            names.get(number as usize).and_then(name).map(|name| (format!("%{name}"), rest))
        });
        // Functions and data are shown as `u0:3`, which no name of an instruction resembles.
        Ok(replace_numbers(&text, "u", |number, rest| {
            let (index, rest) = leading_number(rest.strip_prefix(':')?)?;
            let name = name(&UserExternalName { namespace: number, index })?;
            Some((format!("%{name}"), rest))
        }))
    })
}

/// The machine code of every function, in Cranelift's notation, for the processor of object files.
pub fn asm_text(mir: &mir::Module, options: Options) -> Result<String, Error> {
    each_function(mir, options, |worker, id, name| {
        let text = worker.assembly(id)?;
        let names = worker.external_names();
        Ok(replace_numbers(&text, "userextname", |number, rest| {
            names.get(number as usize).and_then(name).map(|name| (name, rest))
        }))
    })
}

/// Shows functions one by one; `show` may ask for the names of what they refer to.
fn each_function(
    mir: &mir::Module,
    options: Options,
    show: impl Fn(
        &mut Worker<'_>,
        FuncId,
        &dyn Fn(&UserExternalName) -> Option<String>,
    ) -> Result<String, Error>,
) -> Result<String, Error> {
    let isa = isa(Target::Portable, &options)?;
    let mut module = object_module(isa.clone())?;
    let decls = Decls::declare(&mut module, mir, Placed::InExecutable)?;
    let names = |name: &UserExternalName| external_name(&module, name);
    let mut worker = Worker::new(mir, &decls, &*isa, None);
    let mut out = String::new();
    for (id, _) in decls.defined() {
        // Writing into a string does not fail.
        let _ = writeln!(out, "; {}", mir.functions[id].name);
        out.push_str(&show(&mut worker, id, &names)?);
        out.push('\n');
    }
    Ok(out)
}

fn external_name(module: &impl Module, name: &UserExternalName) -> Option<String> {
    let declarations = module.declarations();
    match name.namespace {
        0 => {
            let id = ClFunc::from_u32(name.index);
            Some(declarations.get_function_decl(id).linkage_name(id).into_owned())
        }
        1 => {
            let id = DataId::from_u32(name.index);
            Some(declarations.get_data_decl(id).linkage_name(id).into_owned())
        }
        CpuInst::NAMESPACE => {
            CpuInst::ALL.get(name.index as usize).map(|inst| inst.name().to_owned())
        }
        _ => None,
    }
}

/// Replaces every `prefixNUMBER` for which `replace`, given the number and the text behind it, has
/// something else and says where the text goes on.
fn replace_numbers<'t>(
    text: &'t str,
    prefix: &str,
    replace: impl Fn(u32, &'t str) -> Option<(String, &'t str)>,
) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(prefix) {
        let behind = &rest[at + prefix.len()..];
        let replaced = leading_number(behind).and_then(|(n, behind)| replace(n, behind));
        out.push_str(&rest[..at]);
        rest = match replaced {
            Some((name, behind)) => {
                out.push_str(&name);
                behind
            }
            None => {
                out.push_str(prefix);
                behind
            }
        };
    }
    out.push_str(rest);
    out
}

fn leading_number(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
}
