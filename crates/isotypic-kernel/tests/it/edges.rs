//! Exact limits: identical, opposite, parallel, vanishing, huge and tiny points.

use ndarray::{Array2, array};

use crate::support::{compile, random_points, symmetric};

const MLP: &str = r#"{"layers": [{"dense": {"w_std": 1.4142135623730951}}, "relu", {"dense": {"w_std": 1.4142135623730951}}]}"#;
const BIASED: &str = r#"{"layers": [{"dense": {"b_std": 1.0}}, "relu", {"dense": {"b_std": 1.0}}, "relu", {"dense": {"b_std": 1.0}}]}"#;

#[test]
fn duplicates_have_the_value_of_the_diagonal() {
    let conv = r#"{"layers": [{"conv": {"filter": [3, 3], "padding": "same"}}, "relu", "global_avg_pool", {"dense": {}}]}"#;
    for (json, shape) in [(BIASED, vec![36]), (conv, vec![6, 6, 1])] {
        let kernel = compile(json, &shape);
        let mut x = random_points(4, 36, 5);
        let copy = x.row(0).to_owned();
        x.row_mut(3).assign(&copy);
        let ntk = symmetric(&kernel, x.view()).ntk.unwrap();
        assert_eq!(ntk[[0, 3]].to_bits(), ntk[[0, 0]].to_bits());
        assert_eq!(ntk[[3, 3]].to_bits(), ntk[[0, 0]].to_bits());
        assert_eq!(ntk.row(0), ntk.row(3));
    }
}

#[test]
fn opposite_points_of_a_rectifier_without_bias_are_orthogonal() {
    let kernel = compile(MLP, &[4]);
    let x = array![[0.3, -0.1, 0.7, 0.2], [-0.3, 0.1, -0.7, -0.2], [0.9, -0.3, 2.1, 0.6]];
    let matrices = symmetric(&kernel, x.view());
    let ntk = matrices.ntk.unwrap();
    assert_eq!(ntk[[0, 1]], 0.0);
    assert!(matrices.nngp[[0, 1]].abs() < 1e-16);
    // Three times the point: three times the value, in spite of the rounding of the norms.
    assert!((ntk[[0, 2]] - 3.0 * ntk[[0, 0]]).abs() < 1e-15 * ntk[[0, 2]]);
}

#[test]
fn vanishing_points_have_vanishing_kernels_without_bias() {
    let conv = r#"{"layers": [{"conv": {"filter": [3, 3], "padding": "circular"}}, "relu", "flatten", {"dense": {}}]}"#;
    for (json, shape) in [(MLP, vec![16]), (conv, vec![4, 4, 1])] {
        let kernel = compile(json, &shape);
        let mut x = random_points(3, 16, 2);
        x.row_mut(1).fill(0.0);
        let matrices = symmetric(&kernel, x.view());
        for matrix in [&matrices.nngp, matrices.ntk.as_ref().unwrap()] {
            for j in 0..3 {
                assert!(matrix[[1, j]].abs() < 1e-15, "{json}: {}", matrix[[1, j]]);
            }
            assert!(matrix.iter().all(|value| value.is_finite()));
        }
    }
}

#[test]
fn huge_and_tiny_points_scale() {
    let kernel = compile(MLP, &[5]);
    let x = random_points(3, 5, 9);
    let plain = symmetric(&kernel, x.view()).ntk.unwrap();
    for scale in [1e-140, 1e-60, 1e60, 1e140] {
        let scaled = symmetric(&kernel, (&x * scale).view()).ntk.unwrap();
        for (a, b) in scaled.iter().zip(&plain) {
            let back = a / scale / scale;
            assert!((back - b).abs() <= 1e-13 * plain[[0, 0]], "scale {scale:e}: {back:e} against {b:e}");
        }
    }
}

#[test]
fn adding_a_large_bias_keeps_the_signal() {
    // The kernel of nearly constant values: differences from the constant keep their digits.
    let small =
        r#"{"layers": [{"dense": {"w_std": 0.01, "b_std": 1.0}}, "relu", {"dense": {"w_std": 1.0}}]}"#;
    let kernel = compile(small, &[64]);
    let base = random_points(1, 64, 1);
    let mut x = Array2::zeros((3, 64));
    x.row_mut(0).assign(&base.row(0));
    x.row_mut(1).assign(&base.row(0));
    x.row_mut(2).assign(&base.row(0));
    x[[1, 0]] += 1e-5;
    x[[2, 0]] += 2e-5;
    let nngp = symmetric(&kernel, x.view()).nngp;
    let distance = |i: usize, j: usize| nngp[[i, i]] + nngp[[j, j]] - 2.0 * nngp[[i, j]];
    assert!(distance(0, 1).abs() < 1e-14 && distance(0, 2).abs() < 1e-14);
    assert!(nngp.iter().all(|value| value.is_finite()));
}
