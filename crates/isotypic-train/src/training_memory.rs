//! Memory that training takes, estimated node by node before anything is computed.
//!
//! At its peak the tape of one part of a batch is complete and the backward pass is at its most demanding node. Held are: outputs
//! that the backward pass of their node or of a reader needs; what layers keep beside them; the gradients of one node; the arrays of
//! parameters with their gradients, moments and copies from the beginning of the epoch; sums of gradients in parts. Everything else is dropped
//! with its last reader.

use isotypic_architecture::{Activation, Operation};

use crate::evaluation_order::{EvaluationOrder, Rectifies};
use crate::position_map::PositionMap;
use crate::window_product::product_space;
use crate::{Network, NetworkNode, NetworkOperation, NetworkParameters, Precision};

/// Tensors of one node beside its output, in values of one example.
#[derive(Default)]
struct NodeTensors {
    /// Kept until the backward pass.
    kept: usize,
    /// For a moment, beside the gradients of output and input.
    passing: usize,
    /// Whether the backward pass reads what the node has read.
    reads_inputs: bool,
    /// Whether it reads what the node has given.
    reads_output: bool,
    /// Whether the output is the input in another shape.
    is_view: bool,
    /// Values of the largest tensor within.
    largest: usize,
}

/// Copies of all parameters: themselves, two moments, all of these from the beginning of the epoch, gradients of a part, of the
/// parts so far, and of both.
const PARAMETER_COPIES: usize = 9;

/// Buffers of matrix products and lists, whatever the network.
const FIXED: usize = 1 << 20;

/// Bytes of the program and of its threads' buffers, and of the largest block that the allocator keeps for itself.
const PROGRAM: u64 = 80 << 20;
const SMALL_BLOCK: u64 = 16 << 20;

impl Network {
    /// Bytes at the peak of training on batches of so many examples, without the examples themselves.
    ///
    /// # Examples
    /// ```
    /// use isotypic_train::{Initialization, Network, NetworkParameters, Precision};
    ///
    /// let network = Network::named("paper-cnn", &[28, 28, 1], 10)?;
    /// let parameters = NetworkParameters::draw(&network, Initialization::KaimingUniform, Precision::Single, 0)?;
    /// // Batches without dropout or batch normalisation are taken in parts, so that larger ones take no more.
    /// assert_eq!(network.training_bytes(&parameters, 512), network.training_bytes(&parameters, 4096));
    /// # Ok::<(), isotypic_train::TrainError>(())
    /// ```
    pub fn training_bytes(&self, parameters: &NetworkParameters, batch: usize) -> u64 {
        let together = batch.min(self.examples_together());
        let value = match parameters.precision {
            Precision::Single => 4,
            Precision::Double => 8,
        };
        let sizes = parameters.tensors.iter().map(|tensor| tensor.dims().iter().product::<usize>());
        let arrays = PARAMETER_COPIES * sizes.sum::<usize>();
        let tables: usize = self.nodes().iter().map(table_bytes).sum();
        (value * (arrays + self.values_at_peak(together)) + tables + FIXED) as u64
    }

    /// Bytes that the program has beside what is asked of the allocator: itself, buffers of threads, and blocks beyond 16 MiB, which
    /// are given back to the system some time after they are free. Measured with single precision.
    pub(crate) fn bytes_of_process(&self, batch: usize) -> u64 {
        let together = batch.min(self.examples_together());
        let tensor = 4 * (self.largest_tensor() * together) as u64;
        PROGRAM + if tensor > SMALL_BLOCK { 2 * tensor } else { 0 }
    }

    /// Values of the largest tensor that one example needs.
    pub(crate) fn largest_tensor(&self) -> usize {
        self.nodes()
            .iter()
            .map(|node| tensors_of(node, Rectifies::AsItSays).largest)
            .max()
            .unwrap_or(1)
            .max(1)
    }

