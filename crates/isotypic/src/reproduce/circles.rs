//! The toy model: two circles one above the other, turned by half a step against each other, under a Gaussian kernel.

use isotypic_gram::DenseGram;
use isotypic_group::FiniteGroup;
use isotypic_predict::CircularSpectrum;
use isotypic_predict::paper::{PairRegression, SPECTRAL_RIDGE_RATIO, pair_regression, spectral_error};
use ndarray::Array2;

use crate::Error;

/// The ridge of the authors' regression in the toy model, relative to the trace.
const RIDGE_RATIO: f64 = 1e-5;

/// Circles of radius 1 at a distance, with so many points on each.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Circles {
    pub(super) poses: usize,
    pub(super) distance: f64,
    /// L in the kernel $\exp(-L^2 \|x - y\|^2)$.
    pub(super) inverse_width: f64,
}

impl Circles {
    /// Points `[x, y, z]` in the order A0, B0, A1, B1, …
    pub(super) fn points(&self) -> Vec<[f64; 3]> {
        let point = |at: usize| {
            let angle = std::f64::consts::PI * at as f64 / self.poses as f64;
            let height = if at.is_multiple_of(2) { 0.5 } else { -0.5 } * self.distance;
            [angle.cos(), angle.sin(), height]
        };
        (0..2 * self.poses).map(point).collect()
    }

    /// Squared distances of the points.
    pub(super) fn squared_distances(&self) -> Array2<f64> {
        let points = self.points();
        let side = points.len();
        Array2::from_shape_fn((side, side), |(i, j)| {
            points[i].iter().zip(&points[j]).map(|(a, b)| (a - b).powi(2)).sum()
        })
    }

    /// The kernel between the points.
    pub(super) fn kernel(&self) -> Array2<f64> {
        self.squared_distances().mapv(|square| (-self.inverse_width.powi(2) * square).exp())
    }

    /// The kernel as a Gram matrix of two orbits.
    pub(super) fn gram(&self) -> Result<DenseGram, Error> {
        let group = FiniteGroup::cyclic(self.poses)?;
        let order = isotypic_orbit::RowOrder::PoseMajor;
        Ok(DenseGram::from_row_order(&self.kernel(), order, 2, group)?)
    }

    /// The averaged formula's error, and that of regression at the point that the authors' script leaves out.
    pub(super) fn errors(&self) -> Result<(f64, f64), Error> {
        let gram = self.gram()?;
        let spectral =
            spectral_error(&CircularSpectrum::of(&gram.project()?.gram, 0)?, SPECTRAL_RIDGE_RATIO)?;
        let left_out = self.poses / 2;
        let exact: PairRegression = pair_regression(&gram, [1.0, -1.0], left_out / 2, RIDGE_RATIO)?;
        Ok((spectral, exact.errors[left_out % 2]))
    }

    /// The spectrum.
    pub(super) fn spectrum(&self) -> Result<CircularSpectrum, Error> {
        Ok(CircularSpectrum::of(&self.gram()?.project()?.gram, 0)?)
    }
}

/// The largest relative deviation of pairs (ours, theirs).
pub(super) fn largest_deviation(pairs: impl Iterator<Item = (f64, f64)>) -> f64 {
    pairs.map(|(ours, theirs)| (ours / theirs - 1.0).abs()).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_of_the_circles_is_circulant() {
        let kernel = Circles { poses: 6, distance: 1.0, inverse_width: 1.0 }.kernel();
        for ((i, j), &value) in kernel.indexed_iter() {
            assert!((value - kernel[[0, (12 + j - i) % 12]]).abs() < 1e-15);
        }
        // Neighbours: a step of 30 degrees and the distance, 2 − 2 cos 30° + 1.
        assert!((kernel[[0, 1]] - (-(3.0 - 3.0_f64.sqrt())).exp()).abs() < 1e-15);
    }
}
