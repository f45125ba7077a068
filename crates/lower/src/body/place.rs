//! Places: what can be assigned, read and written with its operands evaluated once.

use super::BodyCx;
use crate::cx::Vals;
use sepal_hir::{Callee, ExprId, FieldIdx, LocalId, Place, PlaceRoot, Ty, VariantIdx};
use sepal_mir::Value;

/// A place whose operands have been evaluated.
pub(super) struct OpenPlace<'a> {
    pub place: &'a Place,
    root: OpenRoot<'a>,
}

enum OpenRoot<'a> {
    Local(LocalId),
    ClassField {
        class: Ty,
        object: Value,
        field: FieldIdx,
    },
    Element {
        container: Vals,
        container_ty: Ty,
        index: Vals,
        index_ty: Ty,
        get: Option<&'a Callee>,
        set: &'a Callee,
        ty: Ty,
    },
}

impl BodyCx<'_, '_> {
    /// Evaluates the operands of a place, left to right.
    pub(super) fn open_place<'a>(&mut self, place: &'a Place) -> OpenPlace<'a> {
        let root = match &place.root {
            PlaceRoot::Local(local) => OpenRoot::Local(*local),
            PlaceRoot::ClassField { object, field, .. } => {
                let class = self.expr_ty(*object);
                OpenRoot::ClassField { class, object: self.expr(*object)[0], field: *field }
            }
            PlaceRoot::Element { container, index, get, set, ty } => {
                let (container_ty, index_ty) = (self.expr_ty(*container), self.expr_ty(*index));
                let container = self.expr(*container);
                let index = self.expr(*index);
                let ty = self.subst(*ty);
                OpenRoot::Element {
                    container,
                    container_ty,
                    index,
                    index_ty,
                    get: get.as_ref(),
                    set,
                    ty,
                }
            }
        };
        OpenPlace { place, root }
    }

    /// The value in the place.
    pub(super) fn read_place(&mut self, place: &OpenPlace<'_>) -> Vals {
        let (ty, root) = self.read_root(place);
        self.read_path(place, ty, root)
    }

    /// The value of the root, with its type.
    fn read_root(&mut self, place: &OpenPlace<'_>) -> (Ty, Vals) {
        self.at(place.place.span);
        match &place.root {
            OpenRoot::Local(local) => (self.local_ty(*local), self.read_local(*local)),
            OpenRoot::ClassField { class, object, field } => {
                let ty = self.field_ty(*class, VariantIdx(0), *field);
                (ty, self.field(*class, &[*object], VariantIdx(0), *field))
            }
            OpenRoot::Element { container, container_ty, index, index_ty, get, ty, .. } => {
                let get = get.expect("an element that is read has a getter");
                let values = [container.clone(), index.clone()];
                (*ty, self.call_prepared(get, &values, &[*container_ty, *index_ty], *ty))
            }
        }
    }

    /// Follows the path of struct fields.
    fn read_path(&mut self, place: &OpenPlace<'_>, mut ty: Ty, mut value: Vals) -> Vals {
        for step in &place.place.path {
            value = self.field(ty, &value, VariantIdx(0), step.field);
            ty = self.field_ty(ty, VariantIdx(0), step.field);
        }
        value
    }

    /// Stores a value of the place's type.
    pub(super) fn write_place(&mut self, place: &OpenPlace<'_>, value: Vals) {
        let value = if place.place.path.is_empty() {
            value
        } else {
            let (ty, root) = self.read_root(place);
            self.rebuild(place, ty, &root, 0, value)
        };
        self.at(place.place.span);
        match &place.root {
            OpenRoot::Local(local) => self.write_local(*local, &value),
            OpenRoot::ClassField { class, object, field } => {
                self.set_class_field(*class, *object, *field, &value);
            }
            OpenRoot::Element { container, container_ty, index, index_ty, set, ty, .. } => {
                let values = [container.clone(), index.clone(), value];
                self.call_prepared(set, &values, &[*container_ty, *index_ty, *ty], Ty::nil());
            }
        }
    }

    /// The struct at step `depth` of the path with the new value put in at the path's end.
    fn rebuild(
        &mut self,
        place: &OpenPlace<'_>,
        ty: Ty,
        value: &[Value],
        depth: usize,
        new: Vals,
    ) -> Vals {
        let Some(step) = place.place.path.get(depth) else { return new };
        let inner_ty = self.field_ty(ty, VariantIdx(0), step.field);
        let inner = if depth + 1 == place.place.path.len() {
            new
        } else {
            let inner = self.field(ty, value, VariantIdx(0), step.field);
            self.rebuild(place, inner_ty, &inner, depth + 1, new)
        };
        self.with_field(ty, value, step.field, &inner)
    }

    /// `place = value`, or with `current` an update of what the place holds.
    pub(super) fn assign(&mut self, place: &Place, current: Option<LocalId>, value: ExprId) {
        let place = self.open_place(place);
        if let Some(local) = current {
            let now = self.read_place(&place);
            self.bind_local(local, now);
        }
        let value = self.expr(value);
        if !self.b.is_unreachable() {
            self.write_place(&place, value);
        }
    }
}
