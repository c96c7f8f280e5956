//! The spectral error of two orbits of a cyclic group: one number for both, from one Fourier transform.
//!
//! $\varepsilon_s = \lambda_N^{-1} / \langle \lambda^{-1} \rangle$ with the eigenvalues of the circularised
//! Gram matrix (Perin & Deny, arXiv 2412.11521). It equals the exact error only when both orbits have the
//! same kernel and $\kappa_{AB}(u) = \kappa_{AB}(-1-u)$; otherwise it averages over the two classes and over
//! the pairing of their poses, and can hide a class that fails. [`leave_one_out`](crate::leave_one_out) is
//! exact.
//!
//! The ridge here is the one of every other error. The conventions of the authors' scripts are in
//! [`paper`](crate::paper).

use isotypic_gram::{GroupInvariantGram, Ridge, SymmetricOperator};

use crate::{CircularSpectrum, PredictError};

/// The spectral error, and how much of it is a matter of the starting pose.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpectralError {
    /// With both orbits starting at their pose 0.
    pub value: f64,
    /// The smallest over all starting poses of the second orbit.
    pub minimum: f64,
    /// The largest over all starting poses of the second orbit.
    pub maximum: f64,
}

/// The spectral error of two seeds of a cyclic group.
///
/// # Errors
/// [`PredictError::NotTwoSeeds`], [`PredictError::NotCyclic`]; [`PredictError::SpectrumNotPositive`] if the
/// ridge leaves an eigenvalue that is not positive beyond rounding.
///
/// # Examples
/// ```
/// use isotypic_gram::{GroupInvariantGram, Ridge};
/// use isotypic_group::FiniteGroup;
/// use isotypic_predict::spectral_error;
/// use ndarray::arr3;
///
/// // Two points at one pose each, k(A, A) = k(B, B) = 2 and k(A, B) = 1: eigenvalues 3 and 1.
/// let gram = GroupInvariantGram::from_orbit_kernel(&FiniteGroup::cyclic(1)?, arr3(&[[[2.0], [1.0]], [[1.0], [2.0]]]))?;
/// let error = spectral_error(&gram, Ridge::Absolute(0.0))?;
/// assert!((error.value - 1.5).abs() < 1e-15);
/// assert_eq!((error.minimum, error.maximum), (error.value, error.value));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn spectral_error(gram: &GroupInvariantGram, ridge: Ridge) -> Result<SpectralError, PredictError> {
    let ridge = ridge.value(gram.mean_diagonal())?;
    let spectra = CircularSpectrum::of_all_starts(gram)?;
    let errors = spectra.iter().map(|spectrum| spectrum.error(ridge)).collect::<Result<Vec<f64>, _>>()?;
    Ok(SpectralError {
        value: errors[0],
        minimum: errors.iter().copied().fold(f64::INFINITY, f64::min),
        maximum: errors.iter().copied().fold(0.0, f64::max),
    })
}
