//! Statements: bindings, assignments, loops with few rounds, branches, `defer`, `assert`, output.
//! Must never loop over what the body can make longer.

use crate::program::Program;
use crate::types::{Int, Ty};

impl Program {
    pub fn statement(&mut self, depth: usize) {
        self.spend(2);
        if !self.affords(30) {
            return self.line("pass");
        }
        let inner = if depth == 0 { 20 } else { 34 };
        match self.rng.below(inner) {
            0..=4 => self.let_value(),
            5 | 6 => self.var_value(),
            7..=10 => self.assignment(),
            11..=13 => self.print_some(),
            14 => self.change(),
            15 => self.call_some(),
            16 => self.take_apart(),
            17 => self.deferred(),
            18 => self.let_lambda(),
            19 => self.asserted(),
            20 | 21 => self.if_statement(depth),
            22 => self.if_let(depth),
            23..=26 => self.for_loop(depth),
            27 => self.while_loop(depth),
            28 => self.loop_value(depth),
            29..=31 => self.match_statement(depth),
            32 => self.match_value(),
            _ => self.leave(depth),
        }
    }

    fn let_value(&mut self) {
        let ty = self.some_type(3);
        let name = if self.rng.percent(5) { self.bound_again() } else { self.fresh("v") };
        let value = if self.rng.percent(50) {
            format!("let {name}: {} = {}", ty.name(), self.expr(&ty, 3))
        } else {
            format!("let {name} = {}", self.known(&ty, 3))
        };
        self.line(value);
        self.bind(&name, &ty, false);
    }

    /// A name that will be bound again; the old variable is out of reach from here on.
    fn bound_again(&mut self) -> String {
        let old: Vec<usize> =
            (0..self.vars.len()).filter(|&i| self.vars[i].name.starts_with('v')).collect();
        if old.is_empty() {
            return self.fresh("v");
        }
        let var = &mut self.vars[old[self.rng.below(old.len())]];
        var.ty = Ty::HIDDEN;
        var.name.clone()
    }

    /// A call of any function declared so far.
    fn call_some(&mut self) {
        let fitting: Vec<usize> =
            (0..self.functions.len()).filter(|&i| self.affords(self.functions[i].cost)).collect();
        if fitting.is_empty() {
            return self.change();
        }
        let index = *self.rng.pick(&fitting);
        self.let_call(index);
    }

    /// `let v = f(…)`.
    pub fn let_call(&mut self, index: usize) {
        let ty = self.functions[index].result.clone();
        let (name, call) = (self.fresh("v"), self.call_of(index, 2));
        self.line(format!("let {name} = {call}"));
        self.bind(&name, &ty, false);
    }

    fn var_value(&mut self) {
        let ty = self.some_type(2);
        let name = self.fresh("w");
        let value = self.expr(&ty, 2);
        self.line(format!("var {name}: {} = {value}", ty.name()));
        self.bind(&name, &ty, true);
    }

    fn assignment(&mut self) {
        let Some((name, ty)) = self.some_var(|v| v.assignable) else { return self.var_value() };
        if let Ty::Struct(index) = ty
            && self.rng.percent(70)
        {
            let (field, of) = self.rng.pick(&self.structs[index].fields.clone()).clone();
            return self.set_place(&format!("{name}.{field}"), &of);
        }
        self.set_place(&name, &ty);
    }

    fn set_place(&mut self, place: &str, ty: &Ty) {
        let value = self.expr(ty, 2);
        let op = match ty {
            Ty::Int(_) if self.rng.percent(40) => *self.rng.pick(&["&=", "|=", "^=", "+=", "-="]),
            Ty::Float | Ty::F32 if self.rng.percent(30) => *self.rng.pick(&["+=", "*=", "-="]),
            _ => "=",
        };
        self.line(format!("{place} {op} {value}"));
    }

    /// Output of one or more values.
    pub fn print_some(&mut self) {
        self.spend(10);
        let parts: Vec<String> = (0..1 + self.rng.below(3))
            .map(|_| {
                let ty = self.shown_type(2);
                self.known(&ty, 2)
            })
            .collect();
        let end = if self.rng.percent(5) { ", end: \";\\n\"" } else { "" };
        let word = if self.rng.percent(5) { "eprint" } else { "print" };
        self.line(format!("{word}({}{end})", parts.join(", ")));
    }

