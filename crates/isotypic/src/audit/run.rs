//! Runs the tasks of a job: one unit of work per task and pair.

use isotypic_report::{PairResult, PointResult, finite};
use isotypic_work::Monitor;
use rayon::prelude::*;

use super::job::Job;
use super::pair_audit::{PairErrors, examine};
use super::task::{Part, Task, kernel_pairs};
use crate::Error;

/// What was found for one pair at one number of poses of one question.
#[derive(Debug, Clone)]
pub(crate) struct Finding {
    pub(crate) question: usize,
    pub(crate) architecture: usize,
    pub(crate) result: PairResult,
    pub(crate) points: Vec<PointResult>,
}

/// All findings, in the order of questions, architectures, poses and pairs.
pub(crate) fn run(job: &Job, monitor: &Monitor) -> Result<Vec<Finding>, Error> {
    let mut units: Vec<(&Task, usize)> =
        job.tasks.iter().flat_map(|task| (0..task.pairs).map(move |pair| (task, pair))).collect();
    // Costly ones first: the cheap ones fill the gaps at the end.
    units.sort_by(|a, b| b.0.seconds_per_pair.total_cmp(&a.0.seconds_per_pair));
    let total: f64 = units.iter().map(|(task, _)| task.seconds_per_pair).sum();
    monitor.stage("audit", total);
    let mut findings: Vec<(usize, Finding)> = units
        .into_par_iter()
        .with_max_len(1)
        .map(|(task, pair)| {
            monitor.check()?;
            let found = run_unit(job, task, pair, monitor)?;
            Ok(found.into_iter().map(|finding| (pair, finding)).collect::<Vec<_>>())
        })
        .collect::<Result<Vec<_>, Error>>()?
        .into_iter()
        .flatten()
        .collect();
    monitor.finish();
    findings
        .sort_by_key(|(pair, finding)| (finding.question, finding.architecture, finding.result.poses, *pair));
    let mut findings: Vec<Finding> = findings.into_iter().map(|(_, finding)| finding).collect();
    for (index, finding) in findings.iter_mut().enumerate() {
        for point in &mut finding.points {
            point.pair = index;
        }
    }
    Ok(findings)
}

/// One pair of orbits: the kernel once, then every part from a subgroup.
fn run_unit(job: &Job, task: &Task, pair: usize, monitor: &Monitor) -> Result<Vec<Finding>, Error> {
    let subject = &job.architectures[task.subject];
    let seeds = job.pairs[pair];
    let kind = job.settings.kernel;
    let kernel = subject.kernel.as_deref().map(|kernel| (kernel, kind));
    let share = monitor.part(task.seconds_per_pair, kernel_pairs(subject, task));
    let pair_gram =
        job.subjects.pair_gram(seeds, &task.poses, &job.settings.normalization, kernel, &share)?;
    if kernel.is_none() {
        monitor.advance(task.seconds_per_pair);
    }
    task.parts
        .iter()
        .map(|part| {
            let question = &job.questions[part.question];
            let group = question.at(part.poses)?.group()?;
            let (gram, points) = if group == *pair_gram.gram.group() {
                (None, pair_gram.points.clone())
            } else {
                let points =
                    pair_gram.points.as_ref().map(|points| points_of(points, task.order, part.poses));
                (Some(pair_gram.gram.restrict(&group)?), points)
            };
            let gram = gram.as_ref().unwrap_or(&pair_gram.gram);
            let points = points.as_ref().map(|points| points.view());
            let mut errors =
                examine(gram, points, &question.hold_out, job.settings.ridge, job.settings.convention)?;
            if let Some(defect) = pair_gram.sampled_defect {
                errors.invariance_defect = defect;
            }
            Ok(finding(job, task, part, seeds, errors))
        })
        .collect()
}

/// Every (order / poses)-th pose of both seeds.
fn points_of(points: &ndarray::Array2<f64>, order: usize, poses: usize) -> ndarray::Array2<f64> {
    let rows: Vec<usize> =
        (0..points.nrows()).filter(|row| (row % order).is_multiple_of(order / poses)).collect();
    points.select(ndarray::Axis(0), &rows)
}

fn finding(job: &Job, task: &Task, part: &Part, (a, b): (usize, usize), errors: PairErrors) -> Finding {
    let question = &job.questions[part.question];
    let arch = job.architectures[task.subject].name.clone();
    let group = question.group_at(part.poses);
    let label = |seed: usize| job.subjects.labels().name(seed).unwrap_or_default().to_owned();
    let some_finite = |value: Option<f64>| value.and_then(finite);
    let points = errors
        .points
        .iter()
        .map(|point| {
            let seed = [a, b][point.side];
            PointResult {
                arch: arch.clone(),
                group: group.clone(),
                poses: part.poses,
                hold_out: question.hold_out_text.clone(),
                pair: 0, // known once all findings are in order
                seed,
                element: point.element,
                label: label(seed),
                predictions: vec![some_finite(point.prediction)],
                error: some_finite(point.error),
                variance: some_finite(point.variance),
                correct: point.correct,
                status: errors.status,
            }
        })
        .collect();
    let exact_error = errors.exact[0].zip(errors.exact[1]).map(|(a, b)| (a + b) / 2.0);
    let result = PairResult {
        arch,
        group,
        poses: part.poses,
        hold_out: question.hold_out_text.clone(),
        a,
        b,
        label_a: label(a),
        label_b: label(b),
        spectral_error: some_finite(errors.spectral.map(|spectral| spectral.value)),
        spectral_error_minimum: some_finite(errors.spectral.map(|spectral| spectral.minimum)),
        spectral_error_maximum: some_finite(errors.spectral.map(|spectral| spectral.maximum)),
        exact_error: some_finite(exact_error),
        exact_error_a: some_finite(errors.exact[0]),
        exact_error_b: some_finite(errors.exact[1]),
        correct_a: errors.correct[0],
        correct_b: errors.correct[1],
        projected_error: some_finite(errors.projected),
        invariance_defect: finite(errors.invariance_defect),
        condition_number: some_finite(errors.condition_number),
        delta_squared_input: some_finite(errors.delta_squared_input),
        delta_squared_kernel: finite(errors.delta_squared_kernel),
        limit_error: some_finite(errors.limit),
        status: errors.status,
    };
    Finding { question: part.question, architecture: task.subject, result, points }
}
