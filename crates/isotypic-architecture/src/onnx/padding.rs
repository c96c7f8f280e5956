//! Paddings: `pads` and `auto_pad` of a node, and `Pad` nodes before it.

use isotypic_onnx::Node;

use super::builder::Builder;
use super::no_mapping;
use super::value::Data;
use crate::{ArchitectureError, ExplicitPadding, Padding};

/// Positions that a `Pad` node added, which the next convolution or pooling reads.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PendingPadding {
    /// Whether they continue on the opposite side; else they are zeros.
    pub(super) wraps: bool,
    /// Numbers before and after, for each spatial axis.
    pub(super) pairs: Vec<[usize; 2]>,
    /// The node, for messages.
    pub(super) node: String,
}

impl PendingPadding {
    /// The error when anything else reads the value.
    pub(super) fn unread(&self, reader: &Node) -> ArchitectureError {
        no_mapping(
            &self.node,
            format!("pads what {reader} reads"),
            "padding has a mapping only right before a convolution or a pooling",
        )
    }
}

/// The windows of a convolution or a pooling layer, one entry per spatial axis.
pub(super) struct Windows {
    pub(super) extents: Vec<usize>,
    pub(super) strides: Vec<usize>,
    pub(super) dilation: Vec<usize>,
    pub(super) padding: Padding,
    /// Numbers of outputs, as far as they are known.
    pub(super) outputs: Vec<Option<usize>>,
}

/// The largest extent, stride, dilation or padding that is looked at; the architecture has limits of its own below.
const LARGEST: usize = 1 << 20;

/// A list of positive numbers of an attribute, 1 everywhere where it is missing.
pub(super) fn ones_or(node: &Node, name: &str, rank: usize) -> Result<Vec<usize>, ArchitectureError> {
    numbers(node, name, rank, 1)?.map_or_else(|| Ok(vec![1; rank]), Ok)
}

/// A list of as many numbers as `rank`, each at least `least`.
pub(super) fn numbers(
    node: &Node,
    name: &str,
    rank: usize,
    least: usize,
) -> Result<Option<Vec<usize>>, ArchitectureError> {
    let Some(list) = node.integers(name)? else { return Ok(None) };
    let expected = || node.wrong(name, format!("{rank} integers from {least} to {LARGEST}"));
    let number = |&value: &i64| usize::try_from(value).ok().filter(|value| (least..=LARGEST).contains(value));
    let numbers: Option<Vec<usize>> = list.iter().map(number).collect();
    match numbers {
        Some(numbers) if numbers.len() == rank => Ok(Some(numbers)),
        _ => Err(expected().into()),
    }
}

/// The pairs before and after of an attribute `pads`, which lists all befores first; zeros where it is missing.
pub(super) fn pads(node: &Node, rank: usize) -> Result<Vec<[usize; 2]>, ArchitectureError> {
    let flat = numbers(node, "pads", 2 * rank, 0)?.unwrap_or_else(|| vec![0; 2 * rank]);
    Ok((0..rank).map(|axis| [flat[axis], flat[axis + rank]]).collect())
}

