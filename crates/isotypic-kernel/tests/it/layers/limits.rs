//! Equal, opposite, vanishing, huge and tiny points.

use isotypic_architecture::{Activation, Architecture, LayerGraph, Operation};
use isotypic_kernel::{KernelError, Outputs};
use isotypic_work::Monitor;
use ndarray::{Array2, Axis, concatenate};

use super::for_each;
use crate::naive;
use crate::support::{assert_close, compile, random_points, symmetric};

/// Rows 0 and 1 are generic, 2 is row 0 again, 3 its opposite, 4 is zero.
fn points(length: usize) -> Array2<f64> {
    let generic = random_points(2, length, 11);
    let first = generic.slice(ndarray::s![..1, ..]);
    let zero = Array2::zeros((1, length));
    concatenate![Axis(0), generic, first, -&first, zero]
}

/// Whether all nonlinearities are piecewise linear and nothing is multiplied or normalised: the formulas of the naive recursion then neither
/// leave the range of numbers nor lose digits where variances are huge.
fn grows_linearly(graph: &LayerGraph) -> bool {
    graph.nodes().iter().all(|node| match &node.operation {
        Operation::Activation(activation) => matches!(
            activation,
            Activation::Relu | Activation::LeakyRelu { .. } | Activation::AbRelu { .. } | Activation::Abs
        ),
        Operation::Product | Operation::SelfAttention(_) | Operation::LayerNorm(_) => false,
        _ => true,
    })
}

#[test]
fn equal_opposite_and_vanishing_points_agree_with_the_naive_recursion() {
    for_each(|case, kernel, complaints| {
        let x = points(kernel.point_length());
        let graph = case.graph();
        let expected = naive::symmetric(&graph, &x);
        let got = symmetric(kernel, x.view());
        for ((got, expected), what) in
            [&got.nngp, got.ntk.as_ref().unwrap()].into_iter().zip(&expected).zip(["nngp", "ntk"])
        {
            let scale = expected.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
            for (at, got) in got.indexed_iter() {
                // Half of the digits of an angle near 0 or π are lost, in the engine only after positions are joined.
                let error = (got - expected[at]).abs();
                if error.is_nan() || error > 3e-8 * scale {
                    complaints.push(format!("{what}{at:?}: {got:e} against {:e}", expected[at]));
                }
            }
            // With masks the diagonal is larger than the value of a duplicate, never smaller.
            let (itself, copy) = (got[[0, 0]], got[[0, 2]]);
            let right = if case.draws_masks() { itself > copy } else { itself.to_bits() == copy.to_bits() };
            if !right {
                complaints.push(format!("{what}: {itself:e} on the diagonal, {copy:e} for a duplicate"));
            }
        }
    });
}

fn jumps(graph: &LayerGraph) -> bool {
    let jumps = |activation: Activation| {
        matches!(activation, Activation::Sign | Activation::RectifiedMonomial { degree: 0 })
    };
    graph
        .nodes()
        .iter()
        .any(|node| matches!(node.operation, Operation::Activation(activation) if jumps(activation)))
}

