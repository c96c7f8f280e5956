//! What may be asked beside the errors, training times and metrics: of which audits, and what it takes.

use isotypic_work::Plan;

use super::class_seeds::ClassSeedSet;
use super::settings::{AuditSettings, Convention};
use super::solver::Solver;
use super::task::Task;
use super::units::Units;
use crate::Error;

/// Points of one Gram matrix beyond which decomposing it for every held-out set takes too long.
const MOST_POINTS: usize = 4096;

/// Nominal seconds of one core for one held-out set, for the cube and the square of the number of points.
const SECONDS_OF_DECOMPOSITION: f64 = 2.5e-10;
const SECONDS_OF_METRICS: f64 = 1e-7;

/// Copies of a Gram matrix that one held-out set needs at its peak.
const COPIES: u64 = 4;

/// What was asked for, in words; `None` for nothing.
fn asked(settings: &AuditSettings) -> Option<&'static str> {
    match (settings.training_times.is_some(), settings.metrics) {
        (true, _) => Some("training times"),
        (false, true) => Some("metrics"),
        (false, false) => None,
    }
}

/// Refuses times that are none, the authors' convention, and solvers that never hold a Gram matrix.
pub(crate) fn check(settings: &AuditSettings) -> Result<(), Error> {
    let times = settings.training_times.iter().flatten();
    if let Some(time) = times.copied().find(|time| !(*time > 0.0 && time.is_finite())) {
        return Err(Error::settings(
            format!("training time: expected a positive finite number, got `{time}`"),
            "errors at the end of training are reported anyway",
        ));
    }
    let Some(what) = asked(settings) else { return Ok(()) };
    if settings.convention == Convention::Paper {
        return Err(Error::settings(
            format!("{what}: expected convention `exact`, got `paper`, whose regression is another one"),
            "leave out `--convention`",
        ));
    }
    if matches!(settings.solver, Solver::ConjugateGradients(_)) {
        return Err(Error::settings(
            format!("{what}: expected a Gram matrix that is held, got the solver `{}`", settings.solver),
            "leave out `--solver`",
        ));
    }
    Ok(())
}

/// Refuses Gram matrices that are too large; audits that are computed block by block are larger.
pub(crate) fn check_size(settings: &AuditSettings, units: &Units, tasks: &[Task]) -> Result<(), Error> {
    let Some(what) = asked(settings) else { return Ok(()) };
    let points = tasks.iter().map(|task| observed_together(units) * task.order).max().unwrap_or(0);
    if points > MOST_POINTS {
        return Err(Error::settings(
            format!("{what}: expected at most {MOST_POINTS} points of all seeds together, got {points}"),
            "ask for fewer seeds or poses, or leave them out",
        ));
    }
    Ok(())
}

fn observed_together(units: &Units) -> usize {
    units.classes().map_or(2, |set| set.seen.len())
}

/// What they add to the plan of one unit of a task.
pub(crate) fn plan(settings: &AuditSettings, units: &Units, task: &Task) -> Plan {
    let seeds = observed_together(units);
    let points = (seeds * task.order) as f64;
    // Smaller numbers of poses, which share this sampling, are cheap beside the largest.
    let sets = units.classes().map_or(2, ClassSeedSet::turns_at_most) as f64;
    let of_set =
        if settings.training_times.is_some() { SECONDS_OF_DECOMPOSITION * points.powi(3) } else { 0.0 }
            + if settings.metrics { SECONDS_OF_METRICS * points.powi(2) } else { 0.0 };
    if of_set == 0.0 {
        return Plan::default();
    }
    Plan { entries: 0, bytes: COPIES * 8 * (points * points) as u64, seconds: sets * of_set }
}
