//! One entry of an architecture's list of layers, as written in a file: options with defaults, no shapes.

use serde::Serialize;

use crate::{
    Activation, AggregateSpec, BatchNormSpec, ConcatSpec, ConvSpec, DenseSpec, DropoutSpec, GroupConvSpec,
    GroupLiftSpec, ImageResizeSpec, IndexSpec, LayerNormSpec, PoolSpec, RepeatSpec, SelfAttentionSpec,
};

/// A layer as an architecture file spells it. Names and defaults follow neural-tangents' `stax` in snake case.
///
/// [`Architecture::check`](crate::Architecture::check) turns layers into [`Operation`](crate::Operation)s with shapes.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Layer {
    /// An affine map of the channels, the same at every position.
    Dense(DenseSpec),
    /// A convolution over one, two or three spatial axes.
    Conv(ConvSpec),
    /// A convolution whose weights differ from position to position.
    ConvLocal(ConvSpec),
    /// A transposed convolution.
    ConvTranspose(ConvSpec),
    /// A convolution of an image or a vector over a group: its output is a function on the group.
    GroupLift(GroupLiftSpec),
    /// A convolution of a function on a group.
    GroupConv(GroupConvSpec),
    /// The mean of a function on a group over all of its elements, channel by channel.
    GroupPool,
    /// Some positions of the input.
    Index(IndexSpec),
    /// Other extents by interpolation.
    ImageResize(ImageResizeSpec),
    /// Weighted sums over the predecessors in a graph of positions.
    Aggregate(AggregateSpec),
    /// Nothing.
    Identity,
    /// Joins positions and channels into one vector.
    Flatten,
    /// The mean over all positions, channel by channel.
    GlobalAvgPool,
    /// The sum over all positions, channel by channel.
    GlobalSumPool,
    /// Means over windows.
    AvgPool(PoolSpec),
    /// Sums over windows.
    SumPool(PoolSpec),
    /// Maxima over windows.
    MaxPool(PoolSpec),
    /// Layer normalisation.
    LayerNorm(LayerNormSpec),
    /// Batch normalisation.
    BatchNorm(BatchNormSpec),
    /// Dropout.
    Dropout(DropoutSpec),
    /// Attention between the positions of an input.
    SelfAttention(Box<SelfAttentionSpec>),
    /// The sum of the outputs of branches that read the same input.
    Sum(Vec<Vec<Self>>),
    /// The product of the outputs of branches that read the same input, entry by entry.
    Product(Vec<Vec<Self>>),
    /// The outputs of branches that read the same input, joined along an axis.
    Concat(ConcatSpec),
    /// The sum of the input and what these layers make of it.
    Residual(Vec<Self>),
    /// The same layers several times in a row.
    Repeat(RepeatSpec),
    /// A pointwise nonlinearity, under its own name.
    #[serde(untagged)]
    Activation(Activation),
}

impl Layer {
    /// The layer's name in files and messages.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Dense(_) => "dense",
            Self::Conv(_) => "conv",
            Self::ConvLocal(_) => "conv_local",
            Self::ConvTranspose(_) => "conv_transpose",
            Self::GroupLift(_) => "group_lift",
            Self::GroupConv(_) => "group_conv",
            Self::GroupPool => "group_pool",
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
            Self::Sum(_) => "sum",
            Self::Product(_) => "product",
            Self::Concat(_) => "concat",
            Self::Residual(_) => "residual",
            Self::Repeat(_) => "repeat",
            Self::Activation(activation) => activation.name(),
        }
    }

    /// The lists of layers inside this one, none for most.
    pub(crate) fn inner_mut(&mut self) -> &mut [Vec<Self>] {
        match self {
            Self::Sum(branches) | Self::Product(branches) => branches,
            Self::Concat(concat) => &mut concat.branches,
            Self::Residual(layers) => std::slice::from_mut(layers),
            Self::Repeat(repeat) => std::slice::from_mut(&mut repeat.layers),
            _ => &mut [],
        }
    }
}

/// The place of a layer in messages, below `prefix`, which is empty or ends in a separator; `position` counts from 0,
/// messages count from 1.
pub(crate) fn layer_path(prefix: &str, position: usize, name: &str) -> String {
    format!("{prefix}layer {} (`{name}`)", position + 1)
}

/// What the paths of layers in branch `branch` of the layer at `path` begin with.
pub(crate) fn branch_prefix(path: &str, branch: usize) -> String {
    format!("{path}, branch {}, ", branch + 1)
}

/// What the paths of layers right inside the layer at `path` begin with.
pub(crate) fn inner_prefix(path: &str) -> String {
    format!("{path}, ")
}
