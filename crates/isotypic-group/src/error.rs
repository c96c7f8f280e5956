//! What can go wrong when a group is described.

use thiserror::Error;

use crate::finite_group::MAX_ORDER;
use crate::parse::AVAILABLE;
use crate::permutations::MAX_CLOSURE;
use crate::symmetric::MAX_DEGREE;

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

    /// A symmetric or alternating group of no points or of too many.
    #[error("group `{name}`: expected a degree from 1 to {MAX_DEGREE}, got {degree}")]
    DegreeOutOfRange {
        /// The group's name, such as `S8`.
        name: String,
        /// The degree asked for.
        degree: usize,
    },

    /// A permutation group of unknown degree.
    #[error("a permutation group needs at least one generator, got none")]
    NoGenerators,

    /// Generators that permute different sets of points.
    #[error("generator {generator} permutes {got} points, generator 0 permutes {expected}")]
    UnequalDegrees {
        /// The index of the generator at fault.
        generator: usize,
        /// The degree of generator 0.
        expected: usize,
        /// Its own degree.
        got: usize,
    },

    /// A generator that takes a point to no point.
    #[error("generator {generator} is not a permutation: image {image} is outside 0..{degree}")]
    ImageOutOfRange {
        /// The index of the generator at fault.
        generator: usize,
        /// The image at fault.
        image: usize,
        /// The number of points.
        degree: usize,
    },

    /// A generator that takes two points to one.
    #[error("generator {generator} is not a permutation: image {image} is repeated")]
    ImageRepeated {
        /// The index of the generator at fault.
        generator: usize,
        /// The image that stands twice.
        image: usize,
    },

    /// Generators with more products than are kept.
    #[error("the generators on {degree} points make more than {limit} elements")]
    ClosureTooLarge {
        /// The number of points.
        degree: usize,
        /// The largest number of elements on as many points.
        limit: usize,
    },

    /// A group whose irreps are neither known in closed form nor few enough to compute.
    #[error(
        "the irreps of group `{group}` of order {order} are not known in closed form, and computed only up to order {limit}"
    )]
    IrrepsNotKnown {
        /// The group's name.
        group: String,
        /// Its order.
        order: usize,
        /// The largest order for which irreps are computed.
        limit: usize,
    },

    /// Irreps that were computed, but not to the accuracy that is promised.
    #[error("the irreps of group `{group}` could not be computed: they fail the check that {promise}")]
    IrrepsNotComputed {
        /// The group's name.
        group: String,
        /// What was checked, and by how much it is off.
        promise: String,
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
            Self::DegreeOutOfRange { .. } => Some(format!(
                "`FiniteGroup::from_permutations` makes groups of up to {MAX_CLOSURE} elements on any number of points"
            )),
            Self::NoGenerators => Some("the identity alone generates the trivial group".into()),
            Self::UnequalDegrees { .. } => Some("list the images of fixed points too".into()),
            Self::ImageOutOfRange { .. } | Self::ImageRepeated { .. } => {
                Some("a generator lists the image of every point; points are counted from 0".into())
            }
            Self::ClosureTooLarge { .. } => Some(
                "leave generators out for a subgroup; fewer points allow more elements up to 100,000".into(),
            ),
            Self::IrrepsNotKnown { .. } => {
                Some("use a smaller group, or one of the families with irreps in closed form".into())
            }
            Self::IrrepsNotComputed { .. } => {
                Some("list the elements in another order, and report the group".into())
            }
            _ => Some(format!("available are {AVAILABLE}")),
        }
    }
}
