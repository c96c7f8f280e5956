//! What finite networks said about the held-out poses of one result of an audit.

use serde::{Deserialize, Serialize};

/// Networks trained on what is observed, beside the kernel's answer. Its fields stand among those of the result.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainedResult {
    /// Mean absolute error at the held-out poses, of the mean over all networks; 0 is perfect.
    pub trained_error: Option<f64>,
    /// Whether that mean classifies all held-out poses correctly.
    pub trained_correct: bool,
    /// The error that the kernel predicts after the same number of steps of the same size; the exact error is its limit.
    pub finite_time_error: Option<f64>,
    /// Loss $\frac{1}{2} \sum_c (f_c - y_c)^2$ that was left at the end, a mean over observed points and networks.
    pub trained_loss: Option<f64>,
}
