//! Gram operators against elimination, on random orbits.

use isotypic_conformance::naive::eigenvalues;
use isotypic_conformance::{RandomOrbits, assert_operator_agrees};
use isotypic_gram::{DenseGram, GroupInvariantGram};
use proptest::prelude::*;

use crate::families::groups;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn the_dense_operator_agrees_with_elimination(group in groups(), seeds in 1usize..=4, state: u64) {
        let orbits = RandomOrbits::new(group, seeds, state);
        let matrix = orbits.gram();
        let dense = DenseGram::new(matrix.clone(), seeds, orbits.group).unwrap();
        assert_operator_agrees(&dense, &matrix);
    }

    #[test]
    fn the_blocks_agree_with_elimination(group in groups(), seeds in 1usize..=4, state: u64) {
        let orbits = RandomOrbits::new(group, seeds, state);
        let blocks = GroupInvariantGram::from_orbit_kernel(&orbits.group, orbits.orbit_kernel()).unwrap();
        assert_operator_agrees(&blocks, &orbits.gram());
    }

    #[test]
    fn eigenvalues_of_the_blocks_are_those_of_the_matrix(group in groups(), seeds in 1usize..=4, state: u64) {
        let orbits = RandomOrbits::new(group, seeds, state);
        let blocks = GroupInvariantGram::from_orbit_kernel(&orbits.group, orbits.orbit_kernel()).unwrap();
        let mut values: Vec<f64> = Vec::new();
        for block in blocks.spectrum().unwrap() {
            prop_assert!(block.eigenvalues.is_sorted());
            for value in block.eigenvalues {
                values.extend(std::iter::repeat_n(value, block.multiplicity));
            }
        }
        values.sort_by(f64::total_cmp);
        let expected = eigenvalues(&orbits.gram());
        prop_assert_eq!(values.len(), expected.len());
        let scale = expected[expected.len() - 1];
        for (value, expected) in values.iter().zip(&expected) {
            prop_assert!((value - expected).abs() < 1e-13 * scale, "{} and {}", value, expected);
        }
    }
}
