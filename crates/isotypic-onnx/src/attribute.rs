//! An argument of a node.

use crate::OnnxError;
use crate::error::quotable;
use crate::proto::AttributeProto;
use crate::tensor::{Tensor, decimal};

/// An argument of a node, by type.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Attribute {
    /// An integer.
    Integer(i64),
    /// A number in single precision, as the decimal that a person would write.
    Number(f64),
    /// A text; other bytes as far as they are one.
    Text(String),
    /// An array.
    Tensor(Tensor),
    /// A list of integers.
    Integers(Vec<i64>),
    /// A list of numbers.
    Numbers(Vec<f64>),
    /// A graph, a list of texts and the like.
    Other,
}

// Types of `onnx.proto`.
const FLOAT: i32 = 1;
const INT: i32 = 2;
const STRING: i32 = 3;
const TENSOR: i32 = 4;
const FLOATS: i32 = 6;
const INTS: i32 = 7;

impl Attribute {
    pub(crate) fn new(proto: AttributeProto) -> Result<Self, OnnxError> {
        Ok(match (proto.kind, proto.t) {
            (FLOAT, _) => Self::Number(decimal(proto.f)),
            (INT, _) => Self::Integer(proto.i),
            (STRING, _) => Self::Text(String::from_utf8_lossy(&proto.s).into_owned()),
            (TENSOR, Some(tensor)) => Self::Tensor(Tensor::new(tensor)?),
            (FLOATS, _) => Self::Numbers(proto.floats.into_iter().map(decimal).collect()),
            (INTS, _) => Self::Integers(proto.ints),
            _ => Self::Other,
        })
    }

    /// What it is, for messages.
    pub(crate) fn describe(&self) -> String {
        const LONGEST: usize = 8;
        match self {
            Self::Integer(value) => format!("`{value}`"),
            Self::Number(value) => format!("`{value:?}`"),
            Self::Text(text) => format!("`{}`", quotable(text)),
            Self::Tensor(tensor) => format!("an array of shape {:?}", tensor.shape()),
            Self::Integers(values) if values.len() <= LONGEST => format!("`{values:?}`"),
            Self::Numbers(values) if values.len() <= LONGEST => format!("`{values:?}`"),
            Self::Integers(values) => format!("a list of {} integers", values.len()),
            Self::Numbers(values) => format!("a list of {} numbers", values.len()),
            Self::Other => "a value of another type".to_owned(),
        }
    }
}
