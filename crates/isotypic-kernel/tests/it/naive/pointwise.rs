//! Pointwise nonlinearities: $\Sigma \leftarrow E[\varphi(u)\varphi(v)]$ and $\Theta \leftarrow \Theta\, E[\varphi'(u)\varphi'(v)]$.
//!
//! Closed formulas by Stein's lemma, $E[u\,g(u, v)] = E[u^2]\, E[\partial_u g] + E[uv]\, E[\partial_v g]$, and by completing squares;
//! the first of each kind is in Cho & Saul 2009 (rectifiers), Williams 1996 (erf) and Tsuchida et al. 2021 (gelu).

use std::f64::consts::PI;

use isotypic_architecture::{Activation, ScalarFunction};

use super::Pair;
use super::expectation::{Moments, gauss_hermite, slope, value};

pub(super) fn map(state: &Pair, of_x: &Pair, of_y: &Pair, activation: Activation) -> Pair {
    let mut next = state.clone();
    let rule = match activation {
        Activation::Elementwise { quadrature_degree, .. } => gauss_hermite(quadrature_degree),
        _ => Vec::new(),
    };
    for ((p, q), &c) in state.covariance.indexed_iter() {
        let moments = Moments { x: of_x.covariance[[p, p]], y: of_y.covariance[[q, q]], c };
        let (covariance, derivative) = expectations(activation, &rule, moments);
        next.covariance[[p, q]] = covariance;
        next.ntk[[p, q]] = state.ntk[[p, q]] * derivative;
    }
    next
}

/// $E[\varphi(u)\varphi(v)]$ and $E[\varphi'(u)\varphi'(v)]$; `rule` is that of an `elementwise` layer.
fn expectations(activation: Activation, rule: &[(f64, f64)], moments: Moments) -> (f64, f64) {
    let Moments { x, y, c } = moments;
    match activation {
        Activation::Relu => slopes(0.0, 1.0, moments),
        Activation::LeakyRelu { alpha } => slopes(alpha, 1.0, moments),
        Activation::AbRelu { a, b } => slopes(a, b, moments),
        Activation::Abs => slopes(-1.0, 1.0, moments),
        Activation::Sign if x == 0.0 || y == 0.0 => (0.0, 0.0),
        Activation::Sign => (1.0 - 2.0 * angle(moments).0 / PI, 0.0),
        Activation::Erf { a, b, c: offset } => error_function([a, b, offset], moments),
        Activation::SigmoidLike => error_function([0.5, 1.0 / 2.4020563531719796, 0.5], moments),
        Activation::Gelu { .. } => gelu(moments),
        Activation::Sin { a, b, c: phase } => waves(a, b, (2.0 * phase).cos(), moments),
        Activation::Cos { a, b, c: phase } => waves(a, b, -(2.0 * phase).cos(), moments),
        Activation::Rbf { gamma } => {
            let covariance = (-gamma * (x + y - 2.0 * c)).exp();
            (covariance, 2.0 * gamma * covariance)
        }
        Activation::Exp { a, b } => {
            let covariance = a * a * (0.5 * b * b * (x + y + 2.0 * c)).exp();
            (covariance, b * b * covariance)
        }
        Activation::Gaussian { a, b } => {
            let (mass, damped) = damp(-2.0 * b, moments);
            (a * a * mass, 4.0 * a * a * b * b * mass * damped.c)
        }
        Activation::Gabor => gabor(moments),
        Activation::Monomial { degree } => {
            let n = degree as f64;
            (power(degree, moments), n * n * power(degree.saturating_sub(1), moments))
        }
        Activation::RectifiedMonomial { degree } => {
            let n = degree as f64;
            let slope = if degree == 0 { 0.0 } else { n * n * half_power(degree - 1, degree - 1, moments) };
            (half_power(degree, degree, moments), slope)
        }
        Activation::Polynomial { coef } => polynomial(coef.as_slice(), moments),
        Activation::Hermite { degree } => polynomial(&hermite(degree), moments),
        Activation::ExpNormalized { gamma, shift, .. } => {
            let norm = (x * y).sqrt();
            let cosine = if norm == 0.0 { 0.0 } else { c / norm };
            let exponential = (gamma * (cosine + shift)).exp();
            (norm * exponential, gamma * exponential)
        }
        Activation::Tanh => analytic(ScalarFunction::Tanh, moments),
        Activation::Sigmoid => analytic(ScalarFunction::Sigmoid, moments),
        Activation::Softplus => analytic(ScalarFunction::Softplus, moments),
        Activation::Silu => analytic(ScalarFunction::Silu, moments),
        Activation::Elementwise { function, .. } => (
            moments.quadrature(rule, |u| value(function, u)),
            moments.quadrature(rule, |u| slope(function, u)),
        ),
        other => panic!("the naive recursion has no {}", other.name()),
    }
}

