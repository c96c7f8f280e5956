//! Functions smoothed with normal noise, and the logistic distribution as a mixture of normal ones.
//!
//! The logistic distribution is that of a normal variable whose standard deviation is itself random, namely twice a
//! Kolmogorov variable (Andrews & Mallows 1974). Hence $\sigma(u) = \sum_m w_m \Phi(u/\tau_m)$ with the nodes of a Gauss
//! rule for that random deviation, and everything built from $\sigma$ (`tanh`, `softplus`, `silu`) is a positive sum of
//! functions whose Gaussian moments are closed formulas. The error does not depend on the variances of the
//! pre-activations: [`LOGISTIC_ERROR`] bounds it on the whole line.
//!
//! A component with noise $\tau_m^2$ at one end and $\tau_n^2$ at the other sees the correlation
//! $r = c/\sqrt{(q_x+\tau_m^2)(q_y+\tau_n^2)}$. With $i = \tau^2/(q+\tau^2)$ at either end and $R = r/\cos\theta$,
//! $1 - r^2 = i_x + i_y - i_x i_y + R^2 t(2-t)$, which does not cancel.

use fearless_simd::prelude::*;

use super::pairs::Pair;

/// `(variance, weight)` of the noise.
pub(super) type Mixture = [(f64, f64)];

/// The largest number of components of a mixture.
const MOST_COMPONENTS: usize = 22;

/// No smoothing but by one standard normal variable.
pub(super) const NORMAL: &Mixture = &[(1.0, 1.0)];

/// Largest deviation of the mixture from $\sigma(u)$, $\sigma'(u)$ and $\ln(1+e^u)$, for any $u$.
pub(super) const LOGISTIC_ERROR: f64 = 6e-14;

/// The standard logistic distribution: Gauss rule in $\ln\tau$ for $\tau = 2K$, $K$ Kolmogorov, made with 60 digits (Stieltjes
/// procedure on a trapezoidal sum of 500 points, whose mass and variance $\pi^2/3$ are right to $10^{-36}$).
pub(super) const LOGISTIC: &Mixture = &[
    (0.17389521378854625, 4.719017959969139e-11),
    (0.22840102318826544, 2.359806533342322e-08),
    (0.2937993539331093, 1.8992082513378951e-06),
    (0.3764619306691978, 5.193167998879354e-05),
    (0.48371556937366955, 0.0006573934338539484),
    (0.6254167817235583, 0.004573303197782583),
    (0.8152933637737521, 0.019545104324177158),
    (1.072584185590906, 0.055611026568290735),
    (1.4240806198590414, 0.11209849701656249),
    (1.9064702151294965, 0.16825323179384238),
    (2.56856597008467, 0.1955418818555952),
    (3.4725539772183294, 0.1807571440137615),
    (4.69339128763834, 0.13416710287667283),
    (6.317441072484668, 0.07887809876764283),
    (8.443600100760738, 0.0354199822303834),
    (11.187698303347624, 0.011523672198251959),
    (14.689676916529683, 0.0025422755155435875),
    (19.12700947127317, 0.00034970785046007654),
    (24.742696519772714, 2.675517936226934e-05),
    (31.9088460369555, 9.568999547003878e-07),
    (41.30006957293795, 1.1721097359203112e-08),
    (54.58362765122208, 2.326930774178014e-11),
];

/// A pair of components.
pub(super) struct Component<S: Simd> {
    /// $\sqrt{(q_x+\tau_m^2)(q_y+\tau_n^2)}$.
    pub(super) norm: S::f64s,
    /// $R$.
    pub(super) shrinkage: S::f64s,
    /// $r$.
    pub(super) correlation: S::f64s,
    /// $1 - r^2$.
    pub(super) determinant: S::f64s,
    /// $1 - r$.
    pub(super) gap: S::f64s,
    /// $i_x + i_y$ and $i_x i_y$.
    pub(super) noise: (S::f64s, S::f64s),
}

/// One end of a pair with one component of noise.
#[derive(Clone, Copy)]
struct End<S: Simd> {
    root: S::f64s,
    shrinkage: S::f64s,
    noise: S::f64s,
}

