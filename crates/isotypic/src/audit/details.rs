//! What a page shows beyond the tables: spreads, repairs, examples and pictures of a finished audit.

use std::collections::BTreeMap;

use isotypic_report::{
    AuditDetails, ErrorSpread, ExampleResult, RepairRow, ReportedResult, SummaryRow, Verdict, VerdictRow,
    finite,
};

use super::closer_look::CloserLooks;
use super::command_line::command_line;
use super::job::Job;
use super::pictures::pictures;
use super::run::Finding;
use super::summary::ENOUGH;
use super::units::Units;
use crate::Error;
use isotypic_report::statistics::{median, quantiles, wilson_interval};

/// The quantiles of a spread.
const QUANTILES: [f64; 5] = [0.1, 0.25, 0.5, 0.75, 0.9];

/// 97.5 % of a normal distribution lie below so many standard deviations.
const NORMAL_975: f64 = 1.959_963_984_540_054;

/// Everything a page needs besides `summary` and `verdicts`.
pub(crate) fn details(
    job: &Job,
    findings: &[Finding],
    looks: CloserLooks,
    summary: &[SummaryRow],
    verdicts: &[VerdictRow],
) -> Result<AuditDetails, Error> {
    let groups = by_row(job, findings);
    let examples = examples(job, looks);
    let results: Vec<ReportedResult> = findings.iter().map(|finding| finding.result.clone()).collect();
    Ok(AuditDetails {
        command: command_line(&job.settings),
        spreads: summary.iter().map(|row| spread(groups.get(&key(row)).map_or(&[], Vec::as_slice))).collect(),
        repairs: verdicts.iter().map(|row| repair(row, verdicts, summary, &groups)).collect(),
        images: pictures(job, &examples, &results)?,
        examples,
        planned_seconds: (0..job.architectures.len())
            .map(|subject| {
                let tasks = job.tasks.iter().filter(|task| task.subject == subject);
                finite(tasks.map(|task| task.seconds_per_unit * task.units as f64).sum())
            })
            .collect(),
    })
}

/// Question, architecture and number of poses.
type Key = (usize, String, usize);

fn key(row: &SummaryRow) -> Key {
    (row.question, row.arch.clone(), row.poses)
}

fn by_row<'a>(job: &Job, findings: &'a [Finding]) -> BTreeMap<Key, Vec<&'a Finding>> {
    let mut groups: BTreeMap<Key, Vec<&Finding>> = BTreeMap::new();
    for finding in findings {
        let arch = job.architectures[finding.architecture].name.clone();
        groups.entry((finding.question, arch, finding.poses())).or_default().push(finding);
    }
    groups
}

/// Exact error of a result, and whether all of its held-out poses are right; `None` for seeds that training never saw.
fn outcome(finding: &Finding) -> Option<(Option<f64>, bool)> {
    match &finding.result {
        ReportedResult::Pair(pair) => Some((pair.exact_error, pair.correct_a && pair.correct_b)),
        ReportedResult::Seed(seed) if !seed.unseen => Some((seed.exact_error, seed.correct)),
        _ => None,
    }
}

fn spread(findings: &[&Finding]) -> ErrorSpread {
    let outcomes: Vec<_> = findings.iter().filter_map(|finding| outcome(finding)).collect();
    let errors: Vec<f64> = outcomes.iter().filter_map(|outcome| outcome.0).collect();
    let all_right = outcomes.iter().filter(|outcome| outcome.1).count();
    ErrorSpread {
        results: errors.len(),
        quantiles: quantiles(&errors, QUANTILES),
        all_right,
        all_right_interval: wilson_interval(all_right, outcomes.len(), NORMAL_975),
    }
}

fn repair(
    row: &VerdictRow,
    verdicts: &[VerdictRow],
    summary: &[SummaryRow],
    groups: &BTreeMap<Key, Vec<&Finding>>,
) -> RepairRow {
    let rows: Vec<&SummaryRow> =
        summary.iter().filter(|line| line.question == row.question && line.arch == row.arch).collect();
    let fails = |line: &SummaryRow| line.fraction_correct < ENOUGH;
    let failing = rows.iter().rev().find(|line| fails(line));
    let poses = failing.or(rows.last()).map_or(0, |line| line.poses);
    let enough_poses = match row.verdict {
        Verdict::FailsBelow { poses } => Some(poses),
        Verdict::Succeeds | Verdict::OrbitCollapse => rows.first().map(|line| line.poses),
        _ => None,
    };
    let is_right_there = |other: &&VerdictRow| {
        let lines: Vec<&SummaryRow> = summary
            .iter()
            .filter(|line| line.question == other.question && line.arch == other.arch && line.poses >= poses)
            .collect();
        other.question == row.question
            && other.arch != row.arch
            && !matches!(other.verdict, Verdict::Undecided)
            && lines.first().is_some_and(|line| line.poses == poses)
            && !lines.iter().any(|line| fails(line))
    };
    let findings = groups.get(&(row.question, row.arch.clone(), poses)).map_or(&[][..], Vec::as_slice);
    let repairs = || findings.iter().filter_map(|finding| finding.repair.as_ref());
    let (right, points) = repairs()
        .fold((0, 0), |sum, repair| (sum.0 + repair.averaged_right.0, sum.1 + repair.averaged_right.1));
    let outcomes: Vec<_> = findings.iter().filter_map(|finding| outcome(finding)).collect();
    RepairRow {
        question: row.question,
        arch: row.arch.clone(),
        poses,
        fails: failing.is_some(),
        enough_poses,
        other_architectures: verdicts.iter().filter(is_right_there).map(|other| other.arch.clone()).collect(),
        averaged_error: median(repairs().flat_map(|repair| mean(&repair.averaged_errors))).and_then(finite),
        averaged_correct: (points > 0).then(|| right as f64 / points as f64),
        separation_factor: median(repairs().filter_map(|repair| repair.separation_factor)),
        failing: outcomes.iter().filter(|outcome| !outcome.1).count(),
        asked: outcomes.len(),
    }
}

/// The mean; `None` for an empty list.
fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

fn examples(job: &Job, looks: CloserLooks) -> Vec<ExampleResult> {
    let label = |&seed: &usize| job.subjects.labels().name(seed).unwrap_or_default().to_owned();
    looks
        .finish()
        .into_iter()
        .map(|((question, architecture, poses), role, look)| {
            let seeds = match &job.units {
                Units::Pairs(_) => job.units.seeds(look.unit),
                Units::Classes(set) => set.seen.clone(),
            };
            ExampleResult {
                question,
                arch: job.architectures[architecture].name.clone(),
                poses,
                role,
                error: look.error,
                labels: seeds.iter().map(label).collect(),
                seeds,
                gram: look.gram,
                spectrum: look.spectrum,
                blocks_left_out: look.blocks_left_out,
                label_power: look.label_power,
            }
        })
        .collect()
}
