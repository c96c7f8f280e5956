//! Cholesky factors, eigenvalues and singular values of small Hermitian matrices, real or complex.
//!
//! The only module that talks to faer; its neighbours see ndarray. Every routine runs on the thread that
//! calls it: parallelism lies across blocks, so that no result depends on the number of threads.

mod cholesky;
mod eigen;
mod factor_space;
mod lanczos;
mod least_squares;

pub(crate) use cholesky::{BadPivot, Cholesky};
pub(crate) use eigen::{eigenvalues, eigenvectors};
pub(crate) use factor_space::FactorSpace;
pub use least_squares::symmetric_least_squares;

use std::ops::{Add, Mul};

use faer::traits::ComplexField;
use faer::{Mat, MatRef};
use ndarray::{Array2, ArrayRef2};
use num_complex::Complex64;

/// The two fields that blocks of a Gram matrix are made of.
pub(crate) trait Scalar:
    ComplexField<Real = f64> + Add<Output = Self> + Mul<Output = Self> + Copy + Send + Sync + 'static
{
    /// The number with imaginary part zero.
    fn from_real(value: f64) -> Self;
    /// The real part.
    fn real_part(self) -> f64;
    /// The complex conjugate.
    fn conjugate(self) -> Self;
    /// The squared modulus.
    fn squared_modulus(self) -> f64;
}

impl Scalar for f64 {
    fn from_real(value: f64) -> Self {
        value
    }

    fn real_part(self) -> f64 {
        self
    }

    fn conjugate(self) -> Self {
        self
    }

    fn squared_modulus(self) -> f64 {
        self * self
    }
}

impl Scalar for Complex64 {
    fn from_real(value: f64) -> Self {
        Self::new(value, 0.0)
    }

    fn real_part(self) -> f64 {
        self.re
    }

    fn conjugate(self) -> Self {
        self.conj()
    }

    fn squared_modulus(self) -> f64 {
        self.norm_sqr()
    }
}

/// The rounding error of a Cholesky factorisation, $\varepsilon\, n\, \lVert A \rVert_F$: smaller pivots are
/// noise.
pub(crate) fn rounding_floor<T: Scalar>(matrix: &ArrayRef2<T>) -> f64 {
    let norm = matrix.iter().map(|value| value.squared_modulus()).sum::<f64>().sqrt();
    f64::EPSILON * matrix.nrows() as f64 * norm
}

fn to_faer<T: Scalar>(matrix: &ArrayRef2<T>) -> Mat<T> {
    Mat::from_fn(matrix.nrows(), matrix.ncols(), |row, column| matrix[[row, column]])
}

fn to_ndarray<T: Scalar>(matrix: MatRef<'_, T>) -> Array2<T> {
    Array2::from_shape_fn((matrix.nrows(), matrix.ncols()), |(row, column)| matrix[(row, column)])
}
