//! What was found for one seed of an audit of whole classes.

use serde::{Deserialize, Serialize};

use crate::status::Status;
use crate::training::TrainedResult;

/// One seed at its held-out poses, predicted from everything that is observed of all classes.
///
/// Errors are absolute: 0 is a perfect prediction. A class is chosen by the largest output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeedResult {
    /// The architecture.
    pub arch: String,
    /// The group, such as `rotation:16`.
    pub group: String,
    /// Poses of an orbit: the order of the group.
    pub poses: usize,
    /// What is held out.
    pub hold_out: String,
    /// Index of the seed in the dataset.
    pub seed: usize,
    /// Class of the seed.
    pub label: String,
    /// Whether training saw this seed at no pose at all; then it is asked about at the poses that its class does not
    /// show.
    pub unseen: bool,
    /// Mean error over the held-out poses, one entry per class in the order of
    /// [`ReportedSettings::classes`](crate::ReportedSettings::classes).
    pub error: Vec<Option<f64>>,
    /// The entry of the own class.
    pub exact_error: Option<f64>,
    /// The same after projection of the Gram matrix onto the invariant matrices.
    pub projected_error: Option<f64>,
    /// The paper's spectral error, averaged over the seeds of all other classes; only for cyclic groups and seeds that
    /// training saw.
    pub spectral_error: Option<f64>,
    /// Prediction of the own class minus the largest of the others, the smallest over the held-out poses; negative
    /// where one is misclassified.
    pub margin: Option<f64>,
    /// Probability of the own class under the Gaussian process with this kernel, the smallest over the held-out poses.
    pub probability: Option<f64>,
    /// Whether all held-out poses are classified correctly.
    pub correct: bool,
    /// Relative distance of the Gram matrix from the invariant matrices: 0 for an exact symmetry.
    pub invariance_defect: Option<f64>,
    /// Condition number of the Gram matrix with its ridge, as it is solved.
    pub condition_number: Option<f64>,
    /// What the exact error tends to as the ridge tends to 0, where the Gram matrix is singular.
    pub limit_error: Option<f64>,
    /// Another seed that looks the same to the network at some pose, as an index into the dataset.
    pub twin: Option<usize>,
    /// How the result came about.
    pub status: Status,
    /// What trained networks said, if any were trained.
    #[serde(flatten)]
    pub trained: Option<TrainedResult>,
}
