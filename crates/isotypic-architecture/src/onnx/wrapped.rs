//! Circular padding as the older exporter of PyTorch writes it: `Concat` of the last positions, all positions and the first ones.

use isotypic_onnx::{Node, Tensor};

use super::builder::Builder;
use super::no_mapping;
use super::padding::PendingPadding;
use super::value::{Axis, Slice, Value};
use crate::ArchitectureError;

impl<'model> Builder<'model> {
    /// `Slice` of the first or the last positions along one axis.
    pub(super) fn add_slice(&mut self, node: &'model Node) -> Result<(), ArchitectureError> {
        node.only(&[])?;
        let of = self.required(node, 0)?;
        let data = self.raw_data(node, 0)?;
        let number = |index| -> Option<i64> {
            let list = self.constant(self.argument(node, index)?).and_then(Tensor::integers)?;
            <[i64; 1]>::try_from(list).ok().map(|[number]| number)
        };
        let bounds = (number(1), number(2), number(3).and_then(|axis| usize::try_from(axis).ok()));
        let one_by_one = self.argument(node, 4).is_none() || number(4) == Some(1);
        let spatial = |axis: usize| match data.axes.get(axis) {
            Some(&Axis::Spatial(at)) => Some((at, data.extents[axis])),
            _ => None,
        };
        let slice = match bounds {
            (Some(start), Some(end), Some(axis)) if one_by_one => spatial(axis).and_then(|(axis, extent)| {
                let reaches_end =
                    end == i64::MAX || extent.is_some_and(|extent| usize::try_from(end) == Ok(extent));
                let count = match (start, end) {
                    (0, 1..) if !reaches_end => Some((end as u64, false)),
                    (..=-1, _) if reaches_end => Some((start.unsigned_abs(), true)),
                    _ => None,
                };
                let (count, at_end) = count?;
                let count = usize::try_from(count)
                    .ok()
                    .filter(|&count| extent.is_none_or(|extent| count <= extent))?;
                Some(Slice { of: of.to_owned(), axis, count, at_end })
            }),
            _ => None,
        };
        let Some(slice) = slice else {
            return Err(no_mapping(
                node,
                format!("takes a part of {}", data.describe()),
                "parts of values have a mapping as circular padding only; `index` in architecture files takes positions",
            ));
        };
        self.give_value(node, Value::Slice(slice));
        Ok(())
    }

    /// `Concat` that pads circularly; `false` if it is something else.
    pub(super) fn add_wrapping(&mut self, node: &'model Node) -> Result<bool, ArchitectureError> {
        let slice = |name: &String| match self.value(name) {
            Some(Value::Slice(slice)) => Some(slice.clone()),
            _ => None,
        };
        let slices: Vec<Option<Slice>> = node.inputs.iter().map(slice).collect();
        if slices.iter().all(Option::is_none) {
            return Ok(false);
        }
        let refuse = || {
            no_mapping(
                node,
                "joins parts of values otherwise than for circular padding",
                "parts of values have a mapping as circular padding only",
            )
        };
        // One part may be missing, where nothing is padded on one side.
        let middle = slices.iter().position(Option::is_none).ok_or_else(refuse)?;
        let whole = &node.inputs[middle];
        let (before, after) = (&slices[..middle], &slices[middle + 1..]);
        let first = before.iter().chain(after).flatten().next().ok_or_else(refuse)?;
        let count = |parts: &[Option<Slice>], at_end: bool| match parts {
            [] => Some(0),
            [Some(part)] if part.of == *whole && part.axis == first.axis && part.at_end == at_end => {
                Some(part.count)
            }
            _ => None,
        };
        let pair = [count(before, true).ok_or_else(refuse)?, count(after, false).ok_or_else(refuse)?];
        let mut data = self.raw_data(node, middle)?;
        let axis = data.position(Axis::Spatial(first.axis));
        let along =
            node.integer("axis")?.map(|axis| if axis < 0 { axis + data.axes.len() as i64 } else { axis });
        let rank = data.channels_first().ok_or_else(refuse)?;
        if axis.is_none() || along != axis.map(|axis| axis as i64) {
            return Err(refuse());
        }
        let mut padding = match data.padding.take() {
            None => {
                let name = self.required(node, middle)?;
                data = self.materialise(node, name, data)?;
                PendingPadding { wraps: true, pairs: vec![[0; 2]; rank], node: node.to_string() }
            }
            Some(padding) if padding.wraps && padding.pairs[first.axis] == [0; 2] => padding,
            Some(_) => return Err(refuse()),
        };
        padding.pairs[first.axis] = pair;
        padding.node = node.to_string();
        data.padding = Some(padding);
        self.give(node, data);
        Ok(true)
    }
}
