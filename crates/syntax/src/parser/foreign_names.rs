//! Names of other languages: what they are called here, for the sake of the message.
//!
//! None of them is reserved. They are looked up only when nothing of the name is known.

use super::foreign::word_advice;

const MISSING: &str =
    "a value that may be missing is an option, `None` or `Some(x)`; the value of nothing is `nil`";

const NAMES: &[(&str, &str)] = &[
    ("True", "it is written `true`"),
    ("False", "it is written `false`"),
    ("null", MISSING),
    ("NULL", MISSING),
    ("Nil", MISSING),
    ("nullptr", MISSING),
    ("undefined", MISSING),
    ("this", "it is written `self`"),
    ("end", "a block ends where its indentation ends"),
    ("go", "an actor is started by `spawn f(x)`, a future by `async f(x)`"),
    ("println", "it is written `print`, which ends the line by itself"),
    ("puts", "it is written `print`"),
    ("echo", "it is written `print`"),
    ("console", "output is written by `print(x)`"),
    ("fmt", "output is written by `print(x)`"),
    ("printf", "formatted text is written `print(f\"{x:.2f}\")`"),
    ("format", "formatted text is written `f\"{x:.2f}\"`"),
    ("sprintf", "formatted text is written `f\"{x:.2f}\"`"),
    ("input", "a line is read by `std.io.read_line()`"),
    ("open", "a file is read by `std.fs.read(path)`"),
    ("len", "it is a method: `xs.len()`"),
    ("range", "it is written `0..n`"),
    ("sum", "it is a method: `xs.sum()`"),
    ("min", "it is a method: `a.min(b)`, `xs.min()`"),
    ("max", "it is a method: `a.max(b)`, `xs.max()`"),
    ("abs", "it is a method: `x.abs()`"),
    ("round", "it is a method: `x.round()`"),
    ("sorted", "it is a method: `xs.sorted()`"),
    ("reversed", "it is a method: `xs.reversed()`"),
    ("enumerate", "it is a method: `xs.enumerate()`"),
    ("zip", "it is a method: `xs.zip(ys)`"),
    ("map", "it is a method: `xs.map(f)`"),
    ("filter", "it is a method: `xs.filter(f)`"),
    ("reduce", "it is a method: `xs.fold(init, f)`"),
    ("any", "it is a method: `xs.any(f)`"),
    ("all", "it is a method: `xs.all(f)`"),
    ("ord", "it is written `int(c)`"),
    ("chr", "it is written `char(n)`"),
    ("repr", "it is written `str(x)`"),
    ("list", "a list is written `[a, b]`"),
    ("dict", "a dict is written `{k: v}`, an empty one `{}`"),
    ("isinstance", "the type in an `any` is told by a type pattern, `case int(n)`"),
    ("typeof", "the type in an `any` is told by a type pattern, `case int(n)`"),
    ("assert_eq", "it is written `assert a == b`"),
    ("vec", "a list is written `[a, b]`"),
    ("unwrap", "it is a method: `o.unwrap()`"),
    ("exit_code", "`std.env.exit(code)` ends the program"),
];

/// Types, and how they are written here.
const TYPES: &[(&str, &str)] = &[
    ("string", "str"),
    ("String", "str"),
    ("Str", "str"),
    ("text", "str"),
    ("Int", "int"),
    ("Integer", "int"),
    ("integer", "int"),
    ("long", "int"),
    ("isize", "int"),
    ("usize", "int"),
    ("uint", "u64"),
    ("int64", "i64"),
    ("int32", "i32"),
    ("int16", "i16"),
    ("int8", "i8"),
    ("uint64", "u64"),
    ("uint32", "u32"),
    ("uint16", "u16"),
    ("uint8", "u8"),
    ("byte", "u8"),
    ("Float", "float"),
    ("double", "float"),
    ("Double", "float"),
    ("number", "float"),
    ("Bool", "bool"),
    ("boolean", "bool"),
    ("Boolean", "bool"),
    ("Char", "char"),
    ("rune", "char"),
    ("void", "nil"),
    ("Void", "nil"),
    ("unit", "nil"),
    ("Unit", "nil"),
    ("None", "nil"),
    ("NoneType", "nil"),
    ("Never", "never"),
    ("Any", "any"),
    ("object", "any"),
    ("Object", "any"),
    ("List", "[T]"),
    ("list", "[T]"),
    ("Vec", "[T]"),
    ("Vector", "[T]"),
    ("Array", "[T]"),
    ("array", "[T]"),
    ("Dict", "{K: V}"),
    ("dict", "{K: V}"),
    ("Map", "{K: V}"),
    ("map", "{K: V}"),
    ("HashMap", "{K: V}"),
    ("Set", "{T}"),
    ("set", "{T}"),
    ("HashSet", "{T}"),
    ("Tuple", "(A, B)"),
    ("tuple", "(A, B)"),
    ("Optional", "T?"),
    ("Maybe", "T?"),
    ("Callable", "fn(A) -> B"),
    ("Func", "fn(A) -> B"),
    ("Generator", "Gen[T]"),
    ("Iterator", "Iter[T]"),
    ("Promise", "Future[T]"),
    ("Task", "Future[T]"),
    ("PID", "Pid[M]"),
];

