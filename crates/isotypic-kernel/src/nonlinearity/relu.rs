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

use fearless_simd::prelude::*;

use super::arc::{Arc, ArcFunctions};
use super::homogeneous::Homogeneous;

/// The rectifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Relu;

impl Homogeneous for Relu {
    fn gain(self) -> f64 {
        0.5
    }

    #[inline(always)]
    fn on_gap<S: Simd, T: ArcFunctions>(
        self,
        simd: S,
        cosine_gap: T::Native<S>,
    ) -> (T::Native<S>, T::Native<S>) {
        let arc = Arc::<S, T>::new(simd, cosine_gap);
        (mapped_gap(&arc, cosine_gap), arc.angle_over_pi())
    }
}

/// $1 - \kappa_1$: for obtuse angles $t$ is replaced by 1.
#[inline(always)]
pub(super) fn mapped_gap<S: Simd, T: ArcFunctions>(
    arc: &Arc<S, T>,
    cosine_gap: T::Native<S>,
) -> T::Native<S> {
    cosine_gap.min(T::from_f64(1.0)) - arc.acute_sine_defect_over_pi()
}

#[cfg(test)]
mod tests {
    use fearless_simd::Level;

    use super::super::{Nonlinearity, PairRun};
    use super::*;
    use crate::real::Real;
    use crate::terms::{Ends, Terms};

    /// Points of variance 1 with the tangent kernel 1/2 that the rectifier makes of 1.
    fn mapped_points<T: Real>(count: usize) -> Terms<T> {
        Terms::new(vec![(1.0, 0.5); count])
    }

    /// Mapped gaps, and $E[\varphi'\varphi']$: what becomes of tangent kernels that are 1 everywhere.
    fn map(gaps: [f64; f64::LANES]) -> ([f64; f64::LANES], [f64; f64::LANES]) {
        let (mut cosine_gap, mut differences) = (gaps, [0.0; f64::LANES]);
        let points = mapped_points(f64::LANES);
        let ends = Ends { x: points.view(0, 1), y: points.view(0, f64::LANES) };
        let ntk_difference = Some(differences.as_mut_slice());
        let run = PairRun { before: ends, after: ends, cosine_gap: &mut cosine_gap, ntk_difference };
        Relu.map(Level::new(), run);
        (cosine_gap, differences.map(|difference| 0.5 * (1.0 - difference)))
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
        let run = PairRun { before: ends, after: ends, cosine_gap: &mut alone, ntk_difference: None };
        Relu.map(Level::new(), run);
        assert_eq!(alone, map(gaps).0);
    }

    #[test]
    fn single_precision_is_double_precision_rounded() {
        let gaps: Vec<f32> = (-400..=20).map(|k| f32::exp2(k as f32 / 20.0).min(2.0)).collect();
        let gaps: Vec<f32> =
            gaps.iter().copied().chain(std::iter::repeat(0.0)).take(27 * f32::LANES).collect();
        let (mut single, mut single_ntk) = (gaps.clone(), vec![0.0_f32; gaps.len()]);
        let mut double: Vec<f64> = gaps.iter().copied().map(f64::from).collect();
        let mut double_ntk = vec![0.0; gaps.len()];
        let (narrow, wide) = (mapped_points::<f32>(gaps.len()), mapped_points(gaps.len()));
        let ends = Ends { x: narrow.view(0, 27), y: narrow.view(0, gaps.len()) };
        let wide_ends = Ends { x: wide.view(0, 54), y: wide.view(0, gaps.len()) };
        let (cosine_gap, ntk_difference) = (&mut single, Some(single_ntk.as_mut_slice()));
        Relu.map_single(Level::new(), PairRun { before: ends, after: ends, cosine_gap, ntk_difference });
        let (cosine_gap, ntk_difference) = (&mut double, Some(double_ntk.as_mut_slice()));
        Relu.map(Level::new(), PairRun { before: wide_ends, after: wide_ends, cosine_gap, ntk_difference });
        for i in 0..gaps.len() {
            let near = |single: f32, double: f64| (f64::from(single) - double).abs() <= 3e-7 * double;
            assert!(near(single[i], double[i]), "gap {}: {} against {}", gaps[i], single[i], double[i]);
            // Differences keep their digits however small they are.
            assert!(near(single_ntk[i], double_ntk[i]), "tangent kernel at {}", gaps[i]);
        }
    }
}
