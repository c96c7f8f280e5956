//! Convolutions with weights of their own at every position: a product of matrices for each.

use burn_tensor::Tensor;

use crate::affine::{AffineFactors, scales};
use crate::probes::Probes;
use crate::window_table::WindowTable;
use crate::windowed_layers::gather;

/// The outputs `[batch, positions, width]` of a `conv_local` layer.
///
/// # Shapes
/// - `own`: weights `[members · positions, taps · channels, width]` and biases `[members · positions, 1, width]` where the layer has some
/// - `values`: `[batch, input positions, channels]`, a part of the batch for each member
pub(crate) fn local_conv(
    own: &[Tensor<3>],
    values: Tensor<3>,
    table: &WindowTable,
    factors: AffineFactors,
    probes: &mut Probes,
) -> Tensor<3> {
    let [batch, _, channels] = values.dims();
    let (positions, fan_in) = (table.table.len() / table.taps, table.taps * channels);
    let [maps, _, width] = own[0].dims();
    let members = maps / positions;
    let (scale, bias_scale) = scales(fan_in, factors);
    let rows = gather(values, table).reshape([batch, positions, fan_in]);
    let by_position = rows.clone().reshape([members, batch / members, positions, fan_in]).swap_dims(1, 2);
    let mut outputs = by_position.reshape([maps, batch / members, fan_in]).matmul(own[0].clone()) * scale;
    if let Some(bias_scale) = bias_scale {
        outputs = outputs + own[1].clone() * bias_scale;
    }
    let outputs = outputs.reshape([members, positions, batch / members, width]).swap_dims(1, 2);
    probes.mark_local(outputs.reshape([batch, positions, width]), (&rows, scale), bias_scale)
}
