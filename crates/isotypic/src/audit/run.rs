//! Runs the tasks of a job: one unit of work per task and pair.

use isotypic_group::FiniteGroup;
use isotypic_orbit::OrbitLayout;
use isotypic_report::{
    ConjugateGradients, MetricTurn, PairResult, PointResult, ProjectionEffect, ReportedResult, SamplingPoint,
    SeedResult, Status, TrainingPoint, finite,
};
use isotypic_work::Monitor;
use rayon::prelude::*;

use super::audit_gram::AuditGram;
use super::class_audit::{self, ClassErrors, SeedErrors};
use super::class_seeds::ClassSeedSet;
use super::closer_look::{CloserLooks, Look};
use super::irrep_parts::IrrepParts;
use super::job::Job;
use super::large_classes::LargeClasses;
use super::pair_audit::{self, PairErrors};
use super::question::Question;
use super::repair::Repair;
use super::subjects::Orbits;
use super::task::{Part, Task, kernel_pairs};
use super::units::Units;
use super::{metrics, sampling_error, training_time};
use crate::Error;
use crate::audit_kernel::AuditKernel;
use crate::orbit_gram::OrbitGram;

/// What was found for one pair, or one seed, at one number of poses of one question.
#[derive(Debug, Clone)]
pub(crate) struct Finding {
    pub(crate) question: usize,
    pub(crate) architecture: usize,
    pub(crate) result: ReportedResult,
    pub(crate) points: Vec<PointResult>,
    pub(crate) indistinguishable_poses: usize,
    /// Why the Gram matrix could not be inverted and what would help.
    pub(crate) obstacle: Option<String>,
    /// Of one result only, where several come from the same Gram matrix.
    pub(crate) irreps: Option<IrrepParts>,
    /// Whether it was computed again in double precision, because single precision was too coarse.
    pub(crate) was_too_coarse: bool,
    /// Estimate of the relative error that quadratures make in the kernel.
    pub(crate) quadrature_error: f64,
    /// Of one result only, where several come from the same Gram matrix.
    pub(crate) repair: Option<Repair>,
    /// Of some rows of the Gram matrix that were computed again.
    pub(crate) largest_residual: Option<f64>,
    /// No condition number is larger.
    pub(crate) condition_bound: Option<f64>,
    /// Files of finished units that held something else; of one result only.
    pub(crate) corrupted: Vec<String>,
    /// After finite times of training.
    pub(crate) training: Vec<TrainingPoint>,
    /// Error bars of the points, if the kernel was sampled.
    pub(crate) sampling: Vec<SamplingPoint>,
    /// Simple numbers beside the errors.
    pub(crate) metrics: Vec<MetricTurn>,
    /// What projection changes, where the matrix as it is was not solved.
    pub(crate) projection_effect: Option<ProjectionEffect>,
    /// How it was solved, where some of the seeds are answered only.
    pub(crate) conjugate_gradients: Option<ConjugateGradients>,
}

impl Finding {
    /// Poses of an orbit.
    pub(crate) fn poses(&self) -> usize {
        match &self.result {
            ReportedResult::Pair(pair) => pair.poses,
            ReportedResult::Seed(seed) => seed.poses,
            _ => unreachable!("an audit makes pairs and seeds"),
        }
    }

    fn is_too_coarse(&self) -> bool {
        match &self.result {
            ReportedResult::Pair(pair) => pair.status == Status::TooCoarse,
            ReportedResult::Seed(seed) => seed.status == Status::TooCoarse,
            _ => unreachable!("an audit makes pairs and seeds"),
        }
    }
}

