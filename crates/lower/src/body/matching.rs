//! Patterns as decision trees: each value is tested at most once on any way through a `match`.
//!
//! Follows Maranget, "Compiling Pattern Matching to Good Decision Trees": rows of pending tests,
//! split by the constructors met in the first row's first column. An arm's body is lowered once;
//! its guard where it is reached. Exhaustiveness was checked before: running out of rows is
//! unreachable.

use super::BodyCx;
use crate::cx::Vals;
use sepal_abi::RtFn;
use sepal_hir::lang::{LangFn, LangTy};
use sepal_hir::{Arm, ExprId, FieldIdx, Lit, LocalId, Pat, PatId, PatKind, Ty, TyKind, VariantIdx};
use sepal_mir::{BinOp, Block, Hint, Type, Value};
use std::rc::Rc;

/// A value under test. Equal ids mean the same value.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    pub id: usize,
    pub ty: Ty,
    pub values: Vals,
}

#[derive(Clone)]
pub(super) struct Row {
    /// What is still to be tested.
    pub tests: Vec<(Subject, PatId)>,
    pub bindings: Vec<(LocalId, Vals)>,
    pub arm: usize,
}

/// One question about a value.
#[derive(Clone, PartialEq, Debug)]
enum Test {
    Variant(VariantIdx),
    Lit(Lit),
    Range {
        lo: Option<Lit>,
        hi: Option<Lit>,
        inclusive: bool,
    },
    /// A list of exactly so many elements.
    Len(usize),
    /// A list of at least so many elements.
    MinLen(usize),
    Type(Ty),
}

/// Where an arm's body begins.
pub(super) struct Target {
    pub block: Block,
    pub reached: bool,
}

pub(super) struct Matching<'a> {
    pub arms: &'a [Arm],
    pub targets: Vec<Target>,
    pub next_subject: usize,
}

impl BodyCx<'_, '_> {
    /// The value of a match of type `ty`; without a type it is in tail position and every arm
    /// returns from the function.
    pub(super) fn match_expr(&mut self, scrutinee: ExprId, arms: &[Arm], ty: Option<Ty>) -> Vals {
        let subject_ty = self.expr_ty(scrutinee);
        let values = self.expr(scrutinee);
        if self.b.is_unreachable() {
            return ty.map_or_else(Vals::new, |ty| self.dead(ty));
        }
        let targets = self.run_match(subject_ty, values, arms);
        let join = ty.map(|ty| {
            let types = self.repr_of(ty).scalars.to_vec();
            (self.b.create_block_with(&types), ty)
        });
        for (arm, target) in arms.iter().zip(targets) {
            self.b.seal_block(target.block);
            if !target.reached {
                continue;
            }
            self.b.switch_to(target.block);
            self.own_bindings(arm.pat);
            match join {
                Some((join, ty)) => self.branch_value(arm.body, join, ty),
                None => self.tail(arm.body),
            }
        }
        join.map_or_else(Vals::new, |(join, _)| self.join(join))
    }

    /// Emits the tests; every arm that can be reached has its block, its names bound.
    fn run_match(&mut self, ty: Ty, values: Vals, arms: &[Arm]) -> Vec<Target> {
        let subject = Subject { id: 0, ty, values };
        let mut rows = Vec::with_capacity(arms.len());
        let mut targets = Vec::with_capacity(arms.len());
        for (n, arm) in arms.iter().enumerate() {
            targets.push(Target { block: self.b.create_block(), reached: false });
            let row = Row { tests: vec![(subject.clone(), arm.pat)], bindings: Vec::new(), arm: n };
            self.declare_bindings(arm.pat);
            rows.push(row);
        }
        let mut matching = Matching { arms, targets, next_subject: 1 };
        self.decide(&mut matching, rows);
        matching.targets
    }

