//! A few declarations, and types and patterns read from text as they are written in a program.

use crate::ir::*;
use crate::lang::{LangItems, LangTy};
use crate::patterns::Shapes;
use crate::ty::{IntTy, Ty};
use sepal_base::{FileId, IdVec, Span, Symbol};
use std::rc::Rc;

/// Types, one a line; the fields of structs and variants have only types.
const DECLARATIONS: &str = "
class List[T]
enum Option[T]: Some(T) / None
enum Result[T, E]: Ok(T) / Err(E)
enum Color: Red / Green / Blue
enum Shape: Circle(float) / Rect(float, float) / Empty
enum Tree: Leaf / Node(Tree, int, Tree)
enum Wide: Many(int, int, int, int) / Few(int)
enum Loop: Again(Loop)
enum Grow[T]: Stop / More(Grow[(T, T)], Grow[(T, T, T)])
struct Point: Point(int, int)
struct Unit: Unit
class Node: Node(int, Node?)
struct Locked[T]: Locked(T, never)
";

/// The declarations.
pub struct World {
    items: Items,
    lang: LangItems,
}

impl World {
    pub fn new() -> World {
        let mut world = World { items: Items::default(), lang: LangItems::default() };
        let lines = || DECLARATIONS.lines().filter(|line| !line.is_empty());
        for line in lines() {
            world.declare(line);
        }
        for (id, line) in lines().enumerate() {
            world.define(AdtId(id as u32), line);
        }
        world.lang.set_ty(LangTy::List, AdtId(0));
        world
    }

    pub fn shapes(&self) -> Shapes<'_> {
        Shapes { items: &self.items, lang: &self.lang }
    }

    fn declare(&mut self, line: &str) {
        let mut text = Reader::new(self, line);
        let kind = match text.word() {
            "enum" => AdtKind::Enum,
            "struct" => AdtKind::Struct,
            _ => AdtKind::Class,
        };
        let name = Symbol::intern(text.word());
        self.items.adts.push(AdtDef {
            name,
            module: ModuleId(0),
            span: nowhere(),
            kind,
            generics: Generics::default(),
            variants: IdVec::new(),
            methods: Vec::new(),
            init: None,
            public: true,
        });
    }

    fn define(&mut self, id: AdtId, line: &str) {
        let mut text = Reader::new(self, line);
        text.word();
        text.word();
        if text.eat("[") {
            text.params = text.list("]", |text| text.word());
        }
        let mut variants = IdVec::new();
        if text.eat(":") {
            loop {
                let name = Symbol::intern(text.word());
                let tys = if text.eat("(") { text.list(")", Reader::ty) } else { Vec::new() };
                let field = |ty| FieldDef {
                    name: None,
                    span: nowhere(),
                    ty,
                    mutable: false,
                    default: None,
                };
                variants.push(VariantDef {
                    name,
                    span: nowhere(),
                    fields: tys.into_iter().map(field).collect(),
                });
                if !text.eat("/") {
                    break;
                }
            }
        }
        self.items.adts[id].variants = variants;
    }

    pub fn ty(&self, text: &str) -> Ty {
        Reader::new(self, text).ty()
    }

    /// Reads a pattern for values of a type, and whether `if` follows it. Places in the text are
    /// those of the file `number`.
    pub fn arm(
        &self,
        pats: &mut IdVec<PatId, Pat>,
        ty: Ty,
        text: &str,
        number: u32,
    ) -> (PatId, bool) {
        let mut text = Reader { file: FileId(number), ..Reader::new(self, text) };
        let pat = text.pattern(pats, ty);
        let guarded = text.eat("if");
        assert!(text.rest.is_empty(), "not read: {}", text.rest);
        (pat, guarded)
    }
}

fn nowhere() -> Span {
    Span::new(FileId(0), 0, 0)
}

struct Reader<'a> {
    world: &'a World,
    file: FileId,
    whole: &'a str,
    rest: &'a str,
    params: Vec<&'a str>,
}

