//! The spectrum of two interleaved orbits, circularised.
//!
//! Two seeds A, B of a cyclic group in the order A0, B0, A1, B1, … give a 2N × 2N Gram matrix; averaging its
//! wrapped diagonals makes it circulant (Perin & Deny, arXiv 2412.11521). Its first row is
//! $\frac12 (\kappa_{AA}(u) + \kappa_{BB}(u))$ at $2u$ and $\frac12 (\kappa_{AB}(u) + \kappa_{AB}(-1-u))$ at
//! $2u + 1$; its eigenvalues are the unnormalised Fourier transform of that row.

use std::cmp::Ordering;

use isotypic_gram::{GroupInvariantGram, SymmetricOperator};
use num_complex::Complex64;
use rustfft::{Fft, FftPlanner};

use crate::PredictError;

/// The eigenvalues of a circulant Gram matrix of two interleaved orbits.
#[derive(Clone, Debug, PartialEq)]
pub struct CircularSpectrum {
    first_row: Vec<f64>,
    eigenvalues: Vec<f64>,
}

impl CircularSpectrum {
    /// The spectrum of two orbits, starting the second at pose `start`.
    ///
    /// The choice of the starting pose changes neither the data nor any exact error, only the pairing of the
    /// interleaving.
    ///
    /// # Errors
    /// [`PredictError::NotTwoSeeds`], [`PredictError::NotCyclic`], and [`PredictError::OutOfRange`] for a
    /// pose that does not exist.
    pub fn of(gram: &GroupInvariantGram, start: usize) -> Result<Self, PredictError> {
        let poses = Self::check(gram)?;
        if start >= poses {
            return Err(PredictError::OutOfRange { what: "pose", index: start, count: poses });
        }
        Self::from_first_row(interleaved_row(gram, poses, start))
    }

    /// The spectra for all starting poses of the second orbit.
    ///
    /// # Errors
    /// As [`CircularSpectrum::of`].
    pub fn of_all_starts(gram: &GroupInvariantGram) -> Result<Vec<Self>, PredictError> {
        let poses = Self::check(gram)?;
        let transform = FftPlanner::new().plan_fft_forward(2 * poses);
        (0..poses).map(|start| Self::transformed(interleaved_row(gram, poses, start), &*transform)).collect()
    }

    /// The number of poses, if there are two seeds of a cyclic group.
    fn check(gram: &GroupInvariantGram) -> Result<usize, PredictError> {
        let poses = gram
            .group()
            .as_cyclic()
            .ok_or_else(|| PredictError::NotCyclic { group: gram.group().to_string() })?;
        let seeds = gram.layout().seeds();
        if seeds != 2 {
            return Err(PredictError::NotTwoSeeds { seeds });
        }
        Ok(poses)
    }

    /// The spectrum of the circulant matrix with this first row.
    ///
    /// # Errors
    /// [`PredictError::OddLength`] unless the length is even and positive, [`PredictError::NotFinite`].
    pub fn from_first_row(first_row: Vec<f64>) -> Result<Self, PredictError> {
        let length = first_row.len();
        if length == 0 || length % 2 == 1 {
            return Err(PredictError::OddLength { length });
        }
        let transform = FftPlanner::new().plan_fft_forward(length);
        Self::transformed(first_row, &*transform)
    }

    fn transformed(first_row: Vec<f64>, transform: &dyn Fft<f64>) -> Result<Self, PredictError> {
        if let Some((index, &value)) = first_row.iter().enumerate().find(|(_, value)| !value.is_finite()) {
            return Err(PredictError::NotFinite { what: "first row", index, value });
        }
        let mut coefficients: Vec<Complex64> =
            first_row.iter().map(|&value| Complex64::from(value)).collect();
        transform.process(&mut coefficients);
        let eigenvalues = coefficients.iter().map(|coefficient| coefficient.re).collect();
        Ok(Self { first_row, eigenvalues })
    }

    /// The first row of the circulant matrix.
    pub fn first_row(&self) -> &[f64] {
        &self.first_row
    }

    /// The eigenvalues $\lambda_0, \ldots, \lambda_{2N-1}$; frequency k and 2N − k have the same one.
    pub fn eigenvalues(&self) -> &[f64] {
        &self.eigenvalues
    }

    /// $\lambda_N$, along which the labels +, −, +, − lie: N/2 times the squared distance of the orbit means.
    pub fn separation(&self) -> f64 {
        self.eigenvalues[self.eigenvalues.len() / 2]
    }

    /// $\lambda_N^{-1} / \langle \lambda^{-1} \rangle$ after the ridge, absolute, is added to every
    /// eigenvalue.
    ///
    /// # Errors
    /// [`PredictError::SpectrumNotPositive`] if an eigenvalue plus ridge is not positive beyond rounding.
    pub fn error(&self, ridge: f64) -> Result<f64, PredictError> {
        let floor = f64::EPSILON * self.eigenvalues.len() as f64 * self.first_row[0];
        let mut inverse_sum = 0.0;
        for (frequency, eigenvalue) in self.eigenvalues.iter().enumerate() {
            let value = eigenvalue + ridge;
            // NaN is not greater.
            if value.partial_cmp(&floor) != Some(Ordering::Greater) {
                return Err(PredictError::SpectrumNotPositive { frequency, value, ridge });
            }
            inverse_sum += value.recip();
        }
        let mean = inverse_sum / self.eigenvalues.len() as f64;
        Ok((self.separation() + ridge).recip() / mean)
    }
}

/// The first row of the circularised matrix of A0, B0, A1, B1, …, with B0 the second seed at pose `start`.
fn interleaved_row(gram: &GroupInvariantGram, poses: usize, start: usize) -> Vec<f64> {
    let kernel = gram.orbit_kernel();
    let within = |u: usize| 0.5 * (kernel[[0, 0, u]] + kernel[[1, 1, u]]);
    let across = |u: usize| kernel[[0, 1, (u + start) % poses]];
    let between = |u: usize| 0.5 * (across(u) + across(poses - 1 - u));
    (0..poses).flat_map(|u| [within(u), between(u)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_multiple_of_the_identity_has_error_one() {
        let spectrum = CircularSpectrum::from_first_row(vec![3.0, 0.0, 0.0, 0.0]).unwrap();
        assert_eq!(spectrum.eigenvalues(), [3.0; 4]);
        assert_eq!(spectrum.error(0.5).unwrap(), 1.0);
    }

    #[test]
    fn a_vanishing_eigenvalue_is_an_error_without_ridge() {
        let spectrum = CircularSpectrum::from_first_row(vec![1.0; 4]).unwrap();
        let error = spectrum.error(0.0).unwrap_err();
        assert!(matches!(error, PredictError::SpectrumNotPositive { frequency: 1, .. }), "{error}");
        assert!(spectrum.error(1e-6).unwrap().is_finite());
        assert!(spectrum.error(f64::NAN).is_err());
    }

    #[test]
    fn rows_that_are_none_are_refused() {
        for row in [vec![], vec![1.0; 3]] {
            assert!(matches!(CircularSpectrum::from_first_row(row), Err(PredictError::OddLength { .. })));
        }
        let error = CircularSpectrum::from_first_row(vec![1.0, f64::NAN]).unwrap_err();
        assert!(matches!(error, PredictError::NotFinite { index: 1, .. }));
    }
}
