//! Actions by name: `rotation:16`, `translation:28x28`, `translation-x:28`, `translation-y:28`, `flip`.
//!
//! A spec is an action before it meets an image. What it costs to be wrong about the image is known when it is
//! resolved.

use std::fmt;
use std::str::FromStr;

use isotypic_group::FiniteGroup;

use crate::{CircularShift, Flip, GroupAction, OrbitError, Rotation};

/// The actions there are, for hints.
pub(crate) const AVAILABLE: &str =
    "`rotation:N`, `translation:HxW`, `translation-x:N`, `translation-y:N` and `flip`";

/// Every name that stands for a group or an action, available or not.
pub(crate) const KNOWN: &[&str] = &[
    "rotation",
    "translation",
    "translation-x",
    "translation-y",
    "flip",
    "dihedral",
    "p4",
    "p4m",
    "permutation",
    "cyclic",
    "symmetric",
    "alternating",
    "quaternion",
    "klein",
    "tetrahedral",
    "octahedral",
    "icosahedral",
];

/// Names of actions on images that cannot be computed with.
const NOT_AVAILABLE: [&str; 4] = ["dihedral", "p4", "p4m", "permutation"];

const POSES: &str = "a number of poses of at least 1, as in `rotation:16`";
const GRID: &str = "two numbers of shifts of at least 1, as in `translation:28x28`";

/// An action on images of any shape.
///
/// # Examples
/// ```
/// use isotypic_orbit::ActionSpec;
///
/// let spec = ActionSpec::parse("rotation:16")?;
/// assert_eq!(spec.with_poses(64)?.to_string(), "rotation:64");
/// let action = spec.resolve([28, 28, 1])?;
/// assert_eq!(action.group().order(), 16);
/// assert_eq!(ActionSpec::parse("rotatoin:4").unwrap_err().hint().unwrap(), "did you mean `rotation`?");
/// # Ok::<(), isotypic_orbit::OrbitError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ActionSpec {
    /// Turns by multiples of 360/N degrees; see [`Rotation`].
    Rotation {
        /// N, at least 1.
        poses: usize,
    },
    /// Circular shifts along both axes; see [`CircularShift`].
    Translation {
        /// Shifts along the height, at least 1.
        rows: usize,
        /// Shifts along the width, at least 1.
        columns: usize,
    },
    /// Circular shifts along the width.
    TranslationX {
        /// How many, at least 1.
        poses: usize,
    },
    /// Circular shifts along the height.
    TranslationY {
        /// How many, at least 1.
        poses: usize,
    },
    /// Left–right mirror images; see [`Flip`].
    Flip,
}

impl ActionSpec {
    /// Reads a description of an action.
    ///
    /// # Errors
    /// [`OrbitError::UnknownAction`] with the nearest name, [`OrbitError::ActionNotAvailable`],
    /// [`OrbitError::AbstractGroup`], [`OrbitError::Product`], [`OrbitError::ActionParameter`].
    pub fn parse(spec: &str) -> Result<Self, OrbitError> {
        if spec.contains('*') {
            return Err(OrbitError::Product { spec: spec.into(), commute: !mixes_turns_and_shifts(spec) });
        }
        let (name, parameter) = match spec.split_once(':') {
            Some((name, parameter)) => (name, Some(parameter)),
            None => (spec, None),
        };
        let poses = || number(parameter).ok_or_else(|| wrong_parameter(spec, POSES, parameter));
        match name {
            "rotation" => Ok(Self::Rotation { poses: poses()? }),
            "translation-x" => Ok(Self::TranslationX { poses: poses()? }),
            "translation-y" => Ok(Self::TranslationY { poses: poses()? }),
            "translation" => {
                let sizes = parameter.and_then(|text| text.split_once('x'));
                let sizes =
                    sizes.and_then(|(rows, columns)| Some((number(Some(rows))?, number(Some(columns))?)));
                let (rows, columns) = sizes.ok_or_else(|| wrong_parameter(spec, GRID, parameter))?;
                Ok(Self::Translation { rows, columns })
            }
            "flip" if parameter.is_none() => Ok(Self::Flip),
            "flip" => Err(wrong_parameter(spec, "no parameter", parameter)),
            _ if NOT_AVAILABLE.contains(&name) => Err(OrbitError::ActionNotAvailable { spec: spec.into() }),
            _ if KNOWN.contains(&name) => Err(OrbitError::AbstractGroup { spec: spec.into() }),
            _ => Err(OrbitError::UnknownAction { spec: spec.into(), name: name.into() }),
        }
    }

