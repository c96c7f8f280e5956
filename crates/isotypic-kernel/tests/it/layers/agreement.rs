//! The engine against the naive recursion.

use std::collections::BTreeSet;
use std::sync::Mutex;

use ndarray::Array2;

use super::for_each;
use crate::naive;
use crate::support::{cross, random_points, symmetric};

/// Kinds of architectures, by the beginnings of their names, whose tangent kernel of a point with itself is off by up to 1e-8: the
/// engine hands covariances, not differences, on from positions to vectors, so that the angle of a point with itself is the root of a
/// rounding error there, and these have a kink after it. A kind that agrees to 1e-10 must leave the list.
const DIAGONAL_LOSES_DIGITS: [&str; 5] = ["relu_", "leaky_relu_", "ab_relu_", "avg_pool_", "sum_pool_"];

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
        complaints.extend(difference(&got.ntk.unwrap(), &ntk, 1e-10).map(|what| format!("ntk{what}")));
    });
}

#[test]
fn every_layer_agrees_with_the_naive_recursion_on_a_list_with_itself() {
    let losing = Mutex::new(BTreeSet::new());
    for_each(|case, kernel, complaints| {
        let graph = case.graph();
        let x = random_points(3, kernel.point_length(), 9);
        let [nngp, ntk] = naive::symmetric(&graph, &x);
        let got = symmetric(kernel, x.view());
        complaints.extend(difference(&got.nngp, &nngp, 1e-10).map(|what| format!("nngp{what}")));
        let mut got = got.ntk.unwrap();
        if let Some(kind) = DIAGONAL_LOSES_DIGITS.iter().find(|kind| case.name.starts_with(**kind)) {
            complaints.extend(difference(&got, &ntk, 1e-8).map(|what| format!("ntk{what}")));
            if difference(&got, &ntk, 1e-10).is_some() {
                losing.lock().unwrap().insert(*kind);
            }
            got.diag_mut().assign(&ntk.diag());
        }
        complaints.extend(difference(&got, &ntk, 1e-10).map(|what| format!("ntk{what}")));
    });
    let losing = losing.into_inner().unwrap();
    for kind in DIAGONAL_LOSES_DIGITS {
        assert!(losing.contains(kind), "`{kind}` keeps its digits");
    }
}
