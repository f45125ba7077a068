//! Tests of programs: which there are, and one run of one of them after another.
//!
//! A test is a function `test_…` of the file itself, without parameters: a run begins there instead of at `main`.
//! Must never decide which tests are run, nor show anything.

use crate::RunOptions;
use crate::child::Child;
use crate::engines::code_failure;
use crate::failure::{Failure, reason};
use crate::session::{Session, Stop};
use crate::timing::Phase;
use sepal_base::codes;
use sepal_clif::JitProgram;
use sepal_hir::{FnId, Program};
use sepal_mir::Module;
use std::path::Path;
use std::time::Duration;

/// What runs a test.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TestEngine {
    Jit,
    Interp,
}

/// A checked file with its tests.
pub struct TestFile {
    program: Program,
    tests: Vec<FnId>,
}

impl TestFile {
    /// The names of the tests, in the order of the file.
    pub fn names(&self) -> Vec<String> {
        self.tests.iter().map(|&id| self.program.items.fns[id].name.as_str().to_string()).collect()
    }
}

/// A test that can be run, again and again.
pub enum CompiledTest {
    Jit(JitProgram),
    Interp(Module),
}

impl Session {
    /// Checks a file and finds its tests.
    ///
    /// # Errors
    /// The file cannot be read, or the program has errors.
    pub fn tests(&self, file: &Path) -> Result<TestFile, Stop> {
        let mut program = self.checked(file)?;
        let tests = program.tests();
        if program.has_errors() {
            return Err(Stop::Errors(self.diagnostics(&program)));
        }
        Ok(TestFile { program, tests })
    }

    /// Compiles the test of an index into [`TestFile::names`].
    ///
    /// # Errors
    /// The program cannot be compiled.
    pub fn compile_test(
        &self,
        file: &mut TestFile,
        index: usize,
        engine: TestEngine,
    ) -> Result<CompiledTest, Stop> {
        let module = self.lowered(&mut file.program, Some(file.tests[index]));
        let mut module = module.map_err(|_| Stop::Errors(self.diagnostics(&file.program)))?;
        self.optimized(&mut module, self.opt());
        self.allow_interpreted(&module)?;
        if engine == TestEngine::Interp {
            return Ok(CompiledTest::Interp(module));
        }
        let program = self.timed(Phase::Codegen, || {
            sepal_clif::compile_jit(&module, sepal_clif::Options::default(), sepal_rt::fns::address)
        });
        Ok(CompiledTest::Jit(program.map_err(|error| code_failure(&error))?))
    }
}

impl CompiledTest {
    /// Starts a run in a process of its own.
    ///
    /// # Errors
    /// There are no more processes to be had.
    pub fn start(&self, options: RunOptions, limit: Duration) -> Result<Child, Stop> {
        let child = Child::start(limit, || match self {
            // SAFETY: the image was made by the compiler for this machine and lives as long as `self`.
            CompiledTest::Jit(program) => unsafe { sepal_rt::run_main(program.image(), options) },
            CompiledTest::Interp(module) => {
                let interp = sepal_interp::Interp::new(module);
                interp.expect("lowering gives the module an entry").run(options)
            }
        });
        child.map_err(|error| {
            let message = format!("cannot start a process for a test: {}", reason(&error));
            Stop::Failure(Failure::new(codes::CANNOT_WRITE, message))
        })
    }
}
