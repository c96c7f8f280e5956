//! One line of an audit's table.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::finite::required;
use crate::status::Status;

/// All pairs of one question, architecture and number of poses.
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
    /// Pairs of seeds.
    pub pairs: usize,
    /// Median over pairs of the exact error.
    pub median_exact_error: Option<f64>,
    /// Median over pairs of the paper's spectral error.
    pub median_spectral_error: Option<f64>,
    /// Median over pairs of the error after projection onto the invariant matrices.
    pub median_projected_error: Option<f64>,
    /// Fraction of the held-out poses that are classified correctly, 0 to 1.
    #[serde(serialize_with = "required")]
    pub fraction_correct: f64,
    /// Median over pairs of the invariance defect.
    pub median_invariance_defect: Option<f64>,
    /// Largest condition number of a Gram matrix.
    pub maximum_condition_number: Option<f64>,
    /// Correlation over pairs of spectral and exact error, −1 to 1.
    pub spectral_exact_correlation: Option<f64>,
    /// Pairs by status; those that do not occur are left out.
    pub statuses: BTreeMap<Status, usize>,
}
