//! One line of an audit's table.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::conjugate_gradients::ConjugateGradients;
use crate::finite::required;
use crate::irrep_row::IrrepRow;
use crate::projection_effect::ProjectionEffect;
use crate::status::Status;

/// Two seeds that look the same to the network, each at some pose.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Lookalikes {
    /// Index of one seed in the dataset.
    pub a: usize,
    /// Index of the other.
    pub b: usize,
    /// Class of `a`.
    pub label_a: String,
    /// Class of `b`; if it is another one, the labels conflict.
    pub label_b: String,
}

/// All pairs, or all seeds, of one question, architecture and number of poses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SummaryRow {
    /// Index into [`questions`](crate::AuditReport::questions).
    pub question: usize,
    /// The architecture.
    pub arch: String,
    /// The group, such as `rotation:16`.
    pub group: String,
    /// What is held out.
    pub hold_out: String,
    /// Poses of an orbit: the order of the group.
    pub poses: usize,
    /// Pairs of seeds; 0 in an audit of classes.
    pub pairs: usize,
    /// Seeds with held-out poses in an audit of classes; 0 in an audit of pairs.
    pub seeds: usize,
    /// Seeds that training saw at no pose.
    pub unseen_seeds: usize,
    /// Median over pairs or seeds of the exact error.
    pub median_exact_error: Option<f64>,
    /// Median over pairs or seeds of the paper's spectral error.
    pub median_spectral_error: Option<f64>,
    /// Median over pairs or seeds of the error after projection onto the invariant matrices.
    pub median_projected_error: Option<f64>,
    /// Fraction of the held-out poses that are classified correctly, 0 to 1.
    #[serde(serialize_with = "required")]
    pub fraction_correct: f64,
    /// The same of the seeds that training saw at no pose, at the poses that their class does not show.
    pub fraction_correct_unseen: Option<f64>,
    /// Median over these seeds of the exact error.
    pub median_unseen_error: Option<f64>,
    /// Pairs or seeds with a misclassified held-out pose that the averaged spectral error, below 1, does not show.
    pub hidden_failures: usize,
    /// Median over pairs or seeds of the invariance defect.
    pub median_invariance_defect: Option<f64>,
    /// Largest condition number of a Gram matrix.
    pub maximum_condition_number: Option<f64>,
    /// Correlation over pairs or seeds of spectral and exact error, −1 to 1.
    pub spectral_exact_correlation: Option<f64>,
    /// The least number of poses that look the same to the network, over all pairs or seeds; see
    /// [`PairResult::indistinguishable_poses`](crate::PairResult::indistinguishable_poses).
    pub indistinguishable_poses: usize,
    /// Seeds that look the same to the network; of many that look like one another some pairs only.
    pub lookalikes: Vec<Lookalikes>,
    /// Why a Gram matrix could not be inverted and what would help, of the first pair (or set of classes) where that
    /// happened.
    pub obstacle: Option<String>,
    /// Which irreps the errors come from, in the order of the blocks; empty where it is not known.
    pub irreps: Vec<IrrepRow>,
    /// Pairs or seeds by status; those that do not occur are left out.
    pub statuses: BTreeMap<Status, usize>,
    /// Of some rows of the Gram matrix computed again from the images: the largest residual of the solution at the ridge used, relative
    /// to the largest label. Only where the matrix is never held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub largest_residual: Option<f64>,
    /// The condition number is no larger. Only where the matrix is never held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition_number_bound: Option<f64>,
    /// What projection changes. Only where the matrix as it is was not solved, and errors are those after projection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub projection_effect: Option<ProjectionEffect>,
    /// How it was solved, and which part of the seeds is answered. Only where not even a block is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conjugate_gradients: Option<ConjugateGradients>,
}
