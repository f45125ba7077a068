//! Text to MIR.
//!
//! Must never check what the verifier checks: here only the form matters. Ids in a text are bounded by
//! its length, so that a short text cannot ask for much memory.

use super::cursor::{Cursor, ParseError};
use crate::entities::*;
use crate::function::{FuncAttrs, Function, ValueData, ValueDef};
use crate::module::*;
use crate::ops::{Op, Terminator};
use crate::types::{Signature, Type};
use sepal_base::{Id, IdVec, Symbol};

type Result<T> = std::result::Result<T, ParseError>;

/// Reads a module. It is well formed as text; whether it makes sense is the verifier's business.
pub fn parse_module(text: &str) -> Result<Module> {
    let mut parser =
        Parser { cursor: Cursor::new(text), module: Module::new(), budget: text.len() };
    while !parser.cursor.at_end() {
        parser.item()?;
    }
    Ok(parser.module)
}

struct Parser<'a> {
    cursor: Cursor<'a>,
    module: Module,
    /// How many values all functions together may still number: an honest text has fewer than it
    /// has characters.
    budget: usize,
}

impl Parser<'_> {
    fn item(&mut self) -> Result<()> {
        if self.cursor.accept("!") {
            return self.loc();
        }
        if self.cursor.accept("entry") {
            self.module.entry = Some(FuncId(self.cursor.entity("fn")?));
            if self.cursor.accept("frame") {
                self.module.entry_frame = Some(LayoutId(self.cursor.entity("layout")?));
            }
            return Ok(());
        }
        if self.cursor.accept("defers") {
            self.module.defers_may_wait = true;
            return self.cursor.expect("wait");
        }
        let mut ahead = self.cursor.clone();
        let word = ahead.word()?;
        match word.trim_end_matches(|c: char| c.is_ascii_digit()) {
            "file" => {
                self.id("file", self.module.files.len())?;
                let name = self.cursor.text()?;
                self.module.files.push(name);
            }
            "sym" => {
                self.id("sym", self.module.symbols.len())?;
                let name = self.name()?;
                let id = self.module.symbol(name);
                self.fresh(id, self.module.symbols.len())?;
            }
            "str" => {
                self.id("str", self.module.strings.len())?;
                let is_text = !self.cursor.accept("bytes");
                let bytes =
                    if is_text { self.cursor.text()?.into() } else { self.cursor.string()? };
                let id = self.module.string(&bytes, is_text);
                self.fresh(id, self.module.strings.len())?;
            }
            "extern" => {
                self.id("extern", self.module.externs.len())?;
                let (name, sig) = (self.name()?, self.signature()?);
                self.module.externs.push(Extern { name, sig });
            }
            "sig" => {
                self.id("sig", self.module.signatures.len())?;
                let sig = self.signature()?;
                let id = self.module.signature(sig);
                self.fresh(id, self.module.signatures.len())?;
            }
            "layout" => self.layout()?,
            "vtable" => {
                self.id("vtable", self.module.vtables.len())?;
                let (name, slots) = (self.name()?, self.words()?);
                self.module.vtables.push(Vtable { name, slots });
            }
            "static" => self.static_object()?,
            "global" => {
                self.id("global", self.module.globals.len())?;
                let (name, ty) = (self.name()?, self.ty()?);
                self.module.globals.push(Global { name, ty });
            }
            "fn" => self.function()?,
            _ => return Err(self.cursor.unexpected("an item of a module")),
        }
        Ok(())
    }

    /// `prefixN =` with the next number of its table.
    fn id(&mut self, prefix: &str, next: usize) -> Result<()> {
        self.number(prefix, next)?;
        self.cursor.expect("=")
    }

    fn number(&mut self, prefix: &str, next: usize) -> Result<()> {
        let before = self.cursor.clone();
        if self.cursor.entity(prefix)? as usize == next {
            return Ok(());
        }
        Err(before.unexpected(&format!("`{prefix}{next}`")))
    }

    /// Tables that intern hold everything once.
    fn fresh<I: Id>(&self, id: I, len: usize) -> Result<()> {
        if id.index() + 1 == len {
            Ok(())
        } else {
            Err(self.cursor.error("this stands in its table already"))
        }
    }

    fn name(&mut self) -> Result<Symbol> {
        self.cursor.text().map(|text| Symbol::intern(&text))
    }

    fn ty(&mut self) -> Result<Type> {
        self.cursor.keyword("type", |text| Type::ALL.into_iter().find(|ty| ty.name() == text))
    }

    fn signature(&mut self) -> Result<Signature> {
        let params = self.types('(', ')')?;
        self.cursor.expect("->")?;
        Ok(Signature { params, results: self.types('(', ')')? })
    }

    fn types(&mut self, open: char, close: char) -> Result<Vec<Type>> {
        self.cursor.list(open, close, |c| {
            c.keyword("type", |text| Type::ALL.into_iter().find(|ty| ty.name() == text))
        })
    }

    fn small(&mut self) -> Result<u32> {
        let n = self.cursor.int()?;
        u32::try_from(n).map_err(|_| self.cursor.error(format!("{n} is out of range here")))
    }

    fn loc(&mut self) -> Result<()> {
        let wanted = self.module.locs.len();
        if self.small()? as usize != wanted {
            return Err(self.cursor.error(format!("expected location !{wanted}")));
        }
        self.cursor.expect("=")?;
        let file = FileIdx(self.cursor.entity("file")?);
        self.cursor.expect(":")?;
        let line = self.small()?;
        self.cursor.expect(":")?;
        let col = self.small()?;
        let function = self.name()?;
        let mut inlined_at = LocId::NONE;
        if self.cursor.accept("at") {
            self.cursor.expect("!")?;
            inlined_at = LocId(self.small()?);
            // Parents come first, so that chains end.
            if inlined_at.index() >= wanted {
                return Err(self.cursor.error("a location follows the one it is inlined at"));
            }
        }
        let id = self.module.locs.add(Loc { file, line, col, function, inlined_at });
        self.fresh(id, self.module.locs.len())
    }

    fn layout(&mut self) -> Result<()> {
        self.id("layout", self.module.layouts.len())?;
        let name = self.name()?;
        let mut layout = if self.cursor.at('[') {
            Layout::array(name, &self.types('[', ']')?)
        } else {
            let mut variants = Vec::new();
            while self.cursor.at('{') {
                variants.push(self.variant()?);
            }
            Layout { kind: LayoutKind::Fixed(variants), ..Layout::fixed(name, &[], false) }
        };
        layout.immutable = self.cursor.accept("immutable");
        layout.local = self.cursor.accept("local");
        if layout.desc_count() > u32::from(u16::MAX) {
            return Err(self.cursor.error("a layout has fewer than 65536 variants"));
        }
        self.module.add_layout(layout);
        Ok(())
    }

    fn variant(&mut self) -> Result<VariantDef> {
        let fields = self.cursor.list('{', '}', |c| {
            let ty =
                c.keyword("type", |text| Type::ALL.into_iter().find(|ty| ty.name() == text))?;
            Ok((ty, c.accept("length"), c.accept("frozen")))
        })?;
        let types: Vec<Type> = fields.iter().map(|field| field.0).collect();
        let mut variant = VariantDef::new(&types);
        for (def, (_, length, frozen)) in variant.fields.iter_mut().zip(fields) {
            (def.length, def.frozen) = (length, frozen);
        }
        Ok(variant)
    }

    fn static_object(&mut self) -> Result<()> {
        self.id("static", self.module.statics.len())?;
        let layout = LayoutId(self.cursor.entity("layout")?);
        self.cursor.expect(".")?;
        let variant = self.small()?;
        let variant = u16::try_from(variant).map_err(|_| self.cursor.error("no such variant"))?;
        let fields = self.words()?;
        let id = self.module.static_object(StaticObject { layout, variant, fields });
        self.fresh(id, self.module.statics.len())
    }

    fn words(&mut self) -> Result<Vec<ConstWord>> {
        self.cursor.list('[', ']', |c| {
            if c.at('-') || c.at_digit() {
                return c.int().map(|bits| ConstWord::Bits(bits as u64));
            }
            let word = c.clone().word()?;
            Ok(match word.trim_end_matches(|c: char| c.is_ascii_digit()) {
                "fn" => ConstWord::Func(FuncId(c.entity("fn")?)),
                "vtable" => ConstWord::Vtable(VtableId(c.entity("vtable")?)),
                "str" => ConstWord::Str(StrId(c.entity("str")?)),
                "static" => ConstWord::Object(StaticId(c.entity("static")?)),
                _ => return Err(c.unexpected("a constant word")),
            })
        })
    }

    fn function(&mut self) -> Result<()> {
        self.number("fn", self.module.functions.len())?;
        let (name, sig) = (self.name()?, self.signature()?);
        let mut function = Function::declare(name, sig);
        function.attrs = self.attrs()?;
        if self.cursor.accept("{") {
            let mut body = Body { parser: self, function, defined: IdVec::new() };
            while !body.parser.cursor.accept("}") {
                body.block()?;
            }
            function = body.finish()?;
        }
        self.module.functions.push(function);
        Ok(())
    }

    fn attrs(&mut self) -> Result<FuncAttrs> {
        Ok(FuncAttrs {
            interpret: self.cursor.accept("interpret"),
            inline: self.cursor.accept("inline"),
            noinline: self.cursor.accept("noinline"),
            cold: self.cursor.accept("cold"),
            export: self.cursor.accept("export"),
            generator: self.cursor.accept("generator"),
            begin: self.loc_if_any()?,
        })
    }

    /// `!7`
    fn loc_if_any(&mut self) -> Result<LocId> {
        if self.cursor.accept("!") { self.small().map(LocId) } else { Ok(LocId::NONE) }
    }
}

