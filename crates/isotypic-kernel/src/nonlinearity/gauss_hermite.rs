//! Nodes and weights of Gauss–Hermite quadrature for the standard normal distribution.

/// A rule $E[f(z)] \approx \sum_i w_i f(z_i)$, exact for polynomials of degree below twice the number of nodes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct GaussHermite {
    /// In increasing order; opposite nodes are exactly opposite.
    pub(super) nodes: Vec<f64>,
    pub(super) weights: Vec<f64>,
}

impl GaussHermite {
    /// The rule with the given number of nodes, 1 to 256.
    ///
    /// The nodes are the roots of the orthonormal Hermite polynomial $h_n$, found one by one between those of $h_{n-1}$ by
    /// bisection, and $1/w_i = \sum_{k<n} h_k(z_i)^2$.
    pub(super) fn new(count: usize) -> Self {
        let mut roots: Vec<f64> = Vec::new();
        for n in 1..=count {
            let bound = 2.0 * (n as f64).sqrt();
            let edges: Vec<f64> =
                std::iter::once(-bound).chain(roots.iter().copied()).chain([bound]).collect();
            roots = edges.windows(2).map(|edge| root_between(n, edge[0], edge[1])).collect();
        }
        let nodes: Vec<f64> = (0..count).map(|i| 0.5 * (roots[i] - roots[count - 1 - i])).collect();
        let weights =
            nodes.iter().map(|&z| 1.0 / hermite(count, z)[..count].iter().map(|h| h * h).sum::<f64>());
        Self { weights: weights.collect(), nodes }
    }
}

/// $h_0(z), \dots, h_n(z)$.
fn hermite(n: usize, z: f64) -> Vec<f64> {
    let mut values = vec![1.0, z];
    for k in 1..n {
        let (a, b) = (values[k - 1], values[k]);
        values.push((z * b - (k as f64).sqrt() * a) / (k as f64 + 1.0).sqrt());
    }
    values.truncate(n + 1);
    values
}

/// The only root of $h_n$ between two neighbouring roots of $h_{n-1}$.
fn root_between(n: usize, mut low: f64, mut high: f64) -> f64 {
    let sign = |z: f64| hermite(n, z)[n] > 0.0;
    let at_low = sign(low);
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return middle;
        }
        if sign(middle) == at_low { low = middle } else { high = middle }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_of_the_normal_distribution_are_exact() {
        for count in [1, 2, 3, 25, 64] {
            let rule = GaussHermite::new(count);
            let mut expected = 1.0;
            for power in 0..count.min(12) {
                let moment: f64 =
                    rule.nodes.iter().zip(&rule.weights).map(|(z, w)| w * z.powi(2 * power as i32)).sum();
                assert!((moment / expected - 1.0).abs() < 1e-12, "{count} nodes, moment {}", 2 * power);
                expected *= 2.0 * power as f64 + 1.0;
            }
        }
    }
}
