//! Trained against predicted: the results of an audit with networks, summed up.

use crate::audit_report::AuditReport;
use crate::pair_result::ReportedResult;
use crate::statistics::{correlation, median};
use crate::training::TrainedResult;

/// All trained results of one architecture, group, number of poses and held-out set.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainedSummary {
    /// The architecture.
    pub arch: String,
    /// The group, such as `rotation:16`.
    pub group: String,
    /// What is held out.
    pub hold_out: String,
    /// Poses of an orbit.
    pub poses: usize,
    /// Pairs or seeds.
    pub results: usize,
    /// Median of the spectral error.
    pub spectral_error: Option<f64>,
    /// Median of the exact error.
    pub exact_error: Option<f64>,
    /// Median of what the kernel predicts for the same number of steps.
    pub finite_time_error: Option<f64>,
    /// Median of the networks' error.
    pub trained_error: Option<f64>,
    /// Correlation of the latter two over the results, if there are three that are not all alike.
    pub correlation: Option<f64>,
    /// Fraction of the results in which the kernel classifies all held-out poses correctly.
    pub fraction_correct: f64,
    /// Fraction of the results in which the networks do.
    pub fraction_trained_correct: f64,
}

impl TrainedSummary {
    /// One row per architecture, group, number of poses and held-out set that has trained results, in the order of the report.
    #[must_use]
    pub fn of(report: &AuditReport) -> Vec<Self> {
        let rows: Vec<(&ReportedResult, &TrainedResult)> = report
            .results
            .iter()
            .filter_map(|result| result.trained().map(|trained| (result, trained)))
            .collect();
        let mut keys = Vec::new();
        for (result, _) in &rows {
            if !keys.contains(&result.key()) {
                keys.push(result.key());
            }
        }
        let of_key = |&key: &(&str, &str, &str, usize)| {
            let rows: Vec<_> = rows.iter().filter(|(result, _)| result.key() == key).copied().collect();
            let fraction = |is: fn(&ReportedResult, &TrainedResult) -> bool| {
                rows.iter().filter(|(result, trained)| is(result, trained)).count() as f64 / rows.len() as f64
            };
            let both =
                rows.iter().filter_map(|(_, trained)| trained.finite_time_error.zip(trained.trained_error));
            Self {
                arch: key.0.to_owned(),
                group: key.1.to_owned(),
                hold_out: key.2.to_owned(),
                poses: key.3,
                results: rows.len(),
                spectral_error: median(rows.iter().filter_map(|(result, _)| result.spectral_error())),
                exact_error: median(rows.iter().filter_map(|(result, _)| result.exact_error())),
                finite_time_error: median(rows.iter().filter_map(|(_, trained)| trained.finite_time_error)),
                trained_error: median(rows.iter().filter_map(|(_, trained)| trained.trained_error)),
                correlation: correlation(&both.collect::<Vec<_>>()),
                fraction_correct: fraction(|result, _| result.is_correct()),
                fraction_trained_correct: fraction(|_, trained| trained.trained_correct),
            }
        };
        keys.iter().map(of_key).collect()
    }
}
