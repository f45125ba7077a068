//! The symbols of a process: names by number, numbers by name.
//!
//! The image's own come first, in its order, since compiled code holds their numbers. Behind a lock of the
//! runtime's. Must never forget a name.

use sepal_abi::Image;
use std::collections::HashMap;

/// See the module's head.
#[derive(Debug, Default)]
pub struct Symbols {
    names: Vec<Box<str>>,
    numbers: HashMap<Box<str>, u32>,
}

impl Symbols {
    /// The symbols of a program.
    pub fn of(image: &Image) -> Symbols {
        let mut symbols = Symbols::default();
        for &range in image.symbols.as_slice() {
            let name: Box<str> = image.text(range).into();
            symbols.numbers.insert(name.clone(), symbols.names.len() as u32);
            symbols.names.push(name);
        }
        symbols
    }

    /// The number of a name; new names get the next one.
    pub fn intern(&mut self, name: &str) -> u32 {
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        let number = self.names.len() as u32;
        self.names.push(name.into());
        self.numbers.insert(name.into(), number);
        number
    }

    /// The name of a number that was given out.
    pub fn name(&self, number: u32) -> &str {
        self.names.get(number as usize).map_or("?", |name| name)
    }
}