    /// The name before the colon.
    #[must_use]
    pub fn family(&self) -> &'static str {
        match self {
            Self::Rotation { .. } => "rotation",
            Self::Translation { .. } => "translation",
            Self::TranslationX { .. } => "translation-x",
            Self::TranslationY { .. } => "translation-y",
            Self::Flip => "flip",
        }
    }

    /// The same family with another number of poses. A group without such a number keeps its order.
    ///
    /// # Errors
    /// [`OrbitError::FixedOrder`] if the group has no number to replace and its order is another;
    /// [`OrbitError::ActionParameter`] for no poses at all.
    pub fn with_poses(&self, poses: usize) -> Result<Self, OrbitError> {
        if poses == 0 {
            let spec = format!("{}:0", self.family());
            return Err(OrbitError::ActionParameter { spec, expected: POSES, got: "`0`".into() });
        }
        match self {
            Self::Rotation { .. } => Ok(Self::Rotation { poses }),
            Self::TranslationX { .. } => Ok(Self::TranslationX { poses }),
            Self::TranslationY { .. } => Ok(Self::TranslationY { poses }),
            Self::Translation { .. } | Self::Flip => match self.group()?.order() {
                order if order == poses => Ok(self.clone()),
                order => Err(OrbitError::FixedOrder { spec: self.to_string(), order, poses }),
            },
        }
    }

    /// The group that acts, whatever it acts on.
    ///
    /// # Errors
    /// [`OrbitError::Group`] if it is too large.
    pub fn group(&self) -> Result<FiniteGroup, OrbitError> {
        Ok(match *self {
            Self::Rotation { poses } | Self::TranslationX { poses } | Self::TranslationY { poses } => {
                FiniteGroup::cyclic(poses)?
            }
            Self::Translation { rows, columns } => FiniteGroup::abelian(&[rows, columns])?,
            Self::Flip => FiniteGroup::cyclic(2)?,
        })
    }

    /// The action on images `[H, W, C]`.
    ///
    /// # Errors
    /// [`OrbitError::NotDividing`] for shifts by a fraction of a pixel, [`OrbitError::NoPixels`], [`OrbitError::Group`].
    pub fn resolve(&self, image_shape: [usize; 3]) -> Result<Box<dyn GroupAction>, OrbitError> {
        Ok(match *self {
            Self::Rotation { poses } => Box::new(Rotation::new(poses, image_shape)?),
            Self::Translation { rows, columns } => Box::new(CircularShift::both(rows, columns, image_shape)?),
            Self::TranslationX { poses } => Box::new(CircularShift::along_x(poses, image_shape)?),
            Self::TranslationY { poses } => Box::new(CircularShift::along_y(poses, image_shape)?),
            Self::Flip => Box::new(Flip::new(image_shape)?),
        })
    }
}

impl fmt::Display for ActionSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let family = self.family();
        match self {
            Self::Rotation { poses } | Self::TranslationX { poses } | Self::TranslationY { poses } => {
                write!(f, "{family}:{poses}")
            }
            Self::Translation { rows, columns } => write!(f, "{family}:{rows}x{columns}"),
            Self::Flip => f.write_str(family),
        }
    }
}

impl FromStr for ActionSpec {
    type Err = OrbitError;

    fn from_str(spec: &str) -> Result<Self, OrbitError> {
        Self::parse(spec)
    }
}

/// A positive number written in digits alone.
fn number(text: Option<&str>) -> Option<usize> {
    let text = text.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    text.parse().ok().filter(|&value| value > 0)
}

