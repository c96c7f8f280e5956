//! Gaussian expectations as plain sums.

use isotypic_architecture::ScalarFunction;

/// A covariance matrix of two centred Gaussian variables: $E u^2$, $E v^2$ and $E uv$.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moments {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) c: f64,
}

impl Moments {
    /// $v = \text{along} \cdot z + \text{across} \cdot w$ where $u = \sqrt{E u^2}\, z$ and $z$, $w$ are independent.
    fn decompose(self) -> (f64, f64) {
        if self.x == 0.0 {
            return (0.0, self.y.sqrt());
        }
        let along = self.c / self.x.sqrt();
        (along, (self.y - along * along).max(0.0).sqrt())
    }

    /// $E f(u) f(v)$ by sums over a square grid, or over the nodes of a quadrature rule.
    fn sum(self, nodes: &[(f64, f64)], f: impl Fn(f64) -> f64) -> f64 {
        let (along, across) = self.decompose();
        let inner = |z: f64| nodes.iter().map(|&(w, weight)| weight * f(along * z + across * w)).sum::<f64>();
        nodes.iter().map(|&(z, weight)| weight * f(self.x.sqrt() * z) * inner(z)).sum()
    }

    /// $E f(u) f(v)$ for analytic `f` whose singularities are at least $\pi/2$ from the real axis: the trapezoidal rule converges
    /// exponentially, to rounding with this step.
    pub(super) fn expectation(self, f: impl Fn(f64) -> f64) -> f64 {
        let step = 0.28 / self.x.max(self.y).sqrt().max(1.0);
        let count = (8.9 / step).ceil() as i32;
        let weight = |z: f64| (-0.5 * z * z).exp() * step / (2.0 * std::f64::consts::PI).sqrt();
        let nodes: Vec<(f64, f64)> = (-count..=count)
            .map(|k| {
                let z = step * f64::from(k);
                (z, weight(z))
            })
            .collect();
        self.sum(&nodes, f)
    }

    /// The sum over the nodes of a Gauss–Hermite rule along each axis. Where it is not exact it depends on which variable comes
    /// first: the one with the larger variance.
    pub(super) fn quadrature(self, rule: &[(f64, f64)], f: impl Fn(f64) -> f64) -> f64 {
        let ordered = if self.x >= self.y { self } else { Self { x: self.y, y: self.x, c: self.c } };
        ordered.sum(rule, f)
    }
}

/// Nodes and weights for the standard normal distribution: the roots of the Hermite polynomial
/// $He_n$, by Newton's method with the roots found so far divided out, and $w = (n-1)! / (n\, He_{n-1}^2)$.
pub(super) fn gauss_hermite(degree: usize) -> Vec<(f64, f64)> {
    // He_k / √k! and the one before it, which stay in range.
    let polynomial = |z: f64| {
        let (mut before, mut value) = (0.0, 1.0);
        for k in 0..degree {
            let next = (z * value - (k as f64).sqrt() * before) / (k as f64 + 1.0).sqrt();
            (before, value) = (value, next);
        }
        (value, before)
    };
    let n = degree as f64;
    let mut roots: Vec<f64> = Vec::new();
    // From outside inwards: Newton's method on a polynomial deflated from the right runs down to its largest root.
    let mut start = 2.0 * n.sqrt() + 1.0;
    while roots.len() < degree {
        let mut z = start;
        for _ in 0..500 {
            let (value, before) = polynomial(z);
            let deflation: f64 = roots.iter().map(|root| 1.0 / (z - root)).sum();
            let step = value / (n.sqrt() * before - value * deflation);
            z -= step;
            if step.abs() <= 1e-15 * (1.0 + z.abs()) {
                break;
            }
        }
        // Two steps without deflation remove what its rounding left.
        for _ in 0..2 {
            let (value, before) = polynomial(z);
            z -= value / (n.sqrt() * before);
        }
        roots.push(z);
        start = z - 1e-6;
    }
    roots.into_iter().map(|z| (z, 1.0 / (n * polynomial(z).1.powi(2)))).collect()
}

/// The functions that have no closed formula for their expectation, and those that quadratures may name.
pub(super) fn value(function: ScalarFunction, u: f64) -> f64 {
    match function {
        ScalarFunction::Tanh => u.tanh(),
        ScalarFunction::Erf => libm::erf(u),
        ScalarFunction::Sigmoid => sigmoid(u),
        ScalarFunction::Softplus => u.max(0.0) + (-u.abs()).exp().ln_1p(),
        ScalarFunction::Silu => u * sigmoid(u),
        ScalarFunction::Gelu => u * normal(u),
        other => panic!("unknown function {other:?}"),
    }
}

/// Their derivatives.
pub(super) fn slope(function: ScalarFunction, u: f64) -> f64 {
    match function {
        ScalarFunction::Tanh => u.cosh().powi(-2),
        ScalarFunction::Erf => 2.0 / std::f64::consts::PI.sqrt() * (-u * u).exp(),
        ScalarFunction::Sigmoid => sigmoid(u) * sigmoid(-u),
        ScalarFunction::Softplus => sigmoid(u),
        ScalarFunction::Silu => sigmoid(u) + u * sigmoid(u) * sigmoid(-u),
        ScalarFunction::Gelu => normal(u) + u * (-0.5 * u * u).exp() / (2.0 * std::f64::consts::PI).sqrt(),
        other => panic!("unknown function {other:?}"),
    }
}

fn sigmoid(u: f64) -> f64 {
    1.0 / (1.0 + (-u).exp())
}

fn normal(u: f64) -> f64 {
    0.5 * libm::erfc(-u / std::f64::consts::SQRT_2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quadrature_rules_have_the_moments_of_the_normal_distribution() {
        for degree in [1, 2, 3, 7, 25, 60] {
            let rule = gauss_hermite(degree);
            let mut moment = 1.0;
            for k in 0..degree.min(12) {
                let sum: f64 = rule.iter().map(|(z, w)| w * z.powi(2 * k as i32)).sum();
                assert!((sum - moment).abs() < 1e-12 * moment, "degree {degree}, power {}: {sum}", 2 * k);
                moment *= 2.0 * k as f64 + 1.0;
            }
        }
    }

    #[test]
    fn grids_and_rules_agree_on_what_both_integrate_exactly() {
        let moments = Moments { x: 1.3, y: 0.7, c: -0.4 };
        let f = |u: f64| u * u * u - 0.5 * u;
        let exact = 9.0 * 1.3 * 0.7 * -0.4 + 6.0 * (-0.4_f64).powi(3) - 1.5 * -0.4 * (1.3 + 0.7) - 0.1;
        for sum in [moments.expectation(f), moments.quadrature(&gauss_hermite(4), f)] {
            assert!((sum - exact).abs() < 1e-13, "{sum}, expected {exact}");
        }
    }
}
