//! Networks trained on the points of an audit, for figures of trained networks.

use isotypic_report::ReportedResult;

use super::context::Context;
use super::drawing::{rotation_audit, whole_classes};
use crate::train::{EnsembleTraining, audit_and_train};
use crate::{AuditSettings, Error, PairSelection};

/// Numbers of one row.
const NUMBERS: usize = 5;

/// What was found for one pair, or for one seed of an audit of classes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct TrainedRow {
    /// The averaged formula.
    pub(super) spectral: f64,
    /// Regression.
    pub(super) exact: f64,
    /// Networks.
    pub(super) trained: f64,
    /// Their kernel after as many steps.
    pub(super) finite_time: f64,
    /// Whether the networks get all held-out poses right.
    pub(super) is_right: bool,
}

/// What is audited.
#[derive(Debug)]
pub(super) enum Units {
    /// Pairs of images.
    Pairs(Vec<(usize, usize)>),
    /// Images of whole classes.
    Seeds(Vec<usize>),
}

/// How the networks are trained: as they are, as in the paper, by steps that stay stable while their kernel grows.
pub(super) fn training() -> EnsembleTraining {
    EnsembleTraining { step_size: 0.3, output_scale: 1.0, ..EnsembleTraining::default() }
}

/// How that reads in a setting.
pub(super) fn training_in_words(training: &EnsembleTraining) -> String {
    format!(
        "{} steps of gradient descent of {} / λ_max of the tangent kernel with momentum {}, squared loss",
        training.steps, training.step_size, training.momentum
    )
}

/// Audits images under rotations in the conventions of the authors' scripts, and trains fully connected networks with one hidden layer.
/// One unit of work.
pub(super) fn examine(
    context: &Context<'_>,
    units: &Units,
    poses: usize,
    training: &EnsembleTraining,
) -> Result<Vec<TrainedRow>, Error> {
    let numbers = context.unit(&format!("trained mlp rotation:{poses} {units:?} {training:?}"), || {
        let rows = audited(context, units, poses, training)?;
        Ok(rows.into_iter().flat_map(TrainedRow::numbers).collect())
    })?;
    Ok(numbers.chunks_exact(NUMBERS).map(TrainedRow::of_numbers).collect())
}

fn audited(
    context: &Context<'_>,
    units: &Units,
    poses: usize,
    training: &EnsembleTraining,
) -> Result<Vec<TrainedRow>, Error> {
    // Seeds are numbered anew, each pair with two of its own.
    let (seeds, pairs, classes) = match units {
        Units::Pairs(pairs) => {
            let numbered = (0..pairs.len()).map(|at| (2 * at, 2 * at + 1)).collect();
            (pairs.iter().flat_map(|&(a, b)| [a, b]).collect(), PairSelection::List(numbered), None)
        }
        Units::Seeds(seeds) => (seeds.clone(), PairSelection::Default, Some(whole_classes(seeds.len()))),
    };
    let settings = AuditSettings { pairs, classes, ..rotation_audit(context, &seeds, poses)? };
    let report = audit_and_train(&settings, training, context.monitor)?;
    Ok(report.results.iter().map(TrainedRow::of).collect())
}

impl TrainedRow {
    fn of(result: &ReportedResult) -> Self {
        let number = |value: Option<f64>| value.unwrap_or(f64::NAN);
        let trained = result.trained();
        Self {
            spectral: number(result.spectral_error()),
            exact: number(result.exact_error()),
            trained: number(trained.and_then(|trained| trained.trained_error)),
            finite_time: number(trained.and_then(|trained| trained.finite_time_error)),
            is_right: trained.is_some_and(|trained| trained.trained_correct),
        }
    }

    fn numbers(self) -> [f64; NUMBERS] {
        [self.spectral, self.exact, self.trained, self.finite_time, f64::from(u8::from(self.is_right))]
    }

    fn of_numbers(numbers: &[f64]) -> Self {
        Self {
            spectral: numbers[0],
            exact: numbers[1],
            trained: numbers[2],
            finite_time: numbers[3],
            is_right: numbers[4] > 0.5,
        }
    }
}
