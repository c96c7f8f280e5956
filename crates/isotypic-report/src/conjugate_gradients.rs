//! How a solution by conjugate gradients came about.

use serde::{Deserialize, Serialize};

/// A Gram matrix that was solved by conjugate gradients: some seeds are answered, to a tolerance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConjugateGradients {
    /// Seeds whose held-out pose was asked about; only they have results.
    pub answered: usize,
    /// Seeds that were observed.
    pub seeds: usize,
    /// Products with the block of the trivial irrep.
    pub products_trivial: usize,
    /// The most products with another block.
    pub products_others: usize,
    /// The largest residual of the dual weights, relative to the labels in the Euclidean norm.
    pub largest_residual: f64,
    /// What it had to be below.
    pub tolerance: f64,
}
