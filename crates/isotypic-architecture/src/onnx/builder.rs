//! Steps under construction, and the values between them.

use std::collections::HashMap;

use isotypic_onnx::{Model, Node, Tensor};

use super::ExpectedInput;
use super::initialization::Initialization;
use super::no_mapping;
use super::pointwise::Pointwise;
use super::value::{Axis, Data, Extent, Value};
use crate::{ArchitectureError, Layer};

/// A step of the network: the input, a layer, or a place where branches meet.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) kind: StepKind,
    /// The steps it reads, all before it.
    pub(super) inputs: Vec<usize>,
    /// The node it comes from, for messages.
    pub(super) node: String,
}

/// What a step does.
#[derive(Clone, Debug)]
pub(super) enum StepKind {
    Input,
    Layer(Layer),
    Sum,
    Product,
    /// Joins along an axis of the architecture, in which the batch is axis 0.
    Concat(i64),
}

/// Follows the values of a file from node to node.
pub(super) struct Builder<'model> {
    model: &'model Model,
    steps: Vec<Step>,
    values: HashMap<&'model str, Value>,
    constants: HashMap<&'model str, Tensor>,
    /// The node that multiplies with an array of weights.
    owners: HashMap<&'model str, String>,
    /// How the weights of a step are drawn.
    drawn: HashMap<usize, Initialization>,
    expected: ExpectedInput,
}

/// Operators that read channels from the first axis after the batch, or that do not mind.
const CHANNELS_FIRST: [&str; 10] = [
    "Conv",
    "ConvTranspose",
    "AveragePool",
    "MaxPool",
    "GlobalAveragePool",
    "GlobalMaxPool",
    "BatchNormalization",
    "Flatten",
    "Reshape",
    "Transpose",
];

/// Operators that read them from the last axis.
const CHANNELS_LAST: [&str; 2] = ["MatMul", "LayerNormalization"];

impl<'model> Builder<'model> {
    pub(super) fn new(model: &'model Model) -> Self {
        let shape = &model.input.shape;
        let spatial = shape.len() - 2;
        let first = model.nodes.iter().find_map(|node| {
            let operator = node.operator.as_str();
            match (CHANNELS_FIRST.contains(&operator), CHANNELS_LAST.contains(&operator)) {
                (false, false) => None,
                (first, _) => Some(first),
            }
        });
        let positions = (0..spatial).map(Axis::Spatial);
        let axes: Vec<Axis> = match first {
            Some(false) => [Axis::Batch].into_iter().chain(positions).chain([Axis::Channels]).collect(),
            _ => [Axis::Batch, Axis::Channels].into_iter().chain(positions).collect(),
        };
        let input =
            Step { kind: StepKind::Input, inputs: vec![], node: format!("input `{}`", model.input.name) };
        let mut data =
            Data { step: 0, pointwise: Pointwise::identity(), axes, extents: shape.clone(), padding: None };
        let extent = |axis| data.position(axis).and_then(|position| shape[position]);
        let expected = (0..spatial).map(Axis::Spatial).chain([Axis::Channels]).map(extent).collect();
        let mut steps = vec![input];
        if spatial == 0 {
            // Does nothing to vectors, and takes images of as many numbers.
            steps.push(Step {
                kind: StepKind::Layer(Layer::Flatten),
                inputs: vec![0],
                node: steps[0].node.clone(),
            });
            data.step = 1;
        }
        Self {
            model,
            steps,
            values: HashMap::from([(model.input.name.as_str(), Value::Data(Box::new(data)))]),
            constants: HashMap::new(),
            owners: HashMap::new(),
            drawn: HashMap::new(),
            expected: ExpectedInput(expected),
        }
    }

    /// The steps, the one that gives the output, and what inputs are expected.
    pub(super) fn finish(mut self) -> Result<(Vec<Step>, usize, ExpectedInput), ArchitectureError> {
        let model = self.model;
        let Some(Value::Data(data)) = self.values.get(model.output.as_str()).cloned() else {
            let what = format!("output `{}`", model.output);
            return Err(no_mapping(&what, "does not depend on the input", "export the whole network"));
        };
        // The last node is the place of what is wrong with the last function.
        let node = &model.nodes[model.nodes.len() - 1];
        let data = self.materialise(node, &model.output, *data)?;
        Ok((self.steps, data.step, self.expected))
    }

    /// An argument that may be left out: its name.
    pub(super) fn argument(&self, node: &'model Node, index: usize) -> Option<&'model str> {
        node.inputs.get(index).map(String::as_str).filter(|name| !name.is_empty())
    }

    /// An argument that may not.
    pub(super) fn required(
        &self,
        node: &'model Node,
        index: usize,
    ) -> Result<&'model str, ArchitectureError> {
        self.argument(node, index).ok_or_else(|| {
            no_mapping(node, format!("expected at least {} inputs", index + 1), "the file may be damaged")
        })
    }

    /// The array of this name, if it does not depend on the input.
    pub(super) fn constant(&self, name: &str) -> Option<&Tensor> {
        self.constants.get(name).or_else(|| self.model.tensor(name))
    }

    pub(super) fn add_constant(&mut self, node: &'model Node, tensor: Tensor) {
        if let Some(output) = node.outputs.first() {
            self.constants.insert(output, tensor);
        }
    }

