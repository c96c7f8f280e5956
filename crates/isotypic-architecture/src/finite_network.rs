//! A finite network with random parameters and one plain forward pass: the control for infinite-width kernels.
//!
//! Over the random parameters, the second moment of the outputs tends to the NNGP kernel as hidden widths grow, and the
//! inner product of the gradients with respect to the parameters tends to the NTK. There are no gradients here.

use ndarray::{
    Array, Array2, Array3, ArrayRef2, ArrayView1, ArrayView2, ArrayViewMut1, ArrayViewMut2, Axis, Dimension,
    ShapeArg,
};

use crate::affine_map::AffineMap;
use crate::gaussian::Gaussian;
use crate::{ArchitectureError, LayerGraph, Node, NodeId, Operation, patches};

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
    /// One entry per node; `dense` and `conv` have one.
    maps: Vec<Option<AffineMap>>,
}

impl FiniteNetwork {
    /// Draws all parameters. The same graph and seed give the same bits on every machine.
    ///
    /// With [`Parameterization::Ntk`](crate::Parameterization::Ntk) parameters are standard normal; with
    /// [`Parameterization::Standard`](crate::Parameterization::Standard) weights have the variance
    /// $\sigma_w^2 s / \text{fan-in}$, where $s$ is the input's width scale, and biases $\sigma_b^2$.
    ///
    /// # Errors
    /// [`ArchitectureError::ShapeTooLarge`] when the weights of a layer do not fit in memory.
    pub fn sample(graph: &LayerGraph, seed: u64) -> Result<Self, ArchitectureError> {
        let mut gaussian = Gaussian::from_seed(seed);
        let maps = graph.nodes().iter().map(|node| AffineMap::sample(node, &mut gaussian));
        Ok(Self { maps: maps.collect::<Result<_, _>>()?, graph: graph.clone() })
    }

    /// The graph this network is of.
    pub fn graph(&self) -> &LayerGraph {
        &self.graph
    }

    /// The trained weights of a node, `[fan-in, width]`; `None` if it has none.
    ///
    /// The fan-in of a convolution runs over the taps of the filter in C order, channels fastest.
    ///
    /// # Panics
    /// If `node` belongs to a larger graph, as the next three do.
    pub fn weights(&self, node: NodeId) -> Option<ArrayView2<'_, f64>> {
        self.maps[node.index()].as_ref().map(|map| map.weights.view())
    }

    /// The trained weights of a node for editing.
    pub fn weights_mut(&mut self, node: NodeId) -> Option<ArrayViewMut2<'_, f64>> {
        self.maps[node.index()].as_mut().map(|map| map.weights.view_mut())
    }

    /// The trained biases of a node, `[width]`; `None` if it has none.
    pub fn biases(&self, node: NodeId) -> Option<ArrayView1<'_, f64>> {
        self.maps[node.index()].as_ref()?.biases.as_ref().map(|biases| biases.view())
    }

    /// The trained biases of a node for editing.
    pub fn biases_mut(&mut self, node: NodeId) -> Option<ArrayViewMut1<'_, f64>> {
        self.maps[node.index()].as_mut()?.biases.as_mut().map(|biases| biases.view_mut())
    }

    /// The outputs for a batch of inputs.
    ///
    /// # Shapes
    /// - `inputs`: `[batch, product of the input shape]`, each row an input in C order, channels fastest
    /// - result: `[batch, outputs]`
    ///
    /// # Errors
    /// Rows of the wrong length, and values that are not finite.
    pub fn forward(&self, inputs: &ArrayRef2<f64>) -> Result<Array2<f64>, ArchitectureError> {
        let expected = self.graph.input_size();
        if inputs.ncols() != expected {
            return Err(ArchitectureError::RowLength { expected, got: inputs.ncols() });
        }
        if let Some(((row, column), &got)) = inputs.indexed_iter().find(|(_, value)| !value.is_finite()) {
            return Err(ArchitectureError::NotFinite { row, column, got });
        }
        // Every operation reads the node before it, so one array is alive at a time.
        let mut values = inputs.as_standard_layout().into_owned();
        for (node, map) in self.graph.nodes().iter().zip(&self.maps) {
            values = apply(node, map.as_ref(), values);
        }
        Ok(values)
    }
}

/// One node on a batch; rows are examples, each in C order.
fn apply(node: &Node, map: Option<&AffineMap>, values: Array2<f64>) -> Array2<f64> {
    let batch = values.nrows();
    let channels = node.input_shape[node.input_shape.len() - 1];
    let output_size: usize = node.output_shape.iter().product();
    let affine = |rows: &Array2<f64>| map.expect("`dense` and `conv` nodes have an affine map").apply(rows);
    match &node.operation {
        Operation::Input | Operation::Identity | Operation::Flatten => values,
        Operation::Activation(activation) => values.mapv_into(|value| activation.apply(value)),
        Operation::GlobalAvgPool => {
            let positions = node.input_shape.iter().product::<usize>() / channels;
            let images: Array3<f64> = reshape(values, (batch, positions, channels));
            images.sum_axis(Axis(1)) / positions as f64
        }
        Operation::Dense(_) => {
            let positions = values.len() / channels;
            reshape(affine(&reshape(values, (positions, channels))), (batch, output_size))
        }
        Operation::Conv(conv) => {
            let axes = conv.filter.len();
            let sources = patches::sources(conv, &node.input_shape[..axes], &node.output_shape[..axes]);
            let mut outputs = Array2::zeros((batch, output_size));
            // Image by image: the gathered patches of a whole batch would be `filter_size` times the batch.
            for (input, mut output) in values.rows().into_iter().zip(outputs.rows_mut()) {
                let mapped = affine(&patches::gather(&sources, &input, channels));
                output.assign(&reshape(mapped, output_size));
            }
            outputs
        }
    }
}

/// The same values in C order under another shape of the same size.
fn reshape<D: Dimension>(array: Array2<f64>, shape: impl ShapeArg<Dim = D>) -> Array<f64, D> {
    array.into_shape_clone(shape).expect("shapes of a checked graph have the same size")
}
