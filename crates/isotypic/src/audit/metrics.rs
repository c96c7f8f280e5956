//! Simple metrics beside the exact error, and how well they foretell it.

use std::collections::BTreeMap;

use isotypic_orbit::HeldOutSet;
use isotypic_predict::{HeldOutTurn, Metric, area_under_curve, rank_correlation};
use isotypic_report::{MetricScore, MetricTurn, MetricsReport, TrainedScore, finite};
use isotypic_work::Monitor;
use ndarray::Array2;
use rayon::prelude::*;

use super::audit_gram::AuditGram;
use super::class_seeds::ClassSeedSet;
use super::job::Job;
use super::pair_audit::PairErrors;
use super::run::Finding;
use super::settings::AuditSettings;
use crate::Error;

/// The paper's formula among the metrics.
const SPECTRAL_ERROR: &str = "spectral_error";

/// By metric, in the order of [`Metric::ALL`].
type Values = [Option<f64>; Metric::ALL.len()];

/// Both turns of a pair; nothing if metrics were not asked for. Their pair is filled in when all are in order.
pub(crate) fn of_pair(
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
        let turn = points_of(gram, labels, set)?;
        let values = Metric::ALL.map(|metric| metric.of(&turn));
        let spectral = errors.spectral.and_then(|spectral| finite(spectral.value));
        let outcome = (errors.exact[side].and_then(finite), errors.correct[side]);
        Ok(metric_turn(seeds[side], values, spectral, outcome))
    };
    sets.iter().enumerate().map(turn).collect()
}

/// Puts the turns of classes into the findings about their seeds: the class of a seed against the rest. Nothing if metrics were not asked for.
pub(crate) fn attach_to_seeds(
    findings: &mut [Finding],
    gram: &AuditGram,
    (set, sets): (&ClassSeedSet, &[HeldOutSet]),
    settings: &AuditSettings,
    monitor: &Monitor,
) -> Result<(), Error> {
    if !settings.metrics {
        return Ok(());
    }
    let labels = set.labels();
    let of_set = |held_out: &HeldOutSet| -> Result<Vec<(usize, Values)>, Error> {
        monitor.check()?;
        let all = points_of(gram, &labels, held_out)?;
        let mut places: Vec<usize> = held_out.points().map(|(place, _)| place).collect();
        places.sort_unstable();
        places.dedup();
        // What looks at the classes alone is the same for all seeds of a class.
        let mut of_classes: BTreeMap<usize, Values> = BTreeMap::new();
        let of_seed = |place: usize| {
            let class = set.class_of_seen[place];
            let is_of_class: Vec<bool> = set.class_of_seen.iter().map(|&other| other == class).collect();
            let turn = all.of_seed(place, &is_of_class);
            let known = of_classes.get(&class).copied();
            let value = |(index, metric): (usize, Metric)| match known {
                Some(known) if !metric.depends_on_seed() => known[index],
                _ => metric.of(&turn),
            };
            let mut values: Values = [None; Metric::ALL.len()];
            Metric::ALL.into_iter().enumerate().for_each(|entry| values[entry.0] = value(entry));
            of_classes.insert(class, values);
            (place, values)
        };
        Ok(places.into_iter().map(of_seed).collect())
    };
    let all = set.all();
    let found: Vec<Vec<(usize, Values)>> =
        sets.par_iter().with_max_len(1).map(of_set).collect::<Result<_, Error>>()?;
    for (place, values) in found.into_iter().flatten() {
        for finding in &mut *findings {
            let Some(seed) = finding.result.as_seed().filter(|seed| !seed.unseen && seed.seed == all[place])
            else {
                continue;
            };
            let turn = metric_turn(seed.seed, values, seed.spectral_error, (seed.exact_error, seed.correct));
            finding.metrics.push(turn);
        }
    }
    Ok(())
}

