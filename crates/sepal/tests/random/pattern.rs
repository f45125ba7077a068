//! Patterns and `match`.
//! Must never leave a match without an arm for some value.

use crate::program::Program;
use crate::types::Ty;

type Names = Vec<(String, Ty)>;

impl Program {
    /// A pattern that may or may not fit a value of the type.
    pub fn pattern(&mut self, ty: &Ty, depth: usize, names: &mut Names) -> String {
        if depth == 0 || self.rng.percent(20) {
            return self.name_pattern(ty, names);
        }
        if self.rng.percent(8) {
            let name = self.fresh("b");
            names.push((name.clone(), ty.clone()));
            let inner = self.pattern(ty, depth - 1, names);
            return if inner.contains('|') {
                format!("{name} @ ({inner})")
            } else {
                format!("{name} @ {inner}")
            };
        }
        let deeper = depth - 1;
        match ty {
            Ty::Int(int) => match self.rng.below(4) {
                0 => format!("{}", self.rng.below(5)),
                1 => format!("{}..={}", self.rng.below(5), 5 + self.rng.below(40)),
                2 if int.signed => "..0".into(),
                _ => "1 | 2 | 7".into(),
            },
            Ty::Bool => self.literal(ty),
            Ty::Char => (*self.rng.pick(&["'a'", "'a'..='z'", "'A' | 'B'"])).into(),
            Ty::Str => (*self.rng.pick(&["\"\"", "\"a\"", "\"12\" | \"a\""])).into(),
            Ty::Symbol => self.literal(ty),
            Ty::Float | Ty::F32 => (*self.rng.pick(&["0.0", "1.5", "0.0..=9.5"])).into(),
            Ty::Tree if self.rng.percent(50) => {
                format!("Leaf({})", self.pattern(&Ty::INT, deeper, names))
            }
            Ty::Tree => {
                let left = self.pattern(ty, deeper, names);
                format!("Fork({left}, right: {})", self.pattern(ty, deeper, names))
            }
            Ty::Option(_) if self.rng.percent(25) => "None".into(),
            Ty::Option(of) => format!("Some({})", self.pattern(of, deeper, names)),
            Ty::Result(_, err) if self.rng.percent(30) => {
                format!("Err({})", self.pattern(err, deeper, names))
            }
            Ty::Result(ok, _) => format!("Ok({})", self.pattern(ok, deeper, names)),
            Ty::Tuple(parts) => {
                let parts: Vec<String> =
                    parts.iter().map(|of| self.pattern(of, deeper, names)).collect();
                format!("({})", parts.join(", "))
            }
            Ty::Pair(a, b) => {
                let a = self.pattern(a, deeper, names);
                format!("Pair({a}, {})", self.pattern(b, deeper, names))
            }
            Ty::List(of) => self.list_pattern(of, deeper, names),
            Ty::Struct(index) => {
                let (name, fields) = (format!("S{index}"), self.structs[*index].fields.clone());
                self.record_pattern(&name, &fields, deeper, names)
            }
            Ty::Enum(index) => {
                let variant = self.rng.below(self.enums[*index].len());
                self.variant_pattern(*index, variant, deeper, names)
            }
            Ty::Any => self.any_pattern(names),
            Ty::Dyn | Ty::Dict(..) | Ty::Set(_) | Ty::Class(_) | Ty::Fn(..) => {
                self.name_pattern(ty, names)
            }
        }
    }

    fn name_pattern(&mut self, ty: &Ty, names: &mut Names) -> String {
        if self.rng.percent(25) {
            return "_".into();
        }
        let name = self.fresh("b");
        names.push((name.clone(), ty.clone()));
        name
    }

    fn list_pattern(&mut self, of: &Ty, depth: usize, names: &mut Names) -> String {
        let mut parts: Vec<String> =
            (0..self.rng.below(3)).map(|_| self.pattern(of, depth, names)).collect();
        if self.rng.percent(60) {
            let rest = if self.rng.percent(50) {
                let name = self.fresh("b");
                names.push((name.clone(), Ty::list(of.clone())));
                format!("..{name}")
            } else {
                "..".into()
            };
            let at = self.rng.below(parts.len() + 1);
            parts.insert(at, rest);
        }
        format!("[{}]", parts.join(", "))
    }

    fn record_pattern(
        &mut self,
        name: &str,
        fields: &[(String, Ty)],
        depth: usize,
        names: &mut Names,
    ) -> String {
        if self.rng.percent(20) {
            let (field, of) = self.rng.pick(fields).clone();
            return format!("{name}({field}: {}, ..)", self.pattern(&of, depth, names));
        }
        let parts: Vec<String> =
            fields.iter().map(|(_, of)| self.pattern(of, depth, names)).collect();
        format!("{name}({})", parts.join(", "))
    }

