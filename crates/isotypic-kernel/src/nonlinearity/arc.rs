//! The angle of a pair and its sine defect, from the cosine gap, in SIMD.
//!
//! With $m = \min(t, 2-t)/2 = \sin^2(\psi/2)$, where $\psi = \min(\theta, \pi-\theta)$:
//!
//! - $\psi = 2\sqrt m\, P(m)$, $P(m) = \arcsin(\sqrt m)/\sqrt m$,
//! - $(\sin\psi - \psi\cos\psi)/\pi = m\sqrt m\, Q(m)$.
//!
//! $P$ and $Q$ are analytic on $[0, 1/2]$; the polynomials below are their Chebyshev fits on that interval
//! (`mpmath.chebyfit(f, [0, 1/2], n)` with 60 digits), with errors of 3.5e-18 and 6.6e-18. One square root serves
//! both, and both are accurate relative to their value down to $t = 0$.

use fearless_simd::prelude::*;

const HALF_ANGLE: [f64; 20] = [
    1.0,
    0.16666666666666963,
    0.07499999999921603,
    0.044642857225197834,
    0.030381939881673394,
    0.022372313172485805,
    0.017349310327158196,
    0.01401917204006966,
    0.01092934906491237,
    0.015091795028583365,
    -0.026316324552338826,
    0.1809574620911065,
    -0.6641236302549411,
    2.0016041109291547,
    -4.535791802822955,
    7.768165374555008,
    -9.669659398550623,
    8.32498352944691,
    -4.438816692066939,
    1.1264192878807509,
];

const SINE_DEFECT: [f64; 18] = [
    0.8488263631567751,
    0.0848826363156822,
    0.027283704529032192,
    0.012631344775214751,
    0.007033358578229209,
    0.004382428659647406,
    0.0029440634241017305,
    0.002114562340108277,
    0.00134525492072802,
    0.0025195203473248827,
    -0.005635592347876795,
    0.02495562073139833,
    -0.06619013632495001,
    0.1365859684996282,
    -0.1988128321343354,
    0.19957965569483233,
    -0.12251498942288691,
    0.03617952371851371,
];

/// `coefficients[0] + coefficients[1]·m + …` as four interleaved Horner chains in $m^4$; `square` is $m^2$.
///
/// Two chains would leave the multipliers waiting for each other.
#[inline(always)]
fn polynomial<S: Simd, const N: usize>(
    simd: S,
    m: S::f64s,
    square: S::f64s,
    coefficients: &[f64; N],
) -> S::f64s {
    let fourth = square * square;
    let chain = |start: usize| {
        let last = start + (N - 1 - start) / 4 * 4;
        let mut sum = S::f64s::splat(simd, coefficients[last]);
        for k in (start..last).step_by(4).rev() {
            sum = sum.mul_add(fourth, coefficients[k]);
        }
        sum
    };
    let (even, odd) = (chain(2).mul_add(square, chain(0)), chain(3).mul_add(square, chain(1)));
    odd.mul_add(m, even)
}

/// The acute angle $\psi$ of pairs with cosine gap $t$, and whether the angle itself is obtuse.
pub(super) struct Arc<S: Simd> {
    simd: S,
    half_gap: S::f64s,
    square: S::f64s,
    root: S::f64s,
    obtuse: <S::f64s as SimdBase<S>>::Mask,
}

impl<S: Simd> Arc<S> {
    #[inline(always)]
    pub(super) fn new(simd: S, cosine_gap: S::f64s) -> Self {
        let half_gap = cosine_gap.min(-cosine_gap + 2.0) * 0.5;
        Self {
            simd,
            half_gap,
            square: half_gap * half_gap,
            root: half_gap.sqrt(),
            obtuse: cosine_gap.simd_gt(1.0),
        }
    }

    /// $\theta/\pi$, in $[0, 1]$.
    #[inline(always)]
    pub(super) fn angle_over_pi(&self) -> S::f64s {
        let acute = self.root
            * polynomial(self.simd, self.half_gap, self.square, &HALF_ANGLE)
            * std::f64::consts::FRAC_2_PI;
        self.obtuse.select(-acute + 1.0, acute)
    }

    /// $(\sin\psi - \psi\cos\psi)/\pi$ of the acute angle.
    #[inline(always)]
    pub(super) fn acute_sine_defect_over_pi(&self) -> S::f64s {
        self.half_gap * self.root * polynomial(self.simd, self.half_gap, self.square, &SINE_DEFECT)
    }

    /// `if_obtuse` where the angle exceeds a right angle, else `if_acute`.
    #[inline(always)]
    pub(super) fn select(&self, if_obtuse: S::f64s, if_acute: S::f64s) -> S::f64s {
        self.obtuse.select(if_obtuse, if_acute)
    }
}

#[cfg(test)]
mod tests {
    use fearless_simd::{Level, dispatch};

    use super::*;

    #[inline(always)]
    fn evaluate<S: Simd>(simd: S, gap: f64) -> (f64, f64) {
        let arc = Arc::new(simd, S::f64s::splat(simd, gap));
        (arc.angle_over_pi()[0], arc.acute_sine_defect_over_pi()[0])
    }

    #[test]
    fn angle_and_sine_defect_keep_all_digits() {
        // θ chosen, the gap 2 sin²(θ/2) computed from it; references by series where the formula cancels.
        for theta in [1e-9, 1e-7, 1e-4, 0.01, 0.3, 1.0, 1.5, 1.57, 1.58, 2.0, 3.0, 3.1] {
            let gap = 2.0 * f64::sin(theta / 2.0).powi(2);
            let (angle, defect) = dispatch!(Level::new(), simd => evaluate(simd, gap));
            let bound = 4e-16 * (1.0 + theta / (2.0 - gap).sqrt().max(1e-3));
            assert!((angle * std::f64::consts::PI - theta).abs() <= theta * bound, "angle {theta}");
            let psi = theta.min(std::f64::consts::PI - theta);
            let expected = if psi < 0.1 {
                let s = psi * psi;
                psi * s / 3.0 * (1.0 - s / 10.0 * (1.0 - s / 28.0 * (1.0 - s / 54.0 * (1.0 - s / 88.0))))
            } else {
                psi.sin() - psi * psi.cos()
            } / std::f64::consts::PI;
            assert!((defect - expected).abs() <= 1e-14 * expected + 1e-17, "sine defect at {theta}");
        }
    }

    #[test]
    fn extreme_gaps_are_exact() {
        assert_eq!(dispatch!(Level::new(), simd => evaluate(simd, 0.0)), (0.0, 0.0));
        assert_eq!(dispatch!(Level::new(), simd => evaluate(simd, 2.0)), (1.0, 0.0));
    }
}
