//! A Hermitian matrix, its Cholesky factor and the inverse of that, in two arrays that are used again and again.

use std::cmp::Ordering;
use std::ops::Range;

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt;
use faer::linalg::matmul::matmul;
use faer::linalg::{triangular_inverse, triangular_solve};
use faer::{Accum, Mat, MatMut, MatRef, Par, Spec};
use ndarray::{Array2, ArrayRef2};

use super::{BadPivot, Scalar};
use crate::{GramError, InverseWithin};

/// Room for a matrix of `dim` rows and the inverse of its factor. Only lower triangles are used.
#[derive(Debug)]
pub(crate) struct FactorSpace<T> {
    dim: usize,
    /// Column-major: the matrix, then its factor.
    matrix: Vec<T>,
    /// Column-major; above its diagonal it stays zero.
    inverse: Vec<T>,
}

impl<T: Scalar> FactorSpace<T> {
    pub(crate) fn new(dim: usize) -> Result<Self, GramError> {
        let mut space = Self { dim: 0, matrix: Vec::new(), inverse: Vec::new() };
        space.resize(dim)?;
        Ok(space)
    }

    /// Makes room for a matrix of `dim` rows, in the same arrays where they are large enough.
    pub(crate) fn resize(&mut self, dim: usize) -> Result<(), GramError> {
        let bytes = 2 * (dim as u64).saturating_pow(2).saturating_mul(size_of::<T>() as u64);
        let too_much = || GramError::OutOfMemory { dim, bytes };
        let length = dim.checked_mul(dim).ok_or_else(too_much)?;
        for numbers in [&mut self.matrix, &mut self.inverse] {
            if numbers.capacity() < length {
                // Not grown, which would hold the old array beside the new one.
                *numbers = Vec::new();
            }
            numbers.clear();
            numbers.try_reserve_exact(length).map_err(|_| too_much())?;
            numbers.resize(length, T::from_real(0.0));
        }
        self.dim = dim;
        Ok(())
    }

    pub(crate) fn set(&mut self, row: usize, column: usize, value: T) {
        debug_assert!(row >= column);
        self.matrix[column * self.dim + row] = value;
    }

    /// The norm of the matrix, the floor that its pivots must exceed, and whether they do.
    pub(crate) fn factor(&mut self, ridge: f64, floor: f64) -> (f64, f64, Result<(), BadPivot>) {
        let norm = self.frobenius_norm();
        let floor = floor.max(f64::EPSILON * self.dim as f64 * norm);
        self.add_to_diagonal(ridge);
        let outcome = match factor_in_place(self.view_mut()) {
            Ok(()) => (0..self.dim)
                .map(|index| BadPivot { index, value: self.at(index, index).squared_modulus() })
                // NaN is not greater.
                .find(|pivot| pivot.value.partial_cmp(&floor) != Some(Ordering::Greater))
                .map_or(Ok(()), Err),
            // The value is lost with the matrix.
            Err(index) => Err(BadPivot { index, value: f64::NAN }),
        };
        (norm, floor, outcome)
    }

    /// A Schur complement of size one: the rows before are factored where they stand.
    pub(crate) fn pivot(&mut self, ridge: f64, index: usize) -> f64 {
        self.add_to_diagonal(ridge);
        let own = self.at(index, index).real_part();
        let leading = self.view_mut().submatrix_mut(0, 0, index, index);
        if factor_in_place(leading).is_err() {
            return own;
        }
        let mut whitened = Mat::from_fn(index, 1, |column, _| self.at(index, column).conjugate());
        let lower = self.view().submatrix(0, 0, index, index);
        triangular_solve::solve_lower_triangular_in_place(lower, whitened.as_mut(), Par::Seq);
        own - (0..index).map(|row| whitened[(row, 0)].squared_modulus()).sum::<f64>()
    }

    pub(crate) fn solve(&self, columns: &ArrayRef2<T>) -> Array2<T> {
        let mut solution = super::to_faer(columns);
        let mut memory =
            MemBuffer::new(llt::solve::solve_in_place_scratch::<T>(self.dim, columns.ncols(), Par::Seq));
        llt::solve::solve_in_place(self.view(), solution.as_mut(), Par::Seq, MemStack::new(&mut memory));
        super::to_ndarray(solution.as_ref())
    }

