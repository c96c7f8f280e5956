//! Changes to files taken apart.

use super::corpus::Corpus;
use super::message::{Content, Field, Kind, Message};
use crate::generator::Generator;

/// Numbers at and beyond the ends of what extents, axes and attributes take; negative ones as protobuf writes them.
const NUMBERS: [u64; 24] = [
    0,
    1,
    2,
    3,
    5,
    7,
    8,
    16,
    17,
    28,
    64,
    784,
    1024,
    1025,
    1 << 20,
    (1 << 20) + 1,
    1 << 31,
    1 << 40,
    (1 << 40) + 1,
    i64::MAX as u64,
    1 << 63,
    u64::MAX,
    u64::MAX - 1,
    u64::MAX - 7,
];

const FLOATS: [f32; 10] =
    [0.0, -0.0, 1.0, -1.0, 0.5, 1e-30, f32::MAX, f32::INFINITY, f32::NEG_INFINITY, f32::NAN];

/// Changes one field.
pub(super) fn mutate(message: &mut Message, corpus: &Corpus, generator: &mut Generator) {
    let size = message.size();
    if size == 0 {
        return;
    }
    let place = generator.below(size);
    let Some((list, index)) = message.find(place) else { return };
    match generator.below(12) {
        0 => _ = list.remove(index),
        1 => duplicate(list, index, generator),
        2 => {
            let other = generator.below(list.len());
            list.swap(index, other);
        }
        3 => transplant(&mut list[index], corpus, generator),
        4 => {
            // Another field of the same message, known or not.
            list[index].number = 1 + generator.below(24) as u64;
        }
        5 => list[index].content = any_content(corpus, generator),
        6 => nest(&mut list[index], generator),
        _ => perturb(&mut list[index].content, corpus, generator),
    }
}

/// A change of the kind that a field is of.
fn perturb(content: &mut Content, corpus: &Corpus, generator: &mut Generator) {
    match content {
        Content::Varint(value) => {
            *value = match generator.below(4) {
                0 => value.wrapping_add(1),
                1 => value.wrapping_sub(1),
                _ => *generator.choose(&NUMBERS),
            }
        }
        Content::Four(value) => *value = generator.choose(&FLOATS).to_le_bytes(),
        Content::Eight(value) => *value = generator.choose(&NUMBERS).to_le_bytes(),
        Content::Bytes(bytes) => match generator.below(8) {
            0 => bytes.clear(),
            1 => bytes.truncate(bytes.len() / 2),
            2 => bytes.extend_from_within(..),
            3 => bytes.extend(corpus.word(generator)),
            4 => bytes.extend("é\u{202e}\n\0".bytes()),
            5 => crate::architecture_fuzz::mutate_bytes(bytes, generator),
            _ => *bytes = corpus.word(generator).to_vec(),
        },
        Content::Message(_, inner) => {
            let many = generator.below(4);
            for _ in 0..many {
                mutate(inner, corpus, generator);
            }
        }
    }
}

fn any_content(corpus: &Corpus, generator: &mut Generator) -> Content {
    match generator.below(5) {
        0 => Content::Varint(*generator.choose(&NUMBERS)),
        1 => Content::Four(generator.choose(&FLOATS).to_le_bytes()),
        2 => Content::Eight(generator.choose(&NUMBERS).to_le_bytes()),
        3 => Content::Bytes(corpus.word(generator).to_vec()),
        _ => Content::Bytes(Vec::new()),
    }
}

/// Repeats a field, sometimes many times; empty messages are as small as two bytes.
fn duplicate(list: &mut Vec<Field>, index: usize, generator: &mut Generator) {
    let mut field = list[index].clone();
    let times = match generator.below(16) {
        0 => *generator.choose(&[20, 1_001, 3_000]),
        1 => {
            if let Content::Message(_, inner) = &mut field.content {
                inner.0.clear();
            }
            *generator.choose(&[1_000, 20_000])
        }
        _ => 1 + generator.below(2),
    };
    let length = match &field.content {
        Content::Message(_, inner) => inner.to_bytes().len(),
        Content::Bytes(bytes) => bytes.len(),
        _ => 8,
    };
    let times = if length > 64 { times.min(20) } else { times };
    let to = generator.below(list.len() + 1);
    list.splice(to..to, vec![field; times]);
}

/// Puts a message of the same kind from another file in this one's place.
fn transplant(field: &mut Field, corpus: &Corpus, generator: &mut Generator) {
    let Content::Message(kind, inner) = &mut field.content else { return };
    let (_, other) = corpus.pick(generator);
    let mut candidates = Vec::new();
    other.for_each(&mut |field| match &field.content {
        Content::Message(of, part) if of == kind => candidates.push(part.clone()),
        _ => {}
    });
    if !candidates.is_empty() {
        *inner = generator.choose(&candidates).clone();
    }
}

/// Graphs inside of attributes inside of nodes, deeper than any reader should follow.
fn nest(field: &mut Field, generator: &mut Generator) {
    let Content::Message(Kind::Node, node) = &mut field.content else { return };
    let depth = *generator.choose(&[1, 3, 90, 101, 400]);
    let wrap = |number, bytes| Message(vec![Field { number, content: Content::Bytes(bytes) }]).to_bytes();
    // A graph's node is field 1, an attribute's graph 6, a node's attribute 5. They stay bytes here, so that nothing follows them.
    let attribute = |node| wrap(6, wrap(1, node));
    let mut bytes = attribute(node.to_bytes());
    for _ in 1..depth {
        bytes = attribute(wrap(5, bytes));
    }
    node.0.push(Field { number: 5, content: Content::Bytes(bytes) });
}
