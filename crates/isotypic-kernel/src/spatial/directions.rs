//! Random points for expectations of homogeneous functions of Gaussian variables.
//!
//! For $f$ homogeneous of degree 2 and $z$ standard normal in $n$ dimensions, length and direction are independent and
//! $E[f(z)] = E[|z|^2]\, E[f(u)] = n\, E[f(u)]$ with $u$ uniform on the sphere; of degree 0 the factor is 1. So points $\sqrt n\,u$ serve both,
//! and the length is integrated exactly. Directions are taken as the columns of random orthogonal matrices and their negatives: each
//! is uniform, so that means are unbiased, and every quadratic form is integrated exactly (the stochastic spherical-radial rules of
//! degree 3 of Genz & Monahan 1998, *SIAM J. Sci. Comput.* 19; orthogonal features of Yu et al. 2016, arXiv 1610.09072).
//! Uniform matrices come from Gaussian ones by Gram and Schmidt (Mezzadri 2007, arXiv math-ph/0609050).

use isotypic_architecture::{Gaussian, RandomStream};

/// Points $\pm\sqrt n\,u$, one of each two kept.
#[derive(Debug, Clone)]
pub(crate) struct Directions {
    dimension: usize,
    /// `[points, dimension]`
    points: Vec<f64>,
}

impl Directions {
    /// At least `samples` points, negatives included, in whole frames; `stream` names the random numbers.
    pub(super) fn new(dimension: usize, samples: usize, stream: &[u64]) -> Self {
        let mut gaussian = Gaussian::from_seed(RandomStream::for_parts(stream).bits());
        let frames = samples.div_ceil(2 * dimension).max(1);
        let mut points = Vec::with_capacity(frames * dimension * dimension);
        for _ in 0..frames {
            points.extend(random_frame(dimension, &mut gaussian));
        }
        Self { dimension, points }
    }

    /// Number of coordinates of a point.
    pub(super) fn dimension(&self) -> usize {
        self.dimension
    }

    /// Number of points, negatives included.
    pub(super) fn samples(&self) -> usize {
        2 * self.points.len() / self.dimension
    }

    /// One point of each pair of opposite ones.
    pub(super) fn halves(&self) -> impl Iterator<Item = &[f64]> {
        self.points.chunks_exact(self.dimension)
    }
}

/// The columns of a random orthogonal matrix times $\sqrt n$.
fn random_frame(dimension: usize, gaussian: &mut Gaussian) -> Vec<f64> {
    let mut frame: Vec<f64> = Vec::with_capacity(dimension * dimension);
    while frame.len() < dimension * dimension {
        let mut vector: Vec<f64> = (0..dimension).map(|_| gaussian.sample()).collect();
        let before = norm(&vector);
        // Twice is enough (Kahan): what remains is orthogonal to rounding.
        for _ in 0..2 {
            for earlier in frame.chunks_exact(dimension) {
                let along: f64 = earlier.iter().zip(&vector).map(|(a, b)| a * b).sum();
                vector.iter_mut().zip(earlier).for_each(|(value, e)| *value -= along * e);
            }
        }
        let length = norm(&vector);
        // A vector in the span of the earlier ones has probability 0; it is drawn again.
        if length > 1e-8 * before {
            frame.extend(vector.iter().map(|value| value / length));
        }
    }
    let radius = (dimension as f64).sqrt();
    frame.iter_mut().for_each(|value| *value *= radius);
    frame
}

fn norm(vector: &[f64]) -> f64 {
    vector.iter().map(|value| value * value).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quadratic_forms_are_integrated_exactly() {
        for dimension in [1, 2, 5, 18] {
            let directions = Directions::new(dimension, 100, &[3, dimension as u64]);
            assert!(directions.samples() >= 100 && directions.samples().is_multiple_of(2 * dimension));
            for i in 0..dimension {
                for j in 0..dimension {
                    let sum: f64 = directions.halves().map(|z| 2.0 * z[i] * z[j]).sum();
                    let expected = if i == j { 1.0 } else { 0.0 };
                    let mean = sum / directions.samples() as f64;
                    assert!((mean - expected).abs() < 1e-13, "{dimension}: {i} {j} {mean}");
                }
            }
        }
    }

    /// $E[z_1^4]$ is no quadratic form: on the sphere of radius $\sqrt n$ it is $3n/(n+2)$, whose factor for degree 4 would be $(n+2)/n$.
    #[test]
    fn directions_are_uniform() {
        let n = 4.0;
        let directions = Directions::new(4, 80_000, &[9]);
        let fourth: f64 = directions.halves().map(|z| 2.0 * z[0].powi(4)).sum();
        let mean = fourth / directions.samples() as f64;
        // The variance of u⁴·16 on the sphere is 16²·(105/1920 − (3/24)²); five standard errors of independent points.
        let deviation = 16.0 * f64::sqrt(105.0 / 1920.0 - (3.0_f64 / 24.0).powi(2));
        let error = 5.0 * deviation / f64::sqrt(directions.samples() as f64 / 2.0);
        assert!((mean - 3.0 * n / (n + 2.0)).abs() < error, "{mean}");
    }

    #[test]
    fn streams_differ_and_repeat() {
        let points = |stream: &[u64]| Directions::new(3, 6, stream).points;
        assert_eq!(points(&[1, 2]), points(&[1, 2]));
        assert_ne!(points(&[1, 2]), points(&[2, 1]));
    }
}
