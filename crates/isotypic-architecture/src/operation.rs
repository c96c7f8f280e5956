//! What a node of a checked graph computes: no defaults left, every number in range.

use serde::Serialize;

use crate::conv_spec::all_ones;
use crate::{
    Activation, Aggregate, BatchNorm, ConcatAxis, Dropout, GroupConv, ImageResize, Index, LayerNorm, Padding,
    Pool, SelfAttention, SymmetryGroup,
};

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
    /// A convolution with weights and biases of its own at every position, all independent: covariances between different
    /// positions vanish.
    ConvLocal(Conv),
    /// A transposed convolution: the output position $o$ reads the input position $(o - \text{before} + t)/\text{stride}$ at every
    /// tap $t$ where that is a whole number. Sums are always divided by the full filter size.
    ConvTranspose(Conv),
    /// A convolution of an image or a vector over a group.
    GroupLift(GroupConv),
    /// A convolution of a function on a group.
    GroupConv(GroupConv),
    /// The mean of a function on a group over all of its elements, channel by channel.
    GroupPool(SymmetryGroup),
    /// Some positions of the input.
    Index(Index),
    /// Other extents by interpolation.
    ImageResize(ImageResize),
    /// Weighted sums over the predecessors in a graph of positions.
    Aggregate(Aggregate),
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
    /// Maxima over windows, channel by channel; positions beyond the border do not count.
    MaxPool(Pool),
    /// Layer normalisation.
    LayerNorm(LayerNorm),
    /// Batch normalisation, which couples the inputs of a batch.
    BatchNorm(BatchNorm),
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
    /// A pointwise nonlinearity, under its own name.
    #[serde(untagged)]
    Activation(Activation),
}

impl Operation {
    /// The operation's name, as in files and messages.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Dense(_) => "dense",
            Self::Conv(_) => "conv",
            Self::ConvLocal(_) => "conv_local",
            Self::ConvTranspose(_) => "conv_transpose",
            Self::GroupLift(_) => "group_lift",
            Self::GroupConv(_) => "group_conv",
            Self::GroupPool(_) => "group_pool",
            Self::Index(_) => "index",
            Self::ImageResize(_) => "image_resize",
            Self::Aggregate(_) => "aggregate",
            Self::Identity => "identity",
            Self::Flatten => "flatten",
            Self::GlobalAvgPool => "global_avg_pool",
            Self::GlobalSumPool => "global_sum_pool",
            Self::AvgPool(_) => "avg_pool",
            Self::SumPool(_) => "sum_pool",
            Self::MaxPool(_) => "max_pool",
            Self::LayerNorm(_) => "layer_norm",
            Self::BatchNorm(_) => "batch_norm",
            Self::Dropout(_) => "dropout",
            Self::SelfAttention(_) => "self_attention",
            Self::Sum => "sum",
            Self::Product => "product",
            Self::Concat(_) => "concat",
            Self::Activation(activation) => activation.name(),
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

/// A checked `conv`, `conv_local` or `conv_transpose` layer. All lists have one entry per spatial axis.
///
/// Output position $o$ reads the input positions $o \cdot \text{stride} - \text{before} + t \cdot \text{dilation}$ for $t = 0, \dots,
/// \text{filter} - 1$, except for [`Operation::ConvTranspose`]. Sums are always divided by the full filter size.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Conv {
    /// Extent of the filter, in positions.
    pub filter: Vec<usize>,
    /// Distance between neighbouring outputs, in input positions.
    pub strides: Vec<usize>,
    /// Distance between neighbouring taps of the filter, in input positions; 1 for all layers but `conv`.
    #[serde(skip_serializing_if = "all_ones")]
    pub dilation: Vec<usize>,
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
