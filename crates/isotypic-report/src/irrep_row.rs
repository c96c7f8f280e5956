//! What an irreducible representation has to do with the errors.

use serde::{Deserialize, Serialize};

/// The part of one irrep in the held-out errors of a summary row, averaged over its results.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IrrepRow {
    /// Its name, such as `k=3`; of conjugate pairs the one of smaller index.
    pub irrep: String,
    /// Its dimension.
    pub dimension: usize,
    /// Its part of all functions on the group, squared dimension over order (twice that for a conjugate pair); all
    /// weights add up to 1.
    pub weight: Option<f64>,
    /// Its part of the inverse power that holds an error down; all shares add up to 1.
    pub share: Option<f64>,
    /// Weight times error, minus share: adds up to the error minus 1 over all irreps, so that the largest positive ones
    /// cause a failure.
    pub excess: Option<f64>,
}
