//! Everything a run needs to go on, as one `safetensors` file.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use burn_tensor::Tensor;
use isotypic_work::write_atomically;
use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};
use sha2::{Digest, Sha256};

use crate::precision::values_of;
use crate::{
    Network, NetworkParameters, OptimizerState, Precision, TrainError, TrainingProgress, TrainingSettings,
};

/// A checkpoint that has been read: parameters, the optimizer's memory, and how far training is.
///
/// The file holds one tensor for each array of parameters, under its name, and `moment 0 NAME`, `moment 1 NAME` of the
/// optimizer; its metadata say what network (a hash), settings, examples, steps, losses and number of threads it comes from.
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
        let mut arrays = Vec::new();
        for (name, tensor) in parameters.names.iter().zip(&parameters.tensors) {
            arrays.push((name.clone(), tensor.dims().to_vec(), bytes(tensor, parameters.precision)));
        }
        for (place, moments) in state.moments.iter().enumerate() {
            for (name, tensor) in parameters.names.iter().zip(moments) {
                let name = format!("moment {place} {name}");
                arrays.push((name, tensor.dims().to_vec(), bytes(tensor, parameters.precision)));
            }
        }
        let broken = |error: safetensors::SafeTensorError| TrainError::BrokenCheckpoint {
            path: path.to_owned(),
            reason: error.to_string(),
        };
        let dtype = dtype(parameters.precision);
        let views = arrays.iter().map(|(name, shape, bytes)| {
            TensorView::new(dtype, shape.clone(), bytes).map(|view| (name.as_str(), view))
        });
        let views = views.collect::<Result<Vec<_>, _>>().map_err(broken)?;
        let mut metadata: HashMap<String, String> =
            identity(network, settings).into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        let written = serde_json::to_string(&progress).expect("a struct of numbers always serialises");
        metadata.insert("progress".to_owned(), written);
        metadata.insert("steps".to_owned(), state.steps.to_string());
        let content = serialize(views, Some(metadata)).map_err(broken)?;
        write_atomically(path, |file| file.write_all(&content))?;
        Ok(())
    }

    /// Reads a checkpoint of this network and these settings; `like` gives names, shapes and precision.
    pub(crate) fn read(
        path: &Path,
        network: &Network,
        settings: &TrainingSettings,
        like: &NetworkParameters,
    ) -> Result<Self, TrainError> {
        let content = fs::read(path).map_err(|source| TrainError::File { path: path.to_owned(), source })?;
        let broken = |reason: String| TrainError::BrokenCheckpoint { path: path.to_owned(), reason };
        let file = SafeTensors::deserialize(&content).map_err(|error| broken(error.to_string()))?;
        let (_, header) = SafeTensors::read_metadata(&content).map_err(|error| broken(error.to_string()))?;
        let metadata = header.metadata().as_ref();
        let entry = |key: &str| {
            metadata.and_then(|entries| entries.get(key)).ok_or_else(|| broken(format!("no entry `{key}`")))
        };
        for (what, expected) in identity(network, settings) {
            let got = entry(what)?;
            if *got != expected {
                let (path, got) = (path.to_owned(), got.clone());
                return Err(TrainError::ForeignCheckpoint { path, what, expected, got });
            }
        }
        let steps: u64 =
            entry("steps")?.parse().map_err(|_| broken("entry `steps` is not a whole number".to_owned()))?;
        let progress: TrainingProgress = serde_json::from_str(entry("progress")?)
            .map_err(|error| broken(format!("entry `progress`: {error}")))?;
        let tensors = |prefix: &str| -> Result<Vec<Tensor<3>>, TrainError> {
            let read = |(name, old): (&String, &Tensor<3>)| {
                let name = format!("{prefix}{name}");
                let view = file.tensor(&name).map_err(|error| broken(error.to_string()))?;
                if view.dtype() != dtype(like.precision) || view.shape() != old.dims() {
                    return Err(broken(format!("array `{name}` has another shape or number format")));
                }
                Ok(like.precision.tensor(values(view.data(), like.precision), old.dims(), &like.device))
            };
            like.names.iter().zip(&like.tensors).map(read).collect()
        };
        let parameters = NetworkParameters { tensors: tensors("")?, ..like.clone() };
        let moments = match steps {
            0 => vec![],
            _ => (0..settings.optimizer.moments())
                .map(|place| tensors(&format!("moment {place} ")))
                .collect::<Result<_, _>>()?,
        };
        Ok(Self { parameters, state: OptimizerState { steps, moments }, progress })
    }
}

/// Sums may be split differently among other numbers of threads, and then bits differ.
pub(crate) const THREADS: &str = "number of threads";

/// What must agree between a checkpoint and the run that goes on from it.
fn identity(network: &Network, settings: &TrainingSettings) -> [(&'static str, String); 4] {
    let hash = Sha256::digest(network.canonical());
    let hash = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let written = serde_json::to_string(settings).expect("plain structs with string keys always serialise");
    let threads = rayon::current_num_threads().to_string();
    [("network", hash), ("settings", written), ("examples", settings.data.clone()), (THREADS, threads)]
}

fn dtype(precision: Precision) -> Dtype {
    match precision {
        Precision::Single => Dtype::F32,
        Precision::Double => Dtype::F64,
    }
}

/// Little-endian, as the format wants it. Single precision goes through `f64` and back without loss.
fn bytes(tensor: &Tensor<3>, precision: Precision) -> Vec<u8> {
    let values = values_of(tensor).into_iter();
    match precision {
        Precision::Single => values.flat_map(|value| (value as f32).to_le_bytes()).collect(),
        Precision::Double => values.flat_map(f64::to_le_bytes).collect(),
    }
}

fn values(bytes: &[u8], precision: Precision) -> Vec<f64> {
    match precision {
        Precision::Single => {
            bytes.as_chunks().0.iter().map(|&value| f64::from(f32::from_le_bytes(value))).collect()
        }
        Precision::Double => bytes.as_chunks().0.iter().map(|&value| f64::from_le_bytes(value)).collect(),
    }
}
