//! Predictions by blocks, by the dense inverse and on the observed points, against refitting.

use isotypic_conformance::RandomOrbits;
use isotypic_conformance::naive::{refit, relative_difference, solve};
use isotypic_gram::{DenseGram, Factorization, GroupInvariantGram, OrbitStatus, Ridge, SymmetricOperator};
use isotypic_orbit::HeldOutSet;
use isotypic_predict::{
    LeaveSetOut, irrep_shares, leave_one_out, leave_set_out, predict_unseen, solve_on_observed,
};
use ndarray::{Array1, Array2, Axis};
use proptest::prelude::*;

use crate::families::groups;

const RIDGE: Ridge = Ridge::RelativeToMeanDiagonal(1e-2);

fn labels(seeds: usize) -> Array2<f64> {
    Array2::from_shape_fn(
        (seeds, 2),
        |(seed, output)| if seed % 2 == output { 1.0 } else { -0.3 * seed as f64 },
    )
}

fn greatest_common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

/// The ways to hold out a share of the points, from one point to all but one.
fn hold_out<G: SymmetricOperator>(gram: &G, share: f64, stride: usize) -> Option<HeldOutSet> {
    let n = gram.dim();
    let count = ((share * n as f64) as usize).clamp(1, n);
    // A stride that is prime to n scatters the points over seeds and poses.
    let stride = (stride..).find(|&stride| greatest_common_divisor(stride, n) == 1)?;
    let points: Vec<(usize, usize)> =
        (0..count).map(|index| gram.layout().split(index * stride % n)).collect();
    HeldOutSet::new(gram.layout(), &points).ok()
}

