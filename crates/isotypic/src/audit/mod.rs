//! The audit: will these architectures get held-out poses right?
//!
//! Raw [`AuditSettings`] become a checked [`Job`](job::Job) (data, pairs or classes, questions, tasks with their costs); each
//! task and pair (or all classes together) is one unit of work; the findings are summed up at the end. Nothing here knows a dataset.

mod audit_gram;
mod budget;
mod class_audit;
mod class_seeds;
mod class_separation;
mod closer_look;
mod command_line;
mod conclusion;
mod curves;
mod details;
#[cfg(feature = "train")]
mod empirical;
mod extras;
mod irrep_parts;
mod job;
mod large_classes;
mod large_orbits;
mod large_solution;
mod large_spectral;
mod metrics;
mod obstacle;
mod own_output;
mod pair_audit;
mod pairs;
mod pictures;
mod projection_effect;
mod question;
#[cfg(feature = "train")]
mod regression_tasks;
mod repair;
mod repair_terms;
mod run;
mod sampling_error;
mod settings;
mod solver;
mod subjects;
mod summary;
mod task;
#[cfg(feature = "train")]
mod trained;
mod training_time;
mod units;

pub(crate) use audit_gram::AuditGram;
pub use job::AuditPlan;
pub(crate) use pair_audit::examine as examine_pair;
pub(crate) use pairs::{SplitMix64, select as select_pairs};
pub use settings::{
    AuditInput, AuditSettings, ClassSeeds, ClassSelection, Convention, PairSelection, PoseNumbers,
    QuestionSpec, Together,
};
pub use solver::{AnsweredSeeds, Solver};
pub(crate) use subjects::rename_image;
#[cfg(feature = "train")]
pub use {
    empirical::empirical_kernels,
    trained::{audit_and_train, check_training},
};
#[cfg(feature = "train")]
pub(crate) use {
    job::Job,
    regression_tasks::regression_tasks,
    task::{Part, Task},
    trained::{network, trainable},
};

use isotypic_architecture::Architecture;
use isotypic_report::AuditReport;
use isotypic_work::Monitor;

use crate::Error;

/// What an audit will take: reads the data and checks every setting, but computes nothing.
///
/// # Errors
/// As [`audit`], for everything that is known before computing.
pub fn plan_audit(settings: &AuditSettings) -> Result<AuditPlan, Error> {
    plan_audit_of(settings, &[])
}

/// The same with networks that were built by the program, after the architectures named in the settings.
///
/// # Errors
/// As [`plan_audit`]; two architectures of one name are refused.
pub fn plan_audit_of(settings: &AuditSettings, networks: &[Architecture]) -> Result<AuditPlan, Error> {
    job::Job::prepare(settings, networks)?.plan()
}

/// Answers the questions for every architecture, number of poses and pair.
///
/// # Errors
/// An [`Error`] that names the setting, file or layer; [`ErrorKind::Interrupted`](crate::ErrorKind::Interrupted) when the monitor was
/// cancelled. A Gram matrix that is not positive definite is no error but the status of that result.
pub fn audit(settings: &AuditSettings, monitor: &Monitor) -> Result<AuditReport, Error> {
    audit_of(settings, &[], monitor)
}

/// The same with networks that were built by the program, after the architectures named in the settings.
///
/// # Errors
/// As [`audit`]; two architectures of one name are refused.
pub fn audit_of(
    settings: &AuditSettings,
    networks: &[Architecture],
    monitor: &Monitor,
) -> Result<AuditReport, Error> {
    let job = job::Job::prepare(settings, networks)?;
    let looks = closer_look::CloserLooks::default();
    let findings = run::run(&job, &looks, monitor)?;
    let homomorphism_defects = run::homomorphism_defects(&job)?;
    summary::report(&job, findings, looks, &homomorphism_defects)
}
