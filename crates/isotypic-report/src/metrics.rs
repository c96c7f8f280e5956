//! Simple numbers beside the errors, and how well they foretell them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Metrics of all turns, and how well each orders the exact errors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricsReport {
    /// One per question, architecture (and all of them together) and metric.
    pub scores: Vec<MetricScore>,
    /// One per turn: a pair, or a class against the rest, and a seed with poses held out.
    pub turns: Vec<MetricTurn>,
}

/// How well a metric foretells what happens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricScore {
    /// Index into [`questions`](crate::AuditReport::questions).
    pub question: usize,
    /// The architecture; `None` for the turns of all architectures together.
    pub arch: Option<String>,
    /// Its name; `spectral_error` is the paper's formula.
    pub metric: String,
    /// Turns for which both the metric and the exact error are known.
    pub turns: usize,
    /// Spearman's rank correlation with the exact error, of such a sign that 1 is a perfect order; `None` where either is constant.
    pub spearman: Option<f64>,
    /// Kendall's rank correlation, of the same sign.
    pub kendall: Option<f64>,
    /// Probability that the metric puts a turn whose held-out poses are all recognised above one with a failure; 0.5 is chance, `None` where
    /// all succeed or all fail.
    pub area_under_curve: Option<f64>,
    /// How well it foretells what trained networks do, if any were trained.
    #[serde(flatten)]
    pub trained: Option<TrainedScore>,
}

/// The same against the outcomes of trained networks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainedScore {
    /// Turns for which both the metric and the networks' error are known.
    pub trained_turns: usize,
    /// Spearman's rank correlation with the networks' error, of the same sign.
    pub trained_spearman: Option<f64>,
    /// Kendall's rank correlation.
    pub trained_kendall: Option<f64>,
    /// Probability that the metric puts a turn in which the networks recognise all held-out poses above one with a failure.
    pub trained_area_under_curve: Option<f64>,
}

/// The metrics of one turn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricTurn {
    /// Index into [`results`](crate::AuditReport::results).
    pub pair: usize,
    /// Index in the dataset of the seed whose poses are held out.
    pub seed: usize,
    /// The exact error of that seed.
    pub exact_error: Option<f64>,
    /// Whether all its held-out poses are recognised.
    pub correct: bool,
    /// By name; `None` where a metric is not defined.
    pub metrics: BTreeMap<String, Option<f64>>,
    /// What trained networks said about that seed, if any were trained.
    #[serde(flatten)]
    pub trained: Option<TrainedTurn>,
}

/// The outcome of trained networks in one turn.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainedTurn {
    /// Mean distance of their mean prediction from the label.
    pub trained_error: Option<f64>,
    /// Whether all held-out poses of the seed are recognised.
    pub trained_correct: bool,
}
