//! Dual weights to the last digits that the trivial block holds.
//!
//! The trivial block is the one with a large eigenvalue: all its entries are nearly equal, so that dual weights cancel, and a solution by
//! its factor alone leaves residuals far above rounding. The residual is therefore computed with twice the digits, and the factor corrects
//! the solution (iterative refinement: Wilkinson 1963; Higham, *Accuracy and Stability of Numerical Algorithms*, ch. 12).

use isotypic_gram::BlockWorkspace;
use ndarray::Array2;

use super::coefficient_tile::{CoefficientTile, KeptSlots};
use crate::CompensatedSum;

/// Corrections; each takes as many digits as the condition number leaves.
const ROUNDS: usize = 2;

/// Corrects a solution of the factored trivial block.
///
/// # Shapes
/// - `labels`, `solution`: `[seeds, outputs]`
pub(super) fn refine(
    (tiles, kept): (&[CoefficientTile], &KeptSlots),
    block: &BlockWorkspace,
    ridge: f64,
    labels: &Array2<f64>,
    mut solution: Array2<f64>,
) -> Array2<f64> {
    for _ in 0..ROUNDS {
        let residual = residual(tiles, kept, ridge, labels, &solution);
        solution += &block.solve(&residual);
    }
    solution
}

/// $y^\top B_1 y$, row by row.
pub(super) fn label_products(
    (tiles, kept): (&[CoefficientTile], &KeptSlots),
    labels: &Array2<f64>,
) -> Vec<f64> {
    let image = -residual(tiles, kept, 0.0, &Array2::zeros(labels.dim()), labels);
    labels.t().dot(&image).into_iter().collect()
}

/// $y - (B_1 + \lambda I)\alpha$.
fn residual(
    tiles: &[CoefficientTile],
    kept: &KeptSlots,
    ridge: f64,
    labels: &Array2<f64>,
    solution: &Array2<f64>,
) -> Array2<f64> {
    let mut sums = Array2::from_elem(labels.dim(), CompensatedSum::default());
    for ((sum, &label), &weight) in sums.iter_mut().zip(labels).zip(solution) {
        sum.add(label);
        sum.add_product(-ridge, weight);
    }
    for tile in tiles {
        tile.for_each_trivial(kept, |s, t, value| {
            for (sum, &weight) in sums.row_mut(s).iter_mut().zip(solution.row(t)) {
                sum.add_product(-value, weight);
            }
            if s != t {
                for (sum, &weight) in sums.row_mut(t).iter_mut().zip(solution.row(s)) {
                    sum.add_product(-value, weight);
                }
            }
        });
    }
    sums.mapv(CompensatedSum::value)
}
