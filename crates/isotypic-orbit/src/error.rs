//! The one error type of this crate.

use isotypic_group::GroupError;
use thiserror::Error;

use crate::action_spec::{AVAILABLE, KNOWN};

/// Why an action, an orbit or a held-out set could not be made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OrbitError {
    /// No action of this name.
    #[error("group `{spec}`: unknown action `{name}`")]
    UnknownAction {
        /// The whole description.
        spec: String,
        /// The name in it.
        name: String,
    },
    /// An action that is known by name but cannot be computed with.
    #[error("group `{spec}` is not available as an action on images")]
    ActionNotAvailable {
        /// The whole description.
        spec: String,
    },
    /// A group that does not say how it moves images.
    #[error("group `{spec}` does not say how it moves images")]
    AbstractGroup {
        /// The whole description.
        spec: String,
    },
    /// A product of actions.
    #[error("group `{spec}`: {}", product_problem(*commute))]
    Product {
        /// The whole description.
        spec: String,
        /// Whether its factors commute, so that it is at least an action.
        commute: bool,
    },
    /// An action with a missing, superfluous or impossible parameter.
    #[error("group `{spec}`: expected {expected}, got {got}")]
    ActionParameter {
        /// The whole description.
        spec: String,
        /// What the action takes.
        expected: &'static str,
        /// What stood there.
        got: String,
    },
    /// A number of poses other than the order of a fixed group.
    #[error("group `{spec}` has {order} poses, not {poses}")]
    FixedOrder {
        /// The group.
        spec: String,
        /// Its order.
        order: usize,
        /// The number of poses asked for.
        poses: usize,
    },
    /// Shifts by a fraction of a pixel.
    #[error("group `{spec}`: {steps} shifts do not divide the image {axis} of {size} pixels")]
    NotDividing {
        /// The group.
        spec: String,
        /// `height` or `width`.
        axis: &'static str,
        /// Pixels along that axis.
        size: usize,
        /// Shifts asked for.
        steps: usize,
    },
    /// An image without pixels.
    #[error("images of shape {shape:?} have no pixels")]
    NoPixels {
        /// `[H, W, C]`.
        shape: [usize; 3],
    },
    /// The group itself cannot be made.
    #[error(transparent)]
    Group(#[from] GroupError),
    /// A step of normalisation that is not known.
    #[error("normalisation `{spec}`: unknown step `{step}`")]
    UnknownNormalization {
        /// The whole description.
        spec: String,
        /// The step in it.
        step: String,
    },
    /// An image that cannot be divided by its norm.
    #[error("image {image}: {}, cannot be normalised", if *constant { "all pixels are equal" } else { "its norm is zero or not finite" })]
    NotNormalizable {
        /// Position of the image among the seeds.
        image: usize,
        /// Whether all its pixels are equal.
        constant: bool,
    },
    /// NaN or infinity among the pixels.
    #[error("image {image}: pixel (row {row}, column {column}, channel {channel}) is `{value}`")]
    NotFinite {
        /// Position of the image among the seeds.
        image: usize,
        /// Row of the pixel.
        row: usize,
        /// Column of the pixel.
        column: usize,
        /// Channel of the pixel.
        channel: usize,
        /// The pixel.
        value: f64,
    },
    /// No seeds.
    #[error("an orbit dataset needs at least one seed")]
    NoSeeds,
    /// Not one label per seed.
    #[error("{seeds} seeds, but {labels} labels")]
    LabelCount {
        /// Number of seeds.
        seeds: usize,
        /// Number of labels.
        labels: usize,
    },
    /// Images of another shape than the action is for.
    #[error("the action is for images of shape {expected:?}, got {got:?}")]
    ImageShape {
        /// `[H, W, C]` of the action.
        expected: [usize; 3],
        /// `[H, W, C]` of the images.
        got: [usize; 3],
    },
    /// More points than can be held.
    #[error("{seeds} seeds × {order} poses × {values} values do not fit into memory")]
    TooLarge {
        /// Number of seeds.
        seeds: usize,
        /// Number of group elements.
        order: usize,
        /// Values per point.
        values: usize,
    },
    /// A group that is no subgroup of another in the ordering of elements used here.
    #[error("`{subgroup}` is not a subgroup of `{group}`")]
    NotASubgroup {
        /// The smaller group.
        subgroup: String,
        /// The larger group.
        group: String,
    },
    /// A held-out specification that cannot be read.
    #[error("hold-out `{spec}`: expected {expected}, got {got}")]
    HoldOutSyntax {
        /// The whole specification.
        spec: String,
        /// What should have stood there.
        expected: &'static str,
        /// What stood there.
        got: String,
    },
    /// A held-out file that cannot be read.
    #[error("hold-out file `{file}`: {message}")]
    HoldOutFile {
        /// The file.
        file: String,
        /// What is wrong.
        message: String,
    },
    /// Angles asked for in a group that has none.
    #[error("hold-out `{spec}`: `{group}` is not cyclic, its elements have no angles")]
    NoAngles {
        /// The whole specification.
        spec: String,
        /// The group.
        group: String,
    },
    /// A pose beyond the order of the group.
    #[error("hold-out: pose {element} is out of range: the group has {order} elements")]
    ElementOutOfRange {
        /// The group element.
        element: usize,
        /// Order of the group.
        order: usize,
    },
    /// A seed beyond the number of seeds.
    #[error("hold-out: seed {seed} is out of range: there are {seeds} seeds")]
    SeedOutOfRange {
        /// The seed.
        seed: usize,
        /// Number of seeds.
        seeds: usize,
    },
    /// The same point twice.
    #[error("hold-out: seed {seed} at pose {element} is listed twice")]
    ListedTwice {
        /// The seed.
        seed: usize,
        /// The group element.
        element: usize,
    },
    /// Nothing is held out.
    #[error("hold-out `{spec}` holds out none of the {order} poses")]
    NothingHeldOut {
        /// The whole specification.
        spec: String,
        /// Order of the group.
        order: usize,
    },
    /// Nothing is left to learn from.
    #[error("hold-out `{spec}` holds out {what}: nothing is left to learn from")]
    NothingObserved {
        /// The whole specification.
        spec: String,
        /// What is held out.
        what: String,
    },
}

