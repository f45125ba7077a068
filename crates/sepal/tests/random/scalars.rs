//! Expressions of numbers, truth values, characters, texts and trees.
//! Must never build a text without a bound: what joins texts goes through `clip`.

use crate::program::{Program, TAG_COST};
use crate::types::{Int, Ty};

impl Program {
    pub fn int_expr(&mut self, int: Int, depth: usize) -> String {
        let ty = Ty::Int(int);
        let name = ty.name();
        match self.rng.below(24) {
            0..=4 => self.infix(&ty, &["+%", "-%", "*%"], depth),
            5..=7 => self.infix(&ty, &["&", "|", "^"], depth),
            8..=10 => self.infix(&ty, &["+", "+", "-"], depth),
            11 if self.rng.percent(30) => self.infix(&ty, &["*"], depth),
            12 | 13 => {
                let by =
                    if self.rng.percent(8) { self.expr(&ty, depth) } else { self.divisor(int) };
                let op = *self.rng.pick(&["/", "%"]);
                format!("({} {op} {by})", self.expr(&ty, depth))
            }
            14 => {
                let by = self.divisor(int);
                let method = *self.rng.pick(&["div_floor", "mod_floor", "min", "max"]);
                format!("{}.{method}({by})", self.known(&ty, depth))
            }
            15 => {
                let by = self.shift_count(int, depth);
                let op = *self.rng.pick(&["<<", ">>"]);
                format!("({} {op} {by})", self.expr(&ty, depth))
            }
            16 => {
                let from = Ty::Int(*self.rng.pick(&Int::ALL));
                format!("{name}.wrap({})", self.known(&from, depth))
            }
            17 => {
                let method = *self.rng.pick(&["saturating_add", "saturating_sub"]);
                format!("{}.{method}({})", self.known(&ty, depth), self.expr(&ty, depth))
            }
            18 => {
                let method = *self.rng.pick(&["checked_add", "checked_mul", "checked_sub"]);
                let other = self.expr(&ty, depth);
                format!("({}.{method}({other}) ?? {})", self.known(&ty, depth), self.expr(&ty, 0))
            }
            19 if self.rng.percent(50) => {
                let exponent = self.rng.below(4);
                format!("(({} % 6) ** {exponent})", self.expr(&ty, depth))
            }
            19 => format!("(~{})", self.known(&ty, depth)),
            20 if self.rng.percent(15) => {
                let from = Ty::Int(*self.rng.pick(&Int::ALL));
                format!("{name}({})", self.known(&from, depth))
            }
            _ if int == Int::INT => self.some_int(depth),
            _ => format!("{name}.wrap({})", self.expr(&Ty::INT, depth)),
        }
    }

    fn divisor(&mut self, int: Int) -> String {
        let by = self.rng.within(1, 9);
        if int.signed && self.rng.percent(25) { format!("-{by}") } else { by.to_string() }
    }

    fn shift_count(&mut self, int: Int, depth: usize) -> String {
        if self.rng.percent(6) {
            let of = Ty::Int(*self.rng.pick(&Int::ALL));
            return self.known(&of, depth);
        }
        if self.rng.percent(40) {
            return format!("({} & {})", self.known(&Ty::INT, depth), int.bits - 1);
        }
        self.rng.below(int.bits as usize).to_string()
    }

    fn infix(&mut self, ty: &Ty, ops: &[&str], depth: usize) -> String {
        let op = *self.rng.pick(ops);
        let (a, b) = (self.expr(ty, depth), self.expr(ty, depth));
        if self.rng.percent(20) {
            let c = self.expr(ty, 0);
            return format!("({a} {op} {b} {op} {c})");
        }
        format!("({a} {op} {b})")
    }

