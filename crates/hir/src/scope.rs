//! The names of modules, and the look-up of a name from inside one.
//!
//! Types and values have name spaces of their own. A block with declarations is a module without
//! a path, nested in the one around it.
//! Must never look into a body: local variables are the body checker's.

use crate::ir::*;
use crate::program::Program;
use crate::ty::{FloatTy, IntTy, Ty, TyKind};
use rustc_hash::FxHashMap;
use sepal_base::{Span, Symbol, define_id, suggest};
use sepal_syntax::ast;
use smallvec::SmallVec;

define_id! {
    /// A `type` alias.
    pub(crate) struct AliasId;
}

/// `type Name[params] = ty`
pub(crate) struct AliasDef {
    pub(crate) name: Symbol,
    pub(crate) module: ModuleId,
    pub(crate) span: Span,
    pub(crate) generics: Vec<Symbol>,
    pub(crate) ty: ast::TypeId,
    pub(crate) state: AliasState,
}

#[derive(Clone, Copy)]
pub(crate) enum AliasState {
    Unknown,
    InProgress,
    Known(Ty),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TypeDef {
    Adt(AdtId),
    Trait(TraitId),
    Alias(AliasId),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ValueDef {
    Fn(FnId),
    Const(ConstId),
    Actor(ActorId),
}

/// A name with what it stands for here.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<T> {
    pub(crate) def: T,
    pub(crate) span: Span,
    pub(crate) public: bool,
    pub(crate) imported: bool,
}

pub(crate) type Variants = SmallVec<[(AdtId, VariantIdx); 2]>;

/// What a module's names stand for.
#[derive(Default)]
pub(crate) struct Scope {
    /// The module around a block's declarations.
    pub(crate) parent: Option<ModuleId>,
    pub(crate) types: FxHashMap<Symbol, Entry<TypeDef>>,
    pub(crate) values: FxHashMap<Symbol, Entry<ValueDef>>,
    pub(crate) variants: FxHashMap<Symbol, Variants>,
    pub(crate) modules: FxHashMap<Symbol, ModuleId>,
    /// Names of imports and variables that were reported: nothing more is said about them.
    pub(crate) broken: Vec<Symbol>,
    /// The variables of a script, or of a block and around it, which what is declared there does not see.
    pub(crate) unseen_vars: Vec<(Symbol, Span)>,
}

/// The outermost shape of a type: what methods and impls are indexed by.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Head {
    Int(IntTy),
    Float(FloatTy),
    Bool,
    Char,
    Str,
    Bytes,
    Symbol,
    Nil,
    Any,
    Never,
    Array,
    Tuple(usize),
    Fn(usize),
    Adt(AdtId),
    Dyn(TraitId),
}

impl Head {
    /// The shape of a type that has one: not a variable, parameter or error.
    pub(crate) fn of(ty: Ty) -> Option<Head> {
        Some(match ty.kind() {
            TyKind::Int(int) => Head::Int(*int),
            TyKind::Float(float) => Head::Float(*float),
            TyKind::Bool => Head::Bool,
            TyKind::Char => Head::Char,
            TyKind::Str => Head::Str,
            TyKind::Bytes => Head::Bytes,
            TyKind::Symbol => Head::Symbol,
            TyKind::Nil => Head::Nil,
            TyKind::Never => Head::Never,
            TyKind::Any => Head::Any,
            TyKind::Array(_) => Head::Array,
            TyKind::Tuple(elems) => Head::Tuple(elems.len()),
            TyKind::Fn(f) => Head::Fn(f.params.len()),
            TyKind::Adt(id, _) => Head::Adt(*id),
            TyKind::Dyn(id, _) => Head::Dyn(*id),
            TyKind::Param { .. } | TyKind::Var(_) | TyKind::Error => return None,
        })
    }
}

impl Head {
    /// The type of a shape that has no parts.
    pub(crate) fn plain_type(self) -> Option<Ty> {
        builtin_types().into_iter().map(|(_, ty)| ty).find(|ty| Head::of(*ty) == Some(self))
    }
}

