//! The random affine map of one layer such as `dense` or `conv` of a finite network, in either parameterization.

use ndarray::{Array1, Array2};

use crate::gaussian::Gaussian;
use crate::{ArchitectureError, LayerParameterization, Node, Operation};

/// Trained weights and biases, with the factors by which the forward pass multiplies them.
#[derive(Clone, Debug)]
pub(crate) struct AffineMap {
    /// `[fan-in, width]`.
    pub(crate) weights: Array2<f64>,
    /// `[width]`.
    pub(crate) biases: Option<Array1<f64>>,
    weight_factor: f64,
    bias_factor: f64,
}

impl AffineMap {
    /// Draws the parameters of a node, `None` if it has none.
    pub(crate) fn sample(node: &Node, gaussian: &mut Gaussian) -> Result<Option<Self>, ArchitectureError> {
        let channels = match &node.operation {
            // A vector of points with several channels has one axis only.
            Operation::GroupLift(conv) => conv.channels,
            _ => node.input_shape[node.input_shape.len() - 1],
        };
        let (fan_in, width, weight_variance, bias_variance, parameterization) = match &node.operation {
            Operation::Dense(dense) => {
                (channels, dense.width, dense.weight_variance, dense.bias_variance, dense.parameterization)
            }
            Operation::Conv(conv) | Operation::ConvTranspose(conv) => (
                channels * conv.filter_size(),
                conv.width,
                conv.weight_variance,
                conv.bias_variance,
                conv.parameterization,
            ),
            Operation::GroupLift(conv) | Operation::GroupConv(conv) => (
                conv.channels * conv.taps,
                conv.width,
                conv.weight_variance,
                conv.bias_variance,
                conv.parameterization,
            ),
            _ => return Ok(None),
        };
        let weight_std = (weight_variance / fan_in as f64).sqrt();
        let bias_std = bias_variance.map(f64::sqrt);
        // Of the product of a drawn number's standard deviation and its factor, only the way it is split differs.
        let (trained_weight_std, trained_bias_std) = match parameterization {
            LayerParameterization::Ntk => (1.0, bias_std.map(|_| 1.0)),
            LayerParameterization::Standard { input_width } => {
                (weight_std * (channels as f64 / input_width).sqrt(), bias_std)
            }
        };
        let bias_factor = match parameterization {
            LayerParameterization::Ntk => bias_std.unwrap_or(0.0),
            LayerParameterization::Standard { .. } => 1.0,
        };

        let too_large =
            || ArchitectureError::ShapeTooLarge { path: node.path.clone(), shape: vec![fan_in, width] };
        let mut weights = Vec::new();
        weights.try_reserve_exact(fan_in * width).map_err(|_| too_large())?;
        weights.extend((0..fan_in * width).map(|_| trained_weight_std * gaussian.sample()));
        Ok(Some(Self {
            weights: Array2::from_shape_vec((fan_in, width), weights).map_err(|_| too_large())?,
            biases: trained_bias_std
                .map(|std| Array1::from_shape_simple_fn(width, || std * gaussian.sample())),
            weight_factor: weight_std / trained_weight_std,
            bias_factor,
        }))
    }

    /// What weights and biases are multiplied by.
    pub(crate) fn factors(&self) -> (f64, f64) {
        (self.weight_factor, self.bias_factor)
    }

    /// Maps rows of length fan-in to rows of length width.
    pub(crate) fn apply(&self, rows: &Array2<f64>) -> Array2<f64> {
        let mut outputs = rows.dot(&self.weights) * self.weight_factor;
        if let Some(biases) = &self.biases {
            outputs.scaled_add(self.bias_factor, biases);
        }
        outputs
    }
}
