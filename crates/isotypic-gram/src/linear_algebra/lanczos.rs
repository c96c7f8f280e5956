//! The largest eigenvalue of a large positive definite matrix that is known by its products.

use faer::Mat;

use super::{Scalar, eigenvectors};
use crate::GramError;

/// Relative residual of the eigenvector at which the iteration stops: a bound of the relative error of the eigenvalue,
/// which usually is the square of it.
pub(crate) const LANCZOS_ACCURACY: f64 = 1e-6;

/// More steps are not needed in practice: the top of a Gram matrix stands far above the rest.
const MOST_STEPS: usize = 300;

/// Steps between two looks at the eigenvalue.
const STEPS_BETWEEN: usize = 5;

/// The largest eigenvalue, by the Lanczos iteration with full orthogonalisation from a fixed start.
///
/// # Errors
/// [`GramError::EigenvaluesNotConverged`] if the residual exceeds [`LANCZOS_ACCURACY`] after 300 steps.
pub(crate) fn largest_eigenvalue<T: Scalar>(
    dim: usize,
    multiply: impl Fn(Mat<T>) -> Mat<T>,
) -> Result<f64, GramError> {
    // Incommensurate phases: no eigenvector is orthogonal to the start but by accident.
    let start = Mat::from_fn(dim, 1, |row, _| T::from_real(1.0 + (row as f64 * 0.754_877_666).fract()));
    let mut basis = vec![scaled(&start, norm(&start).recip())];
    let (mut diagonal, mut beside): (Vec<f64>, Vec<f64>) = (Vec::new(), Vec::new());
    for step in 1..=MOST_STEPS.min(dim) {
        let last = &basis[step - 1];
        let mut next = multiply(last.clone());
        diagonal.push(product(last, &next).real_part());
        // Twice is enough (Kahan, in Parlett 1980).
        for _ in 0..2 {
            for vector in &basis {
                let overlap = product(vector, &next);
                next = Mat::from_fn(dim, 1, |row, _| {
                    next[(row, 0)] + vector[(row, 0)] * overlap * T::from_real(-1.0)
                });
            }
        }
        let length = norm(&next);
        let exhausted = step == dim || length <= f64::EPSILON * diagonal[0].abs();
        if exhausted || step % STEPS_BETWEEN == 0 {
            let (value, last) = top(&diagonal, &beside)?;
            if exhausted || length * last.abs() <= LANCZOS_ACCURACY * value {
                return Ok(value);
            }
        }
        beside.push(length);
        basis.push(scaled(&next, length.recip()));
    }
    Err(GramError::EigenvaluesNotConverged { dim })
}

/// The largest eigenvalue of a symmetric tridiagonal matrix, and the last entry of its unit eigenvector.
fn top(diagonal: &[f64], beside: &[f64]) -> Result<(f64, f64), GramError> {
    let n = diagonal.len();
    let matrix = ndarray::Array2::from_shape_fn((n, n), |(row, column)| match row.abs_diff(column) {
        0 => diagonal[row],
        1 => beside[row.min(column)],
        _ => 0.0,
    });
    let (values, vectors) = eigenvectors(&matrix)?;
    Ok((values[n - 1], vectors[[n - 1, n - 1]]))
}

fn product<T: Scalar>(left: &Mat<T>, right: &Mat<T>) -> T {
    (0..left.nrows()).fold(T::from_real(0.0), |sum, row| sum + left[(row, 0)].conjugate() * right[(row, 0)])
}

fn norm<T: Scalar>(vector: &Mat<T>) -> f64 {
    (0..vector.nrows()).map(|row| vector[(row, 0)].squared_modulus()).sum::<f64>().sqrt()
}

fn scaled<T: Scalar>(vector: &Mat<T>, factor: f64) -> Mat<T> {
    Mat::from_fn(vector.nrows(), 1, |row, _| vector[(row, 0)] * T::from_real(factor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_top_of_a_known_spectrum_is_found() {
        let n = 500;
        let gap = |v: Mat<f64>| {
            Mat::from_fn(n, 1, |row, _| v[(row, 0)] * if row == 7 { 3.0 } else { 1.0 / (1.0 + row as f64) })
        };
        assert!((largest_eigenvalue(n, gap).unwrap() / 3.0 - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_dense_spectrum_is_met_to_the_accuracy_stated() {
        // Second differences: eigenvalues 2 − 2 cos(πk / (n + 1)), ever closer at the top.
        let n = 60;
        let multiply = |v: Mat<f64>| {
            let at = |row: usize| if row < n { v[(row, 0)] } else { 0.0 };
            Mat::from_fn(n, 1, |row, _| 2.0 * at(row) - at(row + 1) - at(row.wrapping_sub(1)))
        };
        let expected = 2.0 + 2.0 * (std::f64::consts::PI / (n + 1) as f64).cos();
        assert!((largest_eigenvalue(n, multiply).unwrap() / expected - 1.0).abs() < LANCZOS_ACCURACY);
    }
}
