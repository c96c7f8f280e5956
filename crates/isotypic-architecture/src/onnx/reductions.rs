//! Means and sums: over all positions, or over windows.

use isotypic_onnx::Node;

use super::builder::Builder;
use super::no_mapping;
use super::padding::{Windows, numbers};
use super::value::{Axis, Data};
use crate::{ArchitectureError, Layer, Padding, PoolSpec};

impl<'model> Builder<'model> {
    /// `GlobalAveragePool`: positions become axes of extent 1.
    pub(super) fn add_global_average_pool(&mut self, node: &'model Node) -> Result<(), ArchitectureError> {
        node.only(&[])?;
        let data = self.data(node, 0)?;
        if data.channels_first().is_none() {
            return Err(not_an_image(node, &data));
        }
        let axes: Vec<usize> = (2..data.axes.len()).collect();
        self.reduce(node, &data, &axes, true, Layer::GlobalAvgPool);
        Ok(())
    }

    /// `ReduceMean` and `ReduceSum` over all positions.
    pub(super) fn add_reduction(
        &mut self,
        node: &'model Node,
        layer: Layer,
    ) -> Result<(), ArchitectureError> {
        let (data, axes, keep) = self.reduced_positions(node)?;
        self.reduce(node, &data, &axes, keep, layer);
        Ok(())
    }

    /// What a node reduces over all positions, the places of these, and whether they stay as axes of extent 1.
    pub(super) fn reduced_positions(
        &mut self,
        node: &'model Node,
    ) -> Result<(Data, Vec<usize>, bool), ArchitectureError> {
        node.only(&["axes", "keepdims", "noop_with_empty_axes"])?;
        let data = self.data(node, 0)?;
        let axes = self.axes_argument(node, &data)?.unwrap_or_else(|| (0..data.axes.len()).collect());
        let positions: Vec<usize> =
            (0..data.axes.len()).filter(|&axis| matches!(data.axes[axis], Axis::Spatial(_))).collect();
        if positions.is_empty() || axes != positions {
            return Err(no_mapping(
                node,
                format!("reduces axes {axes:?} of {}", data.describe()),
                "means, sums and maxima have a mapping over all positions together",
            ));
        }
        Ok((data, axes, node.flag("keepdims")?.unwrap_or(true)))
    }

    /// Adds a layer that pools positions, whose places are `axes`.
    pub(super) fn reduce(
        &mut self,
        node: &'model Node,
        data: &Data,
        axes: &[usize],
        keep: bool,
        layer: Layer,
    ) {
        let kept = (0..data.axes.len()).filter(|axis| keep || !axes.contains(axis));
        let (axes, extents) = kept
            .map(|axis| {
                if axes.contains(&axis) {
                    (Axis::Single, Some(1))
                } else {
                    (data.axes[axis], data.extents[axis])
                }
            })
            .unzip();
        self.add_layer(node, data, layer, axes, extents);
    }

    /// `AveragePool`.
    pub(super) fn add_average_pool(&mut self, node: &'model Node) -> Result<(), ArchitectureError> {
        node.only(&[
            "auto_pad",
            "ceil_mode",
            "count_include_pad",
            "dilations",
            "kernel_shape",
            "pads",
            "strides",
        ])?;
        let (data, windows) = self.pooled_windows(node)?;
        let rank = windows.extents.len();
        if node.flag("ceil_mode")?.unwrap_or(false) && !self.fits_exactly(&data, &windows) {
            return Err(node.wrong("ceil_mode", "0, or windows that end with the image").into());
        }
        let inside = !node.flag("count_include_pad")?.unwrap_or(false);
        let is_padded = !matches!(windows.padding, Padding::Valid | Padding::Circular);
        if let (Some(before), true, true) =
            (&data.padding, inside, super::padding::pads(node, rank)? != vec![[0; 2]; rank])
        {
            return Err(before.unread(node));
        }
        let pool = PoolSpec {
            strides: windows.strides,
            padding: windows.padding,
            // Zeros of a node before this one are numbers like others.
            normalize_edges: inside && is_padded && data.padding.is_none(),
            ..PoolSpec::new(windows.extents)
        };
        let extents = [&data.extents[..2], windows.outputs.as_slice()].concat();
        self.add_layer(node, &data, Layer::AvgPool(pool), data.axes.clone(), extents);
        Ok(())
    }

    /// The image that a node pools, with padding before it, and its windows.
    pub(super) fn pooled_windows(
        &mut self,
        node: &'model Node,
    ) -> Result<(Data, Windows), ArchitectureError> {
        let data = self.padded_data(node)?;
        let rank =
            data.channels_first().filter(|&rank| rank <= 3).ok_or_else(|| not_an_image(node, &data))?;
        let window = numbers(node, "kernel_shape", rank, 1)?
            .ok_or_else(|| node.wrong("kernel_shape", format!("{rank} positive integers")))?;
        let windows = Windows::read(node, &data, window)?;
        if windows.dilation.iter().any(|&distance| distance != 1) {
            return Err(node.wrong("dilations", "1 everywhere for pooling").into());
        }
        Ok((data, windows))
    }

    /// Whether rounding the number of outputs up or down makes no difference.
    fn fits_exactly(&self, data: &Data, windows: &Windows) -> bool {
        (0..windows.extents.len()).all(|axis| {
            let (window, stride) = (windows.extents[axis], windows.strides[axis]);
            let [before, after] = match windows.padding {
                Padding::Explicit(padding) => padding.pairs()[axis],
                Padding::Valid => [0; 2],
                // Of stride 1, or made to fit.
                _ => return true,
            };
            data.extents[axis + 2].is_some_and(|length| {
                length
                    .saturating_add(before)
                    .saturating_add(after)
                    .checked_sub(window)
                    .is_some_and(|slack| slack % stride == 0)
            })
        })
    }
}

pub(super) fn not_an_image(node: &Node, data: &Data) -> ArchitectureError {
    no_mapping(
        node,
        format!("expected [batch, channels, positions…], got {}", data.describe()),
        "pooling reads images with one to three spatial axes",
    )
}