impl<S: Simd> End<S> {
    #[inline(always)]
    fn new(simd: S, variance: S::f64s, root: S::f64s, noise: f64) -> Self {
        let total = variance + noise;
        let smoothed = total.sqrt();
        Self { root: smoothed, shrinkage: root / smoothed, noise: S::f64s::splat(simd, noise) / total }
    }
}

impl<S: Simd> Component<S> {
    #[inline(always)]
    fn new(x: End<S>, y: End<S>, t: S::f64s) -> Self {
        let shrinkage = x.shrinkage * y.shrinkage;
        let noise = (x.noise + y.noise, x.noise * y.noise);
        let determinant = (shrinkage * shrinkage).mul_add(t * (-t + 2.0), noise.0 - noise.1);
        let correlation = shrinkage * (-t + 1.0);
        let near = determinant / (correlation.abs() + 1.0);
        let gap = correlation.simd_lt(0.0).select(-near + 2.0, near);
        Self { norm: x.root * y.root, shrinkage, correlation, determinant, gap, noise }
    }
}

/// $\sum_{m,n} w_m w_n\,\text{term}(m, n)$ for both results of `term`; symmetric in the two ends, bit for bit.
#[inline(always)]
pub(super) fn sum_over_components<S: Simd>(
    pair: &Pair<S>,
    mixture: &Mixture,
    term: impl Fn(Component<S>) -> (S::f64s, S::f64s),
) -> (S::f64s, S::f64s) {
    let simd = pair.simd;
    let zero = S::f64s::splat(simd, 0.0);
    let empty = End { root: zero, shrinkage: zero, noise: zero };
    let (mut x, mut y) = ([empty; MOST_COMPONENTS], [empty; MOST_COMPONENTS]);
    let (mut first, mut second) = (zero, zero);
    for (m, &(noise, weight)) in mixture.iter().enumerate() {
        x[m] = End::new(simd, pair.variance_x, pair.root_x, noise);
        y[m] = End::new(simd, pair.variance_y, pair.root_y, noise);
        for (n, &(_, other_weight)) in mixture[..=m].iter().enumerate() {
            // Half of twice the diagonal: one place where `term` is compiled in.
            let share = if n == m { 0.5 } else { 1.0 } * weight * other_weight;
            let (mut both_first, mut both_second) = (zero, zero);
            for (k, l) in [(m, n), (n, m)] {
                let (a, b) = term(Component::new(x[k], y[l], pair.gap));
                both_first += a;
                both_second += b;
            }
            first = both_first.mul_add(share, first);
            second = both_second.mul_add(share, second);
        }
    }
    (first, second)
}

/// The same for one point with itself; `term` gets $\sqrt{(q+\tau_m^2)(q+\tau_n^2)}$, $R$, $1-R^2$, $i_m+i_n$ and $i_m i_n$.
pub(super) fn sum_of_point(q: f64, mixture: &Mixture, term: impl Fn([f64; 5]) -> f64) -> f64 {
    let end = |noise: f64| (q + noise, noise / (q + noise));
    let mut sum = 0.0;
    for &(first, weight) in mixture {
        for &(second, other) in mixture {
            let ((v, i), (w, j)) = (end(first), end(second));
            let norm = v.sqrt() * w.sqrt();
            sum += weight * other * term([norm, q / norm, i + j - i * j, i + j, i * j]);
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mixture_is_the_logistic_distribution() {
        let total: f64 = LOGISTIC.iter().map(|component| component.1).sum();
        assert!((total - 1.0).abs() < 1e-15);
        for step in -400..=400 {
            let u = 0.1 * f64::from(step);
            let mixture: f64 =
                LOGISTIC.iter().map(|&(v, w)| w * 0.5 * libm::erfc(-u / (2.0 * v).sqrt())).sum();
            assert!((mixture - 1.0 / (1.0 + (-u).exp())).abs() < LOGISTIC_ERROR, "at {u}: {mixture}");
        }
    }
}
