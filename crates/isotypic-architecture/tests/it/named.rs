//! Named architectures and files.

use std::path::Path;

use isotypic_architecture::{Architecture, ArchitectureError, Layer, Operation};

fn names(architecture: &Architecture) -> Vec<&'static str> {
    architecture.layers.iter().map(Layer::name).collect()
}

#[test]
fn mlp_is_flatten_hidden_layers_and_a_readout() {
    let written = r#"{"layers": ["flatten", {"dense": {"w_std": 1.0, "b_std": 1.0}}, "relu",
                      {"dense": {"w_std": 1.0, "b_std": 1.0}}, "relu", {"dense": {"w_std": 1.0, "b_std": 1.0}}]}"#;
    let named = Architecture::named("mlp:2").unwrap();
    assert_eq!(named.to_canonical_json(), Architecture::from_json(written).unwrap().to_canonical_json());
    assert_eq!(named.name(), "mlp:2");
    assert_eq!(Architecture::named("mlp").unwrap().layers, Architecture::named("mlp:1").unwrap().layers);
    for shape in [&[13][..], &[28, 28, 1], &[4, 4, 4, 2]] {
        assert_eq!(named.check(shape).unwrap().output_width(), 1);
    }
}

#[test]
fn cnn_and_cnn_gap_differ_in_how_positions_collapse() {
    let written = r#"{"layers": [{"conv": {"filter": [3, 3], "padding": "circular", "w_std": 1.0}}, "relu",
                      "flatten", {"dense": {"w_std": 1.0}}]}"#;
    let cnn = Architecture::named("cnn").unwrap();
    assert_eq!(cnn.to_canonical_json(), Architecture::from_json(written).unwrap().to_canonical_json());
    let deep = Architecture::named("cnn-gap:3").unwrap();
    let expected = ["conv", "relu", "conv", "relu", "conv", "relu", "global_avg_pool", "dense"];
    assert_eq!(names(&deep), expected);
    assert!(deep.check(&[28, 28, 1]).is_ok());
}

#[test]
fn named_convolutions_are_for_images_only() {
    for shape in [&[784][..], &[28, 1], &[4, 4, 4, 1]] {
        let error = Architecture::named("cnn").unwrap().check(shape).unwrap_err();
        assert!(matches!(error, ArchitectureError::FilterRank { .. }), "{error}");
    }
    let error = Architecture::named("cnn").unwrap().check(&[784]).unwrap_err();
    assert_eq!(
        error.hint().unwrap(),
        "convolutions need images; for vectors use `dense`, or the architecture `mlp`"
    );
}

#[test]
fn depths_are_plain_positive_numbers() {
    for depth in ["", "0", "x", "-1", "+5", "05", "1.5", "1001", "5:5", " 5"] {
        let name = format!("mlp:{depth}");
        let error = Architecture::named(&name).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("architecture `{name}`: expected a depth from 1 to 1000, got `{depth}`")
        );
        assert!(error.hint().is_some());
    }
    assert!(Architecture::named("cnn:").is_err());
    assert_eq!(Architecture::named("mlp:1000").unwrap().layers.len(), 2002);
}

#[test]
fn unknown_names_suggest_the_nearest() {
    let hint = |name: &str| {
        let error = Architecture::resolve(name).unwrap_err();
        assert_eq!(error.to_string(), format!("unknown architecture `{name}`"));
        error.hint().unwrap()
    };
    assert_eq!(hint("mpl"), "did you mean `mlp`?");
    assert_eq!(hint("CNN_GAP:3"), "did you mean `cnn-gap`?");
    assert_eq!(hint("nets/none.yaml"), "architecture files end in `.toml`, `.json` or `.onnx`");
    assert!(hint("transformer").starts_with("available: `mlp`, `cnn`, `cnn-gap`"));
}

