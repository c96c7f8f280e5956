//! A factor of a covariance that may be singular: Cholesky's with pivots.
//!
//! At every step the variable with the largest variance that is left comes next, until nothing is left but rounding. Of several, such as
//! the last two of values that sum to 0, that with the largest variance to begin with: rounding does not decide.
//! A positive semi-definite rest has no entry larger than its largest variance, so that nothing is lost that could be told from 0
//! (Higham, *Accuracy and Stability of Numerical Algorithms*, §10.3). No jitter is added. Columns belong to pivots: where variances differ,
//! variables in another order have the same rows in that order, to rounding.

use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;

/// Variances that are left below 0 by more than this share of the largest one belong to no covariance.
const INDEFINITE: f64 = 1e-8;

/// Variances that are left are equal if they differ by less than this share.
const TIE: f64 = 1e-6;

/// Rows below which threads cost more than they save.
const ROWS_PER_THREAD: usize = 64;

/// $L$ with $LL^\top = \Sigma$.
#[derive(Debug)]
pub(super) struct GaussianFactor {
    /// `[variables, rank]`
    rows: Array2<f64>,
}

impl GaussianFactor {
    /// The factor of a covariance whose entries are known to `resolution`, absolutely; `None` of what is no covariance.
    ///
    /// # Shapes
    /// - `covariance`: `[variables, variables]`, symmetric
    pub(super) fn new(covariance: ArrayView2<'_, f64>, resolution: f64) -> Option<Self> {
        let count = covariance.nrows();
        let mut left = covariance.diag().to_vec();
        let variances = left.clone();
        let largest = left.iter().copied().fold(0.0, f64::max);
        let tolerance = count as f64 * resolution;
        let mut rows = vec![0.0; count * count];
        let mut is_taken = vec![false; count];
        let mut rank = 0;
        while rank < count {
            let candidates = || (0..count).filter(|&row| !is_taken[row]);
            let most = candidates().map(|row| left[row]).fold(0.0, f64::max);
            if most <= tolerance {
                break;
            }
            let mut pivot = None;
            for row in candidates().filter(|&row| left[row] >= most * (1.0 - TIE) - tolerance) {
                if pivot.is_none_or(|pivot| variances[row] > variances[pivot]) {
                    pivot = Some(row);
                }
            }
            let Some(pivot) = pivot else { break };
            is_taken[pivot] = true;
            let root = left[pivot].sqrt();
            let of_pivot = rows[pivot * count..pivot * count + rank].to_vec();
            rows[pivot * count + rank] = root;
            // Symmetric: a row is a column.
            let column = covariance.row(pivot);
            rows.par_chunks_exact_mut(count)
                .zip(&mut left)
                .enumerate()
                .with_min_len(ROWS_PER_THREAD)
                .filter(|&(row, _)| !is_taken[row])
                .for_each(|(row, (values, left))| {
                    let entry = (column[row] - dot(&values[..rank], &of_pivot)) / root;
                    values[rank] = entry;
                    *left -= entry * entry;
                });
            rank += 1;
        }
        let least = (0..count).filter(|&row| !is_taken[row]).map(|row| left[row]).fold(0.0, f64::min);
        if least < -INDEFINITE * largest - tolerance {
            return None;
        }
        let rows = Array2::from_shape_fn((count, rank), |(row, column)| rows[row * count + column]);
        Some(Self { rows })
    }

    /// `[variables, rank]`
    pub(super) fn rows(&self) -> &Array2<f64> {
        &self.rows
    }
}

/// In a fixed order, eight sums side by side.
fn dot(x: &[f64], y: &[f64]) -> f64 {
    const SUMS: usize = 8;
    let (x_chunks, y_chunks) = (x.chunks_exact(SUMS), y.chunks_exact(SUMS));
    let rest: f64 = x_chunks.remainder().iter().zip(y_chunks.remainder()).map(|(x, y)| x * y).sum();
    let mut sums = [0.0; SUMS];
    for (x, y) in x_chunks.zip(y_chunks) {
        for ((sum, x), y) in sums.iter_mut().zip(x).zip(y) {
            *sum = x.mul_add(*y, *sum);
        }
    }
    sums.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A covariance of so many variables, which depend on fewer.
    fn covariance(variables: usize, rank: usize) -> Array2<f64> {
        let features = Array2::from_shape_fn((variables, rank), |(i, j)| {
            ((i * i + 3) as f64 * (j as f64 * 0.7 + 0.3)).sin()
        });
        features.dot(&features.t())
    }

    #[test]
    fn products_of_rows_are_the_covariance_whatever_its_rank() {
        for (variables, rank) in [(1, 1), (7, 7), (40, 5), (70, 69), (150, 9)] {
            let covariance = covariance(variables, rank);
            let factor = GaussianFactor::new(covariance.view(), f64::EPSILON * rank as f64).unwrap();
            assert!(factor.rows().ncols() <= rank, "{variables} {rank}");
            let error = factor.rows().dot(&factor.rows().t()) - &covariance;
            assert!(
                error.iter().all(|error| error.abs() < 1e-12 * rank as f64),
                "{variables} {rank}: {error}"
            );
        }
        let nothing = GaussianFactor::new(Array2::zeros((4, 4)).view(), 0.0).unwrap();
        assert_eq!(nothing.rows().dim(), (4, 0));
    }

    #[test]
    fn another_order_of_variables_has_the_same_rows_in_that_order() {
        let covariance = covariance(30, 12);
        let order: Vec<usize> = (0..30).map(|i| (7 * i + 4) % 30).collect();
        let turned = Array2::from_shape_fn((30, 30), |(i, j)| covariance[[order[i], order[j]]]);
        let factor = |covariance: &Array2<f64>| GaussianFactor::new(covariance.view(), 1e-14).unwrap();
        let (factor, turned) = (factor(&covariance), factor(&turned));
        for (i, &from) in order.iter().enumerate() {
            for (a, b) in turned.rows().row(i).iter().zip(factor.rows().row(from)) {
                assert!((a - b).abs() < 1e-7, "{a} {b}");
            }
        }
    }

    #[test]
    fn what_is_no_covariance_has_no_factor() {
        let indefinite = ndarray::array![[1.0, 2.0], [2.0, 1.0]];
        assert!(GaussianFactor::new(indefinite.view(), 1e-15).is_none());
    }
}
