//! A finite network with random parameters and one plain forward pass: the control for infinite-width kernels.
//!
//! Over the random parameters, the second moment of the outputs tends to the NNGP kernel as hidden widths grow, and the
//! inner product of the gradients with respect to the parameters tends to the NTK. There are no gradients here.

use ndarray::{Array2, ArrayRef2, ArrayView1, ArrayView2, ArrayViewMut1, ArrayViewMut2};

use crate::affine_map::AffineMap;
use crate::attention_map::AttentionMap;
use crate::forward::{self, Drawn};
use crate::gaussian::Gaussian;
use crate::local_map::LocalMap;
use crate::{ArchitectureError, LayerGraph, Node, NodeId, Operation};

/// A network of the graph's widths. Give hidden layers a `width` first: the default of 1 is only of use for kernels.
///
/// # Examples
///
/// ```
/// use isotypic_architecture::{Architecture, FiniteNetwork};
/// use ndarray::array;
///
/// let graph = Architecture::from_json(
///     r#"{"layers": [{"dense": {"width": 64, "b_std": 0.1}}, "relu", {"dense": {"width": 10}}]}"#,
/// )?
/// .check(&[3])?;
/// let network = FiniteNetwork::sample(&graph, 0)?;
/// let outputs = network.forward(&array![[1.0, 0.0, 0.0], [0.0, 0.6, 0.8]])?;
/// assert_eq!(outputs.dim(), (2, 10));
/// # Ok::<(), isotypic_architecture::ArchitectureError>(())
/// ```
#[derive(Clone, Debug)]
pub struct FiniteNetwork {
    graph: LayerGraph,
    /// One entry per node.
    drawn: Vec<Drawn>,
}

impl FiniteNetwork {
    /// Draws all parameters. The same graph and seed give the same bits on every machine.
    ///
    /// With [`Parameterization::Ntk`](crate::Parameterization::Ntk) parameters are standard normal; with
    /// [`Parameterization::Standard`](crate::Parameterization::Standard) weights have the variance
    /// $\sigma_w^2 s / \text{fan-in}$, where $s$ is the input's width scale, and biases $\sigma_b^2$.
    ///
    /// # Errors
    /// [`ArchitectureError::ShapeTooLarge`] when the weights of a layer do not fit in memory, [`ArchitectureError::NoFiniteLayer`] for
    /// `exp_normalized`.
    pub fn sample(graph: &LayerGraph, seed: u64) -> Result<Self, ArchitectureError> {
        let mut gaussian = Gaussian::from_seed(seed);
        let drawn =
            graph.nodes().iter().enumerate().map(|(index, node)| draw(index, node, seed, &mut gaussian));
        Ok(Self { drawn: drawn.collect::<Result<_, _>>()?, graph: graph.clone() })
    }

    /// The graph this network is of.
    pub fn graph(&self) -> &LayerGraph {
        &self.graph
    }

