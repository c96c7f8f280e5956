//! Options of `group_lift` and `group_conv` layers.

use serde::Serialize;

use crate::affine::{AffineSpec, addressable, extents_in_range};
use crate::options::Options;
use crate::{ArchitectureError, DenseSpec, GroupConv, Parameterization, SymmetryGroup};

/// The options of a `group_lift` layer.
pub(crate) const GROUP_LIFT_OPTIONS: &[&str] =
    &["group", "filter", "width", "w_std", "b_std", "parameterization", "width_scale"];

/// The options of a `group_conv` layer.
pub(crate) const GROUP_CONV_OPTIONS: &[&str] =
    &["filter", "width", "w_std", "b_std", "parameterization", "width_scale"];

/// Options of a `group_conv` layer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GroupConvSpec {
    /// Extent of the filter along both axes of the images: the same odd number twice, so that turns map the filter on itself.
    /// Missing on vectors, where filters cover the whole group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<Vec<usize>>,
    /// Number of output channels, from 1 to 2²⁰. Finite networks use it; of the kernels only those with
    /// [`Parameterization::Standard`] in the next layer depend on it.
    pub width: usize,
    /// Standard deviation of the weights before scaling by the fan-in; positive.
    pub w_std: f64,
    /// Standard deviation of the biases, at least 0; `None` for a layer without biases.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub b_std: Option<f64>,
    /// The layer's own parameterization, in place of the architecture's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameterization: Option<Parameterization>,
    /// By how much the widths of input and output exceed the base `width`, as for `conv`.
    pub width_scale: [f64; 2],
}

/// Options of a `group_lift` layer; `group` has no default.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GroupLiftSpec {
    /// The group on which the output is a function.
    pub group: SymmetryGroup,
    /// Filter and weights.
    #[serde(flatten)]
    pub conv: GroupConvSpec,
}

impl GroupConvSpec {
    /// A group convolution with this filter and defaults elsewhere: no bias, `w_std` 1, width 1.
    #[must_use]
    pub fn new(filter: Option<Vec<usize>>) -> Self {
        Self { filter, width: 1, w_std: 1.0, b_std: None, parameterization: None, width_scale: [1.0, 1.0] }
    }

    pub(crate) fn read(mut options: Options) -> Result<Self, ArchitectureError> {
        Self::read_from(&mut options)
    }

    fn read_from(options: &mut Options) -> Result<Self, ArchitectureError> {
        let filter = options.extents("filter")?;
        let DenseSpec { width, w_std, b_std, parameterization, width_scale } = DenseSpec::read_from(options)?;
        Ok(Self { filter, width, w_std, b_std, parameterization, width_scale })
    }

    /// Turns the options into numbers that are in range, for a function on the group of this shape. Returns the operation and
    /// the output's shape.
    pub(crate) fn check(
        &self,
        path: &str,
        default: Parameterization,
        group: SymmetryGroup,
        input_shape: &[usize],
    ) -> Result<(GroupConv, Vec<usize>), ArchitectureError> {
        let &channels = input_shape.last().ok_or(ArchitectureError::EmptyInput { shape: vec![] })?;
        let side = self.side(path, group)?;
        let places = side.map_or(1, |side| side * side) * group.turns();
        self.with_weights(
            path,
            default,
            (group, side, places, channels),
            &input_shape[..input_shape.len() - 1],
        )
    }

    /// The side of the filter: none on vectors.
    fn side(&self, path: &str, group: SymmetryGroup) -> Result<Option<usize>, ArchitectureError> {
        let wrong = |expected: &str| {
            let got = self.filter.as_ref().map_or("none".to_owned(), |filter| format!("{filter:?}"));
            ArchitectureError::invalid_option(path, "filter", expected, &got)
        };
        match (group.points(), self.filter.as_deref()) {
            (Some(_), None) => Ok(None),
            (Some(_), Some(_)) => Err(wrong("none, since on vectors filters cover the whole group")),
            (None, None) => Err(ArchitectureError::MissingOption { path: path.to_owned(), option: "filter" }),
            (None, Some(&[height, width])) if height == width && height % 2 == 1 => {
                // Squares of accepted sides do not overflow.
                extents_in_range(path, "filter", &[height])?;
                Ok(Some(height))
            }
            (None, Some(_)) => Err(wrong("an odd number twice, so that turns map the filter on itself")),
        }
    }

    /// The checked form, given group, side, places under a filter and channels, with the shape of the output up to its channels.
    fn with_weights(
        &self,
        path: &str,
        default: Parameterization,
        (group, side, taps, channels): (SymmetryGroup, Option<usize>, usize, usize),
        places: &[usize],
    ) -> Result<(GroupConv, Vec<usize>), ArchitectureError> {
        let affine = AffineSpec {
            width: self.width,
            w_std: self.w_std,
            b_std: self.b_std,
            parameterization: self.parameterization.unwrap_or(default),
            width_scale: self.width_scale,
        }
        .check(path, channels)?;
        addressable(path, &[taps, channels, affine.width])?;
        // What is read where, as a list.
        addressable(path, &[places, &[taps]].concat())?;
        let conv = GroupConv {
            group,
            side,
            taps,
            channels,
            weight_variance: affine.weight_variance,
            bias_variance: affine.bias_variance,
            parameterization: affine.parameterization,
            width: affine.width,
        };
        Ok((conv, [places, &[affine.width]].concat()))
    }
}

impl GroupLiftSpec {
    pub(crate) fn read(mut options: Options) -> Result<Self, ArchitectureError> {
        let group = options.symmetry_group("group")?;
        let group = options.required("group", group)?;
        Ok(Self { group, conv: GroupConvSpec::read_from(&mut options)? })
    }

    /// Turns the options into numbers that are in range, for images or vectors of this shape. Returns the operation and the output's
    /// shape: `[H, H, turns, width]`, or `[turns, width]` of vectors.
    pub(crate) fn check(
        &self,
        path: &str,
        default: Parameterization,
        input_shape: &[usize],
    ) -> Result<(GroupConv, Vec<usize>), ArchitectureError> {
        let group = self.group;
        let does_not_fit = || ArchitectureError::GroupDoesNotFit {
            path: path.to_owned(),
            group,
            input: input_shape.to_vec(),
        };
        let side = self.conv.side(path, group)?;
        let (taps, channels, places) = match (group.points(), input_shape) {
            (None, &[height, width, channels]) if height == width => {
                let side = side.unwrap_or(1);
                (side * side, channels, vec![height, width, group.turns()])
            }
            (Some(points), &[length]) if length.is_multiple_of(points) => {
                (points, length / points, vec![group.turns()])
            }
            _ => return Err(does_not_fit()),
        };
        self.conv.with_weights(path, default, (group, side, taps, channels), &places)
    }
}
