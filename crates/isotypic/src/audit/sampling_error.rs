//! Error bars of answers that rest on sampled kernels, by the jackknife.
//!
//! The Gram matrix of an answer is the mean of $R$ independent estimates. Regression is repeated on the means of all but one of them, and
//! the answers $\theta_{(r)}$ give the standard error $\sqrt{\tfrac{R-1}{R}\sum_r(\theta_{(r)} - \bar\theta)^2}$ (Efron & Stein 1981, *Annals of Statistics* 9):
//! every matrix that is solved has nearly all samples, so that none is less definite than the mean.

use std::collections::BTreeMap;

use isotypic_report::statistics::median;
use isotypic_report::{PointResult, SamplingPoint, SamplingReport, SamplingRow, finite};

use super::job::Job;
use super::run::Finding;

/// Within how many standard errors of 0 a margin says nothing.
const DECISIVE: f64 = 2.0;

/// Adds error bars to findings, given what the means of all but one replicate say: the same findings in the same order.
pub(super) fn attach(findings: &mut [Finding], without_one: &[Vec<Finding>]) {
    for (index, finding) in findings.iter_mut().enumerate() {
        let point = |(at, point): (usize, &PointResult)| {
            let of = |field: fn(&PointResult) -> Option<f64>| {
                let values = without_one.iter().map(|findings| field(&findings[index].points[at]));
                jackknife(&values.collect::<Option<Vec<f64>>>()?)
            };
            let margin_standard_error = of(|point| point.margin);
            SamplingPoint {
                pair: 0, // known once all findings are in order
                seed: point.seed,
                element: point.element,
                error_standard_error: of(|point| point.error),
                margin_standard_error,
                undecided: !is_decided(point.margin, margin_standard_error),
            }
        };
        finding.sampling = finding.points.iter().enumerate().map(point).collect();
    }
}

fn is_decided(margin: Option<f64>, standard_error: Option<f64>) -> bool {
    margin.zip(standard_error).is_some_and(|(margin, error)| margin.abs() > DECISIVE * error)
}

/// The standard error of a number, from its values without each of the replicates.
fn jackknife(values: &[f64]) -> Option<f64> {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    finite(((count - 1.0) / count * squares).sqrt())
}

/// What all findings say; `None` if no kernel was sampled.
pub(super) fn report(job: &Job, findings: &[Finding]) -> Option<SamplingReport> {
    let sampled = findings.iter().filter(|finding| !finding.sampling.is_empty());
    let mut groups: BTreeMap<(usize, usize, usize), Vec<&Finding>> = BTreeMap::new();
    for finding in sampled {
        let key = (finding.question, finding.architecture, finding.poses());
        groups.entry(key).or_default().push(finding);
    }
    if groups.is_empty() {
        return None;
    }
    let rows = groups.into_iter().map(|((question, architecture, poses), findings)| {
        let all = || {
            findings.iter().flat_map(|finding| {
                finding.points.iter().zip(&finding.sampling).filter(|(point, _)| !point.unseen)
            })
        };
        let count = all().count();
        let fraction = |right: fn(&PointResult, &SamplingPoint) -> bool| {
            all().filter(|(point, bar)| right(point, bar)).count() as f64 / count.max(1) as f64
        };
        SamplingRow {
            question,
            arch: job.architectures[architecture].name.clone(),
            poses,
            points: count,
            undecided: all().filter(|(_, bar)| bar.undecided).count(),
            median_standard_error: median(all().filter_map(|(_, bar)| bar.error_standard_error)),
            fraction_correct_at_least: fraction(|point, bar| point.correct && !bar.undecided),
            fraction_correct_at_most: fraction(|point, bar| point.correct || bar.undecided),
        }
    });
    let settings = job.settings.monte_carlo;
    Some(SamplingReport {
        samples: settings.samples,
        replicates: settings.replicates,
        seed: settings.seed,
        rows: rows.collect(),
        points: findings.iter().flat_map(|finding| finding.sampling.clone()).collect(),
    })
}

/// One note per architecture with sampled layers.
pub(super) fn notes(report: Option<&SamplingReport>) -> Vec<String> {
    let Some(report) = report else { return Vec::new() };
    let mut names: Vec<&str> = report.rows.iter().map(|row| row.arch.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let note = |name: &str| {
        let rows = || report.rows.iter().filter(|row| row.arch == name);
        let (points, undecided) = (rows().map(|row| row.points), rows().map(|row| row.undecided));
        let largest = rows().filter_map(|row| row.median_standard_error).max_by(f64::total_cmp);
        let error = largest.map_or("not known".to_owned(), |error| format!("up to {error:.1e}"));
        format!(
            "{name}: layers without a closed kernel are sampled, {} replicates of {} points, seed {}; the median standard error of errors is {error}, \
             and {} of {} held-out poses are undecided, within two standard errors of the other class",
            report.replicates,
            report.samples,
            report.seed,
            undecided.sum::<usize>(),
            points.sum::<usize>()
        )
    };
    names.into_iter().map(note).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// For a mean the jackknife is the usual standard error.
    #[test]
    fn the_jackknife_of_a_mean_is_its_standard_error() {
        let values = [1.0, 4.0, 2.5, 7.0, 3.0];
        let count = values.len() as f64;
        let total: f64 = values.iter().sum();
        let without_one: Vec<f64> = values.iter().map(|value| (total - value) / (count - 1.0)).collect();
        let squares: f64 = values.iter().map(|value| (value - total / count).powi(2)).sum();
        let expected = (squares / (count * (count - 1.0))).sqrt();
        assert!((jackknife(&without_one).unwrap() - expected).abs() < 1e-14);
        assert_eq!(jackknife(&[1.0, f64::NAN]), None);
    }

    #[test]
    fn a_margin_is_decided_beyond_two_standard_errors() {
        assert!(is_decided(Some(-0.3), Some(0.1)) && is_decided(Some(0.3), Some(0.0)));
        assert!(!is_decided(Some(0.3), Some(0.2)) && !is_decided(Some(-0.1), Some(0.05)));
        assert!(!is_decided(None, Some(0.1)) && !is_decided(Some(1.0), None));
    }
}
