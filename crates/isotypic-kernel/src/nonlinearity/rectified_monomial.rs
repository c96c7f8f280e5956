//! Rectified powers, $u^n$ for $u \ge 0$ and 0 elsewhere: arc-cosine kernels of order $n$ (Cho & Saul 2009).
//!
//! $E[\varphi\varphi] = \tfrac12(2n-1)!!\,(q_xq_y)^{n/2}\,\kappa_n$ with $\kappa_n = J_n(\theta)/(\pi(2n-1)!!)$, and $E[\varphi'\varphi']$ is $n^2$ times the
//! kernel of order $n-1$. From $J_n = (2n-1)\cos\theta\,J_{n-1} + (n-1)^2\sin^2\theta\,J_{n-2}$, which follows from Stein's lemma, the gaps
//! $g_n = 1 - \kappa_n$ are
//!
//! $g_n = t + \cos\theta\,g_{n-1} - \frac{(n-1)^2}{(2n-1)(2n-3)}\,t(2-t)\,(1 - g_{n-2})$
//!
//! with $g_0 = \theta/\pi$ and the gap $g_1$ of the rectifier. Near $t = 0$ the last term is at most two thirds of the first two.

use fearless_simd::{Level, dispatch, prelude::*};
use fearless_simd_macros::simd;

use super::arc::Arc;
use super::pairs::map_pairs;
use super::relu::mapped_gap;
use super::{Nonlinearity, PairRun};

/// A rectified power of at least 0; that of 0 is 1 at 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RectifiedMonomial {
    /// $n$.
    pub degree: i32,
}

/// $1 \cdot 3 \cdots (2n-1)$.
fn double_factorial(n: i32) -> f64 {
    (1..=n).map(|k| f64::from(2 * k - 1)).product()
}

impl RectifiedMonomial {
    /// $n^2\,(2n-3)!!/2$, the second moment of the derivative at variance 1.
    fn slope(self) -> f64 {
        let n = self.degree;
        0.5 * f64::from(n * n) * double_factorial(n - 1)
    }
}

impl Nonlinearity for RectifiedMonomial {
    fn variance(&self, q: f64) -> f64 {
        // A point without variance is not on either side of the step, but at its upper end.
        if self.degree == 0 && q < f64::MIN_POSITIVE {
            return 1.0;
        }
        0.5 * double_factorial(self.degree) * q.powi(self.degree)
    }

    fn derivative_variance(&self, q: f64) -> f64 {
        if self.degree == 0 { 0.0 } else { self.slope() * q.powi(self.degree - 1) }
    }

    fn cost(&self) -> f64 {
        1.0 + 0.2 * f64::from(self.degree)
    }

    fn map(&self, level: Level, run: PairRun<'_, f64>) {
        dispatch!(level, simd => map(simd, *self, run));
    }
}

#[simd]
fn map<S: Simd>(simd: S, monomial: RectifiedMonomial, run: PairRun<'_, f64>) {
    let n = monomial.degree;
    let slope = monomial.slope();
    map_pairs(
        simd,
        run,
        #[inline(always)]
        |pair| {
            let zero = S::f64s::splat(simd, 0.0);
            let arc = Arc::<S, f64>::new(simd, pair.gap);
            let step = arc.angle_over_pi();
            if n == 0 {
                // cos = (1/2)/√(1/2) where one of the ends is exactly 0.
                let half_way = S::f64s::splat(simd, 1.0 - std::f64::consts::FRAC_1_SQRT_2);
                let either = pair.norm().simd_eq(0.0).select(half_way, step);
                let both = (pair.variance_x + pair.variance_y).simd_eq(0.0).select(zero, either);
                return (both, zero);
            }
            let cosine = -pair.gap + 1.0;
            let squared_sine = pair.gap * (-pair.gap + 2.0);
            let (mut before, mut gap) = (step, mapped_gap(&arc, pair.gap));
            for k in 2..=n {
                let share = f64::from((k - 1) * (k - 1)) / f64::from((2 * k - 1) * (2 * k - 3));
                let turned = squared_sine * share * (-before + 1.0);
                (before, gap) = (gap, gap.mul_add(cosine, pair.gap) - turned);
            }
            let mut power = S::f64s::splat(simd, slope);
            for _ in 1..n {
                power *= pair.norm();
            }
            (gap, (-before + 1.0) * power)
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::real::Real;
    use crate::terms::{Ends, Terms};

    /// $J_2$ and $J_3$ as Cho & Saul write them out, at variance 1.
    #[test]
    fn orders_two_and_three_equal_the_formulas_written_out() {
        let gaps = [1e-3, 0.05, 0.4, 0.9, 1.0, 1.1, 1.7, 1.999];
        for degree in [2, 3] {
            let monomial = RectifiedMonomial { degree };
            let ones = Terms::<f64>::from_variances([1.0; f64::LANES]);
            let mapped = Terms::<f64>::from_variances([monomial.variance(1.0); f64::LANES]);
            let before = Ends { x: ones.view(0, 1), y: ones.view(0, f64::LANES) };
            let after = Ends { x: mapped.view(0, 1), y: mapped.view(0, f64::LANES) };
            let mut cosine_gap = gaps;
            let run = PairRun { before, after, cosine_gap: &mut cosine_gap, ntk_difference: None };
            monomial.map(Level::new(), run);
            for (gap, mapped) in gaps.into_iter().zip(cosine_gap) {
                let (cosine, theta) = (1.0 - gap, f64::acos(1.0 - gap));
                let (sine, rest) = (theta.sin(), std::f64::consts::PI - theta);
                let angular = if degree == 2 {
                    3.0 * sine * cosine + rest * (1.0 + 2.0 * cosine * cosine)
                } else {
                    15.0 * sine - 11.0 * sine.powi(3) + rest * (9.0 * cosine + 6.0 * cosine.powi(3))
                };
                let expected = 1.0 - angular / (std::f64::consts::PI * double_factorial(degree));
                assert!((mapped - expected).abs() < 2e-14, "{degree} at {gap}: {mapped} against {expected}");
            }
        }
    }

    #[test]
    fn the_step_is_one_half_of_the_time_and_always_at_zero() {
        let step = RectifiedMonomial { degree: 0 };
        assert_eq!((step.variance(0.0), step.variance(1e-9), step.variance(3.0)), (1.0, 0.5, 0.5));
        assert_eq!(step.derivative_variance(0.0), 0.0);
        assert_eq!(RectifiedMonomial { degree: 1 }.derivative_variance(0.0), 0.5);
    }
}
