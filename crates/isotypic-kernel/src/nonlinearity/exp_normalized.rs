//! The normalised Gaussian kernel $\sqrt{q_xq_y}\,e^{\gamma(\cos\theta + s)}$ (Shankar et al. 2020).
//!
//! It belongs to no function of one number: it is what an infinite sum of powers of the cosine makes, with the norms left alone. The mapped
//! gap is $1 - e^{-\gamma t}$, and the tangent kernel is multiplied by the derivative with respect to the covariance,
//! $\gamma e^{\gamma(\cos\theta + s)}$.

use fearless_simd::{Level, dispatch, prelude::*};
use fearless_simd_macros::simd;

use super::exponential::exponential_minus_one;
use super::pairs::map_pairs;
use super::{Nonlinearity, PairRun};

/// An exponential of the cosine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExpNormalized {
    /// Rate, at least 0.
    pub gamma: f64,
    /// Added to the cosine.
    pub shift: f64,
}

impl ExpNormalized {
    /// $e^{\gamma(1+s)}$, the factor of variances.
    fn gain(self) -> f64 {
        (self.gamma * (1.0 + self.shift)).exp()
    }
}

impl Nonlinearity for ExpNormalized {
    fn variance(&self, q: f64) -> f64 {
        self.gain() * q
    }

    fn derivative_variance(&self, _q: f64) -> f64 {
        self.gamma * self.gain()
    }

    fn map(&self, level: Level, run: PairRun<'_, f64>) {
        dispatch!(level, simd => map(simd, *self, run));
    }
}

#[simd]
fn map<S: Simd>(simd: S, function: ExpNormalized, run: PairRun<'_, f64>) {
    let slope = function.gamma * function.gain();
    map_pairs(
        simd,
        run,
        #[inline(always)]
        |pair| {
            let gap = -exponential_minus_one(simd, pair.gap * -function.gamma);
            (gap, (-gap + 1.0) * slope)
        },
    );
}
