//! What was found for one held-out point.

use serde::{Deserialize, Serialize};

use crate::status::Status;

/// One pose of one seed, held out and predicted from all that is observed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PointResult {
    /// The architecture.
    pub arch: String,
    /// The group, such as `rotation:16`.
    pub group: String,
    /// Poses of an orbit: the order of the group.
    pub poses: usize,
    /// What is held out.
    pub hold_out: String,
    /// Index into [`results`](crate::AuditReport::results) of the pair or seed it belongs to.
    pub pair: usize,
    /// Index of the seed in the dataset.
    pub seed: usize,
    /// Index of the group element: the pose.
    pub element: usize,
    /// Class of the seed.
    pub label: String,
    /// Whether training saw this seed at no pose at all.
    pub unseen: bool,
    /// Prediction of each output: one for a pair (+1 the first seed, −1 the second), one per class otherwise.
    pub predictions: Vec<Option<f64>>,
    /// Label minus prediction, absolute; of the own class if there are several outputs.
    pub error: Option<f64>,
    /// Variance of the label under the Gaussian process with this kernel, the ridge as its noise included.
    pub variance: Option<f64>,
    /// By how much the own class wins; negative where the point is misclassified.
    pub margin: Option<f64>,
    /// Probability of the own class under the Gaussian process with this kernel.
    pub probability: Option<f64>,
    /// Whether the class is right.
    pub correct: bool,
    /// How the result came about.
    pub status: Status,
}
