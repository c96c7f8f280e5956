//! From layers to a graph: the only place where shapes are inferred.

use std::collections::BTreeSet;
use std::rc::Rc;

use crate::affine::addressable;
use crate::layer::{branch_prefix, inner_prefix, layer_path};
use crate::{
    Architecture, ArchitectureError, Layer, LayerGraph, Node, NodeId, Operation, Parameterization,
    SymmetryGroup,
};

mod branches;
mod groups;

/// The largest number of layers of one architecture, branches and repetitions included.
pub(crate) const MOST_LAYERS: usize = 10_000;

/// How deep layers that hold layers may be nested.
pub(crate) const DEEPEST_NESTING: usize = 32;

/// Checks every layer of `architecture` against what the layers before it give.
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
    let path = "input".to_owned();
    addressable(&path, input_shape)?;
    let input = Node {
        operation: Operation::Input,
        inputs: vec![],
        input_shape: input_shape.to_vec(),
        output_shape: input_shape.to_vec(),
        path,
    };
    let start = End {
        node: NodeId(0),
        not_gaussian_since: Some(NodeId(0)),
        origins: Rc::new(BTreeSet::from([NodeId(0)])),
        group: None,
        mixed_since: None,
    };
    let mut builder = Builder { nodes: vec![input], parameterization: architecture.parameterization };
    builder.layers(&architecture.layers, start, "", 0)?;
    builder.finish()
}

/// A node as the end of a chain of layers under construction, with what the next layer must know about its values.
#[derive(Clone)]
struct End {
    node: NodeId,
    /// The node whose output stopped being Gaussian, `None` while values are centred and Gaussian in the limit, with one
    /// distribution for all channels.
    not_gaussian_since: Option<NodeId>,
    /// The nodes whose units are passed on, channel by channel, without new weights between. Ends with different origins
    /// are independent, given what the origins read.
    origins: Rc<BTreeSet<NodeId>>,
    /// The group on which values are a function, after `group_lift` and before positions are joined.
    group: Option<SymmetryGroup>,
    /// The first node that does not act on each position alike.
    mixed_since: Option<NodeId>,
}

/// Nodes under construction.
struct Builder {
    nodes: Vec<Node>,
    parameterization: Parameterization,
}

impl Builder {
    /// Adds layers one after another; recursion is bounded by [`DEEPEST_NESTING`].
    fn layers(
        &mut self,
        layers: &[Layer],
        start: End,
        prefix: &str,
        depth: usize,
    ) -> Result<End, ArchitectureError> {
        layers.iter().enumerate().try_fold(start, |end, (position, layer)| {
            self.layer(layer, end, layer_path(prefix, position, layer.name()), depth)
        })
    }

    fn layer(
        &mut self,
        layer: &Layer,
        end: End,
        path: String,
        depth: usize,
    ) -> Result<End, ArchitectureError> {
        let holds_layers = matches!(
            layer,
            Layer::Sum(_) | Layer::Product(_) | Layer::Concat(_) | Layer::Residual(_) | Layer::Repeat(_)
        );
        if holds_layers && depth >= DEEPEST_NESTING {
            return Err(ArchitectureError::NestedTooDeeply { path, limit: DEEPEST_NESTING });
        }
        match layer {
            Layer::Sum(branches) => {
                let ends = self.branches(branches, &end, &path, depth)?;
                self.sum(ends, path)
            }
            Layer::Product(branches) => {
                let ends = self.branches(branches, &end, &path, depth)?;
                self.product(ends, path)
            }
            Layer::Concat(spec) => {
                let ends = self.branches(&spec.branches, &end, &path, depth)?;
                self.concat(ends, spec.axis, path)
            }
            Layer::Residual(layers) => {
                not_empty(layers, &path)?;
                let transformed = self.layers(layers, end.clone(), &inner_prefix(&path), depth + 1)?;
                self.sum(vec![end, transformed], path)
            }
            Layer::Repeat(spec) => {
                if spec.times == 0 {
                    return Err(ArchitectureError::invalid_option(
                        &path,
                        "times",
                        "a positive integer",
                        &spec.times,
                    ));
                }
                not_empty(&spec.layers, &path)?;
                // Every round adds a node, so the limit on nodes ends this early however large `times` is.
                (1..=spec.times).try_fold(end, |end, round| {
                    self.layers(&spec.layers, end, &format!("{path}, repetition {round}, "), depth + 1)
                })
            }
            simple => self.simple(simple, end, path),
        }
    }

    /// Adds the branches of a layer and returns their ends.
    fn branches(
        &mut self,
        branches: &[Vec<Layer>],
        start: &End,
        path: &str,
        depth: usize,
    ) -> Result<Vec<End>, ArchitectureError> {
        if branches.len() < 2 {
            return Err(ArchitectureError::TooFewBranches { path: path.to_owned(), got: branches.len() });
        }
        let ends = branches.iter().enumerate().map(|(index, layers)| {
            not_empty(layers, &format!("{path}, branch {}", index + 1))?;
            self.layers(layers, start.clone(), &branch_prefix(path, index), depth + 1)
        });
        ends.collect()
    }

