//! The error function $a\operatorname{erf}(bu) + d$ (Williams 1996).
//!
//! With pre-activations multiplied by $b$, $D = (1+2q_x)(1+2q_y)$ and the covariance $c$:
//! $E[\varphi\varphi] = a^2\,\tfrac2\pi\arcsin(2c/\sqrt D) + d^2$, $E[\varphi'\varphi'] = a^2b^2\,\tfrac4\pi / \sqrt{D - 4c^2}$.
//!
//! The determinant $D - 4c^2 = 1 + 2q_x + 2q_y + 4 q_x q_y\, t(2-t)$ is computed without cancellation, and the arcsine of $s = 2c/\sqrt D$
//! as the angle whose cosine is $\sqrt{1 - s^2}$, by its gap $s^2/(1 + \sqrt{1 - s^2})$: small covariances keep their digits. The mapped
//! cosine gap is accurate to $10^{-16}$ absolutely, and exactly zero where the two points agree.

use std::f64::consts::{FRAC_2_PI, PI};

use fearless_simd::{Level, dispatch, prelude::*};
use fearless_simd_macros::simd;

use super::arc::Arc;
use super::pairs::map_pairs;
use super::{Nonlinearity, PairRun};

/// An error function.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Erf {
    /// $a^2$.
    squared_amplitude: f64,
    /// $b^2$.
    squared_rate: f64,
    /// $d^2$.
    squared_offset: f64,
}

impl Erf {
    /// $a\operatorname{erf}(bu) + c$.
    #[must_use]
    pub fn new(a: f64, b: f64, c: f64) -> Self {
        Self { squared_amplitude: a * a, squared_rate: b * b, squared_offset: c * c }
    }
}

impl Default for Erf {
    fn default() -> Self {
        Self::new(1.0, 1.0, 0.0)
    }
}

impl Nonlinearity for Erf {
    fn variance(&self, q: f64) -> f64 {
        // arcsin(2q/(1+2q)) = arctan(2q/√(1+4q)): accurate for small and for large q.
        let q = self.squared_rate * q;
        let plain = FRAC_2_PI * (2.0 * q / (1.0 + 4.0 * q).sqrt()).atan();
        self.squared_amplitude * plain + self.squared_offset
    }

    fn derivative_variance(&self, q: f64) -> f64 {
        let q = self.squared_rate * q;
        self.squared_amplitude * self.squared_rate * (4.0 / (PI * (1.0 + 4.0 * q).sqrt()))
    }

    fn map(&self, level: Level, run: PairRun<'_, f64>) {
        dispatch!(level, simd => map(simd, *self, run));
    }
}

