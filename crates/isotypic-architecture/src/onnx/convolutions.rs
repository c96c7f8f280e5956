//! `Conv` and `ConvTranspose`.

use isotypic_onnx::Node;

use super::builder::Builder;
use super::initialization::pytorch;
use super::no_mapping;
use super::padding::{Windows, explicit, numbers, ones_or, pads};
use super::value::Data;
use crate::{ArchitectureError, ConvSpec, Layer, Padding};

/// Attributes of both.
const ATTRIBUTES: [&str; 8] =
    ["auto_pad", "dilations", "group", "kernel_shape", "pads", "strides", "output_padding", "output_shape"];

impl<'model> Builder<'model> {
    /// `Conv`.
    pub(super) fn add_conv(&mut self, node: &'model Node) -> Result<(), ArchitectureError> {
        node.only(&ATTRIBUTES[..6])?;
        let weights = self.weights(node, 1)?;
        let (data, filter) = self.image(node, &weights)?;
        let (outputs, inputs) = (weights[0], weights[1]);
        one_group(node, &data, inputs)?;
        let fan_in = product(node, &weights[1..])?;
        let windows = Windows::read(node, &data, filter)?;
        let drawn = pytorch(fan_in, fan_in);
        let conv = ConvSpec {
            width: outputs,
            strides: windows.strides,
            dilation: windows.dilation,
            padding: windows.padding,
            w_std: drawn.w_std,
            b_std: self.has_bias(node, 2, outputs)?.then_some(drawn.b_std),
            ..ConvSpec::new(windows.extents)
        };
        let extents = [&[data.extents[0], Some(outputs)], windows.outputs.as_slice()].concat();
        self.add_layer(node, &data, Layer::Conv(conv), data.axes.clone(), extents);
        self.remember(drawn);
        Ok(())
    }

    /// `ConvTranspose`. Its fan-in is counted as PyTorch does, by the outputs.
    pub(super) fn add_conv_transpose(&mut self, node: &'model Node) -> Result<(), ArchitectureError> {
        node.only(&ATTRIBUTES)?;
        let weights = self.weights(node, 1)?;
        let (data, filter) = self.image(node, &weights)?;
        let (inputs, outputs) = (weights[0], weights[1]);
        one_group(node, &data, inputs)?;
        if let Some(padding) = &data.padding {
            return Err(padding.unread(node));
        }
        let rank = filter.len();
        if ones_or(node, "dilations", rank)?.iter().any(|&distance| distance != 1) {
            return Err(node.wrong("dilations", "1 everywhere for a transposed convolution").into());
        }
        if node.attribute("output_shape").is_some() {
            return Err(node.wrong("output_shape", "none; `pads` and `output_padding` are read").into());
        }
        if !matches!(node.text("auto_pad")?, None | Some("NOTSET")) {
            return Err(node.wrong("auto_pad", "`NOTSET` for a transposed convolution").into());
        }
        let strides = ones_or(node, "strides", rank)?;
        let padding = transposed_padding(node, &filter, &strides)?;
        let fan_in = product(node, &weights[1..])?;
        let summed = product(node, &[&weights[..1], &filter].concat())?;
        let drawn = pytorch(fan_in, summed);
        let laid_out = (0..rank).map(|axis| {
            let spread =
                (data.extents[axis + 2]?.checked_sub(1)?).checked_mul(strides[axis])?.checked_add(1)?;
            Some(padding.lay_out(axis, spread, filter[axis], 1)?.outputs)
        });
        let extents: Vec<_> = [data.extents[0], Some(outputs)].into_iter().chain(laid_out).collect();
        let conv = ConvSpec {
            width: outputs,
            strides,
            padding,
            w_std: drawn.w_std,
            b_std: self.has_bias(node, 2, outputs)?.then_some(drawn.b_std),
            ..ConvSpec::new(filter)
        };
        self.add_layer(node, &data, Layer::ConvTranspose(conv), data.axes.clone(), extents);
        self.remember(drawn);
        Ok(())
    }

    /// The image that a convolution with these weights reads, with padding before it, and the extents of its filter.
    fn image(
        &mut self,
        node: &'model Node,
        weights: &[usize],
    ) -> Result<(Data, Vec<usize>), ArchitectureError> {
        let data = self.padded_data(node)?;
        let rank = data.channels_first().filter(|rank| rank + 2 == weights.len() && *rank <= 3);
        if rank.is_none() {
            return Err(no_mapping(
                node,
                format!("expected images for weights of shape {weights:?}, got {}", data.describe()),
                "convolutions read [batch, channels, positions…] with one to three spatial axes",
            ));
        }
        let filter = weights[2..].to_vec();
        if numbers(node, "kernel_shape", filter.len(), 1)?.is_some_and(|extents| extents != filter) {
            return Err(node.wrong("kernel_shape", format!("that of the weights, {filter:?}")).into());
        }
        Ok((data, filter))
    }
}

/// Refuses grouped convolutions, and weights for other inputs.
fn one_group(node: &Node, data: &Data, inputs: usize) -> Result<(), ArchitectureError> {
    let groups = node.integer("group")?.unwrap_or(1);
    if groups != 1 {
        return Err(no_mapping(
            node,
            format!("has {groups} groups of channels"),
            "grouped and depthwise convolutions have no layer here; use `groups=1`",
        ));
    }
    match data.channels() {
        Some(channels) if channels != inputs => Err(no_mapping(
            node,
            format!("expected weights for {}, got {inputs} channels", data.describe()),
            "the file may be damaged",
        )),
        _ => Ok(()),
    }
}

/// Zeros around the inputs spread out: the file counts outputs cut off before and after, and outputs added after.
fn transposed_padding(
    node: &Node,
    filter: &[usize],
    strides: &[usize],
) -> Result<Padding, ArchitectureError> {
    let rank = filter.len();
    let added = numbers(node, "output_padding", rank, 0)?.unwrap_or_else(|| vec![0; rank]);
    let cut = pads(node, rank)?;
    let pairs = (0..rank).map(|axis| {
        let [before, after] = cut[axis];
        Some([(filter[axis] - 1).checked_sub(before)?, (filter[axis] - 1 + added[axis]).checked_sub(after)?])
    });
    let Some(pairs) = pairs.collect::<Option<Vec<_>>>() else {
        return Err(node.wrong("pads", "numbers below the extents of the filter").into());
    };
    let whole = (0..rank).all(|axis| pairs[axis] == [filter[axis] - 1; 2] && filter[axis] >= strides[axis]);
    if whole { Ok(Padding::Valid) } else { explicit(node, &pairs) }
}

/// The number of weights of one unit.
fn product(node: &Node, extents: &[usize]) -> Result<usize, ArchitectureError> {
    extents.iter().try_fold(1_usize, |size, &extent| size.checked_mul(extent)).ok_or_else(|| {
        no_mapping(
            node,
            format!("expected weights that memory can hold, got {extents:?}"),
            "the file may be damaged",
        )
    })
}
