//! Max-pooling: over windows, or over all positions.

use isotypic_onnx::Node;

use super::builder::{Builder, StepKind};
use super::no_mapping;
use super::padding::{Windows, explicit};
use super::reductions::not_an_image;
use super::value::{Axis, Data};
use crate::{ArchitectureError, Layer, Padding, PoolSpec};

impl<'model> Builder<'model> {
    /// `MaxPool`, which reads the positions inside the border only, as the layer `max_pool` does.
    pub(super) fn add_max_pool(&mut self, node: &'model Node) -> Result<(), ArchitectureError> {
        node.only(&[
            "auto_pad",
            "ceil_mode",
            "dilations",
            "kernel_shape",
            "pads",
            "storage_order",
            "strides",
        ])?;
        if node.outputs.get(1).is_some_and(|places| self.readers(places) > 0) {
            return Err(no_mapping(
                node,
                "gives the places of the maxima, which are read",
                "only the maxima themselves have a layer",
            ));
        }
        if node.flag("storage_order")?.unwrap_or(false) {
            return Err(node
                .wrong("storage_order", "0, since no layer gives the places that it orders")
                .into());
        }
        let (data, mut windows) = self.pooled_windows(node)?;
        if let Some(zeros) = data.padding.as_ref().filter(|padding| !padding.wraps) {
            return Err(no_mapping(
                node,
                format!("takes the maximum of zeros too, which {} adds", zeros.node),
                "the layer `max_pool` reads inside the border only, as do `pads` of the node itself",
            ));
        }
        if node.flag("ceil_mode")?.unwrap_or(false) {
            round_up(node, &data, &mut windows)?;
        }
        let pool =
            PoolSpec { strides: windows.strides, padding: windows.padding, ..PoolSpec::new(windows.extents) };
        let extents = [&data.extents[..2], windows.outputs.as_slice()].concat();
        self.add_layer(node, &data, Layer::MaxPool(pool), data.axes.clone(), extents);
        Ok(())
    }

    /// `GlobalMaxPool`.
    pub(super) fn add_global_max_pool(&mut self, node: &'model Node) -> Result<(), ArchitectureError> {
        node.only(&[])?;
        let data = self.data(node, 0)?;
        if data.channels_first().is_none() {
            return Err(not_an_image(node, &data));
        }
        let axes: Vec<usize> = (2..data.axes.len()).collect();
        self.maximum(node, &data, &axes, true)
    }

    /// `ReduceMax` over all positions.
    pub(super) fn add_reduced_maximum(&mut self, node: &'model Node) -> Result<(), ArchitectureError> {
        let (data, axes, keep) = self.reduced_positions(node)?;
        self.maximum(node, &data, &axes, keep)
    }

    /// One window over all positions.
    fn maximum(
        &mut self,
        node: &'model Node,
        data: &Data,
        axes: &[usize],
        keep: bool,
    ) -> Result<(), ArchitectureError> {
        let extent = |axis| data.position(Axis::Spatial(axis)).and_then(|place| data.extents[place]);
        let Some(window) = (0..axes.len()).map(extent).collect::<Option<Vec<usize>>>() else {
            return Err(no_mapping(
                node,
                format!("takes the maximum over {}, whose extents are not known", data.describe()),
                "export with images of a fixed size",
            ));
        };
        let layer = StepKind::Layer(Layer::MaxPool(PoolSpec::new(window)));
        let step = self.push(layer, vec![data.step], node.to_string());
        // One position is left, whose mean is itself.
        self.reduce(node, &Data { step, ..data.clone() }, axes, keep, Layer::GlobalAvgPool);
        Ok(())
    }
}

/// Lets windows reach beyond the last position where some positions would be in none: the same as so much more padding, since maxima
/// leave it out. Windows that would begin beyond the last position are none.
fn round_up(node: &Node, data: &Data, windows: &mut Windows) -> Result<(), ArchitectureError> {
    let rank = windows.extents.len();
    let mut pairs = match windows.padding {
        Padding::Explicit(padding) => padding.pairs().to_vec(),
        Padding::Valid => vec![[0; 2]; rank],
        // Of stride 1, or made to fit.
        _ => return Ok(()),
    };
    for (axis, [before, after]) in pairs.iter_mut().enumerate() {
        let (window, stride) = (windows.extents[axis], windows.strides[axis]);
        let Some(length) = data.extents[axis + 2] else {
            return Err(node.wrong("ceil_mode", "0 for images of any size").into());
        };
        let end = length.saturating_add(*before);
        let Some(slack) = end.saturating_add(*after).checked_sub(window) else { continue };
        let last = slack.div_ceil(stride).saturating_mul(stride);
        if last < end {
            *after = (*after).max(last.saturating_add(window).saturating_sub(end));
            windows.outputs[axis] = Some(last / stride + 1);
        }
    }
    if pairs.iter().flatten().any(|&pad| pad > 0) {
        windows.padding = explicit(node, &pairs)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ExplicitPadding;
    use crate::onnx::operators::tests::node;
    use crate::onnx::pointwise::Pointwise;

    /// As PyTorch documents `ceil_mode`: a window more wherever positions are left over, unless it would begin in the padding at the end.
    #[test]
    fn windows_are_rounded_up_where_positions_are_left_over() {
        let mut longer = 0;
        for (length, window, stride) in
            (1..9).flat_map(|l| (1..4).flat_map(move |w| (1..5).map(move |s| (l, w, s))))
        {
            for (before, after) in [(0, 0), (window / 2, window / 2), (0, window / 2)] {
                let Some(padding) = ExplicitPadding::new(&[[before, after]]).map(Padding::Explicit) else {
                    continue;
                };
                let Some(down) = padding.lay_out(0, length, window, stride) else { continue };
                let data = Data {
                    step: 0,
                    pointwise: Pointwise::identity(),
                    axes: vec![Axis::Batch, Axis::Channels, Axis::Spatial(0)],
                    extents: vec![None, Some(1), Some(length)],
                    padding: None,
                };
                let mut windows = Windows {
                    extents: vec![window],
                    strides: vec![stride],
                    dilation: vec![1],
                    padding: if before + after == 0 { Padding::Valid } else { padding },
                    outputs: vec![Some(down.outputs)],
                };
                round_up(&node("MaxPool"), &data, &mut windows).unwrap();
                let is_there = |at: &usize| {
                    let left_over = *at == 0 || (at - 1) * stride + window < before + length + after;
                    left_over && at * stride < before + length
                };
                let counted = (0..20).take_while(is_there).count();
                let laid_out = windows.padding.lay_out(0, length, window, stride).unwrap();
                assert_eq!((laid_out.outputs, laid_out.before), (counted, before));
                assert_eq!(windows.outputs, [Some(counted)]);
                longer += usize::from(counted > down.outputs);
            }
        }
        assert!(longer > 20, "{longer}");
    }
}
