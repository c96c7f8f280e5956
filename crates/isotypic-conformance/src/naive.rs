//! Linear algebra the plain way: Gaussian elimination, Jacobi rotations, regression by refitting.

use ndarray::{Array2, Axis};

/// The solution of A X = B and log |det A|, by elimination with partial pivoting.
///
/// # Shapes
/// - `matrix`: `[n, n]`
/// - `rhs` and result: `[n, columns]`
pub fn solve(matrix: &Array2<f64>, rhs: &Array2<f64>) -> (Array2<f64>, f64) {
    let (mut a, mut b, n) = (matrix.clone(), rhs.clone(), matrix.nrows());
    let mut log_det = 0.0;
    for k in 0..n {
        let pivot = (k..n).fold(k, |best, i| if a[[i, k]].abs() > a[[best, k]].abs() { i } else { best });
        for j in 0..n {
            a.swap([k, j], [pivot, j]);
        }
        for j in 0..b.ncols() {
            b.swap([k, j], [pivot, j]);
        }
        log_det += a[[k, k]].abs().ln();
        for i in k + 1..n {
            let factor = a[[i, k]] / a[[k, k]];
            for j in k..n {
                a[[i, j]] -= factor * a[[k, j]];
            }
            for j in 0..b.ncols() {
                b[[i, j]] -= factor * b[[k, j]];
            }
        }
    }
    for j in 0..b.ncols() {
        for i in (0..n).rev() {
            let known: f64 = (i + 1..n).map(|k| a[[i, k]] * b[[k, j]]).sum();
            b[[i, j]] = (b[[i, j]] - known) / a[[i, i]];
        }
    }
    (b, log_det)
}

/// The eigenvalues of a symmetric matrix, ascending, by cyclic Jacobi rotations.
pub fn eigenvalues(matrix: &Array2<f64>) -> Vec<f64> {
    let (mut a, n) = (matrix.clone(), matrix.nrows());
    let scale: f64 = a.iter().map(|value| value * value).sum();
    for _ in 0..60 {
        let mut off = 0.0;
        for p in 0..n {
            for q in p + 1..n {
                off += a[[p, q]].powi(2);
                rotate(&mut a, p, q);
            }
        }
        if off <= 1e-32 * scale {
            break;
        }
    }
    let mut values = a.diag().to_vec();
    values.sort_by(f64::total_cmp);
    values
}

/// One Jacobi rotation, which makes entry (p, q) zero.
fn rotate(a: &mut Array2<f64>, p: usize, q: usize) {
    if a[[p, q]] == 0.0 {
        return;
    }
    let theta = (a[[q, q]] - a[[p, p]]) / (2.0 * a[[p, q]]);
    let t = theta.signum() / (theta.abs() + theta.hypot(1.0));
    let (c, s) = (1.0 / t.hypot(1.0), t / t.hypot(1.0));
    for k in 0..a.nrows() {
        let (x, y) = (a[[k, p]], a[[k, q]]);
        (a[[k, p]], a[[k, q]]) = (c * x - s * y, s * x + c * y);
    }
    for k in 0..a.nrows() {
        let (x, y) = (a[[p, k]], a[[q, k]]);
        (a[[p, k]], a[[q, k]]) = (c * x - s * y, s * x + c * y);
    }
}

/// Kernel regression on the rows that are not held out: predictions at the held-out rows, and the predictive
/// covariance with the ridge as noise.
///
/// # Shapes
/// - `gram`: `[n, n]`
/// - `labels`: `[n, outputs]`, of which held-out rows are not read
/// - predictions: `[held_out, outputs]`; covariance: `[held_out, held_out]`
pub fn refit(
    gram: &Array2<f64>,
    ridge: f64,
    labels: &Array2<f64>,
    held_out: &[usize],
) -> (Array2<f64>, Array2<f64>) {
    let observed: Vec<usize> = (0..gram.nrows()).filter(|row| !held_out.contains(row)).collect();
    let part = |rows: &[usize], columns: &[usize]| gram.select(Axis(0), rows).select(Axis(1), columns);
    let noisy = part(&observed, &observed) + Array2::<f64>::eye(observed.len()) * ridge;
    let across = part(held_out, &observed);
    let predictions = across.dot(&solve(&noisy, &labels.select(Axis(0), &observed)).0);
    let explained = across.dot(&solve(&noisy, &across.t().to_owned()).0);
    let covariance = part(held_out, held_out) + Array2::<f64>::eye(held_out.len()) * ridge - explained;
    (predictions, covariance)
}

/// The largest difference of two arrays, relative to the largest entry of the second; infinite where a NaN
/// is.
///
/// # Panics
/// If the shapes differ.
pub fn relative_difference(left: &Array2<f64>, right: &Array2<f64>) -> f64 {
    assert_eq!(left.dim(), right.dim(), "shapes differ");
    let scale = right.iter().fold(0.0_f64, |scale, value| scale.max(value.abs()));
    let difference = (left - right)
        .iter()
        .fold(0.0_f64, |worst, value| if value.is_nan() { f64::INFINITY } else { worst.max(value.abs()) });
    difference / scale
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn elimination_solves_what_was_solved_by_hand() {
        let (solution, log_det) = solve(&array![[0.0, 2.0], [3.0, 1.0]], &array![[4.0], [5.0]]);
        assert!((solution[[0, 0]] - 1.0).abs() < 1e-15 && (solution[[1, 0]] - 2.0).abs() < 1e-15);
        assert!((log_det - 6.0_f64.ln()).abs() < 1e-15);
    }

    #[test]
    fn rotations_find_the_eigenvalues_of_a_known_matrix() {
        let values = eigenvalues(&array![[2.0, 1.0, 0.0], [1.0, 2.0, 0.0], [0.0, 0.0, -4.0]]);
        for (value, expected) in values.iter().zip([-4.0, 1.0, 3.0]) {
            assert!((value - expected).abs() < 1e-14);
        }
    }

    #[test]
    fn nan_is_infinitely_far() {
        assert_eq!(relative_difference(&array![[f64::NAN]], &array![[1.0]]), f64::INFINITY);
    }
}
