//! What lowering a whole module shares: which instances exist, what is still to be lowered,
//! and the tables of types and places.
//!
//! Must never lower a body itself: `body`, `shims` and `entry` do, one queue entry at a time.

use crate::repr::{InstanceShape, ObjectShape, ReprState, SlotsKind};
use crate::share::Sharing;
use crate::{Options, Refusal, body, entry, shims};
use rustc_hash::{FxHashMap, FxHashSet};
use sepal_base::{Diagnostic, FileId, Span, Symbol, codes};
use sepal_hir::ast::FnFlavour;
use sepal_hir::lang::{LangFn, LangTy};
use sepal_hir::{self as hir, Body, ConstId, ExprId, FnId, LocalId, Program, Ty};
use sepal_mir::{
    FileIdx, FuncId, GlobalId, LayoutId, Loc, LocId, Module, Signature, Type, Value, VtableId,
};
use smallvec::SmallVec;
use std::rc::Rc;

/// The scalars of one value.
pub type Vals = SmallVec<[Value; 4]>;

/// Type arguments without parameters.
pub type Args = Rc<[Ty]>;

/// A function of the module, by what it is made from.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Instance {
    /// A function or method with its type arguments.
    Fn(FnId, Args),
    /// A lambda of such an instance.
    Lambda { owner: FnId, args: Args, expr: ExprId },
    /// The body of a generator function or of an `async fn`: a root, which only frames lead to.
    RootFn(FnId, Args),
    /// The body of a `spawn`, an `async` or a `fn*` lambda, a root: its captures are parameters.
    RootLambda { owner: FnId, args: Args, expr: ExprId },
    /// Runs a `terminate`: a root.
    Terminate(FnId),
    /// The code of a closure that calls a function.
    FnValue(FnId, Args),
    /// A slot of a trait's vtable: unpacks the value and calls the method; and gives the value that this has made of it,
    /// where the trait's method changes `self`.
    DynMethod { resolved: hir::Resolved, self_ty: Ty, changes_self: bool },
    /// An operation of a type inside `any`.
    Any(shims::AnyOp, Ty),
    /// Gives a constant, computing it when it is first asked for.
    Const(ConstId),
    /// The program's entry around the function `main`.
    Entry(FnId),
}

/// What a lambda's code needs from the place where it stands.
pub struct LambdaSite {
    pub body: Rc<Body>,
    /// The representation of each capture, in order.
    pub captures: Vec<(LocalId, Captured)>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Captured {
    /// The scalars of the value.
    Value,
    /// A reference to the variable's cell.
    Cell(LayoutId),
}

/// The globals of a constant.
#[derive(Clone)]
pub struct ConstGlobals {
    /// Whether it is computed.
    pub ready: GlobalId,
    pub scalars: Rc<[GlobalId]>,
    /// Whether it is being computed, where that may need the constant.
    pub busy: Option<GlobalId>,
}

pub struct ModuleCx<'p> {
    pub program: &'p mut Program,
    pub module: Module,
    pub options: Options,
    pub refusal: Option<Refusal>,
    pub reprs: FxHashMap<Ty, ReprState>,
    pub objects: FxHashMap<Ty, Rc<ObjectShape>>,
    pub instance_layouts: FxHashMap<InstanceShape, LayoutId>,
    /// By the scalars of an element.
    pub arrays: FxHashMap<Box<[Type]>, LayoutId>,
    pub slot_layouts: FxHashMap<(SlotsKind, Box<[Type]>), LayoutId>,
    pub lambdas: FxHashMap<Instance, LambdaSite>,
    pub consts: FxHashMap<ConstId, ConstGlobals>,
    pub vtables: FxHashMap<(Ty, Option<hir::TraitRef>), VtableId>,
    /// The traits whose `dyn` is shown somewhere.
    pub shown_dyns: FxHashSet<hir::TraitRef>,
    pub empty_array: Option<LayoutId>,
    /// The functions of the standard library.
    pub library: FxHashSet<FuncId>,
    /// Which instances are one.
    pub sharing: Sharing,
    instances: FxHashMap<Instance, FuncId>,
    queue: Vec<(Instance, FuncId)>,
    files: FxHashMap<FileId, FileIdx>,
    /// Places asked for lately, by the lower bits of their offsets: the parts of an expression begin where it does.
    places: Box<[Option<(FileId, u32, Symbol, LocId)>; RECENT]>,
}

