//! What a node of a checked graph computes: no defaults left, every number in range.

use serde::Serialize;

use crate::{ConcatAxis, Dropout, LayerNorm, Padding, Pool, SelfAttention};

/// The computation of one [`Node`](crate::Node).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Operation {
    /// The data.
    Input,
    /// An affine map of the channels, the same at every position.
    Dense(Dense),
    /// A convolution.
    Conv(Conv),
    /// $\max(x, 0)$.
    Relu,
    /// The error function $\operatorname{erf}(x)$.
    Erf,
    /// Nothing.
    Identity,
    /// Joins positions and channels into one vector; on a vector it does nothing.
    Flatten,
    /// The mean over all positions, channel by channel.
    GlobalAvgPool,
    /// The sum over all positions, channel by channel.
    GlobalSumPool,
    /// Means over windows.
    AvgPool(Pool),
    /// Sums over windows.
    SumPool(Pool),
    /// Layer normalisation.
    LayerNorm(LayerNorm),
    /// Dropout.
    Dropout(Dropout),
    /// Attention between the positions of an input.
    SelfAttention(Box<SelfAttention>),
    /// The sum of at least two inputs of the same shape. No two are correlated, so covariances and tangent kernels add.
    Sum,
    /// The product, entry by entry, of at least two independent inputs of the same shape: covariances multiply, and the
    /// tangent kernel is $\sum_i \Theta_i \prod_{j \ne i} \Sigma_j$.
    Product,
    /// At least two inputs joined along an axis, in order.
    Concat(ConcatAxis),
}

impl Operation {
    /// The operation's name, as in files and messages.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Dense(_) => "dense",
            Self::Conv(_) => "conv",
            Self::Relu => "relu",
            Self::Erf => "erf",
            Self::Identity => "identity",
            Self::Flatten => "flatten",
            Self::GlobalAvgPool => "global_avg_pool",
            Self::GlobalSumPool => "global_sum_pool",
            Self::AvgPool(_) => "avg_pool",
            Self::SumPool(_) => "sum_pool",
            Self::LayerNorm(_) => "layer_norm",
            Self::Dropout(_) => "dropout",
            Self::SelfAttention(_) => "self_attention",
            Self::Sum => "sum",
            Self::Product => "product",
            Self::Concat(_) => "concat",
        }
    }
}

/// A checked `dense` layer: $\Sigma \leftarrow \sigma_w^2 \Sigma + \sigma_b^2$ at every pair of positions.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Dense {
    /// $\sigma_w^2$, positive and finite.
    pub weight_variance: f64,
    /// $\sigma_b^2$, finite and not negative; `None` for a layer without biases.
    pub bias_variance: Option<f64>,
    /// The scaling of the trained parameters.
    pub parameterization: LayerParameterization,
    /// Number of output channels.
    pub width: usize,
}

/// A checked `conv` layer. All lists have one entry per spatial axis.
///
/// Output position $o$ reads the input positions $o \cdot \text{stride} - \text{before} + t$ for $t = 0, \dots,
/// \text{filter} - 1$. Sums are always divided by the full filter size.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Conv {
    /// Extent of the filter, in positions.
    pub filter: Vec<usize>,
    /// Distance between neighbouring outputs, in input positions.
    pub strides: Vec<usize>,
    /// What lies beyond the border.
    pub padding: Padding,
    /// Number of positions before input 0 at which the first filter starts (0 for [`Padding::Valid`]).
    pub pad_before: Vec<usize>,
    /// $\sigma_w^2$, positive and finite.
    pub weight_variance: f64,
    /// $\sigma_b^2$, finite and not negative; `None` for a layer without biases.
    pub bias_variance: Option<f64>,
    /// The scaling of the trained parameters.
    pub parameterization: LayerParameterization,
    /// Number of output channels.
    pub width: usize,
}

impl Conv {
    /// Number of positions under one filter.
    pub fn filter_size(&self) -> usize {
        self.filter.iter().product()
    }
}

/// The [`Parameterization`](crate::Parameterization) of one layer, with the width it needs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LayerParameterization {
    /// Trained parameters are standard normal; the layer scales them.
    Ntk,
    /// Weights are trained as they are.
    Standard {
        /// Number of input channels divided by the input's width scale.
        input_width: f64,
    },
}
