//! Diagnostics E02xx: types. Append at the end; a code is permanent.

super::diagnostics! {
    E0201 TYPE_MISMATCH "the type is not the expected one" r#"
There are no implicit conversions. Convert with `int(x)`, `float(x)`, `str(x)` where that is meant.

    let n: int = "5"     // expected `int`, found `str`
"#;
    E0202 ARGUMENT_COUNT "the call has too few or too many arguments" r#"
Every parameter without a default needs an argument, by position or by name.

    fn add(a: int, b: int) -> int: a + b
    add(1)               // `b` is missing
"#;
    E0203 BAD_ARGUMENT "the named argument does not fit" r#"
A named argument must name a parameter that has no value yet; positional arguments come first.
"#;
    E0204 TYPE_ARGUMENTS "the number of type arguments is wrong" r#"
A generic type or function takes one argument for each of its type parameters.

    let d: Pair[int] = …     // `Pair` has two
"#;
    E0205 NOT_IMPLEMENTED "the type does not implement the trait" r#"
The operation or function needs a trait that the type does not have.

    fn largest[T: Ord](xs: [T]) -> T?: xs.max()
    largest([fn(): 1])       // functions cannot be compared
"#;
    E0206 CANNOT_INFER "the type cannot be inferred" r#"
What is known here leaves the type open. Write it: `let xs: [int] = []`, or annotate a parameter.
"#;
    E0207 LITERAL_OUT_OF_RANGE "the literal does not fit its type" r#"
    let b: u8 = 300      // a `u8` is 0 to 255
"#;
    E0208 NOT_CALLABLE "this cannot be called" r#"
Only functions, types with fields and variants with fields can be called.
"#;
    E0209 BAD_OPERAND "the operator does not fit its operands" r#"
Arithmetic needs two operands of the same type; operators on your own types come from traits such
as `Add`.

    1 + 2.0              // write `1.0 + 2.0` or `float(n) + 2.0`
"#;
    E0210 BAD_CONVERSION "there is no such conversion" r#"
`int(x)`, `float(x)`, `u8(x)` and the like convert between numbers, `char(x)` and `int(x)` between
characters and code points, `str(x)` shows anything. Text is parsed: `int.parse(s)`.
"#;
    E0211 IMPL_MISMATCH "the method does not agree with the trait" r#"
A method in an `impl` takes and gives what the trait says, with the implementing type for `Self`.
"#;
    E0212 OVERLAPPING_IMPLS "the trait is implemented twice" r#"
A type implements a trait at most once, for the same arguments of the trait.
"#;
    E0213 MISSING_METHOD "the implementation lacks a method" r#"
An `impl` needs every method of the trait that has no default.
"#;
    E0214 CYCLIC_DEFINITION "the definition needs itself" r#"
The type of a constant or field, or an alias, cannot be found without knowing it already. Write
the type.
"#;
    E0215 FIELD_NOT_SET "the constructor leaves a field without a value" r#"
`init` must assign every field that has no default before it uses `self` for anything else.
"#;
    E0216 NOT_ITERABLE "the value cannot be looped over" r#"
`for` takes lists, dicts, sets, ranges, strings and anything with `fn next(self) -> T?`.
"#;
    E0217 BAD_TRY "`?` does not fit the function" r#"
`e?` returns early, so the function must give an `Option` for an `Option`, and a `Result` with the
same error type for a `Result`.
"#;
    E0218 BAD_FORMAT "the format specification does not fit the value" r#"
Numbers take `d x X o b` or `e f g %`, other values only fill, alignment, width and `s`.
"#;
    E0219 BAD_PROGRAM_ENTRY "the program has no usable beginning" r#"
A program begins at `fn main()`, which takes no parameters, or at the statements at the top level
of its file; not at both. `sepal test` begins at each function `test_…`, which takes no parameters either.
"#;
    E0220 MISSING_FIELD "a field has no value" r#"
A struct, class or variant is built with a value for every field without a default.
"#;
    E0221 BAD_EXTERN "the C function cannot be called" r#"
C functions take and give numbers, `bool` and `nil`.
"#;
    E0222 TYPE_TOO_LARGE "the type has too many parts" r#"
A type written out has a thousand parts at most. One that doubles with each line is beyond that soon:
```
let a = (1, 2)
let b = (a, a)
let c = (b, b)
```
A struct or class for the parts is one part itself.
"#;
}
