//! Everything a run needs to go on, as one `safetensors` file.

use std::path::Path;

use crate::state_file::{Identity, identity, read_state, write_state};
use crate::{Network, NetworkParameters, OptimizerState, TrainError, TrainingProgress, TrainingSettings};

/// A checkpoint that has been read: parameters, the optimizer's memory, and how far training is.
///
/// The file holds one tensor for each array of parameters, under its name, and `moment 0 NAME`, `moment 1 NAME` of the
/// optimizer; its metadata say what version of the arithmetic, network (a hash), settings, examples, steps, losses and number of threads it
/// comes from.
pub struct Checkpoint {
    /// The parameters.
    pub parameters: NetworkParameters,
    /// The optimizer's memory.
    pub state: OptimizerState,
    /// How far training is.
    pub progress: TrainingProgress,
}

impl Checkpoint {
    /// Writes a checkpoint whole or not at all.
    pub(crate) fn write(
        path: &Path,
        network: &Network,
        settings: &TrainingSettings,
        parameters: &NetworkParameters,
        state: &OptimizerState,
        progress: TrainingProgress,
    ) -> Result<(), TrainError> {
        write_state(path, of_run(network, settings, parameters), (parameters, state), &progress)
    }

    /// Reads a checkpoint of this network and these settings; `like` gives names, shapes and precision.
    pub(crate) fn read(
        path: &Path,
        network: &Network,
        settings: &TrainingSettings,
        like: &NetworkParameters,
    ) -> Result<Self, TrainError> {
        let (parameters, state, progress) = read_state(path, of_run(network, settings, like), like)?;
        Ok(Self { parameters, state, progress })
    }
}

fn of_run(network: &Network, settings: &TrainingSettings, parameters: &NetworkParameters) -> Identity {
    identity(network, settings, settings.data.clone(), parameters.place)
}
