//! What a network computes: a list of nodes in topological order, with all shapes.

use isotypic_architecture::{LayerGraph, Operation};

use serde::Serialize;

use crate::activations::is_known_activation;
use crate::layout::positions_and_channels;
use crate::{BatchNorm, ChannelScale, HeadedAttention, Patches, SinCosPositions, TrainError};

/// The computation of one node.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NetworkOperation {
    /// One that architectures have.
    Layer(Operation),
    /// Batch normalisation.
    BatchNorm(BatchNorm),
    /// Squares of an image as positions.
    Patches(Patches),
    /// Fixed embeddings of positions.
    SinCosPositions(SinCosPositions),
    /// Trained factors and summands of channels.
    ChannelScale(ChannelScale),
    /// Attention with one matrix for queries, keys and values.
    HeadedAttention(HeadedAttention),
}

/// One operation with the shapes around it: spatial axes and then channels, without the batch.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NetworkNode {
    /// What the node computes.
    pub operation: NetworkOperation,
    /// The nodes it reads, by their place in the list; each stands earlier.
    pub inputs: Vec<usize>,
    /// Shape of its first input.
    pub input_shape: Vec<usize>,
    /// Shape of what it gives.
    pub output_shape: Vec<usize>,
    /// Where it stands, for messages.
    #[serde(skip)]
    pub path: String,
}

/// A network without its parameters.
///
/// # Examples
/// ```
/// use isotypic_architecture::Architecture;
/// use isotypic_train::Network;
///
/// let graph = Architecture::named("mlp")?.check(&[3])?;
/// assert_eq!(Network::from_graph(&graph)?.output_width(), 1);
/// assert_eq!(Network::named("paper-mlp", &[28, 28, 1], 10)?.output_width(), 10);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Network {
    nodes: Vec<NetworkNode>,
}

/// Spatial axes that layouts of five axes, with batch and channels, have room for.
pub(crate) const LARGEST_RANK: usize = 3;

impl Network {
    /// The network that a checked graph describes.
    ///
    /// # Errors
    /// [`TrainError::TooManyAxes`] for a node with more than three spatial axes, [`TrainError::NotAFunction`] for `exp_normalized`,
    /// [`TrainError::UnknownOperation`] for an operation that this crate does not compute.
    pub fn from_graph(graph: &LayerGraph) -> Result<Self, TrainError> {
        let operation = |operation: &Operation| match operation {
            Operation::BatchNorm(norm) => NetworkOperation::BatchNorm(BatchNorm::of_layer(norm)),
            operation => NetworkOperation::Layer(operation.clone()),
        };
        let nodes = graph.nodes().iter().map(|node| NetworkNode {
            operation: operation(&node.operation),
            inputs: node.inputs.iter().map(|input| input.index()).collect(),
            input_shape: node.input_shape.clone(),
            output_shape: node.output_shape.clone(),
            path: node.path.clone(),
        });
        Self::from_nodes(nodes.collect())
    }

    pub(crate) fn from_nodes(nodes: Vec<NetworkNode>) -> Result<Self, TrainError> {
        for node in &nodes {
            let axes = node.input_shape.len().max(node.output_shape.len()) - 1;
            if axes > LARGEST_RANK {
                return Err(TrainError::TooManyAxes { path: node.path.clone(), got: axes });
            }
            let NetworkOperation::Layer(operation) = &node.operation else { continue };
            match operation {
                Operation::Activation(activation) if !activation.is_a_function() => {
                    return Err(TrainError::NotAFunction { path: node.path.clone() });
                }
                operation if is_known(operation) => {}
                _ => return Err(TrainError::UnknownOperation { path: node.path.clone() }),
            }
        }
        Ok(Self { nodes })
    }

    /// The nodes; the first is the input, the last the output, a vector.
    pub fn nodes(&self) -> &[NetworkNode] {
        &self.nodes
    }

    /// The whole network as one line of JSON, equal for equal networks and only for them.
    pub fn canonical(&self) -> String {
        serde_json::to_string(self).expect("plain structs with string keys always serialise")
    }

    /// Products of weights and values that one input takes: what decides about time.
    pub fn multiplications(&self) -> f64 {
        let of_node = |node: &NetworkNode| {
            let outputs: usize = node.output_shape.iter().product();
            let channels = node.input_shape[node.input_shape.len() - 1];
            let positions = node.input_shape.iter().product::<usize>() / channels;
            let per_output = match &node.operation {
                NetworkOperation::Layer(Operation::Dense(_)) => channels,
                NetworkOperation::Layer(
                    Operation::Conv(conv) | Operation::ConvLocal(conv) | Operation::ConvTranspose(conv),
                ) => channels * conv.filter_size(),
                NetworkOperation::Layer(Operation::GroupLift(conv) | Operation::GroupConv(conv)) => {
                    conv.taps * conv.channels
                }
                NetworkOperation::Layer(Operation::SelfAttention(attention)) => {
                    let joined = attention.heads * (2 * attention.key_width + attention.value_width);
                    return (positions * joined * (channels + positions)) as f64
                        + (outputs * attention.heads * attention.value_width) as f64;
                }
                NetworkOperation::HeadedAttention(attention) => {
                    let joined = attention.heads * attention.head_width;
                    return (positions * joined * (4 * channels + 2 * positions)) as f64;
                }
                _ => 1,
            };
            (outputs * per_output) as f64
        };
        self.nodes.iter().map(of_node).sum()
    }

    /// Refuses batches in which batch normalisation has a single value of each channel, and so no variance.
    pub(crate) fn check_batch(&self, examples: usize) -> Result<(), TrainError> {
        let values = |node: &NetworkNode| examples * positions_and_channels(&node.input_shape)[0];
        let is_norm = |node: &NetworkNode| matches!(node.operation, NetworkOperation::BatchNorm(_));
        match self.nodes.iter().find(|node| is_norm(node) && values(node) < 2) {
            Some(node) => Err(TrainError::BatchTooSmall { path: node.path.clone(), got: values(node) }),
            None => Ok(()),
        }
    }

    /// Number of values in one input.
    pub fn input_size(&self) -> usize {
        self.nodes[0].output_shape.iter().product()
    }

    /// Number of outputs.
    pub fn output_width(&self) -> usize {
        self.nodes.last().map_or(0, |node| node.output_shape.iter().product())
    }
}

/// Whether the forward pass has the operation; both enumerations of the architecture crate may grow.
fn is_known(operation: &Operation) -> bool {
    match operation {
        Operation::Activation(activation) => is_known_activation(*activation),
        Operation::Input
        | Operation::Dense(_)
        | Operation::Conv(_)
        | Operation::ConvLocal(_)
        | Operation::ConvTranspose(_)
        | Operation::GroupLift(_)
        | Operation::GroupConv(_)
        | Operation::GroupPool(_)
        | Operation::Index(_)
        | Operation::ImageResize(_)
        | Operation::Aggregate(_)
        | Operation::Identity
        | Operation::Flatten
        | Operation::GlobalAvgPool
        | Operation::GlobalSumPool
        | Operation::AvgPool(_)
        | Operation::SumPool(_)
        | Operation::MaxPool(_)
        | Operation::LayerNorm(_)
        | Operation::Dropout(_)
        | Operation::SelfAttention(_)
        | Operation::Sum
        | Operation::Product
        | Operation::Concat(_) => true,
        _ => false,
    }
}
