//! Networks that PyTorch exported, against the same networks written by hand; and files that are no networks.

use std::path::PathBuf;

use isotypic_architecture::{Architecture, ArchitectureError};

/// The folder of files, which `make.py` there describes.
fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../isotypic-onnx/fixtures").join(format!("{name}.onnx"))
}

fn read(name: &str) -> Result<Architecture, ArchitectureError> {
    Architecture::from_file(&fixture(name))
}

/// √(1/3), and √(1/(3n)) for the fan-ins n that occur, computed with 40 digits and rounded.
///
/// ```python
/// from mpmath import *; mp.dps = 40
/// print(nstr(sqrt(mpf(1)/3), 17), [nstr(1/sqrt(mpf(3)*n), 17) for n in (3, 4, 5, 6, 8, 9, 16, 18, 27, 36, 54, 64, 192)])
/// ```
const W: &str = r#""w_std": 0.5773502691896257"#;

/// Every network with the inputs it is for.
const NETWORKS: [(&str, &[usize], &str); 12] = [
    (
        "mlp",
        &[8, 8, 1],
        r#""flatten", {"dense": {"width": 16, W, "b_std": 0.07216878364870322}}, "relu",
           {"dense": {"width": 8, W, "b_std": 0.14433756729740643}}, "tanh", {"dense": {W, "b_std": 0.2041241452319315}}"#,
    ),
    (
        "vectors",
        &[64],
        r#""flatten", {"dense": {"width": 16, W, "b_std": 0.07216878364870322}}, "gelu", {"dense": {"width": 16, W}},
           {"leaky_relu": {"alpha": 0.2}}, {"dense": {W, "b_std": 0.14433756729740643}}"#,
    ),
    (
        "cnn_flatten",
        &[8, 8, 1],
        r#"{"conv": {"filter": [3, 3], "width": 4, W, "b_std": 0.19245008972987526}}, "relu",
           {"avg_pool": {"window": [2, 2], "strides": [2, 2]}},
           {"conv": {"filter": [3, 3], "padding": "same", "width": 6, W, "b_std": 0.09622504486493763}}, "sigmoid",
           "flatten", {"dense": {W, "b_std": 0.07856742013183861}}"#,
    ),
    (
        "cnn_pooled",
        &[8, 8, 1],
        r#"{"conv": {"filter": [3, 3], "padding": "circular", "width": 4, W, "b_std": 0.19245008972987526}}, "relu",
           "global_avg_pool", {"dense": {W, "b_std": 0.28867513459481287}}"#,
    ),
    (
        "strided",
        &[8, 8, 1],
        r#"{"conv": {"filter": [3, 3], "strides": [2, 2], "padding": [[1, 1], [1, 1]], "width": 4, W, "b_std": 0.19245008972987526}},
           "softplus",
           {"avg_pool": {"window": [2, 2], "strides": [2, 2], "padding": [[1, 1], [1, 1]], "normalize_edges": true}},
           "flatten", {"dense": {W, "b_std": 0.09622504486493763}}"#,
    ),
    (
        // 4 · 9 products for a value, of weights with variance 1/(3 · 3 · 9), so that `w_std` is √(4/9); an output of row 0 reads the
        // input of row 0 with the middle of the filter.
        "transposed",
        &[8, 8, 1],
        r#"{"conv": {"filter": [3, 3], "strides": [2, 2], "padding": [[1, 1], [1, 1]], "width": 4, W, "b_std": 0.19245008972987526}},
           "silu",
           {"conv_transpose": {"filter": [3, 3], "strides": [2, 2], "padding": [[1, 2], [1, 2]], "width": 3,
             "w_std": 0.6666666666666666, "b_std": 0.1111111111111111}},
           {"gelu": {"approximate": true}}, "flatten", {"dense": {W, "b_std": 0.041666666666666664}}"#,
    ),
    (
        "residual",
        &[8, 8, 1],
        r#"{"conv": {"filter": [3, 3], "padding": "same", "width": 4, W, "b_std": 0.19245008972987526}},
           {"residual": ["relu", {"conv": {"filter": [3, 3], "padding": "same", "width": 4, W, "b_std": 0.09622504486493763}},
             "relu", {"conv": {"filter": [3, 3], "padding": "same", "width": 4, W}}]},
           {"sum": [[{"conv": {"filter": [1, 1], "strides": [2, 2], "width": 6, W, "b_std": 0.28867513459481287}}],
             ["relu",
              {"conv": {"filter": [3, 3], "strides": [2, 2], "padding": [[1, 1], [1, 1]], "width": 6, W, "b_std": 0.09622504486493763}},
              "relu", {"conv": {"filter": [3, 3], "padding": "same", "width": 6, W}}]]},
           "relu", "global_avg_pool", {"dense": {W, "b_std": 0.23570226039551584}}"#,
    ),
    (
        "viewed",
        &[8, 8, 1],
        r#"{"conv": {"filter": [3, 3], "padding": "same", "dilation": [2, 2], "width": 3, W, "b_std": 0.19245008972987526}},
           "gelu", "flatten", {"dense": {W, "b_std": 0.041666666666666664}}"#,
    ),
    (
        "channels_last",
        &[8, 8, 1],
        r#"{"conv": {"filter": [2, 2], "strides": [2, 2], "width": 4, W, "b_std": 0.28867513459481287}},
           {"residual": [{"layer_norm": {"epsilon": 1e-5}}, "silu", {"dense": {"width": 4, W, "b_std": 0.28867513459481287}}]},
           "global_avg_pool", {"dense": {W, "b_std": 0.28867513459481287}}"#,
    ),
    (
        "concatenated",
        &[8, 8, 1],
        r#"{"conv": {"filter": [3, 3], "padding": "same", "width": 2, W, "b_std": 0.19245008972987526}}, "relu",
           {"concat": {"branches": [["identity"],
             [{"conv": {"filter": [3, 3], "padding": "same", "width": 3, W, "b_std": 0.13608276348795434}}, "tanh"]]}},
           "global_avg_pool", {"dense": {W, "b_std": 0.2581988897471611}}"#,
    ),
    (
        "max_pool",
        &[8, 8, 1],
        r#"{"conv": {"filter": [3, 3], "width": 4, W, "b_std": 0.19245008972987526}}, "relu",
           {"max_pool": {"window": [2, 2], "strides": [2, 2]}}, "flatten", {"dense": {W, "b_std": 0.09622504486493763}}"#,
    ),
    (
        "sirens",
        &[3],
        r#""flatten", {"dense": {"width": 16, W, "b_std": 0.3333333333333333}}, {"sin": {"b": 30}},
           {"dense": {W, "b_std": 0.14433756729740643}}"#,
    ),
];