    /// With $Y = L^{-1}$ the inverse of the matrix is $Y^\dagger Y$.
    pub(crate) fn invert_within(&mut self, ranges: &[Range<usize>], dimension: usize) -> InverseWithin {
        let dim = self.dim;
        let lower = MatRef::from_column_major_slice(&self.matrix, dim, dim);
        let inverse = MatMut::from_column_major_slice_mut(&mut self.inverse, dim, dim);
        triangular_inverse::invert_lower_triangular(inverse, lower, Par::Seq);
        let norms: Vec<f64> = (0..dim)
            .map(|column| {
                let entries = &self.inverse[column * dim + column..(column + 1) * dim];
                entries.iter().map(|value| value.squared_modulus()).sum()
            })
            .collect();
        let mut values = Vec::with_capacity(ranges.iter().map(|range| range.len().pow(2)).sum());
        for range in ranges {
            if range.len() == 1 {
                values.push(norms[range.start * dimension..range.end * dimension].iter().sum());
            } else {
                self.gram_of_columns(range, dimension, &mut values);
            }
        }
        InverseWithin { values, trace: norms.iter().sum() }
    }

    /// Appends the traces of $[Y^\dagger Y]_{st}$ of the seeds of a range.
    fn gram_of_columns(&self, range: &Range<usize>, dimension: usize, values: &mut Vec<f64>) {
        let (first, width) = (range.start * dimension, range.len() * dimension);
        let inverse = MatRef::from_column_major_slice(&self.inverse, self.dim, self.dim);
        // Above these rows the columns are zero.
        let columns = inverse.submatrix(first, first, self.dim - first, width);
        let mut products = Mat::from_fn(width, width, |_, _| T::from_real(0.0));
        let one = T::from_real(1.0);
        matmul(products.as_mut(), Accum::Replace, columns.adjoint(), columns, one, Par::Seq);
        for (s, t) in (0..range.len()).flat_map(|s| (0..range.len()).map(move |t| (s, t))) {
            // The lower triangle counts, so that the result is symmetric bit for bit.
            let (s, t) = (s.max(t), s.min(t));
            let entry = |i: usize| products[(s * dimension + i, t * dimension + i)].real_part();
            values.push((0..dimension).map(entry).sum());
        }
    }

    fn frobenius_norm(&self) -> f64 {
        let squares = (0..self.dim).map(|column| {
            let entries = &self.matrix[column * self.dim + column..(column + 1) * self.dim];
            let below: f64 = entries[1..].iter().map(|value| value.squared_modulus()).sum();
            entries[0].squared_modulus() + 2.0 * below
        });
        squares.sum::<f64>().sqrt()
    }

    fn add_to_diagonal(&mut self, ridge: f64) {
        for entry in self.matrix.iter_mut().step_by(self.dim + 1) {
            *entry = T::from_real(entry.real_part() + ridge);
        }
    }

    fn at(&self, row: usize, column: usize) -> T {
        self.matrix[column * self.dim + row]
    }

    fn view(&self) -> MatRef<'_, T> {
        MatRef::from_column_major_slice(&self.matrix, self.dim, self.dim)
    }

    fn view_mut(&mut self) -> MatMut<'_, T> {
        MatMut::from_column_major_slice_mut(&mut self.matrix, self.dim, self.dim)
    }
}

/// Replaces the lower triangle by the Cholesky factor, or names the first pivot that is not positive.
fn factor_in_place<T: Scalar>(matrix: MatMut<'_, T>) -> Result<(), usize> {
    let scratch = llt::factor::cholesky_in_place_scratch::<T>(matrix.nrows(), Par::Seq, Spec::default());
    let outcome = llt::factor::cholesky_in_place(
        matrix,
        llt::factor::LltRegularization::default(),
        Par::Seq,
        MemStack::new(&mut MemBuffer::new(scratch)),
        Spec::default(),
    );
    match outcome {
        Ok(_) => Ok(()),
        Err(llt::factor::LltError::NonPositivePivot { index }) => Err(index),
    }
}
