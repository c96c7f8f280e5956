//! The trained parameters of a network.

use burn_tensor::{Device, Tensor};
use isotypic_architecture::{LayerParameterization, Operation, RandomStream};

use crate::precision::values_of;
use crate::probes::BatchStatistics;
use crate::{Initialization, Network, NetworkOperation, Precision, TrainError, TrainingDevice};

/// One array of parameters for each place that has one, in the order of the nodes.
///
/// # Shapes
/// - `dense`, `conv`: weights `[1, fan-in, width]`, then biases `[1, 1, width]` if the layer has them; the fan-in runs over taps in
///   C order, channels fastest
/// - `group_lift`, `group_conv`: the same, the fan-in over the taps of one turn
/// - batch normalisation: running means and variances `[1, 1, channels]`, which are not trained
/// - scales of channels: factors and summands `[1, 1, channels]`; headed attention: `[1, channels, 3 · heads · width]` and
///   `[1, heads · width, channels]`
/// - `self_attention`: `keys` and, where they are of their own, `queries` `[heads, seen, key_width]`, `values`
///   `[heads, seen, value_width]`, `output` `[1, heads · value_width, width]`, biases, `embeddings` `[1, positions, channels]`
/// - of an ensemble: the same with the arrays of all members one after the other along the first axis
#[derive(Clone, Debug)]
pub struct NetworkParameters {
    /// Names such as `layer 2 (dense) weights`, unique.
    pub(crate) names: Vec<String>,
    pub(crate) tensors: Vec<Tensor<3>>,
    /// For each node the place of its first array.
    pub(crate) first_of: Vec<usize>,
    /// The arrays that are not trained but follow the statistics of batches.
    pub(crate) statistics: Vec<usize>,
    pub(crate) precision: Precision,
    pub(crate) device: Device,
    /// The same by name.
    pub(crate) place: TrainingDevice,
}

impl NetworkParameters {
    /// Draws all parameters on the CPU. The same network, seed and precision give the same bits on every machine.
    ///
    /// # Errors
    /// [`TrainError::CorrelatedEmbeddings`] for embeddings of positions whose covariance decays, which
    /// [`from_values`](Self::from_values) takes.
    pub fn draw(
        network: &Network,
        initialization: Initialization,
        precision: Precision,
        seed: u64,
    ) -> Result<Self, TrainError> {
        let mut values = Vec::new();
        for (index, node) in network.nodes().iter().enumerate() {
            if let NetworkOperation::Layer(Operation::SelfAttention(attention)) = &node.operation
                && attention.positional_embedding.as_ref().is_some_and(|embedding| embedding.decay.is_some())
            {
                return Err(TrainError::CorrelatedEmbeddings { path: node.path.clone() });
            }
            let mut stream = RandomStream::for_parts(&[seed, index as u64]);
            for array in arrays(node)? {
                let spread = match initialization {
                    _ if array.constant.is_some() => Spread::Constant(array.constant.unwrap_or_default()),
                    Initialization::KaimingUniform if array.is_affine => {
                        Spread::Uniform(1.0 / (array.fan_in as f64).sqrt() / array.factor)
                    }
                    Initialization::HeNormal if array.is_affine && array.is_bias() => Spread::Constant(0.0),
                    Initialization::HeNormal if array.is_affine => {
                        Spread::Normal((2.0 / array.fan_in as f64).sqrt() / array.factor)
                    }
                    _ => Spread::Normal(array.std),
                };
                let count = array.shape.iter().product();
                values.push((0..count).map(|_| spread.sample(&mut stream)).collect());
            }
        }
        Self::from_values(network, precision, values)
    }

    /// Takes all parameters from arrays in C order, those of [`FiniteNetwork::parameters`] for the same graph.
    ///
    /// [`FiniteNetwork::parameters`]: isotypic_architecture::FiniteNetwork::parameters
    ///
    /// # Errors
    /// [`TrainError::Mismatch`] for a wrong number of arrays or values.
    pub fn from_values(
        network: &Network,
        precision: Precision,
        values: Vec<Vec<f64>>,
    ) -> Result<Self, TrainError> {
        let device = Device::flex();
        let (mut names, mut shapes, mut first_of, mut statistics) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (index, node) in network.nodes().iter().enumerate() {
            first_of.push(shapes.len());
            if matches!(node.operation, NetworkOperation::BatchNorm(_)) {
                statistics.extend([shapes.len(), shapes.len() + 1]);
            }
            for array in arrays(node)? {
                names.push(format!("{index} {} {}", node.path.replace('`', ""), array.name));
                shapes.push(array.shape);
            }
        }
        let mismatch = |what, expected: usize, got: usize| TrainError::Mismatch {
            what,
            expected: expected.to_string(),
            got: got.to_string(),
        };
        if values.len() != shapes.len() {
            return Err(mismatch("number of parameter arrays", shapes.len(), values.len()));
        }
        let mut tensors = Vec::new();
        for (values, shape) in values.into_iter().zip(shapes) {
            let expected = shape.iter().product();
            if values.len() != expected {
                return Err(mismatch("values of a parameter array", expected, values.len()));
            }
            tensors.push(precision.tensor(values, shape, &device));
        }
        Ok(Self { names, tensors, first_of, statistics, precision, device, place: TrainingDevice::Cpu })
    }

