//! The sign of $u$: arc-cosine kernel of order 0 (Cho & Saul 2009).
//!
//! $E[\varphi\varphi] = 1 - 2\theta/\pi$, so that the mapped gap is $2\theta/\pi$; the derivative vanishes almost everywhere
//! and its kernel is 0. A point of variance 0 is mapped to 0.

use fearless_simd::{Level, dispatch, prelude::*};
use fearless_simd_macros::simd;

use super::arc::Arc;
use super::{Nonlinearity, PairRun};

/// The sign function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sign;

impl Nonlinearity for Sign {
    fn variance(&self, q: f64) -> f64 {
        if q == 0.0 { 0.0 } else { 1.0 }
    }

    fn derivative_variance(&self, _q: f64) -> f64 {
        0.0
    }

    fn map(&self, level: Level, run: PairRun<'_, f64>) {
        dispatch!(level, simd => map(simd, run.cosine_gap));
        if let Some(difference) = run.ntk_difference {
            difference.fill(0.0);
        }
    }
}

#[simd]
fn map<S: Simd>(simd: S, cosine_gap: &mut [f64]) {
    for gap in cosine_gap.chunks_exact_mut(S::f64s::LEN) {
        let arc = Arc::<S, f64>::new(simd, S::f64s::from_slice(simd, gap));
        (arc.angle_over_pi() * 2.0).store_slice(gap);
    }
}
