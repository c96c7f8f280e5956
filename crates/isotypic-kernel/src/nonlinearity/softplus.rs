//! The softplus function $\ln(1 + e^u)$: the mean of a rectifier with logistic noise.
//!
//! With the logistic mixture and the symbols of `normal_mixture.rs`, $r = \cos\vartheta$ and the arc-cosine kernels
//! $\kappa_0, \kappa_1$ of `relu.rs` (Cho & Saul 2009),
//!
//! - $E[\varphi\varphi] = \tfrac12\sum w_m w_n \sqrt{(q_x+\tau_m^2)(q_y+\tau_n^2)}\,\kappa_1(\vartheta)$,
//! - $E[\varphi'\varphi'] = \tfrac12\sum w_m w_n\,\kappa_0(\vartheta)$.
//!
//! The mapped gap is accurate to a few $10^{-16}$ absolutely besides the error of the mixture, and exactly zero where the
//! two points agree.

use std::f64::consts::PI;

use fearless_simd::{Level, dispatch, prelude::*};
use fearless_simd_macros::simd;

use super::arc::Arc;
use super::normal_mixture::{LOGISTIC, LOGISTIC_ERROR, sum_of_point, sum_over_components};
use super::pairs::map_pairs;
use super::relu::mapped_gap;
use super::{Nonlinearity, PairRun};

/// The softplus function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Softplus;

impl Nonlinearity for Softplus {
    fn variance(&self, q: f64) -> f64 {
        0.5 * sum_of_point(q, LOGISTIC, |[norm, shrinkage, determinant, ..]| {
            let root = determinant.sqrt();
            norm * (root + (PI / 2.0 + shrinkage.atan2(root)) * shrinkage) / PI
        })
    }

    fn derivative_variance(&self, q: f64) -> f64 {
        sum_of_point(q, LOGISTIC, |[_, shrinkage, determinant, ..]| {
            0.25 + shrinkage.atan2(determinant.sqrt()) / (2.0 * PI)
        })
    }

    fn approximation_error(&self, _q: f64) -> f64 {
        LOGISTIC_ERROR
    }

    fn cost(&self) -> f64 {
        1_300.0
    }

    fn map(&self, level: Level, run: PairRun<'_, f64>) {
        dispatch!(level, simd => map(simd, run));
    }
}

#[simd]
fn map<S: Simd>(simd: S, run: PairRun<'_, f64>) {
    map_pairs(
        simd,
        run,
        #[inline(always)]
        |pair| {
            let (covariance, derivative) = sum_over_components(
                &pair,
                LOGISTIC,
                #[inline(always)]
                |component| {
                    let arc = Arc::<S, f64>::new(simd, component.gap);
                    let kappa_one = -mapped_gap(&arc, component.gap) + 1.0;
                    (component.norm * kappa_one * 0.5, arc.angle_over_pi().mul_add(-0.5, 0.5))
                },
            );
            (pair.gap_of_covariance(covariance), derivative)
        },
    );
}
