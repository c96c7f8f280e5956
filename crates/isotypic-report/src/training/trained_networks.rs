//! How the networks of an audit were trained.

use serde::{Deserialize, Serialize};

use crate::finite::required;

/// The ensembles beside the kernel's answers, the same for all results.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainedNetworks {
    /// Networks for each held-out set, whose answers are averaged.
    pub networks: usize,
    /// Channels of hidden layers that have no width of their own.
    pub width: usize,
    /// How gradients become steps: `gradient descent`, with its momentum if it has some.
    pub optimizer: String,
    /// Steps on all observed points at once.
    pub steps: usize,
    /// Size of the steps times the largest eigenvalue of the kernel.
    #[serde(serialize_with = "required")]
    pub step_size: f64,
    /// Momentum, in [0, 1).
    #[serde(serialize_with = "required")]
    pub momentum: f64,
    /// What outputs are multiplied by.
    #[serde(serialize_with = "required")]
    pub output_scale: f64,
    /// Number format of the networks, `f32` or `f64`.
    pub precision: String,
    /// Where they were trained: `cpu`, `cuda` or `wgpu`.
    pub device: String,
    /// Seed of all parameters.
    pub seed: u64,
    /// Threads: among other numbers bits may differ.
    pub threads: usize,
}
