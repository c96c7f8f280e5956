//! How many poses the objects of some classes need.

use serde::{Deserialize, Serialize};

/// Error against number of poses for one pair of classes (an audit of pairs) or one class (an audit of classes).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassCurve {
    /// Index into [`questions`](crate::AuditReport::questions).
    pub question: usize,
    /// The architecture.
    pub arch: String,
    /// The two classes, or the one.
    pub classes: Vec<String>,
    /// The smallest number of poses that is enough: it and every larger one asked succeed. None if the largest fails.
    pub enough_poses: Option<usize>,
    /// One entry per number of poses, ascending.
    pub curve: Vec<CurvePoint>,
}

/// One number of poses of a curve.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// Poses of an orbit: the order of the group.
    pub poses: usize,
    /// How many pairs or seeds.
    pub results: usize,
    /// Median over them of the exact error.
    pub median_exact_error: Option<f64>,
    /// Fraction of their held-out poses that are classified correctly, 0 to 1.
    pub fraction_correct: Option<f64>,
}
