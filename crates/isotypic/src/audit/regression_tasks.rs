//! What networks are trained on in an audit: everything of a unit but one held-out set.

use isotypic_kernel::MonteCarloKernel;
use isotypic_orbit::HeldOutSet;
use isotypic_predict::GradientFlow;
use isotypic_work::Monitor;
use ndarray::{Array2, Axis};

use super::audit_gram::AuditGram;
use super::job::Job;
use super::run::points_of;
use super::task::{Part, Task};
use super::trained::labels;
use super::units::Units;
use super::{class_audit, pair_audit};
use crate::audit_kernel::AuditKernel;
use crate::orbit_gram::OrbitGram;
use crate::train::RegressionTask;
use crate::{Error, KernelKind};

/// The kernel and the points of some seeds at one number of poses. The kernel is computed again: an audit keeps no Gram matrices.
pub(crate) fn orbits_at(
    job: &Job,
    (task, part): (&Task, &Part),
    seeds: &[usize],
) -> Result<(OrbitGram, Array2<f64>), Error> {
    let group = job.subjects.group_of(&job.questions[part.question].at(part.poses)?)?;
    let kernel =
        job.architectures[task.subject].kernel.as_deref().map(|kernel| (kernel, job.settings.kernel));
    let orbits =
        job.subjects.orbits(seeds, &task.poses, &job.settings.normalization, kernel, &Monitor::silent())?;
    let points = orbits.points.expect("`network` has refused audits without points");
    if group == *orbits.gram.group() {
        return Ok((orbits.gram, points));
    }
    let points = points_of(&points, orbits.gram.group(), &group)?;
    Ok((orbits.gram.restrict(&group)?, points))
}

/// Every held-out set of every unit at one number of poses, with its unit.
pub(crate) fn regression_tasks(
    job: &Job,
    (task, part): (&Task, &Part),
    monitor: &Monitor,
) -> Result<Vec<(RegressionTask, usize, HeldOutSet)>, Error> {
    let question = &job.questions[part.question];
    let kernel = job.architectures[task.subject].kernel.as_deref();
    let mut tasks = Vec::new();
    for unit in 0..task.units {
        monitor.check()?;
        let seeds = match &job.units {
            Units::Pairs(_) => job.units.seeds(unit),
            Units::Classes(set) => set.seen.clone(),
        };
        let (gram, points) = orbits_at(job, (task, part), &seeds)?;
        let audited = AuditGram::of(&gram, gram.group())?;
        let sets = match &job.units {
            Units::Pairs(_) => pair_audit::sets(&audited, &question.hold_out)?.to_vec(),
            Units::Classes(set) => class_audit::sets(set, &audited, &question.hold_out)?,
        };
        for set in sets {
            let task = regression_task(kernel, &gram, &points, &labels(&job.units), &set)?;
            tasks.push((task, unit, set));
        }
    }
    Ok(tasks)
}

/// What one held-out set leaves to train on.
///
/// With batch normalisation the batch of an audit is all of its points, and that of training what is observed: then the kernel is
/// evaluated again with that batch, which the points that are asked about do not belong to.
pub(crate) fn regression_task(
    kernel: Option<&AuditKernel>,
    gram: &OrbitGram,
    points: &Array2<f64>,
    labels: &Array2<f64>,
    set: &HeldOutSet,
) -> Result<RegressionTask, Error> {
    let (rows, asked_rows) = (set.observed_rows(), set.rows());
    let seeds: Vec<usize> = rows.iter().map(|&row| set.layout().split(row).0).collect();
    let (observed, asked) = (points.select(Axis(0), &rows), points.select(Axis(0), asked_rows));
    let (kernel_of_observed, across) = match kernel {
        Some(kernel) if kernel.sampled().is_some_and(MonteCarloKernel::depends_on_batch) => {
            let silent = Monitor::silent();
            let (x, y) = (kernel.prepare(observed.view())?, kernel.prepare(asked.view())?);
            let between = kernel.cross(&x, &y, KernelKind::Ntk, &silent)?;
            (kernel.symmetric(&x, KernelKind::Ntk, &silent)?, between.reversed_axes())
        }
        _ => (gram.block(&rows, &rows)?, gram.block(asked_rows, &rows)?),
    };
    Ok(RegressionTask {
        observed,
        targets: labels.select(Axis(0), &seeds),
        asked,
        flow: GradientFlow::new(&kernel_of_observed, 0.0)?,
        across,
    })
}
