//! Coefficients in another basis, by the entries of a unitary matrix that are not zero.
//!
//! Bases in which induced irreps are real combine an index with few others, so most entries are zero.

use ndarray::Array2;
use num_complex::Complex64;

/// A unitary matrix $W$ by columns.
#[derive(Clone, Debug)]
pub(crate) struct BasisChange {
    columns: Vec<Vec<(usize, Complex64)>>,
}

impl BasisChange {
    pub(crate) fn new(unitary: &Array2<Complex64>) -> Self {
        let entries = |column: ndarray::ArrayView1<'_, Complex64>| {
            column.iter().copied().enumerate().filter(|(_, entry)| *entry != Complex64::ZERO).collect()
        };
        Self { columns: unitary.columns().into_iter().map(entries).collect() }
    }

    /// $W^† A W$ in place of $A$, row-major; `spare` has the same length and is overwritten.
    pub(crate) fn apply(&self, matrix: &mut [Complex64], spare: &mut [Complex64]) {
        let d = self.columns.len();
        spare.fill(Complex64::ZERO);
        for (c, r, entry) in self.entries() {
            for row in 0..d {
                spare[row * d + c] += matrix[row * d + r] * entry;
            }
        }
        matrix.fill(Complex64::ZERO);
        for (c, r, entry) in self.entries() {
            for column in 0..d {
                matrix[c * d + column] += entry.conj() * spare[r * d + column];
            }
        }
    }

    /// $W A W^†$ in place of $A$, row-major; `spare` has the same length and is overwritten.
    pub(crate) fn undo(&self, matrix: &mut [Complex64], spare: &mut [Complex64]) {
        let d = self.columns.len();
        spare.fill(Complex64::ZERO);
        for (c, r, entry) in self.entries() {
            for row in 0..d {
                spare[row * d + r] += matrix[row * d + c] * entry.conj();
            }
        }
        matrix.fill(Complex64::ZERO);
        for (c, r, entry) in self.entries() {
            for column in 0..d {
                matrix[r * d + column] += entry * spare[c * d + column];
            }
        }
    }

    /// Column, row and value of each entry.
    fn entries(&self) -> impl Iterator<Item = (usize, usize, Complex64)> {
        let columns = self.columns.iter().enumerate();
        columns.flat_map(|(c, column)| column.iter().map(move |&(r, entry)| (c, r, entry)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::real_form::{adjoint, in_basis};

    #[test]
    fn changes_agree_with_matrix_products_and_undo_each_other() {
        let (half, zero) = (std::f64::consts::FRAC_1_SQRT_2, Complex64::ZERO);
        let (one, i) = (Complex64::from(half), Complex64::new(0.0, half));
        let rows = [[one, i, zero], [zero, zero, Complex64::I], [one, -i, zero]];
        let unitary = Array2::from_shape_fn((3, 3), |(row, column)| rows[row][column]);
        let matrix = Array2::from_shape_fn((3, 3), |(row, column)| {
            Complex64::new(row as f64 - 0.3, 1.0 + (row * column) as f64)
        });
        let change = BasisChange::new(&unitary);
        let (mut entries, mut spare): (Vec<_>, _) = (matrix.iter().copied().collect(), vec![zero; 9]);
        let close = |found: &[Complex64], expected: &Array2<Complex64>| {
            found.iter().zip(expected).all(|(a, b)| (a - b).norm() < 1e-15 * 10.0)
        };
        change.apply(&mut entries, &mut spare);
        assert!(close(&entries, &in_basis(&unitary, &matrix)));
        change.undo(&mut entries, &mut spare);
        assert!(close(&entries, &matrix));
        change.undo(&mut entries, &mut spare);
        assert!(close(&entries, &in_basis(&adjoint(&unitary), &matrix)));
    }
}
