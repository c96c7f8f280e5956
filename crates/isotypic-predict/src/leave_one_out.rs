//! The exact error of one missing pose, for every seed at once.
//!
//! Labels are constant on orbits, so only the trivial irrep carries them:
//! $\alpha = (B_1 + \lambda I)^{-1} y$. The error of a missing pose of seed s is
//! $\varepsilon_s = \alpha_s / P_{ss}$ with
//! $P_{ss} = \frac{1}{|G|} \sum_\rho d_\rho\, \mathrm{tr}[(B_\rho + \lambda I)^{-1}]_{ss}$, the same at every
//! pose: label energy in the trivial channel over the average inverse power in all channels. It is the idea
//! of Perin & Deny, arXiv 2412.11521, without the averaging over orbits. For a matrix that is only nearly
//! invariant [`leave_set_out`](crate::leave_set_out) on the dense matrix is exact.

use isotypic_gram::{GroupInvariantGram, OrbitStatus, Ridge, SymmetricOperator};
use ndarray::{Array1, Array2, ArrayRef2, Axis};

use crate::PredictError;
use crate::labels::check_labels;

/// What kernel regression says about one missing pose of each seed.
#[derive(Clone, Debug, PartialEq)]
pub struct LeaveOneOut {
    /// `[seeds, outputs]`: label minus prediction.
    pub errors: Array2<f64>,
    /// `[seeds, outputs]`: the prediction.
    pub predictions: Array2<f64>,
    /// `[seeds]`: the predictive variance of a label, the ridge as its noise included.
    pub variance: Array1<f64>,
    /// `[seeds, outputs]`: whether the kernel tells the poses apart.
    pub status: Array2<OrbitStatus>,
    /// `[seeds, outputs]`: where `errors` go as the ridge vanishes; `None` where the status is regular.
    pub limits: Array2<Option<f64>>,
}

/// Predicts a missing pose of each seed in turn from all other points.
///
/// # Shapes
/// - `labels`: `[seeds, outputs]`, constant on each orbit
///
/// # Errors
/// [`PredictError::LabelShape`], [`PredictError::LabelNotFinite`]; [`PredictError::Gram`] with
/// [`NotPositiveDefinite`](isotypic_gram::NotPositiveDefinite), which names the irrep, the pivot and the
/// ridge that would do.
///
/// # Examples
/// ```
/// use isotypic_gram::{GroupInvariantGram, OrbitStatus, Ridge};
/// use isotypic_group::FiniteGroup;
/// use isotypic_predict::leave_one_out;
/// use ndarray::{array, arr3};
///
/// // One seed whose three poses look the same to the kernel: a missing pose is known from the others.
/// let gram = GroupInvariantGram::from_orbit_kernel(&FiniteGroup::cyclic(3)?, arr3(&[[[1.0, 1.0, 1.0]]]))?;
/// let result = leave_one_out(&gram, Ridge::Absolute(1e-10), &array![[1.0]])?;
/// assert_eq!(result.status[[0, 0]], OrbitStatus::OrbitCollapse);
/// assert!((result.errors[[0, 0]] - 0.5e-10).abs() < 1e-15);
/// assert_eq!(result.limits[[0, 0]], Some(0.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn leave_one_out(
    gram: &GroupInvariantGram,
    ridge: Ridge,
    labels: &ArrayRef2<f64>,
) -> Result<LeaveOneOut, PredictError> {
    check_labels(gram.layout(), labels)?;
    let factor = gram.factor(ridge)?;
    let inverse_diagonal = factor.inverse_diagonal_by_seed();
    let errors = factor.dual_weights(labels)? / inverse_diagonal.view().insert_axis(Axis(1));
    let limits = gram.null_space()?.limits(labels)?;
    Ok(LeaveOneOut {
        predictions: labels.to_owned() - &errors,
        errors,
        variance: inverse_diagonal.mapv(f64::recip),
        status: limits.status,
        limits: limits.error,
    })
}
