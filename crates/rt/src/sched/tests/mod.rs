//! How actors behave, whatever runs them: the bodies are Rust functions, run by an engine of the tests' own.
//!
//! "behaviour N" in a name is a line of the list of behaviours that actors must hold.

mod basics;
mod ends;
mod host;
mod stress;
