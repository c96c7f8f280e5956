//! The engine against the naive recursion.

use ndarray::Array2;

use super::for_each;
use crate::naive;
use crate::support::{cross, random_points, symmetric};

/// Where the first entry is off by more than `tolerance` relative to what is expected, or to a thousandth of the largest.
fn difference(got: &Array2<f64>, expected: &Array2<f64>, tolerance: f64) -> Option<String> {
    let largest = expected.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    let wrong = got.indexed_iter().find(|&(at, got)| {
        let error = (got - expected[at]).abs();
        error.is_nan() || error > tolerance * expected[at].abs().max(1e-3 * largest)
    });
    wrong.map(|(at, got)| {
        format!("{at:?}: {got:e} against {:e}, off by {:e}", expected[at], got / expected[at] - 1.0)
    })
}

#[test]
fn every_layer_agrees_with_the_naive_recursion() {
    for_each(|case, kernel, complaints| {
        let graph = case.graph();
        let length = kernel.point_length();
        // More columns than a vector register has lanes.
        let (x, y) = (random_points(2, length, 7), random_points(9, length, 8));
        let [nngp, ntk] = naive::cross(&graph, &x, &y);
        let got = cross(kernel, x.view(), y.view());
        complaints.extend(difference(&got.nngp, &nngp, 1e-10).map(|what| format!("nngp{what}")));
        // Windows of a point that cover the same positions in another order have equal sums up to rounding, whose root is an angle.
        let tolerance = if case.name.contains("pool_") { 1e-9 } else { 1e-10 };
        complaints.extend(difference(&got.ntk.unwrap(), &ntk, tolerance).map(|what| format!("ntk{what}")));
    });
}

#[test]
fn every_layer_agrees_with_the_naive_recursion_on_a_list_with_itself() {
    for_each(|case, kernel, complaints| {
        let graph = case.graph();
        let x = random_points(3, kernel.point_length(), 9);
        let [nngp, ntk] = naive::symmetric(&graph, &x);
        let got = symmetric(kernel, x.view());
        complaints.extend(difference(&got.nngp, &nngp, 1e-10).map(|what| format!("nngp{what}")));
        // Windows of a point that cover the same positions in another order have equal sums up to rounding, whose root is an angle.
        let tolerance = if case.name.contains("pool_") { 1e-9 } else { 1e-10 };
        complaints.extend(difference(&got.ntk.unwrap(), &ntk, tolerance).map(|what| format!("ntk{what}")));
    });
}
