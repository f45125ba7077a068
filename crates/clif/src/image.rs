//! The image of a program as data: what the runtime must know, laid down as `abi` says.
//!
//! Must never need anything at run time but relocation: the tables are read-only.

use crate::Error;
use crate::compile::CompiledProgram;
use crate::decls::Decls;
use crate::section::{Section, Target};
use cranelift_module::{DataId, Linkage, Module};
use rustc_hash::FxHashMap;
use sepal_abi::{ABI_VERSION, DescKind, MoreCode, NO_LOC, TextRange};
use sepal_mir::{self as mir, Layout, LayoutKind};
use std::sync::atomic::AtomicPtr;

/// The exported name.
pub(crate) const IMAGE_SYMBOL: &str = "sepal_image";

/// Writes the image and gives its data object. Code that comes later is found through `more`.
pub(crate) fn define<M: Module>(
    module: &mut M,
    mir: &mir::Module,
    decls: &Decls,
    program: &CompiledProgram,
    more: Option<&AtomicPtr<MoreCode>>,
) -> Result<DataId, Error> {
    let tables = module.declare_data("spl_tables", Linkage::Local, false, false)?;
    let records = module.declare_data("spl_records", Linkage::Local, false, false)?;
    let image = module.declare_data(IMAGE_SYMBOL, Linkage::Export, false, false)?;
    let mut writer = Writer::new(tables, records);
    let descs = writer.descriptors(mir);
    let functions = writer.functions(decls, program);
    let global_refs = writer.global_refs(mir);
    let locs = writer.locs(mir);
    let code_locs = writer.code_locs(program);
    let symbols = writer.symbols(mir);
    let texts = writer.texts();

    let mut out = Section::default();
    out.u32(ABI_VERSION);
    out.u32(mir.entry_frame.map_or(0, |layout| mir.layouts[layout].first_desc.0));
    descs.write(&mut out);
    match mir.entry {
        Some(entry) => out.address(Target::Func(decls.callee(entry))),
        None => out.u64(0),
    }
    // The runtime makes the area of globals.
    out.u64(0);
    out.u64(mir.globals.len() as u64);
    for table in [global_refs, locs, functions, code_locs, symbols, texts] {
        table.write(&mut out);
    }
    out.u64(u64::from(mir.defers_may_wait));
    out.u64(more.map_or(0, |more| std::ptr::from_ref(more).addr() as u64));
    writer.tables.define(module, tables)?;
    writer.records.define(module, records)?;
    out.define(module, image)?;
    Ok(image)
}

/// A table of the image: which data object, where in it, how many entries.
struct Place {
    data: DataId,
    offset: u32,
    len: usize,
}

impl Place {
    fn write(&self, out: &mut Section) {
        out.table(self.data, self.offset, self.len);
    }
}

struct Writer {
    /// Tables without addresses.
    tables: Section,
    tables_id: DataId,
    /// Tables with addresses.
    records: Section,
    records_id: DataId,
    text: String,
    known: FxHashMap<String, TextRange>,
}

impl Writer {
    fn new(tables_id: DataId, records_id: DataId) -> Writer {
        Writer {
            tables: Section::default(),
            tables_id,
            records: Section::default(),
            records_id,
            text: String::new(),
            known: FxHashMap::default(),
        }
    }

    fn table(&self, offset: u32, len: usize) -> Place {
        Place { data: self.tables_id, offset, len }
    }

    /// Where a text stands among all texts.
    fn text(&mut self, text: &str) -> TextRange {
        if let Some(&range) = self.known.get(text) {
            return range;
        }
        let offset = u32::try_from(self.text.len()).expect("texts stay below 4 GiB");
        let range = TextRange { offset, len: text.len() as u32 };
        self.text.push_str(text);
        self.known.insert(text.to_owned(), range);
        range
    }

    fn write_text(&mut self, text: &str) {
        let range = self.text(text);
        self.write_range(range);
    }

    fn write_range(&mut self, range: TextRange) {
        self.tables.u32(range.offset);
        self.tables.u32(range.len);
    }

