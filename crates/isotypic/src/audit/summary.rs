//! Findings summed up: one row per question, architecture and number of poses, one verdict per question and architecture.

use std::collections::{BTreeMap, BTreeSet};

use isotypic_predict::enough_poses;
use isotypic_report::{
    AuditReport, Lookalikes, ReportedQuestion, ReportedResult, ReportedSettings, SamplingReport, SamplingRow,
    Status, SummaryRow, Verdict, VerdictRow,
};

use super::closer_look::CloserLooks;
use super::conclusion::conclusion;
use super::curves::class_curves;
use super::details::details;
use super::irrep_parts::IrrepParts;
use super::job::Job;
use super::run::Finding;
use super::task::Subject;
use super::{metrics, sampling_error, training_time};
use crate::Error;
use isotypic_report::statistics::{correlation, median};

/// A number of poses is enough if at least this fraction of the held-out poses is classified correctly.
pub(crate) const ENOUGH: f64 = 0.9;

/// The whole report of a job.
///
/// `homomorphism_defects` has one entry per question.
pub(crate) fn report(
    job: &Job,
    findings: Vec<Finding>,
    looks: CloserLooks,
    homomorphism_defects: &[Option<f64>],
) -> Result<AuditReport, Error> {
    let summary = summarise(job, &findings);
    let sampling = sampling_error::report(job, &findings);
    let verdicts = verdicts(job, &summary, sampling.as_ref());
    let details = Some(details(job, &findings, looks, &summary, &verdicts)?);
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
                .map(|task| (job.architectures[task.subject].name.clone(), task.units))
                .collect(),
            homomorphism_defect: homomorphism_defects[index],
            title: question.title(),
        })
        .collect();
    let settings = &job.settings;
    let (data, data_sha256) = job.subjects.identity();
    let precision_notes =
        precision_notes(job, &findings).into_iter().chain(sampling_error::notes(sampling.as_ref()));
    let precision_notes: Vec<String> = precision_notes.chain(repair_notes(job, &findings)).collect();
    let warnings = findings.iter().flat_map(|finding| &finding.corrupted);
    let warnings =
        warnings.map(|file| format!("`{file}` is damaged; this unit was computed again")).collect();
    let points = findings.iter().flat_map(|finding| finding.points.clone()).collect();
    let training = training_time::report(job, &findings);
    let metrics = metrics::report(job, &findings);
    Ok(AuditReport {
        schema: AuditReport::SCHEMA.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        settings: ReportedSettings {
            data,
            data_sha256,
            kernel: settings.kernel.to_string(),
            precision: settings.precision.to_string(),
            normalization: settings.normalization.to_string(),
            ridge: settings.ridge.to_string(),
            convention: settings.convention.to_string(),
            seed: settings.seed,
            classes: job.units.classes().map(|set| set.classes.clone()).unwrap_or_default(),
            together: job.units.classes().map(|set| set.together.to_string()),
            architectures: job.architectures.iter().map(|subject| subject.name.clone()).collect(),
        },
        class_curves: class_curves(job, &findings),
        conclusion: conclusion(job, &summary, &verdicts),
        questions,
        summary,
        verdicts,
        results: findings.into_iter().map(|finding| finding.result).collect(),
        points,
        notes: job.notes.iter().cloned().chain(precision_notes).collect(),
        details,
        training,
        metrics,
        networks: None,
        sampling,
        warnings,
    })
}

/// What limits the digits of kernels, one note per architecture: quadratures, and single precision that was too coarse.
fn precision_notes(job: &Job, findings: &[Finding]) -> Vec<String> {
    let notes = |(index, subject): (usize, &Subject)| {
        let of_subject = findings.iter().filter(|finding| finding.architecture == index);
        let all = of_subject.clone().count();
        let repeated = of_subject.clone().filter(|finding| finding.was_too_coarse).count();
        let error = of_subject.map(|finding| finding.quadrature_error).fold(0.0, f64::max);
        let quadratures = (error > 0.0).then(|| {
            format!(
                "{}: its kernel is known to a relative error of {error:.0e}, that of quadratures",
                subject.name
            )
        });
        let repeated = (repeated > 0).then(|| {
            format!(
                "{}: {repeated} of {all} results were computed again in double precision, since single precision is too coarse \
                 for their Gram matrices at this ridge",
                subject.name
            )
        });
        quadratures.into_iter().chain(repeated)
    };
    job.architectures.iter().enumerate().flat_map(notes).collect()
}

