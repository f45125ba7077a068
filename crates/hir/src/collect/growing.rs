//! Structs and enums that hold themselves as a larger type each time, so that they would need endlessly many layouts.
//!
//! The parameters of all types are a graph: one leads to another where it stands in that one's argument in a field, and *grows*
//! there if the argument is more than it alone. A circle with such a step never ends. (Kennedy and Pierce, "On decidability of
//! nominal subtyping with variance", 2007, ask this of supertypes.) What stands in the arguments of a class is laid out when an
//! object is made, if ever.

use crate::ir::*;
use crate::program::Program;
use crate::ty::{Ty, TyKind};
use sepal_base::graph::Components;
use sepal_base::{Diagnostic, Id, Span, codes, define_id};

define_id! {
    /// A type parameter of a declared type; those of all types are numbered through.
    struct ParamNode;
}

/// An argument that is more than the parameter in it.
struct Growth {
    from: ParamNode,
    to: ParamNode,
    holder: AdtId,
    span: Span,
}

struct Graph<'p> {
    program: &'p Program,
    /// Where the parameters of each type begin.
    starts: Vec<usize>,
    successors: Vec<Vec<ParamNode>>,
    growths: Vec<Growth>,
}

impl Program {
    /// Reports each struct and enum that holds itself so.
    pub(crate) fn check_growing_types(&mut self) {
        let mut graph = Graph::new(self);
        for id in self.items.adts.ids() {
            graph.add_fields(id);
        }
        let circles = Components::new(&graph.successors).of;
        let mut reported = Vec::new();
        for growth in graph.growths {
            let is_circle = circles[growth.from.index()] == circles[growth.to.index()];
            if is_circle && !reported.iter().any(|(holder, _)| *holder == growth.holder) {
                reported.push((growth.holder, growth.span));
            }
        }
        for (holder, span) in reported {
            let name = self.items.adts[holder].name;
            let message = format!("`{name}` holds itself as a larger type each time, without end");
            let diagnostic = Diagnostic::new(codes::CYCLIC_DEFINITION, span, message);
            self.report(diagnostic.help("hold it by way of a list or a class"));
        }
    }
}

impl<'p> Graph<'p> {
    fn new(program: &'p Program) -> Graph<'p> {
        let mut count = 0;
        let mut start = |def: &AdtDef| {
            count += def.generics.params.len();
            count - def.generics.params.len()
        };
        let starts = program.items.adts.iter().map(&mut start).collect();
        Graph { program, starts, successors: vec![Vec::new(); count], growths: Vec::new() }
    }

    fn node(&self, adt: AdtId, param: usize) -> ParamNode {
        ParamNode::from_index(self.starts[adt.index()] + param)
    }

    fn is_class(&self, adt: AdtId) -> bool {
        self.program.items.adts[adt].kind == AdtKind::Class
    }

    fn add_fields(&mut self, id: AdtId) {
        if self.is_class(id) {
            return;
        }
        let program = self.program;
        for variant in &program.items.adts[id].variants {
            for field in &variant.fields {
                self.add(id, field.span, field.ty);
            }
        }
    }

    /// What is held by way of a type.
    fn add(&mut self, holder: AdtId, span: Span, ty: Ty) {
        if let TyKind::Tuple(elems) = ty.kind() {
            elems.iter().for_each(|elem| self.add(holder, span, *elem));
        } else if let Some((id, args)) = ty.as_adt()
            && !self.is_class(id)
        {
            for (n, arg) in args.iter().enumerate() {
                self.add_argument(holder, span, self.node(id, n), *arg);
                self.add(holder, span, *arg);
            }
        }
    }

    fn add_argument(&mut self, holder: AdtId, span: Span, to: ParamNode, arg: Ty) {
        arg.walk(&mut |part| {
            if let TyKind::Param { index, .. } = part.kind() {
                let from = self.node(holder, *index as usize);
                self.successors[from.index()].push(to);
                if part != arg {
                    self.growths.push(Growth { from, to, holder, span });
                }
            }
        });
    }
}
