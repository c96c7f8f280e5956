//! The spectral error against its definition on the matrix of interleaved points.

use std::f64::consts::TAU;

use isotypic_gram::{GroupInvariantGram, Ridge, SymmetricOperator};
use isotypic_predict::{
    CircularSpectrum, delta_squared_input, delta_squared_kernel, leave_one_out, orbit_radius_kernel,
    spectral_error,
};
use ndarray::array;

use crate::circles::Circles;

/// Interleave, average the wrapped diagonals, transform term by term.
fn by_definition(gram: &GroupInvariantGram, start: usize, ridge: f64) -> f64 {
    let (poses, layout) = (gram.layout().order(), gram.layout());
    let n = 2 * poses;
    let row = |i: usize| [layout.row(0, i / 2), layout.row(1, (i / 2 + start) % poses)][i % 2];
    let interleaved: Vec<usize> = (0..n).map(row).collect();
    let matrix = gram.block(&interleaved, &interleaved).unwrap();
    let first: Vec<f64> =
        (0..n).map(|d| (0..n).map(|i| matrix[[i, (i + d) % n]]).sum::<f64>() / n as f64).collect();
    let eigenvalue = |k: usize| {
        (0..n).map(|d| first[d] * (TAU * ((k * d) % n) as f64 / n as f64).cos()).sum::<f64>() + ridge
    };
    let mean = (0..n).map(|k| eigenvalue(k).recip()).sum::<f64>() / n as f64;
    eigenvalue(poses).recip() / mean
}

#[test]
fn the_spectral_error_is_what_its_definition_says() {
    for order in [1, 2, 3, 8, 9] {
        let gram = Circles { order, seeds: vec![(1.0, 0.0), (0.7, 0.35)] }.gram(f64::exp);
        let ridge = 1e-3;
        let expected: Vec<f64> = (0..order).map(|start| by_definition(&gram, start, ridge)).collect();
        for (start, expected) in expected.iter().enumerate() {
            let error = CircularSpectrum::of(&gram, start).unwrap().error(ridge).unwrap();
            assert!((error / expected - 1.0).abs() < 1e-11, "order {order}, start {start}");
        }
        let error = spectral_error(&gram, Ridge::Absolute(ridge)).unwrap();
        let minimum = expected.iter().copied().fold(f64::INFINITY, f64::min);
        let maximum = expected.iter().copied().fold(0.0, f64::max);
        for (value, expected) in
            [(error.value, expected[0]), (error.minimum, minimum), (error.maximum, maximum)]
        {
            assert!((value / expected - 1.0).abs() < 1e-11, "order {order}: {value} and {expected}");
        }
    }
}

#[test]
fn it_depends_on_the_starting_pose_and_the_exact_error_does_not() {
    let exact = |start: f64| {
        let gram = Circles { order: 8, seeds: vec![(1.0, 0.0), (0.7, start)] }.gram(f64::exp);
        let error = leave_one_out(&gram, Ridge::Absolute(1e-3), &array![[1.0], [-1.0]]).unwrap().errors;
        (spectral_error(&gram, Ridge::Absolute(1e-3)).unwrap(), error)
    };
    let ((spectral, error), (turned, same)) = (exact(0.35), exact(2.35));
    assert!((spectral.value - turned.value).abs() > 1e-3);
    assert!((spectral.minimum / turned.minimum - 1.0).abs() < 1e-10);
    assert!((spectral.maximum / turned.maximum - 1.0).abs() < 1e-10);
    assert!((&error - &same).iter().all(|difference| difference.abs() < 1e-11));
}

#[test]
fn it_is_exact_for_two_equal_orbits_half_a_step_apart() {
    for order in [2, 5, 8] {
        // On one circle, so that both orbits have the same kernel: seeds lie in one plane.
        let points = |s: usize, u: f64| TAU * (u + 0.5 * s as f64) / order as f64;
        let kernel = ndarray::Array3::from_shape_fn((2, 2, order), |(s, t, u)| {
            (points(t, u as f64) - points(s, 0.0)).cos().exp()
        });
        let group = isotypic_group::FiniteGroup::cyclic(order).unwrap();
        let gram = GroupInvariantGram::from_orbit_kernel(&group, kernel).unwrap();
        let ridge = Ridge::Absolute(1e-3);
        let exact = leave_one_out(&gram, ridge, &array![[1.0], [-1.0]]).unwrap().errors;
        let spectral = spectral_error(&gram, ridge).unwrap().value;
        assert!((exact[[0, 0]] / spectral - 1.0).abs() < 1e-11, "{exact} and {spectral}");
        assert!((exact[[1, 0]] / spectral + 1.0).abs() < 1e-11, "{exact} and {spectral}");
    }
}

#[test]
fn separation_is_the_squared_distance_of_orbit_means() {
    let circles = Circles { order: 9, seeds: vec![(1.0, 0.0), (0.7, 0.35)] };
    // With the linear kernel, feature space is the space of the inputs.
    let gram = circles.gram(|product| product);
    let (first, second) = (circles.points(0), circles.points(1));
    // Means (0, 0, 0) and (0, 0, 0.7).
    let delta_squared = delta_squared_input(&first, &second).unwrap();
    assert!((delta_squared - 0.49).abs() < 1e-15);
    assert!((delta_squared_kernel(&gram, 0, 1).unwrap() - 0.49).abs() < 1e-15);
    assert!((delta_squared_kernel(&gram, 1, 0).unwrap() - 0.49).abs() < 1e-15);
    assert_eq!(delta_squared_kernel(&gram, 1, 1).unwrap(), 0.0);
    for start in [0, 4] {
        let spectrum = CircularSpectrum::of(&gram, start).unwrap();
        assert!((2.0 * spectrum.separation() / 9.0 - 0.49).abs() < 1e-14);
    }
    assert!((orbit_radius_kernel(&gram, 0).unwrap() - 1.0).abs() < 1e-15);
    assert!((orbit_radius_kernel(&gram, 1).unwrap() - 0.7).abs() < 1e-15);
}
