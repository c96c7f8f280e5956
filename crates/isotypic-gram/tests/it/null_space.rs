//! The limit of vanishing ridge, against regression with a ridge that nearly vanishes.

use isotypic_gram::{Factorization, GroupInvariantGram, OrbitStatus, Ridge, SymmetricOperator};
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

#[test]
fn limits_of_any_held_out_set_are_those_of_regression_with_a_tiny_ridge() {
    // Period 2 on C6, and a third seed that is a copy of the first with another label in output 1.
    let part = |u: usize, a: f64, b: f64| if u.is_multiple_of(2) { a } else { b };
    let kernel = Array3::from_shape_fn((3, 3, 6), |(s, t, u)| match (s % 2, t % 2) {
        (0, 0) => part(u, 2.0, 0.5),
        (1, 1) => part(u, 1.5, 0.2),
        _ => part(u, 0.3, -0.1),
    });
    let gram = GroupInvariantGram::from_orbit_kernel(&FiniteGroup::cyclic(6).unwrap(), kernel).unwrap();
    let labels = array![[1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]];
    let space = gram.null_space().unwrap();
    let sets: [&[(usize, usize)]; 4] = [
        &[(0, 0)],
        &[(1, 0), (1, 2)],
        &[(1, 0), (1, 2), (1, 4)],
        &[(0, 0), (0, 2), (0, 4), (2, 0), (2, 2), (2, 4), (1, 1)],
    ];
    for points in sets {
        let held_out = isotypic_orbit::HeldOutSet::new(gram.layout(), points).unwrap();
        let limits = space.held_out_limits(&labels, &held_out).unwrap();
        let dense = gram.to_dense_gram();
        let observed = held_out.observed_rows();
        let ridge = 1e-9;
        let factor =
            isotypic_gram::DenseFactor::new(&dense.block(&observed, &observed).unwrap(), ridge).unwrap();
        let known =
            Array2::from_shape_fn((observed.len(), 2), |(row, output)| labels[[observed[row] / 6, output]]);
        let across = dense.block(held_out.rows(), &observed).unwrap();
        let predictions = across.dot(&factor.solve(&known).unwrap());
        let error = limits.error.as_ref().unwrap();
        for ((point, (seed, _)), output) in held_out.points().enumerate().flat_map(|p| [(p, 0), (p, 1)]) {
            let expected = labels[[seed, output]] - predictions[[point, output]];
            let found = error[[point, output]];
            assert!((found - expected).abs() < 1e-6, "{points:?} {point} {output}: {found} and {expected}");
        }
    }
    let status = |points: &[(usize, usize)]| {
        let held_out = isotypic_orbit::HeldOutSet::new(gram.layout(), points).unwrap();
        space.held_out_limits(&labels, &held_out).unwrap().status
    };
    let (collapse, conflict, regular) =
        (OrbitStatus::OrbitCollapse, OrbitStatus::ConflictingLabels, OrbitStatus::Regular);
    // Pose 0 is seen at poses 2 and 4, and at the copy; the copy has another label in output 1.
    assert_eq!(status(&[(0, 0)]), array![[collapse, conflict]]);
    assert_eq!(status(&[(1, 0), (1, 2)]), array![[collapse, collapse], [collapse, collapse]]);
    // All poses that look like pose 0 are held out: nothing determines them.
    let all = status(&[(1, 0), (1, 2), (1, 4)]);
    assert!(all.iter().all(|&status| status == regular));
}

#[test]
fn a_kernel_with_the_symmetry_of_a_subgroup_is_partly_collapsed() {
    let kernel = Array3::from_shape_fn((2, 2, 4), |(s, t, u)| {
        let own = if s == t { 1.0 } else { 0.2 };
        own * if u % 2 == 0 { 2.0 + s as f64 * t as f64 } else { 0.5 }
    });
    let gram = GroupInvariantGram::from_orbit_kernel(&FiniteGroup::cyclic(4).unwrap(), kernel).unwrap();
    assert_eq!(gram.stabilizer(1), [0, 2]);
    assert_eq!(gram.invariant_elements(), [0, 2]);
    let vanishing = gram.null_space().unwrap().vanishing_irreps();
    assert_eq!(vanishing.iter().map(ToString::to_string).collect::<Vec<_>>(), ["k=1"]);
    assert!(gram.indistinguishable_seeds().is_empty());
}

#[test]
fn an_invariant_kernel_with_rounding_errors_is_invariant() {
    // Sums over all pairs of positions: a few units in the last place.
    let kernel = Array3::from_shape_fn((2, 2, 28), |(s, t, u)| {
        let noise = if u == 0 { 0.0 } else { (u.min(28 - u) % 5) as f64 * 2e-16 };
        if s == t { 2.0 - noise } else { 1.9 }
    });
    let gram = GroupInvariantGram::from_orbit_kernel(&FiniteGroup::cyclic(28).unwrap(), kernel).unwrap();
    assert_eq!(gram.invariant_elements().len(), 28);
}

#[test]
fn seeds_that_look_alike_are_named_with_the_pose() {
    let gram = Circles { order: 5, seeds: vec![(1.0, 0.0), (1.2, 0.3), (1.0, 2.0)] }.blocks();
    let found = gram.indistinguishable_seeds();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].first, found[0].second), (0, 2));
    let u = found[0].element;
    let kernel = gram.orbit_kernel();
    assert!((kernel[[0, 2, u]] - kernel[[0, 0, 0]]).abs() < 1e-12);
}
