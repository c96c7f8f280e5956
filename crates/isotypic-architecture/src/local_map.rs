//! The random affine maps of a `conv_local` layer of a finite network: one for each output position.

use ndarray::{Array2, Array3, Axis};

use crate::affine_map::AffineMap;
use crate::gaussian::Gaussian;
use crate::{ArchitectureError, Conv, Node, Operation};

/// Trained weights and biases of every position, with the factors by which the forward pass multiplies them.
#[derive(Clone, Debug)]
pub(crate) struct LocalMap {
    /// `[positions, fan-in, width]`.
    pub(crate) weights: Array3<f64>,
    /// `[positions, width]`.
    pub(crate) biases: Option<Array2<f64>>,
    weight_factor: f64,
    bias_factor: f64,
}

impl LocalMap {
    /// Draws the parameters of a node with this operation, position after position.
    pub(crate) fn sample(
        node: &Node,
        conv: &Conv,
        gaussian: &mut Gaussian,
    ) -> Result<Self, ArchitectureError> {
        let one = Node { operation: Operation::Conv(conv.clone()), ..node.clone() };
        let too_large =
            || ArchitectureError::ShapeTooLarge { path: node.path.clone(), shape: node.output_shape.clone() };
        let positions: usize = node.output_shape[..conv.filter.len()].iter().product();
        let mut maps = Vec::new();
        maps.try_reserve_exact(positions).map_err(|_| too_large())?;
        for _ in 0..positions {
            maps.extend(AffineMap::sample(&one, gaussian)?);
        }
        let weights: Vec<_> = maps.iter().map(|map| map.weights.view()).collect();
        let biases: Option<Vec<_>> =
            maps.iter().map(|map| map.biases.as_ref().map(|biases| biases.view())).collect();
        let (weight_factor, bias_factor) = maps.first().map_or((1.0, 1.0), AffineMap::factors);
        Ok(Self {
            weights: ndarray::stack(Axis(0), &weights).map_err(|_| too_large())?,
            biases: biases
                .map(|biases| ndarray::stack(Axis(0), &biases))
                .transpose()
                .map_err(|_| too_large())?,
            weight_factor,
            bias_factor,
        })
    }

    /// Maps row `p`, the patch at position `p`, by the weights of that position.
    pub(crate) fn apply(&self, rows: &Array2<f64>) -> Array2<f64> {
        let (positions, _, width) = self.weights.dim();
        let mut outputs = Array2::zeros((positions, width));
        for (position, mut output) in outputs.rows_mut().into_iter().enumerate() {
            let mapped = rows.row(position).dot(&self.weights.index_axis(Axis(0), position));
            output.assign(&(mapped * self.weight_factor));
            if let Some(biases) = &self.biases {
                output.scaled_add(self.bias_factor, &biases.row(position));
            }
        }
        outputs
    }
}
