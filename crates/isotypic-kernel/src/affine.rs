//! What an affine layer does to variances, covariances and tangent kernels.
//!
//! With the mean covariance $\bar c$ under the filter (for a dense layer, the covariance itself):
//!
//! - $c' = \sigma_w^2\,\bar c + \sigma_b^2$,
//! - `ntk` parameterization: $\Theta' = c' + \sigma_w^2\,\bar\Theta$ (Jacot et al. 2018),
//! - `standard`: $\Theta' = n f\,\bar c + [\text{bias}] + \sigma_w^2\,\bar\Theta$ with input width $n$ and filter size $f$
//!   (Sohl-Dickstein et al. 2020, arXiv 2001.07301).
//!
//! Both are $\Theta' = g\,c' + o + \sigma_w^2\,\bar\Theta$ with a gain $g$ and an offset $o$.

use isotypic_architecture::{Conv, Dense, GroupConv, LayerParameterization};

/// Coefficients of an affine layer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Affine {
    /// $\sigma_w^2$.
    pub(crate) scale: f64,
    /// $\sigma_b^2$; 0 without biases.
    pub(crate) shift: f64,
    /// $g$: how much of the new covariance enters the tangent kernel.
    pub(crate) ntk_gain: f64,
    /// $o$: constant part of the tangent kernel.
    pub(crate) ntk_offset: f64,
}

impl Affine {
    fn new(
        scale: f64,
        bias: Option<f64>,
        parameterization: LayerParameterization,
        filter_size: usize,
    ) -> Option<Self> {
        let shift = bias.unwrap_or(0.0);
        let (ntk_gain, ntk_offset) = match parameterization {
            LayerParameterization::Ntk => (1.0, 0.0),
            LayerParameterization::Standard { input_width } => {
                let gain = input_width * filter_size as f64 / scale;
                (gain, f64::from(bias.is_some()) - gain * shift)
            }
            _ => return None,
        };
        Some(Self { scale, shift, ntk_gain, ntk_offset })
    }

    /// Coefficients of a dense layer, or `None` for a parameterization that this engine does not know.
    pub(crate) fn from_dense(dense: &Dense) -> Option<Self> {
        Self::new(dense.weight_variance, dense.bias_variance, dense.parameterization, 1)
    }

    /// Coefficients of a convolution, or `None` for a parameterization that this engine does not know.
    pub(crate) fn from_conv(conv: &Conv) -> Option<Self> {
        Self::new(conv.weight_variance, conv.bias_variance, conv.parameterization, conv.filter_size())
    }

    /// Coefficients of a convolution over a group, or `None` for a parameterization that this engine does not know.
    pub(crate) fn from_group_conv(conv: &GroupConv) -> Option<Self> {
        Self::new(conv.weight_variance, conv.bias_variance, conv.parameterization, conv.taps)
    }

    /// $c'$ of a mean covariance (or of a mean variance).
    pub(crate) fn covariance(&self, mean: f64) -> f64 {
        self.scale.mul_add(mean, self.shift)
    }

    /// $\Theta'$ of the new covariance and the mean tangent kernel.
    pub(crate) fn ntk(&self, covariance: f64, mean_ntk: f64) -> f64 {
        self.scale.mul_add(mean_ntk, self.ntk_gain.mul_add(covariance, self.ntk_offset))
    }
}