/// The body of one function being read. Values keep the numbers they have in the text.
struct Body<'p, 'a> {
    parser: &'p mut Parser<'a>,
    function: Function,
    defined: IdVec<Value, bool>,
}

impl Body<'_, '_> {
    fn block(&mut self) -> Result<()> {
        let block = self.function.blocks.next_id();
        self.parser.number("block", block.index())?;
        self.function.new_block();
        if self.parser.cursor.accept("(") {
            while !self.parser.cursor.accept(")") {
                if !self.function.blocks[block].params.is_empty() {
                    self.parser.cursor.expect(",")?;
                }
                let (value, ty) = self.definition()?;
                let n = self.function.blocks[block].params.len() as u32;
                self.function.values[value] = ValueData { ty, def: ValueDef::Param(block, n) };
                self.function.blocks[block].params.push(value);
            }
        }
        self.parser.cursor.expect(":")?;
        while !self.line(block)? {}
        Ok(())
    }

    /// `vN: type`, which makes room for the value.
    fn definition(&mut self) -> Result<(Value, Type)> {
        let value = Value(self.parser.cursor.entity("v")?);
        let more = (value.index() + 1).saturating_sub(self.function.values.len());
        let Some(rest) = self.parser.budget.checked_sub(more) else {
            return Err(self.parser.cursor.error(format!("{value} is numbered too high")));
        };
        self.parser.budget = rest;
        self.reserve(value);
        if std::mem::replace(&mut self.defined[value], true) {
            return Err(self.parser.cursor.error(format!("{value} is defined twice")));
        }
        self.parser.cursor.expect(":")?;
        Ok((value, self.parser.ty()?))
    }

