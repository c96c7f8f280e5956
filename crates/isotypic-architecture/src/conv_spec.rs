//! Options of a `conv` layer.

use serde::Serialize;

use crate::affine::{AffineSpec, addressable};
use crate::windows::lay_out;
use crate::{ArchitectureError, Conv, Padding, Parameterization};

/// Options of a `conv` layer; only `filter` has no default.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConvSpec {
    /// Number of output channels, from 1 to 2²⁰. Finite networks use it; of the kernels only those with
    /// [`Parameterization::Standard`] in the next layer depend on it.
    pub width: usize,
    /// Extent of the filter along each of one to three spatial axes, each at least 1.
    pub filter: Vec<usize>,
    /// Distance between neighbouring outputs along each spatial axis, each at least 1; as many as `filter` has.
    pub strides: Vec<usize>,
    /// What lies beyond the border.
    pub padding: Padding,
    /// Standard deviation of the weights before scaling by the fan-in; positive.
    pub w_std: f64,
    /// Standard deviation of the biases, at least 0; `None` for a layer without biases.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub b_std: Option<f64>,
    /// The layer's own parameterization, in place of the architecture's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameterization: Option<Parameterization>,
    /// By how much the widths of input and output exceed the base `width`, both positive: the layer has `width` times
    /// the second factor channels, and its tangent kernel counts base widths. Other than `[1, 1]` only
    /// with [`Parameterization::Standard`] (the scaling $s$ of arXiv 2001.07301).
    pub width_scale: [f64; 2],
}

impl ConvSpec {
    /// A convolution with this filter and defaults elsewhere: stride 1, no padding, no bias, `w_std` 1, width 1.
    pub fn new(filter: Vec<usize>) -> Self {
        Self {
            width: 1,
            strides: vec![1; filter.len()],
            filter,
            padding: Padding::default(),
            w_std: 1.0,
            b_std: None,
            parameterization: None,
            width_scale: [1.0, 1.0],
        }
    }

    /// Turns the options into numbers that are in range and lays the filter out over `input_shape` (spatial axes, then
    /// channels). Returns the operation and the output's shape.
    pub(crate) fn check(
        &self,
        path: &str,
        default: Parameterization,
        input_shape: &[usize],
    ) -> Result<(Conv, Vec<usize>), ArchitectureError> {
        let &channels = input_shape.last().ok_or(ArchitectureError::EmptyInput { shape: vec![] })?;
        let (mut output_shape, pad_before) =
            lay_out(path, "filter", &self.filter, &self.strides, self.padding, input_shape)?;
        let affine = self.affine(default).check(path, channels)?;
        addressable(path, &[&self.filter[..], &[channels, affine.width]].concat())?;
        output_shape.push(affine.width);

        let conv = Conv {
            filter: self.filter.clone(),
            strides: self.strides.clone(),
            padding: self.padding,
            pad_before,
            weight_variance: affine.weight_variance,
            bias_variance: affine.bias_variance,
            parameterization: affine.parameterization,
            width: affine.width,
        };
        Ok((conv, output_shape))
    }

    fn affine(&self, default: Parameterization) -> AffineSpec {
        AffineSpec {
            width: self.width,
            w_std: self.w_std,
            b_std: self.b_std,
            parameterization: self.parameterization.unwrap_or(default),
            width_scale: self.width_scale,
        }
    }
}
