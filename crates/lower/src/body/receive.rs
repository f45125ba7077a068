//! `receive`: a loop that looks at one signal after another until an arm fits, and waits when there is none.
//!
//! Must never take a signal out of the mailbox before its arm, guard included, is known to fit.

use super::BodyCx;
use super::matching::{Matching, Row, Subject, Target};
use crate::cx::Vals;
use sepal_abi::{Received, RtFn};
use sepal_hir::lang::LangTy;
use sepal_hir::{Arm, ExprId, PatId, PatKind, Receive, SignalArm, Ty};
use sepal_mir::{BinOp, Block, LocId, Value};

/// Arms that look at the same values: one of a message, or pid and reason of a signal.
struct ReceiveRows {
    subjects: Vec<(Ty, Vals)>,
    /// The patterns of each arm, one for each subject.
    pats: Vec<Vec<PatId>>,
    /// Guard and body of each arm; its pattern is the first of `pats`.
    arms: Vec<Arm>,
}

impl ReceiveRows {
    fn messages(ty: Ty, values: Vals, arms: &[Arm]) -> ReceiveRows {
        let pats = arms.iter().map(|arm| vec![arm.pat]).collect();
        ReceiveRows { subjects: vec![(ty, values)], pats, arms: arms.to_vec() }
    }

    fn signals(pid: (Ty, Vals), reason: (Ty, Vals), arms: &[SignalArm]) -> ReceiveRows {
        let pats = arms.iter().map(|arm| vec![arm.pid, arm.reason]).collect();
        let arm = |arm: &SignalArm| Arm { pat: arm.pid, guard: arm.guard, body: arm.body };
        ReceiveRows { subjects: vec![pid, reason], pats, arms: arms.iter().map(arm).collect() }
    }
}

impl BodyCx<'_, '_> {
    /// `receive`: looks at one signal after another until an arm fits. Without a type it is in tail
    /// position, and every arm returns from the function.
    pub(super) fn receive(&mut self, receive: &Receive, ty: Option<Ty>) -> Vals {
        let limit = match receive.after {
            Some((ms, _)) => self.time_limit(ms),
            None => self.b.iconst(-1),
        };
        let loc = self.b.loc();
        let site = self.b.iconst(self.site_of(receive, loc));
        self.rt(RtFn::rt_mailbox_begin, &[limit, site]);
        let [head, idle, message, down, exit, over] =
            std::array::from_fn(|_| self.b.create_block());
        let join = ty.map(|ty| {
            let types = self.repr_of(ty).scalars.to_vec();
            (self.b.create_block_with(&types), ty)
        });
        // Who looks at no message says nothing of their type.
        let read = if receive.cases.is_empty() { Ty::never() } else { self.subst(receive.message) };
        let token = self.mailbox_token(read);
        self.b.jump((head, &[]));
        self.b.switch_to(head);
        let given = self.rt(RtFn::rt_mailbox_next, &[token]);
        let (object, which) = (given[0], given[1]);
        let unless = |skipped: bool, block| if skipped { head } else { block };
        let cases: [(i64, Block, &[Value]); 4] = [
            (Received::Nothing.number(), idle, &[]),
            (Received::Message.number(), unless(receive.cases.is_empty(), message), &[]),
            (Received::Down.number(), unless(receive.down.is_empty(), down), &[]),
            (Received::Exit.number(), unless(receive.exit.is_empty(), exit), &[]),
        ];
        self.b.switch(which, &cases, (over, &[]));
        [idle, message, down, exit, over].iter().for_each(|block| self.b.seal_block(*block));
        self.b.switch_to(idle);
        self.b.wait();
        self.b.jump((head, &[]));
        if !receive.cases.is_empty() {
            self.b.switch_to(message);
            let values = self.read_message(self.subst(receive.message), object);
            let rows = ReceiveRows::messages(self.subst(receive.message), values, &receive.cases);
            self.receive_arms(rows, head, loc, join);
        }
        for (block, arms) in [(down, &receive.down), (exit, &receive.exit)] {
            if arms.is_empty() {
                continue;
            }
            self.b.switch_to(block);
            let (pid, reason) = (self.signal_pid(object), self.signal_reason(object));
            let pid_ty = Ty::adt(self.lang_adt(LangTy::AnyPid), Box::default());
            let reason_ty = self.exit_reason();
            let rows = ReceiveRows::signals((pid_ty, pid), (reason_ty, reason), arms);
            self.receive_arms(rows, head, loc, join);
        }
        self.b.seal_block(head);
        self.b.switch_to(over);
        match (receive.after, join) {
            (Some((_, body)), Some((join, ty))) => self.branch_value(body, join, ty),
            (Some((_, body)), None) => self.tail(body),
            (None, _) => self.b.unreachable(),
        }
        join.map_or_else(Vals::new, |(join, _)| self.join(join))
    }

