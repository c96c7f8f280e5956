//! Changes to documents, as trees and as bytes.

use serde_json::{Value, json};

use super::Corpus;
use crate::generator::Generator;

/// Numbers at and beyond the ends of what options take.
pub(super) const NUMBERS: [&str; 32] = [
    "0",
    "-0.0",
    "1",
    "-1",
    "2",
    "3",
    "7",
    "0.5",
    "1e-8",
    "1e-75",
    "1e-150",
    "1e-155",
    "5e-324",
    "1e8",
    "1e75",
    "1e76",
    "1e100",
    "1e154",
    "1e200",
    "1.7976931348623157e308",
    "-1e308",
    "255",
    "256",
    "1048576",
    "1048577",
    "2147483648",
    "4294967296",
    "9007199254740993",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "0.9999999999999999",
];

/// Pieces of text that mean something to a parser.
const TOKENS: [&str; 24] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "'",
    "\\",
    "\n",
    "\t",
    "\u{0}",
    "\\u0000",
    "\\ud800",
    "null",
    "true",
    "nan",
    "inf",
    "-inf",
    "1e999",
    "[[",
    "]]",
    "=",
    "é\u{202e}",
];

/// Changes one node of the tree.
pub(super) fn mutate_tree(tree: &mut Value, corpus: &Corpus, generator: &mut Generator) {
    let target = generator.below(size(tree));
    let Some(node) = node(tree, target) else { return };
    match generator.below(12) {
        0 => delete(node, generator),
        1 => duplicate(node, generator),
        2 => swap(node, generator),
        3 => nest(node, generator),
        4 | 5 => *node = number(generator),
        6 => *node = json!(word(corpus, generator)),
        7 => {
            // A part of another document.
            let mut other = corpus.pick(generator).clone();
            let from = generator.below(size(&other));
            if let Some(part) = self::node(&mut other, from) {
                *node = part.take();
            }
        }
        8 => {
            if let Value::Object(entries) = node {
                let value =
                    if generator.one_in(2) { number(generator) } else { json!(word(corpus, generator)) };
                entries.insert(word(corpus, generator), value);
            } else {
                *node = json!({word(corpus, generator): node.take()});
            }
        }
        9 => {
            *node = match generator.below(5) {
                0 => Value::Null,
                1 => json!(generator.one_in(2)),
                2 => json!([]),
                3 => json!({}),
                _ => json!(""),
            }
        }
        10 => deepen(node, generator),
        _ => perturb(node, corpus, generator),
    }
}

fn number(generator: &mut Generator) -> Value {
    let text = generator.choose(&NUMBERS);
    serde_json::from_str(text).unwrap_or(Value::Null)
}

/// A word of the schema, now and then with a mistake in it.
fn word(corpus: &Corpus, generator: &mut Generator) -> String {
    let mut word = corpus.word(generator).to_owned();
    if generator.one_in(4) {
        match generator.below(4) {
            0 => word.push('s'),
            1 => word = word.to_uppercase(),
            2 => {
                let token = *generator.choose::<&str>(&TOKENS);
                word.insert_str(0, token);
            }
            _ => _ = word.pop(),
        }
    }
    word
}

/// Removes an entry.
fn delete(node: &mut Value, generator: &mut Generator) {
    match node {
        Value::Array(items) if !items.is_empty() => _ = items.remove(generator.below(items.len())),
        Value::Object(entries) if !entries.is_empty() => {
            let key = entries.keys().nth(generator.below(entries.len())).cloned();
            key.and_then(|key| entries.remove(&key));
        }
        other => *other = Value::Null,
    }
}

/// Repeats an entry, sometimes many times.
fn duplicate(node: &mut Value, generator: &mut Generator) {
    if let Value::Array(items) = node
        && !items.is_empty()
    {
        let (from, to) = (generator.below(items.len()), generator.below(items.len() + 1));
        let many = size(&items[from]) < 20 && generator.one_in(16);
        let times = if many { 300 } else { 1 + generator.below(3) };
        let copies = vec![items[from].clone(); times];
        items.splice(to..to, copies);
    }
}

