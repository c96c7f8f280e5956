//! The forward pass on tensors, with gradients where parameters are tracked.

use burn_tensor::{Tensor, activation};
use isotypic_architecture::{
    Activation, AttentionMechanism, AttentionScaling, ConcatAxis, Dropout, EmbeddingType, LayerNorm,
    LayerParameterization, Operation, Padding, RandomStream, SIGMOID_LIKE_RATE, ScalarFunction,
    SelfAttention,
};

use crate::evaluation_order::{EvaluationOrder, Rectifies};
use crate::gelu::gelu;
use crate::group_conv::group_conv;
use crate::network::LARGEST_RANK;
use crate::patch_runs::PatchRuns;
use crate::probes::Probes;
use crate::relu::relu;
use crate::row_normalization::row_normalization;
use crate::window_product::window_product;
use crate::window_table::Windows;
use crate::windowed_layers::{gather, maxima, window_sums, windowed_affine};
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
                let [positions, channels] = layout(&node.output_shape);
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

/// Positions and channels of a shape.
fn layout(shape: &[usize]) -> [usize; 2] {
    let channels = shape[shape.len() - 1];
    [shape.iter().product::<usize>() / channels, channels]
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
        NetworkOperation::MaxPool(pool) => {
            let windows = Windows {
                extents: &pool.window,
                strides: &pool.strides,
                padding: Padding::Valid,
                pad_before: &vec![0; axes],
            };
            return maxima(values, &windows.table(extents, output_extents));
        }
        NetworkOperation::Patches(patches) => {
            let windows = Windows {
                extents: &[patches.side; 2],
                strides: &[patches.side; 2],
                padding: Padding::Valid,
                pad_before: &[0; 2],
            };
            let per_axis = [extents[0] / patches.side, extents[1] / patches.side];
            let gathered = gather(values, &windows.table(extents, &per_axis));
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
        Operation::Flatten => values.reshape([batch, 1, node.output_shape[0]]),
        Operation::GlobalAvgPool | Operation::GroupPool(_) => values.mean_dim(1),
        Operation::GlobalSumPool => values.sum_dim(1),
        Operation::AvgPool(pool) => {
            let divisors = (0..output_extents.iter().product())
                .map(|place| 1.0 / pool.divisor(&coordinates(place, output_extents), extents) as f64);
            let shape = [1, output_extents.iter().product(), 1];
            let device = values.device();
            window_sums(values, pool, extents, output_extents)
                * parameters.precision.tensor(divisors.collect(), shape, &device)
        }
        Operation::SumPool(pool) => window_sums(values, pool, extents, output_extents),
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
        Operation::SelfAttention(attention) => attend(attention, own, values, probes),
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
        Operation::Conv(conv) => {
            let windows = Windows {
                extents: &conv.filter,
                strides: &conv.strides,
                padding: conv.padding,
                pad_before: &conv.pad_before,
            };
            let factors = (conv.weight_variance, conv.bias_variance, conv.parameterization);
            windowed_affine(own, values, &windows.table(extents, output_extents), factors, probes)
        }
        Operation::GroupLift(conv) | Operation::GroupConv(conv) => {
            group_conv(conv, &node.input_shape, own, values, probes)
        }
        // `Network::from_nodes` has refused operations that are not in this list.
        _ => values,
    }
}

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
    probes.mark(outputs, Some((&values, scale)), bias_scale)
}

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

/// Coordinates of a place counted with the last axis fastest.
fn coordinates(mut place: usize, extents: &[usize]) -> Vec<usize> {
    let mut at = vec![0; extents.len()];
    for (axis, extent) in extents.iter().enumerate().rev() {
        at[axis] = place % extent;
        place /= extent;
    }
    at
}

