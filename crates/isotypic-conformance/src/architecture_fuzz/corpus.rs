//! The documents that mutation starts from.

use std::path::Path;

use isotypic_architecture::Architecture;
use serde_json::{Map, Value, json};

use crate::generator::Generator;

/// Sound documents: the named architectures, one for each layer of the published schema, and the reference cases of the fixtures.
#[derive(Clone, Debug)]
pub struct Corpus {
    documents: Vec<Value>,
    /// Every key and every text of the schema, as material for mutations.
    words: Vec<String>,
}

const SCHEMA: &str = include_str!("../../../isotypic-architecture/schema/architecture.schema.json");

const NAMES: [&str; 13] = [
    "gcnn:c4",
    "gcnn:d4:2",
    "mlp",
    "mlp:5",
    "cnn",
    "cnn:3",
    "cnn-gap",
    "cnn-gap:2",
    "vit",
    "vit:2",
    "resnet",
    "myrtle5",
    "paper-cnn",
];

impl Corpus {
    /// The whole corpus, always in the same order. The fixtures are left out where the repository's root is not there.
    ///
    /// # Panics
    /// If the schema or the reference cases are not JSON.
    #[must_use]
    pub fn new() -> Self {
        let schema: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
        let named = NAMES.iter().filter_map(|name| Architecture::named(name).ok());
        let mut documents: Vec<Value> = named
            .map(|architecture| serde_json::from_str(&architecture.to_canonical_json()).expect("it is JSON"))
            .collect();
        documents.extend(of_schema(&schema));
        documents.extend(of_fixtures());
        let mut words = Vec::new();
        collect_words(&schema, &mut words);
        words.sort_unstable();
        words.dedup();
        Self { documents, words }
    }

    pub(super) fn pick(&self, generator: &mut Generator) -> &Value {
        generator.choose(&self.documents)
    }

    pub(super) fn word(&self, generator: &mut Generator) -> &str {
        generator.choose::<String>(&self.words)
    }
}

impl Default for Corpus {
    fn default() -> Self {
        Self::new()
    }
}

fn of_fixtures() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/kernels/cases.json");
    let Ok(text) = std::fs::read_to_string(path) else { return Vec::new() };
    let cases: Map<String, Value> = serde_json::from_str(&text).expect("the cases are JSON");
    cases.into_iter().filter_map(|(_, mut case)| case.get_mut("architecture").map(Value::take)).collect()
}

/// One document for each layer that the schema knows, with all of its options.
fn of_schema(schema: &Value) -> Vec<Value> {
    let layers = schema["$defs"]["layer"]["oneOf"][2]["properties"].as_object();
    let document = |(name, definition): (&String, &Value)| {
        let options = example(schema, name, definition, 0);
        json!({"layers": [{"dense": {"width": 2}}, {name.as_str(): options}, "flatten", "dense"]})
    };
    layers.into_iter().flatten().map(document).collect()
}

/// A value that a definition of the schema allows, more or less: its default, the first of its choices, or something of its kind.
fn example(schema: &Value, name: &str, definition: &Value, depth: usize) -> Value {
    // Layers hold layers.
    if name == "layers" || definition["$ref"] == "#/$defs/layers" {
        return json!(["dense", "relu", {"dense": {"width": 2}}]);
    }
    if name == "branches" || definition["$ref"] == "#/$defs/branches" {
        return json!([[{"dense": {"width": 2}}, "relu"], [{"dense": {"width": 2}}]]);
    }
    if let Some(reference) = definition["$ref"].as_str() {
        let target = &schema["$defs"][reference.trim_start_matches("#/$defs/")];
        return if depth < 8 { example(schema, name, target, depth + 1) } else { Value::Null };
    }
    if let Some(default) = definition.get("default") {
        return default.clone();
    }
    if let Some(first) = definition["enum"].get(0) {
        return first.clone();
    }
    let alternatives = ["oneOf", "anyOf"].iter().find_map(|key| definition[*key].as_array()?.last());
    if let Some(alternative) = alternatives
        && depth < 8
    {
        return example(schema, name, alternative, depth + 1);
    }
    if let Some(properties) = definition["properties"].as_object() {
        let values = properties
            .iter()
            .map(|(key, definition)| (key.clone(), example(schema, key, definition, depth + 1)));
        return Value::Object(values.filter(|(_, value)| !value.is_null()).collect());
    }
    match definition["type"].as_str() {
        Some("array") => json!([1, 1]),
        Some("integer") => json!(2),
        Some("number") => json!(0.5),
        Some("boolean") => json!(true),
        Some("object") => json!({}),
        _ => Value::Null,
    }
}

/// All keys and texts of a tree, descriptions apart. The schema is not deep.
fn collect_words(value: &Value, words: &mut Vec<String>) {
    match value {
        Value::String(text) if !text.contains(' ') && !text.contains('$') => words.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| collect_words(item, words)),
        Value::Object(entries) => {
            for (key, value) in entries {
                words.push(key.clone());
                collect_words(value, words);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corpus_has_every_layer_and_most_documents_are_accepted() {
        let corpus = Corpus::new();
        assert!(corpus.documents.len() > 150, "{} documents", corpus.documents.len());
        for word in ["dense", "positional_embedding", "softmax", "keep_rate", "normalize_edges"] {
            assert!(corpus.words.iter().any(|known| known == word), "{word}");
        }
        let read =
            corpus.documents.iter().filter(|tree| Architecture::from_json(&tree.to_string()).is_ok()).count();
        assert!(read >= 160, "only {read} of {} are read", corpus.documents.len());
    }
}
