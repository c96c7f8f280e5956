//! Which irreps an error comes from.
//!
//! The errors $\varepsilon$ on a held-out set solve $P_{MM}\, \varepsilon = (P y)_M$, and $P$ is a sum over irreps. The
//! share of an irrep is its part of $\varepsilon^T P_{MM}\, \varepsilon$; for one pose of seed s it is
//! $w_\rho\, p_\rho / P_{ss}$ with the inverse power $p_\rho = \mathrm{tr}[(B_\rho + \lambda I)^{-1}]_{ss} / d_\rho$
//! and the weight $w_\rho = d_\rho^2 / |G|$ (twice that for a conjugate pair).
//!
//! With $\varepsilon_s = \alpha_s / \sum_\rho w_\rho p_\rho$ the point is misclassified when $y_s \alpha_s$, the label's
//! energy, exceeds the average of the inverse powers. The excess $w_\rho\, y_s \varepsilon_s - \mathrm{share}_\rho$ adds up
//! to $y_s \varepsilon_s - 1$: irreps with a large positive one cause the failure, since there the kernel has much more power
//! than where the labels lie.

use isotypic_gram::{GroupInvariantFactor, GroupInvariantGram, SymmetricOperator};
use isotypic_group::IrrepLabel;
use isotypic_orbit::HeldOutSet;
use ndarray::Array2;

use crate::{LeaveSetOut, PredictError};

/// What one irrep has to do with the errors on a held-out set.
#[derive(Clone, Debug, PartialEq)]
pub struct IrrepShare {
    /// The irrep, the one of smaller index of a conjugate pair.
    pub irrep: IrrepLabel,
    /// Its dimension.
    pub dimension: usize,
    /// $d_\rho^2 / |G|$, twice that for a conjugate pair; all weights add up to 1.
    pub weight: f64,
    /// Its part of $\varepsilon^T P_{MM}\, \varepsilon$ for every output, between 0 and 1; the parts of all irreps add up
    /// to 1. NaN where there is no error at all.
    pub shares: Vec<f64>,
}

/// The share of every irrep in the errors on a held-out set, in the order of the blocks.
///
/// # Errors
/// [`PredictError::Gram`] if the result does not belong to these orbits.
pub fn irrep_shares(
    gram: &GroupInvariantGram,
    factor: &GroupInvariantFactor,
    held_out: &HeldOutSet,
    result: &LeaveSetOut,
) -> Result<Vec<IrrepShare>, PredictError> {
    let mut errors = Array2::zeros((held_out.layout().len(), result.errors.ncols()));
    for (error, &row) in result.errors.rows().into_iter().zip(held_out.rows()) {
        errors.row_mut(row).assign(&error);
    }
    let parts = factor.quadratic_forms(&errors)?;
    let totals = parts.sum_axis(ndarray::Axis(0));
    let order = gram.layout().order() as f64;
    let share = |(slot, part): (&isotypic_group::IrrepSlot, ndarray::ArrayView1<'_, f64>)| IrrepShare {
        irrep: slot.label.clone(),
        dimension: slot.dimension,
        weight: (slot.dimension * slot.dimension * slot.weight) as f64 / order,
        shares: part.iter().zip(&totals).map(|(part, total)| part / total).collect(),
    };
    Ok(factor.irreps().iter().zip(parts.rows()).map(share).collect())
}
