//! The typed, desugared program: what the checker makes and lowering reads.
//!
//! Every expression has its type; names are resolved; operators on anything but the primitive
//! types are calls; `while`, `for`, comprehensions, `?`, `??`, f-strings, comparison chains and
//! compound assignments are gone. Functions are still generic: their types speak of
//! [`TyKind::Param`](crate::ty::TyKind::Param), and a call says the type arguments.
//!
//! Must never hold a name that is yet to be looked up, and after checking no inference variable.

use crate::intrinsics::Intrinsic;
use crate::ty::Ty;
use sepal_base::{IdVec, Span, Symbol, define_id};
use sepal_syntax::ast::{self, IntLit};
use std::rc::Rc;

define_id! {
    /// A module: one source file.
    pub struct ModuleId;
    /// A function, method, lambda-free initialiser or derived method in [`Items::fns`].
    pub struct FnId;
    /// A struct, class or enum in [`Items::adts`].
    pub struct AdtId;
    /// A trait in [`Items::traits`].
    pub struct TraitId;
    /// An `impl` in [`Items::impls`].
    pub struct ImplId;
    /// A module-level `let` in [`Items::consts`].
    pub struct ConstId;
    /// An actor declaration in [`Items::actors`].
    pub struct ActorId;
    /// A local variable of a [`Body`].
    pub struct LocalId;
    /// An expression of a [`Body`].
    pub struct ExprId;
    /// A pattern of a [`Body`].
    pub struct PatId;
    /// The target of `break` and `continue` in a [`Body`].
    pub struct LoopId;
    /// A variant of an enum; structs and classes have the single variant 0.
    pub struct VariantIdx;
    /// A field of a variant, in the order of declaration.
    pub struct FieldIdx;
}

// ---------------------------------------------------------------------------------------------
// Declarations

/// Every declaration of the program by id.
#[derive(Default)]
pub struct Items {
    pub modules: IdVec<ModuleId, Module>,
    pub fns: IdVec<FnId, FnDef>,
    pub adts: IdVec<AdtId, AdtDef>,
    pub traits: IdVec<TraitId, TraitDef>,
    pub impls: IdVec<ImplId, ImplDef>,
    pub consts: IdVec<ConstId, ConstDef>,
    pub actors: IdVec<ActorId, ActorDef>,
}

/// One source file.
pub struct Module {
    /// The dotted path, `std.json`; the root file has its own name.
    pub path: Symbol,
    pub ast: Rc<ast::Ast>,
    /// Of the standard library: checked only where it is reached.
    pub is_std: bool,
}

/// Type parameters with their bounds. Those of a surrounding declaration come first.
#[derive(Clone, Default, Debug)]
pub struct Generics {
    pub params: Vec<GenericParam>,
    pub bounds: Vec<Bound>,
}

#[derive(Clone, Copy, Debug)]
pub struct GenericParam {
    pub name: Symbol,
    pub span: Span,
}

/// `ty: Trait[args]`
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    pub ty: Ty,
    pub trait_ref: TraitRef,
}

/// A trait with its arguments, without the type that implements it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct TraitRef {
    pub id: TraitId,
    pub args: Box<[Ty]>,
}

/// A function of any kind. Its type arguments, in a call, are one for each of `generics.params`.
pub struct FnDef {
    pub name: Symbol,
    /// The name as panic reports say it: `main`, `Point.origin`, `Counter`.
    pub trace_name: Symbol,
    pub module: ModuleId,
    /// The place of the name.
    pub span: Span,
    pub kind: FnKind,
    pub flavour: ast::FnFlavour,
    pub generics: Generics,
    /// `self` is the first of them, if there is one.
    pub params: Vec<ParamDef>,
    pub self_param: SelfKind,
    /// What a call gives: for a generator `Gen[T]`, for an async function `Future[T]`.
    pub ret: Ty,
    /// The type of the messages that it receives, which its callers must share.
    pub mailbox: Option<Ty>,
    /// `@interpret`: kept out of native code.
    pub interpret: bool,
    /// `@inline`: worth inlining whatever its size.
    pub inline: bool,
    /// Rarely run: never inlined.
    pub cold: bool,
    pub public: bool,
    /// The type, trait or impl in whose body it stands.
    pub owner: Owner,
}