#[test]
fn huge_and_tiny_points_give_finite_kernels_or_name_the_point() {
    for_each(|case, kernel, complaints| {
        let graph = case.graph();
        for scale in [1e-100, 1e-8, 1e8, 1e100] {
            let x = points(kernel.point_length()) * scale;
            let got = match kernel.prepare(x.view()) {
                Ok(x) => match kernel.symmetric(&x, Outputs::NngpAndNtk, &Monitor::silent()) {
                    Ok(got) => got,
                    // Products of kernels leave the range of numbers before variances do.
                    Err(KernelError::KernelOutOfRange { row, column, .. })
                        if row < 4 && column < 4 && scale == 1e100 =>
                    {
                        continue;
                    }
                    Err(KernelError::TangentKernelOutOfRange { row, .. }) if row < 4 && scale == 1e100 => {
                        continue;
                    }
                    Err(error) => {
                        complaints.push(format!("{scale:e}: {error}"));
                        continue;
                    }
                },
                Err(KernelError::VarianceOutOfRange { row, .. }) if row < 4 && !grows_linearly(&graph) => {
                    continue;
                }
                Err(error) => {
                    complaints.push(format!("{scale:e}: {error}"));
                    continue;
                }
            };
            // Of nearly equal points the naive recursion knows the angle to 1e-8, too little for a function with a jump.
            let compares = grows_linearly(&graph) || scale == 1e-100 || scale < 1.0 && !jumps(&graph);
            let expected = compares.then(|| naive::symmetric(&graph, &x));
            for (index, got) in [&got.nngp, got.ntk.as_ref().unwrap()].into_iter().enumerate() {
                let what = ["nngp", "ntk"][index];
                if let Some((at, value)) = got.indexed_iter().find(|(_, value)| !value.is_finite()) {
                    complaints.push(format!("{scale:e}: {what}{at:?} is {value}"));
                    continue;
                }
                if !case.draws_masks() && got[[0, 0]].to_bits() != got[[0, 2]].to_bits() {
                    complaints.push(format!("{scale:e}: {what} of a duplicate is not the diagonal"));
                }
                let Some(expected) = expected.as_ref().map(|expected| &expected[index]) else { continue };
                let largest = expected.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
                let wrong = got
                    .indexed_iter()
                    .find(|&(at, got)| (got - expected[at]).abs() > 1e-7 * largest + f64::MIN_POSITIVE);
                if let Some((at, value)) = wrong {
                    complaints.push(format!("{scale:e}: {what}{at:?}: {value:e} against {:e}", expected[at]));
                }
            }
        }
    });
}

/// The engine carries $1 - \cos\theta$ from differences: it is off by the rounding of the larger variance relative to the product of
/// norms.
#[test]
fn pairs_of_a_large_and_a_small_point_lose_digits_as_their_norms_differ() {
    for_each(|case, kernel, complaints| {
        let graph = case.graph();
        let ratio = 1e4;
        let mut x = random_points(2, kernel.point_length(), 13);
        x.row_mut(1).mapv_inplace(|value| value / ratio);
        let expected = naive::symmetric(&graph, &x);
        let got = symmetric(kernel, x.view());
        for ((got, expected), what) in
            [&got.nngp, got.ntk.as_ref().unwrap()].into_iter().zip(&expected).zip(["nngp", "ntk"])
        {
            let scale = (expected[[0, 0]] * expected[[1, 1]]).sqrt();
            let error = (got[[0, 1]] - expected[[0, 1]]).abs();
            if error.is_nan() || error > 1e2 * ratio * f64::EPSILON * scale {
                complaints.push(format!("{what}: {:e} against {:e}", got[[0, 1]], expected[[0, 1]]));
            }
        }
    });
}

/// In the standard parameterization the engine has the covariance of a layer's input from that of its output,
/// $n (\Sigma' - \sigma_b^2) / \sigma_w^2$, so that the tangent kernel is off by the rounding of $\sigma_b^2 / \sigma_w^2$.
#[test]
fn small_weights_beside_biases_cost_digits_in_the_standard_parameterization() {
    for weight in [1.0_f64, 1e-2, 1e-4] {
        for (shape, layers) in [
            (&[8][..], format!(r#"{{"dense": {{"w_std": {weight:e}, "b_std": 0.5, "width": 8}}}}, "relu""#)),
            (
                &[4, 2],
                format!(
                    r#"{{"conv": {{"filter": [3], "w_std": {weight:e}, "b_std": 0.5, "width": 8}}}}, "relu", "flatten""#
                ),
            ),
        ] {
            let json = format!(r#"{{"parameterization": "standard", "layers": [{layers}, "dense"]}}"#);
            let graph = Architecture::from_json(&json).unwrap().check(shape).unwrap();
            let x = random_points(3, 8, 7);
            let [_, expected] = naive::symmetric(&graph, &x);
            let got = symmetric(&compile(&json, shape), x.view()).ntk.unwrap();
            let tolerance = 1e-12 + 1e3 * f64::EPSILON * (0.5 / weight).powi(2);
            assert_close(&got, &expected, tolerance, &json);
        }
    }
}