impl Windows {
    /// Reads strides, dilations and paddings of a node with windows of these extents over `data`.
    pub(super) fn read(node: &Node, data: &Data, extents: Vec<usize>) -> Result<Self, ArchitectureError> {
        let rank = extents.len();
        let (strides, dilation) = (ones_or(node, "strides", rank)?, ones_or(node, "dilations", rank)?);
        let mut pairs = pads(node, rank)?;
        let (mut wraps, mut padded) = (false, false);
        if let Some(pending) = &data.padding {
            wraps = pending.wraps;
            if wraps && pairs.iter().flatten().any(|&pad| pad > 0) {
                return Err(pending.unread(node));
            }
            padded = !wraps;
            pairs.iter_mut().zip(&pending.pairs).for_each(|(pair, pending)| {
                pair[0] += pending[0];
                pair[1] += pending[1];
            });
        }
        let reaches: Vec<usize> =
            extents.iter().zip(&dilation).map(|(&taps, &distance)| (taps - 1) * distance + 1).collect();
        let lengths = &data.extents[2..];
        let padding = match node.text("auto_pad")?.unwrap_or("NOTSET") {
            "NOTSET" if wraps => circular(node, &pairs, &reaches, &strides, lengths)?,
            "NOTSET" => zeros(node, &pairs, &reaches, &strides)?,
            _ if wraps || padded => {
                return Err(node.wrong("auto_pad", "`NOTSET` after a node that pads").into());
            }
            "VALID" => Padding::Valid,
            "SAME_UPPER" => Padding::Same,
            "SAME_LOWER" => same_lower(node, &reaches, &strides, lengths)?,
            _ => {
                return Err(node.wrong("auto_pad", "`NOTSET`, `VALID`, `SAME_UPPER` or `SAME_LOWER`").into());
            }
        };
        let outputs = (0..rank).map(|axis| {
            let laid_out = padding.lay_out(axis, lengths[axis]?, reaches[axis], strides[axis])?;
            Some(laid_out.outputs)
        });
        Ok(Self { outputs: outputs.collect(), extents, strides, dilation, padding })
    }
}

/// The name or the numbers of a padding with zeros.
pub(super) fn zeros(
    node: &Node,
    pairs: &[[usize; 2]],
    reaches: &[usize],
    strides: &[usize],
) -> Result<Padding, ArchitectureError> {
    if pairs.iter().flatten().all(|&pad| pad == 0) {
        return Ok(Padding::Valid);
    }
    // Under strides `same` depends on the extents of the image, numbers do not.
    let same = |(&[before, after], &reach): (&[usize; 2], &usize)| {
        before + after == reach - 1 && before == (reach - 1) / 2
    };
    if strides.iter().all(|&stride| stride == 1) && pairs.iter().zip(reaches).all(same) {
        return Ok(Padding::Same);
    }
    explicit(node, pairs)
}

/// Padding in numbers.
pub(super) fn explicit(node: &Node, pairs: &[[usize; 2]]) -> Result<Padding, ArchitectureError> {
    ExplicitPadding::new(pairs).map(Padding::Explicit).ok_or_else(|| {
        no_mapping(node, format!("has {} spatial axes", pairs.len()), "layers have one to three spatial axes")
    })
}

/// `circular`, if it reads what the node with its padding reads.
fn circular(
    node: &Node,
    pairs: &[[usize; 2]],
    reaches: &[usize],
    strides: &[usize],
    lengths: &[Option<usize>],
) -> Result<Padding, ArchitectureError> {
    let fits = (0..pairs.len()).all(|axis| {
        let ([before, after], reach, stride) = (pairs[axis], reaches[axis], strides[axis]);
        if stride == 1 {
            return before + after == reach - 1 && before == (reach - 1) / 2;
        }
        lengths[axis].is_some_and(|length| {
            let explicit = ExplicitPadding::new(&[[before, after]]).map(Padding::Explicit);
            let [explicit, circular] = [explicit, Some(Padding::Circular)]
                .map(|padding| padding.and_then(|padding| padding.lay_out(0, length, reach, stride)));
            explicit == circular
        })
    });
    if fits {
        return Ok(Padding::Circular);
    }
    Err(no_mapping(
        node,
        format!(
            "reads a circular padding of {pairs:?}, which is not that of a `circular` layer with strides {strides:?}"
        ),
        "use stride 1 and a padding of half the filter, then pool",
    ))
}

/// The padding of `same` with the larger half first.
fn same_lower(
    node: &Node,
    reaches: &[usize],
    strides: &[usize],
    lengths: &[Option<usize>],
) -> Result<Padding, ArchitectureError> {
    let pairs = (0..reaches.len()).map(|axis| {
        let length = lengths[axis]?;
        let outputs = length.div_ceil(strides[axis]);
        let total = ((outputs - 1) * strides[axis] + reaches[axis]).saturating_sub(length);
        Some([total - total / 2, total / 2])
    });
    match pairs.collect::<Option<Vec<_>>>() {
        Some(pairs) => zeros(node, &pairs, reaches, strides),
        None => Err(node.wrong("auto_pad", "another than `SAME_LOWER` for images of any size").into()),
    }
}

