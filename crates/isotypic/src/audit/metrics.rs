//! Simple metrics of pairs beside the exact error, and how well they foretell it.

use std::collections::BTreeMap;

use isotypic_orbit::HeldOutSet;
use isotypic_predict::{HeldOutTurn, Metric, area_under_curve, rank_correlation};
use isotypic_report::{MetricScore, MetricTurn, MetricsReport, ReportedResult, finite};
use ndarray::Array2;

use super::audit_gram::AuditGram;
use super::job::Job;
use super::pair_audit::PairErrors;
use super::run::Finding;
use super::settings::AuditSettings;
use crate::Error;

/// The paper's formula among the metrics.
const SPECTRAL_ERROR: &str = "spectral_error";

/// Both turns of a pair; nothing if metrics were not asked for. Their pair is filled in when all are in order.
pub(crate) fn turns(
    gram: &AuditGram,
    (labels, sets): (&Array2<f64>, &[HeldOutSet; 2]),
    errors: &PairErrors,
    settings: &AuditSettings,
    seeds: [usize; 2],
) -> Result<Vec<MetricTurn>, Error> {
    if !settings.metrics {
        return Ok(Vec::new());
    }
    let turn = |(side, set): (usize, &HeldOutSet)| {
        let turn = match &gram.dense {
            Some(dense) => HeldOutTurn::new(dense, labels, set)?,
            None => HeldOutTurn::new(&gram.invariant, labels, set)?,
        };
        let values = Metric::ALL.map(|metric| (metric.name().to_owned(), metric.of(&turn)));
        let spectral = errors.spectral.and_then(|spectral| finite(spectral.value));
        Ok::<_, Error>(MetricTurn {
            pair: 0,
            seed: seeds[side],
            exact_error: errors.exact[side].and_then(finite),
            correct: errors.correct[side],
            metrics: values.into_iter().chain([(SPECTRAL_ERROR.to_owned(), spectral)]).collect(),
        })
    };
    sets.iter().enumerate().map(turn).collect()
}

/// What all findings say; `None` if metrics were not asked for.
pub(crate) fn report(job: &Job, findings: &[Finding]) -> Option<MetricsReport> {
    if !job.settings.metrics {
        return None;
    }
    // By question, then architecture; all architectures of a question together come last.
    let mut groups: BTreeMap<(usize, usize), Vec<&MetricTurn>> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| matches!(finding.result, ReportedResult::Pair(_))) {
        for key in [finding.architecture, usize::MAX] {
            groups.entry((finding.question, key)).or_default().extend(&finding.metrics);
        }
    }
    let only_one = job.architectures.len() == 1;
    let directions = Metric::ALL.map(|metric| (metric.name(), metric.direction()));
    let mut scores = Vec::new();
    for ((question, architecture), turns) in groups {
        if architecture == usize::MAX && only_one {
            continue;
        }
        let arch = job.architectures.get(architecture).map(|subject| subject.name.clone());
        for (metric, direction) in directions.into_iter().chain([(SPECTRAL_ERROR, -1.0)]) {
            scores.push(score(question, arch.clone(), metric, direction, &turns));
        }
    }
    let turns = findings.iter().flat_map(|finding| finding.metrics.clone()).collect();
    Some(MetricsReport { scores, turns })
}

/// Large scores foretell small errors.
fn score(
    question: usize,
    arch: Option<String>,
    metric: &str,
    direction: f64,
    turns: &[&MetricTurn],
) -> MetricScore {
    let known: Vec<(f64, f64, bool)> = turns
        .iter()
        .filter_map(|turn| {
            Some((direction * (*turn.metrics.get(metric)?)?, -turn.exact_error?, turn.correct))
        })
        .collect();
    let pairs: Vec<(f64, f64)> = known.iter().map(|&(value, success, _)| (value, success)).collect();
    let outcomes: Vec<(f64, bool)> = known.iter().map(|&(value, _, correct)| (value, correct)).collect();
    let correlation = rank_correlation(&pairs);
    MetricScore {
        question,
        arch,
        metric: metric.to_owned(),
        turns: known.len(),
        spearman: correlation.spearman,
        kendall: correlation.kendall,
        area_under_curve: area_under_curve(&outcomes),
    }
}
