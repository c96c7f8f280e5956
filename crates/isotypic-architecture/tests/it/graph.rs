//! Shapes, paddings and parameters of checked graphs.

use isotypic_architecture::{
    Architecture, ArchitectureError, ConvSpec, Layer, LayerGraph, LayerParameterization, Operation, Padding,
    Parameterization,
};
use proptest::prelude::*;

use crate::support;

fn check(json: &str, shape: &[usize]) -> LayerGraph {
    Architecture::from_json(json).unwrap().check(shape).unwrap()
}

#[test]
fn nodes_carry_shapes_paths_and_predecessors() {
    let graph = check(
        r#"{"layers": [{"conv": {"filter": [3, 2], "strides": [1, 2], "padding": "same", "width": 5, "b_std": 0.5}},
                       "relu", {"dense": {"width": 7, "w_std": 1.5}}, "flatten", {"dense": {"width": 10}}]}"#,
        &[6, 9, 2],
    );
    let shapes: Vec<&[usize]> = graph.nodes().iter().map(|node| node.output_shape.as_slice()).collect();
    assert_eq!(shapes, [&[6, 9, 2][..], &[6, 5, 5], &[6, 5, 5], &[6, 5, 7], &[210], &[10]]);
    let paths: Vec<&str> = graph.nodes().iter().map(|node| node.path.as_str()).collect();
    let expected = [
        "input",
        "layer 1 (`conv`)",
        "layer 2 (`relu`)",
        "layer 3 (`dense`)",
        "layer 4 (`flatten`)",
        "layer 5 (`dense`)",
    ];
    assert_eq!(paths, expected);
    for (index, node) in graph.nodes().iter().enumerate().skip(1) {
        assert_eq!(node.inputs[0].index(), index - 1);
        assert_eq!(node.input_shape, graph.node(node.inputs[0]).output_shape);
    }
    assert_eq!(graph.output().index(), 5);
    assert_eq!((graph.input_size(), graph.output_width()), (108, 10));

    let Operation::Conv(conv) = &graph.nodes()[1].operation else { panic!("expected a convolution") };
    assert_eq!(
        (&conv.filter[..], &conv.strides[..], &conv.pad_before[..]),
        (&[3, 2][..], &[1, 2][..], &[1, 0][..])
    );
    assert_eq!((conv.padding, conv.filter_size(), conv.width), (Padding::Same, 6, 5));
    assert_eq!((conv.weight_variance, conv.bias_variance), (1.0, Some(0.25)));
    let Operation::Dense(dense) = &graph.nodes()[3].operation else { panic!("expected a dense layer") };
    assert_eq!((dense.weight_variance, dense.bias_variance), (2.25, None));
}

#[test]
fn the_standard_parameterization_keeps_base_widths_under_width_scales() {
    let graph = support::case("mlp_param_standard_s").unwrap().check(&[13]).unwrap();
    let widths: Vec<f64> = graph
        .nodes()
        .iter()
        .filter_map(|node| match &node.operation {
            Operation::Dense(dense) => match dense.parameterization {
                LayerParameterization::Standard { input_width } => Some(input_width),
                _ => None,
            },
            _ => None,
        })
        .collect();
    assert_eq!(widths, [13.0, 64.0, 32.0]);
    // The network itself is wider by the scale of each layer's output.
    let channels: Vec<usize> = graph.nodes().iter().map(|node| node.output_shape[0]).collect();
    assert_eq!(channels, [13, 256, 256, 64, 64, 1]);

    // After `flatten` the channels count positions too.
    let graph = support::case("cnn_param_standard_flatten").unwrap().check(&[8, 8, 3]).unwrap();
    let Operation::Dense(readout) = &graph.node(graph.output()).operation else {
        panic!("expected a readout")
    };
    assert_eq!(readout.parameterization, LayerParameterization::Standard { input_width: 1024.0 });
}