impl<'a> Reader<'a> {
    fn new(world: &'a World, text: &'a str) -> Reader<'a> {
        Reader { world, file: FileId(0), whole: text, rest: text.trim_start(), params: Vec::new() }
    }

    fn place(&self) -> u32 {
        (self.whole.len() - self.rest.len()) as u32
    }

    fn span_from(&self, start: u32) -> Span {
        Span::new(self.file, start, self.place())
    }

    fn take(&mut self, len: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(len);
        self.rest = rest.trim_start();
        taken
    }

    fn eat(&mut self, what: &str) -> bool {
        let found = self.rest.starts_with(what);
        if found {
            self.take(what.len());
        }
        found
    }

    fn peek_word(&self) -> &'a str {
        let end = self.rest.find(|c: char| !c.is_alphanumeric() && c != '_');
        &self.rest[..end.unwrap_or(self.rest.len())]
    }

    fn word(&mut self) -> &'a str {
        self.take(self.peek_word().len())
    }

    fn list<T>(&mut self, end: &str, mut element: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let mut all = Vec::new();
        while !self.eat(end) {
            assert!(!self.rest.is_empty(), "a list ends in {end}");
            all.push(element(self));
            self.eat(",");
        }
        all
    }

    fn ty(&mut self) -> Ty {
        let mut ty = if self.eat("(") {
            Ty::tuple(self.list(")", Reader::ty))
        } else if self.eat("[") {
            Ty::adt(AdtId(0), self.list("]", Reader::ty))
        } else {
            self.named_type()
        };
        while self.eat("?") {
            ty = Ty::adt(AdtId(1), [ty]);
        }
        ty
    }

    fn named_type(&mut self) -> Ty {
        let name = self.word();
        if let Some(index) = self.params.iter().position(|param| *param == name) {
            return Ty::param(index as u32, Symbol::intern(name));
        }
        if let Some(int) = IntTy::ALL.into_iter().find(|int| int.as_str() == name) {
            return Ty::new(crate::ty::TyKind::Int(int));
        }
        match name {
            "bool" => Ty::bool(),
            "char" => Ty::char(),
            "str" => Ty::str(),
            "bytes" => Ty::bytes(),
            "symbol" => Ty::symbol(),
            "float" => Ty::float(),
            "nil" => Ty::nil(),
            "never" => Ty::never(),
            "any" => Ty::any(),
            "error" => Ty::error(),
            _ => {
                let mut adts = self.world.items.adts.iter_enumerated();
                let (id, _) =
                    adts.find(|(_, adt)| adt.name.as_str() == name).expect("a declared type");
                let args = if self.eat("[") { self.list("]", Reader::ty) } else { Vec::new() };
                Ty::adt(id, args)
            }
        }
    }

    fn pattern(&mut self, pats: &mut IdVec<PatId, Pat>, ty: Ty) -> PatId {
        let start = self.place();
        let first = self.single(pats, ty);
        let mut alternatives = vec![first];
        while self.eat("|") {
            alternatives.push(self.single(pats, ty));
        }
        if alternatives.len() == 1 {
            return first;
        }
        pats.push(Pat { kind: PatKind::Or(alternatives.into()), ty, span: self.span_from(start) })
    }

    fn single(&mut self, pats: &mut IdVec<PatId, Pat>, ty: Ty) -> PatId {
        let start = self.place();
        let kind = self.kind(pats, ty);
        pats.push(Pat { kind, ty, span: self.span_from(start) })
    }

    fn kind(&mut self, pats: &mut IdVec<PatId, Pat>, ty: Ty) -> PatKind {
        if let Some(kind) = self.literal_or_range() {
            return kind;
        }
        let word = self.peek_word();
        if ty.is_any() && self.rest[word.len()..].starts_with(['(', '[']) {
            let inner = self.ty();
            assert!(self.eat("("));
            let sub = self.pattern(pats, inner);
            assert!(self.eat(")"));
            return PatKind::TypeTest { ty: inner, sub };
        }
        if self.eat("(") {
            let tys = self.world.children(ty);
            let elems = self.indexed(")", &mut |text, n| text.pattern(pats, at(&tys, n)));
            return PatKind::Tuple(elems.into());
        }
        if self.eat("[") {
            let elem = ty.as_adt().map_or(Ty::error(), |(_, args)| at(args, 0));
            return self.list_pattern(pats, elem);
        }
        self.word();
        match word {
            "_" => PatKind::Wild,
            "wrong" => PatKind::Error,
            _ if word.starts_with(|c: char| c.is_uppercase()) => self.variant(pats, ty, word),
            _ => {
                let sub = self.eat("@").then(|| self.single(pats, ty));
                PatKind::Bind { local: LocalId(0), sub }
            }
        }
    }

    fn indexed<T>(&mut self, end: &str, element: &mut dyn FnMut(&mut Self, usize) -> T) -> Vec<T> {
        let mut n = 0;
        self.list(end, |text| {
            n += 1;
            element(text, n - 1)
        })
    }

    fn list_pattern(&mut self, pats: &mut IdVec<PatId, Pat>, elem: Ty) -> PatKind {
        let (mut prefix, mut suffix, mut rest) = (Vec::new(), Vec::new(), None);
        self.list("]", |text| {
            if text.rest.starts_with("..,") || text.rest.starts_with("..]") {
                text.eat("..");
                rest = Some(None);
            } else {
                let pat = text.pattern(pats, elem);
                if rest.is_some() { suffix.push(pat) } else { prefix.push(pat) }
            }
        });
        PatKind::List { prefix: prefix.into(), rest, suffix: suffix.into() }
    }

    /// `Rect(w, _)`; `Many(1, ..)`. A name of no variant of the type is the variant 99.
    fn variant(&mut self, pats: &mut IdVec<PatId, Pat>, ty: Ty, name: &str) -> PatKind {
        let (adt, args) = ty.as_adt().unwrap_or((AdtId(0), &[]));
        let mut variants = self.world.items.adts[adt].variants.iter_enumerated();
        let variant =
            variants.find(|(_, v)| v.name.as_str() == name).map_or(VariantIdx(99), |(id, _)| id);
        let fields = self.world.items.adts[adt].variants.get(variant).map(|v| v.fields.as_slice());
        let tys: Vec<Ty> = fields.unwrap_or_default().iter().map(|f| f.ty.subst(args)).collect();
        let mut fields = Vec::new();
        if self.eat("(") {
            self.indexed(")", &mut |text, n| {
                if !text.eat("..") {
                    fields.push((FieldIdx(n as u32), text.pattern(pats, at(&tys, n))));
                }
            });
        }
        PatKind::Adt { variant, fields: fields.into() }
    }

    fn literal_or_range(&mut self) -> Option<PatKind> {
        let lo = if self.rest.starts_with("..") { None } else { Some(self.literal()?) };
        let inclusive = self.rest.starts_with("..=");
        if !self.eat("..=") && !self.eat("..") {
            return Some(PatKind::Lit(lo?));
        }
        let hi = self.literal();
        Some(PatKind::Range { lo, hi, inclusive })
    }

    fn literal(&mut self) -> Option<Lit> {
        let quoted = |text: &mut Self, quote: char| {
            let len = 2 + text.rest[1..].find(quote).expect("a closing quote");
            let taken = text.take(len);
            taken[1..len - 1].to_string()
        };
        match self.rest.chars().next()? {
            '"' => Some(Lit::Str(Rc::from(quoted(self, '"')))),
            '\'' => Some(Lit::Char(character(&quoted(self, '\'')))),
            ':' => {
                self.eat(":");
                Some(Lit::Symbol(Symbol::intern(self.word())))
            }
            'b' if self.rest.starts_with("b\"") => {
                self.take(1);
                Some(Lit::Bytes(Rc::from(quoted(self, '"').into_bytes())))
            }
            c if c.is_ascii_digit() || c == '-' => Some(self.number()),
            _ => {
                let lit = match self.peek_word() {
                    "true" => Lit::Bool(true),
                    "false" => Lit::Bool(false),
                    "nil" => Lit::Nil,
                    _ => return None,
                };
                self.word();
                Some(lit)
            }
        }
    }

    fn number(&mut self) -> Lit {
        let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let mut len = usize::from(self.rest.starts_with('-'));
        len += digits(&self.rest[len..]);
        let fraction = self.rest[len..].starts_with('.') && !self.rest[len..].starts_with("..");
        if fraction {
            len += 1 + digits(&self.rest[len + 1..]);
        }
        let text = self.take(len);
        if fraction {
            return Lit::Float(text.parse().expect("a float"));
        }
        Lit::int(text.parse().expect("an integer"))
    }
}

impl World {
    /// The types of a tuple's elements.
    fn children(&self, ty: Ty) -> Vec<Ty> {
        match ty.kind() {
            crate::ty::TyKind::Tuple(elems) => elems.to_vec(),
            _ => Vec::new(),
        }
    }
}

/// Wrong programs may have more parts than types.
fn at(tys: &[Ty], n: usize) -> Ty {
    tys.get(n).copied().unwrap_or(Ty::error())
}

fn character(text: &str) -> char {
    let code = text.strip_prefix("\\u{").and_then(|code| code.strip_suffix('}'));
    match code {
        Some(code) => {
            u32::from_str_radix(code, 16).ok().and_then(char::from_u32).expect("a character")
        }
        None => text.chars().next().expect("a character"),
    }
}
