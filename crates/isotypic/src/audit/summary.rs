//! Findings summed up: one row per question, architecture and number of poses, one verdict per question and architecture.

use std::collections::BTreeMap;

use isotypic_report::{
    AuditReport, PairResult, ReportedQuestion, ReportedResult, ReportedSettings, Status, SummaryRow, Verdict,
    VerdictRow,
};

use super::conclusion::conclusion;
use super::job::Job;
use super::run::Finding;
use super::statistics::{correlation, median};

/// A number of poses is enough if at least this fraction of the held-out poses is classified correctly.
pub(crate) const ENOUGH: f64 = 0.9;

/// The whole report of a job.
pub(crate) fn report(job: &Job, findings: Vec<Finding>) -> AuditReport {
    let summary = summarise(job, &findings);
    let verdicts = verdicts(job, &summary);
    let questions = job
        .questions
        .iter()
        .enumerate()
        .map(|(index, question)| ReportedQuestion {
            group: question.group_text(),
            hold_out: question.hold_out_text.clone(),
            poses: question.poses.clone(),
            pairs: job
                .tasks
                .iter()
                .filter(|task| task.parts.iter().any(|part| part.question == index))
                .map(|task| (job.architectures[task.subject].name.clone(), task.pairs))
                .collect(),
            title: question.title(),
        })
        .collect();
    let settings = &job.settings;
    let (data, data_sha256) = job.subjects.identity();
    let points = findings.iter().flat_map(|finding| finding.points.clone()).collect();
    AuditReport {
        schema: AuditReport::SCHEMA.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        settings: ReportedSettings {
            data,
            data_sha256,
            kernel: settings.kernel.to_string(),
            normalization: settings.normalization.to_string(),
            ridge: settings.ridge.to_string(),
            convention: settings.convention.to_string(),
            seed: settings.seed,
            architectures: job.architectures.iter().map(|subject| subject.name.clone()).collect(),
        },
        conclusion: conclusion(job, &summary, &verdicts),
        questions,
        summary,
        verdicts,
        results: findings.into_iter().map(|finding| ReportedResult::Pair(finding.result)).collect(),
        points,
        notes: job.notes.clone(),
    }
}

fn summarise(job: &Job, findings: &[Finding]) -> Vec<SummaryRow> {
    let mut rows: BTreeMap<(usize, usize, usize), Vec<&Finding>> = BTreeMap::new();
    for finding in findings {
        rows.entry((finding.question, finding.architecture, finding.result.poses)).or_default().push(finding);
    }
    rows.into_iter()
        .map(|((question, architecture, poses), findings)| {
            let median_of = |field: fn(&PairResult) -> Option<f64>| {
                median(findings.iter().filter_map(|f| field(&f.result)))
            };
            let points: Vec<bool> =
                findings.iter().flat_map(|f| f.points.iter().map(|point| point.correct)).collect();
            let errors: Vec<(f64, f64)> =
                findings.iter().filter_map(|f| f.result.spectral_error.zip(f.result.exact_error)).collect();
            let mut statuses: BTreeMap<Status, usize> = BTreeMap::new();
            for finding in &findings {
                *statuses.entry(finding.result.status).or_default() += 1;
            }
            SummaryRow {
                question,
                arch: job.architectures[architecture].name.clone(),
                group: job.questions[question].group_at(poses),
                hold_out: job.questions[question].hold_out_text.clone(),
                poses,
                pairs: findings.len(),
                median_exact_error: median_of(|result| result.exact_error),
                median_spectral_error: median_of(|result| result.spectral_error),
                median_projected_error: median_of(|result| result.projected_error),
                fraction_correct: points.iter().filter(|&&correct| correct).count() as f64
                    / points.len().max(1) as f64,
                median_invariance_defect: median_of(|result| result.invariance_defect),
                maximum_condition_number: findings
                    .iter()
                    .filter_map(|f| f.result.condition_number)
                    .max_by(f64::total_cmp),
                spectral_exact_correlation: correlation(&errors),
                statuses,
            }
        })
        .collect()
}

fn verdicts(job: &Job, summary: &[SummaryRow]) -> Vec<VerdictRow> {
    let mut verdicts = Vec::new();
    for question in 0..job.questions.len() {
        for subject in &job.architectures {
            let rows: Vec<&SummaryRow> =
                summary.iter().filter(|row| row.question == question && row.arch == subject.name).collect();
            let verdict = verdict(&rows);
            let poses: Vec<usize> = rows.iter().map(|row| row.poses).collect();
            verdicts.push(VerdictRow {
                question,
                arch: subject.name.clone(),
                text: verdict.describe(&poses),
                verdict,
            });
        }
    }
    verdicts
}

/// "Enough poses" is the smallest number that succeeds and above which every tested number succeeds.
fn verdict(rows: &[&SummaryRow]) -> Verdict {
    let collapsed = |row: &&SummaryRow| row.statuses.keys().eq([&Status::OrbitCollapse]);
    if rows.is_empty() || rows.iter().any(|row| row.statuses.contains_key(&Status::NotPositiveDefinite)) {
        return Verdict::Undecided;
    }
    if rows.iter().all(collapsed) {
        return Verdict::OrbitCollapse;
    }
    match rows.iter().rposition(|row| row.fraction_correct < ENOUGH) {
        None => Verdict::Succeeds,
        Some(last) => {
            rows.get(last + 1).map_or(Verdict::Fails, |row| Verdict::FailsBelow { poses: row.poses })
        }
    }
}
