//! Random numbers that are the same on every machine: xoshiro256++ (Blackman & Vigna 2019, arXiv 1805.01407), its state
//! filled by SplitMix64. Not for cryptography.

/// A stream of independent uniform numbers.
#[derive(Clone, Debug)]
pub struct RandomStream {
    state: [u64; 4],
}

impl RandomStream {
    /// The stream of a seed.
    pub fn from_seed(seed: u64) -> Self {
        let mut counter = seed;
        let state = std::array::from_fn(|_| {
            counter = counter.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = counter;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^ (mixed >> 31)
        });
        Self { state }
    }

    /// A stream for one purpose: different `parts` give streams that have nothing to do with one another.
    pub fn for_parts(parts: &[u64]) -> Self {
        let seed = parts.iter().fold(0, |seed, &part| Self::from_seed(seed ^ part).bits());
        Self::from_seed(seed)
    }

    /// Uniform on the multiples of $2^{-53}$ in $[0, 1)$.
    pub fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    /// A permutation of `0..count`, every one equally likely to within $2^{-53}$ `count` (Fisher–Yates).
    pub fn permutation(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        for last in (1..count).rev() {
            let chosen = (self.uniform() * (last + 1) as f64) as usize;
            order.swap(last, chosen);
        }
        order
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
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
        // SplitMix64 from 0 and xoshiro256++ from 1, 2, 3, 4: output of the authors' C programs.
        assert_eq!(RandomStream::from_seed(0).state[..2], [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4]);
        let mut stream = RandomStream { state: [1, 2, 3, 4] };
        let expected = [41_943_041, 58_720_359, 3_588_806_011_781_223, 3_591_011_842_654_386];
        assert_eq!([(); 4].map(|()| stream.bits()), expected);
    }

    #[test]
    fn a_permutation_has_every_index_once() {
        let mut order = RandomStream::for_parts(&[3, 1]).permutation(100);
        assert_ne!(order, (0..100).collect::<Vec<_>>());
        assert_ne!(order, RandomStream::for_parts(&[3, 2]).permutation(100));
        order.sort_unstable();
        assert_eq!(order, (0..100).collect::<Vec<_>>());
    }
}
