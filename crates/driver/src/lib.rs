//! From a file on disk to a running program, an executable or tests: sessions, modules, linking, engines.
//!
//! Must never print, and never decide what a diagnostic says: it hands texts and exit codes back.

mod child;
mod engines;
mod failure;
mod files;
mod link;
mod loader;
mod session;
mod testing;
mod timing;

pub use child::{Child, Ending};
pub use failure::Failure;
pub use files::write_whole;
pub use loader::Loader;
pub use sepal_clif::Tiering;
pub use sepal_lower::Contracts;
pub use sepal_mir::passes::OptLevel;
pub use sepal_rt::{Options as RunOptions, Pace, observe_interval};
pub use session::{Form, Session, Settings, Stop};
pub use testing::{CompiledTest, TestEngine, TestFile};
pub use timing::{OnPhase, Phase};