    /// `let pattern = value`, which fits every value.
    pub(super) fn bind_irrefutable(&mut self, pat: PatId, ty: Ty, values: Vals) {
        let body = Rc::clone(&self.body);
        match &body.pats[pat].kind {
            PatKind::Wild | PatKind::Error => {}
            PatKind::Bind { local, sub } => {
                self.bind_local(*local, values.clone());
                if let Some(sub) = sub {
                    self.bind_irrefutable(*sub, ty, values);
                }
            }
            PatKind::Tuple(elems) => {
                for (n, elem) in elems.iter().enumerate() {
                    self.bind_field(*elem, ty, &values, VariantIdx(0), FieldIdx(n as u32));
                }
            }
            PatKind::Adt { variant, fields } => {
                for (field, sub) in fields {
                    self.bind_field(*sub, ty, &values, *variant, *field);
                }
            }
            PatKind::Or(_) => self.bind_alternatives(pat, ty, values),
            PatKind::List { prefix, rest, suffix } if prefix.is_empty() && suffix.is_empty() => {
                if let Some(Some(rest)) = rest {
                    self.bind_irrefutable(*rest, ty, values);
                }
            }
            PatKind::Lit(_)
            | PatKind::Range { .. }
            | PatKind::List { .. }
            | PatKind::TypeTest { .. } => {
                // A literal of a type with one value, `nil`.
            }
        }
    }

    fn bind_field(
        &mut self,
        pat: PatId,
        ty: Ty,
        values: &[Value],
        variant: VariantIdx,
        field: FieldIdx,
    ) {
        let value = self.field(ty, values, variant, field);
        let field_ty = self.field_ty(ty, variant, field);
        self.bind_irrefutable(pat, field_ty, value);
    }

    /// An or-pattern of which some alternative fits every value: they may bind different parts.
    fn bind_alternatives(&mut self, pat: PatId, ty: Ty, values: Vals) {
        self.declare_bindings(pat);
        let fits = self.b.create_block();
        let rows = vec![Row {
            tests: vec![(Subject { id: 0, ty, values }, pat)],
            bindings: Vec::new(),
            arm: 0,
        }];
        let targets = vec![Target { block: fits, reached: false }];
        self.decide(&mut Matching { arms: &[], targets, next_subject: 1 }, rows);
        self.b.seal_block(fits);
        self.b.switch_to(fits);
        self.own_bindings(pat);
    }

    /// `let pattern = value else: …`
    pub(super) fn let_else(&mut self, pat: PatId, ty: Ty, values: Vals, otherwise: ExprId) {
        let nothing = [Arm { pat, guard: None, body: otherwise }];
        let subject = Subject { id: 0, ty, values };
        self.declare_bindings(pat);
        let (fits, fails) = (self.b.create_block(), self.b.create_block());
        let rows = vec![
            Row { tests: vec![(subject, pat)], bindings: Vec::new(), arm: 0 },
            Row { tests: Vec::new(), bindings: Vec::new(), arm: 1 },
        ];
        let targets =
            vec![Target { block: fits, reached: false }, Target { block: fails, reached: false }];
        let mut matching = Matching { arms: &nothing, targets, next_subject: 1 };
        self.decide(&mut matching, rows);
        self.b.seal_block(fails);
        if matching.targets[1].reached {
            self.b.switch_to(fails);
            self.expr(otherwise);
            if !self.b.is_unreachable() {
                self.b.unreachable();
            }
        }
        self.b.seal_block(fits);
        self.b.switch_to(fits);
        self.own_bindings(pat);
    }

    /// Variables for the names of a pattern, which several ways may bind.
    pub(super) fn declare_bindings(&mut self, pat: PatId) {
        let body = Rc::clone(&self.body);
        for_each_binding(&body.pats, pat, &mut |local| self.declare_shared(local));
    }

    /// Once a pattern fits: names that lambdas share get their own cell.
    pub(super) fn own_bindings(&mut self, pat: PatId) {
        let body = Rc::clone(&self.body);
        for_each_binding(&body.pats, pat, &mut |local| {
            if body.locals[local].cell {
                let values = self.read_local(local);
                self.bind_local(local, values);
            }
        });
    }

