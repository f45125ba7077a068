//! Diagnostics E05xx: the driver, files and linking. Append at the end; a code is permanent.

super::diagnostics! {
    E0501 CANNOT_READ "a source file cannot be read"
"The file named on the command line, or one that it imports, does not exist, is a folder, or may
not be read. The message gives the operating system's reason.

    sepal run missing.spl        // no such file
    sepal run src/               // a folder: name the file in it that holds `main`";
    E0502 NOT_UTF8 "a source file is not UTF-8"
"Sepal sources are UTF-8 text. The message says at which byte the file stops being that. Save the
file as UTF-8; bytes that are no text belong into `b\"\\xff\"` literals or into a data file.";
    E0503 CANNOT_WRITE "an output file cannot be written"
"The result of `sepal build` could not be written: the folder is missing or read-only, or the disk
is full. No part of the file is left behind; an older file of that name is left as it was.";
    E0504 NO_LINKER "no C compiler was found for linking"
"`sepal build` links the program with the system's C compiler. It looks for `$CC`, then `cc`,
`gcc` and `clang`. Install one (on Debian: `apt install gcc`), or run the program without linking:

    sepal run program.spl";
    E0505 LINK_FAILED "the linker failed"
"The C compiler that links the program ended with an error, shown in the message. A function
declared by `extern \"C\" fn` that no library defines is the usual cause.";
    E0506 NO_MAIN "the program has no entry"
"A program file has a function `main`, or statements at its top level, which are its `main`:

    fn main():
        print(\"hello\")";
    E0507 SOURCE_TOO_LARGE "a source file is too large"
"A source file may have up to 256 MiB. Data of that size is read at run time with `std.fs.read`.";
    E0509 CODE_GENERATION "the program cannot be compiled to machine code"
"The program is correct, but the back end cannot make code of it here: the machine is not one that
it knows, a C function declared by `extern \"C\" fn` is in no loaded library, or a function is larger
than the back end can take. `--engine=interp` runs the program without machine code.";
}
