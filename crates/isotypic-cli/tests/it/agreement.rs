//! Different ways to the same number: from images, from a Gram matrix of one's own, and from its spectrum.

use ndarray::{Array2, Array5};
use serde_json::Value;

use crate::workplace::{SIDE, Workplace};

const POSES: usize = 4;

/// Two images at four poses and their kernel, made by `orbit` and `kernel`: `k.npy`, seed-major.
fn workplace_with_kernel() -> Workplace {
    let place = Workplace::with_images();
    place.json("orbit --data images.npz --group rotation:4 --indices 2,5 --out orbit.npy");
    let orbit: Array5<f64> = place.read_array("orbit.npy");
    let images = orbit.into_shape_with_order((2 * POSES, SIDE, SIDE, 1)).unwrap();
    place.write_array("x.npy", &images);
    place.json("kernel --arch cnn:2 --x x.npy --out k.npy");
    place
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[track_caller]
fn assert_close(a: &Value, b: f64) {
    assert!((number(a) - b).abs() <= 1e-9 * b.abs(), "{a} and {b}");
}

#[test]
fn an_audit_of_images_is_that_of_their_gram_matrix_and_of_its_spectrum() {
    let place = workplace_with_kernel();
    place.write("pairs.csv", "a,b\n2,5\n");
    let ridge = "--ridge rel:1e-6";
    let images = place
        .json(&format!("audit --data images.npz --group rotation:4 --arch cnn:2 --pairs pairs.csv {ridge}"));
    let gram = place.json(&format!("audit --gram k.npy --labels=3,5 --group cyclic:4 {ridge}"));
    let spectrum =
        place.json(&format!("spectrum --gram k.npy --group cyclic:4 --seeds 2 --labels=+1,-1 {ridge}"));

    let (images, gram) = (&images["results"][0], &gram["results"][0]);
    for field in ["exact_error_a", "exact_error_b", "spectral_error", "delta_squared_kernel"] {
        assert_close(&gram[field], number(&images[field]));
    }
    // Signed in a spectrum, absolute in an audit.
    assert_close(&gram["exact_error_a"], number(&spectrum["exact_error"][0]).abs());
    assert_close(&gram["exact_error_b"], number(&spectrum["exact_error"][1]).abs());
    assert_close(&gram["spectral_error"], number(&spectrum["spectral_error"]));
}

#[test]
fn a_layout_is_only_an_order_of_rows() {
    let place = workplace_with_kernel();
    let k: Array2<f64> = place.read_array("k.npy");
    let seed_major = |row: usize| row % 2 * POSES + row / 2;
    place.write_array(
        "pose_major.npy",
        &Array2::from_shape_fn(k.dim(), |(i, j)| k[[seed_major(i), seed_major(j)]]),
    );
    let rest = "--group cyclic:4 --seeds 2 --labels=a,b";
    assert_eq!(
        place.json(&format!("spectrum --gram pose_major.npy --layout pose-major {rest}")),
        place.json(&format!("spectrum --gram k.npy {rest}")),
    );
}

#[test]
fn the_error_is_that_of_regression_without_the_point() {
    let place = workplace_with_kernel();
    let k: Array2<f64> = place.read_array("k.npy");
    let ridge = 1e-6 * k.diag().mean().unwrap();
    let n = k.nrows();
    let label = |row: usize| if row < POSES { 1.0 } else { -1.0 };
    // Observed rows and the weights of ridge regression on them.
    let observed: Vec<usize> = (1..n).collect();
    let matrix = Array2::from_shape_fn((n - 1, n - 1), |(i, j)| {
        k[[observed[i], observed[j]]] + if i == j { ridge } else { 0.0 }
    });
    let weights = solve(matrix, observed.iter().map(|&row| label(row)).collect());
    let prediction: f64 = observed.iter().zip(&weights).map(|(&row, weight)| k[[0, row]] * weight).sum();
    let spectrum =
        place.json("spectrum --gram k.npy --group cyclic:4 --seeds 2 --labels=+1,-1 --ridge rel:1e-6");
    assert_close(&spectrum["exact_error"][0], label(0) - prediction);
}

/// Gaussian elimination with pivoting.
fn solve(mut matrix: Array2<f64>, mut right: Vec<f64>) -> Vec<f64> {
    let n = right.len();
    for column in 0..n {
        let pivot =
            (column..n).max_by(|&a, &b| matrix[[a, column]].abs().total_cmp(&matrix[[b, column]].abs()));
        let pivot = pivot.unwrap();
        right.swap(column, pivot);
        for j in 0..n {
            matrix.swap([column, j], [pivot, j]);
        }
        for row in column + 1..n {
            let factor = matrix[[row, column]] / matrix[[column, column]];
            for j in column..n {
                matrix[[row, j]] -= factor * matrix[[column, j]];
            }
            right[row] -= factor * right[column];
        }
    }
    for row in (0..n).rev() {
        let rest: f64 = (row + 1..n).map(|j| matrix[[row, j]] * right[j]).sum();
        right[row] = (right[row] - rest) / matrix[[row, row]];
    }
    right
}
