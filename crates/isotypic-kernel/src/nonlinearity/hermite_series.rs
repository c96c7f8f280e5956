//! Polynomials as sums of Hermite polynomials, whose Gaussian moments are powers of the cosine.
//!
//! With $\varphi(\sqrt q z) = \sum_k \alpha_k(q)\,h_k(z)$ in Hermite polynomials of norm 1, Mehler's formula gives
//! $E[\varphi\varphi] = \sum_k \alpha_k(q_x)\,\alpha_k(q_y)\cos^k\theta$. Coefficients are kept as
//! $\alpha_k(q) = q^{k/2}\sum_m a_{km}(q-s)^m$ with a shift $s$.
//!
//! The mapped gap, with $\hat\alpha$ the coefficients scaled to norm 1, is
//! $\tfrac12\|\hat\alpha(q_x) - \hat\alpha(q_y)\|^2 + \sum_k \hat\alpha_k(q_x)\hat\alpha_k(q_y)(1 - \cos^k\theta)$ with
//! $1 - \cos^k\theta = t\,(1 + \cos\theta + \dots + \cos^{k-1}\theta)$: nothing cancels near $t = 0$.

use fearless_simd::{Level, dispatch, prelude::*};
use fearless_simd_macros::simd;

use super::PairRun;
use super::pairs::map_pairs;

/// $\varphi(\sqrt q z) = \sum_k q^{k/2}\left(\sum_m a_{km}(q-s)^m\right)h_k(z)$.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct HermiteSeries {
    /// $s$.
    pub(super) shift: f64,
    /// $a_{km}$: one list per degree $k$.
    pub(super) terms: Vec<Vec<f64>>,
}

impl HermiteSeries {
    /// $E[\varphi(u)^2] = \sum_k \alpha_k(q)^2$ for $u \sim N(0, q)$.
    pub(super) fn variance(&self, q: f64) -> f64 {
        let mut power = 1.0;
        let mut sum = 0.0;
        for terms in &self.terms {
            let polynomial = terms.iter().rev().fold(0.0, |sum, a| sum * (q - self.shift) + a);
            sum += polynomial * polynomial * power;
            power *= q;
        }
        sum
    }

    /// $\sum_m a_{km}(q-s)^m$.
    #[inline(always)]
    fn polynomial<S: Simd>(&self, simd: S, degree: usize, variance: S::f64s) -> S::f64s {
        let shifted = variance - self.shift;
        let mut sum = S::f64s::splat(simd, 0.0);
        for &a in self.terms[degree].iter().rev() {
            sum = sum.mul_add(shifted, a);
        }
        sum
    }
}

/// Maps a run by a function and its derivative.
pub(super) fn map_series(
    level: Level,
    function: &HermiteSeries,
    derivative: &HermiteSeries,
    run: PairRun<'_, f64>,
) {
    dispatch!(level, simd => map(simd, function, derivative, run));
}

#[simd]
fn map<S: Simd>(simd: S, function: &HermiteSeries, derivative: &HermiteSeries, run: PairRun<'_, f64>) {
    map_pairs(
        simd,
        run,
        #[inline(always)]
        |pair| {
            let (zero, one) = (S::f64s::splat(simd, 0.0), S::f64s::splat(simd, 1.0));
            let cosine = -pair.gap + 1.0;
            let inverse = |mapped: S::f64s| one / mapped.max(f64::MIN_POSITIVE);
            let (mut scale_x, mut scale_y) = (inverse(pair.mapped_x), inverse(pair.mapped_y));
            // Σ_{j<k} cos^j, term after term.
            let (mut geometric, mut apart, mut turned) = (zero, zero, zero);
            for degree in 0..function.terms.len() {
                let x = function.polynomial(simd, degree, pair.variance_x) * scale_x;
                let y = function.polynomial(simd, degree, pair.variance_y) * scale_y;
                apart = (x - y).mul_add(x - y, apart);
                turned = (x * y).mul_add(geometric, turned);
                geometric = geometric.mul_add(cosine, one);
                scale_x *= pair.root_x;
                scale_y *= pair.root_y;
            }
            let (mut power, mut slope) = (one, zero);
            for degree in 0..derivative.terms.len() {
                let x = derivative.polynomial(simd, degree, pair.variance_x);
                let y = derivative.polynomial(simd, degree, pair.variance_y);
                slope = (x * y).mul_add(power, slope);
                power *= pair.norm() * cosine;
            }
            (turned.mul_add(pair.gap, apart * 0.5), slope)
        },
    );
}