#[test]
fn group_convolutional_networks_have_a_group_and_a_depth() {
    let written = r#"{"layers": [{"group_lift": {"group": "p4m", "filter": [3, 3]}}, "relu",
                      {"group_conv": {"filter": [3, 3]}}, "relu", "group_pool", {"dense": {"w_std": 1.0}}]}"#;
    let named = Architecture::named("gcnn:d4:2").unwrap();
    assert_eq!(named.to_canonical_json(), Architecture::from_json(written).unwrap().to_canonical_json());
    assert_eq!(named.name(), "gcnn:d4:2");
    assert_eq!(
        Architecture::named("gcnn:c4").unwrap().layers,
        Architecture::named("gcnn:c4:1").unwrap().layers
    );
    let shapes = |name: &str| Architecture::named(name).unwrap().check(&[6, 6, 2]).unwrap();
    assert_eq!(shapes("gcnn:c4").nodes()[1].output_shape, [6, 6, 4, 1]);
    assert_eq!(shapes("gcnn:d4:3").nodes()[3].output_shape, [6, 6, 8, 1]);
    let again = Architecture::from_json(&named.to_canonical_json()).unwrap();
    assert_eq!(again.to_canonical_json(), named.to_canonical_json());

    let error = |name: &str| Architecture::named(name).unwrap_err();
    assert_eq!(
        error("gcnn:d4:0").to_string(),
        "architecture `gcnn:d4:0`: expected a depth from 1 to 1000, got `0`"
    );
    for (name, hint) in [("gcnn", "`gcnn:c4`"), ("gcnn:c5", "`gcnn:c4`"), ("gcnn:2", "`gcnn:c4`")] {
        assert_eq!(error(name).to_string(), format!("unknown architecture `{name}`"));
        assert!(error(name).hint().unwrap().contains(hint), "{:?}", error(name).hint());
    }
}

#[test]
fn files_are_read_by_their_ending_and_named_after_their_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("a.json"), r#"{"layers": ["dense", "relu", "dense"]}"#).unwrap();
    std::fs::write(path("a.toml"), "layers = [\"dense\", { relu = {} }, \"dense\"]\n").unwrap();
    std::fs::write(path("b.toml"), "[[layers]]\ndense = { b_std = 1 }\n[[layers]]\nrelu = {}\n").unwrap();
    std::fs::write(path("a.yaml"), "layers: []").unwrap();
    std::fs::write(path("bytes.json"), [0xff, 0xfe, 0x00]).unwrap();
    std::fs::write(path("long.json"), " ".repeat(2_000_000)).unwrap();

    let json = Architecture::resolve(&path("a.json")).unwrap();
    let toml = Architecture::resolve(&path("a.toml")).unwrap();
    assert_eq!(json.layers, toml.layers);
    assert_eq!(json.name(), path("a.json"));
    assert_eq!(names(&Architecture::from_file(Path::new(&path("b.toml"))).unwrap()), ["dense", "relu"]);

    let error = |name: &str| Architecture::resolve(&path(name)).unwrap_err();
    assert!(matches!(error("a.yaml"), ArchitectureError::UnknownExtension { .. }));
    assert!(matches!(error("bytes.json"), ArchitectureError::Read { .. }));
    assert!(matches!(error("long.json"), ArchitectureError::TooLarge { .. }));
    assert!(matches!(error("missing.toml"), ArchitectureError::Read { .. }));
    assert!(error("missing.toml").to_string().starts_with("architecture file `"));
}

#[test]
fn structured_architectures_are_what_their_papers_draw() {
    let vit = Architecture::named("vit:2").unwrap();
    let expected =
        ["conv", "residual", "residual", "residual", "residual", "layer_norm", "global_avg_pool", "dense"];
    assert_eq!(names(&vit), expected);
    assert_eq!(vit.check(&[28, 28, 1]).unwrap().nodes()[1].output_shape, [7, 7, 1]);

    // WRN-28: 28 = 6·4 + 4 layers with weights, three of them beside others as shortcuts, the readout included.
    let resnet = Architecture::named("resnet:4").unwrap().check(&[32, 32, 3]).unwrap();
    let weights = |name: &str| resnet.nodes().iter().filter(|node| node.operation.name() == name).count();
    assert_eq!((weights("conv"), weights("sum"), weights("dense")), (25 + 3, 12, 1));
    let last_sum = resnet.nodes().iter().rfind(|node| node.operation.name() == "sum").unwrap();
    assert_eq!(last_sum.output_shape, [8, 8, 1]);

    let myrtle = Architecture::named("myrtle5").unwrap();
    let expected = [
        "conv",
        "relu",
        "conv",
        "relu",
        "avg_pool",
        "conv",
        "relu",
        "avg_pool",
        "conv",
        "relu",
        "global_avg_pool",
        "dense",
    ];
    assert_eq!(names(&myrtle), expected);
    assert_eq!(myrtle.check(&[32, 32, 3]).unwrap().nodes()[9].output_shape, [8, 8, 1]);
    assert!(myrtle.check(&[28, 28, 1]).is_ok());
    let error = Architecture::named("myrtle5:7").unwrap_err();
    assert_eq!(
        error.to_string(),
        "architecture `myrtle5:7`: expected no depth, since this architecture has a fixed one"
    );
    assert_eq!(error.hint().unwrap(), "pass `myrtle5`");

    for name in ["vit", "resnet:2", "myrtle5"] {
        let architecture = Architecture::named(name).unwrap();
        let again = Architecture::from_json(&architecture.to_canonical_json()).unwrap();
        assert_eq!(again.to_canonical_json(), architecture.to_canonical_json(), "{name}");
    }
}

