//! The declarations of `std` that the checker itself speaks of, found by `@lang("name")`.
//!
//! Three tables, of types, traits and functions, make the enums and the look-up by name. What a
//! lang item looks like inside is `std`'s business: only the signatures given here are relied on.

use crate::ir::{AdtId, FnId, TraitId};

macro_rules! lang_items {
    ($($(#[$meta:meta])* $table:ident of $id:ident { $($(#[$doc:meta])* $variant:ident $name:literal;)* })*) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum $table {
            $($(#[$doc])* $variant,)*
        }

        impl $table {
            /// The whole table.
            pub const ALL: &[$table] = &[$($table::$variant),*];

            /// The name in the attribute.
            pub const fn name(self) -> &'static str {
                match self { $($table::$variant => $name),* }
            }

            /// The item that the attribute names.
            pub fn find(name: &str) -> Option<$table> {
                $table::ALL.iter().copied().find(|item| item.name() == name)
            }
        }
    )*};
}

lang_items! {
    /// Types: `@lang("list") class List[T]: …`
    LangTy of AdtId {
        /// `[T]`
        List "list";
        /// `{K: V}`
        Dict "dict";
        /// `{T}`
        Set "set";
        /// `T?`: `enum Option[T]: Some(T) / None`
        Option "option";
        /// `enum Result[T, E]: Ok(T) / Err(E)`
        Result "result";
        /// What `range_new` gives: any type with one parameter.
        Range "range";
        /// `Gen[T]`
        Gen "gen";
        /// `Future[T]`
        Future "future";
        /// `Pid[M]`
        Pid "pid";
        /// `Pid` without a parameter.
        AnyPid "any_pid";
        /// `Reply[T]`
        Reply "reply";
        Monitor "monitor";
        Timer "timer";
        ExitReason "exit_reason";
        Priority "priority";
        Overflow "overflow";
    }

    /// Traits: `@lang("eq") trait Eq: …`
    LangTrait of TraitId {
        /// `fn eq(self, other: Self) -> bool`
        Eq "eq";
        /// `fn cmp(self, other: Self) -> int`
        Ord "ord";
        /// `fn hash(self) -> int`
        Hash "hash";
        /// `fn show(self) -> str`, then `fn show_in(self) -> str` with a default
        Show "show";
        /// `trait Iter[T]: fn next(var self) -> T?`
        Iter "iter";
        /// `trait Iterable[T, I: Iter[T]]: fn iter(self) -> I`: what `for` makes its iterator with.
        Iterable "iterable";
        /// `trait Pairs[T, I: Iter[T]]: fn pairs(self) -> I`: what `for k, v` makes its iterator
        /// with where it is not known yet whether it loops over a dict.
        Pairs "pairs";
        /// `trait Add[R, O]: fn add(self, other: R) -> O`; the arithmetic traits alike.
        Add "add";
        Sub "sub";
        Mul "mul";
        Div "div";
        Rem "rem";
        Pow "pow";
        AddWrap "add_wrap";
        SubWrap "sub_wrap";
        MulWrap "mul_wrap";
        BitAnd "bit_and";
        BitOr "bit_or";
        BitXor "bit_xor";
        Shl "shl";
        Shr "shr";
        /// `trait Neg[O]: fn neg(self) -> O`
        Neg "neg";
        /// `trait BitNot[O]: fn bit_not(self) -> O`
        BitNot "bit_not";
        /// `trait Index[I, O]: fn index(self, i: I) -> O`
        Index "index";
        /// `trait IndexSet[I, O]: fn index_set(self, i: I, x: O)`
        IndexSet "index_set";
        /// `trait Slice[O]: fn slice(self, lo: int?, hi: int?, step: int?) -> O`
        Slice "slice";
        /// `trait Contains[T]: fn contains(self, x: T) -> bool`: `x in self`
        Contains "contains";
        /// `trait Len: fn len(self) -> int`
        Len "len";
        /// `trait Get[K, V]: fn get(self, key: K) -> V?`
        Get "get";
        /// `trait AddTo[T, O]: fn add(self, x: T) -> O`
        AddTo "add_to";
        /// `trait Remove[K, O]: fn remove(self, key: K) -> O`
        Remove "remove";
        /// `trait Clear: fn clear(self)`
        Clear "clear";
        /// `trait Copy: fn copy(self) -> Self`
        Copy "copy";
        /// `fn format(self, spec: str) -> str`, with the text of the specification, `>8`, which the
        /// runtime parses; what has none is shown, then formatted as a string.
        Format "format";
        /// `trait ConvertTo[T]`: what `T(x)` takes. Nothing implements it; the checker knows.
        ConvertTo "convert_to";
        /// Implemented by exactly the integer types. A type parameter with this bound counts as an
        /// integer type: literals, operators and casts on it are the built-in ones.
        Integer "integer";
    }

    /// Functions: `@lang("list_push") fn list_push[T](xs: [T], x: T): …`
    LangFn of FnId {
        /// `fn list_from_array[T](a: Array[T]) -> [T]`: a literal.
        ListFromArray "list_from_array";
        /// `fn list_new[T]() -> [T]`
        ListNew "list_new";
        /// `fn list_push[T](xs: [T], x: T)`
        ListPush "list_push";
        /// `fn list_len[T](xs: [T]) -> int`
        ListLen "list_len";
        /// `fn list_at[T](xs: [T], i: int) -> T`: of an index known to be in range.
        ListAt "list_at";
        /// `fn list_rest[T](xs: [T], lo: int, hi: int) -> [T]`: for list patterns.
        ListRest "list_rest";
        /// `fn dict_new[K: Hash + Eq, V]() -> {K: V}`
        DictNew "dict_new";
        /// `fn dict_set[K: Hash + Eq, V](d: {K: V}, k: K, v: V)`
        DictSet "dict_set";
        /// `fn dict_entries[K, V](d: {K: V}) -> I`, an `Iter[(K, V)]`: `for k, v in d`.
        DictEntries "dict_entries";
        /// `fn set_new[T: Hash + Eq]() -> {T}`
        SetNew "set_new";
        /// `fn set_add[T: Hash + Eq](s: {T}, x: T)`, whatever it gives.
        SetAdd "set_add";
        /// `fn range_new[T](lo: T, hi: T) -> Range[T]`: `lo..hi`
        RangeNew "range_new";
        /// `fn range_inclusive[T](lo: T, hi: T) -> Range[T]`: `lo..=hi`
        RangeInclusive "range_inclusive";
        /// `fn str_join_array(parts: Array[str]) -> str`: f-strings.
        StrJoinArray "str_join_array";
        /// `fn print_text(text: str, end: str)`
        PrintText "print_text";
        /// `fn eprint_text(text: str, end: str)`
        EprintText "eprint_text";
        /// `fn hash_combine(h: int, x: int) -> int`: derived hashes.
        HashCombine "hash_combine";
        /// `fn show_enter[T](x: T) -> bool`: notes that the object is being shown, unless it is already.
        ShowEnter "show_enter";
        /// `fn show_leave()`: after a `show_enter` that gave true.
        ShowLeave "show_leave";
        /// `fn dyn_show[T](x: T) -> str`: derived `show` of a `dyn`.
        DynShow "dyn_show";
        /// `fn dyn_show_in[T](x: T) -> str`: derived `show_in` of a `dyn`.
        DynShowIn "dyn_show_in";
        /// `fn object_id[T](x: T) -> int`: derived hashes of classes.
        ObjectId "object_id";
        /// `fn reply_future[T]() -> (Reply[T], Future[T])`: the two ends of an `ask`.
        ReplyFuture "reply_future";
        /// `fn pid_send[M](p: Pid[M], m: M)`
        PidSend "pid_send";
        /// `fn await_value[T](f: Future[T]) -> T`: `await f`
        AwaitValue "await_value";
    }
}

impl LangTrait {
    /// Whether nothing but calls by name ask for the trait: no operator, no loop, no conversion.
    pub(crate) fn is_by_name(self) -> bool {
        matches!(
            self,
            LangTrait::Len
                | LangTrait::Get
                | LangTrait::AddTo
                | LangTrait::Remove
                | LangTrait::Clear
                | LangTrait::Copy
        )
    }
}

/// The ids of all lang items; one is missing only if `std` does not declare it.
pub struct LangItems {
    tys: [Option<AdtId>; LangTy::ALL.len()],
    traits: [Option<TraitId>; LangTrait::ALL.len()],
    fns: [Option<FnId>; LangFn::ALL.len()],
}

impl Default for LangItems {
    fn default() -> LangItems {
        LangItems {
            tys: [None; LangTy::ALL.len()],
            traits: [None; LangTrait::ALL.len()],
            fns: [None; LangFn::ALL.len()],
        }
    }
}

impl LangItems {
    pub fn ty(&self, item: LangTy) -> Option<AdtId> {
        self.tys[item as usize]
    }

    pub fn trait_id(&self, item: LangTrait) -> Option<TraitId> {
        self.traits[item as usize]
    }

    pub fn function(&self, item: LangFn) -> Option<FnId> {
        self.fns[item as usize]
    }

    /// Which lang type a declaration is, if any.
    pub fn which_ty(&self, id: AdtId) -> Option<LangTy> {
        LangTy::ALL.iter().copied().find(|item| self.ty(*item) == Some(id))
    }

    /// Whether the declaration is this lang type.
    pub fn is_ty(&self, id: AdtId, item: LangTy) -> bool {
        self.ty(item) == Some(id)
    }

    /// Which lang trait a declaration is, if any.
    pub fn which_trait(&self, id: TraitId) -> Option<LangTrait> {
        LangTrait::ALL.iter().copied().find(|item| self.trait_id(*item) == Some(id))
    }

    pub(crate) fn set_ty(&mut self, item: LangTy, id: AdtId) {
        self.tys[item as usize] = Some(id);
    }

    pub(crate) fn set_trait(&mut self, item: LangTrait, id: TraitId) {
        self.traits[item as usize] = Some(id);
    }

    pub(crate) fn set_function(&mut self, item: LangFn, id: FnId) {
        self.fns[item as usize] = Some(id);
    }
}
