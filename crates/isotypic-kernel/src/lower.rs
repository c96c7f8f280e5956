//! From a checked graph of layers to the two programs that run it.
//!
//! A node is spatial if its output has positions. Nodes that join positions are readouts: they end the spatial part and begin
//! the scalar one. Where nothing happens before positions are joined, or there are none, pairs start from dot products.

use isotypic_architecture::{LayerGraph, Node, NodeId, Operation};

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

/// A part of a graph: up to one node, from the input and from nodes whose pairs are given.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    /// The node whose pairs are wanted.
    pub(crate) target: usize,
    /// Nodes whose pairs are known, ascending.
    pub(crate) given: Vec<usize>,
}

impl Part {
    /// All of it.
    pub(crate) fn whole(graph: &LayerGraph) -> Self {
        Self { target: graph.output().index(), given: Vec::new() }
    }

    /// Per node whether the target depends on it beyond what is given; given nodes that are read count.
    pub(crate) fn reached(&self, nodes: &[Node]) -> Vec<bool> {
        let mut is_reached = vec![false; nodes.len()];
        is_reached[self.target] = true;
        for (index, node) in nodes.iter().enumerate().rev() {
            if is_reached[index] && !self.given.contains(&index) {
                node.inputs.iter().for_each(|input| is_reached[input.index()] = true);
            }
        }
        is_reached
    }
}

/// What a part of a graph is lowered to.
struct Lowered {
    /// Without readouts if none is needed; `None` where pairs start from dot products, or from what is given.
    spatial: Option<SpatialProgram>,
    /// Inputs of the scalar part before those that are given.
    own_inputs: usize,
    /// Vectors that are given.
    given: usize,
    steps: Vec<ScalarStep>,
    /// Where the target is.
    target: Place,
}

/// The programs of a part of a graph that ends in a vector. Given vectors are the last inputs of the scalar part.
///
/// # Errors
/// As [`lower_part`].
pub(crate) fn lower(
    graph: &LayerGraph,
    sampling: Option<Sampling>,
    part: &Part,
) -> Result<(Head, ScalarProgram), KernelError> {
    let Lowered { spatial, own_inputs, given, steps, target } = lower_part(graph, sampling, part)?;
    let Place::Scalar(output) = target else { unreachable!("a checked graph ends in a vector") };
    let scalar = ScalarProgram::new(own_inputs + given, steps, output).with_given(given);
    let Some(mut spatial) = spatial else {
        return Ok((if own_inputs == 0 { Head::Nothing } else { Head::DotProduct }, scalar));
    };
    spatial.hands_on_differences = scalar.carries_gaps;
    spatial.needs_readout_moments =
        spatial.hands_on_differences || scalar.draws_masks() || spatial.draws_masks();
    spatial.finish();
    Ok((Head::Spatial(Box::new(spatial)), scalar))
}

/// The program of a part of a graph whose target has positions.
///
/// # Errors
/// As [`lower_part`].
pub(crate) fn lower_to_positions(
    graph: &LayerGraph,
    sampling: Option<Sampling>,
    part: &Part,
) -> Result<SpatialProgram, KernelError> {
    let Lowered { spatial: Some(mut spatial), target: Place::Spatial(state), .. } =
        lower_part(graph, sampling, part)?
    else {
        unreachable!("a target with positions is a state of the spatial part")
    };
    spatial.want(state);
    spatial.finish();
    Ok(spatial)
}

/// The layers of a part of a graph.
///
/// # Errors
/// [`KernelError::UnsupportedOperation`] names the layer without a kernel here, [`KernelError::TooManySpatialDimensions`] the rank.
fn lower_part(graph: &LayerGraph, sampling: Option<Sampling>, part: &Part) -> Result<Lowered, KernelError> {
    let nodes = graph.nodes();
    let is_reached = part.reached(nodes);
    let is_evaluated = |index: usize| is_reached[index] && !part.given.contains(&index);
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
    let lifts_vector =
        nodes.iter().enumerate().any(|(index, node)| is_evaluated(index) && is_lift_of_vector(node));
    let is_spatial = |index: usize| nodes[index].output_shape.len() > 1 || (lifts_vector && is_input[index]);
    let reads_positions = |node: &Node| node.inputs.iter().any(|input| is_spatial(input.index()));
    let readouts: Vec<&Node> = nodes
        .iter()
        .enumerate()
        .filter(|&(index, node)| is_evaluated(index) && !is_spatial(index) && reads_positions(node))
        .map(|(_, node)| node)
        .collect();
    if lifts_vector {
        // Its coordinates may be seen through lifting only.
        let reads_input = |node: &Node| node.inputs.iter().any(|input| is_input[input.index()]);
        let other = nodes.iter().enumerate().find(|&(index, node)| {
            is_evaluated(index) && reads_input(node) && !is_input[index] && !is_lift_of_vector(node)
        });
        if let Some((_, node)) = other {
            let expected = "`group_lift`, since another branch lifts the same vector";
            return Err(KernelError::OverGroup { path: node.path.clone(), expected });
        }
    }
    let of_the_input = |node: &&Node| {
        node.operation == Operation::Flatten && node.inputs.iter().all(|input| is_input[input.index()])
    };
    let starts_from_dot_products = !is_spatial(part.target) && readouts.iter().all(of_the_input);
    // What has no positions but in name may be of any rank.
    let mut spatial = match starts_from_dot_products {
        true => None,
        false => Some(SpatialProgram::new(graph.input_shape(), sampling)?),
    };
    let own_inputs = match starts_from_dot_products {
        true => usize::from(is_reached[0]),
        false => readouts.len(),
    };
    let vectors = part.given.iter().filter(|&&node| !is_spatial(node)).count();
    let inputs = own_inputs + vectors;
    let mut given = [0; 2];
    let mut steps: Vec<ScalarStep> = Vec::new();
    let mut places: Vec<Option<Place>> = Vec::with_capacity(nodes.len());
    for (index, node) in nodes.iter().enumerate() {
        if !is_evaluated(index) {
            places.push(match (part.given.contains(&index), &mut spatial) {
                (false, _) => None,
                (true, Some(spatial)) if is_spatial(index) => {
                    given[1] += 1;
                    Some(Place::Spatial(spatial.add_given(node, given[1] - 1)?))
                }
                (true, _) => {
                    given[0] += 1;
                    Some(Place::Scalar(own_inputs + given[0] - 1))
                }
            });
            continue;
        }
        if let Operation::BatchNorm(_) = node.operation {
            let (path, instead) = (node.path.clone(), "`layer_norm`");
            return Err(KernelError::NeedsSampling { path, instead });
        }
        let place_of = |input: &NodeId| places[input.index()].expect("what a node reads is reached too");
        let read: Vec<Place> = node.inputs.iter().map(place_of).collect();
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
        places.push(Some(place));
    }
    let target = places[part.target].expect("the target is reached");
    Ok(Lowered { spatial, own_inputs, given: vectors, steps, target })
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
