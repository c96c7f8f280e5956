//! A network cut at its batch normalisations.

use isotypic_architecture::{Activation, LayerGraph, Operation};

use super::normalized_batch::BatchNormalization;
use super::segment::Segment;
use crate::KernelError;
use crate::monte_carlo::Sampling;

/// One batch normalisation, with what comes before it.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) layer: BatchNormalization,
    /// Names the stream of its draws.
    pub(super) node: usize,
    pub(super) before: Segment,
}

/// The whole network.
#[derive(Debug)]
pub(super) struct Segments {
    /// In topological order.
    pub(super) stages: Vec<Stage>,
    pub(super) output: Segment,
}

impl Segments {
    /// Compiles all parts, with layers that are sampled pair by pair if that is known.
    ///
    /// # Errors
    /// [`KernelError::BesideMaximum`] where what follows is no function, and what [`CompiledKernel::compile`] refuses name the layer.
    pub(super) fn compile(graph: &LayerGraph, sampling: Option<Sampling>) -> Result<Self, KernelError> {
        // The nodes that the network goes on from.
        let mut given: Vec<usize> = Vec::new();
        let mut stages = Vec::new();
        for (node, normalization) in graph.nodes().iter().enumerate() {
            let Operation::BatchNorm(norm) = &normalization.operation else { continue };
            let path = normalization.path.clone();
            let before = Segment::compile(graph, sampling, normalization.inputs[0].index(), &given)?;
            let outputs = outputs_of(graph, node)?;
            given.extend(outputs.iter().map(|&(node, _)| node));
            let outputs = outputs.into_iter().map(|(_, activation)| activation).collect();
            let layer = BatchNormalization { path, epsilon: norm.epsilon, outputs };
            stages.push(Stage { layer, node, before });
        }
        let output = Segment::compile(graph, sampling, graph.output().index(), &given)?;
        Ok(Self { stages, output })
    }

    /// All parts, in the order in which they are evaluated.
    pub(super) fn parts(&self) -> impl Iterator<Item = &Segment> {
        self.stages.iter().map(|stage| &stage.before).chain([&self.output])
    }
}

/// The nodes at which the network goes on after a batch normalisation: nonlinearities that read it, and itself if others do.
fn outputs_of(graph: &LayerGraph, node: usize) -> Result<Vec<(usize, Option<Activation>)>, KernelError> {
    let readers = graph
        .nodes()
        .iter()
        .enumerate()
        .filter(|(_, reader)| reader.inputs.iter().any(|input| input.index() == node));
    let mut is_read = node == graph.output().index();
    let mut outputs = Vec::new();
    for (reader, of_reader) in readers {
        match &of_reader.operation {
            Operation::Activation(activation) if !activation.is_a_function() => {
                let expected = "after `batch_norm` a function of one number";
                return Err(KernelError::BesideMaximum { path: of_reader.path.clone(), expected });
            }
            // Kernels are those of the exact function.
            Operation::Activation(Activation::Gelu { .. }) => {
                outputs.push((reader, Some(Activation::Gelu { approximate: false })));
            }
            Operation::Activation(activation) => outputs.push((reader, Some(*activation))),
            _ => is_read = true,
        }
    }
    if is_read {
        outputs.push((node, None));
    }
    outputs.sort_by_key(|&(node, _)| node);
    Ok(outputs)
}