/// $\theta$ and $\sqrt{q_x q_y} \sin\theta$. Scaled first: products of variances leave the range of numbers before variances do.
fn angle(Moments { x, y, c }: Moments) -> (f64, f64) {
    let scale = x.max(y);
    if x == 0.0 || y == 0.0 {
        return (PI / 2.0, 0.0);
    }
    let (x, y, c) = (x / scale, y / scale, c / scale);
    let sine = (x * y - c * c).max(0.0).sqrt();
    (sine.atan2(c), scale * sine)
}

/// $a \min(u, 0) + b \max(u, 0)$. With $\kappa(\theta) = \frac{1}{2\pi} (\sqrt{q_x q_y} \sin\theta + (\pi - \theta) c)$ for
/// both arguments positive and $\kappa(\pi - \theta)$, of $-c$, for one of either sign.
fn slopes(a: f64, b: f64, moments: Moments) -> (f64, f64) {
    let (theta, sine) = angle(moments);
    let c = moments.c;
    let same = (sine + (PI - theta) * c) / (2.0 * PI);
    let opposite = (sine - theta * c) / (2.0 * PI);
    let both = a * a + b * b;
    let probabilities = ((PI - theta) / (2.0 * PI), theta / (2.0 * PI));
    (both * same - 2.0 * a * b * opposite, both * probabilities.0 + 2.0 * a * b * probabilities.1)
}

/// $u\,\Phi(u)$.
fn gelu(Moments { x, y, c }: Moments) -> (f64, f64) {
    let determinant = (1.0 + x) * (1.0 + y) - c * c;
    // E Φ(u)Φ(v), and E of the product of the two densities.
    let both = 0.25 + c.atan2(determinant.sqrt()) / (2.0 * PI);
    let density = 1.0 / (2.0 * PI * determinant.sqrt());
    let (of_x, of_y) = (1.0 / (1.0 + x), 1.0 / (1.0 + y));
    (
        c * both + density * (x * y + c * c * (of_x + of_y - 1.0)),
        both + density * c * (of_x + of_y + 1.0 / determinant),
    )
}

/// $a \sin(b u + \varphi)$, or the cosine, with `double` the cosine of $2\varphi$, for the cosine with the opposite sign.
fn waves(a: f64, b: f64, double: f64, Moments { x, y, c }: Moments) -> (f64, f64) {
    let difference = (-0.5 * b * b * (x + y - 2.0 * c)).exp();
    let sum = (-0.5 * b * b * (x + y + 2.0 * c)).exp();
    (0.5 * a * a * (difference - double * sum), 0.5 * a * a * b * b * (difference + double * sum))
}

/// The Gaussian distribution multiplied by $e^{-\beta (u^2 + v^2) / 2}$: its mass and its moments.
fn damp(beta: f64, Moments { x, y, c }: Moments) -> (f64, Moments) {
    let determinant = (1.0 + beta * x) * (1.0 + beta * y) - beta * beta * c * c;
    let rest = beta * (x * y - c * c);
    let moments = Moments { x: (x + rest) / determinant, y: (y + rest) / determinant, c: c / determinant };
    (1.0 / determinant.sqrt(), moments)
}

/// $e^{-u^2} \sin u$, with derivative $e^{-u^2} (\cos u - 2 u \sin u)$.
fn gabor(moments: Moments) -> (f64, f64) {
    let (mass, Moments { x, y, c }) = damp(2.0, moments);
    let difference = (-0.5 * (x + y - 2.0 * c)).exp();
    let sum = (-0.5 * (x + y + 2.0 * c)).exp();
    let (sines, cosines) = (0.5 * (difference - sum), 0.5 * (difference + sum));
    // E[u sin u cos v], E[v cos u sin v] and E[uv sin u sin v] by Stein's lemma.
    let first = x * cosines - c * sines;
    let second = y * cosines - c * sines;
    let both = x * second + c * (sines - y * sines + c * cosines);
    (mass * sines, mass * (cosines - 2.0 * first - 2.0 * second + 4.0 * both))
}

/// $E[u^n v^n] = \sum_j \frac{(n!)^2}{j!\,(2^m m!)^2} (q_x q_y)^m c^j$ with $m = (n - j)/2$ pairs on either side and $j$ across
/// (Isserlis 1918).
fn power(n: usize, Moments { x, y, c }: Moments) -> f64 {
    let factorial = |k: usize| (1..=k).map(|factor| factor as f64).product::<f64>();
    (0..=n)
        .filter(|across| (n - across).is_multiple_of(2))
        .map(|across| {
            let within = (n - across) / 2;
            let matchings = factorial(n) / (f64::powi(2.0, within as i32) * factorial(within));
            matchings * matchings / factorial(across) * (x * y).powi(within as i32) * c.powi(across as i32)
        })
        .sum()
}

