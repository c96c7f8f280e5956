//! The rectifier $\max(u, 0)$: arc-cosine kernels of order 1 and 0 (Cho & Saul 2009).
//!
//! $E[\varphi(u)\varphi(v)] = \tfrac12\sqrt{q_x q_y}\,\kappa_1$ and $E[\varphi'(u)\varphi'(v)] = \tfrac12\kappa_0$ with
//! $\kappa_1 = (\sin\theta + (\pi-\theta)\cos\theta)/\pi$, $\kappa_0 = 1 - \theta/\pi$. In cosine gaps, with the sine
//! defect $h(\theta) = (\sin\theta - \theta\cos\theta)/\pi$:
//!
//! - $1 - \kappa_1 = t - h(\theta)$ for acute angles,
//! - $1 - \kappa_1 = 1 - h(\pi - \theta)$ for obtuse ones,
//!
//! neither of which cancels.

use fearless_simd::{Level, dispatch, prelude::*};
use fearless_simd_macros::simd;

use super::arc::Arc;
use super::{Nonlinearity, PairRun};
use crate::real::Real;

/// The rectifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Relu;

impl Nonlinearity for Relu {
    fn variance(&self, q: f64) -> f64 {
        0.5 * q
    }

    fn derivative_variance(&self, _q: f64) -> f64 {
        0.5
    }

    fn map(&self, level: Level, run: PairRun<'_, f64>) {
        debug_assert_eq!(run.cosine_gap.len() % f64::LANES, 0);
        match run.ntk {
            Some(ntk) => dispatch!(level, simd => map_both(simd, run.cosine_gap, ntk)),
            None => dispatch!(level, simd => map_covariance(simd, run.cosine_gap)),
        }
    }
}

#[inline(always)]
pub(super) fn mapped_gap<S: Simd>(arc: &Arc<S>, cosine_gap: S::f64s) -> S::f64s {
    let defect = arc.acute_sine_defect_over_pi();
    arc.select(-defect + 1.0, cosine_gap - defect)
}

#[simd]
fn map_both<S: Simd>(simd: S, cosine_gap: &mut [f64], ntk: &mut [f64]) {
    for (gap, ntk) in cosine_gap.chunks_exact_mut(S::f64s::LEN).zip(ntk.chunks_exact_mut(S::f64s::LEN)) {
        let t = S::f64s::from_slice(simd, gap);
        let arc = Arc::new(simd, t);
        let half_kappa_zero = arc.angle_over_pi().mul_add(-0.5, 0.5);
        (S::f64s::from_slice(simd, ntk) * half_kappa_zero).store_slice(ntk);
        mapped_gap(&arc, t).store_slice(gap);
    }
}

#[simd]
fn map_covariance<S: Simd>(simd: S, cosine_gap: &mut [f64]) {
    for gap in cosine_gap.chunks_exact_mut(S::f64s::LEN) {
        let t = S::f64s::from_slice(simd, gap);
        mapped_gap(&Arc::new(simd, t), t).store_slice(gap);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terms::{Ends, Terms};

    fn map(gaps: [f64; f64::LANES]) -> ([f64; f64::LANES], [f64; f64::LANES]) {
        let (mut cosine_gap, mut ntk) = (gaps, [1.0; f64::LANES]);
        let ones = Terms::from_variances([1.0; f64::LANES]);
        let ends = Ends { x: ones.view(0, 1), y: ones.view(0, f64::LANES) };
        Relu.map(
            Level::new(),
            PairRun { before: ends, after: ends, cosine_gap: &mut cosine_gap, ntk: Some(&mut ntk) },
        );
        (cosine_gap, ntk)
    }

    #[test]
    fn matches_the_arc_cosine_formulas() {
        let gaps = [1e-3, 0.05, 0.4, 0.9, 1.0, 1.1, 1.7, 1.999];
        let (mapped, ntk) = map(gaps);
        for i in 0..f64::LANES {
            let theta = (1.0 - gaps[i]).acos();
            let kappa_one =
                (theta.sin() + (std::f64::consts::PI - theta) * theta.cos()) / std::f64::consts::PI;
            assert!((1.0 - mapped[i] - kappa_one).abs() < 1e-14, "covariance at {}", gaps[i]);
            assert!((ntk[i] - 0.5 * (1.0 - theta / std::f64::consts::PI)).abs() < 1e-14);
        }
    }

    #[test]
    fn identical_and_opposite_pairs_are_exact() {
        let (mapped, ntk) = map([0.0, 2.0, 1.0, 0.0, 2.0, 1.0, 0.0, 2.0]);
        assert_eq!((mapped[0], ntk[0]), (0.0, 0.5));
        assert_eq!((mapped[1], ntk[1]), (1.0, 0.0));
        assert!((ntk[2] - 0.25).abs() < 1e-16);
    }

    #[test]
    fn both_outputs_agree_with_the_covariance_alone() {
        let gaps = [1e-12, 0.05, 0.4, 0.9, 1.0, 1.1, 1.7, 2.0];
        let mut alone = gaps;
        let ones = Terms::from_variances([1.0; f64::LANES]);
        let ends = Ends { x: ones.view(0, 1), y: ones.view(0, f64::LANES) };
        Relu.map(Level::new(), PairRun { before: ends, after: ends, cosine_gap: &mut alone, ntk: None });
        assert_eq!(alone, map(gaps).0);
    }
}
