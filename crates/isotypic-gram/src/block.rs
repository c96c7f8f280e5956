//! One block of an invariant Gram matrix: what it does on one irreducible representation.

use isotypic_group::{IrrepLabel, IrrepSlot};
use ndarray::{Array2, ArrayRef2};
use num_complex::Complex64;

use crate::GramError;
use crate::linear_algebra::{BadPivot, Cholesky, Scalar, eigenvalues, eigenvectors, rounding_floor};

/// The Hermitian matrix $B_\rho = [\sum_u \kappa_{st}(u)\, \rho(u)]_{st}$ of one irrep, or of a pair of
/// conjugate ones.
///
/// Row s·d + i belongs to seed s and row i of the irrep.
#[derive(Clone, Debug)]
pub struct IrrepBlock {
    slot: IrrepSlot,
    matrix: BlockMatrix,
}

/// The entries of a block, real where the irrep is.
#[derive(Clone, Debug, PartialEq)]
pub enum BlockMatrix {
    /// Of an irrep by real matrices.
    Real(Array2<f64>),
    /// Of any other irrep.
    Complex(Array2<Complex64>),
}

/// The Cholesky factor of a block plus a ridge.
#[derive(Clone, Debug)]
pub(crate) enum BlockFactor {
    Real(Cholesky<f64>),
    Complex(Cholesky<Complex64>),
}

/// The eigenvalues of a block, ascending, and its eigenvectors as columns.
pub(crate) enum BlockEigen {
    Real(Vec<f64>, Array2<f64>),
    Complex(Vec<f64>, Array2<Complex64>),
}

impl IrrepBlock {
    pub(crate) fn new(slot: IrrepSlot, matrix: BlockMatrix) -> Self {
        Self { slot, matrix }
    }

    /// The name of the irrep, the one of smaller index of a conjugate pair.
    pub fn label(&self) -> &IrrepLabel {
        &self.slot.label
    }

    /// The dimension $d_\rho$ of the irrep.
    pub fn dimension(&self) -> usize {
        self.slot.dimension
    }

    /// How often each eigenvalue of the block stands in the Gram matrix: $d_\rho$, or $2 d_\rho$ where a
    /// conjugate pair shares the block.
    pub fn multiplicity(&self) -> usize {
        self.slot.dimension * self.slot.weight
    }

    /// The entries.
    ///
    /// # Shapes
    /// `[seeds · d, seeds · d]`
    pub fn matrix(&self) -> &BlockMatrix {
        &self.matrix
    }

    /// The eigenvalues, ascending.
    ///
    /// # Errors
    /// [`GramError::EigenvaluesNotConverged`] if the iteration stalls.
    pub fn eigenvalues(&self) -> Result<Vec<f64>, GramError> {
        match &self.matrix {
            BlockMatrix::Real(matrix) => eigenvalues(matrix),
            BlockMatrix::Complex(matrix) => eigenvalues(matrix),
        }
    }

    /// The rounding error of a factorisation of this block.
    pub(crate) fn rounding_floor(&self) -> f64 {
        match &self.matrix {
            BlockMatrix::Real(matrix) => rounding_floor(matrix),
            BlockMatrix::Complex(matrix) => rounding_floor(matrix),
        }
    }

    pub(crate) fn factor(&self, ridge: f64, floor: f64) -> Result<BlockFactor, BadPivot> {
        match &self.matrix {
            BlockMatrix::Real(matrix) => Cholesky::new(matrix, ridge, floor).map(BlockFactor::Real),
            BlockMatrix::Complex(matrix) => Cholesky::new(matrix, ridge, floor).map(BlockFactor::Complex),
        }
    }

    /// The product with coefficients of vectors.
    pub(crate) fn apply(&self, vectors: &Array2<Complex64>) -> Array2<Complex64> {
        match &self.matrix {
            BlockMatrix::Real(matrix) => to_complex(&matrix.dot(&vectors.map(|value| value.re))),
            BlockMatrix::Complex(matrix) => matrix.dot(vectors),
        }
    }

    pub(crate) fn eigen(&self) -> Result<BlockEigen, GramError> {
        Ok(match &self.matrix {
            BlockMatrix::Real(matrix) => {
                let (values, vectors) = eigenvectors(matrix)?;
                BlockEigen::Real(values, vectors)
            }
            BlockMatrix::Complex(matrix) => {
                let (values, vectors) = eigenvectors(matrix)?;
                BlockEigen::Complex(values, vectors)
            }
        })
    }
}

impl BlockEigen {
    /// The eigenvalues, ascending.
    pub(crate) fn values(&self) -> &[f64] {
        match self {
            Self::Real(values, _) | Self::Complex(values, _) => values,
        }
    }

    /// The matrix with the same eigenvectors and the eigenvalues `map(value)`.
    pub(crate) fn function(&self, map: impl Fn(f64) -> f64) -> Array2<Complex64> {
        match self {
            Self::Real(values, vectors) => to_complex(&function(values, vectors, map)),
            Self::Complex(values, vectors) => function(values, vectors, map),
        }
    }
}

impl BlockFactor {
    /// The inverse of the block plus ridge times coefficients of vectors.
    pub(crate) fn solve(&self, vectors: &Array2<Complex64>) -> Array2<Complex64> {
        match self {
            Self::Real(factor) => to_complex(&factor.solve(&vectors.map(|value| value.re))),
            Self::Complex(factor) => factor.solve(vectors),
        }
    }

    pub(crate) fn inverse(&self) -> Array2<Complex64> {
        match self {
            Self::Real(factor) => to_complex(&factor.inverse()),
            Self::Complex(factor) => factor.inverse(),
        }
    }

    pub(crate) fn inverse_diagonal(&self) -> Vec<f64> {
        match self {
            Self::Real(factor) => factor.inverse_diagonal().to_vec(),
            Self::Complex(factor) => factor.inverse_diagonal().to_vec(),
        }
    }

    pub(crate) fn log_det(&self) -> f64 {
        match self {
            Self::Real(factor) => factor.log_det(),
            Self::Complex(factor) => factor.log_det(),
        }
    }

    pub(crate) fn extreme_eigenvalues(&self) -> Result<(f64, f64), GramError> {
        match self {
            Self::Real(factor) => factor.extreme_eigenvalues(),
            Self::Complex(factor) => factor.extreme_eigenvalues(),
        }
    }
}

pub(crate) fn to_complex(matrix: &ArrayRef2<f64>) -> Array2<Complex64> {
    matrix.map(|&value| Complex64::from(value))
}

/// $\sum_i f(\lambda_i)\, v_i v_i^\dagger$ over eigenvalues with $f \ne 0$, Hermitian bit for bit.
fn function<T: Scalar>(values: &[f64], vectors: &ArrayRef2<T>, map: impl Fn(f64) -> f64) -> Array2<T> {
    let dim = vectors.nrows();
    let weights: Vec<(usize, f64)> =
        values.iter().map(|&value| map(value)).enumerate().filter(|(_, weight)| *weight != 0.0).collect();
    let mut result = Array2::from_elem((dim, dim), T::from_real(0.0));
    for row in 0..dim {
        for column in 0..=row {
            let value = weights.iter().fold(T::from_real(0.0), |sum, &(index, weight)| {
                let term = vectors[[row, index]] * vectors[[column, index]].conjugate();
                sum + term * T::from_real(weight)
            });
            result[[row, column]] = value;
            result[[column, row]] = value.conjugate();
        }
        result[[row, row]] = T::from_real(result[[row, row]].real_part());
    }
    result
}
