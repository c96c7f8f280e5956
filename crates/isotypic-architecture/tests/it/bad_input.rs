//! Every mistake has a message with its place, and a hint where one can be given.

use isotypic_architecture::{Architecture, ArchitectureError, ConvSpec, DenseSpec, Layer, Parameterization};

/// Message and hint of the first error, whether it shows when reading or when checking.
fn failure(json: &str, shape: &[usize]) -> (String, Option<String>) {
    let error = Architecture::from_json(json).and_then(|architecture| architecture.check(shape)).unwrap_err();
    (error.to_string(), error.hint())
}

/// The same for one layer on images of 8×8 with 3 channels.
fn layer_failure(layer: &str) -> (String, Option<String>) {
    failure(&format!(r#"{{"layers": [{layer}, "flatten", "dense"]}}"#), &[8, 8, 3])
}

#[test]
fn layers_that_do_not_exist() {
    let (message, hint) = layer_failure(r#""ReLU6""#);
    assert_eq!(message, "layer 1 (`ReLU6`): unknown layer");
    assert_eq!(hint.unwrap(), "did you mean `relu`?");
    let (message, hint) = layer_failure(r#"{"transformer": {"heads": 8}}"#);
    assert_eq!(message, "layer 1 (`transformer`): unknown layer");
    let available = hint.unwrap();
    assert!(
        available.starts_with("available layers: `dense`, `conv`, `conv_local`, `conv_transpose`, `relu`, "),
        "{available}"
    );
    assert!(available.ends_with(", `sum`, `product`, `concat`, `residual`, `repeat`"), "{available}");
    let (message, hint) = layer_failure(r#""dot_general""#);
    assert_eq!(message, "layer 1 (`dot_general`): this layer is not available");
    assert_eq!(hint.unwrap(), available);
}

#[test]
fn options_that_do_not_exist_or_are_missing() {
    let (message, hint) = layer_failure(r#"{"dense": {"wstd": 1}}"#);
    assert_eq!(message, "layer 1 (`dense`): unknown option `wstd`");
    assert_eq!(hint.unwrap(), "its options are `width`, `w_std`, `b_std`, `parameterization`, `width_scale`");
    let (message, hint) = layer_failure(r#"{"relu": {"do_stabilize": true}}"#);
    assert_eq!(message, "layer 1 (`relu`): unknown option `do_stabilize`");
    assert_eq!(hint.unwrap(), "this layer has no options");
    let (message, hint) = layer_failure(r#"{"elementwise": {"function": "tanh"}}"#);
    assert_eq!(message, "layer 1 (`elementwise`): option `quadrature_degree` is missing");
    assert_eq!(hint.unwrap(), "add it, for example `\"quadrature_degree\": 25`");
    for layer in [r#""conv""#, r#"{"conv": {"padding": "same"}}"#] {
        let (message, hint) = layer_failure(layer);
        assert_eq!(message, "layer 1 (`conv`): option `filter` is missing");
        assert_eq!(hint.unwrap(), "add it, for example `\"filter\": [3, 3]`");
    }
}

#[test]
fn values_of_the_wrong_kind() {
    for (layer, expected) in [
        ("3", "layer 1: expected a name, or a table with a name as its only key, got `3`"),
        ("{}", "layer 1: expected a name, or a table with a name as its only key, got a table of 0 entries"),
        (
            r#"{"dense": {}, "relu": {}}"#,
            "layer 1: expected a name, or a table with a name as its only key, got a table of 2 entries",
        ),
        (r#"{"dense": 5}"#, "layer 1 (`dense`): expected a table of options, got `5`"),
        (r#"{"relu": null}"#, "layer 1 (`relu`): expected a table of options, got `null`"),
        (r#"{"dense": {"w_std": "1"}}"#, "layer 1 (`dense`): option `w_std`: expected a number, got `\"1\"`"),
        (r#"{"dense": {"w_std": null}}"#, "layer 1 (`dense`): option `w_std`: expected a number, got `null`"),
        (
            r#"{"dense": {"width": 2.0}}"#,
            "layer 1 (`dense`): option `width`: expected a positive integer, got `2.0`",
        ),
        (
            r#"{"dense": {"width": 0}}"#,
            "layer 1 (`dense`): option `width`: expected a positive integer, got `0`",
        ),
        (
            r#"{"dense": {"width_scale": [1]}}"#,
            "layer 1 (`dense`): option `width_scale`: expected a list of two numbers, got `[1]`",
        ),
        (
            r#"{"dense": {"parameterization": "mup"}}"#,
            "layer 1 (`dense`): option `parameterization`: expected `ntk` or `standard`, got `\"mup\"`",
        ),
        (
            r#"{"conv": {"filter": 3}}"#,
            "layer 1 (`conv`): option `filter`: expected a list of positive integers, got `3`",
        ),
        (
            r#"{"conv": {"filter": [3, 0]}}"#,
            "layer 1 (`conv`): option `filter`: expected a list of positive integers, got `[3, 0]`",
        ),
        (
            r#"{"conv": {"filter": [3, 3], "strides": [1, -1]}}"#,
            "layer 1 (`conv`): option `strides`: expected a list of positive integers, got `[1, -1]`",
        ),
        (
            r#"{"conv": {"filter": [3, 3], "padding": "SAME"}}"#,
            "layer 1 (`conv`): option `padding`: expected `circular`, `same`, `valid` or a list of pairs, zeros before and after, for each spatial axis, got `\"SAME\"`",
        ),
        (
            r#"{"conv": {"filter": [3, 3], "padding": [[1, -1], [0, 0]]}}"#,
            "layer 1 (`conv`): option `padding`: expected `circular`, `same`, `valid` or a list of pairs, zeros before and after, for each spatial axis, got a list of 2 entries",
        ),
    ] {
        assert_eq!(layer_failure(layer).0, expected);
    }
}

#[test]
fn numbers_out_of_range() {
    for (layer, expected) in [
        (
            r#"{"dense": {"w_std": -1}}"#,
            "layer 1 (`dense`): option `w_std`: expected a positive number whose square is finite, got `-1`",
        ),
        (
            r#"{"dense": {"w_std": 0.0}}"#,
            "layer 1 (`dense`): option `w_std`: expected a positive number whose square is finite, got `0`",
        ),
        (
            r#"{"conv": {"filter": [3, 3], "b_std": -0.5}}"#,
            "layer 1 (`conv`): option `b_std`: expected a number of at least 0 whose square is finite, got `-0.5`",
        ),
        (
            r#"{"dense": {"width": 1048577}}"#,
            "layer 1 (`dense`): option `width`: expected integers from 1 to 1048576, got `1048577`",
        ),
        (
            r#"{"dense": {"width_scale": [1, 2]}}"#,
            "layer 1 (`dense`): option `width_scale`: expected `[1.0, 1.0]`, since only the `standard` \
             parameterization has width scales, got `[1.0, 2.0]`",
        ),
        (
            r#"{"dense": {"width_scale": [0, 1], "parameterization": "standard"}}"#,
            "layer 1 (`dense`): option `width_scale`: expected two positive finite numbers, got `[0.0, 1.0]`",
        ),
        (
            r#"{"conv": {"filter": [1, 1, 1, 1]}}"#,
            "layer 1 (`conv`): option `filter`: expected one to three positive integers, got `[1, 1, 1, 1]`",
        ),
        (
            r#"{"conv": {"filter": [3, 3], "strides": [2]}}"#,
            "layer 1 (`conv`): option `strides`: expected as many entries as `filter`, 2, got `[2]`",
        ),
        (
            r#"{"ab_relu": {"a": 0, "b": 0}}"#,
            "layer 1 (`ab_relu`): option `b`: expected slopes `a` and `b` of which one differs from 0, got `0.0`",
        ),
        (
            r#"{"leaky_relu": {"alpha": 1e200}}"#,
            "layer 1 (`leaky_relu`): option `alpha`: expected a finite number whose square is finite, got `1e200`",
        ),
        (
            r#"{"gaussian": {"b": 0.5}}"#,
            "layer 1 (`gaussian`): option `b`: expected a number of at most 0, since others have no finite kernel, got `0.5`",
        ),
        (
            r#"{"monomial": {"degree": 17}}"#,
            "layer 1 (`monomial`): option `degree`: expected an integer from 0 to 16, got `17`",
        ),
        (
            r#"{"hermite": {"degree": 0}}"#,
            "layer 1 (`hermite`): option `degree`: expected an integer from 1 to 16, got `0`",
        ),
        (
            r#"{"rectified_monomial": {"degree": -1}}"#,
            "layer 1 (`rectified_monomial`): option `degree`: expected an integer of at least 0, got `-1`",
        ),
        (
            r#"{"polynomial": {"coef": []}}"#,
            "layer 1 (`polynomial`): option `coef`: expected a list of 1 to 17 numbers, got `[]`",
        ),
        (
            r#"{"polynomial": {"coef": [0, 0.0]}}"#,
            "layer 1 (`polynomial`): option `coef`: expected coefficients of which one differs from 0, got `[0.0, 0.0]`",
        ),
        (
            r#"{"polynomial": {"coef": [1, 1e200]}}"#,
            "layer 1 (`polynomial`): option `coef`: expected finite numbers whose squares are finite, got `1e200`",
        ),
        (
            r#"{"exp_normalized": {"gamma": -1}}"#,
            "layer 1 (`exp_normalized`): option `gamma`: expected a number of at least 0, since others have no positive kernel, got `-1.0`",
        ),
        (
            r#"{"exp_normalized": {"shift": 1e3}}"#,
            "layer 1 (`exp_normalized`): option `shift`: expected a number for which e^(gamma (1 + shift)) is finite, got `1000.0`",
        ),
        (
            r#"{"elementwise": {"function": "tanh", "quadrature_degree": 129}}"#,
            "layer 1 (`elementwise`): option `quadrature_degree`: expected an integer from 1 to 128, got `129`",
        ),
    ] {
        assert_eq!(layer_failure(layer).0, expected);
    }
}

#[test]
fn numbers_that_are_not_finite_never_pass() {
    for value in ["nan", "inf", "-inf", "1e200", "1e-200"] {
        let toml = format!("layers = [{{ dense = {{ w_std = {value} }} }}]");
        let error = Architecture::from_toml(&toml).unwrap().check(&[3]).unwrap_err();
        assert!(matches!(error, ArchitectureError::InvalidOption { .. }), "{value}: {error}");
    }
    for b_std in [f64::NAN, f64::INFINITY, 1e200] {
        let layers = vec![Layer::Dense(DenseSpec { b_std: Some(b_std), ..DenseSpec::default() })];
        let error = Architecture::new(Parameterization::Ntk, layers).check(&[3]).unwrap_err();
        assert!(matches!(error, ArchitectureError::InvalidOption { .. }), "{b_std}: {error}");
    }
}

#[test]
fn layers_built_in_code_are_checked_like_those_of_files() {
    for conv in [
        ConvSpec::new(vec![]),
        ConvSpec::new(vec![3, 0]),
        ConvSpec { strides: vec![1, 0], ..ConvSpec::new(vec![3, 3]) },
        ConvSpec { width: 0, ..ConvSpec::new(vec![3, 3]) },
    ] {
        let error =
            Architecture::new(Parameterization::Ntk, vec![Layer::Conv(conv)]).check(&[8, 8, 3]).unwrap_err();
        assert!(matches!(error, ArchitectureError::InvalidOption { .. }), "{error}");
    }
}

#[test]
fn shapes_that_do_not_fit() {
    let (message, hint) = layer_failure(r#""relu", {"conv": {"filter": [5, 5]}}"#);
    assert_eq!(message, "layer 1 (`relu`): expected a gaussian input, got the raw input");
    assert_eq!(hint.unwrap(), "put a `dense` or `conv` layer before it");

    let (message, hint) =
        layer_failure(r#"{"conv": {"filter": [5, 5]}}, "relu", {"conv": {"filter": [5, 5]}}"#);
    assert_eq!(message, "layer 3 (`conv`): filter 5×5 does not fit: expected at most the input's 4×4");
    assert_eq!(hint.unwrap(), "use a smaller filter, or padding `same` or `circular`");

    let (message, hint) = layer_failure(r#"{"conv": {"filter": [3]}}"#);
    assert_eq!(
        message,
        "layer 1 (`conv`): filter `[3]`: expected an input with 1 spatial axes and channels, got shape `[8, 8, 3]`"
    );
    assert_eq!(hint.unwrap(), "give `filter` (and `strides`) 2 entries");

    let (message, hint) = layer_failure(r#""flatten", "global_avg_pool""#);
    assert_eq!(
        message,
        "layer 2 (`global_avg_pool`): expected an input with spatial axes, got the vector shape `[192]`"
    );
    assert_eq!(hint.unwrap(), "drop this layer, or the `flatten` before it");

    let (message, hint) =
        failure(r#"{"layers": [{"conv": {"filter": [3, 3]}}, "relu", "dense"]}"#, &[8, 8, 3]);
    assert_eq!(message, "layer 3 (`dense`): expected the network to end in a vector, got shape `[6, 6, 1]`");
    assert_eq!(hint.unwrap(), "add `flatten` or `global_avg_pool` and then a `dense` layer");
}

#[test]
fn nonlinearities_need_gaussian_inputs() {
    for (layers, expected) in [
        (r#""erf""#, "layer 1 (`erf`): expected a gaussian input, got the raw input"),
        (
            r#"{"dense": {}}, "relu", "identity", "relu""#,
            "layer 4 (`relu`): expected a gaussian input, got the output of layer 2 (`relu`)",
        ),
        (
            r#"{"conv": {"filter": [3, 3]}}, "flatten", "relu""#,
            "layer 3 (`relu`): expected a gaussian input, got the output of layer 2 (`flatten`)",
        ),
        (
            r#"{"conv": {"filter": [3, 3]}}, "erf", "global_avg_pool", "relu""#,
            "layer 4 (`relu`): expected a gaussian input, got the output of layer 2 (`erf`)",
        ),
    ] {
        assert_eq!(layer_failure(layers).0, expected);
    }
}

#[test]
fn inputs_without_values() {
    for shape in [&[][..], &[0], &[28, 0, 1]] {
        let error = Architecture::named("mlp").unwrap().check(shape).unwrap_err();
        assert!(matches!(error, ArchitectureError::EmptyInput { .. }), "{error}");
    }
    let error = Architecture::named("mlp").unwrap().check(&[usize::MAX, 2, 2]).unwrap_err();
    assert!(matches!(error, ArchitectureError::ShapeTooLarge { .. }), "{error}");
}

#[test]
fn weights_that_no_memory_holds() {
    let filter = r#"{"conv": {"filter": [1048576, 1048576], "padding": "circular", "width": 1048576}}"#;
    let (message, _) = layer_failure(filter);
    assert_eq!(
        message,
        "layer 1 (`conv`): shape `[1048576, 1048576, 3, 1048576]` has more values than fit in memory"
    );
}

#[test]
fn documents_that_are_no_architectures() {
    for (json, expected) in [
        ("[]", "architecture: expected a table with `layers`, got `[]`"),
        ("{}", "architecture: expected at least one layer in `layers`, got none"),
        (r#"{"layers": []}"#, "architecture: expected at least one layer in `layers`, got none"),
        (r#"{"layers": "relu"}"#, "architecture: key `layers`: expected a list, got `\"relu\"`"),
        (r#"{"layer": ["relu"]}"#, "architecture: unknown key `layer`"),
        (
            r#"{"parameterization": "NTK", "layers": ["dense"]}"#,
            "architecture: key `parameterization`: expected `ntk` or `standard`, got `\"NTK\"`",
        ),
        (r#"{"layers": ["#, "architecture: invalid JSON: EOF while parsing a list at line 1 column 12"),
    ] {
        assert_eq!(failure(json, &[3]).0, expected);
    }
    let error = Architecture::from_toml("layers = [\n  \"dense\",\n  relu,\n]\n").unwrap_err().to_string();
    assert!(
        error.starts_with("architecture: invalid TOML: ") && error.ends_with("line 3 column 3"),
        "{error}"
    );
}

#[test]
fn too_many_layers() {
    let json = format!(r#"{{"layers": [{}"dense"]}}"#, r#""dense","#.repeat(10_000));
    assert_eq!(failure(&json, &[3]).0, "architecture: expected at most 10000 layers, got 10001");
}
