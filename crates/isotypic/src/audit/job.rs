//! A checked audit: everything is parsed, loaded and planned, nothing is computed.

use std::sync::Arc;

use isotypic_architecture::Architecture;
use isotypic_work::Plan;

use super::budget::Budget;
use super::class_seeds::ClassSeedSet;
use super::extras;
use super::large_classes;
use super::pairs;
use super::question::Question;
use super::settings::{AuditSettings, ClassSelection, Convention, PairSelection, Together};
use super::subjects::Subjects;
use super::task::{Subject, Task, kernel_pairs, tasks_of};
use super::units::Units;
use crate::audit_kernel::AuditKernel;
use crate::model::Model;
use crate::{Error, Precision};
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
    /// What is so large that it is computed block by block, and in how many passes.
    pub large: Vec<String>,
}

/// A checked audit.
pub(crate) struct Job {
    pub(crate) settings: AuditSettings,
    pub(crate) subjects: Subjects,
    pub(crate) questions: Vec<Question>,
    pub(crate) architectures: Vec<Subject>,
    pub(crate) units: Units,
    pub(crate) tasks: Vec<Task>,
    pub(crate) notes: Vec<String>,
}

impl Job {
    /// Parses, loads and checks everything.
    pub(crate) fn prepare(settings: &AuditSettings, networks: &[Architecture]) -> Result<Self, Error> {
        settings.ridge.value(1.0)?;
        if (settings.precision, settings.convention) == (Precision::F32, Convention::Paper) {
            return Err(Error::settings(
                "convention `paper`: expected kernels in `f64`, as in the authors' scripts, got `f32`",
                "leave out `--dtype`, or `--convention`",
            ));
        }
        extras::check(settings)?;
        let models = models(settings, networks)?;
        let subjects = Subjects::load(settings)?;
        let questions = Question::all(settings.question.as_ref(), &subjects)?;
        if settings.convention == Convention::Paper {
            check_paper(&questions, settings.classes.as_ref())?;
        }
        let architectures = match subjects.input_shape() {
            None => vec![Subject { name: GIVEN_GRAM.to_owned(), kernel: None }],
            Some(shape) => models
                .into_iter()
                .map(|(name, model)| {
                    let kernel = AuditKernel::of_model(
                        &model,
                        &name,
                        &shape,
                        settings.precision,
                        settings.monte_carlo,
                    )?;
                    Ok(Subject { name, kernel: Some(Arc::new(kernel)) })
                })
                .collect::<Result<_, Error>>()?,
        };
        let units = match &settings.classes {
            Some(classes) => Units::Classes(ClassSeedSet::select(classes, subjects.labels())?),
            None => Units::Pairs(pairs::select(&settings.pairs, settings.seed, subjects.labels())?),
        };
        let all_seeds = units.classes().map_or(2, |set| set.seen.len());
        for question in &questions {
            question.check_hold_out(&subjects, all_seeds)?;
        }
        let pairs_may_shrink = settings.classes.is_none() && settings.pairs == PairSelection::Default;
        let budget = Budget { pairs: units.len(), pairs_may_shrink };
        let (mut tasks, mut notes, mut notes_of_large) = (Vec::new(), Vec::new(), Vec::new());
        for (index, subject) in architectures.iter().enumerate() {
            let size = (units.seeds_per_unit(), &budget);
            tasks.extend(tasks_of(index, subject, &subjects, &questions, size, &mut notes)?);
        }
        extras::check_size(settings, &units, &tasks)?;
        let mut job =
            Self { settings: settings.clone(), subjects, questions, architectures, units, tasks, notes };
        for task in &job.tasks {
            notes_of_large.extend(large_classes::precision_note(&job, task)?);
        }
        job.notes.append(&mut notes_of_large);
        Ok(job)
    }

    /// What the job will take.
    pub(crate) fn plan(&self) -> Result<AuditPlan, Error> {
        let mut large = Vec::new();
        let threads = rayon::current_num_threads() as f64;
        let mut plan = Plan::default();
        for task in &self.tasks {
            if let Some((part, line)) = large_classes::plan_of(self, task)? {
                plan = plan.then(part);
                large.push(line);
                continue;
            }
            let seeds = self.units.seeds_per_unit();
            let (points, subject) = (seeds * task.order, &self.architectures[task.subject]);
            // An invariant kernel is held as its values between each seed and all poses.
            let rows = if task.permutes { seeds } else { points };
            let one = match &subject.kernel {
                Some(kernel) => kernel.plan(rows, points, !task.permutes, self.settings.kernel.outputs()),
                None => Plan { entries: 0, bytes: 8 * (points * points) as u64, seconds: 0.0 },
            };
            // A thread holds one unit at a time: its points, kernel matrices, and a few copies for regression.
            let held = threads.min(self.units.len() as f64) as u64;
            // Held-out sets of one unit are examined by all threads.
            let beside = extras::plan(&self.settings, &self.units, task);
            let bytes =
                held * (2 * one.bytes + 8 * 8 * (rows * points) as u64) + threads as u64 * beside.bytes;
            plan = plan.then(Plan {
                entries: (kernel_pairs(subject, task, seeds) * task.units as f64) as u64,
                bytes,
                seconds: (task.seconds_per_unit + beside.seconds) * task.units as f64 / threads,
            });
        }
        Ok(AuditPlan { plan, notes: self.notes.clone(), large })
    }
}

/// The architectures asked for: those named, parsed, then those of the program.
fn models(settings: &AuditSettings, networks: &[Architecture]) -> Result<Vec<(String, Model)>, Error> {
    use super::settings::AuditInput;
    let first =
        settings.architectures.first().map(String::as_str).or(networks.first().map(Architecture::name));
    let names: Vec<String> = match (&settings.input, first) {
        (AuditInput::Gram(_) | AuditInput::LoadedGram(..), None) => Vec::new(),
        (AuditInput::Gram(_) | AuditInput::LoadedGram(..), Some(first)) => {
            return Err(Error::settings(
                format!("architecture `{first}`: a Gram matrix is given, so there is nothing to evaluate"),
                "leave out either `--gram` or `--arch`",
            ));
        }
        (AuditInput::Features(_) | AuditInput::LoadedFeatures(_), None) => {
            DEFAULT_FEATURE_KERNELS.map(str::to_owned).to_vec()
        }
        (AuditInput::Data(_) | AuditInput::LoadedImages(_), None) => {
            DEFAULT_ARCHITECTURES.map(str::to_owned).to_vec()
        }
        (_, Some(_)) => settings.architectures.clone(),
    };
    let mut models: Vec<(String, Model)> = names
        .into_iter()
        .map(|name| Ok((name.clone(), Model::parse(&name)?)))
        .collect::<Result<_, Error>>()?;
    models
        .extend(networks.iter().map(|network| (network.name().to_owned(), Model::Network(network.clone()))));
    let known = |at: usize| models[..at].iter().any(|(name, _)| *name == models[at].0);
    if let Some(twice) = (1..models.len()).find(|&at| known(at)) {
        return Err(Error::settings(
            format!("architecture `{}`: given twice", models[twice].0),
            "give each architecture once",
        ));
    }
    Ok(models)
}

/// The authors' scripts know one held-out pose of two orbits of a cyclic group.
fn check_paper(questions: &[Question], classes: Option<&ClassSelection>) -> Result<(), Error> {
    if classes.is_some_and(|classes| classes.together != Together::Class) {
        return Err(Error::settings(
            "convention `paper`: all seeds of a class are held out together",
            "leave out `--together seed`, or use `--convention exact`",
        ));
    }
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
