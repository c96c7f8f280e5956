//! Kernels that cannot tell poses apart: known limits, and never NaN.

use isotypic_gram::{Factorization, GroupInvariantGram, OrbitStatus, Ridge, SymmetricOperator};
use isotypic_group::FiniteGroup;
use isotypic_orbit::HeldOutSet;
use isotypic_predict::{
    LeaveSetOut, PredictError, leave_one_out, leave_set_out, solve_on_observed, spectral_error,
};
use ndarray::{Array3, array};

use crate::circles::Circles;

/// κ_st(u) the same at every pose, as under an invariant architecture.
fn invariant(order: usize) -> GroupInvariantGram {
    let kernel = Array3::from_shape_fn((2, 2, order), |(s, t, _)| if s == t { 2.0 } else { 0.3 });
    GroupInvariantGram::from_orbit_kernel(&FiniteGroup::cyclic(order).unwrap(), kernel).unwrap()
}

#[test]
fn a_collapsed_orbit_has_an_error_that_vanishes_with_the_ridge() {
    let (gram, labels) = (invariant(7), array![[1.0], [-1.0]]);
    for ridge in [1e-4, 1e-7, 1e-10] {
        let result = leave_one_out(&gram, Ridge::Absolute(ridge), &labels).unwrap();
        assert!(result.status.iter().all(|&status| status == OrbitStatus::OrbitCollapse));
        assert!(result.limits.iter().all(|&limit| limit == Some(0.0)));
        // To first order α = y / (7 (2 − 0.3)), P = 6 / (7 λ).
        let first_order = ridge / (6.0 * 1.7);
        assert!((result.errors[[0, 0]] / first_order - 1.0).abs() < 1e-3 + ridge, "ridge {ridge}");
        assert!(spectral_error(&gram, Ridge::Absolute(ridge)).unwrap().value < 10.0 * ridge);
    }
}

#[test]
fn any_part_of_a_collapsed_orbit_is_determined_by_the_rest() {
    for (order, count) in [(8, 1), (8, 7), (64, 31), (64, 60), (256, 200)] {
        let (gram, labels) = (invariant(order), array![[1.0], [-1.0]]);
        let dense = gram.to_dense_gram();
        let points: Vec<(usize, usize)> = (0..count).map(|element| (0, element)).collect();
        let held_out = HeldOutSet::new(gram.layout(), &points).unwrap();
        let (blocks, plain) =
            (gram.factor(Ridge::default()).unwrap(), dense.factor(Ridge::default()).unwrap());
        let ridge = plain.ridge();
        // Seen poses of one seed act as one point with noise λ / count.
        let (own, other) = (2.0 + ridge / (order - count) as f64, 2.0 + ridge / order as f64);
        let determinant = own * other - 0.09;
        let prediction = (2.0 * (other + 0.3) - 0.3 * (0.3 + own)) / determinant;
        let check = |way: &str, result: &LeaveSetOut| {
            for value in &result.predictions {
                let difference = (value - prediction).abs();
                assert!(difference < 1e-11, "{way}, {count} of {order}: {value} and {prediction}");
            }
            assert!(result.variance().iter().all(|variance| (0.0..1e-8).contains(variance)), "{way}");
        };
        check("blocks", &leave_set_out(&gram, &blocks, &labels, &held_out).unwrap());
        check("dense", &leave_set_out(&dense, &plain, &labels, &held_out).unwrap());
        check("observed", &solve_on_observed(&gram, ridge, &labels, &held_out).unwrap());
    }
}

#[test]
fn all_poses_of_a_collapsed_orbit_are_predicted_from_the_other_seed() {
    // The inverse on the held-out points has eigenvalues 1 / λ and about 1 / 128: useless.
    let (gram, labels) = (invariant(64), array![[1.0], [-1.0]]);
    let dense = gram.to_dense_gram();
    let points: Vec<(usize, usize)> = (0..64).map(|element| (0, element)).collect();
    let held_out = HeldOutSet::new(gram.layout(), &points).unwrap();
    for ridge in [Ridge::default(), Ridge::Absolute(1e-8), Ridge::Absolute(1e-4), Ridge::Absolute(1e-2)] {
        let (blocks, plain) = (gram.factor(ridge).unwrap(), dense.factor(ridge).unwrap());
        let share = 0.3 * 64.0 / (128.0 + plain.ridge());
        for result in [
            leave_set_out(&gram, &blocks, &labels, &held_out).unwrap(),
            leave_set_out(&dense, &plain, &labels, &held_out).unwrap(),
        ] {
            assert!(result.predictions.iter().all(|value| (value + share).abs() < 1e-12), "{ridge}");
            let variance = 2.0 + plain.ridge() - 0.3 * share;
            assert!(result.variance().iter().all(|value| (value - variance).abs() < 1e-12), "{ridge}");
        }
    }
}

#[test]
fn a_ridge_that_drowns_in_rounding_is_refused() {
    // The Cholesky factor exists, but predictions from it would be off by a tenth.
    let gram = invariant(64);
    for error in [
        gram.to_dense_gram().factor(Ridge::Absolute(1e-13)).unwrap_err(),
        gram.factor(Ridge::Absolute(1e-16)).unwrap_err(),
    ] {
        assert!(PredictError::from(error.clone()).hint().unwrap().contains("--ridge 1e-1"), "{error}");
    }
}

#[test]
fn conflicting_labels_are_told_apart_from_collapse() {
    let circles = Circles { order: 6, seeds: vec![(1.0, 0.0), (0.8, 0.2), (1.1, 0.0)] };
    let kernel = circles.gram(f64::exp).orbit_kernel().to_owned();
    // Seed 2 becomes a copy of seed 0 turned by two steps.
    let copy = |s: usize| if s == 2 { 0 } else { s };
    let turn = |s: usize| if s == 2 { 2 } else { 0 };
    let kernel = Array3::from_shape_fn((3, 3, 6), |(s, t, u)| {
        kernel[[copy(s), copy(t), (6 + u + turn(t) - turn(s)) % 6]]
    });
    let gram = GroupInvariantGram::from_orbit_kernel(&FiniteGroup::cyclic(6).unwrap(), kernel).unwrap();
    let labels = array![[1.0, 1.0], [-1.0, -1.0], [-1.0, 1.0]];
    let result = leave_one_out(&gram, Ridge::RelativeToMeanDiagonal(1e-8), &labels).unwrap();
    let (conflict, collapse, regular) =
        (OrbitStatus::ConflictingLabels, OrbitStatus::OrbitCollapse, OrbitStatus::Regular);
    assert_eq!(result.status, array![[conflict, collapse], [regular, regular], [conflict, collapse]]);
    assert!((result.limits[[0, 0]].unwrap() - 2.0).abs() < 1e-10);
    assert!((result.limits[[2, 0]].unwrap() + 2.0).abs() < 1e-10);
    assert!((result.errors[[0, 0]] - 2.0).abs() < 1e-5 && (result.errors[[2, 0]] + 2.0).abs() < 1e-5);
    assert!(result.errors.iter().chain(&result.variance).all(|value| value.is_finite()));
}
