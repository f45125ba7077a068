//! Debug and unwind sections of object files.
//!
//! `.debug_line` and a minimal `.debug_info` let debuggers stop at `file.spl:LINE` and profilers name functions;
//! `.eh_frame` lets them walk the stack. Function addresses in `.eh_frame` are relative to their place,
//! so that a position-independent executable needs no relocation of its read-only pages. Must never
//! be needed to run a program.

use crate::Error;
use crate::compile::{Compiled, CompiledProgram};
use crate::decls::Decls;
use cranelift_codegen::isa::TargetIsa;
use cranelift_codegen::isa::unwind::UnwindInfo;
use cranelift_object::ObjectProduct;
use gimli::constants::{self, DW_EH_PE_pcrel, DW_EH_PE_sdata4, DwEhPe, DwLang};
use gimli::write::{
    Address, AttributeValue, Dwarf, EndianVec, FileId, FrameTable, LineProgram, LineString, Range,
    RangeList, RelocateWriter, Relocation, RelocationTarget, Sections, Unit, UnitEntryId,
};
use gimli::{Encoding, Format, LineEncoding, LittleEndian, SectionId};
use object::write::{Relocation as ObjectRelocation, StandardSection, SymbolId};
use object::{RelocationEncoding, RelocationFlags, RelocationKind, SectionKind};
use rustc_hash::FxHashMap;
use sepal_mir::{self as mir, FileIdx, Function, LocId};

/// Version 4 needs no sections beyond the classic ones, and every tool reads it.
const ENCODING: Encoding = Encoding { format: Format::Dwarf32, version: 4, address_size: 8 };

/// From the range that is left to vendors: no language of the standard's list.
const LANGUAGE: DwLang = DwLang(0x9001);

/// Writes the sections into the object. Functions are numbered as symbols for `gimli` in the order of the
/// program's functions, then the shared ones.
pub(crate) fn add(
    product: &mut ObjectProduct,
    isa: &dyn TargetIsa,
    mir: &mir::Module,
    decls: &Decls,
    program: &CompiledProgram,
) -> Result<(), Error> {
    let ids = decls.defined().map(|(_, id)| id).chain(decls.thunks.iter().copied());
    let symbols: Vec<SymbolId> = ids.map(|id| product.function_symbol(id)).collect();
    let mut sections = Sections::new(Section::default());
    let mut dwarf = debug_info(mir, decls, program);
    dwarf.write(&mut sections).map_err(cannot)?;
    frame_table(isa, program).write_eh_frame(&mut sections.eh_frame).map_err(cannot)?;
    store(product, &sections, &symbols)
}

fn cannot(error: impl std::fmt::Display) -> Error {
    Error::Object(error.to_string())
}

fn address(symbol: usize) -> Address {
    Address::Symbol { symbol, addend: 0 }
}

/// The unwind table of all functions.
fn frame_table(isa: &dyn TargetIsa, program: &CompiledProgram) -> FrameTable {
    let mut table = FrameTable::default();
    let Some(mut cie) = isa.create_systemv_cie() else { return table };
    cie.fde_address_encoding = DwEhPe(DW_EH_PE_pcrel.0 | DW_EH_PE_sdata4.0);
    let cie = table.add_cie(cie);
    for (symbol, func) in program.funcs.iter().chain(&program.thunks).enumerate() {
        if let Some(UnwindInfo::SystemV(info)) = &func.unwind {
            table.add_fde(cie, info.to_fde(address(symbol)));
        }
    }
    table
}

/// One unit with all functions.
fn debug_info(mir: &mir::Module, decls: &Decls, program: &CompiledProgram) -> Dwarf {
    let mut dwarf = Dwarf::new();
    let line_encoding = LineEncoding::default();
    let directory = LineString::String(b".".to_vec());
    let first = mir.files.iter().next().map_or("?", String::as_str);
    let first = LineString::String(text(first));
    let lines = LineProgram::new(ENCODING, line_encoding, directory, None, first, None);
    let mut unit = Unit::new(ENCODING, lines);
    let files = add_files(&mut unit, mir);
    let mut writer = UnitWriter { dwarf: &mut dwarf, unit, files, mir };
    writer.root(program);
    for (symbol, ((id, _), compiled)) in decls.defined().zip(&program.funcs).enumerate() {
        writer.function(symbol, &mir.functions[id], compiled);
    }
    let unit = writer.unit;
    dwarf.units.add(unit);
    dwarf
}

/// Names in debug sections end at a NUL and are not empty.
fn text(name: &str) -> Vec<u8> {
    if name.is_empty() { b"?".to_vec() } else { name.replace('\0', "?").into_bytes() }
}

fn add_files(unit: &mut Unit, mir: &mir::Module) -> FxHashMap<FileIdx, FileId> {
    let mut files = FxHashMap::default();
    for (id, path) in mir.files.iter_enumerated() {
        let (folder, name) = path.rsplit_once('/').unwrap_or((".", path));
        let folder = if folder.is_empty() { "/" } else { folder };
        let directory = unit.line_program.add_directory(LineString::String(text(folder)));
        let name = LineString::String(text(name));
        files.insert(id, unit.line_program.add_file(name, directory, None));
    }
    files
}

struct UnitWriter<'a> {
    dwarf: &'a mut Dwarf,
    unit: Unit,
    files: FxHashMap<FileIdx, FileId>,
    mir: &'a mir::Module,
}