    /// Adds a layer that becomes one node with one input.
    fn simple(&mut self, layer: &Layer, mut end: End, path: String) -> Result<End, ArchitectureError> {
        let this = NodeId(self.nodes.len());
        let input_shape = self.nodes[end.node.0].output_shape.clone();
        let (channels, positions) = channels_and_positions(&input_shape)?;
        self.fits_group(layer, &end, &path)?;
        let new_weights = |end: &mut End| {
            end.not_gaussian_since = None;
            end.origins = Rc::new(BTreeSet::from([this]));
        };

        let (operation, output_shape) = match layer {
            Layer::Dense(spec) => {
                let dense = spec.check(&path, self.parameterization, channels)?;
                new_weights(&mut end);
                let output_shape = [positions, &[dense.width]].concat();
                (Operation::Dense(dense), output_shape)
            }
            Layer::Conv(spec) => {
                let (conv, output_shape) = spec.check(&path, self.parameterization, &input_shape)?;
                new_weights(&mut end);
                (Operation::Conv(conv), output_shape)
            }
            Layer::ConvLocal(spec) => {
                let (conv, output_shape) = spec.check_local(&path, self.parameterization, &input_shape)?;
                new_weights(&mut end);
                (Operation::ConvLocal(conv), output_shape)
            }
            Layer::ConvTranspose(spec) => {
                let (conv, output_shape) =
                    spec.check_transposed(&path, self.parameterization, &input_shape)?;
                new_weights(&mut end);
                (Operation::ConvTranspose(conv), output_shape)
            }
            Layer::GroupLift(spec) => {
                let (conv, output_shape) = spec.check(&path, self.parameterization, &input_shape)?;
                new_weights(&mut end);
                end.group = Some(spec.group);
                (Operation::GroupLift(conv), output_shape)
            }
            Layer::GroupConv(spec) => {
                let Some(group) = end.group else { unreachable!("refused without a group") };
                let (conv, output_shape) = spec.check(&path, self.parameterization, group, &input_shape)?;
                new_weights(&mut end);
                (Operation::GroupConv(conv), output_shape)
            }
            Layer::GroupPool => {
                let Some(group) = end.group.take() else { unreachable!("refused without a group") };
                (Operation::GroupPool(group), vec![channels])
            }
            Layer::Index(spec) => {
                let (index, output_shape) = spec.check(&path, &input_shape)?;
                (Operation::Index(index), output_shape)
            }
            Layer::ImageResize(spec) => {
                let (resize, output_shape) = spec.check(&path, &input_shape)?;
                (Operation::ImageResize(resize), output_shape)
            }
            Layer::Aggregate(spec) => {
                (Operation::Aggregate(spec.check(&path, &input_shape)?), input_shape.clone())
            }
            Layer::Activation(activation) => {
                let operation = Operation::Activation(activation.check(&path)?);
                (self.nonlinearity(operation, &mut end, &path)?, input_shape.clone())
            }
            Layer::Identity => (Operation::Identity, input_shape.clone()),
            Layer::Flatten => {
                if !positions.is_empty() {
                    // The entries come from different positions, so they are not equally distributed.
                    end.not_gaussian_since.get_or_insert(this);
                }
                end.group = None;
                (Operation::Flatten, vec![input_shape.iter().product()])
            }
            Layer::GlobalAvgPool => {
                channels_at_positions(&path, &input_shape)?;
                (Operation::GlobalAvgPool, vec![channels])
            }
            Layer::GlobalSumPool => {
                channels_at_positions(&path, &input_shape)?;
                (Operation::GlobalSumPool, vec![channels])
            }
            Layer::AvgPool(spec) => {
                let (pool, output_shape) = spec.check(&path, &input_shape)?;
                (Operation::AvgPool(pool), output_shape)
            }
            Layer::SumPool(spec) => {
                spec.without_normalized_edges(&path, "`false`, since sums are not normalized")?;
                let (pool, output_shape) = spec.check(&path, &input_shape)?;
                (Operation::SumPool(pool), output_shape)
            }
            Layer::MaxPool(spec) => {
                spec.without_normalized_edges(&path, "`false`, since maxima are not normalized")?;
                let (pool, output_shape) = spec.check(&path, &input_shape)?;
                self.maximum(&mut end, &path)?;
                (Operation::MaxPool(pool), output_shape)
            }
            Layer::LayerNorm(spec) => {
                let layer_norm = spec.check(&path, &input_shape)?;
                self.gaussian(&end, &path)?;
                groups::over_the_group(&layer_norm, end.group, positions, &path)?;
                (Operation::LayerNorm(layer_norm), input_shape.clone())
            }
            Layer::BatchNorm(spec) => {
                let batch_norm = spec.check(&path)?;
                self.gaussian(&end, &path)?;
                // Values of a batch are normalised together, so that their lengths are bounded.
                end.not_gaussian_since = Some(this);
                (Operation::BatchNorm(batch_norm), input_shape.clone())
            }
            Layer::Dropout(spec) => {
                let dropout = spec.check(&path)?;
                if end.origins.contains(&NodeId(0)) {
                    return Err(ArchitectureError::DropoutOfInput { path });
                }
                if !dropout.is_identity() {
                    end.not_gaussian_since.get_or_insert(this);
                }
                (Operation::Dropout(dropout), input_shape.clone())
            }
            Layer::SelfAttention(spec) => {
                let attention = spec.check(&path, &input_shape)?;
                new_weights(&mut end);
                let output_shape = [positions, &[attention.width]].concat();
                (Operation::SelfAttention(Box::new(attention)), output_shape)
            }
            Layer::Sum(_) | Layer::Product(_) | Layer::Concat(_) | Layer::Residual(_) | Layer::Repeat(_) => {
                unreachable!("layers that hold layers never get here")
            }
        };
        if !Self::keeps_positions(layer, positions) {
            end.mixed_since.get_or_insert(this);
        }
        let inputs = vec![end.node];
        end.node = self.push(Node { operation, inputs, input_shape, output_shape, path })?;
        Ok(end)
    }

