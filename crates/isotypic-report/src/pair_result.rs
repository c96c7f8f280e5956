//! What was found for one pair of seeds.

use serde::{Deserialize, Serialize};

use crate::seed_result::SeedResult;
use crate::status::Status;
use crate::training::TrainedResult;

/// One result of an audit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReportedResult {
    /// Two seeds of different classes.
    Pair(PairResult),
    /// One seed of an audit of whole classes.
    Seed(SeedResult),
}

impl ReportedResult {
    /// The pair, if this is one.
    #[must_use]
    pub fn as_pair(&self) -> Option<&PairResult> {
        match self {
            Self::Pair(pair) => Some(pair),
            Self::Seed(_) => None,
        }
    }

    /// The seed, if this is one.
    #[must_use]
    pub fn as_seed(&self) -> Option<&SeedResult> {
        match self {
            Self::Pair(_) => None,
            Self::Seed(seed) => Some(seed),
        }
    }

    /// Architecture, group, held-out set and number of poses.
    #[must_use]
    pub fn key(&self) -> (&str, &str, &str, usize) {
        match self {
            Self::Pair(pair) => (&pair.arch, &pair.group, &pair.hold_out, pair.poses),
            Self::Seed(seed) => (&seed.arch, &seed.group, &seed.hold_out, seed.poses),
        }
    }

    /// The classes, in the order of the seeds.
    #[must_use]
    pub fn labels(&self) -> Vec<&str> {
        match self {
            Self::Pair(pair) => vec![&pair.label_a, &pair.label_b],
            Self::Seed(seed) => vec![&seed.label],
        }
    }

    /// The paper's averaged formula.
    #[must_use]
    pub fn spectral_error(&self) -> Option<f64> {
        match self {
            Self::Pair(pair) => pair.spectral_error,
            Self::Seed(seed) => seed.spectral_error,
        }
    }

    /// Regression.
    #[must_use]
    pub fn exact_error(&self) -> Option<f64> {
        match self {
            Self::Pair(pair) => pair.exact_error,
            Self::Seed(seed) => seed.exact_error,
        }
    }

    /// Whether all held-out poses are classified correctly.
    #[must_use]
    pub fn is_correct(&self) -> bool {
        match self {
            Self::Pair(pair) => pair.correct_a && pair.correct_b,
            Self::Seed(seed) => seed.correct,
        }
    }

    /// What networks made of it, if some were trained.
    #[must_use]
    pub fn trained(&self) -> Option<&TrainedResult> {
        match self {
            Self::Pair(pair) => pair.trained.as_ref(),
            Self::Seed(seed) => seed.trained.as_ref(),
        }
    }
}

/// Two seeds of different classes, each with poses held out in turn.
///
/// Errors are absolute: 0 is a perfect prediction, above 1 the wrong class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PairResult {
    /// The architecture.
    pub arch: String,
    /// The group, such as `rotation:16`.
    pub group: String,
    /// Poses of an orbit: the order of the group.
    pub poses: usize,
    /// What is held out.
    pub hold_out: String,
    /// Index of the first seed in the dataset.
    pub a: usize,
    /// Index of the second seed in the dataset.
    pub b: usize,
    /// Class of the first seed.
    pub label_a: String,
    /// Class of the second seed.
    pub label_b: String,
    /// The paper's spectral error (arXiv 2412.11521); only for cyclic groups.
    pub spectral_error: Option<f64>,
    /// Least spectral error over the starting poses of the second seed, which change neither data nor exact error.
    pub spectral_error_minimum: Option<f64>,
    /// Largest spectral error over the starting poses of the second seed.
    pub spectral_error_maximum: Option<f64>,
    /// Mean of [`exact_error_a`](Self::exact_error_a) and [`exact_error_b`](Self::exact_error_b).
    pub exact_error: Option<f64>,
    /// Error of regression on the Gram matrix as it is, poses of the first seed held out; their mean if several.
    pub exact_error_a: Option<f64>,
    /// The same with poses of the second seed held out.
    pub exact_error_b: Option<f64>,
    /// Whether all held-out poses of the first seed are classified correctly.
    pub correct_a: bool,
    /// Whether all held-out poses of the second seed are classified correctly.
    pub correct_b: bool,
    /// The error after projection of the Gram matrix onto the invariant matrices.
    pub projected_error: Option<f64>,
    /// Relative distance of the Gram matrix from the invariant matrices: 0 for an exact symmetry.
    pub invariance_defect: Option<f64>,
    /// Condition number of the Gram matrix with its ridge, as it is solved.
    pub condition_number: Option<f64>,
    /// Squared distance of the orbit means in the space of inputs.
    pub delta_squared_input: Option<f64>,
    /// Squared distance of the orbit means in the space of the kernel.
    pub delta_squared_kernel: Option<f64>,
    /// How many poses look the same to the network as the pose itself, that one included: 1 where it tells all poses
    /// apart, the order of the group where it has the whole symmetry built in.
    pub indistinguishable_poses: usize,
    /// What the exact error tends to as the ridge tends to 0, where the Gram matrix is singular.
    pub limit_error: Option<f64>,
    /// How the result came about.
    pub status: Status,
    /// What trained networks said, if any were trained.
    #[serde(flatten)]
    pub trained: Option<TrainedResult>,
}