fn points_of(gram: &AuditGram, labels: &Array2<f64>, held_out: &HeldOutSet) -> Result<HeldOutTurn, Error> {
    Ok(match &gram.dense {
        Some(dense) => HeldOutTurn::new(dense, labels, held_out)?,
        None => HeldOutTurn::new(&gram.invariant, labels, held_out)?,
    })
}

fn metric_turn(
    seed: usize,
    values: Values,
    spectral: Option<f64>,
    (exact_error, correct): (Option<f64>, bool),
) -> MetricTurn {
    let names = Metric::ALL.map(|metric| metric.name().to_owned());
    let metrics = names.into_iter().zip(values).chain([(SPECTRAL_ERROR.to_owned(), spectral)]).collect();
    MetricTurn { pair: 0, seed, exact_error, correct, metrics, trained: None }
}

/// What all findings say; `None` if metrics were not asked for.
pub(crate) fn report(job: &Job, findings: &[Finding]) -> Option<MetricsReport> {
    if !job.settings.metrics {
        return None;
    }
    let places: Vec<(usize, usize)> =
        findings.iter().map(|finding| (finding.question, finding.architecture)).collect();
    let turns: Vec<MetricTurn> = findings.iter().flat_map(|finding| finding.metrics.clone()).collect();
    Some(MetricsReport { scores: scores(job, &places, &turns), turns })
}

/// How well metrics order the turns. `places` has the question and the architecture of every result.
pub(crate) fn scores(job: &Job, places: &[(usize, usize)], turns: &[MetricTurn]) -> Vec<MetricScore> {
    // By question, then architecture; all architectures of a question together come last.
    let mut groups: BTreeMap<(usize, usize), Vec<&MetricTurn>> = BTreeMap::new();
    for turn in turns {
        let (question, architecture) = places[turn.pair];
        for key in [architecture, usize::MAX] {
            groups.entry((question, key)).or_default().push(turn);
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
    scores
}

fn score(
    question: usize,
    arch: Option<String>,
    metric: &str,
    direction: f64,
    turns: &[&MetricTurn],
) -> MetricScore {
    let exact = Order::of(metric, direction, turns, |turn| Some((turn.exact_error?, turn.correct)));
    let trained = turns.iter().any(|turn| turn.trained.is_some()).then(|| {
        let order = Order::of(metric, direction, turns, |turn| {
            let trained = turn.trained?;
            Some((trained.trained_error?, trained.trained_correct))
        });
        TrainedScore {
            trained_turns: order.turns,
            trained_spearman: order.spearman,
            trained_kendall: order.kendall,
            trained_area_under_curve: order.area_under_curve,
        }
    });
    MetricScore {
        question,
        arch,
        metric: metric.to_owned(),
        turns: exact.turns,
        spearman: exact.spearman,
        kendall: exact.kendall,
        area_under_curve: exact.area_under_curve,
        trained,
    }
}

/// How well a metric orders outcomes.
struct Order {
    turns: usize,
    spearman: Option<f64>,
    kendall: Option<f64>,
    area_under_curve: Option<f64>,
}

impl Order {
    /// Large scores foretell small errors; an outcome is an error, and whether it is a success.
    fn of(
        metric: &str,
        direction: f64,
        turns: &[&MetricTurn],
        outcome: impl Fn(&MetricTurn) -> Option<(f64, bool)>,
    ) -> Self {
        let known = turns.iter().filter_map(|turn| {
            let (error, success) = outcome(turn)?;
            Some((direction * (*turn.metrics.get(metric)?)?, -error, success))
        });
        let known: Vec<(f64, f64, bool)> = known.collect();
        let pairs: Vec<(f64, f64)> = known.iter().map(|&(value, negative, _)| (value, negative)).collect();
        let outcomes: Vec<(f64, bool)> = known.iter().map(|&(value, _, success)| (value, success)).collect();
        let correlation = rank_correlation(&pairs);
        Self {
            turns: known.len(),
            spearman: correlation.spearman,
            kendall: correlation.kendall,
            area_under_curve: area_under_curve(&outcomes),
        }
    }
}
