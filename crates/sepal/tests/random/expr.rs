//! Expressions of a wanted type.
//!
//! [`Program::expr`] writes for a place that says the type; [`Program::known`] writes what says its own type, for the
//! left of a dot and for whatever is inferred. Each expression is one line, with parentheses where it needs them.
//! Must never write a call of what is declared later.

use crate::program::{FN_COST, Program};
use crate::types::{Int, Ty};

impl Program {
    pub fn expr(&mut self, ty: &Ty, depth: usize) -> String {
        self.spend(1);
        if depth == 0 || !self.affords(20) {
            return self.leaf(ty);
        }
        let deeper = depth - 1;
        match self.rng.below(20) {
            0..=3 => self.leaf(ty),
            4..=6 => self.call(ty, deeper).unwrap_or_else(|| self.of_type(ty, deeper)),
            7 | 8 => self.taken_from(ty, deeper),
            9 => self.chosen(ty, deeper),
            _ => self.of_type(ty, deeper),
        }
    }

    pub fn known(&mut self, ty: &Ty, depth: usize) -> String {
        if self.rng.percent(50)
            && let Some((name, _)) = self.some_var(|v| v.ty == *ty)
        {
            return name;
        }
        let text = self.expr(ty, depth);
        match text.strip_prefix('-') {
            // The minus would take what stands behind the dot as well.
            Some(_) if ty.speaks_for_itself() => format!("({text})"),
            _ if ty.speaks_for_itself() => text,
            _ => format!("as_is[{}]({text})", ty.name()),
        }
    }

    /// A variable or the simplest value.
    fn leaf(&mut self, ty: &Ty) -> String {
        if self.rng.percent(70)
            && let Some((name, _)) = self.some_var(|v| v.ty == *ty)
        {
            return name;
        }
        self.literal(ty)
    }

    /// A value of the type that needs no variables.
    pub fn literal(&mut self, ty: &Ty) -> String {
        let part = |p: &mut Program, ty: &Ty| p.leaf(ty);
        match ty {
            Ty::Int(int) => self.int_literal(*int),
            Ty::Float | Ty::F32 => self.float_literal(),
            Ty::Bool => (*self.rng.pick(&["true", "false"])).into(),
            Ty::Char => {
                (*self.rng.pick(&["'a'", "'Z'", "'\\n'", "'é'", "'\\u{1F600}'", "'\"'"])).into()
            }
            Ty::Str => (*self.rng.pick(&[
                "\"\"",
                "\"a\"",
                "\"12\"",
                "\"-7\"",
                "\"héé\"",
                "\"a,b,,c\"",
                "\"q\\\"\\n\"",
                "\"  x y \"",
                "r\"\\d\"",
            ]))
            .into(),
            Ty::Symbol => (*self.rng.pick(&[":a", ":ok", ":error"])).into(),
            Ty::Any => {
                let of = self.plain_type();
                let value = self.known(&of, 0);
                format!("to_any({value})")
            }
            Ty::Dyn => {
                let of = self.rng.pick(&[Ty::INT, Ty::Str, Ty::Float, Ty::Tree]).clone();
                let value = self.known(&of, 0);
                format!("to_dyn({value})")
            }
            Ty::Tree => format!("tree_of({}, {})", self.rng.below(4), self.rng.below(50)),
            Ty::List(of) => {
                let parts: Vec<String> = (0..self.rng.below(4)).map(|_| part(self, of)).collect();
                format!("[{}]", parts.join(", "))
            }
            Ty::Dict(key, value) => {
                let parts: Vec<String> = (0..self.rng.below(3))
                    .map(|_| format!("{}: {}", part(self, key), part(self, value)))
                    .collect();
                format!("{{{}}}", parts.join(", "))
            }
            Ty::Set(of) => {
                let parts: Vec<String> = (0..self.rng.below(3)).map(|_| part(self, of)).collect();
                if parts.is_empty() { "set()".into() } else { format!("{{{}}}", parts.join(", ")) }
            }
            Ty::Option(_) if self.rng.percent(30) => "None".into(),
            Ty::Option(of) => format!("Some({})", part(self, of)),
            Ty::Result(_, err) if self.rng.percent(30) => format!("Err({})", part(self, err)),
            Ty::Result(ok, _) => format!("Ok({})", part(self, ok)),
            Ty::Tuple(parts) => {
                let parts: Vec<String> = parts.iter().map(|of| part(self, of)).collect();
                format!("({})", parts.join(", "))
            }
            Ty::Pair(a, b) => format!("Pair({}, {})", part(self, a), part(self, b)),
            Ty::Struct(_) | Ty::Enum(_) | Ty::Class(_) => self.constructed(ty, 0),
            Ty::Fn(params, result) => self.lambda(params, result, 0, true),
        }
    }

