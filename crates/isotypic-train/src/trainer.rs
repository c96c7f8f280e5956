//! Training: batches, steps, epochs, and when to stop.

use std::path::Path;
use std::sync::Arc;

use isotypic_architecture::RandomStream;
use isotypic_work::{Cancel, Monitor, Silent};
use ndarray::ArrayView2;
use serde::Serialize;

use crate::batch_loss::BatchLoss;
use crate::{
    Checkpoint, Loss, Network, NetworkParameters, Optimizer, OptimizerState, TrainError, TrainingProgress,
};

/// How a network is trained.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TrainingSettings {
    /// How gradients become steps.
    pub optimizer: Optimizer,
    /// What is lowered.
    pub loss: Loss,
    /// Examples in a step; all examples if there are fewer.
    pub batch: usize,
    /// Decides the order of the examples and the masks of dropout.
    pub seed: u64,
    /// Epochs to train for, passes through all examples.
    #[serde(skip)]
    pub epochs: usize,
    /// Stops early once the loss of an epoch is at most this.
    #[serde(skip)]
    pub enough_loss: Option<f64>,
    /// Stops early after so many epochs in a row without a loss below the lowest before them.
    #[serde(skip)]
    pub patience: Option<usize>,
    /// What the examples are, such as a hash of them: a checkpoint goes on with the same only.
    #[serde(skip)]
    pub data: String,
}

/// What an epoch ended with.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct EpochMetrics {
    /// Counted from 1.
    pub epoch: usize,
    /// Mean of the loss over the examples, each as it was when its batch was trained on.
    pub loss: f64,
}

/// A network in training.
///
/// The same network, parameters, settings, examples and number of threads give the same bits, whether training was
/// interrupted and resumed or not: the order of the examples and the masks are functions of seed, epoch and batch alone.
pub struct Trainer {
    network: Network,
    parameters: NetworkParameters,
    settings: TrainingSettings,
    state: OptimizerState,
    progress: TrainingProgress,
}

/// Inputs `[examples, values]` and targets `[examples, outputs]` of a network.
type Examples<'data> = (ArrayView2<'data, f64>, ArrayView2<'data, f64>);

impl Trainer {
    /// A trainer at its beginning.
    ///
    /// # Errors
    /// [`TrainError::InvalidSetting`] for settings out of range.
    pub fn new(
        network: Network,
        parameters: NetworkParameters,
        settings: TrainingSettings,
    ) -> Result<Self, TrainError> {
        settings.optimizer.check()?;
        if settings.batch == 0 {
            return Err(TrainError::InvalidSetting { option: "batch", expected: "at least 1", got: 0.0 });
        }
        let (state, progress) = (OptimizerState::default(), TrainingProgress::default());
        Ok(Self { network, parameters, settings, state, progress })
    }

    /// Goes on from a checkpoint of the same network, settings, examples and number of threads; only when to stop may differ.
    ///
    /// # Errors
    /// [`TrainError::File`], [`TrainError::BrokenCheckpoint`] and [`TrainError::ForeignCheckpoint`]; then nothing has changed.
    pub fn resume(&mut self, path: &Path) -> Result<(), TrainError> {
        let checkpoint = Checkpoint::read(path, &self.network, &self.settings, &self.parameters)?;
        self.parameters = checkpoint.parameters;
        self.state = checkpoint.state;
        self.progress = checkpoint.progress;
        Ok(())
    }

    /// The parameters as they are now.
    pub fn parameters(&self) -> &NetworkParameters {
        &self.parameters
    }

    /// Epochs trained so far, those before a checkpoint included.
    pub fn epochs_done(&self) -> usize {
        self.progress.epochs_done
    }

    /// How far training is.
    pub fn progress(&self) -> TrainingProgress {
        self.progress
    }

    /// The network in training.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Trains until the epochs are over, the loss is low enough or does not fall any more. Each finished epoch is reported and, with
    /// a path, kept as a checkpoint. `cancel` is looked at after each batch.
    ///
    /// # Errors
    /// [`TrainError::Mismatch`] for examples of another shape, [`TrainError::BatchTooSmall`], [`TrainError::Diverged`],
    /// [`TrainError::Interrupted`], and
    /// [`TrainError::Work`] when a checkpoint cannot be written; the checkpoint before it is kept.
    pub fn fit(
        &mut self,
        examples: Examples<'_>,
        cancel: &Cancel,
        checkpoint: Option<&Path>,
        report: impl FnMut(EpochMetrics),
    ) -> Result<(), TrainError> {
        self.fit_watched(examples, &Monitor::new(Arc::new(Silent), cancel.clone()), checkpoint, report)
    }

