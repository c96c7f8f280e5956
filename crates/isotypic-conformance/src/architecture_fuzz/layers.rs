//! Changes that leave a document a list of layers: most of them are read, and many are accepted.

use serde_json::{Value, json};

use super::Corpus;
use super::mutate::NUMBERS;
use crate::generator::Generator;

/// Options that take words, with the words.
const CHOICES: [(&str, &[&str]); 9] = [
    ("group", &["p4", "p4m", "cyclic:2", "dihedral:3"]),
    ("padding", &["circular", "same", "valid"]),
    ("mechanism", &["softmax", "identity", "abs", "relu"]),
    ("scaling", &["linear", "sqrt"]),
    ("type", &["none", "sum", "concat"]),
    ("mode", &["train", "test"]),
    ("parameterization", &["ntk", "standard"]),
    ("function", &["tanh", "erf", "sigmoid", "softplus", "silu", "gelu"]),
    ("method", &["nearest", "linear"]),
];

/// Layers that fit in many places.
const LAYERS: [&str; 56] = [
    r#"{"group_lift": {"group": "p4", "filter": [3, 3]}}"#,
    r#"{"group_lift": {"group": "cyclic:2", "b_std": 0.1}}"#,
    r#"{"group_conv": {"filter": [3, 3], "w_std": 1.5}}"#,
    r#""group_conv""#,
    r#""group_pool""#,
    r#""dense""#,
    r#"{"dense": {"w_std": 1.5, "b_std": 0.2, "width": 3}}"#,
    r#"{"dense": {"parameterization": "standard", "width_scale": [2, 3]}}"#,
    r#"{"conv": {"filter": [3], "padding": "same"}}"#,
    r#"{"conv": {"filter": [2, 3], "padding": "circular", "strides": [1, 2]}}"#,
    r#"{"conv": {"filter": [2, 1, 2], "padding": "same"}}"#,
    r#"{"conv": {"filter": [2], "dilation": [2], "padding": "circular"}}"#,
    r#"{"conv_local": {"filter": [2, 2], "padding": "same", "b_std": 0.1}}"#,
    r#"{"conv_local": {"filter": [2], "padding": "circular"}}"#,
    r#"{"conv_transpose": {"filter": [2, 3], "strides": [2, 1], "padding": "same", "w_std": 1.2}}"#,
    r#"{"conv_transpose": {"filter": [3], "strides": [2], "padding": "circular"}}"#,
    r#"{"index": {"slices": [[0, null, 2]]}}"#,
    r#"{"index": {"slices": [1, [0, 2]]}}"#,
    r#"{"image_resize": {"shape": [3, 5], "method": "linear"}}"#,
    r#"{"aggregate": {"pattern": [[0, 1, 0.5], [1, 0, 2], [0.5, 0, 0]]}}"#,
    r#""relu""#,
    r#""abs""#,
    r#""sign""#,
    r#""erf""#,
    r#""gelu""#,
    r#""tanh""#,
    r#""sigmoid""#,
    r#""softplus""#,
    r#""silu""#,
    r#""gabor""#,
    r#"{"leaky_relu": {"alpha": 0.1}}"#,
    r#"{"exp": {"a": 0.5, "b": 0.3}}"#,
    r#"{"monomial": {"degree": 3}}"#,
    r#""sigmoid_like""#,
    r#"{"erf": {"a": 1.5, "b": 0.5, "c": 0.25}}"#,
    r#"{"rectified_monomial": {"degree": 2}}"#,
    r#"{"rectified_monomial": {"degree": 0}}"#,
    r#"{"polynomial": {"coef": [0.5, 1, -0.25]}}"#,
    r#"{"hermite": {"degree": 3}}"#,
    r#"{"exp_normalized": {"gamma": 1.5, "shift": -0.5, "do_clip": true}}"#,
    r#"{"elementwise": {"function": "tanh", "quadrature_degree": 5}}"#,
    r#""identity""#,
    r#""flatten""#,
    r#""global_avg_pool""#,
    r#""global_sum_pool""#,
    r#"{"avg_pool": {"window": [2, 2], "strides": [1, 2], "padding": "same", "normalize_edges": true}}"#,
    r#"{"sum_pool": {"window": [2], "strides": [2], "padding": "circular"}}"#,
    r#"{"max_pool": {"window": [2, 2], "strides": [2, 1], "padding": "same"}}"#,
    r#"{"max_pool": {"window": [2]}}"#,
    r#""layer_norm""#,
    r#"{"layer_norm": {"axes": [1, -1], "epsilon": 0.1}}"#,
    r#""batch_norm""#,
    r#"{"batch_norm": {"epsilon": 0}}"#,
    r#"{"dropout": {"keep_rate": 0.5}}"#,
    r#"{"self_attention": {"scaling": "sqrt", "b_std": 0.1, "positional_embedding": {"type": "sum"}}}"#,
    r#"{"self_attention": {"positional_embedding": {"type": "concat", "on_values": true, "decay": {"exponential": 0.5}}}}"#,
];

