//! Tasks: one architecture on one family of poses, sampled once per unit at the largest number of poses.

use std::sync::Arc;

use isotypic_kernel::MonteCarloKernel;

use super::budget::Budget;
use super::question::Question;
use super::subjects::{Poses, Subjects};
use crate::Error;
use crate::audit_kernel::AuditKernel;
use crate::orbit_gram::pairs_evaluated;

/// An architecture, ready to be evaluated; a Gram matrix that was given has no kernel.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    pub(crate) name: String,
    pub(crate) kernel: Option<Arc<AuditKernel>>,
}

impl Subject {
    /// The sampled kernel, if it is one.
    pub(crate) fn sampled(&self) -> Option<&MonteCarloKernel> {
        self.kernel.as_deref().and_then(AuditKernel::sampled)
    }

    /// Whether an entry of the kernel depends on all points that are evaluated together.
    fn depends_on_batch(&self) -> bool {
        self.sampled().is_some_and(MonteCarloKernel::depends_on_batch)
    }

    pub(crate) fn is_sampled(&self) -> bool {
        self.sampled().is_some()
    }
}

/// One number of poses of one question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) question: usize,
    pub(crate) poses: usize,
}

/// One architecture on one sampling of the orbits: every part reads a subgroup of it.
#[derive(Debug)]
pub(crate) struct Task {
    pub(crate) subject: usize,
    pub(crate) poses: Poses,
    pub(crate) order: usize,
    /// Whether the poses permute coordinates, so that the kernel may be invariant.
    pub(crate) permutes: bool,
    pub(crate) parts: Vec<Part>,
    /// The first so many units of the job.
    pub(crate) units: usize,
    /// Nominal seconds of one core for one unit.
    pub(crate) seconds_per_unit: f64,
}

/// Nominal seconds of one core for one unit, such as a pair of orbits: kernel and regression.
fn seconds_per_unit(subject: &Subject, seeds: usize, order: usize, permutes: bool) -> f64 {
    // Factorisations and spectra of the small matrices: a few cubic operations.
    // By blocks they are as many times smaller as the group has elements, squared.
    let points = (seeds * order) as f64;
    let shrunk = if permutes { (order as f64).powi(2) } else { 1.0 };
    let regression = 2e-8 * points.powi(3) / 8.0 / shrunk + 1e-4;
    // Without each replicate in turn.
    let repeated = subject.sampled().map_or(1.0, |kernel| 1.0 + kernel.settings().replicates as f64);
    let regression = regression * repeated;
    let kernel = subject.kernel.as_ref().map_or(0.0, |kernel| {
        let pairs = pairs_evaluated(kernel, seeds, order, permutes);
        pairs * kernel.seconds_per_pair()
    });
    kernel + regression
}

/// Kernel entries of one unit of a task: the steps in which its evaluation reports progress; 1 for a given Gram matrix.
pub(crate) fn kernel_pairs(subject: &Subject, task: &Task, seeds: usize) -> f64 {
    let kernel = subject.kernel.as_deref();
    kernel.map_or(1.0, |kernel| pairs_evaluated(kernel, seeds, task.order, task.permutes))
}

/// The tasks of one architecture. Questions about the same family of poses share samplings.
pub(crate) fn tasks_of(
    subject_index: usize,
    subject: &Subject,
    subjects: &Subjects,
    questions: &[Question],
    (seeds, budget): (usize, &Budget),
    notes: &mut Vec<String>,
) -> Result<Vec<Task>, Error> {
    let mut families: Vec<(String, Vec<Part>)> = Vec::new();
    for (index, question) in questions.iter().enumerate() {
        let key = match &question.family {
            Poses::Action(action) => action.family().to_owned(),
            Poses::Given(_) => String::new(),
        };
        let parts = question.poses.iter().map(|&poses| Part { question: index, poses });
        match families.iter_mut().find(|(family, _)| *family == key) {
            Some((_, list)) => list.extend(parts),
            None => families.push((key, parts.collect())),
        }
    }
    let mut tasks = Vec::new();
    for (_, parts) in families {
        let cost = |part: &Part| -> Result<Sampling, Error> {
            // Given poses come whole; an action is sampled at the number asked.
            let poses = match &questions[part.question].family {
                given @ Poses::Given(_) => given.clone(),
                Poses::Action(_) => questions[part.question].at(part.poses)?,
            };
            let order = subjects.group_of(&poses)?.order();
            // Of a sampled kernel every entry is evaluated.
            let permutes = subjects.permutes(&poses)? && !subject.is_sampled();
            Ok(Sampling {
                poses,
                order,
                permutes,
                seconds: seconds_per_unit(subject, seeds, order, permutes),
            })
        };
        let fitted = budget.fit(parts, questions, |part| Ok(cost(part)?.seconds))?;
        notes.extend(fitted.note(&subject.name));
        let embeds = |part: &Part, poses: &Poses| -> Result<bool, Error> {
            // The poses of a part are a batch of their own; given poses come whole.
            if let (true, Poses::Action(action)) = (subject.depends_on_batch(), poses) {
                return Ok(action.group()?.order() == part.poses);
            }
            let part = questions[part.question].at(part.poses)?.group()?;
            Ok(part.embedding_into(&poses.group()?).is_some())
        };
        tasks.extend(sample(subject_index, fitted.parts, fitted.pairs, cost, embeds)?);
    }
    Ok(tasks)
}

/// How the orbits of a task are sampled, and what one unit costs.
struct Sampling {
    poses: Poses,
    order: usize,
    permutes: bool,
    seconds: f64,
}

/// Divides parts into samplings: the largest number of poses serves all its subgroups.
fn sample(
    subject: usize,
    mut parts: Vec<Part>,
    pairs: usize,
    sampling: impl Fn(&Part) -> Result<Sampling, Error>,
    embeds: impl Fn(&Part, &Poses) -> Result<bool, Error>,
) -> Result<Vec<Task>, Error> {
    let mut tasks = Vec::new();
    while let Some(largest) = parts.iter().max_by_key(|part| part.poses) {
        let Sampling { poses, order, permutes, seconds } = sampling(largest)?;
        let (mut served, mut rest) = (Vec::new(), Vec::new());
        for part in parts {
            let is_served = order.is_multiple_of(part.poses) && embeds(&part, &poses)?;
            if is_served { served.push(part) } else { rest.push(part) }
        }
        parts = rest;
        tasks.push(Task {
            subject,
            poses,
            order,
            permutes,
            parts: served,
            units: pairs,
            seconds_per_unit: seconds,
        });
    }
    Ok(tasks)
}