    /// The same, where `monitor` advances by the number of examples of every batch and says when to stop.
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    pub fn fit_watched(
        &mut self,
        examples: Examples<'_>,
        monitor: &Monitor,
        checkpoint: Option<&Path>,
        mut report: impl FnMut(EpochMetrics),
    ) -> Result<(), TrainError> {
        self.check_examples(examples)?;
        self.check_batches(examples.0.nrows())?;
        while !self.is_finished() {
            let before = (self.parameters.clone(), self.state.clone());
            let loss = match self.epoch(examples, monitor) {
                Ok(loss) => loss,
                Err(error) => {
                    // Half an epoch is not kept: a resumed run begins the epoch again, with the same bits.
                    (self.parameters, self.state) = before;
                    return Err(error);
                }
            };
            self.progress.add(loss);
            if let Some(path) = checkpoint {
                let (parameters, state) = (&self.parameters, &self.state);
                Checkpoint::write(path, &self.network, &self.settings, parameters, state, self.progress)?;
            }
            report(EpochMetrics { epoch: self.progress.epochs_done, loss });
        }
        Ok(())
    }

    /// Whether there is nothing left to train, also where a checkpoint was taken at the end.
    fn is_finished(&self) -> bool {
        let is_enough = self
            .progress
            .last_loss
            .zip(self.settings.enough_loss)
            .is_some_and(|(loss, enough)| loss <= enough);
        let is_stale = self
            .settings
            .patience
            .is_some_and(|patience| self.progress.epochs_since_lowest >= patience.max(1));
        self.progress.epochs_done >= self.settings.epochs || is_enough || is_stale
    }

    /// The fraction of examples whose largest output stands where the largest target does; nothing is dropped, and batch normalisation
    /// uses its running averages.
    ///
    /// # Errors
    /// [`TrainError::Mismatch`] for examples of another shape.
    pub fn accuracy(&self, examples: Examples<'_>) -> Result<f64, TrainError> {
        self.check_examples(examples)?;
        let (inputs, targets) = examples;
        let mut right = 0_usize;
        let together = self.settings.batch.min(EVALUATION_BATCH).min(self.network.examples_in_cache());
        for start in (0..inputs.nrows()).step_by(together) {
            let rows: Vec<usize> = (start..inputs.nrows().min(start + together)).collect();
            let batch = self.parameters.precision.rows(inputs, &rows, &self.parameters.device);
            let outputs = crate::precision::values_of(&self.network.outputs(&self.parameters, batch, None));
            let wanted: Vec<f64> = rows.iter().flat_map(|&row| targets.row(row).to_vec()).collect();
            let width = self.network.output_width();
            right += outputs
                .chunks(width)
                .zip(wanted.chunks(width))
                .filter(|(outputs, targets)| largest(outputs) == largest(targets))
                .count();
        }
        Ok(right as f64 / inputs.nrows() as f64)
    }

    fn epoch(&mut self, (inputs, targets): Examples<'_>, monitor: &Monitor) -> Result<f64, TrainError> {
        let epoch = self.progress.epochs_done + 1;
        let order = RandomStream::for_parts(&[self.settings.seed, epoch as u64]).permutation(inputs.nrows());
        let mut sum = 0.0;
        for (batch, rows) in order.chunks(self.settings.batch).enumerate() {
            monitor.check().map_err(|_| TrainError::Interrupted { epoch })?;
            let masks = RandomStream::for_parts(&[!self.settings.seed, epoch as u64, batch as u64]).bits();
            let batch_loss = BatchLoss { loss: self.settings.loss, masks };
            let (value, gradients, statistics) =
                batch_loss.of(&self.network, &self.parameters, (inputs, targets), rows);
            if !value.is_finite() {
                return Err(TrainError::Diverged { epoch, batch: batch + 1, loss: value });
            }
            sum += value * rows.len() as f64;
            self.settings.optimizer.step(&mut self.parameters, &mut self.state, gradients);
            self.parameters.follow(statistics);
            monitor.advance(rows.len() as f64);
        }
        Ok(sum / inputs.nrows() as f64)
    }

    /// Batch normalisation needs more than one value in every batch, of which the last is the smallest.
    fn check_batches(&self, examples: usize) -> Result<(), TrainError> {
        let over = examples % self.settings.batch;
        self.network.check_batch(if over == 0 { self.settings.batch } else { over })
    }

    fn check_examples(&self, (inputs, targets): Examples<'_>) -> Result<(), TrainError> {
        let expected = [
            ("values of an input", self.network.input_size(), inputs.ncols()),
            ("values of a target", self.network.output_width(), targets.ncols()),
            ("number of targets", inputs.nrows(), targets.nrows()),
        ];
        for (what, expected, got) in expected {
            if expected != got {
                let (expected, got) = (expected.to_string(), got.to_string());
                return Err(TrainError::Mismatch { what, expected, got });
            }
        }
        if inputs.nrows() == 0 {
            let (expected, got) = ("at least 1".to_owned(), "0".to_owned());
            return Err(TrainError::Mismatch { what: "number of examples", expected, got });
        }
        Ok(())
    }
}

/// Most examples evaluated together, never more than are trained on together; accuracies do not depend on it.
const EVALUATION_BATCH: usize = 512;

/// The place of the largest value, the first of several.
fn largest(values: &[f64]) -> usize {
    values.iter().enumerate().fold(0, |best, (place, value)| if *value > values[best] { place } else { best })
}
