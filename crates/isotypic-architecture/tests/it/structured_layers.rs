//! Pooling, normalisation, dropout, attention, branches and repetitions: graphs and mistakes.

use isotypic_architecture::{
    Architecture, ArchitectureError, ConcatAxis, Layer, LayerGraph, Operation, Parameterization,
};

fn check(layers: &str, shape: &[usize]) -> Result<LayerGraph, ArchitectureError> {
    Architecture::from_json(&format!(r#"{{"layers": [{layers}]}}"#))?.check(shape)
}

/// Message of the first error, reading or checking, on images of 8×8 with 3 channels.
fn message(layers: &str) -> String {
    let error = check(layers, &[8, 8, 3]).unwrap_err();
    assert!(error.hint().is_some(), "{error}");
    error.to_string()
}

#[test]
fn branches_become_nodes_with_several_inputs() {
    let graph = check(
        r#"{"conv": {"filter": [3, 3], "padding": "same", "width": 2}},
           {"sum": [["identity"], ["relu", {"conv": {"filter": [1, 1], "width": 2}}]]},
           {"concat": {"branches": [["relu"], [{"dense": {"width": 5}}, "erf"]]}},
           "flatten", "dense""#,
        &[8, 8, 3],
    )
    .unwrap();
    let summary: Vec<(&str, Vec<usize>, &[usize])> = graph
        .nodes()
        .iter()
        .map(|node| {
            let inputs = node.inputs.iter().map(|input| input.index()).collect();
            (node.operation.name(), inputs, node.output_shape.as_slice())
        })
        .collect();
    let expected: [(&str, &[usize], &[usize]); 11] = [
        ("input", &[], &[8, 8, 3]),
        ("conv", &[0], &[8, 8, 2]),
        ("identity", &[1], &[8, 8, 2]),
        ("relu", &[1], &[8, 8, 2]),
        ("conv", &[3], &[8, 8, 2]),
        ("sum", &[2, 4], &[8, 8, 2]),
        ("relu", &[5], &[8, 8, 2]),
        ("dense", &[5], &[8, 8, 5]),
        ("erf", &[7], &[8, 8, 5]),
        ("concat", &[6, 8], &[8, 8, 7]),
        ("flatten", &[9], &[448]),
    ];
    for (got, expected) in summary.iter().zip(expected) {
        assert_eq!((got.0, got.1.as_slice(), got.2), expected);
    }
    assert_eq!(graph.nodes()[4].path, "layer 2 (`sum`), branch 2, layer 2 (`conv`)");
    assert_eq!(graph.nodes()[9].operation, Operation::Concat(ConcatAxis::Channels));
}

#[test]
fn residual_is_the_sum_with_the_input_and_repeat_writes_layers_out() {
    let graph =
        check(r#""dense", {"repeat": {"times": 2, "layers": [{"residual": ["relu", "dense"]}]}}"#, &[3])
            .unwrap();
    let names: Vec<_> = graph.nodes().iter().map(|node| node.operation.name()).collect();
    assert_eq!(names, ["input", "dense", "relu", "dense", "sum", "relu", "dense", "sum"]);
    let inputs: Vec<_> = graph.nodes()[4].inputs.iter().map(|input| input.index()).collect();
    assert_eq!(inputs, [1, 3]);
    assert_eq!(
        graph.nodes()[6].path,
        "layer 2 (`repeat`), repetition 2, layer 1 (`residual`), layer 2 (`dense`)"
    );
    assert_eq!(graph.nodes()[7].path, "layer 2 (`repeat`), repetition 2, layer 1 (`residual`)");
}

#[test]
fn concat_along_a_spatial_axis_keeps_gaussians_and_along_channels_does_not() {
    let branches = r#"[["dense"], ["dense"]]"#;
    let graph = check(
        &format!(r#"{{"concat": {{"axis": 2, "branches": {branches}}}}}, "relu", "flatten""#),
        &[8, 5, 3],
    );
    assert_eq!(graph.unwrap().nodes()[3].output_shape, [8, 10, 1]);
    assert_eq!(
        message(&format!(r#"{{"concat": {{"branches": {branches}}}}}, "relu""#)),
        "layer 2 (`relu`): expected a gaussian input, got the output of layer 1 (`concat`)"
    );
}

#[test]
fn shapes_and_options_that_do_not_fit() {
    let conv = r#"{"conv": {"filter": [3, 3]}}"#;
    for (layers, expected) in [
        (
            r#"{"avg_pool": {"window": [9, 2]}}"#.to_owned(),
            "layer 1 (`avg_pool`): window 9×2 does not fit: expected at most the input's 8×8",
        ),
        (
            r#"{"sum_pool": {"window": [2]}}"#.to_owned(),
            "layer 1 (`sum_pool`): window `[2]`: expected an input with 1 spatial axes and channels, got shape `[8, 8, 3]`",
        ),
        (r#""avg_pool""#.to_owned(), "layer 1 (`avg_pool`): option `window` is missing"),
        (
            r#"{"sum_pool": {"window": [2, 2], "normalize_edges": true}}"#.to_owned(),
            "layer 1 (`sum_pool`): unknown option `normalize_edges`",
        ),
        (
            r#"{"avg_pool": {"window": [2, 2], "strides": [2]}}"#.to_owned(),
            "layer 1 (`avg_pool`): option `strides`: expected as many entries as `window`, 2, got `[2]`",
        ),
        (
            r#""flatten", {"avg_pool": {"window": [2, 2]}}"#.to_owned(),
            "layer 2 (`avg_pool`): expected an input with spatial axes, got the vector shape `[192]`",
        ),
        (
            r#""flatten", "global_sum_pool""#.to_owned(),
            "layer 2 (`global_sum_pool`): expected an input with spatial axes, got the vector shape `[192]`",
        ),
        (
            r#""flatten", "self_attention""#.to_owned(),
            "layer 2 (`self_attention`): expected an input with spatial axes, got the vector shape `[192]`",
        ),
        (
            r#"{"self_attention": {"w_key_std": -1}}"#.to_owned(),
            "layer 1 (`self_attention`): option `w_key_std`: expected a positive number from 1e-75 to 1e75, got `-1`",
        ),
        (
            r#"{"self_attention": {"mechanism": "relu", "scaling": "sqrt"}}"#.to_owned(),
            "layer 1 (`self_attention`): option `scaling`: expected `linear`, since with `sqrt` there are kernels for \
             the mechanisms `identity` and `softmax` only, got `sqrt`",
        ),
        (
            r#"{"self_attention": {"positional_embedding": {"type": "sum", "p_norm": 3}}}"#.to_owned(),
            "layer 1 (`self_attention`): option `positional_embedding.p_norm`: expected a number greater than 0 and at most \
             2, got `3.0`",
        ),
        (
            r#"{"self_attention": {"positional_embedding": {"type": "sum", "decay": {"linear": 3}}}}"#
                .to_owned(),
            "layer 1 (`self_attention`): option `positional_embedding`: option `decay`: expected a table such as \
             `{\"exponential\": 0.5}` or `{\"rational\": 1.0}`, got a table of 1 entries",
        ),
        (
            r#""dense", {"layer_norm": {"axes": []}}"#.to_owned(),
            "layer 2 (`layer_norm`): option `axes`: expected at least the channel axis, `[-1]`, got `[]`",
        ),
        (
            r#""dense", {"layer_norm": {"axes": [1, 2]}}"#.to_owned(),
            "layer 2 (`layer_norm`): option `axes`: expected axes with the channel axis -1 among them, got `[1, 2]`",
        ),
        (
            r#""dense", {"layer_norm": {"axes": [0, 3]}}"#.to_owned(),
            "layer 2 (`layer_norm`): option `axes`: expected axes from 1 to 3 (0 is the batch) or from -3 to -1, got \
             `[0, 3]`",
        ),
        (
            r#""dense", {"layer_norm": {"axes": [3, -1]}}"#.to_owned(),
            "layer 2 (`layer_norm`): option `axes`: expected each axis once, got `[3, -1]`",
        ),
        (
            r#""layer_norm""#.to_owned(),
            "layer 1 (`layer_norm`): expected a gaussian input, got the raw input",
        ),
        (
            r#""dense", {"dropout": {"keep_rate": 0}}"#.to_owned(),
            "layer 2 (`dropout`): option `keep_rate`: expected a probability of keeping, greater than 0 and at most 1, got \
             `0`",
        ),
        (
            r#""dense", {"dropout": {"keep_rate": 1.5}}"#.to_owned(),
            "layer 2 (`dropout`): option `keep_rate`: expected a probability of keeping, greater than 0 and at most 1, got \
             `1.5`",
        ),
        (
            r#"{"dropout": {"keep_rate": 0.5}}"#.to_owned(),
            "layer 1 (`dropout`): expected hidden units, got the raw input",
        ),
        (
            format!(r#"{{"sum": [["dense"], [{conv}]]}}"#),
            "layer 1 (`sum`): expected branches with equal shapes, got shapes `[8, 8, 1]` of branch 1 and `[6, 6, 1]` of \
             branch 2",
        ),
        (
            format!(r#"{{"concat": {{"branches": [["dense"], [{conv}]]}}}}"#),
            "layer 1 (`concat`): expected branches with shapes that differ along the axis only, got shapes `[8, 8, 1]` of \
             branch 1 and `[6, 6, 1]` of branch 2",
        ),
        (
            r#"{"concat": {"axis": 4, "branches": [["dense"], ["dense"]]}}"#.to_owned(),
            "layer 1 (`concat`): option `axis`: expected axes from 1 to 3 (0 is the batch) or from -3 to -1, got `4`",
        ),
        (
            r#"{"sum": [["dense"], ["relu"]]}"#.to_owned(),
            "layer 1 (`sum`), branch 2, layer 1 (`relu`): expected a gaussian input, got the raw input",
        ),
        (
            r#"{"sum": [["dense"], []]}"#.to_owned(),
            "layer 1 (`sum`), branch 2: expected at least one layer inside, got none",
        ),
        (
            r#"{"product": [["dense"]]}"#.to_owned(),
            "layer 1 (`product`): expected at least two branches, got 1",
        ),
        (
            r#"{"concat": {"branches": []}}"#.to_owned(),
            "layer 1 (`concat`): expected at least two branches, got 0",
        ),
        (
            r#"{"residual": []}"#.to_owned(),
            "layer 1 (`residual`): expected at least one layer inside, got none",
        ),
        (
            r#"{"sum": ["dense", "dense"]}"#.to_owned(),
            "layer 1 (`sum`), branch 1: expected a list of layers, got `\"dense\"`",
        ),
        (r#"{"repeat": {"layers": ["dense"]}}"#.to_owned(), "layer 1 (`repeat`): option `times` is missing"),
        (
            r#"{"sum": [["dense"], ["dnese"]]}"#.to_owned(),
            "layer 1 (`sum`), branch 2, layer 1 (`dnese`): unknown layer",
        ),
    ] {
        assert_eq!(message(&layers), expected);
    }
}

#[test]
fn branches_whose_covariances_do_not_add_are_refused() {
    for (layers, expected) in [
        (
            r#""dense", {"sum": [["identity"], ["identity"]]}"#,
            "layer 2 (`sum`): expected independent branches, but branches 1 and 2 pass on the same units of layer 1 (`dense`)",
        ),
        (
            r#""dense", {"residual": [{"residual": ["relu", "dense"]}]}"#,
            "layer 2 (`residual`): expected independent branches, but branches 1 and 2 pass on the same units of layer 1 \
             (`dense`)",
        ),
        (
            r#""dense", {"product": [["relu"], ["erf"]]}"#,
            "layer 2 (`product`): expected independent branches, but branches 1 and 2 pass on the same units of layer 1 \
             (`dense`)",
        ),
        (
            r#"{"sum": [["dense", "relu"], ["dense"], ["dense", "erf"]]}"#,
            "layer 1 (`sum`): expected at most one branch with outputs that are not gaussian, got branches 1 and 3",
        ),
        (
            r#"{"concat": {"axis": 1, "branches": [["dense", "relu"], ["dense", "relu"]]}}"#,
            "layer 1 (`concat`): expected at most one branch with outputs that are not gaussian, got branches 1 and 2",
        ),
    ] {
        assert_eq!(message(layers), expected);
    }
    // One branch may be anything, and products and channels need no centring.
    for layers in [
        r#"{"sum": [["identity"], [{"dense": {"width": 3}}]]}, "flatten""#,
        r#""dense", "relu", {"residual": ["dense"]}, "flatten""#,
        r#"{"product": [["dense", "relu"], ["dense", "erf"]]}, "flatten""#,
        r#""dense", {"concat": {"branches": [["relu"], ["relu"], ["identity"]]}}, "flatten""#,
    ] {
        assert!(check(layers, &[8, 8, 3]).is_ok(), "{layers}");
    }
}

#[test]
fn dropout_makes_values_non_gaussian_in_training_only() {
    let layers = |mode| format!(r#""dense", {{"dropout": {{"keep_rate": 0.5, "mode": "{mode}"}}}}, "relu""#);
    assert!(check(&layers("test"), &[3]).is_ok());
    let error = check(&layers("train"), &[3]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "layer 3 (`relu`): expected a gaussian input, got the output of layer 2 (`dropout`)"
    );
}

#[test]
fn nesting_and_repetition_are_bounded() {
    let nested = |depth: usize| {
        let mut layers = r#""dense""#.to_owned();
        for _ in 0..depth {
            layers = format!(r#"{{"residual": [{layers}]}}"#);
        }
        layers
    };
    // 32 levels are read, though this network is refused for its branches.
    assert!(matches!(check(&nested(32), &[1]), Err(ArchitectureError::NotGaussianBranches { .. })));
    assert!(matches!(check(&nested(33), &[1]), Err(ArchitectureError::NestedTooDeeply { .. })));
    let sums = format!(r#"{}"dense"{}"#, r#"{"sum": [["dense"], ["#.repeat(10_000), "]]}".repeat(10_000));
    for layers in [nested(10_000), sums] {
        assert!(matches!(check(&layers, &[1]), Err(ArchitectureError::Syntax { .. })));
    }

    // Built in code, past the parser.
    let mut layer = Layer::Identity;
    for _ in 0..1_000 {
        layer = Layer::Residual(vec![layer]);
    }
    let error = Architecture::new(Parameterization::Ntk, vec![layer]).check(&[3]).unwrap_err();
    assert!(matches!(error, ArchitectureError::NestedTooDeeply { .. }));

    let repeated =
        |times: usize, layers: &str| format!(r#"{{"repeat": {{"times": {times}, "layers": [{layers}]}}}}"#);
    assert_eq!(check(&repeated(10_000, r#""dense""#), &[1]).unwrap().nodes().len(), 10_001);
    let endless = repeated(usize::MAX, &repeated(usize::MAX, r#""identity""#));
    for layers in [repeated(10_001, r#""dense""#), endless] {
        let error = check(&layers, &[1]).unwrap_err();
        assert!(
            error.to_string().ends_with(
                "expected at most 10000 layers in all, branches and repetitions included, got more"
            )
        );
    }
}
