//! Standard normal numbers that are the same on every machine and in every release.
//!
//! xoshiro256++ (Blackman & Vigna 2019, arXiv 1805.01407), its state filled by SplitMix64, and the Box–Muller transform
//! with the portable functions of `libm`. Not for cryptography.

use std::f64::consts::TAU;

/// A stream of independent standard normal numbers.
pub(crate) struct Gaussian {
    state: [u64; 4],
    /// Box–Muller gives two at a time.
    spare: Option<f64>,
}

impl Gaussian {
    pub(crate) fn from_seed(seed: u64) -> Self {
        let mut counter = seed;
        let state = std::array::from_fn(|_| {
            counter = counter.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = counter;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^ (mixed >> 31)
        });
        Self { state, spare: None }
    }

    /// The next number.
    pub(crate) fn sample(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        // In (0, 1], so that the logarithm is finite.
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - self.uniform()));
        let (sine, cosine) = libm::sincos(TAU * self.uniform());
        self.spare = Some(radius * sine);
        radius * cosine
    }

    /// Uniform on the multiples of $2^{-53}$ in $[0, 1)$.
    pub(crate) fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    fn bits(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.state;
        let result = a.wrapping_add(*d).rotate_left(23).wrapping_add(*a);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_follow_the_published_generators() {
        // SplitMix64 from 0 starts with these (output of Vigna's C program).
        let generator = Gaussian::from_seed(0);
        assert_eq!(generator.state[..2], [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4]);
        // xoshiro256++ from the state 1, 2, 3, 4 (output of Blackman and Vigna's C program).
        let mut generator = Gaussian { state: [1, 2, 3, 4], spare: None };
        let expected = [41_943_041, 58_720_359, 3_588_806_011_781_223, 3_591_011_842_654_386];
        assert_eq!([(); 4].map(|()| generator.bits()), expected);
    }

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