impl UnitWriter<'_> {
    fn set(&mut self, entry: UnitEntryId, name: constants::DwAt, value: AttributeValue) {
        self.unit.get_mut(entry).set(name, value);
    }

    fn string(&mut self, string: &str) -> AttributeValue {
        AttributeValue::StringRef(self.dwarf.strings.add(text(string)))
    }

    fn root(&mut self, program: &CompiledProgram) {
        let root = self.unit.root();
        let ranges = program.funcs.iter().enumerate().map(|(symbol, func)| Range::StartLength {
            begin: address(symbol),
            length: func.code.len() as u64,
        });
        let ranges = self.unit.ranges.add(RangeList(ranges.collect()));
        let producer = self.string(concat!("sepal ", env!("CARGO_PKG_VERSION")));
        let name = self.mir.files.iter().next().map_or("?", String::as_str);
        let name = self.string(name);
        self.set(root, constants::DW_AT_producer, producer);
        self.set(root, constants::DW_AT_name, name);
        self.set(root, constants::DW_AT_language, AttributeValue::Language(LANGUAGE));
        self.set(root, constants::DW_AT_stmt_list, AttributeValue::LineProgramRef);
        self.set(root, constants::DW_AT_low_pc, AttributeValue::Address(Address::Constant(0)));
        self.set(root, constants::DW_AT_ranges, AttributeValue::RangeListRef(ranges));
    }

    fn function(&mut self, symbol: usize, func: &Function, compiled: &Compiled) {
        let root = self.unit.root();
        let entry = self.unit.add(root, constants::DW_TAG_subprogram);
        let name = self.string(func.name.as_str());
        let length = compiled.code.len() as u64;
        self.set(entry, constants::DW_AT_name, name);
        self.set(entry, constants::DW_AT_low_pc, AttributeValue::Address(address(symbol)));
        self.set(entry, constants::DW_AT_high_pc, AttributeValue::Udata(length));
        let places = compiled.lines.iter().filter_map(|&(_, loc)| self.place(loc));
        let Some((file, line)) = places.min_by_key(|&(_, line)| line) else { return };
        self.set(entry, constants::DW_AT_decl_file, AttributeValue::FileIndex(Some(file)));
        self.set(entry, constants::DW_AT_decl_line, AttributeValue::Udata(line));
        self.lines(symbol, (file, line), compiled);
    }

    /// File and line as they stand in the function itself, not in what was inlined into it.
    fn place(&self, loc: LocId) -> Option<(FileId, u64)> {
        let mut place = self.mir.locs.get(loc)?;
        while let Some(outer) = self.mir.locs.get(place.inlined_at) {
            place = outer;
        }
        Some((self.files[&place.file], u64::from(place.line)))
    }

    /// The rows of one function. The first is the declaration's, for the frame's set-up.
    fn lines(&mut self, symbol: usize, declared: (FileId, u64), compiled: &Compiled) {
        self.unit.line_program.begin_sequence(Some(address(symbol)));
        self.row(0, declared);
        for &(offset, loc) in &compiled.lines {
            let place = self.mir.locs.get(loc);
            let place = place.map(|loc| (self.files[&loc.file], u64::from(loc.line)));
            if let Some(place) = place {
                self.row(offset.into(), place);
            }
        }
        self.unit.line_program.end_sequence(compiled.code.len() as u64);
    }

    fn row(&mut self, offset: u64, (file, line): (FileId, u64)) {
        let row = self.unit.line_program.row();
        row.address_offset = offset;
        row.file = file;
        row.line = line;
        self.unit.line_program.generate_row();
    }
}

/// One section being written: bytes and relocations.
#[derive(Clone)]
struct Section {
    writer: EndianVec<LittleEndian>,
    relocations: Vec<Relocation>,
}

impl Default for Section {
    fn default() -> Section {
        Section { writer: EndianVec::new(LittleEndian), relocations: Vec::new() }
    }
}

impl RelocateWriter for Section {
    type Writer = EndianVec<LittleEndian>;

    fn writer(&self) -> &Self::Writer {
        &self.writer
    }

    fn writer_mut(&mut self) -> &mut Self::Writer {
        &mut self.writer
    }

    fn relocate(&mut self, relocation: Relocation) {
        self.relocations.push(relocation);
    }
}

/// Puts what was written into the object.
fn store(
    product: &mut ObjectProduct,
    sections: &Sections<Section>,
    symbols: &[SymbolId],
) -> Result<(), Error> {
    let object = &mut product.object;
    let mut made = FxHashMap::default();
    sections.for_each(|id, section| {
        let bytes = section.writer.slice();
        if bytes.is_empty() {
            return Ok(());
        }
        let target = if id == SectionId::EhFrame {
            object.section_id(StandardSection::EhFrame)
        } else {
            object.add_section(Vec::new(), id.name().as_bytes().to_vec(), SectionKind::Debug)
        };
        object.append_section_data(target, bytes, if id == SectionId::EhFrame { 8 } else { 1 });
        made.insert(id, target);
        for relocation in &section.relocations {
            let symbol = match relocation.target {
                RelocationTarget::Symbol(index) => symbols[index],
                RelocationTarget::Section(id) => {
                    let section = made.get(&id).ok_or("a section that does not exist");
                    object.section_symbol(*section.map_err(cannot)?)
                }
            };
            let relative = relocation.eh_pe.is_some_and(|pe| pe.application() == DW_EH_PE_pcrel);
            let kind = if relative { RelocationKind::Relative } else { RelocationKind::Absolute };
            let flags = RelocationFlags::Generic {
                kind,
                encoding: RelocationEncoding::Generic,
                size: relocation.size * 8,
            };
            let offset = relocation.offset as u64;
            let relocation = ObjectRelocation { offset, symbol, addend: relocation.addend, flags };
            object.add_relocation(target, relocation).map_err(cannot)?;
        }
        Ok(())
    })
}
