//! Kernel values against independent programs: neural-tangents 0.6.5 in f64, and 60-digit arithmetic for points where floating
//! point loses digits (`fixtures/README.md`).

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use isotypic_architecture::{Architecture, ArchitectureError, LayerGraph};
use isotypic_kernel::{CompiledKernel, KernelError};
use ndarray::{Array2, ArrayD, s};
use ndarray_npy::NpzReader;
use rayon::prelude::*;
use serde_json::Value;

use crate::naive;
use crate::support::{assert_close, cross, rows, symmetric};

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/kernels")
}

struct Golden {
    x1: ArrayD<f64>,
    x2: ArrayD<f64>,
    /// `(name, values)` of nngp_12, ntk_12, nngp_11, ntk_11.
    matrices: [Array2<f64>; 4],
}

fn read(name: &str) -> Golden {
    let file = File::open(fixtures().join(format!("{name}.npz"))).unwrap();
    let mut npz = NpzReader::new(file).unwrap();
    let matrices = ["nngp_12", "ntk_12", "nngp_11", "ntk_11"].map(|key| npz.by_name(key).unwrap());
    Golden { x1: npz.by_name("x1").unwrap(), x2: npz.by_name("x2").unwrap(), matrices }
}

/// The same four matrices from the engine.
fn evaluate(graph: &LayerGraph, [x1, x2]: [&Array2<f64>; 2]) -> Result<[Array2<f64>; 4], KernelError> {
    let kernel = CompiledKernel::compile(graph)?;
    let across = cross(&kernel, x1.view(), x2.view());
    let within = symmetric(&kernel, x1.view());
    Ok([across.nngp, across.ntk.unwrap(), within.nngp, within.ntk.unwrap()])
}

/// Whether neural-tangents itself is accurate for this pair: it takes √(1 − c²) of a rounded cosine, which keeps half of the digits
/// where two inputs (nearly) coincide or are opposite.
fn is_well_conditioned(x: &Array2<f64>, y: &Array2<f64>, i: usize, j: usize) -> bool {
    let (a, b) = (x.row(i), y.row(j));
    a.dot(&b).abs() < (1.0 - 1e-6) * (a.dot(&a) * b.dot(&b)).sqrt()
}

/// Turns the shapes of `image_resize` around: neural-tangents 0.6.5 keeps the axes of a covariance in reverse order after one
/// convolution, as in all of these cases, and `ImageResize` takes no notice, so that it resizes rows to the extent given for columns.
fn turn_resized_shapes(layers: &mut Value) {
    for layer in layers.as_array_mut().into_iter().flatten() {
        if let Some(shape) = layer.pointer_mut("/image_resize/shape").and_then(Value::as_array_mut) {
            shape.reverse();
        }
    }
}

/// What became of one reference kernel.
enum Outcome {
    Equal,
    Skipped(String),
    /// Every wrong value with its place.
    Wrong(Vec<String>),
}

/// Compares one case with what `evaluate` makes of it, with no more than `most` points on either side.
fn compare(
    name: &str,
    case: &Value,
    most: usize,
    evaluate: impl Fn(&LayerGraph, [&Array2<f64>; 2]) -> Result<[Array2<f64>; 4], KernelError>,
) -> Outcome {
    let mut case = case.clone();
    turn_resized_shapes(&mut case["architecture"]["layers"]);
    let architecture = match Architecture::from_json(&case["architecture"].to_string()) {
        Ok(architecture) => architecture,
        Err(ArchitectureError::LayerNotAvailable { name: layer, .. }) => {
            return Outcome::Skipped(format!("{name} ({layer})"));
        }
        Err(error) => panic!("{name}: {error}"),
    };
    let golden = read(name);
    let graph = architecture.check(&golden.x1.shape()[1..]).unwrap();
    let first = |points: Array2<f64>| points.slice(s![..most.min(points.nrows()), ..]).to_owned();
    let (x1, x2) = (first(rows(golden.x1.view())), first(rows(golden.x2.view())));
    let matrices = match evaluate(&graph, [&x1, &x2]) {
        Ok(matrices) => matrices,
        Err(KernelError::UnsupportedOperation { path }) => {
            return Outcome::Skipped(format!("{name} ({path})"));
        }
        Err(error) => panic!("{name}: {error}"),
    };
    let mut wrong = Vec::new();
    for (k, got) in matrices.iter().enumerate() {
        let y = if k < 2 { &x2 } else { &x1 };
        let expected = &golden.matrices[k];
        assert_eq!(got.dim(), (x1.nrows(), y.nrows()), "{name}[{k}]");
        for ((i, j), &value) in got.indexed_iter() {
            // 1e-10 wherever the reference has those digits, else the 3e-7 it has.
            let tolerance = if is_well_conditioned(&x1, y, i, j) { 1e-10 } else { 3e-7 };
            let error = (value - expected[[i, j]]).abs();
            let scale = expected[[i, j]].abs().max(1e-6);
            // NaN is wrong too.
            if error.is_nan() || error > tolerance * scale {
                wrong.push(format!("{name}[{k}][{i}, {j}]: {value:e} against {:e}", expected[[i, j]]));
            }
        }
    }
    if wrong.is_empty() { Outcome::Equal } else { Outcome::Wrong(wrong) }
}

