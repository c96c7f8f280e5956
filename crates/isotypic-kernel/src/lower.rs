//! From a checked graph of layers to the two programs that run it.
//!
//! A node is spatial if its output has positions. Nodes that join positions are readouts: they end the spatial part and begin
//! the scalar one. Where nothing happens before positions are joined, or there are none, pairs start from dot products.

use isotypic_architecture::{LayerGraph, Node, Operation};

use crate::KernelError;
use crate::affine::Affine;
use crate::compiled_kernel::Head;
use crate::monte_carlo::Sampling;
use crate::nonlinearity::from_operation;
use crate::scalar::{ScalarOperation, ScalarProgram, ScalarStep};
use crate::spatial::SpatialProgram;

/// Where the output of a node is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A state of the spatial part.
    Spatial(usize),
    /// A state of the scalar part.
    Scalar(usize),
}

/// The programs of a graph.
///
/// # Errors
/// [`KernelError::UnsupportedOperation`] names the layer without a kernel here, [`KernelError::TooManySpatialDimensions`] the rank.
pub(crate) fn lower(
    graph: &LayerGraph,
    sampling: Option<Sampling>,
) -> Result<(Head, ScalarProgram), KernelError> {
    let nodes = graph.nodes();
    // The input itself, by whatever name.
    let mut is_input = vec![false; nodes.len()];
    for (index, node) in nodes.iter().enumerate() {
        is_input[index] = match node.inputs.as_slice() {
            [] => true,
            [input] => is_input[input.index()] && does_nothing(node),
            _ => false,
        };
    }
    // A vector that is lifted to a group is one position.
    let lifts_vector = nodes.iter().any(is_lift_of_vector);
    let is_spatial = |index: usize| nodes[index].output_shape.len() > 1 || (lifts_vector && is_input[index]);
    let reads_positions = |node: &Node| node.inputs.iter().any(|input| is_spatial(input.index()));
    let readouts: Vec<&Node> = nodes
        .iter()
        .enumerate()
        .filter(|&(index, node)| !is_spatial(index) && reads_positions(node))
        .map(|(_, node)| node)
        .collect();
    if lifts_vector {
        // Its coordinates may be seen through lifting only.
        let reads_input = |node: &Node| node.inputs.iter().any(|input| is_input[input.index()]);
        let other = nodes
            .iter()
            .enumerate()
            .find(|&(index, node)| reads_input(node) && !is_input[index] && !is_lift_of_vector(node));
        if let Some((_, node)) = other {
            let expected = "`group_lift`, since another branch lifts the same vector";
            return Err(KernelError::OverGroup { path: node.path.clone(), expected });
        }
    }
    let of_the_input = |node: &&Node| {
        node.operation == Operation::Flatten && node.inputs.iter().all(|input| is_input[input.index()])
    };
    let starts_from_dot_products = readouts.iter().all(of_the_input);
    // What has no positions but in name may be of any rank.
    let mut spatial = match starts_from_dot_products {
        true => None,
        false => Some(SpatialProgram::new(graph.input_shape(), sampling)?),
    };
    let inputs = if starts_from_dot_products { 1 } else { readouts.len() };
    let mut steps: Vec<ScalarStep> = Vec::new();
    let mut places: Vec<Place> = Vec::with_capacity(nodes.len());
    for (index, node) in nodes.iter().enumerate() {
        let read: Vec<Place> = node.inputs.iter().map(|input| places[input.index()]).collect();
        let states: Vec<usize> =
            read.iter().map(|&(Place::Spatial(state) | Place::Scalar(state))| state).collect();
        let place = match (read.first(), &mut spatial) {
            (None, _) if is_spatial(index) => Place::Spatial(0),
            (None, _) => Place::Scalar(0),
            (Some(Place::Spatial(state)), None) if is_spatial(index) => Place::Spatial(*state),
            (Some(Place::Spatial(_)), None) => Place::Scalar(0),
            (Some(Place::Spatial(state)), Some(_)) if is_input[index] => Place::Spatial(*state),
            (Some(Place::Spatial(_)), Some(spatial)) if is_spatial(index) => {
                Place::Spatial(spatial.add(node, &states)?)
            }
            (Some(Place::Spatial(state)), Some(spatial)) => Place::Scalar(spatial.read_out(node, *state)?),
            (Some(Place::Scalar(state)), _) => match scalar_operation(graph, node)? {
                None => Place::Scalar(*state),
                Some(operation) => {
                    steps.push(ScalarStep { inputs: states, operation });
                    Place::Scalar(inputs + steps.len() - 1)
                }
            },
        };
        places.push(place);
    }
    let output = match places.last() {
        Some(&Place::Scalar(state)) => state,
        _ => unreachable!("a checked graph ends in a vector"),
    };
    let scalar = ScalarProgram::new(inputs, steps, output);
    let Some(mut spatial) = spatial else { return Ok((Head::DotProduct, scalar)) };
    spatial.hands_on_differences = scalar.carries_gaps;
    spatial.needs_readout_moments =
        spatial.hands_on_differences || scalar.draws_masks() || spatial.draws_masks();
    spatial.finish();
    Ok((Head::Spatial(Box::new(spatial)), scalar))
}

/// Whether an operation gives what it reads.
fn does_nothing(node: &Node) -> bool {
    match &node.operation {
        Operation::Identity => true,
        Operation::Flatten => node.input_shape.len() == 1,
        Operation::Dropout(dropout) => dropout.is_identity(),
        _ => false,
    }
}

fn is_lift_of_vector(node: &Node) -> bool {
    matches!(node.operation, Operation::GroupLift(_)) && node.input_shape.len() == 1
}

/// The operation of a node on vectors, or `None` if it does nothing.
fn scalar_operation(graph: &LayerGraph, node: &Node) -> Result<Option<ScalarOperation>, KernelError> {
    let unsupported = || KernelError::UnsupportedOperation { path: node.path.clone() };
    Ok(Some(match &node.operation {
        _ if does_nothing(node) => return Ok(None),
        Operation::Dropout(dropout) => ScalarOperation::Dropout { keep_rate: dropout.keep_rate },
        Operation::Dense(dense) => {
            ScalarOperation::Affine(Affine::from_dense(dense).ok_or_else(unsupported)?)
        }
        Operation::LayerNorm(norm) => ScalarOperation::LayerNorm { epsilon: norm.epsilon },
        Operation::Sum => ScalarOperation::Combination(vec![1.0; node.inputs.len()]),
        Operation::Product => ScalarOperation::Product,
        Operation::Concat(_) => {
            let channels = node.inputs.iter().map(|&input| graph.node(input).output_shape[0] as f64);
            let total: f64 = channels.clone().sum();
            ScalarOperation::Combination(channels.map(|channels| channels / total).collect())
        }
        operation => ScalarOperation::Nonlinearity(from_operation(operation).ok_or_else(unsupported)?),
    }))
}
