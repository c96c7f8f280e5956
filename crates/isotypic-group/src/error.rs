//! What can go wrong when a group is described.

use thiserror::Error;

use crate::finite_group::MAX_ORDER;
use crate::parse::AVAILABLE;

/// A group that cannot be made as asked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum GroupError {
    /// A cyclic group or factor of order zero.
    #[error("a cyclic group has at least 1 element, got 0")]
    OrderZero,

    /// A direct product of nothing.
    #[error("a direct product needs at least one factor, got none")]
    NoFactors,

    /// More elements than element indices are allowed to number.
    #[error("group `{name}` has more than {MAX_ORDER} elements")]
    TooLarge {
        /// The group's name, such as `C65536×C65536`.
        name: String,
    },

    /// A factor of a product with no text, as in `cyclic:4*`.
    #[error("group `{spec}`: factor {position} is empty")]
    EmptyFactor {
        /// The whole description.
        spec: String,
        /// Which factor, counted from 1.
        position: usize,
    },

    /// A family followed by something that is not its parameter.
    #[error("group `{factor}`: expected {expected}, got {got}")]
    InvalidParameter {
        /// The factor of the description at fault.
        factor: String,
        /// What the family takes, such as ``an order, as in `cyclic:8` ``.
        expected: &'static str,
        /// What stood there.
        got: String,
    },

    /// A name that no family of groups has.
    #[error("group `{factor}`: unknown name `{family}`")]
    UnknownFamily {
        /// The factor of the description at fault.
        factor: String,
        /// The name as written.
        family: String,
        /// The known name that looks most like it, if any is near.
        nearest: Option<&'static str>,
    },

    /// A family that is known by name but cannot be computed with.
    #[error("group `{factor}` is not available")]
    NotAvailable {
        /// The factor of the description at fault.
        factor: String,
    },
}

impl GroupError {
    /// What the user can do about it, if anything is known.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownFamily { nearest: Some(name), .. } => Some(format!("did you mean `{name}`?")),
            Self::UnknownFamily { nearest: None, .. } | Self::NotAvailable { .. } => {
                Some(format!("available are {AVAILABLE}"))
            }
            Self::EmptyFactor { .. } => Some("factors are joined by `*`, as in `cyclic:4*cyclic:6`".into()),
            _ => Some(format!("available are {AVAILABLE}")),
        }
    }
}
