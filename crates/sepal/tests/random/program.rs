//! The program being written: declarations, names in reach, lines so far, and the bound on its work.
//!
//! Programs always end: functions call only what was declared before them, loops have few rounds, and a budget counts
//! an estimate of the steps. What is stored stays small: texts and lists go through `clip` and `cut` of the prelude.
//! Must never write two declarations with one name.

use crate::rng::Rng;
use crate::types::{Abilities, Ty};

/// What a function value may cost where it is called.
pub const FN_COST: u64 = 60;
/// What a `tag` of the prelude's trait may cost.
pub const TAG_COST: u64 = 100;
const MAIN_COST: u64 = 30_000;
const FUNCTION_COST: u64 = 1_500;

pub struct Var {
    pub name: String,
    pub ty: Ty,
    /// A `var`, or a field of one.
    pub assignable: bool,
}

/// A struct, class or variant: fields with names and types.
pub struct Record {
    pub name: String,
    pub fields: Vec<(String, Ty)>,
}

pub struct Class {
    pub record: Record,
    /// Whether it has a last field `next: C?` of its own type.
    pub chained: bool,
}

pub struct Function {
    pub name: String,
    /// The type on whose values it is called, if it is a method.
    pub on: Option<Ty>,
    pub params: Vec<(String, Ty)>,
    pub result: Ty,
    /// How many of the last parameters may be left out.
    pub defaults: usize,
    pub cost: u64,
}

pub struct Program {
    pub rng: Rng,
    pub structs: Vec<Record>,
    pub enums: Vec<Vec<Record>>,
    pub classes: Vec<Class>,
    pub functions: Vec<Function>,
    /// The types with the prelude's trait.
    pub tagged: Vec<Ty>,
    /// Of the module, in reach of all that is declared after them.
    pub constants: Vec<(String, Ty)>,
    pub vars: Vec<Var>,
    pub lines: Vec<String>,
    pub indent: usize,
    /// The result type of the function being written, unless inside a lambda.
    pub result: Option<Ty>,
    pub loops: usize,
    names: usize,
    cost: u64,
    limit: u64,
    /// How often the place being written runs, by estimate.
    rounds: u64,
}

/// The program of a seed.
pub fn program(seed: u64) -> String {
    let mut program = Program {
        rng: Rng::new(seed),
        structs: Vec::new(),
        enums: Vec::new(),
        classes: Vec::new(),
        functions: Vec::new(),
        tagged: vec![Ty::INT, Ty::Str, Ty::Float, Ty::Tree],
        constants: Vec::new(),
        vars: Vec::new(),
        lines: Vec::new(),
        indent: 0,
        result: None,
        loops: 0,
        names: 0,
        cost: 0,
        limit: 0,
        rounds: 1,
    };
    program.declarations();
    program.main();
    format!("{}\n{}\n", include_str!("prelude.spl").trim_end(), program.lines.join("\n"))
}

impl Program {
    pub fn line(&mut self, text: impl AsRef<str>) {
        self.lines.push(format!("{}{}", "    ".repeat(self.indent), text.as_ref()));
    }