    /// Output of every variable in reach.
    pub fn print_vars(&mut self) {
        let names: Vec<String> = self
            .vars
            .iter()
            .filter(|v| v.ty != Ty::HIDDEN && self.abilities(&v.ty).show)
            .map(|v| v.name.clone())
            .collect();
        for names in names.chunks(4) {
            self.line(format!("print({})", names.join(", ")));
        }
    }

    /// A change of what a variable refers to.
    fn change(&mut self) {
        let changeable =
            |ty: &Ty| matches!(ty, Ty::List(_) | Ty::Dict(..) | Ty::Set(_) | Ty::Class(_));
        let Some((name, ty)) =
            self.some_var(|v| changeable(&v.ty) || v.assignable && matches!(v.ty, Ty::Struct(_)))
        else {
            return self.var_value();
        };
        match ty {
            Ty::List(of) => self.change_list(&name, &of),
            Ty::Dict(key, value) => {
                // In brackets, a symbol would be the end of a slice.
                let key = format!("({})", self.expr(&key, 2));
                match self.rng.below(4) {
                    0 => self.line(format!("print({name}.remove({key}).is_some())")),
                    _ => {
                        let value = self.expr(&value, 2);
                        self.line(format!("if {name}.len() < 9: {name}[{key}] = {value}"));
                    }
                }
            }
            Ty::Set(of) => {
                let value = self.expr(&of, 2);
                let method = *self.rng.pick(&["add", "add", "remove"]);
                self.line(format!("if {name}.len() < 9: print({name}.{method}({value}))"));
            }
            Ty::Class(index) => {
                let record = &self.classes[index].record.fields;
                let (field, of) = self.rng.pick(&record.clone()).clone();
                if self.classes[index].chained && !self.repeats() && self.rng.percent(30) {
                    let other = self.expr(&Ty::Class(index), 1);
                    return self.line(format!("{name}.next = Some({other})"));
                }
                self.set_place(&format!("{name}.{field}"), &of);
            }
            Ty::Struct(index) => {
                // Not every struct has the method for every field; a field is always a place.
                let (field, of) = self.rng.pick(&self.structs[index].fields.clone()).clone();
                let setter = format!("fn set_{field}(");
                if self.lines.iter().any(|l| l.contains(&setter)) {
                    let value = self.expr(&of, 2);
                    return self.line(format!("{name}.set_{field}({value})"));
                }
                self.set_place(&format!("{name}.{field}"), &of);
            }
            other => unreachable!("{other:?} was not asked for"),
        }
    }

    fn change_list(&mut self, name: &str, of: &Ty) {
        let value = self.expr(of, 2);
        match self.rng.below(9) {
            0..=2 => self.line(format!("if {name}.len() < 9: {name}.push({value})")),
            3 => {
                let at = self.rng.below(4);
                self.line(format!("if {at} < {name}.len() < 9: {name}.insert({at}, {value})"));
            }
            4 => {
                let at = self.rng.below(4);
                self.line(format!("if {name}.len() > {at}: {name}[{at}] = {value}"));
            }
            5 if self.rng.percent(30) => {
                let at = self.rng.within(-1, 1);
                self.line(format!("{name}[{at}] = {value}"));
            }
            6 => self.line(format!("{name}.reverse()")),
            7 if self.abilities(of).ord => self.line(format!("{name}.sort()")),
            7 => {
                let key = self.each_lambda(std::slice::from_ref(of), &Ty::INT, 1);
                self.line(format!("{name}.sort_by({key})"));
            }
            _ => self.line(format!("{name}.pop()")),
        }
    }

    fn take_apart(&mut self) {
        let ty = match self.rng.below(4) {
            0 => Ty::Tuple(vec![self.some_type(1), self.some_type(2)]),
            1 => Ty::Struct(self.rng.below(self.structs.len())),
            2 => Ty::Pair(Box::new(self.some_type(1)), Box::new(self.some_type(1))),
            _ => return self.let_else(),
        };
        let value = self.known(&ty, 2);
        let mut names = Vec::new();
        let pattern = self.whole_pattern(&ty, &mut names);
        self.line(format!("let {pattern} = {value}"));
        for (name, ty) in names {
            self.bind(&name, &ty, false);
        }
    }

