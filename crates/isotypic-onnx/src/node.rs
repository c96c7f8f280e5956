//! A step of the computation.

use std::fmt;

use crate::error::quotable;
use crate::{Attribute, OnnxError};

/// An operator with what it reads and gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Its place in the file, from 0; messages count from 1.
    pub index: usize,
    /// The operator, such as `Conv`.
    pub operator: String,
    /// Names of the values it reads; an empty one stands for an argument left out.
    pub inputs: Vec<String>,
    /// Names of the values it gives.
    pub outputs: Vec<String>,
    pub(crate) name: String,
    /// In the order of the file.
    pub(crate) attributes: Vec<(String, Attribute)>,
}

/// The node's place for messages: number, name if it has one, operator.
impl fmt::Display for Node {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, operator) = (self.index + 1, quotable(&self.operator));
        match self.name.as_str() {
            "" => write!(formatter, "node {number} (`{operator}`)"),
            name => write!(formatter, "node {number} `{}` (`{operator}`)", quotable(name)),
        }
    }
}

impl Node {
    /// A node of this operator alone, without inputs and attributes.
    pub fn new(operator: &str) -> Self {
        let (inputs, outputs, attributes) = (vec![], vec![], vec![]);
        Self { index: 0, operator: operator.to_owned(), inputs, outputs, name: String::new(), attributes }
    }

    /// Refuses attributes that are not in the list: they would change what the node computes.
    ///
    /// # Errors
    /// [`OnnxError::UnknownAttribute`].
    pub fn only(&self, known: &[&str]) -> Result<(), OnnxError> {
        match self.attributes.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            None => Ok(()),
            Some((name, _)) => {
                Err(OnnxError::UnknownAttribute { node: self.to_string(), attribute: quotable(name) })
            }
        }
    }

    /// An attribute of any type.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|(other, _)| other == name).map(|(_, attribute)| attribute)
    }

    /// The integer of an attribute.
    ///
    /// # Errors
    /// [`OnnxError::Attribute`] for one of another type, here and below.
    pub fn integer(&self, name: &str) -> Result<Option<i64>, OnnxError> {
        self.typed(name, "an integer", |attribute| match attribute {
            Attribute::Integer(value) => Some(*value),
            _ => None,
        })
    }

    /// The truth value of an attribute, 0 or 1.
    ///
    /// # Errors
    /// [`OnnxError::Attribute`].
    pub fn flag(&self, name: &str) -> Result<Option<bool>, OnnxError> {
        self.typed(name, "0 or 1", |attribute| match attribute {
            Attribute::Integer(0) => Some(false),
            Attribute::Integer(1) => Some(true),
            _ => None,
        })
    }

    /// The number of an attribute.
    ///
    /// # Errors
    /// [`OnnxError::Attribute`], also if it is not finite.
    pub fn number(&self, name: &str) -> Result<Option<f64>, OnnxError> {
        self.typed(name, "a finite number", |attribute| match attribute {
            Attribute::Number(value) if value.is_finite() => Some(*value),
            _ => None,
        })
    }

    /// The text of an attribute.
    ///
    /// # Errors
    /// [`OnnxError::Attribute`].
    pub fn text(&self, name: &str) -> Result<Option<&str>, OnnxError> {
        self.typed(name, "a text", |attribute| match attribute {
            Attribute::Text(text) => Some(text.as_str()),
            _ => None,
        })
    }

    /// The integers of an attribute.
    ///
    /// # Errors
    /// [`OnnxError::Attribute`].
    pub fn integers(&self, name: &str) -> Result<Option<&[i64]>, OnnxError> {
        self.typed(name, "a list of integers", |attribute| match attribute {
            Attribute::Integers(values) => Some(values.as_slice()),
            _ => None,
        })
    }

    /// The attribute as it is, as an error that says what belongs there.
    pub fn wrong(&self, name: &str, expected: impl Into<String>) -> OnnxError {
        OnnxError::Attribute {
            node: self.to_string(),
            attribute: name.to_owned(),
            expected: expected.into(),
            got: self.attribute(name).map_or("none".to_owned(), Attribute::describe),
        }
    }

    fn typed<'a, T>(
        &'a self,
        name: &str,
        expected: &str,
        read: impl FnOnce(&'a Attribute) -> Option<T>,
    ) -> Result<Option<T>, OnnxError> {
        match self.attribute(name) {
            None => Ok(None),
            Some(attribute) => read(attribute).map(Some).ok_or_else(|| self.wrong(name, expected)),
        }
    }
}
