//! Polynomials $\sum_n a_n u^n$.
//!
//! In Hermite polynomials of norm 1, $z^n = \sum_k c_{nk} h_k(z)$ with $c_{nk} = n!/(2^m m!\sqrt{k!})$ for $k = n - 2m$, so that
//! $\alpha_k(q) = q^{k/2}\sum_m a_{k+2m}\,c_{k+2m,k}\,q^m$; the rest is in `hermite_series.rs`.

use fearless_simd::Level;

use super::hermite_series::{HermiteSeries, map_series};
use super::{Nonlinearity, PairRun};

/// A polynomial.
#[derive(Debug, Clone, PartialEq)]
pub struct Polynomial {
    pub(super) function: HermiteSeries,
    pub(super) derivative: HermiteSeries,
}

impl Polynomial {
    /// The polynomial with these coefficients, that of $u^n$ at place $n$.
    #[must_use]
    pub fn new(coefficients: &[f64]) -> Self {
        let derivative: Vec<f64> =
            coefficients.iter().enumerate().skip(1).map(|(n, a)| n as f64 * a).collect();
        Self { function: series(coefficients), derivative: series(&derivative) }
    }
}

fn series(coefficients: &[f64]) -> HermiteSeries {
    let terms_of = |k: usize| {
        let rest = coefficients.iter().enumerate().skip(k).step_by(2);
        rest.map(|(n, a)| a * power_coefficient(n, k)).collect()
    };
    HermiteSeries { shift: 0.0, terms: (0..coefficients.len()).map(terms_of).collect() }
}

/// $c_{nk}$ for $n - k$ even.
fn power_coefficient(n: usize, k: usize) -> f64 {
    let factorial = |k: usize| (1..=k).map(|factor| factor as f64).product::<f64>();
    let pairs = (n - k) / 2;
    factorial(n) / (f64::exp2(pairs as f64) * factorial(pairs) * factorial(k).sqrt())
}

impl Nonlinearity for Polynomial {
    fn variance(&self, q: f64) -> f64 {
        self.function.variance(q)
    }

    fn derivative_variance(&self, q: f64) -> f64 {
        self.derivative.variance(q)
    }

    fn cost(&self) -> f64 {
        1.0 + self.function.terms.len() as f64
    }

    fn map(&self, level: Level, run: PairRun<'_, f64>) {
        map_series(level, &self.function, &self.derivative, run);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variances_are_gaussian_moments() {
        // E[(1 - 2u + u³/2)²] = 1 + 4q + 15q³/4 - 2·3q² = with E u⁴ = 3q², E u⁶ = 15q³.
        let polynomial = Polynomial::new(&[1.0, -2.0, 0.0, 0.5]);
        for q in [0.0, 1e-9, 0.7, 3.0] {
            let expected = 1.0 + 4.0 * q - 6.0 * q * q + 3.75 * q * q * q;
            assert!((polynomial.variance(q) - expected).abs() < 2e-15 * (1.0 + 4.0 * q + 10.0 * q * q * q));
            // E[(-2 + 3u²/2)²] = 4 - 6q + 27q²/4.
            let expected = 4.0 - 6.0 * q + 6.75 * q * q;
            assert!((polynomial.derivative_variance(q) - expected).abs() < 1e-14 * (1.0 + q * q));
        }
    }

    #[test]
    fn a_constant_has_variance_everywhere_and_no_slope() {
        let constant = Polynomial::new(&[-1.5]);
        assert_eq!((constant.variance(0.0), constant.variance(7.0)), (2.25, 2.25));
        assert_eq!(constant.derivative_variance(7.0), 0.0);
    }
}
