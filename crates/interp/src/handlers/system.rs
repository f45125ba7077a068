//! Contracts, panics, and the processor's own instructions.

use crate::code::Word;
use crate::machine::Machine;
use crate::state::At;
use sepal_abi::PanicCode;
use sepal_machine::cpu;

#[inline(always)]
pub fn contract(at: At, w: Word, m: &Machine<'_>) -> At {
    if at.get(w.a()) != 0 {
        return at.next(2);
    }
    m.raise(at, PanicCode::ContractFailed, [at.literal(1), 0])
}

#[inline(always)]
pub fn panic(at: At, w: Word, m: &Machine<'_>) -> At {
    let code = PanicCode::from_number(u64::from(w.a())).expect("the translator wrote a code");
    m.raise(at, code, [at.get(w.b()), at.get(w.c())])
}

#[inline(always)]
pub fn rdtsc(at: At, w: Word, _: &Machine<'_>) -> At {
    at.write(w.a(), cpu::rdtsc());
    at.next(1)
}

#[inline(never)]
pub fn cpuid(at: At, w: Word, _: &Machine<'_>) -> At {
    let [eax, ebx, ecx, edx] = cpu::cpuid(at.read(w.b()), at.read(w.c()));
    at.write(w.a(), eax);
    at.write(at.half(4), ebx);
    at.write(at.half(5), ecx);
    at.write(at.half(6), edx);
    at.next(2)
}

#[inline(always)]
pub fn pause(at: At, _: Word, _: &Machine<'_>) -> At {
    cpu::pause();
    at.next(1)
}

#[inline(always)]
pub fn fence(at: At, _: Word, _: &Machine<'_>) -> At {
    cpu::fence();
    at.next(1)
}
