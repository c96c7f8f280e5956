//! Tangent kernels of wide networks as they are drawn, layer by layer, against the kernel of infinite width.

use isotypic::train::{Initialization, Network, NetworkParameters, Precision};
use isotypic::work::Monitor;
use isotypic_architecture::Architecture;
use isotypic_kernel::{CompiledKernel, Outputs};
use ndarray::Array2;

const NETWORKS: u64 = 24;

/// Mean over networks and its standard error, entry by entry, against the kernel.
fn tends_to_its_kernel(layers: &str, shape: &[usize]) {
    for parameterization in ["ntk", "standard"] {
        let json = format!(r#"{{"parameterization": "{parameterization}", "layers": [{layers}]}}"#);
        let architecture = Architecture::from_json(&json).unwrap();
        // Tangent kernels of the `standard` parameterization grow with widths.
        let wide = architecture.with_widths(128, 1).unwrap().check(shape).unwrap();
        let kernel = CompiledKernel::compile(&wide).unwrap();
        let size: usize = shape.iter().product();
        let points =
            Array2::from_shape_fn((3, size), |(row, at)| (0.4 + 1.9 * row as f64 + 0.7 * at as f64).sin());
        let prepared = kernel.prepare(points.view()).unwrap();
        let expected = kernel.symmetric(&prepared, Outputs::Ntk, &Monitor::silent()).unwrap().ntk.unwrap();
        let network = Network::from_graph(&wide).unwrap();
        let kernels: Vec<Array2<f64>> = (0..NETWORKS)
            .map(|seed| {
                let drawn =
                    NetworkParameters::draw(&network, Initialization::Gaussian, Precision::Double, seed)
                        .unwrap();
                network.empirical_kernel(&drawn, points.as_slice().unwrap()).unwrap()
            })
            .collect();
        let largest = expected.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
        for (at, &expected) in expected.indexed_iter() {
            let values: Vec<f64> = kernels.iter().map(|kernel| kernel[at]).collect();
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let variance =
                values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64;
            let error = (variance / values.len() as f64).sqrt();
            // Beside chance there is a bias of the order of 1/width.
            let bound = 4.0 * error + 0.02 * largest;
            assert!((mean - expected).abs() < bound, "{json}, {at:?}: {mean} ± {error}, expected {expected}");
            assert!(bound < 0.3 * largest, "{json}: {error}");
        }
    }
}

#[test]
fn layers_on_positions_tend_to_their_kernels() {
    let tail = r#""relu", "flatten", {"dense": {"b_std": 0.3}}"#;
    for layer in [
        r#"{"conv": {"filter": [3, 2], "dilation": [2, 1], "padding": "same", "w_std": 1.4, "b_std": 0.3}}"#,
        r#"{"conv_local": {"filter": [2, 2], "padding": "same", "w_std": 1.4, "b_std": 0.3}}"#,
        r#"{"conv_transpose": {"filter": [3, 3], "strides": [2, 2], "padding": "same", "w_std": 1.4, "b_std": 0.3}}"#,
        r#"{"dense": {"b_std": 0.4}}, {"image_resize": {"shape": [2, 5], "method": "linear"}}, {"dense": {"b_std": 0.2}}"#,
        r#"{"dense": {"b_std": 0.4}}, {"index": {"slices": [[null, null, 2], null]}}, {"dense": {}}"#,
    ] {
        tends_to_its_kernel(&format!("{layer}, {tail}"), &[4, 3, 1]);
    }
    let graph = r#"{"dense": {"b_std": 0.4}}, {"aggregate": {"pattern": [[0, 1, 0.5], [2, 0, 0], [-1, 0, 1]]}}, {"dense": {}}"#;
    tends_to_its_kernel(&format!("{graph}, {tail}"), &[3, 2]);
}

/// Embeddings are drawn on the scale of their covariance, and trained on it.
#[test]
fn embeddings_of_positions_tend_to_their_kernels() {
    for options in [
        r#"{"type": "sum", "w_std": 2.0, "on_values": true}"#,
        r#"{"type": "concat", "w_std": 1.5, "on_values": true, "decay": {"exponential": 0.3}}"#,
    ] {
        let layers = format!(
            r#"{{"dense": {{}}}}, {{"self_attention": {{"heads": 64, "key_width": 64, "value_width": 64,
            "positional_embedding": {options}}}}}, "flatten", {{"dense": {{}}}}"#
        );
        tends_to_its_kernel(&layers, &[3, 2]);
    }
}
