//! Diagnostics E01xx: names and modules. Append at the end; a code is permanent.

super::diagnostics! {
    E0101 UNKNOWN_NAME "the name is not known here" r#"
Nothing of this name is in scope: no variable, function, constant, variant or module.

    let total = 1
    print(totl)      // did you mean `total`?
"#;
    E0102 UNKNOWN_TYPE "the type is not known here" r#"
No type of this name is declared or imported here.

    fn area(s: Shpe) -> float: 0.0      // did you mean `Shape`?
"#;
    E0103 UNKNOWN_MODULE "the module does not exist" r#"
The path of an `import` names no file. `std.` modules come with the compiler; others are looked
for from the package's root: `import a.b` is the file `a/b.spl`.
"#;
    E0104 DUPLICATE_NAME "the name is already taken" r#"
Two declarations of one module have the same name, or two fields, parameters, variants or methods
of one declaration.

    fn f(): pass
    fn f(): pass     // declared twice
"#;
    E0105 IMPORT_CYCLE "modules import each other in a circle" r#"
A module may not import, directly or through others, a module that imports it. Move what both
need into a third one.
"#;
    E0106 NOT_EXPORTED "the name is private to its module" r#"
Only what is declared with `pub` can be used from other modules.

    // shapes.spl
    fn area(): 1.0
    // main.spl
    from shapes import area      // `area` is not `pub`
"#;
    E0107 UNKNOWN_MEMBER "the type or module has no such member" r#"
There is no field, method, variant or declaration of this name.

    "text".trimm()       // did you mean `trim`?
"#;
    E0108 AMBIGUOUS_NAME "the name could mean several things" r#"
More than one variant or method of this name fits and the context does not decide. Write the
type before it: `Shape.Circle(1.0)`.
"#;
    E0109 BAD_ATTRIBUTE "the attribute is not known or does not fit here" r#"
Attributes stand before declarations: `@interpret`, `@inline`. Some are for the standard library
only.
"#;
    E0110 MISPLACED "this cannot stand here" r#"
The expression or statement has no meaning at this place: `break` outside a loop, `yield` outside
a generator, `self` outside a method, `result` outside `ensures`.
"#;
    E0111 NOT_ASSIGNABLE "this cannot be assigned" r#"
Only a `var`, a field or an element can be assigned. A `let` is bound once; a field of a struct
changes only through a `var`.

    let x = 1
    x = 2            // declare it as `var x`
"#;
}