/// All findings, in the order of questions, architectures, poses and pairs (or seeds).
pub(crate) fn run(job: &Job, looks: &CloserLooks, monitor: &Monitor) -> Result<Vec<Finding>, Error> {
    let mut units: Vec<(&Task, usize)> = Vec::new();
    let mut large: Vec<(&Task, LargeClasses<'_>)> = Vec::new();
    for task in &job.tasks {
        match LargeClasses::of(job, task)? {
            Some(classes) => large.push((task, classes)),
            None => units.extend((0..task.units).map(|unit| (task, unit))),
        }
    }
    // Costly ones first: the cheap ones fill the gaps at the end.
    units.sort_by(|a, b| b.0.seconds_per_unit.total_cmp(&a.0.seconds_per_unit));
    let tasks = units.iter().map(|(task, _)| *task).chain(large.iter().map(|(task, _)| *task));
    monitor.stage("audit", tasks.map(|task| task.seconds_per_unit).sum());
    // One after the other: each takes all threads and much of the memory.
    let mut of_large = Vec::new();
    for (task, classes) in &large {
        let monitor = monitor.part(task.seconds_per_unit, 1.0);
        let (part, set) = (&task.parts[0], job.units.classes().expect("large audits are of classes"));
        let errors = classes.examine(job, task, &monitor)?;
        of_large.extend(seed_findings(job, task, part, set, &errors).into_iter().map(|finding| (0, finding)));
    }
    let mut findings: Vec<(usize, Finding)> = units
        .into_par_iter()
        .with_max_len(1)
        .map(|(task, unit)| {
            monitor.check()?;
            let found = run_unit(job, task, unit, looks, monitor)?;
            Ok(found.into_iter().map(|finding| (unit, finding)).collect::<Vec<_>>())
        })
        .collect::<Result<Vec<_>, Error>>()?
        .into_iter()
        .flatten()
        .chain(of_large)
        .collect();
    monitor.finish();
    findings.sort_by_key(|(unit, finding)| (finding.question, finding.architecture, finding.poses(), *unit));
    let mut findings: Vec<Finding> = findings.into_iter().map(|(_, finding)| finding).collect();
    for (index, finding) in findings.iter_mut().enumerate() {
        for point in &mut finding.points {
            point.pair = index;
        }
        finding.training.iter_mut().for_each(|point| point.pair = index);
        finding.metrics.iter_mut().for_each(|turn| turn.pair = index);
        finding.sampling.iter_mut().for_each(|point| point.pair = index);
    }
    Ok(findings)
}

/// How nearly the poses of each question are made by an action, at the largest number of poses, on the first seed.
pub(crate) fn homomorphism_defects(job: &Job) -> Result<Vec<Option<f64>>, Error> {
    let seed = job.units.seeds(0)[0];
    let defect = |question: &Question| {
        let poses = question.poses.iter().copied().max().unwrap_or(1);
        job.subjects.homomorphism_defect(&question.at(poses)?, seed)
    };
    job.questions.iter().map(defect).collect()
}

/// One unit: the kernel once, then every part from a subgroup. What single precision is too coarse for is computed again in double.
fn run_unit(
    job: &Job,
    task: &Task,
    unit: usize,
    looks: &CloserLooks,
    monitor: &Monitor,
) -> Result<Vec<Finding>, Error> {
    let subject = &job.architectures[task.subject];
    let kernel = subject.kernel.as_deref();
    let pairs = kernel_pairs(subject, task, job.units.seeds(unit).len());
    let share = monitor.part(task.seconds_per_unit, pairs);
    let findings = findings_of_unit((job, task, unit), kernel, looks, &share)?;
    if kernel.is_none() {
        monitor.advance(task.seconds_per_unit);
    }
    match kernel.and_then(AuditKernel::double) {
        Some(double) if findings.iter().any(Finding::is_too_coarse) => {
            // Work beyond the plan: it can be cancelled, and does not count.
            let mut findings =
                findings_of_unit((job, task, unit), Some(double), looks, &monitor.part(0.0, pairs))?;
            findings.iter_mut().for_each(|finding| finding.was_too_coarse = true);
            Ok(findings)
        }
        _ => Ok(findings),
    }
}

fn findings_of_unit(
    (job, task, unit): (&Job, &Task, usize),
    kernel: Option<&AuditKernel>,
    looks: &CloserLooks,
    monitor: &Monitor,
) -> Result<Vec<Finding>, Error> {
    let kernel = kernel.map(|kernel| (kernel, job.settings.kernel));
    let seeds = job.units.seeds(unit);
    let orbits = job.subjects.orbits(&seeds, &task.poses, &job.settings.normalization, kernel, monitor)?;
    let mut findings = findings_of_orbits((job, task, unit), (&orbits, Some(looks)), monitor)?;
    findings.iter_mut().for_each(|finding| finding.quadrature_error = orbits.gram.quadrature_error);
    let mut replica = orbits;
    let leave_one_out = std::mem::take(&mut replica.gram.leave_one_out);
    let mut without_one = Vec::with_capacity(leave_one_out.len());
    for gram in leave_one_out {
        replica.gram = OrbitGram::dense(gram);
        // Nobody looks at a part of the samples.
        without_one.push(findings_of_orbits((job, task, unit), (&replica, None), monitor)?);
    }
    if !without_one.is_empty() {
        sampling_error::attach(&mut findings, &without_one);
    }
    Ok(findings)
}

fn findings_of_orbits(
    (job, task, unit): (&Job, &Task, usize),
    (orbits, looks): (&Orbits, Option<&CloserLooks>),
    monitor: &Monitor,
) -> Result<Vec<Finding>, Error> {
    let mut findings = Vec::new();
    for part in &task.parts {
        monitor.check()?;
        match &job.units {
            Units::Pairs(_) => {
                findings.push(pair_finding(job, task, part, unit, (orbits, looks), monitor)?);
            }
            Units::Classes(set) => {
                findings.extend(class_findings(job, task, part, set, (orbits, looks), monitor)?);
            }
        }
    }
    Ok(findings)
}

fn pair_finding(
    job: &Job,
    task: &Task,
    part: &Part,
    unit: usize,
    (orbits, looks): (&Orbits, Option<&CloserLooks>),
    monitor: &Monitor,
) -> Result<Finding, Error> {
    let seeds = job.units.seeds(unit);
    let pair = (seeds[0], seeds[1]);
    let question = &job.questions[part.question];
    let group = job.subjects.group_of(&question.at(part.poses)?)?;
    let gram = AuditGram::of(&orbits.gram, &group)?;
    let points = match &orbits.points {
        Some(points) if group == *orbits.gram.group() => Some(points.clone()),
        Some(points) => Some(points_of(points, orbits.gram.group(), &group)?),
        None => None,
    };
    let points = points.as_ref().map(|points| points.view());
    let settings = &job.settings;
    let errors = pair_audit::examine(&gram, points, &question.hold_out, settings.ridge, settings.convention)?;
    let sets = pair_audit::sets(&gram, &question.hold_out)?;
    let labels = pair_audit::labels();
    let mut repair = Repair::by_averaging(&gram.invariant, &labels, &sets, settings.ridge)?;
    if errors.correct != [true; 2] {
        repair = repair.with_separation(&gram.invariant, &labels, &sets, settings.ridge)?;
    }
    let error = errors.exact[0].zip(errors.exact[1]).map(|(a, b)| (a + b) / 2.0).and_then(finite);
    let look = || Look::of(&gram, &labels, settings.ridge, unit, error);
    let (mut training, mut turns) = (Vec::new(), Vec::new());
    if let Some(looks) = looks {
        looks.offer((part.question, task.subject, part.poses), unit, error, look)?;
        training = training_time::points(&gram, (&labels, &sets), settings, &seeds, monitor)?;
        turns = metrics::of_pair(&gram, (&labels, &sets), &errors, settings, [pair.0, pair.1])?;
    }
    Ok(Finding { repair: Some(repair), training, metrics: turns, ..finding(job, task, part, pair, errors) })
}

fn class_findings(
    job: &Job,
    task: &Task,
    part: &Part,
    set: &ClassSeedSet,
    (orbits, looks): (&Orbits, Option<&CloserLooks>),
    monitor: &Monitor,
) -> Result<Vec<Finding>, Error> {
    let question = &job.questions[part.question];
    let group = job.subjects.group_of(&question.at(part.poses)?)?;
    let restricted = if group == *orbits.gram.group() { None } else { Some(orbits.gram.restrict(&group)?) };
    let gram = restricted.as_ref().unwrap_or(&orbits.gram);
    let settings = &job.settings;
    let training = class_audit::training(gram, set)?;
    let (labels, sets) = (set.labels(), class_audit::sets(set, &training, &question.hold_out)?);
    let mut errors =
        class_audit::examine(gram, set, (&training, &sets), settings.ridge, settings.convention)?;
    let some_fail = errors.seeds.iter().any(|seed| !seed.unseen && !seed.is_correct());
    errors.repair = Some(Repair::of_classes(&training.invariant, set, &sets, settings.ridge, some_fail)?);
    let mut findings = seed_findings(job, task, part, set, &errors);
    let Some(looks) = looks else { return Ok(findings) };
    let exact = |finding: &Finding| finding.result.as_seed().filter(|seed| !seed.unseen)?.exact_error;
    let error = findings.iter().filter_map(exact).max_by(f64::total_cmp);
    let look = || Look::of(&training, &labels, settings.ridge, 0, error);
    looks.offer((part.question, task.subject, part.poses), 0, error, look)?;
    for point in training_time::points(&training, (&labels, &sets), settings, &set.seen, monitor)? {
        let of_seed = |seed: &&SeedResult| !seed.unseen && seed.seed == point.seed;
        let mut own =
            findings.iter_mut().filter(|finding| finding.result.as_seed().filter(of_seed).is_some());
        if let Some(finding) = own.next() {
            finding.training.push(point);
        }
    }
    metrics::attach_to_seeds(&mut findings, &training, (set, &sets), settings, monitor)?;
    Ok(findings)
}

fn seed_findings(
    job: &Job,
    task: &Task,
    part: &Part,
    set: &ClassSeedSet,
    errors: &ClassErrors,
) -> Vec<Finding> {
    let mut irreps = Some(errors.irreps.clone());
    let finding = |seed| seed_finding(job, task, part, set, errors, seed, irreps.take());
    let mut findings: Vec<Finding> = errors.seeds.iter().map(finding).collect();
    if let Some(first) = findings.first_mut() {
        first.repair.clone_from(&errors.repair);
    }
    findings
}

/// The poses of a subgroup of all seeds.
pub(crate) fn points_of(
    points: &ndarray::Array2<f64>,
    group: &FiniteGroup,
    subgroup: &FiniteGroup,
) -> Result<ndarray::Array2<f64>, Error> {
    let elements = subgroup.embedding_into(group).ok_or_else(|| isotypic_gram::GramError::NotASubgroup {
        subgroup: subgroup.to_string(),
        group: group.to_string(),
    })?;
    let layout = OrbitLayout::new(points.nrows() / group.order(), group.order());
    Ok(points.select(ndarray::Axis(0), &layout.rows_at(&elements)))
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
                unseen: false,
                predictions: vec![some_finite(point.prediction)],
                error: some_finite(point.error),
                variance: some_finite(point.variance),
                margin: some_finite(
                    point.prediction.map(|value| if point.side == 0 { value } else { -value }),
                ),
                probability: some_finite(point.probability),
                correct: point.correct,
                status: point.status,
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
        indistinguishable_poses: errors.indistinguishable_poses,
        limit_error: some_finite(errors.limit),
        status: errors.status,
        trained: None,
    };
    Finding {
        question: part.question,
        architecture: task.subject,
        result: ReportedResult::Pair(result),
        points,
        indistinguishable_poses: errors.indistinguishable_poses,
        obstacle: errors.obstacle.map(|reason| reason.describe(&[a, b])),
        irreps: Some(errors.irreps),
        was_too_coarse: false,
        quadrature_error: 0.0,
        repair: None,
        largest_residual: None,
        condition_bound: None,
        corrupted: Vec::new(),
        training: Vec::new(),
        sampling: Vec::new(),
        metrics: Vec::new(),
        projection_effect: None,
        conjugate_gradients: None,
    }
}