    /// The parameters of several networks of the same shape as those of an ensemble.
    ///
    /// # Errors
    /// [`TrainError::Mismatch`] for an empty list, and for parameters of other shapes or precision than the first.
    pub fn stack(members: &[Self]) -> Result<Self, TrainError> {
        let mismatch = |expected: &str, got: String| TrainError::Mismatch {
            what: "members of an ensemble",
            expected: expected.to_owned(),
            got,
        };
        let Some(first) = members.first() else {
            return Err(mismatch("at least one", "none".to_owned()));
        };
        let shapes = |one: &Self| one.tensors.iter().map(Tensor::dims).collect::<Vec<_>>();
        if let Some(odd) =
            members.iter().position(|one| one.precision != first.precision || shapes(one) != shapes(first))
        {
            return Err(mismatch("the same network and precision", format!("another at place {odd}")));
        }
        let tensors = (0..first.tensors.len())
            .map(|array| Tensor::cat(members.iter().map(|one| one.tensors[array].clone()).collect(), 0));
        Ok(Self { tensors: tensors.collect(), ..first.clone() })
    }

    /// The parameters of one of so many members of an ensemble; `None` beyond the last, and where arrays do not divide.
    pub fn member(&self, member: usize, members: usize) -> Option<Self> {
        let part = |tensor: &Tensor<3>| {
            let [first, second, third] = tensor.dims();
            let own = first.checked_div(members).filter(|own| own * members == first && member < members)?;
            Some(tensor.clone().slice([member * own..(member + 1) * own, 0..second, 0..third]))
        };
        Some(Self { tensors: self.tensors.iter().map(part).collect::<Option<_>>()?, ..self.clone() })
    }

    /// The same parameters on a device, where everything is computed from them.
    ///
    /// # Errors
    /// [`TrainError::DeviceMissing`], [`TrainError::SinglePrecisionOnly`].
    pub fn on(self, place: TrainingDevice) -> Result<Self, TrainError> {
        if place == self.place {
            return Ok(self);
        }
        if place == TrainingDevice::Wgpu && self.precision == Precision::Double {
            return Err(TrainError::SinglePrecisionOnly { device: place });
        }
        let device = place.open()?;
        let moved =
            self.tensors.iter().map(|tensor| self.precision.of_data(tensor.to_data(), &device)).collect();
        Ok(Self { tensors: moved, device, place, ..self })
    }

    /// All values, array after array in C order.
    pub fn values(&self) -> Vec<Vec<f64>> {
        self.tensors.iter().map(values_of).collect()
    }

    /// Number of trained values.
    pub fn count(&self) -> usize {
        let is_trained = |place: &usize| !self.statistics.contains(place);
        let size = |place: usize| self.tensors[place].dims().iter().product::<usize>();
        (0..self.tensors.len()).filter(is_trained).map(size).sum()
    }

    /// Running averages of batch normalisation take over a part of the statistics of a batch.
    pub(crate) fn follow(&mut self, statistics: Vec<BatchStatistics>) {
        for of_layer in statistics {
            for (place, new) in [(0, of_layer.means), (1, of_layer.variances)] {
                let old = &mut self.tensors[of_layer.first_array + place];
                let new = self.precision.tensor(new, old.dims(), &self.device);
                *old = old.clone() * (1.0 - of_layer.momentum) + new * of_layer.momentum;
            }
        }
    }

    /// The same parameters with gradients tracked.
    pub(crate) fn tracked(&self) -> Self {
        let tensors = self.tensors.iter().map(|tensor| tensor.clone().autodiff().require_grad()).collect();
        Self { tensors, device: self.device.clone().autodiff(), ..self.clone() }
    }
}

