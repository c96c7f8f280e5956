//! The trained parameters of a network.

use burn_tensor::{Device, Tensor};
use isotypic_architecture::RandomStream;

use crate::parameter_arrays::arrays;
use crate::precision::values_of;
use crate::probes::BatchStatistics;
use crate::{Initialization, Network, NetworkOperation, Precision, TrainError, TrainingDevice};

/// One array of parameters for each place that has one, in the order of the nodes.
///
/// # Shapes
/// - `dense`, `conv`: weights `[1, fan-in, width]`, then biases `[1, 1, width]` if the layer has them; the fan-in runs over taps in
///   C order, channels fastest
/// - `conv_transpose`: the same; `conv_local`: weights `[positions, fan-in, width]`, biases `[positions, 1, width]`
/// - `group_lift`, `group_conv`: as `conv`, the fan-in over the taps of one turn
/// - batch normalisation: running means and variances `[1, 1, channels]`, which are not trained
/// - scales of channels: factors and summands `[1, 1, channels]`; headed attention: `[1, channels, 3 · heads · width]` and
///   `[1, heads · width, channels]`
/// - `self_attention`: `keys` and, where they are of their own, `queries` `[heads, seen, key_width]`, `values`
///   `[heads, seen, value_width]`, `output` `[1, heads · value_width, width]`, biases, `embeddings` `[1, positions, channels]` before
///   the factor of their covariance
/// - of an ensemble: the same with the arrays of all members one after the other along the first axis
#[derive(Clone, Debug)]
pub struct NetworkParameters {
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
    /// As [`from_values`](Self::from_values), which none of the arrays drawn here calls for.
    pub fn draw(
        network: &Network,
        initialization: Initialization,
        precision: Precision,
        seed: u64,
    ) -> Result<Self, TrainError> {
        let mut values = Vec::new();
        for (index, node) in network.nodes().iter().enumerate() {
            let mut stream = RandomStream::for_parts(&[seed, index as u64]);
            values.extend(arrays(node).iter().map(|array| array.draw(initialization, &mut stream)));
        }
        Self::from_values(network, precision, values)
    }

    /// Takes all parameters from arrays in C order: those that [`values`](Self::values) gives, or those of
    /// [`FiniteNetwork::parameters`] for the same graph, which has no running averages. Without them batch normalisation begins with
    /// means 0 and variances 1.
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
        let (mut names, mut all, mut first_of, mut statistics) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (index, node) in network.nodes().iter().enumerate() {
            first_of.push(all.len());
            if matches!(node.operation, NetworkOperation::BatchNorm(_)) {
                statistics.extend([all.len(), all.len() + 1]);
            }
            for array in arrays(node) {
                names.push(format!("{index} {} {}", node.path.replace('`', ""), array.name));
                all.push(array);
            }
        }
        let mismatch = |what, expected: usize, got: usize| TrainError::Mismatch {
            what,
            expected: expected.to_string(),
            got: got.to_string(),
        };
        let has_statistics = values.len() != all.len() - statistics.len();
        if has_statistics && values.len() != all.len() {
            return Err(mismatch("number of parameter arrays", all.len(), values.len()));
        }
        let mut given = values.into_iter();
        let mut tensors = Vec::new();
        for (place, array) in all.iter().enumerate() {
            let expected = array.shape.iter().product();
            let begins_with = array.constant().filter(|_| !has_statistics && statistics.contains(&place));
            let values = match begins_with {
                Some(constant) => vec![constant; expected],
                None => given.next().unwrap_or_default(),
            };
            if values.len() != expected {
                return Err(mismatch("values of a parameter array", expected, values.len()));
            }
            tensors.push(precision.tensor(values, array.shape, &device));
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

    /// Running averages of batch normalisation take over a part of the statistics of a batch, of variances those without bias.
    pub(crate) fn follow(&mut self, statistics: Vec<BatchStatistics>) {
        for of_layer in statistics {
            let unbiased = of_layer.variances.iter().map(|value| value * of_layer.correction).collect();
            for (place, new) in [(0, of_layer.means), (1, unbiased)] {
                let old = &mut self.tensors[of_layer.first_array + place];
                let new = self.precision.tensor(new, old.dims(), &self.device);
                *old = old.clone() * (1.0 - of_layer.momentum) + new * of_layer.momentum;
            }
        }
    }

    /// Statistics of a batch stand in place of running averages: then its examples are normalised as they are in training.
    pub(crate) fn take_over(&mut self, statistics: Vec<BatchStatistics>) {
        for of_layer in statistics {
            for (place, new) in [(0, of_layer.means), (1, of_layer.variances)] {
                let old = &mut self.tensors[of_layer.first_array + place];
                *old = self.precision.tensor(new, old.dims(), &self.device);
            }
        }
    }

    /// Names of all arrays, such as `2 layer 2 (dense) weights`, in the order of [`values`](Self::values); unique.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The same parameters with gradients tracked.
    pub(crate) fn tracked(&self) -> Self {
        let tensors = self.tensors.iter().map(|tensor| tensor.clone().autodiff().require_grad()).collect();
        Self { tensors, device: self.device.clone().autodiff(), ..self.clone() }
    }
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
