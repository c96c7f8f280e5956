//! The folder of an experiment with ensembles: each group of networks that is trained together is kept there, and goes on from there.

use std::time::{Duration, Instant};

use isotypic_train::{EpochMetrics, KeptDescent, RunFolder, TrainError};

use super::EnsembleTraining;

/// Time between two writings of networks in training.
const EVERY: Duration = Duration::from_secs(30);

/// Where the groups of one experiment are kept, if anywhere.
pub(crate) struct EnsembleRuns {
    folder: Option<RunFolder>,
    resume: bool,
    start: Instant,
}

impl EnsembleRuns {
    /// Opens the folder that was asked for.
    ///
    /// # Errors
    /// [`TrainError::CheckpointsThere`] unless the experiment goes on, and [`TrainError::Work`] where the folder cannot be written.
    pub(crate) fn open(training: &EnsembleTraining) -> Result<Self, TrainError> {
        let folder = match &training.folder {
            Some(path) => Some(RunFolder::open(path, training.resume)?),
            None => None,
        };
        Ok(Self { folder, resume: training.resume, start: Instant::now() })
    }

    /// Where a group is kept.
    pub(super) fn kept(&self, run: &str) -> Option<KeptDescent> {
        let path = self.folder.as_ref()?.checkpoint(run);
        Some(KeptDescent { path, resume: self.resume, every: EVERY })
    }

    /// Appends a line about a group at its end: its number of steps, and the loss, a mean over points and networks.
    pub(super) fn record(&mut self, run: &str, steps: usize, loss: f64) -> Result<(), TrainError> {
        let seconds = self.start.elapsed().as_secs_f64();
        self.start = Instant::now();
        match &mut self.folder {
            Some(folder) => folder.record(run, EpochMetrics { epoch: steps, loss }, seconds),
            None => Ok(()),
        }
    }
}
