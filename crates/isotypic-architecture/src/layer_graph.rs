//! An architecture whose shapes are known to fit: a flat list of nodes in topological order.

use serde::Serialize;

use crate::Operation;

/// The place of a node in [`LayerGraph::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct NodeId(pub(crate) usize);

impl NodeId {
    /// The index into [`LayerGraph::nodes`].
    pub fn index(self) -> usize {
        self.0
    }
}

/// One operation with the shapes around it.
///
/// A shape lists the spatial axes and then the channels, without the batch: `[28, 28, 1]` is an image, `[13]` a vector.
/// After `group_lift` the last axis before the channels counts turns: `[28, 28, 4, 1]` is a function on p4, `[8, 1]` one on 8 rotations.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Node {
    /// What the node computes.
    pub operation: Operation,
    /// The nodes it reads, each earlier in the list; empty for the input.
    pub inputs: Vec<NodeId>,
    /// Shape of what it reads, of its first input where it has several (`sum`, `product`, `concat`; only `concat` has inputs of
    /// different shapes, each the `output_shape` of its node); for the input node its own shape.
    pub input_shape: Vec<usize>,
    /// Shape of what it gives.
    pub output_shape: Vec<usize>,
    /// Where the layer stands in the architecture, for messages: ``layer 4 (`conv`)``, counted from 1.
    #[serde(skip)]
    pub path: String,
}

/// A checked architecture: every shape is known, every option in range, every kernel recursion well defined.
///
/// The only way to one is [`Architecture::check`](crate::Architecture::check).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerGraph {
    pub(crate) nodes: Vec<Node>,
}

impl LayerGraph {
    /// The nodes in topological order. Node 0 is the input, the last node is the output.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The identities of the nodes, in the same order.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = NodeId> + use<> {
        (0..self.nodes.len()).map(NodeId)
    }

    /// The node with this identity.
    ///
    /// # Panics
    /// If `id` belongs to a larger graph.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    /// The node that holds the network's output, a vector.
    pub fn output(&self) -> NodeId {
        NodeId(self.nodes.len() - 1)
    }

    /// Shape of one input, spatial axes and then channels.
    pub fn input_shape(&self) -> &[usize] {
        &self.nodes[0].input_shape
    }

    /// Number of values in one input.
    pub fn input_size(&self) -> usize {
        self.input_shape().iter().product()
    }

    /// Number of outputs of the network.
    pub fn output_width(&self) -> usize {
        self.nodes[self.nodes.len() - 1].output_shape[0]
    }

    /// The whole graph as one line of JSON, equal for equal graphs and only for them. Content hashes are made from it.
    pub fn canonical(&self) -> String {
        serde_json::to_string(self).expect("plain structs with string keys always serialise")
    }
}
