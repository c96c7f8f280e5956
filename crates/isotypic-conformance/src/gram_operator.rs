//! A Gram operator against its dense twin and Gaussian elimination.

use isotypic_gram::{Factorization, Ridge, SymmetricOperator};
use ndarray::{Array1, Array2, Axis};

use crate::naive::{eigenvalues, relative_difference, solve};

/// Checks every promise of [`SymmetricOperator`] and [`Factorization`] against the matrix, entry by entry.
///
/// The ridge is one hundredth of the mean diagonal, so that tolerances of 1e-11 are what the arithmetic
/// allows.
///
/// # Panics
/// Where a promise is broken.
pub fn assert_operator_agrees<G: SymmetricOperator>(gram: &G, matrix: &Array2<f64>) {
    let (n, layout) = (matrix.nrows(), gram.layout());
    let vectors =
        Array2::from_shape_fn((n, 2), |(row, column)| (1.7 * row as f64 + 0.3 * column as f64).sin());
    assert_eq!(gram.dim(), n, "number of rows");
    close("to_dense", &gram.to_dense(), matrix, 1e-14);
    close("apply", &gram.apply(&vectors).expect("shapes fit"), &matrix.dot(&vectors), 1e-13);
    close("diagonal", &as_column(gram.diagonal()), &as_column(matrix.diag().to_owned()), 1e-14);
    let rows: Vec<usize> = (0..n).rev().step_by(2).collect();
    let part = |matrix: &Array2<f64>| matrix.select(Axis(0), &rows).select(Axis(1), &rows);
    close("block", &gram.block(&rows, &rows).expect("rows exist"), &part(matrix), 1e-14);

    let ridge = 1e-2 * matrix.diag().sum() / n as f64;
    let factor =
        gram.factor(Ridge::RelativeToMeanDiagonal(1e-2)).expect("the ridge makes it positive definite");
    assert!((factor.ridge() / ridge - 1.0).abs() < 1e-14, "ridge: {} and {ridge}", factor.ridge());
    let shifted = matrix + &(Array2::<f64>::eye(n) * ridge);
    let (inverse, log_det) = solve(&shifted, &Array2::eye(n));
    close("solve", &factor.solve(&vectors).expect("shapes fit"), &inverse.dot(&vectors), 1e-11);
    let difference = (factor.log_det() - log_det).abs();
    assert!(difference < 1e-11 * (1.0 + log_det.abs()), "log_det: off by {difference}");
    close(
        "inverse_diagonal",
        &as_column(factor.inverse_diagonal()),
        &as_column(inverse.diag().to_owned()),
        1e-11,
    );
    let block = factor.inverse_block(&rows).expect("rows exist");
    close("inverse_block", &block, &part(&inverse), 1e-11);
    assert_eq!(block, block.t(), "inverse_block is symmetric bit for bit");

    let labels =
        Array2::from_shape_fn((layout.seeds(), 2), |(seed, output)| 1.0 + seed as f64 - 3.0 * output as f64);
    let spread = Array2::from_shape_fn((n, 2), |(row, output)| labels[[row / layout.order(), output]]);
    let weights = factor.solve_constant_on_orbits(layout, &labels).expect("shapes fit");
    close("solve_constant_on_orbits", &weights, &inverse.dot(&spread), 1e-11);

    let values = eigenvalues(&shifted);
    let condition = factor.condition_number().expect("the iteration converges");
    assert!((condition * values[0] / values[n - 1] - 1.0).abs() < 1e-10, "condition_number: {condition}");
}

fn as_column(values: Array1<f64>) -> Array2<f64> {
    values.insert_axis(Axis(1))
}

fn close(promise: &str, left: &Array2<f64>, right: &Array2<f64>, tolerance: f64) {
    let difference = relative_difference(left, right);
    assert!(
        difference < tolerance,
        "{promise}: relative difference {difference:e}, expected below {tolerance:e}"
    );
}