/// Which networks have repairs that are not known: where a large audit cannot be solved, the trivial block is not there either.
fn repair_notes(job: &Job, findings: &[Finding]) -> Vec<String> {
    let is_unknown = |subject: usize| {
        let mut rows: BTreeMap<(usize, usize), (bool, bool)> = BTreeMap::new();
        for finding in findings.iter().filter(|finding| finding.architecture == subject) {
            let row = rows.entry((finding.question, finding.poses())).or_default();
            *row = (row.0 || finding.obstacle.is_some(), row.1 || finding.repair.is_some());
        }
        rows.values().any(|&(has_obstacle, has_repair)| has_obstacle && !has_repair)
    };
    let note = |subject: &Subject| {
        format!(
            "{}: what averaging over the group and classes further apart would change is not known, since a block of the Gram matrix \
             cannot be inverted",
            subject.name
        )
    };
    let subjects = job.architectures.iter().enumerate().filter(|&(index, _)| is_unknown(index));
    subjects.map(|(_, subject)| note(subject)).collect()
}

fn summarise(job: &Job, findings: &[Finding]) -> Vec<SummaryRow> {
    let mut rows: BTreeMap<(usize, usize, usize), Vec<&Finding>> = BTreeMap::new();
    for finding in findings {
        rows.entry((finding.question, finding.architecture, finding.poses())).or_default().push(finding);
    }
    rows.into_iter()
        .map(|((question, architecture, poses), findings)| {
            let all: Vec<Numbers> = findings.iter().map(|finding| Numbers::of(&finding.result)).collect();
            let (unseen, seen): (Vec<&Numbers>, Vec<&Numbers>) =
                all.iter().partition(|numbers| numbers.unseen);
            let median_of = |field: fn(&Numbers) -> Option<f64>| median(seen.iter().filter_map(|n| field(n)));
            let errors: Vec<(f64, f64)> =
                seen.iter().filter_map(|numbers| numbers.spectral.zip(numbers.exact)).collect();
            let mut statuses: BTreeMap<Status, usize> = BTreeMap::new();
            for numbers in &all {
                *statuses.entry(numbers.status).or_default() += 1;
            }
            let mut irreps = IrrepParts::default();
            for parts in findings.iter().filter_map(|finding| finding.irreps.as_ref()) {
                irreps.merge(parts);
            }
            let is_pairs = job.units.classes().is_none();
            SummaryRow {
                question,
                arch: job.architectures[architecture].name.clone(),
                group: job.questions[question].group_at(poses),
                hold_out: job.questions[question].hold_out_text.clone(),
                poses,
                pairs: if is_pairs { seen.len() } else { 0 },
                seeds: if is_pairs { 0 } else { seen.len() },
                unseen_seeds: unseen.len(),
                median_exact_error: median_of(|numbers| numbers.exact),
                median_spectral_error: median_of(|numbers| numbers.spectral),
                median_projected_error: median_of(|numbers| numbers.projected),
                fraction_correct: fraction_correct(&findings, false).unwrap_or(0.0),
                fraction_correct_unseen: fraction_correct(&findings, true),
                median_unseen_error: median(unseen.iter().filter_map(|numbers| numbers.exact)),
                hidden_failures: seen.iter().filter(|numbers| numbers.hides_a_failure()).count(),
                median_invariance_defect: median_of(|numbers| numbers.defect),
                maximum_condition_number: all
                    .iter()
                    .filter_map(|numbers| numbers.condition)
                    .max_by(f64::total_cmp),
                spectral_exact_correlation: correlation(&errors),
                indistinguishable_poses: findings
                    .iter()
                    .map(|finding| finding.indistinguishable_poses)
                    .min()
                    .unwrap_or(1),
                lookalikes: lookalikes(job, &findings),
                obstacle: findings.iter().find_map(|finding| finding.obstacle.clone()),
                irreps: irreps.rows(),
                statuses,
                largest_residual: findings.iter().find_map(|finding| finding.largest_residual),
                condition_number_bound: findings.iter().find_map(|finding| finding.condition_bound),
                projection_effect: findings.iter().find_map(|finding| finding.projection_effect.clone()),
                conjugate_gradients: findings.iter().find_map(|finding| finding.conjugate_gradients.clone()),
            }
        })
        .collect()
}