#[test]
fn a_layer_may_choose_its_own_parameterization() {
    let graph = check(
        r#"{"parameterization": "standard",
            "layers": [{"dense": {"width": 4, "parameterization": "ntk"}}, "relu", "dense"]}"#,
        &[3],
    );
    let parameterizations: Vec<_> = graph
        .nodes()
        .iter()
        .filter_map(|node| match &node.operation {
            Operation::Dense(dense) => Some(dense.parameterization),
            _ => None,
        })
        .collect();
    let standard = LayerParameterization::Standard { input_width: 4.0 };
    assert_eq!(parameterizations, [LayerParameterization::Ntk, standard]);
}

#[test]
fn flatten_leaves_a_vector_as_it_is() {
    let graph = check(r#"{"layers": ["dense", "flatten", "relu", "dense"]}"#, &[13]);
    assert_eq!(graph.nodes()[2].output_shape, [1]);
}

#[test]
fn a_nonlinearity_may_follow_pooled_gaussians() {
    check(
        r#"{"layers": [{"conv": {"filter": [3]}}, "global_avg_pool", "identity", "erf", "dense"]}"#,
        &[9, 2],
    );
}

#[test]
fn the_canonical_graph_tells_different_graphs_apart() {
    let variants = [
        (r#"{"layers": ["flatten", {"dense": {"w_std": 1.0}}]}"#, [4, 4, 1]),
        (r#"{"layers": ["flatten", {"dense": {"w_std": 1.0000000000000002}}]}"#, [4, 4, 1]),
        (r#"{"layers": ["flatten", {"dense": {"b_std": 0.0}}]}"#, [4, 4, 1]),
        (r#"{"layers": ["global_avg_pool", "dense"]}"#, [4, 4, 1]),
        (r#"{"layers": ["flatten", "dense"]}"#, [2, 8, 1]),
        (r#"{"parameterization": "standard", "layers": ["flatten", "dense"]}"#, [4, 4, 1]),
        (r#"{"layers": [{"conv": {"filter": [3, 3], "padding": "same"}}, "flatten", "dense"]}"#, [4, 4, 1]),
        (
            r#"{"layers": [{"conv": {"filter": [3, 3], "padding": "circular"}}, "flatten", "dense"]}"#,
            [4, 4, 1],
        ),
    ];
    let canonical: Vec<String> =
        variants.iter().map(|(json, shape)| check(json, shape).canonical()).collect();
    for (index, text) in canonical.iter().enumerate() {
        assert!(!canonical[..index].contains(text), "{text}");
        assert!(!text.contains("layer ") && !text.contains('\n'));
    }
}

proptest! {
    /// Brute force: pad a list of positions on both sides, then walk over it in strides.
    #[test]
    fn output_shapes_count_the_windows_on_the_padded_axis(
        length in 1_usize..14, taps in 1_usize..7, stride in 1_usize..5, mode in 0..3,
    ) {
        let padding = [Padding::Circular, Padding::Same, Padding::Valid][mode as usize];
        let conv = ConvSpec { strides: vec![stride], padding, ..ConvSpec::new(vec![taps]) };
        let layers = vec![Layer::Conv(conv), Layer::GlobalAvgPool];
        let checked = Architecture::new(Parameterization::Ntk, layers).check(&[length, 1]);
        let added = match padding {
            // The least padding with which the last window, one stride at a time, still starts inside the input.
            Padding::Circular | Padding::Same => {
                let last_start = (0..length).step_by(stride).next_back().unwrap();
                (last_start + taps).saturating_sub(length)
            }
            _ => 0,
        };
        let windows = (0..length + added).step_by(stride).filter(|start| start + taps <= length + added).count();
        match checked {
            Ok(graph) => {
                prop_assert_eq!(graph.nodes()[1].output_shape[0], windows);
                let Operation::Conv(conv) = &graph.nodes()[1].operation else { panic!("expected a convolution") };
                prop_assert_eq!(conv.pad_before[0], added / 2);
            }
            Err(ArchitectureError::FilterDoesNotFit { .. }) => prop_assert_eq!(windows, 0),
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn no_text_makes_the_parsers_panic(text in ".{0,80}") {
        let _ = Architecture::from_json(&text);
        let _ = Architecture::from_toml(&text);
        let _ = Architecture::named(&text);
        let _ = Architecture::from_json(&format!(r#"{{"layers": [{text}]}}"#));
    }
}