    fn variant_pattern(
        &mut self,
        index: usize,
        variant: usize,
        depth: usize,
        names: &mut Names,
    ) -> String {
        let record = &self.enums[index][variant];
        let (name, fields) = (record.name.clone(), record.fields.clone());
        if fields.is_empty() {
            return name;
        }
        if self.rng.percent(15) {
            let first = self.pattern(&fields[0].1, depth, names);
            return if fields.len() == 1 {
                format!("{name}({first})")
            } else {
                format!("{name}({first}, ..)")
            };
        }
        let parts: Vec<String> =
            fields.iter().map(|(_, of)| self.pattern(of, depth, names)).collect();
        format!("{name}({})", parts.join(", "))
    }

    fn any_pattern(&mut self, names: &mut Names) -> String {
        let of = match self.rng.below(6) {
            0 => Ty::list(Ty::Any),
            1 => Ty::Str,
            2 => Ty::Float,
            _ => self.scalar_type(),
        };
        if matches!(of, Ty::Any | Ty::Dyn) {
            return self.name_pattern(&Ty::Any, names);
        }
        let depth = usize::from(!matches!(of, Ty::List(_)));
        format!("{}({})", of.name(), self.pattern(&of, depth, names))
    }

    /// A pattern that fits every value and takes the outermost part of it apart.
    pub fn whole_pattern(&mut self, ty: &Ty, names: &mut Names) -> String {
        let parts: Vec<Ty> = match ty {
            Ty::Tuple(parts) => parts.clone(),
            Ty::Pair(a, b) => vec![(**a).clone(), (**b).clone()],
            Ty::Struct(index) => {
                self.structs[*index].fields.iter().map(|(_, of)| of.clone()).collect()
            }
            other => unreachable!("{other:?} is not taken apart"),
        };
        let parts: Vec<String> = parts.iter().map(|of| self.name_pattern(of, names)).collect();
        let head = if let Ty::Tuple(_) = ty { String::new() } else { ty.name() };
        let head = head.split('[').next().unwrap_or_default();
        format!("{head}({})", parts.join(", "))
    }

    /// What is worth matching on.
    fn scrutinee(&mut self) -> Ty {
        match self.rng.below(9) {
            0 | 1 => Ty::Enum(self.rng.below(self.enums.len())),
            2 => Ty::Any,
            3 => Ty::list(self.some_type(1)),
            4 => Ty::option(self.some_type(2)),
            5 => Ty::Tuple(vec![self.some_type(1), self.some_type(1)]),
            6 => Ty::Tree,
            _ => self.some_type(2),
        }
    }

    /// The heads of arms that together fit everything, each with the names it binds.
    fn arms(&mut self, ty: &Ty) -> Vec<(String, Names)> {
        let mut arms = Vec::new();
        for _ in 0..1 + self.rng.below(4) {
            let mut names = Vec::new();
            let pattern = self.pattern(ty, 3, &mut names);
            let guard = if self.rng.percent(30) {
                let outer = self.vars.len();
                for (name, ty) in &names {
                    self.bind(name, ty, false);
                }
                let guard = self.expr(&Ty::Bool, 2);
                self.vars.truncate(outer);
                format!(" if {guard}")
            } else {
                String::new()
            };
            arms.push((format!("case {pattern}{guard}:"), names));
        }
        match ty {
            Ty::Enum(index) if self.rng.percent(60) => {
                for variant in 0..self.enums[*index].len() {
                    let mut names = Vec::new();
                    let pattern = self.variant_pattern(*index, variant, 0, &mut names);
                    arms.push((format!("case {pattern}:"), names));
                }
            }
            Ty::Option(of) if self.rng.percent(60) => {
                let mut names = Vec::new();
                let name = self.name_pattern(of, &mut names);
                arms.push((format!("case Some({name}):"), names));
                arms.push(("case None:".into(), Vec::new()));
            }
            _ => {
                let mut names = Vec::new();
                let name = self.name_pattern(ty, &mut names);
                arms.push((format!("case {name}:"), names));
            }
        }
        arms
    }

    pub fn match_statement(&mut self, depth: usize) {
        let ty = self.scrutinee();
        let value = self.known(&ty, 2);
        self.line(format!("match {value}:"));
        self.indent += 1;
        for (head, names) in self.arms(&ty) {
            self.line(head);
            self.suite(|p| {
                for (name, ty) in names {
                    p.bind(&name, &ty, false);
                }
                for _ in 0..1 + p.rng.below(2) {
                    p.statement(depth - 1);
                }
            });
        }
        self.indent -= 1;
    }

    /// `let v = match …:`.
    pub fn match_value(&mut self) {
        let (ty, result) = (self.scrutinee(), self.some_type(1));
        let value = self.known(&ty, 2);
        let name = self.fresh("v");
        self.line(format!("let {name}: {} = match {value}:", result.name()));
        self.indent += 1;
        for (head, names) in self.arms(&ty) {
            let outer = self.vars.len();
            for (name, ty) in names {
                self.bind(&name, &ty, false);
            }
            let value = self.expr(&result, 2);
            self.vars.truncate(outer);
            self.line(format!("{head} {value}"));
        }
        self.indent -= 1;
        self.bind(&name, &result, false);
    }
}
