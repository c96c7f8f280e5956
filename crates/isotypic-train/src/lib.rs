//! Finite-width networks on the training framework: what a [`LayerGraph`](isotypic_architecture::LayerGraph) describes, trained.
//!
//! The way through this crate: a checked graph or a name → `Network` (nodes with shapes) → `NetworkParameters` (drawn from
//! a seed) → `Trainer` (optimizer, loss, seeds) → accuracy, loss and `Checkpoint`s.
//!
//! Values are `[batch, positions, channels]` everywhere, channels last, as in `isotypic-architecture`, whose plain forward pass is
//! the control of this one. Convolutions and pooling gather their windows by an explicit table, for which every padding,
//! stride, dilation and number of spatial axes is the same; what is linear in the positions and has no weights goes by a list of terms.
//!
//! On the processor convolutions, affine maps, maps of positions, maxima, rectifiers, normalisation of channels and attention are operations of this
//! crate with backward passes of their own; on cards, and where tangent kernels ask what weights read, they are composed of tensor operations.
//!
//! Without the cargo feature `burn` the crate is empty.

#![cfg(feature = "burn")]

mod activations;
mod affine;
mod attention_heads;
mod batch_loss;
mod batch_norm;
mod checkpoint;
mod classes;
mod classes_experiment;
mod cpu_operation;
mod empirical_kernel;
mod ensemble;
mod error;
mod evaluation_order;
mod forward;
mod gelu;
mod group_conv;
mod initialization;
mod kept_descent;
mod layer_norm;
mod layout;
mod local_conv;
mod loss;
mod network;
mod network_parameters;
#[cfg(test)]
mod operation_twins;
mod optimizer;
mod paper_networks;
mod parameter_arrays;
mod patch_runs;
mod position_map;
mod precision;
mod probes;
mod relu;
mod residual_network;
mod resolve_network;
mod row_normalization;
mod run_folder;
mod self_attention;
mod state_file;
mod trainer;
mod training_device;
mod training_memory;
mod training_options;
mod training_progress;
mod transformer_parts;
mod vision_transformer;
mod window_maxima;
mod window_product;
mod window_table;
mod windowed_layers;

pub use batch_norm::BatchNorm;
pub use checkpoint::Checkpoint;
pub use classes::{ClassesData, ClassesOutcome};
pub use classes_experiment::{ClassesExperiment, ClassesRun, ClassesRunName};
pub use ensemble::{Descent, Ensemble};
pub use error::TrainError;
pub use initialization::Initialization;
pub use kept_descent::KeptDescent;
pub use loss::Loss;
pub use network::{Network, NetworkNode, NetworkOperation};
pub use network_parameters::NetworkParameters;
pub use optimizer::{Optimizer, OptimizerState};
pub use precision::Precision;
pub use run_folder::RunFolder;
pub use trainer::{EpochMetrics, Trainer, TrainingSettings};
pub use training_device::TrainingDevice;
pub use training_options::TrainingOptions;
pub use training_progress::TrainingProgress;
pub use transformer_parts::{ChannelScale, HeadedAttention, Patches, SinCosPositions};
