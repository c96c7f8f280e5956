//! The arrays of parameters of a node: names, shapes, and how they are drawn.

use isotypic_architecture::{
    AttentionScaling, EmbeddingType, LayerParameterization, Operation, RandomStream, SelfAttention,
};

use crate::layout::positions_and_channels;
use crate::{Initialization, NetworkNode, NetworkOperation};

/// What one array of parameters is and how it is drawn.
pub(crate) struct ParameterArray {
    pub(crate) name: &'static str,
    pub(crate) shape: [usize; 3],
    std: f64,
    fan_in: usize,
    is_affine: bool,
    /// What the layer multiplies the values with, as the `ntk` parameterization does.
    factor: f64,
    /// Not drawn at all.
    constant: Option<f64>,
}

impl ParameterArray {
    fn is_bias(&self) -> bool {
        self.name == BIASES
    }

    /// The value of an array that is not drawn.
    pub(crate) fn constant(&self) -> Option<f64> {
        self.constant
    }

    /// Values of the array in C order.
    pub(crate) fn draw(&self, initialization: Initialization, stream: &mut RandomStream) -> Vec<f64> {
        let spread = match (self.constant, initialization) {
            (Some(constant), _) => Spread::Constant(constant),
            (None, Initialization::KaimingUniform) if self.is_affine => {
                Spread::Uniform(1.0 / (self.fan_in as f64).sqrt() / self.factor)
            }
            (None, Initialization::HeNormal) if self.is_affine && self.is_bias() => Spread::Constant(0.0),
            (None, Initialization::HeNormal) if self.is_affine => {
                Spread::Normal((2.0 / self.fan_in as f64).sqrt() / self.factor)
            }
            _ => Spread::Normal(self.std),
        };
        (0..self.shape.iter().product()).map(|_| spread.sample(stream)).collect()
    }
}

const BIASES: &str = "biases";

enum Spread {
    Normal(f64),
    Uniform(f64),
    Constant(f64),
}

impl Spread {
    fn sample(&self, stream: &mut RandomStream) -> f64 {
        match self {
            Self::Constant(value) => *value,
            Self::Uniform(bound) => bound * (2.0 * stream.uniform() - 1.0),
            Self::Normal(std) => {
                // Box–Muller; in (0, 1], so that the logarithm is finite.
                let radius = libm::sqrt(-2.0 * libm::log(1.0 - stream.uniform()));
                std * radius * libm::cos(std::f64::consts::TAU * stream.uniform())
            }
        }
    }
}

/// Weights of an affine map that kernels do not know.
fn matrix(name: &'static str, fan_in: usize, width: usize) -> ParameterArray {
    let std = 1.0 / (fan_in as f64).sqrt();
    ParameterArray {
        name,
        shape: [1, fan_in, width],
        std,
        fan_in,
        is_affine: true,
        factor: 1.0,
        constant: None,
    }
}

/// One value for every channel, the same at the beginning.
fn constant(name: &'static str, channels: usize, value: f64) -> ParameterArray {
    ParameterArray { shape: [1, 1, channels], constant: Some(value), ..matrix(name, 1, channels) }
}

