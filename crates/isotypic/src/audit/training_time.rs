//! Finite training times at the held-out poses of pairs.

use std::collections::BTreeMap;

use isotypic_gram::{Ridge, SymmetricOperator};
use isotypic_orbit::HeldOutSet;
use isotypic_predict::HeldOutFlow;
use isotypic_report::{PairResult, ReportedResult, TrainingPoint, TrainingReport, TrainingRow, finite};
use ndarray::Array2;

use super::audit_gram::AuditGram;
use super::job::Job;
use super::run::Finding;
use super::settings::{AuditSettings, Convention};
use crate::Error;
use isotypic_report::statistics::median;

/// Refuses times that are none, and audits without them.
pub(crate) fn check(settings: &AuditSettings) -> Result<(), Error> {
    let Some(times) = &settings.training_times else { return Ok(()) };
    if let Some(time) = times.iter().find(|time| !(**time > 0.0 && time.is_finite())) {
        return Err(Error::settings(
            format!("training time: expected a positive finite number, got `{time}`"),
            "errors at the end of training are reported anyway",
        ));
    }
    only_pairs(settings, "training times")
}

/// Refuses audits of classes and the authors' convention.
pub(crate) fn only_pairs(settings: &AuditSettings, what: &str) -> Result<(), Error> {
    if settings.classes.is_some() {
        return Err(Error::settings(
            format!("{what}: expected an audit of pairs, got one of classes"),
            "leave out `--classes`, `--seeds` and `--seeds-per-class`",
        ));
    }
    if settings.convention == Convention::Paper {
        return Err(Error::settings(
            format!("{what}: expected convention `exact`, got `paper`, whose regression is another one"),
            "leave out `--convention`",
        ));
    }
    Ok(())
}

/// The points of both turns; nothing if no times were asked for. Their pair is filled in when all are in order.
pub(crate) fn points(
    gram: &AuditGram,
    (labels, sets): (&Array2<f64>, &[HeldOutSet; 2]),
    settings: &AuditSettings,
    seeds: [usize; 2],
) -> Result<Vec<TrainingPoint>, Error> {
    let Some(times) = &settings.training_times else { return Ok(Vec::new()) };
    let times = ascending(times);
    let mut points = Vec::new();
    for set in sets {
        let flow = match &gram.dense {
            Some(dense) => flow(dense, settings.ridge, labels, set)?,
            None => flow(&gram.invariant, settings.ridge, labels, set)?,
        };
        let after = times.iter().map(|&time| flow.predictions(time)).collect::<Result<Vec<_>, _>>()?;
        let end = flow.predictions(f64::INFINITY)?;
        for (at, (side, element)) in set.points().enumerate() {
            let sign = labels[[side, 0]];
            let best = flow.best_time(at);
            let prediction_at_best = flow.predictions(best.time)?[[at, 0]];
            points.push(TrainingPoint {
                pair: 0,
                seed: seeds[side],
                element,
                predictions: after.iter().map(|found| finite(found[[at, 0]])).collect(),
                errors: after.iter().map(|found| finite((sign - found[[at, 0]]).abs())).collect(),
                correct_at_end: sign * end[[at, 0]] > 0.0,
                best_time: finite(best.time),
                best_error: finite(best.error),
                correct_at_best: sign * prediction_at_best > 0.0,
            });
        }
    }
    Ok(points)
}

fn flow<G: SymmetricOperator>(
    gram: &G,
    ridge: Ridge,
    labels: &Array2<f64>,
    set: &HeldOutSet,
) -> Result<HeldOutFlow, Error> {
    let ridge = ridge.value(gram.mean_diagonal())?;
    Ok(HeldOutFlow::new(gram, ridge, labels, set)?)
}

fn ascending(times: &[f64]) -> Vec<f64> {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    times.dedup();
    times
}

/// What all findings say; `None` if no times were asked for.
pub(crate) fn report(job: &Job, findings: &[Finding]) -> Option<TrainingReport> {
    let times = ascending(job.settings.training_times.as_ref()?);
    let mut groups: BTreeMap<(usize, usize, usize), Vec<&TrainingPoint>> = BTreeMap::new();
    for finding in findings {
        let key = (finding.question, finding.architecture, finding.poses());
        groups.entry(key).or_default().extend(&finding.training);
    }
    let rows = groups.into_iter().map(|((question, architecture, poses), points)| {
        let fraction = |right: &dyn Fn(&TrainingPoint) -> bool| {
            points.iter().filter(|point| right(point)).count() as f64 / points.len().max(1) as f64
        };
        let before_end: Vec<f64> = points.iter().filter_map(|point| point.best_time).collect();
        TrainingRow {
            question,
            arch: job.architectures[architecture].name.clone(),
            poses,
            points: points.len(),
            median_errors: (0..times.len())
                .map(|at| median(points.iter().filter_map(|point| point.errors[at])))
                .collect(),
            fractions_correct: (0..times.len())
                .map(|at| fraction(&|point: &TrainingPoint| is_right(findings, point, point.predictions[at])))
                .collect(),
            fraction_correct_at_end: fraction(&|point| point.correct_at_end),
            fraction_correct_at_best: fraction(&|point| point.correct_at_best),
            repaired: points.iter().filter(|point| point.correct_at_best && !point.correct_at_end).count(),
            median_best_time: median(before_end),
        }
    });
    let rows = rows.collect();
    let points = findings.iter().flat_map(|finding| finding.training.clone()).collect();
    Some(TrainingReport { times, rows, points })
}

/// Whether a prediction has the sign of the label of its seed: + for the first of the pair.
fn is_right(findings: &[Finding], point: &TrainingPoint, prediction: Option<f64>) -> bool {
    let pair: Option<&PairResult> = findings.get(point.pair).and_then(|finding| match &finding.result {
        ReportedResult::Pair(pair) => Some(pair),
        _ => None,
    });
    let sign = if pair.is_some_and(|pair| pair.a == point.seed) { 1.0 } else { -1.0 };
    prediction.is_some_and(|prediction| sign * prediction > 0.0)
}
