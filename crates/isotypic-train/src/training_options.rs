//! What experiments let a user choose about training.

use crate::{Initialization, Loss, Optimizer, TrainingDevice, TrainingSettings};

/// How the networks of an experiment are trained.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingOptions {
    /// How gradients become steps.
    pub optimizer: Optimizer,
    /// Epochs, passes through all examples.
    pub epochs: usize,
    /// Examples in a step.
    pub batch: usize,
    /// Channels of hidden layers that have no width of their own.
    pub width: usize,
    /// Where to compute.
    pub device: TrainingDevice,
    /// How parameters are drawn, in place of what the network's name says.
    pub initialization: Option<Initialization>,
    /// Stops early once the loss of an epoch is at most this.
    pub enough_loss: Option<f64>,
    /// Stops early after so many epochs in a row without a lower loss.
    pub patience: Option<usize>,
}

impl Default for TrainingOptions {
    /// Adam with steps of 10⁻³ on batches of 512 for 12 epochs, hidden layers of 512 channels.
    fn default() -> Self {
        Self {
            optimizer: Optimizer::Adam { learning_rate: 1e-3 },
            epochs: 12,
            batch: 512,
            width: 512,
            device: TrainingDevice::Cpu,
            initialization: None,
            enough_loss: None,
            patience: None,
        }
    }
}

impl TrainingOptions {
    /// The settings of one run.
    pub(crate) fn settings(&self, loss: Loss, seed: u64, data: String) -> TrainingSettings {
        TrainingSettings {
            optimizer: self.optimizer,
            loss,
            batch: self.batch,
            seed,
            epochs: self.epochs,
            enough_loss: self.enough_loss,
            patience: self.patience,
            data,
        }
    }
}
