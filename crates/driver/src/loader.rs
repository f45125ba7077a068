//! Where the texts of modules come from: the standard library inside this binary, and files below
//! the package's root.
//! Must never look for a module anywhere else.

use crate::files;
use sepal_hir::{LoadError, LoadedSource, SourceLoader};
use std::path::{Path, PathBuf};

/// `(module, file as diagnostics show it, text)` of the standard library.
static STD: &[(&str, &str, &str)] = include!(concat!(env!("OUT_DIR"), "/std_sources.rs"));

/// The first name of every path into the standard library.
const STD_PREFIX: &str = "std.";

/// Finds `shapes.area` as `shapes/area.spl` below the folder of the program's file.
pub struct Loader {
    root: PathBuf,
}

impl Loader {
    /// A loader for the program in `file`: its folder is the package's root.
    pub fn new(file: &Path) -> Loader {
        Loader { root: file.parent().map(Path::to_path_buf).unwrap_or_default() }
    }
}

impl SourceLoader for Loader {
    fn load(&mut self, path: &str) -> Result<LoadedSource, LoadError> {
        if let Some(module) = path.strip_prefix(STD_PREFIX) {
            let found = STD.iter().find(|(name, ..)| *name == module).ok_or(LoadError::NotFound)?;
            return Ok(LoadedSource { name: found.1.to_string(), text: found.2.into() });
        }
        let mut file = self.root.clone();
        file.extend(path.split('.'));
        file.set_extension("spl");
        if !file.exists() {
            return Err(LoadError::NotFound);
        }
        let text =
            files::read_source(&file).map_err(|failure| LoadError::Unreadable(failure.message))?;
        Ok(LoadedSource { name: file.display().to_string(), text: text.into() })
    }
    fn library(&self) -> Vec<String> {
        STD.iter().map(|(module, ..)| format!("{STD_PREFIX}{module}")).collect()
    }
}