    /// Emits the tests that tell the rows apart.
    pub(super) fn decide(&mut self, matching: &mut Matching<'_>, mut rows: Vec<Row>) {
        self.simplify_rows(matching, &mut rows);
        let Some(first) = rows.first() else {
            self.b.unreachable();
            return;
        };
        let Some((subject, pat)) = first.tests.first().cloned() else {
            self.reach(matching, rows);
            return;
        };
        let test = self.test_of(pat);
        match &test {
            Test::Variant(_) => self.switch_variants(matching, rows, &subject),
            Test::Lit(Lit::Int(_) | Lit::Char(_)) if self.only_literals(&rows, &subject) => {
                self.switch_literals(matching, rows, &subject);
            }
            Test::Lit(_) | Test::Range { .. } | Test::Len(_) | Test::MinLen(_) | Test::Type(_) => {
                self.binary_test(matching, rows, &subject, &test);
            }
        }
    }

    /// The first row fits: binds its names and goes to its arm, or on to the next if its guard
    /// does not hold.
    fn reach(&mut self, matching: &mut Matching<'_>, mut rows: Vec<Row>) {
        let row = rows.remove(0);
        for (local, values) in &row.bindings {
            self.write_local(*local, values);
        }
        let target = &mut matching.targets[row.arm];
        target.reached = true;
        let block = target.block;
        match matching.arms.get(row.arm).and_then(|arm| arm.guard) {
            None => self.b.jump((block, &[])),
            Some(guard) => {
                let holds = self.expr(guard)[0];
                let next = self.b.create_block();
                self.b.branch(holds, (block, &[]), (next, &[]), Hint::Unknown);
                self.b.seal_block(next);
                self.b.switch_to(next);
                self.decide(matching, rows);
            }
        }
    }

