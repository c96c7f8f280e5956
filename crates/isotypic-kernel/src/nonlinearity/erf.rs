//! The error function $\operatorname{erf}(u)$ (Williams 1996).
//!
//! With $D = (1+2q_x)(1+2q_y)$ and the covariance $c$:
//! $E[\varphi\varphi] = \tfrac2\pi\arcsin(2c/\sqrt D)$, $E[\varphi'\varphi'] = \tfrac4\pi / \sqrt{D - 4c^2}$.
//!
//! The determinant $D - 4c^2 = 1 + 2q_x + 2q_y + 4 q_x q_y\, t(2-t)$ is computed without cancellation, and the
//! arcsine through the gap $1 - 2c/\sqrt D = (D - 4c^2)/(D + 2c\sqrt D)$. The mapped cosine gap is accurate to
//! $10^{-16}$ absolutely, and exactly zero where the two points agree.

use std::f64::consts::{FRAC_2_PI, PI};

use fearless_simd::{Level, dispatch, prelude::*};
use fearless_simd_macros::simd;

use super::arc::Arc;
use super::{Nonlinearity, PairRun};
use crate::real::Real;
use crate::terms::Ends;

/// The error function as a nonlinearity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erf;

impl Nonlinearity for Erf {
    fn variance(&self, q: f64) -> f64 {
        // arcsin(2q/(1+2q)) = arctan(2q/√(1+4q)): accurate for small and for large q.
        FRAC_2_PI * (2.0 * q / (1.0 + 4.0 * q).sqrt()).atan()
    }

    fn derivative_variance(&self, q: f64) -> f64 {
        4.0 / (PI * (1.0 + 4.0 * q).sqrt())
    }

    fn map(&self, level: Level, run: PairRun<'_, f64>) {
        debug_assert_eq!(run.cosine_gap.len(), run.before.x.variance.len() * f64::LANES);
        dispatch!(level, simd => map(simd, run.before, run.after, run.cosine_gap, run.ntk));
    }
}

#[simd]
fn map<S: Simd>(
    simd: S,
    Ends { x, y }: Ends<'_>,
    after: Ends<'_>,
    cosine_gap: &mut [f64],
    mut ntk: Option<&mut [f64]>,
) {
    let zero = S::f64s::splat(simd, 0.0);
    let one = S::f64s::splat(simd, 1.0);
    for group in 0..x.variance.len() {
        let (variance_x, root_x, mapped_root_x) = (x.variance[group], x.root[group], after.x.root[group]);
        for start in (0..f64::LANES).step_by(S::f64s::LEN) {
            let at = group * f64::LANES + start..group * f64::LANES + start + S::f64s::LEN;
            let variance_y = S::f64s::from_slice(simd, &y.variance[at.clone()]);
            let norm = S::f64s::from_slice(simd, &y.root[at.clone()]) * root_x;
            let mapped_norm = S::f64s::from_slice(simd, &after.y.root[at.clone()]) * mapped_root_x;
            let t = S::f64s::from_slice(simd, &cosine_gap[at.clone()]);

            let scale = variance_y.mul_add(2.0, 1.0) * (1.0 + 2.0 * variance_x);
            let determinant =
                (norm * norm * 4.0).mul_add(t * (-t + 2.0), (variance_y + variance_x).mul_add(2.0, 1.0));
            let sine = norm * 2.0 * (-t + 1.0) / scale.sqrt();
            let near = determinant / (scale * (sine.abs() + 1.0));
            let complement = sine.simd_lt(0.0).select(-near + 2.0, near);
            let covariance = Arc::<S, f64>::new(simd, complement).angle_over_pi().mul_add(-2.0, 1.0);

            let mapped = (-(covariance / mapped_norm.max(f64::MIN_POSITIVE)) + 1.0).max(0.0).min(2.0);
            let distance = t.simd_eq(0.0).select(variance_y - variance_x, one);
            distance.simd_eq(0.0).select(zero, mapped).store_slice(&mut cosine_gap[at.clone()]);
            if let Some(ntk) = ntk.as_deref_mut() {
                let derivative = S::f64s::splat(simd, 4.0 / PI) / determinant.sqrt();
                (S::f64s::from_slice(simd, &ntk[at.clone()]) * derivative).store_slice(&mut ntk[at]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terms::Terms;

    #[test]
    fn matches_the_arcsine_formula() {
        let variance_y = [0.1, 0.5, 1.0, 2.0, 7.0, 0.3, 0.3, 0.0];
        let root_y = variance_y.map(f64::sqrt);
        let gaps = [0.3, 1.0, 1.9, 0.01, 0.7, 0.0, 2.0, 0.0];
        let (variance_x, root_x) = ([0.3], [0.3_f64.sqrt()]);
        let (mut cosine_gap, mut ntk) = (gaps, [1.0; f64::LANES]);
        let of = |variances: &[f64]| Terms::<f64>::from_variances(variances.iter().copied());
        let mapped =
            |variances: &[f64]| Terms::<f64>::from_variances(variances.iter().map(|&q| Erf.variance(q)));
        let (x, y, mapped_x, mapped_y) =
            (of(&variance_x), of(&variance_y), mapped(&variance_x), mapped(&variance_y));
        let before = Ends { x: x.view(0, 1), y: y.view(0, f64::LANES) };
        let after = Ends { x: mapped_x.view(0, 1), y: mapped_y.view(0, f64::LANES) };
        let run = PairRun { before, after, cosine_gap: &mut cosine_gap, ntk: Some(&mut ntk) };
        Erf.map(Level::new(), run);
        for i in 0..f64::LANES {
            let c = root_x[0] * root_y[i] * (1.0 - gaps[i]);
            let scale = (1.0 + 2.0 * variance_x[0]) * (1.0 + 2.0 * variance_y[i]);
            let expected = FRAC_2_PI * (2.0 * c / scale.sqrt()).asin();
            let norm = (Erf.variance(variance_x[0]) * Erf.variance(variance_y[i])).sqrt();
            assert!((norm * (1.0 - cosine_gap[i]) - expected).abs() < 2e-15, "covariance {i}");
            let derivative = 4.0 / PI / (scale - 4.0 * c * c).sqrt();
            assert!((ntk[i] - derivative).abs() < 1e-14, "derivative {i}");
        }
        assert_eq!(cosine_gap[5], 0.0);
    }

    #[test]
    fn variance_is_the_covariance_of_a_point_with_itself() {
        for q in [1e-9_f64, 0.2, 1.0, 50.0] {
            let expected = FRAC_2_PI * (2.0 * q / (1.0 + 2.0 * q)).asin();
            assert!((Erf.variance(q) - expected).abs() < 2e-15);
        }
    }
}