/// The built-in types and the names they are written with.
pub(crate) fn builtin_types() -> [(&'static str, Ty); 18] {
    let int = |int| Ty::new(TyKind::Int(int));
    [
        ("int", Ty::int()),
        ("float", Ty::float()),
        ("bool", Ty::bool()),
        ("char", Ty::char()),
        ("str", Ty::str()),
        ("bytes", Ty::bytes()),
        ("symbol", Ty::symbol()),
        ("any", Ty::any()),
        ("never", Ty::never()),
        ("i8", int(IntTy::I8)),
        ("i16", int(IntTy::I16)),
        ("i32", int(IntTy::I32)),
        ("i64", int(IntTy::I64)),
        ("u8", int(IntTy::U8)),
        ("u16", int(IntTy::U16)),
        ("u32", int(IntTy::U32)),
        ("u64", int(IntTy::U64)),
        ("f32", Ty::new(TyKind::Float(FloatTy::F32))),
    ]
}

/// The built-in type of a name.
pub(crate) fn builtin_type(name: Symbol) -> Option<Ty> {
    thread_local! {
        static TABLE: FxHashMap<Symbol, Ty> = builtin_types()
            .into_iter()
            .chain([("f64", Ty::float()), ("nil", Ty::nil())])
            .map(|(name, ty)| (Symbol::intern(name), ty))
            .collect();
    }
    TABLE.with(|table| table.get(&name).copied())
}

impl Program {
    /// The modules whose names are seen from inside `module`, innermost first, without the prelude.
    fn scope_chain(&self, module: ModuleId) -> impl Iterator<Item = &Scope> {
        let first = Some(module);
        std::iter::successors(first, |m| self.scopes[*m].parent).map(|m| &self.scopes[m])
    }

    fn prelude_scope(&self) -> Option<&Scope> {
        self.prelude.map(|id| &self.scopes[id])
    }

    pub(crate) fn lookup_type(&self, module: ModuleId, name: Symbol) -> Option<TypeDef> {
        let own = self.scope_chain(module).find_map(|scope| scope.types.get(&name));
        let prelude = || self.prelude_scope()?.types.get(&name).filter(|entry| entry.public);
        own.or_else(prelude).map(|entry| entry.def)
    }

    /// Whether the name of a type is also that of its constructor: a struct or class.
    pub(crate) fn is_built(&self, def: TypeDef) -> bool {
        matches!(def, TypeDef::Adt(adt) if self.items.adts[adt].kind != AdtKind::Enum)
    }

    pub(crate) fn lookup_value(&self, module: ModuleId, name: Symbol) -> Option<ValueDef> {
        let own = self.scope_chain(module).find_map(|scope| scope.values.get(&name));
        let prelude = || self.prelude_scope()?.values.get(&name).filter(|entry| entry.public);
        own.or_else(prelude).map(|entry| entry.def)
    }

    pub(crate) fn lookup_module(&self, module: ModuleId, name: Symbol) -> Option<ModuleId> {
        self.scope_chain(module).find_map(|scope| scope.modules.get(&name)).copied()
    }

    /// Whether the name would be that of something that was reported.
    pub(crate) fn is_broken(&self, module: ModuleId, name: Symbol) -> bool {
        self.scope_chain(module).any(|scope| scope.broken.contains(&name))
    }

    /// The variable of the script that has the name.
    pub(crate) fn unseen_var(&self, module: ModuleId, name: Symbol) -> Option<Span> {
        let mut vars = self.scope_chain(module).flat_map(|scope| &scope.unseen_vars);
        vars.find(|(var, _)| *var == name).map(|(_, span)| *span)
    }

    /// The variants of this name that can be used bare: those of the innermost scope that has any.
    pub(crate) fn lookup_variants(&self, module: ModuleId, name: Symbol) -> &[(AdtId, VariantIdx)] {
        let own = self.scope_chain(module).find_map(|scope| scope.variants.get(&name));
        let prelude = || self.prelude_scope()?.variants.get(&name);
        own.or_else(prelude).map_or(&[], |found| found.as_slice())
    }

    /// The variant of this name in an enum.
    pub(crate) fn variant_of(&self, adt: AdtId, name: Symbol) -> Option<VariantIdx> {
        let def = &self.items.adts[adt];
        if def.kind != AdtKind::Enum {
            return None;
        }
        def.variants.iter_enumerated().find(|(_, variant)| variant.name == name).map(|(id, _)| id)
    }

    /// Every name that stands for a value in `module`.
    pub(crate) fn value_names(&self, module: ModuleId) -> Vec<&'static str> {
        let mut names = Vec::new();
        for scope in self.scope_chain(module) {
            names.extend(scope.values.keys().map(|name| name.as_str()));
            names.extend(scope.variants.keys().map(|name| name.as_str()));
            names.extend(scope.types.keys().map(|name| name.as_str()));
            names.extend(scope.modules.keys().map(|name| name.as_str()));
        }
        if let Some(scope) = self.prelude_scope() {
            let public = scope.values.iter().filter(|(_, entry)| entry.public);
            names.extend(public.map(|(name, _)| name.as_str()));
            names.extend(scope.variants.keys().map(|name| name.as_str()));
        }
        names
    }

    /// The structs, classes and enums that have a name in `module`, the prelude's left out.
    pub(crate) fn visible_types(&self, module: ModuleId) -> impl Iterator<Item = AdtId> {
        let entries = self.scope_chain(module).flat_map(|scope| scope.types.values());
        entries.filter_map(|entry| match entry.def {
            TypeDef::Adt(id) => Some(id),
            TypeDef::Trait(_) | TypeDef::Alias(_) => None,
        })
    }

    /// Every name that stands for a type in `module`.
    pub(crate) fn type_names(&self, module: ModuleId) -> Vec<&'static str> {
        let mut names: Vec<&'static str> = builtin_types().iter().map(|(name, _)| *name).collect();
        for scope in self.scope_chain(module).chain(self.prelude_scope()) {
            names.extend(scope.types.keys().map(|name| name.as_str()));
        }
        names
    }
}

/// The text "did you mean …" for the nearest of the names, if one is near.
pub(crate) fn near<'a>(name: Symbol, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    suggest::near_miss(name.as_str(), names)
}
