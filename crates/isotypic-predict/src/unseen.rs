//! Points outside the orbits of the Gram matrix, such as seeds that training never saw.

use isotypic_gram::{Factorization, SymmetricOperator};
use isotypic_orbit::HeldOutSet;
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, Axis};

use crate::{LeaveSetOut, PredictError, observed_weights};

/// What regression on the observed points says about points that are not in the Gram matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct Unseen {
    /// `[points, outputs]`: the prediction.
    pub predictions: Array2<f64>,
    /// `[points]`: the predictive variance of a label, the ridge as its noise included.
    pub variance: Array1<f64>,
}

/// Predicts new points from the observed ones, without refitting.
///
/// With $P$ the inverse on all points, $u$ the kernel between a new point and the observed ones (zero at held-out
/// ones) and $C = (P_{MM})^{-1}$ the covariance on the held-out set, the variance explained is
/// $u^T P u - (P u)_M^T\, C\, (P u)_M$.
///
/// # Shapes
/// - `labels`: `[seeds, outputs]`, constant on each orbit
/// - `across`: `[points, rows]`, the kernel between the new points and all points of the Gram matrix
/// - `own`: `[points]`, the kernel of each new point with itself
/// - `held_out`, `result`: what was held out, and what [`leave_set_out`](crate::leave_set_out) said about it
///
/// # Errors
/// As [`leave_set_out`](crate::leave_set_out); [`PredictError::Gram`] if the shapes do not fit.
pub fn predict_unseen<G: SymmetricOperator>(
    gram: &G,
    factor: &G::Factor,
    labels: &ArrayRef2<f64>,
    (held_out, result): (&HeldOutSet, &LeaveSetOut),
    across: &ArrayRef2<f64>,
    own: &ArrayRef1<f64>,
) -> Result<Unseen, PredictError> {
    let weights = observed_weights(gram, factor, labels, held_out, result)?;
    let mut known = across.t().to_owned();
    for &row in held_out.rows() {
        known.row_mut(row).fill(0.0);
    }
    let solved = factor.solve(&known)?;
    let at_held_out = solved.select(Axis(0), held_out.rows());
    let lost = result.covariance.dot(&at_held_out);
    let variance = Array1::from_shape_fn(own.len(), |point| {
        let explained = known.column(point).dot(&solved.column(point));
        own[point] + factor.ridge() - explained + at_held_out.column(point).dot(&lost.column(point))
    });
    Ok(Unseen { predictions: known.t().dot(&weights), variance })
}
