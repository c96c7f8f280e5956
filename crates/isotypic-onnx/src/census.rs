//! How many messages a file holds, counted before any becomes a record: the smallest takes two bytes, its record some hundred.
//!
//! Walks the wire format of protobuf without memory of its own, as deep as messages that are read lie inside of each other.

/// The messages that are read, and the kind of message that each of their fields holds.
#[derive(Clone, Copy)]
enum Kind {
    Model,
    Graph,
    Node,
    Attribute,
    Value,
    Type,
    TensorType,
    Shape,
    /// Holds no other.
    Leaf,
}

impl Kind {
    fn inside(self, field: u64) -> Option<Self> {
        match (self, field) {
            (Self::Model, 7) => Some(Self::Graph),
            (Self::Graph, 1) => Some(Self::Node),
            (Self::Graph, 11 | 12) => Some(Self::Value),
            (Self::Node, 5) => Some(Self::Attribute),
            (Self::Value, 2) => Some(Self::Type),
            (Self::Type, 1) => Some(Self::TensorType),
            (Self::TensorType, 2) => Some(Self::Shape),
            // Operator sets, tensors, extents.
            (Self::Model, 8) | (Self::Graph, 5) | (Self::Attribute, 5) | (Self::Shape, 1) => Some(Self::Leaf),
            _ => None,
        }
    }
}

/// The number of messages up to the first byte that does not belong there; decoding tells what is wrong with that.
pub(crate) fn messages(bytes: &[u8]) -> usize {
    count(Kind::Model, bytes)
}

fn count(kind: Kind, mut bytes: &[u8]) -> usize {
    let mut messages = 0;
    while let Some((field, inner)) = next_field(&mut bytes) {
        if let Some(kind) = kind.inside(field) {
            messages += 1 + count(kind, inner);
        }
    }
    messages
}

/// The number of a field and the bytes that it holds, none for numbers.
fn next_field<'a>(bytes: &mut &'a [u8]) -> Option<(u64, &'a [u8])> {
    let key = varint(bytes)?;
    let length = match key & 7 {
        0 => {
            varint(bytes)?;
            0
        }
        1 => 8,
        2 => usize::try_from(varint(bytes)?).ok()?,
        5 => 4,
        _ => return None,
    };
    let (inner, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some((key >> 3, inner))
}

/// Seven bits in every byte, the lowest first; the last byte has its highest bit unset.
fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;
    use crate::proto::{AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto};

    #[test]
    fn every_message_is_counted_once() {
        let tensor = TensorProto { dims: vec![2, 3], float_data: vec![0.5; 6], ..TensorProto::default() };
        let attribute =
            AttributeProto { name: "value".to_owned(), t: Some(tensor.clone()), ..AttributeProto::default() };
        let node =
            NodeProto { op_type: "Constant".to_owned(), attribute: vec![attribute], ..NodeProto::default() };
        let graph =
            GraphProto { node: vec![node.clone(), node], initializer: vec![tensor], ..GraphProto::default() };
        let set = OperatorSetIdProto { domain: String::new(), version: 20 };
        let bytes = ModelProto { graph: Some(graph), opset_import: vec![set] }.encode_to_vec();
        // The graph, two nodes with an attribute and a tensor each, one more tensor, the operator set.
        assert_eq!(messages(&bytes), 1 + 2 * 3 + 1 + 1);
        // What is cut off is not counted, and nothing beyond the end is read.
        for end in 0..bytes.len() {
            assert!(messages(&bytes[..end]) <= 9, "{end}");
        }
        assert_eq!(messages(&[0x3a, 0x00, 0x3a, 0x00]), 2);
        assert_eq!(messages(&[0xff; 32]), 0);
    }
}
