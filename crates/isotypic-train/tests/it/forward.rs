//! The forward pass on tensors against `FiniteNetwork`, which shares no code with it.

use isotypic_architecture::{Architecture, FiniteNetwork};
use isotypic_train::{Network, NetworkParameters, Precision};
use ndarray::Array2;

/// Largest difference relative to the largest output, masks of dropout included.
fn difference(json: &str, shape: &[usize], precision: Precision) -> f64 {
    let graph = Architecture::from_json(json).unwrap().check(shape).unwrap();
    let plain = FiniteNetwork::sample(&graph, 5).unwrap();
    let inputs = Array2::from_shape_fn((3, graph.input_size()), |(row, column)| {
        (0.7 + 1.3 * row as f64 + 0.37 * column as f64).sin()
    });
    let expected = plain.forward(&inputs).unwrap();
    let network = Network::from_graph(&graph).unwrap();
    let values = plain.parameters().into_iter().map(|one| one.values.iter().copied().collect()).collect();
    let parameters = NetworkParameters::from_values(&network, precision, values).unwrap();
    let got = network.forward(&parameters, inputs.as_slice().unwrap(), Some(5)).unwrap();
    let largest = expected.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    let difference = expected.iter().zip(&got).fold(0.0_f64, |most, (a, b)| most.max((a - b).abs()));
    assert!(got.len() == expected.len() && largest > 1e-3, "{json}");
    difference / largest
}

