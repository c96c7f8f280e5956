//! What projection on the invariant matrices changes, where the matrix as it is cannot be held: measured on a few of the seeds.
//!
//! Those seeds alone are audited twice, on the matrix as it is and on its projection. With more seeds the smallest eigenvalues fall, so
//! that the effect may grow: the numbers are an example, not a bound.

use isotypic_report::ProjectionEffect;
use isotypic_work::Monitor;

use super::class_audit;
use super::class_seeds::ClassSeedSet;
use super::job::Job;
use super::subjects::Subjects;
use super::task::Task;
use crate::Error;
use crate::audit_kernel::AuditKernel;
use isotypic_report::statistics::median;

/// Points of the matrices that are solved.
const POINTS: usize = 2048;

/// Matrices of this size that are held at once.
const COPIES: usize = 8;

/// The first seeds of each class, of as many classes as fit: two at least.
pub(super) fn sample(set: &ClassSeedSet, order: usize) -> ClassSeedSet {
    let at_most = (POINTS / order).max(2);
    let classes = set.classes.len().min(at_most);
    let each = at_most / classes;
    let chosen: Vec<usize> =
        (0..classes).flat_map(|class| set.members(class).into_iter().take(each)).collect();
    ClassSeedSet {
        classes: set.classes[..classes].to_vec(),
        seen: chosen.iter().map(|&seed| set.seen[seed]).collect(),
        class_of_seen: chosen.iter().map(|&seed| set.class_of_seen[seed]).collect(),
        unseen: Vec::new(),
        class_of_unseen: Vec::new(),
        together: set.together,
    }
}

/// Bytes that [`measure`] takes.
pub(super) fn bytes(set: &ClassSeedSet, order: usize) -> u64 {
    let points = sample(set, order).seen.len() * order;
    (COPIES * points * points * size_of::<f64>()) as u64
}

/// Audits a few seeds on both matrices; `None` where one of them cannot be inverted.
pub(super) fn measure(
    job: &Job,
    task: &Task,
    set: &ClassSeedSet,
    single_row_residual: f64,
    monitor: &Monitor,
) -> Result<Option<ProjectionEffect>, Error> {
    let few = sample(set, task.order);
    let subject = &job.architectures[task.subject];
    let kernel = subject.kernel.as_deref().map(|kernel| kernel.double().unwrap_or(kernel));
    let settings = &job.settings;
    let kernel: Option<(&AuditKernel, _)> = kernel.map(|kernel| (kernel, settings.kernel));
    let subjects: &Subjects = &job.subjects;
    let orbits = subjects.orbits(&few.seen, &task.poses, &settings.normalization, kernel, monitor)?;
    let training = class_audit::training(&orbits.gram, &few)?;
    let sets = class_audit::sets(&few, &training, &job.questions[task.parts[0].question].hold_out)?;
    let labels = few.labels();
    let as_it_is = training.regress(settings.ridge, &labels, &sets, &[])?;
    let projected = training.regress_projected(settings.ridge, &labels, &sets)?;
    let (Ok(as_it_is), Ok(projected)) = (as_it_is, projected) else { return Ok(None) };
    let (mut differences, mut changed, mut points) = (Vec::new(), 0, 0);
    for (exact, projected) in as_it_is.turns.iter().zip(&projected.turns) {
        for (exact, projected) in exact.predictions.outer_iter().zip(projected.predictions.outer_iter()) {
            differences.extend(exact.iter().zip(projected).map(|(a, b)| (a - b).abs()));
            let winner =
                |row: ndarray::ArrayView1<'_, f64>| (0..row.len()).max_by(|&a, &b| row[a].total_cmp(&row[b]));
            changed += usize::from(winner(exact) != winner(projected));
            points += 1;
        }
    }
    let largest_difference = differences.iter().copied().fold(0.0, f64::max);
    Ok(Some(ProjectionEffect {
        seeds: few.seen.len(),
        points,
        median_difference: median(differences).unwrap_or(0.0),
        largest_difference,
        changed,
        single_row_residual,
    }))
}
