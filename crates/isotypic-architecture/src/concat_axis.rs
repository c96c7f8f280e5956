//! Where a `concat` layer joins the outputs of its branches.

use serde::Serialize;

/// The axis of a checked `concat` layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ConcatAxis {
    /// The channels: covariances are means of those of the branches, weighted by their numbers of channels.
    Channels,
    /// This spatial axis, counted from 0: covariances are the blocks of a block-diagonal matrix.
    Spatial(usize),
}
