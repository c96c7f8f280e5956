//! The architectures that the reference kernels were made with.

use std::collections::{BTreeMap, BTreeSet};

use isotypic_architecture::{Architecture, ArchitectureError};
use serde_json::Value;

use crate::support;

#[test]
fn every_reference_case_fits_its_inputs() {
    let mut fitting = 0;
    let mut skipped: BTreeMap<String, usize> = BTreeMap::new();
    for (case, json) in support::cases() {
        match Architecture::from_json(&json.to_string()) {
            Ok(architecture) => {
                let shape = support::input_shape(&case);
                let graph = architecture.check(&shape).unwrap_or_else(|error| panic!("{case}: {error}"));
                assert_eq!(graph.input_shape(), shape, "{case}");
                assert_eq!(graph.output_width(), 1, "{case}");
                fitting += 1;
            }
            Err(ArchitectureError::LayerNotAvailable { name, .. }) => *skipped.entry(name).or_default() += 1,
            Err(error) => panic!("{case}: {error}"),
        }
    }
    let count: usize = skipped.values().sum();
    println!("{fitting} reference cases fit; {count} wait for layers: {skipped:?}");
    assert_eq!((fitting, count), (136, 0));
}

#[test]
fn canonical_json_reads_back_as_itself() {
    for (case, json) in support::cases() {
        let Ok(architecture) = Architecture::from_json(&json.to_string()) else { continue };
        let canonical = architecture.to_canonical_json();
        let again = Architecture::from_json(&canonical).unwrap();
        assert_eq!(again.to_canonical_json(), canonical, "{case}");
        let shape = support::input_shape(&case);
        let graphs =
            [architecture, again].map(|architecture| architecture.check(&shape).unwrap().canonical());
        assert_eq!(graphs[0], graphs[1], "{case}");
    }
}

#[test]
fn toml_and_json_say_the_same() {
    for (case, json) in support::cases() {
        let Ok(architecture) = Architecture::from_json(&json.to_string()) else { continue };
        // TOML has no `null`.
        if json.to_string().contains("null") {
            continue;
        }
        let toml = toml::to_string(&json).unwrap();
        let from_toml =
            Architecture::from_toml(&toml).unwrap_or_else(|error| panic!("{case}: {error}\n{toml}"));
        assert_eq!(from_toml, architecture, "{case}");
    }
}

#[test]
fn spelled_out_defaults_change_nothing() {
    let bare = r#"{"layers": [{"conv": {"filter": [3, 3]}}, "relu", "flatten", "dense"]}"#;
    let full = r#"{"parameterization": "ntk", "layers": [
        {"conv": {"filter": [3, 3], "strides": [1, 1], "padding": "valid", "w_std": 1, "b_std": null, "width": 1,
                  "parameterization": "ntk", "width_scale": [1, 1.0]}},
        {"relu": {}}, {"flatten": {}}, {"dense": {}}]}"#;
    let [bare, full] = [bare, full].map(|text| Architecture::from_json(text).unwrap());
    assert_eq!(bare.to_canonical_json(), full.to_canonical_json());
    assert_eq!(bare.check(&[8, 8, 3]).unwrap(), full.check(&[8, 8, 3]).unwrap());
}

#[test]
fn a_bias_of_zero_is_not_the_same_as_no_bias() {
    let [zero, none] = [r#"{"layers": [{"dense": {"b_std": 0}}]}"#, r#"{"layers": ["dense"]}"#]
        .map(|text| Architecture::from_json(text).unwrap());
    assert_ne!(zero.to_canonical_json(), none.to_canonical_json());
    assert_ne!(zero.check(&[3]).unwrap().canonical(), none.check(&[3]).unwrap().canonical());
}

#[test]
fn the_published_schema_lists_the_layers_and_options_that_are_read() {
    let schema: Value = serde_json::from_str(include_str!("../../schema/architecture.schema.json")).unwrap();
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    let layers = keys(&schema["$defs"]["layer"]["oneOf"][2]["properties"]);

    // What is read is learned from the hints of a wrong layer and a wrong option.
    let hint = |layer: &str| {
        let error = Architecture::from_json(&format!(r#"{{"layers": [{layer}]}}"#)).unwrap_err();
        let hint = error.hint().unwrap_or_default();
        hint.split('`').skip(1).step_by(2).map(str::to_owned).collect::<BTreeSet<_>>()
    };
    assert_eq!(layers, hint(r#""slice""#));
    for layer in &layers {
        // Branches are lists and have no options.
        if ["sum", "product", "residual"].contains(&layer.as_str()) {
            continue;
        }
        let reference = schema["$defs"]["layer"]["oneOf"][2]["properties"][layer]["$ref"].as_str().unwrap();
        let properties = &schema["$defs"][reference.rsplit('/').next().unwrap()]["properties"];
        let published = if properties.is_null() { BTreeSet::new() } else { keys(properties) };
        assert_eq!(published, hint(&format!(r#"{{"{layer}": {{"no_such_option": 1}}}}"#)), "{layer}");
    }
}