    /// Takes out of every row what needs no test: wildcards, names, tuples, structs; and makes
    /// rows of the alternatives of or-patterns.
    fn simplify_rows(&mut self, matching: &mut Matching<'_>, rows: &mut Vec<Row>) {
        let body = Rc::clone(&self.body);
        let mut done: Vec<Row> = Vec::with_capacity(rows.len());
        let mut pending: Vec<Row> = rows.drain(..).rev().collect();
        'rows: while let Some(mut row) = pending.pop() {
            let mut at = 0;
            while at < row.tests.len() {
                let (subject, pat) = row.tests[at].clone();
                match &body.pats[pat].kind {
                    PatKind::Wild | PatKind::Error => drop(row.tests.remove(at)),
                    PatKind::Bind { local, sub } => {
                        row.bindings.push((*local, subject.values.clone()));
                        match sub {
                            Some(sub) => row.tests[at] = (subject, *sub),
                            None => drop(row.tests.remove(at)),
                        }
                    }
                    PatKind::Lit(Lit::Nil) => drop(row.tests.remove(at)),
                    PatKind::Tuple(elems) => {
                        let fields: Vec<_> = elems
                            .iter()
                            .enumerate()
                            .map(|(n, p)| (FieldIdx(n as u32), *p))
                            .collect();
                        self.replace_by_fields(
                            matching,
                            &mut row,
                            at,
                            &subject,
                            VariantIdx(0),
                            &fields,
                        );
                    }
                    PatKind::Adt { variant, fields } if self.single_variant(subject.ty) => {
                        self.replace_by_fields(matching, &mut row, at, &subject, *variant, fields);
                    }
                    PatKind::Or(alternatives) => {
                        for alternative in alternatives.iter().rev() {
                            let mut copy = row.clone();
                            copy.tests[at].1 = *alternative;
                            pending.push(copy);
                        }
                        continue 'rows;
                    }
                    PatKind::List { prefix, rest: Some(rest), suffix }
                        if prefix.is_empty() && suffix.is_empty() =>
                    {
                        match rest {
                            Some(rest) => row.tests[at] = (subject, *rest),
                            None => drop(row.tests.remove(at)),
                        }
                    }
                    PatKind::Adt { .. }
                    | PatKind::Lit(_)
                    | PatKind::Range { .. }
                    | PatKind::List { .. }
                    | PatKind::TypeTest { .. } => at += 1,
                }
            }
            let complete = row.tests.is_empty()
                && matching.arms.get(row.arm).is_none_or(|arm| arm.guard.is_none());
            done.push(row);
            if complete {
                // What comes after a row that always fits is never tried.
                break;
            }
        }
        *rows = done;
    }

    fn single_variant(&self, ty: Ty) -> bool {
        ty.as_adt().is_some_and(|(adt, _)| self.cx.program.items.adts[adt].variants.len() == 1)
    }

    /// Puts tests of the fields in the place of test `at`.
    fn replace_by_fields(
        &mut self,
        matching: &mut Matching<'_>,
        row: &mut Row,
        at: usize,
        subject: &Subject,
        variant: VariantIdx,
        fields: &[(FieldIdx, PatId)],
    ) {
        let tests: Vec<(Subject, PatId)> = fields
            .iter()
            .map(|(field, pat)| (self.field_subject(matching, subject, variant, *field), *pat))
            .collect();
        row.tests.splice(at..=at, tests);
    }

    /// A field as a subject. Its id follows from the subject's, so that all rows agree on it.
    fn field_subject(
        &mut self,
        _: &mut Matching<'_>,
        subject: &Subject,
        variant: VariantIdx,
        field: FieldIdx,
    ) -> Subject {
        let ty = self.field_ty(subject.ty, variant, field);
        let values = self.field(subject.ty, &subject.values, variant, field);
        Subject { id: child_id(subject.id, variant.0 as usize, field.0 as usize), ty, values }
    }

    fn test_of(&self, pat: PatId) -> Test {
        match &self.body.pats[pat].kind {
            PatKind::Adt { variant, .. } => Test::Variant(*variant),
            PatKind::Lit(lit) => Test::Lit(lit.clone()),
            PatKind::Range { lo, hi, inclusive } => {
                Test::Range { lo: lo.clone(), hi: hi.clone(), inclusive: *inclusive }
            }
            PatKind::List { prefix, rest: None, suffix } => Test::Len(prefix.len() + suffix.len()),
            PatKind::List { prefix, rest: Some(_), suffix } => {
                Test::MinLen(prefix.len() + suffix.len())
            }
            PatKind::TypeTest { ty, .. } => Test::Type(self.subst(*ty)),
            PatKind::Error
            | PatKind::Wild
            | PatKind::Bind { .. }
            | PatKind::Tuple(_)
            | PatKind::Or(_) => {
                unreachable!("simplify_rows leaves only patterns that test")
            }
        }
    }

    /// What the row asks about the subject, if anything.
    fn row_test(&self, row: &Row, subject: &Subject) -> Option<(usize, Test)> {
        let at = row.tests.iter().position(|(s, _)| s.id == subject.id)?;
        Some((at, self.test_of(row.tests[at].1)))
    }

    fn only_literals(&self, rows: &[Row], subject: &Subject) -> bool {
        rows.iter().all(|row| match self.row_test(row, subject) {
            None | Some((_, Test::Lit(_))) => true,
            Some((
                _,
                Test::Variant(_)
                | Test::Range { .. }
                | Test::Len(_)
                | Test::MinLen(_)
                | Test::Type(_),
            )) => false,
        })
    }

    /// One way for each variant that some row names, one for the others.
    fn switch_variants(&mut self, matching: &mut Matching<'_>, rows: Vec<Row>, subject: &Subject) {
        let mut named: Vec<VariantIdx> = Vec::new();
        for row in &rows {
            if let Some((_, Test::Variant(variant))) = self.row_test(row, subject)
                && !named.contains(&variant)
            {
                named.push(variant);
            }
        }
        let (adt, _) = subject.ty.as_adt().expect("variants are of enums");
        let all = self.cx.program.items.adts[adt].variants.len();
        let blocks: Vec<Block> = named.iter().map(|_| self.b.create_block()).collect();
        let other = (named.len() < all).then(|| self.b.create_block());
        if let [variant] = named[..] {
            let is = self.is_variant(subject.ty, &subject.values, variant);
            match other {
                Some(other) => self.b.branch(is, (blocks[0], &[]), (other, &[]), Hint::Unknown),
                None => self.b.jump((blocks[0], &[])),
            }
        } else if let ([first, _], None) = (&named[..], other) {
            let is = self.is_variant(subject.ty, &subject.values, *first);
            self.b.branch(is, (blocks[0], &[]), (blocks[1], &[]), Hint::Unknown);
        } else {
            let number = self.discriminant(subject.ty, &subject.values);
            // The last variant is the default where all are named.
            let (default, cases) = match other {
                Some(other) => (other, &named[..]),
                None => (blocks[named.len() - 1], &named[..named.len() - 1]),
            };
            let cases: Vec<(i64, Block, &[Value])> =
                cases.iter().zip(&blocks).map(|(v, b)| (i64::from(v.0), *b, &[][..])).collect();
            self.b.switch(number, &cases, (default, &[]));
        }
        for (variant, block) in named.iter().zip(&blocks) {
            self.enter(*block);
            let fitting = self.rows_of_variant(matching, &rows, subject, *variant);
            self.decide(matching, fitting);
        }
        if let Some(other) = other {
            self.enter(other);
            let rest =
                rows.into_iter().filter(|row| self.row_test(row, subject).is_none()).collect();
            self.decide(matching, rest);
        }
    }

    fn enter(&mut self, block: Block) {
        self.b.seal_block(block);
        self.b.switch_to(block);
    }

    fn rows_of_variant(
        &mut self,
        matching: &mut Matching<'_>,
        rows: &[Row],
        subject: &Subject,
        variant: VariantIdx,
    ) -> Vec<Row> {
        let body = Rc::clone(&self.body);
        let mut fitting = Vec::new();
        for row in rows {
            let mut row = row.clone();
            match self.row_test(&row, subject) {
                None => fitting.push(row),
                Some((at, Test::Variant(v))) if v == variant => {
                    let PatKind::Adt { fields, .. } = &body.pats[row.tests[at].1].kind else {
                        unreachable!("a test for a variant comes from such a pattern")
                    };
                    self.replace_by_fields(matching, &mut row, at, subject, variant, fields);
                    fitting.push(row);
                }
                Some(_) => {}
            }
        }
        fitting
    }

    /// One way for each integer or character that some row names, one for the others.
    fn switch_literals(&mut self, matching: &mut Matching<'_>, rows: Vec<Row>, subject: &Subject) {
        let mut named: Vec<Lit> = Vec::new();
        for row in &rows {
            if let Some((_, Test::Lit(lit))) = self.row_test(row, subject)
                && !named.contains(&lit)
            {
                named.push(lit);
            }
        }
        let blocks: Vec<Block> = named.iter().map(|_| self.b.create_block()).collect();
        let other = self.b.create_block();
        let scalar = self.b.ty(subject.values[0]);
        let cases: Vec<(i64, Block, &[Value])> = named
            .iter()
            .zip(&blocks)
            .map(|(lit, block)| (lit_bits(lit, scalar), *block, &[][..]))
            .collect();
        self.b.switch(subject.values[0], &cases, (other, &[]));
        for (lit, block) in named.iter().zip(&blocks) {
            self.enter(*block);
            let mut fitting = Vec::new();
            for row in &rows {
                let mut row = row.clone();
                match self.row_test(&row, subject) {
                    None => fitting.push(row),
                    Some((at, Test::Lit(own))) if own == *lit => {
                        row.tests.remove(at);
                        fitting.push(row);
                    }
                    Some(_) => {}
                }
            }
            self.decide(matching, fitting);
        }
        self.enter(other);
        let rest = rows.into_iter().filter(|row| self.row_test(row, subject).is_none()).collect();
        self.decide(matching, rest);
    }

    /// Asks one question; rows learn from both answers.
    fn binary_test(
        &mut self,
        matching: &mut Matching<'_>,
        rows: Vec<Row>,
        subject: &Subject,
        test: &Test,
    ) {
        let (yes, no) = (self.b.create_block(), self.b.create_block());
        let known = self.ask(subject, test);
        self.b.branch(known.holds, (yes, &[]), (no, &[]), Hint::Unknown);
        self.enter(yes);
        let inner = self.inner_subject(matching, subject, test);
        let mut fitting = Vec::new();
        for row in &rows {
            match self.row_test(row, subject) {
                None => fitting.push(row.clone()),
                Some((at, own)) => {
                    if let Some(row) =
                        self.row_after_yes(matching, row, at, &own, subject, test, inner.as_ref())
                    {
                        fitting.push(row);
                    }
                }
            }
        }
        self.decide(matching, fitting);
        self.enter(no);
        let rest = rows.into_iter().filter(|row| match self.row_test(row, subject) {
            None => true,
            Some((_, own)) => !implied(&own, test),
        });
        let rest = rest.collect();
        self.decide(matching, rest);
    }

    /// The row once the test held; `None` if it cannot fit any more.
    #[expect(clippy::too_many_arguments, reason = "one row, its own test, and the test that held")]
    fn row_after_yes(
        &mut self,
        matching: &mut Matching<'_>,
        row: &Row,
        at: usize,
        own: &Test,
        subject: &Subject,
        test: &Test,
        inner: Option<&Subject>,
    ) -> Option<Row> {
        let body = Rc::clone(&self.body);
        let mut row = row.clone();
        if own == test {
            match &body.pats[row.tests[at].1].kind {
                PatKind::TypeTest { sub, .. } => {
                    row.tests[at] =
                        (inner.expect("a type test gives the value inside").clone(), *sub);
                }
                PatKind::List { prefix, rest, suffix } => {
                    let tests = self.list_tests(
                        matching,
                        subject,
                        prefix,
                        rest.flatten(),
                        suffix,
                        rest.is_some(),
                    );
                    row.tests.splice(at..=at, tests);
                }
                _ => drop(row.tests.remove(at)),
            }
            return Some(row);
        }
        match (own, test) {
            // Different literals and types exclude each other.
            (Test::Lit(_), Test::Lit(_)) | (Test::Type(_), Test::Type(_)) => {
                // `case int(x)` and `case [any](xs)` are told apart, `[int]` and `[any]` may both fit,
                // and so may `(int, str)` and `(a, b)`.
                (self.may_both_fit(own, test)).then_some(row)
            }
            (Test::Len(a), Test::Len(b)) if a != b => None,
            (Test::MinLen(min), Test::Len(len)) if min > len => None,
            (Test::Len(len), Test::MinLen(min)) if len < min => None,
            _ => Some(row),
        }
    }

    fn may_both_fit(&self, a: &Test, b: &Test) -> bool {
        let (Test::Type(a), Test::Type(b)) = (a, b) else { return false };
        let is_list = |ty: Ty| self.cx.as_lang(ty, LangTy::List).is_some();
        if let (Some(a), Some(b)) = (a.as_tuple(), b.as_tuple()) {
            return a.len() == b.len();
        }
        is_list(*a) && is_list(*b)
    }

    /// The value inside an `any` that passed a type test.
    fn inner_subject(
        &mut self,
        matching: &mut Matching<'_>,
        subject: &Subject,
        test: &Test,
    ) -> Option<Subject> {
        let Test::Type(ty) = test else { return None };
        let values = self.from_any(subject.values[0], *ty);
        let id = 1 << 40 | matching.next_subject;
        matching.next_subject += 1;
        Some(Subject { id, ty: *ty, values })
    }

    /// Tests of a list's elements from both ends and of the rest between.
    fn list_tests(
        &mut self,
        _: &mut Matching<'_>,
        subject: &Subject,
        prefix: &[PatId],
        rest: Option<PatId>,
        suffix: &[PatId],
        open: bool,
    ) -> Vec<(Subject, PatId)> {
        let elem =
            self.cx.as_lang(subject.ty, LangTy::List).expect("list patterns are on lists")[0];
        let at_fn = self.cx.lang_fn(LangFn::ListAt);
        let len = self.list_len(subject);
        let mut tests = Vec::new();
        let from_end = suffix.len() as i64;
        let ends = prefix.iter().enumerate().map(|(n, pat)| (n as i64, false, *pat));
        let ends =
            ends.chain(suffix.iter().enumerate().map(|(n, pat)| (from_end - n as i64, true, *pat)));
        for (n, backwards, pat) in ends {
            let n_value = self.b.iconst(n);
            let index = if backwards { self.b.bin_op(BinOp::Sub, len, n_value) } else { n_value };
            let values = self.call_lang(
                at_fn,
                &[elem],
                &[subject.values.clone(), Vals::from_slice(&[index])],
            );
            // An element counted from the end of an open list is not the same as one from the start.
            let place = if backwards && open {
                1 << 15 | n as usize
            } else if backwards {
                prefix.len() + suffix.len() - n as usize
            } else {
                n as usize
            };
            tests.push((Subject { id: child_id(subject.id, 0, place), ty: elem, values }, pat));
        }
        if let Some(rest) = rest {
            let lo = self.b.iconst(prefix.len() as i64);
            let count = self.b.iconst(from_end);
            let hi = self.b.bin_op(BinOp::Sub, len, count);
            let rest_fn = self.cx.lang_fn(LangFn::ListRest);
            let one = |v| Vals::from_slice(&[v]);
            let values =
                self.call_lang(rest_fn, &[elem], &[subject.values.clone(), one(lo), one(hi)]);
            let place = 1 << 16 | prefix.len() << 4 | suffix.len();
            tests.push((
                Subject { id: child_id(subject.id, 0, place), ty: subject.ty, values },
                rest,
            ));
        }
        tests
    }

    fn list_len(&mut self, subject: &Subject) -> Value {
        let elem =
            self.cx.as_lang(subject.ty, LangTy::List).expect("list patterns are on lists")[0];
        let len_fn = self.cx.lang_fn(LangFn::ListLen);
        self.call_lang(len_fn, &[elem], std::slice::from_ref(&subject.values))[0]
    }

    /// Emits a test.
    fn ask(&mut self, subject: &Subject, test: &Test) -> Answer {
        let holds = match test {
            Test::Variant(variant) => self.is_variant(subject.ty, &subject.values, *variant),
            Test::Lit(lit) => self.equals_literal(subject, lit),
            Test::Range { lo, hi, inclusive } => {
                self.in_range(subject, lo.as_ref(), hi.as_ref(), *inclusive)
            }
            Test::Len(n) => {
                let len = self.list_len(subject);
                let n = self.b.iconst(*n as i64);
                self.b.bin_op(BinOp::Eq, len, n)
            }
            Test::MinLen(n) => {
                let len = self.list_len(subject);
                let n = self.b.iconst(*n as i64);
                self.b.bin_op(BinOp::SGe, len, n)
            }
            Test::Type(ty) => self.any_is(subject.values[0], *ty),
        };
        Answer { holds }
    }

    fn equals_literal(&mut self, subject: &Subject, lit: &Lit) -> Value {
        let wanted = self.literal(lit, subject.ty);
        match lit {
            Lit::Str(_) | Lit::Bytes(_) => {
                self.rt(RtFn::rt_data_eq, &[subject.values[0], wanted[0]])[0]
            }
            Lit::Float(_) => self.b.bin_op(BinOp::FEq, subject.values[0], wanted[0]),
            Lit::Bool(true) => subject.values[0],
            Lit::Nil => self.b.const_bool(true),
            Lit::Bool(false) | Lit::Int(_) | Lit::Char(_) | Lit::Symbol(_) => {
                self.b.bin_op(BinOp::Eq, subject.values[0], wanted[0])
            }
        }
    }

    fn in_range(
        &mut self,
        subject: &Subject,
        lo: Option<&Lit>,
        hi: Option<&Lit>,
        inclusive: bool,
    ) -> Value {
        let (ge, le, lt) = match subject.ty.kind() {
            TyKind::Float(_) => (BinOp::FGe, BinOp::FLe, BinOp::FLt),
            TyKind::Int(int) if int.signed() => (BinOp::SGe, BinOp::SLe, BinOp::SLt),
            _ => (BinOp::UGe, BinOp::ULe, BinOp::ULt),
        };
        let above = lo.map(|lo| {
            let lo = self.literal(lo, subject.ty)[0];
            self.b.bin_op(ge, subject.values[0], lo)
        });
        let below = hi.map(|hi| {
            let hi = self.literal(hi, subject.ty)[0];
            self.b.bin_op(if inclusive { le } else { lt }, subject.values[0], hi)
        });
        match (above, below) {
            (Some(above), Some(below)) => self.b.bin_op(BinOp::And, above, below),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => self.b.const_bool(true),
        }
    }
}

