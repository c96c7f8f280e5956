//! The check of `audit --fail-above`: no held-out error above a bound.

use isotypic::report::{AuditReport, PointResult};

use crate::exit::Failure;

/// Refuses a bound that no error can be held against.
pub(crate) fn check_bound(bound: f64) -> Result<(), Failure> {
    match bound.is_finite() && bound >= 0.0 {
        true => Ok(()),
        false => Err(Failure::error(
            format!("fail-above `{bound}`: expected a number of at least 0"),
            "errors above 1 are misclassified: `--fail-above 1`",
        )),
    }
}

/// Fails if the error of a held-out point is above the bound, or is not known.
pub(crate) fn check(report: &AuditReport, bound: f64) -> Result<(), Failure> {
    // An error that is not a number is not below anything.
    let is_above = |point: &&PointResult| point.error.is_none_or(|error| error.is_nan() || error > bound);
    let above: Vec<_> = report.points.iter().filter(is_above).collect();
    let size = |point: &PointResult| point.error.unwrap_or(f64::INFINITY);
    let Some(worst) = above.iter().max_by(|a, b| size(a).total_cmp(&size(b))) else { return Ok(()) };
    let value =
        worst.error.map_or_else(|| format!("unknown, {}", worst.status), |error| format!("{error:.4}"));
    Err(Failure::Check {
        message: format!(
            "check failed: {} of {} held-out errors are above {bound}; the worst is {value} ({} on {}, seed {}, pose {})",
            above.len(),
            report.points.len(),
            worst.arch,
            worst.group,
            worst.seed,
            worst.element,
        ),
    })
}