#[test]
fn networks_of_both_exporters_are_those_written_by_hand() {
    for (name, shape, layers) in NETWORKS {
        let text = format!(r#"{{"parameterization": "standard", "layers": [{layers}]}}"#)
            .replace("W,", &format!("{W},"));
        let text = text.replace("W}", &format!("{W}}}"));
        let by_hand = Architecture::from_json(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        for name in [name.to_owned(), format!("{name}_traced")] {
            let network = read(&name).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(network.to_canonical_json(), by_hand.to_canonical_json(), "{name}");
            // Equal graphs have equal kernels, bit for bit.
            let [got, expected] =
                [&network, &by_hand].map(|network| network.check(shape).unwrap().canonical());
            assert_eq!(got, expected, "{name}");
            assert_eq!(network.name(), fixture(&name).display().to_string());
        }
    }
}

#[test]
fn inputs_for_which_the_network_was_not_made_are_refused() {
    let message = |name: &str, shape: &[usize]| read(name).unwrap().check(shape).unwrap_err().to_string();
    assert_eq!(
        message("cnn_flatten", &[28, 28, 1]),
        "input: expected shape `[8, 8, 1]`, for which the network was made, got `[28, 28, 1]`"
    );
    assert!(message("vectors", &[63]).starts_with("input: expected shape `[64]`"));
    // Vectors may be given as images of as many numbers.
    assert_eq!(read("vectors").unwrap().check(&[8, 8, 1]).unwrap().output_width(), 1);
}

#[test]
fn nodes_without_a_layer_are_named_with_the_reason() {
    for (name, expected) in [
        (
            "max_pool_dilated",
            "node 3 (`MaxPool`): attribute `dilations`: expected 1 everywhere for pooling, got `[2, 2]`",
        ),
        (
            "max_pool_column_major",
            "node 3 (`MaxPool`): attribute `storage_order`: expected 0, since no layer gives the places that it orders, got `1`",
        ),
        ("max_pool_indices", "node 3 (`MaxPool`): gives the places of the maxima, which are read"),
        ("max_pool_zeros", "node 4 (`MaxPool`): takes the maximum of zeros too, which node 3 (`Pad`) adds"),
        (
            "max_pool_any_size",
            "node 3 (`GlobalMaxPool`): takes the maximum over [batch, 2 channels, ? positions, ? positions], whose extents are not known",
        ),
        ("elu", "node 2 `node_Elu_4` (`Elu`): this nonlinearity has no closed kernel here"),
        ("grouped", "node 3 `node_conv2d_1` (`Conv`): has 2 groups of channels"),
        ("shared_weights", "node 3 (`Gemm`): shares its weights with node 1 (`Gemm`)"),
        ("crossing_branches", "node 2 (`Gemm`): is read by branches that meet in different places"),
        (
            "cyclic",
            "node 1 (`Relu`): input `b` comes from node 2 (`Relu`), which does not come before it: the graph has a cycle or is not sorted",
        ),
        ("missing_weights", "node 1 (`Gemm`): input `w` is given by no node, no input and no weights"),
        ("wrong_weights", "node 1 (`Gemm`): expected weights for [batch, 4 channels], got 5 × 4"),
    ] {
        let error = read(name).unwrap_err();
        assert_eq!(error.to_string(), expected);
        assert!(error.hint().is_some() || expected.contains("attribute"), "{name}");
    }
}

/// PyTorch writes it in training mode only if asked to.
#[test]
fn batch_normalisation_of_a_network_in_training_is_a_layer() {
    let by_hand = format!(
        r#"{{"parameterization": "standard", "layers": [
            {{"conv": {{"filter": [3, 3], "width": 4, {W}, "b_std": 0.19245008972987526}}}}, {{"batch_norm": {{"epsilon": 1e-5}}}}, "relu",
            "flatten", {{"dense": {{{W}, "b_std": 0.048112522432468816}}}}]}}"#
    );
    let [got, expected] = [read("batch_norm").unwrap(), Architecture::from_json(&by_hand).unwrap()]
        .map(|network| network.check(&[8, 8, 1]).unwrap().canonical());
    assert_eq!(got, expected);
}