/// $a \operatorname{erf}(b u) + d$.
fn error_function([a, b, offset]: [f64; 3], Moments { x, y, c }: Moments) -> (f64, f64) {
    let (x, y, c) = (b * b * x, b * b * y, b * b * c);
    let rest = ((1.0 + 2.0 * x) * (1.0 + 2.0 * y) - 4.0 * c * c).sqrt();
    (a * a * 2.0 / PI * (2.0 * c).atan2(rest) + offset * offset, a * a * b * b * 4.0 / PI / rest)
}

/// $E[u^m v^n]$ over $u, v > 0$ for $m \le n$, by Stein's lemma on $u \cdot u^{m-1}v^n$ down to the orthant; its boundary terms are moments of
/// one variable where the other is 0.
fn half_power(m: usize, n: usize, moments: Moments) -> f64 {
    let Moments { x, y, c } = moments;
    if m == 0 && n == 0 {
        let (theta, _) = angle(moments);
        return if x == 0.0 && y == 0.0 {
            1.0
        } else if x == 0.0 || y == 0.0 {
            0.5
        } else {
            (PI - theta) / (2.0 * PI)
        };
    }
    if x == 0.0 || y == 0.0 {
        return 0.0;
    }
    if m == 0 {
        // E[v · v^{n-1}; u > 0, v > 0], whose boundary is at u = 0 with covariance c, and at v = 0 for n = 1 with variance y.
        let inner = if n >= 2 { (n - 1) as f64 * y * half_power(0, n - 2, moments) } else { 0.0 };
        let at_u = c / (2.0 * PI * x).sqrt() * half_moment(n - 1, conditional(moments));
        let at_v = if n == 1 { y / (2.0 * PI * y).sqrt() * 0.5 } else { 0.0 };
        return inner + at_u + at_v;
    }
    let inner = if m >= 2 { (m - 1) as f64 * x * half_power(m - 2, n, moments) } else { 0.0 };
    let at_u = if m == 1 { x / (2.0 * PI * x).sqrt() * half_moment(n, conditional(moments)) } else { 0.0 };
    inner + at_u + n as f64 * c * half_power(m - 1, n - 1, moments)
}

/// The variance of $v$ where $u = 0$, of the same sine as the angle: near equal points either alone keeps half of its digits only, and what
/// they leave of each other depends on their being consistent.
fn conditional(moments: Moments) -> f64 {
    angle(moments).1.powi(2) / moments.x
}

/// $E[w^n; w > 0]$ for $w \sim N(0, q)$.
fn half_moment(n: usize, q: f64) -> f64 {
    match n {
        0 => 0.5,
        1 => (q / (2.0 * PI)).sqrt(),
        _ => (n - 1) as f64 * q * half_moment(n - 2, q),
    }
}

/// $\sum_{ij} a_i a_j E[u^i v^j]$ by Isserlis' theorem, and the same of the derivative.
fn polynomial(coefficients: &[f64], moments: Moments) -> (f64, f64) {
    let slopes: Vec<f64> = coefficients.iter().enumerate().skip(1).map(|(n, a)| n as f64 * a).collect();
    let sum = |coefficients: &[f64]| -> f64 {
        let each = |i: usize| {
            coefficients.iter().enumerate().map(move |(j, b)| b * mixed(i, j, moments)).sum::<f64>()
        };
        coefficients.iter().enumerate().map(|(i, a)| a * each(i)).sum()
    };
    (sum(coefficients), sum(&slopes))
}

/// $E[u^i v^j]$: every matching of the first factor.
fn mixed(i: usize, j: usize, moments: Moments) -> f64 {
    let Moments { x, y, c } = moments;
    match (i, j) {
        (0, 0) => 1.0,
        (0, 1) | (1, 0) => 0.0,
        (0, _) => (j - 1) as f64 * y * mixed(0, j - 2, moments),
        _ => {
            let own = if i >= 2 { (i - 1) as f64 * x * mixed(i - 2, j, moments) } else { 0.0 };
            let across = if j >= 1 { j as f64 * c * mixed(i - 1, j - 1, moments) } else { 0.0 };
            own + across
        }
    }
}