    /// What gives just an `int`.
    fn some_int(&mut self, depth: usize) -> String {
        match self.rng.below(12) {
            0 => format!("{}.len()", self.known(&Ty::Str, depth)),
            1 | 2 => {
                let of = self.some_type(1);
                format!("{}.len()", self.known(&Ty::list(of), depth))
            }
            3 => {
                let of = Ty::Int(*self.rng.pick(&Int::ALL));
                let method = *self.rng.pick(&["count_ones", "leading_zeros", "trailing_zeros"]);
                format!("{}.{method}()", self.known(&of, depth))
            }
            4 => format!("int({})", self.known(&Ty::Char, depth)),
            5 => format!(
                "(int.parse({}) ?? {})",
                self.expr(&Ty::Str, depth),
                self.int_literal_small()
            ),
            6 => {
                self.spend(TAG_COST);
                let of = self.rng.pick(&[Ty::Dyn, Ty::Tree, Ty::Str]).clone();
                let method = *self.rng.pick(&["tag()", "plus(2)"]);
                format!("{}.{method}", self.known(&of, depth))
            }
            7 => {
                let n = self.rng.below(9);
                let function = *self.rng.pick(&["count_down", "count_up"]);
                format!("{function}({n}, {})", self.expr(&Ty::INT, depth))
            }
            8 => format!("deep({})", self.rng.below(9)),
            9 => {
                let most =
                    if self.rng.percent(95) { "1000".into() } else { self.expr(&Ty::INT, depth) };
                format!("checked({}, {most})", self.expr(&Ty::INT, depth))
            }
            10 => {
                let f = self.lambda(&[Ty::INT], &Ty::INT, 1, false);
                format!("twice({f}, {})", self.expr(&Ty::INT, depth))
            }
            _ => {
                let list = self.known(&Ty::list(Ty::INT), depth);
                let f = self.each_lambda(&[Ty::INT, Ty::INT], &Ty::INT, 1);
                format!("{list}.fold({}, {f})", self.int_literal_small())
            }
        }
    }

    fn int_literal_small(&mut self) -> String {
        self.rng.within(-9, 9).to_string()
    }

    pub fn float_expr(&mut self, depth: usize) -> String {
        let ty = Ty::Float;
        match self.rng.below(12) {
            0..=4 => self.infix(&ty, &["+", "-", "*", "/"], depth),
            5 => format!("({} % {})", self.expr(&ty, depth), self.float_small()),
            6 => {
                let method = *self
                    .rng
                    .pick(&["abs", "sqrt", "floor", "ceil", "round", "trunc", "fract", "signum"]);
                format!("{}.{method}()", self.known(&ty, depth))
            }
            7 => format!("float({})", self.known(&Ty::INT, depth)),
            8 => format!("float({})", self.known(&Ty::F32, depth)),
            9 => format!("{}.max({})", self.known(&ty, depth), self.expr(&ty, depth)),
            10 => format!("(-{})", self.known(&ty, depth)),
            _ => format!("({} ** {})", self.expr(&ty, depth), self.float_small()),
        }
    }

