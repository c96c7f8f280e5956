//! Finite networks on the points of an audit: trained on what is observed, asked about what is held out.

use std::collections::BTreeMap;

use isotypic_architecture::Architecture;
use isotypic_orbit::HeldOutSet;
use isotypic_report::{AuditReport, MetricTurn, ReportedResult, TrainedResult, TrainedTurn, finite};
use isotypic_train::{Network, TrainError};
use isotypic_work::Monitor;
use ndarray::Array2;

use super::job::Job;
use super::own_output::OwnOutput;
use super::question::Question;
use super::regression_tasks::regression_tasks;
use super::settings::AuditSettings;
use super::task::{Part, Subject, Task};
use super::units::Units;
use super::{audit, metrics, pair_audit};
use crate::train::{EnsembleRuns, EnsembleTraining, RegressionTask, train_tasks};
use crate::{Error, KernelKind};

/// Observed points of one held-out set beyond which training would take too long and the matrix of its kernel too much memory.
const MOST_POINTS: usize = 8192;

/// An audit, and then networks of the same architectures trained on the same points: `trained_error`, `trained_correct` and what the
/// kernel predicts for as many steps are added to every result.
///
/// For every held-out set, an ensemble of networks is trained on everything else by gradient descent on the squared loss; all pairs
/// of an architecture at one number of poses are one computation. Results about seeds that training never sees stay as they are.
///
/// # Errors
/// As [`audit`] and [`check_training`]; [`Error::Train`] where networks diverge or training is stopped.
pub fn audit_and_train(
    settings: &AuditSettings,
    training: &EnsembleTraining,
    monitor: &Monitor,
) -> Result<AuditReport, Error> {
    let job = trainable(settings, training)?;
    let mut runs = EnsembleRuns::open(training)?;
    let mut report = audit(settings, monitor)?;
    for task in &job.tasks {
        let network = network(&job, task.subject, training)?;
        for part in &task.parts {
            add(&job, (task, part), &network, (training, &mut runs), &mut report, monitor)?;
        }
    }
    score_metrics(&job, &mut report);
    report.notes.push(format!(
        "trained: {} of width {}, {} steps of {} times 1/λ of gradient descent with momentum {} on the squared loss, \
         outputs at the beginning subtracted and multiplied by {}, seed {}",
        if training.networks == 1 { "one network".to_owned() } else { format!("{} networks", training.networks) },
        training.width,
        training.steps,
        training.step_size,
        training.momentum,
        training.output_scale,
        training.seed
    ));
    report.networks = Some(training.described());
    monitor.finish();
    Ok(report)
}

/// Holds metrics against what the networks did too.
fn score_metrics(job: &Job, report: &mut AuditReport) {
    let Some(found) = &mut report.metrics else { return };
    let place = |result: &ReportedResult| {
        let (arch, group, hold_out, poses) = result.key();
        let question = job.questions.iter().position(|question| {
            question.poses.contains(&poses)
                && question.group_at(poses) == group
                && question.hold_out_text == hold_out
        });
        let architecture = job.architectures.iter().position(|subject| subject.name == arch);
        question
            .zip(architecture)
            .expect("every result answers a question of the job about one of its networks")
    };
    let places: Vec<(usize, usize)> = report.results.iter().map(place).collect();
    found.scores = metrics::scores(job, &places, &found.turns);
}

/// Refuses audits whose networks cannot be trained, before anything is computed.
///
/// # Errors
/// [`Error::Settings`] for kernels that no network has, other kernels than the tangent kernel, and too many points;
/// [`Error::Train`] for layers that cannot be trained and settings out of range.
pub fn check_training(settings: &AuditSettings, training: &EnsembleTraining) -> Result<(), Error> {
    trainable(settings, training).map(|_| ())
}

/// The audit, prepared and checked.
pub(crate) fn trainable(settings: &AuditSettings, training: &EnsembleTraining) -> Result<Job, Error> {
    crate::train::check_ensemble(training)?;
    if settings.kernel != KernelKind::Ntk {
        return Err(Error::settings(
            format!(
                "training: networks trained in all layers are described by the kernel `ntk`, got `{}`",
                settings.kernel
            ),
            "leave out `--kernel`",
        ));
    }
    let job = Job::prepare(settings, &[])?;
    for task in &job.tasks {
        network(&job, task.subject, training)?;
        let seen = job.units.classes().map_or(2, |set| set.seen.len());
        let points = seen * task.order;
        if points > MOST_POINTS {
            return Err(Error::settings(
                format!("training: {points} points at once, at most {MOST_POINTS} can be trained on"),
                "ask for fewer seeds or poses, or leave out the training",
            ));
        }
    }
    Ok(job)
}

/// The finite network of an architecture, with as many outputs as there are targets.
pub(crate) fn network(job: &Job, subject: usize, training: &EnsembleTraining) -> Result<Network, Error> {
    let name = &job.architectures[subject].name;
    let Some(shape) = job.subjects.input_shape() else {
        return Err(Error::settings(
            "training: a Gram matrix is given, so there are no points to train on",
            "leave out the training, or give images or features",
        ));
    };
    let outputs = job.units.classes().map_or(1, |set| set.classes.len());
    let architecture = Architecture::resolve(name).map_err(|error| match error {
        isotypic_architecture::ArchitectureError::UnknownName { .. } => Error::settings(
            format!("training: `{name}` is a kernel of features, which no network has"),
            "name an architecture such as `--arch mlp`",
        ),
        error => Error::Architecture(error),
    })?;
    let wide = architecture
        .with_widths(training.width, outputs)
        .ok_or_else(|| TrainError::NoReadout { name: name.clone(), outputs })?;
    Ok(Network::from_graph(&wide.check(&shape)?)?)
}

