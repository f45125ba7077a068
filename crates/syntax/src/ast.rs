//! The tree of one source file: typed nodes in arenas, each with its span.
//!
//! The tree says what was written, not what it means: names are not resolved, sugar is not
//! expanded, and where the source is wrong an `Error` node stands, about which a diagnostic has
//! already been reported. White space, comments, brackets and the like are not here but in the
//! token table, which reproduces the source byte for byte; spans connect the two.
//!
//! Must never hold a type, a resolved name or anything else that is found out after parsing.

use sepal_base::{FileId, IdVec, Span, Symbol, define_id};

define_id! {
    /// An expression in [`Ast::exprs`].
    pub struct ExprId;
    /// A pattern in [`Ast::pats`].
    pub struct PatId;
    /// A written type in [`Ast::types`].
    pub struct TypeId;
    /// A statement in [`Ast::stmts`].
    pub struct StmtId;
    /// A suite of statements in [`Ast::blocks`].
    pub struct BlockId;
    /// A declaration in [`Ast::items`].
    pub struct ItemId;
    /// A function, method or lambda in [`Ast::fns`].
    pub struct FnId;
}

/// All nodes of one file.
#[derive(Debug)]
pub struct Ast {
    pub file: FileId,
    /// The text of the `//!` lines, without the signs.
    pub doc: Option<Box<str>>,
    /// Declarations and top-level statements in the order they were written.
    pub body: Box<[Entry]>,
    pub exprs: IdVec<ExprId, Expr>,
    pub pats: IdVec<PatId, Pat>,
    pub types: IdVec<TypeId, Type>,
    pub stmts: IdVec<StmtId, Stmt>,
    pub blocks: IdVec<BlockId, Block>,
    pub items: IdVec<ItemId, Item>,
    pub fns: IdVec<FnId, Fn>,
}

/// What stands at the top level of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Entry {
    /// A declaration. A top-level `let` is one: [`ItemKind::Let`].
    Item(ItemId),
    /// Any other statement; a file with such statements is a script.
    Stmt(StmtId),
}

/// A name at its place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ident {
    pub name: Symbol,
    pub span: Span,
}

/// `a.b.c`: at least one name.
pub type Path = Box<[Ident]>;

// ---------------------------------------------------------------------------------------------
// Declarations

/// A declaration with what stands before it.
#[derive(Debug)]
pub struct Item {
    /// From the first attribute, `pub` or keyword to the end of the body; without doc comments.
    pub span: Span,
    /// The text of the `///` lines before it, without the signs.
    pub doc: Option<Box<str>>,
    pub attrs: Box<[Attr]>,
    /// The word `pub`, if it is exported.
    pub public: Option<Span>,
    pub kind: ItemKind,
}

/// `@name` or `@name("argument", 1)`.
#[derive(Debug)]
pub struct Attr {
    pub span: Span,
    pub name: Ident,
    pub args: Box<[ExprId]>,
}

#[derive(Debug)]
pub enum ItemKind {
    /// Something that was not a declaration; reported.
    Error,
    /// `import a.b`, `import a.b as c`.
    Import(Import),
    /// `from a.b import c, d as e`.
    FromImport(FromImport),
    /// `fn f(…): …` and `f = fn(…): …`; its name is always there.
    Fn(FnId),
    /// `extern "C" fn f(…) -> T`; its body is [`FnBody::None`].
    ExternFn(ExternFn),
    Struct(StructDecl),
    Class(ClassDecl),
    Enum(EnumDecl),
    Trait(TraitDecl),
    Impl(ImplDecl),
    Actor(ActorDecl),
    /// `type Name[T] = Type`.
    TypeAlias(TypeAlias),
    /// A top-level `let`: a constant, or a local of a script's main.
    Let(Let),
}

#[derive(Debug)]
pub struct Import {
    pub path: Path,
    pub alias: Option<Ident>,
}

#[derive(Debug)]
pub struct FromImport {
    pub path: Path,
    pub names: Box<[ImportName]>,
}

#[derive(Debug)]
pub struct ImportName {
    pub name: Ident,
    pub alias: Option<Ident>,
}

#[derive(Debug)]
pub struct ExternFn {
    /// The text of the string after `extern`.
    pub abi: Ident,
    pub func: FnId,
}