    fn float_small(&mut self) -> &'static str {
        *self.rng.pick(&["2.0", "0.5", "-1.0", "3.0", "0.0"])
    }

    pub fn f32_expr(&mut self, depth: usize) -> String {
        let ty = Ty::F32;
        match self.rng.below(6) {
            0..=2 => self.infix(&ty, &["+", "-", "*", "/"], depth),
            3 => format!("f32({})", self.known(&Ty::Float, depth)),
            4 => format!("f32({})", self.known(&Ty::INT, depth)),
            _ => format!("{}.min({})", self.known(&ty, depth), self.expr(&ty, depth)),
        }
    }

    pub fn bool_expr(&mut self, depth: usize) -> String {
        match self.rng.below(12) {
            0 | 1 => {
                let op = *self.rng.pick(&["and", "or"]);
                format!("({} {op} {})", self.expr(&Ty::Bool, depth), self.expr(&Ty::Bool, depth))
            }
            2 => format!("(not {})", self.expr(&Ty::Bool, depth)),
            3..=5 => self.comparison(depth),
            6 => {
                let ty = self.ordered_type();
                let ops = (*self.rng.pick(&["<", "<="]), *self.rng.pick(&["<", "<=", "=="]));
                let (a, b) = (self.known(&ty, depth), self.expr(&ty, depth));
                format!("({a} {} {b} {} {})", ops.0, ops.1, self.expr(&ty, 0))
            }
            7 => {
                let of = self.key_type();
                let whole = match self.rng.below(3) {
                    0 => Ty::list(of.clone()),
                    1 => Ty::Set(Box::new(of.clone())),
                    _ => Ty::Dict(Box::new(of.clone()), Box::new(Ty::INT)),
                };
                format!("({} in {})", self.expr(&of, depth), self.known(&whole, depth))
            }
            8 => {
                let of = self.some_type(1);
                let method = *self.rng.pick(&["is_some()", "is_none()"]);
                format!("{}.{method}", self.known(&Ty::option(of), depth))
            }
            9 => {
                let of = self.some_type(1);
                let list = self.known(&Ty::list(of.clone()), depth);
                let method = *self.rng.pick(&["any", "all"]);
                format!("{list}.{method}({})", self.each_lambda(&[of], &Ty::Bool, 1))
            }
            10 => {
                let method = *self.rng.pick(&["starts_with", "contains", "ends_with"]);
                format!("{}.{method}({})", self.known(&Ty::Str, depth), self.expr(&Ty::Str, depth))
            }
            _ => {
                let n = self.rng.below(9);
                format!("({} in {}..{n})", self.expr(&Ty::INT, depth), self.int_literal_small())
            }
        }
    }

    fn ordered_type(&mut self) -> Ty {
        for _ in 0..4 {
            let ty = self.some_type(2);
            if self.abilities(&ty).ord {
                return ty;
            }
        }
        Ty::INT
    }

    fn comparison(&mut self, depth: usize) -> String {
        let ty = self.some_type(2);
        let abilities = self.abilities(&ty);
        let (ty, ops): (Ty, &[&str]) = match (abilities.ord, abilities.eq) {
            (true, _) => (ty, &["==", "!=", "<", "<=", ">", ">="]),
            (false, true) => (ty, &["==", "!="]),
            (false, false) => (Ty::INT, &["==", "<"]),
        };
        let op = *self.rng.pick(ops);
        format!("({} {op} {})", self.known(&ty, depth), self.expr(&ty, depth))
    }

    pub fn char_expr(&mut self, depth: usize) -> String {
        match self.rng.below(3) {
            0 => {
                let method = *self.rng.pick(&["to_upper", "to_lower"]);
                format!("{}.{method}()", self.known(&Ty::Char, depth))
            }
            1 => format!("char(65 + ({} & 31))", self.known(&Ty::INT, depth)),
            _ => {
                let text = self.known(&Ty::Str, depth);
                format!("({text}.chars().first() ?? {})", self.literal(&Ty::Char))
            }
        }
    }

    pub fn str_expr(&mut self, depth: usize) -> String {
        match self.rng.below(12) {
            0 | 1 => {
                format!("clip({} + {})", self.expr(&Ty::Str, depth), self.expr(&Ty::Str, depth))
            }
            2..=4 => format!("clip({})", self.f_string(depth)),
            5 => {
                let of = self.shown_type(2);
                format!("shown({})", self.known(&of, depth))
            }
            6 => {
                let method = *self.rng.pick(&["trim", "to_upper", "to_lower", "reversed"]);
                format!("{}.{method}()", self.known(&Ty::Str, depth))
            }
            7 => {
                let (a, b) = (self.expr(&Ty::Str, 0), self.expr(&Ty::Str, 0));
                format!("clip({}.replace({a}, {b}))", self.known(&Ty::Str, depth))
            }
            8 => {
                let of = self.shown_type(1);
                let list = self.known(&Ty::list(of), depth);
                format!("clip({list}.join({}))", self.expr(&Ty::Str, 0))
            }
            9 => format!("kind({})", self.known(&Ty::Any, depth)),
            10 => {
                self.spend(TAG_COST);
                let of = self.rng.pick(&[Ty::Dyn, Ty::INT, Ty::Tree]).clone();
                format!("clip({}.label())", self.known(&of, depth))
            }
            _ => {
                let (a, b) = (self.rng.within(-4, 3), self.rng.within(-4, 9));
                format!("{}.chars()[{a}:{b}].join(\"\")", self.known(&Ty::Str, depth))
            }
        }
    }

    /// `f"…"` with format specifications.
    pub fn f_string(&mut self, depth: usize) -> String {
        let mut text = String::from("f\"");
        for _ in 0..1 + self.rng.below(3) {
            text += *self.rng.pick(&["", "a", " = ", "{{", "é", "}}", "\\t"]);
            let (ty, specs): (Ty, &[&str]) = match self.rng.below(4) {
                0 => {
                    let int = *self.rng.pick(&Int::ALL);
                    (
                        Ty::Int(int),
                        &["", ":d", ":x", ":#b", ":>8", ":+d", ":08", ":,", ":^5", ":*<4"],
                    )
                }
                1 => (Ty::Float, &["", ":.2f", ":8.1f", ":e", ":g", ":.1%", ":+.3f"]),
                2 => (Ty::Str, &["", ":>6", ":.2", ":^7", ":-<5"]),
                _ => (self.shown_type(1), &["", "", ":>9"]),
            };
            let value = self.known(&ty, depth);
            text += &format!("{{{value}{}}}", self.rng.pick(specs));
        }
        text + "\""
    }

    pub fn tree_expr(&mut self, depth: usize) -> String {
        match self.rng.below(4) {
            0 => format!("Leaf({})", self.expr(&Ty::INT, depth)),
            1 => {
                let (left, right) = (self.rng.below(3), self.rng.below(3));
                format!(
                    "Fork(tree_of({left}, 5), right: tree_of({right}, {}))",
                    self.expr(&Ty::INT, depth)
                )
            }
            2 => {
                let n = self.rng.below(4);
                let f = self.each_lambda(&[Ty::INT], &Ty::INT, 1);
                format!("tree_map(tree_of({n}, 1), {f})")
            }
            _ => self.literal(&Ty::Tree),
        }
    }
}
