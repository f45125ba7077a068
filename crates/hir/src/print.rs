//! Types as they are written in source.

use crate::ir::TraitRef;
use crate::lang::LangTy;
use crate::program::Program;
use crate::ty::{FnTy, Ty, TyKind};

impl Program {
    /// The type as it is written in source; what is not known yet is `_`.
    pub fn type_name(&self, ty: Ty) -> String {
        let mut out = String::new();
        self.write_type(&mut out, self.infer.resolve(ty));
        out
    }

    /// The name without type arguments, as in panic reports.
    pub(crate) fn type_name_short(&self, ty: Ty) -> String {
        match ty.as_adt() {
            Some((id, _)) if self.lang.which_ty(id).is_none() => {
                self.items.adts[id].name.to_string()
            }
            _ => self.type_name(ty),
        }
    }

    /// `Trait[args]`
    pub(crate) fn trait_name(&self, trait_ref: &TraitRef) -> String {
        let mut out = self.items.traits[trait_ref.id].name.to_string();
        let args: Vec<Ty> = trait_ref.args.iter().map(|arg| self.infer.resolve(*arg)).collect();
        if args.iter().any(|arg| !arg.is_var()) {
            self.write_args(&mut out, &args);
        }
        out
    }

    fn write_type(&self, out: &mut String, ty: Ty) {
        match ty.kind() {
            TyKind::Int(int) => out.push_str(int.as_str()),
            TyKind::Float(float) => out.push_str(float.as_str()),
            TyKind::Bool => out.push_str("bool"),
            TyKind::Char => out.push_str("char"),
            TyKind::Str => out.push_str("str"),
            TyKind::Bytes => out.push_str("bytes"),
            TyKind::Symbol => out.push_str("symbol"),
            TyKind::Nil => out.push_str("nil"),
            TyKind::Never => out.push_str("never"),
            TyKind::Any => out.push_str("any"),
            TyKind::Error => out.push('_'),
            TyKind::Var(_) => out.push_str(match self.infer.var_kind(ty) {
                Some(crate::infer::VarKind::Int) => "int",
                Some(crate::infer::VarKind::Float) => "float",
                Some(crate::infer::VarKind::General) | None => "_",
            }),
            TyKind::Param { name, .. } => out.push_str(name.as_str()),
            TyKind::Array(elem) => {
                out.push_str("Array");
                self.write_args(out, &[*elem]);
            }
            TyKind::Tuple(elems) => {
                self.write_list(out, '(', elems, if elems.len() == 1 { ",)" } else { ")" });
            }
            TyKind::Fn(f) => self.write_fn(out, f),
            TyKind::Adt(id, args) => match (self.lang.which_ty(*id), &args[..]) {
                (Some(LangTy::List), args) => self.write_list(out, '[', args, "]"),
                (Some(LangTy::Set), args) => self.write_list(out, '{', args, "}"),
                (Some(LangTy::Dict), [key, value]) => {
                    out.push('{');
                    self.write_type(out, *key);
                    out.push_str(": ");
                    self.write_type(out, *value);
                    out.push('}');
                }
                (Some(LangTy::Option), [inner]) if !matches!(inner.kind(), TyKind::Fn(_)) => {
                    self.write_type(out, *inner);
                    out.push('?');
                }
                (Some(LangTy::AnyPid), _) => out.push_str("Pid"),
                _ => {
                    out.push_str(self.items.adts[*id].name.as_str());
                    self.write_args(out, args);
                }
            },
            TyKind::Dyn(id, args) => {
                out.push_str("dyn ");
                out.push_str(self.items.traits[*id].name.as_str());
                self.write_args(out, args);
            }
        }
    }

    fn write_fn(&self, out: &mut String, f: &FnTy) {
        out.push_str("fn");
        self.write_list(out, '(', &f.params, ")");
        if !f.ret.is_nil() {
            out.push_str(" -> ");
            self.write_type(out, f.ret);
        }
        if let Some(mailbox) = f.mailbox {
            out.push_str(" of ");
            self.write_type(out, mailbox);
        }
    }

    fn write_args(&self, out: &mut String, args: &[Ty]) {
        if !args.is_empty() {
            self.write_list(out, '[', args, "]");
        }
    }

    fn write_list(&self, out: &mut String, open: char, tys: &[Ty], close: &str) {
        out.push(open);
        for (index, ty) in tys.iter().enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            self.write_type(out, *ty);
        }
        out.push_str(close);
    }
}
