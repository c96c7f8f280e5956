//! `Gemm`, `MatMul`, and biases that are added by a node of their own.

use isotypic_onnx::Node;

use super::builder::Builder;
use super::initialization::pytorch;
use super::no_mapping;
use super::value::{Axis, Data};
use crate::{ArchitectureError, DenseSpec, Layer};

impl<'model> Builder<'model> {
    /// `Gemm`: weights, and biases if there is a third input.
    pub(super) fn add_gemm(&mut self, node: &'model Node) -> Result<(), ArchitectureError> {
        node.only(&["alpha", "beta", "transA", "transB"])?;
        for factor in ["alpha", "beta"] {
            if node.number(factor)?.is_some_and(|value| value != 1.0) {
                return Err(node.wrong(factor, "1, since weights are drawn and not scaled").into());
            }
        }
        if node.flag("transA")?.unwrap_or(false) {
            return Err(node.wrong("transA", "0").into());
        }
        let weights = self.weights(node, 1)?;
        let transposed = node.flag("transB")?.unwrap_or(false);
        let (inputs, outputs) = match weights.as_slice() {
            &[outputs, inputs] if transposed => (inputs, outputs),
            &[inputs, outputs] => (inputs, outputs),
            other => return Err(rank_of_weights(node, other)),
        };
        let data = self.data(node, 0)?;
        let biased = self.has_bias(node, 2, outputs)?;
        self.add_dense(node, &data, inputs, outputs, biased)
    }

    /// `MatMul` with weights on the right: a dense layer without biases.
    pub(super) fn add_matmul(&mut self, node: &'model Node) -> Result<(), ArchitectureError> {
        node.only(&[])?;
        let weights = self.weights(node, 1)?;
        let &[inputs, outputs] = weights.as_slice() else { return Err(rank_of_weights(node, &weights)) };
        let data = self.data(node, 0)?;
        self.add_dense(node, &data, inputs, outputs, false)
    }

    fn add_dense(
        &mut self,
        node: &'model Node,
        data: &Data,
        inputs: usize,
        outputs: usize,
        biased: bool,
    ) -> Result<(), ArchitectureError> {
        if data.axes.last() != Some(&Axis::Channels) || data.axes.first() != Some(&Axis::Batch) {
            return Err(no_mapping(
                node,
                format!("expected the channels on the last axis, got {}", data.describe()),
                "flatten images before a linear layer, or move their channels to the last axis",
            ));
        }
        let last = data.axes.len() - 1;
        if data.extents[last].is_some_and(|channels| channels != inputs) {
            return Err(no_mapping(
                node,
                format!("expected weights for {}, got {inputs} × {outputs}", data.describe()),
                "the file may be damaged",
            ));
        }
        let drawn = pytorch(inputs, inputs);
        let dense = DenseSpec {
            width: outputs,
            w_std: drawn.w_std,
            b_std: biased.then_some(drawn.b_std),
            ..DenseSpec::default()
        };
        let mut extents = data.extents.clone();
        extents[last] = Some(outputs);
        self.add_layer(node, data, Layer::Dense(dense), data.axes.clone(), extents);
        self.remember(drawn);
        Ok(())
    }

    /// Whether a node has biases at this place, one for each output channel.
    pub(super) fn has_bias(
        &self,
        node: &'model Node,
        index: usize,
        outputs: usize,
    ) -> Result<bool, ArchitectureError> {
        let Some(name) = self.argument(node, index) else { return Ok(false) };
        match self.constant(name) {
            Some(tensor)
                if tensor.size() == outputs && tensor.shape().last().is_none_or(|&last| last == outputs) =>
            {
                Ok(true)
            }
            Some(tensor) => Err(no_mapping(
                node,
                format!("expected {outputs} biases, got shape {:?}", tensor.shape()),
                "the file may be damaged",
            )),
            None => {
                Err(no_mapping(node, "expected biases, got a computed value", "export the network again"))
            }
        }
    }

    /// `Add` of one constant for each channel to the outputs of a layer without biases; `false` if it is something else.
    pub(super) fn add_separate_bias(&mut self, node: &'model Node) -> Result<bool, ArchitectureError> {
        let [first, second] = [self.required(node, 0)?, self.required(node, 1)?];
        let (index, name, bias) = match (self.constant(first), self.constant(second)) {
            (None, Some(bias)) => (0, first, bias.shape().to_vec()),
            (Some(bias), None) => (1, second, bias.shape().to_vec()),
            _ => return Ok(false),
        };
        let data = self.raw_data(node, index)?;
        let channels = data.position(Axis::Channels).and_then(|at| Some((at, data.extents[at]?)));
        let Some((at, channels)) = channels else { return Ok(false) };
        // Constants align with the last axes; all but the channels must be 1.
        let aligned = |bias: &[usize]| {
            let offset = data.axes.len().checked_sub(bias.len());
            offset.is_some_and(|offset| {
                bias.iter()
                    .enumerate()
                    .all(|(axis, &extent)| extent == if axis + offset == at { channels } else { 1 })
            })
        };
        let alone = self.readers(name) == 1 && data.pointwise.is_identity() && data.padding.is_none();
        if !alone || bias.iter().product::<usize>() != channels || !aligned(&bias) {
            return Ok(false);
        }
        let step = data.step;
        let Some(drawn) = self.drawn(step) else { return Ok(false) };
        let deviation = match self.layer_mut(step) {
            Some(Layer::Dense(dense)) if dense.b_std.is_none() => &mut dense.b_std,
            Some(Layer::Conv(conv)) if conv.b_std.is_none() => &mut conv.b_std,
            _ => return Ok(false),
        };
        *deviation = Some(drawn.b_std);
        node.only(&[])?;
        self.give(node, data);
        Ok(true)
    }
}

fn rank_of_weights(node: &Node, weights: &[usize]) -> ArchitectureError {
    no_mapping(
        node,
        format!("expected weights with 2 axes, got shape {weights:?}"),
        "batched products have no mapping",
    )
}
