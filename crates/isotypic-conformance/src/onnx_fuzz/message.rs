//! Files as trees of fields: what the wire format of protobuf says, and which fields of ONNX hold messages. Written from the description of
//! the format; shares no code with the reader that is examined.

/// A message: its fields in the order of the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Message(pub(super) Vec<Field>);

/// A field: its number and what it holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Field {
    pub(super) number: u64,
    pub(super) content: Content,
}

/// What a field holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Content {
    Varint(u64),
    Eight([u8; 8]),
    Four([u8; 4]),
    Bytes(Vec<u8>),
    Message(Kind, Message),
}

/// The messages of `onnx.proto` that are taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Model,
    OperatorSet,
    Graph,
    Node,
    Attribute,
    Tensor,
    ValueInfo,
    Type,
    TensorType,
    Shape,
    Dimension,
}

impl Kind {
    /// The message that a field of this one holds, if it holds one.
    fn inside(self, number: u64) -> Option<Self> {
        Some(match (self, number) {
            (Self::Model, 7) | (Self::Attribute, 6) => Self::Graph,
            (Self::Model, 8) => Self::OperatorSet,
            (Self::Graph, 1) => Self::Node,
            (Self::Graph, 5) | (Self::Attribute, 5) => Self::Tensor,
            (Self::Graph, 11 | 12) => Self::ValueInfo,
            (Self::Node, 5) => Self::Attribute,
            (Self::ValueInfo, 2) => Self::Type,
            (Self::Type, 1) => Self::TensorType,
            (Self::TensorType, 2) => Self::Shape,
            (Self::Shape, 1) => Self::Dimension,
            _ => return None,
        })
    }
}

impl Message {
    /// Takes a sound file apart; `None` for other bytes.
    pub(super) fn parse(kind: Kind, mut bytes: &[u8]) -> Option<Self> {
        let mut fields = Vec::new();
        while !bytes.is_empty() {
            let key = take_varint(&mut bytes)?;
            let number = key >> 3;
            let content = match key & 7 {
                0 => Content::Varint(take_varint(&mut bytes)?),
                1 => Content::Eight(take(&mut bytes, 8)?.try_into().ok()?),
                5 => Content::Four(take(&mut bytes, 4)?.try_into().ok()?),
                2 => {
                    let length = usize::try_from(take_varint(&mut bytes)?).ok()?;
                    let inner = take(&mut bytes, length)?;
                    match kind.inside(number) {
                        Some(kind) => Content::Message(kind, Self::parse(kind, inner)?),
                        None => Content::Bytes(inner.to_vec()),
                    }
                }
                _ => return None,
            };
            fields.push(Field { number, content });
        }
        Some(Self(fields))
    }

    /// The bytes of the file.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for Field { number, content } in &self.0 {
            let (kind, packed) = match content {
                Content::Varint(value) => (0, varint(*value)),
                Content::Eight(value) => (1, value.to_vec()),
                Content::Four(value) => (5, value.to_vec()),
                Content::Bytes(value) => (2, with_length(value)),
                Content::Message(_, inner) => (2, with_length(&inner.to_bytes())),
            };
            bytes.extend(varint((number << 3) | kind));
            bytes.extend(packed);
        }
        bytes
    }

    /// Every field, those inside of others after them.
    pub(super) fn for_each(&self, act: &mut impl FnMut(&Field)) {
        for field in &self.0 {
            act(field);
            if let Content::Message(_, inner) = &field.content {
                inner.for_each(act);
            }
        }
    }

    /// The number of fields.
    pub(super) fn size(&self) -> usize {
        let mut size = 0;
        self.for_each(&mut |_| size += 1);
        size
    }

    /// The list that holds the field with this place in the order of [`for_each`](Self::for_each), and its place there.
    pub(super) fn find(&mut self, mut place: usize) -> Option<(&mut Vec<Field>, usize)> {
        for index in 0..self.0.len() {
            if place == 0 {
                return Some((&mut self.0, index));
            }
            place -= 1;
            let inside = match &self.0[index].content {
                Content::Message(_, inner) => inner.size(),
                _ => 0,
            };
            if place < inside {
                return match &mut self.0[index].content {
                    Content::Message(_, inner) => inner.find(place),
                    _ => None,
                };
            }
            place -= inside;
        }
        None
    }
}

fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(count)?;
    *bytes = rest;
    Some(taken)
}

fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = take(bytes, 1)?[0];
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// Seven bits in every byte, the lowest first; the last byte has its highest bit unset.
fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

fn with_length(bytes: &[u8]) -> Vec<u8> {
    [varint(bytes.len() as u64).as_slice(), bytes].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_apart_is_put_together_to_the_same_bytes() {
        for value in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX] {
            let bytes = varint(value);
            assert_eq!(take_varint(&mut bytes.as_slice()), Some(value));
        }
        // The example of the description of the format.
        assert_eq!(varint(150), [0x96, 0x01]);
        for (name, bytes) in super::super::corpus::fixtures() {
            let message = Message::parse(Kind::Model, &bytes).unwrap_or_else(|| panic!("{name}"));
            assert_eq!(message.to_bytes(), bytes, "{name}");
            let mut copy = message.clone();
            let size = message.size();
            assert!(copy.find(size).is_none());
            let mut places = Vec::new();
            message.for_each(&mut |field| places.push(field.clone()));
            for (place, expected) in places.iter().enumerate() {
                let (list, index) = copy.find(place).unwrap();
                assert_eq!(&list[index], expected, "{name}, field {place}");
            }
        }
    }
}
