//! The angle of a pair and its sine defect, from the cosine gap, in SIMD.
//!
//! With $n = \min(t, 2-t) = 1 - |\cos\theta|$ and $\psi = \min(\theta, \pi-\theta)$:
//!
//! - $\psi/\pi = \sqrt n\, A(s)$,
//! - $(\sin\psi - \psi\cos\psi)/\pi = n\sqrt n\, H(s)$,
//!
//! where $A$ and $H$ are analytic in $s = |1 - t| = |\cos\theta| \in [0, 1]$ and of order one, so that both are accurate relative to their
//! value down to $t = 0$. One square root serves both.
//!
//! - `f64`: rational functions with a common denominator, fitted together (linearised least squares with Lawson's weights, 70 digits);
//!   relative errors below 8.3e-18. Nearly all coefficients are positive, so that no sum cancels.
//! - `f32`: polynomials (`mpmath.chebyfit(f, [0, 1], n)`), with relative errors below 6.4e-9 (9 terms) and 1.6e-8 (8 terms).

use fearless_simd::prelude::*;

use crate::real::Real;

/// Coefficients of $A$ and $H$ in rising powers of $s$.
pub(super) trait ArcFunctions: Real {
    /// Numerator of $A$.
    const ANGLE: &'static [Self];
    /// Numerator of $H$.
    const SINE_DEFECT: &'static [Self];
    /// Denominator of both; empty for 1.
    const DENOMINATOR: &'static [Self];
}

impl ArcFunctions for f64 {
    const ANGLE: &'static [Self] = &[
        0.5,
        1.2717769015462546,
        1.191806017837267,
        0.5065122549177717,
        0.09689732291683559,
        0.007135343045033851,
        0.00012843990774389708,
        -8.853010131048818e-09,
    ];
    const SINE_DEFECT: &'static [Self] = &[
        std::f64::consts::FRAC_1_PI,
        0.8305905750331892,
        0.8028239078844261,
        0.3543896858147734,
        0.07106330929208687,
        0.005552144068287595,
        0.00010800593537716604,
    ];
    const DENOMINATOR: &'static [Self] = &[
        1.0,
        2.6801735754600875,
        2.6930866256434927,
        1.2613497565844114,
        0.2786717173333522,
        0.02596800011576126,
        0.000749190797135103,
        2.2362876718645665e-06,
    ];
}

impl ArcFunctions for f32 {
    const ANGLE: &'static [Self] = &[
        0.5,
        -0.06830967,
        0.028339174,
        -0.016104436,
        0.010367725,
        -0.0065978207,
        0.0035104426,
        -0.0012651474,
        0.00021789325,
    ];
    const SINE_DEFECT: &'static [Self] = &[
        0.31830987,
        -0.022535078,
        0.005983976,
        -0.0024478,
        0.0011963892,
        -0.0005669601,
        0.00020073481,
        -0.000035709516,
    ];
    const DENOMINATOR: &'static [Self] = &[];
}

/// `coefficients[0] + coefficients[1]·s + …` for at least two coefficients, as two chains in $s^2$; `square` is that.
///
/// Two chains per function, those of the other functions and those of the next vectors keep the multipliers busy.
#[inline(always)]
fn polynomial<S: Simd, T: Real>(
    simd: S,
    s: T::Native<S>,
    square: T::Native<S>,
    coefficients: &[T],
) -> T::Native<S> {
    let chain = |start: usize| {
        let last = start + (coefficients.len() - 1 - start) / 2 * 2;
        let mut sum = T::Native::<S>::splat(simd, coefficients[last]);
        for k in (start..last).step_by(2).rev() {
            sum = sum.mul_add(square, coefficients[k]);
        }
        sum
    };
    chain(1).mul_add(s, chain(0))
}

/// The acute angle $\psi$ of pairs with cosine gap $t$, and whether the angle itself is obtuse.
pub(super) struct Arc<S: Simd, T: ArcFunctions> {
    simd: S,
    /// $n$.
    short: T::Native<S>,
    /// $s$ and its square.
    cosine: T::Native<S>,
    square: T::Native<S>,
    /// $\sqrt n$ over the common denominator.
    factor: T::Native<S>,
    obtuse: <T::Native<S> as SimdBase<S>>::Mask,
}