/// Where a function's code comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FnKind {
    /// A suite in the source: [`Program::body`](crate::Program::body) gives it.
    Source(ast::FnId),
    /// The initialiser of a constant; also has a body.
    ConstInit(ConstId),
    /// The default of a parameter or field, as a function without parameters but with the type
    /// parameters of what it belongs to; also has a body.
    Default(ast::ExprId),
    /// The top-level statements of a script; also has a body.
    Script,
    /// The body of an actor; also has a body.
    Actor(ActorId),
    /// Checks the invariants of its parameter, an object that was just built; also has a body.
    Invariant(AdtId),
    /// A method derived from a type's structure; also has a body.
    Derived(Derived),
    /// A method that a trait declares without a body; calls of it are trait calls.
    Required,
    /// Expanded by lowering.
    Intrinsic(Intrinsic),
    /// A function of the runtime named by [`FnDef::name`].
    Runtime,
    /// A C function named by [`FnDef::name`].
    Extern,
}

/// What a derived method is derived from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Derived {
    pub method: DerivedMethod,
    pub of: DerivedFrom,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum DerivedMethod {
    Eq,
    Ord,
    Hash,
    Show,
    /// `show_in` of `Show`; only of a `dyn`, others have the trait's own.
    ShowIn,
}

impl Derived {
    /// What is derived for the method of this number in the trait.
    pub(crate) fn numbered(self, method: u32) -> Option<Derived> {
        match (method, self.of) {
            (0, _) => Some(self),
            (1, DerivedFrom::Dyn(..)) => Some(Derived { method: DerivedMethod::ShowIn, ..self }),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum DerivedFrom {
    Adt(AdtId),
    /// A tuple of so many elements.
    Tuple(u32),
    /// A function value of so many parameters; only `Show`.
    Function(u32),
    /// A `dyn` of a trait with so many arguments; only `Show`.
    Dyn(TraitId, u32),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SelfKind {
    None,
    /// `self`
    Value,
    /// `var self`: the function gives the changed `self` back besides its result, and the caller
    /// stores it into the place it came from. See [`ExprKind::Call`].
    InOut,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Owner {
    None,
    /// In the body of the type, or in an `impl Type:`.
    Adt(AdtId),
    /// In an `impl` without a trait for a built-in type.
    Builtin,
    /// In a trait: the `index`-th method.
    Trait {
        id: TraitId,
        index: u32,
    },
    /// In `impl Trait for Type`.
    Impl(ImplId),
}

pub struct ParamDef {
    pub name: Symbol,
    pub span: Span,
    pub ty: Ty,
    /// Called by each call that leaves the argument out; a [`FnKind::Default`].
    pub default: Option<FnId>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AdtKind {
    Struct,
    Class,
    Enum,
}

pub struct AdtDef {
    pub name: Symbol,
    pub module: ModuleId,
    pub span: Span,
    pub kind: AdtKind,
    pub generics: Generics,
    /// One for a struct or class.
    pub variants: IdVec<VariantIdx, VariantDef>,
    /// The functions of its body and of its `impl`s without a trait.
    pub methods: Vec<FnId>,
    /// The written constructor of a class.
    pub init: Option<FnId>,
    pub public: bool,
}

pub struct VariantDef {
    /// For a struct or class its own name.
    pub name: Symbol,
    pub span: Span,
    pub fields: IdVec<FieldIdx, FieldDef>,
}

pub struct FieldDef {
    /// Absent in `Inc(int)`.
    pub name: Option<Symbol>,
    pub span: Span,
    /// In terms of the declaration's type parameters.
    pub ty: Ty,
    /// `var` in a class. Fields of structs change with the place that holds the struct.
    pub mutable: bool,
    /// Called by each construction that leaves the field out; a [`FnKind::Default`].
    pub default: Option<FnId>,
}

pub struct TraitDef {
    pub name: Symbol,
    pub module: ModuleId,
    pub span: Span,
    /// Parameter 0 is `Self`.
    pub generics: Generics,
    /// In the order of declaration, which is the order of a vtable. Their parameters are those of
    /// the trait, then their own.
    pub methods: Vec<FnId>,
    pub public: bool,
}

/// `impl[params] Trait[args] for Type`
pub struct ImplDef {
    pub module: ModuleId,
    pub span: Span,
    pub generics: Generics,
    pub trait_ref: TraitRef,
    pub self_ty: Ty,
    /// One for each method of the trait; `None` where the trait's default serves.
    pub methods: Vec<Option<FnId>>,
}

/// A module-level `let`.
pub struct ConstDef {
    pub name: Symbol,
    pub module: ModuleId,
    pub span: Span,
    pub ty: Ty,
    /// A function without parameters that computes it.
    pub init: FnId,
    /// What it computes.
    pub source: ConstSource,
    /// Functions that it calls may read it before it is computed, which is looked for when the program runs.
    pub may_need_itself: bool,
    pub public: bool,
}

/// Where the value of a constant comes from.
#[derive(Clone, Copy, Debug)]
pub enum ConstSource {
    Value(ast::ExprId),
    /// What a pattern binds to the constant's name in another constant, the whole of a `let`.
    Part {
        of: ConstId,
        pat: ast::PatId,
    },
}

pub struct ActorDef {
    pub name: Symbol,
    pub module: ModuleId,
    pub span: Span,
    /// The body as a function of the actor's parameters.
    pub body: FnId,
    pub mailbox: Ty,
    pub terminates: bool,
    pub public: bool,
}

// ---------------------------------------------------------------------------------------------
// Bodies

/// The code of one function. Lambdas inside it share its tables.
#[derive(Debug)]
pub struct Body {
    /// One for each parameter of the function.
    pub params: Vec<LocalId>,
    pub locals: IdVec<LocalId, Local>,
    pub exprs: IdVec<ExprId, Expr>,
    pub pats: IdVec<PatId, Pat>,
    /// Its value is the function's result. In a generator the value is dropped.
    pub root: ExprId,
    /// How many [`LoopId`]s there are.
    pub loops: u32,
}

impl Body {
    /// The lambda that an expression is, if it is one.
    pub fn lambda(&self, id: ExprId) -> Option<&Lambda> {
        if let ExprKind::Lambda(lambda) = &self.exprs[id].kind { Some(lambda) } else { None }
    }
}

#[derive(Clone, Debug)]
pub struct Local {
    /// Empty for temporaries of the desugaring.
    pub name: Symbol,
    pub span: Span,
    pub ty: Ty,
    /// May be assigned after its binding.
    pub mutable: bool,
    /// Mutable and captured by some lambda: lives in a heap cell that a fresh binding makes anew.
    pub cell: bool,
}

#[derive(Clone, Debug)]
pub struct Expr {
    pub kind: ExprKind,
    pub ty: Ty,
    pub span: Span,
}

// A program has very many.
const _: () = assert!(size_of::<Expr>() <= 80);

#[derive(Clone, Debug)]
pub enum ExprKind {
    /// Only in programs with errors, which are never lowered.
    Error,
    Lit(Lit),
    Local(LocalId),
    Const(ConstId),
    /// A function as a value. `f` is of a kind that has code, or an intrinsic.
    FnRef {
        callee: Callee,
    },
    /// With `inout` the callee takes `var self` or `self`: `args` then holds the arguments after
    /// it, `self` is read from the place before they are evaluated, and if the callee takes
    /// `var self` what it gives back is stored into the place after the call. The operands of the
    /// place are evaluated once.
    Call {
        callee: Callee,
        args: Box<[ExprId]>,
        inout: Option<Box<Place>>,
    },
    /// A call of a function value.
    CallValue {
        callee: ExprId,
        args: Box<[ExprId]>,
    },
    /// A struct, class object or enum value of the expression's type. `fields` has one entry for
    /// each field of the variant; `None` takes it from `base` if there is one, else leaves it
    /// zeroed (an object about to be filled by its `init`). Evaluated in the order of `order`.
    Construct {
        variant: VariantIdx,
        fields: Box<[Option<ExprId>]>,
        order: Box<[FieldIdx]>,
        base: Option<ExprId>,
    },
    /// A field of a struct or class object.
    Field {
        base: ExprId,
        field: FieldIdx,
    },
    Tuple(Box<[ExprId]>),
    TupleField {
        base: ExprId,
        index: u32,
    },
    /// A raw array of the elements.
    ArrayLit(Box<[ExprId]>),
    /// On operands of a primitive type; which one, the type of the operand says.
    Unary {
        op: UnaryOp,
        operand: ExprId,
    },
    /// On operands of one primitive type; the right side of a shift may be any integer type.
    Binary {
        op: BinaryOp,
        lhs: ExprId,
        rhs: ExprId,
    },
    /// The right side runs only if the left side did not decide.
    Logic {
        op: ast::LogicOp,
        lhs: ExprId,
        rhs: ExprId,
    },
    If {
        cond: ExprId,
        then: ExprId,
        otherwise: Option<ExprId>,
    },
    /// The first arm that fits; the arms are exhaustive.
    Match {
        scrutinee: ExprId,
        arms: Box<[Arm]>,
    },
    /// Without a value, or with one that is not wanted, the block gives `nil`.
    Block {
        stmts: Box<[Stmt]>,
        value: Option<ExprId>,
    },
    /// Runs `body` again and again until a `Break` gives the value.
    Loop {
        id: LoopId,
        body: ExprId,
    },
    Break {
        target: LoopId,
        value: Option<ExprId>,
    },
    Continue {
        target: LoopId,
    },
    /// Out of the innermost lambda or the function; `None` gives `nil`.
    Return(Option<ExprId>),
    /// Stores `value`. With `current` the place is read into that local first (its operands are
    /// evaluated once), and `value` may speak of it. Gives `nil`.
    Assign {
        place: Box<Place>,
        current: Option<LocalId>,
        value: ExprId,
    },
    Lambda(Box<Lambda>),
    Coerce {
        kind: Coercion,
        value: ExprId,
    },
    /// Between integers, floats, `char` and `bool`; panics where the value does not fit.
    Cast {
        value: ExprId,
    },
    /// Between integers, dropping the upper bits.
    CastWrap {
        value: ExprId,
    },
    /// Registers a function without parameters to be called at function exit; gives `nil`.
    Defer(ExprId),
    /// In the body of an actor, after its variables: registers its `terminate`, a function of the
    /// exit reason; gives `nil`.
    OnTerminate(ExprId),
    /// Panics with a message of type `str`.
    Panic {
        kind: PanicKind,
        message: ExprId,
    },
    /// Panics if the condition does not hold; gives `nil`.
    ContractCheck(Box<ContractCheck>),
    /// Whether two references name one object.
    Is {
        lhs: ExprId,
        rhs: ExprId,
    },
    /// Gives a value to whoever drives the generator; gives `nil`.
    Yield(ExprId),
    /// Waits for a `Future[T]`; of anything else the value itself.
    Await(ExprId),
    /// Starts a task that calls the function value without arguments; gives its future.
    Async(ExprId),
    Spawn(Box<Spawn>),
    Receive(Box<Receive>),
    /// The running actor's pid.
    SelfPid,
}

#[derive(Clone, PartialEq, Debug)]
pub enum Lit {
    /// The value fits the expression's type.
    Int(IntLit),
    Float(f64),
    Bool(bool),
    Char(char),
    Str(Rc<str>),
    Bytes(Rc<[u8]>),
    Symbol(Symbol),
    Nil,
}

impl Lit {
    /// One that the compiler writes.
    pub fn int(value: i128) -> Lit {
        let magnitude = value.unsigned_abs() as u64;
        Lit::Int(IntLit { magnitude, negative: value < 0 })
    }
}

/// What a call calls, with type arguments.
#[derive(Clone, Debug, PartialEq)]
pub enum Callee {
    /// A function known here: one argument for each of its type parameters.
    Fn { id: FnId, args: Box<[Ty]> },
    /// A method of a trait, to be found by the type that implements it:
    /// [`Program::resolve_method`](crate::Program::resolve_method). Apart, as the next: most calls are of functions.
    Trait(Box<TraitMethod>),
    /// The method of a `dyn Trait` value, the first argument.
    Dyn(Box<DynMethod>),
}

impl Callee {
    /// A method that has no type parameters of its own.
    pub fn of_trait(trait_ref: TraitRef, method: u32, self_ty: Ty) -> Callee {
        Callee::Trait(Box::new(TraitMethod { trait_ref, method, self_ty, args: Box::default() }))
    }
}

/// The `method`-th method of a trait, for a type. `args` are the method's own.
#[derive(Clone, Debug, PartialEq)]
pub struct TraitMethod {
    pub trait_ref: TraitRef,
    pub method: u32,
    pub self_ty: Ty,
    pub args: Box<[Ty]>,
}

/// The `method`-th entry of the vtable of a trait.
#[derive(Clone, Debug, PartialEq)]
pub struct DynMethod {
    pub trait_ref: TraitRef,
    pub method: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UnaryOp {
    /// Of integers, trapping; of floats.
    Neg,
    /// Of `bool`.
    Not,
    /// Of integers.
    BitNot,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BinaryOp {
    Arith(ast::BinOp),
    /// Of integers, floats, `bool`, `char`, `symbol`, `nil`.
    Eq,
    Ne,
    /// Of integers, floats, `bool`, `char`.
    Lt,
    Le,
    Gt,
    Ge,
}

#[derive(Clone, Debug)]
pub struct Arm {
    pub pat: PatId,
    pub guard: Option<ExprId>,
    pub body: ExprId,
}

#[derive(Clone, Debug)]
pub enum Stmt {
    Expr(ExprId),
    /// Binds the pattern's names. Without `otherwise` it fits every value; else that runs where
    /// it does not, and does not come back.
    Let {
        pat: PatId,
        value: ExprId,
        otherwise: Option<ExprId>,
    },
    /// `old(value)` of a contract, taken at entry; left out where contracts are off.
    OldCapture {
        local: LocalId,
        value: ExprId,
    },
}

/// Something that can be assigned: a root, then fields of structs inside it.
#[derive(Clone, Debug)]
pub struct Place {
    pub root: PlaceRoot,
    /// Each with the struct type that has the field (or `None` in the path: a tuple has none).
    pub path: Box<[PlaceField]>,
    /// Of the whole place.
    pub ty: Ty,
    pub span: Span,
}

#[derive(Clone, Copy, Debug)]
pub struct PlaceField {
    pub struct_ty: Ty,
    pub field: FieldIdx,
}

#[derive(Clone, Debug)]
pub enum PlaceRoot {
    Local(LocalId),
    /// A field of a class object.
    ClassField {
        object: ExprId,
        field: FieldIdx,
        ty: Ty,
    },
    /// What `get(container, index)` reads and `set(container, index, value)` writes. A plain
    /// assignment with an empty path only writes. `ty` is the element's.
    Element {
        container: ExprId,
        index: ExprId,
        get: Option<Callee>,
        set: Callee,
        ty: Ty,
    },
}

#[derive(Clone, Debug)]
pub struct Lambda {
    pub params: Vec<LocalId>,
    pub body: ExprId,
    /// The locals of the surroundings that the body uses, each once. Those that are cells are
    /// captured by reference, others by value.
    pub captures: Vec<LocalId>,
    pub flavour: ast::FnFlavour,
    pub kind: LambdaKind,
    /// Of the body; a generator's is `nil`.
    pub ret: Ty,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LambdaKind {
    /// Written as one, or the call of a `defer`.
    Closure,
    /// Run by a future: captures are copied deeply.
    Async,
    /// Run by an actor: captures are copied deeply.
    Spawn,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Coercion {
    /// Any type into `any`.
    ToAny,
    /// A type into `dyn Trait`; trait and arguments stand in the expression's type.
    ToDyn,
    /// `Pid[M]` into `Pid`.
    ErasePid,
    /// From `never`: the value never comes.
    FromNever,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PanicKind {
    /// `panic(message)`
    Explicit,
    /// `assertion failed: message`
    Assert,
}

#[derive(Clone, Debug)]
pub struct ContractCheck {
    pub kind: ast::ContractKind,
    pub cond: ExprId,
    /// `withdraw`, or the class of an invariant.
    pub function: Symbol,
    /// The condition as it was written.
    pub text: Rc<str>,
    /// Of type `str`; evaluated only when the condition does not hold.
    pub message: Option<ExprId>,
}

#[derive(Clone, Debug)]
pub struct Spawn {
    pub kind: ast::SpawnKind,
    /// A function value without parameters, a [`LambdaKind::Spawn`].
    pub body: ExprId,
    /// What is spawned, if it is a declared actor.
    pub actor: Option<ActorId>,
    /// The `with` options as (name, value).
    pub options: Vec<(SpawnOption, ExprId)>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SpawnOption {
    Name,
    Priority,
    MaxHeap,
    MaxMailbox,
    Overflow,
}

#[derive(Clone, Debug)]
pub struct Receive {
    /// Patterns of messages.
    pub cases: Vec<Arm>,
    pub down: Vec<SignalArm>,
    pub exit: Vec<SignalArm>,
    /// Milliseconds and what to do then.
    pub after: Option<(ExprId, ExprId)>,
    /// The type of the messages.
    pub message: Ty,
}

#[derive(Clone, Debug)]
pub struct SignalArm {
    pub pid: PatId,
    pub reason: PatId,
    pub guard: Option<ExprId>,
    pub body: ExprId,
}

// ---------------------------------------------------------------------------------------------
// Patterns

#[derive(Clone, Debug)]
pub struct Pat {
    pub kind: PatKind,
    /// The type of the values it is tried on.
    pub ty: Ty,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum PatKind {
    /// Only in programs with errors.
    Error,
    Wild,
    /// Binds the value. The alternatives of an or-pattern bind the same locals.
    Bind {
        local: LocalId,
        sub: Option<PatId>,
    },
    Lit(Lit),
    /// Of integers, `char` or floats.
    Range {
        lo: Option<Lit>,
        hi: Option<Lit>,
        inclusive: bool,
    },
    Tuple(Box<[PatId]>),
    /// A list of `prefix`, then — if `rest` is there — any number more, then `suffix`. The
    /// pattern inside `rest`, if any, is tried on a new list of those in between.
    List {
        prefix: Box<[PatId]>,
        rest: Option<Option<PatId>>,
        suffix: Box<[PatId]>,
    },
    /// A struct, class object or variant of an enum. Fields not named fit whatever they hold.
    Adt {
        variant: VariantIdx,
        fields: Box<[(FieldIdx, PatId)]>,
    },
    Or(Box<[PatId]>),
    /// On `any`: fits if the value is a `ty` that `sub` fits.
    TypeTest {
        ty: Ty,
        sub: PatId,
    },
}
