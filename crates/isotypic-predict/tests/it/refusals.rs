//! What cannot be predicted is refused with a message that says where and why.

use isotypic_gram::{GramError, GroupInvariantGram, Ridge, SymmetricOperator};
use isotypic_group::FiniteGroup;
use isotypic_orbit::{HeldOutSet, OrbitLayout};
use isotypic_predict::{
    CircularSpectrum, PredictError, delta_squared_kernel, leave_one_out, leave_set_out, orbit_radius_kernel,
    paper, solve_on_observed, spectral_error,
};
use ndarray::{Array2, Array3, array};

fn diagonal(factors: &[usize], seeds: usize) -> GroupInvariantGram {
    let group = FiniteGroup::abelian(factors).unwrap();
    let kernel =
        Array3::from_shape_fn(
            (seeds, seeds, group.order()),
            |(s, t, u)| {
                if s == t && u == 0 { 1.0 } else { 0.0 }
            },
        );
    GroupInvariantGram::from_orbit_kernel(&group, kernel).unwrap()
}

#[test]
fn labels_must_fit_and_be_finite() {
    let gram = diagonal(&[3], 2);
    for labels in [Array2::zeros((3, 1)), Array2::zeros((2, 0))] {
        let error = leave_one_out(&gram, Ridge::default(), &labels).unwrap_err();
        assert!(matches!(error, PredictError::LabelShape { seeds: 2, .. }), "{error}");
    }
    let held_out = HeldOutSet::new(gram.layout(), &[(0, 0)]).unwrap();
    let factor = gram.factor(Ridge::default()).unwrap();
    for bad in [f64::NAN, f64::INFINITY] {
        let labels = array![[1.0], [bad]];
        for error in [
            leave_one_out(&gram, Ridge::default(), &labels).unwrap_err(),
            leave_set_out(&gram, &factor, &labels, &held_out).unwrap_err(),
            solve_on_observed(&gram, 0.0, &labels, &held_out).unwrap_err(),
            paper::pair_regression(&gram.to_dense_gram(), [1.0, bad], 0, 1e-10).unwrap_err(),
        ] {
            assert!(matches!(error, PredictError::LabelNotFinite { seed: 1, output: 0, .. }), "{error}");
        }
    }
}

#[test]
fn a_held_out_set_of_other_orbits_is_refused() {
    let gram = diagonal(&[3], 2);
    let factor = gram.factor(Ridge::default()).unwrap();
    let held_out = HeldOutSet::new(OrbitLayout::new(3, 2), &[(0, 0)]).unwrap();
    let error = leave_set_out(&gram, &factor, &array![[1.0], [2.0]], &held_out).unwrap_err();
    assert_eq!(
        error.to_string(),
        "held-out set: expected points of `2` seeds × `3` poses, got a set for `3` seeds × `2` poses"
    );
}

#[test]
fn the_spectral_error_needs_two_seeds_of_a_cyclic_group() {
    let error = spectral_error(&diagonal(&[4], 3), Ridge::default()).unwrap_err();
    assert_eq!(error, PredictError::NotTwoSeeds { seeds: 3 });
    let error = spectral_error(&diagonal(&[2, 2], 2), Ridge::default()).unwrap_err();
    assert_eq!(error.to_string(), "spectral error: expected a cyclic group, got `C2×C2`");
    assert_eq!(error.hint().unwrap(), "the exact error needs neither two seeds nor a cyclic group");
    assert!(matches!(CircularSpectrum::of(&diagonal(&[4], 2), 4), Err(PredictError::OutOfRange { .. })));
}

#[test]
fn seeds_and_poses_out_of_range_are_refused() {
    let gram = diagonal(&[4], 2);
    for error in [
        delta_squared_kernel(&gram, 0, 2).unwrap_err(),
        delta_squared_kernel(&gram, 2, 0).unwrap_err(),
        orbit_radius_kernel(&gram, 2).unwrap_err(),
    ] {
        assert_eq!(error.to_string(), "seed `2`: expected a number below `2`");
    }
    let dense = gram.to_dense_gram();
    let error = paper::pair_regression(&dense, [1.0, -1.0], 4, 1e-10).unwrap_err();
    assert_eq!(error.to_string(), "pose `4`: expected a number below `4`");
    for ratio in [f64::NAN, -1.0] {
        let error = paper::pair_regression(&dense, [1.0, -1.0], 0, ratio).unwrap_err();
        assert!(matches!(error, PredictError::Gram(GramError::InvalidRidge { .. })));
    }
}

#[test]
fn a_matrix_that_is_not_positive_definite_is_an_error_with_a_way_out() {
    let gram =
        GroupInvariantGram::from_orbit_kernel(&FiniteGroup::cyclic(4).unwrap(), Array3::ones((1, 1, 4)))
            .unwrap();
    let labels = array![[1.0]];
    let error = leave_one_out(&gram, Ridge::Absolute(0.0), &labels).unwrap_err();
    assert!(error.to_string().contains("irrep `k=1`, pivot 0"), "{error}");
    assert!(error.hint().unwrap().contains("--ridge"));
    // Among the observed points 1, 2, 3 the first two are already the same.
    let held_out = HeldOutSet::new(gram.layout(), &[(0, 0)]).unwrap();
    let error = solve_on_observed(&gram, 0.0, &labels, &held_out).unwrap_err();
    assert!(error.hint().unwrap().starts_with("poses 1 and 2 of seed 0"), "{error}");
    let PredictError::Gram(GramError::NotPositiveDefinite(reason)) = error else { panic!("{error}") };
    assert_eq!((reason.pivot, reason.duplicates), (2, vec![(1, 2)]));
}
