//! Trained against predicted: the results of an audit with networks, summed up.

use crate::audit_report::AuditReport;
use crate::pair_result::ReportedResult;
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

/// One result with its trained part.
struct Row<'a> {
    key: (&'a str, &'a str, &'a str, usize),
    spectral: Option<f64>,
    exact: Option<f64>,
    is_correct: bool,
    trained: TrainedResult,
}

impl TrainedSummary {
    /// One row per architecture, group, number of poses and held-out set that has trained results, in the order of the report.
    #[must_use]
    pub fn of(report: &AuditReport) -> Vec<Self> {
        let rows: Vec<Row<'_>> = report.results.iter().filter_map(row).collect();
        let mut keys = Vec::new();
        for row in &rows {
            if !keys.contains(&row.key) {
                keys.push(row.key);
            }
        }
        let of_key = |key: &(&str, &str, &str, usize)| {
            let rows: Vec<&Row<'_>> = rows.iter().filter(|row| row.key == *key).collect();
            let fraction = |is: fn(&Row<'_>) -> bool| {
                rows.iter().filter(|row| is(row)).count() as f64 / rows.len() as f64
            };
            let both =
                rows.iter().filter_map(|row| row.trained.finite_time_error.zip(row.trained.trained_error));
            Self {
                arch: key.0.to_owned(),
                group: key.1.to_owned(),
                hold_out: key.2.to_owned(),
                poses: key.3,
                results: rows.len(),
                spectral_error: median(rows.iter().filter_map(|row| row.spectral)),
                exact_error: median(rows.iter().filter_map(|row| row.exact)),
                finite_time_error: median(rows.iter().filter_map(|row| row.trained.finite_time_error)),
                trained_error: median(rows.iter().filter_map(|row| row.trained.trained_error)),
                correlation: correlation(&both.collect::<Vec<_>>()),
                fraction_correct: fraction(|row| row.is_correct),
                fraction_trained_correct: fraction(|row| row.trained.trained_correct),
            }
        };
        keys.iter().map(of_key).collect()
    }
}

fn row(result: &ReportedResult) -> Option<Row<'_>> {
    Some(match result {
        ReportedResult::Pair(pair) => Row {
            key: (&pair.arch, &pair.group, &pair.hold_out, pair.poses),
            spectral: pair.spectral_error,
            exact: pair.exact_error,
            is_correct: pair.correct_a && pair.correct_b,
            trained: pair.trained?,
        },
        ReportedResult::Seed(seed) => Row {
            key: (&seed.arch, &seed.group, &seed.hold_out, seed.poses),
            spectral: seed.spectral_error,
            exact: seed.exact_error,
            is_correct: seed.correct,
            trained: seed.trained?,
        },
    })
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        length if length % 2 == 1 => Some(values[middle]),
        _ => Some((values[middle - 1] + values[middle]) / 2.0),
    }
}

/// Pearson's.
fn correlation(pairs: &[(f64, f64)]) -> Option<f64> {
    let count = pairs.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|pair| pair.0), mean(|pair| pair.1));
    let sum = |of: &dyn Fn(f64, f64) -> f64| pairs.iter().map(|pair| of(pair.0 - x, pair.1 - y)).sum::<f64>();
    let (xx, yy) = (sum(&|a, _| a * a), sum(&|_, b| b * b));
    (pairs.len() > 2 && xx > 0.0 && yy > 0.0).then(|| sum(&|a, b| a * b) / (xx * yy).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_of_even_and_odd_numbers() {
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), Some(2.0));
        assert_eq!(median([4.0, 1.0, 2.0, 3.0].into_iter()), Some(2.5));
        assert_eq!(median(std::iter::empty()), None);
    }

    #[test]
    fn correlations_of_a_line_are_one_and_of_a_point_are_none() {
        let line = [(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)];
        assert!((correlation(&line).unwrap() - 1.0).abs() < 1e-15);
        assert!((correlation(&line.map(|(x, y)| (x, -y))).unwrap() + 1.0).abs() < 1e-15);
        assert_eq!(correlation(&[(1.0, 1.0); 5]), None);
        assert_eq!(correlation(&line[..2]), None);
    }
}