/// Coefficients of $\mathrm{He}_n/\sqrt{n!}$: $(-1)^m n! / (2^m m! (n-2m)!)$ of $u^{n-2m}$.
fn hermite(degree: usize) -> Vec<f64> {
    let factorial = |k: usize| (1..=k).map(|factor| factor as f64).product::<f64>();
    let mut coefficients = vec![0.0; degree + 1];
    for m in 0..=degree / 2 {
        let size =
            factorial(degree).sqrt() / (f64::powi(2.0, m as i32) * factorial(m) * factorial(degree - 2 * m));
        coefficients[degree - 2 * m] = if m.is_multiple_of(2) { size } else { -size };
    }
    coefficients
}

fn analytic(function: ScalarFunction, moments: Moments) -> (f64, f64) {
    (moments.expectation(|u| value(function, u)), moments.expectation(|u| slope(function, u)))
}

#[cfg(test)]
mod tests {
    use isotypic_architecture::Coefficients;

    use super::*;

    /// Every closed formula of a smooth function against the sum on a grid, with slopes by differences.
    #[test]
    fn closed_formulas_equal_sums_on_a_grid() {
        for activation in [
            Activation::Erf { a: 1.0, b: 1.0, c: 0.0 },
            Activation::Erf { a: 1.3, b: 0.6, c: -0.4 },
            Activation::SigmoidLike,
            Activation::Polynomial { coef: Coefficients::new(&[0.5, -1.0, 0.3, 0.1]).unwrap() },
            Activation::Hermite { degree: 4 },
            Activation::Gelu { approximate: false },
            Activation::Sin { a: 1.3, b: 0.7, c: 0.4 },
            Activation::Cos { a: 0.7, b: 1.2, c: -0.3 },
            Activation::Rbf { gamma: 0.6 },
            Activation::Exp { a: 0.5, b: -0.6 },
            Activation::Gaussian { a: 1.4, b: -0.5 },
            Activation::Gabor,
            Activation::Monomial { degree: 1 },
            Activation::Monomial { degree: 5 },
            Activation::Elementwise { function: ScalarFunction::Gelu, quadrature_degree: 80 },
        ] {
            for (x, y, c) in [(1.3, 0.4, -0.5), (0.9, 1.1, 0.8), (0.2, 0.2, 0.2), (0.7, 0.1, 0.0)] {
                let moments = Moments { x, y, c };
                let h = 1e-3;
                let slope = |u: f64| {
                    let f = |k: f64| activation.apply(u + k * h);
                    (45.0 * (f(1.0) - f(-1.0)) - 9.0 * (f(2.0) - f(-2.0)) + f(3.0) - f(-3.0)) / (60.0 * h)
                };
                let sums = [moments.expectation(|u| activation.apply(u)), moments.expectation(slope)];
                let (covariance, derivative) = expectations(activation, &gauss_hermite(80), moments);
                for ((got, expected), tolerance) in
                    [covariance, derivative].iter().zip(sums).zip([1e-12, 1e-10])
                {
                    let error = (got - expected).abs();
                    assert!(error < tolerance * (1.0 + expected.abs()), "{activation:?}: {got}, {expected}");
                }
            }
        }
    }

    /// Rectified powers against sums over the angle, on which they are smooth between the two edges.
    #[test]
    fn rectified_powers_equal_integrals_over_the_angle() {
        for degree in 0..=5 {
            for (x, y, c) in [(1.3, 0.4, -0.5), (0.9, 1.1, 0.8), (0.2, 0.2, 0.2), (0.7, 0.1, 0.0)] {
                let moments = Moments { x, y, c };
                let theta = f64::acos((c / f64::sqrt(x * y)).clamp(-1.0, 1.0));
                let (from, to) = (theta - 0.5 * PI, 0.5 * PI);
                // Simpson's rule; E r^{2n} = 2^n n!.
                let (count, step) = (4000, (to - from) / 4000.0);
                let sum: f64 = (0..=count)
                    .map(|k| {
                        let weight = if k == 0 || k == count {
                            1.0
                        } else if k % 2 == 1 {
                            4.0
                        } else {
                            2.0
                        };
                        let at = from + step * f64::from(k);
                        weight * (at.cos() * (at - theta).cos()).max(0.0).powi(degree)
                    })
                    .sum();
                let radial: f64 = (1..=degree).map(|k| 2.0 * f64::from(k)).product();
                let scale = (x * y).sqrt().powi(degree);
                let expected = scale * radial * sum * step / 3.0 / (2.0 * PI);
                let got = half_power(degree as usize, degree as usize, moments);
                assert!(
                    (got - expected).abs() < 2e-10 * scale * (1.0 + radial),
                    "{degree}: {got}, {expected}"
                );
            }
        }
    }
}