/// Seeds that look the same, each pair once; the smaller index first.
fn lookalikes(job: &Job, findings: &[&Finding]) -> Vec<Lookalikes> {
    let pair = |finding: &&Finding| match &finding.result {
        ReportedResult::Pair(pair) => (pair.status == Status::ConflictingLabels).then_some((pair.a, pair.b)),
        ReportedResult::Seed(seed) => seed.twin.map(|twin| (seed.seed, twin)),
        _ => None,
    };
    let pairs: BTreeSet<(usize, usize)> =
        findings.iter().filter_map(pair).map(|(a, b)| (a.min(b), a.max(b))).collect();
    let label = |seed: usize| job.subjects.labels().name(seed).unwrap_or_default().to_owned();
    pairs.into_iter().map(|(a, b)| Lookalikes { a, b, label_a: label(a), label_b: label(b) }).collect()
}

/// What a summary reads from a result, whatever its kind.
struct Numbers {
    unseen: bool,
    exact: Option<f64>,
    spectral: Option<f64>,
    projected: Option<f64>,
    defect: Option<f64>,
    condition: Option<f64>,
    /// Whether all held-out poses are classified correctly.
    right: bool,
    status: Status,
}

impl Numbers {
    fn of(result: &ReportedResult) -> Self {
        match result {
            ReportedResult::Pair(pair) => Self {
                unseen: false,
                exact: pair.exact_error,
                spectral: pair.spectral_error,
                projected: pair.projected_error,
                defect: pair.invariance_defect,
                condition: pair.condition_number,
                right: pair.correct_a && pair.correct_b,
                status: pair.status,
            },
            ReportedResult::Seed(seed) => Self {
                unseen: seed.unseen,
                exact: seed.exact_error,
                spectral: seed.spectral_error,
                projected: seed.projected_error,
                defect: seed.invariance_defect,
                condition: seed.condition_number,
                right: seed.correct,
                status: seed.status,
            },
            _ => unreachable!("an audit makes pairs and seeds"),
        }
    }

    /// Whether the paper's averaged formula promises success where a class fails.
    fn hides_a_failure(&self) -> bool {
        !self.right && self.spectral.is_some_and(|spectral| spectral < 1.0)
    }
}

/// The fraction of held-out poses that get the right class; `None` if there are none.
fn fraction_correct(findings: &[&Finding], unseen: bool) -> Option<f64> {
    let points = findings.iter().flat_map(|finding| &finding.points).filter(|point| point.unseen == unseen);
    let (right, all) =
        points.fold((0, 0), |(right, all), point| (right + usize::from(point.correct), all + 1));
    (all > 0).then(|| right as f64 / all as f64)
}

fn verdicts(job: &Job, summary: &[SummaryRow], sampling: Option<&SamplingReport>) -> Vec<VerdictRow> {
    let mut verdicts = Vec::new();
    for question in 0..job.questions.len() {
        for subject in &job.architectures {
            let rows: Vec<&SummaryRow> =
                summary.iter().filter(|row| row.question == question && row.arch == subject.name).collect();
            let bars = sampling.iter().flat_map(|sampling| &sampling.rows);
            let mut bars = bars.filter(|row| row.question == question && row.arch == subject.name);
            let verdict = if bars.all(is_decided) { verdict(&rows) } else { Verdict::Undecided };
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

/// Whether a number of poses is enough, or not, however undecided points turn out.
fn is_decided(row: &SamplingRow) -> bool {
    (row.fraction_correct_at_least >= ENOUGH) == (row.fraction_correct_at_most >= ENOUGH)
}

/// "Enough poses" is the smallest number that succeeds and above which every tested number succeeds.
fn verdict(rows: &[&SummaryRow]) -> Verdict {
    let collapsed = |row: &&SummaryRow| row.statuses.keys().eq([&Status::OrbitCollapse]);
    let missing = |row: &&SummaryRow| row.statuses.keys().any(|status| status.is_missing());
    if rows.is_empty() || rows.iter().any(missing) {
        return Verdict::Undecided;
    }
    if rows.iter().all(collapsed) {
        return Verdict::OrbitCollapse;
    }
    let curve: Vec<(usize, bool)> =
        rows.iter().map(|row| (row.poses, row.fraction_correct >= ENOUGH)).collect();
    match enough_poses(&curve) {
        None => Verdict::Fails,
        Some(poses) if curve.iter().all(|&(_, succeeds)| succeeds) && poses == rows[0].poses => {
            Verdict::Succeeds
        }
        Some(poses) => Verdict::FailsBelow { poses },
    }
}
