//! Finite training times at held-out poses.

use std::collections::BTreeMap;

use isotypic_gram::{Ridge, SymmetricOperator};
use isotypic_orbit::HeldOutSet;
use isotypic_predict::HeldOutFlow;
use isotypic_report::{TrainingPoint, TrainingReport, TrainingRow, finite};
use isotypic_work::Monitor;
use ndarray::Array2;
use rayon::prelude::*;

use super::audit_gram::AuditGram;
use super::job::Job;
use super::own_output::OwnOutput;
use super::run::Finding;
use super::settings::AuditSettings;
use crate::Error;
use isotypic_report::statistics::median;

/// The points of all held-out sets, in the order of these; nothing if no times were asked for. Their result is filled in when all are in
/// order.
///
/// `labels` has one row for each of `seeds`, which are indices into the dataset. Errors are those of the own class; the best time is that at
/// which all outputs together are nearest to their labels, since a class may win while its own output is far from 1.
pub(crate) fn points(
    gram: &AuditGram,
    (labels, sets): (&Array2<f64>, &[HeldOutSet]),
    settings: &AuditSettings,
    seeds: &[usize],
    monitor: &Monitor,
) -> Result<Vec<TrainingPoint>, Error> {
    let Some(times) = &settings.training_times else { return Ok(Vec::new()) };
    let times = ascending(times);
    let of_set = |set: &HeldOutSet| -> Result<Vec<TrainingPoint>, Error> {
        monitor.check()?;
        let flow = match &gram.dense {
            Some(dense) => flow(dense, settings.ridge, labels, set)?,
            None => flow(&gram.invariant, settings.ridge, labels, set)?,
        };
        let after = times.iter().map(|&time| flow.predictions(time)).collect::<Result<Vec<_>, _>>()?;
        let end = flow.predictions(f64::INFINITY)?;
        let point = |(at, (place, element)): (usize, (usize, usize))| {
            let own = OwnOutput::of(labels.row(place));
            let best = flow.best_time(at);
            let at_best = flow.predictions(best.time)?;
            Ok::<_, Error>(TrainingPoint {
                pair: 0,
                seed: seeds[place],
                element,
                predictions: after.iter().map(|found| finite(found[[at, own.index]])).collect(),
                errors: after.iter().map(|found| finite(own.error(found.row(at)))).collect(),
                correct: after.iter().map(|found| own.is_right(found.row(at))).collect(),
                correct_at_end: own.is_right(end.row(at)),
                best_time: finite(best.time),
                best_error: finite(own.error(at_best.row(at))),
                correct_at_best: own.is_right(at_best.row(at)),
            })
        };
        set.points().enumerate().map(point).collect()
    };
    let of_sets = sets.par_iter().with_max_len(1).map(of_set).collect::<Result<Vec<_>, Error>>()?;
    Ok(of_sets.into_iter().flatten().collect())
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
                .map(|at| fraction(&|point: &TrainingPoint| point.correct[at]))
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
