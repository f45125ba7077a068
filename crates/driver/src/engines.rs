//! Running and building: the compiled program in the hands of an engine.

use crate::failure::Failure;
use crate::session::{Form, Session, Stop};
use crate::timing::Phase;
use crate::{RunOptions, link};
use sepal_base::codes;
use std::path::Path;
use std::process::Command;

impl Session {
    /// Runs a program with the just-in-time compiler; gives its exit code.
    ///
    /// # Errors
    /// The program cannot be compiled.
    pub fn run_jit(&self, file: &Path, options: RunOptions) -> Result<i32, Stop> {
        let (module, tiering) = self.mir_in_tiers(file)?;
        // The passes over MIR leave Cranelift's little to find, and those cost half of what it does.
        let how = sepal_clif::Options { optimize: false, ..sepal_clif::Options::default() };
        let program = self.timed(Phase::Codegen, || match tiering {
            None => sepal_clif::compile_jit(&module, how, sepal_rt::fns::address),
            Some(tiering) => {
                sepal_clif::compile_tiers(module, tiering, how, sepal_rt::fns::address)
            }
        });
        let program = program.map_err(|e| code_failure(&e))?;
        // SAFETY: the image was made by the compiler for this machine and lives until the end of
        // the block.
        Ok(self.timed(Phase::Run, || unsafe { sepal_rt::run_main(program.image(), options) }))
    }

    /// Runs a program in the interpreter; gives its exit code.
    ///
    /// # Errors
    /// The program cannot be compiled to MIR.
    pub fn run_interpreted(&self, file: &Path, options: RunOptions) -> Result<i32, Stop> {
        let module = self.mir(file)?;
        let interp =
            sepal_interp::Interp::new(&module).expect("lowering gives the module an entry");
        Ok(self.timed(Phase::Run, || interp.run(options)))
    }

    /// Builds a native executable in a temporary folder and runs it; gives its exit code.
    ///
    /// # Errors
    /// The program cannot be compiled or linked.
    pub fn run_native(&self, file: &Path, options: RunOptions) -> Result<i32, Stop> {
        let cannot = |e: &std::io::Error| {
            let message = format!("cannot run the built program: {}", crate::failure::reason(e));
            Stop::Failure(Failure::new(codes::CANNOT_WRITE, message))
        };
        let folder =
            tempfile::Builder::new().prefix("sepal-run-").tempdir().map_err(|e| cannot(&e))?;
        let program = folder.path().join("program");
        self.build(file, &program)?;
        let mut command = Command::new(&program);
        command.args(&options.args);
        // As the options say, whatever this process's own environment holds.
        options.set_env(&mut command);
        sepal_rt::leave_quit_to_children();
        let status = self.timed(Phase::Run, || command.status()).map_err(|e| cannot(&e))?;
        let signal = || std::os::unix::process::ExitStatusExt::signal(&status);
        // As a shell would say it.
        Ok(status.code().unwrap_or_else(|| 128 + signal().unwrap_or(0)))
    }

    /// Builds a native executable.
    ///
    /// # Errors
    /// The program cannot be compiled or linked, or `output` cannot be written.
    pub fn build(&self, file: &Path, output: &Path) -> Result<(), Stop> {
        let object = self.object(file)?;
        Ok(self.timed(Phase::Link, || link::link(&object, output))?)
    }

    fn object(&self, file: &Path) -> Result<Vec<u8>, Stop> {
        let module = self.mir(file)?;
        let object = self.timed(Phase::Codegen, || {
            sepal_clif::compile_object(&module, sepal_clif::Options::default())
        });
        Ok(object.map_err(|e| code_failure(&e))?)
    }

    /// An inner form of the program, as text or as the bytes of an object file.
    ///
    /// # Errors
    /// The program cannot be compiled that far.
    pub fn emit(&self, file: &Path, form: Form) -> Result<Vec<u8>, Stop> {
        match form {
            Form::Hir => {
                let mut program = self.checked(file)?;
                Ok(sepal_hir::dump::dump(&mut program).into_bytes())
            }
            Form::Mir => Ok(sepal_mir::text::print_module(&self.mir(file)?).into_bytes()),
            Form::Clif => {
                let module = self.mir(file)?;
                Ok(sepal_clif::clif_text(&module, sepal_clif::Options::default())
                    .map_err(|e| code_failure(&e))?
                    .into_bytes())
            }
            Form::Asm => {
                let module = self.mir(file)?;
                Ok(sepal_clif::asm_text(&module, sepal_clif::Options::default())
                    .map_err(|e| code_failure(&e))?
                    .into_bytes())
            }
            Form::Object => self.object(file),
        }
    }
}

/// The back end refused a program that is correct.
pub(crate) fn code_failure(error: &sepal_clif::Error) -> Failure {
    Failure::new(codes::CODE_GENERATION, error.to_string())
}
