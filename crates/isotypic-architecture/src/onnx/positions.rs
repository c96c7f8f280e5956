//! `Flatten`, `Reshape` and others that rename axes.

use isotypic_onnx::{Node, Tensor};

use super::builder::Builder;
use super::no_mapping;
use super::value::{Axis, Data, Extent};
use crate::{ArchitectureError, Layer};

const HINT: &str = "only flattening of positions and channels, and axes of extent 1, have a mapping";

impl<'model> Builder<'model> {
    /// `Flatten` after the batch.
    pub(super) fn add_flatten(&mut self, node: &'model Node) -> Result<(), ArchitectureError> {
        node.only(&["axis"])?;
        let data = self.data(node, 0)?;
        let axis = node.integer("axis")?.unwrap_or(1);
        let axis = if axis < 0 { axis.saturating_add(data.axes.len() as i64) } else { axis };
        if axis != 1 || data.axes.first() != Some(&Axis::Batch) {
            return Err(node.wrong("axis", "1, after the batch").into());
        }
        self.flatten(node, &data);
        Ok(())
    }

    /// `Reshape` to vectors, or to the same axes.
    pub(super) fn add_reshape(&mut self, node: &'model Node) -> Result<(), ArchitectureError> {
        node.only(&["allowzero"])?;
        let data = self.data(node, 0)?;
        let name = self.required(node, 1)?;
        let target = self.extents(name).ok_or_else(|| {
            no_mapping(
                node,
                "reshapes to extents that are not known",
                "export with fixed extents but the batch",
            )
        })?;
        let copies_zeros = !node.flag("allowzero")?.unwrap_or(false);
        let refuse = || {
            let target = target.iter().map(|extent| match extent {
                Extent::Known(extent) => extent.to_string(),
                Extent::Batch => "batch".to_owned(),
                Extent::Unknown => "?".to_owned(),
            });
            let target = target.collect::<Vec<_>>().join(", ");
            no_mapping(node, format!("reshapes {} to [{target}]", data.describe()), HINT)
        };
        // What each entry may mean at its place: 0 copies an extent, −1 is what is left over.
        let is = |at: usize, expected: Option<usize>, is_batch: bool| match target[at] {
            Extent::Batch => is_batch,
            Extent::Known(-1) => target.iter().filter(|&&extent| extent == Extent::Known(-1)).count() == 1,
            Extent::Known(0) if copies_zeros => {
                data.axes.get(at).is_some_and(|axis| (*axis == Axis::Batch) == is_batch)
            }
            Extent::Known(extent) => expected.is_some() && usize::try_from(extent).ok() == expected,
            Extent::Unknown => false,
        };
        if data.axes.first() != Some(&Axis::Batch) || target.is_empty() {
            return Err(refuse());
        }
        let batch = data.extents[0];
        let size = product(&data.extents[1..]);
        let left_over = |at: usize| target[at] == Extent::Known(-1);
        // Where the batch is what is left over, the size of a vector must be known to be right.
        let flattens = target.len() == 2
            && is(0, batch, true)
            && is(1, size, false)
            && (!left_over(0) || size.is_some())
            && (target[1] != Extent::Known(0) || data.axes.len() == 2);
        if flattens {
            self.flatten(node, &data);
            return Ok(());
        }
        let unchanged = target.len() == data.axes.len()
            && (0..target.len()).all(|at| is(at, data.extents[at], at == 0))
            && data.extents[1..]
                .iter()
                .enumerate()
                .all(|(at, extent)| extent.is_some() || !left_over(at + 1));
        if unchanged {
            self.give(node, data);
            return Ok(());
        }
        Err(refuse())
    }

    fn flatten(&mut self, node: &'model Node, data: &Data) {
        let axes = vec![Axis::Batch, Axis::Channels];
        let extents = vec![data.extents[0], product(&data.extents[1..])];
        if data.has_positions() {
            self.add_layer(node, data, Layer::Flatten, axes, extents);
        } else {
            self.give(node, Data { axes, extents, ..data.clone() });
        }
    }

    /// `Transpose`: the axes keep their meaning, layers check their order.
    pub(super) fn add_transpose(&mut self, node: &'model Node) -> Result<(), ArchitectureError> {
        node.only(&["perm"])?;
        let data = self.data(node, 0)?;
        let rank = data.axes.len();
        let order: Vec<i64> =
            node.integers("perm")?.map_or_else(|| (0..rank as i64).rev().collect(), <[i64]>::to_vec);
        let mut seen = vec![false; rank];
        let places = order.iter().map(|&axis| {
            let place = usize::try_from(axis).ok().filter(|&place| place < rank)?;
            (!std::mem::replace(&mut seen[place], true)).then_some(place)
        });
        let places: Option<Vec<usize>> = places.collect();
        let Some(places) = places.filter(|places| places.len() == rank) else {
            return Err(node.wrong("perm", format!("each of the {rank} axes once")).into());
        };
        let axes = places.iter().map(|&place| data.axes[place]).collect();
        let extents = places.iter().map(|&place| data.extents[place]).collect();
        self.give(node, Data { axes, extents, ..data });
        Ok(())
    }

    /// `Squeeze` of axes that pooling left.
    pub(super) fn add_squeeze(&mut self, node: &'model Node) -> Result<(), ArchitectureError> {
        node.only(&["axes"])?;
        let mut data = self.data(node, 0)?;
        let single: Vec<usize> =
            (0..data.axes.len()).filter(|&axis| data.axes[axis] == Axis::Single).collect();
        let chosen = self.axes_argument(node, &data)?.unwrap_or_else(|| single.clone());
        if chosen.iter().any(|axis| !single.contains(axis)) {
            return Err(no_mapping(node, format!("removes axes {chosen:?} of {}", data.describe()), HINT));
        }
        for &axis in chosen.iter().rev() {
            data.axes.remove(axis);
            data.extents.remove(axis);
        }
        self.give(node, data);
        Ok(())
    }

    /// The axes that a node is about, from its second input or its attribute, counted from 0, sorted; `None` where it names none.
    pub(super) fn axes_argument(
        &self,
        node: &'model Node,
        data: &Data,
    ) -> Result<Option<Vec<usize>>, ArchitectureError> {
        let list = match self.argument(node, 1) {
            Some(name) => self
                .constant(name)
                .and_then(Tensor::integers)
                .ok_or_else(|| no_mapping(node, "expected constant axes", "export with fixed axes"))?,
            None => match node.integers("axes")? {
                None => return Ok(None),
                Some(list) => list.to_vec(),
            },
        };
        let rank = data.axes.len();
        let resolve = |&axis: &i64| {
            let axis = if axis < 0 { axis.saturating_add(rank as i64) } else { axis };
            usize::try_from(axis).ok().filter(|&axis| axis < rank)
        };
        let axes: Option<Vec<usize>> = list.iter().map(resolve).collect();
        let Some(mut axes) = axes else {
            return Err(no_mapping(
                node,
                format!("names axes {list:?} of {}", data.describe()),
                "the file may be damaged",
            ));
        };
        axes.sort_unstable();
        axes.dedup();
        Ok((!axes.is_empty()).then_some(axes))
    }
}

/// The number of values, if every extent is known.
fn product(extents: &[Option<usize>]) -> Option<usize> {
    extents.iter().try_fold(1_usize, |size, extent| size.checked_mul((*extent)?))
}
