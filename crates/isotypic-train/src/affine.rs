//! Affine maps of the channels of every position, with the factors of a parameterization.

use burn_tensor::Tensor;
use isotypic_architecture::LayerParameterization;

use crate::patch_runs::PatchRuns;
use crate::probes::Probes;
use crate::window_product::window_product;

/// Variances of weights and, if there are some, of biases, and what they are variances of.
pub(crate) type AffineFactors = (f64, Option<f64>, LayerParameterization);

/// What a layer multiplies products and biases with.
pub(crate) fn scales(
    fan_in: usize,
    (weight_variance, bias_variance, parameterization): AffineFactors,
) -> (f64, Option<f64>) {
    let is_ntk = matches!(parameterization, LayerParameterization::Ntk);
    let scale = if is_ntk { (weight_variance / fan_in as f64).sqrt() } else { 1.0 };
    (scale, bias_variance.map(|variance| if is_ntk { variance.sqrt() } else { 1.0 }))
}

/// Rows of length fan-in to rows of length width, with the factors of the parameterization. Each member of an ensemble reads its own
/// part of the batch.
pub(crate) fn affine(
    own: &[Tensor<3>],
    values: Tensor<3>,
    fan_in: usize,
    factors: AffineFactors,
    probes: &mut Probes,
) -> Tensor<3> {
    let (scale, bias_scale) = scales(fan_in, factors);
    // Tangent kernels ask for what weights read and for the product.
    if !probes.are_collected() {
        let biases = bias_scale.map(|_| &own[1]);
        let runs = PatchRuns::of_positions(values.dims()[1], fan_in);
        if let Some(outputs) =
            window_product(&values, &own[0], biases, runs, (scale, bias_scale.unwrap_or(1.0)))
        {
            return outputs;
        }
    }
    composed_affine(own, values, fan_in, factors, probes)
}

/// The same by tensor operations, on every device.
pub(crate) fn composed_affine(
    own: &[Tensor<3>],
    values: Tensor<3>,
    fan_in: usize,
    factors: AffineFactors,
    probes: &mut Probes,
) -> Tensor<3> {
    let [batch, positions, _] = values.dims();
    let [members, _, width] = own[0].dims();
    let rows = values.clone().reshape([members, batch / members * positions, fan_in]);
    let mut outputs = rows.matmul(own[0].clone());
    let is_ntk = matches!(factors.2, LayerParameterization::Ntk);
    let (scale, bias_scale) = scales(fan_in, factors);
    if is_ntk {
        outputs = outputs * scale;
    }
    if let Some(bias_scale) = bias_scale {
        let biases = own[1].clone();
        outputs = outputs + if is_ntk { biases * bias_scale } else { biases };
    }
    let outputs = outputs.reshape([batch, positions, width]);
    probes.mark(outputs, (&values, scale), bias_scale)
}
