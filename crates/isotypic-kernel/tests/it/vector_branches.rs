//! Networks of vectors that branch and drop values, against their formulas written down for one pair of points.

use std::f64::consts::PI;

use isotypic_architecture::{Activation, Architecture, LayerGraph, LayerParameterization, Operation};
use isotypic_kernel::{CompiledKernel, KernelMatrices, Outputs, Real};
use isotypic_work::Monitor;
use ndarray::{Array2, ArrayView1, Axis};

use crate::support::random_points;

const DENSE: &str = r#"{"dense": {"w_std": 1.2, "b_std": 0.3}}"#;
const LENGTH: usize = 7;

/// Covariance and tangent kernel of a pair, and its two variances.
#[derive(Clone, Copy)]
struct Pair {
    c: f64,
    theta: f64,
    q_x: f64,
    q_y: f64,
}

/// `(nngp, ntk)` of two points, or of one point with itself in the same forward pass.
fn naive(graph: &LayerGraph, x: ArrayView1<'_, f64>, y: ArrayView1<'_, f64>, itself: bool) -> (f64, f64) {
    let mean = |a: ArrayView1<'_, f64>, b: ArrayView1<'_, f64>| a.dot(&b) / a.len() as f64;
    let mut states = vec![Pair { c: mean(x, y), theta: 0.0, q_x: mean(x, x), q_y: mean(y, y) }];
    for node in &graph.nodes()[1..] {
        let inputs: Vec<Pair> = node.inputs.iter().map(|input| states[input.index()]).collect();
        let Pair { c, theta, q_x, q_y } = inputs[0];
        let weighted = |weights: &[f64]| {
            let sum =
                |field: fn(&Pair) -> f64| weights.iter().zip(&inputs).map(|(w, pair)| w * field(pair)).sum();
            Pair { c: sum(|p| p.c), theta: sum(|p| p.theta), q_x: sum(|p| p.q_x), q_y: sum(|p| p.q_y) }
        };
        states.push(match &node.operation {
            Operation::Identity | Operation::Flatten => inputs[0],
            Operation::Dense(dense) => {
                assert_eq!(dense.parameterization, LayerParameterization::Ntk);
                let map = |c: f64| dense.weight_variance * c + dense.bias_variance.unwrap_or(0.0);
                Pair {
                    c: map(c),
                    theta: map(c) + dense.weight_variance * theta,
                    q_x: map(q_x),
                    q_y: map(q_y),
                }
            }
            Operation::Activation(Activation::Relu) => {
                let norm = (q_x * q_y).sqrt();
                // The arc cosine of a rounded 1 is 1e-8; a forward pass with itself has no angle.
                let angle = if itself { 0.0 } else { (c / norm).clamp(-1.0, 1.0).acos() };
                Pair {
                    c: norm / (2.0 * PI) * (angle.sin() + (PI - angle) * angle.cos()),
                    theta: theta * (PI - angle) / (2.0 * PI),
                    q_x: q_x / 2.0,
                    q_y: q_y / 2.0,
                }
            }
            Operation::LayerNorm(norm) => {
                let length = ((q_x + norm.epsilon) * (q_y + norm.epsilon)).sqrt();
                let map = |q: f64| q / (q + norm.epsilon);
                Pair { c: c / length, theta: theta / length, q_x: map(q_x), q_y: map(q_y) }
            }
            Operation::Dropout(dropout) if dropout.is_identity() => inputs[0],
            Operation::Dropout(dropout) => {
                let rate = dropout.keep_rate;
                let same = if itself { rate } else { 1.0 };
                Pair { c: c / same, theta: theta / same, q_x: q_x / rate, q_y: q_y / rate }
            }
            Operation::Sum => weighted(&vec![1.0; inputs.len()]),
            Operation::Concat(_) => {
                let widths = node.inputs.iter().map(|&input| graph.node(input).output_shape[0] as f64);
                let total: f64 = widths.clone().sum();
                weighted(&widths.map(|width| width / total).collect::<Vec<_>>())
            }
            Operation::Product => {
                let product = |field: fn(&Pair) -> f64| inputs.iter().map(field).product();
                let others = |k: usize| -> f64 {
                    inputs.iter().enumerate().filter(|&(j, _)| j != k).map(|(_, pair)| pair.c).product()
                };
                let theta = inputs.iter().enumerate().map(|(k, pair)| pair.theta * others(k)).sum();
                Pair { c: product(|p| p.c), theta, q_x: product(|p| p.q_x), q_y: product(|p| p.q_y) }
            }
            other => panic!("no formula for {}", other.name()),
        });
    }
    let last = states[states.len() - 1];
    (last.c, last.theta)
}

