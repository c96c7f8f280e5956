//! Layer normalisation over channels and some spatial axes (Ba et al. 2016, arXiv 1607.06450).

use burn_tensor::Tensor;
use isotypic_architecture::LayerNorm;

use crate::layout::spread_out;
use crate::network::LARGEST_RANK;

/// Layer normalisation over any axes, by tensor operations.
pub(crate) fn normalize(norm: &LayerNorm, input_shape: &[usize], values: Tensor<3>) -> Tensor<3> {
    let dims = values.dims();
    let mut reduced: Vec<usize> = norm.spatial_axes.iter().map(|axis| axis + 1).collect();
    reduced.push(LARGEST_RANK + 1);
    let mean = |tensor: Tensor<5>| reduced.iter().fold(tensor, |mean, &axis| mean.mean_dim(axis));
    let spread = values.reshape(spread_out(dims[0], input_shape));
    let centred = spread.clone() - mean(spread);
    let variance = mean(centred.clone().square());
    (centred / (variance + norm.epsilon).sqrt()).reshape(dims)
}
