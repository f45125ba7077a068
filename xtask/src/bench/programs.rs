//! The programs that are measured, and their sizes. Must be the only list of them.

/// A program of `bench/`, without the extension, so that its twins are found beside it.
pub struct Program {
    /// `bench/FOLDER/FILE.spl`.
    pub folder: &'static str,
    pub file: &'static str,
    /// The argument for compiled contenders: about half a second of C.
    pub full: &'static str,
    /// The argument for interpreted contenders: about half a second of Python.
    pub small: &'static str,
    /// What it prints whatever its argument, where that is known; else all must print the same.
    pub output: Option<&'static str>,
}

impl Program {
    /// The name by which it is reported and filtered, such as `awfy/nbody`.
    pub fn name(&self) -> String {
        if self.has_twins() {
            self.file.to_string()
        } else {
            format!("{}/{}", self.folder, self.file)
        }
    }

    /// Whether C and Python twins stand beside it.
    pub fn has_twins(&self) -> bool {
        self.folder == "sepal"
    }
}

const fn twin(file: &'static str, full: &'static str, small: &'static str) -> Program {
    Program { folder: "sepal", file, full, small, output: None }
}

const fn awfy(
    file: &'static str,
    full: &'static str,
    small: &'static str,
    output: &'static str,
) -> Program {
    Program { folder: "awfy", file, full, small, output: Some(output) }
}

pub const ALL: &[Program] = &[
    twin("fib", "40", "29"),
    twin("nbody", "5000000", "20000"),
    twin("fannkuch", "10", "8"),
    twin("spectral_norm", "1000", "150"),
    twin("mandelbrot", "1000", "200"),
    twin("queens", "13", "9"),
    twin("quicksort", "5000000", "100000"),
    twin("matmul", "500", "150"),
    twin("binary_trees", "16", "11"),
    awfy("richards", "100", "2", "ok Richards\n"),
    awfy("bounce", "1500", "50", "ok Bounce\n"),
    awfy("list", "1500", "30", "ok List\n"),
    awfy("mandelbrot", "500", "1", "ok Mandelbrot\n"),
    awfy("nbody", "250000", "1", "ok NBody\n"),
    awfy("permute", "1000", "30", "ok Permute\n"),
    awfy("queens", "1000", "30", "ok Queens\n"),
    awfy("sieve", "3000", "60", "ok Sieve\n"),
    awfy("storage", "1000", "50", "ok Storage\n"),
    awfy("towers", "600", "20", "ok Towers\n"),
    awfy("deltablue", "12000", "500", "ok DeltaBlue\n"),
    awfy("havlak", "1500", "1", "ok Havlak\n"),
    awfy("cd", "250", "10", "ok CD\n"),
];
