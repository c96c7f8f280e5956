//! `isotypic audit --train`: the networks of an audit.

use clap::{Arg, Args};
use isotypic::AuditSettings;
use isotypic::report::AuditReport;

use super::train::ensemble::EnsembleArgs;
use crate::exit::Failure;
use crate::session::Session;

/// How the networks of an audit are trained: the options of `isotypic train pairs`.
// The same function for each option is meant.
#[allow(clippy::duplicated_attributes)]
#[derive(Debug, Args)]
#[command(
    mut_arg("width", of_training),
    mut_arg("networks", of_training),
    mut_arg("steps", of_training),
    mut_arg("step_size", of_training),
    mut_arg("momentum", of_training),
    mut_arg("output_scale", of_training),
    mut_arg("training_seed", of_training),
    mut_arg("double", of_training),
    mut_arg("device", of_training)
)]
pub(crate) struct TrainArgs {
    #[command(flatten)]
    ensemble: EnsembleArgs,
}

/// An option that means nothing without `--train`.
fn of_training(option: Arg) -> Arg {
    option.requires("train").help_heading("With --train")
}

/// Refuses what cannot be trained, before anything is computed.
#[cfg(feature = "train")]
pub(super) fn check(args: &TrainArgs, settings: &AuditSettings) -> Result<(), Failure> {
    Ok(isotypic::train::check_training(settings, &args.ensemble.training()?)?)
}

/// The audit, then the networks.
#[cfg(feature = "train")]
pub(super) fn run(
    args: &TrainArgs,
    settings: &AuditSettings,
    session: &Session,
) -> Result<AuditReport, Failure> {
    Ok(isotypic::train::audit_and_train(settings, &args.ensemble.training()?, &session.monitor)?)
}

/// Says that this program has no networks.
#[cfg(not(feature = "train"))]
pub(super) fn check(_args: &TrainArgs, _settings: &AuditSettings) -> Result<(), Failure> {
    Err(super::train::unavailable::failure("audit --train"))
}

/// Never gets to work: `check` has refused.
#[cfg(not(feature = "train"))]
pub(super) fn run(
    args: &TrainArgs,
    settings: &AuditSettings,
    _session: &Session,
) -> Result<AuditReport, Failure> {
    check(args, settings)?;
    unreachable!("`check` refuses")
}