/// Changes one list of layers, or one option inside.
pub(super) fn mutate_layers(tree: &mut Value, corpus: &Corpus, generator: &mut Generator) {
    let mut lists = Vec::new();
    collect(tree, &mut lists);
    if lists.is_empty() {
        return;
    }
    let chosen = generator.below(lists.len());
    let layers = lists.swap_remove(chosen);
    let at = generator.below(layers.len() + 1);
    let inside = at.min(layers.len().saturating_sub(1));
    match generator.below(10) {
        0 | 1 => layers.insert(at, new_layer(generator)),
        2 if layers.len() > 1 => _ = layers.remove(inside),
        3 if !layers.is_empty() => {
            let other = generator.below(layers.len());
            layers.swap(inside, other);
        }
        4 => {
            // A run of layers of another document.
            let mut other = corpus.pick(generator).clone();
            let mut lists = Vec::new();
            collect(&mut other, &mut lists);
            if let Some(list) = lists.into_iter().next() {
                let from = generator.below(list.len() + 1);
                let count = generator.below(4).min(list.len() - from);
                layers.splice(at..at, list.drain(from..from + count));
            }
        }
        5 => {
            let count = generator.below(4).min(layers.len() - at);
            let inner: Vec<Value> = layers.drain(at..at + count).collect();
            layers.insert(at, wrapped(inner, generator));
        }
        6 => {
            let readout = *generator.choose::<&str>(&["flatten", "global_avg_pool"]);
            layers.extend([json!(readout), json!("dense")]);
        }
        _ if !layers.is_empty() => option(&mut layers[inside], generator),
        _ => {}
    }
}

fn new_layer(generator: &mut Generator) -> Value {
    let layer = generator.choose::<&str>(&LAYERS);
    serde_json::from_str(layer).unwrap_or(Value::Null)
}

/// Layers that hold the given ones.
fn wrapped(inner: Vec<Value>, generator: &mut Generator) -> Value {
    let with_weights = |layers: &[Value]| [layers, &[json!("dense")]].concat();
    match generator.below(6) {
        0 => json!({"residual": with_weights(&inner)}),
        1 => json!({"repeat": {"times": 1 + generator.below(3), "layers": with_weights(&inner)}}),
        2 => json!({"sum": [with_weights(&inner), ["dense"]]}),
        3 => json!({"product": [with_weights(&inner), ["dense", "relu"], ["dense"]]}),
        4 => json!({"concat": {"branches": [with_weights(&inner), ["identity"]]}}),
        _ => {
            let axis = generator.below(4) as i64 - 1;
            json!({"concat": {"axis": axis, "branches": [with_weights(&inner), ["dense"]]}})
        }
    }
}

/// Changes the value of an option of a layer, of one inside its options, or of one inside a list.
fn option(layer: &mut Value, generator: &mut Generator) {
    match layer {
        Value::Object(entries) if !entries.is_empty() => {
            let place = generator.below(entries.len());
            let Some((key, value)) = entries.iter_mut().nth(place) else { return };
            match CHOICES.iter().find(|(option, _)| option == key) {
                Some((_, words)) => *value = json!(*generator.choose::<&str>(words)),
                None => option(value, generator),
            }
        }
        Value::Array(items) if !items.is_empty() => {
            let place = generator.below(items.len());
            option(&mut items[place], generator);
        }
        Value::Number(old) => {
            let old = old.as_f64().unwrap_or(1.0);
            *layer = match generator.below(6) {
                0 => serde_json::from_str(generator.choose::<&str>(&NUMBERS)).unwrap_or(Value::Null),
                1 | 2 => json!(1 + generator.below(5)),
                3 => json!(old * 1e3),
                4 => json!(old * 1e-3),
                _ => json!(old * (1.0 + generator.coordinate())),
            };
        }
        Value::Bool(value) => *value = !*value,
        _ => {}
    }
}

/// Every list of layers: those under `layers` and `residual`, and every branch. What is not a document is left alone; recursion ends
/// with the nesting of layers, which is no deeper than mutation made it.
fn collect<'a>(tree: &'a mut Value, lists: &mut Vec<&'a mut Vec<Value>>) {
    // A list cannot be kept and gone into at once: of lists with lists inside one of the two is taken.
    match tree {
        Value::Object(entries) => {
            for (key, value) in entries.iter_mut() {
                match (key.as_str(), value) {
                    ("layers" | "residual", Value::Array(items)) => {
                        let holds_layers = |item: &Value| {
                            item.as_object().is_some_and(|entries| {
                                entries.keys().any(|key| {
                                    ["sum", "product", "concat", "residual", "repeat"].contains(&key.as_str())
                                })
                            })
                        };
                        // Depth first in half of the documents with inner lists, told by the parity of their length.
                        if items.iter().any(holds_layers) && items.len() % 2 == 1 {
                            items.iter_mut().for_each(|item| collect(item, lists));
                        } else {
                            lists.push(items);
                        }
                    }
                    ("sum" | "product" | "branches", Value::Array(branches)) => {
                        lists.extend(branches.iter_mut().filter_map(Value::as_array_mut));
                    }
                    (_, value) => collect(value, lists),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| collect(item, lists)),
        _ => {}
    }
}
