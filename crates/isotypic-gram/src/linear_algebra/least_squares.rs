//! Least squares with a symmetric matrix that need not be definite.

use ndarray::{Array2, ArrayRef2};

use super::eigen::eigenvectors;
use crate::GramError;
use crate::operator::{expect_finite, expect_rows};

/// The solution of smallest norm of $\min_x \lVert A x - b \rVert$ for a symmetric matrix $A$.
///
/// Eigenvalues of modulus at most $n\,\varepsilon$ times the largest count as zero, with $\varepsilon$ the
/// machine epsilon: the usual cut-off of `lstsq`. It is the tool for reproducing programs that solve this
/// way; [`Factorization::solve`](crate::Factorization::solve) never cuts anything off.
///
/// # Shapes
/// - `matrix`: `[n, n]`, of which the lower triangle is read
/// - `rhs`, result: `[n, columns]`
///
/// # Errors
/// [`GramError::NotSquare`] and [`GramError::ShapeMismatch`] for shapes that do not fit,
/// [`GramError::NotFinite`] for a matrix with NaN or infinity, [`GramError::EigenvaluesNotConverged`] if the
/// eigenvalue iteration stalls.
pub fn symmetric_least_squares(
    matrix: &ArrayRef2<f64>,
    rhs: &ArrayRef2<f64>,
) -> Result<Array2<f64>, GramError> {
    let (dim, columns) = matrix.dim();
    if dim != columns {
        return Err(GramError::NotSquare { rows: dim, columns });
    }
    expect_rows("right-hand side", dim, rhs.nrows())?;
    expect_finite(matrix)?;
    let (values, vectors) = eigenvectors(matrix)?;
    let largest = values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    let cut_off = dim as f64 * f64::EPSILON * largest;
    let mut coefficients = vectors.t().dot(rhs);
    for (mut row, &value) in coefficients.rows_mut().into_iter().zip(&values) {
        let weight = if value.abs() > cut_off { value.recip() } else { 0.0 };
        row.mapv_inplace(|coefficient| coefficient * weight);
    }
    Ok(vectors.dot(&coefficients))
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn a_singular_system_gets_the_solution_of_smallest_norm() {
        let matrix = array![[1.0, 1.0], [1.0, 1.0]];
        let solution = symmetric_least_squares(&matrix, &array![[2.0], [4.0]]).unwrap();
        for value in &solution {
            assert!((value - 1.5).abs() < 1e-14, "{solution}");
        }
    }

    #[test]
    fn eigenvalues_that_are_only_rounding_are_cut_off() {
        // Rank one: x = b / |f|² solves f fᵀ x = f (f · x) for b along f.
        let feature = |index: usize| 1.0 / (index as f64 + 3.0);
        let matrix = Array2::from_shape_fn((9, 9), |(row, column)| feature(row) * feature(column));
        let norm: f64 = matrix.diag().sum();
        let rhs = Array2::from_shape_fn((9, 1), |(row, _)| feature(row) + if row == 0 { 1e-3 } else { 0.0 });
        let solution = symmetric_least_squares(&matrix, &rhs).unwrap();
        let along: f64 = (0..9).map(|row| feature(row) * rhs[[row, 0]]).sum::<f64>() / (norm * norm);
        for (row, value) in solution.iter().enumerate() {
            assert!((value - along * feature(row)).abs() < 1e-13, "{solution}");
        }
    }

    #[test]
    fn an_indefinite_system_is_solved() {
        let matrix = array![[1.0, 2.0], [2.0, 1.0]];
        let solution = symmetric_least_squares(&matrix, &array![[5.0], [4.0]]).unwrap();
        assert!(
            (solution[[0, 0]] - 1.0).abs() < 1e-14 && (solution[[1, 0]] - 2.0).abs() < 1e-14,
            "{solution}"
        );
    }

    #[test]
    fn nan_never_reaches_the_eigenvalue_iteration() {
        let error = symmetric_least_squares(&array![[f64::NAN]], &array![[1.0]]).unwrap_err();
        assert!(matches!(error, GramError::NotFinite { row: 0, column: 0, .. }));
    }
}