    fn int_literal(&mut self, int: Int) -> String {
        let value = if self.rng.percent(5) {
            let low = int.least() + i128::from(self.rng.below(2) as u8);
            let high = int.greatest() - i128::from(self.rng.below(2) as u8);
            *self.rng.pick(&[low, high, high / 2])
        } else {
            let value = i128::from(self.rng.within(-3, 12));
            if int.signed { value } else { value.abs() }
        };
        if value >= 10 && self.rng.percent(15) { format!("{value:#x}") } else { value.to_string() }
    }

    fn float_literal(&mut self) -> String {
        (*self.rng.pick(&[
            "0.0",
            "1.5",
            "-2.25",
            "0.1",
            "1e10",
            "-0.0",
            "3.0",
            "2.5e-3",
            "123456.789",
            "1e300",
            "7.0",
        ]))
        .into()
    }

    /// A type whose values may go into an `any`.
    pub fn plain_type(&mut self) -> Ty {
        for _ in 0..4 {
            let ty = self.some_type(1);
            if self.abilities(&ty).plain {
                return ty;
            }
        }
        Ty::Str
    }

    /// A struct, class object or variant from its fields.
    fn constructed(&mut self, ty: &Ty, depth: usize) -> String {
        let (record, chained) = match ty {
            Ty::Struct(index) => (&self.structs[*index], false),
            Ty::Class(index) => (&self.classes[*index].record, self.classes[*index].chained),
            Ty::Enum(index) => {
                let variants = &self.enums[*index];
                (&variants[self.rng.below(variants.len())], false)
            }
            other => unreachable!("{other:?} has no fields"),
        };
        let (name, fields) = (record.name.clone(), record.fields.clone());
        if matches!(ty, Ty::Struct(_)) && self.rng.percent(15) {
            let old = self.known(ty, depth.saturating_sub(1).min(1));
            let (field, of) = self.rng.pick(&fields).clone();
            let value = self.expr(&of, depth);
            return format!("{name}(..{old}, {field}: {value})");
        }
        let named = !fields.is_empty() && !fields[0].0.is_empty() && self.rng.percent(30);
        let mut args: Vec<String> = fields
            .iter()
            .map(|(field, of)| {
                let value = self.expr(of, depth);
                if named { format!("{field}: {value}") } else { value }
            })
            .collect();
        if named {
            let turn = self.rng.below(args.len());
            args.rotate_left(turn);
        }
        // Chains grow only where nothing repeats, so that what is shown stays short.
        if chained
            && !self.repeats()
            && self.rng.percent(40)
            && let Some((other, _)) = self.some_var(|v| v.ty == *ty)
        {
            args.push(format!("next: Some({other})"));
        }
        if args.is_empty() && matches!(ty, Ty::Enum(_)) {
            return if self.rng.percent(20) { format!("{}.{name}", ty.name()) } else { name };
        }
        format!("{name}({})", args.join(", "))
    }

    /// `fn(…): e`; with the types of the parameters unless the place gives them.
    pub fn lambda(&mut self, params: &[Ty], result: &Ty, depth: usize, placed: bool) -> String {
        let names: Vec<String> = params.iter().map(|_| self.fresh("a")).collect();
        let (outer, own) = (self.vars.len(), self.result.take());
        for (name, ty) in names.iter().zip(params) {
            self.bind(name, ty, false);
        }
        let (body, _) = self.measured(FN_COST, |p| {
            if placed { p.expr(result, depth) } else { p.known(result, depth) }
        });
        self.vars.truncate(outer);
        self.result = own;
        let texts: Vec<String> = names
            .iter()
            .zip(params)
            .map(|(name, ty)| if placed { name.clone() } else { format!("{name}: {}", ty.name()) })
            .collect();
        format!("fn({}): {body}", texts.join(", "))
    }

