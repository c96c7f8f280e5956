//! One entry of an architecture's list of layers, as written in a file: options with defaults, no shapes.

use serde::Serialize;

use crate::{Activation, ConvSpec, DenseSpec};

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
    /// Nothing.
    Identity,
    /// Joins positions and channels into one vector.
    Flatten,
    /// The mean over all positions, channel by channel.
    GlobalAvgPool,
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
            Self::Identity => "identity",
            Self::Flatten => "flatten",
            Self::GlobalAvgPool => "global_avg_pool",
            Self::Activation(activation) => activation.name(),
        }
    }
}

/// The place of a layer in messages; `position` counts from 0, messages count from 1.
pub(crate) fn layer_path(position: usize, name: &str) -> String {
    format!("layer {} (`{name}`)", position + 1)
}
