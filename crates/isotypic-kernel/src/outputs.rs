//! What to evaluate, and the matrices that come out.

use ndarray::Array2;

/// Which kernels to evaluate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outputs {
    /// The NNGP kernel only: the covariance of outputs at initialisation.
    Nngp,
    /// The NNGP and the neural tangent kernel.
    NngpAndNtk,
}

impl Outputs {
    /// Whether the tangent kernel is wanted.
    #[must_use]
    pub fn with_ntk(self) -> bool {
        self == Self::NngpAndNtk
    }

    /// Number of matrices.
    #[must_use]
    pub fn count(self) -> u64 {
        if self.with_ntk() { 2 } else { 1 }
    }
}

/// Kernel matrices between two lists of points.
///
/// # Shapes
/// Both matrices are `[rows, columns]`.
#[derive(Debug, Clone, PartialEq)]
pub struct KernelMatrices<T = f64> {
    /// The NNGP kernel.
    pub nngp: Array2<T>,
    /// The neural tangent kernel, if it was asked for.
    pub ntk: Option<Array2<T>>,
}