    /// The trained weights of a `dense`, `conv`, `group_lift` or `group_conv` node, `[fan-in, width]`; `None` for any other.
    ///
    /// The fan-in of a convolution runs over the taps of the filter in C order, channels fastest; on a group turns stand between the two.
    ///
    /// # Panics
    /// If `node` belongs to a larger graph, as the next three do.
    pub fn weights(&self, node: NodeId) -> Option<ArrayView2<'_, f64>> {
        self.affine(node).map(|map| map.weights.view())
    }

    /// The trained weights of a node for editing.
    pub fn weights_mut(&mut self, node: NodeId) -> Option<ArrayViewMut2<'_, f64>> {
        self.affine_mut(node).map(|map| map.weights.view_mut())
    }

    /// The trained biases of a `dense` or `conv` node, `[width]`; `None` if it has none.
    pub fn biases(&self, node: NodeId) -> Option<ArrayView1<'_, f64>> {
        self.affine(node)?.biases.as_ref().map(|biases| biases.view())
    }

    /// The trained biases of a node for editing.
    pub fn biases_mut(&mut self, node: NodeId) -> Option<ArrayViewMut1<'_, f64>> {
        self.affine_mut(node)?.biases.as_mut().map(|biases| biases.view_mut())
    }

    /// What each node has drawn, in the order of the graph.
    pub(crate) fn drawn(&self) -> &[Drawn] {
        &self.drawn
    }

    pub(crate) fn drawn_mut(&mut self) -> &mut [Drawn] {
        &mut self.drawn
    }

    fn affine(&self, node: NodeId) -> Option<&AffineMap> {
        match &self.drawn[node.index()] {
            Drawn::Affine(map) => Some(map),
            _ => None,
        }
    }

    fn affine_mut(&mut self, node: NodeId) -> Option<&mut AffineMap> {
        match &mut self.drawn[node.index()] {
            Drawn::Affine(map) => Some(map),
            _ => None,
        }
    }

    /// The outputs for a batch of inputs.
    ///
    /// With `dropout` in training mode each row of the batch has its own masks, decided by the network's seed and the row's
    /// place in the batch; calling again gives the same bits. Put inputs in one batch for masks that are independent.
    ///
    /// # Shapes
    /// - `inputs`: `[batch, product of the input shape]`, each row an input in C order, channels fastest
    /// - result: `[batch, outputs]`
    ///
    /// # Errors
    /// Rows of the wrong length, and values that are not finite; with `batch_norm` batches that have no variance.
    pub fn forward(&self, inputs: &ArrayRef2<f64>) -> Result<Array2<f64>, ArchitectureError> {
        self.forward_in_batch(inputs, inputs.nrows())
    }

    /// The same where `batch_norm` takes its statistics from the first `batch` rows alone, and normalises the others by them too.
    ///
    /// # Errors
    /// As [`forward`](Self::forward), and a batch of more rows than there are.
    pub fn forward_in_batch(
        &self,
        inputs: &ArrayRef2<f64>,
        batch: usize,
    ) -> Result<Array2<f64>, ArchitectureError> {
        if batch > inputs.nrows() {
            return Err(ArchitectureError::BatchTooLarge { rows: inputs.nrows(), got: batch });
        }
        let expected = self.graph.input_size();
        if inputs.ncols() != expected {
            return Err(ArchitectureError::RowLength { expected, got: inputs.ncols() });
        }
        if let Some(((row, column), &got)) = inputs.indexed_iter().find(|(_, value)| !value.is_finite()) {
            return Err(ArchitectureError::NotFinite { row, column, got });
        }
        // A value is kept until the last node that reads it.
        let nodes = self.graph.nodes();
        let mut readers = vec![0_usize; nodes.len()];
        nodes.iter().flat_map(|node| &node.inputs).for_each(|input| readers[input.index()] += 1);
        let mut kept: Vec<Option<Array2<f64>>> = vec![None; nodes.len()];
        let mut last = inputs.as_standard_layout().into_owned();
        for (index, (node, drawn)) in nodes.iter().zip(&self.drawn).enumerate() {
            if index > 0 {
                let values = node.inputs.iter().map(|input| {
                    let source = input.index();
                    readers[source] -= 1;
                    let value = if readers[source] == 0 { kept[source].take() } else { kept[source].clone() };
                    value.expect("inputs of a node come before it and are kept while someone reads them")
                });
                let mut values: Vec<Array2<f64>> = values.collect();
                last = match &node.operation {
                    Operation::BatchNorm(norm) => {
                        let channels = node.input_shape[node.input_shape.len() - 1];
                        norm.apply(values.swap_remove(0), channels, batch, &node.path)?
                    }
                    _ => forward::apply(node, drawn, values),
                };
            }
            if index + 1 < nodes.len() {
                kept[index] = Some(std::mem::take(&mut last));
            }
        }
        Ok(last)
    }
}

/// Draws what a node needs; the seed of masks depends on the network's seed and the node's place only.
fn draw(index: usize, node: &Node, seed: u64, gaussian: &mut Gaussian) -> Result<Drawn, ArchitectureError> {
    Ok(match &node.operation {
        Operation::Activation(activation) if !activation.is_a_function() => {
            return Err(ArchitectureError::NoFiniteLayer { path: node.path.clone() });
        }
        Operation::SelfAttention(attention) => {
            Drawn::Attention(Box::new(AttentionMap::sample(node, attention, gaussian)?))
        }
        Operation::ConvLocal(conv) => Drawn::Local(Box::new(LocalMap::sample(node, conv, gaussian)?)),
        Operation::Dropout(_) => Drawn::Masks(seed ^ (index as u64 + 1).wrapping_mul(0xd134_2543_de82_ef95)),
        _ => AffineMap::sample(node, gaussian)?.map_or(Drawn::Nothing, Drawn::Affine),
    })
}