/// The layout `[batch, three spatial axes, channels]` of a shape; missing axes have extent 1 and stand last.
fn spread_out(batch: usize, shape: &[usize]) -> [usize; 5] {
    let mut spread = [1; 5];
    spread[0] = batch;
    spread[4] = shape[shape.len() - 1];
    spread[1..shape.len()].copy_from_slice(&shape[..shape.len() - 1]);
    spread
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
    let [positions, channels] = layout(&node.output_shape);
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

fn attend(attention: &SelfAttention, own: &[Tensor<3>], values: Tensor<3>, probes: &mut Probes) -> Tensor<3> {
    let mut own = own.iter().cloned();
    let mut next = || own.next().expect("`NetworkParameters` holds every array of the layer");
    let keys = next();
    let queries = match attention.scaling {
        AttentionScaling::Linear => None,
        AttentionScaling::Sqrt => Some(next()),
    };
    let (value_weights, output) = (next(), next());
    let biases = attention.bias_variance.map(|variance| next() * variance.sqrt());
    let bias_scale = attention.bias_variance.map(f64::sqrt);
    let [batch, positions, _] = values.dims();
    let members = output.dims()[0];
    let rows_of_member = batch / members * positions;
    let (embedded, on_values) = match &attention.positional_embedding {
        None => (values.clone(), false),
        Some(embedding) => {
            let width = embedding.width;
            let repeated = next().reshape([members, 1, positions, width]);
            let repeated = repeated
                .expand([members, batch / members, positions, width])
                .reshape([batch, positions, width]);
            let repeated = probes.mark_added(repeated);
            let embedded = match embedding.embedding_type {
                EmbeddingType::Sum => values.clone() + repeated,
                EmbeddingType::Concat => Tensor::cat(vec![values.clone(), repeated], 2),
            };
            (embedded, embedding.on_values)
        }
    };
    let for_values = if on_values { embedded.clone() } else { values };
    // `[batch, heads, positions, width]` from `[batch, positions, channels]` and `[members · heads, channels, width]`: one product
    // for all heads of a member.
    let project = |rows: &Tensor<3>, weights: Tensor<3>, probes: &mut Probes| -> Tensor<4> {
        let [all_heads, seen, width] = weights.dims();
        let heads = all_heads / members;
        let joined = weights.reshape([members, heads, seen, width]).swap_dims(1, 2).reshape([
            members,
            seen,
            heads * width,
        ]);
        let scale = 1.0 / (seen as f64).sqrt();
        let projected = rows.clone().reshape([members, rows_of_member, seen]).matmul(joined) * scale;
        let projected = projected.reshape([batch, positions, heads * width]);
        let projected = probes.mark(projected, Some((rows, scale)), None);
        projected.reshape([batch, positions, heads, width]).swap_dims(1, 2)
    };
    let key_width = attention.key_width as f64;
    let keys = project(&embedded, keys, probes);
    let logits = match queries {
        None => keys.clone().matmul(keys.swap_dims(2, 3)) * (attention.logit_gain / key_width),
        Some(queries) => {
            project(&embedded, queries, probes).matmul(keys.swap_dims(2, 3))
                * (attention.logit_gain / key_width.sqrt())
        }
    };
    let weights = match attention.mechanism {
        AttentionMechanism::Identity => logits,
        AttentionMechanism::Abs => logits.abs(),
        AttentionMechanism::Relu => activation::relu(logits),
        AttentionMechanism::Softmax => activation::softmax(logits, 3),
    };
    let joined = attention.heads * attention.value_width;
    let heads = weights.matmul(project(&for_values, value_weights, probes)).swap_dims(1, 2).reshape([
        members,
        rows_of_member,
        joined,
    ]);
    let scale = (attention.value_variance / joined as f64).sqrt();
    let mut outputs = heads.clone().matmul(output) * scale;
    if let Some(biases) = biases {
        outputs = outputs + biases;
    }
    let outputs = outputs.reshape([batch, positions, attention.width]);
    probes.mark(outputs, Some((&heads.reshape([batch, positions, joined]), scale)), bias_scale)
}

/// Whether [`activate`] computes the function.
pub(crate) fn is_known_activation(activation: Activation) -> bool {
    use Activation as A;
    matches!(
        activation,
        A::Relu
            | A::LeakyRelu { .. }
            | A::AbRelu { .. }
            | A::Abs
            | A::Sign
            | A::Erf { .. }
            | A::SigmoidLike
            | A::Gelu { .. }
            | A::Tanh
            | A::Sigmoid
            | A::Softplus
            | A::Silu
            | A::Sin { .. }
            | A::Cos { .. }
            | A::Rbf { .. }
            | A::Exp { .. }
            | A::Gaussian { .. }
            | A::Gabor
            | A::Monomial { .. }
            | A::RectifiedMonomial { .. }
            | A::Polynomial { .. }
            | A::Hermite { .. }
            | A::Elementwise { .. }
    )
}

fn activate(function: Activation, u: Tensor<3>) -> Tensor<3> {
    use std::f64::consts::{FRAC_PI_4, PI, SQRT_2};
    let slopes = |a: f64, b: f64, u: Tensor<3>| activation::relu(u.clone()) * b - activation::relu(-u) * a;
    match function {
        Activation::Relu => rectify(u),
        Activation::LeakyRelu { alpha } => slopes(alpha, 1.0, u),
        Activation::AbRelu { a, b } => slopes(a, b, u),
        Activation::Abs => u.abs(),
        Activation::Sign => u.sign(),
        Activation::Erf { a, b, c } => (u * b).erf() * a + c,
        Activation::SigmoidLike => (u * SIGMOID_LIKE_RATE).erf() * 0.5 + 0.5,
        Activation::Gelu { approximate: false } => gelu(&u).unwrap_or_else(|| composed_gelu(u)),
        Activation::Gelu { approximate: true } => {
            let inner = (u.clone() + u.clone() * u.clone().square() * 0.044715) * (2.0 / PI).sqrt();
            u * (inner.tanh() + 1.0) * 0.5
        }
        Activation::Tanh => u.tanh(),
        Activation::Sigmoid => activation::sigmoid(u),
        Activation::Softplus => activation::relu(u.clone()) + (-u.abs()).exp().log1p(),
        Activation::Silu => u.clone() * activation::sigmoid(u),
        Activation::Sin { a, b, c } => (u * b + c).sin() * a,
        Activation::Cos { a, b, c } => (u * b + c).cos() * a,
        Activation::Rbf { gamma } => (u * (2.0 * gamma).sqrt() + FRAC_PI_4).sin() * SQRT_2,
        Activation::Exp { a, b } => (u * b).exp() * a,
        Activation::Gaussian { a, b } => (u.square() * b).exp() * a,
        Activation::Gabor => (-u.clone().square()).exp() * u.sin(),
        Activation::Monomial { degree } => power(degree, u),
        Activation::RectifiedMonomial { degree: 0 } => u.ones_like().mask_fill(u.lower_elem(0.0), 0.0),
        Activation::RectifiedMonomial { degree } => power(degree, activation::relu(u)),
        Activation::Polynomial { coef } => {
            let zero = u.zeros_like();
            coef.as_slice().iter().rev().fold(zero, |sum, &coefficient| sum * u.clone() + coefficient)
        }
        Activation::Hermite { degree } => {
            // √(k+1) h_{k+1} = u h_k − √k h_{k−1}.
            let (mut before, mut value) = (u.zeros_like(), u.ones_like());
            for k in 0..degree {
                let next = u.clone() * value.clone() - before * (k as f64).sqrt();
                (before, value) = (value, next / (k as f64 + 1.0).sqrt());
            }
            value
        }
        Activation::Elementwise { function, .. } => activate(same_activation(function), u),
        // `Network::from_nodes` has refused functions that are not in this list.
        _ => u,
    }
}

fn rectify(u: Tensor<3>) -> Tensor<3> {
    relu(&u).unwrap_or_else(|| activation::relu(u))
}

pub(crate) fn composed_gelu(u: Tensor<3>) -> Tensor<3> {
    u.clone() * ((u * std::f64::consts::FRAC_1_SQRT_2).erf() + 1.0) * 0.5
}

fn power(degree: usize, u: Tensor<3>) -> Tensor<3> {
    let one = u.ones_like();
    (0..degree).fold(one, |power, _| power * u.clone())
}

fn same_activation(function: ScalarFunction) -> Activation {
    match function {
        ScalarFunction::Erf => Activation::Erf { a: 1.0, b: 1.0, c: 0.0 },
        ScalarFunction::Sigmoid => Activation::Sigmoid,
        ScalarFunction::Softplus => Activation::Softplus,
        ScalarFunction::Silu => Activation::Silu,
        ScalarFunction::Gelu => Activation::Gelu { approximate: false },
        _ => Activation::Tanh,
    }
}