/// The arrays of a node, in order.
pub(crate) fn arrays(node: &NetworkNode) -> Vec<ParameterArray> {
    let operation = match &node.operation {
        NetworkOperation::Layer(operation) => operation,
        NetworkOperation::ChannelScale(_) => {
            let channels = node.input_shape[node.input_shape.len() - 1];
            return vec![constant("factors", channels, 1.0), constant("summands", channels, 0.0)];
        }
        NetworkOperation::BatchNorm(_) => {
            let channels = node.input_shape[node.input_shape.len() - 1];
            return vec![
                constant("running means", channels, 0.0),
                constant("running variances", channels, 1.0),
            ];
        }
        NetworkOperation::HeadedAttention(attention) => {
            let channels = node.input_shape[node.input_shape.len() - 1];
            let joined = attention.heads * attention.head_width;
            return vec![
                matrix("queries, keys, values", channels, 3 * joined),
                matrix("output", joined, channels),
            ];
        }
        NetworkOperation::Patches(_) | NetworkOperation::SinCosPositions(_) => return vec![],
    };
    let channels = node.input_shape[node.input_shape.len() - 1];
    let affine = |(taps, channels): (usize, usize),
                  width,
                  weight_variance: f64,
                  bias: Option<f64>,
                  parameterization| {
        let fan_in = taps * channels;
        // Standard deviations as the parameterization says, and factors of the layer.
        let (weights, biases) = match parameterization {
            LayerParameterization::Standard { input_width } => (
                ((weight_variance * channels as f64 / (fan_in as f64 * input_width)).sqrt(), 1.0),
                bias.map(|variance| (variance.sqrt(), 1.0)),
            ),
            _ => {
                let factor = (weight_variance / fan_in as f64).sqrt();
                // Biases of variance 0 do nothing, whatever they are.
                (
                    (1.0, factor),
                    bias.map(|variance| (1.0, if variance > 0.0 { variance.sqrt() } else { 1.0 })),
                )
            }
        };
        let array = |name, shape, (std, factor): (f64, f64)| ParameterArray {
            name,
            shape,
            std,
            fan_in,
            is_affine: true,
            factor,
            constant: None,
        };
        let mut arrays = vec![array("weights", [1, fan_in, width], weights)];
        arrays.extend(biases.map(|biases| array(BIASES, [1, 1, width], biases)));
        arrays
    };
    match operation {
        Operation::Dense(dense) => affine(
            (1, channels),
            dense.width,
            dense.weight_variance,
            dense.bias_variance,
            dense.parameterization,
        ),
        Operation::Conv(conv) | Operation::ConvLocal(conv) | Operation::ConvTranspose(conv) => {
            let mut arrays = affine(
                (conv.filter_size(), channels),
                conv.width,
                conv.weight_variance,
                conv.bias_variance,
                conv.parameterization,
            );
            if matches!(operation, Operation::ConvLocal(_)) {
                let [positions, _] = positions_and_channels(&node.output_shape);
                arrays.iter_mut().for_each(|array| array.shape[0] = positions);
            }
            arrays
        }
        Operation::GroupLift(conv) | Operation::GroupConv(conv) => affine(
            (conv.taps, conv.channels),
            conv.width,
            conv.weight_variance,
            conv.bias_variance,
            conv.parameterization,
        ),
        Operation::SelfAttention(attention) => attention_arrays(node, attention),
        _ => vec![],
    }
}

fn attention_arrays(node: &NetworkNode, attention: &SelfAttention) -> Vec<ParameterArray> {
    let channels = node.input_shape[node.input_shape.len() - 1];
    let embedding = attention.positional_embedding.as_ref();
    let seen = |is_read: bool| match embedding {
        Some(embedding) if is_read && embedding.embedding_type == EmbeddingType::Concat => {
            channels + embedding.width
        }
        _ => channels,
    };
    let array = |name, shape, std| ParameterArray { is_affine: false, shape, std, ..matrix(name, 1, 1) };
    let keys = [attention.heads, seen(true), attention.key_width];
    let mut arrays = vec![array("keys", keys, 1.0)];
    if attention.scaling == AttentionScaling::Sqrt {
        arrays.push(array("queries", keys, 1.0));
    }
    let on_values = embedding.is_some_and(|embedding| embedding.on_values);
    arrays.push(array("values", [attention.heads, seen(on_values), attention.value_width], 1.0));
    arrays.push(array("output", [1, attention.heads * attention.value_width, attention.width], 1.0));
    if attention.bias_variance.is_some() {
        arrays.push(array(BIASES, [1, 1, attention.width], 1.0));
    }
    if let Some(embedding) = embedding {
        let positions = node.input_shape[..node.input_shape.len() - 1].iter().product();
        arrays.push(array("embeddings", [1, positions, embedding.width], 1.0));
    }
    arrays
}
