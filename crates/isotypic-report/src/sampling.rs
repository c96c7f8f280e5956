//! Error bars of answers that rest on sampled kernels.

use serde::{Deserialize, Serialize};

use crate::finite::required;

/// What sampling leaves open, for networks with layers whose kernel has no closed form.
///
/// Standard errors are those of the mean over replicates of the kernel, carried through regression by leaving out one replicate at a
/// time (the jackknife). Points whose margin is within two standard errors of 0 are undecided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SamplingReport {
    /// Points per expectation in one replicate, as asked for.
    pub samples: usize,
    /// Independent replicates.
    pub replicates: usize,
    /// Names the random numbers.
    pub seed: u64,
    /// One per question, architecture with sampled layers, and number of poses.
    pub rows: Vec<SamplingRow>,
    /// One per held-out point.
    pub points: Vec<SamplingPoint>,
}

/// The held-out points of one question, architecture and number of poses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SamplingRow {
    /// Index into [`questions`](crate::AuditReport::questions).
    pub question: usize,
    /// The architecture.
    pub arch: String,
    /// Poses of an orbit.
    pub poses: usize,
    /// Held-out points.
    pub points: usize,
    /// Those of which sampling does not say whether they are classified correctly.
    pub undecided: usize,
    /// Median standard error of the errors of points; `None` if none is known.
    pub median_standard_error: Option<f64>,
    /// Fraction of points classified correctly if all undecided ones are wrong, 0 to 1.
    #[serde(serialize_with = "required")]
    pub fraction_correct_at_least: f64,
    /// The same if they are all right.
    #[serde(serialize_with = "required")]
    pub fraction_correct_at_most: f64,
}

/// One held-out point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SamplingPoint {
    /// Index into [`results`](crate::AuditReport::results).
    pub pair: usize,
    /// Index of the seed in the dataset.
    pub seed: usize,
    /// The held-out element of the group.
    pub element: usize,
    /// Standard error of the point's error; `None` where some replicate has no answer.
    pub error_standard_error: Option<f64>,
    /// Standard error of the point's margin.
    pub margin_standard_error: Option<f64>,
    /// Whether the margin is within two standard errors of 0, or the standard error is not known.
    pub undecided: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_that_are_no_numbers_are_refused() {
        let row = |fraction: f64| SamplingRow {
            question: 0,
            arch: "a".to_owned(),
            poses: 4,
            points: 2,
            undecided: 1,
            median_standard_error: None,
            fraction_correct_at_least: fraction,
            fraction_correct_at_most: 1.0,
        };
        let json = serde_json::to_string(&row(0.5)).unwrap();
        assert_eq!(serde_json::from_str::<SamplingRow>(&json).unwrap(), row(0.5));
        assert!(serde_json::to_string(&row(f64::NAN)).is_err());
    }
}
