//! The image of a program for the runtime: descriptors, places, symbols. Code and globals are not in it: the
//! interpreter runs the program itself, and the runtime makes the globals.
//!
//! Must never outlive the tables that it points into, which the same struct owns.

use sepal_abi::{DescKind, Image, LocEntry, NO_LOC, Table, TextRange, TypeDesc};
use sepal_mir::{Layout, Module};

/// See the module's head.
pub struct ProgramImage {
    image: Image,
    _tables: Tables,
}

/// What the image points into; the vectors never change once the image is made.
#[derive(Default)]
struct Tables {
    descs: Vec<TypeDesc>,
    /// The offsets of each descriptor's traced words.
    traced: Vec<Vec<u32>>,
    names: Vec<Box<str>>,
    locs: Vec<LocEntry>,
    symbols: Vec<TextRange>,
    texts: Vec<u8>,
    global_refs: Vec<u32>,
}

impl ProgramImage {
    /// The image of a module; `entry` is the word of the function that `main` begins with.
    pub fn new(module: &Module, entry: u64) -> ProgramImage {
        let mut tables = Tables::default();
        for (layout, variant) in module.descriptors() {
            tables.add_desc(layout, variant);
        }
        tables.add_locs(module);
        for symbol in module.symbols.iter() {
            let range = tables.text(symbol.as_str());
            tables.symbols.push(range);
        }
        let globals = module.globals.iter().enumerate();
        let traced = globals.filter(|(_, global)| global.ty.is_traced());
        tables.global_refs = traced.map(|(n, _)| n as u32).collect();
        let entry_desc = module.entry_frame.map_or(0, |layout| module.layouts[layout].first_desc.0);
        let image = Image {
            entry: entry as *const u8,
            entry_desc,
            defers_may_wait: u64::from(module.defers_may_wait),
            descs: table(&tables.descs),
            global_words: module.globals.len(),
            global_refs: table(&tables.global_refs),
            locs: table(&tables.locs),
            symbols: table(&tables.symbols),
            texts: table(&tables.texts),
            ..Image::EMPTY
        };
        ProgramImage { image, _tables: tables }
    }

    /// The image, valid as long as `self`.
    pub fn get(&self) -> &Image {
        &self.image
    }
}

/// A table over a vector whose buffer stays where it is.
fn table<T>(items: &[T]) -> Table<T> {
    // SAFETY: the owner of the vectors keeps them unchanged beside the image.
    unsafe { Table::from_raw(items.as_ptr(), items.len()) }
}

impl Tables {
    fn add_desc(&mut self, layout: &Layout, variant: u16) {
        let (kind, size, stride, traced) = match (layout.variant(variant), layout.slots()) {
            (Some(variant), _) => (DescKind::Fixed, variant.size, 0, variant.traced()),
            (None, slots) => {
                let slots = slots.unwrap_or(&[]).iter().enumerate();
                let traced = slots.filter(|(_, ty)| ty.is_traced());
                let traced = traced.map(|(n, _)| 8 * n as u32).collect();
                (DescKind::Array, 16, layout.stride().unwrap_or(1), traced)
            }
        };
        let name: Box<str> = layout.name.as_str().into();
        let (traced_table, name_table) = (table(&traced), table(name.as_bytes()));
        let desc = TypeDesc::from_tables(kind, size, stride, traced_table, name_table);
        self.descs.push(desc.with_local(layout.local));
        self.traced.push(traced);
        self.names.push(name);
    }

    fn add_locs(&mut self, module: &Module) {
        let files: Vec<TextRange> = module
            .files
            .iter()
            .map(|path| self.text(path.rsplit('/').next().unwrap_or(path)))
            .collect();
        for (_, loc) in module.locs.iter() {
            let entry = LocEntry {
                file: files[loc.file.0 as usize],
                function: self.text(loc.function.as_str()),
                line: loc.line,
                col: loc.col,
                parent: if loc.inlined_at.is_some() { loc.inlined_at.0 } else { NO_LOC },
            };
            self.locs.push(entry);
        }
    }

    fn text(&mut self, text: &str) -> TextRange {
        let range = TextRange { offset: self.texts.len() as u32, len: text.len() as u32 };
        self.texts.extend_from_slice(text.as_bytes());
        range
    }
}
