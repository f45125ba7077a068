//! The table of opcodes: each one's name and its handler. `code` makes the enum of it, `dispatch` the loop.
//!
//! `ends` rows leave the loop. `plain` rows name a function of (place, word, machine). The other rows stand for one opcode for every
//! integer or float type; the name in parentheses is the method of that type which the handler applies.
//! Operands are written `a b c` for the first word and `k` for literals in the comments; `r[a]` is a register.
//! Must never be repeated: no other list of opcodes exists.

macro_rules! for_each_opcode {
    ($then:ident) => {
        $then! {
            ends {
                /// The call from the host is over.
                Halt
                /// The same, by a panic.
                HaltPanic
                /// The actor is preempted.
                HaltPreempted
            }
            plain {
                // ---- moves and constants ----
                /// r[a] = r[b]
                Mov = control::mov;
                /// r[a] = r[b], r[a + 1] = r[c]
                MovPair = control::mov_pair;
                /// r[a] = wide, signed
                LoadImm = control::load_imm;
                /// r[a] = k1
                LoadLit = control::load_literal;
                /// r[a] = r[wide], beyond what 16 bits name
                FarGet = control::far_get;
                /// r[wide] = r[a]
                FarSet = control::far_set;
                /// r[a] = if r[b] { r[c] } else { r[k1] }
                Select = control::select;

                // ---- jumps; offsets are in words from the jump ----
                Jump = control::jump;
                /// A jump backwards counts as a reduction.
                JumpBack = control::jump_back;
                BrTrue = |at, w, m| control::branch_bool::<false>(at, w, m, true);
                BrFalse = |at, w, m| control::branch_bool::<false>(at, w, m, false);
                BrTrueBack = |at, w, m| control::branch_bool::<true>(at, w, m, true);
                BrFalseBack = |at, w, m| control::branch_bool::<true>(at, w, m, false);
                /// Compare r[a] with r[b], go by c.
                BrEq = |at, w, m| control::branch::<false>(at, w, m, |a, b| a == b);
                BrNe = |at, w, m| control::branch::<false>(at, w, m, |a, b| a != b);
                BrSLt = |at, w, m| control::branch::<false>(at, w, m, |a, b| a < b);
                BrSLe = |at, w, m| control::branch::<false>(at, w, m, |a, b| a <= b);
                BrULt = |at, w, m| control::branch::<false>(at, w, m, |a, b| (a as u64) < b as u64);
                BrULe = |at, w, m| control::branch::<false>(at, w, m, |a, b| a as u64 <= b as u64);
                BrEqBack = |at, w, m| control::branch::<true>(at, w, m, |a, b| a == b);
                BrNeBack = |at, w, m| control::branch::<true>(at, w, m, |a, b| a != b);
                BrSLtBack = |at, w, m| control::branch::<true>(at, w, m, |a, b| a < b);
                BrSLeBack = |at, w, m| control::branch::<true>(at, w, m, |a, b| a <= b);
                BrULtBack = |at, w, m| control::branch::<true>(at, w, m, |a, b| (a as u64) < b as u64);
                BrULeBack = |at, w, m| control::branch::<true>(at, w, m, |a, b| a as u64 <= b as u64);
                /// Compare r[a] with the immediate b, go by c.
                BrEqImm = |at, w, m| control::branch_imm::<false>(at, w, m, |a, b| a == b);
                BrNeImm = |at, w, m| control::branch_imm::<false>(at, w, m, |a, b| a != b);
                BrSLtImm = |at, w, m| control::branch_imm::<false>(at, w, m, |a, b| a < b);
                BrSLeImm = |at, w, m| control::branch_imm::<false>(at, w, m, |a, b| a <= b);
                BrSGtImm = |at, w, m| control::branch_imm::<false>(at, w, m, |a, b| a > b);
                BrSGeImm = |at, w, m| control::branch_imm::<false>(at, w, m, |a, b| a >= b);
                BrEqImmBack = |at, w, m| control::branch_imm::<true>(at, w, m, |a, b| a == b);
                BrNeImmBack = |at, w, m| control::branch_imm::<true>(at, w, m, |a, b| a != b);
                BrSLtImmBack = |at, w, m| control::branch_imm::<true>(at, w, m, |a, b| a < b);
                BrSLeImmBack = |at, w, m| control::branch_imm::<true>(at, w, m, |a, b| a <= b);
                BrSGtImmBack = |at, w, m| control::branch_imm::<true>(at, w, m, |a, b| a > b);
                BrSGeImmBack = |at, w, m| control::branch_imm::<true>(at, w, m, |a, b| a >= b);
                /// Compare the `f64` r[a] with r[b], go by c; the negations are true for NaN.
                BrFEq = |at, w, _| control::branch_float(at, w, |a, b| a == b);
                BrFNe = |at, w, _| control::branch_float(at, w, |a, b| a != b);
                BrFLt = |at, w, _| control::branch_float(at, w, |a, b| a < b);
                BrFLe = |at, w, _| control::branch_float(at, w, |a, b| a <= b);
                BrFNotLt = |at, w, _| control::branch_float(at, w, |a, b| !(a < b));
                BrFNotLe = |at, w, _| control::branch_float(at, w, |a, b| !(a <= b));
                /// By r[a] - k1 in a table of k2 offsets from k4 on, else by k3.
                SwitchTable = control::switch_table;
                /// By r[a] among k1 ascending keys from k3 on, with their offsets behind them, else by k2.
                SwitchSearch = control::switch_search;

                // ---- calls: a is where a single result goes, wide where the callee's frame begins ----
                /// k1: the callee's entry
                Call = call::call;
                /// r[wide]: the closure
                CallClosure = call::call_closure;
                /// r[wide]: the object, k1: the offset in its vtable
                CallVirtual = call::call_virtual;
                TailCall = call::tail_call;
                TailCallClosure = call::tail_call_closure;
                TailCallVirtual = call::tail_call_virtual;
                /// Results, if there are several, stand in the first registers.
                Return = call::return_many;
                /// The result is r[a].
                ReturnOne = call::return_one;
                /// Results to r[a] r[b]; k1: the thunk; arguments: c and the halves of k2
                CallRt = call::call_rt;
                /// The same for functions that may raise a panic.
                CallRtPanics = call::call_rt_panics;
                /// The same for functions that may ask the actor to wait.
                CallRtParks = call::call_rt_parks;
                /// r[a] = a C function at k1; k2: see `ExternShape`; arguments in the halves from k3 on
                CallExtern = call::call_extern;
                /// A runtime function has raised a panic: end.
                Raised = call::raised;
                /// The code of function `wide` is made at its first call.
                Translate = call::translate;

                // ---- integers; those without a width work on all of them ----
                And = |at, w, m| int::wrapping(at, w, m, |a: u64, b| a & b);
                Or = |at, w, m| int::wrapping(at, w, m, |a: u64, b| a | b);
                Xor = |at, w, m| int::wrapping(at, w, m, |a: u64, b| a ^ b);
                Not = |at, w, _| int::unary(at, w, |a: u64| !a);
                NotBool = |at, w, _| int::unary(at, w, |a: u64| a ^ 1);
                /// `i64` with the immediate c
                AddImm = |at, w, _| int::imm(at, w, i64::wrapping_add);
                MulImm = |at, w, _| int::imm(at, w, i64::wrapping_mul);
                AndImm = |at, w, _| int::imm(at, w, |a, b| a & b);
                ShlImm = |at, w, _| int::imm(at, w, |a, b| a << (b & 63));
                SShrImm = |at, w, _| int::imm(at, w, |a, b| a >> (b & 63));
                UShrImm = |at, w, _| int::imm(at, w, |a, b| (a as u64 >> (b & 63)) as i64);
                SAddImm = |at, w, m| int::checked_imm(at, w, m, i64::checked_add);
                SMulImm = |at, w, m| int::checked_imm(at, w, m, i64::checked_mul);
                /// The immediate is neither 0 nor -1.
                SDivImm = |at, w, m| int::checked_imm(at, w, m, i64::checked_div);
                SRemImm = |at, w, m| int::checked_imm(at, w, m, i64::checked_rem);
                Eq = |at, w, _| int::compare(at, w, |a, b| a == b);
                Ne = |at, w, _| int::compare(at, w, |a, b| a != b);
                SLt = |at, w, _| int::compare(at, w, |a, b| a < b);
                SLe = |at, w, _| int::compare(at, w, |a, b| a <= b);
                ULt = |at, w, _| int::compare(at, w, |a, b| (a as u64) < b as u64);
                ULe = |at, w, _| int::compare(at, w, |a, b| a as u64 <= b as u64);
                EqImm = |at, w, _| int::compare_imm(at, w, |a, b| a == b);
                NeImm = |at, w, _| int::compare_imm(at, w, |a, b| a != b);
                SLtImm = |at, w, _| int::compare_imm(at, w, |a, b| a < b);
                SLeImm = |at, w, _| int::compare_imm(at, w, |a, b| a <= b);
                SGtImm = |at, w, _| int::compare_imm(at, w, |a, b| a > b);
                SGeImm = |at, w, _| int::compare_imm(at, w, |a, b| a >= b);

                // ---- conversions ----
                F32ToF64 = |at, w, _| cast::convert(at, w, |x: f32| f64::from(x));
                F64ToF32 = |at, w, _| cast::convert(at, w, |x: f64| x as f32);
                S64ToF32 = |at, w, _| cast::convert(at, w, |n: i64| n as f32);
                S64ToF64 = |at, w, _| cast::convert(at, w, |n: i64| n as f64);
                U64ToF32 = |at, w, _| cast::convert(at, w, |n: u64| n as f32);
                U64ToF64 = |at, w, _| cast::convert(at, w, |n: u64| n as f64);
                SignedToChar = cast::signed_to_char;
                UnsignedToChar = cast::unsigned_to_char;

                // ---- floats ----
                /// r[a] = r[b] * r[c] + r[k1], rounded twice
                MulAdd = |at, w, _| float::mul_then(at, w, |product, c| product + c);
                /// r[a] = r[k1] - r[b] * r[c], rounded twice
                MulSub = |at, w, _| float::mul_then(at, w, |product, c| c - product);
                /// With the literal k1
                AddLit = |at, w, _| float::literal(at, w, |x, k| x + k);
                SubLit = |at, w, _| float::literal(at, w, |x, k| x - k);
                MulLit = |at, w, _| float::literal(at, w, |x, k| x * k);
                DivLit = |at, w, _| float::literal(at, w, |x, k| x / k);
                LitSub = |at, w, _| float::literal(at, w, |x, k| k - x);
                LitDiv = |at, w, _| float::literal(at, w, |x, k| k / x);

                // ---- fields: r[a] and the field at c bytes in the object r[b] ----
                LoadWord = memory::load_field::<u64>;
                LoadS8 = memory::load_field::<i8>;
                LoadS16 = memory::load_field::<i16>;
                LoadS32 = memory::load_field::<i32>;
                LoadF32 = memory::load_field::<f32>;
                StoreWord = memory::store_field::<u64>;
                StoreTraced = memory::store_field::<memory::Traced>;
                Store8 = memory::store_field::<u8>;
                Store16 = memory::store_field::<u16>;
                Store32 = memory::store_field::<u32>;
                /// The variant in the header of the object r[b]
                Variant = memory::variant;
                /// r[a] = word `wide` of the globals
                GlobalGet = memory::global_get;
                GlobalSet = memory::global_set;

                // ---- elements: r[a] and element r[c] of the array r[b] ----
                GetWord = memory::get_element::<u64>;
                GetS8 = memory::get_element::<i8>;
                GetS16 = memory::get_element::<i16>;
                GetS32 = memory::get_element::<i32>;
                GetF32 = memory::get_element::<f32>;
                SetWord = memory::set_element::<u64>;
                SetTraced = memory::set_element::<memory::Traced>;
                Set8 = memory::set_element::<u8>;
                Set16 = memory::set_element::<u16>;
                Set32 = memory::set_element::<u32>;
                /// The same with the quarters of k1: bytes between elements, offset of the word
                GetWordOf = memory::get_word_of;
                SetWordOf = memory::set_word_of::<u64>;
                SetTracedOf = memory::set_word_of::<memory::Traced>;
                /// r[a] = r[b] + r[c] * k1: where an element of several words begins
                ElementAddress = memory::element_address;
                /// r[a] = the index r[b], checked against the length r[c]
                BoundsCheck = memory::bounds_check;
                /// The same with the length at c bytes in the object r[k1]
                BoundsCheckField = memory::bounds_check_field;
                /// r[a] = element r[c], checked against the length r[k1], of the array r[b]
                CheckGetWord = memory::check_get::<u64>;
                CheckGetS8 = memory::check_get::<i8>;
                CheckGetS16 = memory::check_get::<i16>;
                CheckGetS32 = memory::check_get::<i32>;
                CheckGetF32 = memory::check_get::<f32>;
                /// The same, and the index from the start goes to the register in the second half of k1.
                KeepGetWord = memory::keep_get::<u64>;
                KeepGetS8 = memory::keep_get::<i8>;
                KeepGetS16 = memory::keep_get::<i16>;
                KeepGetS32 = memory::keep_get::<i32>;
                KeepGetF32 = memory::keep_get::<f32>;
                CheckSetWord = memory::check_set::<u64>;
                CheckSetTraced = memory::check_set::<memory::Traced>;
                CheckSet8 = memory::check_set::<u8>;
                CheckSet16 = memory::check_set::<u16>;
                CheckSet32 = memory::check_set::<u32>;
                /// r[a] = element r[c] of the array that the object r[b] holds; halves of k1: offsets of its
                /// length and its array
                ListGetWord = memory::list_get::<u64>;
                ListGetS8 = memory::list_get::<i8>;
                ListGetS16 = memory::list_get::<i16>;
                ListGetS32 = memory::list_get::<i32>;
                ListGetF32 = memory::list_get::<f32>;
                ListSetWord = memory::list_set::<u64>;
                ListSetTraced = memory::list_set::<memory::Traced>;
                ListSet8 = memory::list_set::<u8>;
                ListSet16 = memory::list_set::<u16>;
                ListSet32 = memory::list_set::<u32>;

                // ---- new objects ----
                /// r[a] = an object with the header k1 of k2 bytes; wide: how many words follow from k3 on, each
                /// two pairs of a register and the word of the object it goes to
                New = object::new;
                /// r[a] = an array with the header k1 of r[b] elements of k2 bytes
                NewArray = object::new_array;
                PackInt = |at, w, _| int::unary(at, w, |n: u64| n << 3 | Tag::Int as u64);
                PackFloat = |at, w, _| int::unary(at, w, |bits: u64| bits | Tag::Float as u64);
                PackBool = |at, w, _| int::unary(at, w, |b: u64| b << 3 | Tag::Bool as u64);

                // ---- panics and the processor ----
                /// Panics with the text k1 unless r[a].
                Contract = system::contract;
                /// Panics with the code a and the operands r[b] r[c].
                Panic = system::panic;
                Rdtsc = system::rdtsc;
                /// r[a] and the halves of k1 get the four results; r[b] is the leaf, r[c] the part of it.
                Cpuid = system::cpuid;
                Pause = system::pause;
                Fence = system::fence;
            }
            signed {
                Add8 Add16 Add32 Add64 as Add = int::wrapping(wrapping_add);
                Sub8 Sub16 Sub32 Sub64 as Sub = int::wrapping(wrapping_sub);
                Mul8 Mul16 Mul32 Mul64 as Mul = int::wrapping(wrapping_mul);
                SAdd8 SAdd16 SAdd32 SAdd64 as SAdd = int::checked(checked_add);
                SSub8 SSub16 SSub32 SSub64 as SSub = int::checked(checked_sub);
                SMul8 SMul16 SMul32 SMul64 as SMul = int::checked(checked_mul);
                SDiv8 SDiv16 SDiv32 SDiv64 as SDiv = int::divided(checked_div);
                SRem8 SRem16 SRem32 SRem64 as SRem = int::remainder(wrapping_rem);
                Shl8 Shl16 Shl32 Shl64 as Shl = int::shifted(wrapping_shl);
                SShr8 SShr16 SShr32 SShr64 as SShr = int::shifted(wrapping_shr);
                CheckedShl8 CheckedShl16 CheckedShl32 CheckedShl64 as CheckedShl = int::checked_shift(checked_shl);
                CheckedSShr8 CheckedSShr16 CheckedSShr32 CheckedSShr64 as CheckedSShr = int::checked_shift(checked_shr);
                Neg8 Neg16 Neg32 Neg64 as Neg = int::unary_typed(wrapping_neg);
                SignExtend8 SignExtend16 SignExtend32 SignExtend64 as SignExtend = cast::extend;
                FloatToS8 FloatToS16 FloatToS32 FloatToS64 as FloatToSigned = cast::saturate;
                SignedToS8 SignedToS16 SignedToS32 SignedToS64 as SignedToSigned = cast::from_signed;
                UnsignedToS8 UnsignedToS16 UnsignedToS32 UnsignedToS64 as UnsignedToSigned = cast::from_unsigned;
                CheckedToS8 CheckedToS16 CheckedToS32 CheckedToS64 as CheckedFloatToSigned = cast::from_float;
            }
            unsigned {
                UAdd8 UAdd16 UAdd32 UAdd64 as UAdd = int::checked(checked_add);
                USub8 USub16 USub32 USub64 as USub = int::checked(checked_sub);
                UMul8 UMul16 UMul32 UMul64 as UMul = int::checked(checked_mul);
                UDiv8 UDiv16 UDiv32 UDiv64 as UDiv = int::divided(checked_div);
                URem8 URem16 URem32 URem64 as URem = int::remainder(wrapping_rem);
                UShr8 UShr16 UShr32 UShr64 as UShr = int::shifted(wrapping_shr);
                CheckedUShr8 CheckedUShr16 CheckedUShr32 CheckedUShr64 as CheckedUShr = int::checked_shift(checked_shr);
                CountOnes8 CountOnes16 CountOnes32 CountOnes64 as CountOnes = int::count(count_ones);
                LeadingZeros8 LeadingZeros16 LeadingZeros32 LeadingZeros64 as LeadingZeros = int::count(leading_zeros);
                TrailingZeros8 TrailingZeros16 TrailingZeros32 TrailingZeros64 as TrailingZeros = int::count(trailing_zeros);
                ZeroExtend8 ZeroExtend16 ZeroExtend32 ZeroExtend64 as ZeroExtend = cast::zero_extend;
                FloatToU8 FloatToU16 FloatToU32 FloatToU64 as FloatToUnsigned = cast::saturate;
                SignedToU8 SignedToU16 SignedToU32 SignedToU64 as SignedToUnsigned = cast::from_signed;
                UnsignedToU8 UnsignedToU16 UnsignedToU32 UnsignedToU64 as UnsignedToUnsigned = cast::from_unsigned;
                CheckedToU8 CheckedToU16 CheckedToU32 CheckedToU64 as CheckedFloatToUnsigned = cast::from_float;
            }
            floats {
                FAdd32 FAdd64 as FAdd = float::binary(add);
                FSub32 FSub64 as FSub = float::binary(sub);
                FMul32 FMul64 as FMul = float::binary(mul);
                FDiv32 FDiv64 as FDiv = float::binary(div);
                FEq32 FEq64 as FEq = float::compare(eq);
                FNe32 FNe64 as FNe = float::compare(ne);
                FLt32 FLt64 as FLt = float::compare(lt);
                FLe32 FLe64 as FLe = float::compare(le);
                FNeg32 FNeg64 as FNeg = float::unary(neg);
                FAbs32 FAbs64 as FAbs = float::unary(abs);
                FSqrt32 FSqrt64 as FSqrt = float::unary(sqrt);
                FFloor32 FFloor64 as FFloor = float::unary(floor);
                FCeil32 FCeil64 as FCeil = float::unary(ceil);
                FTrunc32 FTrunc64 as FTrunc = float::unary(trunc);
            }
        }
    };
}

pub(crate) use for_each_opcode;