/// What a test came to.
struct Answer {
    holds: Value,
}

/// The id of a part of a subject. Collisions would need nesting beyond what the checker allows.
fn child_id(parent: usize, variant: usize, place: usize) -> usize {
    use std::hash::{Hash as _, Hasher as _};
    let mut hasher = rustc_hash::FxHasher::default();
    (parent, variant, place).hash(&mut hasher);
    hasher.finish() as usize | 1 << 63
}

/// Whether a row asking `own` cannot fit once `test` has failed.
fn implied(own: &Test, test: &Test) -> bool {
    match (own, test) {
        (Test::Len(len), Test::MinLen(min)) => len >= min,
        (Test::MinLen(own), Test::MinLen(min)) => own >= min,
        _ => own == test,
    }
}

/// The case of a `switch` for a literal.
fn lit_bits(lit: &Lit, scalar: Type) -> i64 {
    match lit {
        Lit::Int(n) => crate::repr::int_bits(scalar, n.value()),
        Lit::Char(c) => i64::from(u32::from(*c)),
        Lit::Float(_) | Lit::Bool(_) | Lit::Str(_) | Lit::Bytes(_) | Lit::Symbol(_) | Lit::Nil => {
            unreachable!("only integers and characters are switched on")
        }
    }
}

/// Calls `visit` for every name that a pattern binds, once each.
fn for_each_binding(
    pats: &sepal_base::IdVec<PatId, Pat>,
    pat: PatId,
    visit: &mut impl FnMut(LocalId),
) {
    match &pats[pat].kind {
        PatKind::Error | PatKind::Wild | PatKind::Lit(_) | PatKind::Range { .. } => {}
        PatKind::Bind { local, sub } => {
            visit(*local);
            if let Some(sub) = sub {
                for_each_binding(pats, *sub, visit);
            }
        }
        PatKind::Tuple(elems) => elems.iter().for_each(|elem| for_each_binding(pats, *elem, visit)),
        PatKind::List { prefix, rest, suffix } => {
            let rest = rest.iter().flatten();
            prefix.iter().chain(rest).chain(suffix).for_each(|p| for_each_binding(pats, *p, visit));
        }
        PatKind::Adt { fields, .. } => {
            fields.iter().for_each(|(_, sub)| for_each_binding(pats, *sub, visit))
        }
        // All alternatives bind the same names.
        PatKind::Or(alternatives) => for_each_binding(pats, alternatives[0], visit),
        PatKind::TypeTest { sub, .. } => for_each_binding(pats, *sub, visit),
    }
}
