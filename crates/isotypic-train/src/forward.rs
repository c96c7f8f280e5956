//! The forward pass on tensors, with gradients where parameters are tracked.

use burn_tensor::Tensor;
use isotypic_architecture::{ConcatAxis, Dropout, Operation, Padding, RandomStream};

use crate::activations::{activate, rectify};
use crate::affine::affine;
use crate::evaluation_order::{EvaluationOrder, Rectifies};
use crate::group_conv::group_conv;
use crate::layer_norm::normalize;
use crate::layout::{positions_and_channels, spread_out};
use crate::local_conv::local_conv;
use crate::network::LARGEST_RANK;
use crate::position_map::PositionMap;
use crate::probes::Probes;
use crate::row_normalization::row_normalization;
use crate::self_attention::self_attention;
use crate::window_table::Windows;
use crate::windowed_layers::{gather, maxima, windowed_affine};
use crate::{Network, NetworkNode, NetworkOperation, NetworkParameters, TrainError};

impl Network {
    /// The outputs for a batch of inputs.
    ///
    /// `mask_seed` decides the masks of `dropout` layers in training mode; without one nothing is dropped, and batch normalisation uses
    /// its running averages.
    ///
    /// # Shapes
    /// - `inputs`: `batch` times [`input_size`](Self::input_size) values, each input in C order, channels fastest
    /// - result: `batch` times [`output_width`](Self::output_width) values
    ///
    /// # Errors
    /// [`TrainError::Mismatch`] when the values are not a whole number of inputs.
    pub fn forward(
        &self,
        parameters: &NetworkParameters,
        inputs: &[f64],
        mask_seed: Option<u64>,
    ) -> Result<Vec<f64>, TrainError> {
        let size = self.input_size();
        if !inputs.len().is_multiple_of(size) {
            return Err(TrainError::Mismatch {
                what: "inputs",
                expected: format!("a multiple of {size} values"),
                got: inputs.len().to_string(),
            });
        }
        let shape = [inputs.len() / size, size];
        let batch = parameters.precision.tensor(inputs.to_vec(), shape, &parameters.device);
        Ok(crate::precision::values_of(&self.outputs(parameters, batch, mask_seed)))
    }

    /// Outputs `[batch, outputs]` of inputs `[batch, values]`; of an ensemble the first part of the batch is for the first member,
    /// and so on.
    pub(crate) fn outputs(
        &self,
        parameters: &NetworkParameters,
        inputs: Tensor<2>,
        mask_seed: Option<u64>,
    ) -> Tensor<2> {
        self.outputs_probed(parameters, inputs, mask_seed, &mut Probes::none())
    }

    /// The same; `probes` learn where weights read and write.
    pub(crate) fn outputs_probed(
        &self,
        parameters: &NetworkParameters,
        inputs: Tensor<2>,
        mask_seed: Option<u64>,
        probes: &mut Probes,
    ) -> Tensor<2> {
        let batch = inputs.dims()[0];
        let order = EvaluationOrder::of(self.nodes());
        let mut values: Vec<Option<Tensor<3>>> = Vec::with_capacity(self.nodes().len());
        for (index, node) in self.nodes().iter().enumerate() {
            let value = if node.inputs.is_empty() {
                let [positions, channels] = positions_and_channels(&node.output_shape);
                inputs.clone().reshape([batch, positions, channels])
            } else {
                let read = node.inputs.iter().enumerate().map(|(place, &input)| {
                    let is_last =
                        order.last_reader[input] == index && !node.inputs[place + 1..].contains(&input);
                    let value = if is_last { values[input].take() } else { values[input].clone() };
                    value.expect("values are kept until their last reader has them")
                });
                let read = read.collect();
                let masks = mask_seed.map(|seed| mask_stream_seed(seed, index));
                let own = &parameters.tensors[parameters.first_of[index]..];
                probes.first_array = parameters.first_of[index];
                match order.rectifies[index] {
                    Rectifies::Later => pass_on(read),
                    Rectifies::Now => rectify(apply(node, own, read, masks, parameters, probes)),
                    Rectifies::AsItSays => apply(node, own, read, masks, parameters, probes),
                }
            };
            values.push(Some(value));
        }
        let last =
            values.pop().flatten().expect("a network has at least its input, and nobody reads its output");
        last.reshape([batch, self.output_width()])
    }
}

/// The seed of a layer's masks: that of `FiniteNetwork`, so that both drop the same values.
fn mask_stream_seed(seed: u64, index: usize) -> u64 {
    seed ^ (index as u64 + 1).wrapping_mul(0xd134_2543_de82_ef95)
}

/// The value of a node that does nothing.
fn pass_on(read: Vec<Tensor<3>>) -> Tensor<3> {
    read.into_iter().next().expect("every node but the input reads another")
}

