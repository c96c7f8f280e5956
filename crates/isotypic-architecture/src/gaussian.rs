//! Standard normal numbers that are the same on every machine and in every release.
//!
//! A [`RandomStream`] and the Box–Muller transform with the portable functions of `libm`.

use std::f64::consts::TAU;

use crate::random_stream::RandomStream;

/// A stream of independent standard normal numbers.
pub struct Gaussian {
    stream: RandomStream,
    /// Box–Muller gives two at a time.
    spare: Option<f64>,
}

impl Gaussian {
    /// The stream of a seed.
    pub fn from_seed(seed: u64) -> Self {
        Self { stream: RandomStream::from_seed(seed), spare: None }
    }

    /// The next number.
    pub fn sample(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        // In (0, 1], so that the logarithm is finite.
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - self.stream.uniform()));
        let (sine, cosine) = libm::sincos(TAU * self.stream.uniform());
        self.spare = Some(radius * sine);
        radius * cosine
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_the_standard_normal() {
        let count = 200_000;
        let mut generator = Gaussian::from_seed(7);
        let mut powers = [0.0; 4];
        for _ in 0..count {
            let sample = generator.sample();
            for (power, sum) in (1..).zip(&mut powers) {
                *sum += sample.powi(power) / f64::from(count);
            }
        }
        // Variances of x, x², x³, x⁴ are 1, 2, 15, 96; five standard errors.
        for ((mean, expected), variance) in
            powers.iter().zip([0.0, 1.0, 0.0, 3.0]).zip([1.0, 2.0, 15.0, 96.0])
        {
            let error: f64 = mean - expected;
            assert!(error.abs() < 5.0 * f64::sqrt(variance / f64::from(count)), "{mean} for {expected}");
        }
    }
}
