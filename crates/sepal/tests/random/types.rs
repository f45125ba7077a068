//! The types that random programs use, how they are written, and what can be done with their values.
//! Must never hold a program's declarations: a type names them by index.

/// An integer type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Int {
    pub bits: u32,
    pub signed: bool,
}

impl Int {
    pub const INT: Int = Int { bits: 64, signed: true };
    pub const ALL: [Int; 8] = [
        Int::INT,
        Int { bits: 8, signed: true },
        Int { bits: 16, signed: true },
        Int { bits: 32, signed: true },
        Int { bits: 8, signed: false },
        Int { bits: 16, signed: false },
        Int { bits: 32, signed: false },
        Int { bits: 64, signed: false },
    ];

    pub fn least(self) -> i128 {
        if self.signed { -(1 << (self.bits - 1)) } else { 0 }
    }

    pub fn greatest(self) -> i128 {
        if self.signed { (1 << (self.bits - 1)) - 1 } else { (1 << self.bits) - 1 }
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ty {
    Int(Int),
    Float,
    F32,
    Bool,
    Char,
    Str,
    Symbol,
    Any,
    /// `dyn Tagged`, the trait of the prelude.
    Dyn,
    /// `Tree`, the recursive enum of the prelude.
    Tree,
    List(Box<Ty>),
    Dict(Box<Ty>, Box<Ty>),
    Set(Box<Ty>),
    Option(Box<Ty>),
    Result(Box<Ty>, Box<Ty>),
    Tuple(Vec<Ty>),
    /// `Pair[A, B]`, the generic struct of the prelude.
    Pair(Box<Ty>, Box<Ty>),
    Struct(usize),
    Enum(usize),
    Class(usize),
    Fn(Vec<Ty>, Box<Ty>),
}

/// What the values of a type can do; a whole has what all its parts have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Abilities {
    pub eq: bool,
    pub ord: bool,
    pub hash: bool,
    pub show: bool,
    /// May go into an `any`: holds none itself, so that shown texts stay short.
    pub plain: bool,
}

impl Abilities {
    pub const ALL: Abilities =
        Abilities { eq: true, ord: true, hash: true, show: true, plain: true };

    pub fn and(self, other: Abilities) -> Abilities {
        Abilities {
            eq: self.eq && other.eq,
            ord: self.ord && other.ord,
            hash: self.hash && other.hash,
            show: self.show && other.show,
            plain: self.plain && other.plain,
        }
    }
}

impl Ty {
    pub const INT: Ty = Ty::Int(Int::INT);
    /// What nothing asks for: the type of a variable that another of the same name hides.
    pub const HIDDEN: Ty = Ty::Tuple(Vec::new());

    pub fn list(of: Ty) -> Ty {
        Ty::List(Box::new(of))
    }

    pub fn option(of: Ty) -> Ty {
        Ty::Option(Box::new(of))
    }

    /// As it is written in a program.
    pub fn name(&self) -> String {
        let names = |types: &[Ty]| types.iter().map(Ty::name).collect::<Vec<_>>().join(", ");
        match self {
            Ty::Int(Int { bits: 64, signed: true }) => "int".into(),
            Ty::Int(int) => format!("{}{}", if int.signed { 'i' } else { 'u' }, int.bits),
            Ty::Float => "float".into(),
            Ty::F32 => "f32".into(),
            Ty::Bool => "bool".into(),
            Ty::Char => "char".into(),
            Ty::Str => "str".into(),
            Ty::Symbol => "symbol".into(),
            Ty::Any => "any".into(),
            Ty::Dyn => "dyn Tagged".into(),
            Ty::Tree => "Tree".into(),
            Ty::List(of) => format!("[{}]", of.name()),
            Ty::Dict(key, value) => format!("{{{}: {}}}", key.name(), value.name()),
            Ty::Set(of) => format!("{{{}}}", of.name()),
            Ty::Option(of) if matches!(**of, Ty::Dyn | Ty::Fn(..)) => {
                format!("Option[{}]", of.name())
            }
            Ty::Option(of) => format!("{}?", of.name()),
            Ty::Result(ok, err) => format!("Result[{}, {}]", ok.name(), err.name()),
            Ty::Tuple(parts) => format!("({})", names(parts)),
            Ty::Pair(a, b) => format!("Pair[{}, {}]", a.name(), b.name()),
            Ty::Struct(index) => format!("S{index}"),
            Ty::Enum(index) => format!("E{index}"),
            Ty::Class(index) => format!("C{index}"),
            Ty::Fn(params, result) => format!("fn({}) -> {}", names(params), result.name()),
        }
    }

    /// Whether a literal of the type says which type it is.
    pub fn speaks_for_itself(&self) -> bool {
        matches!(
            self,
            Ty::Int(Int::INT)
                | Ty::Float
                | Ty::Bool
                | Ty::Char
                | Ty::Str
                | Ty::Symbol
                | Ty::Tree
                | Ty::Struct(_)
                | Ty::Enum(_)
                | Ty::Class(_)
        )
    }
}