fn apply(
    node: &NetworkNode,
    own: &[Tensor<3>],
    inputs: Vec<Tensor<3>>,
    masks: Option<u64>,
    parameters: &NetworkParameters,
    probes: &mut Probes,
) -> Tensor<3> {
    let axes = node.input_shape.len() - 1;
    let (extents, channels) = (&node.input_shape[..axes], node.input_shape[axes]);
    let output_extents = &node.output_shape[..node.output_shape.len() - 1];
    let mut inputs = inputs.into_iter();
    let values = inputs.next().expect("every node but the input reads another");
    let batch = values.dims()[0];
    let operation = match &node.operation {
        NetworkOperation::Patches(patches) => {
            let per_axis = [extents[0] / patches.side, extents[1] / patches.side];
            let squares = Windows::new(&[patches.side; 2], &[patches.side; 2], Padding::Valid, &[0; 2])
                .table(extents, &per_axis);
            let gathered = gather(values, &squares);
            return gathered.reshape([
                batch,
                per_axis[0] * per_axis[1],
                patches.side * patches.side * channels,
            ]);
        }
        NetworkOperation::SinCosPositions(positions) => {
            return positions.added(values, parameters.precision);
        }
        NetworkOperation::BatchNorm(norm) => return norm.of(own, values, masks.is_some(), probes),
        NetworkOperation::ChannelScale(scale) => return scale.of(own, values),
        NetworkOperation::HeadedAttention(attention) => return attention.of(own, values),
        NetworkOperation::Layer(operation) => operation,
    };
    match operation {
        Operation::Activation(activation) => activate(*activation, values),
        Operation::Input | Operation::Identity => values,
        Operation::Flatten => values.reshape([batch, 1, node.output_shape[0]]),
        Operation::GlobalAvgPool | Operation::GroupPool(_) => values.mean_dim(1),
        Operation::GlobalSumPool => values.sum_dim(1),
        Operation::MaxPool(pool) => {
            maxima(values, &Windows::of_pool(pool).table_inside(extents, output_extents))
        }
        Operation::LayerNorm(norm) => {
            if norm.spatial_axes.is_empty()
                && let Some(normalized) = row_normalization(&values, norm.epsilon)
            {
                return normalized;
            }
            normalize(norm, &node.input_shape, values)
        }
        Operation::Dropout(dropout) => match masks {
            Some(seed) if !dropout.is_identity() => drop_out(dropout, seed, values, parameters),
            _ => values,
        },
        Operation::SelfAttention(attention) => {
            self_attention((attention, extents), own, values, parameters.precision, probes)
        }
        Operation::Sum => inputs.fold(values, |sum, input| sum + input),
        Operation::Product => inputs.fold(values, |product, input| product * input),
        Operation::Concat(axis) => {
            let axis = match axis {
                ConcatAxis::Channels => LARGEST_RANK + 1,
                ConcatAxis::Spatial(axis) => axis + 1,
            };
            concat(node, axis, values, inputs)
        }
        Operation::Dense(dense) => affine(
            own,
            values,
            channels,
            (dense.weight_variance, dense.bias_variance, dense.parameterization),
            probes,
        ),
        Operation::Conv(conv) | Operation::ConvTranspose(conv) | Operation::ConvLocal(conv) => {
            let windows = match operation {
                Operation::ConvTranspose(_) => Windows::of_transposed(conv),
                _ => Windows::of_conv(conv),
            };
            let table = windows.table(extents, output_extents);
            let factors = (conv.weight_variance, conv.bias_variance, conv.parameterization);
            match operation {
                Operation::ConvLocal(_) => local_conv(own, values, &table, factors, probes),
                _ => windowed_affine(own, values, &table, factors, probes),
            }
        }
        Operation::GroupLift(conv) | Operation::GroupConv(conv) => {
            group_conv(conv, &node.input_shape, own, values, probes)
        }
        _ => match PositionMap::of(node) {
            Some(map) => map.apply(values, parameters.precision),
            None => unreachable!("`Network::from_nodes` refuses operations that are not in this list"),
        },
    }
}

fn concat(
    node: &NetworkNode,
    axis: usize,
    first: Tensor<3>,
    others: impl Iterator<Item = Tensor<3>>,
) -> Tensor<3> {
    let batch = first.dims()[0];
    let whole = spread_out(batch, &node.output_shape);
    // Inputs differ in the extent along the axis only, which their size tells.
    let rest: usize = (0..5).filter(|&other| other != axis).map(|other| whole[other]).product();
    let parts = std::iter::once(first).chain(others).map(|part| {
        let mut shape = whole;
        shape[axis] = part.dims().iter().product::<usize>() / rest;
        part.reshape(shape)
    });
    let [positions, channels] = positions_and_channels(&node.output_shape);
    Tensor::cat(parts.collect(), axis).reshape([batch, positions, channels])
}

fn drop_out(dropout: &Dropout, seed: u64, values: Tensor<3>, parameters: &NetworkParameters) -> Tensor<3> {
    let mut stream = RandomStream::from_seed(seed);
    let dims = values.dims();
    let kept = 1.0 / dropout.keep_rate;
    // Without a branch, which would be guessed wrong as often as right.
    let mask = (0..dims.iter().product::<usize>())
        .map(|_| kept * f64::from(u8::from(stream.uniform() < dropout.keep_rate)));
    let device = values.device();
    values * parameters.precision.drawn(mask, dims, &device)
}
