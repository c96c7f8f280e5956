//! The number times a smooth step, $u\,\sum_m w_m \Phi(u/\tau_m)$: `gelu` (one component, $\tau = 1$) and `silu` (the logistic
//! mixture of `normal_mixture.rs`).
//!
//! Integration by parts (Stein's identity) gives, for components $m$ and $n$ with the symbols of `normal_mixture.rs`,
//! $\cos\theta = 1 - t$, $r = \cos\vartheta$ and $D = 1 - r^2$,
//!
//! - $E[\varphi_m\varphi_n] / \sqrt{q_x q_y} = \tfrac12\cos\theta\,(1 - \vartheta/\pi)
//!   + R\,(t(2-t) + \cos^2\theta\,(i_x + i_y)) / (2\pi\sqrt D)$,
//! - $E[\varphi_m'\varphi_n'] = \tfrac12(1 - \vartheta/\pi) + r\,(i_x + i_y + i_x i_y/D) / (2\pi\sqrt D)$.
//!
//! The case $\tau = 1$ is that of neural-tangents' `Gelu`. All quantities are of order one for any variances. The mapped
//! gap is accurate to a few $10^{-16}$ absolutely, and exactly zero where the two points agree.

use std::f64::consts::PI;

use fearless_simd::{Level, dispatch, prelude::*};
use fearless_simd_macros::simd;

use super::arc::Arc;
use super::normal_mixture::{LOGISTIC, LOGISTIC_ERROR, Mixture, NORMAL, sum_of_point, sum_over_components};
use super::pairs::map_pairs;
use super::{Nonlinearity, PairRun};

/// A number times a smooth step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gated {
    /// $u\,\Phi(u)$.
    Gelu,
    /// $u/(1 + e^{-u})$.
    Silu,
}

impl Gated {
    fn mixture(self) -> &'static Mixture {
        match self {
            Self::Gelu => NORMAL,
            Self::Silu => LOGISTIC,
        }
    }
}

impl Nonlinearity for Gated {
    fn variance(&self, q: f64) -> f64 {
        q * sum_of_point(q, self.mixture(), |[_, shrinkage, determinant, noise, _]| {
            let root = determinant.sqrt();
            0.25 + shrinkage.atan2(root) / (2.0 * PI) + shrinkage * noise / (2.0 * PI * root)
        })
    }

    fn derivative_variance(&self, q: f64) -> f64 {
        sum_of_point(q, self.mixture(), |[_, shrinkage, determinant, noise, product]| {
            let root = determinant.sqrt();
            let slope = shrinkage / (2.0 * PI * root);
            0.25 + shrinkage.atan2(root) / (2.0 * PI) + slope * (noise + product / determinant)
        })
    }

    fn approximation_error(&self, _q: f64) -> f64 {
        match self {
            Self::Gelu => 0.0,
            Self::Silu => LOGISTIC_ERROR,
        }
    }

    fn cost(&self) -> f64 {
        match self {
            Self::Gelu => 9.0,
            Self::Silu => 1_000.0,
        }
    }

    fn map(&self, level: Level, run: PairRun<'_, f64>) {
        dispatch!(level, simd => map(simd, self.mixture(), run));
    }
}

#[simd]
fn map<S: Simd>(simd: S, mixture: &Mixture, run: PairRun<'_, f64>) {
    map_pairs(
        simd,
        run,
        #[inline(always)]
        |pair| {
            let cosine = -pair.gap + 1.0;
            let sine_squared = pair.gap * (-pair.gap + 2.0);
            let (covariance, derivative) = sum_over_components(
                &pair,
                mixture,
                #[inline(always)]
                |component| {
                    let half = Arc::<S, f64>::new(simd, component.gap).angle_over_pi().mul_add(-0.5, 0.5);
                    let density = S::f64s::splat(simd, 0.5 / PI) / component.determinant.sqrt();
                    let (noise, product) = component.noise;
                    let bulge = (cosine * cosine).mul_add(noise, sine_squared) * component.shrinkage;
                    let slope = (noise + product / component.determinant) * component.correlation;
                    (bulge.mul_add(density, cosine * half), slope.mul_add(density, half))
                },
            );
            // Roots before products: the covariance itself may leave the range of numbers.
            let ratio_x = pair.root_x / pair.mapped_x.max(f64::MIN_POSITIVE);
            let ratio_y = pair.root_y / pair.mapped_y.max(f64::MIN_POSITIVE);
            (-(covariance * (ratio_x * ratio_y)) + 1.0, derivative)
        },
    );
}