impl OrbitError {
    /// What can be done about it, where something can.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::UnknownAction { name, .. } => match nearest(name, KNOWN) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("available are {AVAILABLE}"),
            },
            Self::ActionNotAvailable { .. } => format!("available are {AVAILABLE}"),
            Self::AbstractGroup { .. } => {
                format!("for images choose among {AVAILABLE}; abstract groups go with features and Gram matrices")
            }
            Self::Product { commute: false, .. } => {
                "turning and then shifting is not shifting and then turning; the group of both is `p4`, which is not \
                 available"
                    .into()
            }
            Self::Product { commute: true, .. } => {
                "for shifts along both axes use `translation:HxW`; other products are not available".into()
            }
            Self::FixedOrder { order, .. } => format!("leave out `--poses`, or pass `--poses {order}`"),
            Self::NotDividing { size, .. } => format!("{size} can be divided into {}", divisors(*size)),
            Self::Group(error) => return error.hint(),
            Self::UnknownNormalization { .. } => "pass `center,sphere`, `center`, `sphere` or `none`".into(),
            Self::NotNormalizable { .. } => "leave the image out, or pass `--normalize none`".into(),
            Self::HoldOutSyntax { .. } => {
                "pass `pose:0`, `poses:0,1,5`, `arc:90-270`, `outside:rotation:4` or a `.json` file".into()
            }
            Self::HoldOutFile { .. } => "it should hold a list such as `[{\"seed\": 0, \"element\": 3}]`".into(),
            Self::ElementOutOfRange { order, .. } => format!("poses count from 0 to {}", order - 1),
            Self::SeedOutOfRange { seeds, .. } => format!("seeds count from 0 to {}", seeds - 1),
            Self::NothingHeldOut { spec, order } if spec.starts_with("arc:") => {
                format!("the angle of pose k is k·360/{order} degrees; an arc has its start but not its end")
            }
            Self::ActionParameter { .. } => format!("available are {AVAILABLE}"),
            _ => return None,
        };
        Some(text)
    }
}

fn product_problem(commute: bool) -> &'static str {
    if commute { "products of actions are not available" } else { "the actions do not commute" }
}

/// All divisors of a number, as a list for people.
fn divisors(size: usize) -> String {
    let all: Vec<String> =
        (1..=size).filter(|&step| size.is_multiple_of(step)).map(|step| step.to_string()).collect();
    all.join(", ")
}

/// The candidate closest to `name`, if it is close enough to be a slip of the pen.
fn nearest(name: &str, candidates: &[&'static str]) -> Option<&'static str> {
    candidates
        .iter()
        .map(|&candidate| (strsim::normalized_damerau_levenshtein(name, candidate), candidate))
        .filter(|(similarity, _)| *similarity >= 0.6)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}