#[simd]
fn map<S: Simd>(simd: S, function: Erf, run: PairRun<'_, f64>) {
    let Erf { squared_amplitude, squared_rate, squared_offset } = function;
    let slope = squared_amplitude * squared_rate * (4.0 / PI);
    map_pairs(
        simd,
        run,
        #[inline(always)]
        |pair| {
            let (variance_x, variance_y) = (pair.variance_x * squared_rate, pair.variance_y * squared_rate);
            let norm = pair.norm() * squared_rate;
            let scale = variance_y.mul_add(2.0, 1.0) * variance_x.mul_add(2.0, 1.0);
            let determinant = (norm * norm * 4.0)
                .mul_add(pair.gap * (-pair.gap + 2.0), (variance_y + variance_x).mul_add(2.0, 1.0));
            let sine = norm * 2.0 * (-pair.gap + 1.0) / scale.sqrt();
            let cosine = (determinant / scale).sqrt();
            let angle = Arc::<S, f64>::new(simd, sine * sine / (cosine + 1.0)).angle_over_pi() * 2.0;
            let plain = sine.simd_lt(0.0).select(-angle, angle);
            let covariance = plain * squared_amplitude + squared_offset;
            (pair.gap_of_covariance(covariance), S::f64s::splat(simd, slope) / determinant.sqrt())
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::real::Real;
    use crate::terms::{Ends, Terms};

    #[test]
    fn matches_the_arcsine_formula() {
        let variance_y = [0.1, 0.5, 1.0, 2.0, 7.0, 0.3, 0.3, 0.0];
        let root_y = variance_y.map(f64::sqrt);
        let gaps = [0.3, 1.0, 1.9, 0.01, 0.7, 0.0, 2.0, 0.0];
        let (variance_x, root_x) = ([0.3], [0.3_f64.sqrt()]);
        let (mut cosine_gap, mut ntk_difference) = (gaps, [0.0; f64::LANES]);
        // Tangent kernels that are 1 everywhere become E[φ'φ'].
        let of = |variances: &[f64]| Terms::<f64>::new(variances.iter().map(|&q| (q, 1.0)));
        let mapped = |variances: &[f64]| {
            Terms::<f64>::new(
                variances
                    .iter()
                    .map(|&q| (Erf::default().variance(q), Erf::default().derivative_variance(q))),
            )
        };
        let (x, y, mapped_x, mapped_y) =
            (of(&variance_x), of(&variance_y), mapped(&variance_x), mapped(&variance_y));
        let before = Ends { x: x.view(0, 1), y: y.view(0, f64::LANES) };
        let after = Ends { x: mapped_x.view(0, 1), y: mapped_y.view(0, f64::LANES) };
        let differences = Some(ntk_difference.as_mut_slice());
        let run = PairRun { before, after, cosine_gap: &mut cosine_gap, ntk_difference: differences };
        Erf::default().map(Level::new(), run);
        for i in 0..f64::LANES {
            let c = root_x[0] * root_y[i] * (1.0 - gaps[i]);
            let scale = (1.0 + 2.0 * variance_x[0]) * (1.0 + 2.0 * variance_y[i]);
            let expected = FRAC_2_PI * (2.0 * c / scale.sqrt()).asin();
            let norm =
                (Erf::default().variance(variance_x[0]) * Erf::default().variance(variance_y[i])).sqrt();
            assert!((norm * (1.0 - cosine_gap[i]) - expected).abs() < 2e-15, "covariance {i}");
            let derivative = 4.0 / PI / (scale - 4.0 * c * c).sqrt();
            let ntk = 0.5 * (mapped_x.ntk[0] + mapped_y.ntk[i] - ntk_difference[i]);
            assert!((ntk - derivative).abs() < 1e-14, "derivative {i}");
        }
        assert_eq!((cosine_gap[5], ntk_difference[5]), (0.0, 0.0));
    }

    /// For small variances the function is linear and leaves angles alone.
    #[test]
    fn small_points_keep_their_angles() {
        for scale in [1e-3_f64, 1e-8, 1e-75] {
            let of = |q: f64| Terms::<f64>::from_variances([q; f64::LANES]);
            let (points, mapped) = (of(scale * scale), of(Erf::default().variance(scale * scale)));
            let before = Ends { x: points.view(0, 1), y: points.view(0, f64::LANES) };
            let after = Ends { x: mapped.view(0, 1), y: mapped.view(0, f64::LANES) };
            let gaps = [0.1, 0.5, 0.9, 1.0, 1.1, 1.5, 1.9, 2.0];
            let mut cosine_gap = gaps;
            let run = PairRun { before, after, cosine_gap: &mut cosine_gap, ntk_difference: None };
            Erf::default().map(Level::new(), run);
            for (gap, mapped) in gaps.iter().zip(cosine_gap) {
                // arcsin s = s + s³/6 + …
                assert!((gap - mapped).abs() <= 2.0 * scale * scale + 1e-15, "{gap} at {scale:e}: {mapped}");
            }
        }
    }

    #[test]
    fn variance_is_the_covariance_of_a_point_with_itself() {
        for q in [1e-9_f64, 0.2, 1.0, 50.0] {
            let expected = FRAC_2_PI * (2.0 * q / (1.0 + 2.0 * q)).asin();
            assert!((Erf::default().variance(q) - expected).abs() < 2e-15);
        }
    }
}
