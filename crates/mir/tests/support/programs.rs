//! Random programs: functions with variables, branches, bounded loops, objects, calls of earlier
//! functions and of themselves, checks that may fail, and events.

use sepal_abi::RtFn;
use sepal_base::Symbol;
use sepal_mir::*;

/// A small generator of numbers: the tests must give the same programs everywhere.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % n
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }
}

/// A module of some functions; the last is the one to run, with two integers and a `bool`.
pub fn program(seed: u64) -> (Module, FuncId) {
    let mut random = Random::new(seed);
    let mut module = Module::new();
    let file = module.files.push("main.spl".to_owned());
    let cell = Symbol::intern("cell");
    let fields: &[Type] = &[Type::I64, Type::I64];
    let layouts = vec![
        module.add_layout(Layout::fixed(cell, &[fields], false)),
        module.add_layout(Layout::fixed(cell, &[fields], true)),
    ];
    let sig = Signature::new(vec![Type::I64, Type::I64, Type::Bool], vec![Type::I64]);
    let count = 1 + random.below(4);
    let mut last = FuncId(0);
    for n in 0..count {
        let name = Symbol::intern(&format!("f{n}"));
        let id = module.declare(name, sig.clone());
        let mut writer = Writer {
            builder: FunctionBuilder::new(name, sig.clone()),
            random: &mut random,
            module: &mut module,
            layouts: &layouts,
            file,
            id,
            line: 1 + 100 * n as u32,
            ints: Vec::new(),
            bools: Vec::new(),
            objects: Vec::new(),
            depth: 0,
        };
        writer.function();
        let mut func = writer.builder.finish();
        func.attrs.noinline = random.chance(10);
        module.functions[id] = func;
        last = id;
    }
    (module, last)
}

struct Writer<'a> {
    builder: FunctionBuilder,
    random: &'a mut Random,
    module: &'a mut Module,
    layouts: &'a [LayoutId],
    file: FileIdx,
    id: FuncId,
    line: u32,
    ints: Vec<Variable>,
    bools: Vec<Variable>,
    objects: Vec<(Variable, LayoutId)>,
    depth: u32,
}

