//! What projection on the group average changes.

use serde::{Deserialize, Serialize};

/// Predictions of a few seeds alone, on their Gram matrix as it is and on its projection on the invariant ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProjectionEffect {
    /// Seeds of which both matrices were solved.
    pub seeds: usize,
    /// Held-out points among them.
    pub points: usize,
    /// Median over points and classes of the difference of predictions.
    pub median_difference: f64,
    /// The largest difference.
    pub largest_difference: f64,
    /// Points that the two matrices put into different classes.
    pub changed: usize,
    /// Of all seeds: the largest residual of the solution on single rows of the matrix as it is, relative to the largest label.
    pub single_row_residual: f64,
}