    /// Adds a node.
    fn push(&mut self, node: Node) -> Result<NodeId, ArchitectureError> {
        if self.nodes.len() > MOST_LAYERS {
            return Err(ArchitectureError::TooManyLayersInside { path: node.path, limit: MOST_LAYERS });
        }
        addressable(&node.path, &node.output_shape)?;
        self.nodes.push(node);
        Ok(NodeId(self.nodes.len() - 1))
    }

    /// Accepts a nonlinearity if its input is Gaussian, or made of maxima or of normalised batches; its output is not.
    fn nonlinearity(
        &self,
        operation: Operation,
        end: &mut End,
        path: &str,
    ) -> Result<Operation, ArchitectureError> {
        if !(is_sampled(&self.nodes[end.node.0].operation) && end.not_gaussian_since == Some(end.node)) {
            self.gaussian(end, path)?;
        }
        end.not_gaussian_since = Some(NodeId(self.nodes.len()));
        Ok(operation)
    }

    /// Accepts maxima of Gaussian values, or of what one nonlinearity makes of them; they are not Gaussian.
    fn maximum(&self, end: &mut End, path: &str) -> Result<(), ArchitectureError> {
        let read = &self.nodes[end.node.0];
        let of_gaussian = |node: &Node| match node.inputs.as_slice() {
            [input] => !is_sampled(&self.nodes[input.0].operation),
            _ => false,
        };
        let after_nonlinearity = matches!(read.operation, Operation::Activation(_)) && of_gaussian(read);
        if !(after_nonlinearity && end.not_gaussian_since == Some(end.node)) {
            self.gaussian(end, path)?;
        }
        end.not_gaussian_since = Some(NodeId(self.nodes.len()));
        Ok(())
    }

    /// Refuses an input that is not Gaussian.
    fn gaussian(&self, end: &End, path: &str) -> Result<(), ArchitectureError> {
        let Some(source) = end.not_gaussian_since else { return Ok(()) };
        let got = match source {
            NodeId(0) => "the raw input".to_owned(),
            NodeId(index) => format!("the output of {}", self.nodes[index].path),
        };
        Err(ArchitectureError::NotGaussian { path: path.to_owned(), got })
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

/// Whether a layer gives values that are not Gaussian, and are sampled together with the nonlinearity after it.
fn is_sampled(operation: &Operation) -> bool {
    matches!(operation, Operation::MaxPool(_) | Operation::BatchNorm(_))
}

/// Refuses an empty list of layers.
fn not_empty(layers: &[Layer], path: &str) -> Result<(), ArchitectureError> {
    if layers.is_empty() {
        return Err(ArchitectureError::NoLayersInside { path: path.to_owned() });
    }
    Ok(())
}

/// Splits a shape into its number of channels and its spatial axes.
fn channels_and_positions(shape: &[usize]) -> Result<(usize, &[usize]), ArchitectureError> {
    match shape.split_last() {
        Some((&channels, positions)) => Ok((channels, positions)),
        None => Err(ArchitectureError::EmptyInput { shape: vec![] }),
    }
}

/// The same of the input of a layer at `path`, which needs at least one spatial axis.
pub(crate) fn channels_at_positions<'a>(
    path: &str,
    shape: &'a [usize],
) -> Result<(usize, &'a [usize]), ArchitectureError> {
    let (channels, positions) = channels_and_positions(shape)?;
    if positions.is_empty() {
        return Err(ArchitectureError::NoSpatialAxes { path: path.to_owned(), input: shape.to_vec() });
    }
    Ok((channels, positions))
}