/// Networks with and without nonlinearities after the branches, with and without dropout.
fn cases() -> Vec<String> {
    let wide = |width: usize| format!(r#"{{"dense": {{"w_std": 0.8, "b_std": 0.5, "width": {width}}}}}"#);
    let hidden = format!(r#"{DENSE}, "relu", {DENSE}"#);
    let drop = |rate: f64| format!(r#"{{"dropout": {{"keep_rate": {rate}}}}}"#);
    let layers = [
        format!(r#"{{"sum": [[{DENSE}], [{hidden}], [{hidden}]]}}, "relu", {DENSE}"#),
        format!(r#"{{"product": [[{DENSE}], [{hidden}], [{hidden}]]}}, {DENSE}, "relu", {DENSE}"#),
        format!(
            r#"{{"concat": {{"axis": -1, "branches": [[{}, "relu"], [{}], [{}, "relu"]]}}}}, {DENSE}, "relu", {DENSE}"#,
            wide(3),
            wide(1),
            wide(12)
        ),
        // Covariances all the way: no layer needs the variances.
        format!(
            r#"{{"concat": {{"axis": -1, "branches": [[{}], [{{"product": [[{DENSE}], [{DENSE}]]}}]]}}}}, {DENSE}"#,
            wide(5)
        ),
        format!(r#"{DENSE}, {{"repeat": {{"times": 3, "layers": [{{"residual": ["relu", {DENSE}]}}]}}}}"#),
        format!(r#"{DENSE}, "relu", {}, {DENSE}, "relu", {}, {DENSE}"#, drop(0.7), drop(0.4)),
        format!(
            r#"{DENSE}, {}, {{"sum": [[{hidden}], [{DENSE}, "layer_norm", "relu", {}, {DENSE}]]}}, {{"layer_norm": {{"epsilon": 0.2}}}}, "relu", {DENSE}"#,
            drop(0.9),
            drop(0.5)
        ),
        format!(r#"{DENSE}, "relu", {{"dropout": {{"keep_rate": 0.3, "mode": "test"}}}}, {DENSE}"#),
        format!(r#"{DENSE}, {}"#, drop(0.25)),
    ];
    layers.iter().map(|layers| format!(r#"{{"layers": [{layers}]}}"#)).collect()
}

fn graph(json: &str) -> LayerGraph {
    Architecture::from_json(json).unwrap_or_else(|error| panic!("{json}: {error}")).check(&[LENGTH]).unwrap()
}

fn evaluate<T: Real>(kernel: &CompiledKernel, x: &Array2<T>, y: Option<&Array2<T>>) -> KernelMatrices<T> {
    let x = kernel.prepare(x.view()).unwrap();
    let monitor = Monitor::silent();
    match y {
        None => kernel.symmetric(&x, Outputs::NngpAndNtk, &monitor).unwrap(),
        Some(y) => {
            kernel.cross(&x, &kernel.prepare(y.view()).unwrap(), Outputs::NngpAndNtk, &monitor).unwrap()
        }
    }
}

/// Points in general position, of different lengths.
fn points(n: usize) -> Array2<f64> {
    let mut points = random_points(n, LENGTH, 11);
    for (i, mut row) in points.outer_iter_mut().enumerate() {
        row *= 0.5 + i as f64 / 4.0;
    }
    points.mapv(|value| f64::from(value as f32))
}

/// Compares lists with themselves and with one another.
///
/// Rounding is relative to the mean of the two values on the diagonal: covariances are halves of sums of variances less differences.
fn check<T: Real>(tolerance: f64) {
    for json in cases() {
        let graph = graph(&json);
        let kernel = CompiledKernel::compile(&graph).unwrap();
        let x = points(19);
        let y = x.select(Axis(0), &[3, 0, 11, 18]);
        let single = |points: &Array2<f64>| points.mapv(T::from_f64);
        let compare = |matrices: &KernelMatrices<T>, columns: &Array2<f64>, symmetric: bool| {
            for (i, a) in x.outer_iter().enumerate() {
                for (j, b) in columns.outer_iter().enumerate() {
                    // Equal points of two lists are different forward passes.
                    let expected = naive(&graph, a, b, symmetric && i == j);
                    let diagonal = [naive(&graph, a, a, true), naive(&graph, b, b, true)];
                    // The arc cosine of a rounded 1 is 1e-8.
                    let tolerance = if a == b { tolerance.max(1e-7) } else { tolerance };
                    for (got, expected, scale) in [
                        (matrices.nngp[[i, j]], expected.0, diagonal[0].0 + diagonal[1].0),
                        (matrices.ntk.as_ref().unwrap()[[i, j]], expected.1, diagonal[0].1 + diagonal[1].1),
                    ] {
                        let error = (got.to_f64() - expected).abs();
                        assert!(
                            error <= tolerance * scale / 2.0,
                            "[{i}, {j}] of {json}: {got:e}, {expected:e}"
                        );
                    }
                }
            }
        };
        compare(&evaluate::<T>(&kernel, &single(&x), None), &x, true);
        compare(&evaluate::<T>(&kernel, &single(&x), Some(&single(&y))), &y, false);
    }
}

#[test]
fn sums_products_concatenations_and_dropout_equal_their_formulas() {
    check::<f64>(1e-14);
}

#[test]
fn the_same_in_single_precision() {
    check::<f32>(1e-6);
}

#[test]
fn duplicates_in_a_list_have_masks_of_their_own() {
    let json = format!(r#"{{"layers": [{DENSE}, "relu", {{"dropout": {{"keep_rate": 0.5}}}}, {DENSE}]}}"#);
    let graph = graph(&json);
    let kernel = CompiledKernel::compile(&graph).unwrap();
    let x = points(5).select(Axis(0), &[1, 4, 1]);
    let matrices = evaluate(&kernel, &x, None);
    let ntk = matrices.ntk.unwrap();
    for (i, j, itself) in [(0, 0, true), (0, 2, false), (2, 2, true)] {
        let (nngp, theta) = naive(&graph, x.row(i), x.row(j), itself);
        assert!((matrices.nngp[[i, j]] / nngp - 1.0).abs() < 1e-14, "nngp at {i}, {j}");
        assert!((ntk[[i, j]] / theta - 1.0).abs() < 1e-14, "ntk at {i}, {j}");
    }
    assert!(matrices.nngp[[0, 0]] > 1.2 * matrices.nngp[[0, 2]]);
}

#[test]
fn the_longest_network_runs() {
    // As many layers as an architecture may have; residual blocks keep variances in range.
    let block = r#"{"residual": ["relu", {"dense": {"w_std": 0.02}}]}"#;
    let json =
        format!(r#"{{"layers": [{DENSE}, {{"repeat": {{"times": 3332, "layers": [{block}]}}}}, {DENSE}]}}"#);
    let graph = graph(&json);
    assert!(graph.nodes().len() > 9_990, "{}", graph.nodes().len());
    let kernel = CompiledKernel::compile(&graph).unwrap();
    let x = points(2);
    let matrices = evaluate(&kernel, &x, None);
    let (nngp, theta) = naive(&graph, x.row(0), x.row(1), false);
    assert!((matrices.nngp[[0, 1]] / nngp - 1.0).abs() < 1e-10);
    assert!((matrices.ntk.unwrap()[[0, 1]] / theta - 1.0).abs() < 1e-10);
}

#[test]
fn inputs_that_are_only_flattened_may_have_any_rank() {
    let layers = |before: &str| format!(r#"{{"layers": [{before} "flatten", {DENSE}, "relu", {DENSE}]}}"#);
    let compile = |before: &str, shape: &[usize]| {
        let graph = Architecture::from_json(&layers(before)).unwrap().check(shape).unwrap();
        CompiledKernel::compile(&graph).unwrap()
    };
    let x = random_points(3, 24, 5);
    let expected = evaluate(&compile("", &[24]), &x, None);
    for before in ["", r#""identity","#] {
        assert_eq!(evaluate(&compile(before, &[2, 2, 1, 3, 2]), &x, None), expected, "{before}");
    }
}
