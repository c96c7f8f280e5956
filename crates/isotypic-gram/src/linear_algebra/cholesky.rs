//! The Cholesky factor of a Hermitian matrix plus a ridge, $A + \lambda I = L L^\dagger$.

use std::cmp::Ordering;

use faer::diag::Diag;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt;
use faer::linalg::matmul::matmul;
use faer::linalg::{svd, triangular_inverse, triangular_solve};
use faer::{Accum, Mat, Par, Spec};
use ndarray::{Array1, Array2, ArrayRef2};

use super::lanczos::largest_eigenvalue;
use super::{Scalar, to_faer, to_ndarray};
use crate::GramError;

/// Extreme eigenvalues of matrices of at most this many rows are exact to rounding.
pub(crate) const LARGEST_EXACT: usize = 384;

/// The lower triangular factor of a positive definite matrix.
#[derive(Clone, Debug)]
pub(crate) struct Cholesky<T> {
    lower: Mat<T>,
}

/// The first pivot of a Cholesky factorisation that is not positive beyond rounding.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct BadPivot {
    /// Its row in the matrix.
    pub(crate) index: usize,
    /// Its value: the variance of this row given the rows before it.
    pub(crate) value: f64,
}

impl<T: Scalar> Cholesky<T> {
    /// Factors `matrix + ridge · I`, reading the lower triangle only. Every pivot must exceed `floor`, the
    /// size below which rounding decides its sign.
    pub(crate) fn new(matrix: &ArrayRef2<T>, ridge: f64, floor: f64) -> Result<Self, BadPivot> {
        let mut shifted = to_faer(matrix);
        for index in 0..shifted.nrows() {
            shifted[(index, index)] = T::from_real(shifted[(index, index)].real_part() + ridge);
        }
        let lower =
            factor(shifted.clone()).map_err(|index| BadPivot { index, value: pivot(&shifted, index) })?;
        for index in 0..lower.nrows() {
            let value = lower[(index, index)].squared_modulus();
            // NaN is not greater.
            if value.partial_cmp(&floor) != Some(Ordering::Greater) {
                return Err(BadPivot { index, value });
            }
        }
        Ok(Self { lower })
    }

    /// The number of rows.
    pub(crate) fn dim(&self) -> usize {
        self.lower.nrows()
    }

    /// $(A + \lambda I)^{-1}$ times `rhs`, column by column.
    pub(crate) fn solve(&self, rhs: &ArrayRef2<T>) -> Array2<T> {
        to_ndarray(self.solve_faer(to_faer(rhs)).as_ref())
    }

    /// $(A + \lambda I)$ times some columns, as $L (L^\dagger v)$.
    fn multiply(&self, columns: Mat<T>) -> Mat<T> {
        let (one, zero) = (T::from_real(1.0), T::from_real(0.0));
        let mut half = Mat::from_fn(columns.nrows(), columns.ncols(), |_, _| zero);
        let lower = self.lower.as_ref();
        matmul(half.as_mut(), Accum::Replace, lower.adjoint(), columns.as_ref(), one, Par::Seq);
        let mut product = columns;
        matmul(product.as_mut(), Accum::Replace, lower, half.as_ref(), one, Par::Seq);
        product
    }

    fn solve_faer(&self, mut columns: Mat<T>) -> Mat<T> {
        let mut memory =
            MemBuffer::new(llt::solve::solve_in_place_scratch::<T>(self.dim(), columns.ncols(), Par::Seq));
        let stack = MemStack::new(&mut memory);
        llt::solve::solve_in_place(self.lower.as_ref(), columns.as_mut(), Par::Seq, stack);
        columns
    }

    /// $(A + \lambda I)^{-1}$ as a matrix that is Hermitian bit for bit.
    pub(crate) fn inverse(&self) -> Array2<T> {
        let dim = self.dim();
        let mut inverse = Mat::zeros(dim, dim);
        let mut memory = MemBuffer::new(llt::inverse::inverse_scratch::<T>(dim, Par::Seq));
        let stack = MemStack::new(&mut memory);
        llt::inverse::inverse(inverse.as_mut(), self.lower.as_ref(), Par::Seq, stack);
        Array2::from_shape_fn((dim, dim), |(row, column)| {
            if row > column {
                inverse[(row, column)]
            } else if row < column {
                inverse[(column, row)].conjugate()
            } else {
                T::from_real(inverse[(row, row)].real_part())
            }
        })
    }

    /// The diagonal of $(A + \lambda I)^{-1}$: squared column norms of $L^{-1}$.
    pub(crate) fn inverse_diagonal(&self) -> Array1<f64> {
        let dim = self.dim();
        let mut inverse = Mat::zeros(dim, dim);
        triangular_inverse::invert_lower_triangular(inverse.as_mut(), self.lower.as_ref(), Par::Seq);
        Array1::from_shape_fn(dim, |column| {
            (column..dim).map(|row| inverse[(row, column)].squared_modulus()).sum()
        })
    }

    /// $\log \det (A + \lambda I)$.
    pub(crate) fn log_det(&self) -> f64 {
        (0..self.dim()).map(|index| self.lower[(index, index)].squared_modulus().ln()).sum()
    }

