//! Hermite polynomials $h_n$ of norm 1 under the standard normal distribution.
//!
//! By the multiplication theorem $h_n(\sqrt q z) = \sum_m \frac{\sqrt{n!/k!}}{2^m m!}\,q^{k/2}(q-1)^m\,h_k(z)$ with $k = n - 2m$, and
//! $h_n' = \sqrt n\,h_{n-1}$; the rest is in `hermite_series.rs`. For pre-activations of variance 1 this is $E[\varphi\varphi] = c^n$ and
//! $E[\varphi'\varphi'] = n\,c^{n-1}$, which neural-tangents uses for every variance.

use super::Polynomial;
use super::hermite_series::HermiteSeries;

impl Polynomial {
    /// The Hermite polynomial $h_n$ with $n \ge 1$.
    #[must_use]
    pub fn hermite(degree: usize) -> Self {
        let slope = (degree as f64).sqrt();
        Self { function: series(degree, 1.0), derivative: series(degree.saturating_sub(1), slope) }
    }
}

/// `factor` times $h_n$.
fn series(n: usize, factor: f64) -> HermiteSeries {
    let terms_of = |k: usize| {
        if !(n - k).is_multiple_of(2) {
            return Vec::new();
        }
        let pairs = (n - k) / 2;
        let rising: f64 = (k + 1..=n).map(|factor| (factor as f64).sqrt()).product();
        let halves: f64 = (1..=pairs).map(|m| 2.0 * m as f64).product();
        let mut terms = vec![0.0; pairs];
        terms.push(factor * rising / halves);
        terms
    };
    HermiteSeries { shift: 1.0, terms: (0..=n).map(terms_of).collect() }
}

#[cfg(test)]
mod tests {
    use super::super::Nonlinearity;
    use super::*;

    #[test]
    fn the_norm_is_one_at_variance_one_exactly() {
        for degree in 1..=16 {
            let hermite = Polynomial::hermite(degree);
            assert_eq!(hermite.variance(1.0), 1.0);
            assert!((hermite.derivative_variance(1.0) / degree as f64 - 1.0).abs() < 1e-15);
        }
    }

    #[test]
    fn variances_are_those_of_the_polynomials_written_out() {
        // (u² - 1)/√2 and (u³ - 3u)/√6.
        for q in [0.0, 0.3, 2.0_f64] {
            let second = (3.0 * q * q - 2.0 * q + 1.0) / 2.0;
            let third = (15.0 * q.powi(3) - 18.0 * q * q + 9.0 * q) / 6.0;
            assert!((Polynomial::hermite(2).variance(q) - second).abs() < 1e-15 * (1.0 + second));
            assert!((Polynomial::hermite(3).variance(q) - third).abs() < 1e-15 * (1.0 + 15.0 * q.powi(3)));
            assert!((Polynomial::hermite(2).derivative_variance(q) - 2.0 * q).abs() < 1e-15 * (1.0 + q));
        }
    }
}