/// How many places are kept at hand.
const RECENT: usize = 256;

impl<'p> ModuleCx<'p> {
    pub fn new(program: &'p mut Program, options: Options) -> ModuleCx<'p> {
        ModuleCx {
            program,
            module: Module::new(),
            options,
            refusal: None,
            reprs: FxHashMap::default(),
            objects: FxHashMap::default(),
            instance_layouts: FxHashMap::default(),
            arrays: FxHashMap::default(),
            slot_layouts: FxHashMap::default(),
            lambdas: FxHashMap::default(),
            consts: FxHashMap::default(),
            vtables: FxHashMap::default(),
            shown_dyns: FxHashSet::default(),
            empty_array: None,
            library: FxHashSet::default(),
            sharing: Sharing::default(),
            instances: FxHashMap::default(),
            queue: Vec::new(),
            files: FxHashMap::default(),
            places: Box::new([None; RECENT]),
        }
    }

    /// Lowers instances until no new ones are asked for.
    pub fn lower_queue(&mut self) {
        while let Some((instance, id)) = self.queue.pop() {
            if self.refusal.is_some() {
                return;
            }
            let function = match instance {
                Instance::Fn(function, args) => body::lower_fn(self, function, args),
                Instance::Lambda { owner, ref args, expr } => {
                    let args = args.clone();
                    body::lower_lambda(self, owner, args, expr, &instance)
                }
                Instance::RootFn(function, args) => body::lower_root_fn(self, function, args),
                Instance::RootLambda { owner, ref args, expr } => {
                    let args = args.clone();
                    body::lower_root_lambda(self, owner, args, expr, &instance)
                }
                Instance::Terminate(owner) => body::terminate_root(self, owner),
                Instance::FnValue(function, args) => shims::fn_value(self, function, &args),
                Instance::DynMethod { resolved, self_ty, changes_self } => {
                    shims::dyn_method(self, &resolved, self_ty, changes_self)
                }
                Instance::Any(op, ty) => shims::any_op(self, op, ty),
                Instance::Const(id) => entry::constant(self, id),
                Instance::Entry(main) => entry::entry(self, main),
            };
            if let Some(function) = function {
                self.module.functions[id] = function;
            }
        }
    }

    /// The function of an instance, to be lowered if it is new.
    pub fn instance(
        &mut self,
        instance: Instance,
        name: Symbol,
        sig: impl FnOnce(&mut Self) -> Signature,
    ) -> FuncId {
        if let Some(&id) = self.instances.get(&instance) {
            return id;
        }
        let sig = sig(self);
        let id = self.module.declare(name, sig);
        self.instances.insert(instance.clone(), id);
        self.queue.push((instance, id));
        id
    }

    /// Where the lambda of an instance stands, and what it captures.
    pub fn lambda_site(&self, instance: &Instance) -> (Rc<Body>, Vec<(LocalId, Captured)>) {
        let site = self.lambdas.get(instance).expect("a lambda is queued where it is met");
        (Rc::clone(&site.body), site.captures.clone())
    }

    /// A function or method with code of its own.
    pub fn fn_instance(&mut self, id: FnId, args: &[Ty]) -> FuncId {
        if args.iter().any(|arg| arg.is_endless()) {
            self.refuse_endless(id, args);
        }
        let args = self.shared_args(id, args);
        let instance = Instance::Fn(id, args.clone());
        let name = self.program.items.fns[id].trace_name;
        let func = self.instance(instance, name, |cx| cx.fn_signature(id, &args));
        if self.program.items.modules[self.program.items.fns[id].module].is_std {
            self.library.insert(func);
        }
        func
    }

    /// Reports a function that is needed for one type after another without end.
    fn refuse_endless(&mut self, id: FnId, args: &[Ty]) {
        if self.refusal.is_some() {
            return;
        }
        self.refuse(Refusal::Errors);
        let items = &self.program.items;
        let def = &items.fns[id];
        // Of what the library does with a type of the program, the program's part is shown.
        let mut span = def.span;
        if items.modules[def.module].is_std {
            let mut own = None;
            let mut look = |ty: Ty| {
                let adt = ty.as_adt().map(|(adt, _)| &items.adts[adt]);
                own =
                    own.or(adt.filter(|adt| !items.modules[adt.module].is_std).map(|adt| adt.span));
            };
            args.iter().for_each(|arg| arg.walk(&mut look));
            span = own.unwrap_or(span);
        }
        let message = format!("`{}` is needed for endlessly many types", def.trace_name);
        let diagnostic = Diagnostic::new(codes::CYCLIC_DEFINITION, span, message)
            .note("it leads to itself with a larger type each time");
        self.program.diagnostics.push(diagnostic);
    }

    /// Parameters, then results; a method with `var self` also gives `self` back.
    pub fn fn_signature(&mut self, id: FnId, args: &[Ty]) -> Signature {
        let (params, ret) = self.fn_types(id, args);
        let mut results = self.repr(ret).scalars.to_vec();
        if self.program.items.fns[id].self_param == hir::SelfKind::InOut {
            results.extend_from_slice(&self.repr(params[0]).scalars);
        }
        Signature::new(self.scalars(&params), results)
    }

    /// The signature of a trait's method where it is found in a vtable, with a `dyn` for `Self`: one that changes `self`
    /// gives that back.
    pub fn virtual_signature(&mut self, method: FnId, args: &[Ty]) -> Signature {
        let (params, ret) = self.fn_types(method, args);
        let mut results = self.repr(ret).scalars.to_vec();
        results.extend(self.program.changes_self(method).then_some(Type::Ref));
        Signature::new(self.scalars(&params), results)
    }

    /// The parameters' types and the result's.
    pub fn fn_types(&self, id: FnId, args: &[Ty]) -> (Vec<Ty>, Ty) {
        let def = &self.program.items.fns[id];
        (def.params.iter().map(|p| p.ty.subst(args)).collect(), def.ret.subst(args))
    }

    /// The scalars of several types in a row.
    pub fn scalars(&mut self, types: &[Ty]) -> Vec<Type> {
        types.iter().flat_map(|ty| self.repr(*ty).scalars.to_vec()).collect()
    }

    /// The signature of the code of a closure of this type: the closure itself comes first.
    pub fn closure_signature(&mut self, params: &[Ty], ret: Ty) -> Signature {
        let mut all = vec![Type::Ref];
        all.extend(self.scalars(params));
        Signature::new(all, self.repr(ret).scalars.to_vec())
    }

    /// Of the code of a lambda, whose body gives `ret`: generators and futures are one reference.
    pub fn lambda_signature(&mut self, flavour: FnFlavour, params: &[Ty], ret: Ty) -> Signature {
        let mut sig = self.closure_signature(params, ret);
        match flavour {
            FnFlavour::Plain => {}
            FnFlavour::Generator | FnFlavour::Async => sig.results = vec![Type::Ref],
        }
        sig
    }

    /// A function of the standard library that the compiler relies on.
    pub fn lang_fn(&self, item: LangFn) -> FnId {
        self.program.lang.function(item).expect("the standard library declares every lang function")
    }

    /// Whether the type is the given one of the standard library; its arguments if so.
    pub fn as_lang(&self, ty: Ty, item: LangTy) -> Option<&'static [Ty]> {
        let (adt, args) = ty.as_adt()?;
        (self.program.lang.ty(item) == Some(adt)).then_some(args)
    }

