//! A checked audit: everything is parsed, loaded and planned, nothing is computed.

use std::sync::Arc;

use isotypic_work::Plan;

use super::budget::Budget;
use super::pairs;
use super::question::Question;
use super::settings::{AuditSettings, Convention, PairSelection};
use super::subjects::Subjects;
use super::task::{Subject, Task, kernel_pairs, tasks_of};
use crate::Error;
use crate::model::Model;
use isotypic_orbit::HoldOutSpec;

/// Architectures of an audit of images that names none.
const DEFAULT_ARCHITECTURES: [&str; 4] = ["mlp", "mlp:5", "cnn", "cnn-gap"];

/// Kernels of an audit of features that names none.
const DEFAULT_FEATURE_KERNELS: [&str; 3] = ["linear", "rbf", "arc-cosine"];

/// Name under which a given Gram matrix appears among the architectures.
const GIVEN_GRAM: &str = "given";

/// What an audit will take.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditPlan {
    /// Kernel entries, bytes at the peak and seconds on the current number of threads.
    pub plan: Plan,
    /// What was left out because its kernel is costly.
    pub notes: Vec<String>,
}

/// A checked audit.
pub(crate) struct Job {
    pub(crate) settings: AuditSettings,
    pub(crate) subjects: Subjects,
    pub(crate) questions: Vec<Question>,
    pub(crate) architectures: Vec<Subject>,
    pub(crate) pairs: Vec<(usize, usize)>,
    pub(crate) tasks: Vec<Task>,
    pub(crate) notes: Vec<String>,
}

impl Job {
    /// Parses, loads and checks everything.
    pub(crate) fn prepare(settings: &AuditSettings) -> Result<Self, Error> {
        settings.ridge.value(1.0)?;
        let models = models(settings)?;
        let subjects = Subjects::load(settings)?;
        let questions = Question::all(settings.question.as_ref(), &subjects)?;
        if settings.convention == Convention::Paper {
            check_paper(&questions)?;
        }
        let architectures = match subjects.input_shape() {
            None => vec![Subject { name: GIVEN_GRAM.to_owned(), kernel: None }],
            Some(shape) => models
                .into_iter()
                .map(|(name, model)| {
                    let kernel = Some(Arc::new(model.compile(&name, &shape)?));
                    Ok(Subject { name, kernel })
                })
                .collect::<Result<_, Error>>()?,
        };
        let pairs = pairs::select(&settings.pairs, settings.seed, subjects.labels())?;
        let budget =
            Budget { pairs: pairs.len(), pairs_may_shrink: settings.pairs == PairSelection::Default };
        let (mut tasks, mut notes) = (Vec::new(), Vec::new());
        for (index, subject) in architectures.iter().enumerate() {
            tasks.extend(tasks_of(index, subject, &subjects, &questions, &budget, &mut notes)?);
        }
        Ok(Self { settings: settings.clone(), subjects, questions, architectures, pairs, tasks, notes })
    }

    /// What the job will take.
    pub(crate) fn plan(&self) -> AuditPlan {
        let threads = rayon::current_num_threads() as f64;
        let mut plan = Plan::default();
        for task in &self.tasks {
            let points = 2 * task.order;
            let subject = &self.architectures[task.subject];
            let one = match &subject.kernel {
                Some(kernel) => kernel.plan(points, points, true, self.settings.kernel.outputs()),
                None => Plan { entries: 0, bytes: 8 * (points * points) as u64, seconds: 0.0 },
            };
            // A thread holds one pair at a time: its points, kernel matrices, and a few copies for regression.
            let bytes = threads as u64 * (2 * one.bytes + 8 * 8 * (points * points) as u64);
            plan = plan.then(Plan {
                entries: (kernel_pairs(subject, task) * task.pairs as f64) as u64,
                bytes,
                seconds: task.seconds_per_pair * task.pairs as f64 / threads,
            });
        }
        AuditPlan { plan, notes: self.notes.clone() }
    }
}

/// The architectures asked for, parsed.
fn models(settings: &AuditSettings) -> Result<Vec<(String, Model)>, Error> {
    use super::settings::AuditInput;
    let names: Vec<String> = match (&settings.input, settings.architectures.is_empty()) {
        (AuditInput::Gram(_), true) => Vec::new(),
        (AuditInput::Gram(_), false) => {
            return Err(Error::settings(
                format!(
                    "architecture `{}`: a Gram matrix is given, so there is nothing to evaluate",
                    settings.architectures[0]
                ),
                "leave out either `--gram` or `--arch`",
            ));
        }
        (AuditInput::Features(_), true) => DEFAULT_FEATURE_KERNELS.map(str::to_owned).to_vec(),
        (AuditInput::Data(_), true) => DEFAULT_ARCHITECTURES.map(str::to_owned).to_vec(),
        (_, false) => settings.architectures.clone(),
    };
    if let Some(twice) = (1..names.len()).find(|&at| names[..at].contains(&names[at])) {
        return Err(Error::settings(
            format!("architecture `{}`: given twice", names[twice]),
            "give each architecture once",
        ));
    }
    names.into_iter().map(|name| Ok((name.clone(), Model::parse(&name)?))).collect()
}

/// The authors' scripts know one held-out pose of two orbits of a cyclic group.
fn check_paper(questions: &[Question]) -> Result<(), Error> {
    for question in questions {
        let cyclic = question.poses.iter().all(|&poses| {
            question.at(poses).and_then(|poses| poses.group()).is_ok_and(|group| group.as_cyclic().is_some())
        });
        if !matches!(question.hold_out, HoldOutSpec::Pose(_)) || !cyclic {
            return Err(Error::settings(
                format!(
                    "convention `paper`: defined for one held-out pose of a cyclic group, got {}",
                    question.title()
                ),
                "use `--hold-out pose:0` and a group such as `rotation:16`, or `--convention exact`",
            ));
        }
    }
    Ok(())
}