fn agrees(
    result: &LeaveSetOut,
    matrix: &Array2<f64>,
    ridge: f64,
    held_out: &HeldOutSet,
) -> Result<(), TestCaseError> {
    let layout = held_out.layout();
    let by_seed = labels(layout.seeds());
    let spread =
        Array2::from_shape_fn((layout.len(), 2), |(row, output)| by_seed[[layout.split(row).0, output]]);
    let (predictions, covariance) = refit(matrix, ridge, &spread, held_out.rows());
    let scale = 1.0 / predictions.iter().fold(1.0_f64, |scale, value| scale.max(value.abs()));
    prop_assert!(((&result.predictions - &predictions) * scale).iter().all(|value| value.abs() < 1e-10));
    let errors = spread.select(Axis(0), held_out.rows()) - &predictions;
    prop_assert!(((&result.errors - &errors) * scale).iter().all(|value| value.abs() < 1e-10));
    prop_assert!(relative_difference(&result.covariance, &covariance) < 1e-10);
    prop_assert_eq!(&result.covariance, &result.covariance.t());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn held_out_sets_are_predicted_as_by_refitting(
        group in groups(), seeds in 1usize..=4, share in 0.0..1.0, stride in 1usize..20, state: u64,
    ) {
        let orbits = RandomOrbits::new(group, seeds, state);
        let matrix = orbits.gram();
        let dense = DenseGram::new(matrix.clone(), seeds, orbits.group.clone()).unwrap();
        let blocks = GroupInvariantGram::from_orbit_kernel(&orbits.group, orbits.orbit_kernel()).unwrap();
        let Some(held_out) = hold_out(&dense, share, stride) else { return Ok(()) };
        let (plain, by_blocks) = (dense.factor(RIDGE).unwrap(), blocks.factor(RIDGE).unwrap());
        let (ridge, labels) = (plain.ridge(), labels(seeds));
        for result in [
            leave_set_out(&dense, &plain, &labels, &held_out).unwrap(),
            leave_set_out(&blocks, &by_blocks, &labels, &held_out).unwrap(),
            solve_on_observed(&dense, ridge, &labels, &held_out).unwrap(),
            solve_on_observed(&blocks, ridge, &labels, &held_out).unwrap(),
        ] {
            agrees(&result, &matrix, ridge, &held_out)?;
        }
    }

    #[test]
    fn a_matrix_that_is_not_invariant_is_taken_as_it_is(
        group in groups(), seeds in 1usize..=3, share in 0.0..1.0, stride in 1usize..20, state: u64,
    ) {
        let orbits = RandomOrbits::new(group, seeds, state);
        // A positive semi-definite disturbance that knows nothing of the group.
        let feature = |row: usize| (0.7 * (row * row) as f64).sin();
        let mut matrix = orbits.gram();
        matrix.indexed_iter_mut().for_each(|((row, column), value)| *value += feature(row) * feature(column));
        let dense = DenseGram::new(matrix.clone(), seeds, orbits.group).unwrap();
        let Some(held_out) = hold_out(&dense, share, stride) else { return Ok(()) };
        let factor = dense.factor(RIDGE).unwrap();
        for result in [
            leave_set_out(&dense, &factor, &labels(seeds), &held_out).unwrap(),
            solve_on_observed(&dense, factor.ridge(), &labels(seeds), &held_out).unwrap(),
        ] {
            agrees(&result, &matrix, factor.ridge(), &held_out)?;
        }
    }

    #[test]
    fn a_missing_pose_is_predicted_as_by_refitting_whichever_it_is(group in groups(), seeds in 2usize..=4, state: u64) {
        let orbits = RandomOrbits::new(group, seeds, state);
        let matrix = orbits.gram();
        let blocks = GroupInvariantGram::from_orbit_kernel(&orbits.group, orbits.orbit_kernel()).unwrap();
        let result = leave_one_out(&blocks, RIDGE, &labels(seeds)).unwrap();
        prop_assert!(result.status.iter().all(|&status| status == OrbitStatus::Regular));
        prop_assert!(result.limits.iter().all(Option::is_none));
        let (layout, ridge) = (blocks.layout(), blocks.factor(RIDGE).unwrap().ridge());
        for (row, (seed, _)) in (0..layout.len()).map(|row| (row, layout.split(row))) {
            let held_out = HeldOutSet::new(layout, &[layout.split(row)]).unwrap();
            let one = LeaveSetOut {
                errors: result.errors.select(Axis(0), &[seed]),
                predictions: result.predictions.select(Axis(0), &[seed]),
                covariance: Array2::from_elem((1, 1), result.variance[seed]),
            };
            agrees(&one, &matrix, ridge, &held_out)?;
        }
    }

    #[test]
    fn a_seed_that_training_never_saw_is_predicted_as_by_refitting(
        group in groups(), share in 0.0..0.9, stride in 1usize..20, state: u64,
    ) {
        // The last of four seeds is unseen; of the others a set is held out.
        let orbits = RandomOrbits::new(group, 4, state);
        let (all, order) = (orbits.gram(), orbits.group.order());
        let seen: Vec<usize> = (0..3 * order).collect();
        let matrix = all.select(Axis(0), &seen).select(Axis(1), &seen);
        let kernel = orbits.orbit_kernel().slice(ndarray::s![..3, ..3, ..]).to_owned();
        let dense = DenseGram::new(matrix, 3, orbits.group.clone()).unwrap();
        let blocks = GroupInvariantGram::from_orbit_kernel(&orbits.group, kernel).unwrap();
        let Some(held_out) = hold_out(&dense, share, stride) else { return Ok(()) };
        let (plain, by_blocks) = (dense.factor(RIDGE).unwrap(), blocks.factor(RIDGE).unwrap());
        let labels = labels(3);
        let result = leave_set_out(&dense, &plain, &labels, &held_out).unwrap();
        let unseen: Vec<usize> = (3 * order..4 * order).collect();
        let spread = Array2::from_shape_fn((4 * order, 2), |(row, output)| {
            if row < 3 * order { labels[[row / order, output]] } else { 0.0 }
        });
        let out: Vec<usize> = held_out.rows().iter().copied().chain(unseen.clone()).collect();
        let (predictions, covariance) = refit(&all, plain.ridge(), &spread, &out);
        let expected = predictions.slice(ndarray::s![held_out.len().., ..]).to_owned();
        let across = all.select(Axis(0), &unseen).select(Axis(1), &seen);
        let scale = 1.0 / expected.iter().fold(1.0_f64, |scale, value| scale.max(value.abs()));
        let variance = covariance.slice(ndarray::s![held_out.len().., held_out.len()..]).diag().to_owned();
        let own = Array1::from_shape_fn(order, |pose| all[[unseen[pose], unseen[pose]]]);
        for found in [
            predict_unseen(&dense, &plain, &labels, (&held_out, &result), &across, &own).unwrap(),
            predict_unseen(&blocks, &by_blocks, &labels, (&held_out, &result), &across, &own).unwrap(),
        ] {
            prop_assert!(((&found.predictions - &expected) * scale).iter().all(|value| value.abs() < 1e-9));
            prop_assert!((&found.variance - &variance).iter().all(|value| value.abs() < 1e-9 * own[0]));
        }
    }

    #[test]
    fn shares_of_irreps_are_projections_of_the_inverse(group in groups(), seeds in 1usize..=3, stride in 1usize..20, state: u64) {
        let orbits = RandomOrbits::new(group, seeds, state);
        let (matrix, order) = (orbits.gram(), orbits.group.order());
        let blocks = GroupInvariantGram::from_orbit_kernel(&orbits.group, orbits.orbit_kernel()).unwrap();
        let Some(held_out) = hold_out(&blocks, 0.3, stride) else { return Ok(()) };
        let factor = blocks.factor(RIDGE).unwrap();
        let labels = labels(seeds) + 0.25; // none is zero, where shares would not exist
        let result = leave_set_out(&blocks, &factor, &labels, &held_out).unwrap();
        let shares = irrep_shares(&blocks, &factor, &held_out, &result).unwrap();
        prop_assert!((shares.iter().map(|share| share.weight).sum::<f64>() - 1.0).abs() < 1e-12);
        // The plain way: isotypic projections E_ρ = d/|G| Σ_u χ(u)* T(u) on vectors of the orbits.
        let n = seeds * order;
        let shifted = &matrix + &(Array2::<f64>::eye(n) * factor.ridge());
        let inverse = solve(&shifted, &Array2::eye(n)).0;
        let mut errors = Array2::<f64>::zeros((n, 2));
        for (error, &row) in result.errors.rows().into_iter().zip(held_out.rows()) {
            errors.row_mut(row).assign(&error);
        }
        let irreps = orbits.group.irreps().unwrap();
        for share in &shares {
            let index = irreps.iter().position(|irrep| irrep.label == share.irrep).unwrap();
            let irrep = &irreps[index];
            let weight = if irrep.conjugate == index { 1.0 } else { 2.0 };
            let projector = Array2::from_shape_fn((n, n), |(row, column)| {
                let ((s, g), (t, h)) = ((row / order, row % order), (column / order, column % order));
                let u = orbits.group.multiply(orbits.group.inverse(g), h);
                let value = irrep.character(u).re * weight * irrep.dimension as f64 / order as f64;
                if s == t { value } else { 0.0 }
            });
            let part = projector.dot(&inverse);
            for output in 0..2 {
                let error = errors.column(output);
                let (own, total) = (error.dot(&part.dot(&error)), error.dot(&inverse.dot(&error)));
                prop_assert!((share.shares[output] - own / total).abs() < 1e-9, "{}", share.irrep);
            }
        }
    }

    #[test]
    fn the_order_of_seeds_changes_no_error(group in groups(), state: u64) {
        let mut orbits = RandomOrbits::new(group, 3, state);
        let labels = labels(3);
        let errors = |orbits: &RandomOrbits, labels: &Array2<f64>| {
            let gram = GroupInvariantGram::from_orbit_kernel(&orbits.group, orbits.orbit_kernel()).unwrap();
            leave_one_out(&gram, RIDGE, labels).unwrap().errors
        };
        let before = errors(&orbits, &labels);
        orbits.seeds.rotate_left(1);
        let after = errors(&orbits, &labels.select(Axis(0), &[1, 2, 0]));
        prop_assert!(relative_difference(&after, &before.select(Axis(0), &[1, 2, 0])) < 1e-11);
    }
}