    /// The value of this name, if it depends on the input.
    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    /// What a name stands for as a list of extents, constants among them.
    pub(super) fn extents(&self, name: &str) -> Option<Vec<Extent>> {
        match self.value(name) {
            Some(Value::Extents(extents)) => Some(extents.clone()),
            Some(Value::Data(_) | Value::Slice(_)) => None,
            None => self.constant(name)?.integers().map(|list| list.into_iter().map(Extent::Known).collect()),
        }
    }

    /// The array of numbers that an argument is, as it stands.
    pub(super) fn raw_data(&self, node: &'model Node, index: usize) -> Result<Data, ArchitectureError> {
        let name = self.required(node, index)?;
        match self.value(name) {
            Some(Value::Data(data)) => Ok(Data::clone(data)),
            Some(Value::Slice(_)) => Err(no_mapping(
                node,
                format!("input {} is a part of a value", index + 1),
                "parts of values have a mapping as circular padding only; `index` in architecture files takes positions",
            )),
            _ => Err(no_mapping(
                node,
                format!("input {} is not computed from the network's input", index + 1),
                "only layers between the input and the output have a mapping",
            )),
        }
    }

    /// The same with everything that is pending turned into layers: no padding, no function.
    pub(super) fn data(&mut self, node: &'model Node, index: usize) -> Result<Data, ArchitectureError> {
        let data = self.raw_data(node, index)?;
        let name = self.required(node, index)?;
        self.materialise(node, name, data)
    }

    /// The same, but with the positions that were added around it, which the caller reads as padding.
    pub(super) fn padded_data(&mut self, node: &'model Node) -> Result<Data, ArchitectureError> {
        let mut data = self.raw_data(node, 0)?;
        let padding = data.padding.take();
        let name = self.required(node, 0)?;
        Ok(Data { padding, ..self.materialise(node, name, data)? })
    }

    /// Turns the function of `data` into a layer, once for all readers of the value `name`.
    pub(super) fn materialise(
        &mut self,
        node: &'model Node,
        name: &'model str,
        mut data: Data,
    ) -> Result<Data, ArchitectureError> {
        if let Some(padding) = &data.padding {
            return Err(padding.unread(node));
        }
        if let Some(layer) = data.pointwise.layer()? {
            let place = data.pointwise.node.clone();
            data.step = self.push(StepKind::Layer(layer), vec![data.step], place);
        }
        data.pointwise = Pointwise::identity();
        self.values.insert(name, Value::Data(Box::new(data.clone())));
        Ok(data)
    }

    /// Adds a step and returns its place.
    pub(super) fn push(&mut self, kind: StepKind, inputs: Vec<usize>, node: String) -> usize {
        self.steps.push(Step { kind, inputs, node });
        self.steps.len() - 1
    }

    /// Adds a layer that reads `data` and gives an array with these axes.
    pub(super) fn add_layer(
        &mut self,
        node: &'model Node,
        data: &Data,
        layer: Layer,
        axes: Vec<Axis>,
        extents: Vec<Option<usize>>,
    ) {
        let step = self.push(StepKind::Layer(layer), vec![data.step], node.to_string());
        self.give(node, Data { step, pointwise: Pointwise::identity(), axes, extents, padding: None });
    }

    /// Sets what a node gives.
    pub(super) fn give(&mut self, node: &'model Node, data: Data) {
        self.give_value(node, Value::Data(Box::new(data)));
    }

    pub(super) fn give_value(&mut self, node: &'model Node, value: Value) {
        if let Some(output) = node.outputs.first() {
            self.values.insert(output, value);
        }
    }

    /// The layer of a step, to be completed.
    pub(super) fn layer_mut(&mut self, step: usize) -> Option<&mut Layer> {
        match &mut self.steps[step].kind {
            StepKind::Layer(layer) => Some(layer),
            _ => None,
        }
    }

    /// Notes how the weights of the last step are drawn.
    pub(super) fn remember(&mut self, drawn: Initialization) {
        self.drawn.insert(self.steps.len() - 1, drawn);
    }

    /// How the weights of a step are drawn, if it has any.
    pub(super) fn drawn(&self, step: usize) -> Option<Initialization> {
        self.drawn.get(&step).copied()
    }

    /// How many times a value is read.
    pub(super) fn readers(&self, name: &str) -> usize {
        self.model.readers(name)
    }

    /// The shape of an array of weights with a rank in range, which no other node may use: layers have weights of their own.
    pub(super) fn weights(
        &mut self,
        node: &'model Node,
        index: usize,
    ) -> Result<Vec<usize>, ArchitectureError> {
        let name = self.required(node, index)?;
        let Some(tensor) = self.constant(name) else {
            let reason = format!("input {} is computed, where weights are expected", index + 1);
            return Err(no_mapping(
                node,
                reason,
                "products of two values that depend on the input, as in attention, have no mapping",
            ));
        };
        let shape = tensor.shape().to_vec();
        if shape.contains(&0) {
            let reason = format!("expected weights with values, got shape {shape:?}");
            return Err(no_mapping(node, reason, "the file may be damaged"));
        }
        if let Some(other) = self.owners.insert(name, node.to_string()) {
            return Err(no_mapping(
                node,
                format!("shares its weights with {other}"),
                "kernels here are those of networks whose layers have weights of their own",
            ));
        }
        Ok(shape)
    }
}
