//! Powers $u^n$.
//!
//! In normalised Hermite polynomials $z^n = \sum_k \alpha_k h_k(z)$ with
//! $\alpha_k^2 = n!^2 / (2^{n-k}\,((n-k)/2)!^2\,k!)$ for $k \equiv n \pmod 2$, and $\sum_k \alpha_k^2 = (2n-1)!!$. By Mehler's formula
//! $E[\varphi\varphi] = (q_xq_y)^{n/2}\sum_k\alpha_k^2\cos^k\theta$; the mapped gap is
//! $\sum_k \alpha_k^2 (1 - \cos^k\theta)/(2n-1)!!$, and $1 - \cos^k\theta = t\,(1 + \cos\theta + \dots + \cos^{k-1}\theta)$ keeps the digits near
//! $t = 0$. $E[\varphi'\varphi']$ is $n^2$ times the kernel of $u^{n-1}$.

use fearless_simd::{Level, dispatch, prelude::*};
use fearless_simd_macros::simd;

use super::pairs::map_pairs;
use super::{Nonlinearity, PairRun};

/// A power of at least 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Monomial {
    degree: i32,
    /// $\alpha_k^2/(2n-1)!!$.
    shares: Vec<f64>,
    /// The same of $u^{n-1}$.
    derivative_shares: Vec<f64>,
}

impl Monomial {
    /// $u^n$ with $n \ge 1$.
    #[must_use]
    pub fn new(degree: i32) -> Self {
        Self { degree, shares: shares(degree), derivative_shares: shares(degree - 1) }
    }
}

/// $1 \cdot 3 \cdots (2n-1)$.
fn double_factorial(n: i32) -> f64 {
    (1..=n).map(|k| f64::from(2 * k - 1)).product()
}

fn shares(n: i32) -> Vec<f64> {
    let factorial = |k: i32| (1..=k).map(f64::from).product::<f64>();
    let square = |k: i32| {
        if (n - k) % 2 != 0 {
            return 0.0;
        }
        factorial(n).powi(2) / (2.0_f64.powi(n - k) * factorial((n - k) / 2).powi(2) * factorial(k))
    };
    (0..=n).map(|k| square(k) / double_factorial(n)).collect()
}

impl Nonlinearity for Monomial {
    fn variance(&self, q: f64) -> f64 {
        double_factorial(self.degree) * q.powi(self.degree)
    }

    fn derivative_variance(&self, q: f64) -> f64 {
        let n = self.degree;
        f64::from(n * n) * double_factorial(n - 1) * q.powi(n - 1)
    }

    fn map(&self, level: Level, run: PairRun<'_, f64>) {
        dispatch!(level, simd => map(simd, self, run));
    }
}

#[simd]
fn map<S: Simd>(simd: S, monomial: &Monomial, run: PairRun<'_, f64>) {
    let n = monomial.degree;
    let scale = f64::from(n * n) * double_factorial(n - 1);
    map_pairs(
        simd,
        run,
        #[inline(always)]
        |pair| {
            let zero = S::f64s::splat(simd, 0.0);
            let cosine = -pair.gap + 1.0;
            // Σ_{j<k} cos^j, term after term.
            let (mut geometric, mut gap) = (zero, zero);
            for &share in &monomial.shares {
                gap = geometric.mul_add(share, gap);
                geometric = geometric.mul_add(cosine, 1.0);
            }
            let mut derivative = zero;
            for &share in monomial.derivative_shares.iter().rev() {
                derivative = derivative.mul_add(cosine, share);
            }
            let mut power = S::f64s::splat(simd, scale);
            for _ in 1..n {
                power *= pair.norm();
            }
            (gap * pair.gap, derivative * power)
        },
    );
}
