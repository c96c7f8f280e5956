//! What can be done about an error.

use crate::OrbitError;
use crate::names::{AVAILABLE, KNOWN, nearest};

impl OrbitError {
    /// What can be done about it, where something can.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::UnknownAction { name, .. } => match nearest(name, KNOWN) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("available are {AVAILABLE}"),
            },
            Self::AbstractGroup { .. } => {
                format!("choose among {AVAILABLE}; abstract groups go with features and Gram matrices")
            }
            Self::EmptyFactor { .. } => "factors are joined by `*`, as in `flip*translation-y:28`".into(),
            Self::NotCommuting { spec, .. } if spec.contains("translation") => {
                "turning and then shifting is not shifting and then turning; the group of both is `p4`, with mirror \
                 images `p4m`"
                    .into()
            }
            Self::NotCommuting { .. } => {
                "a product is for actions in any order; the group of turns and mirror images is `dihedral:N`".into()
            }
            Self::NotAnAction { defect, .. } if *defect < 1e-3 => {
                "the matrices nearly multiply like the group: give them with more digits".into()
            }
            Self::NotAnAction { .. } => {
                "each element needs a map such that g after h is the map of gh, and the identity changes nothing".into()
            }
            Self::NeedsImageShape { spec } => {
                format!("write the number of shifts along each axis, as in `{spec}:28`")
            }
            Self::NotSquare { height, width, .. } => {
                format!("use `translation:{height}x{width}` or `dihedral:2`, or crop the images to squares")
            }
            Self::DegreeMismatch { verb: "permutes", .. } => {
                "it moves the coordinates of vectors `[n, d]`, the points of clouds `[n, points, 1, d]`, or channels; for \
                 images choose among `rotation:N`, `dihedral:N`, `translation:HxW`, `flip`, `p4` and `p4m`"
                    .into()
            }
            Self::DegreeMismatch { .. } => {
                "it acts on vectors `[n, d]`, points `[n, points, d]`, or the channels of images".into()
            }
            Self::MatrixShape { .. } => {
                "generators are square matrices of one size, `[m, d, d]`".into()
            }
            Self::MatrixNotFinite { .. } => "replace NaN and infinite entries".into(),
            Self::NotInvertible { .. } => {
                "every matrix of a group has an inverse; a finite group has determinants of ±1".into()
            }
            Self::NotClosed { .. } => {
                "some power of every matrix must be the unit matrix; check the entries, and give them with more digits"
                    .into()
            }
            Self::GeneratorFile { spec, .. } if spec.starts_with("linear") => {
                "it should hold `{\"generators\": [[[0, -1], [1, 0]]]}`, or be a `.npy` array `[m, d, d]`".into()
            }
            Self::GeneratorFile { .. } => {
                "it should hold `{\"generators\": [[1, 2, 0]]}`, each list the images of 0, 1, 2, …; with \
                 `\"axis\": \"channels\"` to permute channels"
                    .into()
            }
            Self::TableFile { .. } => {
                "it should hold `{\"table\": [[0, 1], [1, 0]]}`, where row g lists the products g·0, g·1, …".into()
            }
            Self::FixedOrder { order, .. } => format!("leave out `--poses`, or pass `--poses {order}`"),
            Self::NotDividing { size, .. } => format!("{size} can be divided into {}", divisors(*size)),
            Self::Group(error) => return error.hint(),
            Self::UnknownNormalization { .. } => "pass `center,sphere`, `center`, `sphere` or `none`".into(),
            Self::NotNormalizable { .. } => "leave the image out, or pass `--normalize none`".into(),
            Self::HoldOutSyntax { .. } => {
                "pass `pose:0`, `poses:0,1,5`, `arc:90-270`, `outside:rotation:4`, `outside:elements:0,2` or a `.json` \
                 file"
                    .into()
            }
            Self::HoldOutFile { .. } => "it should hold a list such as `[{\"seed\": 0, \"element\": 3}]`".into(),
            Self::NotClosedList { product, .. } => format!("add {product}, or leave out one of the factors"),
            Self::NotASubgroup { .. } => {
                "a subgroup is found by name if it is one of the same kind; list its elements instead, as in \
                 `outside:elements:0,2`"
                    .into()
            }
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

/// All divisors of a number, as a list for people.
fn divisors(size: usize) -> String {
    let all: Vec<String> =
        (1..=size).filter(|&step| size.is_multiple_of(step)).map(|step| step.to_string()).collect();
    all.join(", ")
}