    /// The smallest and the largest eigenvalue of $A + \lambda I$, as squared singular values of $L$: the
    /// small one keeps more digits this way than as an eigenvalue of the matrix.
    ///
    /// Beyond [`LARGEST_EXACT`] rows by the Lanczos iteration, to a relative [`LANCZOS_ACCURACY`].
    pub(crate) fn extreme_eigenvalues(&self) -> Result<(f64, f64), GramError> {
        let dim = self.dim();
        if dim > LARGEST_EXACT {
            let high = largest_eigenvalue(dim, |vector| self.multiply(vector))?;
            let inverse_low = largest_eigenvalue(dim, |vector| self.solve_faer(vector))?;
            return Ok((inverse_low.recip(), high));
        }
        let none = svd::ComputeSvdVectors::No;
        let mut values = Diag::<T>::zeros(dim);
        let mut memory =
            MemBuffer::new(svd::svd_scratch::<T>(dim, dim, none, none, Par::Seq, Spec::default()));
        let stack = MemStack::new(&mut memory);
        svd::svd(self.lower.as_ref(), values.as_mut(), None, None, Par::Seq, stack, Spec::default())
            .map_err(|_| GramError::EigenvaluesNotConverged { dim })?;
        let squares = values.column_vector().iter().map(|value| value.squared_modulus());
        Ok(squares.fold((f64::INFINITY, 0.0), |(low, high), value| (low.min(value), high.max(value))))
    }
}

/// The factor with zeros above its diagonal, or the index of the first pivot that is not positive.
fn factor<T: Scalar>(mut matrix: Mat<T>) -> Result<Mat<T>, usize> {
    let dim = matrix.nrows();
    let mut memory =
        MemBuffer::new(llt::factor::cholesky_in_place_scratch::<T>(dim, Par::Seq, Spec::default()));
    let outcome = llt::factor::cholesky_in_place(
        matrix.as_mut(),
        llt::factor::LltRegularization::default(),
        Par::Seq,
        MemStack::new(&mut memory),
        Spec::default(),
    );
    match outcome {
        Ok(_) => {
            for column in 1..dim {
                for row in 0..column {
                    matrix[(row, column)] = T::from_real(0.0);
                }
            }
            Ok(matrix)
        }
        Err(llt::factor::LltError::NonPositivePivot { index }) => Err(index),
    }
}

/// The pivot `index` of a matrix whose pivots before it are positive: a Schur complement of size one.
fn pivot<T: Scalar>(matrix: &Mat<T>, index: usize) -> f64 {
    let own = matrix[(index, index)].real_part();
    let leading = Mat::from_fn(index, index, |row, column| matrix[(row, column)]);
    let Ok(lower) = factor(leading) else { return own };
    let mut whitened = Mat::from_fn(index, 1, |row, _| matrix[(index, row)].conjugate());
    triangular_solve::solve_lower_triangular_in_place(lower.as_ref(), whitened.as_mut(), Par::Seq);
    own - (0..index).map(|row| whitened[(row, 0)].squared_modulus()).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use ndarray::array;
    use num_complex::Complex64;

    use super::*;

    #[test]
    fn a_complex_matrix_times_its_inverse_is_the_identity() {
        let i = Complex64::i();
        let matrix = array![[Complex64::from(3.0), -i], [i, Complex64::from(2.0)]];
        let cholesky = Cholesky::new(&matrix, 0.5, 0.0).unwrap();
        let shifted = &matrix + &(Array2::<Complex64>::eye(2) * Complex64::from(0.5));
        let product = shifted.dot(&cholesky.inverse());
        let solved = cholesky.solve(&shifted);
        for ((index, left), right) in product.indexed_iter().zip(&solved) {
            let expected = if index.0 == index.1 { 1.0 } else { 0.0 };
            assert!((left - expected).norm() < 1e-15 && (right - expected).norm() < 1e-15);
        }
        // Determinant 3.5 · 2.5 − 1.
        assert!((cholesky.log_det() - 7.75_f64.ln()).abs() < 1e-15);
        assert!((cholesky.inverse_diagonal()[0] - 2.5 / 7.75).abs() < 1e-15);
    }

    #[test]
    fn extreme_eigenvalues_include_the_ridge() {
        let cholesky = Cholesky::new(&array![[2.0, 1.0], [1.0, 2.0]], 1.0, 0.0).unwrap();
        let (low, high) = cholesky.extreme_eigenvalues().unwrap();
        assert!((low - 2.0).abs() < 1e-14 && (high - 4.0).abs() < 1e-14);
    }

    #[test]
    fn the_first_bad_pivot_is_named_with_its_value() {
        let matrix = array![[4.0, 2.0, 0.0], [2.0, 0.5, 0.0], [0.0, 0.0, -7.0]];
        let pivot = Cholesky::new(&matrix, 0.0, 0.0).unwrap_err();
        assert_eq!(pivot, BadPivot { index: 1, value: -0.5 });
        let first = Cholesky::new(&array![[-1.0]], 0.25, 0.0).unwrap_err();
        assert_eq!(first, BadPivot { index: 0, value: -0.75 });
    }

    #[test]
    fn a_pivot_below_the_floor_and_a_nan_are_bad() {
        let pivot = Cholesky::new(&array![[1e-20]], 0.0, 1e-18).unwrap_err();
        assert_eq!(pivot.index, 0);
        assert!(Cholesky::new(&array![[f64::NAN]], 0.0, 0.0).is_err());
        assert!(Cholesky::new(&array![[1.0]], 0.0, f64::NAN).is_err());
    }
}