impl Writer<'_> {
    fn function(&mut self) {
        let params = self.builder.params().to_vec();
        for &param in &params {
            let ty = self.builder.ty(param);
            let var = self.builder.declare_var(ty);
            self.builder.def_var(var, param);
            if ty == Type::Bool { self.bools.push(var) } else { self.ints.push(var) }
        }
        self.statements();
        let result = self.int();
        self.place();
        if self.random.chance(30) {
            let (callee, args) = self.callee();
            self.builder.tail_call(callee, &args);
        } else {
            self.builder.return_(&[result]);
        }
    }

    fn place(&mut self) {
        self.line += 1;
        let function = self.builder.func().name;
        let loc =
            Loc { file: self.file, line: self.line, col: 1, function, inlined_at: LocId::NONE };
        let loc = self.module.locs.add(loc);
        self.builder.set_loc(loc);
    }

    fn statements(&mut self) {
        let scope = (self.ints.len(), self.bools.len(), self.objects.len());
        for _ in 0..1 + self.random.below(5) {
            self.statement();
        }
        self.ints.truncate(scope.0);
        self.bools.truncate(scope.1);
        self.objects.truncate(scope.2);
    }

    fn statement(&mut self) {
        self.place();
        match self.random.below(if self.depth < 3 { 12 } else { 8 }) {
            0 | 1 => {
                let value = self.int();
                let var = self.builder.declare_var(Type::I64);
                self.builder.def_var(var, value);
                self.ints.push(var);
            }
            2 | 3 => {
                let value = self.int();
                let var = self.random.pick(&self.ints);
                self.builder.def_var(var, value);
            }
            4 => {
                let value = self.bool();
                let var = self.random.pick(&self.bools);
                self.builder.def_var(var, value);
            }
            5 => self.event(),
            6 => self.new_object(),
            7 => self.store(),
            8 | 9 => self.branch(),
            10 => self.counted_loop(),
            _ => {
                let value = self.call();
                let var = self.random.pick(&self.ints);
                self.builder.def_var(var, value);
            }
        }
    }

    /// Something that is seen from outside: the evaluator only notes the number.
    fn event(&mut self) {
        let value = self.int();
        self.builder.call_rt(RtFn::rt_time_sleep_ms, &[value], &[]);
    }

    fn new_object(&mut self) {
        let layout = self.random.pick(self.layouts);
        let (a, b) = (self.int(), self.int());
        let object = self.builder.struct_init(layout, 0, &[a, b]);
        let var = self.builder.declare_var(Type::Ref);
        self.builder.def_var(var, object);
        self.objects.push((var, layout));
    }

    fn store(&mut self) {
        let mutable = self.layouts[0];
        let fitting: Vec<Variable> =
            self.objects.iter().filter(|(_, l)| *l == mutable).map(|(v, _)| *v).collect();
        if fitting.is_empty() {
            return self.new_object();
        }
        let object = self.random.pick(&fitting);
        let object = self.builder.use_var(object);
        let value = self.int();
        let field = self.random.below(2) as u16;
        self.builder.field_set(FieldRef::new(mutable, 0, field), object, value);
    }

    fn branch(&mut self) {
        let cond = self.bool();
        let (yes, no) = (self.builder.create_block(), self.builder.create_block());
        let join = self.builder.create_block();
        self.builder.branch(cond, (yes, &[]), (no, &[]), Hint::Unknown);
        self.depth += 1;
        for block in [yes, no] {
            self.builder.seal_block(block);
            self.builder.switch_to(block);
            if self.random.chance(70) {
                self.statements();
            }
            if self.random.chance(15) {
                let value = self.int();
                self.place();
                self.builder.return_(&[value]);
            } else {
                self.builder.jump((join, &[]));
            }
        }
        self.depth -= 1;
        self.builder.seal_block(join);
        self.builder.switch_to(join);
        if self.builder.is_unreachable() {
            // Variables read here have no value; give them one, as a lowering would not go on.
            self.restart();
        }
    }

    /// Assigns every variable in a block that nothing leads to.
    fn restart(&mut self) {
        for var in self.ints.clone() {
            let zero = self.builder.iconst(0);
            self.builder.def_var(var, zero);
        }
        for var in self.bools.clone() {
            let no = self.builder.const_bool(false);
            self.builder.def_var(var, no);
        }
        for (var, layout) in self.objects.clone() {
            let zero = self.builder.iconst(0);
            let object = self.builder.struct_init(layout, 0, &[zero, zero]);
            self.builder.def_var(var, object);
        }
    }

    fn counted_loop(&mut self) {
        let counter = self.builder.declare_var(Type::I64);
        let first = self.random.below(3) as i64 - 1;
        let first = self.builder.iconst(first);
        self.builder.def_var(counter, first);
        let rounds = self.random.below(6) as i64;
        let last = if self.random.chance(50) {
            self.builder.iconst(rounds)
        } else {
            let value = self.int();
            let mask = self.builder.iconst(7);
            self.builder.bin_op(BinOp::And, value, mask)
        };
        let (head, body) = (self.builder.create_block(), self.builder.create_block());
        let after = self.builder.create_block();
        self.builder.jump((head, &[]));
        self.builder.switch_to(head);
        let now = self.builder.use_var(counter);
        let more = self.builder.bin_op(BinOp::SLt, now, last);
        self.builder.branch(more, (body, &[]), (after, &[]), Hint::Unknown);
        self.builder.seal_block(body);
        self.builder.switch_to(body);
        self.ints.push(counter);
        self.depth += 1;
        if self.random.chance(40) {
            let index = self.builder.use_var(counter);
            self.builder.bounds_check(index, last);
        }
        self.ints.pop();
        self.statements();
        self.depth -= 1;
        self.place();
        if !self.builder.is_unreachable() {
            let now = self.builder.use_var(counter);
            let one = self.builder.iconst(1);
            let next = self.builder.checked_op(CheckedOp::SAdd, now, one);
            self.builder.def_var(counter, next);
        }
        self.builder.jump((head, &[]));
        self.builder.seal_block(head);
        self.builder.seal_block(after);
        self.builder.switch_to(after);
    }

    fn callee(&mut self) -> (FuncId, [Value; 3]) {
        self.place();
        let callee = FuncId(self.random.below(self.id.0 as usize + 1) as u32);
        (callee, [self.call_arg(callee), self.int(), self.bool()])
    }

    fn call(&mut self) -> Value {
        let (callee, args) = self.callee();
        let results = self.builder.call(callee, &args, &[Type::I64]);
        results.get(0).expect("one result")
    }

    /// Recursion ends by a check that fails, or by running too long, which is no result.
    fn call_arg(&mut self, callee: FuncId) -> Value {
        let value = self.int();
        if callee != self.id {
            return value;
        }
        let thousand = self.builder.iconst(1 << 60);
        self.builder.checked_op(CheckedOp::SAdd, value, thousand)
    }

    fn int(&mut self) -> Value {
        match self.random.below(10) {
            0..=3 => {
                let var = self.random.pick(&self.ints);
                self.builder.use_var(var)
            }
            4 => {
                let n = self.random.pick(&[0, 1, -1, 2, 3, 8, 10, 64, i64::MAX, i64::MIN]);
                self.builder.iconst(n)
            }
            5 if !self.objects.is_empty() => {
                let (var, layout) = self.random.pick(&self.objects);
                let object = self.builder.use_var(var);
                let field = self.random.below(2) as u16;
                self.builder.field_get(Type::I64, FieldRef::new(layout, 0, field), object)
            }
            6 => {
                let (cond, a, b) = (self.simple_bool(), self.simple_int(), self.simple_int());
                self.builder.select(cond, a, b)
            }
            7 | 8 => {
                use CheckedOp::*;
                let op = self.random.pick(&[
                    SAdd, SAdd, SSub, SMul, SDiv, SRem, UAdd, USub, UMul, UDiv, URem, Shl, SShr,
                    UShr,
                ]);
                let (a, b) = (self.simple_int(), self.simple_int());
                self.builder.checked_op(op, a, b)
            }
            _ => {
                use BinOp::*;
                let op = self.random.pick(&[Add, Sub, Mul, And, Or, Xor, Shl, SShr, UShr]);
                let (a, b) = (self.simple_int(), self.simple_int());
                self.builder.bin_op(op, a, b)
            }
        }
    }

    fn simple_int(&mut self) -> Value {
        if self.random.chance(30) {
            let n = self.random.pick(&[0, 1, 2, 4, 7, -1, 100]);
            return self.builder.iconst(n);
        }
        let var = self.random.pick(&self.ints);
        self.builder.use_var(var)
    }

    fn simple_bool(&mut self) -> Value {
        let var = self.random.pick(&self.bools);
        self.builder.use_var(var)
    }

    fn bool(&mut self) -> Value {
        match self.random.below(6) {
            0 => self.simple_bool(),
            1 => {
                let value = self.simple_bool();
                self.builder.unary_op(UnaryOp::Not, value)
            }
            2 => {
                let (a, b) = (self.simple_bool(), self.simple_bool());
                let op = self.random.pick(&[BinOp::And, BinOp::Or, BinOp::Xor, BinOp::Eq]);
                self.builder.bin_op(op, a, b)
            }
            _ => {
                use BinOp::*;
                let op = self.random.pick(&[Eq, Ne, SLt, SLe, SGt, SGe, ULt, ULe, UGt, UGe]);
                let (a, b) = (self.simple_int(), self.simple_int());
                self.builder.bin_op(op, a, b)
            }
        }
    }
}
