//! Options of a `dense` layer.

use serde::Serialize;

use crate::affine::{AffineSpec, addressable};
use crate::options::Options;
use crate::{ArchitectureError, Dense, Parameterization};

/// Options of a `dense` layer.
///
/// The layer acts on the channel axis, at every position alike, until `flatten` has joined positions and channels.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DenseSpec {
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
    /// By how much the widths of input and output exceed the base `width`, both positive: the layer has `width` times
    /// the second factor channels, and its tangent kernel counts base widths. Other than `[1, 1]` only
    /// with [`Parameterization::Standard`] (the scaling $s$ of arXiv 2001.07301).
    pub width_scale: [f64; 2],
}

impl Default for DenseSpec {
    fn default() -> Self {
        Self { width: 1, w_std: 1.0, b_std: None, parameterization: None, width_scale: [1.0, 1.0] }
    }
}

impl DenseSpec {
    /// Reads width, deviations and parameterization, which other affine layers have too.
    pub(crate) fn read_from(options: &mut Options) -> Result<Self, ArchitectureError> {
        let default = Self::default();
        Ok(Self {
            width: options.extent("width")?.unwrap_or(default.width),
            w_std: options.number("w_std")?.unwrap_or(default.w_std),
            b_std: options.number_or_null("b_std")?,
            parameterization: options.parameterization()?,
            width_scale: options.two_numbers("width_scale")?.unwrap_or(default.width_scale),
        })
    }

    /// Turns the options into numbers that are in range, for an input of `channels` channels.
    pub(crate) fn check(
        &self,
        path: &str,
        default: Parameterization,
        channels: usize,
    ) -> Result<Dense, ArchitectureError> {
        let affine = AffineSpec {
            width: self.width,
            w_std: self.w_std,
            b_std: self.b_std,
            parameterization: self.parameterization.unwrap_or(default),
            width_scale: self.width_scale,
        }
        .check(path, channels)?;
        addressable(path, &[channels, affine.width])?;
        Ok(Dense {
            weight_variance: affine.weight_variance,
            bias_variance: affine.bias_variance,
            parameterization: affine.parameterization,
            width: affine.width,
        })
    }
}