    /// Values on the tape and in gradients at the most demanding node: what nodes up to it keep, two gradients, and what its
    /// backward pass has beside them.
    fn values_at_peak(&self, examples: usize) -> usize {
        let order = EvaluationOrder::of(self.nodes());
        let tensors: Vec<NodeTensors> = self
            .nodes()
            .iter()
            .zip(&order.rectifies)
            .map(|(node, &rectifies)| tensors_of(node, rectifies))
            .collect();
        let mut needed = vec![false; tensors.len()];
        // Readers stand later; what they need of a view they need of what it is a view of.
        for (index, (node, own)) in self.nodes().iter().zip(&tensors).enumerate().rev() {
            needed[index] |= own.reads_output || node.inputs.is_empty();
            for &input in &node.inputs {
                needed[input] |= own.reads_inputs || (own.is_view && needed[index]);
            }
        }
        let mut first_reader: Vec<usize> = (0..tensors.len()).collect();
        for (index, node) in self.nodes().iter().enumerate().rev() {
            for &input in &node.inputs {
                first_reader[input] = index;
            }
        }
        // Nobody asks for gradients where no parameters have entered.
        let mut has_gradient = vec![false; tensors.len()];
        for (index, node) in self.nodes().iter().enumerate() {
            has_gradient[index] =
                has_parameters(node) || node.inputs.iter().any(|&input| has_gradient[input]);
        }
        let gradient =
            |node: usize| if has_gradient[node] { size(&self.nodes()[node].output_shape) } else { 0 };
        let (mut kept, mut most) = (0, 0);
        for (index, (node, own)) in self.nodes().iter().zip(&tensors).enumerate() {
            let output = size(&node.output_shape);
            kept += own.kept + if needed[index] && !own.is_view { output } else { 0 };
            let inputs = node.inputs.iter().map(|&input| gradient(input)).max().unwrap_or(0);
            // Gradients that wait for an earlier reader of the same node.
            let waiting = (0..index).filter(|&at| first_reader[at] <= index && index < order.last_reader[at]);
            let passing = gradient(index) + inputs + own.passing + waiting.map(gradient).sum::<usize>();
            most = most.max((kept + passing) * examples + space_of_products(node, examples));
        }
        most
    }
}

fn has_parameters(node: &NetworkNode) -> bool {
    use Operation as O;
    match &node.operation {
        NetworkOperation::ChannelScale(_) | NetworkOperation::HeadedAttention(_) => true,
        NetworkOperation::Layer(operation) => matches!(
            operation,
            O::Dense(_)
                | O::Conv(_)
                | O::ConvLocal(_)
                | O::ConvTranspose(_)
                | O::GroupLift(_)
                | O::GroupConv(_)
                | O::SelfAttention(_)
        ),
        _ => false,
    }
}

fn size(shape: &[usize]) -> usize {
    shape.iter().product()
}

fn positions(shape: &[usize]) -> usize {
    size(&shape[..shape.len() - 1])
}

