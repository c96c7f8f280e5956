//! What a page shows beyond the tables: spreads, repairs, examples and images.

use serde::{Deserialize, Serialize};

use crate::example::ExampleResult;
use crate::images::ReportedImages;

/// What a page needs and the tables do not have. Computed with the audit, so that a page can be made again from stored results
/// without the data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditDetails {
    /// A command line that repeats the audit.
    pub command: String,
    /// One per row of [`summary`](crate::AuditReport::summary), in its order.
    pub spreads: Vec<ErrorSpread>,
    /// One per row of [`verdicts`](crate::AuditReport::verdicts), in its order.
    pub repairs: Vec<RepairRow>,
    /// The result with the largest error and that with the smallest, per question, architecture and number of poses.
    pub examples: Vec<ExampleResult>,
    /// Pictures of seeds and orbits; `None` where the points are no images.
    pub images: Option<ReportedImages>,
    /// Estimated seconds of one core for each architecture, in the order of the settings.
    pub planned_seconds: Vec<Option<f64>>,
}

/// How the exact errors behind one row of the summary are spread.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ErrorSpread {
    /// Results with a number; seeds that training never saw are not among them.
    pub results: usize,
    /// The quantiles 0.1, 0.25, 0.5, 0.75 and 0.9, linear between neighbours; `None` if there is no number.
    pub quantiles: Option<[f64; 5]>,
    /// Results in which every held-out pose gets the right class.
    pub all_right: usize,
    /// Wilson's 95 % interval of the chance that a further pair (or seed) is one of them.
    pub all_right_interval: Option<[f64; 2]>,
}

/// What would repair a failure, computed for this data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RepairRow {
    /// Index into [`questions`](crate::AuditReport::questions).
    pub question: usize,
    /// The architecture.
    pub arch: String,
    /// The number of poses that the other fields speak of: the largest asked that fails, or the largest asked.
    pub poses: usize,
    /// Whether it fails there.
    pub fails: bool,
    /// The smallest number of poses asked that is enough; `None` if none is.
    pub enough_poses: Option<usize>,
    /// Other architectures asked that are right at that number of poses and every larger one.
    pub other_architectures: Vec<String>,
    /// Median error of the same network averaged over the group: regression on seeds with
    /// $\bar k(x, y) = \frac{1}{|G|} \sum_u k(x, uy)$ and the observed poses as weights.
    pub averaged_error: Option<f64>,
    /// Fraction of the held-out poses that it classifies correctly.
    pub averaged_correct: Option<f64>,
    /// By what factor the squared distance between the two orbits' means would have to grow for a failing pair to be right, median
    /// over the failing pairs; in audits of classes that between the mean of a class and the nearest other one, for a failing seed.
    /// `None` without failures, and where no distance suffices.
    pub separation_factor: Option<f64>,
    /// Pairs that fail at this number of poses.
    pub failing: usize,
    /// Pairs (or seeds) asked about.
    pub asked: usize,
}
