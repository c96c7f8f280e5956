//! Which pairs of elements are compared where all pairs are too many.

use isotypic_group::FiniteGroup;

/// Pairs of elements of two groups: all of them if they are at most `most`, else first the pairs of generators and then
/// pairs drawn by a fixed sequence, `most` in all.
pub(crate) fn element_pairs(left: &FiniteGroup, right: &FiniteGroup, most: usize) -> Vec<(usize, usize)> {
    let (rows, columns) = (left.order(), right.order());
    if rows.checked_mul(columns).is_some_and(|all| all <= most) {
        return (0..rows).flat_map(|g| (0..columns).map(move |h| (g, h))).collect();
    }
    let ends = right.generators();
    let mut pairs: Vec<_> =
        left.generators().iter().flat_map(|&g| ends.iter().map(move |&h| (g, h))).collect();
    let mut random = SplitMix64(0);
    while pairs.len() < most {
        let g = random.next() as usize % rows;
        pairs.push((g, random.next() as usize % columns));
    }
    pairs.truncate(most);
    pairs
}

/// The generator of Steele, Lea & Flood (2014): the same numbers on every platform, good enough to spread.
pub(crate) struct SplitMix64(pub(crate) u64);

impl SplitMix64 {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number in [−1, 1).
    pub(crate) fn signed_unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_pairs_come_in_order_and_samples_begin_with_generators() {
        let (c3, c2) = (FiniteGroup::cyclic(3).unwrap(), FiniteGroup::cyclic(2).unwrap());
        assert_eq!(element_pairs(&c3, &c2, 6), [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)]);
        let torus = FiniteGroup::abelian(&[10, 10]).unwrap();
        let pairs = element_pairs(&torus, &torus, 500);
        assert_eq!(pairs[..4], [(10, 10), (10, 1), (1, 10), (1, 1)]);
        assert_eq!(pairs.len(), 500);
        assert_eq!(pairs, element_pairs(&torus, &torus, 500));
        assert!(pairs.iter().all(|&(g, h)| g < 100 && h < 100));
    }

    #[test]
    fn the_first_numbers_are_those_of_the_published_generator() {
        // First outputs for the seed 0, as in the reference implementation by Vigna.
        let mut random = SplitMix64(0);
        assert_eq!(random.next(), 0xe220_a839_7b1d_cdaf);
        assert_eq!(random.next(), 0x6e78_9e6a_a1b9_65f4);
        let values: Vec<f64> = (0..100).map(|_| random.signed_unit()).collect();
        assert!(values.iter().all(|value| (-1.0..1.0).contains(value)));
    }
}
