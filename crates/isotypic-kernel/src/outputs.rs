//! What to evaluate, and the matrices that come out.

use ndarray::Array2;

use crate::KernelError;

/// Which kernels to evaluate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outputs {
    /// The NNGP kernel only: the covariance of outputs at initialisation.
    Nngp,
    /// The neural tangent kernel only, in half the memory of both.
    Ntk,
    /// The NNGP and the neural tangent kernel.
    NngpAndNtk,
}

impl Outputs {
    /// Whether the NNGP kernel is wanted.
    #[must_use]
    pub fn with_nngp(self) -> bool {
        self != Self::Ntk
    }

    /// Whether the tangent kernel is wanted.
    #[must_use]
    pub fn with_ntk(self) -> bool {
        self != Self::Nngp
    }

    /// Number of matrices.
    #[must_use]
    pub fn count(self) -> u64 {
        u64::from(self.with_nngp()) + u64::from(self.with_ntk())
    }
}

/// Kernel matrices between two lists of points.
///
/// # Shapes
/// A matrix that was asked for is `[rows, columns]`.
#[derive(Debug, Clone, PartialEq)]
pub struct KernelMatrices<T = f64> {
    /// The NNGP kernel; `[0, 0]` if it was not asked for.
    pub nngp: Array2<T>,
    /// The neural tangent kernel, if it was asked for.
    pub ntk: Option<Array2<T>>,
}

impl KernelMatrices {
    /// Refuses what is not finite; `point_of` names the point of a row or column.
    pub(crate) fn check_range(&self, point_of: impl Fn(usize) -> usize) -> Result<(), KernelError> {
        let all = [Some(&self.nngp), self.ntk.as_ref()].into_iter().flatten();
        match all.flat_map(|matrix| matrix.indexed_iter()).find(|(_, value)| !value.is_finite()) {
            None => Ok(()),
            Some(((row, column), &value)) => {
                let (row, column) = (point_of(row), point_of(column));
                Err(KernelError::KernelOutOfRange { row, column, value })
            }
        }
    }
}