/// A convolution of 3×3 to two channels and a rectifier, then these layers, then a readout.
#[test]
fn maxima_are_layers_that_read_inside_the_border() {
    for (name, side, pooling) in [
        ("global", 8, r#"{"max_pool": {"window": [6, 6]}}, "global_avg_pool""#),
        ("reduced", 8, r#"{"max_pool": {"window": [6, 6]}}, "global_avg_pool""#),
        (
            "padded",
            8,
            r#"{"max_pool": {"window": [3, 3], "strides": [2, 2], "padding": [[1, 1], [1, 1]]}}, "flatten""#,
        ),
        (
            "ceil",
            7,
            r#"{"max_pool": {"window": [2, 2], "strides": [2, 2], "padding": [[0, 1], [0, 1]]}}, "flatten""#,
        ),
        ("circular", 8, r#"{"max_pool": {"window": [3, 3], "padding": "circular"}}, "flatten""#),
    ] {
        let text = format!(
            r#"{{"parameterization": "standard", "layers": [{{"conv": {{"filter": [3, 3], "width": 2, {W}}}}}, "relu",
                {pooling}, {{"dense": {{{W}}}}}]}}"#
        );
        let by_hand = Architecture::from_json(&text).unwrap();
        let network = read(&format!("max_pool_{name}")).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(network.to_canonical_json(), by_hand.to_canonical_json(), "{name}");
        let shape = [side, side, 1];
        let [got, expected] = [&network, &by_hand].map(|network| network.check(&shape).unwrap().canonical());
        assert_eq!(got, expected, "{name}");
    }
}

#[test]
fn layers_that_do_not_fit_name_their_node() {
    let error = read("relu_twice").unwrap().check(&[8, 8, 1]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "node 2 `node_relu` (`Relu`): layer 2 (`relu`): expected a gaussian input, got the raw input"
    );
    assert_eq!(error.hint().unwrap(), "put a `dense` or `conv` layer before it");
}

#[test]
fn functions_of_several_operators_and_weights_with_values_are_read() {
    let gelu = read("gelu_by_erf").unwrap().to_canonical_json();
    assert!(gelu.contains(r#"{"gelu":{"approximate":false}}"#), "{gelu}");
    assert!(read("with_weights").unwrap().check(&[4]).is_ok());
}

#[test]
fn parts_of_files_and_other_files_are_refused() {
    let bytes = std::fs::read(fixture("with_weights")).unwrap();
    for end in 0..bytes.len() {
        // Fields that may be missing come last, so that some parts are files.
        if let Err(error) = Architecture::from_onnx(bytes[..end].to_vec()) {
            assert!(!error.to_string().is_empty() && error.hint().is_some(), "{end}: {error}");
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.onnx");
    std::fs::write(&path, "layers = [\"dense\"]\n").unwrap();
    let error = Architecture::resolve(&path.display().to_string()).unwrap_err();
    assert!(error.to_string().starts_with("onnx file: expected a protobuf message of ONNX"), "{error}");
    let error = Architecture::resolve("nowhere/net.onnx").unwrap_err();
    assert!(error.to_string().starts_with("architecture file `nowhere/net.onnx`: "), "{error}");
}

#[test]
fn explicit_padding_is_read_and_checked() {
    let layers = |padding: &str| {
        format!(
            r#"{{"layers": [{{"conv": {{"filter": [3, 2], "strides": [2, 1], "padding": {padding}}}}}, "flatten"]}}"#
        )
    };
    let graph = Architecture::from_json(&layers("[[1, 1], [0, 1]]")).unwrap().check(&[8, 5, 1]).unwrap();
    assert_eq!(graph.nodes()[1].output_shape, [4, 5, 1]);
    let message = |padding: &str| {
        Architecture::from_json(&layers(padding)).unwrap().check(&[8, 5, 1]).unwrap_err().to_string()
    };
    let expected = "layer 1 (`conv`): option `padding`: expected 2 pairs of numbers below the extent of the filter, got ";
    assert_eq!(message("[[1, 1]]"), format!("{expected}`[[1, 1]]`"));
    assert_eq!(message("[[1, 3], [0, 0]]"), format!("{expected}`[[1, 3], [0, 0]]`"));
    assert_eq!(
        message("[[0, 9007199254740993], [0, 0]]"),
        format!("{expected}`[[0, 9007199254740993], [0, 0]]`")
    );
}