impl<'model> Builder<'model> {
    /// `Pad`: zeros, or what lies on the opposite side, around every image.
    pub(super) fn add_pad(&mut self, node: &'model Node) -> Result<(), ArchitectureError> {
        node.only(&["mode", "pads", "value"])?;
        let mut data = self.data(node, 0)?;
        let refuse = |reason: String| no_mapping(node, reason, "pad positions, with zeros or circularly");
        let wraps = match node.text("mode")?.unwrap_or("constant") {
            "constant" => false,
            "wrap" => true,
            _ => return Err(node.wrong("mode", "`constant` or `wrap`").into()),
        };
        let fill = match self.argument(node, 2) {
            None => Some(node.number("value")?.unwrap_or(0.0)),
            Some(name) => self
                .constant(name)
                .and_then(isotypic_onnx::Tensor::numbers)
                .and_then(|fill| fill.first().copied()),
        };
        if !wraps && fill != Some(0.0) {
            return Err(refuse("pads with numbers other than 0".to_owned()));
        }
        let Some(rank) = data.channels_first() else {
            return Err(refuse(format!("expected [batch, channels, positions…], got {}", data.describe())));
        };
        let list = match self.argument(node, 1) {
            None => node.integers("pads")?.map(<[i64]>::to_vec),
            Some(name) => self.constant(name).and_then(isotypic_onnx::Tensor::integers),
        };
        let axes: Vec<i64> = match self.argument(node, 3) {
            None => (0..data.axes.len() as i64).collect(),
            Some(name) => self.constant(name).and_then(isotypic_onnx::Tensor::integers).unwrap_or_default(),
        };
        let list = list
            .filter(|list| list.len() == 2 * axes.len())
            .ok_or_else(|| refuse("expected a constant with two numbers for each axis".to_owned()))?;
        let mut pairs = vec![[0; 2]; rank];
        for (place, &axis) in axes.iter().enumerate() {
            let pair = [list[place], list[place + axes.len()]];
            let axis = if axis < 0 { axis.saturating_add(rank as i64 + 2) } else { axis };
            let spatial =
                usize::try_from(axis).ok().and_then(|axis| axis.checked_sub(2)).filter(|&axis| axis < rank);
            let numbers = pair.map(|pad| usize::try_from(pad).ok().filter(|&pad| pad <= LARGEST));
            match (spatial, numbers) {
                (Some(axis), [Some(before), Some(after)]) => pairs[axis] = [before, after],
                (None, [Some(0), Some(0)]) => {}
                _ => return Err(refuse(format!("pads axis {axis} by {pair:?}"))),
            }
        }
        data.padding = Some(PendingPadding { wraps, pairs, node: node.to_string() });
        self.give(node, data);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_of_a_layer_are_the_pads_of_the_file_by_name_where_they_always_agree() {
        let model = |pads: [[usize; 2]; 1], reach, stride| {
            // Any node will do for messages.
            let node = crate::onnx::operators::tests::node("Conv");
            zeros(&node, &pads, &[reach], &[stride]).unwrap()
        };
        assert_eq!(model([[0, 0]], 3, 2), Padding::Valid);
        assert_eq!(model([[1, 1]], 3, 1), Padding::Same);
        assert_eq!(model([[0, 1]], 2, 1), Padding::Same);
        for (pads, reach, stride) in [([[1, 1]], 3, 2), ([[1, 0]], 2, 1), ([[2, 2]], 3, 1)] {
            assert_eq!(model(pads, reach, stride), Padding::Explicit(ExplicitPadding::new(&pads).unwrap()));
        }
    }
}