    /// The same where it runs for each element of a list whose type says those of the parameters.
    pub fn each_lambda(&mut self, params: &[Ty], result: &Ty, depth: usize) -> String {
        self.spend(12 * FN_COST / 2);
        let names: Vec<String> = params.iter().map(|_| self.fresh("a")).collect();
        let (outer, own) = (self.vars.len(), self.result.take());
        for (name, ty) in names.iter().zip(params) {
            self.bind(name, ty, false);
        }
        let (body, _) = self.measured(FN_COST, |p| p.known(result, depth));
        self.vars.truncate(outer);
        self.result = own;
        format!("(fn({}): {body})", names.join(", "))
    }

    /// A call of a declared function, a method or a function value.
    fn call(&mut self, ty: &Ty, depth: usize) -> Option<String> {
        let gives = |v: &crate::program::Var| matches!(&v.ty, Ty::Fn(_, result) if **result == *ty);
        if self.rng.percent(40)
            && self.affords(FN_COST)
            && let Some((name, Ty::Fn(params, _))) = self.some_var(gives)
        {
            self.spend(FN_COST);
            let args: Vec<String> = params.iter().map(|of| self.expr(of, depth)).collect();
            return Some(format!("{name}({})", args.join(", ")));
        }
        let fitting: Vec<usize> = (0..self.functions.len())
            .filter(|&i| self.functions[i].result == *ty && self.affords(self.functions[i].cost))
            .collect();
        if fitting.is_empty() {
            return None;
        }
        let index = *self.rng.pick(&fitting);
        Some(self.call_of(index, depth))
    }

    /// A call of one declared function or method.
    pub fn call_of(&mut self, index: usize, depth: usize) -> String {
        let function = &self.functions[index];
        let (name, on, cost) = (function.name.clone(), function.on.clone(), function.cost);
        let mut params = function.params.clone();
        let left_out = self.rng.below(function.defaults + 1);
        params.truncate(params.len() - left_out);
        self.spend(cost);
        let receiver = on.map(|on| self.known(&on, depth.min(1)) + ".").unwrap_or_default();
        let named = self.rng.percent(25);
        let args: Vec<String> = params
            .iter()
            .map(|(param, of)| {
                let value = self.expr(of, depth);
                if named { format!("{param}: {value}") } else { value }
            })
            .collect();
        format!("{receiver}{name}({})", args.join(", "))
    }

    /// A part of a larger value: a field, an element, what an option holds.
    fn taken_from(&mut self, ty: &Ty, depth: usize) -> String {
        let option = Ty::option(ty.clone());
        match self.rng.below(9) {
            0 | 1 => {
                let list = self.known(&Ty::list(ty.clone()), depth);
                let (i, other) = (self.rng.within(-3, 5), self.expr(ty, depth));
                format!("({list}.get({i}) ?? {other})")
            }
            2 => {
                let (value, other) = (self.known(&option, depth), self.expr(ty, depth));
                if self.rng.percent(50) {
                    format!("({value} ?? {other})")
                } else {
                    format!("{value}.unwrap_or({other})")
                }
            }
            3 => {
                let key = self.key_type();
                let dict =
                    self.known(&Ty::Dict(Box::new(key.clone()), Box::new(ty.clone())), depth);
                format!("{dict}.get_or({}, {})", self.expr(&key, depth), self.expr(ty, depth))
            }
            4 if self.rng.percent(12) => {
                let list = self.known(&Ty::list(ty.clone()), depth);
                format!("{list}[{}]", self.rng.within(-2, 2))
            }
            5 if self.rng.percent(15) => format!("{}.unwrap()", self.known(&option, depth)),
            6 => {
                let other = self.scalar_type();
                let pair = Ty::Pair(Box::new(ty.clone()), Box::new(other));
                format!("{}.first", self.known(&pair, depth))
            }
            7 => self.tried(ty, depth),
            _ => self.field_of(ty, depth),
        }
    }

