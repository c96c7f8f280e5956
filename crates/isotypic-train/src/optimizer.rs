//! Steps that lower the loss.

use std::ops::{Add, Div, Mul, Sub};

use burn_tensor::{Element, Tensor, TensorData};
use rayon::prelude::*;
use serde::Serialize;

use crate::{NetworkParameters, Precision, TrainError, TrainingDevice};

/// How a gradient becomes a step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Optimizer {
    /// Adam (Kingma & Ba 2015, arXiv 1412.6980) with $\beta_1 = 0.9$, $\beta_2 = 0.999$, $\epsilon = 10^{-8}$.
    Adam {
        /// The step size.
        learning_rate: f64,
    },
    /// $v \leftarrow \mu v + g$, $\theta \leftarrow \theta - \eta v$. With momentum 0 and batches of all examples this is gradient
    /// descent.
    Sgd {
        /// $\eta$.
        learning_rate: f64,
        /// $\mu$, in [0, 1).
        momentum: f64,
    },
}

/// What an optimizer remembers between steps.
#[derive(Clone, Debug, Default)]
pub struct OptimizerState {
    /// Steps taken.
    pub(crate) steps: u64,
    /// Running sums for each array of parameters: two for Adam, one for momentum. Empty before the first step.
    pub(crate) moments: Vec<Vec<Tensor<3>>>,
}

const BETA_1: f64 = 0.9;
const BETA_2: f64 = 0.999;
const EPSILON: f64 = 1e-8;

impl Optimizer {
    /// The step size below which gradient descent on the squared loss, a mean over `examples`, is stable:
    /// $2 n / \lambda_{\max}$ with the largest eigenvalue of the tangent kernel's Gram matrix.
    ///
    /// # Errors
    /// [`TrainError::InvalidSetting`] unless the eigenvalue is positive and finite.
    pub fn largest_stable_step(largest_eigenvalue: f64, examples: usize) -> Result<f64, TrainError> {
        if !(largest_eigenvalue > 0.0 && largest_eigenvalue.is_finite()) {
            return Err(TrainError::InvalidSetting {
                option: "largest eigenvalue",
                expected: "a positive finite number",
                got: largest_eigenvalue,
            });
        }
        Ok(2.0 * examples as f64 / largest_eigenvalue)
    }

    /// Refuses numbers out of range.
    pub(crate) fn check(&self) -> Result<(), TrainError> {
        let (rate, momentum) = match *self {
            Self::Adam { learning_rate } => (learning_rate, 0.0),
            Self::Sgd { learning_rate, momentum } => (learning_rate, momentum),
        };
        let wrong = |option, expected, got| Err(TrainError::InvalidSetting { option, expected, got });
        if !(rate > 0.0 && rate.is_finite()) {
            return wrong("learning rate", "a positive finite number", rate);
        }
        if !(0.0..1.0).contains(&momentum) {
            return wrong("momentum", "a number of at least 0 and below 1", momentum);
        }
        Ok(())
    }

    /// Number of running sums for each array of parameters.
    pub(crate) fn moments(&self) -> usize {
        match self {
            Self::Adam { .. } => 2,
            Self::Sgd { .. } => 1,
        }
    }

    /// One step; `gradients` has one tensor for each array of parameters.
    pub(crate) fn step(
        &self,
        parameters: &mut NetworkParameters,
        state: &mut OptimizerState,
        gradients: Vec<Tensor<3>>,
    ) {
        if state.moments.is_empty() {
            let zeros = || parameters.tensors.iter().map(Tensor::zeros_like).collect::<Vec<_>>();
            state.moments = (0..self.moments()).map(|_| zeros()).collect();
        }
        state.steps += 1;
        match parameters.place == TrainingDevice::Cpu {
            true => self.step_in_place(parameters, state, gradients),
            false => self.step_on_device(parameters, state, gradients),
        }
    }

    /// In one pass over each array, where the values are at hand: an operation on tensors is a pass with an array of its own, and
    /// Adam has a dozen.
    fn step_in_place(
        &self,
        parameters: &mut NetworkParameters,
        state: &mut OptimizerState,
        gradients: Vec<Tensor<3>>,
    ) {
        let steps = state.steps as f64;
        let mut moments: Vec<_> =
            std::mem::take(&mut state.moments).into_iter().map(Vec::into_iter).collect();
        state.moments = moments.iter().map(|arrays| Vec::with_capacity(arrays.len())).collect();
        let arrays = std::mem::take(&mut parameters.tensors);
        for (array, gradient) in arrays.into_iter().zip(gradients) {
            let own = moments.iter_mut().map(|arrays| arrays.next().expect("a moment for each array"));
            let mut data: Vec<TensorData> =
                std::iter::once(array).chain(own).map(Tensor::into_data).collect();
            let gradient = gradient.into_data();
            match parameters.precision {
                Precision::Single => update::<f32>(self, steps, &mut data, &gradient),
                Precision::Double => update::<f64>(self, steps, &mut data, &gradient),
            }
            let mut tensors =
                data.into_iter().map(|data| parameters.precision.of_data(data, &parameters.device));
            parameters.tensors.extend(tensors.next());
            for (kept, moment) in state.moments.iter_mut().zip(tensors) {
                kept.push(moment);
            }
        }
    }