    pub fn fresh(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}{}", self.names)
    }

    /// Adds to the work estimated for the function being written.
    pub fn spend(&mut self, steps: u64) {
        self.cost += self.rounds * steps;
    }

    pub fn affords(&self, steps: u64) -> bool {
        self.cost + self.rounds * steps <= self.limit
    }

    /// Whether the place being written runs more than once.
    pub fn repeats(&self) -> bool {
        self.rounds > 1
    }

    /// Writes what runs `rounds` times where the place being written runs once.
    pub fn repeated<R>(&mut self, rounds: u64, write: impl FnOnce(&mut Program) -> R) -> R {
        let outer = self.rounds;
        self.rounds *= rounds;
        let result = write(self);
        self.rounds = outer;
        result
    }

    /// Writes the body of a function that may cost `limit`; gives what it costs.
    pub fn measured<R>(&mut self, limit: u64, write: impl FnOnce(&mut Program) -> R) -> (R, u64) {
        let outer = (self.cost, self.limit, self.rounds);
        (self.cost, self.limit, self.rounds) = (1, limit, 1);
        let result = write(self);
        let cost = self.cost;
        (self.cost, self.limit, self.rounds) = outer;
        (result, cost)
    }

    /// Writes an indented suite with names of its own.
    pub fn suite<R>(&mut self, write: impl FnOnce(&mut Program) -> R) -> R {
        let names = self.vars.len();
        self.indent += 1;
        let before = self.lines.len();
        let result = write(self);
        if self.lines.len() == before {
            self.line("pass");
        }
        self.indent -= 1;
        self.vars.truncate(names);
        result
    }

    pub fn bind(&mut self, name: &str, ty: &Ty, assignable: bool) {
        self.vars.push(Var { name: name.to_string(), ty: ty.clone(), assignable });
    }

    pub fn bind_constants(&mut self) {
        for (name, ty) in self.constants.clone() {
            self.bind(&name, &ty, false);
        }
    }

    /// A variable that satisfies a condition.
    pub fn some_var(&mut self, fits: impl Fn(&Var) -> bool) -> Option<(String, Ty)> {
        let fitting: Vec<&Var> = self.vars.iter().filter(|v| fits(v)).collect();
        if fitting.is_empty() {
            return None;
        }
        let var = fitting[self.rng.below(fitting.len())];
        Some((var.name.clone(), var.ty.clone()))
    }

    pub fn abilities(&self, ty: &Ty) -> Abilities {
        let all = Abilities::ALL;
        let of = |parts: &[&Ty]| parts.iter().fold(all, |a, part| a.and(self.abilities(part)));
        let fields = |record: &Record| {
            record.fields.iter().fold(all, |a, (_, part)| a.and(self.abilities(part)))
        };
        match ty {
            Ty::Int(_) | Ty::Bool | Ty::Char | Ty::Str | Ty::Symbol | Ty::Tree => all,
            Ty::Float | Ty::F32 => Abilities { hash: false, ..all },
            Ty::Any => Abilities { ord: false, hash: false, plain: false, ..all },
            Ty::Dyn => Abilities { eq: false, ord: false, hash: false, plain: false, show: false },
            Ty::List(of_ty) => Abilities { hash: false, ..of(&[of_ty]) },
            Ty::Set(of_ty) => Abilities { hash: false, ord: false, ..of(&[of_ty]) },
            Ty::Dict(key, value) => Abilities { hash: false, ord: false, ..of(&[key, value]) },
            Ty::Option(part) => of(&[part]),
            Ty::Result(a, b) | Ty::Pair(a, b) => of(&[a, b]),
            Ty::Tuple(parts) => of(&parts.iter().collect::<Vec<_>>()),
            Ty::Struct(index) => fields(&self.structs[*index]),
            Ty::Enum(index) => self.enums[*index].iter().fold(all, |a, v| a.and(fields(v))),
            Ty::Class(_) => Abilities { ord: false, plain: false, ..all },
            Ty::Fn(..) => {
                Abilities { eq: false, ord: false, hash: false, show: false, plain: false }
            }
        }
    }

    /// A random type; `depth` bounds how deep it nests.
    pub fn some_type(&mut self, depth: usize) -> Ty {
        let scalars = if depth == 0 { 100 } else { 45 };
        if self.rng.percent(scalars) {
            return self.scalar_type();
        }
        let part = |p: &mut Program| p.some_type(depth - 1);
        match self.rng.below(13) {
            0..=2 => Ty::list(part(self)),
            3 => Ty::Dict(Box::new(self.key_type()), Box::new(part(self))),
            4 => Ty::Set(Box::new(self.key_type())),
            5 | 6 => Ty::option(part(self)),
            7 => Ty::Result(Box::new(part(self)), Box::new(Ty::Str)),
            8 => Ty::Tuple((0..2 + self.rng.below(2)).map(|_| part(self)).collect()),
            9 => Ty::Pair(Box::new(part(self)), Box::new(part(self))),
            10 if !self.structs.is_empty() => Ty::Struct(self.rng.below(self.structs.len())),
            11 if !self.enums.is_empty() => Ty::Enum(self.rng.below(self.enums.len())),
            12 if !self.classes.is_empty() => Ty::Class(self.rng.below(self.classes.len())),
            _ => Ty::Tree,
        }
    }

    pub fn scalar_type(&mut self) -> Ty {
        match self.rng.below(20) {
            0..=6 => Ty::INT,
            7..=10 => Ty::Int(*self.rng.pick(&crate::types::Int::ALL)),
            11 | 12 => Ty::Float,
            13 => Ty::F32,
            14 => Ty::Bool,
            15 => Ty::Char,
            16 | 17 => Ty::Str,
            18 => Ty::Any,
            _ => self.rng.pick(&[Ty::Symbol, Ty::Dyn]).clone(),
        }
    }

    /// A type for keys of dicts and members of sets.
    pub fn key_type(&mut self) -> Ty {
        for _ in 0..4 {
            let ty = self.some_type(1);
            if self.abilities(&ty).hash {
                return ty;
            }
        }
        Ty::INT
    }

    /// A type whose values can be printed.
    pub fn shown_type(&mut self, depth: usize) -> Ty {
        for _ in 0..4 {
            let ty = self.some_type(depth);
            if self.abilities(&ty).show {
                return ty;
            }
        }
        Ty::INT
    }

    fn main(&mut self) {
        self.line("");
        let gives_code = self.rng.percent(20);
        self.line(if gives_code { "fn main() -> int:" } else { "fn main():" });
        self.result = Some(Ty::INT);
        let statements = 4 + self.rng.below(10);
        self.measured(MAIN_COST, |p| {
            p.suite(|p| {
                // Early returns of `main` would hide most of it.
                p.result = None;
                p.bind_constants();
                for index in 0..p.functions.len() {
                    p.statement(3);
                    p.let_call(index);
                }
                for _ in 0..statements {
                    p.statement(3);
                }
                p.print_vars();
                if gives_code {
                    let code = p.rng.below(256);
                    p.line(code.to_string());
                }
            })
        });
    }

    /// The limit for the body of a declared function.
    pub fn function_limit(&self) -> u64 {
        FUNCTION_COST
    }
}