    /// By what number the mailbox knows a receive that will find unfitting again what it has found unfitting once: where
    /// it stands in the program. 0 if guards, or the types of an instance, decide too.
    fn site_of(&self, receive: &Receive, loc: LocId) -> i64 {
        let fixed = |pat: PatId, guard: Option<ExprId>| guard.is_none() && !self.tests_types(pat);
        let mut signals = receive.down.iter().chain(&receive.exit);
        let is_fixed = receive.cases.iter().all(|arm| fixed(arm.pat, arm.guard))
            && signals.all(|arm| fixed(arm.pid, arm.guard) && fixed(arm.reason, arm.guard));
        if is_fixed && loc != LocId::NONE { i64::from(loc.0) + 1 } else { 0 }
    }

    /// Whether a pattern asks for the type of an `any`, which may be another in each instance of a function.
    fn tests_types(&self, pat: PatId) -> bool {
        let any = |pats: &[PatId]| pats.iter().any(|pat| self.tests_types(*pat));
        match &self.body.pats[pat].kind {
            PatKind::Error | PatKind::Wild | PatKind::Lit(_) | PatKind::Range { .. } => false,
            PatKind::Bind { sub, .. } => sub.is_some_and(|sub| self.tests_types(sub)),
            PatKind::Tuple(pats) | PatKind::Or(pats) => any(pats),
            PatKind::List { prefix, rest, suffix } => {
                any(prefix)
                    || any(suffix)
                    || rest.flatten().is_some_and(|pat| self.tests_types(pat))
            }
            PatKind::Adt { fields, .. } => fields.iter().any(|(_, pat)| self.tests_types(*pat)),
            PatKind::TypeTest { .. } => true,
        }
    }

    fn receive_arms(
        &mut self,
        rows: ReceiveRows,
        head: Block,
        loc: LocId,
        join: Option<(Block, Ty)>,
    ) {
        let targets = self.decide_receive(&rows, head);
        for ((arm, pats), target) in rows.arms.iter().zip(&rows.pats).zip(targets) {
            self.b.seal_block(target.block);
            if !target.reached {
                continue;
            }
            self.b.switch_to(target.block);
            self.b.set_loc(loc);
            self.rt(RtFn::rt_mailbox_take, &[]);
            pats.iter().for_each(|pat| self.own_bindings(*pat));
            match join {
                Some((join, ty)) => self.branch_value(arm.body, join, ty),
                None => self.tail(arm.body),
            }
        }
    }

    /// Milliseconds, where a negative number is as good as none.
    fn time_limit(&mut self, ms: ExprId) -> Value {
        let ms = self.expr(ms)[0];
        let zero = self.b.iconst(0);
        let is_negative = self.b.bin_op(BinOp::SLt, ms, zero);
        self.b.select(is_negative, zero, ms)
    }

    /// Emits the tests of the arms; what fits none goes back to `head`.
    fn decide_receive(&mut self, rows: &ReceiveRows, head: Block) -> Vec<Target> {
        let subjects: Vec<Subject> = rows
            .subjects
            .iter()
            .enumerate()
            .map(|(id, (ty, values))| Subject { id, ty: *ty, values: values.clone() })
            .collect();
        let mut table = Vec::with_capacity(rows.arms.len() + 1);
        let mut targets = Vec::with_capacity(rows.arms.len() + 1);
        for (n, pats) in rows.pats.iter().enumerate() {
            targets.push(Target { block: self.b.create_block(), reached: false });
            pats.iter().for_each(|pat| self.declare_bindings(*pat));
            let tests = subjects.iter().cloned().zip(pats.iter().copied()).collect();
            table.push(Row { tests, bindings: Vec::new(), arm: n });
        }
        let miss = self.b.create_block();
        targets.push(Target { block: miss, reached: false });
        table.push(Row { tests: Vec::new(), bindings: Vec::new(), arm: rows.arms.len() });
        let mut matching = Matching { arms: &rows.arms, targets, next_subject: subjects.len() };
        self.decide(&mut matching, table);
        let mut targets = matching.targets;
        let missed = targets.pop().is_some_and(|target| target.reached);
        self.b.seal_block(miss);
        if missed {
            self.b.switch_to(miss);
            self.b.jump((head, &[]));
        }
        targets
    }
}
