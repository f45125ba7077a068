//! Replacing values: collect first, apply once.
//!
//! Must never leave a replaced value in use once `apply` ran.

use crate::entities::Value;
use crate::function::Function;
use sepal_base::Id as _;

/// Which values stand for others. Values beyond the table stand for themselves.
#[derive(Default)]
pub struct Rewrites {
    to: Vec<Value>,
}

impl Rewrites {
    /// From now on `value` is `by`.
    pub fn replace(&mut self, value: Value, by: Value) {
        let by = self.get(by);
        debug_assert_ne!(value, by, "a value does not stand for itself");
        self.grow(value);
        self.to[value.index()] = by;
    }

    fn grow(&mut self, value: Value) {
        let len = self.to.len() as u32;
        self.to.extend((len..=value.0).map(Value));
    }

    /// What `value` is now.
    pub fn get(&self, mut value: Value) -> Value {
        while let Some(&next) = self.to.get(value.index()) {
            if next == value {
                break;
            }
            value = next;
        }
        value
    }

    /// Puts them into effect. Gives whether there were any.
    pub fn apply(&self, func: &mut Function) -> bool {
        let any = !self.to.is_empty();
        if any {
            func.map_all_uses(|value| self.get(value));
        }
        any
    }
}
