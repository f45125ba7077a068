//! The programs of `bench/actors` in Rust: tasks of tokio and its channels, iterators for generators. Must do the same
//! work as they do, and print the same. Usage: peers PROGRAM [SIZE]

mod generators;
mod lives;
mod messages;

use std::process::ExitCode;
use std::time::Instant;
use tokio::sync::mpsc::UnboundedSender;

const USAGE: &str = "usage: peers PROGRAM [SIZE]";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[String]) -> Result<(), String> {
    let name = args.first().ok_or(USAGE)?;
    let size = args.get(1).map(|size| size.parse::<usize>()).transpose();
    let size = size.map_err(|_| "the size is no number")?;
    let size_or = |default| size.unwrap_or(default);
    match name.as_str() {
        "big" => on_workers(messages::big(size_or(20_000))),
        "copy" => on_workers(messages::copy(size_or(1_000_000))),
        "fan_in" => on_workers(messages::fan_in(size_or(50_000))),
        "ping_pong" => on_workers(messages::ping_pong(size_or(1_000_000))),
        "thread_ring" => on_workers(messages::thread_ring(size_or(5_000_000))),
        "crash" => on_workers(lives::crash(size_or(500_000))),
        "future" => on_workers(lives::future(size_or(2_000_000))),
        "idle" => on_workers(lives::idle(size_or(1_000_000))),
        "spawn" => on_workers(lives::spawn(size_or(1_000_000))),
        "tick" => lives::tick(size_or(3)),
        "generator" => generators::inlined(size_or(100_000_000)),
        "generator_opaque" => generators::opaque(size_or(100_000_000)),
        _ => return Err(format!("no program {name}")),
    }
    Ok(())
}

/// Runs the program as a task like the others: on the thread that waits for it, each message to it would wake a thread.
fn on_workers(program: impl Future<Output = ()> + Send + 'static) {
    runtime().block_on(async {
        if let Err(error) = tokio::spawn(program).await {
            std::panic::resume_unwind(error.into_panic());
        }
    });
}

/// As many workers as there are cores.
fn runtime() -> tokio::runtime::Runtime {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_time().build();
    runtime.expect("a runtime can be made")
}

/// Sends; a message to a task that has ended is dropped, as in Sepal.
fn tell<T>(to: &UnboundedSender<T>, message: T) {
    let _ = to.send(message);
}

/// Prints what took how long since `start`.
fn report(check: String, operations: usize, start: Instant) {
    let ns = start.elapsed().as_nanos();
    println!("{check}");
    println!("ops {operations} ns {ns}");
}