fn agrees(layers: &str, shape: &[usize]) {
    for parameterization in ["ntk", "standard"] {
        let json = format!(r#"{{"parameterization": "{parameterization}", "layers": [{layers}]}}"#);
        let double = difference(&json, shape, Precision::Double);
        assert!(double < 1e-12, "{json}: {double:e}");
        let single = difference(&json, shape, Precision::Single);
        assert!(single < 1e-4, "{json}: {single:e}");
    }
}

#[test]
fn convolutions_of_every_padding_stride_and_rank() {
    let tail = r#""relu", "flatten", {"dense": {"width": 3, "b_std": 0.5}}"#;
    for padding in ["circular", "same", "valid"] {
        for (filter, strides, shape) in [
            ("[3]", "[2]", &[7, 2][..]),
            ("[3, 2]", "[1, 2]", &[5, 6, 2]),
            ("[2, 1, 3]", "[1, 1, 2]", &[3, 2, 5, 1]),
        ] {
            let conv = format!(
                r#"{{"conv": {{"filter": {filter}, "strides": {strides}, "padding": "{padding}", "width": 4, "b_std": 0.3}}}}"#
            );
            agrees(&format!("{conv}, {tail}"), shape);
        }
    }
}

#[test]
fn convolutions_that_are_dilated_transposed_or_local() {
    let tail = r#""tanh", "flatten", {"dense": {"width": 3, "b_std": 0.5}}"#;
    for padding in [r#""circular""#, r#""same""#, r#""valid""#] {
        for (filter, strides, dilation, shape) in [
            ("[3]", "[2]", "[3]", &[9, 2][..]),
            ("[3, 2]", "[1, 2]", "[2, 4]", &[5, 6, 2]),
            ("[2, 1, 3]", "[1, 1, 2]", "[2, 1, 2]", &[3, 2, 5, 1]),
        ] {
            let layer = |name: &str, more: &str| {
                format!(
                    r#"{{"{name}": {{"filter": {filter}, "strides": {strides}, "padding": {padding}, "width": 4, "b_std": 0.3{more}}}}}, {tail}"#
                )
            };
            agrees(&layer("conv", &format!(r#", "dilation": {dilation}"#)), shape);
            agrees(&layer("conv_transpose", ""), shape);
            agrees(&layer("conv_local", ""), shape);
        }
    }
    // Strides beyond the filter, and zeros as many as given.
    for layer in [
        r#"{"conv_transpose": {"filter": [2, 2], "strides": [3, 2], "padding": "same", "width": 2}}"#,
        r#"{"conv_transpose": {"filter": [3, 3], "strides": [2, 1], "padding": [[2, 1], [0, 2]], "width": 2}}"#,
        r#"{"conv": {"filter": [3, 2], "dilation": [2, 3], "padding": [[1, 4], [2, 0]], "width": 2}}"#,
        r#"{"conv_local": {"filter": [3, 2], "strides": [2, 1], "padding": [[1, 2], [0, 1]], "width": 2}}"#,
    ] {
        agrees(&format!("{layer}, {tail}"), &[4, 5, 2]);
    }
}

#[test]
fn positions_that_are_picked_interpolated_and_summed_along_a_graph() {
    for (layer, shape) in [
        (r#"{"index": {"slices": [[1, null, 2], [null, null, -1]]}}"#, &[5, 4, 2][..]),
        (r#"{"index": {"slices": [-1, [0, 3]]}}"#, &[5, 4, 2]),
        (r#"{"index": {"slices": [null, 2, [4, 0, -2]]}}"#, &[2, 3, 5, 1]),
        (r#"{"image_resize": {"shape": [7, 2], "method": "linear"}}"#, &[5, 4, 2]),
        (r#"{"image_resize": {"shape": [3, -1], "method": "linear", "antialias": false}}"#, &[7, 4, 1]),
        (r#"{"image_resize": {"shape": [7, 2, 4], "method": "nearest"}}"#, &[3, 4, 2, 2]),
        (r#"{"aggregate": {"pattern": [[0, 1, 0.5], [2, 0, 0], [-1, 0, 0.25]]}}"#, &[3, 2]),
        // A vertex without predecessors.
        (
            r#"{"aggregate": {"pattern": [[0, 1, 0, 0], [0, 0, 2, 0], [0, 0, 0, 1], [0, 1, 0, 0]]}}"#,
            &[2, 2, 3],
        ),
    ] {
        agrees(
            &format!(r#"{{"dense": {{"width": 3}}}}, {layer}, "flatten", {{"dense": {{"width": 2}}}}"#),
            shape,
        );
    }
}

#[test]
fn maxima_beyond_whose_border_lies_nothing() {
    for padding in [r#""circular""#, r#""same""#, r#""valid""#, "[[1, 1], [2, 1], [0, 1]]"] {
        for (window, strides, shape) in [
            ("[3]", "[2]", &[8, 2][..]),
            ("[3, 3]", "[1, 2]", &[5, 6, 2]),
            ("[2, 3, 2]", "[1, 2, 1]", &[3, 4, 5, 1]),
        ] {
            if padding.starts_with('[') && shape.len() < 4 {
                continue;
            }
            // All values below 0, where zeros would be the largest.
            for before in [r#"{"gaussian": {"a": -1.5, "b": -0.3}}"#, r#""relu""#, r#""identity""#] {
                let pool = format!(
                    r#"{{"max_pool": {{"window": {window}, "strides": {strides}, "padding": {padding}}}}}"#
                );
                agrees(
                    &format!(
                        r#"{{"dense": {{"width": 3}}}}, {before}, {pool}, "flatten", {{"dense": {{"width": 2}}}}"#
                    ),
                    shape,
                );
            }
        }
    }
}

#[test]
fn pooling_and_normalisation() {
    for layer in [
        r#"{"batch_norm": {"epsilon": 0.1}}"#,
        r#"{"batch_norm": {"epsilon": 0}}, "tanh""#,
        r#"{"avg_pool": {"window": [3, 2], "strides": [2, 1], "padding": "same", "normalize_edges": true}}"#,
        r#"{"avg_pool": {"window": [2, 2], "padding": "circular"}}"#,
        r#"{"sum_pool": {"window": [2, 3], "padding": "same"}}"#,
        r#"{"layer_norm": {}}"#,
        r#"{"layer_norm": {"axes": [-1, 2], "epsilon": 0.01}}"#,
        r#"{"layer_norm": {"axes": [1, 2, 3]}}"#,
        r#"{"dropout": {"keep_rate": 0.6}}"#,
    ] {
        for tail in [r#""flatten""#, r#""global_avg_pool""#, r#""global_sum_pool""#] {
            agrees(
                &format!(r#"{{"dense": {{"width": 3}}}}, {layer}, {tail}, {{"dense": {{"width": 2}}}}"#),
                &[5, 4, 2],
            );
        }
    }
}

#[test]
fn activations() {
    for layer in [
        r#""relu""#,
        r#""abs""#,
        r#""sign""#,
        r#""erf""#,
        r#""tanh""#,
        r#""sigmoid""#,
        r#""softplus""#,
        r#""silu""#,
        r#""gabor""#,
        r#""gelu""#,
        r#"{"gelu": {"approximate": true}}"#,
        r#"{"leaky_relu": {"alpha": 0.2}}"#,
        r#"{"ab_relu": {"a": -0.3, "b": 1.4}}"#,
        r#"{"sin": {"a": 1.5, "b": 0.8, "c": 0.3}}"#,
        r#"{"cos": {"a": 1.5, "b": 0.8, "c": 0.3}}"#,
        r#"{"rbf": {"gamma": 0.7}}"#,
        r#"{"exp": {"a": 0.9, "b": 0.4}}"#,
        r#"{"gaussian": {"a": 0.9, "b": -0.4}}"#,
        r#"{"monomial": {"degree": 3}}"#,
        r#""sigmoid_like""#,
        r#"{"erf": {"a": 1.3, "b": 0.7, "c": -0.2}}"#,
        r#"{"rectified_monomial": {"degree": 0}}"#,
        r#"{"rectified_monomial": {"degree": 2}}"#,
        r#"{"polynomial": {"coef": [0.5, -1, 0, 0.25]}}"#,
        r#"{"hermite": {"degree": 4}}"#,
        r#"{"elementwise": {"function": "silu", "quadrature_degree": 20}}"#,
    ] {
        agrees(
            &format!(r#"{{"dense": {{"width": 6, "b_std": 0.3}}}}, {layer}, {{"dense": {{"width": 2}}}}"#),
            &[4],
        );
    }
}

#[test]
fn attention_and_branches() {
    for options in [
        r#""b_std": 0.2"#,
        r#""mechanism": "identity", "scaling": "sqrt", "positional_embedding": {"type": "concat", "width": 2}"#,
        r#""mechanism": "relu", "positional_embedding": {"type": "concat", "width": 2, "on_values": true}"#,
        r#""positional_embedding": {"type": "sum", "w_std": 0.7, "decay": {"exponential": 0.5}}"#,
        r#""b_std": 0.1, "positional_embedding": {"type": "concat", "w_std": 1.6, "on_values": true, "p_norm": 1.5, "decay": {"rational": 0.8}}"#,
        r#""mechanism": "abs", "b_std": 0.1, "positional_embedding": {"type": "sum", "on_values": true}"#,
    ] {
        let attention = format!(
            r#"{{"self_attention": {{"heads": 2, "key_width": 4, "value_width": 3, "width": 5, {options}}}}}"#
        );
        agrees(&format!(r#"{attention}, "flatten", {{"dense": {{"width": 2}}}}"#), &[2, 3, 4]);
    }
    let dense = |width| format!(r#"{{"dense": {{"width": {width}, "b_std": 0.4}}}}"#);
    for branches in [
        format!(r#"{{"sum": [["identity"], ["relu", {}], [{}]]}}"#, dense(3), dense(3)),
        format!(r#"{{"product": [[{}], ["relu", {}], [{}]]}}"#, dense(3), dense(3), dense(3)),
        format!(r#"{{"concat": {{"branches": [[{}], ["relu", {}], [{}]]}}}}"#, dense(2), dense(5), dense(4)),
        format!(
            r#"{{"concat": {{"axis": 2, "branches": [[{}], [{{"avg_pool": {{"window": [1, 2]}}}}], [{}]]}}}}"#,
            dense(3),
            dense(3)
        ),
        format!(r#"{{"residual": ["relu", {}]}}"#, dense(3)),
    ] {
        agrees(&format!(r#"{}, {branches}, "flatten", {}"#, dense(3), dense(2)), &[2, 4, 3]);
    }
}

#[test]
fn layers_that_no_network_has_are_named() {
    let graph =
        Architecture::from_json(r#"{"layers": [{"dense": {"width": 3}}, "exp_normalized", "dense"]}"#);
    let error = Network::from_graph(&graph.unwrap().check(&[4]).unwrap()).unwrap_err();
    assert!(
        error.to_string().starts_with("layer 2 (`exp_normalized`): its kernel belongs to no function"),
        "{error}"
    );
    assert!(error.hint().unwrap().contains("`exp`"));
}

#[test]
fn layers_over_groups() {
    for group in ["p4", "p4m"] {
        let options = r#""filter": [3, 3], "b_std": 0.4"#;
        agrees(
            &format!(
                r#"{{"group_lift": {{"group": "{group}", "width": 3, {options}}}}}, {{"layer_norm": {{}}}}, "relu",
                {{"group_conv": {{"width": 2, {options}}}}}, "gelu", "group_pool", {{"dense": {{"width": 2}}}}"#
            ),
            &[5, 5, 2],
        );
    }
    for group in ["cyclic:6", "dihedral:3"] {
        let points = group[group.len() - 1..].parse().unwrap();
        agrees(
            &format!(
                r#"{{"group_lift": {{"group": "{group}", "width": 4, "b_std": 0.4}}}}, "relu", {{"group_conv": {{"width": 3}}}},
                "flatten", {{"dense": {{"width": 2}}}}"#
            ),
            &[points],
        );
    }
}