/// Every case, in parallel; prints what was skipped: nothing may be.
fn compare_all(
    what: &str,
    most: impl Fn(&str) -> usize + Sync,
    evaluate: impl Fn(&LayerGraph, [&Array2<f64>; 2]) -> Result<[Array2<f64>; 4], KernelError> + Sync,
) {
    let text = std::fs::read_to_string(fixtures().join("cases.json")).unwrap();
    let cases: serde_json::Map<String, Value> = serde_json::from_str(&text).unwrap();
    let cases: Vec<(String, Value)> = cases.into_iter().collect();
    let outcomes: Vec<Outcome> =
        cases.par_iter().map(|(name, case)| compare(name, case, most(name), &evaluate)).collect();
    let (mut equal, mut skipped, mut wrong) = (0, Vec::new(), Vec::new());
    for outcome in outcomes {
        match outcome {
            Outcome::Equal => equal += 1,
            Outcome::Skipped(reason) => skipped.push(reason),
            Outcome::Wrong(values) => wrong.extend(values),
        }
    }
    // Past the capture of passing tests: what was skipped is never hidden.
    let mut stderr = std::io::stderr().lock();
    let count = skipped.len();
    writeln!(
        stderr,
        "{what}: {equal} cases equal neural-tangents; {count} skipped for a layer that is not there:"
    )
    .unwrap();
    writeln!(stderr, "  {}", skipped.join(", ")).unwrap();
    assert!(wrong.is_empty(), "{what}: {} values are wrong: {wrong:#?}", wrong.len());
    assert_eq!((equal, count), (136, 0), "{what}");
}

#[test]
fn kernels_equal_neural_tangents_wherever_the_layers_exist() {
    compare_all("engine", |_| usize::MAX, evaluate);
}

/// Cases of which the naive recursion computes one point on either side: a quadrature, or many pixels.
const SLOW: [&str; 3] = ["cnn_num_tanh25_d2_gap", "cnn28_circ_d1_flatten", "cnn28_circ_d1_gap"];

/// The control has formulas of its own, so it is checked against the same references.
#[test]
fn the_naive_recursion_equals_neural_tangents_too() {
    let most = |name: &str| if SLOW.contains(&name) { 1 } else { usize::MAX };
    compare_all("naive recursion", most, |graph, [x1, x2]| {
        let ([nngp_12, ntk_12], [nngp_11, ntk_11]) =
            (naive::cross(graph, x1, x2), naive::symmetric(graph, x1));
        Ok([nngp_12, ntk_12, nngp_11, ntk_11])
    });
}

#[test]
fn nearly_equal_parallel_and_opposite_points_equal_sixty_digits() {
    for (depth, weight, bias) in
        [(1, 1.0, 1.0), (1, 2.0_f64.sqrt(), 0.0), (3, 1.0, 1.0), (3, 2.0_f64.sqrt(), 0.0)]
    {
        let dense = format!(r#"{{"dense": {{"w_std": {weight:?}, "b_std": {bias:?}}}}}"#);
        let layers = format!(r#"{dense}, "relu", "#).repeat(depth);
        let architecture = Architecture::from_json(&format!(r#"{{"layers": [{layers}{dense}]}}"#)).unwrap();
        let name = format!("mp_mlp_edge_relu_d{depth}_w{}b{}", weight.powi(2).round().min(2.0), bias);
        let golden = read(&name);
        let graph = architecture.check(&golden.x1.shape()[1..]).unwrap();
        let (x1, x2) = (rows(golden.x1.view()), rows(golden.x2.view()));
        for (got, expected) in evaluate(&graph, [&x1, &x2]).unwrap().iter().zip(&golden.matrices) {
            assert_close(got, expected, 1e-12, &name);
        }
    }
}
