//! Moves, jumps, branches, switches.

use crate::code::Word;
use crate::machine::Machine;
use crate::state::At;

#[inline(always)]
pub fn mov(at: At, w: Word, _: &Machine<'_>) -> At {
    at.set(w.a(), at.get(w.b()));
    at.next(1)
}

#[inline(always)]
pub fn mov_pair(at: At, w: Word, _: &Machine<'_>) -> At {
    let (first, second) = (at.get(w.b()), at.get(w.c()));
    at.set(w.a(), first);
    at.set_far(u32::from(w.a()) + 1, second);
    at.next(1)
}

#[inline(always)]
pub fn load_imm(at: At, w: Word, _: &Machine<'_>) -> At {
    at.write(w.a(), i64::from(w.wide_signed()));
    at.next(1)
}

#[inline(always)]
pub fn load_literal(at: At, w: Word, _: &Machine<'_>) -> At {
    at.set(w.a(), at.literal(1));
    at.next(2)
}

#[inline(always)]
pub fn far_get(at: At, w: Word, _: &Machine<'_>) -> At {
    at.set(w.a(), at.get_far(w.wide()));
    at.next(1)
}

#[inline(always)]
pub fn far_set(at: At, w: Word, _: &Machine<'_>) -> At {
    at.set_far(w.wide(), at.get(w.a()));
    at.next(1)
}

#[inline(always)]
pub fn select(at: At, w: Word, _: &Machine<'_>) -> At {
    let (a, b) = (at.get(w.c()), at.get(at.half(4)));
    at.set(w.a(), if at.get(w.b()) != 0 { a } else { b });
    at.next(2)
}

#[inline(always)]
pub fn jump(at: At, w: Word, _: &Machine<'_>) -> At {
    at.jump(w.wide_signed())
}

#[inline(always)]
pub fn jump_back(at: At, w: Word, m: &Machine<'_>) -> At {
    go::<true>(at, w.wide_signed(), m)
}

/// Jumps; backwards it counts.
#[inline(always)]
fn go<const BACK: bool>(at: At, offset: i32, m: &Machine<'_>) -> At {
    let target = at.jump(offset);
    if BACK && m.spend() {
        return m.poll(at, target);
    }
    target
}

#[inline(always)]
pub fn branch_bool<const BACK: bool>(at: At, w: Word, m: &Machine<'_>, when: bool) -> At {
    let holds = at.get(w.a()) != 0;
    if holds == when { go::<BACK>(at, w.wide_signed(), m) } else { at.next(1) }
}

/// The signed offset in `c`.
#[inline(always)]
fn offset(w: Word) -> i32 {
    w.imm_c() as i32
}

#[inline(always)]
pub fn branch<const BACK: bool>(
    at: At,
    w: Word,
    m: &Machine<'_>,
    holds: impl Fn(i64, i64) -> bool,
) -> At {
    if holds(at.read(w.a()), at.read(w.b())) { go::<BACK>(at, offset(w), m) } else { at.next(1) }
}

#[inline(always)]
pub fn branch_imm<const BACK: bool>(
    at: At,
    w: Word,
    m: &Machine<'_>,
    holds: impl Fn(i64, i64) -> bool,
) -> At {
    if holds(at.read(w.a()), w.imm_b()) { go::<BACK>(at, offset(w), m) } else { at.next(1) }
}

#[inline(always)]
pub fn branch_float(at: At, w: Word, holds: impl Fn(f64, f64) -> bool) -> At {
    if holds(at.read(w.a()), at.read(w.b())) { at.jump(offset(w)) } else { at.next(1) }
}

#[inline(always)]
pub fn switch_table(at: At, w: Word, _: &Machine<'_>) -> At {
    let index = at.get(w.a()).wrapping_sub(at.literal(1));
    let word = if index < at.literal(2) { 4 + index as usize } else { 3 };
    at.jump(at.literal(word) as i32)
}

#[inline(never)]
pub fn switch_search(at: At, w: Word, _: &Machine<'_>) -> At {
    let (value, count) = (at.read::<i64>(w.a()), at.literal(1) as usize);
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = (low + high) / 2;
        let key = at.literal(3 + middle) as i64;
        if key == value {
            return at.jump(at.literal(3 + count + middle) as i32);
        }
        if key < value {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    at.jump(at.literal(2) as i32)
}