/// Exchanges two entries of a list, or the values of two keys.
fn swap(node: &mut Value, generator: &mut Generator) {
    match node {
        Value::Array(items) if !items.is_empty() => {
            let (first, second) = (generator.below(items.len()), generator.below(items.len()));
            items.swap(first, second);
        }
        Value::Object(entries) if !entries.is_empty() => {
            let (first, second) = (generator.below(entries.len()), generator.below(entries.len()));
            let mut values: Vec<Value> = entries.values().cloned().collect();
            values.swap(first, second);
            entries.values_mut().zip(values).for_each(|(entry, value)| *entry = value);
        }
        _ => {}
    }
}

/// Puts the node inside something.
fn nest(node: &mut Value, generator: &mut Generator) {
    let inner = node.take();
    *node = match generator.below(7) {
        0 => json!([inner]),
        1 => json!({"residual": [inner]}),
        2 => json!({"repeat": {"times": generator.choose(&[0, 1, 2, 3, 100]), "layers": [inner]}}),
        3 => json!({"sum": [[inner.clone(), "dense"], [inner, "dense"]]}),
        4 => json!({"product": [[inner.clone(), "dense"], [inner, "dense"]]}),
        5 => {
            json!({"concat": {"axis": generator.choose(&[-1, 0, 1, 2, 9]), "branches": [[inner.clone()], [inner]]}})
        }
        _ => json!([[inner]]),
    };
}

/// Nests deeply.
fn deepen(node: &mut Value, generator: &mut Generator) {
    let depth = *generator.choose(&[5, 20, 31, 32, 33, 60, 130]);
    let kind = generator.below(3);
    for _ in 0..depth {
        let inner = node.take();
        *node = match kind {
            0 => json!([inner]),
            1 => json!({"repeat": {"times": 1, "layers": [inner]}}),
            _ => json!({"residual": [inner, "dense"]}),
        };
    }
}

/// A small change of a number, a change of case, a longer list.
fn perturb(node: &mut Value, corpus: &Corpus, generator: &mut Generator) {
    match node {
        Value::Number(old) => {
            let old = old.as_f64().unwrap_or(0.0);
            *node = match generator.below(4) {
                0 => json!(old + 1.0),
                1 => json!(-old),
                2 => json!(old as i64 + 1),
                _ => json!(old * 1.5),
            };
        }
        Value::String(text) => *text = word(corpus, generator),
        Value::Bool(value) => *value = !*value,
        Value::Array(items) => items.push(number(generator)),
        _ => {}
    }
}

/// Number of nodes. Documents of the corpus are shallow, and mutation adds at most a few hundred levels.
pub(super) fn size(tree: &Value) -> usize {
    1 + match tree {
        Value::Array(items) => items.iter().map(size).sum::<usize>(),
        Value::Object(entries) => entries.values().map(size).sum::<usize>(),
        _ => 0,
    }
}

/// The node with this place in the order of reading.
fn node(tree: &mut Value, mut place: usize) -> Option<&mut Value> {
    let mut current = tree;
    loop {
        if place == 0 {
            return Some(current);
        }
        place -= 1;
        let children: Vec<&mut Value> = match current {
            Value::Array(items) => items.iter_mut().collect(),
            Value::Object(entries) => entries.values_mut().collect(),
            _ => return None,
        };
        let mut found = None;
        for child in children {
            let inside = size(child);
            if place < inside {
                found = Some(child);
                break;
            }
            place -= inside;
        }
        current = found?;
    }
}

/// Changes a few bytes.
pub(crate) fn mutate_bytes(bytes: &mut Vec<u8>, generator: &mut Generator) {
    if bytes.is_empty() {
        bytes.extend(generator.choose(&TOKENS).bytes());
        return;
    }
    let start = generator.below(bytes.len());
    let end = start + generator.below((bytes.len() - start).min(40) + 1);
    match generator.below(7) {
        0 => bytes[start] ^= 1 << generator.below(8),
        1 => _ = bytes.drain(start..end),
        2 => {
            let copy = bytes[start..end].to_vec();
            bytes.splice(start..start, copy);
        }
        3 => _ = bytes.splice(start..start, generator.choose(&TOKENS).bytes()).count(),
        4 => _ = bytes.splice(start..end, generator.choose(&NUMBERS).bytes()).count(),
        5 => bytes.truncate(start),
        _ => {
            let token = generator.choose(&TOKENS).repeat(*generator.choose(&[2, 100, 5_000]));
            bytes.splice(start..start, token.into_bytes());
        }
    }
}
