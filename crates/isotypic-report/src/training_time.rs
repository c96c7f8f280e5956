//! Held-out poses after a finite time of training.

use serde::{Deserialize, Serialize};

use crate::finite::{all_required, required};

/// What networks predict at held-out poses when training is stopped early.
///
/// Time counts steps of gradient descent with learning rate 1 on half the sum of squared errors, from outputs that are 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainingReport {
    /// The times asked about, ascending.
    #[serde(serialize_with = "all_required")]
    pub times: Vec<f64>,
    /// One per question, architecture and number of poses.
    pub rows: Vec<TrainingRow>,
    /// One per held-out point of the seeds that training sees.
    pub points: Vec<TrainingPoint>,
}

/// The held-out points of one question, architecture and number of poses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainingRow {
    /// Index into [`questions`](crate::AuditReport::questions).
    pub question: usize,
    /// The architecture.
    pub arch: String,
    /// Poses of an orbit.
    pub poses: usize,
    /// Held-out points.
    pub points: usize,
    /// Median error after each of the times.
    pub median_errors: Vec<Option<f64>>,
    /// Fraction of the points that get the right class after each of the times, 0 to 1.
    #[serde(serialize_with = "all_required")]
    pub fractions_correct: Vec<f64>,
    /// The same at the end of training.
    #[serde(serialize_with = "required")]
    pub fraction_correct_at_end: f64,
    /// The same if training stopped at the best time of every point by itself.
    #[serde(serialize_with = "required")]
    pub fraction_correct_at_best: f64,
    /// Points that are wrong at the end and right at their best time.
    pub repaired: usize,
    /// Median of the best times of those points that are best before the end; `None` if there are none.
    pub median_best_time: Option<f64>,
}

/// One held-out point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainingPoint {
    /// Index into [`results`](crate::AuditReport::results).
    pub pair: usize,
    /// Index of the seed in the dataset.
    pub seed: usize,
    /// The held-out element of the group.
    pub element: usize,
    /// The prediction after each of the times, for labels ±1; of the own class, whose label is 1, if there are several outputs.
    pub predictions: Vec<Option<f64>>,
    /// The error after each of the times.
    pub errors: Vec<Option<f64>>,
    /// Whether the class is right after each of the times; empty in reports of versions without it.
    #[serde(default)]
    pub correct: Vec<bool>,
    /// Whether the class is right at the end of training.
    pub correct_at_end: bool,
    /// When the prediction, all outputs together, is nearest to the label; `None` at the end of training.
    pub best_time: Option<f64>,
    /// The error then.
    pub best_error: Option<f64>,
    /// Whether the class is right then.
    pub correct_at_best: bool,
}