/// A function, method, lambda, or the signature of one.
#[derive(Debug)]
pub struct Fn {
    pub span: Span,
    /// From `fn` to the end of the signature, without the colon and the body.
    pub signature: Span,
    pub flavour: FnFlavour,
    /// Absent for lambdas.
    pub name: Option<Ident>,
    pub generics: Box<[GenericParam]>,
    /// `self` or `var self`; functions in a type's body without it are called on the type.
    pub self_param: Option<SelfParam>,
    pub params: Box<[Param]>,
    /// The type after `->`. For a generator it is the type of what is yielded.
    pub ret: Option<TypeId>,
    /// The mailbox type after `of`.
    pub mailbox: Option<TypeId>,
    /// `requires`, `ensures` and `ensures_err` in the order they were written.
    pub contracts: Box<[Contract]>,
    pub body: FnBody,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FnFlavour {
    /// `fn`
    Plain,
    /// `fn*`
    Generator,
    /// `async fn`
    Async,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FnBody {
    /// A signature only: required methods of traits, C functions.
    None,
    /// The suite, on the same line or below. Its value is its last expression statement.
    Block(BlockId),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SelfParam {
    pub span: Span,
    /// `var self`: the method changes its struct.
    pub mutable: bool,
}

#[derive(Debug)]
pub struct Param {
    pub span: Span,
    /// `_` where the code does not speak of it.
    pub name: Ident,
    pub is_named: bool,
    pub ty: Option<TypeId>,
    pub default: Option<ExprId>,
}

/// `T` or `T: Ord + Show`.
#[derive(Debug)]
pub struct GenericParam {
    pub name: Ident,
    /// Each is a [`TypeKind::Path`] naming a trait.
    pub bounds: Box<[TypeId]>,
}

/// One line of a contract.
#[derive(Debug)]
pub struct Contract {
    pub span: Span,
    pub kind: ContractKind,
    /// Its source text, `Expr::span`, is part of the panic's message.
    pub cond: ExprId,
    pub message: Option<ExprId>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ContractKind {
    Requires,
    Ensures,
    EnsuresErr,
    Invariant,
}

#[derive(Debug)]
pub struct StructDecl {
    pub name: Ident,
    pub generics: Box<[GenericParam]>,
    /// Their `kind` is [`FieldKind::Plain`].
    pub fields: Box<[Field]>,
    pub invariants: Box<[Contract]>,
    /// Items of kind `Fn`.
    pub methods: Box<[ItemId]>,
}

#[derive(Debug)]
pub struct ClassDecl {
    pub name: Ident,
    pub generics: Box<[GenericParam]>,
    /// Their `kind` is [`FieldKind::Let`] or [`FieldKind::Var`].
    pub fields: Box<[Field]>,
    pub invariants: Box<[Contract]>,
    /// Items of kind `Fn`; one named `init` is the constructor.
    pub methods: Box<[ItemId]>,
}

/// A field of a struct or a class.
#[derive(Debug)]
pub struct Field {
    pub span: Span,
    pub doc: Option<Box<str>>,
    /// The word `pub`, if it is exported.
    pub public: Option<Span>,
    pub kind: FieldKind,
    pub name: Ident,
    /// A class's field with a default may leave it out; a struct's always has it.
    pub ty: Option<TypeId>,
    pub default: Option<ExprId>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FieldKind {
    /// `name: type`, in a struct.
    Plain,
    /// `let name: type`, in a class.
    Let,
    /// `var name: type`, in a class.
    Var,
}

#[derive(Debug)]
pub struct EnumDecl {
    pub name: Ident,
    pub generics: Box<[GenericParam]>,
    pub variants: Box<[Variant]>,
    /// Items of kind `Fn`.
    pub methods: Box<[ItemId]>,
}

#[derive(Debug)]
pub struct Variant {
    pub span: Span,
    pub doc: Option<Box<str>>,
    pub name: Ident,
    /// Empty both for `Stop` and for `Stop()`.
    pub fields: Box<[VariantField]>,
}

#[derive(Debug)]
pub struct VariantField {
    pub span: Span,
    pub name: Option<Ident>,
    pub ty: TypeId,
}

#[derive(Debug)]
pub struct TraitDecl {
    pub name: Ident,
    pub generics: Box<[GenericParam]>,
    /// Items of kind `Fn`, with a body if there is a default.
    pub methods: Box<[ItemId]>,
}

/// `impl Trait for Type:`, or `impl Type:` for further methods of a type.
#[derive(Debug)]
pub struct ImplDecl {
    /// `impl[T: Show] …`
    pub generics: Box<[GenericParam]>,
    /// A [`TypeKind::Path`].
    pub trait_ref: Option<TypeId>,
    pub self_ty: TypeId,
    pub methods: Box<[ItemId]>,
}

#[derive(Debug)]
pub struct ActorDecl {
    pub name: Ident,
    pub generics: Box<[GenericParam]>,
    pub params: Box<[Param]>,
    /// The type after `of`.
    pub mailbox: Option<TypeId>,
    pub body: BlockId,
    pub terminate: Option<Terminate>,
}

/// `terminate reason: …`, the last part of an actor.
#[derive(Debug)]
pub struct Terminate {
    pub span: Span,
    /// Absent in `terminate:`.
    pub reason: Option<Ident>,
    pub body: BlockId,
}

#[derive(Debug)]
pub struct TypeAlias {
    pub name: Ident,
    pub generics: Box<[GenericParam]>,
    pub ty: TypeId,
}

// ---------------------------------------------------------------------------------------------
// Statements

/// A suite: indented lines, or the statement after a colon.
#[derive(Debug)]
pub struct Block {
    pub span: Span,
    pub stmts: Box<[StmtId]>,
}

#[derive(Debug)]
pub struct Stmt {
    pub span: Span,
    pub kind: StmtKind,
}

#[derive(Debug)]
pub enum StmtKind {
    /// Something that was not a statement; reported.
    Error,
    /// An expression; the last one of a block is the block's value.
    Expr(ExprId),
    Let(Let),
    /// `var x: T = e`.
    Var(Var),
    /// `place = value`, or `place += value` with the operator.
    Assign {
        target: ExprId,
        op: Option<BinOp>,
        value: ExprId,
    },
    While {
        cond: Cond,
        body: BlockId,
    },
    For {
        binding: ForBinding,
        iter: ExprId,
        body: BlockId,
    },
    /// `defer call()`; the parser has checked that it is a call.
    Defer(ExprId),
    Assert {
        /// Its source text is part of the panic's message when there is no `message`.
        cond: ExprId,
        message: Option<ExprId>,
    },
    Pass,
    /// A declaration inside a block.
    Item(ItemId),
}

/// `let pat: T = value`, `let pat = value else: …`.
#[derive(Debug)]
pub struct Let {
    pub pat: PatId,
    pub ty: Option<TypeId>,
    pub value: ExprId,
    pub else_body: Option<BlockId>,
}

/// `var pat: T = value`.
#[derive(Debug)]
pub struct Var {
    pub pat: PatId,
    pub ty: Option<TypeId>,
    pub value: ExprId,
}

/// The condition of `if` and `while`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cond {
    Expr(ExprId),
    /// `let pat = value`.
    Let {
        pat: PatId,
        value: ExprId,
    },
}

/// What `for` binds. `for k, v in d` is not `for (k, v) in d`: only the first takes the entries
/// of a dict apart.
#[derive(Debug)]
pub enum ForBinding {
    One(PatId),
    /// Two or more patterns with commas between them.
    Several(Box<[PatId]>),
}

// ---------------------------------------------------------------------------------------------
// Expressions

#[derive(Debug)]
pub struct Expr {
    /// Brackets around the expression are not part of it.
    pub span: Span,
    pub kind: ExprKind,
}

#[derive(Debug)]
pub enum ExprKind {
    /// Something that was not an expression; reported.
    Error,
    Int(IntLit),
    Float(f64),
    Bool(bool),
    Nil,
    Char(char),
    /// A string without interpolation, escapes resolved.
    Str(Box<str>),
    Bytes(Box<[u8]>),
    /// `:name`
    Symbol(Symbol),
    FString(Box<[FPart]>),
    /// A bare name: a variable, function, type, variant or module.
    Name(Symbol),
    /// `self` in a method.
    SelfValue,
    /// `self()`, the pid of the running actor.
    SelfPid,
    /// `result` in an `ensures`.
    ContractResult,
    /// `old(e)` in an `ensures` or `ensures_err`.
    Old(ExprId),
    /// `(a, b)`, `(a,)`, `()`.
    Tuple(Box<[ExprId]>),
    List(Box<[ExprId]>),
    /// `{a, b}`; an empty set is written `set()`.
    Set(Box<[ExprId]>),
    /// `{k: v}` and `{}`.
    Dict(Box<[(ExprId, ExprId)]>),
    ListComp(Box<ListComp>),
    /// `{x for x in xs}`
    SetComp(Box<ListComp>),
    DictComp(Box<DictComp>),
    /// `lo..hi`, `lo..=hi`
    Range {
        lo: ExprId,
        hi: ExprId,
        inclusive: bool,
    },
    Unary {
        op: UnaryOp,
        operand: ExprId,
    },
    Binary {
        op: BinOp,
        lhs: ExprId,
        rhs: ExprId,
    },
    /// `and`, `or`: the right side may not run.
    Logic {
        op: LogicOp,
        lhs: ExprId,
        rhs: ExprId,
    },
    /// `a < b`, and chains `a < b <= c` whose middle operands are evaluated once. At least one
    /// link.
    Compare {
        first: ExprId,
        rest: Box<[CompareLink]>,
    },
    /// `lhs ?? rhs`
    Coalesce {
        lhs: ExprId,
        rhs: ExprId,
    },
    /// `value |> into`; `into` is a call that gets `value` as its first argument, or anything
    /// callable with that one argument.
    Pipe {
        value: ExprId,
        into: ExprId,
    },
    Field {
        base: ExprId,
        name: Ident,
    },
    Index {
        base: ExprId,
        index: ExprId,
    },
    /// `base[lo:hi:step]`
    Slice(Box<Slice>),
    /// `callee(args)`; `x.m(args)` is a [`ExprKind::MethodCall`].
    Call {
        callee: ExprId,
        args: Box<[Arg]>,
    },
    /// `receiver.method(args)`, where the receiver may turn out to be a module or a type.
    MethodCall {
        receiver: ExprId,
        method: Ident,
        args: Box<[Arg]>,
    },
    /// `base[T, U]` before `(`: type arguments if `base` names something generic, else an index.
    /// `base` is a name or a field of one.
    Instantiate(Box<Instantiate>),
    /// `e?`
    Try(ExprId),
    Await(ExprId),
    /// `async e` and `async: …`
    Async(Task),
    Spawn(Box<Spawn>),
    Receive(Box<[ReceiveArm]>),
    /// `fn(x): …` and `fn*(): …`
    Lambda(FnId),
    If(Box<If>),
    Match(Box<Match>),
    Loop(BlockId),
    /// `yield e`, `yield`
    Yield(Option<ExprId>),
    /// `yield* e`
    YieldFrom(ExprId),
    Return(Option<ExprId>),
    Break(Option<ExprId>),
    Continue,
}

/// An integer literal. A minus directly before it belongs to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IntLit {
    pub magnitude: u64,
    pub negative: bool,
}

impl IntLit {
    /// The value, which always fits.
    pub fn value(self) -> i128 {
        let magnitude = i128::from(self.magnitude);
        if self.negative { -magnitude } else { magnitude }
    }
}

/// A piece of an f-string.
#[derive(Debug)]
pub enum FPart {
    /// Literal text, escapes and doubled braces resolved; not empty.
    Text(Box<str>),
    /// `{value}` or `{value:spec}`.
    Value { span: Span, value: ExprId, spec: Option<Box<FormatSpec>> },
}

/// A format specification as in Python: `[[fill]align][sign][#][0][width][,][.precision][type]`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FormatSpec {
    pub span: Span,
    /// Given only together with an alignment; a blank otherwise.
    pub fill: char,
    pub align: Option<Align>,
    pub sign: Sign,
    /// `#`: the prefix `0x`, `0o`, `0b`.
    pub alternate: bool,
    /// `0` before the width: zeros between sign and digits.
    pub zero: bool,
    pub width: Option<u32>,
    /// `,` between thousands.
    pub thousands: bool,
    pub precision: Option<u32>,
    pub ty: Option<FormatType>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Align {
    /// `<`
    Left,
    /// `>`
    Right,
    /// `^`
    Centre,
    /// `=`: padding between sign and digits.
    AfterSign,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sign {
    /// `-`, the default: only negative numbers have one.
    Minus,
    /// `+`: always.
    Plus,
    /// A blank before numbers that are not negative.
    Blank,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FormatType {
    /// `d`
    Decimal,
    /// `x`
    LowerHex,
    /// `X`
    UpperHex,
    /// `o`
    Octal,
    /// `b`
    Binary,
    /// `e`
    Exponent,
    /// `f`
    Fixed,
    /// `g`
    General,
    /// `s`
    Str,
    /// `%`
    Percent,
}

/// `[element for …]`, `{element for …}`.
#[derive(Debug)]
pub struct ListComp {
    pub element: ExprId,
    /// The first is a `for`.
    pub clauses: Box<[CompClause]>,
}

/// `{key: value for …}`.
#[derive(Debug)]
pub struct DictComp {
    pub key: ExprId,
    pub value: ExprId,
    pub clauses: Box<[CompClause]>,
}

#[derive(Debug)]
pub enum CompClause {
    For { binding: ForBinding, iter: ExprId },
    If(ExprId),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UnaryOp {
    /// `-`; of an integer literal it is in the [`IntLit`].
    Neg,
    /// `not`
    Not,
    /// `~`
    BitNot,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BinOp {
    Add,
    Sub,
    Mul,
    Div,
    Rem,
    Pow,
    /// `+%`
    AddWrap,
    /// `-%`
    SubWrap,
    /// `*%`
    MulWrap,
    BitAnd,
    BitOr,
    BitXor,
    Shl,
    Shr,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogicOp {
    And,
    Or,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CompareLink {
    pub op: CmpOp,
    pub op_span: Span,
    pub rhs: ExprId,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CmpOp {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    In,
    /// `not in`
    NotIn,
    Is,
    /// `is not`
    IsNot,
}

#[derive(Debug)]
pub struct Slice {
    pub base: ExprId,
    pub lo: Option<ExprId>,
    pub hi: Option<ExprId>,
    pub step: Option<ExprId>,
}

#[derive(Debug)]
pub struct Instantiate {
    pub base: ExprId,
    pub types: Box<[TypeId]>,
    /// The same source read as an index; absent where it can only be types.
    pub index: Option<ExprId>,
}

/// An argument of a call.
#[derive(Clone, Copy, Debug)]
pub struct Arg {
    pub span: Span,
    pub kind: ArgKind,
    pub value: ExprId,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ArgKind {
    Positional,
    /// `name: value`
    Named(Ident),
    /// `..value`: the struct that is copied with changes.
    Update,
}

/// What runs apart: a call or other expression, or a block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Task {
    Expr(ExprId),
    Block(BlockId),
}

#[derive(Debug)]
pub struct Spawn {
    pub kind: SpawnKind,
    /// An `Expr` here is a call: of an actor or of a function.
    pub task: Task,
    /// `with (name: value, …)`.
    pub options: Box<[Arg]>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SpawnKind {
    Plain,
    Link,
    Monitor,
}

#[derive(Debug)]
pub struct ReceiveArm {
    pub span: Span,
    pub kind: ReceiveKind,
    pub guard: Option<ExprId>,
    pub body: BlockId,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReceiveKind {
    /// `case pat:`
    Case(PatId),
    /// `down pid, reason:`
    Down { pid: PatId, reason: PatId },
    /// `exit pid, reason:`
    Exit { pid: PatId, reason: PatId },
    /// `after ms:`, at most once, without a guard.
    After(ExprId),
}

#[derive(Debug)]
pub struct If {
    /// `if` and every `elif`: at least one.
    pub arms: Box<[IfArm]>,
    pub else_body: Option<BlockId>,
}

#[derive(Debug)]
pub struct IfArm {
    pub cond: Cond,
    pub body: BlockId,
}

#[derive(Debug)]
pub struct Match {
    pub scrutinee: ExprId,
    pub arms: Box<[MatchArm]>,
}

#[derive(Debug)]
pub struct MatchArm {
    pub span: Span,
    pub pat: PatId,
    pub guard: Option<ExprId>,
    pub body: BlockId,
}

// ---------------------------------------------------------------------------------------------
// Patterns

#[derive(Debug)]
pub struct Pat {
    pub span: Span,
    pub kind: PatKind,
}

#[derive(Debug)]
pub enum PatKind {
    /// Something that was not a pattern; reported.
    Error,
    /// `_`
    Wild,
    /// A bare name: a binding, or a variant without fields.
    Name(Symbol),
    /// `Shape.Empty`: two or more names, no arguments.
    Path(Path),
    /// `name @ pat`
    At {
        name: Ident,
        pat: PatId,
    },
    Lit(PatLit),
    /// `lo..hi`, `lo..=hi`, `lo..`, `..=hi`; at least one end is there.
    Range {
        lo: Option<PatLit>,
        hi: Option<PatLit>,
        inclusive: bool,
    },
    Tuple(Box<[PatId]>),
    /// `[a, b, ..rest, z]`
    List {
        before: Box<[PatId]>,
        rest: Option<RestPat>,
        after: Box<[PatId]>,
    },
    /// `Point(x: 0, y)`, `Shape.Circle(r)`, and the type patterns `int(n)`, `str(s)`.
    Ctor {
        path: Path,
        args: Box<[PatArg]>,
        /// `..`: other fields are not looked at.
        rest: Option<Span>,
    },
    /// A type pattern that only a type can begin: `[any](xs)`, `Pair[int, int](p)`.
    Type {
        ty: TypeId,
        pat: PatId,
    },
    /// `A(x) | B(x)`: two or more.
    Or(Box<[PatId]>),
}

/// `..` or `..name` in a list pattern.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RestPat {
    pub span: Span,
    pub name: Option<Ident>,
}

#[derive(Clone, Copy, Debug)]
pub struct PatArg {
    pub span: Span,
    pub name: Option<Ident>,
    pub pat: PatId,
}

/// A literal in a pattern; a minus before a number belongs to it.
#[derive(Clone, PartialEq, Debug)]
pub enum PatLit {
    Int(IntLit),
    Float(f64),
    Bool(bool),
    Nil,
    Char(char),
    Str(Box<str>),
    Bytes(Box<[u8]>),
    Symbol(Symbol),
}

// ---------------------------------------------------------------------------------------------
// Types

#[derive(Debug)]
pub struct Type {
    pub span: Span,
    pub kind: TypeKind,
}

#[derive(Debug)]
pub enum TypeKind {
    /// Something that was not a type; reported.
    Error,
    /// `int`, `any`, `Point`, `http.Request`, `Pair[A, B]`, `Pid`.
    Path { path: Path, args: Box<[TypeId]> },
    /// `Self`
    SelfType,
    /// `nil`, and `()`
    Nil,
    /// `_`: to be inferred.
    Infer,
    /// `[T]`
    List(TypeId),
    /// `{K: V}`
    Dict { key: TypeId, value: TypeId },
    /// `{T}`
    Set(TypeId),
    /// `(A, B)`: at least one; `(A,)` has one.
    Tuple(Box<[TypeId]>),
    /// `T?`
    Option(TypeId),
    /// `fn(A, B) -> C of M`
    Fn {
        params: Box<[TypeId]>,
        /// Absent means `nil`.
        ret: Option<TypeId>,
        mailbox: Option<TypeId>,
    },
    /// `dyn Trait`; the inner type is a `Path`.
    Dyn(TypeId),
}

// ---------------------------------------------------------------------------------------------

impl Ast {
    /// A tree without nodes, with room for those that `tokens` tokens usually make. The shares are
    /// those of the standard library, rounded up.
    pub fn with_room_for(file: FileId, tokens: usize) -> Ast {
        Ast {
            file,
            doc: None,
            body: Box::default(),
            exprs: IdVec::with_capacity(tokens / 4),
            pats: IdVec::with_capacity(tokens / 32),
            types: IdVec::with_capacity(tokens / 16),
            stmts: IdVec::with_capacity(tokens / 16),
            blocks: IdVec::with_capacity(tokens / 32),
            items: IdVec::with_capacity(tokens / 64),
            fns: IdVec::with_capacity(tokens / 64),
        }
    }
}
