//! Declarations: structs, enums and classes with their methods, functions with contracts, defaults and `defer`.
//! Must never let a declaration refer to a later one, or a program might not end.

use crate::program::{Class, Function, Program, Record, TAG_COST};
use crate::types::Ty;

impl Program {
    pub fn declarations(&mut self) {
        self.struct_decl();
        self.enum_decl();
        self.tagged(&Ty::Struct(0), &[]);
        for _ in 0..self.rng.below(3) {
            self.struct_decl();
        }
        for _ in 0..self.rng.below(3) {
            self.enum_decl();
        }
        for _ in 0..self.rng.below(3) {
            self.class_decl();
        }
        for _ in 0..2 + self.rng.below(4) {
            if self.rng.percent(50) {
                self.constant();
            }
            self.function();
        }
    }

    fn fields(&mut self, count: usize) -> Vec<(String, Ty)> {
        (0..count)
            .map(|_| {
                let ty = self.some_type(2);
                (self.fresh("fd"), ty)
            })
            .collect()
    }

    fn struct_decl(&mut self) {
        let index = self.structs.len();
        let count = 1 + self.rng.below(5);
        let fields = self.fields(count);
        self.line("");
        self.line(format!("struct S{index}:"));
        self.suite(|p| {
            for (name, ty) in &fields {
                p.line(format!("{name}: {}", ty.name()));
            }
        });
        self.structs.push(Record { name: format!("S{index}"), fields: fields.clone() });
        // What follows takes for granted that there are enums.
        if self.enums.is_empty() {
            return;
        }
        self.methods(Ty::Struct(index), &fields);
        self.tagged(&Ty::Struct(index), &fields);
    }

    fn enum_decl(&mut self) {
        let index = self.enums.len();
        self.line("");
        self.line(format!("enum E{index}:"));
        let mut variants = Vec::new();
        for number in 0..1 + self.rng.below(5) {
            let count = self.rng.below(4);
            let named = self.rng.percent(50);
            let fields = self.fields(count);
            let name = format!("V{index}{}", char::from(b'a' + number as u8));
            let texts: Vec<String> = fields
                .iter()
                .map(
                    |(field, ty)| {
                        if named { format!("{field}: {}", ty.name()) } else { ty.name() }
                    },
                )
                .collect();
            let list = if count == 0 { String::new() } else { format!("({})", texts.join(", ")) };
            self.line(format!("    {name}{list}"));
            let fields = fields
                .into_iter()
                .map(|(field, ty)| (if named { field } else { String::new() }, ty))
                .collect();
            variants.push(Record { name, fields });
        }
        self.enums.push(variants);
        self.methods(Ty::Enum(index), &[]);
    }

    fn class_decl(&mut self) {
        let index = self.classes.len();
        let count = 1 + self.rng.below(4);
        let fields = self.fields(count);
        let chained = self.rng.percent(40);
        self.line("");
        self.line(format!("class C{index}:"));
        self.suite(|p| {
            for (name, ty) in &fields {
                p.line(format!("var {name}: {}", ty.name()));
            }
            if chained {
                p.line(format!("var next: C{index}? = None"));
            }
        });
        let record = Record { name: format!("C{index}"), fields: fields.clone() };
        self.classes.push(Class { record, chained });
        self.methods(Ty::Class(index), &fields);
        self.tagged(&Ty::Class(index), &fields);
    }

    /// Methods in the body that was just written.
    fn methods(&mut self, on: Ty, fields: &[(String, Ty)]) {
        for _ in 0..self.rng.below(3) {
            let name = self.fresh("m");
            let changes = matches!(on, Ty::Class(_));
            self.indent += 1;
            self.line("");
            self.callable(&name, Some(on.clone()), fields, changes);
            self.indent -= 1;
        }
        if matches!(on, Ty::Struct(_)) && self.rng.percent(50) {
            self.changing_method(fields);
        }
    }

    /// `fn set(var self, …)` of a struct, called on places only (`stmt`).
    fn changing_method(&mut self, fields: &[(String, Ty)]) {
        let (field, ty) = self.rng.pick(fields).clone();
        self.line("");
        self.line(format!("    fn set_{field}(var self, x: {}): self.{field} = x", ty.name()));
    }

