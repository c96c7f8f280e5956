//! `LayerNormalization`, `BatchNormalization` and `Dropout`.

use isotypic_onnx::Node;

use super::builder::Builder;
use super::no_mapping;
use super::value::Axis;
use crate::{ArchitectureError, BatchNormSpec, DropoutMode, DropoutSpec, Layer, LayerNormSpec};

impl<'model> Builder<'model> {
    /// `LayerNormalization` over channels, or over channels and positions. Its scale and shift begin at 1 and 0; that they are trained is
    /// not part of the kernel.
    pub(super) fn add_layer_normalization(&mut self, node: &'model Node) -> Result<(), ArchitectureError> {
        node.only(&["axis", "epsilon", "stash_type"])?;
        let data = self.data(node, 0)?;
        let rank = data.axes.len();
        let axis = node.integer("axis")?.unwrap_or(-1);
        let first = if axis < 0 { axis.saturating_add(rank as i64) } else { axis };
        let first = usize::try_from(first).ok().filter(|&first| first < rank);
        let Some(first) = first else { return Err(node.wrong("axis", format!("one of {rank} axes")).into()) };
        self.has_constant_scales(node)?;
        let normalized = &data.axes[first..];
        let (mut axes, mut positions) = (vec![], 0);
        for axis in normalized {
            match axis {
                Axis::Channels => axes.push(-1),
                Axis::Spatial(at) => {
                    axes.push(*at as i64 + 1);
                    positions += 1;
                }
                Axis::Single => {}
                Axis::Batch => axes.clear(),
            }
        }
        let all = data.axes.iter().filter(|axis| matches!(axis, Axis::Spatial(_))).count();
        if !axes.contains(&-1) || normalized.contains(&Axis::Batch) || (positions != 0 && positions != all) {
            return Err(no_mapping(
                node,
                format!("normalises axes {first} to {} of {}", rank - 1, data.describe()),
                "layer normalisation has a mapping over channels, or over channels and all positions",
            ));
        }
        axes.sort_unstable();
        let spec = LayerNormSpec { axes, epsilon: node.number("epsilon")?.unwrap_or(1e-5) };
        self.add_layer(node, &data, Layer::LayerNorm(spec), data.axes.clone(), data.extents.clone());
        Ok(())
    }

    /// `BatchNormalization` in training mode, of a file that was exported from a network in training: with the statistics of whatever batch
    /// its kernel is asked for. Scale and shift are those of layer normalisation. In evaluation mode it has statistics of past batches,
    /// which no kernel here knows.
    pub(super) fn add_batch_normalization(&mut self, node: &'model Node) -> Result<(), ArchitectureError> {
        node.only(&["epsilon", "momentum", "training_mode"])?;
        if node.integer("training_mode")?.unwrap_or(0) != 1 {
            return Err(no_mapping(
                node,
                "expected training mode: in evaluation mode it has statistics of past batches, which no kernel here knows",
                "export with `training=torch.onnx.TrainingMode.TRAINING`, or write the network down with `batch_norm`",
            ));
        }
        let data = self.data(node, 0)?;
        self.has_constant_scales(node)?;
        if data.axes.first() != Some(&Axis::Batch) || data.axes.get(1) != Some(&Axis::Channels) {
            return Err(no_mapping(
                node,
                format!("normalises along axis 1 of {}", data.describe()),
                "batch normalisation has a mapping where axis 0 is the batch and axis 1 the channels",
            ));
        }
        let spec = BatchNormSpec { epsilon: node.number("epsilon")?.unwrap_or(1e-5) };
        self.add_layer(node, &data, Layer::BatchNorm(spec), data.axes.clone(), data.extents.clone());
        Ok(())
    }

    /// Refuses scales and shifts that the network computes.
    fn has_constant_scales(&self, node: &Node) -> Result<(), ArchitectureError> {
        let is_computed =
            |index| self.argument(node, index).is_some_and(|name| self.constant(name).is_none());
        match (1..node.inputs.len()).any(is_computed) {
            false => Ok(()),
            true => Err(no_mapping(node, "expected constant scales and shifts", "export the network again")),
        }
    }

    /// `Dropout`, which does nothing unless the file is of a network in training.
    pub(super) fn add_dropout(&mut self, node: &'model Node) -> Result<(), ArchitectureError> {
        node.only(&["ratio", "seed"])?;
        let constant = |index| -> Result<Option<f64>, ArchitectureError> {
            let Some(name) = self.argument(node, index) else { return Ok(None) };
            let value = self.constant(name).and_then(isotypic_onnx::Tensor::numbers);
            match value.as_deref() {
                Some(&[value]) => Ok(Some(value)),
                _ => Err(no_mapping(node, "expected a constant rate and mode", "export with `model.eval()`")),
            }
        };
        let (ratio, training) = (constant(1)?, constant(2)?);
        let data = self.raw_data(node, 0)?;
        if training.is_none_or(|training| training == 0.0) {
            self.give(node, data);
            return Ok(());
        }
        let data = self.data(node, 0)?;
        let spec = DropoutSpec { keep_rate: 1.0 - ratio.unwrap_or(0.5), mode: DropoutMode::Train };
        self.add_layer(node, &data, Layer::Dropout(spec), data.axes.clone(), data.extents.clone());
        Ok(())
    }
}
