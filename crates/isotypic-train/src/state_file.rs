//! Parameters and the optimizer's memory as one `safetensors` file, with what they belong to.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use burn_tensor::Tensor;
use isotypic_work::write_atomically;
use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::precision::values_of;
use crate::{Network, NetworkParameters, OptimizerState, Precision, TrainError, TrainingDevice};

/// Sums may be split differently among other numbers of threads, and then bits differ.
pub(crate) const THREADS: &str = "number of threads";

/// The version of the arithmetic of training: it rises with every change that alters a bit of what a step computes, so that no run goes
/// on from a checkpoint with other numbers than those it began with. Checkpoints before version 2 do not name theirs.
pub(crate) const ARITHMETIC: &str = "version of the arithmetic";
const ARITHMETIC_VERSION: u32 = 2;

/// Under which the metadata stand, as JSON.
const ENTRY: &str = "isotypic";

/// What must agree between a file and the run that goes on from it, in the order in which it is compared.
pub(crate) type Identity = [(&'static str, String); 6];

/// The identity of a run.
pub(crate) fn identity(
    network: &Network,
    settings: &impl Serialize,
    examples: String,
    device: TrainingDevice,
) -> Identity {
    let hash = Sha256::digest(network.canonical());
    let hash = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let written = serde_json::to_string(settings).expect("plain structs with string keys always serialise");
    let threads = rayon::current_num_threads().to_string();
    [
        (ARITHMETIC, ARITHMETIC_VERSION.to_string()),
        ("network", hash),
        ("settings", written),
        ("examples", examples),
        ("device", device.to_string()),
        (THREADS, threads),
    ]
}

/// Writes a file whole or not at all.
pub(crate) fn write_state(
    path: &Path,
    identity: Identity,
    (parameters, state): (&NetworkParameters, &OptimizerState),
    progress: &impl Serialize,
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
    let mut entries: BTreeMap<&str, String> = identity.into_iter().collect();
    let written = serde_json::to_string(progress).expect("plain structs of numbers always serialise");
    entries.insert("progress", written);
    entries.insert("steps", state.steps.to_string());
    entries.insert("moments", state.moments.len().to_string());
    let entries = serde_json::to_string(&entries).expect("a map of strings always serialises");
    // One entry: several would stand in an order that changes from run to run.
    let metadata = HashMap::from([(ENTRY.to_owned(), entries)]);
    let content = serialize(views, Some(metadata)).map_err(broken)?;
    write_atomically(path, |file| file.write_all(&content))?;
    Ok(())
}

/// Reads a file of this identity; `like` gives names, shapes and precision.
pub(crate) fn read_state<Progress: DeserializeOwned>(
    path: &Path,
    identity: Identity,
    like: &NetworkParameters,
) -> Result<(NetworkParameters, OptimizerState, Progress), TrainError> {
    let content = fs::read(path).map_err(|source| TrainError::File { path: path.to_owned(), source })?;
    let broken = |reason: String| TrainError::BrokenCheckpoint { path: path.to_owned(), reason };
    let file = SafeTensors::deserialize(&content).map_err(|error| broken(error.to_string()))?;
    let (_, header) = SafeTensors::read_metadata(&content).map_err(|error| broken(error.to_string()))?;
    let metadata = header.metadata().as_ref().and_then(|metadata| metadata.get(ENTRY));
    let metadata = metadata.ok_or_else(|| broken(format!("no entry `{ENTRY}`")))?;
    let entries: BTreeMap<String, String> =
        serde_json::from_str(metadata).map_err(|error| broken(format!("entry `{ENTRY}`: {error}")))?;
    let entry = |key: &str| entries.get(key).ok_or_else(|| broken(format!("no entry `{key}`")));
    for (what, expected) in identity {
        let got = match entries.get(what) {
            None if what == ARITHMETIC => "1",
            _ => entry(what)?,
        };
        if got != expected {
            let (path, got) = (path.to_owned(), got.to_owned());
            return Err(TrainError::ForeignCheckpoint { path, what, expected, got });
        }
    }
    let number = |key: &str| -> Result<u64, TrainError> {
        entry(key)?.parse().map_err(|_| broken(format!("entry `{key}` is not a whole number")))
    };
    let progress = serde_json::from_str(entry("progress")?)
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
    let moments = (0..number("moments")?).map(|place| tensors(&format!("moment {place} ")));
    let state = OptimizerState { steps: number("steps")?, moments: moments.collect::<Result<_, _>>()? };
    Ok((parameters, state, progress))
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
