//! `isotypic audit --train`: the networks of an audit.

use clap::Args;
use isotypic::AuditSettings;
use isotypic::report::AuditReport;

use crate::exit::Failure;
use crate::session::Session;

/// How the networks of an audit are trained.
#[derive(Debug, Args)]
#[command(next_help_heading = "With --train")]
pub(crate) struct TrainArgs {
    /// Channels of hidden layers for which the architecture gives none
    #[arg(long, value_name = "N", requires = "train", default_value_t = 512)]
    width: usize,
    /// Networks for every held-out set; what they say is averaged
    #[arg(long, value_name = "N", requires = "train", default_value_t = 1)]
    networks: usize,
    /// Steps of gradient descent with momentum 0.98
    #[arg(long, value_name = "N", requires = "train", default_value_t = 2000)]
    steps: usize,
    /// Seed of the networks' parameters
    #[arg(long, value_name = "SEED", requires = "train", default_value_t = 0)]
    training_seed: u64,
}

#[cfg(feature = "train")]
impl TrainArgs {
    fn training(&self) -> isotypic::train::EnsembleTraining {
        isotypic::train::EnsembleTraining {
            width: self.width,
            networks: self.networks,
            steps: self.steps,
            seed: self.training_seed,
            ..isotypic::train::EnsembleTraining::default()
        }
    }
}

/// Refuses what cannot be trained, before anything is computed.
#[cfg(feature = "train")]
pub(super) fn check(args: &TrainArgs, settings: &AuditSettings) -> Result<(), Failure> {
    Ok(isotypic::train::check_training(settings, &args.training())?)
}

/// The audit, then the networks.
#[cfg(feature = "train")]
pub(super) fn run(
    args: &TrainArgs,
    settings: &AuditSettings,
    session: &Session,
) -> Result<AuditReport, Failure> {
    Ok(isotypic::train::audit_and_train(settings, &args.training(), &session.monitor)?)
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
