//! Options of `conv`, `conv_local` and `conv_transpose` layers.

use serde::Serialize;

use crate::affine::{AffineSpec, addressable};
use crate::options::Options;
use crate::windows::{lay_out, lay_out_transposed};
use crate::{ArchitectureError, Conv, Padding, Parameterization};

/// The options of a `conv` layer.
pub(crate) const CONV_OPTIONS: &[&str] = &[
    "filter",
    "strides",
    "padding",
    "dilation",
    "width",
    "w_std",
    "b_std",
    "parameterization",
    "width_scale",
];

/// The options of `conv_local` and `conv_transpose` layers.
pub(crate) const OTHER_CONV_OPTIONS: &[&str] =
    &["filter", "strides", "padding", "width", "w_std", "b_std", "parameterization", "width_scale"];

/// Options of a `conv`, `conv_local` or `conv_transpose` layer; only `filter` has no default.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConvSpec {
    /// Number of output channels, from 1 to 2²⁰. Finite networks use it; of the kernels only those with
    /// [`Parameterization::Standard`] in the next layer depend on it.
    pub width: usize,
    /// Extent of the filter along each of one to three spatial axes, each at least 1.
    pub filter: Vec<usize>,
    /// Distance between neighbouring outputs along each spatial axis, each at least 1; as many as `filter` has.
    ///
    /// Of a `conv_transpose` layer: the distance between what neighbouring inputs write to.
    pub strides: Vec<usize>,
    /// Distance between neighbouring taps of the filter along each spatial axis, each at least 1; as many as `filter` has. Only
    /// `conv` has other values than 1.
    #[serde(skip_serializing_if = "all_ones")]
    pub dilation: Vec<usize>,
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
            dilation: vec![1; filter.len()],
            filter,
            padding: Padding::default(),
            w_std: 1.0,
            b_std: None,
            parameterization: None,
            width_scale: [1.0, 1.0],
        }
    }

    /// Reads the options of any of the three layers.
    pub(crate) fn read(mut options: Options) -> Result<Self, ArchitectureError> {
        let filter = options.extents("filter")?;
        let default = Self::new(options.required("filter", filter)?);
        Ok(Self {
            width: options.extent("width")?.unwrap_or(default.width),
            strides: options.extents("strides")?.unwrap_or(default.strides),
            dilation: options.extents("dilation")?.unwrap_or(default.dilation),
            padding: options.padding()?.unwrap_or(default.padding),
            w_std: options.number("w_std")?.unwrap_or(default.w_std),
            b_std: options.number_or_null("b_std")?,
            parameterization: options.parameterization()?,
            width_scale: options.two_numbers("width_scale")?.unwrap_or(default.width_scale),
            filter: default.filter,
        })
    }

    /// Turns the options of a `conv` or `conv_local` layer into numbers that are in range and lays the filter out over
    /// `input_shape` (spatial axes, then channels). Returns the operation and the output's shape.
    pub(crate) fn check(
        &self,
        path: &str,
        default: Parameterization,
        input_shape: &[usize],
    ) -> Result<(Conv, Vec<usize>), ArchitectureError> {
        let layout = lay_out(
            path,
            "filter",
            (&self.filter, &self.dilation),
            &self.strides,
            self.padding,
            input_shape,
        )?;
        self.with_weights(path, default, input_shape, layout)
    }

    /// The same of a `conv_transpose` layer.
    pub(crate) fn check_transposed(
        &self,
        path: &str,
        default: Parameterization,
        input_shape: &[usize],
    ) -> Result<(Conv, Vec<usize>), ArchitectureError> {
        self.undilated(path)?;
        let layout = lay_out_transposed(path, &self.filter, &self.strides, self.padding, input_shape)?;
        self.with_weights(path, default, input_shape, layout)
    }

    /// The same of a `conv_local` layer.
    pub(crate) fn check_local(
        &self,
        path: &str,
        default: Parameterization,
        input_shape: &[usize],
    ) -> Result<(Conv, Vec<usize>), ArchitectureError> {
        self.undilated(path)?;
        let (conv, output_shape) = self.check(path, default, input_shape)?;
        let positions = &output_shape[..self.filter.len()];
        addressable(
            path,
            &[positions, &self.filter, &[input_shape[self.filter.len()], conv.width]].concat(),
        )?;
        Ok((conv, output_shape))
    }

    fn undilated(&self, path: &str) -> Result<(), ArchitectureError> {
        if all_ones(&self.dilation) {
            return Ok(());
        }
        let got = format!("{:?}", self.dilation);
        Err(ArchitectureError::invalid_option(path, "dilation", "1 everywhere; only `conv` is dilated", &got))
    }

    fn with_weights(
        &self,
        path: &str,
        default: Parameterization,
        input_shape: &[usize],
        (mut output_shape, pad_before): (Vec<usize>, Vec<usize>),
    ) -> Result<(Conv, Vec<usize>), ArchitectureError> {
        let &channels = input_shape.last().ok_or(ArchitectureError::EmptyInput { shape: vec![] })?;
        let affine = self.affine(default).check(path, channels)?;
        addressable(path, &[&self.filter[..], &[channels, affine.width]].concat())?;
        output_shape.push(affine.width);

        let conv = Conv {
            filter: self.filter.clone(),
            strides: self.strides.clone(),
            dilation: self.dilation.clone(),
            padding: self.padding.beyond_the_border(),
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

/// Whether neighbouring taps read neighbouring positions.
pub(crate) fn all_ones(dilation: &[usize]) -> bool {
    dilation.iter().all(|&distance| distance == 1)
}
