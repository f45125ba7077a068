//! The imports of a file, in whichever of the two ways they are written.
//!
//! Must never know which modules there are.

use crate::ast::{FromImport, Import, ItemKind, Path};

/// An item that imports something.
#[derive(Clone, Copy, Debug)]
pub enum AnyImport<'a> {
    Module(&'a Import),
    Names(&'a FromImport),
}

impl<'a> AnyImport<'a> {
    /// The module that is imported or imported from.
    pub fn path(self) -> &'a Path {
        match self {
            AnyImport::Module(import) => &import.path,
            AnyImport::Names(import) => &import.path,
        }
    }
}

impl ItemKind {
    /// The import that an item is, if it is one.
    pub fn import(&self) -> Option<AnyImport<'_>> {
        match self {
            ItemKind::Import(import) => Some(AnyImport::Module(import)),
            ItemKind::FromImport(import) => Some(AnyImport::Names(import)),
            ItemKind::Error
            | ItemKind::Fn(_)
            | ItemKind::ExternFn(_)
            | ItemKind::Struct(_)
            | ItemKind::Class(_)
            | ItemKind::Enum(_)
            | ItemKind::Trait(_)
            | ItemKind::Impl(_)
            | ItemKind::Actor(_)
            | ItemKind::TypeAlias(_)
            | ItemKind::Let(_) => None,
        }
    }
}
