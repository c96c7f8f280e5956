//! Tangent kernels layer by layer against the Jacobian by differences.

use isotypic_architecture::Architecture;
use isotypic_train::{Initialization, Network, NetworkParameters, Precision};
use ndarray::Array2;

/// The Jacobian, outputs of all inputs by parameters, by central differences.
fn jacobian(network: &Network, parameters: &NetworkParameters, inputs: &[f64]) -> Array2<f64> {
    let values = parameters.values();
    let said = |values: Vec<Vec<f64>>| {
        let moved = NetworkParameters::from_values(network, Precision::Double, values).unwrap();
        network.forward(&moved, inputs, None).unwrap()
    };
    let outputs = said(values.clone()).len();
    let mut columns = Vec::new();
    for array in 0..values.len() {
        for place in 0..values[array].len() {
            let moved = |by: f64| {
                let mut values = values.clone();
                values[array][place] += by;
                said(values)
            };
            let step = 1e-5;
            let ends = moved(step).into_iter().zip(moved(-step));
            columns.extend(ends.map(|(above, below)| (above - below) / (2.0 * step)));
        }
    }
    Array2::from_shape_vec((columns.len() / outputs, outputs), columns).unwrap().reversed_axes()
}

#[test]
fn it_is_the_product_of_jacobians_averaged_over_outputs_of_weights_shared_among_turns_too() {
    let json = r#"{"layers": [{"group_lift": {"group": "p4", "filter": [3, 3], "width": 3, "b_std": 0.4}}, "tanh",
        {"group_conv": {"filter": [3, 3], "width": 2, "b_std": 0.7}}, "gelu", "group_pool", {"dense": {"width": 2}}]}"#;
    is_product_of_jacobians(json, &[4, 4, 1]);
}

#[test]
fn it_is_the_product_of_jacobians_averaged_over_outputs() {
    let conv = r#"{"conv": {"filter": [2, 2], "padding": "circular", "width": 3, "b_std": 0.4}}"#;
    let attention = |options: &str| {
        format!(
            r#"{{"self_attention": {{"heads": 2, "key_width": 2, "value_width": 3, "width": 3, "b_std": 0.3, {options}}}}}"#
        )
    };
    let tail = r#""flatten", {"dense": {"width": 2, "b_std": 0.6}}"#;
    let concat = attention(
        r#""mechanism": "identity", "scaling": "sqrt", "positional_embedding": {"type": "concat", "width": 2, "on_values": true}"#,
    );
    let sum = attention(r#""positional_embedding": {"type": "sum", "w_std": 1.7}"#);
    let correlated = attention(
        r#""positional_embedding": {"type": "sum", "on_values": true, "decay": {"rational": 0.5}}"#,
    );
    for layers in [
        format!(r#"{conv}, {correlated}, "flatten", {{"dense": {{"width": 3}}}}"#),
        format!(r#"{conv}, "tanh", {{"dense": {{"width": 4}}}}, "gelu", {tail}"#),
        format!(r#"{conv}, {{"residual": [{{"layer_norm": {{"epsilon": 0.1}}}}, {concat}]}}, {tail}"#),
        format!(r#"{conv}, {sum}, "global_avg_pool", {{"dense": {{"width": 3}}}}"#),
        format!(r#"{{"product": [[{conv}], [{conv}]]}}, {tail}"#),
    ] {
        for parameterization in ["ntk", "standard"] {
            let json = format!(r#"{{"parameterization": "{parameterization}", "layers": [{layers}]}}"#);
            is_product_of_jacobians(&json, &[3, 2, 2]);
        }
    }
}

#[test]
fn weights_of_every_position_and_maps_of_positions_are_among_them() {
    let tail = r#""flatten", {"dense": {"width": 2, "b_std": 0.6}}"#;
    for layers in [
        r#"{"conv_local": {"filter": [2, 2], "padding": "same", "width": 3, "b_std": 0.4}}, "tanh", {"dense": {"width": 2, "b_std": 0.3}}"#,
        r#"{"conv": {"filter": [2, 2], "padding": "circular", "dilation": [2, 1], "width": 3}}, {"max_pool": {"window": [2, 1], "padding": "same"}}"#,
        r#"{"conv_transpose": {"filter": [2, 3], "strides": [1, 2], "padding": "same", "width": 2, "b_std": 0.5}}, "gelu", {"index": {"slices": [null, 1]}},
           {"dense": {"width": 2}}"#,
        r#"{"dense": {"width": 2}}, {"image_resize": {"shape": [2, 3], "method": "linear"}}, {"dense": {"width": 3, "b_std": 0.2}}, "sin",
           {"aggregate": {"pattern": [[0, 1, 0, 0, 0, 2], [1, 0, 0, 1, 0, 0], [0, 0, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0], [0, 0, 0, 0, 1, 0],
           [1, 1, 1, 0, 0, 0]]}}, {"dense": {"width": 2}}"#,
    ] {
        for parameterization in ["ntk", "standard"] {
            let json =
                format!(r#"{{"parameterization": "{parameterization}", "layers": [{layers}, {tail}]}}"#);
            is_product_of_jacobians(&json, &[3, 2, 2]);
        }
    }
}

#[test]
fn batch_normalisation_is_refused_by_name() {
    let json = r#"{"layers": [{"dense": {"width": 3}}, {"batch_norm": {}}, "relu", "dense"]}"#;
    let network = Network::from_graph(&Architecture::from_json(json).unwrap().check(&[2]).unwrap()).unwrap();
    let parameters =
        NetworkParameters::draw(&network, Initialization::Gaussian, Precision::Double, 4).unwrap();
    let error = network.empirical_kernel(&parameters, &[1.0; 4]).unwrap_err();
    assert!(error.to_string().starts_with("layer 2 (`batch_norm`): tangent kernels of networks"), "{error}");
}

fn is_product_of_jacobians(json: &str, shape: &[usize]) {
    let graph = Architecture::from_json(json).unwrap().check(shape).unwrap();
    let network = Network::from_graph(&graph).unwrap();
    let parameters =
        NetworkParameters::draw(&network, Initialization::Gaussian, Precision::Double, 4).unwrap();
    let inputs: Vec<f64> = (0..3 * network.input_size()).map(|at| (1.7 * at as f64).sin()).collect();
    let kernel = network.empirical_kernel(&parameters, &inputs).unwrap();
    let jacobian = jacobian(&network, &parameters, &inputs);
    let outputs = network.output_width();
    for x in 0..3 {
        for y in 0..3 {
            let expected: f64 = (0..outputs)
                .map(|c| jacobian.row(x * outputs + c).dot(&jacobian.row(y * outputs + c)))
                .sum::<f64>()
                / outputs as f64;
            let got = kernel[[x, y]];
            assert!((got - expected).abs() < 1e-7 * expected.abs().max(1.0), "{json}: {got}, {expected}");
        }
    }
}

#[test]
fn inputs_that_do_not_fit_are_refused() {
    let graph = Architecture::named("mlp").unwrap().check(&[3]).unwrap();
    let network = Network::from_graph(&graph).unwrap();
    let parameters =
        NetworkParameters::draw(&network, Initialization::Gaussian, Precision::Double, 4).unwrap();
    for inputs in [&[][..], &[1.0; 4]] {
        let error = network.empirical_kernel(&parameters, inputs).unwrap_err();
        assert!(error.to_string().starts_with("inputs: expected a positive multiple of 3 values"), "{error}");
    }
}
