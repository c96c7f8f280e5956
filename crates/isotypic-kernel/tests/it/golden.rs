//! Kernel values against independent programs: neural-tangents 0.6.5 in f64, and 60-digit arithmetic for points where floating
//! point loses digits (`fixtures/README.md`).

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use isotypic_architecture::{Architecture, ArchitectureError};
use isotypic_kernel::{CompiledKernel, KernelError};
use ndarray::{Array2, ArrayD};
use ndarray_npy::NpzReader;

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

fn evaluate(architecture: &Architecture, golden: &Golden) -> [Array2<f64>; 4] {
    let kernel = CompiledKernel::compile(&architecture.check(&golden.x1.shape()[1..]).unwrap()).unwrap();
    let (x1, x2) = (rows(golden.x1.view()), rows(golden.x2.view()));
    let across = cross(&kernel, x1.view(), x2.view());
    let within = symmetric(&kernel, x1.view());
    [across.nngp, across.ntk.unwrap(), within.nngp, within.ntk.unwrap()]
}

/// Whether neural-tangents itself is accurate for this pair: it takes √(1 − c²) of a rounded cosine, which keeps half of the digits
/// where two inputs (nearly) coincide or are opposite.
fn is_well_conditioned(x: &Array2<f64>, y: &Array2<f64>, i: usize, j: usize) -> bool {
    let (a, b) = (x.row(i), y.row(j));
    a.dot(&b).abs() < (1.0 - 1e-6) * (a.dot(&a) * b.dot(&b)).sqrt()
}

#[test]
fn kernels_equal_neural_tangents_wherever_the_layers_exist() {
    let text = std::fs::read_to_string(fixtures().join("cases.json")).unwrap();
    let cases: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&text).unwrap();
    let (mut checked, mut skipped, mut wrong) = (0, Vec::new(), Vec::new());
    for (name, case) in &cases {
        let architecture = match Architecture::from_json(&case["architecture"].to_string()) {
            Ok(architecture) => architecture,
            Err(ArchitectureError::LayerNotAvailable { name: layer, .. }) => {
                skipped.push(format!("{name} ({layer})"));
                continue;
            }
            Err(error) => panic!("{name}: {error}"),
        };
        let golden = read(name);
        let graph = architecture.check(&golden.x1.shape()[1..]).unwrap();
        if let Err(KernelError::UnsupportedOperation { path }) = CompiledKernel::compile(&graph) {
            skipped.push(format!("{name} ({path})"));
            continue;
        }
        let (x1, x2) = (rows(golden.x1.view()), rows(golden.x2.view()));
        for (k, got) in evaluate(&architecture, &golden).iter().enumerate() {
            let y = if k < 2 { &x2 } else { &x1 };
            let expected = &golden.matrices[k];
            for ((i, j), &value) in got.indexed_iter() {
                // 1e-10 wherever the reference has those digits, else the 3e-7 it has.
                let tolerance = if is_well_conditioned(&x1, y, i, j) { 1e-10 } else { 3e-7 };
                let error = (value - expected[[i, j]]).abs();
                let scale = expected[[i, j]].abs().max(1e-6);
                // NaN is wrong too.
                if !(error <= tolerance * scale) {
                    wrong.push(format!("{name}[{k}][{i}, {j}]: {value:e} against {:e}", expected[[i, j]]));
                }
            }
        }
        checked += 1;
    }
    // Past the capture of passing tests: what was skipped is never hidden.
    let mut stderr = std::io::stderr().lock();
    let count = skipped.len();
    writeln!(stderr, "{checked} cases equal neural-tangents; {count} skipped for a layer that is not there:")
        .unwrap();
    writeln!(stderr, "  {}", skipped.join(", ")).unwrap();
    assert!(wrong.is_empty(), "{} values are wrong: {wrong:#?}", wrong.len());
    assert_eq!(checked + skipped.len(), cases.len());
    assert!(checked >= 74, "only {checked} cases were checked");
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
        for (got, expected) in evaluate(&architecture, &golden).iter().zip(&golden.matrices) {
            assert_close(got, expected, 1e-12, &name);
        }
    }
}