    /// `let Some(x) = o else: …`; what leaves depends on the place.
    fn let_else(&mut self) {
        let of = self.some_type(2);
        let name = self.fresh("v");
        let value = self.known(&Ty::option(of.clone()), 2);
        let leave = if self.loops > 0 {
            "continue".to_string()
        } else if let Some(result) = self.result.clone() {
            format!("return {}", self.expr(&result, 1))
        } else {
            return self.line(format!("let {name} = {value}"));
        };
        self.line(format!("let Some({name}) = {value} else: {leave}"));
        self.bind(&name, &of, false);
    }

    fn deferred(&mut self) {
        if self.repeats() && self.rng.percent(70) {
            return self.print_some();
        }
        let ty = self.shown_type(1);
        let value = self.known(&ty, 2);
        if self.rng.percent(60) {
            return self.line(format!("defer print(\"deferred\", {value})"));
        }
        self.line(format!("print(noisy(\"n\", {value}))"));
    }

    /// `let f = fn(…) -> T:` with a body of statements.
    fn let_lambda(&mut self) {
        let params: Vec<Ty> = (0..self.rng.below(3)).map(|_| self.scalar_type()).collect();
        let result = if self.rng.percent(50) { self.scalar_type() } else { self.some_type(1) };
        let name = self.fresh("g");
        let names: Vec<String> = params.iter().map(|_| self.fresh("a")).collect();
        let texts: Vec<String> =
            names.iter().zip(&params).map(|(n, ty)| format!("{n}: {}", ty.name())).collect();
        self.line(format!("let {name} = fn({}) -> {}:", texts.join(", "), result.name()));
        let own = self.result.replace(result.clone());
        let loops = std::mem::take(&mut self.loops);
        self.measured(crate::program::FN_COST, |p| {
            p.suite(|p| {
                for (name, ty) in names.iter().zip(&params) {
                    p.bind(name, ty, false);
                }
                for _ in 0..p.rng.below(3) {
                    p.statement(0);
                }
                let value = p.expr(&result, 2);
                p.line(value);
            });
        });
        (self.result, self.loops) = (own, loops);
        self.bind(&name, &Ty::Fn(params, Box::new(result)), false);
    }

    fn asserted(&mut self) {
        if self.rng.percent(3) {
            let condition = self.expr(&Ty::Bool, 2);
            return self.line(format!("assert {condition}, \"asserted\""));
        }
        let value = self.known(&Ty::INT, 1);
        self.line(format!("assert {value} == {value}, \"same\""));
    }

    fn statements(&mut self, depth: usize) {
        for _ in 0..1 + self.rng.below(3) {
            self.statement(depth - 1);
        }
    }

    fn if_statement(&mut self, depth: usize) {
        let condition = self.expr(&Ty::Bool, 2);
        self.line(format!("if {condition}:"));
        self.suite(|p| p.statements(depth));
        if self.rng.percent(30) {
            let condition = self.expr(&Ty::Bool, 2);
            self.line(format!("elif {condition}:"));
            self.suite(|p| p.statements(depth));
        }
        if self.rng.percent(60) {
            self.line("else:");
            self.suite(|p| p.statements(depth));
        }
    }

    fn if_let(&mut self, depth: usize) {
        let ty = match self.rng.below(3) {
            0 => Ty::Result(Box::new(self.some_type(1)), Box::new(Ty::Str)),
            1 => Ty::Enum(self.rng.below(self.enums.len())),
            _ => Ty::option(self.some_type(2)),
        };
        let value = self.known(&ty, 2);
        let mut names = Vec::new();
        let pattern = self.pattern(&ty, 2, &mut names);
        self.line(format!("if let {pattern} = {value}:"));
        self.suite(|p| {
            for (name, ty) in names {
                p.bind(&name, &ty, false);
            }
            p.statements(depth);
        });
        if self.rng.percent(40) {
            self.line("else:");
            self.suite(|p| p.statements(depth));
        }
    }

