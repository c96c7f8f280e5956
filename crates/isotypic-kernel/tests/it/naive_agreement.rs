//! The engine against the naive recursion, over paddings, strides, odd sizes, ranks and depths.

use isotypic_architecture::Architecture;
use isotypic_kernel::CompiledKernel;

use crate::naive;
use crate::support::{assert_close, cross, random_points, symmetric};

fn check(json: &str, shape: &[usize]) {
    let graph = Architecture::from_json(json).unwrap().check(shape).unwrap();
    let kernel = CompiledKernel::compile(&graph).unwrap();
    let length = kernel.point_length();
    let (x, y) = (random_points(3, length, 7), random_points(10, length, 8));
    let [nngp, ntk] = naive::cross(&graph, &x, &y);
    let got = cross(&kernel, x.view(), y.view());
    assert_close(&got.nngp, &nngp, 2e-12, &format!("nngp of {json} on {shape:?}"));
    assert_close(got.ntk.as_ref().unwrap(), &ntk, 2e-12, &format!("ntk of {json} on {shape:?}"));
    let [nngp, ntk] = naive::symmetric(&graph, &x);
    let got = symmetric(&kernel, x.view());
    assert_close(&got.nngp, &nngp, 2e-12, &format!("nngp of {json} on {shape:?} with itself"));
    // Where positions are joined the engine hands on covariances: a point's angle with itself is 0 up to 1e-8 only.
    assert_close(got.ntk.as_ref().unwrap(), &ntk, 1e-8, &format!("ntk of {json} on {shape:?} with itself"));
}

fn conv(filter: &str, strides: &str, padding: &str) -> String {
    format!(
        r#"{{"conv": {{"filter": {filter}, "strides": {strides}, "padding": "{padding}", "w_std": 1.3, "b_std": 0.2}}}}"#
    )
}

#[test]
fn every_pair_of_paddings_and_strides_agrees() {
    for first in ["circular", "same", "valid"] {
        for second in ["circular", "same", "valid"] {
            for (strides, filter) in [("[1, 1]", "[3, 3]"), ("[2, 1]", "[2, 3]")] {
                for readout in ["flatten", "global_avg_pool"] {
                    let layers = format!(
                        r#"{{"layers": [{}, "relu", {}, "erf", "{readout}", {{"dense": {{"b_std": 0.3}}}}]}}"#,
                        conv(filter, strides, first),
                        conv("[2, 2]", "[1, 2]", second),
                    );
                    check(&layers, &[5, 6, 2]);
                }
            }
        }
    }
}

#[test]
fn deep_stacks_with_pointwise_layers_agree() {
    for readout in ["flatten", "global_avg_pool"] {
        let layers = format!(
            r#"{{"layers": [{}, "relu", {{"dense": {{"w_std": 1.2, "b_std": 0.1}}}}, "relu", {}, {}, "relu", "{readout}",
                {{"dense": {{}}}}, "relu", {{"dense": {{"b_std": 0.5}}}}, "erf", {{"dense": {{}}}}]}}"#,
            conv("[3, 3]", "[1, 1]", "circular"),
            conv("[3, 3]", "[2, 2]", "circular"),
            conv("[2, 2]", "[1, 1]", "valid"),
        );
        check(&layers, &[6, 6, 1]);
        check(&layers, &[5, 7, 3]);
    }
}

#[test]
fn one_and_three_spatial_dimensions_agree() {
    for padding in ["circular", "same", "valid"] {
        let line = format!(
            r#"{{"layers": [{}, "relu", {}, "relu", "global_avg_pool", {{"dense": {{}}}}]}}"#,
            conv("[3]", "[2]", padding),
            conv("[2]", "[1]", padding),
        );
        check(&line, &[9, 2]);
        let volume = format!(
            r#"{{"layers": [{}, "relu", {}, "relu", "global_avg_pool", {{"dense": {{}}}}]}}"#,
            conv("[2, 1, 2]", "[1, 1, 2]", padding),
            conv("[1, 2, 1]", "[2, 1, 1]", padding),
        );
        check(&volume, &[3, 2, 4, 1]);
    }
}

#[test]
fn standard_parameterization_and_missing_biases_agree() {
    let conv = r#"{"conv": {"filter": [3, 3], "padding": "same", "w_std": 1.3, "width": 16}}"#;
    let layers = format!(
        r#"{{"parameterization": "standard", "layers": [{conv}, "relu", {conv}, "relu", "flatten", {{"dense": {{"b_std": 0.4, "width": 7}}}},
            "relu", {{"dense": {{}}}}]}}"#
    );
    check(&layers, &[4, 4, 2]);
}

#[test]
fn pooling_the_input_and_vectors_agree() {
    check(r#"{"layers": ["global_avg_pool", {"dense": {"b_std": 0.1}}, "relu", {"dense": {}}]}"#, &[3, 3, 2]);
    check(r#"{"layers": [{"dense": {"b_std": 0.1}}, "relu", {"dense": {}}, "erf", {"dense": {}}]}"#, &[130]);
    check(r#"{"layers": ["flatten", {"dense": {"b_std": 2.0}}, "relu", {"dense": {}}]}"#, &[4, 4, 3]);
}

#[test]
fn normalised_vectors_and_sums_over_positions_agree() {
    let norm = r#"{"layer_norm": {"epsilon": 0.3}}"#;
    let dense = r#"{"dense": {"w_std": 1.2, "b_std": 0.3}}"#;
    check(
        &format!(r#"{{"layers": [{dense}, {norm}, "relu", {dense}, "layer_norm", "erf", {dense}]}}"#),
        &[9],
    );
    let keep = r#"{"dropout": {"keep_rate": 0.4, "mode": "test"}}"#;
    for padding in ["circular", "same", "valid"] {
        let layers = format!(
            r#"{{"layers": [{}, "relu", {keep}, "global_sum_pool", {dense}, {norm}, "relu", {dense}]}}"#,
            conv("[2, 3]", "[1, 2]", padding),
        );
        check(&layers, &[4, 5, 2]);
    }
}
