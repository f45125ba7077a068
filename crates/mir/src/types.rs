//! The scalar types of MIR and the signatures built from them.
//!
//! Must never know a Sepal type: tuples, structs and enums have become scalars before MIR.

/// The type of one SSA value: the scalars that cross calls are the scalars of MIR.
pub use sepal_abi::Scalar as Type;

/// What a function takes and gives. Calls pass and return several scalars.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Signature {
    pub params: Vec<Type>,
    pub results: Vec<Type>,
}

impl Signature {
    /// A signature from its two lists.
    pub fn new(params: impl Into<Vec<Type>>, results: impl Into<Vec<Type>>) -> Signature {
        Signature { params: params.into(), results: results.into() }
    }
}