/// Parameters and outputs of the PyTorch program behind Figure 1 of arXiv 2412.11521.
#[test]
fn the_network_of_figure_1_has_its_shapes_and_initial_variances() {
    let graph = Architecture::named("paper-cnn").unwrap().check(&[28, 28, 1]).unwrap();
    let shapes: Vec<(&str, &[usize])> =
        graph.nodes().iter().map(|node| (node.operation.name(), node.output_shape.as_slice())).collect();
    let expected: [(&str, &[usize]); 11] = [
        ("input", &[28, 28, 1]),
        ("conv", &[24, 24, 24]),
        ("relu", &[24, 24, 24]),
        ("max_pool", &[12, 12, 24]),
        ("conv", &[10, 10, 32]),
        ("relu", &[10, 10, 32]),
        ("max_pool", &[5, 5, 32]),
        ("flatten", &[800]),
        ("dense", &[256]),
        ("relu", &[256]),
        ("dense", &[1]),
    ];
    assert_eq!(shapes, expected);
    // Uniform within 1/√fan-in has variance 1/(3 fan-in); weights are divided by the root of the fan-in besides.
    let mut fan_ins = [25.0, 216.0, 800.0, 256.0].into_iter();
    for node in graph.nodes() {
        let (weight, bias) = match &node.operation {
            Operation::Dense(dense) => (dense.weight_variance, dense.bias_variance),
            Operation::Conv(conv) => (conv.weight_variance, conv.bias_variance),
            _ => continue,
        };
        assert!((weight - 1.0 / 3.0).abs() < 1e-15);
        assert!((bias.unwrap() * 3.0 * fan_ins.next().unwrap() - 1.0).abs() < 1e-12);
    }
    assert!(Architecture::named("paper-cnn:2").unwrap_err().to_string().contains("expected no depth"));
}

/// Maxima stand after Gaussian values or one nonlinearity of them, and one nonlinearity after maxima.
#[test]
fn what_may_stand_beside_maxima() {
    let check = |layers: &str| {
        let text = format!(r#"{{"layers": [{layers}, "flatten"]}}"#);
        Architecture::from_json(&text)
            .unwrap()
            .check(&[8, 8, 1])
            .map(|_| ())
            .map_err(|error| error.to_string())
    };
    let conv = r#"{"conv": {"filter": [1, 1]}}"#;
    let pool = r#"{"max_pool": {"window": [2, 2]}}"#;
    for layers in [
        format!("{conv}, {pool}"),
        format!(r#"{conv}, "relu", {pool}, {conv}, {pool}, "relu""#),
        format!(r#"{conv}, {{"avg_pool": {{"window": [2, 2]}}}}, "relu", {pool}, "relu", {conv}"#),
    ] {
        assert_eq!(check(&layers), Ok(()), "{layers}");
    }
    for (layers, message) in [
        (pool.to_owned(), "layer 1 (`max_pool`): expected a gaussian input, got the raw input"),
        (
            format!("{conv}, {pool}, {pool}"),
            "layer 3 (`max_pool`): expected a gaussian input, got the output of layer 2 (`max_pool`)",
        ),
        (
            format!(r#"{conv}, {pool}, "relu", {pool}"#),
            "layer 4 (`max_pool`): expected a gaussian input, got the output of layer 3 (`relu`)",
        ),
        (
            format!(r#"{conv}, {pool}, "relu", "relu""#),
            "layer 4 (`relu`): expected a gaussian input, got the output of layer 3 (`relu`)",
        ),
        (
            format!(r#"{conv}, "relu", {{"avg_pool": {{"window": [2, 2]}}}}, {pool}"#),
            "layer 4 (`max_pool`): expected a gaussian input, got the output of layer 2 (`relu`)",
        ),
        (
            r#"{"max_pool": {"window": [2, 2], "normalize_edges": true}}"#.to_owned(),
            "layer 1 (`max_pool`): unknown option `normalize_edges`",
        ),
    ] {
        let got = match Architecture::from_json(&format!(r#"{{"layers": [{layers}, "flatten"]}}"#)) {
            Err(error) => error.to_string(),
            Ok(_) => check(&layers).unwrap_err(),
        };
        assert_eq!(got, message, "{layers}");
    }
}