fn wrong_parameter(spec: &str, expected: &'static str, parameter: Option<&str>) -> OrbitError {
    let got = parameter.map_or_else(|| "nothing".into(), |text| format!("`{text}`"));
    OrbitError::ActionParameter { spec: spec.into(), expected, got }
}

/// Whether a product has factors that turn or mirror and others that shift or turn.
fn mixes_turns_and_shifts(spec: &str) -> bool {
    let shifts = spec.split('*').filter(|factor| factor.trim().starts_with("translation")).count();
    shifts < spec.split('*').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_prints_as_it_is_written() {
        for spec in ["rotation:16", "translation:28x14", "translation-x:28", "translation-y:7", "flip"] {
            assert_eq!(ActionSpec::parse(spec).unwrap().to_string(), spec);
        }
    }

    #[test]
    fn poses_replace_the_number_of_a_family() {
        let with = |spec: &str, poses| ActionSpec::parse(spec).unwrap().with_poses(poses);
        assert_eq!(with("translation-y:28", 7).unwrap().to_string(), "translation-y:7");
        assert_eq!(with("flip", 2).unwrap(), ActionSpec::Flip);
        assert_eq!(with("translation:4x7", 28).unwrap().to_string(), "translation:4x7");
        assert_eq!(with("flip", 4).unwrap_err().to_string(), "group `flip` has 2 poses, not 4");
        assert!(matches!(
            with("translation:4x7", 14),
            Err(OrbitError::FixedOrder { order: 28, poses: 14, .. })
        ));
        assert!(matches!(with("rotation:4", 0), Err(OrbitError::ActionParameter { .. })));
    }

    #[test]
    fn wrong_parameters_are_named() {
        let message = |spec: &str| ActionSpec::parse(spec).unwrap_err().to_string();
        assert_eq!(
            message("rotation"),
            "group `rotation`: expected a number of poses of at least 1, as in `rotation:16`, got nothing"
        );
        for bad in ["0", "-4", "+4", "4.0", "", "four", "99999999999999999999"] {
            assert!(message(&format!("rotation:{bad}")).ends_with(&format!("got `{bad}`")));
        }
        for bad in ["28", "28x", "x28", "28x28x28", "0x28", "28X28"] {
            assert!(message(&format!("translation:{bad}")).contains("as in `translation:28x28`"));
        }
        assert_eq!(message("flip:2"), "group `flip:2`: expected no parameter, got `2`");
    }

    #[test]
    fn unknown_names_get_the_nearest_and_far_ones_the_list() {
        let hint = |spec: &str| ActionSpec::parse(spec).unwrap_err().hint().unwrap();
        assert_eq!(hint("rotatoin:4"), "did you mean `rotation`?");
        assert_eq!(hint("translate-x:4"), "did you mean `translation-x`?");
        assert_eq!(hint("dihedrla:4"), "did you mean `dihedral`?");
        assert!(hint("wobble:4").starts_with("available are `rotation:N`"));
    }

    #[test]
    fn known_groups_that_do_not_move_images_say_why() {
        for spec in ["dihedral:4", "p4", "p4m", "permutation:f.json"] {
            let error = ActionSpec::parse(spec).unwrap_err();
            assert!(matches!(error, OrbitError::ActionNotAvailable { .. }), "{spec}");
            assert!(error.hint().unwrap().contains("rotation:N"));
        }
        for spec in ["cyclic:4", "symmetric:3", "quaternion", "icosahedral"] {
            let error = ActionSpec::parse(spec).unwrap_err();
            assert_eq!(error.to_string(), format!("group `{spec}` does not say how it moves images"));
        }
    }

    #[test]
    fn products_of_turns_and_shifts_do_not_commute() {
        let error = ActionSpec::parse("rotation:4*translation:28x28").unwrap_err();
        assert_eq!(error.to_string(), "group `rotation:4*translation:28x28`: the actions do not commute");
        assert!(error.hint().unwrap().contains("`p4`"));
        let error = ActionSpec::parse("translation-y:4*translation-x:4").unwrap_err();
        assert!(matches!(error, OrbitError::Product { commute: true, .. }));
        assert!(error.hint().unwrap().contains("translation:HxW"));
    }
}