impl<S: Simd, T: ArcFunctions> Arc<S, T> {
    #[inline(always)]
    pub(super) fn new(simd: S, cosine_gap: T::Native<S>) -> Self {
        let one = T::from_f64(1.0);
        let short = cosine_gap.min(-cosine_gap + T::from_f64(2.0));
        let cosine = (cosine_gap - one).abs();
        let square = cosine * cosine;
        let root = short.sqrt();
        let factor = if T::DENOMINATOR.is_empty() {
            root
        } else {
            root / polynomial::<S, T>(simd, cosine, square, T::DENOMINATOR)
        };
        Self { simd, short, cosine, square, factor, obtuse: cosine_gap.simd_gt(one) }
    }

    /// $\psi/\pi$, in $[0, 1/2]$.
    #[inline(always)]
    fn acute_angle_over_pi(&self) -> T::Native<S> {
        self.factor * polynomial::<S, T>(self.simd, self.cosine, self.square, T::ANGLE)
    }

    /// $\theta/\pi$, in $[0, 1]$.
    #[inline(always)]
    pub(super) fn angle_over_pi(&self) -> T::Native<S> {
        let acute = self.acute_angle_over_pi();
        self.obtuse.select(-acute + T::from_f64(1.0), acute)
    }

    /// $(\sin\psi - \psi\cos\psi)/\pi$ of the acute angle.
    #[inline(always)]
    pub(super) fn acute_sine_defect_over_pi(&self) -> T::Native<S> {
        self.short * self.factor * polynomial::<S, T>(self.simd, self.cosine, self.square, T::SINE_DEFECT)
    }

    /// `if_obtuse` where the angle exceeds a right angle, else `if_acute`.
    #[inline(always)]
    pub(super) fn select(&self, if_obtuse: T::Native<S>, if_acute: T::Native<S>) -> T::Native<S> {
        self.obtuse.select(if_obtuse, if_acute)
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use fearless_simd::{Level, dispatch};

    use super::*;

    #[inline(always)]
    fn evaluate<S: Simd, T: ArcFunctions>(simd: S, gap: T) -> (T, T) {
        let arc = Arc::<S, T>::new(simd, T::Native::<S>::splat(simd, gap));
        (arc.angle_over_pi()[0], arc.acute_sine_defect_over_pi()[0])
    }

    /// $\psi$ of $n = 1 - \cos\psi$, and its sine defect by series where the formula cancels.
    fn reference(short: f64) -> (f64, f64) {
        let psi = 2.0 * (0.5 * short).sqrt().asin();
        let s = psi * psi;
        let defect = if psi < 0.1 {
            psi * s / 3.0 * (1.0 - s / 10.0 * (1.0 - s / 28.0 * (1.0 - s / 54.0 * (1.0 - s / 88.0))))
        } else {
            psi.sin() - psi * psi.cos()
        };
        (psi / PI, defect / PI)
    }

    fn whole_range<T: ArcFunctions>(tolerance: f64, cancellation: f64) {
        let logarithmic = (-1200..0).map(|k| f64::exp2(f64::from(k) / 20.0));
        for gap in logarithmic.chain((0..=4000).map(|k| f64::from(k) / 2000.0)) {
            let gap = T::from_f64(gap);
            let exact = gap.to_f64();
            let (angle, defect) = dispatch!(Level::new(), simd => evaluate(simd, gap));
            let (acute, expected) = reference(exact.min(2.0 - exact));
            let theta = if exact > 1.0 { 1.0 - acute } else { acute };
            assert!((angle.to_f64() - theta).abs() <= tolerance * theta, "angle at {exact:e}: {angle:e}");
            // The formula of the reference itself cancels by 3/ψ².
            let bound = (tolerance + cancellation / acute.max(0.03).powi(2)) * expected;
            assert!((defect.to_f64() - expected).abs() <= bound, "defect at {exact:e}: {defect:e}");
        }
    }

    #[test]
    fn angle_and_sine_defect_keep_all_digits() {
        whole_range::<f64>(8e-16, 1e-16);
    }

    #[test]
    fn single_precision_keeps_all_its_digits() {
        whole_range::<f32>(4e-7, 0.0);
    }

    fn extremes<T: ArcFunctions>() {
        let [zero, one, two] = [0.0, 1.0, 2.0].map(T::from_f64);
        assert_eq!(dispatch!(Level::new(), simd => evaluate(simd, zero)), (zero, zero));
        assert_eq!(dispatch!(Level::new(), simd => evaluate(simd, two)), (one, zero));
        assert_eq!(dispatch!(Level::new(), simd => evaluate(simd, one)).0, T::from_f64(0.5));
    }

    #[test]
    fn extreme_gaps_are_exact() {
        extremes::<f64>();
        extremes::<f32>();
    }
}
