//! The intrinsics: functions that `std` declares with `@intrinsic` and lowering expands.
//!
//! One table makes the enum and the look-up by name. The signature stands in `std`, once.
//! Must never hold how an intrinsic is expanded: that is lowering's.

use sepal_base::Symbol;

macro_rules! intrinsics {
    ($($(#[$doc:meta])* $variant:ident $name:literal;)*) => {
        /// A function expanded by lowering.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum Intrinsic {
            $($(#[$doc])* $variant,)*
        }

        impl Intrinsic {
            /// Every intrinsic, in the order of the table.
            pub const ALL: &[Intrinsic] = &[$(Intrinsic::$variant),*];

            /// The name under which `std` declares it.
            pub const fn name(self) -> &'static str {
                match self { $(Intrinsic::$variant => $name),* }
            }

            /// The intrinsic that `std` declares under `name`.
            pub fn find(name: Symbol) -> Option<Intrinsic> {
                Intrinsic::ALL.iter().copied().find(|i| i.name() == name.as_str())
            }
        }
    };
}

intrinsics! {
    // Raw arrays. Indices are not checked.
    /// `fn array_new[T](len: int) -> Array[T]`: zeroed; elements must not be read before they are set.
    ArrayNew "array_new";
    /// `fn array_len[T](a: Array[T]) -> int`
    ArrayLen "array_len";
    /// `fn array_get[T](a: Array[T], i: int) -> T`
    ArrayGet "array_get";
    /// `fn array_set[T](a: Array[T], i: int, x: T)`
    ArraySet "array_set";
    /// `fn array_empty[T]() -> Array[T]`: the immortal array of length 0, without an allocation.
    ArrayEmpty "array_empty";
    /// `fn zeroed[T]() -> T`: all bits zero; stored over an element to forget it, never read.
    Zeroed "zeroed";
    /// `fn array_copy[T](from: Array[T], at: int, to: Array[T], to_at: int, n: int)`; may overlap.
    ArrayCopy "array_copy";
    /// `fn bounds_check(i: int, len: int) -> int`: the index from the start, counting a negative
    /// one from the end; panics if it is out of range.
    BoundsCheck "bounds_check";

    // Strings and bytes. Offsets are not checked.
    /// `fn str_len(s: str) -> int`
    StrLen "str_len";
    /// `fn str_byte(s: str, i: int) -> u8`
    StrByte "str_byte";
    /// `fn bytes_len(b: bytes) -> int`
    BytesLen "bytes_len";
    /// `fn bytes_get(b: bytes, i: int) -> u8`
    BytesGet "bytes_get";
    /// `fn str_as_bytes(s: str) -> bytes`: the same object.
    StrAsBytes "str_as_bytes";
    /// `fn bytes_as_str(b: bytes) -> str`: the same object, valid UTF-8.
    BytesAsStr "bytes_as_str";
    /// `fn char_from_code(code: int) -> char`: of a valid code point.
    CharFromCode "char_from_code";

    // Numbers.
    /// `fn int_wrap[A, B](x: A) -> B`, of any integer types: the low bits, extended by the sign of A.
    IntWrap "int_wrap";
    /// `fn int_count_ones[T](x: T) -> int`, of any integer type.
    IntCountOnes "int_count_ones";
    /// `fn int_leading_zeros[T](x: T) -> int`
    IntLeadingZeros "int_leading_zeros";
    /// `fn int_trailing_zeros[T](x: T) -> int`
    IntTrailingZeros "int_trailing_zeros";
    /// `fn int_shr_logical(x: int, n: int) -> int`: zeros come in; `n` is taken modulo 64.
    IntShrLogical "int_shr_logical";
    /// `fn int_min_value[T]() -> T`, of any integer type.
    IntMinValue "int_min_value";
    /// `fn int_max_value[T]() -> T`
    IntMaxValue "int_max_value";
    /// `fn float_sqrt[T](x: T) -> T`, of any float type, as those below.
    FloatSqrt "float_sqrt";
    FloatFloor "float_floor";
    FloatCeil "float_ceil";
    FloatTrunc "float_trunc";
    FloatAbs "float_abs";
    /// `fn float_copysign[T](x: T, sign: T) -> T`
    FloatCopysign "float_copysign";
    /// `fn float_bits(x: float) -> int`
    FloatBits "float_bits";
    /// `fn float_from_bits(bits: int) -> float`
    FloatFromBits "float_from_bits";

    // Objects and types.
    /// `fn identity[T](a: T) -> int`: a number of the object that never changes.
    Identity "identity";
    /// `fn show_enter[T](a: T) -> bool`: notes that the object is being shown; false if it was.
    ShowEnter "show_enter";
    /// `fn show_leave()`: ends what the last successful `show_enter` began.
    ShowLeave "show_leave";
    /// `fn dyn_show[T](v: T) -> str` of a `dyn`, what the value's type does.
    DynShow "dyn_show";
    /// `fn dyn_show_in[T](v: T) -> str`: as shown inside others.
    DynShowIn "dyn_show_in";
    /// `fn any_show(v: any) -> str`, what the value's type does; likewise those below.
    AnyShow "any_show";
    /// `fn any_show_in(v: any) -> str`: as shown inside others.
    AnyShowIn "any_show_in";
    /// `fn any_eq(a: any, b: any) -> bool`: also compares the types.
    AnyEq "any_eq";
    /// `fn any_type_name(v: any) -> str`
    AnyTypeName "any_type_name";

    // The machine, one MIR operation each.
    /// `fn rdtsc() -> int`
    CpuRdtsc "rdtsc";
    /// `fn cpuid(leaf: int, sub: int) -> (int, int, int, int)`
    CpuCpuid "cpuid";
    /// `fn pause()`
    CpuPause "pause";
    /// `fn fence()`
    CpuFence "fence";

    // Generators.
    /// `fn gen_next[T](g: Gen[T]) -> T?`
    GenNext "gen_next";

    // Actors and futures.
    /// `fn actor_wait()`: parks the actor until something has happened; whoever waits looks again.
    ActorWait "actor_wait";
    /// `fn actor_send[M](pid: Pid[M], message: M)`
    ActorSend "actor_send";
    /// `fn actor_whereis[M](name: str) -> int`: the number of the pid, or 0.
    ActorWhereis "actor_whereis";
    /// `fn timer_start[M](ms: int, pid: Pid[M], message: M) -> Timer`
    TimerStart "timer_start";
    /// `fn reply_answer[T](reply: Reply[T], answer: T)`
    ReplyAnswer "reply_answer";
    /// `fn future_value[T](future: Future[T]) -> T`: of a future that has one.
    FutureValue "future_value";
    /// `fn signal_reason(signal: Array[u8]) -> ExitReason`: of a signal object.
    SignalReason "signal_reason";
    /// `fn reason_parts(reason: ExitReason) -> (int, str, any)`: as the runtime takes it, see `rt_fns!`.
    ReasonParts "reason_parts";
}