fn tensors_of(node: &NetworkNode, rectifies: Rectifies) -> NodeTensors {
    let (input, output) = (size(&node.input_shape), size(&node.output_shape));
    let largest = input.max(output);
    let plain = NodeTensors { largest, ..NodeTensors::default() };
    if rectifies == Rectifies::Later {
        return NodeTensors { is_view: true, ..plain };
    }
    let operation = match &node.operation {
        NetworkOperation::Patches(_) => return NodeTensors { passing: output, ..plain },
        NetworkOperation::SinCosPositions(_) => return plain,
        // Centred values and their squares; quotients pass.
        NetworkOperation::BatchNorm(_) => {
            return NodeTensors { kept: 2 * output, passing: 3 * output, ..plain };
        }
        NetworkOperation::ChannelScale(_) => {
            return NodeTensors { reads_inputs: true, passing: output, ..plain };
        }
        NetworkOperation::HeadedAttention(attention) => {
            let heads = attention.heads * attention.head_width * positions(&node.input_shape);
            // Queries, keys and values of all heads, and outputs of the heads.
            return NodeTensors {
                kept: 4 * heads,
                passing: 4 * heads,
                reads_inputs: true,
                largest: largest.max(3 * heads),
                ..plain
            };
        }
        NetworkOperation::Layer(operation) => operation,
    };
    match operation {
        // The place of each maximum; rectified maxima are the output.
        Operation::MaxPool(_) => {
            let reads_output = rectifies == Rectifies::Now;
            NodeTensors { kept: output, reads_output, ..plain }
        }
        Operation::Identity | Operation::Flatten => NodeTensors { is_view: true, ..plain },
        Operation::Dropout(dropout) if dropout.is_identity() => NodeTensors { is_view: true, ..plain },
        // The mask.
        Operation::Dropout(_) => NodeTensors { kept: output, ..plain },
        Operation::Activation(Activation::Relu) => NodeTensors { reads_output: true, ..plain },
        Operation::Activation(Activation::Gelu { approximate: false }) => {
            NodeTensors { reads_inputs: true, ..plain }
        }
        // Compositions of a few functions.
        Operation::Activation(_) => NodeTensors {
            kept: 2 * output,
            passing: 2 * output,
            reads_inputs: true,
            reads_output: true,
            ..plain
        },
        Operation::LayerNorm(norm) if norm.spatial_axes.is_empty() => {
            NodeTensors { reads_inputs: true, ..plain }
        }
        Operation::LayerNorm(_) => NodeTensors { kept: 2 * output, passing: 3 * output, ..plain },
        Operation::Dense(_)
        | Operation::Conv(_)
        | Operation::ConvTranspose(_)
        | Operation::GroupLift(_)
        | Operation::GroupConv(_) => NodeTensors { reads_inputs: true, ..plain },
        // What is read, position by position; its gradient, and both in the order of the batch.
        Operation::ConvLocal(conv) => {
            let read = positions(&node.output_shape)
                * conv.filter_size()
                * node.input_shape[node.input_shape.len() - 1];
            NodeTensors { kept: read, passing: 2 * read + 2 * output, largest: largest.max(read), ..plain }
        }
        Operation::SelfAttention(attention) => {
            let positions = positions(&node.input_shape);
            let projected = attention.heads * positions * (2 * attention.key_width + attention.value_width);
            let between = attention.heads * positions * positions;
            // Projections also in the order that products take; logits, scaled logits and weights.
            NodeTensors {
                kept: 2 * projected + 3 * between,
                passing: projected + 3 * between,
                reads_inputs: true,
                largest: largest.max(projected).max(between),
                ..plain
            }
        }
        Operation::Product => NodeTensors { reads_inputs: true, passing: output, ..plain },
        // Every summand has the gradient of the sum until it is used.
        Operation::Sum => NodeTensors { passing: output, ..plain },
        _ => plain,
    }
}

/// Values that the backward pass of products with weights has beside gradients.
fn space_of_products(node: &NetworkNode, examples: usize) -> usize {
    let channels = node.input_shape[node.input_shape.len() - 1];
    let width = node.output_shape[node.output_shape.len() - 1];
    let outputs = positions(&node.output_shape);
    match &node.operation {
        NetworkOperation::Layer(Operation::Dense(_)) => product_space(channels, width, outputs, 1, examples),
        NetworkOperation::Layer(Operation::Conv(conv) | Operation::ConvTranspose(conv)) => {
            let taps = conv.filter_size();
            product_space(taps * channels, width, outputs, taps, examples)
        }
        NetworkOperation::Layer(Operation::GroupLift(conv) | Operation::GroupConv(conv)) => {
            let (turns, fan_in) = (conv.group.turns(), conv.taps * conv.channels);
            let width = turns * conv.width;
            // Weights of all turns, and their gradient.
            2 * fan_in * width + product_space(fan_in, width, outputs / turns, conv.taps, examples)
        }
        NetworkOperation::HeadedAttention(attention) => {
            product_space(channels, 3 * attention.heads * attention.head_width, outputs, 1, examples)
        }
        _ => 0,
    }
}

/// Bytes of the tables that say what is read: an integer of 64 bits for every value gathered, in two copies, and terms of fixed maps.
fn table_bytes(node: &NetworkNode) -> usize {
    let output = size(&node.output_shape);
    match &node.operation {
        NetworkOperation::Patches(_) => 16 * output,
        NetworkOperation::Layer(Operation::ConvLocal(conv)) => {
            16 * positions(&node.output_shape)
                * conv.filter_size()
                * node.input_shape[node.input_shape.len() - 1]
        }
        _ => PositionMap::of(node).map_or(0, |map| 32 * map.terms()),
    }
}
