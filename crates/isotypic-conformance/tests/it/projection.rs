//! Projection on the invariant matrices against the average over the group.

use isotypic_conformance::RandomOrbits;
use isotypic_conformance::naive::relative_difference;
use isotypic_gram::{DenseGram, SymmetricOperator};
use isotypic_group::FiniteGroup;
use ndarray::Array2;
use proptest::prelude::*;

use crate::families::groups;

fn norm(matrix: &Array2<f64>) -> f64 {
    matrix.iter().map(|value| value * value).sum::<f64>().sqrt()
}

/// The average of the matrix over simultaneous moves of both points, entry by entry.
fn average(group: &FiniteGroup, matrix: &Array2<f64>) -> Array2<f64> {
    let order = group.order();
    let moved = |row: usize, by: usize| (row / order) * order + group.multiply(by, row % order);
    Array2::from_shape_fn(matrix.dim(), |(row, column)| {
        group.elements().map(|by| matrix[[moved(row, by), moved(column, by)]]).sum::<f64>() / order as f64
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn projection_averages_over_simultaneous_moves(group in groups(), seeds in 1usize..=3, state: u64) {
        let orbits = RandomOrbits::new(group, seeds, state);
        let mut matrix = orbits.gram();
        for ((row, column), value) in matrix.indexed_iter_mut() {
            *value += 0.01 * ((row * column) as f64 + 0.1 * (row + column) as f64).sin();
        }
        let projection = DenseGram::new(matrix.clone(), seeds, orbits.group.clone()).unwrap().project().unwrap();
        let expected = average(&orbits.group, &matrix);
        let projected = projection.gram.to_dense();
        prop_assert!(relative_difference(&projected, &expected) < 1e-14);
        let defect = norm(&(&matrix - &expected)) / norm(&matrix);
        prop_assert!((projection.invariance_defect - defect).abs() < 1e-14);

        let again = projection.gram.to_dense_gram().project().unwrap();
        prop_assert_eq!(again.invariance_defect, 0.0);
        prop_assert_eq!(again.gram.to_dense(), projected);
    }

    #[test]
    fn an_invariant_matrix_is_its_own_projection(group in groups(), seeds in 1usize..=3, state: u64) {
        let orbits = RandomOrbits::new(group, seeds, state);
        let projection = DenseGram::new(orbits.gram(), seeds, orbits.group.clone()).unwrap().project().unwrap();
        prop_assert!(projection.invariance_defect < 1e-14);
        prop_assert!(relative_difference(&projection.gram.to_dense(), &orbits.gram()) < 1e-14);
        let kernel = orbits.orbit_kernel();
        let scale = kernel.iter().fold(0.0_f64, |scale, value| scale.max(*value));
        let difference = (projection.gram.orbit_kernel() - &kernel).mapv(f64::abs);
        prop_assert!(difference.iter().all(|&difference| difference < 1e-14 * scale));
    }
}