    fn tagged(&mut self, ty: &Ty, fields: &[(String, Ty)]) {
        self.line("");
        self.line(format!("impl Tagged for {}:", ty.name()));
        self.indent += 1;
        self.line("fn tag(self) -> int:");
        self.measured(TAG_COST, |p| {
            p.suite(|p| {
                p.bind_fields(fields, false);
                let value = p.expr(&Ty::INT, 2);
                p.line(value);
            })
        });
        if self.rng.percent(30) {
            self.line("fn label(self) -> str: f\"own {self.tag()}\"");
        }
        self.indent -= 1;
        // Only now: a `tag` that asks for that of its own type would not end.
        self.tagged.push(ty.clone());
    }

    fn bind_fields(&mut self, fields: &[(String, Ty)], assignable: bool) {
        for (name, ty) in fields {
            self.bind(&format!("self.{name}"), ty, assignable);
        }
    }

    /// A module-level `let`, computed once.
    fn constant(&mut self) {
        let (name, ty) = (self.fresh("k"), self.some_type(2));
        let limit = self.function_limit();
        let ((), _) = self.measured(limit, |p| {
            let value = p.expr(&ty, 2);
            p.line("");
            p.line(format!("let {name}: {} = {value}", ty.name()));
        });
        self.constants.push((name, ty));
    }

    fn function(&mut self) {
        self.line("");
        let name = self.fresh("fun");
        self.callable(&name, None, &[], false);
    }

    /// A function or method with a body of statements.
    fn callable(&mut self, name: &str, on: Option<Ty>, fields: &[(String, Ty)], changes: bool) {
        let params: Vec<(String, Ty)> = (0..self.rng.below(4))
            .map(|_| {
                let ty = if self.rng.percent(12) {
                    Ty::Fn(vec![self.scalar_type()], Box::new(self.scalar_type()))
                } else {
                    self.some_type(2)
                };
                (self.fresh("p"), ty)
            })
            .collect();
        let result = self.some_type(2);
        let defaults = if self.rng.percent(30) { self.rng.below(params.len() + 1) } else { 0 };
        let mut texts: Vec<String> = Vec::new();
        for (index, (name, ty)) in params.iter().enumerate() {
            let has_default = index + defaults >= params.len();
            let default =
                if has_default { format!(" = {}", self.literal(ty)) } else { String::new() };
            texts.push(format!("{name}: {}{default}", ty.name()));
        }
        if on.is_some() {
            texts.insert(0, "self".to_string());
        }
        self.line(format!("fn {name}({}) -> {}:", texts.join(", "), result.name()));
        let outer = std::mem::take(&mut self.vars);
        let (loops, own) = (std::mem::take(&mut self.loops), self.result.replace(result.clone()));
        let limit = self.function_limit();
        let ((), cost) = self.measured(limit, |p| {
            p.suite(|p| {
                p.bind_constants();
                p.bind_fields(fields, changes);
                for (name, ty) in &params {
                    p.bind(name, ty, false);
                }
                p.contracts(&result);
                for _ in 0..1 + p.rng.below(4) {
                    p.statement(2);
                }
                let value = p.expr(&result, 2);
                p.line(value);
            });
        });
        (self.vars, self.loops, self.result) = (outer, loops, own);
        self.functions.push(Function {
            name: name.to_string(),
            on,
            params,
            result,
            defaults,
            cost,
        });
    }

    /// Contracts at the head of a body: most of them hold.
    fn contracts(&mut self, result: &Ty) {
        if self.rng.percent(20)
            && let Some((name, _)) = self.some_var(|v| v.ty == Ty::INT)
        {
            let most = if self.rng.percent(90) { "1_000_000_000_000" } else { "9" };
            self.line(format!("requires {name} <= {most}, \"too large\""));
            if self.rng.percent(50) {
                self.line(format!("ensures old({name}) <= {most} + {name}"));
            }
        }
        if self.rng.percent(20) {
            let condition = match result {
                Ty::Int(int) if !int.signed => "result >= 0",
                Ty::List(_) | Ty::Str | Ty::Dict(..) | Ty::Set(_) => "result.len() < 10_000",
                Ty::Tree => "result.depth() >= 0",
                Ty::Bool => "result or not result",
                _ => return,
            };
            self.line(format!("ensures {condition}"));
        }
    }
}
