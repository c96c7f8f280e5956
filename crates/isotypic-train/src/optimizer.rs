//! Steps that lower the loss.

use burn_tensor::Tensor;
use serde::Serialize;

use crate::{NetworkParameters, TrainError};

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