/// What one array of parameters is and how it is drawn.
struct ParameterArray {
    name: &'static str,
    shape: [usize; 3],
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
fn arrays(node: &crate::NetworkNode) -> Result<Vec<ParameterArray>, TrainError> {
    let operation = match &node.operation {
        NetworkOperation::Layer(operation) => operation,
        NetworkOperation::ChannelScale(_) => {
            let channels = node.input_shape[node.input_shape.len() - 1];
            return Ok(vec![constant("factors", channels, 1.0), constant("summands", channels, 0.0)]);
        }
        NetworkOperation::BatchNorm(_) => {
            let channels = node.input_shape[node.input_shape.len() - 1];
            return Ok(vec![
                constant("running means", channels, 0.0),
                constant("running variances", channels, 1.0),
            ]);
        }
        NetworkOperation::HeadedAttention(attention) => {
            let channels = node.input_shape[node.input_shape.len() - 1];
            let joined = attention.heads * attention.head_width;
            return Ok(vec![
                matrix("queries, keys, values", channels, 3 * joined),
                matrix("output", joined, channels),
            ]);
        }
        NetworkOperation::MaxPool(_)
        | NetworkOperation::Patches(_)
        | NetworkOperation::SinCosPositions(_) => return Ok(vec![]),
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
    Ok(match operation {
        Operation::Dense(dense) => affine(
            (1, channels),
            dense.width,
            dense.weight_variance,
            dense.bias_variance,
            dense.parameterization,
        ),
        Operation::Conv(conv) => affine(
            (conv.filter_size(), channels),
            conv.width,
            conv.weight_variance,
            conv.bias_variance,
            conv.parameterization,
        ),
        Operation::GroupLift(conv) | Operation::GroupConv(conv) => affine(
            (conv.taps, conv.channels),
            conv.width,
            conv.weight_variance,
            conv.bias_variance,
            conv.parameterization,
        ),
        Operation::SelfAttention(attention) => attention_arrays(node, attention)?,
        _ => vec![],
    })
}

fn attention_arrays(
    node: &crate::NetworkNode,
    attention: &isotypic_architecture::SelfAttention,
) -> Result<Vec<ParameterArray>, TrainError> {
    use isotypic_architecture::{AttentionScaling, EmbeddingType};
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
        let std = embedding.variance.sqrt();
        arrays.push(array("embeddings", [1, positions, embedding.width], std));
    }
    Ok(arrays)
}

#[cfg(test)]
mod tests {
    use isotypic_architecture::Architecture;

    use super::*;

    fn root_mean_square(values: &[f64], factor: f64) -> f64 {
        factor * (values.iter().map(|value| value * value).sum::<f64>() / values.len() as f64).sqrt()
    }

    /// Fan-in 40: uniform in ±1/√40 has the standard deviation 1/√120.
    #[test]
    fn what_multiplies_inputs_is_drawn_alike_in_both_parameterizations() {
        for (parameterization, factors) in [("standard", [1.0, 1.0]), ("ntk", [1.5 / 40.0_f64.sqrt(), 0.3])] {
            let json = format!(
                r#"{{"parameterization": "{parameterization}", "layers": [{{"dense": {{"width": 500, "w_std": 1.5, "b_std": 0.3}}}}]}}"#
            );
            let graph = Architecture::from_json(&json).unwrap().check(&[40]).unwrap();
            let network = Network::from_graph(&graph).unwrap();
            let spreads = |initialization| {
                let drawn = NetworkParameters::draw(&network, initialization, Precision::Double, 1).unwrap();
                let values = drawn.values();
                [root_mean_square(&values[0], factors[0]), root_mean_square(&values[1], factors[1])]
            };
            let [weights, biases] = spreads(Initialization::KaimingUniform);
            let expected = (1.0 / 120.0_f64).sqrt();
            assert!((weights / expected - 1.0).abs() < 0.02 && (biases / expected - 1.0).abs() < 0.1);
            let [weights, biases] = spreads(Initialization::HeNormal);
            assert!((weights / (2.0 / 40.0_f64).sqrt() - 1.0).abs() < 0.03 && biases.abs() < 1e-300);
            let [weights, biases] = spreads(Initialization::Gaussian);
            assert!((weights / (1.5 / 40.0_f64.sqrt()) - 1.0).abs() < 0.03, "{weights}");
            assert!((biases / 0.3 - 1.0).abs() < 0.1, "{biases}");
        }
    }
}