    /// By operations on tensors, wherever they are.
    fn step_on_device(
        &self,
        parameters: &mut NetworkParameters,
        state: &mut OptimizerState,
        gradients: Vec<Tensor<3>>,
    ) {
        let steps = state.steps as f64;
        for (place, gradient) in gradients.into_iter().enumerate() {
            let old = parameters.tensors[place].clone();
            parameters.tensors[place] = match *self {
                Self::Sgd { learning_rate, momentum } => {
                    let velocity = state.moments[0][place].clone() * momentum + gradient;
                    state.moments[0][place] = velocity.clone();
                    old - velocity * learning_rate
                }
                Self::Adam { learning_rate } => {
                    let mean = state.moments[0][place].clone() * BETA_1 + gradient.clone() * (1.0 - BETA_1);
                    let square =
                        state.moments[1][place].clone() * BETA_2 + gradient.square() * (1.0 - BETA_2);
                    state.moments[0][place] = mean.clone();
                    state.moments[1][place] = square.clone();
                    let root = (square * (1.0 / (1.0 - libm::pow(BETA_2, steps)))).sqrt() + EPSILON;
                    old - mean * (learning_rate / (1.0 - libm::pow(BETA_1, steps))) / root
                }
            };
        }
    }
}

/// A floating-point number that steps are taken in.
trait Number:
    Element + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self>
{
    fn of(value: f64) -> Self;
    fn root(self) -> Self;
}

impl Number for f32 {
    fn of(value: f64) -> Self {
        value as Self
    }
    fn root(self) -> Self {
        self.sqrt()
    }
}

impl Number for f64 {
    fn of(value: f64) -> Self {
        value
    }
    fn root(self) -> Self {
        self.sqrt()
    }
}

/// Values that one thread takes at a time.
const RUN: usize = 1 << 14;

/// Changes parameters and moments, `data`, where they stand. Values do not depend on each other, so neither do they on threads.
fn update<N: Number>(optimizer: &Optimizer, steps: f64, data: &mut [TensorData], gradient: &TensorData) {
    let gradient = gradient.as_slice::<N>().expect("gradients have the format of parameters");
    let mut arrays = data.iter_mut().map(|data| {
        data.as_mut_slice::<N>().expect("moments have the format of parameters").par_chunks_mut(RUN)
    });
    let mut next = || arrays.next().expect("parameters, and as many moments as the optimizer has");
    match *optimizer {
        Optimizer::Sgd { learning_rate, momentum } => {
            let (rate, momentum) = (N::of(learning_rate), N::of(momentum));
            let runs = next().zip(next()).zip(gradient.par_chunks(RUN));
            runs.for_each(|((parameters, velocities), gradients)| {
                for ((p, v), &g) in parameters.iter_mut().zip(velocities).zip(gradients) {
                    *v = *v * momentum + g;
                    *p = *p - *v * rate;
                }
            });
        }
        Optimizer::Adam { learning_rate } => {
            let (decay_1, decay_2) = (N::of(BETA_1), N::of(BETA_2));
            let (part_1, part_2) = (N::of(1.0 - BETA_1), N::of(1.0 - BETA_2));
            let rate = N::of(learning_rate / (1.0 - libm::pow(BETA_1, steps)));
            let correction = N::of(1.0 / (1.0 - libm::pow(BETA_2, steps)));
            let epsilon = N::of(EPSILON);
            let runs = next().zip(next()).zip(next()).zip(gradient.par_chunks(RUN));
            runs.for_each(|(((parameters, means), squares), gradients)| {
                for (((p, m), s), &g) in parameters.iter_mut().zip(means).zip(squares).zip(gradients) {
                    *m = *m * decay_1 + g * part_1;
                    *s = *s * decay_2 + g * g * part_2;
                    *p = *p - *m * rate / ((*s * correction).root() + epsilon);
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use isotypic_architecture::Architecture;

    use super::*;
    use crate::{Initialization, Network};

    #[test]
    fn steps_in_place_are_those_by_operations_on_tensors() {
        let json = r#"{"layers": [{"dense": {"width": 150, "b_std": 1.0}}, "relu", {"dense": {}}]}"#;
        let network = Network::from_graph(&Architecture::from_json(json).unwrap().check(&[200]).unwrap());
        let network = network.unwrap();
        for (precision, tolerance) in [(Precision::Single, 1e-6), (Precision::Double, 1e-14)] {
            for optimizer in [
                Optimizer::Adam { learning_rate: 0.01 },
                Optimizer::Sgd { learning_rate: 0.01, momentum: 0.7 },
            ] {
                let start =
                    NetworkParameters::draw(&network, Initialization::Gaussian, precision, 1).unwrap();
                let mut both =
                    [(start.clone(), OptimizerState::default()), (start, OptimizerState::default())];
                for step in 0..3_u64 {
                    let gradients =
                        NetworkParameters::draw(&network, Initialization::Gaussian, precision, 2 + step);
                    let gradients = gradients.unwrap().tensors;
                    let (parameters, state) = &mut both[0];
                    optimizer.step(parameters, state, gradients.clone());
                    let (parameters, state) = &mut both[1];
                    if state.moments.is_empty() {
                        let zeros: Vec<_> = gradients.iter().map(Tensor::zeros_like).collect();
                        state.moments = vec![zeros; optimizer.moments()];
                    }
                    state.steps += 1;
                    optimizer.step_on_device(parameters, state, gradients);
                }
                let flat = |(parameters, state): &(NetworkParameters, OptimizerState)| {
                    let all = parameters.tensors.iter().chain(state.moments.iter().flatten());
                    all.flat_map(crate::precision::values_of).collect::<Vec<f64>>()
                };
                let [one, other] = [flat(&both[0]), flat(&both[1])];
                assert_eq!(one.len(), other.len());
                for (one, other) in one.iter().zip(&other) {
                    assert!((one - other).abs() <= tolerance * other.abs().max(0.1), "{one}, {other}");
                }
            }
        }
    }
}