    fn descriptors(&mut self, mir: &mir::Module) -> Place {
        let mut count = 0;
        let offset = self.records.offset();
        for (layout, variant) in mir.descriptors() {
            self.descriptor(layout, variant);
            count += 1;
        }
        Place { data: self.records_id, offset, len: count }
    }

    fn descriptor(&mut self, layout: &Layout, variant: u16) {
        let (kind, size, stride, traced) = match &layout.kind {
            LayoutKind::Fixed(variants) => {
                let def = &variants[usize::from(variant)];
                (DescKind::Fixed, def.size, 0, def.traced())
            }
            LayoutKind::Array(slots) => {
                let traced = (0u32..).zip(slots).filter(|(_, slot)| slot.is_traced());
                let traced = traced.map(|(n, _)| 8 * n).collect();
                let stride = layout.stride().expect("it is a layout of arrays");
                (DescKind::Array, Layout::slot_offset(0), stride, traced)
            }
        };
        self.tables.align(4);
        let traced_at = self.tables.offset();
        traced.iter().for_each(|&word| self.tables.u32(word));
        let name_at = self.tables.offset();
        self.tables.bytes(layout.name.as_str().as_bytes());
        for word in [kind as u32, size, stride, u32::from(layout.local)] {
            self.records.u32(word);
        }
        self.records.table(self.tables_id, traced_at, traced.len());
        self.records.table(self.tables_id, name_at, layout.name.as_str().len());
    }

    fn functions(&mut self, decls: &Decls, program: &CompiledProgram) -> Place {
        let offset = self.records.offset();
        let mut first = 0;
        for ((_, id), func) in decls.defined().zip(&program.funcs) {
            let count = func.code_locs.len() as u32;
            self.records.address(Target::Func(id));
            for word in [func.code.len() as u32, first, count, 0] {
                self.records.u32(word);
            }
            first += count;
        }
        Place { data: self.records_id, offset, len: program.funcs.len() }
    }

    fn code_locs(&mut self, program: &CompiledProgram) -> Place {
        self.tables.align(4);
        let offset = self.tables.offset();
        let mut count = 0;
        for entry in program.funcs.iter().flat_map(|func| &func.code_locs) {
            self.tables.u32(entry.offset);
            self.tables.u32(entry.loc);
            count += 1;
        }
        self.table(offset, count)
    }

    fn global_refs(&mut self, mir: &mir::Module) -> Place {
        self.tables.align(4);
        let offset = self.tables.offset();
        let mut count = 0;
        for (id, _) in mir.globals.iter_enumerated().filter(|(_, global)| global.ty.is_traced()) {
            self.tables.u32(id.0);
            count += 1;
        }
        self.table(offset, count)
    }

    fn locs(&mut self, mir: &mir::Module) -> Place {
        self.tables.align(4);
        let offset = self.tables.offset();
        let name = |path: &String| self.text(path.rsplit('/').next().unwrap_or(path));
        let files: Vec<TextRange> = mir.files.iter().map(name).collect();
        // The places of a function follow each other.
        let mut function = ("", self.text(""));
        for (_, loc) in mir.locs.iter() {
            let name = loc.function.as_str();
            if name != function.0 {
                function = (name, self.text(name));
            }
            self.write_range(files[loc.file.0 as usize]);
            self.write_range(function.1);
            self.tables.u32(loc.line);
            self.tables.u32(loc.col);
            self.tables.u32(if loc.inlined_at.is_some() { loc.inlined_at.0 } else { NO_LOC });
        }
        self.table(offset, mir.locs.len())
    }

    fn symbols(&mut self, mir: &mir::Module) -> Place {
        self.tables.align(4);
        let offset = self.tables.offset();
        for symbol in mir.symbols.iter() {
            self.write_text(symbol.as_str());
        }
        self.table(offset, mir.symbols.len())
    }

    /// Last, since the other tables add texts.
    fn texts(&mut self) -> Place {
        let offset = self.tables.offset();
        self.tables.bytes(self.text.as_bytes());
        self.table(offset, self.text.len())
    }
}
