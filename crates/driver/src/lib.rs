//! From a file on disk to a running program or an executable: sessions, modules, linking, engines.
//!
//! Must never print, and never decide what a diagnostic says: it hands texts and exit codes back.

mod engines;
mod failure;
mod files;
mod link;
mod loader;
mod session;
mod timing;

pub use failure::Failure;
pub use files::write_whole;
pub use loader::Loader;
pub use sepal_lower::Contracts;
pub use sepal_mir::passes::OptLevel;
pub use sepal_rt::{Options as RunOptions, observe_interval};
pub use session::{Form, Session, Settings, Stop};
pub use timing::{OnPhase, Phase};
