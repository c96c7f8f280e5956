//! Errors of the network averaged over the group, from what the trivial block has said already.
//!
//! That network has the kernel $\bar k(x, y) = \frac{1}{|G|} \sum_u k(x, uy)$, between seeds $\bar K = B_1 / |G|$. Regression on n observed
//! poses of a seed with ridge $\lambda$ is regression on the seed alone with ridge $\lambda / n$: all $|G|$ poses, or one less for the seeds
//! M that are held out together. Times $|G|$ the system is that of the trivial block with $\lambda / (|G| - 1)$ more on the diagonal at M.
//! With $R = (B_1 + \lambda I)^{-1}$ and $\alpha = R y$ the formula of Woodbury gives
//!
//! $\bar\varepsilon_M = \lambda |G|\, ((|G| - 1) I + \lambda R_{MM})^{-1} \alpha_M$.
//!
//! One factor of the trivial block thus serves all sets, and what is solved for each of them is well-conditioned: no eigenvalue of
//! $\lambda R$ exceeds 1.

use std::ops::Range;

use ndarray::Array2;

use super::held_out::held_out_errors;
use crate::PredictError;

/// Label minus prediction of the averaged network at the held-out pose of sets of seeds, one set after the other.
///
/// # Shapes
/// - `trivial_inverse`: $R_{MM}$ row by row, set after set
/// - `dual_weights`: $\alpha$, `[seeds, outputs]`
/// - result: `[seeds of all sets, outputs]`
pub(super) fn averaged_errors(
    trivial_inverse: &[f64],
    sets: &[Range<usize>],
    dual_weights: &Array2<f64>,
    (ridge, order): (f64, usize),
) -> Result<Array2<f64>, PredictError> {
    if order == 1 {
        // There is nothing to average over, and the seeds held out are not observed at all.
        return Ok(held_out_errors(trivial_inverse, sets, dual_weights, ridge)?.0);
    }
    let mut matrices: Vec<f64> = trivial_inverse.iter().map(|value| ridge * value).collect();
    let mut rest = matrices.as_mut_slice();
    for set in sets {
        let (own, others) = rest.split_at_mut(set.len().pow(2));
        own.iter_mut().step_by(set.len() + 1).for_each(|diagonal| *diagonal += (order - 1) as f64);
        rest = others;
    }
    let (solved, _) = held_out_errors(&matrices, sets, dual_weights, ridge)?;
    Ok(solved * (ridge * order as f64))
}