/// The networks of an architecture on one question at one number of poses, as a person would say it.
pub(crate) fn part_name(subject: &Subject, question: &Question, part: &Part) -> String {
    format!("{}, {} without {}", subject.name, question.group_at(part.poses), question.hold_out_text)
}

/// The labels of the seeds that training sees: ±1 for pairs, one column per class otherwise.
pub(super) fn labels(units: &Units) -> Array2<f64> {
    match units {
        Units::Pairs(_) => pair_audit::labels(),
        Units::Classes(set) => set.labels(),
    }
}

/// Trains on one number of poses, and puts what came of it into the results.
fn add(
    job: &Job,
    (task, part): (&Task, &Part),
    network: &Network,
    (training, runs): (&EnsembleTraining, &mut EnsembleRuns),
    report: &mut AuditReport,
    monitor: &Monitor,
) -> Result<(), Error> {
    let (subject, question) = (&job.architectures[task.subject], &job.questions[part.question]);
    let (tasks, of_unit): (Vec<RegressionTask>, Vec<(usize, HeldOutSet)>) =
        regression_tasks(job, (task, part), monitor)?
            .into_iter()
            .map(|(task, unit, set)| (task, (unit, set)))
            .unzip();
    let labels = labels(&job.units);
    let name = part_name(subject, question, part);
    let outcomes = train_tasks(network, &tasks, training, (&name, runs), monitor)?;
    let group = question.group_at(part.poses);
    let key = (subject.name.as_str(), group.as_str(), question.hold_out_text.as_str(), part.poses);
    let turns = report.metrics.iter_mut().flat_map(|metrics| &mut metrics.turns);
    let mut turns_of: BTreeMap<usize, Vec<&mut MetricTurn>> = BTreeMap::new();
    turns.for_each(|turn| turns_of.entry(turn.pair).or_default().push(turn));
    let in_order = report.results.iter_mut().enumerate().filter(|(_, result)| result.key() == key);
    for (index, result) in in_order {
        let seeds = match result {
            ReportedResult::Pair(pair) => vec![pair.a, pair.b],
            ReportedResult::Seed(seed) if !seed.unseen => vec![seed.seed],
            _ => continue,
        };
        // Of a pair the networks of this pair alone, of a class those that were trained without it.
        let of_result =
            of_unit.iter().zip(tasks.iter().zip(&outcomes)).filter_map(|((unit, set), (task, outcome))| {
                let of_seeds = match &job.units {
                    Units::Pairs(pairs) => vec![pairs[*unit].0, pairs[*unit].1],
                    Units::Classes(classes) => classes.seen.clone(),
                };
                debug_assert_eq!(task.asked.nrows(), set.len());
                (job.units.classes().is_some() || of_seeds == seeds).then_some((of_seeds, set, outcome))
            });
        let of_result: Vec<_> = of_result.collect();
        let answer = |asked: &[usize]| {
            let mut answer = Answer::default();
            for (of_seeds, set, outcome) in &of_result {
                let mut errors = (Vec::new(), Vec::new());
                for (at, (place, _)) in set.points().enumerate() {
                    if !asked.contains(&of_seeds[place]) {
                        continue;
                    }
                    let own = OwnOutput::of(labels.row(place));
                    errors.0.push(own.error(outcome.mean.row(at)));
                    errors.1.push(own.error(outcome.kernel.row(at)));
                    answer.is_wrong |= !own.is_right(outcome.mean.row(at));
                }
                answer.add(&errors.0, &errors.1, outcome.loss);
            }
            answer.result()
        };
        for turn in turns_of.remove(&index).unwrap_or_default() {
            turn.trained = answer(&[turn.seed]).map(|trained| TrainedTurn {
                trained_error: trained.trained_error,
                trained_correct: trained.trained_correct,
            });
        }
        let trained = answer(&seeds);
        match result {
            ReportedResult::Pair(pair) => pair.trained = trained,
            ReportedResult::Seed(seed) => seed.trained = trained,
            _ => {}
        }
    }
    Ok(())
}

/// The held-out sets of one result: as in audits, a mean over sets of means over points.
#[derive(Default)]
struct Answer {
    trained: Vec<f64>,
    kernel: Vec<f64>,
    losses: Vec<f64>,
    is_wrong: bool,
}

impl Answer {
    fn add(&mut self, trained: &[f64], kernel: &[f64], loss: f64) {
        if !trained.is_empty() {
            self.trained.push(mean(trained));
            self.kernel.push(mean(kernel));
            self.losses.push(loss);
        }
    }

    /// Nothing for results without a held-out point.
    fn result(&self) -> Option<TrainedResult> {
        (!self.trained.is_empty()).then(|| TrainedResult {
            trained_error: finite(mean(&self.trained)),
            trained_correct: !self.is_wrong,
            finite_time_error: finite(mean(&self.kernel)),
            trained_loss: finite(mean(&self.losses)),
        })
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
