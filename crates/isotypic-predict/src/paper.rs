//! The conventions of the authors' scripts (Perin & Deny, arXiv 2412.11521), to reproduce their figures.
//! Never a default.
//!
//! They differ from the rest of this crate in the ridge: each error has its own, proportional to a trace
//! instead of a mean, and the spectral error takes moduli. Rows are interleaved A0, B0, A1, B1, … there; here
//! they are seed-major as everywhere.

use isotypic_gram::{DenseGram, Ridge, SymmetricOperator, symmetric_least_squares};
use ndarray::Array2;

use crate::{CircularSpectrum, PredictError};

/// The ratio r of their spectral error in the figures of pairs.
pub const SPECTRAL_RIDGE_RATIO: f64 = 1e-5;

/// The ratio r of their kernel regression on pairs of digits.
pub const EXACT_RIDGE_RATIO: f64 = 1e-10;

/// Their regression on a pair: each seed's pose left out in turn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairRegression {
    /// The prediction at the left-out pose of the first and of the second seed.
    pub predictions: [f64; 2],
    /// |label − prediction| of the first and of the second seed.
    pub errors: [f64; 2],
    /// The mean of the two errors: what the figures show.
    pub error: f64,
}

/// Their spectral error: $\lambda_N^{-1} / \langle \lambda^{-1} \rangle$ with
/// $\lambda_k^{-1} = 1 / |\lambda_k + r \cdot c_0 \cdot 2N|$, where $c_0$ is the diagonal of the circularised
/// matrix.
///
/// # Errors
/// [`PredictError::SpectrumNotPositive`] if an eigenvalue plus ridge is exactly zero or no number.
pub fn spectral_error(spectrum: &CircularSpectrum, ratio: f64) -> Result<f64, PredictError> {
    let eigenvalues = spectrum.eigenvalues();
    let ridge = ratio * spectrum.first_row()[0] * eigenvalues.len() as f64;
    let mut inverse = Vec::with_capacity(eigenvalues.len());
    for (frequency, eigenvalue) in eigenvalues.iter().enumerate() {
        let value = eigenvalue + ridge;
        if value == 0.0 || value.is_nan() {
            return Err(PredictError::SpectrumNotPositive { frequency, value, ridge });
        }
        inverse.push(value.abs().recip());
    }
    Ok(inverse[eigenvalues.len() / 2] / (inverse.iter().sum::<f64>() / eigenvalues.len() as f64))
}

/// Their kernel regression on two seeds: pose `element` of one seed is left out, the ridge is r times the
/// trace of the matrix of the remaining points, and the system is solved by least squares. Their figures of
/// digits leave out element 0.
///
/// The predictions carry a rounding error of about $\varepsilon \cdot \mathrm{cond}(K + \lambda I)$ times the
/// labels, here as there: the ridge bounds the condition number by 1 / r only.
///
/// # Errors
/// [`PredictError::NotTwoSeeds`], [`PredictError::OutOfRange`], [`PredictError::LabelNotFinite`],
/// [`PredictError::Gram`] for a ratio that is no ridge.
pub fn pair_regression(
    gram: &DenseGram,
    labels: [f64; 2],
    element: usize,
    ratio: f64,
) -> Result<PairRegression, PredictError> {
    let layout = gram.layout();
    if layout.seeds() != 2 {
        return Err(PredictError::NotTwoSeeds { seeds: layout.seeds() });
    }
    if element >= layout.order() {
        return Err(PredictError::OutOfRange { what: "pose", index: element, count: layout.order() });
    }
    if let Some(seed) = labels.iter().position(|label| !label.is_finite()) {
        return Err(PredictError::LabelNotFinite { seed, output: 0, value: labels[seed] });
    }
    let ratio = Ridge::Absolute(ratio).value(1.0)?;
    let mut predictions = [0.0; 2];
    for (seed, prediction) in predictions.iter_mut().enumerate() {
        *prediction = predict(gram, labels, layout.row(seed, element), ratio)?;
    }
    let errors = [0, 1].map(|seed| (labels[seed] - predictions[seed]).abs());
    Ok(PairRegression { predictions, errors, error: 0.5 * (errors[0] + errors[1]) })
}

fn predict(gram: &DenseGram, labels: [f64; 2], left_out: usize, ratio: f64) -> Result<f64, PredictError> {
    let observed: Vec<usize> = (0..gram.dim()).filter(|&row| row != left_out).collect();
    let mut matrix = gram.block(&observed, &observed)?;
    let ridge = ratio * matrix.diag().sum();
    matrix.diag_mut().mapv_inplace(|value| value + ridge);
    let targets = Array2::from_shape_fn((observed.len(), 1), |(index, _)| {
        labels[gram.layout().split(observed[index]).0]
    });
    let weights = symmetric_least_squares(&matrix, &targets)?;
    Ok(gram.block(&[left_out], &observed)?.row(0).dot(&weights.column(0)))
}
