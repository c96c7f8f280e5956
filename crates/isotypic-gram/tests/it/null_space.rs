//! The limit of vanishing ridge, against regression with a ridge that nearly vanishes.

use isotypic_gram::{GroupInvariantGram, OrbitStatus, Ridge, SymmetricOperator};
use isotypic_group::FiniteGroup;
use ndarray::{Array2, Array3, array};

use crate::circles::Circles;

/// The leave-one-out errors at a ridge, as ratios of blocks.
fn errors(gram: &GroupInvariantGram, labels: &Array2<f64>, ridge: f64) -> Array2<f64> {
    let factor = gram.factor(Ridge::Absolute(ridge)).unwrap();
    let diagonal = factor.inverse_diagonal_by_seed();
    let mut errors = factor.dual_weights(labels).unwrap();
    for (mut row, value) in errors.rows_mut().into_iter().zip(&diagonal) {
        row /= *value;
    }
    errors
}

#[test]
fn distinct_points_have_no_null_space() {
    let gram = Circles { order: 8, seeds: vec![(1.0, 0.0), (1.5, 0.3)] }.blocks();
    let null_space = gram.null_space().unwrap();
    assert!(null_space.weights().iter().all(|&weight| weight == 0.0));
    let limits = null_space.limits(&array![[1.0], [-1.0]]).unwrap();
    assert!(limits.status.iter().all(|&status| status == OrbitStatus::Regular));
    assert!(limits.error.iter().all(Option::is_none));
}

#[test]
fn an_invariant_kernel_collapses_orbits_whatever_the_labels() {
    // Two seeds, κ constant in u: only the trivial block is left.
    let kernel = Array3::from_shape_fn((2, 2, 7), |(s, t, _)| if s == t { 2.0 + s as f64 } else { 0.3 });
    let gram = GroupInvariantGram::from_orbit_kernel(&FiniteGroup::cyclic(7).unwrap(), kernel).unwrap();
    let null_space = gram.null_space().unwrap();
    // Six of seven dimensions of each orbit.
    assert!(null_space.weights().iter().all(|weight| (weight - 6.0 / 7.0).abs() < 1e-15));
    let labels = array![[1.0, 0.0], [-1.0, 5.0]];
    let limits = null_space.limits(&labels).unwrap();
    assert!(limits.status.iter().all(|&status| status == OrbitStatus::OrbitCollapse));
    assert!(limits.error.iter().all(|&limit| limit == Some(0.0)));
    assert!(errors(&gram, &labels, 1e-9).iter().all(|error| error.abs() < 1e-8));
}

#[test]
fn invariance_under_a_subgroup_collapses_orbits_too() {
    // κ has period 2 on C6: the irreps k = 1, 2, 4, 5 vanish, k = 0 and 3 do not.
    let kernel = Array3::from_shape_fn((1, 1, 6), |(_, _, u)| if u % 2 == 0 { 2.0 } else { 0.5 });
    let gram = GroupInvariantGram::from_orbit_kernel(&FiniteGroup::cyclic(6).unwrap(), kernel).unwrap();
    let null_space = gram.null_space().unwrap();
    assert!((null_space.weights()[0] - 4.0 / 6.0).abs() < 1e-15);
    let labels = array![[1.0]];
    assert_eq!(null_space.limits(&labels).unwrap().status[[0, 0]], OrbitStatus::OrbitCollapse);
    assert!(errors(&gram, &labels, 1e-9)[[0, 0]].abs() < 1e-8);
}

#[test]
fn identical_seeds_of_different_classes_conflict() {
    let gram = Circles { order: 5, seeds: vec![(1.0, 0.0), (1.0, 3.0), (1.4, 0.6)] }.blocks();
    // Output 0: seeds 0 and 1 disagree. Output 1: they agree.
    let labels = array![[1.0, 1.0], [-1.0, 1.0], [1.0, -1.0]];
    let limits = gram.null_space().unwrap().limits(&labels).unwrap();
    let (conflict, collapse, regular) =
        (OrbitStatus::ConflictingLabels, OrbitStatus::OrbitCollapse, OrbitStatus::Regular);
    assert_eq!(limits.status, array![[conflict, collapse], [conflict, collapse], [regular, regular]]);
    // Each missing point is seen at its twin, with the other label.
    assert!((limits.error[[0, 0]].unwrap() - 2.0).abs() < 1e-12);
    assert!((limits.error[[1, 0]].unwrap() + 2.0).abs() < 1e-12);
    let errors = errors(&gram, &labels, 1e-8);
    for ((index, limit), error) in limits.error.indexed_iter().zip(&errors) {
        if let Some(limit) = limit {
            assert!((limit - error).abs() < 1e-6, "{index:?}: {limit} and {error}");
        }
    }
}

#[test]
fn a_status_has_its_name_in_results() {
    let names = [OrbitStatus::Regular, OrbitStatus::OrbitCollapse, OrbitStatus::ConflictingLabels]
        .map(|s| s.to_string());
    assert_eq!(names, ["regular", "orbit_collapse", "conflicting_labels"]);
}