/// Methods, and what may be meant, which the type of the receiver decides.
const METHODS: &[(&str, &[&str])] = &[
    ("append", &["push", "extend"]),
    ("push_back", &["push"]),
    ("add", &["push"]),
    ("insert", &["set", "add"]),
    ("put", &["set", "add"]),
    ("length", &["len"]),
    ("size", &["len"]),
    ("count", &["len"]),
    ("upper", &["to_upper"]),
    ("uppercase", &["to_upper"]),
    ("to_uppercase", &["to_upper"]),
    ("toUpperCase", &["to_upper"]),
    ("lower", &["to_lower"]),
    ("lowercase", &["to_lower"]),
    ("to_lowercase", &["to_lower"]),
    ("toLowerCase", &["to_lower"]),
    ("strip", &["trim"]),
    ("lstrip", &["trim_start"]),
    ("rstrip", &["trim_end"]),
    ("startswith", &["starts_with"]),
    ("startsWith", &["starts_with"]),
    ("endswith", &["ends_with"]),
    ("endsWith", &["ends_with"]),
    ("splitlines", &["lines"]),
    ("index", &["index_of", "find"]),
    ("indexOf", &["index_of", "find"]),
    ("foldl", &["fold"]),
    ("inject", &["fold"]),
    ("forEach", &["each"]),
    ("for_each", &["each"]),
    ("isEmpty", &["is_empty"]),
    ("empty", &["is_empty"]),
    ("clone", &["copy"]),
    ("dup", &["copy"]),
    ("delete", &["remove"]),
    ("discard", &["remove"]),
    ("del", &["remove"]),
    ("sort_unstable", &["sort"]),
    ("reverse_iter", &["reversed"]),
    ("entries", &["items"]),
    ("getOrElse", &["get_or", "unwrap_or"]),
    ("get_or_default", &["get_or"]),
    ("flatMap", &["flat_map"]),
    ("set_default", &["get_or_insert"]),
    ("setdefault", &["get_or_insert"]),
    ("value", &["unwrap"]),
    ("expect", &["unwrap"]),
    ("next_value", &["next"]),
    ("step_by", &["step"]),
];

/// Methods that are no methods here.
const MEMBERS: &[(&str, &str)] = &[
    ("contains", "it is written `x in xs`"),
    ("contains_key", "it is written `k in d`"),
    ("has_key", "it is written `k in d`"),
    ("includes", "it is written `x in xs`"),
    ("has", "it is written `x in xs`"),
    ("member", "it is written `x in xs`"),
    ("to_string", "it is written `str(x)`"),
    ("toString", "it is written `str(x)`"),
    ("to_s", "it is written `str(x)`"),
    ("to_str", "it is written `str(x)`"),
    ("to_int", "text is read by `int.parse(s)`, a number converted by `int(x)`"),
    ("parse", "text is read by `int.parse(s)` or `float.parse(s)`"),
    ("format", "formatted text is written `f\"{x}\"`"),
    ("substring", "it is written `s[a:b]`"),
    ("substr", "it is written `s[a:b]`"),
    ("slice", "it is written `xs[a:b]`"),
    ("concat", "it is written `xs + ys`"),
    ("iter", "lists, dicts, sets and ranges are looped over as they are"),
    ("into_iter", "lists, dicts, sets and ranges are looped over as they are"),
    ("iter_mut", "lists, dicts, sets and ranges are looped over as they are"),
    ("collect", "`map`, `filter` and the like give lists at once"),
    ("to_vec", "`map`, `filter` and the like give lists at once"),
    ("pow", "it is written `a ** b`"),
    ("await", "it is written `await f`"),
    ("join", "`await f` waits for a future, a monitor for an actor"),
    ("equals", "it is written `a == b`"),
    ("new", "a value of a type is built by calling it: `Point(1, 2)`"),
];

fn find<T: Copy>(table: &[(&str, T)], name: &str) -> Option<T> {
    table.iter().find(|&&(foreign, _)| foreign == name).map(|&(_, own)| own)
}

/// What to say about a name that is unknown here but means something in another language.
pub fn foreign_name(name: &str) -> Option<&'static str> {
    find(NAMES, name).or_else(|| word_advice(name))
}

/// How a type of another language is written here.
pub fn foreign_type(name: &str) -> Option<&'static str> {
    find(TYPES, name)
}

/// What a method of another language may be called here.
pub fn foreign_method(name: &str) -> impl Iterator<Item = &'static str> {
    find(METHODS, name).unwrap_or(&[]).iter().copied()
}

/// What stands here for a method of another language.
pub fn foreign_member(name: &str) -> Option<&'static str> {
    find(MEMBERS, name)
}
