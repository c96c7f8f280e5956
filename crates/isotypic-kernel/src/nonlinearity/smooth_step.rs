//! Steps smoothed by logistic noise: `sigmoid` and `tanh`.
//!
//! $\sigma(u) = P(L < u)$ and $\tanh(u) = 2\sigma(2u) - 1$ are means of the sign of $u$ plus noise. With the logistic mixture and
//! the symbols of `normal_mixture.rs`, $r = \cos\vartheta$ (Williams 1996 is the case of one component),
//!
//! - $E[\varphi\varphi] = \alpha^2 + \beta^2\sum w_m w_n (1 - 2\vartheta/\pi)$,
//! - $E[\varphi'\varphi'] = \tfrac2\pi\beta^2 \sum w_m w_n / \sqrt{(q_x+\tau_m^2)(q_y+\tau_n^2)(1-r^2)}$,
//!
//! where $\alpha = \beta = \tfrac12$ for `sigmoid`; $\alpha = 0$, $\beta = 1$ and a quarter of the noise for `tanh`. The mapped gap is
//! accurate to a few $10^{-16}$ absolutely besides the error of the mixture, and exactly zero where the two points agree.

use std::f64::consts::{FRAC_2_PI, PI};

use fearless_simd::{Level, dispatch, prelude::*};
use fearless_simd_macros::simd;

use super::arc::Arc;
use super::normal_mixture::{LOGISTIC, LOGISTIC_ERROR, Mixture, sum_of_point, sum_over_components};
use super::pairs::map_pairs;
use super::{Nonlinearity, PairRun};

/// A step with logistic noise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmoothStep {
    /// $1/(1 + e^{-u})$.
    Sigmoid,
    /// $\tanh u$.
    Tanh,
}

impl SmoothStep {
    /// $\alpha$, $\beta$ and the factor by which the noise of the standard logistic distribution is multiplied.
    fn constants(self) -> (f64, f64, f64) {
        match self {
            Self::Sigmoid => (0.5, 0.5, 1.0),
            Self::Tanh => (0.0, 1.0, 0.25),
        }
    }

    fn mixture(self) -> [(f64, f64); LOGISTIC.len()] {
        let factor = self.constants().2;
        std::array::from_fn(|m| (factor * LOGISTIC[m].0, LOGISTIC[m].1))
    }
}

impl Nonlinearity for SmoothStep {
    fn variance(&self, q: f64) -> f64 {
        let (offset, scale, _) = self.constants();
        let sum = sum_of_point(q, &self.mixture(), |[_, shrinkage, determinant, ..]| {
            shrinkage.atan2(determinant.sqrt())
        });
        offset * offset + FRAC_2_PI * scale * scale * sum
    }

    fn derivative_variance(&self, q: f64) -> f64 {
        let (_, scale, _) = self.constants();
        let sum =
            sum_of_point(q, &self.mixture(), |[norm, _, determinant, ..]| 1.0 / (norm * determinant.sqrt()));
        FRAC_2_PI * scale * scale * sum
    }

    fn approximation_error(&self, _q: f64) -> f64 {
        LOGISTIC_ERROR
    }

    fn cost(&self) -> f64 {
        900.0
    }

    fn map(&self, level: Level, run: PairRun<'_, f64>) {
        let (offset, scale, _) = self.constants();
        dispatch!(level, simd => map(simd, (offset * offset, scale * scale), &self.mixture(), run));
    }
}

#[simd]
fn map<S: Simd>(simd: S, (offset, scale): (f64, f64), mixture: &Mixture, run: PairRun<'_, f64>) {
    map_pairs(
        simd,
        run,
        #[inline(always)]
        |pair| {
            let (sum, derivative) = sum_over_components(
                &pair,
                mixture,
                #[inline(always)]
                |component| {
                    let arcsine = Arc::<S, f64>::new(simd, component.gap).angle_over_pi().mul_add(-2.0, 1.0);
                    let density = component.norm * component.determinant.sqrt();
                    (arcsine, S::f64s::splat(simd, 2.0 / PI) / density)
                },
            );
            (pair.gap_of_covariance(sum * scale + offset), derivative * scale)
        },
    );
}