    fn for_loop(&mut self, depth: usize) {
        let name = self.fresh("it");
        let (header, ty, rounds) = match self.rng.below(9) {
            0..=3 => self.for_range(&name),
            4 => {
                let of = self.some_type(1);
                let list = self.known(&Ty::list(of.clone()), 2);
                (format!("for {name} in cut({list}):"), of, 6)
            }
            5 => {
                let of = self.some_type(1);
                let list = self.known(&Ty::list(of.clone()), 1);
                let at = self.fresh("it");
                (format!("for {at}, {name} in cut({list}).enumerate():"), of, 6)
            }
            6 => {
                let (key, value) = (self.key_type(), self.some_type(1));
                let dict = Ty::Dict(Box::new(key), Box::new(value.clone()));
                let other = self.fresh("k");
                (format!("for {other}, {name} in {}.copy():", self.known(&dict, 2)), value, 6)
            }
            7 => (format!("for {name} in clip({}):", self.known(&Ty::Str, 2)), Ty::Char, 12),
            _ => (format!("for {name} in Counter({}):", self.rng.below(6)), Ty::INT, 5),
        };
        self.line(header);
        self.loops += 1;
        self.repeated(rounds, |p| {
            p.suite(|p| {
                p.bind(&name, &ty, false);
                p.statements(depth);
                if p.rng.percent(25) {
                    let condition = p.expr(&Ty::Bool, 2);
                    let leave = *p.rng.pick(&["break", "continue"]);
                    p.line(format!("if {condition}: {leave}"));
                    p.statement(0);
                }
            })
        });
        self.loops -= 1;
    }

    fn for_range(&mut self, name: &str) -> (String, Ty, u64) {
        let (low, n) = (self.rng.within(-2, 3), self.rng.within(0, 6));
        let range = match self.rng.below(5) {
            0 => format!("{low}..={}", low + n),
            1 => format!("({low}..{}).step(2)", low + n),
            2 => format!("({low}..{}).rev()", low + n),
            3 => {
                let int = *self.rng.pick(&Int::ALL);
                let ty = Ty::Int(int);
                let low = low.abs();
                let text = format!("for {name} in as_is[{}]({low})..{}:", ty.name(), low + n);
                return (text, ty, 6);
            }
            _ => format!("{low}..{}", low + n),
        };
        (format!("for {name} in {range}:"), Ty::INT, 6)
    }

    fn while_loop(&mut self, depth: usize) {
        let name = self.fresh("n");
        let rounds = 1 + self.rng.below(6) as u64;
        self.line(format!("var {name} = {rounds}"));
        let condition = if self.rng.percent(50) {
            String::new()
        } else {
            format!(" and {}", self.expr(&Ty::Bool, 2))
        };
        self.line(format!("while {name} > 0{condition}:"));
        self.loops += 1;
        self.repeated(rounds, |p| {
            p.suite(|p| {
                p.line(format!("{name} -= 1"));
                p.bind(&name, &Ty::INT, false);
                p.statements(depth);
            })
        });
        self.loops -= 1;
    }

    /// `let v = loop:` with `break value`.
    fn loop_value(&mut self, depth: usize) {
        let ty = self.some_type(1);
        let (count, name) = (self.fresh("n"), self.fresh("v"));
        self.line(format!("var {count} = 0"));
        self.line(format!("let {name}: {} = loop:", ty.name()));
        self.loops += 1;
        self.repeated(4, |p| {
            p.suite(|p| {
                p.line(format!("{count} += 1"));
                let value = p.expr(&ty, 2);
                p.line(format!("if {count} > 4: break {value}"));
                p.statements(depth);
                if p.rng.percent(60) {
                    let (condition, value) = (p.expr(&Ty::Bool, 2), p.expr(&ty, 1));
                    p.line(format!("if {condition}: break {value}"));
                }
            })
        });
        self.loops -= 1;
        self.bind(&name, &ty, false);
    }

    /// An early end of the loop or function, or of the program.
    fn leave(&mut self, depth: usize) {
        let condition = self.expr(&Ty::Bool, depth.min(2));
        match &self.result.clone() {
            Some(result) if self.rng.percent(70) => {
                let value = self.expr(result, 2);
                self.line(format!("if {condition}: return {value}"));
            }
            _ if self.loops > 0 => self.line(format!("if {condition}: continue")),
            _ if self.rng.percent(8) => self.line(format!("if {condition}: panic(\"given up\")")),
            _ => self.print_some(),
        }
    }
}
