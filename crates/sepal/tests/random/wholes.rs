//! Expressions of lists, dicts, sets, options and results.
//! Must never build a list without a bound: what joins lists goes through `cut`.

use crate::program::Program;
use crate::types::Ty;

impl Program {
    pub fn list_expr(&mut self, of: &Ty, depth: usize) -> String {
        let list = Ty::list(of.clone());
        let abilities = self.abilities(of);
        match self.rng.below(14) {
            0..=2 => {
                let parts: Vec<String> =
                    (0..self.rng.below(5)).map(|_| self.expr(of, depth)).collect();
                format!("[{}]", parts.join(", "))
            }
            3 => format!("cut({} + {})", self.known(&list, depth), self.expr(&list, depth)),
            4 => format!("cut({} * {})", self.known(&list, depth), self.rng.below(4)),
            5 => {
                let parts = [self.bound(), self.bound()];
                let step = if self.rng.percent(40) { ":2" } else { "" };
                format!("{}[{}:{}{step}]", self.known(&list, depth), parts[0], parts[1])
            }
            6 | 7 if !matches!(of, Ty::Dyn) => {
                let from = self.some_type(1);
                let source = self.known(&Ty::list(from.clone()), depth);
                let f = self.each_lambda(&[from], of, depth);
                format!("{source}.map({f})")
            }
            8 => {
                let f = self.each_lambda(std::slice::from_ref(of), &Ty::Bool, depth);
                format!("{}.filter({f})", self.known(&list, depth))
            }
            9 => format!("{}.reversed()", self.known(&list, depth)),
            10 if abilities.ord => format!("{}.sorted()", self.known(&list, depth)),
            11 if abilities.hash => {
                let set = Ty::Set(Box::new(of.clone()));
                format!("{}.to_list()", self.known(&set, depth))
            }
            12 => self.comprehension(of, depth),
            13 if *of == Ty::INT => {
                format!("({}..{}).to_list()", self.rng.below(4), self.rng.below(9))
            }
            _ => format!("{}.copy()", self.known(&list, depth)),
        }
    }

    fn bound(&mut self) -> String {
        if self.rng.percent(30) { String::new() } else { self.rng.within(-4, 6).to_string() }
    }

    fn comprehension(&mut self, of: &Ty, depth: usize) -> String {
        let from = self.some_type(1);
        let name = self.fresh("x");
        let source = self.known(&Ty::list(from.clone()), depth);
        let outer = self.vars.len();
        self.bind(&name, &from, false);
        let text = self.repeated(10, |p| {
            let value = p.expr(of, depth.min(1));
            let filter = if p.rng.percent(50) {
                format!(" if {}", p.expr(&Ty::Bool, 1))
            } else {
                String::new()
            };
            format!("[{value} for {name} in cut({source}){filter}]")
        });
        self.vars.truncate(outer);
        text
    }

    pub fn dict_expr(&mut self, key: &Ty, value: &Ty, depth: usize) -> String {
        let dict = Ty::Dict(Box::new(key.clone()), Box::new(value.clone()));
        match self.rng.below(6) {
            0 | 1 => {
                let parts: Vec<String> = (0..self.rng.below(4))
                    .map(|_| format!("{}: {}", self.expr(key, depth), self.expr(value, depth)))
                    .collect();
                format!("{{{}}}", parts.join(", "))
            }
            2 => {
                let keys = self.known(&Ty::list(key.clone()), depth);
                let name = self.fresh("k");
                let outer = self.vars.len();
                self.bind(&name, key, false);
                let value = self.repeated(10, |p| p.expr(value, depth.min(1)));
                self.vars.truncate(outer);
                format!("{{{name}: {value} for {name} in cut({keys})}}")
            }
            3 => {
                let (k, v) = (self.fresh("k"), self.fresh("v"));
                let source = self.known(&dict, depth);
                format!("{{{k}: {v} for {k}, {v} in {source}}}")
            }
            4 => {
                let f = self.each_lambda(&[key.clone(), value.clone()], &Ty::Bool, depth);
                format!("{}.filter({f})", self.known(&dict, depth))
            }
            _ => format!("{}.copy()", self.known(&dict, depth)),
        }
    }

    pub fn set_expr(&mut self, of: &Ty, depth: usize) -> String {
        let set = Ty::Set(Box::new(of.clone()));
        match self.rng.below(5) {
            0 => {
                let parts: Vec<String> =
                    (0..1 + self.rng.below(4)).map(|_| self.expr(of, depth)).collect();
                format!("{{{}}}", parts.join(", "))
            }
            1 => {
                let method = *self.rng.pick(&[
                    "union",
                    "intersection",
                    "difference",
                    "symmetric_difference",
                ]);
                format!("{}.{method}({})", self.known(&set, depth), self.expr(&set, depth))
            }
            2 => format!("set({})", self.known(&Ty::list(of.clone()), depth)),
            3 => {
                let name = self.fresh("x");
                let source = self.known(&set, depth);
                format!("{{{name} for {name} in {source}}}")
            }
            _ => format!("{}.copy()", self.known(&set, depth)),
        }
    }

    pub fn option_expr(&mut self, of: &Ty, depth: usize) -> String {
        let option = Ty::option(of.clone());
        let list = Ty::list(of.clone());
        match self.rng.below(9) {
            0 | 1 => format!("Some({})", self.expr(of, depth)),
            2 => format!("{}.get({})", self.known(&list, depth), self.rng.within(-3, 4)),
            3 => {
                let method = *self.rng.pick(&["first()", "last()", "copy().pop()"]);
                format!("{}.{method}", self.known(&list, depth))
            }
            4 => {
                let f = self.each_lambda(std::slice::from_ref(of), &Ty::Bool, depth);
                format!("{}.find({f})", self.known(&list, depth))
            }
            5 if !matches!(of, Ty::Dyn) => {
                let from = self.some_type(1);
                let source = self.known(&Ty::option(from.clone()), depth);
                let f = self.each_lambda(&[from], of, depth);
                format!("{source}.map({f})")
            }
            6 => {
                let f = self.each_lambda(std::slice::from_ref(of), &Ty::Bool, depth);
                format!("{}.filter({f})", self.known(&option, depth))
            }
            7 if self.abilities(of).ord => format!("largest({})", self.known(&list, depth)),
            _ => {
                let result = Ty::Result(Box::new(of.clone()), Box::new(Ty::Str));
                format!("{}.ok()", self.known(&result, depth))
            }
        }
    }

    pub fn result_expr(&mut self, ok: &Ty, err: &Ty, depth: usize) -> String {
        match self.rng.below(5) {
            0 | 1 => format!("Ok({})", self.expr(ok, depth)),
            2 => format!("Err({})", self.expr(err, depth)),
            3 if !matches!(ok, Ty::Dyn) => {
                let from = self.some_type(1);
                let source = Ty::Result(Box::new(from.clone()), Box::new(err.clone()));
                let source = self.known(&source, depth);
                let f = self.each_lambda(&[from], ok, depth);
                format!("{source}.map({f})")
            }
            _ => {
                let option = Ty::option(ok.clone());
                format!("{}.ok_or({})", self.known(&option, depth), self.expr(err, depth))
            }
        }
    }
}
