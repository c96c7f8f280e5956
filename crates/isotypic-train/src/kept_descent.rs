//! Descents that survive: where they are kept, and how far they are.

use std::path::{Path, PathBuf};
use std::time::Duration;

use isotypic_work::ContentHash;
use ndarray::ArrayView3;
use serde::{Deserialize, Serialize};

use crate::state_file::{Identity, identity, read_state, write_state};
use crate::{Descent, Network, NetworkParameters, OptimizerState, TrainError};

/// Where an ensemble in training is kept, and how often.
///
/// What is kept does not depend on when: a descent that goes on ends with the bits of one that was never stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptDescent {
    /// The file. At the end it holds the parameters alone.
    pub path: PathBuf,
    /// Whether to go on from the file, if it is there.
    pub resume: bool,
    /// Time between two writings; the end and an interruption are always written.
    pub every: Duration,
}

/// Losses of all members before the last step that was taken.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct DescentProgress {
    pub(crate) losses: Vec<f64>,
}

/// A file of one descent.
pub(crate) struct DescentFile<'run> {
    pub(crate) kept: &'run KeptDescent,
    identity: Identity,
}

impl<'run> DescentFile<'run> {
    /// The file for members that begin with these parameters and learn these examples.
    pub(crate) fn new(
        kept: &'run KeptDescent,
        (network, start): (&Network, &NetworkParameters),
        descent: &Descent,
        inputs: ArrayView3<'_, f64>,
        targets: ArrayView3<'_, f64>,
    ) -> Self {
        let hash = |values: ArrayView3<'_, f64>| ContentHash::of_array(values.shape(), values.iter());
        let begins = start.values().concat();
        let examples = format!(
            "inputs {}, targets {}, parameters {}",
            hash(inputs),
            hash(targets),
            ContentHash::of_array(&[begins.len()], &begins)
        );
        Self { kept, identity: identity(network, descent, examples, start.place) }
    }

    /// What the file holds, if one is there and asked for.
    pub(crate) fn read(
        &self,
        like: &NetworkParameters,
    ) -> Result<Option<(NetworkParameters, OptimizerState, DescentProgress)>, TrainError> {
        match self.kept.resume && self.path().exists() {
            true => read_state(self.path(), self.identity.clone(), like).map(Some),
            false => Ok(None),
        }
    }

    /// Writes the file whole or not at all.
    pub(crate) fn write(
        &self,
        parameters: &NetworkParameters,
        state: &OptimizerState,
        losses: &[f64],
    ) -> Result<(), TrainError> {
        let progress = DescentProgress { losses: losses.to_vec() };
        write_state(self.path(), self.identity.clone(), (parameters, state), &progress)
    }

    fn path(&self) -> &Path {
        &self.kept.path
    }
}
