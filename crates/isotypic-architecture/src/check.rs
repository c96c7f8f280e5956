//! From layers to a graph: the only place where shapes are inferred.

use crate::affine::addressable;
use crate::layer::layer_path;
use crate::{Architecture, ArchitectureError, Layer, LayerGraph, Node, NodeId, Operation};

/// The largest number of layers of one architecture.
pub(crate) const MOST_LAYERS: usize = 10_000;

/// Checks every layer of `architecture` against what the layer before it gives.
pub(crate) fn layer_graph(
    architecture: &Architecture,
    input_shape: &[usize],
) -> Result<LayerGraph, ArchitectureError> {
    if input_shape.is_empty() || input_shape.contains(&0) {
        return Err(ArchitectureError::EmptyInput { shape: input_shape.to_vec() });
    }
    if architecture.layers.is_empty() {
        return Err(ArchitectureError::NoLayers);
    }
    if architecture.layers.len() > MOST_LAYERS {
        return Err(ArchitectureError::TooManyLayers { limit: MOST_LAYERS, got: architecture.layers.len() });
    }
    let mut chain = Chain::new(input_shape)?;
    for (position, layer) in architecture.layers.iter().enumerate() {
        chain.push(architecture, layer, layer_path(position, layer.name()))?;
    }
    chain.finish()
}

/// A chain of nodes under construction.
struct Chain {
    nodes: Vec<Node>,
    /// The node whose output stopped being Gaussian, `None` while the end of the chain is Gaussian in the limit.
    not_gaussian_since: Option<NodeId>,
}

impl Chain {
    fn new(input_shape: &[usize]) -> Result<Self, ArchitectureError> {
        let path = "input".to_owned();
        addressable(&path, input_shape)?;
        let input = Node {
            operation: Operation::Input,
            inputs: vec![],
            input_shape: input_shape.to_vec(),
            output_shape: input_shape.to_vec(),
            path,
        };
        Ok(Self { nodes: vec![input], not_gaussian_since: Some(NodeId(0)) })
    }

    fn push(
        &mut self,
        architecture: &Architecture,
        layer: &Layer,
        path: String,
    ) -> Result<(), ArchitectureError> {
        let previous = NodeId(self.nodes.len() - 1);
        let this = NodeId(self.nodes.len());
        let input_shape = self.nodes[previous.0].output_shape.clone();
        let (channels, positions) = channels_and_positions(&input_shape)?;

        let (operation, output_shape) = match layer {
            Layer::Dense(spec) => {
                let dense = spec.check(&path, architecture.parameterization, channels)?;
                self.not_gaussian_since = None;
                let output_shape = [positions, &[dense.width]].concat();
                (Operation::Dense(dense), output_shape)
            }
            Layer::Conv(spec) => {
                let (conv, output_shape) = spec.check(&path, architecture.parameterization, &input_shape)?;
                self.not_gaussian_since = None;
                (Operation::Conv(conv), output_shape)
            }
            Layer::Activation(activation) => {
                let operation = Operation::Activation(activation.check(&path)?);
                (self.nonlinearity(operation, this, &path)?, input_shape.clone())
            }
            Layer::Identity => (Operation::Identity, input_shape.clone()),
            Layer::Flatten => {
                if !positions.is_empty() {
                    // The entries come from different positions, so they are not equally distributed.
                    self.not_gaussian_since.get_or_insert(this);
                }
                (Operation::Flatten, vec![input_shape.iter().product()])
            }
            Layer::GlobalAvgPool if positions.is_empty() => {
                return Err(ArchitectureError::NoSpatialAxes { path, input: input_shape });
            }
            Layer::GlobalAvgPool => (Operation::GlobalAvgPool, vec![channels]),
        };
        addressable(&path, &output_shape)?;
        self.nodes.push(Node { operation, inputs: vec![previous], input_shape, output_shape, path });
        Ok(())
    }

    /// Accepts a nonlinearity if its input is Gaussian; its output is not.
    fn nonlinearity(
        &mut self,
        operation: Operation,
        this: NodeId,
        path: &str,
    ) -> Result<Operation, ArchitectureError> {
        if let Some(source) = self.not_gaussian_since.replace(this) {
            let got = match source {
                NodeId(0) => "the raw input".to_owned(),
                NodeId(index) => format!("the output of {}", self.nodes[index].path),
            };
            return Err(ArchitectureError::NotGaussian { path: path.to_owned(), got });
        }
        Ok(operation)
    }

    fn finish(self) -> Result<LayerGraph, ArchitectureError> {
        let last = &self.nodes[self.nodes.len() - 1];
        if last.output_shape.len() > 1 {
            return Err(ArchitectureError::OutputNotVector {
                path: last.path.clone(),
                output: last.output_shape.clone(),
            });
        }
        Ok(LayerGraph { nodes: self.nodes })
    }
}

/// Splits a shape into its number of channels and its spatial axes.
fn channels_and_positions(shape: &[usize]) -> Result<(usize, &[usize]), ArchitectureError> {
    match shape.split_last() {
        Some((&channels, positions)) => Ok((channels, positions)),
        None => Err(ArchitectureError::EmptyInput { shape: vec![] }),
    }
}
