//! Who takes part: how Sepal's programs and their twins are built and started. A peer that is missing leaves its column
//! empty. Must never install anything.

use super::super::tools::Tools;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A language and library with actors or something like them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Peer {
    Tokio,
    Go,
    Erlang,
}

/// What runs a program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Contender {
    /// Sepal as a native executable: what aims are about.
    Native,
    /// Sepal compiled in memory.
    Jit,
    Peer(Peer),
}

impl Contender {
    /// In the order of the table.
    pub const ALL: [Contender; 5] = [
        Contender::Native,
        Contender::Jit,
        Contender::Peer(Peer::Tokio),
        Contender::Peer(Peer::Go),
        Contender::Peer(Peer::Erlang),
    ];

    pub fn name(self) -> &'static str {
        match self {
            Contender::Native => "native",
            Contender::Jit => "jit",
            Contender::Peer(peer) => peer.name(),
        }
    }
}

impl Peer {
    pub fn name(self) -> &'static str {
        match self {
            Peer::Tokio => "tokio",
            Peer::Go => "Go",
            Peer::Erlang => "Erlang",
        }
    }

    /// What to do where it is missing.
    fn source_of_compiler(self) -> &'static str {
        match self {
            Peer::Tokio => "it is built from the registry of crates, in bench/peers/tokio",
            Peer::Go => "Debian: apt-get install golang-go",
            Peer::Erlang => "Debian: apt-get install erlang-base",
        }
    }

    fn folder(self) -> &'static str {
        match self {
            Peer::Tokio => "tokio",
            Peer::Go => "go",
            Peer::Erlang => "erlang",
        }
    }
}

/// The peers of this machine, built, and Sepal.
pub struct Contenders<'t> {
    tools: &'t Tools,
    built: Vec<(Peer, PathBuf)>,
    cores: usize,
}

impl<'t> Contenders<'t> {
    /// Builds the peers whose compilers are there; the second result says what became of the others.
    pub fn build(tools: &'t Tools, peers: &[Peer]) -> (Contenders<'t>, Vec<String>) {
        let mut missing = Vec::new();
        let mut built = Vec::new();
        for &peer in peers {
            eprintln!("building the programs of {}", peer.name());
            match build_peer(peer, tools) {
                Ok(path) => built.push((peer, path)),
                Err(why) => missing.push(format!("without {}: {why}", peer.name())),
            }
        }
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        (Contenders { tools, built, cores }, missing)
    }

    pub fn cores(&self) -> usize {
        self.cores
    }

    pub fn has(&self, peer: Peer) -> bool {
        self.built.iter().any(|(built, _)| *built == peer)
    }

    /// Does what comes before the first run of a program.
    pub fn prepare(&self, contender: Contender, file: &str) -> Result<(), String> {
        match contender {
            Contender::Native => {
                let mut build = Command::new(&self.tools.sepal);
                build.arg("build").arg(self.source(file)).arg("-o").arg(self.executable(file));
                output(&mut build).map(|_| ())
            }
            Contender::Jit | Contender::Peer(_) => Ok(()),
        }
    }

    /// The command that runs a program of `bench/actors` or its twin.
    pub fn command(&self, contender: Contender, file: &str) -> Result<Command, String> {
        match contender {
            Contender::Native => Ok(Command::new(self.executable(file))),
            Contender::Jit => {
                let mut command = Command::new(&self.tools.sepal);
                command.arg("run").arg(self.source(file));
                Ok(command)
            }
            Contender::Peer(peer) => self.peer_command(peer, file),
        }
    }

    fn source(&self, file: &str) -> PathBuf {
        self.tools.root.join(format!("bench/actors/{file}.spl"))
    }

    fn executable(&self, file: &str) -> PathBuf {
        self.tools.out.join(format!("actors-{file}"))
    }

    fn peer_command(&self, peer: Peer, file: &str) -> Result<Command, String> {
        let built = self.built.iter().find(|(built, _)| *built == peer);
        let (_, path) = built.ok_or_else(|| format!("{} is missing", peer.name()))?;
        match peer {
            Peer::Tokio | Peer::Go => {
                let mut command = Command::new(path);
                command.arg(file);
                Ok(command)
            }
            Peer::Erlang => {
                let mut command = Command::new("erl");
                // As many schedulers as cores, and room for a million processes.
                command.args(["+S", &format!("{0}:{0}", self.cores), "+P", "2000000"]);
                command.args(["-noshell", "-pa"]).arg(path).args(["-run", file, "main"]);
                command.env("ERL_CRASH_DUMP_SECONDS", "0");
                Ok(command)
            }
        }
    }
}

/// Gives the executable, or the folder of modules; an error says why there is none.
fn build_peer(peer: Peer, tools: &Tools) -> Result<PathBuf, String> {
    let source = tools.root.join("bench/peers").join(peer.folder());
    let out = tools.out.join("peers").join(peer.folder());
    std::fs::create_dir_all(&out).map_err(|error| format!("{}: {error}", out.display()))?;
    let (mut build, result) = match peer {
        Peer::Tokio => {
            let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
            let mut build = Command::new(cargo);
            build.args(["build", "--release", "--quiet", "--locked", "--target-dir"]).arg(&out);
            (build, out.join("release/peers"))
        }
        Peer::Go => {
            let mut build = Command::new("go");
            build.arg("build").arg("-o").arg(out.join("peers")).arg(".");
            (build, out.join("peers"))
        }
        Peer::Erlang => {
            let mut build = Command::new("erlc");
            build.arg("-o").arg(&out).args(erlang_modules(&source)?);
            (build, out)
        }
    };
    match output(build.current_dir(&source)) {
        Ok(_) => Ok(result),
        Err(why) => Err(format!("{why} ({})", peer.source_of_compiler())),
    }
}

fn erlang_modules(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let error = |error| format!("{}: {error}", folder.display());
    let mut modules = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(error)? {
        let path = entry.map_err(error)?.path();
        if path.extension().is_some_and(|extension| extension == "erl") {
            modules.push(path);
        }
    }
    Ok(modules)
}

/// What a command prints; an error is what it says of its failure.
pub fn output(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("`{name}` does not start: {error}"))?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        return Err(format!("`{name}` failed ({}): {}", output.status, errors.trim()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