fn seed_finding(
    job: &Job,
    task: &Task,
    part: &Part,
    set: &ClassSeedSet,
    errors: &ClassErrors,
    seed: &SeedErrors,
    irreps: Option<IrrepParts>,
) -> Finding {
    let question = &job.questions[part.question];
    let (arch, group) = (job.architectures[task.subject].name.clone(), question.group_at(part.poses));
    let hold_out = question.hold_out_text.clone();
    let all = set.all();
    let some_finite = |value: Option<f64>| value.and_then(finite);
    let least = |value: fn(&class_audit::ClassPoint) -> Option<f64>| {
        let values: Option<Vec<f64>> = seed.points.iter().map(value).collect();
        some_finite(values.and_then(|values| values.into_iter().min_by(f64::total_cmp)))
    };
    let label = set.classes[seed.class].clone();
    let points = seed
        .points
        .iter()
        .map(|point| PointResult {
            arch: arch.clone(),
            group: group.clone(),
            poses: part.poses,
            hold_out: hold_out.clone(),
            pair: 0, // known once all findings are in order
            seed: all[seed.place],
            element: point.element,
            label: label.clone(),
            unseen: seed.unseen,
            predictions: match &point.predictions {
                Some(values) => values.iter().map(|&value| finite(value)).collect(),
                None => vec![None; set.classes.len()],
            },
            error: some_finite(point.predictions.as_ref().map(|values| (1.0 - values[seed.class]).abs())),
            variance: some_finite(point.variance),
            margin: some_finite(point.margin),
            probability: some_finite(point.probability),
            correct: point.margin.is_some_and(|margin| margin > 0.0),
            status: point.status,
        })
        .collect();
    let error: Vec<Option<f64>> = seed.errors(set.classes.len()).into_iter().map(some_finite).collect();
    let result = SeedResult {
        arch: arch.clone(),
        group: group.clone(),
        poses: part.poses,
        hold_out: hold_out.clone(),
        seed: all[seed.place],
        label: label.clone(),
        unseen: seed.unseen,
        exact_error: if errors.is_projected { None } else { error[seed.class] },
        error,
        projected_error: some_finite(seed.projected),
        spectral_error: some_finite(seed.spectral),
        margin: least(|point| point.margin),
        probability: least(|point| point.probability),
        correct: seed.is_correct(),
        invariance_defect: finite(errors.invariance_defect),
        condition_number: some_finite(errors.condition_number),
        limit_error: some_finite(seed.limit),
        twin: seed.twin.map(|place| all[place]),
        status: seed.status,
        trained: None,
    };
    let has_irreps = irreps.is_some();
    Finding {
        question: part.question,
        architecture: task.subject,
        result: ReportedResult::Seed(result),
        points,
        indistinguishable_poses: errors.indistinguishable_poses,
        obstacle: errors.obstacle.clone().map(|reason| reason.describe(&set.seen)),
        irreps,
        was_too_coarse: false,
        quadrature_error: 0.0,
        repair: None,
        corrupted: if has_irreps { errors.corrupted.clone() } else { Vec::new() },
        largest_residual: errors.largest_residual.and_then(finite),
        condition_bound: errors.condition_bound.and_then(finite),
        training: Vec::new(),
        sampling: Vec::new(),
        metrics: Vec::new(),
        projection_effect: errors.projection_effect.clone(),
        conjugate_gradients: errors.conjugate_gradients.clone(),
    }
}