    /// The location of `span` in a function. Functions of the standard library have no name in
    /// traces, which leave such lines out.
    pub fn loc(&mut self, span: Span, function: Symbol) -> LocId {
        let recent = span.lo as usize % RECENT;
        if let Some((file, lo, named, known)) = self.places[recent]
            && (file, lo, named) == (span.file, span.lo, function)
        {
            return known;
        }
        let file = match self.files.get(&span.file) {
            Some(&file) => file,
            None => {
                let name = self.program.sources.file(span.file).name.clone();
                let file = self.module.files.push(name);
                self.files.insert(span.file, file);
                file
            }
        };
        let place = self.program.sources.file(span.file).line_col(span.lo);
        let (line, col) = (place.line, place.col);
        let loc = Loc { file, line, col, function, inlined_at: LocId::NONE };
        let id = self.module.locs.add(loc);
        self.places[recent] = Some((span.file, span.lo, function, id));
        id
    }

    /// The name of a function in traces; empty for those of the standard library.
    pub fn trace_name(&self, id: FnId) -> Symbol {
        let def = &self.program.items.fns[id];
        if self.program.items.modules[def.module].is_std {
            Symbol::intern("")
        } else {
            def.trace_name
        }
    }

    /// Notes why the program cannot be lowered; what follows is thrown away.
    pub fn refuse(&mut self, refusal: Refusal) {
        self.refusal.get_or_insert(refusal);
    }
}
