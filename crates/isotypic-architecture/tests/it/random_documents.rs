//! No document, however strange, makes reading and checking panic; what is accepted runs.

use isotypic_architecture::{Architecture, FiniteNetwork};
use ndarray::Array2;
use proptest::prelude::*;
use serde_json::{Value, json};

fn option_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|value| json!(value)),
        (-3_i64..6).prop_map(|value| json!(value)),
        Just(json!(i64::MAX)),
        Just(json!(u64::MAX)),
        (-2.0..3.0_f64).prop_map(|value| json!(value)),
        Just(json!(1e300)),
        prop::collection::vec(-1_i64..5, 0..4).prop_map(|value| json!(value)),
        prop::sample::select(vec![
            "same",
            "circular",
            "valid",
            "train",
            "test",
            "softmax",
            "abs",
            "sqrt",
            "standard",
            "linear",
            "é",
            "p4",
            "p4m",
            "cyclic:2",
            "dihedral:3"
        ])
        .prop_map(|value| json!(value)),
        Just(json!({"type": "concat", "on_values": true, "decay": {"exponential": 0.5}})),
        Just(json!({"type": "sum"})),
    ]
}

fn simple_layer() -> impl Strategy<Value = Value> {
    let name = prop::sample::select(vec![
        "dense",
        "conv",
        "relu",
        "erf",
        "identity",
        "flatten",
        "global_avg_pool",
        "global_sum_pool",
        "avg_pool",
        "sum_pool",
        "max_pool",
        "layer_norm",
        "batch_norm",
        "dropout",
        "self_attention",
        "index",
        "image_resize",
        "aggregate",
        "conv_local",
        "conv_transpose",
        "group_lift",
        "group_conv",
        "group_pool",
        "nonsense",
        "",
    ]);
    let option = prop::sample::select(vec![
        "width",
        "w_std",
        "b_std",
        "filter",
        "window",
        "strides",
        "padding",
        "normalize_edges",
        "axes",
        "epsilon",
        "keep_rate",
        "mode",
        "mechanism",
        "scaling",
        "positional_embedding",
        "heads",
        "parameterization",
        "times",
        "slices",
        "shape",
        "method",
        "pattern",
        "dilation",
        "group",
    ]);
    // Layers that are right in themselves, so that deep documents get past their first layer.
    let sound = prop::sample::select(vec![
        json!("dense"),
        json!({"dense": {"width": 2, "b_std": 0.1}}),
        json!({"conv": {"filter": [2, 2], "padding": "same"}}),
        json!({"avg_pool": {"window": [2, 2], "padding": "same", "normalize_edges": true}}),
        json!({"max_pool": {"window": [2, 2], "strides": [2, 1], "padding": "same"}}),
        json!({"sum_pool": {"window": [2, 1], "strides": [2, 1]}}),
        json!({"dropout": {"keep_rate": 0.5}}),
        json!({"self_attention": {"positional_embedding": {"type": "concat", "on_values": true}}}),
        json!("layer_norm"),
        json!({"batch_norm": {"epsilon": 0.1}}),
        json!({"conv": {"filter": [2, 2], "padding": "circular", "dilation": [2, 1]}}),
        json!({"conv_local": {"filter": [2, 2], "padding": "same", "b_std": 0.1}}),
        json!({"conv_transpose": {"filter": [2, 3], "strides": [2, 1], "padding": "same"}}),
        json!({"index": {"slices": [[null, null, -1], [0, 2]]}}),
        json!({"image_resize": {"shape": [3, -1], "method": "linear"}}),
        json!({"aggregate": {"pattern": [[0.5, 1, 0], [0, 0, 1], [1, 0, -1]]}}),
        json!({"group_lift": {"group": "p4", "filter": [3, 3], "width": 2}}),
        json!({"group_lift": {"group": "p4m", "filter": [1, 1]}}),
        json!({"group_lift": {"group": "dihedral:3", "b_std": 0.1}}),
        json!({"group_conv": {"filter": [3, 3], "width": 2}}),
        json!("group_conv"),
        json!("group_pool"),
        json!("relu"),
        json!("identity"),
    ]);
    prop_oneof![
        3 => sound,
        1 => name.clone().prop_map(|name| json!(name)),
        1 => (name, prop::collection::btree_map(option, option_value(), 0..3))
            .prop_map(|(name, options)| json!({name: options})),
    ]
}

fn layer() -> impl Strategy<Value = Value> {
    simple_layer().prop_recursive(4, 24, 4, |inner| {
        let layers = prop::collection::vec(inner, 0..4);
        let branches = prop::collection::vec(layers.clone(), 0..4);
        prop_oneof![
            branches.clone().prop_map(|branches| json!({"sum": branches})),
            branches.clone().prop_map(|branches| json!({"product": branches})),
            (branches, -4_i64..5)
                .prop_map(|(branches, axis)| json!({"concat": {"axis": axis, "branches": branches}})),
            layers.clone().prop_map(|layers| json!({"residual": layers})),
            (layers.clone(), prop::sample::select(vec![0_u64, 1, 2, 3, u64::MAX]))
                .prop_map(|(layers, times)| json!({"repeat": {"times": times, "layers": layers}})),
            layers.prop_map(|layers| json!({"sum": layers})),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn random_documents_never_panic_and_accepted_ones_run(
        layers in prop::collection::vec(layer(), 0..5),
        shape in prop::sample::select(vec![vec![], vec![3], vec![4, 2], vec![3, 4, 2], vec![3, 3, 2], vec![2, 2, 2, 1]]),
        readout in any::<bool>(),
    ) {
        let mut layers = layers;
        if readout {
            layers.extend([json!("flatten"), json!("dense")]);
        }
        let text = json!({"layers": layers}).to_string();
        let Ok(architecture) = Architecture::from_json(&text) else { return Ok(()) };
        let canonical = architecture.to_canonical_json();
        let again = Architecture::from_json(&canonical).unwrap();
        prop_assert_eq!(again.to_canonical_json(), canonical);
        let Ok(graph) = architecture.check(&shape) else { return Ok(()) };
        for (index, node) in graph.nodes().iter().enumerate().skip(1) {
            prop_assert!(!node.inputs.is_empty() && node.inputs.iter().all(|input| input.index() < index));
            prop_assert_eq!(&node.input_shape, &graph.node(node.inputs[0]).output_shape);
        }
        let weights: usize = graph.nodes().iter().map(|node| node.output_shape.iter().product::<usize>()).sum();
        if graph.nodes().len() < 200 && weights < 10_000 {
            let network = FiniteNetwork::sample(&graph, 1).unwrap();
            let inputs = Array2::from_shape_fn((2, graph.input_size()), |(row, column)| (row + column) as f64 - 1.0);
            prop_assert_eq!(network.forward(&inputs).unwrap().dim(), (2, graph.output_width()));
        }
    }
}