    fn reserve(&mut self, value: Value) {
        while self.function.values.len() <= value.index() {
            self.function.values.push(ValueData { ty: Type::I64, def: ValueDef::Removed });
            self.defined.push(false);
        }
    }

    /// Reads one instruction or, at the end of the block, gives true.
    fn line(&mut self, block: Block) -> Result<bool> {
        let mut results = Vec::new();
        if self.parser.cursor.at_entity("v") {
            loop {
                results.push(self.definition()?);
                if !self.parser.cursor.accept(",") {
                    break;
                }
            }
            self.parser.cursor.expect("=")?;
        }
        let before = self.parser.cursor.clone();
        let mnemonic = self.parser.cursor.word()?;
        let pools = &mut self.function.pools;
        if let Some(op) = Op::parse(mnemonic, &mut self.parser.cursor, pools)? {
            self.instruction(block, op, &results)?;
            return Ok(false);
        }
        let term = Terminator::parse(mnemonic, &mut self.parser.cursor, pools)?;
        let term = term.filter(|_| results.is_empty());
        let term = term.ok_or_else(|| before.unexpected("an instruction"))?;
        self.function.blocks[block].term = term;
        self.function.blocks[block].term_loc = self.loc()?;
        Ok(true)
    }

    fn instruction(&mut self, block: Block, op: Op, results: &[(Value, Type)]) -> Result<()> {
        let first = results.first().map_or(0, |(value, _)| value.0);
        for (n, &(value, _)) in results.iter().enumerate() {
            if value.index() != first as usize + n {
                let message = "the results of an instruction are numbered one after another";
                return Err(self.parser.cursor.error(message));
            }
        }
        let loc = self.loc()?;
        let inst = self.function.new_inst_at(op, first, results.len() as u32, loc);
        for (n, &(value, ty)) in results.iter().enumerate() {
            let def = ValueDef::Result(inst, n as u32);
            self.function.values[value] = ValueData { ty, def };
        }
        self.function.blocks[block].insts.push(inst);
        Ok(())
    }

    fn loc(&mut self) -> Result<LocId> {
        self.parser.loc_if_any()
    }

    fn finish(self) -> Result<Function> {
        if self.function.blocks.is_empty() {
            return Err(self.parser.cursor.error("a body has a block"));
        }
        Ok(self.function)
    }
}