    /// `e?`, where the function's result allows it.
    fn tried(&mut self, ty: &Ty, depth: usize) -> String {
        let wrapped = match &self.result {
            Some(Ty::Option(_)) => Ty::option(ty.clone()),
            Some(Ty::Result(_, err)) => Ty::Result(Box::new(ty.clone()), err.clone()),
            _ => return self.leaf(ty),
        };
        format!("{}?", self.known(&wrapped, depth))
    }

    fn field_of(&mut self, ty: &Ty, depth: usize) -> String {
        let structs = self.structs.iter().enumerate().map(|(i, s)| (Ty::Struct(i), s));
        let classes = self.classes.iter().enumerate().map(|(i, c)| (Ty::Class(i), &c.record));
        let fields: Vec<(Ty, String)> = structs
            .chain(classes)
            .flat_map(|(of, record)| record.fields.iter().map(move |field| (of.clone(), field)))
            .filter(|(_, (_, field))| field == ty)
            .map(|(of, (name, _))| (of, name.clone()))
            .collect();
        if fields.is_empty() {
            return self.leaf(ty);
        }
        let (of, name) = self.rng.pick(&fields).clone();
        format!("{}.{name}", self.known(&of, depth))
    }

    /// A value picked by a condition.
    fn chosen(&mut self, ty: &Ty, depth: usize) -> String {
        let condition = self.expr(&Ty::Bool, depth);
        let (a, b) = (self.expr(ty, depth), self.expr(ty, depth));
        match self.rng.below(4) {
            0 if !matches!(ty, Ty::Fn(..) | Ty::Any | Ty::Dyn) => {
                let a = self.known(ty, depth);
                format!("pick_of({condition}, {a}, {b})")
            }
            1 => {
                let other = self.expr(&Ty::Bool, 0);
                let c = self.leaf(ty);
                format!("(if {condition}: {a} elif {other}: {c} else: {b})")
            }
            _ => format!("(if {condition}: {a} else: {b})"),
        }
    }

    /// An expression that makes a value of just this type.
    fn of_type(&mut self, ty: &Ty, depth: usize) -> String {
        match ty {
            Ty::Int(int) => self.int_expr(*int, depth),
            Ty::Float => self.float_expr(depth),
            Ty::F32 => self.f32_expr(depth),
            Ty::Bool => self.bool_expr(depth),
            Ty::Char => self.char_expr(depth),
            Ty::Str => self.str_expr(depth),
            Ty::Symbol => self.literal(ty),
            Ty::Any => {
                let of = self.plain_type();
                format!("to_any({})", self.known(&of, depth))
            }
            Ty::Dyn => {
                let of = self.rng.pick(&self.tagged).clone();
                format!("to_dyn({})", self.known(&of, depth))
            }
            Ty::Tree => self.tree_expr(depth),
            Ty::List(of) => self.list_expr(of, depth),
            Ty::Dict(key, value) => self.dict_expr(key, value, depth),
            Ty::Set(of) => self.set_expr(of, depth),
            Ty::Option(of) => self.option_expr(of, depth),
            Ty::Result(ok, err) => self.result_expr(ok, err, depth),
            Ty::Tuple(parts) => {
                let parts: Vec<String> = parts.iter().map(|of| self.expr(of, depth)).collect();
                format!("({})", parts.join(", "))
            }
            Ty::Pair(a, b) if self.rng.percent(30) => {
                let other = Ty::Pair(b.clone(), a.clone());
                format!("{}.swap()", self.known(&other, depth))
            }
            Ty::Pair(a, b) => {
                format!("Pair({}, second: {})", self.expr(a, depth), self.expr(b, depth))
            }
            Ty::Struct(_) | Ty::Enum(_) | Ty::Class(_) => self.constructed(ty, depth),
            Ty::Fn(params, result) => self.lambda(params, result, depth, true),
        }
    }
}
