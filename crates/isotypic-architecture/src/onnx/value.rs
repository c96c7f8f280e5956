//! What is known of a value that passes from node to node.

use super::padding::PendingPadding;
use super::pointwise::Pointwise;

/// A value of the graph that depends on its input.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// Numbers for the next layer.
    Data(Box<Data>),
    /// A list of extents, from `Shape` on its way to `Reshape`; single numbers are lists of one.
    Extents(Vec<Extent>),
    /// Some positions, which have a meaning only in circular padding.
    Slice(Slice),
}

/// The first or the last positions of a value along a spatial axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slice {
    /// The name of the value.
    pub(super) of: String,
    pub(super) axis: usize,
    pub(super) count: usize,
    pub(super) at_end: bool,
}

/// An extent among known integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// A number.
    Known(i64),
    /// The number of inputs in the batch.
    Batch,
    /// Some other extent that the file does not fix.
    Unknown,
}

/// Numbers, one array for each input of a batch.
#[derive(Clone, Debug)]
pub(super) struct Data {
    /// The step that gives them, before `pointwise`.
    pub(super) step: usize,
    /// What was done to every number since.
    pub(super) pointwise: Pointwise,
    /// What the axes mean, in the order of the file.
    pub(super) axes: Vec<Axis>,
    /// Their extents, as far as they are known.
    pub(super) extents: Vec<Option<usize>>,
    /// Positions added around the array that the next layer reads as padding.
    pub(super) padding: Option<PendingPadding>,
}

/// The meaning of an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axis {
    /// The inputs of a batch.
    Batch,
    /// Units of the network, over which weights sum.
    Channels,
    /// The positions along a spatial axis, counted from 0.
    Spatial(usize),
    /// An axis of one entry that pooling over all positions left.
    Single,
}

impl Data {
    /// The place of an axis.
    pub(super) fn position(&self, axis: Axis) -> Option<usize> {
        self.axes.iter().position(|&other| other == axis)
    }

    /// The number of channels, if it is known.
    pub(super) fn channels(&self) -> Option<usize> {
        self.position(Axis::Channels).and_then(|position| self.extents[position])
    }

    /// Whether there are positions.
    pub(super) fn has_positions(&self) -> bool {
        self.axes.iter().any(|axis| matches!(axis, Axis::Spatial(_)))
    }

    /// The number of spatial axes if the axes are batch, channels and positions in order, as convolutions read them.
    pub(super) fn channels_first(&self) -> Option<usize> {
        let rank = self.axes.len().checked_sub(2).filter(|&rank| rank > 0)?;
        let expected = [Axis::Batch, Axis::Channels].into_iter().chain((0..rank).map(Axis::Spatial));
        expected.eq(self.axes.iter().copied()).then_some(rank)
    }

    /// The axes as messages list them.
    pub(super) fn describe(&self) -> String {
        let extent = |extent: Option<usize>| extent.map_or("?".to_owned(), |extent| extent.to_string());
        let axes = self.axes.iter().zip(&self.extents).map(|(axis, &of)| match axis {
            Axis::Batch => "batch".to_owned(),
            Axis::Channels => format!("{} channels", extent(of)),
            Axis::Spatial(_) => format!("{} positions", extent(of)),
            Axis::Single => "1".to_owned(),
        });
        format!("[{}]", axes.collect::<Vec<_>>().join(", "))
    }
}
