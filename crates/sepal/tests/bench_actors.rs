//! `cargo xtask bench actors` at small sizes: all its programs run, check themselves, and print alike on both engines.

use std::path::PathBuf;
use xtask::bench::actors;

#[test]
fn the_programs_of_actors_work() {
    let sepal = env!("CARGO_BIN_EXE_sepal");
    let mut options =
        actors::Options::parse(&["--quick", "--alone"]).expect("the options are known");
    options.common.sepal = Some(PathBuf::from(sepal));
    if let Err(failures) = actors::run(&xtask::project_root(), &options) {
        panic!("{failures}");
    }
}
